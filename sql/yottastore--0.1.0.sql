/* yottastore--0.1.0.sql: the extension's objects */

\echo Use "CREATE EXTENSION yottastore" to load this file. \quit

/* documents are UTF-8, as in the store, and stay so */
DO $$
BEGIN
	IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
		RAISE feature_not_supported USING
			MESSAGE = 'yottastore needs a database in UTF-8',
			DETAIL = pg_catalog.format('This database''s encoding is %s.', pg_catalog.getdatabaseencoding()),
			HINT = 'Create a database with ENCODING ''UTF8''.';
	END IF;
END
$$;

CREATE SCHEMA yottastore_internal;
REVOKE ALL ON SCHEMA yottastore_internal FROM PUBLIC;
GRANT USAGE ON SCHEMA yottastore TO PUBLIC;

COMMENT ON SCHEMA yottastore_internal IS 'state of yottastore''s workers; not an interface';

/* ---------------------------------------------------------------- wrappers */

CREATE FUNCTION yottastore.fdw_handler() RETURNS fdw_handler
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'ys_fdw_handler';
COMMENT ON FUNCTION yottastore.fdw_handler() IS 'foreign tables over a Dynamo-style store';

CREATE FUNCTION yottastore.store_validator(options text[], catalog oid) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'ys_store_validator';
COMMENT ON FUNCTION yottastore.store_validator(text[], oid) IS 'checks the options of wrapper yottastore';

CREATE FUNCTION yottastore.stream_validator(options text[], catalog oid) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'ys_stream_validator';
COMMENT ON FUNCTION yottastore.stream_validator(text[], oid) IS 'checks the options of wrapper yottastore_stream';

CREATE FOREIGN DATA WRAPPER yottastore
	HANDLER yottastore.fdw_handler VALIDATOR yottastore.store_validator;
COMMENT ON FOREIGN DATA WRAPPER yottastore IS 'a Dynamo-style document store';

CREATE FOREIGN DATA WRAPPER yottastore_stream
	NO HANDLER VALIDATOR yottastore.stream_validator;
COMMENT ON FOREIGN DATA WRAPPER yottastore_stream IS 'a Kafka topic of change events';

CREATE FUNCTION yottastore.create_store_table(
	server name,
	table_name text,
	partition_key text,
	sort_key text DEFAULT NULL,
	stream boolean DEFAULT true,
	indexes text DEFAULT NULL)
	RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_create_store_table';
COMMENT ON FUNCTION yottastore.create_store_table(name, text, text, text, boolean, text) IS
	'create a table in the store; a key is ''name'' or ''name type'' with type text, numeric or bytea; indexes are as in option "indexes", with types';

CREATE FUNCTION yottastore.drop_store_table(server name, table_name text)
	RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_drop_store_table';
COMMENT ON FUNCTION yottastore.drop_store_table(name, text) IS
	'drop a table of the store with all its items, which no rollback brings back';

/* ------------------------------------------------- values of plain documents */

CREATE FUNCTION yottastore.string_set(elements text[]) RETURNS jsonb
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_string_set';
COMMENT ON FUNCTION yottastore.string_set(text[]) IS
	'a set of strings, to be written in a document';

CREATE FUNCTION yottastore.number_set(elements numeric[]) RETURNS jsonb
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_number_set';
COMMENT ON FUNCTION yottastore.number_set(numeric[]) IS
	'a set of numbers, to be written in a document';

CREATE FUNCTION yottastore.binary_set(elements bytea[]) RETURNS jsonb
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_binary_set';
COMMENT ON FUNCTION yottastore.binary_set(bytea[]) IS
	'a set of binaries, to be written in a document';

CREATE FUNCTION yottastore.binary(bytes bytea) RETURNS jsonb
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_binary';
COMMENT ON FUNCTION yottastore.binary(bytea) IS
	'binary, to be written in a document';

/* ------------------------------------------------------------------- areas */

CREATE TABLE yottastore.areas (
	level text NOT NULL CHECK (level <> ''),
	name text NOT NULL CHECK (name <> '' AND name NOT IN ('unlocated', 'other')),
	parent_level text,
	parent text,
	aliases text[] NOT NULL DEFAULT '{}',
	boundary jsonb,
	PRIMARY KEY (level, name),
	CONSTRAINT areas_parent_level_check CHECK (parent_level <> level),
	CONSTRAINT areas_parent_fkey FOREIGN KEY (parent_level, parent) REFERENCES yottastore.areas (level, name)
		MATCH FULL ON UPDATE CASCADE
);
COMMENT ON TABLE yottastore.areas IS 'geographic areas by level, and the area of another level that each lies in';
COMMENT ON COLUMN yottastore.areas.aliases IS
	'what else documents call it; names and aliases match whatever their case, accents and white space';
COMMENT ON COLUMN yottastore.areas.boundary IS
	'a GeoJSON Polygon, MultiPolygon, or GeometryCollection of them';
CREATE INDEX areas_parent_idx ON yottastore.areas (parent_level, parent);
GRANT SELECT ON yottastore.areas TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('yottastore.areas', '');

CREATE FUNCTION yottastore_internal.areas_changed() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'ys_areas_changed';
COMMENT ON FUNCTION yottastore_internal.areas_changed() IS 'tells the workers to read the areas anew';

CREATE TRIGGER areas_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON yottastore.areas
	FOR EACH STATEMENT EXECUTE FUNCTION yottastore_internal.areas_changed();

