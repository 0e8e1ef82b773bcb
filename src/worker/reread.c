/*-------------------------------------------------------------------------
 * reread.c
 *	  Reading items from the store by their keys: those of which an event has only the key.
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

#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/calls.h"
#include "catalog/server.h"
#include "worker/reread.h"
#include "worker/transaction.h"

/* Batches under way at once; each reply may be 16 MB. */
#define IN_FLIGHT		4

/* Replies of which nothing was processed, in a row, before giving up. */
#define MAX_FRUITLESS	10
#define BACKOFF_BASE_MS		25
#define BACKOFF_LIMIT_MS	2000

/* ---- keys ---- */

static int
compare_keys(const void *a, const void *b)
{
	const YsReread *left = a;
	const YsReread *right = b;
	int			order = memcmp(left->key, right->key, Min(left->key_len, right->key_len));

	return order != 0 ? order : left->key_len < right->key_len ? -1 : left->key_len > right->key_len;
}

int
ys_reread_sort(int count, YsReread *keys)
{
	int			kept = 0;

	if (count > 1)
		qsort(keys, count, sizeof(YsReread), compare_keys);
	for (int i = 0; i < count; i++)
	{
		if (kept == 0 || compare_keys(&keys[kept - 1], &keys[i]) != 0)
			keys[kept++] = keys[i];
	}
	return kept;
}

YsReread *
ys_reread_find(int count, YsReread *keys, const char *key, uint32 len)
{
	YsReread	probe = {.key = key, .key_len = len};

	return count > 0 ? bsearch(&probe, keys, count, sizeof(YsReread), compare_keys) : NULL;
}

/* ---- reading ---- */

typedef struct Reading
{
	YsStore    *store;
	const YsSource *source;
	const YsAttributeFilter *wanted;
	int			count;
	YsReread   *keys;
	int			next;			/* of keys, to be asked for */
	int			fruitless;
	YsArena    *arena;
	YsCalls		calls;
} Reading;

static bool
ask(Reading *reading, int count, const YsValue *keys, YsError *err)
{
	YsCall	   *call = ys_store_batch_get(reading->store, reading->source->table, count, keys, reading->wanted,
										  true, err);

	if (call == NULL)
		return false;
	ys_calls_add(&reading->calls, call, err);
	return true;
}

static bool
ask_for_next(Reading *reading, YsError *err)
{
	YsValue		keys[YS_BATCH_GET_MAX];
	int			count = 0;

	while (count < YS_BATCH_GET_MAX && reading->next < reading->count)
		keys[count++] = *reading->keys[reading->next++].keys;
	return ask(reading, count, keys, err);
}

/* Note what a reply has under which key. */
static bool
take_items(Reading *reading, const YsReply *reply, YsError *err)
{
	for (int i = 0; i < reply->nitems; i++)
	{
		YsText		key;
		YsReread   *found;

		ys_text_init(&key, reading->arena);
		if (!ys_value_canonical_key(&key, &reply->items[i], reading->source->nkeys,
									reading->source->key_names, err))
			return false;
		found = ys_reread_find(reading->count, reading->keys, key.bytes, (uint32) key.len);
		if (found == NULL)
			return ys_error_set(err, YS_ERR_REMOTE, "the store returned an item that was not asked for");
		found->item = &reply->items[i];
	}
	return true;
}

/* What the store left undone is asked for again: at once after progress, else after a pause. */
static bool
ask_again(Reading *reading, const YsReply *reply, YsError *err)
{
	if (reply->nunprocessed == 0)
		return true;
	if (reply->nitems > 0)
		reading->fruitless = 0;
	else if (++reading->fruitless > MAX_FRUITLESS)
	{
		ys_error_set(err, YS_ERR_THROTTLED, "the store does not process keys of table \"%s\"",
					 reading->source->table);
		ys_error_hint(err, "Its read capacity may be used up.");
		return false;
	}
	else
		(void) ys_wait(-1, ys_backoff_ms(reading->fruitless, BACKOFF_BASE_MS, BACKOFF_LIMIT_MS));
	return ask(reading, reply->nunprocessed, reply->unprocessed, err);
}

static bool
read_all(Reading *reading, YsError *err)
{
	for (;;)
	{
		YsReply		reply;
		YsCall	   *call;

		while (reading->calls.count < IN_FLIGHT && reading->next < reading->count)
		{
			if (!ask_for_next(reading, err))
				return false;
		}
		call = ys_calls_take_first(&reading->calls);
		if (call == NULL)
			return true;
		if (!ys_store_wait(call, reading->wanted, reading->arena, &reply, err) ||
			!take_items(reading, &reply, err) || !ask_again(reading, &reply, err))
			return false;
	}
}

bool
ys_reread_items(YsStore *store, const YsSource *source, const YsAttributeFilter *wanted,
				int count, YsReread *keys, YsArena *arena, YsError *err)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore reread",
												  ALLOCSET_DEFAULT_SIZES);
	Reading    *reading = MemoryContextAllocZero(context, sizeof(Reading));
	bool		ok;

	reading->store = store;
	reading->source = source;
	reading->wanted = wanted;
	reading->count = count;
	reading->keys = keys;
	reading->arena = arena;
	ys_calls_init(&reading->calls, context);
	for (int i = 0; i < count; i++)
		keys[i].item = NULL;
	ok = read_all(reading, err);

	/* cancels what is still under way */
	MemoryContextDelete(context);
	return ok;
}

/* ---- events ---- */

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

typedef struct FindArg
{
	const YsSource *source;
	Oid			owner;
	YsStore    *store;
} FindArg;

static void
find_store(void *arg)
{
	FindArg    *find = arg;

	find->store = ys_server_store(find->source->serverid, find->owner);
}

/* The store as it is declared now, good until the next transaction; NULL and err when it can't be had. */
static YsStore *
current_store(const YsSource *source, Oid owner, YsError *err)
{
	FindArg		find = {source, owner, NULL};
	ErrorData  *error;

	ys_transaction_begin("opening the store");
	error = ys_transaction_try(find_store, &find);
	ys_transaction_commit();
	if (error == NULL)
		return find.store;
	ys_error_set(err, YS_ERR_REFUSED, "%s", error->message);
	if (error->detail != NULL)
		ys_error_detail(err, "%s", error->detail);
	if (error->hint != NULL)
		ys_error_hint(err, "%s", error->hint);
	return NULL;
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
	YsReread   *keys = ys_arena_alloc(arena, sizeof(YsReread) * Max(count, 1));
	int			nkeys = 0;

	if (keys == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	for (int i = 0; i < count; i++)
	{
		const YsEvent *event = decoded[i].event;

		if (lacks_image(&decoded[i]))
			keys[nkeys++] = (YsReread) {event->key, event->key_len, &event->keys, NULL};
	}
	nkeys = ys_reread_sort(nkeys, keys);
	if (!ys_reread_items(store, source, attributes_of(wanted, arena), nkeys, keys, arena, err))
		return false;
	for (int i = 0; i < count; i++)
	{
		YsEvent    *event = decoded[i].event;

		if (!lacks_image(&decoded[i]))
			continue;
		event->new_image = ys_reread_find(nkeys, keys, event->key, event->key_len)->item;
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
	store = current_store(source, owner, err);
	return store != NULL && ys_reread_images(store, source, wanted, count, decoded, arena, err);
}
