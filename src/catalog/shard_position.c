/*-------------------------------------------------------------------------
 * shard_position.c
 *	  Where a policy is in the shards of its store's own stream.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "catalog/shard_position.h"
#include "catalog/spi.h"

/* A text column that fits size bytes; NULL becomes empty. */
static void
read_text(uint64 row, int column, char *text, size_t size)
{
	const char *value = ys_spi_text(row, column, CurrentMemoryContext);

	if (value != NULL && strlcpy(text, value, size) >= size)
		elog(ERROR, "a shard's position is too long");
}

int
ys_shard_position_load(int policy_id, YsShardPosition **positions)
{
	YsSpiScope	scope;
	int			count;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT shard_id, parent_id, generation, checkpoint, whole, finished "
				   "FROM yottastore_internal.shard_position WHERE policy_id = $1 "
				   "ORDER BY generation, shard_id",
				   SPI_OK_SELECT, 1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)}, NULL);
	count = (int) SPI_processed;
	*positions = MemoryContextAllocZero(scope.caller, sizeof(YsShardPosition) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		YsShardPosition *position = &(*positions)[i];
		bool		isnull;

		read_text(i, 1, position->id, sizeof(position->id));
		read_text(i, 2, position->parent, sizeof(position->parent));
		position->generation = DatumGetInt32(ys_spi_value(i, 3, &isnull));
		read_text(i, 4, position->sequence, sizeof(position->sequence));
		position->whole = DatumGetBool(ys_spi_value(i, 5, &isnull));
		position->finished = DatumGetBool(ys_spi_value(i, 6, &isnull));
	}
	ys_spi_end(&scope);
	return count;
}

void
ys_shard_position_save(int policy_id, const YsShardPosition *position)
{
	YsSpiScope	scope;
	char		nulls[] = "       ";

	if (position->parent[0] == '\0')
		nulls[2] = 'n';
	if (position->sequence[0] == '\0')
		nulls[4] = 'n';
	ys_spi_begin(&scope);
	ys_spi_execute("INSERT INTO yottastore_internal.shard_position "
				   "(policy_id, shard_id, parent_id, generation, checkpoint, whole, finished) "
				   "VALUES ($1, $2, $3, $4, $5, $6, $7) "
				   "ON CONFLICT (policy_id, shard_id) DO UPDATE SET "
				   "checkpoint = EXCLUDED.checkpoint, whole = EXCLUDED.whole, "
				   "finished = EXCLUDED.finished",
				   SPI_OK_INSERT, 7,
				   (Oid[]) {INT4OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, BOOLOID, BOOLOID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id), CStringGetTextDatum(position->id),
					   CStringGetTextDatum(position->parent), Int32GetDatum(position->generation),
					   CStringGetTextDatum(position->sequence), BoolGetDatum(position->whole),
					   BoolGetDatum(position->finished)
				   }, nulls);
	ys_spi_end(&scope);
}

void
ys_shard_position_forget(int policy_id, const char *shard)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.shard_position "
				   "WHERE policy_id = $1 AND shard_id = $2",
				   SPI_OK_DELETE, 2, (Oid[]) {INT4OID, TEXTOID},
				   (Datum[]) {Int32GetDatum(policy_id), CStringGetTextDatum(shard)}, NULL);
	ys_spi_end(&scope);
}
