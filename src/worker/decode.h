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
 * Decode messages into arena, in their order.  A message that can't be decoded is ok =
 * false with its error, and with the key that the message key tells, if it does.
 */
extern YsDecoded *ys_decode_messages(YsJsonReader *reader, YsEventFormat format,
									 const YsSource *source, int count,
									 const YsMessage *messages, YsArena *arena);

#endif							/* YS_WORKER_DECODE_H */
