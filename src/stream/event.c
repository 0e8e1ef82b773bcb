/*-------------------------------------------------------------------------
 * event.c
 *	  Decoding a change event: what all formats have in common.
 *-------------------------------------------------------------------------
 */
#include "stream/event_formats.h"

#include <string.h>

static const struct
{
	const char *name;
	YsEventDecodeFn decode;
}			formats[] = {
	[YS_FORMAT_DYNAMODB] = {"dynamodb", ys_event_decode_dynamodb}
};

bool
ys_event_format_by_name(const char *name, YsEventFormat *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		if (strcmp(formats[i].name, name) == 0)
		{
			*format = (YsEventFormat) i;
			return true;
		}
	}
	return false;
}

static bool
no_memory(YsError *err)
{
	return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "no memory left to hold an event");
}

/* The key attributes' names, as what to keep of a map. */
static bool
make_key_filter(int nkeys, const char *const *key_names, YsArena *arena,
				YsAttributeFilter *filter, YsError *err)
{
	const char **names = ys_arena_alloc(arena, (size_t) nkeys * sizeof(*names));
	uint32_t   *lens = ys_arena_alloc(arena, (size_t) nkeys * sizeof(*lens));

	if (names == NULL || lens == NULL)
		return no_memory(err);
	for (int i = 0; i < nkeys; i++)
	{
		names[i] = key_names[i];
		lens[i] = (uint32_t) strlen(key_names[i]);
	}
	filter->count = nkeys;
	filter->names = names;
	filter->lens = lens;
	return true;
}

/* Bring the key attributes, all known to be there, into the table's order. */
static bool
order_keys(const YsAttributeFilter *key_names, YsArena *arena, YsValue *keys, YsError *err)
{
	YsMember   *ordered = ys_arena_alloc(arena, (size_t) key_names->count * sizeof(YsMember));

	if (ordered == NULL)
		return no_memory(err);
	for (int i = 0; i < key_names->count; i++)
	{
		ordered[i].name = key_names->names[i];
		ordered[i].name_len = key_names->lens[i];
		ordered[i].value = *ys_value_member(keys, key_names->names[i], key_names->lens[i]);
	}
	keys->members = ordered;
	return true;
}

bool
ys_event_decode(YsEventFormat format, YsJsonReader *reader, const char *bytes, size_t len,
				int nkeys, const char *const *key_names, const YsPathTree *wanted,
				YsArena *arena, YsEvent *event, YsError *err)
{
	YsAttributeFilter filter;
	YsText		key;

	memset(event, 0, sizeof(*event));
	if (!make_key_filter(nkeys, key_names, arena, &filter, err) ||
		!formats[format].decode(reader, bytes, len, &filter, wanted, arena, event, err))
		return false;
	ys_text_init(&key, arena);
	if (!ys_value_canonical_key(&key, &event->keys, nkeys, key_names, err) ||
		!order_keys(&filter, arena, &event->keys, err))
		return false;
	event->key = key.bytes;
	event->key_len = (uint32_t) key.len;
	return true;
}
