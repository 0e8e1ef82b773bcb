/*-------------------------------------------------------------------------
 * policy.c
 *	  The catalog of index policies: rows of yottastore_internal.policy and
 *	  what hangs on them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/lock_class.h"
#include "catalog/policy.h"
#include "catalog/source.h"
#include "catalog/spi.h"
#include "catalog/waiters.h"

static const char *const phase_names[] = {
	[YS_PHASE_STARTING] = "STARTING",
	[YS_PHASE_BACKFILL] = "BACKFILL",
	[YS_PHASE_LIVE] = "LIVE",
	[YS_PHASE_PAUSED] = "PAUSED",
	[YS_PHASE_INCOMPLETE] = "INCOMPLETE",
};

#define POLICY_COLUMNS \
	"policy_id, name, " YS_POLICY_OWNER ", source, stream, index_table, topic, declaration, phase, epoch, "\
	"max_areas, layout, rebuilds, (SELECT o.index_table FROM yottastore_internal.policy o "\
	"WHERE o.policy_id = policy.rebuilds), store_table"

const char *
ys_phase_name(YsPhase phase)
{
	return phase_names[phase];
}

const char *
ys_phase_hint(YsPhase phase)
{
	switch (phase)
	{
		case YS_PHASE_PAUSED:
			return "Call yottastore.resume_index_policy when what the column reason of yottastore.index_policies says is over.";
		case YS_PHASE_INCOMPLETE:
			return "Call yottastore.index_resync_start; the column reason of yottastore.index_policies says why.";
		default:
			return NULL;
	}
}

YsPhase
ys_phase_by_name(const char *name)
{
	for (int i = 0; i < lengthof(phase_names); i++)
	{
		if (strcmp(phase_names[i], name) == 0)
			return (YsPhase) i;
	}
	elog(ERROR, "unknown policy phase \"%s\"", name);
}

static Oid
result_oid(uint64 row, int column)
{
	bool		isnull;

	return DatumGetObjectId(ys_spi_value(row, column, &isnull));
}

static int32
result_int(uint64 row, int column)
{
	bool		isnull;

	return DatumGetInt32(ys_spi_value(row, column, &isnull));
}

/* The policy in one row of a SELECT of POLICY_COLUMNS. */
static YsPolicyRow *
read_row(uint64 row, MemoryContext context)
{
	YsPolicyRow *policy = MemoryContextAllocZero(context, sizeof(YsPolicyRow));

	policy->policy_id = result_int(row, 1);
	policy->name = ys_spi_text(row, 2, context);
	policy->owner = result_oid(row, 3);
	policy->source = result_oid(row, 4);
	policy->stream = result_oid(row, 5);
	policy->index_table = result_oid(row, 6);
	policy->topic = ys_spi_text(row, 7, context);
	policy->declaration = ys_spi_text(row, 8, context);
	policy->phase = ys_phase_by_name(ys_spi_text(row, 9, CurrentMemoryContext));
	policy->epoch = result_int(row, 10);
	policy->max_areas = result_int(row, 11);
	policy->layout = result_int(row, 12);
	policy->rebuilds = result_int(row, 13);
	policy->model = result_oid(row, 14);
	policy->store_table = ys_spi_text(row, 15, context);
	return policy;
}

Oid
ys_policies_relid(void)
{
	Oid			schema = get_namespace_oid("yottastore_internal", true);

	return OidIsValid(schema) ? get_relname_relid("policy", schema) : InvalidOid;
}

List *
ys_policy_streams(void)
{
	YsSpiScope	scope;
	List	   *streams = NIL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT DISTINCT stream, CASE WHEN stream IS NULL THEN source END, "
				   YS_POLICY_OWNER " FROM yottastore_internal.policy",
				   SPI_OK_SELECT, 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		YsPolicyStream *stream = palloc(sizeof(YsPolicyStream));

		stream->stream = result_oid(i, 1);
		stream->source = result_oid(i, 2);
		stream->owner = result_oid(i, 3);
		streams = lappend(streams, stream);
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return streams;
}

List *
ys_policy_list(const YsPolicyStream *stream)
{
	YsSpiScope	scope;
	List	   *policies = NIL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT " POLICY_COLUMNS " FROM yottastore_internal.policy "
				   "WHERE " YS_POLICY_OF_STREAM " ORDER BY policy_id",
				   SPI_OK_SELECT, 3, (Oid[]) {OIDOID, OIDOID, OIDOID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(stream->stream), ObjectIdGetDatum(stream->source),
					   ObjectIdGetDatum(stream->owner)
				   }, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		YsPolicyRow *row = read_row(i, scope.caller);
		MemoryContext old = MemoryContextSwitchTo(scope.caller);

		policies = lappend(policies, row);
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return policies;
}

