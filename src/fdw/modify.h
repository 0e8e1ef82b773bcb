/*-------------------------------------------------------------------------
 * modify.h
 *	  Writing to a foreign table: what its callbacks share.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_MODIFY_H
#define YS_FDW_MODIFY_H

#include "nodes/execnodes.h"
#include "utils/hsearch.h"
#include "utils/tuplestore.h"

#include "catalog/convert.h"
#include "catalog/source.h"
#include "fdw/batch.h"
#include "fdw/change.h"
#include "fdw/row.h"
#include "store/store.h"

/* ModifyTable's private list */
typedef enum YsModifyPrivate
{
	YS_MODIFY_ASSIGNED,			/* IntList: columns an UPDATE assigns */
	YS_MODIFY_GUARDS,			/* IntList: path columns its outcome depends on */
	YS_MODIFY_FLAGS,			/* Integer: YS_MODIFY_... below */
	YS_MODIFY_FIELDS,			/* IntList: computed columns its outcome depends on */
	YS_MODIFY_NAMED				/* of ys_absent_plan */
} YsModifyPrivate;

#define YS_MODIFY_GUARD_DOCUMENT	0x01	/* the outcome depends on all of the document */
#define YS_MODIFY_OTHERS_CHANGE		0x02	/* triggers or expressions may set other columns */
#define YS_MODIFY_SKIP_DUPLICATES	0x04	/* ON CONFLICT DO NOTHING */
#define YS_MODIFY_LOOKED_AT			0x08	/* by a trigger that fires before the statement's puts are waited for */
#define YS_MODIFY_UPSERT			0x10	/* INSERT replaces what is there */

typedef struct YsInserter YsInserter;

/* ResultRelInfo.ri_FdwState; lives in the executor's query context. */
typedef struct YsModify
{
	YsSource   *source;
	YsStore    *store;
	YsConverter *converters;	/* by attnum - 1 */
	YsRowReader *reader;		/* of the columns that are looked at; NULL: nobody does */
	bool		returns_key;	/* the reader has no other columns than the key's */
	MemoryContext row_context;	/* reset for each row */

	List	   *assigned;
	List	   *guards;
	List	   *fields;			/* computed columns the outcome depends on */
	YsFieldReader *field_reader;	/* of them; made by update.c where it takes one */
	int			nabsent;
	YsPath	   *absent;			/* attributes to guard also where there is none: see absent.c */
	int			flags;
	AttrNumber	key_junk[2];	/* in the plan's rows */
	AttrNumber *old_junk;		/* DELETE: of the guards, in their order */
	AttrNumber *field_junk;		/* likewise, of the computed columns */
	AttrNumber	document_junk;

	bool		ready;			/* set by the first row, which also knows whether there is a reader */
	YsInserter *inserter;		/* made by the first new item */
	YsBatcher  *batcher;		/* made by the first item that replaces what is there */
	Tuplestorestate *spool;		/* new rows to be written at the end; or NULL: see spool.c */
	TupleTableSlot *spool_slot;
	YsCost		cost;			/* of the statement's writes to this table, so far */
	bool		may_repeat;		/* the plan may bring the same item twice */
	HTAB	   *seen;			/* keys of items changed; made by update.c */
} YsModify;

/* The columns of a table, ready to be written. */
extern YsModify *ys_modify_create(Oid relid, Oid userid);

/* Write a new row, or start to.  False: there is one of its key, and duplicates are skipped. */
extern bool ys_modify_insert(YsModify *modify, TupleTableSlot *slot);

/* Wait for the writes that are under way.  Throws what they throw. */
extern void ys_modify_finish(YsModify *modify);

/* Does an INSERT replace what is there?  plan: NULL for COPY. */
extern bool ys_modify_replaces(const YsSource *source, const ModifyTable *plan);

/* Refuses columns that no UPDATE can assign: keys, and paths with [*]. */
extern void ys_modify_check_assigned(const YsSource *source, List *assigned);

/*
 * Before each row: what the row before left is freed, and the memory context
 * for this one returned.  RETURNING is set up after the callbacks that begin, so that
 * only here it shows whether the written row is wanted.
 */
extern MemoryContext ys_modify_begin_row(YsModify *modify, ResultRelInfo *rinfo, CmdType operation);

/* ---- item.c: rows as items, in the current memory context; throws on what cannot be one ---- */

/* The key of these values, in the order of the key columns. */
extern YsValue ys_item_key(const YsModify *modify, const Datum *values, const bool *isnull);

/*
 * A new item: the document, over it the path columns that say something else, over them the
 * key.  Throws when the plain
 * and the typed document are both there and not the same.
 */
extern YsValue ys_item_build(const YsModify *modify, TupleTableSlot *slot);

/* Replace, add or (value NULL) remove a path column's value. */
extern void ys_item_set(YsValue *item, const YsSourceColumn *column, const YsValue *value);

/* Refuses a path that names no single value. */
extern void ys_item_check_written(const YsSourceColumn *column);

/* A document column's value as a map; refuses one that is none. */
extern YsValue ys_item_document(const YsSourceColumn *column, Datum jsonb);

/* Refuses a plain document that is not what the typed one reads as. */
extern void ys_item_check_documents(const YsSource *source, const YsValue *plain,
									const YsValue *typed);

/* A document that replaces an item's may not say another key. */
extern void ys_item_check_key(const YsSource *source, const YsValue *document, const YsValue *key);

/* ---- absent.c ---- */

/*
 * Where expressions of the query say which attributes of its documents they look at, for the plan.  rti is
 * the table that the query names: is_target false, one that the source's is a partition of.  Of
 * RETURNING only the old documents count.
 */
extern List *ys_absent_plan(const YsSource *source, Index rti, bool is_target, List *expressions,
							List *returning);

/* The names themselves, and those of what its computed columns are made from: modify->absent. */
extern void ys_absent_begin(YsModify *modify, List *named, EState *estate);

/* ---- insert.c ---- */

/*
 * Put a new item, provided there is none of its key.  With wait false only
 * start: ys_insert_finish waits for it, and throws its error, if a later
 * call hasn't.  False: there was one, and duplicates are skipped.
 */
extern bool ys_insert_row(YsModify *modify, TupleTableSlot *slot, bool wait);
extern void ys_insert_finish(YsModify *modify);

/* ---- spool.c ---- */

/*
 * Before rows are routed into this partition: if the statement reads its
 * table, they are given to ys_spool_row from then on, and written by ys_spool_finish.
 */
extern void ys_spool_routed(ModifyTableState *mtstate, ResultRelInfo *rinfo, YsModify *modify);
extern void ys_spool_row(YsModify *modify, TupleTableSlot *slot);
extern void ys_spool_finish(YsModify *modify);

/* ---- upsert.c ---- */

/* Put an item in place of what there is of its key, some time until ys_upsert_finish returns. */
extern void ys_upsert_row(YsModify *modify, TupleTableSlot *slot);
extern void ys_upsert_finish(YsModify *modify);

#endif							/* YS_FDW_MODIFY_H */
