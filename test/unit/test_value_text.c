/*-------------------------------------------------------------------------
 * test_value_text.c
 *	  Numbers and base64: the texts that values are made of.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "store/value_internal.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static int
set_up(void **state)
{
	YsArena    *arena = malloc(sizeof(*arena));

	assert_non_null(arena);
	ys_arena_init(arena, ys_arena_malloc, 0);
	*state = arena;
	return 0;
}

static int
tear_down(void **state)
{
	ys_arena_free(*state);
	free(*state);
	return 0;
}

static const char *
canonical(YsArena *arena, const char *text, size_t len)
{
	YsText		out;

	ys_text_init(&out, arena);
	if (!ys_number_canonical(text, len, &out))
		return NULL;
	assert_false(out.failed);
	return out.bytes;
}

static void
test_canonical_number(void **state)
{
	static const char *const numbers[][2] = {
		{"0", "0"}, {"-0", "0"}, {"0.000", "0"}, {"-0.0e5", "0"}, {"0e999999999999999999", "0"},
		{"1", "1"}, {"-1", "-1"}, {"1.0", "1"}, {"1.50", "1.5"}, {"10", "10"}, {"100.00", "100"},
		{"0.5", "0.5"}, {"0.050", "0.05"}, {"12.5e1", "125"}, {"12.5e-1", "1.25"}, {"125e-3", "0.125"},
		{"1e3", "1000"}, {"1E+3", "1000"}, {"1e-3", "0.001"}, {"1.20e0", "1.2"}, {"105.0e-2", "1.05"},
		{"-120.3400E-1", "-12.034"}, {"1e0000000000000000000000002", "100"},
		{"1e39", "1000000000000000000000000000000000000000"}, {"1e40", "1E40"}, {"1.5e40", "1.5E40"},
		{"1e-39", "0.000000000000000000000000000000000000001"}, {"1e-40", "1E-40"}, {"12e-41", "1.2E-40"},
		{"1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"},
		{"12345678901234567890123456789012345678901", "1.2345678901234567890123456789012345678901E40"},
		{"0.1234567890123456789012345678901234567891", "1.234567890123456789012345678901234567891E-1"},
		{"9.9e125", "9.9E125"}, {"-1e-130", "-1E-130"}, {"1e999999999999999", "1E999999999999999"}
	};
	static const char *const refused[] = {
		"", "-", "+1", "01", ".5", "1.", "1e", "e1", "1e1000000000000000", "1 ", " 1", "0x1", "inf", "1.2.3"
	};
	YsArena    *arena = *state;

	for (size_t i = 0; i < LENGTH(numbers); i++)
	{
		const char *result = canonical(arena, numbers[i][0], strlen(numbers[i][0]));

		assert_non_null(result);
		assert_string_equal(result, numbers[i][1]);
		assert_string_equal(canonical(arena, result, strlen(result)), result);
		assert_int_equal(ys_number_compare(result, strlen(result), numbers[i][0], strlen(numbers[i][0])), 0);
	}
	for (size_t i = 0; i < LENGTH(refused); i++)
		assert_null(canonical(arena, refused[i], strlen(refused[i])));
	assert_null(canonical(arena, "1\0", 2));
}

static void
test_numbers_that_fit(void **state)
{
	static const char *const fit[] = {
		"0", "-0.0", "0e999", "1e125", "9.9e125", "-1e-130", "12345678901234567890123456789012345678",
		"0.00012345678901234567890123456789012345678", "1234567890123456789012345678901234567800"
	};
	static const char *const unfit[] = {
		"1e126", "0.9e-130", "-1e999999999999999", "123456789012345678901234567890123456789",
		"1.00000000000000000000000000000000000001", "", "x", "1 "
	};

	(void) state;
	for (size_t i = 0; i < LENGTH(fit); i++)
		assert_true(ys_number_fits(fit[i], strlen(fit[i])));
	for (size_t i = 0; i < LENGTH(unfit); i++)
		assert_false(ys_number_fits(unfit[i], strlen(unfit[i])));
}

static int
sign(int64_t n)
{
	return (n > 0) - (n < 0);
}

static void
test_number_order(void **state)
{
	YsArena    *arena = *state;
	uint64_t	seed = unit_seed("numbers");

	for (int i = 0; i < 20000; i++)
	{
		uint64_t	range = (uint64_t) 1 << (1 + unit_random(&seed, 50));
		int64_t		a = (int64_t) unit_random(&seed, range) - (int64_t) (range / 2);
		int64_t		b = (int64_t) unit_random(&seed, range) - (int64_t) (range / 2);
		char		left[128];
		char		right[128];
		int			order;
		const char *canonical_left;
		const char *canonical_right;

		if (unit_random(&seed, 3) == 0)
			b = a;
		unit_write_number(&seed, a, left);
		unit_write_number(&seed, b, right);
		canonical_left = canonical(arena, left, strlen(left));
		canonical_right = canonical(arena, right, strlen(right));
		assert_non_null(canonical_left);
		assert_non_null(canonical_right);
		order = ys_number_compare(left, strlen(left), right, strlen(right));
		if (sign(order) != sign((a > b) - (a < b)))
			fail_msg("%lld is %s, %lld is %s: order %d", (long long) a, left, (long long) b, right, order);
		assert_int_equal(a == b, strcmp(canonical_left, canonical_right) == 0);
		ys_arena_reset(arena);
	}
}

static void
test_base64(void **state)
{
	static const char *const pairs[][2] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF\xBF", "+/+/"}
	};
	YsArena    *arena = *state;
	YsError		err;

	for (size_t i = 0; i < LENGTH(pairs); i++)
	{
		YsText		text;
		const char *bytes;
		uint32_t	len;

		ys_text_init(&text, arena);
		ys_base64_encode(&text, pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(text.bytes != NULL ? text.bytes : "", pairs[i][1]);
		assert_true(ys_base64_decode(arena, pairs[i][1], strlen(pairs[i][1]), &bytes, &len,
									 &err));
		assert_int_equal(len, strlen(pairs[i][0]));
		assert_string_equal(bytes, pairs[i][0]);
	}
}

/* Any bytes survive, whatever their number. */
static void
test_base64_round_trip(void **state)
{
	YsArena    *arena = *state;
	YsError		err;
	uint64_t	seed = unit_seed("base64");

	for (size_t len = 0; len < 300; len++)
	{
		char		bytes[300];
		YsText		text;
		const char *decoded;
		uint32_t	decoded_len;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char) unit_random(&seed, 256);
		ys_text_init(&text, arena);
		ys_text_add(&text, "", 0);
		ys_base64_encode(&text, bytes, len);
		assert_true(ys_base64_decode(arena, text.bytes, text.len, &decoded, &decoded_len, &err));
		assert_int_equal(decoded_len, len);
		assert_memory_equal(decoded, bytes, len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers_that_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_canonical_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_number_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_base64, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_base64_round_trip, set_up, tear_down)
	};

	return cmocka_run_group_tests_name("value text", tests, NULL, NULL);
}
