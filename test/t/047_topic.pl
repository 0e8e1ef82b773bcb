# Partitions added to a topic under its workers, with keys that change theirs.
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

# ---- one item in two partitions -----------------------------------------------------------------

post(0, 'torn', 'here');
becomes('torn', 'here', 'an item of one partition');
post(1, 'torn', 'there');
comes(q{SELECT phase = 'INCOMPLETE' AND reason ~ 'another partition' FROM yottastore.index_policies},
	'whose next change is in another: nobody knows which is newer');
put_vehicle($table, 'torn', { type => { S => 'stored' } });
query(q{SELECT yottastore.index_resync_start('vehicle_service') AS job \gset
SELECT yottastore.job_wait(:job)});
is(query('SELECT vehicle_id, kind FROM vehicle_service'), 'torn|stored', 'a resync makes it what the store has');
comes("SELECT phase = 'LIVE' FROM yottastore.index_policies", 'and the policy goes on');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();

