# ----------------------------------------------------------------------------------------------
# YottaTopics.pm
#     Topics made, grown, cut and deleted, by the broker's own protocol: kcat can do none of it.
# ----------------------------------------------------------------------------------------------
package YottaTopics;

use strict;
use warnings;

use Carp;
use Exporter 'import';
use IO::Socket::INET;
use Time::HiRes qw(usleep);

use YottaTest;

our @EXPORT = qw(
  create_topic
  delete_topic
  grow_topic
  delete_records
);

use constant { CREATE_TOPICS => 19, DELETE_TOPICS => 20, DELETE_RECORDS => 21, CREATE_PARTITIONS => 37 };
use constant TIMEOUT_MS => 30_000;

sub _string { my ($text) = @_; return pack 'n/a*', $text; }

sub _read
{
	my ($socket, $length) = @_;
	my $bytes = '';
	while (length $bytes < $length)
	{
		sysread($socket, $bytes, $length - length $bytes, length $bytes) or croak "broker: $!";
	}
	return $bytes;
}

# The answer's body, without its correlation id.
sub _ask
{
	my ($api, $version, $body, $brokers) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => $brokers // kafka_brokers()) or croak "broker: $!";
	my $request = pack('nnN', $api, $version, 7) . _string('yottatest') . $body;
	print {$socket} pack('N/a*', $request) or croak "broker: $!";
	$socket->flush;
	return substr _read($socket, unpack 'N', _read($socket, 4)), 4;
}

# The error code behind the name of the answer's only topic.
sub _check
{
	my ($what, $answer, $topic) = @_;
	my $at = index $answer, _string($topic);
	croak "$what: no answer about $topic" if $at < 0;
	my $code = unpack 's>', substr $answer, $at + 2 + length $topic, 2;
	croak "$what $topic: error $code" if $code != 0;
	return;
}

# How many partitions there are, by what the broker tells clients; 0: no such topic.
sub _partitions
{
	my ($topic, $brokers) = @_;
	my $address = $brokers // kafka_brokers();

	# to ask for one by name may create it
	return `kcat -L -b $address 2>/dev/null` =~ /topic "\Q$topic\E" with (\d+) partitions:/ ? $1 : 0;
}

sub _await
{
	my ($topic, $count, $brokers) = @_;
	foreach (1 .. 300)
	{
		return if _partitions($topic, $brokers) == $count;
		usleep(100_000);
	}
	croak "topic $topic does not come to $count partitions";
}

sub create_topic
{
	my ($topic, $count, $brokers) = @_;
	_check('create', _ask(CREATE_TOPICS, 0,
		pack('N', 1) . _string($topic) . pack('NnNN', $count, 1, 0, 0) . pack('N', TIMEOUT_MS), $brokers), $topic);
	_await($topic, $count, $brokers);
	return;
}

sub delete_topic
{
	my ($topic, $brokers) = @_;
	_check('delete', _ask(DELETE_TOPICS, 1, pack('N', 1) . _string($topic) . pack('N', TIMEOUT_MS), $brokers), $topic);
	_await($topic, 0, $brokers);
	return;
}

# To so many partitions.
sub grow_topic
{
	my ($topic, $count, $brokers) = @_;
	_check('grow', _ask(CREATE_PARTITIONS, 0,
		pack('N', 1) . _string($topic) . pack('NNNC', $count, 0xffffffff, TIMEOUT_MS, 0), $brokers), $topic);
	_await($topic, $count, $brokers);
	return;
}

# What comes before an offset goes, as retention would have it.
sub delete_records
{
	my ($topic, $partition, $offset, $brokers) = @_;
	my $answer = _ask(DELETE_RECORDS, 0,
		pack('N', 1) . _string($topic) . pack('NNq>', 1, $partition, $offset) . pack('N', TIMEOUT_MS), $brokers);
	my $code = unpack 's>', substr $answer, -2;
	croak "cut $topic: error $code" if $code != 0;
	return;
}

1;
