/*-------------------------------------------------------------------------
 * modify.c
 *	  Planning and setting up INSERT, UPDATE, DELETE and COPY.
 *
 * The rows of an UPDATE and a DELETE carry the key as junk columns.  An
 * UPDATE has the whole old row besides (the server asks for it); a DELETE
 * has the columns its conditions look at.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "catalog/server.h"
#include "compat.h"
#include "fdw/fdw.h"
#include "fdw/modify.h"

/* ---- what a statement depends on ---- */

typedef struct OldColumns
{
	Index		rti;
	Bitmapset  *columns;
} OldColumns;

static bool
find_old_columns(Node *node, OldColumns *old)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varno == (int) old->rti && ys_var_is_old_compat((Var *) node))
		old->columns = bms_add_member(old->columns, ((Var *) node)->varattno -
									  FirstLowInvalidHeapAttributeNumber);
	return expression_tree_walker(node, find_old_columns, old);
}

/* A partition's query speaks of its parent's columns. */
static bool
is_target(const PlannerInfo *root, Index rti)
{
	return rti == (Index) root->parse->resultRelation;
}

/*
 * The expressions whose values decide which rows are changed and to what: conditions, also of
 * security-barrier views, and new values.  Not a document's: what it is made from is compared
 * attribute by attribute.
 */
static List *
expressions_looked_at(PlannerInfo *root, Index rti, const YsSource *source)
{
	RangeTblEntry *named = planner_rt_fetch(root->parse->resultRelation, root);
	List	   *expressions = list_make2(root->parse->jointree, named->securityQuals);
	ListCell   *target;
	ListCell   *number;

	if (root->parse->commandType != CMD_UPDATE)
		return expressions;
	forboth(target, root->parse->targetList, number, root->update_colnos)
		if (!is_target(root, rti) ||
			source->columns[lfirst_int(number) - 1].kind != YS_COLUMN_DOCUMENT)
			expressions = lappend(expressions, lfirst_node(TargetEntry, target)->expr);
	return expressions;
}

/* Their columns, and those an UPDATE returns the old values of: they are what was read; of the table that is named. */
static Bitmapset *
columns_looked_at(PlannerInfo *root, Index rti, const YsSource *source)
{
	OldColumns	old = {.rti = root->parse->resultRelation};

	if (root->parse->commandType == CMD_UPDATE)
		(void) find_old_columns((Node *) root->parse->returningList, &old);
	pull_varattnos((Node *) expressions_looked_at(root, rti, source), old.rti, &old.columns);
	return old.columns;
}

/* A partition has its columns in other places than the table that the query names. */
static bool
is_looked_at_column(PlannerInfo *root, Index rti, const YsSourceColumn *column,
					const Bitmapset *columns)
{
	AttrNumber	number = column->attnum;

	if (!is_target(root, rti))
		number = get_attnum(planner_rt_fetch(root->parse->resultRelation, root)->relid,
							column->name);
	return number != InvalidAttrNumber &&
		bms_is_member(number - FirstLowInvalidHeapAttributeNumber, columns);
}

/* What a column is computed from is guarded as a whole. */
static void
refuse_unguarded(const YsSource *source)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot find items of store table \"%s\" to change by a computed column", source->table),
			 errdetail("Whether the item is still as it was read is told by its document, and there is no "
					   "document column."),
			 errhint("Add one: ALTER FOREIGN TABLE ... ADD COLUMN item jsonb OPTIONS (document 'true').")));
}

typedef struct Guards
{
	List	   *paths;			/* path columns (the key can't change) */
	List	   *fields;			/* computed ones */
	bool		document;		/* all of the document */
} Guards;

static Guards
find_guards(PlannerInfo *root, Index rti, const YsSource *source)
{
	Bitmapset  *columns = columns_looked_at(root, rti, source);
	bool		all = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, columns);
	Guards		guards = {.document = false};

	for (int i = 0; i < source->natts; i++)
	{
		const YsSourceColumn *column = &source->columns[i];

		if (column->kind == YS_COLUMN_DROPPED ||
			(!all && !is_looked_at_column(root, rti, column, columns)))
			continue;
		if (column->kind == YS_COLUMN_DOCUMENT || column->kind == YS_COLUMN_FIELD)
			guards.document = true;
		if (column->kind == YS_COLUMN_FIELD)
			guards.fields = lappend_int(guards.fields, column->attnum);
		else if (column->kind == YS_COLUMN_PATH && column->key == 0)
			guards.paths = lappend_int(guards.paths, column->attnum);
	}
	if (guards.document && ys_source_best_document(source) == NULL)
		refuse_unguarded(source);
	return guards;
}

