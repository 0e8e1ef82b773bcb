/*-------------------------------------------------------------------------
 * index_columns.c
 *	  Indexes on the columns of a policy's index table.
 *
 * They are made on the partitioned table, when there is no partition yet;
 * a partition comes with its own of each, and of those that its owner adds later.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/index_table.h"
#include "catalog/index_values.h"
#include "catalog/spi.h"

static const char *const method_names[] = {
	[YS_INDEX_NONE] = "none",
	[YS_INDEX_BTREE] = "btree",
	[YS_INDEX_HASH] = "hash",
	[YS_INDEX_GIN] = "gin",
	[YS_INDEX_GIST] = "gist",
	[YS_INDEX_COVERING] = "btree",
};

/* An operator class that an extension brings, qualified, wherever that is installed; NULL when it isn't. */
static char *
find_extension_class(const char *method, const char *name)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(method), CStringGetTextDatum(name)};

	ys_spi_execute("SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(o.opcname) "
				   "FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am a ON a.oid = o.opcmethod "
				   "JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace "
				   "WHERE a.amname = $1 AND o.opcname = $2 LIMIT 1",
				   SPI_OK_SELECT, 2, types, values, NULL);
	return SPI_processed > 0 ? ys_spi_text(0, 1, CurrentMemoryContext) : NULL;
}

static void
refuse_missing(const YsFieldInfo *field, const char *extension)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("field \"%s\": a %s index on %s needs extension %s", field->name,
					method_names[field->index], field->type_name, extension),
			 errdetail("PostgreSQL itself has no operator class for it."),
			 errhint("CREATE EXTENSION %s, or choose another index.", extension)));
}

/* What stands behind the column's name: an operator class, or nothing for the default one. */
static const char *
operator_class(const YsFieldInfo *field, Oid type)
{
	const char *method = method_names[field->index];
	char	   *found;

	if (type == TEXTOID && (field->index == YS_INDEX_GIN || field->index == YS_INDEX_GIST))
	{
		found = find_extension_class(method, field->index == YS_INDEX_GIN ? "gin_trgm_ops" : "gist_trgm_ops");
		if (found == NULL)
			refuse_missing(field, "pg_trgm");
		return found;
	}
	if (type == JSONBOID && field->index == YS_INDEX_GIN)
		return "pg_catalog.jsonb_path_ops";
	if (field->index == YS_INDEX_GIST &&
		!OidIsValid(GetDefaultOpClass(type, get_index_am_oid(method, false))))
		refuse_missing(field, "btree_gist");
	return "";
}

/* The key's columns. */
static const char *
list_keys(Oid relid, int nkeys)
{
	StringInfoData keys;

	initStringInfo(&keys);
	for (int k = 0; k < nkeys; k++)
		appendStringInfo(&keys, "%s%s", k == 0 ? "" : ", ",
						 quote_identifier(get_attname(relid, YS_INDEX_KEYS_AT + k, false)));
	return keys.data;
}

static void
create_index(const char *table, YsIndexMethod method, const char *column, const char *class,
			 const char *include)
{
	ys_spi_utility(psprintf("CREATE INDEX ON %s USING %s (%s %s)%s", table, method_names[method],
							quote_identifier(column), class, include));
}

/* One on all attributes, and one of the rows that had no room for them: a lookup asks for both. */
static void
create_attributes_indexes(const char *table, Oid relid, int nkeys)
{
	create_index(table, YS_INDEX_GIN, YS_ATTRIBUTES_COLUMN, "pg_catalog.jsonb_path_ops", "");
	ys_spi_utility(psprintf("CREATE INDEX ON %s USING btree (%s) WHERE rejected OPERATOR(pg_catalog.?) '%s'", table,
							list_keys(relid, nkeys), YS_ATTRIBUTES_COLUMN));
}

void
ys_index_table_index_columns(Oid relid, int nkeys, const YsPolicy *policy)
{
	const char *table = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												   get_rel_name(relid));
	YsIndexMethod location = ys_policy_location_index(policy);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	for (int f = 0; f < ys_policy_field_count(policy); f++)
	{
		const YsFieldInfo *field = ys_policy_field(policy, f);
		Oid			type = get_atttype(relid, get_attnum(relid, field->name));

		/* with the keys in the index a lookup reads nothing else */
		if (field->index != YS_INDEX_NONE)
			create_index(table, field->index, field->name, operator_class(field, type),
						 field->index == YS_INDEX_COVERING ? psprintf(" INCLUDE (%s)", list_keys(relid, nkeys)) : "");
	}
	if (location != YS_INDEX_NONE)
		create_index(table, location, "location", "", "");
	if (ys_policy_wants_attributes(policy))
		create_attributes_indexes(table, relid, nkeys);
	SPI_finish();
}
