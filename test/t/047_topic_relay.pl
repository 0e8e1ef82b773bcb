# Partitions added to a relay's topic: the relay's versions compare across partitions, and what its watermarks say holds
# for partitions that a policy does not follow yet.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;
use YottaTopics;

my $seed = $ENV{YS_SEED} // time;
note "YS_SEED=$seed";
srand $seed;

my $node = new_node('grown');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_topic($topic, 2);
create_fleet($node, table => $table, topic => $topic);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub comes
{
	my ($sql, $what) = @_;
	ok($node->poll_query_until('postgres', $sql), $what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p UNION ALL SELECT row_to_json(o) FROM yottastore_internal.position o
		UNION ALL SELECT row_to_json(r) FROM yottastore.relay_status r'));
	return;
}

# Another process of the same kind takes its place.
sub restart
{
	my ($kind) = @_;
	my $pid = query("SELECT pid FROM pg_stat_activity WHERE backend_type ~ '$kind'");
	query("SELECT pg_terminate_backend($pid)");
	comes("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type ~ '$kind' AND pid <> $pid", "the $kind is another");
	return;
}

create_policy($node);
write_vehicles($table, 100, 30);
wait_for_index($node, 'two partitions');

# The worker looks at the topic when it starts, and not again for ten seconds; the relay hears of the growth at once.
restart('stream');
write_vehicles($table, 20, 30);
wait_for_index($node, 'the worker has begun');
grow_topic($topic, 6);
restart('relay');
foreach my $round (1 .. 5)
{
	write_vehicles($table, 20, 30);
	wait_for_index($node, "round $round after the growth");
	is(index_rows($node), fleet_rows($table), "round $round: what is promised is there");
}
is(query('SELECT count(*) FROM yottastore_internal.position'), '6', 'all partitions are followed');
is(query('SELECT topic_partitions FROM yottastore.relay_status'), '6', 'and produced to');

# Nobody hears of this one at once.
grow_topic($topic, 9);
write_vehicles($table, 200, 30);
comes('SELECT topic_partitions = 9 FROM yottastore.relay_status', 'a relay that runs hears of it');
write_vehicles($table, 100, 30);
wait_for_index($node, 'nine partitions');
is(index_rows($node), fleet_rows($table), 'the index is what the store has');
my %used = map { $_->{partition} => 1 } grep { defined $_->{key} } consume($topic);
is(scalar keys %used, 9, 'keys use all partitions');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
