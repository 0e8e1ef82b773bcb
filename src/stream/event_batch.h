/*-------------------------------------------------------------------------
 * event_batch.h
 *	  A batch of messages in the making: decoded as they come, and of what
 *	  happened to one item only the last is kept.
 *
 * A message goes when a later one of its partition has a usable event of the same item
 * under a higher version: whatever is behind both positions needs the later one only.  It
 * must have been usable itself, since what can't be used goes to quarantine.  What was superseded leaves its
 * place: position, time and size count as ever.
 *
 * The events of a short batch are kept.  Those of a long one would take more memory than its messages, and many
 * are superseded: they are forgotten, and what is left is to be decoded again.
 *
 * Memory comes from the batch's source alone.  So batches can be made in a thread that knows nothing of the server.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_EVENT_BATCH_H
#define YS_STREAM_EVENT_BATCH_H

#include "stream/event.h"
#include "stream/message.h"

/* One event of a consumed message, for one source's keys. */
typedef struct YsDecoded
{
	const YsMessage *message;
	int			number;			/* of so many events of the message that follow each other; 0: it has none */
	int			of;
	int			passed_over;	/* with the first: those of the message that concern other tables, or no item */
	YsEvent    *event;			/* NULL: the message has none */
} YsDecoded;

/*
 * Which keys surely fit the column they are for, as far as that can be told without the server: strings without
 * NUL, binary, and integers from min to max.
 */
typedef struct YsKeyFit
{
	bool		sure;			/* else none does */
	int64_t		min;
	int64_t		max;
} YsKeyFit;

typedef struct YsEventItem
{
	int			newest;			/* its newest message, from 1; 0: the slot is empty */
	int32_t		partition;
	uint32_t	key_len;
	const char *key;
} YsEventItem;

typedef struct YsEventBatch
{
	YsArena		arena;			/* of the events */
	size_t		most_events;	/* that it takes, in bytes, before they are forgotten */
	bool		forgets;		/* they have been, and are as they come */
	YsArena		names;			/* the items' keys */
	int			count;
	int			size;			/* of both arrays: */
	YsMessage  *messages;
	YsEvents   *events;			/* of each message */
	int			nitems;
	uint32_t	nslots;			/* a power of two */
	YsEventItem *slots;			/* the items, by their hashes */
	size_t		payload;		/* bytes of the keys and values that are kept */
	int			ndecoded;
	YsDecoded  *decoded;		/* once they are listed */
} YsEventBatch;

extern void ys_event_batch_init(YsEventBatch *batch, YsArenaSource source);

/* Begin without messages, to keep so many bytes of events. */
extern void ys_event_batch_begin(YsEventBatch *batch, size_t most_events);
extern void ys_event_batch_free(YsEventBatch *batch);

/*
 * Append messages, which are copied, in their order within each partition.  fits is of each key.  Not for messages of
 * the store's own stream.  False when memory ran out.
 */
extern bool ys_event_batch_add(YsEventBatch *batch, const YsEventReading *reading, const YsKeyFit *fits,
							   YsJsonReader *reader, int count, const YsMessage *messages, YsError *err);

/* Bytes that it holds, besides those of the events, which it can do without. */
extern size_t ys_event_batch_bytes(const YsEventBatch *batch);

/* List the events, if they were kept: decoded. */
extern bool ys_event_batch_finish(YsEventBatch *batch, YsError *err);

/*
 * Decode again messages of a batch that has forgotten their events, from one up to another, into arena: parts of it may be
 * decoded at the same time.  Then list them all.  False when memory ran out.
 */
extern bool ys_event_batch_decode(YsEventBatch *batch, const YsEventReading *reading, YsJsonReader *reader, int from,
								  int to, YsArena *arena, YsError *err);
extern bool ys_event_batch_list(YsEventBatch *batch, YsError *err);

/* The message before which about half of those lie that are to be decoded. */
extern int	ys_event_batch_middle(const YsEventBatch *batch);

/*
 * List the events of messages, in arena, and return how many entries came of them: one for each event, or one for a message
 * without any.  -1 when memory ran out.
 */
extern int	ys_events_list(int count, const YsMessage *messages, const YsEvents *events, YsArena *arena,
						   YsDecoded **decoded);

/* Decode one message; of what is no event nothing comes. */
extern bool ys_event_decode_message(const YsEventReading *reading, YsJsonReader *reader, const YsMessage *message,
									YsArena *arena, YsEvents *events, YsError *err);

#endif							/* YS_STREAM_EVENT_BATCH_H */
