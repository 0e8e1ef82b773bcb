/*-------------------------------------------------------------------------
 * filter_match.c
 *	  Which conditions the store can be sent as a filter.
 *
 * The store compares values of one type only, and without conversions.  A
 * column's condition is said to it when all values that become equal (or
 * ordered) datums are equal (ordered) in the store: text and varchar, integers
 * and numeric without a scale, boolean, bytea.  Dates and times are asked for by
 * ranges around them; of the other types only the presence of a value is.
 *
 * A plan keeps the clauses themselves, without the parts that can't be said.
 * They are matched again when it runs, by the same code, so that nothing about a column is remembered that
 * may have changed.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"
#include "utils/typcache.h"

#include "compat.h"
#include "fdw/filter.h"
#include "fdw/prefix.h"
#include "guc.h"

/* The store refuses longer expressions, and longer paths. */
#define EXPRESSION_MAX	4096
#define PATH_MAX_STEPS	32
#define INDEX_MAX		100000

/* What a name, a value or the words around a condition take at most. */
#define NAME_BYTES		6
#define INDEX_BYTES		9
#define VALUE_BYTES		6
#define WORDS_BYTES		96
#define SET_WORDS_BYTES	32

typedef struct Matcher
{
	const YsSource *source;
	Index		varno;
	const YsKeySchema *queried; /* a Query's; NULL: a Scan */
} Matcher;

static YsFilterNode *match(const Matcher *matcher, Expr *expr, bool in_or);

/* ---- columns ---- */

YsFilterType
ys_filter_type(const YsSourceColumn *column)
{
	int32		typmod = column->typmod;
	Oid			type = getBaseTypeAndTypmod(column->type, &typmod);
	bool		free = typmod < 0;

	if (column->kind != YS_COLUMN_PATH)
		return (YsFilterType) {NULL, false, false};
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			return (YsFilterType) {"S", true, free};
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return (YsFilterType) {"N", true, false};
		case NUMERICOID:
			return (YsFilterType) {"N", free, free};
		case FLOAT4OID:
		case FLOAT8OID:
			return (YsFilterType) {"N", false, false};
		case BOOLOID:
			return (YsFilterType) {"BOOL", true, true};
		case BYTEAOID:
			return (YsFilterType) {"B", true, true};
		case JSONOID:
		case JSONBOID:
			return (YsFilterType) {NULL, false, false};
		default:
			/* all others are read from strings */
			return (YsFilterType) {OidIsValid(get_element_type(type)) ? NULL : "S", false, false};
	}
}

/* Does the store follow this path as we do? */
static bool
is_plain_path(const YsPath *path)
{
	for (int i = 0; i < path->nsteps; i++)
		if (path->steps[i].name == NULL &&
			(path->steps[i].index == YS_PATH_EVERY || path->steps[i].index >= INDEX_MAX))
			return false;
	return path->nsteps <= PATH_MAX_STEPS;
}

/* A Query's filter must not name the key's attributes. */
static bool
may_be_named(const Matcher *matcher, const YsSourceColumn *column)
{
	const YsKeySchema *queried = matcher->queried;

	if (column->kind != YS_COLUMN_PATH || !is_plain_path(&column->path))
		return false;
	for (int i = 0; queried != NULL && i < queried->nkeys; i++)
		if (strlen(queried->names[i]) == column->path.steps[0].name_len &&
			memcmp(queried->names[i], column->path.steps[0].name,
				   column->path.steps[0].name_len) == 0)
			return false;
	return true;
}

/* The column that expr is, below binary-compatible casts, if a filter may name it. */
static const YsSourceColumn *
find_column(const Matcher *matcher, Expr *expr)
{
	const YsSourceColumn *column;
	Var		   *var;

	while (expr != NULL && IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	if (expr == NULL || !IsA(expr, Var))
		return NULL;
	var = (Var *) expr;
	if (var->varno != matcher->varno || var->varlevelsup != 0 || var->varattno <= 0 ||
		var->varattno > matcher->source->natts)
		return NULL;
	column = &matcher->source->columns[var->varattno - 1];
	return may_be_named(matcher, column) ? column : NULL;
}

/* A domain's constraint is checked on every row, and the store knows nothing of it. */
static bool
has_constraints(Oid type)
{
	Oid			element = get_element_type(getBaseType(type));

	return (get_typtype(type) == TYPTYPE_DOMAIN && DomainHasConstraints(type)) ||
		(OidIsValid(element) && has_constraints(element));
}

bool
ys_filter_finds_misfits(const YsSourceColumn *column, bool *always_fits)
{
	YsFilterType type = ys_filter_type(column);

	*always_fits = false;
	if (has_constraints(column->type))
		return false;
	if (!column->error_on_mismatch)
		*always_fits = true;
	else if (column->key > 0)
		*always_fits = type.exact && strcmp(type.tag, "S") != 0;
	return *always_fits || (type.exact && column->key == 0 && is_plain_path(&column->path));
}

/* ---- values ---- */

static bool
names_column(Node *node, void *varno)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varno == *(Index *) varno;
	return expression_tree_walker(node, names_column, varno);
}

