/*-------------------------------------------------------------------------
 * zones.c
 *	  Time zones for unit tests, as libc has them.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "zones.h"

#define EPOCH_2000		INT64_C(946684800)
#define FIRST_YEAR_1800	(-INT64_C(5364662400) - EPOCH_2000)

/* Two changes are not closer than this. */
#define STEP			(INT64_C(24) * 3600)

/* Whole hours, halves and quarters; both hemispheres; half an hour of summer; a day that was skipped. */
const char *const zones_names[] = {
	"Europe/Rome", "Europe/London", "Europe/Dublin", "Europe/Moscow", "Europe/Paris", "America/New_York",
	"America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
	"Africa/Casablanca", "America/Sao_Paulo", "Japan", "EST5EDT", NULL
};

#define MOST			32
#define MOST_CHANGES	4000

static struct
{
	YsZone		zone;
	YsZoneChange *changes;
}			made[MOST];

static void
use_zone(const char *name)
{
	static char used[64] = "";

	if (strcmp(used, name) == 0)
		return;
	snprintf(used, sizeof(used), "%s", name);
	if (setenv("TZ", name, 1) != 0)
		abort();
	tzset();
}

static struct tm
clock_at(int64_t at)
{
	time_t		unix_time = (time_t) (at + EPOCH_2000);
	struct tm	tm;

	if (localtime_r(&unix_time, &tm) == NULL)
		abort();
	return tm;
}

int32_t
zones_offset(const char *name, int64_t at)
{
	use_zone(name);
	return (int32_t) clock_at(at).tm_gmtoff;
}

static bool
same_clock(const struct tm *a, const struct tm *b)
{
	return a->tm_gmtoff == b->tm_gmtoff && a->tm_isdst == b->tm_isdst && strcmp(a->tm_zone, b->tm_zone) == 0;
}

static void
make_zone(const char *name, YsZone *zone, YsZoneChange **changes)
{
	struct tm	before;

	use_zone(name);
	before = clock_at(FIRST_YEAR_1800);
	zone->first = (int32_t) before.tm_gmtoff;
	*changes = malloc(sizeof(YsZoneChange) * MOST_CHANGES);
	if (*changes == NULL)
		abort();
	for (int64_t at = FIRST_YEAR_1800; at < YS_ZONE_END - STEP; at += STEP)
	{
		int64_t		low = at;
		int64_t		high = at + STEP;
		struct tm	after = clock_at(high);

		if (same_clock(&before, &after))
			continue;
		while (high - low > 1)
		{
			int64_t		middle = (low + high) / 2;
			struct tm	tm = clock_at(middle);

			if (same_clock(&before, &tm))
				low = middle;
			else
				high = middle;
		}
		if (zone->nchanges == MOST_CHANGES)
			abort();
		(*changes)[zone->nchanges++] = (YsZoneChange) {high, (int32_t) after.tm_gmtoff};
		zone->repeats |= high >= YS_ZONE_REPEATS;
		before = after;
	}
	zone->changes = *changes;
}

const YsZone *
zones_find(void *arg, const char *name, uint32_t len)
{
	(void) arg;
	for (int i = 0; zones_names[i] != NULL; i++)
	{
		if (strlen(zones_names[i]) != len || strncasecmp(zones_names[i], name, len) != 0)
			continue;
		if (made[i].changes == NULL)
			make_zone(zones_names[i], &made[i].zone, &made[i].changes);
		return &made[i].zone;
	}
	return NULL;
}
