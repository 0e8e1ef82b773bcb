-- Jobs: who may start, see, stop and await them, and how long they are remembered. The policy's
-- worker never gets as far as doing one: nothing listens on port 1.
\set SHOW_CONTEXT never

CREATE SERVER jobs_store FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE SERVER jobs_stream FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:1', topic 't');
CREATE FOREIGN TABLE worked_on (id text OPTIONS (key 'partition') NOT NULL) SERVER jobs_store;
SELECT yottastore.create_index_policy('work', 'worked_on', 'jobs_stream',
	ARRAY[yottastore.field('kind', 'text')], yottastore.area_from_location(paths => ARRAY['where'])) > 0 AS created;

-- one that waits serves all who ask
SELECT yottastore.index_relocate_start('work') AS first \gset
SELECT yottastore.index_relocate_start('work') = :first AS same;
SELECT yottastore.job_status(:first);
SELECT job_id = :first AS first, policy, kind, state, reason, rows_seen, rows_moved,
	created_at <= now() AS created, started_at, finished_at FROM yottastore.jobs;
SELECT yottastore.job_wait(:first, '10 ms');

-- what can't be waited for
BEGIN;
SELECT yottastore.job_wait(yottastore.index_relocate_start('work'));
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT yottastore.job_wait(:first);
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT yottastore.job_wait(:first);
ROLLBACK;
SELECT yottastore.job_wait(:first, '-1 s');
SELECT yottastore.index_wait('work', timeout => '-1 s');
SELECT yottastore.pause_index_policy('work');
SELECT yottastore.job_wait(:first);
SELECT yottastore.resume_index_policy('work');

-- stopped once, and for good
SELECT yottastore.job_stop(:first);
SELECT yottastore.job_stop(:first);
SELECT yottastore.job_wait(:first);
SELECT state, reason, started_at, finished_at >= created_at AS finished FROM yottastore.jobs WHERE job_id = :first;
SELECT yottastore.index_relocate_start('work') > :first AS another;

-- no such thing
SELECT yottastore.index_resync_start('nowhere');
SELECT yottastore.index_resync_start(NULL);
SELECT yottastore.quarantine_retry('nowhere');
SELECT yottastore.quarantine_retry(NULL);
SELECT yottastore.quarantine_discard('work', NULL);
SELECT yottastore.quarantine_discard(NULL);
SELECT yottastore.index_relocate_start('nowhere');
SELECT yottastore.index_relocate_start(NULL);
SELECT yottastore.job_status(0);
SELECT yottastore.job_status(NULL);
SELECT yottastore.job_stop(0);
SELECT yottastore.job_stop(NULL);
SELECT yottastore.job_wait(0);
SELECT yottastore.job_wait(NULL);
SELECT yottastore.job_wait(0, NULL);

-- rights: whoever reads the index table sees its jobs, its owner starts and stops them
SELECT max(job_id) AS last FROM yottastore.jobs \gset
CREATE ROLE regress_yottastore_jobs;
SET ROLE regress_yottastore_jobs;
SELECT count(*) FROM yottastore.jobs;
SELECT yottastore.index_relocate_start('work');
SELECT yottastore.job_status(:last);
SELECT yottastore.job_stop(:last);
RESET ROLE;
GRANT SELECT ON work TO regress_yottastore_jobs;
SET ROLE regress_yottastore_jobs;
SELECT count(*) FROM yottastore.jobs;
SELECT yottastore.job_status(:last);
SELECT yottastore.job_wait(:last, '10 ms');
SELECT yottastore.job_stop(:last);
SELECT count(*) FROM yottastore_internal.job;
RESET ROLE;

-- the last 20 that have ended are remembered, and what waits
SELECT bool_and(yottastore.job_stop(yottastore.index_relocate_start('work'))) FROM generate_series(1, 40);
SELECT yottastore.index_relocate_start('work') > 0 AS started;
SELECT state, count(*) FROM yottastore.jobs GROUP BY state ORDER BY state;
SELECT yottastore.job_status(:first);

-- a resync begins at once, replaces the one before, and leaves the policy incomplete when it is stopped
SELECT yottastore.index_resync_start('work') AS resync \gset
SELECT phase FROM yottastore.index_policies;
SELECT yottastore.index_resync_start('work') > :resync AS another;
SELECT kind, state, reason FROM yottastore.jobs WHERE job_id >= :resync ORDER BY job_id;
SELECT yottastore.job_stop(max(job_id)) FROM yottastore.jobs;
SELECT phase, reason FROM yottastore.index_policies;
SELECT yottastore.resume_index_policy('work');
SELECT yottastore.index_resync_start('work') > :resync AS again;
SELECT phase FROM yottastore.index_policies;
SELECT yottastore.pause_index_policy('work');
SELECT yottastore.resume_index_policy('work');
SELECT phase FROM yottastore.index_policies;
SELECT yottastore.job_stop(max(job_id)) FROM yottastore.jobs;

-- they go with their policy
SELECT yottastore.drop_index_policy('work');
SELECT count(*) FROM yottastore_internal.job;
DROP SERVER jobs_store, jobs_stream CASCADE;
DROP ROLE regress_yottastore_jobs;
DO $$ BEGIN PERFORM yottastore.stop_workers(); END $$;
