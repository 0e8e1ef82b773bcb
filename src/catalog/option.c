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

#include "catalog/option.h"
#include "catalog/option_access.h"
#include "catalog/option_check.h"
#include "catalog/server.h"

#define STREAM_TIMEOUT_MS	10000
#define SAMPLE_ITEMS		1000

typedef struct OptionRule
{
	const char *name;
	YsWrapperKind kind;
	Oid			catalog;
	YsOptionCheck check;
	bool		required;
} OptionRule;

/* ---- the table ---- */

static const OptionRule rules[] = {
	{"api", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_api, false},
	{"nodes", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_nodes, true},
	{"discovery", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_discovery, false},
	{"datacenter", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_place, false},
	{"rack", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_place, false},
	{"discovery_interval", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_timeout, false},
	{"region", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_region, false},
	{"consistency", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_consistency, false},
	{"allow_scan", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_boolean, false},
	{"max_scan_pages", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_max_scan_pages, false},
	{"scan_segments", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_scan_segments, false},
	{"async_capable", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_boolean, false},
	{"max_staleness", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_staleness, false},
	{"on_stale", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_on_stale, false},
	{"connect_timeout", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_timeout, false},
	{"request_timeout", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_timeout, false},
	{"max_requests_per_second", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_rate, false},
	{"max_read_units_per_second", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_rate, false},
	{"ca_file", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_filled, false},
	{"client_cert_file", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_filled, false},
	{"client_key_file", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_filled, false},
	{"insert_mode", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_insert_mode, false},
	{"truncatable", YS_WRAPPER_STORE, ForeignServerRelationId, ys_option_check_boolean, false},

	{"access_key_id", YS_WRAPPER_STORE, UserMappingRelationId, ys_option_check_credential, true},
	{"secret_access_key", YS_WRAPPER_STORE, UserMappingRelationId, ys_option_check_credential, true},
	{"session_token", YS_WRAPPER_STORE, UserMappingRelationId, ys_option_check_credential, false},
	{"profile", YS_WRAPPER_STORE, UserMappingRelationId, ys_option_check_profile, false},
	{"environment", YS_WRAPPER_STORE, UserMappingRelationId, ys_option_check_environment, false},

	{"table", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_table, false},
	{"consistency", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_consistency, false},
	{"insert_mode", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_insert_mode, false},
	{"truncatable", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_boolean, false},
	{"allow_scan", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_boolean, false},
	{"max_scan_pages", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_max_scan_pages, false},
	{"scan_segments", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_scan_segments, false},
	{"async_capable", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_boolean, false},
	{"max_staleness", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_staleness, false},
	{"on_stale", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_on_stale, false},
	{"indexes", YS_WRAPPER_STORE, ForeignTableRelationId, ys_option_check_indexes, false},

	{"path", YS_WRAPPER_STORE, AttributeRelationId, ys_option_check_path, false},
	{"key", YS_WRAPPER_STORE, AttributeRelationId, ys_option_check_key, false},
	{"document", YS_WRAPPER_STORE, AttributeRelationId, ys_option_check_boolean, false},
	{"field", YS_WRAPPER_STORE, AttributeRelationId, ys_option_check_field, false},
	{"on_mismatch", YS_WRAPPER_STORE, AttributeRelationId, ys_option_check_mismatch, false},
	{"encoding", YS_WRAPPER_STORE, AttributeRelationId, ys_option_check_encoding, false},

	/* of IMPORT FOREIGN SCHEMA, which no catalog keeps */
	{"columns", YS_WRAPPER_STORE, NamespaceRelationId, ys_option_check_columns, false},
	{"sample_items", YS_WRAPPER_STORE, NamespaceRelationId, ys_option_check_sample_items, false},

	{"brokers", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_brokers, true},
	{"topic", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_topic, true},
	{"format", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_format, false},
	{"table", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_table, false},
	{"workers", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_workers, false},
	{"security_protocol", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_protocol, false},
	{"sasl_mechanism", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_mechanism, false},
	{"ca_file", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_filled, false},
	{"client_cert_file", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_filled, false},
	{"client_key_file", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_filled, false},
	{"broker_address_family", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"client_rack", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"compression", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"connections_max_idle_ms", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"fetch_max_bytes", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"fetch_min_bytes", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"fetch_wait_max_ms", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"linger_ms", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"max_partition_fetch_bytes", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"metadata_max_age_ms", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"queued_max_messages_kbytes", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"socket_connection_setup_timeout_ms", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"socket_keepalive", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},
	{"socket_timeout_ms", YS_WRAPPER_STREAM, ForeignServerRelationId, ys_option_check_tuning, false},

	{"user", YS_WRAPPER_STREAM, UserMappingRelationId, ys_option_check_login, true},
	{"password", YS_WRAPPER_STREAM, UserMappingRelationId, ys_option_check_login, true},
	{"profile", YS_WRAPPER_STREAM, UserMappingRelationId, ys_option_check_profile, false},
	{"environment", YS_WRAPPER_STREAM, UserMappingRelationId, ys_option_check_environment, false},
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

static void
check_excluded(List *options, const char *name, const char *const *others, const char *detail)
{
	for (; *others != NULL; others++)
		if (ys_option_get(options, *others) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("options \"%s\" and \"%s\" exclude each other", name, *others),
					 errdetail("%s", detail),
					 errhint("Leave one of them out.")));
}

