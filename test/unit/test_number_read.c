/*-------------------------------------------------------------------------
 * test_number_read.c
 *	  Numbers as people write them: one meaning, or a reason.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/normalize/number_read.h"

static const YsNumberLocale *
locale_of(const char *name)
{
	const YsNumberLocale *locale = *name != '\0' ? ys_number_locale_find(unit_slice(name)) : NULL;

	assert_true((locale == NULL) == (*name == '\0'));
	return locale;
}

/* What text is: "before[number]after", with a ~ behind the number for a dash, or why it is refused. */
static const char *
read_amount(const YsNumberLocale *locale, YsSlice text, char out[512])
{
	YsAmount	amount;
	char		number[YS_DECIMAL_TEXT + 1];
	const char *reason = ys_amount_read(locale, text, &amount);

	if (reason != NULL)
		return ys_number_refusal(text, reason);
	number[ys_decimal_print(&amount.decimal, number)] = '\0';
	snprintf(out, 512, "%.*s%s%s%s%.*s", (int) amount.before.len, amount.before.bytes,
			 amount.before.len > 0 ? (amount.touching ? ":" : " ") : "", number, amount.dashed ? "~" : "",
			 (int) amount.after.len, amount.after.bytes);
	return out;
}

typedef struct Case
{
	const char *locale;			/* "": by shape */
	const char *text;
	const char *expected;
} Case;

static void
check(const Case *cases, size_t count)
{
	char		out[512];

	for (size_t i = 0; i < count; i++)
	{
		const char *got = read_amount(locale_of(cases[i].locale), unit_slice(cases[i].text), out);

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s (%s): got %s, wanted %s", cases[i].text, cases[i].locale, got, cases[i].expected);
	}
}

#define CHECK(cases)	check(cases, sizeof(cases) / sizeof((cases)[0]))

static void
test_shapes(void **state)
{
	static const Case cases[] = {
		{"", "0", "0"}, {"", "1234567", "1234567"}, {"", "007", "7"}, {"", "1,5", "1.5"}, {"", "1.5", "1.5"},
		{"", "1,50", "1.5"}, {"", "0,5", "0.5"}, {"", "0.123", "0.123"}, {"", "0,123", "0.123"}, {"", ".5", "0.5"},
		{"", ",5", "0.5"}, {"", ".123", "0.123"}, {"", "19867.200", "19867.2"}, {"", "1234,567", "1234.567"},
		{"", "1,2345", "1.2345"}, {"", "012.345", "12.345"}, {"", "1.234e3", "1234"}, {"", "1,5e-3", "0.0015"},
		{"", "1.234.567", "1234567"}, {"", "1,234,567", "1234567"}, {"", "1.234.567,89", "1234567.89"},
		{"", "1,234,567.8", "1234567.8"}, {"", "1,234.5", "1234.5"}, {"", "1.234,567", "1234.567"},
		{"", "12 345,6", "12345.6"}, {"", "12 345", "12345"}, {"", "1 234.567", "1234.567"}, {"", "1'234.50", "1234.5"},
		{"", "1\xE2\x80\x99""234\xE2\x80\x99""567,5", "1234567.5"}, {"", "1\xC2\xA0""234", "1234"},
		{"", "1\xE2\x80\xAF""234\xC2\xA0""567", "1234567"}, {"", "1\xE2\x80\x89""234", "1234"},
		/* two meanings */
		{"", "1,234", YS_NUMBER_AMBIGUOUS}, {"", "1.234", YS_NUMBER_AMBIGUOUS}, {"", "-12,345", YS_NUMBER_AMBIGUOUS},
		{"", "(999.999)", YS_NUMBER_AMBIGUOUS}, {"", "12,345 mi", YS_NUMBER_AMBIGUOUS},
		/* none */
		{"", "1,23,4", YS_NUMBER_MISPLACED}, {"", "12,34,567", YS_NUMBER_MISPLACED}, {"", "1.23.456", YS_NUMBER_MISPLACED},
		{"", "1234,567,890", YS_NUMBER_MISPLACED}, {"", "0,123,456", YS_NUMBER_MISPLACED}, {"", "1,234 567", YS_NUMBER_MISPLACED},
		{"", "1 23", YS_NUMBER_MISPLACED}, {"", "1 2345", YS_NUMBER_MISPLACED}, {"", "0 123", YS_NUMBER_MISPLACED},
		{"", "1,234,567e3", YS_NUMBER_MISPLACED}, {"", "10.0.0.1", YS_NUMBER_MISPLACED}, {"", "1.5,5", YS_NUMBER_MISPLACED},
	};

	(void) state;
	CHECK(cases);
}

