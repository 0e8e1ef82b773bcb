/*-------------------------------------------------------------------------
 * test_area_entry.c
 *	  Entries: where an item is, and which area it gets.
 *-------------------------------------------------------------------------
 */
#include "unit_policy.h"

#include "policy/area.h"

static const YsBindings no_bindings;

static YsAreaMap *
map_of(YsArena *arena)
{
	static const char *const aliases[] = {"IT", "Italia"};
	static const char square[] =
		"{\"type\":\"Polygon\",\"coordinates\":[[[6,36],[19,36],[19,47],[6,47],[6,36]]]}";
	YsAreaMap  *map = ys_area_map_create(arena);
	YsError		err;

	assert_true(ys_area_map_add(map, "Italy", 2, aliases, square, strlen(square), &err));
	assert_true(ys_area_map_add(map, "7", 0, NULL, NULL, 0, &err));
	assert_true(ys_area_map_finish(map, &err));
	return map;
}

#define BY_LOCATION	"{\"kind\":\"location\",\"lat\":[\"pos.lat\",\"gps[0]\"],\"lon\":[\"pos.lon\",\"gps[1]\"]," \
	"\"paths\":[\"where\",\"geo\"],\"level\":\"country\"}"
#define BY_VALUE	"{\"kind\":\"value\",\"paths\":[\"country\",\"codes[*]\"],\"level\":\"country\"}"
#define BY_BOTH		"{\"kind\":\"value\",\"paths\":[\"country\"],\"level\":\"country\",\"location\":{\"paths\":[\"where\"]}}"
#define POINT(lat, lon)	"{\"L\":[{\"N\":\"" lat "\"},{\"N\":\"" lon "\"}]}"

/* What an entry says of an item: area, location, rejection; and the row alone tells the same area. */
static void
check_entry(const char *area, const char *item_json, const char *expected)
{
	YsArena		arena;
	YsPolicy   *policy;
	YsBindings	bindings = {0};
	YsValue		item;
	YsEntry		entry;
	YsError		err;
	char		json[400];
	char		got[400];
	size_t		len;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	bindings.areas = map_of(&arena);
	snprintf(json, sizeof(json), "{\"area\":%s}", area);
	policy = policy_of(&arena, json);
	item = item_of(&arena, item_json);
	assert_true(ys_policy_apply(policy, &bindings, &item, &arena, &entry, &err));
	len = (size_t) snprintf(got, sizeof(got), "%s", entry.area);
	if (entry.located)
		len += (size_t) snprintf(got + len, sizeof(got) - len, " %g %g", entry.lat, entry.lon);
	if (entry.nrejections > 0)
	{
		assert_string_equal(entry.rejections[0].field, "area");
		snprintf(got + len, sizeof(got) - len, " | %.*s %s", (int) entry.rejections[0].raw_len,
				 entry.rejections[0].raw, entry.rejections[0].reason);
	}
	if (strcmp(got, expected) != 0)
		fail_msg("%s: got \"%s\", wanted \"%s\"", item_json, got, expected);
	assert_string_equal(ys_policy_area_of(policy, &bindings, entry.area_value, entry.area_value_len,
										  entry.located, entry.lat, entry.lon, &arena), entry.area);

	/* Without a map nothing is known, and that is nobody's fault. */
	if (ys_policy_area_level(policy) != NULL)
	{
		assert_true(ys_policy_apply(policy, &no_bindings, &item, &arena, &entry, &err));
		assert_string_equal(entry.area, YS_AREA_UNLOCATED);
	}
	ys_arena_free(&arena);
}

