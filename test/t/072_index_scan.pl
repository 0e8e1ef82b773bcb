# Conditions on what a policy computes are looked up in its index: the same rows as by reading the
# store, with few requests; and only while the index is fresh enough.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('index_scan');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, relay => 0);

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub fails { my ($code, $out, $error) = $node->psql('postgres', $_[0]); return $error; }

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
	my ($query, $what) = @_;
	my $json = "SELECT json_agg(q ORDER BY q::text) FROM ($query) q";
	my $rows = sql("SET enable_seqscan = off; $json");
	is($rows, sql("SET yottastore.index_scan = off; $json"), $what // $query);
	return $rows;
}

# A worker that is stopped leaves the index as it is.
sub without_worker
{
	my ($do) = @_;
	sql(q{SELECT yottastore.stop_workers()});
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'yottastore stream worker'}) or die 'it does not stop';
	$do->();
	sql(q{SELECT yottastore.start_workers()});
	wait_for_index($node, 'with its worker again');
	return;
}

my @kinds = qw(Car VAN truck bus);

sub put_numbered
{
	my ($i) = @_;
	put_vehicle($table, sprintf('v%03d', $i),
		{
			type => { S => ' ' . $kinds[$i % 4] },
			odo => { N => $i * 100 },
			$i % 3 ? (last => { S => sprintf '2026-%02d-%02d', 1 + $i % 12, 1 + $i % 28 }) : (),
			$i % 5 ? (pos => { M => { lat => { N => '5' }, lon => { N => ($i % 3) * 10 + 2 } } }) : (),
			color => { S => $i % 2 ? 'red' : 'blue' }
		});
	return;
}
put_numbered($_) foreach 1 .. 300;

sql(<<"END");
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', NULL,
  fields => ARRAY[
    yottastore.field('kind', 'text', ARRAY['type'], normalizers => ARRAY['trim', 'lower']),
    yottastore.field('last_service', 'date', ARRAY['last']),
    yottastore.field('odometer_km', 'numeric', ARRAY['odo'], unit => 'km', on_error => 'reject')],
  attributes => 'all', attributes_size => 400,
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon']));
END
wait_for_index($node, 'the start');
sql(<<'END');
SELECT yottastore.add_index_columns('vehicle_service');
ANALYZE vehicle_service;
END

# ---- by the index --------------------------------------------------------------------------------

my $cars = q{SELECT vehicle_id, kind, last_service FROM vehicles WHERE kind = 'car'};
my $plan = plan_of('', $cars);
is(shown($plan, 'Index Policy', 'Store Operation', 'Index Keys', 'Items Gone', 'Store Requests'), 'vehicle_service BatchGetItem 75 0 1',
	'keys come from the index, items by one request');
like(sql("EXPLAIN $cars"), qr/Store Operation: BatchGetItem or Scan/, 'what is decided in execution is said so');
is(shown(plan_of('SET yottastore.index_scan = off', $cars), 'Index Policy', 'Store Operation'), '- Scan', 'without it the store is read');
is(shown(plan_of('', "$cars LIMIT 1"), 'Store Requests', 'Store Read Units'), '1 0.5', 'LIMIT 1 is one request, of one item');
is(shown(plan_of('SET yottastore.max_staleness = 0', "$cars LIMIT 1"), 'Store Read Units'), '1.0', 'what has to be there is read strongly');
is(shown(plan_of(q{UPDATE vehicles SET item = item || '{"n": 1}' WHERE vehicle_id = 'v004'}, "$cars LIMIT 1"), 'Store Read Units'), '1.0', '... as is what the session wrote');
is(shown(plan_of('', 'SELECT vehicle_id FROM vehicles WHERE odometer_km < 25000'), 'Index Keys', 'Store Requests'), '249 3',
	'a hundred keys a request');
like(plan_of('', q{SELECT vehicle_id FROM vehicles WHERE area = 'A' AND kind = 'car'}), qr/vehicle_service_a\b(?!.*vehicle_service_b\b)/s, 'partitions are pruned');
unlike(plan_of('', q{SELECT vehicle_id FROM vehicles WHERE kind = 'car' AND vehicle_id = 'v004'}), qr/Index Policy/, 'a key needs no index');

