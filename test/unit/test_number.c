/*-------------------------------------------------------------------------
 * test_number.c
 *	  Plain numbers: exact, canonical, and never guessed.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/normalize/number.h"

/* Canonical text of a number that fills text, or why there is none. */
static const char *
canonical(YsSlice text, char out[YS_DECIMAL_TEXT + 1])
{
	YsDecimal	decimal;
	YsSlice		rest;
	const char *reason = ys_decimal_parse(text, &decimal, &rest);

	if (reason != NULL)
		return reason;
	if (rest.len > 0)
		return "rest";
	out[ys_decimal_print(&decimal, out)] = '\0';
	return out;
}

static void
test_forms(void **state)
{
	static const struct
	{
		const char *text;
		const char *expected;
	}			cases[] =
	{
		{"0", "0"}, {"-0", "0"}, {"0.000", "0"}, {"007", "7"}, {"+5", "5"}, {"-5", "-5"}, {".5", "0.5"},
		{"-.50", "-0.5"}, {"12.3400", "12.34"}, {"100", "100"}, {"1e3", "1000"}, {"1.5E-3", "0.0015"},
		{"12e+2", "1200"}, {"0e99999999", "0"}, {"19867.2", "19867.2"},
		{"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
		{"0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"},
		{"100000000000000000000000000000000000000000000", "100000000000000000000000000000000000000000000"},
		/* what people write is number_read's */
		{"12,345", YS_NOT_A_NUMBER}, {"1,5", YS_NOT_A_NUMBER}, {"1.234,5", YS_NOT_A_NUMBER},
		{"1.234.567", YS_NOT_A_NUMBER}, {"1,234 567", YS_NOT_A_NUMBER}, {"19 867", "rest"},
		{"1\xC2\xA0""234", "rest"}, {"12 34", "rest"}, {"1'234", "rest"}, {"1.5km", "rest"},
		{"", YS_NOT_A_NUMBER}, {"-", YS_NOT_A_NUMBER}, {".", YS_NOT_A_NUMBER}, {"5.", YS_NOT_A_NUMBER},
		{"--5", YS_NOT_A_NUMBER}, {"- 5", YS_NOT_A_NUMBER}, {"NaN", YS_NOT_A_NUMBER},
		{"inf", YS_NOT_A_NUMBER}, {"-Infinity", YS_NOT_A_NUMBER}, {"abc", YS_NOT_A_NUMBER},
		{"1e", "rest"}, {"0x10", "rest"}, {"1..2", YS_NOT_A_NUMBER}, {"1,", YS_NOT_A_NUMBER},
		/* more than the store can hold */
		{"123456789012345678901234567890123456789", YS_NUMBER_OUT_OF_RANGE},
		{"1e126", YS_NUMBER_OUT_OF_RANGE}, {"1e-131", YS_NUMBER_OUT_OF_RANGE},
		{"1e999999999999", YS_NUMBER_OUT_OF_RANGE},
	};
	char		out[YS_DECIMAL_TEXT + 1];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *got = canonical(unit_slice(cases[i].text), out);

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s: got %s, wanted %s", cases[i].text, got, cases[i].expected);
	}
}

static void
test_extremes(void **state)
{
	char		digits[1001];
	char		out[YS_DECIMAL_TEXT + 1];
	const char *got;

	(void) state;
	memset(digits, '7', 1000);
	assert_string_equal(canonical((YsSlice) {digits, 1000}, out), YS_NUMBER_OUT_OF_RANGE);
	memset(digits + 1, '0', 999);
	assert_string_equal(canonical((YsSlice) {digits, 1000}, out), YS_NUMBER_OUT_OF_RANGE);

	/* Zeros in front are no digits. */
	memset(digits, '0', 999);
	digits[999] = '7';
	assert_string_equal(canonical((YsSlice) {digits, 1000}, out), "7");

	/* The longest texts there are. */
	got = canonical(unit_slice("-1.2345678901234567890123456789012345678e-130"), out);
	assert_int_equal(strlen(got), YS_DECIMAL_TEXT);
	got = canonical(unit_slice("-9.9999999999999999999999999999999999999E125"), out);
	assert_int_equal(strlen(got), 127);
}