/* The one policy that a condition on one value leads to, or NULL. */
static YsPolicyRow *
find_policy(const char *sql, Oid type, Datum value)
{
	YsSpiScope	scope;
	YsPolicyRow *row;

	ys_spi_begin(&scope);
	ys_spi_execute(sql, SPI_OK_SELECT, 1, (Oid[]) {type}, (Datum[]) {value}, NULL);
	row = SPI_processed > 0 ? read_row(0, scope.caller) : NULL;
	ys_spi_end(&scope);
	return row;
}

YsPolicyRow *
ys_policy_find(const char *name)
{
	return find_policy("SELECT " POLICY_COLUMNS " FROM yottastore_internal.policy "
					   "WHERE name = $1 AND rebuilds IS NULL",
					   NAMEOID, DirectFunctionCall1(namein, CStringGetDatum(name)));
}

YsPolicyRow *
ys_policy_find_rebuild(int policy_id)
{
	return find_policy("SELECT " POLICY_COLUMNS " FROM yottastore_internal.policy WHERE rebuilds = $1",
					   INT4OID, Int32GetDatum(policy_id));
}

/*
 * A lock beside the row's: workers share it while they write rows, and still count in the row.
 */
static void
lock_beside(int policy_id, LOCKMODE mode)
{
	ys_lock_until_end((uint32) policy_id, 0, YS_LOCK_CLASS_POLICY, mode);
}

static bool
lock_policy(int policy_id, bool alone, YsPolicyLocked *locked)
{
	YsSpiScope	scope;
	bool		found;

	ys_spi_begin(&scope);
	lock_beside(policy_id, alone ? ExclusiveLock : ShareLock);
	ys_spi_execute(alone ? "SELECT phase, epoch, areas_fingerprint FROM yottastore_internal.policy "
				   "WHERE policy_id = $1 FOR NO KEY UPDATE" :
				   "SELECT phase, epoch, areas_fingerprint FROM yottastore_internal.policy "
				   "WHERE policy_id = $1",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	found = SPI_processed > 0;
	if (found)
	{
		bool		isnull;

		locked->phase = ys_phase_by_name(ys_spi_text(0, 1, CurrentMemoryContext));
		locked->epoch = result_int(0, 2);
		locked->areas = (uint64) DatumGetInt64(ys_spi_value(0, 3, &isnull));
		locked->areas_noted = !isnull;
	}
	ys_spi_end(&scope);
	return found;
}

bool
ys_policy_lock(int policy_id, YsPhase *phase)
{
	YsPolicyLocked locked = {0};
	bool		found = lock_policy(policy_id, true, &locked);

	*phase = locked.phase;
	return found;
}

bool
ys_policy_lock_epoch(int policy_id, int epoch, bool alone, YsPolicyLocked *locked)
{
	return lock_policy(policy_id, alone, locked) && locked->epoch == epoch;
}

void
ys_policy_follow_owners(void)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT FROM yottastore_internal.policy WHERE owner <> " YS_POLICY_OWNER
				   " UNION ALL SELECT FROM yottastore_internal.relay r "
				   "JOIN pg_class c ON c.oid = r.source WHERE c.relowner <> r.owner",
				   SPI_OK_SELECT, 0, NULL, NULL, NULL);
	if (SPI_processed > 0)
	{
		ys_spi_execute("UPDATE yottastore_internal.policy SET owner = " YS_POLICY_OWNER " WHERE owner <> " YS_POLICY_OWNER,
					   SPI_OK_UPDATE, 0, NULL, NULL, NULL);
		ys_spi_execute("UPDATE yottastore_internal.relay r SET owner = c.relowner FROM pg_class c "
					   "WHERE c.oid = r.source AND c.relowner <> r.owner",
					   SPI_OK_UPDATE, 0, NULL, NULL, NULL);
	}
	ys_spi_end(&scope);
}

void
ys_policy_note_store_table(int policy_id, const char *store_table)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET store_table = $2 WHERE policy_id = $1", SPI_OK_UPDATE, 2,
				   (Oid[]) {INT4OID, TEXTOID}, (Datum[]) {Int32GetDatum(policy_id), CStringGetTextDatum(store_table)}, NULL);
	ys_spi_end(&scope);
}

