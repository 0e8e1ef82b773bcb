/*-------------------------------------------------------------------------
 * explain.c
 *	  What EXPLAIN says: which operation runs, on which table and key, and
 *	  what it has cost.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#define YS_COMPAT_EXPLAIN
#include "compat.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "fdw/fdw.h"
#include "fdw/modify.h"
#include "fdw/scan.h"

static const char *
test_operator(YsKeyTest test)
{
	static const char *const operators[] = {"", "<", "<=", "=", ">=", ">", "= ANY", "^@", "~~"};

	return operators[test];
}

/* The key condition as SQL. */
static void
show_key(YsScan *scan, ForeignScan *plan, ExplainState *es)
{
	List	   *context;
	StringInfoData text;

	if (scan->nconditions == 0)
		return;
	initStringInfo(&text);
	context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, NIL);
	for (int i = 0; i < scan->nconditions; i++)
	{
		YsScanCondition *condition = &scan->conditions[i];
		bool		any = condition->test == YS_TEST_ANY;

		appendStringInfo(&text, "%s(%s %s %s%s%s)", i > 0 ? " AND " : "",
						 quote_identifier(scan->schema.columns[condition->key]->name),
						 test_operator(condition->test), any ? "(" : "",
						 deparse_expression(list_nth(plan->fdw_exprs, i), context, false, false),
						 any ? ")" : "");
	}
	ExplainPropertyText("Store Key", text.data, es);
}

/* What the store is sent of the other conditions, as SQL. */
static void
show_filter(YsScan *scan, ForeignScan *plan, ExplainState *es)
{
	List	   *clauses = ys_scan_filter_clauses(scan, plan);

	if (clauses == NIL)
		return;
	ExplainPropertyText("Store Filter",
						deparse_expression((Node *) make_ands_explicit(clauses),
										   set_deparse_context_plan(es->deparse_cxt, (Plan *) plan,
																	NIL), false, false), es);
}

static void
show_projection(YsScan *scan, ExplainState *es)
{
	const YsAttributeFilter *attributes = ys_row_attributes(scan->reader);
	List	   *names = NIL;

	if (attributes == NULL)
		return;
	for (int i = 0; i < attributes->count; i++)
		names = lappend(names, unconstify(char *, attributes->names[i]));
	ExplainPropertyList("Store Attributes", names, es);
}

/* What has gone wrong and was made good again: shown when there is any, or all is. */
static void
show_troubles(int64 retries, int64 throttles, ExplainState *es)
{
	bool		all = es->verbose || es->format != EXPLAIN_FORMAT_TEXT;

	if (retries > 0 || all)
		ExplainPropertyInteger("Store Retries", NULL, retries, es);
	if (throttles > 0 || all)
		ExplainPropertyInteger("Store Throttles", NULL, throttles, es);
}

void
ys_explain_fetched(const YsFetchCounters *counters, ExplainState *es)
{
	ExplainPropertyInteger("Store Requests", NULL, counters->requests, es);
	ExplainPropertyInteger("Store Pages", NULL, counters->pages, es);
	show_troubles(counters->retries, counters->throttles, es);
	ExplainPropertyFloat("Store Read Units", NULL, counters->units, 1, es);
}

static void
show_counters(YsScan *scan, ExplainState *es)
{
	YsCounted	counted = ys_scan_counted(scan);

	ys_totals_add_workers(&scan->parallel.totals, &counted);
	ys_explain_fetched(&counted.fetch, es);
	if (scan->nbeyond > 0)
		ExplainPropertyInteger("Scans Beyond Index", NULL, scan->nbeyond, es);
	if (counted.mismatches > 0 || es->verbose || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Mismatches", NULL, counted.mismatches, es);
}

/* Where an index answers the scan goes by keys, or else as it would without. */
static const char *
operation_name(const YsScan *scan, const ForeignScan *plan)
{
	const char *name = ys_operation_name(scan->operation);
	const char *by_keys = ys_operation_name(YS_OPERATION_BATCH);

	if (!ys_is_answered(plan))
		return name;
	if (!scan->started && scan->operation == YS_OPERATION_SCAN && !scan->source->allow_scan)
		return by_keys;
	return scan->started ? (scan->from_index ? by_keys : name) : psprintf("%s or %s", by_keys, name);
}

void
ys_explain_scan(ForeignScanState *node, struct ExplainState *es)
{
	YsScan	   *scan = node->fdw_state;
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	/* then keys are all that is asked by */
	bool		from_index = scan->started && scan->from_index;
	int			nsegments = from_index ? 0 : scan->nsegments;

	ExplainPropertyText("Store Operation", operation_name(scan, plan), es);
	ExplainPropertyText("Store Table", scan->source->table, es);
	if (scan->index != NULL)
		ExplainPropertyText("Store Index", scan->index->info->name, es);
	if (nsegments > 1 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Store Segments", NULL, nsegments, es);
	if (!from_index)
	{
		show_key(scan, plan, es);
		show_filter(scan, plan, es);
	}
	if (scan->order != 0)
		ExplainPropertyText("Store Order",
							psprintf("%s%s", quote_identifier(scan->schema.columns[1]->name),
									 scan->order < 0 ? " DESC" : ""), es);
	if (scan->counts)
		ExplainPropertyBool("Store Count", true, es);
	if (scan->wanted > 0 && !from_index)
		ExplainPropertyInteger("Store Limit", NULL, scan->wanted, es);
	if (ys_is_answered(plan))
		ys_answer_explain(scan->answer, plan, es);
	if (es->verbose && !scan->counts)
		show_projection(scan, es);
	if (es->analyze && scan->fetch != NULL)
		show_counters(scan, es);
}

static void
show_write_cost(const YsCost *cost, ExplainState *es)
{
	ExplainPropertyInteger("Store Requests", NULL, cost->requests, es);
	show_troubles(cost->retries, cost->throttles, es);
	if (cost->read_units > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyFloat("Store Read Units", NULL, cost->read_units, 1, es);
	ExplainPropertyFloat("Store Write Units", NULL, cost->write_units, 1, es);
}

static const char *
write_name(CmdType operation)
{
	return operation == CMD_INSERT ? "PutItem" :
		operation == CMD_UPDATE ? "UpdateItem" : "DeleteItem";
}

void
ys_explain_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo, List *fdw_private, int subplan,
				  struct ExplainState *es)
{
	YsSource   *source = ys_source_load(RelationGetRelid(rinfo->ri_RelationDesc));
	YsModify   *modify = rinfo->ri_FdwState;
	bool		replaces = mtstate->operation == CMD_INSERT &&
		ys_modify_replaces(source, (ModifyTable *) mtstate->ps.plan);

	ExplainPropertyText("Store Operation", replaces ? "BatchWriteItem" :
						write_name(mtstate->operation), es);
	ExplainPropertyText("Store Table", source->table, es);
	if (es->analyze && modify != NULL)
	{
		/* the last puts are waited for when the statement ends, which is later */
		ys_modify_finish(modify);
		show_write_cost(&modify->cost, es);
	}
}

void
ys_explain_direct(ForeignScanState *node, struct ExplainState *es)
{
	YsScan	   *scan = node->fdw_state;
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	const YsCost *cost = ys_direct_cost(node);

	ExplainPropertyText("Store Operation", write_name(plan->operation), es);
	ExplainPropertyText("Store Table", scan->source->table, es);
	show_key(scan, plan, es);
	if (es->analyze && cost != NULL)
		show_write_cost(cost, es);
}
