/*-------------------------------------------------------------------------
 * event_reading.c
 *	  How messages are read, kept for longer than what it was made of.
 *-------------------------------------------------------------------------
 */
#include "stream/event_reading.h"

#include <string.h>

/* NULL stays NULL; false when memory ran out. */
static bool
copy_text(const char **copy, const char *text, YsArena *arena)
{
	*copy = text != NULL ? ys_arena_copy(arena, text, strlen(text)) : NULL;
	return text == NULL || *copy != NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- places ---- */

static bool
copy_tree(const YsPathTree **copy, const YsPathTree *tree, YsArena *arena)
{
	YsPathTree *own;

	*copy = NULL;
	if (tree == NULL)
		return true;
	own = ys_arena_alloc_zero(arena, sizeof(YsPathTree));
	if (own == NULL || !ys_tree_merge(own, tree, arena))
		return false;
	for (int i = 0; i < own->count; i++)
	{
		YsPathStep *step = &own->items[i].step;

		if (step->name != NULL && (step->name = ys_arena_copy(arena, step->name, step->name_len)) == NULL)
			return false;
	}
	*copy = own;
	return true;
}

static bool
same_step(const YsPathStep *a, const YsPathStep *b)
{
	if (a->name == NULL || b->name == NULL)
		return a->name == b->name && a->index == b->index;
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

static bool
same_tree(const YsPathTree *a, const YsPathTree *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
	{
		const YsPathNode *left = &a->items[i];
		const YsPathNode *right = &b->items[i];

		if (left->parent != right->parent || left->whole != right->whole ||
			(i > 0 && !same_step(&left->step, &right->step)))
			return false;
	}
	return true;
}

/* ---- readings ---- */

YsEventReading *
ys_event_reading_copy(const YsEventReading *reading, YsArena *arena)
{
	YsEventReading *copy = ys_arena_alloc(arena, sizeof(YsEventReading));
	const char **names = ys_arena_alloc(arena, sizeof(*names) * (size_t) reading->nkeys);
	YsType	   *types = ys_arena_alloc(arena, sizeof(*types) * (size_t) reading->nkeys);

	if (copy == NULL || names == NULL || types == NULL)
		return NULL;
	*copy = *reading;
	for (int k = 0; k < reading->nkeys; k++)
	{
		if (!copy_text(&names[k], reading->key_names[k], arena))
			return NULL;
		types[k] = reading->key_types[k];
	}
	copy->key_names = names;
	copy->key_types = types;
	if (!copy_text(&copy->table, reading->table, arena) ||
		!copy_text(&copy->unsaid_table, reading->unsaid_table, arena) ||
		!copy_tree(&copy->wanted, reading->wanted, arena))
		return NULL;
	return copy;
}

bool
ys_event_reading_same(const YsEventReading *a, const YsEventReading *b)
{
	if (a->format != b->format || a->old_images != b->old_images || a->nkeys != b->nkeys ||
		!same_text(a->table, b->table) || !same_text(a->unsaid_table, b->unsaid_table))
		return false;
	for (int k = 0; k < a->nkeys; k++)
	{
		if (a->key_types[k] != b->key_types[k] || strcmp(a->key_names[k], b->key_names[k]) != 0)
			return false;
	}
	return same_tree(a->wanted, b->wanted);
}
