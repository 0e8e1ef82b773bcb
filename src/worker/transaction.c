/*-------------------------------------------------------------------------
 * transaction.c
 *	  A worker's own transactions, and trying something in a subtransaction.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "pgstat.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "worker/activity.h"
#include "worker/transaction.h"

static MemoryContext context_at_begin;

void
ys_transaction_begin(const char *activity)
{
	context_at_begin = CurrentMemoryContext;
	SetCurrentStatementStartTimestamp();
	ys_activity_report(activity);
	StartTransactionCommand();
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

/* Would trying again, unchanged, be the remedy? */
static bool
is_transient(const ErrorData *error)
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
		category == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION ||
		category == ERRCODE_INVALID_SCHEMA_NAME ||
		category == ERRCODE_INVALID_TRANSACTION_STATE ||
		category == ERRCODE_CONNECTION_EXCEPTION ||
		category == ERRCODE_FDW_ERROR ||
		category == ERRCODE_DATA_CORRUPTED ||
		category == ERRCODE_INTERNAL_ERROR;
}

ErrorData *
ys_transaction_try(void (*fn) (void *arg), void *arg)
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
		if (is_transient(error))
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}
