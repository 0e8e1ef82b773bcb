/*-------------------------------------------------------------------------
 * decode.h
 *	  From messages to events, once for all policies of one source.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_DECODE_H
#define YS_WORKER_DECODE_H

#include "catalog/source.h"
#include "worker/apply.h"

/*
 * What is to be decoded of a source's items: the key, and what its policies' paths lead to.
 * Add each policy's; in arena.
 */
extern YsPathTree *ys_decode_want_keys(const YsSource *source, YsArena *arena);
extern void ys_decode_want(YsPathTree *wanted, const YsPolicy *policy, YsArena *arena);

/*
 * How to read messages for a source, which is borrowed, of items what is wanted.  format is the stream's, and
 * unsaid_table the table of events that name none (NULL: any).  Events of other tables than the source's are passed over.
 */
extern YsEventReading ys_decode_reading(YsEventFormat format, const char *unsaid_table, const YsSource *source,
										const YsPathTree *wanted);

/*
 * Decode messages into arena, in their order, and return how many entries came of them: one for each event, or one for
 * a message without any.
 */
extern int	ys_decode_messages(YsJsonReader *reader, const YsEventReading *reading, int count,
							   const YsMessage *messages, YsArena *arena, YsDecoded **decoded);

#endif							/* YS_WORKER_DECODE_H */
