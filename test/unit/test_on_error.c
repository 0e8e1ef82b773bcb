/*-------------------------------------------------------------------------
 * test_on_error.c
 *	  What becomes of values that are absent or can't be used, and of those
 *	  that go through a function.
 *-------------------------------------------------------------------------
 */
#include "unit_policy.h"

/* ---- a function ---- */

/* What the binding was called with last, and how often. */
typedef struct Called
{
	int			times;
	YsType		type;
	const char *signature;
} Called;

/* Doubles numbers, fails for strings, runs out of memory for booleans, returns NULL for the rest. */
static bool
call(void *arg, const YsFieldInfo *field, const YsValue *value, YsArena *arena, YsValue *result,
	 const char **reason)
{
	Called	   *called = arg;
	char		text[32];
	int			len;

	called->times++;
	called->type = value->type;
	called->signature = field->function;
	*reason = NULL;
	switch (value->type)
	{
		case YS_TYPE_NUMBER:
			len = snprintf(text, sizeof(text), "%d", 2 * atoi(value->bytes));
			*result = ys_value_number(ys_arena_copy(arena, text, (size_t) len), (size_t) len);
			return true;
		case YS_TYPE_STRING:
			*reason = "no number";
			return false;
		case YS_TYPE_BOOL:
			return false;
		default:
			*result = ys_value_null();
			return true;
	}
}

/* ---- entries as text ---- */

/*
 * "value path seen coerced", then " refused by f", then each rejection as " field: raw, reason".
 */
static const char *
entry_of(YsArena *arena, const YsBindings *bindings, const char *fields, const char *item_json)
{
	YsPolicy   *policy;
	YsValue		item = item_of(arena, item_json);
	YsEntry		entry;
	YsText		text;
	YsError		err;
	char		path[32];

	ys_text_init(&text, arena);
	ys_text_add_cstring(&text, "{\"fields\":[");
	ys_text_add_cstring(&text, fields);
	ys_text_add_cstring(&text, "]}");
	policy = policy_of(arena, text.bytes);
	if (!ys_policy_apply(policy, bindings, &item, arena, &entry, &err))
		return err.message[0] != '\0' ? ys_arena_copy(arena, err.message, strlen(err.message)) : "?";
	ys_text_init(&text, arena);
	for (int i = 0; i < ys_policy_field_count(policy); i++)
	{
		const YsCell *cell = &entry.cells[i];

		if (i > 0)
			ys_text_add_cstring(&text, "; ");
		if (cell->present)
			ys_text_add(&text, cell->bytes, cell->len);
		else
			ys_text_add_cstring(&text, "NULL");
		snprintf(path, sizeof(path), " %d%s%s", cell->path, cell->seen ? " seen" : "",
				 cell->coerced ? " coerced" : "");
		ys_text_add_cstring(&text, path);
	}
	if (entry.refused_by != NULL)
	{
		ys_text_add_cstring(&text, " refused by ");
		ys_text_add_cstring(&text, entry.refused_by);
	}
	for (int i = 0; i < entry.nrejections; i++)
	{
		ys_text_add_cstring(&text, " | ");
		ys_text_add_cstring(&text, entry.rejections[i].field);
		ys_text_add_cstring(&text, ": ");
		ys_text_add(&text, entry.rejections[i].raw, entry.rejections[i].raw_len);
		ys_text_add_cstring(&text, ", ");
		ys_text_add_cstring(&text, entry.rejections[i].reason);
	}
	return text.bytes;
}

typedef struct EntryCase
{
	const char *fields;
	const char *item;
	const char *expected;
} EntryCase;

static void
check_entries(const YsBindings *bindings, const EntryCase *cases, size_t count)
{
	YsArena		arena;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (size_t i = 0; i < count; i++)
	{
		const char *got = entry_of(&arena, bindings, cases[i].fields, cases[i].item);

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s of %s:\ngot    \"%s\"\nwanted \"%s\"", cases[i].fields, cases[i].item, got,
					 cases[i].expected);
		ys_arena_reset(&arena);
	}
	ys_arena_free(&arena);
}

#define CHECK_ENTRIES(bindings, cases) \
	check_entries(bindings, cases, sizeof(cases) / sizeof(cases[0]))

static const YsBindings no_bindings;

#define F(more)		"{\"name\":\"f\",\"type\":\"numeric\",\"paths\":[\"a\",\"b\"]" more "}"
#define NONE		"is required, and there is none"

