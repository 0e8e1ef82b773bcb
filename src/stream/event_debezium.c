/*-------------------------------------------------------------------------
 * event_debezium.c
 *	  Decoding Debezium's envelopes.
 *
 *	  {"op": "u", "before": {..}, "after": {..}, "source": {"table": "t", "ts_ms": .., ..}, ..}
 *
 * or that as "payload" beside a "schema".  Rows are plain JSON.  The key is the message's, if it has one,
 * else that of the row.  A row that lacks a value is read from the store.  A row's members come before what says
 * whose it is and what became of it, so that all is read first.
 *-------------------------------------------------------------------------
 */
#include "stream/event_formats.h"

#include <stddef.h>
#include <string.h>

/* What stands for a value that the source's log doesn't repeat when others change: PostgreSQL's, moved out of line. */
#define UNAVAILABLE		"__debezium_unavailable_value"

typedef struct Envelope
{
	YsEventDecoder *decoder;
	YsEvent    *event;
	bool		failed;			/* err says why the event can't be used */
	bool		has_payload;
	bool		is_tombstone;	/* its payload is null */
	bool		has_op;
	bool		has_before;
	bool		has_after;
	bool		has_source;
	char		op;
	bool		op_name;		/* "op" occurs, whatever it is */
	YsValue    *before;			/* NULL: none */
	YsValue    *after;
	bool		source_time;	/* changed_at is the source's, not Debezium's own */
	int64_t		per_second;		/* the finest clock that was read */
	YsError		err;			/* last: it isn't zeroed */
} Envelope;

/* Note the first thing that is wrong, and read on: whose event it is may come later.  False when memory ran out. */
static bool
note(Envelope *envelope, bool good, const YsError *err)
{
	if (good)
		return true;
	if (err->code == YS_ERR_OUT_OF_MEMORY)
	{
		*envelope->decoder->err = *err;
		return false;
	}
	if (!envelope->failed)
		envelope->err = *err;
	envelope->failed = true;
	return true;
}

static bool
read_op(Envelope *envelope, YsJsonNode *node, YsError *err)
{
	const char *text;
	size_t		len;

	if (!ys_event_once(&envelope->has_op, "op", err) || !ys_json_string(node, &text, &len, err))
		return false;
	envelope->op = len == 1 ? text[0] : '?';
	return true;
}

static bool
read_row(Envelope *envelope, YsJsonNode *node, bool *seen, const char *name, const YsPathTree *wanted,
		 YsValue **row, YsError *err)
{
	if (!ys_event_once(seen, name, err))
		return false;
	if (ys_json_kind(node) == YS_JSON_NULL)
		return true;
	*row = ys_arena_alloc(envelope->decoder->arena, sizeof(YsValue));
	if (*row == NULL)
		return ys_event_no_memory(err);
	if (ys_value_from_plain_tree(node, wanted, envelope->decoder->arena, *row, err))
		return true;
	*row = NULL;
	return false;
}

/* A clock of the message: the finest is taken, and the source's rather than Debezium's. */
static bool
read_clock(Envelope *envelope, YsJsonNode *node, bool of_source, int64_t per_second, YsError *err)
{
	const char *text;
	size_t		len;
	int64_t		us;

	if (ys_json_kind(node) == YS_JSON_NULL || envelope->source_time > of_source ||
		(envelope->source_time == of_source && envelope->per_second >= per_second))
		return true;
	if (!ys_json_number(node, &text, &len, err))
		return false;
	if (!ys_event_time(text, len, per_second, envelope->decoder->arena, &us))
		return ys_error_set(err, YS_ERR_INVALID_DATA, "event has no usable time");
	envelope->source_time = of_source;
	envelope->per_second = per_second;
	envelope->event->changed_at_us = us;
	return true;
}

static bool
read_table(Envelope *envelope, YsJsonNode *node, YsError *err)
{
	YsEvent    *event = envelope->event;
	const char *text;
	size_t		len;

	if (ys_json_kind(node) == YS_JSON_NULL)
		return true;
	if (!ys_json_string(node, &text, &len, err))
		return false;
	event->table = ys_arena_copy(envelope->decoder->arena, text, len);
	event->table_len = (uint32_t) len;
	return event->table != NULL || ys_event_no_memory(err);
}

static bool
read_source_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Envelope   *envelope = arg;
	YsError		err;
	bool		good = true;

	if (YS_EVENT_NAME_IS(name, len, "table") || YS_EVENT_NAME_IS(name, len, "collection"))
		good = read_table(envelope, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "ts_ms"))
		good = read_clock(envelope, node, true, 1000, &err);
	else if (YS_EVENT_NAME_IS(name, len, "ts_us"))
		good = read_clock(envelope, node, true, 1000000, &err);
	return note(envelope, good, &err);
}

static bool
read_source(Envelope *envelope, YsJsonNode *node, YsError *err)
{
	if (!ys_event_once(&envelope->has_source, "source", err))
		return false;
	return ys_json_kind(node) == YS_JSON_NULL || ys_json_each_member(node, read_source_member, envelope, err);
}

