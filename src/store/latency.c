/*-------------------------------------------------------------------------
 * latency.c
 *	  A histogram of latencies.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "store/latency.h"

/* Buckets of a power of two, and their number's bits. */
#define DIVISIONS		8
#define DIVISION_BITS	3

int
ys_latency_bucket(int64 us)
{
	int			exponent;

	if (us < DIVISIONS)
		return (int) Max(us, 0);
	exponent = pg_leftmost_one_pos64((uint64) us);
	return (int) Min((exponent - DIVISION_BITS + 1) * DIVISIONS +
					 (int) ((us >> (exponent - DIVISION_BITS)) & (DIVISIONS - 1)),
					 YS_LATENCY_BUCKETS - 1);
}

/* The middle of a bucket, in milliseconds. */
static double
middle(int bucket)
{
	int			exponent = bucket / DIVISIONS + DIVISION_BITS - 1;
	double		width = bucket < DIVISIONS ? 1 : (double) (INT64CONST(1) << (exponent - DIVISION_BITS));
	double		start = bucket < DIVISIONS ? bucket : width * (DIVISIONS + bucket % DIVISIONS);

	return (start + width / 2) / 1000.0;
}

double
ys_latency_percentile(const uint64 *counts, double share)
{
	uint64		total = 0;
	uint64		seen = 0;

	for (int i = 0; i < YS_LATENCY_BUCKETS; i++)
		total += counts[i];
	for (int i = 0; i < YS_LATENCY_BUCKETS; i++)
	{
		seen += counts[i];
		if (counts[i] > 0 && (double) seen >= share * (double) total)
			return middle(i);
	}
	return -1;
}
