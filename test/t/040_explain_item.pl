# How one item's columns came about, and whether the index has them: explain_item, and trying a
# policy out on a sample of the store's items.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('explain');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');

sub at { return { pos => { M => { lat => { N => "$_[0]" }, lon => { N => "$_[1]" } } } } }

# The rows of an item, the columns named separated by bars.
sub explained
{
	my ($key, $columns, $where) = @_;
	$where //= 'true';
	return $node->safe_psql('postgres',
		"SELECT $columns FROM yottastore.explain_item('vehicle_service', '$key') WHERE $where");
}

create_fleet($node, table => $table, topic => $topic);
put_vehicle($table, 'v1',
	{
		spec => { M => { type => { S => 'BUS' } } },
		last => { S => '12/03/2024' },
		log => { L => [ map { { M => { on => $_ } } } { S => '2023-02-01' }, { S => 'soon' }, { N => '1711929600000' } ] },
		odo => { S => '12,345 furlongs' },
		active => { NULL => \1 },
		%{ at(5, 5) }
	});
create_policy($node);
wait_for_index($node, 'backfill');

# ---- an item that the index agrees with --------------------------------------------------------

my $rejected =
  '{"odometer_km": {"value": "12,345 furlongs", "reason": "unknown unit"}, "last_service": {"value": "soon", "reason": "not a date in any declared format"}}';
