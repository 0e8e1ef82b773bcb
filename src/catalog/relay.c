/*-------------------------------------------------------------------------
 * relay.c
 *	  The catalog of relays and of the shards they read.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "catalog/relay.h"
#include "catalog/spi.h"

#define RELAY_COLUMNS \
	"relay_id, name, owner, source, stream, partitions, store_stream, phase = 'INCOMPLETE'"

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

bool
ys_relay_feeds(Oid stream)
{
	YsSpiScope	scope;
	bool		feeds;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT FROM yottastore_internal.relay WHERE stream = $1",
				   SPI_OK_SELECT, 1, (Oid[]) {OIDOID}, (Datum[]) {ObjectIdGetDatum(stream)}, NULL);
	feeds = SPI_processed > 0;
	ys_spi_end(&scope);
	return feeds;
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
		relay->incomplete = DatumGetBool(ys_spi_value(0, 8, &isnull));
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
				   "WHERE relay_id = $1 AND phase <> 'INCOMPLETE' "
				   "AND (phase, reason) IS DISTINCT FROM ($2, $3)",
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
				   "WHERE relay_id = $1 AND phase <> 'INCOMPLETE' AND reason IS DISTINCT FROM $2",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(relay_id), text_or_null(reason)},
				   reason != NULL ? NULL : " n");
	ys_spi_end(&scope);
}

void
ys_relay_set_store_stream(int relay_id, const char *store_stream)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.relay SET store_stream = $2 WHERE relay_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(relay_id), CStringGetTextDatum(store_stream)}, NULL);
	ys_spi_end(&scope);
}

bool
ys_relay_progress(int relay_id, int64 produced, bool caught_up)
{
	YsSpiScope	scope;
	bool		there;

	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.relay SET records_produced = records_produced + $2, "
				   "caught_up_at = CASE WHEN $3 THEN clock_timestamp() ELSE caught_up_at END "
				   "WHERE relay_id = $1",
				   SPI_OK_UPDATE, 3, (Oid[]) {INT4OID, INT8OID, BOOLOID},
				   (Datum[])
				   {
					   Int32GetDatum(relay_id), Int64GetDatum(produced), BoolGetDatum(caught_up)
				   }, NULL);
	there = SPI_processed > 0;
	ys_spi_end(&scope);
	return there;
}

/* ---- shards ---- */

List *
ys_relay_shards(int relay_id)
{
	YsSpiScope	scope;
	List	   *shards = NIL;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT shard_id, parent_id, generation, checkpoint, finished "
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
	char		nulls[] = "      ";

	if (shard->parent_id == NULL)
		nulls[2] = 'n';
	if (shard->checkpoint == NULL)
		nulls[4] = 'n';
	ys_spi_begin(&scope);
	ys_spi_execute("INSERT INTO yottastore_internal.relay_shard "
				   "(relay_id, shard_id, parent_id, generation, checkpoint, finished) "
				   "VALUES ($1, $2, $3, $4, $5, $6) "
				   "ON CONFLICT (relay_id, shard_id) DO UPDATE SET "
				   "checkpoint = EXCLUDED.checkpoint, finished = EXCLUDED.finished",
				   SPI_OK_INSERT, 6, (Oid[]) {INT4OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, BOOLOID},
				   (Datum[])
				   {
					   Int32GetDatum(relay_id), CStringGetTextDatum(shard->shard_id),
					   text_or_null(shard->parent_id), Int32GetDatum(shard->generation),
					   text_or_null(shard->checkpoint), BoolGetDatum(shard->finished)
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
