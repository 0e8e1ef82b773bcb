/*-------------------------------------------------------------------------
 * fuzz_geojson.c
 *	  A feature collection, or, where the first byte is no '{', the corners
 *	  of polygons, two bytes each: areas that are looked up by their points.
 *
 * Where the map says a point is, counting the edges north of it says too.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <math.h>

#include "policy/area.h"
#include "policy/boundary.h"

#define MAX_AREAS	16

typedef struct Areas
{
	YsArena    *arena;
	YsAreaMap  *map;
	YsJsonReader *reader;
	int			count;
	const char *names[MAX_AREAS];
	YsBoundary	boundaries[MAX_AREAS];
} Areas;

static bool
add_area(void *arg, const YsFeature *feature)
{
	Areas	   *areas = arg;
	const char *geometry = feature->geometry.bytes;
	size_t		len = feature->geometry.len;
	char		own[32];
	char	   *copy;
	YsError		err;
	bool		ok;

	if (areas->count == MAX_AREAS)
		return false;
	snprintf(own, sizeof(own), "area %d", feature->index);
	areas->names[areas->count] = ys_arena_copy(areas->arena, own, strlen(own));
	copy = fuzz_padded(geometry, len);
	ok = ys_boundary_read(areas->reader, copy, len, areas->arena, &areas->boundaries[areas->count], &err);
	free(copy);
	FUZZ_CHECK(ok, "checked, and then refused: %s", err.message);
	copy = fuzz_copy(geometry, len);
	ok = ys_area_map_add(areas->map, own, 0, NULL, copy, len, &err);
	free(copy);
	FUZZ_CHECK(ok, "checked, and then refused: %s", err.message);
	areas->count++;
	return true;
}

/* ---- points ---- */

/* Is the point inside the rings, by even and odd?  *close: it is too near to an edge to say. */
static bool
is_inside(const YsBoundary *boundary, double x, double y, bool *close)
{
	bool		inside = false;

	for (int p = 0; p < boundary->npolygons; p++)
	{
		bool		in_polygon = false;

		for (int r = 0; r < boundary->polygons[p].nrings; r++)
		{
			const YsRing *ring = &boundary->polygons[p].rings[r];
			bool		in_ring = false;

			for (int i = 1; i < ring->npoints; i++)
			{
				YsPoint		a = ring->points[i - 1];
				YsPoint		b = ring->points[i];
				double		dx = b.x - a.x;
				double		dy = b.y - a.y;
				double		side = (x - a.x) * dy - (y - a.y) * dx;

				if (fabs(side) <= 1e-6 * (fabs(dx) + fabs(dy)) &&
					x >= fmin(a.x, b.x) - 1e-6 && x <= fmax(a.x, b.x) + 1e-6 &&
					y >= fmin(a.y, b.y) - 1e-6 && y <= fmax(a.y, b.y) + 1e-6)
					*close = true;
				if ((a.y > y) != (b.y > y) && (dy > 0) == (side < 0))
					in_ring = !in_ring;
			}
			if (r == 0)
				in_polygon = in_ring;
			else if (in_ring)
				in_polygon = false;
		}
		inside |= in_polygon;
	}
	return inside;
}

static void
check_point(const Areas *areas, double x, double y)
{
	const char *found = ys_area_map_locate(areas->map, y, x);
	const char *wanted = NULL;
	bool		close = false;

	for (int i = 0; i < areas->count && wanted == NULL; i++)
	{
		if (is_inside(&areas->boundaries[i], x, y, &close))
			wanted = areas->names[i];
	}
	if (!close)
		FUZZ_CHECK((found == NULL) == (wanted == NULL) && (found == NULL || strcmp(found, wanted) == 0),
				   "%.17g, %.17g is in %s, not in %s", y, x, wanted != NULL ? wanted : "none",
				   found != NULL ? found : "none");
}

