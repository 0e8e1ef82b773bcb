/*-------------------------------------------------------------------------
 * window.c
 *	  Items fetched ahead of the rows that will ask for them.
 *
 * Keys are gathered in a batch, which is sent when it is full, or when a row
 * waits for one of its keys; a Query is a batch of one.  Keys, replies and items of a batch are in its own
 * arena.  When the last row that uses one of its keys is done with it, it goes, or is kept for rows to come until others
 * need its room.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/memory.h"
#include "catalog/secondary.h"
#include "errors.h"
#include "fdw/fetch_internal.h"
#include "fdw/key_table.h"
#include "fdw/row.h"
#include "fdw/window.h"

/* Rows read ahead at first.  The number grows as rows are used. */
#define ROWS_AT_FIRST		YS_BATCH_GET_MAX

/* An answer older than that is not used: a cursor may have been idle. */
#define MAX_AGE_MS			10000

/* Nor is one that is half as old given to rows to come, which may wait their turn. */
#define MAX_KEPT_MS			(MAX_AGE_MS / 2)

/* A partition key and two bounds. */
#define KEY_MEMBERS_MAX		3

/* What an item is taken for, at least, before any was seen. */
#define ASSUMED_ITEM_BYTES	2048

typedef struct Batch
{
	dlist_node	node;			/* among the window's, or those that it keeps */
	MemoryContext context;		/* of keys and their texts */
	YsArena		arena;			/* of replies */
	int			nkeys;
	YsValue    *keys;
	YsWindowKey **entries;
	int			rows;			/* that use one of its keys */
	int			calls;			/* under way */
	bool		sent;
	TimestampTz answered_at;
	Size		memory;			/* that it takes, once it is answered */
} Batch;

struct YsWindowKey
{
	const char *text;			/* key of the hash table */
	Batch	   *batch;
	YsWindowItems items;		/* none, before the answer */
	int			rows;			/* that use it */
};

struct YsWindow
{
	MemoryContext context;
	MemoryContext scratch;		/* for texts of keys looked up */
	YsFetch    *fetch;			/* NULL until opened */
	bool		queries;
	const YsSourceIndex *index;
	bool		verified;		/* the index is as it is declared */
	HTAB	   *keys;
	bool		keeps;			/* answers that no row waits for */
	YsWindowConditionFn condition;
	void	   *condition_arg;
	Batch	   *open;			/* not yet sent; or NULL */
	dlist_head	batches;		/* rows wait for these */
	dlist_head	kept;			/* answered; what was used last is last */
	int			rows;			/* that wait */
	int			asking;			/* of these, for a key: */
	int			most_asking;
	int64		expected;		/* that may be all that are used; 0: not known */
	int64		added;			/* since the window was empty */
	int64		allowed;		/* of these, until all of them have been used */
	Size		memory;
	Size		used;			/* by batches that are answered */
	int			unanswered;		/* keys */
	double		item_bytes;		/* on average */
	bool		finds_none;		/* for the row at hand */
	YsWindowCounters counters;
};

YsWindow *
ys_window_create(Size memory, int width)
{
	YsWindow   *window = palloc0(sizeof(YsWindow));

	window->context = AllocSetContextCreate(CurrentMemoryContext, "yottastore window",
											ALLOCSET_DEFAULT_SIZES);
	window->scratch = AllocSetContextCreate(window->context, "yottastore window scratch",
											ALLOCSET_SMALL_SIZES);
	window->keys = ys_key_table_create("yottastore window", sizeof(YsWindowKey), window->context);
	dlist_init(&window->batches);
	dlist_init(&window->kept);
	window->memory = memory;
	window->item_bytes = Max(width, ASSUMED_ITEM_BYTES);
	return window;
}

void
ys_window_keep(YsWindow *window)
{
	window->keeps = true;
}

void
ys_window_query_by(YsWindow *window, YsWindowConditionFn condition, void *arg)
{
	window->condition = condition;
	window->condition_arg = arg;
}

