/*-------------------------------------------------------------------------
 * order.c
 *	  The order in which a Query returns its items.
 *
 * A Query of one partition returns its items by the sort key, in either
 * direction: numbers by value, strings and binaries by bytes.  No item is
 * without a sort key, so that it matters not where NULLs would be, unless a
 * key does not fit the column: then the order is only claimed when a condition
 * on the column keeps such rows out.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "nodes/makefuncs.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/pg_locale.h"
#include "utils/typcache.h"

#include "compat.h"
#include "fdw/exact.h"
#include "fdw/order.h"
#include "guc.h"

/* The column by whose values the rows are ordered; NULL: none. */
static const YsSourceColumn *
ordered_column(const YsKeySchema *schema, const YsAccess *access)
{
	const YsSourceColumn *column = schema->nkeys == 2 ? schema->columns[1] : NULL;
	bool		fits;

	if (column == NULL || access->operation != YS_OPERATION_QUERY ||
		access->conditions[0].test != YS_TEST_EQ)
		return NULL;
	/* where an index is asked, the query has no use for rows without its sort attribute */
	fits = ys_exact_key_fits(column) || (access->index != NULL && column->key == 0);
	/* any condition on it is false for NULL */
	for (int i = 1; i < access->nconditions; i++)
		fits = fits || access->conditions[i].key == 1;
	return fits ? column : NULL;
}

static Expr *
make_column(RelOptInfo *rel, const YsSourceColumn *column)
{
	return (Expr *) makeVar(rel->relid, column->attnum, column->type, column->typmod,
							column->collation, 0);
}

/* Is this the store's order of the column, or its reverse? */
static bool
is_store_order(RelOptInfo *rel, const YsKeySchema *schema, const YsSourceColumn *column,
			   const PathKey *pathkey)
{
	EquivalenceClass *class = pathkey->pk_eclass;

	return !class->ec_has_volatile &&
		pathkey->pk_opfamily == lookup_type_cache(column->type,
												  TYPECACHE_BTREE_OPFAMILY)->btree_opf &&
		(schema->types[1] != YS_TYPE_STRING ||
		 (OidIsValid(class->ec_collation) && ys_collation_is_c_compat(class->ec_collation))) &&
		find_ec_member_matching_expr(class, make_column(rel, column), rel->relids) != NULL;
}

/* What the query wants, as far as the column's order gives it. */
static List *
wanted_order(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
			 const YsSourceColumn *column)
{
	PathKey    *first;

	if (root->query_pathkeys == NIL)
		return NIL;
	first = linitial_node(PathKey, root->query_pathkeys);
	if (!is_store_order(rel, schema, column, first))
		return NIL;
	/*
	 * No two items of a partition have the same sort key: what comes behind it changes
	 * nothing, as long as an item is one row.
	 */
	if (!schema->unique || root->parse->hasTargetSRFs ||
		!bms_equal(rel->relids, root->all_baserels))
		return list_make1(first);
	return root->query_pathkeys;
}

/* The ascending order, if a merge join could use it. */
static List *
ascending_order(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
				const YsSourceColumn *column)
{
	TypeCacheEntry *entry = lookup_type_cache(column->type, TYPECACHE_LT_OPR);
	List	   *pathkeys = ys_expression_pathkey_compat(root, make_column(rel, column),
														entry->lt_opr, rel->relids);

	if (pathkeys == NIL || !is_store_order(rel, schema, column, linitial(pathkeys)))
		return NIL;
	return truncate_useless_pathkeys(root, rel, pathkeys);
}

List *
ys_order_find(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
			  const YsAccess *access)
{
	const YsSourceColumn *column = ordered_column(schema, access);
	List	   *orders = NIL;
	List	   *wanted;
	List	   *ascending;

	if (!ys_guc_pushdown || column == NULL || !has_useful_pathkeys(root, rel))
		return NIL;
	wanted = wanted_order(root, rel, schema, column);
	if (wanted != NIL)
		orders = lappend(orders, wanted);
	ascending = ascending_order(root, rel, schema, column);
	if (ascending != NIL && !pathkeys_contained_in(ascending, wanted))
		orders = lappend(orders, ascending);
	return orders;
}

bool
ys_order_is_backward(List *pathkeys)
{
	return pathkeys != NIL && ys_pathkey_is_descending_compat(linitial_node(PathKey, pathkeys));
}
