/*-------------------------------------------------------------------------
 * area_grid.h
 *	  Which polygon has a point, through a grid.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_AREA_GRID_H
#define YS_POLICY_AREA_GRID_H

#include "policy/boundary.h"

/* One polygon of an area. */
typedef struct YsShape
{
	struct YsShape *next;
	const char *area;
	YsPolygon	polygon;
} YsShape;

typedef struct YsCandidate YsCandidate;

typedef struct YsGrid
{
	double		west;
	double		south;
	double		east;
	double		north;
	double		width;			/* of a cell */
	double		height;
	int			ncolumns;
	int			nrows;
	YsCandidate **cells;		/* in the order of the shapes */
} YsGrid;

/* Lay a grid over one or more shapes; it lives in arena.  False when that is exhausted. */
extern bool ys_grid_build(YsGrid *grid, const YsShape *shapes, YsArena *arena);

/* The area of the first shape that has the point, or NULL. */
extern const char *ys_grid_locate(const YsGrid *grid, double x, double y);

#endif							/* YS_POLICY_AREA_GRID_H */
