-- Indexes on fields: which can be declared, and that partitions come with them.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

SELECT yottastore.field('odo', 'numeric', index => 'gin');
SELECT yottastore.field('ok', 'boolean', index => 'gist');
SELECT yottastore.field('odo', 'numeric', index => 'brin');
SELECT yottastore.field('tags', 'text[]', index => 'covering');
SELECT yottastore.field('odo', 'numeric', index => 'btree') -> 'index' AS index;
SELECT yottastore.area_from_location(paths => ARRAY['where'], index => 'btree');
SELECT yottastore.area_from_location(paths => ARRAY['where'], index => 'gist');

CREATE SERVER m_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE SERVER m_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 'methods');
CREATE FOREIGN TABLE m_items (
	id text OPTIONS (key 'partition') NOT NULL,
	item jsonb OPTIONS (document 'true')
) SERVER m_store;

-- what needs an extension says so
SELECT yottastore.create_index_policy('m_index', 'm_items', 'm_stream', ARRAY[yottastore.field('kind', 'text', index => 'gin')]);
SELECT yottastore.create_index_policy('m_index', 'm_items', 'm_stream', ARRAY[yottastore.field('kind', 'text', index => 'gist')]);
SELECT yottastore.create_index_policy('m_index', 'm_items', 'm_stream', ARRAY[yottastore.field('odo', 'numeric', index => 'gist')]);
SELECT yottastore.create_index_policy('m_index', 'm_items', 'm_stream', ARRAY[yottastore.field('day', 'date', index => 'gist')]);

-- all attributes
SELECT yottastore.create_index_policy('m_all', 'm_items', 'm_stream', ARRAY[]::jsonb[]);
SELECT yottastore.create_index_policy('m_all', 'm_items', 'm_stream', ARRAY[]::jsonb[], attributes => 'some');
SELECT yottastore.create_index_policy('m_all', 'm_items', 'm_stream', ARRAY[]::jsonb[], attributes_include => ARRAY['a']);
SELECT yottastore.create_index_policy('m_all', 'm_items', 'm_stream', ARRAY[]::jsonb[], attributes => 'all', attributes_include => ARRAY['a[0]']);
SELECT yottastore.create_index_policy('m_all', 'm_items', 'm_stream', ARRAY[]::jsonb[], attributes => 'all', attributes_exclude => ARRAY['a', NULL]);
SELECT yottastore.create_index_policy('m_all', 'm_items', 'm_stream', ARRAY[]::jsonb[], attributes => 'all', attributes_size => 1);
SELECT yottastore.create_index_policy('m_all', 'm_items', 'm_stream', ARRAY[]::jsonb[], attributes => 'all',
	attributes_include => ARRAY['spec', '**.vin'], attributes_size => 1000) > 0 AS created;
SELECT declaration FROM yottastore.index_policies WHERE policy = 'm_all';
\d m_all

-- a covering index has the key's columns, whatever they are called
CREATE FOREIGN TABLE m_pairs ("Fleet" text OPTIONS (key 'partition') NOT NULL, n numeric OPTIONS (key 'sort') NOT NULL) SERVER m_store;
SELECT yottastore.create_index_policy('m_covered', 'm_pairs', 'm_stream', ARRAY[
	yottastore.field('kind', 'text', index => 'covering'), yottastore.field('odo', 'numeric', index => 'btree')]) > 0 AS created;
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'm_covered'::regclass ORDER BY 1;
SELECT yottastore.stop_workers() >= 0 AS stopped;

DROP SERVER m_store, m_stream CASCADE;
