/*-------------------------------------------------------------------------
 * bindings.h
 *	  What a policy's declaration only names, looked up: for worker, backfill
 *	  and the functions that try a policy out.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_BINDINGS_H
#define YS_CATALOG_BINDINGS_H

#include "policy/policy.h"

typedef struct YsBound
{
	YsBindings	bindings;
	MemoryContext context;		/* all of it lives here */
} YsBound;

/*
 * Look up what policy names, in a context below parent.  Inside a transaction; throws
 * for an area whose boundary can't be read, and synonyms that contradict themselves.
 */
extern YsBound *ys_bindings_load(const YsPolicy *policy, MemoryContext parent);

extern void ys_bindings_free(YsBound *bound);

#endif							/* YS_CATALOG_BINDINGS_H */
