/*-------------------------------------------------------------------------
 * synonym.h
 *	  The table of synonyms, yottastore.synonyms.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_SYNONYM_H
#define YS_CATALOG_SYNONYM_H

#include "policy/synonym.h"

/*
 * All lists, in arena.  Runs SQL in the caller's transaction; throws
 * ERRCODE_INVALID_PARAMETER_VALUE when they contradict themselves.
 */
extern YsSynonyms *ys_synonyms_load(YsArena *arena);

/* Tells the lists that the policy uses, as they are now, from others; 0: it uses none, or they are empty. */
extern uint64 ys_synonyms_fingerprint(const YsPolicy *policy);

/* The table's oid, to recognize its invalidations; InvalidOid when there is none. */
extern Oid	ys_synonyms_relid(void);

#endif							/* YS_CATALOG_SYNONYM_H */