static void
test_required(void **state)
{
	static const EntryCase cases[] = {
		{F(""), "{}", "NULL -1"},
		{F(",\"required\":true"), "{}", "NULL -1 | f: null, a value " NONE},
		{F(",\"required\":true"), "{\"a\":{\"NULL\":true}}", "NULL -1 | f: null, a value " NONE},
		{F(",\"required\":true"), "{\"b\":{\"N\":\"1\"}}", "1 1 seen"},
		/* a value that can't be used is told as such, and not as absent */
		{F(",\"required\":true"), "{\"a\":{\"S\":\"x\"}}", "NULL -1 seen | f: \"x\", not a number"},
		{F(",\"required\":true,\"on_error\":\"reject\""), "{}",
		"NULL -1 refused by f | f: null, a value " NONE},
	};

	(void) state;
	CHECK_ENTRIES(&no_bindings, cases);
}

static void
test_default(void **state)
{
	static const EntryCase cases[] = {
		{F(",\"default_value\":\"7 \""), "{}", "7 -1 coerced"},
		{F(",\"default_value\":7"), "{}", "7 -1"},
		{F(",\"default_value\":7"), "{\"a\":{\"NULL\":true},\"b\":{\"S\":\" \"}}", "7 -1"},
		{F(",\"default_value\":7"), "{\"b\":{\"N\":\"3\"}}", "3 1 seen"},
		/* a bad value is no absent one */
		{F(",\"default_value\":7"), "{\"a\":{\"S\":\"x\"}}", "NULL -1 seen | f: \"x\", not a number"},
	};

	(void) state;
	CHECK_ENTRIES(&no_bindings, cases);
}

static void
test_on_error(void **state)
{
	static const EntryCase cases[] = {
		{F(",\"on_error\":\"null\""), "{\"a\":{\"S\":\"x\"}}", "NULL -1 seen | f: \"x\", not a number"},
		{F(",\"on_error\":\"reject\""), "{\"a\":{\"S\":\"x\"}}",
		"NULL -1 seen refused by f | f: \"x\", not a number"},
		/* what another path mends is noted, and no reason to refuse */
		{F(",\"on_error\":\"reject\""), "{\"a\":{\"S\":\"x\"},\"b\":{\"N\":\"2\"}}",
		"2 1 seen | f: \"x\", not a number"},
		/* the first field that refuses is named */
		{F(",\"on_error\":\"reject\"") ",{\"name\":\"g\",\"type\":\"numeric\",\"paths\":[\"c\"],\"on_error\":\"reject\"}",
			"{\"a\":{\"N\":\"1\"},\"c\":{\"S\":\"y\"}}",
		"1 0 seen; NULL -1 seen refused by g | g: \"y\", not a number"},
		{F(",\"on_error\":\"keep_raw\""), "{\"a\":{\"S\":\"x\"}}", "NULL -1 seen | f: \"x\", not a number"},
	};

	(void) state;
	CHECK_ENTRIES(&no_bindings, cases);
}

/* All of a value is kept, as far as a row can have it. */
static void
test_keep_raw(void **state)
{
	enum {BYTES = 700 * 1024, FIELDS = 4};
	YsArena		arena;
	YsText		declaration;
	YsPolicy   *policy;
	char	   *bytes = malloc(BYTES);
	YsMember	member = {"a", 1, {.type = YS_TYPE_STRING, .len = 5000, .bytes = bytes}};
	YsValue		item = {.type = YS_TYPE_MAP, .len = 1, .members = &member};
	YsEntry		entry;
	YsError		err;
	size_t		total = 0;

	(void) state;
	memset(bytes, 'x', BYTES);
	ys_arena_init(&arena, ys_arena_malloc, 0);
	ys_text_init(&declaration, &arena);
	ys_text_add_cstring(&declaration, "{\"fields\":[");
	for (int i = 0; i < FIELDS; i++)
	{
		char		field[128];

		snprintf(field, sizeof(field), "%s{\"name\":\"f%d\",\"type\":\"numeric\",\"paths\":[\"a\"],"
				 "\"on_error\":\"keep_raw\"}", i > 0 ? "," : "", i);
		ys_text_add_cstring(&declaration, field);
	}
	ys_text_add_cstring(&declaration, "]}");
	policy = policy_of(&arena, declaration.bytes);

	assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err));
	assert_int_equal(entry.nrejections, FIELDS);
	for (int i = 0; i < FIELDS; i++)
		assert_int_equal(entry.rejections[i].raw_len, 5002);

	member.value.len = BYTES;
	assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err));
	assert_int_equal(entry.rejections[0].raw_len, BYTES + 2);
	for (int i = 0; i < FIELDS; i++)
	{
		assert_in_range(entry.rejections[i].raw_len, 100, BYTES + 2);
		total += entry.rejections[i].raw_len;
	}
	assert_in_range(total, 1024 * 1024 - 8, 1024 * 1024 + FIELDS * YS_REJECTED_SAMPLE);
	ys_arena_free(&arena);
	free(bytes);
}

