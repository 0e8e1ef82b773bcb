/*-------------------------------------------------------------------------
 * store.c
 *	  The store client's interface over its parts: opening and closing,
 *	  starting requests, awaiting replies.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "base/secret.h"
#include "base/wait.h"
#include "store/request.h"
#include "utils/memutils.h"

#define DEFAULT_REGION				"us-east-1"
#define DEFAULT_CONNECT_TIMEOUT_MS	2000
#define DEFAULT_DEADLINE_MS			30000
#define LONGEST_REGION				63

static const YsApi *const apis[] = {&ys_dynamodb_api};

/* ---- opening and closing ---- */

static const YsApi *
find_api(const char *name, YsError *err)
{
	for (size_t i = 0; i < lengthof(apis); i++)
		if (name != NULL && strcmp(apis[i]->name, name) == 0)
			return apis[i];
	ys_error_set(err, YS_ERR_INVALID_OPTION, "unknown store API \"%.64s\"", name != NULL ? name : "");
	ys_error_detail(err, "An API is how a store is spoken to; the one known is %s.", apis[0]->name);
	ys_error_hint(err, "Use that, or leave option \"api\" out.");
	return NULL;
}

bool
ys_store_check_api(const char *api, YsError *err)
{
	return find_api(api, err) != NULL;
}

bool
ys_store_check_nodes(const char *nodes, YsError *err)
{
	YsNodeList	list;
	YsArena		arena;
	bool		ok;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ok = ys_nodes_parse(nodes, &arena, &list, err);
	ys_arena_free(&arena);
	return ok;
}

bool
ys_store_check_endpoints(const char *endpoints, YsError *err)
{
	YsEndpointList list;
	YsArena		arena;
	bool		ok;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ok = ys_endpoints_parse(endpoints, &arena, &list, err);
	ys_arena_free(&arena);
	return ok;
}

static void
release_reader(void *reader)
{
	ys_json_reader_destroy(reader);
}

YsJsonReader *
ys_reader_create(MemoryContext context, YsError *err)
{
	YsJsonReader *reader = ys_json_reader_create();

	if (reader == NULL)
		ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	else
		ys_handle_own(context, reader, release_reader);
	return reader;
}

static const char *
copy_option(YsStore *store, const char *value)
{
	return value != NULL && value[0] != '\0' ? MemoryContextStrdup(store->context, value) : NULL;
}

/* Own copies of all that the caller's may lose, and what follows from it. */
static bool
take_config(YsStore *store, const YsStoreConfig *config, YsError *err)
{
	YsStoreConfig *own = &store->config;

	store->api = find_api(config->api, err);
	if (store->api == NULL || !ys_nodes_parse(config->nodes, &store->arena, &store->nodes, err))
		return false;
	own->api = store->api->name;
	own->region = copy_option(store, config->region);
	if (own->region == NULL)
		own->region = DEFAULT_REGION;
	own->profile = copy_option(store, config->profile);
	own->credentials_file = copy_option(store, config->credentials_file);
	own->environment = copy_option(store, config->environment);
	own->ca_file = copy_option(store, config->ca_file);
	own->client_cert_file = copy_option(store, config->client_cert_file);
	own->client_key_file = copy_option(store, config->client_key_file);
	own->connect_timeout_ms = config->connect_timeout_ms > 0 ? config->connect_timeout_ms :
		DEFAULT_CONNECT_TIMEOUT_MS;
	own->deadline_ms = config->deadline_ms > 0 ? config->deadline_ms : DEFAULT_DEADLINE_MS;
	own->patience_ms = config->patience_ms > 0 ? Min(config->patience_ms, own->deadline_ms) : own->deadline_ms;
	store->nodes.owner.database = config->database;
	store->nodes.owner.server = config->server;
	store->quota.owner = store->nodes.owner;
	store->quota.requests = config->max_requests;
	store->quota.read_units = config->max_read_units;
	return true;
}

static bool
check_region(const char *region, YsError *err)
{
	size_t		len = strlen(region);

	if (len <= LONGEST_REGION && ys_secret_is_plain(region, len, ':', false))
		return true;
	ys_error_set(err, YS_ERR_INVALID_OPTION, "invalid value for option \"region\"");
	ys_error_detail(err, "It contains a blank or another character that cannot stand there, "
					"or is longer than %d bytes.", LONGEST_REGION);
	ys_error_hint(err, "Write it like eu-south-1.");
	return false;
}

/* The given ones are copied, the names of others are the store's. */
static bool
take_credentials(YsStore *store, const YsStoreConfig *config, YsError *err)
{
	YsStoreConfig both = store->config;

	both.access_key_id = config->access_key_id;
	both.secret_access_key = config->secret_access_key;
	both.session_token = config->session_token;
	return ys_credentials_take(&store->credentials, &both, err);
}

static bool
open_store(YsStore *store, const YsStoreConfig *config, YsError *err)
{
	YsHttpConfig http = {0};

	if (!take_config(store, config, err) || !check_region(store->config.region, err) ||
		!take_credentials(store, config, err))
		return false;
	store->reader = ys_reader_create(store->context, err);
	if (store->reader == NULL)
		return false;

	http.ca_file = store->config.ca_file;
	http.client_cert_file = store->config.client_cert_file;
	http.client_key_file = store->config.client_key_file;
	if (config->allowed_endpoints != NULL)
	{
		if (!ys_endpoints_parse(config->allowed_endpoints, &store->arena, &store->endpoints, err))
			return false;
		store->allowed = &store->endpoints;
	}
	http.endpoints = store->allowed;
	http.connect_timeout_ms = store->config.connect_timeout_ms;
	http.provider = "aws:amz";
	http.region = store->config.region;
	http.service = store->api->signing_service;
	store->http = ys_http_open(store->context, &http, err);
	if (store->http == NULL)
		return false;
	return ys_discovery_open(store, config) ||
		ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
}

