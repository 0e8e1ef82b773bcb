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

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "catalog/index_values.h"
#include "catalog/spi.h"

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
	Oid			types[YS_INDEX_MAX_COLUMNS];		/* of the elements */
	Datum	   *values[YS_INDEX_MAX_COLUMNS];
	bool	   *nulls[YS_INDEX_MAX_COLUMNS];
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
	Oid			types[YS_INDEX_MAX_COLUMNS];
	Datum		values[YS_INDEX_MAX_COLUMNS];

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

/* A row's values, each into its column. */
static void
columns_set_row(ColumnSet *columns, int row, int count, const Datum *values, const bool *nulls)
{
	for (int c = 0; c < count; c++)
	{
		columns->values[c][row] = values[c];
		columns->nulls[c][row] = nulls[c];
	}
}

static void
columns_add_areas(ColumnSet *columns, YsIndexRow **rows)
{
	int			c = columns_add(columns, TEXTOID);

	for (int i = 0; i < columns->nrows; i++)
	{
		columns->nulls[c][i] = rows[i]->area == NULL;
		if (rows[i]->area != NULL)
			columns->values[c][i] = CStringGetTextDatum(rows[i]->area);
	}
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
	const char *names[YS_INDEX_MAX_COLUMNS];
	Oid			types[YS_INDEX_MAX_COLUMNS];
	int			n;
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
	/* of the owner's column we know the name, not the type */
	appendStringInfoString(&sql, "SELECT s.ordinality, t.event_version::bytea FROM ");
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

	initStringInfo(&columns);
	initStringInfo(&assignments);
	n = ys_index_columns(table, names, types);
	for (int c = table->nkeys; c < n; c++)
	{
		const char *column = quote_identifier(names[c]);

		appendStringInfo(&columns, "%s%s", c > table->nkeys ? ", " : "", column);
		if (c > table->nkeys)	/* the area is a key, too */
			appendStringInfo(&assignments, "%s = EXCLUDED.%s, ", column, column);
	}
	appendStringInfoString(&assignments, "indexed_at = EXCLUDED.indexed_at");

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s, %s, indexed_at) ", table->name, keys, columns.data);
	append_rows(&sql, table->nkeys, table->key_types, n - table->nkeys, types + table->nkeys);
	appendStringInfo(&sql, " ON CONFLICT (%s, area) DO UPDATE SET %s", keys, assignments.data);
	table->sql_upsert = sql.data;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s, area, version, noted_at) ",
					 table->locator, locator_keys);
	append_rows(&sql, table->nkeys, table->key_types, 2, area_version);
	appendStringInfo(&sql, " ON CONFLICT (%s) DO UPDATE SET area = EXCLUDED.area, "
					 "version = EXCLUDED.version, noted_at = EXCLUDED.noted_at",
					 locator_keys);
	table->sql_note = sql.data;

	ys_spi_forget_with(table->statements, table->sql_locate);
	ys_spi_forget_with(table->statements, table->sql_versions);
	ys_spi_forget_with(table->statements, table->sql_delete);
	ys_spi_forget_with(table->statements, table->sql_upsert);
	ys_spi_forget_with(table->statements, table->sql_note);
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
		keys[k] = column_name(table->relid, YS_INDEX_KEYS_AT + k);
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

bool
ys_index_table_lock(const YsIndexTable *table, LOCKMODE mode)
{
	HeapTuple	tuple;
	bool		same = true;

	LockRelationOid(table->relid, mode);
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table->relid));
	if (HeapTupleIsValid(tuple))
	{
		same = ((Form_pg_class) GETSTRUCT(tuple))->relowner == table->owner;
		ReleaseSysCache(tuple);
	}
	return same;
}

