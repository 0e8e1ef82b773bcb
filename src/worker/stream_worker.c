/*-------------------------------------------------------------------------
 * stream_worker.c
 *	  Follows one stream for the policies of one owner.
 *
 * The loop: interrupts and configuration, which policies there are, new ones
 * get their start, a batch of the intake is decoded once and applied to each
 * policy, then one page of each backfill, then a bit of each job, then, if
 * there was nothing to do, a wait.  No transaction is open while anything outside is waited for.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/wait.h"
#include "errors.h"
#include "worker/activity.h"
#include "worker/backfill.h"
#include "worker/jobs.h"
#include "worker/rebuild.h"
#include "worker/stream_worker.h"
#include "worker/stream_worker_parts.h"
#include "worker/transaction.h"
#include "worker/verify.h"

#define HOUSEKEEPING_MS		1000
#define RETRY_MS			1000
#define STORE_RETRY_LIMIT_MS 10000
#define KEPT_MEMORY			((size_t) 32 * 1024 * 1024)	/* between batches */
#define QUIET_MS			3000	/* after which trouble is over: longer than trying again takes */

static void
release_reader(void *reader)
{
	ys_json_reader_destroy(reader);
}

/* Say on every policy what keeps all of them from going on; NULL: nothing does, but what is one's own. */
static void
note_reasons(YsStreamWorker *worker, const char *reason)
{
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if ((ys_follow_is_active(follow) || follow->row->phase == YS_PHASE_STARTING) &&
			(reason != NULL || !ys_stream_is_set_back(worker, follow->row->policy_id)))
			ys_stream_note_reason(follow, reason);
	}
}

/* An error of brokers or store, as a policy's reason. */
static char *
reason_of(const YsError *err)
{
	return psprintf("%s%s%s", err->message, err->detail[0] != '\0' ? ": " : "", err->detail);
}

void
ys_stream_note_trouble(YsStreamWorker *worker, const YsError *err)
{
	worker->troubled = true;
	note_reasons(worker, reason_of(err));
	ys_error_report(LOG, err);
	worker->retry_at = ys_clock_ms() + RETRY_MS;
}

typedef struct FollowArg
{
	YsStreamWorker *worker;
	YsFollow   *follow;
	YsError		err;
	bool		ok;				/* else err */
	YsBackfillStep step;
} FollowArg;

static void
start_follow(void *arg)
{
	FollowArg  *start = arg;

	start->ok = start->worker->intake->start(start->worker, start->follow, &start->err);
	if (start->ok)
		ys_lane_join(start->worker, start->follow);
}

static void
open_backfill(void *arg)
{
	ys_backfill_open(arg);
}

static void
tend_policy(void *arg)
{
	ys_jobs_tend(arg);
}

static void
look_at_jobs(void *arg)
{
	YsStreamWorker *worker = arg;

	ys_jobs_look(&worker->policies, worker->follows);
}

static void
look_at_rebuilds(void *arg)
{
	YsStreamWorker *worker = arg;

	ys_rebuild_look(&worker->policies);
}

/* Once a second, or when woken: policies, their starts, positions.  False: the end. */
static bool
housekeep(YsStreamWorker *worker)
{
	ListCell   *lc;

	worker->housekeeping_at = ys_clock_ms() + HOUSEKEEPING_MS;
	if (!ys_stream_refresh(worker))
		return false;
	if (worker->lease.epoch == 0)
		return true;
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		FollowArg	start = {worker, follow, .ok = true};

		if (!ys_stream_is_first(worker) || !ys_stream_may_try(worker, follow->row->policy_id))
			continue;
		if (follow->row->phase == YS_PHASE_STARTING && ys_clock_ms() >= worker->retry_at &&
			ys_stream_attempt(worker, follow->row, start_follow, &start) && !start.ok)
			ys_stream_note_trouble(worker, &start.err);
		if (follow->row->phase == YS_PHASE_BACKFILL && follow->backfill == NULL)
			(void) ys_stream_attempt(worker, follow->row, open_backfill, follow);
		if (ys_stream_may_try(worker, follow->row->policy_id))
			(void) ys_stream_attempt(worker, follow->row, tend_policy, follow);
	}
	if (worker->intake->look != NULL)
		worker->intake->look(worker);
	if (worker->lease.epoch == 0)
		return true;
	ys_stream_save_lag(worker);
	ys_stream_forgive(worker);
	if (ys_stream_is_first(worker))
	{
		(void) ys_transaction_attempt(look_at_jobs, worker, 0);
		(void) ys_transaction_attempt(look_at_rebuilds, worker, 0);
	}
	return true;
}

