# Two relays of one table to one topic, from two databases: the second waits, takes over when the
# first is silent, and what either produces then outranks what was there, so that nothing stale wins.
use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(usleep);
use YottaTest;

my $node = new_node('pair');
my $table = unique_name('paired');
my $topic = unique_name('paired');

sub query { my ($sql, $database) = @_; return $node->safe_psql($database // 'postgres', $sql); }

sub declare
{
	my ($database) = @_;
	create_servers($node, topic => $topic, database => $database);
	query(<<"END", $database);
CREATE FOREIGN TABLE items (id text OPTIONS (key 'partition') NOT NULL, item jsonb OPTIONS (document 'true'))
  SERVER fleet OPTIONS (table '$table');
END
	return;
}

sub relay_becomes
{
	my ($database, $condition) = @_;
	ok( $node->poll_query_until($database, "SELECT $condition FROM yottastore.relay_status"),
		"$database: $condition")
	  or diag(query('SELECT * FROM yottastore.relay_status', $database));
	return;
}

sub no_relay_in
{
	my ($database) = @_;
	ok( $node->poll_query_until('postgres',
			"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'yottastore relay' AND datname = '$database'"),
		"no relay in $database any more");
	return;
}

sub put
{
	my ($n) = @_;
	store_api('PutItem', { TableName => $table, Item => { id => { S => 'a' }, n => { N => "$n" } } });
	return;
}

# The changes produced, in order: n@generation.
sub changes
{
	my @changes;
	foreach my $message (consume($topic))
	{
		my %headers = @{ $message->{headers} };
		my ($generation) = ($headers{'yottastore-position'} // '') =~ /^(\d+):/ or next;
		push @changes,
		  { n => decode_json($message->{payload})->{dynamodb}{NewImage}{n}{N}, generation => $generation };
	}
	return @changes;
}

sub generation_of
{
	my ($n) = @_;
	foreach (1 .. 200)
	{
		my @found = grep { $_->{n} == $n } eval { changes() };
		return $found[-1]{generation} if @found;
		usleep(100_000);
	}
	die "change $n was not produced";
}

declare('postgres');
query(<<"END");
SELECT yottastore.create_store_table('fleet', '$table', 'id');
SELECT yottastore.create_relay('first', 'items', 'fleet_changes', 1);
SELECT yottastore.create_index_policy('numbers', 'items', 'fleet_changes',
  fields => ARRAY[yottastore.field('n', 'numeric', ARRAY['n'])]);
END
put(1);
query("SELECT yottastore.index_wait('numbers', timeout => '60 s')");
my $generation = generation_of(1);

my ($code, $out, $error) = $node->psql('postgres', <<"END");
CREATE SERVER twin FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers '@{[ kafka_brokers() ]}', topic '$topic', format 'dynamodb');
SELECT yottastore.create_relay('twin', 'items', 'twin');
END
like($error, qr/another relay produces to stream "twin"/, 'in one database the second is refused');

query('CREATE DATABASE second');
query('CREATE EXTENSION yottastore', 'second');
declare('second');
query("SELECT yottastore.create_relay('second', 'items', 'fleet_changes', 1)", 'second');
relay_becomes('second', "records_produced = 0 AND reason LIKE 'a relay of another database produces to topic%'");
put(2);
query("SELECT yottastore.index_wait('numbers', timeout => '60 s')");
is(query('SELECT n FROM numbers'), '2', 'the first goes on');
is(generation_of(2), $generation, 'undisturbed');

query('SELECT yottastore.stop_workers()');
no_relay_in('postgres');
put(3);
relay_becomes('second', "phase = 'LIVE' AND reason IS NULL AND records_produced > 0");
cmp_ok(generation_of(3), '>', $generation, 'when it is silent the second takes over, above it');
$generation = generation_of(3);

query("SELECT yottastore.drop_relay('second')", 'second');
no_relay_in('second');
put(4);
query('SELECT yottastore.start_workers()');
ok($node->poll_query_until('postgres', 'SELECT n = 4 FROM numbers'),
	'what the first produces afterwards is not stale');
cmp_ok(generation_of(4), '>', $generation, 'since it is above the second in turn');
put(5);
query("SELECT yottastore.index_wait('numbers', timeout => '60 s')");
is(query('SELECT n FROM numbers'), '5', 'and stays so');
is( query('SELECT r.phase, r.losses, p.phase FROM yottastore.relay_status r, yottastore.index_policies p'),
	'LIVE|0|LIVE', 'nothing was lost');

$node->stop;
done_testing();
