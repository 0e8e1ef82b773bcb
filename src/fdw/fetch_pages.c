/*-------------------------------------------------------------------------
 * fetch_pages.c
 *	  Items by pages: the Queries of several partitions, or the segments of
 *	  a Scan, several in flight.
 *
 * Each Query or segment is a chain, since a page is asked for by the key the
 * one before it ended with.  That one is decoded only when the next has been
 * asked for.  A chain has at most one page under way, and what is ready waits
 * in its socket until its turn: memory is at most a page for each chain that
 * is read at once, and the page being decoded.
 *
 * A store that throttles may starve one of many chains past its deadline
 * while it serves the others.  As long as they get on, the one is asked for
 * again, and one fewer is asked for at once from then on.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "errors.h"
#include "fdw/fetch_internal.h"

/* Partitions that are queried at once. */
#define QUERIES_IN_FLIGHT	4

/* Items of the first page when maybe only a few are wanted: a full one costs 1 MB of reads. */
#define FEW_ITEMS			100

/* A page has no more: the next one is asked for before this one's items are counted. */
#define MANY_ITEMS			20000

void
ys_fetch_start_pages(YsFetch *fetch, const YsFetchPages *pages)
{
	bool		is_scan = pages->key_condition == NULL;

	if (is_scan && !fetch->request.unlimited && !fetch->request.source->allow_scan)
		ys_scan_refuse(fetch->request.source, pages->no_index, pages->index_hint);
	ys_fetch_stop(fetch);
	fetch->kind = YS_FETCH_PAGES;
	fetch->what = *pages;
	fetch->next_chain = 0;
	fetch->most_calls = is_scan ? pages->nchains : QUERIES_IN_FLIGHT;
	if (is_scan && pages->at_once > 0)
		fetch->most_calls = Min(fetch->most_calls, pages->at_once);
	Assert(fetch->most_calls <= YS_SCAN_SEGMENTS_MAX);
	fetch->pages = 0;
	fetch->items = 0;
	fetch->count = 0;
	/* one more for the chain whose last page is being read */
	fetch->nplaces = Min(fetch->most_calls + 1, pages->nchains);
	for (int i = 0; i < fetch->nplaces; i++)
		fetch->places[i].state = YS_CHAIN_NONE;
}

/* ---- asking ---- */

/* How many items the next page should have at most; 0: as many as the store gives. */
static int
page_limit(const YsFetch *fetch)
{
	int64		left = fetch->what.wanted - fetch->items;

	if (fetch->what.wanted > 0)
		return left > 0 && left <= MANY_ITEMS ? left : 0;
	return fetch->request.few && fetch->pages == 0 ? FEW_ITEMS : 0;
}

static void
ask_for_page(YsFetch *fetch, YsPageChain *chain)
{
	const YsFetchPages *what = &fetch->what;
	bool		is_scan = what->key_condition == NULL;
	YsPageRequest page = {
		.table = fetch->request.source->table,
		.index = what->index,
		.key_condition = is_scan ? NULL : what->key_condition(what->condition_arg, chain->number),
		.filter = what->filter,
		.projection = fetch->request.attributes,
		.start_key = chain->start_key,
		.consistent = fetch->request.consistent,
		.limit = page_limit(fetch),
		.segment = is_scan ? chain->number : 0,
		.total_segments = is_scan ? what->nchains : 0,
		.backward = what->backward,
		.count_only = what->count_only,
	};
	YsCall	   *call;
	YsError		err;

	call = ys_store_page(fetch->request.store, &page, &err);
	ys_fetch_add_call(fetch, call, &err);
	ys_call_set_tag(call, chain);
	chain->state = YS_CHAIN_ASKED;
	chain->pages_before = fetch->pages;
}

/* Take the next chain that nobody has; false: there is none. */
static bool
claim_chain(YsFetch *fetch, int *number)
{
	YsFetchShared *shared = fetch->what.shared;

	if (shared != NULL && fetch->next_chain < fetch->what.nchains)
	{
		uint32		next = pg_atomic_fetch_add_u32(&shared->next_segment, 1);

		fetch->next_chain = (int) Min(next, (uint32) fetch->what.nchains);
	}
	if (fetch->next_chain == fetch->what.nchains)
		return false;
	*number = fetch->next_chain++;
	return true;
}

/* A chain to ask for its page: one that goes on, else a new one; NULL: there is none. */
static YsPageChain *
chain_to_ask(YsFetch *fetch)
{
	YsPageChain *place = NULL;

	for (int i = 0; i < fetch->nplaces; i++)
	{
		YsPageChain *chain = &fetch->places[i];

		if (chain->state == YS_CHAIN_WAITS)
			return chain;
		if (chain->state == YS_CHAIN_NONE && place == NULL)
			place = chain;
	}
	if (place == NULL || !claim_chain(fetch, &place->number))
		return NULL;
	place->state = YS_CHAIN_WAITS;
	place->start_key = fetch->what.start_key;
	return place;
}

/*
 * How many pages to have under way.  None ahead while those that came may
 * have all that is wanted; when maybe only few items are, the more the more
 * pages were not enough.
 */
