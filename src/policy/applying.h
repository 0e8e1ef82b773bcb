/*-------------------------------------------------------------------------
 * applying.h
 *	  What the files that apply a policy to an item share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_APPLYING_H
#define YS_POLICY_APPLYING_H

#include "policy/compiled.h"

typedef struct YsApplication
{
	const YsPolicy *policy;
	const YsBindings *bindings;
	const YsTrace *trace;		/* or NULL */
	const YsValue **values;		/* of the item at the policy's places; NULL where it has none */
	YsArena    *arena;
	YsEntry    *entry;
} YsApplication;

/* The first value of something that could not be used, and why. */
typedef struct YsUnusable
{
	const YsValue *value;
	const char *reason;
} YsUnusable;

/* Keep what could not be used, unless something is kept already. */
extern void ys_apply_note(YsUnusable *unusable, const YsValue *value, const char *reason);

/* Add what was noted to the entry; false when the arena is exhausted. */
extern bool ys_apply_reject(YsApplication *application, const char *field, uint32_t most,
							const YsUnusable *unusable);

/* Tell the trace, if there is one. */
extern void ys_apply_tell(const YsApplication *application, const YsConsidered *considered);

/*
 * Hand every value of the source to fn, up to a bound: what lies past it makes
 * the whole list unusable as well.  False when fn stopped the walk.
 */
extern bool ys_apply_each_value(const YsApplication *application, const YsSource *source, YsPathFn fn,
								void *arg, YsUnusable *unusable);

/* The value of the source, or the first of them; NULL when there is none. */
extern const YsValue *ys_apply_first_value(const YsApplication *application, const YsSource *source);

/* The entry's area and location; false when the arena is exhausted. */
extern bool ys_apply_area(YsApplication *application);

/* All of the item's leaves, as the policy wants them; false when the arena is exhausted. */
extern bool ys_apply_attributes(YsApplication *application, const YsValue *item);

#endif							/* YS_POLICY_APPLYING_H */
