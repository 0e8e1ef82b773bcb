/*-------------------------------------------------------------------------
 * field.h
 *	  Columns that an index policy computes from the item as it is read, by the
 *	  code that writes the index.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_FIELD_H
#define YS_FDW_FIELD_H

#include "catalog/source.h"
#include "nodes/pg_list.h"

typedef struct YsFieldReader YsFieldReader;

/*
 * For the columns (attribute numbers) that are such; NULL: none is.  In the current memory context.
 * Throws when a policy, or its column, does not exist, is of another table or of another type.
 */
extern YsFieldReader *ys_field_reader_create(const YsSource *source, List *columns);

/* The policies, to ask for what they look at: the attributes of one after the other, NULL behind the last. */
extern const YsAttributeFilter *ys_field_attributes(const YsFieldReader *reader, int number);

/*
 * Does any column of the table go through an SQL function?  Those are called in subtransactions, which servers before
 * 17 begin only where no parallel workers are.
 */
extern bool ys_field_calls_functions(const YsSource *source);

/* Fill the columns of an item's row, by attribute number less one, in the current memory context. */
extern void ys_field_read(YsFieldReader *reader, const YsValue *item, Datum *values, bool *nulls);

#endif							/* YS_FDW_FIELD_H */