is( explained('v1', 'field, path, raw, format, value, outcome, reason, agrees', "field <> 'event_version'"),
	<<"END" =~ s/\n\z//r, 'every value that was looked at has its row');
kind|spec.type|"BUS"||bus|taken||t
last_service|last|"12/03/2024"|DD/MM/YYYY|2024-03-12|superseded||
last_service|log[*].on|"2023-02-01"|ISO|2023-02-01|superseded||
last_service|log[*].on|"soon"|||rejected|not a date in any declared format|
last_service|log[*].on|1711929600000|epoch_ms|2024-04-01|chosen||t
odometer_km|odo|"12,345 furlongs"|||rejected|unknown unit|t
active|active|null|||absent||t
location|pos.lat, pos.lon|{"lat": 5, "lon": 5}||(5,5)|taken||t
area|||country|A|by location||t
rejected||||$rejected|kept||t
END
is( explained('v1', "outcome, indexed = (SELECT event_version::text FROM vehicle_service), reason ~ '^(read by backfill|changed at .*), indexed at 20'",
		"field = 'event_version'"),
	'indexed|t|t', 'the index has what backfill read');
is( $node->safe_psql('postgres', <<'END'), '', 'what is indexed is what the row has');
SELECT e.field, e.indexed, r.value FROM yottastore.explain_item('vehicle_service', 'v1') e
  LEFT JOIN (SELECT j.* FROM vehicle_service v, jsonb_each_text(to_jsonb(v)) j) r ON r.key = e.field
WHERE e.agrees AND e.field NOT IN ('location', 'rejected') AND e.indexed IS DISTINCT FROM r.value
END

# ---- one that it is behind of -------------------------------------------------------------------

$node->safe_psql('postgres', "SELECT yottastore.pause_index_policy('vehicle_service')");
put_vehicle($table, 'v1', { type => { S => 'car' }, last => { S => '2024-04-01' }, odo => { S => '7' }, %{ at(5, 15) } });
is( explained('v1', 'field, value, indexed, agrees', 'agrees IS NOT NULL AND field <> \'rejected\''), <<'END' =~ s/\n\z//r, 'what differs is told');
kind|car|bus|f
last_service|2024-04-01|2024-04-01|t
odometer_km|7||f
active|||t
location|(15,5)|(5,5)|f
area|B|A|f
END
is(explained('v1', 'field, value, agrees', "field = 'rejected'"), 'rejected||f', 'what was rejected and is no longer, too');
$node->safe_psql('postgres', "SELECT yottastore.resume_index_policy('vehicle_service')");
wait_for_index($node, 'the policy goes on');
is(explained('v1', 'count(*), bool_and(agrees)', 'agrees IS NOT NULL'), '6|t', 'and agrees when it has caught up');
like(explained('v1', 'reason', "field = 'event_version'"), qr/^changed at 20/, 'an event is told from backfill');

# ---- what the index does not have, or the store -------------------------------------------------

is(explained('nobody', 'field, outcome, reason'),
	'event_version|not indexed|the store has no such item; the index has not seen this key', 'no such item');
$node->safe_psql('postgres', "SELECT yottastore.pause_index_policy('vehicle_service')");
put_vehicle($table, 'v2', { type => { S => 'car' } });
is(explained('v2', 'field, value, outcome, indexed, agrees', "field IN ('kind', 'area', 'event_version')"),
	"kind|car|taken||\narea|unlocated|unlocated||\nevent_version||not indexed||", 'not in the index yet');
delete_vehicle($table, 'v1');
is(explained('v1', "outcome, reason ~ '^the store has no such item; changed at'"), 'indexed|t', 'deleted, and still in the index');
$node->safe_psql('postgres', "SELECT yottastore.resume_index_policy('vehicle_service')");
wait_for_index($node, 'deletion');
is(explained('v1', "outcome, reason, indexed ~ '^.x[0-9a-f]{50}\$'"),
	'deleted|the store has no such item; the index has seen it deleted|t', 'deleted in both');

# an event that can't be used makes the row go
produce($topic, '{"vehicle_id":{"S":"v2"}}', '{"broken', headers => { 'yottastore-position' => '4294967295:1' });
$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM yottastore.quarantine WHERE item_key LIKE '%v2%'")
  or die('nothing is quarantined');
is(explained('v2', "outcome, reason = (SELECT max(q.reason) FROM yottastore.quarantine q)", "field = 'event_version'"),
	'quarantined|t', 'the reason of what was quarantined is told');

# ---- trying out on a sample ----------------------------------------------------------------------

put_vehicle($table, "s$_", { n => { N => "$_" }, type => { S => 'car' } }) foreach 1 .. 30;
is( $node->safe_psql('postgres', <<'END'), "31|30|29", 'a sample of the items, by their keys');
SELECT count(DISTINCT key), count(*) FILTER (WHERE outcome = 'taken' AND value = substr(key, 2)),
  count(*) FILTER (WHERE value::int > 1)
FROM yottastore.test_index_policy(ARRAY[yottastore.field('n', 'numeric')], source => 'vehicles')
END
is( $node->safe_psql('postgres', <<'END'), "7|7", 'of the size asked for');
SELECT count(*), count(DISTINCT key)
FROM yottastore.test_index_policy(ARRAY[yottastore.field('kind', 'text', ARRAY['type'])], source => 'vehicles', sample => 7)
END

wait_for_index($node, 'the sample');

# ---- keys of every type ----------------------------------------------------------------------------

my $pairs = unique_name('pairs');
$node->safe_psql('postgres', <<"END");
SELECT yottastore.create_store_table('fleet', '$pairs', 'n numeric', 'b bytea');
CREATE FOREIGN TABLE pairs (n numeric OPTIONS (key 'partition') NOT NULL, b bytea OPTIONS (key 'sort') NOT NULL,
  item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$pairs');
SELECT yottastore.create_index_policy('pair_index', 'pairs', 'fleet_changes', fields => ARRAY[yottastore.field('word', 'text')]);
INSERT INTO pairs VALUES (1.50, '\\x00ff', '{"word": "here"}');
END
is( $node->safe_psql('postgres',
		q(SELECT value FROM yottastore.explain_item('pair_index', '15e-1', '\x00FF') WHERE field = 'word')),
	'here', 'keys are given as text');
is( $node->safe_psql('postgres', q(SELECT key, sort_key, value FROM
  yottastore.test_index_policy(ARRAY[yottastore.field('word', 'text')], source => 'pairs'))),
	"1.5|\\x00ff|here", 'and shown as it');

# ---- what is refused -------------------------------------------------------------------------------

sub refused
{
	my ($sql, $state, $expected, $what) = @_;
	my ($code, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	like($stderr, qr/ERROR:  $state: $expected/, $what);
	return $stderr;
}
refused("SELECT * FROM yottastore.explain_item('pair_index', '1')", '22023',
	'the sort key of foreign table "pairs" is missing', 'a sort key is asked for');
refused("SELECT * FROM yottastore.explain_item('vehicle_service', 'v1', 'x')", '22023',
	'foreign table "vehicles" has no sort key', 'and one too many refused');
refused("SELECT * FROM yottastore.explain_item('vehicle_service', '')", '22000', 'no item can have this key',
	'a key that no item can have');
refused("SELECT * FROM yottastore.explain_item('pair_index', 'one', '')", '22P02', 'invalid input syntax for type numeric',
	'text that is no value of the key column');
refused("SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('vehicle_id', 'text')], source => 'vehicles')",
	'42701', 'field "vehicle_id" has the name of one of the index table\'s own columns', 'a key column\'s name');
refused("SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text')], source => 'vehicles', sample => 0)",
	'22023', 'a sample of 0 items is out of range', 'an empty sample');

$node->safe_psql('postgres', 'CREATE ROLE stranger; GRANT SELECT ON vehicle_service TO stranger');
foreach my $call ("explain_item('vehicle_service', 'v2')",
	"test_index_policy(ARRAY[yottastore.field('a', 'text')], source => 'vehicles')")
{
	refused("SET ROLE stranger; SELECT * FROM yottastore.$call", '42501', 'permission denied for foreign table vehicles',
		"$call needs SELECT on the source");
}
$node->safe_psql('postgres', 'GRANT SELECT ON vehicles TO stranger');
foreach my $call ("explain_item('vehicle_service', 'v2')",
	"test_index_policy(ARRAY[yottastore.field('a', 'text')], source => 'vehicles')")
{
	refused("SET ROLE stranger; SELECT * FROM yottastore.$call", '42704', 'user "stranger" has no credentials for server "fleet"',
		"$call reads with the caller's credentials");
}
$node->safe_psql('postgres', <<'END');
CREATE USER MAPPING FOR stranger SERVER fleet OPTIONS (access_key_id 'other', secret_access_key 'other');
REVOKE SELECT ON vehicle_service FROM stranger;
END
is( $node->safe_psql('postgres',
		"SET ROLE stranger; SELECT indexed, agrees FROM yottastore.explain_item('vehicle_service', 's1') WHERE field = 'kind'"),
	'car|t', 'the index is told to who may read the source');

store_api('DeleteTable', { TableName => $_ }) foreach $table, $pairs;
$node->stop;
done_testing();
