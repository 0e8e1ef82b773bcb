/*-------------------------------------------------------------------------
 * bindings.h
 *	  What a policy's declaration only names, looked up: for worker, backfill
 *	  and the functions that try a policy out.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_BINDINGS_H
#define YS_CATALOG_BINDINGS_H

#include "catalog/function.h"
#include "policy/policy.h"

typedef struct YsBound
{
	YsBindings	bindings;
	YsFunctions *functions;		/* NULL: no field has one */
	uint64		areas_fingerprint;	/* tells the areas from others; 0: there are none */
	uint64		synonyms_fingerprint;	/* of the lists that are used; 0: there are none */
	MemoryContext context;		/* all of it lives here */
} YsBound;

/*
 * Look up what policy names, in a context below parent; functions run as owner.  Inside a
 * transaction; throws for an area whose boundary can't be read, synonyms that contradict
 * themselves, and functions that can't be used.
 */
extern YsBound *ys_bindings_load(const YsPolicy *policy, Oid owner, MemoryContext parent);

extern void ys_bindings_free(YsBound *bound);

#endif							/* YS_CATALOG_BINDINGS_H */
