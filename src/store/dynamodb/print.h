/*-------------------------------------------------------------------------
 * print.h
 *	  The parts DynamoDB requests are printed from.
 *
 * A request is a JSON object printed member by member.  Attribute names and
 * values in expressions go through aliases (#n0, :v0): a name may be a reserved
 * word or contain a dot, and a value is never part of an expression's text.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_DYNAMODB_PRINT_H
#define YS_STORE_DYNAMODB_PRINT_H

#include "store/api.h"

typedef struct YsAliasedName
{
	const char *name;
	uint32_t	len;
} YsAliasedName;

/* The aliases of one request: shared by all its expressions. */
typedef struct YsAliases
{
	YsArena    *arena;
	int			nnames;
	int			names_size;
	YsAliasedName *names;
	int			nvalues;
	int			values_size;
	const YsValue **values;
	bool		failed;			/* out of memory: sticky */
} YsAliases;

/* A request being printed. */
typedef struct YsRequestText
{
	YsText	   *text;
	bool		any;			/* a member was printed */
} YsRequestText;

extern void ys_request_begin(YsRequestText *request, YsText *text);
extern void ys_request_end(YsRequestText *request);

/* "name": and what follows is the caller's. */
extern void ys_request_name(YsRequestText *request, const char *name);
extern void ys_request_bytes_name(YsRequestText *request, const char *name, size_t len);
extern void ys_request_string(YsRequestText *request, const char *name, const char *value);
extern void ys_request_int(YsRequestText *request, const char *name, int value);
extern void ys_request_bool(YsRequestText *request, const char *name, bool value);
extern void ys_request_item(YsRequestText *request, const char *name, const YsValue *map);

extern void ys_aliases_init(YsAliases *aliases, YsArena *arena);

/* In an expression: what stands for a name, a path and a value (borrowed until the end). */
extern void ys_print_name(YsText *text, const char *name, uint32_t len, YsAliases *aliases);
extern void ys_print_path(YsText *text, const YsPath *path, YsAliases *aliases);
extern void ys_print_value(YsText *text, const YsValue *value, YsAliases *aliases);

/*
 * Members whose value is an expression.  False and err when it is longer
 * than the store takes, save a projection, which is then left out: whole items
 * hold what it asks for.  A missing expression prints nothing.
 */
extern bool ys_request_condition(YsRequestText *request, const char *name, const YsExpr *expr,
								 YsAliases *aliases, YsError *err);
extern bool ys_request_projection(YsRequestText *request, const YsAttributeFilter *projection,
								  YsAliases *aliases, YsError *err);
extern bool ys_request_update(YsRequestText *request, int nassignments,
							  const YsAssignment *assignments, YsAliases *aliases, YsError *err);

/*
 * legacy.c: the same without expressions, of any length.  Not every write can be
 * said so, and none can be said half so: no aliases may be in the request then.
 */
extern bool ys_legacy_can(int nassignments, const YsAssignment *assignments,
						  const YsExpr *condition);
extern void ys_legacy_add(YsRequestText *request, int nassignments,
						  const YsAssignment *assignments, const YsExpr *condition);

/* ExpressionAttributeNames and -Values, if there are any. */
extern void ys_request_aliases(YsRequestText *request, YsAliases *aliases);

#endif							/* YS_STORE_DYNAMODB_PRINT_H */