void
ys_index_table_lock_ours(const YsIndexTable *table, LOCKMODE mode)
{
	if (!ys_index_table_lock(table, mode))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("index table \"%s\" was given to another owner meanwhile", get_rel_name(table->relid)),
				 errhint("Try again.")));
}

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
	table->locator_relid = locator;
	table->locator = quote_qualified_identifier("yottastore_internal", locator_name);
	table->context = CurrentMemoryContext;
	table->policy = policy;
	table->has_location = ys_policy_has_location(policy);
	table->max_areas = row->max_areas;
	table->model = row->model;
	table->has_area_value = ys_policy_has_area_value(policy);
	table->nkeys = source->nkeys;
	for (int k = 0; k < source->nkeys; k++)
	{
		table->key_types[k] = source->keys[k]->type;
		get_typlenbyval(table->key_types[k], &table->key_len[k], &table->key_by_value[k]);
		table->locator_columns[k] = column_name(locator, YS_LOCATOR_KEYS_AT + k);
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
ys_index_table_versions(YsIndexTable *table, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	ColumnSet  *columns;
	bool		isnull;

	if (nrows == 0)
		return;
	ys_spi_begin_as(&scope, table->owner);
	columns = columns_create(nrows);
	columns_add_keys(columns, table, rows);
	columns_add_areas(columns, rows);
	columns_execute(columns, table->sql_versions, SPI_OK_SELECT);

	/* a row the owner deleted by hand has the lowest version */
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		YsIndexRow *row = rows[DatumGetInt64(ys_spi_value(i, 1, &isnull)) - 1];
		Datum		version = ys_spi_value(i, 2, &isnull);

		ys_index_read_version(version, isnull, &row->version);
	}
	ys_spi_end(&scope);
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
		Datum		version = ys_spi_value(i, 3, &isnull);

		row->known = true;
		row->area = ys_spi_text(i, 2, scope.caller);
		if (row->area != NULL)
			present[npresent++] = row;
		else
			ys_index_read_version(version, isnull, &row->version);
	}
	ys_spi_end(&scope);

	ys_index_table_versions(table, npresent, present);
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
	columns_add_areas(columns, rows);
	columns_execute(columns, table->sql_delete, SPI_OK_DELETE);
	ys_spi_end(&scope);
}

void
ys_index_table_upsert(YsIndexTable *table, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	ColumnSet  *columns;
	const char *names[YS_INDEX_MAX_COLUMNS];
	Oid			types[YS_INDEX_MAX_COLUMNS];
	Datum		values[YS_INDEX_MAX_COLUMNS];
	bool		nulls[YS_INDEX_MAX_COLUMNS];
	int			count;

	if (nrows == 0)
		return;
	ys_spi_begin_as(&scope, table->owner);
	columns = columns_create(nrows);
	count = ys_index_columns(table, names, types);
	for (int c = 0; c < count; c++)
		columns_add(columns, types[c]);
	for (int i = 0; i < nrows; i++)
	{
		ys_index_row_values(table, rows[i], values, nulls);
		columns_set_row(columns, i, count, values, nulls);
	}
	columns_execute(columns, table->sql_upsert, SPI_OK_INSERT);
	ys_spi_end(&scope);
}

void
ys_index_table_note(YsIndexTable *table, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	ColumnSet  *columns;
	const char *names[YS_LOCATOR_MAX_COLUMNS];
	Oid			types[YS_LOCATOR_MAX_COLUMNS];
	Datum		values[YS_LOCATOR_MAX_COLUMNS];
	bool		nulls[YS_LOCATOR_MAX_COLUMNS];
	int			count;

	if (nrows == 0)
		return;
	ys_spi_begin(&scope);
	columns = columns_create(nrows);
	count = ys_locator_columns(table, names, types);
	for (int c = 0; c < count; c++)
		columns_add(columns, types[c]);
	for (int i = 0; i < nrows; i++)
	{
		ys_locator_row_values(table, rows[i], values, nulls);
		columns_set_row(columns, i, count, values, nulls);
	}
	columns_execute(columns, table->sql_note, SPI_OK_INSERT);
	ys_spi_end(&scope);
}
