# How an index gets on, as the views tell it: caught up, blocked, paused, without a worker; what its
# processes are called, and a wait that its worker ends.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

# a worker that is blocked stays so
my $node = new_node('freshness', conf => "lock_timeout = '1h'");
my $table = unique_name('vehicles');
my $named_waits = $node->safe_psql('postgres', "SELECT current_setting('server_version_num')::int >= 170000");

sub query { return $node->safe_psql('postgres', $_[0]) }

sub lag { return query("SELECT $_[0] FROM yottastore.index_lag WHERE policy = 'vehicle_service'") }

sub becomes
{
	my ($sql, $what) = @_;
	my $became = $node->poll_query_until('postgres', $sql);
	ok($became, $what);
	diag(query('SELECT row_to_json(l) FROM yottastore.index_lag l UNION ALL '
		  . "SELECT row_to_json(a) FROM (SELECT * FROM pg_stat_activity WHERE backend_type LIKE 'yotta%') a"))
	  unless $became;
	return;
}

sub lag_becomes
{
	my ($condition, $what) = @_;
	return becomes("SELECT $condition FROM yottastore.index_lag WHERE policy = 'vehicle_service'", $what);
}

# The whole command line, as ps shows it.
sub title
{
	my ($type) = @_;
	my $pid = query("SELECT pid FROM pg_stat_activity WHERE backend_type = '$type'");
	return slurp_file("/proc/$pid/cmdline") =~ s/[\0 ]+$//r;
}

# ---- caught up ---------------------------------------------------------------------------------

create_fleet($node, table => $table, topic => unique_name('vehicles'));
put_vehicle($table, "v$_", { type => { S => 'car' }, where => { S => '5,5' } }) foreach 1 .. 30;
create_policy($node);
wait_for_index($node, 'the start');
is(lag('phase, state, reason'), 'LIVE|LIVE|', 'it is live');
lag_becomes("catch_up = interval '0' AND events = 0 AND seconds < 10", 'it has caught up');
is(query('SELECT work, state, items_done, items_estimated, percent, segments_done, segments, '
	  . "started_at < finished_at, estimated_end FROM yottastore.index_progress"),
	'backfill|DONE|30|30|100|4|4|t|', 'the backfill is told');
lag_becomes('complete_up_to IS NOT NULL', 'and up to when it is complete');
my $reached = lag('complete_up_to');
lag_becomes("complete_up_to > '$reached'", 'a quiet stream is complete up to later and later');

# ---- names -------------------------------------------------------------------------------------

is( query("SELECT string_agg(application_name, ', ' ORDER BY application_name) FROM pg_stat_activity "
		  . "WHERE backend_type LIKE 'yottastore%'"),
	'yottastore relay vehicles_relay, yottastore stream fleet_changes, yottastore supervisor',
	'processes are known by what they work for');
is( title('yottastore stream worker'),
	'postgres: freshness: yottastore stream worker postgres fleet_changes', 'the process list shows it');
becomes(
	"SELECT state = 'idle' AND query = 'waiting for events' AND wait_event_type = 'Extension' AND wait_event = "
	  . ($named_waits eq 't' ? "'YottastoreStreamMain'" : "'Extension'")
	  . " FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'",
	'an idle worker says so');
query('ALTER SERVER fleet_changes RENAME TO changes');
becomes("SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'yottastore stream changes'",
	'and follows a new name');

# ---- blocked, and waited for -------------------------------------------------------------------

my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE vehicle_service IN SHARE MODE');
put_vehicle($table, 'v1', { type => { S => 'van' } });
# it may have had to save positions, or to forget deletions, before the event came
becomes(
	"SELECT query ~ '^policy vehicle_service: (applying a batch|saving positions|forgetting old deletions)\$' "
	  . "AND wait_event_type = 'Lock' FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'",
	'a blocked worker shows what it is at');

my $waiter = $node->background_psql('postgres');
$waiter->query_until(qr/waiting/, "\\echo waiting\nSELECT yottastore.index_wait('vehicle_service', "
	  . "timeout => '$PostgreSQL::Test::Utils::timeout_default s');\n");
