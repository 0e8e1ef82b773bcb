/*-------------------------------------------------------------------------
 * stream_worker_lag.c
 *	  How far a stream goes beyond its policies' positions.
 *
 * A batch tells no more than its own events.  The consumer knows where the
 * partitions end that it reads, for policies, too, that rest beside: paused, or left alone for a while.
 * While all of them rest the brokers are asked now and then, so that what piles up is seen.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/wait.h"
#include "worker/stream_worker_parts.h"
#include "worker/transaction.h"

#define ASK_MS		10000

/* Take over the ends that the consumer knows. */
static void
update_ends(YsStreamWorker *worker, YsFollow *follow)
{
	int64		sum = 0;
	bool		waiting = false;
	bool		all_known = true;

	for (int i = 0; i < follow->npositions; i++)
	{
		YsPolicyPosition *position = &follow->positions[i];
		int64		high = ys_stream_high(worker, follow, position->partition);

		all_known = all_known && high >= 0;
		if (high > position->high_offset)
		{
			position->high_offset = high;
			follow->positions_dirty = true;
		}
		waiting = waiting || position->next_offset < position->high_offset;
		sum += position->high_offset;
	}
	if (all_known)
		ys_pace_high(&follow->pace, sum);
	if (waiting != follow->pace.waiting)
		follow->positions_dirty = true;
	follow->pace.waiting = waiting;
}

static void
save_follow(void *arg)
{
	YsFollow   *follow = arg;
	YsShardPositions *shards = NULL;
	YsPhase		phase;

	ys_transaction_begin("saving positions");
	ys_transaction_commits_lazily();
	if (ys_follow_lock(follow, false, &phase))
	{
		ys_position_save(follow->row->policy_id, follow->npositions, follow->positions);
		if (follow->shards != NULL)
		{
			shards = ys_shard_positions_copy(follow->shards);
			ys_shard_positions_save(shards, follow->row->policy_id);
		}
		ys_stats_set_waiting(follow->row->policy_id, follow->lease->worker, follow->pace.waiting);
	}
	ys_transaction_commit();
	if (shards != NULL)
		ys_follow_adopt_shards(follow, shards);
	follow->positions_dirty = false;
}

typedef struct RaiseArg
{
	const YsStreamWorker *worker;
	int			count;
	const YsPartitionOffsets *ends;
} RaiseArg;

static void
raise_highs(void *arg)
{
	RaiseArg   *raise = arg;

	ys_transaction_begin("saving where the topic ends");
	for (int i = 0; i < raise->count; i++)
		ys_position_raise_high(raise->worker->policies.stream, raise->worker->policies.owner,
							   raise->ends[i].partition, raise->ends[i].high);
	ys_transaction_commit();
}

/* Who has locked a position of a policy that rests keeps nobody else from going on. */
static void
raise_ends(const YsStreamWorker *worker, int count, const YsPartitionOffsets *ends)
{
	RaiseArg	arg = {worker, count, ends};

	(void) ys_transaction_attempt(raise_highs, &arg, 0);
}

/* Where the topic ends, for policies that rest. */
static void
save_resting(YsStreamWorker *worker)
{
	YsArena		arena;
	YsPartitionOffsets *ends = NULL;
	int			count = 0;
	YsError		err;

	if (ys_clock_ms() < worker->ends_at)
		return;
	ys_arena_init_context(&arena, worker->batch_context, 0);
	worker->ends_at = ys_clock_ms() + ASK_MS;

	/* that brokers can't be had is no reason for whoever rests anyway */
	if (worker->intake->ends(worker, &arena, &count, &ends, &err))
		raise_ends(worker, count, ends);
	ys_arena_free(&arena);
}

/* The same by what the consumer knows of partitions that this policy follows. */
static void
save_resting_beside(YsStreamWorker *worker, const YsFollow *follow)
{
	YsPartitionOffsets *ends = palloc0(sizeof(YsPartitionOffsets) * Max(follow->npositions, 1));

	for (int i = 0; i < follow->npositions; i++)
	{
		ends[i].partition = follow->positions[i].partition;
		ends[i].high = follow->positions[i].high_offset;
	}
	raise_ends(worker, follow->npositions, ends);
	pfree(ends);
}

void
ys_stream_save_lag(YsStreamWorker *worker)
{
	const YsFollow *active = NULL;
	bool		any_resting = worker->any_paused;
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (!ys_follow_is_active(follow))
			continue;
		if (!ys_stream_may_try(worker, follow->row->policy_id))
		{
			any_resting = true;
			continue;
		}
		update_ends(worker, follow);
		if (follow->positions_dirty)
			(void) ys_stream_attempt(worker, follow->row, save_follow, follow);
		active = follow;
	}
	if (!any_resting || worker->intake->ends == NULL)
		return;
	if (active != NULL)
		save_resting_beside(worker, active);
	else if (ys_stream_is_first(worker))
		save_resting(worker);
}
