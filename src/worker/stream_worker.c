/*-------------------------------------------------------------------------
 * stream_worker.c
 *	  Follows one stream for the policies of one owner.
 *
 * The loop: interrupts and configuration, which policies there are, new ones
 * get their start, a batch from Kafka is decoded once and applied to each
 * policy, then one page of each backfill, then a bit of each job, then, if
 * there was nothing to do, a wait.  No transaction is open while anything outside is waited for.
 *
 * All policies share one consumer that starts at the lowest of their
 * positions; each ignores what lies below its own.  So a policy that was
 * paused catches up by itself: its return reopens the consumer where it left.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/extension.h"
#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/area.h"
#include "catalog/server.h"
#include "catalog/synonym.h"
#include "errors.h"
#include "guc.h"
#include "worker/apply.h"
#include "worker/backfill.h"
#include "worker/decode.h"
#include "worker/jobs.h"
#include "worker/stream_worker.h"
#include "worker/transaction.h"

#define HOUSEKEEPING_MS		1000
#define RETRY_MS			1000L
#define QUIET_MS			3000	/* after which trouble is over: longer than trying again takes */

typedef struct StreamWorker
{
	Oid			stream;
	Oid			owner;
	MemoryContext context;
	MemoryContext batch_context;	/* reset after each batch */
	MemoryContext config_context;
	YsStreamConfig *config;		/* as declared when policies were last looked at */
	YsEventFormat format;
	YsJsonReader *reader;
	YsHandle   *reader_handle;
	List	   *follows;
	MemoryContext consumer_context; /* its own: consumers come and go */
	YsConsumer *consumer;		/* NULL: to be opened */
	int64		housekeeping_at;
	int64		retry_at;		/* don't bother brokers or store before */
	bool		troubled;		/* a reason is noted on the policies */
} StreamWorker;

/* What the callback looks at, and what it has found changed. */
static StreamWorker *this_worker = NULL;
static Oid	bound_relids[2] = {InvalidOid, InvalidOid};
static bool bound_changed = false;	/* what policies are bound to: areas, synonyms */
static bool sources_changed = false;

/* InvalidOid: everything may have changed. */
static void
relcache_callback(Datum arg, Oid relid)
{
	ListCell   *lc;

	if (!OidIsValid(relid) || relid == bound_relids[0] || relid == bound_relids[1])
		bound_changed = true;
	foreach(lc, this_worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (!OidIsValid(relid) || relid == follow->source->relid)
			sources_changed = true;
	}
}

/*
 * Has anything changed that events are read by?  Asked with messages in hand: what
 * came after a change must not meet what was before it.
 */
static bool
declarations_changed(void)
{
	AcceptInvalidationMessages();
	return bound_changed || sources_changed;
}

static void
release_reader(void *reader)
{
	ys_json_reader_destroy(reader);
}

static void
close_consumer(StreamWorker *worker)
{
	/* which also closes it */
	if (worker->consumer_context != NULL)
		MemoryContextDelete(worker->consumer_context);
	worker->consumer_context = NULL;
	worker->consumer = NULL;
}

/* Say on every policy of this worker what keeps it from going on; NULL: nothing does. */
static void
note_reason(StreamWorker *worker, const char *reason)
{
	ListCell   *lc;

	ys_transaction_begin("noting a reason");
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (ys_follow_is_active(follow) || follow->row->phase == YS_PHASE_STARTING)
			ys_policy_set_reason(follow->row->policy_id, reason);
	}
	ys_transaction_commit();
}

/* Brokers or store can't be had: say so, and leave them alone for a while. */
static void
note_trouble(StreamWorker *worker, const YsError *err)
{
	worker->troubled = true;
	note_reason(worker, psprintf("%s%s%s", err->message, err->detail[0] != '\0' ? ": " : "",
								 err->detail));
	ys_error_report(LOG, err);
	worker->retry_at = ys_clock_ms() + RETRY_MS;
}

/* ---- which policies there are ---- */

