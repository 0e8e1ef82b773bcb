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

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parse_relation.h"
#include "partitioning/partdesc.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog/index_values.h"
#include "catalog/policy.h"
#include "catalog/policy_cache.h"
#define YS_COMPAT_ECLASS
#include "compat.h"
#include "fdw/answer.h"
#include "fdw/answer_attribute.h"
#include "fdw/answer_distance.h"
#include "fdw/fdw.h"
#include "fdw/fetch_internal.h"
#include "fdw/limit.h"
#include "fdw/plan.h"
#include "guc.h"
#include "policy/policy.h"

/* The table of an index, as a relation of a query of its own. */
#define INDEX_RTI	1

bool		ys_answer_planned = false;

/* A policy whose index may answer, and what of the query it can. */
typedef struct Answering
{
	RelOptInfo *rel;
	const YsSource *source;
	const YsPolicyRow *policy;
	Relation	index;
	const YsPolicy *compiled;
	bool		has_area_value; /* items may name their area */
	bool		has_attributes; /* all of them, under their paths */
	List	   *quals;			/* on the index table */
	List	   *clauses;		/* of the foreign table that these say, as RestrictInfos */
	Bitmapset  *columns;		/* of it that are read, as selectedCols */
	bool		by_field;		/* a condition is on what the policy computes, or has of all attributes */
	int			by;				/* YS_BY_… */
} Answering;

/* ---- conditions ---- */

/* A clause under translation. */
typedef struct Translation
{
	Answering  *answering;
	Bitmapset  *columns;
	bool		by_field;
	int			by;
	bool		failed;
} Translation;

/* The index's column that has what this one has; 0: none. */
static AttrNumber
index_column(const Answering *answering, const YsSourceColumn *column)
{
	if (column->kind == YS_COLUMN_FIELD && strcmp(column->policy, answering->policy->name) == 0)
		return get_attnum(RelationGetRelid(answering->index), column->field);
	return column->key > 0 ? YS_INDEX_KEYS_AT + column->key - 1 : InvalidAttrNumber;
}

/* When areas are edited rows are moved, but what was said of an area that they named stays. */
static bool
may_be_outdated(const Answering *answering, const YsSourceColumn *column)
{
	return column->kind == YS_COLUMN_FIELD && strcmp(column->field, "rejected") == 0 &&
		answering->has_area_value;
}

/* What counts in this column, YS_BY_….  What is rejected may be of any field. */
static int
counts_in(const YsPolicy *policy, const YsSourceColumn *column)
{
	int			by = 0;
	const char *list;
	uint32		len;

	if (column->kind != YS_COLUMN_FIELD)
		return 0;
	if (strcmp(column->field, "area") == 0)
		return YS_BY_AREA;
	for (int i = 0; i < ys_policy_field_count(policy); i++)
	{
		const YsFieldInfo *field = ys_policy_field(policy, i);

		if (strcmp(column->field, "rejected") != 0 && strcmp(column->field, field->name) != 0)
			continue;
		if (ys_policy_field_list(policy, i, &list, &len))
			by |= YS_BY_SYNONYMS;
		if (field->function != NULL)
			by |= YS_BY_FUNCTIONS;
	}
	return by;
}

static Node *
translate_var(Translation *translation, const Var *var)
{
	Answering  *answering = translation->answering;
	const YsSourceColumn *column;
	AttrNumber	attnum;
	Form_pg_attribute attribute;
	Node	   *translated;

	translation->failed = true;
	if (var->varno != (int) answering->rel->relid || var->varlevelsup != 0 || var->varattno <= 0 ||
		var->varattno > answering->source->natts)
		return NULL;
	column = &answering->source->columns[var->varattno - 1];
	attnum = index_column(answering, column);
	if (attnum == InvalidAttrNumber || may_be_outdated(answering, column))
		return NULL;
	attribute = TupleDescAttr(RelationGetDescr(answering->index), attnum - 1);
	/* the owner may have changed the table */
	if (attribute->atttypid != var->vartype || attribute->atttypmod != var->vartypmod)
		return NULL;
	translation->failed = false;
	translation->columns = bms_add_member(translation->columns, attnum - FirstLowInvalidHeapAttributeNumber);
	translation->by_field = translation->by_field || column->kind == YS_COLUMN_FIELD;
	translation->by |= counts_in(answering->compiled, column);
	translated = (Node *) makeVar(INDEX_RTI, attnum, attribute->atttypid, attribute->atttypmod,
								  attribute->attcollation, 0);
	if (attribute->attcollation == var->varcollid)
		return translated;
	return (Node *) makeRelabelType((Expr *) translated, var->vartype, var->vartypmod, var->varcollid,
									COERCE_IMPLICIT_CAST);
}

