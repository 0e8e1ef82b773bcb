/*-------------------------------------------------------------------------
 * convert_jsonb.c
 *	  Whole documents: the store's values as jsonb, and back.
 *
 * The plain form says less than the store's: sets are arrays and binary is
 * base64 text there.  Going back gives lists and strings; shape.h restores
 * what an older version of the item tells.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/memory.h"
#include "catalog/convert.h"
#include "catalog/shape.h"

/* ---- to jsonb ---- */

static bool push_value(JsonbParseState **state, JsonbIteratorToken token, const YsValue *value,
					   JsonbValue **result);

static bool
set_string(JsonbValue *out, const char *bytes, uint32_t len)
{
	out->type = jbvString;
	out->val.string.val = unconstify(char *, bytes);
	out->val.string.len = len;
	return memchr(bytes, '\0', len) == NULL;
}

static bool
set_base64(JsonbValue *out, const YsValue *value)
{
	YsArena		arena;
	YsText		text;

	/* the arena's blocks are the caller's context's, as all else here */
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&text, &arena);
	ys_base64_encode(&text, value->bytes, value->len);
	if (text.failed)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	return set_string(out, text.bytes != NULL ? text.bytes : "", text.len);
}

static bool
set_scalar(JsonbValue *out, const YsValue *value)
{
	Datum		numeric;

	switch (value->type)
	{
		case YS_TYPE_STRING:
			return set_string(out, value->bytes, value->len);
		case YS_TYPE_BINARY:
			return set_base64(out, value);
		case YS_TYPE_NUMBER:
			if (!ys_convert_to_numeric(value, &numeric))
				return false;
			out->type = jbvNumeric;
			out->val.numeric = DatumGetNumeric(numeric);
			return true;
		case YS_TYPE_BOOL:
			out->type = jbvBool;
			out->val.boolean = value->boolean;
			return true;
		case YS_TYPE_NULL:
			out->type = jbvNull;
			return true;
		default:
			elog(ERROR, "value of type %d is no scalar", value->type);
	}
}

static bool
push_map(JsonbParseState **state, const YsValue *map, JsonbValue **result)
{
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (uint32_t i = 0; i < map->len; i++)
	{
		const YsMember *member = &map->members[i];
		JsonbValue	key;

		if (!set_string(&key, member->name, member->name_len))
			return false;
		pushJsonbValue(state, WJB_KEY, &key);
		if (!push_value(state, WJB_VALUE, &member->value, result))
			return false;
	}
	*result = pushJsonbValue(state, WJB_END_OBJECT, NULL);
	return true;
}

static int
compare_elements(const void *a, const void *b)
{
	return ys_shape_order(*(const YsValue *const *) a, *(const YsValue *const *) b);
}

/* A set has no order: sorting gives equal sets equal jsonb. */
static bool
push_elements(JsonbParseState **state, const YsValue *value, JsonbValue **result)
{
	const YsValue **elements = palloc(Max(value->len, 1) * sizeof(YsValue *));

	for (uint32_t i = 0; i < value->len; i++)
		elements[i] = &value->elements[i];
	if (value->type != YS_TYPE_LIST)
		qsort(elements, value->len, sizeof(YsValue *), compare_elements);

	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (uint32_t i = 0; i < value->len; i++)
		if (!push_value(state, WJB_ELEM, elements[i], result))
			return false;
	*result = pushJsonbValue(state, WJB_END_ARRAY, NULL);
	pfree(elements);
	return true;
}

/* Depth is bounded by what the decoder accepted. */
static bool
push_value(JsonbParseState **state, JsonbIteratorToken token, const YsValue *value,
		   JsonbValue **result)
{
	JsonbValue	scalar;

	switch (value->type)
	{
		case YS_TYPE_MAP:
			return push_map(state, value, result);
		case YS_TYPE_LIST:
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			return push_elements(state, value, result);
		default:
			if (!set_scalar(&scalar, value))
				return false;
			*result = pushJsonbValue(state, token, &scalar);
			return true;
	}
}

bool
ys_convert_to_jsonb(const YsValue *value, Datum *jsonb)
{
	JsonbParseState *state = NULL;
	JsonbValue *result = NULL;
	JsonbValue	scalar;

	if (value->type >= YS_TYPE_MAP)
	{
		if (!push_value(&state, WJB_ELEM, value, &result))
			return false;
	}
	else
	{
		if (!set_scalar(&scalar, value))
			return false;
		result = &scalar;
	}
	*jsonb = JsonbPGetDatum(JsonbValueToJsonb(result));
	return true;
}

/* ---- from jsonb ---- */

static YsValue value_from(JsonbIterator **it, JsonbIteratorToken token, const JsonbValue *source,
						  int depth);

static YsValue
scalar_from(const JsonbValue *source)
{
	switch (source->type)
	{
		case jbvNull:
			return ys_value_null();
		case jbvBool:
			return ys_value_bool(source->val.boolean);
		case jbvString:
			return ys_value_string(pnstrdup(source->val.string.val, source->val.string.len),
								   source->val.string.len);
		case jbvNumeric:
			return ys_convert_number_or_throw(NumericGetDatum(source->val.numeric));
		default:
			elog(ERROR, "unexpected jsonb scalar of type %d", (int) source->type);
	}
}

static YsValue
map_from(JsonbIterator **it, int count, int depth)
{
	YsValue		map = {.type = YS_TYPE_MAP};
	JsonbValue	v;
	JsonbIteratorToken token;

	map.members = palloc(Max(count, 1) * sizeof(YsMember));
	while ((token = JsonbIteratorNext(it, &v, false)) == WJB_KEY)
	{
		YsMember   *member = &map.members[map.len++];

		member->name = pnstrdup(v.val.string.val, v.val.string.len);
		member->name_len = v.val.string.len;
		token = JsonbIteratorNext(it, &v, false);
		member->value = value_from(it, token, &v, depth);
	}
	return map;
}

static YsValue
list_from(JsonbIterator **it, int count, int depth)
{
	YsValue		list = {.type = YS_TYPE_LIST};
	JsonbValue	v;
	JsonbIteratorToken token;

	list.elements = palloc(Max(count, 1) * sizeof(YsValue));
	while ((token = JsonbIteratorNext(it, &v, false)) != WJB_END_ARRAY)
		list.elements[list.len++] = value_from(it, token, &v, depth);
	return list;
}

static YsValue
value_from(JsonbIterator **it, JsonbIteratorToken token, const JsonbValue *source, int depth)
{
	if (depth > YS_VALUE_MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("document is nested too deep for the store"),
				 errdetail("It has more than %d levels.", YS_VALUE_MAX_DEPTH)));
	switch (token)
	{
		case WJB_BEGIN_OBJECT:
			return map_from(it, source->val.object.nPairs, depth + 1);
		case WJB_BEGIN_ARRAY:
			return list_from(it, source->val.array.nElems, depth + 1);
		default:
			return scalar_from(source);
	}
}

YsValue
ys_convert_from_jsonb(Datum jsonb)
{
	Jsonb	   *document = DatumGetJsonbP(jsonb);
	JsonbIterator *it = JsonbIteratorInit(&document->root);
	JsonbValue	v;
	JsonbIteratorToken token = JsonbIteratorNext(&it, &v, false);

	/* a scalar is kept as an array of one */
	if (JB_ROOT_IS_SCALAR(document))
		(void) JsonbIteratorNext(&it, &v, false), token = WJB_ELEM;
	return value_from(&it, token, &v, 0);
}
