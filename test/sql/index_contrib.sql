-- Indexes whose operator classes are of extensions, wherever these are installed.
-- (expected/index_contrib_1.out is for servers without contrib.)
SELECT count(*) < 2 AS without_contrib FROM pg_available_extensions WHERE name IN ('pg_trgm', 'btree_gist') \gset
\if :without_contrib
\quit
\endif
SET client_min_messages = warning;
CREATE SERVER c_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE SERVER c_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 't');
CREATE FOREIGN TABLE c_items (id text OPTIONS (key 'partition') NOT NULL) SERVER c_store OPTIONS (table 'items');
CREATE SCHEMA c_extensions;
CREATE EXTENSION pg_trgm SCHEMA c_extensions;
CREATE EXTENSION btree_gist SCHEMA c_extensions;
SELECT yottastore.create_index_policy('c_index', 'c_items', 'c_stream', ARRAY[
		yottastore.field('kind', 'text', index => 'gin'), yottastore.field('name', 'text', index => 'gist'),
		yottastore.field('plate', 'text', index => 'btree'), yottastore.field('vin', 'text', index => 'hash'),
		yottastore.field('odo', 'numeric', index => 'gist'), yottastore.field('price', 'numeric', index => 'btree'),
		yottastore.field('day', 'date', index => 'gist'), yottastore.field('at', 'timestamp', index => 'hash'),
		yottastore.field('tags', 'text[]', index => 'gin'), yottastore.field('raw', 'jsonb', index => 'gin'),
		yottastore.field('ok', 'boolean', index => 'btree'), yottastore.field('plain', 'text', index => 'none')],
	area => yottastore.area_from_location(paths => ARRAY['where'], index => 'gist')) > 0 AS created;
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'c_index'::regclass ORDER BY 1;

SELECT yottastore.stop_workers() >= 0 AS stopped;

DROP SERVER c_store, c_stream CASCADE;
DROP SCHEMA c_extensions CASCADE;
