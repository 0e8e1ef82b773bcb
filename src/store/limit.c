/*-------------------------------------------------------------------------
 * limit.c
 *	  A rate limit: a token bucket.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/limit.h"

#define BURST_SECONDS	0.1
#define SECOND_US		1000000.0

void
ys_bucket_init(YsBucket *bucket)
{
	SpinLockInit(&bucket->lock);
	ys_bucket_clear(bucket);
}

void
ys_bucket_clear(YsBucket *bucket)
{
	SpinLockAcquire(&bucket->lock);
	bucket->tokens = 0;
	bucket->filled_at = 0;
	SpinLockRelease(&bucket->lock);
}

/* Let in what has come since; the lock is held. */
static void
fill(YsBucket *bucket, double rate, int64 now)
{
	double		most = Max(rate * BURST_SECONDS, 1.0);

	if (bucket->filled_at == 0)
		bucket->tokens = most;
	else if (now > bucket->filled_at)
		bucket->tokens += (double) (now - bucket->filled_at) * rate / SECOND_US;
	bucket->tokens = Min(bucket->tokens, most);
	bucket->filled_at = Max(bucket->filled_at, now);
}

/* When so many tokens that are missing will have come in. */
static int64
moment(double missing, double rate, int64 now)
{
	/* a year is for ever, and fits an integer */
	double		us = Min(missing / rate * SECOND_US, 365.0 * 86400.0 * SECOND_US);

	return missing > 0 ? now + (int64) us + 1 : now;
}

int64
ys_bucket_reserve(YsBucket *bucket, double rate, int64 now)
{
	double		tokens;

	SpinLockAcquire(&bucket->lock);
	fill(bucket, rate, now);
	bucket->tokens -= 1;
	tokens = bucket->tokens;
	SpinLockRelease(&bucket->lock);
	return moment(-tokens, rate, now);
}

int64
ys_bucket_solvent_at(YsBucket *bucket, double rate, int64 now)
{
	double		tokens;

	SpinLockAcquire(&bucket->lock);
	fill(bucket, rate, now);
	tokens = bucket->tokens;
	SpinLockRelease(&bucket->lock);
	return moment(-tokens, rate, now);
}

void
ys_bucket_debit(YsBucket *bucket, double rate, double tokens, int64 now)
{
	SpinLockAcquire(&bucket->lock);
	fill(bucket, rate, now);
	bucket->tokens -= tokens;
	SpinLockRelease(&bucket->lock);
}