static void
step_backfill(void *arg)
{
	FollowArg  *step = arg;

	step->step = ys_backfill_step(step->follow, &step->err);
}

/* The store of one policy can't be had: leave it alone for a while, longer each time. */
static void
note_store_trouble(YsFollow *follow, const YsError *err)
{
	follow->backfill_failures++;
	follow->backfill_at = ys_clock_ms() + ys_backoff_ms(follow->backfill_failures, RETRY_MS,
														STORE_RETRY_LIMIT_MS);
	ys_stream_note_reason(follow, reason_of(err));
	ys_error_report(LOG, err);
}

/* One page of each backfill whose page has come.  False when there is nothing to do now. */
static bool
backfill_pages(YsStreamWorker *worker)
{
	ListCell   *lc;
	bool		busy = false;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		FollowArg	step = {worker, follow};

		if (follow->backfill == NULL || follow->row->phase != YS_PHASE_BACKFILL ||
			ys_clock_ms() < follow->backfill_at ||
			!ys_stream_may_try(worker, follow->row->policy_id) ||
			!ys_stream_attempt(worker, follow->row, step_backfill, &step))
			continue;
		if (step.step == YS_BACKFILL_FAILED)
			note_store_trouble(follow, &step.err);
		else if (step.step == YS_BACKFILL_ADVANCED)
		{
			busy = true;
			if (follow->backfill_failures > 0)
				ys_stream_note_reason(follow, NULL);
			follow->backfill_failures = 0;
		}
	}
	return busy;
}

typedef struct StepArg
{
	List	   *follows;
	bool		busy;
} StepArg;

static void
step_policy_jobs(void *arg)
{
	StepArg    *step = arg;

	step->busy = ys_jobs_step(step->follows);
}

/*
 * A bit of each job.  Not with areas older than the job: whoever edits them and then asks
 * for it, sees it done by the new ones.
 */
static bool
step_jobs(YsStreamWorker *worker)
{
	ListCell   *lc;
	bool		busy = false;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		StepArg		step = {list_make1(follow)};

		if (ys_stream_declarations_changed())
			return busy;
		if (follow->job_id != 0 && ys_stream_may_try(worker, follow->row->policy_id) &&
			ys_stream_attempt(worker, follow->row, step_policy_jobs, &step))
			busy = busy || step.busy;
	}
	return busy;
}

typedef struct VerifyArg
{
	YsFollow   *follow;
	YsError		err;
	YsVerifyStep step;
} VerifyArg;

static void
step_verify(void *arg)
{
	VerifyArg  *step = arg;

	step->step = ys_verify_step(step->follow, &step->err);
}

/* A bit of each verification.  Not with declarations that have changed.  False when there is nothing to do now. */
static bool
verify_rows(YsStreamWorker *worker)
{
	ListCell   *lc;
	bool		busy = false;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		VerifyArg	step = {follow};

		if (ys_stream_declarations_changed())
			return busy;
		if (follow->verify_id == 0)
			ys_verify_close(follow);
		if (follow->verify_id == 0 || follow->row->phase != YS_PHASE_LIVE || ys_clock_ms() < follow->verify_at ||
			!ys_stream_may_try(worker, follow->row->policy_id) ||
			!ys_stream_attempt(worker, follow->row, step_verify, &step))
			continue;
		if (step.step == YS_VERIFY_FAILED)
		{
			follow->verify_failures++;
			follow->verify_at = ys_clock_ms() + ys_backoff_ms(follow->verify_failures, RETRY_MS,
															  STORE_RETRY_LIMIT_MS);
			ys_error_report(LOG, &step.err);
		}
		else if (step.step == YS_VERIFY_ADVANCED)
		{
			busy = true;
			follow->verify_failures = 0;
		}
	}
	return busy;
}

