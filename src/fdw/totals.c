/*-------------------------------------------------------------------------
 * totals.c
 *	  What the workers of a parallel plan have counted, for EXPLAIN ANALYZE.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "storage/spin.h"

#include "fdw/totals.h"

typedef struct SharedTotals
{
	slock_t		lock;
	YsCounted	counted;
} SharedTotals;

dsm_handle
ys_totals_create(YsTotals *totals, bool wanted)
{
	SharedTotals *shared;

	/* a node that is run again adds to what it has */
	if (wanted && totals->segment == NULL)
	{
		totals->segment = dsm_create(sizeof(SharedTotals), DSM_CREATE_NULL_IF_MAXSEGMENTS);
		if (totals->segment != NULL)
		{
			shared = dsm_segment_address(totals->segment);
			memset(shared, 0, sizeof(SharedTotals));
			SpinLockInit(&shared->lock);
		}
	}
	return totals->segment != NULL ? dsm_segment_handle(totals->segment) : DSM_HANDLE_INVALID;
}

void
ys_totals_attach(YsTotals *totals, dsm_handle handle)
{
	if (handle != DSM_HANDLE_INVALID)
		totals->segment = dsm_attach(handle);
	totals->adds = totals->segment != NULL;
}

static void
add(YsCounted *sum, const YsCounted *more)
{
	sum->fetch.requests += more->fetch.requests;
	sum->fetch.pages += more->fetch.pages;
	sum->fetch.items += more->fetch.items;
	sum->fetch.retries += more->fetch.retries;
	sum->fetch.throttles += more->fetch.throttles;
	sum->fetch.units += more->fetch.units;
	sum->window.rows += more->window.rows;
	sum->window.keys += more->window.keys;
	sum->window.answered += more->window.answered;
	sum->window.missed += more->window.missed;
	/* each process has a window of its own */
	sum->window.peak_rows = Max(sum->window.peak_rows, more->window.peak_rows);
	sum->mismatches += more->mismatches;
}

void
ys_totals_end(YsTotals *totals, const YsCounted *mine)
{
	if (totals->segment == NULL)
		return;
	if (totals->adds)
	{
		SharedTotals *shared = dsm_segment_address(totals->segment);

		SpinLockAcquire(&shared->lock);
		add(&shared->counted, mine);
		SpinLockRelease(&shared->lock);
	}
	dsm_detach(totals->segment);
	totals->segment = NULL;
}

void
ys_totals_add_workers(const YsTotals *totals, YsCounted *mine)
{
	SharedTotals *shared;
	YsCounted	theirs;

	if (totals->segment == NULL || totals->adds)
		return;
	shared = dsm_segment_address(totals->segment);
	SpinLockAcquire(&shared->lock);
	theirs = shared->counted;
	SpinLockRelease(&shared->lock);
	add(mine, &theirs);
}
