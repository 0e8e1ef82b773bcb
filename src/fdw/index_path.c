/*-------------------------------------------------------------------------
 * index_path.c
 *	  Which secondary indexes may answer a query.
 *
 * An index is sparse: it lacks the items that have no value of the right type
 * in one of its key attributes.  So it may be asked only for rows that surely
 * have all of them, because conditions that are true for the row say so, or
 * the column's NOT NULL, which PostgreSQL takes for true of any foreign table.
 *
 * A misfit that is an error (on_mismatch 'error') is an error of the query
 * whatever else the item has, so where a needed column could have one, no item
 * may be passed over, and no index is asked.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "optimizer/restrictinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define YS_COMPAT_CLAUSES
#include "compat.h"
#include "catalog/secondary.h"
#include "fdw/exact.h"
#include "fdw/filter.h"
#include "fdw/plan.h"
#include "guc.h"

/* What an index entry takes besides its attributes. */
#define ENTRY_OVERHEAD_BYTES	100.0

/* Has the index what the column is made of? */
static bool
has_column(const YsSource *source, const YsSourceIndex *index, const YsSourceColumn *column)
{
	const YsPathStep *top = column->path.steps;

	if (column->kind != YS_COLUMN_PATH)
		return index->info->projection == YS_PROJECTION_ALL;
	return ys_secondary_projects(source, index->info, top->name, top->name_len);
}

static bool
has_columns(const YsSource *source, const YsSourceIndex *index, List *columns)
{
	ListCell   *cell;

	foreach(cell, columns)
	{
		const YsSourceColumn *column = &source->columns[lfirst_int(cell) - 1];
		bool		always_fits;

		if (!has_column(source, index, column) ||
			!ys_filter_finds_misfits(column, &always_fits) || !always_fits)
			return false;
	}
	return true;
}

/* Does a constant keep the empty value out?  Asked of functions that never fail only. */
static bool
is_false_for_empty(PlannerInfo *root, RelOptInfo *rel, const YsSourceColumn *column, Expr *expr)
{
	OpExpr	   *clause = (OpExpr *) expr;
	Expr	   *left;
	Expr	   *right;
	Const	   *empty;
	Node	   *result;

	if (!IsA(expr, OpExpr) || list_length(clause->args) != 2 ||
		!get_func_leakproof(get_opcode(clause->opno)))
		return false;
	left = linitial(clause->args);
	right = lsecond(clause->args);
	if (!((ys_qual_column(rel, left) == column->attnum && IsA(right, Const)) ||
		  (ys_qual_column(rel, right) == column->attnum && IsA(left, Const))))
		return false;
	empty = makeConst(exprType((Node *) (IsA(left, Const) ? right : left)), -1, column->collation,
					  -1, PointerGetDatum(cstring_to_text("")), false, false);
	result = eval_const_expressions(root, (Node *)
									make_opclause(clause->opno, BOOLOID, false,
												  IsA(left, Const) ? left : (Expr *) empty,
												  IsA(left, Const) ? (Expr *) empty : right,
												  InvalidOid, clause->inputcollid));
	return IsA(result, Const) &&
		(((Const *) result)->constisnull || !DatumGetBool(((Const *) result)->constvalue));
}

/*
 * Is no row wanted whose sort attribute is an empty string or binary?  No key
 * can be that, so that a global index made for a table with such items lacks
 * them.  Execution sees to conditions whose values allow it, see key.c.
 */
static bool
has_no_empty(PlannerInfo *root, RelOptInfo *rel, const YsSourceIndex *index, List *clauses,
			 const YsAccess *access)
{
	ListCell   *cell;

	if (index->info->local || index->schema.types[1] == YS_TYPE_NUMBER)
		return true;
	for (int i = 0; i < access->nconditions; i++)
		if (access->conditions[i].key == 1 && access->conditions[i].test != YS_TEST_LT &&
			access->conditions[i].test != YS_TEST_LE)
			return true;
	foreach(cell, clauses)
		if (is_false_for_empty(root, rel, index->schema.columns[1], lfirst(cell)))
			return true;
	return false;
}

/* Is every row of these clauses in the index?  The partition key's condition says so for that. */
static bool
has_rows(PlannerInfo *root, RelOptInfo *rel, const YsSourceIndex *index, List *clauses,
		 const YsAccess *access)
{
	const YsSource *source = ((YsRelation *) rel->fdw_private)->source;
	const YsKeySchema *schema = &index->schema;

	if (schema->nkeys < 2 || ys_source_is_key(source, schema->names[1], strlen(schema->names[1])))
		return true;
	return schema->columns[1] != NULL &&
		(schema->columns[1]->not_null ||
		 (ys_is_nonnullable_compat(clauses, rel->relid, schema->columns[1]->attnum) &&
		  has_no_empty(root, rel, index, clauses, access)));
}

bool
ys_index_choose(PlannerInfo *root, RelOptInfo *rel, const YsSourceIndex *index, List *clauses,
				YsAccess *access)
{
	const YsRelation *relation = rel->fdw_private;
	const YsSource *source = relation->source;
	List	   *exprs;

	if (!ys_guc_pushdown || (relation->consistent && !index->info->local))
		return false;
	ys_qual_choose(root, rel, &index->schema, clauses, access);
	access->index = index;
	if (access->operation != YS_OPERATION_QUERY)
		return false;
	exprs = extract_actual_clauses(clauses, false);
	return has_rows(root, rel, index, exprs, access) &&
		has_columns(source, index, ys_plan_columns(rel, source, exprs));
}

bool
ys_index_is_sure(const YsSource *source, const YsAccess *access)
{
	const YsKeySchema *schema = &access->index->schema;

	for (int i = 0; !access->index->info->local && i < access->nconditions; i++)
	{
		const YsKeyCondition *condition = &access->conditions[i];
		const char *name = schema->names[condition->key];

		if (schema->types[condition->key] != YS_TYPE_NUMBER &&
			!ys_source_is_key(source, name, strlen(name)) && ys_exact_may_be_no_key(condition))
			return false;
	}
	return true;
}

double
ys_index_entry_bytes(RelOptInfo *rel, const YsSourceIndex *index, double item_bytes)
{
	const YsRelation *relation = rel->fdw_private;
	double		bytes = ENTRY_OVERHEAD_BYTES;

	if (index->info->projection == YS_PROJECTION_ALL)
		return item_bytes;
	for (int i = 0; i < relation->source->natts; i++)
	{
		const YsSourceColumn *column = &relation->source->columns[i];
		int32		width;

		if (column->kind != YS_COLUMN_PATH || !has_column(relation->source, index, column))
			continue;
		width = get_attavgwidth(relation->source->relid, column->attnum);
		bytes += width > 0 ? width : get_typavgwidth(column->type, column->typmod);
	}
	return Min(bytes, item_bytes);
}
