/*-------------------------------------------------------------------------
 * value_tree.c
 *	  The places in an item that paths lead to, as a tree.
 *-------------------------------------------------------------------------
 */
#include "store/value_tree.h"

#include <string.h>

#define NAMES_AHEAD		4

/* A bit that equal names share: most members that no path leads to fail by it alone. */
static inline uint64_t
name_bit(const char *name, uint32_t len)
{
	return (uint64_t) 1 << ((len * 7 + (len > 0 ? (unsigned char) name[0] : 0)) & 63);
}

static inline uint64_t
load(const char *bytes, uint32_t len)
{
	uint64_t	word = 0;

	memcpy(&word, bytes, len);
	return word;
}

/*
 * Of a name its beginning and end are hashed: what documents have can only be looked up,
 * so that nobody but the policy's author could fill the table with names that collide.
 */
static inline uint32_t
hash_step(int parent, const char *name, uint32_t len)
{
	uint64_t	hash = (uint64_t) parent * 0x9E3779B97F4A7C15u + len;

	if (len >= 8)
		hash ^= load(name, 8) * 0xBF58476D1CE4E5B9u ^ load(name + len - 8, 8) * 0x94D049BB133111EBu;
	else if (len >= 4)
		hash ^= (load(name, 4) << 32 | load(name + len - 4, 4)) * 0xBF58476D1CE4E5B9u;
	else if (len > 0)
		hash ^= ((uint64_t) (unsigned char) name[0] << 16 | (uint64_t) (unsigned char) name[len / 2] << 8 |
				 (unsigned char) name[len - 1]) * 0xBF58476D1CE4E5B9u;
	hash *= 0x9E3779B97F4A7C15u;
	return (uint32_t) (hash >> 32);
}

static inline bool
is_step(const YsPathNode *place, int parent, const YsPathStep *step)
{
	if (place->parent != parent || (place->step.name == NULL) != (step->name == NULL))
		return false;
	if (step->name == NULL)
		return place->step.index == step->index;
	return place->step.name_len == step->name_len &&
		(place->step.name == step->name || memcmp(place->step.name, step->name, step->name_len) == 0);
}

/* Where the place a step leads to is in the table, or would be; *hash is the step's. */
static inline struct YsPathSlot *
find_slot(const YsPathTree *places, int parent, const YsPathStep *step, uint32_t *hash)
{
	*hash = step->name != NULL ? hash_step(parent, step->name, step->name_len) :
		hash_step(parent, (const char *) &step->index, sizeof(step->index));
	for (uint32_t slot = *hash;; slot++)
	{
		struct YsPathSlot *at = &places->slots[slot & (places->nslots - 1)];

		if (at->place == 0 || (at->hash == *hash && is_step(&places->items[at->place], parent, step)))
			return at;
	}
}

static bool
grow(YsPathTree *places, YsArena *arena)
{
	int			size = places->size > 0 ? places->size * 2 : 16;
	uint32_t	nslots = (uint32_t) size * 4;
	YsPathNode *items = ys_arena_alloc_zero(arena, sizeof(YsPathNode) * (size_t) size);
	int		   *inner = ys_arena_alloc(arena, sizeof(int) * (size_t) size);
	struct YsPathSlot *slots = ys_arena_alloc_zero(arena, sizeof(*slots) * nslots);

	if (items == NULL || inner == NULL || slots == NULL)
		return false;
	if (places->ninner > 0)
		memcpy(inner, places->inner, sizeof(int) * (size_t) places->ninner);
	if (places->count > 0)
		memcpy(items, places->items, sizeof(YsPathNode) * (size_t) places->count);
	else
		places->count = 1;
	places->size = size;
	places->items = items;
	places->inner = inner;
	places->nslots = nslots;
	places->slots = slots;
	for (int i = 1; i < places->count; i++)
	{
		uint32_t	hash;
		struct YsPathSlot *slot = find_slot(places, items[i].parent, &items[i].step, &hash);

		*slot = (struct YsPathSlot) {hash, i};
	}
	return true;
}

static bool
is_inner(const YsPathNode *place)
{
	return place->names != 0 || place->first_element != 0;
}

