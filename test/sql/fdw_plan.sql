-- Which operation a query runs: no store is asked.
CREATE SERVER plans FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE FOREIGN TABLE vehicles (
	vehicle_id text OPTIONS (key 'partition') NOT NULL,
	model text OPTIONS (path 'spec.model'),
	odo numeric,
	spec jsonb,
	item jsonb OPTIONS (document 'true')
) SERVER plans;
CREATE FOREIGN TABLE readings (
	device varchar OPTIONS (key 'partition') NOT NULL,
	at int OPTIONS (key 'sort') NOT NULL,
	value float8
) SERVER plans OPTIONS (table 'raw-readings');
CREATE FOREIGN TABLE notes (
	id bigint OPTIONS (key 'partition') NOT NULL,
	topic text OPTIONS (key 'sort') COLLATE "C" NOT NULL,
	body text
) SERVER plans;
CREATE TABLE local (id text, n int);

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

-- one key
SELECT plan($$SELECT * FROM vehicles WHERE vehicle_id = 'a'$$);
SELECT plan($$SELECT model FROM vehicles WHERE 'a' = vehicle_id AND odo > 5$$);
SELECT plan($$SELECT model FROM vehicles WHERE vehicle_id IN ('a', 'b')$$);
SELECT plan($$SELECT count(*) FROM vehicles$$);
SELECT plan($$SELECT spec->'doors', model FROM vehicles WHERE odo > 5$$);

-- no condition on the key that could be asked
SELECT plan($$SELECT odo FROM vehicles WHERE vehicle_id > 'a'$$);
SELECT plan($$SELECT odo FROM vehicles WHERE vehicle_id <> 'a'$$);
SELECT plan($$SELECT odo FROM vehicles WHERE vehicle_id = 'a' OR odo = 1$$);
SELECT plan($$SELECT odo FROM vehicles WHERE lower(vehicle_id) = 'a'$$);
SELECT plan($$SELECT odo FROM vehicles WHERE vehicle_id = model$$);
SELECT plan($$SELECT odo FROM vehicles WHERE vehicle_id = random()::text$$);
SELECT plan($$SELECT odo FROM vehicles WHERE vehicle_id <> ALL ('{a,b}')$$);

-- parameters, also of a generic plan
PREPARE by_key (text) AS SELECT odo FROM vehicles WHERE vehicle_id = $1;
SET plan_cache_mode = force_generic_plan;
SELECT plan($$EXECUTE by_key('a')$$);
PREPARE by_keys (text[]) AS SELECT odo FROM vehicles WHERE vehicle_id = ANY ($1);
SELECT plan($$EXECUTE by_keys('{a,b}')$$);
RESET plan_cache_mode;

-- two keys
SELECT plan($$SELECT value FROM readings WHERE device = 'a' AND at = 5$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a' AND at = 5::bigint$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a' AND at = 5.5$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a'$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a' AND at BETWEEN 5 AND 7 AND at <> 6$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a' AND 5 < at$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a' AND at IN (5, 6)$$);
SELECT plan($$SELECT value FROM readings WHERE device IN ('a', 'b') AND at = 5$$);
SELECT plan($$SELECT value FROM readings WHERE device IN ('a', 'b')$$);
SELECT plan($$SELECT value FROM readings WHERE device IN ('a', 'b') AND at < 5$$);
SELECT plan($$SELECT value FROM readings WHERE at = 5$$);

-- ranges of text only where the store's order is the collation's
SELECT plan($$SELECT body FROM notes WHERE id = 1 AND topic >= 'a' AND topic < 'b'$$);

-- a page as large as LIMIT says, where the store's answer is exact
SELECT plan($$SELECT odo FROM vehicles OFFSET 2 LIMIT 5$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a' AND at > 5 AND at < 7 LIMIT 5$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a' AND value > 5 LIMIT 5$$);
SELECT plan($$SELECT value FROM readings WHERE device = 'a' ORDER BY value LIMIT 5$$);

