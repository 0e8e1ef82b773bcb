/*-------------------------------------------------------------------------
 * stream_worker_parts.h
 *	  What the parts of a stream worker share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_STREAM_WORKER_PARTS_H
#define YS_WORKER_STREAM_WORKER_PARTS_H

#include "base/memory.h"
#include "catalog/server.h"
#include "stream/event.h"
#include "worker/intake.h"

/*
 * An intake, and the policies it is for: they have seen all that it has handed out.  The
 * shared lane is everyone's; a policy that can't keep up, or was away, is set aside and has
 * its own until it has caught up.
 */
struct YsLane
{
	MemoryContext context;		/* of the intake; NULL: none is open */
	YsIntake   *intake;
	YsAhead    *ahead;			/* makes its batches; NULL: they are taken as they are needed */
	int			doublings;		/* of the batch's size, while more is waiting */
	int64		opened_at;
};

/* The SQLSTATE of: items that a policy's events only name can't be read now. */
#define YS_ERRCODE_STORE_AWAY	MAKE_SQLSTATE('Y', 'S', 'S', '0', '1')

/* The SQLSTATE of: a wait for a store was given up, for policies have come or gone. */
#define YS_ERRCODE_POLICIES_CHANGED	MAKE_SQLSTATE('Y', 'S', 'P', '0', '1')

/* A policy that failed in a way that may pass: leave it alone for a while. */
typedef struct YsSetback
{
	int			policy_id;
	int			failures;		/* in a row */
	int64		retry_at;
	bool		noted;			/* the reason is on the policy */
	char		reason[256];
} YsSetback;

typedef struct YsTopic YsTopic;

struct YsStreamWorker
{
	YsPolicyStream policies;	/* those that it follows */
	const YsIntakeKind *intake; /* that their lanes have */
	YsLease		lease;			/* epoch 0: to be taken */
	MemoryContext context;
	MemoryContext batch_context;	/* reset after each batch */
	MemoryContext config_context;
	YsStreamConfig *config;		/* of Kafka, as declared when policies were last looked at */
	YsEventFormat format;
	YsJsonReader *reader;
	YsHandle   *reader_handle;
	List	   *follows;
	List	   *setbacks;		/* of YsSetback, of policies followed or not */
	YsLane		shared;
	YsTopic    *topic;			/* Kafka's: what is known of it; NULL: nothing yet */
	int64		housekeeping_at;
	int64		retry_at;		/* don't bother brokers or the store's stream before */
	YsArena		arena;			/* of a batch's messages and events */
	bool		does_without;	/* options that can be used: that was said */
	bool		troubled;		/* a reason is, or may be, noted on the policies */
	bool		any_paused;		/* of its policies */
	bool		attempting;		/* something for one policy: what it throws is caught */
	bool		interrupted;	/* the batch in hand is to be taken again */
	int64		ends_at;		/* when to ask the brokers next where the topic ends */
};

/* ---- stream_worker.c ---- */

/* Brokers, or the store's stream, can't be had: say so, and leave them alone for a while. */
extern void ys_stream_note_trouble(YsStreamWorker *worker, const YsError *err);

/* ---- stream_worker_setback.c ---- */

/* Say what keeps a policy from going on; NULL: nothing does. */
extern void ys_stream_note_reason(const YsFollow *follow, const char *reason);

/*
 * Do fn for one policy, and catch what it throws: such a policy is paused if that is how it
 * stays, else left alone for a while, longer each time.  Others must not notice: where there
 * are any, fn is cancelled when it takes too long.  False when it threw.
 */
extern bool ys_stream_attempt(YsStreamWorker *worker, YsPolicyRow *row, void (*fn) (void *arg), void *arg);

/* Take up the failure of one policy: as above.  A lost lease is the worker's own: it is taken anew. */
extern void ys_stream_set_back(YsStreamWorker *worker, YsPolicyRow *row, const ErrorData *error);

/*
 * Items of a policy's source could not be read, which took so long: leave all policies of that source alone as
 * well, and the longer, the longer others had to wait for it.
 */
extern void ys_stream_hold_source(YsStreamWorker *worker, const YsFollow *failed, int64 elapsed_ms);

/* Does a reason of its own keep a policy from going on, or did until just now? */
extern bool ys_stream_is_set_back(const YsStreamWorker *worker, int policy_id);

