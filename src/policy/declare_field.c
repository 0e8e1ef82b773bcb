/*-------------------------------------------------------------------------
 * declare_field.c
 *	  Compiling the declaration of one field.
 *-------------------------------------------------------------------------
 */
#include "policy/declare.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN	63		/* the server's, for column names */

/* For "%.*s": as much of a text as a message repeats. */
#define SHOW(text)		(int) ys_string_cut((text).bytes, (text).len, 60), (text).bytes

/* A column name that needs no quotes, so that a policy reads the same everywhere. */
static bool
is_valid_name(YsSlice name)
{
	if (name.len > NAME_MAX_LEN || (name.bytes[0] >= '0' && name.bytes[0] <= '9'))
		return false;
	for (uint32_t i = 0; i < name.len; i++)
	{
		char		c = name.bytes[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return true;
}

static bool
compile_name(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		name;

	if (!ys_declare_string(compiler, value, "name", &name))
		return false;
	if (!is_valid_name(name))
	{
		ys_declare_refuse(compiler, "\"%.*s\" cannot be a field's name", SHOW(name));
		return ys_declare_advise(compiler, "Name the column so; the paths say what documents call it.",
								 "A field's name has lower-case letters, digits and _, begins with no "
								 "digit and is at most %d bytes long.", NAME_MAX_LEN);
	}
	field->info.name = ys_arena_copy(compiler->arena, name.bytes, name.len);
	if (field->info.name == NULL)
		return ys_declare_out_of_memory(compiler);
	snprintf(compiler->subject, sizeof(compiler->subject), "field \"%s\"", field->info.name);
	return true;
}

static bool
compile_type(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		name;

	if (!ys_declare_string(compiler, value, "type", &name))
		return false;
	field->type = ys_type_find(name);
	if (field->type == NULL)
	{
		ys_declare_refuse(compiler, "unknown type \"%.*s\"", SHOW(name));
		return ys_declare_advise(compiler, "Choose the one that fits what the values mean.",
								 "Types are %s.", ys_type_names());
	}
	field->info.type = field->type->type;
	field->info.type_name = field->type->name;
	return true;
}

static bool
compile_combine(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		name;

	field->combine = YS_COMBINE_FIRST;
	if (value == NULL)
		return true;
	if (!ys_declare_string(compiler, value, "combine", &name))
		return false;
	if (ys_string_is(name, "first"))
		return true;
	if (field->type->compare == NULL && (ys_string_is(name, "min") || ys_string_is(name, "max")))
	{
		ys_declare_refuse(compiler, "combine \"%.*s\" is not for %s", SHOW(name), field->type->name);
		return ys_declare_advise(compiler, "Leave combine out for the first usable value.",
								 "Values of that type have no order.");
	}
	if (ys_string_is(name, "min"))
		field->combine = YS_COMBINE_MIN;
	else if (ys_string_is(name, "max"))
		field->combine = YS_COMBINE_MAX;
	else if (ys_string_is(name, "latest"))
	{
		if (!field->type->has_latest)
		{
			ys_declare_refuse(compiler, "combine \"latest\" is for dates and timestamps");
			return ys_declare_advise(compiler, "Use max for the largest value, or first for the first path "
									 "that has one.",
									 "Values of other types are not earlier or later than each other.");
		}
		field->combine = YS_COMBINE_MAX;
	}
	else
	{
		ys_declare_refuse(compiler, "unknown combine \"%.*s\"", SHOW(name));
		return ys_declare_advise(compiler, "Leave combine out for the first usable value.",
								 "It is first, min, max or latest.");
	}
	return true;
}

static bool
compile_paths(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	const char **paths;

	if (!ys_declare_sources(compiler, value, "paths", &field->sources))
		return false;
	if (field->sources.count == 0)
	{
		ys_declare_refuse(compiler, "it has no paths");
		return ys_declare_advise(compiler, "Give the paths at which documents have the value, the preferred "
								 "one first.",
								 "No document could give it a value.");
	}
	paths = ys_arena_alloc(compiler->arena, sizeof(char *) * (size_t) field->sources.count);
	if (paths == NULL)
		return ys_declare_out_of_memory(compiler);
	for (int i = 0; i < field->sources.count; i++)
		paths[i] = field->sources.items[i].text;
	field->info.npaths = field->sources.count;
	field->info.paths = paths;
	return true;
}

static bool
compile_function(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		signature;

	if (value == NULL)
		return true;
	if (!ys_declare_string(compiler, value, "function", &signature))
		return false;
	field->info.function = ys_arena_copy(compiler->arena, signature.bytes, signature.len);
	return field->info.function != NULL || ys_declare_out_of_memory(compiler);
}

/* A document is declared as its JSON text. */
static bool
read_document(YsCompiler *compiler, const YsValue *text, const YsValue **document)
{
	YsValue    *read = ys_arena_alloc(compiler->arena, sizeof(YsValue));

	if (read == NULL)
		return ys_declare_out_of_memory(compiler);
	*document = read;
	if (ys_declare_read(compiler, text->bytes, text->len, read))
		return true;
	if (compiler->err->code == YS_ERR_OUT_OF_MEMORY)
		return false;
	ys_declare_refuse(compiler, "its default_value is not JSON");
	return ys_declare_advise(compiler, "Write it as a jsonb literal.", "It is the text of a document.");
}

/* The default is a value like those of items: what they could not have is refused. */
static bool
compile_default(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	static const YsBindings no_bindings;
	YsNormalizing normalizing = {&field->rules, &no_bindings, compiler->arena, NULL};
	YsCell		cell = {.format = -1};

	if (value == NULL)
		return true;
	if (field->required)
	{
		ys_declare_refuse(compiler, "it has a default_value and is required");
		return ys_declare_advise(compiler, "Leave one of them out.",
								 "An item without a value either has the default one or is an error.");
	}
	if (field->type->is_document && value->type == YS_TYPE_STRING &&
		!read_document(compiler, value, &value))
		return false;
	switch (field->type->normalize(&normalizing, value, &cell))
	{
		case YS_USE_TAKEN:
			field->default_value = value;
			return true;
		case YS_USE_NO_MEMORY:
			return ys_declare_out_of_memory(compiler);
		case YS_USE_ABSENT:
			normalizing.reason = "it is empty";
			break;
		case YS_USE_REJECTED:
			if (normalizing.reason != ys_date_zones_unavailable)
				break;
			/* whoever applies the policy knows the zone, or rejects it */
			field->default_value = value;
			return true;
	}
	ys_declare_refuse(compiler, "its default_value is of no use: %s", normalizing.reason);
	return ys_declare_advise(compiler, "Write it as one of the items would.",
							 "It is read as the values of items are.");
}

static bool
can_have_index(const YsField *field, int choice)
{
	return (field->type->methods & 1u << (choice == YS_INDEX_COVERING ? (int) YS_INDEX_BTREE : choice)) != 0;
}

static bool
compile_index(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	static const char *const methods[] = {
		[YS_INDEX_NONE] = "none", [YS_INDEX_BTREE] = "btree", [YS_INDEX_HASH] = "hash",
		[YS_INDEX_GIN] = "gin", [YS_INDEX_GIST] = "gist",
		[YS_INDEX_COVERING] = "covering"
	};
	const int	nmethods = (int) (sizeof(methods) / sizeof(methods[0]));
	char		possible[64] = "none";
	int			choice;

	if (!ys_declare_choice(compiler, value, "index", methods, nmethods, &choice))
		return false;
	field->info.index = (YsIndexMethod) choice;
	if (choice == YS_INDEX_NONE || can_have_index(field, choice))
		return true;
	for (int i = 1; i < nmethods; i++)
	{
		size_t		len = strlen(possible);

		if (can_have_index(field, i))
			snprintf(possible + len, sizeof(possible) - len, ", %s", methods[i]);
	}
	ys_declare_refuse(compiler, "no %s index can be on %s", methods[choice], field->type->name);
	return ys_declare_advise(compiler, "Choose the one that the queries use.",
							 "An index on %s is one of %s.", field->type->name, possible);
}

bool
ys_declare_field(YsCompiler *compiler, const YsValue *object, YsField *field)
{
	static const char *const on_error[] = {
		[YS_ON_ERROR_NULL] = "null", [YS_ON_ERROR_REJECT] = "reject", [YS_ON_ERROR_KEEP_RAW] = "keep_raw"
	};
	YsFieldKeys values;
	const YsKey keys[] = {
		{"name", &values.name}, {"type", &values.type}, {"paths", &values.paths},
		{"combine", &values.combine}, {"formats", &values.formats},
		{"normalizers", &values.normalizers}, {"unit", &values.unit},
		{"locale", &values.locale},
		{"timezone", &values.timezone}, {"year_pivot", &values.year_pivot},
		{"synonyms", &values.synonyms}, {"allowed_values", &values.allowed_values},
		{"function", &values.function}, {"required", &values.required},
		{"default_value", &values.default_value}, {"on_error", &values.on_error},
		{"index", &values.index}
	};
	int			choice;

	if (!ys_declare_keys(compiler, object, keys, (int) (sizeof(keys) / sizeof(keys[0]))) ||
		!compile_name(compiler, values.name, field) ||
		!compile_type(compiler, values.type, field) ||
		!compile_paths(compiler, values.paths, field) ||
		!compile_combine(compiler, values.combine, field) ||
		!ys_declare_rules(compiler, &values, field) ||
		!compile_function(compiler, values.function, field) ||
		!ys_declare_boolean(compiler, values.required, "required", &field->required) ||
		!ys_declare_choice(compiler, values.on_error, "on_error", on_error, 3, &choice))
		return false;
	field->info.on_error = (YsOnError) choice;
	if (!compile_index(compiler, values.index, field))
		return false;
	return compile_default(compiler, values.default_value, field);
}
