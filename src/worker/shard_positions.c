/*-------------------------------------------------------------------------
 * shard_positions.c
 *	  Where a policy is in the shards of its store's own stream, in memory.
 *
 * The generation under which a policy knows a shard is in the version of all
 * that it applies of it, so it is the policy's own: fixed when the policy meets
 * the shard, saved no later than the first rows, and greater than that of the shard's parent.
 * Policies that read together may know one shard under different generations.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "worker/shard_positions.h"

YsShardPositions *
ys_shard_positions_load(int policy_id)
{
	YsShardPositions *positions = palloc0(sizeof(YsShardPositions));

	positions->count = ys_shard_position_load(policy_id, &positions->items);
	positions->size = positions->count;
	return positions;
}

YsShardPositions *
ys_shard_positions_copy(const YsShardPositions *positions)
{
	YsShardPositions *copy = palloc(sizeof(YsShardPositions));

	copy->count = copy->size = positions->count;
	copy->items = palloc(sizeof(YsShardPosition) * Max(copy->size, 1));
	memcpy(copy->items, positions->items, sizeof(YsShardPosition) * copy->count);
	return copy;
}

YsShardPosition *
ys_shard_positions_find(const YsShardPositions *positions, const char *id)
{
	for (int i = 0; i < positions->count; i++)
	{
		if (strcmp(positions->items[i].id, id) == 0)
			return &positions->items[i];
	}
	return NULL;
}

YsShardPosition *
ys_shard_positions_add(YsShardPositions *positions, const char *id, const char *parent)
{
	YsShardPosition *position;

	if (positions->count == positions->size)
	{
		positions->size = Max(positions->size * 2, 8);
		positions->items = positions->items == NULL ?
			palloc(sizeof(YsShardPosition) * positions->size) :
			repalloc(positions->items, sizeof(YsShardPosition) * positions->size);
	}
	position = &positions->items[positions->count++];
	memset(position, 0, sizeof(*position));
	strlcpy(position->id, id, sizeof(position->id));
	strlcpy(position->parent, parent, sizeof(position->parent));
	position->dirty = true;
	return position;
}

/* The position in a message's shard, met for the first time perhaps. */
static YsShardPosition *
meet(YsShardPositions *positions, const YsMessageShard *shard)
{
	YsShardPosition *position = ys_shard_positions_find(positions, shard->id);
	const YsShardPosition *parent;

	if (position != NULL)
		return position;
	position = ys_shard_positions_add(positions, shard->id, shard->parent);
	position->generation = (int) shard->generation;
	position->whole = shard->whole;
	parent = ys_shard_positions_find(positions, shard->parent);
	if (parent != NULL)
		position->generation = Max(position->generation, parent->generation + 1);
	return position;
}

bool
ys_shard_positions_meet(YsShardPositions *positions, const YsMessageShard *shard)
{
	int			before = positions->count;

	(void) meet(positions, shard);
	return positions->count > before;
}

bool
ys_shard_positions_take(YsShardPositions *positions, const YsMessage *message)
{
	YsShardPosition *position = meet(positions, message->shard);

	if (position->finished)
		return false;
	if (message->shard_ends)
		position->finished = true;
	else
	{
		if (position->sequence[0] != '\0' &&
			ys_sequence_compare(message->sequence, position->sequence) <= 0)
			return false;
		strlcpy(position->sequence, message->sequence, sizeof(position->sequence));
	}
	position->dirty = true;
	return true;
}

void
ys_shard_positions_forget(YsShardPositions *positions, bool (*is_listed) (const void *arg, const char *id),
						  const void *arg)
{
	int			highest = 0;

	for (int i = 0; i < positions->count; i++)
		highest = Max(highest, positions->items[i].generation);
	for (int i = 0; i < positions->count; i++)
	{
		YsShardPosition *position = &positions->items[i];

		position->forgotten = position->finished && position->generation < highest &&
			!is_listed(arg, position->id);
	}
}

void
ys_shard_positions_save(YsShardPositions *positions, int policy_id)
{
	int			kept = 0;

	for (int i = 0; i < positions->count; i++)
	{
		YsShardPosition *position = &positions->items[i];

		if (position->forgotten)
		{
			ys_shard_position_forget(policy_id, position->id);
			continue;
		}
		if (position->dirty)
			ys_shard_position_save(policy_id, position);
		position->dirty = false;
		positions->items[kept++] = *position;
	}
	positions->count = kept;
}
