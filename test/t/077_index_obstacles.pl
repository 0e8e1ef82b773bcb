# What keeps an index from answering, besides being behind: a stream that does not say how far it is, events
# that may be about any item, rows on their way to other areas, an area that is new, other synonyms and functions.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('index_obstacles');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic, relay => 0);
produce($topic, undef, 'makes the topic');

sub sql { return $node->safe_psql('postgres', $_[0]); }

# A vehicle with its event, in area A unless said otherwise.
sub put_told
{
	my ($id, $kind) = @_;
	my $item = { vehicle_id => { S => $id }, type => { S => $kind }, pos => { M => { lat => { N => '5' }, lon => { N => '5' } } } };
	put_vehicle($table, $id, $item);
	produce($topic, qq({"vehicle_id":{"S":"$id"}}), encode_json({ eventName => 'MODIFY',
		dynamodb => { Keys => { vehicle_id => { S => $id } }, NewImage => $item, SequenceNumber => '1' } }));
	return;
}

put_told("v$_", 'car') foreach 1 .. 5;
create_policy($node);
wait_for_index($node, 'the start');
create_policy($node, name => 'followed', direct => 1);
wait_for_index($node, 'the start', undef, 'followed');
sql(q{SELECT yottastore.quarantine_discard('vehicle_service')});
sql(q{SELECT yottastore.add_index_columns('vehicle_service'), yottastore.add_index_columns('followed', prefix => 'f_'); ANALYZE vehicle_service, followed});

my $cars = q{SELECT vehicle_id FROM vehicles WHERE kind = 'car'};
sub plan_of { return sql("$_[0]; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $_[1]"); }

# ---- a stream without watermarks -----------------------------------------------------------------

