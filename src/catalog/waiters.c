/*-------------------------------------------------------------------------
 * waiters.c
 *	  Sessions that wait for a policy to get on, and waking them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/sinvaladt.h"
#include "utils/memutils.h"

#include "catalog/waiters.h"
#include "compat.h"

/* An advisory lock's last field that neither SQL functions nor workers' locks use. */
#define LOCK_CLASS			0x59A0

static List *pending = NIL;		/* policies this transaction wakes for, in its own context */

static LOCKTAG
make_tag(int policy_id)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) policy_id, 0, LOCK_CLASS);
	return tag;
}

void
ys_waiters_join(int policy_id)
{
	LOCKTAG		tag = make_tag(policy_id);

	(void) LockAcquire(&tag, ShareLock, false, false);
}

void
ys_waiters_leave(int policy_id)
{
	LOCKTAG		tag = make_tag(policy_id);

	(void) LockRelease(&tag, ShareLock, false);
}

/* A process that has ended meanwhile may have left its place to another: that one looks in vain. */
static void
wake(int policy_id)
{
	LOCKTAG		tag = make_tag(policy_id);
	VirtualTransactionId *holders;
	int			count;

	holders = GetLockConflicts(&tag, ExclusiveLock, &count);
	for (int i = 0; i < count; i++)
	{
		PGPROC	   *proc = ys_vxid_proc_compat(holders[i]);

		if (proc != NULL)
			SetLatch(&proc->procLatch);
	}
	pfree(holders);
}

static void
wake_callback(XactEvent event, void *arg)
{
	ListCell   *lc;

	if (event == XACT_EVENT_COMMIT)
	{
		foreach(lc, pending)
			wake(lfirst_int(lc));
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		pending = NIL;
}

void
ys_waiters_wake_at_commit(int policy_id)
{
	static bool registered = false;
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

	if (!registered)
		RegisterXactCallback(wake_callback, NULL);
	registered = true;
	pending = list_append_unique_int(pending, policy_id);
	MemoryContextSwitchTo(old);
}
