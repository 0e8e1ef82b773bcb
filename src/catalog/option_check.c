/*-------------------------------------------------------------------------
 * option_check.c
 *	  Checks of single option values.
 *
 * No message shows the value of a user mapping's option.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/memory.h"
#include "catalog/option.h"
#include "catalog/option_check.h"
#include "catalog/secondary.h"
#include "catalog/source.h"
#include "errors.h"
#include "policy/path.h"
#include "store/store.h"
#include "stream/event.h"
#include "stream/kafka_config.h"

#define TABLE_NAME_MAX		255
#define PLACE_NAME_MAX		100
#define PROFILE_NAME_MAX	100
#define PREFIX_MAX			100
#define TOPIC_NAME_MAX		249
#define SAMPLE_ITEMS_MAX	100000

#define NOT_A_CHOICE	"It is not one of the words this option takes."

static void
refuse_value(const char *name, const char *value, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\": \"%s\"", name, value),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

void
ys_option_check_api(const char *name, const char *value)
{
	YsError		err;

	if (!ys_store_check_api(value, &err))
		ys_error_throw(&err);
}

void
ys_option_check_nodes(const char *name, const char *value)
{
	YsError		err;

	if (!ys_store_check_nodes(value, &err))
		ys_error_throw(&err);
}

void
ys_option_check_discovery(const char *name, const char *value)
{
	if (strcmp(value, "none") != 0 && strcmp(value, "localnodes") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: none, localnodes.");
}

/* A datacenter or rack. */
void
ys_option_check_place(const char *name, const char *value)
{
	if (value[0] == '\0' || strlen(value) > PLACE_NAME_MAX)
		refuse_value(name, value, "It is empty, or longer than 100 bytes.",
					 "Name it as the store's own configuration does.");
}

/* What ends up in a request's header or signature. */
void
ys_option_check_region(const char *name, const char *value)
{
	if (value[0] == '\0' || strspn(value, "abcdefghijklmnopqrstuvwxyz"
								   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(value))
		refuse_value(name, value, "A region is letters, digits, \"-\" and \"_\".",
					 "Write it like eu-south-1.");
}

void
ys_option_check_consistency(const char *name, const char *value)
{
	if (strcmp(value, "eventual") != 0 && strcmp(value, "strong") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: eventual, strong.");
}

void
ys_option_check_insert_mode(const char *name, const char *value)
{
	if (strcmp(value, "insert") != 0 && strcmp(value, "upsert") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: insert, upsert.");
}

int
ys_option_parse_milliseconds(const char *value)
{
	int			result;

	return parse_int(value, &result, GUC_UNIT_MS, NULL) ? result : -1;
}

void
ys_option_check_timeout(const char *name, const char *value)
{
	if (ys_option_parse_milliseconds(value) <= 0)
		refuse_value(name, value, "A time-out is a positive number of milliseconds, or has a unit.",
					 "Write it like 500, 500ms, 2s or 1min.");
}

void
ys_option_check_staleness(const char *name, const char *value)
{
	if (ys_option_parse_milliseconds(value) < 0)
		refuse_value(name, value, "It is a number of milliseconds, or has a unit.",
					 "Write it like 0, 500, 10s or 5min; at most 2147483647 ms, about 24 days.");
}

void
ys_option_check_on_stale(const char *name, const char *value)
{
	if (strcmp(value, "scan") != 0 && strcmp(value, "error") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: scan, error.");
}

double
ys_option_parse_rate(const char *value)
{
	double		result;

	return parse_real(value, &result, 0, NULL) && result > 0 && isfinite(result) ? result : -1;
}

void
ys_option_check_rate(const char *name, const char *value)
{
	if (ys_option_parse_rate(value) < 0)
		refuse_value(name, value, "A limit is a number above 0, of so many a second.",
					 "Write it like 100 or 0.5; without the option there is no limit.");
}

void
ys_option_check_filled(const char *name, const char *value)
{
	if (value[0] == '\0')
		refuse_value(name, value, "It is empty.", "Give it a value, or leave the option out.");
}

/* The value is a secret and stays unsaid. */
void
ys_option_check_credential(const char *name, const char *value)
{
	bool		printable = value[0] != '\0';

	for (const char *c = value; *c != '\0'; c++)
		printable = printable && *c > ' ' && *c < 0x7f;
	if (!printable)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\"", name),
				 errdetail("It is empty or has a character that cannot stand in a credential."),
				 errhint("Copy it again, without blanks and line ends.")));
}

/* User or password of a stream: a secret, too. */
void
ys_option_check_login(const char *name, const char *value)
{
	bool		plain = value[0] != '\0';

	for (const char *c = value; *c != '\0'; c++)
		plain = plain && (unsigned char) *c >= ' ' && *c != 0x7f;
	if (!plain)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\"", name),
				 errdetail("It is empty or has a control character."),
				 errhint("Copy it again, without line ends.")));
}

