/*-------------------------------------------------------------------------
 * filter.h
 *	  Conditions on other than the key, that the store may apply to the items
 *	  it reads before it sends them.
 *
 * What is sent is true for every item for which PostgreSQL would find the
 * conditions true (a superset): all of them are checked again on the rows.
 * So a condition that can't be said to the store may be left out of an AND,
 * but not of an OR, and nothing but the type of a value is ever negated.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_FILTER_H
#define YS_FDW_FILTER_H

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

#include "catalog/convert.h"
#include "catalog/source.h"
#include "fdw/qual.h"
#include "store/store.h"

/* The store refuses more operands of one IN. */
#define YS_FILTER_IN_MAX	100

/* What the store can say about a column's values. */
typedef struct YsFilterType
{
	const char *tag;			/* the only store type that is not NULL or a misfit; NULL: several */
	bool		comparable;		/* equal and ordered in the store as in the column */
	bool		exact;			/* every value of that type fits (text: if without U+0000) */
} YsFilterType;

extern YsFilterType ys_filter_type(const YsSourceColumn *column);

typedef enum YsFilterKind
{
	YS_FILTER_AND,				/* args */
	YS_FILTER_OR,
	YS_FILTER_COMPARE,			/* column op value */
	YS_FILTER_TIME,				/* the same, of dates and times: days around the value */
	YS_FILTER_IN,				/* column = ANY (value) */
	YS_FILTER_NOT_IN,			/* column <> ALL (value) */
	YS_FILTER_STARTS_WITH,		/* starts_with(column, value) */
	YS_FILTER_LIKE,				/* column LIKE value */
	YS_FILTER_IS_NULL,
	YS_FILTER_IS_NOT_NULL,
	YS_FILTER_CONSTANT			/* value, which names no column */
} YsFilterKind;

typedef struct YsFilterNode
{
	YsFilterKind kind;
	Expr	   *clause;			/* what of the clause it stands for */
	List	   *args;			/* of YsFilterNode */
	const YsSourceColumn *column;
	YsExprKind	op;
	Expr	   *value;
	ExprState  *state;			/* of the value, once prepared */
	Oid			type;
	YsConverter converter;		/* of the value, or of the array's elements */
} YsFilterNode;

/* ---- filter_match.c: in planning, and again from the plan ---- */

/*
 * Which of these clauses (RestrictInfo) to send with an operation, by these
 * keys, whose rows have these columns filled: bare expressions, NIL for none.  They belong in
 * fdw_exprs.
 */
extern List *ys_filter_choose(RelOptInfo *rel, const YsSource *source, List *clauses,
							  List *columns, YsOperation operation, const YsKeySchema *keys);

/*
 * The clause as far as it can be said, in the current memory context; NULL: not
 * at all.  queried: the keys of a Query, NULL for a Scan.
 */
extern YsFilterNode *ys_filter_match(const YsSource *source, Index varno,
									 const YsKeySchema *queried, Expr *clause);

/*
 * A misfit in this column is an error, which no filter may hide.  Can misfits
 * be asked for?  always_fits: there are none.
 */
extern bool ys_filter_finds_misfits(const YsSourceColumn *column, bool *always_fits);

/* ---- filter_time.c ---- */

/* Can such a comparison be said as a range of dates? */
extern bool ys_filter_is_time(Oid column_type, Oid value_type);

/* Texts from lower on, and before upper, as far as there is either. */
typedef struct YsFilterRange
{
	bool		has_lower;
	bool		has_upper;
	YsValue		lower;
	YsValue		upper;
} YsFilterRange;

/* Which texts a column may have been read from for which this comparison (not <>) holds. */
extern void ys_filter_time_range(const YsFilterNode *node, Datum datum, YsFilterRange *range);

/* ---- filter_build.c: in execution ---- */

typedef struct YsFilter YsFilter;

/* clauses: those chosen, as they are in the plan.  NULL when there are none. */
extern YsFilter *ys_filter_create(const YsSource *source, Index varno, const YsKeySchema *queried,
								  List *clauses, List *columns, PlanState *node);

/*
 * The filter with the values as they are now, in the current memory context;
 * *expr is NULL when every item must be sent.  False: none can satisfy it.
 */
extern bool ys_filter_evaluate(YsFilter *filter, ExprContext *econtext, const YsExpr **expr);

#endif							/* YS_FDW_FILTER_H */
