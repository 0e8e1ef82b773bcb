# Stream worker and relay under valgrind: ci/test-valgrind has the server run in it. After a start, workers that
# have applied and relayed four times as much have not lost more than those with twice as much.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant EVENTS => 1_000;
use constant ITEMS => 100;
use constant SLACK_BYTES => 1024;

my $logs = $ENV{YS_VALGRIND_LOGS} // BAIL_OUT('this is run by ci/test-valgrind');
my $node = new_node('valgrind', conf => "log_min_messages = warning\nautovacuum = off");
my ($table, $topic) = (unique_name('vehicles'), unique_name('vehicles'));

sub query { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }

produce($topic, 'none', 'there before the policy', partition => 0);
create_documents($node, table => $table, topic => $topic, relay => 1, format => 'auto');
query(<<'END');
SELECT yottastore.create_index_policy('kinds', 'vehicles', 'fleet_changes', attributes => 'all',
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['kind'], normalizers => ARRAY['trim', 'lower']),
    yottastore.field('serviced', 'date', ARRAY['serviced'], formats => ARRAY['ISO', 'DD/MM/YYYY']),
    yottastore.field('odo', 'numeric', ARRAY['odo'], unit => 'km')]);
END

my $n = 0;
my $put = 0;

# Of all formats, one in twenty malformed.
sub event
{
	my $id = 'v' . $n++ % 300;
	my $key = qq({"id":"$id"});
	return [ $key, '{"kind":' ] if $n % 20 == 0;
	return [ $key, 'null' ] if $n % 20 == 1;
	return [ $key, qq({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"$id"}},"NewImage":{"id":{"S":"$id"},"kind":{"S":"Car $n"},"odo":{"N":"$n"}}}}) ] if $n % 3 == 0;
	return [ $key, qq({"op":"u","before":null,"after":{"id":"$id","kind":"Bus","serviced":"31/02/2024"},"source":{"table":"$table"}}) ] if $n % 3 == 1;
	return [ $key, qq({"kind":"Lorry","odo":"$n mi","serviced":"2024-05-06","parts":[{"n":1},{"n":$n}]}) ];
}

# The processes, by type, once they have done so many rounds' work and ended.
sub run_workers
{
	my ($rounds) = @_;
	query('SELECT yottastore.start_workers()');
	produce_many($topic, [ map { event() } 1 .. $rounds * EVENTS ], partition => 0);
	foreach (1 .. $rounds * ITEMS / 25)
	{
		store_api('BatchWriteItem', { RequestItems => { $table => [
			map { { PutRequest => { Item => { id => { S => "i$_" }, n => { N => '' . $n++ } } } } } 1 .. 25 ] } });
		$put += 25;
	}
	is(query("SELECT yottastore.index_wait('kinds', timeout => '600 s')"), 't', "$rounds rounds are applied");
	ok($node->poll_query_until('postgres', 'SELECT seconds_behind < 5 AND records_produced >= ' . $put . ' FROM yottastore.relay_status'), 'and relayed');
	my %pid = map { reverse split /\|/ } split /\n/,
	  query("SELECT pid, backend_type FROM pg_stat_activity WHERE backend_type ~ '^yottastore (stream worker|relay)'");
	query('SELECT yottastore.stop_workers()');
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'");
	return %pid;
}

# Bytes definitely lost by a process that has ended, when nothing was wrong with it.
sub lost
{
	my ($type, $pid) = @_;
	my $log;
	foreach (1 .. 600)
	{
		$log = slurp_file("$logs/$pid.log");
		last if $log =~ /ERROR SUMMARY/;
		select undef, undef, undef, 0.1;
	}
	my ($errors) = $log =~ /ERROR SUMMARY: (\d+) errors/;
	is($errors, '0', "$type: no invalid access") or diag($log);
	my ($bytes) = $log =~ /definitely lost: ([\d,]+) bytes/;
	return ($bytes // '0') =~ s/,//gr;
}

my @rounds = (1, 2, 4);
my %lost;
foreach my $rounds (@rounds)
{
	my %pid = run_workers($rounds);
	$lost{$_}{$rounds} = lost($_, $pid{$_}) foreach sort keys %pid;
}
foreach my $type (sort keys %lost)
{
	note "$type: " . join(', ', map { "$lost{$type}{$_} bytes lost after $_ rounds" } @rounds);
	cmp_ok($lost{$type}{4}, '<=', $lost{$type}{2} + SLACK_BYTES, "$type: nothing that is lost grows");
}

$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
