/*-------------------------------------------------------------------------
 * backfill.c
 *	  Reading the items that were there before a policy, while live events
 *	  apply.
 *
 * The positions to resume from are durable before the first page is asked
 * for, so whatever changes after an item was read arrives as an event.  Pages
 * are strong reads.  A page's rows, and where its segment goes on, commit
 * together; each segment has one page in flight.
 *
 * The store is looked up for each page, so that changed options and credentials
 * count at once.  A transaction that fails, this policy's or another's, cancels
 * all calls there are: their pages are then asked for again.
 *
 * The stream worker itself runs this between batches, so rows of one policy
 * have one writer and reading before writing needs no lock: an event that
 * came between a page's read and its write has left its mark in the locator.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/key_text.h"
#include "catalog/resync.h"
#include "catalog/server.h"
#include "errors.h"
#include "guc.h"
#include "worker/apply.h"
#include "worker/backfill.h"
#include "worker/decode.h"
#include "worker/resync.h"
#include "worker/transaction.h"

typedef struct Segment
{
	YsSegment	saved;			/* as the catalog has it */
	YsCall	   *call;			/* the page in flight, or NULL */
} Segment;

struct YsBackfill
{
	MemoryContext context;
	YsStore    *store;			/* of the step under way */
	uint64		epoch;			/* of the calls: see ys_server_epoch */
	YsAttributeFilter wanted;	/* key and source attributes */
	bool		answers;		/* a page has come: the store does not keep others waiting */
	bool		estimated;		/* how many items there may be is known, or never will be */
	int			nsegments;
	Segment    *segments;
	int			next;			/* whose turn it is */
};

YsAttributeFilter
ys_backfill_wanted(const YsFollow *follow)
{
	const YsAttributeFilter *sources = ys_policy_attributes(follow->policy);
	int			most = sources->count + follow->source->nkeys;
	YsAttributeFilter wanted = {0, palloc(sizeof(char *) * most), palloc(sizeof(uint32_t) * most)};
	uint32_t   *lens = unconstify(uint32_t *, wanted.lens);

	if (ys_policy_wants_attributes(follow->policy))
		return wanted;
	for (int k = 0; k < follow->source->nkeys; k++)
	{
		wanted.names[wanted.count] = follow->source->key_names[k];
		lens[wanted.count++] = (uint32_t) strlen(follow->source->key_names[k]);
	}
	for (int i = 0; i < sources->count; i++)
	{
		bool		is_key = false;

		for (int k = 0; k < follow->source->nkeys; k++)
			is_key = is_key || (lens[k] == sources->lens[i] &&
								memcmp(wanted.names[k], sources->names[i], lens[k]) == 0);
		if (is_key)
			continue;
		wanted.names[wanted.count] = sources->names[i];
		lens[wanted.count++] = sources->lens[i];
	}
	return wanted;
}

