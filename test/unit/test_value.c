/*-------------------------------------------------------------------------
 * test_value.c
 *	  Values: decoding, printing and keys.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "store/value_internal.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

typedef enum Form
{
	FORM_ITEM,
	FORM_TYPED,
	FORM_PLAIN
} Form;

typedef struct Fixture
{
	UnitFixture base;
	Form		form;
	const YsAttributeFilter *filter;
	YsValue		value;
} Fixture;

static int
set_up(void **state)
{
	return unit_set_up(state, sizeof(Fixture));
}

static bool
decode_root(void *arg, YsJsonNode *root)
{
	Fixture    *fixture = arg;

	if (fixture->form == FORM_ITEM)
		return ys_value_from_typed_json(root, fixture->filter, &fixture->base.arena, &fixture->value,
										&fixture->base.err);
	if (fixture->form == FORM_TYPED)
		return ys_value_from_typed_node(root, &fixture->base.arena, &fixture->value, &fixture->base.err);
	return ys_value_from_plain_json(root, &fixture->base.arena, &fixture->value, &fixture->base.err);
}

/* Decode behind what the arena holds; nothing may point into the freed document. */
static bool
decode(Fixture *fixture, Form form, const char *text, size_t len)
{
	char	   *copy = unit_padded(text, len, '}');
	bool		good;

	fixture->form = form;
	memset(&fixture->base.err, 0, sizeof(fixture->base.err));
	good = ys_json_read(fixture->base.reader, copy, len, decode_root, fixture, &fixture->base.err);
	memset(copy, 'x', len);
	free(copy);
	return good;
}

static void
assert_decodes(Fixture *fixture, Form form, const char *text)
{
	if (!decode(fixture, form, text, strlen(text)))
		fail_msg("%.200s: %s: %s", text, fixture->base.err.message, fixture->base.err.detail);
}

static void
assert_refused(Fixture *fixture, Form form, const char *text, const char *expected)
{
	if (decode(fixture, form, text, strlen(text)))
		fail_msg("accepted: %.200s", text);
	assert_int_equal(fixture->base.err.code, YS_ERR_INVALID_DATA);
	assert_string_equal(fixture->base.err.message, expected);
}

static const char *
print(Fixture *fixture, Form form)
{
	YsText		text;

	ys_text_init(&text, &fixture->base.arena);
	if (form == FORM_ITEM)
		ys_value_print_item(&text, &fixture->value);
	else if (form == FORM_TYPED)
		ys_value_print_typed(&text, &fixture->value);
	else
		ys_value_print_plain(&text, &fixture->value);
	assert_false(text.failed);
	return text.bytes;
}

/* ---- typed and plain forms ---- */

#define EVERY_TYPE \
	"{\"s\":{\"S\":\"x\\n\xC3\xA9\"},\"n\":{\"N\":\"-1.50E2\"},\"b\":{\"B\":\"AP8=\"},\"t\":{\"BOOL\":true}," \
	"\"f\":{\"BOOL\":false},\"z\":{\"NULL\":true},\"m\":{\"M\":{\"k\":{\"L\":[{\"S\":\"\"},{\"M\":{}}]}}}," \
	"\"l\":{\"L\":[]},\"ss\":{\"SS\":[\"b\",\"a\"]},\"ns\":{\"NS\":[\"10\",\"9\",\"-1e3\"]}," \
	"\"bs\":{\"BS\":[\"AQ==\",\"AA==\"]}}"

static void
test_typed(void **state)
{
	Fixture    *fixture = *state;
	const YsValue *value;

	assert_decodes(fixture, FORM_ITEM, EVERY_TYPE);
	assert_string_equal(print(fixture, FORM_ITEM), EVERY_TYPE);
	assert_int_equal(fixture->value.len, 11);

	value = ys_value_member(&fixture->value, "b", 1);
	assert_int_equal(value->type, YS_TYPE_BINARY);
	assert_int_equal(value->len, 2);
	assert_memory_equal(value->bytes, "\0\xFF", 3);
	value = ys_value_member(&fixture->value, "ns", 2);
	assert_int_equal(value->type, YS_TYPE_NUMBER_SET);
	assert_int_equal(value->elements[2].type, YS_TYPE_NUMBER);
	assert_string_equal(value->elements[2].bytes, "-1e3");
	assert_null(ys_value_member(&fixture->value, "S", 1));
	assert_null(ys_value_member(value, "s", 1));
}

