/*-------------------------------------------------------------------------
 * index_rows.c
 *	  Reading and writing a policy's index rows, a batch at a time.
 *
 * Each batch is a handful of statements over arrays, one array a column:
 * what is where (locator), which version is there (index table), delete,
 * upsert, note (locator).  Rows of one call have distinct keys.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/geo_decls.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/memory.h"
#include "catalog/index_table.h"
#include "catalog/spi.h"

#define MAX_COLUMNS		(YS_POLICY_MAX_FIELDS + 10)

/* Where the first key column is: renaming it, here or in the source, changes nothing. */
#define INDEX_KEYS_AT	2
#define LOCATOR_KEYS_AT	1

static const Oid field_oids[] = {
	[YS_FIELD_TEXT] = TEXTOID,
	[YS_FIELD_TEXT_ARRAY] = TEXTARRAYOID,
	[YS_FIELD_NUMERIC] = NUMERICOID,
	[YS_FIELD_BOOLEAN] = BOOLOID,
	[YS_FIELD_DATE] = DATEOID,
	[YS_FIELD_TIMESTAMP] = TIMESTAMPTZOID,
	[YS_FIELD_JSONB] = JSONBOID,
};

/* ---- columns as arrays ---- */

/* What a column's values are passed as: there are no arrays of arrays, so that these are literals. */
static Oid
passed_type(Oid type)
{
	return OidIsValid(get_array_type(type)) ? type : TEXTOID;
}

/* The columns of one statement under construction: parallel arrays. */
typedef struct ColumnSet
{
	int			nrows;
	int			ncolumns;
	Oid			types[MAX_COLUMNS];		/* of the elements */
	Datum	   *values[MAX_COLUMNS];
	bool	   *nulls[MAX_COLUMNS];
} ColumnSet;

static ColumnSet *
columns_create(int nrows)
{
	ColumnSet  *columns = palloc0(sizeof(ColumnSet));

	columns->nrows = nrows;
	return columns;
}

static int
columns_add(ColumnSet *columns, Oid type)
{
	int			c = columns->ncolumns++;

	columns->types[c] = type;
	columns->values[c] = palloc0(sizeof(Datum) * Max(columns->nrows, 1));
	columns->nulls[c] = palloc0(sizeof(bool) * Max(columns->nrows, 1));
	return c;
}

/* Write a column's values as literals. */
static void
write_literals(const ColumnSet *columns, int c)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(columns->types[c], &output, &is_varlena);
	for (int i = 0; i < columns->nrows; i++)
	{
		if (!columns->nulls[c][i])
			columns->values[c][i] =
				CStringGetTextDatum(OidOutputFunctionCall(output, columns->values[c][i]));
	}
}

static void
columns_execute(const ColumnSet *columns, const char *sql, int expected)
{
	Oid			types[MAX_COLUMNS];
	Datum		values[MAX_COLUMNS];

	for (int c = 0; c < columns->ncolumns; c++)
	{
		int16		len;
		bool		by_value;
		char		align;
		int			dims[1] = {columns->nrows};
		int			lower[1] = {1};
		Oid			passed = passed_type(columns->types[c]);

		if (passed != columns->types[c])
			write_literals(columns, c);
		get_typlenbyvalalign(passed, &len, &by_value, &align);
		types[c] = get_array_type(passed);
		values[c] = PointerGetDatum(construct_md_array(columns->values[c], columns->nulls[c], 1,
													   dims, lower, passed, len, by_value, align));
	}
	ys_spi_execute(sql, expected, columns->ncolumns, types, values, NULL);
}

static void
columns_add_keys(ColumnSet *columns, const YsIndexTable *table, YsIndexRow **rows)
{
	for (int k = 0; k < table->nkeys; k++)
	{
		int			c = columns_add(columns, table->key_types[k]);

		for (int i = 0; i < columns->nrows; i++)
			columns->values[c][i] = rows[i]->keys[k];
	}
}

static Datum
version_datum(const YsVersion *version)
{
	bytea	   *bytes = palloc(VARHDRSZ + YS_VERSION_SIZE);

	SET_VARSIZE(bytes, VARHDRSZ + YS_VERSION_SIZE);
	memcpy(VARDATA(bytes), version->bytes, YS_VERSION_SIZE);
	return PointerGetDatum(bytes);
}

