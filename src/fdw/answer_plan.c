/*-------------------------------------------------------------------------
 * answer_plan.c
 *	  Planning foreign scans that an index answers.
 *
 * What the conditions say of the index is planned as a query of the index table, below the
 * foreign scan: with the table's own indexes and the pruning of its partitions, its rights
 * checked as the policy's owner, and invalidated when the table changes.  A relation of the
 * query stands for it that the query does not name, so that nothing joins it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "access/table.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "parser/parse_relation.h"
#include "partitioning/partdesc.h"
#include "utils/rel.h"

#include "catalog/index_values.h"
#include "catalog/policy_cache.h"
#include "compat.h"
#include "fdw/answer.h"
#include "fdw/answering.h"
#include "fdw/fdw.h"
#include "fdw/fetch_internal.h"
#include "fdw/plan.h"
#include "guc.h"

bool		ys_answer_planned = false;

/* ---- the query of the index ---- */

static Query *
make_query(const YsAnswering *answering, const YsOrdering *ordering)
{
	Query	   *query = makeNode(Query);
	Bitmapset  *columns = bms_union(answering->read.columns, ordering->read.columns);
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item = addRangeTableEntryForRelation(pstate, answering->index, AccessShareLock,
															 NULL, true, true);
	RangeTblRef *ref = makeNode(RangeTblRef);
	RangeTblEntry *rte = item->p_rte;

	for (int i = 0; i < answering->source->nkeys; i++)
	{
		AttrNumber	attnum = YS_INDEX_KEYS_AT + i;
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(answering->index), attnum - 1);
		Var		   *var;

		if (attribute->atttypid != answering->source->keys[i]->type)
			return NULL;
		var = makeVar(YS_INDEX_RTI, attnum, attribute->atttypid, attribute->atttypmod, attribute->attcollation, 0);
		query->targetList = lappend(query->targetList,
									makeTargetEntry((Expr *) var, i + 1, pstrdup(NameStr(attribute->attname)), false));
		columns = bms_add_member(columns, attnum - FirstLowInvalidHeapAttributeNumber);
	}
	ys_ordering_sort_query(ordering, query);
	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->rtable = list_make1(rte);
	ref->rtindex = YS_INDEX_RTI;
	query->jointree = makeFromExpr(list_make1(ref), (Node *) make_ands_explicit(answering->quals));
	ys_query_read_as_compat(query, pstate, rte, answering->policy->owner, columns);
	free_parsestate(pstate);
	return query;
}

/* A relation of the query for it, which no join looks at. */
static RelOptInfo *
add_relation(PlannerInfo *root, const YsAnswering *answering, Query *query)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	Index		rti = root->simple_rel_array_size;
	RelOptInfo *rel;
	ListCell   *cell;

	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = query;
	rte->eref = makeAlias(RelationGetRelationName(answering->index), NIL);
	foreach(cell, query->targetList)
		rte->eref->colnames = lappend(rte->eref->colnames,
									  makeString(pstrdup(lfirst_node(TargetEntry, cell)->resname)));
	Assert(list_length(root->parse->rtable) == (int) rti - 1);
	root->parse->rtable = lappend(root->parse->rtable, rte);
	expand_planner_arrays(root, 1);
	root->simple_rte_array[rti] = rte;
	rel = build_simple_rel(root, rti, NULL);
	rel->reloptkind = RELOPT_OTHER_MEMBER_REL;
	rel->top_parent_relids = rel->relids;
	rel->consider_parallel = answering->rel->consider_parallel;
	foreach(cell, query->targetList)
	{
		const TargetEntry *entry = lfirst_node(TargetEntry, cell);
		const Node *column = (const Node *) entry->expr;

		rel->reltarget->exprs = lappend(rel->reltarget->exprs,
										makeVar(rti, entry->resno, exprType(column), exprTypmod(column),
												exprCollation(column), 0));
	}
	return rel;
}

/* What this query reads counts for the plan, whether it becomes part of it or not. */
static void
depend_on_tables(PlannerGlobal *glob, const Query *query)
{
	ListCell   *cell;

	foreach(cell, query->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		if (rte->rtekind == RTE_RELATION)
			glob->relationOids = lappend_oid(glob->relationOids, rte->relid);
	}
}

