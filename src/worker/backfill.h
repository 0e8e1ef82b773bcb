/*-------------------------------------------------------------------------
 * backfill.h
 *	  Reading the items that were there before a policy, while live events
 *	  apply.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_BACKFILL_H
#define YS_WORKER_BACKFILL_H

#include "store/store.h"
#include "worker/follow.h"

/* Begin, or go on where the catalog says.  Opens a transaction of its own. */
extern void ys_backfill_open(YsFollow *follow);

/*
 * Wait for the next page, write it, ask for the one after it.  When the last
 * segment is done the policy becomes LIVE.  False and err when the store
 * can't be read now: the segment is asked for again on the next call.  Where
 * there are no credentials for it the policy pauses.
 */
extern bool ys_backfill_step(YsFollow *follow, YsError *err);

/* The attributes that make an entry: the key's and the policy's sources, or none said for all. */
extern YsAttributeFilter ys_backfill_wanted(const YsFollow *follow);

/* Give up what is in flight. */
extern void ys_backfill_close(YsFollow *follow);

#endif							/* YS_WORKER_BACKFILL_H */
