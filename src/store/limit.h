/*-------------------------------------------------------------------------
 * limit.h
 *	  A rate limit: a token bucket, which may lie in shared memory.
 *
 * Tokens come in at the rate, up to a tenth of a second's worth (at least
 * one).  A bucket may be in debt: what is taken from an empty one is paid
 * back by whoever comes next.  The rate is the caller's and may change from
 * call to call; what is in the bucket is tokens, not time, so a new rate
 * holds at once.
 *
 * Times are monotonic microseconds.  Nothing here waits or throws; a spinlock
 * is held for a few instructions.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_LIMIT_H
#define YS_STORE_LIMIT_H

#include "storage/spin.h"

typedef struct YsBucket
{
	slock_t		lock;
	double		tokens;			/* negative: debt */
	int64		filled_at;		/* 0: never used, and full */
} YsBucket;

extern void ys_bucket_init(YsBucket *bucket);

/* Fill it again. */
extern void ys_bucket_clear(YsBucket *bucket);

/*
 * Take one token, also ahead of time: returns the moment it is there, which is
 * not after now when the bucket held one.  Who takes later gets a later moment.
 */
extern int64 ys_bucket_reserve(YsBucket *bucket, double rate, int64 now);

/* The moment the bucket is out of debt: not after now when it is. */
extern int64 ys_bucket_solvent_at(YsBucket *bucket, double rate, int64 now);

/* Take any number of tokens, or (negative) put them back. */
extern void ys_bucket_debit(YsBucket *bucket, double rate, double tokens, int64 now);

#endif							/* YS_STORE_LIMIT_H */
