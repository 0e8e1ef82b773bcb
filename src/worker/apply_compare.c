/*-------------------------------------------------------------------------
 * apply_compare.c
 *	  What was read from the store against what an index has of it.
 *
 * The same code makes rows of items as for events and backfill; here they are held against those there are.
 * A repair is written under the version that the index has of the key, the policy being locked alone since before that
 * was looked at: so no event that is yet to come is beaten by it, and none that has been applied is undone.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "errors.h"
#include "worker/apply_batch.h"
#include "worker/apply_compare.h"
#include "worker/transaction.h"

/* How a row compares that was looked up: is it there, is it the same? */
static YsDifferenceKind
difference_of(const YsIndexRow *row, bool same)
{
	if (row->gone)
		return row->present ? YS_DIFFERENCE_EXTRA : YS_DIFFERENCE_NONE;
	if (!row->present)
		return YS_DIFFERENCE_MISSING;
	return same ? YS_DIFFERENCE_NONE : YS_DIFFERENCE_STALE;
}

static void
look_up(YsBatch *batch, YsIndexRow **rows, bool *same)
{
	YsIndexTable *table = batch->follow->table;

	ys_index_table_follow_names(table);
	for (int i = 0; i < batch->ncandidates; i++)
	{
		rows[i] = &batch->candidates[i]->row;
		rows[i]->known = false;
		rows[i]->area = NULL;
		ys_version_lowest(&rows[i]->version);
	}
	ys_index_table_find(table, batch->ncandidates, rows);
	ys_index_table_compare(table, batch->ncandidates, rows, same);
}

/* Tell of each how it compares; those to be repaired are what the batch has afterwards. */
static void
tell(YsBatch *batch, const YsComparison *comparison, const bool *same)
{
	YsVersion	floor;
	int			kept = 0;

	ys_version_floor(&floor, batch->follow->row->epoch);
	for (int i = 0; i < batch->ncandidates; i++)
	{
		YsCandidate *candidate = batch->candidates[i];
		YsIndexRow *row = &candidate->row;
		const YsCompared compared = {
			candidate->key, candidate->item, difference_of(row, same[i]), row->version
		};

		if (!comparison->compared(comparison->arg, &compared) || !batch->repairs)
			continue;
		row->new_version = ys_version_compare(&row->version, &floor) < 0 ? floor : row->version;
		batch->candidates[kept++] = candidate;
	}
	batch->ncandidates = kept;
}

/* The transaction.  False (systemic) when nothing of it may stay. */
static bool
compare(YsBatch *batch, const YsComparison *comparison, bool *live)
{
	YsFollow   *follow = batch->follow;
	YsIndexRow **rows = palloc(sizeof(YsIndexRow *) * Max(batch->ncandidates, 1));
	bool	   *same = palloc(sizeof(bool) * Max(batch->ncandidates, 1));
	YsPhase		phase;
	bool		ok = true;

	ys_transaction_begin("comparing rows with the store");
	*live = ys_follow_lock(follow, true, &phase) && phase == YS_PHASE_LIVE && comparison->begin(comparison->arg);
	if (*live)
	{
		look_up(batch, rows, same);
		tell(batch, comparison, same);
		if (batch->ncandidates > 0)
			ok = ys_batch_write(batch);
		if (!ok)
		{
			PopActiveSnapshot();
			AbortCurrentTransaction();
			MemoryContextSwitchTo(batch->context);
			return false;
		}
		ys_batch_save_quarantine(batch);
		if (batch->ncandidates > 0)
			ys_batch_save_stats(batch);
		comparison->end(comparison->arg);
	}
	ys_transaction_commit();
	return true;
}

bool
ys_apply_compare(YsFollow *follow, const YsComparison *comparison)
{
	YsBatch	   *batch = ys_batch_create(follow, comparison->nitems + comparison->ngone);
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	bool		live = false;
	bool		ok;

	batch->repairs = comparison->repairs;
	ys_batch_collect_items(batch, comparison->nitems, comparison->items);
	ys_batch_collect_gone(batch, comparison->ngone, comparison->gone);

	/* of what has no usable key there is no row to compare it with */
	batch->quarantined = NIL;
	ok = ys_batch_normalize(batch);
	if (ok && batch->repairs)
		ok = ys_batch_ensure_areas(batch);
	else if (ok)
		ys_batch_place(batch);
	if (!ok || !compare(batch, comparison, &live))
	{
		live = false;
		ys_transaction_begin("pausing a policy");
		ys_follow_pause(follow->row, batch->systemic);
		ys_transaction_commit();
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(batch->context);
	return live;
}
