/*-------------------------------------------------------------------------
 * parallel.h
 *	  A Scan that several processes share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_PARALLEL_H
#define YS_FDW_PARALLEL_H

#include "access/parallel.h"
#include "nodes/pathnodes.h"

#include "fdw/fetch.h"
#include "fdw/totals.h"

typedef struct YsParallelShared YsParallelShared;

/* A scan's part in it; zeroed when it is this process's alone. */
typedef struct YsParallel
{
	YsParallelShared *shared;	/* while there is one */
	ParallelContext *context;	/* the leader's */
	uint32		pages_spent;	/* by runs that have ended */
	YsTotals	totals;
} YsParallel;

/* scan is the table's path by Scan, made for this: a partial path, or nothing becomes of it. */
extern void ys_parallel_add_path(PlannerInfo *root, RelOptInfo *rel, ForeignPath *scan);

/* In how many segments the path's plan scans, and how many of them are under way at once. */
extern int	ys_parallel_segments(const RelOptInfo *rel, const ForeignPath *scan);
extern int	ys_parallel_segments_at_once(int segments);

/* A Scan begins to fetch: see which part of it is this process's. */
extern void ys_parallel_share(const YsParallel *parallel, YsFetchPages *pages);

#endif							/* YS_FDW_PARALLEL_H */
