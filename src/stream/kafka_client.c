/*-------------------------------------------------------------------------
 * kafka_client.c
 *	  One librdkafka instance: ownership, events and questions to the brokers.
 *
 * An instance is destroyed by its memory context's reset callback, or when
 * the process exits, before the library's own exit handlers could meet its
 * threads still running.  Destroying joins those threads; one of them may sit in
 * a name look-up that nothing can interrupt, so that a thread of its own does
 * it and the process waits for that only so long.  A process that ends waits once for
 * all of its instances, and leaves without any exit handlers where that did not do.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/wait.h"
#include "storage/ipc.h"
#include "stream/kafka_client.h"

#define DESTROY_MS			1000
#define FIRST_SLICE_MS		100
#define LONGEST_SLICE_MS	1000

static YsKafkaClient *open_clients = NULL;

/* Of the process: ys_clock_ms until when its end may wait for instances; 0: it does not end. */
static int64 exit_deadline = 0;

/* Has an instance been left to end by itself? */
static bool threads_left = false;

/* ---- destruction ---- */

static void *
destroy_instance(void *rk)
{
	rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	return NULL;
}

/* True when the instance is gone, false when it is left to end by itself. */
static bool
destroy_bounded(rd_kafka_t *rk)
{
	int64		wait_ms = exit_deadline != 0 ? Max(exit_deadline - ys_clock_ms(), 0) : DESTROY_MS;
	pthread_t	thread;
	struct timespec until;
	bool		ended = true;

	ys_signals_block();
	if (pthread_create(&thread, NULL, destroy_instance, rk) != 0)
		(void) destroy_instance(rk);
	else
	{
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += wait_ms % 1000 * 1000000;
		until.tv_sec += wait_ms / 1000 + until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		ended = pthread_timedjoin_np(thread, NULL, &until) == 0;
		if (!ended)
			pthread_detach(thread);
	}
	ys_signals_restore();
	return ended;
}

