/*-------------------------------------------------------------------------
 * worker.c
 *	  Starting and stopping a database's workers by hand.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "catalog/policy.h"
#include "catalog/relay.h"
#include "worker/lock.h"
#include "worker/wake.h"

PG_FUNCTION_INFO_V1(ys_start_workers);
PG_FUNCTION_INFO_V1(ys_stop_workers);

/* yottastore.start_workers() */
Datum
ys_start_workers(PG_FUNCTION_ARGS)
{
	bool		running = ys_worker_pid(YS_WORKER_SUPERVISOR, 0, 0) != 0;

	if (!running)
		ys_workers_wake_at_commit();
	PG_RETURN_BOOL(!running);
}

/* yottastore.stop_workers() */
Datum
ys_stop_workers(PG_FUNCTION_ARGS)
{
	int			stopped = 0;
	ListCell   *lc;

	foreach(lc, ys_policy_streams())
	{
		YsPolicyStream *stream = lfirst(lc);

		stopped += ys_worker_terminate(YS_WORKER_STREAM, stream->stream, stream->owner);
	}
	foreach(lc, ys_relay_ids())
		stopped += ys_worker_terminate(YS_WORKER_RELAY, (uint32) lfirst_int(lc), 0);

	/* it ends within its round, and takes along what it has started meanwhile */
	stopped += ys_worker_terminate(YS_WORKER_SUPERVISOR, 0, 0);
	PG_RETURN_INT32(stopped);
}
