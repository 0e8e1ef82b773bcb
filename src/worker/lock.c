/*-------------------------------------------------------------------------
 * lock.c
 *	  Who is which worker: session locks that identify the processes.
 *
 * Only advisory locks outlive a transaction that fails.  But policies' owners have code of theirs run in a
 * worker's transactions, and pg_advisory_unlock_all takes no notice of whose a session's lock is.  So each
 * such transaction has the lock once more, as one of its own, which no function can take from it, and gives it
 * back to the session as it ends: the lock as others see it is never gone.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"

#include "catalog/lock_class.h"
#include "stream/kafka.h"
#include "worker/lock.h"

#define CLASS_OF(kind, number)	(YS_LOCK_CLASS_WORKER + (int) (kind) + ((number) << 8))

static LOCKTAG own_tag;
static bool is_worker = false;	/* own_tag's */
static bool in_transaction = false; /* which has the lock, too */

static void
set_tag(LOCKTAG *tag, const YsWorkerId *id)
{
	StaticAssertStmt(CLASS_OF(YS_WORKER_STORE_STREAM, YS_WORKERS_MAX - 1) <= PG_UINT16_MAX,
					 "a worker's number fits its lock's tag");
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, id->id1, id->id2, CLASS_OF(id->kind, id->number));
}

static int
kind_of(const LOCKTAG *tag)
{
	return (tag->locktag_field4 & 0xff) - (YS_LOCK_CLASS_WORKER & 0xff);
}

/* Is it the lock of a worker of this database? */
static bool
is_worker_lock(const LockInstanceData *lock)
{
	const LOCKTAG *tag = &lock->locktag;
	int			kind = kind_of(tag);

	return tag->locktag_type == LOCKTAG_ADVISORY && tag->locktag_field1 == MyDatabaseId &&
		tag->locktag_field4 >= YS_LOCK_CLASS_WORKER &&
		kind >= YS_WORKER_SUPERVISOR && kind <= YS_WORKER_STORE_STREAM &&
		(lock->holdMask & LOCKBIT_ON(ExclusiveLock)) != 0;
}

bool
ys_worker_lock(const YsWorkerId *id)
{
	set_tag(&own_tag, id);
	is_worker = LockAcquire(&own_tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
	return is_worker;
}

/* The transaction still has the lock, so that taking it needs nothing but a count, and cannot fail. */
static void
return_lock(XactEvent event, void *arg)
{
	if (!in_transaction || (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT))
		return;
	in_transaction = false;
	LockReleaseSession(USER_LOCKMETHOD);
	(void) LockAcquire(&own_tag, ExclusiveLock, true, true);
}

void
ys_worker_guard_lock(void)
{
	static bool registered = false;

	if (!is_worker)
		return;
	if (!registered)
		RegisterXactCallback(return_lock, NULL);
	registered = true;
	in_transaction = LockAcquire(&own_tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
ys_worker_unlock(const YsWorkerId *id)
{
	LOCKTAG		tag;

	set_tag(&tag, id);
	if (!LockRelease(&tag, ExclusiveLock, true))
		elog(ERROR, "this process does not hold the lock of worker kind %d", (int) id->kind);
	is_worker = false;
}

int
ys_worker_pid(const YsWorkerId *id)
{
	LockData   *locks = GetLockStatusData();
	LOCKTAG		tag;
	int			pid = 0;

	/* not GetLockConflicts: it passes over holders that are in no transaction */
	set_tag(&tag, id);
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

		if (is_worker_lock(lock))
			(*workers)[count++] = (YsRunningWorker)
			{
				(YsWorkerKind) kind_of(tag), tag->locktag_field2, tag->locktag_field3, lock->pid
			};
	}
	pfree(locks->locks);
	pfree(locks);
	return count;
}

bool
ys_worker_wake(const YsWorkerId *id)
{
	int			pid = ys_worker_pid(id);
	PGPROC	   *proc = pid != 0 ? BackendPidGetProc(pid) : NULL;

	if (proc != NULL)
		SetLatch(&proc->procLatch);
	return proc != NULL;
}

int
ys_worker_terminate_all(void)
{
	YsRunningWorker *workers;
	int			running = ys_worker_list(&workers);
	int			count = 0;

	for (int i = 0; i < running; i++)
	{
		int			sig = workers[i].kind == YS_WORKER_SUPERVISOR ? SIGUSR2 : SIGTERM;

		if (workers[i].pid != MyProcPid && kill(workers[i].pid, sig) == 0)
			count++;
	}
	pfree(workers);
	return count;
}
