/*-------------------------------------------------------------------------
 * fuzz_event.c
 *	  A message: how it is to be read in the first byte, its key up to the first line end, and its value.
 *
 * Whatever it is: an event that can be used has a key that reads as itself, and either images that can be
 * printed or none; one that can't says why; a second decoding gives the same, and the same events come when only a part
 * of their items is wanted; memory that runs out is reported as that.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "stream/event.h"

static const char *const names[] = {"id", "at"};
static const YsType types[][2] = {
	{YS_TYPE_STRING, YS_TYPE_NUMBER}, {YS_TYPE_NUMBER, YS_TYPE_STRING}, {YS_TYPE_BINARY, YS_TYPE_STRING}
};

static YsJsonReader *
reader(void)
{
	static YsJsonReader *reader;

	if (reader == NULL)
		reader = ys_json_reader_create();
	return reader;
}

typedef struct KeyArg
{
	YsArena    *arena;
	YsValue		key;
	YsError		err;
} KeyArg;

static bool
read_key(void *arg, YsJsonNode *root)
{
	KeyArg	   *key = arg;

	return ys_value_from_typed_json(root, NULL, key->arena, &key->key, &key->err);
}

/* The canonical text of a key is one whose canonical text it is. */
static void
check_key(const YsEvent *event, int nkeys, YsArena *arena)
{
	KeyArg		arg = {.arena = arena};
	char	   *copy = fuzz_padded(event->key, event->key_len);
	YsText		text;
	YsError		err;

	FUZZ_CHECK(event->keys.type == YS_TYPE_MAP && event->keys.len == (uint32_t) nkeys, "%u keys", event->keys.len);
	FUZZ_CHECK(ys_json_read(reader(), copy, event->key_len, read_key, &arg, &err), "%s: %s", err.message, event->key);
	ys_text_init(&text, arena);
	FUZZ_CHECK(ys_value_canonical_key(&text, &arg.key, nkeys, names, &err), "%s", err.message);
	FUZZ_CHECK(text.len == event->key_len && memcmp(text.bytes, event->key, text.len) == 0, "%s, then %s",
			   event->key, text.bytes);
	free(copy);
}

static void
add_image(YsText *text, const YsValue *image)
{
	if (image == NULL)
		ys_text_add_cstring(text, "-");
	else
	{
		FUZZ_CHECK(image->type == YS_TYPE_MAP, "an image is no map");
		ys_value_print_item(text, image);
	}
}

/* All of what came of a message as text. */
static const char *
print_events(const YsEventReading *reading, const YsEvents *events, YsArena *arena)
{
	YsText		text;
	char		part[128];

	ys_text_init(&text, arena);
	ys_text_add_cstring(&text, ys_event_format_name(events->format));
	for (int i = 0; i < events->count; i++)
	{
		const YsEvent *event = &events->events[i];

		snprintf(part, sizeof(part), "\n%s %d %lld ", ys_event_kind_name(event->kind), event->keys_only,
				 (long long) event->changed_at_us);
		ys_text_add_cstring(&text, part);
		if (event->error != NULL)
		{
			fuzz_check_error(event->error);
			FUZZ_CHECK(event->error->code == YS_ERR_INVALID_DATA || event->error->code == YS_ERR_TOO_LARGE, "%s",
					   event->error->message);
			ys_text_add_cstring(&text, event->error->message);
			FUZZ_CHECK(event->new_image == NULL && event->old_image == NULL && !event->keys_only, "an error with images");
		}
		FUZZ_CHECK(event->key != NULL || event->error != NULL || reading->nkeys == 0, "no key and no error");
		if (event->key != NULL)
		{
			check_key(event, reading->nkeys, arena);
			ys_text_add(&text, event->key, event->key_len);
		}
		FUZZ_CHECK(event->new_image == NULL || (!event->keys_only && event->kind != YS_EVENT_DELETE),
				   "a state of what has none");
		FUZZ_CHECK(event->table == NULL || event->table[event->table_len] == '\0', "a table's name has no end");
		add_image(&text, event->new_image);
		add_image(&text, event->old_image);
		if (event->table != NULL)
			ys_text_add(&text, event->table, event->table_len);
	}
	snprintf(part, sizeof(part), "\n+%d", events->passed_over);
	ys_text_add_cstring(&text, part);
	return text.failed ? "" : text.bytes;
}

