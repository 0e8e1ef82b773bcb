/*-------------------------------------------------------------------------
 * area.h
 *	  Areas: from a declared value or a location to an area's name.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_AREA_H
#define YS_POLICY_AREA_H

#include "policy/policy.h"

/*
 * Build the map of one level's areas.  Add every area, then finish.  The map
 * lives in arena.  Names and aliases match without regard to ASCII case and
 * outer spaces; of equal ones the first added is found, names before aliases.
 * A boundary is a GeoJSON Polygon or MultiPolygon geometry
 * (holes honoured; rings may cross the antimeridian only by being split
 * there, as RFC 7946 section 3.1.9 says); boundary NULL: found by value only.
 */
extern YsAreaMap *ys_area_map_create(YsArena *arena);
extern bool ys_area_map_add(YsAreaMap *map, const char *name,
							int naliases, const char *const *aliases,
							const char *boundary, size_t boundary_len, YsError *err);
extern bool ys_area_map_finish(YsAreaMap *map, YsError *err);

/* The area whose boundary contains the point (first added wins on overlap), or NULL. */
extern const char *ys_area_map_locate(const YsAreaMap *map, double lat, double lon);

/* The area of that name or alias, or NULL. */
extern const char *ys_area_map_find(const YsAreaMap *map, const char *name, size_t len);

/*
 * Visit a GeoJSON FeatureCollection's features: fn gets the value of
 * name_property (NULL if absent or no string) and the raw bytes of the geometry object,
 * which has been checked.  False and err (YS_ERR_INVALID_GEOJSON, naming the
 * feature's position) when the text is no such collection or a geometry is
 * bad: unknown type, coordinates out of range or not numbers, a ring with
 * fewer than four positions or not closed.
 */
typedef bool (*YsFeatureFn) (void *arg, int index, const char *name, size_t name_len,
							 const char *geometry, size_t geometry_len);
extern bool ys_area_read_geojson(const char *json, size_t len, const char *name_property,
								 YsArena *arena, YsFeatureFn fn, void *arg, YsError *err);

#endif							/* YS_POLICY_AREA_H */
