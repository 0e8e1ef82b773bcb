/*-------------------------------------------------------------------------
 * area_grid.c
 *	  Which polygon has a point, through a grid.
 *
 * A point is inside a polygon when a ray from it to the east crosses its
 * rings an odd number of times (even-odd ray casting, after W. R. Franklin's
 * PNPOLY).  Borders belong to the polygon on their north-east side, so that
 * of two polygons that share a border one has it.
 *
 * The grid makes that cheap without changing any answer.  Each of its cells
 * keeps, per polygon, what can differ among the rays that start in the cell:
 *
 *	- edges west of the cell, or wholly above or below its row, are never crossed;
 *	- of a chain of edges east of the cell only the latitudes of its two ends
 *	  matter: it is crossed as often, modulo two, as a meridian between them,
 *	  which is kept in its place, or counted once and for all when it spans
 *	  the whole row or none of it;
 *	- what remains are the few edges next to the cell, kept as they are.
 *
 * A cell without edges is wholly inside or outside.  Cells are made a hair
 * larger than they are, so that rounding never puts an edge on the wrong side.
 *-------------------------------------------------------------------------
 */
#include "policy/area_grid.h"

#include <math.h>
#include <string.h>

#define MARGIN			1e-9	/* degrees: some 0.1 mm */
#define FAR_EAST		1000.0	/* past any longitude */
#define LEAST_CELLS		64
#define MOST_CELLS		(512 * 1024)
#define CELLS_PER_EDGE	8

/* Crossed by the ray from x, y when low <= y < high and x < x_low + slope * (y - low). */
typedef struct Edge
{
	double		low;
	double		high;
	double		x_low;
	double		slope;
} Edge;

/* What a cell keeps of one polygon. */
struct YsCandidate
{
	YsCandidate *next;
	const char *area;
	int			nedges;
	bool		inside;			/* before any edge is looked at */
	Edge		edges[];
};

/* ---- building the grid ---- */

/* An edge of the polygon whose rays some row of cells may cross. */
typedef struct ActiveEdge
{
	YsPoint		from;
	YsPoint		to;
	int			index;			/* neighbours in a ring follow each other */
} ActiveEdge;

typedef struct Builder
{
	YsGrid	   *grid;
	YsArena    *arena;
	YsArena		scratch;
	YsCandidate **last;			/* of each cell */
	YsCandidate *whole;			/* one for all cells that are wholly inside the polygon */
	ActiveEdge *active;			/* of the current polygon and row */
	int			nactive;
	Edge	   *edges;			/* of the current cell */
	int			nedges;
	bool		inside;
} Builder;

static int
column_of(const YsGrid *grid, double x)
{
	int			column = (int) ((x - grid->west) / grid->width);

	return column < 0 ? 0 : column >= grid->ncolumns ? grid->ncolumns - 1 : column;
}

static int
row_of(const YsGrid *grid, double y)
{
	int			row = (int) ((y - grid->south) / grid->height);

	return row < 0 ? 0 : row >= grid->nrows ? grid->nrows - 1 : row;
}

/* Horizontal edges are never crossed. */
static void
keep_edge(Builder *builder, YsPoint a, YsPoint b)
{
	YsPoint		low = a.y < b.y ? a : b;
	YsPoint		high = a.y < b.y ? b : a;

	if (low.y == high.y)
		return;
	builder->edges[builder->nedges++] = (Edge) {
		low.y, high.y, low.x, (high.x - low.x) / (high.y - low.y)
	};
}

/* A chain of edges east of the cell that begins and ends at these latitudes. */
static void
keep_chain(Builder *builder, double begin, double end, double south, double north)
{
	double		low = begin < end ? begin : end;
	double		high = begin < end ? end : begin;

	if (high <= south || low > north)
		return;
	if (low <= south && high > north)
		builder->inside = !builder->inside;
	else
		keep_edge(builder, (YsPoint) {FAR_EAST, low}, (YsPoint) {FAR_EAST, high});
}

