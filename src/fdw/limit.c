/*-------------------------------------------------------------------------
 * limit.c
 *	  How many rows a query takes, as far as planning knows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"

#include "fdw/limit.h"

/* More first rows than that are sorted out of all. */
#define FIRST_ROWS_MAX	10000

/* What a LIMIT that is not known yet takes of all rows, as the server has it. */
#define UNKNOWN_LIMIT	0.1

/* Do rows go out as they are, but for their order? */
static bool
go_out(const PlannerInfo *root)
{
	const Query *query = root->parse;

	return query->commandType == CMD_SELECT && query->groupClause == NIL && query->groupingSets == NIL &&
		query->distinctClause == NIL && !query->hasAggs && !query->hasWindowFuncs && !query->hasTargetSRFs &&
		!root->hasHavingQual && query->setOperations == NULL;
}

int
ys_limit_rows(const PlannerInfo *root, const List *pathkeys)
{
	double		rows;

	if (!go_out(root) || root->parse->limitOption == LIMIT_OPTION_WITH_TIES ||
		!pathkeys_contained_in(root->sort_pathkeys, unconstify(List *, pathkeys)))
		return 0;
	/* of EXISTS one row is taken, though no LIMIT says so */
	rows = root->limit_tuples > 0 ? root->limit_tuples : root->tuple_fraction >= 1 ? root->tuple_fraction : 0;
	return rows <= YS_LIMIT_MAX ? (int) ceil(rows) : 0;
}

/* Is that relation, or what it is a part of, all that the query's rows are from? */
static bool
is_all(const PlannerInfo *root, const RelOptInfo *rel)
{
	return bms_equal(rel->top_parent_relids != NULL ? rel->top_parent_relids : rel->relids, root->all_baserels);
}

int
ys_limit_rows_of(const PlannerInfo *root, const RelOptInfo *rel, const List *pathkeys)
{
	return is_all(root, rel) ? ys_limit_rows(root, pathkeys) : 0;
}

/* Can it be evaluated beside LIMIT itself, to the same value? */
static bool
is_sure(Node *value)
{
	return !contain_volatile_functions(value) && !contain_subplans(value);
}

static bool
is_null(const Node *value)
{
	return value == NULL || (IsA(value, Const) && ((const Const *) value)->constisnull);
}

bool
ys_limit_first_rows(const PlannerInfo *root, const RelOptInfo *rel, YsFirstRows *first)
{
	Node	   *count = root->parse->limitCount;
	Node	   *offset = root->parse->limitOffset;

	if (!go_out(root) || !is_all(root, rel) || root->sort_pathkeys == NIL || is_null(count) || !is_sure(count) ||
		!is_sure(offset) || root->limit_tuples > FIRST_ROWS_MAX)
		return false;
	if (is_null(offset))
		offset = (Node *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0), false, FLOAT8PASSBYVAL);
	*first = (YsFirstRows) {
		.rows = root->limit_tuples > 0 ? root->limit_tuples :
			Min(clamp_row_est(rel->rows * UNKNOWN_LIMIT), FIRST_ROWS_MAX),
		.ties = root->parse->limitOption == LIMIT_OPTION_WITH_TIES,
		.count = (Expr *) count,
		.offset = (Expr *) offset
	};
	return true;
}
