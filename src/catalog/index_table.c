/*-------------------------------------------------------------------------
 * index_table.c
 *	  Creating a policy's index table, its locator and its partitions.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog/index_table.h"
#include "catalog/spi.h"

/* Room for HOT updates: versions and timestamps change with every event. */
#define PARTITION_FILLFACTOR	90

/* Most of an area's name in its partition's. */
#define AREA_LABEL_MAX			24

/* Attaching waits for statements that lock the whole table, but not for ever. */
#define ATTACH_LOCK_TIMEOUT		"5s"

static const char *const field_types[] = {
	[YS_FIELD_TEXT] = "text",
	[YS_FIELD_NUMERIC] = "numeric",
	[YS_FIELD_BOOLEAN] = "boolean",
	[YS_FIELD_DATE] = "date",
	[YS_FIELD_TIMESTAMP] = "timestamp with time zone",
};

bool
ys_index_table_reserved(const char *column)
{
	static const char *const reserved[] = {
		"area", "location", "area_value", "attributes", "rejected", "changed_at", "indexed_at", "event_version",
		"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"
	};

	for (int i = 0; i < lengthof(reserved); i++)
	{
		if (strcmp(column, reserved[i]) == 0)
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

/* Run DDL as the current user. */
static void
run_ddl(const char *sql)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	ys_spi_utility(sql);
	SPI_finish();
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
	appendStringInfoString(&sql, "))");
	ys_spi_begin(&scope);
	ys_spi_utility(sql.data);
	ys_spi_end(&scope);

	/* it goes with the index table */
	ObjectAddressSet(locator, RelationRelationId, get_relname_relid(name, schema));
	ObjectAddressSet(referenced, RelationRelationId, index_table);
	recordDependencyOn(&locator, &referenced, DEPENDENCY_INTERNAL);
}

bool
ys_index_table_has_area(const YsIndexTable *table, const char *area)
{
	Relation	rel = table_open(table->relid, AccessShareLock);
	PartitionDesc partitions = RelationGetPartitionDesc(rel, true);
	bool		found = false;

	for (int i = 0; partitions->boundinfo != NULL && i < partitions->boundinfo->ndatums && !found; i++)
	{
		text	   *value = DatumGetTextPP(partitions->boundinfo->datums[i][0]);

		found = VARSIZE_ANY_EXHDR(value) == strlen(area) &&
			memcmp(VARDATA_ANY(value), area, strlen(area)) == 0;
	}
	table_close(rel, AccessShareLock);
	return found;
}

/* An area's name as part of a relation's: short, lower-case ASCII letters, digits and underscores. */
static char *
area_label(const char *area)
{
	StringInfoData label;

	initStringInfo(&label);
	for (const char *p = area; *p != '\0' && label.len < AREA_LABEL_MAX; p++)
	{
		if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'))
			appendStringInfoChar(&label, *p);
		else if (*p >= 'A' && *p <= 'Z')
			appendStringInfoChar(&label, *p - 'A' + 'a');
		else if (label.len > 0 && label.data[label.len - 1] != '_')
			appendStringInfoChar(&label, '_');
	}
	return label.len > 0 ? label.data : pstrdup("area");
}

void
ys_index_table_add_area(YsIndexTable *table, const char *area)
{
	YsSpiScope	scope;
	Oid			schema;
	char	   *name;

	LockRelationOid(table->relid, AccessShareLock);
	ys_index_table_follow_names(table);
	schema = get_rel_namespace(table->relid);

	/* ChooseRelationName makes the name fit, and unique in the schema */
	name = quote_qualified_identifier(get_namespace_name(schema),
									  ChooseRelationName(get_rel_name(table->relid), NULL,
														 area_label(area), schema, false));
	ys_spi_begin_as(&scope, table->owner);
	ys_spi_utility(psprintf("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
							"INCLUDING STORAGE INCLUDING GENERATED) WITH (fillfactor = %d)",
							name, table->name, PARTITION_FILLFACTOR));
	ys_spi_utility("SET LOCAL lock_timeout = '" ATTACH_LOCK_TIMEOUT "'");
	ys_spi_utility(psprintf("ALTER TABLE %s ATTACH PARTITION %s FOR VALUES IN (%s)",
							table->name, name, quote_literal_cstr(area)));
	ys_spi_end(&scope);
}
