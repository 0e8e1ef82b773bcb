/*-------------------------------------------------------------------------
 * ahead.h
 *	  Making the next batch, and what policies make of its items, in a thread, while one is applied.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_AHEAD_H
#define YS_WORKER_AHEAD_H

#include "policy/policy.h"
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

/*
 * The policies that a batch is for, as far as their entries can be made without the server.  They and what is bound to
 * them are borrowed, and must stay while a batch is under way.
 */
#define YS_AHEAD_POLICIES	16	/* others' entries are left to who applies them */

typedef struct YsAheadPolicies
{
	int			count;
	struct
	{
		const YsPolicy *policy;
		const YsBindings *bindings;
	}			each[YS_AHEAD_POLICIES];
} YsAheadPolicies;

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
extern void ys_ahead_begin(YsAhead *ahead, const YsAheadLimits *limits, const YsAheadPolicies *policies);

/* Is a batch under way? */
extern bool ys_ahead_is_busy(const YsAhead *ahead);

/*
 * Have the batch that is under way, or make one of what is there: empty, if there is nothing.  It is good until the
 * next but one is begun.  False and err when the source has ended, and nothing came before that.
 */
extern bool ys_ahead_take(YsAhead *ahead, const YsAheadLimits *limits, const YsAheadPolicies *policies,
						  YsEventBatch **batch, YsError *err);

/*
 * Have the events of a batch that was taken: those of a long one have to be decoded again, which a thread does for a half
 * of them, and the caller with his reader and arena for the other.  Throws when memory ran out.
 */
extern void ys_ahead_decode(YsAhead *ahead, YsEventBatch *batch, YsJsonReader *reader, YsArena *arena);

/*
 * Where a policy's entry is among those that the batch's events have; -1: it isn't.  One without an area has not
 * been made, for it takes what only the server knows.
 */
extern int	ys_ahead_entry_number(const YsAhead *ahead, const YsEventBatch *batch, const YsPolicy *policy,
								  const YsBindings *bindings);

#endif							/* YS_WORKER_AHEAD_H */
