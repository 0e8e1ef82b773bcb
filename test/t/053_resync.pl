# An index that lost changes is made complete again, row by row, while its rows stay, live events
# apply, and whatever is killed; old deletions are forgotten; backfill keeps to its rate.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 400;
use constant RATE => 200;

my $seed = $ENV{YS_SEED} // time;
note "YS_SEED=$seed";
srand $seed;

my $node = new_node('resync', conf => <<"END");
restart_after_crash = on
yottastore.backfill_segments = 3
yottastore.backfill_rate = ${\RATE}
END
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic);
sub query { return $node->safe_psql('postgres', $_[0]); }

# ---- the store, and what the index must be of it -------------------------------------------------

my %fleet;    # by number: kind, longitude

sub put_many
{
	my @numbers = @_;
	while (my @some = splice @numbers, 0, 25)
	{
		my @puts;
		foreach my $i (@some)
		{
			$fleet{$i} = { kind => 'kind' . int rand 1000, lon => int(rand 3) * 10 + 2 };
			push @puts, { PutRequest => { Item => { vehicle_id => { S => sprintf 'v%05d', $i }, type => { S => $fleet{$i}{kind} },
				pos => { M => { lat => { N => '5' }, lon => { N => "$fleet{$i}{lon}" } } } } } };
		}
		store_api('BatchWriteItem', { RequestItems => { $table => \@puts } });
	}
	return;
}

sub delete_some
{
	foreach my $i (@_)
	{
		delete $fleet{$i};
		delete_vehicle($table, sprintf 'v%05d', $i);
	}
	return;
}