int
ys_policy_insert(const YsPolicyRow *row)
{
	YsSpiScope	scope;
	int			policy_id;

	ys_spi_begin(&scope);
	ys_spi_execute("INSERT INTO yottastore_internal.policy "
				   "(name, owner, source, stream, index_table, declaration, max_areas, phase, epoch, rebuilds, store_table) "
				   "VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, NULLIF($10, 0), $11) RETURNING policy_id",
				   SPI_OK_INSERT_RETURNING, 11,
				   (Oid[]) {NAMEOID, OIDOID, OIDOID, OIDOID, OIDOID, TEXTOID, INT4OID, TEXTOID, INT4OID, INT4OID, TEXTOID},
				   (Datum[])
				   {
					   DirectFunctionCall1(namein, CStringGetDatum(row->name)),
					   ObjectIdGetDatum(row->owner), ObjectIdGetDatum(row->source),
					   ObjectIdGetDatum(row->stream), ObjectIdGetDatum(row->index_table),
					   CStringGetTextDatum(row->declaration), Int32GetDatum(row->max_areas),
					   CStringGetTextDatum(phase_names[row->phase]), Int32GetDatum(row->epoch),
					   Int32GetDatum(row->rebuilds), CStringGetTextDatum(ys_source_load(row->source)->table)
				   }, OidIsValid(row->stream) ? NULL : "   n       ");
	policy_id = result_int(0, 1);
	ys_spi_end(&scope);
	return policy_id;
}

void
ys_policy_delete(int policy_id)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.policy WHERE policy_id = $1",
				   SPI_OK_DELETE, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	ys_spi_end(&scope);
	ys_waiters_wake_at_commit(policy_id);
}

void
ys_policy_set_phase(int policy_id, YsPhase phase, const char *reason)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET phase = $2, reason = $3 "
				   "WHERE policy_id = $1",
				   SPI_OK_UPDATE, 3, (Oid[]) {INT4OID, TEXTOID, TEXTOID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id), CStringGetTextDatum(phase_names[phase]),
					   reason != NULL ? CStringGetTextDatum(reason) : (Datum) 0
				   }, reason != NULL ? NULL : "  n");
	ys_spi_end(&scope);
	ys_waiters_wake_at_commit(policy_id);
}

bool
ys_policy_pause_for(int policy_id, int epoch, const char *reason)
{
	YsSpiScope	scope;
	bool		paused;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET phase = 'PAUSED', reason = $3 "
				   "WHERE policy_id = $1 AND epoch = $2 AND phase <> 'INCOMPLETE'",
				   SPI_OK_UPDATE, 3, (Oid[]) {INT4OID, INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(policy_id), Int32GetDatum(epoch), CStringGetTextDatum(reason)}, NULL);
	paused = SPI_processed > 0;
	ys_spi_end(&scope);
	if (paused)
		ys_waiters_wake_at_commit(policy_id);
	return paused;
}

/* Run an UPDATE of one policy's phase; did it change anything? */
static bool
change_phase(int policy_id, const char *sql)
{
	YsSpiScope	scope;
	bool		changed;

	/* after those who are committing rows */
	lock_beside(policy_id, ExclusiveLock);
	ys_spi_begin(&scope);
	ys_spi_execute(sql, SPI_OK_UPDATE, 1, (Oid[]) {INT4OID},
				   (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	changed = SPI_processed > 0;
	ys_spi_end(&scope);
	ys_waiters_wake_at_commit(policy_id);
	return changed;
}

bool
ys_policy_pause(int policy_id)
{
	return change_phase(policy_id,
						"UPDATE yottastore_internal.policy "
						"SET phase = 'PAUSED', reason = 'paused by request' "
						"WHERE (policy_id = $1 OR rebuilds = $1) AND phase NOT IN ('PAUSED', 'INCOMPLETE')");
}

bool
ys_policy_resume(int policy_id)
{
	return change_phase(policy_id,
						"UPDATE yottastore_internal.policy p SET reason = NULL, phase = CASE "
						"WHEN NOT EXISTS (SELECT FROM yottastore_internal.backfill b "
						"WHERE b.policy_id = p.policy_id) THEN 'STARTING' "
						"WHEN EXISTS (SELECT FROM yottastore_internal.backfill b "
						"WHERE b.policy_id = p.policy_id AND NOT b.done) "
						"OR EXISTS (SELECT FROM yottastore_internal.resync r "
						"WHERE r.policy_id = p.policy_id) THEN 'BACKFILL' "
						"ELSE 'LIVE' END "
						"WHERE (p.policy_id = $1 OR p.rebuilds = $1) AND p.phase = 'PAUSED'");
}

void
ys_policy_set_reason(int policy_id, const char *reason)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET reason = $2 "
				   "WHERE policy_id = $1 AND reason IS DISTINCT FROM $2 "
				   "AND phase NOT IN ('PAUSED', 'INCOMPLETE')",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id),
					   reason != NULL ? CStringGetTextDatum(reason) : (Datum) 0
				   }, reason != NULL ? NULL : " n");
	ys_spi_end(&scope);
}

