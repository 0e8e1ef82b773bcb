/*-------------------------------------------------------------------------
 * test_json.c
 *	  The JSON reader: what it accepts, what it refuses, and that it never
 *	  reads past a document.
 *
 * Documents are dumped through every function of the reader and compared as
 * text.  All tests run twice: with simdjson's code for this processor, and
 * with its portable one.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <unistd.h>

#include "store/value.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* What padding may hold without changing any result. */
static const char fills[] = {'\0', ' ', '}', ']', '"', ',', '1', (char) 0xFF};

typedef struct Fixture
{
	UnitFixture base;
	YsText		text;
} Fixture;

static int
set_up(void **state)
{
	return unit_set_up(state, sizeof(Fixture));
}

/* ---- dumping a document: everything is read ---- */

static bool dump(Fixture *fixture, YsJsonNode *node);

static bool
dump_member(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Fixture    *fixture = arg;

	if (fixture->text.bytes[fixture->text.len - 1] != '{')
		ys_text_add(&fixture->text, ",", 1);
	ys_text_add_json_string(&fixture->text, name, len);
	ys_text_add(&fixture->text, ":", 1);
	return dump(fixture, value);
}

static bool
dump_element(void *arg, size_t i, YsJsonNode *value)
{
	Fixture    *fixture = arg;

	if (i > 0)
		ys_text_add(&fixture->text, ",", 1);
	return dump(fixture, value);
}

static bool
dump(Fixture *fixture, YsJsonNode *node)
{
	const char *bytes;
	size_t		len;
	bool		boolean;

	switch (ys_json_kind(node))
	{
		case YS_JSON_OBJECT:
			ys_text_add(&fixture->text, "{", 1);
			if (!ys_json_each_member(node, dump_member, fixture, &fixture->base.err))
				return false;
			ys_text_add(&fixture->text, "}", 1);
			return true;
		case YS_JSON_ARRAY:
			ys_text_add(&fixture->text, "[", 1);
			if (!ys_json_each_element(node, dump_element, fixture, &fixture->base.err))
				return false;
			ys_text_add(&fixture->text, "]", 1);
			return true;
		case YS_JSON_STRING:
			if (!ys_json_string(node, &bytes, &len, &fixture->base.err))
				return false;
			ys_text_add_json_string(&fixture->text, bytes, len);
			return true;
		case YS_JSON_NUMBER:
			if (!ys_json_number(node, &bytes, &len, &fixture->base.err))
				return false;
			ys_text_add(&fixture->text, bytes, len);
			return true;
		case YS_JSON_BOOL:
			if (!ys_json_bool(node, &boolean, &fixture->base.err))
				return false;
			ys_text_add_cstring(&fixture->text, boolean ? "true" : "false");
			return true;
		case YS_JSON_NULL:
			ys_text_add(&fixture->text, "null", 4);
			return true;
		case YS_JSON_INVALID:
			break;
	}
	return ys_error_set(&fixture->base.err, YS_ERR_INVALID_DATA, "no JSON value");
}

static bool
dump_root(void *arg, YsJsonNode *root)
{
	return dump(arg, root);
}

static bool
skip_root(void *arg, YsJsonNode *root)
{
	(void) arg;
	(void) root;
	return true;
}

/* Read a document with fn; fixture->text and err are afresh. */
static bool
read_with(Fixture *fixture, const char *bytes, size_t len, char fill, YsJsonRootFn fn)
{
	char	   *copy = unit_padded(bytes, len, fill);
	bool		good;

	ys_arena_reset(&fixture->base.arena);
	ys_text_init(&fixture->text, &fixture->base.arena);
	memset(&fixture->base.err, 0, sizeof(fixture->base.err));
	good = ys_json_read(fixture->base.reader, copy, len, fn, fixture, &fixture->base.err);
	free(copy);
	return good;
}

static void
assert_dump(Fixture *fixture, const char *document, size_t len, const char *expected)
{
	for (size_t i = 0; i < LENGTH(fills); i++)
	{
		if (!read_with(fixture, document, len, fills[i], dump_root))
			fail_msg("%.200s: %s %s", document, fixture->base.err.message, fixture->base.err.detail);
		assert_string_equal(fixture->text.bytes, expected);
	}
}

