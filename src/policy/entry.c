/*-------------------------------------------------------------------------
 * entry.c
 *	  Applying a policy to an item.
 *
 * Of a field's values the usable ones are combined; the first that could not
 * be used is noted, whether or not another one could.
 *-------------------------------------------------------------------------
 */
#include "policy/compiled.h"

#include <string.h>

#include "policy/area.h"
#include "policy/normalize/location.h"

typedef struct Application
{
	const YsPolicy *policy;
	const YsBindings *bindings;
	const YsTrace *trace;		/* or NULL */
	const YsValue **attributes; /* the item's, by number; NULL where it has none */
	YsArena    *arena;
	YsEntry    *entry;
} Application;

/* The first value of something that could not be used, and why. */
typedef struct Unusable
{
	const YsValue *value;
	const char *reason;
} Unusable;

static void
note(Unusable *unusable, const YsValue *value, const char *reason)
{
	if (unusable->reason == NULL)
		*unusable = (Unusable) {value, reason};
}

/* Add what was noted to the entry; false when the arena is exhausted. */
static bool
add_rejection(Application *application, const char *field, uint32_t most, const Unusable *unusable)
{
	YsEntry    *entry = application->entry;
	YsRejection *rejection;

	if (unusable->reason == NULL)
		return true;
	if (entry->rejections == NULL)
	{
		/* At most one of each field and one of the area. */
		entry->rejections = ys_arena_alloc(application->arena, sizeof(YsRejection) *
										   (size_t) (application->policy->nfields + 1));
		if (entry->rejections == NULL)
			return false;
	}
	rejection = &entry->rejections[entry->nrejections++];
	rejection->field = field;
	rejection->reason = unusable->reason;
	return ys_rejected_print(unusable->value, most, application->arena, rejection);
}

static void
tell(const Application *application, const YsConsidered *considered)
{
	if (application->trace != NULL)
		application->trace->considered(application->trace->arg, considered);
}

/* ---- source paths ---- */

/*
 * Hand every value of the source to fn, up to a bound: what lies past it makes
 * the whole attribute unusable as well.
 */
typedef struct Walk
{
	YsPathFn	fn;
	void	   *arg;
	int			left;
	bool		stopped;		/* by fn */
} Walk;

static bool
walk_value(void *arg, const YsValue *value)
{
	Walk	   *walk = arg;

	if (walk->left-- == 0)
		return false;
	walk->stopped = !walk->fn(walk->arg, value);
	return !walk->stopped;
}

/* False when fn stopped the walk. */
static bool
each_value(const Application *application, const YsSource *source, YsPathFn fn, void *arg,
		   Unusable *unusable)
{
	const YsValue *value = application->attributes[source->attribute];
	Walk		walk = {fn, arg, YS_POLICY_MAX_VALUES, false};

	if (value == NULL)
		return true;
	if (!source->many)
	{
		value = ys_path_get(&source->rest, value);
		return value == NULL || fn(arg, value);
	}
	if (!ys_path_each(&source->rest, value, walk_value, &walk) && !walk.stopped)
		note(unusable, value, "more than 10,000 values on one path");
	return !walk.stopped;
}

static const YsValue *
first_value(const Application *application, const YsSource *source)
{
	const YsValue *value = application->attributes[source->attribute];

	return value != NULL ? ys_path_get(&source->rest, value) : NULL;
}

/* ---- fields ---- */

typedef struct Choice
{
	const Application *application;
	int			number;			/* of the field */
	const YsField *field;
	int			path;			/* under way; -1: the default value */
	YsCell	   *cell;
	Unusable	unusable;
	bool		no_memory;
} Choice;

static bool
is_better(const YsField *field, const YsCell *candidate, const YsCell *chosen)
{
	int			order;

	if (!chosen->present)
		return true;
	order = field->type->compare(candidate, chosen);
	return field->combine == YS_COMBINE_MIN ? order < 0 : order > 0;
}

/* The value as the field's function returns it. */
static YsUse
call_function(const Choice *choice, YsNormalizing *normalizing, const YsValue *value, YsValue *result)
{
	const YsBindings *bindings = normalizing->bindings;

	if (value->type == YS_TYPE_NULL)
		return YS_USE_ABSENT;
	if (bindings->call == NULL)
		return ys_normalize_reject(normalizing, "the field's function can't be called here");
	if (bindings->call(bindings->call_arg, &choice->field->info, value, normalizing->arena, result,
					   &normalizing->reason))
		return YS_USE_TAKEN;
	return normalizing->reason != NULL ? YS_USE_REJECTED : YS_USE_NO_MEMORY;
}

