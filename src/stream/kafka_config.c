/*-------------------------------------------------------------------------
 * kafka_config.c
 *	  A stream's configuration: how its brokers are spoken to, as whom, and
 *	  what of librdkafka's own settings may be given.
 *
 * Only what is listed here ever reaches the library: some of its settings
 * load code or run commands.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/secret.h"
#include "stream/kafka_config.h"

/* ---- security ---- */

static const YsKafkaProtocol protocols[] = {
	{"plaintext", false, false},
	{"ssl", true, false},
	{"sasl_plaintext", false, true},
	{"sasl_ssl", true, true}
};

static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

const YsKafkaProtocol *
ys_kafka_protocol(const char *name)
{
	if (name == NULL)
		return &protocols[0];
	for (size_t i = 0; i < lengthof(protocols); i++)
		if (pg_strcasecmp(protocols[i].name, name) == 0)
			return &protocols[i];
	return NULL;
}

const char *
ys_kafka_mechanism(const char *name)
{
	for (size_t i = 0; i < lengthof(mechanisms); i++)
		if (pg_strcasecmp(mechanisms[i], name) == 0)
			return mechanisms[i];
	return NULL;
}

static const YsSecretPart part_list[] = {
	{"user", "user", "_USER", offsetof(YsStreamLogin, user), YS_STREAM_USER_MAX, '\0', true, true},
	{"password", "password", "_PASSWORD", offsetof(YsStreamLogin, password), YS_STREAM_PASSWORD_MAX,
	'\0', true, true}
};
static const YsSecretParts parts = {lengthof(part_list), part_list};

bool
ys_stream_login_take(YsStreamLogin *login, const char *user, const char *password, YsError *err)
{
	const char *given[lengthof(part_list)] = {user, password};

	memset(login, 0, sizeof(*login));
	for (size_t i = 0; i < lengthof(part_list); i++)
	{
		if (given[i] != NULL && given[i][0] != '\0' &&
			ys_secret_set(login, &part_list[i], given[i], strlen(given[i])))
			continue;
		ys_error_set(err, YS_ERR_INVALID_OPTION, "invalid value for option \"%s\"", part_list[i].option);
		ys_error_detail(err, "It is empty, contains a control character, or is longer than %zu bytes.",
						part_list[i].longest);
		ys_error_hint(err, "Use ALTER USER MAPPING to set it again.");
		return false;
	}
	return true;
}

bool
ys_stream_login_read(YsStreamLogin *login, const char *file, const char *profile,
					 const char *environment, YsError *err)
{
	struct stat stamp;

	memset(login, 0, sizeof(*login));
	return profile != NULL ? ys_secret_read_file(login, &parts, file, profile, &stamp, err) :
		ys_secret_read_environment(login, &parts, environment, err);
}

/* ---- tuning ---- */

/*
 * What each may be; the bounds of what takes memory or time are our own.  Without words it is a
 * number from least to most.
 */
typedef struct TuningRule
{
	const char *option;
	const char *property;		/* librdkafka's */
	int			least;
	int			most;
	const char *words;			/* separated by blanks; "": any text of so many bytes */
	char		role;			/* 'c'onsumers', 'p'roducers', or both's */
} TuningRule;

static const TuningRule rules[] = {
	{"broker_address_family", "broker.address.family", 0, 0, "any v4 v6", 'b'},
	{"client_rack", "client.rack", 1, 100, "", 'b'},
	{"compression", "compression.codec", 0, 0, "none gzip snappy lz4 zstd", 'p'},
	{"connections_max_idle_ms", "connections.max.idle.ms", 0, 86400000, NULL, 'b'},
	{"fetch_max_bytes", "fetch.max.bytes", 1048576, 67108864, NULL, 'c'},
	{"fetch_min_bytes", "fetch.min.bytes", 1, 10485760, NULL, 'c'},
	{"fetch_wait_max_ms", "fetch.wait.max.ms", 0, 30000, NULL, 'c'},
	{"linger_ms", "linger.ms", 0, 5000, NULL, 'p'},
	{"max_partition_fetch_bytes", "max.partition.fetch.bytes", 1024, 67108864, NULL, 'c'},
	{"metadata_max_age_ms", "metadata.max.age.ms", 1000, 86400000, NULL, 'b'},
	{"queued_max_messages_kbytes", "queued.max.messages.kbytes", 1024, 262144, NULL, 'c'},
	{"socket_connection_setup_timeout_ms", "socket.connection.setup.timeout.ms", 1000, 300000, NULL, 'b'},
	{"socket_keepalive", "socket.keepalive.enable", 0, 0, "true false", 'b'},
	{"socket_timeout_ms", "socket.timeout.ms", 1000, 300000, NULL, 'b'},
};

