/*-------------------------------------------------------------------------
 * wait.c
 *	  Waiting until an index has caught up.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/check.h"
#include "api/patience.h"
#include "catalog/freshness.h"
#include "compat.h"
#include "errors.h"
#include "worker/lock.h"

PG_FUNCTION_INFO_V1(ys_index_wait);

/* What a call waits for, and what it has found out. */
typedef struct Wait
{
	const char *name;
	YsPatience	patience;
	YsFreshnessGoal goal;
	YsFreshness freshness;		/* of the last look */
} Wait;

/* Look at a policy that the caller may see; throws when there is none or it can't advance. */
static void
look_at_policy(Wait *wait)
{
	const YsFreshness *freshness = &wait->freshness;

	if (!ys_freshness_read(wait->name, NULL, &wait->freshness))
		ys_check_policy(wait->name);
	if (pg_class_aclcheck(freshness->index_table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(freshness->index_table));
	if (freshness->phase == YS_PHASE_PAUSED || freshness->phase == YS_PHASE_INCOMPLETE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index policy \"%s\" is %s", wait->name, ys_phase_name(freshness->phase)),
				 errdetail("It does not follow its stream, so waiting would not end."),
				 errhint("%s", ys_phase_hint(freshness->phase))));
}

/* Events that are known to wait. */
static int64
events_waiting(const Wait *wait)
{
	int64		waiting = 0;

	for (int i = 0; i < wait->freshness.count; i++)
	{
		const YsPolicyPosition *position = &wait->freshness.positions[i];
		int64		high = position->high_offset;

		for (int e = 0; e < wait->goal.nends; e++)
		{
			if (wait->goal.ends[e].partition == position->partition)
				high = Max(high, wait->goal.ends[e].high);
		}
		waiting += Max(high - position->next_offset, 0);
	}
	return waiting;
}

/* How far the index is, as a sentence. */
static char *
describe(const Wait *wait)
{
	const YsFreshness *freshness = &wait->freshness;
	int64		waiting = events_waiting(wait);

	if (freshness->phase != YS_PHASE_LIVE)
		return psprintf("It is in phase %s.", ys_phase_name(freshness->phase));
	if (!freshness->has_watermarks)
		return !OidIsValid(freshness->stream) ? pstrdup("How far it is, is not known yet.") :
			psprintf("It is " INT64_FORMAT " events behind.", waiting);
	return psprintf("It is complete up to %s, %.3f seconds before what was asked for%s.%s",
					timestamptz_to_str(freshness->up_to),
					(double) (wait->goal.up_to - freshness->up_to) / USECS_PER_SEC,
					OidIsValid(freshness->stream) ?
					psprintf(", and " INT64_FORMAT " events behind", waiting) : "",
					ys_freshness_is_unfed(freshness) ? " No relay feeds its stream any more." : "");
}

ys_noreturn_compat static void
throw_timeout(const Wait *wait)
{
	const YsWorkerId worker = ys_worker_id_of(ys_check_policy(wait->name), 0);
	bool		runs = ys_worker_pid(&worker) != 0;
	/* that nobody feeds its stream any more is said by itself */
	const char *trouble = !runs ? "its worker does not run" :
		ys_freshness_is_unfed(&wait->freshness) ? NULL : ys_freshness_trouble(wait->name);

	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("index policy \"%s\" did not catch up in time", wait->name),
			 errdetail("%s%s", describe(wait), trouble != NULL ? psprintf(" What holds it up: %s.", trouble) : ""),
			 runs ? errhint("The view yottastore.index_lag shows how it gets on.") :
			 errhint("Call yottastore.start_workers().")));
}

/* yottastore.index_wait(policy, up_to, timeout) */
Datum
ys_index_wait(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext round = AllocSetContextCreate(caller, "yottastore index_wait", ALLOCSET_SMALL_SIZES);
	Wait		wait = {0};
	YsWaiting	waiting;
	YsError		err;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("policy and timeout must not be null")));
	wait.name = NameStr(*PG_GETARG_NAME(0));
	ys_patience_begin(&wait.patience, PG_GETARG_DATUM(2), "index_wait", "the index advance");
	wait.goal.up_to = PG_ARGISNULL(1) ? wait.patience.called_at : PG_GETARG_TIMESTAMPTZ(1);
	look_at_policy(&wait);
	ys_freshness_join(&wait.freshness, &waiting);
	for (;;)
	{
		MemoryContextReset(round);
		MemoryContextSwitchTo(round);
		look_at_policy(&wait);
		MemoryContextSwitchTo(caller);
		if (!ys_freshness_find_ends(&wait.freshness, &wait.goal, 0, &err))
			ys_error_throw(&err);
		if (ys_freshness_reaches(&wait.freshness, &wait.goal))
			break;
		if (!ys_patience_sleep(&wait.patience))
			throw_timeout(&wait);
	}
	ys_waiters_leave(&waiting);
	MemoryContextDelete(round);
	PG_RETURN_BOOL(true);
}
