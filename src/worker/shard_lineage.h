/*-------------------------------------------------------------------------
 * shard_lineage.h
 *	  The shards of a store's stream: who descends from whom, how far each
 *	  was read.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_SHARD_LINEAGE_H
#define YS_WORKER_SHARD_LINEAGE_H

#include "nodes/pg_list.h"
#include "store/store.h"
#include "utils/hsearch.h"

typedef struct YsShardState
{
	char		id[YS_SHARD_ID_SIZE];	/* hash key */
	char		parent[YS_SHARD_ID_SIZE];	/* empty: none */
	int			generation;		/* 0: not determined yet */
	char		sequence[YS_SEQUENCE_SIZE]; /* of the last record produced; empty: none */
	char		first[YS_SEQUENCE_SIZE];	/* where it begins; empty: the store doesn't say */
	bool		whole;			/* all of it was there when we first heard of it */
	bool		unplaced;		/* its beginning was granted and then refused */
	bool		finished;		/* closed, and read to its end */
	bool		listed;			/* in the stream's last description */
	bool		closed;			/* its last page has been read */
	bool		dirty;			/* differs from what the catalog holds */
	char	   *iterator;		/* NULL: to be asked for */
	int			ends;			/* pages in a row that may have ended at the tip, since the iterator was asked for */
	bool		at_tip;			/* has been read to where the writers are */
	bool		has_child;		/* one is known */
	int64		child_at;		/* ys_clock_ms: when we heard of the last one; 0: before we began */
	int64		due_at;			/* ys_clock_ms: to be left alone until then */
	int64		read_at;		/* when it was last asked for records; this and the next in microseconds since 1970 */
	int64		read_up_to;		/* whatever was created before was read; 0: unknown */
	int64		last_created;	/* of the last record read, in seconds by the store's clock; 0: none */
	int64		finished_at;	/* ys_clock_ms: when we found it finished */
} YsShardState;

typedef struct YsLineage
{
	MemoryContext context;
	HTAB	   *shards;
	List	   *active;			/* of YsShardState: those to be read now */
	List	   *forgotten;		/* ids, to be removed from the catalog */
	bool		grown;			/* shards the catalog does not know */
	bool		tells_seconds;	/* a record was created at one that begins no minute */
	char	   *loss;			/* why changes may be missing, until it has been told; NULL: none are */
} YsLineage;

/* Begin with what is known: a list of YsRelayShard. */
extern YsLineage *ys_lineage_open(MemoryContext context, const List *known);

/* NULL: it is not known. */
extern YsShardState *ys_lineage_find(YsLineage *lineage, const char *id);

/* The stream was replaced by another: nothing of it will be read any more. */
extern void ys_lineage_abandon(YsLineage *lineage);

/*
 * Merge a description of the stream.  False and err when an id is longer than
 * any store's.
 */
extern bool ys_lineage_update(YsLineage *lineage, int nshards, const YsShard *shards, YsError *err);

/* Shards that are closed, and their last records acknowledged, are finished: their children come next. */
extern void ys_lineage_finish_closed(YsLineage *lineage);

/*
 * Is there a finished shard whose children the store has not named yet, or maybe not all of them?
 * They may hold changes already.
 */
extern bool ys_lineage_awaits_children(const YsLineage *lineage);

/* Changes were lost (shard may be NULL).  Of several, the first one is told. */
extern void ys_lineage_note_loss(YsLineage *lineage, const YsShardState *shard, const char *why);
extern void ys_lineage_loss_told(YsLineage *lineage);

/* 0 when no shard is known. */
extern int	ys_lineage_highest(YsLineage *lineage);

/* Whatever is read from now on comes after generation. */
extern void ys_lineage_raise(YsLineage *lineage, int generation);

/* Write what differs to the catalog of a relay; in a transaction. */
extern void ys_lineage_save(YsLineage *lineage, int relay_id);

#endif							/* YS_WORKER_SHARD_LINEAGE_H */
