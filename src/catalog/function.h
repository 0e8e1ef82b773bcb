/*-------------------------------------------------------------------------
 * function.h
 *	  The SQL functions that fields' values go through.
 *
 * They run as the policy's owner, under a security-restricted operation and
 * with search_path pg_catalog, pg_temp; each call in a read-only subtransaction
 * that is rolled back once its result is out, so that no call leaves a trace.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_FUNCTION_H
#define YS_CATALOG_FUNCTION_H

#include "catalog/spi.h"
#include "policy/policy.h"

typedef struct YsFunctions YsFunctions;

/*
 * Look up the functions that policy names, in the current memory context; NULL when it names
 * none.  Inside a transaction.  Throws unless each is there, IMMUTABLE, takes one text or
 * jsonb, returns one value, and may be executed by owner.
 */
extern YsFunctions *ys_functions_open(const YsPolicy *policy, Oid owner);

/*
 * Tells the functions that policy names, as they are now, from what they were or will be when they are replaced; 0: it
 * names none.  Inside a transaction.
 */
extern uint64 ys_functions_fingerprint(const YsPolicy *policy);

/* A number that changes when they may have been replaced, once that has been looked up; functions may be NULL. */
extern uint64 ys_functions_generation(const YsFunctions *functions);

/* From now on the functions can't be dropped without the index table. */
extern void ys_functions_depend(const YsFunctions *functions, Oid index_table);

/*
 * Calls between these cost less than others.  Entering looks functions up again that may have
 * changed, and throws as opening does.  Inside a transaction, with a snapshot; functions may be NULL.
 */
extern void ys_functions_enter(YsFunctions *functions, YsSpiScope *scope);
extern void ys_functions_leave(YsFunctions *functions, YsSpiScope *scope);

/*
 * YsBindings.call, with a YsFunctions as its argument.  Throws what isn't about the value:
 * cancellation, shutdown, lack of memory, lost races, a function that is no longer as it must be.
 */
extern bool ys_functions_call(void *functions, const YsFieldInfo *field, const YsValue *value,
							  YsArena *arena, YsValue *result, const char **reason);

#endif							/* YS_CATALOG_FUNCTION_H */
