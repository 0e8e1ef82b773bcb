/*-------------------------------------------------------------------------
 * value_internal.h
 *	  What the files of the value layer share among themselves.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_VALUE_INTERNAL_H
#define YS_STORE_VALUE_INTERNAL_H

#include "store/value.h"

/* Most digits a number may have. */
#define YS_NUMBER_MAX_DIGITS	1000

/* A JSON number of no more digits than that?  Fills err when not. */
extern bool ys_number_check(const char *text, size_t len, YsError *err);

/* Fill err for an exhausted arena; returns false. */
extern bool ys_value_no_memory(YsError *err);

#endif							/* YS_STORE_VALUE_INTERNAL_H */
