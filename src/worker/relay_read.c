/*-------------------------------------------------------------------------
 * relay_read.c
 *	  Reading shards of a store's stream into a Kafka topic.
 *
 * How far the topic is complete (the watermark) is known per shard: up to
 * the time before the round began when a read at the shard's tip found
 * nothing, else up to the creation of the last record read, less a second
 * since the store tells whole seconds only.  An empty page alone doesn't prove the
 * tip: a store may hand out empty pages on the way there.  So the tip is believed
 * after several of them in a row, and then until the iterator is lost.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#include "worker/relay_read.h"

#define PAGE_RECORDS		1000
#define EMPTY_READS_AT_TIP	3
#define FLUSH_TIMEOUT_MS	60000

/* PostgreSQL's time in microseconds since 1970. */
static int64
unix_now(void)
{
	return GetCurrentTimestamp() +
		(int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

static void
set_iterator(YsRelayReader *reader, YsShardState *shard, const char *iterator)
{
	if (shard->iterator != NULL)
		pfree(shard->iterator);
	shard->iterator = iterator != NULL ? MemoryContextStrdup(reader->context, iterator) : NULL;
}

/* Have the shard start after its checkpoint, or at the oldest record kept when that is gone. */
static bool
open_iterator(YsRelayReader *reader, YsShardState *shard, YsError *err)
{
	const char *iterator;

	shard->empty_reads = 0;
	shard->at_tip = false;
	if (shard->sequence[0] != '\0')
	{
		if (ys_store_stream_iterator(reader->store, reader->stream_id, shard->id, YS_ITERATOR_AFTER,
									 shard->sequence, &reader->arena, &iterator, err))
		{
			set_iterator(reader, shard, iterator);
			return true;
		}
		if (err->code != YS_ERR_TRIMMED)
			return false;
		ys_lineage_note_loss(reader->lineage, shard,
							 "the store trimmed changes before they had been read");
	}
	if (!ys_store_stream_iterator(reader->store, reader->stream_id, shard->id,
								  YS_ITERATOR_TRIM_HORIZON, NULL, &reader->arena, &iterator, err))
		return false;
	set_iterator(reader, shard, iterator);
	return true;
}

/* Produce a page's records, in order. */
static bool
produce_page(YsRelayReader *reader, YsShardState *shard, const YsStreamPage *page, YsError *err)
{
	for (int i = 0; i < page->nrecords; i++)
	{
		const YsStreamRecord *record = &page->records[i];

		if (!ys_producer_send(reader->producer, record->key, record->key_len,
							  record->bytes, record->len,
							  (uint32_t) shard->generation, record->sequence, err))
			return false;
	}
	return true;
}

/* Note in the shard what a page says about how far it has been read. */
static void
advance(YsShardState *shard, const YsStreamPage *page, int64 began)
{
	if (page->nrecords > 0)
	{
		const YsStreamRecord *last = &page->records[page->nrecords - 1];

		strlcpy(shard->sequence, last->sequence, sizeof(shard->sequence));
		shard->dirty = true;
		shard->empty_reads = 0;
		if (last->created_at > 1)
			shard->read_up_to = Max(shard->read_up_to,
									Min(began, (last->created_at - 1) * USECS_PER_SEC));
		return;
	}
	shard->at_tip = shard->at_tip || ++shard->empty_reads >= EMPTY_READS_AT_TIP;
	if (shard->at_tip)
		shard->read_up_to = began;
}

/* Read one page of a shard.  A lost iterator is no error: the next round asks for another. */
static bool
read_shard(YsRelayReader *reader, YsShardState *shard, int64 began, YsRelayRound *round, YsError *err)
{
	YsStreamPage page;

	ys_arena_reset(&reader->arena);
	if (shard->iterator == NULL && !open_iterator(reader, shard, err))
		return false;
	if (!ys_store_stream_records(reader->store, shard->iterator, PAGE_RECORDS, reader->nkeys,
								 reader->key_names, &reader->arena, &page, err))
	{
		if (err->code != YS_ERR_EXPIRED_ITERATOR && err->code != YS_ERR_TRIMMED)
			return false;
		if (err->code == YS_ERR_TRIMMED)
			ys_lineage_note_loss(reader->lineage, shard,
								 "the store trimmed changes before they had been read");
		set_iterator(reader, shard, NULL);
		round->caught_up = false;
		return true;
	}
	if (!produce_page(reader, shard, &page, err))
		return false;
	advance(shard, &page, began);
	set_iterator(reader, shard, page.next_iterator);
	shard->closed = page.next_iterator == NULL;
	round->produced += page.nrecords;
	round->closed = round->closed || shard->closed;
	round->caught_up = round->caught_up && page.nrecords == 0 && shard->at_tip;
	return true;
}

bool
ys_relay_round(YsRelayReader *reader, YsRelayRound *round, YsError *err)
{
	int64		began = unix_now();
	ListCell   *lc;

	memset(round, 0, sizeof(*round));
	round->caught_up = true;
	foreach(lc, reader->lineage->active)
	{
		if (!read_shard(reader, lfirst(lc), began, round, err))
			return false;
	}
	if (round->produced > 0 && !ys_producer_flush(reader->producer, FLUSH_TIMEOUT_MS, err))
		return false;

	/* the children of a closed shard, and a stream without an open one, may hold anything */
	if (round->closed || reader->lineage->active == NIL)
		round->caught_up = false;
	else
	{
		round->read_up_to = PG_INT64_MAX;
		foreach(lc, reader->lineage->active)
			round->read_up_to = Min(round->read_up_to, ((YsShardState *) lfirst(lc))->read_up_to);
	}
	if (round->closed)
		ys_lineage_finish_closed(reader->lineage);
	return true;
}