static bool
read_envelope_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Envelope   *envelope = arg;
	const YsEventReading *reading = envelope->decoder->reading;
	YsError		err;
	bool		good = true;

	if (YS_EVENT_NAME_IS(name, len, "op"))
	{
		envelope->op_name = true;
		good = read_op(envelope, node, &err);
	}
	else if (YS_EVENT_NAME_IS(name, len, "after"))
		good = read_row(envelope, node, &envelope->has_after, "after", reading->wanted, &envelope->after, &err);
	else if (YS_EVENT_NAME_IS(name, len, "before"))
	{
		/* of an old row only the key may be needed */
		if (reading->old_images || envelope->decoder->message->key == NULL)
			good = read_row(envelope, node, &envelope->has_before, "before",
							reading->old_images ? NULL : reading->wanted, &envelope->before, &err);
	}
	else if (YS_EVENT_NAME_IS(name, len, "source"))
		good = read_source(envelope, node, &err);
	else if (YS_EVENT_NAME_IS(name, len, "ts_ms"))
		good = read_clock(envelope, node, false, 1000, &err);
	else if (YS_EVENT_NAME_IS(name, len, "ts_us"))
		good = read_clock(envelope, node, false, 1000000, &err);
	return note(envelope, good, &err);
}

static bool
read_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Envelope   *envelope = arg;
	YsError		err;

	if (YS_EVENT_NAME_IS(name, len, "payload") && !envelope->has_payload)
	{
		envelope->has_payload = true;
		envelope->is_tombstone = ys_json_kind(node) == YS_JSON_NULL;
		if (ys_json_kind(node) == YS_JSON_OBJECT)
			return note(envelope, ys_json_each_member(node, read_envelope_member, envelope, &err), &err);
	}
	else
		return read_envelope_member(envelope, name, len, node);
	return true;
}

static bool
read_root(void *arg, YsJsonNode *node)
{
	Envelope   *envelope = arg;

	return ys_json_each_member(node, read_member, envelope, envelope->decoder->err);
}

static bool
take_kind(Envelope *envelope, YsError *err)
{
	YsEvent    *event = envelope->event;

	switch (envelope->op)
	{
		case 'c':
			event->kind = YS_EVENT_INSERT;
			break;
		case 'u':
			event->kind = YS_EVENT_UPDATE;
			break;
		case 'r':
			event->kind = YS_EVENT_SNAPSHOT;
			break;
		case 'd':
			event->kind = YS_EVENT_DELETE;
			return true;
		case 't':
			ys_error_set(err, YS_ERR_INVALID_DATA, "event says that its whole table was truncated");
			ys_error_detail(err, "Of which items that were it doesn't say.");
			return false;
		default:
			ys_error_set(err, YS_ERR_INVALID_DATA, "event has an unknown \"op\"");
			ys_error_detail(err, "An op is c, u, d or r.");
			return false;
	}
	if (envelope->after == NULL)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "event has no row \"after\" the change");
	return true;
}

/* The event's key: the message's, else the row's. */
static bool
take_key(Envelope *envelope, YsError *err)
{
	YsEventDecoder *decoder = envelope->decoder;
	YsEvent    *event = envelope->event;
	YsValue    *row = event->kind == YS_EVENT_DELETE ? envelope->before : envelope->after;

	switch (ys_event_message_key(decoder, true, &event->keys, err))
	{
		case YS_EVENT_KEY_READ:
			break;
		case YS_EVENT_KEY_NONE:
			if (row == NULL)
				return ys_error_set(err, YS_ERR_INVALID_DATA, "event has neither a key nor a row");
			if (!ys_event_document_key(decoder, row, &event->keys, err))
				return false;
			break;
		case YS_EVENT_KEY_OF_OTHERS:
		case YS_EVENT_KEY_INVALID:
		case YS_EVENT_KEY_NO_MEMORY:
			return false;
	}
	return event->kind == YS_EVENT_DELETE || decoder->reading->nkeys == 0 ||
		ys_event_join_key(decoder, &event->keys, envelope->after, err);
}

/* Does it lack a value that was wanted? */
static bool
lacks_value(const YsValue *row)
{
	for (uint32_t i = 0; i < row->len; i++)
	{
		const YsValue *value = &row->members[i].value;

		if (value->type == YS_TYPE_STRING && YS_EVENT_NAME_IS(value->bytes, value->len, UNAVAILABLE))
			return true;
	}
	return false;
}

static bool
finish(Envelope *envelope)
{
	YsEventDecoder *decoder = envelope->decoder;
	YsEvent    *event = envelope->event;
	YsError		err;

	if (!note(envelope, envelope->failed || take_kind(envelope, &err), &err) ||
		!note(envelope, envelope->failed || take_key(envelope, &err), &err))
		return false;
	if (envelope->failed)
		return ys_event_refuse(decoder, event, &envelope->err);
	if (event->kind != YS_EVENT_DELETE)
	{
		event->keys_only = lacks_value(envelope->after);
		event->new_image = event->keys_only ? NULL : envelope->after;
	}
	if (decoder->reading->old_images)
		event->old_image = envelope->before;
	return true;
}

bool
ys_event_decode_debezium(YsEventDecoder *decoder, bool *is_one)
{
	Envelope	envelope;

	*is_one = true;
	memset(&envelope, 0, offsetof(Envelope, err));
	envelope.decoder = decoder;
	envelope.event = ys_event_add(decoder);
	if (envelope.event == NULL ||
		!ys_json_read(decoder->reader, decoder->value, decoder->value_len, read_root, &envelope, decoder->err))
		return false;
	if (!envelope.op_name && (!envelope.is_tombstone || decoder->reading->format == YS_FORMAT_AUTO))
	{
		*is_one = false;
		decoder->events->count--;
		return true;
	}

	/* a tombstone, or what the source's log has carried along */
	if (envelope.is_tombstone || (!envelope.failed && envelope.op == 'm'))
	{
		ys_event_pass_over(decoder, 0);
		return true;
	}
	return finish(&envelope);
}