static void
test_function(void **state)
{
	Called		called = {0};
	YsBindings	bindings = {.call = call, .call_arg = &called};
	static const EntryCase cases[] = {
		{F(",\"function\":\"x.f(text)\""), "{\"a\":{\"N\":\"4\"}}", "8 0 seen coerced"},
		{F(",\"function\":\"x.f(text)\""), "{\"a\":{\"S\":\"4\"},\"b\":{\"N\":\"5\"}}",
		"10 1 seen coerced | f: \"4\", no number"},
		{F(",\"function\":\"x.f(text)\""), "{\"a\":{\"L\":[]}}", "NULL -1"},
		{F(",\"function\":\"x.f(text)\",\"combine\":\"max\""), "{\"a\":{\"N\":\"4\"},\"b\":{\"N\":\"5\"}}",
		"10 1 seen coerced"},
		{F(",\"function\":\"x.f(text)\",\"on_error\":\"reject\""), "{\"a\":{\"S\":\"4\"}}",
		"NULL -1 seen refused by f | f: \"4\", no number"},
		{F(",\"function\":\"x.f(text)\""), "{\"a\":{\"BOOL\":true}}", "out of memory while applying a policy"},
	};
	static const EntryCase uncalled[] = {
		{F(",\"function\":\"x.f(text)\""), "{\"a\":{\"NULL\":true}}", "NULL -1"},
		/* a default is what the field is to have, not what an item has */
		{F(",\"function\":\"x.f(text)\",\"default_value\":3"), "{}", "3 -1"},
		{F(""), "{\"a\":{\"N\":\"4\"}}", "4 0 seen"},
	};
	static const EntryCase unbound[] = {
		{F(",\"function\":\"x.f(text)\""), "{\"a\":{\"N\":\"4\"}}",
		"NULL -1 seen | f: 4, the field's function can't be called here"},
	};

	(void) state;
	CHECK_ENTRIES(&bindings, cases);
	assert_int_equal(called.times, 8);
	assert_int_equal(called.type, YS_TYPE_BOOL);
	called.times = 0;
	CHECK_ENTRIES(&bindings, uncalled);
	assert_int_equal(called.times, 0);
	CHECK_ENTRIES(&no_bindings, unbound);
}

/* A copy has nothing of what it was made of. */
static void
test_copy(void **state)
{
	static const char json[] =
		"{\"s\":{\"S\":\"x\"},\"n\":{\"N\":\"1.50\"},\"b\":{\"B\":\"AAE=\"},\"t\":{\"BOOL\":true},\"z\":{\"NULL\":true},"
		"\"m\":{\"M\":{\"l\":{\"L\":[{\"S\":\"\"},{\"M\":{}}]}}},\"e\":{\"L\":[]},\"ss\":{\"SS\":[\"p\",\"q\"]}}";
	YsArena		arena;
	YsArena		other;
	YsArena		tiny;
	YsValue		item;
	YsValue		copy;
	YsText		text;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	ys_arena_init(&other, ys_arena_malloc, 0);
	ys_arena_init(&tiny, ys_arena_malloc, 64);
	item = item_of(&arena, json);
	assert_true(ys_value_copy(&item, &other, &copy));
	assert_false(ys_value_copy(&item, &tiny, &item));
	ys_arena_free(&arena);
	ys_text_init(&text, &other);
	ys_value_print_item(&text, &copy);
	assert_string_equal(text.bytes, json);
	ys_arena_free(&other);
	ys_arena_free(&tiny);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_on_error),
		cmocka_unit_test(test_keep_raw),
		cmocka_unit_test(test_function),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
