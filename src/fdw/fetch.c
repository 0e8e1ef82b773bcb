/*-------------------------------------------------------------------------
 * fetch.c
 *	  Items of one table, one after the other.
 *
 * Pages: the next one is asked for as soon as the current one's bytes tell
 * where it begins, before its items are decoded.  Batches: several are in
 * flight, and answers are taken in the order they come.  One reply is
 * decoded at a time, into an arena that the next one reuses, so memory does
 * not grow with the table.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "errors.h"
#include "fdw/calls.h"
#include "fdw/fetch.h"

/* Batches under way at once; each reply may be 16 MB. */
#define MAX_IN_FLIGHT		4

/* Batches of which nothing was processed, in a row, before giving up. */
#define MAX_FRUITLESS		10
#define BACKOFF_BASE_MS		25
#define BACKOFF_LIMIT_MS	2000

/* Items of the first page when maybe only a few are wanted: a full one costs 1 MB of reads. */
#define FEW_ITEMS			100

/* A page has no more: the next one is asked for before this one's items are counted. */
#define MANY_ITEMS			20000

typedef enum FetchKind
{
	FETCH_NOTHING,
	FETCH_KEYS,
	FETCH_PAGES
} FetchKind;

struct YsFetch
{
	YsStore    *store;
	const char *table;
	const YsAttributeFilter *filter;
	bool		consistent;
	bool		few;
	YsCalls		calls;

	FetchKind	kind;
	YsFetchPages what;			/* pages */
	bool		started;		/* the first was asked for */
	int64		pages;			/* of this start */
	int64		items;

	int			nkeys;
	YsKeyList	keys[2];
	int64		next_key;		/* combination, the last list's values change fastest */
	int64		end_key;
	YsValue    *batch;			/* keys of one request */
	YsMember   *batch_members;
	int			fruitless;

	YsArena		arena;			/* the reply */
	YsReply		reply;
	int			position;		/* of the next item in it */
	YsFetchCounters counters;
};

YsFetch *
ys_fetch_create(YsStore *store, const char *table, const YsAttributeFilter *filter,
				bool consistent, bool few)
{
	YsFetch    *fetch = palloc0(sizeof(YsFetch));

	fetch->store = store;
	fetch->table = table;
	fetch->filter = filter;
	fetch->consistent = consistent;
	fetch->few = few;
	ys_arena_init_context(&fetch->arena, CurrentMemoryContext, 0);
	fetch->batch = palloc(YS_BATCH_GET_MAX * sizeof(YsValue));
	fetch->batch_members = palloc(YS_BATCH_GET_MAX * 2 * sizeof(YsMember));
	ys_calls_init(&fetch->calls, CurrentMemoryContext);
	return fetch;
}

void
ys_fetch_stop(YsFetch *fetch)
{
	ys_calls_cancel(&fetch->calls);
	fetch->kind = FETCH_NOTHING;
	memset(&fetch->reply, 0, sizeof(fetch->reply));
	fetch->position = 0;
	ys_arena_reset(&fetch->arena);
}

const YsFetchCounters *
ys_fetch_counters(const YsFetch *fetch)
{
	return &fetch->counters;
}

/* ---- calls ---- */

static void
add_call(YsFetch *fetch, YsCall *call, const YsError *err)
{
	ys_calls_add(&fetch->calls, call, err);
	fetch->counters.requests++;
}

static void
await_reply(YsFetch *fetch, YsCall *call)
{
	YsError		err;

	fetch->position = 0;
	memset(&fetch->reply, 0, sizeof(fetch->reply));
	if (!ys_store_wait(call, fetch->filter, &fetch->arena, &fetch->reply, &err))
		ys_error_throw(&err);
	fetch->counters.pages++;
	fetch->counters.units += fetch->reply.units;
}

/* ---- pages ---- */

void
ys_fetch_start_pages(YsFetch *fetch, const YsFetchPages *pages)
{
	ys_fetch_stop(fetch);
	fetch->kind = FETCH_PAGES;
	fetch->what = *pages;
	fetch->started = false;
	fetch->pages = 0;
	fetch->items = 0;
}

/* How many items the next page should have at most; 0: as many as the store gives. */
static int
page_limit(const YsFetch *fetch)
{
	int64		left = fetch->what.wanted - fetch->items;

	if (fetch->what.wanted > 0)
		return left > 0 && left <= MANY_ITEMS ? left : 0;
	return fetch->few && !fetch->started ? FEW_ITEMS : 0;
}

/* Will the page behind the one that is under way be needed for sure, or likely? */
static bool
wants_more(const YsFetch *fetch)
{
	int64		left = fetch->what.wanted - fetch->items;

	if (fetch->what.wanted > 0)
		return left <= 0 || left > MANY_ITEMS;
	return !fetch->few || fetch->pages > 0;
}

