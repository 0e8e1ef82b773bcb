/*-------------------------------------------------------------------------
 * area.h
 *	  Areas: from a declared value or a location to an area's name.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_AREA_H
#define YS_POLICY_AREA_H

#include "policy/normalize/text.h"
#include "policy/policy.h"

/*
 * Build the map of one level's areas.  Add every area of the level, and those that
 * lie in them, then finish.  The map lives in arena.  A boundary is GeoJSON as ys_boundary_read
 * takes it; boundary NULL: found by name only.
 */
extern YsAreaMap *ys_area_map_create(YsArena *arena);
extern bool ys_area_map_add(YsAreaMap *map, const char *name,
							int naliases, const char *const *aliases,
							const char *boundary, size_t boundary_len, YsError *err);
extern bool ys_area_map_add_below(YsAreaMap *map, const char *area, const char *name,
								  int naliases, const char *const *aliases,
								  const char *boundary, size_t boundary_len, YsError *err);
extern bool ys_area_map_finish(YsAreaMap *map, YsError *err);

/*
 * The area whose boundary contains the point, else the one in which an area that does lies, or
 * NULL.  Of several, the first added.
 */
extern const char *ys_area_map_locate(const YsAreaMap *map, double lat, double lon);

/*
 * The area of that name, else of that alias, else the one in which the areas of that name or
 * alias lie, whatever its case, accents and white space.  NULL and *reason
 * (static text) when there is none, or several.
 */
extern const char *ys_area_map_find(const YsAreaMap *map, YsSlice name, const char **reason);

/* Which properties say what of an area; parent NULL: none does. */
typedef struct YsFeatureProperties
{
	const char *name;
	const char *parent;
	int			naliases;
	const char *const *aliases;
} YsFeatureProperties;

/* One feature; bytes NULL: it has none.  All of it lives while it is visited. */
typedef struct YsFeature
{
	int			index;			/* counted from 0 */
	YsSlice		name;
	YsSlice		parent;
	int			naliases;		/* strings, and those of lists */
	YsSlice    *aliases;
	YsSlice		geometry;		/* as it stands there; it has been checked */
} YsFeature;

/*
 * Visit the features of a GeoJSON FeatureCollection, or the one Feature.  False and err
 * (YS_ERR_INVALID_GEOJSON, naming the feature's position) when the text is neither, a
 * geometry is bad (ys_boundary_read), or a property is not what it should be.
 */
typedef bool (*YsFeatureFn) (void *arg, const YsFeature *feature);
extern bool ys_area_read_geojson(const char *json, size_t len, const YsFeatureProperties *properties,
								 YsArena *arena, YsFeatureFn fn, void *arg, YsError *err);

#endif							/* YS_POLICY_AREA_H */
