/*-------------------------------------------------------------------------
 * compat.h
 *	  What differs between the PostgreSQL versions we build for (15 to 18).
 *
 * Everything here has a name of our own, ending in _compat: server names are
 * never redefined.
 *-------------------------------------------------------------------------
 */
#ifndef YS_COMPAT_H
#define YS_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "yottastore needs PostgreSQL 15 or later"
#endif

#include "fmgr.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#endif

/* 17 lets extensions name their waits; the user includes utils/wait_event.h. */
#if PG_VERSION_NUM >= 170000
#define ys_wait_event_new_compat(name)	WaitEventExtensionNew(name)
#else
#define ys_wait_event_new_compat(name)	PG_WAIT_EXTENSION
#endif

/* 17 numbers processes otherwise; the user includes storage/procarray.h and storage/sinvaladt.h. */
#if PG_VERSION_NUM >= 170000
#define ys_vxid_proc_compat(vxid)	ProcNumberGetProc((vxid).procNumber)
#else
#define ys_vxid_proc_compat(vxid)	BackendIdGetProc((vxid).backendId)
#endif

/* 16 renamed it; the user includes utils/backend_status.h. */
#if PG_VERSION_NUM >= 160000
#define ys_local_beentry_compat(n)	pgstat_get_local_beentry_by_index(n)
#else
#define ys_local_beentry_compat(n)	pgstat_fetch_stat_local_beentry(n)
#endif

/* 18 knows functions that don't return by a prefix. */
#if PG_VERSION_NUM >= 180000
#define ys_noreturn_compat	pg_noreturn
#else
#define ys_noreturn_compat	pg_attribute_noreturn()
#endif

/*
 * Call a type's input function; false when it refuses the text.  Before 16 a
 * refusal is thrown instead.
 */
static inline bool
ys_input_call_compat(FmgrInfo *input, char *text, Oid ioparam, int32 typmod, Datum *datum)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext escontext = {.type = T_ErrorSaveContext};

	return InputFunctionCallSafe(input, text, ioparam, typmod, (Node *) &escontext, datum);
#else
	*datum = InputFunctionCall(input, text, ioparam, typmod);
	return true;
#endif
}

/* 18 split commands/explain.h.  Only for who asks: lower layers include no such header. */
#ifdef YS_COMPAT_EXPLAIN
#include "commands/explain.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#endif

/* 16 folded the checks of each object class into two functions. */
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_proc.h"
#define ys_class_ownercheck_compat(relid, role) \
	object_ownercheck(RelationRelationId, relid, role)
#define ys_server_aclcheck_compat(serverid, role) \
	object_aclcheck(ForeignServerRelationId, serverid, role, ACL_USAGE)
#define ys_proc_aclcheck_compat(oid, role) \
	object_aclcheck(ProcedureRelationId, oid, role, ACL_EXECUTE)
#else
#define ys_class_ownercheck_compat(relid, role) \
	pg_class_ownercheck(relid, role)
#define ys_server_aclcheck_compat(serverid, role) \
	pg_foreign_server_aclcheck(serverid, role, ACL_USAGE)
#define ys_proc_aclcheck_compat(oid, role) \
	pg_proc_aclcheck(oid, role, ACL_EXECUTE)
#endif

/* 18 made a collation's properties members of its locale; the user includes utils/pg_locale.h. */
#if PG_VERSION_NUM >= 180000
#define ys_collation_is_c_compat(collation)	(pg_newlocale_from_collation(collation)->collate_is_c)
#else
#define ys_collation_is_c_compat(collation)	lc_collate_is_c(collation)
#endif

/* As whom a table's rows are read and written; the user includes executor/executor.h, miscadmin.h. */
#if PG_VERSION_NUM >= 160000
#define ys_scan_user_compat(scan, estate) \
	(OidIsValid((scan)->checkAsUser) ? (scan)->checkAsUser : GetUserId())
#define ys_result_user_compat(rinfo, estate) \
	(OidIsValid(ExecGetResultRelCheckAsUser(rinfo, estate)) ? \
	 ExecGetResultRelCheckAsUser(rinfo, estate) : GetUserId())
#else
#define ys_table_user(rti, estate) \
	(OidIsValid(exec_rt_fetch(rti, estate)->checkAsUser) ? \
	 exec_rt_fetch(rti, estate)->checkAsUser : GetUserId())