/* Few rows at first. */
static void
begin(YsWindow *window)
{
	window->added = 0;
	window->allowed = window->expected > 0 ? window->expected : INT64_MAX;
	window->most_asking = window->queries ? 1 : (int) Min(window->allowed, ROWS_AT_FIRST);
}

void
ys_window_expect(YsWindow *window, int64 rows)
{
	window->expected = rows;
	begin(window);
}

void
ys_window_open(YsWindow *window, const YsFetchRequest *request, bool queries,
			   const YsSourceIndex *index)
{
	MemoryContext old = MemoryContextSwitchTo(window->context);

	window->fetch = ys_fetch_create(request);
	window->queries = queries;
	window->index = index;
	begin(window);
	MemoryContextSwitchTo(old);
}

bool
ys_window_is_open(const YsWindow *window)
{
	return window->fetch != NULL;
}

/* ---- batches ---- */

static Batch *
make_batch(YsWindow *window)
{
	MemoryContext context = AllocSetContextCreate(window->context, "yottastore batch",
												  ALLOCSET_SMALL_SIZES);
	Batch	   *batch = MemoryContextAllocZero(context, sizeof(Batch));
	int			most = window->queries ? 1 : YS_BATCH_GET_MAX;

	batch->context = context;
	ys_arena_init_context(&batch->arena, context, 0);
	batch->keys = MemoryContextAlloc(context, most * sizeof(YsValue));
	batch->entries = MemoryContextAlloc(context, most * sizeof(YsWindowKey *));
	dlist_push_tail(&window->batches, &batch->node);
	return batch;
}

static void
drop_batch(YsWindow *window, Batch *batch)
{
	for (int i = 0; i < batch->nkeys; i++)
		hash_search(window->keys, &batch->entries[i]->text, HASH_REMOVE, NULL);
	if (batch->answered_at != 0)
		window->used -= batch->memory;
	else
		window->unanswered -= batch->nkeys;
	if (window->open == batch)
		window->open = NULL;
	dlist_delete(&batch->node);
	MemoryContextDelete(batch->context);
}

/* How many keys to ask for at once: no more than what their items may take. */
static int
keys_at_once(const YsWindow *window)
{
	double		fit = window->memory / (window->item_bytes * (YS_KEY_CALLS_MAX + 1));

	return window->queries ? 1 : (int) Min(Max(fit, 1), YS_BATCH_GET_MAX);
}

/* No row waits for it any more. */
static void
retire_batch(YsWindow *window, Batch *batch)
{
	if (!window->keeps)
	{
		drop_batch(window, batch);
		return;
	}
	dlist_delete(&batch->node);
	dlist_push_tail(&window->kept, &batch->node);
}

/* Keep no more than there is room for beside what rows wait for. */
static void
make_room(YsWindow *window)
{
	while (!dlist_is_empty(&window->kept) &&
		   window->used + window->unanswered * window->item_bytes >= window->memory)
		drop_batch(window, dlist_head_element(Batch, node, &window->kept));
}

/* What tells a key, or the key of an item, from others. */
static const char *
key_text(YsWindow *window, const YsValue *key, int count, const char *const *names)
{
	MemoryContext old;
	const char *text;

	MemoryContextReset(window->scratch);
	old = MemoryContextSwitchTo(window->scratch);
	text = ys_row_canonical_key(key, count, names);
	MemoryContextSwitchTo(old);
	return text;
}

static const char *
own_text(YsWindow *window, const YsValue *key)
{
	const char *names[KEY_MEMBERS_MAX];

	Assert(key->len <= KEY_MEMBERS_MAX);
	for (uint32_t i = 0; i < key->len; i++)
		names[i] = key->members[i].name;
	return key_text(window, key, (int) key->len, names);
}

static YsWindowKey *
lookup(YsWindow *window, const char *text)
{
	return hash_search(window->keys, &text, HASH_FIND, NULL);
}

/* Each item is of the key that it has. */
static void
distribute(YsWindow *window, Batch *batch, const YsReply *reply)
{
	const YsSource *source = window->fetch->request.source;

	for (int i = 0; i < reply->nitems; i++)
	{
		const YsValue *item = &reply->items[i];
		YsWindowKey *entry = lookup(window, key_text(window, item, source->nkeys,
													 source->key_names));

		if (entry != NULL && entry->batch == batch)
			entry->items = (YsWindowItems) {.count = 1, .items = item};
	}
}

