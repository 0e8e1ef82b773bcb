/*-------------------------------------------------------------------------
 * verify.h
 *	  Comparing an index with its store, row by row.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_VERIFY_H
#define YS_WORKER_VERIFY_H

#include "store/store.h"
#include "worker/follow.h"

typedef enum YsVerifyStep
{
	YS_VERIFY_ADVANCED,
	YS_VERIFY_WAITING,			/* for the store, for the stream, or to keep to the rate */
	YS_VERIFY_FAILED
} YsVerifyStep;

/*
 * Do a bit of a LIVE policy's verification (follow->verify_id), in transactions of its own, without waiting for the
 * store.  FAILED and err when the store can't be read now: the same is read again on the next call.
 */
extern YsVerifyStep ys_verify_step(YsFollow *follow, YsError *err);

/* When to look again for what was asked for: see ys_store_signals.  False: nothing is on its way. */
extern bool ys_verify_signals(YsFollow *follow, int *fd, long *timeout_ms);

/* Give up what is in flight. */
extern void ys_verify_close(YsFollow *follow);

#endif							/* YS_WORKER_VERIFY_H */
