/*-------------------------------------------------------------------------
 * rights.c
 *	  Whether who runs a query may read what it names of a table.
 *
 * The server looks when the query begins to run.  What planning itself looks at is to be hidden before that: it
 * has operators, which may be the user's, look at the values that statistics name.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "miscadmin.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "utils/acl.h"

#include "compat.h"
#include "fdw/plan.h"

/* The table whose rights count: of a part of another, as the query names it, that one. */
static RangeTblEntry *
named_table(PlannerInfo *root, Index rti)
{
	RangeTblEntry *rte = planner_rt_fetch(rti, root);

	while (root->append_rel_array != NULL && root->append_rel_array[rti] != NULL)
	{
		RangeTblEntry *parent;

		rti = root->append_rel_array[rti]->parent_relid;
		parent = planner_rt_fetch(rti, root);
		/* the arms of a UNION ALL are named themselves */
		if (parent->rtekind != RTE_RELATION)
			break;
		rte = parent;
	}
	return rte;
}

static bool
may_select_column(Oid relid, AttrNumber attnum, Oid user)
{
	if (attnum == InvalidAttrNumber)
		return pg_attribute_aclcheck_all(relid, user, ACL_SELECT, ACLMASK_ALL) == ACLCHECK_OK;
	return pg_attribute_aclcheck(relid, attnum, user, ACL_SELECT) == ACLCHECK_OK;
}

bool
ys_plan_may_select(PlannerInfo *root, const RelOptInfo *rel)
{
	RangeTblEntry *rte = named_table(root, rel->relid);
	Oid			user;
	Bitmapset  *columns;
	int			column = -1;

	ys_named_columns_compat(root, rte, &user, &columns);
	if (!OidIsValid(user))
		user = GetUserId();
	if (pg_class_aclcheck(rte->relid, user, ACL_SELECT) == ACLCHECK_OK)
		return true;
	if (bms_is_empty(columns))
		return pg_attribute_aclcheck_all(rte->relid, user, ACL_SELECT, ACLMASK_ANY) == ACLCHECK_OK;
	while ((column = bms_next_member(columns, column)) >= 0)
		if (!may_select_column(rte->relid, column + FirstLowInvalidHeapAttributeNumber, user))
			return false;
	return true;
}
