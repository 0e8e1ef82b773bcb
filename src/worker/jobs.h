/*-------------------------------------------------------------------------
 * jobs.h
 *	  The jobs of followed policies: which there are, and doing a bit of each.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_JOBS_H
#define YS_WORKER_JOBS_H

#include "worker/follow.h"

/*
 * What is due for a policy without anybody asking: the relocation of rows that were placed by other
 * areas than those loaded now, and forgetting old deletions.  Opens transactions of its own.
 */
extern void ys_jobs_tend(YsFollow *follow);

/* Look which jobs there are.  Opens a transaction of its own. */
extern void ys_jobs_look(const YsPolicyStream *policies, List *follows);

/*
 * Do a bit of each active policy's job, in a transaction of its own.  The areas
 * must be loaded as they were when ys_jobs_look was called, or later: what a job's
 * starter has changed before counts.  False when there was nothing to do.
 */
extern bool ys_jobs_step(List *follows);

#endif							/* YS_WORKER_JOBS_H */