static Node *
to_index(Node *node, void *arg)
{
	Translation *translation = arg;

	if (node == NULL || translation->failed)
		return NULL;
	if (IsA(node, Var))
		return translate_var(translation, (Var *) node);
	if (IsA(node, PlaceHolderVar))
	{
		translation->failed = true;
		return NULL;
	}
	return expression_tree_mutator(node, to_index, arg);
}

/* Rows of areas past the policy's limit say "other", whatever area it is. */
static Expr *
or_other_area(const Answering *answering, Expr *clause)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(answering->index), "area");
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(answering->index), attnum - 1);
	Var		   *area = makeVar(INDEX_RTI, attnum, TEXTOID, -1, attribute->attcollation, 0);
	Const	   *other = makeConst(TEXTOID, -1, attribute->attcollation, -1, CStringGetTextDatum(YS_AREA_OTHER),
								  false, false);
	Expr	   *is_other = make_opclause(TextEqualOperator, BOOLOID, false, (Expr *) area, (Expr *) other,
										 InvalidOid, attribute->attcollation);

	set_opfuncid((OpExpr *) is_other);
	return make_orclause(list_make2(clause, is_other));
}

/* Add what a clause on an attribute says of all attributes that the index has, if it says anything. */
static bool
add_attribute(Answering *answering, const Expr *clause)
{
	Bitmapset  *columns = NULL;
	Expr	   *translated = answering->has_attributes ?
		ys_answer_by_attribute(answering->rel, answering->source, answering->index, INDEX_RTI, clause, &columns) : NULL;

	if (translated == NULL)
		return false;
	answering->quals = lappend(answering->quals, translated);
	answering->columns = bms_add_members(answering->columns, columns);
	answering->by_field = true;
	return true;
}

/* Add what a clause says of the index, if it says anything. */
static void
add_clause(Answering *answering, RestrictInfo *rinfo)
{
	Translation translation = {.answering = answering};
	Expr	   *clause = rinfo->clause;
	Expr	   *translated;
	Expr	   *nearby;

	if (rinfo->pseudoconstant || contain_volatile_functions((Node *) clause) ||
		contain_subplans((Node *) clause) ||
		!restriction_is_securely_promotable(rinfo, answering->rel))
		return;
	translated = (Expr *) to_index((Node *) clause, &translation);
	if (translation.failed)
	{
		if (add_attribute(answering, clause))
			answering->clauses = lappend(answering->clauses, rinfo);
		return;
	}
	answering->clauses = lappend(answering->clauses, rinfo);
	nearby = ys_answer_by_distance(RelationGetRelid(answering->index), translated);
	if (nearby != NULL)
		answering->quals = lappend(answering->quals, nearby);
	if (translation.by & YS_BY_AREA)
		translated = or_other_area(answering, translated);
	answering->quals = lappend(answering->quals, translated);
	answering->columns = bms_add_members(answering->columns, translation.columns);
	answering->by_field = answering->by_field || translation.by_field;
	answering->by |= translation.by;
}

/* ---- the order ---- */

/* What rows are ordered by, and those that are equal by it by the next. */
typedef struct OrderKey
{
	Expr	   *expr;			/* of the foreign table */
	Expr	   *translated;
	SortGroupClause clause;
	Oid			collation;
} OrderKey;

/* The first rows of an order are all that the query takes. */
typedef struct Ordering
{
	List	   *keys;			/* of OrderKey, as far as the index has them; NIL: all rows are taken */
	Bitmapset  *columns;
	bool		by_field;
	int			by;
	bool		more;			/* it goes on where rows are equal by these, or all of them are taken */
	YsFirstRows first;
} Ordering;

/*
 * Does the query take only the first rows of an order?  None of them may be lost later, to conditions that say otherwise
 * when asked again.
 */
static bool
takes_first_rows(PlannerInfo *root, RelOptInfo *rel, YsFirstRows *first)
{
	ListCell   *cell;

	foreach(cell, rel->baserestrictinfo)
		if (contain_volatile_functions((Node *) lfirst_node(RestrictInfo, cell)->clause))
			return false;
	return ys_limit_first_rows(root, rel, first);
}

