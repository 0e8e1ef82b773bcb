# Exactly once, whatever dies: worker, backend, postmaster, relay and broker are killed with SIGKILL
# while items are written, moved, deleted and written again. At the end index and store are compared
# row by row by this test's own reading of the store.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 300;
use constant WRITES_BETWEEN_KILLS => 250;

my $seed = $ENV{YS_TEST_SEED} // time;
srand $seed;
note "seed $seed (YS_TEST_SEED)";

my $broker = start_service('kafka');
my $node = new_node('crash', conf => 'restart_after_crash = on');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic, brokers => $broker->{address});

my $written = 0;

sub write_some
{
	my ($count) = @_;
	$written = write_vehicles($table, $count, VEHICLES);
	return;
}

sub kill_worker
{
	my ($type) = @_;
	my $pid = $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = '$type' LIMIT 1");
	return 0 if $pid eq '';
	kill 'KILL', $pid;
	return 1;
}

# The server restarts itself after a backend was killed.
sub wait_for_server
{
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my ($code) = $node->psql('postgres', 'SELECT 1');
		return if defined $code && $code == 0;
		select undef, undef, undef, 0.1;
	}
	die('the server does not come back');
}

# A killed postmaster's lock file stands until its process is really gone.
sub kill_postmaster
{
	my ($pid) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)$/m;
	$node->kill9;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		last unless kill 0, $pid;
		select undef, undef, undef, 0.1;
	}
	$node->start;
	return 1;
}

my %kill = (
	'stream worker' => sub { kill_worker('yottastore stream worker') },
	relay => sub { kill_worker('yottastore relay') },
	supervisor => sub { kill_worker('yottastore supervisor') },
	backend => sub {
		my $psql = $node->background_psql('postgres', on_error_die => 0);
		my $pid = $psql->query('SELECT pg_backend_pid()');
		kill 'KILL', $pid;
		return 1;
	},
	postmaster => \&kill_postmaster,
	broker => sub { kill_service($broker); resume_service($broker); return 1 },
);

write_some(VEHICLES);
create_policy($node);

my $kills = 0;
foreach my $victim ('stream worker', 'relay', 'broker', 'stream worker', 'backend', 'postmaster', 'relay', 'supervisor')
{
	write_some(WRITES_BETWEEN_KILLS);
	my $killed = $kill{$victim}->();
	$kills += $killed;
	note sprintf '%s %s after %d writes', $victim, $killed ? 'killed' : 'was not running', $written;
	write_some(WRITES_BETWEEN_KILLS);
	wait_for_server();
}
cmp_ok($kills, '>=', 5, "$kills kills");
wait_for_index($node, 'after the last kill');

my $expected = fleet_rows($table);
is(index_rows($node), $expected, "index and store are equal after $kills kills and $written writes");
is($node->safe_psql('postgres', 'SELECT count(*) FROM yottastore.quarantine'), 0, 'nothing in quarantine');
is( $node->safe_psql('postgres', "SELECT phase FROM yottastore.index_policies"),
	'LIVE', 'the policy is live');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
