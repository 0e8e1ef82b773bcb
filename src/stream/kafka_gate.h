/*-------------------------------------------------------------------------
 * kafka_gate.h
 *	  Which addresses a client connects to: for src/stream/kafka*.c only.
 *
 * Brokers name each other's addresses, so that the ones of option "brokers"
 * say little: each address is looked at when it is connected to, by one of
 * the library's threads.  The gate is therefore of malloc'ed memory, and outlives
 * the client whose threads are left to end by themselves.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_KAFKA_GATE_H
#define YS_STREAM_KAFKA_GATE_H

#include "base/arena.h"
#include "base/endpoint.h"

#define YS_BROKER_NAME		128

/* as librdkafka/rdkafka.h declares it */
struct rd_kafka_conf_s;

typedef struct YsKafkaGate YsKafkaGate;

/* allowed as in ys_endpoints_parse.  NULL and err on a bad list, or out of memory. */
extern YsKafkaGate *ys_kafka_gate_open(const char *allowed, YsError *err);
extern void ys_kafka_gate_close(YsKafkaGate *gate);

/* Have the instance made of conf go through it. */
extern void ys_kafka_gate_install(YsKafkaGate *gate, struct rd_kafka_conf_s *conf);

/* The address last refused, and whose it was; false when none was.  gate may be NULL. */
extern bool ys_kafka_gate_refused(YsKafkaGate *gate, char address[YS_ENDPOINT_TEXT],
								  char broker[YS_BROKER_NAME]);

#endif							/* YS_STREAM_KAFKA_GATE_H */
