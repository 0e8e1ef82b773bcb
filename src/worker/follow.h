/*-------------------------------------------------------------------------
 * follow.h
 *	  One policy as a stream worker follows it: everything that is looked up
 *	  once and used for every batch.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_FOLLOW_H
#define YS_WORKER_FOLLOW_H

#include "catalog/bindings.h"
#include "catalog/index_table.h"
#include "catalog/policy.h"
#include "catalog/source.h"
#include "worker/pace.h"

typedef struct YsBackfill YsBackfill;

typedef struct YsFollow
{
	MemoryContext context;		/* everything below lives here */
	YsPolicyRow *row;			/* phase is kept current */
	YsSource   *source;
	YsPolicy   *policy;
	YsIndexTable *table;

	YsBound    *bound;			/* replaced when what it is made of changes */
	bool		areas_noted;	/* the catalog knows which areas rows go by now */

	int			npositions;
	YsPolicyPosition *positions;
	bool		positions_dirty;	/* something to save that no batch has saved */

	YsPace		pace;
	YsBackfill *backfill;		/* while BACKFILL */
	int64		job_id;			/* the job under way, or the next; 0: none */
} YsFollow;

/* Does it take part in batches now? */
#define ys_follow_is_active(follow) \
	((follow)->row->phase == YS_PHASE_LIVE || (follow)->row->phase == YS_PHASE_BACKFILL)

/* Has a policy come to rest, until someone resumes it or makes it anew? */
#define ys_phase_is_resting(phase) \
	((phase) == YS_PHASE_PAUSED || (phase) == YS_PHASE_INCOMPLETE)

/*
 * Open a policy, in a context below parent.  Inside a transaction; throws
 * when its source or declaration can't be read any more.
 */
extern YsFollow *ys_follow_open(MemoryContext parent, const YsPolicyRow *row);
extern void ys_follow_close(YsFollow *follow);

/*
 * Are the items' table and key still declared as they were?  Inside a transaction;
 * throws what opening would throw.
 */
extern bool ys_follow_is_current(const YsFollow *follow);

/* Pause a policy for what it can't go on with, in the catalog and in row.  Inside a transaction. */
extern void ys_follow_pause(YsPolicyRow *row, const ErrorData *error);

/* The same for a reason in words. */
extern void ys_follow_pause_for(YsPolicyRow *row, const char *reason);

/*
 * Lock a policy's row until the transaction ends.  False when it is gone, or has begun anew
 * since it was opened here: nothing of it may be written then.
 */
extern bool ys_follow_lock(const YsFollow *follow, YsPhase *phase);

/* Read areas, synonyms and what else the policy names anew.  Inside a transaction. */
extern void ys_follow_load_bindings(YsFollow *follow);

/* Read positions anew.  Inside a transaction. */
extern void ys_follow_load_positions(YsFollow *follow);

/* The position in a topic partition, NULL when the policy has none there. */
extern YsPolicyPosition *ys_follow_position(YsFollow *follow, int32 partition);

#endif							/* YS_WORKER_FOLLOW_H */