/* Points beside every corner, and some of everywhere. */
static void
check_points(const Areas *areas)
{
	int			left = 100;

	for (int a = 0; a < areas->count; a++)
	{
		for (int p = 0; p < areas->boundaries[a].npolygons; p++)
		{
			const YsPolygon *polygon = &areas->boundaries[a].polygons[p];

			for (int r = 0; r < polygon->nrings; r++)
			{
				for (int i = 0; i < polygon->rings[r].npoints && left-- > 0; i++)
				{
					YsPoint		point = polygon->rings[r].points[i];

					check_point(areas, fmin(fmax(point.x + 0.01, -180), 180), fmin(point.y + 0.003, 90));
					check_point(areas, fmin(fmax(point.x - 0.3, -180), 180), point.y);
					(void) ys_area_map_locate(areas->map, point.y, point.x);
				}
			}
		}
	}
	for (int x = -180; x <= 180; x += 30)
	{
		for (int y = -90; y <= 90; y += 30)
			check_point(areas, x + 0.25, fmin(y + 0.125, 90));
	}
}

static bool
ends(const char *bytes, size_t i)
{
	return (signed char) bytes[i] == 127 && (signed char) bytes[i + 1] == 127;
}

/*
 * Polygons of bytes: two are a corner (a step is 1.4 degrees of longitude and 0.7 of latitude);
 * 127 127 ends the ring, which is then closed.  Each ring is an area.
 */
static void
write_polygons(YsText *text, const char *bytes, size_t len)
{
	char		corner[64];

	ys_text_add_cstring(text, "{\"type\":\"FeatureCollection\",\"features\":[");
	for (size_t start = 0; start + 1 < len;)
	{
		size_t		end = start;

		while (end + 1 < len && !ends(bytes, end))
			end += 2;
		if (end - start >= 6)
		{
			ys_text_add_cstring(text, text->bytes[text->len - 1] == '[' ? "" : ",");
			ys_text_add_cstring(text, "{\"type\":\"Feature\",\"properties\":{\"name\":\"x\"},\"geometry\":"
								"{\"type\":\"Polygon\",\"coordinates\":[[");
			for (size_t i = start; i < end; i += 2)
			{
				snprintf(corner, sizeof(corner), "[%.4f,%.4f],", (signed char) bytes[i] * 1.4,
						 (signed char) bytes[i + 1] * 0.7);
				ys_text_add_cstring(text, corner);
			}
			snprintf(corner, sizeof(corner), "[%.4f,%.4f]", (signed char) bytes[start] * 1.4,
					 (signed char) bytes[start + 1] * 0.7);
			ys_text_add_cstring(text, corner);
			ys_text_add_cstring(text, "]]}}");
		}
		start = end + 2;
	}
	ys_text_add_cstring(text, "]}");
}

void
fuzz_geojson(const char *bytes, size_t len)
{
	static const char *const aliases[] = {"alias", "aliases"};
	static const YsFeatureProperties properties = {"name", "parent", 2, aliases};
	YsArena		arena;
	Areas		areas = {.arena = &arena};
	YsText		text;
	char	   *copy;
	bool		ok;
	YsError		err;

	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	if (len > 0 && bytes[0] != '{')
	{
		ys_text_init(&text, &arena);
		write_polygons(&text, bytes, len);
		bytes = text.bytes;
		len = text.len;
	}
	memset(&err, 0, sizeof(err));
	areas.map = ys_area_map_create(&arena);
	areas.reader = ys_json_reader_create();
	copy = fuzz_copy(bytes, len);
	ok = ys_area_read_geojson(copy, len, &properties, &arena, add_area, &areas, &err);
	free(copy);
	ys_json_reader_destroy(areas.reader);
	if (!ok && areas.count < MAX_AREAS)
		fuzz_check_error(&err);
	if (areas.count > 0)
	{
		FUZZ_CHECK(ys_area_map_finish(areas.map, &err), "%s", err.message);
		check_points(&areas);
	}
	ys_arena_free(&arena);
}
