/*-------------------------------------------------------------------------
 * value_decode.c
 *	  From JSON to values: typed as the store writes it, and plain.
 *
 * Recursion goes through the reader's callbacks and is bounded by
 * YS_VALUE_MAX_DEPTH.  Members and elements are collected on the stack, those of
 * an inner map above those of the outer one, and copied to the arena when all are there; where they
 * don't fit, in arrays that double in the arena.  So most documents lie in the arena without gaps:
 * a batch of them is read again when it is in no cache any more.
 *-------------------------------------------------------------------------
 */
#include "store/value_internal.h"
#include "store/value_tree.h"

#include <string.h>

/* Up to here duplicate names are found by comparing each with each. */
#define COMPARE_MEMBERS		12

/* In the place of a place: what is there is wanted whole. */
#define WHOLE				(-1)

/* Bytes of members and elements that are collected on the stack. */
#define STACK_BYTES			8192

typedef struct Decoder Decoder;

/* How the (zeroed) value of a member or element is decoded: typed or plain. */
typedef bool (*DecodeFn) (Decoder *decoder, YsJsonNode *node, YsValue *value);

struct Decoder
{
	YsArena    *arena;
	YsError    *err;
	DecodeFn	decode;
	int			depth;			/* maps and lists around the current value */
	bool		in_place;		/* the reader's strings need not be copied */
	const YsPathTree *places;		/* what is wanted, when not all is */
	int			at;				/* the place of the value to be decoded */
	uint32_t	used;			/* of stack */
	_Alignas(YsMember) char stack[STACK_BYTES];
};

/* A map, list or set being collected. */
typedef struct Collector
{
	Decoder    *decoder;
	const YsAttributeFilter *filter;	/* maps: NULL keeps all */
	uint64_t	filter_bits;	/* which filter_bit()s occur in filter */
	int			at;				/* maps: their place */
	YsType		element;		/* sets: their elements' type */
	uint32_t	count;
	uint32_t	size;			/* of an array in the arena; 0: they are on the stack */
	union
	{
		void	   *items;
		YsMember   *members;
		YsValue    *elements;
	};
} Collector;

static bool
fail(const Decoder *decoder, const char *message)
{
	return ys_error_set(decoder->err, YS_ERR_INVALID_DATA, "%s", message);
}

/*
 * Say in the detail which attribute it was, unless something is said there.
 * A name that is long or not printable isn't repeated.
 */
static void
add_attribute_detail(YsError *err, const char *name, size_t len)
{
	if (err == NULL || err->detail[0] != '\0' || len > 100)
		return;
	for (size_t i = 0; i < len; i++)
	{
		if ((unsigned char) name[i] < 0x20 || name[i] == 0x7F)
			return;
	}
	ys_error_detail(err, "It is in attribute \"%.*s\".", (int) len, name);
}

/* ---- collecting ---- */

static Collector
collect(Decoder *decoder)
{
	Collector	into = {.decoder = decoder, .at = decoder->at, .items = decoder->stack + decoder->used};

	decoder->at = WHOLE;
	return into;
}

/* Move what was collected to an array in the arena that has room for size. */
static bool
move_items(Collector *into, uint32_t size, size_t item_size)
{
	void	   *items = ys_arena_alloc(into->decoder->arena, size * item_size);

	if (items == NULL)
		return ys_value_no_memory(into->decoder->err);
	if (into->count > 0)
		memcpy(items, into->items, into->count * item_size);
	if (into->size == 0)
		into->decoder->used -= into->count * (uint32_t) item_size;
	into->items = items;
	into->size = size;
	return true;
}

/* One more of item_size bytes, not zeroed. */
static void *
add_item(Collector *into, size_t item_size)
{
	Decoder    *decoder = into->decoder;

	if (into->size == 0 && decoder->used + item_size <= STACK_BYTES)
		decoder->used += (uint32_t) item_size;
	else if (into->count == into->size || into->size == 0)
	{
		if (into->count > UINT32_MAX / 4)
		{
			ys_value_no_memory(decoder->err);
			return NULL;
		}
		if (!move_items(into, into->count < 8 ? 16 : into->count * 2, item_size))
			return NULL;
	}
	return (char *) into->items + into->count++ * item_size;
}