/* Every type has a tag of its own, and nothing else is one. */
static void
test_tags(void **state)
{
	static const char *const others[] = {"", "s", "SSS", "BOO", "BOOLS", "MS", "LS"};
	YsType		type;

	(void) state;
	for (int i = YS_TYPE_STRING; i <= YS_TYPE_BINARY_SET; i++)
	{
		const char *tag = ys_value_tag((YsType) i);

		assert_true(ys_value_type_of_tag(tag, strlen(tag), &type));
		assert_int_equal(type, i);
	}
	assert_string_equal(ys_value_tag(YS_TYPE_BINARY_SET), "BS");
	for (size_t i = 0; i < LENGTH(others); i++)
		assert_false(ys_value_type_of_tag(others[i], strlen(others[i]), &type));
}

static void
test_plain(void **state)
{
	Fixture    *fixture = *state;

	assert_decodes(fixture, FORM_ITEM, EVERY_TYPE);
	assert_string_equal(print(fixture, FORM_PLAIN),
						"{\"s\":\"x\\n\xC3\xA9\",\"n\":-1.50E2,\"b\":\"AP8=\",\"t\":true,\"f\":false,\"z\":null,"
						"\"m\":{\"k\":[\"\",{}]},\"l\":[],\"ss\":[\"a\",\"b\"],\"ns\":[-1e3,9,10],"
						"\"bs\":[\"AA==\",\"AQ==\"]}");

	assert_decodes(fixture, FORM_PLAIN, " {\"a\" : [ 1.0, \"x\", true, null, {} ] } ");
	assert_string_equal(print(fixture, FORM_ITEM),
						"{\"a\":{\"L\":[{\"N\":\"1.0\"},{\"S\":\"x\"},{\"BOOL\":true},{\"NULL\":true},{\"M\":{}}]}}");
}

static void
test_control_characters(void **state)
{
	Fixture    *fixture = *state;

	assert_decodes(fixture, FORM_TYPED, "{\"S\":\"a\\u0000b\\u001f\\b\\f\\r\\t\\/\\\"\\\\\"}");
	assert_int_equal(fixture->value.len, 11);
	assert_memory_equal(fixture->value.bytes, "a\0b\x1F\b\f\r\t/\"\\", 12);
	assert_string_equal(print(fixture, FORM_TYPED), "{\"S\":\"a\\u0000b\\u001f\\b\\f\\r\\t/\\\"\\\\\"}");
}

