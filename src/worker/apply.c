/*-------------------------------------------------------------------------
 * apply.c
 *	  One batch of change events, one transaction.
 *
 * What apply_batch.c has collected is normalized (pure code; no SQL but
 * fields' functions), areas never seen before get their partitions, each in a
 * transaction of its own.  Then, in one transaction: what is known of the keys is read, events not newer than that
 * are dropped, the rest is written, and with it quarantine, counters and the
 * policy's positions.  A crash anywhere replays into the same state.
 *
 * Rows are written by apply_write.c.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "errors.h"
#include "guc.h"
#include "worker/apply_batch.h"
#include "worker/transaction.h"

/* ---- normalizing and areas ---- */

/* What is tried again is part of its caller's transaction. */
static void
begin(const YsBatch *batch, const char *activity)
{
	if (batch->retry == NULL)
		ys_transaction_begin(activity);
}

static void
commit(const YsBatch *batch)
{
	if (batch->retry == NULL)
		ys_transaction_commit();
}

/* An item that a field keeps out has no row. */
static void
refuse_item(YsCandidate *candidate)
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

/* What the policy has made of a candidate's item already; NULL: nothing. */
static const YsEntry *
entry_made(const YsBatch *batch, const YsCandidate *candidate)
{
	const YsEvent *event = candidate->origin != NULL ? candidate->origin->event : NULL;
	const YsEntry *entry;

	if (batch->entry_number < 0 || event == NULL || event->entries == NULL)
		return NULL;
	entry = &event->entries[batch->entry_number];
	return entry->area != NULL ? entry : NULL;
}

