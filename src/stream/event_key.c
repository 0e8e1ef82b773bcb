/*-------------------------------------------------------------------------
 * event_key.c
 *	  Keys that are plain JSON, or typed, in a message's key or in a document.
 *
 * A message's key is an object with the key attributes, {"id": "x"} or {"id": {"S": "x"}}, others beside
 * them being passed by; or, for a table with one key attribute, that one by itself: as a JSON string or number, or as
 * bare text.  A schema registry's frame, or {"schema": ..., "payload": ...}, around it is taken off.
 *-------------------------------------------------------------------------
 */
#include "stream/event_formats.h"

#include <string.h>

typedef struct KeyRead
{
	YsEventDecoder *decoder;
	YsValue    *keys;
	YsMember   *members;
	uint32_t	size;
	uint32_t	count;
	int			depth;			/* of payloads within payloads */
	bool		scalar;			/* it is no object */
	YsError    *err;
} KeyRead;

static bool
refuse(YsError *err, const char *problem, const char *name)
{
	return ys_error_set(err, YS_ERR_INVALID_DATA, "key attribute \"%s\" %s", name, problem);
}

/* Make a plain value what a key attribute of the type has. */
static bool
convert(YsEventDecoder *decoder, int key, const YsValue *plain, YsValue *value, YsError *err)
{
	const char *name = decoder->reading->key_names[key];
	YsType		type = decoder->reading->key_types[key];

	*value = *plain;
	if (plain->type == type)
		return true;
	if (type == YS_TYPE_NUMBER && plain->type == YS_TYPE_STRING && ys_json_is_number(plain->bytes, plain->len))
	{
		value->type = YS_TYPE_NUMBER;
		return true;
	}
	if (type == YS_TYPE_BINARY && plain->type == YS_TYPE_STRING)
	{
		value->type = YS_TYPE_BINARY;
		return ys_base64_decode(decoder->arena, plain->bytes, plain->len, &value->bytes, &value->len, err);
	}
	return refuse(err, type == YS_TYPE_STRING ? "is no string" : type == YS_TYPE_NUMBER ? "is no number" :
				  "is no base64", name);
}

/* Which key attribute this is; -1: none. */
static int
find_key(const YsEventDecoder *decoder, const char *name, size_t len)
{
	for (int i = 0; i < decoder->key_names.count; i++)
	{
		if (ys_event_name_is(name, len, decoder->key_names.names[i], decoder->key_names.lens[i]))
			return i;
	}
	return -1;
}

bool
ys_event_check_key(const YsEventDecoder *decoder, const YsValue *keys, YsError *err)
{
	const YsAttributeFilter *names = &decoder->key_names;

	for (int i = 0; i < names->count; i++)
	{
		const char *name = names->names[i];
		const YsValue *value = ys_value_member(keys, name, names->lens[i]);
		YsType		type = decoder->reading->key_types[i];

		if (value->type != type)
			return refuse(err, type == YS_TYPE_STRING ? "is no string" : type == YS_TYPE_NUMBER ? "is no number" :
						  "is no binary", name);
		if (type == YS_TYPE_NUMBER)
		{
			if (!ys_number_fits(value->bytes, value->len))
				return refuse(err, "is a number that the store cannot hold", name);
		}
		else if (value->len == 0)
			return refuse(err, "is empty", name);
		else if (value->len > (i == 0 ? YS_PARTITION_KEY_MAX_BYTES : YS_SORT_KEY_MAX_BYTES))
			return refuse(err, "is longer than the store's keys are", name);
	}
	return true;
}

/* ---- documents ---- */

bool
ys_event_document_key(YsEventDecoder *decoder, const YsValue *document, YsValue *keys, YsError *err)
{
	const YsAttributeFilter *names = &decoder->key_names;
	YsMember   *members = ys_arena_alloc_zero(decoder->arena, sizeof(YsMember) * (size_t) (names->count + 1));

	if (members == NULL)
		return ys_event_no_memory(err);
	for (int i = 0; i < names->count; i++)
	{
		const YsValue *plain = ys_value_member(document, names->names[i], names->lens[i]);

		if (plain == NULL)
			return ys_error_set(err, YS_ERR_INVALID_DATA, "item lacks key attribute \"%s\"", names->names[i]);
		members[i].name = names->names[i];
		members[i].name_len = names->lens[i];
		if (!convert(decoder, i, plain, &members[i].value, err))
			return false;
	}
	*keys = (YsValue) {.type = YS_TYPE_MAP, .len = (uint32_t) names->count, .members = members};
	return true;
}

