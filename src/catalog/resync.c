/*-------------------------------------------------------------------------
 * resync.c
 *	  The catalog of resyncs, and going through what an index knows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "catalog/resync.h"
#include "catalog/spi.h"

/* Run a statement about one policy; does it concern any row? */
static bool
execute(const char *sql, int expected, int policy_id)
{
	ys_spi_execute(sql, expected, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	return SPI_processed > 0;
}

int64
ys_resync_begin(int policy_id)
{
	YsSpiScope	scope;
	YsPhase		phase;
	int64		job_id;
	bool		isnull;

	if (!ys_policy_lock(policy_id, &phase))
		return 0;
	ys_spi_begin(&scope);
	(void) execute("UPDATE yottastore_internal.policy SET epoch = epoch + 1, phase = 'STARTING', "
				   "reason = NULL, topic = NULL WHERE policy_id = $1 RETURNING source", SPI_OK_UPDATE_RETURNING, policy_id);
	ys_policy_note_store_table(policy_id, ys_source_load(DatumGetObjectId(ys_spi_value(0, 1, &isnull)))->table);
	(void) execute("DELETE FROM yottastore_internal.position WHERE policy_id = $1",
				   SPI_OK_DELETE, policy_id);
	(void) execute("DELETE FROM yottastore_internal.shard_position WHERE policy_id = $1",
				   SPI_OK_DELETE, policy_id);
	(void) execute("DELETE FROM yottastore_internal.backfill WHERE policy_id = $1",
				   SPI_OK_DELETE, policy_id);
	(void) execute("UPDATE yottastore_internal.job SET state = 'STOPPED', reason = 'begun anew', "
				   "finished_at = clock_timestamp() WHERE policy_id = $1 AND kind = 'resync' "
				   "AND state IN ('QUEUED', 'RUNNING')", SPI_OK_UPDATE, policy_id);
	(void) execute("INSERT INTO yottastore_internal.job (policy_id, kind) VALUES ($1, 'resync') "
				   "RETURNING job_id", SPI_OK_INSERT_RETURNING, policy_id);
	job_id = DatumGetInt64(ys_spi_value(0, 1, &isnull));
	ys_spi_execute("INSERT INTO yottastore_internal.resync (policy_id, job_id) VALUES ($1, $2) "
				   "ON CONFLICT (policy_id) DO UPDATE SET job_id = EXCLUDED.job_id, last_key = NULL",
				   SPI_OK_INSERT, 2, (Oid[]) {INT4OID, INT8OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int64GetDatum(job_id)}, NULL);
	ys_spi_end(&scope);
	return job_id;
}

/* An array of the first result row, copied to context; NULL for NULL. */
static ArrayType *
copy_array(int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = ys_spi_value(0, column, &isnull);
	MemoryContext old = MemoryContextSwitchTo(context);
	ArrayType  *array = isnull ? NULL : DatumGetArrayTypePCopy(value);

	MemoryContextSwitchTo(old);
	return array;
}

bool
ys_resync_load(int policy_id, ArrayType **after)
{
	YsSpiScope	scope;
	bool		found;

	*after = NULL;
	ys_spi_begin(&scope);
	found = execute("SELECT last_key FROM yottastore_internal.resync WHERE policy_id = $1",
					SPI_OK_SELECT, policy_id);
	if (found)
		*after = copy_array(1, scope.caller);
	ys_spi_end(&scope);
	return found;
}

void
ys_resync_count(int policy_id, int64 seen, int64 changed)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.job j SET state = 'RUNNING', "
				   "started_at = COALESCE(j.started_at, clock_timestamp()), "
				   "rows_seen = j.rows_seen + $2, rows_moved = j.rows_moved + $3 "
				   "FROM yottastore_internal.resync r WHERE r.policy_id = $1 AND j.job_id = r.job_id",
				   SPI_OK_UPDATE, 3, (Oid[]) {INT4OID, INT8OID, INT8OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int64GetDatum(seen), Int64GetDatum(changed)}, NULL);
	ys_spi_end(&scope);
}

void
ys_resync_save(int policy_id, ArrayType *after)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.resync SET last_key = $2 WHERE policy_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, TEXTARRAYOID},
				   (Datum[]) {Int32GetDatum(policy_id), PointerGetDatum(after)}, NULL);
	ys_spi_end(&scope);
}

