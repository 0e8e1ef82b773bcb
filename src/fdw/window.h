/*-------------------------------------------------------------------------
 * window.h
 *	  Items fetched ahead of the rows that will ask for them.
 *
 * A cache, never more: who does not find a key here asks the store for it.
 * Each key is asked for once however many rows have it, in batches, several
 * of them in flight.  A window owns its calls and its memory, in the context
 * it is made in.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_WINDOW_H
#define YS_FDW_WINDOW_H

#include "fdw/fetch.h"

typedef struct YsWindow YsWindow;

/* A key that rows wait for. */
typedef struct YsWindowKey YsWindowKey;

typedef struct YsWindowCounters
{
	int64		rows;			/* that asked for a key */
	int64		keys;			/* asked of the store */
	int64		answered;		/* lookups that found their key here */
	int64		missed;			/* lookups that did not */
	int64		peak_rows;		/* most that waited for one at once */
} YsWindowCounters;

/* Rows that may wait at once. */
#define YS_WINDOW_ROWS_MAX	1000

/* memory: bytes of items it may hold, so far as it can tell beforehand.  width: of an item, as the planner takes it. */
extern YsWindow *ys_window_create(Size memory, int width);

/*
 * So many rows may be all that are used, and no more are asked for before these have been; 0: it isn't known.  Of a
 * window that is empty.
 */
extern void ys_window_expect(YsWindow *window, int64 rows);

/* Rows ask for keys in no order: keep answers for rows to come, while they are few enough and not too old. */
extern void ys_window_keep(YsWindow *window);

/* The condition to query by, of a key that was added; good until the next call. */
typedef const YsExpr *(*YsWindowConditionFn) (void *arg, const YsValue *key);

/* Needed before keys are added to a window of queries. */
extern void ys_window_query_by(YsWindow *window, YsWindowConditionFn condition, void *arg);

/*
 * What to ask for is known to the scan that looks items up; request is borrowed.  By key its
 * attributes must have the key's.  queries: items come by Queries, of the index or, NULL, of the
 * table.  Until then nothing can be added.
 */
extern void ys_window_open(YsWindow *window, const YsFetchRequest *request, bool queries,
						   const YsSourceIndex *index);
extern bool ys_window_is_open(const YsWindow *window);

/*
 * A row will ask for this key, a map: of an item's key, in the order of the table's; or of what a Query goes by.  The
 * store is asked once there are enough for a batch.  To be released when the row is done with.
 */
extern YsWindowKey *ys_window_add(YsWindow *window, const YsValue *key);
extern void ys_window_release(YsWindow *window, YsWindowKey *key);

/* A row that asks for nothing comes, or goes: it waits with the others. */
extern void ys_window_enter(YsWindow *window);
extern void ys_window_leave(YsWindow *window);

/* Is there room for one more row? */
extern bool ys_window_has_room(const YsWindow *window);

/* Wait until the store has answered: it has the item, or none. */
extern void ys_window_await(YsWindow *window, YsWindowKey *key);

/* Of one key: its item, if there is one; or the first page of a Query. */
typedef struct YsWindowItems
{
	int			count;
	const YsValue *items;
	const YsValue *last_key;	/* more come behind it; NULL: these are all */
} YsWindowItems;

/* What the store has answered for a key that was awaited; good until it is released. */
extern YsWindowItems ys_window_items(const YsWindowKey *key);

/* The row at hand has no use for items, or again it has: lookups find none for it. */
extern void ys_window_find_none(YsWindow *window, bool none);

/* Look a key up.  False: it isn't here, or too old.  Items are good until the key is released. */
extern bool ys_window_find(YsWindow *window, const YsValue *key, YsWindowItems *items);

/* Forget all, and cancel what is under way. */
extern void ys_window_reset(YsWindow *window);

extern const YsWindowCounters *ys_window_counters(const YsWindow *window);
extern const YsFetchCounters *ys_window_fetch_counters(const YsWindow *window);

#endif							/* YS_FDW_WINDOW_H */
