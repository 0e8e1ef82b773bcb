/*-------------------------------------------------------------------------
 * ahead.c
 *	  Executing the node that reads ahead of a join by key.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "utils/memutils.h"

#define YS_COMPAT_EXPLAIN
#include "compat.h"
#include "fdw/ahead.h"
#include "fdw/scan.h"
#include "fdw/totals.h"

/* A row that was read. */
typedef struct Row
{
	MinimalTuple tuple;
	bool		may_match;		/* some item, if there is one */
	YsWindowKey *key;			/* it will ask for; NULL: one that no item can have, or none */
} Row;

typedef struct AheadState
{
	CustomScanState css;
	YsScan		scan;			/* the conditions, to make keys by */
	ExprState  *conditions;		/* without which a row matches nothing */
	YsWindow   *window;			/* NULL: rows pass, and that is all */
	MemoryContext key_context;
	MemoryContext row_context;
	TupleTableSlot *row_slot;	/* holds the current row's tuple */
	bool		has_current;	/* there is a current row, */
	YsWindowKey *current;		/* and this is its key */
	Row		   *rows;			/* a ring */
	int			size;
	int			first;
	int			count;
	bool		ended;			/* the plan below has */
	YsTotals	totals;
} AheadState;

YsWindow *
ys_ahead_window(EState *estate, int param)
{
	const ParamExecData *slot = &estate->es_param_exec_vals[param];

	return slot->isnull ? NULL : (YsWindow *) DatumGetPointer(slot->value);
}

static void
begin_ahead(CustomScanState *node, EState *estate, int eflags)
{
	AheadState *state = (AheadState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	ParamExecData *slot = &estate->es_param_exec_vals[intVal(list_nth(plan->custom_private,
																	  YS_AHEAD_PARAM))];
	bool		passes = estate->es_epq_active != NULL || (eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0;

	node->custom_ps = list_make1(ExecInitNode(linitial(plan->custom_plans), estate, eflags));
	state->scan.source = ys_source_load((Oid) intVal(list_nth(plan->custom_private, YS_AHEAD_TABLE)));
	ys_scan_init_conditions(&state->scan, list_nth(plan->custom_private, YS_AHEAD_SCAN),
							plan->custom_exprs, (PlanState *) node);
	state->conditions = ExecInitQual(list_copy_tail(plan->custom_exprs, state->scan.nconditions), (PlanState *) node);
	if (!passes)
	{
		state->window = ys_window_create(get_hash_memory_limit(), intVal(list_nth(plan->custom_private, YS_AHEAD_WIDTH)));
		ys_window_expect(state->window, intVal(list_nth(plan->custom_private, YS_AHEAD_EXPECTED)));
		ys_window_keep(state->window);
		ys_window_query_by(state->window, ys_scan_window_condition, &state->scan);
	}
	slot->execPlan = NULL;
	slot->value = PointerGetDatum(state->window);
	slot->isnull = state->window == NULL;
	state->key_context = AllocSetContextCreate(CurrentMemoryContext, "yottastore keys",
											   ALLOCSET_SMALL_SIZES);
	state->row_context = AllocSetContextCreate(CurrentMemoryContext, "yottastore rows",
											   ALLOCSET_DEFAULT_SIZES);
	state->row_slot = MakeSingleTupleTableSlot(node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
											   &TTSOpsMinimalTuple);
	state->size = 128;
	state->rows = palloc(state->size * sizeof(Row));
}

/* The slot that expressions of this node see, with another's values. */
static TupleTableSlot *
show_row(AheadState *state, TupleTableSlot *from)
{
	TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
	int			natts = slot->tts_tupleDescriptor->natts;

	ExecClearTuple(slot);
	slot_getallattrs(from);
	memcpy(slot->tts_values, from->tts_values, natts * sizeof(Datum));
	memcpy(slot->tts_isnull, from->tts_isnull, natts * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

/* Can the row that is shown match anything? */
static bool
may_match(AheadState *state)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;

	ResetExprContext(econtext);
	econtext->ecxt_scantuple = state->css.ss.ss_ScanTupleSlot;
	return ExecQual(state->conditions, econtext);
}

/* Have the key of the row that is shown asked for. */
static YsWindowKey *
ask_for_key(AheadState *state)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	MemoryContext old;
	YsMember	members[3];
	YsValue		key;
	YsWindowKey *asked = NULL;

	MemoryContextReset(state->key_context);
	old = MemoryContextSwitchTo(state->key_context);
	if (ys_scan_evaluate(&state->scan, econtext) &&
		ys_scan_window_key(&state->scan, members, &key))
		asked = ys_window_add(state->window, &key);
	MemoryContextSwitchTo(old);
	return asked;
}

static void
enlarge_ring(AheadState *state)
{
	Row		   *rows = MemoryContextAlloc(GetMemoryChunkContext(state->rows),
										  2 * state->size * sizeof(Row));

	for (int i = 0; i < state->count; i++)
		rows[i] = state->rows[(state->first + i) % state->size];
	pfree(state->rows);
	state->rows = rows;
	state->first = 0;
	state->size *= 2;
}

/* Read one row ahead; false: there is none. */
static bool
read_row(AheadState *state)
{
	TupleTableSlot *slot = ExecProcNode(linitial(state->css.custom_ps));
	MemoryContext old;
	Row		   *row;

	if (TupIsNull(slot))
	{
		state->ended = true;
		return false;
	}
	if (state->count == state->size)
		enlarge_ring(state);
	row = &state->rows[(state->first + state->count) % state->size];
	(void) show_row(state, slot);
	row->may_match = may_match(state);
	row->key = row->may_match ? ask_for_key(state) : NULL;
	if (row->key == NULL)
		ys_window_enter(state->window);
	old = MemoryContextSwitchTo(state->row_context);
	row->tuple = ExecCopySlotMinimalTuple(state->css.ss.ss_ScanTupleSlot);
	MemoryContextSwitchTo(old);
	state->count++;
	return true;
}

static void
leave_row(AheadState *state)
{
	ExecClearTuple(state->row_slot);
	if (state->current != NULL)
		ys_window_release(state->window, state->current);
	else if (state->has_current)
		ys_window_leave(state->window);
	state->has_current = false;
	state->current = NULL;
}

/* The next row in order, its key answered. */
static TupleTableSlot *
next_row(AheadState *state)
{
	Row		   *row;

	leave_row(state);
	while (!state->ended && ys_window_has_room(state->window))
		if (!read_row(state))
			break;
	if (state->count == 0)
		return ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
	row = &state->rows[state->first];
	state->first = (state->first + 1) % state->size;
	state->count--;
	state->has_current = true;
	state->current = row->key;
	ys_window_find_none(state->window, !row->may_match);
	if (row->key != NULL)
		ys_window_await(state->window, row->key);
	ExecStoreMinimalTuple(row->tuple, state->row_slot, true);
	return show_row(state, state->row_slot);
}

static TupleTableSlot *
exec_ahead(CustomScanState *node)
{
	AheadState *state = (AheadState *) node;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	TupleTableSlot *slot;

	CHECK_FOR_INTERRUPTS();
	if (state->window != NULL && ys_window_is_open(state->window))
		slot = next_row(state);
	else
	{
		slot = ExecProcNode(linitial(node->custom_ps));
		if (!TupIsNull(slot))
			slot = show_row(state, slot);
	}
	if (TupIsNull(slot))
		return NULL;
	if (node->ss.ps.ps_ProjInfo == NULL)
		return slot;
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	return ExecProject(node->ss.ps.ps_ProjInfo);
}

static void
forget_rows(AheadState *state)
{
	if (state->window == NULL)
		return;
	leave_row(state);
	ys_window_reset(state->window);
	MemoryContextReset(state->row_context);
	state->first = 0;
	state->count = 0;
	state->ended = false;
}

static void
rescan_ahead(CustomScanState *node)
{
	PlanState  *child = linitial(node->custom_ps);

	forget_rows((AheadState *) node);
	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, node->ss.ps.chgParam);
	if (child->chgParam == NULL)
		ExecReScan(child);
}

/* ---- several processes: each has its window, and what they have asked for is added up ---- */

static Size
estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	return sizeof(dsm_handle);
}