sub index_is_store
{
	my ($what) = @_;
	my @expected;
	my $start;
	do
	{
		my $page = store_api('Scan', { TableName => $table, ConsistentRead => \1, $start ? (ExclusiveStartKey => $start) : () });
		push @expected, map { my $lon = $_->{pos}{M}{lon}{N};
			join '|', $_->{vehicle_id}{S}, $lon < 10 ? 'A' : $lon < 20 ? 'B' : 'C', $_->{type}{S} } @{ $page->{Items} };
		$start = $page->{LastEvaluatedKey};
	} while ($start);
	is(scalar @expected, scalar keys %fleet, "$what: the store has what was written");
	is(query('SELECT vehicle_id, area, kind FROM vehicle_service ORDER BY vehicle_id COLLATE "C"'), join("\n", sort @expected), "$what: and the index, too");
	my $locator = 'yottastore_internal.locator_' . query('SELECT policy_id FROM yottastore_internal.policy');
	is(query("SELECT count(*) FROM vehicle_service i FULL JOIN (SELECT * FROM $locator WHERE area IS NOT NULL) l USING (vehicle_id, area)
		WHERE i.area IS NULL OR l.area IS NULL"), '0', "$what: the locator knows");
	return;
}

sub phase_becomes
{
	my ($phase, $reason) = @_;
	ok($node->poll_query_until('postgres', "SELECT phase = '$phase' AND coalesce(reason, '') ~ '$reason' FROM yottastore.index_policies"),
		"$phase $reason")
	  or diag(query('SELECT phase, reason FROM yottastore.index_policies'));
	return;
}

# Loses changes: positions in one topic mean nothing in another.
sub lose
{
	query(q{ALTER SERVER fleet_changes OPTIONS (SET topic 'nowhere_to_be_found')});
	phase_becomes('INCOMPLETE', 'call yottastore.index_resync_start');
	put_many(grep { rand() < 0.3 } 1 .. VEHICLES);
	delete_some(grep { $fleet{$_} && rand() < 0.1 } 1 .. VEHICLES);
	put_many(VEHICLES + 1 .. VEHICLES + 50);
	query("ALTER SERVER fleet_changes OPTIONS (SET topic '$topic')");
	return;
}

sub resync { return query(q{SELECT yottastore.index_resync_start('vehicle_service')}); }
sub job_state { return query("SELECT state FROM yottastore.jobs WHERE job_id = $_[0]"); }

# What is produced after the policy starts comes by the stream, and need not be read.
put_many(1 .. VEHICLES);
$node->poll_query_until('postgres', "SELECT records_produced >= ${\VEHICLES} FROM yottastore.relay_status")
  or die 'the relay does not produce';
create_policy($node);
wait_for_index($node, 'the start');
index_is_store('the start');
is(query('SELECT items_backfilled FROM yottastore.index_policies'), VEHICLES, 'each item was read');
cmp_ok(query(q{SELECT extract(epoch FROM max(indexed_at) - min(indexed_at)) FROM vehicle_service}),
	'>=', 0.7 * VEHICLES / RATE, 'not faster than it may be');
query('CREATE TABLE before AS SELECT tableoid AS partition, * FROM vehicle_service');

# ---- mended -------------------------------------------------------------------------------------

lose();
my $job = resync();
is(query(q{SELECT phase IN ('STARTING', 'BACKFILL'), reason FROM yottastore.index_policies}), 't|', 'it is under way');
cmp_ok(query('SELECT count(*) FROM vehicle_service'), '>', VEHICLES / 2, 'rows stay meanwhile');
put_many(1 .. 20);
delete_some(21 .. 25);
wait_for_index($node, 'resynced');
is(job_state($job), 'DONE', 'the job is done');
index_is_store('resynced');
is(query('SELECT phase, epoch FROM yottastore_internal.policy'), 'LIVE|2', 'in a new epoch');
is(query('SELECT count(*) FROM yottastore_internal.resync'), '0', 'nothing is left of it');
cmp_ok(query("SELECT rows_seen FROM yottastore.jobs WHERE job_id = $job"), '>=', scalar keys %fleet, 'all items were read');

# what follows is not beaten by what was there
put_many(1 .. 40);
delete_some(41 .. 50);
wait_for_index($node, 'changes after it');
index_is_store('changes after it');

# ---- killed, paused, stopped, begun anew --------------------------------------------------------

sub seen_at_least
{
	my ($id, $rows) = @_;
	return $node->poll_query_until('postgres', "SELECT rows_seen >= $rows FROM yottastore.jobs WHERE job_id = $id");
}

lose();
$job = resync();
ok(seen_at_least($job, 60), 'in the middle');
my $pid = query(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'});
kill 'KILL', $pid;
foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	my ($code, $out) = $node->psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'});
	last if defined $code && $code == 0 && $out ne '' && $out ne $pid;
	select undef, undef, undef, 0.1;
}
put_many(grep { rand() < 0.05 } 1 .. VEHICLES);
my $seen = query("SELECT rows_seen FROM yottastore.jobs WHERE job_id = $job");
ok(seen_at_least($job, $seen + 30), 'it goes on');
is(query(q{SELECT yottastore.pause_index_policy('vehicle_service')}), 't', 'paused');
is(job_state($job), 'RUNNING', 'the job rests');
delete_some(grep { $fleet{$_} && rand() < 0.02 } 1 .. VEHICLES);
is(query(q{SELECT yottastore.resume_index_policy('vehicle_service')}), 't', 'resumed');
wait_for_index($node, 'killed and paused');
is(job_state($job), 'DONE', 'the job ends well');
index_is_store('killed and paused');

query('ALTER SYSTEM SET yottastore.backfill_rate = 100');
$node->reload;
$job = resync();
ok(seen_at_least($job, 20), 'another, of a policy that lacks nothing');
my $next = resync();
is(job_state($job), 'STOPPED', 'one that is asked for meanwhile takes its place');
ok(seen_at_least($next, 20), 'and begins anew');
is(query("SELECT yottastore.job_stop($next)"), 't', 'stopped');
phase_becomes('INCOMPLETE', 'its resync was stopped');
my ($code, $out, $err) = $node->psql('postgres', q{SELECT yottastore.index_wait('vehicle_service')});
like($err, qr/INCOMPLETE/, 'an index that is half of before and half of now is not waited for');
query('ALTER SYSTEM SET yottastore.backfill_rate = 0');
$node->reload;
$job = resync();
wait_for_index($node, 'at last');
index_is_store('at last');

# the store's stream replaced under the relay
store_api('UpdateTable', { TableName => $table, StreamSpecification => { StreamEnabled => JSON::PP::false } });
ok($node->poll_query_until('postgres', "SELECT phase = 'PAUSED' FROM yottastore.relay_status"), 'the relay has no stream');
put_many(1 .. 100);
delete_some(101 .. 120);
store_api('UpdateTable', { TableName => $table,
	StreamSpecification => { StreamEnabled => JSON::PP::true, StreamViewType => 'NEW_AND_OLD_IMAGES' } });
phase_becomes('INCOMPLETE', 'index_resync_start');
ok($node->poll_query_until('postgres', "SELECT phase IN ('LIVE', 'INCOMPLETE') FROM yottastore.relay_status"), 'the relay has another stream');
$job = resync();
wait_for_index($node, 'resynced again');
is(job_state($job), 'DONE', 'done again');
index_is_store('a stream replaced');
put_many(1 .. 10);
wait_for_index($node, 'events of the new stream');
index_is_store('events of the new stream');

# ---- rights, and a bad item ---------------------------------------------------------------------

query('CREATE ROLE other LOGIN');
($code, $out, $err) = $node->psql('postgres', q{SET ROLE other; SELECT yottastore.index_resync_start('vehicle_service')});
like($err, qr/must be owner of index policy/, 'it is the owner\'s');

query(q{ALTER TABLE vehicle_service ADD CHECK (kind <> 'tank') NOT VALID; SELECT yottastore.pause_index_policy('vehicle_service')});
put_vehicle($table, 'v00001', { type => { S => 'tank' } });
$job = resync();
wait_for_index($node, 'a bad item');
is(query(q{SELECT count(*) FROM vehicle_service WHERE vehicle_id = 'v00001'}), '0', 'the row that a bad item makes stale goes');
is(query('SELECT count(*) FROM yottastore.quarantine'), '1', 'and the item is kept');
query(q{ALTER TABLE vehicle_service DROP CONSTRAINT vehicle_service_kind_check});
is(query(q{SELECT yottastore.quarantine_retry('vehicle_service')}), '1', 'and tried again');
is(query(q{SELECT kind FROM vehicle_service WHERE vehicle_id = 'v00001'}), 'tank', 'well');

# ---- old deletions ------------------------------------------------------------------------------

my $locator = 'yottastore_internal.locator_' . query('SELECT policy_id FROM yottastore_internal.policy');
sub deletions { return query("SELECT count(*) FROM $locator WHERE area IS NULL"); }
cmp_ok(deletions(), '>', 5, 'deletions are remembered');
query("UPDATE $locator SET noted_at = now() - interval '13 days' WHERE area IS NULL;
	UPDATE $locator SET noted_at = now() - interval '15 days' WHERE ctid = ANY(ARRAY(SELECT ctid FROM $locator WHERE area IS NULL LIMIT 3));
	UPDATE $locator SET noted_at = now() - interval '15 days' WHERE area IS NOT NULL");
my $deletions = deletions();
my $rows = query("SELECT count(*) FROM $locator WHERE area IS NOT NULL");
query(q{SELECT yottastore.pause_index_policy('vehicle_service')});
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
ok($node->poll_query_until('postgres', "SELECT count(*) = $deletions - 3 FROM $locator WHERE area IS NULL"), 'old ones are forgotten');
is(query("SELECT count(*) FROM $locator WHERE area IS NOT NULL"), $rows, 'what is there never');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
