# ----------------------------------------------------------------------------------------------
# YottaTest.pm
#     What TAP tests of yottastore stand on: a server with the extension, a real Kafka broker and
#     a real DynamoDB-API store.
#
# Broker and store are shared by the files of a prove run (ci/run-tap starts them and passes their
# ports); without them the first test that asks starts its own. Tests therefore use unique_name()
# for tables and topics. A test that stops or kills a service starts a private one. Whatever this
# module starts listens on a free loopback port and is stopped by pid when the test ends.
# ----------------------------------------------------------------------------------------------
package YottaTest;

use strict;
use warnings;

use Carp;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename;
use File::Temp;
use HTTP::Tiny;
use JSON::PP;
use POSIX qw(strftime);
use Time::HiRes qw(usleep);

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(
  new_node
  create_servers
  start_service
  stop_service
  kill_service
  resume_service
  kafka_brokers
  store_url
  store_api
  store_api_error
  produce
  produce_many
  consume
  rows_after_change
  unique_name
);

my $root = abs_path(dirname(__FILE__) . '/../..');
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $temp = File::Temp->newdir('yottatest.XXXXXX', TMPDIR => 1);
my $owner = $$;
my %shared;     # kafka, store => port of the one all tests share
my @started;    # services of this process, stopped at its end

# A started node: extension preloaded and created in database postgres. conf => lines for
# postgresql.conf; extension => 0 leaves it to the test to create it; streaming => 1: it may have standbys.
sub new_node
{
	my ($name, %option) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	# whatever the caller's locale: the extension wants UTF-8
	$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ], allows_streaming => $option{streaming});
	$node->append_conf('postgresql.conf', <<"END");
shared_preload_libraries = 'yottastore'
max_worker_processes = 16
log_min_messages = info
END
	$node->append_conf('postgresql.conf', $option{conf}) if defined $option{conf};
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION yottastore')
	  unless defined $option{extension} && !$option{extension};
	return $node;
}

