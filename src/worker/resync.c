/*-------------------------------------------------------------------------
 * resync.c
 *	  Looking for rows of what the store has no more.
 *
 * A resync is a backfill in a new epoch: positions are taken anew, then all of
 * the store is read, and what is read is written over rows of earlier epochs,
 * under the floor of the new one.  So a key's version says whether it was seen:
 * by the backfill, or by an event since.  What is left below the floor was not;
 * these keys are read once more, strongly, since an item may have come after its
 * segment was read, and those that the store does not have are deleted under the
 * floor, unless an event has come meanwhile.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "catalog/resync.h"
#include "errors.h"
#include "guc.h"
#include "worker/apply.h"
#include "worker/read_items.h"
#include "worker/resync.h"
#include "worker/transaction.h"

/* Most keys looked at in one step. */
#define PAGE_KEYS	1000

/* The keys of a page that have not been seen in this epoch, as maps of their attributes. */
static int
unseen_keys(const YsFollow *follow, const YsSweepPage *page, YsValue *keys)
{
	YsVersion	floor;
	int			count = 0;

	ys_version_floor(&floor, follow->row->epoch);
	for (int i = 0; i < page->count; i++)
	{
		const YsIndexRow *row = &page->rows[i];

		if (row->area == NULL || ys_version_compare(&row->version, &floor) >= 0)
			continue;
		ys_read_key_of(follow, row->keys, &keys[count++]);
	}
	return count;
}

typedef struct PageArg
{
	YsFollow   *follow;
	ArrayType  *last_key;
	int64		seen;
	bool	   *done;
} PageArg;

/* Where to go on, or that all is done, with what has been written. */
static void
save_page(void *arg, int64 written)
{
	const PageArg *page = arg;
	int			policy_id = page->follow->row->policy_id;

	ys_resync_count(policy_id, page->seen, written);
	if (page->last_key != NULL)
		ys_resync_save(policy_id, page->last_key);
	else
		*page->done = true;
}

bool
ys_resync_step(YsFollow *follow, YsStore *store, int *nread, bool *done, YsError *err)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore resync page",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	YsSweepPage page = {0};
	PageArg		save = {.follow = follow, .done = done};
	YsRead		read = {.save = save_page, .save_arg = &save};
	ArrayType  *after;
	YsArena		arena;
	YsValue    *keys = NULL;
	YsValue    *items;
	bool		found;
	bool		ok = true;

	ys_transaction_begin("looking for what the store has no more");
	found = ys_resync_load(follow->row->policy_id, &after);
	if (found)
	{
		ys_index_table_follow_names(follow->table);
		ys_sweep_read(follow->table, after, PAGE_KEYS, &page);
		keys = palloc(sizeof(YsValue) * Max(page.count, 1));
		read.ngone = unseen_keys(follow, &page, keys);
	}
	ys_transaction_commit();

	*nread = read.ngone;
	*done = !found;
	if (found)
	{
		items = palloc(sizeof(YsValue) * Max(page.count, 1));
		read.gone = keys;
		read.items = items;
		save.last_key = page.last_key;
		save.seen = *nread;
		ys_arena_init_context(&arena, context, 0);
		ok = ys_read_keys(follow, store, *nread, keys, &arena, &read.nitems, items, err);
		if (ok)
			ys_apply_read(follow, &read);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return ok;
}
