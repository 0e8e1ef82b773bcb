/*-------------------------------------------------------------------------
 * table.c
 *	  DynamoDB's requests and replies about tables.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/control.h"
#include "store/dynamodb/dynamodb.h"

static const YsOperation list_tables = {.headers = YS_DYNAMODB_HEADERS("ListTables")};
static const YsOperation describe_table = {.headers = YS_DYNAMODB_HEADERS("DescribeTable")};
static const YsOperation create_table = {.headers = YS_DYNAMODB_HEADERS("CreateTable")};
static const YsOperation delete_table = {.headers = YS_DYNAMODB_HEADERS("DeleteTable")};

/* The types a key can have, and the store's names for them. */
static const struct
{
	YsType		type;
	const char *tag;
}			key_types[] = {
	{YS_TYPE_STRING, "S"},
	{YS_TYPE_NUMBER, "N"},
	{YS_TYPE_BINARY, "B"}
};

/* ---- requests ---- */

void
ys_dynamodb_list_tables(YsMessage *message, const char *after_table)
{
	message->operation = &list_tables;
	message->idempotent = true;
	ys_control_print(message, json_pack("{s:s*}", "ExclusiveStartTableName", after_table));
}

void
ys_dynamodb_describe_table(YsMessage *message, const char *table)
{
	message->operation = &describe_table;
	message->table = table;
	message->idempotent = true;
	ys_control_print(message, json_pack("{s:s}", "TableName", table));
}

static const char *
key_tag(YsType type)
{
	for (size_t i = 0; i < lengthof(key_types); i++)
		if (key_types[i].type == type)
			return key_types[i].tag;
	return "";
}

/* The type of a key attribute, from the list of definitions. */
static bool
find_key_type(const json_t *definitions, const char *name, YsType *type)
{
	size_t		i;
	json_t	   *definition;

	json_array_foreach(definitions, i, definition)
	{
		const char *defined;
		const char *tag;

		if (json_unpack(definition, "{s:s, s:s}", "AttributeName", &defined,
						"AttributeType", &tag) != 0 || strcmp(defined, name) != 0)
			continue;
		for (size_t j = 0; j < lengthof(key_types); j++)
			if (strcmp(tag, key_types[j].tag) == 0)
			{
				*type = key_types[j].type;
				return true;
			}
	}
	return false;
}

/*
 * Each of these returns NULL when out of memory.  What json_pack is given as an
 * object is released by it, and makes the result NULL when it is NULL.
 */

/* The schema: a list of objects that say each key attribute's role. */
static json_t *
pack_schema(int nkeys, const YsKeyAttribute *keys)
{
	if (nkeys == 1)
		return json_pack("[{s:s, s:s}]", "AttributeName", keys[0].name, "KeyType", "HASH");
	return json_pack("[{s:s, s:s}, {s:s, s:s}]", "AttributeName", keys[0].name, "KeyType", "HASH",
					 "AttributeName", keys[1].name, "KeyType", "RANGE");
}

/* Append definitions of those attributes that the list does not have; false: out of memory. */
static bool
define_keys(json_t *list, int nkeys, const YsKeyAttribute *keys)
{
	for (int i = 0; i < nkeys; i++)
	{
		YsType		defined;

		if (!find_key_type(list, keys[i].name, &defined) &&
			json_array_append_new(list, json_pack("{s:s, s:s}", "AttributeName", keys[i].name,
												  "AttributeType", key_tag(keys[i].type))) != 0)
			return false;
	}
	return true;
}

/* The definitions of all keys' attributes, each once. */
static json_t *
pack_definitions(const YsTableInfo *info)
{
	json_t	   *list = json_array();
	bool		ok = list != NULL && define_keys(list, info->nkeys, info->keys);

	for (int i = 0; ok && i < info->nindexes; i++)
		ok = define_keys(list, info->indexes[i].nkeys, info->indexes[i].keys);
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *
pack_projection(const YsIndexInfo *index)
{
	json_t	   *names;

	if (index->projection != YS_PROJECTION_INCLUDE)
		return json_pack("{s:s}", "ProjectionType",
						 index->projection == YS_PROJECTION_ALL ? "ALL" : "KEYS_ONLY");
	names = json_array();
	for (int i = 0; i < index->nincluded; i++)
		if (json_array_append_new(names, json_string(index->included[i])) != 0)
		{
			json_decref(names);
			return NULL;
		}
	return json_pack("{s:s, s:o}", "ProjectionType", "INCLUDE", "NonKeyAttributes", names);
}

/* Add a member with the table's indexes of one kind, if there are any; false: out of memory. */
static bool
add_indexes(json_t *request, const char *name, bool local, const YsTableInfo *info)
{
	json_t	   *list = json_array();
	bool		ok = list != NULL;

	for (int i = 0; ok && i < info->nindexes; i++)
	{
		const YsIndexInfo *index = &info->indexes[i];

		if (index->local == local)
			ok = json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "IndexName", index->name,
													   "KeySchema",
													   pack_schema(index->nkeys, index->keys),
													   "Projection", pack_projection(index))) == 0;
	}
	if (ok && json_array_size(list) > 0)
		return json_object_set_new(request, name, list) == 0;
	json_decref(list);
	return ok;
}