CREATE FUNCTION yottastore.load_areas(
	geojson jsonb,
	level text DEFAULT 'country',
	name_property text DEFAULT 'name',
	parent_property text DEFAULT NULL,
	parent_level text DEFAULT NULL,
	alias_properties text[] DEFAULT NULL)
	RETURNS integer
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_load_areas';
REVOKE ALL ON FUNCTION yottastore.load_areas(jsonb, text, text, text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION yottastore.load_areas(jsonb, text, text, text, text, text[]) IS
	'add or replace areas of a level from a GeoJSON FeatureCollection or Feature; returns how many';

/* ---------------------------------------------------------------- synonyms */

CREATE TABLE yottastore.synonyms (
	list text NOT NULL,
	word text NOT NULL,
	meaning text NOT NULL,
	PRIMARY KEY (list, word)
);
COMMENT ON TABLE yottastore.synonyms IS 'what words of documents mean';
COMMENT ON COLUMN yottastore.synonyms.list IS
	'as fields name it; month (meanings 1 to 12) and boolean (true, false) extend the built-in words';
COMMENT ON COLUMN yottastore.synonyms.word IS 'in any case, accents and white space';
COMMENT ON COLUMN yottastore.synonyms.meaning IS 'what the column has in its place';
GRANT SELECT ON yottastore.synonyms TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('yottastore.synonyms', '');

CREATE FUNCTION yottastore_internal.synonyms_changed() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'ys_synonyms_changed';
COMMENT ON FUNCTION yottastore_internal.synonyms_changed() IS
	'refuses synonyms that contradict each other, and tells the workers to read them anew';

CREATE TRIGGER synonyms_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON yottastore.synonyms
	FOR EACH STATEMENT EXECUTE FUNCTION yottastore_internal.synonyms_changed();

/* ---------------------------------------------------------------- builders */

CREATE FUNCTION yottastore.field(
	name text,
	type text,
	paths text[] DEFAULT NULL,
	combine text DEFAULT 'first',
	formats text[] DEFAULT NULL,
	normalizers text[] DEFAULT NULL,
	unit text DEFAULT NULL,
	locale text DEFAULT NULL,
	timezone text DEFAULT NULL,
	year_pivot integer DEFAULT NULL,
	synonyms text DEFAULT NULL,
	allowed_values text[] DEFAULT NULL,
	function regprocedure DEFAULT NULL,
	required boolean DEFAULT false,
	default_value text DEFAULT NULL,
	on_error text DEFAULT 'null',
	index text DEFAULT 'none')
	RETURNS jsonb
	LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_field';
COMMENT ON FUNCTION yottastore.field(text, text, text[], text, text[], text[], text, text, text, integer, text, text[], regprocedure, boolean, text, text, text) IS
	'declare one field of an index policy: its column, type and source paths';

CREATE FUNCTION yottastore.area_from_location(
	lat text[] DEFAULT NULL,
	lon text[] DEFAULT NULL,
	paths text[] DEFAULT NULL,
	level text DEFAULT NULL,
	"order" text DEFAULT NULL,
	format text DEFAULT NULL,
	index text DEFAULT 'none')
	RETURNS jsonb
	LANGUAGE c IMMUTABLE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_area_from_location';
COMMENT ON FUNCTION yottastore.area_from_location(text[], text[], text[], text, text, text, text) IS
	'an item''s area is the one that contains its location: lat and lon paths in pairs, or paths to a whole location; order is lat_lon or lon_lat, format may be geohash';

CREATE FUNCTION yottastore.area_from_value(
	paths text[],
	level text DEFAULT NULL,
	location jsonb DEFAULT NULL)
	RETURNS jsonb
	LANGUAGE c IMMUTABLE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_area_from_value';
COMMENT ON FUNCTION yottastore.area_from_value(text[], text, jsonb) IS
	'an item''s area is the one it names, by name or alias, else that of its location, which area_from_location declares';

CREATE FUNCTION yottastore.area_from_geohash(
	lat text[] DEFAULT NULL,
	lon text[] DEFAULT NULL,
	paths text[] DEFAULT NULL,
	length integer DEFAULT 4,
	"order" text DEFAULT NULL,
	index text DEFAULT 'none')
	RETURNS jsonb
	LANGUAGE c IMMUTABLE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_area_from_geohash';
COMMENT ON FUNCTION yottastore.area_from_geohash(text[], text[], text[], integer, text, text) IS
	'an item''s area is the cell that its location, or a geohash at one of the paths, is in: that many characters of the geohash';

/* ------------------------------------------------------- the workers' state */

CREATE TABLE yottastore_internal.policy (
	policy_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name name NOT NULL,
	owner oid NOT NULL,
	source oid NOT NULL,
	stream oid,
	index_table oid NOT NULL,
	topic text,
	store_table text NOT NULL,
	declaration jsonb NOT NULL,
	max_areas integer NOT NULL CHECK (max_areas > 0),
	phase text NOT NULL DEFAULT 'STARTING'
		CHECK (phase IN ('STARTING', 'BACKFILL', 'LIVE', 'PAUSED', 'INCOMPLETE')),
	reason text,
	epoch integer NOT NULL DEFAULT 1,
	layout integer NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	areas_fingerprint bigint,
	areas_reached boolean NOT NULL DEFAULT true,
	synonyms_fingerprint bigint,
	synonyms_mixed boolean NOT NULL DEFAULT false,
	functions_fingerprint bigint,
	functions_mixed boolean NOT NULL DEFAULT false,
	backfill_started_at timestamptz,
	backfill_finished_at timestamptz,
	backfill_estimate bigint,
	rebuilds integer UNIQUE REFERENCES yottastore_internal.policy ON DELETE CASCADE
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX policy_name_key ON yottastore_internal.policy (name) WHERE rebuilds IS NULL;
COMMENT ON TABLE yottastore_internal.policy IS 'index policies; index_table''s partitions and rows are the owner''s; stream is NULL where the store''s own is followed; topic is the one its positions are in, or the id of the store''s stream, NULL while it has none; store_table is the one of the store that its rows are of; layout counts how often the topic got more partitions; areas_fingerprint is of the areas that its rows, or a job, go by; areas_reached says that all rows are where they belong by these; synonyms_fingerprint is of the synonyms that rows are written by, synonyms_mixed says that some were by others; functions_fingerprint and functions_mixed are the same of the fields'' functions; rebuilds is the policy whose rows this one, of the same name, makes anew beside them';

CREATE FUNCTION yottastore_internal.policies_changed() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'ys_policies_changed';
COMMENT ON FUNCTION yottastore_internal.policies_changed() IS 'tells the workers that policies have come or gone';

CREATE TRIGGER policies_changed AFTER INSERT OR DELETE ON yottastore_internal.policy
	FOR EACH STATEMENT EXECUTE FUNCTION yottastore_internal.policies_changed();

CREATE FUNCTION yottastore_internal.policy_changed() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'ys_policy_changed';
COMMENT ON FUNCTION yottastore_internal.policy_changed() IS 'has statements on a policy''s foreign table planned anew';

CREATE TRIGGER policy_changed AFTER INSERT OR DELETE OR UPDATE OF source, index_table, declaration ON yottastore_internal.policy
	FOR EACH ROW EXECUTE FUNCTION yottastore_internal.policy_changed();
/* plans ask an index that is LIVE before others */
CREATE TRIGGER policy_phase_changed AFTER UPDATE OF phase ON yottastore_internal.policy
	FOR EACH ROW WHEN (OLD.phase <> NEW.phase) EXECUTE FUNCTION yottastore_internal.policy_changed();

CREATE TABLE yottastore_internal.position (
	policy_id integer NOT NULL REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	partition integer NOT NULL,
	next_offset bigint NOT NULL,
	high_offset bigint NOT NULL,
	watermark timestamptz,
	layout_from bigint NOT NULL DEFAULT 0,
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (policy_id, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.position IS 'the first offset not yet applied, committed with the rows it stands for; events before layout_from are of the layout before the policy''s; partition -1 is the store''s own stream, which has a watermark only, and its positions in shard_position';

CREATE TABLE yottastore_internal.shard_position (
	policy_id integer NOT NULL REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	shard_id text NOT NULL,
	parent_id text,
	generation integer NOT NULL,
	checkpoint text,
	whole boolean NOT NULL DEFAULT false,
	finished boolean NOT NULL DEFAULT false,
	PRIMARY KEY (policy_id, shard_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.shard_position IS
	'of policies that follow the store''s own stream, the last sequence number applied of each shard, committed with the rows it stands for';

CREATE TABLE yottastore_internal.anchor (
	stream oid NOT NULL,
	owner oid NOT NULL,
	topic text NOT NULL,
	partition integer NOT NULL,
	"offset" bigint NOT NULL,
	timestamp_ms bigint NOT NULL,
	PRIMARY KEY (stream, owner, partition)
);
COMMENT ON TABLE yottastore_internal.anchor IS 'a message of each topic partition by which its log is known, should another get its name';

CREATE TABLE yottastore_internal.lease (
	stream oid NOT NULL,
	source oid NOT NULL,
	owner oid NOT NULL,
	worker integer NOT NULL,
	workers integer NOT NULL,
	epoch bigint NOT NULL,
	pid integer NOT NULL,
	taken_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (stream, source, owner, worker)
);
COMMENT ON TABLE yottastore_internal.lease IS 'which stream worker may commit: the one that took the epoch, for every workers-th topic partition from the worker-th on; stream is 0 for those of the store''s own stream of a source, else source is';
CREATE SEQUENCE yottastore_internal.lease_epoch;
COMMENT ON SEQUENCE yottastore_internal.lease_epoch IS 'epochs of leases: none comes twice';

CREATE TABLE yottastore_internal.backfill (
	policy_id integer NOT NULL REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	segment integer NOT NULL,
	total_segments integer NOT NULL,
	next_key text,
	done boolean NOT NULL DEFAULT false,
	items_read bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (policy_id, segment)
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.backfill IS 'where each segment of a backfill goes on; next_key is typed JSON';

CREATE TABLE yottastore_internal.stats (
	policy_id integer NOT NULL REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	slot integer NOT NULL,
	batches bigint NOT NULL DEFAULT 0,
	events_taken bigint NOT NULL DEFAULT 0,
	bytes_taken bigint NOT NULL DEFAULT 0,
	events_applied bigint NOT NULL DEFAULT 0,
	events_stale bigint NOT NULL DEFAULT 0,
	events_quarantined bigint NOT NULL DEFAULT 0,
	events_passed_over bigint NOT NULL DEFAULT 0,
	items_backfilled bigint NOT NULL DEFAULT 0,
	rows_inserted bigint NOT NULL DEFAULT 0,
	rows_updated bigint NOT NULL DEFAULT 0,
	rows_moved bigint NOT NULL DEFAULT 0,
	rows_deleted bigint NOT NULL DEFAULT 0,
	events_per_second double precision,
	items_per_second double precision,
	drained_per_second double precision,
	arriving_per_second double precision,
	p50_ms double precision,
	p95_ms double precision,
	last_batch_at timestamptz,
	last_page_at timestamptz,
	waiting_since timestamptz,
	PRIMARY KEY (policy_id, slot)
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.stats IS 'counters and recent rates of each policy and the workers (slot) that share its stream, committed with the rows; waiting_since: since when events wait without any having been applied';

CREATE TABLE yottastore_internal.quarantine (
	quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	policy_id integer NOT NULL REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	partition integer,
	"offset" bigint,
	shard_position text,
	item_key text,
	payload bytea,
	reason text NOT NULL,
	version bytea,
	retrying boolean NOT NULL DEFAULT false,
	superseded boolean NOT NULL DEFAULT false,
	quarantined_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	UNIQUE (policy_id, partition, "offset"),
	UNIQUE (policy_id, shard_position)
);
COMMENT ON TABLE yottastore_internal.quarantine IS 'events that could not be decoded or applied, with their payload and version; of the store''s own stream shard_position is the shard and the sequence number, else partition and offset say where; all three are NULL for an item that was read from the store; retrying is true only while a transaction tries again; superseded says that the index has what the item became later';
CREATE INDEX quarantine_key_idx ON yottastore_internal.quarantine (policy_id, pg_catalog.md5(item_key));
CREATE INDEX quarantine_current_idx ON yottastore_internal.quarantine (policy_id) WHERE NOT superseded AND item_key IS NOT NULL;

CREATE TABLE yottastore_internal.job (
	job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	policy_id integer NOT NULL REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	kind text NOT NULL CHECK (kind IN ('relocate', 'resync', 'rebuild', 'verify')),
	state text NOT NULL DEFAULT 'QUEUED'
		CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'STOPPED', 'FAILED')),
	reason text,
	next_key text[],
	rows_seen bigint NOT NULL DEFAULT 0,
	rows_moved bigint NOT NULL DEFAULT 0,
	rows_refused bigint NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	started_at timestamptz,
	finished_at timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.job IS 'long work on a policy''s rows, done by its stream worker; next_key is the last key seen, committed with the rows up to it';
CREATE INDEX job_policy_id_job_id_idx ON yottastore_internal.job (policy_id, job_id);

CREATE TABLE yottastore_internal.resync (
	policy_id integer PRIMARY KEY REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	job_id bigint NOT NULL,
	last_key text[]
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.resync IS 'resyncs under way, and after which key looking for what the store has no more goes on';

CREATE TABLE yottastore_internal.verify (
	job_id bigint PRIMARY KEY REFERENCES yottastore_internal.job ON DELETE CASCADE,
	repair boolean NOT NULL,
	next_key text,
	scanned boolean NOT NULL DEFAULT false,
	last_key text[],
	swept boolean NOT NULL DEFAULT false,
	rows_missing bigint NOT NULL DEFAULT 0,
	rows_extra bigint NOT NULL DEFAULT 0,
	rows_stale bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.verify IS 'jobs that compare an index with its store: where reading the store goes on (typed JSON), and after which row, and what differs';

CREATE TABLE yottastore_internal.difference (
	job_id bigint NOT NULL REFERENCES yottastore_internal.verify ON DELETE CASCADE,
	item_key text NOT NULL,
	kind text NOT NULL CHECK (kind IN ('missing', 'extra', 'stale')),
	read_at timestamptz NOT NULL,
	item bigint NOT NULL,
	version bytea NOT NULL,
	tries integer NOT NULL,
	confirmed boolean NOT NULL DEFAULT false,
	repaired boolean NOT NULL DEFAULT false,
	PRIMARY KEY (job_id, item_key)
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.difference IS 'keys of which index and store differed: suspected until the index had all changes of before read_at; item is a fingerprint of what the store had, 0: nothing, version the row''s';

CREATE TABLE yottastore_internal.quality (
	policy_id integer PRIMARY KEY REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	counts bigint[] NOT NULL
) WITH (fillfactor = 10);
ALTER TABLE yottastore_internal.quality ALTER COLUMN counts SET STORAGE MAIN;
COMMENT ON TABLE yottastore_internal.quality IS 'counters of what became of values, committed with the rows; quality_counter says which';

CREATE TABLE yottastore_internal.quality_counter (
	policy_id integer NOT NULL REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	n integer NOT NULL,
	field text NOT NULL,
	type text,
	kind text NOT NULL CHECK (kind IN ('seen', 'nulls', 'defaults', 'coerced', 'rejected', 'path', 'format')),
	label text,
	PRIMARY KEY (policy_id, n)
);
COMMENT ON TABLE yottastore_internal.quality_counter IS 'the meaning of each element of quality.counts';

CREATE TABLE yottastore_internal.quality_sample (
	policy_id integer NOT NULL REFERENCES yottastore_internal.policy ON DELETE CASCADE,
	field text NOT NULL,
	value text NOT NULL,
	reason text NOT NULL,
	seen_at timestamptz NOT NULL,
	PRIMARY KEY (policy_id, field, value)
);
COMMENT ON TABLE yottastore_internal.quality_sample IS 'the last distinct bad values of each field, as JSON';

CREATE TABLE yottastore_internal.relay (
	relay_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name name NOT NULL UNIQUE,
	owner oid NOT NULL,
	source oid NOT NULL,
	stream oid NOT NULL,
	partitions integer NOT NULL CHECK (partitions > 0),
	store_stream text,
	topic text,
	topic_partitions integer,
	phase text NOT NULL DEFAULT 'STARTING'
		CHECK (phase IN ('STARTING', 'LIVE', 'PAUSED')),
	reason text,
	records_produced bigint NOT NULL DEFAULT 0,
	bytes_produced bigint NOT NULL DEFAULT 0,
	last_record_at timestamptz,
	read_to timestamptz,
	caught_up_at timestamptz,
	store_retries bigint NOT NULL DEFAULT 0,
	store_throttles bigint NOT NULL DEFAULT 0,
	sessions integer NOT NULL DEFAULT 0,
	losses integer NOT NULL DEFAULT 0,
	last_loss text,
	last_loss_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.relay IS 'relays from a store''s own stream to a Kafka topic; what was created before read_to has been produced';

CREATE VIEW yottastore_internal.fed_stream AS
	WITH target AS (SELECT s.oid, (SELECT pg_catalog.array_agg(o.option_value ORDER BY o.option_name)
			FROM pg_catalog.pg_options_to_table(s.srvoptions) o WHERE o.option_name IN ('brokers', 'topic')) AS topic
		FROM pg_catalog.pg_foreign_server s)
	SELECT b.oid AS stream, r.relay_id FROM yottastore_internal.relay r JOIN target a ON a.oid = r.stream
		JOIN target b ON b.topic = a.topic;
COMMENT ON VIEW yottastore_internal.fed_stream IS 'stream servers with the relays that produce to their topics';

CREATE TABLE yottastore_internal.relay_shard (
	relay_id integer NOT NULL REFERENCES yottastore_internal.relay ON DELETE CASCADE,
	shard_id text NOT NULL,
	parent_id text,
	generation integer NOT NULL,
	checkpoint text,
	finished boolean NOT NULL DEFAULT false,
	whole boolean NOT NULL,
	PRIMARY KEY (relay_id, shard_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE yottastore_internal.relay_shard IS
	'the last sequence number of each shard that Kafka has acknowledged; whole: nothing had been trimmed when the relay heard of it';

/* ---------------------------------------------------------------- policies */

CREATE FUNCTION yottastore.create_index_policy(
	name name,
	source regclass,
	stream name DEFAULT NULL,
	fields jsonb[] DEFAULT NULL,
	area jsonb DEFAULT NULL,
	max_areas integer DEFAULT 1000,
	attributes text DEFAULT 'none',
	attributes_include text[] DEFAULT NULL,
	attributes_exclude text[] DEFAULT NULL,
	attributes_size integer DEFAULT NULL,
	if_not_exists boolean DEFAULT false)
	RETURNS integer
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_create_index_policy';
COMMENT ON FUNCTION yottastore.create_index_policy(name, regclass, name, jsonb[], jsonb, integer, text, text[], text[], integer, boolean) IS
	'keep an index table of that name, in the source''s schema, up to date from a stream, or from the store''s own where stream is NULL; returns the policy''s id';

CREATE FUNCTION yottastore.drop_index_policy(name name, if_exists boolean DEFAULT false)
	RETURNS boolean
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_drop_index_policy';
COMMENT ON FUNCTION yottastore.drop_index_policy(name, boolean) IS
	'drop a policy and its index table; false when there was none';

CREATE FUNCTION yottastore.add_index_columns(policy name, prefix text DEFAULT '')
	RETURNS integer
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_add_index_columns';
COMMENT ON FUNCTION yottastore.add_index_columns(name, text) IS
	'add the columns that a policy computes to its foreign table, which the caller owns; returns how many were missing';

CREATE FUNCTION yottastore.pause_index_policy(name name) RETURNS boolean
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_pause_index_policy';
COMMENT ON FUNCTION yottastore.pause_index_policy(name) IS
	'stop applying events to a policy, keeping its positions; false when it was paused already';

CREATE FUNCTION yottastore.resume_index_policy(name name) RETURNS boolean
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_resume_index_policy';
COMMENT ON FUNCTION yottastore.resume_index_policy(name) IS
	'let a paused policy go on where it stopped; false when it was not paused';

CREATE FUNCTION yottastore.index_wait(
	policy name,
	up_to timestamptz DEFAULT NULL,
	timeout interval DEFAULT '30 seconds')
	RETURNS boolean
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_index_wait';
COMMENT ON FUNCTION yottastore.index_wait(name, timestamptz, interval) IS
	'wait until every change of the source acknowledged before up_to (default: the call) is in the index; an error after timeout';

CREATE FUNCTION yottastore.quarantine_retry(policy name, quarantine_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_quarantine_retry';
COMMENT ON FUNCTION yottastore.quarantine_retry(name, bigint) IS
	'apply what a policy has in quarantine, or one of it, again; what fails again stays; returns how many left';

CREATE FUNCTION yottastore.quarantine_discard(policy name, quarantine_id bigint DEFAULT NULL) RETURNS bigint
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_quarantine_discard';
COMMENT ON FUNCTION yottastore.quarantine_discard(name, bigint) IS
	'forget what a policy has in quarantine, or one of it; returns how many';

/* ------------------------------------------------------ trying policies out */

CREATE FUNCTION yottastore.test_index_policy(
	fields jsonb[],
	sample jsonb[],
	area jsonb DEFAULT NULL,
	OUT item integer,
	OUT field text,
	OUT value text,
	OUT path text,
	OUT format text,
	OUT raw jsonb,
	OUT outcome text,
	OUT reason text)
	RETURNS SETOF record
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_test_index_policy';
COMMENT ON FUNCTION yottastore.test_index_policy(jsonb[], jsonb[], jsonb) IS
	'what an index policy would make of documents: a row for each column of each; nothing is written';

CREATE FUNCTION yottastore.test_index_policy(
	fields jsonb[],
	source regclass,
	sample integer DEFAULT 100,
	area jsonb DEFAULT NULL,
	OUT key text,
	OUT sort_key text,
	OUT field text,
	OUT value text,
	OUT path text,
	OUT format text,
	OUT raw jsonb,
	OUT outcome text,
	OUT reason text)
	RETURNS SETOF record
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_test_index_policy_source';
COMMENT ON FUNCTION yottastore.test_index_policy(jsonb[], regclass, integer, jsonb) IS
	'what an index policy would make of a sample of a foreign table''s items: a row for each column of each; nothing is written';

CREATE FUNCTION yottastore.explain_item(
	policy name,
	key text,
	sort_key text DEFAULT NULL,
	OUT field text,
	OUT path text,
	OUT raw jsonb,
	OUT format text,
	OUT value text,
	OUT outcome text,
	OUT reason text,
	OUT indexed text,
	OUT agrees boolean)
	RETURNS SETOF record
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_explain_item';
COMMENT ON FUNCTION yottastore.explain_item(name, text, text) IS
	'how each column of an item''s index row comes about: a row for each value looked at, read from the store, and what the index has';

CREATE FUNCTION yottastore.peek_stream(
	server name,
	n integer DEFAULT 10,
	OUT partition integer,
	OUT "offset" bigint,
	OUT produced_at timestamptz,
	OUT format text,
	OUT table_name text,
	OUT kind text,
	OUT key jsonb,
	OUT new_image jsonb,
	OUT old_image jsonb,
	OUT error text)
	RETURNS SETOF record
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_peek_stream';
COMMENT ON FUNCTION yottastore.peek_stream(name, integer) IS
	'the last n messages of a stream''s topic, decoded and taken from nobody: a row for each event, with the reason where one can''t be used';

CREATE FUNCTION yottastore.profile_items(
	source regclass,
	sample integer DEFAULT 1000,
	OUT path text,
	OUT items bigint,
	OUT share double precision,
	OUT types text,
	OUT guess text,
	OUT cardinality bigint,
	OUT estimated boolean,
	OUT min text,
	OUT max text,
	OUT examples jsonb)
	RETURNS SETOF record
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_profile_items_of';
COMMENT ON FUNCTION yottastore.profile_items(regclass, integer) IS
	'what a sample of a foreign table''s items holds: a row for each path that leads to values';

CREATE FUNCTION yottastore.suggest_index_fields(source regclass, sample integer DEFAULT 1000)
	RETURNS text
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_suggest_index_fields';
COMMENT ON FUNCTION yottastore.suggest_index_fields(regclass, integer) IS
	'the SQL of an index policy that could suit a sample of a foreign table''s items, to be looked at and run';

/* -------------------------------------------------------------------- jobs */

CREATE FUNCTION yottastore.index_relocate_start(policy name) RETURNS bigint
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_index_relocate_start';
COMMENT ON FUNCTION yottastore.index_relocate_start(name) IS
	'move every row of a policy''s index to the area it belongs to now; returns the job''s id';

CREATE FUNCTION yottastore.index_resync_start(policy name) RETURNS bigint
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_index_resync_start';
COMMENT ON FUNCTION yottastore.index_resync_start(name) IS
	'read all of the store anew, also for a policy that is incomplete, and delete rows of what it has no more; returns the job''s id';

CREATE FUNCTION yottastore.index_rebuild_start(policy name) RETURNS bigint
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_index_rebuild_start';
COMMENT ON FUNCTION yottastore.index_rebuild_start(name) IS
	'make a policy''s index anew from the store, in fresh partitions beside those there are, then take these in their place; returns the job''s id';

CREATE FUNCTION yottastore.index_verify_start(policy name, repair boolean DEFAULT false) RETURNS bigint
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_index_verify_start';
COMMENT ON FUNCTION yottastore.index_verify_start(name, boolean) IS
	'compare every row of a policy''s index with the store, and mend what differs if asked to; returns the job''s id';

CREATE FUNCTION yottastore.job_status(job_id bigint) RETURNS text
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_job_status';
COMMENT ON FUNCTION yottastore.job_status(bigint) IS
	'a job''s state: QUEUED, RUNNING, DONE, STOPPED or FAILED';

CREATE FUNCTION yottastore.job_stop(job_id bigint) RETURNS boolean
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_job_stop';
COMMENT ON FUNCTION yottastore.job_stop(bigint) IS
	'stop a job for good, keeping what it has done; false when it had ended';

CREATE FUNCTION yottastore.job_wait(job_id bigint, timeout interval DEFAULT '30 seconds')
	RETURNS boolean
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_job_wait';
COMMENT ON FUNCTION yottastore.job_wait(bigint, interval) IS
	'wait until a job has ended, one way or another; false after timeout';

/* ------------------------------------------------------------------ relays */

CREATE FUNCTION yottastore.create_relay(
	name name,
	source regclass,
	stream name,
	partitions integer DEFAULT 4,
	if_not_exists boolean DEFAULT false)
	RETURNS integer
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_create_relay';
REVOKE ALL ON FUNCTION yottastore.create_relay(name, regclass, name, integer, boolean) FROM PUBLIC;
COMMENT ON FUNCTION yottastore.create_relay(name, regclass, name, integer, boolean) IS
	'produce the changes of a store table''s own stream to Kafka; creates the topic, with that many partitions, unless it is there';

CREATE FUNCTION yottastore.drop_relay(name name, if_exists boolean DEFAULT false)
	RETURNS boolean
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_drop_relay';
COMMENT ON FUNCTION yottastore.drop_relay(name, boolean) IS
	'stop and forget a relay; its topic stays; false when there was none';

/* ------------------------------------------------------------------- nodes */

CREATE FUNCTION yottastore_internal.node_meters(
	OUT server oid,
	OUT node text,
	OUT shared boolean,
	OUT state text,
	OUT requests bigint,
	OUT retries bigint,
	OUT throttles bigint,
	OUT failures bigint,
	OUT read_units double precision,
	OUT write_units double precision,
	OUT p50_ms double precision,
	OUT p95_ms double precision,
	OUT p99_ms double precision,
	OUT last_answer_at timestamptz,
	OUT last_failure_at timestamptz,
	OUT last_failure text,
	OUT since timestamptz)
	RETURNS SETOF record
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_node_meters';
COMMENT ON FUNCTION yottastore_internal.node_meters() IS
	'counters of the nodes of the servers that the caller may see';

CREATE FUNCTION yottastore.reset_node_status(server name DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_reset_node_status';
REVOKE ALL ON FUNCTION yottastore.reset_node_status(name) FROM PUBLIC;
COMMENT ON FUNCTION yottastore.reset_node_status(name) IS
	'forget the counters and the health of a server''s nodes, or of all servers'' of the database';

/* ----------------------------------------------------------------- workers */

CREATE FUNCTION yottastore.start_workers() RETURNS boolean
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_start_workers';
REVOKE ALL ON FUNCTION yottastore.start_workers() FROM PUBLIC;
COMMENT ON FUNCTION yottastore.start_workers() IS
	'start this database''s workers at commit; false when they run already';

CREATE FUNCTION yottastore.stop_workers() RETURNS integer
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_stop_workers';
REVOKE ALL ON FUNCTION yottastore.stop_workers() FROM PUBLIC;
COMMENT ON FUNCTION yottastore.stop_workers() IS
	'stop this database''s workers until start_workers or a server start; returns how many were told to';

CREATE TABLE yottastore_internal.stopped (
	server_start timestamptz NOT NULL DEFAULT pg_catalog.pg_postmaster_start_time()
);
COMMENT ON TABLE yottastore_internal.stopped IS 'that workers were stopped by hand, if nobody has started them since; it counts for the server with that start only, not for a standby or the same one later';

CREATE FUNCTION yottastore_internal.running_workers(
	OUT kind text,
	OUT id1 bigint,
	OUT id2 bigint,
	OUT pid integer,
	OUT reported_at timestamptz)
	RETURNS SETOF record
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'ys_running_workers';
COMMENT ON FUNCTION yottastore_internal.running_workers() IS
	'this database''s workers that run, and when each last said that it does';

/* ------------------------------------------------------------------- views */

CREATE VIEW yottastore_internal.job_progress AS
	SELECT j.job_id,
		j.policy_id,
		p.name AS policy,
		p.owner,
		p.index_table,
		j.kind,
		j.state,
		CASE WHEN j.state IN ('QUEUED', 'RUNNING')
			AND (p.phase IN ('PAUSED', 'INCOMPLETE') OR r.phase IN ('PAUSED', 'INCOMPLETE')) THEN 'PAUSED'
			ELSE j.state END AS activity,
		COALESCE(r.reason, j.reason) AS reason,
		j.rows_seen + COALESCE(b.items_read, 0) AS rows_seen,
		j.rows_moved,
		j.rows_refused,
		CASE WHEN j.kind = 'rebuild' AND j.state IN ('QUEUED', 'RUNNING') THEN r.backfill_estimate
			/* a verification looks at the items, and at the rows */
			ELSE (SELECT GREATEST(pg_catalog.sum(s.rows_inserted - s.rows_deleted), 0)::bigint
				FROM yottastore_internal.stats s WHERE s.policy_id = p.policy_id)
				* CASE j.kind WHEN 'verify' THEN 2 ELSE 1 END END AS rows_estimated,
		b.segments_done,
		b.segments,
		j.created_at,
		j.started_at,
		j.finished_at
	FROM yottastore_internal.job j
		JOIN yottastore_internal.policy p USING (policy_id)
		LEFT JOIN yottastore_internal.policy r
			ON r.rebuilds = p.policy_id AND j.kind = 'rebuild' AND j.state IN ('QUEUED', 'RUNNING')
		LEFT JOIN LATERAL (SELECT pg_catalog.sum(g.items_read)::bigint AS items_read,
				pg_catalog.count(*) FILTER (WHERE g.done) AS segments_done, pg_catalog.count(*) AS segments
			FROM yottastore_internal.backfill g WHERE g.policy_id = r.policy_id) b ON r.policy_id IS NOT NULL
	WHERE p.rebuilds IS NULL;
COMMENT ON VIEW yottastore_internal.job_progress IS
	'jobs, and how far each is; a rebuild is as far as the policy that stands for it';

CREATE VIEW yottastore.index_policies WITH (security_barrier) AS
	SELECT p.name AS policy,
		pg_catalog.pg_get_userbyid(p.owner) AS owner,
		p.source::regclass AS source,
		(SELECT s.srvname FROM pg_catalog.pg_foreign_server s WHERE s.oid = p.stream) AS stream,
		p.index_table::regclass AS index_table,
		p.max_areas,
		p.phase,
		p.reason,
		COALESCE(s.events_applied, 0) AS events_applied,
		COALESCE(s.events_stale, 0) AS events_stale,
		COALESCE(s.events_quarantined, 0) AS events_quarantined,
		COALESCE(s.events_passed_over, 0) AS events_passed_over,
		COALESCE(s.items_backfilled, 0) AS items_backfilled,
		p.created_at,
		p.declaration
	FROM yottastore_internal.policy p
		LEFT JOIN (SELECT t.policy_id,
				pg_catalog.sum(t.events_applied)::bigint AS events_applied,
				pg_catalog.sum(t.events_stale)::bigint AS events_stale,
				pg_catalog.sum(t.events_quarantined)::bigint AS events_quarantined,
				pg_catalog.sum(t.events_passed_over)::bigint AS events_passed_over,
				pg_catalog.sum(t.items_backfilled)::bigint AS items_backfilled
			FROM yottastore_internal.stats t GROUP BY t.policy_id) s USING (policy_id)
	WHERE p.rebuilds IS NULL AND (pg_catalog.has_table_privilege(p.index_table, 'SELECT')
		OR pg_catalog.pg_has_role(p.owner, 'MEMBER'));
COMMENT ON VIEW yottastore.index_policies IS 'index policies, their phase and counters';

CREATE VIEW yottastore.index_lag WITH (security_barrier) AS
	WITH running AS MATERIALIZED (SELECT * FROM yottastore_internal.running_workers()),
	moment AS MATERIALIZED (SELECT pg_catalog.clock_timestamp() AS now)
	SELECT p.name AS policy,
		p.phase,
		CASE WHEN starved.why IS NULL THEN p.phase ELSE 'STARVED' END AS state,
		COALESCE(starved.why, p.reason) AS reason,
		o.events,
		CASE WHEN complete.up_to IS NOT NULL
			THEN GREATEST(EXTRACT(epoch FROM moment.now - complete.up_to), 0)::double precision END AS seconds,
		complete.up_to AS complete_up_to,
		s.events_per_second,
		CASE WHEN p.phase <> 'LIVE' OR starved.why IS NOT NULL THEN NULL
			WHEN o.events = 0 THEN interval '0'
			WHEN s.drained_per_second > s.arriving_per_second
			THEN pg_catalog.make_interval(secs => o.events / (s.drained_per_second - s.arriving_per_second))
		END AS catch_up,
		o.updated_at
	FROM moment, yottastore_internal.policy p
		CROSS JOIN LATERAL (SELECT
				CASE WHEN p.stream IS NOT NULL
					THEN pg_catalog.sum(GREATEST(t.high_offset - t.next_offset, 0))::bigint END AS events,
				CASE WHEN pg_catalog.count(t.watermark) = pg_catalog.count(*)
					THEN pg_catalog.min(t.watermark) END AS watermark,
				pg_catalog.max(t.updated_at) AS updated_at
			FROM yottastore_internal.position t WHERE t.policy_id = p.policy_id) o
		CROSS JOIN LATERAL (SELECT
				pg_catalog.round(pg_catalog.sum(t.events_per_second
					* pg_catalog.exp(EXTRACT(epoch FROM t.last_batch_at - moment.now)::double precision / 10))::numeric, 3)::double precision AS events_per_second,
				pg_catalog.sum(t.drained_per_second) AS drained_per_second,
				COALESCE(pg_catalog.sum(t.arriving_per_second), 0) AS arriving_per_second,
				pg_catalog.max(t.last_batch_at) AS last_batch_at,
				pg_catalog.min(t.waiting_since) AS waiting_since
			FROM yottastore_internal.stats t WHERE t.policy_id = p.policy_id) s
		CROSS JOIN LATERAL (SELECT CASE WHEN p.phase = 'LIVE'
				OR p.phase = 'PAUSED' AND p.backfill_finished_at IS NOT NULL THEN o.watermark END AS up_to) complete
		CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS running, pg_catalog.min(w.reported_at) AS reported_at
			FROM running w
			WHERE w.kind = CASE WHEN p.stream IS NULL THEN 'store stream' ELSE 'stream' END
				AND w.id1 = COALESCE(p.stream, p.source)::bigint AND w.id2 = p.owner::bigint) worker
		CROSS JOIN LATERAL (SELECT COALESCE((SELECT o.option_value::integer
				FROM pg_catalog.pg_foreign_server f, pg_catalog.pg_options_to_table(f.srvoptions) o
				WHERE f.oid = p.stream AND o.option_name = 'workers'), 1) AS workers) wanted
		CROSS JOIN LATERAL (SELECT CASE
				WHEN p.phase IN ('PAUSED', 'INCOMPLETE') OR pg_catalog.pg_is_in_recovery() THEN NULL
				WHEN worker.running = 0 THEN
					CASE WHEN p.created_at < moment.now - interval '5 s' THEN 'its worker does not run' END
				WHEN worker.reported_at < moment.now - interval '10 s' THEN
					'its worker has been at one thing since ' || worker.reported_at
				WHEN worker.running < wanted.workers THEN
					'only ' || worker.running || ' of its ' || wanted.workers || ' workers run'
				WHEN p.reason IS NOT NULL
					AND GREATEST(p.created_at, s.last_batch_at) < moment.now - interval '10 s' THEN p.reason
				WHEN s.waiting_since < moment.now - interval '10 s' THEN
					'events wait, and none has been applied since ' || s.waiting_since
				WHEN EXISTS (SELECT FROM yottastore_internal.relay r
						WHERE r.stream = p.stream AND r.created_at < moment.now - interval '5 s'
						AND NOT EXISTS (SELECT FROM running w WHERE w.kind = 'relay' AND w.id1 = r.relay_id)) THEN
					'the relay of its stream does not run'
				WHEN complete.up_to < moment.now - interval '10 s'
					AND EXISTS (SELECT FROM yottastore_internal.relay r
						WHERE r.stream = p.stream AND r.reason IS NOT NULL) THEN
					'the relay of its stream has trouble'
				WHEN p.stream IS NOT NULL AND complete.up_to < moment.now - interval '10 s'
					AND NOT EXISTS (SELECT FROM yottastore_internal.fed_stream f WHERE f.stream = p.stream) THEN
					'no relay feeds its stream any more'
			END AS why) starved
	WHERE p.rebuilds IS NULL AND (pg_catalog.has_table_privilege(p.index_table, 'SELECT')
		OR pg_catalog.pg_has_role(p.owner, 'MEMBER'));
COMMENT ON VIEW yottastore.index_lag IS
	'how far each index is behind: events not yet applied (NULL where the store''s own stream is followed), seconds by the stream''s watermarks (NULL when it carries none, or the index is not complete), and how it gets on';

CREATE VIEW yottastore.index_stats WITH (security_barrier) AS
	SELECT p.name AS policy,
		COALESCE(pg_catalog.sum(s.batches), 0)::bigint AS batches,
		COALESCE(pg_catalog.sum(s.events_taken), 0)::bigint AS events,
		COALESCE(pg_catalog.sum(s.bytes_taken), 0)::bigint AS bytes,
		COALESCE(pg_catalog.sum(s.events_applied), 0)::bigint AS events_applied,
		COALESCE(pg_catalog.sum(s.events_stale), 0)::bigint AS events_stale,
		COALESCE(pg_catalog.sum(s.events_quarantined), 0)::bigint AS events_quarantined,
		COALESCE(pg_catalog.sum(s.events_passed_over), 0)::bigint AS events_passed_over,
		COALESCE(pg_catalog.sum(s.items_backfilled), 0)::bigint AS items_backfilled,
		COALESCE(pg_catalog.sum(s.rows_inserted), 0)::bigint AS rows_inserted,
		COALESCE(pg_catalog.sum(s.rows_updated), 0)::bigint AS rows_updated,
		COALESCE(pg_catalog.sum(s.rows_moved), 0)::bigint AS rows_moved,
		COALESCE(pg_catalog.sum(s.rows_deleted), 0)::bigint AS rows_deleted,
		pg_catalog.max(s.p50_ms) AS p50_ms,
		pg_catalog.max(s.p95_ms) AS p95_ms,
		pg_catalog.max(s.last_batch_at) AS last_batch_at
	FROM yottastore_internal.policy p
		LEFT JOIN yottastore_internal.stats s USING (policy_id)
	WHERE p.rebuilds IS NULL AND (pg_catalog.has_table_privilege(p.index_table, 'SELECT')
		OR pg_catalog.pg_has_role(p.owner, 'MEMBER'))
	GROUP BY p.policy_id, p.name;
COMMENT ON VIEW yottastore.index_stats IS
	'what has been done for each index since its policy was created, and how late recent events were visible';

CREATE VIEW yottastore.index_progress WITH (security_barrier) AS
	WITH moment AS MATERIALIZED (SELECT pg_catalog.clock_timestamp() AS now)
	SELECT w.policy,
		w.work,
		w.job_id,
		w.state,
		w.items_done,
		w.items_estimated,
		CASE WHEN w.state = 'DONE' THEN 100
			WHEN w.items_done <= w.items_estimated AND w.items_estimated > 0
			THEN pg_catalog.round(100.0 * w.items_done / w.items_estimated, 1) END AS percent,
		CASE WHEN w.state = 'RUNNING' THEN w.items_per_second END AS items_per_second,
		w.segments_done,
		w.segments,
		w.started_at,
		w.finished_at,
		CASE WHEN w.state = 'RUNNING' AND w.items_done <= w.items_estimated AND w.items_per_second > 0.001
			THEN moment.now
				+ pg_catalog.make_interval(secs => (w.items_estimated - w.items_done) / w.items_per_second)
		END AS estimated_end
	FROM moment, LATERAL (
		SELECT p.index_table, p.owner, p.name AS policy, 'backfill' AS work, NULL::bigint AS job_id,
			CASE WHEN p.backfill_finished_at IS NOT NULL THEN 'DONE'
				WHEN p.phase = 'STARTING' THEN 'QUEUED'
				WHEN p.phase = 'BACKFILL' THEN 'RUNNING'
				WHEN p.phase = 'PAUSED' THEN 'PAUSED'
				ELSE 'STOPPED' END AS state,
			COALESCE(b.items_read, 0) AS items_done,
			p.backfill_estimate AS items_estimated,
			(SELECT pg_catalog.sum(s.items_per_second
					* pg_catalog.exp(EXTRACT(epoch FROM s.last_page_at - moment.now)::double precision / 10))
				FROM yottastore_internal.stats s WHERE s.policy_id = p.policy_id) AS items_per_second,
			b.segments_done, b.segments,
			p.backfill_started_at AS started_at, p.backfill_finished_at AS finished_at
		FROM yottastore_internal.policy p
			CROSS JOIN LATERAL (SELECT pg_catalog.sum(g.items_read)::bigint AS items_read,
					pg_catalog.count(*) FILTER (WHERE g.done) AS segments_done, pg_catalog.count(*) AS segments
				FROM yottastore_internal.backfill g WHERE g.policy_id = p.policy_id) b
		WHERE p.rebuilds IS NULL
		UNION ALL
		SELECT j.index_table, j.owner, j.policy, j.kind, j.job_id, j.activity, j.rows_seen, j.rows_estimated,
			j.rows_seen / NULLIF(EXTRACT(epoch FROM moment.now - j.started_at), 0)::double precision,
			j.segments_done, j.segments, j.started_at, j.finished_at
		FROM yottastore_internal.job_progress j) w
	WHERE pg_catalog.has_table_privilege(w.index_table, 'SELECT')
		OR pg_catalog.pg_has_role(w.owner, 'MEMBER');
COMMENT ON VIEW yottastore.index_progress IS
	'how far backfill and jobs of each index are, and when they may end';

CREATE VIEW yottastore.index_partitions WITH (security_barrier) AS
	SELECT p.name AS policy,
		c.oid::regclass AS partition,
		(pg_catalog.regexp_match(pg_catalog.pg_get_expr(c.relpartbound, c.oid), $re$^FOR VALUES IN \((.*)\)$$re$))[1] AS bound,
		GREATEST(c.reltuples, 0)::bigint AS estimated_rows,
		pg_catalog.pg_total_relation_size(c.oid) AS bytes
	FROM yottastore_internal.policy p
		JOIN pg_catalog.pg_inherits i ON i.inhparent = p.index_table
		JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
	WHERE p.rebuilds IS NULL AND (pg_catalog.has_table_privilege(p.index_table, 'SELECT')
		OR pg_catalog.pg_has_role(p.owner, 'MEMBER'));
COMMENT ON VIEW yottastore.index_partitions IS 'the partitions of each index table, one per area';

CREATE VIEW yottastore.jobs WITH (security_barrier) AS
	SELECT j.job_id,
		j.policy,
		j.kind,
		j.state,
		j.reason,
		j.rows_seen,
		j.rows_moved,
		j.rows_refused,
		v.rows_missing,
		v.rows_extra,
		v.rows_stale,
		j.created_at,
		j.started_at,
		j.finished_at
	FROM yottastore_internal.job_progress j
		LEFT JOIN yottastore_internal.verify v USING (job_id)
	WHERE pg_catalog.has_table_privilege(j.index_table, 'SELECT')
		OR pg_catalog.pg_has_role(j.owner, 'MEMBER');
COMMENT ON VIEW yottastore.jobs IS
	'jobs on index tables, those that wait or run and the last ones that ended, and how far each is';

CREATE VIEW yottastore.index_differences WITH (security_barrier) AS
	SELECT p.name AS policy,
		d.job_id,
		d.item_key,
		d.kind,
		d.read_at,
		d.repaired
	FROM yottastore_internal.difference d
		JOIN yottastore_internal.job j USING (job_id)
		JOIN yottastore_internal.policy p USING (policy_id)
	WHERE d.confirmed AND pg_catalog.has_table_privilege(p.source, 'SELECT');
COMMENT ON VIEW yottastore.index_differences IS
	'where index_verify_start found that index and store differ, the first 1000 of each job; shown to who may read the source';

CREATE VIEW yottastore.index_quality WITH (security_barrier) AS
	SELECT p.name AS policy,
		c.field,
		c.type,
		pg_catalog.sum(q.counts[c.n]) FILTER (WHERE c.kind = 'seen')::bigint AS seen,
		COALESCE(pg_catalog.jsonb_object_agg(c.label, q.counts[c.n]) FILTER (WHERE c.kind = 'path'), '{}') AS by_path,
		COALESCE(pg_catalog.jsonb_object_agg(c.label, q.counts[c.n]) FILTER (WHERE c.kind = 'format'), '{}') AS by_format,
		pg_catalog.sum(q.counts[c.n]) FILTER (WHERE c.kind = 'nulls')::bigint AS nulls,
		pg_catalog.sum(q.counts[c.n]) FILTER (WHERE c.kind = 'defaults')::bigint AS defaults,
		pg_catalog.sum(q.counts[c.n]) FILTER (WHERE c.kind = 'coerced')::bigint AS coerced,
		pg_catalog.sum(q.counts[c.n]) FILTER (WHERE c.kind = 'rejected')::bigint AS rejected,
		(SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('value', s.value::jsonb,
				'reason', s.reason, 'seen_at', s.seen_at) ORDER BY s.seen_at DESC), '[]')
			FROM yottastore_internal.quality_sample s
			WHERE s.policy_id = p.policy_id AND s.field = c.field) AS samples
	FROM yottastore_internal.policy p
		JOIN yottastore_internal.quality q USING (policy_id)
		JOIN yottastore_internal.quality_counter c USING (policy_id)
	WHERE p.rebuilds IS NULL AND pg_catalog.has_table_privilege(p.source, 'SELECT')
	GROUP BY p.policy_id, p.name, c.field, c.type
	ORDER BY p.name, pg_catalog.min(c.n);
COMMENT ON VIEW yottastore.index_quality IS
	'what became of the values of each field, since the policy was created, and the last bad ones; shown to who may read the source';

CREATE VIEW yottastore.quarantine WITH (security_barrier) AS
	SELECT q.quarantine_id,
		p.name AS policy,
		q.partition,
		q."offset",
		q.shard_position,
		q.item_key,
		q.payload,
		q.reason,
		q.superseded,
		q.quarantined_at
	FROM yottastore_internal.quarantine q
		JOIN yottastore_internal.policy p USING (policy_id)
	WHERE p.rebuilds IS NULL AND pg_catalog.has_table_privilege(p.source, 'SELECT');
COMMENT ON VIEW yottastore.quarantine IS
	'events that could not be decoded or applied; superseded: the index has what the item became later; shown to who may read the source';

CREATE VIEW yottastore.relay_status WITH (security_barrier) AS
	WITH running AS MATERIALIZED (SELECT * FROM yottastore_internal.running_workers())
	SELECT r.name AS relay,
		r.source::regclass AS source,
		(SELECT s.srvname FROM pg_catalog.pg_foreign_server s WHERE s.oid = r.stream) AS stream,
		r.topic,
		r.topic_partitions,
		r.phase,
		CASE WHEN r.created_at < pg_catalog.clock_timestamp() - interval '5 s' AND NOT pg_catalog.pg_is_in_recovery()
			AND NOT EXISTS (SELECT FROM running w WHERE w.kind = 'relay' AND w.id1 = r.relay_id)
			THEN 'its worker does not run' ELSE r.reason END AS reason,
		h.open_shards,
		h.waiting_shards,
		h.finished_shards,
		h.checkpoint,
		r.records_produced,
		r.bytes_produced,
		r.last_record_at,
		r.caught_up_at,
		CASE WHEN COALESCE(r.read_to, r.caught_up_at) IS NOT NULL
			THEN extract(epoch FROM greatest(pg_catalog.clock_timestamp() - greatest(r.read_to, r.caught_up_at), '0'))::float8
			END AS seconds_behind,
		r.store_retries,
		r.store_throttles,
		greatest(r.sessions - 1, 0) AS restarts,
		r.losses,
		r.last_loss,
		r.last_loss_at
	FROM yottastore_internal.relay r
		CROSS JOIN LATERAL (
			SELECT pg_catalog.count(*) FILTER (WHERE NOT s.finished AND p.finished IS NOT FALSE) AS open_shards,
				pg_catalog.count(*) FILTER (WHERE NOT s.finished AND NOT p.finished) AS waiting_shards,
				pg_catalog.count(*) FILTER (WHERE s.finished) AS finished_shards,
				pg_catalog.jsonb_object_agg(s.shard_id, s.checkpoint)
					FILTER (WHERE NOT s.finished AND s.checkpoint IS NOT NULL) AS checkpoint
			FROM yottastore_internal.relay_shard s
				LEFT JOIN yottastore_internal.relay_shard p ON p.relay_id = s.relay_id AND p.shard_id = s.parent_id
			WHERE s.relay_id = r.relay_id) h
	WHERE pg_catalog.pg_has_role(r.owner, 'MEMBER');
COMMENT ON VIEW yottastore.relay_status IS 'relays: what they read, what they have produced, how far each is behind, and what it lost';

CREATE VIEW yottastore.node_status WITH (security_barrier) AS
	SELECT s.srvname AS server,
		m.node,
		m.state,
		m.requests,
		m.retries,
		m.throttles,
		m.failures,
		m.read_units,
		m.write_units,
		m.p50_ms,
		m.p95_ms,
		m.p99_ms,
		m.last_answer_at,
		m.last_failure_at,
		m.last_failure,
		m.since,
		m.shared
	FROM yottastore_internal.node_meters() m
		JOIN pg_catalog.pg_foreign_server s ON s.oid = m.server;
COMMENT ON VIEW yottastore.node_status IS
	'the nodes of stores: health, requests, latencies, consumed units; of all sessions when shared, else of this one';

GRANT SELECT ON yottastore.index_policies, yottastore.index_lag, yottastore.index_stats,
	yottastore.index_progress, yottastore.index_partitions,
	yottastore.index_quality, yottastore.index_differences, yottastore.jobs, yottastore.quarantine, yottastore.relay_status, yottastore.node_status TO PUBLIC;

/* ---------------------------------------------------------------- clean-up */

/* A policy ends with its source, stream, owner's table; a relay with its source or stream. */
CREATE FUNCTION yottastore_internal.forget_dropped() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* the relay before its policies: the order its worker locks them in */
	DELETE FROM yottastore_internal.relay r
		USING pg_event_trigger_dropped_objects() d
		WHERE (d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND d.objid = r.source)
			OR (d.classid = 'pg_foreign_server'::regclass AND d.objid = r.stream);
	DELETE FROM yottastore_internal.policy p
		USING pg_event_trigger_dropped_objects() d
		WHERE (d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND d.objid IN (p.source, p.index_table))
			OR (d.classid = 'pg_foreign_server'::regclass AND d.objid = p.stream);
EXCEPTION
	/* the extension itself is being dropped, and with it these tables */
	WHEN undefined_table THEN NULL;
END
$$;
COMMENT ON FUNCTION yottastore_internal.forget_dropped() IS
	'forgets policies and relays whose source, stream or index table was dropped';

CREATE EVENT TRIGGER yottastore_forget_dropped ON sql_drop
	EXECUTE FUNCTION yottastore_internal.forget_dropped();

/* the functions' own privileges are what the schema grants, no more */
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA yottastore_internal FROM PUBLIC;

/* whoever reads node_status calls this as themselves, and it looks at what they may see */
GRANT EXECUTE ON FUNCTION yottastore_internal.node_meters(),
	yottastore_internal.running_workers() TO PUBLIC;