static void
read_version(Datum datum, YsVersion *version)
{
	bytea	   *bytes = DatumGetByteaPP(datum);

	if (VARSIZE_ANY_EXHDR(bytes) != YS_VERSION_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("version of an index row has %d bytes instead of %d",
						(int) VARSIZE_ANY_EXHDR(bytes), YS_VERSION_SIZE),
				 errhint("Was the column event_version changed by hand? Drop and create the policy again.")));
	memcpy(version->bytes, VARDATA_ANY(bytes), YS_VERSION_SIZE);
}

static void
columns_add_areas(ColumnSet *columns, YsIndexRow **rows, bool as_found)
{
	int			c = columns_add(columns, TEXTOID);

	for (int i = 0; i < columns->nrows; i++)
	{
		const char *area = as_found ? rows[i]->area : rows[i]->gone ? NULL : rows[i]->entry.area;

		columns->nulls[c][i] = area == NULL;
		if (area != NULL)
			columns->values[c][i] = CStringGetTextDatum(area);
	}
}

static void
columns_add_versions(ColumnSet *columns, YsIndexRow **rows, bool tombstones_only)
{
	int			c = columns_add(columns, BYTEAOID);

	for (int i = 0; i < columns->nrows; i++)
	{
		columns->nulls[c][i] = tombstones_only && !rows[i]->gone;
		if (!columns->nulls[c][i])
			columns->values[c][i] = version_datum(&rows[i]->new_version);
	}
}

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
			return DirectFunctionCall3(numeric_in,
									   CStringGetDatum(pnstrdup(cell->bytes, cell->len)),
									   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
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

static void
columns_add_fields(ColumnSet *columns, const YsIndexTable *table, YsIndexRow **rows)
{
	for (int f = 0; f < ys_policy_field_count(table->policy); f++)
	{
		YsFieldType type = ys_policy_field(table->policy, f)->type;
		int			c = columns_add(columns, field_oids[type]);

		for (int i = 0; i < columns->nrows; i++)
		{
			const YsCell *cell = &rows[i]->entry.cells[f];

			columns->nulls[c][i] = !cell->present;
			if (cell->present)
				columns->values[c][i] = ys_index_column_datum(cell, type);
		}
	}
	if (table->has_location)
	{
		int			c = columns_add(columns, POINTOID);

		for (int i = 0; i < columns->nrows; i++)
		{
			const YsEntry *entry = &rows[i]->entry;

			columns->nulls[c][i] = !entry->located;
			if (entry->located)
			{
				Point	   *point = palloc(sizeof(Point));

				point->x = entry->lon;
				point->y = entry->lat;
				columns->values[c][i] = PointPGetDatum(point);
			}
		}
	}
	if (table->has_area_value)
	{
		int			c = columns_add(columns, TEXTOID);

		for (int i = 0; i < columns->nrows; i++)
		{
			const YsEntry *entry = &rows[i]->entry;

			columns->nulls[c][i] = entry->area_value == NULL;
			if (entry->area_value != NULL)
				columns->values[c][i] = PointerGetDatum(cstring_to_text_with_len(entry->area_value,
																				 (int) entry->area_value_len));
		}
	}
}

static void
columns_add_attributes(ColumnSet *columns, YsIndexRow **rows)
{
	int			c = columns_add(columns, JSONBOID);

	for (int i = 0; i < columns->nrows; i++)
	{
		if (!ys_convert_to_jsonb(rows[i]->entry.attributes, YS_FORM_PLAIN, &columns->values[c][i]))
			elog(ERROR, "the attributes of an item are no jsonb");
	}
}

static void
columns_add_rejections(ColumnSet *columns, YsIndexRow **rows)
{
	int			c = columns_add(columns, JSONBOID);
	YsArena		arena;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	for (int i = 0; i < columns->nrows; i++)
	{
		YsText		text;

		columns->nulls[c][i] = rows[i]->entry.nrejections == 0;
		if (columns->nulls[c][i])
			continue;
		ys_text_init(&text, &arena);
		if (!ys_entry_print_rejected(&rows[i]->entry, &text))
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
		columns->values[c][i] = DirectFunctionCall1(jsonb_in, CStringGetDatum(text.bytes));
		ys_arena_reset(&arena);
	}
	ys_arena_free(&arena);
}

/* ---- statement texts ---- */

/* unnest($1::text[], $2::numeric[]) from the given first parameter on */
static void
append_unnest(StringInfo sql, int nkeys, const Oid *key_types, int nmore, const Oid *more)
{
	appendStringInfoString(sql, "unnest(");
	for (int i = 0; i < nkeys + nmore; i++)
	{
		Oid			type = passed_type(i < nkeys ? key_types[i] : more[i - nkeys]);

		appendStringInfo(sql, "%s$%d::%s[]", i > 0 ? ", " : "", i + 1, format_type_be(type));
	}
	appendStringInfoString(sql, ")");
}

/* SELECT c1, c2, c3::text[], now() FROM unnest(...) s(c1, c2, c3): the rows, of the columns' own types */
static void
append_rows(StringInfo sql, int nkeys, const Oid *key_types, int nmore, const Oid *more)
{
	appendStringInfoString(sql, "SELECT ");
	for (int i = 0; i < nkeys + nmore; i++)
	{
		Oid			type = i < nkeys ? key_types[i] : more[i - nkeys];

		appendStringInfo(sql, "c%d", i + 1);
		if (passed_type(type) != type)
			appendStringInfo(sql, "::%s", format_type_be(type));
		appendStringInfoString(sql, ", ");
	}
	appendStringInfoString(sql, "now() FROM ");
	append_unnest(sql, nkeys, key_types, nmore, more);
	appendStringInfoString(sql, " s(");
	for (int i = 0; i < nkeys + nmore; i++)
		appendStringInfo(sql, "%sc%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoString(sql, ")");
}

/* "k1, k2" */
static char *
key_list(int nkeys, char *const *columns)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int k = 0; k < nkeys; k++)
		appendStringInfo(&list, "%s%s", k > 0 ? ", " : "", columns[k]);
	return list.data;
}

