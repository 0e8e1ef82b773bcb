/*-------------------------------------------------------------------------
 * filter_build.c
 *	  The filter of a scan, from its conditions and their values.
 *
 * Each condition becomes an expression, or is found to hold for every item
 * (it says nothing) or for none.  A value the store could not hold, or that is
 * too long to be sent with every page, says nothing.
 *
 * Where a path ends at a list's position, a set may be instead of the list:
 * its elements have positions for us and none for the store, so that sets are
 * always sent.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "fdw/filter.h"
#include "fdw/prefix.h"

/* Longest value that is sent. */
#define VALUE_MAX_BYTES	2048

struct YsFilter
{
	List	   *nodes;			/* of YsFilterNode: all must hold */
	List	   *strict;			/* of YsSourceColumn: misfits in them are wanted whatever holds */
};

typedef enum Truth
{
	ALWAYS,
	NEVER,
	DEPENDS						/* on the expression */
} Truth;

static Truth build(YsFilterNode *node, ExprContext *econtext, const YsExpr **expr);

/* ---- expressions ---- */

static const YsExpr *
make_condition(YsExprKind kind, const YsPath *path, int nvalues, const YsValue *values)
{
	YsExpr	   *expr = palloc0(sizeof(YsExpr));

	expr->kind = kind;
	expr->path = *path;
	expr->nvalues = nvalues;
	expr->values = values;
	return expr;
}

/* Of a list of expressions; of one it is that one. */
static const YsExpr *
make_connective(YsExprKind kind, List *list)
{
	YsExpr	   *expr = palloc0(sizeof(YsExpr));
	const YsExpr **args = palloc(list_length(list) * sizeof(YsExpr *));
	ListCell   *cell;

	expr->kind = kind;
	expr->args = args;
	foreach(cell, list)
		args[expr->nargs++] = lfirst(cell);
	return expr->nargs == 1 && kind != YS_EXPR_NOT ? args[0] : expr;
}

static const YsExpr *
make_not(const YsExpr *expr)
{
	return make_connective(YS_EXPR_NOT, list_make1(unconstify(YsExpr *, expr)));
}

static const YsExpr *
make_type_test(const YsPath *path, const char *tag)
{
	YsValue    *value = palloc(sizeof(YsValue));

	*value = ys_value_string(tag, strlen(tag));
	return make_condition(YS_EXPR_TYPE_IS, path, 1, value);
}

/* A condition a value must be there for, or an element of a set in its place. */
static const YsExpr *
or_element(const YsPath *path, const YsExpr *expr)
{
	YsPath		list = {path->nsteps - 1, path->steps};

	if (path->steps[path->nsteps - 1].name != NULL)
		return expr;
	return make_connective(YS_EXPR_OR,
						   list_make4(unconstify(YsExpr *, expr),
									  unconstify(YsExpr *, make_type_test(&list, "SS")),
									  unconstify(YsExpr *, make_type_test(&list, "NS")),
									  unconstify(YsExpr *, make_type_test(&list, "BS"))));
}

/* Strings with U+0000 are no text. */
static const YsExpr *
make_contains_zero(const YsPath *path)
{
	YsValue    *zero = palloc(sizeof(YsValue));

	*zero = ys_value_string("\0", 1);
	return make_condition(YS_EXPR_CONTAINS, path, 1, zero);
}

/* Nothing there that is of the column's type: exact, for a column whose type is. */
static const YsExpr *
make_is_null(const YsSourceColumn *column)
{
	const char *tag = ys_filter_type(column).tag;
	const YsExpr *other = make_not(make_type_test(&column->path, tag));

	if (strcmp(tag, "S") != 0)
		return other;
	return make_connective(YS_EXPR_OR,
						   list_make2(unconstify(YsExpr *, other),
									  unconstify(YsExpr *, make_contains_zero(&column->path))));
}

static const YsExpr *
make_is_not_null(const YsSourceColumn *column)
{
	const YsPath *path = &column->path;
	const char *tag = ys_filter_type(column).tag;
	const YsExpr *expr;

	if (tag != NULL)
		expr = make_type_test(path, tag);
	else if (column->form != YS_FORM_PLAIN)
		expr = make_condition(YS_EXPR_EXISTS, path, 0, NULL);
	else
		expr = make_connective(YS_EXPR_AND,
							   list_make2(unconstify(YsExpr *, make_condition(YS_EXPR_EXISTS, path,
																			  0, NULL)),
										  unconstify(YsExpr *, make_not(make_type_test(path, "NULL")))));
	return or_element(path, expr);
}

