/*-------------------------------------------------------------------------
 * source.c
 *	  A foreign table as a description of items.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/memory.h"
#include "catalog/convert.h"
#include "catalog/option.h"
#include "catalog/secondary.h"
#include "catalog/server.h"
#include "catalog/source.h"
#include "errors.h"
#include "policy/path.h"

static bool
option_is(List *options, const char *name, const char *expected)
{
	const char *value = ys_option_get(options, name);

	return value != NULL && strcmp(value, expected) == 0;
}

YsPath
ys_source_name_path(const char *name, uint32_t len)
{
	YsPathStep *step = palloc0(sizeof(YsPathStep));

	step->name = name;
	step->name_len = len;
	return (YsPath) {.nsteps = 1, .steps = step};
}

YsKeySchema
ys_source_keys(const YsSource *source)
{
	YsKeySchema schema = {.nkeys = source->nkeys, .unique = true};

	for (int i = 0; i < source->nkeys; i++)
	{
		schema.names[i] = source->key_names[i];
		schema.types[i] = source->key_types[i];
		schema.columns[i] = source->keys[i];
	}
	return schema;
}

const YsSourceIndex *
ys_source_index(const YsSource *source, const char *name)
{
	for (int i = 0; i < source->nindexes; i++)
		if (strcmp(source->indexes[i].info->name, name) == 0)
			return &source->indexes[i];
	return NULL;
}

static void
load_path(YsSourceColumn *column, List *options)
{
	const char *text = ys_option_get(options, "path");
	YsArena		arena;
	YsError		err;

	if (text == NULL)
	{
		column->path = ys_source_name_path(column->name, strlen(column->name));
		return;
	}
	/* the arena's blocks live as long as the context does */
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_path_parse(text, strlen(text), &arena, &column->path, &err))
		ys_error_throw(&err);
}

/* Are its values those of a key, one to one?  Then of which type. */
static bool
can_be_key(const YsSourceColumn *column, YsType *type)
{
	return ys_convert_key_type(column->type, type) &&
		!(column->type == NUMERICOID && column->typmod >= 0);
}

static void
load_key(YsSource *source, YsSourceColumn *column, const char *key)
{
	int			position = strcmp(key, "partition") == 0 ? 0 : 1;

	if (source->keys[position] != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
				 errmsg("columns \"%s\" and \"%s\" are both the %s key",
						source->keys[position]->name, column->name, key),
				 errdetail("An item has one partition key and at most one sort key."),
				 errhint("Use ALTER FOREIGN TABLE ... ALTER COLUMN ... OPTIONS (DROP key) on one of them.")));
	if (column->path.nsteps != 1)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("key column \"%s\" has a path of more than one step", column->name),
				 errdetail("A key is a top-level attribute."),
				 errhint("Make the path the attribute's name, or leave out option \"key\".")));
	if (!can_be_key(column, &source->key_types[position]))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" of type %s cannot be a key", column->name,
						format_type_with_typemod(column->type, column->typmod)),
				 errdetail("The store's keys are strings, numbers and binaries."),
				 errhint("Declare it text, varchar, smallint, integer, bigint, numeric without "
						 "precision, or bytea.")));
	column->key = position + 1;
	source->keys[position] = column;
	source->key_names[position] = column->path.steps[0].name;
	source->nkeys = Max(source->nkeys, position + 1);
}

static void
load_form(YsSourceColumn *column, bool typed, bool is_document)
{
	if (!typed)
		return;
	if (getBaseType(column->type) != JSONBOID)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" with typed values is of type %s", column->name,
						format_type_be(column->type)),
				 errdetail("Typed JSON is a tree of objects and arrays."),
				 errhint("Declare it jsonb, or leave out option \"encoding\".")));
	column->form = is_document ? YS_FORM_TYPED_ITEM : YS_FORM_TYPED;
}

static void
load_column(YsSource *source, Form_pg_attribute attribute)
{
	YsSourceColumn *column = &source->columns[attribute->attnum - 1];
	List	   *options;
	const char *key;
	const char *document;
	const char *field;
	bool		is_document = false;

	column->attnum = attribute->attnum;
	if (attribute->attisdropped)
	{
		column->kind = YS_COLUMN_DROPPED;
		return;
	}
	column->kind = YS_COLUMN_PATH;
	column->name = pstrdup(NameStr(attribute->attname));
	column->type = attribute->atttypid;
	column->typmod = attribute->atttypmod;
	column->collation = attribute->attcollation;
	column->not_null = attribute->attnotnull;

	options = GetForeignColumnOptions(source->relid, attribute->attnum);
	column->error_on_mismatch = option_is(options, "on_mismatch", "error");
	document = ys_option_get(options, "document");
	if (document != NULL)
		(void) parse_bool(document, &is_document);
	load_form(column, option_is(options, "encoding", "typed"), is_document);
	if (is_document)
	{
		if (column->type != JSONBOID)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
					 errmsg("document column \"%s\" is of type %s", column->name,
							format_type_be(column->type)),
					 errdetail("A document is a tree of maps and lists."),
					 errhint("Declare it jsonb.")));
		column->kind = YS_COLUMN_DOCUMENT;
		return;
	}
	field = ys_option_get(options, "field");
	if (field != NULL)
	{
		column->kind = YS_COLUMN_FIELD;
		ys_option_split_field(field, &column->policy, &column->field);
		return;
	}
	load_path(column, options);
	key = ys_option_get(options, "key");
	if (key != NULL)
		load_key(source, column, key);
}

