/*-------------------------------------------------------------------------
 * index_state.h
 *	  What an index has of one key, as text.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_INDEX_STATE_H
#define YS_CATALOG_INDEX_STATE_H

#include "catalog/index_table.h"

typedef struct YsIndexState
{
	bool		known;			/* the index has seen the key: */
	bool		present;		/* it has a row of it, else its deletion */
	const char *version;		/* of the row, or of what it was deleted by; NULL: not known */
	const char *changed_at;		/* of the row, or NULL */
	const char *indexed_at;
	const char *quarantine_reason;	/* of the last event or item of the key that could not be used; NULL: none */
	int			ncolumns;		/* of the row */
	char	  **names;
	char	  **values;
} YsIndexState;

/*
 * Read the state of a key, a map of the source's key attributes, as the index's owner; in the
 * current memory context.  The caller has a lock on the table.
 */
extern void ys_index_state_read(YsIndexTable *table, const YsSource *source, const YsValue *key,
								YsIndexState *state);

/* A column of the row as its type prints it; NULL when it is NULL, or there is no row or no such column. */
extern const char *ys_index_state_column(const YsIndexState *state, const char *name);

#endif							/* YS_CATALOG_INDEX_STATE_H */