/* ---- planning ---- */

/* Partitions of one table may have the same column in different places: a name for each. */
static char *
junk_name(const YsSourceColumn *column)
{
	return psprintf("yottastore %d %u %d %u %s", column->attnum, column->type, column->typmod,
					column->collation, column->name);
}

static void
add_junk(PlannerInfo *root, Index rti, const YsSourceColumn *column)
{
	Var		   *var = makeVar(rti, column->attnum, column->type, column->typmod,
							  column->collation, 0);

	add_row_identity_var(root, var, rti, junk_name(column));
}

void
ys_add_update_targets(PlannerInfo *root, Index rti, RangeTblEntry *rte, Relation relation)
{
	YsSource   *source = ys_source_load(RelationGetRelid(relation));
	Guards		guards;
	ListCell   *cell;

	for (int i = 0; i < source->nkeys; i++)
		add_junk(root, rti, source->keys[i]);
	if (root->parse->commandType != CMD_DELETE)
		return;
	guards = find_guards(root, rti, source);
	foreach(cell, guards.paths)
		add_junk(root, rti, &source->columns[lfirst_int(cell) - 1]);
	foreach(cell, guards.fields)
		add_junk(root, rti, &source->columns[lfirst_int(cell) - 1]);
	if (guards.document)
		add_junk(root, rti, ys_source_best_document(source));
}

void
ys_modify_check_assigned(const YsSource *source, List *assigned)
{
	ListCell   *cell;

	foreach(cell, assigned)
	{
		const YsSourceColumn *column = &source->columns[lfirst_int(cell) - 1];

		if (column->key != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot update key column \"%s\"", column->name),
					 errdetail("An item's key never changes."),
					 errhint("Delete the item and insert it under its new key.")));
		ys_item_check_written(column);
	}
}

/* The server evaluates a view's check on the row a write returns, when the store has it already. */
static void
refuse_check_option(const ModifyTable *plan, const YsSource *source)
{
	if (plan == NULL || plan->withCheckOptionLists == NIL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot write to store table \"%s\" through a view with WITH CHECK OPTION",
					source->table),
			 errdetail("A row is checked after it was written, and ROLLBACK does not undo writes to the store."),
			 errhint("Check rows in a BEFORE trigger of the foreign table.")));
}

List *
ys_plan_modify(PlannerInfo *root, ModifyTable *plan, Index rti, int subplan)
{
	RangeTblEntry *rte = planner_rt_fetch(rti, root);
	YsSource   *source = ys_source_load(rte->relid);
	List	   *assigned = NIL;
	List	   *named = NIL;
	Guards		guards = {.document = false};

	if (plan->onConflictAction != ONCONFLICT_NONE && plan->onConflictAction != ONCONFLICT_NOTHING)
		elog(ERROR, "unexpected ON CONFLICT action %d", (int) plan->onConflictAction);

	refuse_check_option(plan, source);
	ys_spool_input(root, plan, source);
	if (plan->operation == CMD_UPDATE)
	{
		assigned = list_nth(plan->updateColnosLists, subplan);
		ys_modify_check_assigned(source, assigned);
	}
	if (plan->operation != CMD_INSERT)
		guards = find_guards(root, rti, source);
	if (guards.document)
		named = ys_absent_plan(source, (Index) root->parse->resultRelation, is_target(root, rti),
							   expressions_looked_at(root, rti, source), root->parse->returningList);
	return list_make5(assigned, guards.paths,
					  makeInteger(guards.document ? YS_MODIFY_GUARD_DOCUMENT : 0), guards.fields, named);
}

/* ---- setting up ---- */

YsModify *
ys_modify_create(Oid relid, Oid userid)
{
	YsModify   *modify = palloc0(sizeof(YsModify));
	YsSource   *source = ys_source_load(relid);

	modify->source = source;
	modify->store = ys_server_store(source->serverid, userid);
	modify->converters = palloc0(Max(source->natts, 1) * sizeof(YsConverter));
	modify->row_context = AllocSetContextCreate(CurrentMemoryContext, "yottastore row",
												ALLOCSET_SMALL_SIZES);
	for (int i = 0; i < source->natts; i++)
	{
		const YsSourceColumn *column = &source->columns[i];

		if (column->kind == YS_COLUMN_DROPPED)
			continue;
		ys_source_init_converter(column, &modify->converters[i], CurrentMemoryContext);
	}
	return modify;
}

