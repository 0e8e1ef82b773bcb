# Every wait there is ends when it is cancelled, and the session goes on.
#
# A statement is brought to wait for a store that does not answer, is busy for ever, or is not
# reached; when it waits, it is cancelled from another session. How soon it ended is noted; the
# test's own limit is for the slowest of machines (make bench-cancel measures against the target).
use strict;
use warnings;

use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Socket;
use Test::More;
use Time::HiRes qw(time sleep);
use YottaAnswers;
use YottaProxy;
use YottaTest;

use constant LIMIT => 10;    # seconds; all waits below are of 100

my $node = new_node('cancel', conf => 'log_min_messages = warning');
my $proxy = YottaProxy->new(store_url());
my $told = YottaAnswers->new;
my $store = unique_name('cancel');
create_servers($node, store => $proxy->url);

# A port that takes no connection and refuses none: its queue is full.
my $hole = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die("no port: $!");
listen($hole, 0);
my @queued = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $hole->sockport, Blocking => 0) } 1 .. 4;

# One that accepts (the kernel does) and never says a word.
my $mute = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1') or die("no port: $!");

sub sql { return $node->safe_psql('postgres', $_[0]); }

my %nodes = (told => $told->url, void => 'http://127.0.0.1:' . $hole->sockport, silent => 'https://127.0.0.1:' . $mute->sockport);
sql("ALTER SERVER fleet OPTIONS (ADD request_timeout '100s', ADD connect_timeout '100s')");
sql(<<"END") foreach sort keys %nodes;
CREATE SERVER $_ FOREIGN DATA WRAPPER yottastore
	OPTIONS (nodes '$nodes{$_}', request_timeout '100s', connect_timeout '100s');
CREATE USER MAPPING FOR CURRENT_USER SERVER $_ OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE $_ (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER $_;
END
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$store', 'id', 'at numeric', stream => false);
CREATE FOREIGN TABLE v (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, n int)
	SERVER fleet OPTIONS (table '$store');
CREATE FOREIGN TABLE replacing (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, n int)
	SERVER fleet OPTIONS (table '$store', insert_mode 'upsert', truncatable 'true');
CREATE SERVER limited FOREIGN DATA WRAPPER yottastore
	OPTIONS (nodes '@{[ $proxy->url ]}', max_requests_per_second '1', request_timeout '100s');
CREATE USER MAPPING FOR CURRENT_USER SERVER limited OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE limited (id text OPTIONS (key 'partition') NOT NULL, at int OPTIONS (key 'sort') NOT NULL, n int)
	SERVER limited OPTIONS (table '$store');
INSERT INTO v SELECT 'k' || i, 1, i FROM generate_series(1, 40) i;
CREATE TABLE keys AS SELECT 'k' || i AS id FROM generate_series(1, 40) i;
ANALYZE keys;
END

# ---- how a wait is cancelled -----------------------------------------------------------------

# A session whose statements wait.
sub connected
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query('\set VERBOSITY verbose');
	return { psql => $session, pid => $session->query('SELECT pg_backend_pid()'), count => 0 };
}

sub descriptors { my ($session) = @_; my @open = glob "/proc/$session->{pid}/fd/*"; return scalar @open; }

my $watcher = $node->background_psql('postgres');
my $session = connected();
my @seconds;

# Starts the statement; true once what it waits for has come about, and it goes on waiting.
sub started
{
	my ($statement, $reached) = @_;
	my $psql = $session->{psql};
	$psql->{stdin} .= "$statement\n;\n\\warn 'end " . ++$session->{count} . "'\n";
	foreach (1 .. 600)
	{
		$psql->{run}->pump_nb;
		return 0 if $psql->{stderr} =~ /^end $session->{count}$/m;
		return 1 if $reached->()
		  && $watcher->query("SELECT count(*) FROM pg_stat_activity WHERE pid = $session->{pid}"
			  . " AND state = 'active' AND clock_timestamp() - query_start > interval '100 ms'") == 1;
		sleep 0.05;
	}
	return 0;
}

# What was said until the statement ended, and after how many seconds.
sub ended
{
	my $psql = $session->{psql};
	my $from = time;
	$psql->{run}->pump_nb, sleep 0.002
	  until $psql->{stderr} =~ /^end $session->{count}$/m || !$psql->{run}->pumpable || time > $from + 3 * LIMIT;
	my $said = $psql->{stderr};
	$psql->{stderr} = $psql->{stdout} = '';
	return ($said, time - $from);
}

