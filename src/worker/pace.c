/*-------------------------------------------------------------------------
 * pace.c
 *	  How fast a policy is, and how late: recent rates and latencies.
 *
 * What a policy can do at most is measured by the time in which its worker
 * had something to do, for this policy or for others: that is how fast a
 * backlog shrinks while no more comes.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>
#include <time.h>

#include "base/wait.h"
#include "worker/pace.h"

#define MEMORY_SECONDS		10.0
#define LATENCY_SECONDS		60.0

/* Weight of one latency, so that it can be halved often before it is nothing. */
#define LATENCY_WEIGHT		(UINT64CONST(1) << 20)

static int64 idle_us = 0;		/* in all */
static int64 idle_since = 0;	/* 0: not idle */

void
ys_pace_idle(bool idle)
{
	int64		now = ys_clock_us();

	if (idle_since != 0)
		idle_us += now - idle_since;
	idle_since = idle ? now : 0;
}

static double
seconds(int64 us)
{
	return (double) us / 1000000;
}

static int64
unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
note_latencies(YsPace *pace, double elapsed, int nevents, const int64 *appended_ms)
{
	double		kept = exp(-elapsed / LATENCY_SECONDS);
	int64		now = unix_ms();

	for (int i = 0; i < YS_LATENCY_BUCKETS; i++)
		pace->latencies[i] = (uint64) ((double) pace->latencies[i] * kept);
	for (int i = 0; i < nevents; i++)
	{
		int64		late_ms = Min(Max(now - appended_ms[i], 0), PG_INT32_MAX);

		if (appended_ms[i] >= 0)
			pace->latencies[ys_latency_bucket(late_ms * 1000)] += LATENCY_WEIGHT;
	}
}

void
ys_pace_batch(YsPace *pace, int64 messages, int nevents, const int64 *appended_ms)
{
	int64		now = ys_clock_us();
	double		elapsed = seconds(now - pace->batch_us);

	note_latencies(pace, elapsed, nevents, appended_ms);
	if (pace->batch_us != 0)
	{
		ys_moving_add(&pace->events, nevents, elapsed, MEMORY_SECONDS);
		ys_moving_add(&pace->drained, (double) messages,
					  elapsed - seconds(idle_us - pace->idle_us), MEMORY_SECONDS);
	}
	pace->batch_us = now;
	pace->idle_us = idle_us;
}

void
ys_pace_page(YsPace *pace, int64 items)
{
	int64		now = ys_clock_us();

	if (pace->page_us != 0)
		ys_moving_add(&pace->items, (double) items, seconds(now - pace->page_us), MEMORY_SECONDS);
	pace->page_us = now;
}

void
ys_pace_high(YsPace *pace, int64 high)
{
	int64		now = ys_clock_us();

	if (pace->high != 0 && high >= pace->high)
		ys_moving_add(&pace->arriving, (double) (high - pace->high), seconds(now - pace->high_us),
					  MEMORY_SECONDS);
	pace->high = high;
	pace->high_us = now;
}

void
ys_pace_rates(const YsPace *pace, YsPolicyRates *rates)
{
	rates->events = ys_moving_rate(&pace->events);
	rates->items = ys_moving_rate(&pace->items);
	rates->drained = ys_moving_rate(&pace->drained);
	rates->arriving = ys_moving_rate(&pace->arriving);
	rates->p50_ms = ys_latency_percentile(pace->latencies, 0.5);
	rates->p95_ms = ys_latency_percentile(pace->latencies, 0.95);
}
