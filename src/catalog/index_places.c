/*-------------------------------------------------------------------------
 * index_places.c
 *	  Going through the rows of an index table in the order of their keys, to
 *	  see where each is, and to move some.
 *
 * The locator has all keys in order in one index, however many partitions
 * there are.  A page's keys and areas stay the arrays that the first
 * statement made of them: the others take them as parameters.  Columns that
 * only the owner knows of move with their rows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/geo_decls.h"
#include "utils/lsyscache.h"

#include "catalog/index_places.h"
#include "catalog/spi.h"

/* "t.id, t.at": columns of the table called t */
static char *
column_list(int nkeys, char *const *columns)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int k = 0; k < nkeys; k++)
		appendStringInfo(&list, "%st.%s", k > 0 ? ", " : "", columns[k]);
	return list.data;
}

/*
 * The statement that takes the next keys from the locator: their number, the last one as text,
 * areas and keys as arrays.
 */
static char *
page_sql(const YsIndexTable *table, bool from_start, int limit)
{
	StringInfoData sql;
	char	   *keys = column_list(table->nkeys, table->locator_columns);
	bool		pair = table->nkeys == 2;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT count(*), ARRAY[(array_agg(k1::text))[count(*)]%s], array_agg(area), "
					 "array_agg(k1)%s FROM (SELECT %s, t.area FROM %s t",
					 pair ? ", (array_agg(k2::text))[count(*)]" : "", pair ? ", array_agg(k2)" : "",
					 keys, table->locator);
	if (!from_start)
	{
		appendStringInfo(&sql, " WHERE (%s) > (", keys);
		for (int k = 0; k < table->nkeys; k++)
			appendStringInfo(&sql, "%s$1[%d]::%s", k > 0 ? ", " : "", k + 1,
							 format_type_be(table->key_types[k]));
		appendStringInfoString(&sql, ")");
	}
	/* the limit is written out, so that the planner knows how few are wanted */
	appendStringInfo(&sql, " ORDER BY %s LIMIT %d) s(k1%s, area)", keys, limit, pair ? ", k2" : "");
	return sql.data;
}

/* "unnest($1::text[], $2::text[]) s(k1, area)", or with new_area; ordinality is the place in the arrays */
static char *
unnest_sql(const YsIndexTable *table, bool with_new_area)
{
	int			ntexts = with_new_area ? 2 : 1;
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "unnest(");
	for (int i = 0; i < table->nkeys + ntexts; i++)
		appendStringInfo(&sql, "%s$%d::%s[]", i > 0 ? ", " : "", i + 1,
						 i < table->nkeys ? format_type_be(table->key_types[i]) : "text");
	appendStringInfo(&sql, ") WITH ORDINALITY s(k1%s, area%s, ordinality)",
					 table->nkeys == 2 ? ", k2" : "", with_new_area ? ", new_area" : "");
	return sql.data;
}

/* "t.id = s.k1 AND t.at = s.k2" */
static char *
match_sql(int nkeys, char *const *columns)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int k = 0; k < nkeys; k++)
		appendStringInfo(&sql, "%st.%s = s.k%d", k > 0 ? " AND " : "", columns[k], k + 1);
	return sql.data;
}

/* Run a statement over a page's keys, its areas and, unless that is 0, one more array of text. */
static void
execute(const YsIndexTable *table, const YsPlacePage *page, const char *sql, Datum more, int expected)
{
	Oid			types[4];
	Datum		values[4];
	int			n = 0;

	for (int k = 0; k < table->nkeys; k++)
	{
		types[n] = get_array_type(table->key_types[k]);
		values[n++] = page->keys[k];
	}
	types[n] = TEXTARRAYOID;
	values[n++] = page->areas;
	if (more != (Datum) 0)
	{
		types[n] = TEXTARRAYOID;
		values[n++] = more;
	}
	ys_spi_forget_with(table->statements, sql);
	ys_spi_execute(sql, expected, n, types, values, NULL);
}

/* An array of the current row, copied to context. */
static ArrayType *
copy_array(int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = ys_spi_value(0, column, &isnull);
	MemoryContext old = MemoryContextSwitchTo(context);
	ArrayType  *array = DatumGetArrayTypePCopy(value);

	MemoryContextSwitchTo(old);
	return array;
}

