/*-------------------------------------------------------------------------
 * stream_worker.h
 *	  Follows one stream for the policies of one owner.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_STREAM_WORKER_H
#define YS_WORKER_STREAM_WORKER_H

#include "catalog/policy.h"

/*
 * The main loop of one of the workers, from 0, of policies that follow a stream together.
 * Returns when there are none any more, or the stream asks for fewer workers.
 */
extern void ys_stream_worker_run(const YsPolicyStream *policies, int number);

#endif							/* YS_WORKER_STREAM_WORKER_H */
