/*-------------------------------------------------------------------------
 * event_dynamodb.c
 *	  Decoding DynamoDB Streams records.
 *
 *	  {"eventName": "MODIFY", "dynamodb": {"Keys": {..}, "NewImage": {..}, ..}, ..}
 *
 * One by itself, as the store's stream and Kinesis Data Streams for DynamoDB give it, or several as Lambda gets
 * them, {"Records": [..]}; those of Kinesis have the record in base64 in "kinesis"."data", beside an "eventName" that is
 * Kinesis's own.  Whose item it is says "tableName", or the table's name in "eventSourceARN".
 *
 * Members come in any order; those that aren't read here are skipped, the
 * old image and unwanted attributes among them.  A null within dynamodb is taken as absent.
 *-------------------------------------------------------------------------
 */
#include "stream/event_formats.h"

#include <stddef.h>
#include <string.h>

/* Of one message: Lambda's and Kinesis's batches have no more.  A record of three bytes takes hundreds here. */
#define MOST_RECORDS	10000

typedef enum EventName
{
	NAME_NONE,
	NAME_INSERT,
	NAME_MODIFY,
	NAME_REMOVE
} EventName;

/* One record being read. */
typedef struct Record
{
	YsEventDecoder *decoder;
	YsEvent    *event;
	bool		failed;			/* err says why the event can't be used */
	EventName	name;
	YsValue    *new_image;		/* NULL: none in the record */
	YsValue    *old_image;
	bool		has_name;
	bool		has_dynamodb;
	bool		has_keys;
	bool		has_old_image;
	bool		has_created_at;
	bool		has_sequence;
	bool		has_table;
	bool		has_data;
	const char *created_at;		/* as written */
	size_t		created_at_len;
	int64_t		per_second;		/* of its clock; 0: not said */
	const char *data;			/* of Kinesis: another document with the record */
	uint32_t	data_len;
	YsError		err;			/* last: it isn't zeroed */
} Record;

/* A record within one of Kinesis, read when the message around it has been. */
typedef struct Nested
{
	int			event;
	const char *data;
	uint32_t	len;
	struct Nested *next;
} Nested;

typedef struct Message
{
	YsEventDecoder *decoder;
	YsEventSigns *signs;
	Record		alone;			/* the message as one record */
	bool		has_records;
	int			nrecords;
	int			nsigned;		/* of them, those that look like records */
	Nested	   *nested;
	Nested	  **last;
} Message;

/* Note the first thing that is wrong, and read on: whose event it is may come later.  False when memory ran out. */
static bool
note(Record *record, bool good, const YsError *err)
{
	if (good)
		return true;
	if (err->code == YS_ERR_OUT_OF_MEMORY)
	{
		*record->decoder->err = *err;
		return false;
	}
	if (!record->failed)
		record->err = *err;
	record->failed = true;
	return true;
}

static bool
read_event_name(Record *record, YsJsonNode *node, YsError *err)
{
	static const struct
	{
		const char *text;
		EventName	name;
	}			names[] = {
		{"INSERT", NAME_INSERT}, {"MODIFY", NAME_MODIFY}, {"REMOVE", NAME_REMOVE}
	};
	const char *text;
	size_t		len;

	if (!ys_event_once(&record->has_name, "eventName", err) || !ys_json_string(node, &text, &len, err))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (strlen(names[i].text) == len && memcmp(names[i].text, text, len) == 0)
		{
			record->name = names[i].name;
			return true;
		}
	}
	/* it may be of what wraps the record, which is known when all members have been read */
	return true;
}

/* The unit it is in may come later. */
static bool
read_created_at(Record *record, YsJsonNode *node, YsError *err)
{
	const char *text;
	size_t		len;

	if (!ys_event_once(&record->has_created_at, "ApproximateCreationDateTime", err) ||
		!ys_json_number(node, &text, &len, err))
		return false;
	record->created_at = ys_arena_copy(record->decoder->arena, text, len);
	record->created_at_len = len;
	return record->created_at != NULL || ys_event_no_memory(err);
}

