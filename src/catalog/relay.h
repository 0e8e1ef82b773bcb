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

#include "datatype/timestamp.h"
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
	bool		has_read;		/* everything that was created before ... */
	TimestampTz read_to;		/* ... by our clock */
} YsRelay;

typedef struct YsRelayShard
{
	const char *shard_id;
	const char *parent_id;		/* or NULL */
	int			generation;		/* grows from parent to child */
	const char *checkpoint;		/* last sequence number acknowledged, or NULL */
	bool		finished;		/* closed, and read to its end */
	bool		whole;			/* all of it was there when the relay heard of it */
} YsRelayShard;

/* What has been done since the last time. */
typedef struct YsRelayProgress
{
	int64		records;		/* produced */
	int64		bytes;
	int64		retries;		/* of requests to the store's stream */
	int64		throttles;
	bool		caught_up;		/* nothing was left to read */
	TimestampTz last_record;	/* creation of the newest one; 0: as before */
	TimestampTz read_to;		/* see YsRelay; 0: as before */
} YsRelayProgress;

/* The ids of all relays, as integers. */
extern List *ys_relay_ids(void);

/* The relay of this database that produces to the stream's topic, by this server or another; 0: none does. */
extern int	ys_relay_feeding(Oid stream);

/* NULL when there is none of that id / name. */
extern YsRelay *ys_relay_load(int relay_id);
extern YsRelay *ys_relay_find(const char *name);

/* The id, 0 when the name is taken. */
extern int	ys_relay_create(const char *name, Oid owner, Oid source, Oid stream, int partitions);

/* False when there was none. */
extern bool ys_relay_drop(const char *name);

/* reason NULL clears it. */
extern void ys_relay_set_phase(int relay_id, YsPhase phase, const char *reason);
extern void ys_relay_set_reason(int relay_id, const char *reason);

/* Where it reads and writes now. */
extern void ys_relay_set_target(int relay_id, const char *store_stream, const char *topic,
								int topic_partitions);

/* A session begins.  Locks the row until the transaction ends; false when the relay is gone. */
extern bool ys_relay_begin(int relay_id);

/* Add up what was done.  Locks the row until the transaction ends; false when the relay is gone. */
extern bool ys_relay_progress(int relay_id, const YsRelayProgress *progress);

/* Changes are missing for good: say so on the relay. */
extern void ys_relay_add_loss(int relay_id, const char *loss);

/*
 * Why what changes in source now may not reach stream: a relay between the two has not begun
 * to read the store's stream, or there is none to read.  NULL: nothing speaks against it.
 */
extern char *ys_relay_unready(Oid source, Oid stream);

/*
 * The store's stream has everything since a moment.  Policies of source and stream that
 * began before, and have not seen everything up to then, may never see the rest.
 */
extern void ys_relay_mark_unseen(Oid source, Oid stream, TimestampTz since, const char *reason);

/* List of YsRelayShard. */
extern List *ys_relay_shards(int relay_id);
extern void ys_relay_save_shard(int relay_id, const YsRelayShard *shard);
extern void ys_relay_forget_shard(int relay_id, const char *shard_id);

#endif							/* YS_CATALOG_RELAY_H */
