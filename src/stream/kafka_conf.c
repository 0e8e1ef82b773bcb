/*-------------------------------------------------------------------------
 * kafka_conf.c
 *	  What an instance of librdkafka is configured with.
 *
 * Each setting is checked.  No message holds the value of a secret one: the
 * library repeats what it refuses.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "stream/kafka_client.h"

/* What every instance is configured with. */
static const YsKafkaOption common_options[] = {
	{"client.id", "yottastore", false},
	{"log.queue", "true", false},
	{"log_level", "3", false},
	{"reconnect.backoff.max.ms", "2000", false},
	{NULL, NULL, false}
};

static bool
apply_options(rd_kafka_conf_t *conf, const YsKafkaOption *options, YsError *err)
{
	char		reason[256];

	for (; options->name != NULL; options++)
	{
		if (rd_kafka_conf_set(conf, options->name, options->value,
							  reason, sizeof(reason)) == RD_KAFKA_CONF_OK ||
			options->optional)
			continue;
		ys_error_set(err, YS_ERR_INVALID_OPTION, "librdkafka refuses its option \"%s\"",
					 options->name);
		ys_error_detail(err, "%s.", reason);
		ys_error_hint(err, "Check the options of the stream's server.");
		return false;
	}
	return true;
}

/* Those that are given; the library says nothing of its own of a secret. */
static bool
apply_given(rd_kafka_conf_t *conf, const char *name, const char *value, bool secret, YsError *err)
{
	const YsKafkaOption given[] = {{name, value, false}, {NULL, NULL, false}};
	char		reason[256];

	if (value == NULL)
		return true;
	if (!secret)
		return apply_options(conf, given, err);
	return rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) == RD_KAFKA_CONF_OK ||
		ys_error_set(err, YS_ERR_INVALID_OPTION, "librdkafka refuses its option \"%s\"", name);
}

/* A file that is given.  The library says no more than that it could not use it. */
static bool
apply_file(rd_kafka_conf_t *conf, const char *name, const char *option, const char *path, YsError *err)
{
	if (path != NULL && access(path, R_OK) != 0)
	{
		ys_error_set(err, YS_ERR_INVALID_OPTION, "could not use option \"%s\" of the stream's server", option);
		ys_error_detail(err, "The file that it names can't be read: %s.", strerror(errno));
		ys_error_hint(err, "The database server's user must be able to read it.");
		return false;
	}
	return apply_given(conf, name, path, false, err);
}

static bool
apply_security(rd_kafka_conf_t *conf, const YsStreamConfig *config, YsError *err)
{
	static const YsKafkaOption tls_options[] = {
		{"enable.ssl.certificate.verification", "true", false},
		{"ssl.endpoint.identification.algorithm", "https", false},
		{NULL, NULL, false}
	};
	const YsKafkaProtocol *protocol = config->protocol;

	if (protocol == NULL)
		protocol = ys_kafka_protocol(NULL);
	if (!apply_given(conf, "security.protocol", protocol->name, false, err))
		return false;
	if (protocol->tls &&
		!(apply_options(conf, tls_options, err) &&
		  apply_file(conf, "ssl.ca.location", "ca_file", config->ca_file, err) &&
		  apply_file(conf, "ssl.certificate.location", "client_cert_file", config->client_cert_file, err) &&
		  apply_file(conf, "ssl.key.location", "client_key_file", config->client_key_file, err)))
		return false;
	return !protocol->sasl ||
		(apply_given(conf, "sasl.mechanisms", config->mechanism, false, err) &&
		 apply_given(conf, "sasl.username", config->login.user, true, err) &&
		 apply_given(conf, "sasl.password", config->login.password, true, err));
}

static bool
apply_tuning(rd_kafka_conf_t *conf, YsKafkaRole role, const YsStreamConfig *config, YsError *err)
{
	for (int i = 0; ys_kafka_tuning_option(i) != NULL; i++)
	{
		const char *property = ys_kafka_tuning_property(i, role == YS_KAFKA_CONSUMER,
														role == YS_KAFKA_PRODUCER);

		if (property != NULL && !apply_given(conf, property, config->tuning[i], false, err))
			return false;
	}
	return true;
}

rd_kafka_conf_t *
ys_kafka_conf_make(YsKafkaRole role, const YsStreamConfig *config, const YsKafkaOption *options,
				   YsError *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	if (apply_options(conf, common_options, err) &&
		apply_given(conf, "bootstrap.servers", config->brokers, false, err) &&
		apply_options(conf, options, err) &&
		apply_security(conf, config, err) &&
		apply_tuning(conf, role, config, err))
	{
		rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
		return conf;
	}
	rd_kafka_conf_destroy(conf);
	return NULL;
}