static void
ask_for_partition(YsWindow *window, Batch *batch)
{
	const YsFetchRequest *request = &window->fetch->request;
	YsPageRequest page = {
		.table = request->source->table,
		.index = window->index != NULL ? window->index->info->name : NULL,
		.key_condition = window->condition(window->condition_arg, &batch->keys[0]),
		.projection = request->attributes,
		.consistent = request->consistent
	};
	YsCall	   *call;
	YsError		err;

	if (window->index != NULL && !window->verified)
		ys_secondary_verify(request->store, request->source, window->index);
	window->verified = true;
	call = ys_store_page(request->store, &page, &err);
	ys_fetch_add_call(window->fetch, call, &err);
	ys_call_set_tag(call, batch);
}

static bool
may_send(const YsWindow *window)
{
	return window->fetch->calls.count < YS_KEY_CALLS_MAX;
}

/* Send what was gathered. */
static void
send(YsWindow *window)
{
	Batch	   *batch = window->open;

	if (window->queries)
		ask_for_partition(window, batch);
	else
		ys_fetch_ask_for_keys(window->fetch, batch->nkeys, batch->keys, batch);
	batch->calls = 1;
	batch->sent = true;
	window->open = NULL;
	window->counters.keys += batch->nkeys;
}

/* Is what was gathered a batch? */
static bool
is_full(const YsWindow *window)
{
	return window->open != NULL && window->open->nkeys >= keys_at_once(window);
}

/* One reply of those under way. */
static void
receive(YsWindow *window)
{
	YsCall	   *call = ys_calls_take_first(&window->fetch->calls);
	Batch	   *batch = ys_call_tag(call);
	YsReply		reply;

	ys_fetch_receive_keys(window->fetch, call, &batch->arena, &reply);
	window->fetch->counters.items += reply.nitems;
	if (window->queries)
		batch->entries[0]->items = (YsWindowItems) {reply.nitems, reply.items, reply.last_key};
	else
		distribute(window, batch, &reply);
	if (reply.nunprocessed > 0)
		return;
	batch->calls--;
	batch->answered_at = GetCurrentTimestamp();
	window->unanswered -= batch->nkeys;
	batch->memory = MemoryContextMemAllocated(batch->context, true);
	window->used += batch->memory;
	window->item_bytes = Max((double) batch->arena.used / batch->nkeys, 1);
	if (batch->rows == 0)
		retire_batch(window, batch);
	make_room(window);
	if (is_full(window) && may_send(window))
		send(window);
}

/* ---- rows ---- */

static YsValue
copy_scalar(MemoryContext context, const YsValue *value)
{
	YsValue		copy = *value;
	char	   *bytes = MemoryContextAlloc(context, value->len + 1);

	memcpy(bytes, value->bytes, value->len);
	bytes[value->len] = '\0';
	copy.bytes = bytes;
	return copy;
}

static YsWindowKey *
add_key(YsWindow *window, const YsValue *key, const char *text)
{
	Batch	   *batch;
	YsMember   *members;
	YsWindowKey *entry;

	if (window->open == NULL)
		window->open = make_batch(window);
	batch = window->open;
	text = MemoryContextStrdup(batch->context, text);
	members = MemoryContextAlloc(batch->context, key->len * sizeof(YsMember));
	for (uint32_t i = 0; i < key->len; i++)
	{
		members[i] = key->members[i];
		members[i].value = copy_scalar(batch->context, &key->members[i].value);
	}
	batch->keys[batch->nkeys] = (YsValue) {.type = YS_TYPE_MAP, .len = key->len, .members = members};
	entry = hash_search(window->keys, &text, HASH_ENTER, NULL);
	entry->batch = batch;
	entry->items = (YsWindowItems) {0};
	entry->rows = 0;
	batch->entries[batch->nkeys++] = entry;
	window->unanswered++;
	make_room(window);
	return entry;
}

