# The relay: every change of a store's table reaches the topic, in order per key, under its
# position; it goes on where it stopped, tells how far the topic is complete, and says what is wrong.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use YottaTest;

my $node = new_node('relay', conf => 'restart_after_crash = on');
my $table = unique_name('relayed');
my $topic = unique_name('relayed');

sub query { return $node->safe_psql('postgres', $_[0]); }

sub refuse
{
	my ($sql) = @_;
	my ($code, $out, $error) = $node->psql('postgres', $sql);
	return $code == 0 ? 'accepted' : $error;
}

sub create_table
{
	my ($name, $stream) = @_;
	store_api(
		'CreateTable',
		{
			TableName => $name,
			AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
			KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
			BillingMode => 'PAY_PER_REQUEST',
			$stream
			? (StreamSpecification => { StreamEnabled => \1, StreamViewType => 'NEW_AND_OLD_IMAGES' })
			: (),
		});
	query("CREATE FOREIGN TABLE $name (id text OPTIONS (key 'partition') NOT NULL, "
		  . "item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$name')");
	return;
}

sub set_stream
{
	my ($name, $enabled) = @_;
	store_api(
		'UpdateTable',
		{
			TableName => $name,
			StreamSpecification => $enabled
			? { StreamEnabled => \1, StreamViewType => 'NEW_AND_OLD_IMAGES' }
			: { StreamEnabled => \0 }
		});
	return;
}

# What was written: "key=n", once each.
my %written;

sub put
{
	my ($name, $key, $n) = @_;
	store_api('PutItem',
		{ TableName => $name, Item => { id => { S => $key }, n => { N => "$n" } } });
	$written{$name}{"$key=$n"} = 1;
	return;
}

