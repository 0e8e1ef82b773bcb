/*-------------------------------------------------------------------------
 * matching.h
 *	  Which of an item's attributes patterns want.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_MATCHING_H
#define YS_POLICY_MATCHING_H

#include "policy/compiled.h"

/* Where all patterns are, the includes' masks before the excludes'. */
typedef struct YsMatching
{
	bool		included;		/* this, and all below */
	uint64_t   *masks;
} YsMatching;

/* At the item itself; false when the arena is exhausted. */
extern bool ys_matching_start(const YsAttributeRules *rules, YsArena *arena, YsMatching *matching);

/*
 * Go one step, name NULL: into a list; what is at one depth takes the place of what was there
 * before.  False when nothing there or below is wanted.  No deeper than YS_VALUE_MAX_DEPTH + 1.
 */
extern bool ys_matching_step(const YsAttributeRules *rules, const YsMatching *from, YsMatching *to,
							 const char *name, uint32_t len);

#endif							/* YS_POLICY_MATCHING_H */
