/*-------------------------------------------------------------------------
 * pace.h
 *	  How fast a policy is, and how late: recent rates and latencies.
 *
 * They are of this process and begin anew with it; what they come to is
 * saved with the counters of each batch.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_PACE_H
#define YS_WORKER_PACE_H

#include "base/moving.h"
#include "catalog/stats.h"
#include "store/latency.h"

typedef struct YsPace
{
	YsMoving	events;
	YsMoving	items;
	YsMoving	drained;
	YsMoving	arriving;
	uint64		latencies[YS_LATENCY_BUCKETS];	/* recent ones count for more */
	int64		batch_us;		/* ys_clock_us when the last batch, or page, ended; 0: none has */
	int64		page_us;
	int64		idle_us;		/* of the process, by then */
	int64		high;			/* sum of the topic's ends, 0: not known */
	int64		high_us;
	bool		waiting;		/* as saved last */
} YsPace;

/* From here to the next call with false this process has nothing to do. */
extern void ys_pace_idle(bool idle);

/*
 * A batch is about to commit: of so many messages, with events that were appended to the stream at
 * these moments (milliseconds since 1970, -1: nobody knows).
 */
extern void ys_pace_batch(YsPace *pace, int64 messages, int nevents, const int64 *appended_ms);

/* The same of a backfill's page. */
extern void ys_pace_page(YsPace *pace, int64 items);

/* The ends of the stream's partitions sum up to this now. */
extern void ys_pace_high(YsPace *pace, int64 high);

extern void ys_pace_rates(const YsPace *pace, YsPolicyRates *rates);

#endif							/* YS_WORKER_PACE_H */
