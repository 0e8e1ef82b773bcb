-- What a user is told of bad input: an SQLSTATE, one line, a sentence that says what holds and a
-- sentence that says what to do. No service runs: nothing listens on port 1, which refuses at once.

CREATE FUNCTION said(statement text, OUT code text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	code := '00000';
	message := 'nothing was wrong with it';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
CREATE TABLE heard (n int GENERATED ALWAYS AS IDENTITY, statement text, code text, message text, detail text, hint text);
CREATE FUNCTION hear(VARIADIC statements text[]) RETURNS SETOF heard LANGUAGE sql AS $$
	INSERT INTO heard (statement, code, message, detail, hint)
	SELECT s, r.* FROM unnest(statements) s, said(s) r
	RETURNING *
$$;

CREATE ROLE regress_yottastore_errors;
CREATE SERVER err_store FOREIGN DATA WRAPPER yottastore
	OPTIONS (nodes 'http://127.0.0.1:1', request_timeout '300ms');
CREATE SERVER err_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 't');
CREATE USER MAPPING FOR CURRENT_USER SERVER err_store
	OPTIONS (access_key_id 'AKIAKEYID', secret_access_key 'sEcReT/1', session_token 'sEcReT/2');
CREATE FOREIGN TABLE good (id text OPTIONS (key 'partition'), item jsonb OPTIONS (document 'true')) SERVER err_store;

\pset format unaligned
\pset expanded on
\pset fieldsep ': '

-- options that there are not
SELECT code, message, detail, hint FROM hear(
	$$ALTER SERVER err_store OPTIONS (ADD node 'http://127.0.0.1:1')$$,
	$$ALTER SERVER err_stream OPTIONS (ADD nodes 'http://127.0.0.1:1')$$,
	$$ALTER USER MAPPING FOR CURRENT_USER SERVER err_store OPTIONS (ADD secret 'sEcReT/3')$$,
	$$ALTER FOREIGN TABLE good OPTIONS (ADD region 'eu-south-1')$$,
	$$ALTER FOREIGN TABLE good ALTER COLUMN id OPTIONS (ADD paths 'a')$$,
	$$ALTER FOREIGN DATA WRAPPER yottastore OPTIONS (ADD nodes 'http://127.0.0.1:1')$$);

-- options that must be there
SELECT code, message, detail, hint FROM hear(
	$$CREATE SERVER bad FOREIGN DATA WRAPPER yottastore$$,
	$$CREATE SERVER bad FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1')$$,
	$$CREATE USER MAPPING FOR PUBLIC SERVER err_store OPTIONS (access_key_id 'AKIAKEYID')$$);

-- node addresses; what stands before an @ may be a password
SELECT code, message, detail, hint FROM hear(
	$$ALTER SERVER err_store OPTIONS (SET nodes '127.0.0.1:8000')$$,
	$$ALTER SERVER err_store OPTIONS (SET nodes 'http://127.0.0.1:80000')$$,
	$$ALTER SERVER err_store OPTIONS (SET nodes 'http://127.0.0.1:1,,http://127.0.0.1:2')$$,
	$$ALTER SERVER err_store OPTIONS (SET nodes 'http://127.0.0.1:1/path')$$,
	$$ALTER SERVER err_store OPTIONS (SET nodes 'http://')$$,
	$$ALTER SERVER err_store OPTIONS (SET nodes 'http://me:sEcReT@127.0.0.1:1')$$,
	$$ALTER SERVER err_store OPTIONS (SET nodes '')$$,
	format('ALTER SERVER err_store OPTIONS (SET nodes %L)', rtrim(repeat('http://127.0.0.1:1,', 100), ',')));

-- values that other options can't have
SELECT code, message, detail, hint FROM hear(
	$$ALTER SERVER err_store OPTIONS (ADD api 'mongo')$$,
	$$ALTER SERVER err_store OPTIONS (ADD region 'eu south')$$,
	$$ALTER SERVER err_store OPTIONS (ADD consistency 'sometimes')$$,
	$$ALTER SERVER err_store OPTIONS (SET request_timeout '-1')$$,
	$$ALTER SERVER err_store OPTIONS (ADD connect_timeout 'soon')$$,
	$$ALTER SERVER err_store OPTIONS (ADD ca_file '')$$,
	$$ALTER USER MAPPING FOR CURRENT_USER SERVER err_store OPTIONS (SET secret_access_key 'sEcReT 4')$$,
	$$ALTER USER MAPPING FOR CURRENT_USER SERVER err_store OPTIONS (SET session_token E'sEcReT\n5')$$,
	$$ALTER FOREIGN TABLE good OPTIONS (ADD table 'a b')$$,
	$$ALTER FOREIGN TABLE good ALTER COLUMN id OPTIONS (SET key 'primary')$$,
	$$ALTER FOREIGN TABLE good ALTER COLUMN item OPTIONS (SET document 'perhaps')$$,
	$$ALTER FOREIGN TABLE good ALTER COLUMN id OPTIONS (ADD on_mismatch 'warn')$$,
	$$ALTER FOREIGN TABLE good ALTER COLUMN item OPTIONS (ADD path 'a')$$,
	$$ALTER SERVER err_stream OPTIONS (SET brokers '127.0.0.1:1,broker:x')$$,
	$$ALTER SERVER err_stream OPTIONS (SET topic 'a b')$$,
	$$ALTER SERVER err_stream OPTIONS (ADD format 'avro')$$);

