/*-------------------------------------------------------------------------
 * relocate.h
 *	  Moving rows to the area they belong to, after areas were edited.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_RELOCATE_H
#define YS_WORKER_RELOCATE_H

#include "utils/array.h"
#include "worker/follow.h"

/* One page of rows on its way. */
typedef struct YsRelocation
{
	YsFollow   *follow;
	ArrayType  *next_key;		/* where to begin, and then where to go on; NULL: at the start, and at the end */
	int64		seen;
	int64		moved;
	int64		refused;		/* what the table does not take where it belongs; it stays where it is */
	const char *reason;			/* of the first of these */
	List	   *missing;		/* areas without partition: the page waits for them, nothing was moved */
} YsRelocation;

/*
 * Look at the next rows, a YsRelocation's, and move those that belong elsewhere.  In
 * a transaction that has the index table and the policy's row locked; results in
 * the current memory context.
 */
extern void ys_relocation_step(void *relocation);

#endif							/* YS_WORKER_RELOCATE_H */
