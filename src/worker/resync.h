/*-------------------------------------------------------------------------
 * resync.h
 *	  Looking for rows of what the store has no more.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_RESYNC_H
#define YS_WORKER_RESYNC_H

#include "store/store.h"
#include "worker/follow.h"

/*
 * After all segments of a resync: look at the next keys that the index knows, in
 * transactions of its own.  *nread is how many items the store was asked for, *done: there are
 * no more, or no resync is under way.  False and err when the store can't be read now.
 */
extern bool ys_resync_step(YsFollow *follow, YsStore *store, int *nread, bool *done, YsError *err);

#endif							/* YS_WORKER_RESYNC_H */