static bool
consider(void *arg, const YsValue *value)
{
	Choice	   *choice = arg;
	const YsField *field = choice->field;
	YsNormalizing normalizing = {&field->rules, choice->application->bindings,
		choice->application->arena, NULL};
	YsCell		candidate = {.seen = true, .path = (int16_t) choice->path, .format = -1};
	const YsValue *raw = value;
	YsValue		result;
	YsUse		use = YS_USE_TAKEN;

	if (field->info.function != NULL && choice->path >= 0)
	{
		use = call_function(choice, &normalizing, value, &result);
		value = &result;
	}
	if (use == YS_USE_TAKEN)
		use = field->type->normalize(&normalizing, value, &candidate);
	candidate.present = use == YS_USE_TAKEN;
	candidate.coerced |= raw != value;
	tell(choice->application, &(YsConsidered) {
			choice->number, choice->path >= 0 ? field->sources.items[choice->path].text : NULL,
				raw, use, normalizing.reason, &candidate
		});
	switch (use)
	{
		case YS_USE_TAKEN:
			choice->cell->seen = true;
			if (is_better(field, &candidate, choice->cell))
				*choice->cell = candidate;
			return field->combine != YS_COMBINE_FIRST;
		case YS_USE_ABSENT:
			return true;
		case YS_USE_REJECTED:
			choice->cell->seen = true;
			note(&choice->unusable, raw, normalizing.reason);
			return true;
		case YS_USE_NO_MEMORY:
			break;
	}
	choice->no_memory = true;
	return false;
}

/* What an item without a value has: the default, or, where one is required, an error. */
static void
apply_absence(Choice *choice)
{
	static const YsValue absent = {.type = YS_TYPE_NULL};

	if (choice->cell->seen || choice->no_memory)
		return;
	choice->path = -1;
	if (choice->field->default_value != NULL)
	{
		(void) consider(choice, choice->field->default_value);
		choice->cell->seen = false;
	}
	else if (choice->field->required)
		note(&choice->unusable, &absent, "a value is required, and there is none");
}

static bool
apply_field(Application *application, int number, YsCell *cell)
{
	const YsField *field = &application->policy->fields[number];
	YsEntry    *entry = application->entry;
	Choice		choice = {.application = application, .number = number, .field = field, .cell = cell};

	cell->path = cell->format = -1;
	for (; choice.path < field->sources.count; choice.path++)
	{
		if (!each_value(application, &field->sources.items[choice.path], consider, &choice,
						&choice.unusable))
			break;
	}
	apply_absence(&choice);
	if (choice.unusable.reason != NULL && !cell->present &&
		field->info.on_error == YS_ON_ERROR_REJECT && entry->refused_by == NULL)
		entry->refused_by = field->info.name;
	return !choice.no_memory &&
		add_rejection(application, field->info.name,
					  field->info.on_error == YS_ON_ERROR_NULL ? YS_REJECTED_SAMPLE : YS_REJECTED_WHOLE,
					  &choice.unusable);
}

/* ---- the area ---- */

static void
tell_area(const Application *application, const char *path, const YsValue *value, YsUse use,
		  const char *reason)
{
	tell(application, &(YsConsidered) {-1, path, value, use, use == YS_USE_REJECTED ? reason : NULL, NULL});
}

/* The two values that were to be a location, as one map. */
static bool
pair_value(Application *application, const YsValue *lat, const YsValue *lon, const YsValue **pair)
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

/* The first usable location; false when the arena is exhausted. */
static bool
apply_location(Application *application, Unusable *unusable)
{
	const YsAreaRules *rules = &application->policy->area;
	YsEntry    *entry = application->entry;
	YsPosition	position;
	const char *reason;
	YsUse		use = YS_USE_ABSENT;

	for (int i = 0; i < rules->lats.count && use != YS_USE_TAKEN; i++)
	{
		const YsValue *lat = first_value(application, &rules->lats.items[i]);
		const YsValue *lon = first_value(application, &rules->lons.items[i]);
		const YsValue *pair;

		use = ys_location_from_pair(lat, lon, &position, &reason);
		if (use == YS_USE_ABSENT)
			continue;
		if (application->trace != NULL || (use == YS_USE_REJECTED && unusable->reason == NULL))
		{
			if (!pair_value(application, lat, lon, &pair))
				return false;
			tell_area(application, rules->lats.items[i].text, pair, use, reason);
			if (use == YS_USE_REJECTED)
				note(unusable, pair, reason);
		}
	}
	for (int i = 0; i < rules->locations.count && use != YS_USE_TAKEN; i++)
	{
		const YsValue *value = first_value(application, &rules->locations.items[i]);

		use = ys_location_from_value(value, &position, &reason);
		if (use == YS_USE_ABSENT)
			continue;
		tell_area(application, rules->locations.items[i].text, value, use, reason);
		if (use == YS_USE_REJECTED)
			note(unusable, value, reason);
	}
	if (use == YS_USE_TAKEN)
	{
		entry->located = true;
		entry->lat = position.lat;
		entry->lon = position.lon;
	}
	return true;
}

