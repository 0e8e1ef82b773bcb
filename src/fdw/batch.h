/*-------------------------------------------------------------------------
 * batch.h
 *	  Many puts, or many deletions, without conditions: in batches, several
 *	  of them in flight.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_BATCH_H
#define YS_FDW_BATCH_H

#include "catalog/source.h"
#include "store/store.h"

typedef struct YsBatcher YsBatcher;

/*
 * deletes: keys are added, and their items deleted; else whole items.  cost: where to add it up, or
 * NULL.  In the current context.
 */
extern YsBatcher *ys_batcher_create(YsStore *store, const YsSource *source, bool deletes,
									YsCost *cost);

/* Where to allocate the next item, or key; waits for room, and throws what writing throws. */
extern MemoryContext ys_batcher_context(YsBatcher *batcher);

/*
 * Write it, some time until ys_batcher_finish returns.  Of items of one key the one added last stays.
 * The current context gets some garbage.  Throws the store's errors, also of items added before.
 */
extern void ys_batcher_add(YsBatcher *batcher, const YsValue *item);
extern void ys_batcher_finish(YsBatcher *batcher);

#endif							/* YS_FDW_BATCH_H */
