/*-------------------------------------------------------------------------
 * patience.h
 *	  SQL functions that wait for what a worker does.
 *-------------------------------------------------------------------------
 */
#ifndef YS_API_PATIENCE_H
#define YS_API_PATIENCE_H

#include "datatype/timestamp.h"

typedef struct YsPatience
{
	TimestampTz called_at;
	TimestampTz deadline;
	int			poll_ms;
} YsPatience;

/*
 * Begin to wait, for a timeout (an interval) at most.  Throws in a transaction that can't see
 * what others commit; what says what it would not see.  Throws for a timeout that is negative.
 */
extern void ys_patience_begin(YsPatience *patience, Datum timeout, const char *function,
							  const char *what);

/* Wait a moment before looking again.  False when the time is over.  Throws when cancelled. */
extern bool ys_patience_pause(YsPatience *patience);

/*
 * The same for who joined a policy's waiters: until woken, but look again after a second
 * at the latest, for nobody may be left to wake us.
 */
extern bool ys_patience_sleep(YsPatience *patience);

#endif							/* YS_API_PATIENCE_H */
