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
	YS_WORKER_STREAM,			/* ids: stream server, owner; number: which of its workers */
	YS_WORKER_RELAY,			/* ids: relay id, 0 */
	YS_WORKER_STORE_STREAM,		/* ids: source, owner; follows the stream of the source's store */
	YS_WORKER_HERALD			/* has no lock, and no database */
} YsWorkerKind;

typedef struct YsWorkerId
{
	YsWorkerKind kind;
	uint32		id1;
	uint32		id2;
	int			number;			/* of several alike, from 0 */
} YsWorkerId;

/* A worker of policies that follow a stream together (a YsPolicyStream). */
#define ys_worker_id_of(policies, number) \
	((YsWorkerId) {OidIsValid((policies)->stream) ? YS_WORKER_STREAM : YS_WORKER_STORE_STREAM, \
				   OidIsValid((policies)->stream) ? (policies)->stream : (policies)->source, \
				   (policies)->owner, (number)})

/*
 * Become that worker of this database until this process ends.  False when
 * another process is it.
 */
extern bool ys_worker_lock(const YsWorkerId *id);

/*
 * In a transaction that has just begun: stay that worker whatever the code that runs in it does, and let go
 * of the advisory locks it has taken when the transaction ends.  Nothing in a process that is no worker.
 */
extern void ys_worker_guard_lock(void);

/* Stop being that worker; throws unless it is us. */
extern void ys_worker_unlock(const YsWorkerId *id);

/* The process that is that worker, 0 when there is none. */
extern int	ys_worker_pid(const YsWorkerId *id);

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
extern bool ys_worker_wake(const YsWorkerId *id);

/* Have every worker of this database, wanted or not, but this process end for good.  Returns how many. */
extern int	ys_worker_terminate_all(void);

#endif							/* YS_WORKER_LOCK_H */
