/*-------------------------------------------------------------------------
 * answer_wait.c
 *	  Statements that wait until their indexes are fresh enough.
 *
 * What the index has is what the statement's snapshot shows of it.  So who waits does it
 * before the statement begins, and the statement goes by a snapshot of after that, all of it: parallel workers and
 * functions take the active one.  What runs by the snapshot of a statement around it, as functions do that
 * aren't volatile, has to do with that, as everything has in REPEATABLE READ.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "replication/walreceiver.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/wait.h"
#include "compat.h"
#include "fdw/answer.h"
#include "fdw/fdw.h"
#include "fdw/written.h"
#include "guc.h"

/* What the scans of a statement that begins ask of a policy's index: one time for all, so that they see the same. */
typedef struct Asked
{
	const char *policy;
	YsFreshnessGoal *goal;
} Asked;

static ExecutorStart_hook_type next_start_hook = NULL;
static ExecutorRun_hook_type next_run_hook = NULL;

/* Of the statement that begins at this moment. */
static List *asked_now = NIL;

/* By which the innermost statement runs; NULL: none does. */
static Snapshot running = NULL;

/* Changes from here to now need not be in the index of a table, but for the session's own. */
static TimestampTz
stale_from(TimestampTz now, const YsSource *source)
{
	int			staleness = ys_guc_max_staleness >= 0 ? ys_guc_max_staleness : source->max_staleness;

	return now - (TimestampTz) staleness * 1000;
}

static TimestampTz
goal_at(TimestampTz now, const YsSource *source)
{
	/* a session sees what it wrote itself */
	return Max(stale_from(now, source), ys_written_last(source));
}

bool
ys_answer_reads_strongly(const YsSource *source)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz from = stale_from(now, source);

	return from == now || ys_written_last(source) > from;
}

static const char *
policy_of(const ForeignScan *plan)
{
	return strVal(list_nth(list_nth(plan->fdw_private, YS_SCAN_ANSWER), YS_ANSWER_POLICY));
}

/* NULL: nothing was asked of it. */
static YsFreshnessGoal *
find_goal(const char *policy)
{
	ListCell   *cell;

	foreach(cell, asked_now)
	{
		const Asked *asked = lfirst(cell);

		if (strcmp(asked->policy, policy) == 0)
			return asked->goal;
	}
	return NULL;
}

YsFreshnessGoal *
ys_answer_goal(const ForeignScan *plan, const YsSource *source)
{
	YsFreshnessGoal *goal = find_goal(policy_of(plan));

	if (goal == NULL)
	{
		goal = palloc0(sizeof(YsFreshnessGoal));
		goal->up_to = goal_at(GetCurrentTimestamp(), source);
	}
	return goal;
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

/* Note what a scan asks for. */
static void
ask(const PlannedStmt *statement, const ForeignScan *plan, TimestampTz now)
{
	const YsSource *source = ys_source_load(rt_fetch(plan->scan.scanrelid, statement->rtable)->relid);
	YsFreshnessGoal *goal = find_goal(policy_of(plan));
	Asked	   *asked;

	if (goal == NULL)
	{
		asked = palloc(sizeof(Asked));
		asked->policy = policy_of(plan);
		asked->goal = goal = palloc0(sizeof(YsFreshnessGoal));
		goal->up_to = DT_NOBEGIN;
		asked_now = lappend(asked_now, asked);
	}
	goal->up_to = Max(goal->up_to, goal_at(now, source));
}

/*
 * Can this statement wait, and see what others commit meanwhile?  On a standby its snapshot would hold up the replay
 * of what it waits for, unless the primary is told to keep what the snapshot sees.
 */
static bool
may_wait(const QueryDesc *query)
{
	if (RecoveryInProgress() && !hot_standby_feedback)
		return false;
	return query->snapshot != NULL && query->snapshot != running && !IsolationUsesXactSnapshot() && !IsInParallelMode();
}

/* Does a snapshot show what is asked for? */
static bool
shows(Snapshot snapshot, const Asked *asked)
{
	YsFreshness freshness;

	return ys_freshness_read(asked->policy, snapshot, &freshness) && ys_freshness_reaches(&freshness, asked->goal);
}

static void
prepare(QueryDesc *query, List *scans)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		deadline = ys_clock_ms() + ys_guc_staleness_timeout;
	bool		waited = false;
	ListCell   *cell;

	foreach(cell, scans)
		ask(query->plannedstmt, lfirst(cell), now);
	if (!may_wait(query))
		return;
	foreach(cell, asked_now)
	{
		const Asked *asked = lfirst(cell);

		if (shows(query->snapshot, asked))
			continue;
		(void) ys_freshness_await(asked->policy, asked->goal, (long) Max(deadline - ys_clock_ms(), 0));
		waited = true;
	}
	/* what there is by now */
	if (waited)
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

/* Not every caller of the executor takes the statement's snapshot for the active one. */
static void
run_by_snapshot(QueryDesc *query, ScanDirection direction, uint64 count YS_RUN_ONCE_COMPAT(bool))
{
	Snapshot	outer = running;
	bool		pushed = query->snapshot != NULL && ActiveSnapshotSet() && GetActiveSnapshot() != query->snapshot;

	if (pushed)
		PushActiveSnapshot(query->snapshot);
	running = query->snapshot;
	PG_TRY();
	{
		if (next_run_hook != NULL)
			next_run_hook(query, direction, count YS_RUN_ONCE_COMPAT());
		else
			standard_ExecutorRun(query, direction, count YS_RUN_ONCE_COMPAT());
	}
	PG_FINALLY();
	{
		running = outer;
	}
	PG_END_TRY();
	if (pushed)
		PopActiveSnapshot();
}

void
ys_answer_init(void)
{
	next_start_hook = ExecutorStart_hook;
	ExecutorStart_hook = start_answered;
	next_run_hook = ExecutorRun_hook;
	ExecutorRun_hook = run_by_snapshot;
}
