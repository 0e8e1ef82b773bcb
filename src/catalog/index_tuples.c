/*-------------------------------------------------------------------------
 * index_tuples.c
 *	  What indexes have of rows that are written, entered in the indexes' own order.
 *
 * A batch's rows come in the order of their keys, which is no order to the other indexes: each entry would be
 * put into another page.  Those of B-trees that only list rows are kept, and entered index by index, neighbours
 * one after the other, while the processor's caches hold their pages.  What has something to decide (is a
 * key unique, is a row in it at all) does so when the row is written.
 *
 * Nobody sees a row before its transaction has committed, so nobody misses entries that aren't there yet.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "port/pg_bswap.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sortsupport.h"

#include "base/arena.h"
#include "base/memory.h"
#include "catalog/index_tuples.h"
#include "errors.h"

#define FIRST_KEPT	64			/* tuples of one index there is room for at first */
#define MOST_KEPT	8192		/* and at most */

/* One tuple; its columns' values are followed by whether they are NULL. */
typedef struct Kept
{
	uint64		order;			/* what the first column's value comes to */
	ItemPointerData tid;
	bool		unchanged;		/* the row's older version has the same */
	Datum	   *values;
} Kept;

/* An index whose tuples are kept. */
typedef struct Plain
{
	Relation	rel;
	IndexInfo  *info;
	bool		changes;		/* an update may change its columns */
	SortSupportData sort;		/* of the first column */
	int			count;
	int			room;
	Kept	   *kept;
} Plain;

struct YsIndexTuples
{
	ResultRelInfo *info;
	EState	   *estate;
	YsArena		arena;			/* values */
	int			ndeciding;		/* indexes that come first: entered by the executor, row by row */
	int			nplain;			/* the others, the primary key's first */
	Plain	   *plain;
};

#define ST_SORT sort_kept
#define ST_ELEMENT_TYPE Kept
#define ST_COMPARE(a, b) ((a)->order != (b)->order ? ((a)->order < (b)->order ? -1 : 1) : \
						  (int) ItemPointerCompare(&(a)->tid, &(b)->tid))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* ---- indexes ---- */

/* Does an index list rows, and no more?  The primary key's does where rows keep their keys. */
static bool
is_plain(Relation rel, const IndexInfo *info, Relation primary)
{
	if (rel->rd_rel->relam != BTREE_AM_OID || info->ii_Expressions != NIL || info->ii_Predicate != NIL ||
		info->ii_ExclusionOps != NULL || !info->ii_ReadyForInserts)
		return false;
	return !info->ii_Unique || RelationGetRelid(rel) == RelationGetRelid(primary);
}

static void
swap(ResultRelInfo *info, int a, int b)
{
	Relation	rel = info->ri_IndexRelationDescs[a];
	IndexInfo  *about = info->ri_IndexRelationInfo[a];

	info->ri_IndexRelationDescs[a] = info->ri_IndexRelationDescs[b];
	info->ri_IndexRelationInfo[a] = info->ri_IndexRelationInfo[b];
	info->ri_IndexRelationDescs[b] = rel;
	info->ri_IndexRelationInfo[b] = about;
}

/* Those that decide something come first, then the primary key's, then the others. */
static int
put_in_order(ResultRelInfo *info, Relation primary)
{
	int			ndeciding = 0;

	for (int i = 0; i < info->ri_NumIndices; i++)
	{
		if (!is_plain(info->ri_IndexRelationDescs[i], info->ri_IndexRelationInfo[i], primary))
			swap(info, i, ndeciding++);
	}
	for (int i = ndeciding; i < info->ri_NumIndices; i++)
	{
		if (RelationGetRelid(info->ri_IndexRelationDescs[i]) == RelationGetRelid(primary))
			swap(info, i, ndeciding);
	}
	return ndeciding;
}

static void
open_plain(Plain *plain, Relation rel, IndexInfo *info, const Bitmapset *updated)
{
	plain->rel = rel;
	plain->info = info;
	for (int a = 0; a < info->ii_NumIndexKeyAttrs; a++)
		plain->changes = plain->changes ||
			bms_is_member(info->ii_IndexAttrNumbers[a] - FirstLowInvalidHeapAttributeNumber, updated);
	plain->sort.ssup_cxt = CurrentMemoryContext;
	plain->sort.ssup_collation = rel->rd_indcollation[0];
	plain->sort.ssup_attno = 1;
	plain->sort.abbreviate = true;
	PrepareSortSupportFromIndexRel(rel, BTLessStrategyNumber, &plain->sort);
}

YsIndexTuples *
ys_index_tuples_create(ResultRelInfo *info, EState *estate, Relation primary)
{
	YsIndexTuples *tuples = palloc0(sizeof(YsIndexTuples));
	Bitmapset  *updated = ExecGetUpdatedCols(info, estate);

	tuples->info = info;
	tuples->estate = estate;
	ys_arena_init_context(&tuples->arena, CurrentMemoryContext, 0);
	tuples->ndeciding = put_in_order(info, primary);
	tuples->nplain = info->ri_NumIndices - tuples->ndeciding;
	tuples->plain = palloc0(sizeof(Plain) * Max(tuples->nplain, 1));
	for (int i = 0; i < tuples->nplain; i++)
		open_plain(&tuples->plain[i], info->ri_IndexRelationDescs[tuples->ndeciding + i],
				   info->ri_IndexRelationInfo[tuples->ndeciding + i], updated);
	return tuples;
}

