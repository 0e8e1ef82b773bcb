/*-------------------------------------------------------------------------
 * verify.h
 *	  The catalog of verifications: jobs that compare an index with the store, how far each is, and
 *	  where index and store differ.
 *
 * A difference is suspected when it is seen, and confirmed, and counted, when it is there still although
 * the index has all changes of before it was seen.
 *
 * Everything here runs SQL in the caller's transaction, as the extension's owner unless it says
 * otherwise, and throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_VERIFY_H
#define YS_CATALOG_VERIFY_H

#include "catalog/index_table.h"
#include "datatype/timestamp.h"
#include "utils/array.h"

typedef enum YsDifferenceKind
{
	YS_DIFFERENCE_NONE,
	YS_DIFFERENCE_MISSING,		/* there is an item, and no row of it */
	YS_DIFFERENCE_EXTRA,		/* there is a row, and no item */
	YS_DIFFERENCE_STALE			/* the row is not what its item makes, or not where it belongs */
} YsDifferenceKind;

/* Begin one.  Returns the job's id; 0: the policy is gone. */
extern int64 ys_verify_begin(int policy_id, bool repair);

/* ---- for the worker, which has the job locked ---- */

/* How far one is.  Texts and arrays are palloc'd. */
typedef struct YsVerifyState
{
	bool		repair;
	char	   *next_key;		/* typed JSON of where reading the store goes on, NULL: from the start */
	bool		scanned;		/* all of the store was read */
	ArrayType  *last_key;		/* the last row looked at, as text, NULL: none yet */
	bool		swept;			/* all rows were */
	int64		suspects;		/* yet to be confirmed */
} YsVerifyState;

extern bool ys_verify_load(int64 job_id, YsVerifyState *state);
extern void ys_verify_save_scan(int64 job_id, const char *next_key, int64 seen);	/* NULL: all of it */
extern void ys_verify_save_sweep(int64 job_id, ArrayType *last_key, int64 seen);
extern void ys_verify_end(int64 job_id);

/* What was seen of a key. */
typedef struct YsSuspect
{
	const char *key;			/* canonical text */
	YsDifferenceKind kind;
	TimestampTz read_at;		/* the item was read before that */
	int64		item;			/* a fingerprint of it; 0: there was none */
	YsVersion	version;		/* that the index had of the key; the lowest: none */
	int			tries;
} YsSuspect;

/* Those seen up to then, palloc'd; returns how many. */
extern int	ys_verify_suspects(int64 job_id, TimestampTz up_to, int limit, YsSuspect **suspects);

/* Suspect, or go on suspecting; clear; or confirm, and count. */
extern void ys_verify_suspect(int64 job_id, const YsSuspect *suspect);
extern void ys_verify_clear(int64 job_id, const char *key);
extern void ys_verify_confirm(int64 job_id, const YsSuspect *suspect, bool repaired);

/* Is something of the key in quarantine? */
extern bool ys_verify_is_quarantined(int policy_id, const char *key);

/* A page of an index table's rows, in the order of their keys. */
typedef struct YsVerifyPage
{
	int			count;
	YsIndexRow *rows;			/* keys, and in area where the row is */
	ArrayType  *last_key;		/* key and area as text; NULL: there is nothing behind this page */
} YsVerifyPage;

/* Read the next limit rows behind one (NULL: from the start), as the table's owner, in the current memory context. */
extern void ys_verify_rows(YsIndexTable *table, ArrayType *after, int limit, YsVerifyPage *page);

/*
 * Say of each of these rows, found as ys_index_table_find does, whether it is there (present), and if its
 * entry is of the same area whether it is the same.  Keys are distinct.
 */
extern void ys_index_table_compare(YsIndexTable *table, int nrows, YsIndexRow **rows, bool *same);

#endif							/* YS_CATALOG_VERIFY_H */
