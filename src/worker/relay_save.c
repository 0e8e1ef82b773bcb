/*-------------------------------------------------------------------------
 * relay_save.c
 *	  What a relay saves: how far it is, what it lost, why it doesn't go on.
 *
 * A relay that lost changes goes on: what it produces from then on is complete
 * again.  Its policies are not, and say so until they are mended.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "worker/relay_parts.h"
#include "worker/transaction.h"

#define LATE_HOURS			18
#define HOUR_US				(INT64CONST(3600) * USECS_PER_SEC)

#define UNIX_TO_SERVER_USECS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* Microseconds since 1970; 0 stays 0. */
static TimestampTz
server_time(int64 unix_us)
{
	return unix_us != 0 ? unix_us - UNIX_TO_SERVER_USECS : 0;
}

static char *
late_text(int64 age_us)
{
	return psprintf("what it produces next is " INT64_FORMAT " hours old: the store keeps changes for "
					"%d hours", age_us / HOUR_US, YS_STREAM_RETENTION_HOURS);
}

/* Changes are missing for good: the relay goes on without them, its policies are not complete. */
static void
tell_loss(YsRelaySession *session)
{
	const YsRelay *relay = session->config.relay;
	const char *loss = session->reader.lineage->loss;

	ereport(WARNING,
			(errmsg("relay \"%s\" lost changes: %s", relay->name, loss),
			 errhint("Its policies are INCOMPLETE until they are mended.")));
	ys_relay_add_loss(relay->relay_id, loss);
	ys_policy_mark_incomplete(relay->source, relay->stream,
							  psprintf("relay \"%s\" lost changes, %s: call yottastore.index_resync_start",
									   relay->name, loss));
	ys_lineage_loss_told(session->reader.lineage);
}

static void
save_target(const YsRelaySession *session, const char *stream_id)
{
	ys_relay_set_target(session->config.relay_id, stream_id, session->config.stream->topic,
						session->partitions);
}

YsRelayOutcome
ys_relay_load_lineage(YsRelaySession *session, const char *stream_id)
{
	const YsRelay *relay = session->config.relay;
	YsRelayOutcome outcome = YS_RELAY_GONE;
	YsLineage  *lineage;

	ys_transaction_begin("reading the relay's shards");
	session->reader.lineage = lineage = ys_lineage_open(session->context,
														  ys_relay_shards(relay->relay_id));
	if (ys_relay_begin(relay->relay_id))
	{
		outcome = YS_RELAY_ON;
		if (relay->store_stream != NULL && strcmp(relay->store_stream, stream_id) != 0)
			ys_lineage_abandon(lineage);
		else if (relay->has_read &&
				 relay->read_to < GetCurrentTimestamp() - YS_STREAM_RETENTION_HOURS * HOUR_US)
			ys_lineage_note_loss(lineage, NULL,
								 "the store's stream was not read for longer than it keeps changes");
		if (lineage->loss != NULL)
		{
			ys_lineage_save(lineage, relay->relay_id);
			tell_loss(session);
		}
		/* of a relay that has read nothing yet, only once it is known what there is to read */
		session->fresh = relay->store_stream == NULL;
		if (!session->fresh)
			save_target(session, stream_id);
	}
	ys_transaction_commit();
	return outcome;
}

void
ys_relay_note_horizon(YsRelaySession *session, int64 created_at)
{
	const YsRelay *relay = session->config.relay;
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz since = created_at > 0 ? server_time((created_at + 1) * USECS_PER_SEC) : now;

	since = Max(since, now - YS_STREAM_RETENTION_HOURS * HOUR_US);
	ys_transaction_begin("noting where the store's stream begins");
	save_target(session, session->reader.stream_id);
	ys_relay_mark_unseen(relay->source, relay->stream, since,
						 psprintf("relay \"%s\" began to read the store's stream, which holds "
								  "changes since %s only: call yottastore.index_resync_start",
								  relay->name, timestamptz_to_str(since)));
	ys_transaction_commit();
	session->fresh = false;
}

