/*-------------------------------------------------------------------------
 * kafka_client.h
 *	  One librdkafka instance with its event queue: what consumer, producer
 *	  and administration share.  For src/stream/kafka*.c only.
 *
 * The library's threads run no code of ours but the gate's: messages, delivery
 * reports, errors and log lines all arrive as events on one queue, which
 * signals an event descriptor and is drained by the process's main thread.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_KAFKA_CLIENT_H
#define YS_STREAM_KAFKA_CLIENT_H

#include "base/memory.h"
#include "stream/kafka.h"
#include "stream/kafka_gate.h"

/* Headers of the relay's messages. */
#define YS_KAFKA_POSITION_HEADER	"yottastore-position"	/* generation:sequence */
#define YS_KAFKA_RELAY_HEADER	"yottastore-relay"	/* whose record, and its highest generation: tag:generation */
#define YS_KAFKA_WATERMARK_HEADER	"yottastore-watermark"	/* microseconds since 1970 */
#define YS_KAFKA_PARTITIONS_HEADER	"yottastore-partitions"	/* a watermark's: among how many it was produced */

/* The largest change event: 400 KB item, old and new image, as typed JSON. */
#define YS_KAFKA_LARGEST_MESSAGE	"8388608"

/* as librdkafka/rdkafka.h declares them */
struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_queue_s;
struct rd_kafka_op_s;
struct rd_kafka_topic_s;

typedef enum YsKafkaRole
{
	YS_KAFKA_ADMIN,
	YS_KAFKA_CONSUMER,
	YS_KAFKA_PRODUCER
} YsKafkaRole;

typedef struct YsKafkaClient YsKafkaClient;
struct YsKafkaClient
{
	struct rd_kafka_s *rk;
	struct rd_kafka_queue_s *queue;
	struct rd_kafka_topic_s *topic;
	struct rd_kafka_op_s *held; /* taken by a consumer, not copied yet */
	int			fd;				/* readable when the queue may hold events */
	const char *brokers;
	const char *topic_name;
	const char *password;		/* that no text may repeat; empty: none */
	bool		tls;
	YsKafkaGate *gate;			/* NULL: it may connect anywhere */
	int			timeout_ms;
	int			trouble;		/* the last passing error, for the detail of a time-out */
	char		trouble_text[256];
	int64		down_at;		/* ys_clock_ms when no broker was left; 0: not since the last message */
	YsHandle   *owner;
	YsKafkaClient *next;		/* of this process's open ones */
};

/* Without any broker for so long: before it is said, or given up where TLS is why. */
#define YS_KAFKA_DOWN_MS	3000

typedef struct YsKafkaOption
{
	const char *name;
	const char *value;
	bool		optional;		/* older or smaller builds of the library lack it */
} YsKafkaOption;

/*
 * Open an instance owned by context (a MemoryContext), also closed when the
 * process exits.  options end with a NULL name.  Connects in the background.
 */
extern YsKafkaClient *ys_kafka_open(void *context, YsKafkaRole role, const YsStreamConfig *config,
									const YsKafkaOption *options, YsError *err);
extern void ys_kafka_close(YsKafkaClient *client);

/*
 * The next event, NULL when the queue is empty; never waits.  Log lines and
 * errors that pass by themselves are noted and left out.
 */
extern struct rd_kafka_op_s *ys_kafka_next_event(YsKafkaClient *client);

/* Take back the descriptor's signal before draining; renew it when draining stops early. */
extern void ys_kafka_disarm(YsKafkaClient *client);
extern void ys_kafka_rearm(YsKafkaClient *client);

/* The library's configuration for an instance; NULL and err when it refuses any of it. */
extern struct rd_kafka_conf_s *ys_kafka_conf_make(YsKafkaRole role, const YsStreamConfig *config,
												  const YsKafkaOption *options, YsError *err);

/* YS_ERR_REMOTE for whatever has no meaning of its own. */
extern YsErrorCode ys_kafka_error_code(int code);

/* What the library says of an error; the code's own text when that is NULL or repeats the password. */
extern const char *ys_kafka_reason(const YsKafkaClient *client, int code, const char *text);

/*
 * Fill err after a library error and return false.  doing completes "could
 * not ... kafka topic"; reason (NULL: the code's own text) is the library's.
 */
extern bool ys_kafka_fail(YsError *err, const YsKafkaClient *client, int code,
						  const char *doing, const char *reason);

/*
 * How many partitions the topic has, asked of the brokers until
 * client->timeout_ms has passed.
 */
extern bool ys_kafka_partition_count(YsKafkaClient *client, const char *doing,
									 int *count, YsError *err);

/*
 * The library's questions to the brokers only come as blocking calls: they
 * are made in slices that double from a tenth of a second to one, with
 * interrupts served between.  Milliseconds for the next slice; 0 once
 * deadline (ys_clock_ms) has passed.
 */
extern int	ys_kafka_slice(int *attempt, int64 deadline);

#endif							/* YS_STREAM_KAFKA_CLIENT_H */