static void
test_refused(void **state)
{
	static const char *const items[][2] = {
		{"[]", "JSON has an array where an object is expected"},
		{"{\"a\":1}", "JSON has a number where an object is expected"},
		{"{\"a\":{}}", "attribute has no type tag"},
		{"{\"a\":{\"S\":\"x\",\"N\":\"1\"}}", "attribute has more than one type tag"},
		{"{\"a\":{\"s\":\"x\"}}", "attribute has an unknown type tag"},
		{"{\"a\":{\"\":\"x\"}}", "attribute has an unknown type tag"},
		{"{\"a\":{\"XS\":[]}}", "attribute has an unknown type tag"},
		{"{\"a\":{\"NULL \":true}}", "attribute has an unknown type tag"},
		{"{\"a\":{\"S\":1}}", "JSON has a number where a string is expected"},
		{"{\"a\":{\"N\":1}}", "JSON has a number where a string is expected"},
		{"{\"a\":{\"BOOL\":\"true\"}}", "JSON has a string where a boolean is expected"},
		{"{\"a\":{\"NULL\":false}}", "attribute of type NULL is not true"},
		{"{\"a\":{\"M\":[]}}", "JSON has an array where an object is expected"},
		{"{\"a\":{\"L\":{}}}", "JSON has an object where an array is expected"},
		{"{\"a\":{\"SS\":[{\"S\":\"x\"}]}}", "JSON has an object where a string is expected"},
		{"{\"a\":{\"NS\":[\"1\",\"one\"]}}", "text of a number attribute is no number"},
		{"{\"a\":{\"N\":\"\"}}", "text of a number attribute is no number"},
		{"{\"a\":{\"N\":\"+1\"}}", "text of a number attribute is no number"},
		{"{\"a\":{\"N\":\"1 \"}}", "text of a number attribute is no number"},
		{"{\"a\":{\"N\":\"0x10\"}}", "text of a number attribute is no number"},
		{"{\"a\":{\"N\":\"1\\u0000\"}}", "text of a number attribute is no number"},
		{"{\"a\":{\"N\":\"NaN\"}}", "text of a number attribute is no number"},
		{"{\"a\":{\"B\":\"A\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"B\":\"AA=\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"B\":\"A===\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"B\":\"AAAA====\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"B\":\"AB==\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"B\":\"AAB=\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"B\":\"A=AA\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"B\":\"AA-_\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"B\":\"AA A\"}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"BS\":[\"AA==\",\"A\"]}}", "binary attribute is not valid base64"},
		{"{\"a\":{\"S\":\"x\"},\"b\":{\"S\":\"x\"},\"a\":{\"N\":\"1\"}}", "attribute occurs more than once"},
		{"{\"a\":{\"M\":{\"b\":{\"S\":\"x\"},\"\\u0062\":{\"S\":\"x\"}}}}", "attribute occurs more than once"},
		{"{\"a\":{\"S\":\"x\"", "document is not valid JSON"},
		{"{\"a\":{\"S\":\"\\ud800\"}}", "document is not valid JSON"}
	};
	Fixture    *fixture = *state;

	for (size_t i = 0; i < LENGTH(items); i++)
		assert_refused(fixture, FORM_ITEM, items[i][0], items[i][1]);
	assert_refused(fixture, FORM_PLAIN, "{\"a\":1,\"a\":1}", "attribute occurs more than once");
	assert_refused(fixture, FORM_PLAIN, "[nil]", "document holds something that is no JSON value");

	/* The attribute is named, the outermost one, and only when its name can be shown. */
	assert_refused(fixture, FORM_ITEM, "{\"x\":{\"S\":\"\"},\"out\":{\"M\":{\"in\":{\"L\":[{\"N\":\"?\"}]}}}}",
				   "text of a number attribute is no number");
	assert_string_equal(fixture->base.err.detail, "It is in attribute \"out\".");
	assert_refused(fixture, FORM_ITEM, "{\"o\\nt\":{\"N\":\"?\"}}", "text of a number attribute is no number");
	assert_string_equal(fixture->base.err.detail, "");
	assert_refused(fixture, FORM_ITEM, "{\"x\":{\"S\":\"\"},\"x\":{\"S\":\"\"}}", "attribute occurs more than once");
	assert_string_equal(fixture->base.err.detail, "It is in attribute \"x\".");
}

static void
test_filter(void **state)
{
	static const char item[] =
		"{\"skipped\":{\"?\":[1,{\"x\":[]}]},\"a\":{\"S\":\"1\"},\"ab\":{\"S\":\"2\"},\"c\":{\"M\":{\"skipped\":{\"S\":\"3\"}}},"
		"\"b\":{\"N\":\"bad\"},\"\\u0064\":{\"S\":\"4\"}}";
	const char *names[] = {"d", "missing", "c", "a"};
	const uint32_t lens[] = {1, 7, 1, 1};
	YsAttributeFilter filter = {4, names, lens};
	YsAttributeFilter everything = {0, NULL, NULL};
	Fixture    *fixture = *state;

	fixture->filter = &filter;
	assert_decodes(fixture, FORM_ITEM, item);
	assert_string_equal(print(fixture, FORM_ITEM),
						"{\"a\":{\"S\":\"1\"},\"c\":{\"M\":{\"skipped\":{\"S\":\"3\"}}},\"d\":{\"S\":\"4\"}}");
	assert_refused(fixture, FORM_ITEM, "{\"a\":{\"S\":\"\"},\"b\":{},\"a\":{\"S\":\"\"}}", "attribute occurs more than once");
	fixture->filter = &everything;
	assert_decodes(fixture, FORM_ITEM, EVERY_TYPE);
	assert_int_equal(fixture->value.len, 11);
}

/* ---- limits ---- */

static char *
repeat(const char *before, const char *middle, const char *after, int times)
{
	size_t		size = (strlen(before) + strlen(after)) * (size_t) times + strlen(middle) + 1;
	char	   *text = malloc(size);
	char	   *end = text;

	assert_non_null(text);
	for (int i = 0; i < times; i++)
		end = stpcpy(end, before);
	end = stpcpy(end, middle);
	for (int i = 0; i < times; i++)
		end = stpcpy(end, after);
	return text;
}