# cancels(name, statement, reached => sub { has it come so far? })
sub cancels
{
	my ($name, $statement, $reached) = @_;
	subtest $name => sub {
		ok(started($statement, $reached), 'it waits') or return diag(ended());
		$watcher->query("SELECT pg_cancel_backend($session->{pid})");
		my ($said, $seconds) = ended();
		like($said, qr/ERROR:\s+57014/, 'it is cancelled');
		cmp_ok($seconds, '<', LIMIT, sprintf '... after %.0f ms', 1000 * $seconds);
		push @seconds, $seconds;
		$proxy->heal;
		is($session->{psql}->query("SELECT n FROM v WHERE id = 'k7' AND at = 1"), 7, 'the session goes on');
	};
	return;
}

# The store does not answer this operation, from its so many-th request on.
sub stalls
{
	my ($operation, $statement, $name) = @_;
	$proxy->fail($operation, 'hang', 200);
	my $before = $proxy->requests($operation);
	return cancels($name // "$operation of $statement", $statement, sub { $proxy->requests($operation) > $before });
}

# The scripted store says this to each request of the operation.
sub says
{
	my ($name, $operation, $statement, @answers) = @_;
	$told->says($operation, @answers);
	return cancels($name, $statement, sub { $told->heard($operation) >= @answers });
}

# ---- not reached -----------------------------------------------------------------------------

cancels('a connection that is not made', "SELECT n FROM void WHERE id = 'a'", sub { 1 });
cancels('... for a scan', 'SELECT count(*) FROM void', sub { 1 });
cancels('... for a write', "INSERT INTO void VALUES ('a', 1)", sub { 1 });
cancels('a TLS handshake that is not answered', "SELECT n FROM silent WHERE id = 'a'", sub { 1 });

# ---- not answered ----------------------------------------------------------------------------

stalls('GetItem', "SELECT n FROM v WHERE id = 'k1' AND at = 1");
stalls('BatchGetItem', "SELECT n FROM v WHERE id IN ('k1', 'k2', 'k3') AND at = 1");
stalls('Query', "SELECT n FROM v WHERE id = 'k1' AND at > 0");
stalls('Query', "SELECT n FROM keys JOIN v USING (id) WHERE keys.id < 'k2'", 'a join by key');
stalls('Scan', 'SELECT sum(n) FROM v');
stalls('Scan', "SELECT sum(n) FROM v WHERE n > 5", 'a filtered Scan');
stalls('Scan', 'SELECT count(*) FROM v', 'a count by Scan');
stalls('Query', "SELECT count(*) FROM v WHERE id = 'k1'", 'a count by Query');
stalls('Query', "SELECT n FROM v WHERE id = 'k1' ORDER BY at DESC LIMIT 2", 'the last items of a partition');
stalls('PutItem', "INSERT INTO v SELECT 'new' || i, i FROM generate_series(1, 500) i", 'INSERT with requests in flight');
stalls('PutItem', "INSERT INTO v VALUES ('one', 1) ON CONFLICT DO NOTHING RETURNING id", 'INSERT of one item');
stalls('PutItem', "COPY v (id, at) FROM PROGRAM 'seq -f a,%g 500' (FORMAT csv)", 'COPY');
stalls('BatchWriteItem', "INSERT INTO replacing SELECT 'new' || i, i FROM generate_series(1, 500) i", 'INSERT that replaces');
stalls('Scan', 'TRUNCATE replacing', 'TRUNCATE when it reads');
stalls('BatchWriteItem', 'TRUNCATE replacing', '... and when it deletes');
stalls('UpdateItem', "UPDATE v SET n = 1 WHERE id = 'k1' AND at = 1", 'UPDATE by key');
stalls('UpdateItem', "UPDATE v SET n = n + 1", 'UPDATE of what was read');
stalls('Scan', "UPDATE v SET n = n + 1", '... when it reads');
stalls('DeleteItem', "DELETE FROM v WHERE id = 'k1' AND at = 1", 'DELETE by key');
stalls('DeleteItem', "DELETE FROM v WHERE n < 5", 'DELETE of what was read');
stalls('Scan', 'ANALYZE v', 'ANALYZE');
stalls('ListTables', 'IMPORT FOREIGN SCHEMA store FROM SERVER fleet INTO public', 'IMPORT FOREIGN SCHEMA');
stalls('Scan', "IMPORT FOREIGN SCHEMA store LIMIT TO ($store) FROM SERVER fleet INTO public", '... when it samples');
stalls('CreateTable', "SELECT yottastore.create_store_table('fleet', 'never', 'id')", 'create_store_table');

# a write whose outcome must be found out
$proxy->fail('PutItem', 'mute');
stalls('GetItem', "INSERT INTO v VALUES ('doubt', 1, 1)", 'the outcome of an INSERT');
$proxy->fail('UpdateItem', 'mute');
stalls('GetItem', "UPDATE v SET n = 2 WHERE id = 'k2' AND at = 1", 'the outcome of an UPDATE');
$proxy->fail('DeleteItem', 'mute');
stalls('GetItem', "DELETE FROM v WHERE id = 'doubt' AND at = 1", 'the outcome of a DELETE');

# ---- answered in part, and put off -----------------------------------------------------------

my $key = { id => { S => 'a' } };
my $page = { Items => [ { %$key, n => { N => '1' } } ], Count => 1, ScannedCount => 1, LastEvaluatedKey => $key };
says('an answer that stops in its middle', 'GetItem', "SELECT n FROM told WHERE id = 'a'",
	{ json => { Item => { %$key, n => { N => '1' } } }, stall => 10 });
says('a page that does not follow', 'Scan', 'SELECT count(n) FROM told', { json => $page }, { json => $page }, { hang => 1 });
says('empty pages without end', 'Scan', 'SELECT count(n) FROM told',
	({ json => { Items => [], Count => 0, ScannedCount => 9, LastEvaluatedKey => $key } }) x 3, { hang => 1 });

my $throttled = refusal('ThrottlingException', 'Rate of requests exceeds the allowed throughput.');
my $failed = { status => 500, text => '' };
foreach my $case ([ 'throttled', $throttled ], [ 'failing', $failed ])
{
	my ($how, $answer) = @$case;
	says("a $how GetItem", 'GetItem', "SELECT n FROM told WHERE id = 'a'", ($answer) x 4);
	says("a $how Scan", 'Scan', 'SELECT count(n) FROM told', ($answer) x 4);
	$told->says('GetItem', $answer);
	says("a $how INSERT", 'PutItem', "INSERT INTO told VALUES ('a', 1)", ($answer) x ($how eq 'failing' ? 1 : 4));
}
says('keys that stay unprocessed', 'BatchGetItem', "SELECT n FROM told WHERE id IN ('a', 'b')",
	({ json => { Responses => {}, UnprocessedKeys => { told => { Keys => [ $key, { id => { S => 'b' } } ] } } } }) x 4);
$proxy->fail('BatchWriteItem', 'none', 200);
my $before = $proxy->requests('BatchWriteItem');
cancels('items that stay unprocessed', "INSERT INTO replacing VALUES ('new', 1)",
	sub { $proxy->requests('BatchWriteItem') > $before + 3 });
cancels('requests kept back by a limit', "SELECT sum(limited.n) FROM keys, LATERAL (SELECT n FROM limited WHERE id = keys.id AND at = 1 OFFSET 0) limited", sub { 1 });
cancels('writes kept back by a limit', "INSERT INTO limited SELECT 'new' || i, i FROM generate_series(1, 500) i", sub { 1 });
$told->says('CreateTable', { json => {} });
says('a table that does not become active', 'DescribeTable', "SELECT yottastore.create_store_table('told', 'slow', 'id')",
	({ json => { Table => { TableName => 'slow', TableStatus => 'CREATING',
		KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
		AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ] } } }) x 4);

