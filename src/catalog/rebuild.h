/*-------------------------------------------------------------------------
 * rebuild.h
 *	  Making an index table anew beside the one there is, and taking the new
 *	  rows in place of the old ones.
 *
 * A rebuild is a policy of its own, hidden behind the one whose rows it makes anew: of the same
 * declaration, in the epoch after it, with positions, locator, quarantine and backfill of its own, and with
 * a table like the other's.  So everything that keeps an index exact keeps the new rows exact, too.
 * In the end the table that everything refers to gets the new one's partitions, and the policy
 * the new one's state.
 *
 * Everything here runs SQL in the caller's transaction and throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_REBUILD_H
#define YS_CATALOG_REBUILD_H

#include "catalog/index_table.h"
#include "catalog/job.h"
#include "catalog/lease.h"

/*
 * Begin a rebuild.  Returns its job's id; 0: the policy is gone.  Throws
 * ERRCODE_OBJECT_IN_USE when one is under way, ERRCODE_FEATURE_NOT_SUPPORTED when the table has what
 * new partitions could not have.
 */
extern int64 ys_rebuild_begin(const YsPolicyRow *row, const YsSource *source, YsIndexTable *table);

/*
 * Give up the rebuild of a policy, its table included, and end its job in that state.  False
 * where none is under way.  Waits for a worker's batch.
 */
extern bool ys_rebuild_cancel(int policy_id, YsJobState state, const char *reason);

/* ---- for the worker ---- */

/* Cancel rebuilds that can't become complete any more. */
extern void ys_rebuild_cancel_lost(const YsPolicyStream *stream);

/* Why a rebuild can't take its policy's place yet; NULL: it can, as far as can be seen without locks. */
extern const char *ys_rebuild_unready(const YsPolicyRow *rebuild);

/* Say on the job why it does not end; NULL: nothing keeps it from that. */
extern void ys_rebuild_set_reason(const YsPolicyRow *rebuild, const char *reason);

/*
 * Put a rebuild's rows and state in the place of its policy's, and end its job.  False when it isn't
 * ready yet, now that all is locked.  Throws ERRCODE_LOCK_NOT_AVAILABLE when a lock can't be had in time.
 */
extern bool ys_rebuild_swap(const YsPolicyRow *rebuild, const YsLease *lease);

/* ---- tables: rebuild_table.c ---- */

/* Throws what keeps the rows of a policy's index table from being made anew. */
extern void ys_rebuild_check_table(const YsIndexTable *table, const char *policy);

/* Throws when the rebuild's table is not like its policy's any more. */
extern void ys_rebuild_check_alike(const YsPolicyRow *rebuild);

/* Create an empty table like the policy's index table, its owner's, that goes with it. */
extern Oid	ys_rebuild_create_table(const YsPolicyRow *row);

/* The statement that creates a table like the partition that model has for an area; NULL: it has none. */
extern char *ys_rebuild_partition_like(Oid model, const char *area, const char *name);

/* Let a new partition of a rebuild, not attached yet, be known to hold rows of one area alone. */
extern void ys_rebuild_constrain(const char *name, const char *area);

/* A partition of a rebuild of which there are no statistics, InvalidOid: there are of all. */
extern Oid	ys_rebuild_next_unanalyzed(Oid relid);
extern void ys_rebuild_analyze(Oid relid, Oid owner);

/*
 * Drop the partitions of the index table and attach those of the rebuild's in their place, with their
 * names, privileges and comments.  Both are locked.
 */
extern void ys_rebuild_swap_partitions(const YsPolicyRow *rebuild);

/* Drop an empty table that is nobody's any more. */
extern void ys_rebuild_drop_table(Oid relid);

#endif							/* YS_CATALOG_REBUILD_H */
