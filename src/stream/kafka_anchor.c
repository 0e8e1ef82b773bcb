/*-------------------------------------------------------------------------
 * kafka_anchor.c
 *	  Is a topic's log still the one that was read?
 *
 * A topic that was deleted and made anew has the same name, and may have
 * grown past the old offsets; librdkafka before 2.3 tells no topic ids.  So
 * single messages are remembered, by offset and timestamp, and looked at again.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <librdkafka/rdkafka.h>

#include "base/wait.h"
#include "stream/kafka_client.h"

#define PATIENCE_MS		500

static const YsKafkaOption anchor_options[] = {
	{"group.id", "yottastore", false},
	{"enable.auto.commit", "false", false},
	{"auto.offset.reset", "error", false},
	{"allow.auto.create.topics", "false", false},
	{"enable.partition.eof", "true", false},
	{"queued.min.messages", "1", false},
	{"fetch.message.max.bytes", "65536", false},	/* a message comes whole all the same */
	{"fetch.wait.max.ms", "100", false},
	{NULL, NULL, false}
};

static YsAnchor *
find_anchor(int count, YsAnchor *anchors, int32 partition)
{
	for (int i = 0; i < count; i++)
	{
		if (anchors[i].partition == partition)
			return &anchors[i];
	}
	return NULL;
}

/* What an event tells of an anchor.  False and err when it ends the reading. */
static bool
take_event(YsKafkaClient *client, rd_kafka_event_t *event, int count, YsAnchor *anchors, YsError *err)
{
	const rd_kafka_message_t *message;
	rd_kafka_topic_partition_t *partition;
	YsAnchor   *anchor;
	int			code;

	while (rd_kafka_event_type(event) == RD_KAFKA_EVENT_FETCH &&
		   (message = rd_kafka_event_message_next(event)) != NULL)
	{
		rd_kafka_timestamp_type_t type;

		anchor = find_anchor(count, anchors, message->partition);
		if (anchor == NULL || anchor->answered)
			continue;
		anchor->answered = true;
		anchor->found = message->offset == anchor->offset;
		anchor->timestamp_ms = rd_kafka_message_timestamp(message, &type);
	}
	if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_ERROR)
		return true;
	code = rd_kafka_event_error(event);
	partition = rd_kafka_event_topic_partition(event);
	anchor = partition != NULL ? find_anchor(count, anchors, partition->partition) : NULL;
	if (partition != NULL)
		rd_kafka_topic_partition_destroy(partition);
	if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
	{
		if (anchor != NULL)
			anchor->answered = true;
		return true;
	}
	if (anchor == NULL)
	{
		client->trouble = code;
		strlcpy(client->trouble_text, rd_kafka_event_error_string(event),
				sizeof(client->trouble_text));
		return true;
	}
	return ys_kafka_fail(err, client, code, "read from", rd_kafka_event_error_string(event));
}

/* Read from the anchors that have no answer. */
static int
assign_missing(YsKafkaClient *client, int count, const YsAnchor *anchors)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
	int			code;

	for (int i = 0; i < count; i++)
	{
		if (!anchors[i].answered)
			rd_kafka_topic_partition_list_add(list, client->topic_name,
											  anchors[i].partition)->offset = anchors[i].offset;
	}
	code = rd_kafka_assign(client->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

static int
count_missing(int count, const YsAnchor *anchors)
{
	int			missing = 0;

	for (int i = 0; i < count; i++)
		missing += !anchors[i].answered;
	return missing;
}

/*
 * Take what comes until all anchors have an answer.  Brokers send what is larger than asked for of but one
 * partition at a time: when nothing new has come, those that have answered are left out.
 */
static bool
read_anchors(YsKafkaClient *client, int count, YsAnchor *anchors, YsError *err)
{
	int64		deadline = ys_clock_ms() + client->timeout_ms;
	int64		assign_at = 0;
	int			missing = count;

	for (int i = 0; i < count; i++)
		anchors[i].answered = anchors[i].found = false;
	while (missing > 0)
	{
		rd_kafka_event_t *event;
		int64		now = ys_clock_ms();
		int			before = missing;
		int			code;

		if (now >= deadline)
			return ys_kafka_fail(err, client, RD_KAFKA_RESP_ERR__TIMED_OUT, "read from", NULL);
		if (now >= assign_at && (code = assign_missing(client, count, anchors)) != RD_KAFKA_RESP_ERR_NO_ERROR)
			return ys_kafka_fail(err, client, code, "read from", NULL);
		if (now >= assign_at)
			assign_at = now + PATIENCE_MS;
		ys_kafka_disarm(client);
		while ((event = rd_kafka_queue_poll(client->queue, 0)) != NULL)
		{
			bool		ok = take_event(client, event, count, anchors, err);

			rd_kafka_event_destroy(event);
			if (!ok)
				return false;
		}
		missing = count_missing(count, anchors);
		if (missing < before)
			assign_at = now + PATIENCE_MS;
		if (missing > 0)
			(void) ys_wait_for(YS_WAIT_KAFKA, client->fd, (long) Max(Min(assign_at, deadline) - now, 1));
	}
	return true;
}

bool
ys_kafka_read_anchors(const YsStreamConfig *config, int count, YsAnchor *anchors, YsError *err)
{
	YsKafkaClient *client;
	bool		ok;

	if (count == 0)
		return true;
	client = ys_kafka_open(CurrentMemoryContext, YS_KAFKA_CONSUMER, config, anchor_options, err);
	if (client == NULL)
		return false;
	ok = read_anchors(client, count, anchors, err);
	ys_kafka_close(client);
	return ok;
}
