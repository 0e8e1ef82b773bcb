/*-------------------------------------------------------------------------
 * shard_position.h
 *	  Where a policy is in the shards of its store's own stream: rows of
 *	  yottastore_internal.shard_position.
 *
 * Everything here runs SQL in the caller's transaction, as the extension's
 * owner, and throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_SHARD_POSITION_H
#define YS_CATALOG_SHARD_POSITION_H

#include "store/store.h"

typedef struct YsShardPosition
{
	char		id[YS_SHARD_ID_SIZE];
	char		parent[YS_SHARD_ID_SIZE];	/* empty: none */
	int			generation;		/* grows from parent to child */
	char		sequence[YS_SEQUENCE_SIZE]; /* of the last record applied; empty: none */
	bool		whole;			/* its beginning was there when we first heard of it */
	bool		finished;		/* closed, and applied to its end */
	bool		dirty;			/* differs from what the catalog holds */
	bool		forgotten;		/* of no use any more: to be removed from the catalog */
} YsShardPosition;

/* A policy's positions, palloc'd; returns how many. */
extern int	ys_shard_position_load(int policy_id, YsShardPosition **positions);
extern void ys_shard_position_save(int policy_id, const YsShardPosition *position);
extern void ys_shard_position_forget(int policy_id, const char *shard);

#endif							/* YS_CATALOG_SHARD_POSITION_H */
