/*-------------------------------------------------------------------------
 * quota.h
 *	  When the limits of a server let a request go.
 *
 * The limits hold for all who share the server's meter.  A request takes one
 * token of its bucket, if need be ahead of time: it waits for the moment it
 * was given.  A connection holds one such place in the line at a time, so
 * backends take turns, however many requests each has in flight.  What a read
 * costs shows in its reply only: it goes when the bucket of read units is not
 * in debt, is charged what the last one cost, and the difference is made good
 * when the reply is there.
 *
 * Times are monotonic microseconds.  Nothing here waits or throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_QUOTA_H
#define YS_STORE_QUOTA_H

#include "store/meter.h"

typedef struct YsQuota
{
	double		requests;		/* a second; 0: no limit */
	double		read_units;		/* a second; 0: no limit */
	YsMeterOwner owner;
	YsMeter		meter;			/* of the server */
	bool		has_turn;		/* the next request goes at turn_at */
	int64		turn_at;
	double		usual_units;	/* of the last read */
} YsQuota;

/*
 * May a request go now?  If so, what it is charged is added to charged; if
 * not, ask again at the moment again_at.
 */
extern bool ys_quota_admit(YsQuota *quota, bool reads, int64 now, double *charged,
						   int64 *again_at);

/* Nothing waits any more for the place in the line: give it up, if there is one. */
extern void ys_quota_withdraw(YsQuota *quota, int64 now);

/* A read that was charged so much has cost so many units. */
extern void ys_quota_settle(YsQuota *quota, double charged, double units, int64 now);

#endif							/* YS_STORE_QUOTA_H */
