/*-------------------------------------------------------------------------
 * boundary.h
 *	  A GeoJSON geometry read into rings of positions.
 *
 * Boundaries may cross the antimeridian without being split there: an edge
 * of more than 180 degrees, though less than 360, takes the shorter way
 * round.  Such a polygon is given twice, once as it lies on either side, and
 * reaches past 180 degrees where it crosses.
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
 * Read a Polygon, a MultiPolygon, or a GeometryCollection of them, into arena.
 * json[0 .. len + YS_JSON_PADDING) must be readable; reader must not be in use.  False
 * and err (YS_ERR_INVALID_GEOJSON) when it is another type, when a coordinate is no
 * number or out of range, when a ring is not closed, has fewer than four
 * positions, or goes round a pole.
 */
extern bool ys_boundary_read(YsJsonReader *reader, const char *json, size_t len,
							 YsArena *arena, YsBoundary *boundary, YsError *err);

/* What is wrong with a ring, and what to do: a sentence. */
typedef struct YsRingFault
{
	const char *what;
	const char *hint;
} YsRingFault;

/*
 * Lay out a polygon that has been read: one polygon into out[0], or, if it crosses the
 * antimeridian, two.  Returns how many; 0 and fault when it can't be, -1 when arena is
 * exhausted.
 */
extern int	ys_boundary_unwrap(const YsPolygon *polygon, YsArena *arena, YsPolygon out[2],
							   YsRingFault *fault);

/* Room for count + 1 things of a size, which double at powers of two; NULL when the arena is exhausted. */
extern void *ys_boundary_grow(YsArena *arena, void *things, int count, size_t size);

#endif							/* YS_POLICY_BOUNDARY_H */
