/*-------------------------------------------------------------------------
 * option.c
 *	  The options of both foreign-data wrappers: one table of names, where
 *	  each is allowed, and how its value is checked.
 *
 * No message shows the value of a user mapping's option.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/memory.h"
#include "catalog/option.h"
#include "catalog/server.h"
#include "errors.h"
#include "policy/path.h"

#define TABLE_NAME_MAX		255
#define TOPIC_NAME_MAX		249
#define STREAM_TIMEOUT_MS	10000
#define SAMPLE_ITEMS		1000
#define SAMPLE_ITEMS_MAX	100000

typedef void (*OptionCheck) (const char *name, const char *value);

typedef struct OptionRule
{
	const char *name;
	YsWrapperKind kind;
	Oid			catalog;
	OptionCheck check;
	bool		required;
} OptionRule;

#define NOT_A_CHOICE	"It is not one of the words this option takes."

/* ---- checks of single values: each throws ERRCODE_INVALID_PARAMETER_VALUE ---- */

static void
refuse_value(const char *name, const char *value, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\": \"%s\"", name, value),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

static void
check_api(const char *name, const char *value)
{
	YsError		err;

	if (!ys_store_check_api(value, &err))
		ys_error_throw(&err);
}

static void
check_nodes(const char *name, const char *value)
{
	YsError		err;

	if (!ys_store_check_nodes(value, &err))
		ys_error_throw(&err);
}

