/*-------------------------------------------------------------------------
 * shard_read.h
 *	  Reading the shards of a store's stream, a page at a time.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_SHARD_READ_H
#define YS_WORKER_SHARD_READ_H

#include "worker/shard_lineage.h"

/* How long a store keeps changes in its stream: DynamoDB, and Alternator unless told otherwise. */
#define YS_STREAM_RETENTION_HOURS	24

typedef struct YsShardReader
{
	MemoryContext context;		/* iterators live here */
	YsStore    *store;
	const char *stream_id;
	int			nkeys;			/* the source's, partition key first */
	const char *const *key_names;
	YsLineage  *lineage;
	YsArena		arena;			/* of pages: the caller resets it */
} YsShardReader;

/* PostgreSQL's time in microseconds since 1970. */
extern int64 ys_shard_now(void);

/*
 * Read one page of a shard, in a round that began then (ys_shard_now), into the reader's
 * arena, and note in the shard how far it has been read.  An iterator that was lost is no
 * error: *lost, an empty page, and the next read asks for another.  What the store has trimmed
 * before it was read is the lineage's loss.  False and err when the store failed.
 */
extern bool ys_shard_read(YsShardReader *reader, YsShardState *shard, int64 began,
						  YsStreamPage *page, bool *lost, YsError *err);

/*
 * Up to when all that was created has been read, as it was noted in the shards: microseconds
 * since 1970; 0: unknown.
 */
extern int64 ys_shards_read_up_to(const YsLineage *lineage);

#endif							/* YS_WORKER_SHARD_READ_H */
