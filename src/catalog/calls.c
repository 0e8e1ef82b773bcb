/*-------------------------------------------------------------------------
 * calls.c
 *	  Calls in flight that somebody owns.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/server.h"
#include "errors.h"
#include "catalog/calls.h"

static void
on_context_reset(void *arg)
{
	ys_calls_cancel(arg);
}

void
ys_calls_init(YsCalls *calls, MemoryContext context)
{
	calls->count = 0;
	calls->epoch = ys_server_epoch();
	calls->callback.func = on_context_reset;
	calls->callback.arg = calls;
	MemoryContextRegisterResetCallback(context, &calls->callback);
}

void
ys_calls_add(YsCalls *calls, YsCall *call, const YsError *err)
{
	if (call == NULL)
		ys_error_throw(err);
	Assert(calls->count < YS_CALLS_MAX);
	calls->calls[calls->count++] = call;
}

YsCall *
ys_calls_take(YsCalls *calls, int position)
{
	YsCall	   *call = calls->calls[position];

	calls->calls[position] = calls->calls[--calls->count];
	return call;
}

YsCall *
ys_calls_take_first(YsCalls *calls)
{
	YsCall	   *first = ys_store_wait_first(calls->count, calls->calls);

	for (int i = 0; i < calls->count; i++)
		if (calls->calls[i] == first)
			return ys_calls_take(calls, i);
	return NULL;
}

void
ys_calls_cancel(YsCalls *calls)
{
	/* a failed transaction has cancelled them already */
	if (calls->epoch == ys_server_epoch())
		for (int i = 0; i < calls->count; i++)
			ys_call_cancel(calls->calls[i]);
	calls->count = 0;
}
