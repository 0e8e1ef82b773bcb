/*-------------------------------------------------------------------------
 * test_event.c
 *	  Change events: what is taken from a record, and which are refused.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "stream/event.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const names[] = {"id", "at"};

static const YsType usual_types[] = {YS_TYPE_STRING, YS_TYPE_NUMBER};
static const YsType *types = usual_types;

typedef struct Fixture
{
	UnitFixture base;
	YsEvents	events;
	YsEvent		event;			/* the only one */
} Fixture;

static int
set_up(void **state)
{
	return unit_set_up(state, sizeof(Fixture));
}

/* The message is freed before the event is looked at: nothing may point into it. */
static bool
decode(Fixture *fixture, const char *text, size_t len, int nkeys)
{
	char	   *copy = unit_padded(text, len, '}');
	YsEventReading reading = {.format = YS_FORMAT_DYNAMODB, .nkeys = nkeys, .key_names = names, .key_types = types};
	YsEventMessage message = {.value = copy, .value_len = len};

	ys_arena_reset(&fixture->base.arena);
	memset(&fixture->base.err, 0, sizeof(fixture->base.err));
	assert_true(ys_event_decode(&reading, fixture->base.reader, &message, &fixture->base.arena, &fixture->events,
								&fixture->base.err));
	memset(copy, 'x', len);
	free(copy);
	assert_int_equal(fixture->events.count, 1);
	fixture->event = fixture->events.events[0];
	if (fixture->event.error != NULL)
		fixture->base.err = *fixture->event.error;
	return fixture->event.error == NULL;
}

static void
assert_event(Fixture *fixture, const char *message, int nkeys)
{
	if (!decode(fixture, message, strlen(message), nkeys))
		fail_msg("%s: %s", fixture->base.err.message, fixture->base.err.detail);
}

static void
assert_refused(Fixture *fixture, const char *message, int nkeys, const char *expected)
{
	if (decode(fixture, message, strlen(message), nkeys))
		fail_msg("accepted: %s", message);
	assert_int_equal(fixture->base.err.code, YS_ERR_INVALID_DATA);
	assert_string_equal(fixture->base.err.message, expected);
}

#define RECORD(name, dynamodb) \
	"{\"eventID\":\"e1\",\"eventName\":\"" name "\",\"eventVersion\":\"1.1\"," \
	"\"eventSource\":\"aws:dynamodb\",\"awsRegion\":\"eu-south-1\",\"dynamodb\":{" dynamodb "}}"

#define KEYS	"\"Keys\":{\"id\":{\"S\":\"v1\"}}"
#define IMAGE	"\"NewImage\":{\"id\":{\"S\":\"v1\"},\"odo\":{\"N\":\"12345\"}}"

static void
test_insert(void **state)
{
	Fixture    *fixture = *state;
	const YsValue *odo;

	assert_event(fixture,
				 RECORD("INSERT",
						"\"ApproximateCreationDateTime\":1700000000," KEYS "," IMAGE ","
						"\"OldImage\":{\"id\":{\"nonsense\":[1,2]}},\"SequenceNumber\":\"111100000000000000000001\","
						"\"SizeBytes\":26,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\""), 1);
	assert_string_equal(fixture->event.key, "{\"id\":{\"S\":\"v1\"}}");
	assert_int_equal(fixture->event.key_len, strlen(fixture->event.key));
	assert_int_equal(fixture->event.changed_at_us, INT64_C(1700000000000000));
	assert_int_equal(fixture->event.kind, YS_EVENT_INSERT);
	assert_false(fixture->event.keys_only);
	assert_non_null(fixture->event.new_image);
	assert_int_equal(fixture->event.new_image->len, 2);
	odo = ys_value_member(fixture->event.new_image, "odo", 3);
	assert_non_null(odo);
	assert_string_equal(odo->bytes, "12345");
}

/* Keys come in the table's order, whatever the record's; numbers are canonical in the key text. */
static void
test_key_order(void **state)
{
	Fixture    *fixture = *state;

	assert_event(fixture,
				 "{\"dynamodb\":{\"Keys\":{\"at\":{\"N\":\"1.20e2\"},\"x\":{\"S\":\"\"},\"id\":{\"S\":\"v\"}}},"
				 "\"eventName\":\"REMOVE\"}", 2);
	assert_string_equal(fixture->event.key, "{\"id\":{\"S\":\"v\"},\"at\":{\"N\":\"120\"}}");
	assert_int_equal(fixture->event.keys.type, YS_TYPE_MAP);
	assert_int_equal(fixture->event.keys.len, 2);
	assert_string_equal(fixture->event.keys.members[0].name, "id");
	assert_int_equal(fixture->event.keys.members[0].value.type, YS_TYPE_STRING);
	assert_string_equal(fixture->event.keys.members[1].value.bytes, "1.20e2");
}

