/*-------------------------------------------------------------------------
 * verify.c
 *	  The catalog of verifications: how far each is, and where index and store differ.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/index_values.h"
#include "catalog/job.h"
#include "catalog/spi.h"
#include "catalog/verify.h"

/* Differences of a job that are kept to be looked at; more are only counted. */
#define KEPT	"1000"

static const char *const kind_names[] = {
	[YS_DIFFERENCE_NONE] = "none",
	[YS_DIFFERENCE_MISSING] = "missing",
	[YS_DIFFERENCE_EXTRA] = "extra",
	[YS_DIFFERENCE_STALE] = "stale"
};

static YsDifferenceKind
parse_kind(const char *name)
{
	for (int i = 0; i < lengthof(kind_names); i++)
	{
		if (strcmp(kind_names[i], name) == 0)
			return (YsDifferenceKind) i;
	}
	elog(ERROR, "unknown kind of a difference \"%s\"", name);
}

int64
ys_verify_begin(int policy_id, bool repair)
{
	YsSpiScope	scope;
	int64		job_id = 0;
	bool		isnull;

	ys_spi_begin(&scope);
	ys_spi_execute("WITH p AS (SELECT policy_id FROM yottastore_internal.policy "
				   "WHERE policy_id = $1 FOR KEY SHARE), "
				   "j AS (INSERT INTO yottastore_internal.job (policy_id, kind) "
				   "SELECT policy_id, 'verify' FROM p RETURNING job_id) "
				   "INSERT INTO yottastore_internal.verify (job_id, repair) "
				   "SELECT job_id, $2 FROM j RETURNING job_id",
				   SPI_OK_INSERT_RETURNING, 2, (Oid[]) {INT4OID, BOOLOID},
				   (Datum[]) {Int32GetDatum(policy_id), BoolGetDatum(repair)}, NULL);
	if (SPI_processed > 0)
		job_id = DatumGetInt64(ys_spi_value(0, 1, &isnull));
	ys_spi_end(&scope);
	ys_job_forget_old(policy_id);
	return job_id;
}

bool
ys_verify_load(int64 job_id, YsVerifyState *state)
{
	YsSpiScope	scope;
	bool		found;

	memset(state, 0, sizeof(*state));
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT v.repair, v.next_key, v.scanned, v.last_key, v.swept, "
				   "(SELECT count(*) FROM yottastore_internal.difference d "
				   "WHERE d.job_id = v.job_id AND NOT d.confirmed) "
				   "FROM yottastore_internal.verify v WHERE v.job_id = $1",
				   SPI_OK_SELECT, 1, (Oid[]) {INT8OID}, (Datum[]) {Int64GetDatum(job_id)}, NULL);
	found = SPI_processed > 0;
	if (found)
	{
		MemoryContext old;
		bool		isnull;
		Datum		last;

		state->repair = DatumGetBool(ys_spi_value(0, 1, &isnull));
		state->next_key = ys_spi_text(0, 2, scope.caller);
		state->scanned = DatumGetBool(ys_spi_value(0, 3, &isnull));
		state->swept = DatumGetBool(ys_spi_value(0, 5, &isnull));
		state->suspects = DatumGetInt64(ys_spi_value(0, 6, &isnull));
		last = ys_spi_value(0, 4, &isnull);
		old = MemoryContextSwitchTo(scope.caller);
		state->last_key = isnull ? NULL : DatumGetArrayTypePCopy(last);
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return found;
}

/* Count what was looked at. */
static void
count(int64 job_id, int64 seen)
{
	ys_spi_execute("UPDATE yottastore_internal.job SET state = 'RUNNING', "
				   "started_at = COALESCE(started_at, clock_timestamp()), rows_seen = rows_seen + $2 "
				   "WHERE job_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT8OID, INT8OID},
				   (Datum[]) {Int64GetDatum(job_id), Int64GetDatum(seen)}, NULL);
}

void
ys_verify_save_scan(int64 job_id, const char *next_key, int64 seen)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.verify SET next_key = $2, scanned = $2 IS NULL WHERE job_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT8OID, TEXTOID},
				   (Datum[])
				   {
					   Int64GetDatum(job_id), next_key != NULL ? CStringGetTextDatum(next_key) : (Datum) 0
				   }, next_key != NULL ? NULL : " n");
	count(job_id, seen);
	ys_spi_end(&scope);
}

void
ys_verify_save_sweep(int64 job_id, ArrayType *last_key, int64 seen)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.verify SET last_key = $2, swept = $2 IS NULL WHERE job_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT8OID, TEXTARRAYOID},
				   (Datum[]) {Int64GetDatum(job_id), PointerGetDatum(last_key)},
				   last_key != NULL ? NULL : " n");
	count(job_id, seen);
	ys_spi_end(&scope);
}

