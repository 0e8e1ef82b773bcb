/*-------------------------------------------------------------------------
 * spool.c
 *	  Statements that read the store's table they write.
 *
 * The store has no snapshots: INSERT INTO t SELECT ... FROM t would come across
 * its own new items and insert them once more.  Such a statement reads all it
 * wants before it writes anything.  PostgreSQL has one plan node that
 * surely takes all of its input before it gives a row: Sort.  It is given one by
 * a constant, which leaves the order alone, costs a comparison a row, and goes to disk
 * by work_mem.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/planmain.h"

#include "fdw/fdw.h"

typedef struct Target
{
	Oid			serverid;
	const char *table;
	Relids		relids;			/* its scans, in the query of the ModifyTable itself */
} Target;

static bool reads_target(const Plan *plan, const Target *target, bool same_query);

static bool
any_reads_target(const List *plans, const Target *target, bool same_query)
{
	ListCell   *cell;

	foreach(cell, plans)
		if (reads_target(lfirst(cell), target, same_query))
			return true;
	return false;
}

/* A scan of the table; that of the rows to be changed aside, which brings each row once. */
static bool
is_other_scan(const ForeignScan *scan, const Target *target, bool same_query)
{
	if (scan->fs_server != target->serverid || scan->scan.scanrelid == 0 ||
		strcmp(strVal(list_nth(scan->fdw_private, YS_SCAN_TABLE)), target->table) != 0)
		return false;
	return !same_query || !bms_is_member(scan->scan.scanrelid, target->relids);
}

/* Does this part of the plan read the table?  Relations have numbers of their own below a SubqueryScan. */
static bool
reads_target(const Plan *plan, const Target *target, bool same_query)
{
	if (plan == NULL)
		return false;
	switch (nodeTag(plan))
	{
		case T_ForeignScan:
			if (is_other_scan((const ForeignScan *) plan, target, same_query))
				return true;
			break;
		case T_SubqueryScan:
			return reads_target(((const SubqueryScan *) plan)->subplan, target, false);
		case T_Append:
			return any_reads_target(((const Append *) plan)->appendplans, target, same_query);
		case T_MergeAppend:
			return any_reads_target(((const MergeAppend *) plan)->mergeplans, target, same_query);
		case T_CustomScan:
			if (any_reads_target(((const CustomScan *) plan)->custom_plans, target, same_query))
				return true;
			break;
		default:
			break;
	}
	return reads_target(outerPlan(plan), target, same_query) ||
		reads_target(innerPlan(plan), target, same_query);
}

/* The same rows, all of them before the first is given. */
static Plan *
sort_by_constant(Plan *input)
{
	List	   *columns = list_copy(input->targetlist);
	Sort	   *sort = makeNode(Sort);
	Const	   *constant = makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(0),
									 false, true);

	columns = lappend(columns, makeTargetEntry((Expr *) constant, list_length(columns) + 1,
											   pstrdup("yottastore order"), true));
	input = change_plan_targetlist(input, columns, input->parallel_safe);

	sort->plan.startup_cost = input->total_cost;
	sort->plan.total_cost = input->total_cost;
	sort->plan.plan_rows = input->plan_rows;
	sort->plan.plan_width = input->plan_width;
	sort->plan.targetlist = input->targetlist;
	sort->plan.lefttree = input;
	sort->numCols = 1;
	sort->sortColIdx = palloc(sizeof(AttrNumber));
	sort->sortColIdx[0] = list_length(columns);
	sort->sortOperators = palloc(sizeof(Oid));
	sort->sortOperators[0] = Int4LessOperator;
	sort->collations = palloc0(sizeof(Oid));
	sort->nullsFirst = palloc0(sizeof(bool));
	return &sort->plan;
}

void
ys_spool_input(PlannerInfo *root, ModifyTable *plan, const YsSource *source)
{
	Target		target = {
		.serverid = source->serverid,
		.table = source->table,
		.relids = plan->operation == CMD_INSERT ? NULL : root->all_result_relids
	};
	Plan	   *input = outerPlan(plan);

	if (!IsA(input, Sort) &&
		(reads_target(input, &target, true) ||
		 any_reads_target(root->glob->subplans, &target, false)))
		outerPlan(plan) = sort_by_constant(input);
}