/* Could its evaluation fail? */
static bool
may_fail(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_Const:
		case T_Param:
		case T_Var:
		case T_RelabelType:
		case T_CollateExpr:
		case T_ArrayExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_BoolExpr:
			break;
		case T_FuncExpr:
			/* those widen */
			if (((FuncExpr *) node)->funcformat != COERCE_IMPLICIT_CAST)
				return true;
			break;
		default:
			return true;
	}
	return expression_tree_walker(node, may_fail, context);
}

/*
 * Known before the scan starts, and the same for all of it?  In an OR it is
 * evaluated even if another arm would have spared that, so it must not fail.
 */
static bool
is_value(const Matcher *matcher, Expr *expr, bool in_or)
{
	Index		varno = matcher->varno;

	return !names_column((Node *) expr, &varno) &&
		!contain_volatile_functions((Node *) expr) &&
		!contain_subplans((Node *) expr) &&
		!(in_or && may_fail((Node *) expr, NULL));
}

/* Is a value of this type, sent as it is, of the column's store type? */
static bool
has_tag(Oid type, const char *tag)
{
	YsType		store_type;

	type = getBaseType(type);
	if (type == BOOLOID)
		return strcmp(tag, "BOOL") == 0;
	return ys_convert_key_type(type, &store_type) &&
		strcmp(tag, store_type == YS_TYPE_STRING ? "S" :
			   store_type == YS_TYPE_NUMBER ? "N" : "B") == 0;
}

static bool
is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/* Does the store compare such values as this operator does? */
static bool
same_comparison(YsFilterType type, YsExprKind op, Oid collation)
{
	if (op == YS_EXPR_EQ || op == YS_EXPR_NE)
		return is_deterministic(collation);
	if (strcmp(type.tag, "BOOL") == 0)
		return false;
	return strcmp(type.tag, "S") != 0 ||
		(OidIsValid(collation) && ys_collation_is_c_compat(collation));
}

/* ---- conditions ---- */

static YsFilterNode *
make_node(YsFilterKind kind, const YsSourceColumn *column, YsExprKind op, Expr *value)
{
	YsFilterNode *node = palloc0(sizeof(YsFilterNode));

	node->kind = kind;
	node->column = column;
	node->op = op;
	node->value = value;
	return node;
}

