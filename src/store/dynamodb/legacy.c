/*-------------------------------------------------------------------------
 * legacy.c
 *	  Writes in DynamoDB's older form: AttributeUpdates and Expected.
 *
 * An expression has at most 4 KB, which is some 300 attributes.  The older
 * form has no such limit, but it speaks of top-level attributes only, each
 * of them once, and of whole values.  The two can't be mixed in one request.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/print.h"

/* ---- can it be said? ---- */

static bool
is_attribute(const YsPath *path)
{
	return path->nsteps == 1 && path->steps[0].name != NULL;
}

static bool
same_attribute(const YsPath *a, const YsPath *b)
{
	return a->steps[0].name_len == b->steps[0].name_len &&
		memcmp(a->steps[0].name, b->steps[0].name, a->steps[0].name_len) == 0;
}

/* The terms of a condition all of which must hold. */
static int
get_terms(const YsExpr *condition, const YsExpr *const **terms)
{
	*terms = condition->args;
	return condition->kind == YS_EXPR_AND ? condition->nargs : -1;
}

static bool
can_expect(const YsExpr *condition)
{
	const YsExpr *const *terms;
	int			nterms = get_terms(condition, &terms);

	for (int i = 0; i < nterms; i++)
	{
		const YsExpr *term = terms[i];

		if ((term->kind != YS_EXPR_EQ && term->kind != YS_EXPR_EXISTS &&
			 term->kind != YS_EXPR_NOT_EXISTS) || !is_attribute(&term->path))
			return false;
		for (int j = 0; j < i; j++)
			if (same_attribute(&terms[j]->path, &term->path))
				return false;
	}
	return nterms >= 0;
}

bool
ys_legacy_can(int nassignments, const YsAssignment *assignments, const YsExpr *condition)
{
	for (int i = 0; i < nassignments; i++)
		if (!is_attribute(&assignments[i].path))
			return false;
	return condition == NULL || can_expect(condition);
}

/* ---- saying it ---- */

static void
begin_attribute(YsRequestText *attributes, YsRequestText *attribute, const YsPath *path)
{
	ys_request_bytes_name(attributes, path->steps[0].name, path->steps[0].name_len);
	ys_request_begin(attribute, attributes->text);
}

static void
add_updates(YsRequestText *request, int nassignments, const YsAssignment *assignments)
{
	YsRequestText updates;
	YsRequestText update;

	ys_request_name(request, "AttributeUpdates");
	ys_request_begin(&updates, request->text);
	for (int i = 0; i < nassignments; i++)
	{
		const YsAssignment *assignment = &assignments[i];

		begin_attribute(&updates, &update, &assignment->path);
		ys_request_string(&update, "Action", assignment->value != NULL ? "PUT" : "DELETE");
		if (assignment->value != NULL)
		{
			ys_request_name(&update, "Value");
			ys_value_print_typed(update.text, assignment->value);
		}
		ys_request_end(&update);
	}
	ys_request_end(&updates);
}

static void
add_expected(YsRequestText *request, const YsExpr *condition)
{
	const YsExpr *const *terms;
	int			nterms = get_terms(condition, &terms);
	YsRequestText expected;
	YsRequestText term;

	ys_request_name(request, "Expected");
	ys_request_begin(&expected, request->text);
	for (int i = 0; i < nterms; i++)
	{
		YsExprKind	kind = terms[i]->kind;

		begin_attribute(&expected, &term, &terms[i]->path);
		ys_request_string(&term, "ComparisonOperator", kind == YS_EXPR_EQ ? "EQ" :
						  kind == YS_EXPR_EXISTS ? "NOT_NULL" : "NULL");
		if (kind == YS_EXPR_EQ)
		{
			ys_request_name(&term, "AttributeValueList");
			ys_text_add_cstring(term.text, "[");
			ys_value_print_typed(term.text, &terms[i]->values[0]);
			ys_text_add_cstring(term.text, "]");
		}
		ys_request_end(&term);
	}
	ys_request_end(&expected);
}

void
ys_legacy_add(YsRequestText *request, int nassignments, const YsAssignment *assignments,
			  const YsExpr *condition)
{
	if (nassignments > 0)
		add_updates(request, nassignments, assignments);
	if (condition != NULL)
		add_expected(request, condition);
}