my $plan = plan_of('', $cars);
like($plan, qr/Index Keys: 5/, 'a stream without watermarks is waited for by what its topic holds');
unlike($plan, qr/Index Complete Up To/, 'as nobody knows up to when it is complete');
put_told('v6', 'car');
is(sql("SELECT count(*) FROM ($cars) q"), 6, 'so that what has been produced is there');
like(plan_of('SET yottastore.staleness_timeout = 0', $cars), qr/Index Keys: 6/, 'a look is enough when it is');
like(plan_of('BEGIN ISOLATION LEVEL REPEATABLE READ', $cars), qr/Index Not Used: how far it is behind is not known/, 'where nobody looks it is not used');
like(($node->psql('postgres', "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL yottastore.on_stale = error; $cars"))[2],
	qr/DETAIL:  The reason: how far it is behind is not known, by the transaction's snapshot\.\nHINT:  Begin another transaction/, '... and it is said what to do');
{
	my $session = $node->background_psql('postgres');
	my $both = q{SELECT vehicle_id FROM vehicles WHERE kind = 'car' AND f_kind = 'car'};
	$session->query_safe("PREPARE q AS $both");
	my ($asked) = $session->query_safe('EXPLAIN EXECUTE q') =~ /Index Policy: (\w+)/;
	sql("SELECT yottastore.pause_index_policy('$asked')");
	unlike($session->query_safe('EXPLAIN EXECUTE q'), qr/Index Policy: $asked\b/, 'a plan that is kept is made anew when its policy is paused');
	sql("SELECT yottastore.resume_index_policy('$asked')");
	wait_for_index($node, "$asked goes on", undef, $asked);
	$session->quit;
}
sql(q{SELECT yottastore.pause_index_policy('vehicle_service')});
like(($node->psql('postgres', "SET yottastore.on_stale = error; $cars"))[2], qr/it is PAUSED: paused by request\.\nHINT: .*yottastore\.resume_index_policy/, 'or of one that is paused');
like(plan_of('', q{SELECT vehicle_id FROM vehicles WHERE kind = 'car' AND f_kind = 'car'}), qr/Index Policy: followed\b/, 'where two policies can, one that is paused does not');
sql(q{SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'after the pause');

# ---- events that may be about any item -----------------------------------------------------------

produce($topic, undef, 'no event at all');
wait_for_index($node, 'what is no event');
is(sql(q{SELECT count(*) FROM yottastore.quarantine WHERE item_key IS NULL}), 1, 'it is kept, and nobody knows of which item');
like(plan_of('', $cars), qr/Index Not Used: its quarantine has events that may be about any item/, 'the index is not used');
is(sql("SELECT count(*) FROM ($cars) q"), 6, 'but the store');
sql(q{SELECT yottastore.quarantine_discard('vehicle_service')});
like(plan_of('', $cars), qr/Index Keys: 6/, 'until it is discarded');
produce($topic, '{"other":"v1"}', 'no event at all');
wait_for_index($node, 'what is no event, of another key');
is(sql(q{SELECT item_key FROM yottastore.quarantine}), '{"other":"v1"}', 'a key that is none of the table is kept as it is');
like(plan_of('', $cars), qr/Index Not Used: its quarantine has events that may be about any item/, '... and tells nothing');
sql(q{SELECT yottastore.quarantine_discard('vehicle_service')});

# ---- what a backfill has refused, which has no version to compare --------------------------------

put_vehicle($table, 'v5', { type => { S => 'car' }, odo => { S => 'far' } });
sql(q{SELECT yottastore.create_index_policy('second', 'vehicles', 'fleet_changes', fields => ARRAY[yottastore.field('km', 'numeric', ARRAY['odo'], on_error => 'reject')])});
wait_for_index($node, 'a second policy', undef, 'second');
my $of_second = q{FROM yottastore_internal.quarantine q JOIN yottastore_internal.policy p USING (policy_id) WHERE p.name = 'second' AND item_key LIKE '%v5%'};
is(sql("SELECT version IS NULL, superseded $of_second"), 't|f', 'an item that a backfill has refused');
put_told('v5', 'car');
wait_for_index($node, 'it is good again', undef, $_) foreach qw(second vehicle_service);
is(sql("SELECT superseded $of_second"), 't', '... is superseded by its next state, too');
sql(q{SELECT yottastore.drop_index_policy('second')});

# ---- a new area ----------------------------------------------------------------------------------

sub insert_at
{
	my ($kind, $lon, $count) = @_;
	return qq{INSERT INTO vehicles (vehicle_id, item) SELECT '$kind' || i, jsonb_build_object('type', '$kind', 'odo', i, 'pos', '{"lat": 5, "lon": $lon}'::jsonb) FROM generate_series(1, $count) i};
}

my $explain = 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)';
sql('ALTER TABLE followed RENAME vehicle_id TO id');
like(planned_before($node, 'followed', 'SET yottastore.on_stale = error; ' . insert_at('new', 15, 1), q{SELECT vehicle_id FROM vehicles WHERE f_kind = 'new'}), qr/^new1$/m,
	'a row in an area that is new is found by the index, whatever its key is called there');
sql('ALTER TABLE followed RENAME id TO vehicle_id');
like(plan_of('', q{SELECT vehicle_id FROM vehicles WHERE f_kind = 'new'}), qr/Index Keys: 1/, '... as from then on');
my $first = planned_before($node, 'followed', insert_at('trike', 22, 30), "$explain SELECT vehicle_id FROM vehicles WHERE f_kind IN ('trike', 'car') ORDER BY f_odometer_km DESC LIMIT 3");
like($first, qr/rows=3.*Index Keys: 3\d/s, 'with all of a new partition, where the first rows of an order are asked for');
unlike($first, qr/followed_c/, '... that the plan does not have');
is(sql(q{SELECT string_agg(vehicle_id, ' ') FROM (SELECT vehicle_id FROM vehicles WHERE f_kind IN ('trike', 'car') ORDER BY f_odometer_km DESC NULLS LAST LIMIT 3) q}), 'trike30 trike29 trike28',
	'... as from then on');

my $pairs = unique_name('pairs');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$pairs', 'fleet', 'n numeric');
CREATE FOREIGN TABLE vehicles_of (fleet text OPTIONS (key 'partition') NOT NULL, n int OPTIONS (key 'sort') NOT NULL, item jsonb OPTIONS (document 'true'))
  SERVER fleet OPTIONS (table '$pairs');
INSERT INTO vehicles_of SELECT 'f' || i % 3, i, '{"type": "car", "pos": {"lat": 5, "lon": 5}}' FROM generate_series(1, 30) i;
SELECT yottastore.create_index_policy('paired', 'vehicles_of', NULL, fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])],
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon']));
END
wait_for_index($node, 'a table with two keys', undef, 'paired');
sql(q{SELECT yottastore.add_index_columns('paired'); ANALYZE paired});
my $more = q{INSERT INTO vehicles_of SELECT 'f' || i % 3, i, '{"type": "van", "pos": {"lat": 5, "lon": 15}}' FROM generate_series(28, 33) i ON CONFLICT DO NOTHING};
like(planned_before($node, 'paired', "SET yottastore.on_stale = error; $more", q{SELECT fleet, n FROM vehicles_of WHERE kind = 'van' ORDER BY n}), qr/^f1\|31\nf2\|32\nf0\|33$/m,
	'rows in an area that is new, by both of their keys');
