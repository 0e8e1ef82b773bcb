/*-------------------------------------------------------------------------
 * profile.c
 *	  What the paths of items lead to.
 *
 * Paths are kept as a tree of steps, found by hash.  Every list is one step,
 * [*], so that documents with long lists have no more paths than others.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/profile.h"

#include <stdlib.h>
#include <string.h>

#include "policy/normalize/location.h"

/* Steps of all paths: of maps in maps most lead to no value of their own. */
#define MAX_NODES		(4 * YS_PROFILE_MAX_PATHS)

/* How much of an example is shown. */
#define EXAMPLE_BYTES	60

/* Levels that are followed. */
#define MAX_DEPTH		YS_PATH_MAX_STEPS

YsProfile *
ys_profile_create(YsArena *arena)
{
	YsProfile  *profile = ys_arena_alloc_zero(arena, sizeof(YsProfile));

	if (profile == NULL)
		return NULL;
	profile->arena = arena;
	ys_arena_init(&profile->scratch, arena->source, 0);
	profile->nslots = 2 * MAX_NODES;
	profile->slots = ys_arena_alloc_zero(arena, sizeof(YsNode *) * profile->nslots);
	profile->candidates = ys_candidates_create(arena);
	profile->last = &profile->root;
	return profile->slots != NULL && profile->candidates != NULL ? profile : NULL;
}

void
ys_profile_free(YsProfile *profile)
{
	ys_arena_free(&profile->scratch);
}

/* ---- the tree of steps ---- */

/* Can a path spell the name?  Then the server can hold it, too. */
static bool
is_spellable(const char *name, uint32_t len)
{
	return len > 0 && ys_string_check(name, len) == NULL;
}

/* The step behind parent; NULL: there are too many, or the arena is exhausted. */
static YsNode *
find_step(YsProfile *profile, YsNode *parent, const char *name, uint32_t len)
{
	uint64_t	hash = ys_cardinality_hash(name != NULL ? name : "", len,
										   parent->hash + (name != NULL ? 1 : 2));
	YsNode	   *node;

	for (uint32_t slot = (uint32_t) hash;; slot++)
	{
		YsNode	  **place = &profile->slots[slot & (profile->nslots - 1)];

		node = *place;
		if (node != NULL)
		{
			if (node->hash == hash && node->parent == parent && (node->name == NULL) == (name == NULL) &&
				node->name_len == len && (len == 0 || memcmp(node->name, name, len) == 0))
				return node;
			continue;
		}
		if (profile->nnodes == MAX_NODES || parent->depth == MAX_DEPTH ||
			(name != NULL && !is_spellable(name, len)))
		{
			profile->partial = true;
			return NULL;
		}
		node = ys_arena_alloc_zero(profile->arena, sizeof(YsNode));
		if (node != NULL && name != NULL)
			node->name = ys_arena_copy(profile->arena, name, len);
		if (node == NULL || (name != NULL && node->name == NULL))
		{
			profile->failed = true;
			return NULL;
		}
		node->parent = parent;
		node->name_len = len;
		node->depth = parent->depth + 1;
		node->hash = hash;
		*place = node;
		profile->nnodes++;
		profile->last->next = node;
		profile->last = node;
		return node;
	}
}

static bool
is_plain_name(const YsNode *node)
{
	for (uint32_t i = 0; i < node->name_len; i++)
	{
		char		c = node->name[i];

		if (!(ys_ascii_is_letter(c) || ys_ascii_is_digit(c) || strchr("_-$@:", c) != NULL ||
			  (unsigned char) c > 127))
			return false;
	}
	return true;
}

