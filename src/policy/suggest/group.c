/*-------------------------------------------------------------------------
 * group.c
 *	  Paths that look like one fact under several names.
 *
 * Paths are taken in the order of how many items have them, and each joins
 * the group whose name is most like its own of those that it is compatible
 * with, or begins one.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/group.h"

#include <stdlib.h>
#include <string.h>

/* Names are alike when of all their words so many are common, in fifths: 4 of 5, or all. */
#define ALIKE_FIFTHS	4

/* Of so many items with the rarer one of two paths one may have both. */
#define BOTH_ONE_OF		20

/* Numbers differ in size when the least of one are so many times the most of the other. */
#define SIZE_FACTOR		10
#define SIZE_VALUES		5

typedef struct Grouping
{
	YsProfile  *profile;
	const char *table;
	YsMeaning	table_meaning;
	YsGroups   *groups;
} Grouping;

/* ---- names ---- */

static void
add_meaning(YsMeaning *meaning, const char *word)
{
	uint64_t	hash = ys_cardinality_hash(word, strlen(word), 0);
	int			i = 0;

	while (i < meaning->count && meaning->hashes[i] < hash)
		i++;
	if (meaning->count == YS_WORDS_MAX || (i < meaning->count && meaning->hashes[i] == hash))
		return;
	memmove(&meaning->hashes[i + 1], &meaning->hashes[i], sizeof(uint64_t) * (size_t) (meaning->count - i));
	meaning->hashes[i] = hash;
	meaning->count++;
}

static bool
has_meaning(const YsMeaning *meaning, const char *word)
{
	uint64_t	hash = ys_cardinality_hash(word, strlen(word), 0);

	for (int i = 0; i < meaning->count; i++)
	{
		if (meaning->hashes[i] == hash)
			return true;
	}
	return false;
}

bool
ys_group_tells(const YsMeaning *table, const YsWord *word)
{
	return (word->role == YS_WORD_FACT && !has_meaning(table, word->means)) ||
		word->role == YS_WORD_QUALIFIER;
}

const YsNode *
ys_group_telling_step(const YsNode *node, const YsMeaning *table)
{
	const YsNode *deepest = NULL;

	for (; node->parent != NULL; node = node->parent)
	{
		YsWord		words[YS_WORDS_MAX];
		int			n;

		if (node->name == NULL)
			continue;
		deepest = deepest != NULL ? deepest : node;
		n = ys_words_of((YsSlice) {node->name, node->name_len}, words);
		for (int i = 0; i < n; i++)
		{
			if (words[i].role == YS_WORD_FACT && ys_group_tells(table, &words[i]))
				return node;
		}
	}
	return deepest;
}

/* What the path's name means, and the unit that it says. */
static void
read_name(Grouping *grouping, YsGrouped *path)
{
	const YsNode *step = ys_group_telling_step(path->node, &grouping->table_meaning);
	YsWord		words[YS_WORDS_MAX];
	int			n;

	/* steps behind the telling one may say which of several, or the unit: odometer.km */
	for (const YsNode *node = path->node;; node = node->parent)
	{
		n = node->name != NULL ? ys_words_of((YsSlice) {node->name, node->name_len}, words) : 0;
		for (int i = 0; i < n; i++)
		{
			if (ys_group_tells(&grouping->table_meaning, &words[i]))
				add_meaning(&path->meaning, words[i].means);
			if (words[i].role == YS_WORD_UNIT && path->name_unit == NULL)
				path->name_unit = ys_candidates_unit(grouping->profile->candidates,
													 (YsSlice) {words[i].means, (uint32_t) strlen(words[i].means)},
													 &grouping->profile->scratch);
		}
		if (node == step)
			break;
	}
	/* a name without any is what it is */
	for (int i = 0; i < n && path->meaning.count == 0; i++)
		add_meaning(&path->meaning, words[i].means);
}

/* Common words, as a share of all, in thousandths. */
static int
likeness(const YsMeaning *a, const YsMeaning *b)
{
	int			common = 0;
	int			all;
	int			i = 0;
	int			j = 0;

	while (i < a->count && j < b->count)
	{
		if (a->hashes[i] == b->hashes[j])
		{
			common++;
			i++;
			j++;
		}
		else if (a->hashes[i] < b->hashes[j])
			i++;
		else
			j++;
	}
	all = a->count + b->count - common;
	return all > 0 && common * 5 >= all * ALIKE_FIFTHS ? common * 1000 / all : 0;
}

/* ---- compatibility ---- */

static int64_t
count_bits(const uint64_t *a, const uint64_t *b)
{
	int64_t		count = 0;

	for (int i = 0; i < YS_PROFILE_TRACKED / 64; i++)
		count += __builtin_popcountll(a[i] & b[i]);
	return count;
}

