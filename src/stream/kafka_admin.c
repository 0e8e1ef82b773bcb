/*-------------------------------------------------------------------------
 * kafka_admin.c
 *	  Topics: their partitions and offsets, creation and deletion.
 *
 * Each call opens an instance of its own in the current memory context and
 * closes it before it returns; a cancelled wait leaves that to the context.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <librdkafka/rdkafka.h>

#include "base/wait.h"
#include "stream/kafka_client.h"

#define NEW_TOPIC_WAIT_MS	100L

static const YsKafkaOption admin_options[] = {
	{"allow.auto.create.topics", "false", false},
	{"isolation.level", "read_committed", false},
	{NULL, NULL, false}
};

/* ---- offsets ---- */

/* Ask for one end (RD_KAFKA_OFFSET_BEGINNING or _END) of all partitions in the list. */
static int
ask_offsets(YsKafkaClient *client, rd_kafka_topic_partition_list_t *list, int64 end, int64 deadline)
{
	int			attempt = 0;
	int			slice;
	int			code = RD_KAFKA_RESP_ERR__TIMED_OUT;

	while ((slice = ys_kafka_slice(&attempt, deadline)) > 0)
	{
		for (int i = 0; i < list->cnt; i++)
		{
			list->elems[i].offset = end;
			list->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
		}
		code = rd_kafka_offsets_for_times(client->rk, list, slice);
		for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
			code = list->elems[i].err;
		if (code != RD_KAFKA_RESP_ERR__TIMED_OUT && code != RD_KAFKA_RESP_ERR__TRANSPORT &&
			code != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE &&
			code != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION)
			return code;
	}
	return code;
}

static void
release_list(void *list)
{
	rd_kafka_topic_partition_list_destroy(list);
}

/* Fill the offsets of partitions, whose numbers are set. */
static bool
read_offsets(YsKafkaClient *client, int count, YsPartitionOffsets *partitions, YsError *err)
{
	int64		deadline = ys_clock_ms() + client->timeout_ms;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
	YsHandle   *owned = ys_handle_own(CurrentMemoryContext, list, release_list);
	int			code;

	for (int i = 0; i < count; i++)
		rd_kafka_topic_partition_list_add(list, client->topic_name, partitions[i].partition);
	code = ask_offsets(client, list, RD_KAFKA_OFFSET_BEGINNING, deadline);
	for (int i = 0; i < count; i++)
		partitions[i].low = list->elems[i].offset;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = ask_offsets(client, list, RD_KAFKA_OFFSET_END, deadline);
	for (int i = 0; i < count; i++)
		partitions[i].high = list->elems[i].offset;
	ys_handle_release(owned);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
		ys_kafka_fail(err, client, code, "read the offsets of", NULL);
}

bool
ys_kafka_topic_offsets(const YsStreamConfig *config, YsArena *arena,
					   int *npartitions, YsPartitionOffsets **partitions, YsError *err)
{
	YsKafkaClient *client;
	bool		done;

	client = ys_kafka_open(CurrentMemoryContext, YS_KAFKA_ADMIN, config, admin_options, err);
	if (client == NULL)
		return false;
	done = ys_kafka_partition_count(client, "list the partitions of", npartitions, err);
	if (done)
	{
		*partitions = ys_arena_alloc_zero(arena, sizeof(YsPartitionOffsets) * (size_t) *npartitions);
		done = *partitions != NULL || ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	}
	if (done)
	{
		/* a topic's partitions are numbered from 0 without gaps */
		for (int i = 0; i < *npartitions; i++)
			(*partitions)[i].partition = i;
		done = read_offsets(client, *npartitions, *partitions, err);
	}
	ys_kafka_close(client);
	return done;
}

/* ---- administration ---- */

