/*-------------------------------------------------------------------------
 * event.h
 *	  Change events: what a message of the stream says has become of which items.
 *
 * Each format is one file behind the table in event.c.  What is decoded is
 * untrusted: every error is YS_ERR_INVALID_DATA, for the quarantine, unless
 * memory ran out.  A message carries one event, or several, of which some may be unusable.
 *
 * Under "auto" each message tells by its members what it is: "dynamodb" (or records of
 * which some have it) makes it dynamodb, "op" with "before" or "after" debezium, and any
 * other object a document.  An empty one is none of them.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_EVENT_H
#define YS_STREAM_EVENT_H

#include "store/value_tree.h"

typedef enum YsEventFormat
{
	YS_FORMAT_AUTO,				/* whichever of the others a message is */
	YS_FORMAT_DYNAMODB,			/* DynamoDB Streams records: alone, or as Lambda and Kinesis wrap them */
	YS_FORMAT_DEBEZIUM,			/* Debezium's envelopes */
	YS_FORMAT_DOCUMENT			/* the item as plain JSON, its key in the message's */
} YsEventFormat;

typedef enum YsEventKind
{
	YS_EVENT_INSERT,
	YS_EVENT_UPDATE,
	YS_EVENT_DELETE,
	YS_EVENT_SNAPSHOT,			/* the item was there already (Debezium's "r") */
	YS_EVENT_PUT				/* inserted or updated: a document doesn't say */
} YsEventKind;

typedef struct YsEvent
{
	const char *key;			/* canonical text, see ys_value_canonical_key; NULL: not known */
	uint32_t	key_len;
	YsEventKind kind;
	bool		keys_only;		/* what became of the item was not sent: the store has to be asked */
	YsValue		keys;			/* MAP of the key attributes, partition key first */
	const YsValue *new_image;	/* MAP; NULL when the item was deleted, or keys_only */
	const YsValue *old_image;	/* when it is asked for, and was sent */
	const char *table;			/* whose item it is, NUL-terminated; NULL: the event doesn't say */
	uint32_t	table_len;
	int64_t		changed_at_us;	/* microseconds since 1970; 0: not said */
	struct YsEntry *entries;	/* what policies made of new_image, for who has it decoded; NULL: nothing yet */
	const YsError *error;		/* why it can't be used; NULL: it can */
} YsEvent;

/* What a message carries. */
typedef struct YsEvents
{
	YsEventFormat format;		/* that the message has */
	int			count;			/* in their order */
	YsEvent    *events;
	int			passed_over;	/* besides: events of other tables, and what changes no item */
} YsEvents;

typedef struct YsEventMessage
{
	const char *key;			/* NULL: none */
	size_t		key_len;
	const char *value;			/* YS_JSON_PADDING readable behind it; NULL: a tombstone */
	size_t		value_len;
} YsEventMessage;

/* How messages are read: of which format and table, and what of their items is wanted. */
typedef struct YsEventReading
{
	YsEventFormat format;
	const char *table;			/* events of others are passed over; NULL: none are */
	const char *unsaid_table;	/* that events are of which don't say; NULL: of any */
	int			nkeys;			/* 0: not known, keys come as they are, without canonical text */
	const char *const *key_names;	/* partition key first */
	const YsType *key_types;	/* STRING, NUMBER or BINARY: what they are in the store */
	const YsPathTree *wanted;	/* of the new state; NULL: all of it */
	bool		old_images;		/* the old state, too, all of it */
} YsEventReading;

/* Find a format by its name in the stream's options, and the other way. */
extern bool ys_event_format_by_name(const char *name, YsEventFormat *format);
extern const char *ys_event_format_name(YsEventFormat format);

/* "insert", "update", ... */
extern const char *ys_event_kind_name(YsEventKind kind);

/*
 * Decode a message.  What isn't wanted of it is checked for its structure only.  The events live in
 * arena and borrow the names in reading.  Of a message that as a whole can't be decoded there is one event,
 * which has that error.  Events that can't be used have their key all the same, if they, or the message's key,
 * tell it.  False when memory ran out.
 */
extern bool ys_event_decode(const YsEventReading *reading, YsJsonReader *reader,
							const YsEventMessage *message, YsArena *arena, YsEvents *events,
							YsError *err);

#endif							/* YS_STREAM_EVENT_H */
