/*-------------------------------------------------------------------------
 * rebuild.h
 *	  The end of a rebuild: its rows in the place of its policy's.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_REBUILD_H
#define YS_WORKER_REBUILD_H

#include "worker/follow.h"

/* Does a policy stand for the new rows of another? */
#define ys_follow_is_rebuild(follow)	((follow)->row->rebuilds != 0)

/* Give up the rebuilds among these policies that can't become complete.  Opens a transaction of its own. */
extern void ys_rebuild_look(const YsPolicyStream *policies);

typedef enum YsRebuildStep
{
	YS_REBUILD_WAITING,			/* nothing to do now */
	YS_REBUILD_ADVANCED,
	YS_REBUILD_ENDED			/* well or not: policies are to be looked up anew */
} YsRebuildStep;

/*
 * Bring a rebuild that is LIVE a step nearer to its end, in transactions of its own.  original is its policy
 * as this worker follows it, NULL: it doesn't.
 */
extern YsRebuildStep ys_rebuild_step(YsFollow *follow, const YsFollow *original);

#endif							/* YS_WORKER_REBUILD_H */
