/*-------------------------------------------------------------------------
 * relay_read.h
 *	  Reading shards of a store's stream into a Kafka topic.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_RELAY_READ_H
#define YS_WORKER_RELAY_READ_H

#include "stream/kafka.h"
#include "worker/shard_read.h"

/* What one round over the active shards came to. */
typedef struct YsRelayRound
{
	int64		produced;
	int64		bytes;			/* of the records produced */
	bool		closed;			/* a shard was read to its end */
	bool		caught_up;		/* every shard has been read to its tip */
	int64		read_up_to;		/* microseconds since 1970; whatever was created before was read; 0: unknown */
	int64		last_created;	/* of the newest record read from the shards active, in the store's seconds; 0: none */
	int64		oldest_created; /* likewise, where the shard that is furthest behind its tip has got to */
} YsRelayRound;

/*
 * Read one page of each active shard and produce its records, which are yet to be
 * acknowledged.  The lineage then tells, in memory, how far each shard
 * was read.  False and err when store or brokers failed: the lineage must
 * then be read anew from the catalog.
 */
extern bool ys_relay_round(YsShardReader *reader, YsProducer *producer, YsRelayRound *round,
						   YsError *err);

#endif							/* YS_WORKER_RELAY_READ_H */
