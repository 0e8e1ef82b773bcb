/*-------------------------------------------------------------------------
 * quality.c
 *	  What is kept of the quality of a policy's values.
 *
 * All counters of a policy are one array in one row, which every batch
 * updates; what each of them means is written once, when the policy is made.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "catalog/quality.h"
#include "catalog/spi.h"

static const char *const kind_names[] = {
	[YS_QUALITY_SEEN] = "seen",
	[YS_QUALITY_NULLS] = "nulls",
	[YS_QUALITY_DEFAULTS] = "defaults",
	[YS_QUALITY_COERCED] = "coerced",
	[YS_QUALITY_REJECTED] = "rejected",
	[YS_QUALITY_PATH] = "path",
	[YS_QUALITY_FORMAT] = "format",
};

static void
out_of_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

static Datum
text_array(Datum *elements, bool *nulls, int count)
{
	int			dims[] = {count};
	int			lower[] = {1};

	return PointerGetDatum(construct_md_array(elements, nulls, 1, dims, lower, TEXTOID, -1, false,
											  TYPALIGN_INT));
}

void
ys_quality_declare(int policy_id, const YsPolicy *policy)
{
	YsSpiScope	scope;
	YsArena		arena;
	const YsQualityCounter *counters;
	int			count;
	Datum	   *columns[4];
	bool	   *nulls[4];
	Oid			types[] = {INT4OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	Datum		values[5];

	ys_spi_begin(&scope);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	counters = ys_quality_counters(policy, &arena, &count);
	if (counters == NULL)
		out_of_memory();
	for (int c = 0; c < lengthof(columns); c++)
	{
		columns[c] = palloc(sizeof(Datum) * Max(count, 1));
		nulls[c] = palloc(sizeof(bool) * Max(count, 1));
	}
	for (int i = 0; i < count; i++)
	{
		columns[0][i] = text_or_null(counters[i].field, &nulls[0][i]);
		columns[1][i] = text_or_null(counters[i].type, &nulls[1][i]);
		columns[2][i] = text_or_null(kind_names[counters[i].kind], &nulls[2][i]);
		columns[3][i] = text_or_null(counters[i].label, &nulls[3][i]);
	}
	values[0] = Int32GetDatum(policy_id);
	for (int c = 0; c < lengthof(columns); c++)
		values[c + 1] = text_array(columns[c], nulls[c], count);
	ys_spi_execute("INSERT INTO yottastore_internal.quality_counter (policy_id, field, type, kind, label, n) "
				   "SELECT $1, s.* FROM unnest($2, $3, $4, $5) WITH ORDINALITY s",
				   SPI_OK_INSERT, 5, types, values, NULL);
	ys_spi_execute("INSERT INTO yottastore_internal.quality (policy_id, counts) "
				   "VALUES ($1, pg_catalog.array_fill(0::bigint, ARRAY[$2]))",
				   SPI_OK_INSERT, 2, (Oid[]) {INT4OID, INT4OID},
				   (Datum[]) {Int32GetDatum(policy_id), Int32GetDatum(count)}, NULL);
	ys_spi_end(&scope);
}

static void
save_counts(int policy_id, const YsQuality *quality)
{
	int			count;
	const int64_t *counts = ys_quality_counts(quality, &count);
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = Int64GetDatum(counts[i]);
	ys_spi_execute("UPDATE yottastore_internal.quality q SET counts = "
				   "ARRAY(SELECT u.a + u.b FROM unnest(q.counts, $2) WITH ORDINALITY u(a, b, n) ORDER BY u.n) "
				   "WHERE policy_id = $1",
				   SPI_OK_UPDATE, 2, (Oid[]) {INT4OID, INT8ARRAYOID},
				   (Datum[])
				   {
					   Int32GetDatum(policy_id),
					   PointerGetDatum(construct_array(elements, count, INT8OID, sizeof(int64),
													   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE))
				   }, NULL);
}

static void
save_samples(int policy_id, YsQuality *quality)
{
	int			count;
	const YsQualitySample *samples = ys_quality_samples(quality, &count);
	Oid			types[] = {INT4OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	Datum		values[4];
	Datum	   *columns[3];

	if (samples == NULL)
		out_of_memory();
	if (count == 0)
		return;
	for (int c = 0; c < lengthof(columns); c++)
		columns[c] = palloc(sizeof(Datum) * count);
	for (int i = 0; i < count; i++)
	{
		columns[0][i] = CStringGetTextDatum(samples[i].field);
		columns[1][i] = PointerGetDatum(cstring_to_text_with_len(samples[i].value, (int) samples[i].value_len));
		columns[2][i] = CStringGetTextDatum(samples[i].reason);
	}
	values[0] = Int32GetDatum(policy_id);
	for (int c = 0; c < lengthof(columns); c++)
		values[c + 1] = text_array(columns[c], NULL, count);
	ys_spi_execute("INSERT INTO yottastore_internal.quality_sample AS q (policy_id, field, value, reason, seen_at) "
				   "SELECT $1, s.field, s.value, s.reason, "
				   "pg_catalog.now() + s.n * interval '1 microsecond' "
				   "FROM unnest($2, $3, $4) WITH ORDINALITY s(field, value, reason, n) "
				   "ON CONFLICT (policy_id, field, value) DO UPDATE SET reason = EXCLUDED.reason, "
				   "seen_at = EXCLUDED.seen_at",
				   SPI_OK_INSERT, 4, types, values, NULL);
	ys_spi_execute("DELETE FROM yottastore_internal.quality_sample q USING ("
				   "SELECT field, value, pg_catalog.row_number() OVER (PARTITION BY field ORDER BY seen_at DESC, value) "
				   "FROM yottastore_internal.quality_sample WHERE policy_id = $1 AND field = ANY ($2)) s(field, value, age) "
				   "WHERE q.policy_id = $1 AND q.field = s.field AND q.value = s.value AND s.age > $3",
				   SPI_OK_DELETE, 3, (Oid[]) {INT4OID, TEXTARRAYOID, INT4OID},
				   (Datum[]) {values[0], values[1], Int32GetDatum(YS_QUALITY_SAMPLES)}, NULL);
}

void
ys_quality_save(int policy_id, YsQuality *quality)
{
	YsSpiScope	scope;

	if (ys_quality_entries(quality) == 0)
		return;
	ys_spi_begin(&scope);
	save_counts(policy_id, quality);
	save_samples(policy_id, quality);
	ys_spi_end(&scope);
}
