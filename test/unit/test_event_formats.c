/*-------------------------------------------------------------------------
 * test_event_formats.c
 *	  Messages of all formats, and what events are made of them.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "stream/event.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const names[] = {"id", "at"};
static const YsType types[] = {YS_TYPE_STRING, YS_TYPE_NUMBER};

typedef struct Fixture
{
	UnitFixture base;
	YsEvents	events;
} Fixture;

/* A message and the events expected, as print_events writes them. */
typedef struct Case
{
	YsEventFormat format;
	const char *key;
	const char *value;
	const char *expected;
} Case;

static int
set_up(void **state)
{
	return unit_set_up(state, sizeof(Fixture));
}

static void
add_image(YsText *text, const char *name, const YsValue *image)
{
	if (image == NULL)
		return;
	ys_text_add_cstring(text, name);
	ys_value_print_plain(text, image);
}

/* format; kind key> new image < old image @table; ... +passed over */
static const char *
print_events(Fixture *fixture)
{
	const YsEvents *events = &fixture->events;
	YsText		text;
	char		number[32];

	ys_text_init(&text, &fixture->base.arena);
	ys_text_add_cstring(&text, ys_event_format_name(events->format));
	for (int i = 0; i < events->count; i++)
	{
		const YsEvent *event = &events->events[i];

		ys_text_add_cstring(&text, "; ");
		if (event->error != NULL)
			ys_text_add_cstring(&text, event->error->message);
		else
			ys_text_add_cstring(&text, ys_event_kind_name(event->kind));
		if (event->keys_only)
			ys_text_add_cstring(&text, " keys only");
		if (event->key != NULL)
		{
			ys_text_add_cstring(&text, " ");
			ys_text_add(&text, event->key, event->key_len);
		}
		add_image(&text, " > ", event->new_image);
		add_image(&text, " < ", event->old_image);
		if (event->table != NULL)
		{
			ys_text_add_cstring(&text, " @");
			ys_text_add(&text, event->table, event->table_len);
		}
		if (event->changed_at_us != 0)
		{
			snprintf(number, sizeof(number), " %lld", (long long) event->changed_at_us);
			ys_text_add_cstring(&text, number);
		}
	}
	if (events->passed_over > 0)
	{
		snprintf(number, sizeof(number), "; +%d", events->passed_over);
		ys_text_add_cstring(&text, number);
	}
	return text.bytes;
}

static const char *
decode(Fixture *fixture, const YsEventReading *reading, const char *key, size_t key_len, const char *value,
	   size_t value_len)
{
	char	   *key_copy = key != NULL ? unit_padded(key, key_len, 'x') : NULL;
	char	   *value_copy = value != NULL ? unit_padded(value, value_len, 'x') : NULL;
	YsEventMessage message = {key_copy, key_len, value_copy, value_len};

	ys_arena_reset(&fixture->base.arena);
	if (!ys_event_decode(reading, fixture->base.reader, &message, &fixture->base.arena, &fixture->events,
						 &fixture->base.err))
		fail_msg("%s", fixture->base.err.message);
	free(key_copy);
	free(value_copy);
	return print_events(fixture);
}

static void
run_cases(Fixture *fixture, YsEventReading reading, const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		const Case *each = &cases[i];
		const char *result;

		reading.format = each->format;
		result = decode(fixture, &reading, each->key, each->key != NULL ? strlen(each->key) : 0,
						each->value, each->value != NULL ? strlen(each->value) : 0);
		if (strcmp(result, each->expected) != 0)
			fail_msg("%s | %s\nis       %s\nnot      %s", each->key != NULL ? each->key : "-",
					 each->value != NULL ? each->value : "-", result, each->expected);
	}
}

static YsEventReading
reading_of(int nkeys)
{
	return (YsEventReading) {.nkeys = nkeys, .key_names = names, .key_types = types};
}

#define AUTO		YS_FORMAT_AUTO
#define DYNAMODB	YS_FORMAT_DYNAMODB
#define DEBEZIUM	YS_FORMAT_DEBEZIUM
#define DOCUMENT	YS_FORMAT_DOCUMENT

#define KEY(k)		"{\"id\":{\"S\":\"" k "\"}}"
#define ARN(t)		"\"eventSourceARN\":\"arn:aws:dynamodb:eu-south-1:123456789012:table/" t "/stream/2026-01-01T00:00:00.000\""
#define PUT(k)		"\"eventName\":\"INSERT\",\"dynamodb\":{\"Keys\":" KEY(k) ",\"NewImage\":{\"id\":{\"S\":\"" k "\"},\"n\":{\"N\":\"1\"}}}"
#define GONE(k)		"\"eventName\":\"REMOVE\",\"dynamodb\":{\"Keys\":" KEY(k) "}"

