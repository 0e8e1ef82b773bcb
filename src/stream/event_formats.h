/*-------------------------------------------------------------------------
 * event_formats.h
 *	  What the decoders of the event formats share.
 *
 * A decoder reads the message's value and adds its events.  It fails for what concerns the message as
 * a whole; what concerns one event only goes to that by ys_event_refuse.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_EVENT_FORMATS_H
#define YS_STREAM_EVENT_FORMATS_H

#include "stream/event.h"

typedef struct YsEventDecoder
{
	const YsEventReading *reading;
	YsJsonReader *reader;
	const YsEventMessage *message;
	const char *value;			/* the message's, without a schema registry's frame */
	size_t		value_len;
	YsAttributeFilter key_names;
	YsArena    *arena;
	YsEvents   *events;
	int			size;			/* of events->events */
	YsError    *err;
} YsEventDecoder;

/* What was seen of a message's members, to tell its format by. */
typedef struct YsEventSigns
{
	int			members;
	bool		records;		/* wrapped DynamoDB records */
	bool		dynamodb;		/* one of its own */
	bool		op;
	bool		image;			/* "before" or "after" */
	bool		schema;
	bool		payload;
} YsEventSigns;

/* DynamoDB records.  As long as the message is JSON, signs are filled whatever it is. */
extern bool ys_event_decode_dynamodb(YsEventDecoder *decoder, YsEventSigns *signs);

/* Debezium's envelope.  *is_one is false, and nothing added, when a message with schema has none. */
extern bool ys_event_decode_debezium(YsEventDecoder *decoder, bool *is_one);

/* A plain document.  wrapped: its message is {"schema": ..., "payload": the document}. */
extern bool ys_event_decode_document(YsEventDecoder *decoder, bool wrapped);

/* ---- event.c ---- */

extern bool ys_event_no_memory(YsError *err);

/* A zeroed event more; NULL: the arena is exhausted.  Good until the next one. */
extern YsEvent *ys_event_add(YsEventDecoder *decoder);

/* Note why an event can't be used, unless it has a reason already; false: the arena is exhausted. */
extern bool ys_event_refuse(YsEventDecoder *decoder, YsEvent *event, const YsError *error);

/*
 * The last thing done to an event: its key is brought into order, and the event refused if it has none.  *wanted is
 * false when it is of another table.  False: the arena is exhausted.
 */
extern bool ys_event_finish(YsEventDecoder *decoder, YsEvent *event, bool *wanted);

/* Take an event that isn't wanted out of the list, and count it. */
extern void ys_event_pass_over(YsEventDecoder *decoder, int index);

/* Is a table's name the one whose events are wanted? */
extern bool ys_event_is_wanted(const YsEventReading *reading, const char *table, size_t len);

/* The bytes of a schema registry's frame, magic byte and schema id, before a key or value; else 0. */
extern size_t ys_event_frame(const char *bytes, size_t len);

static inline bool
ys_event_name_is(const char *name, size_t len, const char *wanted, size_t wanted_len)
{
	return len == wanted_len && __builtin_memcmp(name, wanted, wanted_len) == 0;
}

/* Of a literal. */
#define YS_EVENT_NAME_IS(name, len, literal) ys_event_name_is(name, len, literal, sizeof(literal) - 1)

/* Fill err unless this is the first member of that name. */
extern bool ys_event_once(bool *seen, const char *name, YsError *err);

/* ---- event_time.c ---- */

/*
 * Microseconds since 1970 from a number that counts units of which there are so many in a second; per_second 0: of whichever
 * of seconds, milliseconds and microseconds it is a moment before the year 10000.
 * False: it is none.
 */
extern bool ys_event_time(const char *text, size_t len, int64_t per_second, YsArena *arena, int64_t *us);

/* ---- event_key.c ---- */

typedef enum YsEventKey
{
	YS_EVENT_KEY_READ,
	YS_EVENT_KEY_NONE,			/* the message has none */
	YS_EVENT_KEY_OF_OTHERS,		/* an object without the table's key attributes; err says which */
	YS_EVENT_KEY_INVALID,		/* err says why */
	YS_EVENT_KEY_NO_MEMORY
} YsEventKey;

/*
 * What the message's own key tells, as the key attributes: an object of them, typed or plain, or, when
 * bare, the one key attribute itself.  err is filled unless it is read.
 */
extern YsEventKey ys_event_message_key(YsEventDecoder *decoder, bool bare, YsValue *keys, YsError *err);

/*
 * Can the store have an item of these key attributes, all known to be there?  False and err when one is of another type,
 * or beyond its limits: it would refuse to look for it.
 */
extern bool ys_event_check_key(const YsEventDecoder *decoder, const YsValue *keys, YsError *err);

/*
 * The key attributes of a plain document, as their types.  False and err (unless it is NULL) when one is missing or of another
 * type.
 */
extern bool ys_event_document_key(YsEventDecoder *decoder, const YsValue *document, YsValue *keys,
								  YsError *err);

/*
 * Give the document the key attributes, as their types.  False and err when it has one with
 * another value.
 */
extern bool ys_event_join_key(YsEventDecoder *decoder, const YsValue *keys, YsValue *document,
							  YsError *err);

#endif							/* YS_STREAM_EVENT_FORMATS_H */
