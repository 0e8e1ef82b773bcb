/*-------------------------------------------------------------------------
 * event_dynamodb.c
 *	  Decoding a DynamoDB Streams record.
 *
 *	  {"eventName": "MODIFY", "dynamodb": {"Keys": {..}, "NewImage": {..}, ..}, ..}
 *
 * Members come in any order; those that aren't read here are skipped, the
 * old image and unwanted attributes among them.  A null within dynamodb is taken as absent.
 *-------------------------------------------------------------------------
 */
#include "stream/event_formats.h"

#include <string.h>

/* The end of the year 9999: later "seconds" are milliseconds or nonsense. */
#define LAST_SECOND	INT64_C(253402300799)

typedef enum EventName
{
	NAME_NONE,
	NAME_INSERT,
	NAME_MODIFY,
	NAME_REMOVE
} EventName;

typedef struct Record
{
	const YsAttributeFilter *key_names;
	const YsPathTree *wanted;
	YsArena    *arena;
	YsEvent    *event;
	YsError    *err;
	EventName	name;
	YsValue    *new_image;		/* NULL: none in the record */
	bool		has_dynamodb;
	bool		has_keys;
	bool		has_created_at;
	bool		has_sequence;
} Record;

static bool
invalid(const Record *record, const char *message)
{
	return ys_error_set(record->err, YS_ERR_INVALID_DATA, "%s", message);
}

/* Note that a member was seen; refuse the second one. */
static bool
once(const Record *record, bool *seen, const char *name)
{
	if (*seen)
		return ys_error_set(record->err, YS_ERR_INVALID_DATA,
							"event has more than one \"%s\"", name);
	*seen = true;
	return true;
}

static bool
read_event_name(Record *record, YsJsonNode *node)
{
	static const struct
	{
		const char *text;
		EventName	name;
	}			names[] = {
		{"INSERT", NAME_INSERT}, {"MODIFY", NAME_MODIFY}, {"REMOVE", NAME_REMOVE}
	};
	bool		seen = record->name != NAME_NONE;
	const char *text;
	size_t		len;

	if (!once(record, &seen, "eventName") || !ys_json_string(node, &text, &len, record->err))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (strlen(names[i].text) == len && memcmp(names[i].text, text, len) == 0)
		{
			record->name = names[i].name;
			return true;
		}
	}
	invalid(record, "event has an unknown name");
	ys_error_detail(record->err, "An eventName is INSERT, MODIFY or REMOVE.");
	return false;
}

/* Seconds with an optional fraction, in decimal text without exponent, to microseconds. */
static bool
seconds_to_us(const char *text, size_t len, int64_t *us)
{
	int64_t		seconds = 0;
	int64_t		fraction = 0;
	int64_t		unit = 100000;
	size_t		i;

	for (i = 0; i < len && text[i] != '.'; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		seconds = seconds * 10 + (text[i] - '0');
		if (seconds > LAST_SECOND)
			return false;
	}
	for (i++; i < len && unit > 0; i++, unit /= 10)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		fraction += (text[i] - '0') * unit;
	}
	*us = seconds * 1000000 + fraction;
	return true;
}

static bool
read_created_at(Record *record, YsJsonNode *node)
{
	const char *text;
	size_t		len;
	YsText		plain;

	if (!once(record, &record->has_created_at, "ApproximateCreationDateTime") ||
		!ys_json_number(node, &text, &len, record->err))
		return false;
	ys_text_init(&plain, record->arena);
	if (!ys_number_canonical(text, len, &plain) ||
		(!plain.failed && !seconds_to_us(plain.bytes, plain.len, &record->event->changed_at_us)))
	{
		invalid(record, "event has no usable creation time");
		ys_error_detail(record->err, "ApproximateCreationDateTime is in seconds since 1970.");
		return false;
	}
	if (plain.failed)
		return ys_error_set(record->err, YS_ERR_OUT_OF_MEMORY, "no memory left to hold an event");
	return true;
}

static bool
read_sequence(Record *record, YsJsonNode *node)
{
	const char *text;
	size_t		len;

	if (!once(record, &record->has_sequence, "SequenceNumber") ||
		!ys_json_string(node, &text, &len, record->err))
		return false;
	if (len == 0 || len >= sizeof(record->event->sequence))
		return invalid(record, "event's sequence number has a wrong length");
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return invalid(record, "event's sequence number is not a decimal number");
	}
	memcpy(record->event->sequence, text, len);
	return true;
}

static bool
read_new_image(Record *record, YsJsonNode *node)
{
	bool		seen = record->new_image != NULL;

	if (!once(record, &seen, "NewImage"))
		return false;
	record->new_image = ys_arena_alloc(record->arena, sizeof(YsValue));
	if (record->new_image == NULL)
		return ys_error_set(record->err, YS_ERR_OUT_OF_MEMORY, "no memory left to hold an event");
	return ys_value_from_typed_tree(node, record->wanted, record->arena, record->new_image, record->err);
}

static bool
is_name(const char *name, size_t len, const char *wanted)
{
	return len == strlen(wanted) && memcmp(name, wanted, len) == 0;
}

static bool
read_dynamodb_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Record	   *record = arg;

	if (ys_json_kind(node) == YS_JSON_NULL)
		return true;
	if (is_name(name, len, "Keys"))
		return once(record, &record->has_keys, "Keys") &&
			ys_value_from_typed_json(node, record->key_names, record->arena,
									 &record->event->keys, record->err);
	if (is_name(name, len, "NewImage"))
		return read_new_image(record, node);
	if (is_name(name, len, "ApproximateCreationDateTime"))
		return read_created_at(record, node);
	if (is_name(name, len, "SequenceNumber"))
		return read_sequence(record, node);
	return true;
}

static bool
read_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Record	   *record = arg;

	if (is_name(name, len, "eventName"))
		return read_event_name(record, node);
	if (is_name(name, len, "dynamodb"))
		return once(record, &record->has_dynamodb, "dynamodb") &&
			ys_json_each_member(node, read_dynamodb_member, record, record->err);
	return true;
}

static bool
read_record(void *arg, YsJsonNode *root)
{
	Record	   *record = arg;

	return ys_json_each_member(root, read_member, record, record->err);
}

bool
ys_event_decode_dynamodb(YsJsonReader *reader, const char *bytes, size_t len,
						 const YsAttributeFilter *key_names, const YsPathTree *wanted, YsArena *arena,
						 YsEvent *event, YsError *err)
{
	Record		record = {.key_names = key_names, .wanted = wanted, .arena = arena, .event = event, .err = err};

	if (!ys_json_read(reader, bytes, len, read_record, &record, err))
		return false;
	if (record.name == NAME_NONE)
		return invalid(&record, "event has no name");
	if (!record.has_keys)
		return invalid(&record, "event has no keys");
	if (record.name != NAME_REMOVE)
	{
		event->new_image = record.new_image;
		event->keys_only = record.new_image == NULL;
	}
	return true;
}
