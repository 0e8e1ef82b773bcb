/*-------------------------------------------------------------------------
 * event.c
 *	  Decoding change events: which format a message has, and what all formats have in common.
 *-------------------------------------------------------------------------
 */
#include "stream/event_formats.h"

#include <string.h>

#define FIRST_EVENTS	8

static const char *const format_names[] = {
	[YS_FORMAT_AUTO] = "auto",
	[YS_FORMAT_DYNAMODB] = "dynamodb",
	[YS_FORMAT_DEBEZIUM] = "debezium",
	[YS_FORMAT_DOCUMENT] = "document"
};

static const char *const kind_names[] = {
	[YS_EVENT_INSERT] = "insert",
	[YS_EVENT_UPDATE] = "update",
	[YS_EVENT_DELETE] = "delete",
	[YS_EVENT_SNAPSHOT] = "snapshot",
	[YS_EVENT_PUT] = "put"
};

bool
ys_event_format_by_name(const char *name, YsEventFormat *format)
{
	for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++)
	{
		if (strcmp(format_names[i], name) == 0)
		{
			*format = (YsEventFormat) i;
			return true;
		}
	}
	return false;
}

const char *
ys_event_format_name(YsEventFormat format)
{
	return format_names[format];
}

const char *
ys_event_kind_name(YsEventKind kind)
{
	return kind_names[kind];
}

/* ---- what decoders use ---- */

bool
ys_event_no_memory(YsError *err)
{
	return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "no memory left to hold an event");
}

bool
ys_event_once(bool *seen, const char *name, YsError *err)
{
	if (*seen)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "event has more than one \"%s\"", name);
	*seen = true;
	return true;
}

YsEvent *
ys_event_add(YsEventDecoder *decoder)
{
	YsEvents   *events = decoder->events;

	if (events->count == decoder->size)
	{
		int			size = decoder->size == 0 ? 1 : decoder->size < FIRST_EVENTS ? FIRST_EVENTS : decoder->size * 2;
		YsEvent    *larger = ys_arena_alloc(decoder->arena, sizeof(YsEvent) * (size_t) size);

		if (larger == NULL)
		{
			ys_event_no_memory(decoder->err);
			return NULL;
		}
		if (events->count > 0)
			memcpy(larger, events->events, sizeof(YsEvent) * (size_t) events->count);
		events->events = larger;
		decoder->size = size;
	}
	return memset(&events->events[events->count++], 0, sizeof(YsEvent));
}

bool
ys_event_refuse(YsEventDecoder *decoder, YsEvent *event, const YsError *error)
{
	YsError    *kept;

	if (error->code == YS_ERR_OUT_OF_MEMORY)
	{
		*decoder->err = *error;
		return false;
	}
	if (event->error != NULL)
		return true;
	kept = ys_arena_alloc(decoder->arena, sizeof(YsError));
	if (kept == NULL)
		return ys_event_no_memory(decoder->err);
	*kept = *error;
	event->error = kept;
	event->new_image = event->old_image = NULL;
	event->keys_only = false;
	return true;
}

bool
ys_event_is_wanted(const YsEventReading *reading, const char *table, size_t len)
{
	return reading->table == NULL ||
		ys_event_name_is(table, len, reading->table, strlen(reading->table));
}

void
ys_event_pass_over(YsEventDecoder *decoder, int index)
{
	YsEvents   *events = decoder->events;

	events->count--;
	memmove(&events->events[index], &events->events[index + 1],
			sizeof(YsEvent) * (size_t) (events->count - index));
	events->passed_over++;
}

/* Bring the key attributes, all known to be there, into the table's order. */
static bool
order_keys(YsEventDecoder *decoder, YsValue *keys)
{
	const YsAttributeFilter *names = &decoder->key_names;
	YsMember   *ordered = ys_arena_alloc(decoder->arena, (size_t) names->count * sizeof(YsMember));

	if (ordered == NULL)
		return ys_event_no_memory(decoder->err);
	for (int i = 0; i < names->count; i++)
	{
		ordered[i].name = names->names[i];
		ordered[i].name_len = names->lens[i];
		ordered[i].value = *ys_value_member(keys, names->names[i], names->lens[i]);
	}
	keys->members = ordered;
	keys->len = (uint32_t) names->count;
	return true;
}

/* Give the event its key's text, if keys are a key that the store can have; *valid is false, and err says why, when not. */
static bool
finish_key(YsEventDecoder *decoder, YsEvent *event, bool *valid, YsError *err)
{
	const YsEventReading *reading = decoder->reading;
	YsText		key;

	*valid = true;
	if (reading->nkeys == 0)
		return true;
	ys_text_init(&key, decoder->arena);
	*valid = ys_value_canonical_key(&key, &event->keys, reading->nkeys, reading->key_names, err) &&
		ys_event_check_key(decoder, &event->keys, err);
	if (!*valid)
	{
		if (err->code != YS_ERR_OUT_OF_MEMORY)
			return true;
		*decoder->err = *err;
		return false;
	}
	if (!order_keys(decoder, &event->keys))
		return false;
	event->key = key.bytes;
	event->key_len = (uint32_t) key.len;
	return true;
}

