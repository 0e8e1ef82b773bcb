/*-------------------------------------------------------------------------
 * test_area.c
 *	  Areas by point, checked against ray casting over every edge.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>

#include "policy/area.h"
#include "policy/boundary.h"

#define COUNTRIES	"examples/fleet/data/countries.geojson"

static const YsFeatureProperties by_name = {.name = "name"};

static YsAreaMap *
map_of(YsArena *arena, int count, const char *const *names, const char *const *boundaries)
{
	YsAreaMap  *map = ys_area_map_create(arena);
	YsError		err;

	assert_non_null(map);
	for (int i = 0; i < count; i++)
	{
		size_t		len = boundaries[i] != NULL ? strlen(boundaries[i]) : 0;

		if (!ys_area_map_add(map, names[i], 0, NULL, boundaries[i], len, &err))
			fail_msg("%s: %s", names[i], err.message);
	}
	assert_true(ys_area_map_finish(map, &err));
	return map;
}

static void
assert_located(const YsAreaMap *map, double lat, double lon, const char *expected)
{
	const char *got = ys_area_map_locate(map, lat, lon);

	if (got == NULL || expected == NULL ? got != expected : strcmp(got, expected) != 0)
		fail_msg("%g, %g: in %s, wanted %s", lat, lon, got != NULL ? got : "none",
				 expected != NULL ? expected : "none");
}

static void
test_holes_and_parts(void **state)
{
	static const char *const names[] = {"ring", "parts", "late", "none"};
	static const char *const boundaries[] = {
		/* a square with a square hole, and in the hole an island */
		"{\"type\": \"MultiPolygon\", \"coordinates\": [[[[0,0],[10,0],[10,10],[0,10],[0,0]],"
		"[[3,3],[3,7],[7,7],[7,3],[3,3]]], [[[4,4],[6,4],[6,6],[4,6],[4,4]]]]}",
		/* two triangles, the type behind the coordinates, altitudes */
		"{\"coordinates\": [[[[20,0,5],[24,0,5],[20,4,5],[20,0,5]]],[[[30,0],[34,0],[34,4],[30,0]]]],"
		"\"type\": \"MultiPolygon\", \"bbox\": [20,0,34,4]}",
		/* overlaps ring, added after it */
		"{\"type\":\"Polygon\",\"coordinates\":[[[2,2],[12,2],[12,5],[2,5],[2,2]]]}",
		NULL
	};
	YsArena		arena;
	YsAreaMap  *map;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	map = map_of(&arena, 4, names, boundaries);
	assert_located(map, 1, 1, "ring");
	assert_located(map, 9.99, 5, "ring");
	assert_located(map, 6.5, 5, NULL);
	assert_located(map, 5.5, 5, "ring");
	assert_located(map, 4.5, 3.5, "late");	/* in ring's hole, but late has it */
	assert_located(map, 4.5, 2.5, "ring");	/* both have it */
	assert_located(map, 3, 11, "late");
	assert_located(map, 1, 20.5, "parts");
	assert_located(map, 3.5, 21, NULL);
	assert_located(map, 1, 33, "parts");
	assert_located(map, 1, 27, NULL);
	assert_located(map, -1, 5, NULL);
	assert_located(map, 89, 179, NULL);
	assert_located(map, NAN, 5, NULL);
	assert_located(map, 5, NAN, NULL);
	assert_located(map, INFINITY, -INFINITY, NULL);
	assert_located(map, 1e300, 1e300, NULL);
	ys_arena_free(&arena);
}

