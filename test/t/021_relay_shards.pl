# The relay over a stream as the service documents it but the local store never shows it: shards
# that split, empty pages on the way, iterators that expire, throttling, trimming, shards that are
# forgotten.  Played by a scripted responder; the broker is real.
use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(usleep);
use YottaShards;
use YottaTest;

my $node = new_node('shards');
my $shards = YottaShards->new;

# ---- tables and relays -----------------------------------------------------------------------

create_servers($node, store => $shards->url);

# One partition, so that the topic shows in which order the relay read.
sub create_relay
{
	my ($table) = @_;
	my $brokers = kafka_brokers();
	$node->safe_psql('postgres', <<"END");
CREATE FOREIGN TABLE $table (id text OPTIONS (key 'partition') NOT NULL)
  SERVER fleet OPTIONS (table '$table');
CREATE SERVER ${table}_changes FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers '$brokers', topic '$table', format 'dynamodb');
SELECT yottastore.create_relay('$table', '$table', '${table}_changes', 1);
END
	return;
}

sub status_becomes
{
	my ($table, $condition) = @_;
	ok( $node->poll_query_until(
			'postgres', "SELECT $condition FROM yottastore.relay_status WHERE relay = '$table'"),
		"$table: $condition")
	  or diag($node->safe_psql('postgres', 'SELECT * FROM yottastore.relay_status'));
	return;
}

# The relays' processes, which the supervisor then replaces.
sub restart_relays
{
	$node->safe_psql('postgres',
		"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'yottastore relay'"
	);
	return;
}

