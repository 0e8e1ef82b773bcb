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

/* A request remembers the nodes that failed it in the bits of 64. */
#define YS_NODES_MAX	64

#define YS_NODE_FAILURES_UNTIL_DOWN		3

typedef struct YsNode
{
	bool		tls;
	const char *host;			/* as in a URL: a v6 address has its brackets */
	int			port;			/* 0: the scheme's */
	const char *url;			/* http(s)://host[:port], for messages */
	YsMeter		meter;			/* see ys_node_meter */
} YsNode;

typedef struct YsNodeList
{
	YsMeterOwner owner;			/* of the nodes' meters; parsing leaves it alone */
	int			count;
	YsNode		nodes[YS_NODES_MAX];
	uint32_t	turn;			/* round robin */
} YsNodeList;

/* Parse "http(s)://host[:port], ...".  False and err when it is anything else. */
extern bool ys_nodes_parse(const char *text, YsArena *arena, YsNodeList *list, YsError *err);

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

/* Is every node among these? */
extern bool ys_nodes_are_all(const YsNodeList *list, uint64_t nodes);

/* What is counted and known of a node. */
extern YsMeterEntry *ys_node_meter(YsNodeList *list, int index);

extern void ys_node_succeeded(YsNodeList *list, int index);
extern void ys_node_failed(YsNodeList *list, int index, int64_t now);

/* A request to the node was given up without an answer: it proves nothing. */
extern void ys_node_abandoned(YsNodeList *list, int index);

#endif							/* YS_STORE_NODE_H */
