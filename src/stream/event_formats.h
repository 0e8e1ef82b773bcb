/*-------------------------------------------------------------------------
 * event_formats.h
 *	  The decoder of each event format.
 *
 * A decoder gets a zeroed event and fills all of it but key and key_len;
 * keys holds the attributes the filter names, in any order, and may lack
 * some.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_EVENT_FORMATS_H
#define YS_STREAM_EVENT_FORMATS_H

#include "stream/event.h"

typedef bool (*YsEventDecodeFn) (YsJsonReader *reader, const char *bytes, size_t len,
								 const YsAttributeFilter *key_names, const YsPathTree *wanted, YsArena *arena,
								 YsEvent *event, YsError *err);

extern bool ys_event_decode_dynamodb(YsJsonReader *reader, const char *bytes, size_t len,
									 const YsAttributeFilter *key_names, const YsPathTree *wanted,
									 YsArena *arena, YsEvent *event, YsError *err);

#endif							/* YS_STREAM_EVENT_FORMATS_H */
