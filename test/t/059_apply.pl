# How rows are written: past statements where these do nothing else, and by them where they do.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('apply', conf => "yottastore.batch_events = 100\nstats_fetch_consistency = none\n");
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic, relay => 0);
produce($topic, undef, 'there before the policy: not its business');
create_policy($node);
wait_for_index($node, 'the start');

sub query { return $node->safe_psql('postgres', $_[0]); }

# What an event of a vehicle says: its kind, odometer and the longitude that it is at.
sub message
{
	my ($id, $kind, $odometer, $lon) = @_;
	my $image = { vehicle_id => { S => $id }, type => { S => $kind }, odo => { N => "$odometer" } };
	$image->{pos} = { M => { lat => { N => '5' }, lon => { N => "$lon" } } } if defined $lon;
	return [
		qq({"vehicle_id":{"S":"$id"}}),
		encode_json(
			{
				eventName => 'MODIFY',
				dynamodb => { Keys => { vehicle_id => { S => $id } }, NewImage => $image }
			}) ];
}

sub send_events { produce_many($topic, [ map { message(@$_) } @_ ], partition => 0); return; }

sub changes
{
	my ($what, @events) = @_;
	send_events(@events);
	wait_for_index($node, $what);
	return;
}

sub row { return query("SELECT area, kind, odometer_km, note FROM vehicle_service WHERE vehicle_id = '$_[0]'"); }

# ---- columns and indexes of the owner's ---------------------------------------------------------

changes('the first rows', map { [ "v$_", 'car', $_, 5 ] } 1 .. 20);
query('ALTER TABLE vehicle_service ADD COLUMN note text');
query('CREATE INDEX ON vehicle_service (upper(kind)) WHERE odometer_km > 5');
query("UPDATE vehicle_service SET note = 'mine ' || vehicle_id");
changes('changes beside a column', map { [ "v$_", 'bus', $_ * 2, 5 ] } 1 .. 20);
is(row('v7'), 'A|bus|14|mine v7', "the owner's column stays");
is( query("SET enable_seqscan = off; SELECT count(*) FROM vehicle_service WHERE upper(kind) = 'BUS' AND odometer_km > 5"),
	18, "the owner's index is kept");

query("DELETE FROM vehicle_service WHERE vehicle_id = 'v1'");
changes('a row that was deleted by hand', [ 'v1', 'van', 1, 5 ]);
is(row('v1'), 'A|van|1|', 'comes back');

query(q(INSERT INTO vehicle_service (vehicle_id, area, kind, note, indexed_at, event_version)
	VALUES ('own', 'A', 'none', 'by hand', now(), decode(repeat('00', 25), 'hex'))));
changes('a row that was made by hand', [ 'own', 'cab', 1, 5 ]);
is(row('own'), 'A|cab|1|by hand', 'is taken over');

changes('moves', [ 'v2', 'bus', 1, 15 ], [ 'v3', 'bus', 1 ], [ 'v4', 'bus', 1, 25 ]);
is( query("SELECT string_agg(vehicle_id || area, ' ' ORDER BY vehicle_id) FROM vehicle_service WHERE vehicle_id IN ('v2', 'v3', 'v4')"),
	'v2B v3unlocated v4unlocated', 'each is in one partition');

# ---- indexes that needn't be touched -------------------------------------------------------------

query('DROP INDEX vehicle_service_upper_idx');
query('VACUUM vehicle_service');
changes('a change of what no index has', map { [ "v$_", 'bus', $_ * 3, 5 ] } 5 .. 20);
ok( $node->poll_query_until('postgres',
		"SELECT sum(n_tup_hot_upd) >= 16 FROM pg_stat_user_tables WHERE relname LIKE 'vehicle_service%'"),
	'stays in its page, and in no index');

# ---- rows that are not where the worker has last written them ---------------------------------------

query('UPDATE vehicle_service SET note = note');
changes('rows that have become others', map { [ "v$_", 'bus', $_ * 4, 5 ] } 5 .. 20);
is(row('v7'), 'A|bus|28|mine v7', 'are found');
query('VACUUM FULL vehicle_service');
changes('a table written anew', map { [ "v$_", 'bus', $_ * 5, 5 ] } reverse 5 .. 20);
is( query("SELECT string_agg(vehicle_id || ' ' || odometer_km, ', ' ORDER BY odometer_km) FROM vehicle_service WHERE vehicle_id IN ('v5', 'v12', 'v20')"),
	'v5 25, v12 60, v20 100', 'has each row once, and its own');