static void
test_locales(void **state)
{
	static const Case cases[] = {
		{"en", "1,234", "1234"}, {"en", "1.234", "1.234"}, {"en", "1,234,567.891", "1234567.891"}, {"en", "1 234", "1234"},
		{"EN_us", "1,234", "1234"}, {"en", "1'234.5", "1234.5"}, {"en", "1,5", YS_NUMBER_OTHER_LOCALE},
		{"en", "1.234,5", YS_NUMBER_OTHER_LOCALE}, {"en", "1,23,4", YS_NUMBER_OTHER_LOCALE}, {"en", "1.234.567", YS_NUMBER_OTHER_LOCALE},
		{"en", "1,23,456", YS_NUMBER_OTHER_LOCALE}, {"en", ",5", YS_NUMBER_OTHER_LOCALE}, {"en", "1,234e3", YS_NUMBER_OTHER_LOCALE},
		{"en-IN", "12,34,567.5", "1234567.5"}, {"en-IN", "1,23,456", "123456"}, {"en-IN", "1,234,567", "1234567"},
		{"en-IN", "123,45,678", YS_NUMBER_OTHER_LOCALE}, {"en-IN", "1,23,45", YS_NUMBER_OTHER_LOCALE}, {"en-IN", "12,345,67,890", YS_NUMBER_OTHER_LOCALE},
		{"de", "1.234", "1234"}, {"de", "1,234", "1.234"}, {"de", "1.234.567,89", "1234567.89"}, {"de", "1.5", YS_NUMBER_OTHER_LOCALE},
		{"de", "1 234,5", "1234.5"}, {"de", "1'234,5", "1234.5"}, {"de-AT", "1.234,5", "1234.5"}, {"de-AT", "1\xC2\xA0""234,5", "1234.5"},
		{"de-CH", "1\xE2\x80\x99""234.5", "1234.5"}, {"it-CH", "1'234.50", "1234.5"}, {"de-CH", "1.234", "1.234"},
		{"de-CH", "1,5", YS_NUMBER_OTHER_LOCALE}, {"fr", "1\xE2\x80\xAF""234,5", "1234.5"}, {"fr", "1,234", "1.234"},
		{"fr", "1.5", YS_NUMBER_OTHER_LOCALE}, {"fr-CH", "1 234.50", "1234.5"}, {"fr-CH", "1 234,50", "1234.5"},
		{"sv", "\xE2\x88\x92""1\xC2\xA0""234,5", "-1234.5"}, {"ja", "1,234", "1234"}, {"zh-CN", "1,234.5", "1234.5"},
		{"plain", "1.234", "1.234"}, {"plain", "1234567.8", "1234567.8"}, {"plain", "1,234", YS_NUMBER_OTHER_LOCALE},
		{"plain", "1 234", YS_NUMBER_OTHER_LOCALE}, {"plain", "1'234", YS_NUMBER_OTHER_LOCALE},
	};

	(void) state;
	CHECK(cases);
	assert_null(ys_number_locale_find(unit_slice("")));
	assert_null(ys_number_locale_find(unit_slice("e")));
	assert_null(ys_number_locale_find(unit_slice("en-")));
	assert_null(ys_number_locale_find(unit_slice("en|en-us")));
	assert_null(ys_number_locale_find(unit_slice("tlh")));
}