/* The cheapest way to read so many keys (0: all) from the index. */
static Path *
plan_keys(PlannerInfo *root, const YsAnswering *answering, const YsOrdering *ordering, double wanted)
{
	Query	   *query = make_query(answering, ordering);
	RelOptInfo *rel;
	Path	   *path;

	if (query == NULL)
		return NULL;
	rel = add_relation(root, answering, query);
	rel->subroot = ys_subquery_planner_compat(root->glob, copyObject(query), root, wanted);
	/* what it takes from outer queries is found with it */
	rel->subplan_params = root->plan_params;
	root->plan_params = NIL;
	depend_on_tables(root->glob, rel->subroot->parse);
	set_subquery_size_estimates(root, rel);
	path = get_cheapest_fractional_path(fetch_upper_rel(rel->subroot, UPPERREL_FINAL, NULL), wanted);
	return (Path *) ys_subqueryscan_path_compat(root, rel, path);
}

/* ---- paths ---- */

/* The partitions that the plan of a query of the index was made of, those left out included; sorted. */
static List *
known_partitions(const PlannerGlobal *glob, Relation index)
{
	List	   *partitions = NIL;
	PartitionDesc desc;

	if (glob->partition_directory == NULL)
		return NIL;
	desc = PartitionDirectoryLookup(glob->partition_directory, index);
	for (int i = 0; i < desc->nparts; i++)
		partitions = lappend_oid(partitions, desc->oids[i]);
	list_sort(partitions, list_oid_cmp);
	return partitions;
}

static YsAnswerPlan *
make_answer(PlannerInfo *root, const YsAnswering *answering, const YsOrdering *ordering, double wanted)
{
	YsAnswerPlan *answer = palloc0(sizeof(YsAnswerPlan));
	List	   *sort = ys_ordering_private(ordering, &answer->exprs);

	answer->private = list_make5(makeString(answering->policy->name), makeInteger(answering->read.by | ordering->read.by),
								 known_partitions(root->glob, answering->index), makeInteger((int) wanted), sort);
	return answer;
}

/*
 * How many keys will come: by the index's query, whose estimate has all rows of partitions that are
 * pruned only when it runs, or by what its clauses take of the foreign table.
 */
static double
estimate_keys(PlannerInfo *root, const YsAnswering *answering, const Path *keys)
{
	double		rows = answering->rel->tuples *
		clauselist_selectivity(root, answering->clauses, 0, JOIN_INNER, NULL);

	return answering->clauses != NIL && answering->rel->tuples > 0 ? Min(keys->rows, clamp_row_est(rows)) : keys->rows;
}

/* wanted: how many rows the query takes, of the first by the ordering if there is one; 0: all. */
static void
add_path_of(PlannerInfo *root, const YsAnswering *answering, const YsOrdering *ordering, double wanted)
{
	Path	   *keys = plan_keys(root, answering, ordering, wanted);
	RelOptInfo *rel = answering->rel;
	YsRelation *relation = rel->fdw_private;
	double		fraction = 1;
	double		rows;
	double		batches;
	ForeignPath *path;

	if (keys == NULL)
		return;
	/* so much of it, if those that go on to be wanted are spread evenly */
	if (wanted > 0)
		fraction = Min(wanted / Max(rel->rows, 1), 1);
	rows = clamp_row_est(estimate_keys(root, answering, keys) * fraction);
	batches = ceil(rows / YS_BATCH_GET_MAX);
	path = ys_foreign_path_compat(root, rel, Max(rel->rows * fraction, 1),
								  keys->startup_cost + YS_REQUEST_COST + rel->baserestrictcost.startup,
								  keys->startup_cost + (keys->total_cost - keys->startup_cost) * fraction +
								  YS_REQUEST_COST * (1 + Max(batches - 1, 0) / YS_KEY_CALLS_MAX) +
								  rows * ys_plan_item_cost(rel),
								  rel->lateral_relids,
								  ys_plan_path_private(answering->source, &relation->access, -1,
													   list_length(relation->answers)));
	relation->answers = lappend(relation->answers, make_answer(root, answering, ordering, wanted));
	path->fdw_outerpath = keys;
	/* whether the index is fresh enough is decided once, by the process that knows what the session has written */
	path->path.parallel_safe = false;
	ys_path_copy_disabled_compat(&path->path, keys);
	/*
	 * Rows come by the index's order, and are in the items' only when sorted: so min() and max(), and parents that
	 * merge what their parts have, find them in order.
	 */
	add_path(rel, ordering->keys != NIL ? ys_answering_sort_path(root, rel, &path->path, wanted) : &path->path);
	ys_answer_planned = true;
}