/* Of two areas that share a border each point of it is in exactly one. */
static void
test_shared_border(void **state)
{
	static const char *const names[] = {"west", "east"};
	static const char *const boundaries[] = {
		"{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[5,0],[6.1,3.3],[5,10],[0,10],[0,0]]]}",
		"{\"type\":\"Polygon\",\"coordinates\":[[[5,0],[10,0],[10,10],[5,10],[6.1,3.3],[5,0]]]}"
	};
	YsArena		arena;
	YsAreaMap  *map[3];
	uint64_t	random = unit_seed("test_area_border");

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	map[0] = map_of(&arena, 1, names, boundaries);
	map[1] = map_of(&arena, 1, names + 1, boundaries + 1);
	map[2] = map_of(&arena, 2, names, boundaries);
	for (int i = 0; i < 20000; i++)
	{
		double		part = (double) unit_random(&random, 1000001) / 1000000;
		bool		upper = unit_random(&random, 2);
		double		lat = upper ? 3.3 + 6.7 * part : 3.3 * part;
		double		lon = upper ? 6.1 - 1.1 * part : 5 + 1.1 * part;
		const char *west = ys_area_map_locate(map[0], lat, lon);
		const char *east = ys_area_map_locate(map[1], lat, lon);

		if (lat >= 10)
			continue;			/* the northern border is not theirs */
		assert_true((west != NULL) != (east != NULL));
		assert_located(map[2], lat, lon, west != NULL ? west : east);
	}
	ys_arena_free(&arena);
}

/* Grids of extreme shape: slivers, a point-like polygon, the whole globe. */
static void
test_odd_shapes(void **state)
{
	static const char *const names[] = {"sliver", "dot", "globe"};
	static const char *const boundaries[] = {
		"{\"type\":\"Polygon\",\"coordinates\":[[[-170,10],[0,10],[170,10],[170,10.000001],[0,10.000001],[-170,10.000001],[-170,10]]]}",
		"{\"type\":\"Polygon\",\"coordinates\":[[[1,1],[1,1],[1,1],[1,1]]]}",
		"{\"type\":\"Polygon\",\"coordinates\":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}"
	};
	YsArena		arena;
	YsAreaMap  *map;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	map = map_of(&arena, 3, names, boundaries);
	assert_located(map, 10.0000005, 42, "sliver");
	assert_located(map, 10.000002, 42, "globe");
	assert_located(map, 1, 1, "globe");
	assert_located(map, -90, -180, "globe");
	assert_located(map, 0, 180, "globe");	/* the antimeridian by its other name */
	map = map_of(&arena, 1, names, boundaries);
	assert_located(map, 10.0000005, -169, "sliver");
	assert_located(map, 9.9, -169, NULL);
	map = map_of(&arena, 1, names + 1, boundaries + 1);
	assert_located(map, 1, 1, NULL);
	map = map_of(&arena, 0, NULL, NULL);
	assert_located(map, 1, 1, NULL);
	ys_arena_free(&arena);
}

/* ---- the countries ---- */

typedef struct Country
{
	const char *name;
	YsBoundary	boundary;
} Country;

typedef struct World
{
	YsArena    *arena;
	YsJsonReader *reader;
	YsAreaMap  *map;
	Country		countries[300];
	int			ncountries;
} World;

static bool
add_country(void *arg, const YsFeature *feature)
{
	World	   *world = arg;
	Country    *country = &world->countries[world->ncountries];
	const char *geometry = feature->geometry.bytes;
	size_t		geometry_len = feature->geometry.len;
	char	   *padded = unit_padded(geometry, geometry_len, ' ');
	YsError		err;
	bool		ok;

	assert_int_equal(feature->index, world->ncountries);
	assert_in_range(world->ncountries, 0, 299);
	assert_non_null(feature->name.bytes);
	world->ncountries++;
	country->name = ys_arena_copy(world->arena, feature->name.bytes, feature->name.len);
	ok = ys_area_map_add(world->map, country->name, 0, NULL, geometry, geometry_len, &err) &&
		ys_boundary_read(world->reader, padded, geometry_len, world->arena, &country->boundary, &err);
	free(padded);
	if (!ok)
		print_message("%s: %s\n", country->name, err.message);
	return ok;
}

static char *
read_file(const char *path, size_t *len)
{
	FILE	   *file = fopen(path, "rb");
	char	   *bytes;

	if (file == NULL)
		fail_msg("cannot open %s (the tests run in the project's folder)", path);
	fseek(file, 0, SEEK_END);
	*len = (size_t) ftell(file);
	rewind(file);
	bytes = malloc(*len);
	assert_int_equal(fread(bytes, 1, *len, file), *len);
	fclose(file);
	return bytes;
}

