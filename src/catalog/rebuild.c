/*-------------------------------------------------------------------------
 * rebuild.c
 *	  The catalog of rebuilds: policies that stand for the rows of another.
 *
 * The swap.  Once the rebuild is LIVE and no partition of the stream has been applied less far to
 * it than to its policy, its rows and locator are what the policy's would be at its positions:
 * so rows, locator, positions and epoch change places in one transaction, with nobody writing to
 * either.  Readers see nothing older than before, and events from those positions on meet the
 * versions they were made for.  Workers that know the policy by its old epoch find that out when they lock it.
 *
 * Lock order: the policy's index table, the rebuild's, the lease, the policy, the rebuild, the job.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/quality.h"
#include "catalog/rebuild.h"
#include "catalog/spi.h"
#include "catalog/waiters.h"

/* Run a statement about a policy and its rebuild; how many rows does it concern? */
static uint64
execute(const char *sql, int expected, int policy_id, int rebuild_id)
{
	ys_spi_execute(sql, expected, 2, (Oid[]) {INT4OID, INT4OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int32GetDatum(rebuild_id)}, NULL);
	return SPI_processed;
}

/* ---- beginning ---- */

static void
check_phase(const YsPolicyRow *row, YsPhase phase)
{
	if (ys_policy_find_rebuild(row->policy_id) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("index policy \"%s\" is being rebuilt already", row->name),
				 errdetail("Items that were read before this call would not be read again."),
				 errhint("Wait for the job, or stop it: yottastore.jobs has its id.")));
	if (phase != YS_PHASE_LIVE && phase != YS_PHASE_PAUSED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index policy \"%s\" is %s", row->name, ys_phase_name(phase)),
				 errdetail("A rebuild keeps the rows of an index that is complete until there are new ones."),
				 errhint(phase == YS_PHASE_INCOMPLETE ? "Call yottastore.index_resync_start." :
						 "Wait until it is LIVE.")));
}

static int64
queue_job(int policy_id)
{
	YsSpiScope	scope;
	int64		job_id;
	bool		isnull;

	ys_spi_begin(&scope);
	ys_spi_execute("INSERT INTO yottastore_internal.job (policy_id, kind) VALUES ($1, 'rebuild') "
				   "RETURNING job_id", SPI_OK_INSERT_RETURNING, 1, (Oid[]) {INT4OID},
				   (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	job_id = DatumGetInt64(ys_spi_value(0, 1, &isnull));
	ys_spi_end(&scope);
	ys_job_forget_old(policy_id);
	return job_id;
}

int64
ys_rebuild_begin(const YsPolicyRow *row, const YsSource *source, YsIndexTable *table)
{
	YsPolicyRow rebuild = *row;
	YsPolicyLocked locked;

	LockRelationOid(row->index_table, AccessShareLock);
	if (!ys_policy_lock_epoch(row->policy_id, row->epoch, true, &locked))
		return 0;
	check_phase(row, locked.phase);
	ys_rebuild_check_table(table, row->name);
	rebuild.index_table = ys_rebuild_create_table(row);
	rebuild.rebuilds = row->policy_id;
	rebuild.epoch = row->epoch + 1;
	rebuild.phase = locked.phase == YS_PHASE_PAUSED ? YS_PHASE_PAUSED : YS_PHASE_STARTING;
	rebuild.policy_id = ys_policy_insert(&rebuild);
	ys_quality_declare(rebuild.policy_id, table->policy);
	ys_locator_create(rebuild.policy_id, rebuild.index_table, source);
	return queue_job(row->policy_id);
}

/* ---- giving up ---- */

bool
ys_rebuild_cancel(int policy_id, YsJobState state, const char *reason)
{
	YsPolicyRow *rebuild = ys_policy_find_rebuild(policy_id);
	YsSpiScope	scope;

	/* the table first; whoever had it locked may have ended the rebuild */
	if (rebuild != NULL)
	{
		LockRelationOid(rebuild->index_table, AccessExclusiveLock);
		rebuild = ys_policy_find_rebuild(policy_id);
	}
	if (rebuild == NULL)
		return false;
	ys_policy_delete(rebuild->policy_id);
	if (OidIsValid(get_rel_namespace(rebuild->index_table)))
		ys_rebuild_drop_table(rebuild->index_table);
	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.job SET state = $2, reason = $3, "
				   "started_at = COALESCE(started_at, clock_timestamp()), finished_at = clock_timestamp() "
				   "WHERE policy_id = $1 AND kind = 'rebuild' AND state IN ('QUEUED', 'RUNNING')",
				   SPI_OK_UPDATE, 3, (Oid[]) {INT4OID, TEXTOID, TEXTOID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id), CStringGetTextDatum(ys_job_state_name(state)),
					   CStringGetTextDatum(reason)
				   }, NULL);
	ys_spi_end(&scope);
	return true;
}

