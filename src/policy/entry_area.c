/*-------------------------------------------------------------------------
 * entry_area.c
 *	  Applying a policy to an item: its location and its area.
 *
 * What the item names comes first: of all its names, in the order of the
 * paths, the first that an area has.  They are kept with the entry, decided
 * or not, so that the area can be told again from the entry alone when the
 * areas have changed.
 *-------------------------------------------------------------------------
 */
#include "policy/applying.h"

#include <string.h>

#include "policy/area.h"
#include "policy/normalize/geohash.h"

/* Bytes of all names of an item together; what lies past them names nothing. */
#define NAMES_MAX		8000

static void
tell(const YsApplication *application, int field, const char *path, const YsValue *value, YsUse use,
	 const char *reason)
{
	ys_apply_tell(application, &(YsConsidered) {
			field, path, value, use, use == YS_USE_REJECTED ? reason : NULL, NULL
		});
}

/* ---- locations ---- */

/* The two values that were to be a location, as one map. */
static bool
pair_value(YsApplication *application, const YsValue *lat, const YsValue *lon, const YsValue **pair)
{
	YsValue    *map = ys_arena_alloc_zero(application->arena, sizeof(YsValue) + 2 * sizeof(YsMember));
	YsMember   *members;

	if (map == NULL)
		return false;
	members = (YsMember *) (map + 1);
	map->type = YS_TYPE_MAP;
	map->len = 2;
	map->members = members;
	members[0] = (YsMember) {"lat", 3, lat != NULL ? *lat : ys_value_null()};
	members[1] = (YsMember) {"lon", 3, lon != NULL ? *lon : ys_value_null()};
	*pair = map;
	return true;
}

/* Where they are; NULL when the arena is exhausted. */
static const char *
pair_path(const YsApplication *application, int number)
{
	const YsAreaRules *rules = &application->policy->area;
	YsText		text;

	ys_text_init(&text, application->arena);
	ys_text_add_cstring(&text, rules->lats.items[number].text);
	ys_text_add_cstring(&text, ", ");
	ys_text_add_cstring(&text, rules->lons.items[number].text);
	return text.failed ? NULL : text.bytes;
}

/* A geohash can be too short to tell the area. */
static YsUse
read_location(const YsAreaRules *rules, const YsValue *value, YsPosition *position, const char **reason)
{
	YsUse		use = ys_location_from_value(&rules->location, value, position, reason);

	if (use == YS_USE_TAKEN && position->geohash_len > 0 && position->geohash_len < rules->geohash_length)
	{
		*reason = "geohash shorter than the areas";
		use = YS_USE_REJECTED;
	}
	return use;
}

/* The first usable location; false when the arena is exhausted. */
static bool
apply_location(YsApplication *application, YsUnusable *unusable)
{
	const YsAreaRules *rules = &application->policy->area;
	YsEntry    *entry = application->entry;
	YsPosition	position;
	const char *reason;
	YsUse		use = YS_USE_ABSENT;

	for (int i = 0; i < rules->lats.count && use != YS_USE_TAKEN; i++)
	{
		const YsValue *lat = ys_apply_first_value(application, &rules->lats.items[i]);
		const YsValue *lon = ys_apply_first_value(application, &rules->lons.items[i]);
		const YsValue *pair;

		use = ys_location_from_pair(lat, lon, &position, &reason);
		if (use == YS_USE_ABSENT)
			continue;
		if (application->trace != NULL || (use == YS_USE_REJECTED && unusable->reason == NULL))
		{
			if (!pair_value(application, lat, lon, &pair))
				return false;
			if (application->trace != NULL)
			{
				const char *path = pair_path(application, i);

				if (path == NULL)
					return false;
				tell(application, YS_CONSIDERED_LOCATION, path, pair, use, reason);
			}
			if (use == YS_USE_REJECTED)
				ys_apply_note(unusable, pair, reason);
		}
	}
	for (int i = 0; i < rules->locations.count && use != YS_USE_TAKEN; i++)
	{
		const YsValue *value = ys_apply_first_value(application, &rules->locations.items[i]);

		use = read_location(rules, value, &position, &reason);
		if (use == YS_USE_ABSENT)
			continue;
		tell(application, YS_CONSIDERED_LOCATION, rules->locations.items[i].text, value, use, reason);
		if (use == YS_USE_REJECTED)
			ys_apply_note(unusable, value, reason);
	}
	if (use == YS_USE_TAKEN)
	{
		entry->located = true;
		entry->lat = position.lat;
		entry->lon = position.lon;
	}
	return true;
}

/* ---- names ---- */

typedef struct Naming
{
	const YsApplication *application;
	const char *path;			/* under way */
	const char *area;
	YsUnusable *unusable;
	YsSlice		names;			/* one a line */
	YsText		text;			/* where they are, once there are several */
	bool		no_memory;
} Naming;

/* Is name one of the lines? */
static bool
has_name(YsSlice names, YsSlice name)
{
	const char *p = names.bytes;
	const char *end = p + names.len;

	for (;;)
	{
		const char *line_end = memchr(p, '\n', (size_t) (end - p));

		if (line_end == NULL)
			line_end = end;
		if ((size_t) (line_end - p) == name.len && memcmp(p, name.bytes, name.len) == 0)
			return true;
		if (line_end == end)
			return false;
		p = line_end + 1;
	}
}

