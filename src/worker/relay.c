/*-------------------------------------------------------------------------
 * relay.c
 *	  The relay's main loop: a store's own stream, produced to Kafka.
 *
 * A session opens source, topic and lineage and runs rounds: read one page
 * of each active shard, produce it, wait for the acknowledgements, then
 * checkpoint all of it in one transaction.  After a crash anywhere the records
 * since the checkpoint are produced again, under the same versions, and readers
 * drop them.  A session ends when the relay's source or stream changed, when the
 * store's stream was replaced, or on trouble; the next begins from the catalog.
 *
 * No transaction is open while the store or the brokers are waited for.  The
 * checkpoint itself need not reach the disk at once (losing it repeats
 * records, no more), but new shards' generations must.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/relay.h"
#include "catalog/server.h"
#include "catalog/source.h"
#include "errors.h"
#include "guc.h"
#include "worker/activity.h"
#include "worker/relay.h"
#include "worker/relay_read.h"
#include "worker/transaction.h"

/* Quiet shards are polled at most five times a second, which is what DynamoDB allows. */
#define FIRST_POLL_MS		10
#define LONGEST_POLL_MS		200

#define REFRESH_MS			10000	/* configuration and shards */
#define PARTITIONS_MS		60000	/* how many partitions the topic has */
#define IDLE_WATERMARK_MS	1000	/* between watermarks of a quiet stream */
#define BUSY_WATERMARK_MS	200		/* after something was produced */
#define CAUGHT_UP_MS		1000	/* between updates of caught_up_at */
#define WATERMARK_FLUSH_MS	60000
#define PAGE_MEMORY			((size_t) 256 * 1024 * 1024)
#define STEADY_MS			60000	/* a session that lasted this long had no lasting trouble */
#define BACKOFF_BASE_MS		500
#define BACKOFF_LIMIT_MS	30000

typedef enum RelayOutcome
{
	RELAY_ON,					/* goes on */
	RELAY_GONE,					/* dropped */
	RELAY_CHANGED,				/* begin again from the catalog */
	RELAY_NO_STREAM,			/* the store's table has none: look again later */
	RELAY_TROUBLE				/* err says what; try again later */
} RelayOutcome;

/* Where a relay reads and writes, as the catalog has it. */
typedef struct RelayConfig
{
	int			relay_id;
	YsRelay    *relay;			/* NULL: gone */
	YsSource   *source;
	YsStreamConfig *stream;
	YsStore    *store;			/* open as long as ys_server_epoch() is epoch */
	uint64		epoch;
} RelayConfig;

typedef struct RelaySession
{
	MemoryContext context;
	RelayConfig config;
	YsRelayReader reader;
	int			partitions;
	bool		live;			/* the catalog says so */
	bool		worked;			/* a round succeeded */
	bool		loss_told;
	int64		refresh_at;		/* ys_clock_ms, as all of these */
	int64		partitions_at;
	int64		caught_up_at;
	int64		watermark_sent_at;
	int64		watermark;		/* the last one sent, microseconds since 1970 */
	bool		produced;		/* something, since then */
} RelaySession;

/* ---- configuration ---- */

static volatile bool options_changed = false;

static void
syscache_callback(Datum arg, int cacheid, uint32 hash)
{
	options_changed = true;
}

static void
load_config(void *arg)
{
	RelayConfig *config = arg;

	config->relay = ys_relay_load(config->relay_id);
	if (config->relay == NULL)
		return;
	ys_activity_identify("relay", config->relay->name);
	config->source = ys_source_load(config->relay->source);
	config->stream = ys_server_stream(config->relay->stream, config->relay->owner);
	config->store = ys_server_store(config->source->serverid, config->relay->owner);
	config->epoch = ys_server_epoch();
}

/* May the store have been closed since, as it is when a transaction ends after its options changed? */
static bool
store_is_gone(const RelayConfig *config)
{
	return config->epoch != ys_server_epoch();
}

/* Read the configuration into the current context, in a transaction of its own. */
static RelayOutcome
read_config(int relay_id, RelayConfig *config, YsError *err)
{
	ErrorData  *error;

	/* the transaction that opens another store ends by closing the one there was */
	do
	{
		memset(config, 0, sizeof(*config));
		config->relay_id = relay_id;
		ys_transaction_begin("reading the relay's configuration");
		error = ys_transaction_try(load_config, config);
		ys_transaction_commit();
	} while (error == NULL && config->relay != NULL && store_is_gone(config));
	if (error != NULL)
	{
		ys_error_set(err, YS_ERR_INVALID_OPTION, "%s", error->message);
		if (error->detail != NULL)
			ys_error_detail(err, "%s", error->detail);
		if (error->hint != NULL)
			ys_error_hint(err, "%s", error->hint);
		return RELAY_TROUBLE;
	}
	return config->relay != NULL ? RELAY_ON : RELAY_GONE;
}

