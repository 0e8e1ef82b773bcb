/*-------------------------------------------------------------------------
 * rebuild_table.c
 *	  The table of a rebuild, and its partitions in place of the old ones.
 *
 * Views, grants, indexes, triggers and whatever else refers to an index table refers to the table as a
 * whole, which stays; the partitions are what is new.  What an old partition has of its own, a new one gets as
 * far as it can be had: indexes, constraints, statistics objects, storage and its tablespace when it is made,
 * name, privileges and comment at the swap.  What can't be had is found before anything is begun.
 *
 * A new partition has a constraint of its area from the start, so that attaching it to the old table
 * needs no look at its rows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"

#include "catalog/index_values.h"
#include "catalog/rebuild.h"
#include "catalog/spi.h"

#define AREA_CONSTRAINT	"yottastore_area"

static char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
}

/* ---- what can be had ---- */

#define PARTITIONS \
	"(SELECT c.* FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid WHERE h.inhparent = $1)"

/* The first thing that new partitions could not have, as a sentence. */
static const char *const obstacles =
	"SELECT format('Column \"%s\" is not the policy''s: what it holds would be lost.', a.attname) "
	"FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped "
	"AND a.attgenerated = '' AND a.attname <> ALL ($2::name[]) "
	"UNION ALL SELECT format('Foreign key \"%s\" would be checked row by row.', k.conname) "
	"FROM pg_constraint k WHERE k.contype = 'f' AND $1 IN (k.conrelid, k.confrelid) AND k.conparentid = 0 "
	"UNION ALL SELECT format('Trigger \"%s\" may change rows before they are written.', t.tgname) "
	"FROM pg_trigger t WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgtype & 3 = 3 "
	"UNION ALL SELECT format('Partition \"%s\" is not a table of one area.', c.relname) "
	"FROM " PARTITIONS " c WHERE c.relkind <> 'r' "
	"OR pg_get_expr(c.relpartbound, c.oid) !~ $re$^FOR VALUES IN \\('([^']|'')*'\\)$$re$ "
	"UNION ALL SELECT format('Partition \"%s\" has row security or rules of its own.', c.relname) "
	"FROM " PARTITIONS " c WHERE c.relrowsecurity OR c.relhasrules "
	"UNION ALL SELECT format('Partition \"%s\" has trigger \"%s\" of its own.', c.relname, t.tgname) "
	"FROM " PARTITIONS " c JOIN pg_trigger t ON t.tgrelid = c.oid "
	"WHERE NOT t.tgisinternal AND t.tgparentid = 0 "
	"UNION ALL SELECT format('Partition \"%s\" is published by itself.', c.relname) "
	"FROM " PARTITIONS " c JOIN pg_publication_rel b ON b.prrelid = c.oid "
	"UNION ALL SELECT format('Partition \"%s\" is used by itself: %s depends on it.', c.relname, "
	"pg_describe_object(d.classid, d.objid, d.objsubid)) "
	"FROM " PARTITIONS " c JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid "
	"WHERE d.deptype = 'n' "
	"AND NOT EXISTS (SELECT FROM pg_constraint k WHERE d.classid = 'pg_constraint'::regclass "
	"AND k.oid = d.objid AND k.conrelid = c.oid) "
	"AND NOT EXISTS (SELECT FROM pg_attrdef f WHERE d.classid = 'pg_attrdef'::regclass "
	"AND f.oid = d.objid AND f.adrelid = c.oid) "
	"AND NOT EXISTS (SELECT FROM pg_index i WHERE d.classid = 'pg_class'::regclass "
	"AND i.indexrelid = d.objid AND i.indrelid = c.oid) "
	"AND NOT EXISTS (SELECT FROM pg_statistic_ext s WHERE d.classid = 'pg_statistic_ext'::regclass "
	"AND s.oid = d.objid AND s.stxrelid = c.oid) "
	"LIMIT 1";

