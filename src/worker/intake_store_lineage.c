/*-------------------------------------------------------------------------
 * intake_store_lineage.c
 *	  What a lane reads of the store's own stream: the shards there are, from
 *	  where its policies are in them; and which policies have lost changes.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/relay.h"
#include "worker/intake_store.h"
#include "worker/transaction.h"

#define REFRESH_MS			10000	/* between descriptions of the stream */
#define CHILDREN_MS			1000	/* while there is no shard to read, or one may be missing */

static bool
is_listed(const void *arg, const char *id)
{
	const YsStreamInfo *stream = arg;

	for (int i = 0; i < stream->nshards; i++)
	{
		if (strcmp(stream->shards[i].shard_id, id) == 0)
			return true;
	}
	return false;
}

/* ---- policies that have lost changes ---- */

typedef struct LossArg
{
	List	   *follows;		/* who has lost changes */
	const char *reason;
} LossArg;

static void
mark_incomplete(void *arg)
{
	const LossArg *loss = arg;
	ListCell   *lc;

	ys_transaction_begin("marking a gap");
	foreach(lc, loss->follows)
	{
		const YsPolicyRow *row = ((const YsFollow *) lfirst(lc))->row;
		YsPolicyLocked locked;

		/* what has begun anew meanwhile has lost nothing */
		if (ys_policy_lock_epoch(row->policy_id, row->epoch, true, &locked) &&
			locked.phase != YS_PHASE_INCOMPLETE)
			ys_policy_set_phase(row->policy_id, YS_PHASE_INCOMPLETE,
								psprintf("%s: call yottastore.index_resync_start", loss->reason));
	}
	ys_transaction_commit();
}

/*
 * Mark these policies, and end the intake.  Returns false, with err: YS_ERR_TRIMMED, or what kept
 * them from being marked, such as a lock; the next intake finds the same then.
 */
static bool
end_by_loss(List *follows, const char *reason, YsError *err)
{
	LossArg		loss = {follows, reason};
	ErrorData  *error = ys_transaction_attempt(mark_incomplete, &loss, 0);
	ListCell   *lc;

	if (error != NULL)
		return ys_transaction_error(err, error);
	foreach(lc, follows)
		((YsFollow *) lfirst(lc))->row->phase = YS_PHASE_INCOMPLETE;
	return ys_error_set(err, YS_ERR_TRIMMED, "%s", reason);
}

/* Those that have followed another stream than stream_id (NULL: there is none) are lost.  False: some are. */
static bool
keep_stream(const YsStoreIntake *intake, const List *members, const char *stream_id, YsError *err)
{
	const char *reason = psprintf("the stream of store table \"%s\" was disabled or replaced, so that "
								  "changes may be missing", intake->table);
	List	   *lost = NIL;
	ListCell   *lc;

	foreach(lc, members)
	{
		YsFollow   *follow = lfirst(lc);

		if (stream_id == NULL || strcmp(follow->row->topic, stream_id) != 0)
			lost = lappend(lost, follow);
	}
	return lost == NIL || end_by_loss(lost, reason, err);
}

/*
 * Those that have not read for longer than a store keeps changes are lost: shards may have come and gone
 * that nobody has heard of, and not every store tells what it trims.  False: some are.
 */
static bool
keep_age(const List *members, YsError *err)
{
	const TimestampTz oldest = GetCurrentTimestamp() - YS_STREAM_RETENTION_HOURS * SECS_PER_HOUR * USECS_PER_SEC;
	List	   *lost = NIL;
	ListCell   *lc;

	foreach(lc, members)
	{
		YsFollow   *follow = lfirst(lc);
		const YsPolicyPosition *own = ys_follow_position(follow, YS_PARTITION_STORE);

		if (own != NULL && own->has_watermark && own->watermark < oldest)
			lost = lappend(lost, follow);
	}
	return lost == NIL ||
		end_by_loss(lost, "the store's stream was not read for longer than it keeps changes", err);
}

bool
ys_intake_store_lose_records(YsStoreIntake *intake, const List *members, const char *shard,
							 const char *sequence, YsError *err)
{
	List	   *lost = NIL;
	ListCell   *lc;

	foreach(lc, members)
	{
		YsFollow   *follow = lfirst(lc);
		const YsShardPosition *position = ys_shard_positions_find(follow->shards, shard);

		if (position == NULL ||
			(!position->finished && ys_sequence_compare(position->sequence, sequence) <= 0))
			lost = lappend(lost, follow);
	}
	return end_by_loss(lost, intake->reader.lineage->loss, err);
}

