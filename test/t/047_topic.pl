# What becomes of a topic under its workers: more partitions, with keys that change theirs; deleted and
# made anew, grown past the old offsets or not; its events deleted before they were applied.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;
use YottaTopics;

my $node = new_node('topic');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_topic($topic, 2);
create_fleet($node, table => $table, topic => $topic, format => 'document', relay => 0);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub comes
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p UNION ALL SELECT row_to_json(o) FROM yottastore_internal.position o'));
	return;
}

# Events of one key, in a partition of the test's choice.
sub post
{
	my ($partition, $key, @kinds) = @_;
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
	comes("SELECT phase = 'INCOMPLETE' AND reason ~ '$reason' FROM yottastore.index_policies", $what);
	return;
}

# The store has nothing: what a resync does away with is not of interest here.
sub resync
{
	my ($what) = @_;
	query(q{SELECT yottastore.index_resync_start('vehicle_service') AS job \gset
SELECT yottastore.job_wait(:job)});
	comes("SELECT phase = 'LIVE' FROM yottastore.index_policies", $what);
	return;
}

create_policy($node);
comes("SELECT phase = 'LIVE' FROM yottastore.index_policies", 'a policy on two partitions');
post(0, 'k', map { "old$_" } 1 .. 30);
post(1, 'm', 'first');
becomes('k', 'old30', 'events are applied');
becomes('m', 'first', 'of both partitions');

# ---- more partitions ---------------------------------------------------------------------------

# Its old events wait, and the new ones of the same key are in another partition, at a lower offset.
my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE vehicle_service IN SHARE MODE');
post(0, 'k', 'old31');
grow_topic($topic, 4);
comes('SELECT count(*) = 4 FROM yottastore_internal.position', 'new partitions are picked up');
post(3, 'k', 'new1');
post(1, 'm', 'second');
post(2, 'n', 'new');
is(query(q{SELECT kind FROM vehicle_service WHERE vehicle_id = 'k'}), 'old30', 'nothing was applied meanwhile');
$locker->query_safe('COMMIT');
becomes('k', 'new1', 'what comes in a new partition is newer');
becomes('m', 'second', 'and so is what comes in an old one');
becomes('n', 'new', 'events of new keys are applied');
is(query('SELECT layout FROM yottastore_internal.policy'), '1', 'the topic grew once');
is(query(q{SELECT events_stale FROM yottastore.index_policies}), '0', 'no event counts as stale');
post(3, 'k', 'new2');
becomes('k', 'new2', 'it goes on');

query(q{ALTER SERVER fleet_changes OPTIONS (ADD workers '2')});
comes('SELECT count(*) = 2 FROM yottastore_internal.lease', 'two workers');
grow_topic($topic, 5);
comes('SELECT count(*) = 5 FROM yottastore_internal.position', 'new partitions are picked up among two');
comes('SELECT count(*) = 2 FROM yottastore_internal.lease', 'both read it');
post(4, 'k', 'new3');
becomes('k', 'new3', 'and follow it');
query(q{ALTER SERVER fleet_changes OPTIONS (DROP workers)});

# ---- made anew ---------------------------------------------------------------------------------

comes('SELECT count(*) > 0 FROM yottastore_internal.anchor', 'the log is known by messages');
query('SELECT yottastore.stop_workers()');
delete_topic($topic);
create_topic($topic, 5);
post($_, "k$_", map { "other$_" } 1 .. 40) foreach 0 .. 4;
query('SELECT yottastore.start_workers()');
is_incomplete('deleted and made anew.*of another time', 'a log that grew past the old offsets is another');
unlike(query('SELECT string_agg(kind, $$,$$) FROM vehicle_service'), qr/other/, 'nothing of it was applied');
resync('mended by a resync');
post(0, 'r', 'resynced');
becomes('r', 'resynced', 'it goes on in the new log');

# under a worker that follows it
delete_topic($topic);
comes(q{SELECT reason ~ 'topic' FROM yottastore.index_policies}, 'that it is gone is said');
create_topic($topic, 5);
is_incomplete('deleted and made anew', 'and that it is another');
resync('mended again');
post(0, 'r', 'again');
becomes('r', 'again', 'it goes on in the next');

# with fewer partitions, and a policy that is paused
query(q{SELECT yottastore.pause_index_policy('vehicle_service'), yottastore.stop_workers()});
delete_topic($topic);
create_topic($topic, 1);
query('SELECT yottastore.start_workers()');
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
is_incomplete('deleted and made anew', 'fewer partitions are of another log');
resync('and mended once more');

# ---- retention ---------------------------------------------------------------------------------

post(0, 'r', 'kept');
becomes('r', 'kept', 'before a pause');
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
post(0, 'r', map { "lost$_" } 1 .. 5);
delete_records($topic, 0, 4);
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
is_incomplete('no longer holds offset', 'events deleted before they were applied');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