/* No more will come: what is on the stack gets a place in the arena. */
static bool
finish_items(Collector *into, size_t item_size)
{
	if (into->count == 0)
		into->items = NULL;
	return into->count == 0 || into->size > 0 || move_items(into, into->count, item_size);
}

/* One more element, zeroed. */
static YsValue *
add_element(Collector *into)
{
	YsValue    *value = add_item(into, sizeof(YsValue));

	if (value != NULL)
		memset(value, 0, sizeof(*value));
	return value;
}

/* The value of one more member, zeroed. */
static YsValue *
add_member(Collector *into, const char *name, size_t len)
{
	YsMember   *member = add_item(into, sizeof(YsMember));

	if (member == NULL)
		return NULL;
	memset(member, 0, sizeof(*member));
	member->name = name;
	member->name_len = (uint32_t) len;
	return &member->value;
}

/* ---- duplicate names ---- */

static bool
same_name(const YsMember *a, const YsMember *b)
{
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* Up to eight bytes of a name as a number. */
static uint64_t
name_word(const char *bytes, uint32_t len)
{
	uint64_t	word = 0;

	memcpy(&word, bytes, len < 8 ? len : 8);
	return word;
}

/* FNV-1a by words, from a seed an outsider doesn't know, finished to spread the low bits. */
static uint32_t
hash_name(const YsMember *member, uint64_t seed)
{
	uint64_t	hash = 0xCBF29CE484222325u ^ seed;

	for (uint32_t i = 0; i < member->name_len; i += 8)
	{
		hash = (hash ^ name_word(member->name + i, member->name_len - i)) * 0x9E3779B97F4A7C15u;
		hash ^= hash >> 32;
	}
	return (uint32_t) (hash * 0x9E3779B97F4A7C15u >> 32);
}

/* Find a member whose name an earlier one has: NULL when there is none. */
static bool
find_duplicate_by_hash(Collector *map, const YsMember **duplicate)
{
	uint64_t	seed = (uint64_t) (uintptr_t) map->members * 0x9E3779B97F4A7C15u;
	uint32_t	size = 32;
	uint32_t   *slots;

	while (size < map->count * (uint64_t) 2)
		size *= 2;
	slots = ys_arena_alloc_zero(map->decoder->arena, size * sizeof(uint32_t));
	if (slots == NULL)
		return ys_value_no_memory(map->decoder->err);
	for (uint32_t i = 0; i < map->count && *duplicate == NULL; i++)
	{
		const YsMember *member = &map->members[i];
		uint32_t	slot = hash_name(member, seed) & (size - 1);

		while (slots[slot] != 0 && *duplicate == NULL)
		{
			if (same_name(&map->members[slots[slot] - 1], member))
				*duplicate = member;
			slot = (slot + 1) & (size - 1);
		}
		slots[slot] = i + 1;
	}
	return true;
}

static bool
check_duplicates(Collector *map)
{
	const YsMember *duplicate = NULL;

	if (map->count > COMPARE_MEMBERS)
	{
		if (!find_duplicate_by_hash(map, &duplicate))
			return false;
	}
	else
	{
		for (uint32_t i = 1; i < map->count; i++)
		{
			for (uint32_t j = 0; j < i; j++)
			{
				if (same_name(&map->members[i], &map->members[j]))
					duplicate = &map->members[i];
			}
		}
	}
	if (duplicate == NULL)
		return true;
	fail(map->decoder, "attribute occurs more than once");
	add_attribute_detail(map->decoder->err, duplicate->name, duplicate->name_len);
	return false;
}

/* ---- maps, lists and sets ---- */

/* A bit that two equal names share: most unwanted names fail by it alone. */
static uint64_t
filter_bit(const char *name, size_t len)
{
	return (uint64_t) 1 << ((len * 7 + (len > 0 ? (unsigned char) name[0] : 0)) & 63);
}

/*
 * The name as the document is to have it: the filter's own, or a copy.  *wanted is false when the
 * member isn't; NULL: the arena is exhausted.
 */
static const char *
keep_name(const Collector *map, const char *name, size_t len, bool *wanted)
{
	const YsAttributeFilter *filter = map->filter;
	Decoder    *decoder = map->decoder;

	if (map->at != WHOLE)
	{
		int			at = ys_tree_member(decoder->places, map->at, name, (uint32_t) len);
		const YsPathNode *place = &decoder->places->items[at];

		*wanted = at != 0;
		decoder->at = place->whole ? WHOLE : at;
		return place->step.name;
	}
	*wanted = filter == NULL;
	if (filter == NULL)
		return decoder->in_place ? name : ys_arena_copy(decoder->arena, name, len);
	if ((map->filter_bits & filter_bit(name, len)) == 0)
		return NULL;
	for (int i = 0; i < filter->count; i++)
	{
		if (filter->lens[i] == len && memcmp(filter->names[i], name, len) == 0)
		{
			*wanted = true;
			return filter->names[i];
		}
	}
	return NULL;
}

static bool
collect_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Collector  *map = arg;
	Decoder    *decoder = map->decoder;
	int			depth = decoder->depth;
	bool		wanted;
	const char *kept = keep_name(map, name, len, &wanted);
	YsValue    *value;

	if (!wanted)
		return true;
	if (kept == NULL)
		return ys_value_no_memory(decoder->err);
	value = add_member(map, kept, len);
	if (value == NULL)
		return false;
	if (decoder->decode(decoder, node, value))
		return true;
	if (depth == 1)
		add_attribute_detail(decoder->err, name, len);
	return false;
}

