# Where index and store differ is found, although the stream goes on: rows missing, too many, stale, in the
# wrong area. What the stream will deliver is no difference. Asked to, it is repaired, and the stream goes on after it.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 250;

my $seed = $ENV{YS_SEED} // time;
note "YS_SEED=$seed";
srand $seed;

my $node = new_node('verify', conf => <<'END');
restart_after_crash = on
END
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic);
sub query { return $node->safe_psql('postgres', $_[0]); }

my %fleet;    # by number: row as text

sub put_some
{
	foreach my $i (@_)
	{
		my ($kind, $lon) = ('kind' . int rand 1000, int(rand 2) * 10 + 2);
		put_vehicle($table, sprintf('v%05d', $i), { type => { S => $kind }, odo => { N => '12.50' }, last => { S => '2026-01-01' },
			pos => { M => { lat => { N => '5' }, lon => { N => "$lon" } } } });
		$fleet{$i} = join '|', sprintf('v%05d', $i), $lon < 10 ? 'A' : 'B', $kind;
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
	return;
}

sub verify { return query("SELECT yottastore.index_verify_start('vehicle_service', $_[0])"); }
sub rate { query("ALTER SYSTEM SET yottastore.backfill_rate = $_[0]"); $node->reload; return; }

# Missing, extra, stale, repaired.
sub finds
{
	my ($job, $expected, $what) = @_;
	ok($node->poll_query_until('postgres', "SELECT state = 'DONE' FROM yottastore.jobs WHERE job_id = $job"), "$what: done")
	  or diag(query('SELECT * FROM yottastore.jobs'), query('SELECT * FROM yottastore_internal.difference'));
	is(query("SELECT rows_missing, rows_extra, rows_stale, rows_moved FROM yottastore.jobs WHERE job_id = $job"), $expected, "$what: what was found")
	  or diag(query('SELECT * FROM yottastore_internal.difference'));
	return;
}

put_some(1 .. VEHICLES);
create_policy($node);
index_is_store('the start');
my $locator = 'yottastore_internal.locator_' . query('SELECT policy_id FROM yottastore_internal.policy');

# ---- nothing differs, whatever goes on meanwhile -------------------------------------------------

rate(50);
my $job = verify('true');
my $rounds = 0;
foreach (1 .. 8)
{
	put_some(map { 1 + int rand VEHICLES + 20 } 1 .. 10);
	delete_some(map { 1 + int rand VEHICLES } 1 .. 3);
	$rounds += query("SELECT count(*) FROM yottastore.jobs WHERE job_id = $job AND state IN ('QUEUED', 'RUNNING')");
}
cmp_ok($rounds, '>', 0, 'items change while it is under way');
rate(0);
finds($job, '0|0|0|0', 'while items change');
cmp_ok(query("SELECT rows_seen FROM yottastore.jobs WHERE job_id = $job"), '>=', 2 * keys(%fleet) - 60, 'items and rows were looked at');
index_is_store('while items change');
is(query("SELECT items_estimated FROM yottastore.index_progress WHERE job_id = $job"), 2 * keys %fleet, 'as many as were expected');

# the stream stands still: what it has not delivered is not known yet
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
put_some(1 .. 10);
delete_some(11 .. 15);
$job = verify('false');
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
finds($job, '0|0|0|0', 'of a policy that is behind');
index_is_store('of a policy that is behind');

# ---- what differs is found -----------------------------------------------------------------------

put_some(16 .. 60);
index_is_store('before the damage');
my $before = query(q{SELECT vehicle_id, area, kind, odometer_km, last_service, location::text, event_version FROM vehicle_service ORDER BY 1});

sub damage
{
	# four rows lost, two of them with what the locator says of them; three changed; one where it does not belong
	query(<<"END");
DELETE FROM vehicle_service WHERE vehicle_id IN ('v00021', 'v00022', 'v00023', 'v00024');
DELETE FROM $locator WHERE vehicle_id IN ('v00023', 'v00024');
UPDATE vehicle_service SET kind = 'other' WHERE vehicle_id = 'v00031';
UPDATE vehicle_service SET last_service = NULL WHERE vehicle_id = 'v00032';
UPDATE vehicle_service SET location = point(0, 0) WHERE vehicle_id = 'v00033';
WITH gone AS (UPDATE $locator l SET area = CASE l.area WHEN 'A' THEN 'B' ELSE 'A' END WHERE vehicle_id = 'v00034' RETURNING *)
	UPDATE vehicle_service v SET area = g.area FROM gone g WHERE g.vehicle_id = v.vehicle_id;
UPDATE vehicle_service SET odometer_km = 12.5 WHERE vehicle_id = 'v00035';
END

	# rows of no item: one that the locator knows, one that it doesn't, one twice
	query(<<"END");
INSERT INTO vehicle_service (area, vehicle_id, kind, indexed_at, event_version) SELECT 'A', 'x' || n, 'none', now(), event_version
	FROM vehicle_service, generate_series(1, 2) n WHERE vehicle_id = 'v00040';
INSERT INTO $locator (vehicle_id, area, noted_at) VALUES ('x1', 'A', now());
INSERT INTO vehicle_service (area, vehicle_id, kind, indexed_at, event_version)
	SELECT CASE area WHEN 'A' THEN 'B' ELSE 'A' END, vehicle_id, 'twice', now(), event_version FROM vehicle_service WHERE vehicle_id = 'v00041';
END
	return;
}

damage();
$job = verify('false');
finds($job, '4|3|4|0', 'not repaired');
is(query("SELECT item_key, kind, repaired FROM yottastore.index_differences WHERE job_id = $job ORDER BY kind, item_key"), <<'END' =~ s/\n\z//r, 'each of them is named');
{"vehicle_id":{"S":"v00041"}}|extra|f
{"vehicle_id":{"S":"x1"}}|extra|f
{"vehicle_id":{"S":"x2"}}|extra|f
{"vehicle_id":{"S":"v00021"}}|missing|f
{"vehicle_id":{"S":"v00022"}}|missing|f
{"vehicle_id":{"S":"v00023"}}|missing|f
{"vehicle_id":{"S":"v00024"}}|missing|f
{"vehicle_id":{"S":"v00031"}}|stale|f
{"vehicle_id":{"S":"v00032"}}|stale|f
{"vehicle_id":{"S":"v00033"}}|stale|f
{"vehicle_id":{"S":"v00034"}}|stale|f
END
is(query(q{SELECT count(*) FROM vehicle_service WHERE vehicle_id IN ('x1', 'x2')}), '2', 'nothing was changed');
query('CREATE ROLE stranger');
is(query(q{SET ROLE stranger; SELECT count(*) FROM yottastore.index_differences}), '0', 'keys are shown to who may read the source');

# ---- and repaired, whoever is killed -------------------------------------------------------------

rate(100);
$job = verify('true');
ok($node->poll_query_until('postgres', "SELECT rows_seen >= 60 FROM yottastore.jobs WHERE job_id = $job"), 'in the middle');
put_some(61 .. 70);
my $pid = query(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'});
kill 'KILL', $pid;
foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	my ($code, $now) = $node->psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'});
	last if defined $code && $code == 0 && $now ne '' && $now ne $pid;
	select undef, undef, undef, 0.1;
}
rate(0);
finds($job, '4|3|4|11', 'repaired');
is(query("SELECT count(*) FROM yottastore.index_differences WHERE job_id = $job AND repaired"), '11', 'which says so');
index_is_store('repaired');
is(query(q{SELECT i.vehicle_id FROM vehicle_service i FULL JOIN (SELECT * FROM } . $locator . q{ WHERE area IS NOT NULL) l USING (vehicle_id, area)
	WHERE i.area IS NULL OR l.area IS NULL}), '', 'the locator knows');
my %versions = map { my @row = split /\|/; $row[0] => $row[6] } split /\n/, $before;
is(query(q{SELECT event_version FROM vehicle_service WHERE vehicle_id = 'v00031'}), $versions{v00031}, 'a row keeps its version');
put_some(21 .. 41);
delete_some(42, 43);
index_is_store('changes after it');

$job = verify('true');
finds($job, '0|0|0|0', 'nothing is left to be found');

# what a constraint refuses is in quarantine, and known
query(q{ALTER TABLE vehicle_service ADD CHECK (kind <> 'tank')});
put_vehicle($table, 'v00001', { type => { S => 'tank' } });
wait_for_index($node, 'a bad item');
$job = verify('true');
finds($job, '0|0|0|0', 'what is in quarantine is no difference');
put_some(1);

# ---- stopped; without watermarks -----------------------------------------------------------------

rate(5);
$job = verify('false');
ok($node->poll_query_until('postgres', "SELECT rows_seen >= 3 FROM yottastore.jobs WHERE job_id = $job"), 'in the middle');
is(query("SELECT yottastore.job_stop($job)"), 't', 'stopped');
is(query("SELECT state FROM yottastore.jobs WHERE job_id = $job"), 'STOPPED', 'for good');
rate(0);
index_is_store('stopped');

query(q{SELECT yottastore.drop_relay('vehicles_relay'); DELETE FROM vehicle_service WHERE vehicle_id = 'v00050'});
$job = verify('true');
finds($job, '1|0|0|1', 'after the last watermark');
query(q{UPDATE yottastore_internal.position SET watermark = NULL; SELECT yottastore.pause_index_policy('vehicle_service')});
query(q{SELECT yottastore.resume_index_policy('vehicle_service'); DELETE FROM vehicle_service WHERE vehicle_id = 'v00050'});
$job = verify('true');
finds($job, '1|0|0|1', 'without watermarks');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
