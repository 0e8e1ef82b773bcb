/*-------------------------------------------------------------------------
 * message.h
 *	  One message of a stream, wherever it comes from.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_MESSAGE_H
#define YS_STREAM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tells relays of different databases apart. */
#define YS_RELAY_TAG_SIZE	17

/* The partition of what comes from the store's own stream, which has shards instead. */
#define YS_PARTITION_STORE	(-1)

/* The shard that a message of the store's own stream comes from. */
typedef struct YsMessageShard
{
	const char *id;
	const char *parent;			/* empty: none */
	uint32_t	generation;		/* grows from parent to child */
	bool		whole;			/* its beginning was there when it was first heard of */
} YsMessageShard;

/* One consumed message, copied into an arena; YS_JSON_PADDING readable behind value. */
typedef struct YsMessage
{
	int32_t		partition;
	int64_t		offset;
	int64_t		timestamp_ms;	/* -1: none */
	const char *key;			/* NULL: none */
	size_t		key_len;
	const char *value;			/* NULL: tombstone */
	size_t		value_len;
	bool		has_position;	/* generation and sequence, from the relay's header or a shard */
	bool		bad_position;	/* that header was there, and can't be read */
	uint32_t	generation;
	char		sequence[48];
	char		relay[YS_RELAY_TAG_SIZE];	/* that produced it; empty: none did */
	uint32_t	relay_generation;	/* its highest at the time */
	const YsMessageShard *shard;	/* NULL: from Kafka, or a watermark */
	bool		shard_ends;		/* no event: this was all of the shard */
	bool		is_watermark;	/* no event: everything before watermark_us has been produced */
	int64_t		watermark_us;	/* microseconds since 1970 */
	bool		superseded;		/* no event: a later message of the batch has what became of its item */
	int32_t		of_partitions;	/* a watermark's: how many the topic had for who produced it; 0: not said */
} YsMessage;

#endif							/* YS_STREAM_MESSAGE_H */
