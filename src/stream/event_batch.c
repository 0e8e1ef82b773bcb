/*-------------------------------------------------------------------------
 * event_batch.c
 *	  A batch of messages in the making: decoded as they come, and of what
 *	  happened to one item only the last is kept.
 *
 * Keys and values are allocated one by one, so that the memory of what was superseded is free at once.
 *-------------------------------------------------------------------------
 */
#include "stream/event_batch.h"

#include <string.h>

#include "base/json.h"
#include "stream/version.h"

#define FIRST_MESSAGES	1024

/* ---- messages to events ---- */

bool
ys_event_decode_message(const YsEventReading *reading, YsJsonReader *reader, const YsMessage *message,
						YsArena *arena, YsEvents *events, YsError *err)
{
	YsEventMessage bytes = {message->key, message->key_len, message->value, message->value_len};

	if (message->superseded || message->is_watermark || message->shard_ends)
	{
		memset(events, 0, sizeof(*events));
		return true;
	}
	return ys_event_decode(reading, reader, &bytes, arena, events, err);
}

int
ys_events_list(int count, const YsMessage *messages, const YsEvents *events, YsArena *arena, YsDecoded **decoded)
{
	YsDecoded  *each;
	int			total = 0;

	for (int i = 0; i < count; i++)
		total += events[i].count > 0 ? events[i].count : 1;
	*decoded = each = ys_arena_alloc_zero(arena, sizeof(YsDecoded) * (size_t) total);
	if (each == NULL)
		return -1;
	for (int i = 0; i < count; i++)
	{
		each->passed_over = events[i].passed_over;
		for (int e = 0; e == 0 || e < events[i].count; e++, each++)
		{
			each->message = &messages[i];
			each->of = events[i].count;
			if (events[i].count == 0)
				continue;
			each->number = e + 1;
			each->event = &events[i].events[e];
		}
	}
	return total;
}

/* ---- memory ---- */

static bool
no_memory(YsError *err)
{
	return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "no memory left to hold a batch of events");
}

static void *
allocate(const YsEventBatch *batch, size_t size)
{
	return batch->arena.source.allocate(batch->arena.source.owner, size);
}

static void
release(const YsEventBatch *batch, void *block)
{
	if (block != NULL)
		batch->arena.source.release(batch->arena.source.owner, block);
}

/* A block of old_size bytes moved to one of size, or a new one; NULL, and the old one is left, when there is no memory. */
static void *
enlarge(const YsEventBatch *batch, void *block, size_t old_size, size_t size)
{
	void	   *larger = allocate(batch, size);

	if (larger == NULL)
		return NULL;
	if (old_size > 0)
		memcpy(larger, block, old_size);
	release(batch, block);
	return larger;
}

void
ys_event_batch_init(YsEventBatch *batch, YsArenaSource source)
{
	memset(batch, 0, sizeof(*batch));
	ys_arena_init(&batch->arena, source, 0);
	ys_arena_init(&batch->names, source, 0);
}

/* A message's key and value are one block, which begins with the value, if it has one. */
static void
release_payload(const YsEventBatch *batch, YsMessage *message)
{
	release(batch, (void *) (message->value != NULL ? message->value : message->key));
	message->key = message->value = NULL;
}

void
ys_event_batch_begin(YsEventBatch *batch, size_t most_events)
{
	for (int i = 0; i < batch->count; i++)
		release_payload(batch, &batch->messages[i]);
	if (batch->nslots > 0)
		memset(batch->slots, 0, sizeof(YsEventItem) * batch->nslots);
	batch->count = batch->nitems = batch->ndecoded = 0;
	batch->payload = 0;
	batch->most_events = most_events;
	batch->forgets = false;
	batch->decoded = NULL;
	ys_arena_keep(&batch->arena, most_events);
	ys_arena_reset(&batch->arena);
	ys_arena_reset(&batch->names);
}

void
ys_event_batch_free(YsEventBatch *batch)
{
	ys_event_batch_begin(batch, 0);
	release(batch, batch->messages);
	release(batch, batch->events);
	release(batch, batch->slots);
	ys_arena_free(&batch->arena);
	ys_arena_free(&batch->names);
	ys_event_batch_init(batch, batch->arena.source);
}

size_t
ys_event_batch_bytes(const YsEventBatch *batch)
{
	return batch->payload + batch->names.used +
		(sizeof(YsMessage) + sizeof(YsEvents)) * (size_t) batch->count + sizeof(YsEventItem) * batch->nslots;
}

/* ---- adding ---- */

