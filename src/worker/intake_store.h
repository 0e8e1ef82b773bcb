/*-------------------------------------------------------------------------
 * intake_store.h
 *	  The store's own stream as an intake: what its parts share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_INTAKE_STORE_H
#define YS_WORKER_INTAKE_STORE_H

#include "worker/shard_read.h"
#include "worker/stream_worker_parts.h"

typedef struct YsStoreIntake
{
	/* of the policies' source, as it was when this was opened: one that is changed has no part in this */
	Oid			serverid;
	Oid			owner;
	const char *table;

	uint64		store_epoch;	/* the store is open as long as this is ys_server_epoch() */
	YsShardReader reader;		/* stream_id NULL: whichever there is */
	int64		refresh_at;		/* ys_clock_ms, as all of these */
	int			turn;			/* among the active shards */

	YsShardState *state;		/* whose page is being handed out; NULL: none is */
	YsMessageShard *shard;		/* the same for its messages, in the reader's arena */
	YsStreamPage page;
	int			next_record;

	int64		watermark;		/* the last one handed out, microseconds since 1970 */
	int64		watermark_at;
	bool		taken;			/* something, since then */
} YsStoreIntake;

/* One that is not open yet, in context. */
extern YsStoreIntake *ys_intake_store_create(MemoryContext context, const YsSource *source, Oid owner);

/*
 * Describe the stream, into the reader's arena.  *followed false: the table has none any more, or
 * another than the reader's.  False and err when the store failed.
 */
extern bool ys_intake_store_describe(YsStoreIntake *intake, bool *followed,
									 YsStreamInfo *stream, YsError *err);

/* ---- intake_store_lineage.c ---- */

/*
 * Describe the stream, and bring the lineage up to date with it: at first, one of where the lane's
 * policies (members) are.  Those that have lost changes are marked INCOMPLETE; false then, with
 * YS_ERR_TRIMMED.
 */
extern bool ys_intake_store_refresh(YsStoreIntake *intake, const List *members, YsError *err);

/*
 * Of a shard, what came behind sequence (empty: its beginning) is lost for who has not seen more.
 * Returns false, as above.
 */
extern bool ys_intake_store_lose_records(YsStoreIntake *intake, const List *members, const char *shard,
										 const char *sequence, YsError *err);

/* ---- intake_store_start.c: see intake.h ---- */

extern int	ys_intake_store_load(YsStreamWorker *worker);
extern const char *ys_intake_store_refuses(const YsStreamWorker *worker, const char *topic);
extern bool ys_intake_store_start(YsStreamWorker *worker, YsFollow *follow, YsError *err);

#endif							/* YS_WORKER_INTAKE_STORE_H */
