/*-------------------------------------------------------------------------
 * shard_positions.h
 *	  Where a policy is in the shards of its store's own stream, in memory.
 *
 * A batch works on a copy, which takes the place of the policy's own once it
 * has been committed.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_SHARD_POSITIONS_H
#define YS_WORKER_SHARD_POSITIONS_H

#include "catalog/shard_position.h"
#include "stream/kafka.h"

typedef struct YsShardPositions
{
	int			count;
	int			size;
	YsShardPosition *items;
} YsShardPositions;

/* Read a policy's, or copy them, into the current context. */
extern YsShardPositions *ys_shard_positions_load(int policy_id);
extern YsShardPositions *ys_shard_positions_copy(const YsShardPositions *positions);

/* NULL: nothing of that shard has been seen. */
extern YsShardPosition *ys_shard_positions_find(const YsShardPositions *positions, const char *id);

/*
 * Advance past a message of a shard, in the context that the positions are in.  False when it
 * has been seen before.
 */
extern bool ys_shard_positions_take(YsShardPositions *positions, const YsMessage *message);

/* Has a shard been met?  If not, it is now: nothing of it has been seen.  True when it is new. */
extern bool ys_shard_positions_meet(YsShardPositions *positions, const YsMessageShard *shard);

/* A shard that is not known yet; to be filled in. */
extern YsShardPosition *ys_shard_positions_add(YsShardPositions *positions, const char *id,
											   const char *parent);

/*
 * Those that the store no longer lists are forgotten when positions are saved next, unless later
 * generations count from them.
 */
extern void ys_shard_positions_forget(YsShardPositions *positions,
									  bool (*is_listed) (const void *arg, const char *id),
									  const void *arg);

/* Write what differs from the catalog's; inside a transaction. */
extern void ys_shard_positions_save(YsShardPositions *positions, int policy_id);

#endif							/* YS_WORKER_SHARD_POSITIONS_H */
