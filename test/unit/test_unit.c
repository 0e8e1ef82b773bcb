/*-------------------------------------------------------------------------
 * test_unit.c
 *	  Units and currencies: found by name, converted exactly.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <inttypes.h>
#include <math.h>

#include "policy/normalize/unit_table.h"

static YsArena names_arena;
static const YsUnitNames *names;

static int
make_names(void **state)
{
	(void) state;
	ys_arena_init(&names_arena, ys_arena_malloc, 0);
	names = ys_unit_names(&names_arena);
	return names == NULL;
}

static int
free_names(void **state)
{
	(void) state;
	ys_arena_free(&names_arena);
	return 0;
}

static const YsUnit *
unit_of(const char *name)
{
	bool		several;
	const YsUnit *unit = ys_unit_declared(names, unit_slice(name), &several);

	if (unit == NULL)
		fail_msg("no unit %s", name);
	return unit;
}

static const char *
convert(const char *text, const YsUnit *from, const YsUnit *to, char out[YS_DECIMAL_TEXT + 1])
{
	YsArena		arena;
	YsDecimal	decimal;
	YsSlice		rest;
	const YsConversion *conversion;
	const char *reason;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	assert_null(ys_decimal_parse(unit_slice(text), &decimal, &rest));
	conversion = ys_unit_conversion(ys_unit_conversions(to, &arena), from);
	reason = conversion == NULL ? "other quantity" : ys_unit_convert(conversion, &decimal);
	if (reason == NULL)
		out[ys_decimal_print(&decimal, out)] = '\0';
	ys_arena_free(&arena);
	return reason != NULL ? reason : out;
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
		{"1", "imp gal", "l", "4.54609"}, {"1", "m3", "l", "1000"}, {"8", "pt", "gal", "1"}, {"231", "in3", "gal", "1"},
		{"160", "imp fl oz", "imp gal", "1"}, {"640", "ac", "mi2", "1"}, {"14", "lb", "st", "1"}, {"2240", "lb", "long ton", "1"},
		{"90", "min", "h", "1.5"}, {"1", "d", "s", "86400"}, {"60", "mph", "km/h", "96.56064"},
		{"36", "km/h", "m/s", "10"}, {"100", "kW", "hp", "134.102208959503"}, {"100", "PS", "kW", "73.549875"},
		{"1", "hp", "PS", "1.013869665424"}, {"1", "kWh", "MJ", "3.6"}, {"12", "lb-in", "lb-ft", "1"},
		{"1", "atm", "mmHg", "759.999891725611"}, {"760", "torr", "atm", "1"}, {"32", "psi", "bar", "2.206322333814"},
		{"1", "bar", "psi", "14.503773773021"}, {"2.5", "\xE2\x80\xB0", "%", "0.25"},
		/* temperatures */
		{"0", "\xC2\xB0" "C", "K", "273.15"}, {"0", "K", "\xC2\xB0" "C", "-273.15"}, {"-40", "\xC2\xB0" "F", "\xC2\xB0" "C", "-40"},
		{"212", "\xC2\xB0" "F", "\xC2\xB0" "C", "100"}, {"100", "\xC2\xB0" "C", "\xC2\xB0" "F", "212"}, {"0", "\xC2\xB0" "F", "\xC2\xB0" "C", "-17.777777777778"},
		{"98.6", "\xC2\xB0" "F", "\xC2\xB0" "C", "37"}, {"0", "K", "\xC2\xB0" "F", "-459.67"}, {"32", "\xC2\xB0" "F", "\xC2\xB0" "C", "0"},
		{"1e-20", "\xC2\xB0" "C", "K", "273.15000000000000000001"}, {"1e-100", "\xC2\xB0" "C", "K", "number out of range"},
		{"1e125", "\xC2\xB0" "C", "\xC2\xB0" "F", "number out of range"}, {"99999999999999999999999999999999999999", "\xC2\xB0" "C", "K", "number out of range"},
		/* reciprocals */
		{"10", "km/l", "l/100km", "10"}, {"64", "km/l", "l/100km", "1.5625"}, {"30", "km/l", "l/100km", "3.333333333333"},
		{"30", "mpg", "l/100km", "7.840486111111"}, {"5", "l/100km", "mpg", "47.042916666667"}, {"5", "l/100km", "mpg imp", "56.496187266364"},
		{"1", "mpg imp", "mpg", "0.832674184629"}, {"0", "mpg", "l/100km", YS_UNIT_ZERO}, {"0", "mpg", "km/l", "0"}, {"-4", "km/l", "l/100km", "-25"},
		{"1.6384e4", "km/l", "l/100km", "0.006103515625"}, {"1e100", "km/l", "l/100km", "0." "00000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000" "1"}, {"2", "Wh/km", "kWh/100km", "0.2"}, {"5", "km/kWh", "kWh/100km", "20"},
		{"1", "mi", "kg", "other quantity"}, {"1", "h", "kWh", "other quantity"}, {"1", "EUR", "USD", "other quantity"},
		{"1", "EUR", "%", "other quantity"}, {"1.234", "EUR", "EUR", "1.234"},
		{"12345678901234567890123456789012345678", "mi", "km", "number out of range"},
		{"1e30", "ft", "yd", "number out of range"}, {"1e125", "km", "m", "number out of range"},
	};
	char		out[YS_DECIMAL_TEXT + 1];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *got = convert(cases[i].text, unit_of(cases[i].from), unit_of(cases[i].to), out);

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s %s in %s: got %s, wanted %s", cases[i].text, cases[i].from, cases[i].to, got,
					 cases[i].expected);
	}
}

