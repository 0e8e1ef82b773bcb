/*-------------------------------------------------------------------------
 * index_table.c
 *	  Creating a policy's index table and its locator.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "catalog/index_table.h"
#include "catalog/spi.h"

static const char *const field_types[] = {
	[YS_FIELD_TEXT] = "text",
	[YS_FIELD_TEXT_ARRAY] = "text[]",
	[YS_FIELD_NUMERIC] = "numeric",
	[YS_FIELD_BOOLEAN] = "boolean",
	[YS_FIELD_DATE] = "date",
	[YS_FIELD_TIMESTAMP] = "timestamp with time zone",
	[YS_FIELD_JSONB] = "jsonb",
};

static const char *const own_columns[] = {
	"area", "location", "area_value", "attributes", "rejected", "changed_at", "indexed_at", "event_version",
	"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"
	};

const char *const *
ys_index_table_own_columns(int *count)
{
	*count = lengthof(own_columns);
	return own_columns;
}

bool
ys_index_table_reserved(const char *column)
{
	for (int i = 0; i < lengthof(own_columns); i++)
	{
		if (strcmp(column, own_columns[i]) == 0)
			return true;
	}
	return false;
}

/* "vehicle_id", or "a", "b": the key columns of a source, quoted. */
static void
append_key_columns(StringInfo sql, const YsSource *source, bool with_types)
{
	for (int i = 0; i < source->nkeys; i++)
	{
		appendStringInfo(sql, "%s%s", i > 0 ? ", " : "", quote_identifier(source->keys[i]->name));
		if (with_types)
			appendStringInfo(sql, " %s NOT NULL",
							 format_type_with_typemod(source->keys[i]->type,
													  source->keys[i]->typmod));
	}
}

List *
ys_index_table_partitions(Oid relid)
{
	return find_inheritance_children(relid, NoLock);
}

/* Run DDL as the current user. */
static void
run_ddl(const char *sql)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	ys_spi_utility(sql);
	SPI_finish();
}

void
ys_index_table_check_visible(const YsIndexTable *table)
{
	if (check_enable_rls(table->relid, table->owner, true) != RLS_ENABLED)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("row security of index table \"%s\" applies to its owner", get_rel_name(table->relid)),
			 errdetail("Rows that are hidden cannot be kept up to date."),
			 errhint("Use ALTER TABLE ... NO FORCE ROW LEVEL SECURITY; other roles' policies may stay.")));
}

Oid
ys_index_table_create(const char *name, Oid schema, const YsSource *source, const YsPolicy *policy)
{
	StringInfoData sql;
	Oid			relid;
	ObjectAddress table;
	ObjectAddress referenced;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s (area text COLLATE \"C\" NOT NULL, ",
					 quote_qualified_identifier(get_namespace_name(schema), name));
	append_key_columns(&sql, source, true);
	for (int i = 0; i < ys_policy_field_count(policy); i++)
	{
		const YsFieldInfo *field = ys_policy_field(policy, i);

		appendStringInfo(&sql, ", %s %s", quote_identifier(field->name), field_types[field->type]);
	}
	if (ys_policy_has_location(policy))
		appendStringInfoString(&sql, ", location point");
	if (ys_policy_has_area_value(policy))
		appendStringInfoString(&sql, ", area_value text");
	if (ys_policy_wants_attributes(policy))
		appendStringInfoString(&sql, ", " YS_ATTRIBUTES_COLUMN " jsonb");
	appendStringInfoString(&sql, ", rejected jsonb, changed_at timestamptz, "
						   "indexed_at timestamptz NOT NULL, event_version bytea NOT NULL, "
						   "PRIMARY KEY (");
	append_key_columns(&sql, source, false);
	appendStringInfoString(&sql, ", area)) PARTITION BY LIST (area)");
	run_ddl(sql.data);

	relid = get_relname_relid(name, schema);
	ObjectAddressSet(table, RelationRelationId, relid);
	ObjectAddressSet(referenced, RelationRelationId, source->relid);
	recordDependencyOn(&table, &referenced, DEPENDENCY_NORMAL);
	return relid;
}

void
ys_locator_create(int policy_id, Oid index_table, const YsSource *source)
{
	YsSpiScope	scope;
	StringInfoData sql;
	char		name[NAMEDATALEN];
	ObjectAddress locator;
	ObjectAddress referenced;
	Oid			schema = get_namespace_oid("yottastore_internal", false);

	snprintf(name, sizeof(name), "locator_%d", policy_id);
	initStringInfo(&sql);
	/* a restored dump has the tables of policies that it has not */
	if (OidIsValid(get_relname_relid(name, schema)))
		appendStringInfo(&sql, "DROP TABLE yottastore_internal.%s; ", name);
	appendStringInfo(&sql, "CREATE TABLE yottastore_internal.%s (", name);
	append_key_columns(&sql, source, true);
	appendStringInfoString(&sql, ", area text COLLATE \"C\", version bytea, noted_at timestamptz NOT NULL, "
						   "PRIMARY KEY (");
	append_key_columns(&sql, source, false);
	/* by age, for those that are forgotten in the end */
	appendStringInfo(&sql, ")); CREATE INDEX ON yottastore_internal.%s (noted_at) WHERE area IS NULL", name);
	ys_spi_begin(&scope);
	ys_spi_utility(sql.data);
	ys_spi_end(&scope);

	/* it goes with the index table */
	ObjectAddressSet(locator, RelationRelationId, get_relname_relid(name, schema));
	ObjectAddressSet(referenced, RelationRelationId, index_table);
	recordDependencyOn(&locator, &referenced, DEPENDENCY_INTERNAL);
}
