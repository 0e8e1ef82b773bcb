/*-------------------------------------------------------------------------
 * relay.c
 *	  The catalog of relays and of the shards they read.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/relay.h"
#include "catalog/spi.h"

/* A relay is its source's owner's, whoever that is by now. */
#define RELAY_COLUMNS \
	"relay_id, name, COALESCE((SELECT c.relowner FROM pg_class c WHERE c.oid = source), owner), source, "\
	"stream, partitions, store_stream, read_to"

/* A text parameter; NULL stays NULL. */
static Datum
text_or_null(const char *text)
{
	return text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

/* ---- relays ---- */

List *
ys_relay_ids(void)
{
	YsSpiScope	scope;
	List	   *ids = NIL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT relay_id FROM yottastore_internal.relay ORDER BY relay_id",
				   SPI_OK_SELECT, 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		bool		isnull;

		ids = lappend_int(ids, DatumGetInt32(ys_spi_value(i, 1, &isnull)));
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return ids;
}

int
ys_relay_feeding(Oid stream)
{
	YsSpiScope	scope;
	int			relay_id = 0;
	bool		isnull;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT relay_id FROM yottastore_internal.fed_stream WHERE stream = $1",
				   SPI_OK_SELECT, 1, (Oid[]) {OIDOID}, (Datum[]) {ObjectIdGetDatum(stream)}, NULL);
	if (SPI_processed > 0)
		relay_id = DatumGetInt32(ys_spi_value(0, 1, &isnull));
	ys_spi_end(&scope);
	return relay_id;
}

/* The one relay a SELECT of RELAY_COLUMNS finds, or NULL. */
static YsRelay *
find_relay(const char *sql, Oid type, Datum key)
{
	YsSpiScope	scope;
	YsRelay    *relay = NULL;
	bool		isnull;

	ys_spi_begin(&scope);
	ys_spi_execute(sql, SPI_OK_SELECT, 1, &type, &key, NULL);
	if (SPI_processed > 0)
	{
		relay = MemoryContextAllocZero(scope.caller, sizeof(YsRelay));
		relay->relay_id = DatumGetInt32(ys_spi_value(0, 1, &isnull));
		relay->name = ys_spi_text(0, 2, scope.caller);
		relay->owner = DatumGetObjectId(ys_spi_value(0, 3, &isnull));
		relay->source = DatumGetObjectId(ys_spi_value(0, 4, &isnull));
		relay->stream = DatumGetObjectId(ys_spi_value(0, 5, &isnull));
		relay->partitions = DatumGetInt32(ys_spi_value(0, 6, &isnull));
		relay->store_stream = ys_spi_text(0, 7, scope.caller);
		relay->read_to = DatumGetTimestampTz(ys_spi_value(0, 8, &isnull));
		relay->has_read = !isnull;
	}
	ys_spi_end(&scope);
	return relay;
}

YsRelay *
ys_relay_load(int relay_id)
{
	return find_relay("SELECT " RELAY_COLUMNS " FROM yottastore_internal.relay WHERE relay_id = $1",
					  INT4OID, Int32GetDatum(relay_id));
}

YsRelay *
ys_relay_find(const char *name)
{
	return find_relay("SELECT " RELAY_COLUMNS " FROM yottastore_internal.relay WHERE name = $1",
					  NAMEOID, DirectFunctionCall1(namein, CStringGetDatum(name)));
}

int
ys_relay_create(const char *name, Oid owner, Oid source, Oid stream, int partitions)
{
	YsSpiScope	scope;
	int			relay_id = 0;
	bool		isnull;

	ys_spi_begin(&scope);
	ys_spi_execute("INSERT INTO yottastore_internal.relay (name, owner, source, stream, partitions) "
				   "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING RETURNING relay_id",
				   SPI_OK_INSERT_RETURNING, 5, (Oid[]) {NAMEOID, OIDOID, OIDOID, OIDOID, INT4OID},
				   (Datum[])
				   {
					   DirectFunctionCall1(namein, CStringGetDatum(name)),
					   ObjectIdGetDatum(owner), ObjectIdGetDatum(source),
					   ObjectIdGetDatum(stream), Int32GetDatum(partitions)
				   }, NULL);
	if (SPI_processed > 0)
		relay_id = DatumGetInt32(ys_spi_value(0, 1, &isnull));
	ys_spi_end(&scope);
	return relay_id;
}

