/*-------------------------------------------------------------------------
 * stream_worker_policies.c
 *	  Which policies a stream worker follows, and by which declarations.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "foreign/foreign.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "catalog/area.h"
#include "base/wait.h"
#include "catalog/synonym.h"
#include "worker/activity.h"
#include "worker/backfill.h"
#include "worker/stream_worker_parts.h"
#include "worker/transaction.h"
#include "worker/verify.h"

/* What the callback looks at, and what it has found changed. */
static YsStreamWorker *this_worker = NULL;
static Oid	bound_relids[2] = {InvalidOid, InvalidOid};
static Oid	policies_relid = InvalidOid;
static bool bound_changed = false;	/* what policies are bound to: areas, synonyms */
static bool sources_changed = false;
static bool policies_changed = false;	/* which there are */

/* InvalidOid: everything may have changed. */
static void
relcache_callback(Datum arg, Oid relid)
{
	ListCell   *lc;

	if (!OidIsValid(relid) || relid == bound_relids[0] || relid == bound_relids[1])
		bound_changed = true;
	if (!OidIsValid(relid) || relid == policies_relid)
		policies_changed = true;
	foreach(lc, this_worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (!OidIsValid(relid) || relid == follow->source->relid)
			sources_changed = true;
	}
}

bool
ys_stream_declarations_changed(void)
{
	AcceptInvalidationMessages();
	return bound_changed || sources_changed;
}

bool
ys_stream_policies_changed(void)
{
	AcceptInvalidationMessages();
	return policies_changed;
}

/* A store that keeps one policy waiting must not do so to those that come, nor for the sake of one that is gone. */
static void
look_while_waiting(void)
{
	if (this_worker->attempting && !IsTransactionState() && ys_stream_policies_changed())
		ereport(ERROR,
				(errcode(YS_ERRCODE_POLICIES_CHANGED),
				 errmsg("the stream's policies have changed")));
}

void
ys_stream_watch(YsStreamWorker *worker)
{
	this_worker = worker;
	ys_transaction_begin("looking up areas and synonyms");
	bound_relids[0] = ys_areas_relid();
	bound_relids[1] = ys_synonyms_relid();
	policies_relid = ys_policies_relid();
	ys_transaction_commit();
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
	ys_wait_check_store(look_while_waiting);
}

YsFollow *
ys_stream_find_follow(const YsStreamWorker *worker, int policy_id)
{
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		if (follow->row->policy_id == policy_id)
			return follow;
	}
	return NULL;
}

/* Follow a policy no more. */
static void
discard_follow(YsStreamWorker *worker, YsFollow *follow)
{
	ys_lane_let_go(worker);
	worker->follows = list_delete_ptr(worker->follows, follow);
	if (follow->backfill != NULL)
		ys_backfill_close(follow);
	ys_verify_close(follow);
	ys_lane_discard(follow);
	ys_follow_close(follow);
}

/* Has its foreign table been given another table of the store than its rows are of?  Then they lack all that this one has. */
static void
check_store_table(YsPolicyRow *row)
{
	const char *table = ys_source_load(row->source)->table;

	if (strcmp(table, row->store_table) == 0)
		return;
	ys_policy_set_phase(row->policy_id, YS_PHASE_INCOMPLETE,
						psprintf("its foreign table was made to name store table \"%s\", and its rows are of \"%s\"", table, row->store_table));
	row->phase = YS_PHASE_INCOMPLETE;
}

typedef struct RefreshArg
{
	YsStreamWorker *worker;
	YsPolicyRow *row;
	bool		bind;
} RefreshArg;

/*
 * Bring one policy up to date with its catalog row and its source.  One that
 * someone else paused or resumed, or whose source changed, is opened anew: its
 * positions count again from the catalog's.
 */