/* Order by an expression, if the index has it, too. */
static bool
order_by(Answering *answering, const PathKey *pathkey, const EquivalenceMember *member, Ordering *ordering)
{
	Translation translation = {.answering = answering};
	bool		descending = ys_pathkey_is_descending_compat(pathkey);
	Oid			type = member->em_datatype;
	OrderKey   *key = palloc0(sizeof(OrderKey));

	if (member->em_is_const || !bms_equal(member->em_relids, answering->rel->relids))
		return false;
	key->translated = (Expr *) to_index((Node *) member->em_expr, &translation);
	if (translation.failed || (translation.by & YS_BY_AREA))
		return false;
	key->clause = (SortGroupClause) {
		.type = T_SortGroupClause,
		.tleSortGroupRef = list_length(ordering->keys) + 1,
		.eqop = get_opfamily_member(pathkey->pk_opfamily, type, type, BTEqualStrategyNumber),
		.sortop = get_opfamily_member(pathkey->pk_opfamily, type, type,
									  descending ? BTGreaterStrategyNumber : BTLessStrategyNumber),
		.nulls_first = pathkey->pk_nulls_first,
	};
	ys_sort_clause_reverse_compat(&key->clause, descending);
	if (!OidIsValid(key->clause.sortop) || !OidIsValid(key->clause.eqop))
		return false;
	key->expr = member->em_expr;
	key->collation = pathkey->pk_eclass->ec_collation;
	ordering->keys = lappend(ordering->keys, key);
	ordering->columns = bms_add_members(ordering->columns, translation.columns);
	ordering->by_field = ordering->by_field || translation.by_field;
	ordering->by |= translation.by;
	return true;
}

/* Order by one of the expressions that are equal here, if the index has one. */
static bool
order_by_any(Answering *answering, const PathKey *pathkey, Ordering *ordering)
{
	ListCell   *cell;

	if (pathkey->pk_eclass->ec_has_volatile)
		return false;
	foreach(cell, ys_eclass_members_compat(pathkey->pk_eclass, answering->rel->relids))
		if (order_by(answering, pathkey, lfirst_node(EquivalenceMember, cell), ordering))
			return true;
	return false;
}

static bool
find_order(PlannerInfo *root, Answering *answering, Ordering *ordering)
{
	ListCell   *cell;

	if (!takes_first_rows(root, answering->rel, &ordering->first))
		return false;
	foreach(cell, root->sort_pathkeys)
		if (!order_by_any(answering, lfirst_node(PathKey, cell), ordering))
			break;
	ordering->more = list_length(ordering->keys) < list_length(root->sort_pathkeys) || ordering->first.ties;
	return ordering->keys != NIL && (answering->by_field || ordering->by_field);
}

/* ---- the query of the index ---- */

static void
order_query(Query *query, Answering *answering, const Ordering *ordering)
{
	ListCell   *cell;

	foreach(cell, ordering->keys)
	{
		const OrderKey *key = lfirst(cell);
		TargetEntry *entry = makeTargetEntry(key->translated, list_length(query->targetList) + 1,
											 pstrdup("order"), false);
		SortGroupClause *clause = makeNode(SortGroupClause);

		*clause = key->clause;
		entry->ressortgroupref = clause->tleSortGroupRef;
		query->targetList = lappend(query->targetList, entry);
		query->sortClause = lappend(query->sortClause, clause);
	}
	answering->columns = bms_union(answering->columns, ordering->columns);
}

static Query *
make_query(Answering *answering, const Ordering *ordering)
{
	Query	   *query = makeNode(Query);
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
		var = makeVar(INDEX_RTI, attnum, attribute->atttypid, attribute->atttypmod, attribute->attcollation, 0);
		query->targetList = lappend(query->targetList,
									makeTargetEntry((Expr *) var, i + 1, pstrdup(NameStr(attribute->attname)), false));
		answering->columns = bms_add_member(answering->columns, attnum - FirstLowInvalidHeapAttributeNumber);
	}
	order_query(query, answering, ordering);
	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->rtable = list_make1(rte);
	ref->rtindex = INDEX_RTI;
	query->jointree = makeFromExpr(list_make1(ref), (Node *) make_ands_explicit(answering->quals));
	ys_query_read_as_compat(query, pstate, rte, answering->policy->owner, answering->columns);
	free_parsestate(pstate);
	return query;
}

