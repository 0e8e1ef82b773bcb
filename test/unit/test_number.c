/*-------------------------------------------------------------------------
 * test_number.c
 *	  Numbers and units: exact, canonical, and never guessed.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/normalize/unit.h"

static YsSlice
slice(const char *text)
{
	return (YsSlice) {text, (uint32_t) strlen(text)};
}

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
		{"12,345", "12345"}, {"1,234,567.80", "1234567.8"}, {"-1,000", "-1000"},
		{"19 867", "19867"}, {"1\xC2\xA0""234", "1234"}, {"1\xE2\x80\xAF""234\xE2\x80\xAF""567", "1234567"},
		{"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
		{"0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"},
		{"100000000000000000000000000000000000000000000", "100000000000000000000000000000000000000000000"},
		/* another country's conventions are not guessed at */
		{"1,5", YS_NOT_A_NUMBER}, {"0,123", YS_NOT_A_NUMBER}, {"1.234,5", YS_NOT_A_NUMBER},
		{"1.234.567", YS_NOT_A_NUMBER}, {"1,23", YS_NOT_A_NUMBER}, {"1,2345", YS_NOT_A_NUMBER},
		{"1234,567", YS_NOT_A_NUMBER}, {"1,234,56", YS_NOT_A_NUMBER}, {"12,34,567", YS_NOT_A_NUMBER},
		{"1,234 567", "rest"}, {"1 234,567", YS_NOT_A_NUMBER}, {"12 34", "rest"}, {"1,234e3", "rest"},
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
		const char *got = canonical(slice(cases[i].text), out);

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
	got = canonical(slice("-1.2345678901234567890123456789012345678e-130"), out);
	assert_int_equal(strlen(got), YS_DECIMAL_TEXT);
	got = canonical(slice("-9.9999999999999999999999999999999999999E125"), out);
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
		assert_string_equal(canonical(slice(once), twice), once);
		assert_true(ys_decimal_is_canonical(slice(once)));
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
			int			order = ys_decimal_compare(slice(ordered[i]), slice(ordered[j]));

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
		assert_true(ys_double_parse(slice(texts[i]), &value));
		if (value != strtod(texts[i], NULL))
			fail_msg("%s: got %.17g", texts[i], value);
	}
	for (int i = 0; i < 100000; i++)
	{
		char		text[40];
		double		expected = ((double) unit_random(&random, UINT64_C(1) << 53) / (double) (UINT64_C(1) << 52) - 1) * 180;

		snprintf(text, sizeof(text), "%.*f", (int) unit_random(&random, 19), expected);
		assert_true(ys_double_parse(slice(text), &value));
		if (value != strtod(text, NULL))
			fail_msg("%s: got %.17g", text, value);
	}
	assert_true(ys_double_parse(slice("1e7"), &value) && value > 1e300);
	assert_true(ys_double_parse(slice("-1e999"), &value) && value < -1e300);
	assert_false(ys_double_parse(slice("45.1N"), &value));
	assert_false(ys_double_parse(slice("45,1"), &value));
	assert_false(ys_double_parse(slice(""), &value));
	assert_false(ys_double_parse(slice("nan"), &value));
}

/* ---- units ---- */

static const char *
convert(const char *text, const char *from, const char *to, char out[YS_DECIMAL_TEXT + 1])
{
	YsArena		arena;
	YsDecimal	decimal;
	YsSlice		rest;
	const YsConversion *conversions;
	const char *result = out;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	assert_null(ys_decimal_parse(slice(text), &decimal, &rest));
	conversions = ys_unit_conversions(ys_unit_find(slice(to)), &arena);
	conversions = ys_unit_conversion(conversions, ys_unit_find(slice(from)));
	if (conversions->multiplier == 0)
		result = "other quantity";
	else if (!ys_unit_convert(conversions, &decimal))
		result = "out of range";
	else
		out[ys_decimal_print(&decimal, out)] = '\0';
	ys_arena_free(&arena);
	return result;
}

static void
test_conversions(void **state)
{
	static const struct
	{
		const char *text;
		const char *from;
		const char *to;
		const char *expected;
	}			cases[] =
	{
		{"1", "mi", "km", "1.609344"}, {"12345", "mi", "km", "19867.35168"}, {"-2.5", "mi", "m", "-4023.36"},
		{"0", "mi", "km", "0"}, {"19867.2", "km", "m", "19867200"}, {"5", "MILES", "Kilometres", "8.04672"},
		{"1", "ft", "in", "12"}, {"1", "yd", "ft", "3"}, {"3", "ft", "yd", "1"}, {"1", "nmi", "m", "1852"},
		{"1.609344", "km", "mi", "1"}, {"1", "km", "mi", "0.621371192237"}, {"2", "km", "mi", "1.242742384475"},
		{"1", "ft", "yd", "0.333333333333"}, {"2", "ft", "yd", "0.666666666667"},
		{"1", "mm", "nmi", "0.000000539957"}, {"1e-20", "ft", "yd", "0"}, {"1e-100", "ft", "yd", "0"},
		{"1", "lb", "kg", "0.45359237"}, {"16", "oz", "lb", "1"}, {"1", "gal", "l", "3.785411784"},
		{"1", "imp gal", "l", "4.54609"}, {"1", "m\xC2\xB3", "l", "1000"},
		{"90", "min", "h", "1.5"}, {"1", "d", "s", "86400"}, {"60", "mph", "km/h", "96.56064"},
		{"36", "km/h", "m/s", "10"}, {"100", "kW", "hp", "134.102208959503"}, {"100", "PS", "kW", "73.549875"},
		{"1", "hp", "PS", "1.013869665424"}, {"1", "kWh", "MJ", "3.6"},
		{"1", "mi", "kg", "other quantity"}, {"1", "h", "kWh", "other quantity"},
		{"12345678901234567890123456789012345678", "mi", "km", "out of range"},
		{"1e30", "ft", "yd", "out of range"}, {"1e125", "km", "m", "out of range"},
	};
	char		out[YS_DECIMAL_TEXT + 1];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *got = convert(cases[i].text, cases[i].from, cases[i].to, out);

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s %s in %s: got %s, wanted %s", cases[i].text, cases[i].from, cases[i].to, got,
					 cases[i].expected);
	}
	assert_null(ys_unit_find(slice("furlong")));
	assert_null(ys_unit_find(slice("")));
	assert_null(ys_unit_find(slice("k")));
	assert_null(ys_unit_find(slice("kmx")));
}

/* Each unit's name finds it, and a factor of 1 is 1 both ways. */
static void
test_every_unit(void **state)
{
	char		list[512];
	char	   *save;
	int			count = 0;

	(void) state;
	ys_unit_list(list, sizeof(list));
	for (char *name = strtok_r(list, ",", &save); name != NULL; name = strtok_r(NULL, ",", &save))
	{
		char		out[YS_DECIMAL_TEXT + 1];

		name += *name == ' ';
		assert_non_null(ys_unit_find(slice(name)));
		assert_string_equal(ys_unit_name(ys_unit_find(slice(name))), name);
		assert_string_equal(convert("1.25", name, name, out), "1.25");
		count++;
	}
	assert_in_range(count, 30, 100);
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
		cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_every_unit),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
