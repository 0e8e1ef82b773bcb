/*-------------------------------------------------------------------------
 * test_text.c
 *	  Text with synonyms and enumerations, text[], jsonb, and the words of
 *	  booleans.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "corpus.h"
#include "policy/normalize/boolean.h"
#include "policy/normalize/unicode.h"
#include "policy/sanitize.h"
#include "policy/synonym.h"

static YsPolicy *
compile(YsArena *arena, const char *declaration)
{
	YsError		err;
	YsPolicy   *policy = corpus_compile(declaration, false, false, arena, &err);

	if (policy == NULL)
		fail_msg("%s: %s", declaration, err.message);
	return policy;
}

/* Lists kinds and boolean. */
static YsBindings
bind(YsArena *arena)
{
	static const char *const words[][3] = {
		{"kinds", "lorry", "truck"}, {"kinds", "camión", "truck"}, {"kinds", "break", "estate car"},
		{"boolean", "da", "true"}, {"boolean", "njet", "false"}
	};
	YsSynonyms *synonyms = ys_synonyms_create(arena);
	YsError		err;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_true(ys_synonyms_add(synonyms, unit_slice(words[i][0]), unit_slice(words[i][1]), unit_slice(words[i][2]), &err));
	assert_true(ys_synonyms_finish(synonyms, &err));
	return (YsBindings) {.synonyms = synonyms};
}

static void
check_value(YsArena *arena, const char *declaration, const YsValue *value, const char *shown,
			const char *expected)
{
	YsBindings	bindings = bind(arena);
	const char *got = corpus_result(compile(arena, declaration), false, &bindings, value, arena);

	if (strcmp(got, expected) != 0)
		fail_msg("%s of %s: got %s, wanted %s", declaration, shown, got, expected);
}

typedef struct Case
{
	const char *declaration;
	const char *raw;
	const char *expected;
} Case;

static void
check_cases(YsArena *arena, const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		YsValue		raw;
		YsError		err;

		if (!corpus_read(cases[i].raw, arena, &raw, &err))
			fail_msg("%s: %s", cases[i].raw, err.message);
		check_value(arena, cases[i].declaration, &raw, cases[i].raw, cases[i].expected);
		ys_arena_reset(arena);
	}
}

#define CHECK(cases)	check_cases(&fixture->arena, cases, sizeof(cases) / sizeof(cases[0]))

#define ENUM	"{\"type\":\"text\",\"synonyms\":\"kinds\",\"allowed_values\":[\"Truck\",\"Estate  Car\",\"Bús\"]}"

static void
test_enumeration(void **state)
{
	UnitFixture *fixture = *state;
	static const Case cases[] = {
		{ENUM, "\"truck\"", "=\"Truck\""}, {ENUM, "\" TRUCK\"", "=\"Truck\""}, {ENUM, "\"BUS\"", "=\"Bús\""},
		{ENUM, "\"estate\\u00a0car\"", "=\"Estate  Car\""}, {ENUM, "\"Lorry\"", "=\"Truck\""},
		{ENUM, "\"break\"", "=\"Estate  Car\""}, {ENUM, "\"van\"", "!not one of the allowed values"},
		{ENUM, "\"\"", "-"}, {ENUM, "\" \"", "-"}, {ENUM, "5", "!not one of the allowed values"},
		{ENUM, "[\"truck\"]", "!not a scalar"}, {ENUM, "\"truck\\u0000\"", "!contains U+0000"},
		{"{\"type\":\"text\",\"allowed_values\":[\"5\",\"true\"]}", "5.0", "=\"5\""},
		{"{\"type\":\"text\",\"allowed_values\":[\"5\",\"true\"]}", "true", "=\"true\""},
		{"{\"type\":\"text\",\"allowed_values\":[\"a b\"],\"normalizers\":[\"upper\",\"collapse\"]}", "\" A  b\"", "=\"a b\""},
		{"{\"type\":\"text\",\"synonyms\":\"none such\"}", "\"lorry\"", "=\"lorry\""},
	};

	CHECK(cases);
}

