# LIMIT, ORDER BY, COUNT(*) and conditions on the sort key: what exactly the store is asked for, as a
# scripted one hears it, and generated queries with push-down on and off, by the table's key and by
# secondary indexes; the results, and their order, must be equal.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaAnswers;
use YottaTest;

my $node = new_node('requests', conf => "log_statement = 'none'\n");
create_servers($node);

my $seed = $ENV{YS_SEED} // time() * 1000 % 1_000_000;
my $queries = $ENV{YS_CONDITIONS} // 400;
note("seed $seed");
srand($seed);

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub pick { return $_[ rand @_ ]; }

# ---- requests --------------------------------------------------------------------------------

my $told = YottaAnswers->new;
sql("CREATE SERVER told FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '" . $told->url . "');"
	  . "CREATE USER MAPPING FOR CURRENT_USER SERVER told OPTIONS (access_key_id 'test', secret_access_key 'test');"
	  . "CREATE FOREIGN TABLE told (id text OPTIONS (key 'partition') NOT NULL, at text OPTIONS (key 'sort') COLLATE \"C\" NOT NULL, n int) SERVER told;"
	  . "CREATE FOREIGN TABLE told_strong (id text OPTIONS (key 'partition') NOT NULL) SERVER told OPTIONS (table 'told', consistency 'strong')");

# What the store heard of the last query, but for what all requests have.
sub heard
{
	my ($operation) = @_;
	return [ map { my %request = %$_; delete @request{qw(TableName ReturnConsumedCapacity ExpressionAttributeNames)}; \%request } $told->heard($operation) ];
}
sub keyed { my ($id, $at) = @_; return { id => { S => $id }, defined $at ? (at => { S => $at }) : () }; }
sub values_of { my $serial = 0; return { map { (':v' . $serial++ => { S => $_ }) } @_ }; }

# empty pages are no end, and the number may stand behind what tells where to go on
$told->says('Query', { json => { Count => 3, ScannedCount => 3, LastEvaluatedKey => keyed('k', 'c') } },
	{ json => { Count => 0, ScannedCount => 0, LastEvaluatedKey => keyed('k', 'd') } },
	{ text => '{"LastEvaluatedKey":{"id":{"S":"k"},"at":{"S":"e"}},"ScannedCount":4,"Count":4}' },
	{ text => '{"Items":[],"Count":2,"ScannedCount":2,"LastEvaluatedKey":{}}' });
is(sql("SELECT count(*) FROM told WHERE id = 'k' AND at >= 'b'"), 9, 'pages are summed up');
my %counted = (KeyConditionExpression => '#n0 = :v0 AND #n1 >= :v1', ExpressionAttributeValues => values_of('k', 'b'), Select => 'COUNT');
is_deeply(heard('Query'),
	[ \%counted, map { { %counted, ExclusiveStartKey => keyed('k', $_) } } qw(c d e) ], '... and nothing but their number is asked for');
$told->says('Scan', { json => { Count => 7, ScannedCount => 7 } });
is(sql('SELECT count(*) FROM told_strong'), 7, 'a Scan');
is(heard('Scan')->[0]{Select}, 'COUNT', '... counts');
ok(heard('Scan')->[0]{ConsistentRead}, '... with strong reads, where those are to be');
$told->says('Query', { json => { Count => 5, ScannedCount => 5 } });
is(sql("SELECT count(*) FROM told WHERE id IN ('a', 'b', 'c')"), 15, 'several partitions');
is_deeply([ sort map { $_->{ExpressionAttributeValues}{':v0'}{S} } @{ heard('Query') } ], [qw(a b c)], '... each is asked for');
$told->says('Query', refusal('ValidationException', 'not so'));
my ($out, $err);
is($node->psql('postgres', "SELECT count(*) FROM told WHERE id = 'k'", stderr => \$err), 3, 'a count that is refused');
like($err, qr/not so/, '... fails');

my @items = map { { %{ keyed('k', $_) }, n => { N => 1 } } } qw(xf xe xd);
$told->says('Query', { json => { Items => [ @items[ 0, 1 ] ], Count => 2, ScannedCount => 2, LastEvaluatedKey => keyed('k', 'xe') } },
	{ json => { Items => [], Count => 0, ScannedCount => 0, LastEvaluatedKey => keyed('k', 'xe') } },
	{ json => { Items => [ $items[2] ], Count => 1, ScannedCount => 1 } });