static bool
same_value(const YsValue *a, const YsValue *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == YS_TYPE_NUMBER)
		return ys_number_compare(a->bytes, a->len, b->bytes, b->len) == 0;
	return a->len == b->len && (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

bool
ys_event_join_key(YsEventDecoder *decoder, const YsValue *keys, YsValue *document, YsError *err)
{
	uint32_t	most = document->len + keys->len;
	YsMember   *members = ys_arena_alloc(decoder->arena, sizeof(YsMember) * (size_t) (most + 1));
	uint32_t	count = document->len;

	if (members == NULL)
		return ys_event_no_memory(err);
	if (count > 0)
		memcpy(members, document->members, sizeof(YsMember) * count);
	for (uint32_t k = 0; k < keys->len; k++)
	{
		const YsMember *key = &keys->members[k];
		uint32_t	i = 0;
		YsValue		own;

		while (i < document->len && !ys_event_name_is(members[i].name, members[i].name_len, key->name, key->name_len))
			i++;
		if (i == document->len)
			members[count++] = *key;
		else if (!convert(decoder, find_key(decoder, key->name, key->name_len), &members[i].value, &own, err))
			return false;
		else if (!same_value(&own, &key->value))
			return refuse(err, "is not what the message's key says", key->name);
		else
			members[i].value = key->value;
	}
	document->members = members;
	document->len = count;
	return true;
}

/* ---- the message's key ---- */

/* A scalar of the message's key, or of one of its members. */
static bool
read_scalar(KeyRead *read, int key, YsJsonNode *node, YsValue *value)
{
	YsEventDecoder *decoder = read->decoder;
	YsValue		plain;

	if (!ys_value_from_plain_json(node, decoder->arena, &plain, read->err))
		return false;
	if (key < 0)
	{
		*value = plain;
		return true;
	}
	return convert(decoder, key, &plain, value, read->err);
}

static bool
read_root(void *arg, YsJsonNode *node);

static bool
read_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	KeyRead    *read = arg;
	YsEventDecoder *decoder = read->decoder;
	int			key = find_key(decoder, name, len);
	YsMember   *member;

	if (key < 0 && YS_EVENT_NAME_IS(name, len, "schema") && ys_json_kind(node) == YS_JSON_OBJECT)
		return true;
	if (key < 0 && YS_EVENT_NAME_IS(name, len, "payload") && read->depth++ == 0)
		return read_root(read, node);
	if (key < 0 && decoder->key_names.count > 0)
		return true;
	if (read->count == read->size)
		return decoder->key_names.count == 0 ||
			ys_error_set(read->err, YS_ERR_INVALID_DATA, "message's key has an attribute more than once");
	member = &read->members[read->count++];
	member->name = key >= 0 ? decoder->key_names.names[key] : ys_arena_copy(decoder->arena, name, len);
	member->name_len = (uint32_t) len;
	if (member->name == NULL)
		return ys_event_no_memory(read->err);
	if (ys_json_kind(node) == YS_JSON_OBJECT)
		return ys_value_from_typed_node(node, decoder->arena, &member->value, read->err);
	return read_scalar(read, key, node, &member->value);
}

/* The key's object, or its only attribute by itself. */
static bool
read_root(void *arg, YsJsonNode *node)
{
	KeyRead    *read = arg;
	int			nkeys = read->decoder->key_names.count;

	if (ys_json_kind(node) == YS_JSON_OBJECT)
		return ys_json_each_member(node, read_member, read, read->err);
	if (nkeys > 1)
		return ys_error_set(read->err, YS_ERR_INVALID_DATA, "message's key is no object of the key attributes");
	read->scalar = true;
	read->count = 1;
	if (nkeys == 1)
	{
		read->members[0].name = read->decoder->key_names.names[0];
		read->members[0].name_len = read->decoder->key_names.lens[0];
	}
	return read_scalar(read, nkeys == 1 ? 0 : -1, node, &read->members[0].value);
}

static YsEventKey
failed(const YsError *err)
{
	return err->code == YS_ERR_OUT_OF_MEMORY ? YS_EVENT_KEY_NO_MEMORY : YS_EVENT_KEY_INVALID;
}

