-- Declaring where an item is and which area it gets, and what is said of mistakes.
\set SHOW_CONTEXT never

CREATE SERVER builders_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE SERVER builders_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 't');
CREATE FOREIGN TABLE placed (
	id text OPTIONS (key 'partition') NOT NULL,
	item jsonb OPTIONS (document 'true')
) SERVER builders_store;

-- locations: their order and format, and what can't be
SELECT yottastore.area_from_location(paths => ARRAY['gps'], "order" => 'lon_lat');
SELECT yottastore.area_from_location(paths => ARRAY['gps'], format => 'geohash', level => 'zone');
SELECT yottastore.area_from_location(paths => ARRAY['gps'], "order" => 'xy');
SELECT yottastore.area_from_location(paths => ARRAY['gps'], format => 'utm');
SELECT yottastore.area_from_location(lat => ARRAY['a']);

-- names first, then the location
SELECT yottastore.area_from_value(ARRAY['country'], 'zone', yottastore.area_from_location(paths => ARRAY['gps']));
SELECT yottastore.area_from_value(ARRAY['country'], location => yottastore.area_from_location(paths => ARRAY['gps'], level => 'zone'));
SELECT yottastore.area_from_value(ARRAY['country'], location => yottastore.area_from_value(ARRAY['region']));
SELECT yottastore.area_from_value(ARRAY['country'], location => yottastore.area_from_geohash(paths => ARRAY['gps']));
SELECT yottastore.area_from_value(ARRAY['country'], location => '{"paths": ["gps"], "length": 4}');
SELECT yottastore.area_from_value(ARRAY['country'], location => '5');
SELECT yottastore.area_from_value(ARRAY[]::text[]);

-- geohashes
SELECT yottastore.area_from_geohash(paths => ARRAY['gps']);
SELECT yottastore.area_from_geohash(ARRAY['lat'], ARRAY['lon'], length => 12, "order" => 'lat_lon');
SELECT yottastore.area_from_geohash(paths => ARRAY['gps'], length => 0);
SELECT yottastore.area_from_geohash(paths => ARRAY['gps'], length => 13);
SELECT yottastore.area_from_geohash(paths => ARRAY['gps'], length => NULL);
SELECT yottastore.area_from_geohash();
SELECT yottastore.create_index_policy('placed_by_geohash', 'placed', 'builders_stream', '{}',
	yottastore.area_from_geohash(paths => ARRAY['gps'])) > 0 AS created;
SELECT string_agg(attname, ', ' ORDER BY attnum) AS columns FROM pg_attribute
	WHERE attrelid = 'placed_by_geohash'::regclass AND attnum > 0;
SELECT yottastore.drop_index_policy('placed_by_geohash');

DROP SERVER builders_store, builders_stream CASCADE;
