/*-------------------------------------------------------------------------
 * fetch.c
 *	  Items of one table, one after the other.
 *
 * fetch_pages.c and fetch_keys.c keep several requests in flight, and take
 * their answers in the order they come.  One reply is decoded at a time, pages
 * even item by item, into an arena that is reused: memory does not grow with
 * the table.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "errors.h"
#include "fdw/fetch_internal.h"

YsFetch *
ys_fetch_create(const YsFetchRequest *request)
{
	YsFetch    *fetch = palloc0(sizeof(YsFetch));

	fetch->request = *request;
	fetch->context = CurrentMemoryContext;
	ys_arena_init_context(&fetch->arena, fetch->context, 0);
	for (size_t i = 0; i < lengthof(fetch->places); i++)
		for (int j = 0; j < 2; j++)
			ys_arena_init_context(&fetch->places[i].key_arenas[j], fetch->context, 0);
	fetch->batch = palloc(YS_BATCH_GET_MAX * sizeof(YsValue));
	fetch->batch_members = palloc(YS_BATCH_GET_MAX * 2 * sizeof(YsMember));
	ys_calls_init(&fetch->calls, fetch->context);
	return fetch;
}

void
ys_fetch_stop(YsFetch *fetch)
{
	ys_calls_cancel(&fetch->calls);
	ys_fetch_close_page(fetch);
	fetch->kind = YS_FETCH_NOTHING;
	fetch->pending = false;
	memset(&fetch->reply, 0, sizeof(fetch->reply));
	fetch->position = 0;
	ys_arena_reset(&fetch->arena);
}

void
ys_fetch_dont_wait(YsFetch *fetch)
{
	fetch->dont_wait = true;
}

bool
ys_fetch_is_pending(const YsFetch *fetch)
{
	return fetch->pending;
}

bool
ys_fetch_is_ready(const YsFetch *fetch)
{
	return ys_store_first_ended(fetch->calls.count, fetch->calls.calls) != NULL;
}

YsCall *
ys_fetch_take_call(YsFetch *fetch)
{
	fetch->pending = fetch->dont_wait && fetch->calls.count > 0 && !ys_fetch_is_ready(fetch);
	return fetch->pending ? NULL : ys_calls_take_first(&fetch->calls);
}

const YsFetchCounters *
ys_fetch_counters(const YsFetch *fetch)
{
	return &fetch->counters;
}

void
ys_fetch_add_call(YsFetch *fetch, YsCall *call, const YsError *err)
{
	ys_calls_add(&fetch->calls, call, err);
	fetch->counters.requests++;
}

void
ys_fetch_count_attempts(YsFetch *fetch, const YsReply *reply)
{
	fetch->counters.retries += reply->retries;
	fetch->counters.throttles += reply->throttles;
}

const YsValue *
ys_fetch_next(YsFetch *fetch)
{
	const YsValue *item = NULL;

	CHECK_FOR_INTERRUPTS();
	if (fetch->kind == YS_FETCH_PAGES)
		item = ys_fetch_page_item(fetch);
	else if (fetch->kind == YS_FETCH_KEYS)
		item = ys_fetch_key_item(fetch);
	if (item != NULL)
	{
		fetch->counters.items++;
		fetch->items++;
	}
	return item;
}