#define TAGS	"{\"type\":\"text[]\",\"normalizers\":[\"trim\",\"lower\"]}"
#define EACH	"{\"type\":\"text[]\",\"paths\":[\"value[*].t\",\"value\"]}"

static void
test_array(void **state)
{
	UnitFixture *fixture = *state;
	static const Case cases[] = {
		{TAGS, "[\" A\",\"b\",5,true,\"a\"]", "=[\"a\",\"b\",\"5\",\"true\",\"a\"]"}, {TAGS, "\"X\"", "=[\"x\"]"},
		{TAGS, "1.50", "=[\"1.5\"]"}, {TAGS, "[]", "-"}, {TAGS, "null", "-"}, {TAGS, "\" \"", "-"},
		{TAGS, "[null,\"\",\" \"]", "-"}, {TAGS, "[null,\"a\",\"\"]", "=[\"a\"]"},
		{TAGS, "[\"a\",[\"b\"]]", "!element 2: not a scalar"}, {TAGS, "[\"a\",\"b\",{}]", "!element 3: not a scalar"},
		{TAGS, "[\"\\u0000\"]", "!element 1: contains U+0000"}, {TAGS, "{}", "!neither scalars nor a list of them"},
		{TAGS, "\"a\\u0000\"", "!contains U+0000"}, {TAGS, "\"a, b\"", "=[\"a, b\"]"},
		{"{\"type\":\"text[]\",\"synonyms\":\"kinds\",\"allowed_values\":[\"Truck\",\"Van\"]}", "[\"LORRY\",\"van\"]",
		"=[\"Truck\",\"Van\"]"},
		{"{\"type\":\"text[]\",\"allowed_values\":[\"Truck\",\"Van\"]}", "[\"van\",\"bus\"]",
		"!element 2: not one of the allowed values"},
		/* what a path with [*] finds is one array, of the first path that has any */
		{EACH, "[{\"t\":\"b\"},{\"t\":\"a\"},{},{\"t\":null},{\"t\":\"b\"}]", "=[\"b\",\"a\",\"b\"]"},
		{EACH, "[{\"t\":[\"b\",\"c\"]},{\"t\":\"a\"},{\"t\":[]}]", "=[\"b\",\"c\",\"a\"]"},
		{EACH, "[{\"t\":[[\"b\"]]}]", "!element 1: not a scalar"}, {EACH, "[{\"u\":1}]", "!element 1: not a scalar"},
		{EACH, "[\"p\",\"q\"]", "=[\"p\",\"q\"]"}, {EACH, "[]", "-"}, {EACH, "[{\"t\":\"\"}]", "!element 1: not a scalar"},
		{"{\"type\":\"text[]\",\"default_value\":\"none\"}", "[]", "=[\"none\"]"},
	};

	CHECK(cases);
}

/* Sets have an order of ours, and elements of one kind. */
static void
test_sets(void **state)
{
	UnitFixture *fixture = *state;
	YsValue		strings[] = {ys_value_string("b", 1), ys_value_string("a", 1), ys_value_string("ab", 2)};
	YsValue		numbers[] = {ys_value_number("10", 2), ys_value_number("9", 1), ys_value_number("-1.0", 4)};
	YsValue		binary = {.type = YS_TYPE_BINARY, .len = 2, .bytes = "\0\1"};
	YsValue		set = {.type = YS_TYPE_STRING_SET, .len = 3, .elements = strings};

	check_value(&fixture->arena, TAGS, &set, "SS", "=[\"a\",\"ab\",\"b\"]");
	check_value(&fixture->arena, "{\"type\":\"jsonb\"}", &set, "SS", "=[\"a\",\"ab\",\"b\"]");
	check_value(&fixture->arena, "{\"type\":\"text[]\",\"paths\":[\"value\",\"value[*]\"]}", &set, "SS", "=[\"a\",\"ab\",\"b\"]");
	set = (YsValue) {.type = YS_TYPE_NUMBER_SET, .len = 3, .elements = numbers};
	check_value(&fixture->arena, TAGS, &set, "NS", "=[\"-1\",\"9\",\"10\"]");
	check_value(&fixture->arena, "{\"type\":\"jsonb\"}", &set, "NS", "=[-1.0,9,10]");
	set = (YsValue) {.type = YS_TYPE_BINARY_SET, .len = 1, .elements = &binary};
	check_value(&fixture->arena, TAGS, &set, "BS", "!neither scalars nor a list of them");
	check_value(&fixture->arena, "{\"type\":\"jsonb\"}", &set, "BS", "=[\"AAE=\"]");
	check_value(&fixture->arena, TAGS, &binary, "B", "!neither scalars nor a list of them");
	check_value(&fixture->arena, "{\"type\":\"jsonb\"}", &binary, "B", "=\"AAE=\"");
}

