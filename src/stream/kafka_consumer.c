/*-------------------------------------------------------------------------
 * kafka_consumer.c
 *	  Consuming a topic from positions of our own.
 *
 * Partitions are assigned at absolute offsets; the broker's group offsets
 * are neither read nor written.  Messages are copied into the caller's arena
 * and destroyed at once, so that none is ever open when the instance is
 * destroyed.  The one exception is a message the arena has no room for:
 * the client keeps it for the next take.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <librdkafka/rdkafka.h>

#include "base/json.h"
#include "base/wait.h"
#include "stream/kafka_client.h"

#define FIRST_MESSAGES		64
#define LOOK_MS				1000
#define ASLEEP_BEFORE		0x020300ff	/* version of the library that has fetch.queue.backoff.ms */
#define WAKE_BYTES			((size_t) 4 * 1024 * 1024)

struct YsConsumer
{
	YsKafkaClient *client;
	const rd_kafka_message_t *message;	/* of the client's held event; NULL: an error event */
	YsError		failure;		/* what ended consumption; YS_OK: nothing yet */
	size_t		unwoken;		/* bytes taken since the fetchers were woken */
	int			npartitions;
	int32		partitions[FLEXIBLE_ARRAY_MEMBER];
};

static const YsKafkaOption consumer_options[] = {
	{"group.id", "yottastore", false},
	{"enable.auto.commit", "false", false},
	{"enable.auto.offset.store", "false", false},
	{"auto.offset.reset", "error", false},
	{"isolation.level", "read_committed", false},
	{"check.crcs", "true", false},
	{"allow.auto.create.topics", "false", false},

	/* only bytes bound the queue; for librdkafka before 2.3 see wake_fetchers */
	{"queued.max.messages.kbytes", "16384", false},
	{"queued.min.messages", "1000000", false},
	{"fetch.max.bytes", "8388608", false},
	{"fetch.queue.backoff.ms", "50", true}, /* 2.3 and later */
	{NULL, NULL, false}
};

YsConsumer *
ys_consumer_open(void *context, const YsStreamConfig *config, int npositions,
				 const YsPosition *positions, YsError *err)
{
	YsConsumer *consumer;
	rd_kafka_topic_partition_list_t *assignment;
	rd_kafka_resp_err_t code;

	consumer = MemoryContextAllocExtended(context, offsetof(YsConsumer, partitions) +
										  sizeof(int32) * (size_t) npositions,
										  MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
	if (consumer == NULL)
	{
		ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
		return NULL;
	}
	consumer->client = ys_kafka_open(context, YS_KAFKA_CONSUMER, config, consumer_options, err);
	if (consumer->client == NULL)
		return NULL;

	assignment = rd_kafka_topic_partition_list_new(npositions);
	for (int i = 0; i < npositions; i++)
	{
		rd_kafka_topic_partition_list_add(assignment, config->topic,
										  positions[i].partition)->offset = positions[i].next_offset;
		consumer->partitions[consumer->npartitions++] = positions[i].partition;
	}
	code = rd_kafka_assign(consumer->client->rk, assignment);
	rd_kafka_topic_partition_list_destroy(assignment);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		ys_kafka_fail(err, consumer->client, code, "read from", NULL);
		ys_consumer_close(consumer);
		return NULL;
	}
	return consumer;
}

void
ys_consumer_close(YsConsumer *consumer)
{
	if (consumer != NULL)
		ys_kafka_close(consumer->client);
}

int
ys_consumer_fd(const YsConsumer *consumer)
{
	return consumer->client->fd;
}

/* ---- headers ---- */