/* Is a policy not to be left alone now? */
extern bool ys_stream_may_try(const YsStreamWorker *worker, int policy_id);

/* A policy made progress: what was set back is over. */
extern void ys_stream_recover(YsStreamWorker *worker, const YsFollow *follow);

/* So is what was set back and has not failed since it may be tried again. */
extern void ys_stream_forgive(YsStreamWorker *worker);

/* ---- stream_worker_policies.c ---- */

/* A policy that is followed, or NULL. */
extern YsFollow *ys_stream_find_follow(const YsStreamWorker *worker, int policy_id);

/* Hear of changed areas, synonyms and sources from now on. */
extern void ys_stream_watch(YsStreamWorker *worker);

/*
 * Has anything changed that events are read by?  Asked with messages in hand: what
 * came after a change must not meet what was before it.
 */
extern bool ys_stream_declarations_changed(void);

/* Have policies come or gone since they were last looked at? */
extern bool ys_stream_policies_changed(void);

/*
 * Bring stream and policies up to date with the catalog, in a transaction of its own.
 * False when there is nothing left to do for this worker.
 */
extern bool ys_stream_refresh(YsStreamWorker *worker);

/* Does this worker do what only one of a stream's workers does: starts, backfills, jobs? */
#define ys_stream_is_first(worker) ((worker)->lease.worker == 0)

/* ---- stream_worker_lanes.c ---- */

/* Does a policy take its events from a lane now? */
extern bool ys_lane_has(const YsStreamWorker *worker, const YsLane *lane, const YsFollow *follow);

/* The policies of a lane, in the current context. */
extern List *ys_lane_members(const YsStreamWorker *worker, const YsLane *lane);

/* Open a lane's intake where its policies are.  True without one: nothing is to be taken. */
extern bool ys_lane_open(YsStreamWorker *worker, YsLane *lane, YsError *err);

/* The next batch is taken by an intake opened anew, from the policies' positions. */
extern void ys_lane_close(YsLane *lane);
extern void ys_lanes_close(YsStreamWorker *worker);

/* A policy has come, or its positions were read anew: has it to catch up with the others? */
extern void ys_lane_join(YsStreamWorker *worker, YsFollow *follow);

/* A policy takes no part in the shared lane until it has caught up again. */
extern void ys_lane_set_aside(YsStreamWorker *worker, YsFollow *follow);

/* Forget a policy's own lane. */
extern void ys_lane_discard(YsFollow *follow);

/* Give own lanes to policies aside, as many as may be open, in turn; let those rejoin that have caught up. */
extern void ys_lanes_tend(YsStreamWorker *worker);

/* ---- stream_worker_ahead.c ---- */

/*
 * Can a lane's batches be made ahead?  Where its policies are not read as they were when it began, what was made is
 * dropped, and the lane closed.
 */
extern bool ys_lane_looks_ahead(YsStreamWorker *worker, YsLane *lane);

/*
 * Before a policy, or what is bound to it, is freed: no batch is under way that is made with it.  Such a one is dropped,
 * and the lane closed.
 */
extern void ys_lane_let_go(YsStreamWorker *worker);

/* Take the next batch of such a lane, and begin the one after it, if more is waiting. */
extern bool ys_lane_take_ahead(YsStreamWorker *worker, YsLane *lane, YsEventBatch **batch, YsError *err);

/* ---- stream_worker_consume.c ---- */

/* How a lane's policies of one source read messages, in arena. */
extern YsEventReading ys_stream_reading(const YsStreamWorker *worker, const YsLane *lane, const YsSource *source,
										YsArena *arena);

/* Take and apply one batch of each lane.  Returns how many messages there were, -1 on an error noted. */
extern int	ys_stream_consume(YsStreamWorker *worker);

/* The high watermark of a policy's partition, -1 when not known. */
extern int64 ys_stream_high(const YsStreamWorker *worker, const YsFollow *follow, int32 partition);

/* ---- stream_worker_lag.c ---- */

/* Save how far the stream goes where no batch has done so, for policies that are paused, too. */
extern void ys_stream_save_lag(YsStreamWorker *worker);

#endif							/* YS_WORKER_STREAM_WORKER_PARTS_H */
