/*-------------------------------------------------------------------------
 * value_tree.h
 *	  The places in an item that paths lead to, as a tree.
 *
 * Makers have the same fact under many names: a policy has more paths than an item has
 * members.  So an item is walked once, along the tree, and each of its members looked up there,
 * instead of each path in the item; and what no path leads to need not be decoded.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_VALUE_TREE_H
#define YS_STORE_VALUE_TREE_H

#include "store/value.h"

typedef struct YsPathNode
{
	int			parent;
	YsPathStep	step;			/* from there */
	bool		whole;			/* what is there is wanted, and all that is in it */
	uint64_t	names;			/* bits of the children's names: see name_bit() */
	int			first_element;	/* of the children that are elements of a list; 0: none */
	int			next_element;
} YsPathNode;

/* Zeroed, it has no place; with the first one comes place 0, which is the item itself. */
struct YsPathTree
{
	int			count;
	int			size;			/* of items */
	YsPathNode *items;			/* a place comes before those within it */
	int			ninner;
	int		   *inner;			/* those with others within them, in their order */

	/* by the hash of parent and step */
	uint32_t	nslots;			/* a power of two */
	struct YsPathSlot
	{
		uint32_t	hash;
		int			place;		/* 0: the slot is empty */
	}		   *slots;
};

/*
 * The place that steps lead to, up to the first [*] among them, added if need be and wanted whole.
 * Without steps it is the item.  -1 when the arena is exhausted.  The names are borrowed.
 */
extern int	ys_tree_add(YsPathTree *places, const YsPathStep *steps, int nsteps, YsArena *arena);

/* Add all places of others, with what is wanted of them; false when the arena is exhausted. */
extern bool ys_tree_merge(YsPathTree *places, const YsPathTree *others, YsArena *arena);

/* The place of the member of that name of what is at a place; 0: there is none. */
extern int	ys_tree_member(const YsPathTree *places, int at, const char *name, uint32_t len);

/* Put what an item has at each place into values, which has as many elements; NULL: nothing. */
extern void ys_tree_find(const YsPathTree *places, const YsValue *item, const YsValue **values);

#endif							/* YS_STORE_VALUE_TREE_H */