static YsFollow *
find_follow(StreamWorker *worker, int policy_id)
{
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (follow->row->policy_id == policy_id)
			return follow;
	}
	return NULL;
}

/* Follow a policy no more.  The others' consumer is opened anew. */
static void
discard_follow(StreamWorker *worker, YsFollow *follow)
{
	worker->follows = list_delete_ptr(worker->follows, follow);
	if (follow->backfill != NULL)
		ys_backfill_close(follow);
	ys_follow_close(follow);
	close_consumer(worker);
}

typedef struct RefreshArg
{
	StreamWorker *worker;
	const YsPolicyRow *row;
	bool		bind;
} RefreshArg;

/*
 * Bring one policy up to date with its catalog row and its source.  One that
 * someone else paused or resumed, or whose source changed, is opened anew: its
 * positions count again from the catalog's.
 */
static void
refresh_follow(void *arg)
{
	RefreshArg *refresh = arg;
	StreamWorker *worker = refresh->worker;
	const YsPolicyRow *row = refresh->row;
	YsFollow   *follow = find_follow(worker, row->policy_id);
	MemoryContext old;

	if (follow != NULL && (follow->row->phase != row->phase || ys_phase_is_resting(row->phase) ||
						   !ys_follow_is_current(follow)))
	{
		discard_follow(worker, follow);
		follow = NULL;
	}
	else if (follow != NULL && refresh->bind)
		ys_follow_load_bindings(follow);
	if (follow != NULL || ys_phase_is_resting(row->phase))
		return;

	follow = ys_follow_open(worker->context, row);
	old = MemoryContextSwitchTo(worker->context);
	worker->follows = lappend(worker->follows, follow);
	MemoryContextSwitchTo(old);
	close_consumer(worker);
}

/*
 * Refresh one policy; what it can't go on with pauses it, and it alone.
 * Positions in one topic mean nothing in another.  Inside a transaction.
 */
static void
refresh_or_stop(StreamWorker *worker, YsPolicyRow *row, bool bind)
{
	RefreshArg	arg = {worker, row, bind};
	ErrorData  *error = NULL;
	YsFollow   *follow;

	if (!ys_phase_is_resting(row->phase) && row->topic != NULL &&
		strcmp(row->topic, worker->config->topic) != 0)
	{
		ys_policy_set_phase(row->policy_id, YS_PHASE_INCOMPLETE,
							psprintf("the stream's topic was \"%s\" and is \"%s\" now: "
									 "drop and create the policy again",
									 row->topic, worker->config->topic));
		row->phase = YS_PHASE_INCOMPLETE;
	}
	error = ys_transaction_try(refresh_follow, &arg);
	follow = find_follow(worker, row->policy_id);
	if (error == NULL)
		return;
	if (follow != NULL)
		discard_follow(worker, follow);
	ys_follow_pause(row, error);
}

