/*-------------------------------------------------------------------------
 * plan.c
 *	  Planning a scan: sizes, paths by key and by index, and the plan node.
 *
 * A table has one path for the conditions of the query itself, and one for
 * each set of other tables that a join on the key could take values from; so
 * has each of its indexes that may be asked.  Costs only need to rank: a request
 * costs as much as reading many rows locally.  GetItem < BatchGetItem < Query <
 * Query of an index for the same items; a Scan reads all of them, but several
 * pages at once.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "compat.h"
#include "fdw/ahead.h"
#include "fdw/answer.h"
#include "fdw/exact.h"
#include "fdw/fdw.h"
#include "fdw/filter.h"
#include "fdw/limit.h"
#include "fdw/order.h"
#include "fdw/parallel.h"
#include "fdw/plan.h"
#include "fdw/scan_limits.h"
#include "guc.h"
#include "store/store.h"

/* The smallest an item is taken for, and the largest the store accepts. */
#define ITEM_BYTES_MIN		64.0
#define ITEM_BYTES_MAX		(400.0 * 1024.0)

/* What a Query of an index costs more than one of the table. */
#define INDEX_COST			(0.1 * YS_REQUEST_COST)

/* Segments of a Scan that make it quicker; the pages of a Query come one after the other. */
#define SCAN_PAGES_AT_ONCE	4

/* What an item costs on the wire and to decode, in units of cpu_tuple_cost. */
#define ITEM_COST			5.0

/* Sets of outer tables that are tried. */
#define MAX_OUTER_SETS		20

/* ---- sizes and costs ---- */

/* SELECT ... FOR UPDATE asks for a lock the store does not have. */
static void
refuse_row_locks(PlannerInfo *root, RelOptInfo *rel, const YsSource *source)
{
	ListCell   *cell;

	foreach(cell, root->rowMarks)
	{
		PlanRowMark *mark = lfirst_node(PlanRowMark, cell);

		if (mark->rti == rel->relid && mark->strength != LCS_NONE)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot lock rows of store table \"%s\"", source->table),
					 errdetail("The store has no row locks, so FOR UPDATE and FOR SHARE would not protect anything."),
					 errhint("UPDATE and DELETE check that what they read still holds.")));
	}
}

/* How many keys, or partitions, an access asks for. */
static double
access_keys(PlannerInfo *root, const YsAccess *access)
{
	double		keys = 1;

	for (int i = 0; i < access->nconditions; i++)
		if (access->conditions[i].test == YS_TEST_ANY)
			keys *= ys_array_length_compat(root, (Node *) access->conditions[i].value);
	return clamp_row_est(keys);
}

/* How many rows an access returns, given what the planner thinks of its conditions. */
static double
access_rows(PlannerInfo *root, const YsAccess *access, double estimated)
{
	bool		full_key = access->operation == YS_OPERATION_GET ||
		access->operation == YS_OPERATION_BATCH;

	return full_key ? access_keys(root, access) : estimated;
}

/* What an item takes, by the sizes ANALYZE has left; within what an item can take. */
static double
item_bytes(const RelOptInfo *rel)
{
	double		bytes;

	if (rel->pages == 0 || rel->tuples < 1)
		return YS_ASSUMED_ITEM_BYTES;
	bytes = rel->pages * (double) BLCKSZ / rel->tuples;
	return Min(Max(bytes, ITEM_BYTES_MIN), ITEM_BYTES_MAX);
}

/* How many items the store reads for a Query: what the other conditions leave of them is sent. */
static double
queried_items(PlannerInfo *root, RelOptInfo *rel, const YsAccess *access)
{
	List	   *clauses = NIL;

	for (int i = 0; i < access->nconditions; i++)
		clauses = lappend(clauses, access->conditions[i].rinfo);
	return clamp_row_est(rel->tuples *
						 clauselist_selectivity(root, clauses, rel->relid, JOIN_INNER, NULL));
}

