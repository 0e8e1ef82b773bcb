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

#include "commands/extension.h"
#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/memory.h"
#include "base/wait.h"
#include "catalog/waiters.h"
#include "errors.h"
#include "guc.h"
#include "worker/activity.h"
#include "worker/relay.h"
#include "worker/relay_parts.h"
#include "worker/transaction.h"

/* Quiet shards are polled at most five times a second, which is what DynamoDB allows. */
#define FIRST_POLL_MS		10
#define LONGEST_POLL_MS		200

#define REFRESH_MS			10000	/* configuration and shards */
#define CHILDREN_MS			1000	/* shards, while some are missing */
#define PARTITIONS_MS		5000	/* how many partitions the topic has */
#define CLAIM_MS			60000	/* whose it is */
#define IDLE_WATERMARK_MS	1000	/* between watermarks of a quiet stream */
#define BUSY_WATERMARK_MS	200		/* after something was produced, or while somebody waits for one */
#define CAUGHT_UP_MS		1000	/* between updates of caught_up_at */
#define FLUSH_MS			60000	/* until brokers that acknowledge nothing end the session */
#define PAGE_MEMORY			((size_t) 256 * 1024 * 1024)
#define STEADY_MS			60000	/* a session that lasted this long had no lasting trouble */
#define BACKOFF_BASE_MS		500
#define BACKOFF_LIMIT_MS	30000

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
	YsRelayConfig *config = arg;

	config->relay = ys_relay_load(config->relay_id);
	if (config->relay == NULL)
		return;
	ys_activity_identify("relay", config->relay->name);
	config->source = ys_source_load(config->relay->source);
	ys_server_check_usage(config->relay->stream, config->relay->owner);
	config->stream = ys_server_stream(config->relay->stream, config->relay->owner);
	config->store = ys_server_store(config->source->serverid, config->relay->owner);
	config->epoch = ys_server_epoch();
}

/* May the store have been closed since, as it is when a transaction ends after its options changed? */
static bool
store_is_gone(const YsRelayConfig *config)
{
	return config->epoch != ys_server_epoch();
}

/* Read the configuration into the current context, in a transaction of its own. */
static YsRelayOutcome
read_config(int relay_id, YsRelayConfig *config, YsError *err)
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
		(void) ys_transaction_error(err, error);
		return YS_RELAY_TROUBLE;
	}
	return config->relay != NULL ? YS_RELAY_ON : YS_RELAY_GONE;
}

