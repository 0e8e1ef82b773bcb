/*-------------------------------------------------------------------------
 * location.c
 *	  Positions on the globe (WGS 84), in the shapes documents have them.
 *
 * A map is looked at for a latitude and a longitude by name, then for what
 * says that it is GeoJSON, then for one member that is the location.  x and y
 * are names of nothing: they may as well be metres.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/location.h"

#include <string.h>

#include "policy/normalize/coordinate.h"

/* Locations in locations: a position in a geometry in a feature, and one more. */
#define MAX_DEPTH		4

static bool
is_absent(const YsValue *value)
{
	return value == NULL || value->type == YS_TYPE_NULL ||
		(value->type == YS_TYPE_STRING &&
		 ys_string_trim((YsSlice) {value->bytes, value->len}).len == 0);
}

/* ---- two values ---- */

/* A number, or a string that is one coordinate; NULL, or why not. */
static const char *
read_coordinate(const YsValue *value, YsCoordinate *coordinate)
{
	YsSlice		text;
	YsSlice		rest;
	const char *reason;

	if (value->type == YS_TYPE_NUMBER)
	{
		*coordinate = (YsCoordinate) {.axis = YS_AXIS_NONE};
		return ys_coordinate_double((YsSlice) {value->bytes, value->len}, &coordinate->degrees) ?
			NULL : YS_NOT_A_NUMBER;
	}
	if (value->type != YS_TYPE_STRING)
		return YS_NOT_A_NUMBER;
	text = ys_string_trim((YsSlice) {value->bytes, value->len});
	reason = ys_coordinate_parse(text, coordinate, &rest);
	return reason == NULL && rest.len > 0 ? YS_NOT_A_NUMBER : reason;
}

static const char *
read_pair(const YsValue *lat, const YsValue *lon, YsPosition *position)
{
	YsCoordinate coordinate;
	const char *reason = read_coordinate(lat, &coordinate);

	if (reason != NULL)
		return strcmp(reason, YS_NOT_A_NUMBER) == 0 ? "latitude is not a number" : reason;
	if (coordinate.axis == YS_AXIS_LON)
		return "two longitudes";
	position->lat = coordinate.degrees;
	reason = read_coordinate(lon, &coordinate);
	if (reason != NULL)
		return strcmp(reason, YS_NOT_A_NUMBER) == 0 ? "longitude is not a number" : reason;
	if (coordinate.axis == YS_AXIS_LAT)
		return "two latitudes";
	position->lon = coordinate.degrees;
	return ys_position_check(position);
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
		*reason = read_pair(lat, lon, position);
	return *reason == NULL ? YS_USE_TAKEN : YS_USE_REJECTED;
}

static YsUse
reject(const char **reason, const char *why)
{
	*reason = why;
	return YS_USE_REJECTED;
}

/* ---- lists ---- */

/* Two elements, or a third one that is an altitude. */
static YsUse
from_list(const YsValue *list, YsOrder order, YsPosition *position, const char **reason)
{
	int			lat = order == YS_ORDER_LAT_LON ? 0 : 1;

	if (list->len == 0)
		return YS_USE_ABSENT;
	if (order == YS_ORDER_NONE)
		return reject(reason, "a list, of which no order is declared");
	if (list->len < 2 || list->len > 3 || (list->len == 3 && list->elements[2].type != YS_TYPE_NUMBER))
		return reject(reason, YS_NOT_A_LOCATION);
	return ys_location_from_pair(&list->elements[lat], &list->elements[!lat], position, reason);
}

/* ---- maps ---- */

static const char *const lat_names[] = {
	"lat", "latitude", "latitud", "latitudine", "breite", "breitengrad", NULL
};

static const char *const lon_names[] = {
	"lon", "lng", "long", "longitude", "longitud", "longitudine", "l\xC3\xA4nge", "laenge",
	"l\xC3\xA4ngengrad", "laengengrad", NULL
};

/* What a map may have its location in. */
static const char *const location_names[] = {
	"location", "position", "coords", "coordinates", "coordinate", "geo", "gps", "point", "geometry",
	"latlng", "latlon", NULL
};

