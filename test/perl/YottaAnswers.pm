# ----------------------------------------------------------------------------------------------
# YottaAnswers.pm
#     A store that says what it is told to say: the answers no store on loopback gives.
#
#     my $store = YottaAnswers->new;                listens on $store->url
#     $store->says('GetItem', refusal('ThrottlingException', 'Rate exceeded'), { json => {} });
#         the next GetItems get these, in order, and the last one is for all that follow.
#     $store->heard('GetItem')                      what arrived since, decoded: ({ body }, ...)
#
# An answer is { json => ... } or { text => ... }, with status (200), headers => { name => value },
# size => n (that many blanks behind it), cut => n (the connection breaks after n bytes of it), or
# { hang => 1 }.
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
	unlink glob "$self->{folder}/$operation.* $self->{folder}/heard.$operation";
	my $serial = 0;
	foreach my $answer (@answers)
	{
		my $file = sprintf '%s/%s.%04d', $self->{folder}, $operation, ++$serial;
		open(my $handle, '>', "$file.new") or croak "$file: $!";
		print {$handle} $json->encode($answer);
		close $handle;
		rename "$file.new", $file or croak "$file: $!";
	}
	return;
}

sub heard
{
	my ($self, $operation) = @_;
	my @requests;
	if (open(my $log, '<', "$self->{folder}/heard.$operation"))
	{
		@requests = map { $json->decode($_) } <$log>;
	}
	return @requests;    # their number, for whom wants a scalar
}

# ---- the store's own process -----------------------------------------------------------------

sub _answer
{
	my ($self, $socket, $head, $request) = @_;
	my ($operation) = $head =~ /^X-Amz-Target:\s*\S+\.(\w+)/mi;
	open(my $log, '>>', "$self->{folder}/heard.$operation") or croak "log: $!";
	syswrite $log, $json->encode($json->decode(substr $request, length $head)) . "\n";
	close $log;

	my ($file, @more) = sort glob "$self->{folder}/$operation.[0-9][0-9][0-9][0-9]";
	my $answer = { status => 500, text => 'nothing was told' };
	if (defined $file)
	{
		open(my $handle, '<', $file) or croak "$file: $!";
		$answer = $json->decode(scalar <$handle>);
		close $handle;
		unlink $file if @more;
	}
	return 1 if $answer->{hang};

	my $body = exists $answer->{json} ? $json->encode($answer->{json}) : $answer->{text} // '';
	my $length = length($body) + ($answer->{size} // 0);
	my $status = $answer->{status} // 200;
	my $reply = "HTTP/1.1 $status Told\r\nContent-Length: $length\r\n";
	$reply .= "$_: $answer->{headers}{$_}\r\n" foreach sort keys %{ $answer->{headers} // {} };
	return 0
	  unless _send($socket, "$reply\r\n" . substr($body, 0, $answer->{cut} // length $body))
	  && !exists $answer->{cut};
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
