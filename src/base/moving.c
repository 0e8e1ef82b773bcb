/*-------------------------------------------------------------------------
 * moving.c
 *	  Rates of the recent past: what happened longer ago counts less and less.
 *
 * An exponentially weighted average over time, not over samples: these come
 * at any intervals.  Dividing by the weight told so far makes it right from
 * the first sample on.
 *-------------------------------------------------------------------------
 */
#include "base/moving.h"

#include <math.h>

void
ys_moving_add(YsMoving *moving, double count, double seconds, double memory)
{
	double		share = seconds > 0 ? -expm1(-seconds / memory) : 0;

	moving->sum -= moving->sum * share;
	moving->weight -= moving->weight * share;

	/* things in no time at all: what they add in the limit */
	moving->sum += seconds > 0 ? share * count / seconds : count / memory;
	moving->weight += share;
}

double
ys_moving_rate(const YsMoving *moving)
{
	return moving->weight > 0 ? moving->sum / moving->weight : -1;
}
