/*-------------------------------------------------------------------------
 * read_items.h
 *	  Reading items by their keys, strongly.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_READ_ITEMS_H
#define YS_WORKER_READ_ITEMS_H

#include "store/store.h"
#include "worker/follow.h"

/* One key, and what the store has under it. */
typedef struct YsReadItem
{
	const char *key;			/* canonical text */
	uint32		key_len;
	const YsValue *keys;		/* the same as a MAP */
	const YsValue *item;		/* once it is read; NULL: there is none */
} YsReadItem;

/*
 * Bring keys into their order, each once, and return how many are left: what ys_read_items
 * takes, and ys_read_items_find looks in.
 */
extern int	ys_read_items_sort(int count, YsReadItem *keys);
extern YsReadItem *ys_read_items_find(int count, YsReadItem *keys, const char *key, uint32 len);

/*
 * Read items, strongly consistent, in batches of which several are in flight; wanted NULL: all
 * attributes.  Items live in arena.  False and err when the store can't be read now.
 */
extern bool ys_read_items(YsStore *store, const YsSource *source, const YsAttributeFilter *wanted,
						  int count, YsReadItem *keys, YsArena *arena, YsError *err);

/*
 * Read the items of nkeys keys, maps, into arena, of each what the policy wants; those that
 * there are, in any order.  items has room for all.  False and err as above.
 */
extern bool ys_read_keys(const YsFollow *follow, YsStore *store, int nkeys, const YsValue *keys,
						 YsArena *arena, int *nitems, YsValue *items, YsError *err);

/*
 * The store as it is declared now, looked up in a transaction of its own and good until the next one; NULL and err when
 * it can't be had.
 */
extern YsStore *ys_read_items_store(const YsSource *source, Oid owner, YsError *err);

/* The key of an index row as the store has it, a map, palloc'd. */
extern void ys_read_key_of(const YsFollow *follow, const Datum *keys, YsValue *key);

#endif							/* YS_WORKER_READ_ITEMS_H */
