/*-------------------------------------------------------------------------
 * test_policy.c
 *	  Policies: what declarations are refused, and what entry an item makes.
 *-------------------------------------------------------------------------
 */
#include "unit_policy.h"

#include "policy/normalize/number_read.h"
#include "policy/area.h"

static const YsBindings no_bindings;

/* ---- reading entries ---- */

static void
print_cell(YsText *text, YsFieldType type, const YsCell *cell)
{
	char		number[32] = "";

	if (!cell->present)
	{
		ys_text_add_cstring(text, "NULL");
		return;
	}
	switch (type)
	{
		case YS_FIELD_TEXT:
		case YS_FIELD_NUMERIC:
			ys_text_add(text, cell->bytes, cell->len);
			return;
		case YS_FIELD_TEXT_ARRAY:
			for (uint32_t i = 0; i < cell->ntexts; i++)
			{
				ys_text_add(text, i == 0 ? "[" : ",", 1);
				ys_text_add_json_string(text, cell->texts[i].bytes, cell->texts[i].len);
			}
			ys_text_add(text, "]", 1);
			return;
		case YS_FIELD_JSONB:
			ys_value_print_plain(text, cell->value);
			return;
		case YS_FIELD_BOOLEAN:
			ys_text_add_cstring(text, cell->boolean ? "true" : "false");
			return;
		case YS_FIELD_DATE:
			snprintf(number, sizeof(number), "%d", cell->days);
			break;
		case YS_FIELD_TIMESTAMP:
			snprintf(number, sizeof(number), "%lld", (long long) cell->usecs);
			break;
	}
	ys_text_add_cstring(text, number);
}

/* One field's cell of an item, then " | " and its rejection if there is one. */
static const char *
cell_of(YsArena *arena, const char *field, const char *item_json)
{
	YsText		text;
	YsPolicy   *policy;
	YsValue		item = item_of(arena, item_json);
	YsEntry		entry;
	YsError		err;

	ys_text_init(&text, arena);
	ys_text_add_cstring(&text, "{\"fields\":[{\"name\":\"f\",");
	ys_text_add_cstring(&text, field);
	ys_text_add_cstring(&text, "}]}");
	policy = policy_of(arena, text.bytes);
	if (!ys_policy_apply(policy, &no_bindings, &item, arena, &entry, &err))
		fail_msg("%s: %s", item_json, err.message);
	ys_text_init(&text, arena);
	print_cell(&text, ys_policy_field(policy, 0)->type, &entry.cells[0]);
	assert_in_range(entry.nrejections, 0, 1);
	assert_string_equal(entry.area, YS_AREA_UNLOCATED);
	if (entry.nrejections > 0)
	{
		assert_string_equal(entry.rejections[0].field, "f");
		ys_text_add_cstring(&text, " | ");
		ys_text_add(&text, entry.rejections[0].raw, entry.rejections[0].raw_len);
		ys_text_add_cstring(&text, " ");
		ys_text_add_cstring(&text, entry.rejections[0].reason);
	}
	return text.bytes != NULL ? text.bytes : "";
}

typedef struct CellCase
{
	const char *field;			/* the declaration without its name */
	const char *item;
	const char *expected;
} CellCase;

static void
check_cells(const CellCase *cases, size_t count)
{
	YsArena		arena;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (size_t i = 0; i < count; i++)
	{
		const char *got = cell_of(&arena, cases[i].field, cases[i].item);

		if (strcmp(got, cases[i].expected) != 0)
			fail_msg("%s of %s: got \"%s\", wanted \"%s\"", cases[i].field, cases[i].item, got,
					 cases[i].expected);
		ys_arena_reset(&arena);
	}
	ys_arena_free(&arena);
}

#define CHECK_CELLS(cases)	check_cells(cases, sizeof(cases) / sizeof(cases[0]))

#define TEXT	"\"type\":\"text\",\"paths\":[\"a\"]"
#define NUMERIC	"\"type\":\"numeric\",\"paths\":[\"a\"]"
#define KM		NUMERIC ",\"unit\":\"km\",\"locale\":\"en\""
#define BOOLEAN	"\"type\":\"boolean\",\"paths\":[\"a\"]"
#define DATE	"\"type\":\"date\",\"paths\":[\"a\"]"
#define STAMP	"\"type\":\"timestamp\",\"paths\":[\"a\"]"
#define S(text)	"{\"a\":{\"S\":\"" text "\"}}"
#define N(text)	"{\"a\":{\"N\":\"" text "\"}}"

