/*-------------------------------------------------------------------------
 * attributes.c
 *	  All scalar leaves of an item, by their paths.
 *
 * The item is walked once.  What is met makes a tree of places: a path is
 * written out only for what is kept, so that a long name above many leaves
 * costs no more than it does in the item.  Outside of lists every place is
 * met once; in them it is looked up by what it is in and its name.
 *
 * If all of it fits into the declared size, that is it, in whatever order the
 * store gave it.  Else paths are taken in an order of their own as far as they
 * fit, so that the same item always keeps the same.
 *-------------------------------------------------------------------------
 */
#include "policy/applying.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/matching.h"
#include "policy/path.h"
#include "policy/sanitize.h"

/* Jsonb is printed so: {"a": 1, "b[*]": [2, 3]} */
#define SEPARATOR		2		/* ", " and ": " */
#define BRACKETS		2
#define QUOTES			2

typedef struct Leaf Leaf;
struct Leaf
{
	YsValue		value;
	Leaf	   *next;
};

/* A place in the item; the root has no name and no parent. */
typedef struct Place Place;
struct Place
{
	const Place *parent;
	const char *name;			/* NULL: [*] */
	uint32_t	name_len;
	int			depth;
	bool		quoted;			/* the name */
	bool		many;			/* below a [*] */
	uint64_t	path_len;		/* of the whole path, as text and in JSON */
	uint64_t	path_json;
	uint64_t	values_json;	/* of the leaves there */
	uint32_t	nleaves;
	Leaf	   *first;
	Leaf	   *last;
	Place	   *next;			/* with leaves, in the order they were met */
	Place	   *chain;			/* in the table */
	uint32_t	hash;
};

typedef struct Collector
{
	const YsAttributeRules *rules;
	YsArena    *arena;
	Place	   *first;			/* with leaves */
	Place	   *last;
	uint32_t	nplaces;		/* of these */
	uint64_t	json;			/* of all of it */
	Place	  **table;			/* those below lists */
	uint32_t	nslots;			/* a power of two, or 0 */
	uint32_t	nentries;
	bool		failed;			/* the arena is exhausted */
} Collector;

/* ---- strings ---- */

/* The bits of the bytes of a word that are below n, which is at most 128; there may be others above one. */
#define BYTES_OF(n)			(UINT64_C(0x0101010101010101) * (n))
#define BYTES_BELOW(word, n)	(((word) - BYTES_OF(n)) & ~(word) & BYTES_OF(0x80))

/* Has a word a byte that JSON escapes, or that is not ASCII? */
static inline bool
is_special(uint64_t word)
{
	return ((BYTES_BELOW(word, 0x20) | BYTES_BELOW(word ^ BYTES_OF('"'), 1) |
			 BYTES_BELOW(word ^ BYTES_OF('\\'), 1) | word) & BYTES_OF(0x80)) != 0;
}

static bool
is_plain(const char *bytes, uint32_t len)
{
	uint64_t	word = BYTES_OF('x');

	for (; len >= 8; bytes += 8, len -= 8)
	{
		memcpy(&word, bytes, 8);
		if (is_special(word))
			return false;
	}
	word = BYTES_OF('x');
	for (uint32_t i = 0; i < len; i++)
		word = word << 8 | (unsigned char) bytes[i];
	return !is_special(word);
}

static bool
make_clean(YsArena *arena, YsSlice *text)
{
	bool		cut;

	return ys_sanitize_text(arena, UINT32_MAX, text, &cut);
}

/* How many bytes a character takes in a JSON string; those of U+007F and above stand for themselves. */
static uint32_t
escaped_len(char c)
{
	if ((unsigned char) c >= 0x20)
		return c == '"' || c == '\\' ? 2 : 1;
	return c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t' ? 2 : 6;
}

/* ---- places ---- */

