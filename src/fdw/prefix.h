/*-------------------------------------------------------------------------
 * prefix.h
 *	  Conditions on how a text begins: starts_with, ^@, LIKE.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_PREFIX_H
#define YS_FDW_PREFIX_H

#include "nodes/primnodes.h"

#include "store/value.h"

typedef enum YsPrefixKind
{
	YS_PREFIX_NONE,
	YS_PREFIX_STARTS_WITH,		/* the second argument is how the first begins */
	YS_PREFIX_LIKE				/* it is a pattern */
} YsPrefixKind;

/* Is a call of this function a condition on the bytes its first argument begins with? */
extern YsPrefixKind ys_prefix_kind(Oid function, Oid collation);

/*
 * A LIKE pattern becomes the characters before its first wildcard, in the current memory context.
 * True: what begins with them matches.
 */
extern bool ys_prefix_cut(YsValue *pattern);

/*
 * What the second argument asks for when it is a constant, and not NULL: false otherwise.
 * *exact: all that begins with the prefix is asked for.
 */
extern bool ys_prefix_constant(YsPrefixKind kind, Expr *value, YsValue *prefix, bool *exact);

#endif							/* YS_FDW_PREFIX_H */
