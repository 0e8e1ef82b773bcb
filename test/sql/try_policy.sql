-- Trying policies out on documents: every outcome, and what is refused.
\set SHOW_CONTEXT never
\pset null -
SET datestyle = ISO;
SET timezone = 'UTC';

-- a value by its first path, by combine, by default; none, and why
SELECT item, field, value, path, format, raw, outcome, reason FROM yottastore.test_index_policy(
	fields => ARRAY[
		yottastore.field('kind', 'text', ARRAY['type', 'spec.type'], normalizers => ARRAY['trim', 'lower'],
						 default_value => 'unknown'),
		yottastore.field('last_service', 'date', ARRAY['last', 'log[*].on'], combine => 'max',
						 formats => ARRAY['ISO', 'DD/MM/YYYY']),
		yottastore.field('odometer_km', 'numeric', ARRAY['odo'], unit => 'km', locale => 'en'),
		yottastore.field('active', 'boolean')],
	sample => ARRAY[
		'{"type": " Car ", "last": "12/03/2024", "odo": "12,345 mi", "active": "yes"}',
		'{"spec": {"type": "BUS"}, "log": [{"on": "2024-01-05"}, {"on": "03/02/2024"}, {"on": "soon"}], "odo": 7.50}',
		'{"last": "31/02/2024", "odo": "9 parsecs", "active": null}',
		'{}']::jsonb[]);

-- numbers are exact, and what is not text is shown as it can be
SELECT field, value, raw, outcome, reason FROM yottastore.test_index_policy(
	fields => ARRAY[yottastore.field('n', 'numeric'), yottastore.field('t', 'text'), yottastore.field('at', 'timestamp')],
	sample => ARRAY['{"n": 12345678901234567890.123456789, "t": {"a": [1, "b"]}, "at": "2024-03-12T09:15:00+01:00"}']::jsonb[]);

-- required, and what on_error makes of it
SELECT field, value, raw, outcome, reason FROM yottastore.test_index_policy(
	fields => ARRAY[yottastore.field('a', 'numeric', required => true),
					yottastore.field('b', 'numeric', required => true, on_error => 'reject'),
					yottastore.field('c', 'date', on_error => 'keep_raw')],
	sample => ARRAY['{"c": ["x"]}', '{"a": 1, "b": "two", "c": "2024-02-30"}', '{"a": 1, "b": 2}']::jsonb[]);

-- areas: by value, by location, and none
SELECT yottastore.load_areas(jsonb_build_object('type', 'FeatureCollection', 'features', jsonb_build_array(
	'{"type": "Feature", "properties": {"name": "East"}, "geometry":
	  {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}}'::jsonb)), 'try');
SELECT item, field, value, path, format, raw, outcome, reason FROM yottastore.test_index_policy(
	ARRAY[yottastore.field('a', 'text')],
	sample => ARRAY[
		'{"pos": {"lat": 5, "lon": 5}}',
		'{"pos": {"lat": 95, "lon": 5}, "at": "5.5,6"}',
		'{"pos": {"lat": 5, "lon": 50}}',
		'{"pos": {"lat": 0, "lon": 0}}',
		'{}']::jsonb[],
	area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon'], paths => ARRAY['at'], level => 'try'))
WHERE field <> 'a';
SELECT item, field, value, path, format, raw, outcome, reason FROM yottastore.test_index_policy(
	ARRAY[]::jsonb[],
	sample => ARRAY['{"zone": "east"}', '{"zone": "West"}', '{"zone": null}', '{}']::jsonb[],
	area => yottastore.area_from_value(ARRAY['zone'], level => 'try'));
DELETE FROM yottastore.areas WHERE level = 'try';

-- documents may say sets and binary, as those that are written do
SELECT field, value, raw, outcome, reason FROM yottastore.test_index_policy(
	ARRAY[yottastore.field('tag', 'text', ARRAY['tags[*]'], combine => 'max'), yottastore.field('photo', 'text')],
	sample => ARRAY[jsonb_build_object('tags', yottastore.string_set('{b,a}'), 'photo', yottastore.binary('\x00ff'))]);

-- nothing is written, and nobody is asked for rights on anything
CREATE ROLE yottastore_trier;
SET ROLE yottastore_trier;
SELECT value FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text')], sample => ARRAY['{"a": 1}']::jsonb[]);
RESET ROLE;
DROP ROLE yottastore_trier;
SELECT count(*) FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text')], sample => ARRAY[]::jsonb[]);

-- what is refused
SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text')], sample => NULL::jsonb[]);
SELECT * FROM yottastore.test_index_policy(NULL, sample => ARRAY['{}']::jsonb[]);
SELECT * FROM yottastore.test_index_policy(ARRAY[NULL::jsonb], sample => ARRAY['{}']::jsonb[]);
SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text')], sample => ARRAY['{}', '[1]']::jsonb[]);
SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text')], sample => ARRAY['{}', NULL]::jsonb[]);
SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text'), yottastore.field('a', 'date')], sample => ARRAY['{}']::jsonb[]);
SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('area', 'text')], sample => ARRAY['{}']::jsonb[]);
SELECT * FROM yottastore.test_index_policy(ARRAY[]::jsonb[], sample => ARRAY['{}']::jsonb[]);
SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text')],
	sample => ARRAY['{"a": {"$yottastore:XX": 1}}']::jsonb[]);
SELECT * FROM yottastore.test_index_policy(ARRAY[yottastore.field('a', 'text')], source => 'pg_class');
SELECT * FROM yottastore.explain_item('nothing', 'x');
SELECT * FROM yottastore.explain_item('nothing', NULL);
