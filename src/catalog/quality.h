/*-------------------------------------------------------------------------
 * quality.h
 *	  What is kept of the quality of a policy's values.
 *
 * Runs SQL in the caller's transaction, as the extension's owner, and throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_QUALITY_H
#define YS_CATALOG_QUALITY_H

#include "policy/quality.h"

/* Begin to count for a policy that has just been made. */
extern void ys_quality_declare(int policy_id, const YsPolicy *policy);

/* Add what was counted, and its samples, to what there is. */
extern void ys_quality_save(int policy_id, YsQuality *quality);

#endif							/* YS_CATALOG_QUALITY_H */
