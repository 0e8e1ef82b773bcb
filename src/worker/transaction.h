/*-------------------------------------------------------------------------
 * transaction.h
 *	  A worker's own transactions.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_TRANSACTION_H
#define YS_WORKER_TRANSACTION_H

#include "base/error.h"

/* Begin one, with a snapshot; activity is what pg_stat_activity shows meanwhile. */
extern void ys_transaction_begin(const char *activity);

/*
 * Let the current one's commit not wait for the disk: after a crash it is done again from
 * positions that were lost with it.
 */
extern void ys_transaction_commits_lazily(void);

/* Commit it; the current memory context is again what it was at begin. */
extern void ys_transaction_commit(void);

/*
 * Run fn in a subtransaction of the current transaction.  NULL when it
 * succeeded; else the error, palloc'd in the current context, with the
 * subtransaction rolled back.  Errors that another try may mend (cancellation,
 * deadlock, lock timeout) are thrown.
 */
extern ErrorData *ys_transaction_try(void (*fn) (void *arg), void *arg);

/* The same, but returns those errors too. */
extern ErrorData *ys_transaction_try_all(void (*fn) (void *arg), void *arg);

/*
 * Run fn, which opens transactions of its own, outside of any.  NULL when it returned; else the
 * error it threw, palloc'd in the current context, with its transaction rolled back.  fn is
 * cancelled after timeout_ms (0: never).  For work on one policy that must not end the others'.
 */
extern ErrorData *ys_transaction_attempt(void (*fn) (void *arg), void *arg, int timeout_ms);

/*
 * May the error be gone when the same is tried again, unchanged (cancellation, deadlock, lock
 * timeout)?
 */
extern bool ys_error_is_transient(const ErrorData *error);

/* Give err what an error said, and return false. */
extern bool ys_transaction_error(YsError *err, const ErrorData *error);

/*
 * Is the error the whole system's (disk full, privilege, missing table), so that any other
 * event would meet it too?
 */
extern bool ys_error_is_systemic(const ErrorData *error);

#endif							/* YS_WORKER_TRANSACTION_H */
