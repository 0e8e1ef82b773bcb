/*-------------------------------------------------------------------------
 * kafka.h
 *	  Kafka, as the workers need it: consume from explicit positions, produce
 *	  with acknowledgements.
 *
 * Handles live in the memory context they are opened in and are destroyed by
 * its reset callback.  Nothing here waits longer than it is told, nothing
 * throws, except that waiting runs CHECK_FOR_INTERRUPTS (base/wait.h).
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_KAFKA_H
#define YS_STREAM_KAFKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "stream/kafka_config.h"
#include "stream/message.h"
#include "stream/version.h"

typedef struct YsPartitionOffsets
{
	int32_t		partition;
	int64_t		low;			/* oldest kept */
	int64_t		high;			/* next to be written */
} YsPartitionOffsets;

/*
 * The topic's partitions with their offsets, asked of the brokers now.
 * YS_ERR_TABLE_NOT_FOUND when the topic does not exist (no auto-creation).
 */
extern bool ys_kafka_topic_offsets(const YsStreamConfig *config, YsArena *arena,
								   int *npartitions, YsPartitionOffsets **partitions, YsError *err);

/* A message that a partition's log is known by. */
typedef struct YsAnchor
{
	int32_t		partition;
	int64_t		offset;
	bool		answered;		/* the rest is filled in */
	bool		found;			/* a message with that offset is there */
	int64_t		timestamp_ms;	/* of it; -1: it has none */
} YsAnchor;

/* Look at the messages at these offsets, one a partition. */
extern bool ys_kafka_read_anchors(const YsStreamConfig *config, int count, YsAnchor *anchors,
								  YsError *err);

/* Create the topic unless it is there.  partitions <= 0: the broker's default. */
extern bool ys_kafka_create_topic(const YsStreamConfig *config, int partitions, YsError *err);

/* ---- consuming ---- */
typedef struct YsConsumer YsConsumer;

typedef struct YsPosition
{
	int32_t		partition;
	int64_t		next_offset;	/* the first not yet applied */
} YsPosition;

/* context is a MemoryContext. */
extern YsConsumer *ys_consumer_open(void *context, const YsStreamConfig *config,
									int npositions, const YsPosition *positions, YsError *err);
extern void ys_consumer_close(YsConsumer *consumer);

/* Readable when messages or events may be waiting: for ys_wait. */
extern int	ys_consumer_fd(const YsConsumer *consumer);

/*
 * Take what is there, without waiting: at most max messages and about
 * max_bytes of payload.  False and err on an error that ends consumption
 * (YS_ERR_TRIMMED: the position asked for is out of range); broker trouble is none unless it stays.
 * To know that the queue is drained: *nmessages < max and bytes below max_bytes.
 */
extern bool ys_consumer_take(YsConsumer *consumer, int max, size_t max_bytes, YsArena *arena,
							 int *nmessages, YsMessage **messages, YsError *err);

/* The high watermark as of the last fetch, -1 when not known yet. */
extern int64_t ys_consumer_high(YsConsumer *consumer, int32_t partition);

/*
 * The last so many messages of the topic, oldest first, as far as they are there now: by a consumer of its own, which
 * takes them from nobody.  Watermarks are among them.
 */
extern bool ys_kafka_peek(const YsStreamConfig *config, int wanted, YsArena *arena, int *nmessages,
						  YsMessage **messages, YsError *err);

/* ---- producing ---- */
typedef struct YsProducer YsProducer;

/* Keys are split among so many partitions, and watermarks say so, whatever the topic has by now. */
extern YsProducer *ys_producer_open(void *context, const YsStreamConfig *config, int partitions,
									YsError *err);

/* Who produces, and its highest generation: in a header of whatever is sent from now on. */
extern void ys_producer_sign(YsProducer *producer, const char *tag, uint32_t generation);

/* Queue one change event, partitioned by its key as the Java client does; waits while the queue is full. */
extern bool ys_producer_send(YsProducer *producer, const char *key, size_t key_len,
							 const char *value, size_t value_len,
							 uint32_t generation, const char *sequence, YsError *err);

/* Queue a watermark record for one partition. */
extern bool ys_producer_send_watermark(YsProducer *producer, int32_t partition,
									   int64_t watermark_us, YsError *err);

/* How many partitions the topic has now; only while nothing queued is unacknowledged. */
extern bool ys_producer_partitions(YsProducer *producer, int *count, YsError *err);

/* Wait until everything queued is acknowledged; YS_ERR_UNREACHABLE / YS_ERR_TIMEOUT / YS_ERR_REMOTE when any of it failed. */
extern bool ys_producer_flush(YsProducer *producer, int timeout_ms, YsError *err);

/* Has nothing failed, and may the rest be acknowledged yet? */
extern bool ys_producer_waits(const YsProducer *producer);

#endif							/* YS_STREAM_KAFKA_H */
