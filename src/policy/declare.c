/*-------------------------------------------------------------------------
 * declare.c
 *	  Compiling a policy's declaration.
 *-------------------------------------------------------------------------
 */
#include "policy/declare.h"

#include <stdio.h>
#include <string.h>

#include "policy/read_json.h"
#include "policy/synonym.h"

/* Longest piece of a declaration that a message repeats. */
#define SHOWN	60

bool
ys_declare_refuse(YsCompiler *compiler, const char *format,...)
{
	char		what[sizeof(compiler->err->message)];
	va_list		args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	ys_error_set(compiler->err, YS_ERR_INVALID_POLICY, "%s: %s", compiler->subject, what);
	return ys_declare_advise(compiler, "Build it with yottastore.field(), yottastore.area_from_location(), "
							 "area_from_value() and area_from_geohash().",
							 "A policy's declaration has the form that yottastore.field() and its like give it.");
}

bool
ys_declare_advise(YsCompiler *compiler, const char *hint, const char *detail,...)
{
	char		text[sizeof(compiler->err->detail)];
	va_list		args;

	va_start(args, detail);
	vsnprintf(text, sizeof(text), detail, args);
	va_end(args);
	ys_error_detail(compiler->err, "%s", text);
	ys_error_hint(compiler->err, "%s", hint);
	return false;
}

bool
ys_declare_forward(YsCompiler *compiler, const YsError *inner)
{
	ys_error_set(compiler->err, inner->code, "%s: %s", compiler->subject, inner->message);
	ys_error_detail(compiler->err, "%s", inner->detail);
	ys_error_hint(compiler->err, "%s", inner->hint);
	return false;
}

bool
ys_declare_out_of_memory(YsCompiler *compiler)
{
	return ys_error_set(compiler->err, YS_ERR_OUT_OF_MEMORY, "out of memory while compiling a policy");
}

bool
ys_declare_keys(YsCompiler *compiler, const YsValue *object, const YsKey *keys, int nkeys)
{
	char		accepted[256] = "";
	size_t		len = 0;

	for (int k = 0; k < nkeys; k++)
		*keys[k].value = NULL;
	if (object->type != YS_TYPE_MAP)
		return ys_declare_refuse(compiler, "its declaration is not a JSON object");
	for (uint32_t i = 0; i < object->len; i++)
	{
		const YsMember *member = &object->members[i];
		int			k = 0;

		while (k < nkeys && !(strlen(keys[k].name) == member->name_len &&
							  memcmp(keys[k].name, member->name, member->name_len) == 0))
			k++;
		if (k < nkeys)
		{
			if (member->value.type != YS_TYPE_NULL)
				*keys[k].value = &member->value;
			continue;
		}
		for (k = 0; k < nkeys && len < sizeof(accepted); k++)
			len += (size_t) snprintf(accepted + len, sizeof(accepted) - len, "%s%s",
									 k > 0 ? ", " : "", keys[k].name);
		ys_declare_refuse(compiler, "unknown key \"%.*s\"",
						  (int) ys_string_cut(member->name, member->name_len, SHOWN), member->name);
		return ys_declare_advise(compiler, "Leave it out, or correct its spelling.",
								 "Accepted are %s.", accepted);
	}
	return true;
}

bool
ys_declare_string(YsCompiler *compiler, const YsValue *value, const char *key, YsSlice *text)
{
	if (value == NULL)
		return ys_declare_refuse(compiler, "it has no %s", key);
	if (value->type != YS_TYPE_STRING)
		return ys_declare_refuse(compiler, "its %s is not a string", key);
	if (value->len == 0)
	{
		ys_declare_refuse(compiler, "its %s is empty", key);
		return ys_declare_advise(compiler, "Say what it is, or leave it out where it is optional.",
								 "An empty string names nothing.");
	}
	if (ys_string_check(value->bytes, value->len) != NULL)
	{
		ys_declare_refuse(compiler, "its %s contains U+0000", key);
		return ys_declare_advise(compiler, "Take that character out.", "PostgreSQL's text cannot have it.");
	}
	*text = (YsSlice) {value->bytes, value->len};
	return true;
}

bool
ys_declare_boolean(YsCompiler *compiler, const YsValue *value, const char *key, bool *truth)
{
	*truth = false;
	if (value == NULL)
		return true;
	if (value->type != YS_TYPE_BOOL)
		return ys_declare_refuse(compiler, "its %s is neither true nor false", key);
	*truth = value->boolean;
	return true;
}

