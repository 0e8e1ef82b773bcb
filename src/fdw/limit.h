/*-------------------------------------------------------------------------
 * limit.h
 *	  How many rows a query takes, as far as planning knows.
 *
 * Of the rows that its joins and conditions leave, where they go out as they are: grouped, aggregated or
 * multiplied, all of them are taken.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_LIMIT_H
#define YS_FDW_LIMIT_H

#include "nodes/pathnodes.h"

/* More are read as if all were taken. */
#define YS_LIMIT_MAX	1e6

/*
 * So many are all that are taken, where they come in this order: by LIMIT and OFFSET, or one where nothing else is
 * asked than whether there is any.  0: all are, or it isn't known.
 */
extern int	ys_limit_rows(const PlannerInfo *root, const List *pathkeys);

/* The same of the rows of one relation, or of a part of it: 0 as well where there are joins. */
extern int	ys_limit_rows_of(const PlannerInfo *root, const RelOptInfo *rel, const List *pathkeys);

/* The first rows of the query's order are all that are taken. */
typedef struct YsFirstRows
{
	double		rows;			/* so many, as far as it can be told beforehand */
	bool		ties;			/* and those that are equal to the last of them */
	Expr	   *count;			/* bigint: what LIMIT and OFFSET say when they are evaluated */
	Expr	   *offset;
} YsFirstRows;

/* Are they, of the rows of one relation or of a part of it? */
extern bool ys_limit_first_rows(const PlannerInfo *root, const RelOptInfo *rel, YsFirstRows *first);

#endif							/* YS_FDW_LIMIT_H */
