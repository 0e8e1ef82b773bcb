/*-------------------------------------------------------------------------
 * answer_order.c
 *	  Ending a scan that an index answers once the first rows of an order have been read.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"

#include "fdw/answer_order.h"

/* The value of a row that does not count yet. */
typedef struct Waiting
{
	Datum		value;
	bool		isnull;
} Waiting;

struct YsAnswerOrder
{
	ForeignScanState *node;
	ExprState  *expr;
	ExprState  *limit;
	ExprState  *offset;
	SortSupportData sort;
	bool		more;
	int64		wanted;			/* 0: all */
	int16		typlen;
	bool		typbyval;
	MemoryContext context;		/* of the rest */
	int64		counted;
	int			nwaiting;
	int			size;
	Waiting    *waiting;
};

YsAnswerOrder *
ys_answer_order_create(ForeignScanState *node, const List *sort, const List *exprs)
{
	YsAnswerOrder *order = palloc0(sizeof(YsAnswerOrder));

	order->node = node;
	order->expr = ExecInitExpr(linitial(exprs), (PlanState *) node);
	order->limit = ExecInitExpr(lsecond(exprs), (PlanState *) node);
	order->offset = ExecInitExpr(lthird(exprs), (PlanState *) node);
	order->sort.ssup_cxt = CurrentMemoryContext;
	order->sort.ssup_collation = (Oid) list_nth_int(sort, YS_SORT_COLLATION);
	order->sort.ssup_nulls_first = list_nth_int(sort, YS_SORT_NULLS_FIRST) != 0;
	PrepareSortSupportFromOrderingOp((Oid) list_nth_int(sort, YS_SORT_OPERATOR), &order->sort);
	order->more = list_nth_int(sort, YS_SORT_MORE) != 0;
	get_typlenbyval(exprType(linitial(exprs)), &order->typlen, &order->typbyval);
	order->context = AllocSetContextCreate(CurrentMemoryContext, "yottastore order", ALLOCSET_SMALL_SIZES);
	return order;
}

/* NULL: none is said.  What is out of range LIMIT itself refuses. */
static int64
number_of(const YsAnswerOrder *order, ExprState *state, int64 none)
{
	bool		isnull;
	Datum		number = ExecEvalExprSwitchContext(state, order->node->ss.ps.ps_ExprContext, &isnull);

	return isnull ? none : Max(DatumGetInt64(number), 0);
}

int64
ys_answer_order_begin(YsAnswerOrder *order)
{
	int64		limit = number_of(order, order->limit, 0);

	if (limit == 0 || pg_add_s64_overflow(limit, number_of(order, order->offset, 0), &order->wanted))
		order->wanted = 0;
	return order->wanted;
}

void
ys_answer_order_note(YsAnswerOrder *order, TupleTableSlot *slot)
{
	ExprContext *econtext = order->node->ss.ps.ps_ExprContext;
	MemoryContext old;
	Datum		value;
	bool		isnull;

	econtext->ecxt_scantuple = slot;
	value = ExecEvalExprSwitchContext(order->expr, econtext, &isnull);
	old = MemoryContextSwitchTo(order->context);
	if (order->waiting == NULL)
		order->waiting = palloc((order->size = 64) * sizeof(Waiting));
	else if (order->nwaiting == order->size)
		order->waiting = repalloc_huge(order->waiting, (order->size *= 2) * sizeof(Waiting));
	order->waiting[order->nwaiting++] = (Waiting) {
		.value = isnull ? (Datum) 0 : datumCopy(value, order->typbyval, order->typlen),
		.isnull = isnull
	};
	MemoryContextSwitchTo(old);
}

bool
ys_answer_order_reached(YsAnswerOrder *order, Datum value, bool isnull)
{
	int			kept = 0;

	for (int i = 0; i < order->nwaiting; i++)
	{
		const Waiting *row = &order->waiting[i];
		int			compared = ApplySortComparator(row->value, row->isnull, value, isnull, &order->sort);

		/* those that are equal may change places where there is more to order by */
		if (compared < 0 || (compared == 0 && !order->more))
			order->counted++;
		else
			order->waiting[kept++] = *row;
	}
	order->nwaiting = kept;
	return order->wanted > 0 && order->counted >= order->wanted;
}

void
ys_answer_order_reset(YsAnswerOrder *order)
{
	MemoryContextReset(order->context);
	order->waiting = NULL;
	order->nwaiting = 0;
	order->counted = 0;
}