/* Note in progress what requests have cost since it was last saved, unless the store is gone. */
static void
take_cost(YsRelaySession *session, YsRelayProgress *progress)
{
	const YsCost *cost;

	if (session->reader.store == NULL || session->config.epoch != ys_server_epoch())
		return;
	cost = ys_store_stream_cost(session->reader.store);
	progress->retries = cost->retries - session->cost.retries;
	progress->throttles = cost->throttles - session->cost.throttles;
	session->cost = *cost;
}

/* Say so, once, when what is read next may be trimmed soon; and when it no longer is. */
static void
tell_lateness(YsRelaySession *session, const YsRelayRound *round)
{
	int64		age = ys_shard_now() - round->oldest_created * USECS_PER_SEC;
	bool		late = round->oldest_created > 0 && age > LATE_HOURS * HOUR_US;

	if (late && !session->late)
		ereport(WARNING,
				(errmsg("relay \"%s\" may soon lose changes: %s", session->config.relay->name,
						late_text(age))));
	if (late || session->late)
		ys_relay_set_reason(session->config.relay_id, late ? late_text(age) : NULL);
	session->late = late;
}

YsRelayOutcome
ys_relay_checkpoint(YsRelaySession *session, const YsRelayRound *round, bool caught_up)
{
	int			relay_id = session->config.relay_id;
	YsLineage  *lineage = session->reader.lineage;
	YsRelayProgress progress = {.caught_up = caught_up};
	YsRelayOutcome outcome = YS_RELAY_GONE;

	take_cost(session, &progress);
	if (round != NULL)
	{
		progress.records = round->produced;
		progress.bytes = round->bytes;
		progress.last_record = server_time(round->last_created * USECS_PER_SEC);
		progress.read_to = server_time(round->read_up_to);
	}
	ys_transaction_begin("saving checkpoints");
	if (!lineage->grown)
		ys_transaction_commits_lazily();
	if (ys_relay_progress(relay_id, &progress))
	{
		outcome = YS_RELAY_ON;
		ys_lineage_save(lineage, relay_id);
		if (lineage->loss != NULL)
			tell_loss(session);
		if (session->worked && !session->live)
			ys_relay_set_phase(relay_id, YS_PHASE_LIVE, NULL);
		if (round != NULL)
			tell_lateness(session, round);
		session->live = session->worked;
	}
	ys_transaction_commit();
	return outcome;
}

void
ys_relay_note_outcome(YsRelaySession *session, int relay_id, YsRelayOutcome outcome,
					  const YsError *err)
{
	const YsRelay *relay;
	YsRelayProgress progress = {0};

	take_cost(session, &progress);
	ys_transaction_begin("noting a reason");
	relay = ys_relay_load(relay_id);
	if (relay != NULL && outcome == YS_RELAY_NO_STREAM)
	{
		ys_relay_set_phase(relay_id, YS_PHASE_PAUSED,
						   psprintf("store table \"%s\" has no stream: enable one, with view type "
									"NEW_AND_OLD_IMAGES or any other",
									session->config.source->table));
		ys_policy_mark_incomplete(relay->source, relay->stream,
								  psprintf("store table \"%s\" has no stream: changes are missing: "
										   "call yottastore.index_resync_start once it has one",
										   session->config.source->table));
	}
	else if (relay != NULL)
	{
		int64		age = relay->has_read ? GetCurrentTimestamp() - relay->read_to : 0;

		(void) ys_relay_progress(relay_id, &progress);
		ys_relay_set_reason(relay_id, psprintf("%s%s%s%s%s", err->message,
											   err->detail[0] != '\0' ? ": " : "", err->detail,
											   age > LATE_HOURS * HOUR_US ? "; " : "",
											   age > LATE_HOURS * HOUR_US ? late_text(age) : ""));
	}
	ys_transaction_commit();
}
