# From the store to the index: backfill, live changes, moves between areas, deletion, rejected
# values, and the end of a policy.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('index');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');

sub at { return { pos => { M => { lat => { N => "$_[0]" }, lon => { N => "$_[1]" } } } } }

create_fleet($node, table => $table, topic => $topic);

# ---- what is there before the policy ---------------------------------------------------------

put_vehicle($table, 'v1',
	{ type => { S => ' Car ' }, last => { S => '2024-03-12' }, odo => { S => '12,345 mi' }, %{ at(5, 5) } });
put_vehicle($table, 'v2',
	{
		spec => { M => { type => { S => 'BUS' } } },
		log => {
			L => [
				map { { M => { on => $_ } } } { S => '01/02/2023' }, { N => '1711929600000' }
			]
		},
		odo => { N => '19867.20' },
		active => { BOOL => \1 },
		where => { S => '5,15' }
	});
put_vehicle($table, "v$_", { type => { S => 'car' }, %{ at(5, 25) } }) foreach 3 .. 40;

create_policy($node);
wait_for_index($node, 'backfill');
is($node->safe_psql('postgres', 'SELECT count(*) FROM vehicle_service'), 40, 'every item is there');
is(index_rows($node, "vehicle_id IN ('v1', 'v2')"),
	"v1|A|car|2024-03-12|19867.35168|\nv2|B|bus|2024-04-01|19867.2|t",
	'fields are normalized, whatever the shape');
is($node->safe_psql('postgres', "SELECT DISTINCT area FROM vehicle_service WHERE vehicle_id = 'v3'"),
	'unlocated', 'a hole belongs to nobody');
is( $node->safe_psql('postgres',
		"SELECT phase, events, seconds < 60 FROM yottastore.index_lag WHERE policy = 'vehicle_service'"),
	'LIVE|0|t', 'the lag is told');
is($node->safe_psql('postgres', 'SELECT count(*) FROM yottastore.index_partitions'),
	3, 'partitions appeared by themselves');

# ---- live ------------------------------------------------------------------------------------

put_vehicle($table, 'v1', { type => { S => 'van' }, odo => { S => 'twelve' }, %{ at(1, 21) } });
put_vehicle($table, 'v50', { type => { S => 'car' }, last => { S => '31/02/2024' }, %{ at(95, 5) } });
delete_vehicle($table, 'v2');
wait_for_index($node, 'live changes');
is(index_rows($node, "vehicle_id IN ('v1', 'v2', 'v50')"),
	"v1|C|van|||\nv50|unlocated|car|||", 'an item changed and moved, one came, one went');
is($node->safe_psql('postgres', "SELECT count(*) FROM vehicle_service WHERE vehicle_id = 'v1'"),
	1, 'a moved item is in one area only');
is( $node->safe_psql(
		'postgres', "SELECT rejected->'odometer_km'->>'value' FROM vehicle_service WHERE vehicle_id = 'v1'"),
	'twelve', 'what was rejected is kept');
is( $node->safe_psql(
		'postgres',
		"SELECT string_agg(key, ',' ORDER BY key) FROM vehicle_service, jsonb_object_keys(rejected) key WHERE vehicle_id = 'v50'"
	),
	'area,last_service',
	'every rejected field is named');

put_vehicle($table, 'v2', { type => { S => 'tram' }, %{ at(5, 5) } });
delete_vehicle($table, 'v50');
put_vehicle($table, 'v50', { type => { S => 'car' }, %{ at(5, 5) } });
delete_vehicle($table, 'v50');
wait_for_index($node, 're-insertion');
is(index_rows($node, "vehicle_id IN ('v2', 'v50')"), 'v2|A|tram|||', 'an item deleted came back');

# ---- a technician's write, through the foreign table ------------------------------------------

$node->safe_psql('postgres',
	q(UPDATE vehicles SET item = jsonb_set(item, '{last}', '"2026-11-22"') WHERE vehicle_id = 'v2'));
wait_for_index($node, 'a write through the foreign table');
is(index_rows($node, "vehicle_id = 'v2'"), 'v2|A|tram|2026-11-22||', 'an UPDATE reaches the index');

# ---- paused, resumed ---------------------------------------------------------------------------

is($node->safe_psql('postgres', "SELECT yottastore.pause_index_policy('vehicle_service')"), 't', 'paused');
put_vehicle($table, 'v60', { type => { S => 'car' }, %{ at(5, 5) } });
my ($code, $stdout, $stderr) =
  $node->psql('postgres', "SELECT yottastore.index_wait('vehicle_service', timeout => '1 s')");
like($stderr, qr/index policy "vehicle_service" is PAUSED/, 'waiting for a paused policy is an error');
is($node->safe_psql('postgres', "SELECT yottastore.resume_index_policy('vehicle_service')"), 't', 'resumed');
wait_for_index($node, 'after a pause');
is(index_rows($node, "vehicle_id = 'v60'"), 'v60|A|car|||', 'it goes on where it stopped');

# ---- areas that change -------------------------------------------------------------------------

$node->safe_psql('postgres', "UPDATE yottastore.areas SET name = 'Alpha' WHERE name = 'A'");
put_vehicle($table, 'v60', { type => { S => 'cab' }, %{ at(5, 5) } });
$node->poll_query_until('postgres',
	"SELECT area = 'Alpha' FROM vehicle_service WHERE vehicle_id = 'v60' AND kind = 'cab'")
  or die('renamed area not seen');
pass('the worker reads changed areas');

# ---- the policy's owner, and its end -----------------------------------------------------------

$node->safe_psql('postgres', 'CREATE ROLE reader');
is( $node->safe_psql('postgres', 'SET ROLE reader; SELECT count(*) FROM yottastore.index_policies'),
	0, 'who may not read the index does not see the policy');
($code, $stdout, $stderr) = $node->psql('postgres',
	"SET ROLE reader; SELECT yottastore.drop_index_policy('vehicle_service')");
like($stderr, qr/must be owner of index policy "vehicle_service"/, 'nor can they drop it');

($code, $stdout, $stderr) = $node->psql('postgres', 'DROP FOREIGN TABLE vehicles');
like($stderr, qr/vehicle_service depends on foreign table vehicles/, 'the index depends on its source');
is($node->safe_psql('postgres', "SELECT yottastore.drop_index_policy('vehicle_service')"), 't', 'dropped');
is($node->safe_psql('postgres', "SELECT to_regclass('vehicle_service')"), '', 'with its table');
is( $node->safe_psql(
		'postgres', "SELECT count(*) FROM pg_class WHERE relname LIKE 'locator%' AND relkind = 'r'"),
	0, 'and its locator');

create_policy($node);
wait_for_index($node, 'a policy of the same name');
is($node->safe_psql('postgres', 'SELECT count(*) FROM vehicle_service'),
	41, 'a new policy of that name is filled again');
$node->safe_psql('postgres', 'DROP FOREIGN TABLE vehicles CASCADE');
is($node->safe_psql('postgres', 'SELECT count(*) FROM yottastore_internal.policy'),
	0, 'CASCADE forgets the policy');
is($node->safe_psql('postgres', 'SELECT count(*) FROM yottastore_internal.relay'),
	0, 'and the relay');
$node->poll_query_until('postgres',
	"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type IN ('yottastore stream worker', 'yottastore relay')")
  or die('workers go on');
pass('workers with nothing to do end');
store_api('DeleteTable', { TableName => $table });
$node->stop;

done_testing();