/* Sort the row's edges for the cell between these lines. */
static void
sort_edges(Builder *builder, double west, double east, double south, double north)
{
	double		begin = 0;
	double		end = 0;
	int			next = -1;		/* the edge that would continue the chain */

	builder->nedges = 0;
	builder->inside = false;
	for (int i = 0; i < builder->nactive; i++)
	{
		const ActiveEdge *edge = &builder->active[i];

		if (edge->from.x > east && edge->to.x > east)
		{
			if (next != edge->index)
			{
				if (next >= 0)
					keep_chain(builder, begin, end, south, north);
				begin = edge->from.y;
			}
			end = edge->to.y;
			next = edge->index + 1;
		}
		else if (edge->from.x >= west || edge->to.x >= west)
			keep_edge(builder, edge->from, edge->to);
	}
	if (next >= 0)
		keep_chain(builder, begin, end, south, north);
}

static bool
add_candidate(Builder *builder, int cell, const char *area)
{
	YsCandidate  *last = builder->last[cell];
	YsCandidate  *candidate;

	if (builder->nedges == 0 && !builder->inside)
		return true;
	if (last != NULL && last->nedges == 0)
		return true;			/* the cell is wholly inside an earlier one */
	candidate = builder->nedges == 0 ? builder->whole : NULL;
	if (candidate == NULL)
	{
		candidate = ys_arena_alloc(builder->arena,
								   sizeof(YsCandidate) + sizeof(Edge) * (size_t) builder->nedges);
		if (candidate == NULL)
			return false;
		candidate->next = NULL;
		candidate->area = area;
		candidate->nedges = builder->nedges;
		candidate->inside = builder->inside;
		memcpy(candidate->edges, builder->edges, sizeof(Edge) * (size_t) builder->nedges);
	}
	/* nothing follows it in any cell */
	if (candidate->nedges == 0)
		builder->whole = candidate;
	if (last != NULL)
		last->next = candidate;
	else
		builder->grid->cells[cell] = candidate;
	builder->last[cell] = candidate;
	return true;
}

/* The polygon's edges that reach into a row. */
static void
collect_active(Builder *builder, const YsPolygon *polygon, double south, double north)
{
	int			index = 0;

	builder->nactive = 0;
	for (int r = 0; r < polygon->nrings; r++)
	{
		const YsRing *ring = &polygon->rings[r];

		for (int i = 0; i + 1 < ring->npoints; i++, index++)
		{
			YsPoint		from = ring->points[i];
			YsPoint		to = ring->points[i + 1];

			if ((from.y < south && to.y < south) || (from.y > north && to.y > north))
				continue;
			builder->active[builder->nactive++] = (ActiveEdge) {from, to, index};
		}
		index++;				/* the next ring continues no chain of this one */
	}
}

static void
widen(const YsPolygon *polygon, YsPoint *low, YsPoint *high, size_t *nedges)
{
	for (int r = 0; r < polygon->nrings; r++)
	{
		const YsRing *ring = &polygon->rings[r];

		*nedges += (size_t) ring->npoints;
		for (int i = 0; i < ring->npoints; i++)
		{
			low->x = fmin(low->x, ring->points[i].x);
			low->y = fmin(low->y, ring->points[i].y);
			high->x = fmax(high->x, ring->points[i].x);
			high->y = fmax(high->y, ring->points[i].y);
		}
	}
}