-- paths
SELECT code, message, detail, hint FROM hear(
	$$ALTER FOREIGN TABLE good ALTER COLUMN id OPTIONS (ADD path 'a..b')$$,
	$$ALTER FOREIGN TABLE good ALTER COLUMN id OPTIONS (ADD path 'a[x]')$$,
	$$SELECT yottastore.field('kind', 'text', ARRAY['"open'])$$,
	$$SELECT yottastore.area_from_value(ARRAY['a.'])$$);

-- keys, told when the table is used
CREATE FOREIGN TABLE no_key (id text, item jsonb OPTIONS (document 'true')) SERVER err_store;
CREATE FOREIGN TABLE sort_only (id text OPTIONS (key 'sort')) SERVER err_store;
CREATE FOREIGN TABLE two_keys (a text OPTIONS (key 'partition'), b text OPTIONS (key 'partition')) SERVER err_store;
CREATE FOREIGN TABLE same_key (a text OPTIONS (key 'partition'), b text OPTIONS (key 'sort', path 'a')) SERVER err_store;
CREATE FOREIGN TABLE deep_key (id text OPTIONS (key 'partition', path 'a.b')) SERVER err_store;
CREATE FOREIGN TABLE real_key (id real OPTIONS (key 'partition')) SERVER err_store;
CREATE FOREIGN TABLE rounded_key (id numeric(10,2) OPTIONS (key 'partition')) SERVER err_store;
CREATE FOREIGN TABLE text_document (id text OPTIONS (key 'partition'), item text OPTIONS (document 'true')) SERVER err_store;
CREATE FOREIGN TABLE two_documents (id text OPTIONS (key 'partition'), a jsonb OPTIONS (document 'true'),
	b jsonb OPTIONS (document 'true')) SERVER err_store;
CREATE FOREIGN TABLE "bad name" (id text OPTIONS (key 'partition')) SERVER err_store;
SELECT code, message, detail, hint FROM hear(
	'SELECT * FROM no_key', 'SELECT * FROM sort_only', 'SELECT * FROM two_keys', 'SELECT * FROM same_key',
	'SELECT * FROM deep_key', 'SELECT * FROM real_key', 'SELECT * FROM rounded_key',
	'SELECT * FROM text_document', 'SELECT * FROM two_documents', 'SELECT * FROM "bad name"',
	$$SELECT yottastore.create_store_table('err_store', 'trucks', 'id float')$$);

-- no node to be reached; the rest of the DETAIL is the system's wording
SELECT code, message, detail LIKE 'The last one tried was http://127.0.0.1:1: %.' AS names_node_and_reason, hint FROM hear(
	$$SELECT * FROM good WHERE id = 'a'$$,
	$$SELECT * FROM good WHERE id IN ('a', 'b')$$,
	$$SELECT count(*) FROM good$$,
	$$INSERT INTO good (id) VALUES ('a')$$,
	$$SELECT yottastore.create_store_table('err_store', 'trucks', 'id')$$);

-- no credentials at all
GRANT SELECT ON good TO regress_yottastore_errors;
SELECT code, message, detail, hint FROM hear(
	$$SET LOCAL ROLE regress_yottastore_errors; SELECT * FROM good$$);

-- fields: types, normalizers, formats, units
SELECT code, message, detail, hint FROM hear(
	$$SELECT yottastore.field('kind', 'varchar')$$,
	$$SELECT yottastore.field('Kind', 'text')$$,
	$$SELECT yottastore.field('', 'text')$$,
	$$SELECT yottastore.field(NULL, 'text')$$,
	$$SELECT yottastore.field('kind', 'text', ARRAY[]::text[])$$,
	$$SELECT yottastore.field('kind', 'text', ARRAY['a', NULL])$$,
	$$SELECT yottastore.field('kind', 'text', combine => 'average')$$,
	$$SELECT yottastore.field('kind', 'text', combine => 'latest')$$,
	$$SELECT yottastore.field('kind', 'text', normalizers => ARRAY['trim', 'rot13'])$$,
	$$SELECT yottastore.field('due', 'date', formats => ARRAY['ISO', 'whenever'])$$,
	$$SELECT yottastore.field('due', 'date', formats => ARRAY['DD/MM'])$$,
	$$SELECT yottastore.field('kind', 'text', formats => ARRAY['ISO'])$$,
	$$SELECT yottastore.field('odo', 'numeric', unit => 'parsec')$$,
	$$SELECT yottastore.field('kind', 'text', unit => 'km')$$,
	$$SELECT yottastore.area_from_location()$$,
	$$SELECT yottastore.area_from_location(lat => ARRAY['a', 'b'], lon => ARRAY['c'])$$,
	$$SELECT yottastore.area_from_value(ARRAY[]::text[])$$);

