/*-------------------------------------------------------------------------
 * lease.h
 *	  Which stream worker may commit, checked in the commit's transaction.
 *
 * A worker that was paused, or cut off from the rest, does not know that its
 * partitions are another's by now.  So each batch's transaction looks whether the
 * epoch is still the worker's own, and nobody can take it until that has ended.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_LEASE_H
#define YS_CATALOG_LEASE_H

typedef struct YsLease
{
	Oid			stream;
	Oid			source;			/* where the store's own stream is followed, not a stream */
	Oid			owner;
	int			worker;			/* from 0 */
	int			workers;		/* among which the topic's partitions are split */
	int64		epoch;			/* 0: none was taken */
} YsLease;

/*
 * Take the lease for a worker's share of the partitions; whoever had it, or any under another
 * split, may not commit any more once this transaction has.  Waits for those that are committing.
 */
extern void ys_lease_take(YsLease *lease);

/* Is it still ours?  If so, until the transaction ends. */
extern bool ys_lease_hold(const YsLease *lease);

/* Lock out all commits of the stream's workers until the transaction ends; and then end their leases. */
extern void ys_lease_lock_all(const YsLease *lease);
extern void ys_lease_end_all(const YsLease *lease);

/* There will be no such worker for now. */
extern void ys_lease_drop(const YsLease *lease);

/* Does a partition belong to the lease's worker? */
#define ys_lease_covers(lease, partition) ((partition) % (lease)->workers == (lease)->worker)

#endif							/* YS_CATALOG_LEASE_H */
