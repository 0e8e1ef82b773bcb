/*-------------------------------------------------------------------------
 * event_reading.h
 *	  How messages are read, kept for longer than what it was made of.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_EVENT_READING_H
#define YS_STREAM_EVENT_READING_H

#include "stream/event.h"

/* A copy in arena that borrows nothing; NULL when memory ran out. */
extern YsEventReading *ys_event_reading_copy(const YsEventReading *reading, YsArena *arena);

/* Do two make the same of every message?  Places in the same order are taken for the same only. */
extern bool ys_event_reading_same(const YsEventReading *a, const YsEventReading *b);

#endif							/* YS_STREAM_EVENT_READING_H */