void
ys_option_check_profile(const char *name, const char *value)
{
	bool		plain = value[0] != '\0' && strlen(value) <= PROFILE_NAME_MAX;

	for (const char *c = value; *c != '\0'; c++)
		plain = plain && *c > ' ' && *c < 0x7f && *c != '[' && *c != ']';
	if (!plain)
		refuse_value(name, value, "It cannot be the name of a section of a credentials file.",
					 "Write what stands between the brackets there, such as fleet.");
}

void
ys_option_check_environment(const char *name, const char *value)
{
	if (value[0] == '\0' || strlen(value) > PREFIX_MAX ||
		strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(value))
		refuse_value(name, value, "It cannot be the beginning of the names of variables.",
					 "Write AWS for AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
}

bool
ys_option_table_name(const char *name, const char **detail)
{
	size_t		len = strlen(name);

	*detail = "A store's table name is 3 to 255 letters, digits, \"_\", \"-\" and \".\".";
	return len >= 3 && len <= TABLE_NAME_MAX &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == len;
}

void
ys_option_check_table(const char *name, const char *value)
{
	const char *detail;

	if (!ys_option_table_name(value, &detail))
		refuse_value(name, value, detail, "Name the table as the store does.");
}

void
ys_option_check_indexes(const char *name, const char *value)
{
	(void) ys_secondary_parse(value);
}

void
ys_option_check_path(const char *name, const char *value)
{
	YsArena		arena;
	YsPath		path;
	YsError		err;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_path_parse(value, strlen(value), &arena, &path, &err))
		ys_error_throw(&err);
	ys_arena_free(&arena);
}

