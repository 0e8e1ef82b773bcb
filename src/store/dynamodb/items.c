/*-------------------------------------------------------------------------
 * items.c
 *	  DynamoDB's requests about items.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "store/dynamodb/dynamodb.h"
#include "store/dynamodb/print.h"

static const YsOperation get_item = {
	.headers = YS_DYNAMODB_HEADERS("GetItem"), .reads = true
};
static const YsOperation batch_get_item = {
	.headers = YS_DYNAMODB_HEADERS("BatchGetItem"), .reads = true
};
static const YsOperation query = {
	.headers = YS_DYNAMODB_HEADERS("Query"), .reads = true
};
static const YsOperation scan = {
	.headers = YS_DYNAMODB_HEADERS("Scan"), .reads = true
};
static const YsOperation put_item = {
	.headers = YS_DYNAMODB_HEADERS("PutItem"), .writes = true
};
static const YsOperation update_item = {
	.headers = YS_DYNAMODB_HEADERS("UpdateItem"), .writes = true
};
static const YsOperation delete_item = {
	.headers = YS_DYNAMODB_HEADERS("DeleteItem"), .writes = true
};
static const YsOperation batch_write_item = {
	.headers = YS_DYNAMODB_HEADERS("BatchWriteItem"), .writes = true
};

/* ---- what several requests have in common ---- */

static void
begin_request(YsRequestText *request, YsAliases *aliases, YsMessage *message,
			  const YsOperation *operation, const char *table)
{
	message->operation = operation;
	message->table = table;
	ys_aliases_init(aliases, message->body.arena);
	ys_request_begin(request, &message->body);
	ys_request_string(request, "TableName", table);
}

static void
end_request(YsRequestText *request, YsAliases *aliases)
{
	ys_request_aliases(request, aliases);
	ys_request_string(request, "ReturnConsumedCapacity", "TOTAL");
	ys_request_end(request);
}

/*
 * Requests about one partition go to one node, whatever they do there: its items are on the same
 * nodes of the store, and are in the caches of the one that is asked.
 */
static void
set_affinity(YsMessage *message, const YsValue *partition)
{
	const char *name = "";
	YsMember	member = {.name = name, .value = *partition};
	YsValue		map = {.type = YS_TYPE_MAP, .len = 1, .members = &member};
	YsText		text;

	/* equal numbers may be written differently */
	ys_text_init(&text, message->body.arena);
	if (!ys_value_canonical_key(&text, &map, 1, &name, NULL) || text.failed)
		return;
	message->has_affinity = true;
	message->affinity = hash_bytes((const unsigned char *) text.bytes, (int) text.len);
}

/* The item's key, whose first member is that of the partition. */
static void
add_key(YsRequestText *request, YsMessage *message, const YsValue *key)
{
	ys_request_item(request, "Key", key);
	set_affinity(message, &key->members[0].value);
}

/* The one partition a key condition is about. */
static void
set_query_affinity(YsMessage *message, const YsExpr *condition)
{
	if (condition->kind == YS_EXPR_AND)
		condition = condition->args[0];
	if (condition->kind == YS_EXPR_EQ)
		set_affinity(message, &condition->values[0]);
}

/* What to write where, under which condition: as expressions, or else in the older form. */
static bool
add_change(YsRequestText *request, YsAliases *aliases, int nassignments,
		   const YsAssignment *assignments, const YsExpr *condition, YsError *err)
{
	YsText	   *text = request->text;
	size_t		before = text->len;
	YsError		why;

	if (ys_request_update(request, nassignments, assignments, aliases, &why) &&
		ys_request_condition(request, "ConditionExpression", condition, aliases, &why))
		return true;
	if (why.code != YS_ERR_TOO_LARGE || !ys_legacy_can(nassignments, assignments, condition))
	{
		if (err != NULL)
			*err = why;
		return false;
	}
	text->len = before;
	text->bytes[before] = '\0';
	ys_aliases_init(aliases, aliases->arena);
	ys_legacy_add(request, nassignments, assignments, condition);
	return true;
}

