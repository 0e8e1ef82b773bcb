# What sessions know together of a store's nodes: counters, health, who may see them; and what
# remains of that without preloading.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use YottaAnswers;
use YottaNodes;
use YottaTest;

use constant ITEMS => 60;

my $table = unique_name('status');
my ($port) = store_url() =~ /:(\d+)$/;
my $nodes = YottaNodes->new($port, 3);
my $node = new_node('status', conf => "yottastore.max_tracked_nodes = 128\nrestart_after_crash = on\n");

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub status
{
	my ($columns, $where) = @_;
	return sql("SELECT $columns FROM yottastore.node_status WHERE " . ($where // "server = 'fleet'"));
}

# How many requests came to each node while the code ran.
sub requests_during
{
	my ($code) = @_;
	my @before = $nodes->requests;
	$code->();
	my @after = $nodes->requests;
	return map { $after[$_] - $before[$_] } 0 .. $#after;
}

create_servers($node, store => $nodes->nodes);
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$table', 'id', stream => false);
CREATE FOREIGN TABLE parts (id text OPTIONS (key 'partition') NOT NULL, n int)
  SERVER fleet OPTIONS (table '$table');
INSERT INTO parts SELECT 'p' || i, i FROM generate_series(1, @{[ITEMS]}) i;
END
my @names = split /,/, $nodes->nodes;
my $gets = join "\n", map { "SELECT n FROM parts WHERE id = 'p$_';" } 1 .. ITEMS;
my $got = join "\n", 1 .. ITEMS;

# ---- counters --------------------------------------------------------------------------------

is(status('sum(write_units)'), ITEMS, 'what was written is counted');
sql('SELECT yottastore.reset_node_status()');
is(status('count(*)'), 0, 'a reset forgets all of it');

my @asked = requests_during(sub { is(sql($gets), $got, 'gets'), is(sql($gets), $got, 'and again') });
is(status('node, state, requests, retries, throttles, failures, shared', "server = 'fleet' ORDER BY node"),
	join("\n", map { "$names[$_]|up|$asked[$_]|0|0|0|t" } sort { $names[$a] cmp $names[$b] } 0 .. 2),
	'every request of both sessions is counted at its node');
is(status('sum(read_units)'), ITEMS, 'an eventually consistent read of a small item is half a unit');
is(status(<<'END'), 't', 'latencies are plausible, and in order');
bool_and(p50_ms > 0 AND p50_ms <= p95_ms AND p95_ms <= p99_ms AND p99_ms < 60000
AND last_answer_at BETWEEN since AND clock_timestamp() AND last_failure_at IS NULL AND last_failure IS NULL)
END

# an answer that takes 300 ms, read within the histogram's resolution
sql('SELECT yottastore.reset_node_status()');
$nodes->set_all('delay', 300);
sql("SELECT n FROM parts WHERE id = 'p1'");
$nodes->set_all('pass');
is(status('count(*), sum(requests), min(p50_ms) >= 300 / 1.0625 AND min(p50_ms) = max(p99_ms)'), '3|1|t', 'a slow answer');

# many sessions at once lose no count
sql('SELECT yottastore.reset_node_status()');
my @outputs = ('') x 6;
my @sessions = map {
	IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $gets ],
		'>', \$outputs[$_], IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default))
} 0 .. $#outputs;
$_->finish foreach @sessions;
is_deeply([ map { chomp; $_ } @outputs ], [ ($got) x @outputs ], 'many sessions');
is(status('sum(requests), sum(read_units)'), join('|', ITEMS * @outputs, ITEMS * @outputs / 2), 'and one sum');

# ---- throttling ------------------------------------------------------------------------------

my $scripted = YottaAnswers->new;
my $item = { json => { Item => { id => { S => 'p1' }, n => { N => '1' } } } };
$scripted->says('GetItem', (refusal('ProvisionedThroughputExceededException', 'too much')) x 2, $item);
sql("ALTER SERVER fleet OPTIONS (SET nodes '@{[$scripted->url]}')");
is(sql("SELECT n FROM parts WHERE id = 'p1'"), 1, 'a read that is throttled twice');
is(status('state, requests, retries, throttles, failures', "node = '@{[$scripted->url]}'"),
	'up|3|2|2|0', 'shows, and says nothing against the node');
