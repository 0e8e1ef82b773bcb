/*-------------------------------------------------------------------------
 * server.c
 *	  Foreign servers and user mappings as configurations, and this backend's
 *	  open stores.
 *
 * A store is kept per user mapping.  A change of any server or mapping marks
 * the stores it may concern; a marked one is closed when a transaction ends
 * that did not use it.  Used again before, it is retired: out of the table, and
 * disconnected unless it has requests under way, but still there until the end,
 * since a running scan may go on with it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "catalog/option.h"
#include "catalog/server.h"
#include "compat.h"
#include "errors.h"
#include "guc.h"

typedef struct StoreEntry
{
	Oid			mapping;		/* hash key */
	YsStore    *store;			/* NULL: opening it failed */
	bool		used;			/* by this transaction */
	bool		stale;			/* options may have changed since it was opened */
	bool		restricted;		/* it connects to allowed addresses only */
	unsigned int guc_changes;	/* when it was opened */
	uint32		server_hash;	/* of the syscache entries it was made from */
	uint32		mapping_hash;
} StoreEntry;

static HTAB *stores = NULL;
static List *retired = NIL;		/* of YsStore, in TopMemoryContext */
static uint64 epoch = 0;

/* ---- which wrapper a server is of ---- */

/*
 * By the wrapper's validator: a wrapper may be renamed, or made anew by its
 * owner, but it is ours as long as our function checks its options.
 */
bool
ys_server_is_kind(Oid serverid, YsWrapperKind kind)
{
	ForeignDataWrapper *wrapper = GetForeignDataWrapper(GetForeignServer(serverid)->fdwid);
	const char *expected = kind == YS_WRAPPER_STORE ? "store_validator" : "stream_validator";
	char	   *schema;
	char	   *function;

	if (!OidIsValid(wrapper->fdwvalidator))
		return false;
	function = get_func_name(wrapper->fdwvalidator);
	if (function == NULL || strcmp(function, expected) != 0)
		return false;
	schema = get_namespace_name(get_func_namespace(wrapper->fdwvalidator));
	return schema != NULL && strcmp(schema, "yottastore") == 0;
}

const char *
ys_wrapper_name(YsWrapperKind kind)
{
	return kind == YS_WRAPPER_STORE ? "yottastore" : "yottastore_stream";
}

void
ys_server_check_kind(Oid serverid, YsWrapperKind kind)
{
	ForeignServer *server = GetForeignServer(serverid);

	if (!ys_server_is_kind(serverid, kind))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 kind == YS_WRAPPER_STORE ?
				 errmsg("server \"%s\" is not a store", server->servername) :
				 errmsg("server \"%s\" is not a stream", server->servername),
				 errdetail("It is of foreign-data wrapper \"%s\".",
						   GetForeignDataWrapper(server->fdwid)->fdwname),
				 errhint("Use a server of foreign-data wrapper \"%s\".", ys_wrapper_name(kind))));
}

bool
ys_server_may_use(Oid serverid, Oid userid, bool sees_all)
{
	return SearchSysCacheExists1(FOREIGNSERVEROID, ObjectIdGetDatum(serverid)) &&
		(sees_all || ys_server_aclcheck_compat(serverid, userid) == ACLCHECK_OK);
}

void
ys_server_check_usage(Oid serverid, Oid userid)
{
	AclResult	result = ys_server_aclcheck_compat(serverid, userid);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, GetForeignServer(serverid)->servername);
}

/* ---- open stores ---- */

static void
mark_changed(Datum arg, int cacheid, uint32 hash)
{
	HASH_SEQ_STATUS status;
	StoreEntry *entry;

	hash_seq_init(&status, stores);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (hash == 0 ||
			(cacheid == FOREIGNSERVEROID && entry->server_hash == hash) ||
			(cacheid == USERMAPPINGOID && entry->mapping_hash == hash))
			entry->stale = true;
}

static void
cancel_all_calls(void)
{
	HASH_SEQ_STATUS status;
	StoreEntry *entry;
	ListCell   *cell;

	epoch++;
	hash_seq_init(&status, stores);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->store != NULL)
			ys_store_cancel_all(entry->store);
	foreach(cell, retired)
		ys_store_cancel_all(lfirst(cell));
}

static void
retire(StoreEntry *entry)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	retired = lappend(retired, entry->store);
	MemoryContextSwitchTo(old);
	ys_store_disconnect(entry->store);
	entry->store = NULL;
}

static bool
is_to_close(const StoreEntry *entry)
{
	return entry->store == NULL || (entry->stale && !entry->used);
}

/*
 * Close what was retired, and what was marked and is not used: its mapping
 * may be gone.  Nothing here may throw: the transaction may have committed.
 */
static void
close_changed(void)
{
	HASH_SEQ_STATUS status;
	StoreEntry *entry;
	bool		changed = retired != NIL;

	hash_seq_init(&status, stores);
	while ((entry = hash_seq_search(&status)) != NULL)
		changed |= is_to_close(entry);
	if (changed)
		cancel_all_calls();
	hash_seq_init(&status, stores);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (is_to_close(entry))
		{
			if (entry->store != NULL)
				ys_store_close(entry->store);
			(void) hash_search(stores, &entry->mapping, HASH_REMOVE, NULL);
		}
		else
			entry->used = false;
	}
	while (retired != NIL)
	{
		YsStore    *store = linitial(retired);

		retired = list_delete_first(retired);
		ys_store_close(store);
	}
}

static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			cancel_all_calls();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PREPARE:
			break;
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			return;
	}
	close_changed();
}

