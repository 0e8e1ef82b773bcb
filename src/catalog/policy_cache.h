/*-------------------------------------------------------------------------
 * policy_cache.h
 *	  Policies as statements compute by them: compiled, and kept by the session
 *	  until anything changes that they are made of.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_POLICY_CACHE_H
#define YS_CATALOG_POLICY_CACHE_H

#include "catalog/policy.h"
#include "policy/policy.h"

typedef struct YsCachedPolicy
{
	const char *name;
	Oid			owner;
	Oid			source;
	const YsPolicy *policy;
} YsCachedPolicy;

/*
 * NULL when there is no policy of that name; else it stays as it is as long as the current memory
 * context.  Inside a transaction; throws what looking up and compiling do.
 */
extern const YsCachedPolicy *ys_policy_cache_find(const char *name);

/*
 * What the policy is bound to, but for functions.  Without areas it is enough for all of an
 * entry but its area and what is rejected.
 */
extern void ys_policy_cache_bind(const YsCachedPolicy *policy, bool areas, YsBindings *bindings);

/* The fingerprint of the areas there are now of its level, as ys_policy_note_areas has it; 0: it has no level. */
extern uint64 ys_policy_cache_areas(const YsCachedPolicy *policy);

/* The same of the synonyms that it uses. */
extern uint64 ys_policy_cache_synonyms(const YsCachedPolicy *policy);

/* And of the functions. */
extern uint64 ys_policy_cache_functions(const YsCachedPolicy *policy);

#endif							/* YS_CATALOG_POLICY_CACHE_H */
