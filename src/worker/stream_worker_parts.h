/*-------------------------------------------------------------------------
 * stream_worker_parts.h
 *	  What the parts of a stream worker share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_STREAM_WORKER_PARTS_H
#define YS_WORKER_STREAM_WORKER_PARTS_H

#include "base/memory.h"
#include "catalog/server.h"
#include "stream/event.h"
#include "stream/kafka.h"
#include "worker/follow.h"

typedef struct YsStreamWorker
{
	Oid			stream;
	Oid			owner;
	MemoryContext context;
	MemoryContext batch_context;	/* reset after each batch */
	MemoryContext config_context;
	YsStreamConfig *config;		/* as declared when policies were last looked at */
	YsEventFormat format;
	YsJsonReader *reader;
	YsHandle   *reader_handle;
	List	   *follows;
	MemoryContext consumer_context; /* its own: consumers come and go */
	YsConsumer *consumer;		/* NULL: to be opened */
	int64		housekeeping_at;
	int64		retry_at;		/* don't bother brokers or store before */
	bool		troubled;		/* a reason is noted on the policies */
	bool		any_paused;		/* of its policies */
	int64		ends_at;		/* when to ask the brokers next where the topic ends */
} YsStreamWorker;

/* ---- stream_worker.c ---- */

/* Say on every policy of this worker what keeps it from going on; NULL: nothing does. */
extern void ys_stream_note_reason(YsStreamWorker *worker, const char *reason);

/* Brokers or store can't be had: say so, and leave them alone for a while. */
extern void ys_stream_note_trouble(YsStreamWorker *worker, const YsError *err);

/* ---- stream_worker_policies.c ---- */

/* Hear of changed areas, synonyms and sources from now on. */
extern void ys_stream_watch(YsStreamWorker *worker);

/*
 * Has anything changed that events are read by?  Asked with messages in hand: what
 * came after a change must not meet what was before it.
 */
extern bool ys_stream_declarations_changed(void);

/*
 * Bring stream and policies up to date with the catalog, in a transaction of its own.
 * False when there is nothing left to do for this worker.
 */
extern bool ys_stream_refresh(YsStreamWorker *worker);

/* ---- stream_worker_start.c ---- */

/*
 * Make the positions to resume from durable, so that backfill may begin; not before the relay
 * that fills the topic, if one does, has begun to read the store's stream.  False and err when
 * brokers can't be had.
 */
extern bool ys_stream_start_follow(YsStreamWorker *worker, YsFollow *follow, YsError *err);

/* ---- stream_worker_consume.c ---- */

/* Take and apply one batch.  Returns how many messages there were, -1 on an error noted. */
extern int	ys_stream_consume(YsStreamWorker *worker);

/* The next batch is taken by a consumer opened anew, from the policies' positions. */
extern void ys_stream_close_consumer(YsStreamWorker *worker);

/* ---- stream_worker_lag.c ---- */

/* Save how far the stream goes where no batch has done so, for policies that are paused, too. */
extern void ys_stream_save_lag(YsStreamWorker *worker);

#endif							/* YS_WORKER_STREAM_WORKER_PARTS_H */
