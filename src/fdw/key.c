/*-------------------------------------------------------------------------
 * key.c
 *	  The conditions of a plan, evaluated to keys and key conditions.
 *
 * A value no item's key can have (NULL, an empty string, a number of too many
 * digits) is not sent: the store would refuse the request, and with it the
 * other keys of its batch.  As an equality it matches nothing; as a bound it is left out,
 * since the rows are checked anyway.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "fdw/fdw.h"
#include "fdw/scan.h"

void
ys_scan_init_conditions(YsScan *scan, ForeignScan *plan, PlanState *node)
{
	List	   *keys = list_nth(plan->fdw_private, YS_SCAN_KEYS);
	List	   *tests = list_nth(plan->fdw_private, YS_SCAN_TESTS);

	scan->operation = intVal(list_nth(plan->fdw_private, YS_SCAN_OPERATION));
	scan->nconditions = list_length(keys);
	for (int i = 0; i < scan->nconditions; i++)
	{
		YsScanCondition *condition = &scan->conditions[i];
		Expr	   *value = list_nth(plan->fdw_exprs, i);

		condition->key = list_nth_int(keys, i);
		condition->test = list_nth_int(tests, i);
		condition->value = ExecInitExpr(value, node);
		condition->type = exprType((Node *) value);
		ys_converter_init(&condition->converter,
						  condition->test == YS_TEST_ANY ? get_base_element_type(condition->type) :
						  condition->type, -1, CurrentMemoryContext);
	}
}

static int
compare_values(const void *a, const void *b)
{
	const YsValue *left = a;
	const YsValue *right = b;
	int			order;

	if (left->type == YS_TYPE_NUMBER)
		return ys_number_compare(left->bytes, left->len, right->bytes, right->len);
	order = memcmp(left->bytes, right->bytes, Min(left->len, right->len));
	return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

/* Sorted, and each value once: the store refuses a batch with the same key twice. */
static void
make_distinct(YsKeyList *list)
{
	int			kept = 0;

	qsort(list->values, list->count, sizeof(YsValue), compare_values);
	for (int i = 0; i < list->count; i++)
		if (kept == 0 || compare_values(&list->values[kept - 1], &list->values[i]) != 0)
			list->values[kept++] = list->values[i];
	list->count = kept;
}

static void
evaluate_array(YsScanCondition *condition, Datum datum, YsKeyList *list)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign,
					  &elements, &nulls, &count);
	list->values = palloc(Max(count, 1) * sizeof(YsValue));
	list->count = 0;
	for (int i = 0; i < count; i++)
		if (!nulls[i] && ys_convert_key(&condition->converter, elements[i], condition->key == 1,
										&list->values[list->count]))
			list->count++;
	make_distinct(list);
}

/* GetItem and BatchGetItem: a list of values for each key. */
static bool
evaluate_keys(YsScan *scan, ExprContext *econtext)
{
	for (int i = 0; i < scan->nconditions; i++)
	{
		YsScanCondition *condition = &scan->conditions[i];
		YsKeyList  *list = &scan->keys[condition->key];
		bool		isnull;
		Datum		datum = ExecEvalExpr(condition->value, econtext, &isnull);

		list->name = scan->source->key_names[condition->key];
		list->count = 0;
		if (isnull)
			return false;
		if (condition->test == YS_TEST_ANY)
			evaluate_array(condition, datum, list);
		else
		{
			list->values = palloc(sizeof(YsValue));
			list->count = ys_convert_key(&condition->converter, datum, condition->key == 1,
										 list->values);
		}
		if (list->count == 0)
			return false;
	}
	return true;
}

/* One term of a key condition. */
static YsExpr
make_term(const YsScan *scan, int key, YsExprKind kind, int nvalues, const YsValue *values)
{
	return (YsExpr) {
		.kind = kind,
		.path = scan->source->keys[key]->path,
		.nvalues = nvalues,
		.values = values
	};
}

static YsExprKind
expr_kind(YsKeyTest test)
{
	switch (test)
	{
		case YS_TEST_LT:
			return YS_EXPR_LT;
		case YS_TEST_LE:
			return YS_EXPR_LE;
		case YS_TEST_GE:
			return YS_EXPR_GE;
		case YS_TEST_GT:
			return YS_EXPR_GT;
		default:
			return YS_EXPR_EQ;
	}
}

/* Query: the partition key and, of the sort key, the one condition the store takes. */
static bool
evaluate_query(YsScan *scan, ExprContext *econtext)
{
	int			nbounds = 0;
	YsExprKind	kind = YS_EXPR_EQ;

	for (int i = 0; i < scan->nconditions; i++)
	{
		YsScanCondition *condition = &scan->conditions[i];
		YsValue    *value = &scan->key_values[condition->key == 0 ? 0 : 1 + nbounds];
		bool		isnull;
		Datum		datum = ExecEvalExpr(condition->value, econtext, &isnull);

		if (isnull)
			return false;
		if (ys_convert_key(&condition->converter, datum, condition->key == 1, value))
		{
			if (condition->key == 1)
			{
				kind = expr_kind(condition->test);
				nbounds++;
			}
		}
		else if (condition->test == YS_TEST_EQ)
			return false;
	}

	scan->key_terms[0] = make_term(scan, 0, YS_EXPR_EQ, 1, &scan->key_values[0]);
	scan->key_expr = scan->key_terms[0];
	if (nbounds == 0)
		return true;
	if (nbounds == 2)
	{
		/* lower bound first, as planned; the store refuses a reversed pair */
		if (compare_values(&scan->key_values[1], &scan->key_values[2]) > 0)
			return false;
		kind = YS_EXPR_BETWEEN;
	}
	scan->key_terms[1] = make_term(scan, 1, kind, nbounds, &scan->key_values[1]);
	scan->key_args[0] = &scan->key_terms[0];
	scan->key_args[1] = &scan->key_terms[1];
	scan->key_expr = (YsExpr) {.kind = YS_EXPR_AND, .nargs = 2, .args = scan->key_args};
	return true;
}

bool
ys_scan_evaluate(YsScan *scan, ExprContext *econtext)
{
	switch (scan->operation)
	{
		case YS_OPERATION_GET:
		case YS_OPERATION_BATCH:
			return evaluate_keys(scan, econtext);
		case YS_OPERATION_QUERY:
			return evaluate_query(scan, econtext);
		case YS_OPERATION_SCAN:
			return true;
	}
	return false;
}
