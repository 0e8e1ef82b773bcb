/*-------------------------------------------------------------------------
 * plan.h
 *	  What planning knows of a foreign table, for its parts.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_PLAN_H
#define YS_FDW_PLAN_H

#include "nodes/plannodes.h"

#include "fdw/qual.h"

/* RelOptInfo.fdw_private of a table, and of a count of its rows */
typedef struct YsRelation
{
	YsSource   *source;
	YsKeySchema keys;			/* the table's */
	YsAccess	access;			/* by the query's own conditions */
	double		bytes;			/* what the table takes; 0: not known */
} YsRelation;

/*
 * ForeignScan.fdw_private (see fdw.h) of a scan by this access; *values are its conditions', for
 * fdw_exprs.
 */
extern List *ys_plan_private(const YsRelation *relation, const YsAccess *access, List *columns,
							 int flags, int nfilters, int wanted, List **values);

/*
 * count.c: the plan of a path that ys_get_upper_paths added, whose target list this is;
 * outer_plan counts when the store can't.
 */
extern ForeignScan *ys_plan_count(PlannerInfo *root, const YsRelation *relation, List *tlist,
								  Plan *outer_plan);

#endif							/* YS_FDW_PLAN_H */
