/*-------------------------------------------------------------------------
 * exact.h
 *	  What the store's answer has, compared with what the query asks for.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_EXACT_H
#define YS_FDW_EXACT_H

#include "fdw/qual.h"

/* There may be any number of rows too many. */
#define YS_EXCESS_UNKNOWN	(-1)

/*
 * An access returns every row for which the clauses (RestrictInfo) hold: how
 * many others may it return?  None, when each clause is a condition of the
 * access and the store compares as PostgreSQL does.  Values that can't be
 * sent are not thought of: see key.c.
 */
extern int	ys_exact_excess(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
							List *clauses, const YsAccess *access);

/*
 * Could it turn out in execution that the condition's value is none that a key can
 * have?  Of an array that is taken to be so.
 */
extern bool ys_exact_may_be_no_key(const YsKeyCondition *condition);

/*
 * Is the value of this key column never NULL, in no item?  A misfit is NULL,
 * and a column declared NOT NULL has none.
 */
extern bool ys_exact_key_fits(const YsSourceColumn *column);

#endif							/* YS_FDW_EXACT_H */
