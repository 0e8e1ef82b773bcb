# Rows go where they belong when areas are edited, by a job that the worker does beside its other
# work: whatever the edit, whoever writes meanwhile, whatever is killed, stopped or paused.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 300;

my $seed = $ENV{YS_SEED} // time;
note "YS_SEED=$seed";
srand $seed;

my $node = new_node('jobs', conf => "yottastore.batch_events = 40\nrestart_after_crash = on\n");
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic);

sub query { return $node->safe_psql('postgres', $_[0]); }

# ---- the areas, and where they say an item belongs ---------------------------------------------

# name => { west, east, aliases }; each reaches from 0 to 10 degrees north. On a tie the first by name.
my %areas = (A => { west => 0, east => 10 }, B => { west => 10, east => 20 }, C => { west => 20, east => 30 });

sub boundary
{
	my ($west, $east) = @_;
	return encode_json({ type => 'Polygon',
		coordinates => [ [ [ $west, 0 ], [ $east, 0 ], [ $east, 10 ], [ $west, 10 ], [ $west, 0 ] ] ] });
}

# What lies in one of them, of another level.
my %towns;

# Statements that make yottastore.areas what %areas says.
sub areas_sql
{
	my $names = join ', ', map { "'$_'" } sort keys %areas;
	return join ";\n", 'BEGIN', "DELETE FROM yottastore.areas WHERE level = 'country' AND name NOT IN ($names)", (map {
		my $area = $areas{$_};
		my $boundary = boundary($area->{west}, $area->{east});
		my $aliases = '{' . join(',', @{ $area->{aliases} // [] }) . '}';
		"INSERT INTO yottastore.areas (level, name, aliases, boundary) VALUES ('country', '$_', '$aliases', '$boundary')
		 ON CONFLICT (level, name) DO UPDATE SET aliases = EXCLUDED.aliases, boundary = EXCLUDED.boundary
		 WHERE (areas.aliases, areas.boundary) IS DISTINCT FROM (EXCLUDED.aliases, EXCLUDED.boundary)"
	} sort keys %areas), 'COMMIT';
}

sub area_at
{
	my ($lon) = @_;
	foreach my $name (sort keys %areas)
	{
		return $name if $lon > $areas{$name}{west} && $lon < $areas{$name}{east};
	}
	return 'unlocated';
}

sub area_named
{
	my ($said) = @_;
	foreach my $name (sort keys %areas)
	{
		return $name if grep { lc $_ eq lc $said } $name, @{ $areas{$name}{aliases} // [] };
	}
	return $towns{ lc $said };
}

# By key, what both indexes must be: from the store and the areas alone.
sub expected_areas
{
	my (@located, @named, $start);
	do
	{
		my $page = store_api('Scan',
			{ TableName => $table, ConsistentRead => \1, $start ? (ExclusiveStartKey => $start) : () });
		foreach my $item (@{ $page->{Items} })
		{
			my $lon = $item->{pos} ? $item->{pos}{M}{lon}{N} : undef;
			my $said = $item->{country} ? area_named($item->{country}{S}) : undef;
			my $at = defined $lon ? area_at($lon) : 'unlocated';
			push @located, "$item->{vehicle_id}{S}|$at|$item->{type}{S}";
			push @named, "$item->{vehicle_id}{S}|" . ($said // $at) . "|$item->{type}{S}";
		}
		$start = $page->{LastEvaluatedKey};
	} while ($start);
	return map { join "\n", sort @$_ } \@located, \@named;
}

# Every row is where it must be, and the locator knows.
sub all_in_place
{
	my ($what) = @_;
	my ($located, $named) = expected_areas();
	foreach ([ 'vehicle_service', $located ], [ 'by_name', $named ])
	{
		my ($index, $expected) = @$_;
		my $locator = 'yottastore_internal.locator_'
		  . query("SELECT policy_id FROM yottastore_internal.policy WHERE name = '$index'");
		is(query("SELECT vehicle_id, area, kind FROM $index ORDER BY vehicle_id COLLATE \"C\""), $expected, "$what: $index");
		is(query("SELECT count(*) FROM $index i FULL JOIN (SELECT * FROM $locator WHERE version IS NULL) l USING (vehicle_id, area)
			WHERE i.area IS NULL OR l.area IS NULL"), '0', "$what: the locator of $index");
	}
	return;
}

# Waits until an edit's jobs, which come by themselves, are done.
sub jobs_are_done
{
	my ($since, $count, $what) = @_;
	ok( $node->poll_query_until('postgres',
			"SELECT count(*) = $count AND bool_and(state = 'DONE') FROM yottastore.jobs WHERE job_id > $since"),
		"$what: done by itself")
	  or diag(query('SELECT row_to_json(j) FROM yottastore.jobs j ORDER BY job_id'));
	return;
}

sub last_job { return query('SELECT coalesce(max(job_id), 0) FROM yottastore.jobs'); }

# Makes the areas what %areas says, in one transaction, and waits for the job of each policy.
sub edit_areas
{
	my ($what) = @_;
	my $since = last_job();
	query(areas_sql());
	jobs_are_done($since, 2, $what);
	all_in_place($what);
	return;
}

sub put_random
{
	my ($count) = @_;
	foreach (1 .. $count)
	{
		my %item = (type => { S => 'kind' . int rand 1000 });
		$item{pos} = { M => { lat => { N => '5' }, lon => { N => int(rand 60) + 0.5 } } } if rand() < 0.9;
		$item{country} = { S => (qw(a B Land Neuland Town))[ rand 5 ] } if rand() < 0.5;
		put_vehicle($table, sprintf('v%04d', int rand VEHICLES), \%item);
	}
	return;
}

put_random(2 * VEHICLES);
create_policy($node);
query(<<'END');
SELECT yottastore.create_index_policy('by_name', 'vehicles', 'fleet_changes',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])],
  area => yottastore.area_from_value(ARRAY['country'],
    location => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon'])))
END
query(q{ALTER TABLE by_name ADD mine text DEFAULT 'none'});

sub wait_for_both
{
	my ($what) = @_;
	wait_for_index($node, $what);
	is(query("SELECT yottastore.index_wait('by_name')"), 't', "$what, by_name too");
	return;
}
query(areas_sql());
wait_for_both('the start');
ok($node->poll_query_until('postgres', q{SELECT NOT EXISTS (SELECT FROM yottastore.jobs WHERE finished_at IS NULL)}), 'at rest');
all_in_place('at the start');

# ---- edits of every kind -----------------------------------------------------------------------

query(q{UPDATE by_name SET mine = vehicle_id; CREATE TABLE before AS SELECT * FROM vehicle_service});
$areas{A}{east} = 14;
$areas{B}{west} = 14;
edit_areas('a boundary edited');
my $moved = query('SELECT count(*) FROM before b JOIN vehicle_service v USING (vehicle_id) WHERE b.area <> v.area');
cmp_ok($moved, '>', 0, "$moved rows moved");
is(query(<<'END'), "t|t|$moved", 'nothing else about them changed but when; the others were left alone');
SELECT bool_and((b.kind, b.changed_at, b.event_version, b.location::text)
           IS NOT DISTINCT FROM (v.kind, v.changed_at, v.event_version, v.location::text)),
       bool_and((b.area <> v.area) = (b.indexed_at < v.indexed_at)),
       (SELECT rows_moved FROM yottastore.jobs WHERE policy = 'vehicle_service' ORDER BY job_id DESC LIMIT 1)
FROM before b JOIN vehicle_service v USING (vehicle_id)
END
is(query('SELECT count(*) FROM by_name WHERE mine <> vehicle_id'), '0', 'a column of the owner\'s moves along');

$areas{Renamed} = delete $areas{C};
edit_areas('an area renamed');
$areas{B}{aliases} = ['Land'];
edit_areas('an alias added');
delete $areas{A};
edit_areas('an area deleted');
is(query("SELECT count(*) > 0 FROM vehicle_service WHERE area = 'unlocated' AND location[0] < 10"), 't', 'its rows are unlocated');
$areas{Far} = { west => 40, east => 60, aliases => ['Neuland'] };
edit_areas('an area added');

sub town_in
{
	my ($country) = @_;
	my $before = last_job();
	query(<<"END");
INSERT INTO yottastore.areas (level, name, parent_level, parent) VALUES ('city', 'Town', 'country', '$country')
ON CONFLICT (level, name) DO UPDATE SET parent = EXCLUDED.parent
END
	$towns{town} = $country;
	jobs_are_done($before, 2, "a town in $country");
	all_in_place("a town in $country");
	return;
}
town_in('Far');
town_in('B');

# an edit that changes nothing, or areas of another level, asks for nothing
my $since = last_job();
query(q{UPDATE yottastore.areas SET name = name; INSERT INTO yottastore.areas (level, name) VALUES ('city', 'Nowhere')});
put_random(20);
wait_for_both('after edits that concern nobody');
is(last_job(), $since, 'no job for edits that change nothing here');
all_in_place('after edits that concern nobody');

# edits while no worker runs
query('SELECT yottastore.stop_workers()');
$areas{Far}{west} = 35;
query(areas_sql());
$areas{Far}{west} = 30;
query(areas_sql());
query('SELECT yottastore.start_workers()');
jobs_are_done($since, 2, 'edits while no worker runs');
all_in_place('edits while no worker runs');

# ---- writers of the same items ------------------------------------------------------------------

# in a process of its own, which neither ends nor stops what the test has started
sub in_background
{
	my ($code) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		my $fine = eval { $code->(); 1 };
		warn $@ unless $fine;
		require POSIX;
		POSIX::_exit($fine ? 0 : 1);
	}
	return $pid;
}

my $writer = in_background(sub { srand $seed + 1; put_random(600); });
foreach my $border (3, 27, 12, 8, 21, 16)
{
	$areas{B}{west} = $border;
	query(areas_sql());
	query(q{SELECT yottastore.index_wait('vehicle_service', now() - interval '10 s')});
}
waitpid $writer, 0;
is($?, 0, 'the writer wrote');
wait_for_both('with writers');
my $job = query(q{SELECT yottastore.index_relocate_start('vehicle_service')});
my $other = query(q{SELECT yottastore.index_relocate_start('by_name')});
is(query("SELECT yottastore.job_wait($job), yottastore.job_wait($other)"), 't|t', 'asked for, and done');
all_in_place('with writers');

# ---- killed, stopped, paused, failed -------------------------------------------------------------

# many rows, a row a transaction: slow enough to be caught at work
query(<<'END');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD insert_mode 'upsert');
INSERT INTO vehicles SELECT format('w%s', i),
    jsonb_build_object('type', 'filler', 'pos', jsonb_build_object('lat', 5, 'lon', i % 60 + 0.5))
  FROM generate_series(10001, 13993) i
END
wait_for_both('many rows');

sub batch_events
{
	query("ALTER SYSTEM SET yottastore.batch_events = $_[0]");
	query('SELECT pg_reload_conf()');
	return;
}

sub seen_at_least
{
	my ($id, $rows) = @_;
	return $node->poll_query_until('postgres', "SELECT rows_seen >= $rows FROM yottastore.jobs WHERE job_id = $id");
}

my $rows = query('SELECT count(*) FROM vehicle_service');
my $border = query(q{SELECT location[0] > 11 AND location[0] < 16 FROM vehicle_service ORDER BY vehicle_id DESC LIMIT 1});
is($border, 't', 'the last row is one that moves');
query(q{SELECT yottastore.pause_index_policy('by_name')});

sub start_slowly
{
	batch_events(1);
	$areas{B}{west} = $areas{B}{west} == 16 ? 11 : 16;
	query(areas_sql());
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM yottastore.jobs WHERE policy = 'vehicle_service' AND finished_at IS NULL});
	my $id = query(q{SELECT max(job_id) FROM yottastore.jobs WHERE policy = 'vehicle_service'});
	ok(seen_at_least($id, 10), 'a job is at work');
	return $id;
}

$job = start_slowly();
# it can't have ended when its worker is killed
my $last = $node->background_psql('postgres');
$last->query_safe('BEGIN; SELECT FROM vehicle_service ORDER BY vehicle_id DESC LIMIT 1 FOR UPDATE');
my $killed = query(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'});
kill 'KILL', $killed;
foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	my ($code, $pid) = $node->psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'});
	last if defined $code && $code == 0 && $pid ne '' && $pid ne $killed;
	select undef, undef, undef, 0.1;
}
batch_events(40);
is(query("SELECT yottastore.job_wait($job)"), 't', 'a job outlives its worker, and ends');
eval { $last->quit };
is(query("SELECT state, rows_seen FROM yottastore.jobs WHERE job_id = $job"), "DONE|$rows", 'each row was looked at once');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM yottastore.jobs WHERE policy = 'vehicle_service' AND finished_at IS NULL}), 'at rest');

