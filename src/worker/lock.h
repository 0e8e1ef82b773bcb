/*-------------------------------------------------------------------------
 * lock.h
 *	  Who is which worker: session locks that identify the processes.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_LOCK_H
#define YS_WORKER_LOCK_H

typedef enum YsWorkerKind
{
	YS_WORKER_SUPERVISOR,		/* ids 0, 0 */
	YS_WORKER_STREAM,			/* ids: stream server, owner */
	YS_WORKER_RELAY				/* ids: relay id, 0 */
} YsWorkerKind;

/*
 * Become that worker of this database until this process ends.  False when
 * another process is it.
 */
extern bool ys_worker_lock(YsWorkerKind kind, uint32 id1, uint32 id2);

/* Stop being that worker; throws unless it is us. */
extern void ys_worker_unlock(YsWorkerKind kind, uint32 id1, uint32 id2);

/* The process that is that worker, 0 when there is none. */
extern int	ys_worker_pid(YsWorkerKind kind, uint32 id1, uint32 id2);

/* A worker that runs. */
typedef struct YsRunningWorker
{
	YsWorkerKind kind;
	uint32		id1;
	uint32		id2;
	int			pid;
} YsRunningWorker;

/* All of this database, palloc'd; returns how many. */
extern int	ys_worker_list(YsRunningWorker **workers);

/* Set its latch.  False when there is none. */
extern bool ys_worker_wake(YsWorkerKind kind, uint32 id1, uint32 id2);

/* Send it SIGTERM.  False when there is none. */
extern bool ys_worker_terminate(YsWorkerKind kind, uint32 id1, uint32 id2);

#endif							/* YS_WORKER_LOCK_H */
