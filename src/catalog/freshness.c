/*-------------------------------------------------------------------------
 * freshness.c
 *	  How far a policy's index is, and waiting until it is far enough.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/freshness.h"
#include "catalog/relay.h"
#include "catalog/server.h"
#include "catalog/spi.h"
#include "errors.h"

/* The brokers get so long at least to say where a topic ends. */
#define LOOK_MS		1000

/* Look again after that long at the latest: nobody may be left to wake us, and on a standby there is nobody. */
#define SLEEP_MS			1000
#define STANDBY_SLEEP_MS	100

/* A relay that runs sends watermarks every second or so, wherever it is. */
#define SILENCE_MS	10000

/* ---- reading ---- */

/*
 * A relocation that waits to begin counts, too: the rows are where areas were before.  Events whose
 * key can't be read may be about any item.
 */
#define READ_FRESHNESS \
	"SELECT p.policy_id, p.phase, p.reason, " YS_POLICY_OWNER ", p.source, COALESCE(p.stream, 0), p.index_table, " \
	"o.partitions, o.next_offsets, o.high_offsets, o.watermarks, " \
	"EXISTS (SELECT FROM yottastore_internal.job j WHERE j.policy_id = p.policy_id " \
	"AND j.kind = 'relocate' AND j.state IN ('QUEUED', 'RUNNING')), " \
	"p.areas_fingerprint, p.areas_reached, p.synonyms_fingerprint, p.synonyms_mixed, " \
	"p.functions_fingerprint, p.functions_mixed, " \
	"EXISTS (SELECT FROM yottastore_internal.quarantine q WHERE q.policy_id = p.policy_id AND md5(q.item_key) IS NULL), " \
	"EXISTS (SELECT FROM yottastore_internal.quarantine q WHERE q.policy_id = p.policy_id " \
	"AND q.item_key IS NOT NULL AND NOT q.superseded), p.epoch, p.store_table " \
	"FROM yottastore_internal.policy p CROSS JOIN LATERAL (" \
	"SELECT array_agg(partition ORDER BY partition) AS partitions, " \
	"array_agg(next_offset ORDER BY partition) AS next_offsets, " \
	"array_agg(high_offset ORDER BY partition) AS high_offsets, " \
	"array_agg(watermark ORDER BY partition) AS watermarks " \
	"FROM yottastore_internal.position t WHERE t.policy_id = p.policy_id) o " \
	"WHERE p.name = $1 AND p.rebuilds IS NULL"

enum
{
	COLUMN_POLICY = 1, COLUMN_PHASE, COLUMN_REASON, COLUMN_OWNER, COLUMN_SOURCE, COLUMN_STREAM, COLUMN_INDEX_TABLE,
	COLUMN_PARTITIONS, COLUMN_NEXT_OFFSETS, COLUMN_HIGH_OFFSETS, COLUMN_WATERMARKS,
	COLUMN_RELOCATING, COLUMN_AREAS, COLUMN_AREAS_REACHED, COLUMN_SYNONYMS, COLUMN_SYNONYMS_MIXED,
	COLUMN_FUNCTIONS, COLUMN_FUNCTIONS_MIXED,
	COLUMN_LOST_KEYS, COLUMN_QUARANTINES, COLUMN_EPOCH, COLUMN_STORE_TABLE
};

/* A column that is an array: its elements; NULL: it has none. */
static int
read_array(int column, Oid type, Datum **elements, bool **nulls)
{
	bool		isnull;
	Datum		array = ys_spi_value(0, column, &isnull);
	int			count;

	if (isnull)
		return 0;
	deconstruct_array(DatumGetArrayTypeP(array), type, type == INT4OID ? 4 : 8, true,
					  type == INT4OID ? TYPALIGN_INT : TYPALIGN_DOUBLE, elements, nulls, &count);
	return count;
}

static void
read_positions(YsFreshness *freshness, MemoryContext context)
{
	Datum	   *partitions;
	Datum	   *next_offsets;
	Datum	   *high_offsets;
	Datum	   *watermarks;
	bool	   *nulls;
	bool	   *no_watermarks;

	freshness->count = read_array(COLUMN_PARTITIONS, INT4OID, &partitions, &nulls);
	freshness->has_watermarks = freshness->count > 0;
	freshness->up_to = DT_NOEND;
	if (freshness->count == 0)
		return;
	(void) read_array(COLUMN_NEXT_OFFSETS, INT8OID, &next_offsets, &nulls);
	(void) read_array(COLUMN_HIGH_OFFSETS, INT8OID, &high_offsets, &nulls);
	(void) read_array(COLUMN_WATERMARKS, TIMESTAMPTZOID, &watermarks, &no_watermarks);
	freshness->positions = MemoryContextAllocZero(context, freshness->count * sizeof(YsPolicyPosition));
	for (int i = 0; i < freshness->count; i++)
	{
		YsPolicyPosition *position = &freshness->positions[i];

		position->partition = DatumGetInt32(partitions[i]);
		position->next_offset = DatumGetInt64(next_offsets[i]);
		position->high_offset = DatumGetInt64(high_offsets[i]);
		position->has_watermark = !no_watermarks[i];
		position->watermark = position->has_watermark ? DatumGetTimestampTz(watermarks[i]) : 0;
		if (!position->has_watermark)
			freshness->has_watermarks = false;
		else
			freshness->up_to = Min(freshness->up_to, position->watermark);
	}
}