static bool
make_room(YsEventBatch *batch)
{
	size_t		count = (size_t) batch->count;
	size_t		size = count > 0 ? count * 2 : FIRST_MESSAGES;
	YsMessage  *messages;
	YsEvents   *events;

	if (batch->count < batch->size)
		return true;
	messages = enlarge(batch, batch->messages, sizeof(YsMessage) * count, sizeof(YsMessage) * size);
	if (messages == NULL)
		return false;
	batch->messages = messages;
	events = enlarge(batch, batch->events, sizeof(YsEvents) * count, sizeof(YsEvents) * size);
	if (events == NULL)
		return false;
	batch->events = events;
	batch->size = (int) size;
	return true;
}

/* Key and value into memory of their own. */
static bool
copy_payload(const YsEventBatch *batch, YsMessage *copy, const YsMessage *message)
{
	size_t		value_size = message->value != NULL ? message->value_len + YS_JSON_PADDING : 0;
	size_t		key_size = message->key != NULL ? message->key_len + 1 : 0;
	char	   *block = NULL;

	*copy = *message;
	copy->key = copy->value = NULL;
	if (value_size + key_size == 0)
		return true;
	block = allocate(batch, value_size + key_size);
	if (block == NULL)
		return false;
	if (message->value != NULL)
	{
		memcpy(block, message->value, message->value_len);
		memset(block + message->value_len, 0, YS_JSON_PADDING);
		copy->value = block;
	}
	if (message->key != NULL)
	{
		memcpy(block + value_size, message->key, message->key_len);
		block[value_size + message->key_len] = '\0';
		copy->key = block + value_size;
	}
	return true;
}

static bool
append(YsEventBatch *batch, const YsMessage *message)
{
	if (!make_room(batch) || !copy_payload(batch, &batch->messages[batch->count], message))
		return false;
	memset(&batch->events[batch->count], 0, sizeof(YsEvents));
	batch->count++;
	batch->payload += message->key_len + message->value_len;
	return true;
}

/* ---- superseding ---- */

static bool
is_integer_within(const YsValue *value, const YsKeyFit *fit)
{
	const char *p = value->bytes;
	const char *end = p + value->len;
	bool		negative = p < end && *p == '-';
	int64_t		number = 0;

	p += negative;

	/* of 18 digits all can be had */
	if (p == end || end - p > 18)
		return false;
	for (; p < end; p++)
	{
		if (*p < '0' || *p > '9')
			return false;
		number = number * 10 + (*p - '0');
	}
	if (negative)
		number = -number;
	return number >= fit->min && number <= fit->max;
}

static bool
key_fits(const YsValue *keys, const YsKeyFit *fits)
{
	for (uint32_t k = 0; k < keys->len; k++)
	{
		const YsValue *value = &keys->members[k].value;

		if (!fits[k].sure)
			return false;
		if (value->type == YS_TYPE_NUMBER ? !is_integer_within(value, &fits[k]) :
			value->type == YS_TYPE_STRING && memchr(value->bytes, '\0', value->len) != NULL)
			return false;
	}
	return true;
}

/* Can the event of a message take the place of others, and others its? */
static bool
is_usable(const YsMessage *message, const YsEvents *events, const YsKeyFit *fits)
{
	const YsEvent *event = events->events;

	return events->count == 1 && event->error == NULL && event->key != NULL && !message->bad_position &&
		key_fits(&event->keys, fits);
}

/* Is one message's version higher than that of one before it in their partition? */
static bool
is_newer(const YsMessage *message, const YsMessage *before)
{
	YsVersion	version;
	YsVersion	old;

	if (message->has_position != before->has_position)
		return false;
	if (!message->has_position)
		return message->offset > before->offset;
	return ys_version_from_sequence(&version, 0, message->generation, message->sequence) &&
		ys_version_from_sequence(&old, 0, before->generation, before->sequence) &&
		ys_version_compare(&version, &old) > 0;
}

static uint64_t
load(const char *bytes, size_t len)
{
	uint64_t	word = 0;

	memcpy(&word, bytes, len);
	return word;
}

static uint32_t
hash_item(int32_t partition, const char *key, size_t len)
{
	uint64_t	hash = (uint64_t) (uint32_t) partition * 0x9E3779B97F4A7C15u + len;

	for (; len > 0; key += 8, len -= len < 8 ? len : 8)
	{
		hash = (hash ^ load(key, len < 8 ? len : 8)) * 0xBF58476D1CE4E5B9u;
		hash ^= hash >> 32;
	}
	return (uint32_t) (hash >> 16);
}

