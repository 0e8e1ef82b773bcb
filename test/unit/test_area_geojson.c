/*-------------------------------------------------------------------------
 * test_area_geojson.c
 *	  GeoJSON: which features are read, with which properties, and what is refused.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/area.h"

static const YsFeatureProperties by_name = {.name = "name"};

#define SQUARE	"[[0,0],[1,0],[1,1],[0,1],[0,0]]"
#define FEATURE(properties, geometry) \
	"{\"type\":\"Feature\",\"properties\":" properties ",\"geometry\":" geometry "}"
#define COLLECTION(features)	"{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
#define POLYGON(rings)			"{\"type\":\"Polygon\",\"coordinates\":[" rings "]}"
#define GEOMETRIES(parts)		"{\"type\":\"GeometryCollection\",\"geometries\":[" parts "]}"
#define WORLD	"[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]"
#define GOOD	FEATURE("{\"name\":\"a\"}", POLYGON(SQUARE))
#define BAD(rings)	COLLECTION(GOOD "," FEATURE("{}", POLYGON(rings)))

static bool
count_feature(void *arg, const YsFeature *feature)
{
	int		   *seen = arg;
	YsSlice		geometry = feature->geometry;

	assert_int_equal(feature->index, *seen);
	assert_true(geometry.len > 0 && geometry.bytes[0] == '{' && geometry.bytes[geometry.len - 1] == '}');
	assert_true(feature->name.bytes == NULL || feature->name.len == 1);
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
		{"", "not valid JSON"}, {"[]", "not a JSON object"}, {"{}", "type is neither FeatureCollection nor Feature"},
		{"{\"type\":\"FeatureCollection\"}", "no features"},
		{"{\"type\":\"FeatureCollection\",\"features\":{}}", "features are not an array"},
		{FEATURE("{}", "null"), "feature 1: it has no geometry"}, {"{\"type\":\"Feature\"}", "feature 1: it has no geometry"},
		{"{\"type\":\"Topology\",\"features\":[]}", "type is neither FeatureCollection nor Feature"}, {COLLECTION("1"), "feature 1: it is not a JSON object"},
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
		/* collections of geometries */
		{COLLECTION(FEATURE("{}", GEOMETRIES(""))), "a collection has no geometry"},
		{COLLECTION(FEATURE("{}", "{\"type\":\"GeometryCollection\"}")), "it has no geometries"},
		{COLLECTION(FEATURE("{}", "{\"type\":\"GeometryCollection\",\"geometries\":5}")), "geometries are not an array"},
		{COLLECTION(FEATURE("{}", "{\"type\":\"GeometryCollection\",\"coordinates\":[]}")), "it has no geometries"},
		{COLLECTION(FEATURE("{}", GEOMETRIES("5"))), "not a JSON object"},
		{COLLECTION(FEATURE("{}", GEOMETRIES("{\"type\":\"Point\",\"coordinates\":[1,2]}"))), "a geometry's type is neither"},
		{COLLECTION(FEATURE("{}", GEOMETRIES(POLYGON(SQUARE) "," GEOMETRIES("")))), "a geometry's type is neither"},
		{COLLECTION(FEATURE("{}", GEOMETRIES(POLYGON(SQUARE) "," POLYGON("")))), "a polygon has no ring"},
		/* round the globe */
		{BAD("[[-170,70],[-50,70],[60,70],[170,70],[-170,70]]"), "a ring goes round a pole"},
		{BAD("[[-180,70],[-60,75],[60,75],[180,71],[-180,70]]"), "a ring goes round a pole"},
		{BAD(WORLD ",[[170,0],[-170,0],[-170,9],[170,9],[170,0]]"), "a hole crosses the antimeridian, and its polygon does not"},
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
		if (ys_area_read_geojson(exact, len, &by_name, &arena, count_feature, &seen, &err))
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
	assert_false(ys_area_read_geojson(json, strlen(json), &by_name, &arena, count_feature, &seen, &err));
	assert_int_equal(seen, 3);	/* fn stopped the visit, and its error stays */
	assert_string_equal(err.message, "untouched");
	seen = -1000;
	ys_arena_free(&arena);

	ys_arena_init(&arena, ys_arena_malloc, 100);
	assert_false(ys_area_read_geojson(json, strlen(json), &by_name, &arena, count_feature, &seen, &err));
	assert_int_equal(err.code, YS_ERR_OUT_OF_MEMORY);
	ys_arena_free(&arena);
}