static void
test_signs_and_units(void **state)
{
	static const Case cases[] = {
		{"", "+5", "5"}, {"", "-5", "-5"}, {"", "\xE2\x88\x92""5,5", "-5.5"}, {"", "(1,234.50)", "-1234.5"}, {"", "( 5 )", "-5"},
		{"", "-0", "0"}, {"", "(0)", "0"}, {"", "12 km", "12km"}, {"", "12km", "12km"}, {"", "12 \xC2\xA0 km", "12km"},
		{"", "$12", "$:12"}, {"", "$ 12", "$ 12"}, {"", "-$12", "$:-12"}, {"", "$-12", "$:-12"}, {"", "$ -12", "$ -12"},
		{"", "(\xE2\x82\xAC 5)", "\xE2\x82\xAC -5"}, {"", "5 \xE2\x82\xAC", "5\xE2\x82\xAC"}, {"", "$5 CAD", "$:5CAD"},
		{"", "Rs.500", "Rs.:500"}, {"", "Fr. 5", "Fr. 5"}, {"", "$.50", "$:0.5"}, {"", "\xE2\x82\xAC,50", "\xE2\x82\xAC:0.5"},
		{"", "5,-", "5~"}, {"", "1'200.\xE2\x80\x93 CHF", "1200~CHF"}, {"", "5.--", "5~"}, {"", "1e3 km", "1000km"},
		{"", "5' 11\"", "5' 11\""}, {"", "5'11\"", "5'11\""}, {"", "1e", "1e"}, {"", "0x10", "0x10"}, {"", "5.", "5."},
		{"", "- 5", YS_NOT_A_NUMBER}, {"", "--5", YS_NOT_A_NUMBER}, {"", "+-5", YS_NOT_A_NUMBER}, {"", "- $5", YS_NOT_A_NUMBER},
		{"", "-$-5", YS_NOT_A_NUMBER}, {"", "(-5)", YS_NOT_A_NUMBER}, {"", "($-5)", YS_NOT_A_NUMBER}, {"", "()", YS_NOT_A_NUMBER},
		{"", "-", YS_NOT_A_NUMBER}, {"", ".", YS_NOT_A_NUMBER}, {"", "abc", YS_NOT_A_NUMBER}, {"", "NaN", YS_NOT_A_NUMBER},
		{"", "-Infinity", YS_NOT_A_NUMBER}, {"", "1e126", YS_NUMBER_OUT_OF_RANGE}, {"", "1e-131", YS_NUMBER_OUT_OF_RANGE},
		{"", "123456789012345678901234567890123456789", YS_NUMBER_OUT_OF_RANGE},
		{"", "1,234,567,890,123,456,789,012,345,678,901,234,567,800", "1234567890123456789012345678901234567800"},
	};

	(void) state;
	CHECK(cases);
}