/* The slot that an item has, or is to have. */
static YsEventItem *
find_slot(const YsEventBatch *batch, int32_t partition, const char *key, uint32_t len)
{
	for (uint32_t slot = hash_item(partition, key, len);; slot++)
	{
		YsEventItem *item = &batch->slots[slot & (batch->nslots - 1)];

		if (item->newest == 0 || (item->partition == partition && item->key_len == len &&
								  memcmp(item->key, key, len) == 0))
			return item;
	}
}

/* Keep half of the slots empty. */
static bool
make_slots(YsEventBatch *batch)
{
	uint32_t	nold = batch->nslots;
	uint32_t	nslots = nold > 0 ? nold * 2 : FIRST_MESSAGES * 2;
	YsEventItem *old = batch->slots;
	YsEventItem *slots;

	if ((uint32_t) batch->nitems < nold / 2)
		return true;
	slots = allocate(batch, sizeof(YsEventItem) * nslots);
	if (slots == NULL)
		return false;
	memset(slots, 0, sizeof(YsEventItem) * nslots);
	batch->slots = slots;
	batch->nslots = nslots;
	for (uint32_t i = 0; i < nold; i++)
	{
		if (old[i].newest != 0)
			*find_slot(batch, old[i].partition, old[i].key, old[i].key_len) = old[i];
	}
	release(batch, old);
	return true;
}

/* Note the last message, of this event, as its item's newest, in the place of the one before it, if any. */
static bool
supersede(YsEventBatch *batch, const YsEvent *event)
{
	int			number = batch->count - 1;
	const YsMessage *message = &batch->messages[number];
	YsEventItem *item;

	if (!make_slots(batch))
		return false;
	item = find_slot(batch, message->partition, event->key, event->key_len);
	if (item->newest == 0)
	{
		const char *key = ys_arena_copy(&batch->names, event->key, event->key_len);

		if (key == NULL)
			return false;
		*item = (YsEventItem) {0, message->partition, event->key_len, key};
		batch->nitems++;
	}
	else
	{
		YsMessage  *before = &batch->messages[item->newest - 1];

		if (!is_newer(message, before))
			return true;
		release_payload(batch, before);
		before->superseded = true;
		batch->payload -= before->key_len + before->value_len;
		batch->events[item->newest - 1].count = 0;
	}
	item->newest = number + 1;
	return true;
}

/* Append a message, and decode it. */
static bool
add_message(YsEventBatch *batch, const YsEventReading *reading, const YsKeyFit *fits, YsJsonReader *reader,
			const YsMessage *message, YsError *err)
{
	YsEvents   *events;

	if (!append(batch, message))
		return no_memory(err);
	events = &batch->events[batch->count - 1];
	if (!ys_event_decode_message(reading, reader, message, &batch->arena, events, err))
		return false;
	return !is_usable(message, events, fits) || supersede(batch, events->events) || no_memory(err);
}

bool
ys_event_batch_add(YsEventBatch *batch, const YsEventReading *reading, const YsKeyFit *fits,
				   YsJsonReader *reader, int count, const YsMessage *messages, YsError *err)
{
	for (int i = 0; i < count; i++)
	{
		if (!add_message(batch, reading, fits, reader, &messages[i], err))
			return false;
		if (!batch->forgets && batch->arena.used > batch->most_events)
		{
			batch->forgets = true;
			ys_arena_free(&batch->arena);
		}
		if (batch->forgets)
			ys_arena_reset(&batch->arena);
	}
	return true;
}

bool
ys_event_batch_list(YsEventBatch *batch, YsError *err)
{
	batch->ndecoded = ys_events_list(batch->count, batch->messages, batch->events, &batch->arena, &batch->decoded);
	return batch->ndecoded >= 0 || no_memory(err);
}

bool
ys_event_batch_finish(YsEventBatch *batch, YsError *err)
{
	return batch->forgets || ys_event_batch_list(batch, err);
}

/* ---- again ---- */

int
ys_event_batch_middle(const YsEventBatch *batch)
{
	int			left = 0;
	int			middle = 0;

	for (int i = 0; i < batch->count; i++)
		left += !batch->messages[i].superseded;
	for (left /= 2; left > 0; middle++)
		left -= !batch->messages[middle].superseded;
	return middle;
}

bool
ys_event_batch_decode(YsEventBatch *batch, const YsEventReading *reading, YsJsonReader *reader, int from, int to,
					  YsArena *arena, YsError *err)
{
	for (int i = from; i < to; i++)
	{
		if (!ys_event_decode_message(reading, reader, &batch->messages[i], arena, &batch->events[i], err))
			return false;
	}
	return true;
}