bool
ys_declare_choice(YsCompiler *compiler, const YsValue *value, const char *key,
				  const char *const *words, int nwords, int *choice)
{
	char		accepted[256] = "";
	size_t		len = 0;
	YsSlice		text;

	*choice = 0;
	if (value == NULL)
		return true;
	if (!ys_declare_string(compiler, value, key, &text))
		return false;
	for (int i = 0; i < nwords; i++)
	{
		if (ys_string_is(text, words[i]))
		{
			*choice = i;
			return true;
		}
	}
	for (int i = 0; i < nwords && len < sizeof(accepted); i++)
		len += (size_t) snprintf(accepted + len, sizeof(accepted) - len, "%s%s",
								 i == 0 ? "" : i < nwords - 1 ? ", " : " or ", words[i]);
	ys_declare_refuse(compiler, "unknown %s \"%.*s\"", key,
					  (int) ys_string_cut(text.bytes, text.len, SHOWN), text.bytes);
	return ys_declare_advise(compiler, "Choose one of them; the first is what is taken when it is left out.",
							 "It is %s.", accepted);
}

bool
ys_declare_strings(YsCompiler *compiler, const YsValue *value, const char *key,
				   int max, int *count, YsSlice **texts)
{
	*count = 0;
	*texts = NULL;
	if (value == NULL)
		return true;
	if (value->type != YS_TYPE_LIST)
		return ys_declare_refuse(compiler, "its %s are not an array", key);
	if (value->len > (uint32_t) max)
	{
		ys_declare_refuse(compiler, "it has more than %d %s", max, key);
		return ys_declare_advise(compiler, "Leave out those that documents no longer have.",
								 "There are %u.", value->len);
	}
	*texts = ys_arena_alloc(compiler->arena, sizeof(YsSlice) * (value->len + 1));
	if (*texts == NULL)
		return ys_declare_out_of_memory(compiler);
	for (uint32_t i = 0; i < value->len; i++)
	{
		char		element[64];

		snprintf(element, sizeof(element), "element %u of %s", i + 1, key);
		if (!ys_declare_string(compiler, &value->elements[i], element, &(*texts)[i]))
			return false;
	}
	*count = (int) value->len;
	return true;
}

const char *const *
ys_declare_names(YsCompiler *compiler, int count, const YsSlice *texts)
{
	const char **names = ys_arena_alloc(compiler->arena, sizeof(char *) * (size_t) (count + 1));

	for (int i = 0; names != NULL && i < count; i++)
	{
		names[i] = ys_arena_copy(compiler->arena, texts[i].bytes, texts[i].len);
		if (names[i] == NULL)
			return NULL;
	}
	return names;
}

/* ---- attributes ---- */

/* Add the attribute of that name unless it is there. */
static void
add_attribute(YsCompiler *compiler, const YsPathStep *step)
{
	YsAttributeFilter *attributes = &compiler->policy->attributes;

	for (int i = 0; i < attributes->count; i++)
	{
		if (attributes->lens[i] == step->name_len &&
			memcmp(attributes->names[i], step->name, step->name_len) == 0)
			return;
	}
	attributes->names[attributes->count] = step->name;
	((uint32_t *) attributes->lens)[attributes->count] = step->name_len;
	attributes->count++;
}