static void
test_areas(void **state)
{
	static const struct
	{
		const char *area;
		const char *item;
		const char *expected;	/* area, location, rejection */
	}			cases[] =
	{
		{BY_LOCATION, "{\"pos\":{\"M\":{\"lat\":{\"N\":\"45.1\"},\"lon\":{\"N\":\"9.2\"}}}}", "Italy 45.1 9.2"},
		{BY_LOCATION, "{\"gps\":" POINT("45.1", "9.2") "}", "Italy 45.1 9.2"},
		{BY_LOCATION, "{\"pos\":{\"M\":{\"lat\":{\"S\":\" 45.1 \"},\"lon\":{\"S\":\"+9.2\"}}}}", "Italy 45.1 9.2"},
		{BY_LOCATION, "{\"where\":{\"S\":\"45.1,9.2\"}}", "Italy 45.1 9.2"},
		{BY_LOCATION, "{\"where\":{\"S\":\" 45.1 , 9.2 \"}}", "Italy 45.1 9.2"},
		{BY_LOCATION, "{\"where\":{\"M\":{\"type\":{\"S\":\"Point\"},\"coordinates\":" POINT("9.2", "45.1") "}}}", "Italy 45.1 9.2"},
		{BY_LOCATION, "{\"where\":{\"M\":{\"latitude\":{\"N\":\"45.1\"},\"lng\":{\"N\":\"9.2\"}}}}", "Italy 45.1 9.2"},
		{BY_LOCATION, "{\"where\":{\"M\":{\"lat\":{\"N\":\"45.1\"},\"longitude\":{\"N\":\"9.2\"}}}}", "Italy 45.1 9.2"},
		{BY_LOCATION, "{\"gps\":" POINT("-33", "151") "}", "unlocated -33 151"},
		{BY_LOCATION, "{\"gps\":" POINT("0", "9.2") "}", "unlocated 0 9.2"},
		{BY_LOCATION, "{}", "unlocated"}, {BY_LOCATION, "{\"where\":{\"NULL\":true}}", "unlocated"},
		{BY_LOCATION, "{\"where\":{\"S\":\"\"}}", "unlocated"}, {BY_LOCATION, "{\"gps\":{\"L\":[]}}", "unlocated"},
		{BY_LOCATION, "{\"gps\":" POINT("0", "0") "}", "unlocated | {\"lat\":0,\"lon\":0} latitude and longitude are both 0"},
		{BY_LOCATION, "{\"gps\":" POINT("0.0", "-0") "}", "unlocated | {\"lat\":0.0,\"lon\":-0} latitude and longitude are both 0"},
		{BY_LOCATION, "{\"gps\":" POINT("90.1", "9") "}", "unlocated | {\"lat\":90.1,\"lon\":9} latitude out of range"},
		{BY_LOCATION, "{\"gps\":" POINT("45", "-181") "}", "unlocated | {\"lat\":45,\"lon\":-181} longitude out of range"},
		{BY_LOCATION, "{\"gps\":{\"L\":[{\"N\":\"45\"}]}}", "unlocated | {\"lat\":45,\"lon\":null} latitude without longitude"},
		{BY_LOCATION, "{\"pos\":{\"M\":{\"lon\":{\"N\":\"9\"}}}}", "unlocated | {\"lat\":null,\"lon\":9} longitude without latitude"},
		{BY_LOCATION, "{\"gps\":{\"L\":[{\"S\":\"45 N\"},{\"S\":\"9E\"}]}}", "Italy 45 9"},
		{BY_LOCATION, "{\"gps\":{\"L\":[{\"S\":\"45M\"},{\"N\":\"9\"}]}}",
		"unlocated | {\"lat\":\"45M\",\"lon\":9} latitude is not a number"},
		{BY_LOCATION, "{\"gps\":{\"L\":[{\"N\":\"45\"},{\"BOOL\":true}]}}",
		"unlocated | {\"lat\":45,\"lon\":true} longitude is not a number"},
		{BY_LOCATION, "{\"where\":{\"S\":\"here\"}}", "unlocated | \"here\" not a location"},
		{BY_LOCATION, "{\"where\":{\"S\":\"45.1,9.2,3\"}}", "unlocated | \"45.1,9.2,3\" not a location"},
		{BY_LOCATION, "{\"where\":" POINT("45", "9") "}", "unlocated | [45,9] a list, of which no order is declared"},
		{BY_LOCATION, "{\"where\":{\"M\":{\"x\":{\"N\":\"1\"}}}}", "unlocated | {\"x\":1} not a location"},
		{BY_LOCATION, "{\"where\":{\"M\":{\"type\":{\"S\":\"LineString\"},\"coordinates\":" POINT("9", "45") "}}}",
		"unlocated | {\"coordinates\":[9,45],\"type\":\"LineString\"} not a GeoJSON Point"},
		/* the first usable one counts, the first unusable one is noted */
		{BY_LOCATION, "{\"gps\":" POINT("99", "9") ",\"where\":{\"S\":\"?\"},\"geo\":{\"S\":\"45.1,9.2\"}}",
		"Italy 45.1 9.2 | {\"lat\":99,\"lon\":9} latitude out of range"},
		{BY_VALUE, "{\"country\":{\"S\":\" italy \"}}", "Italy"}, {BY_VALUE, "{\"country\":{\"S\":\"it\"}}", "Italy"},
		{BY_VALUE, "{\"country\":{\"N\":\"7.0\"}}", "7"}, {BY_VALUE, "{}", "unlocated"},
		{BY_VALUE, "{\"country\":{\"S\":\" \"}}", "unlocated"},
		{BY_VALUE, "{\"country\":{\"S\":\"Atlantis\"}}", "unlocated | \"Atlantis\" no area of that name"},
		{BY_VALUE, "{\"country\":{\"M\":{}}}", "unlocated | {} not a scalar"},
		{BY_VALUE, "{\"codes\":{\"SS\":[\"XX\",\"IT\",\"YY\"]}}", "Italy | \"XX\" no area of that name"},
		{BY_BOTH, "{\"country\":{\"S\":\"7\"},\"where\":{\"S\":\"45.1,9.2\"}}", "7 45.1 9.2"},
		{BY_BOTH, "{\"where\":{\"S\":\"45.1,9.2\"}}", "Italy 45.1 9.2"},
		{BY_BOTH, "{\"country\":{\"S\":\"Atlantis\"},\"where\":{\"S\":\"45.1,9.2\"}}",
		"Italy 45.1 9.2 | \"Atlantis\" no area of that name"},
	};
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_entry(cases[i].area, cases[i].item, cases[i].expected);
}

