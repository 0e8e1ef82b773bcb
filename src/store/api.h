/*-------------------------------------------------------------------------
 * api.h
 *	  What one store API has to offer: it prints requests, judges answers and
 *	  reads replies.  Sending, retrying and waiting are common to all.
 *
 * Everything here allocates from the arena it is handed, and nothing throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_API_H
#define YS_STORE_API_H

#include "base/json.h"
#include "store/store.h"

#define YS_OPERATION_HEADERS	2

/* For answers no store would give. */
#define YS_HINT_NODES	"Check that the server's option \"nodes\" names nodes of a store."

/* One operation of an API; constant. */
typedef struct YsOperation
{
	const char *headers[YS_OPERATION_HEADERS];	/* "name: value" */
	const char *host_prefix;	/* where the API's provider serves it at another host, or NULL */
	bool		reads;			/* it consumes read units */
	bool		writes;			/* it consumes write units */
} YsOperation;

/* A request as it is sent. */
typedef struct YsMessage
{
	const YsOperation *operation;
	const char *table;			/* for messages; NULL when it is about no single one */
	YsText		body;
	bool		idempotent;		/* sent twice, it does and answers the same */
	bool		has_affinity;
	uint32_t	affinity;		/* hash of the key it is about */
} YsMessage;

typedef enum YsVerdict
{
	YS_VERDICT_SUCCESS,
	YS_VERDICT_FAILED,			/* for good */
	YS_VERDICT_THROTTLED,		/* not applied: try again later */
	YS_VERDICT_UNAUTHORIZED,	/* not applied: its credentials are not accepted */
	YS_VERDICT_UNSURE			/* the node failed: it may have been applied */
} YsVerdict;

typedef struct YsApi
{
	const char *name;
	const char *signing_service;
	const char *token_header;	/* name of the header for a session token */
	const char *nodes_path;		/* where a node may say which nodes there are */
	bool		(*is_provider_host) (const char *host); /* see YsOperation.host_prefix */

	/* Print a request; false and err when it can't be one.  Out of memory shows in body.failed. */
	bool		(*get_item) (YsMessage *message, const char *table, const YsValue *key,
							 const YsAttributeFilter *projection, bool consistent, YsError *err);
	bool		(*batch_get) (YsMessage *message, const char *table, int nkeys, const YsValue *keys,
							  const YsAttributeFilter *projection, bool consistent, YsError *err);
	bool		(*page) (YsMessage *message, const YsPageRequest *request, YsError *err);
	bool		(*put_item) (YsMessage *message, const char *table, const YsValue *item,
							 const char *partition_key, const YsExpr *condition,
							 YsReturnItem ret, YsError *err);
	bool		(*update_item) (YsMessage *message, const char *table, const YsValue *key,
								int nassignments, const YsAssignment *assignments,
								const YsExpr *condition, YsReturnItem ret, YsError *err);
	bool		(*delete_item) (YsMessage *message, const char *table, const YsValue *key,
								const YsExpr *condition, YsReturnItem ret, YsError *err);
	bool		(*batch_write) (YsMessage *message, const char *table, int nputs,
								const YsValue *puts, int ndeletes, const YsValue *delete_keys,
								YsError *err);
	void		(*list_tables) (YsMessage *message, const char *after_table);
	void		(*describe_table) (YsMessage *message, const char *table);
	void		(*create_table) (YsMessage *message, const char *table,
								 const YsTableInfo *info, bool stream);
	void		(*delete_table) (YsMessage *message, const char *table);
	void		(*describe_stream) (YsMessage *message, const char *stream_id,
									const char *after_shard);
	void		(*stream_iterator) (YsMessage *message, const char *stream_id, const char *shard_id,
									YsIteratorType type, const char *sequence);
	void		(*stream_records) (YsMessage *message, const char *iterator, int limit);

	/* What an answer means; err is filled for all but success. */
	YsVerdict	(*judge) (YsJsonReader *reader, const YsMessage *message, int status,
						  const char *bytes, size_t len, YsError *err);

	/* Read a reply; bytes have YS_JSON_PADDING readable behind them. */
	bool		(*read_reply) (YsJsonReader *reader, const char *bytes, size_t len,
							   const YsAttributeFilter *filter, YsArena *arena,
							   YsReply *reply, YsError *err);

	/*
	 * Read a page of items one by one: first all but the items, into reply and
	 * arena; then each item, into item_arena and the page's own bytes, which
	 * are written to.  *more is false behind the last, and reply then has what
	 * could not be read at first.
	 */
	bool		(*begin_page) (YsJsonReader *reader, char *bytes, size_t len, YsArena *arena,
							   YsReply *reply, YsError *err);
	bool		(*next_item) (YsJsonReader *reader, const YsAttributeFilter *filter,
							  YsArena *arena, YsReply *reply, YsArena *item_arena,
							  YsValue *item, bool *more, YsError *err);

	/* Appends to the tables; next_table NULL: that was the last page. */
	bool		(*read_tables) (const char *bytes, size_t len, YsArena *arena, int *ntables,
								const char ***tables, const char **next_table, YsError *err);
	bool		(*read_table) (const char *bytes, size_t len, YsArena *arena,
							   YsTableInfo *info, YsError *err);

	/* Appends to the shards; next_shard NULL: that was the last page. */
	bool		(*read_shards) (const char *bytes, size_t len, YsArena *arena, YsStreamInfo *info,
								const char **next_shard, YsError *err);
	bool		(*read_iterator) (const char *bytes, size_t len, YsArena *arena,
								  const char **iterator, YsError *err);
	bool		(*read_records) (YsJsonReader *reader, const char *bytes, size_t len, int nkeys,
								 const char *const *key_names, YsArena *arena,
								 YsStreamPage *page, YsError *err);
} YsApi;

extern const YsApi ys_dynamodb_api;

#endif							/* YS_STORE_API_H */