/* "t.k1 = s.k1 AND t.k2 = s.k2" */
static char *
key_match(int nkeys, char *const *columns)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int k = 0; k < nkeys; k++)
		appendStringInfo(&list, "%st.%s = s.%s", k > 0 ? " AND " : "", columns[k], columns[k]);
	return list.data;
}

static void
build_statements(YsIndexTable *table)
{
	StringInfoData sql;
	StringInfoData columns;
	StringInfoData assignments;
	Oid			upsert_types[MAX_COLUMNS];
	int			n = 0;
	char	   *keys = key_list(table->nkeys, table->key_columns);
	char	   *match = key_match(table->nkeys, table->key_columns);
	char	   *locator_keys = key_list(table->nkeys, table->locator_columns);
	Oid			area_only[] = {TEXTOID};
	Oid			area_version[] = {TEXTOID, BYTEAOID};

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT s.ordinality, t.area, t.version FROM ");
	append_unnest(&sql, table->nkeys, table->key_types, 0, NULL);
	appendStringInfo(&sql, " WITH ORDINALITY s(%s, ordinality) JOIN %s t ON %s",
					 locator_keys, table->locator, key_match(table->nkeys, table->locator_columns));
	table->sql_locate = sql.data;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT s.ordinality, t.event_version FROM ");
	append_unnest(&sql, table->nkeys, table->key_types, 1, area_only);
	appendStringInfo(&sql, " WITH ORDINALITY s(%s, area, ordinality) JOIN %s t ON %s AND t.area = s.area",
					 keys, table->name, match);
	table->sql_versions = sql.data;

	initStringInfo(&sql);
	appendStringInfo(&sql, "DELETE FROM %s t USING ", table->name);
	append_unnest(&sql, table->nkeys, table->key_types, 1, area_only);
	appendStringInfo(&sql, " s(%s, area) WHERE %s AND t.area = s.area",
					 keys, match);
	table->sql_delete = sql.data;

	/* keys, area, fields, location, area_value, attributes, rejected, changed_at, version */
	initStringInfo(&columns);
	initStringInfo(&assignments);
	appendStringInfoString(&columns, "area");
	upsert_types[n++] = TEXTOID;
	for (int f = 0; f < ys_policy_field_count(table->policy); f++)
	{
		const YsFieldInfo *field = ys_policy_field(table->policy, f);
		const char *column = quote_identifier(field->name);

		appendStringInfo(&columns, ", %s", column);
		appendStringInfo(&assignments, "%s = EXCLUDED.%s, ", column, column);
		upsert_types[n++] = field_oids[field->type];
	}
	if (table->has_location)
	{
		appendStringInfoString(&columns, ", location");
		appendStringInfoString(&assignments, "location = EXCLUDED.location, ");
		upsert_types[n++] = POINTOID;
	}
	if (table->has_area_value)
	{
		appendStringInfoString(&columns, ", area_value");
		appendStringInfoString(&assignments, "area_value = EXCLUDED.area_value, ");
		upsert_types[n++] = TEXTOID;
	}
	if (ys_policy_wants_attributes(table->policy))
	{
		appendStringInfoString(&columns, ", " YS_ATTRIBUTES_COLUMN);
		appendStringInfoString(&assignments, YS_ATTRIBUTES_COLUMN " = EXCLUDED." YS_ATTRIBUTES_COLUMN ", ");
		upsert_types[n++] = JSONBOID;
	}
	appendStringInfoString(&columns, ", rejected, changed_at, event_version");
	appendStringInfoString(&assignments, "rejected = EXCLUDED.rejected, changed_at = EXCLUDED.changed_at, "
						   "indexed_at = EXCLUDED.indexed_at, event_version = EXCLUDED.event_version");
	upsert_types[n++] = JSONBOID;
	upsert_types[n++] = TIMESTAMPTZOID;
	upsert_types[n++] = BYTEAOID;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s, %s, indexed_at) ", table->name, keys, columns.data);
	append_rows(&sql, table->nkeys, table->key_types, n, upsert_types);
	appendStringInfo(&sql, " ON CONFLICT (%s, area) DO UPDATE SET %s",
					 keys, assignments.data);
	table->sql_upsert = sql.data;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s, area, version, noted_at) ",
					 table->locator, locator_keys);
	append_rows(&sql, table->nkeys, table->key_types, 2, area_version);
	appendStringInfo(&sql, " ON CONFLICT (%s) DO UPDATE SET area = EXCLUDED.area, "
					 "version = EXCLUDED.version, noted_at = EXCLUDED.noted_at",
					 locator_keys);
	table->sql_note = sql.data;
}

