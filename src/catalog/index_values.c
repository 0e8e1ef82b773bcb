/*-------------------------------------------------------------------------
 * index_values.c
 *	  Rows of index tables and locators, as values of their columns.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/geo_decls.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/memory.h"
#include "catalog/index_values.h"

static const Oid field_oids[] = {
	[YS_FIELD_TEXT] = TEXTOID,
	[YS_FIELD_TEXT_ARRAY] = TEXTARRAYOID,
	[YS_FIELD_NUMERIC] = NUMERICOID,
	[YS_FIELD_BOOLEAN] = BOOLOID,
	[YS_FIELD_DATE] = DATEOID,
	[YS_FIELD_TIMESTAMP] = TIMESTAMPTZOID,
	[YS_FIELD_JSONB] = JSONBOID,
};

/* ---- values ---- */

Oid
ys_index_column_type(YsFieldType type)
{
	return field_oids[type];
}

static Datum
array_datum(const YsSlice *texts, uint32 count)
{
	Datum	   *elements = palloc(sizeof(Datum) * count);

	for (uint32 i = 0; i < count; i++)
		elements[i] = PointerGetDatum(cstring_to_text_with_len(texts[i].bytes, (int) texts[i].len));
	return PointerGetDatum(construct_array(elements, (int) count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Short numbers don't take the way through numeric's input function. */
static Datum
numeric_datum(const YsCell *cell)
{
	YsValue		number = {.type = YS_TYPE_NUMBER, .bytes = cell->bytes, .len = cell->len};
	Datum		numeric;

	if (ys_convert_to_numeric(&number, &numeric))
		return numeric;
	/* which says what is wrong with it */
	return DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(cell->bytes, cell->len)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static Datum
document_datum(const YsValue *value)
{
	YsArena		arena;
	YsText		text;
	Datum		document;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&text, &arena);
	ys_value_print_plain(&text, value);
	if (text.failed)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	document = DirectFunctionCall1(jsonb_in, CStringGetDatum(text.bytes));
	ys_arena_free(&arena);
	return document;
}

Datum
ys_index_column_datum(const YsCell *cell, YsFieldType type)
{
	switch (type)
	{
		case YS_FIELD_TEXT:
			return PointerGetDatum(cstring_to_text_with_len(cell->bytes, (int) cell->len));
		case YS_FIELD_TEXT_ARRAY:
			return array_datum(cell->texts, cell->ntexts);
		case YS_FIELD_NUMERIC:
			return numeric_datum(cell);
		case YS_FIELD_BOOLEAN:
			return BoolGetDatum(cell->boolean);
		case YS_FIELD_DATE:
			return DateADTGetDatum(cell->days);
		case YS_FIELD_TIMESTAMP:
			return TimestampTzGetDatum(cell->usecs);
		case YS_FIELD_JSONB:
			return document_datum(cell->value);
	}
	pg_unreachable();
}

Datum
ys_index_version_datum(const YsVersion *version)
{
	bytea	   *bytes = palloc(VARHDRSZ + YS_VERSION_SIZE);

	SET_VARSIZE(bytes, VARHDRSZ + YS_VERSION_SIZE);
	memcpy(VARDATA(bytes), version->bytes, YS_VERSION_SIZE);
	return PointerGetDatum(bytes);
}

void
ys_index_read_version(Datum datum, bool isnull, YsVersion *version)
{
	bytea	   *bytes;

	/* the column is the owner's, who may have dropped its NOT NULL */
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("version of an index row is NULL"),
				 errhint("Was the column event_version changed by hand? Drop and create the policy again.")));
	bytes = DatumGetByteaPP(datum);
	if (VARSIZE_ANY_EXHDR(bytes) != YS_VERSION_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("version of an index row has %d bytes instead of %d",
						(int) VARSIZE_ANY_EXHDR(bytes), YS_VERSION_SIZE),
				 errhint("Was the column event_version changed by hand? Drop and create the policy again.")));
	memcpy(version->bytes, VARDATA_ANY(bytes), YS_VERSION_SIZE);
}

static Datum
point_datum(const YsEntry *entry)
{
	Point	   *point = palloc(sizeof(Point));

	point->x = entry->lon;
	point->y = entry->lat;
	return PointPGetDatum(point);
}

