/*-------------------------------------------------------------------------
 * index_direct.c
 *	  Rows of one table by their key, found and written without statements.
 *
 * A statement over arrays spends its time on making, sorting and joining them.  Here one scan of the
 * primary key stays open for all rows of a batch, and rows go to the table and its indexes as the executor
 * would put them: constraints are checked, index entries made only where an indexed column
 * changed (HOT otherwise).  What the executor does beyond that is left to it: see ys_direct_open.
 *
 * The caller makes what it wrote visible (CommandCounterIncrement) and has set the role
 * that expressions of indexes and constraints run as.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/index_direct.h"
#include "catalog/index_tuples.h"

#define MAX_KEYS	3

struct YsDirect
{
	MemoryContext context;		/* of the scan, which allocates as it goes */
	Relation	rel;
	Relation	index;			/* the primary key's */
	int			ncolumns;
	int			nkeys;
	AttrNumber *attnums;		/* of the columns */
	bool		has_more;		/* columns that are not ours */
	int			key_order[MAX_KEYS];	/* which key is the index's nth */
	ScanKeyData keys[MAX_KEYS]; /* the index's nth */
	Snapshot	snapshot;
	IndexScanDesc scan;
	EState	   *estate;
	ResultRelInfo *info;
	YsIndexTuples *tuples;
	TupleTableSlot *found;
	TupleTableSlot *slot;		/* what is written */
	ItemPointerData written;	/* and where */
	BlockNumber nblocks;		/* there were when it was opened; 0: its rows can't be had by place */
};

/* ---- opening ---- */

/* Would a statement do more than to put rows into the table and its indexes? */
static bool
needs_statements(Relation rel)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;

	return rel->rd_rel->relkind != RELKIND_RELATION ||
		rel->trigdesc != NULL ||
		rel->rd_rules != NULL ||
		rel->rd_rel->relrowsecurity ||
		(constr != NULL && ys_has_generated_compat(constr));
}

/* Find the columns, all of their own types and none of the others with a default. */
static bool
map_columns(YsDirect *direct, const YsDirectColumns *columns)
{
	TupleDesc	desc = RelationGetDescr(direct->rel);
	int			mapped = 0;

	direct->attnums = palloc0(sizeof(AttrNumber) * columns->count);
	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, a);
		int			c = 0;

		if (att->attisdropped)
			continue;
		while (c < columns->count && strcmp(columns->names[c], NameStr(att->attname)) != 0)
			c++;
		if (c < columns->count)
		{
			/* a key's values were converted to its own typmod */
			if (att->atttypid != columns->types[c] || (att->atttypmod >= 0 && c >= columns->nkeys))
				return false;
			direct->attnums[c] = att->attnum;
			mapped++;
		}
		else if (att->atthasdef || att->attidentity != '\0')
			return false;
		else
			direct->has_more = true;
	}
	return mapped == columns->count;
}

/* Prepare the scan for one key.  False when the primary key is another. */
static bool
map_keys(YsDirect *direct)
{
	Relation	index = direct->index;

	if (index->rd_rel->relam != BTREE_AM_OID ||
		IndexRelationGetNumberOfKeyAttributes(index) != direct->nkeys)
		return false;
	for (int i = 0; i < direct->nkeys; i++)
	{
		int			k = 0;
		Oid			operator = get_opfamily_member(index->rd_opfamily[i], index->rd_opcintype[i],
												   index->rd_opcintype[i], BTEqualStrategyNumber);

		while (k < direct->nkeys && direct->attnums[k] != index->rd_index->indkey.values[i])
			k++;
		if (k == direct->nkeys || !OidIsValid(operator))
			return false;
		direct->key_order[i] = k;
		ScanKeyEntryInitialize(&direct->keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], get_opcode(operator), (Datum) 0);
	}
	return true;
}

static void
begin_scan(YsDirect *direct)
{
	MemoryContext old = MemoryContextSwitchTo(direct->context);

	direct->snapshot = RegisterSnapshot(GetLatestSnapshot());
	direct->scan = ys_index_beginscan_compat(direct->rel, direct->index, direct->snapshot, direct->nkeys);
	MemoryContextSwitchTo(old);
}

static void
end_scan(YsDirect *direct)
{
	ExecClearTuple(direct->found);
	index_endscan(direct->scan);
	UnregisterSnapshot(direct->snapshot);
}

