/*-------------------------------------------------------------------------
 * dynamodb.h
 *	  What the files of the DynamoDB API share: see store/api.h for what each
 *	  function does.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_DYNAMODB_H
#define YS_STORE_DYNAMODB_H

#include "store/api.h"

/* The headers that name an operation of DynamoDB, or of its streams. */
#define YS_DYNAMODB_CONTENT		"content-type: application/x-amz-json-1.0"
#define YS_DYNAMODB_HEADERS(op)	{YS_DYNAMODB_CONTENT, "x-amz-target: DynamoDB_20120810." op}
#define YS_STREAMS_HEADERS(op)	{YS_DYNAMODB_CONTENT, "x-amz-target: DynamoDBStreams_20120810." op}

/* items.c */
extern bool ys_dynamodb_get_item(YsMessage *message, const char *table, const YsValue *key,
								 const YsAttributeFilter *projection, bool consistent,
								 YsError *err);
extern bool ys_dynamodb_batch_get(YsMessage *message, const char *table, int nkeys,
								  const YsValue *keys, const YsAttributeFilter *projection,
								  bool consistent, YsError *err);
extern bool ys_dynamodb_page(YsMessage *message, const YsPageRequest *page, YsError *err);
extern bool ys_dynamodb_put_item(YsMessage *message, const char *table, const YsValue *item,
								 const char *partition_key, const YsExpr *condition,
								 YsReturnItem ret, YsError *err);
extern bool ys_dynamodb_update_item(YsMessage *message, const char *table, const YsValue *key,
									int nassignments, const YsAssignment *assignments,
									const YsExpr *condition, YsReturnItem ret, YsError *err);
extern bool ys_dynamodb_delete_item(YsMessage *message, const char *table, const YsValue *key,
									const YsExpr *condition, YsReturnItem ret, YsError *err);
extern bool ys_dynamodb_batch_write(YsMessage *message, const char *table, int nputs,
									const YsValue *puts, int ndeletes,
									const YsValue *delete_keys, YsError *err);

/* reply.c */
extern bool ys_dynamodb_read_reply(YsJsonReader *reader, const char *bytes, size_t len,
								   const YsAttributeFilter *filter, YsArena *arena,
								   YsReply *reply, YsError *err);
extern bool ys_dynamodb_begin_page(YsJsonReader *reader, char *bytes, size_t len, YsArena *arena,
								   YsReply *reply, YsError *err);
extern bool ys_dynamodb_next_item(YsJsonReader *reader, const YsAttributeFilter *filter,
								  YsArena *arena, YsReply *reply, YsArena *item_arena,
								  YsValue *item, bool *more, YsError *err);

/* ys_json_read of a reply, whose errors say so. */
extern bool ys_dynamodb_visit(YsJsonReader *reader, const char *bytes, size_t len,
							  YsJsonRootFn fn, void *arg, YsError *err);

/* Does the member's name read so? */
extern bool ys_dynamodb_is_named(const char *name, size_t len, const char *expected);

/* Fill err for an exhausted arena; returns false. */
extern bool ys_dynamodb_no_memory(YsError *err);

/* judge.c */
extern YsVerdict ys_dynamodb_judge(YsJsonReader *reader, const YsMessage *message, int status,
								   const char *bytes, size_t len, YsError *err);

/* table.c */
extern void ys_dynamodb_list_tables(YsMessage *message, const char *after_table);
extern void ys_dynamodb_describe_table(YsMessage *message, const char *table);
extern void ys_dynamodb_create_table(YsMessage *message, const char *table,
									 const YsTableInfo *info, bool stream);
extern void ys_dynamodb_delete_table(YsMessage *message, const char *table);
extern bool ys_dynamodb_read_tables(const char *bytes, size_t len, YsArena *arena, int *ntables,
									const char ***tables, const char **next_table, YsError *err);
extern bool ys_dynamodb_read_table(const char *bytes, size_t len, YsArena *arena,
								   YsTableInfo *info, YsError *err);

/* stream.c */
extern void ys_dynamodb_describe_stream(YsMessage *message, const char *stream_id,
										const char *after_shard);
extern void ys_dynamodb_stream_iterator(YsMessage *message, const char *stream_id,
										const char *shard_id, YsIteratorType type,
										const char *sequence);
extern void ys_dynamodb_stream_records(YsMessage *message, const char *iterator, int limit);
extern bool ys_dynamodb_read_shards(const char *bytes, size_t len, YsArena *arena,
									YsStreamInfo *info, const char **next_shard,
									YsError *err);
extern bool ys_dynamodb_read_iterator(const char *bytes, size_t len, YsArena *arena,
									  const char **iterator, YsError *err);
extern bool ys_dynamodb_read_records(YsJsonReader *reader, const char *bytes, size_t len,
									 int nkeys, const char *const *key_names, YsArena *arena,
									 YsStreamPage *page, YsError *err);

#endif							/* YS_STORE_DYNAMODB_H */