# a session that has the job's row locked holds up neither job nor events
$job = start_slowly();
my $session = $node->background_psql('postgres');
$session->query_safe("BEGIN; SELECT yottastore.job_stop($job)");
put_vehicle($table, 'v0000', { type => { S => 'while stopping' } });
wait_for_index($node, 'while a session stops the job');
is(query("SELECT yottastore.job_wait($job, '300 ms')"), 'f', 'what does not end in time');
$session->query_safe('ROLLBACK');
my $seen = query("SELECT rows_seen FROM yottastore.jobs WHERE job_id = $job");
ok(seen_at_least($job, $seen + 10), 'the job goes on');
is(query("SELECT yottastore.job_stop($job)"), 't', 'stopped');
is(query("SELECT yottastore.job_status($job)"), 'STOPPED', 'for good');
$seen = query("SELECT rows_seen FROM yottastore.jobs WHERE job_id = $job");
cmp_ok($seen, '<', $rows, "after $seen of $rows rows");
batch_events(40);
$other = query(q{SELECT yottastore.index_relocate_start('vehicle_service')});
isnt($other, $job, 'a new one');
is(query("SELECT yottastore.job_wait($other)"), 't', 'does the rest');
is(query("SELECT rows_seen FROM yottastore.jobs WHERE job_id = $job"), $seen, 'and the old one nothing more');
$session->quit;