void
ys_resync_end(int policy_id)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	(void) execute("UPDATE yottastore_internal.job j SET state = 'DONE', "
				   "started_at = COALESCE(j.started_at, clock_timestamp()), "
				   "finished_at = clock_timestamp() FROM yottastore_internal.resync r "
				   "WHERE r.policy_id = $1 AND j.job_id = r.job_id", SPI_OK_UPDATE, policy_id);
	(void) execute("DELETE FROM yottastore_internal.resync WHERE policy_id = $1",
				   SPI_OK_DELETE, policy_id);
	ys_spi_end(&scope);
}

/* ---- what an index knows ---- */

/* "k1, k2" of the locator, or with text each as text */
static char *
key_list(const YsIndexTable *table, const char *suffix)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int k = 0; k < table->nkeys; k++)
		appendStringInfo(&list, "%s%s%s", k > 0 ? ", " : "", table->locator_columns[k], suffix);
	return list.data;
}

static char *
page_sql(const YsIndexTable *table, bool from_start, int limit)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s, ARRAY[%s] FROM %s", key_list(table, ""),
					 key_list(table, "::text"), table->locator);
	if (!from_start)
	{
		appendStringInfo(&sql, " WHERE (%s) > (", key_list(table, ""));
		for (int k = 0; k < table->nkeys; k++)
			appendStringInfo(&sql, "%s$1[%d]::%s", k > 0 ? ", " : "", k + 1,
							 format_type_be(table->key_types[k]));
		appendStringInfoString(&sql, ")");
	}
	/* the limit is written out, so that the planner knows how few are wanted */
	appendStringInfo(&sql, " ORDER BY %s LIMIT %d", key_list(table, ""), limit);
	return sql.data;
}

void
ys_sweep_read(YsIndexTable *table, ArrayType *after, int limit, YsSweepPage *page)
{
	YsSpiScope	scope;
	char	   *sql = page_sql(table, after == NULL, limit);
	YsIndexRow **rows;
	MemoryContext old;

	memset(page, 0, sizeof(YsSweepPage));
	ys_spi_begin(&scope);
	ys_spi_forget_with(table->statements, sql);
	ys_spi_execute(sql, SPI_OK_SELECT, after != NULL ? 1 : 0,
				   (Oid[]) {TEXTARRAYOID}, (Datum[]) {PointerGetDatum(after)}, NULL);
	old = MemoryContextSwitchTo(scope.caller);
	page->count = (int) SPI_processed;
	page->rows = palloc0(sizeof(YsIndexRow) * Max(page->count, 1));
	rows = palloc(sizeof(YsIndexRow *) * Max(page->count, 1));
	for (int i = 0; i < page->count; i++)
	{
		rows[i] = &page->rows[i];
		ys_version_lowest(&rows[i]->version);
		for (int k = 0; k < table->nkeys; k++)
		{
			bool		isnull;
			int16		len;
			bool		by_value;

			get_typlenbyval(table->key_types[k], &len, &by_value);
			rows[i]->keys[k] = datumCopy(ys_spi_value(i, k + 1, &isnull), by_value, len);
		}
	}
	if (page->count == limit)
	{
		bool		isnull;

		page->last_key = DatumGetArrayTypePCopy(ys_spi_value(limit - 1, table->nkeys + 1, &isnull));
	}
	MemoryContextSwitchTo(old);
	ys_spi_end(&scope);
	ys_index_table_find(table, page->count, rows);
}

int64
ys_tombstones_prune(const YsIndexTable *table, int minutes, int limit)
{
	YsSpiScope	scope;
	char	   *sql;
	int64		pruned;

	ys_spi_begin(&scope);

	/* what is in quarantine may be tried again, and must meet what came after it */
	sql = psprintf("DELETE FROM %s WHERE ctid = ANY(ARRAY(SELECT ctid FROM %s "
				   "WHERE area IS NULL AND noted_at < LEAST(now() - $2 * interval '1 minute', "
				   "(SELECT min(quarantined_at) FROM yottastore_internal.quarantine "
				   "WHERE policy_id = $1)) ORDER BY noted_at LIMIT %d))",
				   table->locator, table->locator, limit);
	ys_spi_forget_with(table->statements, sql);
	ys_spi_execute(sql, SPI_OK_DELETE, 2, (Oid[]) {INT4OID, INT4OID},
				   (Datum[]) {Int32GetDatum(table->policy_id), Int32GetDatum(minutes)}, NULL);
	pruned = (int64) SPI_processed;
	ys_spi_end(&scope);
	return pruned;
}
