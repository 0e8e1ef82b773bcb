/*-------------------------------------------------------------------------
 * area.h
 *	  The table of areas, yottastore.areas.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_AREA_H
#define YS_CATALOG_AREA_H

#include "policy/area.h"

/*
 * The map of a level's areas, in arena, and a number that tells it from what the areas were at
 * other times.  Runs SQL in the caller's transaction; throws
 * (ERRCODE_INVALID_TEXT_REPRESENTATION when a boundary edited by hand is bad).
 */
extern YsAreaMap *ys_areas_load(const char *level, YsArena *arena, uint64 *fingerprint);

/*
 * Insert or replace one area with the current user's rights.  boundary is
 * GeoJSON text that has been checked.
 */
extern void ys_area_save(const char *level, const char *name, const char *boundary);

/* The table's oid, to recognize its invalidations; InvalidOid when there is none. */
extern Oid	ys_areas_relid(void);

#endif							/* YS_CATALOG_AREA_H */