typedef struct AreaChoice
{
	const Application *application;
	const char *path;			/* under way */
	const char *area;
	Unusable   *unusable;
	bool		no_memory;
} AreaChoice;

static bool
consider_area(void *arg, const YsValue *value)
{
	static const YsRules no_rules;
	AreaChoice *choice = arg;
	const YsBindings *bindings = choice->application->bindings;
	YsNormalizing normalizing = {&no_rules, bindings, choice->application->arena, NULL};
	YsCell		name;
	YsUse		use = ys_normalize_text(&normalizing, value, &name);

	if (use == YS_USE_NO_MEMORY)
	{
		choice->no_memory = true;
		return false;
	}
	if (use == YS_USE_TAKEN && ys_string_trim((YsSlice) {name.bytes, name.len}).len == 0)
		use = YS_USE_ABSENT;
	if (use == YS_USE_TAKEN)
	{
		choice->area = ys_area_map_find(bindings->areas, name.bytes, name.len);
		if (choice->area == NULL)
			use = ys_normalize_reject(&normalizing, "no area of that name");
	}
	tell_area(choice->application, choice->path, value, use, normalizing.reason);
	if (use == YS_USE_REJECTED)
		note(choice->unusable, value, normalizing.reason);
	return choice->area == NULL;
}

static bool
apply_area(Application *application)
{
	const YsAreaRules *rules = &application->policy->area;
	const YsAreaMap *areas = application->bindings->areas;
	YsEntry    *entry = application->entry;
	Unusable	unusable = {NULL, NULL};
	AreaChoice	choice = {application, NULL, NULL, &unusable, false};

	for (int i = 0; areas != NULL && i < rules->values.count; i++)
	{
		choice.path = rules->values.items[i].text;
		if (!each_value(application, &rules->values.items[i], consider_area, &choice, &unusable))
			break;
	}
	if (choice.no_memory || !apply_location(application, &unusable))
		return false;
	if (choice.area == NULL && areas != NULL && entry->located)
		choice.area = ys_area_map_locate(areas, entry->lat, entry->lon);
	if (choice.area != NULL)
		entry->area = choice.area;
	return add_rejection(application, "area", YS_REJECTED_SAMPLE, &unusable);
}

/* ---- the entry ---- */

/* Find the item's attributes that some path begins with. */
static bool
resolve_attributes(Application *application, const YsValue *item)
{
	size_t		count = (size_t) application->policy->attributes.count;

	application->attributes = ys_arena_alloc_zero(application->arena, sizeof(YsValue *) * count);
	if (application->attributes == NULL)
		return false;
	if (item->type != YS_TYPE_MAP)
		return true;
	for (uint32_t i = 0; i < item->len; i++)
	{
		const YsMember *member = &item->members[i];
		int			number = ys_policy_attribute(application->policy, member->name, member->name_len);

		if (number >= 0)
			application->attributes[number] = &member->value;
	}
	return true;
}

bool
ys_policy_explain(const YsPolicy *policy, const YsBindings *bindings, const YsValue *item,
				  const YsTrace *trace, YsArena *arena, YsEntry *entry, YsError *err)
{
	Application application = {policy, bindings, trace, NULL, arena, entry};
	bool		ok;

	memset(entry, 0, sizeof(*entry));
	entry->area = YS_AREA_UNLOCATED;
	entry->cells = ys_arena_alloc_zero(arena, sizeof(YsCell) * (size_t) policy->nfields);
	ok = entry->cells != NULL && resolve_attributes(&application, item);
	for (int i = 0; ok && i < policy->nfields; i++)
		ok = apply_field(&application, i, &entry->cells[i]);
	if (ok && policy->area.level != NULL)
		ok = apply_area(&application);
	return ok || ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory while applying a policy");
}

bool
ys_policy_apply(const YsPolicy *policy, const YsBindings *bindings, const YsValue *item,
				YsArena *arena, YsEntry *entry, YsError *err)
{
	return ys_policy_explain(policy, bindings, item, NULL, arena, entry, err);
}

bool
ys_entry_print_rejected(const YsEntry *entry, YsText *text)
{
	ys_text_add(text, "{", 1);
	for (int i = 0; i < entry->nrejections; i++)
	{
		const YsRejection *rejection = &entry->rejections[i];

		if (i > 0)
			ys_text_add(text, ", ", 2);
		ys_text_add_json_string(text, rejection->field, strlen(rejection->field));
		ys_text_add_cstring(text, ": {\"value\": ");
		ys_text_add(text, rejection->raw, rejection->raw_len);
		ys_text_add_cstring(text, ", \"reason\": ");
		ys_text_add_json_string(text, rejection->reason, strlen(rejection->reason));
		ys_text_add(text, "}", 1);
	}
	ys_text_add(text, "}", 1);
	return !text->failed;
}
