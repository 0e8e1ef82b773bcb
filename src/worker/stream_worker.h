/*-------------------------------------------------------------------------
 * stream_worker.h
 *	  Follows one stream for the policies of one owner.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_STREAM_WORKER_H
#define YS_WORKER_STREAM_WORKER_H

/* Returns when no policy of that owner follows the stream any more. */
extern void ys_stream_worker_run(Oid stream, Oid owner);

#endif							/* YS_WORKER_STREAM_WORKER_H */
