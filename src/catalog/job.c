/*-------------------------------------------------------------------------
 * job.c
 *	  The catalog of jobs: long work on a policy's rows, asked for here and
 *	  done by the policy's stream worker.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "catalog/job.h"
#include "catalog/spi.h"

/* How many of a policy's jobs that have ended are remembered. */
#define JOBS_KEPT	"20"

#define ACTIVE		"state IN ('QUEUED', 'RUNNING')"

static const char *const kind_names[] = {
	[YS_JOB_RELOCATE] = "relocate",
	[YS_JOB_RESYNC] = "resync",
	[YS_JOB_REBUILD] = "rebuild",
	[YS_JOB_VERIFY] = "verify",
};

static const char *const state_names[] = {
	[YS_JOB_QUEUED] = "QUEUED",
	[YS_JOB_RUNNING] = "RUNNING",
	[YS_JOB_DONE] = "DONE",
	[YS_JOB_STOPPED] = "STOPPED",
	[YS_JOB_FAILED] = "FAILED",
};

const char *
ys_job_state_name(YsJobState state)
{
	return state_names[state];
}

static YsJobState
parse_state(const char *name)
{
	for (int i = 0; i < lengthof(state_names); i++)
	{
		if (strcmp(state_names[i], name) == 0)
			return (YsJobState) i;
	}
	elog(ERROR, "unknown state of a job \"%s\"", name);
}

static YsJobKind
parse_kind(const char *name)
{
	for (int i = 0; i < lengthof(kind_names); i++)
	{
		if (strcmp(kind_names[i], name) == 0)
			return (YsJobKind) i;
	}
	elog(ERROR, "unknown kind of a job \"%s\"", name);
}

static int64
result_int64(uint64 row, int column)
{
	bool		isnull;

	return DatumGetInt64(ys_spi_value(row, column, &isnull));
}

void
ys_job_forget_old(int policy_id)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.job WHERE policy_id = $1 AND NOT " ACTIVE
				   " AND job_id <= (SELECT job_id FROM yottastore_internal.job "
				   "WHERE policy_id = $1 AND NOT " ACTIVE
				   " ORDER BY job_id DESC OFFSET " JOBS_KEPT " LIMIT 1)",
				   SPI_OK_DELETE, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	ys_spi_end(&scope);
}

int64
ys_job_queue(int policy_id, YsJobKind kind)
{
	YsSpiScope	scope;
	Oid			types[] = {INT4OID, TEXTOID};
	Datum		values[] = {Int32GetDatum(policy_id), CStringGetTextDatum(kind_names[kind])};
	int64		job_id = 0;

	ys_spi_begin(&scope);

	/*
	 * One that waits will do, unless the worker, or another session that asks
	 * for it, has it locked: then it may have begun before what this caller
	 * has changed can be seen.  While we have it locked, it doesn't begin.
	 */
	ys_spi_execute("SELECT job_id FROM yottastore_internal.job "
				   "WHERE policy_id = $1 AND kind = $2 AND state = 'QUEUED' "
				   "ORDER BY job_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
				   SPI_OK_SELECT, 2, types, values, NULL);
	if (SPI_processed == 0)
	{
		ys_spi_execute("WITH p AS (SELECT policy_id FROM yottastore_internal.policy "
					   "WHERE policy_id = $1 FOR KEY SHARE) "
					   "INSERT INTO yottastore_internal.job (policy_id, kind) "
					   "SELECT policy_id, $2 FROM p RETURNING job_id",
					   SPI_OK_INSERT_RETURNING, 2, types, values, NULL);
	}
	if (SPI_processed > 0)
		job_id = result_int64(0, 1);
	ys_spi_end(&scope);
	ys_job_forget_old(policy_id);
	return job_id;
}

