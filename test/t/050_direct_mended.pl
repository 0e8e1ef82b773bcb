# Policies without Kafka that lost changes are mended by a resync, and by a store that comes again; what
# can't be applied is tried again; and one is like that which has the same changes through Kafka.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;
use YottaWire;

use constant VEHICLES => 100;

my $seed = $ENV{YS_TEST_SEED} // time;
srand $seed;
note "seed $seed (YS_TEST_SEED)";

my $node = new_node('direct_mended', conf => "restart_after_crash = on\nyottastore.backfill_segments = 2");
my $wire = YottaWire->new(store_url() =~ s/.*://r);
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'), store => 'http://127.0.0.1:' . $wire->port);

sub query { return $node->safe_psql('postgres', $_[0]); }
sub said { my (undef, $output, $errors) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]"); return "$output$errors"; }
sub write_some { write_vehicles($table, $_[0], VEHICLES); return; }
sub vehicle { return { type => { S => $_[0] }, pos => { M => { lat => { N => '5' }, lon => { N => '2' } } } }; }
sub resync { return query(q{SELECT yottastore.index_resync_start('vehicle_service')}); }

sub becomes
{
	my ($condition, $what, $policy) = @_;
	$policy //= 'vehicle_service';
	ok($node->poll_query_until('postgres', "SELECT $condition FROM yottastore.index_policies WHERE policy = '$policy'"), $what)
	  or diag(query('SELECT policy, phase, reason FROM yottastore.index_policies'));
	return;
}

sub is_store
{
	my ($what, $policy) = @_;
	wait_for_index($node, $what, undef, $policy);
	is(index_rows($node, undef, $policy), fleet_rows($table), "$what: it is the store");
	return;
}

sub set_stream
{
	my ($view) = @_;
	store_api('UpdateTable', { TableName => $table,
		StreamSpecification => $view ? { StreamEnabled => \1, StreamViewType => $view } : { StreamEnabled => \0 } });
	return;
}

sub stop_workers
{
	query('SELECT yottastore.stop_workers()');
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'"), 'workers end');
	return;
}

# ---- the same table through Kafka and without ------------------------------------------------------

write_some(80);
create_policy($node, name => 'through_kafka');
create_policy($node, direct => 1);
write_some(150);
is_store("$_ beside the other", $_) foreach qw(vehicle_service through_kafka);
is(query(q{SELECT count(*) FROM vehicle_service d JOIN through_kafka k USING (vehicle_id, area)
	WHERE d.changed_at IS DISTINCT FROM k.changed_at AND d.changed_at IS NOT NULL AND k.changed_at IS NOT NULL}), 0, 'and were changed at the same times');
is(query(q{SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'}), 2, 'each has its process');
is(query(q{SELECT application_name FROM pg_stat_activity WHERE application_name ~ '^yottastore store stream'}), 'yottastore store stream vehicles', 'which says what it follows');
is(query(q{SELECT events IS NULL, catch_up IS NULL, state FROM yottastore.index_lag WHERE policy = 'vehicle_service'}), 't|t|LIVE', 'events are not counted');
is(query(q{SELECT work, state, items_done > 0, percent FROM yottastore.index_progress WHERE policy = 'vehicle_service'}), 'backfill|DONE|t|100', 'progress is');
like(said(q{SELECT * FROM yottastore.peek_stream('fleet')}), qr/42809: server "fleet" is not a stream/, "a store's stream is not peeked into");
query(q{SELECT yottastore.drop_index_policy('through_kafka'); SELECT yottastore.drop_relay('vehicles_relay')});

# ---- its stream disabled and made anew -------------------------------------------------------------

set_stream(undef);
becomes(q{phase = 'INCOMPLETE' AND reason ~ 'disabled or replaced.*call yottastore.index_resync_start'}, 'without its stream it is INCOMPLETE');
write_some(60);
my $job = resync();
becomes(q{phase = 'STARTING' AND reason ~ 'has no stream.*enable one'}, 'a resync waits for one');
set_stream('NEW_AND_OLD_IMAGES');
write_some(30);
is_store('resynced');
is(query("SELECT state FROM yottastore.jobs WHERE job_id = $job"), 'DONE', 'its job is done');

stop_workers();
write_some(20);
set_stream(undef);
write_some(20);
set_stream('KEYS_ONLY');
write_some(20);
query('SELECT yottastore.start_workers()');
becomes(q{phase = 'INCOMPLETE' AND reason ~ 'disabled or replaced'}, 'one that was replaced while nobody looked is noticed');
resync();
write_some(60);
is_store('of records that hold keys only');

# ---- a resync over kills -----------------------------------------------------------------------------

query('ALTER SYSTEM SET yottastore.backfill_rate = 30');
$node->reload;
$job = resync();
ok($node->poll_query_until('postgres', "SELECT rows_seen > 10 FROM yottastore.jobs WHERE job_id = $job"), 'in the middle');
my $pid = query(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'});
kill 'KILL', $pid;
write_some(30);
ok($node->poll_query_until('postgres', "SELECT pid <> $pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'"), 'another worker comes');
query('ALTER SYSTEM RESET yottastore.backfill_rate');
$node->reload;
write_some(30);
is_store('a resync whose worker was killed');

# ---- not read for longer than the store keeps -----------------------------------------------------

stop_workers();
query(q{UPDATE yottastore_internal.position SET watermark = now() - interval '25 hours'});
query('SELECT yottastore.start_workers()');
becomes(q{phase = 'INCOMPLETE' AND reason ~ 'not read for longer than it keeps changes'}, 'one that was away for over a day is INCOMPLETE');
resync();
is_store('resynced after a day');

# ---- a store that is away ----------------------------------------------------------------------------

query(q{ALTER SERVER fleet OPTIONS (ADD request_timeout '2s')});
write_some(5);
is_store('before the store is away');
$wire->cut;
becomes(q{phase = 'LIVE' AND reason IS NOT NULL}, 'a store that is away is said');
write_some(40);
$wire->heal;
is_store('a store that comes again');
becomes('reason IS NULL', 'and that, too');

# ---- quarantine -------------------------------------------------------------------------------------

query(q{ALTER TABLE vehicle_service ADD CONSTRAINT civil CHECK (kind <> 'tank')});
put_vehicle($table, $_, vehicle('Tank')) foreach 'q1', 'q2';
put_vehicle($table, 'q3', vehicle('Tank'));
wait_for_index($node, 'with bad events');
put_vehicle($table, 'q3', vehicle('Bus'));
write_some(20);
wait_for_index($node, 'and good ones');
is(query(q{SELECT count(*), count(DISTINCT shard_position), count(partition) FROM yottastore.quarantine}), '3|3|0', 'bad events are kept');
is(query(q{SELECT yottastore.quarantine_retry('vehicle_service')}), '1', 'what is stale leaves; what fails again stays');
my $one = query(q{SELECT quarantine_id FROM yottastore.quarantine WHERE item_key ~ 'q1'});
query('ALTER TABLE vehicle_service DROP CONSTRAINT civil');
is(query("SELECT yottastore.quarantine_retry('vehicle_service', $one)"), '1', 'one is tried again');
is(query(q{SELECT yottastore.quarantine_discard('vehicle_service')}), '1', 'the other is discarded');
is(query(q{SELECT string_agg(vehicle_id || '=' || kind, ' ' ORDER BY vehicle_id) FROM vehicle_service WHERE vehicle_id ~ 'q'}), 'q1=tank q3=bus', 'each as it should be');

# a resync reads the stream from its beginning: what is kept is of the new epoch then
query(q{ALTER TABLE vehicle_service ADD CONSTRAINT civil CHECK (kind <> 'tank') NOT VALID});
put_vehicle($table, 'q4', vehicle('Tank'));
wait_for_index($node, 'a bad event before a resync');
resync();
wait_for_index($node, 'and behind it');
is(query(q{SELECT count(*), count(shard_position) FROM yottastore.quarantine WHERE item_key ~ 'q4'}), '1|1', 'it is kept once');
query('ALTER TABLE vehicle_service DROP CONSTRAINT civil');
query(q{SELECT yottastore.quarantine_retry('vehicle_service')});
is(query(q{SELECT kind FROM vehicle_service WHERE vehicle_id = 'q4'}), 'tank', 'tried again, it is applied in the new epoch');
delete_vehicle($table, $_) foreach qw(q1 q2 q3 q4);

$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
