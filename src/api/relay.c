/*-------------------------------------------------------------------------
 * relay.c
 *	  Creating and dropping relays.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"

#include "api/check.h"
#include "catalog/relay.h"
#include "catalog/server.h"
#include "catalog/source.h"
#include "worker/wake.h"

/* As many as a topic may well have; more is a slip of the finger. */
#define MOST_PARTITIONS		10000

PG_FUNCTION_INFO_V1(ys_create_relay);
PG_FUNCTION_INFO_V1(ys_drop_relay);

/* yottastore.create_relay(name, source, stream, partitions, if_not_exists) */
Datum
ys_create_relay(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name", "source", "stream", "partitions"};
	const char *name;
	Oid			source;
	ForeignServer *stream;
	int			partitions;
	int			relay_id;
	YsRelay    *existing;

	ys_check_not_null(fcinfo, names, lengthof(names));
	name = NameStr(*PG_GETARG_NAME(0));
	source = PG_GETARG_OID(1);
	partitions = PG_GETARG_INT32(3);

	existing = ys_relay_find(name);
	if (existing != NULL && !PG_ARGISNULL(4) && PG_GETARG_BOOL(4))
	{
		ereport(NOTICE,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("relay \"%s\" already exists, skipping", name)));
		PG_RETURN_INT32(existing->relay_id);
	}
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("a relay's name must not be empty")));
	if (partitions < 1 || partitions > MOST_PARTITIONS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a topic cannot be made with %d partitions", partitions),
				 errhint("Choose between 1 and %d.", MOST_PARTITIONS)));
	(void) ys_source_load(source);
	stream = ys_check_source_and_stream(source, NameStr(*PG_GETARG_NAME(2)));
	if (existing == NULL && ys_relay_feeding(stream->serverid) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("another relay produces to stream \"%s\"", stream->servername),
				 errdetail("Two relays would mix their positions and watermarks in one topic."),
				 errhint("Create a stream server with a topic of its own, or drop the other relay.")));

	/* what would keep the worker from producing, as far as it is known without asking brokers */
	(void) ys_server_stream(stream->serverid, ys_source_owner(source));
	relay_id = ys_relay_create(name, ys_source_owner(source), source, stream->serverid, partitions);
	if (relay_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("relay \"%s\" already exists", name),
				 errhint("Drop it with yottastore.drop_relay, or choose another name.")));
	ys_workers_wake_at_commit();
	PG_RETURN_INT32(relay_id);
}

/* yottastore.drop_relay(name, if_exists) */
Datum
ys_drop_relay(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name"};
	const char *name;
	YsRelay    *relay;
	bool		dropped;

	ys_check_not_null(fcinfo, names, lengthof(names));
	name = NameStr(*PG_GETARG_NAME(0));
	relay = ys_relay_find(name);
	if (relay != NULL && !has_privs_of_role(GetUserId(), relay->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of relay \"%s\"", name)));

	dropped = relay != NULL && ys_relay_drop(name);
	if (dropped)
		ys_workers_wake_at_commit();
	else if (!PG_ARGISNULL(1) && PG_GETARG_BOOL(1))
		ereport(NOTICE, (errmsg("relay \"%s\" does not exist, skipping", name)));
	else
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relay \"%s\" does not exist", name),
				 errhint("The view yottastore.relay_status lists those there are.")));
	PG_RETURN_BOOL(dropped);
}
