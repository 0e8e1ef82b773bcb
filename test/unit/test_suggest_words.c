/*-------------------------------------------------------------------------
 * test_suggest_words.c
 *	  The words of names, what they mean, and how many different values there were.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>

#include "policy/suggest/cardinality.h"
#include "policy/suggest/words.h"

static char
role_letter(YsWordRole role)
{
	return role == YS_WORD_FACT ? 'f' : role == YS_WORD_QUALIFIER ? 'q' : role == YS_WORD_UNIT ? 'u' : role == YS_WORD_ITEM ? 'i' : 'a';
}

/* The words as "role:text=meaning", where they differ, with spaces between. */
static void
check_words(const char *name, const char *expected)
{
	YsWord		words[YS_WORDS_MAX];
	int			n = ys_words_of((YsSlice) {name, (uint32_t) strlen(name)}, words);
	char		found[1024] = "";
	size_t		len = 0;

	for (int i = 0; i < n; i++)
	{
		len += (size_t) sprintf(found + len, "%s%c:%s", i > 0 ? " " : "", role_letter(words[i].role), words[i].text);
		if (strcmp(words[i].text, words[i].means) != 0)
			len += (size_t) sprintf(found + len, "=%s", words[i].means);
	}
	if (strcmp(found, expected) != 0)
		fail_msg("%s: %s, not %s", name, found, expected);
}

static void
test_splitting(void **state)
{
	(void) state;
	check_words("lastServiceMs", "a:last f:service a:ms=epoch");
	check_words("last_service", "a:last f:service");
	check_words("Last-Service", "a:last f:service");
	check_words("GPSFix", "f:gps=location f:fix=location");
	check_words("axle2Load", "f:axle2 f:load");
	check_words("HTTPServer", "f:http f:server");
	check_words("A", "f:a");
	check_words("", "");
	check_words("--", "");
	check_words("a b.c/d", "f:a f:b f:c f:d");
	check_words("\xE6\x97\xA5", "");
	/* what is behind the limits is passed over */
	check_words("a b c d e f g h i j k l m n", "f:a f:b f:c f:d f:e f:f f:g f:h f:i f:j f:k f:l");
	check_words("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "f:abcdefghijklmnopqrstuvwxyzabcdefghijklm");
}

static void
test_meanings(void **state)
{
	(void) state;
	/* what is short is spelled out; synonyms are not */
	check_words("svcDt", "f:service a:date");
	check_words("maintenance", "f:maintenance=service");
	check_words("entretien", "f:entretien=service");
	check_words("serviced_on", "f:serviced=service a:on");
	check_words("kilom\xC3\xA9trage", "f:kilometrage=odometer");
	check_words("KILOM\xC3\x89TRAGE", "f:kilometrage=odometer");
	check_words("odo", "f:odometer");
	check_words("odometer_km", "f:odometer u:km");
	check_words("speed_kmh", "f:speed u:kmh=km/h");
	check_words("vehType", "i:vehicle f:type=kind");
	check_words("yearFrom", "f:year q:from");
	check_words("min_nr", "q:minimum q:number");
	/* plurals, and what only looks like one */
	check_words("services", "f:services=service");
	check_words("vehicles", "i:vehicles=vehicle");
	check_words("gross", "f:gross");
	check_words("class", "f:class=kind");
}

/* Exact up to a bound; then within five standard errors, which no seed in millions exceeds. */
static void
test_cardinality(void **state)
{
	uint64_t	seed = unit_seed("cardinality");
	const int	sizes[] = {0, 1, 63, 64, 65, 100, 1000, 2560, 10000, 200000};

	(void) state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		YsArena		arena;
		YsCardinality cardinality = {0};
		bool		estimated;
		int64_t		estimate;
		uint64_t	salt = unit_random(&seed, UINT64_MAX);

		ys_arena_init(&arena, ys_arena_malloc, 64 * 1024);
		for (int round = 0; round < 2; round++)
		{
			for (int n = 0; n < sizes[i]; n++)
			{
				char		text[32];
				int			len = sprintf(text, "value %d", n);

				assert_true(ys_cardinality_add(&cardinality, ys_cardinality_hash(text, (size_t) len, salt), &arena));
			}
		}
		estimate = ys_cardinality_estimate(&cardinality, &estimated);
		assert_int_equal(estimated, sizes[i] > YS_CARDINALITY_EXACT);
		if (!estimated)
			assert_int_equal(estimate, sizes[i]);
		else if (fabs((double) estimate / sizes[i] - 1) > 5 * 1.04 / sqrt(YS_CARDINALITY_REGISTERS))
			fail_msg("%d values are taken for %lld", sizes[i], (long long) estimate);
		ys_arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splitting),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_cardinality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
