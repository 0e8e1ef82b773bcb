/*-------------------------------------------------------------------------
 * decode.c
 *	  From messages to events, once for all policies of one source.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "errors.h"
#include "worker/decode.h"

static void
out_of_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

YsPathTree *
ys_decode_want_keys(const YsSource *source, YsArena *arena)
{
	YsPathTree   *wanted = ys_arena_alloc_zero(arena, sizeof(YsPathTree));

	if (wanted == NULL)
		out_of_memory();
	for (int i = 0; i < source->nkeys; i++)
	{
		const char *name = source->key_names[i];

		if (ys_tree_add(wanted, &(YsPathStep) {name, (uint32_t) strlen(name), 0}, 1, arena) < 0)
			out_of_memory();
	}
	return wanted;
}

void
ys_decode_want(YsPathTree *wanted, const YsPolicy *policy, YsArena *arena)
{
	if (!ys_tree_merge(wanted, ys_policy_tree(policy), arena))
		out_of_memory();
}

typedef struct KeyArg
{
	const YsSource *source;
	YsArena    *arena;
	YsEvent    *event;
} KeyArg;

/* The key that a message key in canonical form tells: for events that tell none themselves. */
static bool
read_message_key(void *arg, YsJsonNode *root)
{
	KeyArg	   *key = arg;
	YsError		err;
	YsText		text;

	if (!ys_value_from_typed_json(root, NULL, key->arena, &key->event->keys, &err))
		return false;
	ys_text_init(&text, key->arena);
	if (!ys_value_canonical_key(&text, &key->event->keys, key->source->nkeys,
								key->source->key_names, &err))
		return false;
	key->event->key = text.bytes;
	key->event->key_len = (uint32_t) text.len;
	return true;
}

/* Fill event's key from the message key if it tells one; else leave it NULL. */
static void
recover_key(YsJsonReader *reader, const YsSource *source, const YsMessage *message,
			YsArena *arena, YsEvent *event)
{
	KeyArg		arg = {source, arena, event};
	char	   *padded;
	YsError		err;

	memset(event, 0, sizeof(*event));
	if (message->key == NULL)
		return;
	padded = ys_arena_alloc_zero(arena, message->key_len + YS_JSON_PADDING);
	if (padded == NULL)
		return;
	memcpy(padded, message->key, message->key_len);
	if (!ys_json_read(reader, padded, message->key_len, read_message_key, &arg, &err))
		event->key = NULL;
}

YsDecoded *
ys_decode_messages(YsJsonReader *reader, YsEventFormat format, const YsSource *source,
				   const YsPathTree *wanted, int count, const YsMessage *messages, YsArena *arena)
{
	YsDecoded  *decoded = ys_arena_alloc_zero(arena, sizeof(YsDecoded) * Max(count, 1));

	if (decoded == NULL)
		out_of_memory();
	for (int i = 0; i < count; i++)
	{
		const YsMessage *message = &messages[i];
		YsDecoded  *each = &decoded[i];

		each->message = message;
		each->is_event = !message->is_watermark;
		if (!each->is_event)
			continue;
		if (message->value == NULL)
			(void) ys_error_set(&each->error, YS_ERR_INVALID_DATA, "event has no value");
		else
			each->ok = ys_event_decode(format, reader, message->value, message->value_len,
									   source->nkeys, source->key_names, wanted, arena, &each->event,
									   &each->error);
		if (!each->ok)
		{
			/* memory is the server's trouble, not the event's */
			if (each->error.code == YS_ERR_OUT_OF_MEMORY)
				ys_error_throw(&each->error);
			recover_key(reader, source, message, arena, &each->event);
		}
	}
	return decoded;
}

/* ---- keys as text ---- */

typedef struct KeyTextArg
{
	YsArena    *arena;
	YsValue    *key;
	YsError    *err;
} KeyTextArg;

static bool
read_key_text(void *arg, YsJsonNode *root)
{
	KeyTextArg *key = arg;

	return ys_value_from_typed_json(root, NULL, key->arena, key->key, key->err);
}

bool
ys_decode_key(const char *text, YsArena *arena, YsValue *key, YsError *err)
{
	size_t		len = strlen(text);
	char	   *padded = palloc0(len + YS_JSON_PADDING);
	YsJsonReader *reader = ys_json_reader_create();
	KeyTextArg	arg = {arena, key, err};
	bool		ok;

	if (reader == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	memcpy(padded, text, len);
	ok = ys_json_read(reader, padded, len, read_key_text, &arg, err);
	ys_json_reader_destroy(reader);
	pfree(padded);
	return ok;
}
