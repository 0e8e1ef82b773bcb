# What a policy must not forget: events behind what it had no room for, a gap that it heard of while it
# failed, bad events of a topic's next life, and events whose place in the store's stream can't be read.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('kept_in_mind', conf => 'yottastore.quarantine_size = 1kB');
my $table = unique_name('vehicles');
my ($topic, $next_topic) = (unique_name('vehicles'), unique_name('vehicles'));
create_fleet($node, table => $table, topic => $topic, relay => 0);
produce($_, undef, 'makes the topic', partition => 0) foreach $topic, $next_topic;

sub query { return $node->safe_psql('postgres', $_[0]); }
sub key { return qq({"vehicle_id":{"S":"$_[0]"}}) }

sub event
{
	my ($id, $kind) = @_;
	return encode_json({ eventName => 'MODIFY',
		dynamodb => { Keys => { vehicle_id => { S => $id } },
			NewImage => { vehicle_id => { S => $id }, type => { S => $kind } } } });
}

sub becomes
{
	my ($condition, $what) = @_;
	ok($node->poll_query_until('postgres', "SELECT $condition FROM yottastore.index_policies"), $what)
	  or diag(query('SELECT phase, reason FROM yottastore.index_policies'));
	return;
}

sub worker_becomes
{
	my ($condition, $what) = @_;
	ok($node->poll_query_until('postgres', "SELECT $condition FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'"), $what);
	return;
}

# What a field's function and a trigger wait at; what is uncommitted in their own transaction they don't need to see.
query(<<'END');
CREATE TABLE gate (is_open boolean);
CREATE FUNCTION pass_gate() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  WHILE NOT EXISTS (SELECT FROM public.gate WHERE is_open) LOOP PERFORM pg_sleep(0.05); END LOOP;
END $$;
CREATE FUNCTION waits_if_paused(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF $1 = 'gated' AND EXISTS (SELECT FROM yottastore_internal.policy WHERE reason LIKE '%quarantine_size%') THEN
    PERFORM public.pass_gate();
  END IF;
  RETURN $1;
END $$;
CREATE FUNCTION wait_and_fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = 'fails' THEN
    PERFORM public.pass_gate();
    RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'no space left';
  END IF;
  RETURN NEW;
END $$;
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', 'fleet_changes',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'], function => 'waits_if_paused(text)')]);
CREATE TRIGGER wait_and_fail BEFORE INSERT OR UPDATE ON vehicle_service FOR EACH ROW EXECUTE FUNCTION wait_and_fail();
END
wait_for_index($node, 'the start');

sub set_gate { query(q{DELETE FROM gate} . ($_[0] ? q{; INSERT INTO gate VALUES (true)} : '')); return; }
sub kind_of { return query("SELECT kind FROM vehicle_service WHERE vehicle_id = '$_[0]'"); }
sub quarantined { return query(q{SELECT string_agg(item_key, ' ' ORDER BY quarantine_id) FROM yottastore.quarantine}); }
sub discard { return query(q{SELECT yottastore.quarantine_discard('vehicle_service')}); }
sub resume { return query(q{SELECT yottastore.resume_index_policy('vehicle_service')}); }

# ---- what is behind an event that there is no room for ------------------------------------------

produce($topic, key('full1'), 'x' x 900, partition => 0);
wait_for_index($node, 'a bad event');
is(quarantined(), key('full1'), 'fills the quarantine');
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
produce_many($topic, [ [ key('full2'), 'x' x 900 ], [ key('behind'), event('behind', 'gated') ] ], partition => 0);
resume();
becomes(q{phase = 'PAUSED' AND reason LIKE '%quarantine_size%'}, 'another one pauses');
is(discard(), '1', 'room is made');
is(resume(), 't', 'and the policy resumed at once');
set_gate(1);
wait_for_index($node, 'with room');
is(quarantined(), key('full2'), 'the event that there was no room for is kept');
is(kind_of('behind'), 'gated', 'the one behind it is applied');
set_gate(0);
discard();
query(q{ALTER SYSTEM SET yottastore.quarantine_size = -1});
$node->reload;

