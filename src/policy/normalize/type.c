/*-------------------------------------------------------------------------
 * type.c
 *	  The field types: how a value becomes a cell of each.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/type.h"

#include <string.h>

#define NOT_A_SCALAR	"not a scalar"

static bool
run_normalizers(const YsRules *rules, YsArena *arena, YsSlice *text)
{
	for (int i = 0; i < rules->nnormalizers; i++)
	{
		if (!rules->normalizers[i] (arena, text))
			return false;
	}
	return true;
}

YsUse
ys_normalize_scalar(const YsRules *rules, const YsValue *value, YsArena *arena,
					YsSlice *text, const char **reason)
{
	*text = (YsSlice) {value->bytes, value->len};
	switch (value->type)
	{
		case YS_TYPE_NULL:
			return YS_USE_ABSENT;
		case YS_TYPE_NUMBER:
			return YS_USE_TAKEN;
		case YS_TYPE_STRING:
			if (rules->nnormalizers > 0 && !run_normalizers(rules, arena, text))
				return YS_USE_NO_MEMORY;
			*text = ys_string_trim(*text);
			return text->len > 0 ? YS_USE_TAKEN : YS_USE_ABSENT;
		case YS_TYPE_BOOL:
			*reason = "neither a string nor a number";
			return YS_USE_REJECTED;
		default:
			*reason = NOT_A_SCALAR;
			return YS_USE_REJECTED;
	}
}

/* ---- numeric ---- */

static YsUse
print_decimal(const YsDecimal *decimal, YsArena *arena, YsCell *cell)
{
	char		text[YS_DECIMAL_TEXT];

	cell->len = ys_decimal_print(decimal, text);
	cell->bytes = ys_arena_copy(arena, text, cell->len);
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

static YsUse
normalize_numeric(const YsRules *rules, const YsValue *value, YsArena *arena,
				  YsCell *cell, const char **reason)
{
	YsSlice		text;
	YsSlice		rest;
	YsDecimal	decimal;
	YsUse		use;

	if (value->type == YS_TYPE_BOOL)
	{
		*reason = YS_NOT_A_NUMBER;
		return YS_USE_REJECTED;
	}
	use = ys_normalize_scalar(rules, value, arena, &text, reason);
	if (use != YS_USE_TAKEN)
		return use;
	if (ys_decimal_is_canonical(text))
	{
		cell->bytes = text.bytes;
		cell->len = text.len;
		return YS_USE_TAKEN;
	}
	*reason = ys_decimal_parse(text, &decimal, &rest);
	if (*reason == NULL && rest.len > 0)
		*reason = convert(rules, ys_string_trim(rest), &decimal);
	if (*reason != NULL)
		return YS_USE_REJECTED;
	return print_decimal(&decimal, arena, cell);
}

static int
compare_numeric(const YsCell *a, const YsCell *b)
{
	return ys_decimal_compare((YsSlice) {a->bytes, a->len}, (YsSlice) {b->bytes, b->len});
}

/* ---- text ---- */

YsUse
ys_normalize_text(const YsRules *rules, const YsValue *value, YsArena *arena,
				  YsCell *cell, const char **reason)
{
	YsSlice		text = {value->bytes, value->len};

	switch (value->type)
	{
		case YS_TYPE_NULL:
			return YS_USE_ABSENT;
		case YS_TYPE_STRING:
			*reason = ys_string_check(text.bytes, text.len);
			if (*reason != NULL)
				return YS_USE_REJECTED;
			break;
		case YS_TYPE_NUMBER:
			if (!ys_decimal_is_canonical(text))
			{
				YsUse		use = normalize_numeric(rules, value, arena, cell, reason);

				if (use != YS_USE_TAKEN)
					return use;
				text = (YsSlice) {cell->bytes, cell->len};
			}
			break;
		case YS_TYPE_BOOL:
			text.bytes = value->boolean ? "true" : "false";
			text.len = (uint32_t) strlen(text.bytes);
			break;
		default:
			*reason = NOT_A_SCALAR;
			return YS_USE_REJECTED;
	}
	if (!run_normalizers(rules, arena, &text))
		return YS_USE_NO_MEMORY;
	cell->bytes = text.bytes;
	cell->len = text.len;
	return YS_USE_TAKEN;
}

/* By bytes, whatever the database's collation. */
static int
compare_text(const YsCell *a, const YsCell *b)
{
	uint32_t	common = a->len < b->len ? a->len : b->len;
	int			order = common > 0 ? memcmp(a->bytes, b->bytes, common) : 0;

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int
compare_boolean(const YsCell *a, const YsCell *b)
{
	return (int) a->boolean - (int) b->boolean;
}

/* ---- dates ---- */

static YsUse
normalize_moment(const YsRules *rules, const YsValue *value, YsArena *arena,
				 int64_t *usecs, const char **reason)
{
	YsSlice		text;
	YsUse		use;

	use = ys_normalize_scalar(rules, value, arena, &text, reason);
	if (use != YS_USE_TAKEN)
		return use;
	*reason = ys_date_parse(rules->formats, rules->nformats, text, usecs);
	return *reason == NULL ? YS_USE_TAKEN : YS_USE_REJECTED;
}

/* A time of day, if there is one, counts as far as it moves the date at UTC. */
static YsUse
normalize_date(const YsRules *rules, const YsValue *value, YsArena *arena,
			   YsCell *cell, const char **reason)
{
	int64_t		usecs;
	YsUse		use = normalize_moment(rules, value, arena, &usecs, reason);

	if (use == YS_USE_TAKEN)
		cell->days = ys_date_of(usecs);
	return use;
}

static YsUse
normalize_timestamp(const YsRules *rules, const YsValue *value, YsArena *arena,
					YsCell *cell, const char **reason)
{
	return normalize_moment(rules, value, arena, &cell->usecs, reason);
}

static int
compare_date(const YsCell *a, const YsCell *b)
{
	return (a->days > b->days) - (a->days < b->days);
}

static int
compare_timestamp(const YsCell *a, const YsCell *b)
{
	return (a->usecs > b->usecs) - (a->usecs < b->usecs);
}

/* ---- the table ---- */

static const YsTypeInfo types[] =
{
	{.name = "text", .type = YS_FIELD_TEXT,
	.normalize = ys_normalize_text, .compare = compare_text},
	{.name = "numeric", .type = YS_FIELD_NUMERIC, .has_unit = true,
	.normalize = normalize_numeric, .compare = compare_numeric},
	{.name = "boolean", .synonym = "bool", .type = YS_FIELD_BOOLEAN,
	.normalize = ys_normalize_boolean, .compare = compare_boolean},
	{.name = "date", .type = YS_FIELD_DATE, .has_formats = true, .has_latest = true,
	.normalize = normalize_date, .compare = compare_date},
	{.name = "timestamp", .synonym = "timestamptz", .type = YS_FIELD_TIMESTAMP,
		.has_formats = true, .has_latest = true,
	.normalize = normalize_timestamp, .compare = compare_timestamp},
};

const YsTypeInfo *
ys_type_find(YsSlice name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
	{
		if (ys_string_is(name, types[i].name) ||
			(types[i].synonym != NULL && ys_string_is(name, types[i].synonym)))
			return &types[i];
	}
	return NULL;
}

const char *
ys_type_names(void)
{
	return "text, numeric, boolean, date, timestamp";
}