$more = q{UPDATE vehicles_of SET item = item || '{"pos": {"lat": 5, "lon": 25}}' WHERE fleet = 'f1'};
like(planned_before($node, 'paired', $more, "$explain SELECT fleet, n FROM vehicles_of WHERE kind IN ('car', 'van')"), qr/rows=33\b.*Index Keys: 33\b/s,
	'... each once, though they come from where others are');
store_api('DeleteTable', { TableName => $pairs });

# ---- rows on their way to other areas ------------------------------------------------------------

my $any = q{SET yottastore.max_staleness = '1d'};
sql('SELECT yottastore.stop_workers()');
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%worker'}) or die 'they do not stop';
sql(q{SELECT yottastore.index_relocate_start('followed')});
like(plan_of($any, q{SELECT vehicle_id FROM vehicles WHERE f_area = 'A'}), qr/Index Not Used: its rows are being moved/, 'areas are not looked up while rows are to be moved');
like(plan_of($any, q{SELECT vehicle_id FROM vehicles WHERE f_kind = 'car'}), qr/Index Keys: 6/, 'but what has nothing to do with them');
sql('SELECT yottastore.start_workers()');
wait_for_index($node, 'moved', undef, 'followed');
$node->poll_query_until('postgres', q{SELECT bool_and(state = 'DONE') FROM yottastore.jobs}) or die 'the job does not end';
like(plan_of($any, q{SELECT vehicle_id FROM vehicles WHERE f_area = 'A'}), qr/Index Keys: 6/, 'later they are');

# ---- areas that were edited ----------------------------------------------------------------------

# No job begins while nobody may write to the index table.
my $holder = $node->background_psql('postgres', on_error_stop => 0);
$holder->query_safe(q{BEGIN; LOCK TABLE followed IN SHARE MODE});
sql(q{UPDATE yottastore.areas SET name = 'AA' WHERE name = 'A'});
my $renamed = q{SELECT vehicle_id FROM vehicles WHERE f_area = 'AA'};
like(($node->psql('postgres', "$any; SET yottastore.on_stale = error; $renamed"))[2], qr/(?:areas were edited, and its rows are yet to be moved|its rows are being moved to the areas they belong to now)\.\nHINT:\s+yottastore\.index_progress/, 'areas that were edited are said, and where to look');
like(plan_of($any, $renamed), qr/rows=6\b.*Index Not Used: (areas were edited, and its rows are yet to be moved|its rows are being moved)/s, 'areas are not looked up from when they are edited');
my $jobs = q{FROM yottastore.jobs WHERE policy = 'followed' AND kind = 'relocate' AND state IN ('QUEUED', 'RUNNING')};
$node->poll_query_until('postgres', "SELECT count(*) > 0 $jobs") or die 'no job';
sql("SELECT yottastore.job_stop(job_id) $jobs");
$holder->query_safe('ROLLBACK');
$holder->quit;
$node->poll_query_until('postgres', "SELECT count(*) = 0 $jobs") or die 'the job goes on';
like(plan_of($any, $renamed), qr/rows=6\b.*Index Not Used: areas were edited, and not all of its rows were moved: call yottastore.index_relocate_start/s, 'nor after the job was stopped');
like(plan_of($any, q{SELECT vehicle_id FROM vehicles WHERE f_kind = 'car'}), qr/Index Keys: 6/, 'but what has nothing to do with them');
sql(q{SELECT yottastore.index_relocate_start('followed')});
$node->poll_query_until('postgres', "SELECT count(*) = 0 $jobs") or die 'the job does not end';
like(plan_of($any, $renamed), qr/rows=6\b.*Index Keys: 6/s, 'until another has moved them');

