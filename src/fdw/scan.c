/*-------------------------------------------------------------------------
 * scan.c
 *	  Executing a foreign scan.
 *
 * Nothing is asked of the store before the first row is: EXPLAIN and scans
 * that are never run cost nothing.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "parser/parsetree.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "catalog/secondary.h"
#include "catalog/server.h"
#include "compat.h"
#include "fdw/ahead.h"
#include "fdw/fdw.h"
#include "fdw/scan.h"

List *
ys_scan_filter_clauses(const YsScan *scan, ForeignScan *plan)
{
	List	   *clauses = list_copy_tail(plan->fdw_exprs, scan->nconditions);

	return list_truncate(clauses, intVal(list_nth(plan->fdw_private, YS_SCAN_NFILTERS)));
}

static List *
wide_clauses(const YsScan *scan, ForeignScan *plan)
{
	int			before = scan->nconditions + intVal(list_nth(plan->fdw_private, YS_SCAN_NFILTERS));

	return list_truncate(list_copy_tail(plan->fdw_exprs, before),
						 intVal(list_nth(plan->fdw_private, YS_SCAN_NWIDE)));
}

/* A count has no scan relation, but it is of one. */
static Oid
scanned_table(ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;

	return exec_rt_fetch(bms_next_member(plan->fs_relids, -1), node->ss.ps.state)->relid;
}

/*
 * Who counts rows checks them here, and the executor not again.  Rows that the executor has changed don't come through
 * here.
 */
static void
take_conditions(ForeignScanState *node, YsScan *scan)
{
	scan->checks = scan->answer != NULL && ys_answer_counts(scan->answer) && node->ss.ps.state->es_epq_active == NULL;
	if (!scan->checks)
		return;
	scan->qual = node->ss.ps.qual;
	node->ss.ps.qual = NULL;
}

void
ys_begin_scan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	int			flags = intVal(list_nth(plan->fdw_private, YS_SCAN_FLAGS));
	List	   *columns = list_nth(plan->fdw_private, YS_SCAN_COLUMNS);
	YsScan	   *scan = palloc0(sizeof(YsScan));
	int			param = intVal(list_nth(plan->fdw_private, YS_SCAN_WINDOW));
	YsFetchRequest request;

	node->fdw_state = scan;
	scan->nsegments = intVal(list_nth(plan->fdw_private, YS_SCAN_SEGMENTS));
	scan->parallel_aware = plan->scan.plan.parallel_aware;
	scan->source = ys_source_load(scanned_table(node));
	ys_scan_init_conditions(scan, plan->fdw_private, plan->fdw_exprs, (PlanState *) node);
	scan->reader = ys_row_reader_create(scan->source, columns);
	scan->filter = ys_filter_create(scan->source, plan->scan.scanrelid,
									scan->operation == YS_OPERATION_QUERY ? &scan->schema : NULL,
									ys_scan_filter_clauses(scan, plan), columns,
									(PlanState *) node);
	scan->wide = ys_filter_create(scan->source, plan->scan.scanrelid, NULL,
								  wide_clauses(scan, plan), columns, (PlanState *) node);
	scan->order = (flags & YS_SCAN_DESCENDING) != 0 ? -1 : (flags & YS_SCAN_ASCENDING) != 0;
	scan->counts = (flags & YS_SCAN_COUNT) != 0;
	scan->wanted = intVal(list_nth(plan->fdw_private, YS_SCAN_WANTED));
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	if (param >= 0)
		scan->window = ys_ahead_window(node->ss.ps.state, param);
	if (scan->window != NULL || ys_is_answered(plan))
		ys_row_want_keys(scan->reader);

	scan->store = ys_server_store(scan->source->serverid,
								  ys_scan_user_compat(plan, node->ss.ps.state));
	request = (YsFetchRequest) {
		.store = scan->store,
		.source = scan->source,
		.attributes = ys_row_attributes(scan->reader),
		.consistent = (flags & YS_SCAN_CONSISTENT) != 0 ||
			(ys_is_answered(plan) && ys_answer_reads_strongly(scan->source)),
		.few = (flags & YS_SCAN_FEW) != 0
	};
	scan->key_context = AllocSetContextCreate(CurrentMemoryContext, "yottastore keys",
											  ALLOCSET_SMALL_SIZES);
	scan->fetch = ys_fetch_create(&request);
	if (node->ss.ps.async_capable)
		ys_fetch_dont_wait(scan->fetch);
	if (ys_is_answered(plan))
		scan->answer = ys_answer_create(node, scan->source, &request);
	take_conditions(node, scan);
	if (scan->window != NULL)
		ys_window_open(scan->window, &request, scan->operation == YS_OPERATION_QUERY, scan->index);
}

/* What the store is to send of what the conditions were evaluated to; false: there is nothing. */
static bool
evaluate_filter(YsScan *scan, ExprContext *econtext)
{
	YsFilter   *filter = scan->beyond_index && scan->wide != NULL ? scan->wide : scan->filter;

	scan->filter_expr = NULL;
	return filter == NULL || ys_filter_evaluate(filter, econtext, &scan->filter_expr);
}

/* Was what the conditions were evaluated to fetched ahead? */
static bool
find_in_window(YsScan *scan)
{
	YsMember	members[3];
	YsValue		key;

	return scan->window != NULL && ys_scan_window_key(scan, members, &key) &&
		ys_window_find(scan->window, &key, &scan->found);
}

