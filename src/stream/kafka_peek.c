/*-------------------------------------------------------------------------
 * kafka_peek.c
 *	  The last messages of a topic, without taking them from anybody.
 *
 * A consumer of its own starts so many messages before the end of each partition; nobody's positions
 * move.  Behind a partition's last message there may be offsets that no message has (the ends of transactions):
 * when its end is known and nothing has come for a while, it is at its end.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "base/wait.h"
#include "stream/kafka.h"

#define QUIET_MS		500
#define TAKE_MESSAGES	1000
#define TAKE_BYTES		((size_t) 16 * 1024 * 1024)

typedef struct Peek
{
	YsConsumer *consumer;
	int			npartitions;
	YsPartitionOffsets *partitions;
	int			wanted;			/* messages */
	YsArena    *arena;
	int			count;
	int			size;
	YsMessage  *messages;
} Peek;

static int
compare_places(const void *a, const void *b)
{
	const YsMessage *left = a;
	const YsMessage *right = b;

	if (left->partition != right->partition)
		return left->partition < right->partition ? -1 : 1;
	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* A message in the order of all partitions: no earlier than those before it in its own. */
typedef struct Ordered
{
	int64		time;
	const YsMessage *message;
} Ordered;

static int
compare_times(const void *a, const void *b)
{
	const Ordered *left = a;
	const Ordered *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return compare_places(left->message, right->message);
}

/* The newest, so many as are wanted, the oldest of them first.  False and err when memory ran out. */
static bool
order_messages(Peek *peek, int *nmessages, YsMessage **messages, YsError *err)
{
	Ordered    *ordered = ys_arena_alloc(peek->arena, sizeof(Ordered) * (peek->count + 1));

	*nmessages = Min(peek->count, peek->wanted);
	*messages = ys_arena_alloc(peek->arena, sizeof(YsMessage) * (*nmessages + 1));
	if (ordered == NULL || *messages == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	if (peek->count > 1)
		qsort(peek->messages, peek->count, sizeof(YsMessage), compare_places);
	for (int i = 0; i < peek->count; i++)
	{
		ordered[i] = (Ordered) {peek->messages[i].timestamp_ms, &peek->messages[i]};
		if (i > 0 && peek->messages[i - 1].partition == peek->messages[i].partition)
			ordered[i].time = Max(ordered[i].time, ordered[i - 1].time);
	}
	if (peek->count > 1)
		qsort(ordered, peek->count, sizeof(Ordered), compare_times);
	for (int i = 0; i < *nmessages; i++)
		(*messages)[i] = *ordered[peek->count - *nmessages + i].message;
	return true;
}

static bool
keep_messages(Peek *peek, int count, const YsMessage *messages, YsError *err)
{
	if (peek->count + count > peek->size)
	{
		int			size = Max(peek->size * 2, peek->count + count);
		YsMessage  *larger = ys_arena_alloc(peek->arena, sizeof(YsMessage) * size);

		if (larger == NULL)
			return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
		if (peek->count > 0)
			memcpy(larger, peek->messages, sizeof(YsMessage) * peek->count);
		peek->messages = larger;
		peek->size = size;
	}
	memcpy(peek->messages + peek->count, messages, sizeof(YsMessage) * count);
	peek->count += count;
	return true;
}

/* Has all that was there at the beginning come, or is it known that nothing more will? */
static bool
is_done(const Peek *peek, bool quiet)
{
	for (int p = 0; p < peek->npartitions; p++)
	{
		const YsPartitionOffsets *partition = &peek->partitions[p];
		bool		done = partition->high <= partition->low ||
			(quiet && ys_consumer_high(peek->consumer, partition->partition) >= 0);

		for (int i = 0; !done && i < peek->count; i++)
			done = peek->messages[i].partition == partition->partition &&
				peek->messages[i].offset >= partition->high - 1;
		if (!done)
			return false;
	}
	return true;
}

static bool
take_all(Peek *peek, int timeout_ms, YsError *err)
{
	int64		deadline = ys_clock_ms() + timeout_ms;
	int64		came_at = ys_clock_ms();

	for (;;)
	{
		int64		now = ys_clock_ms();
		YsMessage  *taken;
		int			count;

		if (!ys_consumer_take(peek->consumer, TAKE_MESSAGES, TAKE_BYTES, peek->arena, &count, &taken, err) ||
			!keep_messages(peek, count, taken, err))
			return false;
		if (count > 0)
			came_at = now;
		if (is_done(peek, now - came_at > QUIET_MS))
			return true;
		if (now >= deadline)
			return ys_error_set(err, YS_ERR_TIMEOUT, "the topic's last messages did not come in time");
		if (count == 0)
			(void) ys_wait(ys_consumer_fd(peek->consumer), QUIET_MS / 5);
	}
}

bool
ys_kafka_peek(const YsStreamConfig *config, int wanted, YsArena *arena, int *nmessages,
			  YsMessage **messages, YsError *err)
{
	Peek		peek = {.wanted = wanted, .arena = arena};
	YsPosition *positions;
	int			npositions = 0;
	bool		done;

	*nmessages = 0;
	if (!ys_kafka_topic_offsets(config, arena, &peek.npartitions, &peek.partitions, err))
		return false;
	positions = ys_arena_alloc(arena, sizeof(YsPosition) * peek.npartitions);
	if (positions == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	for (int p = 0; p < peek.npartitions; p++)
	{
		YsPartitionOffsets *partition = &peek.partitions[p];

		partition->low = Max(partition->low, partition->high - wanted);
		if (partition->low < partition->high)
			positions[npositions++] = (YsPosition) {partition->partition, partition->low};
	}
	if (npositions == 0)
		return true;
	peek.consumer = ys_consumer_open(CurrentMemoryContext, config, npositions, positions, err);
	if (peek.consumer == NULL)
		return false;
	done = take_all(&peek, config->timeout_ms, err);
	ys_consumer_close(peek.consumer);
	return done && order_messages(&peek, nmessages, messages, err);
}