/* A column is a key, the document, a path, or computed: not two of them at once. */
static void
check_column(List *options)
{
	static const char *const of_others[] = {"key", "path", NULL};
	static const char *const of_items[] = {"key", "path", "document", "encoding", "on_mismatch", NULL};

	if (ys_option_boolean(options, "document", false))
		check_excluded(options, "document", of_others, "The document column is the whole item.");
	if (ys_option_get(options, "field") != NULL)
		check_excluded(options, "field", of_items, "What an index policy computes is read from no attribute.");
}

/* What narrows a question needs the question. */
static void
check_server(List *options)
{
	static const char *const of_discovery[] = {"datacenter", "rack", "discovery_interval"};
	const char *discovery = ys_option_get(options, "discovery");

	for (size_t i = 0; i < lengthof(of_discovery); i++)
		if (ys_option_get(options, of_discovery[i]) != NULL &&
			(discovery == NULL || strcmp(discovery, "none") == 0))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
					 errmsg("option \"%s\" needs option \"discovery\"", of_discovery[i]),
					 errdetail("Without it all nodes of option \"nodes\" are used, and no others."),
					 errhint("Add discovery 'localnodes' to the OPTIONS.")));
	ys_option_check_files(options);
}

static void
refuse_useless(const char *name, const char *other, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
			 errmsg("option \"%s\" needs option \"%s\"", name, other),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

/* What is given for security must be what the protocol uses: nobody shall believe in what isn't done. */
static void
check_stream_server(List *options)
{
	static const char *const of_tls[] = {"ca_file", "client_cert_file", "client_key_file"};
	const char *protocol = ys_option_get(options, "security_protocol");
	bool		tls = ys_kafka_protocol(protocol)->tls;
	bool		sasl = ys_kafka_protocol(protocol)->sasl;
	bool		mechanism = ys_option_get(options, "sasl_mechanism") != NULL;

	for (size_t i = 0; i < lengthof(of_tls); i++)
		if (ys_option_get(options, of_tls[i]) != NULL && !tls)
			refuse_useless(of_tls[i], "security_protocol",
						   "Without TLS nobody shows certificates.",
						   "Add security_protocol 'ssl' or 'sasl_ssl' to the OPTIONS.");
	if (mechanism && !sasl)
		refuse_useless("sasl_mechanism", "security_protocol",
					   "Without SASL nobody gives a password.",
					   "Add security_protocol 'sasl_ssl' or 'sasl_plaintext' to the OPTIONS.");
	if (sasl && !mechanism)
		refuse_useless("security_protocol", "sasl_mechanism",
					   "SASL has several ways to prove who one is.",
					   "Add sasl_mechanism 'SCRAM-SHA-512', 'SCRAM-SHA-256' or 'PLAIN' to the OPTIONS.");
	ys_option_check_files(options);
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
			ys_option_get(options, rules[i].name) == NULL &&
			!(catalog == UserMappingRelationId && ys_option_names_credentials(options)))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
					 errmsg("option \"%s\" is required", rules[i].name),
					 errdetail("A %s of %s cannot be used without it.", owner_of_options(catalog),
							   ys_wrapper_name(kind)),
					 errhint("Add it to the OPTIONS: %s '...'.", rules[i].name)));

	if (catalog == AttributeRelationId)
		check_column(options);
	else if (catalog == ForeignServerRelationId && kind == YS_WRAPPER_STORE)
		check_server(options);
	else if (catalog == ForeignServerRelationId)
		check_stream_server(options);
	else if (catalog == UserMappingRelationId)
		ys_option_check_credentials(options);
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

static double
get_rate(List *options, const char *name)
{
	const char *value = ys_option_get(options, name);

	return value != NULL ? ys_option_parse_rate(value) : 0;
}

