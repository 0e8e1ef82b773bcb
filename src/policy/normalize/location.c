/*-------------------------------------------------------------------------
 * location.c
 *	  Positions on the globe (WGS 84), in the shapes documents have them.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/location.h"

#include <string.h>

static bool
is_absent(const YsValue *value)
{
	return value == NULL || value->type == YS_TYPE_NULL ||
		(value->type == YS_TYPE_STRING &&
		 ys_string_trim((YsSlice) {value->bytes, value->len}).len == 0);
}

/* Two trimmed texts; NULL, or why they are no position. */
static const char *
read_position(YsSlice lat, YsSlice lon, YsPosition *position)
{
	if (!ys_double_parse(lat, &position->lat))
		return "latitude is not a number";
	if (!ys_double_parse(lon, &position->lon))
		return "longitude is not a number";
	if (position->lat > 90 || position->lat < -90)
		return "latitude out of range";
	if (position->lon > 180 || position->lon < -180)
		return "longitude out of range";
	if (position->lat == 0 && position->lon == 0)
		return "latitude and longitude are both 0";
	return NULL;
}

/* The text of a number or string; an empty one, which is no number, of anything else. */
static YsSlice
text_of(const YsValue *value)
{
	if (value->type == YS_TYPE_NUMBER)
		return (YsSlice) {value->bytes, value->len};
	if (value->type == YS_TYPE_STRING)
		return ys_string_trim((YsSlice) {value->bytes, value->len});
	return (YsSlice) {"", 0};
}

YsUse
ys_location_from_pair(const YsValue *lat, const YsValue *lon,
					  YsPosition *position, const char **reason)
{
	bool		no_lat = is_absent(lat);
	bool		no_lon = is_absent(lon);

	if (no_lat && no_lon)
		return YS_USE_ABSENT;
	if (no_lat)
		*reason = "longitude without latitude";
	else if (no_lon)
		*reason = "latitude without longitude";
	else
		*reason = read_position(text_of(lat), text_of(lon), position);
	return *reason == NULL ? YS_USE_TAKEN : YS_USE_REJECTED;
}

static YsUse
from_string(YsSlice text, YsPosition *position, const char **reason)
{
	const char *comma = memchr(text.bytes, ',', text.len);
	YsSlice		lat;
	YsSlice		lon;

	if (comma == NULL)
	{
		*reason = "not a location";
		return YS_USE_REJECTED;
	}
	lat = (YsSlice) {text.bytes, (uint32_t) (comma - text.bytes)};
	lon = (YsSlice) {comma + 1, text.len - lat.len - 1};
	*reason = read_position(ys_string_trim(lat), ys_string_trim(lon), position);
	return *reason == NULL ? YS_USE_TAKEN : YS_USE_REJECTED;
}

/* The first of a map's members that goes by one of these names. */
static const YsValue *
member_of(const YsValue *map, const char *const *names)
{
	const YsValue *value = NULL;

	for (; *names != NULL && value == NULL; names++)
		value = ys_value_member(map, *names, strlen(*names));
	return value;
}

static YsUse
from_map(const YsValue *map, YsPosition *position, const char **reason)
{
	static const char *const lat_names[] = {"lat", "latitude", NULL};
	static const char *const lon_names[] = {"lon", "lng", "long", "longitude", NULL};
	const YsValue *coordinates = ys_value_member(map, "coordinates", strlen("coordinates"));
	const YsValue *lat;
	const YsValue *lon;

	if (coordinates != NULL)
	{
		const YsValue *type = ys_value_member(map, "type", strlen("type"));

		if (type == NULL || type->type != YS_TYPE_STRING || type->len != strlen("Point") ||
			memcmp(type->bytes, "Point", type->len) != 0 ||
			coordinates->type != YS_TYPE_LIST || coordinates->len < 2)
		{
			*reason = "not a GeoJSON Point";
			return YS_USE_REJECTED;
		}
		return ys_location_from_pair(&coordinates->elements[1], &coordinates->elements[0],
									 position, reason);
	}
	lat = member_of(map, lat_names);
	lon = member_of(map, lon_names);
	if (lat == NULL && lon == NULL)
	{
		*reason = "not a location";
		return YS_USE_REJECTED;
	}
	return ys_location_from_pair(lat, lon, position, reason);
}

YsUse
ys_location_from_value(const YsValue *value, YsPosition *position, const char **reason)
{
	if (is_absent(value))
		return YS_USE_ABSENT;
	if (value->type == YS_TYPE_STRING)
		return from_string(text_of(value), position, reason);
	if (value->type == YS_TYPE_MAP)
		return from_map(value, position, reason);
	*reason = "not a location";
	return YS_USE_REJECTED;
}
