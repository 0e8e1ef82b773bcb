/*-------------------------------------------------------------------------
 * bindings.c
 *	  What a policy's declaration only names, looked up.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "catalog/area.h"
#include "catalog/bindings.h"
#include "catalog/synonym.h"
#include "catalog/zone.h"

YsBound *
ys_bindings_load(const YsPolicy *policy, Oid owner, MemoryContext parent)
{
	/* it is the parent's once nothing can fail any more */
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore bindings",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	YsBound    *bound = palloc0(sizeof(YsBound));
	YsArena    *arena = palloc(sizeof(YsArena));
	const char *level = ys_policy_area_level(policy);

	bound->context = context;
	ys_arena_init_context(arena, context, 0);
	if (level != NULL)
		bound->bindings.areas = ys_areas_load(level, arena, &bound->areas_fingerprint);
	bound->bindings.synonyms = ys_synonyms_load(arena);
	bound->synonyms_fingerprint = ys_synonyms_fingerprint(policy);
	bound->functions = ys_functions_open(policy, owner);
	if (bound->functions != NULL)
	{
		bound->bindings.call = ys_functions_call;
		bound->bindings.call_arg = bound->functions;
	}
	ys_zones_prepare();
	bound->bindings.find_zone = ys_zones_find;
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, parent);
	return bound;
}

void
ys_bindings_free(YsBound *bound)
{
	MemoryContextDelete(bound->context);
}
