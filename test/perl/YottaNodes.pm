# ----------------------------------------------------------------------------------------------
# YottaNodes.pm
#     Several loopback ports before one store, each a node that can be made to fail. (YottaProxy
#     fails single requests by their operation; this one fails connections.)
#
# A process of its own passes bytes between clients and the store. What a port does is set at any
# time and holds for the connections it has, too:
#   pass          pass everything on
#   delay, ms     pass requests on so much later
#   refuse        refuse connections, reset those there are: a node that is down
#   cut           close the connection when a request has come, without an answer
#   stump         close it in the middle of an answer's headers
#   half          close it in the middle of an answer's body
#   hang          accept, read, and never answer
# By its answers() a node also says which nodes there are, itself: GET requests are not passed on.
# The process ends with the test that started it.
# ----------------------------------------------------------------------------------------------
package YottaNodes;

use strict;
use warnings;

use Carp;
use IO::Handle;
use IO::Select;
use POSIX ();
use Socket qw(:DEFAULT pack_sockaddr_in inet_aton SOMAXCONN);
use Time::HiRes qw(time);

use constant CHUNK => 65536;

# YottaNodes->new(store port, number of nodes), or, for nodes of one port at several addresses of
# loopback: YottaNodes->new(store port, [addresses])
sub new
{
	my ($class, $target, $count) = @_;
	my @addresses = ref $count ? @$count : ('127.0.0.1') x $count;
	my @ports = map { { address => $_, mode => 'refuse', delay => 0, requests => 0, asked => [] } } @addresses;
	_bind_all(\@ports, ref $count);

	socketpair(my $control, my $remote, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or croak "socketpair: $!";
	$control->autoflush(1);
	my $pid = fork() // croak "fork: $!";
	if ($pid == 0)
	{
		close $control;
		$SIG{PIPE} = 'IGNORE';
		eval { _serve($target, \@ports, $remote); 1 } or print STDERR "proxy: $@";
		POSIX::_exit(0);    # nothing of the test's own endings
	}
	close $remote;
	close $_->{listener} foreach @ports;
	my @urls = map { "http://$_->{address}:$_->{number}" } @ports;
	my $self = bless { control => $control, pid => $pid, owner => $$, urls => \@urls }, $class;
	$self->set_all('pass');
	return $self;
}

# The nodes, as option "nodes" takes them.
sub nodes { return join ',', @{ $_[0]{urls} }; }

# One of them.
sub url { return $_[0]{urls}[ $_[1] ]; }

# set(node, 'delay', 100): what it does from now on.
sub set
{
	my ($self, $node, $mode, $delay) = @_;
	return $self->_ask(join ' ', 'set', $node, $mode, $delay // 0);
}

sub set_all
{
	my ($self, @mode) = @_;
	$self->set($_, @mode) foreach 0 .. $#{ $self->{urls} };
	return;
}

# How many requests have come to each node so far.
sub requests { return split / /, $_[0]->_ask('requests'); }

# answers('/localnodes', 200, '["127.0.0.1"]'): what every node says there from now on; no status: nothing,
# ever. Paths it was not told of get a 404.
sub answers { my ($self, $path, $status, $text) = @_; return $self->_ask(join ' ', 'answer', $path, $status // 'never', $text // ''); }

# What was asked for by GET of a node since it was last looked at: paths, with " signed" behind those
# that came with credentials.
sub asked { my ($self, $node) = @_; return split /,/, $self->_ask("asked $node"); }

sub _ask
{
	my ($self, $line) = @_;
	print { $self->{control} } "$line\n";
	my $answer = readline($self->{control}) // croak 'the proxy has ended';
	chomp $answer;
	croak "proxy: $answer" if $answer =~ /^unknown/;
	return $answer;
}

sub DESTROY
{
	my ($self) = @_;
	return unless $self->{owner} == $$;
	local ($?, $!);
	close $self->{control};    # which ends it
	waitpid $self->{pid}, 0;
	return;
}

# ---- the process -----------------------------------------------------------------------------

# A socket that holds the port: as long as it does not listen, connections are refused.
sub _bind
{
	my ($address, $number) = @_;
	socket(my $socket, PF_INET, SOCK_STREAM, 0) or croak "socket: $!";
	setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
	return bind($socket, pack_sockaddr_in($number, inet_aton($address))) ? $socket : undef;
}

# Each its own free port, or all the same one.
sub _bind_all
{
	my ($ports, $same) = @_;
	foreach my $try (1 .. 100)
	{
		my $number = 0;
		foreach my $port (@$ports)
		{
			$port->{listener} = _bind($port->{address}, $number) or last;
			$port->{number} = (unpack_sockaddr_in(getsockname($port->{listener})))[0];
			$number = $port->{number} if $same;
		}
		return unless grep { !defined $_->{listener} } @$ports;
		delete @$_{qw(listener)} foreach @$ports;
	}
	croak 'no free port';
}

# Both ends are in %$ends, by descriptor: { socket, port, peer (descriptor), queue => [[due, bytes]] }.
sub _drop
{
	my ($ends, $end, $reset) = @_;
	foreach my $gone (delete $ends->{ fileno $end->{socket} }, delete $ends->{ $end->{peer} })
	{
		next unless defined $gone;
		setsockopt($gone->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) if $reset;
		close $gone->{socket};
	}
	return;
}

sub _set_mode
{
	my ($ends, $port, $mode, $delay) = @_;
	my $refused = $port->{mode} eq 'refuse';
	($port->{mode}, $port->{delay}) = ($mode, $delay / 1000);
	if ($mode eq 'refuse' && !$refused)
	{
		close $port->{listener};
		$port->{listener} = _bind($port->{address}, $port->{number}) or croak "bind $port->{number}: $!";
		_drop($ends, $_, 1) foreach grep { $_->{client} && $_->{port} == $port } values %$ends;
	}
	elsif ($mode ne 'refuse' && $refused)
	{
		listen($port->{listener}, SOMAXCONN) or croak "listen: $!";
	}
	return;
}

sub _obey
{
	my ($line, $ends, $ports) = @_;
	my ($command, $node, $mode, $delay) = split ' ', $line, 4;
	return join ' ', map { $_->{requests} } @$ports if $command eq 'requests';
	return join ',', splice @{ $ports->[$node]{asked} } if $command eq 'asked';
	if ($command eq 'answer')
	{
		$_->{answers}{$node} = [ $mode, $delay ] foreach @$ports;
		return 'ok';
	}
	return "unknown: $line"
	  unless $command eq 'set' && $mode =~ /^(?:pass|delay|refuse|cut|stump|half|hang)$/ && $ports->[$node];
	_set_mode($ends, $ports->[$node], $mode, $delay);
	return 'ok';
}

sub _accept
{
	my ($port, $target, $ends) = @_;
	accept(my $client, $port->{listener}) or return;
	socket(my $store, PF_INET, SOCK_STREAM, 0) or croak "socket: $!";
	if (!connect($store, pack_sockaddr_in($target, INADDR_LOOPBACK)))
	{
		close $client;
		return;
	}
	my @pair = map { { socket => $_, port => $port, queue => [] } } $client, $store;
	$pair[0]{client} = 1;
	foreach my $i (0, 1)
	{
		$pair[$i]{socket}->blocking(0);
		$pair[$i]{peer} = fileno $pair[ 1 - $i ]{socket};
		$ends->{ fileno $pair[$i]{socket} } = $pair[$i];
	}
	return;
}

# Bytes have come to one end: do with them what the port does.
sub _receive
{
	my ($end, $ends) = @_;
	my ($port, $peer) = ($end->{port}, $ends->{ $end->{peer} });
	my $got = sysread($end->{socket}, my $bytes, CHUNK);
	return if !defined $got && $!{EAGAIN};
	return _drop($ends, $end) unless $got;
	$port->{requests}++ if $end->{client} && $bytes =~ /^POST /;

	return if $port->{mode} eq 'hang';
	return _drop($ends, $end) if $port->{mode} eq 'cut';
	return _answer($end, $1, $bytes) if $end->{client} && $bytes =~ /^GET (\S+)/;
	if ($port->{mode} =~ /^(?:stump|half)$/ && !$end->{client})
	{
		my ($head, $body) = $bytes =~ /\A(HTTP.*?\r\n\r\n|)(.*)\z/s;
		my $part = $port->{mode} eq 'stump' ? substr($head, 0, 30) : $head . substr($body, 0, 1);
		syswrite $peer->{socket}, $part;
		return if $port->{mode} eq 'half' && $body eq '';    # it is still to come
		return _drop($ends, $end);
	}
	push @{ $peer->{queue} }, [ time() + ($end->{client} ? $port->{delay} : 0), $bytes ];
	return;
}

# A GET, which is answered here.
sub _answer
{
	my ($end, $path, $bytes) = @_;
	my $port = $end->{port};
	push @{ $port->{asked} }, $path . ($bytes =~ /^Authorization:/mi ? ' signed' : '');
	my ($status, $text) = @{ $port->{answers}{$path} // [ 404, 'nothing here' ] };
	return if $status eq 'never';
	chomp $text;
	my $reply = "HTTP/1.1 $status Told\r\nContent-Length: " . length($text) . "\r\n\r\n$text";
	push @{ $end->{queue} }, [ time() + $port->{delay}, $reply ];
	return;
}

sub _send
{
	my ($end, $ends) = @_;
	my $first = $end->{queue}[0];
	my $sent = syswrite $end->{socket}, $first->[1];
	return if !defined $sent && $!{EAGAIN};
	return _drop($ends, $end) unless defined $sent;
	substr($first->[1], 0, $sent, '');
	shift @{ $end->{queue} } if $first->[1] eq '';
	return;
}

sub _serve
{
	my ($target, $ports, $control) = @_;
	my %ends;
	while (1)
	{
		my $now = time();
		my @queued = grep { @{ $_->{queue} } } values %ends;
		my ($soonest) = sort { $a <=> $b } map { $_->{queue}[0][0] - $now } @queued;
		my $wait = defined $soonest && $soonest > 0 ? $soonest : undef;
		my $readers = IO::Select->new($control, map { $_->{socket} } values %ends);
		$readers->add($_->{listener}) foreach grep { $_->{mode} ne 'refuse' } @$ports;
		my $writers = IO::Select->new(map { $_->{socket} } grep { $_->{queue}[0][0] <= $now } @queued);
		my ($readable, $writable) = IO::Select->select($readers, $writers, undef, $wait);

		foreach my $socket (@{ $writable // [] })
		{
			my $end = $ends{ fileno($socket) // -1 };
			_send($end, \%ends) if $end;
		}
		foreach my $socket (@{ $readable // [] })
		{
			my $number = fileno($socket) // next;    # closed meanwhile
			if ($socket == $control)
			{
				my $line = '';
				until ($line =~ /\n\z/)
				{
					return unless sysread $control, $line, CHUNK, length $line;
				}
				syswrite $control, _obey($line, \%ends, $ports) . "\n";
			}
			elsif (my ($port) = grep { fileno($_->{listener}) == $number && $_->{mode} ne 'refuse' } @$ports)
			{
				_accept($port, $target, \%ends);
			}
			elsif ($ends{$number} && $ends{$number}{socket} == $socket)
			{
				_receive($ends{$number}, \%ends);
			}
		}
	}
	return;
}

1;