YsJob *
ys_job_find(int64 job_id)
{
	YsSpiScope	scope;
	YsJob	   *job = NULL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT j.state, j.xmin, j.xmax, p.name, p.owner, p.index_table, "
				   "CASE WHEN p.phase = 'LIVE' THEN COALESCE(r.phase, p.phase) ELSE p.phase END, "
				   "j.policy_id, j.kind "
				   "FROM yottastore_internal.job j JOIN yottastore_internal.policy p USING (policy_id) "
				   "LEFT JOIN yottastore_internal.policy r ON r.rebuilds = p.policy_id AND j.kind = 'rebuild' "
				   "WHERE j.job_id = $1 AND p.rebuilds IS NULL",
				   SPI_OK_SELECT, 1, (Oid[]) {INT8OID}, (Datum[]) {Int64GetDatum(job_id)}, NULL);
	if (SPI_processed > 0)
	{
		bool		isnull;

		job = MemoryContextAllocZero(scope.caller, sizeof(YsJob));
		job->job_id = job_id;
		job->state = parse_state(ys_spi_text(0, 1, CurrentMemoryContext));
		for (int column = 2; column <= 3; column++)
			job->held = job->held || TransactionIdIsCurrentTransactionId(
				DatumGetTransactionId(ys_spi_value(0, column, &isnull)));
		job->policy_name = ys_spi_text(0, 4, scope.caller);
		job->owner = DatumGetObjectId(ys_spi_value(0, 5, &isnull));
		job->index_table = DatumGetObjectId(ys_spi_value(0, 6, &isnull));
		job->phase = ys_phase_by_name(ys_spi_text(0, 7, CurrentMemoryContext));
		job->policy_id = DatumGetInt32(ys_spi_value(0, 8, &isnull));
		job->kind = parse_kind(ys_spi_text(0, 9, CurrentMemoryContext));
	}
	ys_spi_end(&scope);
	return job;
}

/* The policy that a job resyncs, 0: it does something else.  Its row is locked then: it comes first. */
static int
lock_resynced(int64 job_id)
{
	YsSpiScope	scope;
	int			policy_id = 0;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT p.policy_id FROM yottastore_internal.job j "
				   "JOIN yottastore_internal.policy p USING (policy_id) "
				   "WHERE j.job_id = $1 AND j.kind = 'resync' FOR NO KEY UPDATE OF p",
				   SPI_OK_SELECT, 1, (Oid[]) {INT8OID}, (Datum[]) {Int64GetDatum(job_id)}, NULL);
	if (SPI_processed > 0)
	{
		bool		isnull;

		policy_id = DatumGetInt32(ys_spi_value(0, 1, &isnull));
	}
	ys_spi_end(&scope);
	return policy_id;
}

bool
ys_job_set_stopped(int64 job_id)
{
	YsSpiScope	scope;
	int			policy_id = lock_resynced(job_id);
	bool		stopped;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.job SET state = 'STOPPED', "
				   "reason = 'stopped by request', finished_at = clock_timestamp() "
				   "WHERE job_id = $1 AND " ACTIVE,
				   SPI_OK_UPDATE, 1, (Oid[]) {INT8OID}, (Datum[]) {Int64GetDatum(job_id)}, NULL);
	stopped = SPI_processed > 0;
	ys_spi_end(&scope);
	if (stopped && policy_id != 0)
		ys_policy_set_phase(policy_id, YS_PHASE_INCOMPLETE,
							"its resync was stopped: call yottastore.index_resync_start");
	return stopped;
}

/* ---- for the worker ---- */

