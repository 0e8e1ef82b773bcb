/*-------------------------------------------------------------------------
 * stats.h
 *	  Counters and recent rates of policies, which commit with the rows that
 *	  they count.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_STATS_H
#define YS_CATALOG_STATS_H

/* What one batch of events, or one page of a backfill, came to. */
typedef struct YsPolicyCounters
{
	int64		taken;			/* events, whatever became of them */
	int64		bytes;			/* of their keys and values */
	int64		applied;
	int64		stale;
	int64		quarantined;
	int64		passed_over;	/* of other tables, or of no item */
	int64		backfilled;
	int64		inserted;		/* rows, from here on */
	int64		updated;
	int64		moved;			/* to another area */
	int64		deleted;
} YsPolicyCounters;

/* Rates a second and latencies as they are now; negative: not known. */
typedef struct YsPolicyRates
{
	double		events;
	double		items;			/* that backfill reads */
	double		drained;		/* events while there were any */
	double		arriving;		/* events at the stream */
	double		p50_ms;
	double		p95_ms;
} YsPolicyRates;

/* What counters are of. */
typedef enum YsStatsKind
{
	YS_STATS_BATCH,				/* of events */
	YS_STATS_PAGE,				/* of a backfill */
	YS_STATS_OTHER
} YsStatsKind;

/*
 * Add counters.  slot is of the worker, among those that share the stream.  waiting, of a batch:
 * there are more events.
 */
extern void ys_stats_add(int policy_id, int slot, YsStatsKind kind, const YsPolicyCounters *counters,
						 const YsPolicyRates *rates, bool waiting);

/* Outside of a batch: do events wait? */
extern void ys_stats_set_waiting(int policy_id, int slot, bool waiting);

#endif							/* YS_CATALOG_STATS_H */
