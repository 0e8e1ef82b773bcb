/*-------------------------------------------------------------------------
 * verify.c
 *	  Comparing an index with its store, row by row.
 *
 * First all items are read, page by page, and held against the rows of their keys: that finds rows missing and
 * stale.  Then all rows are gone through, and the items of their keys read: that finds rows too many.
 *
 * What differs is suspected only: the stream may be about to deliver it.  Let S be the item as it was read, t a moment
 * after that, and v the version of the row.  Once all changes of before t have been applied the item is read again.  If it is S
 * still, and the row, of version v still, differs still, then no event is to come that would mend it: what the
 * row should have become at t, it has not.  If anything has changed it is suspected anew, as of now.
 *
 * That changes of before t have been applied is known by watermarks; without them it is taken for granted when
 * everything has been applied that was in the topic some time after t.
 *
 * One request is in flight, and what it is for is begun anew should it be lost.  Progress, and what was found, commit
 * together.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/freshness.h"
#include "catalog/job.h"
#include "catalog/key_text.h"
#include "catalog/relay.h"
#include "catalog/server.h"
#include "errors.h"
#include "guc.h"
#include "worker/apply_compare.h"
#include "worker/backfill.h"
#include "worker/decode.h"
#include "worker/read_items.h"
#include "worker/transaction.h"
#include "worker/verify.h"

#define PAGE_ITEMS		1000
#define MOST_SUSPECTS	1000	/* before the first of them are looked at again */
#define MOST_TRIES		50		/* of an item that changes all the time: then it does follow */
#define LOOK_MS			500		/* while the stream has still to pass */
#define DELIVERY_MS		5000	/* in which a change gets into a topic without watermarks */

typedef enum Unit
{
	UNIT_NONE,					/* nothing to ask for now */
	UNIT_SCAN,					/* a page of items */
	UNIT_SWEEP,					/* the items of a page of rows */
	UNIT_CONFIRM				/* the items of suspects */
} Unit;

struct YsVerify
{
	MemoryContext context;
	int64		job_id;
	uint64		epoch;			/* of the call: see ys_server_epoch */
	YsStore    *store;
	YsCall	   *call;			/* in flight, or NULL */

	/* for streams without watermarks: where partitions ended at a moment */
	TimestampTz ends_at;
	int			nends;
	YsPolicyPosition *ends;

	/* what is done now, in a context of its own */
	MemoryContext unit_context;
	Unit		unit;
	YsArena		arena;
	YsVerifyState state;
	YsAttributeFilter wanted;
	int			nkeys;			/* asked for; those not answered yet are the rest */
	YsValue    *keys;
	int			nrest;
	const YsValue *rest;
	int			nitems;
	YsValue    *items;
	YsVerifyPage rows;			/* of a sweep */
	bool	   *stray;			/* those that the locator doesn't know of */
	int			nsuspects;
	YsSuspect  *suspects;
	char	   *next_key;		/* of a scan, after this page */
};

static void
open_verify(YsFollow *follow)
{
	MemoryContext context = AllocSetContextCreate(follow->context, "yottastore verification",
												  ALLOCSET_DEFAULT_SIZES);
	YsVerify   *verify = MemoryContextAllocZero(context, sizeof(YsVerify));

	verify->context = context;
	verify->job_id = follow->verify_id;
	verify->epoch = ys_server_epoch();
	verify->unit_context = AllocSetContextCreate(context, "yottastore verification step",
												 ALLOCSET_DEFAULT_SIZES);
	follow->verify = verify;
}

/* A call that ended with a transaction or with its store exists no more. */
static void
forget_lost_call(YsVerify *verify)
{
	if (verify->epoch != ys_server_epoch())
		verify->call = NULL;
	verify->epoch = ys_server_epoch();
}

void
ys_verify_close(YsFollow *follow)
{
	if (follow->verify == NULL)
		return;
	forget_lost_call(follow->verify);
	if (follow->verify->call != NULL)
		ys_call_cancel(follow->verify->call);
	MemoryContextDelete(follow->verify->context);
	follow->verify = NULL;
}

