# Partitions added while an application writes, twice, under two workers: keys change their partitions, and in the end
# the index is what the store has.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;
use YottaTopics;

use constant KEYS => 60;

my $seed = $ENV{YS_SEED} // time;
note "YS_SEED=$seed";
srand $seed;

my $node = new_node('keys');
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

# Changes of random vehicles, deletions among them: what became of each goes to the store, all of them to the
# topic, into the partitions that the keys have now.
my %fleet;
my $written = 0;

sub change_many
{
	my ($count) = @_;
	my @messages;
	foreach (1 .. $count)
	{
		my $id = sprintf 'v%03d', int rand KEYS;
		$written++;
		$fleet{$id} = rand() < 0.15 ? undef : "kind$written";
		push @messages, [ $id, defined $fleet{$id} ? qq({"type": "$fleet{$id}"}) : '' ];
	}
	produce_many($topic, \@messages, tombstones => 1);
	return;
}

sub save_fleet
{
	foreach my $id (sort keys %fleet)
	{
		defined $fleet{$id} ? put_vehicle($table, $id, { type => { S => $fleet{$id} } }) : delete_vehicle($table, $id);
	}
	return;
}

sub index_is_store
{
	my ($what) = @_;
	is(query('SELECT vehicle_id, kind FROM vehicle_service ORDER BY vehicle_id COLLATE "C"'),
		join("\n", map { "$_|$fleet{$_}" } grep { defined $fleet{$_} } sort keys %fleet), $what);
	return;
}

query(q{ALTER SERVER fleet_changes OPTIONS (ADD workers '2')});
create_policy($node);
comes("SELECT phase = 'LIVE' FROM yottastore.index_policies", 'a policy on two partitions');
comes('SELECT count(*) = 2 FROM yottastore_internal.lease', 'and two workers');

foreach my $partitions (4, 8)
{
	change_many(300);
	grow_topic($topic, $partitions);
	change_many(100) foreach 1 .. 3;
	comes("SELECT count(*) = $partitions FROM yottastore_internal.position", "$partitions partitions are followed");
	change_many(100);
	wait_for_index($node, "$partitions partitions");
	index_is_store("$partitions partitions: the index is what was written");
}
is(query('SELECT layout FROM yottastore_internal.policy'), '2', 'the topic grew twice');
my %used = map { $_->{partition} => 1 } consume($topic);
is(scalar keys %used, 8, 'and its keys use all partitions');
save_fleet();
query(q{SELECT yottastore.index_resync_start('vehicle_service') AS job \gset
SELECT yottastore.job_wait(:job)});
index_is_store('a resync changes nothing');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