/* What only shows when every column is known. */
static void
check_columns(YsSource *source, const char *relname)
{
	if (source->keys[0] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
				 errmsg("foreign table \"%s\" has no partition key", relname),
				 errdetail("The store finds an item by its key, so that a column must be it."),
				 errhint("Use ALTER FOREIGN TABLE %s ALTER COLUMN ... OPTIONS (ADD key 'partition').",
						 quote_identifier(relname))));
	if (source->nkeys == 2 && strcmp(source->key_names[0], source->key_names[1]) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
				 errmsg("columns \"%s\" and \"%s\" are keys of the same attribute \"%s\"",
						source->keys[0]->name, source->keys[1]->name, source->key_names[0]),
				 errdetail("Partition key and sort key are two attributes of an item."),
				 errhint("Give one of them option \"path\" with the other attribute's name.")));
	for (int i = 0; i < source->natts; i++)
	{
		YsSourceColumn *column = &source->columns[i];
		YsSourceColumn **document = column->form == YS_FORM_PLAIN ? &source->document :
			&source->typed_document;

		if (column->kind != YS_COLUMN_DOCUMENT)
			continue;
		if (*document != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
					 errmsg("columns \"%s\" and \"%s\" are both the document",
							(*document)->name, column->name),
					 errdetail("Two columns would hold the same item."),
					 errhint("Leave out option \"document\" of one of them: one may be plain, and one have encoding 'typed'.")));
		*document = column;
	}
}

/* The column that is a top-level attribute: the table's key, or the first that could be one. */
static const YsSourceColumn *
find_key_column(const YsSource *source, const char *name, YsType *type)
{
	for (int i = 0; i < source->nkeys; i++)
		if (strcmp(source->key_names[i], name) == 0)
		{
			*type = source->key_types[i];
			return source->keys[i];
		}
	for (int i = 0; i < source->natts; i++)
	{
		const YsSourceColumn *column = &source->columns[i];

		if (column->kind == YS_COLUMN_PATH && column->path.nsteps == 1 &&
			column->path.steps[0].name_len == strlen(name) &&
			memcmp(column->path.steps[0].name, name, strlen(name)) == 0 &&
			can_be_key(column, type))
			return column;
	}
	return NULL;
}

static void
load_indexes(YsSource *source, const char *option, const char *relname)
{
	List	   *declared = ys_secondary_parse(option);
	ListCell   *cell;

	source->indexes = palloc0(list_length(declared) * sizeof(YsSourceIndex));
	foreach(cell, declared)
	{
		const YsIndexInfo *info = lfirst(cell);
		YsSourceIndex *index = &source->indexes[source->nindexes++];

		if (info->local && strcmp(info->keys[0].name, source->key_names[0]) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("local index \"%s\" of foreign table \"%s\" has another partition key than the table",
							info->name, relname),
					 errdetail("It is declared by attribute \"%s\", and the table's partition key is \"%s\".",
							   info->keys[0].name, source->key_names[0]),
					 errhint("Correct it in option \"indexes\", or leave out \"local\".")));
		index->info = info;
		index->schema.nkeys = info->nkeys;
		for (int i = 0; i < info->nkeys; i++)
		{
			index->schema.names[i] = info->keys[i].name;
			index->schema.columns[i] = find_key_column(source, info->keys[i].name,
													   &index->schema.types[i]);
		}
	}
}

static int
compare_columns(const void *left, const void *right)
{
	const YsSourceColumn *a = *(const YsSourceColumn *const *) left;
	const YsSourceColumn *b = *(const YsSourceColumn *const *) right;
	int			order = ys_path_order(&a->path, &b->path);

	return order != 0 ? order : a->attnum - b->attnum;
}

static void
sort_columns(YsSource *source)
{
	source->by_path = palloc(Max(source->natts, 1) * sizeof(YsSourceColumn *));
	for (int i = 0; i < source->natts; i++)
		if (source->columns[i].kind == YS_COLUMN_PATH)
			source->by_path[source->npaths++] = &source->columns[i];
	qsort(source->by_path, source->npaths, sizeof(YsSourceColumn *), compare_columns);
}

