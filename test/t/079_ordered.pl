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

# ---- whoever wants them ------------------------------------------------------------------------------

# By the index and by reading the store; at most so many keys are asked for.
sub few
{
	my ($query, $most, $set) = @_;
	my $plan = plan_of($set // 'SELECT', $query);
	my @keys = $plan =~ /Index Keys: (\d+)/g;
	ok(@keys > 0 && (grep { $_ > $most } @keys) == 0, "from the first of the index: $query") or diag $plan;
	same($query, '... and the right ones', $set);
	return $plan;
}

few('SELECT * FROM (SELECT vehicle_id, mark FROM vehicles ORDER BY mark FETCH FIRST 7 ROWS WITH TIES) q ORDER BY 1', 14);
few('SELECT * FROM (SELECT vehicle_id, mark FROM vehicles ORDER BY mark DESC, odometer % 20 FETCH FIRST 3 ROWS WITH TIES) q ORDER BY 1', 9);
few('SELECT vehicle_id FROM vehicles WHERE part = 2 ORDER BY odometer DESC OFFSET 1 FETCH FIRST ROW WITH TIES', 3);
few("SELECT $_ FROM vehicles", 2) foreach 'min(odometer)', 'max(odometer)', 'max(mark), min(odometer)', 'max(odometer) - min(odometer)';
few("SELECT min(odometer) FROM vehicles WHERE item->>'color' <> 'blue' AND mark > 3", 40);
few('SELECT max(odometer) FROM vehicles HAVING max(odometer) > 5', 2);
same('SELECT min(odometer) FROM vehicles WHERE mark < 0', 'the least of none');
few('SELECT vehicle_id FROM (SELECT * FROM vehicles ORDER BY odometer LIMIT 3) q ORDER BY 1 DESC', 4);
few('SELECT i, x.* FROM generate_series(2, 4) i, LATERAL (SELECT vehicle_id FROM vehicles ORDER BY odometer LIMIT i OFFSET i - 1) x', 24);
few('SELECT vehicle_id FROM vehicles ORDER BY odometer LIMIT (SELECT 3) OFFSET (SELECT 2)', 6);
like(few('SELECT vehicle_id FROM vehicles WHERE mark > 2 ORDER BY odometer, random() LIMIT 3', 4), qr/Sort/, 'what is known further up only is ordered there');

# Rows that are equal by the first go by the next, as far as the index has it.
sql('CREATE INDEX ON vehicle_service (part, mark DESC, odometer); ANALYZE vehicle_service');
like(few('SELECT vehicle_id FROM vehicles ORDER BY part, mark DESC, odometer LIMIT 5', 6), qr/Index Scan/, 'an order by several, by an index on them');
few('SELECT vehicle_id FROM vehicles ORDER BY part, mark DESC, odometer LIMIT 5 OFFSET 120', 126);
few('SELECT vehicle_id, part, mark FROM vehicles ORDER BY part DESC, mark FETCH FIRST 3 ROWS WITH TIES', 12);
few('SELECT vehicle_id FROM vehicles WHERE mark >= 70 ORDER BY part, mark DESC, odometer LIMIT 5', 6);
few(q{SELECT vehicle_id FROM vehicles ORDER BY part, item->>'color', odometer LIMIT 3}, 200);
few('SELECT vehicle_id FROM vehicles ORDER BY mark NULLS FIRST, vehicle_id DESC LIMIT 7', 8);

my $generic = 'SET plan_cache_mode = force_generic_plan; PREPARE first (bigint, bigint) AS SELECT vehicle_id FROM vehicles ORDER BY odometer DESC LIMIT $1 OFFSET $2';
for my $case ([ '5, 0', 6 ], [ '30, 20', 51 ], [ '1, NULL', 2 ], [ 'NULL, 390', 400 ], [ '0, 0', 0 ], [ '9223372036854775807, 395', 400 ])
{
	my ($values, $most) = @$case;
	my $rows = sql("$generic; EXECUTE first ($values)");
	is($rows, sql("SET yottastore.index_scan = off; $generic; EXECUTE first ($values)"), "a limit that is a parameter: $values");
	my ($keys) = plan_of($generic, "EXECUTE first ($values)") =~ /Index Keys: (\d+)/;
	cmp_ok($keys // 0, '<=', $most, '... and no more keys');
}
like(plan_of($generic, 'EXECUTE first (5, 1)'), qr/Index Keys: [67]\b.*Store Requests: 1\b|Store Requests: 1\b.*Index Keys: [67]\b/s, '... by one request');
like(($node->psql('postgres', "$generic; EXECUTE first (-1, 0)"))[2], qr/LIMIT must not be negative/, '... what can be none is refused as ever');

# ---- parts of a table --------------------------------------------------------------------------------

my $second = unique_name('vehicles');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$second', 'vehicle_id');
CREATE FOREIGN TABLE wagons (vehicle_id text OPTIONS (key 'partition') NOT NULL, item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$second');
INSERT INTO wagons (vehicle_id, item) SELECT 'w' || lpad(i::text, 3, '0'), jsonb_build_object('odo', i * 10 + 1, 'group', i % 4, 'mark', i / 5) FROM generate_series(1, 150) i;
SELECT yottastore.create_index_policy('wagon_service', 'wagons', NULL, fields => ARRAY[
    yottastore.field('odometer', 'numeric', ARRAY['odo']),
    yottastore.field('part', 'numeric', ARRAY['group']),
    yottastore.field('mark', 'numeric', ARRAY['mark'])]);
END
wait_for_index($node, 'the second', undef, 'wagon_service');
sql(<<'END');
SELECT yottastore.add_index_columns('wagon_service');
CREATE INDEX ON wagon_service (odometer);
ANALYZE wagon_service;
CREATE TABLE anything (LIKE vehicles) PARTITION BY RANGE (vehicle_id COLLATE "C");
CREATE TABLE locals PARTITION OF anything FOR VALUES FROM ('x') TO ('y');
ALTER TABLE anything ATTACH PARTITION vehicles FOR VALUES FROM ('v') TO ('w');
ALTER TABLE anything ATTACH PARTITION wagons FOR VALUES FROM ('w') TO ('x');
INSERT INTO locals (vehicle_id, odometer, mark) SELECT 'x' || i, i * 7, i FROM generate_series(1, 50) i;
ANALYZE locals;
END
for my $from ('anything', q{(SELECT vehicle_id, odometer, mark FROM vehicles UNION ALL SELECT vehicle_id, odometer, mark FROM wagons) u})
{
	like(few("SELECT vehicle_id, odometer FROM $from ORDER BY odometer DESC LIMIT 6 OFFSET 2", 9), qr/Index Policy: vehicle_service.*Index Policy: wagon_service/s, 'each part by its own index');
	few("SELECT vehicle_id, odometer FROM $from WHERE odometer > 300 AND mark <> 20 ORDER BY odometer, vehicle_id LIMIT 5", 9);
	few("SELECT mark FROM $from ORDER BY mark FETCH FIRST 3 ROWS WITH TIES", 9);
	few("SELECT max(odometer), min(odometer) FROM $from", 2);
}
is(shown(plan_of('', 'SELECT vehicle_id FROM wagons WHERE part = 2 UNION ALL SELECT vehicle_id FROM vehicles WHERE part = 2 LIMIT 4'), 'Index Keys'), '4', 'and read no further than wanted');

# ---- whose rows they are -----------------------------------------------------------------------------

sql(<<'END');
ALTER TABLE vehicle_service ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE ROLE reader LOGIN;
CREATE USER MAPPING FOR reader SERVER fleet OPTIONS (access_key_id 'reader', secret_access_key 'secret');
GRANT SELECT ON vehicles, anything TO reader;
ALTER TABLE anything ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_rows ON anything TO reader USING (mark > 10 OR vehicle_id LIKE 'x%');
END
is(sql('SET ROLE reader; SELECT vehicle_id FROM vehicles ORDER BY odometer LIMIT 1'), 'v001', "policies of the index's table are for those who read that");
is(sql('SET ROLE reader; SELECT min(odometer), (SELECT vehicle_id FROM anything WHERE mark > 1 AND odometer > 400 ORDER BY odometer LIMIT 1) FROM anything WHERE odometer > 370'),
	'550|v055', 'those of a parent count');

store_api('DeleteTable', { TableName => $second });
store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
