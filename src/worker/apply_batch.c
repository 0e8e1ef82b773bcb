/*-------------------------------------------------------------------------
 * apply_batch.c
 *	  Collecting a batch: of the events of one key the one with the highest
 *	  version, and what can't be used for the quarantine.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "datatype/timestamp.h"
#include "utils/memutils.h"

#include "errors.h"
#include "worker/apply_batch.h"

#define UNIX_TO_SERVER_USECS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

typedef struct KeyEntry
{
	const char *key;
	uint32		len;
	YsCandidate  *candidate;
} KeyEntry;

static uint32
key_hash(const void *key, Size keysize)
{
	const KeyEntry *entry = key;

	return DatumGetUInt32(hash_any((const unsigned char *) entry->key, entry->len));
}

static int
key_match(const void *a, const void *b, Size keysize)
{
	const KeyEntry *left = a;
	const KeyEntry *right = b;

	return left->len != right->len || memcmp(left->key, right->key, left->len) != 0;
}

YsBatch *
ys_batch_create(YsFollow *follow, int size)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore batch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	YsBatch	   *batch = palloc0(sizeof(YsBatch));
	HASHCTL		ctl = {0};

	batch->follow = follow;
	batch->context = context;
	batch->entry_number = -1;
	ys_arena_init_context(&batch->arena, context, 0);
	batch->quality = ys_quality_create(follow->policy, &batch->arena);
	if (batch->quality == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	batch->candidates = palloc(sizeof(YsCandidate *) * Max(size, 1));
	batch->appended_ms = palloc(sizeof(int64) * Max(size, 1));
	ctl.keysize = offsetof(KeyEntry, candidate);
	ctl.entrysize = sizeof(KeyEntry);
	ctl.hash = key_hash;
	ctl.match = key_match;
	ctl.hcxt = context;
	batch->by_key = hash_create("yottastore batch keys", Max(size, 16), &ctl,
								HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	batch->npositions = follow->npositions;
	batch->positions = palloc(sizeof(YsPolicyPosition) * Max(follow->npositions, 1));
	memcpy(batch->positions, follow->positions, sizeof(YsPolicyPosition) * follow->npositions);
	if (follow->shards != NULL)
		batch->shards = ys_shard_positions_copy(follow->shards);
	MemoryContextSwitchTo(old);
	return batch;
}

static YsPolicyPosition *
find_position(const YsBatch *batch, int32 partition)
{
	for (int p = 0; p < batch->npositions; p++)
	{
		if (batch->positions[p].partition == partition)
			return &batch->positions[p];
	}
	return NULL;
}

/* Keep what can't be used, with its reason, for the batch's transaction. */
static void
quarantine(YsBatch *batch, YsQuarantined event, const char *reason)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	YsQuarantined *kept = palloc(sizeof(YsQuarantined));

	*kept = event;
	kept->reason = pstrdup(reason);
	batch->quarantined = lappend(batch->quarantined, kept);
	MemoryContextSwitchTo(old);
}

/*
 * Offsets compare only within a partition.  Where more partitions were added, keys have moved: what was
 * written since is newer than anything before.  (A relay's positions compare across partitions.)
 */
static int
layout_of(const YsBatch *batch, const YsMessage *message)
{
	int			layout = batch->follow->row->layout;
	const YsPolicyPosition *position = find_position(batch, message->partition);

	return position != NULL && message->offset < position->layout_from ? layout - 1 : layout;
}

/* The version of an event; false when the relay's position is unusable: by its offset it would be older than all others. */
static bool
event_version(const YsBatch *batch, const YsDecoded *decoded, YsVersion *version)
{
	const YsFollow *follow = batch->follow;
	const YsMessage *message = decoded->message;

	if (batch->retry != NULL)
	{
		const YsQuarantined *entry = &batch->retry->entries[message - batch->retry->messages];

		*version = entry->version;
		return entry->has_version;
	}
	if (message->shard != NULL)
		return ys_version_from_sequence(version, follow->row->epoch,
										(uint32) ys_shard_positions_find(batch->shards, message->shard->id)->generation,
										message->sequence);
	if (message->bad_position)
		return false;
	if (message->has_position)
		return ys_version_from_sequence(version, follow->row->epoch, message->generation,
										message->sequence);
	ys_version_from_offset(version, follow->row->epoch, layout_of(batch, message), message->offset,
						   message->partition);
	return true;
}