/* ---- properties ---- */

/* "name<parent:alias,alias;" of each feature. */
static bool
print_feature(void *arg, const YsFeature *feature)
{
	char	   *out = arg;

	out += strlen(out);
	out += sprintf(out, "%.*s<%.*s:", (int) feature->name.len, feature->name.bytes != NULL ? feature->name.bytes : "",
				   (int) feature->parent.len, feature->parent.bytes != NULL ? feature->parent.bytes : "");
	for (int i = 0; i < feature->naliases; i++)
		out += sprintf(out, "%s%.*s", i > 0 ? "," : "", (int) feature->aliases[i].len, feature->aliases[i].bytes);
	sprintf(out, ";");
	return true;
}

static void
check_properties(const char *json, const char *expected)
{
	static const char *const aliases[] = {"iso", "other names", "ABBR"};
	static const YsFeatureProperties properties = {"name", "country", 3, aliases};
	char		got[1000] = "";
	YsArena		arena;
	YsError		err;
	bool		ok;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	ok = ys_area_read_geojson(json, strlen(json), &properties, &arena, print_feature, got, &err);
	if (strcmp(ok ? got : err.message, expected) != 0)
		fail_msg("%s: got \"%s\", wanted \"%s\"", json, ok ? got : err.message, expected);
	if (!ok)
		unit_check_complete(&err);
	ys_arena_free(&arena);
}

static void
test_properties(void **state)
{
	(void) state;
	check_properties(FEATURE("{\"name\":\"Torino\",\"country\":\"Italy\",\"iso\":\"TO\"}", POLYGON(SQUARE)),
					 "Torino<Italy:TO;");
	check_properties("{\"geometry\":" POLYGON(SQUARE) ",\"properties\":{\"ABBR\":null,\"other names\":[\"a\",\"\",\"b\"],"
					 "\"iso\":\"x\",\"name\":\"n\",\"more\":{\"name\":\"not this\"}},\"type\":\"Feature\",\"name\":\"nor this\"}",
					 "n<:a,b,x;");
	check_properties(COLLECTION(FEATURE("{\"name\":\"a\",\"country\":null}", POLYGON(SQUARE)) ","
								FEATURE("{\"iso\":[]}", GEOMETRIES(POLYGON(SQUARE) "," POLYGON(SQUARE)))), "a<:;<:;");
	check_properties(FEATURE("{\"name\":\"a\",\"iso\":5}", POLYGON(SQUARE)), "feature 1: an alias is not a string");
	check_properties(FEATURE("{\"name\":\"a\",\"iso\":[[\"a\"]]}", POLYGON(SQUARE)), "feature 1: an alias is not a string");
	check_properties(FEATURE("{\"name\":\"a\",\"iso\":\"\\u0000\"}", POLYGON(SQUARE)), "feature 1: an alias contains U+0000");
	check_properties(FEATURE("{\"name\":\"a\",\"country\":7}", POLYGON(SQUARE)), "feature 1: its parent is not a string");
	check_properties(FEATURE("{\"name\":\"a\",\"country\":\"\\u0000\"}", POLYGON(SQUARE)), "feature 1: its parent contains U+0000");
	check_properties("{\"type\":\"FeatureCollection\",\"features\":[]}", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_geojson_errors),
		cmocka_unit_test(test_geojson_features),
		cmocka_unit_test(test_properties),
	};

	return cmocka_run_group_tests_name("area_geojson", tests, NULL, NULL);
}
