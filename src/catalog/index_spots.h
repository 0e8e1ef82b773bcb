/*-------------------------------------------------------------------------
 * index_spots.h
 *	  Where rows of an index table were last, by their keys: so that those which
 *	  change often need not be looked up in indexes.
 *
 * A spot is a guess.  Whoever uses one looks whether the row is still there; nothing that befalls rows
 * meanwhile needs to be told here, nor that a transaction was rolled back.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_INDEX_SPOTS_H
#define YS_CATALOG_INDEX_SPOTS_H

#include "storage/itemptr.h"

typedef struct YsSpots YsSpots;

/* In the current memory context; some megabytes. */
extern YsSpots *ys_spots_create(void);

/* Remember where the row is whose keys have this hash; another may be forgotten. */
extern void ys_spots_note(YsSpots *spots, uint32 hash, const char *area, ItemPointer at);

/* The area whose partition such a row may be in, and where there; NULL: no idea. */
extern const char *ys_spots_find(const YsSpots *spots, uint32 hash, ItemPointer at);

#endif							/* YS_CATALOG_INDEX_SPOTS_H */
