# Thousands of generated queries over what policies compute, answered through the index and by reading
# the store: the same rows, whatever the conditions, while nobody writes.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant { ITEMS => 120, QUERIES => 2000, ROUND => 250 };

my $seed = $ENV{YS_TEST_SEED} // time;
srand $seed;
note "seed $seed (YS_TEST_SEED)";

my $node = new_node('index_differential');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub pick { return $_[ int rand @_ ]; }
sub chance { return rand() < $_[0]; }

# ---- items -----------------------------------------------------------------------------------------

my @kinds = qw(car van truck bus tram);
my @colors = ('red', 'blue', 'Blue', "o'hare", 'ü');

sub date { return sprintf '2026-%02d-%02d', 1 + int rand 12, 1 + int rand 28; }

sub random_vehicle
{
	my %item;
	$item{type} = { S => pick('', ' ') . pick(map { $_, ucfirst } @kinds) } if chance(0.9);
	$item{odo} = pick({ N => int rand 2000 }, { S => int(rand 2000) . ' km' }, { S => 'far' }, { NULL => \1 }) if chance(0.9);
	$item{weight} = pick({ N => int rand 50 }, { N => rand 50 }, { S => 'heavy' }) if chance(0.7);
	$item{last} = { S => chance(0.1) ? 'some day' : date() } if chance(0.8);
	$item{active} = pick({ BOOL => \1 }, { BOOL => \0 }, { S => 'perhaps' }) if chance(0.7);
	$item{tags} = { L => [ map { { S => pick('a' .. 'e') } } 1 .. int rand 4 ] } if chance(0.5);
	$item{color} = { S => pick(@colors) } if chance(0.7);
	$item{pos} = { M => { lat => { N => 1 + int rand 12 }, lon => { N => int rand 32 } } } if chance(0.8);
	return \%item;
}
put_vehicle($table, sprintf('v%03d', $_), random_vehicle()) foreach 1 .. ITEMS;

