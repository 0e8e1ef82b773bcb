/*-------------------------------------------------------------------------
 * expression.c
 *	  Conditions, projections and updates in DynamoDB's expression language.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/print.h"

/* The store refuses a longer expression. */
#define EXPRESSION_MAX	4096

/* Operands of one IN. */
#define IN_MAX			100

static void print_expr(YsText *text, const YsExpr *expr, YsAliases *aliases);

static void
print_comparison(YsText *text, const YsExpr *expr, const char *op, YsAliases *aliases)
{
	ys_print_path(text, &expr->path, aliases);
	ys_text_add_cstring(text, op);
	ys_print_value(text, &expr->values[0], aliases);
}

static void
print_function(YsText *text, const YsExpr *expr, const char *function, YsAliases *aliases)
{
	ys_text_add_cstring(text, function);
	ys_text_add_cstring(text, "(");
	ys_print_path(text, &expr->path, aliases);
	if (expr->nvalues > 0)
	{
		ys_text_add_cstring(text, ",");
		ys_print_value(text, &expr->values[0], aliases);
	}
	ys_text_add_cstring(text, ")");
}

/* As many INs as it takes, in parentheses when there are several. */
static void
print_in(YsText *text, const YsExpr *expr, YsAliases *aliases)
{
	if (expr->nvalues > IN_MAX)
		ys_text_add_cstring(text, "(");
	for (int i = 0; i < expr->nvalues; i++)
	{
		if (i % IN_MAX == 0)
		{
			ys_text_add_cstring(text, i > 0 ? ") OR " : "");
			ys_print_path(text, &expr->path, aliases);
			ys_text_add_cstring(text, " IN (");
		}
		else
			ys_text_add_cstring(text, ",");
		ys_print_value(text, &expr->values[i], aliases);
	}
	ys_text_add_cstring(text, expr->nvalues > IN_MAX ? "))" : ")");
}

/* Parentheses stand only where they are needed: key conditions have none. */
static void
print_operand(YsText *text, const YsExpr *expr, bool parenthesize, YsAliases *aliases)
{
	if (parenthesize)
		ys_text_add_cstring(text, "(");
	print_expr(text, expr, aliases);
	if (parenthesize)
		ys_text_add_cstring(text, ")");
}

static void
print_expr(YsText *text, const YsExpr *expr, YsAliases *aliases)
{
	switch (expr->kind)
	{
		case YS_EXPR_AND:
			for (int i = 0; i < expr->nargs; i++)
			{
				ys_text_add_cstring(text, i > 0 ? " AND " : "");
				print_operand(text, expr->args[i], expr->args[i]->kind == YS_EXPR_OR, aliases);
			}
			break;
		case YS_EXPR_OR:
			for (int i = 0; i < expr->nargs; i++)
			{
				ys_text_add_cstring(text, i > 0 ? " OR " : "");
				print_operand(text, expr->args[i], false, aliases);
			}
			break;
		case YS_EXPR_NOT:
			ys_text_add_cstring(text, "NOT ");
			print_operand(text, expr->args[0], true, aliases);
			break;
		case YS_EXPR_EQ:
			print_comparison(text, expr, " = ", aliases);
			break;
		case YS_EXPR_NE:
			print_comparison(text, expr, " <> ", aliases);
			break;
		case YS_EXPR_LT:
			print_comparison(text, expr, " < ", aliases);
			break;
		case YS_EXPR_LE:
			print_comparison(text, expr, " <= ", aliases);
			break;
		case YS_EXPR_GT:
			print_comparison(text, expr, " > ", aliases);
			break;
		case YS_EXPR_GE:
			print_comparison(text, expr, " >= ", aliases);
			break;
		case YS_EXPR_BETWEEN:
			print_comparison(text, expr, " BETWEEN ", aliases);
			ys_text_add_cstring(text, " AND ");
			ys_print_value(text, &expr->values[1], aliases);
			break;
		case YS_EXPR_IN:
			print_in(text, expr, aliases);
			break;
		case YS_EXPR_BEGINS_WITH:
			print_function(text, expr, "begins_with", aliases);
			break;
		case YS_EXPR_CONTAINS:
			print_function(text, expr, "contains", aliases);
			break;
		case YS_EXPR_EXISTS:
			print_function(text, expr, "attribute_exists", aliases);
			break;
		case YS_EXPR_NOT_EXISTS:
			print_function(text, expr, "attribute_not_exists", aliases);
			break;
		case YS_EXPR_TYPE_IS:
			print_function(text, expr, "attribute_type", aliases);
			break;
	}
}

/* An expression's text was printed: add it as a member, if the store takes it. */
static bool
add_expression(YsRequestText *request, const char *name, const YsText *text, YsError *err)
{
	if (text->failed)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory for a request to the store");
	if (text->len > EXPRESSION_MAX)
	{
		ys_error_set(err, YS_ERR_TOO_LARGE, "expression is too long for the store");
		ys_error_detail(err, "%s would have %zu bytes; at most %d are allowed.", name, text->len,
						EXPRESSION_MAX);
		return false;
	}
	ys_request_name(request, name);
	ys_text_add_json_string(request->text, text->bytes, text->len);
	return true;
}

bool
ys_request_condition(YsRequestText *request, const char *name, const YsExpr *expr,
					 YsAliases *aliases, YsError *err)
{
	YsText		text;

	if (expr == NULL)
		return true;
	ys_text_init(&text, aliases->arena);
	print_expr(&text, expr, aliases);
	return add_expression(request, name, &text, err);
}

bool
ys_request_projection(YsRequestText *request, const YsAttributeFilter *projection,
					  YsAliases *aliases, YsError *err)
{
	int			nnames = aliases->nnames;
	YsText		text;

	if (projection == NULL || projection->count == 0)
		return true;
	ys_text_init(&text, aliases->arena);
	for (int i = 0; i < projection->count; i++)
	{
		ys_text_add_cstring(&text, i > 0 ? "," : "");
		ys_print_name(&text, projection->names[i], projection->lens[i], aliases);
	}
	if (!text.failed && text.len > EXPRESSION_MAX)
	{
		/* the store takes no alias that nothing uses */
		aliases->nnames = nnames;
		return true;
	}
	return add_expression(request, "ProjectionExpression", &text, err);
}

/* One clause of an update: the assignments that have, or have not, a value. */
static void
print_clause(YsText *text, const char *keyword, bool with_value, int nassignments,
			 const YsAssignment *assignments, YsAliases *aliases)
{
	const char *separator = keyword;

	for (int i = 0; i < nassignments; i++)
	{
		const YsAssignment *assignment = &assignments[i];

		if ((assignment->value != NULL) != with_value)
			continue;
		ys_text_add_cstring(text, separator);
		ys_print_path(text, &assignment->path, aliases);
		if (with_value)
		{
			ys_text_add_cstring(text, " = ");
			ys_print_value(text, assignment->value, aliases);
		}
		separator = ", ";
	}
}

bool
ys_request_update(YsRequestText *request, int nassignments, const YsAssignment *assignments,
				  YsAliases *aliases, YsError *err)
{
	YsText		text;

	if (nassignments == 0)
		return true;
	ys_text_init(&text, aliases->arena);
	print_clause(&text, "SET ", true, nassignments, assignments, aliases);
	print_clause(&text, text.len > 0 ? " REMOVE " : "REMOVE ", false, nassignments, assignments,
				 aliases);
	return add_expression(request, "UpdateExpression", &text, err);
}
