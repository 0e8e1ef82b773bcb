/*-------------------------------------------------------------------------
 * stream.c
 *	  DynamoDB Streams: requests and replies.
 *
 * A record is handed on as the bytes the store sent: of its content only
 * what the relay needs is read.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

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

static void
begin_request(YsRequestText *request, YsMessage *message, const YsOperation *operation)
{
	message->operation = operation;
	message->idempotent = true;
	ys_request_begin(request, &message->body);
}

void
ys_dynamodb_describe_stream(YsMessage *message, const char *stream_id, const char *after_shard)
{
	YsRequestText request;

	begin_request(&request, message, &describe_stream);
	ys_request_string(&request, "StreamArn", stream_id);
	if (after_shard != NULL)
		ys_request_string(&request, "ExclusiveStartShardId", after_shard);
	ys_request_end(&request);
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
	YsRequestText request;

	begin_request(&request, message, &get_shard_iterator);
	ys_request_string(&request, "StreamArn", stream_id);
	ys_request_string(&request, "ShardId", shard_id);
	ys_request_string(&request, "ShardIteratorType", names[type]);
	if (type == YS_ITERATOR_AFTER || type == YS_ITERATOR_AT)
		ys_request_string(&request, "SequenceNumber", sequence);
	ys_request_end(&request);
}

void
ys_dynamodb_stream_records(YsMessage *message, const char *iterator, int limit)
{
	YsRequestText request;

	begin_request(&request, message, &get_records);
	ys_request_string(&request, "ShardIterator", iterator);
	if (limit > 0)
		ys_request_int(&request, "Limit", limit);
	ys_request_end(&request);
}

/* ---- shards and iterators ---- */

static bool
refuse_reply(const char *operation, YsError *err)
{
	return ys_error_set(err, YS_ERR_INVALID_DATA, "the store's reply to %s cannot be understood",
						operation);
}

bool
ys_dynamodb_read_shards(YsJsonReader *reader, const char *bytes, size_t len, YsArena *arena,
						int *nshards, YsShard **shards, const char **next_shard, YsError *err)
{
	YsValue		reply;
	const YsValue *description;
	const YsValue *list;
	YsShard    *all;

	if (!ys_dynamodb_read_tree(reader, bytes, len, arena, &reply, err))
		return false;
	description = ys_dynamodb_member(&reply, "StreamDescription", YS_TYPE_MAP);
	list = ys_dynamodb_member(description, "Shards", YS_TYPE_LIST);
	if (list == NULL)
		return refuse_reply("DescribeStream", err);
	all = ys_arena_alloc_zero(arena, (*nshards + list->len) * sizeof(YsShard));
	if (all == NULL)
		return ys_dynamodb_no_memory(err);
	if (*nshards > 0)
		memcpy(all, *shards, *nshards * sizeof(YsShard));
	for (uint32_t i = 0; i < list->len; i++)
	{
		const YsValue *described = &list->elements[i];
		const YsValue *range = ys_dynamodb_member(described, "SequenceNumberRange", YS_TYPE_MAP);
		YsShard    *shard = &all[*nshards + i];

		shard->shard_id = ys_dynamodb_text(described, "ShardId");
		shard->parent_id = ys_dynamodb_text(described, "ParentShardId");
		shard->first_sequence = ys_dynamodb_text(range, "StartingSequenceNumber");
		shard->last_sequence = ys_dynamodb_text(range, "EndingSequenceNumber");
		if (shard->shard_id == NULL)
			return refuse_reply("DescribeStream", err);
	}
	*shards = all;
	*nshards += (int) list->len;
	*next_shard = ys_dynamodb_text(description, "LastEvaluatedShardId");
	return true;
}

bool
ys_dynamodb_read_iterator(YsJsonReader *reader, const char *bytes, size_t len, YsArena *arena,
						  const char **iterator, YsError *err)
{
	YsValue		reply;

	if (!ys_dynamodb_read_tree(reader, bytes, len, arena, &reply, err))
		return false;
	*iterator = ys_dynamodb_text(&reply, "ShardIterator");
	return *iterator != NULL || refuse_reply("GetShardIterator", err);
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
		return refuse_reply("GetRecords", visit->err);
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
