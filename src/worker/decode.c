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

YsEventReading
ys_decode_reading(YsEventFormat format, const char *unsaid_table, const YsSource *source, const YsPathTree *wanted)
{
	return (YsEventReading) {
		.format = format,
		.table = source->table,
		.unsaid_table = unsaid_table,
		.nkeys = source->nkeys,
		.key_names = source->key_names,
		.key_types = source->key_types,
		.wanted = wanted
	};
}

int
ys_decode_messages(YsJsonReader *reader, const YsEventReading *reading, int count, const YsMessage *messages,
				   YsArena *arena, YsDecoded **decoded)
{
	YsEvents   *events = ys_arena_alloc(arena, sizeof(YsEvents) * Max(count, 1));
	int			total;

	if (events == NULL)
		out_of_memory();
	for (int i = 0; i < count; i++)
	{
		YsError		err;

		/* memory is the server's trouble, not the event's */
		if (!ys_event_decode_message(reading, reader, &messages[i], arena, &events[i], &err))
			ys_error_throw(&err);
	}
	total = ys_events_list(count, messages, events, arena, decoded);
	if (total < 0)
		out_of_memory();
	return total;
}