static void
refresh_follow(void *arg)
{
	RefreshArg *refresh = arg;
	YsStreamWorker *worker = refresh->worker;
	YsPolicyRow *row = refresh->row;
	YsFollow   *follow = ys_stream_find_follow(worker, row->policy_id);
	MemoryContext old;

	if (!ys_phase_is_resting(row->phase))
	{
		ys_follow_check_rights(row);
		check_store_table(row);
	}
	if (follow != NULL && (follow->row->phase != row->phase || follow->row->epoch != row->epoch ||
						   ys_phase_is_resting(row->phase) ||
						   !ys_follow_is_current(follow)))
	{
		discard_follow(worker, follow);
		follow = NULL;
	}
	else if (follow != NULL && refresh->bind)
	{
		ys_lane_let_go(worker);
		ys_follow_load_bindings(follow);
	}
	if (follow != NULL || ys_phase_is_resting(row->phase))
		return;

	follow = ys_follow_open(worker->context, row, &worker->lease);
	old = MemoryContextSwitchTo(worker->context);
	worker->follows = lappend(worker->follows, follow);
	MemoryContextSwitchTo(old);
	ys_lane_join(worker, follow);
}

/*
 * Refresh one policy; what it can't go on with pauses it, and it alone.  An error that may pass is
 * returned, and the policy not followed meanwhile: its declarations may have changed.
 * Positions in one topic mean nothing in another.  Inside a transaction.
 */
static ErrorData *
refresh_or_stop(YsStreamWorker *worker, YsPolicyRow *row, bool bind)
{
	RefreshArg	arg = {worker, row, bind};
	const char *refusal = NULL;
	ErrorData  *error = NULL;
	YsFollow   *follow;

	if (!ys_phase_is_resting(row->phase) && row->topic != NULL)
		refusal = worker->intake->refuses(worker, row->topic);
	if (refusal != NULL)
	{
		ys_policy_set_phase(row->policy_id, YS_PHASE_INCOMPLETE, refusal);
		row->phase = YS_PHASE_INCOMPLETE;
	}
	if (!ys_stream_may_try(worker, row->policy_id) && ys_stream_find_follow(worker, row->policy_id) == NULL)
		return NULL;
	error = ys_transaction_try_all(refresh_follow, &arg);
	follow = ys_stream_find_follow(worker, row->policy_id);
	if (error == NULL)
		return NULL;
	if (follow != NULL)
		discard_follow(worker, follow);
	if (ys_error_is_transient(error))
		return error;
	ys_follow_pause(row, error);
	return NULL;
}

typedef struct LoadArg
{
	YsStreamWorker *worker;
	int			workers;
} LoadArg;

static void
load_declared(void *arg)
{
	LoadArg    *load = arg;

	load->workers = load->worker->intake->load(load->worker);
}

/*
 * Without options that can be used, such as a login, nothing is followed until there are: say so
 * on the policies that would be.
 */
static void
do_without_config(YsStreamWorker *worker, const List *rows, const ErrorData *error)
{
	char	   *reason = psprintf("%s%s%s", error->message, error->detail != NULL ? ": " : "",
								  error->detail != NULL ? error->detail : "");
	ListCell   *lc;

	if (!worker->does_without)
		ereport(LOG,
				(errcode(error->sqlerrcode),
				 errmsg("%s", error->message),
				 error->detail != NULL ? errdetail("%s", error->detail) : 0,
				 error->hint != NULL ? errhint("%s", error->hint) : 0));
	while (worker->follows != NIL)
		discard_follow(worker, linitial(worker->follows));
	foreach(lc, rows)
	{
		const YsPolicyRow *row = lfirst(lc);

		if (!ys_phase_is_resting(row->phase))
			ys_policy_set_reason(row->policy_id, reason);
	}
	if (worker->config_context != NULL)
		MemoryContextDelete(worker->config_context);
	worker->config_context = NULL;
	worker->config = NULL;
	worker->any_paused = false;
	worker->does_without = true;
	worker->troubled = true;
	worker->retry_at = ys_clock_ms();
}

/*
 * Read what is followed, and among how many workers it is split.  Inside a transaction.  False
 * when it is not declared in a way that can be followed.
 */
static bool
load_or_do_without(YsStreamWorker *worker, const List *rows, int *workers)
{
	LoadArg		load = {.worker = worker};
	ErrorData  *error = ys_transaction_try(load_declared, &load);

	worker->does_without = worker->does_without && error != NULL;
	if (error != NULL)
		do_without_config(worker, rows, error);
	*workers = load.workers;
	return error == NULL;
}

/* Under another split, or another's lease, positions are nobody's until they are read anew. */
static void
discard_follows(YsStreamWorker *worker)
{
	while (worker->follows != NIL)
		discard_follow(worker, linitial(worker->follows));
	ys_lane_close(&worker->shared);
}

