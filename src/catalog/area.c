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

/*
 * Areas below the level are listed with the area of it that they lie in.  Cycles are refused when
 * areas are edited; the limit of depth is for those that came in past the triggers.
 */
#define AREAS_QUERY \
	"WITH RECURSIVE tree AS (" \
	"SELECT name AS area, level, name, 0 AS depth FROM yottastore.areas WHERE level = $1 " \
	"UNION ALL SELECT t.area, a.level, a.name, t.depth + 1 FROM yottastore.areas a " \
	"JOIN tree t ON a.parent_level = t.level AND a.parent = t.name " \
	"WHERE a.level <> $1 AND t.depth < 32) " \
	"SELECT t.area, t.depth, a.name, a.aliases, a.boundary " \
	"FROM tree t JOIN yottastore.areas a USING (level, name) " \
	"ORDER BY t.depth, t.area COLLATE \"C\", a.level COLLATE \"C\", a.name COLLATE \"C\""

/* Add the area in one row of that query. */
static void
add_row(YsAreaMap *map, uint64 row)
{
	bool		isnull;
	bool		below = DatumGetInt32(ys_spi_value(row, 2, &isnull)) > 0;
	char	   *area = ys_spi_text(row, 1, CurrentMemoryContext);
	char	   *name = ys_spi_text(row, 3, CurrentMemoryContext);
	const char **aliases;
	int			naliases = read_aliases(row, 4, &aliases);
	char	   *boundary = ys_spi_text(row, 5, CurrentMemoryContext);
	size_t		len = boundary != NULL ? strlen(boundary) : 0;
	YsError		err;
	bool		ok;

	if (boundary != NULL)
		boundary = repalloc(boundary, len + 1 + YS_JSON_PADDING);
	if (below)
		ok = ys_area_map_add_below(map, area, name, naliases, aliases, boundary, len, &err);
	else
		ok = ys_area_map_add(map, name, naliases, aliases, boundary, len, &err);
	if (!ok)
		refuse_area(name, &err);
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
	ys_spi_execute(AREAS_QUERY, SPI_OK_SELECT, 1, (Oid[]) {TEXTOID}, (Datum[]) {CStringGetTextDatum(level)},
				   NULL);
	*fingerprint = ys_spi_fingerprint();
	for (uint64 i = 0; i < SPI_processed; i++)
		add_row(map, i);
	if (!ys_area_map_finish(map, &err))
		ys_error_throw(&err);
	ys_spi_end(&scope);
	return map;
}

/* One member of each row as a text[]. */
static Datum
text_array(List *rows, size_t member)
{
	int			count = list_length(rows);
	Datum	   *values = palloc(sizeof(Datum) * Max(count, 1));
	bool	   *nulls = palloc(sizeof(bool) * Max(count, 1));
	int			dims[1] = {count};
	int			lower[1] = {1};

	for (int i = 0; i < count; i++)
	{
		const char *text = *(char **) ((char *) list_nth(rows, i) + member);

		nulls[i] = text == NULL;
		values[i] = text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, lower, TEXTOID, -1, false,
											  TYPALIGN_INT));
}

/* The parents have to be there. */
static void
check_parents(const char *parent_level, Datum names, Datum parents)
{
	ys_spi_execute("SELECT s.name, s.parent FROM unnest($1::text[], $2::text[]) WITH ORDINALITY s (name, parent, n) "
				   "WHERE s.parent IS NOT NULL AND NOT EXISTS (SELECT FROM yottastore.areas a "
				   "WHERE a.level = $3 AND a.name = s.parent) ORDER BY s.n LIMIT 1",
				   SPI_OK_SELECT, 3, (Oid[]) {TEXTARRAYOID, TEXTARRAYOID, TEXTOID},
				   (Datum[]) {names, parents, CStringGetTextDatum(parent_level)}, NULL);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("area \"%s\": there is no parent \"%s\" of level \"%s\"",
						ys_spi_text(0, 1, CurrentMemoryContext), ys_spi_text(0, 2, CurrentMemoryContext),
						parent_level),
				 errdetail("Parents are areas themselves, found by their exact names."),
				 errhint("Load the areas of level \"%s\" first, or say with parent_level which level it is.",
						 parent_level)));
}

void
ys_areas_save(const char *level, const char *parent_level, bool with_aliases, List *rows)
{
	Datum		names;
	Datum		parents;

	if (rows == NIL)
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	names = text_array(rows, offsetof(YsAreaRow, name));
	parents = text_array(rows, offsetof(YsAreaRow, parent));
	if (parent_level != NULL)
		check_parents(parent_level, names, parents);
	ys_spi_execute("INSERT INTO yottastore.areas AS a (level, name, parent_level, parent, aliases, boundary) "
				   "SELECT $1, s.name, CASE WHEN s.parent IS NOT NULL THEN $2 END, s.parent, "
				   "ARRAY(SELECT jsonb_array_elements_text(s.aliases::jsonb)), s.boundary::jsonb "
				   "FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) s (name, parent, aliases, boundary) "
				   "ON CONFLICT (level, name) DO UPDATE SET boundary = EXCLUDED.boundary, "
				   "parent_level = CASE WHEN $2 IS NULL THEN a.parent_level ELSE EXCLUDED.parent_level END, "
				   "parent = CASE WHEN $2 IS NULL THEN a.parent ELSE EXCLUDED.parent END, "
				   "aliases = CASE WHEN $7 THEN EXCLUDED.aliases ELSE a.aliases END",
				   SPI_OK_INSERT, 7,
				   (Oid[]) {TEXTOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, BOOLOID},
				   (Datum[])
				   {
					   CStringGetTextDatum(level),
					   parent_level != NULL ? CStringGetTextDatum(parent_level) : (Datum) 0,
					   names, parents, text_array(rows, offsetof(YsAreaRow, aliases)),
					   text_array(rows, offsetof(YsAreaRow, boundary)), BoolGetDatum(with_aliases)
				   }, parent_level != NULL ? NULL : " n     ");
	SPI_finish();
}

void
ys_areas_check_parents(void)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("WITH RECURSIVE reached AS ("
				   "SELECT level, name FROM yottastore.areas WHERE parent IS NULL "
				   "UNION ALL SELECT a.level, a.name FROM yottastore.areas a "
				   "JOIN reached r ON a.parent_level = r.level AND a.parent = r.name) "
				   "SELECT level, name FROM yottastore.areas EXCEPT SELECT level, name FROM reached "
				   "ORDER BY 1, 2 LIMIT 1",
				   SPI_OK_SELECT, 0, NULL, NULL, NULL);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("area \"%s\" of level \"%s\" lies in itself",
						ys_spi_text(0, 2, CurrentMemoryContext), ys_spi_text(0, 1, CurrentMemoryContext)),
				 errdetail("Following the parents from it leads round in a circle."),
				 errhint("Correct parent_level and parent of the areas it is among.")));
	ys_spi_end(&scope);
}

const char *
ys_areas_level(void)
{
	YsSpiScope	scope;
	const char *level = NULL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT level FROM yottastore.areas GROUP BY level "
				   "ORDER BY level <> 'country', count(*), level LIMIT 1",
				   SPI_OK_SELECT, 0, NULL, NULL, NULL);
	if (SPI_processed > 0)
		level = ys_spi_text(0, 1, scope.caller);
	ys_spi_end(&scope);
	return level != NULL ? level : "country";
}
