# Standbys: no process of ours while in recovery, and after promotion all of them, by themselves. What a
# standby lacks of what the primary had (it is asynchronous) is done again.
use strict;
use warnings;

use Test::More;
use YottaFleet;
use YottaTest;

my $primary = new_node('primary', streaming => 1);
my ($table, $topic) = (unique_name('vehicles'), unique_name('vehicles'));
create_fleet($primary, table => $table, topic => $topic);
my %put;

sub put
{
	my ($id, $kind, $lon) = @_;
	put_vehicle($table, $id,
		{ type => { S => $kind }, pos => { M => { lat => { N => '5' }, lon => { N => "$lon" } } } });
	$put{$id} = "$id|" . ($lon < 10 ? 'A' : $lon < 20 ? 'B' : 'C') . "|$kind|||";
	return;
}
sub remove { my ($id) = @_; delete_vehicle($table, $id); delete $put{$id}; return }
sub expected { return join("\n", map { $put{$_} } sort keys %put) }

sub workers
{
	my ($node) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'");
}

put("v$_", 'car', $_ % 2 * 10 + 5) foreach 1 .. 20;
create_policy($primary);
wait_for_index($primary, 'on the primary');
$primary->safe_psql('postgres', q{SELECT yottastore.add_index_columns('vehicle_service'); ANALYZE vehicle_service});

$primary->backup('backup');
my %standby;
foreach my $name (qw(close behind))
{
	my $node = $standby{$name} = PostgreSQL::Test::Cluster->new($name);
	$node->init_from_backup($primary, 'backup', has_streaming => 1);
	$node->start;
	$primary->wait_for_catchup($node);
}

# ---- in recovery ---------------------------------------------------------------------------------

my $close = $standby{close};
is($close->safe_psql('postgres', 'SELECT count(*) FROM vehicle_service'), '20', 'a standby has the index');
is(workers($close), '0', 'and no process of ours');
my ($code, $out, $error) = $close->psql('postgres', 'SELECT yottastore.start_workers()');
like($error, qr/ERROR: +workers can't be started during recovery\nDETAIL: .*promoted/, 'which can\'t be started there');
is( $close->safe_psql('postgres', 'SELECT phase, state, reason IS NULL FROM yottastore.index_lag'),
	'LIVE|LIVE|t', 'nor are missed');
is($close->safe_psql('postgres', 'SELECT phase, reason IS NULL FROM yottastore.relay_status'), 'LIVE|t', 'and the relay\'s state');

sub fresh_plan { return $close->safe_psql('postgres', <<'END'); }
SET yottastore.staleness_timeout = '1h';
SET yottastore.max_staleness = 0;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT vehicle_id FROM vehicles WHERE kind = 'car';
END
like(fresh_plan(), qr/Index Not Used: it is complete up to/, 'a query does not wait there, as its snapshot would hold up the replay');
$close->append_conf('postgresql.conf', 'hot_standby_feedback = on');
$close->reload;
ok($primary->poll_query_until('postgres', "SELECT backend_xmin IS NOT NULL FROM pg_stat_replication WHERE application_name = 'close'"),
	'unless the primary keeps what it sees');
like(fresh_plan(), qr/Index Keys: 20/, '... until what the store has acknowledged has come') foreach 1 .. 3;

# ---- one falls behind ----------------------------------------------------------------------------

my $behind = $standby{behind};
$behind->append_conf('postgresql.conf', "primary_conninfo = ''");
$behind->reload;
ok($behind->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pg_stat_wal_receiver'), 'a standby is cut off');

# rows change, move, go, come back, come anew, in an area that it hasn't heard of
put("v$_", 'bus', 5) foreach 1 .. 5;
put("v$_", 'car', $_ % 2 * -10 + 15) foreach 6 .. 8;
remove("v$_") foreach 9 .. 12;
put('v9', 'van', 15);
put("w$_", 'lorry', 22) foreach 1 .. 5;
wait_for_index($primary, 'which the primary has applied');
is(index_rows($primary), expected(), 'as it was written');
is($behind->safe_psql('postgres', 'SELECT count(*) FROM vehicle_service WHERE kind <> $$car$$'), '0', 'and the standby not');
# that workers were stopped is said of the primary alone
$primary->safe_psql('postgres', 'SELECT yottastore.stop_workers()');
$primary->wait_for_catchup($close);
$primary->stop;
remove('v13');
put('v14', 'while nobody looked', 22);

# ---- promotion -----------------------------------------------------------------------------------

sub promote
{
	my ($node, $what) = @_;
	is(workers($node), '0', "$what: idle until it is promoted");
	$node->promote;
	ok( $node->poll_query_until('postgres',
			"SELECT count(*) = 3 FROM pg_stat_activity WHERE backend_type LIKE 'yottastore%'"),
		'its workers start by themselves');
	wait_for_index($node, 'after promotion');
	is(index_rows($node), expected(), 'index and store are equal');
	put("p$what", 'after promotion', 5);
	wait_for_index($node, 'what comes afterwards');
	is(index_rows($node), expected(), 'and stay so');
	is( $node->safe_psql('postgres', <<'END'), 'LIVE|LIVE|0|0', 'nothing was lost, nothing is in quarantine');
SELECT p.phase, r.phase, r.losses, (SELECT count(*) FROM yottastore.quarantine) FROM yottastore.index_policies p, yottastore.relay_status r
END
	return;
}

promote($close, 'close');
$close->stop;
put('v15', 'again while nobody looked', 15);
promote($behind, 'behind');

$behind->stop;
store_api('DeleteTable', { TableName => $table });
done_testing();