/* ---- how far the stream is ---- */

static bool
reached_ends(const YsVerify *verify, int count, const YsPolicyPosition *positions)
{
	for (int e = 0; e < verify->nends; e++)
	{
		for (int i = 0; i < count; i++)
		{
			if (positions[i].partition == verify->ends[e].partition &&
				positions[i].next_offset < verify->ends[e].high_offset)
				return false;
		}
	}
	return true;
}

/* All changes of before that moment have been applied. */
static TimestampTz
applied_up_to(YsFollow *follow)
{
	YsVerify   *verify = follow->verify;
	YsPolicyPosition *positions;
	int			count = ys_position_load(follow->row->policy_id, &positions);
	TimestampTz up_to = count > 0 ? DT_NOEND : DT_NOBEGIN;

	for (int i = 0; i < count; i++)
		up_to = Min(up_to, positions[i].has_watermark ? positions[i].watermark : DT_NOBEGIN);
	if (!OidIsValid(follow->row->stream) || (up_to == DT_NOBEGIN && ys_relay_feeding(follow->row->stream) != 0) ||
		(up_to != DT_NOBEGIN && !ys_freshness_is_last(up_to, follow->row->stream)))
		return up_to;
	if (verify->ends != NULL && reached_ends(verify, count, positions))
	{
		up_to = verify->ends_at;
		pfree(verify->ends);
		verify->ends = NULL;
	}
	if (verify->ends == NULL)
	{
		verify->ends_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), -DELIVERY_MS);
		verify->nends = count;
		verify->ends = MemoryContextAlloc(verify->context, sizeof(YsPolicyPosition) * Max(count, 1));
		memcpy(verify->ends, positions, sizeof(YsPolicyPosition) * count);
	}
	return up_to;
}

/* ---- what to do next ---- */

/* A page of rows, and which of them the locator knows elsewhere or not at all. */
static void
read_rows(YsFollow *follow)
{
	YsVerify   *verify = follow->verify;
	YsIndexRow *known;
	YsIndexRow **rows;
	int			count;

	ys_index_table_lock_ours(follow->table, AccessShareLock);
	ys_index_table_follow_names(follow->table);
	ys_verify_rows(follow->table, verify->state.last_key, Min(ys_guc_batch_events, YS_BATCH_GET_MAX),
				   &verify->rows);
	count = verify->rows.count;
	known = palloc0(sizeof(YsIndexRow) * Max(count, 1));
	rows = palloc(sizeof(YsIndexRow *) * Max(count, 1));
	verify->stray = palloc0(sizeof(bool) * Max(count, 1));
	verify->keys = palloc0(sizeof(YsValue) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		rows[i] = &known[i];
		memcpy(known[i].keys, verify->rows.rows[i].keys, sizeof(known[i].keys));
	}
	ys_index_table_find(follow->table, count, rows);
	for (int i = 0; i < count; i++)
	{
		verify->stray[i] = known[i].area == NULL || strcmp(known[i].area, verify->rows.rows[i].area) != 0;
		if (!verify->stray[i])
			ys_read_key_of(follow, known[i].keys, &verify->keys[verify->nkeys++]);
	}
}

static void
read_suspects(YsFollow *follow)
{
	YsVerify   *verify = follow->verify;
	YsError		err;

	verify->nsuspects = ys_verify_suspects(verify->job_id, applied_up_to(follow), YS_BATCH_GET_MAX,
										   &verify->suspects);
	verify->keys = palloc0(sizeof(YsValue) * Max(verify->nsuspects, 1));
	for (int i = 0; i < verify->nsuspects; i++)
	{
		if (!ys_key_from_text(verify->suspects[i].key, &verify->arena, &verify->keys[verify->nkeys++], &err))
			ys_error_throw(&err);
	}
}