static int
calls_wanted(const YsFetch *fetch)
{
	int64		left = fetch->what.wanted - fetch->items;

	if (fetch->what.wanted > 0)
		return left <= 0 || left > MANY_ITEMS ? fetch->most_calls : 0;
	if (fetch->request.few)
		return (int) Min(fetch->most_calls, Max(fetch->pages - 1, 0));
	return fetch->most_calls;
}

/* Count one more page of a Scan; false: it may not be read. */
static bool
spend_page(YsFetch *fetch)
{
	YsFetchShared *shared = fetch->what.shared;
	int			most = fetch->request.source->max_scan_pages;

	if (fetch->request.unlimited || fetch->what.key_condition != NULL || most == 0)
		return true;
	if (shared == NULL)
	{
		if (fetch->scan_pages >= most)
			return false;
		fetch->scan_pages++;
		return true;
	}
	if (pg_atomic_fetch_add_u32(&shared->scan_pages, 1) < (uint32) most)
		return true;
	pg_atomic_fetch_sub_u32(&shared->scan_pages, 1);
	return false;
}

/* Ask for what should be under way; at least is for who has nothing else to do. */
static void
ask_for_pages(YsFetch *fetch, int at_least)
{
	int			wanted = Max(calls_wanted(fetch), at_least);

	while (fetch->calls.count < wanted)
	{
		YsPageChain *chain = chain_to_ask(fetch);

		if (chain == NULL)
			return;
		if (spend_page(fetch))
			ask_for_page(fetch, chain);
		else if (fetch->calls.count == 0 && at_least > 0)
			ys_scan_refuse_more(fetch->request.source);
		else
			return;
	}
}

/* ---- receiving ---- */

/* A page did not come: it is asked for again if throttling kept it back while others came. */
static void
give_way(YsFetch *fetch, YsPageChain *chain, const YsError *err)
{
	if (err->code != YS_ERR_THROTTLED || chain->pages_before == fetch->pages)
		ys_error_throw(err);
	chain->state = YS_CHAIN_WAITS;
	if (fetch->most_calls > 1)
		fetch->most_calls--;
}

/* Wait for a page and open it; false and err when it did not come. */
static bool
open_page(YsFetch *fetch, YsPageChain *chain, YsCall *call, YsError *err)
{
	YsArena    *arena = &chain->key_arenas[1 - chain->key_arena];
	bool		opened;

	if (fetch->page == NULL)
		fetch->page = ys_page_create(fetch->context, err);
	if (fetch->page == NULL)
		ys_error_throw(err);
	ys_arena_reset(arena);
	opened = ys_page_open(fetch->page, call, arena, &fetch->reply, err);
	ys_fetch_count_attempts(fetch, &fetch->reply);
	if (!opened)
		return false;
	fetch->pages++;
	fetch->counters.pages++;
	fetch->counters.units += fetch->reply.units;
	chain->key_arena = 1 - chain->key_arena;
	chain->start_key = fetch->reply.last_key;
	chain->state = chain->start_key != NULL ? YS_CHAIN_WAITS : YS_CHAIN_LAST;
	fetch->chain = chain;
	return true;
}

/* Open the next page, and ask for the one behind it; false: there is none. */
static bool
next_page(YsFetch *fetch)
{
	for (;;)
	{
		YsPageChain *chain;
		YsCall	   *call;
		YsError		err;

		ask_for_pages(fetch, 1);
		call = ys_fetch_take_call(fetch);
		if (call == NULL)
			return false;
		chain = ys_call_tag(call);
		if (open_page(fetch, chain, call, &err))
		{
			ask_for_pages(fetch, 0);
			return true;
		}
		give_way(fetch, chain, &err);
	}
}

/* The open page has no more items. */
static void
end_page(YsFetch *fetch)
{
	YsPageChain *chain = fetch->chain;

	if (chain->state == YS_CHAIN_LAST)
	{
		/* the key may have stood where it could not be seen before */
		chain->start_key = fetch->reply.last_key;
		chain->state = chain->start_key != NULL ? YS_CHAIN_WAITS : YS_CHAIN_NONE;
	}
	ys_fetch_close_page(fetch);
}

void
ys_fetch_close_page(YsFetch *fetch)
{
	fetch->chain = NULL;
	if (fetch->page != NULL)
		ys_page_close(fetch->page);
}

/* Read the next item of the open page; false: it had no more, and is closed. */
static bool
next_item(YsFetch *fetch)
{
	double		units = fetch->reply.units;
	bool		more;
	YsError		err;

	ys_arena_reset(&fetch->arena);
	if (!ys_page_next(fetch->page, fetch->request.attributes, &fetch->arena, &fetch->item, &more,
					  &err))
		ys_error_throw(&err);
	fetch->counters.units += fetch->reply.units - units;
	if (!more)
		end_page(fetch);
	return more;
}

const YsValue *
ys_fetch_page_item(YsFetch *fetch)
{
	while (fetch->chain != NULL || next_page(fetch))
		if (next_item(fetch))
			return &fetch->item;
	return NULL;
}

int64
ys_fetch_count(YsFetch *fetch)
{
	if (fetch->kind != YS_FETCH_PAGES)
		return 0;
	while (next_page(fetch))
	{
		while (next_item(fetch))
			;
		fetch->count += fetch->reply.count;
	}
	return fetch->count;
}