static bool
find_operator(const YsSourceColumn *column, Oid operator, YsExprKind *op)
{
	static const YsExprKind kinds[] = {
		0, YS_EXPR_LT, YS_EXPR_LE, YS_EXPR_EQ, YS_EXPR_GE, YS_EXPR_GT
	};
	Oid			family = lookup_type_cache(column->type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	Oid			negator;
	int			strategy;

	if (!OidIsValid(family))
		return false;
	strategy = get_op_opfamily_strategy(operator, family);
	if (strategy > 0)
	{
		*op = kinds[strategy];
		return true;
	}
	/* <> is in no family: it is known by its negator */
	negator = get_negator(operator);
	*op = YS_EXPR_NE;
	return OidIsValid(negator) &&
		get_op_opfamily_strategy(negator, family) == BTEqualStrategyNumber;
}

/* column LIKE value, starts_with(column, value) */
static YsFilterNode *
match_prefix(const Matcher *matcher, Oid function, List *args, Oid collation, bool in_or)
{
	YsPrefixKind kind = ys_prefix_kind(function, collation);
	const YsSourceColumn *column;

	if (kind == YS_PREFIX_NONE)
		return NULL;
	column = find_column(matcher, linitial(args));
	if (column == NULL || !is_value(matcher, lsecond(args), in_or) ||
		!ys_filter_type(column).comparable || strcmp(ys_filter_type(column).tag, "S") != 0 ||
		!has_tag(exprType(lsecond(args)), "S"))
		return NULL;
	return make_node(kind == YS_PREFIX_LIKE ? YS_FILTER_LIKE : YS_FILTER_STARTS_WITH, column,
					 YS_EXPR_BEGINS_WITH, lsecond(args));
}

static YsFilterNode *
match_operator(const Matcher *matcher, OpExpr *clause, bool in_or)
{
	const YsSourceColumn *column;
	YsFilterNode *prefix;
	YsFilterType type;
	YsExprKind	op;
	Expr	   *value;
	Oid			operator = clause->opno;

	if (list_length(clause->args) != 2)
		return NULL;
	prefix = match_prefix(matcher, get_opcode(operator), clause->args, clause->inputcollid, in_or);
	if (prefix != NULL)
		return prefix;
	column = find_column(matcher, linitial(clause->args));
	value = lsecond(clause->args);
	if (column == NULL)
	{
		column = find_column(matcher, lsecond(clause->args));
		value = linitial(clause->args);
		operator = get_commutator(operator);
	}
	if (column == NULL || !OidIsValid(operator) || !is_value(matcher, value, in_or))
		return NULL;
	if (ys_filter_is_time(column->type, exprType((Node *) value)))
		return find_operator(column, operator, &op) && op != YS_EXPR_NE ?
			make_node(YS_FILTER_TIME, column, op, value) : NULL;
	type = ys_filter_type(column);
	if (!type.comparable || !has_tag(exprType((Node *) value), type.tag) ||
		!find_operator(column, operator, &op) ||
		!same_comparison(type, op, clause->inputcollid))
		return NULL;
	return make_node(YS_FILTER_COMPARE, column, op, value);
}

/* Elements of a constant array; of any other as many as may be sent. */
static int
count_elements(Expr *array)
{
	ArrayType  *constant;

	if (IsA(array, ArrayExpr))
		return list_length(((ArrayExpr *) array)->elements);
	if (!IsA(array, Const) || ((Const *) array)->constisnull)
		return YS_FILTER_IN_MAX;
	constant = DatumGetArrayTypeP(((Const *) array)->constvalue);
	return ArrayGetNItems(ARR_NDIM(constant), ARR_DIMS(constant));
}

/* column = ANY (array), column <> ALL (array): IN and NOT IN */
static YsFilterNode *
match_array(const Matcher *matcher, ScalarArrayOpExpr *clause, bool in_or)
{
	const YsSourceColumn *column = find_column(matcher, linitial(clause->args));
	Expr	   *array = lsecond(clause->args);
	YsFilterType type;
	YsExprKind	op;
	Oid			element;

	if (column == NULL || !is_value(matcher, array, in_or))
		return NULL;
	type = ys_filter_type(column);
	element = get_base_element_type(exprType((Node *) array));
	if (!type.comparable || !OidIsValid(element) || !has_tag(element, type.tag) ||
		count_elements(array) > YS_FILTER_IN_MAX ||
		!find_operator(column, clause->opno, &op) ||
		op != (clause->useOr ? YS_EXPR_EQ : YS_EXPR_NE) ||
		!same_comparison(type, op, clause->inputcollid))
		return NULL;
	return make_node(clause->useOr ? YS_FILTER_IN : YS_FILTER_NOT_IN, column, YS_EXPR_IN, array);
}

/* NULL are missing values and misfits: only where those can be told are they asked for. */
static YsFilterNode *
match_null(const Matcher *matcher, Expr *arg, bool is_null)
{
	const YsSourceColumn *column = find_column(matcher, arg);

	if (column == NULL || (is_null && !ys_filter_type(column).exact))
		return NULL;
	return make_node(is_null ? YS_FILTER_IS_NULL : YS_FILTER_IS_NOT_NULL, column, 0, NULL);
}

/* column [<>] value, of booleans */
static YsFilterNode *
match_boolean(const Matcher *matcher, Expr *arg, YsExprKind op, bool value)
{
	const YsSourceColumn *column = find_column(matcher, arg);

	if (column == NULL || getBaseType(column->type) != BOOLOID)
		return NULL;
	return make_node(YS_FILTER_COMPARE, column, op, (Expr *) makeBoolConst(value, false));
}

static YsFilterNode *
match_boolean_test(const Matcher *matcher, BooleanTest *test)
{
	switch (test->booltesttype)
	{
		case IS_TRUE:
			return match_boolean(matcher, test->arg, YS_EXPR_EQ, true);
		case IS_NOT_TRUE:
			return match_boolean(matcher, test->arg, YS_EXPR_NE, true);
		case IS_FALSE:
			return match_boolean(matcher, test->arg, YS_EXPR_EQ, false);
		case IS_NOT_FALSE:
			return match_boolean(matcher, test->arg, YS_EXPR_NE, false);
		case IS_UNKNOWN:
			return match_null(matcher, test->arg, true);
		case IS_NOT_UNKNOWN:
			return match_null(matcher, test->arg, false);
	}
	return NULL;
}

static YsFilterNode *
match_connective(const Matcher *matcher, BoolExpr *clause, bool in_or)
{
	bool		is_or = clause->boolop == OR_EXPR;
	YsFilterNode *node;
	List	   *clauses = NIL;
	ListCell   *cell;

	if (clause->boolop == NOT_EXPR)
		return match_boolean(matcher, linitial(clause->args), YS_EXPR_EQ, false);
	node = make_node(is_or ? YS_FILTER_OR : YS_FILTER_AND, NULL, 0, NULL);
	foreach(cell, clause->args)
	{
		YsFilterNode *arg = match(matcher, lfirst(cell), in_or || is_or);

		if (arg != NULL)
		{
			node->args = lappend(node->args, arg);
			clauses = lappend(clauses, arg->clause);
		}
		else if (is_or)
			return NULL;
	}
	if (clauses == NIL)
		return NULL;
	node->clause = is_or ? make_orclause(clauses) : make_ands_explicit(clauses);
	return node;
}

static YsFilterNode *
match(const Matcher *matcher, Expr *expr, bool in_or)
{
	YsFilterNode *node = NULL;

	switch (nodeTag(expr))
	{
		case T_BoolExpr:
			node = match_connective(matcher, (BoolExpr *) expr, in_or);
			break;
		case T_OpExpr:
			node = match_operator(matcher, (OpExpr *) expr, in_or);
			break;
		case T_ScalarArrayOpExpr:
			node = match_array(matcher, (ScalarArrayOpExpr *) expr, in_or);
			break;
		case T_FuncExpr:
			if (list_length(((FuncExpr *) expr)->args) == 2)
				node = match_prefix(matcher, ((FuncExpr *) expr)->funcid, ((FuncExpr *) expr)->args,
									((FuncExpr *) expr)->inputcollid, in_or);
			break;
		case T_NullTest:
			node = match_null(matcher, ((NullTest *) expr)->arg,
							  ((NullTest *) expr)->nulltesttype == IS_NULL);
			break;
		case T_BooleanTest:
			node = match_boolean_test(matcher, (BooleanTest *) expr);
			break;
		case T_RelabelType:
		case T_Var:
			node = match_boolean(matcher, expr, YS_EXPR_EQ, true);
			break;
		default:
			break;
	}
	if (node == NULL && in_or && is_value(matcher, expr, true))
		node = make_node(YS_FILTER_CONSTANT, NULL, 0, expr);
	if (node != NULL && node->clause == NULL)
		node->clause = expr;
	return node;
}

YsFilterNode *
ys_filter_match(const YsSource *source, Index varno, const YsKeySchema *queried, Expr *clause)
{
	Matcher		matcher = {source, varno, queried};

	return match(&matcher, clause, false);
}

/* ---- choice ---- */

/* What a condition on this path takes in an expression at most; path and words may be there twice. */
static int
condition_bytes(const YsPath *path, int nvalues)
{
	const YsPathStep *last = &path->steps[path->nsteps - 1];
	int			bytes = 0;

	for (int i = 0; i < path->nsteps; i++)
		bytes += path->steps[i].name != NULL ? NAME_BYTES : INDEX_BYTES;
	return WORDS_BYTES + 3 * bytes + nvalues * VALUE_BYTES +
		(last->name == NULL ? 3 * (bytes + SET_WORDS_BYTES) : 0);
}

static int
node_bytes(const YsFilterNode *node)
{
	bool		is_array = node->kind == YS_FILTER_IN || node->kind == YS_FILTER_NOT_IN;
	int			bytes = 8;
	ListCell   *cell;

	if (node->column != NULL)
		return condition_bytes(&node->column->path, is_array ? count_elements(node->value) : 2);
	foreach(cell, node->args)
		bytes += node_bytes(lfirst(cell));
	return bytes;
}

List *
ys_filter_choose(RelOptInfo *rel, const YsSource *source, List *clauses, List *columns,
				 YsOperation operation, const YsKeySchema *keys)
{
	const YsKeySchema *queried = operation == YS_OPERATION_QUERY ? keys : NULL;
	List	   *chosen = NIL;
	int			bytes = 0;
	bool		always_fits;
	ListCell   *cell;

	if (!ys_guc_pushdown ||
		(operation != YS_OPERATION_QUERY && operation != YS_OPERATION_SCAN))
		return NIL;
	foreach(cell, columns)
	{
		const YsSourceColumn *column = &source->columns[lfirst_int(cell) - 1];

		if (!ys_filter_finds_misfits(column, &always_fits))
			return NIL;
		if (!always_fits)
			bytes += condition_bytes(&column->path, 3);
	}
	foreach(cell, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		YsFilterNode *node;

		if (rinfo->pseudoconstant || !restriction_is_securely_promotable(rinfo, rel))
			continue;
		node = ys_filter_match(source, rel->relid, queried, rinfo->clause);
		if (node != NULL && bytes + node_bytes(node) <= EXPRESSION_MAX)
		{
			bytes += node_bytes(node);
			chosen = lappend(chosen, node->clause);
		}
	}
	return chosen;
}
