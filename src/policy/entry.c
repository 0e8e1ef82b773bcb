/*-------------------------------------------------------------------------
 * entry.c
 *	  Applying a policy to an item: its fields.
 *
 * Of a field's values the usable ones are combined; the first that could not
 * be used is noted, whether or not another one could.
 *-------------------------------------------------------------------------
 */
#include "policy/applying.h"

#include <string.h>

/* So many are put on the stack. */
#define FEW_PLACES	512

void
ys_apply_note(YsUnusable *unusable, const YsValue *value, const char *reason)
{
	if (unusable->reason == NULL)
		*unusable = (YsUnusable) {value, reason};
}

bool
ys_apply_reject(YsApplication *application, const char *field, uint32_t most, const YsUnusable *unusable)
{
	YsEntry    *entry = application->entry;
	YsRejection *rejection;
	uint32_t	shown = 0;

	if (unusable->reason == NULL)
		return true;
	if (entry->rejections == NULL)
	{
		/* At most one of each field, one of the area and one of the attributes. */
		entry->rejections = ys_arena_alloc(application->arena, sizeof(YsRejection) *
										   (size_t) (application->policy->nfields + 2));
		if (entry->rejections == NULL)
			return false;
	}
	for (int i = 0; i < entry->nrejections; i++)
		shown += entry->rejections[i].raw_len;
	if (most > YS_REJECTED_SAMPLE && shown + most > YS_REJECTED_WHOLE)
		most = shown + YS_REJECTED_SAMPLE < YS_REJECTED_WHOLE ? YS_REJECTED_WHOLE - shown :
			YS_REJECTED_SAMPLE;
	rejection = &entry->rejections[entry->nrejections++];
	rejection->field = field;
	rejection->reason = unusable->reason;
	return ys_rejected_print(unusable->value, most, application->arena, rejection);
}

void
ys_apply_tell(const YsApplication *application, const YsConsidered *considered)
{
	if (application->trace != NULL)
		application->trace->considered(application->trace->arg, considered);
}

/* ---- source paths ---- */

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

bool
ys_apply_each_value(const YsApplication *application, const YsSource *source, YsPathFn fn,
					void *arg, YsUnusable *unusable)
{
	const YsValue *value = application->values[source->place];
	Walk		walk = {fn, arg, YS_POLICY_MAX_VALUES, false};

	if (value == NULL)
		return true;
	if (source->rest.nsteps == 0)
		return fn(arg, value);
	if (!ys_path_each(&source->rest, value, walk_value, &walk) && !walk.stopped)
		ys_apply_note(unusable, value, "more than 10,000 values on one path");
	return !walk.stopped;
}

const YsValue *
ys_apply_first_value(const YsApplication *application, const YsSource *source)
{
	const YsValue *value = application->values[source->place];

	return value != NULL && source->rest.nsteps > 0 ? ys_path_get(&source->rest, value) : value;
}

/* ---- fields ---- */

typedef struct Choice
{
	const YsApplication *application;
	int			number;			/* of the field */
	const YsField *field;
	int			path;			/* under way; -1: the default value */
	YsCell	   *cell;
	YsUnusable	unusable;
	bool		no_memory;
} Choice;

