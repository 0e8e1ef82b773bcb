# Workers' memory does not grow with what has gone through them: after several times as much it is as it was,
# the server's contexts nearly to the byte, and what libraries hold beside them but for their buffers.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant EVENTS => 40_000;    # in a round, by the stream worker
use constant ITEMS => 2_500;      # and by the relay
use constant ROUNDS => 4;
use constant CONTEXTS_SLACK_KB => 2 * 1024;
use constant KEPT_KB => 40 * 1024;    # 32 MB of one arena, and what else there is
use constant RESIDENT_SLACK_KB => 96 * 1024;    # librdkafka's queue holds up to 64 MB

my $node = new_node('memory');
my ($table, $topic) = (unique_name('vehicles'), unique_name('vehicles'));

sub query { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }

produce($topic, 'none', 'there before the policy', partition => 0);
create_documents($node, table => $table, topic => $topic, relay => 1);
query(<<'END');
SELECT yottastore.create_index_policy('kinds', 'vehicles', 'fleet_changes', attributes => 'all',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['kind']), yottastore.field('odo', 'numeric', ARRAY['odo'])]);
END
$node->poll_query_until('postgres', "SELECT p.phase = 'LIVE' AND r.phase = 'LIVE' FROM yottastore.index_policies p, yottastore.relay_status r")
  or die('not live');

# One in a hundred events is malformed, one in ten items is deleted, values of a kind that is rejected come, too.
my $n = 0;

sub event
{
	my ($id) = @_;
	$n++;
	return [ qq({"id":"v$id"}), '{"kind":' ] if $n % 100 == 0;
	return [ qq({"id":"v$id"}), 'null' ] if $n % 10 == 0;
	my $odo = $n % 7 == 0 ? 'far' : $n;
	return [ qq({"id":"v$id"}), qq({"kind":"k$n","odo":"$odo","parts":[{"name":"wheel","n":4},{"name":"door","n":$n}],"text":") . 'x' x ($n % 200) . '"}' ];
}

sub put_items
{
	foreach my $first (map { $_ * 25 } 0 .. ITEMS / 25 - 1)
	{
		store_api('BatchWriteItem', { RequestItems => { $table => [
			map { { PutRequest => { Item => { id => { S => "v$_" }, kind => { S => 'k' . $n++ } } } } } $first .. $first + 24 ] } });
	}
	return;
}

# The process, what its memory contexts hold, and what is resident, in kB.
sub measure
{
	my ($type) = @_;
	my $seen = -s $node->logfile;
	my $pid = query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore $type'");
	query("SELECT pg_log_backend_memory_contexts($pid)");
	$node->wait_for_log(qr/ \[$pid\] .*Grand total: \d+ bytes/, $seen);
	my ($bytes) = slurp_file($node->logfile, $seen) =~ / \[$pid\] .*Grand total: (\d+) bytes/;
	# what the worker keeps for its next batches has a bound, which it comes near only in time
	my ($kept) = slurp_file($node->logfile, $seen) =~ / \[$pid\] .*; yottastore stream worker: (\d+) total/;
	my ($kb) = slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m;
	return { pid => $pid, contexts => int(($bytes - ($kept // 0)) / 1024), kept => int(($kept // 0) / 1024), resident => $kb };
}

my (%first, %last);
foreach my $round (0 .. ROUNDS)
{
	produce_many($topic, [ map { event(int rand 5000) } 1 .. EVENTS ], partition => 0);
	put_items();
	is(query("SELECT yottastore.index_wait('kinds', timeout => '60 s')"), 't', "round $round is applied");
	ok($node->poll_query_until('postgres', 'SELECT records_produced >= ' . ($round + 1) * ITEMS . ' FROM yottastore.relay_status'), 'and produced');
	query("SELECT yottastore.quarantine_discard('kinds')");
	foreach my $type ('stream worker', 'relay')
	{
		$last{$type} = measure($type);
		# what there is once of everything has been there after the second
		$first{$type} = $last{$type} if $round == 1;
	}
}
foreach my $type (sort keys %last)
{
	my ($then, $now) = ($first{$type}, $last{$type});
	is($now->{pid}, $then->{pid}, "it was the same $type all the time");
	note sprintf 'contexts %d kB, resident %d kB after two rounds; %d and %d kB after %d', @$then{qw(contexts resident)}, @$now{qw(contexts resident)}, ROUNDS + 1;
	cmp_ok($now->{contexts} - $then->{contexts}, '<', CONTEXTS_SLACK_KB, 'its contexts do not grow');
	cmp_ok($now->{kept}, '<', KEPT_KB, 'what it keeps has its bound');
	cmp_ok($now->{resident} - $then->{resident}, '<', RESIDENT_SLACK_KB, 'nor does the process');
}

$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
