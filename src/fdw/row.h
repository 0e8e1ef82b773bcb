/*-------------------------------------------------------------------------
 * row.h
 *	  Items as rows.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ROW_H
#define YS_FDW_ROW_H

#include "executor/tuptable.h"

#include "catalog/convert.h"
#include "catalog/source.h"
#include "fdw/field.h"

typedef struct YsRowReader
{
	const YsSource *source;
	int			ncolumns;		/* those to fill; all others are NULL */
	AttrNumber *columns;
	YsConverter *converters;	/* by attnum - 1, of the columns to fill */
	YsFieldReader *fields;		/* columns that policies compute, apart from these; or NULL */
	bool		whole;			/* all attributes are needed */
	YsAttributeFilter filter;	/* the attributes they need, without the document */
	int64		mismatches;		/* values that became NULL because they don't fit */
} YsRowReader;

/* columns: attribute numbers; in the current memory context, which the reader's lookups stay in. */
extern YsRowReader *ys_row_reader_create(const YsSource *source, List *columns);

/* Attributes to ask the store for; NULL: whole items. */
extern const YsAttributeFilter *ys_row_attributes(const YsRowReader *reader);

/* Ask for the attributes of the key, too. */
extern void ys_row_want_keys(YsRowReader *reader);

/*
 * Fill a virtual slot from an item, in the current memory context.  Throws
 * ERRCODE_FDW_INVALID_DATA_TYPE for a misfit in a column that says so.
 */
extern void ys_row_fill(YsRowReader *reader, const YsValue *item, TupleTableSlot *slot);

/* A column's value in an item. */
extern const YsValue *ys_row_value(const YsSourceColumn *column, const YsValue *item);

/* Is it the same value of a column, byte by byte? */
extern bool ys_row_same_datum(const YsSourceColumn *column, Datum a, bool a_isnull,
							  Datum b, bool b_isnull);

/* Does a value read as this datum?  A value that doesn't fit reads as NULL. */
extern bool ys_row_reads_as(const YsSourceColumn *column, YsConverter *converter,
							const YsValue *value, Datum datum, bool isnull);

/*
 * The canonical text of an item's key, or of any of its scalars, by which items are told apart; and,
 * for people, of the source's key.  In the current memory context.
 */
extern const char *ys_row_canonical_key(const YsValue *item, int count, const char *const *names);
extern const char *ys_row_key_text(const YsSource *source, const YsValue *item);

#endif							/* YS_FDW_ROW_H */