/* What one look at the catalog is about, and what it finds. */
typedef struct Look
{
	YsStreamWorker *worker;
	bool		bind;
	bool		any;			/* is there anything to do for this worker? */
	bool		configured;		/* by options that can be used */
	List	   *wanted;			/* of YsPolicyRow */
	List	   *failed;			/* of YsPolicyRow: not to be followed now */
	List	   *errors;			/* of ErrorData: why */
} Look;

static bool
is_wanted(const Look *look, int policy_id)
{
	ListCell   *lc;

	foreach(lc, look->wanted)
	{
		if (((YsPolicyRow *) lfirst(lc))->policy_id == policy_id)
			return true;
	}
	return false;
}

/* The stream's options and, by these, this worker's share of it. */
static void
look_at_stream(void *arg)
{
	Look	   *look = arg;
	YsStreamWorker *worker = look->worker;
	List	   *rows = NIL;
	int			workers = 0;

	ys_transaction_begin("reading the stream's options");
	if (OidIsValid(get_extension_oid("yottastore", true)))
		rows = ys_policy_list(&worker->policies);
	look->any = rows != NIL;
	look->configured = look->any && load_or_do_without(worker, rows, &workers);

	/* where no batch would find out */
	if (worker->lease.epoch != 0 && look->any && !ys_lease_hold(&worker->lease))
		worker->lease.epoch = 0;
	ys_transaction_commit();
	if (!look->configured)
		return;
	if (worker->lease.workers != workers)
		worker->lease.epoch = 0;
	worker->lease.workers = workers;
	look->any = worker->lease.worker < worker->lease.workers;
}

/* Committed before positions are read: whoever had them can't move them any more. */
static void
take_lease(void *arg)
{
	Look	   *look = arg;
	YsLease		lease = look->worker->lease;

	discard_follows(look->worker);
	ys_transaction_begin("taking the lease");
	ys_lease_take(&lease);
	ys_transaction_commit();
	look->worker->lease = lease;
}

static void
look_at_policies(void *arg)
{
	Look	   *look = arg;
	YsStreamWorker *worker = look->worker;
	ListCell   *lc;

	ys_transaction_begin("reading policies");
	if (OidIsValid(get_extension_oid("yottastore", true)))
		look->wanted = ys_policy_list(&worker->policies);
	foreach(lc, list_copy(worker->follows))
	{
		YsFollow   *follow = lfirst(lc);

		if (!is_wanted(look, follow->row->policy_id))
			discard_follow(worker, follow);
	}
	worker->any_paused = false;
	foreach(lc, look->wanted)
	{
		YsPolicyRow *row = lfirst(lc);
		ErrorData  *error = refresh_or_stop(worker, row, look->bind);

		worker->any_paused = worker->any_paused || row->phase == YS_PHASE_PAUSED;
		if (error == NULL)
			continue;
		look->failed = lappend(look->failed, row);
		look->errors = lappend(look->errors, error);
	}
	ys_transaction_commit();
}

bool
ys_stream_refresh(YsStreamWorker *worker)
{
	MemoryContext rows = AllocSetContextCreate(CurrentMemoryContext, "yottastore policy rows",
											   ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(rows);
	Look		look = {.worker = worker, .bind = bound_changed};
	ErrorData  *error;
	bool		any;

	/* a change from now on is another */
	bound_changed = false;
	sources_changed = false;
	policies_changed = false;
	error = ys_transaction_attempt(look_at_stream, &look, 0);
	if (error == NULL && look.any && look.configured && worker->lease.epoch == 0)
		error = ys_transaction_attempt(take_lease, &look, 0);
	if (error == NULL && look.any && look.configured)
		error = ys_transaction_attempt(look_at_policies, &look, 0);
	if (error != NULL)
	{
		/* what was read is not to be relied on: once more, from the start */
		bound_changed = true;
		sources_changed = true;
		policies_changed = true;
		if (!ys_error_is_transient(error))
			ReThrowError(error);
		ereport(LOG, (errmsg("policies could not be read, and will be again: %s", error->message)));
	}
	for (int i = 0; error == NULL && i < list_length(look.failed); i++)
		ys_stream_set_back(worker, list_nth(look.failed, i), list_nth(look.errors, i));

	any = look.any || error != NULL;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(rows);
	return any;
}
