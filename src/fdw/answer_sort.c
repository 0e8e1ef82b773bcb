/*-------------------------------------------------------------------------
 * answer_sort.c
 *	  The order of a query whose first rows an index finds, while it is planned.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"

#define YS_COMPAT_ECLASS
#include "compat.h"
#include "fdw/answer.h"
#include "fdw/answering.h"

/* None of the first rows may be lost later, to conditions that say otherwise when asked again. */
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
order_by(const YsAnswering *answering, const PathKey *pathkey, const EquivalenceMember *member, YsOrdering *ordering)
{
	YsTranslation read;
	bool		descending = ys_pathkey_is_descending_compat(pathkey);
	Oid			type = member->em_datatype;
	YsOrderKey *key = palloc0(sizeof(YsOrderKey));

	if (member->em_is_const || !bms_equal(member->em_relids, answering->rel->relids))
		return false;
	key->translated = ys_answering_translate(answering, member->em_expr, &read);
	if (key->translated == NULL || (read.by & YS_BY_AREA))
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
	ys_translation_add(&ordering->read, &read);
	return true;
}

/* Order by one of the expressions that are equal here, if the index has one. */
static bool
order_by_any(const YsAnswering *answering, const PathKey *pathkey, YsOrdering *ordering)
{
	ListCell   *cell;

	if (pathkey->pk_eclass->ec_has_volatile)
		return false;
	foreach(cell, ys_eclass_members_compat(pathkey->pk_eclass, answering->rel->relids))
		if (order_by(answering, pathkey, lfirst_node(EquivalenceMember, cell), ordering))
			return true;
	return false;
}

bool
ys_answering_find_order(PlannerInfo *root, const YsAnswering *answering, YsOrdering *ordering)
{
	ListCell   *cell;

	if (!takes_first_rows(root, answering->rel, &ordering->first))
		return false;
	foreach(cell, root->sort_pathkeys)
		if (!order_by_any(answering, lfirst_node(PathKey, cell), ordering))
			break;
	ordering->more = list_length(ordering->keys) < list_length(root->sort_pathkeys) || ordering->first.ties;
	return ordering->keys != NIL && (answering->read.by_field || ordering->read.by_field);
}

void
ys_ordering_sort_query(const YsOrdering *ordering, Query *query)
{
	ListCell   *cell;

	foreach(cell, ordering->keys)
	{
		const YsOrderKey *key = lfirst(cell);
		TargetEntry *entry = makeTargetEntry(key->translated, list_length(query->targetList) + 1,
											 pstrdup("order"), false);
		SortGroupClause *clause = makeNode(SortGroupClause);

		*clause = key->clause;
		entry->ressortgroupref = clause->tleSortGroupRef;
		query->targetList = lappend(query->targetList, entry);
		query->sortClause = lappend(query->sortClause, clause);
	}
}

List *
ys_ordering_private(const YsOrdering *ordering, List **exprs)
{
	List	   *sort = NIL;
	ListCell   *cell;

	*exprs = NIL;
	if (ordering->keys == NIL)
		return NIL;
	foreach(cell, ordering->keys)
	{
		const YsOrderKey *key = lfirst(cell);

		sort = list_concat(sort, list_make3_int(key->clause.sortop, key->collation, key->clause.nulls_first));
		*exprs = lappend(*exprs, key->expr);
	}
	*exprs = list_concat(*exprs, list_make2(ordering->first.count, ordering->first.offset));
	return lappend_int(sort, ordering->more);
}

Path *
ys_answering_sort_path(PlannerInfo *root, RelOptInfo *rel, Path *path, double wanted)
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
	return (Path *) create_sort_path(root, rel, path, pathkeys, wanted);
}

Bitmapset *
ys_answering_asked_by(PlannerInfo *root, RelOptInfo *rel)
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
