/*-------------------------------------------------------------------------
 * test_attributes.c
 *	  All leaves of an item: their paths, values, patterns and size.
 *-------------------------------------------------------------------------
 */
#include "unit_policy.h"

#include "policy/path.h"

static const YsBindings no_bindings;

/* ---- printing as jsonb does ---- */

static void
print_value(YsText *text, const YsValue *value)
{
	if (value->type == YS_TYPE_LIST)
	{
		ys_text_add_cstring(text, "[");
		for (uint32_t i = 0; i < value->len; i++)
		{
			if (i > 0)
				ys_text_add_cstring(text, ", ");
			print_value(text, &value->elements[i]);
		}
		ys_text_add_cstring(text, "]");
	}
	else
		ys_value_print_plain(text, value);
}

static int
compare_members(const void *a, const void *b)
{
	const YsMember *left = a;
	const YsMember *right = b;

	return strcmp(left->name, right->name);
}

static void
print_map(YsText *text, const YsValue *map)
{
	qsort(map->members, map->len, sizeof(YsMember), compare_members);
	ys_text_add_cstring(text, "{");
	for (uint32_t i = 0; i < map->len; i++)
	{
		if (i > 0)
			ys_text_add_cstring(text, ", ");
		ys_text_add_json_string(text, map->members[i].name, map->members[i].name_len);
		ys_text_add_cstring(text, ": ");
		print_value(text, &map->members[i].value);
	}
	ys_text_add_cstring(text, "}");
}

/* What is kept of item, sorted by path, then " | " and how many leaves are left out. */
static const char *
attributes_of(YsArena *arena, const char *rules, const YsValue *item)
{
	YsText		text;
	YsPolicy   *policy;
	YsEntry		entry;
	YsError		err;

	ys_text_init(&text, arena);
	ys_text_add_cstring(&text, "{\"attributes\":");
	ys_text_add_cstring(&text, rules);
	ys_text_add_cstring(&text, "}");
	policy = policy_of(arena, text.bytes);
	assert_true(ys_policy_wants_attributes(policy));
	assert_int_equal(ys_policy_attributes(policy)->count, 0);
	if (!ys_policy_apply(policy, &no_bindings, item, arena, &entry, &err))
		fail_msg("%s", err.message);
	ys_text_init(&text, arena);
	print_map(&text, entry.attributes);
	for (int i = 0; i < entry.nrejections; i++)
	{
		assert_string_equal(entry.rejections[i].field, "attributes");
		ys_text_add_cstring(&text, " | ");
		ys_text_add(&text, entry.rejections[i].raw, entry.rejections[i].raw_len);
	}
	return text.bytes;
}

typedef struct AttributeCase
{
	const char *rules;
	const char *item;
	const char *expected;
} AttributeCase;

static void
check_attributes(const AttributeCase *cases, size_t count)
{
	YsArena		arena;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (size_t i = 0; i < count; i++)
	{
		YsValue		item = item_of(&arena, cases[i].item);
		const char *got = attributes_of(&arena, cases[i].rules, &item);

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s of %s:\ngot    %s\nwanted %s", cases[i].rules, cases[i].item, got,
					 cases[i].expected);
		ys_arena_reset(&arena);
	}
	ys_arena_free(&arena);
}

#define CHECK(cases)	check_attributes(cases, sizeof(cases) / sizeof(cases[0]))

