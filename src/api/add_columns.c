/*-------------------------------------------------------------------------
 * add_columns.c
 *	  add_index_columns: what a policy computes, as columns of its foreign table.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/partition.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "api/check.h"
#include "base/memory.h"
#include "catalog/index_values.h"
#include "catalog/spi.h"
#include "compat.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(ys_add_index_columns);

static bool
has_column(const YsSource *source, const char *policy, const char *field)
{
	for (int i = 0; i < source->natts; i++)
	{
		const YsSourceColumn *column = &source->columns[i];

		if (column->kind == YS_COLUMN_FIELD && strcmp(column->policy, policy) == 0 &&
			strcmp(column->field, field) == 0)
			return true;
	}
	return false;
}

/* The new column's name; throws when it can't be that. */
static const char *
choose_name(const YsSource *source, const char *prefix, const char *field)
{
	const char *name = psprintf("%s%s", prefix, field);

	if (strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("column name \"%s\" is too long", name),
				 errdetail("Names have at most %d bytes.", NAMEDATALEN - 1),
				 errhint("Choose a shorter prefix.")));
	for (int i = 0; i < source->natts; i++)
		if (source->columns[i].kind != YS_COLUMN_DROPPED && strcmp(source->columns[i].name, name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\" of foreign table \"%s\" already exists", name,
							get_rel_name(source->relid)),
					 errdetail("It is not the one that the policy computes."),
					 errhint("Give a prefix, such as 'indexed_'.")));
	return name;
}

/* A partition has the columns of its parent. */
static void
refuse_partition(const YsPolicyRow *row)
{
	const char *name = get_rel_name(row->source);
	const char *parent;

	if (!get_rel_relispartition(row->source))
		return;
	parent = get_rel_name(get_partition_parent(row->source, true));
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("cannot add columns to foreign table \"%s\", which is a partition", name),
			 errdetail("It has the columns of \"%s\".", parent),
			 errhint("Add columns to \"%s\", and say what this partition has in each: ALTER FOREIGN TABLE %s ALTER COLUMN ... "
					 "OPTIONS (ADD field '%s.NAME').", parent, quote_identifier(name), row->name)));
}

/* The statement that adds what is missing; *count columns. */
static char *
build_statement(const YsPolicyRow *row, const char *prefix, int *count)
{
	const YsSource *source = ys_source_load(row->source);
	const char *names[YS_ENTRY_MAX_COLUMNS];
	Oid			types[YS_ENTRY_MAX_COLUMNS];
	YsPolicy   *policy;
	YsArena		arena;
	YsError		err;
	StringInfoData sql;
	int			n;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	policy = ys_policy_compile(row->declaration, strlen(row->declaration), &arena, &err);
	if (policy == NULL)
		ys_error_throw(&err);
	initStringInfo(&sql);
	appendStringInfo(&sql, "ALTER FOREIGN TABLE %s",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(row->source)),
												get_rel_name(row->source)));
	n = ys_entry_columns(policy, names, types);
	*count = 0;
	for (int i = 0; i < n; i++)
	{
		if (has_column(source, row->name, names[i]))
			continue;
		refuse_partition(row);
		/* partitions are found by an area's collation */
		appendStringInfo(&sql, "%s ADD COLUMN %s %s OPTIONS (field %s)%s", (*count)++ > 0 ? "," : "",
							 quote_identifier(choose_name(source, prefix, names[i])), format_type_be(types[i]),
							 quote_literal_cstr(psprintf("%s.%s", row->name, names[i])),
							 strcmp(names[i], "area") == 0 ? " COLLATE pg_catalog.\"C\"" : "");
	}
	return sql.data;
}

/*
 * yottastore.add_index_columns(policy, prefix)
 *
 * As the caller, who must own the foreign table.  Returns how many columns were added: those it has
 * already, whatever they are called, are not.
 */
Datum
ys_add_index_columns(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"policy", "prefix"};
	YsPolicyRow *row;
	int			count;
	char	   *sql;

	ys_check_not_null(fcinfo, names, lengthof(names));
	row = ys_check_policy(NameStr(*PG_GETARG_NAME(0)));
	if (!ys_class_ownercheck_compat(row->source, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_FOREIGN_TABLE, get_rel_name(row->source));
	sql = build_statement(row, text_to_cstring(PG_GETARG_TEXT_PP(1)), &count);
	if (count > 0)
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		ys_spi_utility(sql);
		SPI_finish();
	}
	PG_RETURN_INT32(count);
}