/* Read the stream's options; when they changed, consume by the new ones.  Inside a transaction. */
static void
load_config(StreamWorker *worker)
{
	MemoryContext context = AllocSetContextCreate(worker->context, "yottastore stream options",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	YsStreamConfig *config = ys_server_stream(worker->stream, worker->owner);

	MemoryContextSwitchTo(old);
	if (worker->config != NULL &&
		strcmp(config->brokers, worker->config->brokers) == 0 &&
		strcmp(config->topic, worker->config->topic) == 0 &&
		strcmp(config->format, worker->config->format) == 0 &&
		config->timeout_ms == worker->config->timeout_ms)
	{
		MemoryContextDelete(context);
		return;
	}
	if (!ys_event_format_by_name(config->format, &worker->format))
		elog(ERROR, "unknown stream format \"%s\"", config->format);
	close_consumer(worker);
	if (worker->config_context != NULL)
		MemoryContextDelete(worker->config_context);
	worker->config_context = context;
	worker->config = config;
}

/* False when there is nothing left to do for this worker. */
static bool
refresh_follows(StreamWorker *worker)
{
	MemoryContext rows = AllocSetContextCreate(CurrentMemoryContext, "yottastore policy rows",
											   ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(rows);
	List	   *wanted = NIL;
	ListCell   *lc;
	bool		bind = bound_changed;
	bool		any;

	/* a change from now on is another */
	bound_changed = false;
	sources_changed = false;
	ys_transaction_begin("reading policies");
	if (OidIsValid(get_extension_oid("yottastore", true)))
		wanted = ys_policy_list(worker->stream, worker->owner);
	foreach(lc, list_copy(worker->follows))
	{
		YsFollow   *follow = lfirst(lc);
		bool		found = false;
		ListCell   *row;

		foreach(row, wanted)
			found = found || ((YsPolicyRow *) lfirst(row))->policy_id == follow->row->policy_id;
		if (!found)
			discard_follow(worker, follow);
	}
	if (wanted != NIL)
		load_config(worker);
	foreach(lc, wanted)
		refresh_or_stop(worker, lfirst(lc), bind);
	ys_transaction_commit();

	any = wanted != NIL;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(rows);
	return any;
}

/* ---- a policy's start ---- */

/* Make the positions to resume from durable, so that backfill may begin. */
static bool
start_follow(StreamWorker *worker, YsFollow *follow, YsError *err)
{
	YsArena		arena;
	YsPartitionOffsets *offsets;
	YsPolicyPosition *positions;
	int			count;
	YsPhase		phase;

	ys_arena_init_context(&arena, worker->batch_context, 0);
	if (!ys_kafka_topic_offsets(worker->config, &arena, &count, &offsets, err))
	{
		ys_arena_free(&arena);
		return false;
	}
	positions = palloc0(sizeof(YsPolicyPosition) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		positions[i].partition = offsets[i].partition;
		positions[i].next_offset = offsets[i].high;
		positions[i].high_offset = offsets[i].high;
	}
	ys_transaction_begin("starting a policy");
	if (ys_policy_lock(follow->row->policy_id, &phase) && phase == YS_PHASE_STARTING)
	{
		ys_position_save(follow->row->policy_id, count, positions);
		ys_segment_create(follow->row->policy_id, ys_guc_backfill_segments);
		ys_policy_begin_backfill(follow->row->policy_id, worker->config->topic);
		follow->row->phase = YS_PHASE_BACKFILL;
		ys_follow_load_positions(follow);
	}
	ys_transaction_commit();
	close_consumer(worker);
	pfree(positions);
	ys_arena_free(&arena);
	return true;
}

/* ---- consuming ---- */

/* The positions to consume from: the lowest of the active policies'.  0: none is active. */
static int
lowest_positions(StreamWorker *worker, YsPosition **positions)
{
	int			most = 0;
	int			count = 0;
	ListCell   *lc;

	foreach(lc, worker->follows)
		most += ((YsFollow *) lfirst(lc))->npositions;
	*positions = palloc(sizeof(YsPosition) * Max(most, 1));
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		for (int i = 0; ys_follow_is_active(follow) && i < follow->npositions; i++)
		{
			const YsPolicyPosition *own = &follow->positions[i];
			int			p = 0;

			while (p < count && (*positions)[p].partition != own->partition)
				p++;
			if (p == count)
			{
				(*positions)[count].partition = own->partition;
				(*positions)[count++].next_offset = own->next_offset;
			}
			else if (own->next_offset < (*positions)[p].next_offset)
				(*positions)[p].next_offset = own->next_offset;
		}
	}
	return count;
}

/* False when consumption failed and err says why; true with no consumer: nobody is active. */
static bool
open_consumer(StreamWorker *worker, YsError *err)
{
	YsPosition *positions;
	int			count = lowest_positions(worker, &positions);

	if (count > 0)
	{
		worker->consumer_context = AllocSetContextCreate(worker->context, "yottastore consumer",
														 ALLOCSET_SMALL_SIZES);
		worker->consumer = ys_consumer_open(worker->consumer_context, worker->config, count,
											positions, err);
	}
	pfree(positions);
	return count == 0 || worker->consumer != NULL;
}

/* Changes between a policy's position and the oldest event kept are lost: say so, and stop it. */
static void
mark_incomplete(StreamWorker *worker)
{
	YsArena		arena;
	YsPartitionOffsets *offsets;
	int			count;
	ListCell   *lc;
	YsError		err;

	ys_arena_init_context(&arena, worker->batch_context, 0);
	if (!ys_kafka_topic_offsets(worker->config, &arena, &count, &offsets, &err))
	{
		note_trouble(worker, &err);
		ys_arena_free(&arena);
		return;
	}
	ys_transaction_begin("marking a gap");
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		for (int i = 0; i < count && ys_follow_is_active(follow); i++)
		{
			YsPolicyPosition *own = ys_follow_position(follow, offsets[i].partition);

			if (own == NULL ||
				(own->next_offset >= offsets[i].low && own->next_offset <= offsets[i].high))
				continue;
			follow->row->phase = YS_PHASE_INCOMPLETE;
			ys_policy_set_phase(follow->row->policy_id, YS_PHASE_INCOMPLETE,
								psprintf("partition %d of topic \"%s\" no longer holds offset " INT64_FORMAT
										 ": drop and create the policy again",
										 own->partition, worker->config->topic, own->next_offset));
		}
	}
	ys_transaction_commit();
	ys_arena_free(&arena);
}

