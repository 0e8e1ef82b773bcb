/*-------------------------------------------------------------------------
 * relay_parts.h
 *	  What the parts of a relay share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_RELAY_PARTS_H
#define YS_WORKER_RELAY_PARTS_H

#include "catalog/relay.h"
#include "catalog/server.h"
#include "catalog/source.h"
#include "worker/relay_read.h"

typedef enum YsRelayOutcome
{
	YS_RELAY_ON,				/* goes on */
	YS_RELAY_GONE,				/* dropped */
	YS_RELAY_CHANGED,			/* begin again from the catalog */
	YS_RELAY_NO_STREAM,			/* the store's table has none: look again later */
	YS_RELAY_TROUBLE			/* err says what; try again later */
} YsRelayOutcome;

/* Where a relay reads and writes, as the catalog has it. */
typedef struct YsRelayConfig
{
	int			relay_id;
	YsRelay    *relay;			/* NULL: gone */
	YsSource   *source;
	YsStreamConfig *stream;
	YsStore    *store;			/* open as long as ys_server_epoch() is epoch */
	uint64		epoch;
} YsRelayConfig;

/* Reads and writes with one configuration, until something changes or fails. */
typedef struct YsRelaySession
{
	MemoryContext context;
	YsRelayConfig config;
	YsShardReader reader;
	YsProducer *producer;
	int			partitions;		/* that it produces to: another number is another session's */
	bool		live;			/* the catalog says so */
	bool		worked;			/* a round succeeded */
	bool		fresh;			/* the relay has never read a stream */
	bool		late;			/* so far behind that the reason says so */
	YsCost		cost;			/* of the store's stream, as far as it has been saved */
	int64		refresh_at;		/* ys_clock_ms, as all of these */
	int64		partitions_at;
	int64		claim_at;
	int64		caught_up_at;
	int64		watermark_sent_at;
	int64		watermark;		/* the last one sent, microseconds since 1970 */
	bool		produced;		/* something, since then */
} YsRelaySession;

/* ---- relay_save.c ---- */

/*
 * Read the lineage.  When the store's stream is another than the one it is
 * of, note the new one and what that means in the same transaction.
 */
extern YsRelayOutcome ys_relay_load_lineage(YsRelaySession *session, const char *stream_id);

/*
 * The first description of a stream, created at created_at (seconds since 1970, 0: unknown), has
 * come: whoever began before what it holds may never see what happened until then.
 */
extern void ys_relay_note_horizon(YsRelaySession *session, int64 created_at);

/*
 * Save in one transaction what was produced (round NULL: nothing) and how far each shard
 * has been read.  YS_RELAY_GONE when the relay is.
 */
extern YsRelayOutcome ys_relay_checkpoint(YsRelaySession *session, const YsRelayRound *round,
										  bool caught_up);

/* Say on the relay why it doesn't go on, and on its policies what that means. */
extern void ys_relay_note_outcome(YsRelaySession *session, int relay_id, YsRelayOutcome outcome,
								  const YsError *err);

/* ---- relay_topic.c ---- */

/*
 * Make sure that nobody else produces to the topic, and that what we produce comes after all
 * that is there.  first: we haven't produced to it yet in this session.  Trouble when
 * somebody does.
 */
extern YsRelayOutcome ys_relay_claim_topic(YsRelaySession *session, bool first, YsError *err);

/* Records sent from now on say that they are ours, and the highest generation of our shards. */
extern void ys_relay_sign(const YsRelaySession *session);

#endif							/* YS_WORKER_RELAY_PARTS_H */