static void
test_depth(void **state)
{
	static const char message[] = "document is nested more than 40 levels deep";
	static const int too_deep[] = {41, 50, 100, 5000};
	Fixture    *fixture = *state;
	char	   *text;

	text = repeat("{\"M\":{\"k\":", "{\"S\":\"x\"}", "}}", YS_VALUE_MAX_DEPTH);
	assert_decodes(fixture, FORM_TYPED, text);
	assert_string_equal(print(fixture, FORM_TYPED), text);
	free(text);
	text = repeat("[", "1", "]", YS_VALUE_MAX_DEPTH);
	assert_decodes(fixture, FORM_PLAIN, text);
	assert_string_equal(print(fixture, FORM_PLAIN), text);
	free(text);
	for (size_t i = 0; i < LENGTH(too_deep); i++)
	{
		text = repeat("{\"L\":[", "{\"S\":\"x\"}", "]}", too_deep[i]);
		assert_refused(fixture, FORM_TYPED, text, message);
		free(text);
		text = repeat("{\"k\":", "1", "}", too_deep[i]);
		assert_refused(fixture, FORM_PLAIN, text, message);
		free(text);
	}
}

static void
test_number_size(void **state)
{
	Fixture    *fixture = *state;
	char	   *digits = repeat("7", "", "", 100000);
	char	   *text = malloc(100100);

	assert_non_null(text);
	sprintf(text, "{\"N\":\"-%.500s.%.500sE12\"}", digits, digits);
	assert_refused(fixture, FORM_TYPED, text, "number has more than 1000 digits");
	sprintf(text, "{\"N\":\"-%.500s.%.498sE12\"}", digits, digits);
	assert_decodes(fixture, FORM_TYPED, text);
	assert_string_equal(print(fixture, FORM_TYPED), text);
	sprintf(text, "{\"N\":\"%.1001s\"}", digits);
	assert_refused(fixture, FORM_TYPED, text, "number has more than 1000 digits");
	sprintf(text, "{\"N\":\"%s\"}", digits);
	assert_refused(fixture, FORM_TYPED, text, "number has more than 1000 digits");
	assert_refused(fixture, FORM_PLAIN, digits, "number has more than 1000 digits");
	assert_decodes(fixture, FORM_PLAIN, digits + 99000);
	assert_int_equal(fixture->value.len, 1000);
	free(text);
	free(digits);
}

/* Many attributes: every duplicate is found, and time does not grow with their square. */
static void
test_many_attributes(void **state)
{
	static const int counts[] = {2, 11, 12, 13, 14, 100, 2000, 300000};
	Fixture    *fixture = *state;
	time_t		start = time(NULL);

	for (size_t i = 0; i < LENGTH(counts); i++)
	{
		char	   *text = malloc((size_t) counts[i] * 32 + 64);
		char	   *end = text;

		assert_non_null(text);
		for (int j = 0; j < counts[i]; j++)
			end += sprintf(end, "%s\"attribute%d\":{\"N\":\"1\"}", j == 0 ? "{" : ",", j);
		strcpy(end, "}");
		assert_decodes(fixture, FORM_ITEM, text);
		assert_int_equal(fixture->value.len, counts[i]);
		sprintf(end, ",\"attribute%d\":{\"N\":\"1\"}}", counts[i] / 2);
		assert_refused(fixture, FORM_ITEM, text, "attribute occurs more than once");
		free(text);
		ys_arena_reset(&fixture->base.arena);
	}
	assert_true(time(NULL) - start < 30);
}

/* ---- keys ---- */

static bool
key_of(Fixture *fixture, const char *item, int count, const char **text)
{
	static const char *const names[] = {"p", "s"};
	YsText		key;

	assert_decodes(fixture, FORM_ITEM, item);
	ys_text_init(&key, &fixture->base.arena);
	if (!ys_value_canonical_key(&key, &fixture->value, count, names, &fixture->base.err))
		return false;
	*text = key.bytes;
	return true;
}

