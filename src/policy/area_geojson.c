/*-------------------------------------------------------------------------
 * area_geojson.c
 *	  Reading GeoJSON (RFC 7946) feature by feature.
 *
 * Members come in any order: what may be a collection and what may be a
 * feature is noted in passing, and at the end the type says which of the two
 * it was.
 *-------------------------------------------------------------------------
 */
#include "policy/area.h"

#include <string.h>

#include "policy/boundary.h"
#include "policy/read_json.h"

typedef enum ObjectType
{
	OTHER_TYPE,
	FEATURE,
	FEATURE_COLLECTION
} ObjectType;

typedef struct Reading
{
	YsJsonReader *geometry_reader;
	YsArena    *scratch;		/* of the current feature */
	const YsFeatureProperties *properties;
	YsFeatureFn fn;
	void	   *arg;
	YsError    *err;
	ObjectType	root_type;
	bool		has_features;

	/* the current feature */
	ObjectType	type;
	YsFeature	feature;
} Reading;

static bool
refuse(Reading *reading, const char *what)
{
	ys_error_set(reading->err, YS_ERR_INVALID_GEOJSON, "invalid GeoJSON: %s", what);
	ys_error_detail(reading->err, "Areas are read from a Feature, or from {\"type\": \"FeatureCollection\", "
					"\"features\": [...]}.");
	ys_error_hint(reading->err, "Give a FeatureCollection whose features are Polygons or MultiPolygons.");
	return false;
}

/* Say which feature the error is about, counted from 1. */
static bool
name_feature(Reading *reading)
{
	YsError    *err = reading->err;
	YsError		inner;

	if (err == NULL)
		return false;
	inner = *err;
	ys_error_set(err, inner.code, "feature %d: %s", reading->feature.index + 1, inner.message);
	ys_error_detail(err, "%s", inner.detail);
	ys_error_hint(err, "%s", inner.hint);
	return false;
}

static bool
refuse_feature(Reading *reading, const char *what, const char *hint)
{
	const char *name = reading->properties->name;

	ys_error_set(reading->err, YS_ERR_INVALID_GEOJSON, "%s", what);
	ys_error_detail(reading->err, "A feature is {\"type\": \"Feature\", \"properties\": {\"%.*s\": ...}, "
					"\"geometry\": {...}}.", (int) ys_string_cut(name, strlen(name), 60), name);
	ys_error_hint(reading->err, "%s", hint);
	return name_feature(reading);
}

static bool
is_name(const char *name, size_t len, const char *wanted)
{
	return wanted != NULL && len == strlen(wanted) && memcmp(name, wanted, len) == 0;
}

/* ---- properties ---- */

static bool
read_string(Reading *reading, YsJsonNode *node, YsSlice *text)
{
	size_t		len;

	if (!ys_json_string(node, &text->bytes, &len, reading->err))
		return false;
	text->len = (uint32_t) len;
	return true;
}

static bool
add_alias(void *arg, size_t index, YsJsonNode *node)
{
	Reading    *reading = arg;
	YsFeature  *feature = &reading->feature;
	YsSlice		alias;

	(void) index;
	if (ys_json_kind(node) != YS_JSON_STRING)
		return refuse_feature(reading, "an alias is not a string",
							  "Give aliases as strings, or as lists of strings.");
	if (!read_string(reading, node, &alias))
		return false;
	if (alias.len == 0)
		return true;
	if (ys_string_check(alias.bytes, alias.len) != NULL)
		return refuse_feature(reading, "an alias contains U+0000", "Take that character out.");
	feature->aliases = ys_boundary_grow(reading->scratch, feature->aliases, feature->naliases,
										sizeof(YsSlice));
	if (feature->aliases == NULL)
		return ys_error_set(reading->err, YS_ERR_OUT_OF_MEMORY, "out of memory while reading GeoJSON");
	feature->aliases[feature->naliases++] = alias;
	return true;
}

static bool
visit_alias(Reading *reading, YsJsonNode *value)
{
	if (ys_json_kind(value) == YS_JSON_ARRAY)
		return ys_json_each_element(value, add_alias, reading, reading->err);
	return ys_json_kind(value) == YS_JSON_NULL || add_alias(reading, 0, value);
}

static bool
visit_property(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Reading    *reading = arg;
	const YsFeatureProperties *properties = reading->properties;
	bool		is_string = ys_json_kind(value) == YS_JSON_STRING;

	/* a node may be read once: one property that is several things is the first of them */
	if (is_name(name, len, properties->name))
		return !is_string || read_string(reading, value, &reading->feature.name);
	if (is_name(name, len, properties->parent))
	{
		if (!is_string && ys_json_kind(value) != YS_JSON_NULL)
			return refuse_feature(reading, "its parent is not a string", "Give the name of the parent area.");
		return !is_string || read_string(reading, value, &reading->feature.parent);
	}
	for (int i = 0; i < properties->naliases; i++)
	{
		if (is_name(name, len, properties->aliases[i]))
			return visit_alias(reading, value);
	}
	return true;
}

