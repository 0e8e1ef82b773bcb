/*-------------------------------------------------------------------------
 * scan.h
 *	  A foreign scan's state, for what shows or shares it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_SCAN_H
#define YS_FDW_SCAN_H

#include "nodes/execnodes.h"

#include "fdw/answer.h"
#include "fdw/fetch.h"
#include "fdw/filter.h"
#include "fdw/parallel.h"
#include "fdw/qual.h"
#include "fdw/row.h"
#include "fdw/window.h"

/* A condition of the plan, with the means to evaluate it. */
typedef struct YsScanCondition
{
	int			key;
	YsKeyTest	test;
	ExprState  *value;
	Oid			type;			/* of the value; an array's for YS_TEST_ANY */
	YsConverter converter;		/* of the value, or of the array's elements */
} YsScanCondition;

typedef struct YsScan
{
	YsSource   *source;
	YsStore    *store;
	YsOperation operation;
	const YsSourceIndex *index; /* that is queried; NULL: the table */
	int			nsegments;		/* of a Scan */
	bool		parallel_aware; /* a Scan that other processes may share */
	YsParallel	parallel;
	struct YsWatch *watch;		/* what an Append waits for; NULL: nothing yet */
	YsKeySchema schema;			/* what the conditions are on */
	int			nconditions;
	YsScanCondition conditions[YS_MAX_CONDITIONS];
	YsFilter   *filter;			/* or NULL */
	YsFilter   *wide;			/* of a Scan beyond the index, or NULL */
	const YsExpr *filter_expr;	/* with the values of this start; or NULL */
	YsRowReader *reader;
	YsFetch    *fetch;
	YsWindow   *window;			/* where items were fetched ahead; or NULL */
	YsAnswer   *answer;			/* when an index answers; or NULL */
	bool		from_index;		/* this start: it does */
	bool		from_window;	/* this start: what is found there comes first */
	YsWindowItems found;		/* what is left of it */
	bool		started;		/* since the last rescan */
	int			order;			/* of the rows, by the sort key: 1 up, -1 down, 0 not relied upon */
	bool		counts;			/* the store counts its rows */
	bool		counted;		/* in this start */
	bool		left_out;		/* this start: a bound that can't be sent, and is not known to hold */
	int64		wanted;			/* rows the query will take; 0: not known */
	bool		checks;			/* the conditions, for the executor */
	ExprState  *qual;			/* those */
	MemoryContext key_context;	/* what the fetch was started with */
	YsKeyList	keys[2];		/* Query: of the partition key only */
	bool		beyond_index;	/* a key that no index has may be in the table: scan that */
	int64		nbeyond;		/* starts that did */
	bool		verified;		/* the index is as it is declared */
	YsExpr		key_expr;
	const YsExpr *key_args[2];
	YsExpr		key_terms[2];
	int			nbounds;		/* of the sort key */
	YsExprKind	bound;
	YsValue		bounds[2];
} YsScan;

/*
 * The conditions of a plan, ready to be evaluated under a node: private and values are its
 * fdw_private and fdw_exprs, or the same of a node that reads ahead of it.
 */
extern void ys_scan_init_conditions(YsScan *scan, const List *private, const List *values,
									PlanState *node);

/*
 * Evaluate the conditions into scan->keys and the bounds, in the current
 * memory context.  False: no item can satisfy them.
 */
extern bool ys_scan_evaluate(YsScan *scan, ExprContext *econtext);

/*
 * What tells this evaluation of a key's equalities, or of a partition's and its bounds, from others:
 * a map with these (three) members.  False: it does not say all that is asked for.
 */
extern bool ys_scan_window_key(const YsScan *scan, YsMember *members, YsValue *key);

/* A YsWindowConditionFn: the key condition of such a map, for a scan whose operation is a Query.  It borrows from the map. */
extern const YsExpr *ys_scan_window_condition(void *scan, const YsValue *key);

/* The plan's conditions that the store is sent as a filter; a new list. */
extern List *ys_scan_filter_clauses(const YsScan *scan, ForeignScan *plan);

/* A YsKeyConditionFn: the key condition of a partition to query, of those in keys[0]. */
extern const YsExpr *ys_scan_key_condition(void *scan, int partition);

/* What this process has counted of it. */
extern YsCounted ys_scan_counted(const YsScan *scan);

/* explain.c: what fetching has cost. */
struct ExplainState;
extern void ys_explain_fetched(const YsFetchCounters *counters, struct ExplainState *es);

#endif							/* YS_FDW_SCAN_H */
