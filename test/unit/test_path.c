/*-------------------------------------------------------------------------
 * test_path.c
 *	  Paths: what parses, what is refused and where, what is found.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/path.h"

/* A path written back from its steps, to see what was understood. */
static void
print_steps(const YsPath *path, char *out, size_t size)
{
	size_t		len = 0;

	out[0] = '\0';
	for (int i = 0; i < path->nsteps; i++)
	{
		const YsPathStep *step = &path->steps[i];

		if (step->name != NULL)
			len += (size_t) snprintf(out + len, size - len, "<%.*s>", (int) step->name_len, step->name);
		else if (step->index == YS_PATH_EVERY)
			len += (size_t) snprintf(out + len, size - len, "[*]");
		else
			len += (size_t) snprintf(out + len, size - len, "[%d]", step->index);
	}
}

static void
test_valid(void **state)
{
	static const struct
	{
		const char *text;
		const char *steps;
	}			cases[] =
	{
		{"a", "<a>"},
		{"service.dates[0]", "<service><dates>[0]"},
		{"log[*].on", "<log>[*]<on>"},
		{"\"odd.name\".x", "<odd.name><x>"},
		{"a[1][*][9999999]", "<a>[1][*][9999999]"},
		{"\"say \\\"hi\\\" \\\\\"", "<say \"hi\" \\>"},
		{"a.\"b c\"[2].d", "<a><b c>[2]<d>"},
		{"$id.@type.x:y.a-b.c_d.0", "<$id><@type><x:y><a-b><c_d><0>"},
		{"größe.km", "<größe><km>"},
	};
	YsArena		arena;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		YsPath		path;
		YsError		err;
		char		steps[200];

		if (!ys_path_parse(cases[i].text, strlen(cases[i].text), &arena, &path, &err))
			fail_msg("%s: %s", cases[i].text, err.message);
		print_steps(&path, steps, sizeof(steps));
		assert_string_equal(steps, cases[i].steps);
	}
	ys_arena_free(&arena);
}

static void
test_invalid(void **state)
{
	static const struct
	{
		const char *text;
		int			position;
	}			cases[] =
	{
		{"", 1}, {".a", 1}, {"a.", 3}, {"a..b", 3}, {"[0]", 1}, {"[*].a", 1}, {"a[", 3}, {"a[]", 3},
		{"a[x]", 3}, {"a[1", 4}, {"a[-1]", 3}, {"a[*", 4}, {"a[10000000]", 10}, {"a b", 2},
		{"\"a", 3}, {"\"\"", 2}, {"\"a\\n\"", 4}, {"\"a\"b", 4}, {"a]", 2}, {"a.[0]", 3}, {"a[1]b", 5},
		{"a*", 2}, {"a.*", 3},
	};
	YsArena		arena;
	YsPath		path;
	YsError		err;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char		position[32];

		if (ys_path_parse(cases[i].text, strlen(cases[i].text), &arena, &path, &err))
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.code, YS_ERR_INVALID_PATH);
		snprintf(position, sizeof(position), "at position %d", cases[i].position);
		if (strstr(err.message, position) == NULL)
			fail_msg("%s: %s, wanted %s", cases[i].text, err.message, position);
		unit_check_complete(&err);
	}
	assert_false(ys_path_parse("a\0b", 3, &arena, &path, &err));
	assert_int_equal(err.code, YS_ERR_INVALID_PATH);
	assert_false(ys_path_parse("a\xFF", 2, &arena, &path, &err));
	assert_int_equal(err.code, YS_ERR_INVALID_PATH);
	unit_check_complete(&err);
	ys_arena_free(&arena);
}

static void
test_limits(void **state)
{
	char		text[2 * YS_PATH_MAX_STEPS + 2];
	YsArena		arena;
	YsPath		path;
	YsError		err;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (int i = 0; i <= YS_PATH_MAX_STEPS; i++)
		memcpy(text + 2 * i, "a.", 2);
	assert_true(ys_path_parse(text, 2 * YS_PATH_MAX_STEPS - 1, &arena, &path, &err));
	assert_int_equal(path.nsteps, YS_PATH_MAX_STEPS);
	assert_false(ys_path_parse(text, 2 * YS_PATH_MAX_STEPS + 1, &arena, &path, &err));
	assert_int_equal(err.code, YS_ERR_INVALID_PATH);
	ys_arena_free(&arena);

	/* No memory is an error like any other. */
	ys_arena_init(&arena, ys_arena_malloc, 1);
	assert_false(ys_path_parse("a.b", 3, &arena, &path, &err));
	assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
	assert_false(ys_path_parse("\"a\"", 3, &arena, &path, &err));
	assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
	ys_arena_free(&arena);
}

/* ---- following ---- */

typedef struct Document
{
	YsArena    *arena;
	YsValue		value;
} Document;

static bool
read_document(void *arg, YsJsonNode *root)
{
	Document   *document = arg;
	YsError		err;

	return ys_value_from_typed_json(root, NULL, document->arena, &document->value, &err);
}