/* A list of one element more than an array may have, and than a path may find. */
static void
test_many_elements(void **state)
{
	UnitFixture *fixture = *state;
	YsValue    *elements = calloc(10001, sizeof(YsValue));
	YsMember	member = {"t", 1, ys_value_string("x", 1)};
	YsValue		list = {.type = YS_TYPE_LIST, .len = 10001, .elements = elements};

	assert_non_null(elements);
	for (int i = 0; i < 10001; i++)
		elements[i] = ys_value_string("x", 1);
	check_value(&fixture->arena, TAGS, &list, "a list", "!more than 10,000 elements");
	for (int i = 0; i < 10001; i++)
		elements[i] = (YsValue) {.type = YS_TYPE_MAP, .len = 1, .members = &member};
	check_value(&fixture->arena, "{\"type\":\"text[]\",\"paths\":[\"value[*].t\"]}", &list, "maps",
				"!more than 10,000 values on one path");
	free(elements);
}

/* What an item has, and whether that is what the column has. */
static void
test_coerced(void **state)
{
	UnitFixture *fixture = *state;
	static const struct
	{
		const char *declaration;
		const char *raw;
		bool		coerced;
	}			cases[] =
	{
		{TAGS, "[\"a\",\"b\"]", false}, {TAGS, "[\"a\",\"B\"]", true}, {TAGS, "[\"a\",\"\"]", true}, {TAGS, "\"a\"", true},
		{TAGS, "[\"a\",5]", true}, {"{\"type\":\"jsonb\"}", "{\"a\":[1]}", false}, {"{\"type\":\"jsonb\"}", "\"\\u0000\"", true},
		{"{\"type\":\"boolean\"}", "true", false}, {"{\"type\":\"boolean\"}", "\"true\"", true}, {"{\"type\":\"boolean\"}", "1", true},
		{ENUM, "\"Truck\"", false}, {ENUM, "\"truck\"", true}, {ENUM, "\"lorry\"", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		YsPolicy   *policy = compile(&fixture->arena, cases[i].declaration);
		YsBindings	bindings = bind(&fixture->arena);
		YsMember	member = {"value", 5, ys_value_null()};
		YsValue		item = {.type = YS_TYPE_MAP, .len = 1, .members = &member};
		YsEntry		entry;

		assert_true(corpus_read(cases[i].raw, &fixture->arena, &member.value, &fixture->err));
		assert_true(ys_policy_apply(policy, &bindings, &item, &fixture->arena, &entry, &fixture->err));
		if (!entry.cells[0].present || entry.cells[0].coerced != cases[i].coerced)
			fail_msg("%s of %s", cases[i].declaration, cases[i].raw);
	}
}

#define JSONB	"{\"type\":\"jsonb\"}"

static void
test_document(void **state)
{
	UnitFixture *fixture = *state;
	static const Case cases[] = {
		{JSONB, "{\"a\":[1,null,{\"b\":\"x\"}],\"c\":true}", "={\"a\":[1,null,{\"b\":\"x\"}],\"c\":true}"},
		{JSONB, "[]", "=[]"}, {JSONB, "\"\"", "=\"\""}, {JSONB, "0.50", "=0.50"}, {JSONB, "null", "-"},
		{JSONB, "\"a\\u0000b\"", "=\"a\xEF\xBF\xBD""b\""}, {JSONB, "{\"a\\u0000\":1}", "={\"a\xEF\xBF\xBD\":1}"},
		{JSONB, "[1e125,1e126,-1e-130,1e-169,1e999999999999,0.1E+5]",
		"=[1e125,\"1e126\",-1e-130,\"1e-169\",\"1e999999999999\",0.1E+5]"},
		/* not gathered: the first one */
		{"{\"type\":\"jsonb\",\"paths\":[\"value[*].d\"]}", "[{},{\"d\":{\"x\":1}},{\"d\":2}]", "={\"x\":1}"},
		{"{\"type\":\"jsonb\",\"default_value\":\"{\\\"a\\\": [1]}\"}", "null", "={\"a\":[1]}"},
	};
	YsValue		deep[YS_SANITIZE_DEPTH + 1];
	YsValue		bytes = ys_value_string("a\xFF\xC3", 3);

	CHECK(cases);
	check_value(&fixture->arena, JSONB, &bytes, "bytes", "=\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
	for (int i = 0; i <= YS_SANITIZE_DEPTH; i++)
		deep[i] = (YsValue) {.type = YS_TYPE_LIST, .len = i < YS_SANITIZE_DEPTH, .elements = &deep[i + 1]};
	check_value(&fixture->arena, JSONB, &deep[0], "a deep list", "!nested too deeply");
	assert_int_equal(strspn(corpus_result(compile(&fixture->arena, JSONB), false, &(YsBindings) {NULL}, &deep[1],
										  &fixture->arena), "=[]"), 2 * YS_SANITIZE_DEPTH + 1);
}

/* ---- booleans ---- */

static void
test_words(void **state)
{
	int			count;
	const YsBooleanWord *words = ys_boolean_words(&count);

	(void) state;
	assert_in_range(count, 50, 500);
	for (int i = 0; i < count; i++)
	{
		char		key[YS_FOLD_MAX];
		int			len = ys_unicode_fold(unit_slice(words[i].word), key);
		bool		value = !words[i].value;

		/* each once, so that none has two meanings */
		if (i > 0 && strcmp(words[i - 1].word, words[i].word) >= 0)
			fail_msg("\"%s\" is not behind \"%s\"", words[i].word, words[i - 1].word);
		if (len != (int) strlen(words[i].word) || memcmp(key, words[i].word, (size_t) len) != 0)
			fail_msg("\"%s\" is not folded", words[i].word);
		if (!ys_boolean_word(unit_slice(words[i].word), &value) || value != words[i].value)
			fail_msg("\"%s\" is not found", words[i].word);
	}
}

static void
test_boolean(void **state)
{
	UnitFixture *fixture = *state;
#define BOOL	"{\"type\":\"boolean\"}"
	static const Case cases[] = {
		{BOOL, "\"Sì\"", "=true"}, {BOOL, "\"s\\u00ed\"", "=true"}, {BOOL, "\"SI\"", "=true"}, {BOOL, "\"ÉTEINT\"", "=false"},
		{BOOL, "\" spento \"", "=false"}, {BOOL, "1.0", "=true"}, {BOOL, "0e5", "=false"}, {BOOL, "-0", "=false"},
		{BOOL, "2", "!not a boolean"}, {BOOL, "-1", "!not a boolean"}, {BOOL, "0.5", "!not a boolean"},
		{BOOL, "\"2\"", "!not a boolean"}, {BOOL, "\"o\"", "!not a boolean"}, {BOOL, "\"si no\"", "!not a boolean"},
		{BOOL, "\"Da\"", "=true"}, {BOOL, "\"NJET\"", "=false"}, {BOOL, "[true]", "!not a scalar"},
		{BOOL, "\"tru\\u0000e\"", "!not a boolean"},
	};

	CHECK(cases);
}

/* A list of synonyms can't say that yes is no. */
static void
test_contradiction(void **state)
{
	UnitFixture *fixture = *state;
	YsSynonyms *synonyms = ys_synonyms_create(&fixture->arena);

	assert_true(ys_synonyms_add(synonyms, YS_SYNONYMS_BOOLEAN, unit_slice("YES"), unit_slice("true"), &fixture->err));
	assert_false(ys_synonyms_add(synonyms, YS_SYNONYMS_BOOLEAN, unit_slice("YES"), unit_slice("false"), &fixture->err));
	assert_string_equal(fixture->err.message, "synonym \"YES\" means true already");
	unit_check_complete(&fixture->err);
}

/* ---- declarations ---- */

static void
test_declarations(void **state)
{
	UnitFixture *fixture = *state;
	static const struct
	{
		const char *declaration;
		const char *message;
	}			cases[] =
	{
		{"{\"type\":\"date\",\"synonyms\":\"kinds\"}", "synonyms are for text fields"},
		{"{\"type\":\"boolean\",\"allowed_values\":[\"true\"]}", "allowed_values are for text fields"},
		{"{\"type\":\"text\",\"allowed_values\":[]}", "its allowed_values are none"},
		{"{\"type\":\"text\",\"allowed_values\":[\"a\",\" \"]}", "element 2 of its allowed_values is blank or too long"},
		{"{\"type\":\"text\",\"allowed_values\":[\"a\",\"b\",\"Á\"]}", "its allowed_values \"a\" and \"Á\" are the same"},
		{"{\"type\":\"text[]\",\"combine\":\"max\"}", "combine \"max\" is not for text[]"},
		{"{\"type\":\"jsonb\",\"combine\":\"min\"}", "combine \"min\" is not for jsonb"},
		{"{\"type\":\"jsonb\",\"combine\":\"latest\"}", "combine \"latest\" is for dates"},
		{"{\"type\":\"jsonb\",\"normalizers\":[\"trim\"]}", "normalizers are not for jsonb"},
		{"{\"type\":\"jsonb\",\"default_value\":\"{\"}", "its default_value is not JSON"},
		{"{\"type\":\"text\",\"default_value\":\"c\",\"allowed_values\":[\"a\",\"b\"]}",
		"its default_value is of no use: not one of the allowed values"},
		{"{\"type\":\"text[]\",\"default_value\":\" \"}", "its default_value is of no use: it is empty"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (corpus_compile(cases[i].declaration, false, false, &fixture->arena, &fixture->err) != NULL)
			fail_msg("not refused: %s", cases[i].declaration);
		if (strstr(fixture->err.message, cases[i].message) == NULL)
			fail_msg("%s: %s", cases[i].declaration, fixture->err.message);
		assert_int_equal(fixture->err.code, YS_ERR_INVALID_POLICY);
		unit_check_complete(&fixture->err);
	}
}

/* ---- properties ---- */

/* A random value of few levels, of words that matter. */
static YsValue
random_value(YsArena *arena, uint64_t *seed, int depth)
{
	static const char *const texts[] = {
		"", " ", "lorry", "LORRY ", "Truck", "a  b", "caf\xC3\xA9", "cafe\xCC\x81", "\xFF", "x\xED\xA0\x80", "yes", "sì", "0",
		"İ", "ß", "break", "Estate car", "n", "1.5", "ΐ"
	};
	static const char *const numbers[] = {"0", "1", "1.50", "-7e3", "1e999", "12345678901234567890123456789012345678901"};
	YsValue		value = {.type = YS_TYPE_LIST, .len = (uint32_t) unit_random(seed, 4)};

	switch (unit_random(seed, depth > 0 ? 9 : 6))
	{
		case 0:
			return ys_value_null();
		case 1:
			return ys_value_bool(unit_random(seed, 2) == 1);
		case 2:
			value = ys_value_string(numbers[unit_random(seed, 6)], 0);
			return ys_value_number(value.bytes, strlen(value.bytes));
		case 3:
		case 4:
		case 5:
			value = ys_value_string(texts[unit_random(seed, 20)], 0);
			return ys_value_string(value.bytes, strlen(value.bytes));
		case 6:
			value.type = YS_TYPE_MAP;
			value.members = ys_arena_alloc(arena, sizeof(YsMember) * 4);
			for (uint32_t i = 0; i < value.len; i++)
				value.members[i] = (YsMember) {&"t\0uz"[i], 1, random_value(arena, seed, depth - 1)};
			return value;
	}
	value.elements = ys_arena_alloc(arena, sizeof(YsValue) * 4);
	for (uint32_t i = 0; i < value.len; i++)
		value.elements[i] = random_value(arena, seed, depth - 1);
	return value;
}

/* What came out goes in again as it is, whatever it was. */
static void
test_stable(void **state)
{
	static const char *const declarations[] = {
		"{\"type\":\"text\",\"normalizers\":[\"unaccent\",\"upper\",\"collapse\"],\"synonyms\":\"kinds\"}", ENUM, TAGS,
		"{\"type\":\"text[]\",\"normalizers\":[\"casefold\"],\"synonyms\":\"kinds\"}",
		"{\"type\":\"text[]\",\"paths\":[\"value[*].t\",\"value[*]\",\"value\"],\"normalizers\":[\"nfc\"]}",
		JSONB, BOOL
	};
	UnitFixture *fixture = *state;
	YsArena		lasting;
	YsBindings	bindings;
	uint64_t	seed = unit_seed("text");
	int			present[7] = {0};

	ys_arena_init(&lasting, ys_arena_malloc, 0);
	bindings = bind(&lasting);
	for (size_t d = 0; d < 7; d++)
	{
		YsPolicy   *policy = compile(&lasting, declarations[d]);

		for (int i = 0; i < 4000; i++)
		{
			YsValue		value = random_value(&fixture->arena, &seed, 3);
			const char *once = corpus_result(policy, false, &bindings, &value, &fixture->arena);
			const char *twice;

			if (once[0] == '=' && strstr(once, " !") == NULL)
			{
				present[d]++;
				if (!corpus_read(once + 1, &fixture->arena, &value, &fixture->err))
					fail_msg("%s: %s", once, fixture->err.message);
				twice = corpus_result(policy, false, &bindings, &value, &fixture->arena);
				if (strcmp(once, twice) != 0)
					fail_msg("%s: %s became %s", declarations[d], once, twice);
			}
			ys_arena_reset(&fixture->arena);
		}
		assert_in_range(present[d], 100, 4000);
	}
	ys_arena_free(&lasting);
}

/* Every allocation may fail. */
static void
test_no_memory(void **state)
{
	static const char *const declarations[] = {ENUM, TAGS, EACH, JSONB};
	UnitFixture *fixture = *state;
	uint64_t	seed = unit_seed("text");

	for (int i = 0; i < 400; i++)
	{
		YsPolicy   *policy = compile(&fixture->arena, declarations[i % 4]);
		YsBindings	bindings = bind(&fixture->arena);
		YsMember	member = {"value", 5, random_value(&fixture->arena, &seed, 4)};
		YsValue		item = {.type = YS_TYPE_MAP, .len = 1, .members = &member};
		bool		applied = false;

		for (size_t limit = 1; !applied; limit += 200)
		{
			YsArena		arena;
			YsEntry		entry;
			YsError		err;

			assert_in_range(limit, 1, 1000000);
			ys_arena_init(&arena, ys_arena_malloc, limit);
			applied = ys_policy_apply(policy, &bindings, &item, &arena, &entry, &err);
			if (!applied)
				assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
			ys_arena_free(&arena);
		}
		ys_arena_reset(&fixture->arena);
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
		cmocka_unit_test_setup_teardown(test_enumeration, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_array, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_sets, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_many_elements, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_coerced, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_document, set_up, unit_tear_down),
		cmocka_unit_test(test_words),
		cmocka_unit_test_setup_teardown(test_boolean, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_contradiction, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_declarations, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_stable, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, unit_tear_down)
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