bool
ys_event_finish(YsEventDecoder *decoder, YsEvent *event, bool *wanted)
{
	const YsEventReading *reading = decoder->reading;
	const char *table = event->table != NULL ? event->table : reading->unsaid_table;
	bool		valid;
	YsError		err;

	*wanted = table == NULL || ys_event_is_wanted(reading, table, strlen(table));
	if (!*wanted || event->keys.type != YS_TYPE_MAP)
		return true;
	return finish_key(decoder, event, &valid, &err) &&
		(valid || ys_event_refuse(decoder, event, &err));
}

size_t
ys_event_frame(const char *bytes, size_t len)
{
	/* a magic byte and the number of a schema; no JSON begins so */
	return len > 5 && bytes[0] == '\0' ? 5 : 0;
}

/* ---- messages ---- */

/*
 * Nothing, or null written out: the message says that its key's item is gone.  Debezium has said so by an event
 * before; and under "auto" it may be of any table, so that the store is asked.
 */
static bool
decode_tombstone(YsEventDecoder *decoder)
{
	YsEventFormat format = decoder->reading->format;
	YsEvent    *event;
	YsError		err;

	if (format == YS_FORMAT_DEBEZIUM)
	{
		decoder->events->passed_over++;
		return true;
	}
	if (format == YS_FORMAT_DYNAMODB)
		return ys_error_set(decoder->err, YS_ERR_INVALID_DATA, "event has no value");
	event = ys_event_add(decoder);
	if (event == NULL)
		return false;
	event->kind = YS_EVENT_DELETE;
	switch (ys_event_message_key(decoder, true, &event->keys, &err))
	{
		case YS_EVENT_KEY_READ:
			event->keys_only = format == YS_FORMAT_AUTO;
			break;
		case YS_EVENT_KEY_NONE:
			ys_error_set(&err, YS_ERR_INVALID_DATA, "message has neither key nor value");
			return ys_event_refuse(decoder, event, &err);
		case YS_EVENT_KEY_OF_OTHERS:
			if (format != YS_FORMAT_AUTO)
				return ys_event_refuse(decoder, event, &err);
			ys_event_pass_over(decoder, 0);
			return true;
		case YS_EVENT_KEY_INVALID:
			return ys_event_refuse(decoder, event, &err);
		case YS_EVENT_KEY_NO_MEMORY:
			*decoder->err = err;
			return false;
	}
	return true;
}

/* Which format a message has that a look for DynamoDB's records has found signs in. */
static YsEventFormat
format_by_signs(const YsEventSigns *signs)
{
	if (signs->records || signs->dynamodb)
		return YS_FORMAT_DYNAMODB;
	if ((signs->op && signs->image) || (signs->schema && signs->payload && signs->members == 2))
		return YS_FORMAT_DEBEZIUM;
	return signs->members > 0 ? YS_FORMAT_DOCUMENT : YS_FORMAT_AUTO;
}

static bool
decode_auto(YsEventDecoder *decoder)
{
	YsEvents   *events = decoder->events;
	YsEventSigns signs = {0};
	bool		decoded = ys_event_decode_dynamodb(decoder, &signs);
	bool		is_one;

	events->format = format_by_signs(&signs);
	if (!decoded || events->format == YS_FORMAT_DYNAMODB)
		return decoded;

	/* what records would have been made of it */
	events->count = events->passed_over = 0;
	if (events->format == YS_FORMAT_AUTO)
		return ys_error_set(decoder->err, YS_ERR_INVALID_DATA, "message is of no known format");
	if (events->format == YS_FORMAT_DEBEZIUM)
	{
		if (!ys_event_decode_debezium(decoder, &is_one))
			return false;
		if (is_one)
			return true;
		events->format = YS_FORMAT_DOCUMENT;
		return ys_event_decode_document(decoder, true);
	}
	return ys_event_decode_document(decoder, false);
}

/* Does a message begin as {"schema": ..., "payload": ...} do, in whichever order? */
static bool
may_be_wrapped(const char *value, size_t len)
{
	size_t		i = 0;

	while (i < len && strchr("{ \t\r\n", value[i]) != NULL && value[i] != '\0')
		i++;
	return len - i > 9 && (memcmp(value + i, "\"schema\"", 8) == 0 || memcmp(value + i, "\"payload\"", 9) == 0);
}