static void
test_text(void **state)
{
	static const CellCase cases[] = {
		{TEXT, S("Van"), "Van"}, {TEXT, S(""), ""}, {TEXT, S(" x "), " x "}, {TEXT, N("12.50"), "12.5"},
		{TEXT, N("1e3"), "1000"}, {TEXT, "{\"a\":{\"BOOL\":true}}", "true"}, {TEXT, "{\"a\":{\"NULL\":true}}", "NULL"},
		{TEXT, "{\"b\":{\"S\":\"x\"}}", "NULL"}, {TEXT, "{}", "NULL"}, {TEXT, S("Größe"), "Größe"},
		{TEXT, S("a\\u0000b"), "NULL | \"a\xEF\xBF\xBD""b\" contains U+0000"},
		{TEXT, "{\"a\":{\"L\":[{\"N\":\"1\"}]}}", "NULL | [1] not a scalar"},
		{TEXT, "{\"a\":{\"SS\":[\"q\",\"p\"]}}", "NULL | [\"p\",\"q\"] not a scalar"},
		{TEXT, "{\"a\":{\"M\":{\"k\":{\"B\":\"AAE=\"}}}}", "NULL | {\"k\":\"AAE=\"} not a scalar"},
		{TEXT, N("123456789012345678901234567890123456789"),
		"NULL | 123456789012345678901234567890123456789 number out of range"},
		{TEXT ",\"normalizers\":[\"trim\"]", S(" \\t x\xC2\xA0 "), "x"},
		{TEXT ",\"normalizers\":[\"trim\"]", S(" \xE2\x80\xAF\xE3\x80\x80 "), ""},
		{TEXT ",\"normalizers\":[\"collapse\"]", S("  a  b\\n\xC2\xA0""c d "), "a b c d"},
		{TEXT ",\"normalizers\":[\"collapse\"]", S("a b"), "a b"},
		{TEXT ",\"normalizers\":[\"lower\"]", S("VAN Ü"), "van ü"},
		{TEXT ",\"normalizers\":[\"upper\"]", S("van ü"), "VAN Ü"},
		{TEXT ",\"normalizers\":[\"trim\",\"lower\",\"collapse\"]", S(" A  B "), "a b"},
	};

	(void) state;
	CHECK_CELLS(cases);
}

static void
test_numeric(void **state)
{
	static const CellCase cases[] = {
		{NUMERIC, N("19867.2"), "19867.2"}, {NUMERIC, N("-0.50"), "-0.5"}, {NUMERIC, N("1E2"), "100"},
		{KM, S("12,345"), "12345"}, {NUMERIC, S(" +7 "), "7"}, {NUMERIC, S(""), "NULL"}, {NUMERIC, S("  "), "NULL"},
		{NUMERIC, "{\"a\":{\"NULL\":true}}", "NULL"}, {NUMERIC, S("n/a"), "NULL | \"n/a\" not a number"},
		{NUMERIC, S("1,5"), "1.5"},
		{NUMERIC, S("12,345"), "NULL | \"12,345\" " YS_NUMBER_AMBIGUOUS}, {NUMERIC, S("NaN"), "NULL | \"NaN\" not a number"},
		{NUMERIC, "{\"a\":{\"BOOL\":true}}", "NULL | true not a number"},
		{NUMERIC, "{\"a\":{\"NS\":[\"1\",\"2\"]}}", "NULL | [1,2] not a scalar"},
		{NUMERIC, S("12 km"), "NULL | \"12 km\" a unit, but the field declares none"},
		{NUMERIC, S("12 foo"), "NULL | \"12 foo\" not a number"}, {NUMERIC, S("12-03-24"), "NULL | \"12-03-24\" not a number"},
		{NUMERIC, S("12 34"), "NULL | \"12 34\" misplaced separators"}, {NUMERIC, S("1e500"), "NULL | \"1e500\" number out of range"},
		{NUMERIC, N("1e500"), "NULL | \"1e500\" number out of range"},
		{KM, N("19867.2"), "19867.2"}, {KM, S("12,345 mi"), "19867.35168"}, {KM, S("19 867 km"), "19867"},
		{KM, S("19\xE2\x80\xAF""867\xC2\xA0km"), "19867"}, {KM, S("12mi"), "19.312128"}, {KM, S("5 MILES"), "8.04672"},
		{KM, S("850 m"), "0.85"}, {KM, S("19867"), "19867"}, {KM, S("-3 km"), "-3"},
		{KM, S("12 kg"), "NULL | \"12 kg\" a unit of another quantity"}, {KM, S("12 leagues"), "NULL | \"12 leagues\" unknown unit"},
		{KM, S("km"), "NULL | \"km\" not a number"}, {KM, S("12 34 km"), "NULL | \"12 34 km\" not written as in the field's locale"},
		{KM, S("12345678901234567890123456789012345678 mi"),
		"NULL | \"12345678901234567890123456789012345678 mi\" number out of range"},
		{NUMERIC ",\"unit\":\"hp\"", S("100 kW"), "134.102208959503"},
		{NUMERIC ",\"normalizers\":[\"lower\"]", S("1E3"), "1000"},
	};

	(void) state;
	CHECK_CELLS(cases);
}

static void
test_boolean(void **state)
{
	static const CellCase cases[] = {
		{BOOLEAN, "{\"a\":{\"BOOL\":true}}", "true"}, {BOOLEAN, "{\"a\":{\"BOOL\":false}}", "false"},
		{BOOLEAN, N("1"), "true"}, {BOOLEAN, N("0"), "false"}, {BOOLEAN, N("2"), "NULL | 2 not a boolean"},
		{BOOLEAN, S("Yes"), "true"}, {BOOLEAN, S("NO"), "false"}, {BOOLEAN, S(" on "), "true"},
		{BOOLEAN, S("off"), "false"}, {BOOLEAN, S("T"), "true"}, {BOOLEAN, S("f"), "false"}, {BOOLEAN, S("y"), "true"},
		{BOOLEAN, S("n"), "false"}, {BOOLEAN, S("1"), "true"}, {BOOLEAN, S("0"), "false"}, {BOOLEAN, S("true"), "true"},
		{BOOLEAN, S("False"), "false"}, {BOOLEAN, S(""), "NULL"}, {BOOLEAN, S("yes!"), "NULL | \"yes!\" not a boolean"},
		{BOOLEAN, S("maybe"), "NULL | \"maybe\" not a boolean"}, {BOOLEAN, "{\"a\":{\"M\":{}}}", "NULL | {} not a scalar"},
		{"\"type\":\"bool\",\"paths\":[\"a\"]", S("y"), "true"},
	};

	(void) state;
	CHECK_CELLS(cases);
}

