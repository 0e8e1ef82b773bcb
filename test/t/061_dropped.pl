# What workers use is dropped under them while they apply events: policy, index table, foreign table,
# servers, extension, database. Nothing crashes, hangs or is refused; the workers end; what is
# created anew works. Databases can be copied and renamed, too.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaFleet;
use YottaTest;

use constant EVENTS => 60_000;

my $node = new_node('dropped', extension => 0, conf => "max_worker_processes = 32\nstatement_timeout = '60s'");
my ($table, $topic) = (unique_name('vehicles'), unique_name('vehicles'));
produce($topic, 'none', '{"there": "before all policies"}', partition => 0);
my $events = [ map { [ "v$_", qq({"kind":"car $_","text":") . 'x' x 50 . '"}' ] } 1 .. EVENTS ];

sub query { my ($database, $sql) = @_; return $node->safe_psql($database, $sql); }

sub create_kinds
{
	my ($database) = @_;
	query($database, "SELECT yottastore.create_index_policy('kinds', 'vehicles', 'fleet_changes', fields => ARRAY[yottastore.field('kind', 'text', ARRAY['kind'])])");
	return;
}

# A database with a policy and a relay whose workers are busy.
my $there = 0;

sub declare
{
	my ($database) = @_;
	query($database, 'CREATE EXTENSION yottastore');
	create_documents($node, database => $database, table => $table, topic => $topic, relay => 1, exists => $there++);
	return create_kinds($database);
}

sub load
{
	my ($database) = @_;
	$node->poll_query_until($database, "SELECT phase = 'LIVE' FROM yottastore.index_policies") or die('not live');
	produce_many($topic, $events, partition => 0);
	ok( $node->poll_query_until($database, 'SELECT count(*) > 0 FROM kinds'), "$database: under load")
	  or diag(query($database, 'TABLE yottastore.index_lag'));
	return;
}

sub make_busy
{
	my ($database) = @_;
	query('postgres', "CREATE DATABASE $database");
	declare($database);
	load($database);
	return;
}

sub workers_become
{
	my ($database, $wanted, $what) = @_;
	my $kinds = "SELECT COALESCE(string_agg(substr(backend_type, 12), ', ' ORDER BY backend_type), 'none') FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%' AND datname = '$database'";
	ok($node->poll_query_until('postgres', $kinds, $wanted), $what // "$database: processes become $wanted")
	  or diag(query('postgres', $kinds));
	return;
}

# Runs it while workers are busy; nothing may wait for what only they would give up.
sub drops
{
	my ($database, $in, $sql) = @_;
	my $began = time();
	my ($code, $out, $error) = $node->psql($in, "SET client_min_messages = 'warning'; $sql");
	is($error, '', "$database: $sql");
	note sprintf '%.1f s', time() - $began;
	return;
}

# ---- policy, index table -------------------------------------------------------------------------

make_busy('one');
drops('one', 'one', "SELECT yottastore.drop_index_policy('kinds')");
workers_become('one', 'relay, supervisor');
create_kinds('one');
load('one');
drops('one', 'one', 'DROP TABLE kinds');
is(query('one', 'SELECT count(*) FROM yottastore.index_policies'), '0', 'the policy goes with its table');
workers_become('one', 'relay, supervisor');
create_kinds('one');

# ---- what it is made of --------------------------------------------------------------------------

load('one');
drops('one', 'one', 'DROP FOREIGN TABLE vehicles CASCADE');
workers_become('one', 'none', 'policy and relay go with their source');
query('one', 'DROP SERVER fleet CASCADE; DROP SERVER fleet_changes CASCADE; DROP SERVER relayed; DROP EXTENSION yottastore');

declare('one');
load('one');
drops('one', 'one', 'DROP SERVER fleet_changes CASCADE');
workers_become('one', 'relay, supervisor');
drops('one', 'one', 'DROP SERVER fleet CASCADE');
workers_become('one', 'none');
query('one', 'DROP SERVER relayed; DROP TABLE IF EXISTS kinds; DROP EXTENSION yottastore CASCADE');

# ---- the extension -------------------------------------------------------------------------------

declare('one');
load('one');
drops('one', 'one', 'DROP EXTENSION yottastore CASCADE');
is(query('one', "SELECT count(*) FROM pg_class WHERE relname = 'kinds' OR relname ~ '^locator'"), '0', 'and all that hangs on it');
declare('one');
load('one');
is(query('one', "SELECT yottastore.index_wait('kinds', timeout => '60 s')"), 't', 'created again at once, it works');
is(query('one', 'SELECT count(*) FROM kinds'), EVENTS, 'whatever workers there were before');
drops('one', 'one', 'DROP EXTENSION yottastore CASCADE');
workers_become('one', 'none');

# ---- the database --------------------------------------------------------------------------------

declare('one');
load('one');
drops('one', 'postgres', 'CREATE DATABASE copy TEMPLATE one');
workers_become('one', 'relay, stream worker, supervisor', 'who made way for a copy comes back');
is(query('one', "SELECT yottastore.index_wait('kinds', timeout => '60 s')"), 't', 'and goes on');
is(query('one', 'SELECT count(*) FROM kinds'), EVENTS, 'where it was');
load('one');
drops('one', 'postgres', 'ALTER DATABASE one RENAME TO two');
workers_become('two', 'relay, stream worker, supervisor', 'so for another name');
load('two');
drops('two', 'postgres', 'DROP DATABASE two');
make_busy('three');
drops('three', 'postgres', 'DROP DATABASE three WITH (FORCE)');

# its owner needs no superuser's help
query('postgres', 'CREATE ROLE owner LOGIN');
make_busy('four');
query('postgres', 'ALTER DATABASE four OWNER TO owner');
drops('four', 'postgres', 'SET ROLE owner; DROP DATABASE four');

# others do hold it up, and are not disturbed
make_busy('five');
my $session = $node->background_psql('five');
$session->query('SELECT 1');
my ($code, $out, $error) = $node->psql('postgres', 'DROP DATABASE five');
like($error, qr/is being accessed by other users\nDETAIL:.* 1 other session/, 'another session is in the way, and alone');
workers_become('five', 'relay, stream worker, supervisor', 'after which the workers come back');
$session->quit;
drops('five', 'postgres', 'DROP DATABASE five');

# one that was dropped while its workers were not connected is not asked for again
query('postgres', 'DROP DATABASE copy');
ok($node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'"),
	'no process is left');
is(query('postgres', 'SELECT count(*) FROM pg_locks WHERE NOT granted'), '0', 'and nobody waits for a lock');

my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC|TRAP|was terminated by signal|deadlock detected/, 'nothing crashed, no deadlock');

$node->restart;
query('postgres', 'CREATE DATABASE six');
drops('six', 'postgres', 'DROP DATABASE six');
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
