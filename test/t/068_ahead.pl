# A backlog, of which the next batch is made while one is applied: workers that are told to end in the middle of that,
# policies that come, go and change, and events that can't be used.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

# as items write them; the worker's thread knows none before the server was asked
my @zones = ('Europe/Rome', 'America/Lima', 'Asia/Tokyo', 'Africa/Lagos', 'Australia/Perth');

use constant {
	EVENTS => 12_000,
	VEHICLES => 900,
	STOPS => 6
};

my $seed = $ENV{YS_TEST_SEED} // time;
srand $seed;
note "seed $seed (YS_TEST_SEED)";

# batches of one length, so that there are many
my $node = new_node('ahead',
	conf => "yottastore.batch_events = 20\nyottastore.backlog_events = 20\nstats_fetch_consistency = none\n");
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic, relay => 0);
produce($topic, undef, 'there before the policy: not its business');
create_policy($node);
wait_for_index($node, 'the start');

sub query { return $node->safe_psql('postgres', $_[0]); }

my ($sent, $bad) = (0, 0);
my %vehicles;

# More events, of which some can't be used; each vehicle keeps to its partition.
sub send_some
{
	my @messages = ([], []);
	foreach (1 .. $_[0])
	{
		my $number = int rand VEHICLES;
		my $id = "v$number";
		my %key = (vehicle_id => { S => $id });
		my ($odometer, $lon) = (++$sent, (5, 15)[ rand 2 ]);
		my %image = (%key, type => { S => 'car' }, seen => { S => "2025-03-01 10:00 $zones[ $number % @zones ]" }, odo => { N => "$odometer" }, active => { BOOL => JSON::PP::true },
			pos => { M => { lat => { N => '5' }, lon => { N => "$lon" } } });
		my $spoilt = rand() < 0.005;
		$image{odo} = { N => 'one' } if $spoilt;
		$bad += $spoilt;

		# what can't be used takes the row with it, until a later one brings it back
		delete $vehicles{$id} if $spoilt;
		$vehicles{$id} = "$id|" . ($lon == 5 ? 'A' : 'B') . "|$odometer" unless $spoilt;
		push @{ $messages[ $number % 2 ] },
		  [
			encode_json(\%key),
			encode_json({ eventName => 'MODIFY', dynamodb => { Keys => \%key, NewImage => \%image } }) ];
	}
	produce_many($topic, $messages[$_], partition => $_) foreach 0 .. 1;
	return;
}

sub is_as_sent
{
	my ($what, $policy) = @_;
	wait_for_index($node, $what, undef, $policy);
	is(query("SELECT vehicle_id, area, odometer_km FROM $policy ORDER BY vehicle_id COLLATE \"C\""),
		join("\n", map { $vehicles{$_} } sort keys %vehicles), "$what: each row is as the last event left it");
	return;
}

# Wait until some more events of a policy have been applied, if there are any.
my %before;

sub progress
{
	my ($policy) = @_;
	my $applied = "(SELECT coalesce(sum(next_offset), 0) FROM yottastore_internal.position JOIN yottastore_internal.policy "
	  . "USING (policy_id) WHERE name = '$policy')";
	my $before = $before{$policy} // 0;
	$node->poll_query_until('postgres', "SELECT $applied > $before OR $applied > $sent") or die('nothing is applied');
	$before{$policy} = query("SELECT $applied");
	return $before{$policy} <= $sent;
}

# ---- ends ----------------------------------------------------------------------------------------

my $log_start = -s $node->logfile;
query("SELECT yottastore.pause_index_policy('vehicle_service')");
send_some(EVENTS);
query("SELECT yottastore.resume_index_policy('vehicle_service')");
my $stopped = 0;
foreach my $stop (1 .. STOPS)
{
	$stopped += progress('vehicle_service');
	select undef, undef, undef, rand 0.03;
	my $pid = query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'");
	next if $pid eq '';
	query("SELECT pg_terminate_backend($pid)");
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid")
	  or die("the worker does not end by itself");
}
cmp_ok($stopped, '>', 0, 'workers were stopped with more to do');
is_as_sent('a backlog with stops', 'vehicle_service');
is(query('SELECT events, events_applied, events_quarantined FROM yottastore.index_stats'),
	"$sent|$sent|$bad", 'each event counts once');
is(query('SELECT count(*) FROM yottastore.quarantine'), $bad, 'all that can not be used is kept');
unlike(slurp_file($node->logfile, $log_start), qr/was terminated by signal|PANIC|exited with exit code [2-9]/, 'and no worker crashed');

# ---- policies that come and go ---------------------------------------------------------------------

query("SELECT yottastore.pause_index_policy('vehicle_service')");
send_some(EVENTS);
query("SELECT yottastore.resume_index_policy('vehicle_service')");
progress('vehicle_service');
query(<<'END');
SELECT yottastore.create_index_policy('others', 'vehicles', 'fleet_changes',
  fields => ARRAY[yottastore.field('odometer_km', 'numeric', ARRAY['odo']), yottastore.field('active', 'boolean', ARRAY['active']),
    yottastore.field('seen', 'timestamp', ARRAY['seen'])],
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon']));
END
progress('vehicle_service');
query("SELECT yottastore.pause_index_policy('vehicle_service')");
query("SELECT yottastore.resume_index_policy('vehicle_service')");
is_as_sent('a backlog while others come', 'vehicle_service');

# of the first backlog it has seen nothing, and the table is empty: from here on both are told the same
wait_for_index($node, 'the other one', undef, 'others');
query("SELECT yottastore.pause_index_policy('$_')") foreach 'vehicle_service', 'others';
%vehicles = ();
query('TRUNCATE vehicle_service, others');
send_some(EVENTS);
query("SELECT yottastore.resume_index_policy('$_')") foreach 'vehicle_service', 'others';
progress($_) foreach 'vehicle_service', 'others';
query("SELECT yottastore.load_areas('" . encode_json({ type => 'FeatureCollection', features => [] }) . "', level => 'unused')");
is_as_sent('two at once', $_) foreach 'vehicle_service', 'others';
is(query('SELECT count(*) FROM others WHERE NOT active'), 0, 'each with the fields it has');
is( query("SELECT count(*), count(*) FILTER (WHERE seen = timestamp '2025-03-01 10:00' AT TIME ZONE "
		  . "('{" . join(',', @zones) . "}'::text[])[1 + substr(vehicle_id, 2)::int % 5]) FROM others"),
	join('|', (scalar %vehicles) x 2), 'times in zones by their names, too');
query("SELECT yottastore.pause_index_policy('others')");
send_some(EVENTS / 4);
query("SELECT yottastore.resume_index_policy('others')");
progress('others');
query("SELECT yottastore.drop_index_policy('others')");
is_as_sent('the one that is left', 'vehicle_service');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