static void
load_relation(YsSource *source, Relation relation)
{
	const char *relname = RelationGetRelationName(relation);
	TupleDesc	desc = RelationGetDescr(relation);
	ForeignTable *table = GetForeignTable(source->relid);
	ForeignServer *server = GetForeignServer(table->serverid);
	const char *name = ys_option_get(table->options, "table");
	const char *indexes;
	const char *detail;

	source->serverid = table->serverid;
	source->table = pstrdup(name != NULL ? name : relname);
	if (!ys_option_table_name(source->table, &detail))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("foreign table \"%s\" has a name the store's table cannot have", relname),
				 errdetail("%s", detail),
				 errhint("Name the store's table in option \"table\".")));
	source->consistent = ys_option_consistent(table->options,
											  ys_option_consistent(server->options, false));
	source->upsert = ys_option_upsert(table->options, ys_option_upsert(server->options, false));
	source->truncatable = ys_option_boolean(table->options, "truncatable",
											ys_option_boolean(server->options, "truncatable", false));
	source->allow_scan = ys_option_boolean(table->options, "allow_scan",
										   ys_option_boolean(server->options, "allow_scan", true));
	source->max_scan_pages = ys_option_integer(table->options, "max_scan_pages",
											   ys_option_integer(server->options,
																 "max_scan_pages", 0));
	source->scan_segments = ys_option_integer(table->options, "scan_segments",
											  ys_option_integer(server->options,
																"scan_segments", 0));
	source->max_staleness = ys_option_milliseconds(table->options, "max_staleness",
												   ys_option_milliseconds(server->options, "max_staleness",
																		  YS_MAX_STALENESS));
	source->stale_is_error = ys_option_stale_is_error(table->options,
													  ys_option_stale_is_error(server->options, false));
	source->async_capable = ys_option_boolean(table->options, "async_capable",
											  ys_option_boolean(server->options,
																"async_capable", false));
	source->natts = desc->natts;
	source->columns = palloc0(Max(desc->natts, 1) * sizeof(YsSourceColumn));
	for (int i = 0; i < desc->natts; i++)
		load_column(source, TupleDescAttr(desc, i));
	check_columns(source, relname);
	sort_columns(source);
	indexes = ys_option_get(table->options, "indexes");
	if (indexes != NULL)
		load_indexes(source, indexes, relname);
}

/* Throws unless it is a foreign table, and of a store. */
static void
check_relation(Relation relation)
{
	bool		is_foreign = relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE;
	Oid			serverid = is_foreign ?
		GetForeignTable(RelationGetRelid(relation))->serverid : InvalidOid;
	ForeignServer *server;

	if (is_foreign && ys_server_is_kind(serverid, YS_WRAPPER_STORE))
		return;
	server = is_foreign ? GetForeignServer(serverid) : NULL;
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" is not a foreign table of yottastore",
					RelationGetRelationName(relation)),
			 server == NULL ? errdetail("It is not a foreign table at all.") :
			 errdetail("Its server \"%s\" is of foreign-data wrapper \"%s\".", server->servername,
					   GetForeignDataWrapper(server->fdwid)->fdwname),
			 errhint("Use a table made by CREATE FOREIGN TABLE on a server of foreign-data "
					 "wrapper \"yottastore\".")));
}

bool
ys_source_is_key(const YsSource *source, const char *name, uint32_t len)
{
	for (int i = 0; i < source->nkeys; i++)
		if (strlen(source->key_names[i]) == len && memcmp(source->key_names[i], name, len) == 0)
			return true;
	return false;
}

void
ys_source_init_converter(const YsSourceColumn *column, YsConverter *converter,
						 MemoryContext context)
{
	ys_converter_init(converter, column->type, column->typmod, context);
	converter->form = column->form;
}

YsSource *
ys_source_load(Oid relid)
{
	YsSource   *source = palloc0(sizeof(YsSource));
	Relation	relation = relation_open(relid, AccessShareLock);

	source->relid = relid;
	check_relation(relation);
	load_relation(source, relation);
	relation_close(relation, AccessShareLock);
	return source;
}

Oid
ys_source_owner(Oid relid)
{
	Relation	relation = relation_open(relid, AccessShareLock);
	Oid			owner = relation->rd_rel->relowner;

	relation_close(relation, AccessShareLock);
	return owner;
}

List *
ys_source_computed_columns(Oid relid, const char *policy)
{
	Relation	relation = relation_open(relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(relation);
	List	   *columns = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		const char *field = attribute->attisdropped ? NULL :
			ys_option_get(GetForeignColumnOptions(relid, attribute->attnum), "field");
		char	   *by;
		char	   *of;

		if (field != NULL && ys_option_split_field(field, &by, &of) && strcmp(by, policy) == 0)
			columns = lappend(columns, pstrdup(NameStr(attribute->attname)));
	}
	relation_close(relation, AccessShareLock);
	return columns;
}

char *
ys_source_title(Oid relid)
{
	const char *name = get_rel_name(relid);

	return name == NULL ? pstrdup("a foreign table that is gone") :
		psprintf("foreign table %s", quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name));
}
