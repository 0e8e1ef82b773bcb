/*-------------------------------------------------------------------------
 * intake_kafka_topic.c
 *	  What became of the stream's topic: more partitions, another log under
 *	  the same name, events deleted before they were applied.
 *
 * The brokers are asked at the worker's start, every ten seconds, and
 * whenever consuming failed; nothing is consumed before they have answered.
 *
 * Another log is known by an anchor: a message of each partition, by offset
 * and timestamp.  An anchor only moves on after it was found where it was, to a message
 * that was seen before that, so that it never comes to be of another log unnoticed.  What
 * can't be told: a log whose anchor was deleted by retention meanwhile.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/topic.h"
#include "worker/intake_kafka.h"
#include "worker/transaction.h"

#define LOOK_MS				10000
#define LOOK_TIMEOUT_MS		3000
#define LOOK_RETRY_MS		1000

/* What is known of one of this worker's partitions. */
typedef struct Log
{
	int32		partition;
	bool		anchored;
	YsAnchor	anchor;
	int64		seen_offset;	/* of the last message handed out; -1: none was */
	int64		seen_ms;
} Log;

struct YsTopic
{
	int64		look_at;		/* when to look next */
	int64		known_under;	/* the lease's epoch, where the brokers have answered since consuming failed, else 0 */

	/* what the topic is known by; context NULL: to be read */
	MemoryContext context;
	char	   *name;
	int64		read_under;		/* the lease's epoch: whoever finds the topic replaced ends all leases */
	int			count;
	Log		   *logs;
};

/* ---- logs ---- */

static Log *
find_log(const YsTopic *topic, int32 partition)
{
	for (int i = 0; i < topic->count; i++)
	{
		if (topic->logs[i].partition == partition)
			return &topic->logs[i];
	}
	return NULL;
}

static void
forget_logs(YsTopic *topic)
{
	if (topic->context != NULL)
		MemoryContextDelete(topic->context);
	topic->context = NULL;
	topic->count = 0;
}

/* What is known of the topic, made where there is nothing yet. */
static YsTopic *
topic_of(YsStreamWorker *worker)
{
	if (worker->topic == NULL)
		worker->topic = MemoryContextAllocZero(worker->context, sizeof(YsTopic));
	return worker->topic;
}

bool
ys_topic_is_known(const YsStreamWorker *worker)
{
	return worker->topic != NULL && worker->topic->known_under != 0 &&
		worker->topic->known_under == worker->lease.epoch;
}

void
ys_topic_look_soon(YsStreamWorker *worker)
{
	topic_of(worker)->look_at = 0;
}

void
ys_topic_doubt(YsStreamWorker *worker)
{
	YsTopic    *topic = topic_of(worker);

	topic->known_under = 0;
	topic->look_at = 0;
	worker->housekeeping_at = 0;
	ys_lanes_close(worker);
}

void
ys_topic_note(YsStreamWorker *worker, int count, const YsMessage *messages)
{
	for (int i = 0; i < count; i++)
	{
		Log		   *log = find_log(worker->topic, messages[i].partition);

		if (log != NULL && messages[i].offset > log->seen_offset)
		{
			log->seen_offset = messages[i].offset;
			log->seen_ms = messages[i].timestamp_ms;
		}
	}
}

typedef struct AnchorArg
{
	YsStreamWorker *worker;
	int			count;
	YsAnchor   *anchors;
} AnchorArg;

static void
load_anchors(void *arg)
{
	AnchorArg  *load = arg;
	const YsStreamWorker *worker = load->worker;

	ys_transaction_begin("reading what the topic is known by");
	load->count = ys_anchor_load(worker->policies.stream, worker->policies.owner, worker->config->topic,
								 &load->anchors);
	ys_transaction_commit();
}

static void
save_anchors(void *arg)
{
	AnchorArg  *save = arg;
	const YsStreamWorker *worker = save->worker;

	ys_transaction_begin("saving what the topic is known by");
	ys_anchor_save(worker->policies.stream, worker->policies.owner, worker->config->topic, save->count,
				   save->anchors);
	ys_transaction_commit();
}

