/*-------------------------------------------------------------------------
 * answer_wait.c
 *	  Statements that wait until their indexes are fresh enough.
 *
 * What the index has is what the statement's snapshot shows of it.  So who waits does it
 * before the statement begins, and the statement goes by a snapshot of after that.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "fdw/answer.h"
#include "fdw/fdw.h"
#include "fdw/written.h"
#include "guc.h"

/* What a scan of a statement that begins asks of its index. */
typedef struct Asked
{
	const ForeignScan *plan;
	YsFreshnessGoal *goal;
} Asked;

static ExecutorStart_hook_type next_start_hook = NULL;

/* Of the statement that begins at this moment. */
static List *asked_now = NIL;

static YsFreshnessGoal *
make_goal(const YsSource *source)
{
	YsFreshnessGoal *goal = palloc0(sizeof(YsFreshnessGoal));
	int			staleness = ys_guc_max_staleness >= 0 ? ys_guc_max_staleness : source->max_staleness;

	/* a session sees what it wrote itself */
	goal->up_to = Max(GetCurrentTimestamp() - (TimestampTz) staleness * 1000, ys_written_last(source));
	return goal;
}

YsFreshnessGoal *
ys_answer_goal(const ForeignScan *plan, const YsSource *source)
{
	ListCell   *cell;

	foreach(cell, asked_now)
	{
		const Asked *asked = lfirst(cell);

		if (asked->plan == plan)
			return asked->goal;
	}
	return make_goal(source);
}

/* ---- scans of a plan ---- */

static void search_plan(List **scans, Plan *plan);

static void
search_plans(List **scans, List *plans)
{
	ListCell   *cell;

	foreach(cell, plans)
		search_plan(scans, lfirst(cell));
}

static bool
is_answered(const ForeignScan *scan)
{
	return GetFdwRoutineByServerId(scan->fs_server)->IterateForeignScan == ys_iterate_scan &&
		scan->scan.scanrelid > 0 && scan->operation == CMD_SELECT && ys_is_answered(scan);
}

static void
search_plan(List **scans, Plan *plan)
{
	if (plan == NULL)
		return;
	switch (nodeTag(plan))
	{
		case T_Append:
			search_plans(scans, ((Append *) plan)->appendplans);
			break;
		case T_MergeAppend:
			search_plans(scans, ((MergeAppend *) plan)->mergeplans);
			break;
		case T_SubqueryScan:
			search_plan(scans, ((SubqueryScan *) plan)->subplan);
			break;
		case T_CustomScan:
			search_plans(scans, ((CustomScan *) plan)->custom_plans);
			break;
		case T_ForeignScan:
			if (is_answered((ForeignScan *) plan))
				*scans = lappend(*scans, plan);
			break;
		default:
			break;
	}
	search_plan(scans, plan->lefttree);
	search_plan(scans, plan->righttree);
}

static List *
find_scans(const PlannedStmt *statement)
{
	List	   *scans = NIL;

	search_plan(&scans, statement->planTree);
	search_plans(&scans, statement->subplans);
	return scans;
}

/* ---- waiting ---- */

/* Note what a scan asks for, and wait for it, if it isn't there yet. */
static void
ask(const PlannedStmt *statement, const ForeignScan *plan, bool may_wait)
{
	const List *private = list_nth(plan->fdw_private, YS_SCAN_ANSWER);
	const char *policy = strVal(list_nth(private, YS_ANSWER_POLICY));
	Asked	   *asked = palloc(sizeof(Asked));

	asked->plan = plan;
	asked->goal = make_goal(ys_source_load(rt_fetch(plan->scan.scanrelid, statement->rtable)->relid));
	asked_now = lappend(asked_now, asked);
	if (may_wait)
		(void) ys_freshness_await(policy, asked->goal, ys_guc_staleness_timeout);
}

/* Can this statement wait, and see what others commit meanwhile? */
static bool
may_wait(const QueryDesc *query)
{
	return query->snapshot != NULL && !IsolationUsesXactSnapshot() && !IsInParallelMode();
}

static void
prepare(QueryDesc *query, List *scans)
{
	bool		waits = may_wait(query);
	ListCell   *cell;

	foreach(cell, scans)
		ask(query->plannedstmt, lfirst(cell), waits);
	/* what there is by now */
	if (waits)
	{
		UnregisterSnapshot(query->snapshot);
		query->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	}
}

static void
start(QueryDesc *query, int eflags)
{
	if (next_start_hook != NULL)
		next_start_hook(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

static void
start_answered(QueryDesc *query, int eflags)
{
	List	   *outer = asked_now;
	List	   *scans = NIL;

	/* plans are made where they are run, but for those of parallel workers, whose leader has waited */
	if (ys_answer_planned && !IsParallelWorker() && (eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		scans = find_scans(query->plannedstmt);
	if (scans == NIL)
	{
		start(query, eflags);
		return;
	}
	asked_now = NIL;
	PG_TRY();
	{
		prepare(query, scans);
		start(query, eflags);
	}
	PG_FINALLY();
	{
		asked_now = outer;
	}
	PG_END_TRY();
}

void
ys_answer_init(void)
{
	next_start_hook = ExecutorStart_hook;
	ExecutorStart_hook = start_answered;
}