# ---- streams ---------------------------------------------------------------------------------

my $topic = unique_name('cancel');
sql(<<"END");
CREATE SERVER changes FOREIGN DATA WRAPPER yottastore_stream
	OPTIONS (brokers '@{[ kafka_brokers() ]}', topic '$topic', format 'dynamodb');
END
produce($topic, 'k', '{}');
sub create_policy
{
	sql("SELECT yottastore.create_index_policy('by_n', 'v', 'changes', fields => ARRAY[yottastore.field('n', 'numeric', ARRAY['n'])])");
}
create_policy();
is(sql("SELECT yottastore.index_wait('by_n', timeout => '$PostgreSQL::Test::Utils::timeout_default s')"), 't', 'an index');
sql('SELECT yottastore.stop_workers()');
produce($topic, 'k', '{}');
cancels('an index that does not advance', "SELECT yottastore.index_wait('by_n', timeout => '100 s')", sub { 1 });
sql("ALTER SERVER changes OPTIONS (SET brokers '127.0.0.1:" . $mute->sockport . "')");
cancels('a broker that does not answer', "SELECT yottastore.index_wait('by_n', timeout => '100 s')", sub { 1 });
sql("ALTER SERVER changes OPTIONS (SET brokers '" . kafka_brokers() . "')");