bool
ys_policy_note_areas(int policy_id, uint64 fingerprint)
{
	YsSpiScope	scope;
	bool		found;
	bool		unknown = false;
	int64		noted = 0;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT areas_fingerprint FROM yottastore_internal.policy "
				   "WHERE policy_id = $1 FOR NO KEY UPDATE",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	found = SPI_processed > 0;
	if (found)
		noted = DatumGetInt64(ys_spi_value(0, 1, &unknown));
	found = found && (unknown || noted != (int64) fingerprint);
	if (found)
		ys_spi_execute("UPDATE yottastore_internal.policy SET areas_fingerprint = $2, "
					   "areas_reached = areas_fingerprint IS NULL OR backfill_started_at IS NULL "
					   "WHERE policy_id = $1",
					   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, INT8OID},
					   (Datum[]) {Int32GetDatum(policy_id), Int64GetDatum((int64) fingerprint)}, NULL);
	ys_spi_end(&scope);
	return found && !unknown;
}

/* Are there rows that were written by others?  Not before the backfill. */
#define CHANGED(noted, now) \
	"(backfill_started_at IS NOT NULL AND COALESCE(" noted " <> " now ", false))"

void
ys_policy_note_rules(int policy_id, uint64 synonyms, uint64 functions)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET synonyms_fingerprint = $2, functions_fingerprint = $3, "
				   "synonyms_mixed = synonyms_mixed OR " CHANGED("synonyms_fingerprint", "$2") ", "
				   "functions_mixed = functions_mixed OR " CHANGED("functions_fingerprint", "$3") " "
				   "WHERE policy_id = $1 AND (synonyms_fingerprint, functions_fingerprint) IS DISTINCT FROM ($2, $3)",
				   SPI_OK_UPDATE, 3, (Oid[]) {INT4OID, INT8OID, INT8OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int64GetDatum((int64) synonyms), Int64GetDatum((int64) functions)},
				   NULL);
	ys_spi_end(&scope);
}

void
ys_policy_begin_backfill(int policy_id, const char *topic)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET phase = 'BACKFILL', reason = NULL, "
				   "topic = $2, backfill_started_at = clock_timestamp(), "
				   "backfill_finished_at = NULL, backfill_estimate = NULL WHERE policy_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(policy_id), CStringGetTextDatum(topic)}, NULL);
	ys_spi_execute("UPDATE yottastore_internal.job j SET state = 'RUNNING', started_at = clock_timestamp() "
				   "FROM yottastore_internal.policy p WHERE p.policy_id = $1 AND j.policy_id = p.rebuilds "
				   "AND j.kind = 'rebuild' AND j.state = 'QUEUED'",
				   SPI_OK_UPDATE, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	ys_spi_end(&scope);
}

void
ys_policy_end_backfill(int policy_id)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET phase = 'LIVE', reason = NULL, "
				   "backfill_finished_at = clock_timestamp() WHERE policy_id = $1",
				   SPI_OK_UPDATE, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	ys_spi_end(&scope);
	ys_waiters_wake_at_commit(policy_id);
}

void
ys_policy_estimate_backfill(int policy_id, int64 items)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET backfill_estimate = $2 "
				   "WHERE policy_id = $1 AND backfill_estimate IS NULL",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, INT8OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int64GetDatum(items)}, NULL);
	ys_spi_end(&scope);
}

void
ys_policy_mark_incomplete(Oid source, Oid stream, const char *reason)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET phase = 'INCOMPLETE', reason = $3 "
				   "WHERE source = $1 AND stream = $2 AND topic IS NOT NULL AND phase <> 'INCOMPLETE'",
				   SPI_OK_UPDATE, 3, (Oid[]) {OIDOID, OIDOID, TEXTOID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(source), ObjectIdGetDatum(stream), CStringGetTextDatum(reason)
				   }, NULL);
	ys_spi_end(&scope);
}

/* ---- positions ---- */

