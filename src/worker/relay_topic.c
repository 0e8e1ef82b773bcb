/*-------------------------------------------------------------------------
 * relay_topic.c
 *	  Whose the topic is.
 *
 * In one database two relays of one topic are refused when they are created.  Of relays in
 * other databases and servers the topic itself tells: each record is signed with the database
 * it came from and the highest generation there was.  Two relays of one table would not
 * agree on generations, and when the one with the higher stopped, what the other
 * produces would count as stale for good.  So who finds that another database has just produced
 * waits until that has been silent for a while, and then goes on with generations higher
 * than any there are.  The other one, if it was only asleep, is stale from then on and finds out.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <inttypes.h>

#include "access/xlog.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "worker/relay_parts.h"

/* A relay that runs sends watermarks every second or so. */
#define SILENCE_MS			10000
#define TAIL_MESSAGES		16
#define TAIL_BYTES			((size_t) 16 * 1024 * 1024)
#define TAIL_MEMORY			((size_t) 64 * 1024 * 1024)
#define LONGEST_READ_MS		5000

/* Seconds since 2000 grow into it late; what is above leaves no room and is nobody's. */
#define GENERATION_LIMIT	((uint32_t) PG_INT32_MAX - 1000000)

/* What the ends of a topic's partitions tell. */
typedef struct TopicEnd
{
	uint32_t	highest;		/* generation of any relay; 0: there was none */
	bool		others;			/* one of another database's */
	int64		others_at;		/* its last record, milliseconds since 1970 */
	uint32_t	others_highest;
	char		others_tag[YS_RELAY_TAG_SIZE];
} TopicEnd;

/* The same on a server's standbys: a promoted one goes on with the same lineage. */
static void
print_tag(char *tag)
{
	uint64		id[] = {GetSystemIdentifier(), MyDatabaseId};

	snprintf(tag, YS_RELAY_TAG_SIZE, "%016" PRIx64,
			 DatumGetUInt64(hash_any_extended((unsigned char *) id, sizeof(id), 0)));
}

void
ys_relay_sign(const YsRelaySession *session)
{
	char		tag[YS_RELAY_TAG_SIZE];

	print_tag(tag);
	ys_producer_sign(session->producer, tag,
					 (uint32_t) ys_lineage_highest(session->reader.lineage));
}

static void
note_message(TopicEnd *end, const YsMessage *message, const char *tag)
{
	if (message->relay[0] == '\0' || message->relay_generation > GENERATION_LIMIT)
		return;
	end->highest = Max(end->highest, message->relay_generation);
	if (strcmp(message->relay, tag) == 0)
		return;
	if (!end->others || message->timestamp_ms > end->others_at)
	{
		end->others_at = message->timestamp_ms;
		end->others_highest = message->relay_generation;
		strlcpy(end->others_tag, message->relay, sizeof(end->others_tag));
	}
	end->others = true;
}

/* Where to begin reading each partition's end; how many of them have one. */
static int
find_ends(const YsPartitionOffsets *offsets, int count, YsPosition *positions)
{
	int			nends = 0;

	for (int i = 0; i < count; i++)
	{
		if (offsets[i].high == offsets[i].low)
			continue;
		positions[nends].partition = offsets[i].partition;
		positions[nends++].next_offset = Max(offsets[i].low, offsets[i].high - TAIL_MESSAGES);
	}
	return nends;
}

/*
 * Read the ends of all partitions.  Their last offsets may be no messages: not finding them in
 * time is no error.
 */
static bool
read_ends(const YsStreamConfig *config, MemoryContext context, const char *tag, TopicEnd *end,
		  YsError *err)
{
	int64		deadline = ys_clock_ms() + Min(config->timeout_ms, LONGEST_READ_MS);
	YsArena		arena;
	YsPartitionOffsets *offsets;
	YsPosition *positions;
	YsConsumer *consumer;
	YsMessage  *messages;
	int			count;
	int			left;
	bool		ok = true;

	ys_arena_init_context(&arena, context, TAIL_MEMORY);
	if (!ys_kafka_topic_offsets(config, &arena, &count, &offsets, err))
		return false;
	positions = MemoryContextAllocZero(context, sizeof(YsPosition) * Max(count, 1));
	left = find_ends(offsets, count, positions);
	if (left == 0)
		return true;
	consumer = ys_consumer_open(context, config, left, positions, err);
	if (consumer == NULL)
		return false;
	while (ok && left > 0 && ys_clock_ms() < deadline)
	{
		YsArena		batch;
		int			taken = 0;

		ys_arena_init_context(&batch, context, TAIL_MEMORY);
		ok = ys_consumer_take(consumer, TAIL_MESSAGES, TAIL_BYTES, &batch, &taken, &messages, err);
		for (int m = 0; ok && m < taken; m++)
		{
			note_message(end, &messages[m], tag);
			for (int i = 0; i < count; i++)
			{
				if (offsets[i].partition == messages[m].partition &&
					offsets[i].high == messages[m].offset + 1)
					left--;
			}
		}
		ys_arena_free(&batch);
		if (ok && left > 0 && taken == 0)
			(void) ys_wait(ys_consumer_fd(consumer), Max(deadline - ys_clock_ms(), 1));
	}
	ys_consumer_close(consumer);
	return ok;
}

YsRelayOutcome
ys_relay_claim_topic(YsRelaySession *session, bool first, YsError *err)
{
	YsLineage  *lineage = session->reader.lineage;
	MemoryContext context = AllocSetContextCreate(session->context, "yottastore topic's end",
												  ALLOCSET_SMALL_SIZES);
	char		tag[YS_RELAY_TAG_SIZE];
	TopicEnd	end = {0};
	YsRelayOutcome outcome = YS_RELAY_ON;
	int64		silent;
	int			highest = ys_lineage_highest(lineage);
	bool		yields;

	print_tag(tag);
	if (!read_ends(session->config.stream, context, tag, &end, err))
		outcome = YS_RELAY_TROUBLE;
	MemoryContextDelete(context);
	if (outcome != YS_RELAY_ON)
		return outcome;

	silent = ys_shard_now() / 1000 - end.others_at;
	/* who has produced already gives way only to whose records count more than its own */
	yields = first || end.others_highest > (uint32_t) highest ||
		(end.others_highest == (uint32_t) highest && strcmp(end.others_tag, tag) > 0);
	if (end.others && silent < SILENCE_MS && yields)
	{
		ys_error_set(err, YS_ERR_INVALID_OPTION, "a relay of another database produces to topic \"%s\"",
					 session->config.stream->topic);
		ys_error_detail(err, "Its last record is " INT64_FORMAT " s old.", Max(silent, 0) / 1000);
		ys_error_hint(err, "Drop one of the two, or give this one's stream a topic of its own.");
		return YS_RELAY_TROUBLE;
	}
	if (first && highest > 0 &&
		(end.highest > (uint32_t) highest || (end.others && end.highest == (uint32_t) highest)))
	{
		ereport(LOG,
				(errmsg("relay \"%s\" goes on above generation %u, which topic \"%s\" has already",
						session->config.relay->name, end.highest, session->config.stream->topic)));
		ys_lineage_raise(lineage, (int) end.highest);
		outcome = ys_relay_checkpoint(session, NULL, false);
	}
	ys_relay_sign(session);
	return outcome;
}
