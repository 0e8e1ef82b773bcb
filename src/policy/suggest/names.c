/*-------------------------------------------------------------------------
 * names.c
 *	  Names for the columns that are suggested.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/print.h"

#include <stdio.h>
#include <string.h>

#include "policy/normalize/unicode.h"

bool
ys_names_init(YsNames *names, const YsSuggestion *suggestion, YsArena *arena)
{
	names->count = 0;
	names->arena = arena;
	/* one more for each field there can be */
	names->taken = ys_arena_alloc(arena, sizeof(char *) *
								  (size_t) (suggestion->nreserved + YS_POLICY_MAX_FIELDS));
	if (names->taken == NULL)
		return false;
	for (int i = 0; i < suggestion->nreserved; i++)
		names->taken[names->count++] = suggestion->reserved[i];
	return true;
}

static bool
is_taken(const YsNames *names, const char *name)
{
	for (int i = 0; i < names->count; i++)
	{
		if (strcmp(names->taken[i], name) == 0)
			return true;
	}
	return false;
}

/* Put a word behind the name, if there is room. */
static void
append_word(char *name, const char *word)
{
	size_t		len = strlen(name);
	size_t		word_len = strlen(word);

	if (word_len == 0 || len + 1 + word_len >= YS_NAME_BYTES)
		return;
	if (len > 0)
		name[len++] = '_';
	memcpy(name + len, word, word_len + 1);
}

/* The unit as part of a name: km/h is kmh. */
static void
append_unit(char *name, const YsSpelledUnit *unit)
{
	char		word[YS_NAME_BYTES];
	size_t		len = 0;

	for (const char *p = ys_spelled_unit_name(unit); *p != '\0' && len < sizeof(word) - 1; p++)
	{
		if (ys_ascii_is_letter(*p) || ys_ascii_is_digit(*p))
			word[len++] = ys_ascii_lower(*p);
	}
	word[len] = '\0';
	append_word(name, word);
}

/* Does a step below the one that tells say which of several it is? */
static bool
is_qualified(const YsNode *node)
{
	YsWord		words[YS_WORDS_MAX];
	int			n = ys_words_of((YsSlice) {node->name, node->name_len}, words);

	for (int i = 0; i < n; i++)
	{
		if (words[i].role == YS_WORD_QUALIFIER)
			return true;
	}
	return false;
}

/* The words of a step that say which fact it is; all, if none does or a flag is named. */
static void
append_step(char *name, const YsNode *step, const YsMeaning *table, bool all)
{
	YsWord		words[YS_WORDS_MAX];
	int			n = ys_words_of((YsSlice) {step->name, step->name_len}, words);
	bool		any = false;

	for (int i = 0; i < n; i++)
		any |= ys_group_tells(table, &words[i]);
	for (int i = 0; i < n; i++)
	{
		if (ys_group_tells(table, &words[i]) || all || !any)
			append_word(name, words[i].text);
	}
}

/* The words from the step that tells downward. */
static void
append_steps(char *name, const YsNode *node, const YsNode *telling, const YsMeaning *table, bool all)
{
	if (node != telling)
		append_steps(name, node->parent, telling, table, all);
	if (node->name != NULL && (node == telling || is_qualified(node)))
		append_step(name, node, table, all && node == telling);
}

static void
make_unique(const YsNames *names, char name[YS_NAME_BYTES])
{
	char		base[YS_NAME_BYTES];

	strcpy(base, name);
	for (int i = 2; is_taken(names, name); i++)
		snprintf(name, YS_NAME_BYTES, "%.52s_%d", base, i);
}

void
ys_names_choose(YsNames *names, const YsGroup *group, const YsMeaning *table, char name[YS_NAME_BYTES])
{
	const YsNode *step = ys_group_telling_step(group->first->node, table);
	char	   *copy;

	name[0] = '\0';
	append_steps(name, group->first->node, step, table, group->kind == YS_GUESS_BOOLEAN);
	if (group->kind == YS_GUESS_MOMENT)
		append_word(name, group->dated ? "date" : "at");
	if (group->kind == YS_GUESS_NUMBER && group->unit != NULL)
		append_unit(name, group->unit);
	if (name[0] == '\0' || ys_ascii_is_digit(name[0]))
	{
		char		rest[YS_NAME_BYTES];

		snprintf(rest, sizeof(rest), "%.57s", name);
		strcpy(name, "field");
		append_word(name, rest);
	}
	make_unique(names, name);
	copy = ys_arena_copy(names->arena, name, strlen(name));
	if (copy != NULL)
		names->taken[names->count++] = copy;
}

bool
ys_names_same_word(YsSlice a, YsSlice b)
{
	char		left[YS_FOLD_MAX];
	char		right[YS_FOLD_MAX];
	int			left_len = ys_unicode_fold(a, left);
	int			right_len = ys_unicode_fold(b, right);

	return left_len == right_len && left_len >= 0 && memcmp(left, right, (size_t) left_len) == 0;
}
