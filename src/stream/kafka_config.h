/*-------------------------------------------------------------------------
 * kafka_config.h
 *	  A stream's configuration: how its brokers are spoken to, as whom, and
 *	  what of librdkafka's own settings may be given.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STREAM_KAFKA_CONFIG_H
#define YS_STREAM_KAFKA_CONFIG_H

#include "base/error.h"

#define YS_STREAM_USER_MAX		255
#define YS_STREAM_PASSWORD_MAX	1023
#define YS_STREAM_TUNINGS		14

/* How brokers are spoken to. */
typedef struct YsKafkaProtocol
{
	const char *name;			/* Kafka's */
	bool		tls;
	bool		sasl;			/* by user and password */
} YsKafkaProtocol;

typedef struct YsStreamLogin
{
	char		user[YS_STREAM_USER_MAX + 1];
	char		password[YS_STREAM_PASSWORD_MAX + 1];
} YsStreamLogin;

#define YS_WORKERS_MAX	64

typedef struct YsStreamConfig
{
	const char *brokers;		/* host:port, ... */
	const char *topic;
	const char *format;			/* a name of event.h's */
	const char *table;			/* of events that name none; NULL: of any */
	int			timeout_ms;		/* for metadata and administration */
	int			workers;		/* among which the partitions are split */

	const YsKafkaProtocol *protocol;	/* NULL: plaintext */
	const char *mechanism;		/* of SASL: Kafka's name */
	YsStreamLogin login;		/* for SASL */
	const char *ca_file;		/* these as the store's */
	const char *client_cert_file;
	const char *client_key_file;
	const char *allowed_endpoints;	/* no others are connected to; NULL: any */
	const char *tuning[YS_STREAM_TUNINGS];	/* by ys_kafka_tuning_option's number; NULL: as it is */
} YsStreamConfig;

/* Kafka's name in any case; NULL is plaintext.  NULL when there is no such. */
extern const YsKafkaProtocol *ys_kafka_protocol(const char *name);

/* Kafka's name of a SASL mechanism that is spoken, given in any case; NULL when it isn't. */
extern const char *ys_kafka_mechanism(const char *name);

/* Fill the login with what is given, or with what is named.  False and err when that can't be used. */
extern bool ys_stream_login_take(YsStreamLogin *login, const char *user, const char *password,
								 YsError *err);
extern bool ys_stream_login_read(YsStreamLogin *login, const char *file, const char *profile,
								 const char *environment, YsError *err);

/* The i-th option that tunes librdkafka, NULL behind the last. */
extern const char *ys_kafka_tuning_option(int i);

/* What it is there; NULL when it is nothing to such a client. */
extern const char *ys_kafka_tuning_property(int i, bool consumes, bool produces);

/* Can it have that value? */
extern bool ys_kafka_check_tuning(const char *option, const char *value, YsError *err);

/* Would a client of the one do for the other? */
extern bool ys_stream_config_same(const YsStreamConfig *a, const YsStreamConfig *b);

#endif							/* YS_STREAM_KAFKA_CONFIG_H */