List *
ys_plan_path_private(const YsSource *source, const YsAccess *access, int window, int answer)
{
	return list_make3_int(access->index != NULL ? (int) (access->index - source->indexes) : -1,
						  window, answer);
}

static const YsSourceIndex *
path_index(const YsSource *source, const ForeignPath *path)
{
	int			number = linitial_int(path->fdw_private);

	return number >= 0 ? &source->indexes[number] : NULL;
}

static const YsAnswerPlan *
path_answer(const YsRelation *relation, const ForeignPath *path)
{
	static const YsAnswerPlan none;
	int			number = lthird_int(path->fdw_private);

	return number >= 0 ? list_nth(relation->answers, number) : &none;
}

Cost
ys_plan_item_cost(const RelOptInfo *rel)
{
	return ITEM_COST * cpu_tuple_cost + rel->baserestrictcost.per_tuple;
}

static double
pages_at_once(const YsRelation *relation)
{
	return Min(ys_scan_segments(relation->source, relation->bytes, false), SCAN_PAGES_AT_ONCE);
}

static ForeignPath *
make_path(PlannerInfo *root, RelOptInfo *rel, const YsAccess *access, double rows,
		  Relids required_outer)
{
	static const double startup_requests[] = {1.0, 1.1, 1.3, 1.5};
	const YsRelation *relation = rel->fdw_private;
	Cost		startup = YS_REQUEST_COST * startup_requests[access->operation] +
		(access->index != NULL ? INDEX_COST : 0) + rel->baserestrictcost.startup;
	double		items = rows;
	double		bytes = item_bytes(rel);
	double		requests = 0;
	ForeignPath *path;

	switch (access->operation)
	{
		case YS_OPERATION_GET:
			break;
		case YS_OPERATION_BATCH:
			requests = ceil(items / YS_BATCH_GET_MAX) - 1;
			break;
		case YS_OPERATION_QUERY:
			items = queried_items(root, rel, access);
			if (access->index != NULL)
				bytes = ys_index_entry_bytes(rel, access->index, bytes);
			requests = access_keys(root, access) - 1 + items * bytes / YS_PAGE_BYTES;
			break;
		case YS_OPERATION_SCAN:
			items = rel->tuples;
			requests = 1 + items * bytes / YS_PAGE_BYTES / pages_at_once(relation);
			break;
	}
	path = ys_foreign_path_compat(root, rel, rows, startup,
								  startup + Max(requests, 0) * YS_REQUEST_COST +
								  items * ys_plan_item_cost(rel),
								  required_outer,
								  ys_plan_path_private(relation->source, access, -1, -1));
	if (access->operation == YS_OPERATION_SCAN && !relation->source->allow_scan)
		ys_path_disable_compat(&path->path);
	return path;
}

/* What the query's own access costs, without what its items do here. */
void
ys_plan_count_cost(PlannerInfo *root, RelOptInfo *rel, Cost *startup, Cost *total)
{
	const YsAccess *access = &((YsRelation *) rel->fdw_private)->access;
	const Path *path = &make_path(root, rel, access, rel->rows, NULL)->path;
	double		items = access->operation == YS_OPERATION_SCAN ? rel->tuples :
		queried_items(root, rel, access);

	*startup = path->startup_cost;
	*total = Max(path->total_cost - items * ys_plan_item_cost(rel), path->startup_cost);
}

static bool
reads_strong(PlannerInfo *root, const RelOptInfo *rel, const YsSource *source)
{
	/* what is to be changed must not be read stale */
	if (bms_is_member(rel->relid, root->all_result_relids))
		return true;
	return ys_guc_consistency == YS_CONSISTENCY_DEFAULT ? source->consistent :
		ys_guc_consistency == YS_CONSISTENCY_STRONG;
}

