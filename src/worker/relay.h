/*-------------------------------------------------------------------------
 * relay.h
 *	  From a store's own stream to a Kafka topic.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_RELAY_H
#define YS_WORKER_RELAY_H

/*
 * The relay's main loop.  The caller holds the relay's worker lock.  Returns
 * when the relay is gone; trouble with store or brokers is noted on the
 * relay and tried again.
 */
extern void ys_relay_run(int relay_id);

#endif							/* YS_WORKER_RELAY_H */
