/*-------------------------------------------------------------------------
 * index_values.h
 *	  The columns of index tables and locators, and rows as values of them.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_INDEX_VALUES_H
#define YS_CATALOG_INDEX_VALUES_H

#include "catalog/index_table.h"

/* Where the first key column is: renaming it, here or in the source, changes nothing. */
#define YS_INDEX_KEYS_AT		2
#define YS_LOCATOR_KEYS_AT		1

/* Keys, area, fields, location, area_value, attributes, rejected, changed_at, event_version. */
#define YS_INDEX_MAX_COLUMNS	(YS_POLICY_MAX_FIELDS + 10)

/* Keys, area, version. */
#define YS_LOCATOR_MAX_COLUMNS	4

/*
 * What a policy makes of an item, as columns: area, fields, location, area_value, attributes,
 * rejected, as far as it has them; and an entry's values in that order, in the current memory
 * context.  Those not wanted are NULL; wanted NULL: all are.  Throws what the server can't hold.
 */
#define YS_ENTRY_MAX_COLUMNS	(YS_POLICY_MAX_FIELDS + 5)
extern int	ys_entry_columns(const YsPolicy *policy, const char **names, Oid *types);
extern int	ys_entry_values(const YsPolicy *policy, const YsEntry *entry, const bool *wanted,
							Datum *values, bool *nulls);

/* What an index table has for every policy, in that order; names but the keys', which may change. */
extern int	ys_index_columns(const YsIndexTable *table, const char **names, Oid *types);

/*
 * The row as it shall be, in the columns' order, in the current memory context.  Throws
 * what the server can't hold.
 */
extern void ys_index_row_values(const YsIndexTable *table, const YsIndexRow *row, Datum *values,
								bool *nulls);

/* The same of a locator: its columns, and the row's. */
extern int	ys_locator_columns(const YsIndexTable *table, const char **names, Oid *types);
extern void ys_locator_row_values(const YsIndexTable *table, const YsIndexRow *row, Datum *values,
								  bool *nulls);

extern Datum ys_index_version_datum(const YsVersion *version);

/* The version in a column of bytea.  Throws ERRCODE_DATA_CORRUPTED when there is none. */
extern void ys_index_read_version(Datum datum, bool isnull, YsVersion *version);

#endif							/* YS_CATALOG_INDEX_VALUES_H */