/* A relation of the query for it, which no join looks at. */
static RelOptInfo *
add_relation(PlannerInfo *root, const Answering *answering, Query *query)
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
plan_keys(PlannerInfo *root, Answering *answering, const Ordering *ordering, double wanted)
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
make_answer(PlannerInfo *root, const Answering *answering, const Ordering *ordering, double wanted)
{
	YsAnswerPlan *answer = palloc0(sizeof(YsAnswerPlan));
	List	   *sort = NIL;
	ListCell   *cell;

	foreach(cell, ordering->keys)
	{
		const OrderKey *key = lfirst(cell);

		sort = list_concat(sort, list_make3_int(key->clause.sortop, key->collation, key->clause.nulls_first));
		answer->exprs = lappend(answer->exprs, key->expr);
	}
	if (ordering->keys != NIL)
	{
		sort = lappend_int(sort, ordering->more);
		answer->exprs = list_concat(answer->exprs, list_make2(ordering->first.count, ordering->first.offset));
	}
	answer->private = list_make5(makeString(answering->policy->name), makeInteger(answering->by | ordering->by),
								 known_partitions(root->glob, answering->index), makeInteger((int) wanted), sort);
	return answer;
}

/*
 * Rows come by the index's order, and are in the items' only when sorted: so min() and max(), and parents that
 * merge what their parts have, find them in order.
 */
static Path *
sorted_path(PlannerInfo *root, RelOptInfo *rel, ForeignPath *path, double wanted)
{
	List	   *pathkeys = NIL;
	ListCell   *cell;

	foreach(cell, root->sort_pathkeys)
	{
		PathKey    *pathkey = lfirst_node(PathKey, cell);

		/* what comes behind the first is maybe known further up only */
		if (pathkeys != NIL && !relation_can_be_sorted_early(root, rel, pathkey->pk_eclass, false))
			break;
		pathkeys = lappend(pathkeys, pathkey);
	}
	return (Path *) create_sort_path(root, rel, &path->path, pathkeys, wanted);
}

/*
 * How many keys will come: by the index's query, whose estimate has all rows of partitions that are
 * pruned only when it runs, or by what its clauses take of the foreign table.
 */
static double
estimate_keys(PlannerInfo *root, const Answering *answering, const Path *keys)
{
	double		rows = answering->rel->tuples *
		clauselist_selectivity(root, answering->clauses, 0, JOIN_INNER, NULL);

	return answering->clauses != NIL && answering->rel->tuples > 0 ? Min(keys->rows, clamp_row_est(rows)) : keys->rows;
}

/* wanted: how many rows the query takes, of the first by the ordering if there is one; 0: all. */
static void
add_path_of(PlannerInfo *root, Answering *answering, const Ordering *ordering, double wanted)
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
	add_path(rel, ordering->keys != NIL ? sorted_path(root, rel, path, wanted) : &path->path);
	ys_answer_planned = true;
}

/* Try what one policy's index can answer, if it is LIVE now, or if it isn't. */
static void
try_policy(PlannerInfo *root, RelOptInfo *rel, const char *name, bool live)
{
	YsRelation *relation = rel->fdw_private;
	const YsPolicyRow *policy = ys_plan_policy(root, relation, name);
	Answering	answering = {.rel = rel, .source = relation->source, .policy = policy};
	Ordering	unordered = {0};
	Ordering	ordering = {0};
	ListCell   *cell;

	if (policy == NULL || (policy->phase == YS_PHASE_LIVE) != live)
		return;
	answering.compiled = ys_policy_cache_find(name)->policy;
	answering.has_area_value = ys_policy_has_area_value(answering.compiled);
	answering.has_attributes = ys_policy_keeps_all_attributes(answering.compiled);
	answering.index = table_open(policy->index_table, AccessShareLock);
	foreach(cell, rel->baserestrictinfo)
		add_clause(&answering, lfirst_node(RestrictInfo, cell));
	if (answering.by_field)
		add_path_of(root, &answering, &unordered, ys_limit_rows_of(root, rel, NIL));
	if (find_order(root, &answering, &ordering))
		add_path_of(root, &answering, &ordering, ordering.first.rows);
	/* the lock stays until the plan has its own */
	table_close(answering.index, NoLock);
}

/* The columns by which the query finds its rows: those of its conditions, and of an order whose first rows it takes. */
static Bitmapset *
asked_by(PlannerInfo *root, RelOptInfo *rel)
{
	Bitmapset  *columns = NULL;
	YsFirstRows first;
	ListCell   *cell;
	ListCell   *member;

	foreach(cell, rel->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, cell)->clause, rel->relid, &columns);
	if (!takes_first_rows(root, rel, &first))
		return columns;
	foreach(cell, root->sort_pathkeys)
		foreach(member, ys_eclass_members_compat(lfirst_node(PathKey, cell)->pk_eclass, rel->relids))
			pull_varattnos((Node *) lfirst_node(EquivalenceMember, member)->em_expr, rel->relid, &columns);
	return columns;
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
	asked = asked_by(root, rel);
	try_policies(root, rel, asked, true);
	if (relation->answers == NIL)
		try_policies(root, rel, asked, false);
}
