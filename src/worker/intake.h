/*-------------------------------------------------------------------------
 * intake.h
 *	  What the lanes of a stream worker take their batches from: a Kafka
 *	  topic, or the store's own stream.
 *
 * A lane's intake hands out, in order, what comes after the lowest of its
 * policies' positions; each policy ignores what it has seen.  Positions are
 * the policies' own, and mean something to their kind of intake alone.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_INTAKE_H
#define YS_WORKER_INTAKE_H

#include "stream/kafka.h"
#include "worker/ahead.h"
#include "worker/follow.h"

typedef struct YsStreamWorker YsStreamWorker;
typedef struct YsIntake YsIntake;

typedef struct YsIntakeKind
{
	int			most_own_lanes; /* that may be open beside the shared one */

	/*
	 * Read what the worker's policies are declared to follow; inside a transaction.  What is open
	 * by another declaration is closed.  Returns among how many workers it is split; throws when it
	 * can't be followed as it is declared.
	 */
	int			(*load) (YsStreamWorker *worker);

	/* May a policy's positions be used, which are in this topic or store stream?  NULL, or why not. */
	const char *(*refuses) (const YsStreamWorker *worker, const char *topic);

	/* Make the positions to resume from durable, so that backfill may begin. */
	bool		(*start) (YsStreamWorker *worker, YsFollow *follow, YsError *err);

	/*
	 * Open lane->intake, in lane->context, where these policies of the lane are.  True without one:
	 * nothing is to be taken now.
	 */
	bool		(*open) (YsStreamWorker *worker, YsLane *lane, const List *members, YsError *err);

	/*
	 * Take what is there, at most max messages and about max_bytes; what they point to is good
	 * until the next call.  False and err on an error that ends the intake.  YS_ERR_TRIMMED: what
	 * some policies have not seen is no longer there, and they have been marked INCOMPLETE, or look does so.
	 */
	bool		(*take) (YsStreamWorker *worker, YsLane *lane, int max, size_t max_bytes,
						 YsArena *arena, int *count, YsMessage **messages, YsError *err);

	/*
	 * The same ahead of time, in a thread (ahead.h); it counts as taken once that is said, and then the error, if
	 * any, as well.  NULL: that can't be done.
	 */
	void		(*ahead) (const YsLane *lane, YsAheadSource *source);
	void		(*taken) (YsStreamWorker *worker, YsLane *lane, bool ok, int count, const YsMessage *messages);

	/* Look, when it is time, what became of what is followed.  NULL: taking tells all. */
	void		(*look) (YsStreamWorker *worker);

	/* There may be something to take once fd (-1: none) is readable or timeout_ms (-1: never) have passed. */
	void		(*signals) (const YsLane *lane, int *fd, long *timeout_ms);

	/* Has a policy seen all that was handed out?  Is all read that it follows? */
	bool		(*has_caught_up) (const YsLane *lane, YsFollow *follow);
	bool		(*covers) (const YsLane *lane, const YsFollow *follow);

	/* Is a policy so far behind another that going back there would hold that one up? */
	bool		(*is_far_behind) (YsFollow *follow, YsFollow *other);

	/* Where a partition ends, as far as the intake knows; -1: it doesn't. */
	int64		(*high) (const YsLane *lane, int32 partition);

	/* Where all partitions end, asked now.  NULL: this kind never knows. */
	bool		(*ends) (YsStreamWorker *worker, YsArena *arena, int *count, YsPartitionOffsets **ends,
						 YsError *err);
} YsIntakeKind;

extern const YsIntakeKind ys_intake_kafka;
extern const YsIntakeKind ys_intake_store;

#endif							/* YS_WORKER_INTAKE_H */
