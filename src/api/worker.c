/*-------------------------------------------------------------------------
 * worker.c
 *	  Starting and stopping a database's workers by hand, and listing them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/wait.h"
#include "catalog/stopped.h"
#include "compat.h"
#include "worker/lock.h"
#include "worker/wake.h"

/* So long, at most, the end of workers is waited for; they need two seconds at most. */
#define END_MS			10000
#define LOOK_MS			20

PG_FUNCTION_INFO_V1(ys_start_workers);
PG_FUNCTION_INFO_V1(ys_stop_workers);
PG_FUNCTION_INFO_V1(ys_running_workers);

/* yottastore.start_workers() */
Datum
ys_start_workers(PG_FUNCTION_ARGS)
{
	const YsWorkerId supervisor = {.kind = YS_WORKER_SUPERVISOR};
	bool		running = ys_worker_pid(&supervisor) != 0;

	/* it would wait in its slot until then, and so would each further one */
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("workers can't be started during recovery"),
				 errdetail("A standby's workers begin when it is promoted, by themselves if "
						   "shared_preload_libraries has yottastore.")));
	/* what stopped them would end them again */
	PreventCommandIfReadOnly("yottastore.start_workers()");
	if (running)
		ys_stopped_forget();
	else
		ys_workers_wake_at_commit();
	PG_RETURN_BOOL(!running);
}

static int
count_workers(void)
{
	YsRunningWorker *workers;
	int			count = ys_worker_list(&workers);

	pfree(workers);
	return count;
}

/*
 * yottastore.stop_workers()
 *
 * Those that no policy wants any more, too: their last request may take long.  Who starts them next must not find one that
 * is about to end.
 */
Datum
ys_stop_workers(PG_FUNCTION_ARGS)
{
	int			stopped;
	int64		until = ys_clock_ms() + END_MS;
	int			left;

	ys_stopped_note();
	stopped = ys_worker_terminate_all();
	while ((left = count_workers()) > 0 && ys_clock_ms() < until)
	{
		CHECK_FOR_INTERRUPTS();
		(void) ys_wait_for(YS_WAIT_SUPERVISOR, -1, LOOK_MS);
	}
	if (left > 0)
		ereport(WARNING,
				(errmsg("%d workers have not ended yet", left),
				 errdetail("They were told to %d seconds ago.", END_MS / 1000),
				 errhint("pg_stat_activity shows what they do. Call yottastore.start_workers only when they are gone.")));
	PG_RETURN_INT32(stopped);
}

/*
 * When a process last said what it does.  Workers say so with each transaction, at least
 * once a second, whether there is anything to do or not.  0: nobody knows.
 */
static TimestampTz
reported_at(int pid)
{
	int			count = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= count; i++)
	{
		const PgBackendStatus *status = &ys_local_beentry_compat(i)->backendStatus;

		if (status->st_procpid == pid)
			return status->st_state_start_timestamp;
	}
	return 0;
}

/*
 * yottastore_internal.running_workers()
 *
 * Anybody may call it, through the views: it tells of no work what it is.
 */
Datum
ys_running_workers(PG_FUNCTION_ARGS)
{
	static const char *const kinds[] = {
		[YS_WORKER_SUPERVISOR] = "supervisor",
		[YS_WORKER_STREAM] = "stream",
		[YS_WORKER_RELAY] = "relay",
		[YS_WORKER_STORE_STREAM] = "store stream",
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	YsRunningWorker *workers;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	count = ys_worker_list(&workers);

	/* not as of this transaction's first look */
	pgstat_clear_backend_activity_snapshot();
	for (int i = 0; i < count; i++)
	{
		TimestampTz reported = reported_at(workers[i].pid);
		Datum		values[] = {
			CStringGetTextDatum(kinds[workers[i].kind]), Int64GetDatum(workers[i].id1),
			Int64GetDatum(workers[i].id2), Int32GetDatum(workers[i].pid), TimestampTzGetDatum(reported)
		};
		bool		nulls[] = {false, false, false, false, reported == 0};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
