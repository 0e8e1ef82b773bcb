/*-------------------------------------------------------------------------
 * answer_order.h
 *	  Ending a scan that an index answers once the first rows of an order have been read.
 *
 * Keys come in the order of the index; rows are sorted above the scan, by what the items have.  A row
 * counts once the index has gone beyond its value: none that comes later by the index goes before
 * it.  When as many count as the query takes, the others need not be read.  Rows whose items
 * have moved on since they were indexed count later, or not at all.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ANSWER_ORDER_H
#define YS_FDW_ANSWER_ORDER_H

#include "nodes/execnodes.h"

/* How rows are ordered, as a plan has it: an IntList. */
typedef enum YsAnswerSort
{
	YS_SORT_OPERATOR,			/* less, or greater */
	YS_SORT_COLLATION,
	YS_SORT_NULLS_FIRST,
	YS_SORT_MORE				/* 1: rows that are equal by it are ordered by more, or all wanted */
} YsAnswerSort;

/* And by what, last in fdw_exprs: what rows are ordered by, LIMIT and OFFSET (bigint). */
#define YS_ORDER_EXPRS	3

typedef struct YsAnswerOrder YsAnswerOrder;

extern YsAnswerOrder *ys_answer_order_create(ForeignScanState *node, const List *sort, const List *exprs);

/* Begin to count, up to what LIMIT and OFFSET say now, which is returned; 0: all rows are wanted. */
extern int64 ys_answer_order_begin(YsAnswerOrder *order);

/* A row is returned, which satisfies the scan's conditions. */
extern void ys_answer_order_note(YsAnswerOrder *order, TupleTableSlot *slot);

/* The index has come to this value; true: nothing from here on is wanted. */
extern bool ys_answer_order_reached(YsAnswerOrder *order, Datum value, bool isnull);

/* Forget what was counted. */
extern void ys_answer_order_reset(YsAnswerOrder *order);

#endif							/* YS_FDW_ANSWER_ORDER_H */
