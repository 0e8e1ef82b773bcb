/*-------------------------------------------------------------------------
 * relay_read.c
 *	  Reading shards of a store's stream into a Kafka topic.
 *
 * How far the topic is complete (the watermark) is known per shard: up to
 * the time before the round began when a read at the shard's tip found
 * nothing, else up to the creation of the last record read, less a second since the
 * store tells whole seconds only, and less what the store's clock is ahead of
 * ours: its answers tell what it shows.  Where they don't, records say nothing
 * about our time.  An empty page alone doesn't prove the tip: a store may hand
 * out empty pages on the way there.  So the tip is believed after several of them in
 * a row, and then until the iterator is lost or the shard has been left alone for a while.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#include "worker/relay_read.h"

#define PAGE_RECORDS		1000
#define EMPTY_READS_AT_TIP	3
#define TIP_LASTS_US		(INT64CONST(5) * USECS_PER_SEC)
#define FLUSH_TIMEOUT_MS	60000

int64
ys_relay_now(void)
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

/*
 * Where to go on: after the checkpoint, or at the beginning as long as that is kept.  True with
 * *iterator NULL: neither is there any more.
 */
static bool
find_place(YsRelayReader *reader, YsShardState *shard, const char **iterator, YsError *err)
{
	bool		resumes = shard->sequence[0] != '\0';

	*iterator = NULL;
	if (!resumes && shard->first[0] == '\0')
		return true;
	if (ys_store_stream_iterator(reader->store, reader->stream_id, shard->id,
								 resumes ? YS_ITERATOR_AFTER : YS_ITERATOR_AT,
								 resumes ? shard->sequence : shard->first,
								 &reader->arena, iterator, err))
	{
		if (!resumes && !shard->whole)
			shard->whole = shard->dirty = true;
		return true;
	}
	*iterator = NULL;
	if (err->code == YS_ERR_TRIMMED && (resumes || shard->whole))
		ys_lineage_note_loss(reader->lineage, shard,
							 "the store trimmed changes before they had been read");
	return err->code == YS_ERR_TRIMMED;
}

/* Have the shard go on where it was, or at the oldest record kept when that is gone. */
static bool
open_iterator(YsRelayReader *reader, YsShardState *shard, YsError *err)
{
	const char *iterator;

	shard->empty_reads = 0;
	shard->at_tip = false;
	if (!find_place(reader, shard, &iterator, err))
		return false;
	if (iterator == NULL &&
		!ys_store_stream_iterator(reader->store, reader->stream_id, shard->id,
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

/*
 * Up to when everything has been read, by our clock, once a record of that creation has been.
 * The page was asked for at asked_at and answered when the store's clock showed, at
 * most, a second more than it said: that is how far ahead of ours it can be.
 */
static int64
complete_up_to(const YsStreamPage *page, int64 created_at, int64 asked_at)
{
	int64		ahead = (page->answered_at + 1) * USECS_PER_SEC - asked_at;

	if (page->answered_at == 0 || created_at <= 1)
		return 0;
	return (created_at - 1) * USECS_PER_SEC - Max(ahead, 0);
}

/* Note in the shard what a page says about how far it has been read. */
static void
advance(YsShardState *shard, const YsStreamPage *page, int64 began, int64 asked_at)
{
	if (page->nrecords > 0)
	{
		const YsStreamRecord *last = &page->records[page->nrecords - 1];

		strlcpy(shard->sequence, last->sequence, sizeof(shard->sequence));
		shard->last_created = last->created_at;
		shard->dirty = true;
		shard->empty_reads = 0;
		shard->read_up_to = Max(shard->read_up_to,
								Min(began, complete_up_to(page, last->created_at, asked_at)));
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
	int64		asked_at;

	ys_arena_reset(&reader->arena);
	if (began > shard->read_at + TIP_LASTS_US)
	{
		shard->at_tip = false;
		shard->empty_reads = 0;
	}
	shard->read_at = began;
	if (shard->iterator == NULL && !open_iterator(reader, shard, err))
		return false;
	asked_at = ys_relay_now();
	if (!ys_store_stream_records(reader->store, shard->iterator, PAGE_RECORDS, reader->nkeys,
								 reader->key_names, &reader->arena, &page, err))
	{
		if (err->code != YS_ERR_EXPIRED_ITERATOR && err->code != YS_ERR_TRIMMED)
			return false;
		/* what is trimmed was lost if the next iterator can't be had where this one was to be */
		set_iterator(reader, shard, NULL);
		round->caught_up = false;
		return true;
	}
	if (!produce_page(reader, shard, &page, err))
		return false;
	for (int i = 0; i < page.nrecords; i++)
		round->bytes += page.records[i].len;
	advance(shard, &page, began, asked_at);
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
	int64		began = ys_relay_now();
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

	foreach(lc, reader->lineage->active)
	{
		const YsShardState *shard = lfirst(lc);

		round->last_created = Max(round->last_created, shard->last_created);
		if (!shard->at_tip && shard->last_created > 0 &&
			(round->oldest_created == 0 || shard->last_created < round->oldest_created))
			round->oldest_created = shard->last_created;
	}

	/* the children of a closed shard, and a stream without an open one, may hold anything */
	if (round->closed || reader->lineage->active == NIL || ys_lineage_awaits_children(reader->lineage))
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
