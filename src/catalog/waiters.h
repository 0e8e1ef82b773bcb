/*-------------------------------------------------------------------------
 * waiters.h
 *	  Sessions that wait for a policy to get on, and waking them.
 *
 * Who waits holds a lock with a tag of our own in a mode that conflicts with
 * nobody's: who wakes looks up its holders and sets their latches.  So no
 * shared memory is needed, and where nobody waits a commit costs one look-up.
 * Join first, look then: what commits after the look wakes.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_WAITERS_H
#define YS_CATALOG_WAITERS_H

/* Until left, or the transaction ends. */
extern void ys_waiters_join(int policy_id);
extern void ys_waiters_leave(int policy_id);

/* When this transaction commits, wake who waits for the policy. */
extern void ys_waiters_wake_at_commit(int policy_id);

#endif							/* YS_CATALOG_WAITERS_H */
