# The same values give the same rows whichever way they come: as events to the worker, by backfill,
# tried out on documents and on the store's items, explained one by one, and as columns of the table.
use strict;
use warnings;

use B;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant { ITEMS => 300, FIELDS => 120 };

my $json = JSON::PP->new->utf8->canonical->allow_nonref->allow_bignum;
my $seed = $ENV{YS_SEED} // time % 1_000_000;
note "YS_SEED=$seed";
srand($seed);

# ---- fields and values, from the corpora ---------------------------------------------------------

# What the store can't hold: numbers of over 38 digits or out of its range, empty names.
sub storable
{
	my ($raw) = @_;
	return 0 if $raw =~ /""\s*:/;
	$raw =~ s/"(?:[^"\\]|\\.)*"//g;
	foreach my $number ($raw =~ /(-?[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?)/g)
	{
		return 0 if $number =~ /[eE][-+]?(\d+)/ && $1 > 80;
		(my $digits = $number) =~ s/[eE].*|[-.]//g;
		return 0 if length $digits > 38;
	}
	return 1;
}

# Declarations with their values, of each corpus those that have most and some of the others.
my (@fields, @places, $area);
my @corpora = glob 'test/corpus/*.tsv';
cmp_ok(scalar @corpora, '>', 0, 'there are corpora: ' . join(', ', map { m{([^/]+)\.tsv} } @corpora));
foreach my $file (@corpora)
{
	my (%values, $declaration, $place);
	foreach my $line (split /\n/, slurp_file($file))
	{
		($declaration, $place) = ($1, 0) if $line =~ /^\@\s+(\{.*)/;
		($declaration, $place) = ($1, 1) if $line =~ /^\@location\s*(\{.*)?/;
		next if $line =~ /^(?:#|@|$)/ || !defined $declaration;
		my ($raw) = split /\t/, $line;
		next unless storable($raw);
		if ($place) { $area //= $declaration; push @places, $raw if $area eq $declaration; }
		# lists of synonyms are not loaded here
		else { push @{ $values{$declaration} }, $raw unless $declaration =~ /"synonyms"/; }
	}
	my @most = sort { @{ $values{$b} } <=> @{ $values{$a} } || $a cmp $b } keys %values;
	my $room = int(FIELDS / @corpora);
	my @chosen = splice @most, 0, int($room / 2);
	push @chosen, splice @most, int rand @most, 1 while @most && @chosen < $room;
	push @fields, map { { declaration => $json->decode($_), values => $values{$_} } } @chosen;
}
foreach my $number (0 .. $#fields)
{
	my $declaration = $fields[$number]{declaration};
	$declaration->{name} = "f$number";
	$declaration->{paths} = [ map { s/^value\b/v$number/r } @{ $declaration->{paths} // ['value'] } ];
}

# and what no corpus has: a function, a default, a required value, several paths
push @fields,
  { declaration => { name => 'turned', type => 'text', paths => ['v0'], function => 'public.turned(text)' } },
  { declaration => { name => 'filled', type => 'numeric', paths => ['nothing'], default_value => '7' } },
  { declaration => { name => 'needed', type => 'text', paths => [ 'v1', 'v2' ], required => JSON::PP::true, on_error => 'keep_raw' } },
  { declaration => { name => 'greatest', type => 'text', paths => [ map { "v$_" } 3 .. 9 ], combine => 'max' } };
note scalar(@fields), ' fields, ', scalar(@places), ' places';

sub typed
{
	my ($value) = @_;
	return { NULL => JSON::PP::true } unless defined $value;
	return { BOOL => $value } if JSON::PP::is_bool($value);
	return { N => "$value" } if ref $value && ref $value ne 'HASH' && ref $value ne 'ARRAY';
	return { L => [ map { typed($_) } @$value ] } if ref $value eq 'ARRAY';
	return { M => { map { $_ => typed($value->{$_}) } keys %$value } } if ref $value eq 'HASH';
	my $flags = B::svref_2object(\$value)->FLAGS;
	return { N => "$value" } if $flags & (B::SVp_IOK | B::SVp_NOK) && !($flags & B::SVp_POK);
	return { S => $value };
}

my @items;
foreach my $n (0 .. ITEMS - 1)
{
	my %item = (vehicle_id => { S => sprintf 'i%04d', $n });
	foreach my $number (0 .. $#fields)
	{
		my $values = $fields[$number]{values} or next;
		# all of them first, then any, and now and then none
		my $raw = $n < @$values ? $values->[$n] : rand() < 0.1 ? undef : $values->[ rand @$values ];
		$item{"v$number"} = typed($json->decode($raw)) if defined $raw;
	}
	$item{place} = typed($json->decode($places[ $n % @places ])) if @places;
	push @items, \%item;
}

# ---- the ways ------------------------------------------------------------------------------------------

# DynamoDB Local says that it trimmed changes when others' streams are read beside so many large ones
my $store = start_service('store');
my $node = new_node('same');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'), store => $store->{url});
$node->safe_psql('postgres', q(CREATE FUNCTION turned(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT reverse($1)'));

sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }
my $fields = 'ARRAY[' . join(",\n", map { quoted($json->encode($_->{declaration})) } @fields) . ']::jsonb[]';
my $place = $json->decode($area // '{}');
$place = { kind => 'location', level => 'country', %$place, paths => ['place'] };
my $where = quoted($json->encode($place)) . '::jsonb';

sub create_policy_named
{
	my ($name) = @_;
	$node->safe_psql('postgres', "SELECT yottastore.create_index_policy('$name', 'vehicles', 'fleet_changes', $fields, $where, attributes => 'all')");
	return;
}

sub wait_for_policy
{
	my ($name) = @_;
	is($node->safe_psql('postgres', "SELECT yottastore.index_wait('$name', timeout => '180 s')"), 't', "$name has caught up");
	return;
}

create_policy_named('live');
wait_for_policy('live');
store_api('PutItem', { TableName => $table, Item => $_ }, $store->{url}) foreach @items;
wait_for_policy('live');
create_policy_named('later');
wait_for_policy('later');
is($node->safe_psql('postgres', "SELECT phase, items_backfilled > 0 FROM yottastore.index_policies WHERE policy = 'later'"),
	'LIVE|t', 'one index is of events, the other of what backfill read');
is($node->safe_psql('postgres', "SELECT policy, events_quarantined FROM yottastore.index_policies ORDER BY policy"),
	"later|0\nlive|0", 'nothing is quarantined');

# the columns of a row as text, as test_index_policy and explain_item show them
my @columns = ((map { $_->{declaration}{name} } @fields), qw(area location rejected));
# which test_index_policy is not asked for
my @more = ('attributes');
my $shown = 'VALUES ' . join(', ', map { "('$_', CASE WHEN r.$_ IS NOT NULL THEN format('%s', r.$_) END)" } @columns, @more);
$node->safe_psql('postgres', <<"END");
CREATE VIEW live_shown AS SELECT r.vehicle_id AS key, s.* FROM live r, LATERAL ($shown) s (field, value);
CREATE VIEW later_shown AS SELECT r.vehicle_id AS key, s.* FROM later r, LATERAL ($shown) s (field, value);
CREATE TABLE tried AS SELECT * FROM yottastore.test_index_policy($fields, source => 'vehicles', sample => 10000, area => $where);
CREATE TABLE tried_documents AS
  WITH documents AS MATERIALIZED (SELECT row_number() OVER (ORDER BY vehicle_id) AS n, * FROM vehicles WHERE item IS NOT NULL)
  SELECT vehicle_id AS key, t.* FROM documents d JOIN
    yottastore.test_index_policy($fields, sample => (SELECT array_agg(item ORDER BY n) FROM documents), area => $where) t ON t.item = d.n;
SELECT yottastore.add_index_columns('live');
CREATE TABLE computed AS SELECT r.vehicle_id AS key, s.* FROM vehicles r, LATERAL ($shown) s (field, value);
CREATE TABLE explained AS SELECT vehicle_id AS key, e.* FROM live, yottastore.explain_item('live', vehicle_id) e;
END

# What two of them say differently, a line each; a column that one doesn't mention is NULL.
sub differences
{
	my ($one, $other, $keys) = @_;
	$keys //= 'SELECT key FROM ' . $one;
	return $node->safe_psql('postgres', <<"END");
SELECT key, field, a.value, b.value
FROM (SELECT key, field, value FROM $one WHERE key IN ($keys)) a
  FULL JOIN (SELECT key, field, value FROM $other WHERE key IN ($keys)) b USING (key, field)
WHERE a.value IS DISTINCT FROM b.value AND NOT (field = 'attributes' AND '$other' LIKE 'tried%') ORDER BY key, field LIMIT 20
END
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM live'), ITEMS, 'the worker made a row of every item');
is(differences('live_shown', 'later_shown'), '', 'backfill makes the same rows as the worker');
is(differences('live_shown', 'tried'), '', 'test_index_policy shows the same of the store\'s items');
is(differences('live_shown', 'computed'), '', 'columns that the policy computes are the same');
my $tried = $node->safe_psql('postgres', 'SELECT count(DISTINCT key) FROM tried_documents');
cmp_ok($tried, '>', ITEMS / 2, "$tried items are documents that jsonb can hold");
is(differences('live_shown', 'tried_documents', 'SELECT key FROM tried_documents'), '', 'and the same of these documents');
is($node->safe_psql('postgres', 'SELECT key, field, value, indexed FROM explained WHERE NOT agrees LIMIT 20'),
	'', 'explain_item agrees with the index');
is( $node->safe_psql('postgres', <<'END'), '', 'on every column');
SELECT key, field FROM live_shown WHERE value IS NOT NULL EXCEPT SELECT key, field FROM explained WHERE agrees
END
is(differences('live_shown', '(SELECT * FROM explained WHERE agrees) x'), '', 'with the same values');

# that there was something to agree on
my ($present, $absent, $rejected) = split /\|/, $node->safe_psql('postgres', <<'END');
SELECT count(*) FILTER (WHERE outcome IN ('taken', 'chosen', 'default')), count(*) FILTER (WHERE outcome = 'absent'),
  count(*) FILTER (WHERE outcome IN ('rejected', 'refused')) FROM tried
END
cmp_ok($present, '>', ITEMS * @fields / 10, "$present values are used");
cmp_ok($rejected, '>', ITEMS, "$rejected rejected");
cmp_ok($absent, '>', ITEMS, "$absent absent");

$node->stop;
done_testing();