/* Decode what the policies of one source want of the batch. */
static YsDecoded *
decode_for(const StreamWorker *worker, const YsSource *source, int count, const YsMessage *messages,
		   YsArena *arena)
{
	YsPathTree   *wanted = ys_decode_want_keys(source, arena);
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (follow->source->relid == source->relid && ys_follow_is_active(follow))
			ys_decode_want(wanted, follow->policy, arena);
	}
	return ys_decode_messages(worker->reader, worker->format, source, wanted, count, messages, arena);
}

/* Decode the batch for each source among the policies, apply it to each policy. */
static void
apply_messages(StreamWorker *worker, int count, const YsMessage *messages, YsArena *arena)
{
	ListCell   *lc;
	Oid			decoded_for = InvalidOid;
	YsDecoded  *decoded = NULL;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (!ys_follow_is_active(follow))
			continue;
		if (follow->source->relid != decoded_for)
			decoded = decode_for(worker, follow->source, count, messages, arena);
		decoded_for = follow->source->relid;
		ys_apply_batch(follow, count, decoded);
	}
}

/* Take and apply one batch.  Returns how many messages there were, -1 on an error noted. */
static int
consume_batch(StreamWorker *worker)
{
	YsArena		arena;
	YsMessage  *messages;
	int			count = 0;
	YsError		err;
	bool		ok = true;

	ys_arena_init_context(&arena, worker->batch_context, 0);
	if (worker->consumer == NULL)
		ok = open_consumer(worker, &err);
	if (ok && worker->consumer != NULL)
		ok = ys_consumer_take(worker->consumer, ys_guc_batch_events,
							  (size_t) ys_guc_batch_memory * 1024, &arena, &count, &messages, &err);
	if (!ok)
	{
		close_consumer(worker);
		if (err.code == YS_ERR_TRIMMED)
			mark_incomplete(worker);
		else
			note_trouble(worker, &err);
		count = -1;
	}
	else if (count > 0 && declarations_changed())
	{
		/* the next consumer has them again */
		close_consumer(worker);
		worker->housekeeping_at = 0;
		count = 0;
	}
	else if (count > 0)
		apply_messages(worker, count, messages, &arena);
	ys_arena_free(&arena);
	return count;
}

/* ---- housekeeping ---- */