bool
ys_declare_sources(YsCompiler *compiler, const YsValue *value, const char *key,
				   YsSourceList *sources)
{
	YsSlice    *texts;

	if (!ys_declare_strings(compiler, value, key, YS_POLICY_MAX_PATHS, &sources->count, &texts))
		return false;
	compiler->npaths += sources->count;
	if (compiler->npaths > YS_POLICY_MAX_PATHS)
	{
		ys_declare_refuse(compiler, "the policy has more than %d paths by now", YS_POLICY_MAX_PATHS);
		return ys_declare_advise(compiler, "Spread the fields over several policies.",
								 "That many paths are the most a policy can have.");
	}
	sources->items = ys_arena_alloc(compiler->arena, sizeof(YsSource) * (size_t) (sources->count + 1));
	sources->places = ys_arena_alloc(compiler->arena, sizeof(int) * (size_t) (sources->count + 1));
	if (sources->items == NULL || sources->places == NULL)
		return ys_declare_out_of_memory(compiler);
	for (int i = 0; i < sources->count; i++)
	{
		YsSource   *source = &sources->items[i];
		YsPath		path;
		int			single = 0;
		YsError		inner;

		if (!ys_path_parse(texts[i].bytes, texts[i].len, compiler->arena, &path, &inner))
			return ys_declare_forward(compiler, &inner);
		source->text = ys_arena_copy(compiler->arena, texts[i].bytes, texts[i].len);
		if (source->text == NULL)
			return ys_declare_out_of_memory(compiler);
		add_attribute(compiler, &path.steps[0]);
		while (single < path.nsteps && !(path.steps[single].name == NULL &&
										 path.steps[single].index == YS_PATH_EVERY))
			single++;
		source->rest = (YsPath) {path.nsteps - single, path.steps + single};
		source->place = ys_tree_add(&compiler->policy->places, path.steps, path.nsteps, compiler->arena);
		sources->places[i] = source->place;
		if (source->place < 0)
			return ys_declare_out_of_memory(compiler);
	}
	return true;
}

/* ---- whole declarations ---- */

typedef struct Declaration
{
	YsArena    *arena;
	YsError    *err;
	YsValue		value;
} Declaration;

static bool
build_value(void *arg, YsJsonNode *root)
{
	Declaration *declaration = arg;

	return ys_value_from_plain_json(root, declaration->arena, &declaration->value, declaration->err);
}

bool
ys_declare_read(YsCompiler *compiler, const char *json, size_t len, YsValue *value)
{
	Declaration declaration = {compiler->arena, compiler->err, ys_value_null()};
	bool		ok = ys_policy_read_json(compiler->arena, json, len, YS_ERR_INVALID_POLICY,
										 build_value, &declaration, compiler->err);

	*value = declaration.value;
	return ok;
}

static bool
start(YsCompiler *compiler, const char *subject, YsArena *arena, YsError *err)
{
	YsPolicy   *policy = ys_arena_alloc_zero(arena, sizeof(YsPolicy));

	memset(compiler, 0, sizeof(*compiler));
	compiler->arena = arena;
	compiler->err = err;
	compiler->policy = policy;
	snprintf(compiler->subject, sizeof(compiler->subject), "%s", subject);
	if (policy == NULL)
		return ys_declare_out_of_memory(compiler);
	policy->attributes.names = ys_arena_alloc(arena, sizeof(char *) * YS_POLICY_MAX_PATHS);
	policy->attributes.lens = ys_arena_alloc(arena, sizeof(uint32_t) * YS_POLICY_MAX_PATHS);
	return (policy->attributes.names != NULL && policy->attributes.lens != NULL) ||
		ys_declare_out_of_memory(compiler);
}

static bool
compile_fields(YsCompiler *compiler, const YsValue *list)
{
	YsPolicy   *policy = compiler->policy;

	if (list == NULL)
		return true;
	if (list->type != YS_TYPE_LIST)
		return ys_declare_refuse(compiler, "its fields are not an array");
	if (list->len > YS_POLICY_MAX_FIELDS)
	{
		ys_declare_refuse(compiler, "it has more than %d fields", YS_POLICY_MAX_FIELDS);
		return ys_declare_advise(compiler, "Spread the fields over several policies.",
								 "There are %u.", list->len);
	}
	policy->fields = ys_arena_alloc_zero(compiler->arena, sizeof(YsField) * (list->len + 1));
	if (policy->fields == NULL)
		return ys_declare_out_of_memory(compiler);
	for (uint32_t i = 0; i < list->len; i++)
	{
		snprintf(compiler->subject, sizeof(compiler->subject), "field %u", i + 1);
		if (!ys_declare_field(compiler, &list->elements[i], &policy->fields[i]))
			return false;
		for (int j = 0; j < policy->nfields; j++)
		{
			if (strcmp(policy->fields[j].info.name, policy->fields[i].info.name) == 0)
			{
				ys_declare_refuse(compiler, "another field has that name");
				return ys_declare_advise(compiler, "Give one field the paths of both, or name one otherwise.",
										 "Fields %d and %u are both called so.", j + 1, i + 1);
			}
		}
		policy->nfields++;
	}
	return true;
}

