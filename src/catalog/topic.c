/*-------------------------------------------------------------------------
 * topic.c
 *	  What is remembered of a stream's topic.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "catalog/policy.h"
#include "catalog/spi.h"
#include "catalog/topic.h"

/* ---- anchors ---- */

int
ys_anchor_load(Oid stream, Oid owner, const char *topic, YsAnchor **anchors)
{
	YsSpiScope	scope;
	int			count;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT partition, \"offset\", timestamp_ms FROM yottastore_internal.anchor "
				   "WHERE stream = $1 AND owner = $2 AND topic = $3",
				   SPI_OK_SELECT, 3, (Oid[]) {OIDOID, OIDOID, TEXTOID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(stream), ObjectIdGetDatum(owner), CStringGetTextDatum(topic)
				   }, NULL);
	count = (int) SPI_processed;
	*anchors = MemoryContextAllocZero(scope.caller, sizeof(YsAnchor) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		bool		isnull;

		(*anchors)[i].partition = DatumGetInt32(ys_spi_value(i, 1, &isnull));
		(*anchors)[i].offset = DatumGetInt64(ys_spi_value(i, 2, &isnull));
		(*anchors)[i].timestamp_ms = DatumGetInt64(ys_spi_value(i, 3, &isnull));
	}
	ys_spi_end(&scope);
	return count;
}

void
ys_anchor_save(Oid stream, Oid owner, const char *topic, int count, const YsAnchor *anchors)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	for (int i = 0; i < count; i++)
		ys_spi_execute("INSERT INTO yottastore_internal.anchor "
					   "(stream, owner, topic, partition, \"offset\", timestamp_ms) "
					   "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (stream, owner, partition) "
					   "DO UPDATE SET topic = EXCLUDED.topic, \"offset\" = EXCLUDED.\"offset\", "
					   "timestamp_ms = EXCLUDED.timestamp_ms",
					   SPI_OK_INSERT, 6, (Oid[]) {OIDOID, OIDOID, TEXTOID, INT4OID, INT8OID, INT8OID},
					   (Datum[])
					   {
						   ObjectIdGetDatum(stream), ObjectIdGetDatum(owner), CStringGetTextDatum(topic),
						   Int32GetDatum(anchors[i].partition), Int64GetDatum(anchors[i].offset),
						   Int64GetDatum(anchors[i].timestamp_ms)
					   }, NULL);
	ys_spi_end(&scope);
}

static List *
list_policies(const YsLease *lease)
{
	return ys_policy_list(&(YsPolicyStream) {.stream = lease->stream, .owner = lease->owner});
}

void
ys_topic_replaced(const YsLease *lease, const char *topic, const char *reason)
{
	YsSpiScope	scope;
	ListCell   *lc;

	ys_lease_lock_all(lease);
	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.anchor WHERE stream = $1 AND owner = $2",
				   SPI_OK_DELETE, 2, (Oid[]) {OIDOID, OIDOID},
				   (Datum[]) {ObjectIdGetDatum(lease->stream), ObjectIdGetDatum(lease->owner)}, NULL);
	ys_spi_end(&scope);
	foreach(lc, list_policies(lease))
	{
		const YsPolicyRow *row = lfirst(lc);

		if (row->topic != NULL && strcmp(row->topic, topic) == 0 && row->phase != YS_PHASE_INCOMPLETE)
			ys_policy_set_phase(row->policy_id, YS_PHASE_INCOMPLETE, reason);
	}
	ys_lease_end_all(lease);
}

/* ---- growth ---- */

/* Has a policy positions, but fewer than there are partitions, and is through with the last growth? */
static bool
wants_more(int policy_id, int count)
{
	YsSpiScope	scope;
	bool		wants;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT FROM yottastore_internal.position WHERE policy_id = $1 "
				   "HAVING count(*) BETWEEN 1 AND $2 - 1 AND bool_and(next_offset >= layout_from)",
				   SPI_OK_SELECT, 2, (Oid[]) {INT4OID, INT4OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int32GetDatum(count)}, NULL);
	wants = SPI_processed > 0;
	ys_spi_end(&scope);
	return wants;
}

/* The policies with fewer positions than a topic has partitions: list of policy ids. */
static List *
find_wanting(const YsLease *lease, const char *topic, int count)
{
	List	   *wanting = NIL;
	ListCell   *lc;

	foreach(lc, list_policies(lease))
	{
		const YsPolicyRow *row = lfirst(lc);

		if (row->topic != NULL && strcmp(row->topic, topic) == 0 &&
			row->phase != YS_PHASE_INCOMPLETE && wants_more(row->policy_id, count))
			wanting = lappend_int(wanting, row->policy_id);
	}
	return wanting;
}

static Datum
offset_array(int count, const YsPartitionOffsets *partitions, bool low)
{
	Datum	   *values = palloc(sizeof(Datum) * count);

	for (int i = 0; i < count; i++)
		values[i] = Int64GetDatum(low ? partitions[i].low : partitions[i].high);
	return PointerGetDatum(construct_array(values, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/* The partitions of a topic are numbered from 0 without gaps. */
static void
grow_policy(int policy_id, Datum lows, Datum highs)
{
	YsSpiScope	scope;
	Oid			types[] = {INT4OID, INT8ARRAYOID, INT8ARRAYOID};
	Datum		values[] = {Int32GetDatum(policy_id), lows, highs};
	YsPhase		phase;

	if (!ys_policy_lock(policy_id, &phase))
		return;
	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy SET layout = layout + 1 WHERE policy_id = $1",
				   SPI_OK_UPDATE, 1, types, values, NULL);
	ys_spi_execute("UPDATE yottastore_internal.position SET layout_from = $3[partition + 1] "
				   "WHERE policy_id = $1", SPI_OK_UPDATE, 3, types, values, NULL);
	ys_spi_execute("INSERT INTO yottastore_internal.position (policy_id, partition, next_offset, high_offset) "
				   "SELECT $1, u.n - 1, u.low, u.high FROM unnest($2, $3) WITH ORDINALITY u(low, high, n) "
				   "ON CONFLICT (policy_id, partition) DO NOTHING",
				   SPI_OK_INSERT, 3, types, values, NULL);
	ys_spi_end(&scope);
}

bool
ys_topic_grow(const YsLease *lease, const char *topic, int count, const YsPartitionOffsets *partitions)
{
	Datum		lows = offset_array(count, partitions, true);
	Datum		highs = offset_array(count, partitions, false);
	List	   *wanting = find_wanting(lease, topic, count);
	ListCell   *lc;

	if (wanting == NIL)
		return false;

	/* another worker may be doing the same */
	ys_lease_lock_all(lease);
	wanting = find_wanting(lease, topic, count);
	foreach(lc, wanting)
		grow_policy(lfirst_int(lc), lows, highs);
	if (wanting != NIL)
		ys_lease_end_all(lease);
	return wanting != NIL;
}

bool
ys_topic_is_draining(int policy_id)
{
	YsSpiScope	scope;
	bool		draining;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT FROM yottastore_internal.position "
				   "WHERE policy_id = $1 AND next_offset < layout_from LIMIT 1",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	draining = SPI_processed > 0;
	ys_spi_end(&scope);
	return draining;
}