/* The key as it is here already, or NULL. */
static YsWindowKey *
find_key(YsWindow *window, const char *text)
{
	YsWindowKey *entry = lookup(window, text);
	Batch	   *batch = entry != NULL ? entry->batch : NULL;

	if (batch == NULL || batch->rows > 0 || batch->answered_at == 0)
		return entry;
	if (TimestampDifferenceExceeds(batch->answered_at, GetCurrentTimestamp(), MAX_KEPT_MS))
	{
		drop_batch(window, batch);
		return NULL;
	}
	dlist_delete(&batch->node);
	dlist_push_tail(&window->batches, &batch->node);
	return entry;
}

void
ys_window_enter(YsWindow *window)
{
	/* more are used than were expected: as many again, but not too many at once */
	if (window->added == window->allowed)
		window->allowed += Max(window->allowed / 4, Min(window->allowed, ROWS_AT_FIRST));
	window->added++;
	window->rows++;
}

void
ys_window_leave(YsWindow *window)
{
	window->rows--;
}

YsWindowKey *
ys_window_add(YsWindow *window, const YsValue *key)
{
	const char *text = own_text(window, key);
	YsWindowKey *entry = find_key(window, text);

	if (entry == NULL)
		entry = add_key(window, key, text);
	entry->rows++;
	entry->batch->rows++;
	window->counters.rows++;
	window->asking++;
	window->counters.peak_rows = Max(window->counters.peak_rows, window->asking);
	ys_window_enter(window);
	if (is_full(window) && may_send(window))
		send(window);
	return entry;
}

void
ys_window_release(YsWindow *window, YsWindowKey *key)
{
	Batch	   *batch = key->batch;

	key->rows--;
	window->asking--;
	window->most_asking = Min(window->most_asking + 1, YS_WINDOW_ROWS_MAX);
	ys_window_leave(window);
	if (--batch->rows == 0 && batch->sent && batch->calls == 0)
		retire_batch(window, batch);
}

bool
ys_window_has_room(const YsWindow *window)
{
	/* a batch that is full waits for a call to end */
	if (is_full(window))
		return false;
	return window->rows == 0 ||
		(window->rows < YS_WINDOW_ROWS_MAX && window->asking < window->most_asking && window->added < window->allowed &&
		 window->used + window->unanswered * window->item_bytes < window->memory);
}

void
ys_window_await(YsWindow *window, YsWindowKey *key)
{
	while (key->batch->answered_at == 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (key->batch == window->open && may_send(window))
			send(window);
		else
			receive(window);
	}
}

YsWindowItems
ys_window_items(const YsWindowKey *key)
{
	return key->items;
}

void
ys_window_find_none(YsWindow *window, bool none)
{
	window->finds_none = none;
}

bool
ys_window_find(YsWindow *window, const YsValue *key, YsWindowItems *items)
{
	YsWindowKey *entry;

	*items = (YsWindowItems) {0};
	if (window->finds_none)
		return true;
	entry = lookup(window, own_text(window, key));
	if (entry == NULL || entry->batch->answered_at == 0 ||
		TimestampDifferenceExceeds(entry->batch->answered_at, GetCurrentTimestamp(), MAX_AGE_MS))
	{
		window->counters.missed++;
		return false;
	}
	window->counters.answered++;
	*items = entry->items;
	return true;
}

void
ys_window_reset(YsWindow *window)
{
	dlist_mutable_iter iter;

	if (window->fetch != NULL)
		ys_fetch_stop(window->fetch);
	dlist_foreach_modify(iter, &window->batches)
		drop_batch(window, dlist_container(Batch, node, iter.cur));
	dlist_foreach_modify(iter, &window->kept)
		drop_batch(window, dlist_container(Batch, node, iter.cur));
	window->rows = 0;
	window->asking = 0;
	begin(window);
}

const YsWindowCounters *
ys_window_counters(const YsWindow *window)
{
	return &window->counters;
}

const YsFetchCounters *
ys_window_fetch_counters(const YsWindow *window)
{
	static const YsFetchCounters none;

	return window->fetch != NULL ? ys_fetch_counters(window->fetch) : &none;
}
