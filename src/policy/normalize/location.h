/*-------------------------------------------------------------------------
 * location.h
 *	  Positions on the globe (WGS 84), in the shapes documents have them.
 *
 * Maps of a latitude and a longitude under their names; GeoJSON Points and
 * Features of one; lists, where their order is declared; strings: "lat,lon"
 * or as declared, with letters, degrees, minutes and seconds; ISO 6709, geo
 * URIs (RFC 5870), WKT; geohashes, where those are declared.
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
	int			geohash_len;	/* of the geohash whose cell it is the centre of; 0: it is exact */
} YsPosition;

/* Which of two coordinates comes first, where nothing else tells. */
typedef enum YsOrder
{
	YS_ORDER_NONE,				/* not declared: latitude in strings, and lists are refused */
	YS_ORDER_LAT_LON,
	YS_ORDER_LON_LAT
} YsOrder;

typedef struct YsLocationRules
{
	YsOrder		order;
	bool		geohash;		/* a string of a geohash's letters and digits is one */
} YsLocationRules;

/* From two values, either of which may be NULL. */
extern YsUse ys_location_from_pair(const YsValue *lat, const YsValue *lon,
								   YsPosition *position, const char **reason);

/* From one. */
extern YsUse ys_location_from_value(const YsLocationRules *rules, const YsValue *value,
									YsPosition *position, const char **reason);

/* From a string, trimmed and not empty.  NULL, or why it is none (static text). */
extern const char *ys_location_from_text(const YsLocationRules *rules, YsSlice text,
										 YsPosition *position);

/* NULL, or why there is nobody at that position. */
extern const char *ys_position_check(const YsPosition *position);

#define YS_NOT_A_LOCATION		"not a location"

#endif							/* YS_POLICY_NORMALIZE_LOCATION_H */
