/*-------------------------------------------------------------------------
 * import.c
 *	  IMPORT FOREIGN SCHEMA: foreign tables for the store's tables, with
 *	  columns proposed after a sample of items.
 *
 * The store knows a table's key, and nothing of its items: a top-level
 * attribute that many of the sampled items have becomes a column of the
 * type most of them have there.  What is not proposed is in the document.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_namespace.h"
#include "common/hashfn.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "catalog/option.h"
#include "catalog/sample.h"
#include "catalog/secondary.h"
#include "catalog/server.h"
#include "errors.h"
#include "fdw/fdw.h"

/* A column is proposed for attributes that one of so many items has. */
#define FREQUENT_ONE_OF		20

/* Most columns proposed; far under what a table can have. */
#define PROPOSED_MAX		400

/* Pages read of one table, a few for each of the segments. */
#define IMPORT_PAGES		(4 * YS_SAMPLE_IN_FLIGHT)

/* What a column can be; the first of equally frequent ones is taken. */
typedef enum ColumnType
{
	COLUMN_TEXT,
	COLUMN_NUMERIC,
	COLUMN_BOOLEAN,
	COLUMN_BYTEA,
	COLUMN_JSONB,
	COLUMN_TYPES
} ColumnType;

static const char *const type_names[COLUMN_TYPES] = {
	"text", "numeric", "boolean", "bytea", "jsonb"
};

typedef struct AttributeName
{
	const char *bytes;
	uint32_t	len;
} AttributeName;

/* An attribute of the sample. */
typedef struct Attribute
{
	AttributeName name;			/* hash key; must be first */
	int64		counts[COLUMN_TYPES];
	int64		items;			/* that have it, and not as NULL */
} Attribute;

/* ---- names ---- */

