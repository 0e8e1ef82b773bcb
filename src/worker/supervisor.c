/*-------------------------------------------------------------------------
 * supervisor.c
 *	  One per database: keeps the stream workers and relays running.
 *
 * Which workers there should be is read from the catalog every second, or at
 * once when a policy or relay was created.  A worker that is missing is
 * started; one that keeps dying is started less and less often.  Workers that
 * are no longer wanted end by themselves, and so does a supervisor that has
 * none: a database without policies and relays has no process of ours in it.
 * SIGUSR2, from stop_workers, stops the workers, then the supervisor, for good: exit code 0 is not
 * restarted; so does what stop_workers notes, if there was no supervisor to tell.  SIGTERM may be
 * anybody's who ends sessions: after it the postmaster begins anew.
 *
 * Nobody can drop, rename or copy a database that processes are connected to, and the server
 * waits 5 s for those to go that it takes for background work.  It does not ask ours; but whoever wants
 * that holds a lock on the database meanwhile.  So we look for it each round, and make way.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/wait.h"
#include "catalog/policy.h"
#include "catalog/relay.h"
#include "catalog/server.h"
#include "catalog/stopped.h"
#include "worker/activity.h"
#include "worker/launcher.h"
#include "worker/supervisor.h"
#include "worker/transaction.h"

#define ROUND_MS			1000L
#define BACKOFF_BASE_MS		1000
#define BACKOFF_LIMIT_MS	30000
#define STEADY_MS			60000	/* one that ran this long is healthy again */

/* A worker there should be, or was. */
typedef struct Charge
{
	YsWorkerId	id;
	bool		wanted;
	BackgroundWorkerHandle *handle; /* of the last one we started */
	int			failures;
	int64		started_at;		/* ys_clock_ms; 0: never */
	int64		not_before;
} Charge;

static volatile sig_atomic_t for_good = false;

static void
handle_stop(SIGNAL_ARGS)
{
	int			save_errno = errno;

	for_good = true;
	ShutdownRequestPending = true;
	SetLatch(MyLatch);
	errno = save_errno;
}

void
ys_supervisor_heed_stop(void)
{
	pqsignal(SIGUSR2, handle_stop);
}

static Charge *
find_charge(List **charges, const YsWorkerId *id)
{
	ListCell   *lc;
	Charge	   *charge;
	MemoryContext old;

	foreach(lc, *charges)
	{
		charge = lfirst(lc);
		if (charge->id.kind == id->kind && charge->id.id1 == id->id1 &&
			charge->id.id2 == id->id2 && charge->id.number == id->number)
			return charge;
	}
	old = MemoryContextSwitchTo(TopMemoryContext);
	charge = palloc0(sizeof(Charge));
	charge->id = *id;
	*charges = lappend(*charges, charge);
	MemoryContextSwitchTo(old);
	return charge;
}

/* Mark in charges (a List **) what the catalog wants. */
static void
mark_wanted(void *arg)
{
	List	  **charges = arg;
	ListCell   *lc;

	foreach(lc, *charges)
		((Charge *) lfirst(lc))->wanted = false;

	ys_transaction_begin("reading which workers there should be");
	ys_activity_identify("supervisor", NULL);
	if (OidIsValid(get_extension_oid("yottastore", true)))
	{
		if (!for_good && ys_stopped_is_noted())
		{
			ereport(LOG, (errmsg("yottastore's workers of this database stay stopped until they are started by hand")));
			for_good = ShutdownRequestPending = true;
		}
		ys_policy_follow_owners();
		foreach(lc, ys_policy_streams())
		{
			YsPolicyStream *stream = lfirst(lc);
			int			workers = OidIsValid(stream->stream) ? ys_server_stream_workers(stream->stream) : 1;

			for (int n = 0; n < workers; n++)
			{
				YsWorkerId	id = ys_worker_id_of(stream, n);

				find_charge(charges, &id)->wanted = true;
			}
		}
		foreach(lc, ys_relay_ids())
		{
			YsWorkerId	id = {YS_WORKER_RELAY, (uint32) lfirst_int(lc), 0, 0};

			find_charge(charges, &id)->wanted = true;
		}
	}
	ys_transaction_commit();
}

