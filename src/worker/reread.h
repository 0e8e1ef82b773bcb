/*-------------------------------------------------------------------------
 * reread.h
 *	  Reading from the store the items of which an event has only the key.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_REREAD_H
#define YS_WORKER_REREAD_H

#include "catalog/source.h"
#include "worker/decode.h"

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
