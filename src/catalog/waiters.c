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

/* What an id is of: the last field but one. */
#define OF_POLICY			0
#define OF_RELAY			1

static LOCKTAG
make_tag(int id, uint32 of)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) id, of, LOCK_CLASS);
	return tag;
}

void
ys_waiters_join(const YsWaiting *waiting)
{
	LOCKTAG		policy = make_tag(waiting->policy_id, OF_POLICY);
	LOCKTAG		relay = make_tag(waiting->relay_id, OF_RELAY);

	if (waiting->policy_id != 0)
		(void) LockAcquire(&policy, ShareLock, false, false);
	if (waiting->relay_id != 0)
		(void) LockAcquire(&relay, ShareLock, false, false);
}

void
ys_waiters_leave(const YsWaiting *waiting)
{
	LOCKTAG		policy = make_tag(waiting->policy_id, OF_POLICY);
	LOCKTAG		relay = make_tag(waiting->relay_id, OF_RELAY);

	if (waiting->policy_id != 0)
		(void) LockRelease(&policy, ShareLock, false);
	if (waiting->relay_id != 0)
		(void) LockRelease(&relay, ShareLock, false);
}

static bool
is_waited_for(int id, uint32 of)
{
	LOCKTAG		tag = make_tag(id, of);
	int			count;

	pfree(GetLockConflicts(&tag, ExclusiveLock, &count));
	return count > 0;
}

bool
ys_waiters_for_policy(int policy_id)
{
	return is_waited_for(policy_id, OF_POLICY);
}

bool
ys_waiters_for_relay(int relay_id)
{
	return is_waited_for(relay_id, OF_RELAY);
}

/* A process that has ended meanwhile may have left its place to another: that one looks in vain. */
static void
wake(int policy_id)
{
	LOCKTAG		tag = make_tag(policy_id, OF_POLICY);
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