/* A key that no item of the store can have is of no row: it is neither asked for nor noted. */
static void
test_impossible_keys(void **state)
{
	static const struct
	{
		const char *id;
		const char *at;
		const char *error;		/* NULL: possible */
	}			cases[] = {
		{"{\"S\":\"x\"}", "{\"N\":\"1\"}", NULL},
		{"{\"N\":\"5\"}", "{\"N\":\"1\"}", "key attribute \"id\" is no string"},
		{"{\"S\":\"\"}", "{\"N\":\"1\"}", "key attribute \"id\" is empty"},
		{"{\"S\":\"x\"}", "{\"S\":\"1\"}", "key attribute \"at\" is no number"},
		{"{\"S\":\"x\"}", "{\"N\":\"1E125\"}", NULL},
		{"{\"S\":\"x\"}", "{\"N\":\"1E126\"}", "key attribute \"at\" is a number that the store cannot hold"},
	};
	static const YsType binary[] = {YS_TYPE_BINARY, YS_TYPE_BINARY};
	Fixture    *fixture = *state;
	char		message[8192];
	char		id[4096];

	for (size_t i = 0; i < LENGTH(cases); i++)
	{
		for (int image = 0; image < 2; image++)
		{
			snprintf(message, sizeof(message), RECORD("MODIFY", "\"Keys\":{\"id\":%s,\"at\":%s}%s"), cases[i].id, cases[i].at,
					 image ? ",\"NewImage\":{\"x\":{\"S\":\"y\"}}" : "");
			if (cases[i].error == NULL)
			{
				assert_event(fixture, message, 2);
				assert_int_equal(fixture->event.keys_only, !image);
				continue;
			}
			assert_refused(fixture, message, 2, cases[i].error);
			assert_null(fixture->event.key);
			assert_false(fixture->event.keys_only);
		}
	}
	for (int len = 2048; len <= 2049; len++)
	{
		memset(id, 'x', (size_t) len);
		id[len] = '\0';
		snprintf(message, sizeof(message), RECORD("REMOVE", "\"Keys\":{\"id\":{\"S\":\"%s\"}}"), id);
		if (len == 2048)
			assert_event(fixture, message, 1);
		else
			assert_refused(fixture, message, 1, "key attribute \"id\" is longer than the store's keys are");
	}
	types = binary;
	for (int len = 1022; len <= 1026; len += 3)
	{
		/* base64 of so many bytes, which are zeros */
		memset(id, 'A', (size_t) (len + 2) / 3 * 4);
		if (len % 3 != 0)
			memset(id + (len + 2) / 3 * 4 - (3 - len % 3), '=', (size_t) (3 - len % 3));
		id[(len + 2) / 3 * 4] = '\0';
		snprintf(message, sizeof(message), RECORD("REMOVE", "\"Keys\":{\"id\":{\"B\":\"AA==\"},\"at\":{\"B\":\"%s\"}}"), id);
		if (len <= 1024)
			assert_event(fixture, message, 2);
		else
			assert_refused(fixture, message, 2, "key attribute \"at\" is longer than the store's keys are");
	}
	types = usual_types;
}

static void
test_images(void **state)
{
	Fixture    *fixture = *state;

	assert_event(fixture, RECORD("MODIFY", KEYS "," IMAGE), 1);
	assert_non_null(fixture->event.new_image);
	assert_false(fixture->event.keys_only);
	assert_int_equal(fixture->event.changed_at_us, 0);
	assert_int_equal(fixture->event.kind, YS_EVENT_UPDATE);

	assert_event(fixture, RECORD("MODIFY", KEYS), 1);
	assert_null(fixture->event.new_image);
	assert_true(fixture->event.keys_only);

	assert_event(fixture, RECORD("MODIFY", KEYS ",\"NewImage\":null,\"SequenceNumber\":null"), 1);
	assert_true(fixture->event.keys_only);

	assert_event(fixture, RECORD("REMOVE", KEYS ",\"OldImage\":{\"id\":{\"S\":\"v1\"}}"), 1);
	assert_null(fixture->event.new_image);
	assert_false(fixture->event.keys_only);

	assert_event(fixture, RECORD("REMOVE", KEYS "," IMAGE), 1);
	assert_null(fixture->event.new_image);
}