# paused in mid-job
$job = start_slowly();
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
my ($code, $out, $err) = $node->psql('postgres', "SELECT yottastore.job_wait($job)");
like($err, qr/index policy "vehicle_service" is PAUSED/, 'the job of a paused policy is not waited for');
batch_events(40);
query(q{SELECT yottastore.resume_index_policy('vehicle_service'), yottastore.resume_index_policy('by_name')});
is(query("SELECT yottastore.job_wait($job)"), 't', 'it goes on with its policy');
is(query("SELECT rows_seen FROM yottastore.jobs WHERE job_id = $job"), $rows, 'where it was');
ok($node->poll_query_until('postgres', q{SELECT NOT EXISTS (SELECT FROM yottastore.jobs WHERE finished_at IS NULL)}), 'at rest');
all_in_place('after all that');

# what can't be moved stays where it is, is counted, and holds up nothing else
$since = last_job();
query(q{ALTER TABLE by_name ADD CONSTRAINT not_there CHECK (area <> 'Elsewhere' OR right(vehicle_id, 1) IN ('0', '2', '4', '6', '8'))});
$areas{Elsewhere} = delete $areas{Far};
query(areas_sql());
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 AND bool_and(finished_at IS NOT NULL) FROM yottastore.jobs WHERE job_id > $since"), 'both have ended');
is(query("SELECT state FROM yottastore.jobs WHERE job_id > $since AND policy = 'vehicle_service'"), 'DONE', 'one well');
like(query("SELECT state, rows_moved > 0, rows_refused > 0, reason FROM yottastore.jobs WHERE job_id > $since AND policy = 'by_name'"),
	qr/^DONE\|t\|t\|.*"not_there"/, 'the other but for what the table refuses');
