/*-------------------------------------------------------------------------
 * synonym.h
 *	  Lists of words with their meanings, which users edit.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SYNONYM_H
#define YS_POLICY_SYNONYM_H

#include "policy/policy.h"
#include "policy/normalize/text.h"

/* Most synonyms in all lists. */
#define YS_SYNONYMS_MAX		100000

/* Lists that extend the built-in words. */
#define YS_SYNONYMS_MONTH		((YsSlice) {"month", 5})	/* meanings 1 to 12 */
#define YS_SYNONYMS_BOOLEAN		((YsSlice) {"boolean", 7})	/* meanings true and false */

/*
 * Build the lists.  Add every word, then finish.  They live in arena, with copies of
 * what was added.  False and err (YS_ERR_INVALID_POLICY) for a word that can be none, a
 * meaning that its list can't have, and lists that say two things of one word.
 */
extern YsSynonyms *ys_synonyms_create(YsArena *arena);
extern bool ys_synonyms_add(YsSynonyms *synonyms, YsSlice list, YsSlice word, YsSlice meaning,
							YsError *err);
extern bool ys_synonyms_finish(YsSynonyms *synonyms, YsError *err);

/*
 * The meaning of a word of the list, whatever its case, accents and white space.  A
 * meaning is a word too, which means itself.  False: it is none, or synonyms is NULL.
 */
extern bool ys_synonyms_find(const YsSynonyms *synonyms, YsSlice list, YsSlice word, YsSlice *meaning);

#endif							/* YS_POLICY_SYNONYM_H */
