/*-------------------------------------------------------------------------
 * stream_worker_lanes.c
 *	  Which policies share a consumer, and which have their own.
 *
 * Policies at the same place share one consumer and one decoding.  One that
 * falls behind (it was paused, its table was locked, its events take long) is set aside:
 * it catches up with a consumer of its own, in batches that take no longer
 * than a turn, and rejoins where it has seen all that the shared one has
 * handed out.  So nobody consumes again what only another has not seen.
 *
 * Each consumer holds messages in memory, so only so many are open; where
 * more policies are behind they take turns.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/wait.h"
#include "guc.h"
#include "worker/stream_worker_parts.h"

#define MOST_OWN_LANES		2
#define OWN_LANE_MS			20000	/* before another has its turn */
#define NEAR_BATCHES		10		/* no farther apart, policies share a consumer from its start */

bool
ys_lane_has(const YsStreamWorker *worker, const YsLane *lane, const YsFollow *follow)
{
	if (!ys_follow_is_active(follow) || !ys_stream_may_try(worker, follow->row->policy_id))
		return false;
	return lane == &worker->shared ? !follow->aside : follow->lane == lane;
}

void
ys_lane_close(YsLane *lane)
{
	/* which also closes the consumer */
	if (lane->context != NULL)
		MemoryContextDelete(lane->context);
	lane->context = NULL;
	lane->consumer = NULL;
	lane->npositions = 0;
	lane->positions = NULL;
}

void
ys_lanes_close(YsStreamWorker *worker)
{
	ListCell   *lc;

	ys_lane_close(&worker->shared);
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (follow->lane != NULL)
			ys_lane_close(follow->lane);
	}
}

void
ys_lane_discard(YsFollow *follow)
{
	if (follow->lane == NULL)
		return;
	ys_lane_close(follow->lane);
	pfree(follow->lane);
	follow->lane = NULL;
}

void
ys_lane_set_aside(YsStreamWorker *worker, YsFollow *follow)
{
	if (!follow->aside)
		ereport(LOG,
				(errmsg("index policy \"%s\" follows its stream on its own", follow->row->name),
				 errdetail("It is behind the others that follow it, or was held up.")));
	follow->aside = true;
	ys_lane_discard(follow);
}

/* ---- who is where ---- */

static YsPosition *
lane_position(const YsLane *lane, int32 partition)
{
	for (int i = 0; i < lane->npositions; i++)
	{
		if (lane->positions[i].partition == partition)
			return &lane->positions[i];
	}
	return NULL;
}

/* Has a policy seen all that a lane with a consumer has handed out? */
static bool
has_caught_up(const YsLane *lane, YsFollow *follow)
{
	for (int i = 0; i < lane->npositions; i++)
	{
		const YsPolicyPosition *own = ys_follow_position(follow, lane->positions[i].partition);

		if (own != NULL && own->next_offset < lane->positions[i].next_offset)
			return false;
	}
	return true;
}

/* Does a lane's consumer read every partition of a policy? */
static bool
covers(const YsLane *lane, const YsFollow *follow)
{
	for (int i = 0; i < follow->npositions; i++)
	{
		if (lane_position(lane, follow->positions[i].partition) == NULL)
			return false;
	}
	return true;
}

static bool
shares(const YsFollow *follow)
{
	return ys_follow_is_active(follow) && !follow->aside;
}

void
ys_lane_join(YsStreamWorker *worker, YsFollow *follow)
{
	YsLane	   *shared = &worker->shared;

	ys_lane_discard(follow);
	follow->aside = false;
	follow->batch_limit = 0;
	if (shared->consumer != NULL && !has_caught_up(shared, follow))
		ys_lane_set_aside(worker, follow);
	if (!follow->aside && shared->consumer != NULL && !covers(shared, follow))
		ys_lane_close(shared);
}

/* How far a policy is behind the foremost of those that share. */
static int64
events_behind(const YsStreamWorker *worker, YsFollow *follow)
{
	int64		behind = 0;

	for (int i = 0; i < follow->npositions; i++)
	{
		int64		foremost = follow->positions[i].next_offset;
		ListCell   *lc;

		foreach(lc, worker->follows)
		{
			YsFollow   *other = lfirst(lc);
			const YsPolicyPosition *position =
				shares(other) ? ys_follow_position(other, follow->positions[i].partition) : NULL;

			if (position != NULL && position->next_offset > foremost)
				foremost = position->next_offset;
		}
		behind += foremost - follow->positions[i].next_offset;
	}
	return behind;
}