/* ---- names ---- */

/* A column's name, quoted, palloc'd. */
static char *
column_name(Oid relid, AttrNumber attnum)
{
	return pstrdup(quote_identifier(get_attname(relid, attnum, false)));
}

void
ys_index_table_follow_names(YsIndexTable *table)
{
	const char *relname = get_rel_name(table->relid);
	MemoryContext statements;
	MemoryContext old;
	char	   *name;
	char	   *keys[2];
	bool		same;

	if (relname == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the index table of policy %d no longer exists", table->policy_id)));
	statements = AllocSetContextCreate(table->context, "yottastore statements",
									   ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(statements);
	name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(table->relid)), relname);
	same = table->statements != NULL && strcmp(table->name, name) == 0;
	for (int k = 0; k < table->nkeys; k++)
	{
		keys[k] = column_name(table->relid, INDEX_KEYS_AT + k);
		same = same && strcmp(table->key_columns[k], keys[k]) == 0;
	}
	if (!same)
	{
		if (table->statements != NULL)
			MemoryContextDelete(table->statements);
		table->statements = statements;
		table->name = name;
		memcpy(table->key_columns, keys, sizeof(char *) * table->nkeys);
		build_statements(table);
	}
	MemoryContextSwitchTo(old);
	if (same)
		MemoryContextDelete(statements);
}

/* ---- the interface ---- */

YsIndexTable *
ys_index_table_open(const YsPolicyRow *row, const YsSource *source, const YsPolicy *policy)
{
	YsIndexTable *table = palloc0(sizeof(YsIndexTable));
	char	   *locator_name = psprintf("locator_%d", row->policy_id);
	Oid			locator = get_relname_relid(locator_name,
											get_namespace_oid("yottastore_internal", false));

	table->relid = row->index_table;
	table->owner = row->owner;
	table->policy_id = row->policy_id;
	table->locator = quote_qualified_identifier("yottastore_internal", locator_name);
	table->context = CurrentMemoryContext;
	table->policy = policy;
	table->has_location = ys_policy_has_location(policy);
	table->max_areas = row->max_areas;
	table->has_area_value = ys_policy_has_area_value(policy);
	table->nkeys = source->nkeys;
	for (int k = 0; k < source->nkeys; k++)
	{
		table->key_types[k] = source->keys[k]->type;
		table->locator_columns[k] = column_name(locator, LOCATOR_KEYS_AT + k);
		ys_converter_init(&table->key_converters[k], source->keys[k]->type,
						  source->keys[k]->typmod, CurrentMemoryContext);
	}
	ys_index_table_follow_names(table);
	return table;
}