/* Something is there that does not fit the column. */
static const YsExpr *
make_misfit(const YsSourceColumn *column)
{
	const YsPath *path = &column->path;
	List	   *all = list_make3(unconstify(YsExpr *, make_condition(YS_EXPR_EXISTS, path, 0, NULL)),
								 unconstify(YsExpr *, make_is_null(column)),
								 unconstify(YsExpr *, make_not(make_type_test(path, "NULL"))));

	return or_element(path, make_connective(YS_EXPR_AND, all));
}

/* ---- values ---- */

/* False: the store can't hold it, or it is too long. */
static bool
convert_value(YsFilterNode *node, Datum datum, YsValue *value)
{
	if (node->converter.base == NUMERICOID)
	{
		if (!ys_convert_from_numeric(datum, value))
			return false;
	}
	else
		*value = ys_convert_from_datum(&node->converter, datum);
	return value->len <= VALUE_MAX_BYTES;
}

static Truth
build_comparison(YsFilterNode *node, Datum datum, const YsExpr **expr)
{
	YsValue    *value = palloc(sizeof(YsValue));

	if (!convert_value(node, datum, value))
		return ALWAYS;
	*expr = make_condition(node->op, &node->column->path, 1, value);
	/* a missing value is not equal to any, for the store */
	if (node->op != YS_EXPR_NE)
		*expr = or_element(&node->column->path, *expr);
	return DEPENDS;
}

static Truth
build_time(YsFilterNode *node, Datum datum, const YsExpr **expr)
{
	const YsPath *path = &node->column->path;
	YsFilterRange *range = palloc(sizeof(YsFilterRange));
	List	   *bounds = NIL;

	ys_filter_time_range(node, datum, range);
	if (range->has_lower)
		bounds = lappend(bounds, unconstify(YsExpr *, make_condition(YS_EXPR_GE, path, 1,
																	 &range->lower)));
	if (range->has_upper)
		bounds = lappend(bounds, unconstify(YsExpr *, make_condition(YS_EXPR_LT, path, 1,
																	 &range->upper)));
	if (bounds == NIL)
		return ALWAYS;
	*expr = or_element(path, make_connective(YS_EXPR_AND, bounds));
	return DEPENDS;
}

static Truth
build_prefix(YsFilterNode *node, Datum datum, const YsExpr **expr)
{
	YsValue    *value = palloc(sizeof(YsValue));
	const YsPath *path = &node->column->path;

	if (!convert_value(node, datum, value))
		return ALWAYS;
	if (node->kind == YS_FILTER_LIKE)
		(void) ys_prefix_cut(value);
	*expr = or_element(path, value->len == 0 ? make_type_test(path, "S") :
					   make_condition(YS_EXPR_BEGINS_WITH, path, 1, value));
	return DEPENDS;
}

static Truth
build_array(YsFilterNode *node, Datum datum, const YsExpr **expr)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	const YsPath *path = &node->column->path;
	bool		is_in = node->kind == YS_FILTER_IN;
	YsValue    *values;
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int			nvalues = 0;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign,
					  &elements, &nulls, &count);
	if (count > YS_FILTER_IN_MAX)
		return ALWAYS;
	values = palloc(Max(count, 1) * sizeof(YsValue));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
		{
			/* unknown whether it is among them */
			if (!is_in)
				return NEVER;
		}
		else if (convert_value(node, elements[i], &values[nvalues]))
			nvalues++;
		else
			return ALWAYS;
	}
	if (nvalues == 0)
		return is_in ? NEVER : ALWAYS;
	*expr = make_condition(YS_EXPR_IN, path, nvalues, values);
	*expr = is_in ? or_element(path, *expr) : make_not(*expr);
	return DEPENDS;
}

/* ---- conditions ---- */

