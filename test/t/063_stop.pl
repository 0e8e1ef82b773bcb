# Workers end at once when they are asked to, whatever they wait for: brokers that are away or say nothing, a
# store that takes requests and says nothing. And a policy whose store keeps its worker waiting does
# not do so to others, neither to one that comes nor when it is itself dropped.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);
use YottaNodes;
use YottaTest;

# What hangs, hangs for so long; what must not, ends well within the other.
use constant HANGS_SECONDS => 60;
use constant SOON_SECONDS => 20;

my $broker = start_service('kafka');
my ($store_port) = store_url() =~ /:(\d+)$/;
my $nodes = YottaNodes->new($store_port, 1);
my $node = new_node('stop');
my ($table, $topic) = (unique_name('vehicles'), unique_name('vehicles'));

sub query { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }
sub create
{
	my ($policy, $source) = @_;
	query("SELECT yottastore.create_index_policy('$policy', '$source', 'fleet_changes', fields => ARRAY[yottastore.field('kind', 'text', ARRAY['kind'])])");
	return;
}
sub becomes
{
	my ($sql, $wanted, $what) = @_;
	ok($node->poll_query_until('postgres', $sql, $wanted), $what) or diag(query($sql));
	return;
}
sub put { my ($id) = @_; store_api('PutItem', { TableName => $table, Item => { id => { S => $id }, kind => { S => 'car' } } }); return; }

create_servers($node, store => $nodes->nodes, topic => $topic, brokers => $broker->{address});
query("ALTER SERVER fleet OPTIONS (ADD request_timeout '@{[ HANGS_SECONDS ]}s')");
query(<<"END");
SELECT yottastore.create_store_table('fleet', '$table', 'id');
CREATE FOREIGN TABLE vehicles (id text OPTIONS (key 'partition') NOT NULL) SERVER fleet OPTIONS (table '$table');
SELECT yottastore.create_relay('vehicles_relay', 'vehicles', 'fleet_changes', 1);
CREATE SERVER direct FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '@{[ store_url() ]}', region 'eu-south-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER direct OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE others (id text OPTIONS (key 'partition') NOT NULL) SERVER direct OPTIONS (table '$table');
END
put("v$_") foreach 1 .. 10;
create('kinds', 'vehicles');
is(query("SELECT yottastore.index_wait('kinds', timeout => '60 s')"), 't', 'workers work');

my $workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'";

# Stops all by hand, and the server, and has both again.
sub stops
{
	my ($while) = @_;
	my $began = time();
	# the supervisor, told first, may have stopped the others before they are told
	cmp_ok(query('SELECT yottastore.stop_workers()'), '>=', 1, "$while: stopped by hand");
	becomes($workers, '0', 'no worker is left');
	my $took = time() - $began;
	cmp_ok($took, '<', SOON_SECONDS, 'soon');
	query('SELECT yottastore.start_workers()');
	becomes($workers, '3', 'started again');
	usleep(1_500_000);    # to have them wait for what they wait for
	$began = time();
	$node->stop('fast');
	my $stopped = time() - $began;
	cmp_ok($stopped, '<', SOON_SECONDS, 'the server stops soon');
	note sprintf '%s: workers ended in %.1f s, the server in %.1f s', $while, $took, $stopped;
	$node->start;
	return;
}

# What they wait for is there again: begin anew, since what has been asked for may still wait.
sub go_on
{
	my ($id, $what) = @_;
	put($id);
	query('SELECT yottastore.stop_workers()');
	becomes($workers, '0', "$what is back");
	query('SELECT yottastore.start_workers()');
	is(query("SELECT yottastore.index_wait('kinds', timeout => '60 s')"), 't', 'they go on');
	return;
}

put("w$_") foreach 1 .. 200;
stops('busy');

my ($pid) = slurp_file("$broker->{state}/kafka/pid") =~ /^(\d+)$/m;
kill 'STOP', $pid;
stops('the broker says nothing');
kill 'CONT', $pid;
stop_service($broker);
stops('the broker is away');
resume_service($broker);
go_on('x1', 'the broker');

$nodes->set(0, 'hang');
stops('the store says nothing');
$nodes->set(0, 'pass');
go_on('x2', 'the store');
is(query('SELECT count(*) FROM kinds'), '212', 'nothing was lost');

# ---- a store that keeps one policy's worker waiting ----------------------------------------------

query("SELECT yottastore.drop_relay('vehicles_relay')");
my $event = encode_json({ eventName => 'MODIFY', dynamodb => { Keys => { id => { S => 'v1' } }, SequenceNumber => '1' } });

# Has the policy's worker wait for an item that an event only names.
sub hang
{
	my ($before) = $nodes->requests;
	$nodes->set(0, 'hang');
	produce($topic, undef, $event, partition => 0, brokers => $broker->{address});
	foreach (1 .. 900)
	{
		my ($now) = $nodes->requests;
		return if $now > $before;
		usleep(100_000);
	}
	die('the item is not asked for');
}

hang();
my $began = time();
create('others_kinds', 'others');
becomes("SELECT phase FROM yottastore.index_policies WHERE policy = 'others_kinds'", 'LIVE', 'a policy that comes does not wait');
cmp_ok(time() - $began, '<', SOON_SECONDS, 'for the other\'s store');
note sprintf 'live after %.1f s', time() - $began;
query("SELECT yottastore.drop_index_policy('others_kinds')");
$nodes->set(0, 'pass');
becomes("SELECT events FROM yottastore.index_lag WHERE policy = 'kinds'", '0', 'which goes on when its store does');

hang();
$began = time();
query("SELECT yottastore.drop_index_policy('kinds')");
create('others_kinds', 'others');
becomes("SELECT phase FROM yottastore.index_policies WHERE policy = 'others_kinds'", 'LIVE', 'nor for the sake of one that is dropped');
cmp_ok(time() - $began, '<', SOON_SECONDS, 'while it waits');
note sprintf 'live after %.1f s', time() - $began;
is(query('SELECT count(*) FROM others_kinds'), '212', 'with all items');

unlike(slurp_file($node->logfile), qr/PANIC|TRAP|was terminated by signal/, 'nothing crashed');
$nodes->set(0, 'pass');
$node->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
