/*-------------------------------------------------------------------------
 * answer_order.h
 *	  Ending a scan that an index answers once the first rows of an order have been read.
 *
 * Keys come in the order of the index; rows are sorted above the scan, by what the items have.  A row
 * counts once the index has gone beyond its place: none that comes later by the index goes before
 * it.  When as many count as the query takes, the others need not be read.  Rows whose items
 * have moved on since they were indexed count later, or not at all.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ANSWER_ORDER_H
#define YS_FDW_ANSWER_ORDER_H

#include "nodes/execnodes.h"

/*
 * How rows are ordered, as a plan has it: an IntList, these of each expression they are ordered by, and last 1 where
 * rows that are equal by all of them are ordered by more, or all wanted.
 */
typedef enum YsAnswerSort
{
	YS_SORT_OPERATOR,			/* less, or greater */
	YS_SORT_COLLATION,
	YS_SORT_NULLS_FIRST,
	YS_SORT_MEMBERS
} YsAnswerSort;

/* A place in the order: a value for each expression. */
typedef struct YsOrderPlace
{
	Datum		value;
	bool		isnull;
} YsOrderPlace;

typedef struct YsAnswerOrder YsAnswerOrder;

/* exprs: of a scan; last in it are what rows are ordered by, LIMIT and OFFSET (bigint). */
extern YsAnswerOrder *ys_answer_order_create(ForeignScanState *node, const List *sort, const List *exprs);

/* Begin to count, up to what LIMIT and OFFSET say now, which is returned; 0: all rows are wanted. */
extern int64 ys_answer_order_begin(YsAnswerOrder *order);

/* A row is returned, which satisfies the scan's conditions. */
extern void ys_answer_order_note(YsAnswerOrder *order, TupleTableSlot *slot);

/* The place of a row of the index, which has these from that column on; until it is freed, or the order reset. */
extern YsOrderPlace *ys_answer_order_place(YsAnswerOrder *order, const TupleTableSlot *slot, int column);
extern void ys_answer_order_free(const YsAnswerOrder *order, YsOrderPlace *place);

/* The index has come to this place; true: nothing from here on is wanted. */
extern bool ys_answer_order_reached(YsAnswerOrder *order, const YsOrderPlace *place);

/* Forget what was counted, and all places. */
extern void ys_answer_order_reset(YsAnswerOrder *order);

#endif							/* YS_FDW_ANSWER_ORDER_H */
