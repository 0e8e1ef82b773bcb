/*-------------------------------------------------------------------------
 * policy.c
 *	  Creating, dropping, pausing and resuming index policies.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "api/check.h"
#include "api/declaration.h"
#include "base/memory.h"
#include "catalog/function.h"
#include "catalog/index_table.h"
#include "catalog/policy.h"
#include "catalog/quality.h"
#include "catalog/rebuild.h"
#include "catalog/server.h"
#include "compat.h"
#include "worker/wake.h"

PG_FUNCTION_INFO_V1(ys_create_index_policy);
PG_FUNCTION_INFO_V1(ys_drop_index_policy);
PG_FUNCTION_INFO_V1(ys_pause_index_policy);
PG_FUNCTION_INFO_V1(ys_resume_index_policy);
PG_FUNCTION_INFO_V1(ys_policies_changed);
PG_FUNCTION_INFO_V1(ys_policy_changed);

/* More partitions than that are more than the server plans well with. */
#define MOST_AREAS	10000

static int
check_max_areas(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg) || PG_GETARG_INT32(arg) < 1 || PG_GETARG_INT32(arg) > MOST_AREAS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_areas must be between 1 and %d", MOST_AREAS),
				 errdetail("Each area is a partition of the index table; further ones share that of \"%s\".",
						   YS_AREA_OTHER),
				 errhint("Leave it out for 1000, or choose a coarser level of areas.")));
	return PG_GETARG_INT32(arg);
}

/* The declaration of what is kept of all attributes, from four arguments; NULL: nothing is. */
static const char *
attributes_argument(FunctionCallInfo fcinfo, int arg)
{
	static const char *const keys[] = {"include", "exclude"};
	const char *which = PG_ARGISNULL(arg) ? "none" : text_to_cstring(PG_GETARG_TEXT_PP(arg));
	StringInfoData json;

	if (strcmp(which, "none") == 0)
	{
		if (!PG_ARGISNULL(arg + 1) || !PG_ARGISNULL(arg + 2) || !PG_ARGISNULL(arg + 3))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("attributes are included, excluded or limited, and not kept"),
					 errdetail("Without attributes => 'all' the index has the fields alone."),
					 errhint("Give attributes => 'all', or leave the others out.")));
		return NULL;
	}
	if (strcmp(which, "all") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attributes must be all or none"),
				 errdetail("Which of all are kept is said by patterns."),
				 errhint("Use attributes_include and attributes_exclude.")));
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < 2; i++)
	{
		if (!PG_ARGISNULL(arg + 1 + i))
			appendStringInfo(&json, "\"%s\":%s,", keys[i],
							 TextDatumGetCString(DirectFunctionCall1(array_to_json,
																	 PG_GETARG_DATUM(arg + 1 + i))));
	}
	if (PG_ARGISNULL(arg + 3))
		appendStringInfoString(&json, "\"size\":null}");
	else
		appendStringInfo(&json, "\"size\":%d}", PG_GETARG_INT32(arg + 3));
	return json.data;
}

/*
 * yottastore.create_index_policy(name, source, stream, fields, area, max_areas, attributes,
 * attributes_include, attributes_exclude, attributes_size, if_not_exists)
 */
Datum
ys_create_index_policy(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name", "source", NULL, "fields"};
	YsPolicyRow row = {0};
	YsPolicyRow *existing;
	YsSource   *source;
	YsPolicy   *policy;
	YsFunctions *functions;
	YsArena		arena;
	size_t		len;

	ys_check_not_null(fcinfo, names, lengthof(names));
	row.name = pstrdup(NameStr(*PG_GETARG_NAME(0)));
	row.owner = GetUserId();
	row.source = PG_GETARG_OID(1);
	row.max_areas = check_max_areas(fcinfo, 5);
	row.phase = YS_PHASE_STARTING;
	row.epoch = 1;

	existing = ys_policy_find(row.name);
	if (existing != NULL && !PG_ARGISNULL(10) && PG_GETARG_BOOL(10))
	{
		ereport(NOTICE,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("index policy \"%s\" already exists, skipping", row.name)));
		PG_RETURN_INT32(existing->policy_id);
	}
	if (existing != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("index policy \"%s\" already exists", row.name),
				 errdetail("A policy's name is also its index table's."),
				 errhint("Drop it with yottastore.drop_index_policy, or choose another name.")));

	source = ys_source_load(row.source);
	if (PG_ARGISNULL(2))
		ys_check_store_stream(source);
	else
	{
		row.stream = ys_check_source_and_stream(row.source, NameStr(*PG_GETARG_NAME(2)))->serverid;
		/* what would keep the worker from following it, as far as it is known without asking brokers */
		(void) ys_server_stream(row.stream, row.owner);
	}

	row.declaration = ys_declaration_build(PG_GETARG_ARRAYTYPE_P(3),
										   PG_ARGISNULL(4) ? NULL : PG_GETARG_JSONB_P(4),
										   attributes_argument(fcinfo, 6), &len);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	policy = ys_declaration_compile(row.declaration, len, source, &arena);
	functions = ys_functions_open(policy, row.owner);

	row.index_table = ys_index_table_create(row.name, get_rel_namespace(row.source), source, policy);
	ys_index_table_index_columns(row.index_table, source->nkeys, policy);
	ys_functions_depend(functions, row.index_table);
	row.policy_id = ys_policy_insert(&row);
	ys_quality_declare(row.policy_id, policy);
	ys_locator_create(row.policy_id, row.index_table, source);
	ys_workers_wake_at_commit();
	PG_RETURN_INT32(row.policy_id);
}