/* Shards that the store has forgotten are lost for who has not read them to their end. */
static bool
lose_shards(YsStoreIntake *intake, const List *members, const YsStreamInfo *stream, YsError *err)
{
	List	   *lost = NIL;
	ListCell   *lc;

	foreach(lc, members)
	{
		YsFollow   *follow = lfirst(lc);

		for (int p = 0; p < follow->shards->count; p++)
		{
			const YsShardPosition *position = &follow->shards->items[p];

			if (!position->finished && !is_listed(stream, position->id))
				lost = list_append_unique_ptr(lost, follow);
		}
	}
	return end_by_loss(lost, intake->reader.lineage->loss, err);
}

/* ---- the lanes' lineage ---- */

/* What policies together know of a shard; who has not met one that is listed, has it to read. */
static YsRelayShard *
join_positions(const List *members, const YsShardPosition *any, bool listed)
{
	YsRelayShard *known = palloc0(sizeof(YsRelayShard));
	const char *lowest = NULL;
	ListCell   *lc;

	known->shard_id = any->id;
	known->parent_id = any->parent;
	known->finished = true;
	foreach(lc, members)
	{
		const YsFollow *follow = lfirst(lc);
		const YsShardPosition *position = ys_shard_positions_find(follow->shards, any->id);

		if (position != NULL)
		{
			known->generation = Max(known->generation, position->generation);
			known->whole = known->whole || position->whole;
		}
		if (position != NULL ? position->finished : !listed)
			continue;
		known->finished = false;
		if (lowest == NULL || position == NULL || ys_sequence_compare(position->sequence, lowest) < 0)
			lowest = position != NULL ? position->sequence : "";
	}
	known->checkpoint = lowest != NULL && lowest[0] != '\0' ? lowest : NULL;
	return known;
}

static List *
join_shards(const List *members, const YsStreamInfo *stream)
{
	List	   *known = NIL;
	ListCell   *lc;

	foreach(lc, members)
	{
		const YsFollow *follow = lfirst(lc);

		for (int p = 0; p < follow->shards->count; p++)
		{
			const YsShardPosition *position = &follow->shards->items[p];
			bool		joined = false;
			ListCell   *cell;

			foreach(cell, known)
				joined = joined || strcmp(((YsRelayShard *) lfirst(cell))->shard_id, position->id) == 0;
			if (!joined)
				known = lappend(known, join_positions(members, position,
													  is_listed(stream, position->id)));
		}
	}
	return known;
}

/*
 * Have a policy know what there is to read, so that it notices when it is gone.  A parent comes
 * before its children, which count their generation from it.
 */
static void
meet_shards(YsStoreIntake *intake, YsFollow *follow, const YsStreamInfo *stream)
{
	bool		again = true;

	while (again)
	{
		again = false;
		for (int i = 0; i < stream->nshards; i++)
		{
			const YsShardState *shard = ys_lineage_find(intake->reader.lineage, stream->shards[i].shard_id);
			const YsShardState *parent = ys_lineage_find(intake->reader.lineage, shard->parent);
			YsMessageShard met = {shard->id, shard->parent, (uint32_t) shard->generation, shard->whole};

			if (shard->finished ||
				(parent != NULL && !parent->finished &&
				 ys_shard_positions_find(follow->shards, parent->id) == NULL) ||
				!ys_shard_positions_meet(follow->shards, &met))
				continue;
			follow->positions_dirty = again = true;
		}
	}
}

bool
ys_intake_store_refresh(YsStoreIntake *intake, const List *members, YsError *err)
{
	YsShardReader *reader = &intake->reader;
	YsStreamInfo stream;
	bool		followed;
	ListCell   *lc;

	if (reader->lineage == NULL && !keep_age(members, err))
		return false;
	if (!ys_intake_store_describe(intake, &followed, &stream, err))
		return false;
	if (!keep_stream(intake, members, followed ? reader->stream_id : NULL, err))
		return false;
	if (reader->lineage == NULL)
		reader->lineage = ys_lineage_open(reader->context, join_shards(members, &stream));
	if (!ys_lineage_update(reader->lineage, stream.nshards, stream.shards, err))
		return false;
	if (reader->lineage->loss != NULL)
		return lose_shards(intake, members, &stream, err);
	foreach(lc, members)
	{
		YsFollow   *follow = lfirst(lc);

		meet_shards(intake, follow, &stream);
		ys_shard_positions_forget(follow->shards, is_listed, &stream);
	}
	list_free_deep(reader->lineage->forgotten);
	reader->lineage->forgotten = NIL;
	intake->refresh_at = ys_clock_ms() + REFRESH_MS;
	if (reader->lineage->active == NIL || ys_lineage_awaits_children(reader->lineage))
		intake->refresh_at = ys_clock_ms() + CHILDREN_MS;
	return true;
}