/* False when there is no room for the name; no_memory tells why. */
static bool
add_name(Naming *naming, YsSlice name)
{
	if (naming->names.len == 0)
	{
		if (name.len > NAMES_MAX)
			return false;
		naming->names = name;
		return true;
	}
	if (has_name(naming->names, name))
		return true;
	if (naming->names.len + 1 + name.len > NAMES_MAX)
		return false;
	if (naming->text.bytes == NULL)
	{
		ys_text_init(&naming->text, naming->application->arena);
		ys_text_add(&naming->text, naming->names.bytes, naming->names.len);
	}
	ys_text_add(&naming->text, "\n", 1);
	ys_text_add(&naming->text, name.bytes, name.len);
	naming->no_memory = naming->text.failed;
	naming->names = (YsSlice) {naming->text.bytes, (uint32_t) naming->text.len};
	return !naming->no_memory;
}

/* The name that a value is. */
static YsUse
read_name(Naming *naming, YsNormalizing *normalizing, const YsValue *value, YsSlice *name)
{
	YsCell		cell;
	YsUse		use = ys_normalize_text(normalizing, value, &cell);

	if (use != YS_USE_TAKEN)
		return use;
	*name = (YsSlice) {cell.bytes, cell.len};
	if (!ys_string_collapse(normalizing->arena, name))
		return YS_USE_NO_MEMORY;
	if (name->len == 0)
		return YS_USE_ABSENT;
	if (add_name(naming, *name))
		return YS_USE_TAKEN;
	return naming->no_memory ? YS_USE_NO_MEMORY :
		ys_normalize_reject(normalizing, "more than 8,000 bytes of names");
}

/* All names are kept; those behind the one that decides are not looked up. */
static bool
consider_name(void *arg, const YsValue *value)
{
	static const YsRules no_rules;
	Naming	   *naming = arg;
	const YsBindings *bindings = naming->application->bindings;
	YsNormalizing normalizing = {&no_rules, bindings, naming->application->arena, NULL};
	YsSlice		name;
	YsUse		use = read_name(naming, &normalizing, value, &name);

	if (use == YS_USE_NO_MEMORY)
		naming->no_memory = true;
	if (naming->no_memory || naming->area != NULL || bindings->areas == NULL)
		return !naming->no_memory;
	if (use == YS_USE_TAKEN)
	{
		naming->area = ys_area_map_find(bindings->areas, name, &normalizing.reason);
		if (naming->area == NULL)
			use = YS_USE_REJECTED;
	}
	tell(naming->application, YS_CONSIDERED_AREA, naming->path, value, use, normalizing.reason);
	if (use == YS_USE_REJECTED)
		ys_apply_note(naming->unusable, value, normalizing.reason);
	return true;
}

/* ---- the area ---- */

/* The area of a location; NULL when the arena is exhausted. */
static const char *
area_at(const YsPolicy *policy, const YsBindings *bindings, YsArena *arena, double lat, double lon)
{
	const char *area = NULL;

	if (policy->area.kind == YS_AREA_FROM_GEOHASH)
	{
		char		geohash[YS_GEOHASH_MAX];

		ys_geohash_encode(lat, lon, policy->area.geohash_length, geohash);
		return ys_arena_copy(arena, geohash, (size_t) policy->area.geohash_length);
	}
	if (bindings->areas != NULL)
		area = ys_area_map_locate(bindings->areas, lat, lon);
	return area != NULL ? area : YS_AREA_UNLOCATED;
}

bool
ys_apply_area(YsApplication *application)
{
	const YsAreaRules *rules = &application->policy->area;
	YsEntry    *entry = application->entry;
	YsUnusable	unusable = {NULL, NULL};
	Naming		naming = {.application = application, .unusable = &unusable};

	for (int i = 0; i < rules->values.count && !naming.no_memory; i++)
	{
		naming.path = rules->values.items[i].text;
		(void) ys_apply_each_value(application, &rules->values.items[i], consider_name, &naming,
								   &unusable);
	}
	if (naming.no_memory || !apply_location(application, &unusable))
		return false;
	entry->area_value = naming.names.bytes;
	entry->area_value_len = naming.names.len;
	entry->area_seen = entry->area_value != NULL || entry->located || unusable.reason != NULL;
	if (naming.area != NULL)
	{
		entry->area = naming.area;
		entry->area_by = YS_AREA_BY_VALUE;
	}
	else if (entry->located)
	{
		entry->area = area_at(application->policy, application->bindings, application->arena,
							  entry->lat, entry->lon);
		if (entry->area != NULL && strcmp(entry->area, YS_AREA_UNLOCATED) != 0)
			entry->area_by = YS_AREA_BY_LOCATION;
	}
	return entry->area != NULL &&
		ys_apply_reject(application, "area", YS_REJECTED_SAMPLE, &unusable);
}

const char *
ys_policy_area_of(const YsPolicy *policy, const YsBindings *bindings,
				  const char *area_value, size_t len, bool located, double lat, double lon,
				  YsArena *arena)
{
	bool		has_names = bindings->areas != NULL && policy->area.values.count > 0;

	for (size_t at = 0; at < len && has_names;)
	{
		const char *line_end = memchr(area_value + at, '\n', len - at);
		size_t		line_len = line_end != NULL ? (size_t) (line_end - area_value) - at : len - at;
		const char *reason;
		const char *area = ys_area_map_find(bindings->areas, (YsSlice) {
				area_value + at, (uint32_t) line_len
			}, &reason);

		if (area != NULL)
			return area;
		at += line_len + 1;
	}
	return located ? area_at(policy, bindings, arena, lat, lon) : YS_AREA_UNLOCATED;
}
