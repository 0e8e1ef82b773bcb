/*-------------------------------------------------------------------------
 * apply.c
 *	  One batch of change events, one transaction.
 *
 * Of the events of one key only the one with the highest version counts.
 * Survivors are normalized (pure code; no SQL but fields' functions), areas never seen before get
 * their partitions, each in a transaction of its own.  Then, in one
 * transaction: what is known of the keys is read, events not newer than that
 * are dropped, the rest is written, and with it quarantine, counters and the
 * policy's positions.  A crash anywhere replays into the same state.
 *
 * The stream worker is the only writer of its policies' rows, so reading
 * first and writing afterwards needs no row locks.  A batch that fails is
 * bisected in subtransactions until the culprit is alone; that one goes to
 * quarantine.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "datatype/timestamp.h"
#include "storage/lmgr.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/memory.h"
#include "catalog/quality.h"
#include "errors.h"
#include "worker/apply.h"
#include "worker/transaction.h"

#define UNIX_TO_SERVER_USECS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* One key of the batch: its row, and where it comes from. */
typedef struct Candidate
{
	YsIndexRow	row;			/* first: rows are handed on as YsIndexRow * */
	const YsDecoded *origin;	/* NULL: read by backfill */
	const YsValue *item;		/* NULL: deleted, or known only to be unusable */
	const char *refused;		/* why a field keeps the item out; NULL: none does */
	bool		written;		/* not stale, by the last attempt to write */
} Candidate;

typedef struct Batch
{
	YsFollow   *follow;
	MemoryContext context;
	YsArena		arena;
	int			ncandidates;
	Candidate **candidates;
	HTAB	   *by_key;
	YsPolicyCounters counters;
	YsQuality  *quality;		/* of what was written */
	List	   *quarantined;	/* of YsQuarantined */
	int			npositions;
	YsPolicyPosition *positions;	/* as they will be */
	const YsSegment *segment;	/* backfill's progress, or NULL */
	ErrorData  *systemic;		/* what paused the policy */
} Batch;

typedef struct KeyEntry
{
	const char *key;
	uint32		len;
	Candidate  *candidate;
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

static Batch *
batch_create(YsFollow *follow, int size)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore batch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Batch	   *batch = palloc0(sizeof(Batch));
	HASHCTL		ctl = {0};

	batch->follow = follow;
	batch->context = context;
	ys_arena_init_context(&batch->arena, context, 0);
	batch->quality = ys_quality_create(follow->policy, &batch->arena);
	if (batch->quality == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	batch->candidates = palloc(sizeof(Candidate *) * Max(size, 1));
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
	MemoryContextSwitchTo(old);
	return batch;
}

/* ---- collecting ---- */

/* Keep what can't be used, with its reason, for the batch's transaction. */
static void
quarantine(Batch *batch, YsQuarantined event, const char *reason)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	YsQuarantined *kept = palloc(sizeof(YsQuarantined));

	*kept = event;
	kept->reason = pstrdup(reason);
	batch->quarantined = lappend(batch->quarantined, kept);
	batch->counters.quarantined++;
	MemoryContextSwitchTo(old);
}

static void
quarantine_event(Batch *batch, const YsDecoded *decoded, const char *reason)
{
	const YsMessage *message = decoded->message;
	YsQuarantined event = {
		.partition = message->partition,
		.offset = message->offset,
		.key = message->key,
		.key_len = message->key_len,
		.payload = message->value,
		.payload_len = message->value_len,
	};

	quarantine(batch, event, reason);
}

static void
quarantine_item(Batch *batch, const YsValue *item, const char *reason)
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
static Candidate *
find_candidate(Batch *batch, const char *key, uint32 len, const YsValue *keys, bool *found)
{
	YsFollow   *follow = batch->follow;
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	KeyEntry	probe = {key, len, NULL};
	KeyEntry   *entry = hash_search(batch->by_key, &probe, HASH_ENTER, found);
	Candidate  *candidate;

	if (!*found)
	{
		candidate = palloc0(sizeof(Candidate));
		if (!ys_index_table_key(follow->table, follow->source, keys, candidate->row.keys))
		{
			hash_search(batch->by_key, &probe, HASH_REMOVE, NULL);
			candidate = NULL;
		}
		else
		{
			entry->candidate = candidate;
			batch->candidates[batch->ncandidates++] = candidate;
		}
	}
	else
		candidate = entry->candidate;
	MemoryContextSwitchTo(old);
	return candidate;
}

