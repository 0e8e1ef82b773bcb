/*-------------------------------------------------------------------------
 * field.c
 *	  Columns that an index policy computes from the item as it is read.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/memory.h"
#include "catalog/function.h"
#include "catalog/index_values.h"
#include "catalog/policy_cache.h"
#include "errors.h"
#include "fdw/field.h"

/* A column of the foreign table, and which of an entry's it is. */
typedef struct Computed
{
	int			at;
	int			entry_column;
} Computed;

typedef struct Computing
{
	const YsCachedPolicy *cached;
	YsBindings	bindings;
	YsArena		arena;			/* of an entry */
	List	   *columns;		/* of Computed */
	bool		wanted[YS_ENTRY_MAX_COLUMNS];
} Computing;

struct YsFieldReader
{
	List	   *policies;		/* of Computing */
	Datum		values[YS_ENTRY_MAX_COLUMNS];
	bool		nulls[YS_ENTRY_MAX_COLUMNS];
};

static Computing *
open_policy(const YsSource *source, const YsSourceColumn *column)
{
	Computing  *computing = palloc0(sizeof(Computing));
	const YsCachedPolicy *cached = ys_policy_cache_find(column->policy);

	if (cached == NULL || cached->source != source->relid)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 cached == NULL ? errmsg("index policy \"%s\" does not exist", column->policy) :
				 errmsg("index policy \"%s\" is of %s", column->policy, ys_source_title(cached->source)),
				 errdetail("Column \"%s\" of foreign table \"%s\" is computed by it.", column->name,
						   get_rel_name(source->relid)),
				 errhint("Drop the column, or name another policy's column in its option \"field\".")));
	computing->cached = cached;
	ys_arena_init_context(&computing->arena, CurrentMemoryContext, 0);
	return computing;
}

/* What the wanted columns take: of areas only the area, and what is wrong with it. */
static void
bind_policy(Computing *computing)
{
	const YsPolicy *policy = computing->cached->policy;
	const char *names[YS_ENTRY_MAX_COLUMNS];
	Oid			types[YS_ENTRY_MAX_COLUMNS];
	int			count = ys_entry_columns(policy, names, types);
	YsFunctions *functions;
	bool		areas = false;

	for (int i = 0; i < count; i++)
		areas = areas || (computing->wanted[i] &&
						  (strcmp(names[i], "area") == 0 || strcmp(names[i], "rejected") == 0));
	ys_policy_cache_bind(computing->cached, areas, &computing->bindings);
	functions = ys_functions_open(policy, computing->cached->owner);
	if (functions == NULL)
		return;
	computing->bindings.call = ys_functions_call;
	computing->bindings.call_arg = functions;
}

static Computing *
find_policy(YsFieldReader *reader, const YsSource *source, const YsSourceColumn *column)
{
	Computing  *computing;
	ListCell   *cell;

	foreach(cell, reader->policies)
	{
		computing = lfirst(cell);
		if (strcmp(computing->cached->name, column->policy) == 0)
			return computing;
	}
	computing = open_policy(source, column);
	reader->policies = lappend(reader->policies, computing);
	return computing;
}

/* "a", "b", "c" */
static const char *
list_names(const char *const *names, int count)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < count; i++)
		appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
	return list.data;
}

static void
add_column(Computing *computing, const YsSource *source, const YsSourceColumn *column)
{
	const char *names[YS_ENTRY_MAX_COLUMNS];
	Oid			types[YS_ENTRY_MAX_COLUMNS];
	int			count = ys_entry_columns(computing->cached->policy, names, types);
	Computed   *computed = palloc(sizeof(Computed));
	int			n = 0;

	while (n < count && strcmp(names[n], column->field) != 0)
		n++;
	if (n == count)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("index policy \"%s\" has no column \"%s\"", computing->cached->name, column->field),
				 errdetail("Column \"%s\" of foreign table \"%s\" is computed by it.", column->name,
						   get_rel_name(source->relid)),
				 errhint("Drop the column, or name one of %s in its option \"field\".",
						 list_names(names, count))));
	if (types[n] != column->type || column->typmod >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" is of type %s", column->name,
						format_type_with_typemod(column->type, column->typmod)),
				 errdetail("\"%s\" of index policy \"%s\", by which it is computed, is of type %s.",
						   column->field, computing->cached->name, format_type_be(types[n])),
				 errhint("Declare the column %s.", format_type_be(types[n]))));
	computed->at = column->attnum - 1;
	computed->entry_column = n;
	computing->wanted[n] = true;
	computing->columns = lappend(computing->columns, computed);
}

YsFieldReader *
ys_field_reader_create(const YsSource *source, List *columns)
{
	YsFieldReader *reader = NULL;
	ListCell   *cell;

	foreach(cell, columns)
	{
		const YsSourceColumn *column = &source->columns[lfirst_int(cell) - 1];

		if (column->kind != YS_COLUMN_FIELD)
			continue;
		if (reader == NULL)
			reader = palloc0(sizeof(YsFieldReader));
		add_column(find_policy(reader, source, column), source, column);
	}
	if (reader == NULL)
		return NULL;
	foreach(cell, reader->policies)
		bind_policy(lfirst(cell));
	return reader;
}

const YsAttributeFilter *
ys_field_attributes(const YsFieldReader *reader, int number)
{
	if (number >= list_length(reader->policies))
		return NULL;
	return ys_policy_attributes(((Computing *) list_nth(reader->policies, number))->cached->policy);
}

static bool
names_function(const YsPolicy *policy)
{
	for (int i = 0; i < ys_policy_field_count(policy); i++)
		if (ys_policy_field(policy, i)->function != NULL)
			return true;
	return false;
}

bool
ys_field_calls_functions(const YsSource *source)
{
	for (int i = 0; i < source->natts; i++)
	{
		const YsSourceColumn *column = &source->columns[i];
		const YsCachedPolicy *cached = column->kind == YS_COLUMN_FIELD ?
			ys_policy_cache_find(column->policy) : NULL;

		if (cached != NULL && names_function(cached->policy))
			return true;
	}
	return false;
}

void
ys_field_read(YsFieldReader *reader, const YsValue *item, Datum *values, bool *nulls)
{
	ListCell   *p;
	ListCell   *c;

	foreach(p, reader->policies)
	{
		Computing  *computing = lfirst(p);
		YsEntry		entry;
		YsError		err;

		ys_arena_reset(&computing->arena);
		if (!ys_policy_apply(computing->cached->policy, &computing->bindings, item, &computing->arena,
							 &entry, &err))
			ys_error_throw(&err);
		(void) ys_entry_values(computing->cached->policy, &entry, computing->wanted,
							   reader->values, reader->nulls);
		foreach(c, computing->columns)
		{
			const Computed *computed = lfirst(c);

			values[computed->at] = reader->values[computed->entry_column];
			nulls[computed->at] = reader->nulls[computed->entry_column];
		}
	}
}
