/*-------------------------------------------------------------------------
 * intake_store_start.c
 *	  Where a policy that follows the store's own stream begins.
 *
 * Shards that are closed already hold nothing that backfill will not read.
 * Those that are open are read from their beginning: the store tells no
 * place in them that would still mean "now" after a restart.  What is older than the
 * items that backfill finds comes again in its order, and ends where they are.
 * Where another policy reads already, its place is as good, and saves that.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "guc.h"
#include "worker/activity.h"
#include "worker/intake_store.h"
#include "worker/transaction.h"

/* Records come as DynamoDB Streams has them; one worker reads all shards. */
int
ys_intake_store_load(YsStreamWorker *worker)
{
	const char *table = get_rel_name(worker->policies.source);

	worker->format = YS_FORMAT_DYNAMODB;
	if (table != NULL)
		ys_activity_identify("store stream", table);
	return 1;
}

/* Only the store can tell which stream there is: opening it does. */
const char *
ys_intake_store_refuses(const YsStreamWorker *worker, const char *topic)
{
	return NULL;
}

/* The place of a policy that reads the same stream; NULL: none does. */
static YsShardPositions *
copy_positions(const YsStreamWorker *worker, const char *stream_id)
{
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		const YsFollow *other = lfirst(lc);

		if (ys_follow_is_active(other) && other->row->topic != NULL &&
			strcmp(other->row->topic, stream_id) == 0)
			return ys_shard_positions_copy(other->shards);
	}
	return NULL;
}

static bool
first_positions(const YsStreamInfo *stream, YsShardPositions **positions, YsError *err)
{
	YsLineage  *lineage = ys_lineage_open(CurrentMemoryContext, NIL);

	*positions = palloc0(sizeof(YsShardPositions));
	if (!ys_lineage_update(lineage, stream->nshards, stream->shards, err))
		return false;
	for (int i = 0; i < stream->nshards; i++)
	{
		const YsShardState *shard = ys_lineage_find(lineage, stream->shards[i].shard_id);
		YsShardPosition *position = ys_shard_positions_add(*positions, shard->id, shard->parent);

		position->generation = shard->generation;
		position->whole = shard->whole;
		position->finished = stream->shards[i].last_sequence != NULL;
	}
	return true;
}

/* Save where the policy begins, unless it is gone or was started meanwhile. */
static void
save_start(YsFollow *follow, const char *stream_id, YsShardPositions *positions)
{
	const YsPolicyPosition watermark = {.partition = YS_PARTITION_STORE};
	int			policy_id = follow->row->policy_id;
	YsPhase		phase;

	for (int i = 0; i < positions->count; i++)
		positions->items[i].dirty = true;
	ys_transaction_begin("starting a policy");
	if (ys_follow_lock(follow, true, &phase) && phase == YS_PHASE_STARTING)
	{
		ys_position_save(policy_id, 1, &watermark);
		ys_shard_positions_save(positions, policy_id);
		ys_segment_create(policy_id, ys_guc_backfill_segments);
		ys_policy_begin_backfill(policy_id, stream_id);
		follow->row->phase = YS_PHASE_BACKFILL;
		follow->row->topic = MemoryContextStrdup(follow->context, stream_id);
		ys_follow_load_positions(follow);
	}
	ys_transaction_commit();
}

bool
ys_intake_store_start(YsStreamWorker *worker, YsFollow *follow, YsError *err)
{
	MemoryContext context = AllocSetContextCreate(worker->batch_context, "yottastore policy start",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	YsStoreIntake *intake = ys_intake_store_create(context, follow->source, follow->row->owner);
	YsShardPositions *positions = NULL;
	YsStreamInfo stream;
	bool		followed;
	bool		ok;

	ok = ys_intake_store_describe(intake, &followed, &stream, err);
	if (ok && !followed)
	{
		(void) ys_error_set(err, YS_ERR_INVALID_OPTION, "store table \"%s\" has no stream", intake->table);
		ys_error_detail(err, "enable one in the store, with view type NEW_AND_OLD_IMAGES or any other");
		ok = false;
	}
	if (ok)
		positions = copy_positions(worker, intake->reader.stream_id);
	if (ok && positions == NULL)
		ok = first_positions(&stream, &positions, err);
	if (ok)
		save_start(follow, intake->reader.stream_id, positions);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return ok;
}