/* The version of a message's event; false when the relay's position is unusable. */
static bool
message_version(const YsFollow *follow, const YsMessage *message, YsVersion *version)
{
	if (message->has_position)
		return ys_version_from_sequence(version, follow->row->epoch, message->generation,
										message->sequence);
	ys_version_from_offset(version, follow->row->epoch, message->offset);
	return true;
}

/* Let one event compete for its key. */
static void
collect_event(Batch *batch, const YsDecoded *decoded)
{
	const YsEvent *event = &decoded->event;
	bool		usable = decoded->ok && !event->keys_only;
	YsVersion	version;
	Candidate  *candidate;
	bool		found;

	if (!decoded->ok)
		quarantine_event(batch, decoded, decoded->error.message);
	else if (event->keys_only)
		quarantine_event(batch, decoded, "event carries no image of the item");

	if (event->key == NULL)
		return;					/* nobody knows which item it was about */
	if (!message_version(batch->follow, decoded->message, &version))
	{
		if (usable)
			quarantine_event(batch, decoded, "position header is not a sequence number");
		return;
	}
	candidate = find_candidate(batch, event->key, event->key_len, &event->keys, &found);
	if (candidate == NULL)
	{
		if (usable)
			quarantine_event(batch, decoded, "key does not fit the source's key columns");
		return;
	}
	if (found && ys_version_compare(&version, &candidate->row.new_version) <= 0)
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
collect_messages(Batch *batch, int count, YsDecoded *messages)
{
	for (int i = 0; i < count; i++)
	{
		const YsMessage *message = messages[i].message;
		YsPolicyPosition *position = NULL;

		for (int p = 0; p < batch->npositions && position == NULL; p++)
		{
			if (batch->positions[p].partition == message->partition)
				position = &batch->positions[p];
		}
		if (position == NULL || message->offset < position->next_offset)
			continue;
		position->next_offset = message->offset + 1;
		if (position->high_offset < position->next_offset)
			position->high_offset = position->next_offset;
		if (message->is_watermark)
		{
			position->has_watermark = true;
			position->watermark = message->watermark_us - UNIX_TO_SERVER_USECS;
		}
		else
			collect_event(batch, &messages[i]);
	}
}

static void
collect_items(Batch *batch, int count, const YsValue *items)
{
	const YsSource *source = batch->follow->source;

	for (int i = 0; i < count; i++)
	{
		YsText		key;
		YsError		err;
		Candidate  *candidate = NULL;
		bool		found = false;

		ys_text_init(&key, &batch->arena);
		if (ys_value_canonical_key(&key, &items[i], source->nkeys, source->key_names, &err))
			candidate = find_candidate(batch, key.bytes, (uint32) key.len, &items[i], &found);
		if (candidate == NULL)
			quarantine_item(batch, &items[i], "key does not fit the source's key columns");
		else if (!found)
		{
			candidate->item = &items[i];
			ys_version_lowest(&candidate->row.new_version);
		}
	}
}

/* ---- normalizing and areas ---- */

/* An item that a field keeps out has no row. */
static void
refuse_item(Candidate *candidate)
{
	const YsEntry *entry = &candidate->row.entry;
	const char *reason = "";

	for (int i = 0; i < entry->nrejections; i++)
	{
		if (strcmp(entry->rejections[i].field, entry->refused_by) == 0)
			reason = entry->rejections[i].reason;
	}
	candidate->refused = psprintf("field \"%s\": %s", entry->refused_by, reason);
	candidate->row.gone = true;
}

static void
normalize_items(Batch *batch)
{
	YsFollow   *follow = batch->follow;

	for (int i = 0; i < batch->ncandidates; i++)
	{
		Candidate  *candidate = batch->candidates[i];
		YsError		err;

		if (candidate->item == NULL)
			continue;
		if (!ys_policy_apply(follow->policy, &follow->bound->bindings, candidate->item, &batch->arena,
							 &candidate->row.entry, &err))
			ys_error_throw(&err);
		if (candidate->row.entry.refused_by != NULL)
			refuse_item(candidate);
	}
}

typedef struct EnterArg
{
	YsFunctions *functions;
	YsSpiScope	scope;
} EnterArg;

/* Leaving the subtransaction leaves the role, too: this only looks whether it can be had. */
static void
look_up_functions(void *arg)
{
	EnterArg   *enter = arg;

	ys_functions_enter(enter->functions, &enter->scope);
	ys_functions_leave(enter->functions, &enter->scope);
}

/*
 * Make the candidates' entries: without a transaction, unless fields have functions.
 * False when a function can't be called any more.
 */
static bool
normalize(Batch *batch)
{
	EnterArg	enter = {.functions = batch->follow->bound->functions};

	if (enter.functions == NULL)
	{
		normalize_items(batch);
		return true;
	}
	ys_transaction_begin("normalizing a batch");
	batch->systemic = ys_transaction_try(look_up_functions, &enter);
	if (batch->systemic == NULL)
	{
		ys_functions_enter(enter.functions, &enter.scope);
		normalize_items(batch);
		ys_functions_leave(enter.functions, &enter.scope);
	}
	ys_transaction_commit();
	return batch->systemic == NULL;
}

typedef struct AreaArg
{
	YsFollow   *follow;
	const char *area;
} AreaArg;

static void
add_area(void *arg)
{
	AreaArg    *area = arg;

	ys_index_table_add_area(area->follow->table, area->area);
}

ErrorData *
ys_apply_add_areas(YsFollow *follow, const List *areas)
{
	ErrorData  *error = NULL;
	ListCell   *lc;

	foreach(lc, areas)
	{
		AreaArg		arg = {follow, lfirst(lc)};

		ys_transaction_begin("adding a partition");
		error = ys_transaction_try(add_area, &arg);
		ys_transaction_commit();
		if (error != NULL)
			break;
	}
	return error;
}

/*
 * Say which partitions the batch's rows go to, and make those there aren't.  False
 * when that failed for good.
 */
static bool
ensure_areas(Batch *batch)
{
	YsFollow   *follow = batch->follow;
	const char ***areas = palloc(sizeof(char **) * Max(batch->ncandidates, 1));
	List	   *missing = NIL;
	int			count = 0;

	for (int i = 0; i < batch->ncandidates; i++)
	{
		if (!batch->candidates[i]->row.gone)
			areas[count++] = &batch->candidates[i]->row.entry.area;
	}
	ys_transaction_begin("looking up partitions");
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(follow->table->relid)))
	{
		MemoryContext old = MemoryContextSwitchTo(batch->context);

		missing = ys_index_table_place(follow->table, count, areas);
		MemoryContextSwitchTo(old);
	}
	ys_transaction_commit();
	pfree(areas);

	batch->systemic = ys_apply_add_areas(follow, missing);
	return batch->systemic == NULL;
}

