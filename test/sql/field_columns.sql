-- Columns that a policy computes: how they are declared and added, and what is refused. No store is asked.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

CREATE SERVER c_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', request_timeout '200ms');
CREATE SERVER c_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 'columns');
CREATE USER MAPPING FOR PUBLIC SERVER c_store OPTIONS (access_key_id 'a', secret_access_key 'b');

-- the option's shape is all that is looked at when it is given: a dump has tables before policies
CREATE FOREIGN TABLE c_bad (id text OPTIONS (key 'partition'), kind text OPTIONS (field 'kind')) SERVER c_store;
CREATE FOREIGN TABLE c_bad (id text OPTIONS (key 'partition'), kind text OPTIONS (field '.kind')) SERVER c_store;
CREATE FOREIGN TABLE c_bad (id text OPTIONS (key 'partition'), kind text OPTIONS (field 'c_policy.')) SERVER c_store;
CREATE FOREIGN TABLE c_bad (id text OPTIONS (key 'partition', field 'c_policy.kind')) SERVER c_store;
CREATE FOREIGN TABLE c_bad (id text OPTIONS (key 'partition'), kind text OPTIONS (field 'c_policy.kind', path 'type')) SERVER c_store;
CREATE FOREIGN TABLE c_bad (id text OPTIONS (key 'partition'), kind jsonb OPTIONS (field 'c_policy.kind', document 'true')) SERVER c_store;
CREATE FOREIGN TABLE c_bad (id text OPTIONS (key 'partition'), kind text OPTIONS (field 'c_policy.kind', on_mismatch 'error')) SERVER c_store;
CREATE FOREIGN TABLE c_items (
	id text OPTIONS (key 'partition') NOT NULL,
	note text,
	item jsonb OPTIONS (document 'true'),
	early text OPTIONS (field 'c_policy.kind')
) SERVER c_store;
CREATE FOREIGN TABLE c_others (id text OPTIONS (key 'partition') NOT NULL, item jsonb OPTIONS (document 'true')) SERVER c_store;

-- without the index, which would be looked at
SET yottastore.index_scan = off;
-- what it names shows when it is used
EXPLAIN (COSTS OFF) SELECT early FROM c_items;
EXPLAIN (COSTS OFF) SELECT id FROM c_items;
SELECT yottastore.add_index_columns('c_policy');
SELECT yottastore.create_index_policy('c_policy', 'c_others', 'c_stream', ARRAY[yottastore.field('kind', 'text')]) > 0 AS created;
EXPLAIN (COSTS OFF) SELECT early FROM c_items;
SELECT yottastore.drop_index_policy('c_policy');
SELECT yottastore.create_index_policy('c_policy', 'c_items', 'c_stream', ARRAY[
	yottastore.field('kind', 'text', ARRAY['type']), yottastore.field('odo', 'numeric'), yottastore.field('tags', 'text[]'),
	yottastore.field('day', 'date'), yottastore.field('seen', 'timestamp'), yottastore.field('ok', 'boolean'), yottastore.field('raw', 'jsonb')],
	area => yottastore.area_from_location(lat => ARRAY['lat'], lon => ARRAY['lon'], paths => ARRAY['at']), attributes => 'all') > 0 AS created;
ALTER FOREIGN TABLE c_items ADD COLUMN none text OPTIONS (field 'c_policy.none'), ADD COLUMN odo numeric(10,2) OPTIONS (field 'c_policy.odo'),
	ADD COLUMN day text OPTIONS (field 'c_policy.day'), ADD COLUMN at timestamptz OPTIONS (field 'c_policy.changed_at');
EXPLAIN (COSTS OFF) SELECT none FROM c_items;
EXPLAIN (COSTS OFF) SELECT odo FROM c_items;
EXPLAIN (COSTS OFF) SELECT day FROM c_items;
EXPLAIN (COSTS OFF) SELECT at FROM c_items;
ALTER FOREIGN TABLE c_items DROP COLUMN none, DROP COLUMN odo, DROP COLUMN day, DROP COLUMN at;