/* What ends up in a request's header or signature. */
static void
check_region(const char *name, const char *value)
{
	if (value[0] == '\0' || strspn(value, "abcdefghijklmnopqrstuvwxyz"
								   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(value))
		refuse_value(name, value, "A region is letters, digits, \"-\" and \"_\".",
					 "Write it like eu-south-1.");
}

static void
check_consistency(const char *name, const char *value)
{
	if (strcmp(value, "eventual") != 0 && strcmp(value, "strong") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: eventual, strong.");
}

static int
parse_milliseconds(const char *value)
{
	int			result;

	return parse_int(value, &result, GUC_UNIT_MS, NULL) ? result : -1;
}

static void
check_timeout(const char *name, const char *value)
{
	if (parse_milliseconds(value) <= 0)
		refuse_value(name, value, "A time-out is a positive number of milliseconds, or has a unit.",
					 "Write it like 500, 500ms, 2s or 1min.");
}

static void
check_filled(const char *name, const char *value)
{
	if (value[0] == '\0')
		refuse_value(name, value, "It is empty.", "Give it a value, or leave the option out.");
}

/* The value is a secret and stays unsaid. */
static void
check_credential(const char *name, const char *value)
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

bool
ys_option_table_name(const char *name, const char **detail)
{
	size_t		len = strlen(name);

	*detail = "A store's table name is 3 to 255 letters, digits, \"_\", \"-\" and \".\".";
	return len >= 3 && len <= TABLE_NAME_MAX &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == len;
}

static void
check_table(const char *name, const char *value)
{
	const char *detail;

	if (!ys_option_table_name(value, &detail))
		refuse_value(name, value, detail, "Name the table as the store does.");
}

static void
check_path(const char *name, const char *value)
{
	YsArena		arena;
	YsPath		path;
	YsError		err;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_path_parse(value, strlen(value), &arena, &path, &err))
		ys_error_throw(&err);
	ys_arena_free(&arena);
}

static void
check_key(const char *name, const char *value)
{
	if (strcmp(value, "partition") != 0 && strcmp(value, "sort") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: partition, sort.");
}

static void
check_boolean(const char *name, const char *value)
{
	bool		result;

	if (!parse_bool(value, &result))
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: true, false.");
}

static void
check_mismatch(const char *name, const char *value)
{
	if (strcmp(value, "null") != 0 && strcmp(value, "error") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: null, error.");
}

static void
check_columns(const char *name, const char *value)
{
	if (strcmp(value, "sampled") != 0 && strcmp(value, "none") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: sampled, none.");
}

static void
check_sample_items(const char *name, const char *value)
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

static void
check_brokers(const char *name, const char *value)
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

static void
check_topic(const char *name, const char *value)
{
	size_t		len = strlen(value);

	if (len < 1 || len > TOPIC_NAME_MAX || strcmp(value, ".") == 0 || strcmp(value, "..") == 0 ||
		strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != len)
		refuse_value(name, value,
					 "A topic's name is 1 to 249 letters, digits, \"_\", \"-\" and \".\".",
					 "Name the topic as the broker does.");
}

static void
check_format(const char *name, const char *value)
{
	if (strcmp(value, "dynamodb") != 0)
		refuse_value(name, value, NOT_A_CHOICE, "Valid values are: dynamodb.");
}

/* ---- the table ---- */

static const OptionRule rules[] = {
	{"api", YS_WRAPPER_STORE, ForeignServerRelationId, check_api, false},
	{"nodes", YS_WRAPPER_STORE, ForeignServerRelationId, check_nodes, true},
	{"region", YS_WRAPPER_STORE, ForeignServerRelationId, check_region, false},
	{"consistency", YS_WRAPPER_STORE, ForeignServerRelationId, check_consistency, false},
	{"connect_timeout", YS_WRAPPER_STORE, ForeignServerRelationId, check_timeout, false},
	{"request_timeout", YS_WRAPPER_STORE, ForeignServerRelationId, check_timeout, false},
	{"ca_file", YS_WRAPPER_STORE, ForeignServerRelationId, check_filled, false},

	{"access_key_id", YS_WRAPPER_STORE, UserMappingRelationId, check_credential, true},
	{"secret_access_key", YS_WRAPPER_STORE, UserMappingRelationId, check_credential, true},
	{"session_token", YS_WRAPPER_STORE, UserMappingRelationId, check_credential, false},

	{"table", YS_WRAPPER_STORE, ForeignTableRelationId, check_table, false},
	{"consistency", YS_WRAPPER_STORE, ForeignTableRelationId, check_consistency, false},

	{"path", YS_WRAPPER_STORE, AttributeRelationId, check_path, false},
	{"key", YS_WRAPPER_STORE, AttributeRelationId, check_key, false},
	{"document", YS_WRAPPER_STORE, AttributeRelationId, check_boolean, false},
	{"on_mismatch", YS_WRAPPER_STORE, AttributeRelationId, check_mismatch, false},

	/* of IMPORT FOREIGN SCHEMA, which no catalog keeps */
	{"columns", YS_WRAPPER_STORE, NamespaceRelationId, check_columns, false},
	{"sample_items", YS_WRAPPER_STORE, NamespaceRelationId, check_sample_items, false},

	{"brokers", YS_WRAPPER_STREAM, ForeignServerRelationId, check_brokers, true},
	{"topic", YS_WRAPPER_STREAM, ForeignServerRelationId, check_topic, true},
	{"format", YS_WRAPPER_STREAM, ForeignServerRelationId, check_format, false},
};

static const OptionRule *
find_rule(YsWrapperKind kind, Oid catalog, const char *name)
{
	for (size_t i = 0; i < lengthof(rules); i++)
		if (rules[i].kind == kind && rules[i].catalog == catalog &&
			strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

/* Whose options a catalog has. */
static const char *
owner_of_options(Oid catalog)
{
	switch (catalog)
	{
		case ForeignServerRelationId:
			return "server";
		case UserMappingRelationId:
			return "user mapping";
		case ForeignTableRelationId:
			return "foreign table";
		case AttributeRelationId:
			return "column";
		case NamespaceRelationId:
			return "schema import";
		default:
			return "foreign-data wrapper";
	}
}

static void
refuse_unknown(YsWrapperKind kind, Oid catalog, const char *name)
{
	StringInfoData valid;

	initStringInfo(&valid);
	for (size_t i = 0; i < lengthof(rules); i++)
		if (rules[i].kind == kind && rules[i].catalog == catalog)
			appendStringInfo(&valid, "%s%s", valid.len > 0 ? ", " : "", rules[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\"", name),
			 errdetail("A %s of %s has no such option.", owner_of_options(catalog),
					   ys_wrapper_name(kind)),
			 valid.len > 0 ? errhint("Valid options in this context are: %s.", valid.data) :
			 errhint("Leave it out: there are no valid options in this context.")));
}

/* A column is a key, the document, or a path: not two of them at once. */
static void
check_column(List *options)
{
	bool		document = false;
	const char *value = ys_option_get(options, "document");

	if (value != NULL)
		(void) parse_bool(value, &document);
	for (int i = 0; document && i < 2; i++)
	{
		const char *other = i == 0 ? "key" : "path";

		if (ys_option_get(options, other) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("options \"document\" and \"%s\" exclude each other", other),
					 errdetail("The document column is the whole item."),
					 errhint("Leave one of them out.")));
	}
}

void
ys_option_validate(YsWrapperKind kind, List *options, Oid catalog)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);
		const OptionRule *rule = find_rule(kind, catalog, option->defname);

		if (rule == NULL)
			refuse_unknown(kind, catalog, option->defname);
		else
			rule->check(option->defname, defGetString(option));
	}

	for (size_t i = 0; i < lengthof(rules); i++)
		if (rules[i].required && rules[i].kind == kind && rules[i].catalog == catalog &&
			ys_option_get(options, rules[i].name) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
					 errmsg("option \"%s\" is required", rules[i].name),
					 errdetail("A %s of %s cannot be used without it.", owner_of_options(catalog),
							   ys_wrapper_name(kind)),
					 errhint("Add it to the OPTIONS: %s '...'.", rules[i].name)));

	if (catalog == AttributeRelationId)
		check_column(options);
}

