/*-------------------------------------------------------------------------
 * area.c
 *	  Loading areas, and telling the workers when they change.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/rel.h"

#include "api/check.h"
#include "base/memory.h"
#include "catalog/area.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(ys_load_areas);
PG_FUNCTION_INFO_V1(ys_areas_changed);

/* What is read is collected first: SQL may throw, and must not through the reader's frames. */
typedef struct FeatureList
{
	const YsFeatureProperties *properties;
	HTAB	   *names;			/* to the number of the feature that has it, counted from 1 */
	List	   *rows;			/* of YsAreaRow */
	YsError		err;
} FeatureList;

typedef struct NamedFeature
{
	YsSlice		name;
	int			number;
} NamedFeature;

static uint32
name_hash(const void *key, Size keysize)
{
	const YsSlice *name = key;

	return DatumGetUInt32(hash_any((const unsigned char *) name->bytes, (int) name->len));
}

static int
name_match(const void *a, const void *b, Size keysize)
{
	const YsSlice *left = a;
	const YsSlice *right = b;

	return left->len != right->len || memcmp(left->bytes, right->bytes, left->len) != 0;
}

static HTAB *
create_names(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = offsetof(NamedFeature, number);
	ctl.entrysize = sizeof(NamedFeature);
	ctl.hash = name_hash;
	ctl.match = name_match;
	ctl.hcxt = CurrentMemoryContext;
	return hash_create("yottastore feature names", 256, &ctl,
					   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

static bool
is_reserved(YsSlice name)
{
	return (name.len == strlen(YS_AREA_UNLOCATED) && memcmp(name.bytes, YS_AREA_UNLOCATED, name.len) == 0) ||
		(name.len == strlen(YS_AREA_OTHER) && memcmp(name.bytes, YS_AREA_OTHER, name.len) == 0);
}

/* What can't be said to be an area, by the feature's number. */
static bool
check_name(FeatureList *list, const YsFeature *feature)
{
	int			number = feature->index + 1;
	NamedFeature *named;
	bool		found;

	if (feature->name.len == 0)
	{
		(void) ys_error_set(&list->err, YS_ERR_INVALID_GEOJSON, "feature %d: it has no name", number);
		ys_error_detail(&list->err, "Its properties have no string \"%s\".", list->properties->name);
		ys_error_hint(&list->err, "Say which property names the area with name_property.");
		return false;
	}
	if (is_reserved(feature->name))
	{
		(void) ys_error_set(&list->err, YS_ERR_INVALID_GEOJSON, "feature %d: its name is reserved", number);
		ys_error_detail(&list->err, "\"%s\" and \"%s\" are for items that no area takes.",
						YS_AREA_UNLOCATED, YS_AREA_OTHER);
		ys_error_hint(&list->err, "Name the area otherwise.");
		return false;
	}
	named = hash_search(list->names, &feature->name, HASH_ENTER, &found);
	if (!found)
	{
		named->name.bytes = pnstrdup(feature->name.bytes, feature->name.len);
		named->number = number;
		return true;
	}
	(void) ys_error_set(&list->err, YS_ERR_INVALID_GEOJSON, "feature %d: another feature has its name", number);
	ys_error_detail(&list->err, "Feature %d is called \"%.*s\" too.", named->number,
					pg_mbcliplen(feature->name.bytes, (int) feature->name.len, 60), feature->name.bytes);
	ys_error_hint(&list->err, "Name the two differently, or make one feature with a MultiPolygon of them.");
	return false;
}

/* As a JSON array. */
static char *
print_aliases(const YsFeature *feature)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < feature->naliases; i++)
	{
		if (i > 0)
			appendStringInfoChar(&json, ',');
		escape_json(&json, pnstrdup(feature->aliases[i].bytes, feature->aliases[i].len));
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

static bool
collect_feature(void *arg, const YsFeature *feature)
{
	FeatureList *list = arg;
	YsAreaRow  *row;

	if (!check_name(list, feature))
		return false;
	row = palloc0(sizeof(YsAreaRow));
	row->name = pnstrdup(feature->name.bytes, feature->name.len);
	if (feature->parent.len > 0)
		row->parent = pnstrdup(feature->parent.bytes, feature->parent.len);
	row->aliases = print_aliases(feature);
	row->boundary = pnstrdup(feature->geometry.bytes, feature->geometry.len);
	list->rows = lappend(list->rows, row);
	return true;
}

static void
read_names(ArrayType *array, YsFeatureProperties *properties)
{
	Datum	   *elements;
	bool	   *nulls;
	const char **names;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &properties->naliases);
	names = palloc(sizeof(char *) * Max(properties->naliases, 1));
	for (int i = 0; i < properties->naliases; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"alias_properties\" contains a null"),
					 errdetail("Element %d of the array is NULL.", i + 1),
					 errhint("Leave the element out.")));
		names[i] = TextDatumGetCString(elements[i]);
	}
	properties->aliases = names;
}

/* Which properties say what; the arguments have been checked for NULL where they may not be. */
static void
read_properties(FunctionCallInfo fcinfo, YsFeatureProperties *properties)
{
	properties->name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (PG_ARGISNULL(3) != PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parent_property and parent_level belong together"),
				 errdetail("A parent is an area: the property has its name, and parent_level says of which level it is."),
				 errhint("Give both, or neither.")));
	if (!PG_ARGISNULL(4) && strcmp(text_to_cstring(PG_GETARG_TEXT_PP(4)), text_to_cstring(PG_GETARG_TEXT_PP(1))) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parent_level is the level of the areas themselves"),
				 errdetail("An area lies in one of another level."),
				 errhint("Say which level the parents are of.")));
	if (!PG_ARGISNULL(3))
		properties->parent = text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (!PG_ARGISNULL(5))
		read_names(PG_GETARG_ARRAYTYPE_P(5), properties);
}

/* yottastore.load_areas(geojson, level, name_property, parent_property, parent_level, alias_properties) */
Datum
ys_load_areas(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"geojson", "level", "name_property"};
	YsFeatureProperties properties = {0};
	FeatureList list = {.properties = &properties};
	char	   *geojson;
	char	   *padded;
	size_t		len;
	YsArena		arena;
	YsError		err;

	ys_check_not_null(fcinfo, names, lengthof(names));
	read_properties(fcinfo, &properties);
	geojson = JsonbToCString(NULL, &PG_GETARG_JSONB_P(0)->root, 0);
	len = strlen(geojson);
	padded = repalloc(geojson, len + 1 + YS_JSON_PADDING);
	list.names = create_names();

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_area_read_geojson(padded, len, &properties, &arena, collect_feature, &list, &err))
		ys_error_throw(list.err.code != YS_OK ? &list.err : &err);
	ys_arena_free(&arena);

	ys_areas_save(text_to_cstring(PG_GETARG_TEXT_PP(1)),
				  PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4)),
				  properties.naliases > 0, list.rows);
	PG_RETURN_INT32(list_length(list.rows));
}

/*
 * Statement trigger on yottastore.areas: refuses parents in a circle; an
 * invalidation of the table is what the workers listen for.
 */
Datum
ys_areas_changed(PG_FUNCTION_ARGS)
{
	Relation	table;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "ys_areas_changed called other than as a trigger");
	table = ((TriggerData *) fcinfo->context)->tg_relation;

	/* of two transactions that edit parents the second waits for the first, and sees what it did */
	LockRelationOid(RelationGetRelid(table), ShareUpdateExclusiveLock);
	ys_areas_check_parents();
	CacheInvalidateRelcache(table);
	PG_RETURN_POINTER(NULL);
}
