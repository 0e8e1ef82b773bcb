/*-------------------------------------------------------------------------
 * convert_from_jsonb.c
 *	  Jsonb, plain and typed, as the store's values.
 *
 * Plain jsonb gives strings, numbers, booleans, nulls, maps and lists, and where an
 * object of a reserved name says so, sets and binary.  shape.h restores what an
 * older version of the item tells besides.  Typed jsonb is read as plain
 * jsonb first, and then for what it says.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/memory.h"
#include "catalog/convert.h"
#include "catalog/shape.h"

/* Most of a name that is repeated in a message. */
#define NAME_SHOWN		64

/* ---- jsonb as a tree ---- */

typedef struct Reading
{
	JsonbIterator *it;
	bool		typed;			/* numbers are no values, and no name is reserved */
	int			max_depth;
} Reading;

static YsValue tree_from(Reading *reading, JsonbIteratorToken token, const JsonbValue *source,
						 int depth);
static YsValue resolve_names(const YsValue *map);

static YsValue
number_from(const Reading *reading, Numeric numeric)
{
	Datum		datum = NumericGetDatum(numeric);
	char	   *text;

	if (!reading->typed)
		return ys_convert_number_or_throw(datum);
	text = DatumGetCString(DirectFunctionCall1(numeric_out, datum));
	return ys_value_number(text, strlen(text));
}

static YsValue
scalar_from(const Reading *reading, const JsonbValue *source)
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
			return number_from(reading, source->val.numeric);
		default:
			elog(ERROR, "unexpected jsonb scalar of type %d", (int) source->type);
	}
}

static YsValue
map_from(Reading *reading, int count, int depth)
{
	YsValue		map = {.type = YS_TYPE_MAP};
	bool		reserved = false;
	JsonbValue	v;
	JsonbIteratorToken token;

	map.members = palloc(Max(count, 1) * sizeof(YsMember));
	while ((token = JsonbIteratorNext(&reading->it, &v, false)) == WJB_KEY)
	{
		YsMember   *member = &map.members[map.len++];

		member->name = pnstrdup(v.val.string.val, v.val.string.len);
		member->name_len = v.val.string.len;
		reserved = reserved || ys_convert_is_reserved(member->name, member->name_len);
		token = JsonbIteratorNext(&reading->it, &v, false);
		member->value = tree_from(reading, token, &v, depth);
	}
	return reserved && !reading->typed ? resolve_names(&map) : map;
}

static YsValue
list_from(Reading *reading, int count, int depth)
{
	YsValue		list = {.type = YS_TYPE_LIST};
	JsonbValue	v;
	JsonbIteratorToken token;

	list.elements = palloc(Max(count, 1) * sizeof(YsValue));
	while ((token = JsonbIteratorNext(&reading->it, &v, false)) != WJB_END_ARRAY)
		list.elements[list.len++] = tree_from(reading, token, &v, depth);
	return list;
}

static YsValue
tree_from(Reading *reading, JsonbIteratorToken token, const JsonbValue *source, int depth)
{
	if (depth > reading->max_depth)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("document is nested too deep for the store"),
				 errdetail("It has more than %d levels.", YS_VALUE_MAX_DEPTH)));
	switch (token)
	{
		case WJB_BEGIN_OBJECT:
			return map_from(reading, source->val.object.nPairs, depth + 1);
		case WJB_BEGIN_ARRAY:
			return list_from(reading, source->val.array.nElems, depth + 1);
		default:
			return scalar_from(reading, source);
	}
}

/* ---- reserved names in plain documents ---- */

static YsValue
binary_from(const YsValue *text, bool *ok)
{
	YsValue		binary = {.type = YS_TYPE_BINARY};

	*ok = text->type == YS_TYPE_STRING && ys_shape_decode_binary(text, &binary);
	return binary;
}

/*
 * The set or binary that content is the plain form of; ok false when it is not: another type of
 * elements, none, or one of them twice.
 */
static YsValue
collection_from(YsType type, const YsValue *content, bool *ok)
{
	YsType		element = type == YS_TYPE_NUMBER_SET ? YS_TYPE_NUMBER : YS_TYPE_STRING;
	YsValue		set = {.type = type};

	if (type == YS_TYPE_BINARY)
		return binary_from(content, ok);
	*ok = content->type == YS_TYPE_LIST && content->len > 0;
	if (!*ok)
		return set;
	set.elements = palloc(content->len * sizeof(YsValue));
	for (; set.len < content->len && *ok; set.len++)
	{
		set.elements[set.len] = content->elements[set.len];
		*ok = content->elements[set.len].type == element;
		if (*ok && type == YS_TYPE_BINARY_SET)
			set.elements[set.len] = binary_from(&content->elements[set.len], ok);
	}
	*ok = *ok && ys_shape_distinct(set.elements, set.len) == content->len;
	return set;
}

