/*-------------------------------------------------------------------------
 * intake_store.c
 *	  Batches from the store's own stream, without a broker between.
 *
 * The policies of a lane share one lineage of the stream's shards, in memory,
 * with the lowest of their positions in each: parents come first, a shard is
 * finished when it is for all of them.  Shards are read a page at a time, in
 * turn.  A quiet one is left alone for yottastore.stream_poll_interval, and none is
 * read more often than yottastore.shard_reads_per_second, which is what a store's
 * readers of a shard may do together: lanes share it.
 *
 * A page is handed out in as many batches as it takes; nothing else is read
 * before its end.  What the lineage knows is of the end of the page.  Pages are
 * in memory for one batch: what is left of the last one for the next is copied then.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/server.h"
#include "catalog/waiters.h"
#include "guc.h"
#include "worker/intake_store.h"
#include "worker/transaction.h"

#define IDLE_WATERMARK_MS	1000	/* between watermarks of a quiet stream */
#define BUSY_WATERMARK_MS	200		/* after something was taken, or while somebody waits for one */
#define TIP_PAUSE_MS		10
#define FAR_BEHIND_US		(INT64CONST(30) * USECS_PER_SEC)
#define PAGE_MEMORY			((size_t) 256 * 1024 * 1024)
#define FIRST_MESSAGES		64

/* ---- opening ---- */

static void
load_store(void *arg)
{
	YsStoreIntake *intake = arg;

	intake->reader.store = ys_server_store(intake->serverid, intake->owner);
	intake->store_epoch = ys_server_epoch();
}

/* Have the store as it is declared now.  The transaction that opens another ends by closing the one there was. */
static bool
have_store(YsStoreIntake *intake, YsError *err)
{
	ErrorData  *error = NULL;

	while (error == NULL &&
		   (intake->reader.store == NULL || intake->store_epoch != ys_server_epoch()))
	{
		ys_transaction_begin("opening the store");
		error = ys_transaction_try(load_store, intake);
		ys_transaction_commit();
	}
	if (error == NULL)
		return true;
	intake->reader.store = NULL;
	return ys_transaction_error(err, error);
}

YsStoreIntake *
ys_intake_store_create(MemoryContext context, const YsSource *source, Oid owner)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	YsStoreIntake *intake = palloc0(sizeof(YsStoreIntake));
	const char **names = palloc(sizeof(char *) * source->nkeys);

	intake->serverid = source->serverid;
	intake->owner = owner;
	intake->table = pstrdup(source->table);
	for (int k = 0; k < source->nkeys; k++)
		names[k] = pstrdup(source->key_names[k]);
	intake->reader.context = context;
	intake->reader.nkeys = source->nkeys;
	intake->reader.key_names = names;
	ys_arena_init_context(&intake->reader.arena, context, PAGE_MEMORY);
	MemoryContextSwitchTo(old);
	return intake;
}

bool
ys_intake_store_describe(YsStoreIntake *intake, bool *followed, YsStreamInfo *stream, YsError *err)
{
	YsShardReader *reader = &intake->reader;
	YsTableInfo info;

	*followed = false;
	memset(stream, 0, sizeof(*stream));
	ys_arena_reset(&reader->arena);
	if (!have_store(intake, err) ||
		!ys_store_describe_table(reader->store, intake->table, &reader->arena, &info, err))
		return false;
	/* of any view: what its records don't hold is read when they are applied */
	if (info.stream_id == NULL)
		return true;
	if (reader->stream_id == NULL)
		reader->stream_id = MemoryContextStrdup(reader->context, info.stream_id);
	*followed = strcmp(reader->stream_id, info.stream_id) == 0;
	return !*followed ||
		ys_store_describe_stream(reader->store, reader->stream_id, &reader->arena, stream, err);
}

static bool
open_store(YsStreamWorker *worker, YsLane *lane, const List *members, YsError *err)
{
	const YsFollow *first = linitial(members);
	YsStoreIntake *intake = ys_intake_store_create(lane->context, first->source, worker->policies.owner);

	lane->intake = (YsIntake *) intake;
	return ys_intake_store_refresh(intake, members, err);
}

