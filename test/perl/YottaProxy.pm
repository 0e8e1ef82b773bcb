# ----------------------------------------------------------------------------------------------
# YottaProxy.pm
#     A proxy before a store that fails as networks and nodes do, on command.
#
#     my $proxy = YottaProxy->new($store_url);      listens on $proxy->url
#     $proxy->fail('PutItem', 'mute', 2);           the next two PutItems:
#         lose    the request never reaches the store, the connection breaks
#         mute    the store gets it and answers, the connection breaks before the answer arrives
#         error   status 500, the store never gets it
#         late    the connection breaks, and the store gets it only behind the next GetItem
#         hang    nothing, until the client gives up
#         throttle  refused: the capacity is used up
#         part    of a BatchWriteItem: the store gets the first half, the rest is left unprocessed
#         none    the same, but all of it is left unprocessed
#     $proxy->ignore_expect                         no "100 Continue" from now on
#     $proxy->requests('GetItem')                   how many arrived
# ----------------------------------------------------------------------------------------------
package YottaProxy;

use strict;
use warnings;

use Carp;
use File::Temp;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use POSIX ();

my $json = JSON::PP->new->utf8;
my @children;
my $owner = $$;

sub new
{
	my ($class, $store) = @_;
	my ($address) = $store =~ m{^http://([^/]+)} or croak "no URL: $store";
	my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', ReuseAddr => 1)
	  or croak "proxy: $!";
	my $self = bless {
		store => $address,
		port => $listener->sockport,
		folder => File::Temp->newdir('yottaproxy.XXXXXX', TMPDIR => 1),
		serial => 0,
		late => [],
	}, $class;
	my $pid = fork // croak "fork: $!";
	if ($pid == 0)
	{
		# a test's own endings are none of this process's
		eval { $self->_serve($listener); 1 } or print STDERR "proxy: $@";
		POSIX::_exit(0);
	}
	push @children, $pid;
	return $self;
}

sub url { my ($self) = @_; return "http://127.0.0.1:$self->{port}"; }

# Each failure is a file that the proxy removes when it takes it.
sub fail
{
	my ($self, $operation, $how, $count) = @_;
	foreach (1 .. $count // 1)
	{
		my $file = sprintf '%s/%s.%04d.%s', $self->{folder}, $operation, ++$self->{serial}, $how;
		open(my $handle, '>', $file) or croak "$file: $!";
		close $handle;
	}
	return;
}

# Failures not taken are forgotten.
sub heal { my ($self) = @_; unlink glob "$self->{folder}/*.*.*"; return; }

# Bodies that are announced (which large ones are) come without being asked for, or never.
sub ignore_expect
{
	my ($self) = @_;
	my $file = "$self->{folder}/ignore_expect";
	open(my $handle, '>', $file) or croak "$file: $!";
	close $handle;
	return;
}

sub requests
{
	my ($self, $operation) = @_;
	open(my $log, '<', "$self->{folder}/log") or return 0;
	my $count = grep { $_ eq "$operation\n" } <$log>;
	return $count;
}

# ---- the proxy's own process -----------------------------------------------------------------

sub _serve
{
	my ($self, $listener) = @_;
	my $select = IO::Select->new($listener);
	my %buffer;
	local $SIG{TERM} = 'DEFAULT';
	local $SIG{PIPE} = 'IGNORE';
	open(my $log, '>>', "$self->{folder}/log") or croak "log: $!";
	$log->autoflush(1);
	while (1)
	{
		foreach my $socket ($select->can_read)
		{
			if ($socket == $listener)
			{
				my $client = $listener->accept;
				$select->add($client) if $client;
				next;
			}
			my $got = sysread $socket, $buffer{$socket}, 65536, length($buffer{$socket} // '');
			my $keep = $got;
			while ($keep && $buffer{$socket} =~ /\A(.*?\r\n\r\n)/s)
			{
				my $head = $1;
				my ($length) = $head =~ /^Content-Length:\s*(\d+)/mi;
				my $size = length($head) + ($length // 0);
				if (   $head =~ /^Expect:\s*100-continue/mi
					&& length($buffer{$socket}) == length($head)
					&& !-e "$self->{folder}/ignore_expect")
				{
					syswrite $socket, "HTTP/1.1 100 Continue\r\n\r\n";
					last;
				}
				last if length($buffer{$socket}) < $size;
				my $request = substr $buffer{$socket}, 0, $size, '';
				$keep = $self->_answer($socket, $head, $request, $log);
			}
			next if $keep;
			$select->remove($socket);
			delete $buffer{$socket};
			close $socket;
		}
	}
	return;
}

# False: the connection is to be closed.
sub _answer
{
	my ($self, $socket, $head, $request, $log) = @_;
	my ($operation) = $head =~ /^X-Amz-Target:\s*\S+\.(\w+)/mi;
	print {$log} "$operation\n";
	my ($failure) = sort glob "$self->{folder}/$operation.*.*";
	my $how = '';
	if (defined $failure && unlink $failure)
	{
		($how) = $failure =~ /\.(\w+)$/;
	}
	return 0 if $how eq 'lose';
	return 1 if $how eq 'hang';
	if ($how eq 'late')
	{
		push @{ $self->{late} }, $request;
		return 0;
	}
	return _refuse($socket, '500 Internal Server Error', 'InternalServerError') if $how eq 'error';
	return _refuse($socket, '400 Bad Request', 'ProvisionedThroughputExceededException') if $how eq 'throttle';
	my $answer =
	  $how =~ /^(?:part|none)$/ ? $self->_leave($how, $head, substr $request, length $head) : $self->_forward($request);
	return 0 if $how eq 'mute';
	$self->_forward($_) foreach $operation eq 'GetItem' ? splice @{ $self->{late} } : ();
	my $sent = 0;
	while ($sent < length $answer)
	{
		my $wrote = syswrite $socket, $answer, length($answer) - $sent, $sent;
		return 0 unless $wrote;
		$sent += $wrote;
	}
	return $answer !~ /\A[^\r]*\r\n(?:[^\r]+\r\n)*Connection: close/i;
}

sub _refuse
{
	my ($socket, $status, $type) = @_;
	my $body = qq({"__type":"com.amazonaws.dynamodb.v20120810#$type","message":"told to fail"});
	syswrite $socket, "HTTP/1.1 $status\r\nContent-Type: application/x-amz-json-1.0\r\n"
	  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
	return 1;
}

# The answer to a BatchWriteItem of which only the first half, or nothing, was processed.
sub _leave
{
	my ($self, $how, $head, $body) = @_;
	my $request = $json->decode($body);
	my ($table) = keys %{ $request->{RequestItems} };
	my $writes = $request->{RequestItems}{$table};
	my @taken = splice @$writes, 0, $how eq 'part' ? int(@$writes / 2) : 0;
	if (@taken)
	{
		my $part = $json->encode({ %$request, RequestItems => { $table => \@taken } });
		$head =~ s/^(Content-Length:)[^\r]*/"$1 " . length $part/mie;
		my $answer = $self->_forward("$head$part");
		return $answer unless $answer =~ /\A\S+ 200 /;
	}
	my $left = $json->encode({ UnprocessedItems => @$writes ? { $table => $writes } : {} });
	return "HTTP/1.1 200 OK\r\nContent-Length: " . length($left) . "\r\n\r\n$left";
}

# The store's whole answer; it closes the connection behind it.
sub _forward
{
	my ($self, $request) = @_;
	$request =~ s/\r\n/\r\nConnection: close\r\n/;
	$request =~ s/^Expect:[^\r]*\r\n//mi;
	my $store = IO::Socket::INET->new(PeerAddr => $self->{store}) or return '';
	my $answer = '';
	print {$store} $request;
	$store->flush;
	while (sysread $store, $answer, 65536, length $answer) { }
	close $store;
	return $answer;
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
