/*-------------------------------------------------------------------------
 * numeric.c
 *	  Numeric fields: a number, perhaps with a unit, as canonical decimal text.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/type.h"

static YsUse
print_decimal(YsNormalizing *normalizing, const YsDecimal *decimal, YsCell *cell)
{
	char		text[YS_DECIMAL_TEXT];

	cell->len = ys_decimal_print(decimal, text);
	cell->bytes = ys_arena_copy(normalizing->arena, text, cell->len);
	cell->coerced = true;
	return cell->bytes != NULL ? YS_USE_TAKEN : YS_USE_NO_MEMORY;
}

/* Convert what stands before a unit; NULL, or why it cannot be used. */
static const char *
convert(const YsRules *rules, YsSlice suffix, YsDecimal *decimal)
{
	const YsUnit *unit;
	const YsConversion *conversion;

	/* Nothing that continues a number may begin a unit. */
	if (suffix.bytes[0] >= '!' && suffix.bytes[0] <= '9')
		return YS_NOT_A_NUMBER;
	unit = ys_unit_find(suffix);
	if (rules->conversions == NULL)
		return unit != NULL ? "a unit, but the field declares none" : YS_NOT_A_NUMBER;
	if (unit == NULL)
		return "unknown unit";
	conversion = ys_unit_conversion(rules->conversions, unit);
	if (conversion->multiplier == 0)
		return "a unit of another quantity";
	return ys_unit_convert(conversion, decimal) ? NULL : YS_NUMBER_OUT_OF_RANGE;
}

YsUse
ys_normalize_numeric(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	YsSlice		text;
	YsSlice		rest;
	YsDecimal	decimal;
	const char *reason;
	YsUse		use;

	if (value->type == YS_TYPE_BOOL)
		return ys_normalize_reject(normalizing, YS_NOT_A_NUMBER);
	use = ys_normalize_scalar(normalizing, value, &text);
	if (use != YS_USE_TAKEN)
		return use;
	if (ys_decimal_is_canonical(text))
	{
		cell->bytes = text.bytes;
		cell->len = text.len;
		cell->coerced = value->type != YS_TYPE_NUMBER;
		return YS_USE_TAKEN;
	}
	reason = ys_decimal_parse(text, &decimal, &rest);
	if (reason == NULL && rest.len > 0)
		reason = convert(normalizing->rules, ys_string_trim(rest), &decimal);
	if (reason != NULL)
		return ys_normalize_reject(normalizing, reason);
	return print_decimal(normalizing, &decimal, cell);
}