static void
print_step(YsText *text, const YsNode *node)
{
	if (node->parent == NULL)
		return;
	print_step(text, node->parent);
	if (node->name == NULL)
	{
		ys_text_add_cstring(text, "[*]");
		return;
	}
	if (text->len > 0)
		ys_text_add(text, ".", 1);
	if (is_plain_name(node))
	{
		ys_text_add(text, node->name, node->name_len);
		return;
	}
	ys_text_add(text, "\"", 1);
	for (uint32_t i = 0; i < node->name_len; i++)
	{
		if (node->name[i] == '"' || node->name[i] == '\\')
			ys_text_add(text, "\\", 1);
		ys_text_add(text, &node->name[i], 1);
	}
	ys_text_add(text, "\"", 1);
}

const char *
ys_node_path(const YsNode *node, YsArena *arena)
{
	YsText		text;

	ys_text_init(&text, arena);
	print_step(&text, node);
	return text.failed ? NULL : text.bytes;
}

/* ---- values ---- */

static YsLeaf *
find_leaf(YsProfile *profile, YsNode *node)
{
	if (node->leaf == NULL)
	{
		if (profile->nleaves == YS_PROFILE_MAX_PATHS)
		{
			profile->partial = true;
			return NULL;
		}
		node->leaf = ys_arena_alloc_zero(profile->arena, sizeof(YsLeaf));
		if (node->leaf == NULL)
		{
			profile->failed = true;
			return NULL;
		}
		node->leaf->last_item = -1;
		profile->nleaves++;
	}
	return node->leaf;
}

static void
keep_copy(YsProfile *profile, YsSlice *kept, YsSlice slice)
{
	char	   *copy = ys_arena_copy(profile->arena, slice.bytes, slice.len);

	if (copy == NULL)
		profile->failed = true;
	else
		*kept = (YsSlice) {copy, slice.len};
}

/* A copy of a fresh extreme goes where the old one was, if that is as long: there may be many. */
static void
keep_extreme(YsProfile *profile, YsSlice *kept, YsSlice slice)
{
	if (kept->bytes != NULL && slice.len <= kept->len)
	{
		memcpy((char *) kept->bytes, slice.bytes, slice.len);
		((char *) kept->bytes)[slice.len] = '\0';
		kept->len = slice.len;
		return;
	}
	keep_copy(profile, kept, slice);
}

static void
add_extremes(YsProfile *profile, YsLeaf *leaf, const YsValue *value, YsSlice number)
{
	YsSlice		text = {value->bytes, value->len};

	if (number.len > 0)
	{
		if (leaf->least_number.len == 0 || ys_decimal_compare(number, leaf->least_number) < 0)
			keep_extreme(profile, &leaf->least_number, number);
		if (leaf->most_number.len == 0 || ys_decimal_compare(number, leaf->most_number) > 0)
			keep_extreme(profile, &leaf->most_number, number);
	}
	if (value->type != YS_TYPE_STRING || ys_string_check(text.bytes, text.len) != NULL)
		return;
	text.len = (uint32_t) ys_string_cut(text.bytes, text.len, YS_PROFILE_WORD_BYTES);
	if (!leaf->has_string || ys_slice_compare(text, leaf->least_string) < 0)
		keep_extreme(profile, &leaf->least_string, text);
	if (!leaf->has_string || ys_slice_compare(text, leaf->most_string) > 0)
		keep_extreme(profile, &leaf->most_string, text);
	leaf->has_string = true;
}

static void
add_word(YsProfile *profile, YsLeaf *leaf, const YsValue *value)
{
	YsSlice		text = {value->bytes, value->len};
	YsSlice		trimmed = ys_string_trim(text);

	for (uint32_t i = 0; i + 1 < text.len && !leaf->spaced; i++)
		leaf->spaced = text.bytes[i] == ' ' && text.bytes[i + 1] == ' ';
	leaf->spaced |= trimmed.len != text.len;
	leaf->zero_led |= text.len > 1 && text.bytes[0] == '0' && ys_ascii_is_digit(text.bytes[1]);
	for (int i = 0; i < leaf->nwords; i++)
	{
		if (ys_slice_compare(trimmed, leaf->words[i]) == 0)
			return;
	}
	if (leaf->nwords == YS_PROFILE_WORDS || trimmed.len > YS_PROFILE_WORD_BYTES ||
		ys_string_check(trimmed.bytes, trimmed.len) != NULL)
		leaf->more_words = true;
	else
		keep_copy(profile, &leaf->words[leaf->nwords++], trimmed);
}

