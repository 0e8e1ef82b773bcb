/*-------------------------------------------------------------------------
 * thin.h
 *	  Making a long batch of messages short: of what happened to one item,
 *	  only the last is kept.
 *
 * What was superseded leaves its place: position, time and size count as ever.  What can't be
 * used stays.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_THIN_H
#define YS_WORKER_THIN_H

#include "worker/apply.h"

typedef struct YsThin YsThin;

/* Begin with no messages, in the current memory context. */
extern YsThin *ys_thin_create(void);

/*
 * Append messages, as they were decoded for one source, in their order within each partition; they are copied.
 * A table of the source's tells whether a key fits.  Not for messages of the store's own stream.
 */
extern void ys_thin_add(YsThin *thin, YsIndexTable *table, const YsSource *source, int ndecoded,
						const YsDecoded *decoded);

/* All messages so far, and the bytes of keys and values that are kept. */
extern int	ys_thin_messages(const YsThin *thin, YsMessage **messages);
extern size_t ys_thin_bytes(const YsThin *thin);

#endif							/* YS_WORKER_THIN_H */
