/*-------------------------------------------------------------------------
 * index_table.h
 *	  A policy's index table and locator: their DDL, and the four set-based
 *	  statements that a batch consists of where rows can't be written without
 *	  (index_write.h).
 *
 * The index table is the policy owner's: statements on it run as the owner
 * under a security-restricted operation.  The locator (key -> area, and the
 * version of a deletion or rejection) is the extension's.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_INDEX_TABLE_H
#define YS_CATALOG_INDEX_TABLE_H

#include "catalog/convert.h"
#include "catalog/index_spots.h"
#include "catalog/policy.h"
#include "catalog/source.h"
#include "policy/policy.h"
#include "storage/itemptr.h"
#include "storage/lockdefs.h"
#include "stream/version.h"

typedef struct YsIndexTable
{
	Oid			relid;
	Oid			owner;
	int			policy_id;
	char	   *locator;		/* qualified and quoted */
	Oid			locator_relid;
	int			nkeys;
	Oid			key_types[2];
	int16		key_len[2];
	bool		key_by_value[2];
	char	   *locator_columns[2]; /* its keys, quoted */
	YsConverter key_converters[2];
	const YsPolicy *policy;
	bool		has_location;
	bool		has_area_value;
	int			max_areas;
	Oid			model;			/* the table whose partitions these are made like, InvalidOid: none */
	YsSpots    *spots;			/* where rows are, as far as this process knows; NULL: not yet */
	MemoryContext context;		/* this structure lives here */

	/* what depends on names */
	MemoryContext statements;	/* the rest lives here */
	char	   *name;			/* qualified and quoted */
	char	   *key_columns[2]; /* quoted */
	char	   *sql_locate;
	char	   *sql_versions;
	char	   *sql_delete;
	char	   *sql_upsert;
	char	   *sql_note;
} YsIndexTable;

/* One key's state in the index, and what a batch makes of it. */
typedef struct YsIndexRow
{
	Datum		keys[2];

	/* as found */
	bool		known;			/* the locator has the key */
	char	   *area;			/* where its row is; NULL: a tombstone */
	YsVersion	version;		/* of the row or tombstone */

	/* and where, unless statements found it */
	bool		present;		/* there is a row in that area */
	ItemPointerData at;			/* it */
	ItemPointerData noted_at;	/* the locator's, when known; invalid: not looked for */
	uint32		hash;			/* of the keys */

	/* as it shall be */
	bool		gone;			/* a tombstone */
	YsEntry		entry;			/* unless gone */
	YsVersion	new_version;
	bool		has_changed_at;
	TimestampTz changed_at;
} YsIndexRow;

/* The SQL type of a field's column, and a cell that is present as a datum of it. */
extern Oid	ys_index_column_type(YsFieldType type);
extern Datum ys_index_column_datum(const YsCell *cell, YsFieldType type);

/* The partitions that an index table has by now, sorted; the caller has a lock on it. */
extern List *ys_index_table_partitions(Oid relid);

/* Names that a field or key column cannot have. */
extern const char *const *ys_index_table_own_columns(int *count);
extern bool ys_index_table_reserved(const char *column);

/*
 * Create index table and locator.  The table is the current user's, in
 * schema, and depends on the source.  Throws ERRCODE_DUPLICATE_TABLE, and whatever
 * CREATE TABLE throws.
 */
extern Oid	ys_index_table_create(const char *name, Oid schema, const YsSource *source,
								  const YsPolicy *policy);

/* The indexes on columns that policy declares, as the current user, on the table without partitions. */
extern void ys_index_table_index_columns(Oid relid, int nkeys, const YsPolicy *policy);
extern void ys_locator_create(int policy_id, Oid index_table, const YsSource *source);

/* Open for reading and writing, in the current memory context. */
extern YsIndexTable *ys_index_table_open(const YsPolicyRow *row, const YsSource *source,
										 const YsPolicy *policy);

/*
 * Lock the table for the rest of the transaction.  False when it is not this owner's any more: what others
 * have put on it since must not run as the former one.
 */
extern bool ys_index_table_lock(const YsIndexTable *table, LOCKMODE mode);

/* The same, but throws ERRCODE_T_R_SERIALIZATION_FAILURE. */
extern void ys_index_table_lock_ours(const YsIndexTable *table, LOCKMODE mode);

/*
 * Use the names that the table and its key columns have now; they stay as long as
 * the caller keeps a lock on it.  Throws ERRCODE_UNDEFINED_TABLE when it is gone.
 */
extern void ys_index_table_follow_names(YsIndexTable *table);

/*
 * Say which partition each of these rows goes to: areas[i] points to its area, which becomes
 * "other" where the table has as many areas as the policy allows and not that one.
 * Room goes to areas in their order.  Returns those that need a partition made
 * (palloc'd).  In the caller's transaction; throws when the table is gone.
 */
extern List *ys_index_table_place(const YsIndexTable *table, int count, const char ***areas);

/*
 * Create the partition of an area: table, then attach, so that readers are
 * not blocked.  In the caller's transaction, which should do nothing else.
 */
extern void ys_index_table_add_area(YsIndexTable *table, const char *area);

/* Key datums of a canonical key; false when a value doesn't fit its key column. */
extern bool ys_index_table_key(YsIndexTable *table, const YsSource *source, const YsValue *keys,
							   Datum *datums);

/*
 * Throws ERRCODE_INSUFFICIENT_PRIVILEGE when row security may hide rows of the table from its owner:
 * who doesn't see a row takes a stale event for news.
 */
extern void ys_index_table_check_visible(const YsIndexTable *table);

/* Fill known, area and version of every row (keys are distinct). */
extern void ys_index_table_find(YsIndexTable *table, int nrows, YsIndexRow **rows);

/* Fill the version of rows whose area is known. */
extern void ys_index_table_versions(YsIndexTable *table, int nrows, YsIndexRow **rows);

/* Remove the rows' old index rows (those found in an area). */
extern void ys_index_table_delete(YsIndexTable *table, int nrows, YsIndexRow **rows);

/* Insert or update the rows' entries. */
extern void ys_index_table_upsert(YsIndexTable *table, int nrows, YsIndexRow **rows);

/* Write the rows' new area, or tombstone, to the locator. */
extern void ys_index_table_note(YsIndexTable *table, int nrows, YsIndexRow **rows);

#endif							/* YS_CATALOG_INDEX_TABLE_H */