bool
ys_relay_drop(const char *name)
{
	YsSpiScope	scope;
	bool		dropped;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.relay WHERE name = $1",
				   SPI_OK_DELETE, 1, (Oid[]) {NAMEOID},
				   (Datum[]) {DirectFunctionCall1(namein, CStringGetDatum(name))}, NULL);
	dropped = SPI_processed > 0;
	ys_spi_end(&scope);
	return dropped;
}

void
ys_relay_set_phase(int relay_id, YsPhase phase, const char *reason)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.relay SET phase = $2, reason = $3 "
				   "WHERE relay_id = $1 AND (phase, reason) IS DISTINCT FROM ($2, $3)",
				   SPI_OK_UPDATE, 3, (Oid[]) {INT4OID, TEXTOID, TEXTOID},
				   (Datum[])
				   {
					   Int32GetDatum(relay_id), CStringGetTextDatum(ys_phase_name(phase)),
					   text_or_null(reason)
				   }, reason != NULL ? NULL : "  n");
	ys_spi_end(&scope);
}

void
ys_relay_set_reason(int relay_id, const char *reason)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.relay SET reason = $2 "
				   "WHERE relay_id = $1 AND reason IS DISTINCT FROM $2",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(relay_id), text_or_null(reason)},
				   reason != NULL ? NULL : " n");
	ys_spi_end(&scope);
}

void
ys_relay_set_target(int relay_id, const char *store_stream, const char *topic, int topic_partitions)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.relay SET store_stream = $2, topic = $3, "
				   "topic_partitions = $4 WHERE relay_id = $1",
				   SPI_OK_UPDATE, 4, (Oid[]) {INT4OID, TEXTOID, TEXTOID, INT4OID},
				   (Datum[])
				   {
					   Int32GetDatum(relay_id), CStringGetTextDatum(store_stream),
					   CStringGetTextDatum(topic), Int32GetDatum(topic_partitions)
				   }, NULL);
	ys_spi_end(&scope);
}

bool
ys_relay_begin(int relay_id)
{
	YsSpiScope	scope;
	bool		there;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.relay SET sessions = sessions + 1 WHERE relay_id = $1",
				   SPI_OK_UPDATE, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(relay_id)}, NULL);
	there = SPI_processed > 0;
	ys_spi_end(&scope);
	return there;
}

bool
ys_relay_progress(int relay_id, const YsRelayProgress *progress)
{
	YsSpiScope	scope;
	bool		there;
	char		nulls[] = "        ";

	if (progress->last_record == 0)
		nulls[6] = 'n';
	if (progress->read_to == 0)
		nulls[7] = 'n';
	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.relay SET records_produced = records_produced + $2, "
				   "bytes_produced = bytes_produced + $3, "
				   "store_retries = store_retries + $4, store_throttles = store_throttles + $5, "
				   "caught_up_at = CASE WHEN $6 THEN clock_timestamp() ELSE caught_up_at END, "
				   "last_record_at = greatest(last_record_at, $7), read_to = greatest(read_to, $8) "
				   "WHERE relay_id = $1",
				   SPI_OK_UPDATE, 8,
				   (Oid[])
				   {
					   INT4OID, INT8OID, INT8OID, INT8OID, INT8OID, BOOLOID, TIMESTAMPTZOID, TIMESTAMPTZOID
				   },
				   (Datum[])
				   {
					   Int32GetDatum(relay_id), Int64GetDatum(progress->records),
					   Int64GetDatum(progress->bytes), Int64GetDatum(progress->retries),
					   Int64GetDatum(progress->throttles), BoolGetDatum(progress->caught_up),
					   TimestampTzGetDatum(progress->last_record),
					   TimestampTzGetDatum(progress->read_to)
				   }, nulls);
	there = SPI_processed > 0;
	ys_spi_end(&scope);
	return there;
}

void
ys_relay_add_loss(int relay_id, const char *loss)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.relay SET losses = losses + 1, last_loss = $2, "
				   "last_loss_at = clock_timestamp() WHERE relay_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(relay_id), CStringGetTextDatum(loss)}, NULL);
	ys_spi_end(&scope);
}