# ---- a gap that is found while a batch fails -------------------------------------------------------

query('ALTER SYSTEM SET yottastore.backfill_rate = 1');
$node->reload;
put_vehicle($table, "slow$_", { type => { S => 'car' } }) foreach 1 .. 10;
my $job = query(q{SELECT yottastore.index_resync_start('vehicle_service')});
becomes(q{phase = 'BACKFILL'}, 'a slow resync');
produce($topic, key('failing'), event('failing', 'fails'), partition => 0);
worker_becomes(q{wait_event = 'PgSleep'}, 'an event waits');
is(query("SELECT yottastore.job_stop($job)"), 't', 'the resync is stopped');
becomes(q{phase = 'INCOMPLETE'}, 'which makes it incomplete');
set_gate(1);
worker_becomes(q{wait_event_type = 'Extension'}, 'the event has failed');
is(query('SELECT phase, reason FROM yottastore.index_policies'),
	'INCOMPLETE|its resync was stopped: call yottastore.index_resync_start', 'it still is incomplete');
is(resume(), 'f', 'and can\'t be resumed');
query('DROP TRIGGER wait_and_fail ON vehicle_service');
query('ALTER SYSTEM RESET yottastore.backfill_rate');
$node->reload;

# ---- the same place in a topic's next life -----------------------------------------------------------

sub resync_to
{
	my ($name) = @_;
	query("ALTER SERVER fleet_changes OPTIONS (SET topic '$name')");
	becomes(q{phase = 'INCOMPLETE'}, 'another topic is a gap');
	query(q{SELECT yottastore.index_resync_start('vehicle_service')});
	wait_for_index($node, 'resynced');
	return;
}

sub kept { return query(q{SELECT partition, "offset", item_key FROM yottastore.quarantine ORDER BY 1, 2}); }

query(q{ALTER TABLE vehicle_service ADD CONSTRAINT civil CHECK (kind <> 'tank') NOT VALID});
my $third_topic = unique_name('vehicles');
produce($third_topic, undef, 'makes the topic', partition => 0);
resync_to($next_topic);
produce($next_topic, key('former'), event('former', 'tank'), partition => 0);
wait_for_index($node, 'a bad event');
is(kept(), '0|1|' . key('former'), 'is kept');
resync_to($third_topic);
produce($third_topic, key('latter'), event('latter', 'tank'), partition => 0);
wait_for_index($node, 'another at the same place');
is(kept(), '0|1|' . key('latter'), 'is kept in its place');
query('ALTER TABLE vehicle_service DROP CONSTRAINT civil');
is(query(q{SELECT yottastore.quarantine_retry('vehicle_service')}), '1', 'it is tried again');
is(kind_of('latter'), 'tank', 'and applied');

# ---- a position that can't be read ----------------------------------------------------------------

sub post
{
	my ($id, $kind, $position) = @_;
	produce($third_topic, key($id), event($id, $kind), partition => 0, headers => { 'yottastore-position' => $position });
	return;
}

post('place', 'first', '1:10000000000000000000001');
wait_for_index($node, 'a position');
my @unusable = ('', 'no position', '1', '1:', '1:12x', '1:' . '1' x 60, '4294967296:10000000000000000000002', '-1:10000000000000000000002');
post('place', 'later', $_) foreach @unusable;
wait_for_index($node, 'positions that are none');
is(kind_of('place'), 'first', 'events whose position is unusable are not applied');
is(query(q{SELECT count(*) FROM yottastore.quarantine WHERE reason = 'position header is not a sequence number'}),
	scalar @unusable, 'but kept');
is(query(q{SELECT yottastore.quarantine_retry('vehicle_service')}), '0', 'tried again, they are what they were');
post('place', 'last', '1:10000000000000000000003');
wait_for_index($node, 'a good position again');
is(kind_of('place'), 'last', 'it goes on');
is(discard(), scalar @unusable, 'until they are discarded');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