static bool
shares_items(const YsGroup *group, const YsLeaf *leaf)
{
	int64_t		both = count_bits(group->present, leaf->present);
	int64_t		ours = count_bits(group->present, group->present);
	int64_t		its = count_bits(leaf->present, leaf->present);

	return both * BOTH_ONE_OF > (ours < its ? ours : its);
}

/* Would one of these formats read what is of the other's as another day? */
static bool
formats_contradict(const YsCandidates *candidates, uint64_t a, uint64_t b)
{
	for (int i = YS_READING_DATES; i < ys_candidates_count(candidates); i++)
	{
		int			rival = ys_candidates_rival(candidates, i);

		if ((a & (UINT64_C(1) << i)) != 0 && rival >= 0 && (b & (UINT64_C(1) << rival)) != 0)
			return true;
	}
	return false;
}

/* The unit that the path's numbers are in: their own, or the one its name says. */
static const YsSpelledUnit *
unit_of(const YsGrouped *path)
{
	return path->leaf->guess.unit != NULL ? path->leaf->guess.unit : path->name_unit;
}

/* Are numbers without a unit there whose name says which? */
static bool
fixes_unit(const YsGrouped *path)
{
	const YsTally *tally = &path->leaf->tally;

	for (int i = 0; path->name_unit != NULL && i < tally->nunits; i++)
	{
		if (tally->units[i].unit == NULL)
			return true;
	}
	return false;
}

/* From where to where the path's numbers go, in the unit (NULL: as they are); false: nobody knows. */
static bool
range_of(Grouping *grouping, const YsGrouped *path, const YsSpelledUnit *unit, double *least, double *most)
{
	const YsTally *tally = &path->leaf->tally;
	bool		found = false;

	for (int i = 0; i < tally->nunits; i++)
	{
		const YsNumbers *numbers = &tally->units[i];
		double		low = numbers->least;
		double		high = numbers->most;

		if (numbers->count < SIZE_VALUES || !ys_guess_counts(&path->leaf->guess, numbers))
			continue;
		if (unit != NULL && numbers->unit != NULL &&
			!(ys_candidates_convert(numbers->unit, unit, low, &grouping->profile->scratch, &low) &&
			  ys_candidates_convert(numbers->unit, unit, high, &grouping->profile->scratch, &high)))
			continue;
		*least = found && *least < low ? *least : low;
		*most = found && *most > high ? *most : high;
		found = true;
	}
	return found;
}

static bool
numbers_fit(Grouping *grouping, const YsGroup *group, const YsGrouped *path)
{
	const YsSpelledUnit *unit = unit_of(path);
	const YsGuess *guess = &path->leaf->guess;
	double		factor = 1;
	double		least;
	double		most;

	if (group->unit != NULL && unit != NULL && group->unit != unit &&
		!ys_candidates_convert(unit, group->unit, 1, &grouping->profile->scratch, &factor))
		return false;
	/* numbers without a unit are in the field's, which can only be one */
	if (group->unit_fixed && fixes_unit(path) && factor != 1)
		return false;
	/* one's numbers would be read, or refused, by the locale that the other's need */
	if ((group->locale != NULL && (guess->leans & ~group->leans) != 0) ||
		(guess->locale != NULL && (group->leans & ~guess->leans) != 0))
		return false;
	return !group->has_range || !range_of(grouping, path, group->unit, &least, &most) ||
		(least <= group->most * SIZE_FACTOR && group->least <= most * SIZE_FACTOR);
}

static bool
fits(Grouping *grouping, const YsGroup *group, const YsGrouped *path)
{
	const YsLeaf *leaf = path->leaf;

	if (group->kind != leaf->guess.kind || shares_items(group, leaf))
		return false;
	switch (group->kind)
	{
		case YS_GUESS_MOMENT:
			return !formats_contradict(grouping->profile->candidates, group->formats, leaf->guess.formats);
		case YS_GUESS_NUMBER:
			return numbers_fit(grouping, group, path);
		case YS_GUESS_TEXT:
			return group->many == path->many;
		default:
			return true;
	}
}

/* ---- groups ---- */

static void
join(Grouping *grouping, YsGroup *group, YsGrouped *path)
{
	const YsLeaf *leaf = path->leaf;
	double		least;
	double		most;

	if (group->first == NULL)
		group->first = path;
	else
		group->last->next = path;
	group->last = path;
	group->many |= path->many;
	group->items += leaf->shown.items;
	group->formats |= leaf->guess.formats;
	group->dated |= !leaf->guess.timed;
	for (int i = 0; i < YS_PROFILE_TRACKED / 64; i++)
		group->present[i] |= leaf->present[i];
	group->leans |= leaf->guess.leans;
	if (leaf->guess.locale != NULL)
	{
		group->locale = leaf->guess.locale;
		group->locale_sure |= leaf->guess.locale_sure;
	}
	if (unit_of(path) != NULL && (group->unit == NULL || (!group->unit_fixed && fixes_unit(path))))
	{
		const YsSpelledUnit *unit = fixes_unit(path) ? path->name_unit : unit_of(path);

		if (group->unit != NULL && group->has_range)
		{
			(void) ys_candidates_convert(group->unit, unit, group->least, &grouping->profile->scratch, &group->least);
			(void) ys_candidates_convert(group->unit, unit, group->most, &grouping->profile->scratch, &group->most);
		}
		group->unit = unit;
		group->unit_fixed = fixes_unit(path);
	}
	if (group->kind == YS_GUESS_NUMBER && range_of(grouping, path, group->unit, &least, &most))
	{
		group->least = group->has_range && group->least < least ? group->least : least;
		group->most = group->has_range && group->most > most ? group->most : most;
		group->has_range = true;
	}
}

