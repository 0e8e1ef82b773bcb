/*-------------------------------------------------------------------------
 * relay.h
 *	  The catalog of relays: rows of yottastore_internal.relay and of
 *	  relay_shard, the shards of the store's stream that each has read.
 *
 * Everything here runs SQL in the caller's transaction, as the extension's
 * owner, and throws.  Results are palloc'd in the caller's context.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_RELAY_H
#define YS_CATALOG_RELAY_H

#include "nodes/pg_list.h"

#include "catalog/policy.h"

typedef struct YsRelay
{
	int			relay_id;
	char	   *name;
	Oid			owner;
	Oid			source;			/* the foreign table */
	Oid			stream;			/* the stream's server */
	int			partitions;		/* of the topic, when the relay makes it */
	char	   *store_stream;	/* of which its shards are; NULL: none read yet */
	bool		incomplete;		/* phase INCOMPLETE, which only another relay ends */
} YsRelay;

typedef struct YsRelayShard
{
	const char *shard_id;
	const char *parent_id;		/* or NULL */
	int			generation;		/* grows from parent to child */
	const char *checkpoint;		/* last sequence number acknowledged, or NULL */
	bool		finished;		/* closed, and read to its end */
} YsRelayShard;

/* The ids of all relays, as integers. */
extern List *ys_relay_ids(void);

/* Does a relay of this database produce to the stream (so that it carries watermarks)? */
extern bool ys_relay_feeds(Oid stream);

/* NULL when there is none of that id / name. */
extern YsRelay *ys_relay_load(int relay_id);
extern YsRelay *ys_relay_find(const char *name);

/* The id, 0 when the name is taken. */
extern int	ys_relay_create(const char *name, Oid owner, Oid source, Oid stream, int partitions);

/* False when there was none. */
extern bool ys_relay_drop(const char *name);

/* Both leave an incomplete relay's phase and reason as they are; reason NULL clears it. */
extern void ys_relay_set_phase(int relay_id, YsPhase phase, const char *reason);
extern void ys_relay_set_reason(int relay_id, const char *reason);

extern void ys_relay_set_store_stream(int relay_id, const char *store_stream);

/*
 * Count what was produced, note whether nothing was left to read, and lock the
 * row until the transaction ends.  False when the relay is gone.
 */
extern bool ys_relay_progress(int relay_id, int64 produced, bool caught_up);

/* List of YsRelayShard. */
extern List *ys_relay_shards(int relay_id);
extern void ys_relay_save_shard(int relay_id, const YsRelayShard *shard);
extern void ys_relay_forget_shard(int relay_id, const char *shard_id);

#endif							/* YS_CATALOG_RELAY_H */