static void
load_world(World *world, YsArena *arena)
{
	size_t		len;
	char	   *json = read_file(COUNTRIES, &len);
	YsError		err;

	memset(world, 0, sizeof(*world));
	ys_arena_init(arena, ys_arena_malloc, 0);
	world->arena = arena;
	world->reader = ys_json_reader_create();
	world->map = ys_area_map_create(arena);
	err.message[0] = '\0';
	if (!ys_area_read_geojson(json, len, &by_name, arena, add_country, world, &err))
		fail_msg("%s", err.message);
	assert_true(ys_area_map_finish(world->map, &err));
	free(json);
}

static void
unload_world(World *world)
{
	ys_json_reader_destroy(world->reader);
	ys_arena_free(world->arena);
}

/* W. R. Franklin's PNPOLY over every edge of every ring, as published. */
static bool
is_in_polygon(const YsPolygon *polygon, double x, double y)
{
	bool		inside = false;

	for (int r = 0; r < polygon->nrings; r++)
	{
		const YsPoint *p = polygon->rings[r].points;
		int			n = polygon->rings[r].npoints;

		for (int i = 0, j = n - 1; i < n; j = i++)
		{
			if ((p[i].y > y) != (p[j].y > y) &&
				x < (p[j].x - p[i].x) * (y - p[i].y) / (p[j].y - p[i].y) + p[i].x)
				inside = !inside;
		}
	}
	return inside;
}

static const char *
locate_by_force(const World *world, double lat, double lon)
{
	for (int c = 0; c < world->ncountries; c++)
	{
		const YsBoundary *boundary = &world->countries[c].boundary;

		for (int p = 0; p < boundary->npolygons; p++)
		{
			if (is_in_polygon(&boundary->polygons[p], lon, lat))
				return world->countries[c].name;
		}
	}
	return NULL;
}

static double
random_between(uint64_t *random, double low, double high)
{
	return low + (high - low) * ((double) unit_random(random, UINT64_C(1) << 53) / (double) (UINT64_C(1) << 53));
}

static void
check_point(const World *world, double lat, double lon, int *inside)
{
	const char *expected = locate_by_force(world, lat, lon);

	assert_located(world->map, lat, lon, expected);
	*inside += expected != NULL;
}

static void
test_grid_against_force(void **state)
{
	uint64_t	random = unit_seed("test_area");
	YsArena		arena;
	World		world;
	int			inside = 0;

	(void) state;
	load_world(&world, &arena);
	assert_int_equal(world.ncountries, 177);
	for (int i = 0; i < 20000; i++)
		check_point(&world, random_between(&random, -90, 90), random_between(&random, -180, 180), &inside);
	assert_in_range(inside, 4000, 16000);

	/* Close to corners, where mistakes would be. */
	for (int i = 0; i < 20000; i++)
	{
		const YsBoundary *boundary = &world.countries[unit_random(&random, 177)].boundary;
		const YsPolygon *polygon = &boundary->polygons[unit_random(&random, (uint64_t) boundary->npolygons)];
		const YsRing *ring = &polygon->rings[unit_random(&random, (uint64_t) polygon->nrings)];
		YsPoint		corner = ring->points[unit_random(&random, (uint64_t) ring->npoints)];
		double		away = pow(10, -(double) unit_random(&random, 8));

		check_point(&world, corner.y + random_between(&random, -away, away),
					corner.x + random_between(&random, -away, away), &inside);
	}
	unload_world(&world);
}