# One that fails: the new area's partition can't be made.
sql(<<'END');
CREATE FUNCTION no_table() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no table today''; END';
CREATE EVENT TRIGGER no_table ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION no_table();
UPDATE yottastore.areas SET name = 'AAA' WHERE name = 'AA';
END
$renamed = q{SELECT vehicle_id FROM vehicles WHERE f_area = 'AAA'};
my $last = q{FROM yottastore.jobs WHERE policy = 'followed' ORDER BY job_id DESC LIMIT 1};
$node->poll_query_until('postgres', "SELECT state = 'FAILED' AND reason = 'no table today' $last") or die 'the job does not fail';
like(plan_of($any, $renamed), qr/rows=6\b.*Index Not Used: areas were edited, and not all of its rows were moved/s, 'nor after the job has failed');
sql(q{DROP EVENT TRIGGER no_table; SELECT yottastore.index_relocate_start('followed')});
$node->poll_query_until('postgres', "SELECT state = 'DONE' $last") or die 'the job does not end';
like(plan_of($any, $renamed), qr/rows=6\b.*Index Keys: 6/s, 'until another has made it');

sql(q{ALTER TABLE followed ADD CONSTRAINT no_bb CHECK (area <> 'BB'); UPDATE yottastore.areas SET name = 'BB' WHERE name = 'B'});
$renamed = q{SELECT vehicle_id FROM vehicles WHERE f_area = 'BB'};
my $ended = q{SELECT state = 'DONE' AND rows_refused = %d FROM yottastore.jobs WHERE policy = 'followed' ORDER BY job_id DESC LIMIT 1};
$node->poll_query_until('postgres', sprintf $ended, 1) or die 'no row is refused';
like(plan_of($any, $renamed), qr/rows=1\b.*Index Not Used: areas were edited, and not all of its rows were moved/s, 'nor where a row was refused');
sql(q{ALTER TABLE followed DROP CONSTRAINT no_bb; SELECT yottastore.index_relocate_start('followed')});
$node->poll_query_until('postgres', sprintf $ended, 0) or die 'the row is not moved';
like(plan_of($any, $renamed), qr/rows=1\b.*Index Keys: 1/s, 'until it is moved');

# ---- rows that were put in the place of others ------------------------------------------------------

{
	my $session = $node->background_psql('postgres');
	$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1');
	sql(q{SELECT yottastore.index_rebuild_start('followed')});
	sql(q{SELECT yottastore.job_wait(max(job_id)) FROM yottastore.jobs});
	like($session->query_safe("SET yottastore.max_staleness = '1d'; $explain SELECT vehicle_id FROM vehicles WHERE f_kind = 'car'"),
		qr/rows=6\b.*Index Not Used: its rows were made anew after the snapshot was taken/s, 'a snapshot does not see what a rebuild has made after it was taken');
	$session->query_safe('COMMIT');
	like($session->query_safe("$explain SELECT vehicle_id FROM vehicles WHERE f_kind = 'car'"), qr/Index Keys: 6\b/, '... the next one does');
	$session->quit;
}

# ---- what is said of areas that nobody knew -------------------------------------------------------

sql(<<'END');
INSERT INTO vehicles (vehicle_id, item) SELECT 'z' || i, '{"type": "zoned", "zone": "Z99"}' FROM generate_series(1, 5) i;
SELECT yottastore.create_index_policy('named', 'vehicles', NULL, fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])],
  area => yottastore.area_from_value(ARRAY['zone'], level => 'country'));
