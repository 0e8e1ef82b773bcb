/*-------------------------------------------------------------------------
 * direct.c
 *	  UPDATE and DELETE of one item by its full key, without reading it.
 *
 * Possible when nothing of the row is looked at: no other condition, new
 * values that name no column, no trigger (the server sees to that).  One
 * UpdateItem or DeleteItem then, under the condition that the item exists.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/rel.h"

#include "compat.h"
#include "fdw/fdw.h"
#include "fdw/modify.h"
#include "fdw/scan.h"

/* ForeignScanState.fdw_state */
typedef struct YsDirect
{
	YsScan		scan;			/* first: explain.c takes it for a scan */
	YsModify   *modify;
	CmdType		operation;
	bool		counts;			/* the statement's row count is ours */
	List	   *targets;		/* columns */
	List	   *values;			/* their ExprStates */
	bool		done;
} YsDirect;

/* ---- planning ---- */

/*
 * The new values, if all of them can be computed before, and without, the
 * row.  Behind the assignments the target list has the row's identity.
 */
static bool
find_values(List *targets, List *columns, List **values)
{
	ListCell   *target;
	ListCell   *column;

	*values = NIL;
	forboth(target, targets, column, columns)
	{
		Expr	   *expr = lfirst_node(TargetEntry, target)->expr;

		/* a volatile one would be computed again for RETURNING */
		if (contain_var_clause((Node *) expr) || contain_subplans((Node *) expr) ||
			contain_volatile_functions((Node *) expr))
			return false;
		*values = lappend(*values, expr);
	}
	return true;
}

static bool
are_paths(const YsSource *source, List *columns)
{
	ListCell   *cell;

	foreach(cell, columns)
		if (source->columns[lfirst_int(cell) - 1].kind != YS_COLUMN_PATH)
			return false;
	return true;
}

bool
ys_plan_direct(PlannerInfo *root, ModifyTable *plan, Index rti, int subplan)
{
	ForeignScan *scan = (ForeignScan *) outerPlan(plan);
	List	   *targets = NIL;
	List	   *columns = NIL;
	List	   *values = NIL;
	int			flags;

	if ((plan->operation != CMD_UPDATE && plan->operation != CMD_DELETE) ||
		!IsA(scan, ForeignScan) || scan->scan.scanrelid != rti ||
		list_length(plan->resultRelations) != 1)
		return false;
	flags = intVal(list_nth(scan->fdw_private, YS_SCAN_FLAGS));
	if ((flags & YS_SCAN_EXACT) == 0)
		return false;

	if (plan->operation == CMD_UPDATE)
	{
		YsSource   *source = ys_source_load(planner_rt_fetch(rti, root)->relid);

		get_translated_update_targetlist(root, rti, &targets, &columns);
		ys_modify_check_assigned(source, columns);
		if (!are_paths(source, columns) || !find_values(targets, columns, &values))
			return false;
	}

	if (plan->canSetTag)
		flags |= YS_SCAN_COUNTS;
	intVal(list_nth(scan->fdw_private, YS_SCAN_FLAGS)) = flags;
	scan->fdw_private = lappend(scan->fdw_private, columns);
	scan->fdw_exprs = list_concat(scan->fdw_exprs, values);
	/* the key's conditions are all there is, and what is returned may not be checked again */
	scan->scan.plan.qual = NIL;
	scan->operation = plan->operation;
	scan->resultRelation = rti;
	return true;
}

/* ---- execution ---- */

void
ys_begin_direct(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	ResultRelInfo *rinfo = node->resultRelInfo;
	Oid			relid = RelationGetRelid(rinfo->ri_RelationDesc);
	YsDirect   *direct = palloc0(sizeof(YsDirect));
	int			flags = intVal(list_nth(plan->fdw_private, YS_SCAN_FLAGS));

	node->fdw_state = direct;
	direct->operation = plan->operation;
	direct->scan.source = ys_source_load(relid);
	ys_scan_init_conditions(&direct->scan, plan->fdw_private, plan->fdw_exprs, (PlanState *) node);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	direct->counts = (flags & YS_SCAN_COUNTS) != 0;
	direct->targets = list_nth(plan->fdw_private, YS_SCAN_TARGETS);
	direct->values = ExecInitExprList(list_copy_tail(plan->fdw_exprs, direct->scan.nconditions),
									  (PlanState *) node);
	direct->modify = ys_modify_create(relid, ys_result_user_compat(rinfo, node->ss.ps.state));
}