/* Reasons for what is no number by itself; whoever reads the units asks for them too. */
static void
test_refusals(void **state)
{
	static const struct
	{
		const char *text;
		const char *reason;
	}			cases[] = {
		{"10-20", YS_NUMBER_RANGE}, {"10 - 20", YS_NUMBER_RANGE}, {"10\xE2\x80\x93""20", YS_NUMBER_RANGE}, {"10..20", YS_NUMBER_RANGE},
		{"10...20", YS_NUMBER_RANGE}, {"10\xE2\x80\xA6""20", YS_NUMBER_RANGE}, {"10 to 20", YS_NUMBER_RANGE}, {"10 km to 20 km", YS_NUMBER_RANGE},
		{"10 km - 20 km", YS_NUMBER_RANGE}, {"1,000-2,000 mi", YS_NUMBER_RANGE}, {"10 bis 20", YS_NUMBER_RANGE}, {"10 a 20", YS_NUMBER_RANGE},
		{"10 \xC3\xA0 20", YS_NUMBER_RANGE}, {"between 10 and 20", YS_NUMBER_RANGE}, {"da 10 a 20", YS_NUMBER_RANGE}, {"10 ~ 20", YS_NUMBER_RANGE},
		{"$10-$20", YS_NUMBER_RANGE}, {"10-20 m3", YS_NUMBER_RANGE},
		{"2024-03-12", YS_NOT_A_NUMBER}, {"12/03/24", YS_NOT_A_NUMBER}, {"10 tons", YS_NOT_A_NUMBER}, {"10 a", YS_NOT_A_NUMBER},
		{"~10", YS_NUMBER_APPROXIMATE}, {"\xE2\x89\x88 10", YS_NUMBER_APPROXIMATE}, {">5", YS_NUMBER_APPROXIMATE}, {">= 5", YS_NUMBER_APPROXIMATE},
		{"\xE2\x89\xA4""5", YS_NUMBER_APPROXIMATE}, {"\xC2\xB1""5", YS_NUMBER_APPROXIMATE}, {"ca. 10", YS_NUMBER_APPROXIMATE}, {"ca 10", YS_NUMBER_APPROXIMATE},
		{"Circa 10", YS_NUMBER_APPROXIMATE}, {"10 circa", YS_NUMBER_APPROXIMATE}, {"10+", YS_NUMBER_APPROXIMATE}, {"About 10 km", YS_NUMBER_APPROXIMATE},
		{"\xC3\x9C""ber 10", YS_NUMBER_APPROXIMATE}, {"\xC3\xBC""ber 10", YS_NUMBER_APPROXIMATE}, {"plus de 10", YS_NUMBER_APPROXIMATE},
		{"cable 10", YS_NOT_A_NUMBER}, {"overall 5", YS_NOT_A_NUMBER}, {"ca.", YS_NOT_A_NUMBER},
		{"5-", YS_NUMBER_MINUS_BEHIND}, {"1.234,5 -", YS_NUMBER_MINUS_BEHIND}, {"5\xE2\x88\x92", YS_NUMBER_MINUS_BEHIND}, {"a-", YS_NOT_A_NUMBER},
		{"\xEF\xBC\x91\xEF\xBC\x92", YS_NUMBER_OTHER_DIGITS}, {"\xD9\xA3", YS_NUMBER_OTHER_DIGITS}, {"1\xE0\xA5\xA7", YS_NUMBER_OTHER_DIGITS},
		{"\xF0\x9D\x9F\x8E", YS_NUMBER_OTHER_DIGITS}, {"5 m\xC2\xB3", YS_NOT_A_NUMBER}, {"\xEF\xBC", YS_NOT_A_NUMBER}, {"\xFF", YS_NOT_A_NUMBER}, {"", YS_NOT_A_NUMBER},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		/* a copy without a byte to spare */
		size_t		len = strlen(cases[i].text);
		char	   *text = malloc(len > 0 ? len : 1);
		const char *got;

		memcpy(text, cases[i].text, len);
		got = ys_number_refusal((YsSlice) {text, (uint32_t) len}, YS_NOT_A_NUMBER);
		if (strcmp(got, cases[i].reason) != 0)
			fail_msg("%s: got %s, wanted %s", cases[i].text, got, cases[i].reason);
		free(text);
	}
}

/* ---- properties ---- */

typedef struct Convention
{
	const char *locale;
	const char *decimal;
	const char *group;
} Convention;

/* A random number with groups as a convention has them, and without any. */
static void
write_number(uint64_t *random, const Convention *convention, char *grouped, char *plain)
{
	char		digits[20];
	int			whole = 1 + (int) unit_random(random, 15);
	int			fraction = (int) unit_random(random, 5);

	*grouped = *plain = '\0';
	if (unit_random(random, 3) == 0)
	{
		strcat(grouped, unit_random(random, 2) ? "-" : "\xE2\x88\x92");
		strcat(plain, "-");
	}
	for (int i = 0; i < whole + fraction; i++)
		digits[i] = (char) ('0' + unit_random(random, 10));
	digits[0] = (char) ('1' + unit_random(random, 9));
	for (int i = 0; i < whole + fraction; i++)
	{
		if (i == whole)
		{
			strcat(grouped, convention->decimal);
			strcat(plain, ".");
		}
		else if (i > 0 && i < whole && (whole - i) % 3 == 0)
			strcat(grouped, convention->group);
		strncat(grouped, digits + i, 1);
		strncat(plain, digits + i, 1);
	}
}

