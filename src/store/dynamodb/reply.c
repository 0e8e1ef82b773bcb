/*-------------------------------------------------------------------------
 * reply.c
 *	  DynamoDB's replies about items, read in one pass.
 *
 * The members of all these replies differ in name where they differ in
 * meaning, so one visitor reads them all.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "store/dynamodb/dynamodb.h"

/* Values that come one by one. */
typedef struct YsValueList
{
	int			count;
	int			size;
	YsValue    *values;
} YsValueList;

typedef struct YsReplyVisit
{
	const YsAttributeFilter *filter;
	YsArena    *arena;
	YsReply    *reply;
	YsError    *err;
	YsValueList items;
	YsValueList unprocessed;	/* keys to get, or items to put */
	YsValueList deletes;		/* keys to delete */
} YsReplyVisit;

bool
ys_dynamodb_no_memory(YsError *err)
{
	return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory for the store's reply");
}

/* Say of bad data that it is the store's; returns false. */
static bool
blame_reply(YsError *err)
{
	YsError		why;

	if (err != NULL && err->code == YS_ERR_INVALID_DATA)
	{
		why = *err;
		ys_error_set(err, YS_ERR_INVALID_DATA, "the store's reply cannot be understood");
		ys_error_detail(err, "It is wrong in this: %s. %s", why.message, why.detail);
		ys_error_hint(err, YS_HINT_NODES);
	}
	return false;
}

bool
ys_dynamodb_visit(YsJsonReader *reader, const char *bytes, size_t len, YsJsonRootFn fn, void *arg,
				  YsError *err)
{
	return ys_json_read(reader, bytes, len, fn, arg, err) || blame_reply(err);
}

bool
ys_dynamodb_is_named(const char *name, size_t len, const char *expected)
{
	return strlen(expected) == len && memcmp(name, expected, len) == 0;
}

/* Decode an item to the end of a list. */
static bool
append_item(YsReplyVisit *visit, YsValueList *list, const YsAttributeFilter *filter,
			YsJsonNode *node)
{
	if (list->count == list->size)
	{
		int			larger = Max(list->size * 2, 16);
		YsValue    *values = ys_arena_alloc(visit->arena, larger * sizeof(YsValue));

		if (values == NULL)
			return ys_dynamodb_no_memory(visit->err);
		if (list->count > 0)
			memcpy(values, list->values, list->count * sizeof(YsValue));
		list->values = values;
		list->size = larger;
	}
	if (!ys_value_from_typed_json(node, filter, visit->arena, &list->values[list->count],
								  visit->err))
		return false;
	list->count++;
	return true;
}

static bool
on_item(void *arg, size_t index, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	(void) index;
	return append_item(visit, &visit->items, visit->filter, node);
}

/* BatchGetItem: the items of one table. */
static bool
on_table_items(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	(void) name;
	(void) len;
	return ys_json_each_element(node, on_item, visit, visit->err);
}

static bool
on_unprocessed_key(void *arg, size_t index, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	(void) index;
	return append_item(visit, &visit->unprocessed, NULL, node);
}

static bool
on_unprocessed_keys_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	if (!ys_dynamodb_is_named(name, len, "Keys"))
		return true;
	return ys_json_each_element(node, on_unprocessed_key, visit, visit->err);
}

static bool
on_table_unprocessed_keys(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	(void) name;
	(void) len;
	return ys_json_each_member(node, on_unprocessed_keys_member, visit, visit->err);
}

/* Inside a PutRequest or DeleteRequest. */
static bool
on_write_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	if (ys_dynamodb_is_named(name, len, "Item"))
		return append_item(visit, &visit->unprocessed, NULL, node);
	if (ys_dynamodb_is_named(name, len, "Key"))
		return append_item(visit, &visit->deletes, NULL, node);
	return true;
}

static bool
on_write(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	(void) name;
	(void) len;
	return ys_json_each_member(node, on_write_member, visit, visit->err);
}

static bool
on_unprocessed_write(void *arg, size_t index, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	(void) index;
	return ys_json_each_member(node, on_write, visit, visit->err);
}

static bool
on_table_unprocessed_writes(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	(void) name;
	(void) len;
	return ys_json_each_element(node, on_unprocessed_write, visit, visit->err);
}

/* The units of one table; a batch has a list of them. */
static bool
on_capacity_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;
	const char *digits;
	size_t		ndigits;
	double		units;

	if (!ys_dynamodb_is_named(name, len, "CapacityUnits"))
		return true;
	if (!ys_json_number(node, &digits, &ndigits, visit->err))
		return false;
	/* 1e999 is a number of JSON; added up it would never go away */
	units = strtod(digits, NULL);
	if (isfinite(units))
		visit->reply->units += units;
	return true;
}

static bool
on_capacity(void *arg, size_t index, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;

	(void) index;
	return ys_json_each_member(node, on_capacity_member, visit, visit->err);
}

static bool
read_count(YsReplyVisit *visit, YsJsonNode *node, int64_t *count)
{
	const char *digits;
	size_t		ndigits;

	if (!ys_json_number(node, &digits, &ndigits, visit->err))
		return false;
	*count = strtoll(digits, NULL, 10);
	return true;
}

