/*-------------------------------------------------------------------------
 * text_field.c
 *	  Text, and arrays of text: what normalizers, synonyms and an enumeration
 *	  make of them.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/type.h"

#include <stdio.h>
#include <string.h>

#include "policy/compiled.h"
#include "policy/synonym.h"

static bool
is_blank(YsSlice text)
{
	return ys_string_trim(text).len == 0;
}

/* What the field's rules make of a text. */
static YsUse
apply_rules(YsNormalizing *normalizing, YsSlice *text)
{
	const YsRules *rules = normalizing->rules;

	if (!ys_normalize_string(normalizing, text))
		return YS_USE_NO_MEMORY;
	if (rules->synonyms.len > 0)
		(void) ys_synonyms_find(normalizing->bindings->synonyms, rules->synonyms, *text, text);
	if (rules->allowed == NULL ||
		ys_synonyms_find(rules->allowed, YS_RULES_ALLOWED, *text, text))
		return YS_USE_TAKEN;
	return is_blank(*text) ? YS_USE_ABSENT :
		ys_normalize_reject(normalizing, "not one of the allowed values");
}

YsUse
ys_normalize_text(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	YsSlice		text = {value->bytes, value->len};
	YsSlice		raw;
	const char *reason;
	YsUse		use;

	switch (value->type)
	{
		case YS_TYPE_NULL:
			return YS_USE_ABSENT;
		case YS_TYPE_STRING:
			reason = ys_string_check(text.bytes, text.len);
			if (reason != NULL)
				return ys_normalize_reject(normalizing, reason);
			break;
		case YS_TYPE_NUMBER:
			if (!ys_decimal_is_canonical(text))
			{
				use = ys_normalize_numeric(normalizing, value, cell);
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
			return ys_normalize_reject(normalizing, YS_NOT_A_SCALAR);
	}
	raw = text;
	use = apply_rules(normalizing, &text);
	if (use != YS_USE_TAKEN)
		return use;
	cell->bytes = text.bytes;
	cell->len = text.len;
	cell->coerced = value->type != YS_TYPE_STRING || text.len != raw.len ||
		(text.bytes != raw.bytes && memcmp(text.bytes, raw.bytes, text.len) != 0);
	return YS_USE_TAKEN;
}

/* ---- arrays ---- */

/* Say which element the reason is about. */
static YsUse
reject_element(YsNormalizing *normalizing, uint32_t number)
{
	char		reason[200];
	int			len = snprintf(reason, sizeof(reason), "element %u: %s", number, normalizing->reason);

	normalizing->reason = ys_arena_copy(normalizing->arena, reason, (size_t) len);
	return normalizing->reason != NULL ? YS_USE_REJECTED : YS_USE_NO_MEMORY;
}

/* What the array has elements of: a scalar is a list of one. */
static YsUse
list_of(YsNormalizing *normalizing, const YsValue *value, YsValue *list)
{
	switch (value->type)
	{
		case YS_TYPE_NULL:
			return YS_USE_ABSENT;
		case YS_TYPE_STRING:
		case YS_TYPE_NUMBER:
		case YS_TYPE_BOOL:
			*list = (YsValue) {.type = YS_TYPE_LIST, .len = 1, .elements = (YsValue *) value};
			break;
		case YS_TYPE_LIST:
			*list = *value;
			break;
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
			if (!ys_value_sort_set(value, normalizing->arena, list))
				return YS_USE_NO_MEMORY;
			break;
		case YS_TYPE_MAP:
		case YS_TYPE_BINARY:
		case YS_TYPE_BINARY_SET:
			return ys_normalize_reject(normalizing, "neither scalars nor a list of them");
	}
	return list->len <= YS_POLICY_MAX_VALUES ? YS_USE_TAKEN :
		ys_normalize_reject(normalizing, "more than 10,000 elements");
}

YsUse
ys_normalize_text_array(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	YsValue		list;
	YsUse		use = list_of(normalizing, value, &list);
	YsSlice    *texts;
	uint32_t	count = 0;
	bool		coerced = value->type != YS_TYPE_LIST && value->type != YS_TYPE_STRING_SET;

	if (use != YS_USE_TAKEN)
		return use;
	texts = ys_arena_alloc(normalizing->arena, sizeof(YsSlice) * ((size_t) list.len + 1));
	if (texts == NULL)
		return YS_USE_NO_MEMORY;
	for (uint32_t i = 0; i < list.len; i++)
	{
		YsCell		element = {.present = true};

		use = ys_normalize_text(normalizing, &list.elements[i], &element);
		if (use == YS_USE_REJECTED && list.elements != value)
			use = reject_element(normalizing, i + 1);
		if (use == YS_USE_REJECTED || use == YS_USE_NO_MEMORY)
			return use;
		if (use == YS_USE_ABSENT || is_blank((YsSlice) {element.bytes, element.len}))
			continue;
		texts[count++] = (YsSlice) {element.bytes, element.len};
		coerced |= element.coerced;
	}
	if (count == 0)
		return YS_USE_ABSENT;
	cell->texts = texts;
	cell->ntexts = count;
	cell->coerced = coerced || count < list.len;
	return YS_USE_TAKEN;
}
