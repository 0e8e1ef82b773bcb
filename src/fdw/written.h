/*-------------------------------------------------------------------------
 * written.h
 *	  What this transaction has written to the store, which ROLLBACK does not
 *	  undo.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_WRITTEN_H
#define YS_FDW_WRITTEN_H

#include "catalog/source.h"
#include "datatype/timestamp.h"
#include "store/value.h"

/* Around every write to the source's table: it is about to be sent, and it was applied or not. */
extern void ys_written_begin(const YsSource *source);
extern void ys_written_end(const YsSource *source, bool applied);

/*
 * When this session last wrote, or may have written, to the store's table of that name, in whatever transaction;
 * DT_NOBEGIN: never.
 */
extern TimestampTz ys_written_last(const YsSource *source);

/*
 * An item is not as it was read.  Throws serialization_failure while nothing
 * was written, else statement_completion_unknown with the number in DETAIL.
 */
extern _Noreturn void ys_written_lost_race(const YsSource *source, const YsValue *key);

/*
 * The store leaves so many items of the table unprocessed.  Throws
 * configuration_limit_exceeded while nothing was written, else
 * statement_completion_unknown; the numbers are in DETAIL.
 */
extern _Noreturn void ys_written_give_up(const YsSource *source, int64 left);

#endif							/* YS_FDW_WRITTEN_H */