is(query(q{SELECT count(*) FROM by_name WHERE area = 'Far'}),
	query("SELECT rows_refused FROM yottastore.jobs WHERE job_id > $since AND policy = 'by_name'"), 'which stays where it was');
is(query(q{SELECT DISTINCT phase FROM yottastore.index_policies}), 'LIVE', 'no policy stops for it');
query(q{ALTER TABLE by_name DROP CONSTRAINT not_there});
$job = query(q{SELECT yottastore.index_relocate_start('by_name')});
is(query("SELECT yottastore.job_wait($job)"), 't', 'mended and asked for again');
all_in_place('after what could not be moved');

# a policy dropped in mid-job takes it along, and harms no other
$job = start_slowly();
query(q{SELECT yottastore.drop_index_policy('vehicle_service')});
batch_events(40);
($code, $out, $err) = $node->psql('postgres', "SELECT yottastore.job_status($job)");
like($err, qr/job $job does not exist/, 'the job of a dropped policy');
put_vehicle($table, 'v0000', { type => { S => 'after the drop' } });
is(query(q{SELECT yottastore.index_wait('by_name')}), 't', 'the other policy goes on');
is(query(q{SELECT kind FROM by_name WHERE vehicle_id = 'v0000'}), 'after the drop', 'with its events');
ok($node->poll_query_until('postgres', q{SELECT NOT EXISTS (SELECT FROM yottastore.jobs WHERE finished_at IS NULL)}), 'and its job');