static void
test_leaves(void **state)
{
	static const AttributeCase cases[] = {
		{"{}", "{}", "{}"},
		{"{}", "{\"a\":{\"S\":\"x\"},\"b\":{\"N\":\"1.50\"},\"c\":{\"BOOL\":true},\"d\":{\"B\":\"AAE=\"}}",
		"{\"a\": \"x\", \"b\": 1.50, \"c\": true, \"d\": \"AAE=\"}"},
		{"{}", "{\"spec\":{\"M\":{\"model\":{\"S\":\"M1\"},\"engine\":{\"M\":{\"kw\":{\"N\":\"90\"}}}}}}",
		"{\"spec.engine.kw\": 90, \"spec.model\": \"M1\"}"},
		/* through lists: all values of a path, in the order of the document */
		{"{}", "{\"l\":{\"L\":[{\"N\":\"2\"},{\"N\":\"1\"},{\"S\":\"x\"}]}}", "{\"l[*]\": [2, 1, \"x\"]}"},
		{"{}", "{\"log\":{\"L\":[{\"M\":{\"on\":{\"S\":\"a\"},\"by\":{\"S\":\"p\"}}},{\"M\":{\"by\":{\"S\":\"q\"},\"on\":{\"S\":\"b\"}}},"
			"{\"M\":{\"at\":{\"L\":[{\"N\":\"1\"},{\"L\":[{\"N\":\"2\"}]}]}}},{\"M\":{\"at\":{\"L\":[{\"N\":\"3\"}]}}}]}}",
		"{\"log[*].at[*]\": [1, 3], \"log[*].at[*][*]\": [2], \"log[*].by\": [\"p\", \"q\"], \"log[*].on\": [\"a\", \"b\"]}"},
		/* a set has no order, so that it gets one */
		{"{}", "{\"s\":{\"SS\":[\"b\",\"a\"]},\"n\":{\"NS\":[\"10\",\"9\"]},\"b\":{\"BS\":[\"AQ==\",\"AA==\"]}}",
		"{\"b[*]\": [\"AA==\", \"AQ==\"], \"n[*]\": [9, 10], \"s[*]\": [\"a\", \"b\"]}"},
		/* what is no value has no path */
		{"{}", "{\"a\":{\"NULL\":true},\"b\":{\"M\":{}},\"c\":{\"L\":[]},\"d\":{\"L\":[{\"NULL\":true},{\"M\":{}}]}}", "{}"},
		/* paths are written as the fields' are */
		{"{}", "{\"odd.name\":{\"M\":{\"x y\":{\"N\":\"1\"}}},\"q\\\"\\\\\":{\"N\":\"2\"},\"\xC3\xA9\":{\"N\":\"3\"},\"l[*]\":{\"N\":\"4\"}}",
		"{\"\\\"l[*]\\\"\": 4, \"\\\"odd.name\\\".\\\"x y\\\"\": 1, \"\\\"q\\\\\\\"\\\\\\\\\\\"\": 2, \"\xC3\xA9\": 3}"},
		/* text that the server can't have, numbers that it can't */
		{"{}", "{\"a\":{\"S\":\"x\\u0000y\"},\"k\\u0000\":{\"N\":\"1\"}}",
		"{\"a\": \"x\xEF\xBF\xBDy\", \"k\xEF\xBF\xBD\": 1}"},
		{"{}", "{\"a\":{\"N\":\"12345678901234567890123456789012345678\"},\"b\":{\"N\":\"1E-130\"}}",
		"{\"a\": 12345678901234567890123456789012345678, \"b\": 1E-130}"},
	};

	(void) state;
	CHECK(cases);
}

#define SPEC \
	"{\"spec\":{\"M\":{\"model\":{\"S\":\"M\"},\"motor\":{\"M\":{\"kw\":{\"N\":\"1\"}}},\"tags\":{\"L\":[{\"M\":{\"id\":{\"N\":\"2\"}}}]}}}," \
	"\"vin\":{\"S\":\"v\"},\"sub\":{\"M\":{\"vin\":{\"S\":\"w\"}}}}"