/* The relation as the executor knows it: its indexes open, all columns but the key updated. */
static void
open_result(YsDirect *direct)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	Bitmapset  *updated = NULL;
	MemoryContext old;

	direct->estate = CreateExecutorState();
	old = MemoryContextSwitchTo(direct->estate->es_query_cxt);
	for (int c = direct->nkeys; c < direct->ncolumns; c++)
		updated = bms_add_member(updated, direct->attnums[c] - FirstLowInvalidHeapAttributeNumber);
	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(direct->rel);
	rte->relkind = direct->rel->rd_rel->relkind;
	rte->rellockmode = RowExclusiveLock;
	ys_range_table_compat(direct->estate, rte, updated);
	direct->info = makeNode(ResultRelInfo);
	InitResultRelInfo(direct->info, direct->rel, 1, NULL, 0);
	ExecOpenIndices(direct->info, false);
	direct->tuples = ys_index_tuples_create(direct->info, direct->estate, direct->index);
	MemoryContextSwitchTo(old);
}

YsDirect *
ys_direct_open(Oid relid, const YsDirectColumns *columns)
{
	YsDirect   *direct = palloc0(sizeof(YsDirect));
	Oid			index = InvalidOid;

	Assert(columns->nkeys <= MAX_KEYS);
	direct->context = CurrentMemoryContext;
	direct->rel = table_open(relid, RowExclusiveLock);
	direct->ncolumns = columns->count;
	direct->nkeys = columns->nkeys;
	if (!needs_statements(direct->rel) && map_columns(direct, columns))
		index = ys_primary_key_index_compat(direct->rel);
	if (OidIsValid(index))
	{
		direct->index = index_open(index, RowExclusiveLock);
		if (!map_keys(direct))
		{
			index_close(direct->index, NoLock);
			direct->index = NULL;
		}
	}
	if (direct->index == NULL)
	{
		table_close(direct->rel, NoLock);
		pfree(direct);
		return NULL;
	}
	CheckCmdReplicaIdentity(direct->rel, CMD_UPDATE);
	CheckCmdReplicaIdentity(direct->rel, CMD_DELETE);
	open_result(direct);
	direct->found = table_slot_create(direct->rel, NULL);
	direct->slot = table_slot_create(direct->rel, NULL);
	if (direct->rel->rd_tableam == GetHeapamTableAmRoutine())
		direct->nblocks = RelationGetNumberOfBlocks(direct->rel);
	begin_scan(direct);
	return direct;
}

void
ys_direct_close(YsDirect *direct)
{
	end_scan(direct);
	ExecDropSingleTupleTableSlot(direct->found);
	ExecDropSingleTupleTableSlot(direct->slot);
	ys_index_tuples_free(direct->tuples);
	ExecCloseIndices(direct->info);
	FreeExecutorState(direct->estate);
	index_close(direct->index, NoLock);
	table_close(direct->rel, NoLock);
	pfree(direct);
}

ItemPointer
ys_direct_written(YsDirect *direct)
{
	return &direct->written;
}

MemoryContext
ys_direct_row_context(YsDirect *direct)
{
	return GetPerTupleMemoryContext(direct->estate);
}

/* ---- finding ---- */

bool
ys_direct_find(YsDirect *direct, const Datum *keys, ItemPointer at)
{
	MemoryContext old = MemoryContextSwitchTo(direct->context);
	bool		found;

	for (int i = 0; i < direct->nkeys; i++)
		direct->keys[i].sk_argument = keys[direct->key_order[i]];
	index_rescan(direct->scan, direct->keys, direct->nkeys, NULL, 0);
	found = index_getnext_slot(direct->scan, ForwardScanDirection, direct->found);
	if (found)
		*at = direct->found->tts_tid;
	MemoryContextSwitchTo(old);
	return found;
}

bool
ys_direct_find_at(YsDirect *direct, const Datum *keys, ItemPointer at)
{
	TupleTableSlot *found = direct->found;
	Buffer		buffer;
	bool		there;

	if (ItemPointerGetBlockNumber(at) >= direct->nblocks)
		return false;

	/* as a scan of the index would, or updates would run out of room in their pages */
	ExecClearTuple(found);
	buffer = ReadBuffer(direct->rel, ItemPointerGetBlockNumber(at));
	heap_page_prune_opt(direct->rel, buffer);
	there = table_tuple_fetch_row_version(direct->rel, at, direct->snapshot, found);
	ReleaseBuffer(buffer);
	for (int k = 0; there && k < direct->nkeys; k++)
	{
		Form_pg_attribute att = TupleDescAttr(found->tts_tupleDescriptor, direct->attnums[k] - 1);
		bool		isnull;
		Datum		value = slot_getattr(found, direct->attnums[k], &isnull);

		there = !isnull && datum_image_eq(value, keys[k], att->attbyval, att->attlen);
	}
	return there;
}