/* ---- writing ---- */

/* A run of candidates, written in one subtransaction. */
typedef struct WriteArg
{
	Batch	   *batch;
	int			first;
	int			count;
	YsPolicyCounters counters;
} WriteArg;

static void
write_run(void *arg)
{
	WriteArg   *run = arg;
	YsIndexTable *table = run->batch->follow->table;
	bool		backfill = run->batch->segment != NULL;
	YsIndexRow **rows = palloc(sizeof(YsIndexRow *) * run->count);
	YsIndexRow **moved = palloc(sizeof(YsIndexRow *) * run->count);
	YsIndexRow **present = palloc(sizeof(YsIndexRow *) * run->count);
	YsIndexRow **noted = palloc(sizeof(YsIndexRow *) * run->count);
	int			nmoved = 0;
	int			npresent = 0;
	int			nnoted = 0;

	memset(&run->counters, 0, sizeof(run->counters));
	for (int i = 0; i < run->count; i++)
	{
		rows[i] = &run->batch->candidates[run->first + i]->row;
		rows[i]->known = false;
		rows[i]->area = NULL;
		ys_version_lowest(&rows[i]->version);
	}
	ys_index_table_find(table, run->count, rows);

	for (int i = 0; i < run->count; i++)
	{
		YsIndexRow *row = rows[i];
		bool		stale = row->known &&
			(backfill || ys_version_compare(&row->new_version, &row->version) <= 0);
		bool		elsewhere;

		run->batch->candidates[run->first + i]->written = !stale;
		if (stale)
		{
			run->counters.stale++;
			continue;
		}
		elsewhere = row->area != NULL && (row->gone || strcmp(row->area, row->entry.area) != 0);
		if (elsewhere)
			moved[nmoved++] = row;
		if (!row->gone)
			present[npresent++] = row;
		if (row->gone || row->area == NULL || elsewhere)
			noted[nnoted++] = row;
		run->counters.applied++;
	}
	ys_index_table_delete(table, nmoved, moved);
	ys_index_table_upsert(table, npresent, present);
	ys_index_table_note(table, nnoted, noted);
	pfree(rows);
	pfree(moved);
	pfree(present);
	pfree(noted);
}

