/*-------------------------------------------------------------------------
 * limit.c
 *	  How many rows a query takes, as far as planning knows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "optimizer/paths.h"

#include "fdw/limit.h"

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

bool
ys_limit_is_of(const PlannerInfo *root, const RelOptInfo *rel)
{
	return bms_equal(rel->top_parent_relids != NULL ? rel->top_parent_relids : rel->relids, root->all_baserels);
}

int
ys_limit_rows_of(const PlannerInfo *root, const RelOptInfo *rel, const List *pathkeys)
{
	return ys_limit_is_of(root, rel) ? ys_limit_rows(root, pathkeys) : 0;
}