/* ---- orders, formats, geohashes ---- */

#define ORDERED		"{\"kind\":\"location\",\"paths\":[\"where\"],\"order\":\"lon_lat\"}"
#define HASHED		"{\"kind\":\"location\",\"paths\":[\"where\"],\"format\":\"geohash\"}"
#define CELLS		"{\"kind\":\"geohash\",\"lat\":[\"a\"],\"lon\":[\"b\"],\"paths\":[\"where\"],\"length\":5}"
#define VALUE_THEN_ORDERED "{\"kind\":\"value\",\"paths\":[\"country\"],\"location\":" ORDERED "}"

static void
test_declared_locations(void **state)
{
	static const struct
	{
		const char *area;
		const char *item;
		const char *expected;
	}			cases[] =
	{
		{ORDERED, "{\"where\":" POINT("9.2", "45.1") "}", "Italy 45.1 9.2"},
		{ORDERED, "{\"where\":{\"S\":\"9.2 45.1\"}}", "Italy 45.1 9.2"},
		{ORDERED, "{\"where\":{\"NS\":[\"9.2\",\"45.1\"]}}", "unlocated | [9.2,45.1] not a location"},
		{HASHED, "{\"where\":{\"S\":\"u0nd9h\"}}", "Italy 45.4642 9.19006"},
		{HASHED, "{\"where\":{\"S\":\"u\"}}", "unlocated 67.5 22.5"},
		{CELLS, "{\"where\":{\"S\":\"u0nd9h\"}}", "u0nd9 45.4642 9.19006"},
		{CELLS, "{\"where\":{\"S\":\"U0ND9\"}}", "u0nd9 45.4614 9.20654"},
		{CELLS, "{\"where\":{\"S\":\"u0nd\"}}", "unlocated | \"u0nd\" geohash shorter than the areas"},
		{CELLS, "{\"a\":{\"N\":\"45.4642\"},\"b\":{\"N\":\"9.19\"}}", "u0nd9 45.4642 9.19"},
		{CELLS, "{\"a\":{\"N\":\"99\"},\"b\":{\"N\":\"9.19\"},\"where\":{\"S\":\"45.4642,9.19\"}}",
		"u0nd9 45.4642 9.19 | {\"lat\":99,\"lon\":9.19} latitude out of range"},
		{CELLS, "{}", "unlocated"},
		{VALUE_THEN_ORDERED, "{\"country\":{\"S\":\"7\"},\"where\":{\"S\":\"9.2,45.1\"}}", "7 45.1 9.2"},
		{VALUE_THEN_ORDERED, "{\"country\":{\"S\":\"8\"},\"where\":{\"S\":\"9.2,45.1\"}}", "Italy 45.1 9.2 | \"8\" no area of that name"},
		{VALUE_THEN_ORDERED, "{\"where\":{\"S\":\"9.2,45.1\"}}", "Italy 45.1 9.2"},
	};
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_entry(cases[i].area, cases[i].item, cases[i].expected);
}

/* A geohash is an area without any being loaded. */
static void
test_geohash_level(void **state)
{
	YsArena		arena;
	YsPolicy   *policy;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	policy = policy_of(&arena, "{\"area\":" CELLS "}");
	assert_null(ys_policy_area_level(policy));
	assert_false(ys_policy_has_area_value(policy));
	assert_string_equal(ys_policy_area_of(policy, &no_bindings, NULL, 0, true, 45.4642, 9.19, &arena), "u0nd9");
	assert_string_equal(ys_policy_area_of(policy, &no_bindings, NULL, 0, false, 45.4642, 9.19, &arena), "unlocated");
	policy = policy_of(&arena, "{\"area\":" ORDERED "}");
	assert_string_equal(ys_policy_area_level(policy), "country");
	ys_arena_free(&arena);
}

/* ---- what an item names ---- */

