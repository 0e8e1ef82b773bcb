# The processes: none where there is nothing to do, started and stopped by hand, without preloading
# too, and never two of one kind.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('workers');
my $table = unique_name('vehicles');

sub processes
{
	my ($node, $count) = @_;
	my $query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'";
	my $reached = $node->poll_query_until('postgres', $query, $count);
	diag($node->safe_psql('postgres',
			"SELECT backend_type, datname FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'"))
	  unless $reached;
	return $reached;
}

ok(processes($node, 0), 'a database without policies has no process of ours');
$node->safe_psql('postgres', 'CREATE DATABASE empty');
$node->safe_psql('empty', 'CREATE EXTENSION yottastore');
$node->safe_psql('postgres', 'DROP DATABASE empty');
pass('and can be dropped');

create_fleet($node, table => $table, topic => unique_name('vehicles'));
create_policy($node);
wait_for_index($node, 'the start');
ok(processes($node, 3), 'supervisor, stream worker and relay');
is( $node->safe_psql('postgres',
		"SELECT string_agg(DISTINCT backend_type, ', ' ORDER BY backend_type) FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%' AND datname = 'postgres'"),
	'yottastore relay, yottastore stream worker, yottastore supervisor',
	'each by its name');
is($node->safe_psql('postgres', 'SELECT yottastore.start_workers()'), 'f', 'they run already');

# the supervisor, told first, may have stopped the others before they are told
like($node->safe_psql('postgres', 'SELECT yottastore.stop_workers()'), qr/^[123]$/, 'stopped by hand');
ok(processes($node, 0), 'all of them');
put_vehicle($table, 'v1', { type => { S => 'car' } });
my ($code, $stdout, $stderr) = $node->psql('postgres',
	"\\set VERBOSITY verbose\nSELECT yottastore.index_wait('vehicle_service', timeout => '2 s')");
like( $stderr,
	qr/ERROR:  55P03: index policy "vehicle_service" did not catch up in time\nDETAIL:  It is complete up to .*What holds it up: its worker does not run\.\nHINT:  Call yottastore\.start_workers\(\)\./,
	'nothing is applied meanwhile, and the wait says so');
is($node->safe_psql('postgres', 'SELECT yottastore.start_workers()'), 't', 'started by hand');
wait_for_index($node, 'after a start by hand');
is(index_rows($node), 'v1|unlocated|car|||', 'nothing was lost');

$node->restart;
wait_for_index($node, 'after a restart of the server');
ok(processes($node, 3), 'the server starts them');

# ---- ended by others ------------------------------------------------------------------------------

# As administrators end all sessions of a database.
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'});
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'yottastore supervisor'}), 'who was terminated ends');
ok(processes($node, 3), '... and comes back');
# One that is away is told when it comes back.
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'});
ok(processes($node, 0), 'all are ended');
$node->safe_psql('postgres', 'SELECT yottastore.stop_workers()');
sleep 7;
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'}), '0', 'stopped meanwhile, they stay away');
is($node->safe_psql('postgres', q{SELECT reason FROM yottastore.relay_status}), 'its worker does not run', '... as the relay says');
like(($node->psql('postgres', 'SET default_transaction_read_only = on; SELECT yottastore.start_workers()'))[2], qr/read-only transaction/, 'which can not be noted in a read-only transaction');
is($node->safe_psql('postgres', q{SELECT yottastore.start_workers()}), 't', 'until they are started');
ok(processes($node, 3), '... they run');
foreach my $statements ('SELECT yottastore.stop_workers(); SELECT yottastore.start_workers()', 'SELECT yottastore.stop_workers(), yottastore.start_workers()')
{
	like($node->safe_psql('postgres', $statements), qr/^3[|\n]t$/, "stopped and started again at once: $statements");
	ok(processes($node, 3), '... they run');
}

# What a worker could not say any more.
$node->safe_psql('postgres', q{SELECT yottastore.stop_workers()});
$node->safe_psql('postgres', q{UPDATE yottastore_internal.policy SET reason = 'what there was then'});
$node->safe_psql('postgres', q{SELECT yottastore.start_workers()});
ok($node->poll_query_until('postgres', q{SELECT reason IS NULL AND state = 'LIVE' FROM yottastore.index_lag}), 'what kept a worker that is gone is said no more once another goes on');

# ---- without preloading ------------------------------------------------------------------------

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
ok(processes($node, 0), 'not preloaded: none by themselves');
$node->safe_psql('postgres', 'SELECT yottastore.start_workers()');
put_vehicle($table, 'v2', { type => { S => 'bus' } });
wait_for_index($node, 'without preloading');
is(index_rows($node, "vehicle_id = 'v2'"), 'v2|unlocated|bus|||', 'everything works');

$node->safe_psql('postgres', "SELECT yottastore.drop_index_policy('vehicle_service')");
$node->safe_psql('postgres', "SELECT yottastore.drop_relay('vehicles_relay')");
ok(processes($node, 0), 'they end with the last policy and relay');
$node->safe_psql('postgres', 'DROP EXTENSION yottastore CASCADE');
is( $node->safe_psql('postgres', <<'END'), '0|0|0', 'the extension goes without a trace');
SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'yottastore_internal'),
	(SELECT count(*) FROM pg_class WHERE relnamespace = 'yottastore'::regnamespace),
	(SELECT count(*) FROM pg_proc WHERE pronamespace = 'yottastore'::regnamespace)
END

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