/* start_key: behind this one; or NULL */
static void
start_pages(YsScan *scan, const YsValue *start_key)
{
	bool		is_query = scan->operation == YS_OPERATION_QUERY && !scan->beyond_index;
	YsFetchPages pages = {
		.nchains = is_query ? scan->keys[0].count : Max(scan->nsegments, 1),
		.key_condition = is_query ? ys_scan_key_condition : NULL,
		.condition_arg = scan,
		.start_key = start_key,
		.filter = scan->filter_expr,
		.wanted = scan->beyond_index ? 0 : scan->wanted,
		.backward = scan->order < 0,
		.count_only = scan->counts,
	};

	if (!scan->source->allow_scan && !is_query)
		pages.no_index = ys_answer_why_not(scan->answer, scan->source, &pages.index_hint);

	if (scan->index != NULL && is_query)
	{
		if (!scan->verified)
			ys_secondary_verify(scan->store, scan->source, scan->index);
		scan->verified = true;
		pages.index = scan->index->info->name;
	}
	if (scan->parallel_aware)
		ys_parallel_share(&scan->parallel, &pages);
	scan->nbeyond += scan->beyond_index;
	ys_fetch_start_pages(scan->fetch, &pages);
}

static void
start_fetch(ForeignScanState *node, YsScan *scan)
{
	MemoryContext old;

	scan->started = true;
	scan->counted = false;
	scan->from_window = false;
	scan->from_index = scan->answer != NULL && ys_answer_begin(scan->answer);
	if (scan->from_index)
		return;
	MemoryContextReset(scan->key_context);
	old = MemoryContextSwitchTo(scan->key_context);
	if (!ys_scan_evaluate(scan, node->ss.ps.ps_ExprContext) ||
		!evaluate_filter(scan, node->ss.ps.ps_ExprContext))
		ys_fetch_stop(scan->fetch);
	else if (find_in_window(scan))
		scan->from_window = true;
	else if (scan->operation == YS_OPERATION_QUERY || scan->operation == YS_OPERATION_SCAN)
		start_pages(scan, NULL);
	else
		ys_fetch_start_keys(scan->fetch, scan->schema.nkeys, scan->keys);
	MemoryContextSwitchTo(old);
}

/* Rows of the scan below, which stands in when the store can't be asked. */
static int64
count_rows(PlanState *child)
{
	MemoryContext old = MemoryContextSwitchTo(child->state->es_query_cxt);
	TupleTableSlot *slot = ExecProcNode(child);
	int64		count = 0;

	for (; !TupIsNull(slot); slot = ExecProcNode(child))
		count++;
	MemoryContextSwitchTo(old);
	return count;
}

/* The one row of a count: each of its columns is the number. */
static TupleTableSlot *
fill_count(ForeignScanState *node, YsScan *scan)
{
	TupleTableSlot *slot = ExecClearTuple(node->ss.ss_ScanTupleSlot);
	int			natts = slot->tts_tupleDescriptor->natts;
	int64		count;

	if (scan->counted)
		return slot;
	count = scan->left_out ? count_rows(outerPlanState(node)) :
		ys_fetch_count(scan->fetch);
	if (ys_fetch_is_pending(scan->fetch))
		return slot;
	scan->counted = true;
	for (int i = 0; i < natts; i++)
	{
		slot->tts_values[i] = Int64GetDatum(count);
		slot->tts_isnull[i] = false;
	}
	return ExecStoreVirtualTuple(slot);
}

static const YsValue *
next_item(YsScan *scan)
{
	if (scan->from_index)
		return ys_answer_next(scan->answer);
	if (scan->from_window && scan->found.count > 0)
	{
		scan->found.count--;
		return scan->found.items++;
	}
	if (scan->from_window && scan->found.last_key != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(scan->key_context);

		start_pages(scan, scan->found.last_key);
		scan->from_window = false;
		MemoryContextSwitchTo(old);
	}
	return scan->from_window ? NULL : ys_fetch_next(scan->fetch);
}

/* Is the row to be returned, as far as that is decided here? */
static bool
passes(ForeignScanState *node, YsScan *scan, TupleTableSlot *slot)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	if (!scan->checks)
		return true;
	econtext->ecxt_scantuple = slot;
	if (!ExecQual(scan->qual, econtext))
	{
		InstrCountFiltered1(node, 1);
		ResetExprContext(econtext);
		CHECK_FOR_INTERRUPTS();
		return false;
	}
	if (scan->from_index)
		ys_answer_note(scan->answer, slot);
	return true;
}

TupleTableSlot *
ys_iterate_scan(ForeignScanState *node)
{
	YsScan	   *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	const YsValue *item;

	if (!scan->started)
		start_fetch(node, scan);
	if (scan->counts)
		return fill_count(node, scan);
	do
	{
		item = next_item(scan);
		if (item == NULL)
			return ExecClearTuple(slot);
		ys_row_fill(scan->reader, item, slot);
	} while (!passes(node, scan, slot));
	return slot;
}

void
ys_rescan(ForeignScanState *node)
{
	YsScan	   *scan = node->fdw_state;

	ys_fetch_stop(scan->fetch);
	if (scan->answer != NULL)
		ys_answer_reset(scan->answer);
	scan->started = false;
}

YsCounted
ys_scan_counted(const YsScan *scan)
{
	return (YsCounted) {
		.fetch = *(scan->from_index ? ys_answer_counters(scan->answer) :
				   ys_fetch_counters(scan->fetch)),
		.mismatches = scan->reader->mismatches
	};
}

void
ys_end_scan(ForeignScanState *node)
{
	YsScan	   *scan = node->fdw_state;

	if (scan != NULL && scan->fetch != NULL)
	{
		YsCounted	counted = ys_scan_counted(scan);

		ys_fetch_stop(scan->fetch);
		ys_totals_end(&scan->parallel.totals, &counted);
	}
	if (scan != NULL && scan->answer != NULL)
		ys_answer_reset(scan->answer);
}