static bool
collect_element(void *arg, size_t i, YsJsonNode *node)
{
	Collector  *list = arg;
	YsValue    *value = add_element(list);

	(void) i;
	return value != NULL && list->decoder->decode(list->decoder, node, value);
}

static bool
enter(Decoder *decoder)
{
	if (decoder->depth >= YS_VALUE_MAX_DEPTH)
		return ys_error_set(decoder->err, YS_ERR_INVALID_DATA,
							"document is nested more than %d levels deep", YS_VALUE_MAX_DEPTH);
	decoder->depth++;
	return true;
}

/* On failure the decoder's depth is of no further use. */
static bool
decode_map(Decoder *decoder, YsJsonNode *node, const YsAttributeFilter *filter, YsValue *value)
{
	Collector	map = collect(decoder);

	if (filter != NULL && filter->count > 0)
	{
		map.filter = filter;
		for (int i = 0; i < filter->count; i++)
			map.filter_bits |= filter_bit(filter->names[i], filter->lens[i]);
	}
	if (!enter(decoder) || !ys_json_each_member(node, collect_member, &map, decoder->err) ||
		!finish_items(&map, sizeof(YsMember)) || !check_duplicates(&map))
		return false;
	decoder->depth--;
	value->type = YS_TYPE_MAP;
	value->len = map.count;
	value->members = map.members;
	return true;
}

static bool
decode_list(Decoder *decoder, YsJsonNode *node, YsValue *value)
{
	Collector	list = collect(decoder);

	if (!enter(decoder) || !ys_json_each_element(node, collect_element, &list, decoder->err) ||
		!finish_items(&list, sizeof(YsValue)))
		return false;
	decoder->depth--;
	value->type = YS_TYPE_LIST;
	value->len = list.count;
	value->elements = list.elements;
	return true;
}

/* ---- scalars ---- */

/* Make bytes the value. */
static bool
take_bytes(Decoder *decoder, YsType type, const char *bytes, size_t len, YsValue *value)
{
	value->type = type;
	value->len = (uint32_t) len;
	value->bytes = decoder->in_place ? bytes : ys_arena_copy(decoder->arena, bytes, len);
	return value->bytes != NULL || ys_value_no_memory(decoder->err);
}

/* S, N and B, and the elements of their sets: what such a JSON string says. */
static bool
take_scalar(Decoder *decoder, YsType type, const char *bytes, size_t len, YsValue *value)
{
	if (type == YS_TYPE_BINARY)
	{
		value->type = YS_TYPE_BINARY;
		return ys_base64_decode(decoder->arena, bytes, len, &value->bytes, &value->len,
								decoder->err);
	}
	if (type == YS_TYPE_NUMBER && !ys_number_check(bytes, len, decoder->err))
		return false;
	return take_bytes(decoder, type, bytes, len, value);
}