static void
test_dates(void **state)
{
	static const CellCase cases[] = {
		{DATE, S("2000-01-01"), "0"}, {DATE, S("2024-03-12"), "8837"}, {DATE, S("1999-12-31"), "-1"},
		{DATE, S(" 2000-01-02 "), "1"}, {DATE, S("2000-01-01T23:30:00-02:00"), "1"},
		{DATE, S("2000-01-01T00:30:00+02:00"), "-1"}, {DATE, S(""), "NULL"}, {DATE, "{\"a\":{\"NULL\":true}}", "NULL"},
		{DATE, S("12/03/2024"), "NULL | \"12/03/2024\" not a date in any declared format"},
		{DATE, N("1710238500"), "NULL | 1710238500 not a date in any declared format"},
		{DATE, "{\"a\":{\"BOOL\":true}}", "NULL | true neither a string nor a number"},
		{DATE ",\"formats\":[]", S("2000-01-01"), "0"},
		{DATE ",\"formats\":[\"DD/MM/YYYY\",\"epoch_s\"]", S("31/02/2024"), "NULL | \"31/02/2024\" no such date"},
		{DATE ",\"formats\":[\"DD/MM/YYYY\",\"epoch_s\"]", N("946684800"), "0"},
		{DATE ",\"formats\":[\"DD/MM/YYYY\",\"epoch_s\"]", S("946684799.5"), "-1"},
		{DATE ",\"formats\":[\"YYYYMMDD\"]", N("20000102"), "1"},
		{DATE ",\"formats\":[\"Mon DD, YYYY\"],\"normalizers\":[\"collapse\"]", S(" Jan\\t3,  2000"), "2"},
		{STAMP, S("2000-01-01T00:00:01.5Z"), "1500000"}, {STAMP, S("2000-01-01"), "0"},
		{STAMP ",\"formats\":[\"epoch_ms\"]", N("946684800001"), "1000"},
		{"\"type\":\"timestamptz\",\"paths\":[\"a\"]", S("1999-12-31 23:59:59"), "-1000000"},
	};

	(void) state;
	CHECK_CELLS(cases);
}

#define PATHS(combine)	"\"type\":\"numeric\",\"paths\":[\"a\",\"b.c\",\"l[*].v\"],\"combine\":\"" combine "\""
#define ITEM(a)	"{\"a\":" a ",\"b\":{\"M\":{\"c\":{\"N\":\"5\"}}}," \
	"\"l\":{\"L\":[{\"M\":{\"v\":{\"S\":\"x\"}}},{\"M\":{\"v\":{\"N\":\"10\"}}},{\"S\":\"no map\"},{\"M\":{\"v\":{\"N\":\"9\"}}}]}}"

static void
test_combine(void **state)
{
	static const CellCase cases[] = {
		{PATHS("first"), ITEM("{\"N\":\"7\"}"), "7"}, {PATHS("first"), ITEM("{\"NULL\":true}"), "5"},
		{PATHS("first"), ITEM("{\"S\":\"?\"}"), "5 | \"?\" not a number"},
		{PATHS("min"), ITEM("{\"N\":\"7\"}"), "5 | \"x\" not a number"},
		{PATHS("max"), ITEM("{\"N\":\"7\"}"), "10 | \"x\" not a number"},
		{PATHS("max"), ITEM("{\"S\":\"?\"}"), "10 | \"?\" not a number"},
		{PATHS("max"), "{\"b\":{\"S\":\"not a map\"}}", "NULL"},
		{"\"type\":\"date\",\"paths\":[\"a\",\"l[*]\"],\"combine\":\"latest\"",
			"{\"a\":{\"S\":\"2000-01-05\"},\"l\":{\"L\":[{\"S\":\"2000-01-02\"},{\"S\":\"2000-01-09\"},{\"S\":\"2000-01-03\"}]}}",
		"8"},
		{"\"type\":\"date\",\"paths\":[\"l[*]\"]", "{\"l\":{\"SS\":[\"2000-01-05\",\"2000-01-02\"]}}", "4"},
		{"\"type\":\"text\",\"paths\":[\"a\",\"b\"],\"combine\":\"min\"", "{\"a\":{\"S\":\"b\"},\"b\":{\"S\":\"ab\"}}", "ab"},
		{"\"type\":\"text\",\"paths\":[\"a\",\"b\"],\"combine\":\"max\"", "{\"a\":{\"S\":\"b\"},\"b\":{\"S\":\"ab\"}}", "b"},
		{"\"type\":\"boolean\",\"paths\":[\"a\",\"b\"],\"combine\":\"max\"", "{\"a\":{\"N\":\"0\"},\"b\":{\"N\":\"1\"}}", "true"},
		{"\"type\":\"timestamp\",\"paths\":[\"a\",\"b\"],\"combine\":\"min\"",
		"{\"a\":{\"S\":\"2000-01-01T00:00:02\"},\"b\":{\"S\":\"2000-01-01T00:00:01\"}}", "1000000"},
		{"\"type\":\"text\",\"paths\":[\"\\\"odd.name\\\".x\"]", "{\"odd.name\":{\"M\":{\"x\":{\"S\":\"y\"}}}}", "y"},
	};

	(void) state;
	CHECK_CELLS(cases);
}

