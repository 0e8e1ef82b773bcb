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

#include "catalog/shape.h"
#include "fdw/fdw.h"
#include "fdw/prefix.h"
#include "fdw/scan.h"

void
ys_scan_init_conditions(YsScan *scan, const List *private, const List *values, PlanState *node)
{
	List	   *keys = list_nth(private, YS_SCAN_KEYS);
	List	   *tests = list_nth(private, YS_SCAN_TESTS);

	scan->index = ys_source_index(scan->source, strVal(list_nth(private, YS_SCAN_INDEX)));
	scan->schema = scan->index != NULL ? scan->index->schema : ys_source_keys(scan->source);
	scan->operation = intVal(list_nth(private, YS_SCAN_OPERATION));
	scan->nconditions = list_length(keys);
	for (int i = 0; i < scan->nconditions; i++)
	{
		YsScanCondition *condition = &scan->conditions[i];
		Expr	   *value = list_nth(values, i);

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
	return ys_shape_order(a, b);
}

/* Sorted, and each value once: the store refuses a batch with the same key twice. */
static void
make_distinct(YsKeyList *list)
{
	int			kept = 0;

	qsort(list->values, list->count, sizeof(YsValue), compare_values);
	for (int i = 0; i < list->count; i++)
		if (kept == 0 || ys_shape_order(&list->values[kept - 1], &list->values[i]) != 0)
			list->values[kept++] = list->values[i];
	list->count = kept;
}

/*
 * No key can be what this condition asks for.  A global index may have
 * been made for a table with items whose strings or binaries no key can have
 * (empty, too long): these are in the table, but not in the index.
 */
static void
note_no_key(YsScan *scan, const YsScanCondition *condition)
{
	const char *name = scan->schema.names[condition->key];

	if (scan->index != NULL && !scan->index->info->local &&
		scan->schema.types[condition->key] != YS_TYPE_NUMBER &&
		!ys_source_is_key(scan->source, name, strlen(name)))
		scan->beyond_index = true;
}

/* The key's value; false: no item can have it there. */
static bool
convert_key(YsScan *scan, YsScanCondition *condition, Datum datum, YsValue *value)
{
	if (ys_convert_key(&condition->converter, datum, condition->key == 1, value))
		return true;
	note_no_key(scan, condition);
	return false;
}

static void
evaluate_array(YsScan *scan, YsScanCondition *condition, Datum datum, YsKeyList *list)
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
		if (!nulls[i] && convert_key(scan, condition, elements[i], &list->values[list->count]))
			list->count++;
	make_distinct(list);
}

/* The values an equality or a list allows its key; false: none. */
static bool
evaluate_list(YsScan *scan, YsScanCondition *condition, ExprContext *econtext)
{
	YsKeyList  *list = &scan->keys[condition->key];
	bool		isnull;
	Datum		datum = ExecEvalExpr(condition->value, econtext, &isnull);

	list->name = scan->schema.names[condition->key];
	list->count = 0;
	if (isnull)
		return false;
	if (condition->test == YS_TEST_ANY)
		evaluate_array(scan, condition, datum, list);
	else
	{
		list->values = palloc(sizeof(YsValue));
		list->count = convert_key(scan, condition, datum, list->values);
	}
	return list->count > 0 || scan->beyond_index;
}

