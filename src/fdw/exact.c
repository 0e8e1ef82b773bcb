/*-------------------------------------------------------------------------
 * exact.c
 *	  Where the store's answer is exactly what the query asks for.
 *
 * The store compares keys as they are stored, PostgreSQL the column's values.
 * They differ where a key does not fit its column (a fraction in an integer
 * column, a string with U+0000): the column is NULL then, or an error.  Unless
 * every key fits by its type, NOT NULL is taken as the promise that it does,
 * as PostgreSQL takes it of any foreign table.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "catalog/convert.h"
#include "fdw/exact.h"
#include "fdw/prefix.h"

bool
ys_exact_may_be_no_key(const YsKeyCondition *condition)
{
	Oid			type = getBaseType(exprType((Node *) condition->value));
	Const	   *constant = (Const *) condition->value;
	YsConverter converter;
	YsValue		value;

	if (type == INT2OID || type == INT4OID || type == INT8OID)
		return false;
	if (!IsA(constant, Const) || condition->test == YS_TEST_ANY)
		return true;
	if (constant->constisnull)
		return false;
	ys_converter_init(&converter, type, -1, CurrentMemoryContext);
	return !ys_convert_key(&converter, constant->constvalue, condition->key == 1, &value);
}

/* Is every key of the store a value of the column's type? */
static bool
takes_every_key(const YsSourceColumn *column)
{
	return column->type == NUMERICOID || column->type == BYTEAOID;
}

bool
ys_exact_key_fits(const YsSourceColumn *column)
{
	return takes_every_key(column) || column->not_null;
}

/* Does the store find for this condition what PostgreSQL would? */
static bool
is_exact(const YsKeySchema *schema, const YsKeyCondition *condition)
{
	const YsSourceColumn *column = schema->columns[condition->key];
	bool		equality = condition->test == YS_TEST_EQ || condition->test == YS_TEST_ANY;
	YsValue		prefix;
	bool		mere_prefix;

	if (condition->test == YS_TEST_LIKE &&
		!(ys_prefix_constant(YS_PREFIX_LIKE, condition->value, &prefix, &mere_prefix) &&
		  mere_prefix))
		return false;
	/* what equals a text is text */
	if (equality && (column->type == TEXTOID || column->type == VARCHAROID) && column->typmod < 0)
		return true;
	/* a misfit that is an error must be met */
	return takes_every_key(column) || (column->not_null && !column->error_on_mismatch);
}

/* Does it hold for every item?  The planner adds such to min() and max(). */
static bool
holds_always(RelOptInfo *rel, const YsKeySchema *schema, Expr *clause)
{
	NullTest   *test = (NullTest *) clause;
	AttrNumber	attnum;

	if (!IsA(clause, NullTest) || test->nulltesttype != IS_NOT_NULL)
		return false;
	attnum = ys_qual_column(rel, test->arg);
	for (int key = 0; attnum > 0 && key < schema->nkeys; key++)
		if (schema->columns[key] != NULL && schema->columns[key]->attnum == attnum)
			return ys_exact_key_fits(schema->columns[key]) &&
				!schema->columns[key]->error_on_mismatch;
	return false;
}

/* The access's condition that this clause became; NULL: none. */
static const YsKeyCondition *
find_condition(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema,
			   RestrictInfo *rinfo, const YsAccess *access)
{
	YsKeyCondition condition;

	if (!ys_qual_match(root, rel, schema, rinfo, &condition))
		return NULL;
	for (int i = 0; i < access->nconditions; i++)
		if (access->conditions[i].value == condition.value &&
			access->conditions[i].key == condition.key &&
			access->conditions[i].test == condition.test)
			return &access->conditions[i];
	return NULL;
}

int
ys_exact_excess(PlannerInfo *root, RelOptInfo *rel, const YsKeySchema *schema, List *clauses,
				const YsAccess *access)
{
	int			bounds = 0;
	int			strict = 0;
	ListCell   *cell;

	foreach(cell, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		const YsKeyCondition *condition;

		if (rinfo->pseudoconstant)
			return YS_EXCESS_UNKNOWN;
		if (holds_always(rel, schema, rinfo->clause))
			continue;
		condition = find_condition(root, rel, schema, rinfo, access);
		if (condition == NULL || !is_exact(schema, condition))
			return YS_EXCESS_UNKNOWN;
		if (condition->test == YS_TEST_LT || condition->test == YS_TEST_GT)
			strict++;
		if (condition->test != YS_TEST_EQ && condition->test != YS_TEST_ANY)
			bounds++;
	}
	/* two bounds are sent as one condition that has both ends in it */
	return bounds == 2 ? strict : 0;
}