/* Before the shared consumer starts at the lowest position: whose would cost the others much? */
static void
set_laggards_aside(YsStreamWorker *worker)
{
	List	   *laggards = NIL;
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (shares(follow) && events_behind(worker, follow) > (int64) NEAR_BATCHES * ys_guc_batch_events)
			laggards = lappend(laggards, follow);
	}
	foreach(lc, laggards)
		ys_lane_set_aside(worker, lfirst(lc));
	list_free(laggards);
}

/* ---- opening ---- */

/* The lowest positions of a lane's policies, in its context.  False: it has none. */
static bool
find_positions(const YsStreamWorker *worker, YsLane *lane)
{
	int			most = 0;
	ListCell   *lc;

	foreach(lc, worker->follows)
		most += ((YsFollow *) lfirst(lc))->npositions;
	lane->positions = MemoryContextAlloc(lane->context, sizeof(YsPosition) * Max(most, 1));
	lane->npositions = 0;
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		for (int i = 0; ys_lane_has(worker, lane, follow) && i < follow->npositions; i++)
		{
			const YsPolicyPosition *own = &follow->positions[i];
			YsPosition *position = lane_position(lane, own->partition);

			if (position == NULL)
			{
				position = &lane->positions[lane->npositions++];
				position->partition = own->partition;
				position->next_offset = own->next_offset;
			}
			position->next_offset = Min(position->next_offset, own->next_offset);
		}
	}
	return lane->npositions > 0;
}

bool
ys_lane_open(YsStreamWorker *worker, YsLane *lane, YsError *err)
{
	ys_lane_close(lane);
	if (lane == &worker->shared)
		set_laggards_aside(worker);
	lane->context = AllocSetContextCreate(worker->context, "yottastore consumer",
										  ALLOCSET_SMALL_SIZES);
	if (!find_positions(worker, lane))
	{
		ys_lane_close(lane);
		return true;
	}
	lane->consumer = ys_consumer_open(lane->context, worker->config, lane->npositions,
									  lane->positions, err);
	if (lane->consumer == NULL)
		ys_lane_close(lane);
	return lane->consumer != NULL;
}

/* ---- own lanes ---- */

static bool
anyone_shares(const YsStreamWorker *worker)
{
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		if (shares(lfirst(lc)))
			return true;
	}
	return false;
}

/* Let a policy rejoin.  False while it has still to catch up. */
static bool
rejoin(YsStreamWorker *worker, YsFollow *follow)
{
	YsLane	   *shared = &worker->shared;

	if (anyone_shares(worker) && (shared->consumer == NULL || !has_caught_up(shared, follow)))
		return false;
	ereport(LOG, (errmsg("index policy \"%s\" has caught up with its stream's others",
						 follow->row->name)));
	ys_lane_discard(follow);
	follow->aside = false;
	follow->batch_limit = 0;
	if (shared->consumer != NULL && !covers(shared, follow))
		ys_lane_close(shared);
	return true;
}

void
ys_lanes_tend(YsStreamWorker *worker)
{
	int64		now = ys_clock_ms();
	int			open = 0;
	YsFollow   *longest = NULL;
	YsFollow   *waiting = NULL;
	MemoryContext old;
	ListCell   *lc;

	if (!anyone_shares(worker))
		ys_lane_close(&worker->shared);
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (!follow->aside)
			continue;
		if (!ys_follow_is_active(follow) || !ys_stream_may_try(worker, follow->row->policy_id))
			ys_lane_discard(follow);
		else if (rejoin(worker, follow))
			continue;
		else if (follow->lane == NULL)
			waiting = waiting == NULL ? follow : waiting;
		else
		{
			open++;
			if (longest == NULL || follow->lane->opened_at < longest->lane->opened_at)
				longest = follow;
		}
	}
	if (waiting == NULL)
		return;
	if (open >= MOST_OWN_LANES)
	{
		if (now - longest->lane->opened_at < OWN_LANE_MS)
			return;
		ys_lane_discard(longest);

		/* the last in the queue now */
		old = MemoryContextSwitchTo(worker->context);
		worker->follows = lappend(list_delete_ptr(worker->follows, longest), longest);
		MemoryContextSwitchTo(old);
	}
	waiting->lane = MemoryContextAllocZero(waiting->context, sizeof(YsLane));
	waiting->lane->opened_at = now;
}