# A message's header, or undef.
sub header
{
	my ($message, $name) = @_;
	my %headers = @{ $message->{headers} // [] };
	return $headers{$name};
}

sub is_watermark { return defined header($_[0], 'yottastore-watermark'); }

# The changes in a topic as { key, n, generation, sequence }, in the order of their partitions.
sub changes
{
	my @changes;
	foreach my $message (grep { !is_watermark($_) } consume(@_))
	{
		my ($generation, $sequence) =
		  (header($message, 'yottastore-position') // '') =~ /^(\d+):(\d+)$/
		  or die "a change without position: $message->{payload}";
		my $change = decode_json($message->{payload})->{dynamodb};
		push @changes,
		  {
			key => $change->{Keys}{id}{S},
			message_key => $message->{key},
			n => $change->{NewImage}{n}{N},
			generation => $generation,
			sequence => $sequence,
		  };
	}
	return @changes;
}

# Is a's position before b's?  Sequence numbers have too many digits for a number.
sub before
{
	my ($one, $two) = @_;
	return $one->{generation} < $two->{generation}
	  if $one->{generation} != $two->{generation};
	return length $one->{sequence} < length $two->{sequence}
	  if length $one->{sequence} != length $two->{sequence};
	return $one->{sequence} lt $two->{sequence};
}

# Waits until every change written to a table is in a topic; returns the topic's changes.
sub wait_for_changes
{
	my ($name, $topic_name, %option) = @_;
	my @changes;
	foreach (1 .. 300)
	{
		@changes = eval { changes($topic_name, %option) };
		my %found = map { ("$_->{key}=$_->{n}" => 1) } @changes;
		return @changes unless grep { !$found{$_} } keys %{ $written{$name} };
		usleep(200_000);
	}
	die "not every change of $name reached topic $topic_name: " . $node->safe_psql('postgres',
		'SELECT * FROM yottastore.relay_status');
}

# Every change there, nothing else, and per key in the order of positions once what was produced
# again after a restart is left out.
sub check_changes
{
	my ($what, $name, @changes) = @_;
	my (%last, @disorder, %seen);
	foreach my $change (@changes)
	{
		next if $seen{"$change->{generation}:$change->{sequence}"}++;
		my $last = $last{ $change->{key} };
		push @disorder, $change->{key}
		  if $last && (!before($last, $change) || $last->{n} >= $change->{n});
		$last{ $change->{key} } = $change;
	}
	is_deeply(\@disorder, [], "$what: positions and values grow together");
	is(scalar keys %seen, scalar keys %{ $written{$name} }, "$what: each change has one position");
	return;
}

# The process of the one relay there is, once there is one.
sub relay_pid
{
	my $running = "FROM pg_stat_activity WHERE backend_type = 'yottastore relay'";
	$node->poll_query_until('postgres', "SELECT count(*) = 1 $running") or die 'no relay runs';
	return query("SELECT pid $running");
}

sub wait_for_status
{
	my ($relay, $condition) = @_;
	ok( $node->poll_query_until(
			'postgres', "SELECT $condition FROM yottastore.relay_status WHERE relay = '$relay'"),
		"relay $relay: $condition")
	  or diag(query('SELECT * FROM yottastore.relay_status'));
	return;
}

# ---- declared wrongly ------------------------------------------------------------------------

create_servers($node, topic => $topic);
create_table($table, 1);
query('CREATE TABLE plain (id text)');

like(refuse("SELECT yottastore.create_relay('r', 'plain', 'fleet_changes')"),
	qr/ERROR:.*plain/, 'a table of another kind is refused');
like(refuse("SELECT yottastore.create_relay('r', '$table', 'fleet')"),
	qr/server "fleet" is not a stream/, 'a server that is no stream is refused');
like(refuse("SELECT yottastore.create_relay('r', '$table', 'nowhere')"),
	qr/server "nowhere" does not exist/, 'a missing server is refused');
like(refuse("SELECT yottastore.create_relay('r', '$table', 'fleet_changes', 0)"),
	qr/cannot be made with 0 partitions.*Choose between/s, 'a topic without partitions is refused');
like(refuse("SELECT yottastore.create_relay(NULL, '$table', 'fleet_changes')"),
	qr/argument "name" must not be null/, 'a null argument is refused');
query(<<"END");
CREATE ROLE other;
GRANT EXECUTE ON FUNCTION yottastore.create_relay TO other;
END
like(refuse("SET ROLE other; SELECT yottastore.create_relay('r', '$table', 'fleet_changes')"),
	qr/must be owner of foreign table/, 'only the owner of the source may create a relay');
query("ALTER FOREIGN TABLE $table OWNER TO other");
like(refuse("SET ROLE other; SELECT yottastore.create_relay('r', '$table', 'fleet_changes')"),
	qr/permission denied for foreign server fleet_changes/, 'who may not use the stream is refused');
query("ALTER FOREIGN TABLE $table OWNER TO CURRENT_USER");

# ---- produced --------------------------------------------------------------------------------

# changes made before the relay was there are in the store's stream too
put($table, "v$_", 1) foreach 1 .. 40;
my $id = query("SELECT yottastore.create_relay('changes', '$table', 'fleet_changes', 3)");
like($id, qr/^\d+$/, 'a relay has an id');
foreach my $n (2 .. 6)
{
	put($table, "v$_", $n) foreach 1 .. 40;
}
my @changes = wait_for_changes($table, $topic);
is(scalar @changes, 240, 'every change is produced once');
check_changes('produced', $table, @changes);
is($changes[0]{message_key}, qq({"id":{"S":"$changes[0]{key}"}}), 'under its canonical key');
my %partitions = map { $_->{partition} => 1 } consume($topic);
is(scalar keys %partitions, 3, 'the topic has the partitions asked for');
wait_for_status('changes',
	"phase = 'LIVE' AND reason IS NULL AND records_produced = 240 AND open_shards = 1 "
	  . "AND caught_up_at > now() - interval '1 minute'");

like(refuse("SELECT yottastore.create_relay('changes', '$table', 'fleet_changes')"),
	qr/relay "changes" already exists/, 'a name is taken once');
is( query(
		"SELECT yottastore.create_relay('changes', '$table', 'fleet_changes', if_not_exists => true)"),
	$id, 'or given again when asked so');
like(refuse("SET ROLE other; SELECT yottastore.drop_relay('changes')"),
	qr/must be owner of relay/, 'only its owner may drop a relay');

# ---- watermarks ------------------------------------------------------------------------------

my $written_at = query('SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint');
my %complete;
foreach (1 .. 100)
{
	foreach my $message (grep { is_watermark($_) } consume($topic))
	{
		is($message->{key}, undef, 'a watermark has no key') unless %complete;
		my $watermark = header($message, 'yottastore-watermark');
		my $partition = $message->{partition};
		$complete{$partition} = $watermark
		  if !defined $complete{$partition} || $watermark > $complete{$partition};
	}
	last if keys %complete == 3 && !grep { $_ < $written_at } values %complete;
	usleep(100_000);
}
is(scalar(grep { $_ >= $written_at } values %complete),
	3, 'a quiet stream is told to be complete, in each partition');
is( scalar(
		grep { $_ > query('SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint') }
		  values %complete),
	0, 'but not up to the future');

# ---- resumed ---------------------------------------------------------------------------------

foreach my $n (7 .. 9)
{
	my $pid = relay_pid();
	put($table, "v$_", $n) foreach 1 .. 20;
	query("SELECT pg_terminate_backend($pid, 10000)");
	put($table, "v$_", $n) foreach 21 .. 40;
}
check_changes('restarted', $table, wait_for_changes($table, $topic));

my $pid = relay_pid();
foreach my $n (13 .. 18)
{
	put($table, "v$_", $n) foreach 1 .. 40;
	kill('KILL', $pid) if $n == 14;
}
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server recovers from a killed relay');
check_changes('killed', $table, wait_for_changes($table, $topic));
wait_for_status('changes', "phase = 'LIVE'");

# ---- a shard that doesn't begin with the record it is said to begin with -----------------------

# DynamoDB Local numbers the records of all its tables together
my $late = unique_name('late');
create_table($late, 1);
put($table, "v$_", '18.05') foreach 1 .. 20;
put($late, 'v1', 1);
query("CREATE SERVER late_changes FOREIGN DATA WRAPPER yottastore_stream "
	  . "OPTIONS (brokers '" . kafka_brokers() . "', topic '$late', format 'dynamodb')");
query("SELECT yottastore.create_relay('late', '$late', 'late_changes', 2)");
check_changes('a late first record', $late, wait_for_changes($late, $late));
query("SELECT yottastore.drop_relay('late')");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'yottastore relay'")
  or die 'the relay does not end';
store_api('DeleteTable', { TableName => $late });
check_changes('and those before it', $table, wait_for_changes($table, $topic));

# ---- a store whose credentials and server change ---------------------------------------------

$pid = relay_pid();
foreach my $n (1 .. 6)
{
	put($table, "v$_", "18.$n") foreach 1 .. 40;
	# so fast that one comes while the one before is being looked at
	query(join "\n",
		map { "ALTER USER MAPPING FOR CURRENT_USER SERVER fleet OPTIONS (SET secret_access_key 'changed$n.$_');" } 1 .. 50);
}
check_changes('other credentials', $table, wait_for_changes($table, $topic));
is(relay_pid(), $pid, 'the relay goes on with other credentials');
query('ALTER SERVER fleet OWNER TO other');
wait_for_status('changes', "reason LIKE 'server \"fleet\" may not connect to a store%'");
query("ALTER SYSTEM SET yottastore.allowed_endpoints = '127.0.0.1'");
$node->reload;
put($table, "v$_", '18.7') foreach 1 .. 40;
check_changes('a store that is allowed', $table, wait_for_changes($table, $topic));
wait_for_status('changes', 'reason IS NULL');
query("ALTER SYSTEM SET yottastore.allowed_endpoints = '10.0.0.0/8'");
$node->reload;
wait_for_status('changes', "reason LIKE 'the address of a store''s node is not allowed%'");
query('ALTER SERVER fleet OWNER TO CURRENT_USER');
put($table, "v$_", '18.8') foreach 1 .. 40;
check_changes("a superuser's store", $table, wait_for_changes($table, $topic));
wait_for_status('changes', 'reason IS NULL');

# ---- a broker that goes away -----------------------------------------------------------------

my $broker = start_service('kafka');
query("CREATE SERVER other_changes FOREIGN DATA WRAPPER yottastore_stream "
	  . "OPTIONS (brokers '$broker->{address}', topic 'other', format 'dynamodb')");
query("SELECT yottastore.create_relay('other', '$table', 'other_changes', 1)");
check_changes('another topic', $table,
	wait_for_changes($table, 'other', brokers => $broker->{address}));
kill_service($broker);
put($table, "v$_", 19) foreach 1 .. 40;
resume_service($broker);
put($table, "v$_", 20) foreach 1 .. 40;
check_changes('a broker killed', $table,
	wait_for_changes($table, 'other', brokers => $broker->{address}));

stop_service($broker);
my $stopped = query("SELECT yottastore.drop_relay('other'), "
	  . "yottastore.create_relay('unreachable', '$table', 'other_changes', 1) > 0");
is($stopped, 't|t', 'a relay is dropped and another made');
wait_for_status('unreachable', "phase = 'STARTING' AND reason LIKE 'could not%kafka topic \"other\"%'");
resume_service($broker);
wait_for_status('unreachable', "phase = 'LIVE' AND reason IS NULL");
is(query("SELECT yottastore.drop_relay('unreachable')"), 't', 'dropped');

# ---- a table without a stream, and one whose stream is replaced ------------------------------

my $bare = unique_name('bare');
create_table($bare, 0);
query("CREATE SERVER bare_changes FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '"
	  . kafka_brokers()
	  . "', topic '$bare', format 'dynamodb')");
query("SELECT yottastore.create_relay('bare', '$bare', 'bare_changes', 2)");
wait_for_status('bare', "phase = 'PAUSED' AND reason LIKE '%\"$bare\" has no stream%'");
set_stream($bare, 1);
put($bare, "b$_", 1) foreach 1 .. 5;
check_changes('a stream enabled later', $bare, wait_for_changes($bare, $bare));
wait_for_status('bare', "phase = 'LIVE' AND reason IS NULL");

set_stream($bare, 0);
wait_for_status('bare', "phase = 'PAUSED'");
set_stream($bare, 1);
put($bare, "b$_", 2) foreach 1 .. 5;
@changes = wait_for_changes($bare, $bare);
check_changes('a stream replaced', $bare, @changes);
my %generations = map { $_->{generation} => 1 } @changes;
is(scalar keys %generations, 2, 'the new stream has a generation of its own');
wait_for_status('bare', "phase = 'LIVE' AND reason IS NULL AND losses = 1 AND last_loss LIKE '%replaced%'");

# ---- made anew -------------------------------------------------------------------------------

query("SELECT yottastore.drop_relay('bare')");
ok( $node->poll_query_until(
		'postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'yottastore relay'"),
	'a dropped relay ends');
put($bare, "b$_", 3) foreach 1 .. 5;
query("SELECT yottastore.create_relay('bare', '$bare', 'bare_changes', 2)");
my ($newest) = sort { before($a, $b) ? 1 : -1 } wait_for_changes($bare, $bare);
is($newest->{n}, 3, 'what a new relay produces outranks what the old one did');

# ---- gone ------------------------------------------------------------------------------------

is(query("SELECT yottastore.drop_relay('bare'), yottastore.drop_relay('changes')"),
	't|t', 'relays are dropped');
like(refuse("SELECT yottastore.drop_relay('changes')"), qr/relay "changes" does not exist/, 'once');
is(query("SELECT yottastore.drop_relay('changes', if_exists => true)"),
	'f', 'or more often when asked so');
ok( $node->poll_query_until(
		'postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'yottastore relay'"),
	'and end');
my $before = () = changes($topic);
put($table, 'v1', 21);
is(scalar(() = changes($topic)), $before, 'after which nothing is produced');
is(query('SELECT count(*) FROM yottastore_internal.relay_shard'), 0, 'and nothing is left of them');

$node->stop;
done_testing();