static bool
place(Grouping *grouping, YsGrouped *path)
{
	YsGroups   *groups = grouping->groups;
	YsGroup    *best = NULL;
	int			most = 0;

	for (int i = 0; i < groups->count; i++)
	{
		int			alike = likeness(&groups->items[i]->first->meaning, &path->meaning);

		if (alike > most && fits(grouping, groups->items[i], path))
		{
			most = alike;
			best = groups->items[i];
		}
	}
	if (best == NULL)
	{
		best = ys_arena_alloc_zero(grouping->profile->arena, sizeof(YsGroup));
		if (best == NULL)
			return false;
		best->kind = path->leaf->guess.kind;
		groups->items[groups->count++] = best;
	}
	join(grouping, best, path);
	return true;
}

static bool
is_key(const YsNode *node, int nkeys, const char *const *keys)
{
	for (int i = 0; i < nkeys && node->depth == 1; i++)
	{
		if (strlen(keys[i]) == node->name_len && memcmp(keys[i], node->name, node->name_len) == 0)
			return true;
	}
	return false;
}

static bool
has_list(const YsNode *node)
{
	for (; node != NULL; node = node->parent)
	{
		if (node->parent != NULL && node->name == NULL)
			return true;
	}
	return false;
}

/* The paths that most items have first; by name among equals. */
static int
compare_paths(const void *a, const void *b)
{
	const YsGrouped *left = *(YsGrouped *const *) a;
	const YsGrouped *right = *(YsGrouped *const *) b;

	if (left->leaf->shown.items != right->leaf->shown.items)
		return left->leaf->shown.items > right->leaf->shown.items ? -1 : 1;
	return strcmp(left->leaf->shown.path, right->leaf->shown.path);
}

static int
compare_groups(const void *a, const void *b)
{
	const YsGroup *left = *(YsGroup *const *) a;
	const YsGroup *right = *(YsGroup *const *) b;

	if (left->items != right->items)
		return left->items > right->items ? -1 : 1;
	return strcmp(left->first->leaf->shown.path, right->first->leaf->shown.path);
}

static void
read_table(Grouping *grouping)
{
	YsWord		words[YS_WORDS_MAX];
	int			n = ys_words_of((YsSlice) {grouping->table, (uint32_t) strlen(grouping->table)}, words);

	for (int i = 0; i < n; i++)
		add_meaning(&grouping->table_meaning, words[i].means);
}

bool
ys_group_paths(YsProfile *profile, const char *table, int nkeys, const char *const *keys, YsGroups *groups)
{
	Grouping	grouping = {.profile = profile, .table = table, .groups = groups};
	size_t		most = (size_t) profile->nleaves + 1;
	YsGrouped **paths = ys_arena_alloc(profile->arena, sizeof(YsGrouped *) * most);
	int			n = 0;

	memset(groups, 0, sizeof(*groups));
	groups->items = ys_arena_alloc(profile->arena, sizeof(YsGroup *) * most);
	groups->ambiguous = ys_arena_alloc(profile->arena, sizeof(YsGrouped *) * most);
	if (paths == NULL || groups->items == NULL || groups->ambiguous == NULL)
		return false;
	read_table(&grouping);
	for (int i = 0; i < profile->nleaves; i++)
	{
		const YsNode *node = profile->leaves[i];
		YsGrouped  *path;

		if (node->leaf->taken || node->leaf->guess.kind == YS_GUESS_NOTHING || is_key(node, nkeys, keys))
			continue;
		path = ys_arena_alloc_zero(profile->arena, sizeof(YsGrouped));
		if (path == NULL)
			return false;
		path->node = node;
		path->leaf = node->leaf;
		path->many = has_list(node);
		read_name(&grouping, path);
		if (node->leaf->guess.ambiguous >= 0)
			groups->ambiguous[groups->nambiguous++] = path;
		else
			paths[n++] = path;
	}
	qsort(paths, (size_t) n, sizeof(YsGrouped *), compare_paths);
	for (int i = 0; i < n; i++)
	{
		if (!place(&grouping, paths[i]))
			return false;
	}
	qsort(groups->items, (size_t) groups->count, sizeof(YsGroup *), compare_groups);
	groups->table = grouping.table_meaning;
	return true;
}
