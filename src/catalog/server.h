/*-------------------------------------------------------------------------
 * server.h
 *	  Foreign servers and user mappings as configurations of the lower layers.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_SERVER_H
#define YS_CATALOG_SERVER_H

#include "nodes/pg_list.h"
#include "store/store.h"
#include "stream/kafka.h"

/*
 * Options of the foreign-data wrappers' servers, mappings, tables, columns and schema
 * imports (which pass for those of pg_namespace): one table of names, where each is allowed, and how its value is checked.
 * Throws ERRCODE_FDW_INVALID_OPTION_NAME (with the valid names as a hint) or
 * ERRCODE_INVALID_PARAMETER_VALUE.  kind tells the store's wrapper from the stream's.
 */
typedef enum YsWrapperKind
{
	YS_WRAPPER_STORE,			/* FOREIGN DATA WRAPPER yottastore */
	YS_WRAPPER_STREAM			/* FOREIGN DATA WRAPPER yottastore_stream */
} YsWrapperKind;

extern void ys_option_validate(YsWrapperKind kind, List *options, Oid catalog);

/*
 * This backend's connection to a server as a user: opened on first use, kept,
 * reopened when the server's or the mapping's options changed.  Good until the
 * next transaction ends: ask again in that.  Throws when the server is not a store's, the
 * user has no mapping for it, or the database is not in UTF8.
 *
 * Every call still in flight is cancelled when a transaction fails, and when one
 * ends after the options of any store in use changed.  Both raise the epoch: pointers
 * to calls of an earlier epoch are dangling.  A failed subtransaction cancels
 * nothing by itself: its calls belong to whoever started them.
 */
extern YsStore *ys_server_store(Oid serverid, Oid userid);

/* How long this process tries what nobody answers before it says so (of a store: YsStoreConfig); 0: as long as any. */
extern int	ys_server_patience_ms;
extern uint64 ys_server_epoch(void);

/*
 * Options of a stream server with the user's mapping; palloc'd.  Throws when it is not one, may
 * connect nowhere, or its protocol wants a login and the user has none that can be read.
 */
extern YsStreamConfig *ys_server_stream(Oid serverid, Oid userid);

/* How many workers a stream asks for; 1 when there is no such server. */
extern int	ys_server_stream_workers(Oid serverid);

/* Is the server of this wrapper kind?  The other throws ERRCODE_WRONG_OBJECT_TYPE if not. */
extern bool ys_server_is_kind(Oid serverid, YsWrapperKind kind);
extern void ys_server_check_kind(Oid serverid, YsWrapperKind kind);

/* Does it exist, and may the user use it (or, sees_all, need not)? */
extern bool ys_server_may_use(Oid serverid, Oid userid, bool sees_all);

/* Throws ERRCODE_INSUFFICIENT_PRIVILEGE unless the user has USAGE on the server. */
extern void ys_server_check_usage(Oid serverid, Oid userid);

/* The name the extension gives the wrapper, for messages. */
extern const char *ys_wrapper_name(YsWrapperKind kind);

#endif							/* YS_CATALOG_SERVER_H */