static Place *
add_place(Collector *collector, const Place *parent, const char *name, uint32_t len, bool clean)
{
	Place	   *place = ys_arena_alloc_zero(collector->arena, sizeof(Place));
	YsSlice		text = {name, len};

	if (place == NULL || (name != NULL && !clean && !make_clean(collector->arena, &text)))
	{
		collector->failed = true;
		return NULL;
	}
	place->parent = parent;
	place->name = text.bytes;
	place->name_len = text.len;
	place->depth = parent->depth + 1;
	place->many = parent->many || name == NULL;
	place->path_len = parent->path_len;
	place->path_json = parent->path_json;
	if (name == NULL)
	{
		place->path_len += strlen("[*]");
		place->path_json += strlen("[*]");
		return place;
	}
	if (place->depth > 1)
	{
		place->path_len++;
		place->path_json++;
	}
	place->quoted = !ys_path_is_simple_name(text.bytes, text.len);
	if (!place->quoted)
	{
		place->path_len += text.len;
		place->path_json += text.len;
		return place;
	}
	place->path_len += QUOTES;
	place->path_json += QUOTES * 2;
	for (uint32_t i = 0; i < text.len; i++)
	{
		bool		marked = text.bytes[i] == '"' || text.bytes[i] == '\\';

		place->path_len += marked ? 2 : 1;
		place->path_json += marked ? 4 : escaped_len(text.bytes[i]);
	}
	return place;
}

/* Double the table of places below lists. */
static bool
grow_table(Collector *collector)
{
	uint32_t	nslots = collector->nslots > 0 ? collector->nslots * 2 : 32;
	Place	  **table = ys_arena_alloc_zero(collector->arena, sizeof(Place *) * nslots);

	if (table == NULL)
		return false;
	for (uint32_t i = 0; i < collector->nslots; i++)
	{
		for (Place *place = collector->table[i], *after; place != NULL; place = after)
		{
			Place	  **slot = &table[place->hash & (nslots - 1)];

			after = place->chain;
			place->chain = *slot;
			*slot = place;
		}
	}
	collector->table = table;
	collector->nslots = nslots;
	return true;
}

/* The place of that name in another, which is below a list, or becomes one by it. */
static Place *
find_place(Collector *collector, const Place *parent, const char *name, uint32_t len)
{
	YsSlice		text = {name, len};
	uint32_t	hash = (uint32_t) ((uintptr_t) parent >> 4) * 0x9E3779B1u;
	Place	   *place;

	if (name != NULL && !make_clean(collector->arena, &text))
	{
		collector->failed = true;
		return NULL;
	}
	if (name != NULL)
		hash ^= ys_string_hash(text.bytes, text.len, false);
	hash ^= hash >> 15;
	for (place = collector->nslots > 0 ? collector->table[hash & (collector->nslots - 1)] : NULL;
		 place != NULL; place = place->chain)
	{
		if (place->hash == hash && place->parent == parent &&
			(place->name == NULL) == (name == NULL) && place->name_len == text.len &&
			(name == NULL || memcmp(place->name, text.bytes, text.len) == 0))
			return place;
	}
	place = add_place(collector, parent, text.bytes, text.len, true);
	if (place == NULL || (collector->nentries >= collector->nslots && !grow_table(collector)))
	{
		collector->failed = true;
		return NULL;
	}
	place->hash = hash;
	place->chain = collector->table[hash & (collector->nslots - 1)];
	collector->table[hash & (collector->nslots - 1)] = place;
	collector->nentries++;
	return place;
}

/* ---- leaves ---- */

/* The server prints numbers without powers of ten: how many digits that may add. */
static uint32_t
power_len(YsSlice number)
{
	uint32_t	power = 0;
	uint32_t	i = 0;

	while (i < number.len && (number.bytes[i] | 0x20) != 'e')
		i++;
	for (; i < number.len && power < 1000; i++)
	{
		if (ys_ascii_is_digit(number.bytes[i]))
			power = power * 10 + (uint32_t) (number.bytes[i] - '0');
	}
	return power;
}

/* A scalar as it is kept, and what it takes in JSON; false when the arena is exhausted. */
static bool
read_leaf(Collector *collector, const YsValue *value, YsValue *leaf, uint64_t *json)
{
	YsSlice		text = {value->bytes, value->len};
	YsSlice		rest;
	YsDecimal	decimal;

	*leaf = *value;
	switch (value->type)
	{
		case YS_TYPE_BOOL:
			*json = value->boolean ? strlen("true") : strlen("false");
			return true;
		case YS_TYPE_BINARY:
			*json = QUOTES + ((uint64_t) value->len + 2) / 3 * 4;
			return true;
		case YS_TYPE_NUMBER:
			*json = value->len + power_len(text);
			if (ys_decimal_is_canonical(text) || ys_decimal_parse(text, &decimal, &rest) == NULL)
				return true;
			leaf->type = YS_TYPE_STRING;	/* beyond what the server's numbers are */
			break;
		default:
			break;
	}
	*json = QUOTES + text.len;
	if (is_plain(text.bytes, text.len))
		return true;
	if (!make_clean(collector->arena, &text))
		return false;
	leaf->bytes = text.bytes;
	leaf->len = text.len;
	*json = QUOTES;
	for (uint32_t i = 0; i < text.len; i++)
		*json += escaped_len(text.bytes[i]);
	return true;
}

