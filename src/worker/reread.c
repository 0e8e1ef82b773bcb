/*-------------------------------------------------------------------------
 * reread.c
 *	  Reading from the store the items of which an event has only the key.
 *
 * A stream of view KEYS_ONLY or OLD_IMAGE says that an item has changed, and not into what.  So the
 * item is read, before the batch is applied and with no transaction open, and what was read goes on as the event's
 * image; an item that is not there was deleted.  A read that fails is the worker's trouble: the batch is not
 * applied, and taken again.
 *
 * Versions.  Let E be the event, of version v, and S what a strong read returned after E had come.
 *
 * - S has E's change in it, since the store had made that before it put it into its stream; and perhaps later ones.
 * - S is written under v, never under more.  So whatever changed the item after E has a version above v, and
 *	 is not taken for stale when it comes: no later event is dropped wrongly.
 * - What the read did not see happened after it, hence after E: its event has a version above v and is yet to
 *	 come, or in this very batch, where it wins.  It replaces S, or brings another read.  So nothing older than the last
 *	 event's own read survives.
 * - Events between E and the read are late news: their images may put the row back to what the item was
 *	 then (a stream that is not KEYS_ONLY throughout), and the following ones, of which the last is no older than
 *	 S, bring it forward again.  The row is then as far behind as the stream is, and not more.
 * - If the row's version is v or above already, E is stale and S is dropped: that row was made from an event
 *	 no older than E.  So a replay after a crash, which reads again, and a repeated delivery do no harm.
 * - The same holds for an absent item: the tombstone has v, and an insertion after the read has more.
 *
 * Of several such events of one key in a batch one read serves all: it is after the last of them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "worker/read_items.h"
#include "worker/reread.h"

/* The attributes that wanted leads to; NULL: all. */
static const YsAttributeFilter *
attributes_of(const YsPathTree *wanted, YsArena *arena)
{
	YsAttributeFilter *filter = ys_arena_alloc_zero(arena, sizeof(YsAttributeFilter));
	const char **names = ys_arena_alloc(arena, sizeof(char *) * wanted->count);
	uint32_t   *lens = ys_arena_alloc(arena, sizeof(uint32_t) * wanted->count);

	if (filter == NULL || names == NULL || lens == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (wanted->items[0].whole)
		return NULL;
	for (int i = 1; i < wanted->count; i++)
	{
		if (wanted->items[i].parent != 0)
			continue;
		names[filter->count] = wanted->items[i].step.name;
		lens[filter->count++] = wanted->items[i].step.name_len;
	}
	filter->names = names;
	filter->lens = lens;
	return filter;
}

/* Is this an event that needs its item read? */
static bool
lacks_image(const YsDecoded *decoded)
{
	return decoded->event != NULL && decoded->event->error == NULL && decoded->event->keys_only;
}

bool
ys_reread_is_needed(int count, const YsDecoded *decoded)
{
	for (int i = 0; i < count; i++)
	{
		if (lacks_image(&decoded[i]))
			return true;
	}
	return false;
}

bool
ys_reread_images(YsStore *store, const YsSource *source, const YsPathTree *wanted,
				 int count, YsDecoded *decoded, YsArena *arena, YsError *err)
{
	YsReadItem   *keys = ys_arena_alloc(arena, sizeof(YsReadItem) * Max(count, 1));
	int			nkeys = 0;

	if (keys == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	for (int i = 0; i < count; i++)
	{
		const YsEvent *event = decoded[i].event;

		if (lacks_image(&decoded[i]))
			keys[nkeys++] = (YsReadItem) {event->key, event->key_len, &event->keys, NULL};
	}
	nkeys = ys_read_items_sort(nkeys, keys);
	if (!ys_read_items(store, source, attributes_of(wanted, arena), nkeys, keys, arena, err))
		return false;
	for (int i = 0; i < count; i++)
	{
		YsEvent    *event = decoded[i].event;

		if (!lacks_image(&decoded[i]))
			continue;
		event->new_image = ys_read_items_find(nkeys, keys, event->key, event->key_len)->item;
		event->keys_only = false;
	}
	return true;
}

bool
ys_reread_needed_images(const YsSource *source, Oid owner, const YsPathTree *wanted,
						int count, YsDecoded *decoded, YsArena *arena, YsError *err)
{
	YsStore    *store;

	if (!ys_reread_is_needed(count, decoded))
		return true;
	store = ys_read_items_store(source, owner, err);
	return store != NULL && ys_reread_images(store, source, wanted, count, decoded, arena, err);
}