# The second policy keeps areas A and B apart, and all others together; what it can't weigh is in quarantine.
sql(<<"END");
SELECT yottastore.create_index_policy('service', 'vehicles', NULL, fields => ARRAY[
    yottastore.field('kind', 'text', ARRAY['type'], normalizers => ARRAY['trim', 'lower']),
    yottastore.field('odometer', 'numeric', ARRAY['odo'], unit => 'km', locale => 'en'),
    yottastore.field('last_service', 'date', ARRAY['last']),
    yottastore.field('active', 'boolean', ARRAY['active']),
    yottastore.field('tags', 'text[]', ARRAY['tags[*]'])],
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon']));
SELECT yottastore.create_index_policy('freight', 'vehicles', NULL, attributes => 'all', max_areas => 2, fields => ARRAY[
    yottastore.field('weight', 'numeric', ARRAY['weight'], on_error => 'reject')],
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon']));
END
wait_for_index($node, $_, undef, $_) foreach 'service', 'freight';
cmp_ok(sql(q{SELECT count(*) FROM yottastore.quarantine WHERE policy = 'freight'}), '>', 0, 'some items are in quarantine');
sql(<<'END');
ALTER FOREIGN TABLE vehicles ADD COLUMN color text, ADD COLUMN odo numeric, ADD COLUMN lat int OPTIONS (path 'pos.lat'), ADD COLUMN first_tag text OPTIONS (path 'tags[0]');
SELECT yottastore.add_index_columns('service'), yottastore.add_index_columns('freight', prefix => 'f_');
CREATE INDEX ON service (kind); CREATE INDEX ON service (odometer); CREATE INDEX ON service (last_service); CREATE INDEX ON service (kind DESC, odometer);
CREATE INDEX ON service USING gin (tags); CREATE INDEX ON service USING gist (location); CREATE INDEX ON freight (weight);
ANALYZE service, freight;
CREATE FUNCTION rows_of(query text, by_index boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM set_config('yottastore.index_scan', by_index::text, true);
	EXECUTE 'SELECT string_agg(q::text, E''\n'' ORDER BY q::text) FROM (' || query || ') q' INTO result;
	RETURN result;
END $$;
CREATE FUNCTION looked_up(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
	found boolean := false;
BEGIN
	PERFORM set_config('yottastore.index_scan', 'on', true);
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		found := found OR line ~ 'Index Policy';
	END LOOP;
	RETURN found;
END $$;
END

# ---- queries ---------------------------------------------------------------------------------------

sub quoted { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }
sub op { return pick('=', '<>', '<', '<=', '>', '>='); }
sub box { my ($x, $y) = (int rand 30, int rand 12); return sprintf "box '(%d,%d),(%d,%d)'", $x, $y, $x + int rand 15, $y + int rand 8; }
sub point { return sprintf "point '(%d,%d)'", rand 32, rand 12; }

my %leaves = (
	service => [
		sub { 'kind ' . op() . ' ' . quoted(pick(@kinds, 'none')) },
		sub { 'kind IN (' . join(', ', map { quoted(pick(@kinds)) } 1 .. 1 + int rand 3) . ')' },
		sub { 'kind ' . pick('', 'NOT ') . 'LIKE ' . quoted(pick('%a%', 't%', 'b_s')) },
		sub { 'odometer ' . op() . ' ' . int rand 2000 },
		sub { my $from = int rand 2000; "odometer BETWEEN $from AND " . ($from + int rand 600) },
		sub { 'odometer % 7 = ' . int rand 7 },
		sub { 'last_service ' . op() . ' ' . quoted(date()) },
		sub { "date_part('month', last_service) = " . (1 + int rand 12) },
		sub { pick('active', 'NOT active', 'active IS NULL', 'active IS NOT TRUE') },
		sub { 'tags ' . pick('@>', '&&') . ' ARRAY[' . quoted(pick('a' .. 'e')) . ']' },
		sub { quoted(pick('a' .. 'e')) . ' = ANY (tags)' },
		sub { 'area ' . pick('=', '<>', '>') . ' ' . quoted(pick('A', 'B', 'C', 'unlocated', 'other')) },
		sub { 'area IN (' . quoted(pick('A', 'B')) . ', ' . quoted(pick('C', 'unlocated')) . ')' },
		sub { 'location <@ ' . box() },
		sub { 'location <-> ' . point() . ' < ' . (1 + int rand 12) },
		sub { pick('kind', 'odometer', 'last_service', 'location', 'tags', 'rejected') . ' IS ' . pick('', 'NOT ') . 'NULL' },
		sub { q{rejected ? } . quoted(pick('odometer', 'last_service', 'active')) },
	],
	freight => [
		sub { 'f_weight ' . op() . ' ' . int rand 50 },
		sub { 'f_area ' . pick('=', '<>') . ' ' . quoted(pick('A', 'B', 'C', 'unlocated', 'other')) },
		sub { 'f_attributes @> ' . quoted('{"color": "' . pick(@colors) . '"}') },
		sub { q{f_attributes ->> 'color' } . pick('=', '<>') . ' ' . quoted(pick(@colors)) },
		sub { 'color = ' . quoted(pick(@colors)) },
		sub { 'odo = ' . int(rand 2000) . pick('', '.0') },
		sub { 'lat = ' . (1 + int rand 12) },
		sub { "first_tag = '" . pick('a' .. 'e') . "'" },
		sub { 'f_weight IS ' . pick('', 'NOT ') . 'NULL' },
	],
	either => [
		sub { 'vehicle_id ' . pick('<', '>') . sprintf " 'v%03d'", rand ITEMS },
		sub { q{item ->> 'color' = } . quoted(pick(@colors)) },
		sub { "length(kind) > " . int rand 5 },
	]);

sub condition
{
	my ($of, $depth) = @_;
	my $shape = $depth > 0 ? rand : 1;
	return '(' . join(pick(' OR ', ' AND '), map { condition($of, $depth - 1) } 1 .. 2) . ')' if $shape < 0.35;
	return 'NOT (' . condition($of, $depth - 1) . ')' if $shape < 0.45;
	return pick(@{ $leaves{ chance(0.1) ? 'either' : chance(0.1) ? pick('service', 'freight') : $of } })->();
}

my @orders = ('odometer', 'odometer DESC NULLS LAST', 'last_service', 'kind DESC', 'location <-> point \'(12,5)\'', 'f_weight NULLS FIRST', 'active', 'area', q{item ->> 'color'});

sub order { return join ', ', map { pick(@orders) } 1 .. pick(1, 1, 2, 3); }

sub query
{
	my $where = join ' AND ', map { condition(pick('service', 'service', 'freight'), 2) } 1 .. 1 + int rand 2;
	my $shape = rand;
	return "SELECT kind, count(*), sum(odometer) FROM vehicles WHERE $where GROUP BY kind" if $shape < 0.1;
	return 'SELECT ' . join(', ', map { pick('min', 'max') . "($_)" } pick('odometer', 'f_weight'), pick('last_service', 'kind')) . " FROM vehicles WHERE $where" if $shape < 0.13;
	return "SELECT vehicle_id FROM vehicles WHERE $where ORDER BY " . order() . ' FETCH FIRST ' . (1 + int rand 9) . ' ROWS WITH TIES' if $shape < 0.2;
	return "SELECT vehicle_id FROM vehicles WHERE $where ORDER BY " . order() . ', vehicle_id LIMIT ' . (1 + int rand 20) . (chance(0.3) ? ' OFFSET ' . int rand 10 : '')
	  if $shape < 0.4;
	return "SELECT v.vehicle_id, w.vehicle_id FROM vehicles v JOIN vehicles w ON w.kind = v.kind AND w.odometer > v.odometer WHERE v.odometer < 300 AND " . ($where =~ s/\b(kind|odometer|last_service|active|tags|area|location|rejected|f_\w+|vehicle_id|item|color|odo|lat|first_tag)\b(?!')/v.$1/gr)
	  if $shape < 0.45;
	return 'SELECT ' . pick('vehicle_id', 'vehicle_id, kind, odometer, area', 'count(*)', 'v') . " FROM vehicles v WHERE $where";
}

# ---- compared --------------------------------------------------------------------------------------

my $looked_up = 0;
for my $round (1 .. QUERIES / ROUND)
{
	my @queries = map { query() } 1 .. ROUND;
	my $set = $round % 4 == 0 ? 'SET enable_seqscan = off; SET enable_sort = on' : $round % 4 == 2 ? 'SET enable_indexscan = off' : 'SET enable_bitmapscan = off';
	my $values = join ', ', map { '(' . quoted($_) . ')' } @queries;
	my $differ = sql("$set; SELECT query FROM (VALUES $values) v (query) WHERE rows_of(query, true) IS DISTINCT FROM rows_of(query, false)");
	is($differ, '', "round $round: the index and the store agree");
	$looked_up += sql("$set; SELECT count(*) FROM (VALUES $values) v (query) WHERE looked_up(query)");
}
# ---- in parallel plans -----------------------------------------------------------------------------

# Below the scan, the index's partitions are read by several; the scan itself is never a worker's, who doesn't know what
# the session has written.
my $forced = sql("SELECT name FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode')");
my %parallel = (
	below => [ 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0', qr/Index Policy.*Gather/s ],
	above => [ "SET $forced = on", qr/\A(?:(?!Gather).)*Index Policy/s ]);
foreach my $where (sort keys %parallel)
{
	my ($set, $shape) = @{ $parallel{$where} };
	my @both;
	for my $query (map { query() } 1 .. 60)
	{
		push @both, map { "SET yottastore.index_scan = $_; SELECT md5(string_agg(q::text, ',' ORDER BY q::text)) FROM ($query) q" } 'on', 'off';
	}
	like(sql("$set; EXPLAIN SELECT count(*) FROM vehicles WHERE kind = 'car'"), $shape, "parallel $where the scan, if at all");
	my @results = split /\n/, sql("\\pset null none\n$set; " . join '; ', @both);
	is(@results, @both, '... plans end');
	is(join("\n", map { $results[ 2 * $_ ] } 0 .. @both / 2 - 1), join("\n", map { $results[ 2 * $_ + 1 ] } 0 .. @both / 2 - 1), '... and agree');
}

cmp_ok($looked_up, '>', QUERIES / 2, "most queries are looked up: $looked_up of " . QUERIES);

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
