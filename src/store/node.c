/*-------------------------------------------------------------------------
 * node.c
 *	  The nodes of a store: reading the list, health, choice.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "base/wait.h"
#include "common/hashfn.h"
#include "store/node.h"

#define FIRST_PROBE_MS			500
#define LONGEST_PROBE_MS		30000

/* A probe nothing was heard of for so long is made again by another. */
#define PROBE_LASTS_MS			5000
#define LONGEST_HOST			255

/* ---- reading the list ---- */

static bool
refuse_node(YsError *err, const char *text, size_t len, const char *why)
{
	ys_error_set(err, YS_ERR_INVALID_OPTION, "invalid store node address");

	/* What stands before an @ may be a password: never repeat it. */
	if (memchr(text, '@', len) != NULL)
		ys_error_detail(err, "An address must not contain \"@\".");
	else
		ys_error_detail(err, "In \"%.*s\": %s.", (int) Min(len, 200), text, why);
	ys_error_hint(err, "Write nodes as \"http://host:port\" or \"https://host:port\", "
				  "separated by commas.");
	return false;
}

/* Length of the host at text, or 0 when there is none that can stand in a URL. */
static size_t
host_length(const char *text, size_t len)
{
	size_t		n = 0;

	if (len > 0 && text[0] == '[')
	{
		for (n = 1; n < len && text[n] != ']'; n++)
			if (!isxdigit((unsigned char) text[n]) && text[n] != ':' && text[n] != '.')
				return 0;
		return n < len && n > 2 ? n + 1 : 0;
	}
	while (n < len && (isalnum((unsigned char) text[n]) ||
					   text[n] == '-' || text[n] == '.' || text[n] == '_'))
		n++;
	return n;
}

/* Digits up to the end of text as a port, or 0. */
static int
read_port(const char *text, size_t len)
{
	int			port = 0;

	if (len == 0 || len > 5)
		return 0;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return 0;
		port = port * 10 + (text[i] - '0');
	}
	return port <= 65535 ? port : 0;
}