static void
evaluate_targets(YsDirect *direct, ExprContext *econtext, YsChange *change)
{
	YsModify   *modify = direct->modify;
	ListCell   *column;
	ListCell   *expr;

	change->assigned = palloc((list_length(direct->targets) + 1) * sizeof(YsAssigned));
	forboth(column, direct->targets, expr, direct->values)
	{
		YsAssigned *assigned = &change->assigned[change->nassigned++];
		int			at = lfirst_int(column) - 1;
		bool		isnull;
		Datum		datum = ExecEvalExpr((ExprState *) lfirst(expr), econtext, &isnull);

		assigned->column = &modify->source->columns[at];
		assigned->value = NULL;
		if (!isnull)
		{
			YsValue    *value = palloc(sizeof(YsValue));

			*value = ys_convert_from_datum(&modify->converters[at], datum);
			assigned->value = value;
		}
	}
}

/* The one item's key; the conditions have one value each. */
static YsValue
direct_key(YsScan *scan)
{
	YsMember   *members = palloc(scan->source->nkeys * sizeof(YsMember));

	for (int i = 0; i < scan->source->nkeys; i++)
	{
		members[i].name = scan->keys[i].name;
		members[i].name_len = strlen(scan->keys[i].name);
		members[i].value = scan->keys[i].values[0];
	}
	return (YsValue) {.type = YS_TYPE_MAP, .len = scan->source->nkeys, .members = members};
}

/* Write; the written row, if there is one and it is wanted, is in the scan slot. */
static bool
run(ForeignScanState *node, YsDirect *direct)
{
	YsModify   *modify = direct->modify;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	YsChange	change = {.source = modify->source, .store = modify->store, .cost = &modify->cost};

	if (!ys_scan_evaluate(&direct->scan, econtext))
		return false;
	change.key = direct_key(&direct->scan);
	change.is_delete = direct->operation == CMD_DELETE;
	change.want_item = modify->reader != NULL;
	change.key_will_do = modify->returns_key;
	evaluate_targets(direct, econtext, &change);
	if (!ys_change_apply(&change))
		return false;
	if (modify->reader != NULL)
		ys_row_fill(modify->reader, &change.item, node->ss.ss_ScanTupleSlot);
	return true;
}

TupleTableSlot *
ys_iterate_direct(ForeignScanState *node)
{
	YsDirect   *direct = node->fdw_state;
	TupleTableSlot *slot = ExecClearTuple(node->ss.ss_ScanTupleSlot);
	EState	   *estate = node->ss.ps.state;
	MemoryContext old;
	bool		written;

	if (direct->done)
		return slot;
	direct->done = true;
	old = MemoryContextSwitchTo(ys_modify_begin_row(direct->modify, node->resultRelInfo,
													direct->operation));
	written = run(node, direct);
	MemoryContextSwitchTo(old);
	if (!written)
		return slot;

	if (direct->counts)
		estate->es_processed++;
	if (direct->modify->reader != NULL)
	{
		ResultRelInfo *rinfo = node->resultRelInfo;

		/* RETURNING is computed from this slot; since 18 the server leaves the table's oid to us */
		slot->tts_tableOid = RelationGetRelid(rinfo->ri_RelationDesc);
		rinfo->ri_projectReturning->pi_exprContext->ecxt_scantuple = slot;
		return slot;
	}
	if (node->ss.ps.instrument != NULL)
		node->ss.ps.instrument->tuplecount += 1;
	return slot;
}

const YsCost *
ys_direct_cost(ForeignScanState *node)
{
	YsDirect   *direct = node->fdw_state;

	return direct->modify != NULL ? &direct->modify->cost : NULL;
}

void
ys_end_direct(ForeignScanState *node)
{
	/* all of it goes with the query's memory */
}
