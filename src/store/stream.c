/*-------------------------------------------------------------------------
 * stream.c
 *	  Reading the store's own change stream.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/request.h"

bool
ys_store_stream_shards(YsStore *store, const char *stream_id, YsArena *arena,
					   int *nshards, YsShard **shards, YsError *err)
{
	const char *after = NULL;

	*nshards = 0;
	*shards = NULL;
	do
	{
		YsCall	   *call = ys_call_create(store);

		store->api->describe_stream(&call->message, stream_id, after);
		call = ys_call_send(call, true, err);
		if (call == NULL)
			return false;
		if (!ys_call_finish(call, ys_call_succeeds(call, err) &&
							store->api->read_shards(call->bytes, call->len, arena, nshards, shards,
													&after, err)))
			return false;
	} while (after != NULL);
	return true;
}

bool
ys_store_stream_iterator(YsStore *store, const char *stream_id, const char *shard_id,
						 YsIteratorType type, const char *sequence, YsArena *arena,
						 const char **iterator, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	store->api->stream_iterator(&call->message, stream_id, shard_id, type, sequence);
	call = ys_call_send(call, true, err);
	if (call == NULL)
		return false;
	return ys_call_finish(call, ys_call_succeeds(call, err) &&
						  store->api->read_iterator(call->bytes, call->len, arena, iterator, err));
}

bool
ys_store_stream_records(YsStore *store, const char *iterator, int limit,
						int nkeys, const char *const *key_names, YsArena *arena,
						YsStreamPage *page, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	store->api->stream_records(&call->message, iterator, limit);
	call = ys_call_send(call, true, err);
	if (call == NULL)
		return false;
	return ys_call_finish(call, ys_call_succeeds(call, err) &&
						  store->api->read_records(store->reader, call->bytes, call->len, nkeys,
												   key_names, arena, page, err));
}