StaticAssertDecl(lengthof(rules) == YS_STREAM_TUNINGS, "a configuration has room for each of them");

static const TuningRule *
find_rule(const char *option)
{
	for (size_t i = 0; i < lengthof(rules); i++)
		if (strcmp(rules[i].option, option) == 0)
			return &rules[i];
	return NULL;
}

/* Is the value among the words? */
static bool
is_word(const char *words, const char *value)
{
	size_t		len = strlen(value);

	for (const char *word = words; *word != '\0'; word += strcspn(word, " "))
	{
		word += strspn(word, " ");
		if (strcspn(word, " ") == len && strncmp(word, value, len) == 0)
			return true;
	}
	return false;
}

static bool
is_number(const TuningRule *rule, const char *value)
{
	size_t		len = strlen(value);
	long		number;

	if (len == 0 || len > 9 || strspn(value, "0123456789") != len)
		return false;
	number = strtol(value, NULL, 10);
	return number >= rule->least && number <= rule->most;
}

bool
ys_kafka_check_tuning(const char *option, const char *value, YsError *err)
{
	const TuningRule *rule = find_rule(option);

	Assert(rule != NULL);
	if (rule->words == NULL ? is_number(rule, value) :
		rule->words[0] != '\0' ? is_word(rule->words, value) :
		strlen(value) <= (size_t) rule->most && strlen(value) >= (size_t) rule->least &&
		ys_secret_is_plain(value, strlen(value), '\0', true))
		return true;
	ys_error_set(err, YS_ERR_INVALID_OPTION, "invalid value for option \"%s\": \"%s\"", option, value);
	if (rule->words == NULL)
		ys_error_detail(err, "It is a whole number from %d to %d.", rule->least, rule->most);
	else if (rule->words[0] != '\0')
		ys_error_detail(err, "It is one of the words: %s.", rule->words);
	else
		ys_error_detail(err, "It is text of %d to %d bytes.", rule->least, rule->most);
	ys_error_hint(err, "It sets %s of librdkafka, and is best left out.", rule->property);
	return false;
}

const char *
ys_kafka_tuning_option(int i)
{
	return i < (int) lengthof(rules) ? rules[i].option : NULL;
}

const char *
ys_kafka_tuning_property(int i, bool consumes, bool produces)
{
	return (rules[i].role == 'c' && !consumes) || (rules[i].role == 'p' && !produces) ? NULL :
		rules[i].property;
}

/* ---- comparing ---- */

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
ys_stream_config_same(const YsStreamConfig *a, const YsStreamConfig *b)
{
	bool		same = same_text(a->brokers, b->brokers) && same_text(a->topic, b->topic) &&
		same_text(a->format, b->format) && same_text(a->table, b->table) &&
		a->timeout_ms == b->timeout_ms && a->workers == b->workers &&
		a->protocol == b->protocol && same_text(a->mechanism, b->mechanism) &&
		same_text(a->ca_file, b->ca_file) && same_text(a->client_cert_file, b->client_cert_file) &&
		same_text(a->client_key_file, b->client_key_file) &&
		same_text(a->allowed_endpoints, b->allowed_endpoints) &&
		strcmp(a->login.user, b->login.user) == 0 &&
		strcmp(a->login.password, b->login.password) == 0;

	for (size_t i = 0; same && i < lengthof(rules); i++)
		same = same_text(a->tuning[i], b->tuning[i]);
	return same;
}