static void
create_table(void)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(StoreEntry)};

	stores = hash_create("yottastore stores", 8, &ctl, HASH_ELEM | HASH_BLOBS);
	RegisterXactCallback(end_transaction, NULL);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, mark_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, mark_changed, (Datum) 0);
}

/* The oid of the user's mapping, or of PUBLIC's; throws when there is neither. */
static Oid
find_mapping(YsWrapperKind kind, ForeignServer *server, Oid userid)
{
	Oid			users[2] = {userid, InvalidOid};

	for (int i = 0; i < 2; i++)
	{
		Oid			mapping = GetSysCacheOid2(USERMAPPINGUSERSERVER, Anum_pg_user_mapping_oid,
											  ObjectIdGetDatum(users[i]),
											  ObjectIdGetDatum(server->serverid));

		if (OidIsValid(mapping))
			return mapping;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("user \"%s\" has no credentials for server \"%s\"",
					GetUserNameFromId(userid, false), server->servername),
			 errdetail("The server has a user mapping neither for that user nor for PUBLIC."),
			 errhint("Use CREATE USER MAPPING FOR %s SERVER %s OPTIONS (%s).",
					 quote_identifier(GetUserNameFromId(userid, false)),
					 quote_identifier(server->servername),
					 kind == YS_WRAPPER_STORE ? "access_key_id '...', secret_access_key '...'" :
					 "user '...', password '...'")));
}

/*
 * The addresses that the server may connect to, as the superusers have listed them for who is none;
 * NULL: any.  Throws when there are none.
 */
static const char *
allowed_endpoints(YsWrapperKind kind, const ForeignServer *server)
{
	if (superuser_arg(server->owner))
		return NULL;
	if (ys_guc_allowed_endpoints[strspn(ys_guc_allowed_endpoints, " \t\r\n")] != '\0')
		return ys_guc_allowed_endpoints;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 kind == YS_WRAPPER_STORE ?
			 errmsg("server \"%s\" may not connect to a store", server->servername) :
			 errmsg("server \"%s\" may not connect to brokers", server->servername),
			 errdetail("Its owner \"%s\" is no superuser, and \"yottastore.allowed_endpoints\" is empty.",
					   GetUserNameFromId(server->owner, false)),
			 errhint("A superuser may list the addresses of its %s there, or own the server.",
					 kind == YS_WRAPPER_STORE ? "nodes" : "brokers")));
}

int			ys_server_patience_ms = 0;

static YsStore *
open_store(const ForeignServer *server, Oid userid)
{
	UserMapping *mapping = GetUserMapping(userid, server->serverid);
	YsStoreConfig config;
	YsStore    *store;
	YsError		err;

	ys_option_store_config(server->options, mapping->options, &config);
	if (ys_guc_credentials_file[0] != '\0')
		config.credentials_file = ys_guc_credentials_file;
	config.patience_ms = ys_server_patience_ms;
	config.database = MyDatabaseId;
	config.server = server->serverid;
	config.allowed_endpoints = allowed_endpoints(YS_WRAPPER_STORE, server);
	store = ys_store_open(CacheMemoryContext, &config, &err);
	if (store == NULL)
		ys_error_throw(&err);
	return store;
}

YsStore *
ys_server_store(Oid serverid, Oid userid)
{
	ForeignServer *server = GetForeignServer(serverid);
	bool		restricted = !superuser_arg(server->owner);
	StoreEntry *entry;
	Oid			mapping;
	bool		found;

	ys_server_check_kind(serverid, YS_WRAPPER_STORE);
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("documents need a database in encoding UTF8"),
				 errdetail("This one is in %s.", GetDatabaseEncodingName()),
				 errhint("Use CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.")));
	mapping = find_mapping(YS_WRAPPER_STORE, server, userid);

	if (stores == NULL)
		create_table();
	entry = hash_search(stores, &mapping, HASH_ENTER, &found);
	if (!found)
		entry->store = NULL;
	if (entry->store != NULL &&
		(entry->stale || entry->restricted != restricted ||
		 entry->guc_changes != ys_guc_store_changes))
		retire(entry);
	if (entry->store == NULL)
	{
		/* before the options are read: a change while reading marks it again */
		entry->server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID, ObjectIdGetDatum(serverid));
		entry->mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID, ObjectIdGetDatum(mapping));
		entry->stale = false;
		entry->restricted = restricted;
		entry->guc_changes = ys_guc_store_changes;
		entry->store = open_store(server, userid);
	}
	entry->used = true;
	return entry->store;
}

uint64
ys_server_epoch(void)
{
	return epoch;
}

/* ---- streams ---- */

YsStreamConfig *
ys_server_stream(Oid serverid, Oid userid)
{
	YsStreamConfig *config = palloc(sizeof(YsStreamConfig));
	ForeignServer *server = GetForeignServer(serverid);
	const char *allowed;
	YsError		err;

	ys_server_check_kind(serverid, YS_WRAPPER_STREAM);
	ys_option_stream_config(server->options, config);
	allowed = allowed_endpoints(YS_WRAPPER_STREAM, server);
	if (allowed != NULL)
		config->allowed_endpoints = pstrdup(allowed);
	if (config->protocol->sasl)
	{
		(void) find_mapping(YS_WRAPPER_STREAM, server, userid);
		if (!ys_option_stream_login(GetUserMapping(userid, serverid)->options,
									ys_guc_credentials_file[0] != '\0' ? ys_guc_credentials_file : NULL,
									&config->login, &err))
			ys_error_throw(&err);
	}
	return config;
}

int
ys_server_stream_workers(Oid serverid)
{
	ForeignServer *server = GetForeignServerExtended(serverid, FSV_MISSING_OK);

	return server != NULL ? ys_option_workers(server->options) : 1;
}