#define ys_scan_user_compat(foreign_scan, estate) \
	ys_table_user(bms_next_member((foreign_scan)->fs_relids, -1), estate)
#define ys_result_user_compat(rinfo, estate) \
	ys_table_user((rinfo)->ri_RootResultRelInfo != NULL ? \
				  (rinfo)->ri_RootResultRelInfo->ri_RangeTableIndex : \
				  (rinfo)->ri_RangeTableIndex, estate)
#endif

/* The same while it is planned; the user includes nodes/pathnodes.h, miscadmin.h. */
#if PG_VERSION_NUM >= 160000
#define ys_planned_user_compat(rte, rel) \
	(OidIsValid((rel)->userid) ? (rel)->userid : GetUserId())
#else
#define ys_planned_user_compat(rte, rel) \
	(OidIsValid((rte)->checkAsUser) ? (rte)->checkAsUser : GetUserId())
#endif

/* As whom a query reads a table that it names (InvalidOid: whoever runs it), and which columns; the user includes parser/parse_relation.h. */
#if PG_VERSION_NUM >= 160000
#define ys_named_columns_compat(root, rte, role, columns) \
	do { \
		RTEPermissionInfo *ys_permissions = getRTEPermissionInfo((root)->parse->rteperminfos, rte); \
		*(role) = ys_permissions->checkAsUser; \
		*(columns) = ys_permissions->selectedCols; \
	} while (0)
#else
#define ys_named_columns_compat(root, rte, role, columns) \
	(*(role) = (rte)->checkAsUser, *(columns) = (rte)->selectedCols)
#endif

/* 18 let RETURNING name old and new values; the user includes nodes/primnodes.h. */
#if PG_VERSION_NUM >= 180000
#define ys_var_is_old_compat(var)	((var)->varreturningtype == VAR_RETURNING_OLD)
#else
#define ys_var_is_old_compat(var)	false
#endif

/* 17 added restrictions to foreign paths, 18 how many of their nodes are disabled. */
#if PG_VERSION_NUM >= 180000
#define ys_foreign_path_compat(root, rel, rows, startup, total, outer, private) \
	create_foreignscan_path(root, rel, NULL, rows, 0, startup, total, NIL, outer, NULL, NIL, private)
#elif PG_VERSION_NUM >= 170000
#define ys_foreign_path_compat(root, rel, rows, startup, total, outer, private) \
	create_foreignscan_path(root, rel, NULL, rows, startup, total, NIL, outer, NULL, NIL, private)
#else
#define ys_foreign_path_compat(root, rel, rows, startup, total, outer, private) \
	create_foreignscan_path(root, rel, NULL, rows, startup, total, NIL, outer, NULL, private)
#endif

/* Is the column not NULL where the clauses are true?  Only for who asks, as it is the planner's. */
#ifdef YS_COMPAT_CLAUSES
#include "access/sysattr.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/multibitmapset.h"
#endif
#include "optimizer/clauses.h"

static inline bool
ys_is_nonnullable_compat(List *clauses, Index varno, AttrNumber attnum)
{
	List	   *vars = find_nonnullable_vars((Node *) clauses);
#if PG_VERSION_NUM >= 160000
	return mbms_is_member(varno, attnum - FirstLowInvalidHeapAttributeNumber, vars);
#else
	ListCell   *cell;

	foreach(cell, vars)
	{
		const Var  *var = lfirst_node(Var, cell);

		if (var->varno == varno && var->varattno == attnum && var->varlevelsup == 0)
			return true;
	}
	return false;
#endif
}
#endif

#if PG_VERSION_NUM >= 180000
#define ys_foreign_upper_path_compat(root, rel, target, rows, startup, total, outer) \
	create_foreign_upper_path(root, rel, target, rows, 0, startup, total, NIL, outer, NIL, NIL)
#elif PG_VERSION_NUM >= 170000
#define ys_foreign_upper_path_compat(root, rel, target, rows, startup, total, outer) \
	create_foreign_upper_path(root, rel, target, rows, startup, total, NIL, outer, NIL, NIL)
#else
#define ys_foreign_upper_path_compat(root, rel, target, rows, startup, total, outer) \
	create_foreign_upper_path(root, rel, target, rows, startup, total, NIL, outer, NIL)