void
ys_dynamodb_create_table(YsMessage *message, const char *table, const YsTableInfo *info,
						 bool stream)
{
	json_t	   *request = json_pack("{s:s, s:o, s:o, s:s}", "TableName", table,
									"AttributeDefinitions", pack_definitions(info),
									"KeySchema", pack_schema(info->nkeys, info->keys),
									"BillingMode", "PAY_PER_REQUEST");

	if (!add_indexes(request, "GlobalSecondaryIndexes", false, info) ||
		!add_indexes(request, "LocalSecondaryIndexes", true, info) ||
		(stream && json_object_set_new(request, "StreamSpecification",
									   json_pack("{s:b, s:s}", "StreamEnabled", 1,
												 "StreamViewType", "NEW_AND_OLD_IMAGES")) != 0))
	{
		json_decref(request);
		request = NULL;
	}
	message->operation = &create_table;
	message->table = table;
	ys_control_print(message, request);
}

void
ys_dynamodb_delete_table(YsMessage *message, const char *table)
{
	message->operation = &delete_table;
	message->table = table;
	ys_control_print(message, json_pack("{s:s}", "TableName", table));
}

/* ---- the list ---- */

/* Append the page's names. */
static bool
read_names(json_t *reply, YsArena *arena, int *ntables, const char ***tables,
		   const char **next_table, YsError *err)
{
	json_t	   *list = json_object_get(reply, "TableNames");
	json_t	   *name;
	size_t		i;
	const char **all;

	if (!json_is_array(list))
		return ys_control_refuse("ListTables", err);
	all = ys_arena_alloc(arena, (*ntables + json_array_size(list) + 1) * sizeof(char *));
	if (all == NULL)
		return ys_dynamodb_no_memory(err);
	if (*ntables > 0)
		memcpy(all, *tables, *ntables * sizeof(char *));
	json_array_foreach(list, i, name)
	{
		if (!json_is_string(name))
			return ys_control_refuse("ListTables", err);
		all[*ntables + i] = ys_arena_copy(arena, json_string_value(name), json_string_length(name));
		if (all[*ntables + i] == NULL)
			return ys_dynamodb_no_memory(err);
	}
	*ntables += (int) json_array_size(list);
	*tables = all;
	if (!ys_control_copy(arena, reply, "LastEvaluatedTableName", next_table))
		return ys_dynamodb_no_memory(err);
	return true;
}

bool
ys_dynamodb_read_tables(const char *bytes, size_t len, YsArena *arena, int *ntables,
						const char ***tables, const char **next_table, YsError *err)
{
	json_t	   *reply = ys_control_load(bytes, len, err);
	bool		ok = reply != NULL && read_names(reply, arena, ntables, tables, next_table, err);

	json_decref(reply);
	return ok;
}

/* ---- the description ---- */

/* The key attributes, partition key first whatever the store's order; keys has room for two. */
static bool
read_keys(const json_t *schema, const json_t *definitions, YsArena *arena, int *nkeys,
		  YsKeyAttribute *keys, YsError *err)
{
	size_t		i;
	json_t	   *described;

	if (json_array_size(schema) < 1 || json_array_size(schema) > 2)
		return ys_control_refuse("DescribeTable", err);
	*nkeys = (int) json_array_size(schema);
	json_array_foreach(schema, i, described)
	{
		const char *name;
		const char *role;
		YsKeyAttribute *key;

		if (json_unpack(described, "{s:s, s:s}", "AttributeName", &name, "KeyType", &role) != 0)
			return ys_control_refuse("DescribeTable", err);
		key = &keys[strcmp(role, "HASH") == 0 ? 0 : 1];
		if (!find_key_type(definitions, name, &key->type))
			return ys_control_refuse("DescribeTable", err);
		if (!ys_control_copy(arena, described, "AttributeName", &key->name))
			return ys_dynamodb_no_memory(err);
	}
	if (keys[0].name == NULL || (*nkeys == 2 && keys[1].name == NULL))
		return ys_control_refuse("DescribeTable", err);
	return true;
}

