/*-------------------------------------------------------------------------
 * account.h
 *	  How the columns of one item's index row come about, for people to read.
 *
 * Of each column there is one line that decides: the value that it has, or why
 * it has none.  Other values that were looked at have lines before or behind it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_API_ACCOUNT_H
#define YS_API_ACCOUNT_H

#include "nodes/pg_list.h"

#include "policy/policy.h"

typedef struct YsAccountLine
{
	const char *column;			/* of the index table */
	const char *path;			/* texts, or NULL */
	const char *format;
	const char *value;			/* as the column's type prints it */
	const char *outcome;
	const char *reason;
	bool		has_raw;
	Datum		raw;			/* jsonb */
	bool		decides;
} YsAccountLine;

/* Values that get a line, of one item; what lies past them is applied and not shown. */
#define YS_ACCOUNT_MAX_LINES	10000

/*
 * Apply a policy to an item (a map) and tell of it: list of YsAccountLine, in the order of the
 * columns, in the current memory context.  Throws when arena is exhausted.
 */
extern List *ys_account_build(const YsPolicy *policy, const YsBindings *bindings, const YsValue *item,
							  YsArena *arena);

/* A value as jsonb: what the server can't hold is U+FFFD or a string, and what is very long is cut. */
extern Datum ys_account_show(const YsValue *value, YsArena *arena);

/* A text as a result's column; NULL is NULL. */
extern void ys_account_put(const char *text, Datum *value, bool *isnull);

#endif							/* YS_API_ACCOUNT_H */