-- counted by the store
SELECT plan($$SELECT count(*), count(1), count(device) + 1 FROM readings$$);
SELECT plan($$SELECT count(*) FROM readings WHERE device IN ('a', 'b') AND at >= 5 AND at <= 7$$);
SELECT plan($$SELECT count(*) FROM notes WHERE id = 1 AND topic > 'a'$$);
SELECT plan($$SELECT count(*) FROM notes WHERE id = 1 AND topic > ''$$);
SELECT plan($$SELECT count(*) FROM readings WHERE device = 'a' AND at > 5 AND at <= 7$$);
SELECT plan($$SELECT count(value) FROM readings$$);
SELECT plan($$SELECT device, count(*) FROM readings GROUP BY device$$);
SELECT plan($$SELECT count(*) FROM readings WHERE value > 5$$);

-- in the order of the sort key
SELECT plan($$SELECT value FROM readings WHERE device = 'a' ORDER BY at DESC NULLS LAST, value LIMIT 5$$);
SELECT plan($$SELECT body FROM notes WHERE id = 1 AND topic > 'a' ORDER BY id, topic$$);
SELECT plan($$SELECT body FROM notes WHERE id = 1 ORDER BY topic COLLATE "POSIX" DESC$$);
SELECT plan($$SELECT body FROM notes WHERE id = 1 ORDER BY topic USING ~>~$$);
SELECT plan($$SELECT value FROM readings WHERE device IN ('a', 'b') ORDER BY at$$);
SELECT plan($$SELECT value FROM readings ORDER BY at$$);

-- by how the sort key begins
SELECT plan($$SELECT body FROM notes WHERE id = 1 AND topic LIKE 'a\_%' AND topic > 'a'$$);
SELECT plan($$SELECT count(*) FROM notes WHERE id = 1 AND starts_with(topic, 'a')$$);
SELECT plan($$SELECT count(*) FROM notes WHERE id = 1 AND topic LIKE 'a%b'$$);
SELECT plan($$SELECT body FROM notes WHERE id = 1 AND topic LIKE '%a' AND topic > 'a'$$);

-- joins
SELECT plan($$SELECT model FROM local JOIN vehicles ON vehicle_id = id WHERE n = 1$$);
SELECT plan($$SELECT model FROM local LEFT JOIN vehicles ON vehicle_id = id WHERE n = 1$$);
SELECT plan($$SELECT value FROM local JOIN readings ON device = id AND at = n WHERE id = 'x'$$);
SELECT plan($$SELECT value FROM local JOIN readings ON device = id AND at >= n WHERE n = 7$$);
SELECT plan($$SELECT (SELECT model FROM vehicles WHERE vehicle_id = id) FROM local$$);

-- writes
SELECT plan($$INSERT INTO vehicles (vehicle_id) VALUES ('a')$$);
SELECT plan($$UPDATE vehicles SET odo = 5, model = 'x' WHERE vehicle_id = 'a'$$);
SELECT plan($$UPDATE vehicles SET odo = odo + 1 WHERE vehicle_id = 'a'$$);
SELECT plan($$UPDATE vehicles SET odo = 5 WHERE vehicle_id = 'a' AND model = 'x'$$);
SELECT plan($$UPDATE vehicles SET odo = random() WHERE vehicle_id = 'a'$$);
SELECT plan($$UPDATE vehicles SET item = '{}' WHERE vehicle_id = 'a'$$);
SELECT plan($$UPDATE vehicles SET odo = 5 WHERE vehicle_id IN ('a', 'b')$$);
SELECT plan($$DELETE FROM vehicles WHERE vehicle_id = 'a' RETURNING item$$);
SELECT plan($$DELETE FROM vehicles WHERE odo = 1$$);
SELECT plan($$DELETE FROM readings WHERE device = 'a'$$);

-- refused when planned
UPDATE vehicles SET vehicle_id = 'b' WHERE vehicle_id = 'a';
SELECT * FROM vehicles FOR UPDATE;
SELECT * FROM local JOIN vehicles ON vehicle_id = id FOR SHARE OF vehicles;
TRUNCATE vehicles;
CREATE FOREIGN TABLE every (id text OPTIONS (key 'partition'), first_on text OPTIONS (path 'log[*].on')) SERVER plans;
UPDATE every SET first_on = 'x';

\set VERBOSITY terse
DROP SERVER plans CASCADE;
DROP TABLE local;
DROP FUNCTION plan;