/* ---- features ---- */

/* Is this node the string wanted? */
static bool
read_type(Reading *reading, YsJsonNode *node, ObjectType *type)
{
	YsSlice		text;

	*type = OTHER_TYPE;
	if (ys_json_kind(node) != YS_JSON_STRING)
		return true;
	if (!read_string(reading, node, &text))
		return false;
	if (is_name(text.bytes, text.len, "Feature"))
		*type = FEATURE;
	else if (is_name(text.bytes, text.len, "FeatureCollection"))
		*type = FEATURE_COLLECTION;
	return true;
}

static void
begin_feature(Reading *reading, int index)
{
	ys_arena_reset(reading->scratch);
	reading->type = OTHER_TYPE;
	reading->feature = (YsFeature) {.index = index};
}

static bool
visit_feature_member(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Reading    *reading = arg;
	size_t		geometry_len;

	if (is_name(name, len, "type"))
		return read_type(reading, value, &reading->type);
	if (is_name(name, len, "properties") && ys_json_kind(value) == YS_JSON_OBJECT)
		return ys_json_each_member(value, visit_property, reading, reading->err);
	if (is_name(name, len, "geometry") && ys_json_kind(value) != YS_JSON_NULL)
	{
		if (!ys_json_raw(value, &reading->feature.geometry.bytes, &geometry_len, reading->err))
			return false;
		reading->feature.geometry.len = (uint32_t) geometry_len;
	}
	return true;
}

static bool
end_feature(Reading *reading)
{
	YsFeature  *feature = &reading->feature;
	YsBoundary	boundary;

	if (feature->geometry.bytes == NULL)
		return refuse_feature(reading, "it has no geometry",
							  "Give it a Polygon or MultiPolygon, or leave it out of the collection.");
	if (feature->name.bytes != NULL && ys_string_check(feature->name.bytes, feature->name.len) != NULL)
		return refuse_feature(reading, "its name contains U+0000", "Take that character out.");
	if (feature->parent.bytes != NULL && ys_string_check(feature->parent.bytes, feature->parent.len) != NULL)
		return refuse_feature(reading, "its parent contains U+0000", "Take that character out.");
	if (!ys_boundary_read(reading->geometry_reader, feature->geometry.bytes, feature->geometry.len,
						  reading->scratch, &boundary, reading->err))
	{
		if (reading->err == NULL || reading->err->code != YS_ERR_INVALID_GEOJSON)
			return false;
		return name_feature(reading);
	}
	return reading->fn(reading->arg, feature);
}

static bool
visit_feature(void *arg, size_t index, YsJsonNode *node)
{
	Reading    *reading = arg;

	begin_feature(reading, (int) index);
	if (ys_json_kind(node) != YS_JSON_OBJECT)
		return refuse_feature(reading, "it is not a JSON object", "Leave it out of the collection.");
	if (!ys_json_each_member(node, visit_feature_member, reading, reading->err))
		return false;
	if (reading->type != FEATURE)
		return refuse_feature(reading, "its type is not Feature", "Correct its member \"type\".");
	return end_feature(reading);
}

/* ---- the root ---- */

static bool
visit_member(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Reading    *reading = arg;

	if (is_name(name, len, "type"))
		return read_type(reading, value, &reading->root_type);
	if (!is_name(name, len, "features"))
		return visit_feature_member(reading, name, len, value);
	if (ys_json_kind(value) != YS_JSON_ARRAY)
		return refuse(reading, "its features are not an array");
	reading->has_features = true;
	return ys_json_each_element(value, visit_feature, reading, reading->err);
}

static bool
visit_root(void *arg, YsJsonNode *root)
{
	Reading    *reading = arg;

	if (ys_json_kind(root) != YS_JSON_OBJECT)
		return refuse(reading, "it is not a JSON object");
	begin_feature(reading, 0);
	if (!ys_json_each_member(root, visit_member, reading, reading->err))
		return false;
	if (reading->root_type == FEATURE && !reading->has_features)
		return end_feature(reading);
	if (reading->root_type != FEATURE_COLLECTION)
		return refuse(reading, "its type is neither FeatureCollection nor Feature");
	if (!reading->has_features)
		return refuse(reading, "it has no features");
	return true;
}

bool
ys_area_read_geojson(const char *json, size_t len, const YsFeatureProperties *properties,
					 YsArena *arena, YsFeatureFn fn, void *arg, YsError *err)
{
	YsArena		scratch;
	Reading		reading = {
		.geometry_reader = ys_json_reader_create(), .scratch = &scratch,
		.properties = properties, .fn = fn, .arg = arg, .err = err
	};
	bool		ok;

	if (reading.geometry_reader == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory while reading GeoJSON");
	ys_arena_init(&scratch, arena->source, 0);
	ok = ys_policy_read_json(arena, json, len, YS_ERR_INVALID_GEOJSON, visit_root, &reading, err);
	ys_arena_free(&scratch);
	ys_json_reader_destroy(reading.geometry_reader);
	return ok;
}