/* Would a session begun now read from and write to the same? */
static bool
same_config(const RelayConfig *a, const RelayConfig *b)
{
	if (strcmp(a->stream->brokers, b->stream->brokers) != 0 ||
		strcmp(a->stream->topic, b->stream->topic) != 0 ||
		a->stream->timeout_ms != b->stream->timeout_ms ||
		strcmp(a->source->table, b->source->table) != 0 ||
		a->source->serverid != b->source->serverid ||
		a->source->nkeys != b->source->nkeys)
		return false;
	for (int k = 0; k < a->source->nkeys; k++)
	{
		if (strcmp(a->source->key_names[k], b->source->key_names[k]) != 0)
			return false;
	}
	return true;
}

/* The stream the store's table has now, copied to the current context. */
static RelayOutcome
find_store_stream(RelaySession *session, char **stream_id, YsError *err)
{
	YsTableInfo info;

	ys_arena_reset(&session->reader.arena);
	if (!ys_store_describe_table(session->config.store, session->config.source->table,
								 &session->reader.arena, &info, err))
		return RELAY_TROUBLE;
	/* events must hold the item's new state */
	if (info.stream_id == NULL || info.stream_view == NULL ||
		strncmp(info.stream_view, "NEW_", 4) != 0)
		return RELAY_NO_STREAM;
	*stream_id = pstrdup(info.stream_id);
	return RELAY_ON;
}

/* ---- saving ---- */

/* Changes are missing for good: neither the relay nor what follows its stream is complete. */
static void
tell_loss(const RelaySession *session, const char *loss)
{
	const YsRelay *relay = session->config.relay;

	ys_relay_set_phase(relay->relay_id, YS_PHASE_INCOMPLETE, loss);
	ys_policy_mark_incomplete(relay->source, relay->stream,
							  psprintf("relay \"%s\" lost changes, %s: drop and create the policy again",
									   relay->name, loss));
}

/*
 * Save in one transaction what was produced and how far each shard has been
 * read.  RELAY_GONE when the relay is.
 */