void
ys_rebuild_cancel_lost(const YsPolicyStream *stream)
{
	YsSpiScope	scope;
	Oid			types[] = {OIDOID, OIDOID, OIDOID};
	Datum		values[] = {
		ObjectIdGetDatum(stream->stream), ObjectIdGetDatum(stream->source), ObjectIdGetDatum(stream->owner)
	};
	List	   *policies = NIL;
	ListCell   *lc;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT rebuilds FROM yottastore_internal.policy "
				   "WHERE " YS_POLICY_OF_STREAM " AND rebuilds IS NOT NULL AND phase = 'INCOMPLETE'",
				   SPI_OK_SELECT, 3, types, values, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		bool		isnull;

		policies = lappend_int(policies, DatumGetInt32(ys_spi_value(i, 1, &isnull)));
		MemoryContextSwitchTo(old);
	}

	/* whose table was dropped */
	ys_spi_execute("UPDATE yottastore_internal.job j SET state = 'FAILED', "
				   "reason = 'the table that was being filled is gone', finished_at = clock_timestamp() "
				   "WHERE j.kind = 'rebuild' AND j.state IN ('QUEUED', 'RUNNING') "
				   "AND j.policy_id IN (SELECT policy_id FROM yottastore_internal.policy "
				   "WHERE " YS_POLICY_OF_STREAM ") "
				   "AND NOT EXISTS (SELECT FROM yottastore_internal.policy r WHERE r.rebuilds = j.policy_id)",
				   SPI_OK_UPDATE, 3, types, values, NULL);
	ys_spi_end(&scope);
	foreach(lc, policies)
		(void) ys_rebuild_cancel(lfirst_int(lc), YS_JOB_FAILED, "changes were lost meanwhile: start it anew");
}

/* ---- ready? ---- */

static const char *const unready_reasons[] = {
	"",
	"its policy is not LIVE",
	"rows are yet to be moved to the areas there are now",
	"events are yet to be applied"
};

const char *
ys_rebuild_unready(const YsPolicyRow *rebuild)
{
	YsSpiScope	scope;
	int			why = 1;
	bool		isnull;

	ys_spi_begin(&scope);
	if (execute("SELECT CASE WHEN p.phase <> 'LIVE' OR r.phase <> 'LIVE' THEN 1 "
				"WHEN p.areas_fingerprint IS DISTINCT FROM r.areas_fingerprint "
				"OR EXISTS (SELECT FROM yottastore_internal.job j WHERE j.policy_id = r.policy_id "
				"AND j.state IN ('QUEUED', 'RUNNING')) THEN 2 "
				"WHEN EXISTS (SELECT FROM yottastore_internal.position o "
				"LEFT JOIN yottastore_internal.position n ON n.policy_id = r.policy_id AND n.partition = o.partition "
				"WHERE o.policy_id = p.policy_id AND (n.next_offset IS NULL OR n.next_offset < o.next_offset "
				"OR o.partition < 0 AND o.watermark > COALESCE(n.watermark, '-infinity'))) "
				"THEN 3 ELSE 0 END "
				"FROM yottastore_internal.policy p JOIN yottastore_internal.policy r ON r.rebuilds = p.policy_id "
				"WHERE p.policy_id = $1 AND r.policy_id = $2",
				SPI_OK_SELECT, rebuild->rebuilds, rebuild->policy_id) > 0)
		why = DatumGetInt32(ys_spi_value(0, 1, &isnull));
	ys_spi_end(&scope);
	return why == 0 ? NULL : unready_reasons[why];
}

