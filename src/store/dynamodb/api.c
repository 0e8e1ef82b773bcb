/*-------------------------------------------------------------------------
 * api.c
 *	  DynamoDB's API, as the store client calls it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/dynamodb.h"

/* Amazon serves streams at another host than tables; the others at the same. */
static bool
is_provider_host(const char *host)
{
	return strncmp(host, "dynamodb.", strlen("dynamodb.")) == 0 &&
		strstr(host, ".amazonaws.com") != NULL;
}

const YsApi ys_dynamodb_api = {
	.name = "dynamodb",
	.signing_service = "dynamodb",
	.token_header = "x-amz-security-token",
	.nodes_path = "/localnodes",
	.is_provider_host = is_provider_host,
	.get_item = ys_dynamodb_get_item,
	.batch_get = ys_dynamodb_batch_get,
	.page = ys_dynamodb_page,
	.put_item = ys_dynamodb_put_item,
	.update_item = ys_dynamodb_update_item,
	.delete_item = ys_dynamodb_delete_item,
	.batch_write = ys_dynamodb_batch_write,
	.list_tables = ys_dynamodb_list_tables,
	.describe_table = ys_dynamodb_describe_table,
	.create_table = ys_dynamodb_create_table,
	.delete_table = ys_dynamodb_delete_table,
	.describe_stream = ys_dynamodb_describe_stream,
	.stream_iterator = ys_dynamodb_stream_iterator,
	.stream_records = ys_dynamodb_stream_records,
	.judge = ys_dynamodb_judge,
	.read_reply = ys_dynamodb_read_reply,
	.begin_page = ys_dynamodb_begin_page,
	.next_item = ys_dynamodb_next_item,
	.read_tables = ys_dynamodb_read_tables,
	.read_table = ys_dynamodb_read_table,
	.read_shards = ys_dynamodb_read_shards,
	.read_iterator = ys_dynamodb_read_iterator,
	.read_records = ys_dynamodb_read_records
};
