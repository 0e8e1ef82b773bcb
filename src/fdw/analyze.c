/*-------------------------------------------------------------------------
 * analyze.c
 *	  ANALYZE: a sample of a store's table, and an estimate of its size.
 *
 * However big the table is, no more than yottastore.analyze_pages pages are
 * read of it, besides a few that tell how to spread them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"

#include "base/memory.h"
#include "catalog/sample.h"
#include "catalog/server.h"
#include "errors.h"
#include "fdw/fdw.h"
#include "fdw/row.h"
#include "guc.h"

/* Rows that are kept of those seen: each as likely as any other (Vitter). */
typedef struct Collector
{
	YsRowReader *reader;
	TupleTableSlot *slot;
	MemoryContext row_context;	/* reset with every row */
	HeapTuple  *rows;
	int			wanted;
	int			kept;
	double		seen;
	double		to_skip;
	ReservoirStateData reservoir;
} Collector;

/* What the store says of the table's size, with the rights of the table's owner. */
static YsTableInfo
describe(Relation relation, const YsSource *source, YsStore **store)
{
	YsArena		arena;
	YsTableInfo info;
	YsError		err;

	*store = ys_server_store(source->serverid, relation->rd_rel->relowner);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_store_describe_table(*store, source->table, &arena, &info, &err))
		ys_error_throw(&err);
	ys_arena_free(&arena);
	return info;
}

/* Where the next row goes; -1: nowhere. */
static int
choose_place(Collector *collector)
{
	int			place = -1;

	collector->seen++;
	if (collector->kept < collector->wanted)
		return collector->kept++;
	if (collector->to_skip < 0)
		collector->to_skip = reservoir_get_next_S(&collector->reservoir, collector->seen,
												  collector->wanted);
	if (collector->to_skip <= 0)
	{
		place = (int) (collector->wanted *
					   sampler_random_fract(&collector->reservoir.randstate));
		heap_freetuple(collector->rows[place]);
	}
	collector->to_skip--;
	return place;
}

static void
collect_row(void *arg, const YsValue *item)
{
	Collector  *collector = arg;
	int			place = choose_place(collector);
	MemoryContext old;

	if (place < 0)
		return;
	old = MemoryContextSwitchTo(collector->row_context);
	ys_row_fill(collector->reader, item, collector->slot);
	MemoryContextSwitchTo(old);
	collector->rows[place] = ExecCopySlotHeapTuple(collector->slot);
	MemoryContextReset(collector->row_context);
}

/* A misfit is NULL to ANALYZE, whatever the column says. */
static YsRowReader *
create_reader(YsSource *source)
{
	List	   *columns = NIL;

	for (int i = 0; i < source->natts; i++)
	{
		source->columns[i].error_on_mismatch = false;
		if (source->columns[i].kind != YS_COLUMN_DROPPED)
			columns = lappend_int(columns, i + 1);
	}
	return ys_row_reader_create(source, columns);
}

/*
 * The store's own count may be hours old, and some stores have none: what
 * was seen is the least it can be.
 */
static double
estimate_items(const YsSample *sample, int segments, int64 item_count)
{
	if (sample->whole)
		return sample->items;
	if (item_count > sample->items)
		return item_count;
	return rint((double) sample->items / Max(sample->segments, 1) * segments);
}

/* AcquireSampleRowsFunc */
static int
acquire_rows(Relation relation, int elevel, HeapTuple *rows, int wanted, double *total,
			 double *dead)
{
	YsSource   *source = ys_source_load(RelationGetRelid(relation));
	Collector	collector = {.rows = rows, .wanted = wanted, .to_skip = -1};
	YsSampleRequest request = {.table = source->table, .pages = ys_guc_analyze_pages};
	YsTableInfo info = describe(relation, source, &request.store);
	YsSample	sample;

	collector.reader = create_reader(source);
	collector.slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual);
	collector.row_context = AllocSetContextCreate(CurrentMemoryContext, "yottastore sampled row",
												  ALLOCSET_DEFAULT_SIZES);
	reservoir_init_selection_state(&collector.reservoir, wanted);

	request.filter = ys_row_attributes(collector.reader);
	sample = ys_sample_spread(&request, info.size_bytes, collect_row, &collector);

	*total = estimate_items(&sample, request.segments, info.item_count);
	*dead = 0;
	ExecDropSingleTupleTableSlot(collector.slot);
	MemoryContextDelete(collector.row_context);
	ereport(elevel,
			(errmsg("\"%s\": read " INT64_FORMAT " items in " INT64_FORMAT " pages of the store, "
					"about %.0f items in all; %d rows in sample",
					RelationGetRelationName(relation), sample.items, sample.pages, *total,
					collector.kept)));
	return collector.kept;
}

/* pages: the table's size, which costs and samples of a partitioned table go by. */
bool
ys_analyze_table(Relation relation, AcquireSampleRowsFunc *acquire, BlockNumber *pages)
{
	YsStore    *store;
	YsTableInfo info = describe(relation, ys_source_load(RelationGetRelid(relation)), &store);
	double		bytes = info.size_bytes;

	if (bytes < 0)
		bytes = (info.item_count >= 0 ? info.item_count : YS_ASSUMED_ITEMS) * YS_ASSUMED_ITEM_BYTES;
	/* of nothing nothing would be sampled, though the store's number may be old */
	*pages = (BlockNumber) Min(Max(ceil(bytes / BLCKSZ), 1.0), (double) MaxBlockNumber);
	*acquire = acquire_rows;
	return true;
}
