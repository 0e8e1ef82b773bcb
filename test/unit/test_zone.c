/*-------------------------------------------------------------------------
 * test_zone.c
 *	  From the clocks of a time zone to UTC and back, against libc.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/normalize/calendar.h"
#include "policy/normalize/zone.h"
#include "zones.h"

/* Years 1800 to 4200, past the table's end by several of its rounds. */
#define FIRST		(-INT64_C(6311347200))
#define SPAN		INT64_C(75736944000)

static const YsZone *
zone_of(const char *name)
{
	const YsZone *zone = zones_find(NULL, name, (uint32_t) strlen(name));

	assert_non_null(zone);
	return zone;
}

static void
check_local(const YsZone *zone, const char *name, int64_t at)
{
	int64_t		local = ys_zone_to_local(zone, at * YS_USECS_PER_SEC + 7);

	if (local != (at + zones_offset(name, at)) * YS_USECS_PER_SEC + 7)
		fail_msg("%s at %lld: got %lld, wanted %d", name, (long long) at,
				 (long long) (local / YS_USECS_PER_SEC - at), zones_offset(name, at));
}

/*
 * What the server does, said otherwise: of the moments at which the clocks show a time
 * the later one; of a time they skip, the one at which they would have shown it before.
 */
static void
check_utc(const YsZone *zone, const char *name, int64_t local)
{
	int64_t		got = ys_zone_to_utc(zone, local * YS_USECS_PER_SEC + 7);
	int32_t		early = zones_offset(name, local - 86400);
	int32_t		late = zones_offset(name, local + 86400);
	bool		at_early = zones_offset(name, local - early) == early;
	bool		at_late = zones_offset(name, local - late) == late;
	int64_t		expected = at_late ? local - late : local - early;

	if (at_early && at_late && early != late)
		expected = local - (early < late ? early : late);
	if (got != expected * YS_USECS_PER_SEC + 7)
		fail_msg("%s, clocks %lld: got %lld, wanted %lld", name, (long long) local,
				 (long long) ys_floor_div(got, YS_USECS_PER_SEC), (long long) expected);
}

static void
test_around_changes(void **state)
{
	static const int around[] = {-90000, -86401, -7200, -3601, -3600, -1800, -1, 0, 1, 1799, 3599, 3600, 7200, 86400};

	(void) state;
	for (int i = 0; zones_names[i] != NULL; i++)
	{
		const YsZone *zone = zone_of(zones_names[i]);

		for (int c = 0; c < zone->nchanges; c++)
		{
			int64_t		at = zone->changes[c].at;

			/* two changes within three days are no test of a rule about one */
			if ((c > 0 && at - zone->changes[c - 1].at < 3 * 86400) ||
				(c + 1 < zone->nchanges && zone->changes[c + 1].at - at < 3 * 86400))
				continue;
			for (size_t a = 0; a < sizeof(around) / sizeof(around[0]); a++)
			{
				check_local(zone, zones_names[i], at + around[a]);
				check_utc(zone, zones_names[i], at + zone->changes[c].offset + around[a]);
			}
		}
	}
}

static void
test_anywhere(void **state)
{
	uint64_t	random = unit_seed("test_zone");

	(void) state;
	for (int i = 0; zones_names[i] != NULL; i++)
	{
		const YsZone *zone = zone_of(zones_names[i]);

		for (int n = 0; n < 5000; n++)
		{
			int64_t		at = FIRST + (int64_t) unit_random(&random, SPAN);

			check_local(zone, zones_names[i], at);
			/* a moment in UTC that clocks show once comes back */
			if (zones_offset(zones_names[i], at - 86400) == zones_offset(zones_names[i], at + 86400) &&
				ys_zone_to_utc(zone, ys_zone_to_local(zone, at * YS_USECS_PER_SEC)) != at * YS_USECS_PER_SEC)
				fail_msg("%s at %lld does not come back", zones_names[i], (long long) at);
		}
	}
}

/* The rules that a table must not be needed to see. */
static void
test_rules(void **state)
{
	const YsZoneChange changes[] = {{1000000, 3600}, {2000000, 0}};
	const YsZone zone = {.first = 0, .nchanges = 2, .changes = changes};
	const YsZone fixed = {.first = -18000};
	static const struct
	{
		int64_t		local;
		int64_t		utc;
	}			cases[] = {
		{999999, 999999}, {1000000, 1000000}, {1003599, 1003599}, {1003600, 1000000}, {1003601, 1000001},
		{1999999, 1996399}, {2000000, 2000000}, {2003599, 2003599}, {2003600, 2003600},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(ys_zone_to_utc(&zone, cases[i].local * 1000000), cases[i].utc * 1000000);
	assert_int_equal(ys_zone_to_utc(&fixed, 5), 5 + INT64_C(18000000000));
	assert_int_equal(ys_zone_to_local(&fixed, 5), 5 - INT64_C(18000000000));
	assert_int_equal(ys_zone_to_local(&zone, INT64_C(999999999999)), INT64_C(999999999999));
	assert_int_equal(ys_zone_to_local(&zone, INT64_C(1000000000000)), INT64_C(1003600000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_around_changes),
		cmocka_unit_test(test_anywhere),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
