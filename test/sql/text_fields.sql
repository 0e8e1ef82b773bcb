-- Text, enumerations, booleans, text[] and jsonb: declaring them, and what becomes of values.
\set SHOW_CONTEXT never
\pset null -

SELECT yottastore.field('fuel', 'text', allowed_values => ARRAY['Diesel', 'Électrique']);
SELECT yottastore.field('tags', 'text[]', ARRAY['tags', 'options[*].code'], normalizers => ARRAY['trim', 'unaccent', 'casefold']);
SELECT yottastore.field('spec', 'jsonb', default_value => '{"unknown": true}');

-- what they can't be
SELECT yottastore.field('fuel', 'numeric', allowed_values => ARRAY['1']);
SELECT yottastore.field('fuel', 'text', allowed_values => ARRAY[]::text[]);
SELECT yottastore.field('fuel', 'text', allowed_values => ARRAY['a', NULL]);
SELECT yottastore.field('fuel', 'text', allowed_values => ARRAY['diesel', ' ']);
SELECT yottastore.field('fuel', 'text', allowed_values => ARRAY['Diesel', 'gas', 'DIÉSEL']);
SELECT yottastore.field('fuel', 'text', allowed_values => (SELECT array_agg(n::text) FROM generate_series(1, 1001) n));
SELECT yottastore.field('fuel', 'text', allowed_values => ARRAY['Diesel'], default_value => 'petrol');
SELECT yottastore.field('tags', 'text[]', combine => 'max');
SELECT yottastore.field('tags', 'text[]', formats => ARRAY['ISO']);
SELECT yottastore.field('spec', 'jsonb', normalizers => ARRAY['trim']);
SELECT yottastore.field('spec', 'jsonb', default_value => '{"unknown": true');
SELECT yottastore.field('spec', 'json');

-- what becomes of values
INSERT INTO yottastore.synonyms VALUES ('fuels', 'gasolio', 'Diesel'), ('fuels', 'electric', 'Électrique'), ('boolean', 'da', 'true');
SELECT item, field, value, path, raw, outcome, reason FROM yottastore.test_index_policy(
	fields => ARRAY[
		yottastore.field('fuel', 'text', synonyms => 'fuels', allowed_values => ARRAY['Diesel', 'Électrique']),
		yottastore.field('tags', 'text[]', ARRAY['tags', 'options[*].code'], normalizers => ARRAY['trim', 'unaccent', 'casefold']),
		yottastore.field('fuels', 'text[]', synonyms => 'fuels', allowed_values => ARRAY['Diesel', 'Électrique']),
		yottastore.field('active', 'boolean'),
		yottastore.field('spec', 'jsonb')],
	sample => ARRAY[
		'{"fuel": " GASOLIO", "tags": [" Crème", "ABS", "abs", null, ""], "fuels": "electric", "active": "Sì", "spec": {"a": [1, "x"]}}',
		'{"fuel": "electrique", "options": [{"code": "B1"}, {"code": ["A, 2", "NULL"]}, {}], "fuels": ["diesel", "electric"], "active": "da", "spec": "text"}',
		'{"fuel": "steam", "tags": ["a", {"b": 1}], "fuels": ["diesel", "steam"], "active": 2, "spec": 1.50}',
		'{"fuel": "", "tags": [], "fuels": null, "active": "ÉTEINT", "spec": null}']::jsonb[]);
DELETE FROM yottastore.synonyms;