$scripted->says('GetItem', refusal('InternalServerError', 'secret of the store', 500), $item);
is(sql("SELECT n FROM parts WHERE id = 'p1'"), 1, 'a read that fails once');
is(status('state, requests, retries, throttles, failures, last_failure', "node = '@{[$scripted->url]}'"),
	'up|5|3|2|1|HTTP status 500', 'shows, with no word of the store');
sql("ALTER SERVER fleet OPTIONS (SET nodes '@{[$nodes->nodes]}')");

# ---- health ----------------------------------------------------------------------------------

$nodes->set(1, 'cut');
is(sql($gets), $got, 'a session finds a node dead');
is(status("state IN ('down', 'probing'), failures >= 3, last_failure <> '', last_failure_at > since",
		"node = '$names[1]'"), 't|t|t|t', 'which shows');
my $start = time();
@asked = requests_during(sub { is(sql($gets), $got, 'another session'); });
cmp_ok($asked[1], '<=', 1 + (time() - $start) / 0.25, 'knows it, and sends it no more than probes are due');
$nodes->set(1, 'pass');
sql('SELECT yottastore.reset_node_status(\'fleet\')');
@asked = requests_during(sub { sql($gets) });
cmp_ok($asked[1], '>', ITEMS / 10, 'a reset makes it count as up at once');
is(status('state, failures', "node = '$names[1]'"), 'up|0', '... which it is');

$nodes->set(1, 'cut');
sql($gets);
$nodes->set(1, 'pass');
foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	sql($gets);
	last if status('state', "node = '$names[1]'") eq 'up';
	sleep 0.1;
}
is(status('state, failures > 0', "node = '$names[1]'"), 'up|t', 'and a probe finds it by itself');

# Many requests fail at the node at once: that is one reason to leave it alone, and not one for each
# of them to do so for longer.
sql(<<"END");
SELECT yottastore.reset_node_status();
CREATE FOREIGN TABLE divided (id text OPTIONS (key 'partition') NOT NULL, n int)
  SERVER fleet OPTIONS (table '$table', scan_segments '64');
END
$nodes->set(1, 'hang');
my ($scanned, $asked_before) = ('', ($nodes->requests)[1]);
my $scan = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SELECT count(*) FROM divided' ],
	'>', \$scanned, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	last if ($nodes->requests)[1] >= $asked_before + 9;
	sleep 0.1;
}
my $failed_at = time();
$nodes->set(1, 'refuse');
$scan->finish;
is($scanned, ITEMS . "\n", 'a scan of many segments loses a node');
cmp_ok(status('failures', "node = '$names[1]'"), '>=', 9, '... which fails many requests at once');
$nodes->set(1, 'pass');
foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	sql($gets);
	last if status('state', "node = '$names[1]'") eq 'up';
	sleep 0.1;
}
# for so many failures of probes it would be left alone for 15 seconds at least
cmp_ok(time() - $failed_at, '<', 14, 'it is soon asked again');

# ---- who may see it --------------------------------------------------------------------------

