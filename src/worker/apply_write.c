/*-------------------------------------------------------------------------
 * apply_write.c
 *	  Writing a batch's rows, in subtransactions: one that fails is halved
 *	  until the culprit is alone, which goes to quarantine.
 *
 * The stream worker is the only writer of its policies' rows, so reading
 * first and writing afterwards needs no row locks.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/index_write.h"
#include "catalog/quarantine.h"
#include "errors.h"
#include "worker/apply_batch.h"
#include "worker/transaction.h"

/* A run of candidates, written in one subtransaction. */
typedef struct WriteArg
{
	YsBatch	   *batch;
	int			first;
	int			count;
	bool		by_statements;
	YsPolicyCounters counters;
} WriteArg;

/* Is it unknown whether an event is newer than what is known of its item? */
static void
note_torn(YsBatch *batch, const YsCandidate *candidate)
{
	if (candidate->origin != NULL && !candidate->origin->message->has_position &&
		ys_version_other_partition(&candidate->row.new_version, &candidate->row.version))
		batch->torn = candidate->origin;
}

static void
write_run(void *arg)
{
	WriteArg   *run = arg;
	YsIndexWrite *write = ys_index_write_begin(run->batch->follow->table, run->by_statements);
	bool		again = run->batch->retry != NULL || run->batch->repairs;
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
	ys_index_write_find(write, run->count, rows);

	for (int i = 0; i < run->count; i++)
	{
		YsIndexRow *row = rows[i];
		int			order = ys_version_compare(&row->new_version, &row->version);
		bool		stale = row->known && (again ? order < 0 : order <= 0);
		bool		elsewhere;

		if (row->known && !again)
			note_torn(run->batch, run->batch->candidates[run->first + i]);
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
	ys_index_write_delete(write, nmoved, moved);
	ys_index_write_upsert(write, npresent, present);
	ys_index_write_note(write, nnoted, noted);
	ys_index_write_end(write);
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
			batch->counters.backfilled += batch->candidates[run->first + i]->written &&
				batch->candidates[run->first + i]->item != NULL;
	}
	else if (!batch->repairs)
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

/*
 * Write a run, halving it around what fails.  What fails alone is tried by statements, which
 * get along with rows that others are writing and say best what is wrong.  False on a systemic error.
 */
static bool
write_bisecting(YsBatch *batch, int first, int count, bool by_statements)
{
	WriteArg	run = {batch, first, count, by_statements};
	YsCandidate *culprit = batch->candidates[first];
	ErrorData  *error;

	if (count == 0)
		return true;
	error = ys_transaction_try(write_run, &run);
	if (error == NULL)
	{
		account_run(&run);
		return true;
	}
	if (!ys_error_is_systemic(error))
	{
		if (count > 1)
			return write_bisecting(batch, first, count / 2, false) &&
				write_bisecting(batch, first + count / 2, count - count / 2, false);
		if (!by_statements)
			return write_bisecting(batch, first, 1, true);
	}
	if (ys_error_is_systemic(error) || culprit->row.gone)
	{
		batch->systemic = error;
		return false;
	}
	/* its version is recorded: a row that it made stale goes */
	if (culprit->origin == NULL)
		ys_batch_quarantine_item(batch, culprit->item, error->message);
	else
		ys_batch_quarantine_event(batch, culprit->origin, error->message);
	culprit->item = NULL;
	culprit->row.gone = true;
	return write_bisecting(batch, first, 1, false);
}

/* Rows that lie, or are to lie, together are written together: neighbours of the primary key's index, and often of the table. */
static int
by_key(const void *a, const void *b)
{
	const YsCandidate *left = *(const YsCandidate *const *) a;
	const YsCandidate *right = *(const YsCandidate *const *) b;
	int			order = memcmp(left->key, right->key, Min(left->key_len, right->key_len));

	return order != 0 ? order : (int) left->key_len - (int) right->key_len;
}

/* What is in quarantine of the keys that were written need not be fetched any more. */
static void
supersede(const YsBatch *batch, bool items)
{
	int			policy_id = batch->follow->row->policy_id;
	YsWritten  *written;
	int			count = 0;

	if (batch->ncandidates == 0 || !ys_quarantine_has_current(policy_id))
		return;
	written = palloc(sizeof(YsWritten) * Max(batch->ncandidates, 1));
	for (int i = 0; i < batch->ncandidates; i++)
	{
		const YsCandidate *candidate = batch->candidates[i];

		if (candidate->written)
			written[count++] = (YsWritten) {candidate->key, candidate->key_len, &candidate->row.new_version};
	}
	ys_quarantine_supersede(policy_id, items, count, written);
	pfree(written);
}

bool
ys_batch_write(YsBatch *batch)
{
	qsort(batch->candidates, batch->ncandidates, sizeof(YsCandidate *), by_key);
	return write_bisecting(batch, 0, batch->ncandidates, false);
}

void
ys_batch_save_quarantine(YsBatch *batch)
{
	int			policy_id = batch->follow->row->policy_id;
	ListCell   *lc;

	supersede(batch, true);
	foreach(lc, batch->quarantined)
	{
		if (batch->retry != NULL)
			ys_quarantine_keep(policy_id, lfirst(lc));
		else
			batch->counters.quarantined += ys_quarantine_insert(policy_id, lfirst(lc));
	}
	/* of an item whose event can't be used the batch may have a later one; an item's own row is as old as it */
	if (batch->quarantined != NIL)
		supersede(batch, false);
}
