/*-------------------------------------------------------------------------
 * test_moving.c
 *	  Rates of the recent past.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>

#include "base/moving.h"

#define MEMORY	10.0

static bool
near(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fabs(b);
}

static void
test_unknown(void **state)
{
	YsMoving	moving = {0};

	(void) state;
	assert_true(ys_moving_rate(&moving) < 0);
	ys_moving_add(&moving, 5, 0, MEMORY);
	assert_true(ys_moving_rate(&moving) < 0);
}

/* A steady rate is seen as it is from the first sample on, whatever the intervals. */
static void
test_steady(void **state)
{
	static const double intervals[] = {0.001, 3, 0.25, 60, 1e-6};
	YsMoving	moving = {0};

	(void) state;
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++)
	{
		ys_moving_add(&moving, 700 * intervals[i], intervals[i], MEMORY);
		assert_true(near(ys_moving_rate(&moving), 700));
	}
}

/* After the memory's length an old rate counts for 1/e, in one step or in many. */
static void
test_forgets(void **state)
{
	YsMoving	once = {0};
	YsMoving	often = {0};

	(void) state;
	ys_moving_add(&once, 1000 * 1e4, 1e4, MEMORY);
	often = once;
	ys_moving_add(&once, 0, MEMORY, MEMORY);
	for (int i = 0; i < 1000; i++)
		ys_moving_add(&often, 0, MEMORY / 1000, MEMORY);
	assert_true(near(ys_moving_rate(&once), 1000 / exp(1)));
	assert_true(near(ys_moving_rate(&often), 1000 / exp(1)));
}

/* What happens in no measurable time counts as in a very short one. */
static void
test_at_once(void **state)
{
	YsMoving	at_once = {0};
	YsMoving	shortly = {0};

	(void) state;
	ys_moving_add(&at_once, 100, 1, MEMORY);
	shortly = at_once;
	ys_moving_add(&at_once, 50, 0, MEMORY);
	ys_moving_add(&shortly, 50, 1e-9, MEMORY);
	assert_true(near(ys_moving_rate(&at_once), ys_moving_rate(&shortly)));
	assert_true(ys_moving_rate(&at_once) > 101);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
