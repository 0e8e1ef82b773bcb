/*-------------------------------------------------------------------------
 * launcher.h
 *	  Starting worker processes.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_LAUNCHER_H
#define YS_WORKER_LAUNCHER_H

#include "postmaster/bgworker.h"

#include "worker/lock.h"

/* Register the launcher with the postmaster; from _PG_init while preloading. */
extern void ys_launcher_register(void);

/*
 * Start a worker of a database.  False when there is no free slot
 * (max_worker_processes).  handle may be NULL.
 */
extern bool ys_worker_start(const YsWorkerId *id, Oid database, BackgroundWorkerHandle **handle);

/*
 * Does somebody want this process's database for himself, and wait, or soon give up, for there are
 * processes in it?  Outside of any transaction.
 */
extern bool ys_database_is_wanted(void);

#endif							/* YS_WORKER_LAUNCHER_H */
