/*-------------------------------------------------------------------------
 * index_direct.h
 *	  Rows of one table by their key, found and written without statements.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_INDEX_DIRECT_H
#define YS_CATALOG_INDEX_DIRECT_H

#include "storage/itemptr.h"
#include "utils/relcache.h"

typedef struct YsDirect YsDirect;

/*
 * The columns that are read and written.  The first nkeys are the primary key; the last is the time of
 * writing, which is filled in.
 */
typedef struct YsDirectColumns
{
	int			count;
	int			nkeys;
	const char *const *names;
	const Oid  *types;
} YsDirectColumns;

/*
 * Open a table in the current transaction and memory context.  NULL, and nothing open, when
 * only statements do it justice: it has triggers, rules, row security, generated columns, columns of
 * other types, defaults for other columns, or no such primary key.
 */
extern YsDirect *ys_direct_open(Oid relid, const YsDirectColumns *columns);

/*
 * Find the row with a key, as of the last statement.  Where it is, and until the next call,
 * its values.
 */
extern bool ys_direct_find(YsDirect *direct, const Datum *keys, ItemPointer at);

/* The same where the row with these keys may be; false: it must be looked for. */
extern bool ys_direct_find_at(YsDirect *direct, const Datum *keys, ItemPointer at);
extern Datum ys_direct_value(YsDirect *direct, int column, bool *isnull);

/*
 * Write a row.  Others may have changed or deleted the one found meanwhile: the update is then done to
 * what they left, or becomes an insert; they are waited for as a statement would.  Columns that are not ours
 * keep their values.  Throw what constraints and indexes throw.
 */
extern void ys_direct_insert(YsDirect *direct, const Datum *values, const bool *nulls);
extern void ys_direct_update(YsDirect *direct, ItemPointer at, const Datum *values, const bool *nulls);

/* After the last of several writes: enter in indexes what they left, before anybody looks for those rows. */
extern void ys_direct_finish(YsDirect *direct);

/* Where the row written last is. */
extern ItemPointer ys_direct_written(YsDirect *direct);
extern void ys_direct_delete(YsDirect *direct, ItemPointer at, const Datum *keys);

/* Memory for one row's values: emptied by each write. */
extern MemoryContext ys_direct_row_context(YsDirect *direct);

extern void ys_direct_close(YsDirect *direct);

#endif							/* YS_CATALOG_INDEX_DIRECT_H */
