/*-------------------------------------------------------------------------
 * fetch.h
 *	  Items of one table, one after the other, whatever operation brings
 *	  them.
 *
 * A fetch owns its calls: they are cancelled when it is stopped or its
 * memory context goes away.  All of it throws the store's errors.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_FETCH_H
#define YS_FDW_FETCH_H

#include "port/atomics.h"

#include "catalog/source.h"
#include "store/store.h"

typedef struct YsFetch YsFetch;

typedef struct YsFetchCounters
{
	int64		requests;		/* started, not counting retries */
	int64		pages;			/* replies decoded */
	int64		items;
	int64		retries;
	int64		throttles;
	double		units;
} YsFetchCounters;

/* What is the same for all starts of a fetch; all pointers are borrowed. */
typedef struct YsFetchRequest
{
	YsStore    *store;
	const YsSource *source;		/* its table, and what limits a Scan of it */
	const YsAttributeFilter *attributes;	/* wanted; NULL: all */
	bool		consistent;
	bool		unlimited;		/* a Scan is no query's: options don't forbid it */
	bool		few;			/* maybe only a few items are wanted: ask for few, then for more */
} YsFetchRequest;

extern YsFetch *ys_fetch_create(const YsFetchRequest *request);

/* Distinct values of one key attribute. */
typedef struct YsKeyList
{
	const char *name;
	int			count;
	YsValue    *values;
} YsKeyList;

/* The key condition of one of several Queries, good until it is asked for another. */
typedef const YsExpr *(*YsKeyConditionFn) (void *arg, int number);

/* What the processes that read one Scan together have in common. */
typedef struct YsFetchShared
{
	pg_atomic_uint32 next_segment;	/* the one to begin next */
	pg_atomic_uint32 scan_pages;	/* asked for by all of them */
} YsFetchShared;

/* Of which pages, and how. */
typedef struct YsFetchPages
{
	int			nchains;		/* Queries, or segments of a Scan */
	YsKeyConditionFn key_condition; /* NULL: Scan */
	void	   *condition_arg;
	const char *index;			/* secondary index, of Queries; or NULL */
	const YsValue *start_key;	/* of a single one: behind that; or NULL */
	const YsExpr *filter;		/* only what passes it; or NULL */
	int64		wanted;			/* so many items will be asked for, maybe a few more; 0: not known */
	bool		backward;		/* Query: by descending sort key */
	bool		count_only;		/* ask for numbers, by ys_fetch_count */
	const char *no_index;		/* Scan: why no policy's index took its place, a sentence; or NULL */
	const char *index_hint;		/* what to do that it does, a sentence; or NULL */
	int			at_once;		/* Scan: segments under way at most; 0: all */
	YsFetchShared *shared;		/* Scan: the segments are shared out; NULL: all are this fetch's */
} YsFetchPages;

/*
 * What to fetch; all arguments are borrowed until the next start or stop.
 * keys: every combination of the two lists (one list when nkeys is 1); one single key is a GetItem.
 * pages: in the order in which the store answers; those of one Query, or of one segment, in their
 * own.  A query's Scan is refused where the source's options don't allow it.
 */
extern void ys_fetch_start_keys(YsFetch *fetch, int nkeys, const YsKeyList *keys);
extern void ys_fetch_start_pages(YsFetch *fetch, const YsFetchPages *pages);

/* The next item, good until the next call; NULL at the end. */
extern const YsValue *ys_fetch_next(YsFetch *fetch);

/* All pages: how many items they have; 0 after ys_fetch_stop. */
extern int64 ys_fetch_count(YsFetch *fetch);

/*
 * From now on neither of the two waits for an answer: pending says that it ended, or counted, for want
 * of one, and is to be called again; ready, that the answer may have come.
 */
extern void ys_fetch_dont_wait(YsFetch *fetch);
extern bool ys_fetch_is_pending(const YsFetch *fetch);
extern bool ys_fetch_is_ready(const YsFetch *fetch);

/* Give up what is under way. */
extern void ys_fetch_stop(YsFetch *fetch);

extern const YsFetchCounters *ys_fetch_counters(const YsFetch *fetch);

#endif							/* YS_FDW_FETCH_H */