/* A key to go on from; the end is told by none or by an empty one. */
static bool
read_last_key(YsReplyVisit *visit, YsJsonNode *node)
{
	YsValue    *key;

	if (ys_json_kind(node) == YS_JSON_NULL)
		return true;
	key = ys_arena_alloc(visit->arena, sizeof(YsValue));
	if (key == NULL)
		return ys_dynamodb_no_memory(visit->err);
	if (!ys_value_from_typed_json(node, NULL, visit->arena, key, visit->err))
		return false;
	visit->reply->last_key = key->len > 0 ? key : NULL;
	return true;
}

static bool
on_reply_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsReplyVisit *visit = arg;
	YsReply    *reply = visit->reply;

	if (ys_dynamodb_is_named(name, len, "Items"))
		return ys_json_each_element(node, on_item, visit, visit->err);
	if (ys_dynamodb_is_named(name, len, "Item") || ys_dynamodb_is_named(name, len, "Attributes"))
		return append_item(visit, &visit->items, visit->filter, node);
	if (ys_dynamodb_is_named(name, len, "Responses"))
		return ys_json_each_member(node, on_table_items, visit, visit->err);
	if (ys_dynamodb_is_named(name, len, "UnprocessedKeys"))
		return ys_json_each_member(node, on_table_unprocessed_keys, visit, visit->err);
	if (ys_dynamodb_is_named(name, len, "UnprocessedItems"))
		return ys_json_each_member(node, on_table_unprocessed_writes, visit, visit->err);
	if (ys_dynamodb_is_named(name, len, "Count"))
		return read_count(visit, node, &reply->count);
	if (ys_dynamodb_is_named(name, len, "ScannedCount"))
		return read_count(visit, node, &reply->scanned);
	if (ys_dynamodb_is_named(name, len, "LastEvaluatedKey"))
		return read_last_key(visit, node);
	if (ys_dynamodb_is_named(name, len, "ConsumedCapacity"))
		return ys_json_kind(node) == YS_JSON_ARRAY ?
			ys_json_each_element(node, on_capacity, visit, visit->err) :
			ys_json_each_member(node, on_capacity_member, visit, visit->err);
	return true;
}

static bool
on_reply(void *arg, YsJsonNode *root)
{
	YsReplyVisit *visit = arg;

	return ys_json_each_member(root, on_reply_member, visit, visit->err);
}

/* Put the second list behind the first. */
static bool
join_lists(YsArena *arena, const YsValueList *first, const YsValueList *second, YsReply *reply)
{
	int			count = first->count + second->count;

	reply->nunprocessed = count;
	reply->unprocessed = first->values;
	if (second->count == 0)
		return true;
	reply->unprocessed = ys_arena_alloc(arena, count * sizeof(YsValue));
	if (reply->unprocessed == NULL)
		return false;
	if (first->count > 0)
		memcpy(reply->unprocessed, first->values, first->count * sizeof(YsValue));
	memcpy(reply->unprocessed + first->count, second->values, second->count * sizeof(YsValue));
	return true;
}

bool
ys_dynamodb_read_reply(YsJsonReader *reader, const char *bytes, size_t len,
					   const YsAttributeFilter *filter, YsArena *arena,
					   YsReply *reply, YsError *err)
{
	YsReplyVisit visit = {.filter = filter, .arena = arena, .reply = reply, .err = err};

	if (!ys_dynamodb_visit(reader, bytes, len, on_reply, &visit, err))
		return false;
	reply->nitems = visit.items.count;
	reply->items = visit.items.values;
	reply->nunprocessed_puts = visit.unprocessed.count;
	if (!join_lists(arena, &visit.unprocessed, &visit.deletes, reply))
		return ys_dynamodb_no_memory(err);
	return true;
}

/* ---- pages, item by item ---- */

typedef struct YsPageVisit
{
	YsReplyVisit members;		/* all but the items */
	YsArena    *item_arena;
	YsValue    *item;
} YsPageVisit;

static bool
on_page_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsPageVisit *visit = arg;

	if (ys_dynamodb_is_named(name, len, "Items"))
		return ys_error_set(visit->members.err, YS_ERR_INVALID_DATA, "the items are not one list");
	return on_reply_member(&visit->members, name, len, node);
}

static bool
on_page_item(void *arg, YsJsonNode *node)
{
	YsPageVisit *visit = arg;

	return ys_value_from_typed_element(node, visit->members.filter, visit->item_arena, visit->item,
									   visit->members.err);
}

bool
ys_dynamodb_begin_page(YsJsonReader *reader, char *bytes, size_t len, YsArena *arena,
					   YsReply *reply, YsError *err)
{
	YsPageVisit visit = {.members = {.arena = arena, .reply = reply, .err = err}};

	return ys_json_begin_elements(reader, bytes, len, "Items", on_page_member, &visit, err) ||
		blame_reply(err);
}

bool
ys_dynamodb_next_item(YsJsonReader *reader, const YsAttributeFilter *filter, YsArena *arena,
					  YsReply *reply, YsArena *item_arena, YsValue *item, bool *more, YsError *err)
{
	YsPageVisit visit = {
		.members = {.filter = filter, .arena = arena, .reply = reply, .err = err},
		.item_arena = item_arena,
		.item = item
	};

	return ys_json_next_element(reader, on_page_item, on_page_member, &visit, more, err) ||
		blame_reply(err);
}
