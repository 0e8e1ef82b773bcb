# Several workers of one stream and what they do for all of it: areas that change while a worker has a batch in
# hand, batches that take long, a table that somebody holds.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('split_locks', conf => 'max_worker_processes = 24');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub comes
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p UNION ALL SELECT row_to_json(j) FROM yottastore.jobs j'));
	return;
}

# Events of partition 1, which is the second worker's.
sub send_events
{
	my ($kind, @ids) = @_;
	produce_many($topic, [ map {
		my $image = { vehicle_id => { S => $_ }, type => { S => $kind }, where => { S => '5,5' } };
		[ qq({"vehicle_id":{"S":"$_"}}), encode_json({ eventName => 'MODIFY', dynamodb => { Keys => { vehicle_id => { S => $_ } }, NewImage => $image } }) ]
	} @ids ], partition => 1);
	return;
}

sub policy
{
	my ($name, $function) = @_;
	query("SELECT yottastore.create_index_policy('$name', 'vehicles', 'fleet_changes', "
		  . "fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'], function => $function)], "
		  . q{area => yottastore.area_from_location(paths => ARRAY['where']))});
	return;
}

# The relay has made the topic's four partitions; what comes is sent by the test. The function holds a batch for
# as long as somebody holds the lock.
query(<<'END');
SELECT yottastore.drop_relay('vehicles_relay');
ALTER SERVER fleet_changes OPTIONS (ADD workers '2');
CREATE FUNCTION held(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	WHILE $1 = 'held' AND NOT pg_try_advisory_xact_lock_shared(7) LOOP
		PERFORM pg_sleep(0.05);
	END LOOP;
	RETURN $1;
END $$;
END
policy('vehicle_service', q{'held(text)'});
comes('SELECT count(*) = 2 FROM yottastore_internal.lease', 'two workers');
comes(q{SELECT phase = 'LIVE' FROM yottastore.index_policies}, 'the policy is live');

# ---- areas that change while a batch is in hand ---------------------------------------------------

send_events('early', 'v1', 'v2');
comes(q{SELECT count(*) = 2 FROM vehicle_service WHERE area = 'A'}, 'rows of an area');
my $holder = $node->background_psql('postgres');
$holder->query_safe('SELECT pg_advisory_lock(7)');
send_events('held', 'v1');
comes(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker' AND wait_event = 'PgSleep'},
	'the second worker has normalized by the areas there are');
query(q{UPDATE yottastore.areas SET name = 'Z' WHERE name = 'A'});
comes(q{SELECT count(*) = 2 FROM vehicle_service WHERE area = 'Z'}, 'the first one moves what there is');
comes(q{SELECT count(*) = 0 FROM yottastore.jobs WHERE state IN ('QUEUED', 'RUNNING')}, 'and is done with it');
$holder->query_safe('SELECT pg_advisory_unlock(7)');
comes(q{SELECT kind = 'held' FROM vehicle_service WHERE vehicle_id = 'v1'}, 'the batch is written');
is(query(q{SELECT area FROM vehicle_service WHERE vehicle_id = 'v1'}), 'Z', 'by the areas of now');

# ---- batches that take long --------------------------------------------------------------------

query(<<'END');
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
CREATE TRIGGER slow AFTER UPDATE ON vehicle_service FOR EACH STATEMENT EXECUTE FUNCTION slow();
END
$node->append_conf('postgresql.conf', "yottastore.batch_events = 1\nyottastore.backlog_events = 1");
$node->reload;
my $log = -s $node->logfile;
send_events("long $_", 'v2') foreach 1 .. 12;
comes(q{SELECT kind LIKE 'long%' FROM vehicle_service WHERE vehicle_id = 'v2'}, 'the second worker is busy with long batches');
my $job = query(q{SELECT yottastore.index_relocate_start('vehicle_service')});
comes("SELECT state = 'DONE' FROM yottastore.jobs WHERE job_id = $job", 'a job gets its turn between them');
comes(q{SELECT kind = 'long 12' FROM vehicle_service WHERE vehicle_id = 'v2'}, 'and all are applied');
unlike(slurp_file($node->logfile, $log), qr/is held up/, 'and holds nobody up');

# ---- a table that somebody holds ------------------------------------------------------------------

policy('other', 'NULL');
comes(q{SELECT bool_and(phase = 'LIVE') FROM yottastore.index_policies}, 'two policies');
send_events('both', 'v1', 'v2');
comes(q{SELECT count(*) = 2 FROM other}, 'with the same rows');
$holder->query_safe('BEGIN; LOCK TABLE vehicle_service IN SHARE MODE');
query(q{UPDATE yottastore.areas SET name = 'Y' WHERE name = 'Z'});
comes(q{SELECT count(*) = 2 AND bool_and(area = 'Y') FROM other}, q{one policy's table is held: the other's rows are moved});
$holder->query_safe('COMMIT');
comes(q{SELECT count(*) = 2 AND bool_and(area = 'Y') FROM vehicle_service}, 'then its own, too');

unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal (?!15)/, 'nothing crashed');
$holder->quit;
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
