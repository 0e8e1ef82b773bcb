/*-------------------------------------------------------------------------
 * stream_worker.c
 *	  Follows one stream for the policies of one owner.
 *
 * The loop: interrupts and configuration, which policies there are, new ones
 * get their start, a batch from Kafka is decoded once and applied to each
 * policy, then one page of each backfill, then a bit of each job, then, if
 * there was nothing to do, a wait.  No transaction is open while anything outside is waited for.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/wait.h"
#include "errors.h"
#include "worker/activity.h"
#include "worker/backfill.h"
#include "worker/jobs.h"
#include "worker/stream_worker.h"
#include "worker/stream_worker_parts.h"
#include "worker/transaction.h"

#define HOUSEKEEPING_MS		1000
#define RETRY_MS			1000L
#define QUIET_MS			3000	/* after which trouble is over: longer than trying again takes */

static void
release_reader(void *reader)
{
	ys_json_reader_destroy(reader);
}

void
ys_stream_note_reason(YsStreamWorker *worker, const char *reason)
{
	ListCell   *lc;

	ys_transaction_begin("noting a reason");
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (ys_follow_is_active(follow) || follow->row->phase == YS_PHASE_STARTING)
			ys_policy_set_reason(follow->row->policy_id, reason);
	}
	ys_transaction_commit();
}

void
ys_stream_note_trouble(YsStreamWorker *worker, const YsError *err)
{
	worker->troubled = true;
	ys_stream_note_reason(worker, psprintf("%s%s%s", err->message, err->detail[0] != '\0' ? ": " : "",
								 err->detail));
	ys_error_report(LOG, err);
	worker->retry_at = ys_clock_ms() + RETRY_MS;
}

/* Once a second, or when woken: policies, their starts, positions.  False: the end. */
static bool
housekeep(YsStreamWorker *worker)
{
	ListCell   *lc;
	YsError		err;

	worker->housekeeping_at = ys_clock_ms() + HOUSEKEEPING_MS;
	if (!ys_stream_refresh(worker))
		return false;
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (follow->row->phase == YS_PHASE_STARTING && ys_clock_ms() >= worker->retry_at &&
			!ys_stream_start_follow(worker, follow, &err))
			ys_stream_note_trouble(worker, &err);
		if (follow->row->phase == YS_PHASE_BACKFILL && follow->backfill == NULL)
			ys_backfill_open(follow);
	}
	ys_stream_save_lag(worker);
	ys_jobs_look(worker->stream, worker->owner, worker->follows);
	return true;
}

/* One page of each backfill.  False when there is none under way. */
static bool
backfill_pages(YsStreamWorker *worker)
{
	ListCell   *lc;
	bool		busy = false;
	YsError		err;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (follow->backfill == NULL || follow->row->phase != YS_PHASE_BACKFILL)
			continue;
		ys_activity_set_policy(follow->row->name);
		if (ys_backfill_step(follow, &err))
			busy = true;
		else
			ys_stream_note_trouble(worker, &err);
		ys_activity_set_policy(NULL);
	}
	return busy;
}

/*
 * A bit of each job.  Not with areas older than the job: whoever edits them and then asks
 * for it, sees it done by the new ones.
 */
static bool
step_jobs(YsStreamWorker *worker)
{
	return !ys_stream_declarations_changed() && ys_jobs_step(worker->follows);
}

void
ys_stream_worker_run(Oid stream, Oid owner)
{
	YsStreamWorker worker = {.stream = stream, .owner = owner};

	worker.context = AllocSetContextCreate(TopMemoryContext, "yottastore stream worker",
										   ALLOCSET_DEFAULT_SIZES);
	worker.batch_context = AllocSetContextCreate(worker.context, "yottastore stream batch",
												 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(worker.context);
	worker.reader = ys_json_reader_create();
	if (worker.reader == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	worker.reader_handle = ys_handle_own(worker.context, worker.reader, release_reader);
	ys_stream_watch(&worker);
	MemoryContextSwitchTo(worker.batch_context);

	for (;;)
	{
		int			taken = 0;
		int64		now;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		now = ys_clock_ms();
		if ((ys_stream_declarations_changed() || now >= worker.housekeeping_at) && !housekeep(&worker))
			break;
		if (now >= worker.retry_at)
		{
			taken = ys_stream_consume(&worker);
			if (backfill_pages(&worker))
				taken = 1;
			if (worker.troubled && ys_clock_ms() >= worker.retry_at + QUIET_MS)
			{
				worker.troubled = false;
				ys_stream_note_reason(&worker, NULL);
			}
		}
		if (step_jobs(&worker))
			taken = 1;
		if (taken <= 0)
		{
			ys_activity_report_idle("waiting for events");
			ys_pace_idle(true);
			(void) ys_wait_for(YS_WAIT_STREAM,
							   worker.consumer != NULL ? ys_consumer_fd(worker.consumer) : -1,
							   Max(worker.housekeeping_at - ys_clock_ms(), 1));
			ys_pace_idle(false);
		}
		MemoryContextReset(worker.batch_context);
	}
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(worker.context);
}