/* The handle's release function. */
static void
release_client(void *handle)
{
	YsKafkaClient *client = handle;
	YsKafkaClient **link = &open_clients;
	bool		ended = true;

	while (*link != NULL && *link != client)
		link = &(*link)->next;
	if (*link != NULL)
		*link = client->next;

	/* the library waits for whatever it has handed out: events, topics, queues first */
	if (client->held != NULL)
		rd_kafka_event_destroy(client->held);
	if (client->topic != NULL)
		rd_kafka_topic_destroy(client->topic);
	if (client->queue != NULL)
	{
		rd_kafka_event_t *event;

		rd_kafka_queue_io_event_enable(client->queue, -1, NULL, 0);
		while ((event = rd_kafka_queue_poll(client->queue, 0)) != NULL)
			rd_kafka_event_destroy(event);
		rd_kafka_queue_destroy(client->queue);
	}
	if (client->rk != NULL)
	{
		if (rd_kafka_type(client->rk) == RD_KAFKA_PRODUCER)
			(void) rd_kafka_purge(client->rk, RD_KAFKA_PURGE_F_QUEUE |
								  RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
		ended = destroy_bounded(client->rk);
		threads_left = threads_left || !ended;
	}
	if (client->fd >= 0 && ended)
		close(client->fd);
	if (ended)
		ys_kafka_gate_close(client->gate);
	client->gate = NULL;
	client->rk = NULL;
	client->fd = -1;
}

/* Shared memory has been left by now: nothing but exit handlers is passed over. */
static void
leave_at_once(int code, Datum arg)
{
	_exit(code);
}

static void
close_all(int code, Datum arg)
{
	exit_deadline = ys_clock_ms() + DESTROY_MS;
	while (open_clients != NULL)
		ys_kafka_close(open_clients);
	if (threads_left)
		on_proc_exit(leave_at_once, (Datum) 0);
}

void
ys_kafka_close(YsKafkaClient *client)
{
	if (client != NULL)
		ys_handle_release(client->owner);
}

/* ---- opening ---- */

/* Memory of context without a throw; NULL when there is none. */
static YsKafkaClient *
allocate_client(MemoryContext context, const YsStreamConfig *config)
{
	size_t		brokers_size = strlen(config->brokers) + 1;
	size_t		topic_size = strlen(config->topic) + 1;
	size_t		password_size = strlen(config->login.password) + 1;
	YsKafkaClient *client;
	char	   *text;

	client = MemoryContextAllocExtended(context, sizeof(YsKafkaClient) + brokers_size + topic_size +
										password_size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
	if (client == NULL)
		return NULL;
	text = (char *) (client + 1);
	client->brokers = memcpy(text, config->brokers, brokers_size);
	client->topic_name = memcpy(text + brokers_size, config->topic, topic_size);
	client->password = memcpy(text + brokers_size + topic_size, config->login.password, password_size);
	client->timeout_ms = config->timeout_ms;
	client->tls = config->protocol != NULL && config->protocol->tls;
	client->fd = -1;
	return client;
}

/* The instance, its queue and topic. */
static bool
start_instance(YsKafkaClient *client, YsKafkaRole role, rd_kafka_conf_t *conf, YsError *err)
{
	static const uint64 one = 1;
	char		reason[256];

	client->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (client->fd < 0)
	{
		rd_kafka_conf_destroy(conf);
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "could not make an event descriptor: %s",
							strerror(errno));
	}
	client->rk = rd_kafka_new(role == YS_KAFKA_PRODUCER ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER,
							  conf, reason, sizeof(reason));
	if (client->rk == NULL)
	{
		rd_kafka_conf_destroy(conf);
		ys_error_set(err, YS_ERR_INVALID_OPTION, "could not start a client of kafka topic \"%s\"",
					 client->topic_name);
		ys_error_detail(err, "%s.", ys_kafka_reason(client, RD_KAFKA_RESP_ERR__INVALID_ARG, reason));
		ys_error_hint(err, "Check the options of the stream's server, and the files they name.");
		return false;
	}
	if (role == YS_KAFKA_CONSUMER)
	{
		(void) rd_kafka_poll_set_consumer(client->rk);
		client->queue = rd_kafka_queue_get_consumer(client->rk);
	}
	else
		client->queue = rd_kafka_queue_get_main(client->rk);
	(void) rd_kafka_set_log_queue(client->rk, client->queue);
	rd_kafka_queue_io_event_enable(client->queue, client->fd, &one, sizeof(one));

	client->topic = rd_kafka_topic_new(client->rk, client->topic_name, NULL);
	if (client->topic == NULL)
		return ys_kafka_fail(err, client, rd_kafka_last_error(), "use", NULL);
	return true;
}

YsKafkaClient *
ys_kafka_open(void *context, YsKafkaRole role, const YsStreamConfig *config,
			  const YsKafkaOption *options, YsError *err)
{
	static bool registered = false;
	YsKafkaClient *client;
	rd_kafka_conf_t *conf;
	bool		started;

	if (!registered)
		before_shmem_exit(close_all, (Datum) 0);
	registered = true;

	client = allocate_client(context, config);
	if (client == NULL)
	{
		ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
		return NULL;
	}
	conf = ys_kafka_conf_make(role, config, options, err);
	if (conf == NULL)
		return NULL;
	if (config->allowed_endpoints != NULL)
	{
		client->gate = ys_kafka_gate_open(config->allowed_endpoints, err);
		if (client->gate == NULL)
		{
			rd_kafka_conf_destroy(conf);
			return NULL;
		}
		ys_kafka_gate_install(client->gate, conf);
	}

	ys_signals_block();
	started = start_instance(client, role, conf, err);
	ys_signals_restore();
	if (!started)
	{
		release_client(client);
		return NULL;
	}
	client->owner = ys_handle_own(context, client, release_client);
	client->next = open_clients;
	open_clients = client;
	return client;
}

/* ---- events ---- */

/* Does this error end what we do, or is it trouble that passes by itself? */
static bool
error_is_final(const YsKafkaClient *client, rd_kafka_event_t *event)
{
	char		address[YS_ENDPOINT_TEXT];
	char		broker[YS_BROKER_NAME];

	/* an address that may not be connected to, or no broker's certificate is believed */
	if (ys_kafka_gate_refused(client->gate, address, broker) ||
		(rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN &&
		 client->trouble == RD_KAFKA_RESP_ERR__SSL))
		return true;
	switch (ys_kafka_error_code(rd_kafka_event_error(event)))
	{
		case YS_ERR_REFUSED:
		case YS_ERR_TABLE_NOT_FOUND:
		case YS_ERR_TRIMMED:
		case YS_ERR_INVALID_DATA:
			return true;
		default:
			return rd_kafka_event_error_is_fatal(event);
	}
}

rd_kafka_event_t *
ys_kafka_next_event(YsKafkaClient *client)
{
	rd_kafka_event_t *event;

	while ((event = rd_kafka_queue_poll(client->queue, 0)) != NULL)
	{
		int			type = rd_kafka_event_type(event);

		if (type != RD_KAFKA_EVENT_LOG &&
			(type != RD_KAFKA_EVENT_ERROR || error_is_final(client, event)))
			return event;
		/* that all brokers are down says less than why the last one is */
		if (type == RD_KAFKA_EVENT_ERROR &&
			(client->trouble == 0 ||
			 rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN))
		{
			client->trouble = rd_kafka_event_error(event);
			strlcpy(client->trouble_text,
					ys_kafka_reason(client, client->trouble, rd_kafka_event_error_string(event)),
					sizeof(client->trouble_text));
		}
		if (type == RD_KAFKA_EVENT_ERROR && client->down_at == 0 &&
			rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
			client->down_at = ys_clock_ms();
		rd_kafka_event_destroy(event);
	}
	return NULL;
}

void
ys_kafka_disarm(YsKafkaClient *client)
{
	uint64		count;

	/* EAGAIN when there was no signal */
	if (read(client->fd, &count, sizeof(count)) < 0)
		return;
}

void
ys_kafka_rearm(YsKafkaClient *client)
{
	static const uint64 one = 1;

	/* fails only when the counter is full, and then it is readable */
	if (write(client->fd, &one, sizeof(one)) < 0)
		return;
}

/* ---- questions to the brokers ---- */

int
ys_kafka_slice(int *attempt, int64 deadline)
{
	int64		left;

	(void) ys_wait_for(YS_WAIT_KAFKA, -1, 0);
	left = deadline - ys_clock_ms();
	if (left <= 0)
		return 0;
	return (int) Min(left, Min(FIRST_SLICE_MS << Min((*attempt)++, 4), LONGEST_SLICE_MS));
}

bool
ys_kafka_partition_count(YsKafkaClient *client, const char *doing, int *count, YsError *err)
{
	const struct rd_kafka_metadata *metadata;
	int64		deadline = ys_clock_ms() + client->timeout_ms;
	int			attempt = 0;
	int			slice;
	int			code = RD_KAFKA_RESP_ERR__TIMED_OUT;

	while ((slice = ys_kafka_slice(&attempt, deadline)) > 0)
	{
		rd_kafka_event_t *event = ys_kafka_next_event(client);

		if (event != NULL)
		{
			ys_kafka_fail(err, client, rd_kafka_event_error(event), doing,
						  rd_kafka_event_error_string(event));
			rd_kafka_event_destroy(event);
			return false;
		}
		/* who hangs up on a certificate goes on doing so */
		if (client->tls && client->down_at != 0 && ys_clock_ms() >= client->down_at + YS_KAFKA_DOWN_MS)
			return ys_kafka_fail(err, client, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, doing, NULL);
		code = rd_kafka_metadata(client->rk, 0, client->topic, &metadata, slice);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		{
			code = metadata->topic_cnt == 1 ? metadata->topics[0].err :
				RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
			*count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
			rd_kafka_metadata_destroy(metadata);
			if (code == RD_KAFKA_RESP_ERR_NO_ERROR && *count > 0)
				return true;
			/* a topic that was just made has no leader for a moment */
			if (code != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE &&
				code != RD_KAFKA_RESP_ERR_NO_ERROR)
				break;
			(void) ys_wait_for(YS_WAIT_KAFKA, -1, slice);
		}
		else if (code != RD_KAFKA_RESP_ERR__TIMED_OUT && code != RD_KAFKA_RESP_ERR__TRANSPORT)
			break;
		code = RD_KAFKA_RESP_ERR__TIMED_OUT;
	}
	return ys_kafka_fail(err, client, code, doing, NULL);
}
