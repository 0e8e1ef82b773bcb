/*-------------------------------------------------------------------------
 * read_items.h
 *	  Reading items by their keys, strongly.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_READ_ITEMS_H
#define YS_WORKER_READ_ITEMS_H

#include "store/store.h"
#include "worker/follow.h"

/*
 * Read the items of nkeys distinct keys into arena, of each what the policy wants; those that
 * there are, in any order.  items has room for all.  False and err when the store can't be read.
 */
extern bool ys_read_items(const YsFollow *follow, YsStore *store, int nkeys, const YsValue *keys,
					  YsArena *arena, int *nitems, YsValue *items, YsError *err);

#endif							/* YS_WORKER_READ_ITEMS_H */
