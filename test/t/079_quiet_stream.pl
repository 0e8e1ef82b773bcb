# A stream where nothing happens says how far it is once a second, and more often while somebody waits for it: through a
# relay, and without.
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

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