void
ys_rebuild_set_reason(const YsPolicyRow *rebuild, const char *reason)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.job SET reason = $2 WHERE policy_id = $1 AND kind = 'rebuild' "
				   "AND state IN ('QUEUED', 'RUNNING') AND reason IS DISTINCT FROM $2",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[])
				   {
					   Int32GetDatum(rebuild->rebuilds),
					   reason != NULL ? CStringGetTextDatum(reason) : (Datum) 0
				   }, reason != NULL ? NULL : " n");
	ys_spi_end(&scope);
}

/* ---- swapping ---- */

/*
 * Lock all that changes.  Only the index table is waited for, as long as lock_timeout lets us, since
 * whoever wants to read it waits behind us.
 */
static void
lock_tables(const YsPolicyRow *rebuild)
{
	ListCell   *lc;

	LockRelationOid(rebuild->model, AccessExclusiveLock);
	foreach(lc, find_inheritance_children(rebuild->model, NoLock))
	{
		if (!ConditionalLockRelationOid(lfirst_oid(lc), AccessExclusiveLock))
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("could not obtain lock on relation \"%s\"", get_rel_name(lfirst_oid(lc)))));
	}
	LockRelationOid(rebuild->index_table, AccessExclusiveLock);
}

/* The policy gets the rebuild's locator, of the name that it goes by. */
static void
swap_locators(const YsPolicyRow *rebuild)
{
	Oid			schema = get_namespace_oid("yottastore_internal", false);
	Oid			old = get_relname_relid(psprintf("locator_%d", rebuild->rebuilds), schema);
	Oid			new = get_relname_relid(psprintf("locator_%d", rebuild->policy_id), schema);
	YsSpiScope	scope;

	(void) deleteDependencyRecordsForSpecific(RelationRelationId, old, DEPENDENCY_INTERNAL,
											  RelationRelationId, rebuild->model);
	(void) changeDependencyFor(RelationRelationId, new, RelationRelationId, rebuild->index_table,
							   rebuild->model);
	CommandCounterIncrement();
	ys_spi_begin(&scope);
	ys_spi_utility(psprintf("DROP TABLE yottastore_internal.locator_%d", rebuild->rebuilds));
	ys_spi_utility(psprintf("ALTER TABLE yottastore_internal.locator_%d RENAME TO locator_%d",
							rebuild->policy_id, rebuild->rebuilds));
	ys_spi_end(&scope);
}

/*
 * The policy gets the rebuild's state.  Of its own stay counters, and in quarantine the events that the
 * rebuild has not met; items that were kept there have been read again.
 */
