/*-------------------------------------------------------------------------
 * decode.c
 *	  From messages to events, once for all policies of one source.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "errors.h"
#include "worker/decode.h"

static void
out_of_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

YsPathTree *
ys_decode_want_keys(const YsSource *source, YsArena *arena)
{
	YsPathTree   *wanted = ys_arena_alloc_zero(arena, sizeof(YsPathTree));

	if (wanted == NULL)
		out_of_memory();
	for (int i = 0; i < source->nkeys; i++)
	{
		const char *name = source->key_names[i];

		if (ys_tree_add(wanted, &(YsPathStep) {name, (uint32_t) strlen(name), 0}, 1, arena) < 0)
			out_of_memory();
	}
	return wanted;
}

void
ys_decode_want(YsPathTree *wanted, const YsPolicy *policy, YsArena *arena)
{
	if (!ys_tree_merge(wanted, ys_policy_tree(policy), arena))
		out_of_memory();
}

int
ys_decode_messages(YsJsonReader *reader, YsEventFormat format, const char *unsaid_table,
				   const YsSource *source, const YsPathTree *wanted, int count,
				   const YsMessage *messages, YsArena *arena, YsDecoded **decoded)
{
	YsEventReading reading = {
		.format = format,
		.table = source->table,
		.unsaid_table = unsaid_table,
		.nkeys = source->nkeys,
		.key_names = source->key_names,
		.key_types = source->key_types,
		.wanted = wanted,
	};
	YsEvents   *events = ys_arena_alloc(arena, sizeof(YsEvents) * Max(count, 1));
	YsDecoded  *each;
	int			total = 0;

	if (events == NULL)
		out_of_memory();
	for (int i = 0; i < count; i++)
	{
		const YsMessage *message = &messages[i];
		YsEventMessage bytes = {message->key, message->key_len, message->value, message->value_len};
		YsError		err;

		/* memory is the server's trouble, not the event's */
		if (message->superseded || message->is_watermark || message->shard_ends)
			memset(&events[i], 0, sizeof(YsEvents));
		else if (!ys_event_decode(&reading, reader, &bytes, arena, &events[i], &err))
			ys_error_throw(&err);
		total += Max(events[i].count, 1);
	}
	*decoded = each = ys_arena_alloc_zero(arena, sizeof(YsDecoded) * Max(total, 1));
	if (each == NULL)
		out_of_memory();
	for (int i = 0; i < count; i++)
	{
		each->passed_over = events[i].passed_over;
		for (int e = 0; e < Max(events[i].count, 1); e++, each++)
		{
			each->message = &messages[i];
			each->of = events[i].count;
			if (events[i].count == 0)
				continue;
			each->number = e + 1;
			each->event = &events[i].events[e];
		}
	}
	return total;
}
