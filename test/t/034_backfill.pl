# A backfill that is killed goes on where its last commit left it, and what changes meanwhile wins.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

use constant VEHICLES => 6000;

my $node = new_node(
	'backfill',
	conf => "restart_after_crash = on\nyottastore.backfill_segments = 3");
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));

# Large enough for several pages a segment.
my $filler = 'x' x 900;
for (my $first = 0; $first < VEHICLES; $first += 25)
{
	store_api(
		'BatchWriteItem',
		{
			RequestItems => {
				$table => [
					map {
						{
							PutRequest => {
								Item => {
									vehicle_id => { S => sprintf 'v%05d', $_ },
									type => { S => 'old' },
									odo => { N => "$_" },
									filler => { S => $filler }
								}
							}
						}
					} $first .. $first + 24
				]
			}
		});
}

# Slow enough to be met in the middle, on any machine.
create_policy($node, and_then => <<'END');
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END';
CREATE TRIGGER slowly BEFORE INSERT ON vehicle_service FOR EACH STATEMENT EXECUTE FUNCTION slowly();
END
my $killed = 0;
foreach (1 .. 100 * $PostgreSQL::Test::Utils::timeout_default)
{
	my ($phase, $done, $started, $pid) = split /\|/, $node->safe_psql('postgres', <<'END');
SELECT p.phase, (SELECT count(*) FILTER (WHERE done) FROM yottastore_internal.backfill),
  (SELECT count(*) FILTER (WHERE next_key IS NOT NULL OR done) FROM yottastore_internal.backfill),
  (SELECT pid FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker')
FROM yottastore_internal.policy p
END
	last if $phase eq 'LIVE';
	next unless $started > 0 && $pid;
	note "killed with $done segments done, $started under way";
	kill 'KILL', $pid;
	$killed = 1;
	last;
}
ok($killed, 'killed in the middle of a backfill');

# it may take a moment until the server knows
$node->wait_for_log(qr/all server processes terminated; reinitializing/);
$node->poll_query_until('postgres', 'SELECT true') or die('the server does not come back');
$node->safe_psql('postgres', 'DROP TRIGGER slowly ON vehicle_service');

# Changed and deleted while the backfill goes on.
put_vehicle($table, 'v05990', { type => { S => 'new' }, odo => { N => '1' } });
delete_vehicle($table, 'v05991');
wait_for_index($node, 'a backfill that was killed');

is( $node->safe_psql('postgres', <<'END'), (VEHICLES - 1) . '|' . (VEHICLES - 1) . '|1',
SELECT count(*), count(DISTINCT vehicle_id), count(*) FILTER (WHERE kind = 'new') FROM vehicle_service
END
	'every item is there once, and changes won');
is( $node->safe_psql('postgres',
		"SELECT count(*) FROM vehicle_service WHERE kind = 'old' AND odometer_km <> substr(vehicle_id, 2)::int"),
	0, 'with its own values');
is($node->safe_psql('postgres', 'SELECT count(*) FROM yottastore_internal.backfill WHERE NOT done'),
	0, 'all segments are done');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