void
ys_verify_end(int64 job_id)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.job SET state = 'DONE', "
				   "started_at = COALESCE(started_at, clock_timestamp()), finished_at = clock_timestamp() "
				   "WHERE job_id = $1",
				   SPI_OK_UPDATE, 1, (Oid[]) {INT8OID}, (Datum[]) {Int64GetDatum(job_id)}, NULL);
	ys_spi_end(&scope);
}

/* ---- differences ---- */

int
ys_verify_suspects(int64 job_id, TimestampTz up_to, int limit, YsSuspect **suspects)
{
	YsSpiScope	scope;
	int			n;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT item_key, kind, read_at, item, version, tries FROM yottastore_internal.difference "
				   "WHERE job_id = $1 AND NOT confirmed AND read_at <= $2 ORDER BY read_at LIMIT $3",
				   SPI_OK_SELECT, 3, (Oid[]) {INT8OID, TIMESTAMPTZOID, INT4OID},
				   (Datum[]) {Int64GetDatum(job_id), TimestampTzGetDatum(up_to), Int32GetDatum(limit)}, NULL);
	n = (int) SPI_processed;
	*suspects = MemoryContextAllocZero(scope.caller, sizeof(YsSuspect) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		YsSuspect  *suspect = &(*suspects)[i];
		Datum		version;
		bool		isnull;

		suspect->key = ys_spi_text(i, 1, scope.caller);
		suspect->kind = parse_kind(ys_spi_text(i, 2, CurrentMemoryContext));
		suspect->read_at = DatumGetTimestampTz(ys_spi_value(i, 3, &isnull));
		suspect->item = DatumGetInt64(ys_spi_value(i, 4, &isnull));
		version = ys_spi_value(i, 5, &isnull);
		ys_index_read_version(version, isnull, &suspect->version);
		suspect->tries = DatumGetInt32(ys_spi_value(i, 6, &isnull));
	}
	ys_spi_end(&scope);
	return n;
}

/* Run a statement about one suspect: job, key, kind, read_at, item, version, tries. */
static uint64
execute(int64 job_id, const YsSuspect *suspect, const char *sql, int expected)
{
	ys_spi_execute(sql, expected, 7,
				   (Oid[]) {INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID, BYTEAOID, INT4OID},
				   (Datum[])
				   {
					   Int64GetDatum(job_id), CStringGetTextDatum(suspect->key),
					   CStringGetTextDatum(kind_names[suspect->kind]), TimestampTzGetDatum(suspect->read_at),
					   Int64GetDatum(suspect->item), ys_index_version_datum(&suspect->version),
					   Int32GetDatum(suspect->tries)
				   }, NULL);
	return SPI_processed;
}

#define COLUMNS	"(job_id, item_key, kind, read_at, item, version, tries"
#define VALUES	"$1, $2, $3, $4, $5, $6, $7"

void
ys_verify_suspect(int64 job_id, const YsSuspect *suspect)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	(void) execute(job_id, suspect, "INSERT INTO yottastore_internal.difference AS d " COLUMNS ") "
				   "VALUES (" VALUES ") ON CONFLICT (job_id, item_key) DO UPDATE SET kind = EXCLUDED.kind, "
				   "read_at = EXCLUDED.read_at, item = EXCLUDED.item, version = EXCLUDED.version, "
				   "tries = EXCLUDED.tries WHERE NOT d.confirmed", SPI_OK_INSERT);
	ys_spi_end(&scope);
}

void
ys_verify_clear(int64 job_id, const char *key)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.difference WHERE job_id = $1 AND item_key = $2",
				   SPI_OK_DELETE, 2, (Oid[]) {INT8OID, TEXTOID},
				   (Datum[]) {Int64GetDatum(job_id), CStringGetTextDatum(key)}, NULL);
	ys_spi_end(&scope);
}

