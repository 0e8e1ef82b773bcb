/*-------------------------------------------------------------------------
 * store.h
 *	  The store client's interface: what every API (today DynamoDB's) offers.
 *
 * A YsStore is one backend's connection to one store: its nodes, credentials
 * and the requests in flight.  It lives in the memory context it was opened
 * in and is closed (sockets included) by that context's reset callback.
 *
 * A request is started, then awaited; many may be in flight.  Waiting is
 * interruptible (see base/wait.h): only ys_store_wait and ys_store_wait_first,
 * and whatever calls them, may throw, and only by CHECK_FOR_INTERRUPTS.  All
 * else reports through YsError.  A retryable failure of an idempotent
 * request is retried on another node, with jittered backoff, until the
 * deadline; a conditional write is never retried blindly: when its outcome
 * is unknown the call ends with YS_ERR_UNKNOWN_OUTCOME.  So does any other
 * write that was tried to the deadline, if one of the attempts may have been
 * applied.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_STORE_H
#define YS_STORE_STORE_H

#include "base/error.h"
#include "store/value.h"

typedef struct YsStore YsStore;
typedef struct YsCall YsCall;

typedef struct YsStoreConfig
{
	const char *api;			/* "dynamodb" */
	const char *nodes;			/* comma-separated http(s)://host[:port] */
	bool		discover;		/* ask them which nodes there are */
	const char *datacenter;		/* whose nodes; NULL: that of the node asked */
	const char *rack;			/* of it, or NULL */
	int			discovery_interval_ms;
	const char *region;			/* NULL: "us-east-1" */
	const char *access_key_id;	/* may be NULL: requests are then refused with a hint */
	const char *secret_access_key;
	const char *session_token;	/* or NULL */
	const char *profile;		/* instead of these three: section of credentials_file */
	const char *credentials_file;
	const char *environment;	/* or variables <environment>_ACCESS_KEY_ID, ... */
	const char *ca_file;		/* PEM, or NULL for the system's */
	const char *client_cert_file;	/* PEM, or NULL for none; with its key */
	const char *client_key_file;
	const char *allowed_endpoints;	/* no others are connected to; NULL: any */
	int			connect_timeout_ms; /* one connection attempt */
	int			deadline_ms;	/* one request with all its retries */
	int			patience_ms;	/* of that, as long as nodes fail to answer; 0: all.  Throttled requests have all of it */
	double		max_requests;	/* a second, by all who share the meter; 0: no limit */
	double		max_read_units; /* likewise */
	uint32_t	database;		/* oids: whose requests are counted, and limited, together */
	uint32_t	server;
} YsStoreConfig;

/*
 * ---- conditions and key conditions ----
 *
 * A tree the API's own code prints, of paths without [*].  Values are borrowed
 * and must outlive the start call only.
 */
typedef enum YsExprKind
{
	YS_EXPR_AND,				/* args */
	YS_EXPR_OR,
	YS_EXPR_NOT,
	YS_EXPR_EQ,					/* path op values[0] */
	YS_EXPR_NE,
	YS_EXPR_LT,
	YS_EXPR_LE,
	YS_EXPR_GT,
	YS_EXPR_GE,
	YS_EXPR_BETWEEN,			/* values[0] .. values[1] */
	YS_EXPR_IN,					/* values[0 .. nvalues) */
	YS_EXPR_BEGINS_WITH,
	YS_EXPR_CONTAINS,			/* values[0] is part of the string, or an element of it */
	YS_EXPR_EXISTS,
	YS_EXPR_NOT_EXISTS,
	YS_EXPR_TYPE_IS				/* values[0] is the type tag as a string: "N" */
} YsExprKind;

typedef struct YsExpr YsExpr;
struct YsExpr
{
	YsExprKind	kind;
	YsPath	path;
	int			nvalues;
	const YsValue *values;
	int			nargs;
	const YsExpr *const *args;
};

/* One assignment of an update; value NULL removes the attribute. */
typedef struct YsAssignment
{
	YsPath	path;
	const YsValue *value;
} YsAssignment;

typedef enum YsReturnItem
{
	YS_RETURN_NONE,
	YS_RETURN_OLD,
	YS_RETURN_NEW
} YsReturnItem;