static Truth
build_value(YsFilterNode *node, ExprContext *econtext, const YsExpr **expr)
{
	bool		isnull;
	Datum		datum = ExecEvalExpr(node->state, econtext, &isnull);

	/* no condition here holds for a value that is not known */
	if (isnull)
		return NEVER;
	switch (node->kind)
	{
		case YS_FILTER_COMPARE:
			return build_comparison(node, datum, expr);
		case YS_FILTER_TIME:
			return build_time(node, datum, expr);
		case YS_FILTER_IN:
		case YS_FILTER_NOT_IN:
			return build_array(node, datum, expr);
		case YS_FILTER_CONSTANT:
			return DatumGetBool(datum) ? ALWAYS : NEVER;
		default:
			return build_prefix(node, datum, expr);
	}
}

/* All of the conditions, or any. */
static Truth
build_connective(YsExprKind kind, List *nodes, ExprContext *econtext, const YsExpr **expr)
{
	Truth		decisive = kind == YS_EXPR_AND ? NEVER : ALWAYS;
	List	   *list = NIL;
	ListCell   *cell;

	foreach(cell, nodes)
	{
		const YsExpr *part;
		Truth		truth = build(lfirst(cell), econtext, &part);

		if (truth == decisive)
			return decisive;
		if (truth == DEPENDS)
			list = lappend(list, unconstify(YsExpr *, part));
	}
	if (list == NIL)
		return decisive == NEVER ? ALWAYS : NEVER;
	*expr = make_connective(kind, list);
	return DEPENDS;
}

static Truth
build(YsFilterNode *node, ExprContext *econtext, const YsExpr **expr)
{
	switch (node->kind)
	{
		case YS_FILTER_AND:
			return build_connective(YS_EXPR_AND, node->args, econtext, expr);
		case YS_FILTER_OR:
			return build_connective(YS_EXPR_OR, node->args, econtext, expr);
		case YS_FILTER_IS_NULL:
			*expr = make_is_null(node->column);
			return DEPENDS;
		case YS_FILTER_IS_NOT_NULL:
			*expr = make_is_not_null(node->column);
			return DEPENDS;
		default:
			return build_value(node, econtext, expr);
	}
}

/* ---- the filter ---- */

static void
prepare(YsFilterNode *node, PlanState *parent)
{
	ListCell   *cell;

	if (node->value != NULL)
	{
		Oid			type = exprType((Node *) node->value);
		bool		is_array = node->kind == YS_FILTER_IN || node->kind == YS_FILTER_NOT_IN;

		node->state = ExecInitExpr(node->value, parent);
		ys_converter_init(&node->converter, is_array ? get_base_element_type(type) : type, -1,
						  CurrentMemoryContext);
	}
	foreach(cell, node->args)
		prepare(lfirst(cell), parent);
}

YsFilter *
ys_filter_create(const YsSource *source, Index varno, const YsKeySchema *queried,
				 List *clauses, List *columns, PlanState *node)
{
	YsFilter   *filter;
	ListCell   *cell;

	if (clauses == NIL)
		return NULL;
	filter = palloc0(sizeof(YsFilter));
	foreach(cell, clauses)
	{
		YsFilterNode *matched = ys_filter_match(source, varno, queried, lfirst(cell));

		if (matched == NULL)
			elog(ERROR, "a condition sent to the store when planned is none now");
		prepare(matched, node);
		filter->nodes = lappend(filter->nodes, matched);
	}
	foreach(cell, columns)
	{
		YsSourceColumn *column = &source->columns[lfirst_int(cell) - 1];
		bool		always_fits;

		if (ys_filter_finds_misfits(column, &always_fits) && !always_fits)
			filter->strict = lappend(filter->strict, column);
	}
	return filter;
}

bool
ys_filter_evaluate(YsFilter *filter, ExprContext *econtext, const YsExpr **expr)
{
	Truth		truth = build_connective(YS_EXPR_AND, filter->nodes, econtext, expr);
	List	   *any = NIL;
	ListCell   *cell;

	if (truth == ALWAYS)
	{
		*expr = NULL;
		return true;
	}
	if (truth == NEVER && filter->strict == NIL)
		return false;
	if (truth == DEPENDS)
		any = list_make1(unconstify(YsExpr *, *expr));
	foreach(cell, filter->strict)
		any = lappend(any, unconstify(YsExpr *, make_misfit(lfirst(cell))));
	*expr = make_connective(YS_EXPR_OR, any);
	return true;
}