static void
test_records(void **state)
{
	static const Case cases[] = {
		{AUTO, NULL, "{" PUT("a") "}", "dynamodb; insert " KEY("a") " > {\"id\":\"a\",\"n\":1}"},
		{AUTO, NULL, "{" PUT("a") "," ARN("cars") "}", "dynamodb; insert " KEY("a") " > {\"id\":\"a\",\"n\":1} @cars"},
		{AUTO, NULL, "{\"tableName\":\"cars\"," GONE("a") "}", "dynamodb; delete " KEY("a") " @cars"},
		{AUTO, NULL, "{\"tableName\":\"cars\"," GONE("a") "," ARN("trucks") "}", "dynamodb; delete " KEY("a") " @cars"},
		{AUTO, NULL, "{\"Records\":[{" PUT("a") "},{" GONE("a") "," ARN("t") "},{" PUT("b") "}]}",
			"dynamodb; insert " KEY("a") " > {\"id\":\"a\",\"n\":1}; delete " KEY("a") " @t; insert " KEY("b") " > {\"id\":\"b\",\"n\":1}"},
		{DYNAMODB, KEY("k"), "{\"Records\":[{" PUT("a") "},{\"eventName\":\"INSERT\"},null,{" PUT("b") "}]}",
			"dynamodb; insert " KEY("a") " > {\"id\":\"a\",\"n\":1}; event has no keys; JSON has null where an object is expected; "
			"insert " KEY("b") " > {\"id\":\"b\",\"n\":1}"},
		{DYNAMODB, NULL, "{\"Records\":[]}", "dynamodb"},
		{AUTO, NULL, "{\"Records\":[]}", "dynamodb"},
		{DYNAMODB, NULL, "{\"Records\":[{" PUT("a") "}],\"eventName\":\"REMOVE\"}",
			"dynamodb; message is a record and has others"},
		{DYNAMODB, KEY("k"), "{\"Records\":[{" PUT("a") "},{" PUT("b") "]}", "dynamodb; document is not valid JSON " KEY("k")},
		{DYNAMODB, KEY("k"), "{\"Records\":1}", "dynamodb; event has no name " KEY("k")},
		/* views without the new state */
		{AUTO, NULL, "{\"eventName\":\"MODIFY\",\"dynamodb\":{\"Keys\":" KEY("a") ",\"StreamViewType\":\"KEYS_ONLY\"}}",
			"dynamodb; update keys only " KEY("a")},
		{AUTO, NULL, "{\"eventName\":\"MODIFY\",\"dynamodb\":{\"Keys\":" KEY("a") ",\"OldImage\":{\"id\":{\"S\":\"a\"}}}}",
			"dynamodb; update keys only " KEY("a")},
		{AUTO, NULL, "{\"eventName\":\"REMOVE\",\"dynamodb\":{\"Keys\":" KEY("a") ",\"StreamViewType\":\"KEYS_ONLY\"}}",
			"dynamodb; delete " KEY("a")},
		/* of Kinesis */
		{AUTO, NULL, "{\"awsRegion\":\"x\",\"eventID\":\"1\",\"eventName\":\"REMOVE\",\"userIdentity\":null,"
			"\"recordFormat\":\"application/json\",\"tableName\":\"cars\",\"dynamodb\":{\"ApproximateCreationDateTime\":1700000000123456,"
			"\"Keys\":" KEY("a") ",\"SizeBytes\":9,\"ApproximateCreationDateTimePrecision\":\"MICROSECOND\"},\"eventSource\":\"aws:dynamodb\"}",
			"dynamodb; delete " KEY("a") " @cars 1700000000123456"},
		{AUTO, NULL, "{\"eventName\":\"REMOVE\",\"dynamodb\":{\"ApproximateCreationDateTimePrecision\":\"MILLISECOND\","
			"\"ApproximateCreationDateTime\":1700000000123,\"Keys\":" KEY("a") "}}", "dynamodb; delete " KEY("a") " 1700000000123000"},
		{AUTO, NULL, "{\"eventName\":\"REMOVE\",\"dynamodb\":{\"ApproximateCreationDateTimePrecision\":\"HOUR\","
			"\"ApproximateCreationDateTime\":1,\"Keys\":" KEY("a") "}}",
			"dynamodb; event's creation time is of an unknown precision " KEY("a")},
		/* what can't be used keeps the key that it tells, or the message's */
		{DYNAMODB, KEY("k"), "{\"eventName\":\"INSERT\",\"dynamodb\":{\"Keys\":" KEY("a") ",\"NewImage\":{\"n\":{\"Q\":1}}}}",
			"dynamodb; attribute has an unknown type tag " KEY("a")},
		{DYNAMODB, KEY("k"), "hello", "dynamodb; document is not valid JSON " KEY("k")},
		{DYNAMODB, "{\"id\":\"k\"}", "hello", "dynamodb; document is not valid JSON " KEY("k")},
		{DYNAMODB, "k", "hello", "dynamodb; document is not valid JSON"},
		{DYNAMODB, KEY("k"), "not json", "dynamodb; document is not valid JSON " KEY("k")},
		{DYNAMODB, KEY("k"), "tru", "dynamodb; document is not valid JSON " KEY("k")},
		{DYNAMODB, KEY("k"), "true", "dynamodb; JSON has a boolean where an object is expected " KEY("k")},
		{AUTO, "k", "[1]", "auto; JSON has an array where an object is expected " KEY("k")},
		{AUTO, "\"k\"", "[1]", "auto; JSON has an array where an object is expected " KEY("k")},
		{DEBEZIUM, "k", "{\"op\":\"w\"}", "debezium; event has an unknown \"op\" " KEY("k")},
		{DYNAMODB, KEY("k"), NULL, "dynamodb; event has no value " KEY("k")},
		{DYNAMODB, KEY("k"), "{}", "dynamodb; event has no name " KEY("k")},
	};

	run_cases(*state, reading_of(1), cases, LENGTH(cases));
}

