/*-------------------------------------------------------------------------
 * fetch_keys.c
 *	  Items by their keys: batches, several in flight.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/wait.h"
#include "errors.h"
#include "fdw/fetch_internal.h"

/* Batches of which nothing was processed, in a row, before giving up. */
#define MAX_FRUITLESS		10
#define BACKOFF_BASE_MS		25
#define BACKOFF_LIMIT_MS	2000

void
ys_fetch_start_keys(YsFetch *fetch, int nkeys, const YsKeyList *keys)
{
	ys_fetch_stop(fetch);
	fetch->kind = YS_FETCH_KEYS;
	fetch->nkeys = nkeys;
	fetch->next_key = 0;
	fetch->end_key = 1;
	fetch->fruitless = 0;
	for (int i = 0; i < nkeys; i++)
	{
		fetch->keys[i] = keys[i];
		fetch->end_key *= keys[i].count;
	}
}

/* The combination of that number, as a map in the batch's place. */
static void
build_key(YsFetch *fetch, int64 number, int place)
{
	YsMember   *members = &fetch->batch_members[place * 2];

	for (int i = fetch->nkeys - 1; i >= 0; i--)
	{
		const YsKeyList *list = &fetch->keys[i];

		members[i].name = list->name;
		members[i].name_len = strlen(list->name);
		members[i].value = list->values[number % list->count];
		number /= list->count;
	}
	fetch->batch[place] = (YsValue) {.type = YS_TYPE_MAP, .len = fetch->nkeys, .members = members};
}

static void
ask_for_batch(YsFetch *fetch, int count, const YsValue *keys, void *tag)
{
	const YsFetchRequest *request = &fetch->request;
	YsError		err;
	YsCall	   *call = ys_store_batch_get(request->store, request->source->table, count, keys,
										  request->attributes, request->consistent, &err);

	ys_fetch_add_call(fetch, call, &err);
	ys_call_set_tag(call, tag);
}

void
ys_fetch_ask_for_keys(YsFetch *fetch, int count, const YsValue *keys, void *tag)
{
	const YsFetchRequest *request = &fetch->request;
	YsError		err;
	YsCall	   *call;

	if (count > 1)
	{
		ask_for_batch(fetch, count, keys, tag);
		return;
	}
	call = ys_store_get_item(request->store, request->source->table, keys, request->attributes,
							 request->consistent, &err);
	ys_fetch_add_call(fetch, call, &err);
	ys_call_set_tag(call, tag);
}

static void
ask_for_next(YsFetch *fetch)
{
	int			count = 0;

	while (count < YS_BATCH_GET_MAX && fetch->next_key < fetch->end_key)
		build_key(fetch, fetch->next_key++, count++);
	ys_fetch_ask_for_keys(fetch, count, fetch->batch, NULL);
}

/* What the store left undone is asked for again: at once after progress, else after a pause. */
static void
ask_again(YsFetch *fetch, const YsReply *reply, void *tag)
{
	if (reply->nunprocessed == 0)
		return;
	if (reply->nitems > 0)
		fetch->fruitless = 0;
	else if (++fetch->fruitless > MAX_FRUITLESS)
	{
		YsError		err;

		ys_error_set(&err, YS_ERR_THROTTLED, "the store does not process keys of table \"%s\"",
					 fetch->request.source->table);
		ys_error_hint(&err, "Its read capacity may be used up.");
		ys_error_throw(&err);
	}
	else
		(void) ys_wait_for(YS_WAIT_STORE_RETRY, -1,
						   ys_backoff_ms(fetch->fruitless, BACKOFF_BASE_MS, BACKOFF_LIMIT_MS));
	ask_for_batch(fetch, reply->nunprocessed, reply->unprocessed, tag);
}

void
ys_fetch_receive_keys(YsFetch *fetch, YsCall *call, YsArena *arena, YsReply *reply)
{
	void	   *tag = ys_call_tag(call);
	YsError		err;

	memset(reply, 0, sizeof(*reply));
	if (!ys_store_wait(call, fetch->request.attributes, arena, reply, &err))
		ys_error_throw(&err);
	ys_fetch_count_attempts(fetch, reply);
	fetch->counters.pages++;
	fetch->counters.units += reply->units;
	ask_again(fetch, reply, tag);
}

/* Make the next reply the current one; false: all keys are answered. */
static bool
receive_batch(YsFetch *fetch)
{
	YsCall	   *first;

	while (fetch->calls.count < YS_KEY_CALLS_MAX && fetch->next_key < fetch->end_key)
		ask_for_next(fetch);
	first = ys_fetch_take_call(fetch);
	if (first == NULL)
		return false;
	fetch->position = 0;
	ys_arena_reset(&fetch->arena);
	ys_fetch_receive_keys(fetch, first, &fetch->arena, &fetch->reply);
	return true;
}

const YsValue *
ys_fetch_key_item(YsFetch *fetch)
{
	while (fetch->position >= fetch->reply.nitems)
		if (!receive_batch(fetch))
			return NULL;
	return &fetch->reply.items[fetch->position++];
}
