/*-------------------------------------------------------------------------
 * batch.c
 *	  Many puts, or many deletions, without conditions, in batches.
 *
 * One batch is being filled while others are in flight, or wait to be sent
 * again because the store left some of their items unprocessed.  The store
 * takes no key twice in one batch, and batches in flight in any order: so of
 * two items of one key in the batch being filled the later takes the other's
 * place, and an item whose key is under way waits until that is done.
 *
 * To repeat such a write does no harm: the store client repeats a batch whose
 * outcome is unknown by itself.  An item that stays unprocessed is sent again
 * after pauses that grow, until they add up to the request's time limit
 * without the store having taken anything of its batch.
 *
 * Before an error is thrown the answers still due are taken, so that the
 * number of items written is known.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/calls.h"
#include "errors.h"
#include "fdw/batch.h"
#include "fdw/key_table.h"
#include "fdw/row.h"
#include "fdw/written.h"

/* Batches at once: one is filled, the others are under way. */
#define BATCHES			8

/*
 * A batch of so many bytes is sent although it has room for more items.  A
 * request may have 16 MB; the last item takes 6 MB at most, since one of
 * 400 KB is that long when it consists of elements of one byte.
 */
#define BATCH_BYTES		(10 * 1024 * 1024)

#define BACKOFF_BASE_MS		25
#define BACKOFF_LIMIT_MS	2000

typedef enum BatchState
{
	BATCH_FREE,
	BATCH_FILLING,
	BATCH_IN_FLIGHT,
	BATCH_PAUSING				/* until resume_at */
} BatchState;

typedef struct Batch
{
	MemoryContext context;		/* of items and keys */
	BatchState	state;
	int			count;
	YsValue		items[YS_BATCH_WRITE_MAX];	/* or keys */
	const char *keys[YS_BATCH_WRITE_MAX];	/* their texts */
	size_t		bytes;			/* of all items built for it as requests have them */
	int			pauses;			/* since the store took something of it */
	int			paused_ms;		/* all of them together */
	int64		resume_at;
} Batch;

/* Where an item of that key is. */
typedef struct KeyPlace
{
	const char *text;			/* first: see key_table.h */
	Batch	   *batch;
	int			position;
} KeyPlace;

struct YsBatcher
{
	YsStore    *store;
	const YsSource *source;
	bool		deletes;
	YsCost	   *cost;			/* or NULL */
	MemoryContext scratch;		/* texts of one answer's keys */
	YsArena		arena;			/* one answer */
	YsCalls		calls;			/* their tags are batches */
	HTAB	   *places;			/* KeyPlace, of all that is not yet written */
	Batch	   *filling;		/* NULL: none at the moment */
	Batch		batches[BATCHES];
};

YsBatcher *
ys_batcher_create(YsStore *store, const YsSource *source, bool deletes, YsCost *cost)
{
	MemoryContext context = CurrentMemoryContext;
	YsBatcher  *batcher = palloc0(sizeof(YsBatcher));

	batcher->store = store;
	batcher->source = source;
	batcher->deletes = deletes;
	batcher->cost = cost;
	batcher->scratch = AllocSetContextCreate(context, "yottastore batch answer",
											 ALLOCSET_SMALL_SIZES);
	ys_arena_init_context(&batcher->arena, context, 0);
	ys_calls_init(&batcher->calls, context);
	batcher->places = ys_key_table_create("yottastore keys under way", sizeof(KeyPlace), context);
	for (int i = 0; i < BATCHES; i++)
		batcher->batches[i].context = AllocSetContextCreate(context, "yottastore batch",
															ALLOCSET_DEFAULT_SIZES);
	return batcher;
}

/* ---- sizes ---- */

static size_t
json_string_size(const char *bytes, uint32_t len)
{
	size_t		size = len + 2;

	for (uint32_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) bytes[i];

		if (c < 0x20)
			size += 5;
		else if (c == '"' || c == '\\')
			size++;
	}
	return size;
}

