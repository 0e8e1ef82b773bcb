/*-------------------------------------------------------------------------
 * count.c
 *	  Planning count(*) as a question to the store.
 *
 * The store counts what a Query or a Scan finds, and sends the number instead
 * of the items.  It is asked when all conditions are on the key and answered
 * exactly.  A bound whose value no key can have can't be sent, which shows only
 * in execution when it is no constant: such a plan has the scan below it,
 * whose rows are counted then.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "fdw/exact.h"
#include "fdw/fdw.h"
#include "fdw/plan.h"
#include "guc.h"

/* Is the argument NULL for no row? */
static bool
is_never_null(const YsRelation *relation, RelOptInfo *rel, Expr *arg)
{
	AttrNumber	attnum = ys_qual_column(rel, arg);
	const YsSourceColumn *column;

	if (IsA(arg, Const))
		return !((Const *) arg)->constisnull;
	if (attnum <= 0 || attnum > relation->source->natts)
		return false;
	column = &relation->source->columns[attnum - 1];
	return column->key > 0 && ys_exact_key_fits(column) && !column->error_on_mismatch;
}

/* Does it count all rows? */
static bool
counts_rows(const YsRelation *relation, RelOptInfo *rel, Node *node)
{
	Aggref	   *aggref = (Aggref *) node;

	if (!IsA(node, Aggref) || aggref->aggfilter != NULL || aggref->aggdistinct != NIL)
		return false;
	if (aggref->aggfnoid == F_COUNT_)
		return true;
	return aggref->aggfnoid == F_COUNT_ANY &&
		is_never_null(relation, rel, linitial_node(TargetEntry, aggref->args)->expr);
}

static List *
find_aggregates(Node *exprs)
{
	return pull_var_clause(exprs, PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_PLACEHOLDERS);
}

/* Is nothing needed of the table but the number of its rows? */
static bool
needs_count_only(const YsRelation *relation, RelOptInfo *rel, const PathTarget *target)
{
	List	   *aggregates = find_aggregates((Node *) target->exprs);
	ListCell   *cell;

	foreach(cell, aggregates)
		if (!counts_rows(relation, rel, lfirst(cell)))
			return false;
	return aggregates != NIL;
}

/* Could it turn out that this condition can't be sent? */
static bool
may_be_left_out(const YsKeyCondition *condition)
{
	return condition->test <= YS_TEST_GT && condition->test != YS_TEST_EQ &&
		ys_exact_may_be_no_key(condition);
}

void
ys_get_upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
				   RelOptInfo *output, void *extra)
{
	Query	   *parse = root->parse;
	YsRelation *relation = input->fdw_private;
	Path	   *scan = input->cheapest_total_path;
	Path	   *otherwise = NULL;
	Path	   *path;
	Cost		startup;
	Cost		total;

	if (stage != UPPERREL_GROUP_AGG || !ys_guc_pushdown || relation == NULL ||
		input->reloptkind != RELOPT_BASEREL || IS_DUMMY_REL(input) ||
		parse->groupClause != NIL || parse->groupingSets != NIL || root->hasHavingQual ||
		(relation->access.operation != YS_OPERATION_QUERY &&
		 relation->access.operation != YS_OPERATION_SCAN) ||
		!needs_count_only(relation, input, output->reltarget) ||
		ys_exact_excess(root, input, &relation->keys, input->baserestrictinfo,
						&relation->access) != 0)
		return;
	for (int i = 0; i < relation->access.nconditions; i++)
		if (may_be_left_out(&relation->access.conditions[i]))
			otherwise = scan;
	output->fdw_private = relation;
	ys_plan_count_cost(root, input, &startup, &total);
	path = (Path *) ys_foreign_upper_path_compat(root, output, output->reltarget, 1, startup, total,
												 otherwise);
	/* what stands in may gather rows of workers itself */
	if (otherwise != NULL)
		path->parallel_safe = path->parallel_safe && otherwise->parallel_safe;
	add_path(output, path);
}

ForeignScan *
ys_plan_count(PlannerInfo *root, const YsRelation *relation, List *tlist, Plan *outer_plan)
{
	List	   *values;
	List	   *private;

	private = ys_plan_private(relation, &relation->access, NIL,
							  YS_SCAN_COUNT | (relation->consistent ? YS_SCAN_CONSISTENT : 0),
							  0, 0, 0, -1, NIL, &values);
	return make_foreignscan(tlist, NIL, 0, values, private,
							add_to_flat_tlist(NIL, find_aggregates((Node *) tlist)), NIL,
							outer_plan);
}