/*
 * The same.  False when that is nothing.  While the catalog can't be read (it is locked, or just being
 * dropped) nothing is started, and nothing given up.
 */
static bool
read_wanted(List **charges)
{
	ErrorData  *error = ys_transaction_attempt(mark_wanted, charges, 0);
	ListCell   *lc;
	bool		any = error != NULL;

	if (error != NULL && !ys_error_is_transient(error))
		ereport(LOG,
				(errmsg("which workers there should be could not be read, and will be again: %s",
						error->message)));
	if (error != NULL)
		FreeErrorData(error);
	foreach(lc, *charges)
		any = any || ((Charge *) lfirst(lc))->wanted;
	return any;
}

/*
 * There is nothing to supervise: stop being the supervisor.  Whoever commits
 * a policy from now on starts another one; whoever did just before woke us,
 * so look once more.  False when we are it again.
 */
static bool
resign(List **charges)
{
	const YsWorkerId self = {.kind = YS_WORKER_SUPERVISOR};

	ys_worker_unlock(&self);
	return !read_wanted(charges) || !ys_worker_lock(&self);
}

/* Start a charge that isn't running, unless it is too soon after it died. */
static void
tend(Charge *charge)
{
	int64		now = ys_clock_ms();
	MemoryContext old;
	bool		started;

	if (ys_worker_pid(&charge->id) != 0 || now < charge->not_before)
		return;

	if (charge->started_at != 0)
	{
		charge->failures = now - charge->started_at > STEADY_MS ? 1 : charge->failures + 1;
		charge->started_at = 0;

		/* the first restart is immediate */
		if (charge->failures > 1)
		{
			charge->not_before = now + ys_backoff_ms(charge->failures - 1, BACKOFF_BASE_MS,
													 BACKOFF_LIMIT_MS);
			return;
		}
	}
	if (charge->handle != NULL)
		pfree(charge->handle);
	charge->handle = NULL;
	old = MemoryContextSwitchTo(TopMemoryContext);
	started = ys_worker_start(&charge->id, MyDatabaseId, &charge->handle);
	MemoryContextSwitchTo(old);
	if (started)
	{
		charge->started_at = now;
		/* until it has taken its lock it looks as if it weren't running */
		charge->not_before = now + BACKOFF_BASE_MS;
	}
	else
	{
		charge->not_before = now + BACKOFF_LIMIT_MS;
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no free slot for a yottastore worker"),
				 errhint("Raise max_worker_processes: each database with policies needs one worker, "
						 "each worker of its streams and each relay another.")));
	}
}

/* Stop all charges, those of an earlier supervisor too. */
static void
stop_all(const List *charges)
{
	ListCell   *lc;

	foreach(lc, charges)
	{
		Charge	   *charge = lfirst(lc);

		/* the handle reaches one that hasn't taken its lock yet */
		if (charge->handle != NULL)
			TerminateBackgroundWorker(charge->handle);
	}
	(void) ys_worker_terminate_all();
}

/* Leave the database to whoever wants it, and have us called back.  False without a slot for that. */
static bool
make_way(const List *charges)
{
	const YsWorkerId herald = {.kind = YS_WORKER_HERALD};

	if (!ys_worker_start(&herald, MyDatabaseId, NULL))
		return false;
	ereport(LOG, (errmsg("yottastore's workers make way for who wants their database alone")));
	stop_all(charges);
	return true;
}

void
ys_supervisor_run(void)
{
	MemoryContext round = AllocSetContextCreate(TopMemoryContext, "yottastore supervisor's round",
												ALLOCSET_SMALL_SIZES);
	List	   *charges = NIL;
	ListCell   *lc;

	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	MemoryContextSwitchTo(round);

	for (;;)
	{
		MemoryContextReset(round);
		if (ys_database_is_wanted() && make_way(charges))
			return;
		if (!read_wanted(&charges) && resign(&charges))
			return;
		if (ShutdownRequestPending)
			break;
		foreach(lc, charges)
		{
			if (((Charge *) lfirst(lc))->wanted)
				tend(lfirst(lc));
		}
		pgstat_report_stat(false);
		ys_activity_report_idle("waiting for the next round");
		(void) ys_wait_for(YS_WAIT_SUPERVISOR, -1, ROUND_MS);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	stop_all(charges);
	if (!for_good)
		proc_exit(1);
}
