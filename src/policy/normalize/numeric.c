/*-------------------------------------------------------------------------
 * numeric.c
 *	  Numeric fields: a number, perhaps with units, as canonical decimal text.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "policy/normalize/number_read.h"
#include "policy/normalize/type.h"

#define MOST_PARTS	4			/* of a compound: 1 d 2 h 30 min 5 s */

#define UNIT_UNDECLARED		"a unit, but the field declares none"
#define UNIT_UNKNOWN		"unknown unit"
#define UNIT_OTHER			"a unit of another quantity"
#define CURRENCY_OTHER		"another currency"

static YsUse
print_decimal(YsNormalizing *normalizing, const YsDecimal *decimal, YsCell *cell)
{
	char		text[YS_DECIMAL_TEXT];

	cell->len = ys_decimal_print(decimal, text);
	cell->bytes = ys_arena_copy(normalizing->arena, text, cell->len);
	cell->coerced = true;
	return cell->bytes != NULL ? YS_USE_TAKEN : YS_USE_NO_MEMORY;
}

/* The unit that a field's values are wanted in, or NULL. */
static const YsUnit *
wanted_unit(const YsRules *rules)
{
	return rules->conversions != NULL ? rules->conversions->unit : NULL;
}

/* The conversion from a unit that was found; else NULL and *reason. */
static const YsConversion *
conversion_from(const YsRules *rules, const YsUnit *unit, const char **reason)
{
	const YsConversion *conversion;

	if (rules->conversions == NULL)
	{
		*reason = UNIT_UNDECLARED;
		return NULL;
	}
	conversion = ys_unit_conversion(rules->conversions, unit);
	if (conversion == NULL)
		*reason = ys_unit_is_currency(unit) && ys_unit_is_currency(rules->conversions->unit) ?
			CURRENCY_OTHER : UNIT_OTHER;
	return conversion;
}

/* ---- several parts: 5 ft 11 in, 1h30 ---- */

static uint32_t
digit_at(YsSlice text)
{
	uint32_t	i = 0;

	while (i < text.len && !ys_ascii_is_digit(text.bytes[i]))
		i++;
	return i;
}

/* Two digits that end what begins with hours are minutes. */
static bool
are_minutes(YsSlice rest, const YsUnit *unit)
{
	return rest.len == 2 && ys_ascii_is_digit(rest.bytes[0]) && ys_ascii_is_digit(rest.bytes[1]) &&
		rest.bytes[0] < '6' && strcmp(ys_unit_name(unit), "h") == 0;
}

/*
 * Add up parts of descending units; `after` is what follows the first part's
 * number.  NULL, or why they can't be used: unknown where a unit is not known.
 */
static const char *
read_compound(const YsRules *rules, YsSlice after, const char *unknown, YsDecimal *decimal)
{
	const YsUnit *units[MOST_PARTS];
	const YsConversion *conversions[MOST_PARTS];
	YsDecimal	parts[MOST_PARTS];
	bool		negative = decimal->negative;
	const char *reason = NULL;
	int			n = 0;

	parts[0] = *decimal;
	for (;;)
	{
		uint32_t	len = digit_at(after);
		YsSlice		rest = {after.bytes + len, after.len - len};

		units[n] = ys_unit_find(rules->units, ys_string_trim((YsSlice) {after.bytes, len}), wanted_unit(rules));
		if (units[n] == NULL)
			return unknown;
		conversions[n] = conversion_from(rules, units[n], &reason);
		if (conversions[n] == NULL)
			return reason;
		if (n > 0 && !ys_unit_is_larger(units[n - 1], units[n]))
			return "units that don't descend";
		if (rest.len == 0)
			break;
		if (++n == MOST_PARTS)
			return YS_NOT_A_NUMBER;
		after = (YsSlice) {"min", 3};
		if (are_minutes(rest, units[n - 1]))
			reason = ys_number_read(&ys_number_plain, rest, &parts[n], &rest);
		else
			reason = ys_number_read(rules->locale, rest, &parts[n], &after);
		if (reason != NULL)
			return reason;
	}
	return ys_unit_convert_sum(conversions, parts, n + 1, negative, decimal);
}

/* ---- one number ---- */

