/*-------------------------------------------------------------------------
 * test_area.c
 *	  Areas: by point, checked against ray casting over every edge, by name,
 *	  and what GeoJSON is refused.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>

#include "policy/area.h"
#include "policy/boundary.h"

#define COUNTRIES	"examples/fleet/data/countries.geojson"

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
	assert_string_equal(ys_area_map_find(map, "none", 4), "none");
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
		"{\"type\":\"Polygon\",\"coordinates\":[[[-170,10],[170,10],[170,10.000001],[-170,10.000001],[-170,10]]]}",
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
	assert_null(ys_area_map_find(map, "x", 1));
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
add_country(void *arg, int index, const char *name, size_t name_len,
			const char *geometry, size_t geometry_len)
{
	World	   *world = arg;
	Country    *country = &world->countries[world->ncountries];
	char	   *padded = unit_padded(geometry, geometry_len, ' ');
	YsError		err;
	bool		ok;

	assert_int_equal(index, world->ncountries);
	assert_in_range(world->ncountries, 0, 299);
	assert_non_null(name);
	world->ncountries++;
	country->name = ys_arena_copy(world->arena, name, name_len);
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
	if (!ys_area_read_geojson(json, len, "name", arena, add_country, world, &err))
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

/* ---- names ---- */

static void
test_names(void **state)
{
	static const char *const aliases[] = {"IT", "Italia", " italie ", "", "france"};
	YsArena		arena;
	YsAreaMap  *map;
	YsError		err;
	char		name[32];

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	map = ys_area_map_create(&arena);
	assert_true(ys_area_map_add(map, "Italy", 5, aliases, NULL, 0, &err));
	assert_true(ys_area_map_add(map, "France", 0, NULL, NULL, 0, &err));
	assert_true(ys_area_map_add(map, "Österreich", 1, (const char *const[]) {"it"}, NULL, 0, &err));
	for (int i = 0; i < 500; i++)
	{
		snprintf(name, sizeof(name), "Area %d", i);
		assert_true(ys_area_map_add(map, name, 0, NULL, NULL, 0, &err));
	}
	assert_null(ys_area_map_find(map, "Italy", 5)); /* not before it is finished */
	assert_true(ys_area_map_finish(map, &err));
	assert_string_equal(ys_area_map_find(map, "Italy", 5), "Italy");
	assert_string_equal(ys_area_map_find(map, " iTALY\t", 7), "Italy");
	assert_string_equal(ys_area_map_find(map, "ITALIE", 6), "Italy");
	assert_string_equal(ys_area_map_find(map, "it", 2), "Italy");	/* the first that claimed it */
	assert_string_equal(ys_area_map_find(map, "FRANCE", 6), "France");	/* a name before an alias */
	assert_string_equal(ys_area_map_find(map, "Österreich", 11), "Österreich");
	assert_null(ys_area_map_find(map, "österreich", 11));	/* only ASCII folds */
	assert_null(ys_area_map_find(map, "", 0));
	assert_null(ys_area_map_find(map, " ", 1));
	assert_null(ys_area_map_find(map, "Ital", 4));
	assert_null(ys_area_map_find(map, "Italy\0", 6));
	for (int i = 0; i < 500; i++)
	{
		snprintf(name, sizeof(name), "area %d", i);
		assert_non_null(ys_area_map_find(map, name, strlen(name)));
	}
	ys_arena_free(&arena);
}

/* ---- GeoJSON ---- */

#define SQUARE	"[[0,0],[1,0],[1,1],[0,1],[0,0]]"
#define FEATURE(properties, geometry) \
	"{\"type\":\"Feature\",\"properties\":" properties ",\"geometry\":" geometry "}"
#define COLLECTION(features)	"{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
#define POLYGON(rings)			"{\"type\":\"Polygon\",\"coordinates\":[" rings "]}"
#define GOOD	FEATURE("{\"name\":\"a\"}", POLYGON(SQUARE))
#define BAD(rings)	COLLECTION(GOOD "," FEATURE("{}", POLYGON(rings)))

static bool
count_feature(void *arg, int index, const char *name, size_t name_len,
			  const char *geometry, size_t geometry_len)
{
	int		   *seen = arg;

	assert_int_equal(index, *seen);
	assert_true(geometry_len > 0 && geometry[0] == '{' && geometry[geometry_len - 1] == '}');
	assert_true(name == NULL || name_len == 1);
	return ++*seen < 3;
}

