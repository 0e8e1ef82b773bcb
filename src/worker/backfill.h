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

typedef enum YsBackfillStep
{
	YS_BACKFILL_ADVANCED,
	YS_BACKFILL_WAITING,		/* for pages that were asked for */
	YS_BACKFILL_FAILED
} YsBackfillStep;

/*
 * Write a page that has come, if one has, and ask for the one after it: without waiting for
 * the store.  When the last segment is done the policy becomes LIVE.  FAILED and err when the
 * store can't be read now: the segment is asked for again on the next call.  Where there are
 * no credentials for it the policy pauses.
 */
extern YsBackfillStep ys_backfill_step(YsFollow *follow, YsError *err);

/* When to look again for a page: see ys_store_signals.  False: at once, none is on its way. */
extern bool ys_backfill_signals(YsFollow *follow, int *fd, long *timeout_ms);

/* The attributes that make an entry: the key's and the policy's sources, or none said for all. */
extern YsAttributeFilter ys_backfill_wanted(const YsFollow *follow);

/* Give up what is in flight. */
extern void ys_backfill_close(YsFollow *follow);

#endif							/* YS_WORKER_BACKFILL_H */