/* At most so many bytes of a request. */
static size_t
json_size(const YsValue *value)
{
	size_t		size = 16;		/* the tag, or all of a boolean or null */

	switch (value->type)
	{
		case YS_TYPE_STRING:
			size += json_string_size(value->bytes, value->len);
			break;
		case YS_TYPE_NUMBER:
		case YS_TYPE_BINARY:
			size += ((size_t) value->len + 2) / 3 * 4;
			break;
		case YS_TYPE_BOOL:
		case YS_TYPE_NULL:
			break;
		case YS_TYPE_MAP:
			for (uint32_t i = 0; i < value->len; i++)
				size += json_string_size(value->members[i].name, value->members[i].name_len) +
					json_size(&value->members[i].value);
			break;
		case YS_TYPE_LIST:
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			for (uint32_t i = 0; i < value->len; i++)
				size += json_size(&value->elements[i]);
			break;
	}
	return size;
}

/* ---- batches ---- */

static void
send(YsBatcher *batcher, Batch *batch)
{
	YsError		err;
	YsCall	   *call;

	call = batcher->deletes ?
		ys_store_batch_write(batcher->store, batcher->source->table, 0, NULL, batch->count,
							 batch->items, &err) :
		ys_store_batch_write(batcher->store, batcher->source->table, batch->count, batch->items,
							 0, NULL, &err);
	ys_calls_add(&batcher->calls, call, &err);
	ys_call_set_tag(call, batch);
	batch->state = BATCH_IN_FLIGHT;
	for (int i = 0; i < batch->count; i++)
		ys_written_begin(batcher->source);
}

static void
send_filling(YsBatcher *batcher)
{
	Batch	   *batch = batcher->filling;

	batcher->filling = NULL;
	send(batcher, batch);
}

static void
forget(YsBatcher *batcher, const Batch *batch, int position)
{
	(void) hash_search(batcher->places, &batch->keys[position], HASH_REMOVE, NULL);
}

/* ---- answers ---- */

/* Which items of a batch the store says it has not processed; false: it names one that is not. */
static bool
find_left(YsBatcher *batcher, const Batch *batch, const YsReply *reply, bool *left)
{
	memset(left, 0, YS_BATCH_WRITE_MAX * sizeof(bool));
	for (int i = 0; i < reply->nunprocessed; i++)
	{
		const char *text = ys_row_key_text(batcher->source, &reply->unprocessed[i]);
		KeyPlace   *place = hash_search(batcher->places, &text, HASH_FIND, NULL);

		if (place == NULL || place->batch != batch)
			return false;
		left[place->position] = true;
	}
	return true;
}

/* Count what was written, and keep the rest. */
static void
keep_left(YsBatcher *batcher, Batch *batch, const bool *left)
{
	int			count = batch->count;

	batch->count = 0;
	for (int i = 0; i < count; i++)
	{
		ys_written_end(batcher->source, !left[i]);
		if (left[i])
		{
			KeyPlace   *place = hash_search(batcher->places, &batch->keys[i], HASH_FIND, NULL);

			place->position = batch->count;
			batch->items[batch->count] = batch->items[i];
			batch->keys[batch->count++] = batch->keys[i];
		}
		else
			forget(batcher, batch, i);
	}
	if (batch->count < count)
		batch->pauses = batch->paused_ms = 0;
}

/* Await one answer.  False: err; what is known of the items is counted in either case. */
static bool
take_answer(YsBatcher *batcher, YsCall *call, YsError *err)
{
	Batch	   *batch = ys_call_tag(call);
	MemoryContext old = MemoryContextSwitchTo(batcher->scratch);
	bool		left[YS_BATCH_WRITE_MAX];
	YsReply		reply;
	bool		ok;

	MemoryContextReset(batcher->scratch);
	ys_arena_reset(&batcher->arena);
	ok = ys_store_wait(call, NULL, &batcher->arena, &reply, err);
	ys_cost_add(batcher->cost, &reply);
	if (ok && !find_left(batcher, batch, &reply, left))
	{
		ok = ys_error_set(err, YS_ERR_INVALID_DATA, "the store's reply cannot be understood");
		ys_error_detail(err, "It leaves an item unprocessed that it was not sent.");
	}
	else if (ok)
		keep_left(batcher, batch, left);
	else if (err->code != YS_ERR_UNKNOWN_OUTCOME)
		for (int i = 0; i < batch->count; i++)
			ys_written_end(batcher->source, false);
	MemoryContextSwitchTo(old);
	return ok;
}

/* Take all answers that are due, whatever they are, for the sake of the count. */
static void
drain(YsBatcher *batcher)
{
	YsCall	   *call;
	YsError		err;

	while ((call = ys_calls_take_first(&batcher->calls)) != NULL)
		(void) take_answer(batcher, call, &err);
}

