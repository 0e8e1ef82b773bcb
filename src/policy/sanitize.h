/*-------------------------------------------------------------------------
 * sanitize.h
 *	  Making a value one that the server takes as jsonb.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SANITIZE_H
#define YS_POLICY_SANITIZE_H

#include "store/value.h"

/* Deepest nesting that is kept; deeper than any decoder follows. */
#define YS_SANITIZE_DEPTH	64

typedef struct YsSanitizer
{
	YsArena    *arena;
	uint32_t	left;			/* bytes that may still be kept; UINT32_MAX for all */
	int			depth;
	bool		cut;			/* something was left out */
	bool		changed;		/* something is not as it was; sets count, which are lists now */
	bool		failed;			/* the arena is exhausted */
} YsSanitizer;

/*
 * The value, which may borrow from the other one: U+0000 and invalid UTF-8 are U+FFFD,
 * numbers out of the store's range are strings, sets are sorted lists, and what is nested too
 * deeply is left out.
 */
extern YsValue ys_sanitize(YsSanitizer *sanitizer, const YsValue *value);

#endif							/* YS_POLICY_SANITIZE_H */
