/*-------------------------------------------------------------------------
 * intake_kafka.h
 *	  A Kafka topic as an intake: what became of the topic.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_INTAKE_KAFKA_H
#define YS_WORKER_INTAKE_KAFKA_H

#include "worker/stream_worker_parts.h"

/*
 * Look, if it is time, what became of the topic: new partitions are followed, policies whose events are
 * gone are INCOMPLETE.
 */
extern void ys_topic_look(YsStreamWorker *worker);

/* Has the topic been looked at under this lease, and since consuming last failed?  Else nothing is to be consumed. */
extern bool ys_topic_is_known(const YsStreamWorker *worker);

/* Look at it soon. */
extern void ys_topic_look_soon(YsStreamWorker *worker);

/* Consuming failed: the topic tells why.  Closes all lanes. */
extern void ys_topic_doubt(YsStreamWorker *worker);

/* Messages were handed out: the topic may be known by them. */
extern void ys_topic_note(YsStreamWorker *worker, int count, const YsMessage *messages);

#endif							/* YS_WORKER_INTAKE_KAFKA_H */
