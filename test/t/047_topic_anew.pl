# A topic deleted and made anew, with as many, more or fewer partitions, grown past the old offsets or not: it is
# said, and a resync mends it.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;
use YottaTopics;

my $node = new_node('anew', conf => 'yottastore.backfill_segments = 1');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_topic($topic, 2);
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
	post($partition, $key, @kinds);
	return;
}

# Events alone.
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

sub resync
{
	my ($what) = @_;
	query(q{SELECT yottastore.index_resync_start('vehicle_service') AS job \gset
SELECT yottastore.job_wait(:job)});
	is(query('SELECT vehicle_id, kind FROM vehicle_service ORDER BY vehicle_id COLLATE "C"'),
		join("\n", map { "$_|$fleet{$_}" } sort keys %fleet), "$what: the index is what the store has");
	comes("SELECT phase = 'LIVE' FROM yottastore.index_policies", "$what: the policy goes on");
	return;
}

create_policy($node);
comes("SELECT phase = 'LIVE' FROM yottastore.index_policies", 'a policy on two partitions');
change(0, 'k0', map { "old$_" } 1 .. 30);
change(1, 'k1', map { "old$_" } 1 .. 30);
produce($topic, 'bad', 'no JSON', partition => 0);
becomes($_, 'old30', "$_ is applied") foreach 'k0', 'k1';
comes('SELECT count(*) = 1 FROM yottastore.quarantine', 'what can not be is kept');

# ---- as many partitions, grown past the old offsets ----------------------------------------------

comes('SELECT count(*) = 2 FROM yottastore_internal.anchor', 'the log is known by messages');
query('SELECT yottastore.stop_workers()');
delete_topic($topic);
create_topic($topic, 2);
post($_, "k$_", map { "other$_" } 1 .. 40) foreach 0, 1;
query('SELECT yottastore.start_workers()');
is_incomplete('deleted and made anew.*of another time', 'a log that grew past the old offsets is another');
unlike(query('SELECT string_agg(kind, $$,$$) FROM vehicle_service'), qr/other/, 'nothing of it was applied');
resync('grown past');
change(0, 'k0', 'resynced');
becomes('k0', 'resynced', 'it goes on in the new log');

# ---- as many, under a worker that follows it; the same offsets again ------------------------------

delete_topic($topic);
comes(q{SELECT reason ~ 'topic' FROM yottastore.index_policies}, 'that it is gone is said');
create_topic($topic, 2);
is_incomplete('deleted and made anew', 'and that it is another');
resync('under a worker');
change(0, 'k0', map { "again$_" } 1 .. 30);
produce($topic, 'bad', 'no JSON either', partition => 0);
becomes('k0', 'again30', 'events at offsets that were there before are applied');
comes(q{SELECT count(*) = 1 AND bool_and(payload = 'no JSON either') FROM yottastore.quarantine},
	'and what can not be is kept in place of what was at its offset');

# ---- more partitions, where there was nothing beyond --------------------------------------------

query('SELECT yottastore.stop_workers()');
delete_topic($topic);
create_topic($topic, 4);
query('SELECT yottastore.start_workers()');
is_incomplete('deleted and made anew', 'more partitions, but of another log');
resync('more partitions');
change(3, 'k3', 'new');
becomes('k3', 'new', 'it goes on in all of them');

# ---- fewer, and a policy that is paused -----------------------------------------------------------

query(q{SELECT yottastore.pause_index_policy('vehicle_service'), yottastore.stop_workers()});
delete_topic($topic);
create_topic($topic, 1);
query('SELECT yottastore.start_workers()');
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
is_incomplete('deleted and made anew', 'fewer partitions are of another log');
resync('fewer partitions');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
