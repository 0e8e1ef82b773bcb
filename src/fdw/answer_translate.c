/*-------------------------------------------------------------------------
 * answer_translate.c
 *	  Conditions on a foreign table as conditions on a policy's index table.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog/index_values.h"
#include "fdw/answer.h"
#include "fdw/answer_attribute.h"
#include "fdw/answer_distance.h"
#include "fdw/answering.h"

/* An expression under translation. */
typedef struct Translation
{
	const YsAnswering *answering;
	YsTranslation read;
	bool		failed;
} Translation;

void
ys_translation_add(YsTranslation *read, const YsTranslation *more)
{
	read->columns = bms_add_members(read->columns, more->columns);
	read->by_field = read->by_field || more->by_field;
	read->by |= more->by;
}

/* The index's column that has what this one has; 0: none. */
static AttrNumber
index_column(const YsAnswering *answering, const YsSourceColumn *column)
{
	if (column->kind == YS_COLUMN_FIELD && strcmp(column->policy, answering->policy->name) == 0)
		return get_attnum(RelationGetRelid(answering->index), column->field);
	return column->key > 0 ? YS_INDEX_KEYS_AT + column->key - 1 : InvalidAttrNumber;
}

/* When areas are edited rows are moved, but what was said of an area that they named stays. */
static bool
may_be_outdated(const YsAnswering *answering, const YsSourceColumn *column)
{
	return column->kind == YS_COLUMN_FIELD && strcmp(column->field, "rejected") == 0 &&
		answering->has_area_value;
}

/* What counts in this column, YS_BY_….  What is rejected may be of any field. */
static int
counts_in(const YsPolicy *policy, const YsSourceColumn *column)
{
	int			by = 0;
	const char *list;
	uint32		len;

	if (column->kind != YS_COLUMN_FIELD)
		return 0;
	if (strcmp(column->field, "area") == 0)
		return YS_BY_AREA;
	for (int i = 0; i < ys_policy_field_count(policy); i++)
	{
		const YsFieldInfo *field = ys_policy_field(policy, i);

		if (strcmp(column->field, "rejected") != 0 && strcmp(column->field, field->name) != 0)
			continue;
		if (ys_policy_field_list(policy, i, &list, &len))
			by |= YS_BY_SYNONYMS;
		if (field->function != NULL)
			by |= YS_BY_FUNCTIONS;
	}
	return by;
}

static Node *
translate_var(Translation *translation, const Var *var)
{
	const YsAnswering *answering = translation->answering;
	const YsSourceColumn *column;
	AttrNumber	attnum;
	Form_pg_attribute attribute;
	Node	   *translated;

	translation->failed = true;
	if (var->varno != (int) answering->rel->relid || var->varlevelsup != 0 || var->varattno <= 0 ||
		var->varattno > answering->source->natts)
		return NULL;
	column = &answering->source->columns[var->varattno - 1];
	attnum = index_column(answering, column);
	if (attnum == InvalidAttrNumber || may_be_outdated(answering, column))
		return NULL;
	attribute = TupleDescAttr(RelationGetDescr(answering->index), attnum - 1);
	/* the owner may have changed the table */
	if (attribute->atttypid != var->vartype || attribute->atttypmod != var->vartypmod)
		return NULL;
	translation->failed = false;
	translation->read.columns = bms_add_member(translation->read.columns, attnum - FirstLowInvalidHeapAttributeNumber);
	translation->read.by_field = translation->read.by_field || column->kind == YS_COLUMN_FIELD;
	translation->read.by |= counts_in(answering->compiled, column);
	translated = (Node *) makeVar(YS_INDEX_RTI, attnum, attribute->atttypid, attribute->atttypmod,
								  attribute->attcollation, 0);
	if (attribute->attcollation == var->varcollid)
		return translated;
	return (Node *) makeRelabelType((Expr *) translated, var->vartype, var->vartypmod, var->varcollid,
									COERCE_IMPLICIT_CAST);
}

static Node *
to_index(Node *node, void *arg)
{
	Translation *translation = arg;

	if (node == NULL || translation->failed)
		return NULL;
	if (IsA(node, Var))
		return translate_var(translation, (Var *) node);
	if (IsA(node, PlaceHolderVar))
	{
		translation->failed = true;
		return NULL;
	}
	return expression_tree_mutator(node, to_index, arg);
}

Expr *
ys_answering_translate(const YsAnswering *answering, const Expr *expr, YsTranslation *read)
{
	Translation translation = {.answering = answering};
	Node	   *translated = to_index((Node *) expr, &translation);

	*read = translation.read;
	return translation.failed ? NULL : (Expr *) translated;
}

/* Rows of areas past the policy's limit say "other", whatever area it is. */
static Expr *
or_other_area(const YsAnswering *answering, Expr *clause)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(answering->index), "area");
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(answering->index), attnum - 1);
	Var		   *area = makeVar(YS_INDEX_RTI, attnum, TEXTOID, -1, attribute->attcollation, 0);
	Const	   *other = makeConst(TEXTOID, -1, attribute->attcollation, -1, CStringGetTextDatum(YS_AREA_OTHER),
								  false, false);
	Expr	   *is_other = make_opclause(TextEqualOperator, BOOLOID, false, (Expr *) area, (Expr *) other,
										 InvalidOid, attribute->attcollation);

	set_opfuncid((OpExpr *) is_other);
	return make_orclause(list_make2(clause, is_other));
}

/* Add what a clause on an attribute says of all attributes that the index has, if it says anything. */
static bool
add_attribute(YsAnswering *answering, const Expr *clause)
{
	YsTranslation read = {.by_field = true};
	Expr	   *translated = answering->has_attributes ?
		ys_answer_by_attribute(answering->rel, answering->source, answering->index, YS_INDEX_RTI, clause, &read.columns) :
		NULL;

	if (translated == NULL)
		return false;
	answering->quals = lappend(answering->quals, translated);
	ys_translation_add(&answering->read, &read);
	return true;
}

void
ys_answering_add_clause(YsAnswering *answering, RestrictInfo *rinfo)
{
	YsTranslation read;
	const Expr *clause = rinfo->clause;
	Expr	   *translated;
	Expr	   *nearby;

	if (rinfo->pseudoconstant || contain_volatile_functions((Node *) clause) ||
		contain_subplans((Node *) clause) ||
		!restriction_is_securely_promotable(rinfo, answering->rel))
		return;
	translated = ys_answering_translate(answering, clause, &read);
	if (translated == NULL)
	{
		if (add_attribute(answering, clause))
			answering->clauses = lappend(answering->clauses, rinfo);
		return;
	}
	answering->clauses = lappend(answering->clauses, rinfo);
	nearby = ys_answer_by_distance(RelationGetRelid(answering->index), translated);
	if (nearby != NULL)
		answering->quals = lappend(answering->quals, nearby);
	if (read.by & YS_BY_AREA)
		translated = or_other_area(answering, translated);
	answering->quals = lappend(answering->quals, translated);
	ys_translation_add(&answering->read, &read);
}
