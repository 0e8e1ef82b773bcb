/*-------------------------------------------------------------------------
 * launcher.c
 *	  Starting worker processes: the launcher at server start, and how any
 *	  worker is registered and enters its main function.
 *
 * The launcher is only there to find the databases: it starts a supervisor in
 * each and ends.  A supervisor whose database lacks the extension ends too.
 *
 * A supervisor that made way for somebody who wants its database for himself (DROP DATABASE,
 * ALTER DATABASE ... RENAME, a copy) leaves a herald behind, a process that is
 * connected to no database: it waits until that is over, and starts the supervisor again if
 * there still is something to supervise.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/wait.h"
#include "catalog/server.h"
#include "catalog/stopped.h"
#include "worker/launcher.h"
#include "worker/relay.h"
#include "worker/stream_worker.h"
#include "worker/supervisor.h"
#include "worker/wake.h"

#define RESTART_SECONDS		5
#define LOCK_TIMEOUT_MS		"200ms"
#define PATIENCE_MS			5000

/* What a worker's registration carries in bgw_extra. */
typedef struct WorkerIdentity
{
	YsWorkerId	id;
	Oid			database;
} WorkerIdentity;

static const YsWorkerId supervisor = {.kind = YS_WORKER_SUPERVISOR};

static const char *const worker_names[] = {
	[YS_WORKER_SUPERVISOR] = "yottastore supervisor",
	[YS_WORKER_STREAM] = "yottastore stream worker",
	[YS_WORKER_RELAY] = "yottastore relay",
	[YS_WORKER_STORE_STREAM] = "yottastore stream worker",
	[YS_WORKER_HERALD] = "yottastore herald",
};

PGDLLEXPORT void ys_launcher_main(Datum arg);
PGDLLEXPORT void ys_worker_main(Datum arg);

/* What all our processes have in common. */
static void
fill_registration(BackgroundWorker *worker, const char *name, const char *function)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = RESTART_SECONDS;
	strlcpy(worker->bgw_library_name, "yottastore", sizeof(worker->bgw_library_name));
	strlcpy(worker->bgw_function_name, function, sizeof(worker->bgw_function_name));
	strlcpy(worker->bgw_type, name, sizeof(worker->bgw_type));
	strlcpy(worker->bgw_name, name, sizeof(worker->bgw_name));
}

void
ys_launcher_register(void)
{
	BackgroundWorker worker;

	/* pg_upgrade's servers are not to change anything by themselves */
	if (IsBinaryUpgrade)
		return;
	fill_registration(&worker, "yottastore launcher", "ys_launcher_main");
	RegisterBackgroundWorker(&worker);
}

bool
ys_worker_start(const YsWorkerId *id, Oid database, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker;
	WorkerIdentity identity = {*id, database};

	StaticAssertStmt(sizeof(WorkerIdentity) <= BGW_EXTRALEN, "identity fits a registration");
	fill_registration(&worker, worker_names[id->kind], "ys_worker_main");
	memcpy(worker.bgw_extra, &identity, sizeof(identity));

	/*
	 * The postmaster restarts supervisors, after a crash of the server too;
	 * supervisors restart the others.
	 */
	if (id->kind != YS_WORKER_SUPERVISOR)
	{
		worker.bgw_restart_time = BGW_NEVER_RESTART;
		worker.bgw_notify_pid = MyProcPid;
	}
	return RegisterDynamicBackgroundWorker(&worker, handle);
}

/* What is half dropped has a limit of its own (DATCONNLIMIT_INVALID_DB, of later minor versions). */
static bool
accepts_connections(Form_pg_database form)
{
	return form->datallowconn && form->datconnlimit >= -1;
}

/* Databases that accept connections and are no templates. */
static List *
list_databases(void)
{
	List	   *databases = NIL;
	MemoryContext caller = CurrentMemoryContext;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext old;

		if (!accepts_connections(form) || form->datistemplate)
			continue;
		old = MemoryContextSwitchTo(caller);
		databases = lappend_oid(databases, form->oid);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	return databases;
}

/* Start a database's supervisor as soon as there is a slot. */
static void
start_supervisor(Oid database)
{
	bool		said = false;

	while (!ys_worker_start(&supervisor, database, NULL))
	{
		if (!said)
			ereport(WARNING,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("no free slot for a yottastore supervisor"),
					 errhint("Raise max_worker_processes: each database with policies needs one "
							 "worker, each worker of its streams and each relay another.")));
		said = true;
		(void) ys_wait_for(YS_WAIT_SUPERVISOR, -1, RESTART_SECONDS * 1000L);
	}
}