static bool
after_row_trigger(const ResultRelInfo *rinfo, CmdType operation)
{
	const TriggerDesc *triggers = rinfo->ri_TrigDesc;

	if (triggers == NULL)
		return false;
	return operation == CMD_INSERT ? triggers->trig_insert_after_row :
		operation == CMD_UPDATE && triggers->trig_update_after_row;
}

/* Collect the columns RETURNING names of the written table: those of others are of the subplan. */
static bool
add_returned(Node *node, void *context)
{
	Bitmapset **attrs = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		const Var  *var = (const Var *) node;

		if (!IS_SPECIAL_VARNO(var->varno))
			*attrs = bms_add_member(*attrs, var->varattno - FirstLowInvalidHeapAttributeNumber);
		return false;
	}
	return expression_tree_walker(node, add_returned, context);
}

/*
 * What is looked at of the written row: a trigger may look at all of it.  A
 * misfit in any other column is nobody's error, after the item is written.
 */
static List *
wanted_columns(const YsSource *source, const ResultRelInfo *rinfo, CmdType operation)
{
	Bitmapset  *attrs = NULL;
	List	   *columns = NIL;
	bool		all;

	(void) add_returned((Node *) rinfo->ri_returningList, &attrs);
	all = after_row_trigger(rinfo, operation) ||
		bms_is_member(-FirstLowInvalidHeapAttributeNumber, attrs);
	for (int i = 0; i < source->natts; i++)
		if (source->columns[i].kind != YS_COLUMN_DROPPED &&
			(all || bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, attrs)))
			columns = lappend_int(columns, i + 1);
	return columns;
}

static bool
are_key_columns(const YsSource *source, const List *columns)
{
	ListCell   *cell;

	foreach(cell, columns)
		if (lfirst_int(cell) != source->keys[0]->attnum &&
			(source->nkeys == 1 || lfirst_int(cell) != source->keys[1]->attnum))
			return false;
	return true;
}

MemoryContext
ys_modify_begin_row(YsModify *modify, ResultRelInfo *rinfo, CmdType operation)
{
	MemoryContextReset(modify->row_context);
	if (!modify->ready &&
		(rinfo->ri_projectReturning != NULL || after_row_trigger(rinfo, operation)))
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(modify));
		List	   *columns = wanted_columns(modify->source, rinfo, operation);

		modify->reader = ys_row_reader_create(modify->source, columns);
		modify->returns_key = are_key_columns(modify->source, columns);
		MemoryContextSwitchTo(old);
	}
	modify->ready = true;
	return modify->row_context;
}

static AttrNumber
find_junk(Plan *plan, const YsSourceColumn *column)
{
	AttrNumber	number = ExecFindJunkAttributeInTlist(plan->targetlist, junk_name(column));

	if (!AttributeNumberIsValid(number))
		elog(ERROR, "no junk column for \"%s\"", column->name);
	return number;
}

static AttrNumber *
find_junk_list(const YsModify *modify, Plan *plan, List *columns)
{
	AttrNumber *junk = palloc((list_length(columns) + 1) * sizeof(AttrNumber));
	ListCell   *cell;

	foreach(cell, columns)
		junk[foreach_current_index(cell)] =
			find_junk(plan, &modify->source->columns[lfirst_int(cell) - 1]);
	return junk;
}

static void
find_junk_columns(YsModify *modify, CmdType operation, Plan *plan)
{
	for (int i = 0; i < modify->source->nkeys; i++)
		modify->key_junk[i] = find_junk(plan, modify->source->keys[i]);
	if (operation != CMD_DELETE)
		return;
	modify->old_junk = find_junk_list(modify, plan, modify->guards);
	modify->field_junk = find_junk_list(modify, plan, modify->fields);
	if ((modify->flags & YS_MODIFY_GUARD_DOCUMENT) != 0)
		modify->document_junk = find_junk(plan, ys_source_best_document(modify->source));
}

/*
 * AFTER triggers fire before the callback that ends: those of rows, and those of the statement,
 * which may be of the table whose partition this is.
 */
static bool
is_looked_at(const ResultRelInfo *rinfo, CmdType operation)
{
	const ResultRelInfo *root = rinfo->ri_RootResultRelInfo;
	const TriggerDesc *own = rinfo->ri_TrigDesc;
	const TriggerDesc *named = root != NULL ? root->ri_TrigDesc : own;

	if (own != NULL && own->trig_insert_after_row)
		return true;
	return named != NULL &&
		((operation != CMD_UPDATE && named->trig_insert_after_statement) ||
		 (operation != CMD_INSERT && named->trig_update_after_statement));
}

