/*-------------------------------------------------------------------------
 * lock.c
 *	  Who is which worker: session locks that identify the processes.
 *
 * The tags are advisory ones whose last field no SQL function can produce
 * (those use 1 and 2), so that users' advisory locks never collide with ours.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"

#include "worker/lock.h"

#define LOCK_CLASS_BASE		0x5953

static void
set_tag(LOCKTAG *tag, YsWorkerKind kind, uint32 id1, uint32 id2)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, id1, id2, LOCK_CLASS_BASE + (int) kind);
}

bool
ys_worker_lock(YsWorkerKind kind, uint32 id1, uint32 id2)
{
	LOCKTAG		tag;

	set_tag(&tag, kind, id1, id2);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
ys_worker_unlock(YsWorkerKind kind, uint32 id1, uint32 id2)
{
	LOCKTAG		tag;

	set_tag(&tag, kind, id1, id2);
	if (!LockRelease(&tag, ExclusiveLock, true))
		elog(ERROR, "this process does not hold the lock of worker kind %d", (int) kind);
}

int
ys_worker_pid(YsWorkerKind kind, uint32 id1, uint32 id2)
{
	LockData   *locks = GetLockStatusData();
	LOCKTAG		tag;
	int			pid = 0;

	/* not GetLockConflicts: it passes over holders that are in no transaction */
	set_tag(&tag, kind, id1, id2);
	for (int i = 0; i < locks->nelements && pid == 0; i++)
	{
		const LockInstanceData *lock = &locks->locks[i];

		if (memcmp(&lock->locktag, &tag, sizeof(tag)) == 0 &&
			(lock->holdMask & LOCKBIT_ON(ExclusiveLock)) != 0)
			pid = lock->pid;
	}
	pfree(locks->locks);
	pfree(locks);
	return pid;
}

int
ys_worker_list(YsRunningWorker **workers)
{
	LockData   *locks = GetLockStatusData();
	int			count = 0;

	*workers = palloc(sizeof(YsRunningWorker) * Max(locks->nelements, 1));
	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *lock = &locks->locks[i];
		const LOCKTAG *tag = &lock->locktag;
		int			kind = tag->locktag_field4 - LOCK_CLASS_BASE;

		if (tag->locktag_type == LOCKTAG_ADVISORY && tag->locktag_field1 == MyDatabaseId &&
			kind >= YS_WORKER_SUPERVISOR && kind <= YS_WORKER_RELAY &&
			(lock->holdMask & LOCKBIT_ON(ExclusiveLock)) != 0)
			(*workers)[count++] = (YsRunningWorker)
			{
				(YsWorkerKind) kind, tag->locktag_field2, tag->locktag_field3, lock->pid
			};
	}
	pfree(locks->locks);
	pfree(locks);
	return count;
}

bool
ys_worker_wake(YsWorkerKind kind, uint32 id1, uint32 id2)
{
	int			pid = ys_worker_pid(kind, id1, id2);
	PGPROC	   *proc = pid != 0 ? BackendPidGetProc(pid) : NULL;

	if (proc != NULL)
		SetLatch(&proc->procLatch);
	return proc != NULL;
}

bool
ys_worker_terminate(YsWorkerKind kind, uint32 id1, uint32 id2)
{
	int			pid = ys_worker_pid(kind, id1, id2);

	return pid != 0 && kill(pid, SIGTERM) == 0;
}
