-- Areas: how they are loaded and edited, what rows keep of them, and what is said of mistakes.
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

-- areas in areas
CREATE FUNCTION square(west int, south int, size int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('type', 'Polygon', 'coordinates', jsonb_build_array(jsonb_build_array(
		jsonb_build_array(west, south), jsonb_build_array(west + size, south),
		jsonb_build_array(west + size, south + size), jsonb_build_array(west, south + size),
		jsonb_build_array(west, south))))
$$;
CREATE FUNCTION feature(properties jsonb, geometry jsonb DEFAULT square(0, 0, 10)) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('type', 'Feature', 'properties', properties, 'geometry', geometry)
$$;
CREATE FUNCTION collection(VARIADIC features jsonb[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('type', 'FeatureCollection', 'features', to_jsonb(features))
$$;
CREATE VIEW loaded AS
	SELECT level, name, parent_level, parent, aliases, boundary->>'type' AS type FROM yottastore.areas
	ORDER BY level COLLATE "C", name COLLATE "C";
SELECT yottastore.load_areas(collection(feature('{"name": "Alpha", "code": "AA", "names": ["Alfa", "Alpha Land"]}'),
	feature('{"name": "Beta", "code": null}', square(10, 0, 10))), alias_properties => ARRAY['code', 'names']);
-- one feature; a collection of geometries; parents
SELECT yottastore.load_areas(feature('{"title": "North", "of": "Alpha"}',
		jsonb_build_object('type', 'GeometryCollection', 'geometries', jsonb_build_array(square(0, 5, 1), square(2, 5, 1)))),
	'region', 'title', 'of', 'country');
SELECT yottastore.load_areas(collection(feature('{"name": "Northville", "in": "North", "x": "NV"}'), feature('{"name": "Nowhere", "in": null}')),
	'city', parent_property => 'in', parent_level => 'region', alias_properties => ARRAY['x']);
SELECT * FROM loaded;
-- what is not said stays: parents without parent_property, aliases without alias_properties
SELECT yottastore.load_areas(feature('{"name": "Northville"}', square(1, 1, 1)), 'city');
SELECT yottastore.load_areas(feature('{"name": "Nowhere", "in": "North"}'), 'city', parent_property => 'in', parent_level => 'region');
SELECT * FROM loaded WHERE level = 'city';
SELECT yottastore.load_areas(feature('{"name": "Northville"}'), 'city', parent_property => 'in', parent_level => 'region', alias_properties => ARRAY['x']);
SELECT yottastore.load_areas('{"type": "FeatureCollection", "features": []}');
SELECT * FROM loaded WHERE name = 'Northville';

-- what can't be loaded
SELECT yottastore.load_areas(feature('{"name": "Southville", "in": "South"}'), 'city', parent_property => 'in', parent_level => 'region');
SELECT yottastore.load_areas(feature('{"name": "Southville", "in": "South"}'), 'city', parent_property => 'in');
SELECT yottastore.load_areas(feature('{"name": "Southville", "in": "South"}'), 'city', parent_level => 'region');
SELECT yottastore.load_areas(feature('{"name": "Southville", "in": "North"}'), 'region', parent_property => 'in', parent_level => 'region');
SELECT yottastore.load_areas(feature('{"name": "Southville", "in": 5}'), 'city', parent_property => 'in', parent_level => 'region');
SELECT yottastore.load_areas(feature('{"name": "Southville", "x": 5}'), 'city', alias_properties => ARRAY['x']);
SELECT yottastore.load_areas(feature('{"name": "Southville"}'), 'city', alias_properties => ARRAY['x', NULL]);
SELECT yottastore.load_areas(collection(feature('{"name": "Twin"}'), feature('{"name": "Other"}'), feature('{"name": "Twin"}')));
SELECT yottastore.load_areas(feature('{"name": "other"}'));
SELECT yottastore.load_areas(feature('{"name": "Pole"}', '{"type": "Polygon", "coordinates": [[[-170, 70], [-50, 70], [60, 70], [170, 70], [-170, 70]]]}'));
SELECT yottastore.load_areas(feature('{"name": "Line"}', '{"type": "GeometryCollection", "geometries": [{"type": "LineString", "coordinates": [[1, 2], [3, 4]]}]}'));
SELECT yottastore.load_areas(square(0, 0, 1));
SELECT yottastore.load_areas(feature('{"name": "A"}'), NULL);

-- what the table refuses
INSERT INTO yottastore.areas (level, name, parent_level, parent) VALUES ('city', 'Lost', 'region', 'Atlantis');
\echo :SQLSTATE
INSERT INTO yottastore.areas (level, name, parent) VALUES ('city', 'Lost', 'North');
\echo :SQLSTATE
INSERT INTO yottastore.areas (level, name, parent_level, parent) VALUES ('city', 'Lost', 'city', 'Northville');
\echo :SQLSTATE
DELETE FROM yottastore.areas WHERE name = 'Alpha';
\echo :SQLSTATE
UPDATE yottastore.areas SET parent_level = 'city', parent = 'Nowhere' WHERE name = 'Alpha';
\echo :SQLSTATE
UPDATE yottastore.areas SET level = 'unlocated', name = 'unlocated' WHERE name = 'Nowhere';
\echo :SQLSTATE
-- children follow a new name
UPDATE yottastore.areas SET name = 'Aleph' WHERE name = 'Alpha';
SELECT * FROM loaded WHERE level <> 'city';
DELETE FROM yottastore.areas;
SELECT count(*) FROM loaded;
DROP VIEW loaded;
DROP FUNCTION collection, feature, square;

DROP SERVER areas_store, areas_stream CASCADE;
