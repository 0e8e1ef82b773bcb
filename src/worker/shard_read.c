/*-------------------------------------------------------------------------
 * shard_read.c
 *	  Reading the shards of a store's stream, a page at a time.
 *
 * How far the stream has been read (the watermark) is known per shard: up to
 * the time before the round began when a read at the shard's tip found
 * nothing, else up to the creation of the last record read, less a second since the
 * store tells whole seconds only, and less what the store's clock is ahead of
 * ours: its answers tell what it shows.  Where they don't, records say nothing
 * about our time.  An empty page alone doesn't prove the tip: a store may hand
 * out empty pages on the way there, "it might take multiple calls to get to a portion of the shard that contains
 * stream records" (AWS, GetRecords).  So the tip is believed after several of them in
 * a row, and then until the iterator is lost or the shard has been left alone for a while.
 *
 * DynamoDB Local tells whole minutes, too long ago to go by while records come without pause.
 * It keeps a stream's records in one place, and hands out as many as are asked for: a page of its that is not
 * full has found no more.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#include "worker/shard_read.h"

#define PAGE_RECORDS		1000
#define ENDS_AT_TIP			3
#define TIP_LASTS_US		(INT64CONST(5) * USECS_PER_SEC)

int64
ys_shard_now(void)
{
	return GetCurrentTimestamp() +
		(int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

static void
set_iterator(YsShardReader *reader, YsShardState *shard, const char *iterator)
{
	if (shard->iterator != NULL)
		pfree(shard->iterator);
	shard->iterator = iterator != NULL ? MemoryContextStrdup(reader->context, iterator) : NULL;
}

/*
 * Where to go on: after the checkpoint, or at the beginning as long as that is kept.  True with
 * *iterator NULL: neither is there any more, or DynamoDB Local grants the beginning and refuses to
 * read from there, as it does where the first record is not the one that the shard is said to begin with.
 */
static bool
find_place(YsShardReader *reader, YsShardState *shard, const char **iterator, YsError *err)
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
		if (!resumes && shard->unplaced)
			*iterator = NULL;
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
open_iterator(YsShardReader *reader, YsShardState *shard, YsError *err)
{
	const char *iterator;

	shard->ends = 0;
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

/* Has the stream told no time yet but whole minutes?  Another store's records soon tell another. */
static bool
tells_minutes(YsLineage *lineage, const YsStreamPage *page)
{
	for (int i = 0; i < page->nrecords && !lineage->tells_seconds; i++)
		lineage->tells_seconds = page->records[i].created_at % SECS_PER_MINUTE != 0;
	return !lineage->tells_seconds;
}

/* Note in the shard what a page says about how far it has been read. */
static void
advance(YsLineage *lineage, YsShardState *shard, const YsStreamPage *page, int64 began, int64 asked_at)
{
	bool		ends = page->nrecords == 0 ||
		(page->nrecords < PAGE_RECORDS && tells_minutes(lineage, page));

	if (page->nrecords > 0)
	{
		const YsStreamRecord *last = &page->records[page->nrecords - 1];

		strlcpy(shard->sequence, last->sequence, sizeof(shard->sequence));
		shard->last_created = last->created_at;
		shard->dirty = true;
		shard->read_up_to = Max(shard->read_up_to,
								Min(began, complete_up_to(page, last->created_at, asked_at)));
	}
	if (!ends)
	{
		shard->ends = 0;
		return;
	}
	shard->at_tip = shard->at_tip || ++shard->ends >= ENDS_AT_TIP;
	if (shard->at_tip)
		shard->read_up_to = began;
}

bool
ys_shard_read(YsShardReader *reader, YsShardState *shard, int64 began, YsStreamPage *page, bool *lost,
			  YsError *err)
{
	int64		asked_at;

	*lost = false;
	if (began > shard->read_at + TIP_LASTS_US)
	{
		shard->at_tip = false;
		shard->ends = 0;
	}
	shard->read_at = began;
	if (shard->iterator == NULL && !open_iterator(reader, shard, err))
		return false;
	asked_at = ys_shard_now();
	if (!ys_store_stream_records(reader->store, shard->iterator, PAGE_RECORDS, reader->nkeys,
								 reader->key_names, &reader->arena, page, err))
	{
		if (err->code != YS_ERR_EXPIRED_ITERATOR && err->code != YS_ERR_TRIMMED)
			return false;
		/* what is trimmed was lost if the next iterator can't be had where this one was to be */
		set_iterator(reader, shard, NULL);
		shard->unplaced = err->code == YS_ERR_TRIMMED && shard->sequence[0] == '\0';
		memset(page, 0, sizeof(*page));
		*lost = true;
		return true;
	}
	advance(reader->lineage, shard, page, began, asked_at);
	set_iterator(reader, shard, page->next_iterator);
	shard->closed = page->next_iterator == NULL;
	return true;
}

int64
ys_shards_read_up_to(const YsLineage *lineage)
{
	int64		read_up_to = PG_INT64_MAX;
	ListCell   *lc;

	/* the children of a closed shard, and a stream without an open one, may hold anything */
	if (lineage->active == NIL || ys_lineage_awaits_children(lineage))
		return 0;
	foreach(lc, lineage->active)
	{
		const YsShardState *shard = lfirst(lc);

		if (shard->closed)
			return 0;
		read_up_to = Min(read_up_to, shard->read_up_to);
	}
	return read_up_to;
}
