/*-------------------------------------------------------------------------
 * relay_read.c
 *	  Reading shards of a store's stream into a Kafka topic.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "worker/relay_read.h"

/* Produce a page's records, in order. */
static bool
produce_page(YsProducer *producer, const YsShardState *shard, const YsStreamPage *page, YsError *err)
{
	for (int i = 0; i < page->nrecords; i++)
	{
		const YsStreamRecord *record = &page->records[i];

		if (!ys_producer_send(producer, record->key, record->key_len,
							  record->bytes, record->len,
							  (uint32_t) shard->generation, record->sequence, err))
			return false;
	}
	return true;
}

/* Read one page of a shard, and produce its records. */
static bool
relay_shard(YsShardReader *reader, YsProducer *producer, YsShardState *shard, int64 began,
			YsRelayRound *round, YsError *err)
{
	YsStreamPage page;
	bool		lost;

	ys_arena_reset(&reader->arena);
	if (!ys_shard_read(reader, shard, began, &page, &lost, err) ||
		!produce_page(producer, shard, &page, err))
		return false;
	for (int i = 0; i < page.nrecords; i++)
		round->bytes += page.records[i].len;
	round->produced += page.nrecords;
	round->closed = round->closed || shard->closed;
	round->caught_up = round->caught_up && shard->read_up_to == began;
	return true;
}

bool
ys_relay_round(YsShardReader *reader, YsProducer *producer, YsRelayRound *round, YsError *err)
{
	int64		began = ys_shard_now();
	ListCell   *lc;

	memset(round, 0, sizeof(*round));
	round->caught_up = true;
	foreach(lc, reader->lineage->active)
	{
		if (!relay_shard(reader, producer, lfirst(lc), began, round, err))
			return false;
	}

	foreach(lc, reader->lineage->active)
	{
		const YsShardState *shard = lfirst(lc);

		round->last_created = Max(round->last_created, shard->last_created);
		if (!shard->at_tip && shard->last_created > 0 &&
			(round->oldest_created == 0 || shard->last_created < round->oldest_created))
			round->oldest_created = shard->last_created;
	}
	round->caught_up = round->caught_up && !round->closed && reader->lineage->active != NIL &&
		!ys_lineage_awaits_children(reader->lineage);
	round->read_up_to = ys_shards_read_up_to(reader->lineage);
	if (round->closed)
		ys_lineage_finish_closed(reader->lineage);
	return true;
}