/* The columns that every index table of the policy has, under their names now. */
static Datum
own_columns(const YsIndexTable *table)
{
	const char *names[YS_INDEX_MAX_COLUMNS + 1];
	Oid			types[YS_INDEX_MAX_COLUMNS];
	int			count = ys_index_columns(table, names, types);
	Datum	   *datums = palloc(sizeof(Datum) * (count + 1));

	for (int k = 0; k < table->nkeys; k++)
		names[k] = get_attname(table->relid, YS_INDEX_KEYS_AT + k, false);
	names[count++] = "indexed_at";
	for (int i = 0; i < count; i++)
		datums[i] = CStringGetTextDatum(names[i]);
	return PointerGetDatum(construct_array(datums, count, TEXTOID, -1, false, TYPALIGN_INT));
}

void
ys_rebuild_check_table(const YsIndexTable *table, const char *policy)
{
	YsSpiScope	scope;
	char	   *obstacle = NULL;

	ys_spi_begin(&scope);
	ys_spi_execute(obstacles, SPI_OK_SELECT, 2, (Oid[]) {OIDOID, TEXTARRAYOID},
				   (Datum[]) {ObjectIdGetDatum(table->relid), own_columns(table)}, NULL);
	if (SPI_processed > 0)
		obstacle = ys_spi_text(0, 1, scope.caller);
	ys_spi_end(&scope);
	if (obstacle != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("index policy \"%s\" cannot be rebuilt in new partitions", policy),
				 errdetail("%s", obstacle),
				 errhint("Drop it first, or use yottastore.index_resync_start, which keeps the partitions.")));
}

/* Columns and indexes of a table, as text; what it is called is no part of it. */
static const char *const shape =
	"SELECT COALESCE(string_agg(s, E'\\n' ORDER BY s), '') FROM ("
	"SELECT format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation) "
	"FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped "
	"UNION ALL SELECT format('%s %s %s', i.indisunique, i.indisprimary, "
	"regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? USING ', '')) "
	"FROM pg_index i WHERE i.indrelid = $1) t(s)";

static char *
shape_of(Oid relid)
{
	YsSpiScope	scope;
	char	   *text;

	ys_spi_begin(&scope);
	ys_spi_execute(shape, SPI_OK_SELECT, 1, (Oid[]) {OIDOID}, (Datum[]) {ObjectIdGetDatum(relid)}, NULL);
	text = ys_spi_text(0, 1, scope.caller);
	ys_spi_end(&scope);
	return text;
}

void
ys_rebuild_check_alike(const YsPolicyRow *rebuild)
{
	if (strcmp(shape_of(rebuild->model), shape_of(rebuild->index_table)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("columns or indexes of table \"%s\" were changed during its rebuild",
						get_rel_name(rebuild->model)),
				 errhint("Start it anew.")));
}

/* ---- making ---- */

Oid
ys_rebuild_create_table(const YsPolicyRow *row)
{
	Oid			schema = get_rel_namespace(row->index_table);
	char	   *name = ChooseRelationName(get_rel_name(row->index_table), NULL, "rebuild", schema, false);
	YsSpiScope	scope;
	Oid			relid;
	ObjectAddress table;
	ObjectAddress referenced;

	ys_spi_begin_as(&scope, row->owner);
	ys_spi_utility(psprintf("CREATE TABLE %s (LIKE %s INCLUDING ALL) PARTITION BY LIST (area)",
							quote_qualified_identifier(get_namespace_name(schema), name),
							qualified_name(row->index_table)));
	relid = get_relname_relid(name, schema);
	ys_spi_utility(psprintf("COMMENT ON TABLE %s IS 'new rows of %s, which will take the old ones'' place'",
							qualified_name(relid), quote_identifier(get_rel_name(row->index_table))));
	ys_spi_end(&scope);

	/* it goes with the index table */
	ObjectAddressSet(table, RelationRelationId, relid);
	ObjectAddressSet(referenced, RelationRelationId, row->index_table);
	recordDependencyOn(&table, &referenced, DEPENDENCY_AUTO);
	return relid;
}

