/*-------------------------------------------------------------------------
 * secondary_verify.c
 *	  Is a declared secondary index in the store as it is declared?
 *
 * A query of an index that is otherwise might find too little and not say so.
 * What was found right is remembered with the open store, as a list of texts
 * that say all that was compared.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "catalog/secondary.h"
#include "errors.h"

static void
refuse(const YsSource *source, const YsIndexInfo *declared, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_ERROR),
			 errmsg("index \"%s\" of store table \"%s\" is not as it is declared", declared->name,
					source->table),
			 errdetail("%s", detail),
			 errhint("Correct option \"indexes\" of the foreign table, or take the index out of it.")));
}

static const char *
type_word(YsType type)
{
	return type == YS_TYPE_STRING ? "a string" : type == YS_TYPE_NUMBER ? "a number" : "a binary";
}

static const char *
index_text(const YsIndexInfo *index)
{
	StringInfoData text;

	initStringInfo(&text);
	ys_secondary_print(&text, index);
	return text.data;
}

/* The store's index of the declared name; throws when there is none, or it is not ready. */
static const YsIndexInfo *
find_index(const YsSource *source, const YsIndexInfo *declared, const YsTableInfo *table)
{
	for (int i = 0; i < table->nindexes; i++)
	{
		const YsIndexInfo *index = &table->indexes[i];

		if (strcmp(index->name, declared->name) != 0)
			continue;
		if (!index->active)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("index \"%s\" of store table \"%s\" is not ready", declared->name,
							source->table),
					 errdetail("The store is still making it, or deletes it."),
					 errhint("Wait for it, or SET yottastore.pushdown = off meanwhile.")));
		return index;
	}
	refuse(source, declared, "The table has no index of that name.");
	return NULL;
}

static void
check_keys(const YsSource *source, const YsSourceIndex *declared, const YsIndexInfo *actual)
{
	const YsIndexInfo *info = declared->info;
	bool		same = info->nkeys == actual->nkeys && info->local == actual->local;

	for (int i = 0; same && i < info->nkeys; i++)
		same = strcmp(info->keys[i].name, actual->keys[i].name) == 0;
	if (!same)
		refuse(source, info, psprintf("The store has it as: %s.", index_text(actual)));
	for (int i = 0; i < info->nkeys; i++)
		if (declared->schema.columns[i] != NULL &&
			declared->schema.types[i] != actual->keys[i].type)
			refuse(source, info,
				   psprintf("Its key attribute \"%s\" is %s, for which column \"%s\" has the wrong type.",
							actual->keys[i].name, type_word(actual->keys[i].type),
							declared->schema.columns[i]->name));
}

static void
check_projection(const YsSource *source, const YsIndexInfo *declared, const YsIndexInfo *actual)
{
	if (declared->projection == YS_PROJECTION_ALL && actual->projection != YS_PROJECTION_ALL)
		refuse(source, declared, psprintf("It has only a part of the items: %s.", index_text(actual)));
	for (int i = 0; i < declared->nincluded; i++)
		if (!ys_secondary_projects(source, actual, declared->included[i],
								   strlen(declared->included[i])))
			refuse(source, declared,
				   psprintf("It does not have attribute \"%s\": %s.", declared->included[i],
							index_text(actual)));
}

/* All that is compared. */
static const char *
note_text(const YsSource *source, const YsSourceIndex *index)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s", source->table, index_text(index->info));
	for (int i = 0; i < source->nkeys; i++)
		appendStringInfo(&text, " %s", ys_secondary_quote(source->key_names[i]));
	for (int i = 0; i < index->schema.nkeys; i++)
		appendStringInfo(&text, " %d", index->schema.columns[i] != NULL ?
						 (int) index->schema.types[i] : -1);
	return text.data;
}

void
ys_secondary_verify(YsStore *store, const YsSource *source, const YsSourceIndex *index)
{
	void	   *context;
	List	  **notes = (List **) ys_store_notes(store, &context);
	const char *text = note_text(source, index);
	const YsIndexInfo *actual;
	MemoryContext old;
	ListCell   *cell;
	YsArena		arena;
	YsTableInfo table;
	YsError		err;

	foreach(cell, *notes)
		if (strcmp(lfirst(cell), text) == 0)
			return;
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_store_describe_table(store, source->table, &arena, &table, &err))
		ys_error_throw(&err);
	actual = find_index(source, index->info, &table);
	check_keys(source, index, actual);
	check_projection(source, index->info, actual);
	ys_arena_free(&arena);

	old = MemoryContextSwitchTo(context);
	*notes = lappend(*notes, pstrdup(text));
	MemoryContextSwitchTo(old);
}