static void
test_canonical_key(void **state)
{
	static const char *const keys[][2] = {
		{"{\"p\":{\"S\":\"x\\u00e9\\/\"},\"s\":{\"N\":\"1.0\"}}", "{\"p\":{\"S\":\"x\xC3\xA9/\"},\"s\":{\"N\":\"1\"}}"},
		{"{ \"s\" : {\"N\":\"10E-1\"}, \"o\":{\"L\":[]}, \"p\":{\"S\":\"x\xC3\xA9/\"} }",
		"{\"p\":{\"S\":\"x\xC3\xA9/\"},\"s\":{\"N\":\"1\"}}"},
		{"{\"p\":{\"B\":\"AP8=\"},\"s\":{\"S\":\" \"}}", "{\"p\":{\"B\":\"AP8=\"},\"s\":{\"S\":\" \"}}"}
	};
	static const char *const refused[][2] = {
		{"{\"p\":{\"S\":\"x\"}}", "item lacks key attribute \"s\""},
		{"{\"p\":{\"S\":\"x\"},\"s\":{\"S\":\"\"}}", "key attribute \"s\" is empty"},
		{"{\"p\":{\"NULL\":true},\"s\":{\"S\":\"x\"}}",
		"key attribute \"p\" is neither a string, a number nor binary"},
		{"{\"p\":{\"SS\":[\"x\"]},\"s\":{\"S\":\"x\"}}",
		"key attribute \"p\" is neither a string, a number nor binary"}
	};
	Fixture    *fixture = *state;
	const char *text;

	for (size_t i = 0; i < LENGTH(keys); i++)
	{
		assert_true(key_of(fixture, keys[i][0], 2, &text));
		assert_string_equal(text, keys[i][1]);
	}
	for (size_t i = 0; i < LENGTH(refused); i++)
	{
		assert_false(key_of(fixture, refused[i][0], 2, &text));
		assert_int_equal(fixture->base.err.code, YS_ERR_INVALID_DATA);
		assert_string_equal(fixture->base.err.message, refused[i][1]);
	}
	assert_true(key_of(fixture, "{\"p\":{\"S\":\"x\"}}", 1, &text));
	assert_string_equal(text, "{\"p\":{\"S\":\"x\"}}");
}

/* ---- memory that runs out ---- */

typedef struct FailingSource
{
	int			left;			/* allocations still granted */
} FailingSource;

static void *
failing_allocate(void *owner, size_t size)
{
	FailingSource *source = owner;

	return source->left-- > 0 ? malloc(size) : NULL;
}

static void
failing_release(void *owner, void *block)
{
	(void) owner;
	free(block);
}

static void
test_out_of_memory(void **state)
{
	Fixture    *fixture = *state;
	char	   *text = malloc(200000);
	char	   *end = text + sprintf(text, "{\"item\":{\"M\":" EVERY_TYPE "}");
	bool		decoded = false;
	bool		printed = false;

	for (int i = 0; i < 3000; i++)
		end += sprintf(end, ",\"attribute%d\":{\"NS\":[\"3\",\"2\",\"1\"]}", i);
	strcpy(end, "}");
	ys_arena_free(&fixture->base.arena);
	for (int allocations = 0; !printed; allocations++)
	{
		FailingSource source = {allocations};
		YsText		out;

		assert_true(allocations < 100);
		ys_arena_init(&fixture->base.arena, (YsArenaSource) {failing_allocate, failing_release, &source}, 0);
		decoded = decode(fixture, FORM_ITEM, text, strlen(text));
		if (!decoded)
			assert_int_equal(fixture->base.err.code, YS_ERR_OUT_OF_MEMORY);
		else
		{
			ys_text_init(&out, &fixture->base.arena);
			ys_value_print_item(&out, &fixture->value);
			ys_value_print_plain(&out, &fixture->value);
			printed = !out.failed;
		}
		ys_arena_free(&fixture->base.arena);
	}
	free(text);
}

/* ---- random values survive printing and decoding ---- */

static const char *
random_text(Fixture *fixture, uint64_t *seed, uint32_t *len)
{
	static const char *const pieces[] = {
		"a", "Z9", " ", "\"", "\\", "/", "\n", "\x01", "\x1F", "\x7F", "\xC3\xA9", "\xE2\x82\xAC",
		"\xF0\x9F\x98\x80", "\xEF\xBF\xBF", "{", "]", ":", ",", "\\u0041", "long piece of ordinary text "
	};
	YsText		text;

	ys_text_init(&text, &fixture->base.arena);
	ys_text_add(&text, "", 0);
	for (uint64_t i = unit_random(seed, 12); i > 0; i--)
	{
		uint64_t	piece = unit_random(seed, LENGTH(pieces) + 1);

		if (piece == LENGTH(pieces))
			ys_text_add(&text, "\0", 1);
		else
			ys_text_add_cstring(&text, pieces[piece]);
	}
	*len = (uint32_t) text.len;
	return text.bytes;
}

