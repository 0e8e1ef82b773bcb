/*-------------------------------------------------------------------------
 * wake.h
 *	  Telling this database's workers that something changed.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_WAKE_H
#define YS_WORKER_WAKE_H

/*
 * When this transaction commits: wake the supervisor, or start it when it isn't running.
 * Nothing happens when the transaction aborts.
 */
extern void ys_workers_wake_at_commit(void);

#endif							/* YS_WORKER_WAKE_H */