/* Lambda's event of a Kinesis stream: each record has another document in base64. */
static void
test_kinesis(void **state)
{
	Fixture    *fixture = *state;
	YsEventReading reading = reading_of(1);
	static const char *const records[] = {
		"{" PUT("a") ",\"tableName\":\"cars\"}", "{\"broken", "{}", "{" GONE("b") "}", ""
	};
	YsArena		arena;
	YsText		text;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	ys_text_init(&text, &arena);
	ys_text_add_cstring(&text, "{\"Records\":[");
	for (size_t i = 0; i < LENGTH(records); i++)
	{
		ys_text_add_cstring(&text, i > 0 ? ",{\"kinesis\":{\"partitionKey\":\"p\",\"data\":\"" : "{\"kinesis\":{\"data\":\"");
		ys_base64_encode(&text, records[i], strlen(records[i]));
		ys_text_add_cstring(&text, "\"},\"eventSource\":\"aws:kinesis\",\"eventName\":\"aws:kinesis:record\",\"eventID\":\"shardId-0:1\","
							"\"eventSourceARN\":\"arn:aws:kinesis:eu-south-1:123456789012:stream/s\"}");
	}
	ys_text_add_cstring(&text, ",{\"kinesis\":{\"data\":\"?\"}},{\"kinesis\":{}},{\"kinesis\":[]}]}");
	reading.format = AUTO;
	assert_string_equal(decode(fixture, &reading, NULL, 0, text.bytes, text.len),
						"dynamodb; insert " KEY("a") " > {\"id\":\"a\",\"n\":1} @cars; document is not valid JSON; event has no name; "
						"delete " KEY("b") "; document is not valid JSON; binary attribute is not valid base64; event has no name; "
						"JSON has an array where an object is expected");
	ys_arena_free(&arena);
}

#define SOURCE(t)	"\"source\":{\"connector\":\"postgresql\",\"db\":\"d\",\"table\":\"" t "\",\"ts_ms\":1700000000123}"
#define ROW(k)		"{\"id\":\"" k "\",\"n\":1}"