my $of_waiter = "FROM pg_stat_activity WHERE query LIKE 'SELECT yottastore.index_wait%'";
becomes("SELECT wait_event_type = 'Extension' AND wait_event = "
	  . ($named_waits eq 't' ? "'YottastoreIndexWait'" : "'Extension'") . " $of_waiter", 'a session waits');
lag_becomes("state = 'STARVED' AND reason LIKE 'its worker has been at one thing since %' AND catch_up IS NULL",
	'a policy whose worker hangs is starved');
is(lag('phase'), 'LIVE', 'its phase stays');
$locker->query_safe('COMMIT');
becomes("SELECT state = 'idle' $of_waiter", 'the wait ends');
like($waiter->query('SELECT 1'), qr/^1$/m, 'well');
is(index_rows($node, "vehicle_id = 'v1'"), 'v1|unlocated|van|||', 'with what was waited for');
lag_becomes("state = 'LIVE' AND reason IS NULL", 'it is live again');
$locker->quit;
$waiter->quit;

# ---- paused ------------------------------------------------------------------------------------

query("SELECT yottastore.pause_index_policy('vehicle_service')");
my ($events, $complete) = split /\|/, lag('events, complete_up_to');
put_vehicle($table, "v$_", { type => { S => 'bus' } }) foreach 1 .. 20;
lag_becomes("state = 'PAUSED' AND reason = 'paused by request' AND events >= 20",
	'what piles up behind a paused policy is seen');
is(lag("complete_up_to = '$complete', seconds > 0, catch_up"), 't|t|', 'and how old it gets');
my ($code, $stdout, $stderr) = $node->psql('postgres',
	"\\set VERBOSITY verbose\nSELECT yottastore.index_wait('vehicle_service', timeout => '1 hour')");
like($stderr, qr/^psql:<stdin>:2: ERROR:  55000: index policy "vehicle_service" is PAUSED/m,
	'nobody waits for it');
like($stderr, qr/^HINT:  Call yottastore\.resume_index_policy when .* is over\.$/m, 'it is said what to do');
query("SELECT yottastore.resume_index_policy('vehicle_service')");
wait_for_index($node, 'after the pause');

# one that is paused while somebody waits
$locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE vehicle_service IN SHARE MODE');
put_vehicle($table, 'v2', { type => { S => 'van' } });
$waiter = $node->background_psql('postgres', on_error_stop => 0);
$waiter->query_until(qr/waiting/, "\\echo waiting\nSELECT yottastore.index_wait('vehicle_service', timeout => '1 hour');\n");
becomes("SELECT wait_event_type = 'Extension' $of_waiter", 'a session waits again');
query("SELECT yottastore.pause_index_policy('vehicle_service')");
becomes("SELECT state = 'idle' $of_waiter", 'it is told when the policy is paused');
$locker->query_safe('COMMIT');
$locker->quit;
$waiter->quit;
query("SELECT yottastore.resume_index_policy('vehicle_service')");
wait_for_index($node, 'after another pause');

# ---- counters ----------------------------------------------------------------------------------

delete_vehicle($table, 'v30');
put_vehicle($table, 'v29', { type => { S => 'car' }, where => { S => '5,15' } });
wait_for_index($node, 'a move and an end');
# the relay may have produced the first 30 before the policy began, or after
is( query('SELECT events BETWEEN 24 AND 54, events = events_applied + events_stale, events_quarantined, '
		  . 'rows_inserted, rows_moved, rows_deleted, batches > 0, bytes > 0, p50_ms > 0, p95_ms >= p50_ms '
		  . 'FROM yottastore.index_stats'),
	't|t|0|30|21|1|t|t|t|t', 'what was done is counted');

# ---- nobody there ------------------------------------------------------------------------------

query('SELECT yottastore.stop_workers()');
lag_becomes("state = 'STARVED' AND reason = 'its worker does not run'", 'a policy without a worker is starved');
query('SELECT yottastore.start_workers()');
lag_becomes("state = 'LIVE'", 'until it has one');
query("SELECT yottastore.drop_index_policy('vehicle_service')");
is(query('SELECT count(*) FROM yottastore_internal.stats'), 0, 'its counters go with the policy');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
