/*-------------------------------------------------------------------------
 * supervisor.h
 *	  One per database: keeps the stream workers and relays running.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_SUPERVISOR_H
#define YS_WORKER_SUPERVISOR_H

/*
 * Returns when the extension is gone, when there is no worker to supervise (the lock is
 * then released), or when the process was asked to stop.
 */
extern void ys_supervisor_run(void);

#endif							/* YS_WORKER_SUPERVISOR_H */
