/*-------------------------------------------------------------------------
 * stream_worker.h
 *	  Follows one stream for the policies of one owner.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_STREAM_WORKER_H
#define YS_WORKER_STREAM_WORKER_H

/*
 * The main loop of one of a stream's workers, from 0.  Returns when no policy of that owner
 * follows the stream any more, or the stream asks for fewer workers.
 */
extern void ys_stream_worker_run(Oid stream, Oid owner, int number);

#endif							/* YS_WORKER_STREAM_WORKER_H */