static void
add_inner(YsPathTree *places, int at)
{
	int			i = places->ninner++;

	for (; i > 0 && places->inner[i - 1] > at; i--)
		places->inner[i] = places->inner[i - 1];
	places->inner[i] = at;
}

/* The place that a step leads to from another; -1 when the arena is exhausted. */
static int
add_child(YsPathTree *places, int parent, const YsPathStep *step, YsArena *arena)
{
	struct YsPathSlot *slot;
	YsPathNode *place;
	uint32_t	hash;

	if (places->count == places->size && !grow(places, arena))
		return -1;
	slot = find_slot(places, parent, step, &hash);
	if (slot->place != 0)
		return slot->place;
	place = &places->items[places->count];
	*place = (YsPathNode) {.parent = parent, .step = *step};
	if (!is_inner(&places->items[parent]))
		add_inner(places, parent);
	if (step->name != NULL)
		places->items[parent].names |= name_bit(step->name, step->name_len);
	else
	{
		place->step.name_len = 0;
		place->next_element = places->items[parent].first_element;
		places->items[parent].first_element = places->count;
	}
	*slot = (struct YsPathSlot) {hash, places->count};
	return places->count++;
}

int
ys_tree_add(YsPathTree *places, const YsPathStep *steps, int nsteps, YsArena *arena)
{
	int			at = 0;

	if (places->count == 0 && !grow(places, arena))
		return -1;
	for (int i = 0; i < nsteps && !(steps[i].name == NULL && steps[i].index == YS_PATH_EVERY); i++)
	{
		at = add_child(places, at, &steps[i], arena);
		if (at < 0)
			return -1;
	}
	places->items[at].whole = true;
	return at;
}

bool
ys_tree_merge(YsPathTree *places, const YsPathTree *others, YsArena *arena)
{
	int		   *at = ys_arena_alloc_zero(arena, sizeof(int) * (size_t) (others->count + 1));

	if (at == NULL || (places->count == 0 && !grow(places, arena)))
		return false;
	for (int i = 0; i < others->count; i++)
	{
		const YsPathNode *other = &others->items[i];

		/* a parent comes before its children */
		if (i > 0)
			at[i] = add_child(places, at[other->parent], &other->step, arena);
		if (at[i] < 0)
			return false;
		places->items[at[i]].whole |= other->whole;
	}
	return true;
}

/* Inline where members are looked up by the thousand. */
static inline int
find_member(const YsPathTree *places, int at, const char *name, uint32_t len)
{
	YsPathStep	step = {name, len, 0};
	uint32_t	hash;

	if ((places->items[at].names & name_bit(name, len)) == 0)
		return 0;
	return find_slot(places, at, &step, &hash)->place;
}

int
ys_tree_member(const YsPathTree *places, int at, const char *name, uint32_t len)
{
	return find_member(places, at, name, len);
}

/* What an item has at the places that a place's names and elements lead to. */
static void
find_children(const YsPathTree *places, int at, const YsValue *value, const YsValue **values)
{
	const YsPathNode *place = &places->items[at];

	if (place->names != 0 && value->type == YS_TYPE_MAP)
	{
		for (uint32_t i = 0; i < value->len; i++)
		{
			const YsMember *member = &value->members[i];
			int			child;

			/* the names of a batch's documents are in no cache any more */
			if (i + NAMES_AHEAD < value->len)
				__builtin_prefetch(member[NAMES_AHEAD].name);
			child = find_member(places, at, member->name, member->name_len);
			if (child == 0)
				continue;
			__builtin_prefetch(member->value.bytes);
			values[child] = &member->value;
		}
	}
	if (place->first_element == 0 || !ys_value_has_elements(value))
		return;
	for (int child = place->first_element; child != 0; child = places->items[child].next_element)
	{
		int			index = places->items[child].step.index;

		if ((uint32_t) index < value->len)
			values[child] = &value->elements[index];
	}
}

void
ys_tree_find(const YsPathTree *places, const YsValue *item, const YsValue **values)
{
	if (places->count == 0)
		return;
	memset(values, 0, sizeof(*values) * (size_t) places->count);
	values[0] = item;

	/* A place comes before those within it: one level after the other, while memory is fetched. */
	for (int i = 0; i < places->ninner; i++)
	{
		int			at = places->inner[i];

		if (values[at] != NULL)
			find_children(places, at, values[at], values);
	}
}
