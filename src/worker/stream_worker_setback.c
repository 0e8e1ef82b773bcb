/*-------------------------------------------------------------------------
 * stream_worker_setback.c
 *	  Failures of one policy that are not the others'.
 *
 * A lock that is held, a deadlock, a cancelled statement: nothing is lost,
 * for nothing of it was committed.  The policy is left alone for a while that
 * grows, its reason says why, and the others go on.  What stays as it is
 * until somebody mends it pauses the policy.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "base/wait.h"
#include "worker/activity.h"
#include "worker/stream_worker_parts.h"
#include "worker/transaction.h"

#define SETBACK_BASE_MS		250
#define SETBACK_LIMIT_MS	5000
#define SLOW_LIMIT_MS		60000	/* of what takes so long that it is cancelled: others waited for it */
#define QUIET_MS			2000	/* after which one that may be tried again is as any other */
#define PATIENCE		4		/* a store is left alone so many times as long as it was waited for in vain */
#define WORK_LIMIT_MS		5000	/* one policy's work at a time, where others wait */

static YsSetback *
find_setback(const YsStreamWorker *worker, int policy_id)
{
	ListCell   *lc;

	foreach(lc, worker->setbacks)
	{
		YsSetback  *setback = lfirst(lc);

		if (setback->policy_id == policy_id)
			return setback;
	}
	return NULL;
}

/* A policy's, new perhaps. */
static YsSetback *
get_setback(YsStreamWorker *worker, int policy_id)
{
	YsSetback  *setback = find_setback(worker, policy_id);
	MemoryContext old;

	if (setback != NULL)
		return setback;
	old = MemoryContextSwitchTo(worker->context);
	setback = palloc0(sizeof(YsSetback));
	setback->policy_id = policy_id;
	worker->setbacks = lappend(worker->setbacks, setback);
	MemoryContextSwitchTo(old);
	return setback;
}

typedef struct ReasonArg
{
	int			policy_id;
	const char *reason;
} ReasonArg;

static void
set_reason(void *arg)
{
	ReasonArg  *note = arg;

	ys_transaction_begin("noting a reason");
	ys_policy_set_reason(note->policy_id, note->reason);
	ys_transaction_commit();
}

/* Who has locked the policy's row learns nothing from it: an error changes nothing. */
static bool
note_reason(int policy_id, const char *reason)
{
	ReasonArg	arg = {policy_id, reason};

	return ys_transaction_attempt(set_reason, &arg, 0) == NULL;
}

void
ys_stream_note_reason(const YsFollow *follow, const char *reason)
{
	(void) note_reason(follow->row->policy_id, reason);
}

bool
ys_stream_is_set_back(const YsStreamWorker *worker, int policy_id)
{
	return find_setback(worker, policy_id) != NULL;
}

bool
ys_stream_may_try(const YsStreamWorker *worker, int policy_id)
{
	const YsSetback *setback = find_setback(worker, policy_id);

	return setback == NULL || ys_clock_ms() >= setback->retry_at;
}

/* As much of it as there is room for. */
static void
keep_reason(YsSetback *setback, const char *reason)
{
	int			len = pg_mbcliplen(reason, (int) strlen(reason), sizeof(setback->reason) - 1);

	memcpy(setback->reason, reason, len);
	setback->reason[len] = '\0';
}

typedef struct PauseArg
{
	YsPolicyRow *row;
	const ErrorData *error;
} PauseArg;

static void
pause_policy(void *arg)
{
	PauseArg   *pause = arg;

	ys_transaction_begin("pausing a policy");
	ys_follow_pause(pause->row, pause->error);
	ys_transaction_commit();
}

