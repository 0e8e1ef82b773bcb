# Events deleted from a topic before they were applied, under one policy or two; a topic lost in the middle of a resync.
# All of it is said, and a resync mends it.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;
use YottaTopics;

my $node = new_node('lost', conf => 'yottastore.backfill_segments = 1');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_topic($topic, 1);
create_fleet($node, table => $table, topic => $topic, format => 'document', relay => 0);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub comes
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p UNION ALL SELECT row_to_json(o) FROM yottastore_internal.position o
		UNION ALL SELECT row_to_json(j) FROM yottastore_internal.job j'));
	return;
}

# Changes of one vehicle as an application makes them: to the store, then to a partition.
my %fleet;

sub change
{
	my ($partition, $key, @kinds) = @_;
	$fleet{$key} = $kinds[-1];
	put_vehicle($table, $key, { type => { S => $kinds[-1] } });
	produce_many($topic, [ map { [ $key, qq({"type": "$_"}) ] } @kinds ], partition => $partition);
	return;
}

sub becomes
{
	my ($key, $kind, $what) = @_;
	comes("SELECT count(*) = 1 FROM vehicle_service WHERE vehicle_id = '$key' AND kind = '$kind'", $what);
	return;
}

sub is_incomplete
{
	my ($reason, $what) = @_;
	comes("SELECT phase = 'INCOMPLETE' AND reason ~ '$reason' FROM yottastore.index_policies WHERE policy = 'vehicle_service'", $what);
	return;
}

sub resync
{
	my ($what) = @_;
	query(q{SELECT yottastore.index_resync_start('vehicle_service') AS job \gset
SELECT yottastore.job_wait(:job)});
	is(query('SELECT vehicle_id, kind FROM vehicle_service ORDER BY vehicle_id COLLATE "C"'),
		join("\n", map { "$_|$fleet{$_}" } sort keys %fleet), "$what: the index is what the store has");
	comes("SELECT bool_and(phase = 'LIVE') FROM yottastore.index_policies", "$what: the policy goes on");
	return;
}

# ---- retention ---------------------------------------------------------------------------------

create_policy($node);
create_policy($node, name => 'beside');
comes("SELECT count(*) = 2 FROM yottastore.index_policies WHERE phase = 'LIVE'", 'two policies');
change(0, 'k0', 'kept');
becomes('k0', 'kept', 'before a pause');
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
change(0, 'k0', map { "lost$_" } 1 .. 5);
wait_for_index($node, 'the other policy goes on', undef, 'beside');
delete_records($topic, 0, 4);
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
is_incomplete('no longer holds offset', 'events deleted before they were applied');
is(query(q{SELECT phase FROM yottastore.index_policies WHERE policy = 'beside'}), 'LIVE', 'the one that had applied them has lost nothing');
resync('retention');
change(0, 'k0', 'afterwards');
becomes('k0', 'afterwards', 'it goes on behind what was lost');

# ---- out of range for whoever was held up ----------------------------------------------------------

my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE vehicle_service IN SHARE MODE');
change(0, 'k1', map { "passed$_" } 1 .. 5);
wait_for_index($node, 'who is not locked out goes on', undef, 'beside');

# what a consumer has in hand already is not lost
query('SELECT yottastore.stop_workers()');
comes("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'", 'nobody holds events');
delete_records($topic, 0, 10);
query('SELECT yottastore.start_workers()');
$locker->query_safe('COMMIT');
$locker->quit;
is_incomplete('no longer holds offset', 'events deleted while the table was locked');
is(query(q{SELECT kind FROM beside WHERE vehicle_id = 'k1'}), 'passed5', 'the other policy has them');
is(query(q{SELECT phase FROM yottastore.index_policies WHERE policy = 'beside'}), 'LIVE', 'and is complete');
resync('out of range');

# ---- lost in the middle of a resync ---------------------------------------------------------------

put_vehicle($table, "r$_", { type => { S => "kind$_" } }) foreach 1 .. 60;
$fleet{"r$_"} = "kind$_" foreach 1 .. 60;
$node->append_conf('postgresql.conf', 'yottastore.backfill_rate = 2');
$node->reload;
my $job = query(q{SELECT yottastore.index_resync_start('vehicle_service')});
comes("SELECT phase = 'BACKFILL' FROM yottastore.index_policies WHERE policy = 'vehicle_service'", 'a resync is under way');
delete_topic($topic);
create_topic($topic, 1);
is_incomplete('deleted and made anew', 'a stream that is lost meanwhile is noticed');
isnt(query("SELECT state FROM yottastore_internal.job WHERE job_id = $job"), 'DONE', 'that resync does not count as done');
$node->append_conf('postgresql.conf', 'yottastore.backfill_rate = 0');
$node->reload;
query(q{SELECT yottastore.index_resync_start('beside')});
resync('another resync');
is(query("SELECT state FROM yottastore_internal.job WHERE job_id = $job"), 'STOPPED', 'which took the place of the first');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