YsRelation *
ys_plan_relation(RelOptInfo *rel, Oid relid)
{
	YsRelation *relation = rel->fdw_private;

	if (relation == NULL)
	{
		relation = palloc0(sizeof(YsRelation));
		relation->source = ys_source_load(relid);
		relation->keys = ys_source_keys(relation->source);
		rel->fdw_private = relation;
	}
	return relation;
}

/* Who has a table by now; asking takes no lock. */
static Oid
table_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

const YsPolicyRow *
ys_plan_policy(PlannerInfo *root, YsRelation *relation, const char *name)
{
	YsPolicyRow *policy;
	ListCell   *cell;

	foreach(cell, relation->policies)
	{
		policy = lfirst(cell);
		if (strcmp(policy->name, name) == 0)
			return policy;
	}
	policy = ys_policy_find(name);
	if (policy == NULL || policy->source != relation->source->relid ||
		get_rel_relkind(policy->index_table) != RELKIND_PARTITIONED_TABLE)
		return NULL;
	policy->owner = table_owner(policy->index_table);
	/* its statistics, indexes and columns count, whether it is read or not */
	root->glob->relationOids = lappend_oid(root->glob->relationOids, policy->index_table);
	relation->policies = lappend(relation->policies, policy);
	return policy;
}

void
ys_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	YsRelation *relation = ys_plan_relation(rel, relid);

	relation->consistent = reads_strong(root, rel, relation->source);
	refuse_row_locks(root, rel, relation->source);
	if (rel->tuples < 0)
	{
		rel->tuples = ys_field_stats_items(root, relation);
		if (rel->tuples == 0)
			rel->tuples = YS_ASSUMED_ITEMS;
	}
	else
		relation->bytes = rel->pages * (double) BLCKSZ;
	set_baserel_size_estimates(root, rel);
	ys_qual_choose(root, rel, &relation->keys, rel->baserestrictinfo, &relation->access);
	rel->rows = Min(rel->rows, access_rows(root, &relation->access, rel->rows));
}

/* ---- paths ---- */

/* The outer tables a join on the key could take its values from: add a set of them. */
static List *
add_outer_set(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
			  RestrictInfo *rinfo, List *sets)
{
	YsKeyCondition condition;
	Relids		outer;
	ListCell   *cell;

	if (!join_clause_is_movable_to(rinfo, rel) ||
		!ys_qual_match(root, rel, schema, rinfo, &condition))
		return sets;
	outer = bms_union(rinfo->clause_relids, rel->lateral_relids);
	outer = bms_del_member(outer, rel->relid);
	if (bms_is_empty(outer) || list_length(sets) >= MAX_OUTER_SETS)
		return sets;
	foreach(cell, sets)
		if (bms_equal(lfirst(cell), outer))
			return sets;
	return lappend(sets, outer);
}

static bool
is_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec, EquivalenceMember *em,
		  void *arg)
{
	return ys_qual_column(rel, em->em_expr) == *(AttrNumber *) arg;
}

List *
ys_plan_outer_sets(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema)
{
	List	   *sets = NIL;
	ListCell   *cell;

	foreach(cell, rel->joininfo)
		sets = add_outer_set(root, rel, schema, lfirst(cell), sets);

	for (int key = 0; rel->has_eclass_joins && key < schema->nkeys; key++)
	{
		AttrNumber	attnum;
		List	   *clauses;

		if (schema->columns[key] == NULL)
			continue;
		attnum = schema->columns[key]->attnum;
		clauses = generate_implied_equalities_for_column(root, rel, is_column, &attnum,
														 rel->lateral_referencers);
		foreach(cell, clauses)
			sets = add_outer_set(root, rel, schema, lfirst(cell), sets);
	}

	/* both halves of a key may come from different tables */
	if (schema->nkeys == 2)
	{
		int			single = list_length(sets);

		for (int i = 0; i < single; i++)
			for (int j = i + 1; j < single && list_length(sets) < MAX_OUTER_SETS; j++)
				sets = lappend(sets, bms_union(list_nth(sets, i), list_nth(sets, j)));
	}
	return sets;
}

