# Limits on requests and read units per second, which all sessions and workers share. Time is only
# ever measured against what the limit makes the least, so a slow machine fails nothing.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use YottaFleet;
use YottaTest;

my $table = unique_name('limits');
my $node = new_node('limits');
create_servers($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub limit
{
	my ($option, $value) = @_;
	my ($there) = sql("SELECT srvoptions::text FROM pg_foreign_server WHERE srvname = 'fleet'") =~ /$option=/;
	my $action = defined $value ? ($there ? "SET $option '$value'" : "ADD $option '$value'") : "DROP $option";
	sql("ALTER SERVER fleet OPTIONS ($action)");
	return;
}

# What SQL answers, and how long it took.
sub timed
{
	my ($sql) = @_;
	my $start = time();
	my $answer = sql($sql);
	return ($answer, time() - $start);
}

# How many requests the nodes have had.
sub requests
{
	return sql("SELECT coalesce(sum(requests), 0) FROM yottastore.node_status");
}

# At a limit, n requests take at least so long: a tenth of a second's worth, or one, goes at once.
sub least
{
	my ($count, $rate) = @_;
	my $burst = $rate / 10 > 1 ? $rate / 10 : 1;
	return ($count - $burst) / $rate;
}

sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$table', 'id', stream => false);
CREATE FOREIGN TABLE parts (id text OPTIONS (key 'partition') NOT NULL, n int, filling text)
  SERVER fleet OPTIONS (table '$table', consistency 'strong');
END

# ---- requests --------------------------------------------------------------------------------

limit('max_requests_per_second', 20);
my ($answer, $seconds) =
  timed("INSERT INTO parts SELECT 'p' || i, i FROM generate_series(1, 40) i; SELECT 'done'");
is($answer, 'done', '40 requests, many of them in flight');
cmp_ok($seconds, '>=', least(40, 20), 'take their time');

my $gets = join "\n", map { "SELECT n FROM parts WHERE id = 'p$_';" } 1 .. 20;
my $got = join '', map { "$_\n" } 1 .. 20;
my $start = time();
my @outputs = ('', '');
my @sessions = map {
	IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $gets ],
		'>', \$outputs[$_], IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default))
} 0, 1;
$_->finish foreach @sessions;
cmp_ok(time() - $start, '>=', least(40, 20), 'two sessions share one limit');
is_deeply(\@outputs, [ $got, $got ], 'and get what they asked for');

# ---- sessions take turns ---------------------------------------------------------------------

my ($to_psql, $output) = ('', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
	'<', \$to_psql, '>', \$output, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
limit('max_requests_per_second', 4);
$to_psql .= "SELECT n FROM parts WHERE id = 'p1';\n";
$session->pump until $output =~ /^1$/m;
my $greedy = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
		"SET application_name = greedy; INSERT INTO parts SELECT 'g' || i, i FROM generate_series(1, 1000) i" ],
	'>', \my $nothing, '2>', \my $cancelled, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my $before = requests();
sleep 0.1 until requests() > $before + 1;
$before = requests();
$output = '';
$to_psql .= join '', map { "SELECT n FROM parts WHERE id = 'p$_';\n" } 1 .. 10;
$session->pump until $output =~ /^10$/m;
my $count = requests() - $before;
cmp_ok($count, '<=', 60, "10 requests of one session beside another's 32 in flight: $count in all");
sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'greedy'");
$greedy->finish;
like($cancelled, qr/canceling statement due to user request/, 'the other had more to do');

# ---- the time-out doesn't count it, and a cancel ends it ---------------------------------------

limit('max_requests_per_second', 2);
sql("ALTER SERVER fleet OPTIONS (ADD request_timeout '500ms')");
($answer, $seconds) = timed("INSERT INTO parts SELECT 'q' || i, i FROM generate_series(1, 6) i; SELECT 'done'");
is($answer, 'done', 'requests held back for longer than their time-out succeed');
cmp_ok($seconds, '>=', least(6, 2), 'though it took them long');
sql('ALTER SERVER fleet OPTIONS (DROP request_timeout)');

limit('max_requests_per_second', 0.01);
$start = time();
my (undef, undef, $error) = $node->psql('postgres',
	"SET statement_timeout = '300ms'; INSERT INTO parts SELECT 'r' || i, i FROM generate_series(1, 5) i");
like($error, qr/canceling statement due to statement timeout/, 'a statement held back can be cancelled');
cmp_ok(time() - $start, '<', 100, 'at once');

# sessions that gave up leave nothing behind for others to wait for
limit('max_requests_per_second', 0.1);
$node->psql('postgres', "SET statement_timeout = '50ms'; SELECT n FROM parts WHERE id = 'p1'") foreach 1 .. 20;
limit('max_requests_per_second', 1);
($answer, $seconds) = timed("SELECT n FROM parts WHERE id = 'p1'");
is($answer, 1, 'a request behind many that were cancelled');
cmp_ok($seconds, '<', 12, 'does not wait for their turns');

