# ----------------------------------------------------------------------------------------------
# YottaWire.pm
#     The network before a service, byte by byte, which can be cut and slowed.
#
#     my $wire = YottaWire->new($port);     to that port of this machine; listens on $wire->port
#     $wire->cut          connections break, new ones are closed at once
#     $wire->mute         connections stand, nothing comes through
#     $wire->slow(0.3)    everything arrives so many seconds later
#     $wire->heal         all is well again; what was mute breaks
# ----------------------------------------------------------------------------------------------
package YottaWire;

use strict;
use warnings;

use Carp;
use File::Temp;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(time);

my @children;
my $owner = $$;

sub new
{
	my ($class, $target) = @_;
	my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', ReuseAddr => 1)
	  or croak "wire: $!";
	my $self = bless {
		target => $target,
		port => $listener->sockport,
		folder => File::Temp->newdir('yottawire.XXXXXX', TMPDIR => 1),
	}, $class;
	my $pid = fork() // croak "fork: $!";
	if ($pid == 0)
	{
		# a test's own endings are none of this process's
		eval { $self->_carry($listener); 1 } or print STDERR "wire: $@";
		POSIX::_exit(0);
	}
	push @children, $pid;
	return $self;
}

sub port { my ($self) = @_; return $self->{port}; }

sub cut { my ($self) = @_; return $self->_set('cut'); }
sub mute { my ($self) = @_; return $self->_set('mute'); }
sub slow { my ($self, $seconds) = @_; return $self->_set("slow $seconds"); }
sub heal { my ($self) = @_; return $self->_set('whole'); }

sub _set
{
	my ($self, $state) = @_;
	open(my $handle, '>', "$self->{folder}/new") or croak "wire: $!";
	print {$handle} $state;
	close $handle or croak "wire: $!";
	rename("$self->{folder}/new", "$self->{folder}/state") or croak "wire: $!";
	return;
}

# ---- the wire's own process ------------------------------------------------------------------

sub _state
{
	my ($self) = @_;
	open(my $handle, '<', "$self->{folder}/state") or return ('whole', 0);
	my ($state, $delay) = split / /, scalar <$handle>;
	return ($state, $delay // 0);
}

sub _break
{
	my ($self, $socket) = @_;
	my $other = $self->{other}{$socket} or return;
	my @sides = ($socket, $other);
	foreach my $side (@sides)
	{
		$self->{select}->remove($side);
		delete $self->{other}{$side};
		delete $self->{late}{$side};
		delete $self->{ended}{$side};
		close $side;
	}
	return;
}

sub _connect
{
	my ($self, $client, $state) = @_;
	my $server =
	  $state eq 'cut'
	  ? undef
	  : IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{target}", Timeout => 5);
	if (!$server)
	{
		close $client;
		return;
	}
	$self->{other}{$client} = $server;
	$self->{other}{$server} = $client;
	$self->{select}->add($client, $server);
	return;
}

# What is due goes on, in the order it came; a side that has ended breaks when all of it is through.
sub _deliver
{
	my ($self) = @_;
	my @sockets = $self->{select}->handles;
	foreach my $from (@sockets)
	{
		my $queue = $self->{late}{$from} // next;
		while (@$queue && $queue->[0][0] <= time)
		{
			my ($due, $bytes) = @{ shift @$queue };
			my $to = $self->{other}{$from};
			if (!defined $bytes || !$self->_write($to, $bytes))
			{
				$self->_break($from);
				last;
			}
		}
	}
	return;
}

sub _write
{
	my ($self, $to, $bytes) = @_;
	while (length $bytes)
	{
		my $sent = syswrite $to, $bytes;
		return 0 unless $sent;
		substr $bytes, 0, $sent, '';
	}
	return 1;
}

sub _carry
{
	my ($self, $listener) = @_;
	my $before = 'whole';
	$self->{select} = IO::Select->new($listener);
	local $SIG{TERM} = 'DEFAULT';
	local $SIG{PIPE} = 'IGNORE';
	while (1)
	{
		my ($state, $delay) = $self->_state;
		if ($state eq 'cut' || ($before eq 'mute' && $state ne 'mute'))
		{
			my @sockets = $self->{select}->handles;
			$self->_break($_) foreach @sockets;
		}
		$before = $state;
		foreach my $socket ($self->{select}->can_read(0.02))
		{
			if ($socket == $listener)
			{
				my $client = $listener->accept;
				$self->_connect($client, $state) if $client;
				next;
			}
			# the other side may have broken it just now
			next if !$self->{other}{$socket} || $self->{ended}{$socket};
			my $got = sysread $socket, my $bytes, 65536;
			next if $state eq 'mute' && $got;
			push @{ $self->{late}{$socket} }, [ time + $delay, $got ? $bytes : undef ];
			$self->{ended}{$socket} = 1 unless $got;
		}
		$self->_deliver;
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
