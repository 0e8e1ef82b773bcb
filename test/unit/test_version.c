/*-------------------------------------------------------------------------
 * test_version.c
 *	  Versions compare as (epoch, generation, sequence) do, at every width.
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "stream/version.h"

#define PAIRS	20000

static const char LARGEST[] = "9999999999999999999999999999999999999999";

static YsVersion
version_of(uint32_t epoch, uint32_t generation, const char *sequence)
{
	YsVersion	version;

	assert_true(ys_version_from_sequence(&version, epoch, generation, sequence));
	return version;
}

static void
assert_below(YsVersion low, YsVersion high)
{
	assert_true(ys_version_compare(&low, &high) < 0);
	assert_true(ys_version_compare(&high, &low) > 0);
	assert_true(memcmp(low.bytes, high.bytes, YS_VERSION_SIZE) < 0);
}

static void
test_layout(void **state)
{
	static const unsigned char expected[YS_VERSION_SIZE] = {
		1, 2, 3, 4, 0xF0, 0, 0, 5, [23] = 0x01, [24] = 0x00
	};
	YsVersion	version = version_of(0x01020304, 0xF0000005, "256");

	(void) state;
	assert_memory_equal(version.bytes, expected, YS_VERSION_SIZE);
}

static void
test_order(void **state)
{
	YsVersion	lowest;
	YsVersion	offset_zero;

	(void) state;
	ys_version_lowest(&lowest);
	ys_version_from_offset(&offset_zero, 1, 0, 0, 0);
	assert_below(lowest, offset_zero);
	assert_below(version_of(1, 1, "9"), version_of(1, 1, "10"));
	assert_below(version_of(1, 1, LARGEST), version_of(1, 2, "0"));
	assert_below(version_of(1, UINT32_MAX, LARGEST), version_of(2, 0, "0"));
	assert_below(version_of(1, 1, "9999999999999999999999999999999999999998"),
				 version_of(1, 1, LARGEST));
}

static void
test_equal_numbers(void **state)
{
	YsVersion	plain = version_of(3, 4, "17");
	YsVersion	padded = version_of(3, 4, "0000000000000000000000000000000000000017");

	(void) state;
	assert_int_equal(ys_version_compare(&plain, &padded), 0);
}

static void
test_offsets(void **state)
{
	static const int64_t offsets[] = {0, 1, 255, 256, 65535, INT64_C(1) << 40, INT64_MAX};
	YsVersion	below;
	YsVersion	above;

	(void) state;
	for (size_t i = 1; i < sizeof(offsets) / sizeof(offsets[0]); i++)
	{
		ys_version_from_offset(&below, 7, 2, offsets[i - 1], INT32_MAX);
		ys_version_from_offset(&above, 7, 2, offsets[i], 0);
		assert_below(below, above);
	}
	above = version_of(7, 2, "39614081257132168792477007875");
	ys_version_from_offset(&below, 7, 2, INT64_MAX, 3);
	assert_memory_equal(below.bytes, above.bytes, YS_VERSION_SIZE);
}

/* What was written since a topic got more partitions is newer, whatever the offsets. */
static void
test_layouts(void **state)
{
	YsVersion	old;
	YsVersion	new;
	YsVersion	other;

	(void) state;
	ys_version_from_offset(&old, 7, 2, INT64_MAX, 3);
	ys_version_from_offset(&new, 7, 3, 0, 1);
	assert_below(old, new);
	assert_false(ys_version_other_partition(&old, &new));

	ys_version_from_offset(&other, 7, 3, 5, 1);
	assert_false(ys_version_other_partition(&new, &other));
	ys_version_from_offset(&other, 7, 3, 0, 256);
	assert_true(ys_version_other_partition(&new, &other));
	assert_true(ys_version_other_partition(&other, &new));
	ys_version_from_offset(&other, 8, 3, 0, 256);
	assert_false(ys_version_other_partition(&new, &other));

	/* what was read from the store is of no partition */
	ys_version_floor(&other, 7);
	assert_false(ys_version_other_partition(&old, &other));
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "12a",
		"10000000000000000000000000000000000000000",
		"00000000000000000000000000000000000000001",
	};
	YsVersion	version;

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ys_version_from_sequence(&version, 1, 1, bad[i]));
}

/* Decimal text of 1 to 40 digits without leading zeros. */
static void
random_sequence(char *text)
{
	int			digits = 1 + rand() % 40;

	for (int i = 0; i < digits; i++)
		text[i] = (char) ('0' + rand() % 10);
	if (text[0] == '0' && digits > 1)
		text[0] = '1';
	text[digits] = '\0';
}

static int
sign(int value)
{
	return (value > 0) - (value < 0);
}

/* What is read anew beats all that was before, and nothing that comes. */
static void
test_floor(void **state)
{
	YsVersion	floor;
	YsVersion	lowest;
	YsVersion	offset;

	(void) state;
	ys_version_lowest(&lowest);
	ys_version_floor(&floor, 1);
	assert_int_equal(ys_version_compare(&floor, &lowest), 0);
	for (uint32_t epoch = 2; epoch < 70000; epoch += 7919)
	{
		ys_version_floor(&floor, epoch);
		assert_below(version_of(epoch - 1, 0xffffffff, LARGEST), floor);
		ys_version_from_offset(&offset, epoch, 0, 0, 0);
		assert_below(floor, offset);
		assert_below(floor, version_of(epoch, 0, "0"));
		assert_int_equal(ys_version_epoch(&offset), epoch);
		assert_int_equal(ys_version_epoch(&floor), epoch - 1);
	}
}

static void
test_random_pairs(void **state)
{
	unsigned int seed = (unsigned int) time(NULL);

	(void) state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < PAIRS; i++)
	{
		char		a[48];
		char		b[48];
		YsVersion	version_a;
		YsVersion	version_b;
		int			expected;

		random_sequence(a);
		random_sequence(b);
		/* half of the pairs differ in one late digit only */
		if (i % 2 == 0)
		{
			strcpy(b, a);
			b[strlen(b) - 1] = (char) ('0' + rand() % 10);
		}
		/* without leading zeros, longer is larger */
		expected = strlen(a) != strlen(b) ? (strlen(a) > strlen(b) ? 1 : -1) : strcmp(a, b);
		version_a = version_of(1, 1, a);
		version_b = version_of(1, 1, b);
		assert_int_equal(sign(ys_version_compare(&version_a, &version_b)), sign(expected));
		assert_int_equal(sign(ys_sequence_compare(a, b)), sign(expected));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_equal_numbers),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_random_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
