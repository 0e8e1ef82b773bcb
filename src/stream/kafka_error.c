/*-------------------------------------------------------------------------
 * kafka_error.c
 *	  What the library's errors mean, and what is said of them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <librdkafka/rdkafka.h>

#include "stream/kafka_client.h"

/* So much of the library's text goes into a detail, beside the brokers' names. */
#define REASON_MAX	300

/* YS_ERR_REMOTE for whatever has no meaning of its own. */
YsErrorCode
ys_kafka_error_code(int code)
{
	switch (code)
	{
		case RD_KAFKA_RESP_ERR__TRANSPORT:
		case RD_KAFKA_RESP_ERR__RESOLVE:
		case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		case RD_KAFKA_RESP_ERR__SSL:
			return YS_ERR_UNREACHABLE;
		case RD_KAFKA_RESP_ERR__TIMED_OUT:
		case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
		case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
		case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
			return YS_ERR_TIMEOUT;
		case RD_KAFKA_RESP_ERR__AUTHENTICATION:
		case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
		case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
			return YS_ERR_REFUSED;
		case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
		case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
			return YS_ERR_TABLE_NOT_FOUND;
		case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
			return YS_ERR_INVALID_OPTION;
		case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
			return YS_ERR_TRIMMED;
		case RD_KAFKA_RESP_ERR__BAD_MSG:
		case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
			return YS_ERR_INVALID_DATA;
		case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
			return YS_ERR_TOO_LARGE;
		default:
			return YS_ERR_REMOTE;
	}
}

static const char *
hint_for(YsErrorCode mapped, int code, bool tls)
{
	if (code == RD_KAFKA_RESP_ERR__SSL || (tls && code == RD_KAFKA_RESP_ERR__TRANSPORT))
		return "Option \"ca_file\" must hold the authority of the brokers' certificates, and these "
			"the name or address in \"brokers\"; brokers that ask for a certificate need "
			"\"client_cert_file\". Their ports must speak the server's \"security_protocol\".";
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED)
		return "Check user and password of the user mapping, and the server's option \"sasl_mechanism\".";
	switch (mapped)
	{
		case YS_ERR_UNREACHABLE:
		case YS_ERR_TIMEOUT:
			return "Check that the brokers run, are reached from the database server, and speak the "
				"server's \"security_protocol\".";
		case YS_ERR_REFUSED:
			return "Check the brokers' access rules for this topic.";
		case YS_ERR_TABLE_NOT_FOUND:
			return "Check option \"topic\" of the stream's server, or create the topic.";
		case YS_ERR_TRIMMED:
			return "The topic's retention has passed, or the topic was made anew.";
		case YS_ERR_TOO_LARGE:
			return "Raise max.message.bytes of the topic to at least " YS_KAFKA_LARGEST_MESSAGE ".";
		default:
			return NULL;
	}
}

const char *
ys_kafka_reason(const YsKafkaClient *client, int code, const char *text)
{
	bool		tells = text != NULL && client->password[0] != '\0' &&
		strstr(text, client->password) != NULL;

	return text == NULL || tells ? rd_kafka_err2str(code) : text;
}

/* An address that may not be connected to explains all that followed. */
static bool
fail_forbidden(YsError *err, const YsKafkaClient *client)
{
	char		address[YS_ENDPOINT_TEXT];
	char		broker[YS_BROKER_NAME];

	if (!ys_kafka_gate_refused(client->gate, address, broker))
		return false;
	ys_error_set(err, YS_ERR_NOT_ALLOWED, "the address of a stream's broker is not allowed");
	ys_error_detail(err, "Broker %s is at %s, which \"yottastore.allowed_endpoints\" does not list.",
					broker, address);
	ys_error_hint(err, "A superuser may add it there, or own the server.");
	return true;
}

bool
ys_kafka_fail(YsError *err, const YsKafkaClient *client, int code, const char *doing,
			  const char *reason)
{
	YsErrorCode mapped = ys_kafka_error_code(code);
	char		fatal_reason[256];

	if (fail_forbidden(err, client))
		return false;
	if (code == RD_KAFKA_RESP_ERR__FATAL)
	{
		code = rd_kafka_fatal_error(client->rk, fatal_reason, sizeof(fatal_reason));
		reason = fatal_reason;
	}
	/* a time-out's cause is what went wrong meanwhile */
	else if ((mapped == YS_ERR_TIMEOUT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) &&
			 client->trouble != 0)
	{
		code = client->trouble;
		reason = client->trouble_text;
	}
	mapped = ys_kafka_error_code(code);
	ys_error_set(err, mapped, "could not %s kafka topic \"%s\"", doing, client->topic_name);
	ys_error_detail(err, "Brokers: %.150s. %.*s.", client->brokers, REASON_MAX,
					ys_kafka_reason(client, code, reason));
	if (hint_for(mapped, code, client->tls) != NULL)
		ys_error_hint(err, "%s", hint_for(mapped, code, client->tls));
	return false;
}