static void
test_names(void **state)
{
	static const struct
	{
		const char *spelling;
		const char *wanted;		/* or "" */
		const char *expected;	/* or "" */
	}			cases[] =
	{
		{"KM", "", "km"}, {"Nautical  Miles", "", "nmi"}, {"l/100 km", "", "l/100km"}, {"L / 100 KM", "", "l/100km"},
		{"kilowatt-hours", "", "kWh"}, {"N\xC2\xB7m", "", "Nm"}, {"lbf\xE2\x8B\x85" "ft", "", "lb-ft"}, {"Std.", "", "h"},
		{"Imp. gal.", "", "imp gal"}, {"fl. oz.", "", "fl oz"}, {"QUILATES", "", ""}, {"\xC3\x89TATS", "", ""},
		{"KILOM\xC3\x88TRES", "", "km"}, {"m\xC2\xB3", "", "m3"}, {"\xCE\xBCm", "", "\xC2\xB5m"},
		/* case */
		{"MW", "", "MW"}, {"mW", "", "mW"}, {"mw", "", ""}, {"Mw", "", ""}, {"MPa", "", "MPa"}, {"mpa", "", ""}, {"M", "", ""},
		{"k", "", ""}, {"K", "", "K"}, {"c", "", ""}, {"C", "", "\xC2\xB0" "C"}, {"G", "", ""}, {"kn", "", "kn"}, {"kN", "", "kN"}, {"KW", "", "kW"},
		/* what several have */
		{"m", "", "m"}, {"m", "h", "min"}, {"m", "km", "m"}, {"$", "", "USD"}, {"$", "CAD", "CAD"}, {"$", "EUR", "USD"},
		{"\xC2\xA5", "CNY", "CNY"}, {"\xC2\xA5", "JPY", "JPY"}, {"kr", "DKK", "DKK"}, {"kr.", "NOK", "NOK"}, {"\xC2\xA3", "GBP", "GBP"},
		{"nm", "Nm", "Nm"}, {"NM", "km", "nmi"}, {"NM", "Nm", "Nm"}, {"'", "m", "ft"}, {"\"", "h", "s"}, {"US$", "CAD", "USD"},
		{"Rs.", "PKR", "PKR"}, {"Ft", "HUF", "HUF"}, {"Ft", "m", "ft"}, {"eur", "", "EUR"}, {"\xE2\x82\xAC.", "", ""}, {"$.", "", ""},
		/* none */
		{"", "", ""}, {".", "", ""}, {"-", "", ""}, {"ft -", "", ""}, {"km-", "", ""}, {"furlong", "", ""}, {"kmx", "", ""}, {"ton", "", ""},
		{"Pfund", "", ""}, {"livre", "", ""}, {"month", "", ""}, {"k m", "", ""}, {"m s", "", ""}, {"XXX", "", ""}, {"=m", "", ""}, {"km|m", "", ""},
		{"a very long name that is no unit of any quantity at all, nor the beginning of one", "", ""},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const YsUnit *wanted = *cases[i].wanted != '\0' ? unit_of(cases[i].wanted) : NULL;
		const YsUnit *unit = ys_unit_find(names, unit_slice(cases[i].spelling), wanted);
		const char *got = unit != NULL ? ys_unit_name(unit) : "";

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s: got %s, wanted %s", cases[i].spelling, got, cases[i].expected);
	}
	assert_null(ys_unit_find(NULL, unit_slice("km"), NULL));
}

