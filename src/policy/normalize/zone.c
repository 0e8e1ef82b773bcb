/*-------------------------------------------------------------------------
 * zone.c
 *	  Time zones: how far a place's clocks were from UTC, and when.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/zone.h"

#include "policy/normalize/calendar.h"

/* How many whole 400 years to go back for the table to tell about a second. */
static int64_t
repetitions(const YsZone *zone, int64_t seconds)
{
	if (!zone->repeats || seconds < YS_ZONE_END)
		return 0;
	return (seconds - YS_ZONE_REPEATS) / (YS_ZONE_END - YS_ZONE_REPEATS);
}

/* The number of changes up to a second, its own included. */
static int
changes_until(const YsZone *zone, int64_t seconds)
{
	int			low = 0;
	int			high = zone->nchanges;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (zone->changes[middle].at <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int32_t
offset_after(const YsZone *zone, int nchanges)
{
	return nchanges > 0 ? zone->changes[nchanges - 1].offset : zone->first;
}

int64_t
ys_zone_to_local(const YsZone *zone, int64_t usecs)
{
	int64_t		seconds = ys_floor_div(usecs, YS_USECS_PER_SEC);

	seconds -= repetitions(zone, seconds) * (YS_ZONE_END - YS_ZONE_REPEATS);
	return usecs + offset_after(zone, changes_until(zone, seconds)) * YS_USECS_PER_SEC;
}

/*
 * Offsets are below a day, and changes further apart than two: so the first
 * change that comes later than a day before is the only one that matters.
 */
int64_t
ys_zone_to_utc(const YsZone *zone, int64_t local_usecs)
{
	int64_t		local = ys_floor_div(local_usecs, YS_USECS_PER_SEC);
	int			next;
	int32_t		offset;

	local -= repetitions(zone, local) * (YS_ZONE_END - YS_ZONE_REPEATS);
	next = changes_until(zone, local - YS_SECS_PER_DAY);
	offset = offset_after(zone, next);
	if (next < zone->nchanges && local - zone->changes[next].offset >= zone->changes[next].at)
		offset = zone->changes[next].offset;
	return local_usecs - offset * YS_USECS_PER_SEC;
}