/* The launcher's main function. */
void
ys_launcher_main(Datum arg)
{
	ListCell   *lc;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	foreach(lc, list_databases())
		start_supervisor(lfirst_oid(lc));
	/* the work is done: exit code 0, not to be restarted */
	proc_exit(0);
}

/* ---- making way ---- */

/* What connecting to a database locks. */
static LOCKTAG
database_tag(Oid database)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, database, 0);
	return tag;
}

bool
ys_database_is_wanted(void)
{
	LOCKTAG		tag = database_tag(MyDatabaseId);
	bool		wanted;

	StartTransactionCommand();
	wanted = LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL;
	CommitTransactionCommand();
	return wanted;
}

/* Wait until nobody wants the database for himself.  False when it is no more. */
static bool
await_database(Oid database)
{
	LOCKTAG		tag = database_tag(database);
	HeapTuple	tuple;
	bool		found = false;

	StartTransactionCommand();
	(void) LockAcquire(&tag, RowExclusiveLock, false, false);
	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	if (HeapTupleIsValid(tuple))
	{
		found = accepts_connections((Form_pg_database) GETSTRUCT(tuple));
		ReleaseSysCache(tuple);
	}
	CommitTransactionCommand();
	return found;
}

static void
run_herald(Oid database)
{
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname(worker_names[YS_WORKER_HERALD]);
	if (await_database(database))
		start_supervisor(database);
}

/* ---- the others ---- */

static bool connected = false;

/*
 * The connection has failed, most likely for the database was dropped: the postmaster is not to try that
 * again and again, and takes code 0 as an end for good.
 */
static void
end_unconnected(int code, Datum arg)
{
	if (!connected && code == 1)
		proc_exit(0);
}

/* The main function of every other worker: become it, then run its loop. */
void
ys_worker_main(Datum arg)
{
	WorkerIdentity identity;

	memcpy(&identity, MyBgworkerEntry->bgw_extra, sizeof(identity));
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	if (identity.id.kind == YS_WORKER_HERALD)
	{
		run_herald(identity.database);
		proc_exit(0);
	}
	on_proc_exit(end_unconnected, (Datum) 0);
	BackgroundWorkerInitializeConnectionByOid(identity.database, InvalidOid, 0);
	connected = true;
	pgstat_report_appname(worker_names[identity.id.kind]);

	/*
	 * A lock that is held must not hold up the others for long, nor may who drops what we use be the
	 * one to be refused.  Who sets it otherwise, knows better.
	 */
	if (LockTimeout == 0)
		SetConfigOption("lock_timeout", LOCK_TIMEOUT_MS, PGC_SUSET, PGC_S_DYNAMIC_DEFAULT);

	if (identity.id.kind == YS_WORKER_SUPERVISOR)
		ys_supervisor_heed_stop();

	/* someone else is this worker already */
	if (!ys_worker_lock(&identity.id))
		proc_exit(0);

	/* who waits for what it does is to learn why it doesn't: of the store, and of brokers */
	ys_server_patience_ms = PATIENCE_MS;

	switch (identity.id.kind)
	{
		case YS_WORKER_SUPERVISOR:
			ys_supervisor_run();
			break;
		case YS_WORKER_STREAM:
			ys_stream_worker_run(&(YsPolicyStream) {.stream = identity.id.id1, .owner = identity.id.id2},
								 identity.id.number);
			break;
		case YS_WORKER_STORE_STREAM:
			ys_stream_worker_run(&(YsPolicyStream) {.source = identity.id.id1, .owner = identity.id.id2},
								 identity.id.number);
			break;
		case YS_WORKER_RELAY:
			ys_relay_run((int) identity.id.id1);
			break;
		case YS_WORKER_HERALD:
			break;
	}
	proc_exit(0);
}

/* ---- waking, at commit ---- */

static bool wake_pending = false;

static void
wake_callback(XactEvent event, void *arg)
{
	if (!wake_pending)
		return;
	if (event == XACT_EVENT_COMMIT)
	{
		wake_pending = false;
		if (!ys_worker_wake(&supervisor) &&
			!ys_worker_start(&supervisor, MyDatabaseId, NULL))
			ereport(WARNING,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("could not start yottastore's workers: no free slot"),
					 errhint("Raise max_worker_processes, then call yottastore.start_workers().")));
	}
	else if (event == XACT_EVENT_ABORT)
		wake_pending = false;
}

void
ys_workers_wake_at_commit(void)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(wake_callback, NULL);
	registered = true;
	ys_stopped_forget();
	wake_pending = true;
}