/* What a call's reply holds; filled in the arena the caller passes. */
typedef struct YsReply
{
	int			nitems;			/* Get: 0 or 1; Batch, Query, Scan: the page */
	YsValue    *items;
	const YsValue *last_key;	/* NULL: that was the last page */
	int			nunprocessed;	/* BatchGet: keys; BatchWrite: items or keys, to send again */
	YsValue    *unprocessed;
	int			nunprocessed_puts;	/* BatchWrite: so many of them are items, the rest keys */
	int64_t		count;
	int64_t		scanned;
	double		units;			/* consumed capacity, as the store says */
	bool		writes;			/* these are write units */
	int			retries;		/* attempts that went before */
	int			throttles;		/* of them, those the store had no capacity for */
	bool		condition_failed;	/* with nitems = 1 when the store returned the current item */
} YsReply;

/*
 * NULL and err: bad node address, unknown api.  Opens no connection yet.
 * context is a MemoryContext (void * keeps this header free of the server's).
 */
extern YsStore *ys_store_open(void *context, const YsStoreConfig *config, YsError *err);
extern void ys_store_close(YsStore *store);

/* Let go of the connections if no request is under way; the next one makes them anew. */
extern void ys_store_disconnect(YsStore *store);

/*
 * A place for what whoever opened the store has learned of it, to be kept in its
 * memory context; empty at first, and gone with the store.
 */
extern void **ys_store_notes(YsStore *store, void **context);

/* Could a store be opened with these?  False and err (YS_ERR_INVALID_OPTION) when not. */
extern bool ys_store_check_api(const char *api, YsError *err);
extern bool ys_store_check_nodes(const char *nodes, YsError *err);
extern bool ys_store_check_endpoints(const char *endpoints, YsError *err);

/* Give up every call, awaited or not: their pointers are dangling afterwards. */
extern void ys_store_cancel_all(YsStore *store);

/* How long one request, with all its retries, may take. */
extern int	ys_store_deadline_ms(const YsStore *store);

/* What requests have cost, for who adds it up. */
typedef struct YsCost
{
	int64_t		requests;		/* answered or given up, each once however often it was tried */
	int64_t		retries;
	int64_t		throttles;
	double		read_units;
	double		write_units;
} YsCost;

/* Add what ys_store_wait has just filled in, whether it succeeded or not; cost may be NULL. */
extern void ys_cost_add(YsCost *cost, const YsReply *reply);

/* ---- starting requests: NULL and err when it can't even be sent ---- */

extern YsCall *ys_store_get_item(YsStore *store, const char *table, const YsValue *key,
								 const YsAttributeFilter *projection, bool consistent, YsError *err);

/* At most YS_BATCH_GET_MAX distinct keys. */
#define YS_BATCH_GET_MAX	100
extern YsCall *ys_store_batch_get(YsStore *store, const char *table, int nkeys, const YsValue *keys,
								  const YsAttributeFilter *projection, bool consistent, YsError *err);

typedef struct YsPageRequest
{
	const char *table;
	const char *index;			/* secondary index, or NULL */
	const YsExpr *key_condition;	/* NULL: Scan; else Query */
	const YsExpr *filter;		/* or NULL */
	const YsAttributeFilter *projection;	/* or NULL: whole items */
	const YsValue *start_key;	/* the previous page's last_key, or NULL */
	bool		consistent;
	bool		backward;		/* Query only */
	bool		count_only;
	int			limit;			/* 0: the store's 1 MB */
	int			segment;		/* Scan only */
	int			total_segments; /* 0 or 1: not parallel */
} YsPageRequest;

extern YsCall *ys_store_page(YsStore *store, const YsPageRequest *request, YsError *err);

/*
 * condition NULL: unconditional, and then idempotent, unless the old item is
 * asked for.  Only an update can return the new one.  An item's key is a map of
 * its attributes, the partition key first.  A write that speaks of top-level
 * attributes only, of each once, and asks for equality, presence or absence of
 * all of them, may name any number; others end with YS_ERR_TOO_LARGE above what an
 * expression takes.
 */
