/*-------------------------------------------------------------------------
 * event.h
 *	  One change event: a message of the stream, decoded.
 *
 * Each format is one file behind the table in event.c.  What is decoded is
 * untrusted: every error is YS_ERR_INVALID_DATA, for the quarantine, unless
 * memory ran out.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_EVENT_H
#define YS_STREAM_EVENT_H

#include "store/value_tree.h"

typedef enum YsEventFormat
{
	YS_FORMAT_DYNAMODB			/* a DynamoDB Streams record as the store gives it */
} YsEventFormat;

typedef struct YsEvent
{
	const char *key;			/* canonical text, see ys_value_canonical_key */
	uint32_t	key_len;
	bool		keys_only;		/* the item is there, but its new state was not sent */
	YsValue		keys;			/* MAP of the key attributes, partition key first */
	const YsValue *new_image;	/* MAP; NULL when the item was deleted, or keys_only */
	int64_t		changed_at_us;	/* microseconds since 1970; 0: not said */
	char		sequence[48];	/* decimal text, "" when not said */
} YsEvent;

/* Find a format by its name in the stream's options. */
extern bool ys_event_format_by_name(const char *name, YsEventFormat *format);

/*
 * Decode a message of len bytes (YS_JSON_PADDING readable behind them) of a
 * table whose key attributes are key_names, partition key first.  Of the new
 * state what wanted has is decoded (NULL: all of it), of the old one nothing; what is
 * skipped is checked for its structure only.  The event lives in arena and
 * borrows key_names and the names in wanted.
 */
extern bool ys_event_decode(YsEventFormat format, YsJsonReader *reader,
							const char *bytes, size_t len,
							int nkeys, const char *const *key_names, const YsPathTree *wanted,
							YsArena *arena, YsEvent *event, YsError *err);

#endif							/* YS_STREAM_EVENT_H */
