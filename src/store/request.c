/*-------------------------------------------------------------------------
 * request.c
 *	  A request under way: which node, when again, when to give up.
 *
 * An attempt ends in one of four ways.  Success and a refusal for good end
 * the call.  Throttling, and a failure before anything was sent, were
 * certainly not applied: any request is tried again.  A failure after that,
 * or an answer that the node failed, may have been applied: only an
 * idempotent request is tried again, any other ends with
 * YS_ERR_UNKNOWN_OUTCOME.  So does an idempotent write when it fails for good
 * after such an attempt.
 *
 * Time the caller spends elsewhere is not charged to a call: a page that was
 * asked for in advance may wait in its socket while a cursor is idle.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "base/wait.h"
#include "store/request.h"
#include "utils/memutils.h"

#define BACKOFF_BASE_MS		25
#define BACKOFF_LIMIT_MS	2000

/* ---- the end of an attempt ---- */

/* A write that failed, of which an attempt may have been applied: nobody knows whether it was. */
static void
doubt_write(YsCall *call)
{
	YsError		why = call->error;

	ys_error_set(&call->error, YS_ERR_UNKNOWN_OUTCOME,
				 "could not learn whether the store applied the write");
	ys_error_detail(&call->error, "%s", why.detail[0] != '\0' ? why.detail : why.message);
	ys_error_hint(&call->error, call->message.idempotent ? "The write may be repeated." :
				  "Read the item again before repeating the write.");
}

static void
end_call(YsCall *call)
{
	bool		writes = call->message.operation->writes || !call->message.idempotent;

	call->state = YS_CALL_ENDED;
	if (call->error.code != YS_OK && call->doubted && writes)
		doubt_write(call);
}

/* The next attempt is due: it begins as soon as the limits let it. */
static void
hold_call(YsCall *call)
{
	call->state = YS_CALL_HELD;
	call->held_since = ys_clock_ms();
}

static YsMeterEntry *
meter_of(YsCall *call)
{
	return ys_node_meter(&call->store->nodes, call->node);
}

/* Try again, as long as there is time; error says why it was needed. */
static void
try_again(YsCall *call, bool throttled)
{
	YsStore    *store = call->store;
	int64		until = call->deadline - (throttled ? 0 : store->config.deadline_ms - store->config.patience_ms);
	int64		now = ys_clock_ms();
	int			delay = 0;

	if (ys_nodes_are_all(&store->nodes, call->untrusted_nodes))
	{
		end_call(call);
		return;
	}
	if (throttled || !ys_nodes_has_other(&store->nodes, call->failed_nodes))
	{
		delay = ys_backoff_ms(call->attempts, BACKOFF_BASE_MS, BACKOFF_LIMIT_MS);
		call->failed_nodes = 0;
	}
	if (now + delay >= until)
	{
		end_call(call);
		return;
	}
	call->state = YS_CALL_BACKING_OFF;
	call->retry_at = now + delay;
	if (delay == 0)
		hold_call(call);
}

/* The attempt may have been applied, or its connection broke before it could be. */
static void
doubt_attempt(YsCall *call, bool sent)
{
	call->failed_nodes |= UINT64CONST(1) << call->node;
	call->doubted = call->doubted || sent;
	if (!sent || call->message.idempotent)
		try_again(call, false);
	else
		end_call(call);
}

/* No answer came, for the reason given. */
static void
fail_attempt(YsCall *call, bool sent, bool timed_out, const char *reason)
{
	YsNodeList *nodes = &call->store->nodes;

	ys_node_failed(nodes, call->node, ys_clock_ms());
	ys_meter_failed(meter_of(call), reason);
	if (sent && timed_out)
		ys_error_set(&call->error, YS_ERR_TIMEOUT, "the store did not answer in time");
	else
		ys_error_set(&call->error, YS_ERR_UNREACHABLE, "no node of the store could be reached");
	ys_error_detail(&call->error, "The last one tried was %s: %s.", nodes->nodes[call->node].url,
					reason);
	ys_error_hint(&call->error, "Check the server's options \"nodes\" and, for https, \"ca_file\", "
				  "and that the store is running.");
	doubt_attempt(call, sent);
}

/*
 * An attempt begun shortly before the call's end ran out of time: that is no
 * fault of the node, and the error stays what the attempts before it met.
 */
static void
abandon_attempt(YsCall *call, bool sent)
{
	ys_node_abandoned(&call->store->nodes, call->node);
	call->doubted = call->doubted || sent;
	end_call(call);
}