/* The end of a write: what it returns, and whether it may be repeated. */
static void
end_write(YsRequestText *request, YsAliases *aliases, YsMessage *message,
		  const YsExpr *condition, YsReturnItem ret)
{
	if (ret != YS_RETURN_NONE)
		ys_request_string(request, "ReturnValues", ret == YS_RETURN_OLD ? "ALL_OLD" : "ALL_NEW");
	message->idempotent = condition == NULL && ret != YS_RETURN_OLD;
	end_request(request, aliases);
}

static bool
refuse_new_item(YsReturnItem ret, YsError *err)
{
	if (ret != YS_RETURN_NEW)
		return false;
	ys_error_set(err, YS_ERR_INVALID_OPTION, "only an update can return the new item");
	return true;
}

static bool
check_batch(int count, int most, YsError *err)
{
	if (count >= 1 && count <= most)
		return true;
	return ys_error_set(err, YS_ERR_TOO_LARGE, "a batch of %d is not between 1 and %d", count, most);
}

/* ---- reading ---- */

bool
ys_dynamodb_get_item(YsMessage *message, const char *table, const YsValue *key,
					 const YsAttributeFilter *projection, bool consistent, YsError *err)
{
	YsRequestText request;
	YsAliases	aliases;

	begin_request(&request, &aliases, message, &get_item, table);
	message->idempotent = true;
	add_key(&request, message, key);
	if (consistent)
		ys_request_bool(&request, "ConsistentRead", true);
	if (!ys_request_projection(&request, projection, &aliases, err))
		return false;
	end_request(&request, &aliases);
	return true;
}

bool
ys_dynamodb_batch_get(YsMessage *message, const char *table, int nkeys, const YsValue *keys,
					  const YsAttributeFilter *projection, bool consistent, YsError *err)
{
	YsText	   *body = &message->body;
	YsRequestText request;
	YsRequestText tables;
	YsRequestText wanted;
	YsAliases	aliases;

	if (!check_batch(nkeys, YS_BATCH_GET_MAX, err))
		return false;
	message->operation = &batch_get_item;
	message->table = table;
	message->idempotent = true;
	ys_aliases_init(&aliases, body->arena);
	ys_request_begin(&request, body);
	ys_request_name(&request, "RequestItems");
	ys_request_begin(&tables, body);
	ys_request_name(&tables, table);
	ys_request_begin(&wanted, body);
	ys_request_name(&wanted, "Keys");
	for (int i = 0; i < nkeys; i++)
	{
		ys_text_add_cstring(body, i == 0 ? "[" : ",");
		ys_value_print_item(body, &keys[i]);
	}
	ys_text_add_cstring(body, "]");
	if (consistent)
		ys_request_bool(&wanted, "ConsistentRead", true);
	if (!ys_request_projection(&wanted, projection, &aliases, err))
		return false;
	ys_request_aliases(&wanted, &aliases);
	ys_request_end(&wanted);
	ys_request_end(&tables);
	ys_request_string(&request, "ReturnConsumedCapacity", "TOTAL");
	ys_request_end(&request);
	return true;
}

bool
ys_dynamodb_page(YsMessage *message, const YsPageRequest *page, YsError *err)
{
	bool		is_query = page->key_condition != NULL;
	YsRequestText request;
	YsAliases	aliases;

	begin_request(&request, &aliases, message, is_query ? &query : &scan, page->table);
	message->idempotent = true;
	if (is_query)
		set_query_affinity(message, page->key_condition);
	if (page->index != NULL)
		ys_request_string(&request, "IndexName", page->index);
	if (page->consistent)
		ys_request_bool(&request, "ConsistentRead", true);
	if (is_query && page->backward)
		ys_request_bool(&request, "ScanIndexForward", false);
	if (page->limit > 0)
		ys_request_int(&request, "Limit", page->limit);
	if (!is_query && page->total_segments > 1)
	{
		ys_request_int(&request, "Segment", page->segment);
		ys_request_int(&request, "TotalSegments", page->total_segments);
	}
	if (page->start_key != NULL)
		ys_request_item(&request, "ExclusiveStartKey", page->start_key);
	if (page->count_only)
		ys_request_string(&request, "Select", "COUNT");
	else if (page->index != NULL && page->projection == NULL)
		/* whole items: an index that has less must refuse, and not send less */
		ys_request_string(&request, "Select", "ALL_ATTRIBUTES");
	if (!ys_request_condition(&request, "KeyConditionExpression", page->key_condition, &aliases,
							  err) ||
		!ys_request_condition(&request, "FilterExpression", page->filter, &aliases, err) ||
		!ys_request_projection(&request, page->count_only ? NULL : page->projection, &aliases, err))
		return false;
	end_request(&request, &aliases);
	return true;
}

