/*-------------------------------------------------------------------------
 * stream.c
 *	  Reading the store's own change stream.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/request.h"

/* Send it, wait for its end, count what it cost.  NULL and err when it failed. */
static YsCall *
ask(YsCall *call, YsError *err)
{
	YsCost	   *cost = &call->store->stream_cost;
	bool		succeeded;

	call = ys_call_send(call, true, err);
	if (call == NULL)
		return NULL;
	succeeded = ys_call_succeeds(call, err);
	cost->requests++;
	cost->retries += Max(call->attempts - 1, 0);
	cost->throttles += call->throttles;
	if (succeeded)
		return call;
	ys_call_cancel(call);
	return NULL;
}

const YsCost *
ys_store_stream_cost(const YsStore *store)
{
	return &store->stream_cost;
}

bool
ys_store_describe_stream(YsStore *store, const char *stream_id, YsArena *arena, YsStreamInfo *info,
						 YsError *err)
{
	const char *after = NULL;

	memset(info, 0, sizeof(*info));
	do
	{
		YsCall	   *call = ys_call_create(store);

		store->api->describe_stream(&call->message, stream_id, after);
		call = ask(call, err);
		if (call == NULL ||
			!ys_call_finish(call, store->api->read_shards(call->bytes, call->len, arena, info,
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
	call = ask(call, err);
	return call != NULL &&
		ys_call_finish(call, store->api->read_iterator(call->bytes, call->len, arena, iterator, err));
}

bool
ys_store_stream_records(YsStore *store, const char *iterator, int limit,
						int nkeys, const char *const *key_names, YsArena *arena,
						YsStreamPage *page, YsError *err)
{
	YsCall	   *call = ys_call_create(store);
	bool		read;

	store->api->stream_records(&call->message, iterator, limit);
	call = ask(call, err);
	if (call == NULL)
		return false;
	read = store->api->read_records(store->reader, call->bytes, call->len, nkeys, key_names, arena,
									page, err);
	if (read)
		page->answered_at = call->answered_at;
	return ys_call_finish(call, read);
}