static bool
decode_scalar(Decoder *decoder, YsType type, YsJsonNode *node, YsValue *value)
{
	const char *bytes;
	size_t		len;

	return ys_json_string(node, &bytes, &len, decoder->err) &&
		take_scalar(decoder, type, bytes, len, value);
}

static bool
decode_bool(Decoder *decoder, YsJsonNode *node, YsValue *value)
{
	value->type = YS_TYPE_BOOL;
	return ys_json_bool(node, &value->boolean, decoder->err);
}

static bool
collect_set_element(void *arg, size_t i, YsJsonNode *node)
{
	Collector  *set = arg;
	YsValue    *value = add_element(set);

	(void) i;
	return value != NULL && decode_scalar(set->decoder, set->element, node, value);
}

static bool
decode_set(Decoder *decoder, YsType type, YsType element, YsJsonNode *node, YsValue *value)
{
	Collector	set = collect(decoder);

	set.element = element;
	if (!ys_json_each_element(node, collect_set_element, &set, decoder->err) ||
		!finish_items(&set, sizeof(YsValue)))
		return false;
	value->type = type;
	value->len = set.count;
	value->elements = set.elements;
	return true;
}

/* ---- typed ---- */

static bool
decode_null_tag(Decoder *decoder, YsJsonNode *node, YsValue *value)
{
	if (!decode_bool(decoder, node, value))
		return false;
	if (!value->boolean)
		return fail(decoder, "attribute of type NULL is not true");
	*value = ys_value_null();
	return true;
}

/* Decode what stands under a type tag. */
static bool
decode_tagged(Decoder *decoder, const char *tag, size_t len, YsJsonNode *node, YsValue *value)
{
	if (len == 1)
	{
		switch (tag[0])
		{
			case 'S':
				return decode_scalar(decoder, YS_TYPE_STRING, node, value);
			case 'N':
				return decode_scalar(decoder, YS_TYPE_NUMBER, node, value);
			case 'B':
				return decode_scalar(decoder, YS_TYPE_BINARY, node, value);
			case 'M':
				return decode_map(decoder, node, NULL, value);
			case 'L':
				return decode_list(decoder, node, value);
		}
	}
	else if (len == 2 && tag[1] == 'S')
	{
		switch (tag[0])
		{
			case 'S':
				return decode_set(decoder, YS_TYPE_STRING_SET, YS_TYPE_STRING, node, value);
			case 'N':
				return decode_set(decoder, YS_TYPE_NUMBER_SET, YS_TYPE_NUMBER, node, value);
			case 'B':
				return decode_set(decoder, YS_TYPE_BINARY_SET, YS_TYPE_BINARY, node, value);
		}
	}
	else if (len == 4 && memcmp(tag, "BOOL", 4) == 0)
		return decode_bool(decoder, node, value);
	else if (len == 4 && memcmp(tag, "NULL", 4) == 0)
		return decode_null_tag(decoder, node, value);
	return fail(decoder, "attribute has an unknown type tag");
}

typedef struct TypedValue
{
	Decoder    *decoder;
	YsValue    *value;
	int			tags;
} TypedValue;

static bool
decode_tag(void *arg, const char *tag, size_t len, YsJsonNode *node)
{
	TypedValue *typed = arg;

	if (typed->tags++ > 0)
		return fail(typed->decoder, "attribute has more than one type tag");
	return decode_tagged(typed->decoder, tag, len, node, typed->value);
}

