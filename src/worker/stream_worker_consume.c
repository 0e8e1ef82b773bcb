/*-------------------------------------------------------------------------
 * stream_worker_consume.c
 *	  Taking batches, decoding them once, applying them to each policy.
 *
 * Each policy ignores what lies below its own positions.  What one throws is
 * its own affair: see stream_worker_setback.c.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "guc.h"
#include "worker/activity.h"
#include "worker/apply.h"
#include "worker/decode.h"
#include "worker/reread.h"
#include "worker/stream_worker_parts.h"
#include "worker/transaction.h"

#define TURN_MS				250		/* of a policy in a lane of its own */
#define SLOW_MS				1000	/* for a batch of ordinary size, where others wait */

/* What decoding a batch for the policies of one source takes, and makes of it. */
typedef struct DecodeArg
{
	const YsStreamWorker *worker;
	const YsLane *lane;
	YsEventBatch *ready;		/* made ahead, for the one source there is; or NULL */
	const YsSource *source;
	int			count;
	const YsMessage *messages;
	YsArena    *arena;
	int			ndecoded;
	YsDecoded  *decoded;
} DecodeArg;

YsEventReading
ys_stream_reading(const YsStreamWorker *worker, const YsLane *lane, const YsSource *source, YsArena *arena)
{
	YsPathTree *wanted = ys_decode_want_keys(source, arena);
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (follow->source->relid == source->relid && ys_lane_has(worker, lane, follow))
			ys_decode_want(wanted, follow->policy, arena);
	}
	return ys_decode_reading(worker->format, worker->config != NULL ? worker->config->table : NULL, source, wanted);
}

/* Decode what a lane's policies of one source want of the batch, and read items that this takes.  Throws when they can't be. */
static void
decode(void *arg)
{
	DecodeArg  *decode = arg;
	const YsStreamWorker *worker = decode->worker;
	YsEventReading reading = ys_stream_reading(worker, decode->lane, decode->source, decode->arena);
	YsError		err;

	if (decode->ready != NULL)
	{
		ys_ahead_decode(decode->lane->ahead, decode->ready, worker->reader, decode->arena);
		decode->ndecoded = decode->ready->ndecoded;
		decode->decoded = decode->ready->decoded;
	}
	else
		decode->ndecoded = ys_decode_messages(worker->reader, &reading, decode->count, decode->messages,
											  decode->arena, &decode->decoded);
	if (!ys_reread_needed_images(decode->source, worker->policies.owner, reading.wanted, decode->ndecoded,
								 decode->decoded, decode->arena, &err))
		ereport(ERROR,
				(errcode(YS_ERRCODE_STORE_AWAY), errmsg("%s", err.message),
				 err.detail[0] != '\0' ? errdetail("%s", err.detail) : 0));
}

typedef struct ApplyArg
{
	YsFollow   *follow;
	int			count;
	YsDecoded  *decoded;
	int			entry_number;	/* of the policy, among those that the events have; -1: they have none of it */
} ApplyArg;

static void
apply(void *arg)
{
	ApplyArg   *apply = arg;

	ys_apply_batch(apply->follow, apply->count, apply->decoded, apply->entry_number);
}

/*
 * Aside, a policy gets batches that take no longer than a turn.  One whose batch failed, perhaps
 * for taking too long, tries less.
 */
static void
adapt_limit(YsFollow *follow, int count, bool ok, int64 elapsed_ms)
{
	int			limit = follow->batch_limit > 0 ? follow->batch_limit : ys_guc_batch_events;

	if (!ok || elapsed_ms > TURN_MS)
		follow->batch_limit = Max(Min(limit, count) / 2, 1);
	else if (elapsed_ms < TURN_MS / 4)
		follow->batch_limit = Min(limit * 2, ys_guc_batch_events);
}

/* Apply the batch to one policy.  Returns how long that took. */
static int64
apply_to(YsStreamWorker *worker, ApplyArg *arg)
{
	int64		start = ys_clock_ms();
	bool		ok = ys_stream_attempt(worker, arg->follow->row, apply, arg);
	int64		elapsed = ys_clock_ms() - start;

	if (ok)
		ys_stream_recover(worker, arg->follow);
	if (arg->follow->aside)
		adapt_limit(arg->follow, arg->count, ok, elapsed);
	return elapsed;
}

/*
 * Decode a batch for each source among a lane's policies, apply it to each policy.  One that
 * takes much longer than all the others together is set aside.
 */