/* What is written by a convention means under its locale what it means plainly, and by shape that or nothing. */
static void
test_conventions(void **state)
{
	static const Convention conventions[] = {
		{"en", ".", ","}, {"de", ",", "."}, {"it-CH", ".", "'"}, {"de-CH", ".", "\xE2\x80\x99"}, {"fr", ",", "\xE2\x80\xAF"},
		{"sv", ",", "\xC2\xA0"}, {"pl", ",", " "}, {"ja", ".", ","}, {"en-IN", ".", ","}, {"pt-BR", ",", "."}
	};
	uint64_t	random = unit_seed("test_number_read");
	int			ambiguous = 0;

	(void) state;
	for (int i = 0; i < 50000; i++)
	{
		const Convention *convention = &conventions[unit_random(&random, sizeof(conventions) / sizeof(conventions[0]))];
		char		grouped[128];
		char		plain[64];
		char		expected[512];
		char		out[512];
		const char *got;

		write_number(&random, convention, grouped, plain);
		got = read_amount(&ys_number_plain, unit_slice(plain), expected);
		assert_ptr_equal(got, expected);
		got = read_amount(locale_of(convention->locale), unit_slice(grouped), out);
		if (strcmp(got, expected) != 0)
			fail_msg("%s (%s): got %s, wanted %s", grouped, convention->locale, got, expected);
		got = read_amount(NULL, unit_slice(grouped), out);
		if (strcmp(got, YS_NUMBER_AMBIGUOUS) == 0)
			ambiguous++;
		else if (strcmp(got, expected) != 0)
			fail_msg("%s: got %s, wanted %s", grouped, got, expected);
	}
	assert_in_range(ambiguous, 100, 25000);
}

/* Whatever bytes come, reading stays within them; what is read prints as what is read as itself. */
static void
test_any_bytes(void **state)
{
	static const char *const pieces[] = {
		"0", "1", "12", "345", "6789", ".", ",", " ", "'", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x99", "-", "+", "(", ")", "\xE2\x88\x92",
		"e", "e3", "$", "\xE2\x82\xAC", "km", "ca.", "~", "..", "\xE2", "\xC2", "\xE2\x80", "%", "to", "\xEF\xBC\x91", "\xFF"
	};
	static const char *const locales[] = {"", "en", "de", "fr", "de-CH", "en-IN", "plain", "fr-CH"};
	uint64_t	random = unit_seed("test_any_bytes");
	int			numbers = 0;

	(void) state;
	for (int i = 0; i < 100000; i++)
	{
		char		text[64];
		size_t		len = 0;
		char	   *exact;
		char		out[512];
		char		again[512];
		YsAmount	amount;
		const YsNumberLocale *locale = locale_of(locales[unit_random(&random, 8)]);

		for (uint64_t n = 1 + unit_random(&random, 7); n > 0; n--)
		{
			const char *piece = pieces[unit_random(&random, sizeof(pieces) / sizeof(pieces[0]))];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		exact = malloc(len);
		memcpy(exact, text, len);
		if (ys_amount_read(locale, ys_string_trim((YsSlice) {exact, (uint32_t) len}), &amount) == NULL)
		{
			out[ys_decimal_print(&amount.decimal, out)] = '\0';
			assert_string_equal(read_amount(&ys_number_plain, unit_slice(out), again), out);
			numbers++;
		}
		else
			assert_non_null(ys_number_refusal((YsSlice) {exact, (uint32_t) len}, YS_NOT_A_NUMBER));
		free(exact);
	}
	assert_in_range(numbers, 5000, 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_locales),
		cmocka_unit_test(test_signs_and_units),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_conventions),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests_name("number_read", tests, NULL, NULL);
}