static void
test_debezium(void **state)
{
	static const Case cases[] = {
		{AUTO, "{\"id\":\"a\"}", "{\"before\":null,\"after\":" ROW("a") "," SOURCE("cars") ",\"op\":\"c\",\"ts_ms\":1800000000000}",
			"debezium; insert " KEY("a") " > {\"id\":\"a\",\"n\":1} @cars 1700000000123000"},
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"u\",\"before\":" ROW("a") ",\"after\":" ROW("a") "}",
			"debezium; update " KEY("a") " > {\"id\":\"a\",\"n\":1}"},
		/* what wasn't repeated is read from the store */
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"u\",\"before\":null,\"after\":{\"id\":\"a\",\"n\":\"__debezium_unavailable_value\"}}",
			"debezium; update keys only " KEY("a")},
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"r\",\"after\":" ROW("a") ",\"ts_ms\":1700000000123}",
			"debezium; snapshot " KEY("a") " > {\"id\":\"a\",\"n\":1} 1700000000123000"},
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"r\",\"after\":" ROW("a") ",\"ts_us\":1700000000123456,\"ts_ms\":1700000000123}",
			"debezium; snapshot " KEY("a") " > {\"id\":\"a\",\"n\":1} 1700000000123456"},
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"d\",\"before\":" ROW("a") ",\"after\":null}", "debezium; delete " KEY("a")},
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"d\",\"before\":null,\"after\":null}", "debezium; delete " KEY("a")},
		{AUTO, NULL, "{\"op\":\"d\",\"before\":" ROW("a") ",\"after\":null}", "debezium; delete " KEY("a")},
		{AUTO, NULL, "{\"op\":\"c\",\"after\":" ROW("a") "}", "debezium; insert " KEY("a") " > {\"id\":\"a\",\"n\":1}"},
		{AUTO, NULL, "{\"op\":\"d\",\"before\":null,\"after\":null}", "debezium; event has neither a key nor a row"},
		/* with schema, of the key too */
		{AUTO, "{\"schema\":{\"type\":\"struct\",\"fields\":[]},\"payload\":{\"id\":\"a\"}}",
			"{\"schema\":{\"type\":\"struct\"},\"payload\":{\"before\":null,\"after\":" ROW("a") "," SOURCE("t") ",\"op\":\"c\"}}",
			"debezium; insert " KEY("a") " > {\"id\":\"a\",\"n\":1} @t 1700000000123000"},
		{AUTO, "{\"payload\":{\"id\":\"a\"},\"schema\":{}}", "{\"payload\":{\"op\":\"d\",\"before\":null},\"schema\":null}",
			"debezium; delete " KEY("a")},
		/* the key's attributes are the row's, whatever the row lacks */
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"c\",\"after\":{\"n\":1}}", "debezium; insert " KEY("a") " > {\"n\":1,\"id\":\"a\"}"},
		{AUTO, "{\"id\":\"a\",\"__dbz__physicalTableIdentifier\":\"x\"}", "{\"op\":\"c\",\"after\":{}}",
			"debezium; insert " KEY("a") " > {\"id\":\"a\"}"},
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"c\",\"after\":" ROW("b") "}",
			"debezium; key attribute \"id\" is not what the message's key says " KEY("a")},
		/* what says nothing of an item */
		{DEBEZIUM, "{\"id\":\"a\"}", NULL, "debezium; +1"},
		{DEBEZIUM, "{\"id\":\"a\"}", "null", "debezium; +1"},
		{DEBEZIUM, NULL, "{\"schema\":null,\"payload\":null}", "debezium; +1"},
		{DEBEZIUM, NULL, "{\"op\":\"m\",\"message\":{\"prefix\":\"p\",\"content\":\"AA==\"}}", "debezium; +1"},
		/* malformed */
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":\"c\",\"after\":null}", "debezium; event has no row \"after\" the change " KEY("a")},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":\"u\"}", "debezium; event has no row \"after\" the change " KEY("a")},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":\"u\",\"after\":[]}", "debezium; JSON has an array where an object is expected " KEY("a")},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":\"x\",\"after\":{}}", "debezium; event has an unknown \"op\" " KEY("a")},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":1,\"after\":{}}", "debezium; JSON has a number where a string is expected " KEY("a")},
		{DEBEZIUM, NULL, "{\"op\":\"t\",\"after\":null}", "debezium; event says that its whole table was truncated"},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":\"c\",\"after\":{},\"after\":{}}", "debezium; event has more than one \"after\" " KEY("a")},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":\"c\",\"after\":{},\"source\":{\"ts_ms\":-1}}", "debezium; event has no usable time " KEY("a")},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":\"c\",\"after\":{},\"source\":{\"table\":7}}",
			"debezium; JSON has a number where a string is expected " KEY("a")},
		{DEBEZIUM, "{\"no\":\"a\"}", "{\"op\":\"c\",\"after\":{\"id\":\"a\"}}", "debezium; message's key lacks key attribute \"id\""},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"id\":\"a\"}", "debezium; message is no envelope " KEY("a")},
		{DEBEZIUM, "{\"id\":\"a\"}", "[]", "debezium; JSON has an array where an object is expected " KEY("a")},
		{DEBEZIUM, "{\"id\":\"a\"}", "{\"op\":\"c\",\"after\":{\"id\":\"a\"}", "debezium; document is not valid JSON " KEY("a")},
	};

	run_cases(*state, reading_of(1), cases, LENGTH(cases));
}

