/*-------------------------------------------------------------------------
 * declare_rules.c
 *	  Compiling how a field's values are read: normalizers, formats, units,
 *	  locales, synonyms, enumerations.
 *-------------------------------------------------------------------------
 */
#include "policy/declare.h"

#include <string.h>

#include "policy/normalize/unicode.h"
#include "policy/synonym.h"

/* For "%.*s": as much of a text as a message repeats. */
#define SHOW(text)		(int) ys_string_cut((text).bytes, (text).len, 60), (text).bytes

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
	if (count > 0 && field->type->is_document)
	{
		ys_declare_refuse(compiler, "normalizers are not for %s", field->type->name);
		return ys_declare_advise(compiler, "Leave normalizers out, or declare the type of what is in the document.",
								 "A document is kept as it is.");
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
	field->info.nformats = count;
	field->info.formats = ys_declare_names(compiler, count, texts);
	if (field->info.formats == NULL)
		return ys_declare_out_of_memory(compiler);
	return true;
}

static bool
compile_unit(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		name;
	const YsUnit *unit;
	bool		several;

	if (value != NULL && !field->type->has_unit)
	{
		ys_declare_refuse(compiler, "a unit is for numeric fields");
		return ys_declare_advise(compiler, "Leave unit out, or declare the type as numeric.",
								 "Numbers are converted to it.");
	}
	if (field->type->has_unit && compiler->units == NULL)
	{
		compiler->units = ys_unit_names(compiler->arena);
		if (compiler->units == NULL)
			return ys_declare_out_of_memory(compiler);
	}
	field->rules.units = compiler->units;
	if (value == NULL)
		return true;
	if (!ys_declare_string(compiler, value, "unit", &name))
		return false;
	unit = ys_unit_declared(compiler->units, name, &several);
	if (unit == NULL && several)
	{
		ys_declare_refuse(compiler, "\"%.*s\" is more than one unit", SHOW(name));
		return ys_declare_advise(compiler, "Give the unit's own name, of a currency its code.",
								 "Units of several quantities, or several currencies, are written so.");
	}
	if (unit == NULL)
	{
		ys_declare_refuse(compiler, "unknown unit \"%.*s\"", SHOW(name));
		return ys_declare_advise(compiler, "Choose the one the column is to be in; values in another of its "
								 "kind are converted.",
								 "Units are %s.", ys_unit_help());
	}
	field->rules.conversions = ys_unit_conversions(unit, compiler->arena);
	return field->rules.conversions != NULL || ys_declare_out_of_memory(compiler);
}

static bool
compile_locale(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		name;

	if (value == NULL)
		return true;
	if (!field->type->has_unit)
	{
		ys_declare_refuse(compiler, "a locale is for numeric fields");
		return ys_declare_advise(compiler, "Leave locale out, or declare the type as numeric.",
								 "It says how numbers in strings are grouped and where their decimals begin.");
	}
	if (!ys_declare_string(compiler, value, "locale", &name))
		return false;
	field->rules.locale = ys_number_locale_find(name);
	if (field->rules.locale == NULL)
	{
		ys_declare_refuse(compiler, "unknown locale \"%.*s\"", SHOW(name));
		return ys_declare_advise(compiler, "Choose the one whose separators the documents use.",
								 "Locales are %s.", ys_number_locale_help());
	}
	return true;
}

static bool
compile_synonyms(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	if (value == NULL)
		return true;
	if (!ys_declare_string(compiler, value, "synonyms", &field->rules.synonyms))
		return false;
	if (!field->type->is_text)
	{
		ys_declare_refuse(compiler, "synonyms are for text fields");
		return ys_declare_advise(compiler, "Leave synonyms out; months and booleans have lists of their own.",
								 "They are looked up in place of texts.");
	}
	return true;
}

/* False: it is for fields that are read from formats, as this one is not. */
static bool
is_of_dates(YsCompiler *compiler, const YsField *field, const char *key)
{
	if (field->type->has_formats)
		return true;
	ys_declare_refuse(compiler, "%s is for dates and timestamps", key);
	return ys_declare_advise(compiler, "Leave it out, or declare the type as date or timestamp.",
							 "It says how a date is read.");
}

/* Whether there is a zone of that name is known to who applies the policy. */
static bool
compile_timezone(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice		text;

	if (value == NULL)
		return true;
	if (!is_of_dates(compiler, field, "timezone") ||
		!ys_declare_string(compiler, value, "timezone", &text))
		return false;
	if (!ys_timezone_parse(text, &field->rules.timezone))
	{
		ys_declare_refuse(compiler, "\"%.*s\" cannot be a time zone", SHOW(text));
		return ys_declare_advise(compiler, "Name the place whose clocks the documents go by.",
								 "It is a name like Europe/Rome, UTC, or an offset like +01:00.");
	}
	return true;
}