static void
assert_refused(Fixture *fixture, const char *document, size_t len, YsJsonRootFn fn)
{
	for (size_t i = 0; i < LENGTH(fills); i++)
	{
		if (read_with(fixture, document, len, fills[i], fn))
			fail_msg("accepted: %.*s", (int) len, document);
		assert_int_equal(fixture->base.err.code, YS_ERR_INVALID_DATA);
		assert_true(fixture->base.err.message[0] != '\0');
	}
}

/* ---- tests ---- */

static void
test_valid(void **state)
{
	static const char *const documents[][2] = {
		{"{}", "{}"},
		{" [ ] ", "[]"},
		{"1", "1"},
		{" -0.50E+07\n", "-0.50E+07"},
		{"\"\"", "\"\""},
		{"true", "true"},
		{"false ", "false"},
		{"null", "null"},
		{"{\"a\" : 1 ,\t\"b\":[ {} , [ ] , \"x\" ] }\r\n", "{\"a\":1,\"b\":[{},[],\"x\"]}"},
		{"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"},
		{"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\"\\\\/\\b\\f\\n\\r\\t\"]"},
		{"[\"\\u0041\\u00e9\\u20AC\\uD83D\\ude00\"]", "[\"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]"},
		{"{\"\\u0061\\n\":\"\\u0000\"}", "{\"a\\n\":\"\\u0000\"}"},
		{"[\"{[,:]}\",\"\\\\\",\"\\\"\"]", "[\"{[,:]}\",\"\\\\\",\"\\\"\"]"},
		{"[\"\x7F\xC3\xA9\xED\x9F\xBF\xF4\x8F\xBF\xBF\"]", "[\"\x7F\xC3\xA9\xED\x9F\xBF\xF4\x8F\xBF\xBF\"]"}
	};

	for (size_t i = 0; i < LENGTH(documents); i++)
	{
		assert_dump(*state, documents[i][0], strlen(documents[i][0]), documents[i][1]);
		assert_true(read_with(*state, documents[i][0], strlen(documents[i][0]), '}', skip_root));
	}
}

