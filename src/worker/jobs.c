/*-------------------------------------------------------------------------
 * jobs.c
 *	  The jobs of followed policies: which there are, and doing a bit of each.
 *
 * The stream worker runs this between batches, like backfill: rows of one
 * policy have one writer, and a job's progress commits with the rows it
 * stands for.  Nothing of a job is remembered but its id, so that a worker
 * that was killed, a policy that was paused, and a job that somebody stopped
 * in mid-work need no care.
 *
 * Which areas a policy's rows go by is noted in the catalog as a fingerprint.
 * Where it differs from that of the areas loaded, whenever they were edited,
 * rows may be in the wrong place: a job is queued in the transaction that
 * notes the new one.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/job.h"
#include "catalog/resync.h"
#include "guc.h"
#include "worker/activity.h"
#include "worker/apply.h"
#include "worker/jobs.h"
#include "worker/relocate.h"
#include "worker/transaction.h"

/* How often old deletions are looked for, and how many are forgotten at once. */
#define PRUNE_MS	60000
#define PRUNE_ROWS	10000

/* Note which areas rows go by from now on; if they went by others before, queue a job. */
static void
note_areas(YsFollow *follow)
{
	int			policy_id = follow->row->policy_id;

	ys_transaction_begin("noting areas");
	if (ys_policy_note_areas(policy_id, follow->bound->areas_fingerprint) &&
		follow->row->phase != YS_PHASE_STARTING)
		(void) ys_job_queue(policy_id, YS_JOB_RELOCATE);
	ys_transaction_commit();
	follow->areas_noted = true;
}

static void
note_rules(YsFollow *follow)
{
	ys_transaction_begin("noting synonyms and functions");
	ys_follow_note_rules(follow);
	ys_transaction_commit();
}

/*
 * Forget old deletions, a bit at a time.  A policy that is LIVE reads nothing from the store
 * that could be older than they are.
 */
static void
prune(YsFollow *follow)
{
	YsPhase		phase;
	int64		pruned = 0;

	/* who holds the table may do so for long */
	follow->prune_at = ys_clock_ms() + PRUNE_MS;
	ys_transaction_begin("forgetting old deletions");
	if (ys_follow_lock(follow, true, &phase) && phase == YS_PHASE_LIVE)
		pruned = ys_tombstones_prune(follow->table, ys_guc_tombstone_retention, PRUNE_ROWS);
	ys_transaction_commit();
	if (pruned == PRUNE_ROWS)
		follow->prune_at = 0;
}

void
ys_jobs_tend(YsFollow *follow)
{
	if (ys_policy_area_level(follow->policy) != NULL && !follow->areas_noted)
		note_areas(follow);
	if (!ys_follow_rules_noted(follow))
		note_rules(follow);
	if (follow->row->phase == YS_PHASE_LIVE && ys_guc_tombstone_retention >= 0 &&
		ys_clock_ms() >= follow->prune_at)
		prune(follow);
}

void
ys_jobs_look(const YsPolicyStream *policies, List *follows)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore jobs",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	List	   *turns;
	ListCell   *lc;

	ys_transaction_begin("reading jobs");
	turns = ys_job_turns(policies);
	ys_transaction_commit();
	foreach(lc, follows)
	{
		YsFollow   *follow = lfirst(lc);
		ListCell   *cell;

		follow->job_id = follow->verify_id = 0;
		foreach(cell, turns)
		{
			const YsJobTurn *turn = lfirst(cell);

			if (turn->policy_id != follow->row->policy_id)
				continue;
			if (turn->kind == YS_JOB_VERIFY)
				follow->verify_id = turn->job_id;
			else
				follow->job_id = turn->job_id;
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Make the partitions that a step has missed.  One that can't be made ends the job: false. */
static bool
add_partitions(YsFollow *follow, const List *areas)
{
	ErrorData  *error = ys_apply_add_areas(follow, areas);
	ArrayType  *next_key;

	if (error == NULL)
		return true;
	ys_transaction_begin("ending a job");
	if (ys_job_take(follow->job_id, &next_key))
		ys_job_fail(follow->job_id, error->message);
	ys_transaction_commit();
	return false;
}

/* One transaction of a job.  False when there is none to go on with. */
static bool
step(YsFollow *follow)
{
	YsRelocation relocation = {.follow = follow};
	ErrorData  *error;
	YsPhase		phase;
	bool		taken = false;

	ys_transaction_begin("relocating rows");

	if (ys_follow_lock(follow, true, &phase) && phase == follow->row->phase)
		taken = ys_job_take(follow->job_id, &relocation.next_key);
	if (taken)
	{
		error = ys_transaction_try(ys_relocation_step, &relocation);
		if (error != NULL)
			ys_job_fail(follow->job_id, error->message);
		else if (relocation.missing == NIL)
			ys_job_advance(follow->job_id, relocation.next_key, relocation.seen, relocation.moved,
						   relocation.refused, relocation.reason);
		taken = error == NULL && (relocation.missing != NIL || relocation.next_key != NULL);
	}
	ys_transaction_commit();
	if (taken && relocation.missing != NIL)
		return add_partitions(follow, relocation.missing);
	return taken;
}

bool
ys_jobs_step(List *follows)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore job step",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ListCell   *lc;
	bool		busy = false;

	foreach(lc, follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (follow->job_id == 0 || !ys_follow_is_active(follow))
			continue;
		busy = true;
		ys_activity_set_policy(follow->row->name);
		/* the next job is looked for with the areas that its starter saw */
		if (!step(follow))
			follow->job_id = 0;
		MemoryContextReset(context);
	}
	ys_activity_set_policy(NULL);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return busy;
}
