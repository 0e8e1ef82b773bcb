/*-------------------------------------------------------------------------
 * stream.c
 *	  DynamoDB Streams: requests and replies.
 *
 * A record is handed on as the bytes the store sent: of its content only
 * what the relay needs is read.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/control.h"
#include "store/dynamodb/dynamodb.h"
#include "store/dynamodb/print.h"

#define STREAMS_HOST	"streams."

static const YsOperation describe_stream = {
	.headers = YS_STREAMS_HEADERS("DescribeStream"), .host_prefix = STREAMS_HOST
};
static const YsOperation get_shard_iterator = {
	.headers = YS_STREAMS_HEADERS("GetShardIterator"), .host_prefix = STREAMS_HOST
};
static const YsOperation get_records = {
	.headers = YS_STREAMS_HEADERS("GetRecords"), .host_prefix = STREAMS_HOST
};

/* ---- requests ---- */

void
ys_dynamodb_describe_stream(YsMessage *message, const char *stream_id, const char *after_shard)
{
	message->operation = &describe_stream;
	message->idempotent = true;
	ys_control_print(message, json_pack("{s:s, s:s*}", "StreamArn", stream_id,
										"ExclusiveStartShardId", after_shard));
}

void
ys_dynamodb_stream_iterator(YsMessage *message, const char *stream_id, const char *shard_id,
							YsIteratorType type, const char *sequence)
{
	static const char *const names[] = {
		[YS_ITERATOR_TRIM_HORIZON] = "TRIM_HORIZON",
		[YS_ITERATOR_LATEST] = "LATEST",
		[YS_ITERATOR_AFTER] = "AFTER_SEQUENCE_NUMBER",
		[YS_ITERATOR_AT] = "AT_SEQUENCE_NUMBER"
	};
	bool		at_sequence = type == YS_ITERATOR_AFTER || type == YS_ITERATOR_AT;

	message->operation = &get_shard_iterator;
	message->idempotent = true;
	ys_control_print(message, json_pack("{s:s, s:s, s:s, s:s*}", "StreamArn", stream_id,
										"ShardId", shard_id, "ShardIteratorType", names[type],
										"SequenceNumber", at_sequence ? sequence : NULL));
}

void
ys_dynamodb_stream_records(YsMessage *message, const char *iterator, int limit)
{
	YsRequestText request;

	message->operation = &get_records;
	message->idempotent = true;
	ys_request_begin(&request, &message->body);
	ys_request_string(&request, "ShardIterator", iterator);
	if (limit > 0)
		ys_request_int(&request, "Limit", limit);
	ys_request_end(&request);
}

/* ---- shards and iterators ---- */

/* One shard's members; false when its name is missing, or out of memory. */
static bool
read_shard(const json_t *described, YsArena *arena, YsShard *shard, YsError *err)
{
	const json_t *range = json_object_get(described, "SequenceNumberRange");

	if (!ys_control_copy(arena, described, "ShardId", &shard->shard_id) ||
		!ys_control_copy(arena, described, "ParentShardId", &shard->parent_id) ||
		!ys_control_copy(arena, range, "StartingSequenceNumber", &shard->first_sequence) ||
		!ys_control_copy(arena, range, "EndingSequenceNumber", &shard->last_sequence))
		return ys_dynamodb_no_memory(err);
	return shard->shard_id != NULL || ys_control_refuse("DescribeStream", err);
}

/* Append the page's shards; what else it tells of the stream is the same on each page. */
static bool
read_page(json_t *reply, YsArena *arena, YsStreamInfo *info, const char **next_shard, YsError *err)
{
	json_t	   *description;
	json_t	   *list;
	json_t	   *described;
	size_t		i;
	YsShard    *all;

	description = json_object_get(reply, "StreamDescription");
	list = json_object_get(description, "Shards");
	if (!json_is_array(list))
		return ys_control_refuse("DescribeStream", err);
	info->created_at = (int64_t) json_number_value(json_object_get(description, "CreationRequestDateTime"));
	all = ys_arena_alloc_zero(arena, (info->nshards + json_array_size(list)) * sizeof(YsShard));
	if (all == NULL)
		return ys_dynamodb_no_memory(err);
	if (info->nshards > 0)
		memcpy(all, info->shards, info->nshards * sizeof(YsShard));
	json_array_foreach(list, i, described)
	{
		if (!read_shard(described, arena, &all[info->nshards + i], err))
			return false;
	}
	info->shards = all;
	info->nshards += (int) json_array_size(list);
	return ys_control_copy(arena, description, "LastEvaluatedShardId", next_shard) ||
		ys_dynamodb_no_memory(err);
}

bool
ys_dynamodb_read_shards(const char *bytes, size_t len, YsArena *arena, YsStreamInfo *info,
						const char **next_shard, YsError *err)
{
	json_t	   *reply = ys_control_load(bytes, len, err);
	bool		ok = reply != NULL && read_page(reply, arena, info, next_shard, err);

	json_decref(reply);
	return ok;
}

bool
ys_dynamodb_read_iterator(const char *bytes, size_t len, YsArena *arena, const char **iterator,
						  YsError *err)
{
	json_t	   *reply = ys_control_load(bytes, len, err);
	bool		copied;

	if (reply == NULL)
		return false;
	copied = ys_control_copy(arena, reply, "ShardIterator", iterator);
	json_decref(reply);
	if (!copied)
		return ys_dynamodb_no_memory(err);
	return *iterator != NULL || ys_control_refuse("GetShardIterator", err);
}