YsPolicy *
ys_policy_compile(const char *json, size_t len, YsArena *arena, YsError *err)
{
	YsCompiler	compiler;
	YsValue		declaration;
	const YsValue *fields;
	const YsValue *area;
	const YsValue *all;
	const YsKey keys[] = {{"fields", &fields}, {"area", &area}, {"attributes", &all}};

	if (!start(&compiler, "index policy", arena, err) ||
		!ys_declare_read(&compiler, json, len, &declaration) ||
		!ys_declare_keys(&compiler, &declaration, keys, 3) ||
		!compile_fields(&compiler, fields))
		return NULL;
	if (area != NULL)
	{
		snprintf(compiler.subject, sizeof(compiler.subject), "area");
		if (!ys_declare_area(&compiler, area, &compiler.policy->area))
			return NULL;
	}
	if (all != NULL)
	{
		snprintf(compiler.subject, sizeof(compiler.subject), "attributes");
		if (!ys_declare_attributes(&compiler, all, &compiler.policy->all))
			return NULL;
	}
	if (compiler.npaths == 0 && !compiler.policy->all.wanted)
	{
		ys_error_set(err, YS_ERR_INVALID_POLICY, "index policy declares neither a field nor an area");
		ys_declare_advise(&compiler, "Build each field with yottastore.field().",
						  "Its index would hold nothing but keys.");
		return NULL;
	}
	if (compiler.policy->all.wanted &&
		ys_tree_add(&compiler.policy->places, NULL, 0, arena) < 0)
	{
		ys_declare_out_of_memory(&compiler);
		return NULL;
	}
	return compiler.policy;
}

bool
ys_policy_check_field(const char *json, size_t len, YsArena *arena, YsError *err)
{
	YsCompiler	compiler;
	YsValue		declaration;
	YsField		field;

	memset(&field, 0, sizeof(field));
	return start(&compiler, "field", arena, err) &&
		ys_declare_read(&compiler, json, len, &declaration) &&
		ys_declare_field(&compiler, &declaration, &field);
}

bool
ys_policy_check_area(const char *json, size_t len, YsArena *arena, YsError *err)
{
	YsCompiler	compiler;
	YsValue		declaration;
	YsAreaRules area;

	memset(&area, 0, sizeof(area));
	return start(&compiler, "area", arena, err) &&
		ys_declare_read(&compiler, json, len, &declaration) &&
		ys_declare_area(&compiler, &declaration, &area);
}

/* ---- what is asked of a compiled policy ---- */

int
ys_policy_field_count(const YsPolicy *policy)
{
	return policy->nfields;
}

const YsFieldInfo *
ys_policy_field(const YsPolicy *policy, int index)
{
	return &policy->fields[index].info;
}

bool
ys_policy_has_location(const YsPolicy *policy)
{
	return policy->area.lats.count > 0 || policy->area.locations.count > 0;
}

bool
ys_policy_field_list(const YsPolicy *policy, int index, const char **list, uint32_t *len)
{
	const YsField *field = &policy->fields[index];
	YsSlice		name = field->rules.synonyms;

	if (field->info.type == YS_FIELD_BOOLEAN)
		name = YS_SYNONYMS_BOOLEAN;
	else if (field->type->has_formats)
		name = YS_SYNONYMS_MONTH;
	*list = name.bytes;
	*len = name.len;
	return name.len > 0;
}

bool
ys_policy_has_area_value(const YsPolicy *policy)
{
	return policy->area.values.count > 0;
}

YsIndexMethod
ys_policy_location_index(const YsPolicy *policy)
{
	return policy->area.index;
}

const char *
ys_policy_area_level(const YsPolicy *policy)
{
	return policy->area.level;
}

bool
ys_policy_wants_attributes(const YsPolicy *policy)
{
	return policy->all.wanted;
}

bool
ys_policy_keeps_all_attributes(const YsPolicy *policy)
{
	return policy->all.wanted && policy->all.includes.count == 0 && policy->all.excludes.count == 0;
}

const YsAttributeFilter *
ys_policy_attributes(const YsPolicy *policy)
{
	static const YsAttributeFilter everything;

	if (policy->all.wanted)
		return &everything;
	return &policy->attributes;
}

const YsAttributeFilter *
ys_policy_sources(const YsPolicy *policy)
{
	return &policy->attributes;
}

const YsPathTree *
ys_policy_tree(const YsPolicy *policy)
{
	return &policy->places;
}