static void
refuse_reserved(const YsMember *member)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("name \"%.*s\" is reserved in plain documents",
					pg_mbcliplen(member->name, member->name_len, NAME_SHOWN), member->name),
			 errdetail("Names that begin with \"%s\" stand for sets and binary, alone in their object.",
					   YS_RESERVED_PREFIX),
			 errhint("Use string_set, number_set, binary_set or binary of schema yottastore, or write the "
					 "beginning twice for an attribute of that name.")));
}

static void
refuse_marker(const YsMember *member)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("an object with member \"%.*s\" is not what that name stands for",
					(int) member->name_len, member->name),
			 errdetail("A set is a list of one or more different strings, numbers or base64 strings, binary a "
					   "base64 string."),
			 errhint("Use string_set, number_set, binary_set or binary of schema yottastore.")));
}

/* What a map with such names stands for. */
static YsValue
resolve_names(const YsValue *map)
{
	YsValue		resolved = *map;
	YsMember   *only = &map->members[0];
	YsType		type;

	if (map->len == 1 &&
		ys_value_type_of_tag(only->name + YS_RESERVED_LEN, only->name_len - YS_RESERVED_LEN, &type) &&
		(type == YS_TYPE_BINARY || type >= YS_TYPE_STRING_SET))
	{
		bool		ok;

		resolved = collection_from(type, &only->value, &ok);
		if (!ok)
			refuse_marker(only);
		return resolved;
	}
	for (uint32 i = 0; i < map->len; i++)
	{
		YsMember   *member = &map->members[i];

		if (!ys_convert_is_reserved(member->name, member->name_len))
			continue;
		member->name += YS_RESERVED_LEN;
		member->name_len -= YS_RESERVED_LEN;
		if (!ys_convert_is_reserved(member->name, member->name_len))
		{
			member->name -= YS_RESERVED_LEN;
			member->name_len += YS_RESERVED_LEN;
			refuse_reserved(member);
		}
	}
	return resolved;
}

/* ---- the typed form ---- */

/* Where a value stands in the item, for messages. */
typedef struct Place
{
	const struct Place *parent;
	const char *name;			/* NULL: an element of a list or set */
	uint32		len;
	uint32		index;
} Place;

static YsValue typed_value(const YsValue *form, const Place *place);

static bool
is_simple_name(const char *name, uint32 len)
{
	for (uint32 i = 0; i < len; i++)
		if (!IS_HIGHBIT_SET(name[i]) && !isalnum((unsigned char) name[i]) &&
			strchr("_-$@:", name[i]) == NULL)
			return false;
	return len > 0;
}

/* As in option path. */
static void
append_place(StringInfo text, const Place *place)
{
	int			len;

	if (place == NULL)
		return;
	append_place(text, place->parent);
	if (place->name == NULL)
	{
		appendStringInfo(text, "[%u]", place->index);
		return;
	}
	if (text->len > 0)
		appendStringInfoChar(text, '.');
	len = pg_mbcliplen(place->name, place->len, NAME_SHOWN);
	if (is_simple_name(place->name, len))
	{
		appendBinaryStringInfo(text, place->name, len);
		return;
	}
	appendStringInfoChar(text, '"');
	for (int i = 0; i < len; i++)
	{
		if (place->name[i] == '"' || place->name[i] == '\\')
			appendStringInfoChar(text, '\\');
		appendStringInfoChar(text, place->name[i]);
	}
	appendStringInfoChar(text, '"');
}

/* what: the rest of a sentence that begins with the value's path */
static void
refuse_typed(const Place *place, const char *what)
{
	StringInfoData path;

	initStringInfo(&path);
	append_place(&path, place);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid typed JSON"),
			 errdetail("%s %s.", path.len > 0 ? path.data : "The whole of it", what),
			 errhint("Each value stands beside its type, such as {\"S\": \"text\"}, {\"N\": \"1.5\"}, "
					 "{\"L\": [{\"BOOL\": true}]} or {\"SS\": [\"a\"]}.")));
}

/* S, N and B, and the elements of their sets. */
static YsValue
typed_scalar(YsType type, const YsValue *content, const Place *place)
{
	YsValue		value = *content;

	if (content->type != YS_TYPE_STRING)
		refuse_typed(place, type == YS_TYPE_NUMBER ? "has a number that is not written as a string" :
					 "has no string for its value");
	value.type = type;
	if (type == YS_TYPE_NUMBER && !ys_convert_is_number(content->bytes))
		refuse_typed(place, "is no number the store can hold: at most 38 significant digits, and an "
					 "absolute value of zero or from 1E-130 to below 1E126");
	if (type == YS_TYPE_BINARY && !ys_shape_decode_binary(content, &value))
		refuse_typed(place, "is no base64");
	return value;
}

