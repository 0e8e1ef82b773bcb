# Counters commit with what they count: after workers, backends and the whole server were killed while
# events came, each event was counted once. A stream without watermarks is waited for by its ends.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant ROUNDS => 5;
use constant EVENTS => 300;    # a round

my $seed = $ENV{YS_TEST_SEED} // time;
srand $seed;
note "seed $seed (YS_TEST_SEED)";

my $node = new_node('counters', conf => "restart_after_crash = on\nyottastore.batch_events = 20");
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic, relay => 0);
produce($topic, undef, 'there before the policy: not its business');
create_policy($node);
wait_for_index($node, 'the start');
is($node->safe_psql('postgres', "SELECT seconds IS NULL, complete_up_to IS NULL, events FROM yottastore.index_lag"),
	't|t|0', 'without watermarks no time is told');

my ($sent, $bytes, $bad) = (0, 0, 0);

sub send_some
{
	my @messages;
	foreach (1 .. EVENTS)
	{
		my $id = 'v' . int rand 200;
		my $key = qq({"vehicle_id":{"S":"$id"}});
		my $value = encode_json(
			{
				eventName => 'MODIFY',
				dynamodb => {
					ApproximateCreationDateTime => 1700000000,
					Keys => { vehicle_id => { S => $id } },
					NewImage => { vehicle_id => { S => $id }, type => { S => "kind$sent" } },
					SequenceNumber => "$sent",
				}
			});
		if (rand() < 0.02)
		{
			$value = 'no event';
			$bad++;
		}
		push @messages, [ $key, $value ];
		$bytes += length($key) + length $value;
		$sent++;
	}
	produce_many($topic, \@messages);
	return;
}

# The server restarts itself after one of its processes was killed.
sub wait_for_server
{
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my ($code) = $node->psql('postgres', 'SELECT 1');
		return if defined $code && $code == 0;
		select undef, undef, undef, 0.1;
	}
	die('the server does not come back');
}

# One of its processes, or all of them.
sub kill_something
{
	my ($what) = @_;
	if ($what eq 'server')
	{
		my ($pid) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)$/m;
		$node->kill9;
		select undef, undef, undef, 0.1 while kill 0, $pid;
		$node->start;
		return;
	}
	my $pid = $node->safe_psql('postgres',
		"SELECT COALESCE((SELECT pid FROM pg_stat_activity WHERE backend_type = '$what' LIMIT 1), 0)");
	kill 'KILL', $pid if $pid;
	wait_for_server();
	return;
}

foreach my $round (1 .. ROUNDS)
{
	send_some();
	kill_something(('yottastore stream worker', 'server', 'checkpointer')[ $round % 3 ]);
	my $now = $node->safe_psql('postgres', 'SELECT events, bytes FROM yottastore.index_stats');
	cmp_ok((split /\|/, $now)[0], '<=', $sent, "no event was counted twice by round $round");
}
wait_for_index($node, 'after the last kill');
is( $node->safe_psql('postgres',
		'SELECT events, bytes, events_applied + events_stale FROM yottastore.index_stats'),
	"$sent|$bytes|$sent", "each of $sent events was counted once");
is($node->safe_psql('postgres', 'SELECT events_quarantined, count(*) FROM yottastore.index_stats, yottastore.quarantine GROUP BY 1'),
	"$bad|$bad", 'so were the bad ones');
is( $node->safe_psql('postgres',
		'SELECT rows_inserted - rows_deleted = (SELECT count(*) FROM vehicle_service) FROM yottastore.index_stats'),
	't', 'rows that came and went are those there are');

$node->restart;
is($node->safe_psql('postgres', 'SELECT events FROM yottastore.index_stats'), $sent, 'counters survive a restart');

# a moment that has not come yet is waited for, and what arrives until then
my $waiter = $node->background_psql('postgres');
$waiter->query_until(qr/waiting/, "\\echo waiting\nSELECT yottastore.index_wait('vehicle_service', "
	  . "clock_timestamp() + interval '3 s', timeout => '$PostgreSQL::Test::Utils::timeout_default s');\n");
send_some();
$node->poll_query_until('postgres',
	"SELECT state = 'idle' FROM pg_stat_activity WHERE query LIKE 'SELECT yottastore.index_wait%'")
  or die('the wait does not end');
is($node->safe_psql('postgres', 'SELECT events FROM yottastore.index_stats'), $sent, 'up to a moment to come');
$waiter->quit;

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