YsStore *
ys_store_open(void *context, const YsStoreConfig *config, YsError *err)
{
	MemoryContext own = AllocSetContextCreate((MemoryContext) context, "yottastore store",
											  ALLOCSET_SMALL_SIZES);
	YsStore    *store = MemoryContextAllocZero(own, sizeof(YsStore));

	store->context = own;
	store->left_at = ys_clock_us();
	dlist_init(&store->calls);
	ys_arena_init_context(&store->arena, own, 0);
	if (!open_store(store, config, err))
	{
		ys_store_close(store);
		return NULL;
	}
	return store;
}

void
ys_store_close(YsStore *store)
{
	MemoryContextDelete(store->context);
}

void **
ys_store_notes(YsStore *store, void **context)
{
	*context = store->context;
	return &store->notes;
}

void
ys_store_cancel_all(YsStore *store)
{
	while (!dlist_is_empty(&store->calls))
		ys_call_cancel(dlist_head_element(YsCall, link, &store->calls));
}

int
ys_store_deadline_ms(const YsStore *store)
{
	return store->config.deadline_ms;
}

void
ys_store_disconnect(YsStore *store)
{
	dlist_iter	iter;

	dlist_foreach(iter, &store->calls)
		if (dlist_container(YsCall, link, iter.cur)->transfer != NULL)
			return;
	ys_discovery_stop(store);
	ys_http_disconnect(store->http);
}

void
ys_cost_add(YsCost *cost, const YsReply *reply)
{
	if (cost == NULL)
		return;
	cost->requests++;
	cost->retries += reply->retries;
	cost->throttles += reply->throttles;
	if (reply->writes)
		cost->write_units += reply->units;
	else
		cost->read_units += reply->units;
}

/* ---- starting requests ---- */

YsCall *
ys_store_get_item(YsStore *store, const char *table, const YsValue *key,
				  const YsAttributeFilter *projection, bool consistent, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	return ys_call_send(call, store->api->get_item(&call->message, table, key, projection,
												   consistent, err), err);
}

YsCall *
ys_store_batch_get(YsStore *store, const char *table, int nkeys, const YsValue *keys,
				   const YsAttributeFilter *projection, bool consistent, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	return ys_call_send(call, store->api->batch_get(&call->message, table, nkeys, keys, projection,
													consistent, err), err);
}

YsCall *
ys_store_page(YsStore *store, const YsPageRequest *request, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	return ys_call_send(call, store->api->page(&call->message, request, err), err);
}

YsCall *
ys_store_put_item(YsStore *store, const char *table, const YsValue *item,
				  const char *partition_key, const YsExpr *condition, YsReturnItem ret,
				  YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	return ys_call_send(call, store->api->put_item(&call->message, table, item, partition_key,
												   condition, ret, err), err);
}

YsCall *
ys_store_update_item(YsStore *store, const char *table, const YsValue *key,
					 int nassignments, const YsAssignment *assignments,
					 const YsExpr *condition, YsReturnItem ret, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	return ys_call_send(call, store->api->update_item(&call->message, table, key, nassignments,
													  assignments, condition, ret, err), err);
}

YsCall *
ys_store_delete_item(YsStore *store, const char *table, const YsValue *key,
					 const YsExpr *condition, YsReturnItem ret, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	return ys_call_send(call, store->api->delete_item(&call->message, table, key, condition, ret,
													  err), err);
}

YsCall *
ys_store_batch_write(YsStore *store, const char *table, int nputs, const YsValue *puts,
					 int ndeletes, const YsValue *delete_keys, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	return ys_call_send(call, store->api->batch_write(&call->message, table, nputs, puts, ndeletes,
													  delete_keys, err), err);
}

/* ---- awaiting ---- */

void
ys_call_set_tag(YsCall *call, void *tag)
{
	call->tag = tag;
}

void *
ys_call_tag(const YsCall *call)
{
	return call->tag;
}

static YsCall *
first_ended(int ncalls, YsCall *const *calls)
{
	for (int i = 0; i < ncalls; i++)
		if (calls[i]->state == YS_CALL_ENDED)
			return calls[i];
	return NULL;
}

YsCall *
ys_store_first_ended(int ncalls, YsCall *const *calls)
{
	if (ncalls == 0)
		return NULL;
	ys_store_work(calls[0]->store);
	return first_ended(ncalls, calls);
}

YsCall *
ys_store_wait_first(int ncalls, YsCall *const *calls)
{
	YsCall	   *ended = ys_store_first_ended(ncalls, calls);

	while (ended == NULL && ncalls > 0)
	{
		ys_store_rest(calls[0]->store);
		ended = first_ended(ncalls, calls);
	}
	return ended;
}

bool
ys_call_ended(YsCall *call)
{
	ys_store_work(call->store);
	return call->state == YS_CALL_ENDED;
}

bool
ys_store_wait(YsCall *call, const YsAttributeFilter *filter, YsArena *arena,
			  YsReply *reply, YsError *err)
{
	YsStore    *store = call->store;
	bool		ok;

	memset(reply, 0, sizeof(*reply));
	ok = ys_call_succeeds(call, err);
	reply->condition_failed = call->error.code == YS_ERR_CONDITION_FAILED;

	/* what a failed condition answers is the item as it is */
	if ((ok || reply->condition_failed) &&
		!store->api->read_reply(store->reader, call->bytes, call->len, filter, arena, reply, err))
		ok = false;
	ys_call_account(call, reply);
	return ys_call_finish(call, ok);
}