static void
test_declared(void **state)
{
	static const char *const ambiguous[] = {"$", "kr", "\xC2\xA5", "'", "rupees"};
	bool		several;

	(void) state;
	for (size_t i = 0; i < sizeof(ambiguous) / sizeof(ambiguous[0]); i++)
	{
		assert_null(ys_unit_declared(names, unit_slice(ambiguous[i]), &several));
		assert_true(several);
	}
	assert_string_equal(ys_unit_name(unit_of("m")), "m");	/* its name, though minutes are written so */
	assert_string_equal(ys_unit_name(unit_of("chilometri")), "km");
	assert_string_equal(ys_unit_name(unit_of("\xE2\x82\xAC")), "EUR");
	assert_null(ys_unit_declared(names, unit_slice("parsec"), &several));
	assert_false(several);
	assert_null(ys_unit_declared(names, unit_slice(""), &several));
}

/* ---- the tables ---- */

/* Every spelling fits, is in the form that is looked up, and finds its unit. */
static void
check_spellings(const YsUnit *units, int count)
{
	for (int i = 0; i < count; i++)
	{
		const YsUnit *unit = &units[i];
		char	   *copy = strdup(unit->spellings);
		char	   *save;

		assert_ptr_equal(unit_of(unit->name), unit);
		assert_ptr_equal(ys_unit_find(names, unit_slice(unit->name), unit), unit);
		for (char *spelling = strtok_r(copy, "|", &save); spelling != NULL; spelling = strtok_r(NULL, "|", &save))
		{
			spelling += *spelling == '=';
			assert_in_range(strlen(spelling), 1, YS_UNIT_SPELLING);
			if (ys_unit_find(names, unit_slice(spelling), unit) != unit)
				fail_msg("%s is not %s", spelling, unit->name);
		}
		free(copy);
	}
}

static void
test_tables(void **state)
{
	(void) state;
	assert_in_range(ys_nunits, 100, 1000);
	assert_in_range(ys_ncurrencies, 170, 250);
	check_spellings(ys_units, ys_nunits);
	check_spellings(ys_currencies, ys_ncurrencies);
	for (int i = 1; i < ys_nunits; i++)
		assert_true(ys_units[i].quantity == ys_units[i - 1].quantity || ys_units[i].quantity == ys_units[i - 1].quantity + 1);
	for (int i = 0; i < ys_ncurrencies; i++)
		assert_int_equal(strlen(ys_currencies[i].name), 3);
}

