# A store of several nodes, some of which fail: no query does while one of them works, and when none
# does the query says so in time.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use YottaNodes;
use YottaTest;

use constant ITEMS => 60;
use constant REQUEST_TIMEOUT => 4;

my $store = start_service('store', durable => 1);
my $proxy = YottaNodes->new($store->{port}, 3);
my $node = new_node('nodes');
create_servers($node, store => $proxy->nodes);
$node->safe_psql('postgres', <<"END");
SELECT yottastore.create_store_table('fleet', 'parts', 'id');
ALTER SERVER fleet OPTIONS (ADD connect_timeout '1s', ADD request_timeout '@{[REQUEST_TIMEOUT]}s');
CREATE FOREIGN TABLE parts (id text OPTIONS (key 'partition') NOT NULL, n int, filling text)
  SERVER fleet OPTIONS (table 'parts');
END

# 100 kB an item, so that a page has ten of them.
foreach my $n (1 .. ITEMS)
{
	store_api(
		'PutItem',
		{
			TableName => 'parts',
			Item => { id => { S => "p$n" }, n => { N => "$n" }, filling => { S => 'x' x 100_000 } }
		},
		$store->{url});
}

# ---- a session that stays, and with it what it knows of the nodes -----------------------------

my ($to_psql, $output, $errors) = ('', '', '');
my $session = IPC::Run::start(
	[ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres') ],
	'<', \$to_psql, '>', \$output, '2>', \$errors,
	IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my $asked = 0;

# Sends SQL; await_answer() returns what it printed, its errors and how long it took.
sub ask
{
	my ($sql) = @_;
	$asked++;
	($output, $errors) = ('', '');
	$to_psql .= "$sql\n\\echo end $asked\n\\warn end $asked\n";
	$session->pump_nb;
	return;
}

sub await_answer
{
	$session->pump until $output =~ /^end $asked\n/m && $errors =~ /^end $asked\n/m;
	s/^end $asked\n//m foreach $output, $errors;
	return ($output, $errors);
}

sub answer
{
	my ($sql) = @_;
	my $start = time();
	ask($sql);
	my @said = await_answer();
	return (@said, time() - $start);
}

my $scan = 'SELECT count(*), sum(n), sum(length(filling)) FROM parts;';
my $scanned = join '|', ITEMS, ITEMS * (ITEMS + 1) / 2, ITEMS * 100_000;
my $gets = join "\n", map { "SELECT n FROM parts WHERE id = 'p$_';" } 1 .. ITEMS;
my $got = join "\n", 1 .. ITEMS;

# Every query answers, and right.
sub answers_all
{
	my ($what) = @_;
	foreach my $try ([ $scan, $scanned, 'a scan' ], [ $gets, $got, 'single gets' ])
	{
		my ($sql, $expected, $kind) = @$try;
		my ($said, $complaints) = answer($sql);
		is($said . $complaints, "$expected\n", "$what: $kind");
	}
	return;
}

# How many requests came to each node while the code ran.
sub requests_during
{
	my ($code) = @_;
	my @before = $proxy->requests;
	$code->();
	my @after = $proxy->requests;
	return map { $after[$_] - $before[$_] } 0 .. $#after;
}

# Waits until so many requests have come to any node since a number of them.
sub await_requests
{
	my ($since, $count) = @_;
	my $deadline = time() + $PostgreSQL::Test::Utils::timeout_default;
	my $seen = -1;
	while ($seen < $count && time() < $deadline)
	{
		$session->pump_nb;
		sleep 0.02;
		$seen = -$since;
		$seen += $_ foreach $proxy->requests;
	}
	return $seen >= $count;
}

sub total_requests
{
	my $sum = 0;
	$sum += $_ foreach $proxy->requests;
	return $sum;
}

# Waits until a node is asked again.
sub used_again
{
	my ($number) = @_;
	my $deadline = time() + $PostgreSQL::Test::Utils::timeout_default;
	my $before = ($proxy->requests)[$number];
	while (time() < $deadline)
	{
		my ($said) = answer($gets);
		return 0 if $said ne "$got\n";
		return 1 if ($proxy->requests)[$number] > $before + 1;    # more than one probe
		sleep 0.1;
	}
	return 0;
}

# ---- all well --------------------------------------------------------------------------------

my @spread = requests_during(sub { answers_all('three nodes') });
ok($spread[$_] > ITEMS / 10, "node $_ has its share of the requests") foreach 0 .. 2;

# ---- one node fails, each in its way ----------------------------------------------------------

$proxy->set(0, 'refuse');
is((requests_during(sub { answers_all('a node that refuses connections') }))[0],
	0, 'which gets no request');
$proxy->set(0, 'pass');
ok(used_again(0), 'it is used again when it is back');

foreach my $try (
	[ 'cut', 'a node that closes connections' ],
	[ 'stump', 'a node that breaks off its answers at their beginning' ],
	[ 'half', 'a node that breaks off its answers in their middle' ])
{
	my ($mode, $what) = @$try;
	$proxy->set(1, $mode);
	my @requests = requests_during(sub { answers_all($what) });
	ok($requests[1] > 0, 'which was asked');
	ok($requests[1] < $spread[1], 'and then left alone');
	$proxy->set(1, 'pass');
	ok(used_again(1), 'it is used again when it is back');
}

# ---- nodes die and come back in mid-run -------------------------------------------------------

$proxy->set_all('delay', 150);
my $since = total_requests();
ask($scan);
ok(await_requests($since, 2), 'a scan is under way');
$proxy->set(0, 'refuse');
ok(await_requests($since, 4), 'it goes on without its first node');
$proxy->set(1, 'cut');
ok(await_requests($since, 6), 'and without its second');
$proxy->set(0, 'delay', 150);
$proxy->set(1, 'delay', 150);
is(join('', await_answer()), "$scanned\n", 'and misses nothing');

$proxy->set_all('delay', 10);
$since = total_requests();
ask($gets x 3);
foreach my $number (0 .. 2)
{
	ok(await_requests($since, 40 * $number + 20), 'single gets are under way');
	$proxy->set($number, 'refuse');
	ok(await_requests($since, 40 * $number + 40), "they go on without node $number");
	$proxy->set($number, 'delay', 10);
}
is(join('', await_answer()), join('', map { "$got\n" } 1 .. 3), 'none of them fails');

# ---- a node that says nothing -----------------------------------------------------------------

$proxy->set_all('pass');
$proxy->set(2, 'hang');
my $slowest = 0;
my $wrong = 0;
my @requests = requests_during(
	sub {
		foreach my $n (1 .. ITEMS)
		{
			my ($said, $complaints, $seconds) = answer("SELECT n FROM parts WHERE id = 'p$n';");
			$slowest = $seconds if $seconds > $slowest;
			$wrong++ if "$said$complaints" ne "$n\n";
		}
	});
is($wrong, 0, 'a node that never answers costs no query');
ok($requests[2] > 0, 'though it was asked');
cmp_ok($slowest, '>=', REQUEST_TIMEOUT / 2, 'who asked it waited half of the time allowed');
cmp_ok($slowest, '<', REQUEST_TIMEOUT, 'and was answered by another within the rest');
cmp_ok($requests[2], '<', $spread[2], 'it is left alone after a few');
is((answer($scan))[0], "$scanned\n", 'a scan goes past it');
$proxy->set(2, 'pass');
ok(used_again(2), 'it is used again when it answers');

# ---- no node works ----------------------------------------------------------------------------

sub fails_in_time
{
	my ($what, $sql, $state, $message) = @_;
	my ($said, $complaints, $seconds) = answer($sql);
	is($said, '', "$what: no answer");
	like($complaints, qr/^ERROR:  $state: $message$/m, 'but an error');
	like($complaints, qr{^DETAIL:  The last one tried was http://127\.0\.0\.1:\d+: \S.*\.$}m,
		'that names the node');
	like($complaints, qr/^HINT:  Check the server's options "nodes"/m, 'and says what to do');
	cmp_ok($seconds, '<', REQUEST_TIMEOUT + 0.5, 'within the time allowed');
	return;
}

my $get = "SELECT n FROM parts WHERE id = 'p7';";
foreach my $sql ($get, $scan)
{
	$proxy->set_all('refuse');
	fails_in_time('no node takes connections', $sql, '08001', 'no node of the store could be reached');
	$proxy->set_all('pass');
	is((answer($get))[0], "7\n", 'the next query finds them back');
}

$proxy->set_all('hang');
fails_in_time('no node answers', $get, '08006', 'the store did not answer in time');
my (undef, $cancelled, $seconds) =
  answer("SET statement_timeout = '300ms';\n$scan\nRESET statement_timeout;");
like($cancelled, qr/^ERROR:  57014: /m, 'waiting for them can be cancelled');
cmp_ok($seconds, '<', REQUEST_TIMEOUT / 2, 'at once');
$proxy->set_all('pass');
is((answer($scan))[0], "$scanned\n", 'the next query finds them answering');

# ---- the store itself goes away ----------------------------------------------------------------

$node->safe_psql('postgres',
	"ALTER SERVER fleet OPTIONS (SET nodes '$store->{url}', SET request_timeout '60s')");
is((answer($get))[0], "7\n", 'the store is asked without the proxy');
stop_service($store);
ask($scan);
resume_service($store);
is(join('', await_answer()), "$scanned\n", 'a query that finds it gone waits until it is back');

$to_psql .= "\\q\n";
$session->finish;
$node->stop;
done_testing();
