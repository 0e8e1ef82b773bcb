/*-------------------------------------------------------------------------
 * wait.c
 *	  Waiting until an index has caught up.
 *
 * With watermarks in the stream (a relay's) the answer is exact: every topic
 * partition has been applied up to a watermark not older than the moment
 * asked for.  Where no relay of this database feeds the stream and no
 * watermark has been seen it is by offsets: everything that was in the topic
 * when the call began has been applied; what a producer had not yet sent by
 * then is not waited for.
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
#include "errors.h"

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

/* yottastore.index_wait(policy, up_to, timeout) */
Datum
ys_index_wait(PG_FUNCTION_ARGS)
{
	MemoryContext round = AllocSetContextCreate(CurrentMemoryContext, "yottastore index_wait",
												ALLOCSET_SMALL_SIZES);
	YsPatience	patience;
	TimestampTz up_to;
	TopicEnds	ends = {0};
	YsArena		arena;
	bool		reached = false;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("policy and timeout must not be null")));
	ys_patience_begin(&patience, PG_GETARG_DATUM(2), "index_wait", "the index advance");
	up_to = PG_ARGISNULL(1) ? patience.called_at : PG_GETARG_TIMESTAMPTZ(1);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);

	do
	{
		MemoryContext old = MemoryContextSwitchTo(round);
		YsPolicyRow *policy = find_policy(NameStr(*PG_GETARG_NAME(0)));

		if (policy->phase == YS_PHASE_LIVE)
		{
			YsPolicyPosition *positions;
			int			count = ys_position_load(policy->policy_id, &positions);

			if (has_watermarks(count, positions))
				reached = reached_watermark(count, positions, up_to);
			else if (!ys_relay_feeds(policy->stream))
			{
				if (!ends.known)
					read_ends(policy, &arena, &ends);
				reached = reached_ends(count, positions, &ends);
			}
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(round);
	} while (!reached && ys_patience_pause(&patience));
	ys_arena_free(&arena);
	MemoryContextDelete(round);
	PG_RETURN_BOOL(reached);
}