/* Look what there is to do.  False when the job has ended. */
static bool
choose_unit(YsFollow *follow)
{
	YsVerify   *verify = follow->verify;
	YsVerifyState *state = &verify->state;
	MemoryContext old;
	ArrayType  *ignored;
	bool		full;
	bool		ended = false;

	MemoryContextReset(verify->unit_context);
	old = MemoryContextSwitchTo(verify->unit_context);
	ys_arena_init_context(&verify->arena, verify->unit_context, 0);
	verify->unit = UNIT_NONE;
	verify->nkeys = verify->nitems = verify->nrest = verify->nsuspects = 0;
	verify->wanted = ys_backfill_wanted(follow);

	ys_transaction_begin("looking what to verify");
	if (!ys_job_take(verify->job_id, &ignored) || !ys_verify_load(verify->job_id, state))
		ended = true;
	else
	{
		full = state->suspects >= MOST_SUSPECTS;
		if (!state->scanned && !full)
			verify->unit = UNIT_SCAN;
		else if (!state->swept && !full)
		{
			verify->unit = UNIT_SWEEP;
			read_rows(follow);
		}
		else if (state->suspects > 0)
		{
			read_suspects(follow);
			verify->unit = verify->nsuspects > 0 ? UNIT_CONFIRM : UNIT_NONE;
		}
		else
		{
			ys_verify_end(verify->job_id);
			ended = true;
		}
	}
	ys_transaction_commit();
	verify->rest = verify->keys;
	verify->nrest = verify->nkeys;
	verify->items = palloc(sizeof(YsValue) * Max(verify->nkeys, 1));
	MemoryContextSwitchTo(old);
	return !ended;
}

/* ---- asking ---- */

static bool
ask(YsFollow *follow, YsError *err)
{
	YsVerify   *verify = follow->verify;
	int			rate = ys_guc_backfill_rate;
	YsPageRequest request = {
		.table = follow->source->table,
		.projection = &verify->wanted,
		.consistent = true,
		.limit = rate > 0 ? Max(Min(rate / 4, PAGE_ITEMS), 1) : PAGE_ITEMS,
		.segment = 0,
		.total_segments = 1
	};
	YsValue		start;

	verify->store = ys_read_items_store(follow->source, follow->row->owner, err);
	forget_lost_call(verify);
	if (verify->store == NULL)
		return false;
	if (verify->unit != UNIT_SCAN)
		verify->call = ys_store_batch_get(verify->store, follow->source->table, Min(verify->nrest, YS_BATCH_GET_MAX),
										  verify->rest, &verify->wanted, true, err);
	else
	{
		if (verify->state.next_key != NULL)
		{
			if (!ys_key_from_text(verify->state.next_key, &verify->arena, &start, err))
				return false;
			request.start_key = &start;
		}
		verify->call = ys_store_page(verify->store, &request, err);
	}
	return verify->call != NULL;
}

/* Take an answer up.  False and err when there is none. */
static bool
take_answer(YsFollow *follow, YsError *err)
{
	YsVerify   *verify = follow->verify;
	YsReply    *reply = palloc0(sizeof(YsReply));
	YsCall	   *call = verify->call;
	YsText		text;

	verify->call = NULL;
	if (!ys_store_wait(call, &verify->wanted, &verify->arena, reply, err))
		return false;
	if (verify->unit == UNIT_SCAN)
	{
		verify->nitems = reply->nitems;
		verify->items = reply->items;
		verify->next_key = NULL;
		verify->nrest = 0;
		if (reply->last_key == NULL)
			return true;
		ys_text_init(&text, &verify->arena);
		ys_value_print_item(&text, reply->last_key);
		if (text.failed)
			return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
		verify->next_key = text.bytes;
		return true;
	}
	for (int i = 0; i < reply->nitems; i++)
		verify->items[verify->nitems++] = reply->items[i];
	verify->nrest = reply->nunprocessed;
	verify->rest = reply->unprocessed;
	return true;
}

/* ---- comparing ---- */

