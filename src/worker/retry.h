/*-------------------------------------------------------------------------
 * retry.h
 *	  Applying what is in quarantine again.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_RETRY_H
#define YS_WORKER_RETRY_H

#include "catalog/policy.h"

/*
 * Try again all that a policy has in quarantine (only = 0), or one entry, in the caller's
 * transaction, in any process.  Returns how many left the quarantine.  Throws what would pause a
 * policy, and what keeps items from being read again.
 */
extern int64 ys_quarantine_retry_entries(const YsPolicyRow *row, int64 only);

#endif							/* YS_WORKER_RETRY_H */