/* ---- rejections ---- */

static void
assert_prefix(const char *text, const char *prefix)
{
	if (strncmp(text, prefix, strlen(prefix)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", text, prefix);
}

/* What is shown of a map does not depend on the order of its members, which has no meaning. */
static void
test_raw_has_no_order(void **state)
{
	YsArena		arena;
	char		one[2000];
	char		other[2000];

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (int n = 3; n <= 60; n += 57)
	{
		size_t		one_len = (size_t) sprintf(one, "{\"a\":{\"M\":{\"z\":{\"N\":\"0\"}");
		size_t		other_len = (size_t) sprintf(other, "{\"a\":{\"M\":{");

		for (int i = 0; i < n; i++)
		{
			one_len += (size_t) sprintf(one + one_len, ",\"m%02d\":{\"N\":\"%d\"}", i, i);
			other_len += (size_t) sprintf(other + other_len, "\"m%02d\":{\"N\":\"%d\"},", n - 1 - i, n - 1 - i);
		}
		sprintf(one + one_len, "}}}");
		sprintf(other + other_len, "\"z\":{\"N\":\"0\"}}}}");
		assert_string_equal(cell_of(&arena, NUMERIC, one), cell_of(&arena, NUMERIC, other));
	}
	ys_arena_free(&arena);
}

/* A raw value is short, valid JSON text, whatever was rejected. */
static void
test_raw_is_cut(void **state)
{
	YsArena		arena;
	YsText		json;
	const char *got;
	char		expected[400];

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);

	/* A long string, cut between characters. */
	ys_text_init(&json, &arena);
	ys_text_add_cstring(&json, "{\"a\":{\"S\":\"x");
	for (int i = 0; i < 5000; i++)
		ys_text_add_cstring(&json, "é");
	ys_text_add_cstring(&json, "\"}}");
	got = cell_of(&arena, NUMERIC, json.bytes);
	strcpy(expected, "NULL | \"x");
	for (int i = 0; i < 98; i++)
		strcat(expected, "é");
	strcat(expected, "…\" not a number");
	assert_string_equal(got, expected);

	/* A long list, shown as a string. */
	ys_text_init(&json, &arena);
	ys_text_add_cstring(&json, "{\"a\":{\"L\":[{\"S\":\"say \\\"hi\\\"\"}");
	for (int i = 0; i < 5000; i++)
		ys_text_add_cstring(&json, ",{\"N\":\"7\"}");
	ys_text_add_cstring(&json, "]}}");
	got = cell_of(&arena, NUMERIC, json.bytes);
	assert_prefix(got, "NULL | \"[\\\"say \\\\\\\"hi\\\\\\\"\\\",7,7,");
	assert_non_null(strstr(got, "…\" not a scalar"));
	assert_in_range(strlen(got), 200, 240);

	/* A number of 1,000 digits. */
	ys_text_init(&json, &arena);
	ys_text_add_cstring(&json, "{\"a\":{\"N\":\"");
	for (int i = 0; i < 1000; i++)
		ys_text_add_cstring(&json, "9");
	ys_text_add_cstring(&json, "\"}}");
	got = cell_of(&arena, NUMERIC, json.bytes);
	assert_prefix(got, "NULL | \"9999");
	assert_non_null(strstr(got, "9…\" number out of range"));
	assert_in_range(strlen(got), 200, 240);

	/* Nested as deep as documents get. */
	ys_text_init(&json, &arena);
	ys_text_add_cstring(&json, "{\"a\":");
	for (int i = 0; i < YS_VALUE_MAX_DEPTH - 1; i++)
		ys_text_add_cstring(&json, "{\"M\":{\"k\\u0000\":");
	ys_text_add_cstring(&json, "{\"N\":\"1e300\"}");
	for (int i = 0; i < YS_VALUE_MAX_DEPTH - 1; i++)
		ys_text_add_cstring(&json, "}}");
	ys_text_add_cstring(&json, "}");
	got = cell_of(&arena, TEXT, json.bytes);
	assert_null(strstr(got, "u0000"));
	assert_non_null(strstr(got, "not a scalar"));
	ys_arena_free(&arena);
}

static void
test_invalid_utf8(void **state)
{
	YsArena		arena;
	YsPolicy   *policy;
	YsMember	member = {"a", 1, ys_value_string("x\xFFy", 3)};
	YsValue		item = {.type = YS_TYPE_MAP, .len = 1, .members = &member};
	YsEntry		entry;
	YsError		err;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	policy = policy_of(&arena, "{\"fields\":[{\"name\":\"f\"," TEXT "}]}");
	assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err));
	assert_false(entry.cells[0].present);
	assert_int_equal(entry.nrejections, 1);
	assert_string_equal(entry.rejections[0].reason, "not valid UTF-8");
	assert_string_equal(entry.rejections[0].raw, "\"x\xEF\xBF\xBDy\"");

	/* What is no map has no attributes. */
	assert_true(ys_policy_apply(policy, &no_bindings, &member.value, &arena, &entry, &err));
	assert_false(entry.cells[0].present);
	assert_int_equal(entry.nrejections, 0);
	ys_arena_free(&arena);
}

