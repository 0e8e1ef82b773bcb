/*-------------------------------------------------------------------------
 * stream_worker_lanes.c
 *	  Which policies share an intake, and which have their own.
 *
 * Policies at the same place share one intake and one decoding.  One that
 * falls behind (it was paused, its table was locked, its events take long) is set aside:
 * it catches up with an intake of its own, in batches that take no longer
 * than a turn, and rejoins where it has seen all that the shared one has
 * handed out.  So nobody is handed again what only another has not seen.
 *
 * Each intake holds messages in memory, so only so many are open; where
 * more policies are behind they take turns.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/wait.h"
#include "worker/stream_worker_parts.h"

#define OWN_LANE_MS			20000	/* before another has its turn */

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
	/* which also closes the intake, and before it what takes from it ahead */
	if (lane->context != NULL)
		MemoryContextDelete(lane->context);
	lane->context = NULL;
	lane->intake = NULL;
	lane->ahead = NULL;
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
	if (shared->intake != NULL && !worker->intake->has_caught_up(shared, follow))
		ys_lane_set_aside(worker, follow);
	if (!follow->aside && shared->intake != NULL && !worker->intake->covers(shared, follow))
		ys_lane_close(shared);
}

/* Before the shared intake starts at the lowest position: whose would cost the others much? */
static void
set_laggards_aside(YsStreamWorker *worker)
{
	List	   *laggards = NIL;
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		bool		behind = false;
		ListCell   *other;

		foreach(other, worker->follows)
			behind = behind || (shares(lfirst(other)) &&
								worker->intake->is_far_behind(follow, lfirst(other)));
		if (shares(follow) && behind)
			laggards = lappend(laggards, follow);
	}
	foreach(lc, laggards)
		ys_lane_set_aside(worker, lfirst(lc));
	list_free(laggards);
}

/* ---- opening ---- */

List *
ys_lane_members(const YsStreamWorker *worker, const YsLane *lane)
{
	List	   *members = NIL;
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		if (ys_lane_has(worker, lane, lfirst(lc)))
			members = lappend(members, lfirst(lc));
	}
	return members;
}

bool
ys_lane_open(YsStreamWorker *worker, YsLane *lane, YsError *err)
{
	List	   *members;
	bool		ok;

	ys_lane_close(lane);
	if (lane == &worker->shared)
		set_laggards_aside(worker);
	members = ys_lane_members(worker, lane);
	if (members == NIL)
		return true;
	lane->context = AllocSetContextCreate(worker->context, "yottastore intake",
										  ALLOCSET_SMALL_SIZES);
	ok = worker->intake->open(worker, lane, members, err);
	if (!ok)
		ys_lane_close(lane);
	list_free(members);
	return ok;
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

	if (anyone_shares(worker) && (shared->intake == NULL || !worker->intake->has_caught_up(shared, follow)))
		return false;
	ereport(LOG, (errmsg("index policy \"%s\" has caught up with its stream's others",
						 follow->row->name)));
	ys_lane_discard(follow);
	follow->aside = false;
	follow->batch_limit = 0;
	if (shared->intake != NULL && !worker->intake->covers(shared, follow))
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
	if (open >= worker->intake->most_own_lanes)
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
