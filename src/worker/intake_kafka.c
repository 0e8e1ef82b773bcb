/*-------------------------------------------------------------------------
 * intake_kafka.c
 *	  Batches from a Kafka topic.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "catalog/relay.h"
#include "foreign/foreign.h"
#include "guc.h"
#include "worker/activity.h"
#include "worker/intake_kafka.h"
#include "worker/stream_worker_parts.h"
#include "worker/transaction.h"

#define NEAR_BATCHES		10		/* no farther apart, policies share a consumer from its start */

typedef struct KafkaIntake
{
	YsConsumer *consumer;
	int			npositions;
	YsPosition *positions;		/* what it hands out next; of these partitions */
} KafkaIntake;

/* ---- what is followed ---- */

/* Read the stream's options; when they changed, consume by the new ones. */
static int
load_stream(YsStreamWorker *worker)
{
	/* it is the worker's once nothing can fail any more */
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore stream options",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	YsStreamConfig *config;
	YsEventFormat format;

	ys_activity_identify("stream", GetForeignServer(worker->policies.stream)->servername);
	config = ys_server_stream(worker->policies.stream, worker->policies.owner);
	if (!ys_event_format_by_name(config->format, &format))
		elog(ERROR, "unknown stream format \"%s\"", config->format);
	MemoryContextSwitchTo(old);
	if (worker->config != NULL && ys_stream_config_same(worker->config, config))
	{
		MemoryContextDelete(context);
		return worker->config->workers;
	}
	ys_lanes_close(worker);
	if (worker->config_context != NULL)
		MemoryContextDelete(worker->config_context);
	MemoryContextSetParent(context, worker->context);
	worker->config_context = context;
	worker->config = config;
	worker->format = format;
	return config->workers;
}

/* Positions in one topic mean nothing in another. */
static const char *
refuses_topic(const YsStreamWorker *worker, const char *topic)
{
	if (strcmp(topic, worker->config->topic) == 0)
		return NULL;
	return psprintf("the stream's topic was \"%s\" and is \"%s\" now: call yottastore.index_resync_start",
					topic, worker->config->topic);
}

/* Would changes of the policy's source be in the stream?  If not, say why on the policy. */
static bool
relay_is_ready(const YsFollow *follow)
{
	const YsPolicyRow *row = follow->row;
	char	   *unready;

	ys_transaction_begin("looking for the policy's relay");
	unready = ys_relay_unready(row->source, row->stream);
	if (unready != NULL)
		ys_policy_set_reason(row->policy_id, unready);
	ys_transaction_commit();
	return unready == NULL;
}

static bool
start_policy(YsStreamWorker *worker, YsFollow *follow, YsError *err)
{
	YsArena		arena;
	YsPartitionOffsets *offsets;
	YsPolicyPosition *positions;
	int			count;
	YsPhase		phase;

	if (!relay_is_ready(follow))
		return true;
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
	if (ys_follow_lock(follow, true, &phase) && phase == YS_PHASE_STARTING)
	{
		ys_position_save(follow->row->policy_id, count, positions);
		ys_segment_create(follow->row->policy_id, ys_guc_backfill_segments);
		ys_policy_begin_backfill(follow->row->policy_id, worker->config->topic);
		follow->row->phase = YS_PHASE_BACKFILL;
		ys_follow_load_positions(follow);
	}
	ys_transaction_commit();
	ys_topic_look_soon(worker);	/* from now on its log is to be known */
	pfree(positions);
	ys_arena_free(&arena);
	return true;
}

/* ---- consuming ---- */

static YsPosition *
find_position(const KafkaIntake *intake, int32 partition)
{
	for (int i = 0; i < intake->npositions; i++)
	{
		if (intake->positions[i].partition == partition)
			return &intake->positions[i];
	}
	return NULL;
}

/* The lowest positions of a lane's policies. */
static void
find_positions(KafkaIntake *intake, const List *members)
{
	int			most = 0;
	ListCell   *lc;

	foreach(lc, members)
		most += ((YsFollow *) lfirst(lc))->npositions;
	intake->positions = palloc(sizeof(YsPosition) * Max(most, 1));
	foreach(lc, members)
	{
		const YsFollow *follow = lfirst(lc);

		for (int i = 0; i < follow->npositions; i++)
		{
			const YsPolicyPosition *own = &follow->positions[i];
			YsPosition *position = find_position(intake, own->partition);

			if (ys_follow_holds(follow, own, own->next_offset))
				continue;
			if (position == NULL)
			{
				position = &intake->positions[intake->npositions++];
				position->partition = own->partition;
				position->next_offset = own->next_offset;
			}
			position->next_offset = Min(position->next_offset, own->next_offset);
		}
	}
}