sql('ALTER FOREIGN TABLE vehicles ADD COLUMN color text, ADD COLUMN lon int OPTIONS (path \'pos.lon\')');
is(shown(plan_of('', q{SELECT vehicle_id FROM vehicles WHERE color = 'blue'}), 'Index Keys'), '150', 'any attribute is looked up where all are kept');
like(sql(q{SET enable_seqscan = off; EXPLAIN SELECT vehicle_id FROM vehicles WHERE color = 'blue'}),
	qr/BitmapOr.*_attributes_idx.*'\{"color": "blue"\}'::jsonb.*_vehicle_id_idx/s, '... by indexes of the index table');
put_vehicle($table, 'brim', { aa => { S => 'x' x 380 }, color => { S => 'plaid' } });
wait_for_index($node, 'a row without room for all attributes');
is(sql(q{SELECT attributes ? 'color' FROM vehicle_service WHERE vehicle_id = 'brim'}), 'f', 'what a row had no room for');
is(shown(plan_of('SET enable_seqscan = off', q{SELECT vehicle_id FROM vehicles WHERE color = 'plaid'}), 'Index Keys', 'Store Operation'), '1 BatchGetItem', '... is found all the same');
delete_vehicle($table, 'brim');
wait_for_index($node, 'it is gone');
sql(q{ALTER FOREIGN TABLE vehicles ADD COLUMN strict int OPTIONS (path 'color', on_mismatch 'error')});
like(fails('SELECT vehicle_id FROM vehicles WHERE strict = 5'), qr/does not fit|cannot be|is not/, 'what must fit is read to be looked at');
sql('ALTER FOREIGN TABLE vehicles DROP COLUMN strict');
same($_) foreach (
	q{SELECT vehicle_id, color FROM vehicles WHERE color = 'red' AND lon = 12},
	q{SELECT vehicle_id, color FROM vehicles WHERE color = 'none'},
	q{SELECT vehicle_id FROM vehicles WHERE color = (SELECT 're' || 'd') AND kind = 'van'},
	q{SELECT vehicle_id, kind FROM vehicles WHERE kind = 'car'},
	q{SELECT vehicle_id, area FROM vehicles WHERE area = 'A'},
	q{SELECT vehicle_id, area FROM vehicles WHERE area <> 'A'},
	q{SELECT vehicle_id FROM vehicles WHERE area IN ('B', 'unlocated') AND kind IN ('van', 'bus')},
	q{SELECT vehicle_id FROM vehicles WHERE last_service IS NULL AND kind = 'car'},
	q{SELECT vehicle_id FROM vehicles WHERE last_service < '2026-03-01' OR odometer_km > 29000},
	q{SELECT vehicle_id FROM vehicles WHERE location <@ box '(0,0),(5,9)'},
	q{SELECT vehicle_id FROM vehicles WHERE location <-> point '(12,5)' < 1 AND kind LIKE 'v%'},
	q{SELECT vehicle_id FROM vehicles WHERE 10 >= point '(12,5)' <-> location AND kind = 'bus'},
	q{SELECT vehicle_id FROM vehicles WHERE location <-> (SELECT point '(12,5)') <= (SELECT 10::float8) AND kind = 'bus'},
	(map { (qq{SELECT vehicle_id FROM vehicles WHERE location <-> point '(12,5)' < '$_' AND kind = 'bus'},
		qq{SELECT vehicle_id FROM vehicles WHERE location <-> (SELECT point '(1e30,5)') <= (SELECT float8 '$_') AND kind = 'bus'}) } qw(0 -1 10 NaN Infinity 1e200)),
	q{SELECT vehicle_id FROM vehicles WHERE location <-> point '(Infinity,5)' <= 'Infinity' AND kind = 'bus'},
	q{SELECT vehicle_id FROM vehicles WHERE attributes @> '{"color": "red"}' AND kind = 'van'},
	q{SELECT vehicle_id FROM vehicles WHERE kind = 'car' AND item->>'color' = 'blue'},
	q{SELECT vehicle_id FROM vehicles WHERE kind = 'car' AND vehicle_id > 'v2'},
	q{SELECT kind, count(*), sum(odometer_km) FROM vehicles WHERE area = 'C' GROUP BY kind},
	q{SELECT count(*) FROM vehicles WHERE kind = 'none'},
	q{SELECT vehicle_id FROM vehicles WHERE kind = 'car' AND kind = 'van'},
	q{SELECT vehicle_id FROM vehicles WHERE kind = (SELECT 'c' || 'ar')},
	q{SELECT k, (SELECT count(*) FROM vehicles v WHERE v.kind = k AND v.odometer_km < 10000) FROM unnest(ARRAY['car', 'bus', NULL]) k},
	q{SELECT k, n FROM unnest(ARRAY['car', 'bus']) k, LATERAL (SELECT count(*) AS n FROM vehicles v WHERE v.kind = k OFFSET 0) x},
	q{SELECT a.vehicle_id, b.vehicle_id FROM vehicles a JOIN vehicles b ON a.odometer_km = b.odometer_km + 100 WHERE a.kind = 'car' AND b.kind = 'bus'},
	q{SELECT x.i, v.vehicle_id FROM generate_series(1, 3) x(i) LEFT JOIN vehicles v ON v.odometer_km = x.i * 400 AND v.kind = 'car'},
	q{WITH c AS MATERIALIZED (SELECT * FROM vehicles WHERE kind = 'car') SELECT count(*) FROM c JOIN vehicles v USING (vehicle_id) WHERE v.area = 'A'},
	q{SELECT vehicle_id FROM vehicles WHERE kind = 'car' UNION SELECT vehicle_id FROM vehicles WHERE kind = 'bus' AND area = 'A'},
	q{SELECT vehicle_id FROM vehicles v WHERE kind = 'car' AND NOT EXISTS (SELECT FROM vehicles w WHERE w.kind = 'bus' AND w.odometer_km = v.odometer_km + 300)},
	q{SELECT vehicle_id, row_number() OVER (ORDER BY odometer_km) FROM vehicles WHERE kind = 'car' AND random() >= 0},
);

