/*-------------------------------------------------------------------------
 * sanitize.h
 *	  Making a value one that the server takes as jsonb.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SANITIZE_H
#define YS_POLICY_SANITIZE_H

#include "policy/normalize/text.h"
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

/*
 * The text as the server can hold it, itself or in arena: U+FFFD for each U+0000 and each byte that is
 * no UTF-8, and cut before the character that would go past most bytes.  False: arena exhausted.
 */
extern bool ys_sanitize_text(YsArena *arena, uint32_t most, YsSlice *text, bool *cut);

#endif							/* YS_POLICY_SANITIZE_H */
