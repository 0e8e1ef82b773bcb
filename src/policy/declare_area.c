/*-------------------------------------------------------------------------
 * declare_area.c
 *	  Compiling the declaration of a policy's area: its forms are in policy.h.
 *-------------------------------------------------------------------------
 */
#include "policy/declare.h"

#include <string.h>

#include "policy/normalize/geohash.h"
#include "policy/normalize/number.h"

#define DEFAULT_LEVEL	"country"

/* What an area's declaration has, NULL where it has it not; a nested location has some of it. */
typedef struct AreaKeys
{
	const YsValue *kind;
	const YsValue *level;
	const YsValue *lat;
	const YsValue *lon;
	const YsValue *paths;
	const YsValue *order;
	const YsValue *format;
	const YsValue *length;
	const YsValue *location;
	const YsValue *index;
} AreaKeys;

static bool
read_keys(YsCompiler *compiler, const YsValue *object, AreaKeys *keys)
{
	const YsKey known[] = {
		{"kind", &keys->kind}, {"level", &keys->level}, {"lat", &keys->lat}, {"lon", &keys->lon},
		{"paths", &keys->paths}, {"order", &keys->order}, {"format", &keys->format},
		{"length", &keys->length}, {"location", &keys->location},
		{"index", &keys->index}
	};

	return ys_declare_keys(compiler, object, known, (int) (sizeof(known) / sizeof(known[0])));
}

/* How whole locations are read. */
static bool
compile_location_rules(YsCompiler *compiler, const AreaKeys *keys, YsLocationRules *rules)
{
	static const char *const orders[] = {"lat_lon", "lon_lat"};
	static const char *const formats[] = {"any", "geohash"};
	int			choice;

	if (!ys_declare_choice(compiler, keys->order, "order", orders, 2, &choice))
		return false;
	if (keys->order != NULL)
		rules->order = choice == 0 ? YS_ORDER_LAT_LON : YS_ORDER_LON_LAT;
	if (!ys_declare_choice(compiler, keys->format, "format", formats, 2, &choice))
		return false;
	rules->geohash = choice == 1;
	return true;
}

/* Of the location column. */
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

static bool
compile_location(YsCompiler *compiler, const AreaKeys *keys, YsAreaRules *area)
{
	if (!ys_declare_sources(compiler, keys->lat, "lat", &area->lats) ||
		!ys_declare_sources(compiler, keys->lon, "lon", &area->lons) ||
		!ys_declare_sources(compiler, keys->paths, "paths", &area->locations) ||
		!compile_location_rules(compiler, keys, &area->location))
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
	return compile_index(compiler, keys->index, area);
}

/* The keys that only some kinds have are refused in the others. */
static bool
refuse_key(YsCompiler *compiler, const YsValue *value, const char *key, const char *what)
{
	if (value == NULL)
		return true;
	return ys_declare_refuse(compiler, "%s has no %s", what, key);
}

/* The location of an area of kind value, as area_from_location() returns it or without kind and level. */
static bool
compile_nested_location(YsCompiler *compiler, const YsValue *object, YsAreaRules *area)
{
	AreaKeys	keys;
	YsSlice		text;

	if (!read_keys(compiler, object, &keys))
		return false;
	if (keys.kind != NULL)
	{
		if (!ys_declare_string(compiler, keys.kind, "kind", &text))
			return false;
		if (!ys_string_is(text, "location"))
		{
			ys_declare_refuse(compiler, "its location is none");
			return ys_declare_advise(compiler, "Build it with yottastore.area_from_location().",
									 "It is of kind \"%.*s\".", (int) ys_string_cut(text.bytes, text.len, 60),
									 text.bytes);
		}
	}
	if (!refuse_key(compiler, keys.location, "location", "a location") ||
		!refuse_key(compiler, keys.length, "length", "a location"))
		return false;
	if (keys.level != NULL)
	{
		if (!ys_declare_string(compiler, keys.level, "level", &text))
			return false;
		if (text.len != strlen(area->level) || memcmp(text.bytes, area->level, text.len) != 0)
		{
			ys_declare_refuse(compiler, "its location is of another level");
			return ys_declare_advise(compiler, "Leave out the level of area_from_location().",
									 "Areas are of level \"%.*s\", and those of the location of \"%.*s\".",
									 (int) ys_string_cut(area->level, strlen(area->level), 60), area->level,
									 (int) ys_string_cut(text.bytes, text.len, 60), text.bytes);
		}
	}
	return compile_location(compiler, &keys, area);
}