static YsValue
random_scalar(Fixture *fixture, uint64_t *seed, YsType type)
{
	YsValue		value = ys_value_null();
	char	   *bytes;

	value.type = type;
	if (type == YS_TYPE_STRING)
		value.bytes = random_text(fixture, seed, &value.len);
	else
	{
		bytes = ys_arena_alloc(&fixture->base.arena, 128);
		value.bytes = bytes;
		if (type == YS_TYPE_NUMBER)
		{
			unit_write_number(seed, (int64_t) unit_random(seed, 1000000) - 500000, bytes);
			value.len = (uint32_t) strlen(bytes);
		}
		else
		{
			value.len = (uint32_t) unit_random(seed, 100);
			for (uint32_t i = 0; i < value.len; i++)
				bytes[i] = (char) unit_random(seed, 256);
		}
	}
	return value;
}

static YsValue random_value(Fixture *fixture, uint64_t *seed, bool plain, int depth);

static YsValue
random_container(Fixture *fixture, uint64_t *seed, YsType type, bool plain, int depth)
{
	YsValue		value = ys_value_null();
	uint32_t	count = (uint32_t) unit_random(seed, unit_random(seed, 8) == 0 ? 40 : 5);

	value.type = type;
	value.len = count;
	if (type == YS_TYPE_MAP)
		value.members = ys_arena_alloc(&fixture->base.arena, count * sizeof(YsMember));
	else
		value.elements = ys_arena_alloc(&fixture->base.arena, count * sizeof(YsValue));
	for (uint32_t i = 0; i < count; i++)
	{
		if (type == YS_TYPE_MAP)
		{
			YsText		name;
			uint32_t	len;
			const char *bytes = random_text(fixture, seed, &len);
			char		number[16];

			ys_text_init(&name, &fixture->base.arena);
			ys_text_add(&name, bytes, len);
			ys_text_add(&name, number, (size_t) sprintf(number, "#%u", i));
			value.members[i].name = name.bytes;
			value.members[i].name_len = (uint32_t) name.len;
			value.members[i].value = random_value(fixture, seed, plain, depth - 1);
		}
		else if (type == YS_TYPE_LIST)
			value.elements[i] = random_value(fixture, seed, plain, depth - 1);
		else
			value.elements[i] = random_scalar(fixture, seed, (YsType) (type - YS_TYPE_STRING_SET));
	}
	return value;
}

/* plain: only what plain JSON can say */
static YsValue
random_value(Fixture *fixture, uint64_t *seed, bool plain, int depth)
{
	YsType		type;

	do
		type = (YsType) unit_random(seed, YS_TYPE_BINARY_SET + 1);
	while ((plain && (type == YS_TYPE_BINARY || type >= YS_TYPE_STRING_SET)) ||
		   (depth == 0 && (type == YS_TYPE_MAP || type == YS_TYPE_LIST)));
	switch (type)
	{
		case YS_TYPE_STRING:
		case YS_TYPE_NUMBER:
		case YS_TYPE_BINARY:
			return random_scalar(fixture, seed, type);
		case YS_TYPE_BOOL:
			return ys_value_bool(unit_random(seed, 2) == 1);
		case YS_TYPE_NULL:
			return ys_value_null();
		default:
			return random_container(fixture, seed, type, plain, depth);
	}
}

static void
assert_equal(const YsValue *a, const YsValue *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->boolean, b->boolean);
	assert_int_equal(a->len, b->len);
	if (a->type <= YS_TYPE_BINARY)
	{
		assert_memory_equal(a->bytes, b->bytes, a->len);
		assert_int_equal(b->bytes[b->len], '\0');
	}
	for (uint32_t i = 0; i < a->len && a->type >= YS_TYPE_MAP; i++)
	{
		if (a->type != YS_TYPE_MAP)
		{
			assert_equal(&a->elements[i], &b->elements[i]);
			continue;
		}
		assert_int_equal(a->members[i].name_len, b->members[i].name_len);
		assert_memory_equal(a->members[i].name, b->members[i].name, a->members[i].name_len);
		assert_equal(&a->members[i].value, &b->members[i].value);
	}
}

