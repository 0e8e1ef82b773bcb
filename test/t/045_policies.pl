# Policies that share a stream share its decoding, not their fate: one that is locked out, paused,
# slow, or whose store hangs, holds no other, catches up by itself, and rejoins.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaProxy;
use YottaTest;

my $node = new_node('policies');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));
put_vehicle($table, "old$_", { type => { S => 'car' } }) foreach 1 .. 20;

sub query { return $node->safe_psql('postgres', $_[0]); }

sub comes
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p'));
	return;
}

sub is_in
{
	my ($index, $id, $what) = @_;
	comes("SELECT count(*) = 1 FROM $index WHERE vehicle_id = '$id'", $what);
	return;
}

sub create
{
	my ($name, %option) = @_;
	my $source = $option{source} // 'vehicles';
	my $more = $option{function} ? ", function => '$option{function}'" : '';
	query("SELECT yottastore.create_index_policy('$name', '$source', 'fleet_changes', "
		  . "fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type']$more)])");
	return;
}

# The log says it once more, from where the test was.
my $seen = 0;

sub logged
{
	my ($pattern, $what) = @_;
	ok($node->wait_for_log($pattern, $seen), $what);
	return;
}

create('one');
create('two');
comes("SELECT count(*) = 2 FROM yottastore.index_policies WHERE phase = 'LIVE'", 'two policies');

# ---- a locked index table ----------------------------------------------------------------------

my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE one IN ACCESS EXCLUSIVE MODE');
$seen = -s $node->logfile;
put_vehicle($table, 'v1', { type => { S => 'bus' } });
is_in('two', 'v1', 'a locked table holds up no other policy');
put_vehicle($table, 'v2', { type => { S => 'bus' } });
is_in('two', 'v2', 'nor the next event');
comes(q{SELECT reason ~ 'held up: .*lock timeout' FROM yottastore.index_policies WHERE policy = 'one'},
	'the reason says what it waits for');
comes(q{SELECT events > 0 AND catch_up IS DISTINCT FROM interval '0' FROM yottastore.index_lag WHERE policy = 'one'}, 'and how many events wait is known');
$locker->query_safe('COMMIT');
is_in('one', 'v2', 'unlocked, it catches up by itself');
comes('SELECT (SELECT count(*) FROM one) = 22', 'with all there was');
logged(qr/index policy "one" has caught up/, 'and rejoins');
comes(q{SELECT reason IS NULL FROM yottastore.index_policies WHERE policy = 'one'}, 'with no reason any more');

# ---- one that was paused -----------------------------------------------------------------------

query(q{SELECT yottastore.pause_index_policy('one')});
put_vehicle($table, "p$_", { type => { S => 'van' } }) foreach 1 .. 10;
is_in('two', 'p10', 'a paused policy holds up no other');
$seen = -s $node->logfile;
query(q{SELECT yottastore.resume_index_policy('one')});
is_in('one', 'p10', 'resumed, it catches up');
logged(qr/index policy "one" has caught up/, 'and rejoins');

# Whoever pauses it in a transaction of theirs takes their time.
$locker->query_safe(q{BEGIN; SELECT yottastore.pause_index_policy('one')});
put_vehicle($table, 'v3', { type => { S => 'bus' } });
is_in('two', 'v3', 'nor does one that somebody is about to pause');
$locker->query_safe('ROLLBACK');
is_in('one', 'v3', 'and did not');

# ---- a slow one --------------------------------------------------------------------------------

query(q{CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
	'BEGIN PERFORM pg_sleep(0.1); RETURN $1; END'});
create('slow', function => 'slowly(text)');
comes("SELECT phase = 'LIVE' FROM yottastore.index_policies WHERE policy = 'slow'", 'a slow policy');
query(q{INSERT INTO vehicles (vehicle_id, item) SELECT 's' || i, '{"type": "slow"}' FROM generate_series(1, 100) i});
is_in('two', 's100', 'the others have got all');
cmp_ok(query(q{SELECT count(*) FROM slow WHERE vehicle_id LIKE 's%'}), '<', 100, 'the slow one has not');
put_vehicle($table, 'v4', { type => { S => 'bus' } });
is_in('two', 'v4', 'they go on');
is_in('slow', 'v4', 'and so does the slow one, to the end');
comes('SELECT (SELECT count(*) FROM slow) = (SELECT count(*) FROM two)', 'with all there was');

query(q{CREATE FUNCTION hangs(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN IF $1 = 'hang' THEN PERFORM pg_sleep(3600); END IF; RETURN $1; END $$});
create('hanging', function => 'hangs(text)');
comes("SELECT phase = 'LIVE' FROM yottastore.index_policies WHERE policy = 'hanging'", 'one with a function that may hang');
put_vehicle($table, 'h1', { type => { S => 'hang' } });
put_vehicle($table, 'h2', { type => { S => 'bus' } });
is_in('two', 'h2', 'one that hangs is cancelled, and set aside');
comes(q{SELECT reason ~ 'held up' FROM yottastore.index_policies WHERE policy = 'hanging'}, 'its reason says so');
query(q{SELECT yottastore.drop_index_policy('hanging')});

# ---- a store that hangs, in backfill -----------------------------------------------------------

my $proxy = YottaProxy->new(store_url());
my $url = $proxy->url;
query(<<"END");
CREATE SERVER stuck FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$url', region 'eu-south-1', request_timeout '1h');
CREATE USER MAPPING FOR CURRENT_USER SERVER stuck OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE stuck_vehicles (vehicle_id text OPTIONS (key 'partition') NOT NULL)
  SERVER stuck OPTIONS (table '$table');
END
$proxy->fail('Scan', 'hang', 100);
create('stuck', source => 'stuck_vehicles');
comes("SELECT phase = 'BACKFILL' FROM yottastore.index_policies WHERE policy = 'stuck'", 'a backfill begins');
put_vehicle($table, 'b1', { type => { S => 'bus' } });
is_in('two', 'b1', 'a store that hangs holds up no other policy');
is_in('stuck', 'b1', 'and not the events of its own');
ok($proxy->requests('Scan') > 0, 'it was asked');
create('another');
comes("SELECT phase = 'LIVE' FROM yottastore.index_policies WHERE policy = 'another'", 'nor the backfill of another store');

# ---- stopping, with a request that hangs -------------------------------------------------------

sub workers_end
{
	my ($what) = @_;
	comes(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'}, $what);
	return;
}

query('SELECT yottastore.stop_workers()');
workers_end('stop_workers ends a worker whose request hangs');
query('SELECT yottastore.start_workers()');
put_vehicle($table, 'b2', { type => { S => 'bus' } });
is_in('two', 'b2', 'started again');
query(q{SELECT yottastore.drop_index_policy(policy) FROM yottastore.index_policies WHERE policy <> 'stuck'});
put_vehicle($table, 'b3', { type => { S => 'bus' } });
is_in('stuck', 'b3', 'alone with its store');
query(q{SELECT yottastore.drop_index_policy('stuck')});
workers_end('a dropped policy leaves no worker behind, though its request hangs');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
