# The relay over a stream as the service documents it but the local store never shows it: shards
# that split, empty pages on the way, iterators that expire, throttling, trimming, shards that are
# forgotten.  Played by a scripted responder; the broker is real.
use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use YottaTest;

my $node = new_node('shards');
my $folder = PostgreSQL::Test::Utils::tempdir();
my $json = JSON::PP->new->canonical;

# ---- the responder ---------------------------------------------------------------------------
#
# One file a table tells what its stream holds: shards, in the order they are described, as
# { id, parent, closed, trimmed, records => [[sequence, key, n, created], ...] }, trimmed being how
# many records are gone.  <table>.<operation> holds errors to answer with first, one a line.

sub describe
{
	my ($table, @shards) = @_;
	append_to_file("$folder/$table.new", $json->encode(\@shards));
	rename("$folder/$table.new", "$folder/$table") or die "$table: $!";
	return;
}

# An error is taken once.
sub next_error
{
	my ($table, $operation) = @_;
	my $file = "$folder/$table.$operation";
	return unless -s $file;
	my ($error, @rest) = split /\n/, slurp_file($file);
	unlink $file;
	append_to_file($file, join('', map { "$_\n" } @rest)) if @rest;
	return $error;
}

sub described_table
{
	my ($table) = @_;
	return {
		Table => {
			TableName => $table,
			TableStatus => 'ACTIVE',
			KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
			AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
			LatestStreamArn => $table,
			StreamSpecification =>
			  { StreamEnabled => JSON::PP::true, StreamViewType => 'NEW_AND_OLD_IMAGES' },
		}
	};
}

# Two shards a page.
sub described_stream
{
	my ($request, @shards) = @_;
	if (my $after = $request->{ExclusiveStartShardId})
	{
		shift @shards while $shards[0]{id} ne $after;
		shift @shards;
	}
	my @page = splice @shards, 0, 2;
	return {
		StreamDescription => {
			StreamArn => $request->{StreamArn},
			Shards => [
				map {
					{
						ShardId => $_->{id},
						$_->{parent} ? (ParentShardId => $_->{parent}) : (),
						SequenceNumberRange => { StartingSequenceNumber => '1' }
					}
				} @page
			],
			@shards ? (LastEvaluatedShardId => $page[-1]{id}) : (),
		}
	};
}

# An iterator is stream, shard, position and how often it has been read.
sub iterator_for
{
	my ($request, @shards) = @_;
	my ($shard) = grep { $_->{id} eq $request->{ShardId} } @shards;
	my $position = $shard->{trimmed} // 0;
	if ($request->{ShardIteratorType} eq 'AFTER_SEQUENCE_NUMBER')
	{
		my @records = @{ $shard->{records} };
		my ($last) = grep { $records[$_][0] eq $request->{SequenceNumber} } 0 .. $#records;
		return 'TrimmedDataAccessException' if $last + 1 < $position;
		$position = $last + 1;
	}
	return { ShardIterator => "$request->{StreamArn} $shard->{id} $position 0" };
}

