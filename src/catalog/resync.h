/*-------------------------------------------------------------------------
 * resync.h
 *	  The catalog of resyncs: policies that read all of the store anew, and
 *	  then look for rows of what the store has no more.
 *
 * Everything here runs SQL in the caller's transaction, as the extension's
 * owner, and throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_RESYNC_H
#define YS_CATALOG_RESYNC_H

#include "catalog/index_table.h"
#include "utils/array.h"

/*
 * Let a policy begin anew, keeping its rows: in the next epoch, without positions, STARTING, with
 * a job that is done when it is complete again.  One under way is replaced.  Returns the job's
 * id; 0: the policy is gone.
 */
extern int64 ys_resync_begin(int policy_id);

/* ---- for the worker, which has the policy's row locked ---- */

/* Is a resync under way?  after is palloc'd: the last key looked at, NULL: none yet. */
extern bool ys_resync_load(int policy_id, ArrayType **after);

/* So much more has been read and written; nothing happens where no resync is under way. */
extern void ys_resync_count(int policy_id, int64 seen, int64 changed);

/* Keys up to this one have been looked at. */
extern void ys_resync_save(int policy_id, ArrayType *after);

/* All is done. */
extern void ys_resync_end(int policy_id);

/* A page of the keys that an index knows, in their order. */
typedef struct YsSweepPage
{
	int			count;
	YsIndexRow *rows;			/* keys, area and version are set */
	ArrayType  *last_key;		/* as text; NULL: there is nothing behind this page */
} YsSweepPage;

/* Read the next limit keys behind one (NULL: from the start), in the current memory context. */
extern void ys_sweep_read(YsIndexTable *table, ArrayType *after, int limit, YsSweepPage *page);

/* Forget at most limit deletions that were noted so many minutes ago, or earlier.  Returns how many. */
extern int64 ys_tombstones_prune(const YsIndexTable *table, int minutes, int limit);

#endif							/* YS_CATALOG_RESYNC_H */