bool
ys_index_table_key(YsIndexTable *table, const YsSource *source, const YsValue *keys, Datum *datums)
{
	for (int k = 0; k < table->nkeys; k++)
	{
		const YsValue *value = ys_value_member(keys, source->key_names[k],
											   strlen(source->key_names[k]));
		bool		isnull;

		if (value == NULL ||
			!ys_convert_to_datum(&table->key_converters[k], value, &datums[k], &isnull) || isnull)
			return false;
	}
	return true;
}

void
ys_index_table_find(YsIndexTable *table, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	ColumnSet  *columns;
	YsIndexRow **present;
	int			npresent = 0;
	bool		isnull;

	if (nrows == 0)
		return;
	ys_index_table_check_visible(table);
	ys_spi_begin(&scope);
	present = MemoryContextAlloc(scope.caller, sizeof(YsIndexRow *) * nrows);
	columns = columns_create(nrows);
	columns_add_keys(columns, table, rows);
	columns_execute(columns, table->sql_locate, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		YsIndexRow *row = rows[DatumGetInt64(ys_spi_value(i, 1, &isnull)) - 1];

		row->known = true;
		row->area = ys_spi_text(i, 2, scope.caller);
		if (row->area != NULL)
			present[npresent++] = row;
		else
			read_version(ys_spi_value(i, 3, &isnull), &row->version);
	}
	ys_spi_end(&scope);

	if (npresent > 0)
	{
		ys_spi_begin_as(&scope, table->owner);
		columns = columns_create(npresent);
		columns_add_keys(columns, table, present);
		columns_add_areas(columns, present, true);
		columns_execute(columns, table->sql_versions, SPI_OK_SELECT);

		/* a row the owner deleted by hand has the lowest version */
		for (uint64 i = 0; i < SPI_processed; i++)
			read_version(ys_spi_value(i, 2, &isnull),
						 &present[DatumGetInt64(ys_spi_value(i, 1, &isnull)) - 1]->version);
		ys_spi_end(&scope);
	}
	pfree(present);
}

void
ys_index_table_delete(YsIndexTable *table, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	ColumnSet  *columns;

	if (nrows == 0)
		return;
	ys_spi_begin_as(&scope, table->owner);
	columns = columns_create(nrows);
	columns_add_keys(columns, table, rows);
	columns_add_areas(columns, rows, true);
	columns_execute(columns, table->sql_delete, SPI_OK_DELETE);
	ys_spi_end(&scope);
}

void
ys_index_table_upsert(YsIndexTable *table, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	ColumnSet  *columns;
	int			c;

	if (nrows == 0)
		return;
	ys_spi_begin_as(&scope, table->owner);
	columns = columns_create(nrows);
	columns_add_keys(columns, table, rows);
	columns_add_areas(columns, rows, false);
	columns_add_fields(columns, table, rows);
	if (ys_policy_wants_attributes(table->policy))
		columns_add_attributes(columns, rows);
	columns_add_rejections(columns, rows);
	c = columns_add(columns, TIMESTAMPTZOID);
	for (int i = 0; i < nrows; i++)
	{
		columns->nulls[c][i] = !rows[i]->has_changed_at;
		columns->values[c][i] = TimestampTzGetDatum(rows[i]->changed_at);
	}
	columns_add_versions(columns, rows, false);
	columns_execute(columns, table->sql_upsert, SPI_OK_INSERT);
	ys_spi_end(&scope);
}

void
ys_index_table_note(YsIndexTable *table, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	ColumnSet  *columns;

	if (nrows == 0)
		return;
	ys_spi_begin(&scope);
	columns = columns_create(nrows);
	columns_add_keys(columns, table, rows);
	columns_add_areas(columns, rows, false);
	columns_add_versions(columns, rows, true);
	columns_execute(columns, table->sql_note, SPI_OK_INSERT);
	ys_spi_end(&scope);
}
