/*-------------------------------------------------------------------------
 * area.c
 *	  Loading areas, and telling the workers when they change.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/rel.h"

#include "api/check.h"
#include "base/memory.h"
#include "catalog/area.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(ys_load_areas);
PG_FUNCTION_INFO_V1(ys_areas_changed);

/* What is read is collected first: SQL may throw, and must not through the reader's frames. */
typedef struct Feature
{
	char	   *name;
	char	   *geometry;
} Feature;

typedef struct FeatureList
{
	const char *name_property;
	List	   *features;
	YsError		err;
} FeatureList;

static bool
collect_feature(void *arg, int index, const char *name, size_t name_len,
				const char *geometry, size_t geometry_len)
{
	FeatureList *list = arg;
	Feature    *feature;

	if (name == NULL || name_len == 0)
	{
		(void) ys_error_set(&list->err, YS_ERR_INVALID_GEOJSON, "feature %d: it has no name", index + 1);
		ys_error_detail(&list->err, "Its properties have no string \"%s\".", list->name_property);
		ys_error_hint(&list->err, "Say which property names the area with name_property.");
		return false;
	}
	if ((name_len == strlen(YS_AREA_UNLOCATED) && memcmp(name, YS_AREA_UNLOCATED, name_len) == 0) ||
		(name_len == strlen(YS_AREA_OTHER) && memcmp(name, YS_AREA_OTHER, name_len) == 0))
	{
		(void) ys_error_set(&list->err, YS_ERR_INVALID_GEOJSON, "feature %d: its name is reserved",
							index + 1);
		ys_error_detail(&list->err, "\"%s\" and \"%s\" are for items that no area takes.",
						YS_AREA_UNLOCATED, YS_AREA_OTHER);
		ys_error_hint(&list->err, "Name the area otherwise.");
		return false;
	}
	feature = palloc(sizeof(Feature));
	feature->name = pnstrdup(name, name_len);
	feature->geometry = pnstrdup(geometry, geometry_len);
	list->features = lappend(list->features, feature);
	return true;
}

/* yottastore.load_areas(geojson, level, name_property) */
Datum
ys_load_areas(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"geojson", "level", "name_property"};
	FeatureList list = {0};
	char	   *level;
	char	   *geojson;
	char	   *padded;
	size_t		len;
	YsArena		arena;
	YsError		err;
	ListCell   *lc;

	ys_check_not_null(fcinfo, names, lengthof(names));
	geojson = JsonbToCString(NULL, &PG_GETARG_JSONB_P(0)->root, 0);
	level = text_to_cstring(PG_GETARG_TEXT_PP(1));
	list.name_property = text_to_cstring(PG_GETARG_TEXT_PP(2));
	len = strlen(geojson);
	padded = repalloc(geojson, len + 1 + YS_JSON_PADDING);

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_area_read_geojson(padded, len, list.name_property, &arena, collect_feature, &list, &err))
		ys_error_throw(list.err.code != YS_OK ? &list.err : &err);
	ys_arena_free(&arena);

	foreach(lc, list.features)
	{
		Feature    *feature = lfirst(lc);

		ys_area_save(level, feature->name, feature->geometry);
	}
	PG_RETURN_INT32(list_length(list.features));
}

/*
 * Statement trigger on yottastore.areas: an invalidation of the table is what
 * the workers listen for.
 */
Datum
ys_areas_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "ys_areas_changed called other than as a trigger");
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}