/* What an item is, to tell whether it has changed; 0: there is none. */
static int64
fingerprint(YsVerify *verify, const YsValue *item)
{
	YsText		text;
	int64		hash;

	if (item == NULL)
		return 0;
	ys_text_init(&text, &verify->arena);
	ys_value_print_item(&text, item);
	if (text.failed)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	hash = (int64) hash_bytes_extended((const unsigned char *) text.bytes, (int) text.len, 0);
	return hash != 0 ? hash : 1;
}

static bool
begin_comparison(void *arg)
{
	YsFollow   *follow = arg;
	ArrayType  *ignored;

	return ys_job_take(follow->verify->job_id, &ignored);
}

static YsSuspect
suspect_of(YsVerify *verify, const YsCompared *compared)
{
	return (YsSuspect) {
		.key = compared->key,
		.kind = compared->difference,
		.read_at = GetCurrentTimestamp(),
		.item = fingerprint(verify, compared->item),
		.version = compared->version
	};
}

static bool
suspect(void *arg, const YsCompared *compared)
{
	YsFollow   *follow = arg;
	YsVerify   *verify = follow->verify;
	YsSuspect	seen;

	if (compared->difference == YS_DIFFERENCE_NONE)
		return false;
	seen = suspect_of(verify, compared);
	ys_verify_suspect(verify->job_id, &seen);
	return false;
}

static const YsSuspect *
find_suspect(const YsVerify *verify, const char *key)
{
	for (int i = 0; i < verify->nsuspects; i++)
	{
		if (strcmp(verify->suspects[i].key, key) == 0)
			return &verify->suspects[i];
	}
	return NULL;
}

static bool
confirm(void *arg, const YsCompared *compared)
{
	YsFollow   *follow = arg;
	YsVerify   *verify = follow->verify;
	const YsSuspect *before = find_suspect(verify, compared->key);
	YsSuspect	now;

	if (before == NULL)
		return false;
	if (compared->difference == YS_DIFFERENCE_NONE || before->tries >= MOST_TRIES ||
		ys_verify_is_quarantined(follow->row->policy_id, compared->key))
	{
		ys_verify_clear(verify->job_id, compared->key);
		return false;
	}
	now = suspect_of(verify, compared);
	now.tries = before->tries + 1;
	if (now.item != before->item || ys_version_compare(&now.version, &before->version) != 0)
	{
		ys_verify_suspect(verify->job_id, &now);
		return false;
	}
	ys_verify_confirm(verify->job_id, &now, verify->state.repair);
	return verify->state.repair;
}

/* A row that the locator doesn't know is nobody's: no event will ever change it. */
static void
take_strays(YsFollow *follow)
{
	YsVerify   *verify = follow->verify;

	for (int i = 0; i < verify->rows.count; i++)
	{
		YsIndexRow	row = {0};
		YsIndexRow *rows[] = {&row};
		YsSuspect	stray = {.kind = YS_DIFFERENCE_EXTRA, .read_at = GetCurrentTimestamp()};
		YsValue		key;
		YsText		text;
		bool		same;

		if (!verify->stray[i])
			continue;
		memcpy(row.keys, verify->rows.rows[i].keys, sizeof(row.keys));
		ys_index_table_find(follow->table, 1, rows);
		if (row.area != NULL && strcmp(row.area, verify->rows.rows[i].area) == 0)
			continue;

		/* it may have moved since */
		row.area = verify->rows.rows[i].area;
		row.gone = true;
		ys_index_table_compare(follow->table, 1, rows, &same);
		if (!row.present)
			continue;
		ys_read_key_of(follow, row.keys, &key);
		ys_text_init(&text, &verify->arena);
		if (!ys_value_canonical_key(&text, &key, follow->source->nkeys, follow->source->key_names, NULL))
			continue;
		stray.key = text.bytes;
		ys_version_lowest(&stray.version);
		ys_verify_confirm(verify->job_id, &stray, verify->state.repair);
		if (verify->state.repair)
			ys_index_table_delete(follow->table, 1, rows);
	}
}