static bool
compile_year_pivot(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	int			pivot = 0;

	field->rules.year_pivot = YS_DATE_PIVOT;
	if (value == NULL)
		return true;
	if (!is_of_dates(compiler, field, "year_pivot"))
		return false;
	for (uint32_t i = 0; value->type == YS_TYPE_NUMBER && i < value->len && pivot < 100; i++)
		pivot = ys_ascii_is_digit(value->bytes[i]) ? pivot * 10 + (value->bytes[i] - '0') : 100;
	if (value->type != YS_TYPE_NUMBER || pivot > 99)
	{
		ys_declare_refuse(compiler, "year_pivot is not from 0 to 99");
		return ys_declare_advise(compiler, "Leave it out for 69.",
								 "Years of two digits below it are 20YY, others 19YY.");
	}
	field->rules.year_pivot = pivot;
	return true;
}

/* Say which two values of an enumeration are the same. */
static bool
refuse_same_values(YsCompiler *compiler, int count, const YsSlice *values)
{
	for (int i = 1; i < count; i++)
	{
		char		key[YS_FOLD_MAX];
		int			len = ys_unicode_fold(values[i], key);

		for (int j = 0; j < i; j++)
		{
			char		other[YS_FOLD_MAX];

			if (ys_unicode_fold(values[j], other) != len || memcmp(key, other, (size_t) len) != 0)
				continue;
			ys_declare_refuse(compiler, "its allowed_values \"%.*s\" and \"%.*s\" are the same",
							  SHOW(values[j]), SHOW(values[i]));
			return ys_declare_advise(compiler, "Leave one of them out.",
									 "Values are the same whatever their case, accents and white space.");
		}
	}
	return ys_declare_refuse(compiler, "its allowed_values contradict each other");
}

static bool
compile_allowed_values(YsCompiler *compiler, const YsValue *value, YsField *field)
{
	YsSlice    *values;
	YsSynonyms *allowed;
	int			count;
	YsError		inner;

	if (!ys_declare_strings(compiler, value, "allowed_values", YS_POLICY_MAX_ALLOWED, &count, &values))
		return false;
	if (value == NULL)
		return true;
	if (!field->type->is_text)
	{
		ys_declare_refuse(compiler, "allowed_values are for text fields");
		return ys_declare_advise(compiler, "Leave allowed_values out, or declare the type as text.",
								 "They are texts.");
	}
	if (count == 0)
	{
		ys_declare_refuse(compiler, "its allowed_values are none");
		return ys_declare_advise(compiler, "Leave allowed_values out where every value is allowed.",
								 "No value could be used.");
	}
	allowed = ys_synonyms_create(compiler->arena);
	if (allowed == NULL)
		return ys_declare_out_of_memory(compiler);
	for (int i = 0; i < count; i++)
	{
		if (ys_synonyms_add(allowed, YS_RULES_ALLOWED, values[i], values[i], &inner))
			continue;
		if (inner.code == YS_ERR_OUT_OF_MEMORY)
			return ys_declare_out_of_memory(compiler);
		ys_declare_refuse(compiler, "element %d of its allowed_values is blank or too long", i + 1);
		return ys_declare_advise(compiler, "Leave it out; a blank is no value anyway.",
								 "A value has %d bytes at most.", YS_FOLD_MAX);
	}
	if (!ys_synonyms_finish(allowed, &inner))
		return inner.code == YS_ERR_OUT_OF_MEMORY ? ys_declare_out_of_memory(compiler) :
			refuse_same_values(compiler, count, values);
	field->rules.allowed = allowed;
	return true;
}

bool
ys_declare_rules(YsCompiler *compiler, const YsFieldKeys *keys, YsField *field)
{
	return compile_normalizers(compiler, keys->normalizers, field) &&
		compile_formats(compiler, keys->formats, field) &&
		compile_unit(compiler, keys->unit, field) &&
		compile_locale(compiler, keys->locale, field) &&
		compile_timezone(compiler, keys->timezone, field) &&
		compile_year_pivot(compiler, keys->year_pivot, field) &&
		compile_synonyms(compiler, keys->synonyms, field) &&
		compile_allowed_values(compiler, keys->allowed_values, field);
}
