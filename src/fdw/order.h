/*-------------------------------------------------------------------------
 * order.h
 *	  The order in which a Query returns its items.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ORDER_H
#define YS_FDW_ORDER_H

#include "fdw/qual.h"

/*
 * The orders an access can return rows in and that are of use to the query: a list of lists of
 * PathKey, NIL when there are none.  Each costs the same.
 */
extern List *ys_order_find(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
						   const YsAccess *access);

/* Is a path with these pathkeys, found as above, a Query that goes backward? */
extern bool ys_order_is_backward(List *pathkeys);

#endif							/* YS_FDW_ORDER_H */