static bool
is_one_of(const YsMember *member, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (ys_string_is((YsSlice) {member->name, member->name_len}, *names))
			return true;
	}
	return false;
}

/* The one member by one of the names that has a value; false when several have.  named: some have none. */
static bool
find_member(const YsValue *map, const char *const *names, const YsValue **value, bool *named)
{
	*value = NULL;
	for (uint32_t i = 0; i < map->len; i++)
	{
		const YsMember *member = &map->members[i];

		if (!is_one_of(member, names))
			continue;
		if (is_absent(&member->value))
		{
			*named = true;
			continue;
		}
		if (*value != NULL)
			return false;
		*value = &member->value;
	}
	return true;
}

static bool
has_type(const YsValue *map, const char *wanted)
{
	const YsValue *type = ys_value_member(map, "type", strlen("type"));

	return type != NULL && type->type == YS_TYPE_STRING && type->len == strlen(wanted) &&
		memcmp(type->bytes, wanted, type->len) == 0;
}

static YsUse
from_geojson_point(const YsValue *coordinates, YsPosition *position, const char **reason)
{
	if (coordinates->type != YS_TYPE_LIST || coordinates->len < 2)
		return reject(reason, "not a GeoJSON Point");
	return ys_location_from_pair(&coordinates->elements[1], &coordinates->elements[0],
								 position, reason);
}

static YsUse from_value(const YsLocationRules *rules, const YsValue *value, int depth,
						YsPosition *position, const char **reason);

static YsUse
from_map(const YsLocationRules *rules, const YsValue *map, int depth,
		 YsPosition *position, const char **reason)
{
	const YsValue *lat;
	const YsValue *lon;
	const YsValue *inner;
	bool		named = false;

	if (!find_member(map, lat_names, &lat, &named))
		return reject(reason, "several latitudes");
	if (!find_member(map, lon_names, &lon, &named))
		return reject(reason, "several longitudes");
	if (lat != NULL || lon != NULL)
		return ys_location_from_pair(lat, lon, position, reason);
	inner = ys_value_member(map, "coordinates", strlen("coordinates"));
	if (inner != NULL && has_type(map, "Point"))
		return from_geojson_point(inner, position, reason);
	if (inner != NULL && inner->type == YS_TYPE_LIST &&
		(rules->order == YS_ORDER_NONE || ys_value_member(map, "type", strlen("type")) != NULL))
		return reject(reason, "not a GeoJSON Point");
	if (has_type(map, "Feature"))
	{
		/* a feature may be nowhere */
		inner = ys_value_member(map, "geometry", strlen("geometry"));
		named = is_absent(inner);
	}
	else if (!find_member(map, location_names, &inner, &named))
		return reject(reason, "several locations");
	if (is_absent(inner) && named)
		return YS_USE_ABSENT;
	if (inner == NULL || depth == MAX_DEPTH)
		return reject(reason, YS_NOT_A_LOCATION);
	return from_value(rules, inner, depth + 1, position, reason);
}

static YsUse
from_value(const YsLocationRules *rules, const YsValue *value, int depth,
		   YsPosition *position, const char **reason)
{
	YsSlice		text;

	if (is_absent(value))
		return YS_USE_ABSENT;
	if (value->type == YS_TYPE_MAP)
		return from_map(rules, value, depth, position, reason);
	if (value->type == YS_TYPE_LIST)
		return from_list(value, rules->order, position, reason);
	if (value->type != YS_TYPE_STRING)
		return reject(reason, YS_NOT_A_LOCATION);
	text = ys_string_trim((YsSlice) {value->bytes, value->len});
	*reason = ys_location_from_text(rules, text, position);
	return *reason == NULL ? YS_USE_TAKEN : YS_USE_REJECTED;
}

YsUse
ys_location_from_value(const YsLocationRules *rules, const YsValue *value,
					   YsPosition *position, const char **reason)
{
	position->geohash_len = 0;
	return from_value(rules, value, 1, position, reason);
}
