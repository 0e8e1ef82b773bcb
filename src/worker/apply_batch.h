/*-------------------------------------------------------------------------
 * apply_batch.h
 *	  A batch between collecting (apply_batch.c), applying (apply.c) and
 *	  writing (apply_write.c): for these only.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_APPLY_BATCH_H
#define YS_WORKER_APPLY_BATCH_H

#include "utils/hsearch.h"

#include "base/memory.h"
#include "catalog/quality.h"
#include "worker/apply.h"

/* One key of the batch: its row, and where it comes from. */
typedef struct YsCandidate
{
	YsIndexRow	row;			/* first: rows are handed on as YsIndexRow * */
	const char *key;			/* canonical text */
	uint32		key_len;
	const YsDecoded *origin;	/* NULL: read by backfill */
	const YsValue *item;		/* NULL: deleted, or known only to be unusable */
	const char *refused;		/* why a field keeps the item out; NULL: none does */
	bool		written;		/* not stale, by the last attempt to write */
} YsCandidate;

typedef struct YsBatch
{
	YsFollow   *follow;
	MemoryContext context;
	YsArena		arena;
	int			ncandidates;
	YsCandidate **candidates;
	HTAB	   *by_key;
	YsPolicyCounters counters;
	int64		messages;		/* offsets passed */
	int64	   *appended_ms;	/* of the events taken */
	YsQuality  *quality;		/* of what was written */
	List	   *quarantined;	/* of YsQuarantined */
	int64		written;		/* rows and deletions */
	int			npositions;
	YsPolicyPosition *positions;	/* as they will be */
	YsShardPositions *shards;	/* likewise, or NULL */
	bool		from_store;		/* what was read, no events */
	const YsRead *read;			/* it, then; its progress is noted with it */
	int			entry_number;	/* of the policy, among the entries that events have; -1: it has none there */
	const YsRetry *retry;		/* what is tried again, in its caller's transaction, or NULL */
	bool		repairs;		/* rows stay under the version they have */
	ErrorData  *systemic;		/* what paused the policy */
	bool		full;			/* there is no room in quarantine: nothing was written */
	const YsDecoded *torn;		/* its item has changes in another partition, too: see ys_version_other_partition */
} YsBatch;

/* An empty batch for at most size events or items, in a context of its own below the current one. */
extern YsBatch *ys_batch_create(YsFollow *follow, int size);

/* Keep what can't be used, with its reason, for the batch's transaction. */
extern void ys_batch_quarantine_event(YsBatch *batch, const YsDecoded *decoded, const char *reason);
extern void ys_batch_quarantine_item(YsBatch *batch, const YsValue *item, const char *reason);

/* Let one event compete for its key. */
extern void ys_batch_collect_event(YsBatch *batch, const YsDecoded *decoded);

/* Those behind the policy's positions, which advance. */
extern void ys_batch_collect_messages(YsBatch *batch, int count, const YsDecoded *decoded);

/* Items that were read from the store, and keys of those that are not there. */
extern void ys_batch_collect_items(YsBatch *batch, int count, const YsValue *items);
extern void ys_batch_collect_gone(YsBatch *batch, int count, const YsValue *keys);

/*
 * Make the candidates' entries: without a transaction, unless fields have functions.
 * False (systemic) when a function can't be called any more.
 */
extern bool ys_batch_normalize(YsBatch *batch);

/*
 * Say which partitions the batch's rows go to, and make those there aren't.  False (systemic) when
 * that failed for good.
 */
extern bool ys_batch_ensure_areas(YsBatch *batch);

/* The partitions that its rows would go to, were there all. */
extern void ys_batch_place(YsBatch *batch);

/* Counters, and how fast and late the policy is with this batch. */
extern void ys_batch_save_stats(const YsBatch *batch);

/*
 * Write the batch's rows, in the current transaction.  False on a systemic error (systemic), which
 * nothing of the batch may survive.
 */
extern bool ys_batch_write(YsBatch *batch);

/* Save what can't be used, and that older events in quarantine are superseded by what was written, in that transaction. */
extern void ys_batch_save_quarantine(YsBatch *batch);

#endif							/* YS_WORKER_APPLY_BATCH_H */
