/*-------------------------------------------------------------------------
 * qual.c
 *	  Conditions on the key.
 *
 * A condition is sent only when the store's answer contains every row for
 * which it holds: the operator is a member of the column's btree family, the
 * value's type maps to the store's type of the key, an equality's collation
 * is deterministic and a range's is C.  All of them are checked again on
 * the rows, so what is sent may return too many.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"
#include "utils/typcache.h"

#include "catalog/convert.h"
#include "compat.h"
#include "fdw/prefix.h"
#include "fdw/qual.h"

const char *
ys_operation_name(YsOperation operation)
{
	static const char *const names[] = {"GetItem", "BatchGetItem", "Query", "Scan"};

	return names[operation];
}

AttrNumber
ys_qual_column(RelOptInfo *rel, Expr *expr)
{
	Var		   *var;

	while (expr != NULL && IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	if (expr == NULL || !IsA(expr, Var))
		return 0;
	var = (Var *) expr;
	if (var->varno != rel->relid || var->varlevelsup != 0)
		return 0;
	return var->varattno;
}

/* Which key of the schema expr is; -1: none. */
static int
find_key(RelOptInfo *rel, const YsKeySchema *schema, Expr *expr)
{
	AttrNumber	attnum = ys_qual_column(rel, expr);

	for (int key = 0; attnum > 0 && key < schema->nkeys; key++)
		if (schema->columns[key] != NULL && schema->columns[key]->attnum == attnum)
			return key;
	return -1;
}

/* Known before the scan starts, and the same for all of it? */
static bool
is_value(PlannerInfo *root, RelOptInfo *rel, Expr *expr)
{
	return !bms_is_member(rel->relid, pull_varnos(root, (Node *) expr)) &&
		!contain_volatile_functions((Node *) expr);
}

/* Can a value of this type, compared with such a key, be sent as it is? */
static bool
has_key_type(const YsKeySchema *schema, int key, Oid type)
{
	YsType		store_type;

	return ys_convert_key_type(getBaseType(type), &store_type) &&
		store_type == schema->types[key];
}

/* The operator's place in the order of the column's type; 0: it has none. */
static int
find_strategy(const YsSourceColumn *column, Oid operator)
{
	TypeCacheEntry *entry = lookup_type_cache(column->type, TYPECACHE_BTREE_OPFAMILY);

	return OidIsValid(entry->btree_opf) ? get_op_opfamily_strategy(operator, entry->btree_opf) : 0;
}

/* Does the store compare as this operator does? */
static bool
same_order(const YsKeySchema *schema, int key, int strategy, Oid collation)
{
	if (schema->types[key] != YS_TYPE_STRING)
		return true;
	if (strategy == YS_TEST_EQ)
		return !OidIsValid(collation) || get_collation_isdeterministic(collation);
	return OidIsValid(collation) && ys_collation_is_c_compat(collation);
}

static bool
match_operator(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema, OpExpr *clause,
			   YsKeyCondition *condition)
{
	Expr	   *left;
	Expr	   *right;
	Oid			operator = clause->opno;
	int			key;
	int			strategy;

	if (list_length(clause->args) != 2)
		return false;
	left = linitial(clause->args);
	right = lsecond(clause->args);
	key = find_key(rel, schema, left);
	if (key < 0)
	{
		Expr	   *swap = left;

		key = find_key(rel, schema, right);
		left = right;
		right = swap;
		operator = get_commutator(operator);
	}
	if (key < 0 || !OidIsValid(operator) || !is_value(root, rel, right))
		return false;
	strategy = find_strategy(schema->columns[key], operator);
	if (strategy == 0 || (key == 0 && strategy != YS_TEST_EQ) ||
		!has_key_type(schema, key, exprType((Node *) right)) ||
		!same_order(schema, key, strategy, clause->inputcollid))
		return false;
	*condition = (YsKeyCondition) {.key = key, .test = (YsKeyTest) strategy, .value = right};
	return true;
}

/* key = ANY (array), which IN is too */
static bool
match_array(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
			ScalarArrayOpExpr *clause, YsKeyCondition *condition)
{
	int			key = find_key(rel, schema, linitial(clause->args));
	Expr	   *array = lsecond(clause->args);
	Oid			element;

	if (!clause->useOr || key < 0 || !is_value(root, rel, array))
		return false;
	element = get_base_element_type(exprType((Node *) array));
	if (find_strategy(schema->columns[key], clause->opno) != YS_TEST_EQ || !OidIsValid(element) ||
		!has_key_type(schema, key, element) ||
		!same_order(schema, key, YS_TEST_EQ, clause->inputcollid))
		return false;
	*condition = (YsKeyCondition) {.key = key, .test = YS_TEST_ANY, .value = array};
	return true;
}