static void
test_documents(void **state)
{
	static const Case cases[] = {
		{AUTO, "{\"id\":\"a\"}", ROW("a"), "document; put " KEY("a") " > {\"id\":\"a\",\"n\":1}"},
		{AUTO, KEY("a"), "{\"n\":[1,{\"b\":null}]}", "document; put " KEY("a") " > {\"n\":[1,{\"b\":null}],\"id\":\"a\"}"},
		{AUTO, "a", "{\"n\":1}", "document; put " KEY("a") " > {\"n\":1,\"id\":\"a\"}"},
		{AUTO, "\"a\\u0041\"", "{\"n\":1}", "document; put " KEY("aA") " > {\"n\":1,\"id\":\"aA\"}"},
		{AUTO, "42", "{\"n\":1}", "document; put " KEY("42") " > {\"n\":1,\"id\":\"42\"}"},
		{AUTO, "\"a", "{\"n\":1}", "document; put {\"id\":{\"S\":\"\\\"a\"}} > {\"n\":1,\"id\":\"\\\"a\"}"},
		{AUTO, NULL, ROW("a"), "document; put " KEY("a") " > {\"id\":\"a\",\"n\":1}"},
		{AUTO, "{\"schema\":{\"type\":\"string\"},\"payload\":\"a\"}", "{\"n\":1}", "document; put " KEY("a") " > {\"n\":1,\"id\":\"a\"}"},
		{AUTO, "a", "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"n\":1}}", "document; put " KEY("a") " > {\"n\":1,\"id\":\"a\"}"},
		{DOCUMENT, "a", " {\"payload\":{\"n\":1},\"schema\":{\"type\":\"struct\"}}", "document; put " KEY("a") " > {\"n\":1,\"id\":\"a\"}"},
		/* no wrapper, but attributes of such names */
		{DOCUMENT, "a", "{\"schema\":\"v1\",\"payload\":{\"n\":1}}",
			"document; put " KEY("a") " > {\"schema\":\"v1\",\"payload\":{\"n\":1},\"id\":\"a\"}"},
		{DOCUMENT, "a", "{\"payload\":{\"n\":1}}", "document; put " KEY("a") " > {\"payload\":{\"n\":1},\"id\":\"a\"}"},
		/* what looks like another format, and isn't */
		{AUTO, "a", "{\"Records\":[{\"title\":\"x\"}],\"n\":1}", "document; put " KEY("a") " > {\"Records\":[{\"title\":\"x\"}],\"n\":1,\"id\":\"a\"}"},
		{AUTO, "a", "{\"Records\":[{\"title\":\"x\"}]}", "document; put " KEY("a") " > {\"Records\":[{\"title\":\"x\"}],\"id\":\"a\"}"},
		{AUTO, "a", "{\"eventName\":\"concert\"}", "document; put " KEY("a") " > {\"eventName\":\"concert\",\"id\":\"a\"}"},
		{AUTO, "a", "{\"op\":\"c\"}", "document; put " KEY("a") " > {\"op\":\"c\",\"id\":\"a\"}"},
		{AUTO, "a", "{\"op\":1,\"after\":2}", "document; put " KEY("a") " > {\"op\":1,\"after\":2,\"id\":\"a\"}"},
		/* deleted: said by the format, or to be asked of the store */
		{DOCUMENT, "a", NULL, "document; delete " KEY("a")},
		{DOCUMENT, "{\"id\":\"a\"}", "null", "document; delete " KEY("a")},
		{DOCUMENT, KEY("a"), "{\"schema\":null,\"payload\":null}", "document; delete " KEY("a")},
		{AUTO, "a", NULL, "auto; delete keys only " KEY("a")},
		{AUTO, "{\"no\":1}", NULL, "auto; +1"},
		{DOCUMENT, "{\"no\":1}", NULL, "document; message's key lacks key attribute \"id\""},
		{DOCUMENT, NULL, NULL, "document; message has neither key nor value"},
		{AUTO, NULL, NULL, "auto; message has neither key nor value"},
		/* malformed */
		{AUTO, "a", "{}", "auto; message is of no known format " KEY("a")},
		{DOCUMENT, "a", "{}", "document; put " KEY("a") " > {\"id\":\"a\"}"},
		{AUTO, "{\"id\":\"a\"}", "hello", "auto; document is not valid JSON " KEY("a")},
		{DOCUMENT, "a", "[1]", "document; JSON has an array where an object is expected " KEY("a")},
		{DOCUMENT, "a", "7", "document; JSON has a number where an object is expected " KEY("a")},
		{DOCUMENT, "a", "{\"n\":1", "document; document is not valid JSON " KEY("a")},
		{DOCUMENT, "a", "{\"n\":1,\"n\":2}", "document; attribute occurs more than once " KEY("a")},
		{DOCUMENT, "a", "{\"n\":1.}", "document; document is not valid JSON " KEY("a")},
		{DOCUMENT, "b", ROW("a"), "document; key attribute \"id\" is not what the message's key says " KEY("b")},
		{DOCUMENT, NULL, "{\"n\":1}", "document; item lacks key attribute \"id\""},
		{DOCUMENT, NULL, "{\"id\":1}", "document; key attribute \"id\" is no string"},
		{DOCUMENT, "", "{\"n\":1}", "document; key attribute \"id\" is empty"},
		{DOCUMENT, "{\"id\":1}", "{\"n\":1}", "document; key attribute \"id\" is no string"},
		{DOCUMENT, "{\"id\":{\"Q\":1}}", "{\"n\":1}", "document; attribute has an unknown type tag"},
		{DOCUMENT, "{\"id\":\"a\",\"id\":\"b\"}", "{\"n\":1}", "document; message's key has an attribute more than once"},
		{DOCUMENT, "{\"id\":\"a\"", "{\"n\":1}", "document; document is not valid JSON"},
		{DOCUMENT, "\xFF", "{\"n\":1}", "document; document is not valid JSON"},
	};
	static const Case two_keys[] = {
		{DOCUMENT, "{\"at\":7,\"id\":\"a\"}", "{\"n\":1}", "document; put {\"id\":{\"S\":\"a\"},\"at\":{\"N\":\"7\"}} > {\"n\":1,\"at\":7,\"id\":\"a\"}"},
		{DOCUMENT, "{\"at\":\"7\",\"id\":\"a\"}", "{\"at\":7.0}", "document; put {\"id\":{\"S\":\"a\"},\"at\":{\"N\":\"7\"}} > {\"at\":7,\"id\":\"a\"}"},
		{DOCUMENT, "{\"id\":\"a\",\"at\":\"x\"}", "{}", "document; key attribute \"at\" is no number"},
		{DOCUMENT, "{\"id\":\"a\"}", "{\"at\":7}", "document; message's key lacks key attribute \"at\""},
		{DOCUMENT, "a", "{}", "document; message's key is no object of the key attributes"},
		{DOCUMENT, NULL, "{\"id\":\"a\",\"at\":7}", "document; put {\"id\":{\"S\":\"a\"},\"at\":{\"N\":\"7\"}} > {\"id\":\"a\",\"at\":7}"},
	};

	run_cases(*state, reading_of(1), cases, LENGTH(cases));
	run_cases(*state, reading_of(2), two_keys, LENGTH(two_keys));
}