changes('rows that move to and fro', [ 'v18', 'bus', 1, 15 ], [ 'v18', 'bus', 2, 5 ], [ 'v19', 'bus', 1, 15 ]);
changes('and on', [ 'v18', 'bus', 3, 15 ], [ 'v19', 'bus', 3, 5 ]);
is( query("SELECT string_agg(vehicle_id || area || odometer_km, ' ' ORDER BY vehicle_id) FROM vehicle_service WHERE vehicle_id IN ('v18', 'v19')"),
	'v18B3 v19A3', 'are in one partition');
my $kept = query('SELECT count(*) FROM vehicle_service');
query('CREATE TABLE kept AS TABLE vehicle_service; TRUNCATE vehicle_service');
query('INSERT INTO vehicle_service TABLE kept ORDER BY vehicle_id DESC');
changes('a table emptied and filled', [ 'v5', 'bus', 26, 5 ], [ 'v20', 'bus', 101, 5 ]);
is(query('SELECT count(*), count(DISTINCT vehicle_id) FROM vehicle_service'), "$kept|$kept", 'has no row twice');
query("TRUNCATE vehicle_service");
changes('a table that is empty', [ 'v5', 'bus', 27, 5 ]);
is(row('v5'), 'A|bus|27|', 'gets the row again');
query('TRUNCATE vehicle_service; INSERT INTO vehicle_service TABLE kept; DROP TABLE kept');

# ---- somebody else's transaction ------------------------------------------------------------------

my $other = $node->background_psql('postgres');
$other->query_safe("BEGIN; UPDATE vehicle_service SET note = 'changed meanwhile' WHERE vehicle_id = 'v8'");
$other->query_safe("DELETE FROM vehicle_service WHERE vehicle_id = 'v9'");
send_events([ 'v8', 'taxi', 80, 5 ], [ 'v9', 'taxi', 90, 5 ]);
$node->poll_query_until('postgres',
	"SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker' AND wait_event_type = 'Lock'")
  or die('the worker does not wait for the row');
$other->query_safe('COMMIT');
$other->quit;
wait_for_index($node, 'rows that others had changed');
is(row('v8'), 'A|taxi|80|changed meanwhile', 'both changes are there');
is(row('v9'), 'A|taxi|90|', 'and a row that was deleted meanwhile is there');

# ---- what only statements do ----------------------------------------------------------------------

query(<<'END');
CREATE TABLE log (vehicle_id text, kind text);
CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS
  $$BEGIN INSERT INTO public.log VALUES (NEW.vehicle_id, NEW.kind); RETURN NEW; END$$;
CREATE TRIGGER log AFTER INSERT OR UPDATE ON vehicle_service FOR EACH ROW EXECUTE FUNCTION log_row();
END
changes('changes with a trigger', [ 'v5', 'tram', 5, 5 ], [ 'new', 'tram', 5, 15 ]);
is(query("SELECT string_agg(vehicle_id || ' ' || kind, ', ' ORDER BY vehicle_id) FROM log"),
	'new tram, v5 tram', 'triggers fire');
query('DROP TRIGGER log ON vehicle_service');

my $partition = query("SELECT tableoid::regclass FROM vehicle_service WHERE area = 'B' LIMIT 1");
query("CREATE TRIGGER log AFTER INSERT OR UPDATE ON $partition FOR EACH ROW EXECUTE FUNCTION log_row()");
query('TRUNCATE log');
changes('one partition with a trigger', [ 'v5', 'ship', 5, 5 ], [ 'new', 'ship', 5, 15 ]);
is(query("SELECT string_agg(vehicle_id || ' ' || kind, ', ') FROM log"), 'new ship', 'triggers of one fire');
is(row('v5'), 'A|ship|5|mine v5', 'and the others are written, too');
query("DROP TRIGGER log ON $partition");

query("ALTER TABLE vehicle_service ADD COLUMN made text DEFAULT 'by default'");
query('ALTER TABLE vehicle_service ADD COLUMN doubled numeric GENERATED ALWAYS AS (odometer_km * 2) STORED');
changes('defaults and generated columns', [ 'v5', 'ship', 21, 5 ], [ 'newer', 'ship', 4, 15 ]);
is(query("SELECT vehicle_id, made, doubled FROM vehicle_service WHERE vehicle_id IN ('v5', 'newer') ORDER BY 1"),
	"newer|by default|8\nv5|by default|42", 'are computed');
query('ALTER TABLE vehicle_service DROP COLUMN doubled, DROP COLUMN made');

query('CREATE UNIQUE INDEX one_of_each ON vehicle_service (area, odometer_km) WHERE odometer_km > 1000');
changes('a unique index', [ 'u1', 'car', 1001, 5 ], [ 'u2', 'car', 1001, 5 ], [ 'u3', 'car', 1003, 5 ]);
is(query("SELECT string_agg(vehicle_id, ' ' ORDER BY vehicle_id) FROM vehicle_service WHERE vehicle_id LIKE 'u%'"),
	'u1 u3', 'refuses one row');