extern YsCall *ys_store_put_item(YsStore *store, const char *table, const YsValue *item,
								 const char *partition_key, const YsExpr *condition,
								 YsReturnItem ret, YsError *err);
extern YsCall *ys_store_update_item(YsStore *store, const char *table, const YsValue *key,
									int nassignments, const YsAssignment *assignments,
									const YsExpr *condition, YsReturnItem ret, YsError *err);
extern YsCall *ys_store_delete_item(YsStore *store, const char *table, const YsValue *key,
									const YsExpr *condition, YsReturnItem ret, YsError *err);

/* Puts whole items and deletes keys, unconditionally; at most 25 together. */
#define YS_BATCH_WRITE_MAX	25
extern YsCall *ys_store_batch_write(YsStore *store, const char *table, int nputs, const YsValue *puts,
									int ndeletes, const YsValue *delete_keys, YsError *err);

/* ---- awaiting ---- */

/* The caller's mark on a call: which of its many this one is. */
extern void ys_call_set_tag(YsCall *call, void *tag);
extern void *ys_call_tag(const YsCall *call);

/*
 * Wait for the end of this call, decode its reply into arena.  False and err
 * on failure; a condition that did not hold is YS_ERR_CONDITION_FAILED with
 * reply->condition_failed set (and the current item when it was asked for).
 * filter keeps decoding to the attributes wanted (NULL: all).  The call is
 * freed in every case, a throw included.
 */
extern bool ys_store_wait(YsCall *call, const YsAttributeFilter *filter, YsArena *arena,
						  YsReply *reply, YsError *err);

/*
 * Wait until any of these calls has ended, and return it (not freed): the
 * first in their order, when several have.  A throw leaves them as they are.
 */
extern YsCall *ys_store_wait_first(int ncalls, YsCall *const *calls);

/* The same without waiting; NULL: none has ended. */
extern YsCall *ys_store_first_ended(int ncalls, YsCall *const *calls);

/* Has a call ended?  Does what can be done without waiting; ys_store_wait will not wait then. */
extern bool ys_call_ended(YsCall *call);

/*
 * For who waits for other things, too: once fd (-1: none) is readable or timeout_ms have passed
 * (-1: never), a call may have ended.
 */
extern void ys_store_signals(YsStore *store, int *fd, long *timeout_ms);

/* They have waited since the store was last worked on: do what is due.  The time counts, as it does not otherwise. */
extern void ys_store_waited(YsStore *store);

/* Give up a call: the connection is closed if the reply is still under way. */
extern void ys_call_cancel(YsCall *call);

/*
 * ---- pages, item by item ----
 *
 * A page that is decoded while its items are used takes less memory, and is
 * not out of the processor's caches before they are.  A YsPage reads one page
 * at a time and is kept for the next.
 */
typedef struct YsPage YsPage;

/* It lives in the memory context (void *), and so do the bytes of the page that is open. */
extern YsPage *ys_page_create(void *context, YsError *err);

/*
 * Wait for a page, and open it: reply gets all but the items, its last_key in
 * arena.  Both are borrowed until the page is closed.  The call is freed in every
 * case, a throw included.
 */
extern bool ys_page_open(YsPage *page, YsCall *call, YsArena *arena, YsReply *reply, YsError *err);

/*
 * The next item, good until the page is closed or item_arena is reset;
 * filter as in ys_store_wait.  *more is false when there was none left: only
 * then is the page known to be well-formed, and reply to be complete, if the
 * store has put something behind the items that could not be found at first.
 */
extern bool ys_page_next(YsPage *page, const YsAttributeFilter *filter, YsArena *item_arena,
						 YsValue *item, bool *more, YsError *err);

/* Forget the page that is open, if one is. */
extern void ys_page_close(YsPage *page);

/* ---- tables (these wait; see above) ---- */

typedef struct YsKeyAttribute
{
	const char *name;
	YsType		type;			/* STRING, NUMBER or BINARY */
} YsKeyAttribute;

/* What of an item a secondary index has, beside the keys of table and index. */
typedef enum YsProjection
{
	YS_PROJECTION_KEYS,			/* nothing */
	YS_PROJECTION_INCLUDE,		/* some attributes */
	YS_PROJECTION_ALL
} YsProjection;