static rd_kafka_AdminOptions_t *
make_options(YsKafkaClient *client, rd_kafka_admin_op_t operation)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client->rk, operation);
	char		ignored[128];

	/* values out of the library's range leave its defaults; the wait below is ours */
	(void) rd_kafka_AdminOptions_set_request_timeout(options, client->timeout_ms,
													 ignored, sizeof(ignored));
	(void) rd_kafka_AdminOptions_set_operation_timeout(options, client->timeout_ms,
													   ignored, sizeof(ignored));
	return options;
}

/*
 * Wait for an operation's result.  Returns its error code, with the library's
 * text in reason.
 */
static int
await_result(YsKafkaClient *client, char *reason, size_t reason_size)
{
	int64		deadline = ys_clock_ms() + client->timeout_ms;

	for (;;)
	{
		rd_kafka_event_t *event;
		int64		left;

		ys_kafka_disarm(client);
		while ((event = ys_kafka_next_event(client)) != NULL)
		{
			int			type = rd_kafka_event_type(event);
			int			code = rd_kafka_event_error(event);
			const char *text = rd_kafka_event_error_string(event);
			const rd_kafka_topic_result_t **topics = NULL;
			size_t		count = 0;

			if (code == RD_KAFKA_RESP_ERR_NO_ERROR && type == RD_KAFKA_EVENT_CREATETOPICS_RESULT)
				topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
															 &count);
			else if (code == RD_KAFKA_RESP_ERR_NO_ERROR && type == RD_KAFKA_EVENT_DELETETOPICS_RESULT)
				topics = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event),
															 &count);
			if (count == 1)
			{
				code = rd_kafka_topic_result_error(topics[0]);
				text = rd_kafka_topic_result_error_string(topics[0]);
			}
			strlcpy(reason, ys_kafka_reason(client, code, text), reason_size);
			rd_kafka_event_destroy(event);
			if (count == 1 || code != RD_KAFKA_RESP_ERR_NO_ERROR)
				return code;
		}
		left = deadline - ys_clock_ms();
		if (left <= 0)
		{
			strlcpy(reason, rd_kafka_err2str(RD_KAFKA_RESP_ERR__TIMED_OUT), reason_size);
			return RD_KAFKA_RESP_ERR__TIMED_OUT;
		}
		(void) ys_wait_for(YS_WAIT_KAFKA, client->fd, (long) left);
	}
}

/* Wait until the brokers know of a topic that was made. */
static bool
await_topic(YsKafkaClient *client, YsError *err)
{
	int64		deadline = ys_clock_ms() + client->timeout_ms;
	int			count;

	while (!ys_kafka_partition_count(client, "create", &count, err))
	{
		if (err->code != YS_ERR_TABLE_NOT_FOUND || ys_clock_ms() >= deadline)
			return false;
		(void) ys_wait_for(YS_WAIT_KAFKA, -1, NEW_TOPIC_WAIT_MS);
	}
	return true;
}

bool
ys_kafka_create_topic(const YsStreamConfig *config, int partitions, YsError *err)
{
	YsKafkaClient *client;
	rd_kafka_NewTopic_t *topic;
	rd_kafka_AdminOptions_t *options;
	char		reason[256];
	int			code;
	bool		done = false;

	client = ys_kafka_open(CurrentMemoryContext, YS_KAFKA_ADMIN, config, admin_options, err);
	if (client == NULL)
		return false;
	topic = rd_kafka_NewTopic_new(config->topic, partitions > 0 ? partitions : -1, -1,
								  reason, sizeof(reason));
	if (topic == NULL)
		ys_kafka_fail(err, client, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, "create", reason);
	else
	{
		(void) rd_kafka_NewTopic_set_config(topic, "max.message.bytes", YS_KAFKA_LARGEST_MESSAGE);
		options = make_options(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
		rd_kafka_CreateTopics(client->rk, &topic, 1, options, client->queue);
		rd_kafka_AdminOptions_destroy(options);
		rd_kafka_NewTopic_destroy(topic);

		code = await_result(client, reason, sizeof(reason));
		/* made now or before */
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
			done = await_topic(client, err);
		else
			ys_kafka_fail(err, client, code, "create", reason);
	}
	ys_kafka_close(client);
	return done;
}
