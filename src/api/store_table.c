/*-------------------------------------------------------------------------
 * store_table.c
 *	  SQL function that creates a table in the store.
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
#include "catalog/server.h"
#include "errors.h"

#define KEY_NAME_MAX	255

PG_FUNCTION_INFO_V1(ys_create_store_table);

static bool
key_type(const char *name, YsType *type)
{
	static const struct
	{
		const char *name;
		YsType		type;
	}			types[] = {
		{"text", YS_TYPE_STRING}, {"numeric", YS_TYPE_NUMBER}, {"bytea", YS_TYPE_BINARY}
	};

	for (size_t i = 0; i < lengthof(types); i++)
		if (pg_strcasecmp(name, types[i].name) == 0)
		{
			*type = types[i].type;
			return true;
		}
	return false;
}

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

		if (!key_type(space + 1, &key.type))
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

/* yottastore.create_store_table(server, table_name, partition_key, sort_key, stream) */
Datum
ys_create_store_table(PG_FUNCTION_ARGS)
{
	static const char *const required[] = {"server", "table_name", "partition_key"};
	ForeignServer *server;
	const char *table;
	const char *detail;
	YsKeyAttribute keys[2];
	int			nkeys = 1;
	bool		stream;
	AclResult	allowed;
	YsError		err;

	for (int i = 0; i < lengthof(required); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", required[i])));

	server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(0)), false);
	allowed = ys_server_aclcheck_compat(server->serverid, GetUserId());
	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_FOREIGN_SERVER, server->servername);
	ys_server_check_kind(server->serverid, YS_WRAPPER_STORE);

	table = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (!ys_option_table_name(table, &detail))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid table name \"%s\"", table),
				 errdetail("%s", detail)));
	keys[0] = parse_key("partition key", text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (!PG_ARGISNULL(3))
		keys[nkeys++] = parse_key("sort key", text_to_cstring(PG_GETARG_TEXT_PP(3)));
	if (nkeys == 2 && strcmp(keys[0].name, keys[1].name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("partition key and sort key are both \"%s\"", keys[0].name)));
	stream = PG_ARGISNULL(4) || PG_GETARG_BOOL(4);

	if (!ys_store_create_table(ys_server_store(server->serverid, GetUserId()), table, nkeys, keys,
							   stream, &err))
	{
		if (err.code == YS_ERR_TABLE_EXISTS && err.hint[0] == '\0')
			ys_error_hint(&err, "Use it as it is with CREATE FOREIGN TABLE, or choose another name.");
		ys_error_throw(&err);
	}
	PG_RETURN_VOID();
}