static void
test_print_rejected(void **state)
{
	YsArena		arena;
	YsPolicy   *policy;
	YsValue		item;
	YsEntry		entry;
	YsError		err;
	YsText		text;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	policy = policy_of(&arena,
					   "{\"fields\":[{\"name\":\"f\"," NUMERIC "},{\"name\":\"g\",\"type\":\"date\",\"paths\":[\"b\"]},"
					   "{\"name\":\"h\"," TEXT "}],"
					   "\"area\":{\"kind\":\"location\",\"lat\":[\"p[0]\"],\"lon\":[\"p[1]\"],\"level\":\"x\"}}");
	item = item_of(&arena, "{\"a\":{\"S\":\"n\\\"a\"},\"b\":{\"N\":\"3\"},\"p\":{\"L\":[{\"N\":\"91\"},{\"N\":\"9\"}]}}");
	assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err));
	ys_text_init(&text, &arena);
	assert_true(ys_entry_print_rejected(&entry, &text));
	assert_string_equal(text.bytes,
						"{\"f\": {\"value\": \"n\\\"a\", \"reason\": \"not a number\"}, "
						"\"g\": {\"value\": 3, \"reason\": \"not a date in any declared format\"}, "
						"\"area\": {\"value\": {\"lat\":91,\"lon\":9}, \"reason\": \"latitude out of range\"}}");
	assert_false(entry.located);
	item = item_of(&arena, "{\"a\":{\"S\":\"1\"}}");
	assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err));
	ys_text_init(&text, &arena);
	assert_true(ys_entry_print_rejected(&entry, &text));
	assert_string_equal(text.bytes, "{}");
	ys_arena_free(&arena);
}

/* ---- whole policies ---- */

#define BY_LOCATION	"{\"kind\":\"location\",\"lat\":[\"pos.lat\",\"gps[0]\"],\"lon\":[\"pos.lon\",\"gps[1]\"]," \
	"\"paths\":[\"where\",\"geo\"],\"level\":\"country\"}"
#define BY_VALUE	"{\"kind\":\"value\",\"paths\":[\"country\",\"codes[*]\"],\"level\":\"country\"}"
#define BY_BOTH		"{\"kind\":\"value\",\"paths\":[\"country\"],\"level\":\"country\",\"location\":{\"paths\":[\"where\"]}}"


static void
test_policy(void **state)
{
	static const char json[] =
		"{\"fields\":[{\"name\":\"kind\",\"type\":\"text\",\"paths\":[\"type\",\"spec.type\"],\"normalizers\":[\"trim\",\"lower\"]},"
		"{\"name\":\"odo_km\",\"type\":\"numeric\",\"paths\":[\"odo\",\"spec.odo\"],\"unit\":\"km\",\"combine\":null}],"
		"\"area\":" BY_LOCATION "}";
	static const char *const attributes[] = {"type", "spec", "odo", "pos", "gps", "where", "geo"};
	YsArena		arena;
	YsPolicy   *policy;
	const YsAttributeFilter *filter;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	policy = policy_of(&arena, json);
	assert_int_equal(ys_policy_field_count(policy), 2);
	assert_string_equal(ys_policy_field(policy, 0)->name, "kind");
	assert_int_equal(ys_policy_field(policy, 1)->type, YS_FIELD_NUMERIC);
	assert_true(ys_policy_has_location(policy));
	filter = ys_policy_attributes(policy);
	assert_int_equal(filter->count, 7);
	for (int i = 0; i < filter->count; i++)
	{
		assert_int_equal(filter->lens[i], strlen(attributes[i]));
		assert_memory_equal(filter->names[i], attributes[i], filter->lens[i]);
	}
	policy = policy_of(&arena, "{\"fields\":[{\"name\":\"f\"," TEXT "}],\"area\":null}");
	assert_null(ys_policy_area_level(policy));
	assert_false(ys_policy_has_location(policy));
	policy = policy_of(&arena, "{\"area\":" BY_VALUE "}");
	assert_int_equal(ys_policy_field_count(policy), 0);
	assert_false(ys_policy_has_location(policy));
	policy = policy_of(&arena, "{\"area\":" BY_BOTH "}");
	assert_true(ys_policy_has_location(policy));
	ys_arena_free(&arena);
}