/* a / b times 10^exponent = c / d, without a product that could overflow: prime by prime. */
static void
assert_same_fraction(YsUint128 a, YsUint128 b, int exponent, uint64_t n1, uint64_t n2, uint64_t d1, uint64_t d2)
{
	long double got = (long double) a / (long double) b * powl(10, exponent);
	long double wanted = (long double) n1 / (long double) d1 * ((long double) n2 / (long double) d2);
	uint64_t	primes[] = {UINT64_C(2305843009213693951), UINT64_C(4611686018427387847)};

	assert_true(fabsl(got / wanted - 1) < 1e-15L);

	/* equal modulo two primes of 61 and 62 bits as well */
	for (int i = 0; i < 2; i++)
	{
		YsUint128	p = primes[i];
		YsUint128	left = (a % p) * (d1 % p) % p * (d2 % p) % p;
		YsUint128	right = (b % p) * (n1 % p) % p * (n2 % p) % p;

		for (int e = exponent; e > 0; e--)
			left = left * 10 % p;
		for (int e = exponent; e < 0; e++)
			right = right * 10 % p;
		assert_true(left == right);
	}
}

/* No conversion of the tables overflows, each is the fraction it should be, and there and back is where it began. */
static void
test_every_conversion(void **state)
{
	YsArena		arena;
	int			count = 0;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (int t = 0; t < ys_nunits; t++)
	{
		const YsUnit *to = &ys_units[t];
		const YsConversions *conversions = ys_unit_conversions(to, &arena);

		for (int f = 0; f < ys_nunits; f++)
		{
			const YsUnit *from = &ys_units[f];
			const YsConversion *conversion = ys_unit_conversion(conversions, from);
			bool		reversed = (from->scale == YS_RECIPROCAL) != (to->scale == YS_RECIPROCAL);

			assert_int_equal(conversion != NULL, from->quantity == to->quantity);
			if (conversion == NULL)
				continue;
			count++;
			assert_int_equal(conversion->identity, from == to);
			assert_true(conversion->divisor % 2 != 0 && conversion->divisor % 5 != 0);
			if (reversed)
				assert_same_fraction(conversion->multiplier, conversion->divisor, conversion->exponent - 2,
									 from->denominator, to->denominator, from->numerator, to->numerator);
			else
				assert_same_fraction(conversion->multiplier, conversion->divisor, conversion->exponent,
									 from->numerator, to->denominator, from->denominator, to->numerator);
		}
		ys_arena_reset(&arena);
	}
	ys_arena_free(&arena);
	assert_in_range(count, 500, 10000);
}

/* Compared with long division of arbitrarily long integers, a digit at a time. */
static void
test_rounding(void **state)
{
	uint64_t	random = unit_seed("test_unit");

	(void) state;
	for (int i = 0; i < 20000; i++)
	{
		const YsUnit *to = &ys_units[unit_random(&random, (uint64_t) ys_nunits)];
		const YsUnit *from = &ys_units[unit_random(&random, (uint64_t) ys_nunits)];
		uint64_t	n = 1 + unit_random(&random, 1000000);
		char		text[32];
		char		out[YS_DECIMAL_TEXT + 1];
		char		expected[YS_DECIMAL_TEXT + 1];
		YsUint128	numerator;
		YsUint128	divisor;
		YsUint128	rest;
		YsUint128	scaled;
		YsDecimal	decimal;

		if (from == to || from->quantity != to->quantity || from->scale != YS_PROPORTIONAL || to->scale != YS_PROPORTIONAL ||
			from->numerator > 1000000000 || from->denominator > 1000000000 ||
			to->numerator > 1000000000 || to->denominator > 1000000000)
			continue;
		numerator = (YsUint128) n * from->numerator * to->denominator;
		divisor = (YsUint128) from->denominator * to->numerator;
		scaled = numerator / divisor;
		rest = numerator % divisor;
		for (int digit = 0; digit < 12; digit++)
		{
			rest *= 10;
			scaled = scaled * 10 + rest / divisor;
			rest %= divisor;
		}
		snprintf(text, sizeof(text), "%" PRIu64, n);
		assert_ptr_equal(convert(text, from, to, out), out);
		if (rest == 0)
			assert_true(ys_decimal_from_integer(false, scaled, -12, &decimal));
		else
		{
			YsUint128	left = rest;
			int			more = 0;

			/* does it end at all within what can be kept? */
			for (; left != 0 && more < 20; more++)
				left = left * 10 % divisor;
			if (left == 0)
				continue;		/* exact, with more decimals: the corpus has those */
			assert_true(ys_decimal_from_integer(false, scaled + (rest * 2 >= divisor), -12, &decimal));
		}
		expected[ys_decimal_print(&decimal, expected)] = '\0';
		if (strcmp(out, expected) != 0)
			fail_msg("%s %s in %s: got %s, wanted %s", text, from->name, to->name, out, expected);
	}
}