/*
 * The unit on either side of the number, or on both the same.  NULL: there is none, or *reason
 * why it is of no use.
 */
static const YsUnit *
unit_of(const YsRules *rules, const YsAmount *amount, const YsUnit *wanted, const char **reason)
{
	const YsUnit *before = NULL;
	const YsUnit *after = NULL;

	if (amount->before.len > 0)
	{
		/* "m2 500" is not 2,500 m: what touches the number that follows it is a currency. */
		before = ys_unit_find(rules->units, amount->before, wanted);
		if (before == NULL || (amount->touching && !ys_unit_is_currency(before)))
		{
			*reason = YS_NOT_A_NUMBER;
			return NULL;
		}
	}
	if (amount->after.len > 0)
	{
		after = ys_unit_find(rules->units, amount->after, wanted);
		if (after == NULL)
		{
			char		c = amount->after.bytes[0];

			*reason = rules->conversions != NULL && (ys_ascii_is_letter(c) || (unsigned char) c >= 0x80) ?
				UNIT_UNKNOWN : YS_NOT_A_NUMBER;
			return NULL;
		}
	}
	if (before != NULL && after != NULL && before != after)
	{
		*reason = "two units";
		return NULL;
	}
	return before != NULL ? before : after;
}

/* Apply what stands around the number; NULL, or why it cannot be used. */
static const char *
convert(const YsRules *rules, const YsAmount *amount, YsDecimal *decimal)
{
	const char *reason = NULL;
	const YsUnit *wanted = wanted_unit(rules);
	const YsUnit *unit = unit_of(rules, amount, wanted, &reason);
	const YsConversion *conversion;

	*decimal = amount->decimal;
	if (unit == NULL && reason == NULL)
		unit = wanted;			/* there is only a dash */
	if (amount->dashed && (unit == NULL || !ys_unit_is_currency(unit)))
		return YS_NOT_A_NUMBER;
	if (unit == NULL)
	{
		if (amount->before.len > 0 || digit_at(amount->after) == amount->after.len)
			return reason;
		return read_compound(rules, amount->after, reason, decimal);
	}
	conversion = conversion_from(rules, unit, &reason);
	return conversion != NULL ? ys_unit_convert(conversion, decimal) : reason;
}

/* A number as a program writes it. */
static const char *
read_plain(YsSlice text, YsDecimal *decimal)
{
	YsSlice		rest;
	const char *reason = ys_decimal_parse(text, decimal, &rest);

	return reason == NULL && rest.len > 0 ? YS_NOT_A_NUMBER : reason;
}

/* A number as people write it. */
static const char *
read_written(const YsRules *rules, YsSlice text, YsDecimal *decimal)
{
	YsAmount	amount;
	const char *reason = ys_amount_read(rules->locale, text, &amount);

	if (reason == NULL)
	{
		if (amount.before.len == 0 && amount.after.len == 0 && !amount.dashed)
		{
			*decimal = amount.decimal;
			return NULL;
		}
		reason = convert(rules, &amount, decimal);
	}
	return reason != NULL ? ys_number_refusal(text, reason) : NULL;
}

/* Digits and nothing else mean the same everywhere. */
static bool
is_whole(YsSlice text)
{
	return memchr(text.bytes, '.', text.len) == NULL;
}

YsUse
ys_normalize_numeric(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	bool		plain = value->type == YS_TYPE_NUMBER;
	YsSlice		text;
	YsDecimal	decimal;
	const char *reason;
	YsUse		use;

	if (value->type == YS_TYPE_BOOL)
		return ys_normalize_reject(normalizing, YS_NOT_A_NUMBER);
	use = ys_normalize_scalar(normalizing, value, &text);
	if (use != YS_USE_TAKEN)
		return use;
	if (ys_decimal_is_canonical(text) && (plain || is_whole(text)))
	{
		cell->bytes = text.bytes;
		cell->len = text.len;
		cell->coerced = !plain;
		return YS_USE_TAKEN;
	}
	reason = plain ? read_plain(text, &decimal) : read_written(normalizing->rules, text, &decimal);
	if (reason != NULL)
		return ys_normalize_reject(normalizing, reason);
	return print_decimal(normalizing, &decimal, cell);
}
