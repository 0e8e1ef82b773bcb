/*-------------------------------------------------------------------------
 * calls.h
 *	  Calls in flight that somebody owns: cancelled when their owner's memory
 *	  context goes away.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_CALLS_H
#define YS_CATALOG_CALLS_H

#include "store/store.h"

#define YS_CALLS_MAX	64

typedef struct YsCalls
{
	uint64		epoch;			/* see ys_server_epoch */
	int			count;
	YsCall	   *calls[YS_CALLS_MAX];
	MemoryContextCallback callback;
} YsCalls;

/* The struct itself must live in context. */
extern void ys_calls_init(YsCalls *calls, MemoryContext context);

/* Keep a call that was started; throws err when call is NULL. */
extern void ys_calls_add(YsCalls *calls, YsCall *call, const YsError *err);

/*
 * Give a call to who awaits it, which frees it even by a throw: the one at a
 * position, or the first to end (waits; NULL when there is none).
 */
extern YsCall *ys_calls_take(YsCalls *calls, int position);
extern YsCall *ys_calls_take_first(YsCalls *calls);

extern void ys_calls_cancel(YsCalls *calls);

#endif							/* YS_CATALOG_CALLS_H */
