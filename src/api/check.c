/*-------------------------------------------------------------------------
 * check.c
 *	  What several SQL functions check about their arguments and caller.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "api/check.h"
#include "catalog/server.h"
#include "compat.h"

void
ys_check_not_null(FunctionCallInfo fcinfo, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"%s\" must not be null", names[i]),
					 errdetail("NULL does not stand for a default here."),
					 errhint("Give it a value.")));
	}
}

ForeignServer *
ys_check_source_and_stream(Oid source, const char *stream)
{
	ForeignServer *server = GetForeignServerByName(stream, false);
	AclResult	result;

	ys_server_check_kind(server->serverid, YS_WRAPPER_STREAM);
	if (!ys_class_ownercheck_compat(source, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of foreign table \"%s\"", get_rel_name(source)),
				 errdetail("The owner of a foreign table decides who sees its items."),
				 errhint("Have the table's owner call it.")));
	result = ys_server_aclcheck_compat(server->serverid, GetUserId());
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, server->servername);
	return server;
}