/* Have a log for each of this worker's partitions.  False: try again. */
static bool
have_logs(YsStreamWorker *worker, int count, const YsPartitionOffsets *offsets)
{
	YsTopic    *topic = worker->topic;
	MemoryContext old;
	AnchorArg	load = {worker};

	if (topic->context != NULL && topic->read_under == worker->lease.epoch && topic->count == count &&
		strcmp(topic->name, worker->config->topic) == 0)
		return true;
	if (ys_transaction_attempt(load_anchors, &load, 0) != NULL)
	{
		topic->look_at = 0;
		return false;
	}
	forget_logs(topic);
	topic->context = AllocSetContextCreate(worker->context, "yottastore topic", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(topic->context);
	topic->name = pstrdup(worker->config->topic);
	topic->read_under = worker->lease.epoch;
	topic->logs = palloc0(sizeof(Log) * Max(count, 1));
	topic->count = count;
	for (int i = 0; i < count; i++)
	{
		Log		   *log = &topic->logs[i];

		log->partition = offsets[i].partition;
		log->seen_offset = -1;
		for (int a = 0; a < load.count; a++)
		{
			if (load.anchors[a].partition != log->partition)
				continue;
			log->anchored = true;
			log->anchor = load.anchors[a];
		}
	}
	MemoryContextSwitchTo(old);
	return true;
}

/* ---- what is wrong with the topic ---- */

typedef struct ReplacedArg
{
	YsStreamWorker *worker;
	const char *why;
} ReplacedArg;

static void
mark_replaced(void *arg)
{
	ReplacedArg *replaced = arg;
	const YsStreamWorker *worker = replaced->worker;
	const char *topic = worker->config->topic;

	ys_transaction_begin("marking a gap");
	ys_topic_replaced(&worker->lease, topic,
					  psprintf("topic \"%s\" was deleted and made anew (%s): "
							   "call yottastore.index_resync_start", topic, replaced->why));
	ys_transaction_commit();
}

/* Another log has the topic's name.  No policy is complete any more; nothing is consumed before the next look. */
static void
note_replaced(YsStreamWorker *worker, const char *why)
{
	ReplacedArg arg = {worker, why};

	worker->topic->look_at = 0;
	if (ys_transaction_attempt(mark_replaced, &arg, 0) != NULL)
		return;					/* and find it again */
	ereport(LOG, (errmsg("topic \"%s\" was deleted and made anew: %s", worker->config->topic, why)));
	ys_lanes_close(worker);
	worker->lease.epoch = 0;
	worker->housekeeping_at = 0;
}

/*
 * Look at the anchors.  False when that failed (err), or one is not what it was, which is noted
 * (err is YS_OK).
 */
static bool
check_anchors(YsStreamWorker *worker, const YsStreamConfig *config,
			  const YsPartitionOffsets *offsets, YsError *err)
{
	YsTopic    *topic = worker->topic;
	YsAnchor   *anchors = palloc0(sizeof(YsAnchor) * Max(topic->count, 1));
	AnchorArg	save = {worker, 0, palloc0(sizeof(YsAnchor) * Max(topic->count, 1))};
	int			asked = 0;

	err->code = YS_OK;
	for (int i = 0; i < topic->count; i++)
	{
		Log		   *log = &topic->logs[i];

		if (log->anchored && log->anchor.offset >= offsets[i].high)
		{
			note_replaced(worker, psprintf("partition %d ends before offset " INT64_FORMAT ", which was there",
										   log->partition, log->anchor.offset));
			return false;
		}
		log->anchored = log->anchored && log->anchor.offset >= offsets[i].low;
		if (!ys_lease_covers(&worker->lease, log->partition) || offsets[i].high <= offsets[i].low)
			continue;
		anchors[asked].partition = log->partition;
		anchors[asked++].offset = log->anchored ? log->anchor.offset : offsets[i].high - 1;
	}
	if (!ys_kafka_read_anchors(config, asked, anchors, err))
		return false;
	for (int i = 0; i < asked; i++)
	{
		Log		   *log = find_log(topic, anchors[i].partition);

		if (log->anchored && anchors[i].found && anchors[i].timestamp_ms != log->anchor.timestamp_ms)
		{
			note_replaced(worker, psprintf("offset " INT64_FORMAT " of partition %d is of another time",
										   log->anchor.offset, log->partition));
			return false;
		}
		if (log->anchored && log->seen_offset <= log->anchor.offset)
			continue;

		/* the log is known to be the one it was: go by what was seen in it last */
		if (log->anchored && log->seen_offset >= 0)
		{
			log->anchor.offset = log->seen_offset;
			log->anchor.timestamp_ms = log->seen_ms;
		}
		else if (!log->anchored && anchors[i].found)
			log->anchor = anchors[i];
		else
			continue;
		log->anchored = true;
		save.anchors[save.count++] = log->anchor;
	}
	if (save.count > 0)
		(void) ys_transaction_attempt(save_anchors, &save, 0);
	return true;
}

typedef struct GapArg
{
	YsStreamWorker *worker;
	YsFollow   *follow;
	const YsPolicyPosition *position;
} GapArg;

static void
mark_gap(void *arg)
{
	GapArg	   *gap = arg;
	const YsPolicyPosition *position = gap->position;
	YsPolicyRow *row = gap->follow->row;
	YsPolicyLocked locked;

	ys_transaction_begin("marking a gap");

	/* what has begun anew meanwhile has lost nothing */
	if (ys_policy_lock_epoch(row->policy_id, row->epoch, true, &locked))
		ys_policy_set_phase(row->policy_id, YS_PHASE_INCOMPLETE,
							psprintf("partition %d of topic \"%s\" no longer holds offset " INT64_FORMAT
									 ": call yottastore.index_resync_start",
									 position->partition, gap->worker->config->topic, position->next_offset));
	ys_transaction_commit();
	row->phase = YS_PHASE_INCOMPLETE;
}

/*
 * Changes between a policy's position and the oldest event kept are lost: say so, and stop it.  A log
 * that ends before a position is not the one that was read, which is noted; false then.
 */
static bool
check_positions(YsStreamWorker *worker, int count, const YsPartitionOffsets *offsets)
{
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);

		/* they are numbered from 0 */
		if (follow->npositions > 0 && ys_follow_is_active(follow) &&
			follow->positions[follow->npositions - 1].partition >= count)
		{
			note_replaced(worker, psprintf("it has no partition %d any more",
										   follow->positions[follow->npositions - 1].partition));
			return false;
		}
		for (int i = 0; i < count && ys_follow_is_active(follow); i++)
		{
			GapArg		gap = {worker, follow, ys_follow_position(follow, offsets[i].partition)};

			if (gap.position == NULL)
				continue;
			if (gap.position->next_offset > offsets[i].high)
			{
				note_replaced(worker, psprintf("partition %d ends before offset " INT64_FORMAT,
											   offsets[i].partition, gap.position->next_offset));
				return false;
			}
			if (gap.position->next_offset < offsets[i].low)
				(void) ys_stream_attempt(worker, follow->row, mark_gap, &gap);
		}
	}
	return true;
}

