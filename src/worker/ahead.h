/*-------------------------------------------------------------------------
 * ahead.h
 *	  Making the next batch, in a thread, while one is applied.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_AHEAD_H
#define YS_WORKER_AHEAD_H

#include "stream/event_batch.h"

/*
 * Where messages come from.  take is as ys_consumer_take, and called from the thread: it neither throws nor waits,
 * and touches nothing that anyone else does meanwhile.  fd is readable when there may be more.
 */
typedef struct YsAheadSource
{
	bool		(*take) (void *arg, int max, size_t max_bytes, YsArena *arena, int *count, YsMessage **messages,
						 YsError *err);
	void	   *arg;
	int			fd;
} YsAheadSource;

/*
 * How long a batch gets: as many events as come while it is not asked for, up to most; once it is, no more than
 * is enough, or what is there.
 */
typedef struct YsAheadLimits
{
	int			enough_events;
	size_t		enough_bytes;	/* of payload */
	size_t		kept_bytes;		/* of events, beyond which they are decoded again */
	int			most_events;
	size_t		most_bytes;		/* of all that is held besides */
} YsAheadLimits;

typedef struct YsAhead YsAhead;

/*
 * Make batches of a source's messages, read so, which is copied; fits is of its keys.  All of it ends with context, or
 * the process, where a batch under way is dropped.  Throws on out of memory.
 */
extern YsAhead *ys_ahead_open(MemoryContext context, const YsAheadSource *source, const YsEventReading *reading,
							  const YsKeyFit *fits);
extern void ys_ahead_close(YsAhead *ahead);

/* Does it read messages so? */
extern bool ys_ahead_reads(const YsAhead *ahead, const YsEventReading *reading, const YsKeyFit *fits);

/* Begin the next batch.  Where no thread can be had nothing happens. */
extern void ys_ahead_begin(YsAhead *ahead, const YsAheadLimits *limits);

/* Is a batch under way? */
extern bool ys_ahead_is_busy(const YsAhead *ahead);

/*
 * Have the batch that is under way, or make one of what is there: empty, if there is nothing.  It is good until the
 * next but one is begun.  False and err when the source has ended, and nothing came before that.
 */
extern bool ys_ahead_take(YsAhead *ahead, const YsAheadLimits *limits, YsEventBatch **batch, YsError *err);

/*
 * Have the events of a batch that was taken: those of a long one have to be decoded again, which a thread does for a half
 * of them, and the caller with his reader and arena for the other.  Throws when memory ran out.
 */
extern void ys_ahead_decode(YsAhead *ahead, YsEventBatch *batch, YsJsonReader *reader, YsArena *arena);

#endif							/* YS_WORKER_AHEAD_H */