static void
test_patterns(void **state)
{
	static const AttributeCase cases[] = {
		/* a path stands for what is below it, too */
		{"{\"include\":[\"spec\"]}", SPEC, "{\"spec.model\": \"M\", \"spec.motor.kw\": 1, \"spec.tags[*].id\": [2]}"},
		{"{\"include\":[\"spec.motor.kw\",\"vin\"]}", SPEC, "{\"spec.motor.kw\": 1, \"vin\": \"v\"}"},
		{"{\"include\":[\"spec.mo*\"]}", SPEC, "{\"spec.model\": \"M\", \"spec.motor.kw\": 1}"},
		{"{\"include\":[\"spec.*\"],\"exclude\":[\"spec.tags\"]}", SPEC, "{\"spec.model\": \"M\", \"spec.motor.kw\": 1}"},
		{"{\"include\":[\"*.vin\"]}", SPEC, "{\"sub.vin\": \"w\"}"},
		{"{\"include\":[\"**.vin\"]}", SPEC, "{\"sub.vin\": \"w\", \"vin\": \"v\"}"},
		{"{\"include\":[\"spec.**.id\"]}", SPEC, "{\"spec.tags[*].id\": [2]}"},
		{"{\"include\":[\"spec.tags[*].id\"]}", SPEC, "{\"spec.tags[*].id\": [2]}"},
		{"{\"include\":[\"spec.tags.id\"]}", SPEC, "{}"},
		{"{\"include\":[\"spec.*.*\"]}", SPEC, "{\"spec.motor.kw\": 1}"},
		{"{\"exclude\":[\"**.vin\",\"spec.tags[*]\",\"spec.motor.k*\"]}", SPEC, "{\"spec.model\": \"M\"}"},
		{"{\"exclude\":[\"**\"]}", SPEC, "{}"},
		{"{\"include\":[\"\\\"spec\\\".model\"]}", SPEC, "{\"spec.model\": \"M\"}"},
	};

	(void) state;
	CHECK(cases);
}

static void
test_size(void **state)
{
#define A10	"aaaaaaaaaa"
	static const AttributeCase cases[] = {
		/* 64 bytes, and one more */
		{"{\"size\":64}", "{\"a\":{\"S\":\"" A10 A10 "\"},\"b\":{\"S\":\"" A10 A10 "aaaaa\"},\"c\":{\"N\":\"0\"}}",
		"{\"a\": \"" A10 A10 "\", \"b\": \"" A10 A10 "aaaaa\"} | 1"},
		{"{\"size\":64}", "{\"a\":{\"S\":\"" A10 A10 "\"},\"b\":{\"S\":\"" A10 "aaaaaaaa\"},\"c\":{\"N\":\"0\"}}",
		"{\"a\": \"" A10 A10 "\", \"b\": \"" A10 "aaaaaaaa\", \"c\": 0}"},
		{"{\"size\":64}", "{\"a\":{\"S\":\"" A10 A10 "\"},\"b\":{\"S\":\"" A10 "aaaaaaaaa\"},\"c\":{\"N\":\"0\"}}",
		"{\"a\": \"" A10 A10 "\", \"b\": \"" A10 "aaaaaaaaa\"} | 1"},
		/* what doesn't fit leaves its room to what follows; a path is kept whole, or not */
		{"{\"size\":64}", "{\"z\":{\"N\":\"1\"},\"l\":{\"L\":[{\"S\":\"" A10 A10 A10 "\"},{\"S\":\"" A10 A10 A10 "\"}]},\"b\":{\"N\":\"2\"}}",
		"{\"b\": 2, \"z\": 1} | 2"},
	};

	(void) state;
	CHECK(cases);
}

static void
test_refused(void **state)
{
	static const char *const declarations[][2] = {
		{"{\"size\":63}", "attributes: its size must be between 64 and 1048576"},
		{"{\"size\":100.5}", "attributes: its size must be between 64 and 1048576"},
		{"{\"size\":99999999999}", "attributes: its size must be between 64 and 1048576"},
		{"{\"size\":\"100\"}", "attributes: its size must be between 64 and 1048576"},
		{"{\"include\":\"a\"}", "attributes: its include are not an array"},
		{"{\"include\":[\"a***\"]}", "attributes: invalid path \"a***\": one * may end a name, and ** stand for steps at position 5"},
		{"{\"include\":[\"*a\"]}", "attributes: invalid path \"*a\": . or [ is expected at position 2"},
		{"{\"include\":[\"a**\"]}", "attributes: invalid path \"a**\": one * may end a name, and ** stand for steps at position 4"},
		{"{\"include\":[\"a[0]\"]}", "attributes: invalid path \"a[0]\": * is expected at position 3"},
		{"{\"exclude\":[\"a..b\"]}", "attributes: invalid path \"a..b\": a name is expected at position 3"},
		{"{\"only\":1}", "attributes: unknown key \"only\""},
	};
	YsArena		arena;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++)
	{
		char		json[256];
		YsError		err;

		snprintf(json, sizeof(json), "{\"attributes\":%s}", declarations[i][0]);
		if (ys_policy_compile(json, strlen(json), &arena, &err) != NULL)
			fail_msg("%s is accepted", json);
		assert_string_equal(err.message, declarations[i][1]);
		unit_check_complete(&err);
	}
	ys_arena_free(&arena);
}

