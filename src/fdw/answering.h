/*-------------------------------------------------------------------------
 * answering.h
 *	  What a policy's index can answer of a query, between the files that plan it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ANSWERING_H
#define YS_FDW_ANSWERING_H

#include "nodes/pathnodes.h"
#include "utils/relcache.h"

#include "catalog/policy.h"
#include "catalog/source.h"
#include "fdw/limit.h"
#include "policy/policy.h"

/* The table of an index, as a relation of a query of its own. */
#define YS_INDEX_RTI	1

/* What an expression goes by, as the index has it. */
typedef struct YsTranslation
{
	Bitmapset  *columns;		/* of the index table that are read, as selectedCols */
	bool		by_field;		/* a column is what the policy computes, or has of all attributes */
	int			by;				/* YS_BY_… */
} YsTranslation;

/* A policy whose index may answer, and what of the query it can. */
typedef struct YsAnswering
{
	RelOptInfo *rel;
	const YsSource *source;
	const YsPolicyRow *policy;
	Relation	index;
	const YsPolicy *compiled;
	bool		has_area_value; /* items may name their area */
	bool		has_attributes; /* all of them, under their paths */
	List	   *quals;			/* on the index table */
	List	   *clauses;		/* of the foreign table that these say, as RestrictInfos */
	YsTranslation read;			/* all of these */
} YsAnswering;

/* answer_translate.c */

/* Add what an expression reads to what others do. */
extern void ys_translation_add(YsTranslation *read, const YsTranslation *more);

/* An expression of the foreign table as one of the index table, and what it goes by; NULL: the index does not have it. */
extern Expr *ys_answering_translate(const YsAnswering *answering, const Expr *expr, YsTranslation *read);

/* Add what a condition says of the index, if it says anything. */
extern void ys_answering_add_clause(YsAnswering *answering, RestrictInfo *rinfo);

/* answer_sort.c */

/* What rows are ordered by, and those that are equal by it by the next. */
typedef struct YsOrderKey
{
	Expr	   *expr;			/* of the foreign table */
	Expr	   *translated;
	SortGroupClause clause;
	Oid			collation;
} YsOrderKey;

/* The first rows of an order are all that the query takes. */
typedef struct YsOrdering
{
	List	   *keys;			/* of YsOrderKey, as far as the index has them; NIL: all rows are taken */
	YsTranslation read;
	bool		more;			/* it goes on where rows are equal by these, or all of them are taken */
	YsFirstRows first;
} YsOrdering;

/* Does the query take the first rows by an order that the index has, and find rows by what the policy computes? */
extern bool ys_answering_find_order(PlannerInfo *root, const YsAnswering *answering, YsOrdering *ordering);

/* Have a query of the index table return its keys in this order, with what they are ordered by. */
extern void ys_ordering_sort_query(const YsOrdering *ordering, Query *query);

/* The order as YS_ANSWER_SORT has it; *exprs: what it takes of fdw_exprs. */
extern List *ys_ordering_private(const YsOrdering *ordering, List **exprs);

/* A scan's path whose rows are sorted, by as much of the query's order as is known where it scans; wanted: rows. */
extern Path *ys_answering_sort_path(PlannerInfo *root, RelOptInfo *rel, Path *path, double wanted);

/* The columns by which the query finds its rows: those of its conditions, and of an order whose first rows it takes. */
extern Bitmapset *ys_answering_asked_by(PlannerInfo *root, RelOptInfo *rel);

#endif							/* YS_FDW_ANSWERING_H */