/* Keys of other types: binary as base64 in JSON, as it is when bare; numbers also as text. */
static void
test_key_types(void **state)
{
	static const YsType binary[] = {YS_TYPE_BINARY};
	static const YsType number[] = {YS_TYPE_NUMBER};
	static const Case binaries[] = {
		{DOCUMENT, "{\"id\":\"AAE=\"}", "{\"n\":1}", "document; put {\"id\":{\"B\":\"AAE=\"}} > {\"n\":1,\"id\":\"AAE=\"}"},
		{DOCUMENT, "\"AAE=\"", "{\"n\":1}", "document; put {\"id\":{\"B\":\"AAE=\"}} > {\"n\":1,\"id\":\"AAE=\"}"},
		{DOCUMENT, "\xFF\x01", "{\"n\":1}", "document; put {\"id\":{\"B\":\"/wE=\"}} > {\"n\":1,\"id\":\"/wE=\"}"},
		{DOCUMENT, "\"?\"", "{\"n\":1}", "document; binary attribute is not valid base64"},
		{DOCUMENT, "{\"id\":7}", "{\"n\":1}", "document; key attribute \"id\" is no base64"},
	};
	static const Case numbers[] = {
		{DOCUMENT, "7.50", "{\"n\":1}", "document; put {\"id\":{\"N\":\"7.5\"}} > {\"n\":1,\"id\":7.50}"},
		{DOCUMENT, "\"7\"", "{\"n\":1}", "document; put {\"id\":{\"N\":\"7\"}} > {\"n\":1,\"id\":7}"},
		{DOCUMENT, "{\"id\":7}", "{\"id\":\"7.0\"}", "document; put {\"id\":{\"N\":\"7\"}} > {\"id\":7}"},
		{DOCUMENT, "seven", "{\"n\":1}", "document; key attribute \"id\" is no number"},
	};
	YsEventReading reading = reading_of(1);

	reading.key_types = binary;
	run_cases(*state, reading, binaries, LENGTH(binaries));
	reading.key_types = number;
	run_cases(*state, reading, numbers, LENGTH(numbers));
}