/* ---- reading checked options ---- */

const char *
ys_option_get(List *options, const char *name)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0)
			return defGetString(option);
	}
	return NULL;
}

static int
get_milliseconds(List *options, const char *name)
{
	const char *value = ys_option_get(options, name);

	return value != NULL ? parse_milliseconds(value) : 0;
}

void
ys_option_store_config(List *server_options, List *mapping_options, YsStoreConfig *config)
{
	const char *api = ys_option_get(server_options, "api");

	memset(config, 0, sizeof(*config));
	config->api = api != NULL ? api : "dynamodb";
	config->nodes = ys_option_get(server_options, "nodes");
	config->region = ys_option_get(server_options, "region");
	config->ca_file = ys_option_get(server_options, "ca_file");
	/* 0 is the store's default */
	config->connect_timeout_ms = get_milliseconds(server_options, "connect_timeout");
	config->deadline_ms = get_milliseconds(server_options, "request_timeout");
	config->access_key_id = ys_option_get(mapping_options, "access_key_id");
	config->secret_access_key = ys_option_get(mapping_options, "secret_access_key");
	config->session_token = ys_option_get(mapping_options, "session_token");
}

void
ys_option_stream_config(List *server_options, YsStreamConfig *config)
{
	const char *format = ys_option_get(server_options, "format");

	memset(config, 0, sizeof(*config));
	config->brokers = ys_option_get(server_options, "brokers");
	config->topic = ys_option_get(server_options, "topic");
	config->format = format != NULL ? format : "dynamodb";
	config->timeout_ms = STREAM_TIMEOUT_MS;
}

bool
ys_option_consistent(List *options, bool inherited)
{
	const char *value = ys_option_get(options, "consistency");

	return value != NULL ? strcmp(value, "strong") == 0 : inherited;
}

int
ys_option_sample_items(List *options)
{
	const char *columns = ys_option_get(options, "columns");
	const char *value = ys_option_get(options, "sample_items");
	int			items = SAMPLE_ITEMS;

	if (columns != NULL && strcmp(columns, "none") == 0)
		return 0;
	if (value != NULL)
		(void) parse_int(value, &items, 0, NULL);
	return items;
}