/* ---- records ---- */

typedef struct YsRecordVisit
{
	YsArena    *arena;
	YsStreamPage *page;
	int			size;			/* of page->records */
	YsStreamRecord *record;		/* the one being read */
	YsValue		keys;			/* its key attributes */
	YsError    *err;
} YsRecordVisit;

/* First pass: where each record begins and ends. */
static bool
on_record(void *arg, size_t index, YsJsonNode *node)
{
	YsRecordVisit *visit = arg;
	YsStreamPage *page = visit->page;
	YsStreamRecord *record;

	(void) index;
	if (page->nrecords == visit->size)
	{
		int			larger = Max(visit->size * 2, 64);
		YsStreamRecord *records = ys_arena_alloc(visit->arena, larger * sizeof(YsStreamRecord));

		if (records == NULL)
			return ys_dynamodb_no_memory(visit->err);
		if (page->nrecords > 0)
			memcpy(records, page->records, page->nrecords * sizeof(YsStreamRecord));
		page->records = records;
		visit->size = larger;
	}
	record = &page->records[page->nrecords];
	memset(record, 0, sizeof(*record));
	if (!ys_json_raw(node, &record->bytes, &record->len, visit->err))
		return false;
	page->nrecords++;
	return true;
}

static bool
on_page_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsRecordVisit *visit = arg;
	const char *bytes;
	size_t		nbytes;

	if (ys_dynamodb_is_named(name, len, "Records"))
		return ys_json_each_element(node, on_record, visit, visit->err);
	if (!ys_dynamodb_is_named(name, len, "NextShardIterator") || ys_json_kind(node) == YS_JSON_NULL)
		return true;
	if (!ys_json_string(node, &bytes, &nbytes, visit->err))
		return false;
	visit->page->next_iterator = ys_arena_copy(visit->arena, bytes, nbytes);
	return visit->page->next_iterator != NULL || ys_dynamodb_no_memory(visit->err);
}

static bool
on_page(void *arg, YsJsonNode *root)
{
	YsRecordVisit *visit = arg;

	return ys_json_each_member(root, on_page_member, visit, visit->err);
}

/* Second pass: a record's own members, which all stand in "dynamodb". */
static bool
on_change_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsRecordVisit *visit = arg;
	YsStreamRecord *record = visit->record;
	const char *bytes;
	size_t		nbytes;

	if (ys_dynamodb_is_named(name, len, "Keys"))
		return ys_value_from_typed_json(node, NULL, visit->arena, &visit->keys, visit->err);
	if (ys_dynamodb_is_named(name, len, "SequenceNumber"))
	{
		if (!ys_json_string(node, &bytes, &nbytes, visit->err))
			return false;
		record->sequence = ys_arena_copy(visit->arena, bytes, nbytes);
		return record->sequence != NULL || ys_dynamodb_no_memory(visit->err);
	}
	if (ys_dynamodb_is_named(name, len, "ApproximateCreationDateTime"))
	{
		/* seconds, which some stores write with a fraction or an exponent */
		if (!ys_json_number(node, &bytes, &nbytes, visit->err))
			return false;
		record->created_at = (int64_t) strtod(bytes, NULL);
	}
	return true;
}

static bool
on_record_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	YsRecordVisit *visit = arg;

	if (!ys_dynamodb_is_named(name, len, "dynamodb"))
		return true;
	return ys_json_each_member(node, on_change_member, visit, visit->err);
}

static bool
on_record_root(void *arg, YsJsonNode *root)
{
	YsRecordVisit *visit = arg;

	return ys_json_each_member(root, on_record_member, visit, visit->err);
}

static bool
read_record(YsJsonReader *reader, YsRecordVisit *visit, YsStreamRecord *record,
			int nkeys, const char *const *key_names)
{
	YsText		key;

	visit->record = record;
	visit->keys = (YsValue) {.type = YS_TYPE_MAP};
	if (!ys_dynamodb_visit(reader, record->bytes, record->len, on_record_root, visit, visit->err))
		return false;
	if (record->sequence == NULL)
		return ys_control_refuse("GetRecords", visit->err);
	ys_text_init(&key, visit->arena);
	if (!ys_value_canonical_key(&key, &visit->keys, nkeys, key_names, visit->err))
		return false;
	if (key.failed)
		return ys_dynamodb_no_memory(visit->err);
	record->key = key.bytes;
	record->key_len = key.len;
	return true;
}

bool
ys_dynamodb_read_records(YsJsonReader *reader, const char *bytes, size_t len,
						 int nkeys, const char *const *key_names, YsArena *arena,
						 YsStreamPage *page, YsError *err)
{
	YsRecordVisit visit = {.arena = arena, .page = page, .err = err};
	char	   *copy;

	/* The records outlive the reply: they point into a copy, padding and all. */
	memset(page, 0, sizeof(*page));
	copy = ys_arena_alloc(arena, len + YS_JSON_PADDING);
	if (copy == NULL)
		return ys_dynamodb_no_memory(err);
	memcpy(copy, bytes, len + YS_JSON_PADDING);
	if (!ys_dynamodb_visit(reader, copy, len, on_page, &visit, err))
		return false;
	for (int i = 0; i < page->nrecords; i++)
		if (!read_record(reader, &visit, &page->records[i], nkeys, key_names))
			return false;
	return true;
}
