/*-------------------------------------------------------------------------
 * source.h
 *	  A foreign table as a description of items: the store's table, its key
 *	  and where each column comes from.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_SOURCE_H
#define YS_CATALOG_SOURCE_H

#include "access/attnum.h"
#include "catalog/convert.h"
#include "nodes/pg_list.h"
#include "store/store.h"

/* Segments a Scan may have at most. */
#define YS_SCAN_SEGMENTS_MAX	64

/* How far behind an index answers where nobody says otherwise, in ms. */
#define YS_MAX_STALENESS	10000

typedef enum YsColumnKind
{
	YS_COLUMN_DROPPED,
	YS_COLUMN_PATH,				/* the value at path (keys too) */
	YS_COLUMN_DOCUMENT,			/* the whole item */
	YS_COLUMN_FIELD				/* what an index policy makes of the item */
} YsColumnKind;

typedef struct YsSourceColumn
{
	AttrNumber	attnum;
	YsColumnKind kind;
	char	   *name;			/* the column's name */
	Oid			type;
	int32		typmod;
	Oid			collation;
	YsPath		path;			/* YS_COLUMN_PATH */
	char	   *policy;			/* YS_COLUMN_FIELD: its name, and that of its index table's column */
	char	   *field;
	YsForm		form;			/* of jsonb */
	int			key;			/* 0 no key, 1 partition key, 2 sort key */
	bool		not_null;		/* declared so: its values are taken to fit */
	bool		error_on_mismatch;
} YsSourceColumn;

/* The attributes that items are found by: a table's key, or an index's. */
typedef struct YsKeySchema
{
	int			nkeys;			/* 1 or 2, partition key first */
	bool		unique;			/* a key has at most one item */
	const char *names[2];
	YsType		types[2];		/* STRING, NUMBER or BINARY */
	const YsSourceColumn *columns[2];	/* the column that is it; NULL: none */
} YsKeySchema;

/* A secondary index as it is declared. */
typedef struct YsSourceIndex
{
	const YsIndexInfo *info;	/* without key types: those of the columns are in the schema */
	YsKeySchema schema;
} YsSourceIndex;

typedef struct YsSource
{
	Oid			relid;
	Oid			serverid;
	char	   *table;			/* the store's name */
	int			natts;
	YsSourceColumn *columns;	/* by attnum - 1 */
	int			npaths;
	YsSourceColumn **by_path;	/* columns at paths, in the order to put them: see ys_path_order */
	YsSourceColumn *document;	/* the plain one, and the typed one; or NULL */
	YsSourceColumn *typed_document;
	int			nkeys;			/* 1 or 2 */
	YsSourceColumn *keys[2];	/* partition key first */
	const char *key_names[2];	/* store attributes of the keys */
	YsType		key_types[2];	/* STRING, NUMBER or BINARY, after the columns' types */
	bool		consistent;		/* reads are strongly consistent, unless the session says otherwise */
	bool		upsert;			/* INSERT replaces what is there */
	bool		truncatable;	/* TRUNCATE may delete all items */
	bool		allow_scan;
	int			max_scan_pages; /* 0: no limit */
	int			scan_segments;	/* 0: after the table's size */
	bool		async_capable;	/* an Append need not wait for its scans one after the other */
	int			max_staleness;	/* in ms: how far an index may be behind to answer for the table */
	bool		stale_is_error; /* queries fail whose index is further behind */
	int			nindexes;
	YsSourceIndex *indexes;
} YsSource;

/*
 * Describe a foreign table; in the current memory context.  Throws
 * ERRCODE_WRONG_OBJECT_TYPE when it is not a foreign table of ours,
 * ERRCODE_FDW_INVALID_... when no column has key 'partition', a key column's
 * type can't be a key, two columns claim the same key, a path is bad, or a local
 * index is declared with another partition key.
 */
extern YsSource *ys_source_load(Oid relid);

/* Whose the foreign table is. */
extern Oid	ys_source_owner(Oid relid);

/* Names of the foreign table's columns that the policy of that name computes. */
extern List *ys_source_computed_columns(Oid relid, const char *policy);

/* The table's key. */
extern YsKeySchema ys_source_keys(const YsSource *source);

/* The document column that says most about an item as it was read; NULL when there is none. */
static inline const YsSourceColumn *
ys_source_best_document(const YsSource *source)
{
	return source->typed_document != NULL ? source->typed_document : source->document;
}

/* Is this the attribute of a key? */
extern bool ys_source_is_key(const YsSource *source, const char *name, uint32_t len);

/* A column's converter, whose lookups live in context. */
extern void ys_source_init_converter(const YsSourceColumn *column, YsConverter *converter,
									 MemoryContext context);

/* The declared index of that name, NULL when there is none. */
extern const YsSourceIndex *ys_source_index(const YsSource *source, const char *name);

/* The path that is this one name, whatever characters it has; borrows the name. */
extern YsPath ys_source_name_path(const char *name, uint32_t len);

/* What to call it in a message, by name and schema. */
extern char *ys_source_title(Oid relid);

#endif							/* YS_CATALOG_SOURCE_H */