static void
test_created_at(void **state)
{
	static const struct
	{
		const char *text;
		int64_t		us;
	}			times[] = {
		{"0", 0}, {"1700000000.5", INT64_C(1700000000500000)},
		{"1700000000.123456", INT64_C(1700000000123456)}, {"1700000000.1234569", INT64_C(1700000000123456)},
		{"1.7E9", INT64_C(1700000000000000)}, {"1700000000.000", INT64_C(1700000000000000)},
		{"253402300799", INT64_C(253402300799000000)}, {"1e-7", 0},
		{"1700000000123", INT64_C(1700000000123000)}, {"1700000000123.5", INT64_C(1700000000123500)},
		{"1700000000123456", INT64_C(1700000000123456)}, {"253402300799999999", INT64_C(253402300799999999)}
	};
	static const char *const refused[] = {
		"-1", "1e300", "253402300800000000", "1e-60", "123456789012345678901234567890"
	};
	char		message[512];

	for (size_t i = 0; i < LENGTH(times); i++)
	{
		snprintf(message, sizeof(message), RECORD("REMOVE", KEYS ",\"ApproximateCreationDateTime\":%s"),
				 times[i].text);
		assert_event(*state, message, 1);
		assert_int_equal(((Fixture *) *state)->event.changed_at_us, times[i].us);
	}
	for (size_t i = 0; i < LENGTH(refused); i++)
	{
		snprintf(message, sizeof(message), RECORD("REMOVE", KEYS ",\"ApproximateCreationDateTime\":%s"),
				 refused[i]);
		assert_refused(*state, message, 1, "event has no usable creation time");
	}
}

static void
test_refused(void **state)
{
	static const char *const messages[][2] = {
		{"", "document is not valid JSON"},
		{"{", "document is not valid JSON"},
		{"\xFF", "document is not valid JSON"},
		{RECORD("INSERT", KEYS) "x", "document is not valid JSON"},
		{"{}", "event has no name"},
		{"[]", "JSON has an array where an object is expected"},
		{"{\"eventName\":\"INSERT\"}", "event has no keys"},
		{"{\"eventName\":\"INSERT\",\"dynamodb\":null}", "JSON has null where an object is expected"},
		{"{\"eventName\":1}", "JSON has a number where a string is expected"},
		{"{\"eventName\":\"INSERT\",\"eventName\":\"INSERT\"}", "event has more than one \"eventName\""},
		{"{\"eventName\":\"INSERT\",\"dynamodb\":{},\"dynamodb\":{}}", "event has more than one \"dynamodb\""},
		{RECORD("insert", KEYS), "event has an unknown name"},
		{RECORD("", KEYS), "event has an unknown name"},
		{RECORD("INSERT", IMAGE), "event has no keys"},
		{RECORD("INSERT", "\"Keys\":{}"), "item lacks key attribute \"id\""},
		{RECORD("INSERT", "\"Keys\":{\"ID\":{\"S\":\"v1\"}}"), "item lacks key attribute \"id\""},
		{RECORD("INSERT", "\"Keys\":{\"id\":{\"S\":\"\"}}"), "key attribute \"id\" is empty"},
		{RECORD("INSERT", "\"Keys\":{\"id\":{\"B\":\"\"}}"), "key attribute \"id\" is empty"},
		{RECORD("INSERT", "\"Keys\":{\"id\":{\"BOOL\":true}}"),
		"key attribute \"id\" is neither a string, a number nor binary"},
		{RECORD("INSERT", "\"Keys\":{\"id\":{\"M\":{}}}"),
		"key attribute \"id\" is neither a string, a number nor binary"},
		{RECORD("INSERT", "\"Keys\":{\"id\":{\"S\":\"a\"},\"id\":{\"S\":\"b\"}}"), "attribute occurs more than once"},
		{RECORD("INSERT", KEYS "," KEYS), "event has more than one \"Keys\""},
		{RECORD("INSERT", KEYS "," IMAGE "," IMAGE), "event has more than one \"NewImage\""},
		{RECORD("INSERT", KEYS ",\"NewImage\":[]"), "JSON has an array where an object is expected"},
		{RECORD("INSERT", KEYS ",\"NewImage\":{\"a\":1}"), "JSON has a number where an object is expected"},
		{RECORD("INSERT", KEYS ",\"SequenceNumber\":12"), "JSON has a number where a string is expected"},
		{RECORD("INSERT", KEYS ",\"SequenceNumber\":\"\""), "event's sequence number has a wrong length"},
		{RECORD("INSERT", KEYS ",\"SequenceNumber\":\"123456789012345678901234567890123456789012345678\""),
		"event's sequence number has a wrong length"},
		{RECORD("INSERT", KEYS ",\"SequenceNumber\":\"1a\""), "event's sequence number is not a decimal number"},
		{RECORD("INSERT", KEYS ",\"ApproximateCreationDateTime\":\"1\""),
		"JSON has a string where a number is expected"},
		{RECORD("INSERT", KEYS ",\"ApproximateCreationDateTime\":1,\"ApproximateCreationDateTime\":1"),
		"event has more than one \"ApproximateCreationDateTime\""}
	};

	for (size_t i = 0; i < LENGTH(messages); i++)
		assert_refused(*state, messages[i][0], 1, messages[i][1]);
	assert_refused(*state, RECORD("INSERT", KEYS), 2, "item lacks key attribute \"at\"");
}