/* ---- random documents ---- */

static const char *const names[] = {"a", "b", "ab", "x y", "q\"", "\n", "\xC3\xA9", "long_name_of_an_attribute"};

static YsValue
random_value(YsArena *arena, uint64_t *seed, int depth)
{
	uint64_t	kind = unit_random(seed, depth < 5 ? 8 : 4);
	YsValue		value = {.type = YS_TYPE_NULL};

	switch (kind)
	{
		case 0:
			return value;
		case 1:
			return ys_value_bool(unit_random(seed, 2) == 0);
		case 2:
			return ys_value_number("-12.5", 1 + 2 + unit_random(seed, 2) * 2);
		case 3:
			value.type = YS_TYPE_STRING;
			value.len = (uint32_t) unit_random(seed, 30);
			value.bytes = "a \"quoted\"\\ \n\x01 text \xE2\x82\xAC, so long";
			value.len = value.len > 15 && value.len < 23 ? 15 : value.len;
			return value;
		case 4:
		case 5:
			value.type = YS_TYPE_LIST;
			value.len = (uint32_t) unit_random(seed, 4);
			value.elements = ys_arena_alloc(arena, sizeof(YsValue) * value.len);
			for (uint32_t i = 0; i < value.len; i++)
				value.elements[i] = random_value(arena, seed, depth + 1);
			return value;
		default:
			value.type = YS_TYPE_MAP;
			value.members = ys_arena_alloc(arena, sizeof(YsMember) * 8);
			for (uint32_t i = 0; i < 8; i++)
			{
				if (unit_random(seed, 2) != 0)
					continue;
				value.members[value.len].name = names[i];
				value.members[value.len].name_len = (uint32_t) strlen(names[i]);
				value.members[value.len++].value = random_value(arena, seed, depth + 1);
			}
			return value;
	}
}

/* The leaves counted, and each of them found in the kept value of its path. */
static int
check_leaves(YsArena *arena, const YsValue *kept, const char *path, bool many, const YsValue *value)
{
	char		inner[512];
	int			count = 0;
	bool		simple;

	switch (value->type)
	{
		case YS_TYPE_NULL:
			return 0;
		case YS_TYPE_MAP:
			for (uint32_t i = 0; i < value->len; i++)
			{
				const char *name = value->members[i].name;

				simple = strpbrk(name, " \"\n") == NULL;
				snprintf(inner, sizeof(inner), "%s%s%s%s%s", path, path[0] != '\0' ? "." : "", simple ? "" : "\"",
						 strcmp(name, "q\"") == 0 ? "q\\\"" : name, simple ? "" : "\"");
				count += check_leaves(arena, kept, inner, many, &value->members[i].value);
			}
			return count;
		case YS_TYPE_LIST:
			snprintf(inner, sizeof(inner), "%s[*]", path);
			for (uint32_t i = 0; i < value->len; i++)
				count += check_leaves(arena, kept, inner, true, &value->elements[i]);
			return count;
		default:
			break;
	}
	for (uint32_t i = 0; i < kept->len; i++)
	{
		const YsValue *values = &kept->members[i].value;
		uint32_t	n = many ? values->len : 1;

		if (strcmp(kept->members[i].name, path) != 0)
			continue;
		assert_int_equal(values->type == YS_TYPE_LIST, many);
		for (uint32_t v = 0; v < n; v++)
		{
			const YsValue *one = many ? &values->elements[v] : values;

			if (one->type == value->type && one->len == value->len && one->boolean == value->boolean &&
				(one->type == YS_TYPE_BOOL || memcmp(one->bytes, value->bytes, one->len) == 0))
				return 1;
		}
	}
	fail_msg("a leaf at %s is not kept", path);
	return 0;
}

