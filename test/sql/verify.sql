-- Verifications: who may ask for one and see what it found. The policy's worker never gets as far as doing
-- one: nothing listens on port 1.
\set SHOW_CONTEXT never

CREATE SERVER verify_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE SERVER verify_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 't');
CREATE FOREIGN TABLE checked (id text OPTIONS (key 'partition') NOT NULL) SERVER verify_store;
SELECT yottastore.create_index_policy('checked_index', 'checked', 'verify_stream',
	ARRAY[yottastore.field('kind', 'text')]) > 0 AS created;

SELECT yottastore.index_verify_start('nowhere');
SELECT yottastore.index_verify_start(NULL);
SELECT yottastore.index_verify_start('checked_index', NULL);
SELECT yottastore.index_verify_start('checked_index') AS first \gset
SELECT yottastore.index_verify_start('checked_index', repair => true) > :first AS another;
SELECT kind, state, reason, rows_seen, rows_moved, rows_missing, rows_extra, rows_stale FROM yottastore.jobs ORDER BY job_id;
SELECT repair FROM yottastore_internal.verify ORDER BY job_id;
SELECT work, state, items_done FROM yottastore.index_progress WHERE work = 'verify';
SELECT yottastore.job_wait(:first, '10 ms');

-- it rests with its policy; another job does not wait for it
SELECT yottastore.index_relocate_start('checked_index') > :first AS beside;
SELECT yottastore.pause_index_policy('checked_index');
SELECT yottastore.job_wait(:first);
SELECT work, state FROM yottastore.index_progress WHERE work = 'verify';
SELECT yottastore.job_stop(:first);
SELECT yottastore.job_stop(:first);
SELECT state, reason FROM yottastore.jobs WHERE job_id = :first;

-- rights: differences are of who may read the source
INSERT INTO yottastore_internal.difference (job_id, item_key, kind, read_at, item, version, tries, confirmed)
	VALUES (:first, '{"id":{"S":"a"}}', 'stale', now(), 1, '\x00', 1, true), (:first, '{"id":{"S":"b"}}', 'extra', now(), 0, '\x00', 0, false);
SELECT policy, job_id = :first AS first, item_key, kind, repaired FROM yottastore.index_differences;
CREATE ROLE regress_yottastore_verify;
GRANT SELECT ON checked_index TO regress_yottastore_verify;
SET ROLE regress_yottastore_verify;
SELECT yottastore.index_verify_start('checked_index');
SELECT count(*) FROM yottastore.jobs WHERE kind = 'verify';
SELECT count(*) FROM yottastore.index_differences;
RESET ROLE;
GRANT SELECT ON checked TO regress_yottastore_verify;
SET ROLE regress_yottastore_verify;
SELECT item_key FROM yottastore.index_differences;
RESET ROLE;

SELECT yottastore.drop_index_policy('checked_index');
SELECT (SELECT count(*) FROM yottastore_internal.verify), (SELECT count(*) FROM yottastore_internal.difference);
DROP SERVER verify_store, verify_stream CASCADE;
DROP ROLE regress_yottastore_verify;
DO $$ BEGIN PERFORM yottastore.stop_workers(); END $$;