void
ys_backfill_open(YsFollow *follow)
{
	MemoryContext context = AllocSetContextCreate(follow->context, "yottastore backfill",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	YsBackfill *backfill = palloc0(sizeof(YsBackfill));
	YsSegment  *saved;

	backfill->context = context;
	backfill->wanted = ys_backfill_wanted(follow);
	ys_transaction_begin("opening a backfill");
	backfill->nsegments = ys_segment_load(follow->row->policy_id, &saved);
	ys_transaction_commit();
	backfill->segments = palloc0(sizeof(Segment) * Max(backfill->nsegments, 1));
	for (int i = 0; i < backfill->nsegments; i++)
		backfill->segments[i].saved = saved[i];
	backfill->epoch = ys_server_epoch();
	follow->backfill = backfill;
	MemoryContextSwitchTo(old);
}

/* Calls that ended with a transaction or with their store exist no more. */
static void
forget_lost_calls(YsBackfill *backfill)
{
	if (backfill->epoch == ys_server_epoch())
		return;
	for (int i = 0; i < backfill->nsegments; i++)
		backfill->segments[i].call = NULL;
	backfill->epoch = ys_server_epoch();
}

void
ys_backfill_close(YsFollow *follow)
{
	YsBackfill *backfill = follow->backfill;

	forget_lost_calls(backfill);
	for (int i = 0; i < backfill->nsegments; i++)
	{
		if (backfill->segments[i].call != NULL)
			ys_call_cancel(backfill->segments[i].call);
	}
	MemoryContextDelete(backfill->context);
	follow->backfill = NULL;
}

/* Ask for a segment's next page. */
static bool
start_page(YsFollow *follow, Segment *segment, YsError *err)
{
	YsPageRequest request = {
		.table = follow->source->table,
		.projection = &follow->backfill->wanted,
		.consistent = true,
		/* a page is read at once: several a second, then */
		.limit = ys_guc_backfill_rate > 0 ? Max(ys_guc_backfill_rate / 4, 1) : 0,
		.segment = segment->saved.segment,
		.total_segments = segment->saved.total,
	};
	YsArena		arena;
	YsValue		key;
	bool		ok = true;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (segment->saved.next_key != NULL)
	{
		ok = ys_key_from_text(segment->saved.next_key, &arena, &key, err);
		request.start_key = &key;
	}
	if (ok)
		segment->call = ys_store_page(follow->backfill->store, &request, err);
	ys_arena_free(&arena);
	return segment->call != NULL;
}

/* The segment after this page, in the backfill's context. */
static YsSegment
advance(const YsBackfill *backfill, const Segment *segment, const YsReply *reply, YsArena *arena)
{
	YsSegment	next = segment->saved;
	YsText		text;

	next.read = reply->nitems;
	next.done = reply->last_key == NULL;
	next.next_key = NULL;
	if (!next.done)
	{
		ys_text_init(&text, arena);
		ys_value_print_item(&text, reply->last_key);
		if (text.failed)
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
		next.next_key = MemoryContextStrdup(backfill->context, text.bytes);
	}
	return next;
}

typedef struct SaveArg
{
	const YsFollow *follow;
	const YsSegment *next;
	int			nitems;
} SaveArg;

/* A segment's progress, with the rows of its page. */
static void
save_segment(void *arg, int64 written)
{
	const SaveArg *save = arg;
	int			policy_id = save->follow->row->policy_id;

	ys_segment_save(policy_id, save->next);
	if (save->follow->row->epoch > 1)
		ys_resync_count(policy_id, save->nitems, written);
}

/* Leave the store alone for as long as so many items may take. */
static void
rest(YsFollow *follow, int nitems)
{
	int			rate = ys_guc_backfill_rate;

	if (rate > 0)
		follow->backfill_at = Max(follow->backfill_at, ys_clock_ms()) +
			((int64) nitems * 1000 + rate - 1) / rate;
}

static void
finish(YsFollow *follow)
{
	YsPhase		phase;

	ys_backfill_close(follow);
	ys_transaction_begin("finishing a backfill");
	if (ys_follow_lock(follow, true, &phase) && phase == YS_PHASE_BACKFILL)
	{
		ys_resync_end(follow->row->policy_id);
		ys_policy_end_backfill(follow->row->policy_id);
		follow->row->phase = YS_PHASE_LIVE;
	}
	ys_transaction_commit();
}

/* Behind the last segment: what was not seen, and then the end. */
static bool
end_backfill(YsFollow *follow, YsError *err)
{
	bool		done = true;
	int			nread = 0;

	if (follow->row->epoch > 1 &&
		!ys_resync_step(follow, follow->backfill->store, &nread, &done, err))
		return false;
	rest(follow, nread);
	if (done && follow->row->phase == YS_PHASE_BACKFILL)
		finish(follow);
	return true;
}

static void
load_store(void *arg)
{
	YsFollow   *follow = arg;

	follow->backfill->store = ys_server_store(follow->source->serverid, follow->row->owner);
}

/* Have the store as it is declared now.  False when it can't be had: the policy pauses. */
static bool
find_store(YsFollow *follow)
{
	ErrorData  *error;

	ys_transaction_begin("opening the store");
	error = ys_transaction_try(load_store, follow);
	if (error != NULL)
		ys_follow_pause(follow->row, error);
	ys_transaction_commit();
	forget_lost_calls(follow->backfill);
	return error == NULL;
}

/* Ask once how many items there may be.  That it can't be said keeps nothing from going on. */
static void
estimate_items(YsFollow *follow)
{
	YsArena		arena;
	YsTableInfo info;
	YsError		err;

	follow->backfill->estimated = true;
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (ys_store_describe_table(follow->backfill->store, follow->source->table, &arena, &info, &err) &&
		info.item_count >= 0)
	{
		ys_transaction_begin("estimating a backfill");
		ys_policy_estimate_backfill(follow->row->policy_id, info.item_count);
		ys_transaction_commit();
	}
	ys_arena_free(&arena);
}

/* The next segment whose page has come; NULL: none has. */
static Segment *
next_page(YsBackfill *backfill)
{
	for (int i = 0; i < backfill->nsegments; i++)
	{
		Segment    *segment;

		backfill->next = (backfill->next + 1) % backfill->nsegments;
		segment = &backfill->segments[backfill->next];
		if (segment->call != NULL && ys_call_ended(segment->call))
			return segment;
	}
	return NULL;
}

YsBackfillStep
ys_backfill_step(YsFollow *follow, YsError *err)
{
	YsBackfill *backfill = follow->backfill;
	Segment    *segment;
	bool		all_done = true;
	bool		asked = false;
	MemoryContext page_context;
	MemoryContext old;
	YsArena		arena;
	YsReply		reply;
	bool		ok;

	if (!find_store(follow))
		return YS_BACKFILL_ADVANCED;
	if (backfill->answers && !backfill->estimated)
	{
		/* its transaction may have closed the store */
		estimate_items(follow);
		return YS_BACKFILL_ADVANCED;
	}

	for (int i = 0; i < backfill->nsegments; i++)
	{
		all_done = all_done && backfill->segments[i].saved.done;
		asked = asked || backfill->segments[i].call != NULL;
	}
	if (all_done)
		return end_backfill(follow, err) ? YS_BACKFILL_ADVANCED : YS_BACKFILL_FAILED;

	/* every open segment has its page in flight, or one alone where that would be too fast */
	for (int i = 0; i < backfill->nsegments; i++)
	{
		Segment    *each = &backfill->segments[i];

		if (each->saved.done || each->call != NULL || (asked && ys_guc_backfill_rate > 0))
			continue;
		if (!start_page(follow, each, err))
			return YS_BACKFILL_FAILED;
		asked = true;
	}
	segment = next_page(backfill);
	if (segment == NULL)
		return YS_BACKFILL_WAITING;

	page_context = AllocSetContextCreate(CurrentMemoryContext, "yottastore backfill page",
										 ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(page_context);
	ys_arena_init_context(&arena, page_context, 0);
	ok = ys_store_wait(segment->call, &backfill->wanted, &arena, &reply, err);
	segment->call = NULL;
	backfill->answers = backfill->answers || ok;
	if (ok)
	{
		YsSegment	next = advance(backfill, segment, &reply, &arena);
		SaveArg		save = {follow, &next, reply.nitems};
		YsRead		read = {
			.nitems = reply.nitems,
			.items = reply.items,
			.save = save_segment,
			.save_arg = &save,
		};

		rest(follow, reply.nitems);
		ys_apply_read(follow, &read);
		/* paused by this very page: it will be read again */
		if (follow->row->phase == YS_PHASE_BACKFILL)
			segment->saved = next;
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(page_context);
	return ok ? YS_BACKFILL_ADVANCED : YS_BACKFILL_FAILED;
}

bool
ys_backfill_signals(YsFollow *follow, int *fd, long *timeout_ms)
{
	YsBackfill *backfill = follow->backfill;

	forget_lost_calls(backfill);
	for (int i = 0; i < backfill->nsegments; i++)
	{
		if (backfill->segments[i].call == NULL)
			continue;
		ys_store_signals(backfill->store, fd, timeout_ms);
		return true;
	}
	return false;
}
