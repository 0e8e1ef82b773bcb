/*-------------------------------------------------------------------------
 * stream_worker_start.c
 *	  A policy's start: the positions to resume from.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "catalog/relay.h"
#include "guc.h"
#include "worker/stream_worker_parts.h"
#include "worker/transaction.h"

/* Would changes of the policy's source be in the stream?  If not, say why on the policy. */
static bool
relay_is_ready(const YsFollow *follow)
{
	const YsPolicyRow *row = follow->row;
	char	   *unready;

	ys_transaction_begin("looking for the policy's relay");
	unready = ys_relay_unready(row->source, row->stream);
	if (unready != NULL)
		ys_policy_set_reason(row->policy_id, unready);
	ys_transaction_commit();
	return unready == NULL;
}

bool
ys_stream_start_follow(YsStreamWorker *worker, YsFollow *follow, YsError *err)
{
	YsArena		arena;
	YsPartitionOffsets *offsets;
	YsPolicyPosition *positions;
	int			count;
	YsPhase		phase;

	if (!relay_is_ready(follow))
		return true;
	ys_arena_init_context(&arena, worker->batch_context, 0);
	if (!ys_kafka_topic_offsets(worker->config, &arena, &count, &offsets, err))
	{
		ys_arena_free(&arena);
		return false;
	}
	positions = palloc0(sizeof(YsPolicyPosition) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		positions[i].partition = offsets[i].partition;
		positions[i].next_offset = offsets[i].high;
		positions[i].high_offset = offsets[i].high;
	}
	ys_transaction_begin("starting a policy");
	if (ys_follow_lock(follow, true, &phase) && phase == YS_PHASE_STARTING)
	{
		ys_position_save(follow->row->policy_id, count, positions);
		ys_segment_create(follow->row->policy_id, ys_guc_backfill_segments);
		ys_policy_begin_backfill(follow->row->policy_id, worker->config->topic);
		follow->row->phase = YS_PHASE_BACKFILL;
		ys_follow_load_positions(follow);
	}
	ys_transaction_commit();
	ys_lane_join(worker, follow);
	pfree(positions);
	ys_arena_free(&arena);
	return true;
}