void
ys_stream_set_back(YsStreamWorker *worker, YsPolicyRow *row, const ErrorData *error)
{
	YsSetback  *setback;
	YsFollow   *follow = ys_stream_find_follow(worker, row->policy_id);
	PauseArg	pause = {row, error};
	bool		slow;

	if (error->sqlerrcode == YS_ERRCODE_LEASE_LOST)
	{
		ereport(LOG, (errmsg("%s", error->message), errdetail("%s", error->detail)));
		worker->lease.epoch = 0;
		worker->housekeeping_at = 0;
		worker->interrupted = true;
		return;
	}
	if (error->sqlerrcode == YS_ERRCODE_POLICIES_CHANGED)
	{
		ys_lanes_close(worker);
		worker->interrupted = true;
		return;
	}
	if (ys_error_is_systemic(error) && ys_transaction_attempt(pause_policy, &pause, 0) == NULL)
		return;
	setback = get_setback(worker, row->policy_id);
	setback->failures++;
	slow = error->sqlerrcode == ERRCODE_QUERY_CANCELED;
	setback->retry_at = ys_clock_ms() + ys_backoff_ms(setback->failures, SETBACK_BASE_MS,
													  slow ? SLOW_LIMIT_MS : SETBACK_LIMIT_MS);
	if (setback->failures == 1)
		ereport(LOG,
				(errmsg("index policy \"%s\" is held up: %s", row->name, error->message),
				 errdetail("It goes on by itself; other policies are not held up.")));

	keep_reason(setback, psprintf("held up: %s%s%s", error->message, error->detail != NULL ? ": " : "",
								  error->detail != NULL ? error->detail : ""));

	/* that a lock was held once is no news */
	if ((setback->failures > 1 || slow || error->sqlerrcode == YS_ERRCODE_STORE_AWAY) && !setback->noted)
		setback->noted = note_reason(row->policy_id, setback->reason);
	if (follow != NULL)
		ys_lane_set_aside(worker, follow);
}

void
ys_stream_hold_source(YsStreamWorker *worker, const YsFollow *failed, int64 elapsed_ms)
{
	YsSetback  *cause = find_setback(worker, failed->row->policy_id);
	ListCell   *lc;

	/* paused, or the worker's own affair */
	if (cause == NULL)
		return;
	if (list_length(worker->follows) > 1)
		cause->retry_at = Max(cause->retry_at, ys_clock_ms() + Min(elapsed_ms * PATIENCE, SLOW_LIMIT_MS));
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		YsSetback  *setback;

		if (follow == failed || follow->source->relid != failed->source->relid || !ys_follow_is_active(follow))
			continue;
		setback = get_setback(worker, follow->row->policy_id);
		setback->failures = Max(setback->failures, cause->failures);
		setback->retry_at = cause->retry_at;
		if (!setback->noted)
			setback->noted = note_reason(follow->row->policy_id, cause->reason);
		ys_lane_set_aside(worker, follow);
	}
}

static void
forget(YsStreamWorker *worker, YsSetback *setback)
{
	if (setback->noted && !note_reason(setback->policy_id, NULL))
		return;
	worker->setbacks = list_delete_ptr(worker->setbacks, setback);
	pfree(setback);
}

void
ys_stream_recover(YsStreamWorker *worker, const YsFollow *follow)
{
	YsSetback  *setback = find_setback(worker, follow->row->policy_id);

	if (setback != NULL)
		forget(worker, setback);
}

void
ys_stream_forgive(YsStreamWorker *worker)
{
	int64		now = ys_clock_ms();

	for (int i = list_length(worker->setbacks) - 1; i >= 0; i--)
	{
		YsSetback  *setback = list_nth(worker->setbacks, i);

		if (now >= setback->retry_at + QUIET_MS)
			forget(worker, setback);
	}
}

bool
ys_stream_attempt(YsStreamWorker *worker, YsPolicyRow *row, void (*fn) (void *arg), void *arg)
{
	bool		alone = list_length(worker->follows) <= 1;
	ErrorData  *error;

	ys_activity_set_policy(row->name);
	worker->attempting = true;
	error = ys_transaction_attempt(fn, arg, alone ? 0 : WORK_LIMIT_MS);
	worker->attempting = false;
	ys_activity_set_policy(NULL);
	if (error != NULL)
		ys_stream_set_back(worker, row, error);
	return error == NULL;
}