# Declares server "fleet" on the store, with a user mapping for the current user, and, when a
# topic is given, server "fleet_changes" on that topic. Options: store => URL, topic, brokers,
# format => 'dynamodb', database => 'postgres'.
sub create_servers
{
	my ($node, %option) = @_;
	my $store = $option{store} // store_url();
	my $sql = <<"END";
CREATE SERVER fleet FOREIGN DATA WRAPPER yottastore
  OPTIONS (api 'dynamodb', nodes '$store', region 'eu-south-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER fleet
  OPTIONS (access_key_id 'test', secret_access_key 'test');
END
	if (defined $option{topic})
	{
		my $brokers = $option{brokers} // kafka_brokers();
		my $format = $option{format} // 'dynamodb';
		$sql .= <<"END";
CREATE SERVER fleet_changes FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers '$brokers', topic '$option{topic}', format '$format');
END
	}
	$node->safe_psql($option{database} // 'postgres', $sql);
	return;
}

# ---- services --------------------------------------------------------------------------------

# Runs ci/services for one service handle.
sub _services
{
	my ($service, $command) = @_;
	local $ENV{YS_STATE} = $service->{state};
	local $ENV{KAFKA_PORT} = $service->{port};
	local $ENV{STORE_PORT} = $service->{port};
	local $ENV{STORE_DATA} = $service->{durable} ? 1 : '';
	local @ENV{ map { 'KAFKA_' . uc } keys %{ $service->{kafka} } } = values %{ $service->{kafka} };
	local $ENV{KAFKA_ADVERTISED_PORT} = $service->{advertised} // '';
	my $output = `'$root/ci/services' $command $service->{kind} 2>&1`;
	croak "$service->{kind} could not be asked to $command: $output" if $?;
	return;
}

# start_service('kafka' | 'store', durable => 1): a private one on a free port. Returns a handle
# with {port}, {address} (host:port) and {url}; a durable store keeps its items when it restarts.
# kafka => { listeners => ..., properties => ... }: what ci/services takes as KAFKA_LISTENERS etc.
# advertise => sub of a broker's port returns the port its clients are sent to.
sub start_service
{
	my ($kind, %option) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $service = {
		kind => $kind,
		port => $port,
		address => "127.0.0.1:$port",
		url => "http://127.0.0.1:$port",
		durable => $option{durable},
		kafka => $option{kafka} // {},
		advertised => $option{advertise} ? $option{advertise}->($port) : undef,
		state => "$temp/$kind-$port",
	};
	_services($service, 'start');
	push @started, $service;
	return $service;
}

# Stops a private service; resume_service() starts it again on its port.
sub stop_service
{
	my ($service) = @_;
	_services($service, 'stop');
	return;
}

sub resume_service
{
	my ($service) = @_;
	_services($service, 'start');
	return;
}

# Kills a private service with SIGKILL, as a crash would, and waits until it is gone.
sub kill_service
{
	my ($service) = @_;
	my ($pid) = slurp_file("$service->{state}/$service->{kind}/pid") =~ /^(\d+)$/m
	  or croak "$service->{kind} left no pid";
	kill('KILL', $pid) or croak "$service->{kind} (pid $pid) could not be killed: $!";
	foreach (1 .. 100)
	{
		# what its parent has not collected yet has no command line any more
		my $cmdline = eval { slurp_file("/proc/$pid/cmdline") };
		return unless defined $cmdline && $cmdline ne '';
		usleep(100_000);
	}
	croak "$service->{kind} (pid $pid) does not die";
}

sub _shared_port
{
	my ($kind) = @_;
	$shared{$kind} //= $ENV{ 'YS_TEST_' . uc($kind) . '_PORT' } || start_service($kind)->{port};
	return $shared{$kind};
}

# The shared broker, host:port.
sub kafka_brokers { return '127.0.0.1:' . _shared_port('kafka'); }

# The shared store's URL.
sub store_url { return 'http://127.0.0.1:' . _shared_port('store'); }

# What a query that locks rows sees after it has waited for another session's change of them; by nested loops.
sub rows_after_change
{
	my ($node, $change, $query) = @_;
	my ($writer, $reader) = map { $node->background_psql('postgres') } 1, 2;
	chomp $query;
	$writer->query_safe("BEGIN; $change");
	$reader->query_safe('SET enable_hashjoin = off; SET enable_mergejoin = off');
	$reader->{stdin} .= "$query;\n\\echo done\n";
	$reader->{run}->pump_nb;
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) or die 'nobody waits';
	$writer->query_safe('COMMIT');
	$reader->{run}->pump until $reader->{stdout} =~ /^done$/m;
	my $rows = $reader->{stdout};
	$_->quit foreach $writer, $reader;
	return $rows;
}

# A name no other test uses, for a table, a topic, a group.
sub unique_name
{
	my ($prefix) = @_;
	our $count;
	return sprintf '%s_%d_%d_%d', $prefix, time() % 1_000_000, $$, ++$count;
}

# ---- the store -------------------------------------------------------------------------------

sub _store_post
{
	my ($operation, $request, $url) = @_;
	my $streams =
	  $operation =~ /^(?:ListStreams|DescribeStream|GetShardIterator|GetRecords)$/;
	my $date = strftime('%Y%m%d', gmtime);

	# The store reads the key and the region from the signature and checks no more of it.
	my $response = HTTP::Tiny->new(timeout => 30)->post(
		$url // store_url(),
		{
			headers => {
				'Content-Type' => 'application/x-amz-json-1.0',
				'X-Amz-Target' =>
				  ($streams ? 'DynamoDBStreams_20120810' : 'DynamoDB_20120810') . ".$operation",
				'X-Amz-Date' => strftime('%Y%m%dT%H%M%SZ', gmtime),
				'Authorization' => 'AWS4-HMAC-SHA256 '
				  . "Credential=test/$date/eu-south-1/dynamodb/aws4_request, "
				  . 'SignedHeaders=host;x-amz-date;x-amz-target, Signature=' . ('0' x 64),
			},
			content => ref $request ? $json->encode($request) : $request,
		});
	croak "store not reached: $response->{content}" if $response->{status} == 599;
	return $response;
}