/* The server may not connect to where the node is: asking others, or again, would change nothing. */
static void
forbid_attempt(YsCall *call, const char *address)
{
	YsNodeList *nodes = &call->store->nodes;

	ys_node_abandoned(nodes, call->node);
	ys_error_set(&call->error, YS_ERR_NOT_ALLOWED, "the address of a store's node is not allowed");
	ys_error_detail(&call->error, "Node %s is at %s, which \"yottastore.allowed_endpoints\" "
					"does not list.", nodes->nodes[call->node].url, address);
	ys_error_hint(&call->error, "A superuser may add it there, or own the server.");
	end_call(call);
}

/* The node has answered: what that says of it. */
static void
count_answer(YsCall *call, int status)
{
	YsNodeList *nodes = &call->store->nodes;
	int64		took = ys_clock_us() - call->sent_at;

	ys_meter_answered(meter_of(call), call->absent <= took / 2 ? took : -1);
	if (status >= 500)
	{
		char		reason[32];

		snprintf(reason, sizeof(reason), "HTTP status %d", status);
		ys_node_failed(nodes, call->node, ys_clock_ms());
		ys_meter_failed(meter_of(call), reason);
	}
	else
		ys_node_succeeded(nodes, call->node);
}

/* What the answer means; the store's own words are left out when they repeat a secret. */
static YsVerdict
judge_answer(YsCall *call, int status)
{
	YsStore    *store = call->store;
	YsVerdict	verdict = store->api->judge(store->reader, &call->message, status, call->bytes,
											call->len, &call->error);

	if (verdict != YS_VERDICT_SUCCESS &&
		ys_credentials_are_in(&store->credentials, call->error.detail))
		ys_error_detail(&call->error, "The store's own words repeat the session token.");
	return verdict;
}

static void
on_response(void *owner, const YsHttpResponse *response)
{
	YsCall	   *call = owner;
	YsStore    *store = call->store;

	call->transfer = NULL;
	if (response->status == 0)
	{
		if (response->forbidden[0] != '\0')
		{
			forbid_attempt(call, response->forbidden);
			return;
		}
		if (response->out_of_memory)
			ys_error_set(&call->error, YS_ERR_OUT_OF_MEMORY, "out of memory for the store's reply");
		else if (response->too_large)
		{
			ys_error_set(&call->error, YS_ERR_TOO_LARGE, "the store's reply is over %zu bytes",
						 YS_HTTP_RESPONSE_MAX);
			ys_error_detail(&call->error, "A store's page or batch of items is at most 16 MB.");
			ys_error_hint(&call->error, YS_HINT_NODES);
		}
		else
		{
			if (response->untrusted)
				call->untrusted_nodes |= UINT64CONST(1) << call->node;
			fail_attempt(call, response->sent, false, response->reason);
			return;
		}
		ys_node_abandoned(&store->nodes, call->node);
		if (call->message.idempotent)
			end_call(call);
		else
			doubt_attempt(call, true);
		return;
	}

	count_answer(call, response->status);
	call->bytes = response->bytes;
	call->len = response->len;
	call->answered_at = response->date;
	switch (judge_answer(call, response->status))
	{
		case YS_VERDICT_SUCCESS:
			call->error.code = YS_OK;
			end_call(call);
			break;
		case YS_VERDICT_FAILED:
			end_call(call);
			break;
		case YS_VERDICT_THROTTLED:
			call->throttles++;
			ys_meter_throttled(meter_of(call));
			try_again(call, true);
			break;
		case YS_VERDICT_UNAUTHORIZED:
			/* they may have been replaced since, here or where they are kept */
			if (call->serial != store->credentials.serial ||
				ys_credentials_renew(&store->credentials))
				try_again(call, false);
			else
				end_call(call);
			break;
		case YS_VERDICT_UNSURE:
			doubt_attempt(call, true);
			break;
	}
}

/* ---- an attempt ---- */

/* The node's address, at the host where it serves this operation. */
static void
print_url(YsCall *call, const YsNode *node)
{
	const char *prefix = call->message.operation->host_prefix;
	char		address[YS_NODE_URL_MAX];

	if (prefix == NULL || !call->store->api->is_provider_host(node->host))
		prefix = "";
	ys_node_print(node, prefix, address);
	snprintf(call->url, sizeof(call->url), "%s/", address);
}

