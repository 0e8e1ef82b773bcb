/*-------------------------------------------------------------------------
 * read_items.c
 *	  Reading items by their keys, strongly.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "worker/backfill.h"
#include "worker/read_items.h"

bool
ys_read_items(const YsFollow *follow, YsStore *store, int nkeys, const YsValue *keys, YsArena *arena,
		  int *nitems, YsValue *items, YsError *err)
{
	YsAttributeFilter wanted = ys_backfill_wanted(follow);

	*nitems = 0;
	for (int first = 0; first < nkeys; first += YS_BATCH_GET_MAX)
	{
		int			count = Min(nkeys - first, YS_BATCH_GET_MAX);
		const YsValue *some = keys + first;

		while (count > 0)
		{
			YsReply		reply;
			YsCall	   *call = ys_store_batch_get(store, follow->source->table, count, some, &wanted,
												  true, err);

			if (call == NULL || !ys_store_wait(call, &wanted, arena, &reply, err))
				return false;
			for (int i = 0; i < reply.nitems; i++)
				items[(*nitems)++] = reply.items[i];
			count = reply.nunprocessed;
			some = reply.unprocessed;
		}
	}
	return true;
}