static void
normalize_items(YsBatch *batch)
{
	YsFollow   *follow = batch->follow;

	for (int i = 0; i < batch->ncandidates; i++)
	{
		YsCandidate  *candidate = batch->candidates[i];
		const YsEntry *made = entry_made(batch, candidate);
		YsError		err;

		if (candidate->item == NULL)
			continue;
		if (made != NULL)
			candidate->row.entry = *made;
		else if (!ys_policy_apply(follow->policy, &follow->bound->bindings, candidate->item, &batch->arena,
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

/* In the transaction; false: the functions can't be used. */
static bool
normalize_by_functions(YsBatch *batch)
{
	YsFollow   *follow = batch->follow;
	EnterArg	enter = {.functions = follow->bound->functions};

	batch->systemic = ys_transaction_try(look_up_functions, &enter);
	if (batch->systemic != NULL)
		return false;
	if (!ys_follow_rules_noted(follow))
		ys_follow_note_rules(follow);
	ys_functions_enter(enter.functions, &enter.scope);
	normalize_items(batch);
	ys_functions_leave(enter.functions, &enter.scope);
	return true;
}

bool
ys_batch_normalize(YsBatch *batch)
{
	YsFollow   *follow = batch->follow;
	bool		ok = true;

	if (follow->bound->functions != NULL)
	{
		begin(batch, "normalizing a batch");
		ok = normalize_by_functions(batch);
		commit(batch);
		return ok;
	}
	if (!ys_follow_rules_noted(follow))
	{
		begin(batch, "noting synonyms");
		ys_follow_note_rules(follow);
		commit(batch);
	}
	normalize_items(batch);
	return true;
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
	const char *partition = area->area;
	const char **place = &partition;
	YsPhase		phase;

	/* another worker may have made it, or the last one there may be */
	(void) ys_policy_lock(area->follow->row->policy_id, &phase);
	(void) ys_index_table_place(area->follow->table, 1, &place);
	if (partition == NULL || strcmp(partition, area->area) != 0 ||
		ys_index_table_place(area->follow->table, 1, &place) == NIL)
		return;
	ys_index_table_add_area(area->follow->table, area->area);
}

/* Make partitions; each in a transaction of its own, or all in the current one. */
static ErrorData *
add_areas(YsFollow *follow, const List *areas, bool own)
{
	ErrorData  *error = NULL;
	ListCell   *lc;

	foreach(lc, areas)
	{
		AreaArg		arg = {follow, lfirst(lc)};

		if (own)
			ys_transaction_begin("adding a partition");
		error = ys_transaction_try(add_area, &arg);
		if (own)
			ys_transaction_commit();
		if (error != NULL)
			break;
	}
	return error;
}

ErrorData *
ys_apply_add_areas(YsFollow *follow, const List *areas)
{
	return add_areas(follow, areas, true);
}

/* The partitions that a batch's rows go to, as they are now; returns those there aren't. */
static List *
place_rows(YsBatch *batch, int count, const char ***areas)
{
	const YsIndexTable *table = batch->follow->table;
	List	   *missing = NIL;

	begin(batch, "looking up partitions");
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table->relid)))
	{
		MemoryContext old = MemoryContextSwitchTo(batch->context);

		missing = ys_index_table_place(table, count, areas);
		MemoryContextSwitchTo(old);
	}
	commit(batch);
	return missing;
}

/* Where the areas of the batch's rows are noted; returns how many there are. */
static int
collect_areas(const YsBatch *batch, const char ****areas)
{
	int			count = 0;

	*areas = palloc(sizeof(char **) * Max(batch->ncandidates, 1));
	for (int i = 0; i < batch->ncandidates; i++)
	{
		if (!batch->candidates[i]->row.gone)
			(*areas)[count++] = &batch->candidates[i]->row.entry.area;
	}
	return count;
}

void
ys_batch_place(YsBatch *batch)
{
	const char ***areas;
	int			count = collect_areas(batch, &areas);

	(void) place_rows(batch, count, areas);
	pfree(areas);
}

/* Again, should other workers have made as many partitions as there may be. */
bool
ys_batch_ensure_areas(YsBatch *batch)
{
	const char ***areas;
	int			count = collect_areas(batch, &areas);
	List	   *missing;

	while ((missing = place_rows(batch, count, areas)) != NIL && batch->systemic == NULL)
		batch->systemic = add_areas(batch->follow, missing, batch->retry == NULL);
	pfree(areas);
	return batch->systemic == NULL;
}

/* ---- writing ---- */

/*
 * Is there room for what the batch puts in quarantine?  One event or item always has, where
 * nothing else is: else no size would do for it.
 */
static bool
has_room(const YsBatch *batch)
{
	int64		most = (int64) ys_guc_quarantine_size * 1024;
	int64		bytes = 0;
	int64		kept;
	ListCell   *lc;

	if (batch->quarantined == NIL || most < 0)
		return true;
	foreach(lc, batch->quarantined)
	{
		const YsQuarantined *event = lfirst(lc);

		bytes += event->payload_len + event->key_len;
	}
	kept = ys_quarantine_bytes(batch->follow->row->policy_id);
	return kept + bytes <= most || (kept == 0 && list_length(batch->quarantined) == 1);
}

void
ys_batch_save_stats(const YsBatch *batch)
{
	YsFollow   *follow = batch->follow;
	YsStatsKind kind = YS_STATS_OTHER;
	bool		waiting = false;
	YsPolicyRates rates;

	if (batch->from_store)
	{
		kind = YS_STATS_PAGE;
		ys_pace_page(&follow->pace, batch->read->nitems);
	}
	else if (batch->retry == NULL && !batch->repairs)
	{
		kind = YS_STATS_BATCH;
		ys_pace_batch(&follow->pace, batch->messages, (int) batch->counters.taken, batch->appended_ms);
	}
	for (int i = 0; i < batch->npositions; i++)
		waiting = waiting || batch->positions[i].next_offset < batch->positions[i].high_offset;
	ys_pace_rates(&follow->pace, &rates);
	ys_stats_add(follow->row->policy_id, follow->lease != NULL ? follow->lease->worker : 0, kind, &batch->counters, &rates, waiting);
	if (kind == YS_STATS_BATCH)
		follow->pace.waiting = waiting;
}

/*
 * Offsets of different partitions don't compare: the index may hold the older of two changes.  So it is
 * where producers have not heard of more partitions yet, or never used the key.
 */
static void
mark_torn(const YsBatch *batch)
{
	const YsMessage *message = batch->torn->message;

	ys_policy_set_phase(batch->follow->row->policy_id, YS_PHASE_INCOMPLETE,
						psprintf("offset " INT64_FORMAT " of partition %d changes an item that another partition "
								 "has changes of, and which are newer can't be told: "
								 "call yottastore.index_resync_start",
								 message->offset, message->partition));
}

/* The batch's transaction.  False when the policy has to pause, or quarantine is full. */
static bool
write_batch(YsBatch *batch)
{
	YsFollow   *follow = batch->follow;
	YsPhase		phase;
	bool		ok;

	ys_transaction_begin("applying a batch");
	ys_transaction_commits_lazily();

	/* what is read from the store, or tried again, may be of any worker's partitions */
	if (!ys_follow_lock(follow, batch->from_store || batch->retry != NULL, &phase))
		phase = YS_PHASE_PAUSED;

	/* what rested since it was opened may lack what came before this batch, even where it was resumed since */
	if (!ys_follow_is_active(follow))
		phase = follow->row->phase;
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
	ok = ys_batch_write(batch);
	batch->full = ok && !has_room(batch);
	if (!ok || batch->full)
	{
		/* nothing of the batch may stay: its positions don't advance */
		PopActiveSnapshot();
		AbortCurrentTransaction();
		MemoryContextSwitchTo(batch->context);
		return false;
	}
	ys_batch_save_quarantine(batch);
	ys_batch_save_stats(batch);
	ys_quality_save(follow->row->policy_id, batch->quality);
	if (batch->read != NULL && batch->read->save != NULL)
		batch->read->save(batch->read->save_arg, batch->written);
	if (!batch->from_store)
	{
		ys_position_save(follow->row->policy_id, batch->npositions, batch->positions);
		if (batch->shards != NULL)
			ys_shard_positions_save(batch->shards, follow->row->policy_id);
	}
	if (batch->torn != NULL)
		mark_torn(batch);
	ys_transaction_commit();
	if (batch->torn != NULL)
		follow->row->phase = YS_PHASE_INCOMPLETE;

	if (!batch->from_store)
	{
		memcpy(follow->positions, batch->positions, sizeof(YsPolicyPosition) * batch->npositions);
		if (batch->shards != NULL)
			ys_follow_adopt_shards(follow, batch->shards);
		follow->positions_dirty = false;
	}
	return true;
}

/* False when nothing was written for want of room in quarantine. */
static bool
run_batch(YsBatch *batch)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	bool		full;

	if ((!ys_batch_normalize(batch) || !ys_batch_ensure_areas(batch) || !write_batch(batch)) && !batch->full)
	{
		ys_transaction_begin("pausing a policy");
		ys_follow_pause(batch->follow->row, batch->systemic);
		ys_transaction_commit();
	}
	full = batch->full;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(batch->context);
	return !full;
}