static void
begin_attempt(YsCall *call)
{
	YsStore    *store = call->store;
	const YsMessage *message = &call->message;
	int64		now = ys_clock_ms();
	int64		left = Max(call->deadline - now, 0);
	YsHttpRequest request = {0};
	char		token_header[YS_TOKEN_MAX + 100];

	/*
	 * An idempotent request keeps half of its time for another node, in case
	 * this one took it and says nothing.
	 */
	if (message->idempotent)
		left = Max(left / 2, Min(left, store->config.connect_timeout_ms));
	call->attempt_ends = now + left;
	call->cut_short = call->attempts > 0 && left < store->config.connect_timeout_ms;
	ys_discovery_rescue(store, now);
	call->node = ys_nodes_choose(&store->nodes, message->has_affinity ? &message->affinity : NULL,
								 call->failed_nodes, message->idempotent, now);
	print_url(call, &store->nodes.nodes[call->node]);

	request.url = call->url;
	for (int i = 0; i < YS_OPERATION_HEADERS; i++)
		request.headers[request.nheaders++] = message->operation->headers[i];
	if (store->credentials.session_token[0] != '\0')
	{
		snprintf(token_header, sizeof(token_header), "%s: %s", store->api->token_header,
				 store->credentials.session_token);
		request.headers[request.nheaders++] = token_header;
	}
	request.access_key_id = store->credentials.access_key_id;
	request.secret_access_key = store->credentials.secret_access_key;
	call->serial = store->credentials.serial;
	request.body = message->body.bytes;
	request.body_len = message->body.len;
	request.context = call->context;
	request.resend = message->idempotent;
	request.done = on_response;
	request.owner = call;

	/* what a failed attempt left behind */
	if (call->bytes != NULL)
	{
		pfree(call->bytes);
		call->bytes = NULL;
	}
	ys_meter_sent(meter_of(call), call->attempts > 0, now);
	call->attempts++;
	call->sent_at = ys_clock_us();
	call->absent = 0;
	call->state = YS_CALL_IN_FLIGHT;
	call->transfer = ys_http_start(store->http, &request);
	if (call->transfer == NULL)
	{
		ys_node_abandoned(&store->nodes, call->node);
		ys_error_set(&call->error, YS_ERR_OUT_OF_MEMORY, "out of memory for a request to the store");
		end_call(call);
	}
}

/* Begin those of the attempts held back that the limits let go, in the order of their calls. */
static void
admit_calls(YsStore *store)
{
	int64		now = ys_clock_us();
	dlist_iter	iter;

	store->admit_at = INT64_MAX;
	dlist_foreach(iter, &store->calls)
	{
		YsCall	   *call = dlist_container(YsCall, link, iter.cur);
		int64		again_at;

		if (call->state != YS_CALL_HELD)
			continue;
		if (!ys_quota_admit(&store->quota, call->message.operation->reads, now, &call->charged,
							&again_at))
		{
			store->admit_at = Min(store->admit_at, again_at);
			continue;
		}
		call->deadline += Max(now / 1000 - call->held_since, 0);
		begin_attempt(call);
	}
}

/* Stop the transfer; true when the node may have got the request. */
static bool
stop_transfer(YsCall *call)
{
	YsHttpTransfer *transfer = call->transfer;

	call->transfer = NULL;
	return ys_http_cancel(transfer);
}

/* ---- a call's life ---- */

/* Does any call wait for the limits? */
static bool
is_any_held(YsStore *store)
{
	dlist_iter	iter;

	dlist_foreach(iter, &store->calls)
		if (dlist_container(YsCall, link, iter.cur)->state == YS_CALL_HELD)
			return true;
	return false;
}

/* The call's context is going away: whatever is under way ends here. */
static void
release_call(void *handle)
{
	YsCall	   *call = handle;

	if (call->detached)
		return;
	dlist_delete(&call->link);
	if (call->state == YS_CALL_HELD && !is_any_held(call->store))
		ys_quota_withdraw(&call->store->quota, ys_clock_us());
	if (call->transfer != NULL)
	{
		(void) stop_transfer(call);
		ys_node_abandoned(&call->store->nodes, call->node);
	}
}

YsCall *
ys_call_create(YsStore *store)
{
	MemoryContext context = AllocSetContextCreate(store->context, "yottastore call",
												  ALLOCSET_SMALL_SIZES);
	YsCall	   *call = MemoryContextAllocZero(context, sizeof(YsCall));

	call->store = store;
	call->context = context;
	ys_arena_init_context(&call->arena, context, 0);
	ys_text_init(&call->message.body, &call->arena);
	dlist_push_tail(&store->calls, &call->link);
	ys_handle_own(context, call, release_call);
	return call;
}

YsCall *
ys_call_send(YsCall *call, bool printed, YsError *err)
{
	YsStore    *store = call->store;

	if (printed && call->message.body.failed)
		printed = ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory for a request to the store");
	if (printed)
		printed = ys_credentials_refresh(&store->credentials, err);
	if (!printed)
	{
		ys_call_cancel(call);
		return NULL;
	}

	/* the others are charged up to now, this one from now on */
	ys_store_work(store);
	call->deadline = ys_clock_ms() + store->config.deadline_ms;
	hold_call(call);
	admit_calls(store);
	return call;
}