static void
test_bad_declarations(void **state)
{
	static const struct
	{
		const char *json;
		const char *message;	/* some part of it */
		const char *detail;		/* likewise, or NULL */
	}			cases[] =
	{
		{"", "not valid JSON", NULL}, {"[]", "index policy: its declaration is not a JSON object", NULL},
		{"{}", "neither a field nor an area", NULL}, {"{\"fields\":[]}", "neither a field nor an area", NULL},
		{"{\"fields\":[],\"x\":1}", "unknown key \"x\"", "fields, area"}, {"{\"fields\":{}}", "fields are not an array", NULL},
		{"{\"fields\":[5]}", "field 1: its declaration is not a JSON object", NULL},
		{"{\"fields\":[{}]}", "field 1: it has no name", NULL},
		{"{\"fields\":[{\"name\":5}]}", "field 1: its name is not a string", NULL},
		{"{\"fields\":[{\"name\":\"\"}]}", "field 1: its name is empty", NULL},
		{"{\"fields\":[{\"name\":\"Odo\"}]}", "\"Odo\" cannot be a field's name", "lower-case"},
		{"{\"fields\":[{\"name\":\"1a\"}]}", "cannot be a field's name", NULL},
		{"{\"fields\":[{\"name\":\"a b\"}]}", "cannot be a field's name", NULL},
		{"{\"fields\":[{\"name\":\"a\\u0000\"}]}", "contains U+0000", NULL},
		{"{\"fields\":[{\"name\":\"a123456789012345678901234567890123456789012345678901234567890123\"}]}",
		"cannot be a field's name", "63"},
		{"{\"fields\":[{\"name\":\"f\"}]}", "field \"f\": it has no type", NULL},
		{"{\"fields\":[{\"name\":\"f\",\"type\":\"integer\"}]}", "unknown type \"integer\"", "numeric"},
		{"{\"fields\":[{\"name\":\"f\",\"type\":\"text\"}]}", "field \"f\": it has no paths", NULL},
		{"{\"fields\":[{\"name\":\"f\",\"type\":\"text\",\"paths\":[]}]}", "it has no paths", NULL},
		{"{\"fields\":[{\"name\":\"f\",\"type\":\"text\",\"paths\":\"a\"}]}", "paths are not an array", NULL},
		{"{\"fields\":[{\"name\":\"f\",\"type\":\"text\",\"paths\":[\"a\",5]}]}", "element 2 of paths is not a string", NULL},
		{"{\"fields\":[{\"name\":\"f\",\"type\":\"text\",\"paths\":[\"a..b\"]}]}",
		"field \"f\": invalid path \"a..b\": a name is expected at position 3", "double quotes"},
		{"{\"fields\":[{\"name\":\"f\",\"colour\":1," TEXT "}]}", "unknown key \"colour\"", "normalizers"},
		{"{\"fields\":[{\"name\":\"f\"," TEXT ",\"combine\":\"sum\"}]}", "unknown combine \"sum\"", "first, min, max"},
		{"{\"fields\":[{\"name\":\"f\"," TEXT ",\"combine\":\"latest\"}]}", "\"latest\" is for dates", NULL},
		{"{\"fields\":[{\"name\":\"f\"," TEXT ",\"normalizers\":[\"title\"]}]}", "unknown normalizer \"title\"", "collapse"},
		{"{\"fields\":[{\"name\":\"f\"," TEXT ",\"formats\":[\"ISO\"]}]}", "formats are for dates", NULL},
		{"{\"fields\":[{\"name\":\"f\"," DATE ",\"formats\":[\"ISO\",\"fuzzy\"]}]}", "unknown format \"fuzzy\"", "DD/MM/YYYY"},
		{"{\"fields\":[{\"name\":\"f\"," TEXT ",\"unit\":\"km\"}]}", "unit is for numeric", NULL},
		{"{\"fields\":[{\"name\":\"f\"," NUMERIC ",\"unit\":\"furlong\"}]}", "unknown unit \"furlong\"", "km, m, mi"},
		{"{\"fields\":[{\"name\":\"f\"," NUMERIC ",\"unit\":\"$\"}]}", "\"$\" is more than one unit", "several currencies"},
		{"{\"fields\":[{\"name\":\"f\"," NUMERIC ",\"locale\":\"english\"}]}", "unknown locale \"english\"", "de-CH"},
		{"{\"fields\":[{\"name\":\"f\"," TEXT ",\"locale\":\"en\"}]}", "locale is for numeric", NULL},
		{"{\"fields\":[{\"name\":\"f\"," TEXT "},{\"name\":\"f\"," TEXT "}]}", "field \"f\": another field has that name", NULL},
		{"{\"area\":5}", "area: its declaration is not a JSON object", NULL}, {"{\"area\":{}}", "area: it has no kind", NULL},
		{"{\"area\":{\"level\":\"x\"}}", "it has no kind", NULL},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"grid\"}}", "unknown kind \"grid\"", "location, value or geohash"},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"location\"}}", "no paths to a location", NULL},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"location\",\"lat\":[\"a\"],\"lon\":[]}}", "1 paths of latitudes and 0", NULL},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"location\",\"paths\":[\"a\"],\"value\":[]}}", "unknown key \"value\"", "lat, lon"},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"location\",\"paths\":[\"a.\"]}}", "area: invalid path", NULL},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"value\"}}", "no paths to a value", NULL},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"value\",\"paths\":[\"a\"],\"lat\":[\"b\"]}}", "kind value has no lat", NULL},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"value\",\"paths\":[\"a\"],\"location\":{}}}", "no paths to a location", NULL},
		{"{\"area\":{\"level\":\"x\",\"kind\":\"location\",\"paths\":[\"a\"],\"location\":{}}}", "kind location has no location", NULL},
	};
	YsArena		arena;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		YsError		err = {YS_OK, "", "", ""};

		ys_arena_init(&arena, ys_arena_malloc, 0);
		if (ys_policy_compile(cases[i].json, strlen(cases[i].json), &arena, &err) != NULL)
			fail_msg("accepted: %s", cases[i].json);
		assert_true(err.code == YS_ERR_INVALID_POLICY || err.code == YS_ERR_INVALID_PATH);
		if (strstr(err.message, cases[i].message) == NULL)
			fail_msg("%s: got \"%s\", wanted \"%s\"", cases[i].json, err.message, cases[i].message);
		if (cases[i].detail != NULL && strstr(err.detail, cases[i].detail) == NULL)
			fail_msg("%s: got detail \"%s\", wanted \"%s\"", cases[i].json, err.detail, cases[i].detail);
		unit_check_complete(&err);
		ys_arena_free(&arena);
	}
}

