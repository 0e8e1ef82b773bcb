/*-------------------------------------------------------------------------
 * update.c
 *	  UPDATE and DELETE of rows that were read before.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "fdw/fdw.h"
#include "fdw/key_table.h"
#include "fdw/modify.h"

/* The key of the row, from the plan's junk columns. */
static YsValue
row_key(const YsModify *modify, TupleTableSlot *plan_slot)
{
	Datum		values[2];
	bool		isnull[2];

	for (int i = 0; i < modify->source->nkeys; i++)
		values[i] = slot_getattr(plan_slot, modify->key_junk[i], &isnull[i]);
	return ys_item_key(modify, values, isnull);
}

/* The value of a row's column in the store; NULL for SQL's. */
static const YsValue *
column_value(const YsModify *modify, const YsSourceColumn *column, Datum datum, bool isnull)
{
	YsValue    *value;

	if (isnull)
		return NULL;
	value = palloc(sizeof(YsValue));
	*value = ys_convert_from_datum(&modify->converters[column->attnum - 1], datum);
	return value;
}

static void
add_guard(const YsModify *modify, YsChange *change, const YsSourceColumn *column,
		  Datum datum, bool isnull)
{
	YsGuard    *guard = &change->guards[change->nguards++];

	guard->column = column;
	guard->converter = &modify->converters[column->attnum - 1];
	guard->datum = datum;
	guard->isnull = isnull;
	if (!isnull)
		guard->value = ys_convert_from_datum(guard->converter, datum);
}

/* By what to compute columns of an item again, made when the first row needs it. */
static YsFieldReader *
have_field_reader(YsModify *modify)
{
	if (modify->field_reader == NULL && modify->fields != NIL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(modify));

		modify->field_reader = ys_field_reader_create(modify->source, modify->fields);
		MemoryContextSwitchTo(old);
	}
	return modify->field_reader;
}

/* The document as it was read; of one that jsonb can't show the columns computed from it are known. */
static void
set_old_document(YsModify *modify, YsChange *change, Datum datum, bool isnull,
				 const Datum *old_values, const bool *old_nulls)
{
	const YsSourceColumn *column = ys_source_best_document(modify->source);
	YsValue    *document;

	if (isnull)
	{
		change->document_converter = &modify->converters[column->attnum - 1];
		change->fields = modify->fields;
		change->field_reader = have_field_reader(modify);
		change->old_values = old_values;
		change->old_nulls = old_nulls;
		return;
	}
	document = palloc(sizeof(YsValue));
	*document = ys_convert_from_jsonb(datum, column->form);
	change->old_document = document;
	change->old_exact = column->form != YS_FORM_PLAIN;
}

static void
init_change(YsModify *modify, TupleTableSlot *plan_slot, YsChange *change)
{
	memset(change, 0, sizeof(*change));
	change->source = modify->source;
	change->store = modify->store;
	change->cost = &modify->cost;
	change->key = row_key(modify, plan_slot);
	change->guards = palloc((list_length(modify->guards) + 1) * sizeof(YsGuard));
	change->guard_document = (modify->flags & YS_MODIFY_GUARD_DOCUMENT) != 0;
	change->nabsent = modify->nabsent;
	change->absent = modify->absent;
	change->want_item = modify->reader != NULL;
	change->key_will_do = modify->returns_key;
}

/* ---- items that come twice ---- */

/*
 * Was an item of this key changed by the statement before?  Then a join has
 * brought it twice, and as for local tables the first change stands.
 */
static bool
is_repeated(YsModify *modify, const YsValue *key)
{
	const char *text;
	const char **entry;
	bool		found;

	if (!modify->may_repeat)
		return false;
	text = ys_row_key_text(modify->source, key);
	if (modify->seen == NULL)
		modify->seen = ys_key_table_create("yottastore keys written", sizeof(const char *),
										   GetMemoryChunkContext(modify));
	entry = hash_search(modify->seen, &text, HASH_ENTER, &found);
	if (!found)
		*entry = MemoryContextStrdup(GetMemoryChunkContext(modify), text);
	return found;
}

/* ---- UPDATE ---- */

/* A new document; when both its columns are assigned the typed one says more. */
static void
assign_document(const YsModify *modify, YsChange *change, const YsSourceColumn *column,
				Datum datum)
{
	YsValue    *document = palloc(sizeof(YsValue));
	bool		exact = column->form != YS_FORM_PLAIN;

	*document = ys_item_document(column, datum);
	ys_item_check_key(modify->source, document, &change->key);
	if (change->document != NULL)
		ys_item_check_documents(modify->source, exact ? change->document : document,
								exact ? document : change->document);
	if (change->document == NULL || exact)
		change->document = document;
	change->exact = change->exact || exact;
}

static void
assign(const YsModify *modify, YsChange *change, const YsSourceColumn *column,
	   TupleTableSlot *slot)
{
	int			at = column->attnum - 1;

	if (column->kind == YS_COLUMN_DOCUMENT)
	{
		if (slot->tts_isnull[at])
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("cannot set document column \"%s\" to NULL", column->name),
					 errdetail("It is NULL where jsonb can't hold an item, too: one with U+0000 in a string or name."),
					 errhint("Leave such items out (WHERE %s IS NOT NULL), or change columns of single attributes. An item is removed by DELETE.",
							 quote_identifier(column->name))));
		assign_document(modify, change, column, slot->tts_values[at]);
	}
	else
	{
		YsAssigned *assigned = &change->assigned[change->nassigned++];

		assigned->column = column;
		assigned->value = column_value(modify, column, slot->tts_values[at],
									   slot->tts_isnull[at]);
	}
}