static bool
read_projection(const json_t *described, YsArena *arena, YsIndexInfo *index, YsError *err)
{
	const json_t *names = json_object_get(described, "NonKeyAttributes");
	const char *type = json_string_value(json_object_get(described, "ProjectionType"));

	if (type == NULL)
		return ys_control_refuse("DescribeTable", err);
	index->projection = strcmp(type, "ALL") == 0 ? YS_PROJECTION_ALL :
		strcmp(type, "INCLUDE") == 0 ? YS_PROJECTION_INCLUDE : YS_PROJECTION_KEYS;
	index->included = ys_arena_alloc(arena, (json_array_size(names) + 1) * sizeof(char *));
	if (index->included == NULL)
		return ys_dynamodb_no_memory(err);
	for (size_t i = 0; i < json_array_size(names); i++)
	{
		const json_t *name = json_array_get(names, i);

		if (!json_is_string(name))
			return ys_control_refuse("DescribeTable", err);
		index->included[i] = ys_arena_copy(arena, json_string_value(name),
										   json_string_length(name));
		if (index->included[i] == NULL)
			return ys_dynamodb_no_memory(err);
		index->nincluded++;
	}
	return true;
}

/* Append the indexes of one kind; the others' list has room for them. */
static bool
read_indexes(const json_t *list, bool local, const json_t *definitions, YsArena *arena,
			 YsTableInfo *info, YsError *err)
{
	for (size_t i = 0; i < json_array_size(list); i++)
	{
		YsIndexInfo *index = &info->indexes[info->nindexes++];
		const json_t *described = json_array_get(list, i);
		const char *status = json_string_value(json_object_get(described, "IndexStatus"));

		memset(index, 0, sizeof(*index));
		index->local = local;
		/* a local one is made with its table */
		index->active = local || (status != NULL && (strcmp(status, "ACTIVE") == 0 ||
													 strcmp(status, "UPDATING") == 0));
		if (!ys_control_copy(arena, described, "IndexName", &index->name))
			return ys_dynamodb_no_memory(err);
		if (index->name == NULL)
			return ys_control_refuse("DescribeTable", err);
		if (!read_keys(json_object_get(described, "KeySchema"), definitions, arena,
					   &index->nkeys, index->keys, err) ||
			!read_projection(json_object_get(described, "Projection"), arena, index, err))
			return false;
	}
	return true;
}

static bool
read_all_indexes(const json_t *table, const json_t *definitions, YsArena *arena,
				 YsTableInfo *info, YsError *err)
{
	const json_t *global = json_object_get(table, "GlobalSecondaryIndexes");
	const json_t *local = json_object_get(table, "LocalSecondaryIndexes");

	info->indexes = ys_arena_alloc(arena, (json_array_size(global) + json_array_size(local) + 1) *
								   sizeof(YsIndexInfo));
	if (info->indexes == NULL)
		return ys_dynamodb_no_memory(err);
	return read_indexes(global, false, definitions, arena, info, err) &&
		read_indexes(local, true, definitions, arena, info, err);
}

/* The member's value, or -1 where there is no such number. */
static int64_t
read_size(const json_t *table, const char *name)
{
	const json_t *number = json_object_get(table, name);

	return json_is_integer(number) ? (int64_t) json_integer_value(number) : -1;
}

static bool
read_description(json_t *reply, YsArena *arena, YsTableInfo *info, YsError *err)
{
	json_t	   *table;
	json_t	   *schema;
	json_t	   *definitions;
	const json_t *stream;
	const char *status;

	table = json_object_get(reply, "Table");
	if (json_unpack(table, "{s:o, s:o}", "KeySchema", &schema,
					"AttributeDefinitions", &definitions) != 0)
		return ys_control_refuse("DescribeTable", err);
	if (!read_keys(schema, definitions, arena, &info->nkeys, info->keys, err) ||
		!read_all_indexes(table, definitions, arena, info, err))
		return false;
	status = json_string_value(json_object_get(table, "TableStatus"));
	info->active = status != NULL &&
		(strcmp(status, "ACTIVE") == 0 || strcmp(status, "UPDATING") == 0);
	info->item_count = read_size(table, "ItemCount");
	info->size_bytes = read_size(table, "TableSizeBytes");
	stream = json_object_get(table, "StreamSpecification");
	if (json_is_true(json_object_get(stream, "StreamEnabled")) &&
		(!ys_control_copy(arena, table, "LatestStreamArn", &info->stream_id) ||
		 !ys_control_copy(arena, stream, "StreamViewType", &info->stream_view)))
		return ys_dynamodb_no_memory(err);
	return true;
}

bool
ys_dynamodb_read_table(const char *bytes, size_t len, YsArena *arena, YsTableInfo *info,
					   YsError *err)
{
	json_t	   *reply = ys_control_load(bytes, len, err);
	bool		ok;

	memset(info, 0, sizeof(*info));
	ok = reply != NULL && read_description(reply, arena, info, err);
	json_decref(reply);
	return ok;
}
