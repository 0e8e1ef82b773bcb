/*-------------------------------------------------------------------------
 * thin.c
 *	  Making a long batch of messages short.
 *
 * A message goes when a later one of its partition has a usable event of the same item
 * under a higher version: whatever is behind both positions needs the later one only.  It
 * must have been usable itself, since what can't be used goes to quarantine.
 *
 * Values are allocated one by one, so that their memory is free again at once.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "worker/thin.h"

#define FIRST_MESSAGES	8192

/* the smallest block: whatever is larger than a fraction of it gets one of its own size */
#define SMALL_BLOCK		1024

typedef struct ItemEntry
{
	int32		partition;
	uint32		len;
	const char *key;
	int			last;			/* its newest message */
} ItemEntry;

struct YsThin
{
	MemoryContext context;
	MemoryContext values;		/* of the messages */
	MemoryContext scratch;
	HTAB	   *items;
	int			count;
	int			size;
	YsMessage  *messages;
	size_t		bytes;
};

static uint32
item_hash(const void *key, Size keysize)
{
	const ItemEntry *item = key;

	return DatumGetUInt32(hash_any((const unsigned char *) item->key, (int) item->len)) ^ (uint32) item->partition;
}

static int
item_match(const void *a, const void *b, Size keysize)
{
	const ItemEntry *left = a;
	const ItemEntry *right = b;

	return left->partition != right->partition || left->len != right->len ||
		memcmp(left->key, right->key, left->len) != 0;
}

YsThin *
ys_thin_create(void)
{
	YsThin	   *thin = palloc0(sizeof(YsThin));
	HASHCTL		ctl = {0};

	thin->context = AllocSetContextCreate(CurrentMemoryContext, "yottastore backlog", ALLOCSET_DEFAULT_SIZES);
	thin->values = AllocSetContextCreate(thin->context, "yottastore backlog values", 0, SMALL_BLOCK, SMALL_BLOCK);
	thin->scratch = AllocSetContextCreate(thin->context, "yottastore backlog keys", ALLOCSET_DEFAULT_SIZES);
	ctl.keysize = offsetof(ItemEntry, last);
	ctl.entrysize = sizeof(ItemEntry);
	ctl.hash = item_hash;
	ctl.match = item_match;
	ctl.hcxt = thin->context;
	thin->items = hash_create("yottastore backlog items", FIRST_MESSAGES, &ctl,
							  HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	return thin;
}

/* Bytes with padding behind them; NULL stays NULL. */
static const char *
copy_bytes(YsThin *thin, const char *bytes, size_t len, size_t padding)
{
	char	   *copy;

	if (bytes == NULL)
		return NULL;
	copy = MemoryContextAllocHuge(thin->values, len + padding);
	memcpy(copy, bytes, len);
	memset(copy + len, 0, padding);
	return copy;
}

static YsMessage *
append(YsThin *thin, const YsMessage *message)
{
	YsMessage  *copy;

	if (thin->count == thin->size)
	{
		thin->size = Max(thin->size * 2, FIRST_MESSAGES);
		thin->messages = thin->messages == NULL ?
			MemoryContextAllocHuge(thin->context, sizeof(YsMessage) * (Size) thin->size) :
			repalloc_huge(thin->messages, sizeof(YsMessage) * (Size) thin->size);
	}
	copy = &thin->messages[thin->count++];
	*copy = *message;
	copy->key = copy_bytes(thin, message->key, message->key_len, 1);
	copy->value = copy_bytes(thin, message->value, message->value_len, YS_JSON_PADDING);
	thin->bytes += message->key_len + message->value_len;
	return copy;
}

static void
supersede(YsThin *thin, YsMessage *message)
{
	if (message->key != NULL)
		pfree((char *) message->key);
	if (message->value != NULL)
		pfree((char *) message->value);
	message->key = message->value = NULL;
	message->superseded = true;
	thin->bytes -= message->key_len + message->value_len;
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

/* Can this event take the place of others, and others its? */
static bool
is_usable(YsThin *thin, YsIndexTable *table, const YsSource *source, const YsDecoded *decoded)
{
	const YsEvent *event = decoded->event;
	Datum		keys[2];
	MemoryContext old;
	bool		fits;

	if (event == NULL || decoded->of != 1 || event->error != NULL || event->key == NULL ||
		decoded->message->bad_position)
		return false;
	old = MemoryContextSwitchTo(thin->scratch);
	fits = ys_index_table_key(table, source, &event->keys, keys);
	MemoryContextSwitchTo(old);
	return fits;
}

void
ys_thin_add(YsThin *thin, YsIndexTable *table, const YsSource *source, int ndecoded, const YsDecoded *decoded)
{
	for (int i = 0; i < ndecoded; i++)
	{
		const YsDecoded *each = &decoded[i];
		ItemEntry	probe;
		ItemEntry  *item;
		YsMessage  *message;
		bool		found;

		if (each->number > 1)
			continue;
		message = append(thin, each->message);
		if (!is_usable(thin, table, source, each))
			continue;
		probe = (ItemEntry) {message->partition, each->event->key_len, each->event->key};
		item = hash_search(thin->items, &probe, HASH_ENTER, &found);
		if (!found)
		{
			char	   *key = MemoryContextAlloc(thin->context, Max(probe.len, 1));

			item->key = memcpy(key, probe.key, probe.len);
		}
		else if (!is_newer(message, &thin->messages[item->last]))
			continue;
		else
			supersede(thin, &thin->messages[item->last]);
		item->last = thin->count - 1;
	}
	MemoryContextReset(thin->scratch);
}

int
ys_thin_messages(const YsThin *thin, YsMessage **messages)
{
	*messages = thin->messages;
	return thin->count;
}

size_t
ys_thin_bytes(const YsThin *thin)
{
	return thin->bytes;
}
