/*-------------------------------------------------------------------------
 * read_items.c
 *	  Reading items by their keys, strongly.
 *
 * Batches are in flight several at a time.  What the store leaves undone is asked for again, at once
 * after progress, else after a pause that grows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/wait.h"
#include "catalog/calls.h"
#include "catalog/server.h"
#include "worker/backfill.h"
#include "worker/read_items.h"
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
	const YsReadItem *left = a;
	const YsReadItem *right = b;
	int			order = memcmp(left->key, right->key, Min(left->key_len, right->key_len));

	return order != 0 ? order : left->key_len < right->key_len ? -1 : left->key_len > right->key_len;
}

int
ys_read_items_sort(int count, YsReadItem *keys)
{
	int			kept = 0;

	if (count > 1)
		qsort(keys, count, sizeof(YsReadItem), compare_keys);
	for (int i = 0; i < count; i++)
	{
		if (kept == 0 || compare_keys(&keys[kept - 1], &keys[i]) != 0)
			keys[kept++] = keys[i];
	}
	return kept;
}

YsReadItem *
ys_read_items_find(int count, YsReadItem *keys, const char *key, uint32 len)
{
	YsReadItem	probe = {.key = key, .key_len = len};

	return count > 0 ? bsearch(&probe, keys, count, sizeof(YsReadItem), compare_keys) : NULL;
}

/* ---- reading ---- */

typedef struct Reading
{
	YsStore    *store;
	const YsSource *source;
	const YsAttributeFilter *wanted;
	int			count;
	YsReadItem   *keys;
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
		YsReadItem   *found;

		ys_text_init(&key, reading->arena);
		if (!ys_value_canonical_key(&key, &reply->items[i], reading->source->nkeys,
									reading->source->key_names, err))
			return false;
		found = ys_read_items_find(reading->count, reading->keys, key.bytes, (uint32) key.len);
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
ys_read_items(YsStore *store, const YsSource *source, const YsAttributeFilter *wanted,
				int count, YsReadItem *keys, YsArena *arena, YsError *err)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore items",
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

bool
ys_read_keys(const YsFollow *follow, YsStore *store, int nkeys, const YsValue *keys, YsArena *arena,
			 int *nitems, YsValue *items, YsError *err)
{
	YsAttributeFilter wanted = ys_backfill_wanted(follow);
	YsReadItem *asked = palloc(sizeof(YsReadItem) * Max(nkeys, 1));
	int			count;

	for (int i = 0; i < nkeys; i++)
	{
		YsText		key;

		ys_text_init(&key, arena);
		if (!ys_value_canonical_key(&key, &keys[i], follow->source->nkeys, follow->source->key_names, err))
			return false;
		asked[i] = (YsReadItem) {key.bytes, (uint32) key.len, &keys[i], NULL};
	}
	count = ys_read_items_sort(nkeys, asked);
	if (!ys_read_items(store, follow->source, &wanted, count, asked, arena, err))
		return false;
	*nitems = 0;
	for (int i = 0; i < count; i++)
	{
		if (asked[i].item != NULL)
			items[(*nitems)++] = *asked[i].item;
	}
	pfree(asked);
	return true;
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

YsStore *
ys_read_items_store(const YsSource *source, Oid owner, YsError *err)
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

void
ys_read_key_of(const YsFollow *follow, const Datum *keys, YsValue *key)
{
	const YsSource *source = follow->source;

	*key = (YsValue) {.type = YS_TYPE_MAP, .len = source->nkeys};
	key->members = palloc0(sizeof(YsMember) * source->nkeys);
	for (int k = 0; k < source->nkeys; k++)
	{
		YsConverter converter;

		ys_source_init_converter(source->keys[k], &converter, CurrentMemoryContext);
		key->members[k].name = source->key_names[k];
		key->members[k].name_len = strlen(source->key_names[k]);
		if (!ys_convert_key(&converter, keys[k], k == 1, &key->members[k].value))
			elog(ERROR, "a key of an index is no key of the store");
	}
}