static void
test_geojson_errors(void **state)
{
	static const struct
	{
		const char *json;
		const char *message;	/* some part of it */
	}			cases[] =
	{
		{"", "not valid JSON"}, {"[]", "not a JSON object"}, {"{}", "type is not FeatureCollection"},
		{"{\"type\":\"FeatureCollection\"}", "no features"},
		{"{\"type\":\"FeatureCollection\",\"features\":{}}", "features are not an array"},
		{GOOD, "type is not FeatureCollection"}, {COLLECTION("1"), "feature 1: it is not a JSON object"},
		{COLLECTION("{\"type\":\"Point\"}"), "feature 1: its type is not Feature"},
		{COLLECTION("{\"type\":\"Feature\"}"), "feature 1: it has no geometry"},
		{COLLECTION(FEATURE("{}", "null")), "feature 1: it has no geometry"},
		{COLLECTION(FEATURE("{}", "[]")), "feature 1: invalid boundary: it is not a JSON object"},
		{COLLECTION(FEATURE("{}", "{}")), "it has no type"},
		{COLLECTION(FEATURE("{}", "{\"type\":\"Polygon\"}")), "it has no coordinates"},
		{COLLECTION(FEATURE("{}", "{\"type\":5}")), "type is not a string"},
		{COLLECTION(GOOD "," FEATURE("{}", "{\"type\":\"Point\",\"coordinates\":[1,2]}")),
		"feature 2: invalid boundary: its type is neither"},
		{COLLECTION(FEATURE("{\"name\":\"a\\u0000b\"}", POLYGON(SQUARE))), "name contains U+0000"},
		{BAD(""), "feature 2: invalid boundary: a polygon has no ring"},
		{BAD("[[0,0],[1,0],[0,0]]"), "fewer than four positions"},
		{BAD("[[0,0],[1,0],[1,1],[0,1]]"), "not closed"},
		{BAD("[[0,0],[1,0],[1,1],[0,0.1]]"), "not closed"},
		{BAD("[[0,0],[181,0],[1,1],[0,0]]"), "longitude is out of range"},
		{BAD("[[0,0],[1,-90.5],[1,1],[0,0]]"), "latitude is out of range"},
		{BAD("[[0,0],[1,1e99],[1,1],[0,0]]"), "latitude is out of range"},
		{BAD("[[0,0],[1,\"0\"],[1,1],[0,0]]"), "not a number"},
		{BAD("[[0,0],[1,null],[1,1],[0,0]]"), "not a number"},
		{BAD("[[0,0],[1,01],[1,1],[0,0]]"), "not valid JSON"},
		{BAD("[[0,0],[1,0,1x],[1,1],[0,0]]"), "not valid JSON"},
		{BAD("[[0,0],[1],[1,1],[0,0]]"), "fewer than two coordinates"},
		{BAD("[[0,0],5,[1,1],[0,0]]"), "not nested"}, {BAD("[" SQUARE "]"), "a coordinate is not a number"},
		{COLLECTION(FEATURE("{}", "{\"type\":\"MultiPolygon\",\"coordinates\":[" SQUARE "]}")), "not nested"},
		{COLLECTION(GOOD) "x", "not valid JSON"}, {"{\"type\":\"FeatureCollection\",\"features\":[", "not valid JSON"},
	};
	YsArena		arena;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		size_t		len = strlen(cases[i].json);
		char	   *exact = malloc(len + 1);	/* no padding behind it */
		YsError		err;
		int			seen = 0;

		memcpy(exact, cases[i].json, len);
		ys_arena_init(&arena, ys_arena_malloc, 0);
		if (ys_area_read_geojson(exact, len, "name", &arena, count_feature, &seen, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (strstr(err.message, cases[i].message) == NULL)
			fail_msg("%s: got \"%s\", wanted \"%s\"", cases[i].json, err.message, cases[i].message);
		assert_int_equal(err.code, YS_ERR_INVALID_GEOJSON);
		unit_check_complete(&err);
		free(exact);
		ys_arena_free(&arena);
	}
}

static void
test_geojson_features(void **state)
{
	static const char json[] =
		"{\"features\":[" GOOD "," FEATURE("{\"name\":5}", POLYGON(SQUARE)) "," FEATURE("null", POLYGON(SQUARE))
		"," GOOD "],\"type\":\"FeatureCollection\",\"crs\":{\"x\":[1,2]}}";
	YsArena		arena;
	YsError		err = {YS_OK, "untouched", "", ""};
	int			seen = 0;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	assert_false(ys_area_read_geojson(json, strlen(json), "name", &arena, count_feature, &seen, &err));
	assert_int_equal(seen, 3);	/* fn stopped the visit, and its error stays */
	assert_string_equal(err.message, "untouched");
	seen = -1000;
	ys_arena_free(&arena);

	ys_arena_init(&arena, ys_arena_malloc, 100);
	assert_false(ys_area_read_geojson(json, strlen(json), "name", &arena, count_feature, &seen, &err));
	assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
	ys_arena_free(&arena);
}

/* A map that has too little memory says so, wherever it runs out. */
static void
test_out_of_memory(void **state)
{
	static const char boundary[] = POLYGON("[[0,0],[9,1],[8,8],[1,9],[0,0]]");

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
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_geojson_errors),
		cmocka_unit_test(test_geojson_features),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("area", tests, NULL, NULL);
}
