/*-------------------------------------------------------------------------
 * wait.c
 *	  Waiting until an index has caught up.
 *
 * With watermarks in the stream (a relay's) the answer is exact: every topic
 * partition has been applied up to a watermark not older than the moment
 * asked for.  Where no relay of this database feeds the stream and no
 * watermark has been seen it is by offsets: everything that was in the topic
 * at that moment, or when the call began if that is later, has been applied;
 * what a producer had not yet sent by then is not waited for.
 *
 * A watermark is a moment of the clock of the server that runs the relay,
 * which this one is unless the topic is fed from elsewhere.  The store's clock
 * has no part in it once the relay has read all there is.
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
#include "base/memory.h"
#include "catalog/policy.h"
#include "catalog/relay.h"
#include "catalog/server.h"
#include "catalog/waiters.h"
#include "compat.h"
#include "errors.h"
#include "worker/lock.h"

PG_FUNCTION_INFO_V1(ys_index_wait);

/* The topic's ends at the call, for streams without watermarks. */
typedef struct TopicEnds
{
	bool		known;
	int			count;
	YsPartitionOffsets *offsets;
} TopicEnds;

static bool
has_watermarks(int count, const YsPolicyPosition *positions)
{
	bool		all = count > 0;

	for (int i = 0; i < count; i++)
		all = all && positions[i].has_watermark;
	return all;
}

static bool
reached_watermark(int count, const YsPolicyPosition *positions, TimestampTz up_to)
{
	bool		all = true;

	for (int i = 0; i < count; i++)
		all = all && positions[i].watermark >= up_to;
	return all;
}

static bool
reached_ends(int count, const YsPolicyPosition *positions, const TopicEnds *ends)
{
	for (int e = 0; e < ends->count; e++)
	{
		bool		reached = false;

		for (int i = 0; i < count; i++)
			reached = reached || (positions[i].partition == ends->offsets[e].partition &&
								  positions[i].next_offset >= ends->offsets[e].high);
		if (!reached)
			return false;
	}
	return true;
}

static void
read_ends(const YsPolicyRow *policy, YsArena *arena, TopicEnds *ends)
{
	YsError		err;

	if (!ys_kafka_topic_offsets(ys_server_stream(policy->stream, policy->owner), arena,
								&ends->count, &ends->offsets, &err))
		ys_error_throw(&err);
	ends->known = true;
}

/* A policy that the caller may see, by name; throws when there is none or it can't advance. */
static YsPolicyRow *
find_policy(const char *name)
{
	YsPolicyRow *policy = ys_check_policy(name);

	if (pg_class_aclcheck(policy->index_table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(policy->index_table));
	if (policy->phase == YS_PHASE_PAUSED || policy->phase == YS_PHASE_INCOMPLETE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index policy \"%s\" is %s", name, ys_phase_name(policy->phase)),
				 errdetail("It does not follow its stream, so waiting would not end."),
				 errhint("The column reason of yottastore.index_policies says why.")));
	return policy;
}

/* What a call waits for, and what it has found out. */
typedef struct Wait
{
	const char *name;
	TimestampTz up_to;
	YsPatience	patience;
	YsArena		arena;
	TopicEnds	ends;			/* for streams without watermarks */
	/* of the last look */
	YsPolicyRow *policy;
	int			count;
	YsPolicyPosition *positions;
} Wait;

/* Look once.  True when the index is complete. */
static bool
look(Wait *wait)
{
	wait->policy = find_policy(wait->name);
	wait->count = ys_position_load(wait->policy->policy_id, &wait->positions);
	if (wait->policy->phase != YS_PHASE_LIVE)
		return false;
	if (has_watermarks(wait->count, wait->positions))
		return reached_watermark(wait->count, wait->positions, wait->up_to);
	if (!OidIsValid(wait->policy->stream) || ys_relay_feeds(wait->policy->stream) || GetCurrentTimestamp() < wait->up_to)
		return false;
	if (!wait->ends.known)
		read_ends(wait->policy, &wait->arena, &wait->ends);
	return reached_ends(wait->count, wait->positions, &wait->ends);
}

/* Events that are known to wait. */
static int64
events_waiting(const Wait *wait)
{
	int64		waiting = 0;

	for (int i = 0; i < wait->count; i++)
	{
		int64		high = wait->positions[i].high_offset;

		for (int e = 0; e < wait->ends.count; e++)
		{
			if (wait->ends.offsets[e].partition == wait->positions[i].partition)
				high = Max(high, wait->ends.offsets[e].high);
		}
		waiting += Max(high - wait->positions[i].next_offset, 0);
	}
	return waiting;
}

/* How far the index is, as a sentence. */
static char *
describe(const Wait *wait)
{
	int64		waiting = events_waiting(wait);
	TimestampTz reached = DT_NOEND;

	if (wait->policy->phase != YS_PHASE_LIVE)
		return psprintf("It is in phase %s.", ys_phase_name(wait->policy->phase));
	if (!has_watermarks(wait->count, wait->positions))
		return !OidIsValid(wait->policy->stream) ? pstrdup("How far it is, is not known yet.") :
			psprintf("It is " INT64_FORMAT " events behind.", waiting);
	for (int i = 0; i < wait->count; i++)
		reached = Min(reached, wait->positions[i].watermark);
	return psprintf("It is complete up to %s, %.3f seconds before what was asked for%s.",
					timestamptz_to_str(reached), (double) (wait->up_to - reached) / USECS_PER_SEC,
					OidIsValid(wait->policy->stream) ?
					psprintf(", and " INT64_FORMAT " events behind", waiting) : "");
}

ys_noreturn_compat static void
throw_timeout(const Wait *wait)
{
	const YsWorkerId worker = ys_worker_id_of(wait->policy, 0);
	bool		runs = ys_worker_pid(&worker) != 0;

	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("index policy \"%s\" did not catch up in time", wait->name),
			 errdetail("%s%s", describe(wait), runs ? "" : " Its worker does not run."),
			 runs ? errhint("The view yottastore.index_lag shows how it gets on.") :
			 errhint("Call yottastore.start_workers().")));
}

/* yottastore.index_wait(policy, up_to, timeout) */
Datum
ys_index_wait(PG_FUNCTION_ARGS)
{
	MemoryContext round = AllocSetContextCreate(CurrentMemoryContext, "yottastore index_wait",
												ALLOCSET_SMALL_SIZES);
	Wait		wait = {0};
	MemoryContext old;
	int			policy_id;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("policy and timeout must not be null")));
	wait.name = NameStr(*PG_GETARG_NAME(0));
	ys_patience_begin(&wait.patience, PG_GETARG_DATUM(2), "index_wait", "the index advance");
	wait.up_to = PG_ARGISNULL(1) ? wait.patience.called_at : PG_GETARG_TIMESTAMPTZ(1);
	ys_arena_init_context(&wait.arena, CurrentMemoryContext, 0);
	policy_id = find_policy(wait.name)->policy_id;

	ys_waiters_join(policy_id);
	old = MemoryContextSwitchTo(round);
	while (!look(&wait))
	{
		if (!ys_patience_sleep(&wait.patience))
			throw_timeout(&wait);
		MemoryContextReset(round);
	}
	MemoryContextSwitchTo(old);
	ys_waiters_leave(policy_id);
	ys_arena_free(&wait.arena);
	MemoryContextDelete(round);
	PG_RETURN_BOOL(true);
}
