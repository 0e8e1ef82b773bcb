/*-------------------------------------------------------------------------
 * stats.c
 *	  Counters and recent rates of policies, which commit with the rows that
 *	  they count.
 *
 * They have a table of their own, with narrow rows: a policy's own row, which
 * has its declaration, is not written anew with every batch.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "catalog/spi.h"
#include "catalog/stats.h"

#define ADD(column)		column " = s." column " + EXCLUDED." column ", "
#define RENEW(column)	column " = COALESCE(EXCLUDED." column ", s." column "), "

static const char add_statement[] =
	"INSERT INTO yottastore_internal.stats AS s (policy_id, slot, batches, events_taken, bytes_taken, "
	"events_applied, events_stale, events_quarantined, events_passed_over, items_backfilled, rows_inserted, rows_updated, "
	"rows_moved, rows_deleted, events_per_second, items_per_second, drained_per_second, "
	"arriving_per_second, p50_ms, p95_ms, last_batch_at, last_page_at, waiting_since) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
	"CASE WHEN $3 > 0 THEN clock_timestamp() END, CASE WHEN $22 THEN clock_timestamp() END, "
	"CASE WHEN $21 THEN clock_timestamp() END) "
	"ON CONFLICT (policy_id, slot) DO UPDATE SET "
	ADD("batches") ADD("events_taken") ADD("bytes_taken") ADD("events_applied") ADD("events_stale")
	ADD("events_quarantined") ADD("events_passed_over") ADD("items_backfilled") ADD("rows_inserted") ADD("rows_updated")
	ADD("rows_moved") ADD("rows_deleted")
	RENEW("events_per_second") RENEW("items_per_second") RENEW("drained_per_second")
	RENEW("arriving_per_second") RENEW("p50_ms") RENEW("p95_ms")
	RENEW("last_batch_at") RENEW("last_page_at")

	/* only batches say something about events */
	"waiting_since = CASE WHEN $3 > 0 THEN EXCLUDED.waiting_since ELSE s.waiting_since END";

void
ys_stats_add(int policy_id, int slot, YsStatsKind kind, const YsPolicyCounters *counters,
			 const YsPolicyRates *rates, bool waiting)
{
	const int64 counts[] = {
		kind == YS_STATS_BATCH, counters->taken, counters->bytes, counters->applied, counters->stale,
		counters->quarantined, counters->passed_over, counters->backfilled, counters->inserted, counters->updated,
		counters->moved, counters->deleted
	};
	const double numbers[] = {
		rates->events, rates->items, rates->drained, rates->arriving, rates->p50_ms, rates->p95_ms
	};
	Oid			types[2 + lengthof(counts) + lengthof(numbers) + 2];
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types) + 1];
	int			n = 0;
	YsSpiScope	scope;

	memset(nulls, ' ', lengthof(types));
	nulls[lengthof(types)] = '\0';
	types[n] = INT4OID;
	values[n++] = Int32GetDatum(policy_id);
	types[n] = INT4OID;
	values[n++] = Int32GetDatum(slot);
	for (int i = 0; i < lengthof(counts); i++)
	{
		types[n] = INT8OID;
		values[n++] = Int64GetDatum(counts[i]);
	}
	for (int i = 0; i < lengthof(numbers); i++)
	{
		if (numbers[i] < 0)
			nulls[n] = 'n';
		types[n] = FLOAT8OID;
		values[n++] = Float8GetDatum(numbers[i]);
	}
	types[n] = BOOLOID;
	values[n++] = BoolGetDatum(waiting);
	types[n] = BOOLOID;
	values[n++] = BoolGetDatum(kind == YS_STATS_PAGE);
	Assert(n == lengthof(types));

	ys_spi_begin(&scope);
	ys_spi_execute(add_statement, SPI_OK_INSERT, n, types, values, nulls);
	ys_spi_end(&scope);
}

void
ys_stats_set_waiting(int policy_id, int slot, bool waiting)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("INSERT INTO yottastore_internal.stats AS s (policy_id, slot, waiting_since) "
				   "VALUES ($1, $2, CASE WHEN $3 THEN clock_timestamp() END) "
				   "ON CONFLICT (policy_id, slot) DO UPDATE SET waiting_since = EXCLUDED.waiting_since "
				   "WHERE (s.waiting_since IS NULL) = $3",
				   SPI_OK_INSERT, 3, (Oid[]) {INT4OID, INT4OID, BOOLOID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id), Int32GetDatum(slot), BoolGetDatum(waiting)
				   }, NULL);
	ys_spi_end(&scope);
}