/* A policy stays as long as its foreign table has columns computed by it. */
static void
check_no_columns(const YsPolicyRow *row)
{
	List	   *columns = ys_source_computed_columns(row->source, row->name);
	StringInfoData list;
	ListCell   *cell;

	if (columns == NIL)
		return;
	initStringInfo(&list);
	foreach(cell, columns)
		appendStringInfo(&list, "%s\"%s\"", list.len > 0 ? ", " : "", (const char *) lfirst(cell));
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot drop index policy \"%s\" because columns are computed by it", row->name),
			 errdetail("They are, of foreign table \"%s\": %s.", get_rel_name(row->source), list.data),
			 errhint("Drop them, or take their option \"field\" away until there is a policy of that name again.")));
}

/* yottastore.drop_index_policy(name, if_exists) */
Datum
ys_drop_index_policy(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name"};
	const char *name;
	bool		missing_ok;
	YsPolicyRow *row;
	ObjectAddress table;

	ys_check_not_null(fcinfo, names, lengthof(names));
	name = NameStr(*PG_GETARG_NAME(0));
	missing_ok = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	row = ys_check_own_policy(name, missing_ok);
	if (row == NULL)
		PG_RETURN_BOOL(false);

	/* the table before the policy's row: the worker's lock order */
	LockRelationOid(row->index_table, AccessExclusiveLock);

	/* whoever held the lock may have dropped the policy */
	row = ys_check_own_policy(name, missing_ok);
	if (row == NULL)
		PG_RETURN_BOOL(false);
	if (!ys_class_ownercheck_compat(row->index_table, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(row->index_table));
	check_no_columns(row);
	(void) ys_rebuild_cancel(row->policy_id, YS_JOB_STOPPED, "the policy was dropped");
	ys_policy_delete(row->policy_id);
	ObjectAddressSet(table, RelationRelationId, row->index_table);
	performDeletion(&table, DROP_RESTRICT, 0);
	ys_workers_wake_at_commit();
	PG_RETURN_BOOL(true);
}

/* yottastore.pause_index_policy(name) */
Datum
ys_pause_index_policy(PG_FUNCTION_ARGS)
{
	YsPolicyRow *row = ys_check_own_policy(NameStr(*PG_GETARG_NAME(0)), false);

	PG_RETURN_BOOL(ys_policy_pause(row->policy_id));
}

/* yottastore.resume_index_policy(name) */
Datum
ys_resume_index_policy(PG_FUNCTION_ARGS)
{
	YsPolicyRow *row = ys_check_own_policy(NameStr(*PG_GETARG_NAME(0)), false);
	bool		resumed = ys_policy_resume(row->policy_id);

	ys_workers_wake_at_commit();
	PG_RETURN_BOOL(resumed);
}

/* The trigger on yottastore_internal.policy: workers hear of it with their cached catalogs. */
Datum
ys_policies_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "ys_policies_changed called other than as a trigger");
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}

/*
 * The trigger on rows of yottastore_internal.policy: plans that read the policy's foreign table are
 * made anew.  When the table itself has gone, nothing is left of them.
 */
Datum
ys_policy_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	Oid			source;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "ys_policy_changed called other than as a trigger");
	desc = RelationGetDescr(trigger->tg_relation);
	source = DatumGetObjectId(heap_getattr(trigger->tg_trigtuple, SPI_fnumber(desc, "source"), desc, &isnull));
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(source)))
		CacheInvalidateRelcacheByRelid(source);
	PG_RETURN_POINTER(NULL);
}
