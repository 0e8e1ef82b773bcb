# What is changed under the running workers: columns, names, options, credentials, areas.  A policy
# that can't go on says so and harms no other; nothing is lost when it goes on again.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('changes');
my $table = unique_name('vehicles');
my $topic = unique_name('vehicles');
create_fleet($node, table => $table, topic => $topic);
put_vehicle($table, "v$_", { type => { S => 'car' } }) foreach 1 .. 40;

sub query { return $node->safe_psql('postgres', $_[0]); }

# Waits for a policy to be in a phase with a reason like the pattern ('' when there is none).
sub reaches
{
	my ($policy, $phase, $reason, $what) = @_;
	ok( $node->poll_query_until('postgres',
			"SELECT phase = '$phase' AND coalesce(reason, '') ~ '$reason' FROM yottastore.index_policies WHERE policy = '$policy'"),
		$what)
	  or diag(query('SELECT row_to_json(p) FROM yottastore.index_policies p'));
	return;
}

my $declaration = <<'END';
source => 'vehicles', stream => 'fleet_changes',
fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'])],
area => yottastore.area_from_location(paths => ARRAY['where'])
END

# ---- a backfill that can't write, with pages of other segments in flight -----------------------

query(<<"END");
BEGIN;
SELECT yottastore.create_index_policy('vehicle_service', $declaration);
ALTER TABLE vehicle_service RENAME kind TO sort;
COMMIT;
END
reaches('vehicle_service', 'PAUSED', 'kind', 'a backfill pauses when a column is missing');
query('ALTER TABLE vehicle_service RENAME sort TO kind');
query(q{SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'resumed');
is(query('SELECT count(*) FROM vehicle_service'), '40', 'every item is there');
unlike(slurp_file($node->logfile), qr/terminated by signal/, 'no process crashed');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