static void
test_checks(void **state)
{
	static const char field[] = "{\"name\":\"f\"," KM "}";
	static const char bad_field[] = "{\"name\":\"f\",\"type\":\"text\",\"paths\":[\"a[\"]}";
	YsArena		arena;
	YsError		err;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	assert_true(ys_policy_check_field(field, strlen(field), &arena, &err));
	assert_false(ys_policy_check_field(bad_field, strlen(bad_field), &arena, &err));
	assert_int_equal(err.code, YS_ERR_INVALID_PATH);
	assert_false(ys_policy_check_field("{", 1, &arena, &err));
	assert_int_equal(err.code, YS_ERR_INVALID_POLICY);
	assert_true(ys_policy_check_area(BY_BOTH, strlen(BY_BOTH), &arena, &err));
	assert_false(ys_policy_check_area(field, strlen(field), &arena, &err));
	assert_int_equal(err.code, YS_ERR_INVALID_POLICY);
	ys_arena_free(&arena);
}

/* ---- limits ---- */

static void
test_limits(void **state)
{
	YsArena		arena;
	YsText		json;
	const char *got;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);

	/* 10,001 values on one path: the last is not looked at, and that is said. */
	for (int count = 10000; count <= 10001; count++)
	{
		ys_text_init(&json, &arena);
		ys_text_add_cstring(&json, "{\"a\":{\"L\":[{\"N\":\"0\"}");
		for (int i = 1; i < count; i++)
			ys_text_add_cstring(&json, i == 10000 ? ",{\"N\":\"9\"}" : ",{\"N\":\"7\"}");
		ys_text_add_cstring(&json, "]}}");
		got = cell_of(&arena, "\"type\":\"numeric\",\"paths\":[\"a[*]\"],\"combine\":\"max\"", json.bytes);
		assert_true((strstr(got, "more than 10,000 values on one path") != NULL) == (count > 10000));
		assert_prefix(got, "7");
		got = cell_of(&arena, "\"type\":\"numeric\",\"paths\":[\"a[*]\"]", json.bytes);
		assert_string_equal(got, "0");
	}

	/* As many fields as there may be, then one more. */
	for (int count = YS_POLICY_MAX_FIELDS; count <= YS_POLICY_MAX_FIELDS + 1; count++)
	{
		YsError		err;
		YsPolicy   *policy;

		ys_text_init(&json, &arena);
		ys_text_add_cstring(&json, "{\"fields\":[");
		for (int i = 0; i < count; i++)
		{
			char		field[100];

			snprintf(field, sizeof(field), "%s{\"name\":\"f%d\",\"type\":\"text\",\"paths\":[\"a%d\",\"a%d.b\",\"common\"]}",
					 i > 0 ? "," : "", i, i, i);
			ys_text_add_cstring(&json, field);
		}
		ys_text_add_cstring(&json, "]}");
		policy = ys_policy_compile(json.bytes, json.len, &arena, &err);
		if (count > YS_POLICY_MAX_FIELDS)
		{
			assert_null(policy);
			assert_int_equal(err.code, YS_ERR_INVALID_POLICY);
		}
		else
		{
			YsValue		item = item_of(&arena, "{\"a7\":{\"S\":\"x\"},\"a255\":{\"S\":\"y\"},\"a256\":{\"S\":\"z\"}}");
			YsEntry		entry;

			assert_non_null(policy);
			assert_int_equal(ys_policy_attributes(policy)->count, YS_POLICY_MAX_FIELDS + 1);
			assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err));
			for (int i = 0; i < YS_POLICY_MAX_FIELDS; i++)
				assert_true(entry.cells[i].present == (i == 7 || i == 255));
		}
	}
	ys_arena_free(&arena);
}

/* Running out of memory is an error wherever it happens, and nothing else. */
static void
test_out_of_memory(void **state)
{
	static const char json[] =
		"{\"fields\":[{\"name\":\"f\"," NUMERIC "},{\"name\":\"g\"," TEXT ",\"normalizers\":[\"lower\",\"collapse\"]},"
		"{\"name\":\"h\",\"type\":\"numeric\",\"paths\":[\"b\"],\"unit\":\"mi\"}],\"area\":" BY_LOCATION "}";
	YsArena		arena;
	YsArena		item_arena;
	YsPolicy   *policy;
	YsValue		item;
	int			failures = 0;

	(void) state;
	ys_arena_init(&item_arena, ys_arena_malloc, 0);
	item = item_of(&item_arena, "{\"a\":{\"S\":\"Not  A Number\"},\"b\":{\"S\":\"3 km\"},\"where\":{\"S\":\"?\"}}");
	policy = policy_of(&item_arena, json);
	for (size_t limit = 1; limit < 200000; limit = limit * 5 / 4 + 1)
	{
		YsError		err = {YS_OK, "", "", ""};
		YsEntry		entry;

		ys_arena_init(&arena, ys_arena_malloc, limit);
		if (ys_policy_compile(json, strlen(json), &arena, &err) == NULL)
		{
			assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
			failures++;
		}
		ys_arena_free(&arena);
		ys_arena_init(&arena, ys_arena_malloc, limit);
		if (!ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err))
		{
			assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
			failures++;
		}
		ys_arena_free(&arena);
	}
	assert_in_range(failures, 10, 1000);
	ys_arena_free(&item_arena);
}

/* ---- properties ---- */

