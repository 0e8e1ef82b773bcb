/*-------------------------------------------------------------------------
 * quarantine.c
 *	  The catalog of what could not be decoded or applied.
 *
 * A key is found by its hash: keys are longer than an index entry may be.
 * Trying again, a page of entries is marked, those that fail again lose the
 * mark, and what is still marked then is forgotten.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/json.h"
#include "catalog/quarantine.h"
#include "catalog/spi.h"

/* What is tried again together. */
#define PAGE_ENTRIES	"500"
#define PAGE_BYTES		"16777216"

/* Bytes of an untrusted key as text: NULL when they aren't valid in the database's encoding. */
static Datum
key_text(const YsQuarantined *event, bool *isnull)
{
	*isnull = event->key == NULL ||
		!pg_verifymbstr(event->key, (int) event->key_len, true);
	return *isnull ? (Datum) 0 :
		PointerGetDatum(cstring_to_text_with_len(event->key, (int) event->key_len));
}

static Datum
bytea_datum(const void *bytes, size_t len)
{
	bytea	   *datum = palloc(VARHDRSZ + len);

	SET_VARSIZE(datum, VARHDRSZ + len);
	if (len > 0)
		memcpy(VARDATA(datum), bytes, len);
	return PointerGetDatum(datum);
}

/* The parameters of what is done about one: policy, partition, offset, key, payload, reason, version, shard position. */
#define PARAMETERS	8

static void
execute(int policy_id, const YsQuarantined *event, const char *sql, int expected)
{
	Oid			types[PARAMETERS] = {INT4OID, INT4OID, INT8OID, TEXTOID, BYTEAOID, TEXTOID, BYTEAOID,
	TEXTOID};
	char		nulls[PARAMETERS + 1] = "        ";
	Datum		values[PARAMETERS];
	bool		no_key;

	values[0] = Int32GetDatum(policy_id);
	values[1] = Int32GetDatum(event->partition);
	values[2] = Int64GetDatum(event->offset);
	values[3] = key_text(event, &no_key);
	values[4] = event->payload != NULL ? bytea_datum(event->payload, event->payload_len) : (Datum) 0;
	values[5] = CStringGetTextDatum(event->reason);
	values[6] = event->has_version ? bytea_datum(event->version.bytes, YS_VERSION_SIZE) : (Datum) 0;
	values[7] = event->shard_position != NULL ? CStringGetTextDatum(event->shard_position) : (Datum) 0;
	if (event->partition < 0)
		nulls[1] = nulls[2] = 'n';
	if (no_key)
		nulls[3] = 'n';
	if (event->payload == NULL)
		nulls[4] = 'n';
	if (!event->has_version)
		nulls[6] = 'n';
	if (event->shard_position == NULL)
		nulls[7] = 'n';
	ys_spi_execute(sql, expected, PARAMETERS, types, values, nulls);
}

/* An entry of the key in $4; without key, of the payload in $5. */
#define SAME_KEY \
	"policy_id = $1 AND md5(item_key) IS NOT DISTINCT FROM md5($4) " \
	"AND item_key IS NOT DISTINCT FROM $4 AND (item_key IS NOT NULL OR payload = $5)"

/* The entry that was at the same place in the stream. */
#define SAME_PLACE \
	"policy_id = $1 AND (partition = $2 AND \"offset\" = $3 OR shard_position = $8)"

/* It is no replay, but of an epoch before: of the topic's former life, or read again by a resync. */
#define IS_OTHER \
	"CASE WHEN version IS NULL OR $7 IS NULL THEN (version, item_key, payload) IS DISTINCT FROM ($7, $4, $5) " \
	"ELSE version < $7 END"

#define COLUMNS		"(policy_id, partition, \"offset\", item_key, payload, reason, version, shard_position)"
#define VALUES		"$1, $2, $3, $4, $5, $6, $7, $8"

/* An item, and an entry that is one. */
#define is_item(event)	((event)->partition < 0 && (event)->shard_position == NULL)
#define IS_ITEM		"partition IS NULL AND shard_position IS NULL"

