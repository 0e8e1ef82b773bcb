/*-------------------------------------------------------------------------
 * ahead_plan.c
 *	  Planning a join by key that reads ahead.
 *
 * The join stays the server's own nested loop; its outer side gets a node that
 * passes rows and has the store asked for their keys, and its inner side is a
 * scan by key that costs little, since its item is there already.  So all join
 * types the nested loop knows, row marks and rescans come for free.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/extensible.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paramassign.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"

#include "compat.h"
#include "fdw/ahead.h"
#include "fdw/fdw.h"
#include "fdw/fetch_internal.h"
#include "fdw/limit.h"
#include "guc.h"

/* A path by key that a join may read ahead of. */
typedef struct YsAheadPath
{
	ForeignPath *path;			/* finds its item in the window */
	double		share;			/* of what requests cost, a row's */
	List	   *private;		/* of its scan */
	List	   *values;			/* that its conditions are about */
} YsAheadPath;

static set_join_pathlist_hook_type next_join_hook = NULL;

/* ---- the inner side ---- */

/* One item, or one partition, for each outer row: by lists of them it asks for many already. */
static bool
asks_for_one(const YsAccess *access)
{
	if (access->operation != YS_OPERATION_GET && access->operation != YS_OPERATION_QUERY)
		return false;
	for (int i = 0; i < access->nconditions; i++)
		if (access->conditions[i].test == YS_TEST_ANY)
			return false;
	return true;
}

/*
 * The parameter is assigned here, and not when joins are looked at: what the
 * genetic optimizer tries in between is forgotten, and would leave plans with numbers
 * that nobody counted.
 */
void
ys_ahead_note_path(PlannerInfo *root, RelOptInfo *rel, ForeignPath *path, const YsAccess *access)
{
	YsRelation *relation = rel->fdw_private;
	double		keys = access->operation == YS_OPERATION_GET ? YS_BATCH_GET_MAX : 1;
	YsAheadPath *ahead;

	if (!ys_guc_read_ahead || !asks_for_one(access))
		return;
	if (relation->ahead == NIL)
		relation->window = assign_special_exec_param(root);
	ahead = palloc0(sizeof(YsAheadPath));
	ahead->path = makeNode(ForeignPath);
	/* the original is freed if a better one is found */
	memcpy(ahead->path, path, sizeof(ForeignPath));
	ahead->path->fdw_private = ys_plan_path_private(relation->source, access, relation->window, -1);
	ahead->share = YS_REQUEST_COST / (keys * YS_KEY_CALLS_MAX);
	ahead->path->path.total_cost += ahead->share - path->path.startup_cost;
	ahead->path->path.startup_cost = 0;
	ahead->private = ys_plan_private(relation, access, NIL, 0, 0, 0, 0, -1, NIL, &ahead->values);
	relation->ahead = lappend(relation->ahead, ahead);
}

/* ---- the node ---- */

/*
 * Since 16 a column says which outer joins may have made it NULL, and must say the same as the
 * plan below; a clause may have been written above fewer joins, or more.
 */
static Node *
adopt_columns(Node *node, void *tlist)
{
	if (node == NULL)
		return NULL;
#if PG_VERSION_NUM >= 160000
	if (IsA(node, Var))
	{
		Var		   *var = copyObject((Var *) node);
		ListCell   *cell;

		foreach(cell, (List *) tlist)
		{
			Var		   *below = (Var *) lfirst_node(TargetEntry, cell)->expr;

			if (IsA(below, Var) && below->varno == var->varno && below->varattno == var->varattno &&
				below->varlevelsup == var->varlevelsup)
				var->varnullingrels = below->varnullingrels;
		}
		return (Node *) var;
	}
#endif
	return expression_tree_mutator(node, adopt_columns, tlist);
}

static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
		  List *children)
{
	CustomScan *plan = makeNode(CustomScan);
	Plan	   *child = linitial(children);

	plan->scan.plan.targetlist = tlist;
	plan->custom_plans = children;
	plan->custom_private = list_copy_head(path->custom_private, YS_AHEAD_VALUES);
	plan->custom_exprs = (List *) adopt_columns((Node *) list_concat_copy(list_nth(path->custom_private, YS_AHEAD_VALUES),
																		  list_nth(path->custom_private, YS_AHEAD_CONDITIONS)),
												child->targetlist);
	plan->custom_scan_tlist = copyObject(child->targetlist);
	plan->methods = &ys_ahead_methods;
	return (Plan *) plan;
}