static void
add_example(YsProfile *profile, YsLeaf *leaf, const YsValue *value, uint64_t hash)
{
	YsRejection shown;
	int			n = leaf->shown.nexamples;

	for (int i = 0; i < n; i++)
	{
		if (leaf->example_hashes[i] == hash)
			return;
	}
	if (n == YS_PROFILE_MAX_EXAMPLES)
		return;
	if (!ys_rejected_print(value, EXAMPLE_BYTES, &profile->scratch, &shown) ||
		(leaf->shown.examples[n] = ys_arena_copy(profile->arena, shown.raw, shown.raw_len)) == NULL)
	{
		profile->failed = true;
		return;
	}
	leaf->example_hashes[n] = hash;
	leaf->shown.nexamples++;
}

static uint64_t
hash_value(const YsValue *value)
{
	switch (value->type)
	{
		case YS_TYPE_STRING:
		case YS_TYPE_NUMBER:
		case YS_TYPE_BINARY:
			return ys_cardinality_hash(value->bytes, value->len, value->type + 1);
		case YS_TYPE_BOOL:
			return ys_cardinality_hash(value->boolean ? "t" : "f", 1, value->type + 1);
		default:
			return ys_cardinality_hash("", 0, value->type + 1);
	}
}

static void
add_value(YsProfile *profile, YsNode *node, const YsValue *value)
{
	YsLeaf	   *leaf = find_leaf(profile, node);
	uint64_t	hash = hash_value(value);
	YsSlice		number;

	if (leaf == NULL)
		return;
	leaf->shown.values++;
	leaf->shown.types[value->type]++;
	if (leaf->last_item != profile->items)
	{
		leaf->last_item = profile->items;
		leaf->shown.items++;
		if (profile->items < YS_PROFILE_TRACKED)
			leaf->present[profile->items / 64] |= UINT64_C(1) << (profile->items % 64);
	}
	if (!ys_cardinality_add(&leaf->distinct, hash, profile->arena))
		profile->failed = true;
	if (value->type == YS_TYPE_STRING)
		add_word(profile, leaf, value);
	ys_candidates_read(&leaf->tally, profile->candidates, value, &profile->scratch, &number);
	add_extremes(profile, leaf, value, number);
	if (value->type != YS_TYPE_NULL)
		add_example(profile, leaf, value, hash);
}

/* ---- locations ---- */

static void
add_place(YsProfile *profile, YsNode *node, const YsValue *value)
{
	static const YsLocationRules undeclared;	/* neither lists nor geohashes */
	YsPosition	position;
	const char *reason;
	bool		whole = ys_location_from_value(&undeclared, value, &position, &reason) == YS_USE_TAKEN;
	double		first;
	double		second;

	if (!whole && value->type != YS_TYPE_LIST && node->places == NULL)
		return;
	if (node->places == NULL)
		node->places = ys_arena_alloc_zero(profile->arena, sizeof(YsPlaces));
	if (node->places == NULL)
	{
		profile->failed = true;
		return;
	}
	node->places->values++;
	node->places->whole += whole;
	if (value->type != YS_TYPE_LIST || value->len != 2 || value->elements[0].type != YS_TYPE_NUMBER ||
		value->elements[1].type != YS_TYPE_NUMBER ||
		!ys_double_parse((YsSlice) {value->elements[0].bytes, value->elements[0].len}, &first) ||
		!ys_double_parse((YsSlice) {value->elements[1].bytes, value->elements[1].len}, &second) ||
		!(first >= -180 && first <= 180 && second >= -180 && second <= 180))
		return;
	node->places->pairs++;
	node->places->lat_first += second < -90 || second > 90;
	node->places->lon_first += first < -90 || first > 90;
}

