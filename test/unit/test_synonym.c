/*-------------------------------------------------------------------------
 * test_synonym.c
 *	  Lists of synonyms: what is found, and what contradicts itself.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/synonym.h"

typedef struct Word
{
	const char *list;
	const char *word;
	const char *meaning;
} Word;

/* NULL and err when they are refused. */
static YsSynonyms *
build(UnitFixture *fixture, size_t count, const Word *words)
{
	YsSynonyms *synonyms = ys_synonyms_create(&fixture->arena);

	assert_non_null(synonyms);
	memset(&fixture->err, 0, sizeof(fixture->err));
	for (size_t i = 0; i < count; i++)
	{
		if (!ys_synonyms_add(synonyms, unit_slice(words[i].list), unit_slice(words[i].word),
							 unit_slice(words[i].meaning), &fixture->err))
			return NULL;
	}
	return ys_synonyms_finish(synonyms, &fixture->err) ? synonyms : NULL;
}

static void
check(const YsSynonyms *synonyms, const char *list, const char *word, const char *expected)
{
	YsSlice		meaning = {"", 0};
	bool		found = ys_synonyms_find(synonyms, unit_slice(list), unit_slice(word), &meaning);

	if (found != (expected != NULL) ||
		(found && (meaning.len != strlen(expected) || memcmp(meaning.bytes, expected, meaning.len) != 0)))
		fail_msg("\"%s\" of %s: got \"%.*s\", wanted %s", word, list, (int) meaning.len, meaning.bytes,
				 expected != NULL ? expected : "nothing");
}

static void
test_find(void **state)
{
	UnitFixture *fixture = *state;
	static const Word words[] = {
		{"kind", "Lorry", "Truck"}, {"kind", " camión  grande ", "Truck"}, {"kind", "LORRY", "Truck"},
		{"kind", "Straßenbahn", "tram"}, {"fuel", "lorry", "diesel"}, {"fuel", "Ω", "ohm"},
		{"month", "brumaire", "10"}, {"boolean", "da", "true"}
	};
	YsSynonyms *synonyms = build(fixture, 8, words);

	assert_non_null(synonyms);
	check(synonyms, "kind", "lorry", "Truck");
	check(synonyms, "kind", "\t lORRy\n", "Truck");
	check(synonyms, "kind", "CAMIO\xCC\x81N\xC2\xA0 GRANDE", "Truck");
	check(synonyms, "kind", "camion grande", "Truck");
	check(synonyms, "kind", "camiongrande", NULL);
	check(synonyms, "kind", "STRASSENBAHN", "tram");
	check(synonyms, "kind", "truck", "Truck");	/* a meaning means itself */
	check(synonyms, "fuel", "lorry", "diesel");
	check(synonyms, "fuel", "\xE2\x84\xA6", "ohm");	/* U+2126, another omega */
	check(synonyms, "fuel", "truck", NULL);
	check(synonyms, "Kind", "lorry", NULL);
	check(synonyms, "kind", "", NULL);
	check(synonyms, "kind", "lorry\xFF", NULL);
	check(synonyms, "month", "Brumaire", "10");
	check(synonyms, "boolean", "DA", "true");
	check(NULL, "kind", "lorry", NULL);
	check(build(fixture, 0, NULL), "kind", "lorry", NULL);
}

/* More words than the table begins with, and words too long to be any. */
static void
test_many(void **state)
{
	UnitFixture *fixture = *state;
	YsSynonyms *synonyms = ys_synonyms_create(&fixture->arena);
	char		word[512];
	char		meaning[32];

	for (int i = 0; i < 5000; i++)
	{
		snprintf(word, sizeof(word), "Word %d", i);
		snprintf(meaning, sizeof(meaning), "M%d", i / 10);
		assert_true(ys_synonyms_add(synonyms, unit_slice("l"), unit_slice(word), unit_slice(meaning), &fixture->err));
	}
	assert_true(ys_synonyms_finish(synonyms, &fixture->err));
	for (int i = 0; i < 5000; i++)
	{
		snprintf(word, sizeof(word), " word  %d", i);
		snprintf(meaning, sizeof(meaning), "M%d", i / 10);
		check(synonyms, "l", word, meaning);
		check(synonyms, "l", meaning, meaning);
	}
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	check(synonyms, "l", word, NULL);
	word[0] = '\xC3';
	word[1] = '\xB8';
	check(synonyms, "l", word, NULL);
}