static const char *const updates[] = {
	/* what a watermark says of the events before a position stays true at a later one */
	"UPDATE yottastore_internal.position n SET watermark = GREATEST(n.watermark, o.watermark) "
	"FROM yottastore_internal.position o "
	"WHERE o.policy_id = $1 AND n.policy_id = $2 AND n.partition = o.partition",
	"UPDATE yottastore_internal.policy p SET epoch = r.epoch, layout = r.layout, topic = r.topic, store_table = r.store_table, "
	"backfill_started_at = r.backfill_started_at, backfill_finished_at = r.backfill_finished_at, "
	"backfill_estimate = r.backfill_estimate, areas_reached = r.areas_reached, "
	"synonyms_fingerprint = r.synonyms_fingerprint, synonyms_mixed = r.synonyms_mixed, "
	"functions_fingerprint = r.functions_fingerprint, functions_mixed = r.functions_mixed "
	"FROM yottastore_internal.policy r WHERE p.policy_id = $1 AND r.policy_id = $2",
	"UPDATE yottastore_internal.stats o SET items_backfilled = o.items_backfilled + "
	"(SELECT COALESCE(sum(n.items_backfilled), 0) FROM yottastore_internal.stats n WHERE n.policy_id = $2) "
	"WHERE o.policy_id = $1 AND o.slot = 0",
	"UPDATE yottastore_internal.job SET state = 'DONE', reason = NULL, "
	"started_at = COALESCE(started_at, clock_timestamp()), finished_at = clock_timestamp(), "
	"rows_seen = (SELECT COALESCE(sum(b.items_read), 0) FROM yottastore_internal.backfill b "
	"WHERE b.policy_id = $2), "
	"rows_moved = (SELECT COALESCE(sum(n.rows_inserted - n.rows_deleted), 0) "
	"FROM yottastore_internal.stats n WHERE n.policy_id = $2) "
	"WHERE policy_id = $1 AND kind = 'rebuild' AND state IN ('QUEUED', 'RUNNING')",
	"UPDATE yottastore_internal.position SET policy_id = $1 WHERE policy_id = $2",
	"UPDATE yottastore_internal.shard_position SET policy_id = $1 WHERE policy_id = $2",
	"UPDATE yottastore_internal.backfill SET policy_id = $1 WHERE policy_id = $2",
	"UPDATE yottastore_internal.quarantine SET policy_id = $1 WHERE policy_id = $2"
};

static const char *const deletions[] = {
	"DELETE FROM yottastore_internal.position WHERE policy_id = $1 AND $2 > 0",
	"DELETE FROM yottastore_internal.shard_position WHERE policy_id = $1 AND $2 > 0",
	"DELETE FROM yottastore_internal.backfill WHERE policy_id = $1 AND $2 > 0",
	"DELETE FROM yottastore_internal.quarantine o WHERE o.policy_id = $1 AND "
	"(o.partition IS NULL AND o.shard_position IS NULL "
	"OR EXISTS (SELECT FROM yottastore_internal.quarantine n WHERE n.policy_id = $2 "
	"AND (n.partition = o.partition AND n.\"offset\" = o.\"offset\" OR n.shard_position = o.shard_position)))"
};

#define UPDATES_BEFORE	4		/* the deletions */

static void
swap_state(int policy_id, int rebuild_id)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	for (int i = 0; i < UPDATES_BEFORE; i++)
		(void) execute(updates[i], SPI_OK_UPDATE, policy_id, rebuild_id);
	for (int i = 0; i < lengthof(deletions); i++)
		(void) execute(deletions[i], SPI_OK_DELETE, policy_id, rebuild_id);
	for (int i = UPDATES_BEFORE; i < lengthof(updates); i++)
		(void) execute(updates[i], SPI_OK_UPDATE, policy_id, rebuild_id);
	ys_spi_end(&scope);
	ys_policy_delete(rebuild_id);
	ys_waiters_wake_at_commit(policy_id);
}

bool
ys_rebuild_swap(const YsPolicyRow *rebuild, const YsLease *lease)
{
	YsPhase		phase;

	lock_tables(rebuild);
	if (!ys_lease_hold(lease) || !ys_policy_lock(rebuild->rebuilds, &phase) ||
		!ys_policy_lock(rebuild->policy_id, &phase) || ys_rebuild_unready(rebuild) != NULL)
		return false;
	ys_rebuild_check_alike(rebuild);
	ys_rebuild_swap_partitions(rebuild);
	swap_locators(rebuild);
	swap_state(rebuild->rebuilds, rebuild->policy_id);
	ys_rebuild_drop_table(rebuild->index_table);
	return true;
}
