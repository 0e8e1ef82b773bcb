/*-------------------------------------------------------------------------
 * discovery.h
 *	  Asking a store's nodes which nodes there are.  Private to src/store.
 *
 * The nodes of the option (the seeds) are asked in turn until one answers,
 * then that one again and again, in the background of ordinary requests: none
 * waits for it.  What is answered replaces the nodes requests go to.  The
 * seeds come back when the answer has no node, and beside the known ones when
 * all of those are down.
 */
#ifndef YS_STORE_DISCOVERY_H
#define YS_STORE_DISCOVERY_H

#include "store/http.h"
#include "store/node.h"
#include "store/store.h"

typedef struct YsDiscovery
{
	bool		on;
	const char *path;			/* with what narrows the answer */
	const char *wider_path;		/* without the rack; NULL: it was not narrowed to one */
	int			interval_ms;
	int			nseeds;
	YsNode	   *seeds;

	int			turn;			/* which of seeds and known nodes is asked */
	YsArena		arena;			/* of the question and the answer */
	YsNode		asked;
	bool		wider;			/* the rack had no node: ask without it */
	YsHttpTransfer *transfer;	/* under way, or NULL */
	int64		ends;			/* monotonic ms: when it is given up */
	int64		due;			/* monotonic ms: when to ask again */
} YsDiscovery;

/* Prepare it when the configuration asks for it; the store has its nodes.  False when out of memory. */
extern bool ys_discovery_open(YsStore *store, const YsStoreConfig *config);

/* Ask when it is due, give up who does not answer. */
extern void ys_discovery_work(YsStore *store, int64 now);

/* Give up the question under way; it is asked again. */
extern void ys_discovery_stop(YsStore *store);

/* Have the seeds among the nodes when all others are down, and ask soon. */
extern void ys_discovery_rescue(YsStore *store, int64 now);

#endif							/* YS_STORE_DISCOVERY_H */