bool
ys_quarantine_insert(int policy_id, const YsQuarantined *event)
{
	YsSpiScope	scope;
	int64		dropped;
	bool		inserted;

	ys_spi_begin(&scope);
	execute(policy_id, event, "DELETE FROM yottastore_internal.quarantine "
			"WHERE " IS_ITEM " AND " SAME_KEY, SPI_OK_DELETE);
	dropped = (int64) SPI_processed;
	if (!is_item(event))
	{
		execute(policy_id, event, "DELETE FROM yottastore_internal.quarantine "
				"WHERE " SAME_PLACE " AND " IS_OTHER, SPI_OK_DELETE);
		dropped += (int64) SPI_processed;
		execute(policy_id, event, "INSERT INTO yottastore_internal.quarantine " COLUMNS
				" VALUES (" VALUES ") ON CONFLICT DO NOTHING",
				SPI_OK_INSERT);
	}
	else
		execute(policy_id, event, "INSERT INTO yottastore_internal.quarantine " COLUMNS
				" SELECT " VALUES " WHERE NOT EXISTS (SELECT FROM yottastore_internal.quarantine "
				"WHERE " SAME_KEY " AND NOT superseded)", SPI_OK_INSERT);
	inserted = SPI_processed > 0;
	ys_spi_end(&scope);
	return inserted && dropped == 0;
}

void
ys_quarantine_keep(int policy_id, const YsQuarantined *event)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	execute(policy_id, event, !is_item(event) ?
			"UPDATE yottastore_internal.quarantine SET reason = $6, retrying = false "
			"WHERE " SAME_PLACE :
			"UPDATE yottastore_internal.quarantine SET reason = $6, payload = $5, retrying = false, superseded = false "
			"WHERE " IS_ITEM " AND " SAME_KEY, SPI_OK_UPDATE);
	ys_spi_end(&scope);
}

bool
ys_quarantine_has_current(int policy_id)
{
	YsSpiScope	scope;
	bool		has;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT FROM yottastore_internal.quarantine "
				   "WHERE policy_id = $1 AND item_key IS NOT NULL AND NOT superseded LIMIT 1",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	has = SPI_processed > 0;
	ys_spi_end(&scope);
	return has;
}

void
ys_quarantine_supersede(int policy_id, bool items, int count, const YsWritten *written)
{
	YsSpiScope	scope;
	Datum	   *keys = palloc(sizeof(Datum) * Max(count, 1));
	Datum	   *versions = palloc(sizeof(Datum) * Max(count, 1));
	int			n = 0;

	for (int i = 0; i < count; i++)
	{
		/* no entry has a key that isn't text */
		if (!pg_verifymbstr(written[i].key, (int) written[i].key_len, true))
			continue;
		keys[n] = PointerGetDatum(cstring_to_text_with_len(written[i].key, (int) written[i].key_len));
		versions[n++] = bytea_datum(written[i].version->bytes, YS_VERSION_SIZE);
	}
	ys_spi_begin(&scope);
	ys_spi_execute("UPDATE yottastore_internal.quarantine q SET superseded = true "
				   "FROM unnest($2, $3) w (key, version) WHERE q.policy_id = $1 AND NOT q.superseded "
				   "AND md5(q.item_key) = md5(w.key) AND q.item_key = w.key "
				   "AND (q.version < w.version OR ($4 AND q.version IS NULL AND " IS_ITEM "))",
				   SPI_OK_UPDATE, 4, (Oid[]) {INT4OID, TEXTARRAYOID, BYTEAARRAYOID, BOOLOID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id),
					   PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT)),
					   PointerGetDatum(construct_array(versions, n, BYTEAOID, -1, false, TYPALIGN_INT)),
					   BoolGetDatum(items)
				   }, NULL);
	ys_spi_end(&scope);
}

