/*-------------------------------------------------------------------------
 * boolean.h
 *	  The words that are true or false.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_BOOLEAN_H
#define YS_POLICY_NORMALIZE_BOOLEAN_H

#include "policy/normalize/type.h"

typedef struct YsBooleanWord
{
	const char *word;			/* folded */
	bool		value;
} YsBooleanWord;

/* The built-in words, in the order of their bytes. */
extern const YsBooleanWord *ys_boolean_words(int *count);

/* A built-in word's value, whatever its case and accents; false: it is none. */
extern bool ys_boolean_word(YsSlice text, bool *value);

#endif							/* YS_POLICY_NORMALIZE_BOOLEAN_H */
