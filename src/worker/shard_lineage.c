/*-------------------------------------------------------------------------
 * shard_lineage.c
 *	  The shards of a store's stream: who descends from whom, how far each
 *	  was read.
 *
 * Sequence numbers compare only within a shard; what orders an item's
 * changes across shards is the generation.  It grows along every line of
 * descent: a child's is its parent's plus one, and a shard whose parent we
 * have never seen comes after everything we have seen, since the store
 * forgets ancestors first.  A relay's very first generation is the time in
 * seconds, not 1: what a relay created anew produces to the same topic must
 * outrank what its predecessor did, and shards don't follow each other that fast.
 *
 * The generation is in the version of each event produced, so a shard's row
 * is saved, for good, before its first record is produced.  Rows are forgotten
 * once the store has forgotten the shard, all but those of the highest
 * generation: a stream made anew goes on from there.
 *
 * A shard that ends in a stream that goes on has children, but the store may
 * name them only a while later.  One that has named none for minutes has none:
 * a cluster that now has fewer shards may leave some without.  Nothing says that
 * it names both children of a split at once: they are all once none has come for seconds.
 *
 * A shard from which nothing has been read yet has no checkpoint that the
 * store could call trimmed.  So we remember whether it was whole when we heard of it,
 * as all are that come to be while a relay runs: then its beginning must still be there.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/wait.h"
#include "catalog/relay.h"
#include "worker/shard_lineage.h"

#define CHILDREN_WITHIN_MS	300000
#define SIBLINGS_WITHIN_MS	5000

YsShardState *
ys_lineage_find(YsLineage *lineage, const char *id)
{
	return id[0] != '\0' ? hash_search(lineage->shards, id, HASH_FIND, NULL) : NULL;
}

static YsShardState *
add_shard(YsLineage *lineage, const char *id, const char *parent)
{
	YsShardState *shard = hash_search(lineage->shards, id, HASH_ENTER, NULL);

	memset((char *) shard + sizeof(shard->id), 0, sizeof(*shard) - sizeof(shard->id));
	strlcpy(shard->parent, parent != NULL ? parent : "", sizeof(shard->parent));
	return shard;
}

/* Those that are to be read now: not finished, with no parent that isn't. */
static void
find_active(YsLineage *lineage)
{
	MemoryContext old = MemoryContextSwitchTo(lineage->context);
	HASH_SEQ_STATUS scan;
	YsShardState *shard;

	list_free(lineage->active);
	lineage->active = NIL;
	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
	{
		YsShardState *parent = ys_lineage_find(lineage, shard->parent);

		if (!shard->finished && (parent == NULL || parent->finished))
			lineage->active = lappend(lineage->active, shard);
	}
	MemoryContextSwitchTo(old);
}

/* A parent's last child so far was heard of at that time; 0: as long as we know of it. */
static void
note_child(YsLineage *lineage, const YsShardState *shard, int64 now)
{
	YsShardState *parent = ys_lineage_find(lineage, shard->parent);

	if (parent == NULL)
		return;
	parent->has_child = true;
	parent->child_at = Max(parent->child_at, now);
}