sql('CREATE ROLE nobody; CREATE ROLE user_of_fleet; CREATE ROLE monitor; GRANT pg_monitor TO monitor;
GRANT USAGE ON FOREIGN SERVER fleet TO user_of_fleet');
foreach my $try ([ nobody => 0 ], [ user_of_fleet => 3 ], [ monitor => 3 ])
{
	my ($role, $rows) = @$try;
	is(sql("SET ROLE $role; SELECT count(*) FROM yottastore.node_status WHERE node <> '@{[$scripted->url]}'"),
		$rows, "what $role sees");
	my ($code, undef, $error) = $node->psql('postgres', "SET ROLE $role; SELECT yottastore.reset_node_status()");
	like($error, qr/permission denied for function reset_node_status/, '... and may not reset');
	($code, undef, $error) = $node->psql('postgres', "SET ROLE $role; SELECT * FROM yottastore_internal.node_meters()");
	like($error, qr/permission denied for schema yottastore_internal/, '... nor go round the view');
}
my (undef, undef, $refused) = $node->psql('postgres', "SELECT yottastore.reset_node_status('none')");
like($refused, qr/server "none" does not exist/, 'a server that there is not');

sql('CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION yottastore');
is($node->safe_psql('other', 'SELECT count(*) FROM yottastore.node_status'), 0, 'a database sees its own servers');

# ---- dropped servers, and more nodes than there is room for -----------------------------------

my $many = '';
foreach my $n (1 .. 140)
{
	$many .= <<"END";
CREATE SERVER s$n FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '$names[0]');
CREATE USER MAPPING FOR CURRENT_USER SERVER s$n OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE t$n (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER s$n OPTIONS (table '$table');
SELECT n FROM t$n WHERE id = 'p1';
END
	$many .= "DROP SERVER s$n CASCADE;\n" if $n % 2;
}
is(sql("SET client_min_messages = error; $many"), join("\n", (1) x 140), 'servers come and go');
is(status('count(*)', q{server ~ '^s\d'}), 64, 'dropped ones are not shown, and half the table is theirs');
is(status('requests', "server = 's140'"), 1, 'the last has its place');
is(status('count(*)', "server = 'fleet'"), 0, 'and those unused for long have lost theirs');
is(sql($gets), $got, 'which harms nobody');
is(status('sum(requests)', "server = 'fleet'"), ITEMS, 'they are counted anew');

# ---- a session that keeps its connections sees that its places were given away ----------------

my ($to_psql, $output) = ('', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
	'<', \$to_psql, '>', \$output, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my $before = sql($gets);
$to_psql .= "SELECT n FROM parts WHERE id = 'p2';\n";
$session->pump until $output =~ /^2$/m;
sql('SELECT yottastore.reset_node_status()');
$to_psql .= "SELECT n FROM parts WHERE id = 'p3';\n\\q\n";
$session->finish;
like($output, qr/^2\n3$/m, 'a session that stays');
is(status('sum(requests)', "server = 'fleet'"), 1, 'counts where others see it');

# ---- a crash ---------------------------------------------------------------------------------

$session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
	'<', \($to_psql = ''), '>', \($output = ''), '2>', \my $complaint,
	IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
$to_psql = "SELECT pg_backend_pid();\n";
$session->pump until $output =~ /^(\d+)\n/;
# less than a pipe holds: IPC::Run dies of a write that would block
$to_psql = $gets x 20;
$session->pump until $output =~ /^60$/m;
kill 'KILL', $output =~ /^(\d+)\n/;
eval { $session->finish };
my $rows = '';
foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	my @ask = ('psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SELECT count(*) FROM yottastore.node_status');
	last if IPC::Run::run(\@ask, '<', \undef, '>', \$rows, '2>', \my $refusal) && $rows eq "0\n";
	sleep 0.1;
}
is($rows, "0\n", 'a crash empties the table');
is(sql($gets), $got, 'after it queries go on');
is(status('sum(requests), bool_and(shared)'), ITEMS . '|t', 'and are counted together');
$node->stop;

# ---- not preloaded ---------------------------------------------------------------------------

my $alone = new_node('alone', conf => "shared_preload_libraries = ''\n");
create_servers($alone, store => $names[0]);
is( $alone->safe_psql('postgres', <<"END"), join("\n", 7, "fleet|up|1|f"), 'without preloading a session knows its own');
CREATE FOREIGN TABLE parts (id text OPTIONS (key 'partition') NOT NULL, n int)
  SERVER fleet OPTIONS (table '$table');
SELECT n FROM parts WHERE id = 'p7';
SELECT server, state, requests, shared FROM yottastore.node_status;
END
is($alone->safe_psql('postgres', 'SELECT count(*) FROM yottastore.node_status'), 0, 'and nothing of others');
$alone->stop;

store_api('DeleteTable', { TableName => $table });
done_testing();
