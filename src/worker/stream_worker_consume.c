/*-------------------------------------------------------------------------
 * stream_worker_consume.c
 *	  Taking batches, decoding them once, applying them to each policy.
 *
 * All policies share one consumer that starts at the lowest of their
 * positions; each ignores what lies below its own.  So a policy that was
 * paused catches up by itself: its return reopens the consumer where it left.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

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

void
ys_stream_close_consumer(YsStreamWorker *worker)
{
	/* which also closes it */
	if (worker->consumer_context != NULL)
		MemoryContextDelete(worker->consumer_context);
	worker->consumer_context = NULL;
	worker->consumer = NULL;
}

/* The positions to consume from: the lowest of the active policies'.  0: none is active. */
static int
lowest_positions(YsStreamWorker *worker, YsPosition **positions)
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
open_consumer(YsStreamWorker *worker, YsError *err)
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
mark_incomplete(YsStreamWorker *worker)
{
	YsArena		arena;
	YsPartitionOffsets *offsets;
	int			count;
	ListCell   *lc;
	YsError		err;

	ys_arena_init_context(&arena, worker->batch_context, 0);
	if (!ys_kafka_topic_offsets(worker->config, &arena, &count, &offsets, &err))
	{
		ys_stream_note_trouble(worker, &err);
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

/*
 * Decode what the policies of one source want of the batch, items included that have to be read for it.  False and
 * err when they can't be.
 */
static bool
decode_for(const YsStreamWorker *worker, const YsSource *source, int count, const YsMessage *messages,
		   YsArena *arena, int *ndecoded, YsDecoded **decoded, YsError *err)
{
	YsPathTree   *wanted = ys_decode_want_keys(source, arena);
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (follow->source->relid == source->relid && ys_follow_is_active(follow))
			ys_decode_want(wanted, follow->policy, arena);
	}
	*ndecoded = ys_decode_messages(worker->reader, worker->format, worker->config->table, source, wanted,
								   count, messages, arena, decoded);
	return ys_reread_needed_images(source, worker->owner, wanted, *ndecoded, *decoded, arena, err);
}

/*
 * Decode the batch for each source among the policies, apply it to each policy.  False and err when it can't be
 * applied to all: those it was applied to won't see it again.
 */
static bool
apply_messages(YsStreamWorker *worker, int count, const YsMessage *messages, YsArena *arena, YsError *err)
{
	ListCell   *lc;
	Oid			decoded_for = InvalidOid;
	YsDecoded  *decoded = NULL;
	int			ndecoded = 0;

	ys_activity_report("decoding a batch");
	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (!ys_follow_is_active(follow))
			continue;
		if (follow->source->relid != decoded_for &&
			!decode_for(worker, follow->source, count, messages, arena, &ndecoded, &decoded, err))
			return false;
		decoded_for = follow->source->relid;
		ys_activity_set_policy(follow->row->name);
		ys_apply_batch(follow, ndecoded, decoded);
		ys_activity_set_policy(NULL);
	}
	return true;
}

int
ys_stream_consume(YsStreamWorker *worker)
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
		ys_stream_close_consumer(worker);
		if (err.code == YS_ERR_TRIMMED)
			mark_incomplete(worker);
		else
			ys_stream_note_trouble(worker, &err);
		count = -1;
	}
	else if (count > 0 && ys_stream_declarations_changed())
	{
		/* the next consumer has them again */
		ys_stream_close_consumer(worker);
		worker->housekeeping_at = 0;
		count = 0;
	}
	else if (count > 0 && !apply_messages(worker, count, messages, &arena, &err))
	{
		ys_stream_close_consumer(worker);
		ys_stream_note_trouble(worker, &err);
		count = -1;
	}
	ys_arena_free(&arena);
	return count;
}