is(sql("SELECT string_agg(at, '') FROM (SELECT at FROM told WHERE id = 'k' AND at LIKE 'x%' ORDER BY at DESC LIMIT 3) s"), 'xfxexd', 'short pages');
is_deeply([ map { [ $_->{Limit}, $_->{ScanIndexForward} ? 1 : 0, $_->{KeyConditionExpression}, $_->{ExclusiveStartKey}{at}{S} ] } @{ heard('Query') } ],
	[ map { [ @$_[ 0, 1 ], '#n0 = :v0 AND begins_with(#n1,:v1)', $_->[2] ] } [ 3, 0, undef ], [ 1, 0, 'xe' ], [ 1, 0, 'xe' ] ],
	'... backward, by prefix, and for what is left');
$told->says('Query', { json => { Items => [], Count => 0, ScannedCount => 0 } });
is(sql("SELECT at FROM told WHERE id = 'k' AND starts_with(at, repeat('x', 1025))"), '', 'what no key can begin with');
is(scalar @{ heard('Query') }, 0, '... is not asked for');

# ---- generated queries -----------------------------------------------------------------------

my $table = unique_name('generated');
store_api('CreateTable', {
	TableName => $table,
	BillingMode => 'PAY_PER_REQUEST',
	AttributeDefinitions => [ map { { AttributeName => $_->[0], AttributeType => $_->[1] } } [ 'id', 'S' ], [ 'word', 'S' ], [ 'num', 'N' ], [ 'bin', 'B' ], [ 'class', 'N' ] ],
	KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' }, { AttributeName => 'word', KeyType => 'RANGE' } ],
	LocalSecondaryIndexes => [ { IndexName => 'by_num', KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' }, { AttributeName => 'num', KeyType => 'RANGE' } ],
			Projection => { ProjectionType => 'ALL' } } ],
	GlobalSecondaryIndexes => [
		{ IndexName => 'by_class', KeySchema => [ { AttributeName => 'class', KeyType => 'HASH' }, { AttributeName => 'bin', KeyType => 'RANGE' } ],
			Projection => { ProjectionType => 'ALL' } },
		{ IndexName => 'by_class_word', KeySchema => [ { AttributeName => 'class', KeyType => 'HASH' }, { AttributeName => 'word', KeyType => 'RANGE' } ],
			Projection => { ProjectionType => 'KEYS_ONLY' } } ]
});
my $columns = 'id text OPTIONS (key \'partition\') COLLATE "C" NOT NULL, word text OPTIONS (key \'sort\') COLLATE "C" NOT NULL,'
  . ' num numeric, class int, bin bytea, n int';
sql("CREATE FOREIGN TABLE t ($columns) SERVER fleet OPTIONS (table '$table', indexes"
	  . " 'by_num local (id, num) all; by_class (class, bin) all; by_class_word (class, word) keys');"
	  . "INSERT INTO t SELECT 'p' || i % 4, substr(md5(i::text), 1, 1 + i % 3) || i, nullif((i % 40) * 0.5, 7), nullif(i % 7, 6),"
	  . " CASE WHEN i % 9 > 0 THEN substr(sha256((i % 50)::text::bytea), 1, 1 + i % 2) END, i FROM generate_series(1, 300) i;"
	  . "SET yottastore.pushdown = off; CREATE TABLE copy AS TABLE t");
is(sql('SELECT count(*) FROM copy'), 300, 'the items');

my @letters = (0 .. 9, 'a' .. 'f');
sub word { return "'" . join('', map { pick(@letters) } 1 .. rand 4) . "'"; }
sub number { return pick(-1, 0, 3, 3.5, 8, 19.5, 40, "'NaN'::numeric", '1e200', '0.1234567890123456789012345678901234567890123'); }
sub binary { return "'\\x" . join('', map { pick(@letters) } 1 .. pick(0, 2, 4)) . "'::bytea"; }

sub ranged
{
	my ($column, $value) = @_;
	return pick(
		sub { "$column " . pick('<', '<=', '>', '>=', '=') . ' ' . $value->() },
		sub { "$column BETWEEN " . $value->() . ' AND ' . $value->() },
		sub { "$column " . pick('>', '>=') . ' ' . $value->() . " AND $column " . pick('<', '<=') . ' ' . $value->() },
		sub { "$column IS NOT NULL" })->();
}

