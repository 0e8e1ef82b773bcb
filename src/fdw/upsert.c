/*-------------------------------------------------------------------------
 * upsert.c
 *	  INSERT and COPY into a table of insert_mode 'upsert': puts that replace
 *	  what is there, in batches.
 *
 * What RETURNING shows is the item as it is sent; it may be some rows until
 * it is.  Who looks at the store before the statement ends, which only
 * triggers that fire then do, has each row waited for.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "fdw/modify.h"

static YsBatcher *
create_batcher(YsModify *modify)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(modify));
	YsBatcher  *batcher = ys_batcher_create(modify->store, modify->source, false, &modify->cost);

	MemoryContextSwitchTo(old);
	return batcher;
}

void
ys_upsert_row(YsModify *modify, TupleTableSlot *slot)
{
	MemoryContext old;
	YsValue		item;

	if (modify->batcher == NULL)
		modify->batcher = create_batcher(modify);
	old = MemoryContextSwitchTo(ys_batcher_context(modify->batcher));
	item = ys_item_build(modify, slot);
	MemoryContextSwitchTo(old);
	ys_batcher_add(modify->batcher, &item);
	if ((modify->flags & YS_MODIFY_LOOKED_AT) != 0)
		ys_upsert_finish(modify);
	if (modify->reader != NULL)
		ys_row_fill(modify->reader, &item, slot);
}

void
ys_upsert_finish(YsModify *modify)
{
	if (modify->batcher != NULL)
		ys_batcher_finish(modify->batcher);
}
