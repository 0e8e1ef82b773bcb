/*-------------------------------------------------------------------------
 * topic.h
 *	  What is remembered of a stream's topic: messages its log is known by,
 *	  and how often it got more partitions.
 *
 * Everything here runs SQL in the caller's transaction, as the extension's
 * owner, and throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_TOPIC_H
#define YS_CATALOG_TOPIC_H

#include "catalog/lease.h"
#include "stream/kafka.h"

/* The anchors of a topic's partitions, palloc'd; returns how many. */
extern int	ys_anchor_load(Oid stream, Oid owner, const char *topic, YsAnchor **anchors);
extern void ys_anchor_save(Oid stream, Oid owner, const char *topic, int count, const YsAnchor *anchors);

/*
 * Another log has that name now: no anchor is of it, and no policy that had begun in it is
 * complete, paused ones included.  All leases end, so that every worker forgets what it knows of the other.
 */
extern void ys_topic_replaced(const YsLease *lease, const char *topic, const char *reason);

/*
 * A topic has these partitions now.  Give the policies positions in those they have none in, and
 * note where the others ended: what comes behind that is of another layout, newer wherever
 * its key was before.  All leases end, so that every worker reads that before it goes on.  False
 * when nothing was to be done.  A policy that has not yet reached the ends noted the last time waits.
 */
extern bool ys_topic_grow(const YsLease *lease, const char *topic, int count,
						  const YsPartitionOffsets *partitions);

/* Has a policy positions that have not reached the end of the last layout? */
extern bool ys_topic_is_draining(int policy_id);

#endif							/* YS_CATALOG_TOPIC_H */