static bool
decode_declared(YsEventDecoder *decoder)
{
	YsEventSigns signs = {0};
	bool		is_one;

	switch (decoder->reading->format)
	{
		case YS_FORMAT_AUTO:
			return decode_auto(decoder);
		case YS_FORMAT_DYNAMODB:
			return ys_event_decode_dynamodb(decoder, &signs);
		case YS_FORMAT_DEBEZIUM:
			return ys_event_decode_debezium(decoder, &is_one) &&
				(is_one || ys_error_set(decoder->err, YS_ERR_INVALID_DATA, "message is no envelope"));
		case YS_FORMAT_DOCUMENT:
			break;
	}
	return ys_event_decode_document(decoder, may_be_wrapped(decoder->value, decoder->value_len));
}

static bool
is_null_text(const char *value, size_t len)
{
	return len == 4 && memcmp(value, "null", 4) == 0;
}

static bool
decode_value(YsEventDecoder *decoder)
{
	const YsEventMessage *message = decoder->message;
	size_t		frame;

	if (message->value == NULL)
		return decode_tombstone(decoder);
	frame = ys_event_frame(message->value, message->value_len);
	decoder->value = message->value + frame;
	decoder->value_len = message->value_len - frame;
	if (is_null_text(decoder->value, decoder->value_len))
		return decode_tombstone(decoder);
	if (frame > 0 && memchr("{[ \t\r\n", decoder->value[0], 6) == NULL)
	{
		ys_error_set(decoder->err, YS_ERR_INVALID_DATA, "value has a schema registry's frame, but is no JSON");
		ys_error_detail(decoder->err, "Of such values those of JSON Schema can be read.");
		return false;
	}
	return decode_declared(decoder);
}

static bool
has_key(const YsEventDecoder *decoder, const YsEvent *event)
{
	return decoder->reading->nkeys > 0 ? event->key != NULL : event->keys.type == YS_TYPE_MAP;
}

/*
 * An event that can't be used makes the row it is about stale, too: where it doesn't tell which that is, the message's key
 * may.  That of a store's stream is an object; in those of others any text may be the key.
 */
static bool
recover_key(YsEventDecoder *decoder, YsEvent *event)
{
	bool		bare = decoder->events->format != YS_FORMAT_DYNAMODB;
	bool		valid;
	YsValue		keys = {0};
	YsError		err;

	switch (ys_event_message_key(decoder, bare, &keys, &err))
	{
		case YS_EVENT_KEY_READ:
			event->keys = keys;
			return finish_key(decoder, event, &valid, &err);
		case YS_EVENT_KEY_NO_MEMORY:
			*decoder->err = err;
			return false;
		case YS_EVENT_KEY_NONE:
		case YS_EVENT_KEY_OF_OTHERS:
		case YS_EVENT_KEY_INVALID:
			break;
	}
	return true;
}

/* Bring keys into order, drop what is of other tables. */
static bool
finish_events(YsEventDecoder *decoder)
{
	YsEvents   *events = decoder->events;
	bool		alone = events->count == 1;
	int			kept = 0;

	for (int i = 0; i < events->count; i++)
	{
		YsEvent    *event = &events->events[i];
		bool		wanted;

		if (!ys_event_finish(decoder, event, &wanted))
			return false;
		if (wanted && alone && event->error != NULL && !has_key(decoder, event) && !recover_key(decoder, event))
			return false;
		if (wanted)
			events->events[kept++] = *event;
	}
	events->passed_over += events->count - kept;
	events->count = kept;
	return true;
}

/* The key attributes' names, as what to keep of a map. */
static bool
make_key_filter(YsEventDecoder *decoder)
{
	const YsEventReading *reading = decoder->reading;
	const char **names = ys_arena_alloc(decoder->arena, (size_t) (reading->nkeys + 1) * sizeof(*names));
	uint32_t   *lens = ys_arena_alloc(decoder->arena, (size_t) (reading->nkeys + 1) * sizeof(*lens));

	if (names == NULL || lens == NULL)
		return ys_event_no_memory(decoder->err);
	for (int i = 0; i < reading->nkeys; i++)
	{
		names[i] = reading->key_names[i];
		lens[i] = (uint32_t) strlen(reading->key_names[i]);
	}
	decoder->key_names = (YsAttributeFilter) {reading->nkeys, names, lens};
	return true;
}

bool
ys_event_decode(const YsEventReading *reading, YsJsonReader *reader, const YsEventMessage *message,
				YsArena *arena, YsEvents *events, YsError *err)
{
	YsEventDecoder decoder = {.reading = reading, .reader = reader, .message = message, .arena = arena,
	.events = events, .err = err};
	YsEvent    *event;

	memset(events, 0, sizeof(*events));
	events->format = reading->format;
	if (!make_key_filter(&decoder))
		return false;
	if (!decode_value(&decoder))
	{
		YsError		whole = *err;

		if (whole.code == YS_ERR_OUT_OF_MEMORY)
			return false;
		events->count = events->passed_over = 0;
		event = ys_event_add(&decoder);
		if (event == NULL || !ys_event_refuse(&decoder, event, &whole))
			return false;
	}
	return finish_events(&decoder);
}
