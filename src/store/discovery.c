/*-------------------------------------------------------------------------
 * discovery.c
 *	  Asking a store's nodes which nodes there are.
 *
 * ScyllaDB Alternator answers GET /localnodes, unsigned, with a JSON array of
 * the addresses of the live nodes of one datacenter, or of one rack of it.
 * Port and scheme are those of the node that was asked.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>

#include "base/memory.h"
#include "base/wait.h"
#include "store/request.h"

#define DEFAULT_INTERVAL_MS		30000
#define AGAIN_AFTER_FAILURE_MS	1000
#define ANSWER_MAX				((size_t) 1024 * 1024)

/* ---- opening ---- */

/* name=value, in a URL. */
static void
add_parameter(YsText *path, const char *name, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";

	ys_text_add_cstring(path, name);
	for (const char *c = value; *c != '\0'; c++)
	{
		unsigned char byte = (unsigned char) *c;
		char		escaped[3] = {'%', hex[byte >> 4], hex[byte & 15]};

		if (isalnum(byte) || strchr("-._~", byte) != NULL)
			ys_text_add(path, c, 1);
		else
			ys_text_add(path, escaped, 3);
	}
}

/* The path of the question; NULL when out of memory. */
static const char *
print_path(YsStore *store, const char *datacenter, const char *rack)
{
	YsText		path;

	ys_text_init(&path, &store->arena);
	ys_text_add_cstring(&path, store->api->nodes_path);
	if (datacenter != NULL)
		add_parameter(&path, "?dc=", datacenter);
	if (rack != NULL)
		add_parameter(&path, datacenter != NULL ? "&rack=" : "?rack=", rack);
	return path.failed ? NULL : path.bytes;
}

/* The store's context is going away. */
static void
release_transfer(void *handle)
{
	YsDiscovery *discovery = handle;

	if (discovery->transfer != NULL)
		(void) ys_http_cancel(discovery->transfer);
	discovery->transfer = NULL;
}

void
ys_discovery_stop(YsStore *store)
{
	release_transfer(&store->discovery);
}

bool
ys_discovery_open(YsStore *store, const YsStoreConfig *config)
{
	YsDiscovery *discovery = &store->discovery;
	size_t		seeds_size = store->nodes.count * sizeof(YsNode);

	if (!config->discover)
		return true;
	discovery->path = print_path(store, config->datacenter, config->rack);
	if (config->rack != NULL)
		discovery->wider_path = print_path(store, config->datacenter, NULL);
	discovery->seeds = ys_arena_alloc(&store->arena, seeds_size);
	if (discovery->path == NULL || discovery->seeds == NULL ||
		(config->rack != NULL && discovery->wider_path == NULL))
		return false;
	discovery->nseeds = store->nodes.count;
	memcpy(discovery->seeds, store->nodes.nodes, seeds_size);
	discovery->interval_ms = config->discovery_interval_ms > 0 ? config->discovery_interval_ms :
		DEFAULT_INTERVAL_MS;
	ys_arena_init_context(&discovery->arena, store->context, 0);
	ys_handle_own(store->context, discovery, release_transfer);
	discovery->on = true;
	return true;
}

/* ---- the nodes requests go to ---- */

/* Let requests go to these nodes; calls that hold others keep them until they end. */
static void
list_nodes(YsStore *store, int count, const YsNode *nodes)
{
	uint64		busy = 0;
	uint64		replaced;
	dlist_iter	iter;

	dlist_foreach(iter, &store->calls)
	{
		YsCall	   *call = dlist_container(YsCall, link, iter.cur);

		if (call->attempts > 0)
			busy |= UINT64CONST(1) << call->node;
	}
	replaced = ys_nodes_list(&store->nodes, count, nodes, busy, store->context);

	/* what a call holds against a node is nothing against the one in its place */
	dlist_foreach(iter, &store->calls)
	{
		YsCall	   *call = dlist_container(YsCall, link, iter.cur);

		call->failed_nodes &= ~replaced;
		call->untrusted_nodes &= ~replaced;
	}
}

void
ys_discovery_rescue(YsStore *store, int64 now)
{
	YsDiscovery *discovery = &store->discovery;
	YsNodeList *list = &store->nodes;
	YsNode		wanted[2 * YS_NODES_MAX];
	int			count = 0;

	if (!discovery->on || ys_nodes_has_other(list, 0))
		return;
	discovery->due = Min(discovery->due, now + AGAIN_AFTER_FAILURE_MS);

	/* seeds first: they are the ones somebody vouches for */
	for (int i = 0; i < discovery->nseeds; i++)
		wanted[count++] = discovery->seeds[i];
	for (int i = 0; i < list->nlisted; i++)
		wanted[count++] = list->nodes[list->listed[i]];
	list_nodes(store, count, wanted);
}

/* ---- the answer ---- */

typedef struct Answer
{
	YsStore    *store;
	int			count;
	YsNode		nodes[YS_NODES_MAX];
	bool		out_of_memory;
} Answer;

/* May this address be connected to, and is it one? */
static bool
is_usable(const YsStore *store, const char *address, int port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const struct sockaddr *found;

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		found = (const struct sockaddr *) &v4;
	else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
		found = (const struct sockaddr *) &v6;
	else
		return false;
	return store->allowed == NULL || ys_endpoints_have(store->allowed, found);
}