static YsValue
typed_map(const YsValue *content, const Place *place)
{
	YsValue		map = *content;

	if (content->type != YS_TYPE_MAP)
		refuse_typed(place, "is no object of attributes");
	map.members = palloc(Max(map.len, 1) * sizeof(YsMember));
	for (uint32 i = 0; i < map.len; i++)
	{
		const YsMember *member = &content->members[i];
		Place		inside = {.parent = place, .name = member->name, .len = member->name_len};

		map.members[i] = *member;
		map.members[i].value = typed_value(&member->value, &inside);
	}
	return map;
}

static YsValue
typed_list(const YsValue *content, const Place *place)
{
	YsValue		list = *content;

	if (content->type != YS_TYPE_LIST)
		refuse_typed(place, "is a list whose value is no array");
	list.elements = palloc(Max(list.len, 1) * sizeof(YsValue));
	for (uint32 i = 0; i < list.len; i++)
	{
		Place		inside = {.parent = place, .index = i};

		list.elements[i] = typed_value(&content->elements[i], &inside);
	}
	return list;
}

static YsValue
typed_set(YsType type, const YsValue *content, const Place *place)
{
	YsType		element = type == YS_TYPE_STRING_SET ? YS_TYPE_STRING :
		type == YS_TYPE_NUMBER_SET ? YS_TYPE_NUMBER : YS_TYPE_BINARY;
	YsValue		set = {.type = type};

	if (content->type != YS_TYPE_LIST)
		refuse_typed(place, "is a set whose value is no array");
	if (content->len == 0)
		refuse_typed(place, "is an empty set, which the store has none of");
	set.elements = palloc(content->len * sizeof(YsValue));
	for (; set.len < content->len; set.len++)
	{
		Place		inside = {.parent = place, .index = set.len};

		set.elements[set.len] = typed_scalar(element, &content->elements[set.len], &inside);
	}
	if (ys_shape_distinct(set.elements, set.len) < content->len)
		refuse_typed(place, "is a set that has an element twice");
	return set;
}

static YsValue
typed_value(const YsValue *form, const Place *place)
{
	const YsMember *member = &form->members[0];
	YsType		type;

	if (form->type != YS_TYPE_MAP || form->len != 1)
		refuse_typed(place, "is no object with a type as its one member");
	if (!ys_value_type_of_tag(member->name, member->name_len, &type))
		refuse_typed(place, "has a type other than S, N, B, BOOL, NULL, M, L, SS, NS and BS");
	switch (type)
	{
		case YS_TYPE_BOOL:
			if (member->value.type != YS_TYPE_BOOL)
				refuse_typed(place, "is neither true nor false");
			return member->value;
		case YS_TYPE_NULL:
			if (member->value.type != YS_TYPE_BOOL || !member->value.boolean)
				refuse_typed(place, "is of type NULL, whose value is true");
			return ys_value_null();
		case YS_TYPE_MAP:
			return typed_map(&member->value, place);
		case YS_TYPE_LIST:
			return typed_list(&member->value, place);
		case YS_TYPE_STRING:
		case YS_TYPE_NUMBER:
		case YS_TYPE_BINARY:
			return typed_scalar(type, &member->value, place);
		default:
			return typed_set(type, &member->value, place);
	}
}

/* ---- both ---- */

YsValue
ys_convert_from_jsonb(Datum jsonb, YsForm form)
{
	Jsonb	   *document = DatumGetJsonbP(jsonb);
	Reading		reading = {
		.it = JsonbIteratorInit(&document->root),
		.typed = form != YS_FORM_PLAIN,
		/* a typed level is two of jsonb's */
		.max_depth = form == YS_FORM_PLAIN ? YS_VALUE_MAX_DEPTH : 2 * YS_VALUE_MAX_DEPTH
	};
	JsonbValue	v;
	JsonbIteratorToken token = JsonbIteratorNext(&reading.it, &v, false);
	YsValue		tree;

	/* a scalar is kept as an array of one */
	if (JB_ROOT_IS_SCALAR(document))
		(void) JsonbIteratorNext(&reading.it, &v, false), token = WJB_ELEM;
	tree = tree_from(&reading, token, &v, 0);
	if (form == YS_FORM_TYPED)
		return typed_value(&tree, NULL);
	return form == YS_FORM_TYPED_ITEM ? typed_map(&tree, NULL) : tree;
}