static bool
read_precision(Record *record, YsJsonNode *node, YsError *err)
{
	const char *text;
	size_t		len;

	if (!ys_json_string(node, &text, &len, err))
		return false;
	if (YS_EVENT_NAME_IS(text, len, "MILLISECOND"))
		record->per_second = 1000;
	else if (YS_EVENT_NAME_IS(text, len, "MICROSECOND"))
		record->per_second = 1000000;
	else
		return ys_error_set(err, YS_ERR_INVALID_DATA, "event's creation time is of an unknown precision");
	return true;
}

/* Order is the topic's, or the relay's header's: only that it is a number is looked at. */
static bool
check_sequence(Record *record, YsJsonNode *node, YsError *err)
{
	const char *text;
	size_t		len;

	if (!ys_event_once(&record->has_sequence, "SequenceNumber", err) ||
		!ys_json_string(node, &text, &len, err))
		return false;
	if (len == 0 || len >= 48)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "event's sequence number has a wrong length");
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return ys_error_set(err, YS_ERR_INVALID_DATA, "event's sequence number is not a decimal number");
	}
	return true;
}

static bool
read_image(Record *record, YsJsonNode *node, const YsPathTree *wanted, YsValue **image, YsError *err)
{
	YsArena    *arena = record->decoder->arena;
	YsValue    *value = ys_arena_alloc(arena, sizeof(YsValue));

	if (value == NULL)
		return ys_event_no_memory(err);
	*image = value;
	return ys_value_from_typed_tree(node, wanted, arena, value, err);
}

static bool
read_new_image(Record *record, YsJsonNode *node, YsError *err)
{
	bool		seen = record->new_image != NULL;

	return ys_event_once(&seen, "NewImage", err) &&
		read_image(record, node, record->decoder->reading->wanted, &record->new_image, err);
}

static bool
read_old_image(Record *record, YsJsonNode *node, YsError *err)
{
	return !record->decoder->reading->old_images ||
		(ys_event_once(&record->has_old_image, "OldImage", err) &&
		 read_image(record, node, NULL, &record->old_image, err));
}

static bool
read_keys(Record *record, YsJsonNode *node, YsError *err)
{
	YsEventDecoder *decoder = record->decoder;

	return ys_event_once(&record->has_keys, "Keys", err) &&
		ys_value_from_typed_json(node, &decoder->key_names, decoder->arena, &record->event->keys, err);
}

static bool
read_dynamodb_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Record	   *record = arg;
	YsError		err;
	bool		good = true;

	if (ys_json_kind(node) == YS_JSON_NULL)
		return true;
	if (YS_EVENT_NAME_IS(name, len, "Keys"))
		good = read_keys(record, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "NewImage"))
		good = read_new_image(record, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "OldImage"))
		good = read_old_image(record, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "ApproximateCreationDateTime"))
		good = read_created_at(record, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "ApproximateCreationDateTimePrecision"))
		good = read_precision(record, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "SequenceNumber"))
		good = check_sequence(record, node, &err);
	return note(record, good, &err);
}

/* ---- whose item it is ---- */

static bool
set_table(Record *record, const char *name, size_t len, YsError *err)
{
	record->event->table = ys_arena_copy(record->decoder->arena, name, len);
	record->event->table_len = (uint32_t) len;
	return record->event->table != NULL || ys_event_no_memory(err);
}

/* arn:aws:dynamodb:eu-south-1:123456789012:table/NAME/stream/2026-01-01T00:00:00.000 */
static bool
read_arn(Record *record, YsJsonNode *node, YsError *err)
{
	const char *text;
	size_t		len;
	size_t		at = 0;
	size_t		end;

	/* others than the store's own sources have no such text */
	if (ys_json_kind(node) != YS_JSON_STRING || record->event->table != NULL)
		return true;
	if (!ys_json_string(node, &text, &len, err))
		return false;
	while (at + 7 < len && memcmp(text + at, ":table/", 7) != 0)
		at++;
	if (at + 7 >= len || len < 4 || memcmp(text, "arn:", 4) != 0)
		return true;
	for (end = at += 7; end < len && text[end] != '/';)
		end++;
	return set_table(record, text + at, end - at, err);
}

static bool
read_table_name(Record *record, YsJsonNode *node, YsError *err)
{
	const char *text;
	size_t		len;

	if (ys_json_kind(node) == YS_JSON_NULL)
		return true;
	return ys_event_once(&record->has_table, "tableName", err) && ys_json_string(node, &text, &len, err) &&
		set_table(record, text, len, err);
}

