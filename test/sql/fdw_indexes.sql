-- Declared secondary indexes: the option's grammar, and which queries use one. No store is asked.
CREATE SERVER indexed FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE FOREIGN TABLE vehicles (
	fleet text OPTIONS (key 'partition') NOT NULL,
	vehicle_id text OPTIONS (key 'sort') COLLATE "C" NOT NULL,
	model text,
	year int,
	city text,
	"odd" bigint OPTIONS (path '"odd.name"'),
	age int,
	doors int OPTIONS (path 'spec.doors'),
	item jsonb OPTIONS (document 'true')
) SERVER indexed OPTIONS (table 'vehicles');

-- the grammar
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes '');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model model all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model)');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model () all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model year) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model, year, city) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model, model) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model) most');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model) alles');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model) include');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model) include ()');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model) include (city');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model) all by_city (city) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model (model) all; by_model (city) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model local (fleet) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model ("model) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_model ("") all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes '"by model" (model) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by (model) all');
ALTER FOREIGN TABLE vehicles OPTIONS (ADD indexes 'by_age local (model, age) all');
EXPLAIN SELECT * FROM vehicles;
ALTER FOREIGN TABLE vehicles OPTIONS (SET indexes '
	by_model (model, year) all;
	"by.odd"(year,"odd.name")include(city , "spec" );
	by_city (city) keys; by_age local (fleet, age) all; ');

-- indexes made with a table
SELECT yottastore.create_store_table('indexed', 'vehicles', 'fleet', indexes => 'by_model (model date) all');
SELECT yottastore.create_store_table('indexed', 'vehicles', 'fleet', indexes => 'by_model (fleet numeric) all');
SELECT yottastore.create_store_table('indexed', 'vehicles', 'fleet', indexes => 'by_year (year numeric) all; by_model (model, year text) all');
SELECT yottastore.create_store_table('indexed', 'vehicles', 'fleet', indexes => 'by_model (model numeric text) all');
SELECT yottastore.create_store_table('indexed', 'vehicles', 'fleet', indexes => 'by_age local (fleet, age) all');
SELECT yottastore.create_store_table('indexed', 'vehicles', 'fleet', 'id', indexes => 'by_age local (model, age) all');
ALTER FOREIGN TABLE vehicles OPTIONS (SET indexes 'by_model (model text) all');

-- which query uses which
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, VERBOSE) ' || query LOOP
		IF line !~ '^ *(Output|Filter|Query Identifier):' THEN
			-- the server numbers parameters as it likes
			RETURN NEXT regexp_replace(line, '\$\d+', '$n', 'g');
		END IF;
	END LOOP;
END
$$;
SELECT plan($$SELECT item FROM vehicles WHERE model = 'TGX' AND year BETWEEN 2010 AND 2012 AND doors = 2$$);
SELECT plan($$SELECT item FROM vehicles WHERE model IN ('TGX', 'Actros') AND year = 2010 AND vehicle_id > 'v1'$$);
SELECT plan($$SELECT item FROM vehicles WHERE model = 'TGX'$$);
SELECT plan($$SELECT item FROM vehicles WHERE model = 'TGX' AND year IS NOT NULL$$);
SELECT plan($$SELECT city, doors FROM vehicles WHERE year = 2010 AND odd > 5$$);
SELECT plan($$SELECT age FROM vehicles WHERE year = 2010 AND odd > 5$$);
SELECT plan($$SELECT vehicle_id FROM vehicles WHERE city = 'Ulm'$$);
SELECT plan($$SELECT doors FROM vehicles WHERE city = 'Ulm'$$);
SELECT plan($$SELECT doors FROM vehicles WHERE fleet = 'f' AND age < 5$$);
SELECT plan($$SELECT doors FROM vehicles WHERE fleet = 'f' AND vehicle_id = 'v1' AND age < 5$$);
SELECT plan($$SELECT doors FROM vehicles WHERE fleet = 'f' AND vehicle_id > 'v1'$$);
SELECT plan($$UPDATE vehicles SET doors = 5 WHERE model = 'TGX' AND year = 2010$$);
SELECT plan($$UPDATE vehicles SET doors = 5 WHERE fleet = 'f' AND age = 2$$);
SET yottastore.pushdown = off;
SELECT plan($$SELECT vehicle_id FROM vehicles WHERE city = 'Ulm'$$);
RESET yottastore.pushdown;

-- consistency
SET yottastore.consistency = 'strong';
SELECT plan($$SELECT vehicle_id FROM vehicles WHERE city = 'Ulm'$$);
SELECT plan($$SELECT doors FROM vehicles WHERE fleet = 'f' AND age < 5$$);
SET yottastore.consistency = 'sometimes';
ALTER SERVER indexed OPTIONS (ADD consistency 'strong');
RESET yottastore.consistency;
SELECT plan($$SELECT vehicle_id FROM vehicles WHERE city = 'Ulm'$$);
SET yottastore.consistency = 'eventual';
PREPARE by_city AS SELECT vehicle_id FROM vehicles WHERE city = 'Ulm';
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE by_city');
SET yottastore.consistency = 'default';
SELECT plan('EXECUTE by_city');
RESET plan_cache_mode;
ALTER SERVER indexed OPTIONS (DROP consistency);

-- a join, and its costs: one key, some keys, a partition, an index, all
CREATE TABLE wanted AS SELECT 'm' || i AS model, i AS year FROM generate_series(1, 3) i;
ANALYZE wanted;
SELECT plan($$SELECT item FROM wanted JOIN vehicles USING (model, year)$$);
SELECT plan($$SELECT item FROM wanted LEFT JOIN vehicles v ON v.model = wanted.model AND v.year > wanted.year$$);
CREATE FUNCTION cost(condition text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT vehicle_id FROM vehicles WHERE ' || condition INTO plan;
	RETURN plan->0->'Plan'->>'Total Cost';
END
$$;
SELECT cost($$fleet = 'f' AND vehicle_id = 'v'$$) < cost($$fleet = 'f' AND vehicle_id IN ('v', 'w')$$) AS one_key,
	cost($$fleet = 'f' AND vehicle_id IN ('v', 'w')$$) < cost($$fleet = 'f'$$) AS some_keys,
	cost($$fleet = 'f'$$) < cost($$model = 'TGX' AND year IS NOT NULL$$) AS a_partition,
	cost($$model = 'TGX' AND year IS NOT NULL$$) < cost($$doors = 5$$) AS an_index;

\set VERBOSITY terse
DROP SERVER indexed CASCADE;
DROP TABLE wanted;
DROP FUNCTION plan, cost;
