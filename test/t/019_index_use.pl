# Secondary indexes: what statistics, ORDER BY and IMPORT FOREIGN SCHEMA make of them, and what exactly
# is asked of the store, by the requests that a scripted one hears.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaAnswers;
use YottaTest;

my $node = new_node('index_use');
create_servers($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub error_of
{
	my ($query) = @_;
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$query");
	return $error;
}

# The operation of the only scan, with the index where there is one.
sub access_of
{
	my ($query) = @_;
	my $plan = sql("EXPLAIN (COSTS OFF) $query");
	my ($operation) = $plan =~ /Store Operation: (\w+)/;
	my ($index) = $plan =~ /Store Index: (\S+)/;
	return join ' ', $operation, defined $index ? $index : ();
}

sub index_on
{
	my ($name, $keys, $projection) = @_;
	return {
		IndexName => $name,
		KeySchema => [ map { { AttributeName => $keys->[$_], KeyType => $_ ? 'RANGE' : 'HASH' } } 0 .. $#$keys ],
		Projection => ref $projection ? { ProjectionType => 'INCLUDE', NonKeyAttributes => $projection }
		: { ProjectionType => $projection },
	};
}

my %type = (fleet => 'S', id => 'S', kind => 'S', at => 'N', 'odd.name' => 'B');

sub create_table
{
	my ($name, $keys, $global, $local) = @_;
	my @indexes = (@$global, @$local);
	my %used = map { $_ => 1 } @$keys, map { $_->{AttributeName} } map { @{ $_->{KeySchema} } } @indexes;
	store_api('CreateTable', {
		TableName => $name,
		BillingMode => 'PAY_PER_REQUEST',
		AttributeDefinitions => [ map { { AttributeName => $_, AttributeType => $type{$_} } } sort keys %used ],
		KeySchema => index_on('', $keys, 'ALL')->{KeySchema},
		@$global ? (GlobalSecondaryIndexes => $global) : (),
		@$local ? (LocalSecondaryIndexes => $local) : () });
	return;
}

# ---- IMPORT FOREIGN SCHEMA -------------------------------------------------------------------

my $table = unique_name('use');
create_table($table, [ 'fleet', 'id' ],
	[ index_on('by_kind', [ 'kind', 'at' ], 'ALL'), index_on('by.odd', ['odd.name'], [ 'pad', 'it"s' ]) ],
	[ index_on('by_at', [ 'fleet', 'at' ], 'KEYS_ONLY') ]);
sql("IMPORT FOREIGN SCHEMA store LIMIT TO ($table) FROM SERVER fleet INTO public");
is(sql("SELECT option_value FROM pg_options_to_table((SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = '$table'::regclass))"
		  . " WHERE option_name = 'indexes'") =~ s/;\s+/;/gr =~ s/(.*)/join ';', sort split m{;}, $1/er,
	'"by.odd" ("odd.name") include (' . 'pad, "it\"s");by_at local (fleet, at) keys;by_kind (kind, at) all', 'indexes are imported')
  or diag(sql("SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = '$table'::regclass"));
is(sql("SELECT string_agg(attname || ' ' || format_type(atttypid, -1) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY attname)"
		  . " FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0"),
	'at numeric, fleet text NOT NULL, id text NOT NULL, item jsonb, kind text, odd.name bytea', '... and the attributes of their keys as columns');
is(access_of("SELECT item FROM $table WHERE kind = 'x' AND at = 5"), 'Query by_kind', '... of which conditions use them');
is(access_of("SELECT fleet FROM $table WHERE \"odd.name\" = '\\x00'"), 'Query by.odd', '... whatever their names are');
my $made = unique_name('made');
my $declared = '"by.odd" ("odd.name") include (pad, "it\"s"); by_kind (kind, at) all; by_at local (fleet, at) keys';
sql("SELECT yottastore.create_store_table('fleet', '$made', 'fleet', 'id', false, '"
	  . $declared =~ s/odd.name"/odd.name" bytea/r =~ s/\(kind, at/(kind, at numeric/r . "')");
is_deeply([ map { sql("IMPORT FOREIGN SCHEMA store LIMIT TO ($made) FROM SERVER fleet INTO public;"
		  . "SELECT string_agg(trim(i), ';' ORDER BY trim(i)) FROM pg_options_to_table((SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = '$_'::regclass)),"
		  . " string_to_table(option_value, ';') i WHERE option_name = 'indexes'; DROP FOREIGN TABLE $_") } $made ],
	[ join ';', sort split /; /, $declared ], 'create_store_table makes indexes, too');
my $plain = unique_name('plain');
create_table($plain, ['id'], [], []);
sql("IMPORT FOREIGN SCHEMA store LIMIT TO ($plain) FROM SERVER fleet INTO public");
unlike(sql("SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = '$plain'::regclass"), qr/indexes/, 'none is no option');

# ---- statistics ------------------------------------------------------------------------------

# 3,000 items of 2 kB, nine in ten of one kind
sql(<<"END");
CREATE FOREIGN TABLE t (fleet text OPTIONS (key 'partition') NOT NULL, id text OPTIONS (key 'sort') COLLATE "C" NOT NULL,
	kind text, at int, odd bytea OPTIONS (path '"odd.name"'), pad text)
	SERVER fleet OPTIONS (table '$table', insert_mode 'upsert', scan_segments '4',
	indexes 'by_kind (kind, at) all; "by.odd" ("odd.name") include (pad); by_at local (fleet, at) keys');
INSERT INTO t SELECT 'f' || i % 10, 'v' || i, CASE WHEN i % 10 > 0 THEN 'common' ELSE 'rare' || i % 300 END, i,
	CASE WHEN i % 100 = 0 THEN decode(lpad(to_hex(i % 256), 2, '0'), 'hex') END, repeat('x', 1900) FROM generate_series(1, 3000) i;
END
my $rare = "SELECT pad FROM t WHERE kind = 'rare0' AND at IS NOT NULL";
my $common = "SELECT pad FROM t WHERE kind = 'common' AND at IS NOT NULL";
is(access_of($rare), 'Query by_kind', 'without statistics an index is taken to be selective');
is(access_of($common), 'Query by_kind', '... for any value');
sql('ANALYZE t');
is(access_of($rare), 'Query by_kind', 'with statistics for a rare value');
is(access_of($common), 'Scan', '... but most of the table is scanned');
is(access_of("$common AND at < 100"), 'Query by_kind', '... unless a range of the sort key is small');
is(access_of("SELECT id FROM t WHERE fleet = 'f1' AND at > 0"), 'Query by_at', 'of a partition the smaller entries are read');
is(sql("SELECT count(*), sum(length(pad)) FROM ($rare) s"), '10|19000', 'the rows of an index');
is(sql("SELECT count(*), sum(length(pad)) FROM ($common) s"), '2700|5130000', '... and of a Scan');
foreach my $case ([ "kind = 'common'", 2700 ], [ "kind = 'rare0' AND at IS NOT NULL", 10 ], [ "fleet = 'f1' AND at < 301", 30 ], [ "fleet = 'f1'", 300 ],
	[ "fleet = 'f1' AND id = 'v1'", 1 ], [ "fleet = 'f1' AND id IN ('v1', 'v11')", 2 ])
{
	my ($condition, $rows) = @$case;
	my ($estimate) = sql("EXPLAIN SELECT pad FROM t WHERE $condition") =~ /rows=(\d+)/;
	ok($estimate >= $rows / 3 && $estimate <= $rows * 3, "rows of $condition: $rows, estimated $estimate");
}
sub cost { my ($total) = sql("EXPLAIN SELECT id FROM t WHERE $_[0]") =~ /cost=[\d.]+\.\.([\d.]+)/; return $total; }
my @ranked = map { cost($_) } "fleet = 'f1' AND id = 'v1'", "fleet = 'f1' AND id IN ('v1', 'v11')", "fleet = 'f1' AND id BETWEEN 'v1' AND 'v12'",
	"kind = 'rare0' AND at > 100", "pad = 'y'";
is("@ranked", join(' ', sort { $a <=> $b } @ranked), 'one key < some keys < a partition < an index < all');
sql("CREATE TABLE wanted (kind text, at int); INSERT INTO wanted SELECT 'rare' || i, i FROM generate_series(0, 10, 10) i; ANALYZE wanted");
like(sql("EXPLAIN (COSTS OFF) SELECT count(pad) FROM wanted JOIN t USING (kind, at)"), qr/Nested Loop.*Store Index: by_kind/s, 'a join asks the index');
is(sql("SELECT count(pad) FROM wanted JOIN t USING (kind, at)"), sql("SET yottastore.pushdown = off; SELECT count(pad) FROM wanted JOIN t USING (kind, at)"),
	'... for the same rows');
unlike(sql("EXPLAIN (COSTS OFF) SELECT count(b.pad) FROM t a JOIN t b ON b.kind = a.kind AND b.at = a.at"), qr/Store Index/, '... but not for each of many rows');

# ---- ORDER BY and LIMIT ----------------------------------------------------------------------

my $latest = "SELECT at FROM t WHERE kind = 'rare0' AND at IS NOT NULL ORDER BY at DESC LIMIT 3";
my $plan = sql("EXPLAIN (COSTS OFF) $latest");
like($plan, qr/Store Index: by_kind\n(?!.*Sort)/s, 'ORDER BY the sort attribute');
unlike($plan, qr/Sort/, '... needs no sort');
is(sql($latest), "3000\n2700\n2400", '... for the right rows');
is(sql("SELECT at FROM t WHERE kind = 'rare0' AND at > 500 ORDER BY at LIMIT 2"), "600\n900", '... upward');
is(sql("SELECT at FROM t WHERE kind IN ('rare0', 'rare10') AND at > 0 ORDER BY at LIMIT 4"), "10\n300\n310\n600", 'several partitions are sorted');
my $prepared = "SET plan_cache_mode = force_generic_plan; PREPARE q (text, int) AS"
  . " SELECT at FROM t WHERE kind = \$1 AND at > \$2 ORDER BY at DESC LIMIT 2;";
like(sql("$prepared EXPLAIN (COSTS OFF) EXECUTE q('rare0', 5)"), qr/Sort.*Store Index: by_kind/s,
	'where a value may be none that a key can have, the order is not relied upon');
is(sql("$prepared EXECUTE q('rare0', 5); EXECUTE q('', 5)"), "3000\n2700", '... so that either way is in order');

# ---- what the store is asked -----------------------------------------------------------------

my $told = YottaAnswers->new;
my $described = {
	TableStatus => 'ACTIVE',
	AttributeDefinitions => [ map { { AttributeName => $_, AttributeType => $type{$_} } } qw(fleet id kind at) ],
	KeySchema => index_on('', [ 'fleet', 'id' ], 'ALL')->{KeySchema},
	GlobalSecondaryIndexes => [ { %{ index_on('by_kind', [ 'kind', 'at' ], 'ALL') }, IndexStatus => 'ACTIVE' } ],
	LocalSecondaryIndexes => [ index_on('by_at', [ 'fleet', 'at' ], 'KEYS_ONLY') ],
};
sub description { return { json => { Table => { %$described, @_ } } }; }
sql("CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '" . $told->url . "');"
	  . "CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'test', secret_access_key 'test');"
	  . "CREATE FOREIGN TABLE told (fleet text OPTIONS (key 'partition') NOT NULL, id text OPTIONS (key 'sort') NOT NULL, kind text, at int,"
	  . " item jsonb OPTIONS (document 'true')) SERVER told OPTIONS (indexes 'by_kind (kind, at) all; by_at local (fleet, at) keys')");
my %key = (fleet => { S => 'f' }, id => { S => 'v' }, kind => { S => 'k' }, at => { N => '5' });
$told->says('DescribeTable', description());
$told->says('Query', { json => { Items => [], Count => 0, ScannedCount => 9, LastEvaluatedKey => \%key } },
	{ json => { Items => [ \%key ], Count => 1, ScannedCount => 1 } });
my $told_global = "SELECT id FROM told WHERE kind = 'k' AND at > 3";
is(sql("$told_global; $told_global; SELECT id FROM told WHERE fleet = 'f' AND at = 5"), "v\nv\nv", 'two indexes');
is(scalar(my @descriptions = $told->heard('DescribeTable')), 2, '... are each compared once');
my @heard = $told->heard('Query');
is_deeply([ map { [ @{$_}{qw(IndexName ConsistentRead KeyConditionExpression Select)} ] } @heard ],
	[ ([ 'by_kind', undef, '#n0 = :v0 AND #n1 > :v1', undef ]) x 3, [ 'by_at', undef, '#n0 = :v0 AND #n1 = :v1', undef ] ], '... and asked');
is_deeply($heard[1]{ExclusiveStartKey}, \%key, '... from page to page, by all keys');

$told->says('Query', { json => { Items => [ \%key ], Count => 1, ScannedCount => 1 } });
$told->says('Scan', { json => { Items => [ \%key ], Count => 1, ScannedCount => 1 } });
sql("SELECT item FROM told WHERE kind = 'k' AND at > 3");
is(($told->heard('Query'))[-1]{Select}, 'ALL_ATTRIBUTES', 'an index must have the whole item');
sql("SET yottastore.consistency = strong; SELECT id FROM told WHERE fleet = 'f' AND at = 5; $told_global");
is(($told->heard('Query'))[-1]{ConsistentRead}, JSON::PP::true, 'a local index is read strongly');
is(($told->heard('Scan'))[-1]{ConsistentRead}, JSON::PP::true, '... instead of a global one the table');
$told->says('UpdateItem', { json => { Attributes => \%key } });
sql("SET yottastore.consistency = eventual; UPDATE told SET kind = id WHERE fleet = 'f' AND at = 5; UPDATE told SET kind = id WHERE kind = 'k' AND at > 3");
is(($told->heard('Query'))[-1]{ConsistentRead}, JSON::PP::true, 'what UPDATE reads is strong whatever is set');
is(($told->heard('Scan'))[-1]{ConsistentRead}, JSON::PP::true, '... without a global index');
sql("ALTER FOREIGN TABLE told OPTIONS (ADD consistency 'strong'); SET yottastore.consistency = eventual; SELECT item FROM told WHERE fleet = 'f'");
is(($told->heard('Query'))[-1]{ConsistentRead}, undef, 'a session may read eventually what a table would read strongly');
sql('ALTER FOREIGN TABLE told OPTIONS (DROP consistency)');

# ---- descriptions ----------------------------------------------------------------------------

sub global { return (GlobalSecondaryIndexes => [ { %{ $described->{GlobalSecondaryIndexes}[0] }, @_ } ]); }
$told->says('DescribeTable', description(global(IndexStatus => 'CREATING')), description());
my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$told_global; $told_global", on_error_stop => 0);
like($error, qr/ERROR:  55000: index "by_kind" of store table "told" is not ready\nDETAIL:  The store is still making it, or deletes it\.\nHINT:  Wait/,
	'an index that is still made');
is($output, 'v', '... is looked at again');
my $garbage = qr/ERROR:  22000: the store's reply to DescribeTable cannot be understood\nDETAIL:  A member is missing, or is not of its type/;
foreach my $case ([ 'no name', IndexName => undef ], [ 'no keys', KeySchema => [] ], [ 'keys of no type', KeySchema => index_on('', ['x'], 'ALL')->{KeySchema} ],
	[ 'no projection', Projection => undef ], [ 'a projection of no type', Projection => {} ],
	[ 'attributes that are none', Projection => { ProjectionType => 'INCLUDE', NonKeyAttributes => [1] } ])
{
	my ($what, @member) = @$case;
	$told->says('DescribeTable', description(global(@member)));
	like(error_of($told_global), $garbage, "an index of $what");
}
$told->says('DescribeTable', refusal('ResourceNotFoundException', 'no such table'));
like(error_of($told_global), qr/ERROR:  HV00R: /, 'no such table');

# a scan that stands in for an index is one that can be forbidden
sql("ALTER FOREIGN TABLE t OPTIONS (ADD allow_scan 'false')");
is(sql("SELECT count(*) FROM t WHERE kind = 'rare0' AND at > 5"), 10, 'an index is no scan');
like(error_of("SELECT count(*) FROM t WHERE kind = '' AND at > 5"), qr/ERROR:  HV00L: /, '... but what stands in for one is');

store_api('DeleteTable', { TableName => $_ }) foreach $table, $made, $plain;
done_testing();