# a condition on an index's or the table's partition key, and on what it sorts by
sub conditions
{
	my @parts;
	my ($sort, $value) = @{ pick([ 'word', \&word ], [ 'word', \&word ], [ 'num', \&number ], [ 'bin', \&binary ]) };
	push @parts, pick("id = 'p" . int(rand 5) . "'", "id = 'p1'", 'class = ' . int(rand 7), "id IN ('p0', 'p3')", 'class IN (1, 2)') if rand() < 0.92;
	push @parts, ranged($sort, $value) if rand() < 0.5;
	push @parts, pick('starts_with(word, ' . word() . ')', 'word ^@ ' . word(), 'word LIKE ' . word() . " || '%'",
		'word LIKE ' . (word() =~ s/'$/pick('%', '%', '_%', '%1', '')."'"/er)) if rand() < 0.3;
	push @parts, pick('n % 2 = 0', 'n > 100', 'num <> 5', 'class IS NOT NULL') if rand() < 0.2;
	return (@parts ? join ' AND ', @parts : 'true', $sort);
}

# With LIMIT the order must be of all rows: n is different in each.
sub query
{
	my ($condition, $sort) = conditions();
	my $kind = rand;
	my $nulls = pick('', '', '', ' NULLS FIRST', ' NULLS LAST');
	return "SELECT " . pick('count(*)', 'count(*)', 'count(id)', 'count(1) + count(*)', 'count(word)', 'count(num)') . " FROM t WHERE $condition" if $kind < 0.35;
	return "SELECT " . pick("min($sort)", "max($sort)", "min($sort), max($sort)") . " FROM t WHERE $condition"
	  if $kind < 0.5 && $sort ne 'bin';
	return "SELECT $sort, n FROM t WHERE $condition ORDER BY $sort" . pick('', ' DESC') . "$nulls, n" . pick('', " LIMIT " . int(rand 9), " OFFSET 3 LIMIT 4")
	  if $kind < 0.75 || $sort ne 'word';
	return "SELECT word, n FROM t WHERE id = 'p2' AND $condition ORDER BY word" . pick('', ' DESC') . $nulls . pick('', ' LIMIT 3', ' OFFSET 1 LIMIT 9');
}

sql(<<'END');
CREATE TABLE queries (query text);
CREATE FUNCTION rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line record;
	result text := '';
BEGIN
	FOR line IN EXECUTE query LOOP
		result := result || line::text;
	END LOOP;
	RETURN result;
END $$;
CREATE FUNCTION uses_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	result text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		result := result || coalesce(substring(line FROM '^ *Store (Order|Limit|Count|Index):') || ' ', '')
			|| CASE WHEN line ~ 'Store Key: .*(\^@|~~)' THEN 'Prefix ' ELSE '' END;
	END LOOP;
	RETURN result;
END $$;
END
my $values = join ',', map { '(' . "'" . query() =~ s/'/''/gr . "'" . ')' } 1 .. $queries;
my ($different, $used) = sql("INSERT INTO queries VALUES $values;"
	  . "CREATE TEMP TABLE pushed AS SELECT query, rows_of(query) AS rows, uses_of(query) AS uses FROM queries;"
	  . "SET yottastore.pushdown = off;"
	  . "SELECT query, uses, rows, other FROM (SELECT *, rows_of(replace(query, 'FROM t', 'FROM copy')) AS other FROM pushed OFFSET 0) p WHERE rows <> other LIMIT 5;"
	  . "SELECT '= ' || string_agg(use || ' ' || count, ', ') FROM (SELECT use, count(*) FROM pushed, regexp_split_to_table(rtrim(uses), ' ') use WHERE uses <> '' GROUP BY use) u")
  =~ /\A(.*)^= (.*)\z/ms;
is($different, '', 'the same rows, in the same order') or diag("seed $seed");
note("pushed down: $used");
like($used, qr/\b$_ [1-9]/, "... $_ among them") foreach qw(Order Limit Count Prefix);
like($used, qr/\bIndex \d/, '... Index among them');

done_testing();