/* Save how far the topic goes where no batch has done so. */
static void
save_positions(StreamWorker *worker)
{
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		YsPhase		phase;

		if (worker->consumer == NULL || !ys_follow_is_active(follow))
			continue;
		for (int i = 0; i < follow->npositions; i++)
		{
			YsPolicyPosition *position = &follow->positions[i];
			int64		high = ys_consumer_high(worker->consumer, position->partition);

			if (high > position->high_offset)
			{
				position->high_offset = high;
				follow->positions_dirty = true;
			}
		}
		if (!follow->positions_dirty)
			continue;
		ys_transaction_begin("saving positions");
		if (ys_policy_lock(follow->row->policy_id, &phase))
			ys_position_save(follow->row->policy_id, follow->npositions, follow->positions);
		ys_transaction_commit();
		follow->positions_dirty = false;
	}
}

/* Once a second, or when woken: policies, their starts, positions.  False: the end. */
static bool
housekeep(StreamWorker *worker)
{
	ListCell   *lc;
	YsError		err;

	worker->housekeeping_at = ys_clock_ms() + HOUSEKEEPING_MS;
	if (!refresh_follows(worker))
		return false;
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (follow->row->phase == YS_PHASE_STARTING && ys_clock_ms() >= worker->retry_at &&
			!start_follow(worker, follow, &err))
			note_trouble(worker, &err);
		if (follow->row->phase == YS_PHASE_BACKFILL && follow->backfill == NULL)
			ys_backfill_open(follow);
	}
	save_positions(worker);
	ys_jobs_look(worker->stream, worker->owner, worker->follows);
	return true;
}

/* One page of each backfill.  False when there is none under way. */
static bool
backfill_pages(StreamWorker *worker)
{
	ListCell   *lc;
	bool		busy = false;
	YsError		err;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (follow->backfill == NULL || follow->row->phase != YS_PHASE_BACKFILL)
			continue;
		if (ys_backfill_step(follow, &err))
			busy = true;
		else
			note_trouble(worker, &err);
	}
	return busy;
}

/*
 * A bit of each job.  Not with areas older than the job: whoever edits them and then asks
 * for it, sees it done by the new ones.
 */
static bool
step_jobs(StreamWorker *worker)
{
	return !declarations_changed() && ys_jobs_step(worker->follows);
}

/* Hear of changed areas, synonyms and sources from now on. */
static void
watch_declarations(StreamWorker *worker)
{
	this_worker = worker;
	ys_transaction_begin("looking up areas and synonyms");
	bound_relids[0] = ys_areas_relid();
	bound_relids[1] = ys_synonyms_relid();
	ys_transaction_commit();
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
}

void
ys_stream_worker_run(Oid stream, Oid owner)
{
	StreamWorker worker = {.stream = stream, .owner = owner};

	worker.context = AllocSetContextCreate(TopMemoryContext, "yottastore stream worker",
										   ALLOCSET_DEFAULT_SIZES);
	worker.batch_context = AllocSetContextCreate(worker.context, "yottastore stream batch",
												 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(worker.context);
	worker.reader = ys_json_reader_create();
	if (worker.reader == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	worker.reader_handle = ys_handle_own(worker.context, worker.reader, release_reader);
	watch_declarations(&worker);
	MemoryContextSwitchTo(worker.batch_context);

	for (;;)
	{
		int			taken = 0;
		int64		now;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		now = ys_clock_ms();
		if ((declarations_changed() || now >= worker.housekeeping_at) && !housekeep(&worker))
			break;
		if (now >= worker.retry_at)
		{
			taken = consume_batch(&worker);
			if (backfill_pages(&worker))
				taken = 1;
			if (worker.troubled && ys_clock_ms() >= worker.retry_at + QUIET_MS)
			{
				worker.troubled = false;
				note_reason(&worker, NULL);
			}
		}
		if (step_jobs(&worker))
			taken = 1;
		if (taken <= 0)
			(void) ys_wait(worker.consumer != NULL ? ys_consumer_fd(worker.consumer) : -1,
						   Max(worker.housekeeping_at - ys_clock_ms(), 1));
		MemoryContextReset(worker.batch_context);
	}
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(worker.context);
}
