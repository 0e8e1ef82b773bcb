/*-------------------------------------------------------------------------
 * event_document.c
 *	  Decoding a plain document: the item's new state, whose key is the message's.
 *
 * With {"schema": {"type": "struct", ..}, "payload": the document} around it, as Kafka
 * Connect writes it, that is taken off.  A message without a key has to have the key's attributes in the document.
 *-------------------------------------------------------------------------
 */
#include "stream/event_formats.h"

typedef struct Document
{
	YsEventDecoder *decoder;
	YsValue    *item;
	bool		has_payload;
	bool		has_schema;
	int			members;
	bool		is_null;		/* the payload says that the item is gone */
	YsError    *err;
} Document;

/* Is this a message {"schema": ..., "payload": ...} and no document that has such attributes? */
static bool
look_at_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Document   *document = arg;
	YsJsonKind	kind = ys_json_kind(node);

	document->members++;
	if (YS_EVENT_NAME_IS(name, len, "schema"))
		document->has_schema = kind == YS_JSON_OBJECT || kind == YS_JSON_NULL;
	else if (YS_EVENT_NAME_IS(name, len, "payload"))
	{
		document->has_payload = kind == YS_JSON_OBJECT || kind == YS_JSON_NULL;
		document->is_null = kind == YS_JSON_NULL;
	}
	return true;
}

static bool
look_at_root(void *arg, YsJsonNode *node)
{
	Document   *document = arg;

	return ys_json_each_member(node, look_at_member, document, document->err);
}

static bool
read_item(Document *document, YsJsonNode *node)
{
	const YsEventDecoder *decoder = document->decoder;

	return ys_value_from_plain_tree(node, decoder->reading->wanted, decoder->arena, document->item, document->err);
}

static bool
read_payload(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	return !YS_EVENT_NAME_IS(name, len, "payload") || read_item(arg, node);
}

static bool
read_wrapped(void *arg, YsJsonNode *node)
{
	Document   *document = arg;

	return ys_json_each_member(node, read_payload, document, document->err);
}

static bool
read_plain(void *arg, YsJsonNode *node)
{
	return read_item(arg, node);
}

static bool
read_value(Document *document, YsJsonRootFn fn)
{
	const YsEventDecoder *decoder = document->decoder;

	return ys_json_read(decoder->reader, decoder->value, decoder->value_len, fn, document, document->err);
}

/* The event's key: the message's, else the document's own. */
static bool
take_key(YsEventDecoder *decoder, YsEvent *event, YsValue *item, YsError *err)
{
	switch (ys_event_message_key(decoder, true, &event->keys, err))
	{
		case YS_EVENT_KEY_READ:
			return event->keys.type != YS_TYPE_MAP || decoder->reading->nkeys == 0 || item == NULL ||
				ys_event_join_key(decoder, &event->keys, item, err);
		case YS_EVENT_KEY_NONE:
			return item != NULL && ys_event_document_key(decoder, item, &event->keys, err) &&
				ys_event_join_key(decoder, &event->keys, item, err);
		case YS_EVENT_KEY_OF_OTHERS:
		case YS_EVENT_KEY_INVALID:
		case YS_EVENT_KEY_NO_MEMORY:
			break;
	}
	return false;
}

bool
ys_event_decode_document(YsEventDecoder *decoder, bool wrapped)
{
	YsEvent    *event = ys_event_add(decoder);
	YsValue    *item = ys_arena_alloc_zero(decoder->arena, sizeof(YsValue));
	YsError		err;
	Document	document = {.decoder = decoder, .item = item, .err = &err};

	if (event == NULL || item == NULL)
		return ys_event_no_memory(decoder->err);
	if (wrapped)
	{
		if (!read_value(&document, look_at_root))
			return ys_event_refuse(decoder, event, &err);
		wrapped = document.has_schema && document.has_payload && document.members == 2;
	}
	event->kind = wrapped && document.is_null ? YS_EVENT_DELETE : YS_EVENT_PUT;
	if (event->kind == YS_EVENT_DELETE)
		item = NULL;
	else if (!read_value(&document, wrapped ? read_wrapped : read_plain))
		return ys_event_refuse(decoder, event, &err);
	if (!take_key(decoder, event, item, &err))
		return ys_event_refuse(decoder, event, &err);
	event->new_image = item;
	return true;
}
