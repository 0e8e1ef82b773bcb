# The first rows of an order, by an index: no more items than are wanted, whoever wants them.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('ordered');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# What EXPLAIN ANALYZE shows of the scan; a number of plans is one after the other.
sub plan_of { return sql("$_[0]; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $_[1]"); }

sub shown
{
	my ($plan, @names) = @_;
	return join ' ', map { $plan =~ /\b$_: (.*)/ ? $1 : '-' } @names;
}

# Both ways, as one says what the other must.
sub same
{
	my ($query, $what, $set) = @_;
	my $rows = sql(($set // 'SELECT') . "; $query");
	is($rows, sql("SET yottastore.index_scan = off; $query"), $what // $query);
	return $rows;
}

sql(<<"END");
INSERT INTO vehicles (vehicle_id, item) SELECT 'v' || lpad(i::text, 3, '0'),
	jsonb_build_object('odo', i * 10, 'group', i % 4, 'mark', i / 5, 'color', CASE WHEN i % 2 = 0 THEN 'blue' ELSE 'red' END) FROM generate_series(1, 400) i;
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', NULL, fields => ARRAY[
    yottastore.field('odometer', 'numeric', ARRAY['odo']),
    yottastore.field('part', 'numeric', ARRAY['group']),
    yottastore.field('mark', 'numeric', ARRAY['mark'])]);
END
wait_for_index($node, 'the start');
sql(<<'END');
SELECT yottastore.add_index_columns('vehicle_service');
CREATE INDEX ON vehicle_service (odometer);
CREATE INDEX ON vehicle_service (mark);
ANALYZE vehicle_service;
END

# ---- how many are read ---------------------------------------------------------------------------

my $plan = plan_of('', 'SELECT vehicle_id FROM vehicles ORDER BY odometer LIMIT 5 OFFSET 300');
cmp_ok(shown($plan, 'Index Keys'), '<=', 306, 'OFFSET reads what it skips, and no more');
is(shown($plan, 'Store Requests'), 4, '... a hundred at a time');
is(shown(plan_of('', 'SELECT vehicle_id FROM vehicles WHERE part = 1 ORDER BY odometer LIMIT 5'), 'Store Read Units'), '2.5', 'no more than are wanted');
cmp_ok(shown(plan_of('', q{SELECT vehicle_id FROM vehicles WHERE item->>'color' <> 'blue' ORDER BY odometer LIMIT 150}), 'Index Keys'), '<=', 351, 'what is not so is made up for');
cmp_ok(shown(plan_of('', q{SELECT vehicle_id FROM vehicles WHERE item->>'color' <> 'blue' ORDER BY odometer LIMIT 8}), 'Index Keys'), '<=', 17, '... a few at a time');
cmp_ok(shown(plan_of('', 'SELECT vehicle_id FROM vehicles WHERE part < 4 LIMIT 250'), 'Index Keys'), '<=', 251, 'the same without an order');
is(shown(plan_of('', 'SELECT EXISTS (SELECT FROM vehicles WHERE part = 1)'), 'Store Read Units'), '0.5', 'whether there is any, one item tells');

# ---- how often conditions are asked ----------------------------------------------------------------

sql(<<'END');
CREATE SEQUENCE asked;
CREATE FUNCTION asks(document jsonb) RETURNS boolean LANGUAGE plpgsql STABLE COST 1 AS
  $$ BEGIN PERFORM nextval('asked'); RETURN document->>'color' = 'red'; END $$;
END
my $asking = 'SELECT vehicle_id FROM vehicles WHERE part < 4 AND asks(item) ORDER BY odometer LIMIT 10';
$plan = plan_of('', $asking);
like($plan, qr/Index Keys/, 'a condition that is not in the index');
my ($kept, $removed) = $plan =~ /Foreign Scan on vehicles \(actual rows=(\d+).*?Rows Removed by Filter: (\d+)/s;
is(sql(q{SELECT last_value FROM asked}), $kept + $removed, 'is asked once of each row');
is(scalar(split /\n/, same($asking)), 10, '... and counts');
sql(q{SELECT yottastore.pause_index_policy('vehicle_service')});
$plan = plan_of('SELECT', $asking);
like($plan, qr/Index Not Used.*Rows Removed|Rows Removed.*Index Not Used/s, 'also where the store is scanned after all');
is(sql("SET yottastore.index_scan = on; $asking"), sql("SET yottastore.index_scan = off; $asking"), '... to the same end');
sql(q{SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'resumed');

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