static void
test_truncated(void **state)
{
	static const char message[] =
		RECORD("MODIFY", "\"ApproximateCreationDateTime\":1700000000," KEYS "," IMAGE ",\"SequenceNumber\":\"12\"");

	for (size_t len = 0; len < strlen(message); len++)
		assert_false(decode(*state, message, len, 1));
	assert_true(decode(*state, message, strlen(message), 1));
}

/* U+0000 is kept in the key and its text, and memory that runs out is an error of its own. */
static void
test_limits(void **state)
{
	Fixture    *fixture = *state;
	YsArena		small;
	static const char message[] = RECORD("MODIFY", "\"Keys\":{\"id\":{\"S\":\"a\\u0000b\"}}," IMAGE);
	YsEventReading reading = {.format = YS_FORMAT_DYNAMODB, .nkeys = 1, .key_names = names, .key_types = types};
	YsEventMessage bytes;
	char	   *copy;

	assert_event(fixture, message, 1);
	assert_string_equal(fixture->event.key, "{\"id\":{\"S\":\"a\\u0000b\"}}");
	assert_int_equal(fixture->event.keys.members[0].value.len, 3);
	assert_memory_equal(fixture->event.keys.members[0].value.bytes, "a\0b", 4);

	copy = unit_padded(message, strlen(message), '\0');
	bytes = (YsEventMessage) {.value = copy, .value_len = strlen(message)};
	for (size_t most = 100; most <= 400; most += 100)
	{
		ys_arena_init(&small, ys_arena_malloc, most);
		assert_false(ys_event_decode(&reading, fixture->base.reader, &bytes, &small, &fixture->events,
									 &fixture->base.err));
		assert_int_equal(fixture->base.err.code, YS_ERR_OUT_OF_MEMORY);
		ys_arena_free(&small);
	}
	free(copy);
}

static void
test_format_names(void **state)
{
	YsEventFormat format;

	(void) state;
	assert_true(ys_event_format_by_name("dynamodb", &format));
	assert_int_equal(format, YS_FORMAT_DYNAMODB);
	assert_true(ys_event_format_by_name("auto", &format));
	assert_int_equal(format, YS_FORMAT_AUTO);
	assert_string_equal(ys_event_format_name(YS_FORMAT_DEBEZIUM), "debezium");
	assert_false(ys_event_format_by_name("DynamoDB", &format));
	assert_false(ys_event_format_by_name("", &format));
}

/* Of the new state what is wanted is decoded, under the names it is wanted by. */
static void
test_wanted(void **state)
{
	Fixture    *fixture = *state;
	static const YsPathStep path[] = {{"a", 1, 0}, {"b", 1, 0}};
	const char *message = RECORD("MODIFY", "\"Keys\":{\"id\":{\"S\":\"k\"}},\"NewImage\":{\"id\":{\"S\":\"k\"},"
								 "\"a\":{\"M\":{\"c\":{\"ZZ\":0},\"b\":{\"N\":\"1\"}}},\"d\":7}");
	YsPathTree	wanted = {0};
	YsText		text;
	char	   *copy = unit_padded(message, strlen(message), '}');
	YsEventReading reading = {.format = YS_FORMAT_DYNAMODB, .nkeys = 1, .key_names = names, .key_types = types,
	.wanted = &wanted};
	YsEventMessage bytes = {.value = copy, .value_len = strlen(message)};

	assert_true(ys_tree_add(&wanted, path, 2, &fixture->base.arena) > 0);
	assert_true(ys_event_decode(&reading, fixture->base.reader, &bytes, &fixture->base.arena, &fixture->events,
								&fixture->base.err));
	assert_int_equal(fixture->events.count, 1);
	fixture->event = fixture->events.events[0];
	free(copy);
	ys_text_init(&text, &fixture->base.arena);
	ys_value_print_item(&text, fixture->event.new_image);
	assert_string_equal(text.bytes, "{\"a\":{\"M\":{\"b\":{\"N\":\"1\"}}}}");
	assert_ptr_equal(fixture->event.new_image->members[0].name, path[0].name);
	assert_string_equal(fixture->event.key, "{\"id\":{\"S\":\"k\"}}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_insert, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_key_order, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_impossible_keys, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_images, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_created_at, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_truncated, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, unit_tear_down),
		cmocka_unit_test(test_format_names),
		cmocka_unit_test_setup_teardown(test_wanted, set_up, unit_tear_down),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