/* Visit len bytes of JSON, which are copied to where they can be read. */
static bool
visit(KeyRead *read, const char *bytes, size_t len)
{
	YsEventDecoder *decoder = read->decoder;
	char	   *padded = ys_arena_alloc(decoder->arena, len + YS_JSON_PADDING);

	if (padded == NULL)
		return ys_event_no_memory(read->err);
	memcpy(padded, bytes, len);
	memset(padded + len, 0, YS_JSON_PADDING);
	return ys_json_read(decoder->reader, padded, len, read_root, read, read->err);
}

/* Text that isn't JSON stands for itself; the JSON reader looks whether it is text. */
static bool
visit_text(KeyRead *read, const char *bytes, size_t len)
{
	YsText		quoted;

	ys_text_init(&quoted, read->decoder->arena);
	ys_text_add_json_string(&quoted, bytes, len);
	if (quoted.failed)
		return ys_event_no_memory(read->err);
	return visit(read, quoted.bytes, quoted.len);
}

static bool
is_object(const char *bytes, size_t len)
{
	size_t		i = 0;

	while (i < len && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n'))
		i++;
	return i < len && bytes[i] == '{';
}

static bool
is_quoted(const char *bytes, size_t len)
{
	return len >= 2 && bytes[0] == '"' && bytes[len - 1] == '"';
}

/* A key that isn't an object: a JSON string, else what stands there. */
static bool
visit_bare(KeyRead *read, const char *bytes, size_t len)
{
	const YsEventReading *reading = read->decoder->reading;
	YsType		type = reading->nkeys == 1 ? reading->key_types[0] : YS_TYPE_STRING;

	if (is_quoted(bytes, len) && visit(read, bytes, len))
		return true;
	if (is_quoted(bytes, len) && (read->err->code == YS_ERR_OUT_OF_MEMORY || type != YS_TYPE_STRING))
		return false;
	read->err->code = YS_OK;
	if (type == YS_TYPE_BINARY && reading->nkeys == 1)
	{
		read->members[0] = (YsMember) {read->decoder->key_names.names[0], read->decoder->key_names.lens[0],
		{.type = YS_TYPE_BINARY, .len = (uint32_t) len, .bytes = ys_arena_copy(read->decoder->arena, bytes, len)}};
		read->scalar = true;
		read->count = 1;
		return read->members[0].value.bytes != NULL || ys_event_no_memory(read->err);
	}
	return visit_text(read, bytes, len);
}

YsEventKey
ys_event_message_key(YsEventDecoder *decoder, bool bare, YsValue *keys, YsError *err)
{
	const YsEventMessage *message = decoder->message;
	int			nkeys = decoder->key_names.count;
	size_t		frame;
	KeyRead		read = {.decoder = decoder, .keys = keys, .err = err, .size = nkeys > 0 ? (uint32_t) nkeys : 2};
	bool		good;

	err->code = YS_OK;
	if (message->key == NULL)
	{
		ys_error_set(err, YS_ERR_INVALID_DATA, "message has no key");
		return YS_EVENT_KEY_NONE;
	}
	read.members = ys_arena_alloc_zero(decoder->arena, sizeof(YsMember) * read.size);
	if (read.members == NULL)
	{
		ys_event_no_memory(err);
		return YS_EVENT_KEY_NO_MEMORY;
	}
	frame = ys_event_frame(message->key, message->key_len);
	if (is_object(message->key + frame, message->key_len - frame))
		good = visit(&read, message->key + frame, message->key_len - frame);
	/* what a registry frames is JSON, or of a kind that can't be read: it is no text */
	else if (bare && nkeys <= 1 && (frame == 0 || is_quoted(message->key + frame, message->key_len - frame)))
		good = visit_bare(&read, message->key + frame, message->key_len - frame);
	else
		good = ys_error_set(err, YS_ERR_INVALID_DATA, "message's key is no object of the key attributes");
	if (!good)
		return failed(err);

	if (read.scalar && nkeys == 0)
	{
		*keys = read.members[0].value;
		return YS_EVENT_KEY_READ;
	}
	for (int i = 0; i < nkeys; i++)
	{
		bool		found = false;

		for (uint32_t m = 0; m < read.count; m++)
			found = found || read.members[m].name == decoder->key_names.names[i];
		if (!found)
		{
			ys_error_set(err, YS_ERR_INVALID_DATA, "message's key lacks key attribute \"%s\"",
						 decoder->key_names.names[i]);
			return YS_EVENT_KEY_OF_OTHERS;
		}
	}
	*keys = (YsValue) {.type = YS_TYPE_MAP, .len = read.count, .members = read.members};
	return YS_EVENT_KEY_READ;
}
