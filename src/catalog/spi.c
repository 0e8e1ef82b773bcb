/*-------------------------------------------------------------------------
 * spi.c
 *	  Running the extension's own SQL.
 *
 * Statements are planned once per text and kept for the backend's life: the
 * same few run for every batch.  Those that name a policy's tables are kept as long as something
 * that runs them: a worker sees many policies come and go.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/spi.h"

void
ys_spi_become(YsSpiScope *scope, Oid role)
{
	scope->caller = CurrentMemoryContext;
	GetUserIdAndSecContext(&scope->saved_user, &scope->saved_context);
	scope->guc_level = NewGUCNestLevel();
	SetUserIdAndSecContext(role, scope->saved_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	/* names of ours are qualified; nobody's search_path may redirect operators */
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
ys_spi_return(YsSpiScope *scope)
{
	AtEOXact_GUC(false, scope->guc_level);
	SetUserIdAndSecContext(scope->saved_user, scope->saved_context);
	MemoryContextSwitchTo(scope->caller);
}

void
ys_spi_begin_as(YsSpiScope *scope, Oid role)
{
	ys_spi_become(scope, role);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
ys_spi_begin(YsSpiScope *scope)
{
	ys_spi_begin_as(scope, BOOTSTRAP_SUPERUSERID);
}

void
ys_spi_end(YsSpiScope *scope)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	ys_spi_return(scope);
}

/* ---- plans by statement text ---- */

typedef struct PlanEntry
{
	char	   *sql;			/* hash key, in TopMemoryContext */
	SPIPlanPtr	plan;			/* NULL: not planned yet */
	List	   *users;			/* contexts that it goes with, in TopMemoryContext; NIL: it stays */
} PlanEntry;

static HTAB *plans = NULL;

static uint32
hash_text_pointer(const void *key, Size keysize)
{
	return string_hash(*(const char *const *) key, strlen(*(const char *const *) key) + 1);
}

static int
match_text_pointer(const void *a, const void *b, Size keysize)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The entry of a text, made unless there is one. */
static PlanEntry *
enter_plan(const char *sql)
{
	PlanEntry  *entry;
	char	   *key;

	if (plans == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(char *);
		ctl.entrysize = sizeof(PlanEntry);
		ctl.hash = hash_text_pointer;
		ctl.match = match_text_pointer;
		ctl.hcxt = TopMemoryContext;
		plans = hash_create("yottastore statements", 32, &ctl,
							HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	}
	entry = hash_search(plans, &sql, HASH_FIND, NULL);
	if (entry != NULL)
		return entry;
	key = MemoryContextStrdup(TopMemoryContext, sql);
	entry = hash_search(plans, &key, HASH_ENTER, NULL);
	entry->plan = NULL;
	entry->users = NIL;
	return entry;
}

static SPIPlanPtr
find_plan(const char *sql, int nargs, Oid *types)
{
	PlanEntry  *entry = enter_plan(sql);
	SPIPlanPtr	plan;

	if (entry->plan != NULL)
		return entry->plan;
	plan = SPI_prepare(sql, nargs, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed for \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	/* planning may have made others */
	enter_plan(sql)->plan = plan;
	return plan;
}

/* What a context's end takes along. */
typedef struct PlanUse
{
	MemoryContextCallback callback;
	MemoryContext context;
	const char *sql;
} PlanUse;

static void
end_use(void *arg)
{
	const PlanUse *use = arg;
	PlanEntry  *entry = hash_search(plans, &use->sql, HASH_FIND, NULL);
	char	   *key;

	if (entry == NULL)
		return;
	entry->users = list_delete_ptr(entry->users, use->context);
	if (entry->users != NIL)
		return;
	if (entry->plan != NULL)
		(void) SPI_freeplan(entry->plan);
	key = entry->sql;
	(void) hash_search(plans, &use->sql, HASH_REMOVE, NULL);
	pfree(key);
}

void
ys_spi_forget_with(MemoryContext context, const char *sql)
{
	PlanEntry  *entry = enter_plan(sql);
	PlanUse    *use;
	MemoryContext old;

	if (list_member_ptr(entry->users, context))
		return;
	use = MemoryContextAllocZero(context, sizeof(PlanUse));
	use->context = context;
	use->sql = MemoryContextStrdup(context, sql);
	use->callback.func = end_use;
	use->callback.arg = use;
	old = MemoryContextSwitchTo(TopMemoryContext);
	entry->users = lappend(entry->users, context);
	MemoryContextSwitchTo(old);
	MemoryContextRegisterResetCallback(context, &use->callback);
}

static void
check_result(const char *sql, int result, int expected)
{
	if (result != expected)
		elog(ERROR, "unexpected result of \"%s\": %s", sql, SPI_result_code_string(result));
}

void
ys_spi_execute(const char *sql, int expected, int nargs, Oid *types, Datum *values,
			   const char *nulls)
{
	check_result(sql, SPI_execute_plan(find_plan(sql, nargs, types), values, nulls, false, 0),
				 expected);
}

void
ys_spi_read(const char *sql, Snapshot snapshot, int nargs, Oid *types, Datum *values)
{
	int			result;

	if (snapshot == NULL)
	{
		ys_spi_execute(sql, SPI_OK_SELECT, nargs, types, values, NULL);
		return;
	}
	/* that is what reading alone goes by */
	PushActiveSnapshot(snapshot);
	result = SPI_execute_plan(find_plan(sql, nargs, types), values, NULL, true, 0);
	PopActiveSnapshot();
	check_result(sql, result, SPI_OK_SELECT);
}

void
ys_spi_read_once(const char *sql, Snapshot snapshot)
{
	int			result;

	PushActiveSnapshot(snapshot);
	result = SPI_execute(sql, true, 0);
	PopActiveSnapshot();
	check_result(sql, result, SPI_OK_SELECT);
}

void
ys_spi_utility(const char *sql)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "unexpected result of \"%s\": %s", sql, SPI_result_code_string(result));
}

Datum
ys_spi_value(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

char *
ys_spi_text(uint64 row, int column, MemoryContext context)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return value != NULL ? MemoryContextStrdup(context, value) : NULL;
}

uint64
ys_spi_fingerprint(void)
{
	uint64		hash = SPI_processed;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		for (int column = 1; column <= SPI_tuptable->tupdesc->natts; column++)
		{
			char	   *value = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column);

			/* with its end, so that none runs into the next */
			hash = value != NULL ?
				hash_bytes_extended((const unsigned char *) value, (int) strlen(value) + 1, hash) :
				hash_combine64(hash, 0);
			if (value != NULL)
				pfree(value);
		}
	}
	return hash;
}