void
ys_index_tuples_free(YsIndexTuples *tuples)
{
	for (int i = 0; i < tuples->nplain; i++)
	{
		Assert(tuples->plain[i].count == 0);
		if (tuples->plain[i].kept != NULL)
			pfree(tuples->plain[i].kept);
	}
	ys_arena_free(&tuples->arena);
	pfree(tuples->plain);
	pfree(tuples);
}

/* ---- tuples ---- */

/*
 * A number for a value, that is near those of its neighbours in the index: as sorting abbreviates
 * it, a value that is one, or else its first bytes.  Only speed hangs on it.
 */
static uint64
order_of(Plain *plain, Datum value, bool isnull)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(plain->rel), 0);
	uint64		bytes = 0;

	if (isnull)
		return PG_UINT64_MAX;
	if (plain->sort.abbrev_converter != NULL)
		return (uint64) plain->sort.abbrev_converter(value, &plain->sort);
	if (att->attbyval)
		return (uint64) value;
	if (att->attlen == -1)
	{
		const struct varlena *text = (const struct varlena *) DatumGetPointer(value);

		memcpy(&bytes, VARDATA_ANY(text), Min(VARSIZE_ANY_EXHDR(text), sizeof(bytes)));
	}
	else
		memcpy(&bytes, DatumGetPointer(value), Min(datumGetSize(value, false, att->attlen), sizeof(bytes)));
	return pg_hton64(bytes);
}

static void *
take_memory(YsIndexTuples *tuples, size_t size)
{
	void	   *memory = ys_arena_alloc(&tuples->arena, size);

	if (memory == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return memory;
}

/* Room for one more. */
static Kept *
make_room(YsIndexTuples *tuples, Plain *plain)
{
	if (plain->kept == NULL)
		plain->kept = MemoryContextAlloc(GetMemoryChunkContext(tuples), sizeof(Kept) * (plain->room = FIRST_KEPT));
	else if (plain->count == plain->room)
		plain->kept = repalloc(plain->kept, sizeof(Kept) * (plain->room *= 2));
	return &plain->kept[plain->count++];
}

static void
keep(YsIndexTuples *tuples, Plain *plain, TupleTableSlot *slot, bool update)
{
	TupleDesc	desc = RelationGetDescr(plain->rel);
	int			natts = plain->info->ii_NumIndexAttrs;
	Kept	   *kept;
	bool	   *nulls;

	kept = make_room(tuples, plain);
	kept->tid = slot->tts_tid;
	kept->unchanged = update && !plain->changes;
	kept->values = take_memory(tuples, (sizeof(Datum) + sizeof(bool)) * natts);
	nulls = (bool *) (kept->values + natts);
	FormIndexDatum(plain->info, slot, tuples->estate, kept->values, nulls);
	kept->order = order_of(plain, kept->values[0], nulls[0]);
	for (int a = 0; a < natts; a++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, a);
		Size		size;
		void	   *copy;

		if (nulls[a] || att->attbyval)
			continue;
		size = datumGetSize(kept->values[a], false, att->attlen);
		copy = take_memory(tuples, size);
		memcpy(copy, DatumGetPointer(kept->values[a]), size);
		kept->values[a] = PointerGetDatum(copy);
	}
}

void
ys_index_tuples_add(YsIndexTuples *tuples, TupleTableSlot *slot, bool update, YsUpdateIndexes_compat which)
{
	ResultRelInfo *info = tuples->info;
	int			count = info->ri_NumIndices;
	bool		full = false;

	/* a new row's key has to be unique: the primary key's is the first of the plain ones */
	int			ndeciding = update ? tuples->ndeciding : tuples->ndeciding + 1;

	if (ndeciding > 0 && ys_needs_index_entries_compat(which))
	{
		info->ri_NumIndices = ndeciding;
		list_free(ys_insert_index_entries_compat(info, slot, tuples->estate, update, which));
		info->ri_NumIndices = count;
	}
	if (!ys_all_indexes_compat(which))
		return;
	for (int i = ndeciding; i < count; i++)
	{
		keep(tuples, &tuples->plain[i - tuples->ndeciding], slot, update);
		full = full || tuples->plain[i - tuples->ndeciding].count == MOST_KEPT;
	}
	if (full)
		ys_index_tuples_enter(tuples);
}

void
ys_index_tuples_enter(YsIndexTuples *tuples)
{
	for (int i = 0; i < tuples->nplain; i++)
	{
		Plain	   *plain = &tuples->plain[i];

		sort_kept(plain->kept, plain->count);
		for (int k = 0; k < plain->count; k++)
		{
			Kept	   *kept = &plain->kept[k];

			(void) index_insert(plain->rel, kept->values, (bool *) (kept->values + plain->info->ii_NumIndexAttrs),
								&kept->tid, tuples->info->ri_RelationDesc, UNIQUE_CHECK_NO, kept->unchanged,
								plain->info);
		}
		plain->count = 0;
	}
	ys_arena_reset(&tuples->arena);
}