# ---- another limit holds from the next statement on -------------------------------------------

limit('max_requests_per_second', 1000);
$output = '';
$to_psql .= "SELECT n FROM parts WHERE id = 'p1';\n";
$session->pump until $output =~ /^1$/m;
limit('max_requests_per_second', 0.001);
limit('max_requests_per_second', 2000);
$start = time();
$to_psql .= "SELECT n FROM parts WHERE id = 'p2';\n\\q\n";
$session->finish;
is($output, "1\n2\n", 'a raised limit holds in a running session');
cmp_ok(time() - $start, '<', 100, 'whatever was owed under the one before');
limit('max_requests_per_second');

# ---- read units ------------------------------------------------------------------------------

sql("INSERT INTO parts SELECT 'big' || i, i, repeat('x', 100000) FROM generate_series(1, 6) i");
my $big = "SELECT n, length(filling) FROM parts WHERE id = 'big%d'";
my $units = sql('SELECT sum(read_units) FROM yottastore.node_status');
sql(sprintf $big, 1);
$units = sql('SELECT sum(read_units) FROM yottastore.node_status') - $units;
cmp_ok($units, '>=', 24, 'a strong read of 100 kB costs a unit for each 4 kB');

limit('max_read_units_per_second', 50);
my $bigs = join "\n", map { sprintf "$big;", $_ } 1 .. 6;
($answer, $seconds) = timed($bigs);
is($answer, join("\n", map { "$_|100000" } 1 .. 6), 'large reads');
cmp_ok($seconds, '>=', least(5 * $units, 50), 'wait until the ones before are paid for');
sql(sprintf $big, 1);
limit('max_read_units_per_second', 0.1);
(undef, undef, $error) = $node->psql('postgres', "SET statement_timeout = '20s'; INSERT INTO parts VALUES ('w', 1); DELETE FROM parts WHERE id = 'w'");
is($error, '', 'writes go past it');
(undef, undef, $error) = $node->psql('postgres', "SET statement_timeout = '300ms'; $bigs");
like($error, qr/canceling statement due to statement timeout/, 'reads in debt can be cancelled');
limit('max_read_units_per_second');

# ---- workers ---------------------------------------------------------------------------------

sql('DROP SERVER fleet CASCADE');
my $vehicles = unique_name('limited');
create_fleet($node, table => $vehicles, topic => unique_name('limited'));
sub where { return { M => { lat => { N => '5' }, lon => { N => '5' } } } }
put_vehicle($vehicles, "v$_", { type => { S => 'Truck' }, pos => where() }) foreach 1 .. 20;
create_policy($node);
wait_for_index($node, 'at full speed');

# the relay asks several times a second as long as it may
$before = requests();
$start = time();
sleep 0.1 until requests() >= $before + 6 || time() - $start > $PostgreSQL::Test::Utils::timeout_default;
cmp_ok(requests(), '>=', $before + 6, 'a relay keeps asking');
limit('max_requests_per_second', 2);
sql("SELECT pg_sleep(2)");    # what was under way
$start = time();
$before = requests();
put_vehicle($vehicles, 'late', { type => { S => 'Van' }, pos => where() });
sleep 4;
$count = requests() - $before;
cmp_ok($count, '<=', (time() - $start) * 2 + 1, "a limit holds for workers: $count requests");
cmp_ok($count, '>', 0, '... which go on');
wait_for_index($node, 'within the limit');
is(index_rows($node, "vehicle_id = 'late'"), 'late|A|van|||', 'the change has come');

sql(q{SELECT yottastore.drop_index_policy('vehicle_service')});
sql(q{ALTER SYSTEM SET yottastore.backfill_segments = 1; SELECT pg_reload_conf()});
$start = time();
$before = requests();
create_policy($node);
wait_for_index($node, 'a backfill within the limit');
cmp_ok(requests() - $before, '<=', (time() - $start) * 2 + 1, 'obeys it');
is(sql('SELECT count(*) FROM vehicle_service'), 21, 'and is complete');

$node->stop;

# ---- not preloaded ---------------------------------------------------------------------------

$node = new_node('alone', conf => "shared_preload_libraries = ''\n");
create_servers($node);
sql("CREATE FOREIGN TABLE parts (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER fleet OPTIONS (table '$table')");
limit('max_requests_per_second', 20);
($answer, $seconds) = timed($gets);
is("$answer\n", $got, 'without preloading a session');
cmp_ok($seconds, '>=', least(20, 20), 'obeys a limit by itself');
$node->stop;
store_api('DeleteTable', { TableName => $_ }) foreach $table, $vehicles;
done_testing();