void
ys_option_store_config(List *server_options, List *mapping_options, YsStoreConfig *config)
{
	const char *api = ys_option_get(server_options, "api");
	const char *discovery = ys_option_get(server_options, "discovery");

	memset(config, 0, sizeof(*config));
	config->api = api != NULL ? api : "dynamodb";
	config->nodes = ys_option_get(server_options, "nodes");
	config->discover = discovery != NULL && strcmp(discovery, "localnodes") == 0;
	config->datacenter = ys_option_get(server_options, "datacenter");
	config->rack = ys_option_get(server_options, "rack");
	config->discovery_interval_ms = ys_option_milliseconds(server_options, "discovery_interval", 0);
	config->region = ys_option_get(server_options, "region");
	config->ca_file = ys_option_get(server_options, "ca_file");
	config->client_cert_file = ys_option_get(server_options, "client_cert_file");
	config->client_key_file = ys_option_get(server_options, "client_key_file");
	/* 0 is the store's default */
	config->connect_timeout_ms = ys_option_milliseconds(server_options, "connect_timeout", 0);
	config->deadline_ms = ys_option_milliseconds(server_options, "request_timeout", 0);
	config->max_requests = get_rate(server_options, "max_requests_per_second");
	config->max_read_units = get_rate(server_options, "max_read_units_per_second");
	config->access_key_id = ys_option_get(mapping_options, "access_key_id");
	config->secret_access_key = ys_option_get(mapping_options, "secret_access_key");
	config->session_token = ys_option_get(mapping_options, "session_token");
	config->profile = ys_option_get(mapping_options, "profile");
	config->environment = ys_option_get(mapping_options, "environment");
}

void
ys_option_stream_config(List *server_options, YsStreamConfig *config)
{
	const char *format = ys_option_get(server_options, "format");

	memset(config, 0, sizeof(*config));
	config->brokers = ys_option_get(server_options, "brokers");
	config->topic = ys_option_get(server_options, "topic");
	config->format = format != NULL ? format : "auto";
	config->table = ys_option_get(server_options, "table");
	config->timeout_ms = STREAM_TIMEOUT_MS;
	config->workers = ys_option_workers(server_options);
	config->protocol = ys_kafka_protocol(ys_option_get(server_options, "security_protocol"));
	if (config->protocol->sasl)
		config->mechanism = ys_kafka_mechanism(ys_option_get(server_options, "sasl_mechanism"));
	config->ca_file = ys_option_get(server_options, "ca_file");
	config->client_cert_file = ys_option_get(server_options, "client_cert_file");
	config->client_key_file = ys_option_get(server_options, "client_key_file");
	for (int i = 0; ys_kafka_tuning_option(i) != NULL; i++)
		config->tuning[i] = ys_option_get(server_options, ys_kafka_tuning_option(i));
}

int
ys_option_workers(List *server_options)
{
	const char *workers = ys_option_get(server_options, "workers");

	return workers != NULL ? pg_strtoint32(workers) : 1;
}

bool
ys_option_stream_login(List *mapping_options, const char *credentials_file, YsStreamLogin *login,
					   YsError *err)
{
	if (ys_option_names_credentials(mapping_options))
		return ys_stream_login_read(login, credentials_file, ys_option_get(mapping_options, "profile"),
									ys_option_get(mapping_options, "environment"), err);
	return ys_stream_login_take(login, ys_option_get(mapping_options, "user"),
								ys_option_get(mapping_options, "password"), err);
}

bool
ys_option_upsert(List *options, bool inherited)
{
	const char *value = ys_option_get(options, "insert_mode");

	return value != NULL ? strcmp(value, "upsert") == 0 : inherited;
}

bool
ys_option_consistent(List *options, bool inherited)
{
	const char *value = ys_option_get(options, "consistency");

	return value != NULL ? strcmp(value, "strong") == 0 : inherited;
}

bool
ys_option_boolean(List *options, const char *name, bool inherited)
{
	const char *value = ys_option_get(options, name);

	if (value != NULL)
		(void) parse_bool(value, &inherited);
	return inherited;
}

int
ys_option_integer(List *options, const char *name, int inherited)
{
	const char *value = ys_option_get(options, name);

	if (value != NULL)
		(void) parse_int(value, &inherited, 0, NULL);
	return inherited;
}

bool
ys_option_split_field(const char *value, char **policy, char **column)
{
	const char *dot = strrchr(value, '.');

	if (dot == NULL || dot == value || dot[1] == '\0')
		return false;
	*policy = pnstrdup(value, dot - value);
	*column = pstrdup(dot + 1);
	return true;
}

int
ys_option_sample_items(List *options)
{
	const char *columns = ys_option_get(options, "columns");

	if (columns != NULL && strcmp(columns, "none") == 0)
		return 0;
	return ys_option_integer(options, "sample_items", SAMPLE_ITEMS);
}

int
ys_option_milliseconds(List *options, const char *name, int inherited)
{
	const char *value = ys_option_get(options, name);

	return value != NULL ? ys_option_parse_milliseconds(value) : inherited;
}

bool
ys_option_stale_is_error(List *options, bool inherited)
{
	const char *value = ys_option_get(options, "on_stale");

	return value != NULL ? strcmp(value, "error") == 0 : inherited;
}
