/*-------------------------------------------------------------------------
 * row.c
 *	  Items as rows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "base/memory.h"
#include "fdw/row.h"
#include "policy/path.h"

static const char *
type_name(YsType type)
{
	static const char *const names[] = {
		"string", "number", "binary", "boolean", "null", "map", "list",
		"string set", "number set", "binary set"
	};

	return names[type];
}

/* Attributes may serve several columns: each is asked for once. */
static void
add_attribute(YsAttributeFilter *filter, const char *name, uint32_t len)
{
	for (int i = 0; i < filter->count; i++)
		if (filter->lens[i] == len && memcmp(filter->names[i], name, len) == 0)
			return;
	filter->names[filter->count] = name;
	((uint32_t *) filter->lens)[filter->count] = len;
	filter->count++;
}

static void
add_column(YsAttributeFilter *filter, const YsSourceColumn *column)
{
	add_attribute(filter, column->path.steps[0].name, column->path.steps[0].name_len);
}

/* What policies look at to compute columns; those that keep all attributes look at all. */
static void
add_policies(YsRowReader *reader)
{
	const YsAttributeFilter *wanted;

	for (int i = 0; (wanted = ys_field_attributes(reader->fields, i)) != NULL; i++)
	{
		YsAttributeFilter *filter = &reader->filter;

		reader->whole = reader->whole || wanted->count == 0;
		filter->names = repalloc(filter->names, (filter->count + wanted->count + reader->source->natts + 1) *
								 sizeof(char *));
		filter->lens = repalloc((void *) filter->lens, (filter->count + wanted->count + reader->source->natts + 1) *
								sizeof(uint32_t));
		for (int j = 0; j < wanted->count; j++)
			add_attribute(filter, wanted->names[j], wanted->lens[j]);
	}
}

YsRowReader *
ys_row_reader_create(const YsSource *source, List *columns)
{
	YsRowReader *reader = palloc0(sizeof(YsRowReader));
	bool		refuses = false;
	ListCell   *cell;

	reader->source = source;
	reader->columns = palloc(Max(list_length(columns), 1) * sizeof(AttrNumber));
	reader->converters = palloc0(Max(source->natts, 1) * sizeof(YsConverter));
	reader->filter.names = palloc((source->natts + 1) * sizeof(char *));
	reader->filter.lens = palloc((source->natts + 1) * sizeof(uint32_t));
	foreach(cell, columns)
	{
		const YsSourceColumn *column = &source->columns[lfirst_int(cell) - 1];

		if (column->kind == YS_COLUMN_FIELD)
			continue;
		reader->columns[reader->ncolumns++] = column->attnum;
		ys_source_init_converter(column, &reader->converters[column->attnum - 1],
								 CurrentMemoryContext);
		refuses |= column->error_on_mismatch;
		if (column->kind == YS_COLUMN_DOCUMENT)
			reader->whole = true;
		else
			add_column(&reader->filter, column);
	}
	reader->fields = ys_field_reader_create(source, columns);
	if (reader->fields != NULL)
		add_policies(reader);
	/* every item has a key: enough to count it, and all of it tells whose value is refused */
	if (reader->filter.count == 0)
		add_column(&reader->filter, source->keys[0]);
	if (refuses)
		ys_row_want_keys(reader);
	return reader;
}

void
ys_row_want_keys(YsRowReader *reader)
{
	for (int i = 0; i < reader->source->nkeys; i++)
		add_column(&reader->filter, reader->source->keys[i]);
}

const YsAttributeFilter *
ys_row_attributes(const YsRowReader *reader)
{
	return reader->whole ? NULL : &reader->filter;
}

const YsValue *
ys_row_value(const YsSourceColumn *column, const YsValue *item)
{
	return column->kind == YS_COLUMN_DOCUMENT ? item : ys_path_get(&column->path, item);
}

bool
ys_row_same_datum(const YsSourceColumn *column, Datum a, bool a_isnull, Datum b, bool b_isnull)
{
	int16		typlen;
	bool		typbyval;

	if (a_isnull || b_isnull)
		return a_isnull == b_isnull;
	get_typlenbyval(column->type, &typlen, &typbyval);
	return datum_image_eq(a, b, typbyval, typlen);
}

bool
ys_row_reads_as(const YsSourceColumn *column, YsConverter *converter, const YsValue *value,
				Datum datum, bool isnull)
{
	Datum		read;
	bool		read_isnull;

	(void) ys_convert_to_datum(converter, value, &read, &read_isnull);
	return ys_row_same_datum(column, read, read_isnull, datum, isnull);
}

const char *
ys_row_canonical_key(const YsValue *item, int count, const char *const *names)
{
	YsArena		arena;
	YsText		text;
	YsError		err;

	/* the text stays behind in the caller's context */
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&text, &arena);
	if (!ys_value_canonical_key(&text, item, count, names, &err) || text.failed)
		return "unknown";
	return text.bytes;
}

const char *
ys_row_key_text(const YsSource *source, const YsValue *item)
{
	return ys_row_canonical_key(item, source->nkeys, source->key_names);
}

static void
refuse_mismatch(const YsSource *source, const YsSourceColumn *column, const YsValue *value,
				const YsValue *item)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("a value does not fit column \"%s\" of type %s", column->name,
					format_type_with_typemod(column->type, column->typmod)),
			 errdetail("It is of the store's type %s, in the item of key %s of \"%s\".",
					   type_name(value->type), ys_row_key_text(source, item), source->table),
			 errhint("With option on_mismatch 'null' such values are NULL.")));
}

void
ys_row_fill(YsRowReader *reader, const YsValue *item, TupleTableSlot *slot)
{
	int			natts = slot->tts_tupleDescriptor->natts;

	ExecClearTuple(slot);
	memset(slot->tts_values, 0, natts * sizeof(Datum));
	memset(slot->tts_isnull, true, natts * sizeof(bool));
	for (int i = 0; i < reader->ncolumns; i++)
	{
		int			at = reader->columns[i] - 1;
		const YsSourceColumn *column = &reader->source->columns[at];
		const YsValue *value = ys_row_value(column, item);

		if (!ys_convert_to_datum(&reader->converters[at], value, &slot->tts_values[at],
								 &slot->tts_isnull[at]))
		{
			if (column->error_on_mismatch)
				refuse_mismatch(reader->source, column, value, item);
			reader->mismatches++;
		}
	}
	if (reader->fields != NULL)
		ys_field_read(reader->fields, item, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
}
