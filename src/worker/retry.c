/*-------------------------------------------------------------------------
 * retry.c
 *	  Applying what is in quarantine again.
 *
 * An event is decoded by the format that its stream has now and competes under
 * its own version, so that it never beats what is newer; of an epoch that is
 * over it can only be stale, since all items were read again.  An item is
 * read anew: what the store has of it now is written under the floor of the epoch, as
 * backfill would.  That reading comes first, before anything is locked that
 * the worker waits for.
 *
 * What left its mark when it was put in quarantine, the tombstone of a key, is
 * as old as the event itself.  So an event may be tried again where nothing
 * newer than itself is known.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "catalog/key_text.h"
#include "catalog/quarantine.h"
#include "catalog/server.h"
#include "errors.h"
#include "worker/apply.h"
#include "worker/decode.h"
#include "worker/read_items.h"
#include "worker/reread.h"
#include "worker/retry.h"

/* Pages of items in one call: what is read waits in memory. */
#define MOST_ITEM_PAGES	20

typedef struct Retry
{
	YsFollow   *follow;
	YsJsonReader *reader;
	YsEventFormat format;
	const char *table;			/* of events that name none, or NULL */
	int64		left;
} Retry;

static void
release_reader(void *reader)
{
	ys_json_reader_destroy(reader);
}

/* How the stream's events are read now. */
static void
load_format(Retry *retry, const YsPolicyRow *row)
{
	const YsStreamConfig *config;

	/* the store's own stream has but one */
	retry->format = YS_FORMAT_DYNAMODB;
	if (!OidIsValid(row->stream))
		return;
	config = ys_server_stream(row->stream, row->owner);
	if (!ys_event_format_by_name(config->format, &retry->format))
		elog(ERROR, "unknown stream format \"%s\"", config->format);
	retry->table = config->table;
}

/* The table before the policy's row: see the lock order in README.md. */
static void
lock_policy(const YsFollow *follow)
{
	YsPhase		phase;

	if (!ys_follow_lock(follow, true, &phase))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("index policy \"%s\" was dropped, begun anew or given to another owner meanwhile", follow->row->name),
				 errhint("Try again.")));
	ys_index_table_follow_names(follow->table);
}

/* An entry as the message that it was. */
static YsMessage
message_of(const YsQuarantined *entry)
{
	return (YsMessage) {
		.partition = entry->partition,
		.offset = entry->offset,
		.timestamp_ms = -1,
		.key = entry->key,
		.key_len = entry->key_len,
		.value = entry->payload,
		.value_len = entry->payload_len,
	};
}

/* Those that can still be new: of the policy's epoch, or whose version nobody could tell. */
static int
take_current(const YsFollow *follow, const YsQuarantinePage *page, YsQuarantined *entries,
			 YsMessage *messages)
{
	int			count = 0;

	for (int i = 0; i < page->count; i++)
	{
		const YsQuarantined *entry = &page->entries[i];

		if (entry->has_version && ys_version_epoch(&entry->version) < (uint32) follow->row->epoch)
			continue;
		entries[count] = *entry;
		messages[count++] = message_of(entry);
	}
	return count;
}

/* Rare, and so read while the policy is locked: events that don't carry their item. */
static void
read_images(const YsFollow *follow, const YsPathTree *wanted, int count, YsDecoded *decoded, YsArena *arena)
{
	YsError		err;

	if (ys_reread_is_needed(count, decoded) &&
		!ys_reread_images(ys_server_store(follow->source->serverid, follow->row->owner), follow->source, wanted,
						  count, decoded, arena, &err))
		ys_error_throw(&err);
}