bool
ys_freshness_read(const char *policy, Snapshot snapshot, YsFreshness *freshness)
{
	MemoryContext context = CurrentMemoryContext;
	YsSpiScope	scope;
	bool		found;
	bool		isnull;
	char	   *phase;

	memset(freshness, 0, sizeof(*freshness));
	ys_spi_begin(&scope);
	ys_spi_read(READ_FRESHNESS, snapshot, 1, (Oid[]) {NAMEOID},
				(Datum[]) {DirectFunctionCall1(namein, CStringGetDatum(policy))});
	found = SPI_processed > 0;
	if (found)
	{
		freshness->policy_id = DatumGetInt32(ys_spi_value(0, COLUMN_POLICY, &isnull));
		freshness->name = MemoryContextStrdup(context, policy);
		phase = ys_spi_text(0, COLUMN_PHASE, CurrentMemoryContext);
		freshness->phase = ys_phase_by_name(phase);
		freshness->reason = ys_spi_text(0, COLUMN_REASON, context);
		freshness->owner = DatumGetObjectId(ys_spi_value(0, COLUMN_OWNER, &isnull));
		freshness->source = DatumGetObjectId(ys_spi_value(0, COLUMN_SOURCE, &isnull));
		freshness->stream = DatumGetObjectId(ys_spi_value(0, COLUMN_STREAM, &isnull));
		freshness->index_table = DatumGetObjectId(ys_spi_value(0, COLUMN_INDEX_TABLE, &isnull));
		freshness->relocating = DatumGetBool(ys_spi_value(0, COLUMN_RELOCATING, &isnull));
		freshness->areas = (uint64) DatumGetInt64(ys_spi_value(0, COLUMN_AREAS, &isnull));
		freshness->areas_noted = !isnull;
		freshness->areas_reached = DatumGetBool(ys_spi_value(0, COLUMN_AREAS_REACHED, &isnull));
		freshness->synonyms = (uint64) DatumGetInt64(ys_spi_value(0, COLUMN_SYNONYMS, &isnull));
		freshness->synonyms_mixed = isnull || DatumGetBool(ys_spi_value(0, COLUMN_SYNONYMS_MIXED, &isnull));
		freshness->functions = (uint64) DatumGetInt64(ys_spi_value(0, COLUMN_FUNCTIONS, &isnull));
		freshness->functions_mixed = isnull || DatumGetBool(ys_spi_value(0, COLUMN_FUNCTIONS_MIXED, &isnull));
		freshness->lost_keys = DatumGetBool(ys_spi_value(0, COLUMN_LOST_KEYS, &isnull));
		freshness->quarantines = DatumGetBool(ys_spi_value(0, COLUMN_QUARANTINES, &isnull));
		freshness->epoch = DatumGetInt32(ys_spi_value(0, COLUMN_EPOCH, &isnull));
		freshness->store_table = ys_spi_text(0, COLUMN_STORE_TABLE, context);
		read_positions(freshness, context);
	}
	ys_spi_end(&scope);
	return found;
}

bool
ys_freshness_is_of_now(const YsFreshness *freshness)
{
	YsSpiScope	scope;
	bool		is_of_now;

	ys_spi_begin(&scope);
	/* as catalogs are read: also while a plan runs in parallel */
	ys_spi_read("SELECT FROM yottastore_internal.policy WHERE policy_id = $1 AND epoch = $2", GetCatalogSnapshot(ys_policies_relid()),
				2, (Oid[]) {INT4OID, INT4OID}, (Datum[]) {Int32GetDatum(freshness->policy_id), Int32GetDatum(freshness->epoch)});
	is_of_now = SPI_processed > 0;
	ys_spi_end(&scope);
	return is_of_now;
}

char *
ys_freshness_trouble(const char *policy)
{
	MemoryContext context = CurrentMemoryContext;
	YsSpiScope	scope;
	char	   *trouble;

	ys_spi_begin(&scope);
	ys_spi_read("SELECT reason FROM yottastore.index_lag WHERE policy = $1", NULL, 1, (Oid[]) {NAMEOID},
				(Datum[]) {DirectFunctionCall1(namein, CStringGetDatum(policy))});
	trouble = SPI_processed > 0 ? ys_spi_text(0, 1, context) : NULL;
	ys_spi_end(&scope);
	return trouble;
}