/* A random decimal text; sometimes canonical, sometimes not. */
static YsSlice
random_number(uint64_t *random, char *out)
{
	size_t		len = 0;
	size_t		whole = unit_random(random, 20);
	size_t		fraction = unit_random(random, 18);

	if (unit_random(random, 2))
		out[len++] = '-';
	for (size_t i = 0; i < whole; i++)
		out[len++] = (char) ('0' + unit_random(random, 10));
	if (whole == 0)
		out[len++] = '0';
	if (fraction > 0)
		out[len++] = '.';
	for (size_t i = 0; i < fraction; i++)
		out[len++] = (char) ('0' + unit_random(random, 10));
	return (YsSlice) {out, (uint32_t) len};
}

/* Canonical text stays what it is, is known as such, and means the same number. */
static void
test_canonical_is_stable(void **state)
{
	uint64_t	random = unit_seed("test_number");

	(void) state;
	for (int i = 0; i < 50000; i++)
	{
		char		text[64];
		char		once[YS_DECIMAL_TEXT + 1];
		char		twice[YS_DECIMAL_TEXT + 1];
		YsSlice		number = random_number(&random, text);
		const char *got = canonical(number, once);

		text[number.len] = '\0';
		assert_ptr_equal(got, once);
		assert_string_equal(canonical(unit_slice(once), twice), once);
		assert_true(ys_decimal_is_canonical(unit_slice(once)));
		assert_true(ys_decimal_is_canonical(number) == (strcmp(text, once) == 0));
		assert_true(strtold(text, NULL) == strtold(once, NULL));
	}
}

static void
test_compare(void **state)
{
	static const char *const ordered[] = {
		"-1000", "-999.5", "-10", "-9", "-1.5", "-1.25", "-1", "-0.5", "-0.01", "0", "0.001", "0.01",
		"0.5", "1", "1.25", "1.5", "2", "9", "10", "10.5", "99", "100", "1000000000000000000000"
	};
	int			count = (int) (sizeof(ordered) / sizeof(ordered[0]));

	(void) state;
	for (int i = 0; i < count; i++)
	{
		for (int j = 0; j < count; j++)
		{
			int			order = ys_decimal_compare(unit_slice(ordered[i]), unit_slice(ordered[j]));

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void
test_doubles(void **state)
{
	uint64_t	random = unit_seed("test_doubles");
	static const char *const texts[] = {
		"45.1", "-179.9999999", "9.2", "0.1", "1e-7", "-0", "45.123456789012344", "89.99999999999999",
		"7.4505805969e-9", "13.59999999999999964472863211994990706443786621", "999999.99999999988",
		"0.000000000000000000001"
	};
	double		value;

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		assert_true(ys_double_parse(unit_slice(texts[i]), &value));
		if (value != strtod(texts[i], NULL))
			fail_msg("%s: got %.17g", texts[i], value);
	}
	for (int i = 0; i < 100000; i++)
	{
		char		text[40];
		double		expected = ((double) unit_random(&random, UINT64_C(1) << 53) / (double) (UINT64_C(1) << 52) - 1) * 180;

		snprintf(text, sizeof(text), "%.*f", (int) unit_random(&random, 19), expected);
		assert_true(ys_double_parse(unit_slice(text), &value));
		if (value != strtod(text, NULL))
			fail_msg("%s: got %.17g", text, value);
	}
	assert_true(ys_double_parse(unit_slice("1e7"), &value) && value > 1e300);
	assert_true(ys_double_parse(unit_slice("-1e999"), &value) && value < -1e300);
	assert_false(ys_double_parse(unit_slice("45.1N"), &value));
	assert_false(ys_double_parse(unit_slice("45,1"), &value));
	assert_false(ys_double_parse(unit_slice(""), &value));
	assert_false(ys_double_parse(unit_slice("nan"), &value));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_canonical_is_stable),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_doubles),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
