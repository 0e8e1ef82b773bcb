/*-------------------------------------------------------------------------
 * matching.c
 *	  Which of an item's attributes patterns want.
 *
 * All patterns are followed at once, a step of the item at a time, by the set
 * of places that each may have got to.
 *-------------------------------------------------------------------------
 */
#include "policy/matching.h"

#include <string.h>

/* Bit i of a pattern's mask: its first i steps have been gone. */

static uint64_t
pass_over_any(const YsPath *pattern, uint64_t mask)
{
	for (int i = 0; i < pattern->nsteps; i++)
	{
		if ((mask >> i & 1) != 0 && pattern->steps[i].index == YS_PATH_ANY)
			mask |= UINT64_C(1) << (i + 1);
	}
	return mask;
}

static bool
step_matches(const YsPathStep *step, const char *name, uint32_t len)
{
	if (step->name == NULL || name == NULL)
		return step->name == NULL && name == NULL;
	if (step->index == YS_PATH_PREFIX)
		return len >= step->name_len && memcmp(name, step->name, step->name_len) == 0;
	return len == step->name_len && memcmp(name, step->name, len) == 0;
}

/* One step of the item on; name NULL: into a list. */
static uint64_t
advance(const YsPath *pattern, uint64_t mask, const char *name, uint32_t len)
{
	uint64_t	next = 0;

	for (int i = 0; i < pattern->nsteps; i++)
	{
		if ((mask >> i & 1) == 0)
			continue;
		if (pattern->steps[i].index == YS_PATH_ANY)
			next |= UINT64_C(1) << i;
		else if (step_matches(&pattern->steps[i], name, len))
			next |= UINT64_C(1) << (i + 1);
	}
	return pass_over_any(pattern, next);
}

bool
ys_matching_start(const YsAttributeRules *rules, YsArena *arena, YsMatching *matching)
{
	int			n = rules->includes.count + rules->excludes.count;

	matching->included = rules->includes.count == 0;
	matching->masks = NULL;
	if (n == 0)
		return true;
	/* one level after the other, as deep as documents are */
	matching->masks = ys_arena_alloc(arena, sizeof(uint64_t) * (size_t) n * (YS_VALUE_MAX_DEPTH + 2));
	if (matching->masks == NULL)
		return false;
	for (int i = 0; i < n; i++)
	{
		const YsPath *pattern = i < rules->includes.count ? &rules->includes.items[i] :
			&rules->excludes.items[i - rules->includes.count];

		matching->masks[i] = pass_over_any(pattern, 1);
	}
	return true;
}

bool
ys_matching_step(const YsAttributeRules *rules, const YsMatching *from, YsMatching *to,
				 const char *name, uint32_t len)
{
	const int	nincludes = rules->includes.count;
	const int	n = nincludes + rules->excludes.count;
	bool		possible = from->included;

	*to = *from;
	if (n == 0)
		return true;
	to->masks = from->masks + n;
	for (int i = 0; i < nincludes && !to->included; i++)
	{
		const YsPath *pattern = &rules->includes.items[i];

		to->masks[i] = advance(pattern, from->masks[i], name, len);
		to->included = (to->masks[i] >> pattern->nsteps & 1) != 0;
		possible |= to->masks[i] != 0;
	}
	for (int i = 0; i < rules->excludes.count; i++)
	{
		const YsPath *pattern = &rules->excludes.items[i];
		uint64_t	mask = advance(pattern, from->masks[nincludes + i], name, len);

		if ((mask >> pattern->nsteps & 1) != 0)
			return false;
		to->masks[nincludes + i] = mask;
	}
	return possible;
}