# store_api('PutItem', { ... } or JSON text, [url]): the decoded answer; dies on an error answer.
sub store_api
{
	my ($operation, $request, $url) = @_;
	my $response = _store_post($operation, $request, $url);
	croak "$operation: $response->{status} $response->{content}" unless $response->{success};
	return $json->decode($response->{content});
}

# The same for a request that must fail: returns the error's short name, such as
# ConditionalCheckFailedException; dies when the request succeeds.
sub store_api_error
{
	my ($operation, $request, $url) = @_;
	my $response = _store_post($operation, $request, $url);
	croak "$operation succeeded" if $response->{success};
	my $type = $json->decode($response->{content})->{__type} // '';
	$type =~ s/.*#//;
	return $type;
}

# ---- Kafka -----------------------------------------------------------------------------------

sub _kcat
{
	my ($input, @arguments) = @_;
	my ($output, $error) = ('', '');
	IPC::Run::run([ 'kcat', @arguments ], '<', \$input, '>', \$output, '2>', \$error)
	  or croak "kcat @arguments: $error";
	return $output;
}

# produce(topic, key, value, headers => { name => text }, partition => n, brokers => host:port, largest => bytes):
# one message, any bytes, of a megabyte unless largest says more; an undefined value is a tombstone. Returns when the
# broker has it.
sub produce
{
	my ($topic, $key, $value, %option) = @_;
	my @arguments = ('-P', '-b', $option{brokers} // kafka_brokers(), '-t', $topic);
	push @arguments, '-p', $option{partition} if defined $option{partition};
	push @arguments, '-H', "$_=$option{headers}{$_}" foreach sort keys %{ $option{headers} // {} };

	push @arguments, '-X', "message.max.bytes=$option{largest}" if defined $option{largest};

	if (!defined $value)
	{
		_kcat("$key\x1f\n", @arguments, '-K', "\x1f", '-Z');
		return;
	}

	# A file is one message, whatever its bytes.
	my $file = File::Temp->new(DIR => $temp);
	binmode $file;
	print {$file} $value;
	close $file;
	push @arguments, '-k', $key if defined $key;
	_kcat('', @arguments, "$file");
	return;
}

# produce_many(topic, [[key, value], ...], %option): many messages in order, faster. Neither keys
# nor values hold a newline or a \x1f; with tombstones => 1 empty values are tombstones.
sub produce_many
{
	my ($topic, $messages, %option) = @_;
	my @arguments = ('-P', '-b', $option{brokers} // kafka_brokers(), '-t', $topic, '-K', "\x1f");
	push @arguments, '-p', $option{partition} if defined $option{partition};
	push @arguments, '-H', "$_=$option{headers}{$_}" foreach sort keys %{ $option{headers} // {} };
	push @arguments, '-Z' if $option{tombstones};
	_kcat(join('', map { "$_->[0]\x1f$_->[1]\n" } @$messages), @arguments);
	return;
}

# consume(topic, brokers => host:port): every message there is, as { topic, partition, offset,
# ts, key, payload, headers => [name, value, ...] }.
sub consume
{
	my ($topic, %option) = @_;
	my $output = _kcat('', '-C', '-q', '-e', '-J', '-o', 'beginning',
		'-b', $option{brokers} // kafka_brokers(), '-t', $topic);
	return map { $json->decode($_) } split /\n/, $output;
}

# Only the process that started them, and not a fork of it, stops them.
END
{
	if ($$ == $owner)
	{
		my $code = $?;    # a test's exit code is not ours to change
		foreach my $service (@started)
		{
			eval { _services($service, 'stop'); 1 } or diag($@);
		}
		$? = $code;
	}
}

1;