/* Rebuilds that may end.  False when there is nothing to do now. */
static bool
step_rebuilds(YsStreamWorker *worker)
{
	ListCell   *lc;
	bool		busy = false;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		YsRebuildStep step = YS_REBUILD_WAITING;

		if (ys_follow_is_rebuild(follow) && follow->row->phase == YS_PHASE_LIVE && ys_stream_is_first(worker) &&
			ys_stream_may_try(worker, follow->row->policy_id))
			step = ys_rebuild_step(follow, ys_stream_find_follow(worker, follow->row->rebuilds));
		busy = busy || step != YS_REBUILD_WAITING;
		if (step == YS_REBUILD_ENDED)
			worker->housekeeping_at = 0;
	}
	return busy;
}

/* ---- waiting ---- */

static void
watch_fd(int set, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	/* two policies may wait for the same store */
	if (fd >= 0)
		(void) epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

/* Wait for a lane's intake, too. */
static void
watch_lane(const YsStreamWorker *worker, const YsLane *lane, int set, long *timeout)
{
	int			fd = -1;
	long		left = -1;

	if (lane == NULL || lane->intake == NULL)
		return;
	worker->intake->signals(lane, &fd, &left);
	watch_fd(set, fd);
	if (left >= 0)
		*timeout = Min(*timeout, Max(left, 1));
}

/* Wait until there may be something to do. */
static void
rest(YsStreamWorker *worker)
{
	long		timeout = (long) Max(worker->housekeeping_at - ys_clock_ms(), 1);
	int			set = epoll_create1(EPOLL_CLOEXEC);
	ListCell   *lc;

	if (set < 0)
		ereport(ERROR, (errmsg("could not make an epoll descriptor: %m")));
	watch_lane(worker, &worker->shared, set, &timeout);
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		int			fd = -1;
		long		left = -1;

		watch_lane(worker, follow->lane, set, &timeout);
		if (ys_verify_signals(follow, &fd, &left))
		{
			watch_fd(set, fd);
			if (left >= 0)
				timeout = Min(timeout, Max(left, 1));
		}
		else if (follow->verify != NULL)
			timeout = Min(timeout, Max((long) (follow->verify_at - ys_clock_ms()), 1));
		fd = -1;
		left = -1;
		if (follow->backfill == NULL)
			continue;
		if (!ys_backfill_signals(follow, &fd, &left))
			left = Max(follow->backfill_at, worker->retry_at) - ys_clock_ms();
		watch_fd(set, fd);
		if (left >= 0)
			timeout = Min(timeout, Max(left, 1));
	}
	PG_TRY();
	{
		ys_activity_report_idle("waiting for events");
		ys_pace_idle(true);
		(void) ys_wait_for(YS_WAIT_STREAM, set, timeout);
		ys_pace_idle(false);
	}
	PG_FINALLY();
	{
		close(set);
	}
	PG_END_TRY();
}

void
ys_stream_worker_run(const YsPolicyStream *policies, int number)
{
	YsStreamWorker worker = {
		.policies = *policies,
		.intake = OidIsValid(policies->stream) ? &ys_intake_kafka : &ys_intake_store,
		/* the worker before us may have left a reason */
		.troubled = true,
		.retry_at = ys_clock_ms(),
		.lease = {
			.stream = policies->stream,
			.source = policies->source,
			.owner = policies->owner,
			.worker = number,
			.workers = number + 1
		}
	};

	worker.context = AllocSetContextCreate(TopMemoryContext, "yottastore stream worker",
										   ALLOCSET_DEFAULT_SIZES);
	worker.batch_context = AllocSetContextCreate(worker.context, "yottastore stream batch",
												 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(worker.context);
	ys_arena_init_context(&worker.arena, worker.context, 0);
	ys_arena_keep(&worker.arena, KEPT_MEMORY);
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
		if ((ys_stream_declarations_changed() || ys_stream_policies_changed() ||
			 now >= worker.housekeeping_at) && !housekeep(&worker))
			break;
		if (worker.lease.epoch != 0 && now >= worker.retry_at)
		{
			taken = ys_stream_consume(&worker);
			if (worker.troubled && ys_clock_ms() >= worker.retry_at + QUIET_MS)
			{
				worker.troubled = false;
				note_reasons(&worker, NULL);
			}
		}
		if (backfill_pages(&worker))
			taken = 1;
		if (step_jobs(&worker))
			taken = 1;
		if (step_rebuilds(&worker) || verify_rows(&worker))
			taken = 1;
		if (taken <= 0)
			rest(&worker);
		MemoryContextReset(worker.batch_context);
	}
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(worker.context);
}
