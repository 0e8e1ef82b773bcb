/*-------------------------------------------------------------------------
 * fetch_internal.h
 *	  A fetch, between the files that make it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_FETCH_INTERNAL_H
#define YS_FDW_FETCH_INTERNAL_H

#include "catalog/calls.h"
#include "fdw/fetch.h"
#include "fdw/scan_limits.h"

typedef enum YsChainState
{
	YS_CHAIN_NONE,				/* the place is free */
	YS_CHAIN_WAITS,				/* the page behind start_key is to be asked for */
	YS_CHAIN_ASKED,				/* it is under way */
	YS_CHAIN_LAST				/* its page is open, and seems to be the last */
} YsChainState;

/*
 * Pages that follow one another: a Query, or a segment of a Scan.  At most
 * one of them is under way.
 */
typedef struct YsPageChain
{
	YsChainState state;
	int			number;			/* of the Query or segment */
	const YsValue *start_key;	/* NULL: the first page */
	int			key_arena;		/* which one start_key is in; the next key comes into the other */
	YsArena		key_arenas[2];
	int64		pages_before;	/* how many this start had when it was asked for */
} YsPageChain;

typedef enum YsFetchKind
{
	YS_FETCH_NOTHING,
	YS_FETCH_KEYS,
	YS_FETCH_PAGES
} YsFetchKind;

struct YsFetch
{
	YsFetchRequest request;
	YsCalls		calls;
	YsFetchKind kind;
	bool		dont_wait;
	bool		pending;		/* then: an answer is under way */

	/* pages */
	YsPage	   *page;			/* made at first use */
	YsFetchPages what;
	int			next_chain;		/* the one to begin next */
	int			most_calls;		/* under way at once; fewer after throttling */
	int64		pages;			/* received since the start */
	int64		items;
	int64		count;			/* by the store, of the pages received since the start */
	int64		scan_pages;		/* asked for by all Scans of this fetch that are its alone */
	YsPageChain *chain;			/* of the page that is open; NULL: none is */
	int			nplaces;
	YsPageChain places[YS_SCAN_SEGMENTS_MAX + 1];
	YsValue		item;			/* the current one */

	/* keys */
	int			nkeys;
	YsKeyList	keys[2];
	int64		next_key;		/* combination, the last list's values change fastest */
	int64		end_key;
	YsValue    *batch;			/* keys of one request */
	YsMember   *batch_members;
	int			fruitless;		/* batches in a row of which nothing was processed */

	int			position;		/* in the reply, of the next item */

	MemoryContext context;		/* of the fetch */
	YsArena		arena;			/* pages: the item; keys: the reply */
	YsReply		reply;
	YsFetchCounters counters;
};

/* Count what a reply says of the attempts it took. */
extern void ys_fetch_count_attempts(YsFetch *fetch, const YsReply *reply);

/* Keep a call that was started, and count it; throws err when it is NULL. */
extern void ys_fetch_add_call(YsFetch *fetch, YsCall *call, const YsError *err);

/* The first call to end, given to the caller; NULL: there is none, or it is pending. */
extern YsCall *ys_fetch_take_call(YsFetch *fetch);

/* Batches of keys under way at once; each reply may be 16 MB. */
#define YS_KEY_CALLS_MAX	4

/* Ask for up to YS_BATCH_GET_MAX distinct keys, of which tag is the mark. */
extern void ys_fetch_ask_for_keys(YsFetch *fetch, int count, const YsValue *keys, void *tag);

/*
 * Read the reply to such a call, which has been taken from the fetch's, into
 * arena.  Keys that the store left unprocessed are asked for again, under the same mark.
 */
extern void ys_fetch_receive_keys(YsFetch *fetch, YsCall *call, YsArena *arena, YsReply *reply);

/* The next item by pages, or by keys; NULL: there is none. */
extern const YsValue *ys_fetch_page_item(YsFetch *fetch);
extern const YsValue *ys_fetch_key_item(YsFetch *fetch);

/* Forget the page that is open. */
extern void ys_fetch_close_page(YsFetch *fetch);

#endif							/* YS_FDW_FETCH_INTERNAL_H */