/* ---- items ---- */

static void walk(YsProfile *profile, YsNode *node, const YsValue *value);

static void
walk_members(YsProfile *profile, YsNode *node, const YsValue *map)
{
	for (uint32_t i = 0; i < map->len; i++)
	{
		const YsMember *member = &map->members[i];
		YsNode	   *step = find_step(profile, node, member->name, member->name_len);

		if (step != NULL)
			walk(profile, step, &member->value);
	}
}

/* Recursion is bounded by how deep the decoder followed the document, and by MAX_DEPTH. */
static void
walk(YsProfile *profile, YsNode *node, const YsValue *value)
{
	YsNode	   *step;

	switch (value->type)
	{
		case YS_TYPE_MAP:
			add_place(profile, node, value);
			if (value->len == 0)
				add_value(profile, node, value);
			walk_members(profile, node, value);
			break;
		case YS_TYPE_LIST:
			add_place(profile, node, value);
			/* FALLTHROUGH */
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			if (value->len == 0)
				add_value(profile, node, value);
			step = value->len > 0 ? find_step(profile, node, NULL, 0) : NULL;
			for (uint32_t i = 0; step != NULL && i < value->len; i++)
				walk(profile, step, &value->elements[i]);
			break;
		case YS_TYPE_STRING:
			add_place(profile, node, value);
			/* FALLTHROUGH */
		default:
			add_value(profile, node, value);
			break;
	}
}

bool
ys_profile_add(YsProfile *profile, const YsValue *item)
{
	if (item->type == YS_TYPE_MAP)
		walk_members(profile, &profile->root, item);
	profile->items++;
	return !profile->failed;
}

/* ---- the end ---- */

static int
compare_paths(const void *a, const void *b)
{
	return strcmp((*(YsNode *const *) a)->leaf->shown.path, (*(YsNode *const *) b)->leaf->shown.path);
}

static bool
finish_leaf(YsProfile *profile, YsNode *node)
{
	YsLeaf	   *leaf = node->leaf;
	bool		numbers = leaf->tally.numbers * 2 > leaf->tally.values;

	leaf->shown.path = ys_node_path(node, profile->arena);
	leaf->shown.cardinality = ys_cardinality_estimate(&leaf->distinct, &leaf->shown.estimated);
	if (numbers && leaf->least_number.len > 0)
	{
		leaf->shown.min = leaf->least_number.bytes;
		leaf->shown.max = leaf->most_number.bytes;
	}
	else if (leaf->has_string)
	{
		leaf->shown.min = leaf->least_string.bytes;
		leaf->shown.max = leaf->most_string.bytes;
	}
	ys_guess(&leaf->tally, profile->candidates, leaf->zero_led, &leaf->guess);
	leaf->shown.guess = ys_guess_print(&leaf->guess, profile->candidates, profile->arena);
	return leaf->shown.path != NULL && leaf->shown.guess != NULL;
}

bool
ys_profile_finish(YsProfile *profile)
{
	int			n = 0;

	profile->leaves = ys_arena_alloc(profile->arena, sizeof(YsNode *) * ((size_t) profile->nleaves + 1));
	if (profile->leaves == NULL || profile->failed)
		return false;
	for (YsNode *node = profile->root.next; node != NULL; node = node->next)
	{
		if (node->leaf == NULL)
			continue;
		if (!finish_leaf(profile, node))
			return false;
		profile->leaves[n++] = node;
	}
	qsort(profile->leaves, (size_t) n, sizeof(YsNode *), compare_paths);
	return true;
}

int64_t
ys_profile_items(const YsProfile *profile)
{
	return profile->items;
}

int
ys_profile_path_count(const YsProfile *profile)
{
	return profile->nleaves;
}

const YsPathProfile *
ys_profile_path(const YsProfile *profile, int index)
{
	return &profile->leaves[index]->leaf->shown;
}

bool
ys_profile_is_partial(const YsProfile *profile)
{
	return profile->partial;
}