# ---- two keys, over several pages, and as many areas as there may be ---------------------------

my $trips = unique_name('trips');
query(<<"END");
SELECT yottastore.create_store_table('fleet', '$trips', 'k2', 'ordinality numeric');
CREATE FOREIGN TABLE trips (
  k2 text OPTIONS (key 'partition') NOT NULL,
  n numeric OPTIONS (key 'sort', path 'ordinality') NOT NULL,
  lat numeric,
  lon numeric
) SERVER fleet OPTIONS (table '$trips');
INSERT INTO trips SELECT 'vehicle ' || i % 7, i - 60 + 0.5 * (i % 2), 5, i % 60 + 0.25 FROM generate_series(1, 130) i;
CREATE SERVER trip_changes FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '${\kafka_brokers()}', topic '$trips', format 'dynamodb');
SELECT yottastore.create_relay('trips_relay', 'trips', 'trip_changes', 2);
SELECT yottastore.create_index_policy(name, 'trips', 'trip_changes', max_areas => most,
  fields => ARRAY[yottastore.field('east', 'numeric', ARRAY['lon'])],
  area => yottastore.area_from_location(lat => ARRAY['lat'], lon => ARRAY['lon']))
FROM (VALUES ('trip_places', 1000), ('few_places', 2)) p (name, most);
END
is(query(q{SELECT yottastore.index_wait('trip_places') AND yottastore.index_wait('few_places')}), 't', 'two keys');
$since = last_job();
$areas{B} = { west => 2, east => 9 };
$areas{New} = delete $areas{Renamed};
$areas{Newest} = { west => 15, east => 19 };
query(areas_sql());
jobs_are_done($since, 3, 'two keys');
is(query(q{SELECT DISTINCT rows_seen FROM yottastore.jobs WHERE policy IN ('trip_places', 'few_places')}), '130', 'each row was looked at once');

my $belongs = join ' ', 'CASE', (map { "WHEN lon > $areas{$_}{west} AND lon < $areas{$_}{east} THEN '$_'" } sort keys %areas), q{ELSE 'unlocated' END};
is(query('SELECT area, count(*) FROM trip_places GROUP BY area ORDER BY area'),
	query("SELECT $belongs AS area, count(*) FROM trips GROUP BY 1 ORDER BY 1"), 'and is where it must be');
my $partitions = query(q{SELECT string_agg(bound, ', ') FROM yottastore.index_partitions WHERE policy = 'few_places'});
is(query('SELECT area, count(*) FROM few_places GROUP BY area ORDER BY area'),
	query("SELECT CASE WHEN area IN ($partitions) THEN area ELSE 'other' END, count(*)
		FROM (SELECT $belongs AS area FROM trips) t GROUP BY 1 ORDER BY 1"),
	"among the areas there is room for: $partitions");
is(query(q{SELECT count(*) FROM few_places WHERE area = 'other'}) > 0, 1, 'some are in "other"');

$node->stop;
store_api('DeleteTable', { TableName => $_ }) foreach $table, $trips;
done_testing();