static void
test_malformed(void **state)
{
	static const char *const documents[] = {
		"", " ", "\n\t", "{", "}", "[", "]", ",", ":", "\"", "{]", "[}", "{}}", "[]]", "{} {}", "1 2",
		"1,", "\"a\" \"b\"", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{\"a\" 1}",
		"{a:1}", "{1:1}", "{\"a\":1}}", "{\"a\":[}", "{\"a\":[}}", "{\"a\":{]}", "[1,]", "[,1]", "[1 2]",
		"[1:2]", "[1,,2]", "[[1]", "[[1}", "tru", "truex", "True", "nul", "nullx", "fals", "false0",
		"+1", ".5", "1.", "-", "-a", "01", "-01", "1e", "1e+", "0x1", "1.2.3", "1_000", "NaN", "Infinity",
		"-Infinity", "'a'", "[\"\\x\"]", "[\"\\u12\"]", "[\"\\u123g\"]", "[\"\\\"]", "[\"a\nb\"]",
		"[\"a\x01\"]", "[\"\\ud800\"]", "[\"\\udc00\"]", "[\"\\ud800\\ud800\"]", "[\"\\ud800x\"]",
		"[\"\\ud83d\\n\"]", "{\"\\ud800\":1}", "[1]x", "\xEF\xBB\xBF{}", "/* */ 1", "[1] // x", "\"a\"b",
		"12\"a\"", "[\"a\"1]", "[1\"a\"]", "[true\"a\"]", "[\"a\"true]"
	};

	for (size_t i = 0; i < LENGTH(documents); i++)
		assert_refused(*state, documents[i], strlen(documents[i]), dump_root);
	assert_refused(*state, "[1]\0", 4, dump_root);
	assert_refused(*state, "[\"a\0b\"]", 7, dump_root);
	assert_refused(*state, "\0", 1, dump_root);
}

/* Structure is checked even where nothing is read. */
static void
test_malformed_skipped(void **state)
{
	static const char *const documents[] = {
		"{", "}", "[[1]", "[[1}", "{\"a\":[}", "{\"a\":[}}", "{} {}", "1 2", "[]]", "{\"a\":{]}", "[\"a\nb\"]",
		"[\"\xC3\"]", "[\"abc"
	};

	for (size_t i = 0; i < LENGTH(documents); i++)
		assert_refused(*state, documents[i], strlen(documents[i]), skip_root);
}

static void
test_invalid_utf8(void **state)
{
	static const char *const sequences[] = {
		"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE2\x82", "\xE0\x80\x80", "\xED\xA0\x80", "\xED\xBF\xBF",
		"\xF0\x80\x80\x80", "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xFE", "a\xC3z"
	};

	for (size_t i = 0; i < LENGTH(sequences); i++)
	{
		char		document[64];

		snprintf(document, sizeof(document), "{\"k\":\"%s\"}", sequences[i]);
		assert_refused(*state, document, strlen(document), dump_root);
		assert_refused(*state, document, strlen(document), skip_root);
		snprintf(document, sizeof(document), "{\"%s\":1}", sequences[i]);
		assert_refused(*state, document, strlen(document), dump_root);
	}
}

static void
test_truncated(void **state)
{
	static const char document[] =
		" {\"a\":{\"S\":\"x\\u00e9\\\"y\"},\"b\":[1,-2.5e3,true,false,null,{\"c\":[[],{}]}],\"d\":\"\xE2\x82\xAC\"}";

	assert_true(read_with(*state, document, strlen(document), '}', dump_root));
	for (size_t len = 0; len < strlen(document); len++)
	{
		assert_refused(*state, document, len, dump_root);
		assert_refused(*state, document, len, skip_root);
	}
}

/* depth containers in each other */
static char *
nested(size_t depth, char open, char close)
{
	char	   *document = malloc(depth * 2 + 1);

	assert_non_null(document);
	memset(document, open, depth);
	memset(document + depth, close, depth);
	document[depth * 2] = '\0';
	return document;
}

static void
test_depth(void **state)
{
	char	   *document = nested(YS_JSON_MAX_DEPTH, '[', ']');

	assert_dump(*state, document, strlen(document), document);
	assert_true(read_with(*state, document, strlen(document), ']', skip_root));
	free(document);
	for (size_t depth = YS_JSON_MAX_DEPTH + 1; depth < 200000; depth *= 10)
	{
		document = nested(depth, '[', ']');
		assert_refused(*state, document, strlen(document), dump_root);
		assert_refused(*state, document, strlen(document), skip_root);
		assert_refused(*state, document, depth, skip_root);
		free(document);
	}
}

static void
test_long_number(void **state)
{
	for (size_t digits = 1000; digits <= 100000; digits *= 10)
	{
		char	   *document = malloc(digits + 3);

		assert_non_null(document);
		memset(document, '7', digits + 2);
		document[digits] = '\0';
		assert_dump(*state, document, digits, document);
		document[0] = '[';
		document[digits] = '7';
		document[digits + 1] = ']';
		document[digits + 2] = '\0';
		assert_dump(*state, document, digits + 2, document);
		free(document);
	}
}

/* ---- leaving a visit early, and reading only parts ---- */

typedef struct Partial
{
	YsJsonReader *reader;
	YsError		err;
	const char *wanted;			/* member whose raw bytes are kept */
	char		raw[64];
	int			visited;
} Partial;

static bool
stop_at_second(void *arg, size_t i, YsJsonNode *value)
{
	(void) arg;
	(void) value;
	return i < 1;
}

static bool
visit_some(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	Partial    *partial = arg;
	const char *bytes;

	partial->visited++;
	if (ys_json_kind(value) == YS_JSON_ARRAY)
		assert_false(ys_json_each_element(value, stop_at_second, NULL, &partial->err));
	if (strlen(partial->wanted) == len && memcmp(partial->wanted, name, len) == 0)
	{
		assert_true(ys_json_raw(value, &bytes, &len, &partial->err));
		assert_true(len < sizeof(partial->raw));
		memcpy(partial->raw, bytes, len);
	}
	return true;
}

static bool
visit_some_root(void *arg, YsJsonNode *root)
{
	Partial    *partial = arg;

	return ys_json_each_member(root, visit_some, arg, &partial->err);
}

static void
test_partial(void **state)
{
	static const char document[] =
		"{\"a\":[1,{\"x\":[2]},3] , \"b\": {\"y\" : [ 4 ] } ,\"c\":[5,6],\"d\": \"s\\n\" ,\"e\":-1.5 }";
	static const char *const expected[][2] = {
		{"a", "[1,{\"x\":[2]},3]"}, {"b", "{\"y\" : [ 4 ] }"}, {"c", "[5,6]"}, {"d", "\"s\\n\""}, {"e", "-1.5"}
	};
	Fixture    *fixture = *state;
	char	   *copy = unit_padded(document, strlen(document), '}');

	for (size_t i = 0; i < LENGTH(expected); i++)
	{
		Partial		partial = {.reader = fixture->base.reader, .wanted = expected[i][0]};

		assert_true(ys_json_read(fixture->base.reader, copy, strlen(document), visit_some_root, &partial,
								 &partial.err));
		assert_int_equal(partial.visited, 5);
		assert_string_equal(partial.raw, expected[i][1]);
	}
	free(copy);
}

/* What is malformed stays an error, even when a callback says all is well. */
static bool
swallow_member(void *arg, const char *name, size_t len, YsJsonNode *value)
{
	YsError		err;

	(void) arg;
	(void) name;
	(void) len;
	(void) ys_json_each_element(value, stop_at_second, NULL, &err);
	return true;
}

static bool
swallow_root(void *arg, YsJsonNode *root)
{
	YsError		err;

	(void) arg;
	(void) ys_json_each_member(root, swallow_member, NULL, &err);
	return true;
}

static bool
refuse_root(void *arg, YsJsonNode *root)
{
	Fixture    *fixture = arg;

	(void) root;
	return ys_error_set(&fixture->base.err, YS_ERR_CONDITION_FAILED, "refused by the callback");
}

static bool
wrong_kind_root(void *arg, YsJsonNode *root)
{
	Fixture    *fixture = arg;
	const char *bytes;
	size_t		len;

	assert_false(ys_json_string(root, &bytes, &len, &fixture->base.err));
	assert_int_equal(fixture->base.err.code, YS_ERR_INVALID_DATA);
	assert_string_equal(fixture->base.err.message, "JSON has an object where a string is expected");
	return true;
}

static void
test_errors(void **state)
{
	Fixture    *fixture = *state;

	assert_refused(fixture, "{\"a\":[1 2],\"b\":[]}", 18, swallow_root);
	assert_refused(fixture, "{\"a\":[,],\"b\":[]}", 16, swallow_root);

	assert_false(read_with(fixture, "[]", 2, '\0', refuse_root));
	assert_int_equal(fixture->base.err.code, YS_ERR_CONDITION_FAILED);

	assert_true(read_with(fixture, "{}", 2, '\0', wrong_kind_root));

	assert_false(read_with(fixture, "{\"a\" 1}", 7, '\0', dump_root));
	assert_string_equal(fixture->base.err.detail, "At byte 5: a colon is missing.");
}

/* The reader is reused: a large document between small ones. */
static void
test_reuse(void **state)
{
	size_t		len = 6 * 1024 * 1024 + 1;
	char	   *large = malloc(len + 1);

	assert_non_null(large);
	memset(large, '1', len);
	for (size_t i = 0; i < len; i += 2)
		large[i] = ',';
	large[0] = '[';
	large[len - 1] = ']';
	large[len] = '\0';
	assert_dump(*state, "{\"a\":\"\\n\"}", 10, "{\"a\":\"\\n\"}");
	assert_dump(*state, large, len, large);
	assert_dump(*state, "{\"a\":\"\\n\"}", 10, "{\"a\":\"\\n\"}");
	free(large);
}

/* Random damage: no crash, and whatever is accepted reads the same when printed. */
static void
test_damaged(void **state)
{
	static const char document[] =
		"{\"a\":{\"S\":\"x\\u00e9\\\"y\"},\"b\":[1,-2.5e3,true,null,{\"c\":[[],{}]}],\"d\":\"\xE2\x82\xAC\"}";
	static const char bytes[] = "{}[],:\"\\u019.-eEtfnl \n\x80\xC3\xA9";
	Fixture    *fixture = *state;
	uint64_t	seed = unit_seed("damaged documents");

	for (int i = 0; i < 50000; i++)
	{
		char		damaged[sizeof(document)];
		char	   *printed;
		size_t		len = strlen(document);

		memcpy(damaged, document, len);
		for (uint64_t j = unit_random(&seed, 4) + 1; j > 0; j--)
			damaged[unit_random(&seed, len)] = bytes[unit_random(&seed, sizeof(bytes))];
		(void) read_with(fixture, damaged, len, fills[i % LENGTH(fills)], skip_root);
		if (!read_with(fixture, damaged, len, fills[i % LENGTH(fills)], dump_root))
			continue;
		printed = strdup(fixture->text.bytes);
		assert_true(read_with(fixture, printed, strlen(printed), '}', dump_root));
		assert_string_equal(fixture->text.bytes, printed);
		free(printed);
	}
}

/* ---- an object of one string ---- */

static bool
tagged_root(void *arg, YsJsonNode *root)
{
	Fixture    *fixture = arg;
	const char *bytes;
	size_t		len;
	char		tag;

	switch (ys_json_tagged_string(root, "SN", &tag, &bytes, &len, &fixture->base.err))
	{
		case YS_JSON_TAGGED:
			ys_text_add(&fixture->text, &tag, 1);
			ys_text_add(&fixture->text, bytes, len);
			return true;
		case YS_JSON_OTHER:
			/* nothing was read, so that it can be */
			return dump(fixture, root);
		case YS_JSON_MALFORMED:
			break;
	}
	return false;
}

static void
test_tagged(void **state)
{
	static const struct
	{
		const char *document;
		const char *expected;	/* NULL: malformed */
	}			cases[] = {
		{"{\"S\":\"x\"}", "Sx"},
		{" { \"N\" : \"12\" } ", "N12"},
		{"{\"S\":\"\"}", "S"},
		{"{\"S\":\"a\\u0041\\\\\"}", "SaA\\"},
		/* others are left to be read */
		{"{\"B\":\"x\"}", "{\"B\":\"x\"}"},
		{"{\"SS\":\"x\"}", "{\"SS\":\"x\"}"},
		{"{\"\\u0053\":\"x\"}", "{\"S\":\"x\"}"},
		{"{\"\":\"x\"}", "{\"\":\"x\"}"},
		{"{\"S\":1}", "{\"S\":1}"},
		{"{\"S\":[\"x\"]}", "{\"S\":[\"x\"]}"},
		{"{\"S\":\"x\",\"N\":\"1\"}", "{\"S\":\"x\",\"N\":\"1\"}"},
		{"{}", "{}"},
		{"[\"S\"]", "[\"S\"]"},
		{"\"S\"", "\"S\""},
		/* and so is what is malformed */
		{"{\"S\":\"\\x\"}", NULL},
		{"{\"S\":\"x\"", NULL},
		{"{\"S\":\"x\"]", NULL},
		{"{\"S\":\"x\"}}", NULL},
		{"{\"S\" \"x\"}", NULL},
		{"{", NULL},
	};
	Fixture    *fixture = *state;

	for (size_t i = 0; i < LENGTH(cases) * LENGTH(fills); i++)
	{
		const char *document = cases[i / LENGTH(fills)].document;
		bool		good = read_with(fixture, document, strlen(document), fills[i % LENGTH(fills)],
									 tagged_root);

		if (good != (cases[i / LENGTH(fills)].expected != NULL))
			fail_msg("%s: %s", document, good ? "accepted" : fixture->base.err.detail);
		if (good)
			assert_string_equal(fixture->text.bytes, cases[i / LENGTH(fills)].expected);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_valid, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_malformed, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_malformed_skipped, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_invalid_utf8, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_truncated, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_long_number, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_partial, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_reuse, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_tagged, set_up, unit_tear_down)
	};
	int			failed = cmocka_run_group_tests_name("json", tests, NULL, NULL);

	(void) argc;
	if (failed == 0 && getenv("SIMDJSON_FORCE_IMPLEMENTATION") == NULL)
	{
		setenv("SIMDJSON_FORCE_IMPLEMENTATION", "fallback", 1);
		execv("/proc/self/exe", argv);
		perror("execv");
		return 1;
	}
	return failed;
}
