/*-------------------------------------------------------------------------
 * plan.h
 *	  What planning knows of a foreign table, for its parts.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_PLAN_H
#define YS_FDW_PLAN_H

#include "nodes/plannodes.h"

#include "catalog/policy.h"
#include "fdw/qual.h"

/* In units of a sequential page read; about 2 ms. */
#define YS_REQUEST_COST		100.0

/* What the store reads for a page at most. */
#define YS_PAGE_BYTES		(1024.0 * 1024.0)

/* RelOptInfo.fdw_private of a table, and of a count of its rows */
typedef struct YsRelation
{
	YsSource   *source;
	YsKeySchema keys;			/* the table's */
	bool		consistent;		/* reads must be strongly consistent */
	YsAccess	access;			/* of the table, by the query's own conditions */
	double		bytes;			/* what the table takes; 0: not known */
	List	   *ahead;			/* of YsAheadPath, see ahead_plan.c */
	int			window;			/* their parameter */
	List	   *policies;		/* of YsPolicyRow, see ys_plan_policy */
	List	   *answers;		/* of YsAnswerPlan: paths that an index answers */
} YsRelation;

/* plan.c: what is known of a table, looked up at the first call. */
extern YsRelation *ys_plan_relation(RelOptInfo *rel, Oid relid);

/*
 * plan.c: the policy of that name, looked up at the first call; NULL: the table has none.  The index table, which
 * is not locked, is one that the plan depends on from then on.
 */
extern const YsPolicyRow *ys_plan_policy(PlannerInfo *root, YsRelation *relation, const char *name);

/* field_stats.c, at load: tell the planner what values of computed columns there are. */
extern void ys_field_stats_init(void);

/* field_stats.c: how many items there are, by an index table that was analyzed; 0: there is none. */
extern double ys_field_stats_items(PlannerInfo *root, YsRelation *relation);

/* unique.c, at load: tell the planner which keys are unique. */
extern void ys_unique_init(void);

/*
 * ForeignScan.fdw_private (see fdw.h) of a scan by this access; *values are its conditions', for
 * fdw_exprs.
 */
extern List *ys_plan_private(const YsRelation *relation, const YsAccess *access, List *columns,
							 int flags, int nfilters, int nwide, int wanted, int window,
							 List *answer, List **values);

/*
 * ForeignPath.fdw_private: what the plan can't tell from its clauses, the index's number (-1 for
 * the table), the parameter whose slot has a window (-1: none), and which of the relation's answers it is
 * by (-1: none).
 */
extern List *ys_plan_path_private(const YsSource *source, const YsAccess *access, int window,
								  int answer);

/*
 * count.c: the plan of a path that ys_get_upper_paths added, whose target list this is;
 * outer_plan counts when the store can't.
 */
extern ForeignScan *ys_plan_count(PlannerInfo *root, const YsRelation *relation, List *tlist,
								  Plan *outer_plan);

/* plan.c: what an item costs here; and what the query's own access costs but for that. */
extern Cost ys_plan_item_cost(const RelOptInfo *rel);
extern void ys_plan_count_cost(PlannerInfo *root, RelOptInfo *rel, Cost *startup, Cost *total);

/* plan.c: columns a scan under these clauses needs of each row, as attribute numbers. */
extern List *ys_plan_columns(RelOptInfo *rel, const YsSource *source, List *clauses);

/*
 * plan.c: the sets of other tables' rels that a join on the schema's keys
 * could take their values from.
 */
extern List *ys_plan_outer_sets(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema);

/*
 * index_path.c: how to ask an index for the rows of these clauses (RestrictInfo).
 * False: it can't be asked, or might not have all of them.
 */
extern bool ys_index_choose(PlannerInfo *root, RelOptInfo *rel, const YsSourceIndex *index,
							List *clauses, YsAccess *access);

/*
 * index_path.c: is it sure that nothing but the index is asked?  Where a value might be none
 * that a key can have, it may be the table instead, see key.c.
 */
extern bool ys_index_is_sure(const YsSource *source, const YsAccess *access);

/* index_path.c: what an entry of the index takes, of items of this size. */
extern double ys_index_entry_bytes(RelOptInfo *rel, const YsSourceIndex *index, double item_bytes);

/* rights.c: may who runs the query read all that it names of the table?  As long as that isn't so, it can't run. */
extern bool ys_plan_may_select(PlannerInfo *root, const RelOptInfo *rel);

#endif							/* YS_FDW_PLAN_H */