#endif

/* 16 lost the argument for outer joins. */
#if PG_VERSION_NUM >= 160000
#define ys_expression_pathkey_compat(root, expr, operator, relids) \
	build_expression_pathkey(root, expr, operator, relids, false)
#else
#define ys_expression_pathkey_compat(root, expr, operator, relids) \
	build_expression_pathkey(root, expr, NULL, operator, relids, false)
#endif

/* 18 names comparisons apart from the btree's strategies; the user includes access/stratnum.h. */
#if PG_VERSION_NUM >= 180000
#define ys_pathkey_is_descending_compat(pathkey)	((pathkey)->pk_cmptype == COMPARE_GT)
#else
#define ys_pathkey_is_descending_compat(pathkey) \
	((pathkey)->pk_strategy == BTGreaterStrategyNumber)
#endif

/*
 * Members of an equivalence class, those of a relation that is a part of another among them.  Only for who asks, as it
 * is the planner's.
 */
#ifdef YS_COMPAT_ECLASS
#include "optimizer/paths.h"

static inline List *
ys_eclass_members_compat(EquivalenceClass *eclass, Relids relids)
{
#if PG_VERSION_NUM >= 180000
	EquivalenceMemberIterator iterator;
	EquivalenceMember *member;
	List	   *members = NIL;

	setup_eclass_member_iterator(&iterator, eclass, relids);
	while ((member = eclass_member_iterator_next(&iterator)) != NULL)
		members = lappend(members, member);
	return members;
#else
	return eclass->ec_members;
#endif
}
#endif

/* A path to take only when there is no other. */
#if PG_VERSION_NUM >= 180000
#define ys_path_disable_compat(path)	((path)->disabled_nodes++)
#else
#define ys_path_disable_compat(path) \
	((path)->startup_cost += disable_cost, (path)->total_cost += disable_cost)
#endif

/* 18 counts what is disabled apart from the costs. */
#if PG_VERSION_NUM >= 180000
#define ys_path_copy_disabled_compat(path, from)	((path)->disabled_nodes = (from)->disabled_nodes)
#else
#define ys_path_copy_disabled_compat(path, from)	((void) 0)
#endif

/* An expression on the topmost parent of rel, as one on rel; the user includes optimizer/appendinfo.h. */
#if PG_VERSION_NUM >= 160000
#define ys_adjust_to_child_compat(root, node, rel) \
	adjust_appendrel_attrs_multilevel(root, node, unconstify(RelOptInfo *, rel), (rel)->top_parent)
#else
#define ys_adjust_to_child_compat(root, node, rel) \
	adjust_appendrel_attrs_multilevel(root, node, (rel)->relids, (rel)->top_parent_relids)
#endif

/* From 17 on the planner does it itself, later; the user includes optimizer/pathnode.h. */
#if PG_VERSION_NUM >= 170000
#define ys_path_by_child_compat(root, path, rel) \
	(path_is_reparameterizable_by_child(path, rel) ? (path) : NULL)
#else
#define ys_path_by_child_compat(root, path, rel)	reparameterize_path_by_child(root, path, rel)
#endif

/* 17 begins subtransactions beside parallel workers. */
#define ys_parallel_subtransactions_compat	(PG_VERSION_NUM >= 170000)

/* 17 looks at statistics for it. */
#if PG_VERSION_NUM >= 170000
#define ys_array_length_compat(root, expr)	estimate_array_length(root, expr)
#else
#define ys_array_length_compat(root, expr)	estimate_array_length(expr)
#endif

/*
 * A query's table, read as role whoever runs it; the user includes nodes/parsenodes.h and
 * parser/parse_node.h.
 */
#if PG_VERSION_NUM >= 160000
#define ys_query_read_as_compat(query, pstate, rte, role, columns) \
	do { \
		RTEPermissionInfo *ys_permissions = linitial_node(RTEPermissionInfo, (pstate)->p_rteperminfos); \
		(query)->rteperminfos = (pstate)->p_rteperminfos; \
		ys_permissions->requiredPerms = ACL_SELECT; \
		ys_permissions->checkAsUser = (role); \
		ys_permissions->selectedCols = (columns); \
	} while (0)