/* ---- writing ---- */

bool
ys_dynamodb_put_item(YsMessage *message, const char *table, const YsValue *item,
					 const char *partition_key, const YsExpr *condition, YsReturnItem ret,
					 YsError *err)
{
	const YsValue *partition = ys_value_member(item, partition_key, strlen(partition_key));
	YsRequestText request;
	YsAliases	aliases;

	if (refuse_new_item(ret, err))
		return false;
	begin_request(&request, &aliases, message, &put_item, table);
	ys_request_item(&request, "Item", item);
	if (partition != NULL)
		set_affinity(message, partition);
	if (!add_change(&request, &aliases, 0, NULL, condition, err))
		return false;
	end_write(&request, &aliases, message, condition, ret);
	return true;
}

bool
ys_dynamodb_update_item(YsMessage *message, const char *table, const YsValue *key,
						int nassignments, const YsAssignment *assignments,
						const YsExpr *condition, YsReturnItem ret, YsError *err)
{
	YsRequestText request;
	YsAliases	aliases;

	begin_request(&request, &aliases, message, &update_item, table);
	add_key(&request, message, key);
	if (!add_change(&request, &aliases, nassignments, assignments, condition, err))
		return false;
	end_write(&request, &aliases, message, condition, ret);
	return true;
}

bool
ys_dynamodb_delete_item(YsMessage *message, const char *table, const YsValue *key,
						const YsExpr *condition, YsReturnItem ret, YsError *err)
{
	YsRequestText request;
	YsAliases	aliases;

	if (refuse_new_item(ret, err))
		return false;
	begin_request(&request, &aliases, message, &delete_item, table);
	add_key(&request, message, key);
	if (!add_change(&request, &aliases, 0, NULL, condition, err))
		return false;
	end_write(&request, &aliases, message, condition, ret);
	return true;
}

/* [before and behind] each item of one kind of a batch; any: something stands before it. */
static void
add_writes(YsText *body, const char *before, int count, const YsValue *items, bool any)
{
	for (int i = 0; i < count; i++)
	{
		ys_text_add_cstring(body, any || i > 0 ? "," : "");
		ys_text_add_cstring(body, before);
		ys_value_print_item(body, &items[i]);
		ys_text_add_cstring(body, "}}");
	}
}

bool
ys_dynamodb_batch_write(YsMessage *message, const char *table, int nputs, const YsValue *puts,
						int ndeletes, const YsValue *delete_keys, YsError *err)
{
	YsText	   *body = &message->body;
	YsRequestText request;
	YsRequestText tables;

	if (!check_batch(nputs + ndeletes, YS_BATCH_WRITE_MAX, err))
		return false;
	message->operation = &batch_write_item;
	message->table = table;
	message->idempotent = true;
	ys_request_begin(&request, body);
	ys_request_name(&request, "RequestItems");
	ys_request_begin(&tables, body);
	ys_request_name(&tables, table);
	ys_text_add_cstring(body, "[");
	add_writes(body, "{\"PutRequest\":{\"Item\":", nputs, puts, false);
	add_writes(body, "{\"DeleteRequest\":{\"Key\":", ndeletes, delete_keys, nputs > 0);
	ys_text_add_cstring(body, "]");
	ys_request_end(&tables);
	ys_request_string(&request, "ReturnConsumedCapacity", "TOTAL");
	ys_request_end(&request);
	return true;
}
