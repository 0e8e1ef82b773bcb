/*-------------------------------------------------------------------------
 * boundary_wrap.c
 *	  Boundaries that cross the antimeridian.
 *
 * Each position keeps its longitude and the turn of the globe it is on, so that a
 * border that two areas share has the same positions in both, however their
 * boundaries are written: adding no turn changes no longitude.
 *
 * An edge of exactly 360 degrees, from one side of the antimeridian to the other, is one
 * along the whole width, as RFC 7946 has it: the southern edge of Antarctica, or
 * of the world.  A ring that makes no sense so may have it as a step along the antimeridian.
 *-------------------------------------------------------------------------
 */
#include "policy/boundary.h"

#include <math.h>

#define POLE_HINT \
	"Split it at the antimeridian and close it along the pole, as RFC 7946 section 3.1.9 says."

/* A ring's turns, one a position, and how far east and west it reaches. */
typedef struct Turns
{
	int		   *turns;
	int			low;			/* of all */
	int			high;
	double		west;
	double		east;
} Turns;

static double
unwrapped(const YsRing *ring, const Turns *turns, int i)
{
	return ring->points[i].x + 360.0 * turns->turns[i];
}

/* Does the ring end on the turn it began on, if edges of 360 degrees are steps, or widths? */
static bool
follow_edges(const YsRing *ring, Turns *turns, bool steps)
{
	turns->turns[0] = turns->low = turns->high = 0;
	turns->west = turns->east = ring->points[0].x;
	for (int i = 1; i < ring->npoints; i++)
	{
		double		step = ring->points[i].x - ring->points[i - 1].x;
		int			turn = turns->turns[i - 1];
		double		x;

		if (fabs(step) == 360 && !steps && ring->points[i].y != ring->points[i - 1].y)
			return false;
		if (fabs(step) > 180 && (fabs(step) < 360 || steps))
			turn += step > 0 ? -1 : 1;
		turns->turns[i] = turn;
		turns->low = turn < turns->low ? turn : turns->low;
		turns->high = turn > turns->high ? turn : turns->high;
		x = unwrapped(ring, turns, i);
		turns->west = fmin(turns->west, x);
		turns->east = fmax(turns->east, x);
	}
	return turns->turns[ring->npoints - 1] == 0;
}

/* NULL, or what is wrong. */
static const char *
follow_ring(const YsRing *ring, Turns *turns)
{
	if (!follow_edges(ring, turns, false) && !follow_edges(ring, turns, true))
		return "a ring goes round a pole";
	return turns->east - turns->west > 360 ? "a ring is wider than the globe" : NULL;
}

/* Turn a hole to where the outer ring is. */
static void
turn_hole(const YsRing *ring, Turns *hole, const Turns *outer)
{
	int			by = 0;

	if (hole->west < outer->west)
		by = hole->east + 360 <= outer->east ? 1 : 0;
	else if (hole->east > outer->east)
		by = hole->west - 360 >= outer->west ? -1 : 0;
	for (int i = 0; i < ring->npoints; i++)
		hole->turns[i] += by;
}

/* The polygon with all its positions moved by so many turns. */
static bool
lay_out(const YsPolygon *polygon, Turns *turns, int by, YsArena *arena, YsPolygon *out)
{
	out->nrings = polygon->nrings;
	out->rings = ys_arena_alloc(arena, sizeof(YsRing) * (size_t) polygon->nrings);
	if (out->rings == NULL)
		return false;
	for (int r = 0; r < polygon->nrings; r++)
	{
		const YsRing *ring = &polygon->rings[r];
		YsPoint    *points = ys_arena_alloc(arena, sizeof(YsPoint) * (size_t) ring->npoints);

		if (points == NULL)
			return false;
		for (int i = 0; i < ring->npoints; i++)
			points[i] = (YsPoint) {
				ring->points[i].x + 360.0 * (turns[r].turns[i] + by), ring->points[i].y
			};
		out->rings[r] = (YsRing) {ring->npoints, points};
	}
	return true;
}

int
ys_boundary_unwrap(const YsPolygon *polygon, YsArena *arena, YsPolygon out[2], YsRingFault *fault)
{
	Turns	   *turns = ys_arena_alloc(arena, sizeof(Turns) * (size_t) polygon->nrings);
	bool		crosses = false;

	if (turns == NULL)
		return -1;
	for (int r = 0; r < polygon->nrings; r++)
	{
		turns[r].turns = ys_arena_alloc(arena, sizeof(int) * (size_t) polygon->rings[r].npoints);
		if (turns[r].turns == NULL)
			return -1;
		fault->what = follow_ring(&polygon->rings[r], &turns[r]);
		fault->hint = POLE_HINT;
		if (fault->what != NULL)
			return 0;
		if (turns[r].low == 0 && turns[r].high == 0)
			continue;
		if (r > 0 && !crosses)
		{
			fault->what = "a hole crosses the antimeridian, and its polygon does not";
			fault->hint = "Split the polygon and its hole there.";
			return 0;
		}
		crosses = true;
	}
	out[0] = *polygon;
	if (!crosses)
		return 1;
	for (int r = 1; r < polygon->nrings; r++)
		turn_hole(&polygon->rings[r], &turns[r], &turns[0]);
	return lay_out(polygon, turns, 0, arena, &out[0]) &&
		lay_out(polygon, turns, turns[0].high > 0 ? -1 : 1, arena, &out[1]) ? 2 : -1;
}