-- added: those that are missing, under names that are free, by the table's owner
ALTER FOREIGN TABLE c_items ADD COLUMN odo numeric;
SELECT yottastore.add_index_columns('c_policy');
SELECT yottastore.add_index_columns('c_policy', repeat('x', 60));
SELECT yottastore.add_index_columns('c_policy', NULL);
SELECT yottastore.add_index_columns(NULL);
CREATE ROLE regress_yottastore_columns;
GRANT SELECT, INSERT, UPDATE, DELETE ON c_items TO regress_yottastore_columns;
SET ROLE regress_yottastore_columns;
SELECT yottastore.add_index_columns('c_policy', 'i_');
RESET ROLE;
SELECT yottastore.add_index_columns('c_policy', 'i_');
SELECT yottastore.add_index_columns('c_policy', 'again_');
\d c_items

-- conditions on them are checked here; what they are computed from is asked for
EXPLAIN (VERBOSE, COSTS OFF) SELECT id, i_odo FROM c_items WHERE i_ok AND i_odo > 5 AND note = 'x' ORDER BY i_day LIMIT 3;

-- nobody writes them
INSERT INTO c_items (id, i_odo) VALUES ('a', 5);
INSERT INTO c_items (id, early) SELECT 'a', 'car';
COPY c_items (id, early) FROM stdin;
a	car
\.
UPDATE c_items SET i_odo = 5 WHERE id = 'a';
UPDATE c_items SET early = note;
-- by them, items are found that are guarded as a whole
EXPLAIN (VERBOSE, COSTS OFF) UPDATE c_items SET note = 'x' WHERE i_odo > 5;
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM c_items WHERE i_odo > 5 RETURNING id, i_area;
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM c_items WHERE id = 'a' RETURNING i_area;
ALTER FOREIGN TABLE c_items DROP COLUMN item;
UPDATE c_items SET note = 'x' WHERE i_odo > 5;
DELETE FROM c_items WHERE early = 'car';
EXPLAIN (COSTS OFF) DELETE FROM c_items WHERE note = 'x';

-- the policy stays as long as they do, unless what it needs is dropped
SELECT yottastore.drop_index_policy('c_policy');
ALTER FOREIGN TABLE c_items DROP COLUMN i_area, DROP COLUMN i_odo, DROP COLUMN i_tags, DROP COLUMN i_day, DROP COLUMN i_seen,
	DROP COLUMN i_ok, DROP COLUMN i_raw, DROP COLUMN i_location, DROP COLUMN i_attributes, DROP COLUMN i_rejected;
SELECT yottastore.drop_index_policy('c_policy');
ALTER FOREIGN TABLE c_items ALTER COLUMN early OPTIONS (DROP field);
SELECT yottastore.drop_index_policy('c_policy');
ALTER FOREIGN TABLE c_items ALTER COLUMN early OPTIONS (ADD field 'c_policy.kind');
SELECT yottastore.create_index_policy('c_policy', 'c_items', 'c_stream', ARRAY[yottastore.field('kind', 'text')]) > 0 AS created;
EXPLAIN (COSTS OFF) SELECT early FROM c_items;
DROP TABLE c_policy;
EXPLAIN (COSTS OFF) SELECT early FROM c_items;

-- a partition has its parent's
CREATE TABLE c_all (id text NOT NULL, item jsonb) PARTITION BY LIST (id);
ALTER TABLE c_all ATTACH PARTITION c_others DEFAULT;
SELECT yottastore.create_index_policy('c_part', 'c_others', 'c_stream', ARRAY[yottastore.field('kind', 'text')]) > 0 AS created;
SELECT yottastore.add_index_columns('c_part');
ALTER TABLE c_all ADD COLUMN what text, ADD COLUMN why jsonb;
ALTER FOREIGN TABLE c_others ALTER COLUMN what OPTIONS (ADD field 'c_part.kind'), ALTER COLUMN why OPTIONS (ADD field 'c_part.rejected');
EXPLAIN (COSTS OFF) SELECT what FROM c_all;
DROP TABLE c_all, c_part;

SELECT yottastore.stop_workers() >= 0 AS stopped;
DROP SERVER c_store, c_stream CASCADE;
DROP ROLE regress_yottastore_columns;
