/*-------------------------------------------------------------------------
 * declare_area.c
 *	  Compiling the declaration of a policy's area.
 *
 * Besides what policy.h shows, an area of kind value may carry a location,
 * {"kind": "value", ..., "location": {"lat": [...], "lon": [...], "paths":
 * [...]}}, which decides where no declared value does.
 *-------------------------------------------------------------------------
 */
#include "policy/declare.h"

static bool
compile_location(YsCompiler *compiler, const YsValue *lat, const YsValue *lon,
				 const YsValue *paths, YsAreaRules *area)
{
	if (!ys_declare_sources(compiler, lat, "lat", &area->lats) ||
		!ys_declare_sources(compiler, lon, "lon", &area->lons) ||
		!ys_declare_sources(compiler, paths, "paths", &area->locations))
		return false;
	if (area->lats.count != area->lons.count)
	{
		ys_declare_refuse(compiler, "it has %d paths of latitudes and %d of longitudes",
						  area->lats.count, area->lons.count);
		return ys_declare_advise(compiler, "Give as many of the one as of the other.",
								 "The first latitude belongs to the first longitude, and so on.");
	}
	if (area->lats.count == 0 && area->locations.count == 0)
	{
		ys_declare_refuse(compiler, "it has no paths to a location");
		return ys_declare_advise(compiler, "Give lat and lon, or paths to whole locations.",
								 "No document could give it an area.");
	}
	return true;
}

static bool
compile_nested_location(YsCompiler *compiler, const YsValue *object, YsAreaRules *area)
{
	const YsValue *lat;
	const YsValue *lon;
	const YsValue *paths;
	const YsKey keys[] = {{"lat", &lat}, {"lon", &lon}, {"paths", &paths}};

	return ys_declare_keys(compiler, object, keys, 3) &&
		compile_location(compiler, lat, lon, paths, area);
}

/* Of the location column; the keys of the rest have been read. */
static bool
compile_index(YsCompiler *compiler, const YsValue *value, YsAreaRules *area)
{
	static const char *const methods[] = {"none", "gist"};
	int			choice;

	if (!ys_declare_choice(compiler, value, "index", methods, 2, &choice))
		return false;
	area->index = choice == 1 ? YS_INDEX_GIST : YS_INDEX_NONE;
	if (area->index == YS_INDEX_NONE || area->lats.count > 0 || area->locations.count > 0)
		return true;
	ys_declare_refuse(compiler, "it has an index and no location");
	return ys_declare_advise(compiler, "Leave index out.", "The index is on the location column.");
}

/* The keys that only one kind has are refused in the other. */
static bool
refuse_key(YsCompiler *compiler, const YsValue *value, const char *key, const char *kind)
{
	if (value == NULL)
		return true;
	return ys_declare_refuse(compiler, "an area of kind %s has no %s", kind, key);
}

bool
ys_declare_area(YsCompiler *compiler, const YsValue *object, YsAreaRules *area)
{
	const YsValue *kind;
	const YsValue *level;
	const YsValue *lat;
	const YsValue *lon;
	const YsValue *paths;
	const YsValue *location;
	const YsValue *index;
	const YsKey keys[] = {
		{"kind", &kind}, {"level", &level}, {"lat", &lat}, {"lon", &lon},
		{"paths", &paths}, {"location", &location}, {"index", &index}
	};
	YsSlice		text;

	if (!ys_declare_keys(compiler, object, keys, 7) ||
		!ys_declare_string(compiler, level, "level", &text))
		return false;
	area->level = ys_arena_copy(compiler->arena, text.bytes, text.len);
	if (area->level == NULL)
		return ys_declare_out_of_memory(compiler);
	if (!ys_declare_string(compiler, kind, "kind", &text))
		return false;
	if (ys_string_is(text, "location"))
		return refuse_key(compiler, location, "location", "location") &&
			compile_location(compiler, lat, lon, paths, area) &&
			compile_index(compiler, index, area);
	if (!ys_string_is(text, "value"))
	{
		ys_declare_refuse(compiler, "unknown kind \"%.*s\"",
						  (int) ys_string_cut(text.bytes, text.len, 60), text.bytes);
		return ys_declare_advise(compiler, "Build it with yottastore.area_from_location() or "
								 "yottastore.area_from_value().",
								 "It is location or value.");
	}
	if (!refuse_key(compiler, lat, "lat", "value") || !refuse_key(compiler, lon, "lon", "value") ||
		!ys_declare_sources(compiler, paths, "paths", &area->values))
		return false;
	if (area->values.count == 0)
	{
		ys_declare_refuse(compiler, "it has no paths to a value");
		return ys_declare_advise(compiler, "Give the paths at which documents name their area.",
								 "No document could give it an area.");
	}
	return (location == NULL || compile_nested_location(compiler, location, area)) &&
		compile_index(compiler, index, area);
}
