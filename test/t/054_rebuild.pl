# An index is made anew in fresh partitions while its rows stay, are read, and follow the stream; then
# all of it changes places at once, and what refers to the table, or is kept in quarantine, is as before.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 200;

my $seed = $ENV{YS_SEED} // time;
note "YS_SEED=$seed";
srand $seed;

my $node = new_node('rebuild', conf => <<'END');
restart_after_crash = on
yottastore.backfill_segments = 2
END
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic);
query(q{ALTER SERVER fleet_changes OPTIONS (ADD workers '2')});
sub query { return $node->safe_psql('postgres', $_[0]); }

# ---- the store, and what the index must be of it -------------------------------------------------

my %fleet;    # by number: row as text

sub put_some
{
	foreach my $i (@_)
	{
		my ($kind, $lon) = ('kind' . int rand 1000, int(rand 3) * 10 + 2);
		put_vehicle($table, sprintf('v%05d', $i), { type => { S => $kind },
			pos => { M => { lat => { N => '5' }, lon => { N => "$lon" } } } });
		$fleet{$i} = join '|', sprintf('v%05d', $i), $lon < 10 ? 'A' : $lon < 20 ? 'B' : 'C', $kind;
	}
	return;
}

sub delete_some
{
	foreach my $i (@_)
	{
		delete $fleet{$i};
		delete_vehicle($table, sprintf 'v%05d', $i);
	}
	return;
}