static RelayOutcome
checkpoint(RelaySession *session, int64 produced, bool caught_up)
{
	int			relay_id = session->config.relay_id;
	YsLineage  *lineage = session->reader.lineage;
	RelayOutcome outcome = RELAY_GONE;

	ys_transaction_begin("saving checkpoints");
	if (!lineage->grown)
		(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	if (ys_relay_progress(relay_id, produced, caught_up))
	{
		outcome = RELAY_ON;
		ys_lineage_save(lineage, relay_id);
		if (lineage->loss != NULL && !session->loss_told)
			tell_loss(session, lineage->loss);
		else if (session->worked && !session->live)
			ys_relay_set_phase(relay_id, YS_PHASE_LIVE, NULL);
		session->loss_told = lineage->loss != NULL;
		session->live = session->worked;
	}
	ys_transaction_commit();
	return outcome;
}

/* Bring the lineage up to date with the store's description of its stream. */
static RelayOutcome
discover_shards(RelaySession *session, YsError *err)
{
	YsRelayReader *reader = &session->reader;
	YsShard    *shards;
	int			count;

	if (store_is_gone(&session->config))
		return RELAY_CHANGED;
	ys_arena_reset(&reader->arena);
	if (!ys_store_stream_shards(reader->store, reader->stream_id, &reader->arena,
								&count, &shards, err) ||
		!ys_lineage_update(reader->lineage, count, shards, err))
		return RELAY_TROUBLE;
	return checkpoint(session, 0, false);
}

/* ---- a session's beginning ---- */

/* Make the topic unless it is there, and count its partitions. */
static RelayOutcome
prepare_topic(RelaySession *session, YsError *err)
{
	const YsStreamConfig *stream = session->config.stream;
	YsPartitionOffsets *offsets;

	ys_arena_reset(&session->reader.arena);
	if (ys_kafka_topic_offsets(stream, &session->reader.arena, &session->partitions, &offsets, err))
		return RELAY_ON;
	if (err->code != YS_ERR_TABLE_NOT_FOUND ||
		!ys_kafka_create_topic(stream, session->config.relay->partitions, err) ||
		!ys_kafka_topic_offsets(stream, &session->reader.arena, &session->partitions, &offsets, err))
		return RELAY_TROUBLE;
	return RELAY_ON;
}

/*
 * Read the lineage.  When the store's stream is another than the one it is
 * of, note the new one and what that means in the same transaction.
 */
static RelayOutcome
load_lineage(RelaySession *session, const char *stream_id)
{
	const YsRelay *relay = session->config.relay;
	RelayOutcome outcome = RELAY_GONE;
	YsLineage  *lineage;

	ys_transaction_begin("reading the relay's shards");
	session->reader.lineage = lineage = ys_lineage_open(session->context, relay->relay_id);
	if (ys_relay_progress(relay->relay_id, 0, false))
	{
		outcome = RELAY_ON;
		if (relay->store_stream != NULL && strcmp(relay->store_stream, stream_id) != 0)
		{
			ys_lineage_abandon(lineage);
			ys_lineage_save(lineage, relay->relay_id);
			tell_loss(session, lineage->loss);
			session->loss_told = true;
		}
		ys_relay_set_store_stream(relay->relay_id, stream_id);
	}
	ys_transaction_commit();
	return outcome;
}

/* Open everything; the current context is the session's. */
static RelayOutcome
open_session(RelaySession *session, int relay_id, YsError *err)
{
	YsRelayReader *reader = &session->reader;
	RelayOutcome outcome;
	char	   *stream_id;

	ys_arena_init_context(&reader->arena, session->context, PAGE_MEMORY);
	outcome = read_config(relay_id, &session->config, err);
	if (outcome == RELAY_ON)
		outcome = find_store_stream(session, &stream_id, err);
	if (outcome == RELAY_ON)
		outcome = prepare_topic(session, err);
	if (outcome != RELAY_ON)
		return outcome;

	reader->context = session->context;
	reader->store = session->config.store;
	reader->stream_id = stream_id;
	reader->nkeys = session->config.source->nkeys;
	reader->key_names = session->config.source->key_names;
	reader->producer = ys_producer_open(session->context, session->config.stream, err);
	if (reader->producer == NULL)
		return RELAY_TROUBLE;
	session->refresh_at = ys_clock_ms() + REFRESH_MS;
	session->partitions_at = ys_clock_ms() + PARTITIONS_MS;
	outcome = load_lineage(session, stream_id);
	return outcome == RELAY_ON ? discover_shards(session, err) : outcome;
}

/* ---- a session's rounds ---- */

/* Look for changes of the configuration, the store's stream and the topic. */
static RelayOutcome
refresh_session(RelaySession *session, YsError *err)
{
	MemoryContext scratch = AllocSetContextCreate(session->context, "yottastore relay refresh",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	RelayConfig config;
	RelayOutcome outcome;
	char	   *stream_id;

	outcome = read_config(session->config.relay_id, &config, err);
	if (outcome == RELAY_ON && !same_config(&session->config, &config))
		outcome = RELAY_CHANGED;
	if (outcome == RELAY_ON)
	{
		session->config.store = session->reader.store = config.store;
		session->config.epoch = config.epoch;
		outcome = find_store_stream(session, &stream_id, err);
	}
	if (outcome == RELAY_ON && strcmp(stream_id, session->reader.stream_id) != 0)
		outcome = RELAY_CHANGED;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);

	if (outcome == RELAY_ON)
		outcome = discover_shards(session, err);
	if (outcome == RELAY_ON && ys_clock_ms() >= session->partitions_at)
	{
		session->partitions_at = ys_clock_ms() + PARTITIONS_MS;
		if (!ys_producer_partitions(session->reader.producer, &session->partitions, err))
			outcome = RELAY_TROUBLE;
	}
	session->refresh_at = ys_clock_ms() + REFRESH_MS;
	return outcome;
}

/* Tell each partition up to when the topic is complete, if that is news and due. */
static RelayOutcome
send_watermarks(RelaySession *session, int64 read_up_to, YsError *err)
{
	int64		watermark = read_up_to - (int64) ys_guc_relay_stream_delay * 1000;
	int64		interval = session->produced ? BUSY_WATERMARK_MS : IDLE_WATERMARK_MS;

	if (read_up_to == 0 || watermark <= session->watermark ||
		ys_clock_ms() < session->watermark_sent_at + interval)
		return RELAY_ON;
	for (int i = 0; i < session->partitions; i++)
	{
		if (!ys_producer_send_watermark(session->reader.producer, i, watermark, err))
			return RELAY_TROUBLE;
	}
	if (!ys_producer_flush(session->reader.producer, WATERMARK_FLUSH_MS, err))
		return RELAY_TROUBLE;
	session->watermark = watermark;
	session->watermark_sent_at = ys_clock_ms();
	session->produced = false;
	return RELAY_ON;
}

/* One round with its checkpoint and watermark.  *busy: there may be more to read at once. */
static RelayOutcome
run_round(RelaySession *session, bool *busy, YsError *err)
{
	YsRelayRound round;
	RelayOutcome outcome = RELAY_ON;
	bool		tell_caught_up;

	if (!ys_relay_round(&session->reader, &round, err))
		return RELAY_TROUBLE;
	session->worked = true;
	session->produced = session->produced || round.produced > 0;
	*busy = round.produced > 0 || round.closed;

	tell_caught_up = round.caught_up && ys_clock_ms() >= session->caught_up_at + CAUGHT_UP_MS;
	if (*busy || tell_caught_up || !session->live ||
		(session->reader.lineage->loss != NULL && !session->loss_told))
		outcome = checkpoint(session, round.produced, tell_caught_up);
	if (tell_caught_up)
		session->caught_up_at = ys_clock_ms();
	if (outcome == RELAY_ON)
		outcome = send_watermarks(session, round.read_up_to, err);
	if (outcome == RELAY_ON && (round.closed || ys_clock_ms() >= session->refresh_at))
		outcome = refresh_session(session, err);
	return outcome;
}

static void
reload_configuration(void)
{
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	options_changed = true;
}

/* Open a session and run rounds until something ends it. */
static RelayOutcome
run_session(RelaySession *session, int relay_id, YsError *err)
{
	RelayOutcome outcome = open_session(session, relay_id, err);
	int			poll_ms = 0;
	bool		busy = false;

	while (outcome == RELAY_ON)
	{
		reload_configuration();

		/* what comes after a change of the stream must not go where it led before */
		AcceptInvalidationMessages();
		if (options_changed || store_is_gone(&session->config))
		{
			options_changed = false;
			outcome = refresh_session(session, err);

			/* a transaction of its own may have closed the store that it had opened */
			if (outcome == RELAY_ON && store_is_gone(&session->config))
				continue;
		}
		if (outcome == RELAY_ON)
			outcome = run_round(session, &busy, err);
		if (busy)
			poll_ms = 0;
		else
			poll_ms = Min(Max(poll_ms * 2, FIRST_POLL_MS), LONGEST_POLL_MS);
		ys_activity_report_idle("waiting for records");
		(void) ys_wait_for(YS_WAIT_RELAY, -1, poll_ms);
	}
	return outcome;
}

/* Say on the relay why it doesn't go on. */
static void
note_outcome(int relay_id, RelayOutcome outcome, const char *table, const YsError *err)
{
	ys_transaction_begin("noting a reason");
	if (outcome == RELAY_NO_STREAM)
		ys_relay_set_phase(relay_id, YS_PHASE_PAUSED,
						   psprintf("store table \"%s\" has no stream of its items' new images: "
									"enable one with view type NEW_AND_OLD_IMAGES", table));
	else
		ys_relay_set_reason(relay_id, psprintf("%s%s%s", err->message,
											   err->detail[0] != '\0' ? ": " : "", err->detail));
	ys_transaction_commit();
}

void
ys_relay_run(int relay_id)
{
	int			attempt = 0;

	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(FOREIGNTABLEREL, syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, syscache_callback, (Datum) 0);
	for (;;)
	{
		MemoryContext context = AllocSetContextCreate(TopMemoryContext, "yottastore relay",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		RelaySession session = {.context = context};
		RelayOutcome outcome;
		int64		began = ys_clock_ms();
		long		wait_ms = 0;
		YsError		err;

		outcome = run_session(&session, relay_id, &err);
		if (outcome == RELAY_GONE)
			break;
		if (outcome == RELAY_NO_STREAM)
		{
			note_outcome(relay_id, outcome, session.config.source->table, NULL);
			wait_ms = REFRESH_MS;
		}
		else if (outcome == RELAY_TROUBLE)
		{
			attempt = ys_clock_ms() - began > STEADY_MS ? 1 : attempt + 1;
			note_outcome(relay_id, outcome, NULL, &err);
			ys_error_report(LOG, &err);
			wait_ms = ys_backoff_ms(attempt, BACKOFF_BASE_MS, BACKOFF_LIMIT_MS);
		}
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		reload_configuration();
		(void) ys_wait_for(YS_WAIT_RELAY, -1, wait_ms);
	}
}