/* ---- taking ---- */

typedef struct Taking
{
	YsArena    *arena;
	int			count;
	int			size;
	size_t		bytes;
	YsMessage  *messages;
} Taking;

static void *
need(void *allocated)
{
	if (allocated == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return allocated;
}

/* Room for one more message, all zeros. */
static YsMessage *
add_message(Taking *taking)
{
	YsMessage  *message;

	if (taking->count == taking->size)
	{
		YsMessage  *larger;

		taking->size = Max(taking->size * 2, FIRST_MESSAGES);
		larger = need(ys_arena_alloc(taking->arena, sizeof(YsMessage) * (size_t) taking->size));
		if (taking->count > 0)
			memcpy(larger, taking->messages, sizeof(YsMessage) * (size_t) taking->count);
		taking->messages = larger;
	}
	message = &taking->messages[taking->count++];
	memset(message, 0, sizeof(*message));
	message->partition = YS_PARTITION_STORE;
	message->timestamp_ms = -1;
	return message;
}

/* Have a record's message outlive its page. */
static void
keep_record(Taking *taking, YsMessage *message)
{
	if (message->key != NULL)
		message->key = need(ys_arena_copy(taking->arena, message->key, message->key_len));
	if (message->value != NULL)
	{
		char	   *value = need(ys_arena_alloc_zero(taking->arena, message->value_len + YS_JSON_PADDING));

		memcpy(value, message->value, message->value_len);
		message->value = value;
	}
}

/* The same of their shard. */
static const YsMessageShard *
keep_shard(Taking *taking, const YsMessageShard *shard)
{
	YsMessageShard *kept = need(ys_arena_alloc(taking->arena, sizeof(YsMessageShard)));

	*kept = *shard;
	kept->id = need(ys_arena_copy(taking->arena, shard->id, strlen(shard->id)));
	kept->parent = need(ys_arena_copy(taking->arena, shard->parent, strlen(shard->parent)));
	return kept;
}

static void
take_record(Taking *taking, const YsStreamRecord *record, const YsMessageShard *shard, bool keep)
{
	YsMessage  *message = add_message(taking);
	YsVersion	version;

	message->shard = shard;
	message->timestamp_ms = record->created_at * 1000;
	message->key = record->key;
	message->key_len = record->key_len;
	message->value = record->bytes;
	message->value_len = record->len;
	message->generation = shard->generation;
	message->has_position = strlcpy(message->sequence, record->sequence,
									sizeof(message->sequence)) < sizeof(message->sequence) &&
		ys_version_from_sequence(&version, 0, shard->generation, message->sequence);
	taking->bytes += record->len + record->key_len;
	if (keep)
		keep_record(taking, message);
}

/* Hand out of the page in hand what there is room for; keep: the page may be gone before the messages. */
static void
take_page(YsStoreIntake *intake, Taking *taking, int max, size_t max_bytes, bool keep)
{
	const YsMessageShard *shard = keep ? keep_shard(taking, intake->shard) : intake->shard;

	while (intake->next_record < intake->page.nrecords && taking->count < max &&
		   taking->bytes < max_bytes)
		take_record(taking, &intake->page.records[intake->next_record++], shard, keep);
	if (intake->next_record < intake->page.nrecords)
		return;
	if (intake->state->closed)
	{
		YsMessage  *end = add_message(taking);

		end->shard = shard;
		end->shard_ends = true;
		ys_lineage_finish_closed(intake->reader.lineage);
		intake->refresh_at = 0;
	}
	intake->state = NULL;
}

/*
 * How long to leave a shard alone after it was read.  At its tip, while records come without pause, what it had is handed
 * out before more is read.
 */
static int64
pause_ms(const YsStreamWorker *worker, bool at_tip, bool quiet)
{
	int64		least = 0;
	int			lanes = 1;
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (follow->lane != NULL && follow->lane->intake != NULL)
			lanes++;
	}
	if (ys_guc_shard_reads_per_second > 0)
		least = (1000 * lanes + ys_guc_shard_reads_per_second - 1) / ys_guc_shard_reads_per_second;
	return Max(least, quiet ? ys_guc_stream_poll_interval : at_tip ? TIP_PAUSE_MS : 0);
}