# A topic's messages as [n or watermark, generation or undef], in order.
sub produced
{
	my ($table) = @_;
	my @produced;
	foreach my $message (consume($table))
	{
		my %headers = @{ $message->{headers} };
		my ($generation) = ($headers{'yottastore-position'} // '') =~ /^(\d+):/;
		push @produced,
		  defined $generation
		  ? [ decode_json($message->{payload})->{dynamodb}{NewImage}{n}{N}, $generation ]
		  : [ $headers{'yottastore-watermark'} ];
	}
	return @produced;
}

# Only changes: "n@generation", generations counted from the first.
sub changes
{
	my @changes = grep { defined $_->[1] } produced(@_);
	return join ' ', map { "$_->[0]\@" . ($_->[1] - $changes[0][1]) } @changes;
}

sub changes_become
{
	my ($table, $expected, $what) = @_;
	my $found = '';
	foreach (1 .. 150)
	{
		$found = eval { changes($table) } // '';
		last if $found eq $expected;
		usleep(200_000);
	}
	is($found, $expected, $what);
	return;
}

# ---- shards that split, trouble on the way -----------------------------------------------------

# n is what the order of reading must be; the description has children before parents
my $past = time() - 3600;
my @left = ([ '210', 'a', 4, $past + 20 ], [ '220', 'a', 5, $past + 21 ]);
my @right = ([ '50', 'b', 6, $past + 22 ]);
my @split = (
	{ id => 'grandchild', parent => 'left', records => [ [ '7', 'a', 7, $past + 30 ] ] },
	{ id => 'left', parent => 'root', closed => 1, records => \@left },
	{ id => 'right', parent => 'root', closed => 1, records => \@right },
	{
		id => 'root',
		parent => 'trimmed long ago',
		closed => 1,
		records => [
			[ '100000000000000000000000000001', 'a', 1, $past ],
			[ '100000000000000000000000000002', 'b', 2, $past + 1 ],
			[ '100000000000000000000000000010', 'a', 3, $past + 10 ],
		]
	});
$shards->describe('split', @split);
$shards->fail('split', 'GetRecords', 'ExpiredIteratorException', 'LimitExceededException',
	'ProvisionedThroughputExceededException');
$shards->fail('split', 'DescribeStream', 'ThrottlingException');
create_relay('split');
status_becomes('split', "phase = 'LIVE' AND records_produced = 7 AND open_shards = 1 AND waiting_shards = 0 "
	  . "AND finished_shards = 3 AND checkpoint = '{\"grandchild\": \"7\"}' AND losses = 0");
status_becomes('split', 'store_throttles = 3 AND store_retries >= 3 AND restarts = 0');

my %generation = map { $_->[0] => $_->[1] } grep { defined $_->[1] } produced('split');
my @order = map { $_->[0] } grep { defined $_->[1] } produced('split');
is(join(' ', sort @order), '1 2 3 4 5 6 7', 'each change is produced once');
my %place = map { $order[$_] => $_ } 0 .. $#order;
ok( !(grep { $place{3} > $place{$_} } 4, 6), 'a parent is read to its end before its children');
ok($place{5} < $place{7}, 'and they before theirs');
is( join(' ', map { $generation{$_} - $generation{1} } 1 .. 7),
	'0 0 0 1 1 1 2',
	'generations grow along the lineage');

my ($watermark, @beyond) = (0);
foreach my $entry (produced('split'))
{
	$watermark = $entry->[0] unless defined $entry->[1];
	push @beyond, $entry->[0]
	  if defined $entry->[1] && $watermark >= ($past + 1) * 1_000_000;
}
is_deeply(\@beyond, [], 'no watermark was told before everything older was produced');

# ---- the store forgets what has been read ------------------------------------------------------

$shards->describe('split', { %{ $split[0] }, closed => 1 },
	{ id => 'youngest', parent => 'grandchild', records => [ [ '1', 'a', 8, $past + 40 ] ] });
ok( $node->poll_query_until(
		'postgres',
		"SELECT string_agg(shard_id, ' ' ORDER BY shard_id) = 'grandchild youngest' "
		  . "FROM yottastore_internal.relay_shard"),
	'shards the store has forgotten are forgotten');
status_becomes('split', "phase = 'LIVE' AND records_produced = 8");
is((split / /, changes('split'))[-1], '8@3', 'and generations go on');

# ---- and what has not been read ----------------------------------------------------------------

my %open = (id => 'open', records => [ map { [ "1$_", 'c', $_, $past + $_ ] } 1 .. 4 ]);
$shards->describe('trimmed', \%open);
create_relay('trimmed');
changes_become('trimmed', '1@0 2@0 3@0 4@0', 'an open shard is read');
status_becomes('trimmed', "phase = 'LIVE'");

# six more, of which the store has dropped two before they were read
push @{ $open{records} }, map { [ "1$_", 'c', $_, $past + $_ ] } 5 .. 10;
$shards->describe('trimmed', { %open, trimmed => 6 });
status_becomes('trimmed', "phase = 'LIVE' AND losses = 1 AND last_loss LIKE 'shard open: %trimmed%'");
changes_become('trimmed', '1@0 2@0 3@0 4@0 7@0 8@0 9@0 10@0', 'what is left is read');

$shards->describe('forgotten', { id => 'first', records => [ [ '1', 'd', 1, $past ] ] });
create_relay('forgotten');
changes_become('forgotten', '1@0', 'another shard is read');
$shards->describe('forgotten', { id => 'later', parent => 'between', records => [ [ '1', 'd', 2, $past ] ] });
status_becomes('forgotten', "phase = 'LIVE' AND losses = 1 AND last_loss LIKE 'shard first: %forgot%'");
changes_become('forgotten', '1@0 2@1', 'a shard of unknown descent outranks those known');

# ---- restarted: what was told stays told, what was read stays read -----------------------------

restart_relays();
push @{ $open{records} }, [ '111', 'c', 11, $past + 11 ];
$shards->describe('trimmed', { %open, trimmed => 6 });
changes_become('trimmed', '1@0 2@0 3@0 4@0 7@0 8@0 9@0 10@0 11@0', 'a restarted relay goes on');
status_becomes('trimmed', "phase = 'LIVE' AND losses = 1 AND last_loss LIKE 'shard open: %trimmed%'");
status_becomes('split', "phase = 'LIVE' AND records_produced = 8 AND restarts > 0");

# ---- a number no version can hold --------------------------------------------------------------

$shards->describe('odd', { id => 'odd', records => [ [ '1' x 41, 'e', 1, $past ] ] });
create_relay('odd');
status_becomes('odd', "records_produced = 0 AND reason LIKE '%sequence number%40 digits%'");

$node->stop;
done_testing();