static void
end_scan(void *arg)
{
	YsFollow   *follow = arg;
	YsVerify   *verify = follow->verify;

	ys_verify_save_scan(verify->job_id, verify->next_key, verify->nitems);
}

static void
end_sweep(void *arg)
{
	YsFollow   *follow = arg;
	YsVerify   *verify = follow->verify;

	take_strays(follow);
	ys_verify_save_sweep(verify->job_id, verify->rows.last_key, verify->rows.count);
}

static void
end_confirm(void *arg)
{
}

static void
compare(YsFollow *follow)
{
	YsVerify   *verify = follow->verify;
	YsComparison comparison = {
		.nitems = verify->nitems,
		.items = verify->items,
		.ngone = verify->nkeys,
		.gone = verify->keys,
		.repairs = verify->unit == UNIT_CONFIRM && verify->state.repair,
		.begin = begin_comparison,
		.compared = verify->unit == UNIT_CONFIRM ? confirm : suspect,
		.end = verify->unit == UNIT_CONFIRM ? end_confirm : verify->unit == UNIT_SCAN ? end_scan : end_sweep,
		.arg = follow
	};

	(void) ys_apply_compare(follow, &comparison);
}

/* Leave the store alone for as long as so many items may take. */
static void
rest(YsFollow *follow, int nitems)
{
	int			rate = ys_guc_backfill_rate;

	if (rate > 0)
		follow->verify_at = Max(follow->verify_at, ys_clock_ms()) + ((int64) nitems * 1000 + rate - 1) / rate;
}

/* ---- the interface ---- */

/* Begin what is next; without a request where nothing is to be read.  False when it has to wait. */
static bool
begin_unit(YsFollow *follow, YsError *err, YsVerifyStep *result)
{
	YsVerify   *verify = follow->verify;

	*result = YS_VERIFY_WAITING;
	if (!choose_unit(follow))
	{
		ys_verify_close(follow);
		follow->verify_id = 0;
		return false;
	}
	if (verify->unit == UNIT_NONE)
	{
		follow->verify_at = ys_clock_ms() + LOOK_MS;
		return false;
	}
	if (verify->unit != UNIT_SCAN && verify->nrest == 0)
		return true;
	if (!ask(follow, err))
		*result = YS_VERIFY_FAILED;
	return false;
}

YsVerifyStep
ys_verify_step(YsFollow *follow, YsError *err)
{
	MemoryContext old;
	YsVerifyStep result;
	bool		ok;

	if (follow->verify != NULL && follow->verify->job_id != follow->verify_id)
		ys_verify_close(follow);
	if (follow->verify == NULL)
		open_verify(follow);
	forget_lost_call(follow->verify);
	if (follow->verify->call == NULL)
	{
		if (!begin_unit(follow, err, &result))
			return result;
	}
	else
	{
		if (!ys_call_ended(follow->verify->call))
			return YS_VERIFY_WAITING;
		old = MemoryContextSwitchTo(follow->verify->unit_context);
		ok = take_answer(follow, err);
		MemoryContextSwitchTo(old);
		if (!ok)
			return YS_VERIFY_FAILED;
		if (follow->verify->nrest > 0)
			return ask(follow, err) ? YS_VERIFY_WAITING : YS_VERIFY_FAILED;
	}
	old = MemoryContextSwitchTo(follow->verify->unit_context);
	rest(follow, Max(follow->verify->nitems, follow->verify->nkeys));
	compare(follow);
	MemoryContextSwitchTo(old);
	return YS_VERIFY_ADVANCED;
}

bool
ys_verify_signals(YsFollow *follow, int *fd, long *timeout_ms)
{
	YsVerify   *verify = follow->verify;

	if (verify == NULL)
		return false;
	forget_lost_call(verify);
	if (verify->call == NULL)
		return false;
	ys_store_signals(verify->store, fd, timeout_ms);
	return true;
}