static bool
is_quarantined(const YsBatch *batch, const YsMessage *message)
{
	/* the last first: a message's events come together */
	for (int i = list_length(batch->quarantined) - 1; i >= 0; i--)
	{
		const YsQuarantined *kept = list_nth(batch->quarantined, i);

		if (kept->partition == message->partition && kept->offset == message->offset)
			return true;
	}
	return false;
}

void
ys_batch_quarantine_event(YsBatch *batch, const YsDecoded *decoded, const char *reason)
{
	const YsMessage *message = decoded->message;
	YsQuarantined event = {
		.partition = message->partition,
		.offset = message->offset,
		.payload = message->value,
		.payload_len = message->value_len,
	};

	/* a message is kept once, whichever of its events can't be used, and however many */
	if (decoded->of > 1 && is_quarantined(batch, message))
		return;
	/* by its canonical text, if it is known, so that what becomes of the item is found by it; of several none is it */
	if (decoded->of == 1 && decoded->event->key != NULL)
	{
		event.key = decoded->event->key;
		event.key_len = decoded->event->key_len;
	}
	else if (decoded->of <= 1)
	{
		event.key = message->key;
		event.key_len = message->key_len;
	}
	if (batch->retry != NULL)
		event.shard_position = batch->retry->entries[message - batch->retry->messages].shard_position;
	else if (message->shard != NULL)
		event.shard_position = MemoryContextStrdup(batch->context,
												   psprintf("%s/%s", message->shard->id, message->sequence));
	event.has_version = event_version(batch, decoded, &event.version);
	quarantine(batch, event, decoded->of > 1 ?
			   psprintf("event %d of %d: %s", decoded->number, decoded->of, reason) : reason);
}

void
ys_batch_quarantine_item(YsBatch *batch, const YsValue *item, const char *reason)
{
	const YsSource *source = batch->follow->source;
	YsQuarantined event = {.partition = -1};
	YsText		key;
	YsText		payload;

	ys_text_init(&key, &batch->arena);
	ys_text_init(&payload, &batch->arena);
	ys_value_print_item(&payload, item);
	if (payload.failed)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	event.payload = payload.bytes;
	event.payload_len = payload.len;
	if (ys_value_canonical_key(&key, item, source->nkeys, source->key_names, NULL))
	{
		event.key = key.bytes;
		event.key_len = key.len;
	}
	quarantine(batch, event, reason);
}

/*
 * The candidate of a key, new or the one there already.  NULL when the key
 * doesn't fit the index table's key columns.
 */
static YsCandidate *
find_candidate(YsBatch *batch, const char *key, uint32 len, const YsValue *keys, bool *found)
{
	YsFollow   *follow = batch->follow;
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	KeyEntry	probe = {key, len, NULL};
	KeyEntry   *entry = hash_search(batch->by_key, &probe, HASH_ENTER, found);
	YsCandidate  *candidate;

	if (!*found)
	{
		candidate = palloc0(sizeof(YsCandidate));
		if (!ys_index_table_key(follow->table, follow->source, keys, candidate->row.keys))
		{
			hash_search(batch->by_key, &probe, HASH_REMOVE, NULL);
			candidate = NULL;
		}
		else
		{
			entry->candidate = candidate;
			candidate->key = key;
			candidate->key_len = len;
			batch->candidates[batch->ncandidates++] = candidate;
		}
	}
	else
		candidate = entry->candidate;
	MemoryContextSwitchTo(old);
	return candidate;
}

/*
 * Is an event newer than the one its key has in the batch?  Events of one message have one version, and
 * are in their order.
 */
static bool
is_newer(const YsCandidate *candidate, const YsDecoded *decoded, const YsVersion *version)
{
	int			order = ys_version_compare(version, &candidate->row.new_version);

	return order > 0 || (order == 0 && candidate->origin->message == decoded->message);
}