static const CustomPathMethods path_methods = {
	.CustomName = "YottastoreKeys",
	.PlanCustomPath = make_plan
};

static CustomPath *
make_node_path(PlannerInfo *root, const Path *outer, RelOptInfo *inner, const YsAheadPath *ahead, List *values,
			   List *conditions)
{
	const YsRelation *relation = inner->fdw_private;
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = outer->parent;
	path->path.pathtarget = outer->pathtarget;
	path->path.param_info = outer->param_info;
	path->path.parallel_safe = outer->parallel_safe && is_parallel_safe(root, (Node *) values);
	path->path.parallel_workers = outer->parallel_workers;
	path->path.rows = outer->rows;
	ys_path_copy_disabled_compat(&path->path, outer);
	/*
	 * The first request brings the first row's item, and a bit is taken off: where one row is expected both ways cost the
	 * same, but more may come.
	 */
	path->path.startup_cost = outer->startup_cost + YS_REQUEST_COST - ahead->share - cpu_operator_cost;
	path->path.total_cost = path->path.startup_cost + outer->total_cost - outer->startup_cost +
		(outer->rows - 1) * cpu_tuple_cost;
	path->path.pathkeys = outer->pathkeys;
	path->custom_paths = list_make1(unconstify(Path *, outer));
	path->custom_private = list_make5(makeInteger((int) relation->source->relid),
									  makeInteger(relation->window), ahead->private,
									  makeInteger(inner->reltarget->width), makeInteger(ys_limit_rows(root, outer->pathkeys)));
	path->custom_private = list_concat(path->custom_private, list_make2(values, conditions));
	path->methods = &path_methods;
	return path;
}

/* ---- the join ---- */

static bool
is_placeholder(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	return IsA(node, PlaceHolderVar) || expression_tree_walker(node, is_placeholder, arg);
}

/* The keys' values as the outer side has them; NIL: it does not have all of them. */
static List *
outer_values(PlannerInfo *root, const RelOptInfo *outer, const YsAheadPath *ahead)
{
	List	   *values = ahead->values;
	Relids		used;

	if (outer->top_parent_relids != NULL)
		values = (List *) ys_adjust_to_child_compat(root, (Node *) values, outer);
	used = pull_varnos(root, (Node *) values);
	if (bms_is_empty(used) || !bms_is_subset(used, outer->relids) ||
		is_placeholder((Node *) values, NULL))
		return NIL;
	return values;
}

/*
 * Of a join's conditions those on outer rows alone, as outer joins and anti joins have them: a row for which one does
 * not hold matches nothing.
 */
static List *
outer_conditions(const RelOptInfo *outer, const List *clauses)
{
	List	   *conditions = NIL;
	const ListCell *cell;

	foreach(cell, clauses)
	{
		const RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		Node	   *clause = (Node *) rinfo->clause;

		if (!rinfo->pseudoconstant && bms_is_subset(rinfo->clause_relids, outer->relids) &&
			!contain_volatile_functions(clause) && !contain_subplans(clause) && !is_placeholder(clause, NULL))
			conditions = lappend(conditions, clause);
	}
	return conditions;
}

static Relids
top_relids(const RelOptInfo *rel)
{
	return rel->top_parent_relids != NULL ? rel->top_parent_relids : rel->relids;
}

static void
add_join(PlannerInfo *root, RelOptInfo *join, Path *outer, RelOptInfo *inner,
		 const YsAheadPath *ahead, JoinType jointype, JoinPathExtraData *extra)
{
	RelOptInfo *outer_rel = outer->parent;
	Path	   *by_key = &ahead->path->path;
	Relids		required = calc_nestloop_required_outer(top_relids(outer_rel), PATH_REQ_OUTER(outer),
														top_relids(inner), PATH_REQ_OUTER(by_key));
	List	   *values = outer_values(root, outer_rel, ahead);
	JoinCostWorkspace workspace;
	CustomPath *node;

	if (values == NIL || bms_overlap(PATH_REQ_OUTER(outer), top_relids(inner)) ||
		(required != NULL && (!bms_overlap(required, extra->param_source_rels) ||
							  root->placeholder_list != NIL)))
		return;
	if (outer_rel->top_parent_relids != NULL &&
		bms_overlap(PATH_REQ_OUTER(by_key), outer_rel->top_parent_relids))
	{
		by_key = ys_path_by_child_compat(root, by_key, outer_rel);
		if (by_key == NULL)
			return;
	}
	node = make_node_path(root, outer, inner, ahead, values, outer_conditions(outer_rel, extra->restrictlist));
	initial_cost_nestloop(root, &workspace, jointype, &node->path, by_key, extra);
	add_path(join, (Path *) create_nestloop_path(root, join, jointype, &workspace, extra,
												 &node->path, by_key, extra->restrictlist,
												 build_join_pathkeys(root, join, jointype,
																	 outer->pathkeys),
												 required));
}

