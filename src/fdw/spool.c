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
 *
 * Rows routed into a partition go to a table that planning was not asked
 * about, when the input is already being read.  They are kept instead, on disk
 * past work_mem, and written when the statement ends.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/planmain.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "fdw/fdw.h"
#include "fdw/modify.h"

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
	if (scan->fs_server != target->serverid ||
		strcmp(strVal(list_nth(scan->fdw_private, YS_SCAN_TABLE)), target->table) != 0)
		return false;
	/* what counts items for the query has no relation of its own */
	return !same_query || scan->scan.scanrelid == 0 ||
		!bms_is_member(scan->scan.scanrelid, target->relids);
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

/* ---- rows routed into a partition ---- */

/* What must be known, or seen, of each row at once can't be had of rows that are kept. */
static void
refuse_impatience(const YsModify *modify, CmdType operation)
{
	bool		skips = (modify->flags & YS_MODIFY_SKIP_DUPLICATES) != 0;

	if (!skips && (modify->flags & YS_MODIFY_LOOKED_AT) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot route rows into a partition that the statement reads, with %s",
					skips ? "ON CONFLICT DO NOTHING" : operation == CMD_UPDATE ?
					"a trigger that fires after UPDATE" : "a trigger that fires after INSERT"),
			 errdetail("Rows for store table \"%s\" are written when all of it has been read, which is "
					   "after the statement has told what became of them.", modify->source->table),
			 errhint("Keep what is read in a temporary table first.")));
}

void
ys_spool_routed(ModifyTableState *mtstate, ResultRelInfo *rinfo, YsModify *modify)
{
	Target		target = {.serverid = modify->source->serverid, .table = modify->source->table};
	EState	   *estate = mtstate->ps.state;
	MemoryContext old;

	/* COPY has no plan */
	if (mtstate->ps.plan == NULL || modify->spool != NULL ||
		!(reads_target(outerPlan(mtstate->ps.plan), &target, true) ||
		  any_reads_target(estate->es_plannedstmt->subplans, &target, false)))
		return;
	refuse_impatience(modify, mtstate->operation);
	old = MemoryContextSwitchTo(GetMemoryChunkContext(modify));
	modify->spool = tuplestore_begin_heap(false, false, work_mem);
	modify->spool_slot = MakeSingleTupleTableSlot(RelationGetDescr(rinfo->ri_RelationDesc),
												  &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(old);
}

void
ys_spool_row(YsModify *modify, TupleTableSlot *slot)
{
	tuplestore_puttupleslot(modify->spool, slot);
	if (modify->reader != NULL)
	{
		YsValue		item = ys_item_build(modify, slot);

		ys_row_fill(modify->reader, &item, slot);
	}
}

void
ys_spool_finish(YsModify *modify)
{
	if (modify->spool == NULL)
		return;
	/* who wanted to see the rows has seen them */
	modify->reader = NULL;
	while (tuplestore_gettupleslot(modify->spool, true, false, modify->spool_slot))
	{
		MemoryContext old = MemoryContextSwitchTo(modify->row_context);

		MemoryContextReset(modify->row_context);
		(void) ys_modify_insert(modify, modify->spool_slot);
		MemoryContextSwitchTo(old);
	}
	ExecDropSingleTupleTableSlot(modify->spool_slot);
	tuplestore_end(modify->spool);
	modify->spool = NULL;
}
