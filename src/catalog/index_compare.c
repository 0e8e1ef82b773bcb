/*-------------------------------------------------------------------------
 * index_compare.c
 *	  Is an index row what its item makes?
 *
 * Values are the same where their types say so, not where their bytes are: an event may write a number
 * otherwise than the store.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "catalog/index_values.h"
#include "catalog/spi.h"
#include "catalog/verify.h"

/* Behind the keys and the area comes what an item makes; the last two are of events. */
#define EVENT_COLUMNS	2

static bool
same_value(Datum left, bool left_null, Datum right, bool right_null, Oid type)
{
	TypeCacheEntry *entry;

	if (left_null || right_null)
		return left_null && right_null;
	entry = lookup_type_cache(type, TYPECACHE_EQ_OPR_FINFO);
	if (!OidIsValid(entry->eq_opr_finfo.fn_oid))
		return datum_image_eq(left, right, entry->typbyval, entry->typlen);
	return DatumGetBool(FunctionCall2Coll(&entry->eq_opr_finfo, DEFAULT_COLLATION_OID, left, right));
}

/* "SELECT s.ordinality, t.a, t.b FROM unnest($1::text[], $2::text[]) WITH ORDINALITY s(k1, area, ordinality) JOIN ..." */
static char *
read_sql(const YsIndexTable *table, int count, const char *const *names, const Oid *types)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT s.ordinality");
	for (int c = table->nkeys + 1; c < count - EVENT_COLUMNS; c++)
		appendStringInfo(&sql, ", t.%s::%s", quote_identifier(names[c]), format_type_be(types[c]));
	appendStringInfoString(&sql, " FROM unnest(");
	for (int k = 0; k < table->nkeys; k++)
		appendStringInfo(&sql, "$%d::%s[], ", k + 1, format_type_be(table->key_types[k]));
	appendStringInfo(&sql, "$%d::text[]) WITH ORDINALITY s(k1%s, area, ordinality) JOIN %s t ON t.area = s.area",
					 table->nkeys + 1, table->nkeys == 2 ? ", k2" : "", table->name);
	for (int k = 0; k < table->nkeys; k++)
		appendStringInfo(&sql, " AND t.%s = s.k%d", table->key_columns[k], k + 1);
	return sql.data;
}

/* One column of the rows, as an array. */
static Datum
column(const YsIndexTable *table, int nrows, YsIndexRow **rows, int k, Oid *type)
{
	Datum	   *values = palloc(sizeof(Datum) * nrows);
	bool	   *nulls = palloc0(sizeof(bool) * nrows);
	Oid			element = k < table->nkeys ? table->key_types[k] : TEXTOID;
	int			dims[] = {nrows};
	int			lower[] = {1};
	int16		len;
	bool		by_value;
	char		align;

	for (int i = 0; i < nrows; i++)
	{
		if (k < table->nkeys)
			values[i] = rows[i]->keys[k];
		else if (rows[i]->area != NULL)
			values[i] = CStringGetTextDatum(rows[i]->area);
		else
			nulls[i] = true;
	}
	get_typlenbyvalalign(element, &len, &by_value, &align);
	*type = get_array_type(element);
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, lower, element, len, by_value, align));
}

void
ys_index_table_compare(YsIndexTable *table, int nrows, YsIndexRow **rows, bool *same)
{
	const char *names[YS_INDEX_MAX_COLUMNS];
	Oid			types[YS_INDEX_MAX_COLUMNS];
	Oid			parameter_types[3];
	Datum		parameters[3];
	Datum		values[YS_INDEX_MAX_COLUMNS];
	bool		nulls[YS_INDEX_MAX_COLUMNS];
	int			ncolumns = ys_index_columns(table, names, types);
	char	   *sql;
	YsSpiScope	scope;

	for (int i = 0; i < nrows; i++)
		rows[i]->present = same[i] = false;
	if (nrows == 0)
		return;
	ys_spi_begin_as(&scope, table->owner);
	for (int k = 0; k <= table->nkeys; k++)
		parameters[k] = column(table, nrows, rows, k, &parameter_types[k]);
	sql = read_sql(table, ncolumns, names, types);
	ys_spi_forget_with(table->statements, sql);
	ys_spi_execute(sql, SPI_OK_SELECT, table->nkeys + 1, parameter_types,
				   parameters, NULL);
	for (uint64 r = 0; r < SPI_processed; r++)
	{
		bool		isnull;
		int			i = (int) DatumGetInt64(ys_spi_value(r, 1, &isnull)) - 1;

		rows[i]->present = true;
		if (rows[i]->gone || strcmp(rows[i]->area, rows[i]->entry.area) != 0)
			continue;
		ys_index_row_values(table, rows[i], values, nulls);
		same[i] = true;
		for (int c = table->nkeys + 1; c < ncolumns - EVENT_COLUMNS && same[i]; c++)
		{
			Datum		found = ys_spi_value(r, c - table->nkeys + 1, &isnull);

			same[i] = same_value(found, isnull, values[c], nulls[c], types[c]);
		}
	}
	ys_spi_end(&scope);
}
