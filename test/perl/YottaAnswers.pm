# ----------------------------------------------------------------------------------------------
# YottaAnswers.pm
#     A store that says what it is told to say: the answers no store on loopback gives.
#
#     my $store = YottaAnswers->new;                listens on $store->url
#     $store->says('GetItem', refusal('ThrottlingException', 'Rate exceeded'), { json => {} });
#         the next GetItems get these, in order, and the last one is for all that follow.
#     $store->says('Scan-2', ...);                  the same of a Scan's segment 2 alone
#     $store->heard('GetItem')                      what arrived since, decoded: ({ body }, ...)
#     $store->headers('GetItem')                    their heads: ({ 'name in lower case' => value }, ...)
#
#     $store->refuses(key => refusal(...))          what any request signed with that key gets instead
#
# A request that is no operation is one of "GET". An answer is { json => ... } or { text => ... },
# with status (200), headers => { name => value }, size => n (that many blanks behind it), cut => n
# (the connection breaks after n bytes of it), stall => n (nothing comes after n bytes of it), or { hang => 1 }.
# ----------------------------------------------------------------------------------------------
package YottaAnswers;

use strict;
use warnings;

use parent 'YottaProxy';

use Carp;
use Exporter 'import';
use JSON::PP;

our @EXPORT = qw(refusal);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub new
{
	my ($class) = @_;
	return $class->SUPER::new('http://nobody');    # nothing is passed on
}

# An error as DynamoDB words it, with status 400 unless given.
sub refusal
{
	my ($type, $message, $status) = @_;
	return {
		status => $status // 400,
		json => { __type => "com.amazonaws.dynamodb.v20120810#$type", message => $message },
	};
}

sub says
{
	my ($self, $operation, @answers) = @_;
	unlink glob "$self->{folder}/$operation.* $self->{folder}/{heard,heads}.$operation";
	my $serial = 0;
	foreach my $answer (@answers)
	{
		_write(sprintf('%s/%s.%04d', $self->{folder}, $operation, ++$serial), $answer);
	}
	return;
}

sub _write
{
	my ($file, $answer) = @_;
	open(my $handle, '>', "$file.new") or croak "$file: $!";
	print {$handle} $json->encode($answer);
	close $handle;
	rename "$file.new", $file or croak "$file: $!";
	return;
}

sub _read
{
	my ($file) = @_;
	open(my $handle, '<', $file) or croak "$file: $!";
	return $json->decode(scalar <$handle>);
}

sub refuses
{
	my ($self, $key, $answer) = @_;
	my $file = "$self->{folder}/key.$key";
	return unlink $file unless defined $answer;    # no longer
	return _write($file, $answer);
}

sub heard { return $_[0]->_logged('heard', $_[1]); }

sub headers { return $_[0]->_logged('heads', $_[1]); }

sub _logged
{
	my ($self, $log, $operation) = @_;
	my @lines;
	if (open(my $handle, '<', "$self->{folder}/$log.$operation"))
	{
		@lines = map { $json->decode($_) } <$handle>;
	}
	return @lines;    # their number, for whom wants a scalar
}

sub _log
{
	my ($self, $log, $operation, $what) = @_;
	open(my $handle, '>>', "$self->{folder}/$log.$operation") or croak "log: $!";
	syswrite $handle, $json->encode($what) . "\n";
	return;
}

# ---- the store's own process -----------------------------------------------------------------

sub _answer
{
	my ($self, $socket, $head, $request) = @_;
	my $operation = $head =~ /^X-Amz-Target:\s*\S+\.(\w+)/mi ? $1 : 'GET';
	$self->_log('heads', $operation, { map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } split /\r\n/, $head });
	my $asked = $operation eq 'GET' ? {} : $json->decode(substr $request, length $head);
	$self->_log('heard', $operation, $asked);

	my ($key) = $head =~ m{^Authorization:.* Credential=(\w+)/}mi;
	my $segment = $asked->{Segment} // '';
	my ($file, @more) = sort glob "$self->{folder}/$operation-$segment.[0-9][0-9][0-9][0-9]";
	($file, @more) = sort glob "$self->{folder}/$operation.[0-9][0-9][0-9][0-9]" unless defined $file;
	my $answer = { status => 500, text => 'nothing was told' };
	if (defined $key && -e "$self->{folder}/key.$key")
	{
		$answer = _read("$self->{folder}/key.$key");
	}
	elsif (defined $file)
	{
		$answer = _read($file);
		unlink $file if @more;
	}
	return 1 if $answer->{hang};

	my $body = exists $answer->{json} ? $json->encode($answer->{json}) : $answer->{text} // '';
	my $length = length($body) + ($answer->{size} // 0);
	my $status = $answer->{status} // 200;
	my $reply = "HTTP/1.1 $status Told\r\nContent-Length: $length\r\n";
	$reply .= "$_: $answer->{headers}{$_}\r\n" foreach sort keys %{ $answer->{headers} // {} };
	return 0
	  unless _send($socket, "$reply\r\n" . substr($body, 0, $answer->{cut} // $answer->{stall} // length $body))
	  && !exists $answer->{cut};
	return 1 if exists $answer->{stall};
	for (my $left = $answer->{size} // 0; $left > 0; $left -= 65536)
	{
		return 0 unless _send($socket, ' ' x ($left < 65536 ? $left : 65536));
	}
	return 1;
}

sub _send
{
	my ($socket, $bytes) = @_;
	my $sent = 0;
	while ($sent < length $bytes)
	{
		my $wrote = syswrite $socket, $bytes, length($bytes) - $sent, $sent;
		return 0 unless $wrote;
		$sent += $wrote;
	}
	return 1;
}

1;