static bool
compile_from_location(YsCompiler *compiler, const AreaKeys *keys, YsAreaRules *area)
{
	area->kind = YS_AREA_FROM_LOCATION;
	return refuse_key(compiler, keys->location, "location", "an area of kind location") &&
		refuse_key(compiler, keys->length, "length", "an area of kind location") &&
		compile_location(compiler, keys, area);
}

static bool
compile_from_value(YsCompiler *compiler, const AreaKeys *keys, YsAreaRules *area)
{
	static const char what[] = "an area of kind value";

	area->kind = YS_AREA_FROM_VALUE;
	if (!refuse_key(compiler, keys->lat, "lat", what) || !refuse_key(compiler, keys->lon, "lon", what) ||
		!refuse_key(compiler, keys->order, "order", what) ||
		!refuse_key(compiler, keys->format, "format", what) ||
		!refuse_key(compiler, keys->length, "length", what) ||
		!ys_declare_sources(compiler, keys->paths, "paths", &area->values))
		return false;
	if (area->values.count == 0)
	{
		ys_declare_refuse(compiler, "it has no paths to a value");
		return ys_declare_advise(compiler, "Give the paths at which documents name their area.",
								 "No document could give it an area.");
	}
	return (keys->location == NULL || compile_nested_location(compiler, keys->location, area)) &&
		(keys->index == NULL || compile_index(compiler, keys->index, area));
}

static bool
compile_from_geohash(YsCompiler *compiler, const AreaKeys *keys, YsAreaRules *area)
{
	static const char what[] = "an area of kind geohash";
	double		length = 0;

	area->kind = YS_AREA_FROM_GEOHASH;
	if (!refuse_key(compiler, keys->level, "level", what) ||
		!refuse_key(compiler, keys->format, "format", what) ||
		!refuse_key(compiler, keys->location, "location", what) ||
		!compile_location(compiler, keys, area))
		return false;
	area->location.geohash = true;
	if (keys->length != NULL && keys->length->type == YS_TYPE_NUMBER)
		(void) ys_double_parse((YsSlice) {keys->length->bytes, keys->length->len}, &length);
	if (!(length >= 1 && length <= YS_GEOHASH_MAX) || length != (int) length)
	{
		ys_declare_refuse(compiler, "its length is not between 1 and %d", YS_GEOHASH_MAX);
		return ys_declare_advise(compiler, "Take 4 for some 30 km, 5 for 5 km, 6 for 1 km.",
								 "It is the number of characters of the geohashes that are areas.");
	}
	area->geohash_length = (int) length;
	return true;
}

bool
ys_declare_area(YsCompiler *compiler, const YsValue *object, YsAreaRules *area)
{
	AreaKeys	keys;
	YsSlice		kind;
	YsSlice		level = {DEFAULT_LEVEL, strlen(DEFAULT_LEVEL)};

	if (!read_keys(compiler, object, &keys) ||
		!ys_declare_string(compiler, keys.kind, "kind", &kind))
		return false;
	if (ys_string_is(kind, "geohash"))
		return compile_from_geohash(compiler, &keys, area);
	if (keys.level != NULL && !ys_declare_string(compiler, keys.level, "level", &level))
		return false;
	area->level = ys_arena_copy(compiler->arena, level.bytes, level.len);
	if (area->level == NULL)
		return ys_declare_out_of_memory(compiler);
	if (ys_string_is(kind, "location"))
		return compile_from_location(compiler, &keys, area);
	if (ys_string_is(kind, "value"))
		return compile_from_value(compiler, &keys, area);
	ys_declare_refuse(compiler, "unknown kind \"%.*s\"",
					  (int) ys_string_cut(kind.bytes, kind.len, 60), kind.bytes);
	return ys_declare_advise(compiler, "Build it with yottastore.area_from_location(), area_from_value() "
							 "or area_from_geohash().",
							 "It is location, value or geohash.");
}