/* Random text of characters that matter to some field type. */
static void
random_text(uint64_t *random, YsText *text)
{
	static const char *const pieces[] = {
		"0", "1", "2", "12", "345", "007", "-", "+", ".", ",", " ", "  ", "/", ":", "T", "Z", "e5", "km", " mi", "ft",
		"true", "No", "Mar", "2024", "\xC2\xA0", "\xE2\x80\xAF", "é", "A", "b", "\t", "2024-03-12", "12/03/24"
	};
	int			count = (int) unit_random(random, 7);

	for (int i = 0; i < count; i++)
		ys_text_add_cstring(text, pieces[unit_random(random, sizeof(pieces) / sizeof(pieces[0]))]);
}

/* A cell, as the value that a document would have for it. */
static YsValue
value_of_cell(YsArena *arena, YsFieldType type, const YsCell *cell)
{
	YsText		text;
	YsValue		list;
	char		written[40];
	int64_t		usecs = type == YS_FIELD_DATE ? cell->days * INT64_C(86400000000) :
		type == YS_FIELD_TIMESTAMP ? cell->usecs : 0;
	int			fraction = (int) ((usecs % 1000000 + 1000000) % 1000000);
	time_t		seconds = (time_t) ((usecs - fraction) / 1000000 + 946684800);
	struct tm	tm;

	switch (type)
	{
		case YS_FIELD_BOOLEAN:
			return ys_value_bool(cell->boolean);
		case YS_FIELD_NUMERIC:
			return ys_value_number(cell->bytes, cell->len);
		case YS_FIELD_TEXT:
			return ys_value_string(cell->bytes, cell->len);
		case YS_FIELD_TEXT_ARRAY:
			list = (YsValue) {.type = YS_TYPE_LIST, .len = cell->ntexts};
			list.elements = ys_arena_alloc(arena, sizeof(YsValue) * cell->ntexts);
			for (uint32_t i = 0; i < cell->ntexts; i++)
				list.elements[i] = ys_value_string(cell->texts[i].bytes, cell->texts[i].len);
			return list;
		case YS_FIELD_JSONB:
			return *cell->value;
		case YS_FIELD_DATE:
		case YS_FIELD_TIMESTAMP:
			break;
	}
	gmtime_r(&seconds, &tm);
	ys_text_init(&text, arena);
	snprintf(written, sizeof(written), "%04d-", tm.tm_year + 1900);
	ys_text_add_cstring(&text, written);
	strftime(written, sizeof(written), "%m-%d %H:%M:%S", &tm);
	ys_text_add_cstring(&text, written);
	snprintf(written, sizeof(written), ".%06d", fraction);
	ys_text_add_cstring(&text, written);
	return ys_value_string(text.bytes, text.len);
}

/* Normalizing what was normalized changes nothing, whatever came in. */
static void
test_normal_is_stable(void **state)
{
	static const char json[] =
		"{\"fields\":[{\"name\":\"t\",\"type\":\"text\",\"paths\":[\"a\"],\"normalizers\":[\"trim\",\"collapse\",\"lower\"]},"
		"{\"name\":\"n\",\"type\":\"numeric\",\"paths\":[\"a\"],\"unit\":\"mi\"},{\"name\":\"b\",\"type\":\"boolean\",\"paths\":[\"a\"]},"
		"{\"name\":\"d\",\"type\":\"date\",\"paths\":[\"a\"],\"formats\":[\"ISO\",\"DD/MM/YY\",\"epoch_s\"]},"
		"{\"name\":\"s\",\"type\":\"timestamp\",\"paths\":[\"a\"],\"formats\":[\"ISO\",\"DD/MM/YY\",\"epoch_s\"]}]}";
	uint64_t	random = unit_seed("test_policy");
	YsArena		lasting;
	YsArena		arena;
	YsPolicy   *policy;
	YsError		err;
	int			present[5] = {0};

	(void) state;
	ys_arena_init(&lasting, ys_arena_malloc, 0);
	ys_arena_init(&arena, ys_arena_malloc, 0);
	policy = policy_of(&lasting, json);
	for (int i = 0; i < 40000; i++)
	{
		YsText		text;
		YsMember	member = {"a", 1, ys_value_null()};
		YsValue		item = {.type = YS_TYPE_MAP, .len = 1, .members = &member};
		YsEntry		once;
		YsEntry		twice;

		ys_text_init(&text, &arena);
		random_text(&random, &text);
		member.value = ys_value_string(text.len > 0 ? text.bytes : "", text.len);
		assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &once, &err));
		for (int f = 0; f < 5; f++)
		{
			YsFieldType type = ys_policy_field(policy, f)->type;
			YsText		before;
			YsText		after;

			if (!once.cells[f].present)
				continue;
			present[f]++;
			member.value = value_of_cell(&arena, type, &once.cells[f]);
			assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &twice, &err));
			ys_text_init(&before, &arena);
			ys_text_init(&after, &arena);
			print_cell(&before, type, &once.cells[f]);
			print_cell(&after, type, &twice.cells[f]);
			if (before.len != after.len || (before.len > 0 && memcmp(before.bytes, after.bytes, before.len) != 0))
				fail_msg("\"%s\": %s became %s", text.bytes, before.bytes, after.bytes);
		}
		ys_arena_reset(&arena);
	}
	for (int f = 0; f < 5; f++)
		assert_in_range(present[f], 100, 40000);	/* the random texts did reach every type */
	ys_arena_free(&arena);
	ys_arena_free(&lasting);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_numeric),
		cmocka_unit_test(test_boolean),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_combine),
		cmocka_unit_test(test_raw_has_no_order),
		cmocka_unit_test(test_raw_is_cut),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_print_rejected),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_bad_declarations),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_normal_is_stable),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