/* What the entry keeps of the names, and the area it gets. */
static void
check_names(const char *item_json, const char *area_value, const char *area)
{
	YsArena		arena;
	YsPolicy   *policy;
	YsValue		item;
	YsEntry		entry;
	YsError		err;
	YsBindings	bindings = {0};

	ys_arena_init(&arena, ys_arena_malloc, 0);
	bindings.areas = map_of(&arena);
	policy = policy_of(&arena, "{\"area\":" BY_VALUE "}");
	assert_true(ys_policy_has_area_value(policy));
	item = item_of(&arena, item_json);
	assert_true(ys_policy_apply(policy, &bindings, &item, &arena, &entry, &err));
	if (area_value == NULL)
		assert_null(entry.area_value);
	else
	{
		assert_int_equal(entry.area_value_len, strlen(area_value));
		assert_memory_equal(entry.area_value, area_value, entry.area_value_len);
	}
	assert_string_equal(entry.area, area);
	assert_string_equal(ys_policy_area_of(policy, &bindings, entry.area_value, entry.area_value_len,
										  false, 0, 0, &arena), area);
	ys_arena_free(&arena);
}

static void
test_names_kept(void **state)
{
	char	   *json = malloc(100000);
	char	   *kept = malloc(100000);
	size_t		json_len = 0;
	size_t		kept_len = 0;

	(void) state;
	check_names("{}", NULL, "unlocated");
	check_names("{\"country\":{\"S\":\" \"},\"codes\":{\"L\":[{\"BOOL\":true},{\"M\":{}},{\"NULL\":true}]}}",
				"true", "unlocated");
	check_names("{\"country\":{\"S\":\" it\\n \"}}", "it", "Italy");
	check_names("{\"country\":{\"S\":\"Atlantis\\t\\n east\"},\"codes\":{\"N\":\"7.0\"}}",
				"Atlantis east", "unlocated");
	/* those behind the one that decides are kept too, each once */
	check_names("{\"codes\":{\"L\":[{\"S\":\"XX\"},{\"N\":\"7\"},{\"S\":\"IT\"},{\"S\":\"XX\"},{\"S\":\"X\"},{\"S\":\"\"},{\"S\":\"IT\"}]},"
				"\"country\":{\"S\":\"YY\"}}", "YY\nXX\n7\nIT\nX", "7");
	/* up to 8,000 bytes */
	json_len = (size_t) sprintf(json, "{\"codes\":{\"L\":[");
	for (int i = 0; i < 1000; i++)
	{
		json_len += (size_t) sprintf(json + json_len, "{\"S\":\"name %d\"},", i + 1000);
		if (kept_len + (i > 0) + 9 <= 8000)
			kept_len += (size_t) sprintf(kept + kept_len, "%sname %d", i > 0 ? "\n" : "", i + 1000);
	}
	sprintf(json + json_len, "{\"S\":\"Italia\"}]}}");
	check_names(json, kept, "unlocated");
	json_len = (size_t) sprintf(json, "{\"country\":{\"S\":\"");
	memset(json + json_len, 'x', 8001);
	sprintf(json + json_len + 8001, "\"},\"codes\":{\"L\":[{\"S\":\"italia\"}]}}");
	check_names(json, "italia", "Italy");
	free(json);
	free(kept);
}

/* The area told from what an entry kept is the one that the changed areas give. */
static void
test_area_of(void **state)
{
	YsArena		arena;
	YsPolicy   *policy;
	YsBindings	bindings = {0};

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	bindings.areas = map_of(&arena);
	policy = policy_of(&arena, "{\"area\":" BY_BOTH "}");
	assert_string_equal(ys_policy_area_of(policy, &bindings, "XX\nit", 5, true, -33, 151, &arena), "Italy");
	assert_string_equal(ys_policy_area_of(policy, &bindings, "XX\nYY", 5, true, 45.1, 9.2, &arena), "Italy");
	assert_string_equal(ys_policy_area_of(policy, &bindings, NULL, 0, true, 45.1, 9.2, &arena), "Italy");
	assert_string_equal(ys_policy_area_of(policy, &bindings, "XX", 2, false, 45.1, 9.2, &arena), "unlocated");
	assert_string_equal(ys_policy_area_of(policy, &no_bindings, "IT", 2, true, 45.1, 9.2, &arena), "unlocated");
	policy = policy_of(&arena, "{\"area\":" BY_LOCATION "}");
	assert_false(ys_policy_has_area_value(policy));
	assert_string_equal(ys_policy_area_of(policy, &bindings, "7", 1, true, 45.1, 9.2, &arena), "Italy");
	ys_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_areas),
		cmocka_unit_test(test_declared_locations),
		cmocka_unit_test(test_geohash_level),
		cmocka_unit_test(test_names_kept),
		cmocka_unit_test(test_area_of),
	};

	return cmocka_run_group_tests_name("area_entry", tests, NULL, NULL);
}