static bool
decode_element(void *arg, YsJsonNode *node)
{
	Fixture    *fixture = arg;

	return ys_value_from_typed_element(node, fixture->filter, &fixture->base.arena, &fixture->value,
									   &fixture->base.err);
}

static bool
no_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	(void) arg;
	(void) name;
	(void) len;
	(void) node;
	fail_msg("a member beside the items");
	return false;
}

/* The value as an attribute of an item that is decoded where it stands. */
static void
assert_decodes_in_place(Fixture *fixture, const YsValue *expected, const char *text)
{
	size_t		size = strlen(text) + 32;
	char	   *page = malloc(size);
	size_t		len = (size_t) snprintf(page, size, "{\"Items\":[{\"a\":%s}]}", text);
	char	   *copy = unit_padded(page, len, '"');
	bool		more;

	if (!ys_json_begin_elements(fixture->base.reader, copy, len, "Items", no_member, fixture,
								&fixture->base.err) ||
		!ys_json_next_element(fixture->base.reader, decode_element, no_member, fixture, &more,
							  &fixture->base.err))
		fail_msg("%.200s: %s: %s", page, fixture->base.err.message, fixture->base.err.detail);
	assert_true(more);
	assert_int_equal(fixture->value.len, 1);
	assert_string_equal(fixture->value.members[0].name, "a");
	assert_equal(expected, &fixture->value.members[0].value);
	assert_true(ys_json_next_element(fixture->base.reader, decode_element, no_member, fixture, &more,
									 &fixture->base.err));
	assert_false(more);
	fixture->value = *expected;
	free(copy);
	free(page);
}

static void
test_round_trip(void **state)
{
	Fixture    *fixture = *state;
	uint64_t	seed = unit_seed("round trip");

	for (int i = 0; i < 5000; i++)
	{
		Form		form = i % 2 == 0 ? FORM_TYPED : FORM_PLAIN;
		YsValue		value = random_value(fixture, &seed, form == FORM_PLAIN, 5);
		const char *text;

		fixture->value = value;
		text = print(fixture, form);
		assert_decodes(fixture, form, text);
		assert_equal(&value, &fixture->value);
		assert_string_equal(print(fixture, form), text);
		if (form == FORM_TYPED)
			assert_decodes_in_place(fixture, &value, text);

		/* The plain form of any value is JSON. */
		text = print(fixture, FORM_PLAIN);
		assert_decodes(fixture, FORM_PLAIN, text);
		assert_string_equal(print(fixture, FORM_PLAIN), text);
		ys_arena_reset(&fixture->base.arena);
	}
}

/* Random damage to an item: no crash, and what is accepted survives printing. */
static void
test_damaged(void **state)
{
	static const char bytes[] = "{}[],:\"\\u019SNBML.-eE=tfnl \x80";
	Fixture    *fixture = *state;
	uint64_t	seed = unit_seed("damaged items");
	int			accepted = 0;

	for (int i = 0; i < 50000; i++)
	{
		char		damaged[] = EVERY_TYPE;
		const char *printed;

		for (uint64_t j = unit_random(&seed, 3) + 1; j > 0; j--)
			damaged[unit_random(&seed, sizeof(damaged) - 1)] = bytes[unit_random(&seed, sizeof(bytes))];
		ys_arena_reset(&fixture->base.arena);
		if (!decode(fixture, FORM_ITEM, damaged, sizeof(damaged) - 1))
		{
			assert_int_equal(fixture->base.err.code, YS_ERR_INVALID_DATA);
			continue;
		}
		accepted++;
		printed = print(fixture, FORM_ITEM);
		assert_decodes(fixture, FORM_ITEM, printed);
		assert_string_equal(print(fixture, FORM_ITEM), printed);
	}
	assert_true(accepted > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_typed, set_up, unit_tear_down),
		cmocka_unit_test(test_tags),
		cmocka_unit_test_setup_teardown(test_plain, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_control_characters, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_filter, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_number_size, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_many_attributes, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_canonical_key, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, unit_tear_down)
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