void
ys_batch_collect_event(YsBatch *batch, const YsDecoded *decoded)
{
	const YsEvent *event = decoded->event;
	bool		usable = event->error == NULL;
	YsVersion	version;
	YsCandidate  *candidate;
	bool		found;

	Assert(!usable || !event->keys_only);
	if (!usable)
		ys_batch_quarantine_event(batch, decoded, event->error->message);

	if (event->key == NULL)
		return;					/* nobody knows which item it was about */
	if (!event_version(batch, decoded, &version))
	{
		if (usable)
			ys_batch_quarantine_event(batch, decoded, "position header is not a sequence number");
		return;
	}
	candidate = find_candidate(batch, event->key, event->key_len, &event->keys, &found);
	if (candidate == NULL)
	{
		if (usable)
			ys_batch_quarantine_event(batch, decoded, "key does not fit the source's key columns");
		return;
	}
	if (found && batch->retry == NULL && !decoded->message->has_position &&
		ys_version_other_partition(&version, &candidate->row.new_version))
		batch->torn = decoded;
	if (found && !is_newer(candidate, decoded, &version))
	{
		batch->counters.stale++;
		return;
	}
	if (found)
		batch->counters.applied++;	/* the one it takes the place of */

	/* an event that can't be used still makes the row it is about stale */
	candidate->origin = decoded;
	candidate->item = usable ? event->new_image : NULL;
	candidate->row.gone = candidate->item == NULL;
	candidate->row.new_version = version;
	candidate->row.has_changed_at = event->changed_at_us != 0;
	candidate->row.changed_at = event->changed_at_us - UNIX_TO_SERVER_USECS;
}

static void
count_event(YsBatch *batch, const YsDecoded *decoded)
{
	const YsMessage *message = decoded->message;

	batch->appended_ms[batch->counters.taken++] = message->timestamp_ms;
	batch->counters.passed_over += decoded->passed_over;
	if (decoded->number <= 1)
		batch->counters.bytes += (int64) (message->key_len + message->value_len);
}

/* Advance the batch's positions past a message.  False when the policy has seen it, or it has to wait. */
static bool
advance(YsBatch *batch, const YsMessage *message)
{
	YsPolicyPosition *position = find_position(batch, message->partition);

	if (message->shard != NULL)
		return batch->shards != NULL && ys_shard_positions_take(batch->shards, message);
	if (position == NULL || ys_follow_holds(batch->follow, position, message->offset))
		return false;

	/* what tells how far the store's own stream goes has no offset */
	if (message->partition != YS_PARTITION_STORE)
	{
		if (message->offset < position->next_offset)
			return false;
		batch->messages += message->offset + 1 - position->next_offset;
		position->next_offset = message->offset + 1;
		position->high_offset = Max(position->high_offset, position->next_offset);
	}

	/* one that speaks of partitions not followed yet says nothing about what is in them */
	if (message->is_watermark && message->of_partitions <= batch->follow->of_partitions)
	{
		position->has_watermark = true;
		position->watermark = message->watermark_us - UNIX_TO_SERVER_USECS;
	}
	return true;
}

void
ys_batch_collect_messages(YsBatch *batch, int count, const YsDecoded *decoded)
{
	bool		is_new = false;

	for (int i = 0; i < count; i++)
	{
		const YsDecoded *each = &decoded[i];

		if (each->number <= 1)
			is_new = advance(batch, each->message);
		if (!is_new || each->message->is_watermark || each->message->shard_ends)
			continue;
		count_event(batch, each);
		if (each->message->superseded)
			batch->counters.applied++;
		if (each->event != NULL)
			ys_batch_collect_event(batch, each);
	}
}

/* The candidate of what was read; NULL when its key doesn't fit, or it is there already. */
static YsCandidate *
collect_read(YsBatch *batch, const YsValue *item, bool *fits)
{
	const YsSource *source = batch->follow->source;
	YsCandidate *candidate = NULL;
	bool		found = false;
	YsText		key;
	YsError		err;

	ys_text_init(&key, &batch->arena);
	if (ys_value_canonical_key(&key, item, source->nkeys, source->key_names, &err))
		candidate = find_candidate(batch, key.bytes, (uint32) key.len, item, &found);
	*fits = candidate != NULL;
	if (candidate == NULL || found)
		return NULL;
	ys_version_floor(&candidate->row.new_version, batch->follow->row->epoch);
	return candidate;
}

void
ys_batch_collect_items(YsBatch *batch, int count, const YsValue *items)
{
	for (int i = 0; i < count; i++)
	{
		bool		fits;
		YsCandidate *candidate = collect_read(batch, &items[i], &fits);

		if (!fits)
			ys_batch_quarantine_item(batch, &items[i], "key does not fit the source's key columns");
		else if (candidate != NULL)
			candidate->item = &items[i];
	}
}

void
ys_batch_collect_gone(YsBatch *batch, int count, const YsValue *keys)
{
	for (int i = 0; i < count; i++)
	{
		bool		fits;
		YsCandidate *candidate = collect_read(batch, &keys[i], &fits);

		if (candidate != NULL)
			candidate->row.gone = true;
	}
}
