/*-------------------------------------------------------------------------
 * area.c
 *	  The table of areas, yottastore.areas.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/area.h"
#include "catalog/spi.h"
#include "errors.h"

Oid
ys_areas_relid(void)
{
	Oid			schema = get_namespace_oid("yottastore", true);

	return OidIsValid(schema) ? get_relname_relid("areas", schema) : InvalidOid;
}

/* A result's text array as C strings, in the current context. */
static int
read_aliases(uint64 row, int column, const char ***aliases)
{
	bool		isnull;
	Datum		value = ys_spi_value(row, column, &isnull);
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &count);
	*aliases = palloc(sizeof(char *) * Max(count, 1));
	for (int i = 0; i < count; i++)
		(*aliases)[i] = nulls[i] ? "" : TextDatumGetCString(elements[i]);
	return count;
}

/* Throw what is wrong with an area, and say which. */
static void
refuse_area(const char *name, const YsError *why)
{
	YsError		err;

	ys_error_set(&err, why->code, "area \"%s\": %s", name, why->message);
	ys_error_detail(&err, "%s", why->detail);
	ys_error_hint(&err, "%s", why->hint);
	ys_error_throw(&err);
}

YsAreaMap *
ys_areas_load(const char *level, YsArena *arena, uint64 *fingerprint)
{
	YsSpiScope	scope;
	YsError		err;
	YsAreaMap  *map = ys_area_map_create(arena);

	if (map == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT name, aliases, boundary FROM yottastore.areas WHERE level = $1 ORDER BY name",
				   SPI_OK_SELECT, 1, (Oid[]) {TEXTOID}, (Datum[]) {CStringGetTextDatum(level)}, NULL);
	*fingerprint = ys_spi_fingerprint();
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		const char **aliases;
		int			naliases = read_aliases(i, 2, &aliases);
		char	   *name = ys_spi_text(i, 1, CurrentMemoryContext);
		char	   *boundary = ys_spi_text(i, 3, CurrentMemoryContext);
		size_t		len = boundary != NULL ? strlen(boundary) : 0;

		if (boundary != NULL)
			boundary = repalloc(boundary, len + 1 + YS_JSON_PADDING);
		if (!ys_area_map_add(map, name, naliases, aliases, boundary, len, &err))
			refuse_area(name, &err);
	}
	if (!ys_area_map_finish(map, &err))
		ys_error_throw(&err);
	ys_spi_end(&scope);
	return map;
}

void
ys_area_save(const char *level, const char *name, const char *boundary)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	ys_spi_execute("INSERT INTO yottastore.areas (level, name, boundary) VALUES ($1, $2, $3::jsonb) "
				   "ON CONFLICT (level, name) DO UPDATE SET boundary = EXCLUDED.boundary",
				   SPI_OK_INSERT, 3, (Oid[]) {TEXTOID, TEXTOID, TEXTOID},
				   (Datum[])
				   {
					   CStringGetTextDatum(level), CStringGetTextDatum(name),
					   CStringGetTextDatum(boundary)
				   }, NULL);
	SPI_finish();
}
