/*-------------------------------------------------------------------------
 * supervisor.h
 *	  One per database: keeps the stream workers and relays running.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_SUPERVISOR_H
#define YS_WORKER_SUPERVISOR_H

/* From now on stop_workers is heard: before anybody can know that this process is the supervisor. */
extern void ys_supervisor_heed_stop(void);

/*
 * Returns when the extension is gone, when there is no worker to supervise (the lock is
 * then released), or when it was stopped for good.
 */
extern void ys_supervisor_run(void);

#endif							/* YS_WORKER_SUPERVISOR_H */