void
ys_verify_confirm(int64 job_id, const YsSuspect *suspect, bool repaired)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	(void) execute(job_id, suspect, repaired ?
				   "INSERT INTO yottastore_internal.difference AS d " COLUMNS ", confirmed, repaired) "
				   "VALUES (" VALUES ", true, true) ON CONFLICT (job_id, item_key) DO UPDATE SET "
				   "kind = EXCLUDED.kind, read_at = EXCLUDED.read_at, confirmed = true, repaired = true" :
				   "INSERT INTO yottastore_internal.difference AS d " COLUMNS ", confirmed) "
				   "VALUES (" VALUES ", true) ON CONFLICT (job_id, item_key) DO UPDATE SET "
				   "kind = EXCLUDED.kind, read_at = EXCLUDED.read_at, confirmed = true", SPI_OK_INSERT);
	(void) execute(job_id, suspect, "UPDATE yottastore_internal.verify v SET "
				   "rows_missing = rows_missing + ($3 = 'missing')::int, "
				   "rows_extra = rows_extra + ($3 = 'extra')::int, "
				   "rows_stale = rows_stale + ($3 = 'stale')::int WHERE job_id = $1", SPI_OK_UPDATE);
	if (repaired)
		(void) execute(job_id, suspect, "UPDATE yottastore_internal.job SET rows_moved = rows_moved + 1 "
					   "WHERE job_id = $1", SPI_OK_UPDATE);
	(void) execute(job_id, suspect, "DELETE FROM yottastore_internal.difference WHERE job_id = $1 AND item_key = $2 "
				   "AND (SELECT rows_missing + rows_extra + rows_stale > " KEPT " FROM yottastore_internal.verify "
				   "WHERE job_id = $1)", SPI_OK_DELETE);
	ys_spi_end(&scope);
}

bool
ys_verify_is_quarantined(int policy_id, const char *key)
{
	YsSpiScope	scope;
	bool		found;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT FROM yottastore_internal.quarantine "
				   "WHERE policy_id = $1 AND md5(item_key) = md5($2) AND item_key = $2 LIMIT 1",
				   SPI_OK_SELECT, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(policy_id), CStringGetTextDatum(key)}, NULL);
	found = SPI_processed > 0;
	ys_spi_end(&scope);
	return found;
}

/* ---- rows ---- */

static char *
key_list(const YsIndexTable *table, const char *suffix)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int k = 0; k < table->nkeys; k++)
		appendStringInfo(&list, "%s%s, ", table->key_columns[k], suffix);
	appendStringInfoString(&list, "area");
	return list.data;
}

/* An index table without its primary key: it is the owner's, who may have dropped that. */
static void
throw_null_key(const YsIndexTable *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a row of index table %s has NULL in its key", table->name),
			 errhint("Delete such rows, and add the primary key again.")));
}

void
ys_verify_rows(YsIndexTable *table, ArrayType *after, int limit, YsVerifyPage *page)
{
	YsSpiScope	scope;
	StringInfoData sql;
	char	   *keys = key_list(table, "");

	memset(page, 0, sizeof(*page));
	initStringInfo(&sql);
	/* of the owner's columns we know names, not types */
	appendStringInfoString(&sql, "SELECT ");
	for (int k = 0; k < table->nkeys; k++)
		appendStringInfo(&sql, "%s::%s, ", table->key_columns[k], format_type_be(table->key_types[k]));
	appendStringInfo(&sql, "area, ARRAY[%s] FROM %s", key_list(table, "::text"), table->name);
	if (after != NULL)
	{
		appendStringInfo(&sql, " WHERE (%s) > (", keys);
		for (int k = 0; k < table->nkeys; k++)
			appendStringInfo(&sql, "$1[%d]::%s, ", k + 1, format_type_be(table->key_types[k]));
		appendStringInfo(&sql, "$1[%d] COLLATE \"C\")", table->nkeys + 1);
	}
	appendStringInfo(&sql, " ORDER BY %s LIMIT %d", keys, limit);
	ys_spi_forget_with(table->statements, sql.data);
	ys_spi_begin_as(&scope, table->owner);
	ys_spi_execute(sql.data, SPI_OK_SELECT, after != NULL ? 1 : 0, (Oid[]) {TEXTARRAYOID},
				   (Datum[]) {PointerGetDatum(after)}, NULL);
	page->count = (int) SPI_processed;
	page->rows = MemoryContextAllocZero(scope.caller, sizeof(YsIndexRow) * Max(page->count, 1));
	for (int i = 0; i < page->count; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		bool		isnull;

		for (int k = 0; k < table->nkeys; k++)
		{
			int16		len;
			bool		by_value;
			Datum		key;

			get_typlenbyval(table->key_types[k], &len, &by_value);
			key = ys_spi_value(i, k + 1, &isnull);
			if (isnull)
				throw_null_key(table);
			page->rows[i].keys[k] = datumCopy(key, by_value, len);
		}
		page->rows[i].area = ys_spi_text(i, table->nkeys + 1, scope.caller);
		if (page->rows[i].area == NULL)
			throw_null_key(table);
		if (i == limit - 1)
			page->last_key = DatumGetArrayTypePCopy(ys_spi_value(i, table->nkeys + 2, &isnull));
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
}