/* One of the array; what is no address, or none that is allowed, is passed by. */
static bool
on_address(void *arg, size_t index, YsJsonNode *value)
{
	Answer	   *answer = arg;
	const YsNode *asked = &answer->store->discovery.asked;
	int			default_port = asked->tls ? 443 : 80;
	char		address[INET6_ADDRSTRLEN];
	const char *bytes;
	size_t		len;

	if (answer->count == YS_NODES_MAX || ys_json_kind(value) != YS_JSON_STRING)
		return true;
	if (!ys_json_string(value, &bytes, &len, NULL))
		return false;
	if (len >= sizeof(address) || memchr(bytes, '\0', len) != NULL)
		return true;
	memcpy(address, bytes, len);
	address[len] = '\0';
	if (!is_usable(answer->store, address, asked->port != 0 ? asked->port : default_port))
		return true;
	if (!ys_node_make(&answer->nodes[answer->count], asked, address,
					  &answer->store->discovery.arena))
	{
		answer->out_of_memory = true;
		return false;
	}
	answer->count++;
	return true;
}

static bool
on_addresses(void *arg, YsJsonNode *root)
{
	return ys_json_kind(root) == YS_JSON_ARRAY && ys_json_each_element(root, on_address, arg, NULL);
}

/* It was not answered, or not so that it can be used: ask another before long. */
static void
fail_question(YsStore *store, const char *reason)
{
	YsDiscovery *discovery = &store->discovery;
	char		what[256];

	snprintf(what, sizeof(what), "GET %s: %s", store->api->nodes_path, reason);
	ys_meter_failed(ys_meter_entry(&discovery->asked.meter, &store->nodes.owner, discovery->asked.url),
					what);
	discovery->turn++;
	discovery->wider = false;
	discovery->due = ys_clock_ms() + Min(discovery->interval_ms, AGAIN_AFTER_FAILURE_MS);
}

/* What the node says is: these nodes. */
static void
take_answer(YsStore *store, const Answer *answer)
{
	YsDiscovery *discovery = &store->discovery;

	if (answer->count == 0 && discovery->wider_path != NULL && !discovery->wider)
	{
		discovery->wider = true;
		discovery->due = ys_clock_ms();
		return;
	}
	if (answer->count > 0)
		list_nodes(store, answer->count, answer->nodes);
	else
		list_nodes(store, discovery->nseeds, discovery->seeds);
	discovery->wider = false;
	discovery->due = ys_clock_ms() + discovery->interval_ms;
}

static void
on_answer(void *owner, const YsHttpResponse *response)
{
	YsStore    *store = owner;
	Answer		answer = {.store = store};
	char		reason[32];

	store->discovery.transfer = NULL;
	if (response->status == 0)
		fail_question(store, response->forbidden[0] != '\0' ? "not an allowed address" :
					  response->reason);
	else if (response->status != 200)
	{
		snprintf(reason, sizeof(reason), "HTTP status %d", response->status);
		fail_question(store, reason);
	}
	else if (response->len > ANSWER_MAX ||
			 !ys_json_read(store->reader, response->bytes, response->len, on_addresses, &answer, NULL))
		fail_question(store, answer.out_of_memory ? "out of memory" :
					  "the answer is not an array of addresses");
	else
		take_answer(store, &answer);
	if (response->bytes != NULL)
		pfree(response->bytes);
}

/* ---- the question ---- */

/* Whose turn it is: the seeds', then the nodes' that are known. */
static const YsNode *
next_to_ask(YsStore *store)
{
	YsDiscovery *discovery = &store->discovery;
	const YsNodeList *list = &store->nodes;

	discovery->turn %= discovery->nseeds + list->nlisted;
	if (discovery->turn < discovery->nseeds)
		return &discovery->seeds[discovery->turn];
	return &list->nodes[list->listed[discovery->turn - discovery->nseeds]];
}

static void
ask(YsStore *store, int64 now)
{
	YsDiscovery *discovery = &store->discovery;
	const char *path = discovery->wider ? discovery->wider_path : discovery->path;
	const YsNode *node = next_to_ask(store);
	YsHttpRequest request = {0};
	char		address[YS_NODE_URL_MAX];
	char	   *url;

	ys_arena_reset(&discovery->arena);
	ys_node_print(node, "", address);
	url = ys_arena_alloc(&discovery->arena, strlen(address) + strlen(path) + 1);
	if (url != NULL && ys_node_copy(&discovery->asked, node, &discovery->arena))
	{
		strcpy(url, address);
		strcat(url, path);
		request.url = url;
		request.context = store->context;
		request.resend = true;
		request.done = on_answer;
		request.owner = store;
		discovery->transfer = ys_http_start(store->http, &request);
	}
	discovery->ends = now + store->config.connect_timeout_ms;
	if (discovery->transfer == NULL)
		discovery->due = now + AGAIN_AFTER_FAILURE_MS;
}

void
ys_discovery_work(YsStore *store, int64 now)
{
	YsDiscovery *discovery = &store->discovery;

	if (!discovery->on)
		return;
	if (discovery->transfer != NULL && discovery->ends <= now)
	{
		release_transfer(discovery);
		fail_question(store, "no answer in time");
	}
	if (discovery->transfer == NULL && discovery->due <= now)
		ask(store, now);
}
