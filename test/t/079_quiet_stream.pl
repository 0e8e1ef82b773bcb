# A stream where nothing happens says how far it is once a second, and more often while somebody waits for it: through a
# relay, and without. Without the relay that it had it does no more. A statement waits but once for all that it asks.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use YottaFleet;
use YottaTest;

my $node = new_node('quiet_stream');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));
put_vehicle($table, "v$_", { type => { S => 'car' } }) foreach 1 .. 5;

sub sql { return $node->safe_psql('postgres', $_[0]); }

# The policy is seen to be complete up to two moments that are nearer to each other than a quiet stream's are.
sub hurries
{
	my ($policy) = @_;
	my $until = time + $PostgreSQL::Test::Utils::timeout_default;
	my $before = 0;
	while (time < $until)
	{
		my $now = sql("SELECT extract(epoch FROM complete_up_to) FROM yottastore.index_lag WHERE policy = '$policy'");
		return 1 if $now > $before && $now < $before + 0.8;
		$before = $now;
		sleep 0.02;
	}
	return 0;
}

create_policy($node, name => 'relayed');
create_policy($node, name => 'followed', direct => 1);
foreach my $policy (qw(relayed followed))
{
	wait_for_index($node, 'the start', undef, $policy);
	my $waiter = $node->background_psql('postgres', on_error_stop => 0);
	$waiter->query_until(qr/waiting/, "\\echo waiting\nSELECT yottastore.index_wait('$policy', up_to => now() + '1 day', timeout => '1 hour');\n");
	ok(hurries($policy), "$policy: who waits is told more often how far it is");
	my $of_waiters = "FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objsubid = 22944";
	is(sql("SELECT string_agg(objid::text, ' ' ORDER BY objid) $of_waiters"), $policy eq 'relayed' ? '0 1' : '0', 'whoever sees to it can see that');
	sql(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT yottastore.index_wait%'});
	$node->poll_query_until('postgres', "SELECT count(*) = 0 $of_waiters") or die 'it is still waited for';
	$waiter->quit;
}

# ---- no relay any more ---------------------------------------------------------------------------

sub lag_becomes
{
	my ($condition, $what) = @_;
	my $became = $node->poll_query_until('postgres', "SELECT $condition FROM yottastore.index_lag WHERE policy = 'relayed'");
	ok($became, $what) or diag(sql(q{SELECT row_to_json(l) FROM yottastore.index_lag l}));
	return;
}

sub plan_of
{
	return sql("SET yottastore.staleness_timeout = '1h'; SET yottastore.max_staleness = '$_[0]'; "
		  . q{EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT vehicle_id FROM vehicles WHERE kind = 'car'});
}

sql(q{SELECT yottastore.add_index_columns('relayed'); ANALYZE relayed; SELECT yottastore.drop_relay('vehicles_relay')});
lag_becomes("state = 'STARVED' AND reason = 'no relay feeds its stream any more' AND seconds > 10", 'a policy whose relay was dropped is starved');
like(plan_of('0'), qr/Index Not Used: it is complete up to .* before what is asked for, and no relay feeds its stream any more$/m,
	'a query does not wait for a relay that was dropped');
like(plan_of('1d'), qr/Index Keys: 5/, 'what it has told stays true');
my ($code, $stdout, $stderr) = $node->psql('postgres', "SELECT yottastore.index_wait('relayed', timeout => '1 ms')");
like($stderr, qr/DETAIL:  It is complete up to .*\. No relay feeds its stream any more\./, 'whose wait has ended is told');
sql(q{SELECT yottastore.index_resync_start('relayed')});
lag_becomes("state = 'LIVE' AND complete_up_to IS NULL", 'read anew it goes by what its topic holds');
like(plan_of('0'), qr/Index Keys: 5/, 'for whatever feeds that now');
sql(q{SELECT yottastore.create_relay('vehicles_relay', 'vehicles', 'fleet_changes', 4)});
lag_becomes("state = 'LIVE' AND seconds < 10", 'until another relay tells');

# ---- several indexes ------------------------------------------------------------------------------

# Together they'd wait for longer than the statement may take.
use constant POLICIES => 8;
my @policies = map { "p$_" } 1 .. POLICIES;
create_policy($node, name => $_, direct => 1) foreach @policies;
wait_for_index($node, 'the start', undef, $_) foreach @policies;
sql("SELECT yottastore.add_index_columns('$_', prefix => '${_}_'); ANALYZE $_") foreach @policies;
sql('SELECT yottastore.stop_workers()');
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%worker'}) or die 'they do not stop';
my $plan = sql("SET statement_timeout = '20s'; SET yottastore.staleness_timeout = '4s'; SET yottastore.max_staleness = 0; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "
	  . join ' UNION ALL ', map { "SELECT vehicle_id FROM vehicles WHERE ${_}_kind = 'car'" } @policies);
is(scalar(() = $plan =~ /Index Not Used: it is complete up to/g), POLICIES, 'one time-out is enough for all scans of a statement');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