/* What a place takes of the whole. */
static uint64_t
place_json(const Place *place)
{
	uint64_t	json = QUOTES + place->path_json + SEPARATOR + place->values_json;

	return place->many ? json + BRACKETS + SEPARATOR * (uint64_t) (place->nleaves - 1) : json;
}

static void
add_leaf(Collector *collector, Place *place, const YsValue *value)
{
	Leaf	   *leaf = ys_arena_alloc(collector->arena, sizeof(Leaf));
	uint64_t	json;

	if (leaf == NULL || !read_leaf(collector, value, &leaf->value, &json))
	{
		collector->failed = true;
		return;
	}
	leaf->next = NULL;
	if (place->first != NULL)
		place->last->next = leaf;
	else
	{
		place->first = leaf;
		if (collector->last != NULL)
			collector->last->next = place;
		else
			collector->first = place;
		collector->last = place;
		collector->nplaces++;
	}
	place->last = leaf;
	place->nleaves++;
	place->values_json += json;
}

static void walk(Collector *collector, Place *place, const YsMatching *matching, const YsValue *value);

static void
walk_members(Collector *collector, Place *place, const YsMatching *matching, const YsValue *map)
{
	for (uint32_t i = 0; i < map->len && !collector->failed; i++)
	{
		const YsMember *member = &map->members[i];
		YsMatching	inside;
		Place	   *child;

		if (member->value.type == YS_TYPE_NULL ||
			!ys_matching_step(collector->rules, matching, &inside, member->name, member->name_len))
			continue;
		child = place->many ? find_place(collector, place, member->name, member->name_len) :
			add_place(collector, place, member->name, member->name_len, false);
		if (child != NULL)
			walk(collector, child, &inside, &member->value);
	}
}

static void
walk_elements(Collector *collector, Place *place, const YsMatching *matching, const YsValue *list)
{
	YsValue		sorted = *list;
	YsMatching	inside;
	Place	   *child;

	if (list->len == 0 || !ys_matching_step(collector->rules, matching, &inside, NULL, 0))
		return;
	if (list->type != YS_TYPE_LIST && !ys_value_sort_set(list, collector->arena, &sorted))
	{
		collector->failed = true;
		return;
	}
	child = find_place(collector, place, NULL, 0);
	for (uint32_t i = 0; i < sorted.len && !collector->failed; i++)
		walk(collector, child, &inside, &sorted.elements[i]);
}

/* Recursion is bounded by how deep the decoder followed the document. */
static void
walk(Collector *collector, Place *place, const YsMatching *matching, const YsValue *value)
{
	switch (value->type)
	{
		case YS_TYPE_MAP:
			if (place->depth <= YS_VALUE_MAX_DEPTH)
				walk_members(collector, place, matching, value);
			break;
		case YS_TYPE_LIST:
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			if (place->depth <= YS_VALUE_MAX_DEPTH)
				walk_elements(collector, place, matching, value);
			break;
		case YS_TYPE_NULL:
			break;
		default:
			if (matching->included)
				add_leaf(collector, place, value);
	}
}

/* ---- what is kept ---- */

/* What holds others before what is in it; lists before names, names by their bytes. */
static int
compare_places(const void *a, const void *b)
{
	const Place *left = *(const Place *const *) a;
	const Place *right = *(const Place *const *) b;
	int			deeper = (left->depth > right->depth) - (left->depth < right->depth);
	uint32_t	common;
	int			order;

	while (left->depth > right->depth)
		left = left->parent;
	while (right->depth > left->depth)
		right = right->parent;
	if (left == right)
		return deeper;
	while (left->parent != right->parent)
	{
		left = left->parent;
		right = right->parent;
	}
	if (left->name == NULL || right->name == NULL)
		return (left->name != NULL) - (right->name != NULL);
	common = left->name_len < right->name_len ? left->name_len : right->name_len;
	order = memcmp(left->name, right->name, common);
	return order != 0 ? order : (left->name_len > right->name_len) - (left->name_len < right->name_len);
}