static void
initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	AheadState *state = (AheadState *) node;

	*(dsm_handle *) coordinate = ys_totals_create(&state->totals, node->ss.ps.instrument != NULL);
}

static void
initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	ys_totals_attach(&((AheadState *) node)->totals, *(dsm_handle *) coordinate);
}

static YsCounted
counted(const AheadState *state)
{
	return (YsCounted) {
		.fetch = *ys_window_fetch_counters(state->window),
		.window = *ys_window_counters(state->window)
	};
}

static void
end_ahead(CustomScanState *node)
{
	AheadState *state = (AheadState *) node;

	if (state->window != NULL)
	{
		YsCounted	mine = counted(state);

		ys_totals_end(&state->totals, &mine);
	}
	forget_rows(state);
	ExecDropSingleTupleTableSlot(state->row_slot);
	ExecEndNode(linitial(node->custom_ps));
}

static void
explain_ahead(CustomScanState *node, List *ancestors, ExplainState *es)
{
	AheadState *state = (AheadState *) node;
	YsCounted	all;

	ExplainPropertyText("Store Table", state->scan.source->table, es);
	if (!es->analyze || state->window == NULL)
		return;
	all = counted(state);
	ys_totals_add_workers(&state->totals, &all);
	ys_explain_fetched(&all.fetch, es);
	ExplainPropertyInteger("Keys", NULL, all.window.rows, es);
	ExplainPropertyInteger("Distinct Keys", NULL, all.window.keys, es);
	ExplainPropertyInteger("Answered", NULL, all.window.answered, es);
	ExplainPropertyInteger("Missed", NULL, all.window.missed, es);
	ExplainPropertyInteger("Window Peak", NULL, all.window.peak_rows, es);
}

static const CustomExecMethods exec_methods = {
	.CustomName = "YottastoreKeys",
	.BeginCustomScan = begin_ahead,
	.ExecCustomScan = exec_ahead,
	.EndCustomScan = end_ahead,
	.ReScanCustomScan = rescan_ahead,
	.EstimateDSMCustomScan = estimate_dsm,
	.InitializeDSMCustomScan = initialize_dsm,
	.InitializeWorkerCustomScan = initialize_worker,
	.ExplainCustomScan = explain_ahead
};

static Node *
create_state(CustomScan *plan)
{
	AheadState *state = (AheadState *) newNode(sizeof(AheadState), T_CustomScanState);

	state->css.methods = &exec_methods;
	return (Node *) state;
}

const CustomScanMethods ys_ahead_methods = {
	.CustomName = "YottastoreKeys",
	.CreateCustomScanState = create_state
};