/* Would a session begun now read from and write to the same? */
static bool
same_config(const YsRelayConfig *a, const YsRelayConfig *b)
{
	if (!ys_stream_config_same(a->stream, b->stream) ||
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
static YsRelayOutcome
find_store_stream(YsRelaySession *session, char **stream_id, YsError *err)
{
	YsTableInfo info;

	ys_arena_reset(&session->reader.arena);
	if (!ys_store_describe_table(session->config.store, session->config.source->table,
								 &session->reader.arena, &info, err))
		return YS_RELAY_TROUBLE;
	/* of any view: who applies its records reads what they don't hold */
	if (info.stream_id == NULL)
		return YS_RELAY_NO_STREAM;
	*stream_id = pstrdup(info.stream_id);
	return YS_RELAY_ON;
}

/* Bring the lineage up to date with the store's description of its stream. */
static YsRelayOutcome
discover_shards(YsRelaySession *session, YsError *err)
{
	YsShardReader *reader = &session->reader;
	YsStreamInfo info;

	if (store_is_gone(&session->config))
		return YS_RELAY_CHANGED;
	ys_arena_reset(&reader->arena);
	if (!ys_store_describe_stream(reader->store, reader->stream_id, &reader->arena, &info, err) ||
		!ys_lineage_update(reader->lineage, info.nshards, info.shards, err))
		return YS_RELAY_TROUBLE;
	if (session->fresh)
		ys_relay_note_horizon(session, info.created_at);
	ys_relay_sign(session);
	return ys_relay_checkpoint(session, NULL, false);
}

/* ---- a session's beginning ---- */

/* Make the topic unless it is there, and count its partitions. */
static YsRelayOutcome
prepare_topic(YsRelaySession *session, YsError *err)
{
	const YsStreamConfig *stream = session->config.stream;
	YsPartitionOffsets *offsets;

	ys_arena_reset(&session->reader.arena);
	if (ys_kafka_topic_offsets(stream, &session->reader.arena, &session->partitions, &offsets, err))
		return YS_RELAY_ON;
	if (err->code != YS_ERR_TABLE_NOT_FOUND ||
		!ys_kafka_create_topic(stream, session->config.relay->partitions, err) ||
		!ys_kafka_topic_offsets(stream, &session->reader.arena, &session->partitions, &offsets, err))
		return YS_RELAY_TROUBLE;
	return YS_RELAY_ON;
}

/* Open everything; the current context is the session's. */
static YsRelayOutcome
open_session(YsRelaySession *session, int relay_id, YsError *err)
{
	YsShardReader *reader = &session->reader;
	YsRelayOutcome outcome;
	char	   *stream_id;

	ys_arena_init_context(&reader->arena, session->context, PAGE_MEMORY);
	outcome = read_config(relay_id, &session->config, err);
	if (outcome == YS_RELAY_ON)
		outcome = find_store_stream(session, &stream_id, err);
	if (outcome == YS_RELAY_ON)
		outcome = prepare_topic(session, err);
	if (outcome != YS_RELAY_ON)
		return outcome;

	reader->context = session->context;
	reader->store = session->config.store;
	session->cost = *ys_store_stream_cost(reader->store);
	reader->stream_id = stream_id;
	reader->nkeys = session->config.source->nkeys;
	reader->key_names = session->config.source->key_names;
	session->producer = ys_producer_open(session->context, session->config.stream, session->partitions, err);
	if (session->producer == NULL)
		return YS_RELAY_TROUBLE;
	session->refresh_at = ys_clock_ms() + REFRESH_MS;
	session->partitions_at = ys_clock_ms() + PARTITIONS_MS;
	session->claim_at = ys_clock_ms() + CLAIM_MS;
	outcome = ys_relay_load_lineage(session, stream_id);
	if (outcome == YS_RELAY_ON)
		outcome = discover_shards(session, err);
	return outcome == YS_RELAY_ON ? ys_relay_claim_topic(session, true, err) : outcome;
}

/* ---- a session's rounds ---- */

/* Look for partitions added, and for who else produces to the topic. */
static YsRelayOutcome
look_at_topic(YsRelaySession *session, YsError *err)
{
	int			count;

	if (ys_clock_ms() >= session->partitions_at)
	{
		session->partitions_at = ys_clock_ms() + PARTITIONS_MS;
		if (!ys_producer_partitions(session->producer, &count, err))
			return YS_RELAY_TROUBLE;
		if (count != session->partitions)
			return YS_RELAY_CHANGED;
	}
	if (ys_clock_ms() < session->claim_at)
		return YS_RELAY_ON;
	session->claim_at = ys_clock_ms() + CLAIM_MS;
	return ys_relay_claim_topic(session, false, err);
}

/* Look for changes of the configuration, the store's stream and the topic. */
static YsRelayOutcome
refresh_session(YsRelaySession *session, YsError *err)
{
	MemoryContext scratch = AllocSetContextCreate(session->context, "yottastore relay refresh",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	YsRelayConfig config;
	YsRelayOutcome outcome;
	char	   *stream_id;

	outcome = read_config(session->config.relay_id, &config, err);
	if (outcome == YS_RELAY_ON && !same_config(&session->config, &config))
		outcome = YS_RELAY_CHANGED;
	if (outcome == YS_RELAY_ON)
	{
		if (store_is_gone(&session->config))
			memset(&session->cost, 0, sizeof(session->cost));
		session->config.store = session->reader.store = config.store;
		session->config.epoch = config.epoch;
		outcome = find_store_stream(session, &stream_id, err);
	}
	if (outcome == YS_RELAY_ON && strcmp(stream_id, session->reader.stream_id) != 0)
		outcome = YS_RELAY_CHANGED;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);

	if (outcome == YS_RELAY_ON)
		outcome = discover_shards(session, err);
	if (outcome == YS_RELAY_ON)
		outcome = look_at_topic(session, err);
	session->refresh_at = ys_clock_ms() +
		(ys_lineage_awaits_children(session->reader.lineage) ? CHILDREN_MS : REFRESH_MS);
	return outcome;
}

typedef struct OutcomeArg
{
	YsRelaySession *session;
	int			relay_id;
	YsRelayOutcome outcome;
	const YsError *err;
} OutcomeArg;

static void
note_outcome(void *arg)
{
	const OutcomeArg *note = arg;

	ys_relay_note_outcome(note->session, note->relay_id, note->outcome, note->err);
}

/* Wait until all that was produced is acknowledged. */
static YsRelayOutcome
flush(YsRelaySession *session, YsError *err)
{
	int64		until = ys_clock_ms() + FLUSH_MS;
	bool		said = false;

	while (!ys_producer_flush(session->producer, ys_server_patience_ms, err))
	{
		OutcomeArg	note = {session, session->config.relay_id, YS_RELAY_TROUBLE, err};

		if (!ys_producer_waits(session->producer) || ys_clock_ms() >= until)
			return YS_RELAY_TROUBLE;
		if (!said)
		{
			(void) ys_transaction_attempt(note_outcome, &note, 0);
			session->live = false;
		}
		said = true;
	}
	return YS_RELAY_ON;
}

static bool
is_watermark_due(const YsRelaySession *session)
{
	int64		elapsed = ys_clock_ms() - session->watermark_sent_at;

	return elapsed >= IDLE_WATERMARK_MS ||
		(elapsed >= BUSY_WATERMARK_MS && (session->produced || ys_waiters_for_relay(session->config.relay_id)));
}

/* Tell each partition up to when the topic is complete, if that is news and due. */
static YsRelayOutcome
send_watermarks(YsRelaySession *session, int64 read_up_to, YsError *err)
{
	int64		watermark = read_up_to - (int64) ys_guc_relay_stream_delay * 1000;

	if (read_up_to == 0 || watermark <= session->watermark || !is_watermark_due(session))
		return YS_RELAY_ON;
	for (int i = 0; i < session->partitions; i++)
	{
		if (!ys_producer_send_watermark(session->producer, i, watermark, err))
			return YS_RELAY_TROUBLE;
	}
	if (flush(session, err) != YS_RELAY_ON)
		return YS_RELAY_TROUBLE;
	session->watermark = watermark;
	session->watermark_sent_at = ys_clock_ms();
	session->produced = false;
	return YS_RELAY_ON;
}

/* One round with its checkpoint and watermark.  *busy: there may be more to read at once. */
static YsRelayOutcome
run_round(YsRelaySession *session, bool *busy, YsError *err)
{
	YsRelayRound round;
	YsRelayOutcome outcome = YS_RELAY_ON;
	bool		tell_caught_up;

	if (!ys_relay_round(&session->reader, session->producer, &round, err) ||
		(round.produced > 0 && flush(session, err) != YS_RELAY_ON))
		return YS_RELAY_TROUBLE;
	session->worked = true;
	session->produced = session->produced || round.produced > 0;
	*busy = round.produced > 0 || round.closed;

	tell_caught_up = round.caught_up && ys_clock_ms() >= session->caught_up_at + CAUGHT_UP_MS;
	if (*busy || tell_caught_up || !session->live ||
		session->reader.lineage->loss != NULL)
		outcome = ys_relay_checkpoint(session, &round, tell_caught_up);
	if (tell_caught_up)
		session->caught_up_at = ys_clock_ms();
	if (outcome == YS_RELAY_ON)
		outcome = send_watermarks(session, round.read_up_to, err);
	if (outcome == YS_RELAY_ON && (round.closed || ys_clock_ms() >= session->refresh_at))
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
static YsRelayOutcome
run_session(YsRelaySession *session, int relay_id, YsError *err)
{
	YsRelayOutcome outcome = open_session(session, relay_id, err);
	int			poll_ms = 0;
	bool		busy = false;

	while (outcome == YS_RELAY_ON)
	{
		reload_configuration();

		/* what comes after a change of the stream must not go where it led before */
		AcceptInvalidationMessages();
		if (options_changed || store_is_gone(&session->config))
		{
			options_changed = false;
			outcome = refresh_session(session, err);

			/* a transaction of its own may have closed the store that it had opened */
			if (outcome == YS_RELAY_ON && store_is_gone(&session->config))
				continue;
		}
		if (outcome == YS_RELAY_ON)
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

typedef struct RunArg
{
	YsRelaySession *session;
	int			relay_id;
	YsRelayOutcome outcome;
	YsError	   *err;
} RunArg;

static void
run(void *arg)
{
	RunArg	   *run = arg;

	run->outcome = run_session(run->session, run->relay_id, run->err);
}

static void
look_for_extension(void *arg)
{
	ys_transaction_begin("looking for the extension");
	*(bool *) arg = OidIsValid(get_extension_oid("yottastore", true));
	ys_transaction_commit();
}

/*
 * Run a session, and note why it ended.  What it throws (a table that is locked, or being dropped) is trouble
 * like any other, unless it is for the extension being gone.
 */
static YsRelayOutcome
run_and_note(YsRelaySession *session, int relay_id, YsError *err)
{
	RunArg		arg = {session, relay_id, YS_RELAY_TROUBLE, err};
	ErrorData  *error = ys_transaction_attempt(run, &arg, 0);
	bool		there = true;

	if (error != NULL)
	{
		arg.outcome = YS_RELAY_TROUBLE;
		(void) ys_transaction_error(err, error);
	}
	if (arg.outcome == YS_RELAY_TROUBLE)
	{
		if (ys_transaction_attempt(look_for_extension, &there, 0) == NULL && !there)
			return YS_RELAY_GONE;
		ys_error_report(LOG, err);
	}
	if (arg.outcome == YS_RELAY_TROUBLE || arg.outcome == YS_RELAY_NO_STREAM)
		(void) ys_transaction_attempt(note_outcome, &(OutcomeArg) {session, relay_id, arg.outcome, err}, 0);
	return arg.outcome;
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
		YsRelaySession session = {.context = context};
		YsRelayOutcome outcome;
		int64		began = ys_clock_ms();
		long		wait_ms = 0;
		YsError		err;

		outcome = run_and_note(&session, relay_id, &err);
		if (outcome == YS_RELAY_GONE)
			break;
		if (outcome == YS_RELAY_NO_STREAM)
			wait_ms = REFRESH_MS;
		else if (outcome == YS_RELAY_TROUBLE)
		{
			attempt = ys_clock_ms() - began > STEADY_MS ? 1 : attempt + 1;
			wait_ms = ys_backoff_ms(attempt, BACKOFF_BASE_MS, BACKOFF_LIMIT_MS);
		}
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		reload_configuration();
		(void) ys_wait_for(YS_WAIT_RELAY, -1, wait_ms);
	}
}
