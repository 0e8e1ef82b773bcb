-- Rebuilds of index tables: who may ask for one, of which policies, and what it can't take along. No
-- worker gets as far as reading anything: nothing listens on port 1.
\set SHOW_CONTEXT never

CREATE SERVER rebuild_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE SERVER rebuild_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 't');
CREATE FOREIGN TABLE remade (id text OPTIONS (key 'partition') NOT NULL, at numeric OPTIONS (key 'sort') NOT NULL)
	SERVER rebuild_store;
SELECT yottastore.create_index_policy('built', 'remade', 'rebuild_stream',
	ARRAY[yottastore.field('kind', 'text')], yottastore.area_from_location(paths => ARRAY['where'])) > 0 AS created;

SELECT yottastore.index_rebuild_start('nowhere');
SELECT yottastore.index_rebuild_start(NULL);

-- there must be rows worth keeping, or none that change
SELECT yottastore.index_rebuild_start('built');
SELECT yottastore.pause_index_policy('built');
CREATE TABLE built_a PARTITION OF built FOR VALUES IN ('a');
INSERT INTO built (area, id, at, kind, indexed_at, event_version) VALUES ('a', 'x', 1, 'k', now(), '\x00');

-- what would be lost
ALTER TABLE built ADD COLUMN note text;
SELECT yottastore.index_rebuild_start('built');
ALTER TABLE built DROP COLUMN note;
ALTER TABLE built ADD COLUMN loud text GENERATED ALWAYS AS (upper(kind)) STORED;
ALTER TABLE built RENAME COLUMN id TO name;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER keep BEFORE INSERT ON built FOR EACH ROW EXECUTE FUNCTION keep();
SELECT yottastore.index_rebuild_start('built');
DROP TRIGGER keep ON built;
CREATE TRIGGER keep AFTER INSERT ON built_a FOR EACH ROW EXECUTE FUNCTION keep();
SELECT yottastore.index_rebuild_start('built');
DROP TRIGGER keep ON built_a;
CREATE TRIGGER keep AFTER INSERT ON built FOR EACH ROW EXECUTE FUNCTION keep();
CREATE TABLE kinds (kind text PRIMARY KEY);
INSERT INTO kinds VALUES ('k');
ALTER TABLE built ADD CONSTRAINT known FOREIGN KEY (kind) REFERENCES kinds;
SELECT yottastore.index_rebuild_start('built');
ALTER TABLE built DROP CONSTRAINT known;
CREATE VIEW one AS SELECT * FROM built_a;
SELECT yottastore.index_rebuild_start('built');
DROP VIEW one;
ALTER TABLE built_a ENABLE ROW LEVEL SECURITY;
SELECT yottastore.index_rebuild_start('built');
ALTER TABLE built_a DISABLE ROW LEVEL SECURITY;
CREATE TABLE built_more PARTITION OF built FOR VALUES IN ('b', 'c');
SELECT yottastore.index_rebuild_start('built');
DROP TABLE built_more;
CREATE TABLE built_rest PARTITION OF built DEFAULT;
SELECT yottastore.index_rebuild_start('built');
DROP TABLE built_rest;
ALTER TABLE built_a ADD CONSTRAINT not_b CHECK (kind <> 'b');

-- one at a time, with a table like the other's
CREATE INDEX kinds_idx ON built (kind) WHERE kind <> '';
CREATE STATISTICS built_stats (dependencies) ON area, kind FROM built;
SELECT yottastore.index_rebuild_start('built') AS job \gset
SELECT yottastore.index_rebuild_start('built');
SELECT kind, state, reason, rows_seen, rows_moved, started_at FROM yottastore.jobs;
SELECT work, state, items_done, items_estimated FROM yottastore.index_progress ORDER BY work;
SELECT policy, phase FROM yottastore.index_policies;
SELECT count(*) FROM yottastore.index_lag;
SELECT count(*) FROM yottastore.index_stats;
SELECT partition FROM yottastore.index_partitions;
SELECT column_name, data_type, is_generated FROM information_schema.columns
	WHERE table_name = 'built_rebuild' ORDER BY ordinal_position;
SELECT regexp_replace(pg_get_indexdef(indexrelid), '.* USING ', '') FROM pg_index
	WHERE indrelid = 'built_rebuild'::regclass ORDER BY 1;
SELECT count(*) FROM pg_statistic_ext WHERE stxrelid = 'built_rebuild'::regclass;
SELECT obj_description('built_rebuild'::regclass, 'pg_class');
SELECT count(*) FROM built;

-- rights
CREATE ROLE regress_yottastore_rebuild;
GRANT SELECT ON built TO regress_yottastore_rebuild;
SET ROLE regress_yottastore_rebuild;
SELECT yottastore.index_rebuild_start('built');
SELECT yottastore.job_status(:job);
SELECT yottastore.job_stop(:job);
SELECT count(*) FROM built_rebuild;
RESET ROLE;

-- it rests with its policy, and ends by itself or with it
SELECT yottastore.job_wait(:job);
SELECT yottastore.resume_index_policy('built');
SELECT work, state FROM yottastore.index_progress ORDER BY work;
SELECT yottastore.job_wait(:job, '10 ms');
SELECT yottastore.pause_index_policy('built');
SELECT work, state FROM yottastore.index_progress ORDER BY work;
BEGIN;
SELECT yottastore.job_stop(:job);
ROLLBACK;
SELECT yottastore.job_stop(:job);
SELECT yottastore.job_stop(:job);
SELECT state, reason, finished_at >= created_at AS finished FROM yottastore.jobs;
SELECT to_regclass('built_rebuild'), count(*) FROM yottastore_internal.policy;
SELECT yottastore.index_rebuild_start('built') > :job AS another;
SELECT yottastore.index_resync_start('built') > :job AS instead;
SELECT kind, state, reason FROM yottastore.jobs ORDER BY job_id;
SELECT yottastore.pause_index_policy('built');
SELECT yottastore.index_rebuild_start('built') > :job AS another;
SELECT yottastore.drop_index_policy('built');
SELECT to_regclass('built_rebuild'), count(*) FROM yottastore_internal.policy;
SELECT count(*) FROM pg_class WHERE relname LIKE 'locator\_%' AND relkind = 'r';

DROP SERVER rebuild_store, rebuild_stream CASCADE;
DROP TABLE kinds;
DROP FUNCTION keep;
DROP ROLE regress_yottastore_rebuild;
DO $$ BEGIN PERFORM yottastore.stop_workers(); END $$;