static void
ask_for_page(YsFetch *fetch, const YsValue *start_key)
{
	YsPageRequest request = {
		.table = fetch->table,
		.key_condition = fetch->what.key_condition,
		.filter = fetch->what.filter,
		.projection = fetch->filter,
		.start_key = start_key,
		.consistent = fetch->consistent,
		.limit = page_limit(fetch),
		.backward = fetch->what.backward,
		.count_only = fetch->what.count_only,
	};
	YsError		err;

	add_call(fetch, ys_store_page(fetch->store, &request, &err), &err);
	fetch->started = true;
}

/* Make the next page the current one; false: there is none. */
static bool
next_page(YsFetch *fetch)
{
	const YsValue *next = NULL;
	YsCall	   *call;
	YsError		err;

	if (!fetch->started)
		ask_for_page(fetch, NULL);
	else if (fetch->calls.count == 0)
	{
		if (fetch->reply.last_key == NULL)
			return false;
		ask_for_page(fetch, fetch->reply.last_key);
	}
	ys_arena_reset(&fetch->arena);
	call = ys_calls_take(&fetch->calls, 0);
	if (wants_more(fetch))
	{
		/* what fails here fails again below, and is thrown there */
		if (ys_call_next_key(call, &fetch->arena, &next, &err) && next != NULL)
			ask_for_page(fetch, next);
	}
	await_reply(fetch, call);
	fetch->pages++;
	return true;
}

/* ---- keys ---- */

void
ys_fetch_start_keys(YsFetch *fetch, int nkeys, const YsKeyList *keys)
{
	ys_fetch_stop(fetch);
	fetch->kind = FETCH_KEYS;
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
ask_for_batch(YsFetch *fetch, int count, const YsValue *keys)
{
	YsError		err;

	add_call(fetch, ys_store_batch_get(fetch->store, fetch->table, count, keys, fetch->filter,
									   fetch->consistent, &err), &err);
}

static void
ask_for_keys(YsFetch *fetch)
{
	YsError		err;
	int			count = 0;

	while (count < YS_BATCH_GET_MAX && fetch->next_key < fetch->end_key)
		build_key(fetch, fetch->next_key++, count++);
	if (fetch->end_key == 1)
		add_call(fetch, ys_store_get_item(fetch->store, fetch->table, &fetch->batch[0],
										  fetch->filter, fetch->consistent, &err), &err);
	else
		ask_for_batch(fetch, count, fetch->batch);
}

/* What the store left undone is asked for again: at once after progress, else after a pause. */
static void
ask_again(YsFetch *fetch)
{
	if (fetch->reply.nunprocessed == 0)
		return;
	if (fetch->reply.nitems > 0)
		fetch->fruitless = 0;
	else if (++fetch->fruitless > MAX_FRUITLESS)
	{
		YsError		err;

		ys_error_set(&err, YS_ERR_THROTTLED, "the store does not process keys of table \"%s\"",
					 fetch->table);
		ys_error_hint(&err, "Its read capacity may be used up.");
		ys_error_throw(&err);
	}
	else
		(void) ys_wait(-1, ys_backoff_ms(fetch->fruitless, BACKOFF_BASE_MS, BACKOFF_LIMIT_MS));
	ask_for_batch(fetch, fetch->reply.nunprocessed, fetch->reply.unprocessed);
}

/* Make the next answer the current one; false: all keys are answered. */
static bool
next_answer(YsFetch *fetch)
{
	YsCall	   *first;

	while (fetch->calls.count < MAX_IN_FLIGHT && fetch->next_key < fetch->end_key)
		ask_for_keys(fetch);
	first = ys_calls_take_first(&fetch->calls);
	if (first == NULL)
		return false;
	ys_arena_reset(&fetch->arena);
	await_reply(fetch, first);
	ask_again(fetch);
	return true;
}

/* ---- items ---- */

const YsValue *
ys_fetch_next(YsFetch *fetch)
{
	while (fetch->position >= fetch->reply.nitems)
	{
		/* an empty page is no end */
		if (fetch->kind == FETCH_NOTHING ||
			!(fetch->kind == FETCH_PAGES ? next_page(fetch) : next_answer(fetch)))
			return NULL;
	}
	fetch->counters.items++;
	fetch->items++;
	return &fetch->reply.items[fetch->position++];
}

int64
ys_fetch_count(YsFetch *fetch)
{
	int64		count = 0;

	while (fetch->kind == FETCH_PAGES && next_page(fetch))
		count += fetch->reply.count;
	return count;
}