/* Read what the rows say of where they belong. */
static void
read_rows(YsIndexTable *table, YsPlacePage *page)
{
	YsSpiScope	scope;

	ys_spi_begin_as(&scope, table->owner);
	execute(table, page,
			psprintf("SELECT s.ordinality, t.area, %s, %s FROM %s JOIN %s t ON %s AND t.area = s.area",
					 table->has_area_value ? "t.area_value" : "NULL::text",
					 table->has_location ? "t.location::point" : "NULL::point",
					 unnest_sql(table, false), table->name,
					 match_sql(table->nkeys, table->key_columns)),
			(Datum) 0, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		YsPlace    *place = &page->places[DatumGetInt64(ys_spi_value(i, 1, &isnull)) - 1];
		Datum		location = ys_spi_value(i, 4, &isnull);

		place->present = true;
		place->located = !isnull;
		if (!isnull)
		{
			place->lon = DatumGetPointP(location)->x;
			place->lat = DatumGetPointP(location)->y;
		}
		place->area = ys_spi_text(i, 2, scope.caller);
		place->area_value = ys_spi_text(i, 3, scope.caller);
		place->area_value_len = place->area_value != NULL ? strlen(place->area_value) : 0;
	}
	ys_spi_end(&scope);
}

void
ys_places_read(YsIndexTable *table, ArrayType *after, int limit, YsPlacePage *page)
{
	YsSpiScope	scope;
	Datum		values[] = {PointerGetDatum(after)};
	char	   *sql = page_sql(table, after == NULL, limit);
	bool		isnull;

	ys_index_table_check_visible(table);
	memset(page, 0, sizeof(YsPlacePage));
	ys_spi_begin(&scope);
	ys_spi_forget_with(table->statements, sql);
	ys_spi_execute(sql, SPI_OK_SELECT, after != NULL ? 1 : 0,
				   (Oid[]) {TEXTARRAYOID}, values, NULL);
	page->count = (int) DatumGetInt64(ys_spi_value(0, 1, &isnull));
	if (page->count > 0)
	{
		if (page->count == limit)
			page->last_key = copy_array(2, scope.caller);
		page->areas = PointerGetDatum(copy_array(3, scope.caller));
		for (int k = 0; k < table->nkeys; k++)
			page->keys[k] = PointerGetDatum(copy_array(4 + k, scope.caller));
	}
	ys_spi_end(&scope);
	page->places = palloc0(sizeof(YsPlace) * Max(page->count, 1));
	if (page->count > 0)
		read_rows(table, page);
}

/* The new areas of a page's rows, NULL for those that stay: an array of text. */
static Datum
new_areas(const YsPlacePage *page, bool *any)
{
	Datum	   *values = palloc0(sizeof(Datum) * page->count);
	bool	   *nulls = palloc(sizeof(bool) * page->count);
	int			dims[] = {page->count};
	int			lower[] = {1};

	*any = false;
	for (int i = 0; i < page->count; i++)
	{
		nulls[i] = page->places[i].new_area == NULL;
		if (!nulls[i])
			values[i] = CStringGetTextDatum(page->places[i].new_area);
		*any = *any || !nulls[i];
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, lower, TEXTOID, -1, false,
											  TYPALIGN_INT));
}

int64
ys_places_move(YsIndexTable *table, const YsPlacePage *page)
{
	YsSpiScope	scope;
	bool		any;
	Datum		areas = new_areas(page, &any);
	char	   *rows = unnest_sql(table, true);
	int64		moved;

	if (!any)
		return 0;
	ys_spi_begin_as(&scope, table->owner);
	execute(table, page,
			psprintf("UPDATE %s t SET area = s.new_area, indexed_at = now() FROM %s "
					 "WHERE s.new_area IS NOT NULL AND %s AND t.area = s.area",
					 table->name, rows, match_sql(table->nkeys, table->key_columns)),
			areas, SPI_OK_UPDATE);
	moved = (int64) SPI_processed;
	ys_spi_end(&scope);

	ys_spi_begin(&scope);
	execute(table, page,
			psprintf("UPDATE %s t SET area = s.new_area, noted_at = now() FROM %s "
					 "WHERE s.new_area IS NOT NULL AND %s",
					 table->locator, rows, match_sql(table->nkeys, table->locator_columns)),
			areas, SPI_OK_UPDATE);
	ys_spi_end(&scope);
	return moved;
}