/* Decimal digits up to end as a number of at most limit. */
static bool
parse_number(const char *text, const char *end, uint64 limit, uint64 *number)
{
	*number = 0;
	if (text == end)
		return false;
	for (; text < end; text++)
	{
		uint64		digit = (uint64) *text - '0';

		if (*text < '0' || *text > '9' || *number > (limit - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return true;
}

/* generation:sequence.  False: anything else. */
static bool
parse_position(const char *text, size_t len, YsMessage *message)
{
	const char *end = text + len;
	const char *colon = memchr(text, ':', len);
	YsVersion	version;
	uint64		generation;

	if (colon == NULL || (size_t) (end - colon - 1) >= sizeof(message->sequence) ||
		!parse_number(text, colon, PG_UINT32_MAX, &generation))
		return false;
	memcpy(message->sequence, colon + 1, end - colon - 1);
	message->sequence[end - colon - 1] = '\0';
	message->generation = (uint32_t) generation;
	return strlen(message->sequence) == (size_t) (end - colon - 1) &&
		ys_version_from_sequence(&version, 0, message->generation, message->sequence);
}

/* tag:generation; anything else is no relay's. */
static void
parse_relay(const char *text, size_t len, YsMessage *message)
{
	const char *colon = memchr(text, ':', len);
	uint64		generation;

	if (colon == NULL || (size_t) (colon - text) >= sizeof(message->relay) ||
		!parse_number(colon + 1, text + len, PG_UINT32_MAX, &generation))
		return;
	memcpy(message->relay, text, colon - text);
	message->relay[colon - text] = '\0';
	message->relay_generation = (uint32_t) generation;
}

static void
read_headers(const rd_kafka_message_t *source, YsMessage *message)
{
	rd_kafka_headers_t *headers;
	const void *text;
	size_t		len;
	uint64		watermark;
	uint64		partitions;

	if (rd_kafka_message_headers(source, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	if (rd_kafka_header_get_last(headers, YS_KAFKA_POSITION_HEADER,
								 &text, &len) == RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		message->has_position = text != NULL && parse_position(text, len, message);
		message->bad_position = !message->has_position;
	}
	if (rd_kafka_header_get_last(headers, YS_KAFKA_RELAY_HEADER,
								 &text, &len) == RD_KAFKA_RESP_ERR_NO_ERROR && text != NULL)
		parse_relay(text, len, message);

	/* a watermark has no key: an event with that header stays an event */
	if (source->key == NULL &&
		rd_kafka_header_get_last(headers, YS_KAFKA_WATERMARK_HEADER,
								 &text, &len) == RD_KAFKA_RESP_ERR_NO_ERROR && text != NULL &&
		parse_number(text, (const char *) text + len, PG_INT64_MAX, &watermark))
	{
		message->is_watermark = true;
		message->watermark_us = (int64_t) watermark;
		if (rd_kafka_header_get_last(headers, YS_KAFKA_PARTITIONS_HEADER,
									 &text, &len) == RD_KAFKA_RESP_ERR_NO_ERROR && text != NULL &&
			parse_number(text, (const char *) text + len, PG_INT32_MAX, &partitions))
			message->of_partitions = (int32_t) partitions;
	}
}

/* ---- taking ---- */

/* Bytes with padding zeros behind them; NULL: no room. */
static const char *
copy_padded(YsArena *arena, const void *bytes, size_t len, size_t padding)
{
	char	   *copy = ys_arena_alloc(arena, len + padding);

	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, bytes, len);
	memset(copy + len, 0, padding);
	return copy;
}

/* False when the arena has no room. */
static bool
copy_message(const rd_kafka_message_t *source, YsArena *arena, YsMessage *message)
{
	rd_kafka_timestamp_type_t type;

	memset(message, 0, sizeof(*message));
	message->partition = source->partition;
	message->offset = source->offset;
	message->timestamp_ms = rd_kafka_message_timestamp(source, &type);
	if (source->key != NULL)
	{
		message->key = copy_padded(arena, source->key, source->key_len, 1);
		message->key_len = source->key_len;
		if (message->key == NULL)
			return false;
	}
	if (source->payload != NULL)
	{
		message->value = copy_padded(arena, source->payload, source->len, YS_JSON_PADDING);
		message->value_len = source->len;
		if (message->value == NULL)
			return false;
	}
	read_headers(source, message);
	return true;
}

/* Room for one more message; moves the array when it is full. */
static YsMessage *
grow_messages(YsArena *arena, YsMessage *messages, int count, int *size, int max)
{
	YsMessage  *larger;

	if (count < *size)
		return messages;
	*size = *size == 0 ? Min(max, FIRST_MESSAGES) : Min(max, *size * 2);
	larger = ys_arena_alloc(arena, sizeof(YsMessage) * (size_t) *size);
	if (larger != NULL && count > 0)
		memcpy(larger, messages, sizeof(YsMessage) * (size_t) count);
	return larger;
}

/* Remember what ended consumption. */
static void
note_failure(YsConsumer *consumer, rd_kafka_event_t *event)
{
	rd_kafka_topic_partition_t *partition = rd_kafka_event_topic_partition(event);
	char		doing[64] = "read from";

	if (partition != NULL)
	{
		snprintf(doing, sizeof(doing), "read partition %d of", partition->partition);
		rd_kafka_topic_partition_destroy(partition);
	}
	ys_kafka_fail(&consumer->failure, consumer->client, rd_kafka_event_error(event), doing,
				  rd_kafka_event_error_string(event));
}

/* Have the next event in hand.  False when there is none. */
static bool
hold_event(YsConsumer *consumer)
{
	YsKafkaClient *client = consumer->client;

	if (client->held == NULL)
	{
		client->held = ys_kafka_next_event(client);
		consumer->message = NULL;
		if (client->held != NULL && rd_kafka_event_type(client->held) == RD_KAFKA_EVENT_FETCH)
			consumer->message = rd_kafka_event_message_next(client->held);
	}
	return client->held != NULL;
}

static void
drop_event(YsConsumer *consumer)
{
	rd_kafka_event_destroy(consumer->client->held);
	consumer->client->held = NULL;
	consumer->message = NULL;
}

/*
 * No broker has been left for a while, and nothing has come since: is that so?  What reconnects by
 * itself says nothing when it has; what can't, such as for want of a certificate, goes on trying.
 */
static void
look_for_brokers(YsConsumer *consumer)
{
	YsKafkaClient *client = consumer->client;
	const struct rd_kafka_metadata *metadata;

	if (client->down_at == 0 || ys_clock_ms() < client->down_at + YS_KAFKA_DOWN_MS)
		return;
	if (rd_kafka_metadata(client->rk, 0, client->topic, &metadata,
						  LOOK_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		ys_kafka_fail(&consumer->failure, client, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "read from", NULL);
		return;
	}
	rd_kafka_metadata_destroy(metadata);
	client->down_at = 0;
	client->trouble = 0;
}

/*
 * When the queue is full, librdkafka before 2.3 lets the thread of a broker sleep until something comes
 * for it, or for a second: a fast reader has long emptied the queue by then, and starves.  A question
 * to the broker wakes it; nobody waits for the answer.
 */
static void
wake_fetchers(YsConsumer *consumer, size_t taken)
{
	rd_kafka_topic_partition_list_t *list;

	consumer->unwoken += taken;
	if (consumer->unwoken < WAKE_BYTES || rd_kafka_version() >= ASLEEP_BEFORE)
		return;
	consumer->unwoken = 0;
	list = rd_kafka_topic_partition_list_new(consumer->npartitions);
	for (int i = 0; i < consumer->npartitions; i++)
		rd_kafka_topic_partition_list_add(list, consumer->client->topic_name,
										  consumer->partitions[i])->offset = RD_KAFKA_OFFSET_END;
	(void) rd_kafka_offsets_for_times(consumer->client->rk, list, 0);
	rd_kafka_topic_partition_list_destroy(list);
}

bool
ys_consumer_take(YsConsumer *consumer, int max, size_t max_bytes, YsArena *arena,
				 int *nmessages, YsMessage **messages, YsError *err)
{
	YsKafkaClient *client = consumer->client;
	YsMessage  *taken = NULL;
	int			size = 0;
	size_t		bytes = 0;
	bool		drained = false;
	bool		exhausted = false;

	*nmessages = 0;
	ys_kafka_disarm(client);
	while (*nmessages < max && bytes < max_bytes && consumer->failure.code == YS_OK)
	{
		drained = !hold_event(consumer);
		if (drained)
			break;
		if (consumer->message != NULL)
		{
			YsMessage  *larger = grow_messages(arena, taken, *nmessages, &size, max);

			exhausted = larger == NULL ||
				!copy_message(consumer->message, arena, &larger[*nmessages]);
			if (larger != NULL)
				taken = larger;
			if (exhausted)
				break;
			bytes += taken[*nmessages].key_len + taken[*nmessages].value_len;
			(*nmessages)++;
			client->trouble = 0;
			client->down_at = 0;
		}
		else if (rd_kafka_event_type(client->held) == RD_KAFKA_EVENT_ERROR)
			note_failure(consumer, client->held);
		drop_event(consumer);
	}
	*messages = taken;
	wake_fetchers(consumer, bytes);
	if (!drained)
		ys_kafka_rearm(client);
	else if (*nmessages == 0)
		look_for_brokers(consumer);

	/* what was taken before the failure is handed out first */
	if (*nmessages > 0)
		return true;
	if (exhausted)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY,
							"no memory for a message of kafka topic \"%s\"", client->topic_name);
	if (consumer->failure.code != YS_OK)
	{
		*err = consumer->failure;
		return false;
	}
	return true;
}

int64_t
ys_consumer_high(YsConsumer *consumer, int32_t partition)
{
	int64_t		low;
	int64_t		high;

	if (rd_kafka_get_watermark_offsets(consumer->client->rk, consumer->client->topic_name,
									   partition, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return -1;
	return high >= 0 ? high : -1;
}
