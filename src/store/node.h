/*-------------------------------------------------------------------------
 * node.h
 *	  The nodes of a store: which there are, which answer, which to ask.
 *
 * A node is up until it failed three times running.  Then it is down, and
 * left alone for a while that doubles with each failed probe; after it, one
 * request is let through as the probe.  When all are down the one whose turn
 * comes first is asked all the same: an answer late is better than none.
 *
 * All of that is in the nodes' meters, so backends that share those know it
 * of each other, and send one probe between them.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_NODE_H
#define YS_STORE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/meter.h"

/* http(s)://, a prefix, the longest host, a port */
#define YS_NODE_URL_MAX	288

/* A request remembers the nodes that failed it in the bits of 64. */
#define YS_NODES_MAX	64

#define YS_NODE_FAILURES_UNTIL_DOWN		3

typedef struct YsNode
{
	bool		tls;
	const char *host;			/* as in a URL: a v6 address has its brackets */
	int			port;			/* 0: the scheme's */
	const char *url;			/* http(s)://host[:port], for messages */
	uint32_t	hash;			/* of url */
	YsMeter		meter;			/* see ys_node_meter */
	char	   *own;			/* what holds host and url, when it is not an arena */
} YsNode;

typedef struct YsNodeList
{
	YsMeterOwner owner;			/* of the nodes' meters; parsing leaves it alone */
	int			count;			/* of places in nodes */
	YsNode		nodes[YS_NODES_MAX];
	int			nlisted;		/* requests go to these places' nodes only */
	uint8_t		listed[YS_NODES_MAX];
	uint32_t	turn;			/* round robin */
} YsNodeList;

/* Parse "http(s)://host[:port], ...".  False and err when it is anything else. */
extern bool ys_nodes_parse(const char *text, YsArena *arena, YsNodeList *list, YsError *err);

/*
 * Let requests go to these nodes only.  Those that have a place in the list
 * keep it, so that it stays what calls under way know; new ones get a place
 * that is not among busy, as far as there are any.  Returns the places that
 * are another node's now.  Their strings are allocated in context.  As long
 * as none of the nodes has a place, all stays as it is.
 */
extern uint64_t ys_nodes_list(YsNodeList *list, int count, const YsNode *nodes, uint64_t busy,
							  void *context);

/* A node at that address, with scheme and port of another.  False when out of memory. */
extern bool ys_node_make(YsNode *node, const YsNode *like, const char *address, YsArena *arena);

/* A node whose strings are in the arena.  False when out of memory. */
extern bool ys_node_copy(YsNode *copy, const YsNode *node, YsArena *arena);

/* scheme://prefixhost:port, without a slash. */
extern void ys_node_print(const YsNode *node, const char *prefix, char url[YS_NODE_URL_MAX]);

/*
 * The node to ask.  affinity: NULL, or the hash of a key, whose requests then
 * go to one node as long as it is up.  failed: bits of the nodes to avoid
 * while there are others.  may_probe: whether this request may be risked on
 * a node that is down.  Never fails; the list is never empty.
 */
extern int	ys_nodes_choose(YsNodeList *list, const uint32_t *affinity, uint64_t failed,
							bool may_probe, int64_t now);

/* Is there a node that is up and not among failed? */
extern bool ys_nodes_has_other(YsNodeList *list, uint64_t failed);

/* Are all nodes that requests go to among these? */
extern bool ys_nodes_are_all(const YsNodeList *list, uint64_t nodes);

/* What is counted and known of a node. */
extern YsMeterEntry *ys_node_meter(YsNodeList *list, int index);

extern void ys_node_succeeded(YsNodeList *list, int index);
extern void ys_node_failed(YsNodeList *list, int index, int64_t now);

/* A request to the node was given up without an answer: it proves nothing. */
extern void ys_node_abandoned(YsNodeList *list, int index);

#endif							/* YS_STORE_NODE_H */
