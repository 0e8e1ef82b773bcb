# A stream's partitions split among several workers: each writes its own, none writes what another
# has taken over, and what one worker does for all is done once.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('split', conf => 'max_worker_processes = 24');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub comes
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p UNION ALL SELECT row_to_json(l) FROM yottastore_internal.lease l'));
	return;
}

sub workers
{
	my ($count, $what) = @_;
	comes("SELECT count(*) = $count AND (SELECT count(*) FROM yottastore_internal.lease) = $count "
		  . "FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'", $what);
	return;
}

# Many items in few statements; half of them in country A, the others in B.
sub put_many
{
	my ($prefix, $count, $kind) = @_;
	query("INSERT INTO vehicles (vehicle_id, item) SELECT '$prefix' || i, "
		  . "jsonb_build_object('type', '$kind', 'where', CASE WHEN i % 2 = 0 THEN '5,5' ELSE '5,15' END) "
		  . "FROM generate_series(1, $count) i");
	return;
}

query(q{ALTER SERVER fleet_changes OPTIONS (ADD workers '3')});
put_many('old', 300, 'backfilled');
create_policy($node);
workers(3, 'three workers, each with its lease');
wait_for_index($node, 'started');
is(query('SELECT count(*) FROM vehicle_service'), '300', 'backfill is done once');
is(query('SELECT items_backfilled FROM yottastore.index_policies'), '300', 'and counted once');

put_many('new', 300, 'live');
query(q{UPDATE vehicles SET item = '{"type": "moved", "where": "2,25"}' WHERE vehicle_id IN ('old1', 'new2')});
query(q{DELETE FROM vehicles WHERE vehicle_id IN ('old3', 'new4')});
wait_for_index($node, 'all partitions are followed');
is( query('SELECT area, kind, count(*) FROM vehicle_service GROUP BY 1, 2 ORDER BY 1, 2'),
	"A|backfilled|150\nA|live|148\nB|backfilled|148\nB|live|150\nC|moved|2",
	'every row is right');
is( query(q{SELECT count(DISTINCT partition) FROM yottastore_internal.position WHERE next_offset > 0}),
	'4', 'every partition had events');
is(query('SELECT sum(events_applied + events_stale) >= 304 FROM yottastore.index_policies'), 't',
	'all are counted, by whichever worker');

# ---- a job beside the others' events -----------------------------------------------------------

query(q{UPDATE yottastore.areas SET name = 'Z' WHERE name = 'A'});
query(q{SELECT yottastore.index_relocate_start('vehicle_service') AS job \gset
SELECT yottastore.job_wait(:job)});
is(query(q{SELECT count(*) FROM vehicle_service WHERE area = 'A'}), '0', 'a job moves the rows of all partitions');

# ---- another number of workers -----------------------------------------------------------------

query(q{ALTER SERVER fleet_changes OPTIONS (SET workers '2')});
workers(2, 'fewer workers');
put_many('fewer', 100, 'fewer');
wait_for_index($node, 'fewer workers');
query(q{ALTER SERVER fleet_changes OPTIONS (SET workers '4')});
workers(4, 'more workers');
put_many('more', 100, 'more');
wait_for_index($node, 'more workers');
is(query(q{SELECT kind, count(*) FROM vehicle_service WHERE kind IN ('fewer', 'more') GROUP BY 1 ORDER BY 1}),
	"fewer|100\nmore|100", 'the new split follows all partitions, too');

# ---- one that dies -----------------------------------------------------------------------------

my $pid = query('SELECT pid FROM yottastore_internal.lease WHERE worker = 2');
my $epoch = query('SELECT epoch FROM yottastore_internal.lease WHERE worker = 2');
query("SELECT pg_terminate_backend($pid)");
put_many('again', 100, 'again');
wait_for_index($node, 'one was killed');
is(query(q{SELECT count(*) FROM vehicle_service WHERE kind = 'again'}), '100', 'another took its place');
comes("SELECT epoch > $epoch FROM yottastore_internal.lease WHERE worker = 2", 'under a new epoch');

# ---- zombies -----------------------------------------------------------------------------------

# One worker gets events, waits for the table, and is paused there; meanwhile others take over.
query(q{ALTER SERVER fleet_changes OPTIONS (SET workers '1')});
workers(1, 'one worker');
query(q{ALTER DATABASE postgres SET lock_timeout = '1h'});
query(q{SELECT yottastore.stop_workers()});
comes(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'}, 'all stop');
query(q{SELECT yottastore.start_workers()});
workers(1, 'one worker that waits for locks');
wait_for_index($node, 'before');
my $zombie = query('SELECT pid FROM yottastore_internal.lease');
my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE vehicle_service IN ACCESS EXCLUSIVE MODE');
put_many('z', 50, 'zombie');
comes("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $zombie", 'it has events in hand, and waits');
kill('STOP', $zombie);
my $seen = -s $node->logfile;
query(q{ALTER SERVER fleet_changes OPTIONS (SET workers '2')});
comes(q{SELECT count(*) = 1 FROM yottastore_internal.lease WHERE worker = 1 AND workers = 2}, 'another takes its share');
$locker->query_safe('COMMIT');
comes(q{SELECT count(*) > 0 FROM vehicle_service WHERE kind = 'zombie'}, 'and applies its events');
comes(q{SELECT state = 'STARVED' AND reason LIKE 'its worker has been at one thing since %' FROM yottastore.index_lag},
	'that one of two hangs is seen');
kill('CONT', $zombie);
ok($node->wait_for_log(qr/another worker has taken this worker's share of the stream/, $seen),
	'the one that was paused is refused its commit');
workers(2, 'and takes the share that is its own now');
wait_for_index($node, 'after');
is(query(q{SELECT count(*) FROM vehicle_service WHERE kind = 'zombie'}), '50', 'nothing was lost');

# Its lease taken while it holds nothing: the next batch is refused, too.
query(q{ALTER SERVER fleet_changes OPTIONS (SET workers '1')});
workers(1, 'one worker again');
$seen = -s $node->logfile;
query(q{UPDATE yottastore_internal.lease SET epoch = nextval('yottastore_internal.lease_epoch')});
put_many('y', 10, 'refused');
ok($node->wait_for_log(qr/another worker has taken/, $seen), 'a lease that was taken is lost');
wait_for_index($node, 'and taken again');
is(query(q{SELECT count(*) FROM vehicle_service WHERE kind = 'refused'}), '10', 'with nothing lost');

unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal (?!15)/, 'nothing crashed');
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
