/*-------------------------------------------------------------------------
 * field_stats.c
 *	  Telling the planner what values of computed columns there are.
 *
 * The index table has the same values, and statistics of them, once it has been analyzed.
 * They are preferred to those of the foreign table, which come from a sample of what the store has.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_statistic.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "compat.h"
#include "fdw/fdw.h"
#include "fdw/plan.h"

static get_relation_stats_hook_type next_stats_hook = NULL;

/* What the planner knows of our table; NULL: it is none. */
static const YsRelation *
store_relation(const VariableStatData *vardata)
{
	const RelOptInfo *rel = vardata->rel;

	return rel != NULL && rel->fdwroutine != NULL && rel->fdwroutine->GetForeignPaths == ys_get_paths ?
		rel->fdw_private : NULL;
}

static bool
take_index_stats(PlannerInfo *root, RangeTblEntry *rte, const YsRelation *relation, AttrNumber attnum,
				 VariableStatData *vardata)
{
	const YsSourceColumn *column;
	const YsPolicyRow *policy;
	HeapTuple	stats;

	if (attnum <= 0 || attnum > relation->source->natts)
		return false;
	column = &relation->source->columns[attnum - 1];
	if (column->kind != YS_COLUMN_FIELD)
		return false;
	policy = ys_plan_policy(root, unconstify(YsRelation *, relation), column->policy);
	attnum = policy != NULL ? get_attnum(policy->index_table, column->field) : InvalidAttrNumber;
	if (attnum == InvalidAttrNumber || get_atttype(policy->index_table, attnum) != column->type)
		return false;
	/* with those of its partitions */
	stats = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(policy->index_table),
							Int16GetDatum(attnum), BoolGetDatum(true));
	if (!HeapTupleIsValid(stats))
		return false;
	vardata->statsTuple = stats;
	vardata->freefunc = ReleaseSysCache;
	/* who may read the foreign table may see its values, and these are the same */
	vardata->acl_ok = pg_class_aclcheck(rte->relid, ys_planned_user_compat(rte, vardata->rel),
										ACL_SELECT) == ACLCHECK_OK;
	return true;
}

/* How many rows a table had when it was analyzed; 0: it was not. */
static double
analyzed_rows(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	double		rows;

	if (!HeapTupleIsValid(tuple))
		return 0;
	rows = Max(((Form_pg_class) GETSTRUCT(tuple))->reltuples, 0);
	ReleaseSysCache(tuple);
	return rows;
}

double
ys_field_stats_items(PlannerInfo *root, YsRelation *relation)
{
	double		items = 0;

	for (int i = 0; i < relation->source->natts && items == 0; i++)
	{
		const YsSourceColumn *column = &relation->source->columns[i];
		const YsPolicyRow *policy;

		if (column->kind != YS_COLUMN_FIELD)
			continue;
		policy = ys_plan_policy(root, relation, column->policy);
		if (policy != NULL)
			items = analyzed_rows(policy->index_table);
	}
	return items;
}

static bool
relation_stats(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attnum, VariableStatData *vardata)
{
	const YsRelation *relation;

	if (next_stats_hook != NULL && next_stats_hook(root, rte, attnum, vardata))
		return true;
	if (rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_FOREIGN_TABLE)
		return false;
	relation = store_relation(vardata);
	return relation != NULL && take_index_stats(root, rte, relation, attnum, vardata);
}

void
ys_field_stats_init(void)
{
	next_stats_hook = get_relation_stats_hook;
	get_relation_stats_hook = relation_stats;
}
