/*-------------------------------------------------------------------------
 * reread.h
 *	  Reading items from the store by their keys: those of which an event has only the key.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_REREAD_H
#define YS_WORKER_REREAD_H

#include "catalog/source.h"
#include "worker/decode.h"

/* One key, and what the store has under it. */
typedef struct YsReread
{
	const char *key;			/* canonical text */
	uint32		key_len;
	const YsValue *keys;		/* the same as a MAP */
	const YsValue *item;		/* once it is read; NULL: there is none */
} YsReread;

/*
 * Bring keys into their order, each once, and return how many are left: what ys_reread_items
 * takes, and ys_reread_find looks in.
 */
extern int	ys_reread_sort(int count, YsReread *keys);
extern YsReread *ys_reread_find(int count, YsReread *keys, const char *key, uint32 len);

/*
 * Read items, strongly consistent, in batches of which several are in flight; wanted NULL: all
 * attributes.  Items live in arena.  False and err when the store can't be read now.
 */
extern bool ys_reread_items(YsStore *store, const YsSource *source, const YsAttributeFilter *wanted,
							int count, YsReread *keys, YsArena *arena, YsError *err);

/* Is there an event whose item's state has to be read? */
extern bool ys_reread_is_needed(int count, const YsDecoded *decoded);

/*
 * Read what is wanted of the items whose state events don't carry: afterwards no event is keys_only.  False and
 * err when the store can't be read now.
 */
extern bool ys_reread_images(YsStore *store, const YsSource *source, const YsPathTree *wanted,
							 int count, YsDecoded *decoded, YsArena *arena, YsError *err);

/*
 * The same in a worker, with owner's credentials, if it is needed.  Opens a transaction of its own to find the
 * store; none is open while it answers.
 */
extern bool ys_reread_needed_images(const YsSource *source, Oid owner, const YsPathTree *wanted,
									int count, YsDecoded *decoded, YsArena *arena, YsError *err);

#endif							/* YS_WORKER_REREAD_H */
