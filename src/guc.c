/*-------------------------------------------------------------------------
 * guc.c
 *	  Configuration parameters, all of them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/plancache.h"

#include "guc.h"
#include "store/store.h"

int			ys_guc_batch_events = 5000;
int			ys_guc_batch_memory = 16 * 1024;
int			ys_guc_backlog_events = 100000;
int			ys_guc_backlog_memory = 64 * 1024;
int			ys_guc_backfill_segments = 4;
int			ys_guc_backfill_rate = 0;
int			ys_guc_tombstone_retention = 14 * 24 * 60;
int			ys_guc_quarantine_size = 256 * 1024;
int			ys_guc_relay_stream_delay = 0;
int			ys_guc_stream_poll_interval = 250;
int			ys_guc_shard_reads_per_second = 5;
bool		ys_guc_pushdown = true;
bool		ys_guc_read_ahead = true;
bool		ys_guc_index_scan = true;
int			ys_guc_max_staleness = -1;
int			ys_guc_staleness_timeout = 5000;
int			ys_guc_on_stale = YS_ON_STALE_DEFAULT;
int			ys_guc_consistency = YS_CONSISTENCY_DEFAULT;
int			ys_guc_analyze_pages = 100;
int			ys_guc_max_tracked_nodes = 256;
char	   *ys_guc_allowed_endpoints = NULL;
char	   *ys_guc_credentials_file = NULL;
unsigned int ys_guc_store_changes = 0;

static bool
check_endpoints(char **value, void **extra, GucSource source)
{
	YsError		err;

	if (ys_store_check_endpoints(*value, &err))
		return true;
	GUC_check_errmsg("%s", err.message);
	GUC_check_errdetail("%s", err.detail);
	GUC_check_errhint("%s", err.hint);
	return false;
}

static bool
check_credentials_file(char **value, void **extra, GucSource source)
{
	if ((*value)[0] == '\0' || is_absolute_path(*value))
		return true;
	GUC_check_errdetail("It is the absolute path of a file, or empty.");
	return false;
}

static void
note_store_change(const char *value, void *extra)
{
	ys_guc_store_changes++;
}

static const struct config_enum_entry consistencies[] = {
	{"default", YS_CONSISTENCY_DEFAULT, false},
	{"eventual", YS_CONSISTENCY_EVENTUAL, false},
	{"strong", YS_CONSISTENCY_STRONG, false},
	{NULL, 0, false}
};

static const struct config_enum_entry on_stales[] = {
	{"default", YS_ON_STALE_DEFAULT, false},
	{"scan", YS_ON_STALE_SCAN, false},
	{"error", YS_ON_STALE_ERROR, false},
	{NULL, 0, false}
};

/* Plans that are kept say how to read, and those of global indexes can't be strong. */
static void
assign_consistency(int value, void *extra)
{
	if (value != ys_guc_consistency && IsUnderPostmaster)
		ResetPlanCache();
}

