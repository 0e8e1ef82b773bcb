# Without Kafka: policies that follow the store's own stream, from backfill to the end, whatever is
# killed meanwhile. At the end index and store are compared row by row by this test's own reading.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 120;

my $seed = $ENV{YS_TEST_SEED} // time;
srand $seed;
note "seed $seed (YS_TEST_SEED)";

my $node = new_node('direct', conf => 'restart_after_crash = on');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);
my $written = 0;

sub query { return $node->safe_psql('postgres', $_[0]); }

sub comes
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p'));
	return;
}

sub write_some
{
	my ($count) = @_;
	$written = write_vehicles($table, $count, VEHICLES);
	return;
}

sub is_store
{
	my ($policy, $what) = @_;
	wait_for_index($node, $what, undef, $policy);
	is(index_rows($node, undef, $policy), fleet_rows($table), "$what: $policy is the store");
	return;
}

# The one process that follows the store's stream, once there is one; 0: there is none.
sub worker_pids
{
	return query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'");
}

# The server restarts itself after one of its processes was killed.
sub kill_worker
{
	comes("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'",
		'there is a worker to kill');
	kill 'KILL', worker_pids();
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		select undef, undef, undef, 0.1;
		my ($code) = $node->psql('postgres', 'SELECT 1');
		return if defined $code && $code == 0;
	}
	die('the server does not come back');
}

# ---- no stream to follow -------------------------------------------------------------------------

my $still = unique_name('still');
query("SELECT yottastore.create_store_table('fleet', '$still', 'vehicle_id', stream => false)");
query("CREATE FOREIGN TABLE still (vehicle_id text OPTIONS (key 'partition') NOT NULL, "
	  . "item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$still')");
my (undef, undef, $error) = $node->psql('postgres',
	"SELECT yottastore.create_index_policy('still_service', 'still', "
	  . "fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])])");
like($error, qr/ERROR:  store table "$still" has no stream/, 'a table without stream is refused');
like($error, qr/HINT:  Enable one .*create_store_table/, 'and how to have one is said');
store_api('DeleteTable', { TableName => $still });

# ---- backfill, live changes, a second policy -----------------------------------------------------

# What the stream of now does not tell.
sub set_stream
{
	my ($enabled) = @_;
	store_api(
		'UpdateTable',
		{
			TableName => $table,
			StreamSpecification => $enabled
			? { StreamEnabled => \1, StreamViewType => 'NEW_IMAGE' }
			: { StreamEnabled => \0 }
		});
	return;
}
write_some(120);
set_stream(0);
set_stream(1);
create_policy($node, direct => 1);
is(query('SELECT stream IS NULL FROM yottastore.index_policies'), 't', 'the policy has no stream');
is_store('vehicle_service', 'backfill');
is(query('SELECT items_backfilled > 0, phase FROM yottastore.index_policies'), 't|LIVE', 'items were backfilled');

write_some(150);
is_store('vehicle_service', 'live');
is(query("SELECT events_applied + events_stale > 50 FROM yottastore.index_policies"),
	't', 'changes were applied from the stream');
is( query('SELECT events IS NULL, seconds < 60, complete_up_to IS NOT NULL FROM yottastore.index_lag'),
	't|t|t', 'lag is known in seconds');

create_policy($node, direct => 1, name => 'second_service');
write_some(60);
is_store($_, 'two policies') foreach qw(vehicle_service second_service);
unlike(worker_pids(), qr/\n/, 'one process follows the stream for both');

# ---- one is paused ---------------------------------------------------------------------------------

query("SELECT yottastore.pause_index_policy('second_service')");
write_some(60);
is_store('vehicle_service', 'the other is paused');
isnt(index_rows($node, undef, 'second_service'), fleet_rows($table), 'the paused one stands still');
query("SELECT yottastore.resume_index_policy('second_service')");
write_some(30);
is_store($_, 'resumed') foreach qw(vehicle_service second_service);

# ---- kills -----------------------------------------------------------------------------------------

foreach my $kill (1 .. 3)
{
	write_some(60);
	kill_worker();
	write_some(40);
}
is_store($_, "after 3 kills and $written writes") foreach qw(vehicle_service second_service);
$node->restart;
write_some(30);
is_store($_, 'after a restart') foreach qw(vehicle_service second_service);
is(query('SELECT count(*) FROM yottastore.quarantine'), 0, 'nothing in quarantine');
is(query('SELECT yottastore.stop_workers() > 0'), 't', 'workers are stopped');
comes("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'", 'and end');
write_some(30);
query('SELECT yottastore.start_workers()');
is_store($_, 'started again') foreach qw(vehicle_service second_service);

# ---- what can't be applied -------------------------------------------------------------------------

query(q{SELECT yottastore.create_index_policy('strict_service', 'vehicles', fields => ARRAY[
	yottastore.field('odo', 'numeric', ARRAY['odo'], on_error => 'reject')])});
wait_for_index($node, 'strict', undef, 'strict_service');
put_vehicle($table, 'bad', { type => { S => 'car' }, odo => { S => 'seven' },
	pos => { M => { lat => { N => '5' }, lon => { N => '2' } } } });
wait_for_index($node, 'strict', undef, 'strict_service');
is( query(q{SELECT policy, shard_position ~ '^.+/[0-9]+$', partition IS NULL, reason FROM yottastore.quarantine}),
	'strict_service|t|t|field "odo": not a number', 'an event in quarantine has its place in the stream');
delete_vehicle($table, 'bad');

# ---- jobs ------------------------------------------------------------------------------------------

query("UPDATE yottastore.areas SET name = 'A2' WHERE name = 'A'");
my $job = query("SELECT yottastore.index_relocate_start('vehicle_service')");
is(query("SELECT yottastore.job_wait($job)"), 't', 'a job ends');
is(query("SELECT count(*) FROM vehicle_service WHERE area = 'A'"), 0, 'and has moved the rows');
query("UPDATE yottastore.areas SET name = 'A' WHERE name = 'A2'");

# ---- the end ---------------------------------------------------------------------------------------

query("SELECT yottastore.drop_index_policy('$_')") foreach qw(second_service strict_service);
write_some(20);
is_store('vehicle_service', 'the others are dropped');
is(query('SELECT count(DISTINCT policy_id) FROM yottastore_internal.shard_position'), 1, 'their positions are gone');

set_stream(0);
comes(q{SELECT phase = 'INCOMPLETE' AND reason ~ 'disabled or replaced' FROM yottastore.index_policies},
	'a stream that is disabled is noticed');
query("SELECT yottastore.drop_index_policy('vehicle_service')");
comes("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore s%'", 'no worker is left');
is(query('SELECT count(*) FROM yottastore_internal.shard_position'), 0, 'and no position');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
