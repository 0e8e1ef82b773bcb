/*-------------------------------------------------------------------------
 * table.c
 *	  DynamoDB's requests and replies about tables.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/dynamodb.h"
#include "store/dynamodb/print.h"

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

static void
begin_request(YsRequestText *request, YsMessage *message, const YsOperation *operation,
			  const char *table)
{
	message->operation = operation;
	message->table = table;
	ys_request_begin(request, &message->body);
	ys_request_string(request, "TableName", table);
}

void
ys_dynamodb_describe_table(YsMessage *message, const char *table)
{
	YsRequestText request;

	begin_request(&request, message, &describe_table, table);
	message->idempotent = true;
	ys_request_end(&request);
}

void
ys_dynamodb_drop_table(YsMessage *message, const char *table)
{
	YsRequestText request;

	begin_request(&request, message, &delete_table, table);
	ys_request_end(&request);
}

static const char *
key_tag(YsType type)
{
	for (size_t i = 0; i < lengthof(key_types); i++)
		if (key_types[i].type == type)
			return key_types[i].tag;
	return "";
}

/* A list of objects, one per key attribute, that say one thing of each. */
static void
add_keys(YsRequestText *request, const char *name, const char *what, bool types, int nkeys,
		 const YsKeyAttribute *keys)
{
	YsText	   *body = request->text;

	ys_request_name(request, name);
	for (int i = 0; i < nkeys; i++)
	{
		YsRequestText key;

		ys_text_add_cstring(body, i == 0 ? "[" : ",");
		ys_request_begin(&key, body);
		ys_request_string(&key, "AttributeName", keys[i].name);
		ys_request_string(&key, what, types ? key_tag(keys[i].type) : i == 0 ? "HASH" : "RANGE");
		ys_request_end(&key);
	}
	ys_text_add_cstring(body, "]");
}

void
ys_dynamodb_create_table(YsMessage *message, const char *table, int nkeys,
						 const YsKeyAttribute *keys, bool stream)
{
	YsRequestText request;

	begin_request(&request, message, &create_table, table);
	add_keys(&request, "AttributeDefinitions", "AttributeType", true, nkeys, keys);
	add_keys(&request, "KeySchema", "KeyType", false, nkeys, keys);
	ys_request_string(&request, "BillingMode", "PAY_PER_REQUEST");
	if (stream)
	{
		YsRequestText options;

		ys_request_name(&request, "StreamSpecification");
		ys_request_begin(&options, request.text);
		ys_request_bool(&options, "StreamEnabled", true);
		ys_request_string(&options, "StreamViewType", "NEW_AND_OLD_IMAGES");
		ys_request_end(&options);
	}
	ys_request_end(&request);
}

/* ---- the description ---- */

static bool
refuse_description(YsError *err)
{
	return ys_error_set(err, YS_ERR_INVALID_DATA,
						"the store's description of the table cannot be understood");
}

/* The type of a key attribute, from the list of definitions. */
static bool
find_key_type(const YsValue *definitions, const char *name, YsType *type)
{
	for (uint32_t i = 0; i < definitions->len; i++)
	{
		const char *defined = ys_dynamodb_text(&definitions->elements[i], "AttributeName");
		const char *tag = ys_dynamodb_text(&definitions->elements[i], "AttributeType");

		if (defined == NULL || tag == NULL || strcmp(defined, name) != 0)
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

/* The key attributes, partition key first whatever the store's order. */
static bool
read_keys(const YsValue *table, YsTableInfo *info)
{
	const YsValue *schema = ys_dynamodb_member(table, "KeySchema", YS_TYPE_LIST);
	const YsValue *definitions = ys_dynamodb_member(table, "AttributeDefinitions", YS_TYPE_LIST);

	if (schema == NULL || definitions == NULL || schema->len < 1 || schema->len > 2)
		return false;
	info->nkeys = (int) schema->len;
	for (uint32_t i = 0; i < schema->len; i++)
	{
		const char *name = ys_dynamodb_text(&schema->elements[i], "AttributeName");
		const char *role = ys_dynamodb_text(&schema->elements[i], "KeyType");
		YsKeyAttribute *key;

		if (name == NULL || role == NULL)
			return false;
		key = &info->keys[strcmp(role, "HASH") == 0 ? 0 : 1];
		key->name = name;
		if (!find_key_type(definitions, name, &key->type))
			return false;
	}
	return info->keys[0].name != NULL && (info->nkeys == 1 || info->keys[1].name != NULL);
}

bool
ys_dynamodb_read_table(YsJsonReader *reader, const char *bytes, size_t len, YsArena *arena,
					   YsTableInfo *info, YsError *err)
{
	YsValue		reply;
	const YsValue *table;
	const YsValue *stream;
	const YsValue *enabled;
	const char *status;

	memset(info, 0, sizeof(*info));
	if (!ys_dynamodb_read_tree(reader, bytes, len, arena, &reply, err))
		return false;
	table = ys_dynamodb_member(&reply, "Table", YS_TYPE_MAP);
	if (!read_keys(table, info))
		return refuse_description(err);
	status = ys_dynamodb_text(table, "TableStatus");
	info->active = status != NULL &&
		(strcmp(status, "ACTIVE") == 0 || strcmp(status, "UPDATING") == 0);
	info->item_count = ys_dynamodb_integer(table, "ItemCount");
	info->size_bytes = ys_dynamodb_integer(table, "TableSizeBytes");
	stream = ys_dynamodb_member(table, "StreamSpecification", YS_TYPE_MAP);
	enabled = ys_dynamodb_member(stream, "StreamEnabled", YS_TYPE_BOOL);
	if (enabled != NULL && enabled->boolean)
	{
		info->stream_id = ys_dynamodb_text(table, "LatestStreamArn");
		info->stream_view = ys_dynamodb_text(stream, "StreamViewType");
	}
	return true;
}
