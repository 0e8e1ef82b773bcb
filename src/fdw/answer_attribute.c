/*-------------------------------------------------------------------------
 * answer_attribute.c
 *	  Conditions on an item's attributes, as conditions on what an index has of
 *	  all attributes.
 *
 * A policy that keeps all attributes has each scalar under its path: that a column equals a value is
 * that the index's column contains it there.  Rows that had no room for all of them are let through.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "fdw/answer_attribute.h"
#include "fdw/qual.h"
#include "policy/path.h"
#include "policy/policy.h"

/* Do values of this column stand among all attributes as they are, so that equal ones are equal there? */
static bool
stands_for_itself(const YsSourceColumn *column)
{
	switch (column->type)
	{
		case TEXTOID:
		case VARCHAROID:
		case NUMERICOID:
			return column->typmod < 0;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return true;
		default:
			return false;
	}
}

/* The name an attribute has among all; NULL: it goes through a list, or its name would be quoted. */
static char *
attribute_name(const YsPath *path)
{
	StringInfoData name;

	initStringInfo(&name);
	for (int i = 0; i < path->nsteps; i++)
	{
		const YsPathStep *step = &path->steps[i];

		if (step->name == NULL || !ys_path_is_simple_name(step->name, step->name_len))
			return NULL;
		if (i > 0)
			appendStringInfoChar(&name, '.');
		appendBinaryStringInfo(&name, step->name, step->name_len);
	}
	return name.data;
}

/* Is it "column = value"?  Then of which column. */
static const YsSourceColumn *
equal_column(RelOptInfo *rel, const YsSource *source, const OpExpr *clause, Expr **value)
{
	for (int side = 0; side < 2; side++)
	{
		Expr	   *other = list_nth(clause->args, 1 - side);
		AttrNumber	attnum = ys_qual_column(rel, list_nth(clause->args, side));
		const YsSourceColumn *column;

		if (attnum <= 0 || attnum > source->natts || contain_var_clause((Node *) other))
			continue;
		column = &source->columns[attnum - 1];
		*value = other;
		/* what does not fit is an error of who reads all items: it is not passed over */
		return column->kind == YS_COLUMN_PATH && column->key == 0 && !column->error_on_mismatch &&
			stands_for_itself(column) ? column : NULL;
	}
	return NULL;
}

static bool
is_equality(const OpExpr *clause, Oid type)
{
	return get_op_opfamily_strategy(clause->opno, lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf) ==
		BTEqualStrategyNumber &&
		(!OidIsValid(clause->inputcollid) || get_collation_isdeterministic(clause->inputcollid));
}

static Var *
jsonb_column(Relation index, Index rti, const char *name, Bitmapset **columns)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(index), name);

	if (attnum == InvalidAttrNumber || get_atttype(RelationGetRelid(index), attnum) != JSONBOID)
		return NULL;
	*columns = bms_add_member(*columns, attnum - FirstLowInvalidHeapAttributeNumber);
	return makeVar(rti, attnum, JSONBOID, -1, InvalidOid, 0);
}

static Expr *
make_text(const char *text)
{
	return (Expr *) makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1, CStringGetTextDatum(text), false, false);
}

/* As the parser would make it: the index of rows that had no room is found by that. */
static Expr *
make_operation(const char *operator, Oid right_type, Var *left, Expr *right)
{
	List	   *name = list_make2(makeString("pg_catalog"), makeString(pstrdup(operator)));
	Expr	   *operation = make_opclause(OpernameGetOprid(name, JSONBOID, right_type), BOOLOID, false, (Expr *) left,
										  right, InvalidOid, exprCollation((Node *) right));

	set_opfuncid((OpExpr *) operation);
	return operation;
}

/* {"name": value}; a constant of one, whose text depends on no setting. */
static Expr *
make_object(const char *name, Expr *value)
{
	Expr	   *object = (Expr *) makeFuncExpr(F_JSONB_BUILD_OBJECT_ANY, JSONBOID,
											   list_make2(make_text(name), copyObject(value)),
											   InvalidOid, exprCollation((Node *) value), COERCE_EXPLICIT_CALL);

	return IsA(value, Const) ? evaluate_expr(object, JSONBOID, -1, InvalidOid) : object;
}

Expr *
ys_answer_by_attribute(RelOptInfo *rel, const YsSource *source, Relation index, Index rti, const Expr *clause,
					   Bitmapset **columns)
{
	const OpExpr *equality = (const OpExpr *) clause;
	const YsSourceColumn *column;
	Var		   *attributes;
	Var		   *rejected;
	Expr	   *value;
	char	   *name;

	if (!IsA(clause, OpExpr) || list_length(equality->args) != 2)
		return NULL;
	column = equal_column(rel, source, equality, &value);
	if (column == NULL || !is_equality(equality, column->type))
		return NULL;
	name = attribute_name(&column->path);
	attributes = jsonb_column(index, rti, YS_ATTRIBUTES_COLUMN, columns);
	rejected = jsonb_column(index, rti, "rejected", columns);
	if (name == NULL || attributes == NULL || rejected == NULL)
		return NULL;
	return make_orclause(list_make2(make_operation("@>", JSONBOID, attributes, make_object(name, value)),
									make_operation("?", TEXTOID, rejected, make_text(YS_ATTRIBUTES_COLUMN))));
}