/* Who says that what is there shall stay, means it. */
bool
ys_modify_replaces(const YsSource *source, const ModifyTable *plan)
{
	return source->upsert && (plan == NULL || plan->onConflictAction == ONCONFLICT_NONE);
}

/* How new items are written, be it rows that an UPDATE moves here. */
static int
insert_flags(const YsModify *modify, const ResultRelInfo *rinfo, const ModifyTableState *mtstate)
{
	const ModifyTable *plan = (const ModifyTable *) mtstate->ps.plan;	/* COPY has none */
	int			flags = is_looked_at(rinfo, mtstate->operation) ? YS_MODIFY_LOOKED_AT : 0;

	if (plan != NULL && plan->onConflictAction == ONCONFLICT_NOTHING)
		flags |= YS_MODIFY_SKIP_DUPLICATES;
	if (ys_modify_replaces(modify->source, plan))
		flags |= YS_MODIFY_UPSERT;
	return flags;
}

void
ys_begin_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo, List *fdw_private,
				int subplan, int eflags)
{
	Relation	relation = rinfo->ri_RelationDesc;
	TriggerDesc *triggers = rinfo->ri_TrigDesc;
	YsModify   *modify;

	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	modify = ys_modify_create(RelationGetRelid(relation),
							  ys_result_user_compat(rinfo, mtstate->ps.state));
	rinfo->ri_FdwState = modify;
	modify->assigned = list_nth(fdw_private, YS_MODIFY_ASSIGNED);
	modify->guards = list_nth(fdw_private, YS_MODIFY_GUARDS);
	modify->fields = list_nth(fdw_private, YS_MODIFY_FIELDS);
	modify->flags = intVal(list_nth(fdw_private, YS_MODIFY_FLAGS)) |
		insert_flags(modify, rinfo, mtstate);
	if ((triggers != NULL && triggers->trig_update_before_row) ||
		(RelationGetDescr(relation)->constr != NULL &&
		 RelationGetDescr(relation)->constr->has_generated_stored))
		modify->flags |= YS_MODIFY_OTHERS_CHANGE;
	if (mtstate->operation != CMD_INSERT)
	{
		find_junk_columns(modify, mtstate->operation, outerPlanState(mtstate)->plan);
		ys_absent_begin(modify, list_nth(fdw_private, YS_MODIFY_NAMED), mtstate->ps.state);
		modify->may_repeat = !IsA(outerPlanState(mtstate), ForeignScanState);
	}
}

/* COPY, and rows routed into a partition. */
void
ys_begin_insert(ModifyTableState *mtstate, ResultRelInfo *rinfo)
{
	YsModify   *modify = rinfo->ri_FdwState;

	/* a partition may be an UPDATE's own target as well as where it moves rows to */
	if (modify == NULL)
	{
		modify = ys_modify_create(RelationGetRelid(rinfo->ri_RelationDesc),
								  ys_result_user_compat(rinfo, mtstate->ps.state));
		rinfo->ri_FdwState = modify;
	}
	refuse_check_option((ModifyTable *) mtstate->ps.plan, modify->source);
	modify->flags |= insert_flags(modify, rinfo, mtstate);
	ys_spool_routed(mtstate, rinfo, modify);
}

bool
ys_modify_insert(YsModify *modify, TupleTableSlot *slot)
{
	if ((modify->flags & YS_MODIFY_UPSERT) == 0)
		return ys_insert_row(modify, slot, modify->reader != NULL ||
							 (modify->flags & (YS_MODIFY_SKIP_DUPLICATES |
											   YS_MODIFY_LOOKED_AT)) != 0);
	ys_upsert_row(modify, slot);
	return true;
}

void
ys_modify_finish(YsModify *modify)
{
	ys_spool_finish(modify);
	ys_insert_finish(modify);
	ys_upsert_finish(modify);
}

/* Of INSERT and COPY: the puts still in flight end here, and so may the statement. */
void
ys_end_modify(EState *estate, ResultRelInfo *rinfo)
{
	if (rinfo->ri_FdwState != NULL)
		ys_modify_finish(rinfo->ri_FdwState);
}

TupleTableSlot *
ys_exec_insert(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
			   TupleTableSlot *plan_slot)
{
	YsModify   *modify = rinfo->ri_FdwState;
	MemoryContext old = MemoryContextSwitchTo(ys_modify_begin_row(modify, rinfo, CMD_INSERT));
	bool		inserted = true;

	if (modify->spool != NULL)
		ys_spool_row(modify, slot);
	else
		inserted = ys_modify_insert(modify, slot);
	MemoryContextSwitchTo(old);
	return inserted ? slot : NULL;
}
