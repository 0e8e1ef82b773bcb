/*-------------------------------------------------------------------------
 * kafka_producer.c
 *	  Producing change events and watermarks, with acknowledgements.
 *
 * The producer is idempotent: within one instance's life each message is
 * written once and in order.  Across lives the relay produces again what it
 * had not checkpointed, and readers drop by version what they have seen.
 * After a failure nothing later may count as acknowledged, so the first one
 * is kept and ends the producer.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <librdkafka/rdkafka.h>

#include "base/wait.h"
#include "stream/kafka_client.h"

/* While the queue is full: how long to wait for a sign of progress. */
#define QUEUE_WAIT_MS		1000L

struct YsProducer
{
	YsKafkaClient *client;
	int			partitions;
	int64		unacknowledged;
	char		signature[48];
	size_t		signature_len;
	YsError		failure;		/* the first one; YS_OK: none */
};

static const YsKafkaOption producer_options[] = {
	{"enable.idempotence", "true", false},
	{"acks", "all", false},
	{"linger.ms", "5", false},
	{"compression.codec", "lz4", true}, /* not in every build */
	{"message.max.bytes", YS_KAFKA_LARGEST_MESSAGE, false},
	{"message.timeout.ms", "120000", false},
	{"queue.buffering.max.messages", "100000", false},
	{"queue.buffering.max.kbytes", "65536", false},
	{NULL, NULL, false}
};

YsProducer *
ys_producer_open(void *context, const YsStreamConfig *config, int partitions, YsError *err)
{
	YsProducer *producer;

	producer = MemoryContextAllocExtended(context, sizeof(YsProducer),
										  MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
	if (producer == NULL)
	{
		ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
		return NULL;
	}
	producer->partitions = partitions;
	producer->client = ys_kafka_open(context, YS_KAFKA_PRODUCER, config, producer_options, err);
	return producer->client != NULL ? producer : NULL;
}

void
ys_producer_sign(YsProducer *producer, const char *tag, uint32_t generation)
{
	producer->signature_len = (size_t) snprintf(producer->signature, sizeof(producer->signature),
												"%s:%u", tag, generation);
}

/* Keep the first failure. */
static void
note_failure(YsProducer *producer, int code, const char *reason)
{
	if (producer->failure.code == YS_OK)
		ys_kafka_fail(&producer->failure, producer->client, code, "write to", reason);
}

/* Take in what has been acknowledged, without waiting.  False after a failure. */
static bool
take_reports(YsProducer *producer)
{
	YsKafkaClient *client = producer->client;
	rd_kafka_event_t *event;
	const rd_kafka_message_t *message;

	ys_kafka_disarm(client);
	while ((event = ys_kafka_next_event(client)) != NULL)
	{
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			note_failure(producer, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
		else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
		{
			while ((message = rd_kafka_event_message_next(event)) != NULL)
			{
				producer->unacknowledged--;
				if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
					note_failure(producer, message->err, NULL);
				else
					client->trouble = 0;
			}
		}
		rd_kafka_event_destroy(event);
	}
	return producer->failure.code == YS_OK;
}

static bool
give_failure(const YsProducer *producer, YsError *err)
{
	*err = producer->failure;
	return false;
}

/* Queue one message; waits while the queue is full. */
static bool
enqueue(YsProducer *producer, const rd_kafka_vu_t *parts, size_t nparts, YsError *err)
{
	for (;;)
	{
		rd_kafka_error_t *error;
		int			code;

		if (producer->failure.code != YS_OK)
			return give_failure(producer, err);
		error = rd_kafka_produceva(producer->client->rk, parts, nparts);
		if (error == NULL)
			break;
		code = rd_kafka_error_code(error);
		if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			note_failure(producer, code, rd_kafka_error_string(error));
		rd_kafka_error_destroy(error);
		if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && take_reports(producer))
			(void) ys_wait_for(YS_WAIT_KAFKA, producer->client->fd, QUEUE_WAIT_MS);
	}
	producer->unacknowledged++;
	return true;
}

bool
ys_producer_send(YsProducer *producer, const char *key, size_t key_len,
				 const char *value, size_t value_len,
				 uint32_t generation, const char *sequence, YsError *err)
{
	char		position[64];
	int			position_len = snprintf(position, sizeof(position), "%u:%s", generation, sequence);

	/* the Java client's: others agree with us */
	int32_t		partition = rd_kafka_msg_partitioner_murmur2(producer->client->topic, key, key_len,
															 producer->partitions, NULL, NULL);
	rd_kafka_vu_t parts[] = {
		{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = producer->client->topic},
		{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {unconstify(char *, key), key_len}},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {unconstify(char *, value), value_len}},
		{.vtype = RD_KAFKA_VTYPE_HEADER,
		.u.header = {YS_KAFKA_POSITION_HEADER, position, position_len}},
		{.vtype = RD_KAFKA_VTYPE_HEADER,
		.u.header = {YS_KAFKA_RELAY_HEADER, producer->signature, producer->signature_len}},
	};

	YsVersion	version;

	/* what no reader could turn into a version must not get there */
	if (!ys_version_from_sequence(&version, 0, generation, sequence))
		return ys_error_set(err, YS_ERR_INVALID_DATA,
							"a stream record's sequence number is no decimal number of at most 40 digits");
	return enqueue(producer, parts, lengthof(parts), err);
}

bool
ys_producer_send_watermark(YsProducer *producer, int32_t partition, int64_t watermark_us,
						   YsError *err)
{
	static char empty[] = "";
	char		text[32];
	int			text_len = snprintf(text, sizeof(text), INT64_FORMAT, watermark_us);
	char		partitions[16];
	int			partitions_len = snprintf(partitions, sizeof(partitions), "%d", producer->partitions);
	rd_kafka_vu_t parts[] = {
		{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = producer->client->topic},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {empty, 0}},
		{.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {YS_KAFKA_WATERMARK_HEADER, text, text_len}},
		{.vtype = RD_KAFKA_VTYPE_HEADER,
		.u.header = {YS_KAFKA_PARTITIONS_HEADER, partitions, partitions_len}},
		{.vtype = RD_KAFKA_VTYPE_HEADER,
		.u.header = {YS_KAFKA_RELAY_HEADER, producer->signature, producer->signature_len}},
	};

	return enqueue(producer, parts, lengthof(parts), err);
}

bool
ys_producer_flush(YsProducer *producer, int timeout_ms, YsError *err)
{
	int64		deadline = ys_clock_ms() + timeout_ms;

	while (take_reports(producer) && producer->unacknowledged > 0)
	{
		int64		left = deadline - ys_clock_ms();

		if (left <= 0)
			return ys_kafka_fail(err, producer->client, RD_KAFKA_RESP_ERR__TIMED_OUT, "write to", NULL);
		(void) ys_wait_for(YS_WAIT_KAFKA, producer->client->fd, (long) left);
	}
	return producer->failure.code == YS_OK || give_failure(producer, err);
}

bool
ys_producer_waits(const YsProducer *producer)
{
	return producer->failure.code == YS_OK && producer->unacknowledged > 0;
}

bool
ys_producer_partitions(YsProducer *producer, int *count, YsError *err)
{
	Assert(producer->unacknowledged == 0);
	return ys_kafka_partition_count(producer->client, "list the partitions of", count, err);
}
