-- Areas: how they are declared, loaded and edited, and what is said of mistakes.
\set SHOW_CONTEXT never

CREATE SERVER areas_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE SERVER areas_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 't');
CREATE FOREIGN TABLE placed (
	id text OPTIONS (key 'partition') NOT NULL,
	item jsonb OPTIONS (document 'true')
) SERVER areas_store;

-- what the index table keeps of an item's place
SELECT yottastore.create_index_policy('placed_by_name', 'placed', 'areas_stream', '{}',
	yottastore.area_from_value(ARRAY['country'])) > 0 AS created;
\d placed_by_name
SELECT yottastore.drop_index_policy('placed_by_name');
SELECT yottastore.create_index_policy('p', 'placed', 'areas_stream', ARRAY[yottastore.field('area_value', 'text')]);

-- how many areas
SELECT yottastore.create_index_policy('p', 'placed', 'areas_stream', '{}', yottastore.area_from_value(ARRAY['country']), max_areas => 0);
SELECT yottastore.create_index_policy('p', 'placed', 'areas_stream', '{}', yottastore.area_from_value(ARRAY['country']), max_areas => 10001);
SELECT yottastore.create_index_policy('p', 'placed', 'areas_stream', '{}', yottastore.area_from_value(ARRAY['country']), max_areas => NULL);
SELECT yottastore.create_index_policy('p', 'placed', 'areas_stream', '{}', yottastore.area_from_value(ARRAY['country'])) > 0 AS created;
SELECT policy, max_areas FROM yottastore.index_policies;
SELECT yottastore.drop_index_policy('p');

DROP SERVER areas_store, areas_stream CASCADE;