YsLineage *
ys_lineage_open(MemoryContext context, const List *known)
{
	YsLineage  *lineage = MemoryContextAllocZero(context, sizeof(YsLineage));
	HASHCTL		ctl = {.keysize = YS_SHARD_ID_SIZE, .entrysize = sizeof(YsShardState), .hcxt = context};
	HASH_SEQ_STATUS scan;
	YsShardState *shard;
	ListCell   *lc;

	lineage->context = context;
	lineage->shards = hash_create("yottastore shards", 64, &ctl,
								  HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	foreach(lc, known)
	{
		const YsRelayShard *row = lfirst(lc);

		shard = add_shard(lineage, row->shard_id, row->parent_id);
		shard->generation = row->generation;
		shard->finished = row->finished;
		shard->finished_at = ys_clock_ms();
		shard->whole = row->whole;
		if (row->checkpoint != NULL)
			strlcpy(shard->sequence, row->checkpoint, sizeof(shard->sequence));
	}
	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
		note_child(lineage, shard, 0);
	find_active(lineage);
	return lineage;
}

void
ys_lineage_note_loss(YsLineage *lineage, const YsShardState *shard, const char *why)
{
	MemoryContext old = MemoryContextSwitchTo(lineage->context);

	if (lineage->loss == NULL)
		lineage->loss = shard != NULL ? psprintf("shard %s: %s", shard->id, why) : pstrdup(why);
	MemoryContextSwitchTo(old);
}

void
ys_lineage_loss_told(YsLineage *lineage)
{
	if (lineage->loss != NULL)
		pfree(lineage->loss);
	lineage->loss = NULL;
}

static void
mark_finished(YsShardState *shard)
{
	shard->finished = true;
	shard->finished_at = ys_clock_ms();
	shard->dirty = true;
	if (shard->iterator != NULL)
		pfree(shard->iterator);
	shard->iterator = NULL;
}

void
ys_lineage_finish_closed(YsLineage *lineage)
{
	ListCell   *lc;

	foreach(lc, lineage->active)
	{
		YsShardState *shard = lfirst(lc);

		if (shard->closed)
			mark_finished(shard);
	}
	find_active(lineage);
}

bool
ys_lineage_awaits_children(const YsLineage *lineage)
{
	int64		now = ys_clock_ms();
	HASH_SEQ_STATUS scan;
	YsShardState *shard;
	bool		awaits = false;

	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
		awaits = awaits || (shard->finished && shard->listed &&
							now < (shard->has_child ? shard->child_at + SIBLINGS_WITHIN_MS :
								   shard->finished_at + CHILDREN_WITHIN_MS));
	return awaits;
}

void
ys_lineage_abandon(YsLineage *lineage)
{
	HASH_SEQ_STATUS scan;
	YsShardState *shard;

	/* even if it had been read to its end: there was none for a while */
	ys_lineage_note_loss(lineage, NULL,
						 "the store's stream was replaced: changes made in between are missing");
	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
	{
		if (!shard->finished)
			mark_finished(shard);
	}
	find_active(lineage);
}

int
ys_lineage_highest(YsLineage *lineage)
{
	HASH_SEQ_STATUS scan;
	YsShardState *shard;
	int			highest = 0;

	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
		highest = Max(highest, shard->generation);
	return highest;
}

/* A new shard's generation, determining those of its new ancestors first. */
static int
determine_generation(YsLineage *lineage, YsShardState *shard, int orphans)
{
	YsShardState *parent;

	check_stack_depth();
	if (shard->generation > 0)
		return shard->generation;
	/* also what a shard among its own ancestors would find */
	shard->generation = orphans;
	parent = ys_lineage_find(lineage, shard->parent);
	if (parent != NULL)
		shard->generation = determine_generation(lineage, parent, orphans) + 1;
	return shard->generation;
}

/* Drop what the store no longer lists, unless later generations count from it. */
static void
forget_shards(YsLineage *lineage)
{
	int			highest = ys_lineage_highest(lineage);
	HASH_SEQ_STATUS scan;
	YsShardState *shard;

	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
	{
		MemoryContext old;

		if (shard->listed)
			continue;
		if (!shard->finished)
		{
			ys_lineage_note_loss(lineage, shard,
								 "the store forgot it before it had been read to its end");
			mark_finished(shard);
		}
		if (shard->generation == highest)
			continue;
		old = MemoryContextSwitchTo(lineage->context);
		lineage->forgotten = lappend(lineage->forgotten, pstrdup(shard->id));
		MemoryContextSwitchTo(old);
		/* removing the entry the scan has just returned is allowed */
		(void) hash_search(lineage->shards, shard->id, HASH_REMOVE, NULL);
	}
}

void
ys_lineage_raise(YsLineage *lineage, int generation)
{
	int			lowest = PG_INT32_MAX;
	HASH_SEQ_STATUS scan;
	YsShardState *shard;

	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
		lowest = Min(lowest, shard->generation);
	if (lowest > generation)
		return;
	/* all by as much: what descends from the finished ones comes after them still */
	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
	{
		shard->generation += generation + 1 - lowest;
		shard->dirty = true;
	}
	lineage->grown = true;
}

bool
ys_lineage_update(YsLineage *lineage, int nshards, const YsShard *shards, YsError *err)
{
	int			highest = ys_lineage_highest(lineage);
	int			orphans = highest > 0 ? highest + 1 : (int) (GetCurrentTimestamp() / USECS_PER_SEC);
	HASH_SEQ_STATUS scan;
	YsShardState *shard;
	List	   *born = NIL;
	ListCell   *lc;

	for (int i = 0; i < nshards; i++)
	{
		const char *parent = shards[i].parent_id;

		if (strlen(shards[i].shard_id) >= YS_SHARD_ID_SIZE ||
			(parent != NULL && strlen(parent) >= YS_SHARD_ID_SIZE))
			return ys_error_set(err, YS_ERR_TOO_LARGE, "a shard's id has over %d bytes",
								YS_SHARD_ID_SIZE - 1);
	}

	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
		shard->listed = false;
	for (int i = 0; i < nshards; i++)
	{
		shard = ys_lineage_find(lineage, shards[i].shard_id);
		if (shard == NULL)
		{
			shard = add_shard(lineage, shards[i].shard_id, shards[i].parent_id);
			/* those of the first description may have been trimmed before there was a relay */
			shard->whole = highest > 0;
			shard->dirty = true;
			lineage->grown = true;
			born = lappend(born, shard);
		}
		shard->listed = true;
		if (shards[i].first_sequence != NULL &&
			strlcpy(shard->first, shards[i].first_sequence, sizeof(shard->first)) >= sizeof(shard->first))
			shard->first[0] = '\0';
	}
	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
		(void) determine_generation(lineage, shard, orphans);
	foreach(lc, born)
		note_child(lineage, lfirst(lc), ys_clock_ms());
	list_free(born);

	forget_shards(lineage);
	find_active(lineage);
	return true;
}

void
ys_lineage_save(YsLineage *lineage, int relay_id)
{
	HASH_SEQ_STATUS scan;
	YsShardState *shard;
	ListCell   *lc;

	hash_seq_init(&scan, lineage->shards);
	while ((shard = hash_seq_search(&scan)) != NULL)
	{
		YsRelayShard row = {
			.shard_id = shard->id,
			.parent_id = shard->parent[0] != '\0' ? shard->parent : NULL,
			.generation = shard->generation,
			.checkpoint = shard->sequence[0] != '\0' ? shard->sequence : NULL,
			.finished = shard->finished,
			.whole = shard->whole
		};

		if (shard->dirty)
			ys_relay_save_shard(relay_id, &row);
		shard->dirty = false;
	}
	foreach(lc, lineage->forgotten)
		ys_relay_forget_shard(relay_id, lfirst(lc));
	list_free_deep(lineage->forgotten);
	lineage->forgotten = NIL;
	lineage->grown = false;
}
