# ----------------------------------------------------------------------------------------------
# YottaShards.pm
#     A store that has no items, only streams, told what they hold: for what the service documents and the
#     local store never shows. Shards split, pages are empty on the way, iterators expire,
#     records are trimmed, clocks differ.
#
#     my $shards = YottaShards->new;                listens on $shards->url
#     $shards->describe($table, { id, parent, closed, trimmed, start, records }, ...)
#         what the table's stream holds, in the order of its description; trimmed is how many
#         records are gone, start the number the shard began with if not 1, a record is
#         [sequence, key, n, created]
#     $shards->fail($table, $operation, $error, ...)    errors to answer with first
#     $shards->set_clock($seconds)                  how far its clock is ahead of ours; undef: untold
#     $shards->set_created($time)                   when its streams were made, if not two days ago
# ----------------------------------------------------------------------------------------------
package YottaShards;

use strict;
use warnings;

use Carp;
use File::Temp;
use IO::Socket::INET;
use JSON::PP;
use POSIX ();

my $json = JSON::PP->new->canonical;
my @children;
my $owner = $$;

sub new
{
	my ($class) = @_;
	my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', ReuseAddr => 1)
	  or croak "no responder: $!";
	my $self = bless {
		port => $listener->sockport,
		folder => File::Temp->newdir('yottashards.XXXXXX', TMPDIR => 1),
	}, $class;
	my $pid = fork() // croak "no responder: $!";
	if ($pid == 0)
	{
		local $SIG{CHLD} = 'IGNORE';
		while (my $client = $listener->accept)
		{
			next if fork();
			close $listener;
			$client->autoflush(1);
			eval { $self->_serve($client); 1 } or warn $@;
			POSIX::_exit(0);    # the END blocks are the test's own
		}
		POSIX::_exit(0);
	}
	push @children, $pid;
	return $self;
}

sub url { my ($self) = @_; return "http://127.0.0.1:$self->{port}"; }

# The responder reads a file as it is at the time, never a half of it.
sub _write
{
	my ($self, $name, $text) = @_;
	my $file = "$self->{folder}/$name";
	open(my $handle, '>', "$file.new") or croak "$file: $!";
	print {$handle} $text;
	close $handle or croak "$file: $!";
	rename("$file.new", $file) or croak "$file: $!";
	return;
}

sub _read
{
	my ($self, $name) = @_;
	open(my $handle, '<', "$self->{folder}/$name") or return;
	local $/ = undef;
	return scalar <$handle>;
}

sub describe
{
	my ($self, $table, @shards) = @_;
	$self->_write($table, $json->encode(\@shards));
	return;
}

sub fail
{
	my ($self, $table, $operation, @errors) = @_;
	$self->_write("$table.$operation", join('', map { "$_\n" } @errors));
	return;
}

sub set_clock { my ($self, $ahead) = @_; $self->_write('clock', $ahead // 'untold'); return; }

sub set_created { my ($self, $time) = @_; $self->_write('created', $time); return; }

# ---- the responder's own process -------------------------------------------------------------

# An error is taken once.
sub _next_error
{
	my ($self, $table, $operation) = @_;
	my ($error, @rest) = split /\n/, $self->_read("$table.$operation") // '';
	$self->_write("$table.$operation", join('', map { "$_\n" } @rest)) if defined $error;
	return $error;
}

sub _described_table
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
sub _described_stream
{
	my ($created, $request, @shards) = @_;
	if (my $after = $request->{ExclusiveStartShardId})
	{
		shift @shards while $shards[0]{id} ne $after;
		shift @shards;
	}
	my @page = splice @shards, 0, 2;
	return {
		StreamDescription => {
			StreamArn => $request->{StreamArn},
			CreationRequestDateTime => $created + 0,
			Shards => [
				map {
					{
						ShardId => $_->{id},
						$_->{parent} ? (ParentShardId => $_->{parent}) : (),
						SequenceNumberRange => { StartingSequenceNumber => $_->{start} // '1' }
					}
				} @page
			],
			@shards ? (LastEvaluatedShardId => $page[-1]{id}) : (),
		}
	};
}

# An iterator is stream, shard, position and how often it has been read.
sub _iterator_for
{
	my ($request, @shards) = @_;
	my ($shard) = grep { $_->{id} eq $request->{ShardId} } @shards;
	my $position = $shard->{trimmed} // 0;
	if ($request->{ShardIteratorType} eq 'AT_SEQUENCE_NUMBER')
	{
		return 'ValidationException' if $request->{SequenceNumber} ne ($shard->{start} // '1');
		return 'TrimmedDataAccessException' if $position > 0;
	}
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
sub _records_at
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

sub _answer
{
	my ($self, $operation, $request) = @_;
	return { Responses => { map { $_ => [] } keys %{ $request->{RequestItems} } }, UnprocessedKeys => {} }
	  if $operation eq 'BatchGetItem';
	my ($stream, @iterator) = split / /,
	  $request->{TableName} // $request->{StreamArn} // $request->{ShardIterator};
	my $error = $self->_next_error($stream, $operation);
	return $error if $error;
	return _described_table($stream) if $operation eq 'DescribeTable';
	return { Items => [], Count => 0, ScannedCount => 0 } if $operation eq 'Scan';

	my @shards = map { { %$_, stream => $stream } } @{ $json->decode($self->_read($stream)) };
	return _described_stream($self->_read('created') // time() - 172_800, $request, @shards)
	  if $operation eq 'DescribeStream';
	return _iterator_for($request, @shards) if $operation eq 'GetShardIterator';
	return _records_at(@iterator, @shards);
}

sub _date
{
	my ($self) = @_;
	my $ahead = $self->_read('clock') // 0;
	return $ahead eq 'untold'
	  ? ''
	  : POSIX::strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime(time() + $ahead));
}

sub _serve
{
	my ($self, $client) = @_;
	while (defined(my $line = <$client>))
	{
		my ($operation, $length) = ('', 0);
		while (defined($line = <$client>) && $line =~ /\S/)
		{
			$operation = $1 if $line =~ /^X-Amz-Target:.*\.(\w+)/i;
			$length = $1 if $line =~ /^Content-Length:\s*(\d+)/i;
		}
		read($client, my $body, $length);
		my $answer = $self->_answer($operation, $json->decode($body));
		my $text = $json->encode(ref $answer ? $answer : { __type => "played#$answer", message => 'played' });
		printf {$client} "HTTP/1.1 %s\r\nContent-Type: application/x-amz-json-1.0\r\n%s"
		  . "Content-Length: %d\r\n\r\n%s",
		  ref $answer ? '200 OK' : '400 Bad Request', $self->_date, length $text, $text;
	}
	return;
}

END
{
	if ($$ == $owner)
	{
		my $code = $?;
		kill 'TERM', $_ foreach @children;
		waitpid $_, 0 foreach @children;
		$? = $code;
	}
}

1;