static bool
is_taken(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/* An identifier as like the wanted name as can be and not among the names; adds it to them. */
static const char *
choose_name(List **names, const char *wanted)
{
	int			len = strlen(wanted);
	char	   *name = pnstrdup(wanted, pg_mbcliplen(wanted, len, NAMEDATALEN - 1));

	for (int i = 2; is_taken(*names, name); i++)
	{
		char	   *suffix = psprintf("_%d", i);

		name = psprintf("%.*s%s", pg_mbcliplen(wanted, len, NAMEDATALEN - 1 - strlen(suffix)),
						wanted, suffix);
	}
	*names = lappend(*names, name);
	return name;
}

/* ---- the sample ---- */

static uint32
hash_name(const void *key, Size size)
{
	const AttributeName *name = key;

	return DatumGetUInt32(hash_any((const unsigned char *) name->bytes, name->len));
}

static int
compare_name(const void *a, const void *b, Size size)
{
	const AttributeName *left = a;
	const AttributeName *right = b;

	return left->len != right->len || memcmp(left->bytes, right->bytes, left->len) != 0;
}

static HTAB *
create_attributes(void)
{
	HASHCTL		ctl = {
		.keysize = sizeof(AttributeName),
		.entrysize = sizeof(Attribute),
		.hash = hash_name,
		.match = compare_name,
		.hcxt = CurrentMemoryContext
	};

	return hash_create("yottastore attributes", 256, &ctl,
					   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

/* The column type for a value; false for NULL, which fits all. */
static bool
column_type(YsType type, ColumnType *result)
{
	switch (type)
	{
		case YS_TYPE_STRING:
			*result = COLUMN_TEXT;
			return true;
		case YS_TYPE_NUMBER:
			*result = COLUMN_NUMERIC;
			return true;
		case YS_TYPE_BOOL:
			*result = COLUMN_BOOLEAN;
			return true;
		case YS_TYPE_BINARY:
			*result = COLUMN_BYTEA;
			return true;
		case YS_TYPE_NULL:
			return false;
		case YS_TYPE_MAP:
		case YS_TYPE_LIST:
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			*result = COLUMN_JSONB;
			return true;
	}
	return false;
}

static void
count_attributes(void *arg, const YsValue *item)
{
	HTAB	   *attributes = arg;

	for (uint32_t i = 0; i < item->len; i++)
	{
		const YsMember *member = &item->members[i];
		AttributeName name = {member->name, member->name_len};
		ColumnType	type;
		Attribute  *attribute;
		bool		found;

		/* PostgreSQL can't name it: it stays in the document */
		if (name.len == 0 || memchr(name.bytes, '\0', name.len) != NULL ||
			!column_type(member->value.type, &type))
			continue;
		attribute = hash_search(attributes, &name, HASH_ENTER, &found);
		if (!found)
		{
			memset(attribute, 0, sizeof(Attribute));
			/* the item's bytes don't stay */
			attribute->name = (AttributeName) {pnstrdup(name.bytes, name.len), name.len};
		}
		attribute->counts[type]++;
		attribute->items++;
	}
}

/* The most frequent first; by name among equals. */
static int
compare_attributes(const ListCell *a, const ListCell *b)
{
	const Attribute *left = lfirst(a);
	const Attribute *right = lfirst(b);

	if (left->items != right->items)
		return left->items > right->items ? -1 : 1;
	return strcmp(left->name.bytes, right->name.bytes);
}

/* The attributes to propose columns for, besides the keys. */
static List *
sample_attributes(YsStore *store, const char *table, int nkeys, const YsKeyAttribute *keys,
				  int sample_items)
{
	HTAB	   *attributes = create_attributes();
	YsSampleRequest request = {
		.store = store,
		.table = table,
		.segments = YS_SAMPLE_IN_FLIGHT,
		.pages = IMPORT_PAGES,
		.items = sample_items
	};
	YsSample	sample = ys_sample_read(&request, count_attributes, attributes);
	List	   *frequent = NIL;
	HASH_SEQ_STATUS status;
	Attribute  *attribute;

	hash_seq_init(&status, attributes);
	while ((attribute = hash_seq_search(&status)) != NULL)
	{
		bool		is_key = false;

		for (int i = 0; i < nkeys; i++)
			is_key = is_key || strcmp(keys[i].name, attribute->name.bytes) == 0;
		if (!is_key && attribute->items * FREQUENT_ONE_OF >= sample.items)
			frequent = lappend(frequent, attribute);
	}
	list_sort(frequent, compare_attributes);
	return list_truncate(frequent, PROPOSED_MAX);
}

/* ---- the commands ---- */

/* "name type", and options with the path when the name isn't the attribute's. */
static void
add_column(StringInfo sql, List **names, const char *attribute, ColumnType type, const char *key)
{
	const char *name = choose_name(names, attribute);
	bool		renamed = strcmp(name, attribute) != 0;

	appendStringInfo(sql, "  %s %s", quote_identifier(name), type_names[type]);
	if (key != NULL || renamed)
		appendStringInfoString(sql, " OPTIONS (");
	if (key != NULL)
		appendStringInfo(sql, "key %s", quote_literal_cstr(key));
	if (key != NULL && renamed)
		appendStringInfoString(sql, ", ");
	if (renamed)
		appendStringInfo(sql, "path %s", quote_literal_cstr(ys_secondary_quote(attribute)));
	if (key != NULL || renamed)
		appendStringInfoChar(sql, ')');
	appendStringInfoString(sql, key != NULL ? " NOT NULL,\n" : ",\n");
}

static ColumnType
most_frequent_type(const Attribute *attribute)
{
	ColumnType	most = COLUMN_TEXT;

	for (int type = COLUMN_TEXT; type < COLUMN_TYPES; type++)
		if (attribute->counts[type] > attribute->counts[most])
			most = type;
	return most;
}

/* The attributes of all keys, each once: first the table's, then those of its indexes that can be used. */
static int
collect_keys(const YsTableInfo *info, YsKeyAttribute **keys)
{
	int			nkeys = info->nkeys;

	*keys = palloc((info->nkeys + 2 * info->nindexes) * sizeof(YsKeyAttribute));
	memcpy(*keys, info->keys, info->nkeys * sizeof(YsKeyAttribute));
	for (int i = 0; i < info->nindexes; i++)
		for (int j = 0; info->indexes[i].active && j < info->indexes[i].nkeys; j++)
		{
			const YsKeyAttribute *key = &info->indexes[i].keys[j];
			int			k = 0;

			while (k < nkeys && strcmp((*keys)[k].name, key->name) != 0)
				k++;
			if (k == nkeys)
				(*keys)[nkeys++] = *key;
		}
	return nkeys;
}

/* Option "indexes" with those that can be used, if there are any. */
static void
add_indexes(StringInfo sql, const YsTableInfo *info)
{
	StringInfoData value;

	initStringInfo(&value);
	for (int i = 0; i < info->nindexes; i++)
		if (info->indexes[i].active)
		{
			if (value.len > 0)
				appendStringInfoString(&value, "; ");
			ys_secondary_print(&value, &info->indexes[i]);
		}
	if (value.len > 0)
		appendStringInfo(sql, ", indexes %s", quote_literal_cstr(value.data));
}

/* CREATE FOREIGN TABLE for a table of the store; NULL when it is not there (any more, or yet). */
static char *
import_table(YsStore *store, const char *server, const char *table, const char *relname,
			 int sample_items)
{
	static const char *const roles[] = {"partition", "sort"};
	/* no column can have the system columns' names */
	List	   *names = lappend(list_make5("ctid", "xmin", "cmin", "xmax", "cmax"), "tableoid");
	List	   *attributes = NIL;
	StringInfoData sql;
	ListCell   *cell;
	YsKeyAttribute *keys;
	int			nkeys;
	YsArena		arena;
	YsTableInfo info;
	YsError		err;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_store_describe_table(store, table, &arena, &info, &err))
	{
		if (err.code == YS_ERR_TABLE_NOT_FOUND)
			return NULL;
		ys_error_throw(&err);
	}
	if (!info.active)
		return NULL;
	nkeys = collect_keys(&info, &keys);
	if (sample_items > 0)
		attributes = sample_attributes(store, table, nkeys, keys, sample_items);

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (\n", quote_identifier(relname));
	for (int i = 0; i < nkeys; i++)
	{
		ColumnType	type = COLUMN_TEXT;

		(void) column_type(keys[i].type, &type);
		add_column(&sql, &names, keys[i].name, type, i < info.nkeys ? roles[i] : NULL);
	}
	foreach(cell, attributes)
	{
		const Attribute *attribute = lfirst(cell);

		add_column(&sql, &names, attribute->name.bytes, most_frequent_type(attribute), NULL);
	}
	appendStringInfo(&sql, "  %s jsonb OPTIONS (document 'true')\n) SERVER %s OPTIONS (table %s",
					 quote_identifier(choose_name(&names, "item")), quote_identifier(server),
					 quote_literal_cstr(table));
	add_indexes(&sql, &info);
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

static void
check_statement(ImportForeignSchemaStmt *stmt)
{
	if (strcmp(stmt->remote_schema, "store") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("there is no schema \"%s\" to import", stmt->remote_schema),
				 errdetail("A store has no schemas; all its tables are imported as of schema \"store\"."),
				 errhint("Use IMPORT FOREIGN SCHEMA store FROM SERVER %s INTO %s.",
						 quote_identifier(stmt->server_name),
						 quote_identifier(stmt->local_schema))));
	ys_option_validate(YS_WRAPPER_STORE, stmt->options, NamespaceRelationId);
}

/*
 * The commands that create the foreign tables.  LIMIT TO and EXCEPT name
 * them as they are created; names of no table are ignored.
 */
List *
ys_import_schema(ImportForeignSchemaStmt *stmt, Oid serverid)
{
	ForeignServer *server = GetForeignServer(serverid);
	MemoryContext result = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(result, "yottastore import",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext table_context = AllocSetContextCreate(context, "yottastore imported table",
														ALLOCSET_DEFAULT_SIZES);
	List	   *commands = NIL;
	List	   *relnames = NIL;
	YsStore    *store;
	YsArena		arena;
	YsError		err;
	int			ntables;
	const char **tables;

	check_statement(stmt);
	store = ys_server_store(serverid, GetUserId());
	MemoryContextSwitchTo(context);
	ys_arena_init_context(&arena, context, 0);
	if (!ys_store_list_tables(store, &arena, &ntables, &tables, &err))
		ys_error_throw(&err);
	for (int i = 0; i < ntables; i++)
	{
		const char *relname = choose_name(&relnames, tables[i]);
		const char *command;

		if (!IsImportableForeignTable(relname, stmt))
			continue;
		MemoryContextReset(table_context);
		MemoryContextSwitchTo(table_context);
		command = import_table(store, server->servername, tables[i], relname,
							   ys_option_sample_items(stmt->options));
		MemoryContextSwitchTo(result);
		if (command != NULL)
			commands = lappend(commands, pstrdup(command));
		MemoryContextSwitchTo(context);
	}
	MemoryContextSwitchTo(result);
	MemoryContextDelete(context);
	return commands;
}