/* Paths by the query's own conditions: one for each order that is of use. */
static void
add_own_paths(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
			  const YsAccess *access)
{
	List	   *orders = NIL;
	ListCell   *cell;

	if (access->index == NULL || ys_index_is_sure(((YsRelation *) rel->fdw_private)->source, access))
		orders = ys_order_find(root, rel, schema, access);
	if (orders == NIL)
		orders = list_make1(NIL);
	foreach(cell, orders)
	{
		ForeignPath *path = make_path(root, rel, access, rel->rows, rel->lateral_relids);

		path->path.pathkeys = lfirst(cell);
		add_path(rel, (Path *) path);
	}
}

/* Paths that take values for the keys from a join, where that is more than the query itself has. */
static void
add_join_paths(PlannerInfo *root, RelOptInfo *rel, const YsSourceIndex *index, const YsAccess *own)
{
	YsRelation *relation = rel->fdw_private;
	const YsKeySchema *schema = index != NULL ? &index->schema : &relation->keys;
	ListCell   *cell;

	foreach(cell, ys_plan_outer_sets(root, rel, schema))
	{
		Relids		outer = lfirst(cell);
		ParamPathInfo *param = get_baserel_parampathinfo(root, rel, outer);
		List	   *clauses = list_concat_copy(rel->baserestrictinfo, param->ppi_clauses);
		YsAccess	access;

		if (index == NULL)
			ys_qual_choose(root, rel, schema, clauses, &access);
		else if (!ys_index_choose(root, rel, index, clauses, &access))
			continue;
		if (access.operation < own->operation ||
			(access.operation == own->operation && access.nconditions > own->nconditions))
		{
			ForeignPath *path = make_path(root, rel, &access,
										  access_rows(root, &access, param->ppi_rows), outer);

			ys_ahead_note_path(root, rel, path, &access);
			add_path(rel, (Path *) path);
		}
	}
}

void
ys_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	YsRelation *relation = rel->fdw_private;

	add_own_paths(root, rel, &relation->keys, &relation->access);
	if (relation->access.operation == YS_OPERATION_SCAN)
		ys_parallel_add_path(root, rel,
							 make_path(root, rel, &relation->access, rel->rows, NULL));
	add_join_paths(root, rel, NULL, &relation->access);
	ys_answer_add_paths(root, rel);
	for (int i = 0; i < relation->source->nindexes; i++)
	{
		const YsSourceIndex *index = &relation->source->indexes[i];
		YsAccess	access;

		if (relation->access.operation == YS_OPERATION_GET)
			break;
		if (ys_index_choose(root, rel, index, rel->baserestrictinfo, &access))
			add_own_paths(root, rel, &index->schema, &access);
		else
			access.operation = YS_OPERATION_SCAN;
		add_join_paths(root, rel, index, &access);
	}
}

/* ---- the plan ---- */

List *
ys_plan_columns(RelOptInfo *rel, const YsSource *source, List *clauses)
{
	Bitmapset  *used = NULL;
	List	   *columns = NIL;
	bool		whole_row;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &used);
	pull_varattnos((Node *) clauses, rel->relid, &used);
	whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
	for (int i = 0; i < source->natts; i++)
		if (source->columns[i].kind != YS_COLUMN_DROPPED &&
			(whole_row || bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, used)))
			columns = lappend_int(columns, i + 1);
	return columns;
}

/*
 * How many rows the query takes from this scan, when LIMIT says so and nothing
 * stands between the two: no other table, no sort, no condition the store does
 * not apply.  0: not known.
 */
static int
rows_wanted(PlannerInfo *root, RelOptInfo *rel, const ForeignPath *path, List *clauses,
			const YsKeySchema *schema, const YsAccess *access)
{
	int			rows = ys_limit_rows_of(root, rel, path->path.pathkeys);
	int			excess;

	if (!ys_guc_pushdown || rows == 0 ||
		(access->operation != YS_OPERATION_QUERY && access->operation != YS_OPERATION_SCAN))
		return 0;
	excess = ys_exact_excess(root, rel, schema, clauses, access);
	return excess == YS_EXCESS_UNKNOWN ? 0 : rows + excess;
}