static void
test_errors(void **state)
{
	UnitFixture *fixture = *state;
	static char too_long[300];
	static const struct
	{
		Word		words[2];
		const char *message;
		const char *detail;
	}			cases[] =
	{
		{{{"", "a", "b"}, {"l", "c", "d"}}, "in a list without a name", "empty string"},
		{{{"l", " \xC2\xA0", "b"}, {"l", "c", "d"}}, "a word that is blank", "1 to 256 bytes"},
		{{{"l", too_long, "b"}, {"l", "c", "d"}}, "a word that is too long", "1 to 256 bytes"},
		{{{"l", "a", "b"}, {"l", "c", ""}}, "synonym \"c\" of list \"l\" has no meaning", "empty string"},
		{{{"l", "a", "b"}, {"l", "Á", "c"}}, "synonym \"a\" of list \"l\" has two meanings",
			"It means \"b\", and as \"Á\" it means \"c\"."},
		/* what means something can't be what something else means */
		{{{"l", "a", "b"}, {"l", "b", "c"}}, "synonym \"b\" of list \"l\" has two meanings",
			"It means \"c\", and as \"b\" it means \"b\"."},
		{{{"l", "a", "b"}, {"l", "c", "B"}}, "synonym \"b\" of list \"l\" has two meanings",
			"It means \"b\", and as \"B\" it means \"B\"."},
		{{{"month", "a", "1"}, {"month", "b", "13"}}, "synonym \"b\" does not mean a month", "is \"13\""},
		{{{"month", "a", "12"}, {"month", "b", "01"}}, "synonym \"b\" does not mean a month", "is \"01\""},
		{{{"month", "a", "10"}, {"month", "b", "0"}}, "synonym \"b\" does not mean a month", "is \"0\""},
		{{{"boolean", "a", "true"}, {"boolean", "b", "True"}}, "synonym \"b\" is neither true nor false",
			"is \"True\""},
	};

	memset(too_long, 'y', sizeof(too_long) - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (build(fixture, 2, cases[i].words) != NULL)
			fail_msg("not refused: %s", cases[i].message);
		assert_int_equal(fixture->err.code, YS_ERR_INVALID_POLICY);
		unit_check_complete(&fixture->err);
		if (strstr(fixture->err.message, cases[i].message) == NULL ||
			strstr(fixture->err.detail, cases[i].detail) == NULL)
			fail_msg("got \"%s\", \"%s\", wanted \"%s\", \"%s\"", fixture->err.message,
					 fixture->err.detail, cases[i].message, cases[i].detail);
	}
}

/* Every allocation may fail. */
static void
test_no_memory(void **state)
{
	YsArena		arena;
	YsError		err;
	bool		built = false;

	(void) state;
	for (size_t limit = 1; !built; limit += 64)
	{
		YsSynonyms *synonyms;

		assert_in_range(limit, 1, 100000);
		ys_arena_init(&arena, ys_arena_malloc, limit);
		err.code = YS_ERR_OUT_OF_MEMORY;
		synonyms = ys_synonyms_create(&arena);
		built = synonyms != NULL &&
			ys_synonyms_add(synonyms, unit_slice("l"), unit_slice("a"), unit_slice("b"), &err) &&
			ys_synonyms_finish(synonyms, &err);
		if (!built)
			assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
		ys_arena_free(&arena);
	}
}

/* What a text field makes of a string, with its normalizers before. */
static void
test_field(void **state)
{
	static const char declaration[] = "{\"fields\":[{\"name\":\"kind\",\"type\":\"text\",\"paths\":[\"a\"],"
		"\"normalizers\":[\"upper\"],\"synonyms\":\"kind\"}]}";
	static const Word words[] = {{"kind", "lorry", "Truck"}, {"kind", "lkw", "Truck"}};
	static const char *const cases[][2] = {
		{"Lorry", "Truck"}, {"Truck", "Truck"}, {" l\xC3\xB2rry", "Truck"}, {"LKW", "Truck"}, {"van", "VAN"}
	};
	UnitFixture *fixture = *state;
	YsPolicy   *policy = ys_policy_compile(declaration, strlen(declaration), &fixture->arena, &fixture->err);
	YsBindings	bindings = {.synonyms = build(fixture, 2, words)};

	assert_non_null(policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		YsMember	member = {"a", 1, ys_value_string(cases[i][0], strlen(cases[i][0]))};
		YsValue		item = {.type = YS_TYPE_MAP, .len = 1, .members = &member};
		YsEntry		entry;

		assert_true(ys_policy_apply(policy, &bindings, &item, &fixture->arena, &entry, &fixture->err));
		assert_true(entry.cells[0].present);
		assert_int_equal(entry.cells[0].len, strlen(cases[i][1]));
		assert_memory_equal(entry.cells[0].bytes, cases[i][1], entry.cells[0].len);
		assert_int_equal(entry.cells[0].coerced, strcmp(cases[i][0], cases[i][1]) != 0);
	}
}

static int
set_up(void **state)
{
	return unit_set_up(state, sizeof(UnitFixture));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_field, set_up, unit_tear_down),
		cmocka_unit_test(test_no_memory)
	};

	return cmocka_run_group_tests_name("synonym", tests, NULL, NULL);
}
