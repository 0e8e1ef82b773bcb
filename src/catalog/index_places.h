/*-------------------------------------------------------------------------
 * index_places.h
 *	  Going through the rows of an index table in the order of their keys, to
 *	  see where each is, and to move some.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_INDEX_PLACES_H
#define YS_CATALOG_INDEX_PLACES_H

#include "catalog/index_table.h"
#include "utils/array.h"

/* Where a key's row is, and what its area comes from. */
typedef struct YsPlace
{
	bool		present;		/* false: a tombstone, or the owner deleted the row by hand */
	const char *area;
	const char *area_value;		/* what the item names as its area, NULL: nothing */
	size_t		area_value_len;
	bool		located;
	double		lat;
	double		lon;

	const char *new_area;		/* where it shall be; NULL: where it is */
} YsPlace;

typedef struct YsPlacePage
{
	int			count;
	YsPlace    *places;
	ArrayType  *last_key;		/* as text; NULL: there is nothing behind this page */

	/* arrays, as the statements have them */
	Datum		keys[2];
	Datum		areas;
} YsPlacePage;

/*
 * Read the places of the next keys behind a key (NULL: from the start), limit at most, in the
 * current memory context.
 */
extern void ys_places_read(YsIndexTable *table, ArrayType *after, int limit, YsPlacePage *page);

/* Move what shall be elsewhere, row and locator.  Returns how many rows.  Their partitions are there. */
extern int64 ys_places_move(YsIndexTable *table, const YsPlacePage *page);

#endif							/* YS_CATALOG_INDEX_PLACES_H */