/* starts_with(sort key, value), sort key LIKE value */
static bool
match_prefix(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema, Oid function,
			 List *args, Oid collation, YsKeyCondition *condition)
{
	YsPrefixKind kind = ys_prefix_kind(function, collation);
	YsValue		prefix;
	bool		exact;
	Expr	   *value;

	if (kind == YS_PREFIX_NONE || find_key(rel, schema, linitial(args)) != 1)
		return false;
	value = lsecond(args);
	if (schema->types[1] != YS_TYPE_STRING ||
		!has_key_type(schema, 1, exprType((Node *) value)) || !is_value(root, rel, value))
		return false;
	/* everything begins with nothing */
	if (ys_prefix_constant(kind, value, &prefix, &exact) && prefix.len == 0)
		return false;
	*condition = (YsKeyCondition) {
		.key = 1,
		.test = kind == YS_PREFIX_LIKE ? YS_TEST_LIKE : YS_TEST_STARTS_WITH,
		.value = value
	};
	return true;
}

static bool
match_clause(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema, Expr *expr,
			 YsKeyCondition *condition)
{
	if (IsA(expr, OpExpr))
	{
		OpExpr	   *clause = (OpExpr *) expr;

		return match_operator(root, rel, schema, clause, condition) ||
			match_prefix(root, rel, schema, get_opcode(clause->opno), clause->args,
						 clause->inputcollid, condition);
	}
	if (IsA(expr, FuncExpr))
	{
		FuncExpr   *clause = (FuncExpr *) expr;

		return match_prefix(root, rel, schema, clause->funcid, clause->args,
							clause->inputcollid, condition);
	}
	return IsA(expr, ScalarArrayOpExpr) &&
		match_array(root, rel, schema, (ScalarArrayOpExpr *) expr, condition);
}

bool
ys_qual_match(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
			  RestrictInfo *rinfo, YsKeyCondition *condition)
{
	if (rinfo->pseudoconstant || !restriction_is_securely_promotable(rinfo, rel))
		return false;
	if (!match_clause(root, rel, schema, rinfo->clause, condition))
		return false;
	condition->rinfo = rinfo;
	return true;
}

/* The conditions there are, the first of each kind (bounds are of the sort key). */
typedef struct Conditions
{
	YsKeyCondition equal[2];
	YsKeyCondition any[2];
	YsKeyCondition prefix;
	YsKeyCondition lower;
	YsKeyCondition upper;
} Conditions;

static void
keep_first(YsKeyCondition *place, const YsKeyCondition *condition)
{
	if (place->value == NULL)
		*place = *condition;
}

static void
add_condition(YsAccess *access, const YsKeyCondition *condition)
{
	if (condition->value != NULL)
		access->conditions[access->nconditions++] = *condition;
}

void
ys_qual_choose(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
			   List *clauses, YsAccess *access)
{
	Conditions	found = {0};
	bool		full = true;
	bool		lists = false;
	int			nclauses = 0;
	ListCell   *cell;

	foreach(cell, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		YsKeyCondition condition;

		nclauses++;
		if (!ys_qual_match(root, rel, schema, rinfo, &condition))
			continue;
		if (condition.test == YS_TEST_EQ)
			keep_first(&found.equal[condition.key], &condition);
		else if (condition.test == YS_TEST_ANY)
			keep_first(&found.any[condition.key], &condition);
		else if (condition.test == YS_TEST_STARTS_WITH || condition.test == YS_TEST_LIKE)
			keep_first(&found.prefix, &condition);
		else if (condition.test == YS_TEST_LT || condition.test == YS_TEST_LE)
			keep_first(&found.upper, &condition);
		else
			keep_first(&found.lower, &condition);
	}

	memset(access, 0, sizeof(*access));
	for (int key = 0; key < schema->nkeys; key++)
	{
		if (found.equal[key].value == NULL)
			lists = true;
		if (found.equal[key].value == NULL && found.any[key].value == NULL)
			full = false;
	}
	if (full && schema->unique)
	{
		access->operation = lists ? YS_OPERATION_BATCH : YS_OPERATION_GET;
		for (int key = 0; key < schema->nkeys; key++)
			add_condition(access, found.equal[key].value != NULL ? &found.equal[key] :
						  &found.any[key]);
	}
	else if (found.equal[0].value != NULL || found.any[0].value != NULL)
	{
		access->operation = YS_OPERATION_QUERY;
		add_condition(access, found.equal[0].value != NULL ? &found.equal[0] : &found.any[0]);
		/* one condition on the sort key is all the store takes */
		if (found.equal[1].value != NULL)
			add_condition(access, &found.equal[1]);
		else if (found.prefix.value != NULL)
			add_condition(access, &found.prefix);
		else
		{
			add_condition(access, &found.lower);
			add_condition(access, &found.upper);
		}
	}
	else
		access->operation = YS_OPERATION_SCAN;
	access->exact = access->operation == YS_OPERATION_GET && nclauses == access->nconditions;
}
