/*-------------------------------------------------------------------------
 * backoff.c
 *	  Jittered exponential backoff.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/wait.h"
#include "common/pg_prng.h"

/* Past this many doublings any base has reached any limit. */
#define MOST_DOUBLINGS	20

int
ys_backoff_ms(int attempt, int base_ms, int limit_ms)
{
	int			doublings = Min(Max(attempt, 1) - 1, MOST_DOUBLINGS);
	int64		longest = Min((int64) base_ms << doublings, (int64) limit_ms);

	if (longest <= 0)
		return 0;
	return (int) (longest / 2 + pg_prng_uint64_range(&pg_global_prng_state, 0, longest - longest / 2));
}