# Two records a page, after two empty pages at the start.
sub records_at
{
	my ($id, $position, $reads, @shards) = @_;
	my ($shard) = grep { $_->{id} eq $id } @shards;
	my @records = @{ $shard->{records} };
	return 'TrimmedDataAccessException' if $position < ($shard->{trimmed} // 0);
	my $end = $reads < 2 ? $position : $position + 2;
	$end = @records if $end > @records;
	my @page = map {
		{
			eventID => $_->[0],
			eventName => 'MODIFY',
			dynamodb => {
				ApproximateCreationDateTime => $_->[3],
				Keys => { id => { S => $_->[1] } },
				NewImage => { id => { S => $_->[1] }, n => { N => "$_->[2]" } },
				SequenceNumber => $_->[0],
			}
		}
	} @records[ $position .. $end - 1 ];
	$reads++;
	return {
		Records => \@page,
		$shard->{closed} && $end == @records && $reads > 2
		? ()
		: (NextShardIterator => "$shard->{stream} $id $end $reads")
	};
}

sub answer
{
	my ($operation, $request) = @_;
	my ($stream, @iterator) = split / /,
	  $request->{TableName} // $request->{StreamArn} // $request->{ShardIterator};
	my $error = next_error($stream, $operation);
	return $error if $error;
	return described_table($stream) if $operation eq 'DescribeTable';

	my @shards = map { { %$_, stream => $stream } } @{ $json->decode(slurp_file("$folder/$stream")) };
	return described_stream($request, @shards) if $operation eq 'DescribeStream';
	return iterator_for($request, @shards) if $operation eq 'GetShardIterator';
	return records_at(@iterator, @shards);
}

sub serve_connection
{
	my ($client) = @_;
	while (defined(my $line = <$client>))
	{
		my ($operation, $length) = ('', 0);
		while (defined($line = <$client>) && $line =~ /\S/)
		{
			$operation = $1 if $line =~ /^X-Amz-Target:.*\.(\w+)/i;
			$length = $1 if $line =~ /^Content-Length:\s*(\d+)/i;
		}
		read($client, my $body, $length);
		my $answer = answer($operation, $json->decode($body));
		my $text = $json->encode(ref $answer ? $answer : { __type => "played#$answer", message => 'played' });
		printf {$client} "HTTP/1.1 %s\r\nContent-Type: application/x-amz-json-1.0\r\n"
		  . "Content-Length: %d\r\n\r\n%s",
		  ref $answer ? '200 OK' : '400 Bad Request', length $text, $text;
	}
	return;
}

my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', ReuseAddr => 1)
  or die "no responder: $!";
my $port = $listener->sockport;
my $responder = fork() // die "no responder: $!";
if ($responder == 0)
{
	local $SIG{CHLD} = 'IGNORE';
	while (my $client = $listener->accept)
	{
		next if fork();
		close $listener;
		$client->autoflush(1);
		eval { serve_connection($client); 1 } or warn $@;
		POSIX::_exit(0);    # the END blocks are the test's own
	}
	POSIX::_exit(0);
}
close $listener;

# ---- tables and relays -----------------------------------------------------------------------

create_servers($node, store => "http://127.0.0.1:$port");

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
describe('split', @split);
append_to_file("$folder/split.GetRecords",
	"ExpiredIteratorException\nLimitExceededException\nProvisionedThroughputExceededException\n");
append_to_file("$folder/split.DescribeStream", "ThrottlingException\n");
create_relay('split');
status_becomes('split', "phase = 'LIVE' AND records_produced = 7 AND open_shards = 1");

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

describe('split', { %{ $split[0] }, closed => 1 },
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
describe('trimmed', \%open);
create_relay('trimmed');
changes_become('trimmed', '1@0 2@0 3@0 4@0', 'an open shard is read');
status_becomes('trimmed', "phase = 'LIVE'");

# six more, of which the store has dropped two before they were read
push @{ $open{records} }, map { [ "1$_", 'c', $_, $past + $_ ] } 5 .. 10;
describe('trimmed', { %open, trimmed => 6 });
status_becomes('trimmed', "phase = 'INCOMPLETE' AND reason LIKE 'shard open: %trimmed%'");
changes_become('trimmed', '1@0 2@0 3@0 4@0 7@0 8@0 9@0 10@0', 'what is left is read');

describe('forgotten', { id => 'first', records => [ [ '1', 'd', 1, $past ] ] });
create_relay('forgotten');
changes_become('forgotten', '1@0', 'another shard is read');
describe('forgotten', { id => 'later', parent => 'between', records => [ [ '1', 'd', 2, $past ] ] });
status_becomes('forgotten', "phase = 'INCOMPLETE' AND reason LIKE 'shard first: %forgot%'");
changes_become('forgotten', '1@0 2@1', 'a shard of unknown descent outranks those known');

# ---- restarted: what was told stays told, what was read stays read -----------------------------

restart_relays();
push @{ $open{records} }, [ '111', 'c', 11, $past + 11 ];
describe('trimmed', { %open, trimmed => 6 });
changes_become('trimmed', '1@0 2@0 3@0 4@0 7@0 8@0 9@0 10@0 11@0', 'a restarted relay goes on');
status_becomes('trimmed', "phase = 'INCOMPLETE' AND reason LIKE 'shard open: %trimmed%'");
status_becomes('split', "phase = 'LIVE' AND records_produced = 8");

# ---- a number no version can hold --------------------------------------------------------------

describe('odd', { id => 'odd', records => [ [ '1' x 41, 'e', 1, $past ] ] });
create_relay('odd');
status_becomes('odd', "records_produced = 0 AND reason LIKE '%sequence number%40 digits%'");

$node->stop;
done_testing();

END
{
	kill('TERM', $responder) if $responder;
}