/* What has been written of a run: its counters and quality, and what fields kept out. */
static void
account_run(const WriteArg *run)
{
	Batch	   *batch = run->batch;

	if (batch->segment != NULL)
		batch->counters.backfilled += run->counters.applied;
	else
	{
		batch->counters.applied += run->counters.applied;
		batch->counters.stale += run->counters.stale;
	}
	for (int i = 0; i < run->count; i++)
	{
		const Candidate *candidate = batch->candidates[run->first + i];

		if (!candidate->written || candidate->item == NULL)
			continue;
		ys_quality_add(batch->quality, &candidate->row.entry);
		if (candidate->refused == NULL)
			continue;
		if (candidate->origin != NULL)
			quarantine_event(batch, candidate->origin, candidate->refused);
		else
			quarantine_item(batch, candidate->item, candidate->refused);
	}
}

/* Write a run, halving it around what fails.  False on a systemic error. */
static bool
write_bisecting(Batch *batch, int first, int count)
{
	WriteArg	run = {batch, first, count};
	Candidate  *culprit = batch->candidates[first];
	ErrorData  *error;

	if (count == 0)
		return true;
	error = ys_transaction_try(write_run, &run);
	if (error == NULL)
	{
		account_run(&run);
		return true;
	}
	if (ys_error_is_systemic(error) || (count == 1 && culprit->row.gone))
	{
		batch->systemic = error;
		return false;
	}
	if (count > 1)
		return write_bisecting(batch, first, count / 2) &&
			write_bisecting(batch, first + count / 2, count - count / 2);

	if (culprit->origin == NULL)
	{
		quarantine_item(batch, culprit->item, error->message);
		return true;
	}
	/* its version is recorded: a row that it made stale goes */
	quarantine_event(batch, culprit->origin, error->message);
	culprit->item = NULL;
	culprit->row.gone = true;
	return write_bisecting(batch, first, 1);
}

/* The batch's transaction.  False when the policy has to pause. */
static bool
write_batch(Batch *batch)
{
	YsFollow   *follow = batch->follow;
	YsPhase		phase;
	bool		ok;
	ListCell   *lc;

	ys_transaction_begin("applying a batch");

	/* the table before the policy's row: see the lock order in README.md */
	LockRelationOid(follow->table->relid, RowExclusiveLock);
	if (!ys_policy_lock(follow->row->policy_id, &phase))
		phase = YS_PHASE_PAUSED;
	if (phase != YS_PHASE_LIVE && phase != YS_PHASE_BACKFILL)
	{
		/*
		 * Dropped, or paused meanwhile.  The consumer is past this batch
		 * already: remembering the phase makes the policy's return go back to
		 * its positions, even if it is resumed before we look again.
		 */
		ys_transaction_commit();
		follow->row->phase = phase;
		return true;
	}
	ys_index_table_follow_names(follow->table);
	ok = write_bisecting(batch, 0, batch->ncandidates);
	if (!ok)
	{
		/* nothing of the batch may stay: its positions don't advance */
		PopActiveSnapshot();
		AbortCurrentTransaction();
		MemoryContextSwitchTo(batch->context);
		return false;
	}
	foreach(lc, batch->quarantined)
		ys_quarantine_insert(follow->row->policy_id, lfirst(lc));
	ys_policy_add_counters(follow->row->policy_id, &batch->counters);
	ys_quality_save(follow->row->policy_id, batch->quality);
	if (batch->segment != NULL)
		ys_segment_save(follow->row->policy_id, batch->segment);
	else
		ys_position_save(follow->row->policy_id, batch->npositions, batch->positions);
	ys_transaction_commit();

	if (batch->segment == NULL)
	{
		memcpy(follow->positions, batch->positions, sizeof(YsPolicyPosition) * batch->npositions);
		follow->positions_dirty = false;
	}
	return true;
}

static void
run_batch(Batch *batch)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);

	if (!normalize(batch) || !ensure_areas(batch) || !write_batch(batch))
	{
		ys_transaction_begin("pausing a policy");
		ys_follow_pause(batch->follow->row, batch->systemic);
		ys_transaction_commit();
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(batch->context);
}

void
ys_apply_batch(YsFollow *follow, int count, YsDecoded *messages)
{
	Batch	   *batch = batch_create(follow, count);

	collect_messages(batch, count, messages);
	run_batch(batch);
}

void
ys_apply_backfill(YsFollow *follow, int count, const YsValue *items, const YsSegment *segment)
{
	Batch	   *batch = batch_create(follow, count);

	batch->segment = segment;
	collect_items(batch, count, items);
	run_batch(batch);
}