/* What others left of a row, by a snapshot that sees it. */
static bool
find_again(YsDirect *direct, const Datum *keys, ItemPointer at)
{
	end_scan(direct);
	begin_scan(direct);
	return ys_direct_find(direct, keys, at);
}

Datum
ys_direct_value(YsDirect *direct, int column, bool *isnull)
{
	return slot_getattr(direct->found, direct->attnums[column], isnull);
}

/* ---- writing ---- */

/* Values into the slot; what is not ours as the old row has it, or NULL without one. */
static void
fill_slot(YsDirect *direct, ItemPointer old, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = direct->slot;
	int			natts = slot->tts_tupleDescriptor->natts;
	int			last = direct->ncolumns - 1;

	ExecClearTuple(slot);
	if (old != NULL && direct->has_more &&
		table_tuple_fetch_row_version(direct->rel, old, SnapshotAny, direct->found))
	{
		slot_getallattrs(direct->found);
		memcpy(slot->tts_values, direct->found->tts_values, sizeof(Datum) * natts);
		memcpy(slot->tts_isnull, direct->found->tts_isnull, sizeof(bool) * natts);
	}
	else
		memset(slot->tts_isnull, true, sizeof(bool) * natts);
	for (int c = 0; c < last; c++)
	{
		slot->tts_values[direct->attnums[c] - 1] = values[c];
		slot->tts_isnull[direct->attnums[c] - 1] = nulls[c];
	}
	slot->tts_values[direct->attnums[last] - 1] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	slot->tts_isnull[direct->attnums[last] - 1] = false;
	ExecStoreVirtualTuple(slot);
	if (RelationGetDescr(direct->rel)->constr != NULL)
		ExecConstraints(direct->info, slot, direct->estate);
}

static void
end_row(YsDirect *direct)
{
	direct->written = direct->slot->tts_tid;
	ExecClearTuple(direct->slot);
	ResetPerTupleExprContext(direct->estate);
}

static void
insert_row(YsDirect *direct, const Datum *values, const bool *nulls)
{
	fill_slot(direct, NULL, values, nulls);
	table_tuple_insert(direct->rel, direct->slot, GetCurrentCommandId(true), 0, NULL);
	ys_index_tuples_add(direct->tuples, direct->slot, false, YS_ALL_INDEXES_COMPAT);
}

void
ys_direct_insert(YsDirect *direct, const Datum *values, const bool *nulls)
{
	insert_row(direct, values, nulls);
	end_row(direct);
}

void
ys_direct_update(YsDirect *direct, ItemPointer at, const Datum *values, const bool *nulls)
{
	bool		there = true;
	TM_Result	result = TM_Deleted;

	do
	{
		TM_FailureData failure;
		LockTupleMode mode;
		YsUpdateIndexes_compat which;

		CHECK_FOR_INTERRUPTS();
		if (result == TM_Updated && !(there = find_again(direct, values, at)))
			break;
		fill_slot(direct, at, values, nulls);
		result = table_tuple_update(direct->rel, at, direct->slot, GetCurrentCommandId(true),
									direct->snapshot, InvalidSnapshot, true, &failure, &mode, &which);
		if (result == TM_Ok)
			ys_index_tuples_add(direct->tuples, direct->slot, true, which);
		else if (result != TM_Updated && result != TM_Deleted)
			elog(ERROR, "unexpected result of updating an index row: %d", (int) result);
	} while (result == TM_Updated);
	if (!there || result == TM_Deleted)
		insert_row(direct, values, nulls);
	end_row(direct);
}

void
ys_direct_finish(YsDirect *direct)
{
	ys_index_tuples_enter(direct->tuples);
}

void
ys_direct_delete(YsDirect *direct, ItemPointer at, const Datum *keys)
{
	TM_Result	result = TM_Ok;

	do
	{
		TM_FailureData failure;

		CHECK_FOR_INTERRUPTS();
		if (result == TM_Updated && !find_again(direct, keys, at))
			return;
		result = table_tuple_delete(direct->rel, at, GetCurrentCommandId(true), direct->snapshot,
									InvalidSnapshot, true, &failure, false);
		if (result != TM_Ok && result != TM_Updated && result != TM_Deleted)
			elog(ERROR, "unexpected result of deleting an index row: %d", (int) result);
	} while (result == TM_Updated);
}
