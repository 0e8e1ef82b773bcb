/*-------------------------------------------------------------------------
 * area_geojson.c
 *	  Reading a GeoJSON FeatureCollection (RFC 7946) feature by feature.
 *-------------------------------------------------------------------------
 */
#include "policy/area.h"

#include <string.h>

#include "policy/boundary.h"
#include "policy/normalize/text.h"
#include "policy/read_json.h"

typedef struct Collection
{
	YsJsonReader *geometry_reader;
	YsArena    *scratch;		/* of the current boundary */
	const char *name_property;
	YsFeatureFn fn;
	void	   *arg;
	YsError    *err;
	bool		has_type;
	bool		has_features;

	/* the current feature */
	int			index;
	bool		is_feature;
	const char *name;
	size_t		name_len;
	const char *geometry;
	size_t		geometry_len;
} Collection;

static bool
refuse(Collection *collection, const char *what)
{
	ys_error_set(collection->err, YS_ERR_INVALID_GEOJSON, "invalid GeoJSON: %s", what);
	ys_error_detail(collection->err, "Areas are read from {\"type\": \"FeatureCollection\", "
					"\"features\": [...]}.");
	ys_error_hint(collection->err, "Give a FeatureCollection whose features are Polygons or MultiPolygons.");
	return false;
}

/* Say which feature the error is about, counted from 1. */
static bool
name_feature(Collection *collection)
{
	YsError    *err = collection->err;
	YsError		inner;

	if (err == NULL)
		return false;
	inner = *err;
	ys_error_set(err, inner.code, "feature %d: %s", collection->index + 1, inner.message);
	ys_error_detail(err, "%s", inner.detail);
	ys_error_hint(err, "%s", inner.hint);
	return false;
}

static bool
refuse_feature(Collection *collection, const char *what, const char *hint)
{
	ys_error_set(collection->err, YS_ERR_INVALID_GEOJSON, "%s", what);
	ys_error_detail(collection->err, "A feature is {\"type\": \"Feature\", \"properties\": {\"%.*s\": ...}, "
					"\"geometry\": {...}}.",
					(int) ys_string_cut(collection->name_property, strlen(collection->name_property), 60),
					collection->name_property);
	ys_error_hint(collection->err, "%s", hint);
	return name_feature(collection);
}

static bool
is_name(const char *name, size_t len, const char *wanted)
{
	return len == strlen(wanted) && memcmp(name, wanted, len) == 0;
}

/* Is this node the string wanted? */
static bool
check_type(Collection *collection, YsJsonNode *node, const char *wanted, bool *is_wanted)
{
	const char *type;
	size_t		len;

	*is_wanted = false;
	if (ys_json_kind(node) != YS_JSON_STRING)
		return true;
	if (!ys_json_string(node, &type, &len, collection->err))
		return false;
	*is_wanted = is_name(type, len, wanted);
	return true;
}

static bool
visit_property(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Collection *collection = arg;

	if (!is_name(name, len, collection->name_property) || ys_json_kind(value) != YS_JSON_STRING)
		return true;
	return ys_json_string(value, &collection->name, &collection->name_len, collection->err);
}

static bool
visit_feature_member(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Collection *collection = arg;

	if (is_name(name, len, "type"))
		return check_type(collection, value, "Feature", &collection->is_feature);
	if (is_name(name, len, "properties") && ys_json_kind(value) == YS_JSON_OBJECT)
		return ys_json_each_member(value, visit_property, collection, collection->err);
	if (is_name(name, len, "geometry") && ys_json_kind(value) != YS_JSON_NULL)
		return ys_json_raw(value, &collection->geometry, &collection->geometry_len,
						   collection->err);
	return true;
}

static bool
visit_feature(void *arg, size_t index, YsJsonNode *node)
{
	Collection *collection = arg;
	YsBoundary	boundary;

	collection->index = (int) index;
	collection->is_feature = false;
	collection->name = NULL;
	collection->name_len = 0;
	collection->geometry = NULL;
	collection->geometry_len = 0;
	if (ys_json_kind(node) != YS_JSON_OBJECT)
		return refuse_feature(collection, "it is not a JSON object", "Leave it out of the collection.");
	if (!ys_json_each_member(node, visit_feature_member, collection, collection->err))
		return false;
	if (!collection->is_feature)
		return refuse_feature(collection, "its type is not Feature", "Correct its member \"type\".");
	if (collection->geometry == NULL)
		return refuse_feature(collection, "it has no geometry",
							  "Give it a Polygon or MultiPolygon, or leave it out of the collection.");
	if (collection->name != NULL && ys_string_check(collection->name, collection->name_len) != NULL)
		return refuse_feature(collection, "its name contains U+0000", "Take that character out.");
	ys_arena_reset(collection->scratch);
	if (!ys_boundary_read(collection->geometry_reader, collection->geometry,
						  collection->geometry_len, collection->scratch, &boundary,
						  collection->err))
	{
		if (collection->err == NULL || collection->err->code != YS_ERR_INVALID_GEOJSON)
			return false;
		return name_feature(collection);
	}
	return collection->fn(collection->arg, collection->index, collection->name, collection->name_len,
						  collection->geometry, collection->geometry_len);
}

static bool
visit_member(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Collection *collection = arg;

	if (is_name(name, len, "type"))
		return check_type(collection, value, "FeatureCollection", &collection->has_type);
	if (!is_name(name, len, "features"))
		return true;
	if (ys_json_kind(value) != YS_JSON_ARRAY)
		return refuse(collection, "its features are not an array");
	collection->has_features = true;
	return ys_json_each_element(value, visit_feature, collection, collection->err);
}

static bool
visit_root(void *arg, YsJsonNode *root)
{
	Collection *collection = arg;

	if (ys_json_kind(root) != YS_JSON_OBJECT)
		return refuse(collection, "it is not a JSON object");
	if (!ys_json_each_member(root, visit_member, collection, collection->err))
		return false;
	if (!collection->has_type)
		return refuse(collection, "its type is not FeatureCollection");
	if (!collection->has_features)
		return refuse(collection, "it has no features");
	return true;
}

bool
ys_area_read_geojson(const char *json, size_t len, const char *name_property,
					 YsArena *arena, YsFeatureFn fn, void *arg, YsError *err)
{
	YsArena		scratch;
	Collection	collection = {
		.geometry_reader = ys_json_reader_create(), .scratch = &scratch,
		.name_property = name_property, .fn = fn, .arg = arg, .err = err
	};
	bool		ok;

	if (collection.geometry_reader == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory while reading GeoJSON");
	ys_arena_init(&scratch, arena->source, 0);
	ok = ys_policy_read_json(arena, json, len, YS_ERR_INVALID_GEOJSON, visit_root, &collection, err);
	ys_arena_free(&scratch);
	ys_json_reader_destroy(collection.geometry_reader);
	return ok;
}
