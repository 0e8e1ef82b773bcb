/*-------------------------------------------------------------------------
 * type.c
 *	  The field types: how a value becomes a cell of each.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/type.h"

#include <string.h>

YsUse
ys_normalize_reject(YsNormalizing *normalizing, const char *reason)
{
	normalizing->reason = reason;
	return YS_USE_REJECTED;
}

bool
ys_normalize_string(YsNormalizing *normalizing, YsSlice *text)
{
	const YsRules *rules = normalizing->rules;

	for (int i = 0; i < rules->nnormalizers; i++)
	{
		if (!rules->normalizers[i] (normalizing->arena, text))
			return false;
	}
	return true;
}

YsUse
ys_normalize_scalar(YsNormalizing *normalizing, const YsValue *value, YsSlice *text)
{
	*text = (YsSlice) {value->bytes, value->len};
	switch (value->type)
	{
		case YS_TYPE_NULL:
			return YS_USE_ABSENT;
		case YS_TYPE_NUMBER:
			return YS_USE_TAKEN;
		case YS_TYPE_STRING:
			if (!ys_normalize_string(normalizing, text))
				return YS_USE_NO_MEMORY;
			*text = ys_string_trim(*text);
			return text->len > 0 ? YS_USE_TAKEN : YS_USE_ABSENT;
		case YS_TYPE_BOOL:
			return ys_normalize_reject(normalizing, "neither a string nor a number");
		default:
			return ys_normalize_reject(normalizing, YS_NOT_A_SCALAR);
	}
}

/* ---- comparing cells of one type ---- */

/* By bytes, whatever the database's collation. */
static int
compare_text(const YsCell *a, const YsCell *b)
{
	uint32_t	common = a->len < b->len ? a->len : b->len;
	int			order = common > 0 ? memcmp(a->bytes, b->bytes, common) : 0;

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int
compare_numeric(const YsCell *a, const YsCell *b)
{
	return ys_decimal_compare((YsSlice) {a->bytes, a->len}, (YsSlice) {b->bytes, b->len});
}

static int
compare_boolean(const YsCell *a, const YsCell *b)
{
	return (int) a->boolean - (int) b->boolean;
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

#define METHOD(method)	(1u << YS_INDEX_##method)
#define SORTED			(METHOD(BTREE) | METHOD(HASH) | METHOD(GIST))

static const YsTypeInfo types[] =
{
	{.name = "text", .type = YS_FIELD_TEXT, .is_text = true, .methods = SORTED | METHOD(GIN),
	.normalize = ys_normalize_text, .compare = compare_text},
	{.name = "text[]", .type = YS_FIELD_TEXT_ARRAY, .is_text = true, .gathers = true, .methods = METHOD(GIN),
	.normalize = ys_normalize_text_array},
	{.name = "numeric", .type = YS_FIELD_NUMERIC, .has_unit = true, .methods = SORTED,
	.normalize = ys_normalize_numeric, .compare = compare_numeric},
	{.name = "boolean", .synonym = "bool", .type = YS_FIELD_BOOLEAN,
		.methods = METHOD(BTREE) | METHOD(HASH),
	.normalize = ys_normalize_boolean, .compare = compare_boolean},
	{.name = "date", .type = YS_FIELD_DATE, .has_formats = true, .has_latest = true, .methods = SORTED,
	.normalize = ys_normalize_date, .compare = compare_date},
	{.name = "timestamp", .synonym = "timestamptz", .type = YS_FIELD_TIMESTAMP,
		.has_formats = true, .has_latest = true, .methods = SORTED,
	.normalize = ys_normalize_timestamp, .compare = compare_timestamp},
	{.name = "jsonb", .type = YS_FIELD_JSONB, .is_document = true, .methods = METHOD(GIN),
	.normalize = ys_normalize_jsonb},
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
	return "text, text[], numeric, boolean, date, timestamp, jsonb";
}
