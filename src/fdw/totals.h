/*-------------------------------------------------------------------------
 * totals.h
 *	  What the workers of a parallel plan have counted, for EXPLAIN ANALYZE.
 *
 * A node's shared memory is gone before EXPLAIN looks, and a LIMIT ends the
 * leader's part of a node before its workers'.  So the totals have a segment of
 * their own, which the leader holds until the node ends.  It is made only
 * where somebody wants to know.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_TOTALS_H
#define YS_FDW_TOTALS_H

#include "storage/dsm.h"

#include "fdw/fetch.h"
#include "fdw/window.h"

/* What a process has counted itself, or all workers together. */
typedef struct YsCounted
{
	YsFetchCounters fetch;
	YsWindowCounters window;
	int64		mismatches;
} YsCounted;

/* A node's part in it; zeroed when there is none. */
typedef struct YsTotals
{
	dsm_segment *segment;
	bool		adds;			/* this process is a worker */
} YsTotals;

/* The leader's; what workers attach to by the handle.  DSM_HANDLE_INVALID where nobody asks. */
extern dsm_handle ys_totals_create(YsTotals *totals, bool wanted);

/* A worker's. */
extern void ys_totals_attach(YsTotals *totals, dsm_handle handle);

/* The node ends: a worker adds what it has counted. */
extern void ys_totals_end(YsTotals *totals, const YsCounted *mine);

/* Add up what all workers have, and the leader. */
extern void ys_totals_add_workers(const YsTotals *totals, YsCounted *mine);

#endif							/* YS_FDW_TOTALS_H */
