/*-------------------------------------------------------------------------
 * location.h
 *	  Positions on the globe (WGS 84), in the shapes documents have them.
 *
 * Refused: what is no number, latitudes past 90 and longitudes past 180
 * degrees, and exactly 0, 0, which is what devices without a fix report.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_LOCATION_H
#define YS_POLICY_NORMALIZE_LOCATION_H

#include "policy/normalize/type.h"

typedef struct YsPosition
{
	double		lat;
	double		lon;
} YsPosition;

/* From two values, either of which may be NULL. */
extern YsUse ys_location_from_pair(const YsValue *lat, const YsValue *lon,
								   YsPosition *position, const char **reason);

/*
 * From one: a GeoJSON Point (longitude first), a map of lat or latitude and
 * lon, lng, long or longitude, or a string "lat,lon".  A bare list is
 * refused: it doesn't say which comes first.
 */
extern YsUse ys_location_from_value(const YsValue *value, YsPosition *position,
									const char **reason);

#endif							/* YS_POLICY_NORMALIZE_LOCATION_H */