/* ---- records ---- */

static bool
read_kinesis_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Record	   *record = arg;
	YsArena    *arena = record->decoder->arena;
	const char *text;
	size_t		text_len;
	char	   *padded;
	YsError		err;
	bool		good = true;

	if (!YS_EVENT_NAME_IS(name, len, "data"))
		return true;
	good = ys_event_once(&record->has_data, "data", &err) && ys_json_string(node, &text, &text_len, &err) &&
		ys_base64_decode(arena, text, text_len, &record->data, &record->data_len, &err);
	if (good)
	{
		padded = ys_arena_alloc_zero(arena, (size_t) record->data_len + YS_JSON_PADDING);
		good = padded != NULL || ys_event_no_memory(&err);
		if (good && record->data_len > 0)
			memcpy(padded, record->data, record->data_len);
		record->data = padded;
	}
	if (!good)
		record->data = NULL;
	return note(record, good, &err);
}

static bool
read_record_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Record	   *record = arg;
	YsError		err;
	bool		good = true;

	if (YS_EVENT_NAME_IS(name, len, "eventName"))
		good = read_event_name(record, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "dynamodb"))
		good = ys_event_once(&record->has_dynamodb, "dynamodb", &err) &&
			ys_json_each_member(node, read_dynamodb_member, record, &err);
	else if (YS_EVENT_NAME_IS(name, len, "eventSourceARN"))
		good = read_arn(record, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "tableName"))
		good = read_table_name(record, node, &err);
	return note(record, good, &err);
}

static void
begin_record(Record *record, YsEventDecoder *decoder, int event)
{
	memset(record, 0, offsetof(Record, err));
	record->decoder = decoder;
	record->event = &decoder->events->events[event];
}

/* Check that a record is whole, and make the event of it. */
static bool
check_record(Record *record, YsError *err)
{
	YsEvent    *event = record->event;

	if (record->failed)
	{
		*err = record->err;
		return false;
	}
	if (!record->has_name)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "event has no name");
	if (record->name == NAME_NONE)
	{
		ys_error_set(err, YS_ERR_INVALID_DATA, "event has an unknown name");
		ys_error_detail(err, "An eventName is INSERT, MODIFY or REMOVE.");
		return false;
	}
	if (!record->has_keys)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "event has no keys");
	if (record->created_at != NULL &&
		!ys_event_time(record->created_at, record->created_at_len, record->per_second,
					   record->decoder->arena, &event->changed_at_us))
	{
		ys_error_set(err, YS_ERR_INVALID_DATA, "event has no usable creation time");
		ys_error_detail(err, "ApproximateCreationDateTime is in seconds since 1970, or of the precision it says.");
		return false;
	}
	return true;
}

static bool
finish_record(Record *record)
{
	YsEvent    *event = record->event;
	YsError		err;

	event->kind = record->name == NAME_INSERT ? YS_EVENT_INSERT :
		record->name == NAME_REMOVE ? YS_EVENT_DELETE : YS_EVENT_UPDATE;
	if (!check_record(record, &err))
		return ys_event_refuse(record->decoder, event, &err);
	event->old_image = record->old_image;
	if (record->name != NAME_REMOVE)
	{
		event->new_image = record->new_image;
		event->keys_only = record->new_image == NULL;
	}
	return true;
}

/* ---- several of them ---- */

/* Remember a record in Kinesis's data; false when memory ran out. */
static bool
add_nested(Message *message, const Record *record, int event)
{
	Nested	   *nested = ys_arena_alloc(message->decoder->arena, sizeof(Nested));

	if (nested == NULL)
		return ys_event_no_memory(message->decoder->err);
	*nested = (Nested) {event, record->data, record->data_len, NULL};
	*message->last = nested;
	message->last = &nested->next;
	return true;
}

static bool
read_wrapped_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Record	   *record = arg;
	YsError		err;

	if (YS_EVENT_NAME_IS(name, len, "kinesis"))
		return note(record, ys_json_each_member(node, read_kinesis_member, record, &err), &err);
	return read_record_member(record, name, len, node);
}

