/*-------------------------------------------------------------------------
 * latency.h
 *	  A histogram of latencies: buckets of about equal relative width.
 *
 * Log-linear, as HdrHistogram's: every power of two of microseconds is
 * divided into eight equal buckets, so a bucket is at most an eighth of its
 * lower end wide, and a percentile read from its middle at most 1/16 (6.25 %)
 * off.  From 0 to 2^28 us (268 s); what is longer is in the last bucket.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_LATENCY_H
#define YS_STORE_LATENCY_H

#define YS_LATENCY_BUCKETS	208

/* The bucket a latency is counted in. */
extern int	ys_latency_bucket(int64 us);

/*
 * The latency that share (0 to 1) of those counted do not exceed, in
 * milliseconds; -1 when none were counted.
 */
extern double ys_latency_percentile(const uint64 *counts, double share);

#endif							/* YS_STORE_LATENCY_H */