static bool
place_polygon(Builder *builder, const YsShape *shape)
{
	const YsGrid *grid = builder->grid;
	YsPoint		low = {FAR_EAST, FAR_EAST};
	YsPoint		high = {-FAR_EAST, -FAR_EAST};
	size_t		nedges = 0;

	builder->whole = NULL;
	ys_arena_reset(&builder->scratch);
	widen(&shape->polygon, &low, &high, &nedges);
	builder->active = ys_arena_alloc(&builder->scratch, sizeof(ActiveEdge) * nedges);
	builder->edges = ys_arena_alloc(&builder->scratch, sizeof(Edge) * nedges);
	if (builder->active == NULL || builder->edges == NULL)
		return false;
	for (int row = row_of(grid, low.y - MARGIN); row <= row_of(grid, high.y + MARGIN); row++)
	{
		double		south = grid->south + row * grid->height - MARGIN;
		double		north = grid->south + (row + 1) * grid->height + MARGIN;

		collect_active(builder, &shape->polygon, south, north);
		for (int column = column_of(grid, low.x - MARGIN);
			 column <= column_of(grid, high.x + MARGIN); column++)
		{
			double		west = grid->west + column * grid->width - MARGIN;
			double		east = grid->west + (column + 1) * grid->width + MARGIN;

			sort_edges(builder, west, east, south, north);
			if (!add_candidate(builder, row * grid->ncolumns + column, shape->area))
				return false;
		}
	}
	return true;
}

/* Lay some CELLS_PER_EDGE square cells an edge over what the polygons cover. */
static void
lay_out(YsGrid *grid, YsPoint low, YsPoint high, size_t nedges)
{
	double		width = fmax(high.x - low.x, 1e-6);
	double		height = fmax(high.y - low.y, 1e-6);
	double		ncells = fmin(fmax((double) nedges * CELLS_PER_EDGE, LEAST_CELLS), MOST_CELLS);
	double		side = sqrt(width * height / ncells);

	grid->west = low.x;
	grid->south = low.y;
	grid->east = high.x;
	grid->north = high.y;
	grid->ncolumns = (int) fmin(ceil(width / side), MOST_CELLS / 256);
	grid->nrows = (int) fmin(ceil(height / side), MOST_CELLS / 256);
	grid->width = width / grid->ncolumns;
	grid->height = height / grid->nrows;
}

bool
ys_grid_build(YsGrid *grid, const YsShape *shapes, YsArena *arena)
{
	Builder		builder = {.grid = grid, .arena = arena};
	YsArena		lasting;
	YsPoint		low = {FAR_EAST, FAR_EAST};
	YsPoint		high = {-FAR_EAST, -FAR_EAST};
	size_t		nedges = 0;
	size_t		ncells;
	bool		ok;

	for (const YsShape *shape = shapes; shape != NULL; shape = shape->next)
		widen(&shape->polygon, &low, &high, &nedges);
	lay_out(grid, low, high, nedges);
	ncells = (size_t) grid->ncolumns * (size_t) grid->nrows;
	ys_arena_init(&builder.scratch, arena->source, 0);
	ys_arena_init(&lasting, arena->source, 0);
	grid->cells = ys_arena_alloc_zero(arena, sizeof(YsCandidate *) * ncells);
	builder.last = ys_arena_alloc_zero(&lasting, sizeof(YsCandidate *) * ncells);
	ok = grid->cells != NULL && builder.last != NULL;
	for (const YsShape *shape = shapes; ok && shape != NULL; shape = shape->next)
		ok = place_polygon(&builder, shape);
	ys_arena_free(&builder.scratch);
	ys_arena_free(&lasting);
	return ok;
}

/* ---- locating ---- */

const char *
ys_grid_locate(const YsGrid *grid, double x, double y)
{
	const YsCandidate *candidate;

	/* Not a number is in no area, either. */
	if (!(x >= grid->west && x <= grid->east && y >= grid->south && y <= grid->north))
		return NULL;
	candidate = grid->cells[row_of(grid, y) * grid->ncolumns + column_of(grid, x)];
	for (; candidate != NULL; candidate = candidate->next)
	{
		bool		inside = candidate->inside;

		for (int i = 0; i < candidate->nedges; i++)
		{
			const Edge *edge = &candidate->edges[i];

			inside ^= y >= edge->low && y < edge->high &&
				x < edge->x_low + edge->slope * (y - edge->low);
		}
		if (inside)
			return candidate->area;
	}
	return NULL;
}