static void
test_sums(void **state)
{
	static const struct
	{
		const char *numbers[3];
		const char *units[3];
		const char *to;
		const char *expected;
	}			cases[] =
	{
		{{"5", "11"}, {"ft", "in"}, "cm", "180.34"}, {{"1", "30"}, {"h", "min"}, "h", "1.5"}, {{"1", "5"}, {"h", "min"}, "h", "1.083333333333"},
		{{"1", "2", "3"}, {"d", "h", "s"}, "d", "1.083368055556"}, {{"0", "20"}, {"h", "min"}, "h", "0.333333333333"},
		{{"1", "0"}, {"lb", "oz"}, "kg", "0.45359237"}, {{"1", "20"}, {"h", "min"}, "d", "0.055555555556"},
		{{"1.5", "0.25"}, {"h", "min"}, "s", "5415"}, {{"12345678901234567890123456789012345678", "1"}, {"mi", "ft"}, "mm", "number out of range"},
		{{"1e60", "1"}, {"km", "m"}, "m", "number out of range"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		YsArena		arena;
		const YsConversions *all;
		const YsConversion *conversions[3];
		YsDecimal	parts[3];
		YsDecimal	sum;
		YsSlice		rest;
		char		out[YS_DECIMAL_TEXT + 1];
		const char *got;
		int			n = 0;

		ys_arena_init(&arena, ys_arena_malloc, 0);
		all = ys_unit_conversions(unit_of(cases[i].to), &arena);
		for (; n < 3 && cases[i].numbers[n] != NULL; n++)
		{
			assert_null(ys_decimal_parse(unit_slice(cases[i].numbers[n]), &parts[n], &rest));
			conversions[n] = ys_unit_conversion(all, unit_of(cases[i].units[n]));
			assert_true(n == 0 || ys_unit_is_larger(unit_of(cases[i].units[n - 1]), unit_of(cases[i].units[n])));
		}
		got = ys_unit_convert_sum(conversions, parts, n, false, &sum);
		if (got == NULL)
		{
			out[ys_decimal_print(&sum, out)] = '\0';
			got = out;
		}
		assert_string_equal(got, cases[i].expected);
		ys_arena_free(&arena);
	}
	assert_false(ys_unit_is_larger(unit_of("in"), unit_of("ft")));
	assert_false(ys_unit_is_larger(unit_of("km"), unit_of("km")));
	assert_false(ys_unit_is_larger(unit_of("h"), unit_of("m")));
	assert_false(ys_unit_is_larger(unit_of("EUR"), unit_of("USD")));
	assert_false(ys_unit_is_larger(unit_of("km/l"), unit_of("mpg")));
}

static void
test_out_of_memory(void **state)
{
	size_t		limit = 0;
	bool		made = false;

	(void) state;
	while (!made)
	{
		YsArena		arena;

		limit += 4096;
		assert_in_range(limit, 1, 1024 * 1024);
		ys_arena_init(&arena, ys_arena_malloc, limit);
		made = ys_unit_names(&arena) != NULL && ys_unit_conversions(unit_of("km"), &arena) != NULL;
		ys_arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_every_conversion),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("unit", tests, make_names, free_names);
}