int64
ys_quarantine_bytes(int policy_id)
{
	YsSpiScope	scope;
	int64		bytes;
	bool		isnull;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT COALESCE(sum(COALESCE(octet_length(payload), 0) + "
				   "COALESCE(octet_length(item_key), 0)), 0)::bigint "
				   "FROM yottastore_internal.quarantine WHERE policy_id = $1",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	bytes = DatumGetInt64(ys_spi_value(0, 1, &isnull));
	ys_spi_end(&scope);
	return bytes;
}

int64
ys_quarantine_discard_entries(int policy_id, int64 quarantine_id)
{
	YsSpiScope	scope;
	int64		discarded;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.quarantine "
				   "WHERE policy_id = $1 AND ($2 = 0 OR quarantine_id = $2)",
				   SPI_OK_DELETE, 2, (Oid[]) {INT4OID, INT8OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int64GetDatum(quarantine_id)}, NULL);
	discarded = (int64) SPI_processed;
	ys_spi_end(&scope);
	return discarded;
}

/* ---- trying again ---- */

/* A bytea, with what JSON readers want behind it; NULL: NULL. */
static const char *
copy_bytes(Datum datum, bool isnull, MemoryContext context, size_t *len)
{
	bytea	   *bytes;
	char	   *copy;

	*len = 0;
	if (isnull)
		return NULL;
	bytes = DatumGetByteaPP(datum);
	*len = VARSIZE_ANY_EXHDR(bytes);
	copy = MemoryContextAllocZero(context, *len + YS_JSON_PADDING);
	memcpy(copy, VARDATA_ANY(bytes), *len);
	return copy;
}

static void
read_entry(uint64 row, MemoryContext context, YsQuarantined *entry)
{
	bool		isnull;
	Datum		value;
	size_t		version_len;
	const char *version;

	entry->partition = DatumGetInt32(ys_spi_value(row, 2, &isnull));
	if (isnull)
		entry->partition = -1;
	entry->offset = DatumGetInt64(ys_spi_value(row, 3, &isnull));
	entry->key = ys_spi_text(row, 4, context);
	entry->key_len = entry->key != NULL ? strlen(entry->key) : 0;
	value = ys_spi_value(row, 5, &isnull);
	entry->payload = copy_bytes(value, isnull, context, &entry->payload_len);
	value = ys_spi_value(row, 6, &isnull);
	version = copy_bytes(value, isnull, CurrentMemoryContext, &version_len);
	entry->has_version = version_len == YS_VERSION_SIZE;
	if (entry->has_version)
		memcpy(entry->version.bytes, version, YS_VERSION_SIZE);
	entry->shard_position = ys_spi_text(row, 7, context);
}

void
ys_quarantine_read(int policy_id, bool items, int64 after, int64 only, YsQuarantinePage *page)
{
	YsSpiScope	scope;
	bool		isnull;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT quarantine_id, partition, \"offset\", item_key, payload, version, "
				   "shard_position FROM ("
				   "SELECT *, sum(octet_length(payload)) OVER (ORDER BY quarantine_id "
				   "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes "
				   "FROM yottastore_internal.quarantine WHERE policy_id = $1 "
				   "AND (" IS_ITEM ") = $2 AND quarantine_id > $3 "
				   "AND ($4 = 0 OR quarantine_id = $4) ORDER BY quarantine_id LIMIT " PAGE_ENTRIES
				   ") s WHERE bytes IS NULL OR bytes < " PAGE_BYTES " ORDER BY quarantine_id",
				   SPI_OK_SELECT, 4, (Oid[]) {INT4OID, BOOLOID, INT8OID, INT8OID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id), BoolGetDatum(items), Int64GetDatum(after),
					   Int64GetDatum(only)
				   }, NULL);
	page->count = (int) SPI_processed;
	page->ids = MemoryContextAllocZero(scope.caller, sizeof(int64) * Max(page->count, 1));
	page->entries = MemoryContextAllocZero(scope.caller, sizeof(YsQuarantined) * Max(page->count, 1));
	for (int i = 0; i < page->count; i++)
	{
		page->ids[i] = DatumGetInt64(ys_spi_value(i, 1, &isnull));
		read_entry(i, scope.caller, &page->entries[i]);
	}
	ys_spi_end(&scope);
}

/* Run a statement on the entries of a page.  Returns how many it found. */
static int64
execute_page(const YsQuarantinePage *page, const char *sql, int expected)
{
	YsSpiScope	scope;
	Datum	   *ids = palloc(sizeof(Datum) * Max(page->count, 1));
	int64		found;

	for (int i = 0; i < page->count; i++)
		ids[i] = Int64GetDatum(page->ids[i]);
	ys_spi_begin(&scope);
	ys_spi_execute(sql, expected, 1, (Oid[]) {INT8ARRAYOID},
				   (Datum[])
				   {
					   PointerGetDatum(construct_array(ids, page->count, INT8OID, 8,
													   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE))
				   }, NULL);
	found = (int64) SPI_processed;
	ys_spi_end(&scope);
	return found;
}

void
ys_quarantine_mark(const YsQuarantinePage *page)
{
	(void) execute_page(page, "UPDATE yottastore_internal.quarantine SET retrying = true "
						"WHERE quarantine_id = ANY($1)", SPI_OK_UPDATE);
}

int64
ys_quarantine_release(const YsQuarantinePage *page)
{
	return execute_page(page, "DELETE FROM yottastore_internal.quarantine "
						"WHERE quarantine_id = ANY($1) AND retrying", SPI_OK_DELETE);
}