/* One address, without the blanks around it. */
static bool
parse_node(const char *text, size_t len, YsArena *arena, YsNode *node, YsError *err)
{
	const char *rest = text;
	size_t		rest_len = len;
	size_t		host_len;

	memset(node, 0, sizeof(*node));
	if (len >= 7 && pg_strncasecmp(text, "http://", 7) == 0)
		rest += 7;
	else if (len >= 8 && pg_strncasecmp(text, "https://", 8) == 0)
	{
		rest += 8;
		node->tls = true;
	}
	else
		return refuse_node(err, text, len, "it begins with neither http:// nor https://");
	rest_len -= rest - text;
	if (rest_len > 0 && rest[rest_len - 1] == '/')
	{
		rest_len--;
		len--;
	}

	host_len = host_length(rest, rest_len);
	if (host_len == 0)
		return refuse_node(err, text, len, "the host is missing or not a host name");
	if (host_len > LONGEST_HOST)
		return refuse_node(err, text, len, "the host name is too long");
	if (host_len < rest_len)
	{
		if (rest[host_len] != ':')
			return refuse_node(err, text, len, "only a port may follow the host");
		node->port = read_port(rest + host_len + 1, rest_len - host_len - 1);
		if (node->port == 0)
			return refuse_node(err, text, len, "the port is not a number from 1 to 65535");
	}

	node->host = ys_arena_copy(arena, rest, host_len);
	node->url = ys_arena_copy(arena, text, len);
	if (node->host == NULL || node->url == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	node->hash = hash_bytes((const unsigned char *) node->url, (int) len);
	return true;
}

bool
ys_nodes_parse(const char *text, YsArena *arena, YsNodeList *list, YsError *err)
{
	const char *next = text != NULL ? text : "";

	list->count = list->nlisted = 0;
	list->turn = 0;
	for (;;)
	{
		const char *end = next + strcspn(next, ",");
		const char *last = end;

		while (next < last && isspace((unsigned char) *next))
			next++;
		while (last > next && isspace((unsigned char) last[-1]))
			last--;
		if (next == last)
			return refuse_node(err, text != NULL ? text : "", text != NULL ? strlen(text) : 0,
							   "an address is empty");
		if (list->count == YS_NODES_MAX)
		{
			ys_error_set(err, YS_ERR_INVALID_OPTION, "too many store nodes");
			ys_error_detail(err, "At most %d can be given.", YS_NODES_MAX);
			ys_error_hint(err, "Leave some out: those given say nothing about where items are.");
			return false;
		}
		if (!parse_node(next, last - next, arena, &list->nodes[list->count], err))
			return false;
		list->listed[list->nlisted++] = (uint8_t) list->count++;
		if (*end == '\0')
			return true;
		next = end + 1;
	}
}

/* ---- nodes that come and go ---- */

static bool
is_among(uint64_t nodes, int index)
{
	return (nodes & (UINT64CONST(1) << index)) != 0;
}

bool
ys_node_make(YsNode *node, const YsNode *like, const char *address, YsArena *arena)
{
	bool		bracket = strchr(address, ':') != NULL;
	char		host[LONGEST_HOST + 1];
	char		url[YS_NODE_URL_MAX];

	snprintf(host, sizeof(host), bracket ? "[%s]" : "%s", address);
	memset(node, 0, sizeof(*node));
	node->tls = like->tls;
	node->port = like->port;
	node->host = ys_arena_copy(arena, host, strlen(host));
	if (node->host == NULL)
		return false;
	ys_node_print(node, "", url);
	node->url = ys_arena_copy(arena, url, strlen(url));
	node->hash = hash_bytes((const unsigned char *) url, (int) strlen(url));
	return node->url != NULL;
}

bool
ys_node_copy(YsNode *copy, const YsNode *node, YsArena *arena)
{
	*copy = *node;
	copy->own = NULL;
	copy->host = ys_arena_copy(arena, node->host, strlen(node->host));
	copy->url = ys_arena_copy(arena, node->url, strlen(node->url));
	return copy->host != NULL && copy->url != NULL;
}

void
ys_node_print(const YsNode *node, const char *prefix, char url[YS_NODE_URL_MAX])
{
	char		port[16] = "";

	if (node->port != 0)
		snprintf(port, sizeof(port), ":%d", node->port);
	snprintf(url, YS_NODE_URL_MAX, "%s://%s%s%s", node->tls ? "https" : "http", prefix,
			 node->host, port);
}

/* Make the place this node's, with strings of its own.  False when out of memory. */
static bool
take_place(YsNode *place, const YsNode *node, MemoryContext context)
{
	size_t		host_size = strlen(node->host) + 1;
	size_t		url_size = strlen(node->url) + 1;
	char	   *own = MemoryContextAllocExtended(context, host_size + url_size, MCXT_ALLOC_NO_OOM);

	if (own == NULL)
		return false;
	memcpy(own, node->host, host_size);
	memcpy(own + host_size, node->url, url_size);
	if (place->own != NULL)
		pfree(place->own);
	*place = *node;
	place->own = own;
	place->host = own;
	place->url = own + host_size;
	return true;
}

static int
find_node(const YsNodeList *list, const char *url)
{
	for (int i = 0; i < list->count; i++)
		if (strcmp(list->nodes[i].url, url) == 0)
			return i;
	return -1;
}

static void
list_place(YsNodeList *list, int index, uint64_t *listed)
{
	if (is_among(*listed, index))
		return;
	*listed |= UINT64CONST(1) << index;
	list->listed[list->nlisted++] = (uint8_t) index;
}

uint64_t
ys_nodes_list(YsNodeList *list, int count, const YsNode *nodes, uint64_t busy, void *context)
{
	uint64		listed = 0;
	uint64		replaced = 0;
	int			before = list->nlisted;

	/* first all that stay, so that no new one takes their places */
	list->nlisted = 0;
	for (int i = 0; i < count; i++)
	{
		int			index = find_node(list, nodes[i].url);

		if (index >= 0)
			list_place(list, index, &listed);
	}
	for (int i = 0; i < count; i++)
	{
		int			place = 0;

		if (find_node(list, nodes[i].url) >= 0)
			continue;
		while (place < list->count && is_among(busy | listed, place))
			place++;
		if (place == YS_NODES_MAX || !take_place(&list->nodes[place], &nodes[i], context))
			continue;
		if (place == list->count)
			list->count++;
		else
			replaced |= UINT64CONST(1) << place;
		list_place(list, place, &listed);
	}
	if (list->nlisted == 0)
		list->nlisted = before;
	return replaced;
}

/* ---- health ---- */

YsMeterEntry *
ys_node_meter(YsNodeList *list, int index)
{
	YsNode	   *node = &list->nodes[index];

	return ys_meter_entry(&node->meter, &list->owner, node->url);
}

static bool
is_down(YsNodeList *list, int index)
{
	return pg_atomic_read_u32(&ys_node_meter(list, index)->failures) >= YS_NODE_FAILURES_UNTIL_DOWN;
}

void
ys_node_succeeded(YsNodeList *list, int index)
{
	YsMeterEntry *meter = ys_node_meter(list, index);

	/* nearly always there is nothing to write to memory that others read */
	if (pg_atomic_read_u32(&meter->failures) == 0)
		return;
	pg_atomic_write_u32(&meter->failures, 0);
	pg_atomic_write_u64(&meter->probe_ends, 0);
}

void
ys_node_failed(YsNodeList *list, int index, int64_t now)
{
	YsMeterEntry *meter = ys_node_meter(list, index);
	uint32		failures = pg_atomic_read_u32(&meter->failures);

	/*
	 * Many requests may be under way when a node goes down, of many backends:
	 * those that fail then are no failed probes, each of which makes the next
	 * wait for longer.
	 */
	if (failures < YS_NODE_FAILURES_UNTIL_DOWN || pg_atomic_read_u64(&meter->probe_ends) != 0)
		failures = pg_atomic_add_fetch_u32(&meter->failures, 1);
	if (failures >= YS_NODE_FAILURES_UNTIL_DOWN)
		pg_atomic_write_u64(&meter->probe_at,
							now + ys_backoff_ms((int) failures - YS_NODE_FAILURES_UNTIL_DOWN + 1,
												FIRST_PROBE_MS, LONGEST_PROBE_MS));
	pg_atomic_write_u64(&meter->probe_ends, 0);
}

void
ys_node_abandoned(YsNodeList *list, int index)
{
	YsMeterEntry *meter = ys_node_meter(list, index);

	if (pg_atomic_read_u64(&meter->probe_ends) != 0)
		pg_atomic_write_u64(&meter->probe_ends, 0);
}

/* Make this request the node's probe, if it is down, due for one, and nobody else makes it. */
static bool
take_probe(YsNodeList *list, int index, int64 now)
{
	YsMeterEntry *meter = ys_node_meter(list, index);
	uint64		ends = pg_atomic_read_u64(&meter->probe_ends);

	return is_down(list, index) && (int64) ends <= now &&
		(int64) pg_atomic_read_u64(&meter->probe_at) <= now &&
		pg_atomic_compare_exchange_u64(&meter->probe_ends, &ends, (uint64) (now + PROBE_LASTS_MS));
}

/* ---- choice ---- */

bool
ys_nodes_has_other(YsNodeList *list, uint64_t failed)
{
	for (int i = 0; i < list->nlisted; i++)
		if (!is_down(list, list->listed[i]) && !is_among(failed, list->listed[i]))
			return true;
	return false;
}

bool
ys_nodes_are_all(const YsNodeList *list, uint64_t nodes)
{
	for (int i = 0; i < list->nlisted; i++)
		if (!is_among(nodes, list->listed[i]))
			return false;
	return true;
}

/*
 * How much a request wants this node: with affinity by rendezvous hashing, so
 * that a node's death moves only its own keys; else by whose turn it is.
 */
static uint32
preference(const YsNodeList *list, const uint32_t *affinity, int position)
{
	uint32		count = (uint32) list->nlisted;

	if (affinity != NULL)
		return murmurhash32(*affinity ^ list->nodes[list->listed[position]].hash);
	return UINT32_MAX - ((uint32) position + count - list->turn % count) % count;
}

/*
 * The position of the most wanted of those that are up and not among failed;
 * -1 when there is none.
 */
static int
most_wanted(YsNodeList *list, const uint32_t *affinity, uint64_t failed)
{
	int			best = -1;

	for (int i = 0; i < list->nlisted; i++)
	{
		if (is_down(list, list->listed[i]) || is_among(failed, list->listed[i]))
			continue;
		if (best < 0 || preference(list, affinity, i) > preference(list, affinity, best))
			best = i;
	}
	return best;
}

static uint64
probe_time(YsNodeList *list, int position)
{
	return pg_atomic_read_u64(&ys_node_meter(list, list->listed[position])->probe_at);
}

int
ys_nodes_choose(YsNodeList *list, const uint32_t *affinity, uint64_t failed,
				bool may_probe, int64_t now)
{
	int			best;
	int			soonest = 0;

	for (int i = 0; may_probe && i < list->nlisted; i++)
		if (!is_among(failed, list->listed[i]) && take_probe(list, list->listed[i], now))
			return list->listed[i];

	best = most_wanted(list, affinity, failed);
	if (best < 0)
		best = most_wanted(list, affinity, 0);
	list->turn++;
	if (best >= 0)
		return list->listed[best];

	for (int i = 1; i < list->nlisted; i++)
		if (probe_time(list, i) < probe_time(list, soonest))
			soonest = i;
	return list->listed[soonest];
}