static Datum
attributes_datum(const YsEntry *entry)
{
	Datum		datum;

	if (!ys_convert_to_jsonb(entry->attributes, YS_FORM_PLAIN, &datum))
		elog(ERROR, "the attributes of an item are no jsonb");
	return datum;
}

static Datum
rejections_datum(const YsEntry *entry)
{
	YsArena		arena;
	YsText		text;
	Datum		datum;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&text, &arena);
	if (!ys_entry_print_rejected(entry, &text))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	datum = DirectFunctionCall1(jsonb_in, CStringGetDatum(text.bytes));
	ys_arena_free(&arena);
	return datum;
}

/* ---- rows ---- */

int
ys_entry_columns(const YsPolicy *policy, const char **names, Oid *types)
{
	int			n = 0;

#define ADD(name, type)	(names[n] = (name), types[n++] = (type))
	ADD("area", TEXTOID);
	for (int f = 0; f < ys_policy_field_count(policy); f++)
	{
		const YsFieldInfo *field = ys_policy_field(policy, f);

		ADD(field->name, field_oids[field->type]);
	}
	if (ys_policy_has_location(policy))
		ADD("location", POINTOID);
	if (ys_policy_has_area_value(policy))
		ADD("area_value", TEXTOID);
	if (ys_policy_wants_attributes(policy))
		ADD(YS_ATTRIBUTES_COLUMN, JSONBOID);
	ADD("rejected", JSONBOID);
	return n;
}

int
ys_entry_values(const YsPolicy *policy, const YsEntry *entry, const bool *wanted,
				Datum *values, bool *nulls)
{
	int			n = 0;

#undef ADD
#define ADD(present, datum) \
	(nulls[n] = (wanted != NULL && !wanted[n]) || !(present), \
	 values[n] = nulls[n] ? (Datum) 0 : (datum), n++)
	ADD(true, CStringGetTextDatum(entry->area));
	for (int f = 0; f < ys_policy_field_count(policy); f++)
		ADD(entry->cells[f].present,
			ys_index_column_datum(&entry->cells[f], ys_policy_field(policy, f)->type));
	if (ys_policy_has_location(policy))
		ADD(entry->located, point_datum(entry));
	if (ys_policy_has_area_value(policy))
		ADD(entry->area_value != NULL,
			PointerGetDatum(cstring_to_text_with_len(entry->area_value, (int) entry->area_value_len)));
	if (ys_policy_wants_attributes(policy))
		ADD(true, attributes_datum(entry));
	ADD(entry->nrejections > 0, rejections_datum(entry));
	return n;
}

int
ys_index_columns(const YsIndexTable *table, const char **names, Oid *types)
{
	int			n = 0;

	for (; n < table->nkeys; n++)
	{
		names[n] = NULL;
		types[n] = table->key_types[n];
	}
	n += ys_entry_columns(table->policy, names + n, types + n);
	names[n] = "changed_at";
	types[n++] = TIMESTAMPTZOID;
	names[n] = "event_version";
	types[n++] = BYTEAOID;
	return n;
}

void
ys_index_row_values(const YsIndexTable *table, const YsIndexRow *row, Datum *values, bool *nulls)
{
	int			n = 0;

#undef ADD
#define ADD(present, datum) \
	(nulls[n] = !(present), values[n] = nulls[n] ? (Datum) 0 : (datum), n++)
	for (int k = 0; k < table->nkeys; k++)
		ADD(true, row->keys[k]);
	n += ys_entry_values(table->policy, &row->entry, NULL, values + n, nulls + n);
	ADD(row->has_changed_at, TimestampTzGetDatum(row->changed_at));
	ADD(true, ys_index_version_datum(&row->new_version));
}

int
ys_locator_columns(const YsIndexTable *table, const char **names, Oid *types)
{
	int			n = 0;

	for (int k = 0; k < table->nkeys; k++)
	{
		names[n] = NULL;
		types[n++] = table->key_types[k];
	}
	names[n] = "area";
	types[n++] = TEXTOID;
	names[n] = "version";
	types[n++] = BYTEAOID;
	return n;
}

void
ys_locator_row_values(const YsIndexTable *table, const YsIndexRow *row, Datum *values, bool *nulls)
{
	int			n = 0;

	for (int k = 0; k < table->nkeys; k++)
		ADD(true, row->keys[k]);
	ADD(!row->gone, CStringGetTextDatum(row->entry.area));
	ADD(row->gone, ys_index_version_datum(&row->new_version));
#undef ADD
}