static bool
is_better(const YsField *field, const YsCell *candidate, const YsCell *chosen)
{
	int			order = field->type->compare(candidate, chosen);

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

/* A cell without a value, yet. */
static const YsCell nothing = {.path = -1, .format = -1};

static void
clear(YsCell *cell)
{
	bool		seen = cell->seen;

	*cell = nothing;
	cell->seen = seen;
}

/* The first value is made in its place, those that compete with it beside it. */
static bool
consider(void *arg, const YsValue *value)
{
	Choice	   *choice = arg;
	const YsField *field = choice->field;
	YsNormalizing normalizing = {&field->rules, choice->application->bindings,
		choice->application->arena, NULL};
	YsCell	   *cell = choice->cell;
	YsCell		other = nothing;
	YsCell	   *candidate = cell->present ? &other : cell;
	const YsValue *raw = value;
	YsValue		result;
	YsUse		use = YS_USE_TAKEN;

	candidate->path = (int16_t) choice->path;
	if (field->info.function != NULL && choice->path >= 0)
	{
		use = call_function(choice, &normalizing, value, &result);
		value = &result;
	}
	if (use == YS_USE_TAKEN)
		use = field->type->normalize(&normalizing, value, candidate);
	candidate->present = use == YS_USE_TAKEN;
	candidate->coerced |= raw != value;
	cell->seen |= use == YS_USE_TAKEN || use == YS_USE_REJECTED;
	if (choice->application->trace != NULL)
		ys_apply_tell(choice->application, &(YsConsidered) {
				choice->number, choice->path >= 0 ? field->sources.items[choice->path].text : NULL,
					raw, use, normalizing.reason, candidate
			});
	if (use == YS_USE_TAKEN)
	{
		if (candidate != cell && is_better(field, candidate, cell))
		{
			candidate->seen = true;
			*cell = *candidate;
		}
		return field->combine != YS_COMBINE_FIRST;
	}
	if (candidate == cell)
		clear(cell);
	if (use == YS_USE_REJECTED)
		ys_apply_note(&choice->unusable, raw, normalizing.reason);
	choice->no_memory = use == YS_USE_NO_MEMORY;
	return !choice->no_memory;
}

/* ---- the values of a path as one ---- */

typedef struct Gathering
{
	YsArena    *arena;
	YsValue		list;
	uint32_t	size;			/* of its elements */
	bool		no_memory;
} Gathering;

static bool
gather_element(Gathering *gathering, const YsValue *value)
{
	YsValue    *list = &gathering->list;

	if (list->len == gathering->size)
	{
		uint32_t	size = gathering->size > 0 ? gathering->size * 2 : 16;
		YsValue    *grown = ys_arena_alloc(gathering->arena, sizeof(YsValue) * size);

		if (grown == NULL)
		{
			gathering->no_memory = true;
			return false;
		}
		if (list->len > 0)
			memcpy(grown, list->elements, sizeof(YsValue) * list->len);
		list->elements = grown;
		gathering->size = size;
	}
	list->elements[list->len++] = *value;
	return true;
}

/* A value, or the elements of one that is a list or a set itself. */
static bool
gather(void *arg, const YsValue *value)
{
	Gathering  *gathering = arg;
	YsValue		list = *value;

	switch (value->type)
	{
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			gathering->no_memory = !ys_value_sort_set(value, gathering->arena, &list);
			if (gathering->no_memory)
				return false;
			break;
		case YS_TYPE_LIST:
			break;
		default:
			return gather_element(gathering, value);
	}
	for (uint32_t i = 0; i < list.len; i++)
	{
		if (!gather_element(gathering, &list.elements[i]))
			return false;
	}
	return true;
}

/* Consider the values of a path with [*] as one list; false: no more paths. */
static bool
consider_gathered(Choice *choice, const YsSource *source)
{
	YsArena    *arena = choice->application->arena;
	Gathering	gathering = {.arena = arena, .list = {.type = YS_TYPE_LIST}};
	YsUnusable	unusable = {NULL, NULL};
	YsValue    *list = NULL;

	(void) ys_apply_each_value(choice->application, source, gather, &gathering, &unusable);
	if (unusable.reason != NULL)
	{
		choice->cell->seen = true;
		ys_apply_note(&choice->unusable, unusable.value, unusable.reason);
		return true;
	}
	if (!gathering.no_memory && gathering.list.len == 0)
		return true;

	/* a rejection shows it */
	if (!gathering.no_memory)
		list = ys_arena_alloc(arena, sizeof(YsValue));
	choice->no_memory = list == NULL;
	if (list == NULL)
		return false;
	*list = gathering.list;
	return consider(choice, list);
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
		ys_apply_note(&choice->unusable, &absent, "a value is required, and there is none");
}

/* Which of the next sources, up to 64 of them, the item has: a bit each. */
static uint64_t
find_sources(const YsApplication *application, const YsSourceList *sources, int first)
{
	int			count = sources->count - first < 64 ? sources->count - first : 64;
	uint64_t	found = 0;

	/* no branch: which they are is different in each item */
	for (int i = 0; i < count; i++)
		found |= (uint64_t) (application->values[sources->places[first + i]] != NULL) << i;
	return found;
}

static void
consider_sources(Choice *choice)
{
	const YsField *field = choice->field;

	for (int first = 0; first < field->sources.count; first += 64)
	{
		uint64_t	found = find_sources(choice->application, &field->sources, first);

		for (; found != 0; found &= found - 1)
		{
			const YsSource *source;

			choice->path = first + __builtin_ctzll(found);
			source = &field->sources.items[choice->path];
			if (!(field->type->gathers && source->rest.nsteps > 0 ? consider_gathered(choice, source) :
				  ys_apply_each_value(choice->application, source, consider, choice, &choice->unusable)))
				return;
		}
	}
}

static bool
apply_field(YsApplication *application, int number, YsCell *cell)
{
	const YsField *field = &application->policy->fields[number];
	YsEntry    *entry = application->entry;
	Choice		choice = {.application = application, .number = number, .field = field, .cell = cell};

	*cell = nothing;
	consider_sources(&choice);
	apply_absence(&choice);
	if (choice.unusable.reason != NULL && !cell->present &&
		field->info.on_error == YS_ON_ERROR_REJECT && entry->refused_by == NULL)
		entry->refused_by = field->info.name;
	return !choice.no_memory &&
		ys_apply_reject(application, field->info.name,
					  field->info.on_error == YS_ON_ERROR_NULL ? YS_REJECTED_SAMPLE : YS_REJECTED_WHOLE,
					  &choice.unusable);
}

/* ---- the entry ---- */

bool
ys_policy_explain(const YsPolicy *policy, const YsBindings *bindings, const YsValue *item,
				  const YsTrace *trace, YsArena *arena, YsEntry *entry, YsError *err)
{
	const YsValue *few[FEW_PLACES];
	YsApplication application = {policy, bindings, trace, few, arena, entry};
	bool		ok;

	memset(entry, 0, sizeof(*entry));
	entry->area = YS_AREA_UNLOCATED;
	entry->cells = ys_arena_alloc(arena, sizeof(YsCell) * (size_t) policy->nfields);
	if (policy->places.count > FEW_PLACES)
		application.values = ys_arena_alloc(arena, sizeof(YsValue *) * (size_t) policy->places.count);
	ok = entry->cells != NULL && application.values != NULL;
	if (ok)
		ys_tree_find(&policy->places, item, application.values);
	for (int i = 0; ok && i < policy->nfields; i++)
		ok = apply_field(&application, i, &entry->cells[i]);
	if (ok && policy->area.kind != YS_AREA_NOT_DECLARED)
		ok = ys_apply_area(&application);
	if (ok && policy->all.wanted)
		ok = ys_apply_attributes(&application, item);
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