/* A schema registry's frame: a zero byte and the number of a schema. */
static void
test_frames(void **state)
{
	Fixture    *fixture = *state;
	YsEventReading reading = reading_of(1);
	static const char key[] = "\0\0\0\0\7{\"id\":\"a\"}";
	static const char bare[] = "\0\0\0\1\0\"a\"";
	static const char value[] = "\0\0\0\0\x2A{\"n\":1}";
	static const char record[] = "\0\0\0\0\1{" GONE("a") "}";
	static const char avro[] = "\0\0\0\0\1\2\6abc";
	static const char nothing[] = "\0\0\0\0\1null";

	reading.format = AUTO;
	assert_string_equal(decode(fixture, &reading, key, sizeof(key) - 1, value, sizeof(value) - 1),
						"document; put " KEY("a") " > {\"n\":1,\"id\":\"a\"}");
	assert_string_equal(decode(fixture, &reading, bare, sizeof(bare) - 1, value, sizeof(value) - 1),
						"document; put " KEY("a") " > {\"n\":1,\"id\":\"a\"}");
	assert_string_equal(decode(fixture, &reading, NULL, 0, record, sizeof(record) - 1), "dynamodb; delete " KEY("a"));
	assert_string_equal(decode(fixture, &reading, key, sizeof(key) - 1, avro, sizeof(avro) - 1),
						"auto; value has a schema registry's frame, but is no JSON " KEY("a"));
	assert_string_equal(decode(fixture, &reading, key, sizeof(key) - 1, avro, 5), "auto; document is not valid JSON " KEY("a"));
	assert_string_equal(decode(fixture, &reading, avro, sizeof(avro) - 1, avro, sizeof(avro) - 1),
						"auto; value has a schema registry's frame, but is no JSON");
	assert_string_equal(decode(fixture, &reading, key, sizeof(key) - 1, nothing, sizeof(nothing) - 1), "auto; delete keys only " KEY("a"));
}

/* Events of other tables are passed over, usable or not; those that name none are of any, or of the one declared. */
static void
test_tables(void **state)
{
	static const Case cases[] = {
		{AUTO, NULL, "{" PUT("a") "," ARN("cars") "}", "dynamodb; insert " KEY("a") " > {\"id\":\"a\",\"n\":1} @cars"},
		{AUTO, NULL, "{" PUT("a") "," ARN("trucks") "}", "dynamodb; +1"},
		{AUTO, NULL, "{" PUT("a") ",\"tableName\":\"car\"}", "dynamodb; +1"},
		{AUTO, NULL, "{\"eventName\":\"NEWS\",\"dynamodb\":{\"Keys\":{\"no\":{\"N\":\"x\"}}},\"tableName\":\"trucks\"}", "dynamodb; +1"},
		{AUTO, NULL, "{" GONE("a") "}", "dynamodb; delete " KEY("a")},
		{AUTO, NULL, "{\"Records\":[{" PUT("a") "," ARN("trucks") "},{" GONE("b") "," ARN("cars") "},{" GONE("c") "," ARN("x") "}]}",
			"dynamodb; delete " KEY("b") " @cars; +2"},
		{AUTO, "{\"no\":1}", "{\"op\":\"c\",\"after\":{\"no\":1}," SOURCE("trucks") "}", "debezium; +1"},
		{AUTO, "{\"id\":\"a\"}", "{\"op\":\"d\",\"after\":null," SOURCE("cars") "}", "debezium; delete " KEY("a") " @cars 1700000000123000"},
		{AUTO, "a", "{\"n\":1}", "document; put " KEY("a") " > {\"n\":1,\"id\":\"a\"}"},
	};
	static const Case unsaid[] = {
		{AUTO, NULL, "{" GONE("a") "}", "dynamodb; +1"},
		{AUTO, "a", "{\"n\":1}", "document; +1"},
		{AUTO, NULL, "{" GONE("a") "," ARN("cars") "}", "dynamodb; delete " KEY("a") " @cars"},
	};
	YsEventReading reading = reading_of(1);

	reading.table = "cars";
	run_cases(*state, reading, cases, LENGTH(cases));
	reading.unsaid_table = "trucks";
	run_cases(*state, reading, unsaid, LENGTH(unsaid));
}

/* Without a table keys come as they are, and old images when they are asked for. */
static void
test_without_table(void **state)
{
	Fixture    *fixture = *state;
	YsEventReading reading = {.format = AUTO, .old_images = true};

	static const char record[] =
		"{\"eventName\":\"MODIFY\",\"dynamodb\":{\"Keys\":{\"x\":{\"S\":\"a\"}},\"NewImage\":{\"x\":{\"S\":\"a\"}},"
							   "\"OldImage\":{\"x\":{\"S\":\"a\"},\"n\":{\"NS\":[\"2\",\"1\"]}}}}";
	static const char envelope[] = "{\"op\":\"u\",\"before\":{\"n\":1},\"after\":{\"n\":2}}";

	assert_string_equal(decode(fixture, &reading, NULL, 0, record, sizeof(record) - 1),
						"dynamodb; update > {\"x\":\"a\"} < {\"x\":\"a\",\"n\":[1,2]}");
	assert_int_equal(fixture->events.events[0].keys.len, 1);
	assert_string_equal(decode(fixture, &reading, "a", 1, envelope, sizeof(envelope) - 1),
						"debezium; update > {\"n\":2} < {\"n\":1}");
	assert_int_equal(fixture->events.events[0].keys.type, YS_TYPE_STRING);
	assert_string_equal(fixture->events.events[0].keys.bytes, "a");
	assert_string_equal(decode(fixture, &reading, NULL, 0, "{\"n\":2}", 7), "document; put > {\"n\":2}");
}

