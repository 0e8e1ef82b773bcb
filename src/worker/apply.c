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
 * The stream worker is the only writer of its policies' rows, so reading
 * first and writing afterwards needs no row locks.  A batch that fails is
 * bisected in subtransactions until the culprit is alone; that one goes to
 * quarantine.
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

static void
normalize_items(YsBatch *batch)
{
	YsFollow   *follow = batch->follow;

	for (int i = 0; i < batch->ncandidates; i++)
	{
		YsCandidate  *candidate = batch->candidates[i];
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
normalize(YsBatch *batch)
{
	EnterArg	enter = {.functions = batch->follow->bound->functions};

	if (enter.functions == NULL)
	{
		normalize_items(batch);
		return true;
	}
	begin(batch, "normalizing a batch");
	batch->systemic = ys_transaction_try(look_up_functions, &enter);
	if (batch->systemic == NULL)
	{
		ys_functions_enter(enter.functions, &enter.scope);
		normalize_items(batch);
		ys_functions_leave(enter.functions, &enter.scope);
	}
	commit(batch);
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

/*
 * Say which partitions the batch's rows go to, and make those there aren't: again, should other
 * workers have made as many as there may be.  False when that failed for good.
 */
static bool
ensure_areas(YsBatch *batch)
{
	const char ***areas = palloc(sizeof(char **) * Max(batch->ncandidates, 1));
	List	   *missing;
	int			count = 0;

	for (int i = 0; i < batch->ncandidates; i++)
	{
		if (!batch->candidates[i]->row.gone)
			areas[count++] = &batch->candidates[i]->row.entry.area;
	}
	while ((missing = place_rows(batch, count, areas)) != NIL && batch->systemic == NULL)
		batch->systemic = add_areas(batch->follow, missing, batch->retry == NULL);
	pfree(areas);
	return batch->systemic == NULL;
}

/* ---- writing ---- */

/* A run of candidates, written in one subtransaction. */
typedef struct WriteArg
{
	YsBatch	   *batch;
	int			first;
	int			count;
	YsPolicyCounters counters;
} WriteArg;

static void
write_run(void *arg)
{
	WriteArg   *run = arg;
	YsIndexTable *table = run->batch->follow->table;
	bool		again = run->batch->retry != NULL;
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
		int			order = ys_version_compare(&row->new_version, &row->version);
		bool		stale = row->known && (again ? order < 0 : order <= 0);
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
		if (row->gone)
			run->counters.deleted += elsewhere;
		else if (row->area == NULL)
			run->counters.inserted++;
		else if (elsewhere)
			run->counters.moved++;
		else
			run->counters.updated++;
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
	YsBatch	   *batch = run->batch;

	batch->written += run->counters.applied;
	if (batch->from_store)
	{
		for (int i = 0; i < run->count; i++)
			batch->counters.backfilled += run->batch->candidates[run->first + i]->written &&
				run->batch->candidates[run->first + i]->item != NULL;
	}
	else
	{
		batch->counters.applied += run->counters.applied;
		batch->counters.stale += run->counters.stale;
	}
	batch->counters.inserted += run->counters.inserted;
	batch->counters.updated += run->counters.updated;
	batch->counters.moved += run->counters.moved;
	batch->counters.deleted += run->counters.deleted;
	for (int i = 0; i < run->count; i++)
	{
		const YsCandidate *candidate = batch->candidates[run->first + i];

		if (!candidate->written || candidate->item == NULL)
			continue;
		ys_quality_add(batch->quality, &candidate->row.entry);
		if (candidate->refused == NULL)
			continue;
		if (candidate->origin != NULL)
			ys_batch_quarantine_event(batch, candidate->origin, candidate->refused);
		else
			ys_batch_quarantine_item(batch, candidate->item, candidate->refused);
	}
}

/* Write a run, halving it around what fails.  False on a systemic error. */
static bool
write_bisecting(YsBatch *batch, int first, int count)
{
	WriteArg	run = {batch, first, count};
	YsCandidate  *culprit = batch->candidates[first];
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

	/* its version is recorded: a row that it made stale goes */
	if (culprit->origin == NULL)
		ys_batch_quarantine_item(batch, culprit->item, error->message);
	else
		ys_batch_quarantine_event(batch, culprit->origin, error->message);
	culprit->item = NULL;
	culprit->row.gone = true;
	return write_bisecting(batch, first, 1);
}

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

/* Counters, and how fast and late the policy is with this batch. */
static void
save_stats(const YsBatch *batch)
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
	else if (batch->retry == NULL)
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

/* The batch's transaction.  False when the policy has to pause, or quarantine is full. */
static bool
write_batch(YsBatch *batch)
{
	YsFollow   *follow = batch->follow;
	YsPhase		phase;
	bool		ok;
	ListCell   *lc;

	ys_transaction_begin("applying a batch");
	ys_transaction_commits_lazily();

	/* what is read from the store, or tried again, may be of any worker's partitions */
	if (!ys_follow_lock(follow, batch->from_store || batch->retry != NULL, &phase))
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
	batch->full = ok && !has_room(batch);
	if (!ok || batch->full)
	{
		/* nothing of the batch may stay: its positions don't advance */
		PopActiveSnapshot();
		AbortCurrentTransaction();
		MemoryContextSwitchTo(batch->context);
		return false;
	}
	foreach(lc, batch->quarantined)
		batch->counters.quarantined += ys_quarantine_insert(follow->row->policy_id, lfirst(lc));
	save_stats(batch);
	ys_quality_save(follow->row->policy_id, batch->quality);
	if (batch->read != NULL && batch->read->save != NULL)
		batch->read->save(batch->read->save_arg, batch->written);
	if (!batch->from_store)
		ys_position_save(follow->row->policy_id, batch->npositions, batch->positions);
	ys_transaction_commit();

	if (!batch->from_store)
	{
		memcpy(follow->positions, batch->positions, sizeof(YsPolicyPosition) * batch->npositions);
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

	if ((!normalize(batch) || !ensure_areas(batch) || !write_batch(batch)) && !batch->full)
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
ys_apply_batch(YsFollow *follow, int count, const YsDecoded *decoded)
{
	YsBatch	   *batch = ys_batch_create(follow, count);
	int			half;

	ys_batch_collect_messages(batch, count, decoded);
	if (run_batch(batch))
		return;

	/* up to the first event that there is no room for */
	half = find_half(count, decoded);
	if (half == 0)
		pause_full(follow);
	else
	{
		ys_apply_batch(follow, half, decoded);
		ys_apply_batch(follow, count - half, decoded + half);
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
	ListCell   *lc;

	batch->retry = retry;
	for (int i = 0; i < retry->ndecoded; i++)
	{
		if (retry->decoded[i].event != NULL)
			ys_batch_collect_event(batch, &retry->decoded[i]);
	}
	ys_batch_collect_items(batch, retry->nitems, retry->items);
	if (!normalize(batch) || !ensure_areas(batch) || !write_bisecting(batch, 0, batch->ncandidates))
		ThrowErrorData(batch->systemic);
	foreach(lc, batch->quarantined)
		ys_quarantine_keep(follow->row->policy_id, lfirst(lc));
	save_stats(batch);
	ys_quality_save(follow->row->policy_id, batch->quality);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(batch->context);
}