-- GeoJSON
CREATE FUNCTION one_feature(geometry text, properties text DEFAULT '{"name": "A"}') RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT yottastore.load_areas(%L)', format(
		'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": %s, "geometry": %s}]}',
		properties, geometry))
$$;
SELECT code, message, detail, hint FROM hear(
	$$SELECT yottastore.load_areas('[1, 2]')$$,
	$$SELECT yottastore.load_areas('{"type": "Feature"}')$$,
	$$SELECT yottastore.load_areas('{"type": "FeatureCollection"}')$$,
	$$SELECT yottastore.load_areas('{"type": "FeatureCollection", "features": {}}')$$,
	$$SELECT yottastore.load_areas('{"type": "FeatureCollection", "features": [5]}')$$,
	$$SELECT yottastore.load_areas('{"type": "FeatureCollection", "features": [{"type": "Polygon"}]}')$$,
	one_feature('null'),
	one_feature('{"type": "Point", "coordinates": [1, 2]}'),
	one_feature('{"type": "Polygon"}'),
	one_feature('{"type": "Polygon", "coordinates": [[0, 0], [1, 0], [1, 1], [0, 0]]}'),
	one_feature('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}'),
	one_feature('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}'),
	one_feature('{"type": "Polygon", "coordinates": [[[0, 0], [999, 0], [1, 1], [0, 0]]]}'),
	one_feature('{"type": "Polygon", "coordinates": [[[0, 0], ["1", 0], [1, 1], [0, 0]]]}'),
	one_feature('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}', '{}'),
	one_feature('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}', '{"name": "other"}'),
	one_feature('{"type": "Polygon", "coordinates": ' || repeat('[', 300) || repeat(']', 300) || '}'));

-- a policy or relay on a table that isn't ours
CREATE FOREIGN DATA WRAPPER err_wrapper VALIDATOR postgresql_fdw_validator;
CREATE SERVER err_other FOREIGN DATA WRAPPER err_wrapper;
CREATE FOREIGN TABLE others (id text) SERVER err_other;
CREATE TABLE plain (id text);
CREATE VIEW seen AS SELECT id FROM good;
GRANT USAGE ON FOREIGN SERVER err_stream TO regress_yottastore_errors;
CREATE FUNCTION policy_on(source text, stream text DEFAULT 'err_stream', field text DEFAULT 'kind') RETURNS text LANGUAGE sql AS $$
	SELECT format($f$SELECT yottastore.create_index_policy('p', %L, %L, ARRAY[yottastore.field(%L, 'text')])$f$,
		source, stream, field)
$$;
SELECT code, message, detail, hint FROM hear(
	policy_on('plain'),
	policy_on('seen'),
	policy_on('others'),
	'SET LOCAL ROLE regress_yottastore_errors; ' || policy_on('good'),
	policy_on('no_key'),
	policy_on('real_key'),
	policy_on('good', stream => 'err_store'),
	policy_on('good', field => 'area'),
	policy_on('good', field => 'id'),
	$$SELECT yottastore.create_index_policy('p', 'good', 'err_stream', ARRAY['{"name": "kind"}'::jsonb])$$,
	$$SELECT yottastore.create_index_policy('p', 'good', 'err_stream', ARRAY['5'::jsonb])$$,
	$$SELECT yottastore.create_index_policy('p', 'good', 'err_stream', ARRAY[NULL::jsonb])$$,
	$$SELECT yottastore.create_index_policy('p', 'good', 'err_stream', '{}')$$,
	$$SELECT yottastore.create_index_policy('p', NULL, 'err_stream', '{}')$$,
	$$SELECT yottastore.create_relay('r', 'plain', 'err_stream')$$,
	$$SELECT yottastore.create_store_table('err_stream', 'trucks', 'id')$$);

-- of all of them: one line that begins in lower case or with a name, and two sentences
\pset format aligned
\pset expanded off
SELECT count(*) > 100 AS heard_many FROM heard;
SELECT statement, code, message, detail, hint FROM heard
WHERE code = '00000' OR code LIKE 'XX%' OR message = '' OR message ~ '\n' OR message ~ '^[A-Z]' OR message ~ '\.$'
   OR detail !~ '^["A-Z].*\.$' OR hint !~ '^["A-Z].*\.$' ORDER BY n;

-- no secret in any
SELECT statement FROM heard WHERE concat(message, detail, hint) ~* 'secret/|secret 4|secret.5|me:|AKIAKEYID';

DROP FUNCTION policy_on, one_feature, hear, said;
DROP TABLE heard, plain;
DROP VIEW seen;
SET client_min_messages = warning;
DROP FOREIGN DATA WRAPPER err_wrapper CASCADE;
DROP SERVER err_store, err_stream CASCADE;
DROP ROLE regress_yottastore_errors;