/* Try what one policy's index can answer, if it is LIVE now, or if it isn't. */
static void
try_policy(PlannerInfo *root, RelOptInfo *rel, const char *name, bool live)
{
	YsRelation *relation = rel->fdw_private;
	const YsPolicyRow *policy = ys_plan_policy(root, relation, name);
	YsAnswering answering = {.rel = rel, .source = relation->source, .policy = policy};
	YsOrdering	unordered = {0};
	YsOrdering	ordering = {0};
	ListCell   *cell;

	if (policy == NULL || (policy->phase == YS_PHASE_LIVE) != live)
		return;
	answering.compiled = ys_policy_cache_find(name)->policy;
	answering.has_area_value = ys_policy_has_area_value(answering.compiled);
	answering.has_attributes = ys_policy_keeps_all_attributes(answering.compiled);
	answering.index = table_open(policy->index_table, AccessShareLock);
	foreach(cell, rel->baserestrictinfo)
		ys_answering_add_clause(&answering, lfirst_node(RestrictInfo, cell));
	if (answering.read.by_field)
		add_path_of(root, &answering, &unordered, ys_limit_rows_of(root, rel, NIL));
	if (ys_answering_find_order(root, &answering, &ordering))
		add_path_of(root, &answering, &ordering, ordering.first.rows);
	/* the lock stays until the plan has its own */
	table_close(answering.index, NoLock);
}

/* Is this column asked by, or has what its policy keeps of all attributes something on one that is? */
static bool
may_say(const YsSource *source, const YsSourceColumn *column, const Bitmapset *asked)
{
	if (column->kind != YS_COLUMN_FIELD)
		return false;
	if (strcmp(column->field, YS_ATTRIBUTES_COLUMN) != 0)
		return bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, asked);
	for (int i = 0; i < source->natts; i++)
		if (source->columns[i].key == 0 &&
			bms_is_member(source->columns[i].attnum - FirstLowInvalidHeapAttributeNumber, asked))
			return true;
	return false;
}

/* Try the policies that may say something of these columns, and are LIVE now, or are not. */
static void
try_policies(PlannerInfo *root, RelOptInfo *rel, const Bitmapset *asked, bool live)
{
	YsRelation *relation = rel->fdw_private;
	const YsSource *source = relation->source;
	List	   *tried = NIL;
	ListCell   *cell;

	for (int i = 0; i < source->natts; i++)
	{
		const YsSourceColumn *column = &source->columns[i];
		bool		seen = false;

		if (!may_say(source, column, asked))
			continue;
		foreach(cell, tried)
			seen = seen || strcmp(lfirst(cell), column->policy) == 0;
		if (seen)
			continue;
		tried = lappend(tried, column->policy);
		try_policy(root, rel, column->policy, live);
	}
}

void
ys_answer_add_paths(PlannerInfo *root, RelOptInfo *rel)
{
	const YsRelation *relation = rel->fdw_private;
	const Bitmapset *asked;

	/* by key there is nothing to find */
	if (!ys_guc_index_scan || relation->access.operation < YS_OPERATION_QUERY || !ys_plan_may_select(root, rel))
		return;
	/* its table, which others may have locked, is opened for what it can tell only */
	asked = ys_answering_asked_by(root, rel);
	try_policies(root, rel, asked, true);
	if (relation->answers == NIL)
		try_policies(root, rel, asked, false);
}