/*
 * Each process reads ahead of its part of the outer rows, in a window of its own.  The node
 * counts as aware of that, so that what all of them have asked for can be told.
 */
static void
add_partial_join(PlannerInfo *root, RelOptInfo *join, Path *outer, RelOptInfo *inner,
				 const YsAheadPath *ahead, JoinType jointype, JoinPathExtraData *extra)
{
	RelOptInfo *outer_rel = outer->parent;
	Path	   *by_key = &ahead->path->path;
	List	   *values = outer_values(root, outer_rel, ahead);
	JoinCostWorkspace workspace;
	CustomPath *node;

	/* a partial path takes no values from further outside */
	if (values == NIL || !by_key->parallel_safe ||
		!bms_is_subset(PATH_REQ_OUTER(by_key), top_relids(outer_rel)))
		return;
	if (outer_rel->top_parent_relids != NULL)
	{
		by_key = ys_path_by_child_compat(root, by_key, outer_rel);
		if (by_key == NULL)
			return;
	}
	node = make_node_path(root, outer, inner, ahead, values, outer_conditions(outer_rel, extra->restrictlist));
	if (!node->path.parallel_safe)
		return;
	node->path.parallel_aware = true;
	initial_cost_nestloop(root, &workspace, jointype, &node->path, by_key, extra);
	add_partial_path(join, (Path *) create_nestloop_path(root, join, jointype, &workspace, extra,
														 &node->path, by_key, extra->restrictlist,
														 build_join_pathkeys(root, join, jointype,
																			 outer->pathkeys),
														 NULL));
}

/* The outer rows, each once; NULL: they can't be made so. */
static Path *
unique_outer(PlannerInfo *root, RelOptInfo *outer, JoinPathExtraData *extra)
{
	return (Path *) create_unique_path(root, outer, outer->cheapest_total_path, extra->sjinfo);
}

static void
add_joins(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner,
		  JoinType jointype, JoinPathExtraData *extra)
{
	const YsRelation *relation = inner->fdw_private;
	ListCell   *a;
	ListCell   *p;

	foreach(a, relation->ahead)
	{
		const YsAheadPath *ahead = lfirst(a);

		if (jointype == JOIN_UNIQUE_OUTER)
		{
			Path	   *unique = unique_outer(root, outer, extra);

			if (unique != NULL)
				add_join(root, join, unique, inner, ahead, JOIN_INNER, extra);
			continue;
		}
		foreach(p, outer->pathlist)
			add_join(root, join, lfirst(p), inner, ahead, jointype, extra);
		if (join->consider_parallel && bms_is_empty(join->lateral_relids) &&
			outer->partial_pathlist != NIL)
			add_partial_join(root, join, linitial(outer->partial_pathlist), inner, ahead, jointype,
							 extra);
	}
}

static void
join_pathlist(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner,
			  JoinType jointype, JoinPathExtraData *extra)
{
	if (next_join_hook != NULL)
		next_join_hook(root, join, outer, inner, jointype, extra);
	if (!IS_SIMPLE_REL(inner) || inner->fdwroutine == NULL ||
		inner->fdwroutine->GetForeignPaths != ys_get_paths)
		return;
	switch (jointype)
	{
		case JOIN_INNER:
		case JOIN_LEFT:
		case JOIN_SEMI:
		case JOIN_ANTI:
		case JOIN_UNIQUE_OUTER:
			add_joins(root, join, outer, inner, jointype, extra);
			break;
		default:
			break;
	}
}

void
ys_ahead_init(void)
{
	next_join_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = join_pathlist;
	RegisterCustomScanMethods(&ys_ahead_methods);
}