#else
#define ys_query_read_as_compat(query, pstate, rte, role, columns) \
	do { \
		(rte)->requiredPerms = ACL_SELECT; \
		(rte)->checkAsUser = (role); \
		(rte)->selectedCols = (columns); \
	} while (0)
#endif

/* 18 knows which way a sort goes without looking at its operator. */
#if PG_VERSION_NUM >= 180000
#define ys_sort_clause_reverse_compat(clause, descending)	((clause)->reverse_sort = (descending))
#else
#define ys_sort_clause_reverse_compat(clause, descending)	((void) 0)
#endif

/* Plan a query within another, of which so many rows (0: all) are wanted; the user includes optimizer/planner.h and optimizer/pathnode.h. */
#if PG_VERSION_NUM >= 170000
#define ys_subquery_planner_compat(glob, query, root, rows) \
	subquery_planner(glob, query, root, false, rows, NULL)
#else
#define ys_subquery_planner_compat(glob, query, root, rows) \
	subquery_planner(glob, query, root, false, rows)
#endif
#if PG_VERSION_NUM >= 160000
#define ys_subqueryscan_path_compat(root, rel, path) \
	create_subqueryscan_path(root, rel, path, true, NIL, NULL)
#else
#define ys_subqueryscan_path_compat(root, rel, path)	create_subqueryscan_path(root, rel, path, NIL, NULL)
#endif

/* Writing rows without statements.  Only for who asks, as it is the executor's. */
#ifdef YS_COMPAT_ROWS
#include "access/genam.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "nodes/parsenodes.h"
#include "utils/relcache.h"

#if PG_VERSION_NUM >= 180000
#define ys_index_beginscan_compat(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#define ys_primary_key_index_compat(rel)	RelationGetPrimaryKeyIndex(rel, false)
#define ys_has_generated_compat(constr)	((constr)->has_generated_stored || (constr)->has_generated_virtual)
#else
#define ys_index_beginscan_compat(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#define ys_primary_key_index_compat(rel)	RelationGetPrimaryKeyIndex(rel)
#define ys_has_generated_compat(constr)	((constr)->has_generated_stored)
#endif

/* Which indexes an update is to be entered in: 16 knows those that only summarize. */
#if PG_VERSION_NUM >= 160000
typedef TU_UpdateIndexes YsUpdateIndexes_compat;
#define ys_needs_index_entries_compat(which)	((which) != TU_None)
#define ys_insert_index_entries_compat(info, slot, estate, update, which) \
	ExecInsertIndexTuples(info, slot, estate, update, false, NULL, NIL, (which) == TU_Summarizing)
#define YS_ALL_INDEXES_COMPAT	TU_All
#define ys_all_indexes_compat(which)	((which) == TU_All)
#else
typedef bool YsUpdateIndexes_compat;
#define ys_needs_index_entries_compat(which)	(which)
#define ys_insert_index_entries_compat(info, slot, estate, update, which) \
	ExecInsertIndexTuples(info, slot, estate, update, false, NULL, NIL)
#define YS_ALL_INDEXES_COMPAT	true
#define ys_all_indexes_compat(which)	(which)
#endif

/* A range table of one relation, of which the columns updated are said. */
static inline void
ys_range_table_compat(EState *estate, RangeTblEntry *rte, Bitmapset *updated)
{
#if PG_VERSION_NUM >= 160000
	RTEPermissionInfo *permissions = makeNode(RTEPermissionInfo);

	permissions->relid = rte->relid;
	permissions->updatedCols = updated;
	rte->perminfoindex = 1;
#if PG_VERSION_NUM >= 180000
	ExecInitRangeTable(estate, list_make1(rte), list_make1(permissions), bms_make_singleton(1));
#else
	ExecInitRangeTable(estate, list_make1(rte), list_make1(permissions));
#endif
#else
	rte->updatedCols = updated;
	ExecInitRangeTable(estate, list_make1(rte));
#endif
}
#endif

/* The last of the executor's parameters to run, which 18 has no more: declared, with its type, or passed on. */
#if PG_VERSION_NUM >= 180000
#define YS_RUN_ONCE_COMPAT(type)
#else
#define YS_RUN_ONCE_COMPAT(type)	, type execute_once
#endif

#endif							/* YS_COMPAT_H */