static Oid
partition_of(Oid relid, const char *area)
{
	Relation	rel = table_open(relid, AccessShareLock);
	PartitionKey key = RelationGetPartitionKey(rel);
	PartitionDesc partitions = RelationGetPartitionDesc(rel, true);
	Oid			partition = InvalidOid;
	bool		found = false;
	int			at;

	if (partitions->boundinfo != NULL)
	{
		at = partition_list_bsearch(key->partsupfunc, key->partcollation, partitions->boundinfo,
									CStringGetTextDatum(area), &found);
		if (found)
			partition = partitions->oids[partitions->boundinfo->indexes[at]];
	}
	table_close(rel, AccessShareLock);
	return partition;
}

char *
ys_rebuild_partition_like(Oid model, const char *area, const char *name)
{
	Oid			like = partition_of(model, area);
	StringInfoData sql;
	YsSpiScope	scope;

	if (!OidIsValid(like))
		return NULL;
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s (LIKE %s INCLUDING ALL)", name, qualified_name(like));
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT (SELECT string_agg(format('%s = %L', option_name, option_value), ', ') "
				   "FROM pg_options_to_table(c.reloptions)), quote_ident(t.spcname) "
				   "FROM pg_class c LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE c.oid = $1",
				   SPI_OK_SELECT, 1, (Oid[]) {OIDOID}, (Datum[]) {ObjectIdGetDatum(like)}, NULL);
	for (int column = 1; column <= 2; column++)
	{
		const char *text = ys_spi_text(0, column, CurrentMemoryContext);

		if (text != NULL)
			appendStringInfo(&sql, column == 1 ? " WITH (%s)" : " TABLESPACE %s", text);
	}
	ys_spi_end(&scope);
	return sql.data;
}

void
ys_rebuild_constrain(const char *name, const char *area)
{
	ys_spi_utility(psprintf("ALTER TABLE %s ADD CONSTRAINT " AREA_CONSTRAINT " CHECK (area = %s)",
							name, quote_literal_cstr(area)));
}

Oid
ys_rebuild_next_unanalyzed(Oid relid)
{
	YsSpiScope	scope;
	Oid			next = InvalidOid;
	bool		isnull;

	ys_spi_begin(&scope);
	ys_spi_execute("SELECT c.oid FROM " PARTITIONS " c WHERE c.reltuples < 0 ORDER BY c.oid LIMIT 1",
				   SPI_OK_SELECT, 1, (Oid[]) {OIDOID}, (Datum[]) {ObjectIdGetDatum(relid)}, NULL);
	if (SPI_processed > 0)
		next = DatumGetObjectId(ys_spi_value(0, 1, &isnull));
	ys_spi_end(&scope);
	return next;
}

void
ys_rebuild_analyze(Oid relid, Oid owner)
{
	YsSpiScope	scope;

	ys_spi_begin_as(&scope, owner);
	ys_spi_utility(psprintf("ANALYZE %s", qualified_name(relid)));
	ys_spi_end(&scope);
}