static bool
read_wrapped(void *arg, size_t index, YsJsonNode *node)
{
	Message    *message = arg;
	YsEventDecoder *decoder = message->decoder;
	int			event = decoder->events->count;
	Record		record;
	YsError		err;

	if (index >= MOST_RECORDS)
	{
		message->nrecords++;
		return true;
	}
	if (ys_event_add(decoder) == NULL)
		return false;
	begin_record(&record, decoder, event);
	if (!note(&record, ys_json_each_member(node, read_wrapped_member, &record, &err), &err))
		return false;
	message->nrecords++;
	message->nsigned += record.has_dynamodb || record.data != NULL;
	if (record.data != NULL && !record.has_dynamodb && !record.failed)
		return add_nested(message, &record, event);
	return finish_record(&record);
}

static bool
read_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Message    *message = arg;
	YsEventSigns *signs = message->signs;
	YsJsonKind	kind = ys_json_kind(node);

	signs->members++;
	if (YS_EVENT_NAME_IS(name, len, "op"))
		signs->op = kind == YS_JSON_STRING;
	else if (YS_EVENT_NAME_IS(name, len, "before") || YS_EVENT_NAME_IS(name, len, "after"))
		signs->image = true;
	else if (YS_EVENT_NAME_IS(name, len, "schema"))
		signs->schema = true;
	else if (YS_EVENT_NAME_IS(name, len, "payload"))
		signs->payload = true;
	else if (YS_EVENT_NAME_IS(name, len, "Records") && kind == YS_JSON_ARRAY && !message->has_records)
	{
		message->has_records = true;
		return ys_json_each_element(node, read_wrapped, message, message->decoder->err);
	}
	/* its event may have been moved to a larger list */
	message->alone.event = &message->decoder->events->events[0];
	return read_record_member(&message->alone, name, len, node);
}

static bool
read_root(void *arg, YsJsonNode *root)
{
	Message    *message = arg;

	return ys_json_each_member(root, read_member, message, message->decoder->err);
}

static bool
read_nested_root(void *arg, YsJsonNode *root)
{
	Record	   *record = arg;
	YsError		err;

	return note(record, ys_json_each_member(root, read_record_member, record, &err), &err);
}

/* Read the record in Kinesis's data: the reader has nothing else in hand any more. */
static bool
read_nested(YsEventDecoder *decoder, const Nested *nested)
{
	Record		record;
	YsError		err;

	begin_record(&record, decoder, nested->event);
	return note(&record, ys_json_read(decoder->reader, nested->data, nested->len, read_nested_root, &record, &err),
				&err) && finish_record(&record);
}

bool
ys_event_decode_dynamodb(YsEventDecoder *decoder, YsEventSigns *signs)
{
	Message		message;

	message.decoder = decoder;
	message.signs = signs;
	message.has_records = false;
	message.nrecords = message.nsigned = 0;
	message.nested = NULL;
	message.last = &message.nested;

	/* the first event is the message's own, if it is a record */
	if (ys_event_add(decoder) == NULL)
		return false;
	begin_record(&message.alone, decoder, 0);
	if (!ys_json_read(decoder->reader, decoder->value, decoder->value_len, read_root, &message, decoder->err))
		return false;
	message.alone.event = &decoder->events->events[0];
	signs->dynamodb = message.alone.has_dynamodb || message.alone.name != NAME_NONE;
	signs->records = message.has_records && signs->members == 1 &&
		(message.nsigned > 0 || message.nrecords == 0);
	if (!message.has_records)
		return finish_record(&message.alone);
	if (signs->dynamodb)
		return ys_error_set(decoder->err, YS_ERR_INVALID_DATA, "message is a record and has others");
	/* under "auto" it may be an attribute of a document that has that name */
	if (message.nrecords > MOST_RECORDS && (signs->records || decoder->reading->format != YS_FORMAT_AUTO))
		return ys_error_set(decoder->err, YS_ERR_INVALID_DATA, "message has more than %d records", MOST_RECORDS);

	for (const Nested *nested = message.nested; nested != NULL; nested = nested->next)
	{
		if (!read_nested(decoder, nested))
			return false;
	}
	decoder->events->count--;
	memmove(decoder->events->events, decoder->events->events + 1,
			sizeof(YsEvent) * (size_t) decoder->events->count);
	return true;
}