static const char *
decode(const YsEventReading *reading, const YsEventMessage *message, YsArena *arena)
{
	YsEvents	events;
	YsError		err;

	FUZZ_CHECK(ys_event_decode(reading, reader(), message, arena, &events, &err), "%s", err.message);
	return print_events(reading, &events, arena);
}

/* Memory may run out anywhere; what comes when it doesn't is the same. */
static void
decode_with_little(const YsEventReading *reading, const YsEventMessage *message, size_t most, const char *expected)
{
	YsArena		little;
	YsEvents	events;
	YsError		err;

	memset(&err, 0, sizeof(err));
	ys_arena_init(&little, ys_arena_malloc, most);
	if (!ys_event_decode(reading, reader(), message, &little, &events, &err))
		FUZZ_CHECK(err.code == YS_ERR_OUT_OF_MEMORY, "%s", err.message);
	else
	{
		YsArena		arena;

		ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
		FUZZ_CHECK(strcmp(print_events(reading, &events, &arena), expected) == 0, "other events with less memory");
		ys_arena_free(&arena);
	}
	ys_arena_free(&little);
}

/* Of a message that can be used as a whole the same events, whatever is wanted of their items. */
static void
decode_part(YsEventReading reading, const YsEventMessage *message, YsArena *arena)
{
	static const YsPathStep paths[][2] = {{{"id", 2, 0}}, {{"at", 2, 0}}, {{"n", 1, 0}, {"b", 1, 0}}};
	YsPathTree	wanted = {0};
	YsEvents	whole;
	YsEvents	part;
	YsError		err;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		FUZZ_CHECK(ys_tree_add(&wanted, paths[i], i < 2 ? 1 : 2, arena) > 0, "no tree");
	FUZZ_CHECK(ys_event_decode(&reading, reader(), message, arena, &whole, &err), "%s", err.message);
	for (int i = 0; i < whole.count; i++)
	{
		if (whole.events[i].error != NULL)
			return;
	}
	reading.wanted = &wanted;
	FUZZ_CHECK(ys_event_decode(&reading, reader(), message, arena, &part, &err), "%s", err.message);
	FUZZ_CHECK(whole.format == part.format && whole.count == part.count && whole.passed_over == part.passed_over,
			   "%d events, of parts %d", whole.count, part.count);
	for (int i = 0; i < whole.count; i++)
	{
		const YsEvent *one = &whole.events[i];
		const YsEvent *other = &part.events[i];

		FUZZ_CHECK(other->error == NULL && one->kind == other->kind, "refused of parts only");
		if (one->key != NULL)
			FUZZ_CHECK(strcmp(one->key, other->key) == 0, "%s, of parts %s", one->key, other->key);
	}
}

void
fuzz_event(const char *bytes, size_t len)
{
	unsigned int how = len > 0 ? (unsigned char) bytes[0] : 0;
	const char *rest = bytes + (len > 0);
	size_t		rest_len = len - (len > 0);
	const char *end = rest_len > 0 ? memchr(rest, '\n', rest_len) : NULL;
	size_t		key_len = end != NULL ? (size_t) (end - rest) : 0;
	size_t		value_len = end != NULL ? rest_len - key_len - 1 : rest_len;
	char	   *key = end != NULL ? fuzz_copy(rest, key_len) : NULL;
	char	   *value = (how & 0x80) == 0 ? fuzz_padded(end != NULL ? end + 1 : rest, value_len) : NULL;
	YsEventReading reading = {
		.format = (YsEventFormat) (how & 3),
		.nkeys = (how >> 2) % 3,
		.key_names = names,
		.key_types = types[(how >> 4) % 3],
		.table = (how & 0x40) != 0 ? "t" : NULL,
		.old_images = (how & 0x20) != 0,
	};
	YsEventMessage message = {key, key_len, value, value_len};
	YsArena		arena;
	const char *one;
	const char *other;

	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	one = decode(&reading, &message, &arena);
	other = decode(&reading, &message, &arena);
	FUZZ_CHECK(strcmp(one, other) == 0, "%s, then %s", one, other);
	for (size_t most = 256; most <= 16384; most *= 4)
		decode_with_little(&reading, &message, most, one);
	decode_part(reading, &message, &arena);
	ys_arena_free(&arena);
	free(key);
	free(value);
}