/* The next shard whose turn it is; NULL: all are to be left alone. */
static YsShardState *
next_shard(YsStoreIntake *intake)
{
	List	   *active = intake->reader.lineage->active;
	int64		now = ys_clock_ms();

	for (int i = 0; i < list_length(active); i++)
	{
		YsShardState *shard;

		intake->turn = (intake->turn + 1) % list_length(active);
		shard = list_nth(active, intake->turn);
		if (!shard->closed && now >= shard->due_at)
			return shard;
	}
	return NULL;
}

/* Read a page of a shard: intake->state is the shard while there is something to hand out. */
static bool
read_page(YsStreamWorker *worker, YsStoreIntake *intake, YsShardState *shard, const List *members,
		  YsError *err)
{
	char		before[YS_SEQUENCE_SIZE];
	int64		began = ys_shard_now();
	bool		lost;

	strlcpy(before, shard->sequence, sizeof(before));
	if (!ys_shard_read(&intake->reader, shard, began, &intake->page, &lost, err))
		return false;
	if (intake->reader.lineage->loss != NULL)
		return ys_intake_store_lose_records(intake, members, shard->id, before, err);
	shard->due_at = ys_clock_ms() + pause_ms(worker, shard->read_up_to == began,
												!lost && intake->page.nrecords == 0 && shard->at_tip);
	if (intake->page.nrecords == 0 && !shard->closed)
		return true;
	intake->state = shard;
	intake->next_record = 0;
	intake->shard = ys_arena_alloc(&intake->reader.arena, sizeof(YsMessageShard));
	if (intake->shard == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	intake->shard->id = shard->id;
	intake->shard->parent = shard->parent;
	intake->shard->generation = (uint32_t) shard->generation;
	intake->shard->whole = shard->whole;
	return true;
}

static bool
is_waited_for(const List *members)
{
	ListCell   *lc;

	foreach(lc, members)
	{
		if (ys_waiters_for_policy(((YsFollow *) lfirst(lc))->row->policy_id))
			return true;
	}
	return false;
}

static bool
is_watermark_due(const YsStoreIntake *intake, const List *members)
{
	int64		elapsed = ys_clock_ms() - intake->watermark_at;

	return elapsed >= IDLE_WATERMARK_MS ||
		(elapsed >= BUSY_WATERMARK_MS && (intake->taken || is_waited_for(members)));
}

/* Say up to when everything has been handed out, if that is news and due. */
static void
take_watermark(YsStoreIntake *intake, Taking *taking, const List *members)
{
	int64		read_up_to = ys_shards_read_up_to(intake->reader.lineage);
	int64		watermark = read_up_to - (int64) ys_guc_relay_stream_delay * 1000;
	YsMessage  *message;

	if (intake->state != NULL || read_up_to == 0 || watermark <= intake->watermark ||
		!is_watermark_due(intake, members))
		return;
	message = add_message(taking);
	message->is_watermark = true;
	message->watermark_us = watermark;
	intake->watermark = watermark;
	intake->watermark_at = ys_clock_ms();
	intake->taken = false;
}

static bool
take_store(YsStreamWorker *worker, YsLane *lane, int max, size_t max_bytes, YsArena *arena,
		   int *count, YsMessage **messages, YsError *err)
{
	YsStoreIntake *intake = (YsStoreIntake *) lane->intake;
	List	   *members = ys_lane_members(worker, lane);
	Taking		taking = {.arena = arena};

	if (intake->state != NULL)
		take_page(intake, &taking, max, max_bytes, true);
	if (intake->state == NULL)
	{
		ys_arena_reset(&intake->reader.arena);
		if (!have_store(intake, err) ||
			(ys_clock_ms() >= intake->refresh_at && !ys_intake_store_refresh(intake, members, err)))
			return false;
	}
	while (taking.count < max && taking.bytes < max_bytes)
	{
		YsShardState *shard = NULL;

		if (intake->state != NULL)
			take_page(intake, &taking, max, max_bytes, false);
		else if ((shard = next_shard(intake)) == NULL)
			break;
		else if (!read_page(worker, intake, shard, members, err))
		{
			/* what came before is handed out first; the same will fail again, or be gone */
			if (taking.count == 0 || err->code == YS_ERR_TRIMMED)
				return false;
			break;
		}
	}
	intake->taken = intake->taken || taking.count > 0;
	take_watermark(intake, &taking, members);
	*count = taking.count;
	*messages = taking.messages;
	return true;
}

static void
store_signals(const YsLane *lane, int *fd, long *timeout_ms)
{
	const YsStoreIntake *intake = (const YsStoreIntake *) lane->intake;
	int64		due_at = intake->state != NULL ? 0 : intake->refresh_at;
	ListCell   *lc;

	foreach(lc, intake->reader.lineage->active)
		due_at = Min(due_at, ((YsShardState *) lfirst(lc))->due_at);
	*fd = -1;
	*timeout_ms = (long) Max(due_at - ys_clock_ms(), 0);
}

/* ---- who is where ---- */

static bool
has_seen(const YsFollow *follow, const YsShardState *shard)
{
	const YsShardPosition *position = ys_shard_positions_find(follow->shards, shard->id);

	if (position == NULL)
		return shard->finished ? !shard->listed : shard->sequence[0] == '\0';
	return position->finished ||
		(!shard->finished && ys_sequence_compare(position->sequence, shard->sequence) >= 0);
}

/* Does a policy's source still name the table that is read, by the same key? */
static bool
is_of_source(const YsStoreIntake *intake, const YsSource *source)
{
	bool		same = strcmp(source->table, intake->table) == 0 && source->nkeys == intake->reader.nkeys;

	for (int k = 0; same && k < source->nkeys; k++)
		same = strcmp(source->key_names[k], intake->reader.key_names[k]) == 0;
	return same;
}

static bool
store_has_caught_up(const YsLane *lane, YsFollow *follow)
{
	const YsStoreIntake *intake = (const YsStoreIntake *) lane->intake;
	HASH_SEQ_STATUS scan;
	YsShardState *shard;
	bool		all = true;

	if (follow->row->topic == NULL)
		return true;
	if (strcmp(follow->row->topic, intake->reader.stream_id) != 0 ||
		!is_of_source(intake, follow->source))
		return false;
	hash_seq_init(&scan, intake->reader.lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
		all = all && has_seen(follow, shard);
	return all;
}

/* The stream's description names every shard. */
static bool
store_covers(const YsLane *lane, const YsFollow *follow)
{
	return true;
}

static bool
store_is_far_behind(YsFollow *follow, YsFollow *other)
{
	const YsPolicyPosition *own = ys_follow_position(follow, YS_PARTITION_STORE);
	const YsPolicyPosition *theirs = ys_follow_position(other, YS_PARTITION_STORE);

	if (own == NULL || theirs == NULL || !own->has_watermark || !theirs->has_watermark)
		return false;
	return theirs->watermark - own->watermark > FAR_BEHIND_US;
}

/* How many events wait is not known: the store does not number them. */
static int64
store_high(const YsLane *lane, int32 partition)
{
	return -1;
}

/* DynamoDB wants no more than two readers of a shard. */
const YsIntakeKind ys_intake_store = {
	.most_own_lanes = 1,
	.load = ys_intake_store_load,
	.refuses = ys_intake_store_refuses,
	.start = ys_intake_store_start,
	.open = open_store,
	.take = take_store,
	.signals = store_signals,
	.has_caught_up = store_has_caught_up,
	.covers = store_covers,
	.is_far_behind = store_is_far_behind,
	.high = store_high
};