static void
test_known_places(void **state)
{
	static const struct
	{
		double		lat;
		double		lon;
		const char *country;
	}			places[] =
	{
		{45.4642, 9.19, "Italy"}, {41.9029, 12.4534, "Italy"}, {-26.5, 29.9, "South Africa"},
		{-29.5, 28.25, "Lesotho"},	/* in South Africa's hole */
		{-17.8, 178.0, "Fiji"}, {-16.65, 179.2, "Fiji"}, {-16.3, -179.9, "Fiji"}, {-16.3, 180, "Fiji"}, {-16.3, -180, "Fiji"},
		{66.5, 179.5, "Russia"}, {66.5, -175.0, "Russia"}, {68.0, 180, "Russia"}, {68.0, -180, "Russia"},
		{-89.5, 45, "Antarctica"}, {64.8, -18.5, "Iceland"}, {40, -100, "United States of America"},
		{0, -30, NULL}, {30, -140, NULL}, {-16.65, 0, NULL}, {66.5, -30, NULL}
	};
	YsArena		arena;
	World		world;

	(void) state;
	load_world(&world, &arena);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_located(world.map, places[i].lat, places[i].lon, places[i].country);
	unload_world(&world);
}

/* ---- the antimeridian ---- */

/* A ring about a point, as positions that may lie past 180 degrees; star-shaped, so that it is simple. */
static void
random_ring(uint64_t *random, double lon, double lat, double least, double most, YsRing *ring)
{
	static YsPoint points[2][64];
	static int	turn;
	int			n = 3 + (int) unit_random(random, 40);

	ring->npoints = n + 1;
	ring->points = points[turn++ % 2];
	for (int i = 0; i < n; i++)
	{
		double		angle = 2 * 3.14159265358979 * i / n;
		double		radius = random_between(random, least, most);

		/* on a lattice that turns of the globe don't move off */
		ring->points[i] = (YsPoint) {
			round((lon + radius * cos(angle)) * 1024) / 1024, round((lat + radius * sin(angle)) * 1024) / 1024
		};
	}
	ring->points[n] = ring->points[0];
}

static double
wrap(double lon)
{
	return lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon;
}

static size_t
print_ring(char *out, const YsRing *ring)
{
	size_t		len = (size_t) sprintf(out, "[");

	for (int i = 0; i < ring->npoints; i++)
		len += (size_t) sprintf(out + len, "%s[%.10f,%.10f]", i > 0 ? "," : "",
								wrap(ring->points[i].x), ring->points[i].y);
	return len + (size_t) sprintf(out + len, "]");
}

/* Rings with a hole across 180 degrees, not split there: as ray casting over what they are on a wider globe. */
static void
test_antimeridian_against_force(void **state)
{
	static const char *const names[] = {"across"};
	uint64_t	random = unit_seed("test_antimeridian");
	char	   *json = malloc(100000);
	int			inside = 0;

	(void) state;
	for (int round_ = 0; round_ < 300; round_++)
	{
		double		lon = (unit_random(&random, 2) ? 180 : -180) + random_between(&random, -25, 25);
		double		lat = random_between(&random, -50, 50);
		double		most = random_between(&random, 1, 35);
		YsRing		rings[2];
		YsPolygon	polygon = {2, rings};
		YsArena		arena;
		YsAreaMap  *map;
		size_t		len;

		random_ring(&random, lon, lat, most / 2, most, &rings[0]);
		random_ring(&random, lon, lat, most / 8, most / 4, &rings[1]);
		len = (size_t) sprintf(json, "{\"type\":\"Polygon\",\"coordinates\":[");
		len += print_ring(json + len, &rings[0]);
		len += (size_t) sprintf(json + len, ",");
		len += print_ring(json + len, &rings[1]);
		sprintf(json + len, "]}");
		ys_arena_init(&arena, ys_arena_malloc, 0);
		map = map_of(&arena, 1, names, (const char *const[]) {json});
		for (int i = 0; i < 300; i++)
		{
			double		x = wrap(lon + random_between(&random, -most, most) * 1.1);
			double		y = lat + random_between(&random, -most, most) * 1.1;
			bool		expected = is_in_polygon(&polygon, x, y) || is_in_polygon(&polygon, x + 360, y) ||
				is_in_polygon(&polygon, x - 360, y);

			if (x == 180 || x == -180)
				continue;
			assert_located(map, y, x, expected ? "across" : NULL);
			inside += expected;
		}
		ys_arena_free(&arena);
	}
	assert_in_range(inside, 10000, 80000);
	free(json);
}