void
ys_call_cancel(YsCall *call)
{
	MemoryContextDelete(call->context);
}

bool
ys_call_succeeds(YsCall *call, YsError *err)
{
	PG_TRY();
	{
		ys_store_work(call->store);
		while (call->state != YS_CALL_ENDED)
			ys_store_rest(call->store);
	}
	PG_CATCH();
	{
		ys_call_cancel(call);
		PG_RE_THROW();
	}
	PG_END_TRY();

	if (call->error.code == YS_OK)
		return true;
	if (err != NULL)
		*err = call->error;
	return false;
}

void
ys_call_consumed(YsCall *call, double units)
{
	const YsOperation *operation = call->message.operation;

	ys_meter_consumed(meter_of(call), operation->writes, units);
	if (operation->reads && units > 0)
	{
		ys_quota_settle(&call->store->quota, call->charged, units, ys_clock_us());
		call->charged = 0;
	}
}

void
ys_call_account(YsCall *call, YsReply *reply)
{
	reply->writes = call->message.operation->writes;
	reply->retries = Max(call->attempts - 1, 0);
	reply->throttles = call->throttles;
	ys_call_consumed(call, reply->units);
}

void
ys_call_detach(YsCall *call, MemoryContext context)
{
	Assert(call->state == YS_CALL_ENDED);
	dlist_delete(&call->link);
	call->detached = true;
	MemoryContextSetParent(call->context, context);
}

bool
ys_call_finish(YsCall *call, bool result)
{
	ys_call_cancel(call);
	return result;
}

/* ---- work and rest ---- */

/* Move the limits of all calls by the time since the store was last worked on. */
static void
forgive_absence(YsStore *store)
{
	int64		now = ys_clock_us();
	int64		absent = now / 1000 - store->left_at / 1000;
	dlist_iter	iter;

	dlist_foreach(iter, &store->calls)
	{
		YsCall	   *call = dlist_container(YsCall, link, iter.cur);

		call->absent += now - store->left_at;
		call->deadline += absent;
		call->attempt_ends += absent;
		call->held_since += absent;
	}
	store->discovery.ends += absent;
}

/* What is due now, without forgiving. */
static void
do_work(YsStore *store)
{
	int64		now;
	dlist_iter	iter;

	ys_http_work(store->http);
	now = ys_clock_ms();
	ys_discovery_work(store, now);
	dlist_foreach(iter, &store->calls)
	{
		YsCall	   *call = dlist_container(YsCall, link, iter.cur);

		if (call->state == YS_CALL_IN_FLIGHT && call->attempt_ends <= now)
		{
			bool		sent = stop_transfer(call);

			if (call->cut_short)
				abandon_attempt(call, sent);
			else
				fail_attempt(call, sent, true,
							 sent ? "no answer in time" : "no connection in time");
		}
		else if (call->state == YS_CALL_BACKING_OFF && call->retry_at <= now)
			hold_call(call);
	}
	admit_calls(store);
	store->left_at = ys_clock_us();
}

void
ys_store_work(YsStore *store)
{
	forgive_absence(store);
	do_work(store);
}

void
ys_store_waited(YsStore *store)
{
	do_work(store);
}

void
ys_store_signals(YsStore *store, int *fd, long *timeout_ms)
{
	long		timeout = ys_http_timeout_ms(store->http);
	int64		now_us = ys_clock_us();
	int64		now = now_us / 1000;
	dlist_iter	iter;

	dlist_foreach(iter, &store->calls)
	{
		YsCall	   *call = dlist_container(YsCall, link, iter.cur);
		long		left;

		if (call->state == YS_CALL_IN_FLIGHT)
			left = (long) Max(call->attempt_ends - now, 0);
		else if (call->state == YS_CALL_BACKING_OFF)
			left = (long) Max(call->retry_at - now, 0);
		else if (call->state == YS_CALL_HELD)
			left = (long) Max((store->admit_at - now_us + 999) / 1000, 0);
		else
			continue;
		if (timeout < 0 || left < timeout)
			timeout = left;
	}
	*fd = ys_http_fd(store->http);
	*timeout_ms = timeout;
}

void
ys_store_rest(YsStore *store)
{
	int			fd;
	long		timeout;

	ys_store_signals(store, &fd, &timeout);
	(void) ys_wait_for(YS_WAIT_STORE, fd, timeout);
	do_work(store);
}
