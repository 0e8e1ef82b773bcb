/*-------------------------------------------------------------------------
 * waiters.h
 *	  Sessions that wait for a policy to get on, and waking them.
 *
 * Who waits holds a lock with a tag of our own in a mode that conflicts with
 * nobody's: who wakes looks up its holders and sets their latches.  So no
 * shared memory is needed, and where nobody waits a commit costs one look-up.
 * Join first, look then: what commits after the look wakes.
 *
 * Who sees to it that a policy gets on, its relay too, can look whether anybody waits.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_WAITERS_H
#define YS_CATALOG_WAITERS_H

/* What is waited for. */
typedef struct YsWaiting
{
	int			policy_id;		/* 0: nothing */
	int			relay_id;		/* that feeds the policy's stream; 0: none does */
} YsWaiting;

/* Until left, or the transaction ends. */
extern void ys_waiters_join(const YsWaiting *waiting);
extern void ys_waiters_leave(const YsWaiting *waiting);

/* Does anybody wait?  In a transaction or not. */
extern bool ys_waiters_for_policy(int policy_id);
extern bool ys_waiters_for_relay(int relay_id);

/* When this transaction commits, wake who waits for the policy. */
extern void ys_waiters_wake_at_commit(int policy_id);

#endif							/* YS_CATALOG_WAITERS_H */