void
ys_guc_define(void)
{
	DefineCustomIntVariable("yottastore.batch_events",
							"Most change events a stream worker applies in one transaction.",
							NULL, &ys_guc_batch_events, 5000, 1, 100000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.batch_memory",
							"Most payload a stream worker takes into one transaction.",
							NULL, &ys_guc_batch_memory, 16 * 1024, 64, 256 * 1024,
							PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.backlog_events",
							"Most events that a stream worker applies in one transaction while more are waiting.",
							"Batches grow up to here: of a key that changes several times in one, only the last state is written.",
							&ys_guc_backlog_events, 100000, 1, 1000000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.backlog_memory",
							"Most payload of the events that are applied in one transaction while more are waiting.",
							NULL, &ys_guc_backlog_memory, 64 * 1024, 64, 256 * 1024,
							PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.backfill_segments",
							"Parallel scan segments a backfill reads from the store.",
							"Takes effect for policies created from then on.",
							&ys_guc_backfill_segments, 4, 1, 64,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.backfill_rate",
							"Most items a second that a backfill or resync reads.",
							"Of each policy. 0: no limit.",
							&ys_guc_backfill_rate, 0, 0, 10000000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.tombstone_retention",
							"How long deletions are remembered.",
							"Longer than streams keep events, so that none of before a deletion can come "
							"after it was forgotten. -1: for ever.",
							&ys_guc_tombstone_retention, 14 * 24 * 60, -1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.quarantine_size",
							"Most that a policy may have in quarantine.",
							"A policy that would need more is paused. -1: no limit.",
							&ys_guc_quarantine_size, 256 * 1024, -1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.relay_stream_delay",
							"How late a change may appear in the store's own stream.",
							"Subtracted from the watermarks of relays and of policies without a stream server: 0 for stores whose stream is "
							"current at once, about 10s for ScyllaDB Alternator.",
							&ys_guc_relay_stream_delay, 0, 0, 3600 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.stream_poll_interval",
							"How often a quiet shard of a store's own stream is read.",
							"By the workers of policies without a stream server.",
							&ys_guc_stream_poll_interval, 250, 1, 60 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.shard_reads_per_second",
							"How often a worker may read one shard of a store's own stream.",
							"DynamoDB allows 5 reads a second to all readers of a shard; 0 is no limit, "
							"for stores that have none.",
							&ys_guc_shard_reads_per_second, 5, 0, 1000,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("yottastore.pushdown",
							 "Sends conditions on other columns than the key, LIMIT, ORDER BY and count(*) to the store.",
							 "Off, PostgreSQL alone does what they say. Applies to queries planned from "
							 "then on.",
							 &ys_guc_pushdown, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("yottastore.read_ahead",
							 "Has joins by a foreign table's whole key fetch items ahead, in batches.",
							 "Off, each outer row asks for its item by itself. Applies to queries "
							 "planned from then on.",
							 &ys_guc_read_ahead, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("yottastore.index_scan",
							 "Has conditions on columns that an index policy computes looked up in its index table.",
							 "Off, items are read from the store and computed. Applies to queries planned from "
							 "then on.",
							 &ys_guc_index_scan, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.max_staleness",
							"How far an index may be behind the store to answer this session's queries.",
							"0: it has every change that was acknowledged before the query began. "
							"-1: as foreign tables and servers say.",
							&ys_guc_max_staleness, -1, -1, INT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.staleness_timeout",
							"How long a query waits for an index that is not fresh enough.",
							"Before it does what yottastore.on_stale says.",
							&ys_guc_staleness_timeout, 5000, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomEnumVariable("yottastore.on_stale",
							 "What a query does whose index is not fresh enough, or can't be used.",
							 "scan: reads the store. error: fails. default: as foreign tables and servers say.",
							 &ys_guc_on_stale, YS_ON_STALE_DEFAULT, on_stales,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("yottastore.analyze_pages",
							"Most pages ANALYZE reads of a foreign table.",
							"A page is up to 1 MB of items.",
							&ys_guc_analyze_pages, 100, 1, 1000000,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("yottastore.allowed_endpoints",
							   "Addresses and networks that servers of non-superusers may connect to.",
							   "A list separated by commas, each with an optional port. Empty, only "
							   "servers owned by superusers may connect.",
							   &ys_guc_allowed_endpoints, "",
							   PGC_SUSET, GUC_LIST_INPUT, check_endpoints, note_store_change, NULL);
	DefineCustomStringVariable("yottastore.credentials_file",
							   "File with the profiles that user mappings may name.",
							   "Its sections hold aws_access_key_id, aws_secret_access_key and "
							   "aws_session_token.",
							   &ys_guc_credentials_file, "",
							   PGC_SUSET, GUC_SUPERUSER_ONLY, check_credentials_file,
							   note_store_change, NULL);
	/* what the server allots at its start can only be set then */
	if (process_shared_preload_libraries_in_progress)
		DefineCustomIntVariable("yottastore.max_tracked_nodes",
								"Nodes and servers of stores whose counters and limits all sessions share.",
								"Further ones take the places of those unused for the longest time. "
								"Has no effect unless the library is in shared_preload_libraries.",
								&ys_guc_max_tracked_nodes, 256, 128, 65536,
								PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("yottastore.consistency",
							 "Consistency of this session's reads.",
							 "default: as foreign tables and servers say. What UPDATE and DELETE "
							 "read is strongly consistent whatever is set.",
							 &ys_guc_consistency, YS_CONSISTENCY_DEFAULT, consistencies,
							 PGC_USERSET, 0, NULL, assign_consistency, NULL);
	MarkGUCPrefixReserved("yottastore");
}