typedef struct YsIndexInfo
{
	const char *name;
	bool		local;			/* of one partition of the table: reads may be consistent */
	bool		active;
	int			nkeys;			/* 1 or 2, partition key first */
	YsKeyAttribute keys[2];
	YsProjection projection;
	int			nincluded;
	const char **included;		/* YS_PROJECTION_INCLUDE */
} YsIndexInfo;

typedef struct YsTableInfo
{
	int			nkeys;			/* 1 or 2, partition key first */
	YsKeyAttribute keys[2];
	bool		active;
	int64_t		item_count;		/* -1: the store doesn't say */
	int64_t		size_bytes;
	const char *stream_id;		/* of the enabled stream, or NULL */
	const char *stream_view;	/* NEW_AND_OLD_IMAGES, ... or NULL */
	int			nindexes;
	YsIndexInfo *indexes;		/* global ones first */
} YsTableInfo;

/* The names of all tables there are, in the store's order. */
extern bool ys_store_list_tables(YsStore *store, YsArena *arena, int *ntables,
								 const char ***tables, YsError *err);

extern bool ys_store_describe_table(YsStore *store, const char *table, YsArena *arena,
									YsTableInfo *info, YsError *err);

/* Of info the keys and indexes.  On-demand billing; stream: with NEW_AND_OLD_IMAGES.  Returns once the table is active. */
extern bool ys_store_create_table(YsStore *store, const char *table, const YsTableInfo *info,
								  bool stream, YsError *err);

/* With all its items.  Returns once it is gone. */
extern bool ys_store_drop_table(YsStore *store, const char *table, YsError *err);

/* ---- the store's own change stream ---- */

/* No store's shard ids and sequence numbers are this long. */
#define YS_SHARD_ID_SIZE	128
#define YS_SEQUENCE_SIZE	48

typedef struct YsShard
{
	const char *shard_id;
	const char *parent_id;		/* or NULL */
	const char *first_sequence; /* decimal text, or NULL */
	const char *last_sequence;	/* NULL: still open */
} YsShard;

typedef struct YsStreamInfo
{
	int64_t		created_at;		/* seconds since 1970, by the store's clock; 0: it doesn't say */
	int			nshards;
	YsShard    *shards;
} YsStreamInfo;

/* The stream with all its shards, every page of the description. */
extern bool ys_store_describe_stream(YsStore *store, const char *stream_id, YsArena *arena,
									 YsStreamInfo *info, YsError *err);

typedef enum YsIteratorType
{
	YS_ITERATOR_TRIM_HORIZON,
	YS_ITERATOR_LATEST,
	YS_ITERATOR_AFTER,			/* the sequence number given */
	YS_ITERATOR_AT
} YsIteratorType;

extern bool ys_store_stream_iterator(YsStore *store, const char *stream_id, const char *shard_id,
									 YsIteratorType type, const char *sequence, YsArena *arena,
									 const char **iterator, YsError *err);

/* One record: its bytes as the store sent them, and what the relay needs of it. */
typedef struct YsStreamRecord
{
	const char *bytes;			/* JSON, YS_JSON_PADDING readable behind len */
	size_t		len;
	const char *sequence;		/* decimal text */
	const char *key;			/* canonical key text (see ys_value_canonical_key) */
	size_t		key_len;
	int64_t		created_at;		/* seconds since 1970 */
} YsStreamRecord;

typedef struct YsStreamPage
{
	int			nrecords;
	YsStreamRecord *records;
	const char *next_iterator;	/* NULL: the shard is closed and read to its end */
	int64_t		answered_at;	/* by the store's clock, seconds since 1970; 0: it doesn't say */
} YsStreamPage;

/* key_names: the table's key attributes, partition key first. */
extern bool ys_store_stream_records(YsStore *store, const char *iterator, int limit,
									int nkeys, const char *const *key_names, YsArena *arena,
									YsStreamPage *page, YsError *err);

/* What all of these have cost since the store was opened (units aren't told). */
extern const YsCost *ys_store_stream_cost(const YsStore *store);

#endif							/* YS_STORE_STORE_H */
