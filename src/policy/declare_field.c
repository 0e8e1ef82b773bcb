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
compile_normalizers(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice    *names;
	YsStringFn *normalizers;
	int			count;

	if (!ys_declare_strings(compiler, value, "normalizers", YS_POLICY_MAX_RULES, &count, &names))
		return false;
	normalizers = ys_arena_alloc(compiler->arena, sizeof(YsStringFn) * (size_t) (count + 1));
	if (normalizers == NULL)
		return ys_declare_out_of_memory(compiler);
	for (int i = 0; i < count; i++)
	{
		normalizers[i] = ys_normalizer_find(names[i]);
		if (normalizers[i] == NULL)
		{
			ys_declare_refuse(compiler, "unknown normalizer \"%.*s\"", SHOW(names[i]));
			return ys_declare_advise(compiler, "Choose among them; they are applied in the order given.",
									 "Normalizers are %s.", ys_normalizer_names());
		}
	}
	field->rules.nnormalizers = count;
	field->rules.normalizers = normalizers;
	return true;
}

static bool
compile_formats(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		iso = {"ISO", 3};
	YsSlice    *texts;
	YsDateFormat *formats;
	int			count;

	if (!ys_declare_strings(compiler, value, "formats", YS_POLICY_MAX_RULES, &count, &texts))
		return false;
	if (!field->type->has_formats)
	{
		if (count == 0)
			return true;
		ys_declare_refuse(compiler, "formats are for dates and timestamps");
		return ys_declare_advise(compiler, "Leave formats out, or declare the type as date or timestamp.",
								 "They say how a date is written.");
	}
	if (count == 0)
	{
		texts = &iso;
		count = 1;
	}
	formats = ys_arena_alloc(compiler->arena, sizeof(YsDateFormat) * (size_t) count);
	if (formats == NULL)
		return ys_declare_out_of_memory(compiler);
	for (int i = 0; i < count; i++)
	{
		const char *why = ys_date_format_compile(texts[i], &formats[i]);

		if (why != NULL)
		{
			ys_declare_refuse(compiler, "unknown format \"%.*s\": %s", SHOW(texts[i]), why);
			return ys_declare_advise(compiler, "Write down how one of the documents' dates looks: "
									 "31/12/2024 is DD/MM/YYYY.",
									 "%s", ys_date_format_help());
		}
	}
	field->rules.nformats = count;
	field->rules.formats = formats;
	return true;
}

static bool
compile_unit(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		name;
	const YsUnit *unit;
	char		units[256];

	if (value == NULL)
		return true;
	if (!ys_declare_string(compiler, value, "unit", &name))
		return false;
	if (!field->type->has_unit)
	{
		ys_declare_refuse(compiler, "a unit is for numeric fields");
		return ys_declare_advise(compiler, "Leave unit out, or declare the type as numeric.",
								 "Numbers are converted to it.");
	}
	unit = ys_unit_find(name);
	if (unit == NULL)
	{
		ys_unit_list(units, sizeof(units));
		ys_declare_refuse(compiler, "unknown unit \"%.*s\"", SHOW(name));
		return ys_declare_advise(compiler, "Choose the one the column is to be in; values in another of its "
								 "kind are converted.",
								 "Units are %s.", units);
	}
	field->rules.conversions = ys_unit_conversions(unit, compiler->arena);
	return field->rules.conversions != NULL || ys_declare_out_of_memory(compiler);
}

bool
ys_declare_field(YsCompiler *compiler, const YsValue *object, YsField *field)
{
	const YsValue *name;
	const YsValue *type;
	const YsValue *paths;
	const YsValue *combine;
	const YsValue *formats;
	const YsValue *normalizers;
	const YsValue *unit;
	const YsKey keys[] = {
		{"name", &name}, {"type", &type}, {"paths", &paths}, {"combine", &combine},
		{"formats", &formats}, {"normalizers", &normalizers}, {"unit", &unit}
	};

	if (!ys_declare_keys(compiler, object, keys, 7) ||
		!compile_name(compiler, name, field) ||
		!compile_type(compiler, type, field) ||
		!ys_declare_sources(compiler, paths, "paths", &field->sources))
		return false;
	if (field->sources.count == 0)
	{
		ys_declare_refuse(compiler, "it has no paths");
		return ys_declare_advise(compiler, "Give the paths at which documents have the value, the preferred "
								 "one first.",
								 "No document could give it a value.");
	}
	return compile_combine(compiler, combine, field) &&
		compile_normalizers(compiler, normalizers, field) &&
		compile_formats(compiler, formats, field) &&
		compile_unit(compiler, unit, field);
}