/* Items of all batches that the store has not taken. */
static int64
count_left(const YsBatcher *batcher)
{
	int64		count = 0;

	for (int i = 0; i < BATCHES; i++)
		if (batcher->batches[i].state != BATCH_FREE)
			count += batcher->batches[i].count;
	return count;
}

/* After an answer: done, or sent again later, or given up. */
static void
settle(YsBatcher *batcher, Batch *batch)
{
	int			pause;

	if (batch->count == 0)
	{
		batch->state = BATCH_FREE;
		return;
	}
	if (batch->paused_ms >= ys_store_deadline_ms(batcher->store))
	{
		drain(batcher);
		ys_written_give_up(batcher->source, count_left(batcher));
	}
	pause = ys_backoff_ms(++batch->pauses, BACKOFF_BASE_MS, BACKOFF_LIMIT_MS);
	batch->paused_ms += pause;
	batch->resume_at = ys_clock_ms() + pause;
	batch->state = BATCH_PAUSING;
}

/* Send again what has paused long enough; of the others, the first to resume, or NULL. */
static Batch *
resume(YsBatcher *batcher)
{
	int64		now = ys_clock_ms();
	Batch	   *next = NULL;

	for (int i = 0; i < BATCHES; i++)
	{
		Batch	   *batch = &batcher->batches[i];

		if (batch->state != BATCH_PAUSING)
			continue;
		if (batch->resume_at <= now)
			send(batcher, batch);
		else if (next == NULL || batch->resume_at < next->resume_at)
			next = batch;
	}
	return next;
}

/* Wait for something under way to move on; false: nothing is. */
static bool
advance(YsBatcher *batcher)
{
	Batch	   *pausing = resume(batcher);
	YsCall	   *call = ys_calls_take_first(&batcher->calls);

	if (call != NULL)
	{
		Batch	   *batch = ys_call_tag(call);
		YsError		err;

		if (!take_answer(batcher, call, &err))
		{
			drain(batcher);
			ys_error_throw(&err);
		}
		settle(batcher, batch);
		return true;
	}
	if (pausing != NULL)
		(void) ys_wait_for(YS_WAIT_STORE_RETRY, -1, (long) Max(pausing->resume_at - ys_clock_ms(), 0));
	return pausing != NULL;
}

/* ---- items ---- */

static Batch *
find_free(YsBatcher *batcher)
{
	for (int i = 0; i < BATCHES; i++)
		if (batcher->batches[i].state == BATCH_FREE)
			return &batcher->batches[i];
	return NULL;
}

MemoryContext
ys_batcher_context(YsBatcher *batcher)
{
	Batch	   *batch = batcher->filling;

	if (batch != NULL)
		return batch->context;
	while ((batch = find_free(batcher)) == NULL)
		(void) advance(batcher);
	MemoryContextReset(batch->context);
	batch->state = BATCH_FILLING;
	batch->count = 0;
	batch->bytes = 0;
	batch->pauses = batch->paused_ms = 0;
	batcher->filling = batch;
	return batch->context;
}

void
ys_batcher_add(YsBatcher *batcher, const YsValue *item)
{
	Batch	   *batch = batcher->filling;
	const char *text = ys_row_key_text(batcher->source, item);
	KeyPlace   *place = hash_search(batcher->places, &text, HASH_FIND, NULL);

	while (place != NULL && place->batch != batch)
	{
		(void) advance(batcher);
		place = hash_search(batcher->places, &text, HASH_FIND, NULL);
	}
	if (place == NULL)
	{
		text = MemoryContextStrdup(batch->context, text);
		place = hash_search(batcher->places, &text, HASH_ENTER, NULL);
		place->batch = batch;
		place->position = batch->count;
		batch->keys[batch->count++] = text;
	}
	batch->items[place->position] = *item;
	batch->bytes += json_size(item);
	if (batch->count == YS_BATCH_WRITE_MAX || batch->bytes >= BATCH_BYTES)
		send_filling(batcher);
}

void
ys_batcher_finish(YsBatcher *batcher)
{
	if (batcher->filling != NULL && batcher->filling->count > 0)
		send_filling(batcher);
	while (advance(batcher))
		;
}