List *
ys_plan_private(const YsRelation *relation, const YsAccess *access, List *columns, int flags,
				int nfilters, int nwide, int wanted, int window, List *answer, List **values)
{
	List	   *keys = NIL;
	List	   *tests = NIL;
	List	   *private;

	*values = NIL;
	for (int i = 0; i < access->nconditions; i++)
	{
		*values = lappend(*values, access->conditions[i].value);
		keys = lappend_int(keys, access->conditions[i].key);
		tests = lappend_int(tests, access->conditions[i].test);
	}
	private = list_make5(makeInteger(access->operation), keys, tests, columns, makeInteger(flags));
	private = lappend(private, makeString(relation->source->table));
	private = lappend(private, makeInteger(nfilters));
	private = lappend(private, makeInteger(nwide));
	private = lappend(private, makeInteger(wanted));
	private = lappend(private, makeInteger(access->operation == YS_OPERATION_SCAN ?
										ys_scan_segments(relation->source, relation->bytes,
														 (flags & YS_SCAN_FEW) != 0) : 0));
	private = lappend(private, makeInteger(window));
	private = lappend(private, makeString(access->index != NULL ?
										  pstrdup(access->index->info->name) : ""));
	return lappend(private, answer);
}

ForeignScan *
ys_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *path,
			List *tlist, List *clauses, Plan *outer_plan)
{
	YsRelation *relation = rel->fdw_private;
	List	   *quals = extract_actual_clauses(clauses, false);
	List	   *columns;
	List	   *filters;
	List	   *wide = NIL;
	List	   *values;
	List	   *private;
	const YsSourceIndex *index;
	const YsKeySchema *schema;
	const YsAnswerPlan *answer;
	YsAccess	access;
	int			flags = 0;

	if (IS_UPPER_REL(rel))
		return ys_plan_count(root, relation, tlist, outer_plan);

	answer = path_answer(relation, path);
	index = path_index(relation->source, path);
	schema = index != NULL ? &index->schema : &relation->keys;
	/* the choice the path stands for: it follows from the same clauses */
	ys_qual_choose(root, rel, schema, clauses, &access);
	access.index = index;
	if (access.exact)
		flags |= YS_SCAN_EXACT;
	if (relation->consistent)
		flags |= YS_SCAN_CONSISTENT;
	if (path->path.pathkeys != NIL)
		flags |= ys_order_is_backward(path->path.pathkeys) ? YS_SCAN_DESCENDING : YS_SCAN_ASCENDING;
	if (root->limit_tuples > 0 &&
		pathkeys_contained_in(root->sort_pathkeys, path->path.pathkeys))
		flags |= YS_SCAN_FEW;

	columns = ys_plan_columns(rel, relation->source, quals);
	filters = ys_filter_choose(rel, relation->source, clauses, columns, access.operation,
							   schema);
	/* a key that a global index can't have is looked for in the table */
	if (index != NULL && !index->info->local)
		wide = ys_filter_choose(rel, relation->source, clauses, columns, YS_OPERATION_SCAN, schema);
	private = ys_plan_private(relation, &access, columns, flags, list_length(filters),
							  list_length(wide),
							  rows_wanted(root, rel, path, clauses, schema, &access),
							  lsecond_int(path->fdw_private), answer->private, &values);
	if (path->path.parallel_aware)
		lfirst(list_nth_cell(private, YS_SCAN_SEGMENTS)) =
			makeInteger(ys_parallel_segments(rel, path));
	values = list_concat(values, filters);
	values = list_concat(values, wide);
	values = list_concat(values, answer->exprs);
	return make_foreignscan(tlist, quals, rel->relid, values, private,
							NIL, NIL, outer_plan);
}
