/*-------------------------------------------------------------------------
 * index_tuples.h
 *	  What indexes have of rows that are written, entered in the indexes' own order.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_INDEX_TUPLES_H
#define YS_CATALOG_INDEX_TUPLES_H

#include "nodes/execnodes.h"

#define YS_COMPAT_ROWS
#include "compat.h"

typedef struct YsIndexTuples YsIndexTuples;

/*
 * For a table whose indexes are open, in the current memory context.  The order of info's indexes changes.
 * The primary key is one of them.
 */
extern YsIndexTuples *ys_index_tuples_create(ResultRelInfo *info, EState *estate, Relation primary);

/*
 * A row is in the table, where its slot says: enter it in the indexes that it has to be in, or keep
 * what is to be entered.  An update has left the primary key as it was.  Throws what indexes throw.
 */
extern void ys_index_tuples_add(YsIndexTuples *tuples, TupleTableSlot *slot, bool update,
								YsUpdateIndexes_compat which);

/* Enter what was kept, before anybody looks for those rows. */
extern void ys_index_tuples_enter(YsIndexTuples *tuples);

extern void ys_index_tuples_free(YsIndexTuples *tuples);

#endif							/* YS_CATALOG_INDEX_TUPLES_H */
