/*-------------------------------------------------------------------------
 * rebuild.c
 *	  The end of a rebuild: its rows in the place of its policy's.
 *
 * Until then it is a policy as any other.  Once it is LIVE its partitions are analyzed, since what the planner
 * knows of the old ones goes with them, and then all is tried in one transaction: see catalog/rebuild.c.
 * Who reads the index table holds a lock that the swap has to wait for, and whoever comes behind us waits
 * meanwhile: so each try waits no longer than SWAP_LOCK_TIMEOUT, and the next comes later and later.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "base/wait.h"
#include "catalog/rebuild.h"
#include "worker/activity.h"
#include "worker/rebuild.h"
#include "worker/transaction.h"

#define SWAP_LOCK_TIMEOUT	"200ms"
#define READY_MS			250		/* between looks whether it may be swapped */
#define RETRY_BASE_MS		500
#define RETRY_LIMIT_MS		2000	/* no longer: readers that come all the time leave gaps of a moment only */

void
ys_rebuild_look(const YsPolicyStream *policies)
{
	ys_transaction_begin("looking at rebuilds");
	ys_rebuild_cancel_lost(policies);
	ys_transaction_commit();
}

typedef struct StepArg
{
	YsFollow   *follow;
	const char *unready;		/* why it is not done yet */
	bool		analyzed;		/* there was a partition to analyze */
	bool		swapped;
	const char *reason;			/* to be noted on the job */
} StepArg;

static void
prepare(void *arg)
{
	StepArg    *step = arg;
	const YsFollow *follow = step->follow;
	Oid			partition;
	const char *unready;

	ys_transaction_begin("analyzing a new partition");
	partition = ys_rebuild_next_unanalyzed(follow->table->relid);
	if (OidIsValid(partition))
		ys_rebuild_analyze(partition, follow->row->owner);
	step->analyzed = OidIsValid(partition);
	unready = ys_rebuild_unready(follow->row);
	if (unready != NULL)
		step->unready = pstrdup(unready);
	ys_transaction_commit();
}

static void
swap(void *arg)
{
	StepArg    *step = arg;

	ys_transaction_begin("putting new rows in place");
	(void) set_config_option("lock_timeout", SWAP_LOCK_TIMEOUT, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
	step->swapped = ys_rebuild_swap(step->follow->row, step->follow->lease);
	ys_transaction_commit();
}

static void
note_reason(void *arg)
{
	StepArg    *step = arg;

	ys_transaction_begin("noting a reason");
	ys_rebuild_set_reason(step->follow->row, step->reason);
	ys_transaction_commit();
}

static void
give_up(void *arg)
{
	StepArg    *step = arg;

	ys_transaction_begin("giving up a rebuild");
	(void) ys_rebuild_cancel(step->follow->row->rebuilds, YS_JOB_FAILED, step->reason);
	ys_transaction_commit();
}

/* What passes is tried again, later each time; what stays ends the rebuild. */
static YsRebuildStep
take_up(StepArg *step, const ErrorData *error)
{
	YsFollow   *follow = step->follow;

	step->reason = error->message;
	if (!ys_error_is_transient(error) &&
		ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_INSUFFICIENT_RESOURCES)
	{
		ereport(LOG, (errmsg("the rebuild of index policy \"%s\" is given up: %s", follow->row->name,
							 error->message)));
		if (ys_transaction_attempt(give_up, step, 0) == NULL)
			return YS_REBUILD_ENDED;
	}
	follow->rebuild_failures++;
	follow->rebuild_at = ys_clock_ms() + ys_backoff_ms(follow->rebuild_failures, RETRY_BASE_MS, RETRY_LIMIT_MS);
	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
		step->reason = "waits for those who read the index table";
	(void) ys_transaction_attempt(note_reason, step, 0);
	return YS_REBUILD_WAITING;
}

/*
 * Of the store's own stream positions say which of two policies is behind only where both take the same
 * batches; there is one worker then, and none of its batches is under way now.
 */
static bool
is_comparable(const YsFollow *follow, const YsFollow *original)
{
	return OidIsValid(follow->row->stream) ||
		(original != NULL && !follow->aside && !original->aside);
}

YsRebuildStep
ys_rebuild_step(YsFollow *follow, const YsFollow *original)
{
	StepArg		step = {.follow = follow};
	ErrorData  *error;

	if (ys_clock_ms() < follow->rebuild_at)
		return YS_REBUILD_WAITING;
	ys_activity_set_policy(follow->row->name);
	error = ys_transaction_attempt(prepare, &step, 0);
	if (error == NULL && !step.analyzed && step.unready == NULL && is_comparable(follow, original))
		error = ys_transaction_attempt(swap, &step, 0);
	ys_activity_set_policy(NULL);
	if (error != NULL)
		return take_up(&step, error);
	if (step.swapped)
	{
		ereport(LOG, (errmsg("index policy \"%s\" has been rebuilt", follow->row->name)));
		return YS_REBUILD_ENDED;
	}
	if (step.analyzed)
		return YS_REBUILD_ADVANCED;
	follow->rebuild_at = ys_clock_ms() + READY_MS;
	return YS_REBUILD_WAITING;
}