/* Take out of places what the size has no room for; returns how many leaves that are. */
static uint64_t
choose_places(const Collector *collector, Place **places, uint32_t *nplaces)
{
	uint64_t	json = BRACKETS;
	uint64_t	left_out = 0;
	uint32_t	kept = 0;

	qsort(places, *nplaces, sizeof(Place *), compare_places);
	for (uint32_t i = 0; i < *nplaces; i++)
	{
		uint64_t	more = place_json(places[i]) + (kept > 0 ? SEPARATOR : 0);

		if (json + more > collector->rules->size)
		{
			left_out += places[i]->nleaves;
			continue;
		}
		json += more;
		places[kept++] = places[i];
	}
	*nplaces = kept;
	return left_out;
}

/* Written from its end: a place knows what it is in. */
static const char *
write_path(YsArena *arena, const Place *place)
{
	char	   *path = ys_arena_alloc(arena, place->path_len + 1);
	char	   *p;

	if (path == NULL)
		return NULL;
	p = path + place->path_len;
	*p = '\0';
	for (; place->depth > 0; place = place->parent)
	{
		if (place->name == NULL)
		{
			p -= strlen("[*]");
			memcpy(p, "[*]", strlen("[*]"));
			continue;
		}
		if (place->quoted)
			*--p = '"';
		for (uint32_t i = place->name_len; i > 0; i--)
		{
			*--p = place->name[i - 1];
			if (place->quoted && (*p == '"' || *p == '\\'))
				*--p = '\\';
		}
		if (place->quoted)
			*--p = '"';
		if (place->depth > 1)
			*--p = '.';
	}
	return path;
}

static bool
write_value(YsArena *arena, const Place *place, YsValue *value)
{
	uint32_t	n = 0;

	*value = place->first->value;
	if (!place->many)
		return true;
	memset(value, 0, sizeof(*value));
	value->type = YS_TYPE_LIST;
	value->len = place->nleaves;
	value->elements = ys_arena_alloc(arena, sizeof(YsValue) * place->nleaves);
	if (value->elements == NULL)
		return false;
	for (const Leaf *leaf = place->first; leaf != NULL; leaf = leaf->next)
		value->elements[n++] = leaf->value;
	return true;
}

static bool
write_map(YsArena *arena, Place **places, uint32_t nplaces, YsValue *map)
{
	memset(map, 0, sizeof(*map));
	map->type = YS_TYPE_MAP;
	map->len = nplaces;
	map->members = ys_arena_alloc(arena, sizeof(YsMember) * nplaces);
	if (map->members == NULL)
		return false;
	for (uint32_t i = 0; i < nplaces; i++)
	{
		YsMember   *member = &map->members[i];

		member->name = write_path(arena, places[i]);
		member->name_len = (uint32_t) places[i]->path_len;
		if (member->name == NULL || !write_value(arena, places[i], &member->value))
			return false;
	}
	return true;
}

/* Say how many leaves were left out. */
static bool
note_left_out(YsApplication *application, uint64_t count)
{
	char		digits[32];
	int			len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long) count);
	YsValue		number = ys_value_number(digits, (size_t) len);
	YsUnusable	unusable = {&number, "as many values are left out, for which attributes_size has no room"};

	return ys_apply_reject(application, YS_ATTRIBUTES_COLUMN, YS_REJECTED_SAMPLE, &unusable);
}

bool
ys_apply_attributes(YsApplication *application, const YsValue *item)
{
	Collector	collector = {.rules = &application->policy->all, .arena = application->arena};
	YsValue    *map = ys_arena_alloc(application->arena, sizeof(YsValue));
	Place		root = {0};
	YsMatching	matching;
	Place	  **places;
	uint64_t	json = BRACKETS;
	uint64_t	left_out = 0;
	uint32_t	n = 0;

	if (map == NULL || !ys_matching_start(collector.rules, collector.arena, &matching))
		return false;
	if (item->type == YS_TYPE_MAP)
		walk_members(&collector, &root, &matching, item);
	places = ys_arena_alloc(application->arena, sizeof(Place *) * collector.nplaces);
	if (collector.failed || places == NULL)
		return false;
	for (Place *place = collector.first; place != NULL; place = place->next)
	{
		json += place_json(place) + (n > 0 ? SEPARATOR : 0);
		places[n++] = place;
	}
	if (json > collector.rules->size)
		left_out = choose_places(&collector, places, &n);
	if (!write_map(application->arena, places, n, map))
		return false;
	application->entry->attributes = map;
	return left_out == 0 || note_left_out(application, left_out);
}