static bool
open_consumer(YsStreamWorker *worker, YsLane *lane, const List *members, YsError *err)
{
	MemoryContext old;
	KafkaIntake *intake;

	if (!ys_topic_is_known(worker))
		return true;
	old = MemoryContextSwitchTo(lane->context);
	intake = palloc0(sizeof(KafkaIntake));
	find_positions(intake, members);
	MemoryContextSwitchTo(old);
	if (intake->npositions == 0)
		return true;
	intake->consumer = ys_consumer_open(lane->context, worker->config, intake->npositions,
										intake->positions, err);
	if (intake->consumer == NULL)
	{
		ys_topic_doubt(worker);
		return false;
	}
	lane->intake = (YsIntake *) intake;
	return true;
}

/* The consumer has handed these out. */
static void
advance(KafkaIntake *intake, int count, const YsMessage *messages)
{
	for (int i = 0; i < count; i++)
	{
		YsPosition *position = find_position(intake, messages[i].partition);

		if (position != NULL)
			position->next_offset = messages[i].offset + 1;
	}
}

static void
note_taken(YsStreamWorker *worker, YsLane *lane, bool ok, int count, const YsMessage *messages)
{
	if (!ok)
	{
		ys_topic_doubt(worker);
		return;
	}
	advance((KafkaIntake *) lane->intake, count, messages);
	ys_topic_note(worker, count, messages);
}

static bool
take_messages(YsStreamWorker *worker, YsLane *lane, int max, size_t max_bytes, YsArena *arena,
			  int *count, YsMessage **messages, YsError *err)
{
	YsConsumer *consumer = ((KafkaIntake *) lane->intake)->consumer;
	bool		ok = ys_consumer_take(consumer, max, max_bytes, arena, count, messages, err);

	note_taken(worker, lane, ok, *count, *messages);
	return ok;
}

static bool
take_ahead(void *consumer, int max, size_t max_bytes, YsArena *arena, int *count, YsMessage **messages,
		   YsError *err)
{
	return ys_consumer_take(consumer, max, max_bytes, arena, count, messages, err);
}

static void
consumer_ahead(const YsLane *lane, YsAheadSource *source)
{
	YsConsumer *consumer = ((KafkaIntake *) lane->intake)->consumer;

	*source = (YsAheadSource) {take_ahead, consumer, ys_consumer_fd(consumer)};
}

static void
consumer_signals(const YsLane *lane, int *fd, long *timeout_ms)
{
	*fd = ys_consumer_fd(((const KafkaIntake *) lane->intake)->consumer);
	*timeout_ms = -1;
}

static bool
topic_ends(YsStreamWorker *worker, YsArena *arena, int *count, YsPartitionOffsets **ends, YsError *err)
{
	return ys_kafka_topic_offsets(worker->config, arena, count, ends, err);
}

static int64
consumer_high(const YsLane *lane, int32 partition)
{
	return ys_consumer_high(((const KafkaIntake *) lane->intake)->consumer, partition);
}

/* ---- who is where ---- */

static bool
has_caught_up(const YsLane *lane, YsFollow *follow)
{
	const KafkaIntake *intake = (const KafkaIntake *) lane->intake;

	for (int i = 0; i < intake->npositions; i++)
	{
		const YsPolicyPosition *own = ys_follow_position(follow, intake->positions[i].partition);

		if (own != NULL && own->next_offset < intake->positions[i].next_offset)
			return false;
	}
	return true;
}

static bool
covers(const YsLane *lane, const YsFollow *follow)
{
	const KafkaIntake *intake = (const KafkaIntake *) lane->intake;

	for (int i = 0; i < follow->npositions; i++)
	{
		const YsPolicyPosition *own = &follow->positions[i];

		if (!ys_follow_holds(follow, own, own->next_offset) &&
			find_position(intake, own->partition) == NULL)
			return false;
	}
	return true;
}

static bool
is_far_behind(YsFollow *follow, YsFollow *other)
{
	int64		behind = 0;

	for (int i = 0; i < follow->npositions; i++)
	{
		const YsPolicyPosition *own = &follow->positions[i];
		const YsPolicyPosition *theirs = ys_follow_position(other, own->partition);

		if (theirs != NULL)
			behind += Max(theirs->next_offset - own->next_offset, 0);
	}
	return behind > (int64) NEAR_BATCHES * ys_guc_batch_events;
}

const YsIntakeKind ys_intake_kafka = {
	.most_own_lanes = 2,
	.load = load_stream,
	.refuses = refuses_topic,
	.start = start_policy,
	.open = open_consumer,
	.take = take_messages,
	.ahead = consumer_ahead,
	.taken = note_taken,
	.look = ys_topic_look,
	.signals = consumer_signals,
	.has_caught_up = has_caught_up,
	.covers = covers,
	.is_far_behind = is_far_behind,
	.high = consumer_high,
	.ends = topic_ends
};