sub index_is_store
{
	my ($what) = @_;
	wait_for_index($node, $what);
	is(query('SELECT vehicle_id, area, kind FROM vehicle_service ORDER BY vehicle_id COLLATE "C"'),
		join("\n", map { $fleet{$_} } sort { $a <=> $b } keys %fleet), "$what: the index is the store");
	my $locator = 'yottastore_internal.locator_' . query('SELECT policy_id FROM yottastore_internal.policy WHERE rebuilds IS NULL');
	is(query("SELECT count(*) FROM vehicle_service i FULL JOIN (SELECT * FROM $locator WHERE area IS NOT NULL) l USING (vehicle_id, area)
		WHERE i.area IS NULL OR l.area IS NULL"), '0', "$what: the locator knows");
	return;
}

sub rebuild { return query(q{SELECT yottastore.index_rebuild_start('vehicle_service')}); }
sub job_state { return query("SELECT state FROM yottastore.jobs WHERE job_id = $_[0]"); }
sub rate { query("ALTER SYSTEM SET yottastore.backfill_rate = $_[0]"); $node->reload; return; }

sub becomes
{
	my ($job, $condition, $what) = @_;
	ok($node->poll_query_until('postgres', "SELECT $condition FROM yottastore.jobs WHERE job_id = $job"), $what)
	  or diag(query('SELECT * FROM yottastore.jobs'), query('SELECT policy_id, phase, reason, epoch FROM yottastore_internal.policy'));
	return;
}

# What a job leaves behind, and must not.
sub nothing_is_left
{
	my ($what) = @_;
	is(query(q{SELECT (SELECT count(*) FROM yottastore_internal.policy WHERE rebuilds IS NOT NULL),
		(SELECT count(*) FROM pg_class WHERE relname LIKE 'vehicle_service%rebuild%'),
		(SELECT count(*) FROM pg_class WHERE relname LIKE 'locator%' AND relkind = 'r')}), "0|0|$_[1]", "$what: nothing is left of it");
	return;
}

sub worker_pids { return split /\n/, query(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'}); }

put_some(1 .. VEHICLES);
create_policy($node);
index_is_store('the start');

# ---- what refers to the table --------------------------------------------------------------------

my $italy = query(q{SELECT partition FROM yottastore.index_partitions WHERE bound ~ 'A'});
query(<<"END");
CREATE ROLE reader;
GRANT SELECT ON vehicle_service TO reader;
GRANT SELECT, REFERENCES ON $italy TO reader;
GRANT UPDATE (kind) ON $italy TO reader WITH GRANT OPTION;
CREATE VIEW kinds AS SELECT kind, count(*) FROM vehicle_service GROUP BY kind;
CREATE INDEX kinds_idx ON vehicle_service (kind);
CREATE INDEX italian_idx ON $italy (last_service);
COMMENT ON TABLE $italy IS 'the first';
COMMENT ON COLUMN $italy.kind IS 'of the first';
ALTER TABLE $italy SET (autovacuum_enabled = false);
ALTER TABLE vehicle_service ADD CONSTRAINT no_tank CHECK (kind <> 'tank');
CREATE TABLE told (n integer);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.told VALUES (1); RETURN NULL; END';
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON vehicle_service FOR EACH ROW EXECUTE FUNCTION tell();
END
query(q{UPDATE vehicle_service SET odometer_km = NULL}) foreach 1 .. 5;
query('TRUNCATE told');

# everything about the table and its partitions but where their rows are
my $describe = <<'END';
SELECT c.oid = 'vehicle_service'::regclass, c.relname, c.relkind, c.relacl, c.reloptions, pg_get_expr(c.relpartbound, c.oid),
	obj_description(c.oid, 'pg_class') FROM pg_class c WHERE c.relname LIKE 'vehicle_service%' AND c.relkind IN ('r', 'p')
UNION ALL SELECT NULL, pg_get_indexdef(indexrelid), NULL, NULL, NULL, NULL, NULL FROM pg_index WHERE indrelid::regclass::text LIKE 'vehicle_service%'
UNION ALL SELECT NULL, pg_get_constraintdef(oid), contype, NULL, NULL, conrelid::regclass::text, conname FROM pg_constraint
	WHERE conrelid::regclass::text LIKE 'vehicle_service%' AND contype <> 'n'
UNION ALL SELECT NULL, tgrelid::regclass::text, NULL, NULL, NULL, NULL, tgname FROM pg_trigger WHERE tgname = 'tell'
UNION ALL SELECT NULL, attrelid::regclass::text, NULL, attacl, NULL, attname, col_description(attrelid, attnum) FROM pg_attribute
	WHERE attrelid::regclass::text LIKE 'vehicle_service%' AND attnum > 0 AND NOT attisdropped
ORDER BY 2, 6, 7
END
my $before = query($describe);
my $oid = query(q{SELECT 'vehicle_service'::regclass::oid});
my $files = query(q{SELECT string_agg(relfilenode::text, ' ' ORDER BY relname) FROM pg_class WHERE relname LIKE 'vehicle_service%' AND relkind = 'r'});

# ---- rebuilt -------------------------------------------------------------------------------------

my $log = -s $node->logfile;
rate(100);
my $job = rebuild();
becomes($job, 'rows_seen >= 30', 'it reads the store');
rate(1);
is(job_state($job), 'RUNNING', 'it is under way');
is(query(q{SELECT state, items_estimated, segments FROM yottastore.index_progress WHERE work = 'rebuild'}), 'RUNNING|' . VEHICLES . '|2', 'and says how far it is');
is(query('SELECT count(*) FROM yottastore.index_policies'), '1', 'there is still one policy');
my ($code, $out, $err) = $node->psql('postgres', q{SELECT yottastore.index_rebuild_start('vehicle_service')});
like($err, qr/is being rebuilt already/, 'another has to wait');
put_some(1 .. 20, VEHICLES + 1 .. VEHICLES + 20);
delete_some(21 .. 30, VEHICLES + 1);
put_vehicle($table, 'v99999', { type => { S => 'tank' }, pos => { M => { lat => { N => '5' }, lon => { N => '2' } } } });
index_is_store('meanwhile');
is(query(q{SELECT count(*) FROM pg_class WHERE relname = 'vehicle_service_rebuild'}), '1', 'it is not done yet');
is(query('SELECT count(*) FROM yottastore.quarantine'), '1', 'what cannot be applied is kept once');
my $pid = (worker_pids())[0];
kill 'KILL', $pid;
foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	my ($ok, $pids) = $node->psql('postgres', q{SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'});
	last if defined $ok && $ok == 0 && $pids =~ / / && $pids !~ /\b$pid\b/;
	select undef, undef, undef, 0.1;
}
isnt((worker_pids())[0], $pid, 'killed, workers come back');

# whoever reads is waited for, and holds up nobody for long
my $reader = $node->background_psql('postgres', on_error_stop => 1);
$reader->query_safe('BEGIN; SELECT count(*) FROM vehicle_service');
rate(0);
becomes($job, q{reason = 'waits for those who read the index table'}, 'readers are waited for');
put_some(31 .. 40);
delete_some(41 .. 45);
index_is_store('while it waits');
is($reader->query_safe('SELECT count(*) > 0 FROM vehicle_service'), 't', 'a reader can go on');
$reader->query_safe('COMMIT');
$reader->quit;
becomes($job, q{state = 'DONE'}, 'then it is done');
index_is_store('rebuilt');
is(query($describe), $before, 'all that is said of the table and its partitions is as before');
is(query(q{SELECT 'vehicle_service'::regclass::oid}), $oid, 'the table is the same');
isnt(query(q{SELECT string_agg(relfilenode::text, ' ' ORDER BY relname) FROM pg_class WHERE relname LIKE 'vehicle_service%' AND relkind = 'r'}), $files, 'its partitions are new');
is(query('SELECT sum(count) FROM kinds'), scalar keys %fleet, 'a view goes on');
is(query('SET ROLE reader; SELECT count(*) FROM vehicle_service'), scalar keys %fleet, 'so does a reader');
is(query(q{SELECT count(DISTINCT tablename) FROM pg_stats WHERE tablename LIKE 'vehicle_service_%'}), '3', 'partitions are analyzed');
cmp_ok(query('SELECT count(*) FROM told'), '<', VEHICLES, 'triggers fired for changes alone');
is(query('SELECT phase, epoch FROM yottastore_internal.policy'), 'LIVE|2', 'in a new epoch');
is(query("SELECT rows_seen >= ${\VEHICLES}, rows_moved = (SELECT count(*) FROM vehicle_service), reason FROM yottastore.jobs WHERE job_id = $job"), 't|t|', 'the job says what was done');
nothing_is_left('done', 1);

# what follows meets the versions there are; what is in quarantine can be tried again
put_some(1 .. 50);
delete_some(51 .. 60);
put_some(21 .. 25);
index_is_store('changes after it');
is(query('SELECT count(*) FROM yottastore.quarantine'), '1', 'what was kept is kept');
query('ALTER TABLE vehicle_service DROP CONSTRAINT no_tank');
is(query(q{SELECT yottastore.quarantine_retry('vehicle_service')}), '1', 'and applied when it can be');
is(query(q{SELECT kind FROM vehicle_service WHERE vehicle_id = 'v99999'}), 'tank', 'well');
delete_vehicle($table, 'v99999');
index_is_store('retried');

# ---- areas that are empty, an altered table, a row's bad end -------------------------------------

delete_some(grep { $fleet{$_} =~ /\|C\|/ } keys %fleet);
index_is_store('no C');
is(query('SELECT count(*) FROM yottastore.index_partitions'), '3', 'its partition stays');
$job = rebuild();
becomes($job, q{state = 'DONE'}, 'rebuilt again');
index_is_store('rebuilt again');
is(query('SELECT string_agg(bound, $$ $$ ORDER BY bound) FROM yottastore.index_partitions'), q{'A' 'B'}, 'it leaves empty partitions behind');

rate(20);
$job = rebuild();
becomes($job, 'rows_seen >= 10', 'another');
query('CREATE INDEX later_idx ON vehicle_service (active)');
rate(0);
becomes($job, q{state = 'FAILED'}, 'a table that was altered meanwhile is left alone');
like(query("SELECT reason FROM yottastore.jobs WHERE job_id = $job"), qr/columns or indexes of table "vehicle_service" were changed/, 'it says so');
nothing_is_left('failed', 1);
index_is_store('failed');

# ---- stopped, paused, lost, dropped --------------------------------------------------------------

rate(20);
$job = rebuild();
becomes($job, 'rows_seen >= 10', 'in the middle');
is(query(q{SELECT yottastore.pause_index_policy('vehicle_service')}), 't', 'paused');
is(query(q{SELECT state FROM yottastore.index_progress WHERE work = 'rebuild' AND finished_at IS NULL}), 'PAUSED', 'it rests');
put_some(1 .. 10);
is(query(q{SELECT yottastore.resume_index_policy('vehicle_service')}), 't', 'resumed');
is(query("SELECT yottastore.job_stop($job)"), 't', 'stopped');
is(query("SELECT yottastore.job_stop($job)"), 'f', 'once');
is(job_state($job), 'STOPPED', 'for good');
nothing_is_left('stopped', 1);
index_is_store('stopped');

$job = rebuild();
becomes($job, 'rows_seen >= 10', 'in the middle again');
query(q{ALTER SERVER fleet_changes OPTIONS (SET topic 'nowhere_to_be_found')});
becomes($job, q{state = 'FAILED' AND reason ~ 'changes were lost'}, 'lost changes end it');
nothing_is_left('lost', 1);
($code, $out, $err) = $node->psql('postgres', q{SELECT yottastore.index_rebuild_start('vehicle_service')});
like($err, qr/is INCOMPLETE/, 'there is nothing to keep');
query("ALTER SERVER fleet_changes OPTIONS (SET topic '$topic')");
rate(0);
query(q{SELECT yottastore.index_resync_start('vehicle_service')});
index_is_store('resynced');

rate(20);
$job = rebuild();
becomes($job, 'rows_seen >= 10', 'once more');
query(q{SELECT yottastore.index_resync_start('vehicle_service')});
is(job_state($job), 'STOPPED', 'a resync takes its place');
rate(0);
index_is_store('resynced instead');

rate(20);
$job = rebuild();
becomes($job, 'rows_seen >= 10', 'and again');
query('DROP VIEW kinds');
is(query(q{SELECT yottastore.drop_index_policy('vehicle_service')}), 't', 'dropped in mid-rebuild');
nothing_is_left('dropped', 0);
rate(0);
create_policy($node);
index_is_store('made anew');
rate(20);
$job = rebuild();
becomes($job, 'rows_seen >= 10', 'for the last time');
query('DROP TABLE vehicle_service');
nothing_is_left('table dropped', 0);

# ---- without Kafka -------------------------------------------------------------------------------

rate(0);
create_policy($node, direct => 1);
index_is_store('without Kafka');
rate(20);
$job = rebuild();
becomes($job, 'rows_seen >= 10', 'it is rebuilt, too');
put_some(1 .. 15);
delete_some(16 .. 20);
rate(0);
becomes($job, q{state = 'DONE'}, 'and done');
put_some(14 .. 18);
index_is_store('rebuilt without Kafka');

unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile, $log), qr/PANIC|TRAP|deadlock|FATAL:  (?!terminating|the database system is)/, 'nothing else went wrong');
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