static void
shuffle(uint64_t *seed, YsValue *value)
{
	for (uint32_t i = 0; value->type == YS_TYPE_LIST && i < value->len; i++)
		shuffle(seed, &value->elements[i]);
	for (uint32_t i = 0; value->type == YS_TYPE_MAP && i < value->len; i++)
	{
		uint32_t	other = (uint32_t) unit_random(seed, i + 1);
		YsMember	member = value->members[i];

		shuffle(seed, &member.value);
		value->members[i] = value->members[other];
		value->members[other] = member;
	}
}

static void
test_random(void **state)
{
	uint64_t	seed = unit_seed("test_random");
	YsArena		arena;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (int round = 0; round < 2000; round++)
	{
		YsPolicy   *policy = policy_of(&arena, "{\"attributes\":{}}");
		YsValue		item = random_value(&arena, &seed, 0);
		YsEntry		entry;
		YsError		err;
		YsText		text;
		char		rules[32];
		const char *cut;
		int			kept = 0;
		uint64_t	size = 64 + unit_random(&seed, 500);

		if (item.type != YS_TYPE_MAP)
			continue;
		assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err));
		for (uint32_t i = 0; i < entry.attributes->len; i++)
			kept += entry.attributes->members[i].value.type == YS_TYPE_LIST ?
				(int) entry.attributes->members[i].value.len : 1;
		assert_int_equal(check_leaves(&arena, entry.attributes, "", false, &item), kept);
		assert_int_equal(entry.nrejections, 0);

		/* whatever the order it came in, the same is kept, and no more than the size */
		snprintf(rules, sizeof(rules), "{\"size\":%d}", (int) size);
		cut = attributes_of(&arena, rules, &item);
		assert_in_range(strcspn(cut, "|") - (strchr(cut, '|') != NULL), 0, size);
		shuffle(&seed, &item);
		assert_string_equal(attributes_of(&arena, rules, &item), cut);

		/* and all of it, where it is as large as what there is */
		ys_text_init(&text, &arena);
		print_map(&text, entry.attributes);
		if (text.len >= 64)
		{
			snprintf(rules, sizeof(rules), "{\"size\":%d}", (int) text.len);
			assert_string_equal(attributes_of(&arena, rules, &item), text.bytes);
		}
		if (text.len > 64)
		{
			snprintf(rules, sizeof(rules), "{\"size\":%d}", (int) text.len - 1);
			assert_non_null(strstr(attributes_of(&arena, rules, &item), " | "));
		}
		ys_arena_reset(&arena);
	}
	ys_arena_free(&arena);
}

/* A long name above many leaves costs what it costs in the item. */
static void
test_bounded(void **state)
{
	enum {LEAVES = 20000, NAME = 60000};
	YsArena		arena;
	YsValue		leaves = {.type = YS_TYPE_MAP, .len = LEAVES};
	YsMember	top;
	YsValue		item = {.type = YS_TYPE_MAP, .len = 1, .members = &top};
	char	   *name = malloc(NAME);
	char		expected[32];
	const char *got;
	char	   *bar;

	(void) state;
	memset(name, 'n', NAME);
	ys_arena_init(&arena, ys_arena_malloc, 64 * 1024 * 1024);
	leaves.members = ys_arena_alloc(&arena, sizeof(YsMember) * LEAVES);
	for (int i = 0; i < LEAVES; i++)
	{
		char	   *key = ys_arena_alloc(&arena, 8);

		leaves.members[i].name = key;
		leaves.members[i].name_len = (uint32_t) snprintf(key, 8, "%d", i);
		leaves.members[i].value = ys_value_bool(true);
	}
	top = (YsMember) {name, NAME, leaves};
	got = attributes_of(&arena, "{\"size\":65536}", &item);
	bar = strrchr(got, '|');
	assert_non_null(bar);
	snprintf(expected, sizeof(expected), "| %d", LEAVES - 1);
	assert_string_equal(bar, expected);
	ys_arena_free(&arena);
	free(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