/* One term of a key condition. */
static YsExpr
make_term(const YsScan *scan, int key, YsExprKind kind, int nvalues, const YsValue *values)
{
	return (YsExpr) {
		.kind = kind,
		.path = scan->schema.columns[key]->path,
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

/* A bound of the sort key; false: it is NULL, and nothing satisfies it. */
static bool
evaluate_bound(YsScan *scan, YsScanCondition *condition, ExprContext *econtext)
{
	YsValue    *bound = &scan->bounds[scan->nbounds];
	bool		isnull;
	Datum		datum = ExecEvalExpr(condition->value, econtext, &isnull);

	if (isnull)
		return false;
	if (ys_convert_key(&condition->converter, datum, true, bound))
	{
		scan->bound = expr_kind(condition->test);
		scan->nbounds++;
		return true;
	}
	scan->left_out = true;
	/* what is more, or less, than nothing is not nothing */
	if (scan->schema.types[1] == YS_TYPE_NUMBER || bound->len > 0 ||
		(condition->test != YS_TEST_GT && condition->test != YS_TEST_LT))
		note_no_key(scan, condition);
	return true;
}

/* Does an empty string begin so, or match? */
static bool
takes_empty(const YsScanCondition *condition, const YsValue *text)
{
	uint32_t	len = text->len;

	while (condition->test == YS_TEST_LIKE && len > 0 && text->bytes[len - 1] == '%')
		len--;
	return len == 0;
}

/* What the sort key begins with; false: nothing does. */
static bool
evaluate_prefix(YsScan *scan, YsScanCondition *condition, ExprContext *econtext)
{
	YsValue    *prefix = &scan->bounds[0];
	bool		isnull;
	Datum		datum = ExecEvalExpr(condition->value, econtext, &isnull);

	if (isnull)
		return false;
	*prefix = ys_convert_from_datum(&condition->converter, datum);
	if (prefix->len > ys_convert_key_max_bytes(true) || takes_empty(condition, prefix))
		note_no_key(scan, condition);
	if (condition->test == YS_TEST_LIKE)
		(void) ys_prefix_cut(prefix);
	scan->bound = YS_EXPR_BEGINS_WITH;
	/* everything begins with nothing */
	scan->nbounds = prefix->len > 0;
	return prefix->len <= ys_convert_key_max_bytes(true) || scan->beyond_index;
}

static bool
evaluate_condition(YsScan *scan, YsScanCondition *condition, ExprContext *econtext)
{
	switch (condition->test)
	{
		case YS_TEST_ANY:
			return evaluate_list(scan, condition, econtext);
		case YS_TEST_EQ:
			/* of the sort key, in a Query of an index, it is a condition as any other */
			return condition->key == 0 || scan->operation != YS_OPERATION_QUERY ?
				evaluate_list(scan, condition, econtext) :
				evaluate_bound(scan, condition, econtext);
		case YS_TEST_STARTS_WITH:
		case YS_TEST_LIKE:
			return evaluate_prefix(scan, condition, econtext);
		default:
			return evaluate_bound(scan, condition, econtext);
	}
}

bool
ys_scan_evaluate(YsScan *scan, ExprContext *econtext)
{
	scan->nbounds = 0;
	scan->left_out = false;
	scan->beyond_index = false;
	for (int i = 0; i < scan->nconditions; i++)
		if (!evaluate_condition(scan, &scan->conditions[i], econtext))
			return false;
	/* lower bound first, as planned; the store refuses a reversed pair */
	return scan->nbounds < 2 || ys_shape_order(&scan->bounds[0], &scan->bounds[1]) <= 0;
}

/* The store takes one condition on the sort key: two bounds are sent as one, both inclusive. */
const YsExpr *
ys_scan_key_condition(void *arg, int partition)
{
	YsScan	   *scan = arg;

	scan->key_terms[0] = make_term(scan, 0, YS_EXPR_EQ, 1, &scan->keys[0].values[partition]);
	if (scan->nbounds == 0)
		return &scan->key_terms[0];
	scan->key_terms[1] = make_term(scan, 1, scan->nbounds == 2 ? YS_EXPR_BETWEEN : scan->bound,
								   scan->nbounds, scan->bounds);
	scan->key_args[0] = &scan->key_terms[0];
	scan->key_args[1] = &scan->key_terms[1];
	scan->key_expr = (YsExpr) {.kind = YS_EXPR_AND, .nargs = 2, .args = scan->key_args};
	return &scan->key_expr;
}

static YsMember
name_value(const char *name, YsValue value)
{
	return (YsMember) {.name = name, .name_len = strlen(name), .value = value};
}

bool
ys_scan_window_key(const YsScan *scan, YsMember *members, YsValue *key)
{
	uint32_t	count = 0;

	if (scan->left_out || scan->beyond_index)
		return false;
	if (scan->operation == YS_OPERATION_GET)
		for (; count < (uint32_t) scan->schema.nkeys; count++)
			members[count] = name_value(scan->keys[count].name, scan->keys[count].values[0]);
	else
	{
		static const char *const bounds[] = {"first bound", "second bound"};

		members[count++] = name_value("partition", scan->keys[0].values[0]);
		for (int i = 0; i < scan->nbounds; i++)
			members[count++] = name_value(bounds[i], scan->bounds[i]);
	}
	*key = (YsValue) {.type = YS_TYPE_MAP, .len = count, .members = members};
	return true;
}

const YsExpr *
ys_scan_window_condition(void *arg, const YsValue *key)
{
	YsScan	   *scan = arg;

	/* which tests the bounds are of the conditions say, whatever their values */
	scan->keys[0].values = &key->members[0].value;
	scan->nbounds = (int) key->len - 1;
	for (int i = 0; i < scan->nbounds; i++)
		scan->bounds[i] = key->members[i + 1].value;
	return ys_scan_key_condition(scan, 0);
}