like(query("SELECT reason FROM yottastore.quarantine ORDER BY quarantine_id DESC LIMIT 1"),
	qr/duplicate key value violates unique constraint/, 'which is in quarantine');
query('DROP INDEX one_of_each');

# ---- batches that grow ----------------------------------------------------------------------------

# Of a long backlog only the last of each item's events is kept, but nothing that can't be used is lost, wherever it stands.
sub counts
{
	return query(
		"SELECT sum(events), sum(events_applied), sum(events_quarantined) FROM yottastore.index_stats");
}

sub spoilt { return [ message('b7', 'car', 1, 5)->[0], '{"eventName":"MODIFY","dynamodb":{"NewImage":' ]; }
sub odd { my $odd = message('b9', 'car', 1, 5); $odd->[1] =~ s/"N":"1"/"N":"one"/ or die; return $odd; }

query("SELECT yottastore.pause_index_policy('vehicle_service')");
my $written = "SELECT coalesce(sum(n_tup_ins + n_tup_upd), 0) FROM pg_stat_user_tables WHERE relname LIKE 'vehicle_service%'";
my $before = query($written);
my @counted = split /\|/, counts();
my $quarantined = query('SELECT count(*) FROM yottastore.quarantine');
my @backlog = map { message('b' . $_ % 50, 'car', $_, 5) } 1 .. 5000;
$backlog[ $_ * 100 + 6 ] = spoilt() for 0 .. 49;
$backlog[ $_ * 100 + 8 ] = odd() for 0 .. 49;
$backlog[ $_ * 100 + 57 ] = message('b1', 'none', $_, 5) for 0 .. 48;
$backlog[4957] = [
	qq({"vehicle_id":{"S":"b1"}}),
	encode_json({ eventName => 'REMOVE', dynamodb => { Keys => { vehicle_id => { S => 'b1' } } } }) ];
$backlog[4999] = message('b2', 'last', 5000, 5);
produce_many($topic, [ @backlog[ 0 .. 2499 ] ], partition => 0);
produce_many($topic, [ map { message('b11', 'lost', $_, 5) } 1 .. 2 ], partition => 0, headers => { 'yottastore-position' => 'here' });
produce_many($topic, [ @backlog[ 2500 .. $#backlog ] ], partition => 0);
query("SELECT yottastore.resume_index_policy('vehicle_service')");
wait_for_index($node, 'a backlog');
is( query("SELECT count(*), min(odometer_km), max(odometer_km) FROM vehicle_service WHERE vehicle_id ~ '^b[0-9]'"),
	'49|4908|5000', 'each row is as the last event left it');
is(query('SELECT count(*) FROM yottastore.quarantine') - $quarantined, 102, 'all events that are no good are kept');
$node->poll_query_until('postgres', "SELECT ($written) >= $before + 49") or die('nothing was written');
cmp_ok(query($written) - $before, '<', 1500, 'and was written once in a batch, which grew');
my @now = split /\|/, counts();
is_deeply([ map { $now[$_] - $counted[$_] } 0 .. 2 ], [ 5002, 5000, 102 ], 'each event counts once');

# ---- many rows at once ----------------------------------------------------------------------------

# More rows than are kept for an index before they are entered in it; some have NULL in its first column.
query("SELECT yottastore.pause_index_policy('vehicle_service')");
query('CREATE INDEX ON vehicle_service (kind); CREATE INDEX ON vehicle_service (odometer_km DESC, kind) INCLUDE (note)');
query('CREATE INDEX ON vehicle_service (changed_at, vehicle_id); CREATE INDEX ON vehicle_service USING hash (kind)');
send_events(map { [ "m$_", "kind $_", $_ * 7919 % 30_011, 5 ] } 1 .. 30_000);
send_events(map { [ "m$_", 'kind ' . $_ % 7, -$_, 5 ] } 1 .. 30_000);
query("SELECT yottastore.resume_index_policy('vehicle_service')");
wait_for_index($node, 'many rows');
query('CREATE EXTENSION amcheck');
is( query("SELECT count(bt_index_check(indexrelid, true)::text) FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam "
		. "WHERE amname = 'btree' AND relkind = 'i' AND indrelid IN (SELECT relid FROM pg_partition_tree('vehicle_service') WHERE isleaf)"),
	query("SELECT 4 * count(*) FROM pg_partition_tree('vehicle_service') WHERE isleaf"),
	'each index is in order and has all rows');
is(query('SET enable_seqscan = off; SET enable_bitmapscan = off; '
	  . "SELECT count(*) FROM vehicle_service WHERE odometer_km <= -20000; SELECT count(*) FROM vehicle_service WHERE kind = 'kind 3'"),
	"10001\n4286", 'and finds them');

done_testing();
