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
#include "storage/sinvaladt.h"

#include "compat.h"
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

/* The process that holds the lock, NULL when there is none (or it is us). */
static PGPROC *
find_holder(YsWorkerKind kind, uint32 id1, uint32 id2)
{
	LOCKTAG		tag;
	VirtualTransactionId *holders;
	int			count;

	set_tag(&tag, kind, id1, id2);
	holders = GetLockConflicts(&tag, ExclusiveLock, &count);
	return count > 0 ? ys_proc_of_vxid_compat(holders[0]) : NULL;
}

int
ys_worker_pid(YsWorkerKind kind, uint32 id1, uint32 id2)
{
	PGPROC	   *proc = find_holder(kind, id1, id2);

	return proc != NULL ? proc->pid : 0;
}

bool
ys_worker_wake(YsWorkerKind kind, uint32 id1, uint32 id2)
{
	PGPROC	   *proc = find_holder(kind, id1, id2);

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
