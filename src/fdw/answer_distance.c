/*-------------------------------------------------------------------------
 * answer_distance.c
 *	  Conditions on the distance of an index's location, as such on where it is.
 *
 * No index finds what is nearer than so much, but GiST finds what is in a circle.  Every distance is less than one that is no
 * number, or infinite, which no circle's radius says: such ones, and any too large to matter, are a circle around all locations.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/geo_decls.h"
#include "utils/lsyscache.h"

#include "fdw/answer_distance.h"

/* Degrees from 0, 0 within which all locations are. */
#define ALL_LOCATIONS	1000.0

/* The two sides of the comparison, if it is one of a distance that is less. */
static bool
split(const OpExpr *comparison, Expr **distance, Expr **limit)
{
	bool		less;

	if (!IsA(comparison, OpExpr) || list_length(comparison->args) != 2)
		return false;
	switch (get_opcode(comparison->opno))
	{
		case F_FLOAT8LT:
		case F_FLOAT8LE:
			less = true;
			break;
		case F_FLOAT8GT:
		case F_FLOAT8GE:
			less = false;
			break;
		default:
			return false;
	}
	*distance = list_nth(comparison->args, less ? 0 : 1);
	*limit = list_nth(comparison->args, less ? 1 : 0);
	return !contain_var_clause((Node *) *limit);
}

static bool
is_location(Oid index_table, const Expr *expr)
{
	const Var  *var = (const Var *) expr;

	return IsA(expr, Var) && var->vartype == POINTOID && var->varattno == get_attnum(index_table, "location");
}

/* Of the location: from where; NULL: it is no distance of it. */
static Expr *
distance_from(Oid index_table, const Expr *expr)
{
	const OpExpr *distance = (const OpExpr *) expr;

	if (!IsA(expr, OpExpr) || get_opcode(distance->opno) != F_POINT_DISTANCE)
		return NULL;
	for (int side = 0; side < 2; side++)
	{
		Expr	   *from = list_nth(distance->args, 1 - side);

		if (is_location(index_table, list_nth(distance->args, side)) && !contain_var_clause((Node *) from))
			return from;
	}
	return NULL;
}

static Const *
make_float(double value)
{
	return makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8), Float8GetDatum(value), false, FLOAT8PASSBYVAL);
}

static Expr *
make_comparison(Oid operator, Expr *left, Expr *right)
{
	Expr	   *comparison = make_opclause(operator, BOOLOID, false, left, right, InvalidOid, InvalidOid);

	set_opfuncid((OpExpr *) comparison);
	return comparison;
}

/* CASE WHEN limit < ALL_LOCATIONS THEN circle(from, limit) ELSE all of it END. */
static Expr *
make_circle(Expr *from, Expr *limit)
{
	CaseExpr   *choice = makeNode(CaseExpr);
	CaseWhen   *near = makeNode(CaseWhen);
	CIRCLE	   *all = palloc0(sizeof(CIRCLE));

	all->radius = ALL_LOCATIONS;
	near->expr = make_comparison(Float8LessOperator, copyObject(limit), (Expr *) make_float(ALL_LOCATIONS));
	near->result = (Expr *) makeFuncExpr(F_CIRCLE_POINT_FLOAT8, CIRCLEOID, list_make2(copyObject(from), copyObject(limit)),
										 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	near->location = -1;
	choice->casetype = CIRCLEOID;
	choice->args = list_make1(near);
	choice->defresult = (Expr *) makeConst(CIRCLEOID, -1, InvalidOid, sizeof(CIRCLE), CirclePGetDatum(all), false, false);
	choice->location = -1;
	return (Expr *) choice;
}

Expr *
ys_answer_by_distance(Oid index_table, const Expr *clause)
{
	Expr	   *distance;
	Expr	   *limit;
	Expr	   *from;
	Expr	   *location;
	List	   *within = list_make2(makeString("pg_catalog"), makeString("<@"));

	if (!split((const OpExpr *) clause, &distance, &limit))
		return NULL;
	from = distance_from(index_table, distance);
	if (from == NULL)
		return NULL;
	location = linitial(pull_var_clause((Node *) distance, 0));
	return make_comparison(OpernameGetOprid(within, POINTOID, CIRCLEOID), copyObject(location), make_circle(from, limit));
}
