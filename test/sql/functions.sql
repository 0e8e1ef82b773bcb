-- Fields' functions: which are refused, and what depends on those that are not.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

CREATE SERVER f_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE SERVER f_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 'functions');
CREATE FOREIGN TABLE f_items (
	id text OPTIONS (key 'partition') NOT NULL,
	item jsonb OPTIONS (document 'true')
) SERVER f_store;

CREATE FUNCTION f_plate(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE FUNCTION f_days(jsonb) RETURNS date LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN DATE ''2024-01-01'' + ($1->>''n'')::int; END';
CREATE FUNCTION f_stable(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION f_two(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION f_number(integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE FUNCTION f_many(text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION f_row(text) RETURNS f_items LANGUAGE sql IMMUTABLE AS 'SELECT $1, NULL::jsonb';
CREATE FUNCTION f_nothing(text) RETURNS void LANGUAGE sql IMMUTABLE AS '';
CREATE FUNCTION f_variadic(VARIADIC text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
CREATE FUNCTION f_secret(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';

CREATE FUNCTION try(function regprocedure) RETURNS integer LANGUAGE sql AS $$
	SELECT yottastore.create_index_policy('f_index', 'f_items', 'f_stream',
		ARRAY[yottastore.field('plate', 'text', function => function)])
$$;

-- by its signature, which says the same whatever search_path is
SELECT yottastore.field('plate', 'text', function => 'f_plate(text)') -> 'function' AS function;
SELECT yottastore.field('plate', 'text', function => 'nosuch(text)');

SELECT try('f_stable(text)');
SELECT try('f_two(text, text)');
SELECT try('f_number(integer)');
SELECT try('f_many(text)');
SELECT try('f_row(text)');
SELECT try('f_nothing(text)');
SELECT try('f_variadic(text[])');
SELECT try('max(text)');
SELECT yottastore.create_index_policy('f_index', 'f_items', 'f_stream',
	ARRAY['{"name": "plate", "type": "text", "paths": ["a"], "function": "public.nosuch(text)"}'::jsonb]);
SELECT yottastore.create_index_policy('f_index', 'f_items', 'f_stream',
	ARRAY['{"name": "plate", "type": "text", "paths": ["a"], "function": "-"}'::jsonb]);

-- who may call it
REVOKE EXECUTE ON FUNCTION f_secret FROM PUBLIC;
CREATE ROLE regress_yottastore_caller;
GRANT USAGE ON FOREIGN SERVER f_stream TO regress_yottastore_caller;
GRANT CREATE, USAGE ON SCHEMA public TO regress_yottastore_caller;
ALTER FOREIGN TABLE f_items OWNER TO regress_yottastore_caller;
SET ROLE regress_yottastore_caller;
SELECT try('f_secret(text)');
RESET ROLE;
ALTER FOREIGN TABLE f_items OWNER TO CURRENT_USER;

-- what the server itself has can't be dropped anyway; what users have, only with the index
SELECT yottastore.create_index_policy('f_index', 'f_items', 'f_stream', ARRAY[
	yottastore.field('plate', 'text', function => 'f_plate(text)'),
	yottastore.field('day', 'date', function => 'f_days(jsonb)'),
	yottastore.field('small', 'text', function => 'lower(text)')]) > 0 AS created;
DROP FUNCTION f_plate(text);
DROP FUNCTION f_days(jsonb);
DROP FUNCTION f_plate(text) CASCADE;
SELECT count(*) FROM yottastore.index_policies;
SELECT yottastore.stop_workers() >= 0 AS stopped;

DROP SERVER f_store, f_stream CASCADE;
REVOKE ALL ON SCHEMA public FROM regress_yottastore_caller;
DROP ROLE regress_yottastore_caller;
DROP FUNCTION f_days, f_stable, f_two, f_number, f_many, f_nothing, f_variadic, f_secret, try;
