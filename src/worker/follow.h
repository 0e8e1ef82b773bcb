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
#include "catalog/lease.h"
#include "catalog/policy.h"
#include "catalog/source.h"
#include "worker/pace.h"
#include "worker/shard_positions.h"

typedef struct YsBackfill YsBackfill;
typedef struct YsVerify YsVerify;
typedef struct YsLane YsLane;

typedef struct YsFollow
{
	MemoryContext context;		/* everything below lives here */
	const YsLease *lease;		/* the worker's: of which partitions it may write; NULL: of all, as a session */
	YsPolicyRow *row;			/* phase is kept current */
	YsSource   *source;
	YsPolicy   *policy;
	YsIndexTable *table;

	YsBound    *bound;			/* replaced when what it is made of changes */
	bool		areas_noted;	/* the catalog knows which areas rows go by now */
	bool		rules_noted;	/* and by which synonyms and functions they are written, */
	uint64		functions_noted;	/* these of this generation */

	int			of_partitions;	/* in which the policy has positions */
	int			npositions;		/* in the worker's own of these */
	YsPolicyPosition *positions;
	YsShardPositions *shards;	/* where the store's own stream is followed, else NULL */
	bool		draining;		/* not all that came before the topic's last growth is applied */
	bool		positions_dirty;	/* something to save that no batch has saved */

	YsPace		pace;
	/* of the stream worker: see stream_worker_lanes.c */
	bool		aside;			/* takes no part in the shared lane */
	YsLane	   *lane;			/* its own, while aside; NULL: not open */
	int			batch_limit;	/* of events, while aside, so that others get their turn; 0: as configured */

	YsBackfill *backfill;		/* while BACKFILL */
	int			backfill_failures;	/* in a row, of the store */
	int64		backfill_at;	/* leave the store alone until then */
	int64		prune_at;		/* look for old tombstones then */
	int64		job_id;			/* the job under way, or the next; 0: none */
	int64		verify_id;		/* the verification under way, or the next; 0: none */
	YsVerify   *verify;
	int			verify_failures;	/* in a row, of the store */
	int64		verify_at;		/* go on then */
	int			rebuild_failures;	/* in a row, of ending a rebuild */
	int64		rebuild_at;		/* try it then */
} YsFollow;

/* Must an event wait until all that was written before more partitions were added is applied? */
#define ys_follow_holds(follow, position, offset) \
	((follow)->draining && (offset) >= (position)->layout_from)

/* Does it take part in batches now? */
#define ys_follow_is_active(follow) \
	((follow)->row->phase == YS_PHASE_LIVE || (follow)->row->phase == YS_PHASE_BACKFILL)

/* Has a policy come to rest, until someone resumes it or makes it anew? */
#define ys_phase_is_resting(phase) \
	((phase) == YS_PHASE_PAUSED || (phase) == YS_PHASE_INCOMPLETE)

/*
 * Open a policy, in a context below parent; lease (NULL: a session's) is borrowed.  Inside a transaction; throws
 * when its source or declaration can't be read any more.
 */
extern YsFollow *ys_follow_open(MemoryContext parent, const YsPolicyRow *row, const YsLease *lease);
extern void ys_follow_close(YsFollow *follow);

/*
 * Are the items' table and key still declared as they were?  Inside a transaction;
 * throws what opening would throw.
 */
extern bool ys_follow_is_current(const YsFollow *follow);

/*
 * Before a policy's rows are written: lock its index table, then the worker's lease, then the
 * policy, which is the lock order, and return its phase.  alone: no other worker may write
 * the policy's rows meanwhile.  False when the policy is gone, or has begun anew or changed its owner
 * since it was opened here: nothing of it may be written then.  Throws when the lease is another's by now,
 * and when the policy's rows go by other areas by now than those that are loaded.
 */
extern bool ys_follow_lock(const YsFollow *follow, bool alone, YsPhase *phase);

/* The SQLSTATE of that error. */
#define YS_ERRCODE_LEASE_LOST	MAKE_SQLSTATE('Y', 'S', 'L', '0', '1')

/*
 * Throws ERRCODE_INSUFFICIENT_PRIVILEGE unless its owner still may do what creating it took: use the
 * stream's server, if it has one, and read the source.  Inside a transaction.
 */
extern void ys_follow_check_rights(const YsPolicyRow *row);

/*
 * Pause a policy for what it can't go on with, in the catalog and in row.  Inside a transaction.
 * In row alone when it has been given to another owner meanwhile: what failed was the former one's; and when it has become
 * INCOMPLETE, or begun anew.
 */
extern void ys_follow_pause(YsPolicyRow *row, const ErrorData *error);

/* The same for a reason in words. */
extern void ys_follow_pause_for(YsPolicyRow *row, const char *reason);

/* Read areas, synonyms and what else the policy names anew.  Inside a transaction. */
extern void ys_follow_load_bindings(YsFollow *follow);

/*
 * Does the catalog know by which synonyms and functions rows are written now?  It must before they are:
 * note it.  Inside a transaction, which commits before, or with the rows.
 */
extern bool ys_follow_rules_noted(const YsFollow *follow);
extern void ys_follow_note_rules(YsFollow *follow);

/* Read positions anew.  Inside a transaction. */
extern void ys_follow_load_positions(YsFollow *follow);

/* Be where a committed batch has got to in the store's stream. */
extern void ys_follow_adopt_shards(YsFollow *follow, const YsShardPositions *shards);

/* The position in a topic partition, NULL when the policy has none there. */
extern YsPolicyPosition *ys_follow_position(YsFollow *follow, int32 partition);

#endif							/* YS_WORKER_FOLLOW_H */