char *
ys_relay_unready(Oid source, Oid stream)
{
	YsSpiScope	scope;
	char	   *reason = NULL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT format('relay \"%s\" %s', name, CASE WHEN phase = 'PAUSED' THEN 'has no "
				   "stream of the store to read' ELSE 'has not begun to read the store''s stream' END) "
				   "FROM yottastore_internal.relay WHERE source = $1 AND stream = $2 "
				   "AND (store_stream IS NULL OR phase = 'PAUSED')",
				   SPI_OK_SELECT, 2, (Oid[]) {OIDOID, OIDOID},
				   (Datum[]) {ObjectIdGetDatum(source), ObjectIdGetDatum(stream)}, NULL);
	if (SPI_processed > 0)
		reason = ys_spi_text(0, 1, scope.caller);
	ys_spi_end(&scope);
	return reason;
}

void
ys_relay_mark_unseen(Oid source, Oid stream, TimestampTz since, const char *reason)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.policy p SET phase = 'INCOMPLETE', reason = $4 "
				   "WHERE source = $1 AND stream = $2 AND topic IS NOT NULL AND phase <> 'INCOMPLETE' "
				   "AND greatest(COALESCE(backfill_started_at, created_at), "
				   "(SELECT CASE WHEN bool_and(watermark IS NOT NULL) "
				   "THEN min(watermark) END FROM yottastore_internal.position o "
				   "WHERE o.policy_id = p.policy_id)) < $3",
				   SPI_OK_UPDATE, 4, (Oid[]) {OIDOID, OIDOID, TIMESTAMPTZOID, TEXTOID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(source), ObjectIdGetDatum(stream), TimestampTzGetDatum(since),
					   CStringGetTextDatum(reason)
				   }, NULL);
	ys_spi_end(&scope);
}

/* ---- shards ---- */

List *
ys_relay_shards(int relay_id)
{
	YsSpiScope	scope;
	List	   *shards = NIL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT shard_id, parent_id, generation, checkpoint, finished, whole "
				   "FROM yottastore_internal.relay_shard WHERE relay_id = $1",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(relay_id)}, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		YsRelayShard *shard = palloc(sizeof(YsRelayShard));
		bool		isnull;

		shard->shard_id = ys_spi_text(i, 1, scope.caller);
		shard->parent_id = ys_spi_text(i, 2, scope.caller);
		shard->generation = DatumGetInt32(ys_spi_value(i, 3, &isnull));
		shard->checkpoint = ys_spi_text(i, 4, scope.caller);
		shard->finished = DatumGetBool(ys_spi_value(i, 5, &isnull));
		shard->whole = DatumGetBool(ys_spi_value(i, 6, &isnull));
		shards = lappend(shards, shard);
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return shards;
}

void
ys_relay_save_shard(int relay_id, const YsRelayShard *shard)
{
	YsSpiScope	scope;
	char		nulls[] = "       ";

	if (shard->parent_id == NULL)
		nulls[2] = 'n';
	if (shard->checkpoint == NULL)
		nulls[4] = 'n';
	ys_spi_begin(&scope);
	ys_spi_execute("INSERT INTO yottastore_internal.relay_shard "
				   "(relay_id, shard_id, parent_id, generation, checkpoint, finished, whole) "
				   "VALUES ($1, $2, $3, $4, $5, $6, $7) "
				   "ON CONFLICT (relay_id, shard_id) DO UPDATE SET generation = EXCLUDED.generation, "
				   "checkpoint = EXCLUDED.checkpoint, "
				   "finished = EXCLUDED.finished, whole = EXCLUDED.whole",
				   SPI_OK_INSERT, 7,
				   (Oid[]) {INT4OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, BOOLOID, BOOLOID},
				   (Datum[])
				   {
					   Int32GetDatum(relay_id), CStringGetTextDatum(shard->shard_id),
					   text_or_null(shard->parent_id), Int32GetDatum(shard->generation),
					   text_or_null(shard->checkpoint), BoolGetDatum(shard->finished),
					   BoolGetDatum(shard->whole)
				   }, nulls);
	ys_spi_end(&scope);
}

void
ys_relay_forget_shard(int relay_id, const char *shard_id)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.relay_shard WHERE relay_id = $1 AND shard_id = $2",
				   SPI_OK_DELETE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(relay_id), CStringGetTextDatum(shard_id)}, NULL);
	ys_spi_end(&scope);
}
