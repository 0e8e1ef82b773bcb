/*-------------------------------------------------------------------------
 * boundary.h
 *	  A GeoJSON geometry read into rings of positions.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_BOUNDARY_H
#define YS_POLICY_BOUNDARY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

typedef struct YsPoint
{
	double		x;				/* longitude */
	double		y;				/* latitude */
} YsPoint;

/* Closed: the last point is the first. */
typedef struct YsRing
{
	int			npoints;
	YsPoint    *points;
} YsRing;

/* The first ring is the outer one, the others are holes. */
typedef struct YsPolygon
{
	int			nrings;
	YsRing	   *rings;
} YsPolygon;

typedef struct YsBoundary
{
	int			npolygons;
	YsPolygon  *polygons;
} YsBoundary;

/*
 * Read a Polygon or MultiPolygon into arena.  json[0 .. len + YS_JSON_PADDING)
 * must be readable; reader must not be in use.  False and err
 * (YS_ERR_INVALID_GEOJSON) when it is another type, when a coordinate is no
 * number or out of range, or when a ring is not closed or has fewer than four
 * positions.
 */
extern bool ys_boundary_read(YsJsonReader *reader, const char *json, size_t len,
							 YsArena *arena, YsBoundary *boundary, YsError *err);

#endif							/* YS_POLICY_BOUNDARY_H */
