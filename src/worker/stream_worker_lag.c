/*-------------------------------------------------------------------------
 * stream_worker_lag.c
 *	  How far a stream goes beyond its policies' positions.
 *
 * A batch tells no more than its own events.  The consumer knows where the
 * partitions end that it reads; while all policies are paused there is none,
 * and the brokers are asked now and then, so that what piles up is seen.
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
		int64		high = ys_consumer_high(worker->consumer, position->partition);

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
save_follow(YsFollow *follow)
{
	YsPhase		phase;

	ys_transaction_begin("saving positions");
	ys_transaction_commits_lazily();
	if (ys_follow_lock(follow, &phase))
	{
		ys_position_save(follow->row->policy_id, follow->npositions, follow->positions);
		ys_stats_set_waiting(follow->row->policy_id, 0, follow->pace.waiting);
	}
	ys_transaction_commit();
	follow->positions_dirty = false;
}

/* Where the topic ends, for policies that are paused. */
static void
save_paused(YsStreamWorker *worker)
{
	YsArena		arena;
	YsPartitionOffsets *ends = NULL;
	int			count = 0;
	YsError		err;

	if (!worker->any_paused || ys_clock_ms() < worker->ends_at)
		return;
	ys_arena_init_context(&arena, worker->batch_context, 0);
	worker->ends_at = ys_clock_ms() + ASK_MS;

	/* that brokers can't be had is no reason for whoever is paused anyway */
	if (ys_kafka_topic_offsets(worker->config, &arena, &count, &ends, &err))
	{
		ys_transaction_begin("saving where the topic ends");
		for (int i = 0; i < count; i++)
			ys_position_raise_high(worker->stream, worker->owner, ends[i].partition, ends[i].high);
		ys_transaction_commit();
	}
	ys_arena_free(&arena);
}

/* The same by what the consumer knows of partitions that this policy follows. */
static void
save_paused_beside(YsStreamWorker *worker, const YsFollow *follow)
{
	ys_transaction_begin("saving where the topic ends");
	for (int i = 0; i < follow->npositions; i++)
		ys_position_raise_high(worker->stream, worker->owner, follow->positions[i].partition,
							   follow->positions[i].high_offset);
	ys_transaction_commit();
}

void
ys_stream_save_lag(YsStreamWorker *worker)
{
	const YsFollow *active = NULL;
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (worker->consumer == NULL || !ys_follow_is_active(follow))
			continue;
		update_ends(worker, follow);
		if (follow->positions_dirty)
			save_follow(follow);
		active = follow;
	}
	if (active == NULL)
		save_paused(worker);
	else if (worker->any_paused)
		save_paused_beside(worker, active);
}