/* The same area, split as RFC 7946 says and not split. */
static void
test_split_or_not(void **state)
{
	static const char *const names[] = {"fiji", "split", "stepped"};
	static const char *const boundaries[] = {
		"{\"type\":\"Polygon\",\"coordinates\":[[[170,-20],[-170,-20],[-170,-10],[170,-10],[170,-20]],"
		"[[179,-16],[-179,-16],[-179,-14],[179,-14],[179,-16]],[[-178,-12],[-177,-12],[-177,-11],[-178,-11],[-178,-12]],"
		"[[172,-12],[173,-12],[173,-11],[172,-11],[172,-12]]]}",
		"{\"type\":\"MultiPolygon\",\"coordinates\":[[[[170,-20],[180,-20],[180,-16],[179,-16],[179,-14],[180,-14],"
		"[180,-10],[170,-10],[170,-20]],[[172,-12],[173,-12],[173,-11],[172,-11],[172,-12]]],"
		"[[[-180,-20],[-170,-20],[-170,-10],[-180,-10],[-180,-14],[-179,-14],[-179,-16],[-180,-16],[-180,-20]],"
		"[[-178,-12],[-177,-12],[-177,-11],[-178,-11],[-178,-12]]]]}",
		/* with a position at both names of the antimeridian, beginning on the west side */
		"{\"type\":\"Polygon\",\"coordinates\":[[[-170,-20],[-170,-10],[-180,-10],[180,-10],[170,-10],[170,-20],"
		"[-170,-20]],[[-179,-16],[179,-16],[179,-14],[-179,-14],[-179,-16]],"
		"[[-178,-12],[-177,-12],[-177,-11],[-178,-11],[-178,-12]],[[172,-12],[173,-12],[173,-11],[172,-11],[172,-12]]]}"
	};
	YsArena		arena;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	for (int i = 0; i < 3; i++)
	{
		YsAreaMap  *map = map_of(&arena, 1, names + i, boundaries + i);

		assert_located(map, -15.5, 175, names[i]);
		assert_located(map, -15.5, -175, names[i]);
		assert_located(map, -18, 180, names[i]);
		assert_located(map, -18, -180, names[i]);
		assert_located(map, -15, 179.5, NULL);
		assert_located(map, -15, -179.5, NULL);
		assert_located(map, -15, 180, NULL);
		assert_located(map, -15, -180, NULL);
		assert_located(map, -11.5, -177.5, NULL);
		assert_located(map, -11.5, 172.5, NULL);
		assert_located(map, -11.5, 177.5, names[i]);
		assert_located(map, -15.5, 0, NULL);
		assert_located(map, -15.5, 169, NULL);
		assert_located(map, -15.5, -169, NULL);
		assert_located(map, -9, 175, NULL);
	}
	ys_arena_free(&arena);
}

/* A map that has too little memory says so, wherever it runs out. */
static void
test_out_of_memory(void **state)
{
	static const char boundary[] = "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[9,1],[8,8],[1,9],[0,0]]]}";

	(void) state;
	for (size_t limit = 1; limit < 40000; limit = limit * 5 / 4 + 1)
	{
		YsArena		arena;
		YsAreaMap  *map;
		YsError		err = {YS_OK, "", "", ""};
		bool		ok;

		ys_arena_init(&arena, ys_arena_malloc, limit);
		map = ys_area_map_create(&arena);
		ok = map != NULL && ys_area_map_add(map, "a", 0, NULL, boundary, strlen(boundary), &err) &&
			ys_area_map_finish(map, &err);
		if (ok)
			assert_located(map, 5, 5, "a");
		else if (map != NULL)
			assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
		ys_arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes_and_parts),
		cmocka_unit_test(test_shared_border),
		cmocka_unit_test(test_odd_shapes),
		cmocka_unit_test(test_grid_against_force),
		cmocka_unit_test(test_known_places),
		cmocka_unit_test(test_antimeridian_against_force),
		cmocka_unit_test(test_split_or_not),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("area", tests, NULL, NULL);
}
