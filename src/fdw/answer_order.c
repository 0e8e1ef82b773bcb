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

/* One expression that rows are ordered by. */
typedef struct OrderKey
{
	ExprState  *expr;
	SortSupportData sort;
	int16		typlen;
	bool		typbyval;
} OrderKey;

struct YsAnswerOrder
{
	ForeignScanState *node;
	int			nkeys;
	OrderKey   *keys;
	ExprState  *limit;
	ExprState  *offset;
	bool		more;
	int64		wanted;			/* 0: all */
	MemoryContext context;		/* of the rest, and of places */
	int64		counted;
	int			nwaiting;
	int			size;
	YsOrderPlace **waiting;		/* of rows that do not count yet */
};

static void
init_key(OrderKey *key, ForeignScanState *node, const List *sort, int number, Expr *expr)
{
	int			first = number * YS_SORT_MEMBERS;

	key->expr = ExecInitExpr(expr, (PlanState *) node);
	key->sort.ssup_cxt = CurrentMemoryContext;
	key->sort.ssup_collation = (Oid) list_nth_int(sort, first + YS_SORT_COLLATION);
	key->sort.ssup_nulls_first = list_nth_int(sort, first + YS_SORT_NULLS_FIRST) != 0;
	PrepareSortSupportFromOrderingOp((Oid) list_nth_int(sort, first + YS_SORT_OPERATOR), &key->sort);
	get_typlenbyval(exprType((Node *) expr), &key->typlen, &key->typbyval);
}

YsAnswerOrder *
ys_answer_order_create(ForeignScanState *node, const List *sort, const List *exprs)
{
	YsAnswerOrder *order = palloc0(sizeof(YsAnswerOrder));
	int			first;

	order->node = node;
	order->nkeys = list_length(sort) / YS_SORT_MEMBERS;
	order->keys = palloc0(order->nkeys * sizeof(OrderKey));
	first = list_length(exprs) - order->nkeys - 2;
	for (int i = 0; i < order->nkeys; i++)
		init_key(&order->keys[i], node, sort, i, list_nth(exprs, first + i));
	order->limit = ExecInitExpr(list_nth(exprs, first + order->nkeys), (PlanState *) node);
	order->offset = ExecInitExpr(list_nth(exprs, first + order->nkeys + 1), (PlanState *) node);
	order->more = llast_int(sort) != 0;
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

/* ---- places ---- */

static YsOrderPlace *
make_place(const YsAnswerOrder *order)
{
	return MemoryContextAlloc(order->context, order->nkeys * sizeof(YsOrderPlace));
}

/* Set one value, of which a copy is kept. */
static void
set_value(const YsAnswerOrder *order, YsOrderPlace *place, int number, Datum value, bool isnull)
{
	const OrderKey *key = &order->keys[number];
	MemoryContext old = MemoryContextSwitchTo(order->context);

	place[number].isnull = isnull;
	place[number].value = isnull ? (Datum) 0 : datumCopy(value, key->typbyval, key->typlen);
	MemoryContextSwitchTo(old);
}

YsOrderPlace *
ys_answer_order_place(YsAnswerOrder *order, const TupleTableSlot *slot, int column)
{
	YsOrderPlace *place = make_place(order);

	for (int i = 0; i < order->nkeys; i++)
		set_value(order, place, i, slot->tts_values[column + i], slot->tts_isnull[column + i]);
	return place;
}

void
ys_answer_order_free(const YsAnswerOrder *order, YsOrderPlace *place)
{
	for (int i = 0; i < order->nkeys; i++)
		if (!order->keys[i].typbyval && !place[i].isnull)
			pfree(DatumGetPointer(place[i].value));
	pfree(place);
}

static int
compare_places(const YsAnswerOrder *order, const YsOrderPlace *a, const YsOrderPlace *b)
{
	int			compared = 0;

	for (int i = 0; i < order->nkeys && compared == 0; i++)
		compared = ApplySortComparator(a[i].value, a[i].isnull, b[i].value, b[i].isnull, &order->keys[i].sort);
	return compared;
}

/* ---- counting ---- */

static void
enlarge(YsAnswerOrder *order)
{
	order->size = Max(64, 2 * order->size);
	if (order->waiting == NULL)
		order->waiting = MemoryContextAlloc(order->context, order->size * sizeof(YsOrderPlace *));
	else
		order->waiting = repalloc_huge(order->waiting, order->size * sizeof(YsOrderPlace *));
}

void
ys_answer_order_note(YsAnswerOrder *order, TupleTableSlot *slot)
{
	ExprContext *econtext = order->node->ss.ps.ps_ExprContext;
	YsOrderPlace *place = make_place(order);

	econtext->ecxt_scantuple = slot;
	for (int i = 0; i < order->nkeys; i++)
	{
		bool		isnull;
		Datum		value = ExecEvalExprSwitchContext(order->keys[i].expr, econtext, &isnull);

		set_value(order, place, i, value, isnull);
	}
	if (order->nwaiting == order->size)
		enlarge(order);
	order->waiting[order->nwaiting++] = place;
}

bool
ys_answer_order_reached(YsAnswerOrder *order, const YsOrderPlace *place)
{
	int			kept = 0;

	for (int i = 0; i < order->nwaiting; i++)
	{
		YsOrderPlace *row = order->waiting[i];
		int			compared = compare_places(order, row, place);

		/* those that are equal may change places where there is more to order by */
		if (compared < 0 || (compared == 0 && !order->more))
		{
			order->counted++;
			ys_answer_order_free(order, row);
		}
		else
			order->waiting[kept++] = row;
	}
	order->nwaiting = kept;
	return order->wanted > 0 && order->counted >= order->wanted;
}

void
ys_answer_order_reset(YsAnswerOrder *order)
{
	MemoryContextReset(order->context);
	order->waiting = NULL;
	order->size = 0;
	order->nwaiting = 0;
	order->counted = 0;
}