void
ys_rebuild_drop_table(Oid relid)
{
	ObjectAddress table;

	ObjectAddressSet(table, RelationRelationId, relid);
	performDeletion(&table, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
}

/* ---- swapping ---- */

/* One new partition. */
typedef struct Part
{
	Oid			relid;
	char	   *bound;			/* FOR VALUES ... */
	char	   *name;			/* of the old one that it comes in the place of, NULL: there is none */
	Oid			schema;
} Part;

#define PAIRS \
	"(SELECT n.oid, n.relname, n.relowner, n.relacl, pg_get_expr(n.relpartbound, n.oid) AS bound "\
	"FROM pg_inherits h JOIN pg_class n ON n.oid = h.inhrelid WHERE h.inhparent = $2) n "\
	"LEFT JOIN (SELECT o.oid, o.relname, o.relowner, o.relacl, o.relnamespace, "\
	"pg_get_expr(o.relpartbound, o.oid) AS bound, format('%I.%I', s.nspname, o.relname) AS name "\
	"FROM pg_inherits h JOIN pg_class o ON o.oid = h.inhrelid "\
	"JOIN pg_namespace s ON s.oid = o.relnamespace WHERE h.inhparent = $1) o USING (bound)"

#define GRANTEE	"CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END"
#define OPTION	"CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"

/* What gives the new partitions, under the old ones' names, their privileges and comments. */
static const char *const decoration =
	"SELECT 1, format('REVOKE ALL ON %s FROM %s', o.name, " GRANTEE ") "
	"FROM " PAIRS ", aclexplode(n.relacl) x WHERE x.grantee <> n.relowner AND o.oid IS NOT NULL "
	"UNION ALL SELECT 2, format('GRANT %s ON %s TO %s%s', x.privilege_type, o.name, " GRANTEE ", " OPTION ") "
	"FROM " PAIRS ", aclexplode(o.relacl) x WHERE x.grantee <> o.relowner "
	"UNION ALL SELECT 2, format('GRANT %s (%I) ON %s TO %s%s', x.privilege_type, a.attname, o.name, "
	GRANTEE ", " OPTION ") "
	"FROM " PAIRS " JOIN pg_attribute a ON a.attrelid = o.oid, aclexplode(a.attacl) x WHERE NOT a.attisdropped "
	"UNION ALL SELECT 3, format('COMMENT ON TABLE %s IS %L', o.name, d.description) "
	"FROM " PAIRS " JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = o.oid "
	"AND d.objsubid = 0 "
	"ORDER BY 1";

static void
query(const YsPolicyRow *rebuild, const char *sql)
{
	ys_spi_execute(sql, SPI_OK_SELECT, 2, (Oid[]) {OIDOID, OIDOID},
				   (Datum[]) {ObjectIdGetDatum(rebuild->model), ObjectIdGetDatum(rebuild->index_table)}, NULL);
}

/* The indexes of the new partitions, and what those like them are called that go. */
#define INDEXES \
	"(SELECT i.indrelid, i.indexrelid, c.relname, d.def, "\
	"row_number() OVER (PARTITION BY i.indrelid, d.def ORDER BY i.indexrelid) AS k "\
	"FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid, LATERAL (SELECT concat(i.indisunique, i.indisprimary, "\
	"regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? USING ', '')) AS def) d)"

typedef struct IndexName
{
	Oid			relid;
	char	   *name;
} IndexName;

static List *
read_index_names(const YsPolicyRow *rebuild)
{
	YsSpiScope	scope;
	List	   *names = NIL;

	ys_spi_begin(&scope);
	query(rebuild, "SELECT a.indexrelid, b.relname FROM " PAIRS
		  " JOIN " INDEXES " a ON a.indrelid = n.oid JOIN " INDEXES " b ON b.indrelid = o.oid "
		  "AND b.def = a.def AND b.k = a.k");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		IndexName  *index = palloc(sizeof(IndexName));
		bool		isnull;

		index->relid = DatumGetObjectId(ys_spi_value(i, 1, &isnull));
		index->name = ys_spi_text(i, 2, scope.caller);
		names = lappend(names, index);
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return names;
}

static List *
read_parts(const YsPolicyRow *rebuild)
{
	YsSpiScope	scope;
	List	   *parts = NIL;

	ys_spi_begin(&scope);
	query(rebuild, "SELECT n.oid, bound, o.relname, o.relnamespace FROM " PAIRS);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		Part	   *part = palloc(sizeof(Part));
		bool		isnull;

		part->relid = DatumGetObjectId(ys_spi_value(i, 1, &isnull));
		part->bound = ys_spi_text(i, 2, scope.caller);
		part->name = ys_spi_text(i, 3, scope.caller);
		part->schema = DatumGetObjectId(ys_spi_value(i, 4, &isnull));
		parts = lappend(parts, part);
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return parts;
}

static List *
read_statements(const YsPolicyRow *rebuild, const char *sql)
{
	YsSpiScope	scope;
	List	   *statements = NIL;

	ys_spi_begin(&scope);
	query(rebuild, sql);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);

		statements = lappend(statements, ys_spi_text(i, 2, scope.caller));
		MemoryContextSwitchTo(old);
	}
	ys_spi_end(&scope);
	return statements;
}