void
ys_option_check_key(const char *name, const char *value)
{
	if (strcmp(value, "partition") != 0 && strcmp(value, "sort") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: partition, sort.");
}

void
ys_option_check_field(const char *name, const char *value)
{
	char	   *policy;
	char	   *column;

	if (!ys_option_split_field(value, &policy, &column))
		refuse_value(name, value, "It is an index policy's name and, after a dot, one of its columns.",
					 "Such as: vehicle_service.last_service.");
}

void
ys_option_check_boolean(const char *name, const char *value)
{
	bool		result;

	if (!parse_bool(value, &result))
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: true, false.");
}

void
ys_option_check_mismatch(const char *name, const char *value)
{
	if (strcmp(value, "null") != 0 && strcmp(value, "error") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: null, error.");
}

void
ys_option_check_encoding(const char *name, const char *value)
{
	if (strcmp(value, "plain") != 0 && strcmp(value, "typed") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: plain, typed.");
}

void
ys_option_check_columns(const char *name, const char *value)
{
	if (strcmp(value, "sampled") != 0 && strcmp(value, "none") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: sampled, none.");
}

void
ys_option_check_scan_segments(const char *name, const char *value)
{
	int			segments;

	if (!parse_int(value, &segments, 0, NULL) || segments < 1 || segments > YS_SCAN_SEGMENTS_MAX)
		refuse_value(name, value, "It is not a number between 1 and 64.",
					 "Leave it out to have as many as the table's size suggests.");
}

void
ys_option_check_workers(const char *name, const char *value)
{
	int			workers;

	if (!parse_int(value, &workers, 0, NULL) || strspn(value, "0123456789") != strlen(value) ||
		workers < 1 || workers > YS_WORKERS_MAX)
		refuse_value(name, value, "It is not a number between 1 and 64.",
					 "More workers than the topic has partitions are of no use; leave it out for one.");
}

void
ys_option_check_max_scan_pages(const char *name, const char *value)
{
	int			pages;

	if (!parse_int(value, &pages, 0, NULL) || pages < 1)
		refuse_value(name, value, "It is not a positive number of pages.",
					 "Leave it out for no limit; allow_scan 'off' refuses every scan.");
}

void
ys_option_check_sample_items(const char *name, const char *value)
{
	int			items;

	if (!parse_int(value, &items, 0, NULL) || items < 1 || items > SAMPLE_ITEMS_MAX)
		refuse_value(name, value, "It is not a number between 1 and 100000.",
					 "Leave it out for 1000; with columns 'none' no item is read.");
}

/* One host:port; a missing port is Kafka's own default. */
static bool
is_broker(const char *text, size_t len)
{
	const char *colon = NULL;
	const char *end = text + len;
	int			port = 0;

	for (const char *c = text; c < end; c++)
	{
		if ((unsigned char) *c <= ' ' || strchr("/@\"'", *c) != NULL)
			return false;
		if (*c == ':')
			colon = c;
	}
	if (colon == NULL)
		return len > 0;
	/* a bare IPv6 address is no broker address: it stands in brackets */
	if (colon == text || (memchr(text, ':', colon - text) != NULL && text[0] != '['))
		return false;
	if (colon + 1 == end || end - colon > 6)
		return false;
	for (const char *c = colon + 1; c < end; c++)
	{
		if (*c < '0' || *c > '9')
			return false;
		port = port * 10 + (*c - '0');
	}
	return port >= 1 && port <= 65535;
}

void
ys_option_check_brokers(const char *name, const char *value)
{
	const char *p = value;

	for (;;)
	{
		size_t		len = strcspn(p, ",");
		const char *from = p;
		size_t		trimmed = len;

		while (trimmed > 0 && *from == ' ')
			from++, trimmed--;
		while (trimmed > 0 && from[trimmed - 1] == ' ')
			trimmed--;
		if (!is_broker(from, trimmed))
			refuse_value(name, value, "It is a list of host:port, separated by commas.",
						 "Write it like kafka1:9092,kafka2:9092.");
		if (p[len] == '\0')
			return;
		p += len + 1;
	}
}

void
ys_option_check_topic(const char *name, const char *value)
{
	size_t		len = strlen(value);

	if (len < 1 || len > TOPIC_NAME_MAX || strcmp(value, ".") == 0 || strcmp(value, "..") == 0 ||
		strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != len)
		refuse_value(name, value,
					 "A topic's name is 1 to 249 letters, digits, \"_\", \"-\" and \".\".",
					 "Name the topic as the broker does.");
}

void
ys_option_check_format(const char *name, const char *value)
{
	YsEventFormat format;

	if (!ys_event_format_by_name(value, &format))
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: auto, dynamodb, debezium, document.");
}

void
ys_option_check_protocol(const char *name, const char *value)
{
	if (ys_kafka_protocol(value) == NULL)
		refuse_value(name, value, NOT_A_CHOICE,
					 "Valid values are: plaintext, ssl, sasl_plaintext, sasl_ssl.");
}

void
ys_option_check_mechanism(const char *name, const char *value)
{
	if (ys_kafka_mechanism(value) == NULL)
		refuse_value(name, value, NOT_A_CHOICE,
					 "Valid values are: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512.");
}

void
ys_option_check_tuning(const char *name, const char *value)
{
	YsError		err;

	if (!ys_kafka_check_tuning(name, value, &err))
		ys_error_throw(&err);
}
