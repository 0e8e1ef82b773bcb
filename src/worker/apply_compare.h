/*-------------------------------------------------------------------------
 * apply_compare.h
 *	  What was read from the store against what an index has of it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_APPLY_COMPARE_H
#define YS_WORKER_APPLY_COMPARE_H

#include "catalog/verify.h"
#include "worker/apply.h"

/* One key that was read. */
typedef struct YsCompared
{
	const char *key;			/* canonical text */
	const YsValue *item;		/* NULL: the store has none */
	YsDifferenceKind difference;
	YsVersion	version;		/* that the index has of the key; the lowest: none */
} YsCompared;

/* What was read, and who is told how it compares: in the transaction that looked, which has the policy alone. */
typedef struct YsComparison
{
	int			nitems;
	const YsValue *items;
	int			ngone;
	const YsValue *gone;		/* keys; those of items do no harm */

	/* May any of it be repaired?  Then partitions for all of it are made first. */
	bool		repairs;

	/* Before the first of them.  False: the transaction is to end here. */
	bool		(*begin) (void *arg);

	/* For each key.  True: write what was read, under the version that the index has. */
	bool		(*compared) (void *arg, const YsCompared *compared);

	/* After the last. */
	void		(*end) (void *arg);
	void	   *arg;
} YsComparison;

/*
 * Compare, in a transaction of its own.  False when the policy is not LIVE, or paused by this.
 */
extern bool ys_apply_compare(YsFollow *follow, const YsComparison *comparison);

#endif							/* YS_WORKER_APPLY_COMPARE_H */
