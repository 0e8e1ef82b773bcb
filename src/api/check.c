/*-------------------------------------------------------------------------
 * check.c
 *	  What several SQL functions check about their arguments and caller.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/objectaddress.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "api/check.h"
#include "base/memory.h"
#include "catalog/server.h"
#include "compat.h"
#include "errors.h"

void
ys_check_not_null(FunctionCallInfo fcinfo, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (names[i] != NULL && PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"%s\" must not be null", names[i]),
					 errdetail("NULL does not stand for a default here."),
					 errhint("Give it a value.")));
	}
}

static void
check_owns_source(Oid source)
{
	if (!ys_class_ownercheck_compat(source, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of foreign table \"%s\"", get_rel_name(source)),
				 errdetail("The owner of a foreign table decides who sees its items."),
				 errhint("Have the table's owner call it.")));
}

ForeignServer *
ys_check_source_and_stream(Oid source, const char *stream)
{
	ForeignServer *server = GetForeignServerByName(stream, false);

	ys_server_check_kind(server->serverid, YS_WRAPPER_STREAM);
	check_owns_source(source);
	ys_server_check_usage(server->serverid, GetUserId());
	return server;
}

void
ys_check_store_stream(const YsSource *source)
{
	YsStore    *store;
	YsTableInfo info;
	YsArena		arena;
	YsError		err;

	check_owns_source(source->relid);
	store = ys_server_store(source->serverid, GetUserId());
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_store_describe_table(store, source->table, &arena, &info, &err))
		ys_error_throw(&err);
	if (info.stream_id == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("store table \"%s\" has no stream", source->table),
				 errdetail("Without argument stream, a policy follows the stream of the store itself."),
				 errhint("Enable one in the store, with view type NEW_AND_OLD_IMAGES or any other "
						 "(yottastore.create_store_table makes tables with one, unless it is called "
						 "with stream => false), or name a stream server.")));
	ys_arena_free(&arena);
}

YsPolicyRow *
ys_check_policy(const char *name)
{
	YsPolicyRow *row = ys_policy_find(name);

	if (row == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("index policy \"%s\" does not exist", name),
				 errhint("The view yottastore.index_policies lists those there are.")));
	return row;
}

YsPolicyRow *
ys_check_own_policy(const char *name, bool missing_ok)
{
	YsPolicyRow *row = missing_ok ? ys_policy_find(name) : ys_check_policy(name);

	if (row == NULL)
		ereport(NOTICE, (errmsg("index policy \"%s\" does not exist, skipping", name)));
	else if (!has_privs_of_role(GetUserId(), row->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of index policy \"%s\"", name),
				 errdetail("It belongs to role \"%s\".", GetUserNameFromId(row->owner, true)),
				 errhint("Have its owner call it.")));
	return row;
}

void
ys_check_may_read(Oid source)
{
	AclResult	result = pg_class_aclcheck(source, GetUserId(), ACL_SELECT);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, get_relkind_objtype(get_rel_relkind(source)), get_rel_name(source));
}

#define SAMPLE_MAX		100000

int64
ys_check_sample(int32 sample)
{
	if (sample < 1 || sample > SAMPLE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a sample of %d items is out of range", sample),
				 errdetail("It may have 1 to %d.", SAMPLE_MAX),
				 errhint("A few hundred items tell most, and cost as many reads.")));
	return sample;
}

char *
ys_check_show(Oid type, Datum value)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}