List *
ys_freshness_quarantined_keys(int policy_id, Snapshot snapshot)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *keys = NIL;
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_read("SELECT DISTINCT item_key FROM yottastore_internal.quarantine "
				"WHERE policy_id = $1 AND item_key IS NOT NULL AND NOT superseded", snapshot,
				1, (Oid[]) {INT4OID}, (Datum[]) {Int32GetDatum(policy_id)});
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *key = ys_spi_text(i, 1, context);
		MemoryContext spi = MemoryContextSwitchTo(context);

		keys = lappend(keys, key);
		MemoryContextSwitchTo(spi);
	}
	ys_spi_end(&scope);
	return keys;
}

/* ---- goals ---- */

bool
ys_freshness_is_last(TimestampTz watermark, Oid stream)
{
	return OidIsValid(stream) && TimestampDifferenceExceeds(watermark, GetCurrentTimestamp(), SILENCE_MS) &&
		ys_relay_feeding(stream) == 0;
}

bool
ys_freshness_is_unfed(const YsFreshness *freshness)
{
	return freshness->has_watermarks && ys_freshness_is_last(freshness->up_to, freshness->stream);
}

/* Nothing but where the topic ends tells how far it is. */
static bool
goes_by_ends(const YsFreshness *freshness)
{
	return !freshness->has_watermarks && freshness->count > 0 && OidIsValid(freshness->stream) &&
		ys_relay_feeding(freshness->stream) == 0;
}

static bool
reached_ends(const YsFreshness *freshness, const YsFreshnessGoal *goal)
{
	for (int e = 0; e < goal->nends; e++)
	{
		bool		reached = false;

		for (int i = 0; i < freshness->count; i++)
			reached = reached || (freshness->positions[i].partition == goal->ends[e].partition &&
								  freshness->positions[i].next_offset >= goal->ends[e].high);
		if (!reached)
			return false;
	}
	return true;
}

bool
ys_freshness_reaches(const YsFreshness *freshness, const YsFreshnessGoal *goal)
{
	if (freshness->phase != YS_PHASE_LIVE)
		return false;
	if (freshness->has_watermarks)
		return freshness->up_to >= goal->up_to;
	return goal->ends_known && reached_ends(freshness, goal);
}

bool
ys_freshness_find_ends(const YsFreshness *freshness, YsFreshnessGoal *goal, long timeout_ms, YsError *err)
{
	YsStreamConfig *config;
	YsArena		arena;

	if (goal->ends_known || freshness->phase != YS_PHASE_LIVE || GetCurrentTimestamp() < goal->up_to ||
		!goes_by_ends(freshness))
		return true;
	config = ys_server_stream(freshness->stream, freshness->owner);
	if (timeout_ms > 0)
		config->timeout_ms = (int) Min(config->timeout_ms, timeout_ms);
	/* its blocks live as long as the context */
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	goal->ends_known = ys_kafka_topic_offsets(config, &arena, &goal->nends, &goal->ends, err);
	return goal->ends_known;
}

/* ---- waiting ---- */

/* Will it get there if only one waits? */
static bool
may_reach(const YsFreshness *freshness)
{
	return freshness->phase == YS_PHASE_LIVE && !ys_freshness_is_unfed(freshness);
}

void
ys_freshness_join(const YsFreshness *freshness, YsWaiting *waiting)
{
	waiting->policy_id = freshness->policy_id;
	waiting->relay_id = OidIsValid(freshness->stream) ? ys_relay_feeding(freshness->stream) : 0;
	ys_waiters_join(waiting);
}

bool
ys_freshness_await(const char *policy, YsFreshnessGoal *goal, long timeout_ms)
{
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext round = AllocSetContextCreate(outer, "yottastore freshness", ALLOCSET_SMALL_SIZES);
	int64		deadline = ys_clock_ms() + timeout_ms;
	YsWaiting	waiting = {0};
	bool		reached = false;

	for (;;)
	{
		YsFreshness freshness;
		int64		left;
		YsError		err;

		MemoryContextReset(round);
		MemoryContextSwitchTo(round);
		if (!ys_freshness_read(policy, NULL, &freshness) || (waiting.policy_id != 0 && waiting.policy_id != freshness.policy_id))
			break;
		MemoryContextSwitchTo(outer);
		if (!ys_freshness_find_ends(&freshness, goal, Max(deadline - ys_clock_ms(), LOOK_MS), &err))
		{
			goal->trouble = pstrdup(err.message);
			break;
		}
		reached = ys_freshness_reaches(&freshness, goal);
		left = deadline - ys_clock_ms();
		if (reached || left <= 0 || !may_reach(&freshness))
			break;
		/* what commits after this is looked at next wakes us */
		if (waiting.policy_id == 0)
		{
			ys_freshness_join(&freshness, &waiting);
			continue;
		}
		(void) ys_wait_for(YS_WAIT_INDEX, -1, Min(left, RecoveryInProgress() ? STANDBY_SLEEP_MS : SLEEP_MS));
	}
	MemoryContextSwitchTo(outer);
	ys_waiters_leave(&waiting);
	MemoryContextDelete(round);
	return reached;
}