static void
retry_events(Retry *retry, const YsQuarantinePage *page)
{
	YsFollow   *follow = retry->follow;
	YsQuarantined *entries = palloc(sizeof(YsQuarantined) * page->count);
	YsMessage  *messages = palloc(sizeof(YsMessage) * page->count);
	YsRetry		again = {.entries = entries};
	YsDecoded  *decoded;
	int			count;
	YsArena		arena;
	YsPathTree *wanted;
	YsEventReading reading;

	ys_quarantine_mark(page);
	count = take_current(follow, page, entries, messages);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	wanted = ys_decode_want_keys(follow->source, &arena);
	ys_decode_want(wanted, follow->policy, &arena);
	reading = ys_decode_reading(retry->format, retry->table, follow->source, wanted);
	again.ndecoded = ys_decode_messages(retry->reader, &reading, count, messages, &arena, &decoded);
	read_images(follow, wanted, again.ndecoded, decoded, &arena);
	again.decoded = decoded;
	again.messages = messages;
	ys_apply_retry(follow, &again);
}

/* ---- items ---- */

/* Read the items of a page of entries; those without key can't be. */
static YsRetry
read_items(const YsFollow *follow, const YsQuarantinePage *page, YsArena *arena)
{
	YsStore    *store = ys_server_store(follow->source->serverid, follow->row->owner);
	YsValue    *keys = palloc(sizeof(YsValue) * page->count);
	YsValue    *items = palloc(sizeof(YsValue) * page->count);
	YsRetry		retry = {.items = items};
	int			nkeys = 0;
	YsError		err;

	for (int i = 0; i < page->count; i++)
	{
		if (page->entries[i].key != NULL &&
			!ys_key_from_text(page->entries[i].key, arena, &keys[nkeys++], &err))
			ys_error_throw(&err);
	}
	if (!ys_read_keys(follow, store, nkeys, keys, arena, &retry.nitems, items, &err))
		ys_error_throw(&err);
	return retry;
}

/* Those that have no key stay as they are. */
static void
keep_unreadable(const YsFollow *follow, const YsQuarantinePage *page)
{
	for (int i = 0; i < page->count; i++)
	{
		YsQuarantined entry = page->entries[i];

		entry.reason = "key does not fit the source's key columns";
		if (entry.key == NULL)
			ys_quarantine_keep(follow->row->policy_id, &entry);
	}
}

/* ---- the interface ---- */

static void
retry_items(Retry *retry, int64 only)
{
	YsFollow   *follow = retry->follow;
	YsQuarantinePage pages[MOST_ITEM_PAGES];
	YsRetry		again[MOST_ITEM_PAGES];
	int			npages = 0;
	int64		after = 0;
	YsArena		arena;

	/* all that is read is read before the policy's row is locked */
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	for (; npages < MOST_ITEM_PAGES; npages++)
	{
		YsQuarantinePage *page = &pages[npages];

		ys_quarantine_read(follow->row->policy_id, true, after, only, page);
		if (page->count == 0)
			break;
		after = page->ids[page->count - 1];
		again[npages] = read_items(follow, page, &arena);
	}
	lock_policy(follow);
	for (int i = 0; i < npages; i++)
	{
		ys_quarantine_mark(&pages[i]);
		ys_apply_retry(follow, &again[i]);
		keep_unreadable(follow, &pages[i]);
		retry->left += ys_quarantine_release(&pages[i]);
	}
	ys_arena_free(&arena);
}

static void
retry_all_events(Retry *retry, int64 only)
{
	YsFollow   *follow = retry->follow;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore retry",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	int64		after = 0;
	YsQuarantinePage page;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		ys_quarantine_read(follow->row->policy_id, false, after, only, &page);
		if (page.count == 0)
			break;
		retry_events(retry, &page);
		retry->left += ys_quarantine_release(&page);
		after = page.ids[page.count - 1];
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

int64
ys_quarantine_retry_entries(const YsPolicyRow *row, int64 only)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore retry of a policy",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Retry		retry = {0};

	retry.reader = ys_json_reader_create();
	if (retry.reader == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	(void) ys_handle_own(context, retry.reader, release_reader);
	retry.follow = ys_follow_open(context, row, NULL);
	load_format(&retry, row);
	retry_items(&retry, only);
	retry_all_events(&retry, only);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return retry.left;
}