# a worker that waits for the store
sub backfill_waits
{
	$proxy->fail('Scan', 'hang', 200);
	my $before = $proxy->requests('Scan');
	create_policy();
	foreach (1 .. 100 * LIMIT)
	{
		return 1 if $proxy->requests('Scan') > $before;
		sleep 0.1;
	}
	return 0;
}
sql("SELECT yottastore.drop_index_policy('by_n'); SELECT yottastore.start_workers()");
ok(backfill_waits(), 'a backfill waits');
my $from = time;
sql('SELECT yottastore.stop_workers()');
ok($node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'"), '... and its worker is stopped');
cmp_ok(time - $from, '<', LIMIT, sprintf '... within %.1f s', time - $from);
sql("SELECT yottastore.drop_index_policy('by_n'); SELECT yottastore.start_workers()");
$proxy->heal;

@seconds = sort { $a <=> $b } @seconds;
note(sprintf '%d waits: median %.0f ms, longest %.0f ms', scalar @seconds, map { 1000 * $_ } @seconds[ @seconds / 2, -1 ]);

# ---- what is left behind ---------------------------------------------------------------------

is(sql("SELECT count(*) FROM v WHERE id LIKE 'k%'"), 40, 'nothing was deleted');

# the second time opens nothing that the first did not
my @open;
foreach (1 .. 3)
{
	stalls('PutItem', "INSERT INTO v SELECT 'new' || i, i FROM generate_series(1, 500) i", 'INSERT again');
	stalls('Scan', 'SELECT sum(n) FROM v', 'Scan again');
	push @open, descriptors($session);
}
cmp_ok($open[2], '<=', $open[0] + 2, "no descriptors are left open (@open)");

# ---- time-outs, and the end of the session ---------------------------------------------------

$proxy->fail($_, 'hang', 200) foreach qw(GetItem Scan PutItem UpdateItem);
foreach my $statement (
	"SELECT n FROM v WHERE id = 'k1' AND at = 1",
	'SELECT sum(n) FROM v',
	"INSERT INTO v SELECT 'new' || i, i FROM generate_series(1, 500) i",
	"UPDATE v SET n = 1 WHERE id = 'k1' AND at = 1",
	"SELECT n FROM void WHERE id = 'a'")
{
	$from = time;
	$session->{psql}->query("SET statement_timeout = '200ms'");
	$session->{psql}->query($statement);
	like($session->{psql}{stderr}, qr/ERROR:\s+57014.*statement timeout/, "statement_timeout: $statement");
	cmp_ok(time - $from, '<', LIMIT, sprintf '... after %.0f ms', 1000 * (time - $from));
	$session->{psql}{stderr} = '';
}
$session->{psql}->query('RESET statement_timeout');

foreach my $case (
	[ 'GetItem', "SELECT n FROM v WHERE id = 'k1' AND at = 1" ],
	[ 'Scan', 'SELECT sum(n) FROM v' ],
	[ 'PutItem', "INSERT INTO v SELECT 'new' || i, i FROM generate_series(1, 500) i" ],
	[ 'UpdateItem', "UPDATE v SET n = 1 WHERE id = 'k1' AND at = 1" ])
{
	my ($operation, $statement) = @$case;
	$session = connected();
	$proxy->fail($_, 'hang', 200) foreach qw(GetItem Scan PutItem UpdateItem);
	my $before = $proxy->requests($operation);
	ok(started($statement, sub { $proxy->requests($operation) > $before }), "it waits: $statement");
	$watcher->query("SELECT pg_terminate_backend($session->{pid}, 30000)");
	my ($said, $seconds) = ended();
	like($said, qr/57P01/, sprintf '... and is terminated after %.0f ms', 1000 * $seconds);
	$session->{psql}{run}->kill_kill;
}
is($watcher->query('SELECT 1'), 1, 'no other session is disturbed');
$watcher->quit;

# a server is shut down while a session and a worker wait
ok(backfill_waits(), 'a backfill waits');
$session = connected();
$before = $proxy->requests('Scan');
ok(started('SELECT sum(n) FROM v', sub { $proxy->requests('Scan') > $before }), '... and a session');
$from = time;
$node->stop('fast');
cmp_ok(time - $from, '<', 3 * LIMIT, sprintf 'the server stops after %.1f s', time - $from);
$session->{psql}{run}->kill_kill;

store_api('DeleteTable', { TableName => $store });
done_testing();