/* "rebuilt_table_berlin" becomes "table_berlin", or what is free of that kind. */
static char *
free_name(const YsPolicyRow *rebuild, Oid relid)
{
	const char *prefix = get_rel_name(rebuild->index_table);
	const char *name = get_rel_name(relid);
	const char *label = strncmp(name, prefix, strlen(prefix)) == 0 && name[strlen(prefix)] == '_' ?
		name + strlen(prefix) + 1 : "area";

	return ChooseRelationName(get_rel_name(rebuild->model), NULL, label, get_rel_namespace(relid), false);
}

static void
rename_index(Oid relid, const char *name)
{
	if (strcmp(get_rel_name(relid), name) != 0)
		ys_spi_utility(psprintf("ALTER INDEX %s RENAME TO %s", qualified_name(relid), quote_identifier(name)));
}

/* Where none has gone before, indexes are called after their table. */
static void
rename_indexes(Oid relid, const char *before)
{
	const char *now = get_rel_name(relid);
	Oid			schema = get_rel_namespace(relid);
	Relation	rel = table_open(relid, AccessShareLock);
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	table_close(rel, NoLock);
	foreach(lc, indexes)
	{
		const char *name = get_rel_name(lfirst_oid(lc));
		char	   *new;

		if (strncmp(name, before, strlen(before)) != 0)
			continue;
		new = psprintf("%s%s", now, name + strlen(before));
		if (strlen(new) < NAMEDATALEN && !OidIsValid(get_relname_relid(new, schema)))
			rename_index(lfirst_oid(lc), new);
	}
}

static void
attach(const YsPolicyRow *rebuild, const Part *part)
{
	char	   *before = get_rel_name(part->relid);
	const char *name = part->name != NULL ? part->name : free_name(rebuild, part->relid);

	ys_spi_utility(psprintf("ALTER TABLE %s RENAME TO %s", qualified_name(part->relid),
							quote_identifier(name)));
	if (part->name != NULL && part->schema != get_rel_namespace(part->relid))
		ys_spi_utility(psprintf("ALTER TABLE %s SET SCHEMA %s", qualified_name(part->relid),
								quote_identifier(get_namespace_name(part->schema))));
	ys_spi_utility(psprintf("ALTER TABLE %s ATTACH PARTITION %s %s", qualified_name(rebuild->model),
							qualified_name(part->relid), part->bound));
	ys_spi_utility(psprintf("ALTER TABLE %s DROP CONSTRAINT " AREA_CONSTRAINT, qualified_name(part->relid)));
	if (part->name == NULL)
		rename_indexes(part->relid, before);
}

void
ys_rebuild_swap_partitions(const YsPolicyRow *rebuild)
{
	List	   *parts = read_parts(rebuild);
	List	   *statements = read_statements(rebuild, decoration);
	List	   *indexes = read_index_names(rebuild);
	List	   *old = find_inheritance_children(rebuild->model, NoLock);
	YsSpiScope	scope;
	ListCell   *lc;

	ys_spi_begin_as(&scope, rebuild->owner);
	foreach(lc, parts)
		ys_spi_utility(psprintf("ALTER TABLE %s DETACH PARTITION %s", qualified_name(rebuild->index_table),
								qualified_name(((Part *) lfirst(lc))->relid)));
	foreach(lc, old)
		ys_spi_utility(psprintf("DROP TABLE %s", qualified_name(lfirst_oid(lc))));
	foreach(lc, parts)
		attach(rebuild, lfirst(lc));
	foreach(lc, indexes)
		rename_index(((IndexName *) lfirst(lc))->relid, ((IndexName *) lfirst(lc))->name);
	foreach(lc, statements)
		ys_spi_utility(lfirst(lc));
	ys_spi_end(&scope);
}