END
wait_for_index($node, 'the start', undef, 'named');
sql(q{SELECT yottastore.add_index_columns('named', prefix => 'n_'); ANALYZE named});
my $zoned = q{SELECT vehicle_id FROM vehicles WHERE n_kind = 'zoned' AND n_rejected IS};
like(plan_of($any, "$zoned NOT NULL"), qr/rows=5\b.*Index Keys: 5/s, 'an area of no known name is rejected');
sql(q{UPDATE yottastore.areas SET aliases = ARRAY['Z99'] WHERE name = 'BB'});
$node->poll_query_until('postgres', q{SELECT count(*) = 5 FROM named WHERE area = 'BB' AND kind = 'zoned'}) or die 'they are not moved';
like(plan_of($any, "$zoned NULL"), qr/rows=5\b.*Index Keys: 5/s, 'and is not, once an area has it');
like(plan_of($any, "$zoned NOT NULL"), qr/rows=0\b.*Index Keys: 5/s, 'whatever its rows have kept');

# ---- synonyms that were edited -------------------------------------------------------------------

sql(<<'END');
CREATE FUNCTION marked(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
SELECT yottastore.create_index_policy('meant', 'vehicles', NULL, fields => ARRAY[
  yottastore.field('kind', 'text', ARRAY['type'], synonyms => 'kinds'), yottastore.field('zone', 'text', ARRAY['zone']),
  yottastore.field('mark', 'text', ARRAY['type'], function => 'marked(text)'),
  yottastore.field('count', 'numeric', ARRAY['count'], on_error => 'reject')]);
END
wait_for_index($node, 'the start', undef, 'meant');
sql(q{SELECT yottastore.add_index_columns('meant', prefix => 'm_'); ANALYZE meant});
my $meant = q{SELECT vehicle_id FROM vehicles WHERE m_kind = 'zone car'};
my $zone = q{SELECT vehicle_id FROM vehicles WHERE m_zone = 'Z99'};
my $edited = qr/Index Not Used: synonyms were edited since its rows were made: call yottastore.index_rebuild_start/;
like(plan_of($any, $meant), qr/rows=0\b.*Index Keys: 0/s, 'a word that nothing means');
sql(q{INSERT INTO yottastore.synonyms VALUES ('others', 'zoned', 'no car')});
like(plan_of($any, $meant), qr/rows=0\b.*Index Keys: 0/s, 'other lists do not count');
sql(q{INSERT INTO yottastore.synonyms VALUES ('kinds', 'zoned', 'zone car')});
like(plan_of($any, $meant), qr/rows=5\b.*$edited/s, 'values are not looked up from when their synonyms are edited');
$node->poll_query_until('postgres', q{SELECT synonyms_mixed FROM yottastore_internal.policy WHERE name = 'meant'}) or die 'nobody notes it';
like(plan_of($any, $meant), qr/rows=5\b.*$edited/s, 'nor once rows are written by these');
like(plan_of($any, $zone), qr/Index Keys: 5/, 'but what has nothing to do with them');

sub rebuild
{
	my $rebuild = sql(q{SELECT yottastore.index_rebuild_start('meant')});
	is(sql("SELECT yottastore.job_wait($rebuild, '60 s')"), 't', 'rows are made anew');
	return;
}
rebuild();
like(plan_of($any, $meant), qr/rows=5\b.*Index Keys: 5/s, 'by which they are looked up');

# Written by a session, and edited back before any worker has seen it.
put_vehicle($table, 'late', { type => { S => 'trailer' }, zone => { S => 'Z1' }, count => { S => 'some' } });
wait_for_index($node, 'what is rejected', undef, 'meant');
sql('SELECT yottastore.stop_workers()');
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%worker'}) or die 'they do not stop';
put_vehicle($table, 'late', { type => { S => 'trailer' }, zone => { S => 'Z1' }, count => { N => '3' } });
sql(q{INSERT INTO yottastore.synonyms VALUES ('kinds', 'trailer', 'zone car')});
is(sql(q{SELECT yottastore.quarantine_retry('meant')}), 0, 'a row is written by synonyms that no worker knows');
sql(q{DELETE FROM yottastore.synonyms WHERE word = 'trailer'});
like(plan_of($any, q{SELECT vehicle_id FROM vehicles WHERE m_kind = 'trailer'}), qr/rows=1\b.*$edited/s, 'it is not taken for one of those that are there again');
sql('SELECT yottastore.start_workers()');

# ---- functions that were replaced ----------------------------------------------------------------

sub replace_function { sql("CREATE OR REPLACE FUNCTION marked(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $_[0]'"); return; }
sub of_mark { return plan_of($any, "SELECT vehicle_id FROM vehicles WHERE m_mark = '$_[0]'"); }
my $replaced = qr/Index Not Used: a function was replaced since its rows were made: call yottastore.index_rebuild_start/;

rebuild();
like(of_mark('zoned'), qr/rows=5\b.*Index Keys: 5/s, 'what a function has made is looked up');
replace_function('upper($1)');
like(of_mark('ZONED'), qr/rows=5\b.*$replaced/s, 'but not from when it is replaced');
like(plan_of($any, $zone), qr/Index Keys: 5/, 'what has nothing to do with it is');
replace_function('$1');
like(of_mark('zoned'), qr/rows=5\b.*Index Keys: 5/s, 'so it is when it is as it was, and no row was written meanwhile');
replace_function('upper($1)');
put_vehicle($table, 'marked', { type => { S => 'zoned' }, zone => { S => 'Z1' } });
wait_for_index($node, 'a row by the other function', undef, 'meant');
replace_function('$1');
like(of_mark('zoned'), qr/rows=6\b.*$replaced/s, 'not when one was');
like(plan_of($any, q{SELECT vehicle_id FROM vehicles WHERE m_rejected IS NOT NULL AND m_zone = 'Z99'}), qr/rows=0\b.*$replaced/s, 'nor is what was rejected');
rebuild();
like(of_mark('zoned'), qr/rows=6\b.*Index Keys: 6/s, 'until all rows are made anew');

# ---- brokers that are away -------------------------------------------------------------------------

my $nobody = PostgreSQL::Test::Cluster::get_free_port();
sql("ALTER SERVER fleet_changes OPTIONS (SET brokers '127.0.0.1:$nobody')");
my $count = sql("SET yottastore.index_scan = off; SELECT count(*) FROM ($cars) q");
is(sql("SELECT count(*) FROM ($cars) q"), $count, 'brokers that are away keep nobody from the store');
like(plan_of(q{SET yottastore.staleness_timeout = 1}, $cars), qr/Index Not Used: where its topic ends is not known: /, '... as it says');
like(($node->psql('postgres', "SET yottastore.on_stale = error; $cars"))[2], qr/cannot answer.*where its topic ends is not known/s, '... or refuses to');

sql("ALTER SERVER fleet_changes OPTIONS (SET brokers '@{[ kafka_brokers() ]}')");

# ---- another table of the store ----------------------------------------------------------------------

my $other = unique_name('others');
sql("SELECT yottastore.create_store_table('fleet', '$other', 'vehicle_id')");
put_vehicle($other, 'o1', { type => { S => 'ship' } });
sql('SELECT yottastore.stop_workers()');
sql("ALTER FOREIGN TABLE vehicles OPTIONS (SET table '$other')");
my $ship = q{SELECT vehicle_id FROM vehicles WHERE kind = 'ship'};
like(plan_of($any, $ship), qr/rows=1\b.*Index Not Used: its rows are of store table "$table": call yottastore\.index_resync_start/s, 'rows of another table are not looked up');
sql('SELECT yottastore.start_workers()');
ok($node->poll_query_until('postgres', qq{SELECT phase = 'INCOMPLETE' AND reason = 'its foreign table was made to name store table "$other", and its rows are of "$table"' }
		. q{FROM yottastore.index_policies WHERE policy = 'vehicle_service'}), 'which is noticed');
sql(q{SELECT yottastore.index_resync_start('vehicle_service')});
wait_for_index($node, 'made anew');
like(plan_of($any, $ship), qr/Index Keys: 1\b/, '... and mended by a resync');
store_api('DeleteTable', { TableName => $other });

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
