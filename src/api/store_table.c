/*-------------------------------------------------------------------------
 * store_table.c
 *	  SQL functions that create and drop tables in the store.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/option.h"
#include "catalog/secondary.h"
#include "catalog/server.h"
#include "errors.h"

#define KEY_NAME_MAX	255

PG_FUNCTION_INFO_V1(ys_create_store_table);
PG_FUNCTION_INFO_V1(ys_drop_store_table);

/* 'name' or 'name type': what follows the last space is the type. */
static YsKeyAttribute
parse_key(const char *argument, const char *declaration)
{
	YsKeyAttribute key = {.type = YS_TYPE_STRING};
	char	   *name = pstrdup(declaration);
	char	   *space = strrchr(name, ' ');

	if (space != NULL)
	{
		char	   *end = space;

		if (!ys_secondary_key_type(space + 1, strlen(space + 1), &key.type))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid %s \"%s\"", argument, declaration),
					 errdetail("\"%s\" is not a type a key can have.", space + 1),
					 errhint("A key is 'name' or 'name type', with type text, numeric or bytea.")));
		while (end > name && end[-1] == ' ')
			end--;
		*end = '\0';
	}
	if (name[0] == '\0' || strlen(name) > KEY_NAME_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid %s \"%s\"", argument, declaration),
				 errdetail("A key's name has 1 to %d bytes.", KEY_NAME_MAX)));
	key.name = name;
	return key;
}

/* The indexes as an array; local ones have the table's partition key, and it has a sort key. */
static void
parse_indexes(const char *declaration, YsTableInfo *table)
{
	List	   *indexes = ys_secondary_parse_new(declaration, table->nkeys, table->keys);
	ListCell   *cell;

	table->indexes = palloc(list_length(indexes) * sizeof(YsIndexInfo));
	foreach(cell, indexes)
	{
		const YsIndexInfo *index = lfirst(cell);

		if (index->local &&
			(table->nkeys == 1 || strcmp(index->keys[0].name, table->keys[0].name) != 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("local index \"%s\" does not fit the table's key", index->name),
					 errdetail("A local index has the table's partition key, \"%s\", and the table a sort key.",
							   table->keys[0].name),
					 errhint("Leave out \"local\", or give the table a sort key.")));
		table->indexes[table->nindexes++] = *index;
	}
}

/*
 * The server of a call's first argument, which the caller may use, and the table's name, its second.  names are those of
 * the arguments that must be given.
 */
static Oid
check_server(FunctionCallInfo fcinfo, int nnames, const char *const *names, const char **table)
{
	ForeignServer *server;
	const char *detail;
	AclResult	allowed;

	for (int i = 0; i < nnames; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", names[i])));

	server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(0)), false);
	allowed = ys_server_aclcheck_compat(server->serverid, GetUserId());
	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_FOREIGN_SERVER, server->servername);
	ys_server_check_kind(server->serverid, YS_WRAPPER_STORE);

	*table = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (!ys_option_table_name(*table, &detail))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid table name \"%s\"", *table),
				 errdetail("%s", detail)));
	return server->serverid;
}

/* yottastore.create_store_table(server, table_name, partition_key, sort_key, stream, indexes) */
Datum
ys_create_store_table(PG_FUNCTION_ARGS)
{
	static const char *const required[] = {"server", "table_name", "partition_key"};
	const char *table;
	Oid			server = check_server(fcinfo, lengthof(required), required, &table);
	YsTableInfo info = {.nkeys = 1};
	bool		stream;
	YsError		err;

	info.keys[0] = parse_key("partition key", text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (!PG_ARGISNULL(3))
		info.keys[info.nkeys++] = parse_key("sort key", text_to_cstring(PG_GETARG_TEXT_PP(3)));
	if (info.nkeys == 2 && strcmp(info.keys[0].name, info.keys[1].name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("partition key and sort key are both \"%s\"", info.keys[0].name)));
	stream = PG_ARGISNULL(4) || PG_GETARG_BOOL(4);
	if (!PG_ARGISNULL(5))
		parse_indexes(text_to_cstring(PG_GETARG_TEXT_PP(5)), &info);

	if (!ys_store_create_table(ys_server_store(server, GetUserId()), table, &info, stream, &err))
	{
		if (err.code == YS_ERR_TABLE_EXISTS && err.hint[0] == '\0')
			ys_error_hint(&err, "Use it as it is with CREATE FOREIGN TABLE, or choose another name.");
		ys_error_throw(&err);
	}
	PG_RETURN_VOID();
}

/*
 * yottastore.drop_store_table(server, table_name)
 *
 * The store's, with all items, at once and for good: foreign tables over it stay, and ROLLBACK brings nothing back.
 */
Datum
ys_drop_store_table(PG_FUNCTION_ARGS)
{
	static const char *const required[] = {"server", "table_name"};
	const char *table;
	Oid			server = check_server(fcinfo, lengthof(required), required, &table);
	YsError		err;

	if (!ys_store_drop_table(ys_server_store(server, GetUserId()), table, &err))
	{
		if (err.code == YS_ERR_TABLE_NOT_FOUND)
			ys_error_hint(&err, "Check its name, and options \"nodes\" and \"region\" of the server.");
		ys_error_throw(&err);
	}
	PG_RETURN_VOID();
}
