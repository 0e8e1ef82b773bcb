/*-------------------------------------------------------------------------
 * area.h
 *	  The table of areas, yottastore.areas.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_AREA_H
#define YS_CATALOG_AREA_H

#include "nodes/pg_list.h"
#include "policy/area.h"

/*
 * The map of a level's areas, and of those that lie in them, in arena, and a number that tells it
 * from what the areas were at other times.  Runs SQL in the caller's transaction; throws
 * (ERRCODE_INVALID_TEXT_REPRESENTATION when a boundary edited by hand is bad).
 */
extern YsAreaMap *ys_areas_load(const char *level, YsArena *arena, uint64 *fingerprint);

/* One area to be saved. */
typedef struct YsAreaRow
{
	char	   *name;
	char	   *parent;			/* or NULL */
	char	   *aliases;		/* a JSON array of strings */
	char	   *boundary;		/* GeoJSON that has been checked */
} YsAreaRow;

/*
 * Insert areas (a list of YsAreaRow of distinct names), or replace those there are, with the
 * current user's rights.  parent_level NULL: parents stay as they are; so do aliases
 * unless with_aliases.  Throws, and says so, for a parent that is not there.
 */
extern void ys_areas_save(const char *level, const char *parent_level, bool with_aliases, List *rows);

/* Throws when an area is among its own ancestors. */
extern void ys_areas_check_parents(void);

/* The table's oid, to recognize its invalidations; InvalidOid when there is none. */
extern Oid	ys_areas_relid(void);

/* "country", or, where there are no areas of that level, the one of fewest areas. */
extern const char *ys_areas_level(void);

#endif							/* YS_CATALOG_AREA_H */
