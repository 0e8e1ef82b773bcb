/*-------------------------------------------------------------------------
 * worker.c
 *	  Starting and stopping a database's workers by hand, and listing them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "worker/lock.h"
#include "worker/wake.h"

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
	if (!running)
		ys_workers_wake_at_commit();
	PG_RETURN_BOOL(!running);
}

/* yottastore.stop_workers() */
Datum
ys_stop_workers(PG_FUNCTION_ARGS)
{
	/* of those that no policy wants any more, too: their last request may take long */
	PG_RETURN_INT32(ys_worker_terminate_all());
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