/* Every beginning of a message of each format is refused, and leaves nothing behind. */
static void
test_truncated(void **state)
{
	Fixture    *fixture = *state;
	YsEventReading reading = reading_of(1);
	static const char *const messages[] = {
		"{\"Records\":[{" PUT("a") "," ARN("cars") "},{" GONE("b") "}]}",
		"{\"schema\":{\"type\":\"struct\"},\"payload\":{\"before\":" ROW("a") ",\"after\":" ROW("a") "," SOURCE("t") ",\"op\":\"u\"}}",
		"{\"op\":\"u\",\"before\":" ROW("a") ",\"after\":" ROW("a") "," SOURCE("t") "}",
		"{\"id\":\"a\",\"n\":{\"b\":[1,2.5,true,null,\"\\u00e9\"]}}",
	};

	reading.format = AUTO;
	for (size_t i = 0; i < LENGTH(messages); i++)
	{
		for (size_t len = 0; len < strlen(messages[i]); len++)
		{
			(void) decode(fixture, &reading, "{\"id\":\"a\"}", 10, messages[i], len);
			assert_int_equal(fixture->events.count, 1);
			assert_non_null(fixture->events.events[0].error);
			assert_int_equal(fixture->events.events[0].error->code, YS_ERR_INVALID_DATA);
			assert_non_null(fixture->events.events[0].key);
		}
	}
}

/* A message of so many records, from whole ones alternately of two tables, or of so many bad ones. */
static const char *
decode_many(Fixture *fixture, YsEventFormat format, int count, const char *even, const char *odd)
{
	YsEventReading reading = reading_of(1);
	YsArena		arena;
	YsText		text;
	const char *result;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	ys_text_init(&text, &arena);
	ys_text_add_cstring(&text, "{\"Records\":[");
	for (int i = 0; i < count; i++)
	{
		ys_text_add_cstring(&text, i > 0 ? "," : "");
		ys_text_add_cstring(&text, i % 2 == 0 ? even : odd);
	}
	ys_text_add_cstring(&text, "]}");
	reading.format = format;
	reading.table = "cars";
	result = decode(fixture, &reading, "{\"id\":\"m\"}", 10, text.bytes, text.len);
	ys_arena_free(&arena);
	return result;
}

static void
test_many_records(void **state)
{
	Fixture    *fixture = *state;

	(void) decode_many(fixture, AUTO, 10000, "{" PUT("a") "," ARN("cars") "}", "{" PUT("b") "," ARN("trucks") "}");
	assert_int_equal(fixture->events.count, 5000);
	assert_int_equal(fixture->events.passed_over, 5000);
	for (int i = 0; i < fixture->events.count; i++)
		assert_string_equal(fixture->events.events[i].key, KEY("a"));

	/* whatever is in them: an event takes more room than the three bytes of a record */
	assert_string_equal(decode_many(fixture, DYNAMODB, 10001, "{}", "{}"),
						"dynamodb; message has more than 10000 records " KEY("m"));
	assert_string_equal(decode_many(fixture, AUTO, 10001, "{" PUT("a") "," ARN("cars") "}", "{}"),
						"dynamodb; message has more than 10000 records " KEY("m"));
	(void) decode_many(fixture, DYNAMODB, 2000000, "{}", "{}");
	assert_int_equal(fixture->events.count, 1);
	assert_true(fixture->base.arena.used < (size_t) 32 * 1024 * 1024);

	/* an attribute of that name may have any number of elements */
	(void) decode_many(fixture, AUTO, 10001, "{}", "{\"a\":1}");
	assert_int_equal(fixture->events.count, 1);
	assert_int_equal(fixture->events.format, DOCUMENT);
	assert_null(fixture->events.events[0].error);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_records, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_kinesis, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_debezium, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_documents, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_key_types, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_frames, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_tables, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_without_table, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_truncated, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_many_records, set_up, unit_tear_down),
	};

	return cmocka_run_group_tests_name("event formats", tests, NULL, NULL);
}