static void
apply_messages(YsStreamWorker *worker, YsLane *lane, int count, const YsMessage *messages,
			   YsEventBatch *ready)
{
	ListCell   *lc;
	DecodeArg	decoding = {worker, lane, ready, NULL, count, messages, &worker->arena};
	Oid			failed_for = InvalidOid;
	YsFollow   *slowest = NULL;
	int64		longest = 0;
	int64		total = 0;
	int			members = 0;

	worker->interrupted = false;
	ys_activity_report("decoding a batch");
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		ApplyArg	arg = {follow};
		int64		elapsed;

		if (!ys_lane_has(worker, lane, follow))
			continue;

		/* a source whose store can't be had is its own policies' affair */
		if (follow->source->relid == failed_for)
			continue;
		if (decoding.source == NULL || follow->source->relid != decoding.source->relid)
		{
			int64		start = ys_clock_ms();

			decoding.source = follow->source;
			if (!ys_stream_attempt(worker, follow->row, decode, &decoding))
			{
				if (worker->interrupted)
					return;
				ys_stream_hold_source(worker, follow, ys_clock_ms() - start);
				failed_for = follow->source->relid;
				decoding.source = NULL;
				continue;
			}
		}
		arg.count = decoding.ndecoded;
		arg.decoded = decoding.decoded;
		arg.entry_number = ready == NULL ? -1 :
			ys_ahead_entry_number(lane->ahead, ready, follow->policy, &follow->bound->bindings);
		elapsed = apply_to(worker, &arg);
		if (worker->interrupted)
			return;
		members++;
		total += elapsed;
		if (elapsed > longest)
		{
			longest = elapsed;
			slowest = follow;
		}
	}
	if (members > 1 && longest > SLOW_MS * Max(count / ys_guc_batch_events, 1) &&
		longest > total - longest && !slowest->aside)
	{
		ys_lane_set_aside(worker, slowest);
		adapt_limit(slowest, count, true, longest);
	}
}

/* A batch's size, as often doubled as there was more than it held: up to most, or what it is anyway. */
static int64
grown(int size, int most, int doublings)
{
	return Min((int64) size << doublings, Max(most, size));
}

/*
 * Take a batch of a lane, of at most so many events; 0: as many as configured.  Those grow while more is
 * waiting: the more events of one key there are in one, the less is written.
 */
static bool
take_batch(YsStreamWorker *worker, YsLane *lane, int limit, int *count, YsMessage **messages, YsError *err)
{
	int			doublings = limit > 0 ? 0 : lane->doublings;
	int64		events = limit > 0 ? limit : grown(ys_guc_batch_events, ys_guc_backlog_events, doublings);
	int64		kilobytes = grown(ys_guc_batch_memory, ys_guc_backlog_memory, doublings);
	int64		bytes = 0;

	if (!worker->intake->take(worker, lane, (int) events, (size_t) kilobytes * 1024, &worker->arena, count, messages, err))
		return false;
	for (int i = 0; i < *count; i++)
		bytes += (*messages)[i].key_len + (*messages)[i].value_len;
	if (*count < events && bytes < kilobytes * 1024)
		lane->doublings = Max(lane->doublings - 1, 0);
	else if (events < ys_guc_backlog_events || kilobytes < ys_guc_backlog_memory)
		lane->doublings++;
	return true;
}

/* Take and apply one batch of a lane. */
static int
consume_lane(YsStreamWorker *worker, YsLane *lane, int limit)
{
	YsEventBatch *ready = NULL;
	YsMessage  *messages;
	int			count = 0;
	YsError		err;
	bool		ok = true;
	bool		ahead = limit == 0 && ys_lane_looks_ahead(worker, lane);

	if (lane->intake == NULL)
		ok = ys_lane_open(worker, lane, &err);
	if (ok && lane->intake != NULL && ahead)
	{
		ok = ys_lane_take_ahead(worker, lane, &ready, &err);
		count = ok ? ready->count : 0;
		messages = ok ? ready->messages : NULL;
	}
	else if (ok && lane->intake != NULL)
		ok = take_batch(worker, lane, limit, &count, &messages, &err);
	if (!ok)
	{
		ys_lane_close(lane);
		/* of a gap the policies concerned know already */
		if (err.code != YS_ERR_TRIMMED)
			ys_stream_note_trouble(worker, &err);
		count = -1;
	}
	else if (count > 0 && ys_stream_declarations_changed())
	{
		/* the next intake has them again */
		ys_lanes_close(worker);
		worker->housekeeping_at = 0;
		count = 0;
	}
	else if (count > 0)
		apply_messages(worker, lane, count, messages, ready);
	ys_arena_reset(&worker->arena);
	return count;
}

int
ys_stream_consume(YsStreamWorker *worker)
{
	int			taken;
	ListCell   *lc;

	ys_lanes_tend(worker);
	taken = consume_lane(worker, &worker->shared, 0);
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		int			own;

		if (taken < 0)
			break;
		if (follow->lane == NULL || !ys_lane_has(worker, follow->lane, follow))
			continue;
		own = consume_lane(worker, follow->lane, follow->batch_limit);
		taken = own < 0 ? own : taken + own;
	}
	return taken;
}

int64
ys_stream_high(const YsStreamWorker *worker, const YsFollow *follow, int32 partition)
{
	const YsLane *lane = follow->aside ? follow->lane : &worker->shared;

	return lane != NULL && lane->intake != NULL ? worker->intake->high(lane, partition) : -1;
}