static bool
append(void *arg, const YsValue *value)
{
	YsText	   *text = arg;

	if (text->len > 0)
		ys_text_add(text, " ", 1);
	ys_value_print_plain(text, value);
	return true;
}

static bool
stop_at_second(void *arg, const YsValue *value)
{
	int		   *seen = arg;

	(void) value;
	return ++*seen < 2;
}

static void
test_follow(void **state)
{
	static const char json[] =
		"{\"a\":{\"M\":{\"b\":{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"},{\"M\":{\"c\":{\"S\":\"x\"}}}]},"
		"\"odd.name\":{\"BOOL\":true}}},"
		"\"log\":{\"L\":[{\"M\":{\"on\":{\"S\":\"p\"}}},{\"S\":\"no map\"},{\"M\":{\"off\":{\"S\":\"q\"}}},"
		"{\"M\":{\"on\":{\"L\":[{\"N\":\"7\"},{\"N\":\"8\"}]}}}]},"
		"\"set\":{\"NS\":[\"5\",\"6\"]},\"nil\":{\"NULL\":true}}";
	static const struct
	{
		const char *path;
		const char *values;
	}			cases[] =
	{
		{"a.b[0]", "1"}, {"a.b[1]", "2"}, {"a.b[2].c", "\"x\""}, {"a.b[3]", ""}, {"a.b.c", ""},
		{"a.\"odd.name\"", "true"}, {"a[0]", ""}, {"missing", ""}, {"a.missing.x", ""},
		{"log[*].on", "\"p\" [7,8]"}, {"log[*].on[*]", "7 8"}, {"log[3].on[1]", "8"},
		{"set[*]", "5 6"}, {"set[1]", "6"}, {"set.x", ""}, {"nil", "null"}, {"nil.x", ""},
		{"nil[*]", ""}, {"a.b[*].c", "\"x\""},
	};
	YsArena		arena;
	YsJsonReader *reader = ys_json_reader_create();
	char	   *padded = unit_padded(json, strlen(json), ' ');
	Document	document = {&arena, {0}};
	YsPath		path;
	YsError		err;
	int			seen = 0;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	assert_true(ys_json_read(reader, padded, strlen(json), read_document, &document, &err));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		YsText		text;
		YsText		first;
		const YsValue *value;

		assert_true(ys_path_parse(cases[i].path, strlen(cases[i].path), &arena, &path, &err));
		ys_text_init(&text, &arena);
		assert_true(ys_path_each(&path, &document.value, append, &text));
		assert_string_equal(text.len > 0 ? text.bytes : "", cases[i].values);

		/* get is the first of each */
		value = ys_path_get(&path, &document.value);
		assert_true((value == NULL) == (text.len == 0));
		if (value != NULL)
		{
			ys_text_init(&first, &arena);
			ys_value_print_plain(&first, value);
			assert_memory_equal(first.bytes, text.bytes, first.len);
		}
	}
	assert_true(ys_path_parse("a.b[*]", 6, &arena, &path, &err));
	assert_false(ys_path_each(&path, &document.value, stop_at_second, &seen));
	assert_int_equal(seen, 2);
	free(padded);
	ys_json_reader_destroy(reader);
	ys_arena_free(&arena);
}

/* Whatever bytes come, parsing ends in a path or a refusal. */
static void
test_random(void **state)
{
	static const char alphabet[] = "ab.\"[]*\\019 -$\xC3\xA9";
	uint64_t	random = unit_seed("test_path");
	YsArena		arena;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (int i = 0; i < 20000; i++)
	{
		char		text[24];
		size_t		len = unit_random(&random, sizeof(text));
		YsPath		path;
		YsError		err;

		for (size_t j = 0; j < len; j++)
			text[j] = alphabet[unit_random(&random, sizeof(alphabet))];
		if (ys_path_parse(text, len, &arena, &path, &err))
		{
			assert_in_range(path.nsteps, 1, YS_PATH_MAX_STEPS);
			assert_non_null(path.steps[0].name);
		}
		else
			assert_int_equal(err.code, YS_ERR_INVALID_PATH);
		ys_arena_reset(&arena);
	}
	ys_arena_free(&arena);
}

static void
test_order(void **state)
{
	/* each before all that follow */
	static const char *const texts[] = {
		"a", "a[0]", "a[0].x", "a[2]", "a[10]", "a.b", "a.b[1]", "ab", "b",
	};
	const int	count = sizeof(texts) / sizeof(texts[0]);
	YsPath		paths[sizeof(texts) / sizeof(texts[0])];
	YsArena		arena;
	YsError		err;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (int i = 0; i < count; i++)
		assert_true(ys_path_parse(texts[i], strlen(texts[i]), &arena, &paths[i], &err));
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
		{
			int			order = ys_path_order(&paths[i], &paths[j]);

			if ((order > 0) - (order < 0) != (i > j) - (i < j))
				fail_msg("%s against %s: %d", texts[i], texts[j], order);
		}
	ys_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