int
ys_position_load(int policy_id, YsPolicyPosition **positions)
{
	YsSpiScope	scope;
	int			count;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT partition, next_offset, high_offset, watermark, layout_from "
				   "FROM yottastore_internal.position WHERE policy_id = $1 ORDER BY partition",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	count = (int) SPI_processed;
	*positions = MemoryContextAllocZero(scope.caller, sizeof(YsPolicyPosition) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		YsPolicyPosition *position = &(*positions)[i];
		bool		isnull;

		position->partition = result_int(i, 1);
		position->next_offset = DatumGetInt64(ys_spi_value(i, 2, &isnull));
		position->high_offset = DatumGetInt64(ys_spi_value(i, 3, &isnull));
		position->watermark = DatumGetTimestampTz(ys_spi_value(i, 4, &isnull));
		position->has_watermark = !isnull;
		position->layout_from = DatumGetInt64(ys_spi_value(i, 5, &isnull));
	}
	ys_spi_end(&scope);
	return count;
}

void
ys_position_save(int policy_id, int count, const YsPolicyPosition *positions)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	for (int i = 0; i < count; i++)
	{
		const YsPolicyPosition *position = &positions[i];

		ys_spi_execute("INSERT INTO yottastore_internal.position AS p "
					   "(policy_id, partition, next_offset, high_offset, watermark) "
					   "VALUES ($1, $2, $3, $4, $5) "
					   "ON CONFLICT (policy_id, partition) DO UPDATE SET "
					   "next_offset = EXCLUDED.next_offset, high_offset = EXCLUDED.high_offset, "
					   "watermark = EXCLUDED.watermark, updated_at = clock_timestamp()",
					   SPI_OK_INSERT, 5, (Oid[]) {INT4OID, INT4OID, INT8OID, INT8OID, TIMESTAMPTZOID},
					   (Datum[])
					   {
						   Int32GetDatum(policy_id), Int32GetDatum(position->partition),
						   Int64GetDatum(position->next_offset), Int64GetDatum(position->high_offset),
						   TimestampTzGetDatum(position->watermark)
					   }, position->has_watermark ? NULL : "    n");
	}
	ys_spi_end(&scope);
	ys_waiters_wake_at_commit(policy_id);
}

void
ys_position_raise_high(Oid stream, Oid owner, int32 partition, int64 high)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.position o SET high_offset = $4 "
				   "FROM yottastore_internal.policy p WHERE p.policy_id = o.policy_id "
				   "AND p.stream = $1 AND " YS_POLICY_OWNER " = $2 AND (p.phase = 'PAUSED' OR p.reason IS NOT NULL) "
				   "AND o.partition = $3 AND o.high_offset < $4",
				   SPI_OK_UPDATE, 4, (Oid[]) {OIDOID, OIDOID, INT4OID, INT8OID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(stream), ObjectIdGetDatum(owner), Int32GetDatum(partition),
					   Int64GetDatum(high)
				   }, NULL);
	ys_spi_end(&scope);
}

/* ---- backfill segments ---- */

void
ys_segment_create(int policy_id, int total)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("INSERT INTO yottastore_internal.backfill (policy_id, segment, total_segments) "
				   "SELECT $1, i, $2 FROM generate_series(0, $2 - 1) i",
				   SPI_OK_INSERT, 2, (Oid[]) {INT4OID, INT4OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int32GetDatum(total)}, NULL);
	ys_spi_end(&scope);
}

int
ys_segment_load(int policy_id, YsSegment **segments)
{
	YsSpiScope	scope;
	int			count;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT segment, total_segments, next_key FROM yottastore_internal.backfill "
				   "WHERE policy_id = $1 AND NOT done ORDER BY segment",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	count = (int) SPI_processed;
	*segments = MemoryContextAllocZero(scope.caller, sizeof(YsSegment) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		(*segments)[i].segment = result_int(i, 1);
		(*segments)[i].total = result_int(i, 2);
		(*segments)[i].next_key = ys_spi_text(i, 3, scope.caller);
	}
	ys_spi_end(&scope);
	return count;
}

void
ys_segment_save(int policy_id, const YsSegment *segment)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.backfill SET next_key = $3, done = $4, "
				   "items_read = items_read + $5 WHERE policy_id = $1 AND segment = $2",
				   SPI_OK_UPDATE, 5, (Oid[]) {INT4OID, INT4OID, TEXTOID, BOOLOID, INT8OID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id), Int32GetDatum(segment->segment),
					   segment->next_key != NULL ? CStringGetTextDatum(segment->next_key) : (Datum) 0,
					   BoolGetDatum(segment->done), Int64GetDatum(segment->read)
				   }, segment->next_key != NULL ? NULL : "  n  ");
	ys_spi_end(&scope);
}