List *
ys_job_turns(const YsPolicyStream *stream)
{
	YsSpiScope	scope;
	List	   *turns = NIL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT DISTINCT ON (policy_id, kind) policy_id, job_id, kind "
				   "FROM yottastore_internal.job JOIN yottastore_internal.policy USING (policy_id) "
				   "WHERE " YS_POLICY_OF_STREAM " AND kind NOT IN ('resync', 'rebuild') AND " ACTIVE
				   " ORDER BY policy_id, kind, state = 'QUEUED', job_id",
				   SPI_OK_SELECT, 3, (Oid[]) {OIDOID, OIDOID, OIDOID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(stream->stream), ObjectIdGetDatum(stream->source),
					   ObjectIdGetDatum(stream->owner)
				   }, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		YsJobTurn  *turn = palloc(sizeof(YsJobTurn));
		bool		isnull;

		turn->policy_id = DatumGetInt32(ys_spi_value(i, 1, &isnull));
		turn->job_id = result_int64(i, 2);
		turn->kind = parse_kind(ys_spi_text(i, 3, CurrentMemoryContext));
		turns = lappend(turns, turn);
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return turns;
}

bool
ys_job_take(int64 job_id, ArrayType **next_key)
{
	YsSpiScope	scope;
	bool		taken;

	*next_key = NULL;
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT next_key FROM yottastore_internal.job "
				   "WHERE job_id = $1 AND " ACTIVE " FOR NO KEY UPDATE SKIP LOCKED",
				   SPI_OK_SELECT, 1, (Oid[]) {INT8OID}, (Datum[]) {Int64GetDatum(job_id)}, NULL);
	taken = SPI_processed > 0;
	if (taken)
	{
		bool		isnull;
		Datum		key = ys_spi_value(0, 1, &isnull);
		MemoryContext old = MemoryContextSwitchTo(scope.caller);

		if (!isnull)
			*next_key = DatumGetArrayTypePCopy(key);
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return taken;
}

void
ys_job_advance(int64 job_id, ArrayType *next_key, int64 seen, int64 moved, int64 refused, const char *reason)
{
	YsSpiScope	scope;
	char		nulls[] = "      ";

	nulls[1] = next_key != NULL ? ' ' : 'n';
	nulls[5] = reason != NULL ? ' ' : 'n';
	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.job SET "
				   "state = CASE WHEN $2 IS NULL THEN 'DONE' ELSE 'RUNNING' END, "
				   "finished_at = CASE WHEN $2 IS NULL THEN clock_timestamp() END, "
				   "started_at = COALESCE(started_at, clock_timestamp()), next_key = $2, "
				   "rows_seen = rows_seen + $3, rows_moved = rows_moved + $4, "
				   "rows_refused = rows_refused + $5, reason = COALESCE(reason, $6) WHERE job_id = $1",
				   SPI_OK_UPDATE, 6, (Oid[]) {INT8OID, TEXTARRAYOID, INT8OID, INT8OID, INT8OID, TEXTOID},
				   (Datum[])
				   {
					   Int64GetDatum(job_id), PointerGetDatum(next_key),
					   Int64GetDatum(seen), Int64GetDatum(moved), Int64GetDatum(refused),
					   reason != NULL ? CStringGetTextDatum(reason) : (Datum) 0
				   }, nulls);
	/* one that was queued later has been for areas that this one did not go by all the time */
	if (next_key == NULL)
		ys_spi_execute("UPDATE yottastore_internal.policy p SET areas_reached = j.rows_refused = 0 "
					   "FROM yottastore_internal.job j WHERE j.job_id = $1 AND p.policy_id = j.policy_id "
					   "AND NOT EXISTS (SELECT FROM yottastore_internal.job l WHERE l.policy_id = j.policy_id "
					   "AND l.kind = 'relocate' AND l.job_id > j.job_id)",
					   SPI_OK_UPDATE, 1, (Oid[]) {INT8OID}, (Datum[]) {Int64GetDatum(job_id)}, NULL);
	ys_spi_end(&scope);
}

void
ys_job_fail(int64 job_id, const char *reason)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.job SET state = 'FAILED', reason = $2, "
				   "started_at = COALESCE(started_at, clock_timestamp()), "
				   "finished_at = clock_timestamp() WHERE job_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT8OID, TEXTOID},
				   (Datum[]) {Int64GetDatum(job_id), CStringGetTextDatum(reason)}, NULL);
	ys_spi_end(&scope);
}