static void
pause_full(YsFollow *follow)
{
	ys_transaction_begin("pausing a policy");
	ys_follow_pause_for(follow->row,
						psprintf("what its quarantine would have to keep exceeds yottastore.quarantine_size "
								 "(%d kB): use quarantine_retry or quarantine_discard, or raise it",
								 ys_guc_quarantine_size));
	ys_transaction_commit();
}

/* Where about half of them end, and with them a message; 0: there is but one. */
static int
find_half(int count, const YsDecoded *decoded)
{
	int			half = count / 2;

	while (half < count && decoded[half].number > 1)
		half++;
	if (half == count)
		half = count / 2;
	while (half > 0 && decoded[half].number > 1)
		half--;
	return half;
}

void
ys_apply_batch(YsFollow *follow, int count, const YsDecoded *decoded, int entry_number)
{
	YsBatch	   *batch = ys_batch_create(follow, count);
	int			half;

	batch->entry_number = entry_number;
	ys_batch_collect_messages(batch, count, decoded);
	if (run_batch(batch))
		return;

	/* up to the first event that there is no room for */
	half = find_half(count, decoded);
	if (half == 0)
		pause_full(follow);
	else
	{
		ys_apply_batch(follow, half, decoded, entry_number);
		if (ys_follow_is_active(follow))
			ys_apply_batch(follow, count - half, decoded + half, entry_number);
	}
}

void
ys_apply_read(YsFollow *follow, const YsRead *read)
{
	YsBatch    *batch = ys_batch_create(follow, read->nitems + read->ngone);
	YsRead		part = *read;

	batch->from_store = true;
	batch->read = read;
	ys_batch_collect_items(batch, read->nitems, read->items);
	ys_batch_collect_gone(batch, read->ngone, read->gone);
	if (run_batch(batch))
		return;
	if (read->nitems <= 1)
	{
		pause_full(follow);
		return;
	}
	/* what is not there, and the progress, with the last of it */
	part.nitems = read->nitems / 2;
	part.ngone = 0;
	part.save = NULL;
	ys_apply_read(follow, &part);
	if (!ys_follow_is_active(follow))
		return;
	part = *read;
	part.nitems -= read->nitems / 2;
	part.items += read->nitems / 2;
	ys_apply_read(follow, &part);
}

void
ys_apply_retry(YsFollow *follow, const YsRetry *retry)
{
	YsBatch	   *batch = ys_batch_create(follow, retry->ndecoded + retry->nitems);
	MemoryContext old = MemoryContextSwitchTo(batch->context);

	batch->retry = retry;
	for (int i = 0; i < retry->ndecoded; i++)
	{
		if (retry->decoded[i].event != NULL)
			ys_batch_collect_event(batch, &retry->decoded[i]);
	}
	ys_batch_collect_items(batch, retry->nitems, retry->items);
	if (!ys_batch_normalize(batch) || !ys_batch_ensure_areas(batch) || !ys_batch_write(batch))
		ThrowErrorData(batch->systemic);
	ys_batch_save_quarantine(batch);
	ys_batch_save_stats(batch);
	ys_quality_save(follow->row->policy_id, batch->quality);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(batch->context);
}