static bool
decode_typed(Decoder *decoder, YsJsonNode *node, YsValue *value)
{
	TypedValue	typed = {decoder, value, 0};
	const char *bytes;
	size_t		len;
	char		tag;

	switch (ys_json_tagged_string(node, "SNB", &tag, &bytes, &len, decoder->err))
	{
		case YS_JSON_TAGGED:
			return take_scalar(decoder, tag == 'S' ? YS_TYPE_STRING : tag == 'N' ? YS_TYPE_NUMBER :
							   YS_TYPE_BINARY, bytes, len, value);
		case YS_JSON_MALFORMED:
			return false;
		case YS_JSON_OTHER:
			break;
	}
	if (!ys_json_each_member(node, decode_tag, &typed, decoder->err))
		return false;
	return typed.tags == 1 || fail(decoder, "attribute has no type tag");
}

/* All but the stack, which needs no zeroes. */
static void
begin(Decoder *decoder, YsArena *arena, DecodeFn decode, bool in_place, YsError *err)
{
	decoder->arena = arena;
	decoder->err = err;
	decoder->decode = decode;
	decoder->depth = 0;
	decoder->in_place = in_place;
	decoder->places = NULL;
	decoder->at = WHOLE;
	decoder->used = 0;
}

bool
ys_value_from_typed_json(YsJsonNode *node, const YsAttributeFilter *filter,
						 YsArena *arena, YsValue *item, YsError *err)
{
	Decoder		decoder;

	begin(&decoder, arena, decode_typed, false, err);
	memset(item, 0, sizeof(*item));
	return decode_map(&decoder, node, filter, item);
}

bool
ys_value_from_typed_tree(YsJsonNode *node, const YsPathTree *places,
						   YsArena *arena, YsValue *item, YsError *err)
{
	Decoder		decoder;

	begin(&decoder, arena, decode_typed, false, err);
	decoder.places = places;
	if (places != NULL && !places->items[0].whole)
		decoder.at = 0;
	memset(item, 0, sizeof(*item));
	return decode_map(&decoder, node, NULL, item);
}

bool
ys_value_from_typed_element(YsJsonNode *node, const YsAttributeFilter *filter,
							YsArena *arena, YsValue *item, YsError *err)
{
	Decoder		decoder;

	begin(&decoder, arena, decode_typed, true, err);
	memset(item, 0, sizeof(*item));
	return decode_map(&decoder, node, filter, item);
}

bool
ys_value_from_typed_node(YsJsonNode *node, YsArena *arena, YsValue *value, YsError *err)
{
	Decoder		decoder;

	begin(&decoder, arena, decode_typed, false, err);
	memset(value, 0, sizeof(*value));
	return decode_typed(&decoder, node, value);
}

/* ---- plain ---- */

static bool
decode_plain(Decoder *decoder, YsJsonNode *node, YsValue *value)
{
	const char *text;
	size_t		len;

	switch (ys_json_kind(node))
	{
		case YS_JSON_OBJECT:
			return decode_map(decoder, node, NULL, value);
		case YS_JSON_ARRAY:
			return decode_list(decoder, node, value);
		case YS_JSON_STRING:
			return decode_scalar(decoder, YS_TYPE_STRING, node, value);
		case YS_JSON_NUMBER:
			return ys_json_number(node, &text, &len, decoder->err) &&
				ys_number_check(text, len, decoder->err) &&
				take_bytes(decoder, YS_TYPE_NUMBER, text, len, value);
		case YS_JSON_BOOL:
			return decode_bool(decoder, node, value);
		case YS_JSON_NULL:
			*value = ys_value_null();
			return true;
		case YS_JSON_INVALID:
			break;
	}
	return fail(decoder, "document holds something that is no JSON value");
}

bool
ys_value_from_plain_json(YsJsonNode *node, YsArena *arena, YsValue *value, YsError *err)
{
	Decoder		decoder;

	begin(&decoder, arena, decode_plain, false, err);
	memset(value, 0, sizeof(*value));
	return decode_plain(&decoder, node, value);
}

bool
ys_value_from_plain_tree(YsJsonNode *node, const YsPathTree *places, YsArena *arena, YsValue *item,
						 YsError *err)
{
	Decoder		decoder;

	begin(&decoder, arena, decode_plain, false, err);
	decoder.places = places;
	if (places != NULL && !places->items[0].whole)
		decoder.at = 0;
	memset(item, 0, sizeof(*item));
	return decode_map(&decoder, node, NULL, item);
}