typedef struct GrowArg
{
	YsStreamWorker *worker;
	int			count;
	const YsPartitionOffsets *offsets;
	bool		grown;
} GrowArg;

static void
grow(void *arg)
{
	GrowArg    *grow = arg;

	ys_transaction_begin("taking up new partitions");
	grow->grown = ys_topic_grow(&grow->worker->lease, grow->worker->config->topic, grow->count,
								grow->offsets);
	ys_transaction_commit();
}

/* Follow the partitions that the topic has now. */
static void
follow_growth(YsStreamWorker *worker, int count, const YsPartitionOffsets *offsets)
{
	GrowArg		arg = {worker, count, offsets};

	/* others are committing: soon again */
	if (ys_transaction_attempt(grow, &arg, 0) != NULL)
		worker->topic->look_at = ys_clock_ms() + LOOK_RETRY_MS;
	if (!arg.grown)
		return;
	ereport(LOG, (errmsg("topic \"%s\" has %d partitions now", worker->config->topic, count)));
	worker->lease.epoch = 0;
	worker->housekeeping_at = 0;
}

/* ---- draining ---- */

typedef struct DrainArg
{
	int			policy_id;
	bool		draining;
} DrainArg;

static void
look_if_draining(void *arg)
{
	DrainArg   *drain = arg;

	ys_transaction_begin("looking for what was written before the topic grew");
	drain->draining = ys_topic_is_draining(drain->policy_id);
	ys_transaction_commit();
}

/* Let events behind a growth go on once all before it are applied. */
static void
tend_draining(YsStreamWorker *worker)
{
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		YsFollow   *follow = lfirst(lc);
		DrainArg	arg = {follow->row->policy_id, true};

		if (!follow->draining || ys_transaction_attempt(look_if_draining, &arg, 0) != NULL ||
			arg.draining)
			continue;
		follow->draining = false;

		/* from the positions where events were held */
		ys_lanes_close(worker);
	}
}

/* ---- looking ---- */

/* False and err when the brokers can't say. */
static bool
look(YsStreamWorker *worker, YsError *err)
{
	YsStreamConfig config = *worker->config;
	YsArena		arena;
	YsPartitionOffsets *offsets;
	int			count;
	bool		ok;

	worker->topic->look_at = ys_clock_ms() + LOOK_MS;
	config.timeout_ms = Min(config.timeout_ms, LOOK_TIMEOUT_MS);
	ys_arena_init_context(&arena, worker->batch_context, 0);
	err->code = YS_OK;
	ok = ys_kafka_topic_offsets(&config, &arena, &count, &offsets, err);
	if (ok && have_logs(worker, count, offsets) && check_anchors(worker, &config, offsets, err) &&
		check_positions(worker, count, offsets))
		follow_growth(worker, count, offsets);
	ok = ok && err->code == YS_OK;
	ys_arena_free(&arena);
	return ok;
}

void
ys_topic_look(YsStreamWorker *worker)
{
	YsTopic    *topic = topic_of(worker);
	int64		now = ys_clock_ms();
	bool		any = false;
	ListCell   *lc;
	YsError		err;

	tend_draining(worker);
	foreach(lc, worker->follows)
		any = any || ys_follow_is_active((YsFollow *) lfirst(lc));
	if (!any || now < worker->retry_at || (ys_topic_is_known(worker) && now < topic->look_at))
		return;
	if (look(worker, &err))
	{
		/* unless there is something to look at again first */
		topic->known_under = topic->look_at != 0 ? worker->lease.epoch : 0;
		return;
	}
	topic->known_under = 0;
	ys_stream_note_trouble(worker, &err);
}
