/*-------------------------------------------------------------------------
 * index_write.h
 *	  Writing a batch's rows: the locator's and the index table's.
 *
 * Rows go past the statements of index_table.h wherever these would do nothing else
 * (index_direct.h), partition by partition.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_INDEX_WRITE_H
#define YS_CATALOG_INDEX_WRITE_H

#include "catalog/index_table.h"

typedef struct YsIndexWrite YsIndexWrite;

/*
 * Begin in the current (sub)transaction and memory context, with names that are current
 * (ys_index_table_follow_names).  by_statements: use nothing else.  An ERROR ends it, too.
 */
extern YsIndexWrite *ys_index_write_begin(YsIndexTable *table, bool by_statements);

/* As the functions of the same names in index_table.h; find comes first. */
extern void ys_index_write_find(YsIndexWrite *write, int nrows, YsIndexRow **rows);
extern void ys_index_write_delete(YsIndexWrite *write, int nrows, YsIndexRow **rows);
extern void ys_index_write_upsert(YsIndexWrite *write, int nrows, YsIndexRow **rows);
extern void ys_index_write_note(YsIndexWrite *write, int nrows, YsIndexRow **rows);

extern void ys_index_write_end(YsIndexWrite *write);

#endif							/* YS_CATALOG_INDEX_WRITE_H */
