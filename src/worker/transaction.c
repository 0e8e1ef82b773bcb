/*-------------------------------------------------------------------------
 * transaction.c
 *	  A worker's own transactions, and trying something in a subtransaction.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lwlock.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "worker/activity.h"
#include "worker/lock.h"
#include "worker/transaction.h"

static MemoryContext context_at_begin;

void
ys_transaction_begin(const char *activity)
{
	context_at_begin = CurrentMemoryContext;
	SetCurrentStatementStartTimestamp();
	ys_activity_report(activity);
	StartTransactionCommand();
	/* whatever is the default: what is read after waiting for a lock must be what its holder left */
	XactIsoLevel = XACT_READ_COMMITTED;
	ys_worker_guard_lock();
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(context_at_begin);
}

void
ys_transaction_commits_lazily(void)
{
	(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
}

void
ys_transaction_commit(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	MemoryContextSwitchTo(context_at_begin);
}

bool
ys_error_is_transient(const ErrorData *error)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_TRANSACTION_ROLLBACK ||
		category == ERRCODE_OPERATOR_INTERVENTION ||
		error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

bool
ys_error_is_systemic(const ErrorData *error)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_INSUFFICIENT_RESOURCES ||
		category == ERRCODE_SYSTEM_ERROR ||
		category == ERRCODE_FEATURE_NOT_SUPPORTED ||	/* such as a rule on the index table */
		category == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION ||
		category == ERRCODE_INVALID_SCHEMA_NAME ||
		category == ERRCODE_INVALID_TRANSACTION_STATE ||
		category == ERRCODE_CONNECTION_EXCEPTION ||
		category == ERRCODE_FDW_ERROR ||
		category == ERRCODE_DATA_CORRUPTED ||
		category == ERRCODE_INTERNAL_ERROR;
}

/* Run fn in a subtransaction, and return what it throws; what passes by itself, too, if asked. */
static ErrorData *
try_subtransaction(void (*fn) (void *arg), void *arg, bool all)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		fn(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (!all && ys_error_is_transient(error))
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

ErrorData *
ys_transaction_try(void (*fn) (void *arg), void *arg)
{
	return try_subtransaction(fn, arg, false);
}

ErrorData *
ys_transaction_try_all(void (*fn) (void *arg), void *arg)
{
	return try_subtransaction(fn, arg, true);
}

ErrorData *
ys_transaction_attempt(void (*fn) (void *arg), void *arg, int timeout_ms)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	if (timeout_ms > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, timeout_ms);
	PG_TRY();
	{
		fn(arg);
	}
	PG_CATCH();
	{
		/* a cancellation that comes now is of what has ended already */
		HOLD_INTERRUPTS();
		disable_all_timeouts(false);
		QueryCancelPending = false;
		/* outside of a transaction there is no abort that would */
		LWLockReleaseAll();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		MemoryContextSwitchTo(context);
		pgstat_report_activity(STATE_IDLE, NULL);
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	if (timeout_ms > 0)
		disable_timeout(STATEMENT_TIMEOUT, false);
	QueryCancelPending = false;
	return error;
}

bool
ys_transaction_error(YsError *err, const ErrorData *error)
{
	ys_error_set(err, YS_ERR_INVALID_OPTION, "%s", error->message);
	if (error->detail != NULL)
		ys_error_detail(err, "%s", error->detail);
	if (error->hint != NULL)
		ys_error_hint(err, "%s", error->hint);
	return false;
}
