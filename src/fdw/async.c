/*-------------------------------------------------------------------------
 * async.c
 *	  Several foreign scans at once, under an Append.
 *
 * Each scan asks the store without waiting, and the Append waits for all of
 * them.  It knows one descriptor of a scan: one that is readable when the store's sockets are, when a
 * request is to be tried again or given up, and at least once a second, since
 * not all servers notice by themselves that a waiting Append is cancelled.
 *
 * Scans of one server have its sockets in common, so that whatever is done for one may end
 * another's request: that one's descriptor is then set to be readable at once.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "executor/executor.h"
#include "storage/latch.h"

#include "base/watch.h"
#include "compat.h"
#include "errors.h"
#include "fdw/fdw.h"
#include "fdw/plan.h"
#include "fdw/scan.h"

#define WAIT_AT_MOST_MS		1000

bool
ys_is_async_capable(ForeignPath *path)
{
	const YsRelation *relation = path->path.parent->fdw_private;

	/* what has a plan below it waits for that */
	return relation->source->async_capable && path->fdw_outerpath == NULL;
}

/* The next row, or the end, as far as it is there. */
static void
produce(AsyncRequest *areq)
{
	const YsScan *scan = ((ForeignScanState *) areq->requestee)->fdw_state;
	TupleTableSlot *slot = areq->requestee->ExecProcNodeReal(areq->requestee);

	if (TupIsNull(slot) && ys_fetch_is_pending(scan->fetch))
		ExecAsyncRequestPending(areq);
	else
		ExecAsyncRequestDone(areq, slot);
}

void
ys_async_request(AsyncRequest *areq)
{
	produce(areq);
}

static YsWatch *
watch_of(YsScan *scan, EState *estate)
{
	if (scan->watch == NULL)
		scan->watch = ys_watch_create(estate->es_query_cxt);
	return scan->watch;
}

void
ys_async_configure_wait(AsyncRequest *areq)
{
	YsScan	   *scan = ((ForeignScanState *) areq->requestee)->fdw_state;
	YsWatch    *watch = watch_of(scan, areq->requestee->state);
	bool		ready = ys_fetch_is_ready(scan->fetch);
	long		timeout;
	int			fd;
	YsError		err;

	ys_store_signals(scan->store, &fd, &timeout);
	if (timeout < 0 || timeout > WAIT_AT_MOST_MS)
		timeout = WAIT_AT_MOST_MS;
	if (watch == NULL || !ys_watch_set(watch, fd, ready ? 0 : timeout))
	{
		ys_error_set(&err, YS_ERR_UNREACHABLE, "could not open a descriptor for the store's sockets");
		ys_error_hint(&err, "Raise \"max_files_per_process\" or the system's limit of open files.");
		ys_error_throw(&err);
	}
	AddWaitEventToSet(((AppendState *) areq->requestor)->as_eventset, WL_SOCKET_READABLE,
					  ys_watch_fd(watch), NULL, areq);
}

void
ys_async_notify(AsyncRequest *areq)
{
	const YsScan *scan = ((ForeignScanState *) areq->requestee)->fdw_state;

	ys_store_waited(scan->store);
	produce(areq);
}