sql('CREATE INDEX at_idx ON vehicle_service USING gist (location)');
like(sql("SET enable_seqscan = off; EXPLAIN SELECT vehicle_id FROM vehicles WHERE $_"), qr/Index Cond: \(location <@ '<\(12,5\),2>'::circle\)/, "by an index: $_")
  foreach q{location <-> point '(12,5)' < 2}, q{2 >= point '(12,5)' <-> location};
like(sql("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE q(point, float8) AS SELECT vehicle_id FROM vehicles WHERE location <-> \$1 < \$2; EXPLAIN EXECUTE q('(12,5)', 2)"),
	qr/Index Cond: \(location <@ CASE/, '... and by parameters');
unlike(sql("SET enable_seqscan = off; EXPLAIN SELECT vehicle_id FROM vehicles WHERE $_"), qr/circle/, "not $_")
  foreach q{location <-> point '(12,5)' > 2 AND kind = 'bus'}, q{2 < point '(12,5)' <-> location AND kind = 'bus'};
same("SELECT vehicle_id FROM vehicles WHERE location <-> point '(12,5)' $_") foreach '< 10', '<= 10', '<= 0', q{< 'NaN'};
sql('DROP INDEX at_idx');

# ---- the first rows of an order ------------------------------------------------------------------

for my $order ('odometer_km', 'odometer_km DESC', 'last_service', 'last_service DESC, vehicle_id', 'last_service NULLS FIRST, odometer_km DESC',
	'kind DESC, vehicle_id', q{location <-> point '(12,5)', vehicle_id}, 'odometer_km % 700, vehicle_id')
{
	for my $where ('true', q{kind = 'car'}, q{item->>'color' = 'red' AND odometer_km > 5000}, q{kind = 'none'})
	{
		my $query = "SELECT vehicle_id, odometer_km FROM vehicles WHERE $where ORDER BY $order";
		my $unique = $order =~ /vehicle_id|odometer_km(?! %)/;
		foreach my $limit ('LIMIT 7', 'LIMIT 5 OFFSET 3')
		{
			my $got = sql("$query $limit");
			is($got, sql("SET yottastore.index_scan = off; $query $limit"), "$order, $where, $limit") if $unique;
		}
	}
}
is(shown(plan_of('', 'SELECT vehicle_id FROM vehicles ORDER BY odometer_km LIMIT 5'), 'Store Requests', 'Store Read Units'), '1 2.5', 'no more items are read than it takes');
is(shown(plan_of('', q{SELECT vehicle_id FROM vehicles WHERE item->>'color' = 'blue' AND kind = 'car' ORDER BY odometer_km DESC LIMIT 75}), 'Index Keys', 'Store Requests'), '75 1', 'or than there are');
unlike(sql("EXPLAIN SELECT vehicle_id FROM vehicles $_"), qr/Index Policy/, "not $_")
  foreach 'ORDER BY odometer_km', 'WHERE random() < 2 ORDER BY odometer_km LIMIT 5', 'ORDER BY odometer_km LIMIT ALL', 'ORDER BY odometer_km LIMIT (random() * 5)::int';

# ---- plans that are kept, cursors ----------------------------------------------------------------

my $prepared = q{PREPARE q(text, text) AS SELECT count(*) FROM vehicles WHERE kind = $1 AND area = $2;};
is(sql("$prepared" . q{EXECUTE q('car', 'A');} x 8), join("\n", (same(q{SELECT vehicle_id FROM vehicles WHERE kind = 'car' AND area = 'A'}) =~ tr/{//) x 8),
	'a prepared statement past its sixth execution');
like(sql("SET plan_cache_mode = force_generic_plan; PREPARE a(text) AS SELECT vehicle_id FROM vehicles WHERE area = \$1 AND odometer_km < 20000; EXPLAIN EXECUTE a('A')"),
	qr/Index Policy/, 'a generic plan does not expect rows of all partitions');
like(sql("SET plan_cache_mode = force_generic_plan; $prepared EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE q('car', 'A')"), qr/Subplans Removed.*vehicle_service_a/s, 'a generic plan prunes partitions when it starts');
is(sql(<<'END'), "v004\nv008\nv004\nv012", 'a scrollable cursor');
BEGIN; DECLARE c SCROLL CURSOR FOR SELECT vehicle_id FROM vehicles WHERE kind = 'car' ORDER BY 1;
FETCH 2 FROM c; MOVE ABSOLUTE 0 IN c; FETCH 1 FROM c; MOVE ABSOLUTE 2 IN c; FETCH 1 FROM c; COMMIT;
END
is(sql(<<'END') =~ tr/v//, 3, 'a cursor over a savepoint that is rolled back');
BEGIN; DECLARE c CURSOR FOR SELECT vehicle_id FROM vehicles WHERE kind = 'car';
FETCH 1 FROM c; SAVEPOINT s; CREATE TABLE gone (); FETCH 1 FROM c; ROLLBACK TO s; FETCH 1 FROM c; COMMIT;
END

# ---- rights --------------------------------------------------------------------------------------

sql(<<"END");
CREATE ROLE reader LOGIN;
CREATE USER MAPPING FOR reader SERVER fleet OPTIONS (access_key_id 'reader', secret_access_key 'secret');
GRANT SELECT ON vehicles TO reader;
CREATE VIEW east WITH (security_barrier) AS SELECT * FROM vehicles WHERE area = 'B';
CREATE FUNCTION tells(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS 'BEGIN RAISE NOTICE ''told %'', \$1; RETURN true; END';
GRANT SELECT ON east TO reader;
END
like(sql("SET ROLE reader; EXPLAIN (ANALYZE, COSTS OFF) $cars"), qr/Index Keys: 75/, 'SELECT on the foreign table is enough');
like(fails('SET ROLE reader; SELECT count(*) FROM vehicle_service'), qr/permission denied/, 'the index table stays out of reach');
{
	my (undef, $rows, $notices) = $node->psql('postgres', q{SET ROLE reader; SELECT count(*) FROM east WHERE tells(kind)});
	is($rows, sql(q{SELECT count(*) FROM vehicle_service WHERE area = 'B'}), 'a security barrier');
	is(() = $notices =~ /told/g, $rows, 'is not looked behind');
}
# Statistics of the index table are read for its owner, and by operators that may be anybody's.
sql(<<'END');
CREATE ROLE peeker;
GRANT USAGE, CREATE ON SCHEMA public TO peeker;
GRANT USAGE ON SCHEMA yottastore TO peeker;
SET ROLE peeker;
CREATE FUNCTION peek(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE NOTICE ''peeked at %'', $1; RETURN false; END';
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = peek, RESTRICT = eqsel);
END
my $peek = q{SET ROLE peeker; EXPLAIN SELECT vehicle_id FROM vehicles WHERE kind === 'x'};
{
	my (undef, undef, $said) = $node->psql('postgres', $peek);
	like($said, qr/permission denied/, 'who may not read the table');
	unlike($said, qr/peeked/, '... learns nothing from its plan');
	sql('GRANT SELECT (kind) ON vehicles TO peeker');
	unlike(($node->psql('postgres', $peek))[2], qr/peeked/, '... nor who may not read all that is named');
	sql('GRANT SELECT (vehicle_id) ON vehicles TO peeker');
	like(($node->psql('postgres', $peek))[1], qr/Index Policy/, 'who may has its conditions looked up');
	sql('DROP OPERATOR ===(text, text); DROP FUNCTION peek; REVOKE ALL ON vehicles FROM peeker');
}

# ---- changes -------------------------------------------------------------------------------------

is(sql(q{INSERT INTO vehicles (vehicle_id, item) VALUES ('new', '{"type": "trike"}'); SELECT vehicle_id FROM vehicles WHERE kind = 'trike'}), 'new', 'a session sees what it has written');
put_vehicle($table, 'new2', { type => { S => 'trike' } });
is(sql(q{SET yottastore.max_staleness = 0; SELECT count(*) FROM vehicles WHERE kind = 'trike'}), 2, 'and what others have, if it wants to');
is(sql(q{UPDATE vehicles SET item = jsonb_set(item, '{type}', '"rickshaw"') WHERE kind = 'trike' RETURNING vehicle_id, kind}), "new|rickshaw\nnew2|rickshaw", 'an update finds its items by the index');
like(sql(q{EXPLAIN UPDATE vehicles SET item = jsonb_set(item, '{type}', '"rickshaw"') WHERE kind = 'trike'}), qr/Index Policy: vehicle_service/, 'as its plan says');
is(sql(q{SELECT count(*) FROM vehicles WHERE kind = 'trike'}), 0, 'and changes them');
is(sql(q{SET yottastore.max_staleness = 0; DELETE FROM vehicles WHERE kind = 'rickshaw' RETURNING vehicle_id}), "new\nnew2", 'a delete');
is(sql(q{SET yottastore.max_staleness = 0; SELECT count(*) FROM vehicles WHERE kind = 'rickshaw'}), 0, 'deletes them');

# ---- rows that change while they are locked ------------------------------------------------------

# The local row as it is after the change, checked again.
sub locked
{
	my ($from, $change) = @_;
	my $rows = rows_after_change($node, "UPDATE jobs SET $change WHERE job BETWEEN 3 AND 4", <<"END");
SELECT j.job, v.vehicle_id, v.kind FROM jobs j $from AND v.odometer_km < 3000 ORDER BY 1, 2 FOR UPDATE OF j
END
	sql('UPDATE jobs SET kind = b.kind FROM before b WHERE b.job = jobs.job');
	return $rows;
}
sql(<<'END');
CREATE TABLE jobs AS SELECT i AS job, (ARRAY['car', 'van', 'truck', 'bus'])[i % 4 + 1] AS kind FROM generate_series(1, 6) i;
CREATE TABLE before AS TABLE jobs;
CREATE TABLE copied AS SELECT vehicle_id, kind, odometer_km FROM vehicles;
ANALYZE jobs, copied;
END
for my $join ('JOIN %s v ON v.kind = j.kind', q{LEFT JOIN %s v ON v.kind = 'car' AND j.kind = v.kind}, q{JOIN %s v ON v.kind = 'bus' AND v.vehicle_id < 'v03' AND j.kind = 'bus'})
{
	for my $change (q{kind = 'truck'}, 'kind = kind')
	{
		my $local = locked(sprintf($join, 'copied'), $change);
		like($local, qr/\|/, 'rows are found') if $change eq 'kind = kind';
		is(locked(sprintf($join, 'vehicles'), $change), $local, "as from a local table: $join, $change");
	}
}

# ---- tables of tables ----------------------------------------------------------------------------

sql(<<'END');
CREATE TABLE all_vehicles (vehicle_id text NOT NULL, kind text, area text COLLATE "C");
CREATE TABLE others () INHERITS (all_vehicles);
INSERT INTO others SELECT 'o' || i, 'car', 'A' FROM generate_series(1, 3) i;
ALTER FOREIGN TABLE vehicles INHERIT all_vehicles;
END
same(q{SELECT vehicle_id FROM all_vehicles WHERE kind = 'car' AND area = 'A'}, 'a parent table');
like(sql(q{EXPLAIN SELECT vehicle_id FROM all_vehicles WHERE kind = 'car' ORDER BY vehicle_id LIMIT 3}), qr/Index Policy/, 'its child is answered by the index');
sql('ALTER FOREIGN TABLE vehicles NO INHERIT all_vehicles');

# ---- an index that is behind ---------------------------------------------------------------------

my $stale = q{SET yottastore.staleness_timeout = 100; SET yottastore.max_staleness = 0};
my $any = q{SET yottastore.max_staleness = '1d'};
without_worker(sub {
	put_vehicle($table, 'v004', { type => { S => 'bus' }, odo => { N => '1' } });
	put_vehicle($table, 'v001', { type => { S => 'car' }, odo => { N => '1' } });
	put_numbered(2);
	put_vehicle($table, 'v016', { type => { S => 'car' }, odo => { N => '5000000' } });
	delete_vehicle($table, 'v008');
	my $late = plan_of($stale, $cars);
	like($late, qr/Index Not Used: it is complete up to .* seconds before what is asked for/, 'an index that is too far behind is not used');
	like($late, qr/Store Operation: Scan.*never executed/s, 'but the store read');
	is(sql("$stale; SELECT count(*) FROM vehicles WHERE kind = 'car'"), 74, 'all of it');
	is(shown($late, 'Store Read Units'), 2 * shown(plan_of('SET yottastore.index_scan = off', $cars), 'Store Read Units') . '.0', '... strongly, where all is asked for');
	my $own = q{SET yottastore.staleness_timeout = 1; UPDATE vehicles SET item = item || jsonb_build_object('own', clock_timestamp()) WHERE vehicle_id = 'v020'};
	is(shown(plan_of($own, $cars), 'Store Read Units'), shown($late, 'Store Read Units'), '... or what the session itself has written');
	like(fails("SET yottastore.on_stale = 'error'; $own; $cars"), qr/before this session has written to the table; its worker does not run\.\nHINT: .*staleness_timeout/, '... as is said');
	like(fails("$stale; SET yottastore.on_stale = 'error'; $cars"), qr/index policy "vehicle_service" cannot answer for foreign table "vehicles".*complete up to[^\n]*asked for; its worker does not run\.\nHINT/s, 'or the query fails, when it shall, and says what holds the index up');
	like(fails("SET statement_timeout = '300ms'; SET yottastore.max_staleness = 0; SET yottastore.staleness_timeout = '1h'; $cars"),
		qr/statement timeout/, 'a query that waits can be cancelled');
	my $early = plan_of($any, $cars);
	is(shown($early, 'Index Keys', 'Items Gone'), '75 1', 'who does not mind uses it');
	is(sql("$any; SELECT count(*), count(*) FILTER (WHERE kind <> 'car'), count(*) FILTER (WHERE vehicle_id = 'v001') FROM ($cars) q"), '73|0|0',
		'and gets no row that is not so, but misses one');
	is(sql("$any; SELECT string_agg(vehicle_id, ',') FROM (SELECT vehicle_id FROM vehicles WHERE kind = 'car' ORDER BY odometer_km LIMIT 4) q"),
		'v012,v020,v024,v028', 'the first rows of an order are so by what the store has');
	sql(q{ALTER FOREIGN TABLE vehicles OPTIONS (max_staleness '1d', on_stale 'error')});
	is(shown(plan_of('', $cars), 'Index Keys'), '75', 'the table says it for all sessions');
	like(fails("$stale; $cars"), qr/cannot answer/, 'and what is done then');
	is(sql("$stale; SET yottastore.on_stale = 'scan'; SELECT count(*) FROM vehicles WHERE kind = 'car'"), 74, 'a session may say otherwise');
	sql(q{ALTER FOREIGN TABLE vehicles OPTIONS (DROP max_staleness, DROP on_stale)});

	my ($me) = sql('SELECT current_user');
	sql('CREATE ROLE keeper; GRANT CREATE ON SCHEMA public TO keeper; ALTER TABLE vehicle_service OWNER TO keeper; REVOKE ALL ON vehicle_service FROM keeper');
	like(fails("$any; $cars"), qr/permission denied for table vehicle_service/, 'the index is read as its owner, whose right may be gone');
	sql("GRANT ALL ON vehicle_service TO keeper");
	is(shown(plan_of("$any; SET ROLE reader", $cars), 'Index Keys'), '75', 'or not');
	sql("ALTER TABLE vehicle_service OWNER TO $me");
});
is(sql(q{SET yottastore.max_staleness = 0; SELECT count(*) FROM vehicles WHERE kind = 'car'}), 74, 'later it is there');

sql(q{SELECT yottastore.pause_index_policy('vehicle_service')});
like(plan_of($any, $cars), qr/Index Not Used: it is PAUSED/, 'a paused policy is not used, however late it may be');
sql(q{SELECT yottastore.resume_index_policy('vehicle_service')});
wait_for_index($node, 'resumed');

{
	my $session = $node->background_psql('postgres');
	my $query = 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' . $cars;
	$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1');
	put_vehicle($table, 'later', { type => { S => 'car' } });
	wait_for_index($node, 'a change');
	like($session->query_safe("$any; $query"), qr/Index Keys: 74/, 'a snapshot that is kept sees the index it had');
	like($session->query_safe("$stale; $query"), qr/Index Not Used: it is complete up to/, 'which is too old then');
	$session->query_safe('COMMIT');
	like($session->query_safe("SET yottastore.max_staleness = 0; RESET yottastore.staleness_timeout; $query"), qr/Index Keys: 75/, 'and new after it');
	$session->quit;
}

# ---- a statement's one snapshot --------------------------------------------------------------------

my $other = unique_name('others');
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$other', 'id');
CREATE FOREIGN TABLE elsewhere (id text OPTIONS (key 'partition') NOT NULL) SERVER fleet OPTIONS (table '$other');
CREATE TABLE changed (n int);
CREATE FUNCTION changed_now() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM changed';
CREATE FUNCTION changed_with_cars() RETURNS bigint LANGUAGE plpgsql STABLE AS
  \$\$ BEGIN RETURN (SELECT count(*) + 0 * (SELECT count(*) FROM vehicles WHERE kind = 'car') FROM changed); END \$\$;
END
my $workers = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; '
  . 'SET min_parallel_index_scan_size = 0; SET parallel_leader_participation = off';
my $own = q{SELECT count(*) FROM vehicles WHERE kind = 'own'};

# scans that are not parallel themselves go by the active snapshot
sub whole_partitions
{
	sql("DO \$\$ DECLARE p regclass; BEGIN FOR p IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'vehicle_service'::regclass "
		  . "LOOP EXECUTE format('ALTER TABLE %s $_[0]', p); END LOOP; END \$\$");
	return;
}
whole_partitions('SET (parallel_workers = 0)');
like(sql("$workers; EXPLAIN $own"), qr/Index Policy.*Gather.*Parallel Append/s, 'workers read the index');
is(sql("$workers; INSERT INTO vehicles (vehicle_id, item) VALUES ('own$_', '{\"type\": \"own\"}'); CREATE TEMP TABLE t AS $own; TABLE t"), $_,
	"... as the statement waited for it, where it makes a table, too: $_") foreach 1 .. 3;
whole_partitions('RESET (parallel_workers)');
is(sql("BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO vehicles (vehicle_id, item) VALUES ('own4', '{\"type\": \"own\"}'); SET LOCAL "
	  . ($node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode') . " = on; $own"), 4, 'what the session wrote it has, whoever reads');
is(sql("SET yottastore.max_staleness = 0; DELETE FROM vehicles WHERE kind = 'own'; $own"), 0, 'deleted again');
{
	my $session = $node->background_psql('postgres');
	sql('SELECT 1');
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('SELECT pg_advisory_lock(72)');
	$session->query_safe('SET yottastore.max_staleness = 0');
	$session->query_until(qr/asked/, "\\echo asked\nSELECT 'seen ' || changed_with_cars() || changed_now() FROM (SELECT pg_advisory_lock(72) OFFSET 0) l;\n");
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 72 AND NOT granted}) or die 'nobody waits';
	sql('INSERT INTO changed VALUES (1)');
	$holder->query_safe('SELECT pg_advisory_unlock(72)');
	like($session->query('SELECT 1'), qr/seen 00/, 'a stable function goes by the snapshot of the statement that calls it');
	$_->quit foreach $session, $holder;
}
like(sql("SET yottastore.max_staleness = '1h'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; INSERT INTO elsewhere VALUES ('one'); "
	  . "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $cars"), qr/Index Keys: /, 'what is written to another table need not be in the index');
store_api('DeleteTable', { TableName => $other });

# ---- what is in quarantine -----------------------------------------------------------------------

put_vehicle($table, 'v012', { type => { S => 'car' }, odo => { S => 'far' } });
wait_for_index($node, 'a refused item');
is(sql(q{SELECT count(*) FROM yottastore.quarantine}), 1, 'an item is kept out of the index');
$plan = plan_of('', 'SELECT vehicle_id, item FROM vehicles WHERE kind IS NULL');
is(shown($plan, 'Quarantined Keys', 'Store Requests'), '1 1', 'what is in quarantine is fetched, too');
like(same(q{SELECT vehicle_id, kind, odometer_km FROM vehicles WHERE kind = 'car'}), qr/"v012","kind":"car","odometer_km":null/, 'and found by what is good of it');
put_numbered(12);
wait_for_index($node, 'it is good again');
is(sql(q{SELECT superseded FROM yottastore.quarantine}), 't', 'what is good again stays there, superseded');
unlike(plan_of('', 'SELECT vehicle_id, item FROM vehicles WHERE kind IS NULL'), qr/Quarantined Keys/, '... and is fetched no more');
put_vehicle($table, 'v012', { type => { S => 'car' }, odo => { S => 'farther' } });
wait_for_index($node, 'refused again');
is(sql(q{SELECT string_agg(superseded::text, ' ' ORDER BY quarantine_id) FROM yottastore.quarantine}), 'true false', 'an item that is refused again');
is(shown(plan_of('', 'SELECT vehicle_id, item FROM vehicles WHERE kind IS NULL'), 'Quarantined Keys'), 1, '... is fetched again');
delete_vehicle($table, 'v012');
wait_for_index($node, 'deleted');
is(sql(q{SELECT count(*) FROM yottastore.quarantine WHERE NOT superseded}), 0, '... until it is deleted');
put_numbered(12);
wait_for_index($node, 'back');

# ---- areas past the limit, areas that move -------------------------------------------------------

sql(q{INSERT INTO vehicles (vehicle_id, item) VALUES ('first', '{"type": "car", "pos": {"lat": 50, "lon": 50}}')});
sql(<<'END');
DROP VIEW east;
ALTER FOREIGN TABLE vehicles DROP COLUMN color, DROP COLUMN lon, DROP COLUMN area, DROP COLUMN kind, DROP COLUMN last_service, DROP COLUMN odometer_km,
  DROP COLUMN location, DROP COLUMN attributes, DROP COLUMN rejected;
SELECT yottastore.drop_index_policy('vehicle_service');
END
sql(<<"END");
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', NULL, max_areas => 2,
  fields => ARRAY[yottastore.field('kind', 'text', ARRAY['type'], normalizers => ARRAY['trim', 'lower'])],
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon']));
END
wait_for_index($node, 'a policy with two areas');
sql("SELECT yottastore.add_index_columns('vehicle_service'); ANALYZE vehicle_service");
is(sql(q{SELECT count(DISTINCT area) FROM vehicle_service}), 4, 'there are two areas, and others, and none');
same(qq{SELECT vehicle_id, area FROM vehicles WHERE area = '$_'}) foreach 'A', 'B', 'C', 'unlocated';

store_api('DeleteTable', { TableName => $table });
$node->stop;
done_testing();