static bool
is_changed(const YsSourceColumn *column, TupleTableSlot *old, TupleTableSlot *new)
{
	int			at = column->attnum - 1;

	return !ys_row_same_datum(column, old->tts_values[at], old->tts_isnull[at],
							  new->tts_values[at], new->tts_isnull[at]);
}

/* Columns that were not assigned, but that a trigger or an expression has changed. */
static void
assign_others(const YsModify *modify, YsChange *change, TupleTableSlot *old, TupleTableSlot *new)
{
	List	   *others = NIL;
	ListCell   *cell;

	for (int i = 0; i < modify->source->natts; i++)
	{
		const YsSourceColumn *column = &modify->source->columns[i];

		if (column->kind != YS_COLUMN_DROPPED &&
			!list_member_int(modify->assigned, column->attnum) && is_changed(column, old, new))
			others = lappend_int(others, column->attnum);
	}
	ys_modify_check_assigned(modify->source, others);
	foreach(cell, others)
		assign(modify, change, &modify->source->columns[lfirst_int(cell) - 1], new);
}

static bool
update_row(YsModify *modify, TupleTableSlot *old, TupleTableSlot *new, TupleTableSlot *plan_slot)
{
	YsChange	change;
	ListCell   *cell;

	slot_getallattrs(old);
	slot_getallattrs(new);
	init_change(modify, plan_slot, &change);
	if (is_repeated(modify, &change.key))
		return false;
	change.assigned = palloc((modify->source->natts + 1) * sizeof(YsAssigned));
	foreach(cell, modify->assigned)
		assign(modify, &change, &modify->source->columns[lfirst_int(cell) - 1], new);
	if ((modify->flags & YS_MODIFY_OTHERS_CHANGE) != 0)
		assign_others(modify, &change, old, new);
	foreach(cell, modify->guards)
	{
		int			at = lfirst_int(cell) - 1;

		add_guard(modify, &change, &modify->source->columns[at], old->tts_values[at],
				  old->tts_isnull[at]);
	}
	if (change.document != NULL || change.guard_document)
	{
		int			at = ys_source_best_document(modify->source)->attnum - 1;

		set_old_document(modify, &change, old->tts_values[at], old->tts_isnull[at],
						 old->tts_values, old->tts_isnull);
	}

	if (!ys_change_apply(&change))
		return false;
	if (modify->reader != NULL)
		ys_row_fill(modify->reader, &change.item, new);
	return true;
}

TupleTableSlot *
ys_exec_update(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
			   TupleTableSlot *plan_slot)
{
	YsModify   *modify = rinfo->ri_FdwState;
	MemoryContext old = MemoryContextSwitchTo(ys_modify_begin_row(modify, rinfo, CMD_UPDATE));
	bool		updated;

	updated = update_row(modify, rinfo->ri_oldTupleSlot, slot, plan_slot);
	MemoryContextSwitchTo(old);
	return updated ? slot : NULL;
}

/* ---- DELETE ---- */

/* The document, and the columns that are computed from it, from the plan's junk columns. */
static void
set_deleted_document(YsModify *modify, YsChange *change, TupleTableSlot *plan_slot)
{
	Datum	   *values = palloc(modify->source->natts * sizeof(Datum));
	bool	   *nulls = palloc(modify->source->natts * sizeof(bool));
	bool		isnull;
	Datum		datum = slot_getattr(plan_slot, modify->document_junk, &isnull);
	ListCell   *cell;

	foreach(cell, modify->fields)
	{
		int			at = lfirst_int(cell) - 1;

		values[at] = slot_getattr(plan_slot, modify->field_junk[foreach_current_index(cell)],
								  &nulls[at]);
	}
	set_old_document(modify, change, datum, isnull, values, nulls);
}

static bool
delete_row(YsModify *modify, TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	YsChange	change;
	ListCell   *cell;
	Datum		datum;
	bool		isnull;

	init_change(modify, plan_slot, &change);
	if (is_repeated(modify, &change.key))
		return false;
	change.is_delete = true;
	foreach(cell, modify->guards)
	{
		datum = slot_getattr(plan_slot, modify->old_junk[foreach_current_index(cell)], &isnull);
		add_guard(modify, &change, &modify->source->columns[lfirst_int(cell) - 1], datum, isnull);
	}
	if (change.guard_document)
		set_deleted_document(modify, &change, plan_slot);

	if (!ys_change_apply(&change))
		return false;
	if (modify->reader != NULL)
		ys_row_fill(modify->reader, &change.item, slot);
	return true;
}

TupleTableSlot *
ys_exec_delete(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
			   TupleTableSlot *plan_slot)
{
	YsModify   *modify = rinfo->ri_FdwState;
	MemoryContext old = MemoryContextSwitchTo(ys_modify_begin_row(modify, rinfo, CMD_DELETE));
	bool		deleted;

	deleted = delete_row(modify, slot, plan_slot);
	MemoryContextSwitchTo(old);
	return deleted ? slot : NULL;
}
