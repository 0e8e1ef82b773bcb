/*-------------------------------------------------------------------------
 * test_area_names.c
 *	  Areas by name, and areas that lie in others.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/area.h"

/* The area's name, or why there is none. */
static const char *
find_bytes(const YsAreaMap *map, const char *name, size_t len)
{
	const char *reason;
	const char *area = ys_area_map_find(map, (YsSlice) {name, (uint32_t) len}, &reason);

	return area != NULL ? area : reason;
}

static const char *
find(const YsAreaMap *map, const char *name)
{
	return find_bytes(map, name, strlen(name));
}

#define NONE		"no area of that name"
#define SEVERAL		"several areas of that name"

static void
test_names(void **state)
{
	static const char *const aliases[] = {"IT", "Italia", " italie ", "", "france"};
	YsArena		arena;
	YsAreaMap  *map;
	YsError		err;
	char		name[400];

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	map = ys_area_map_create(&arena);
	assert_true(ys_area_map_add(map, "Italy", 5, aliases, NULL, 0, &err));
	assert_true(ys_area_map_add(map, "France", 0, NULL, NULL, 0, &err));
	assert_true(ys_area_map_add(map, "\303\226sterreich", 2, (const char *const[]) {"it", "Au  tri\tche"}, NULL, 0, &err));
	for (int i = 0; i < 500; i++)
	{
		snprintf(name, sizeof(name), "Area %d", i);
		assert_true(ys_area_map_add(map, name, 0, NULL, NULL, 0, &err));
	}
	assert_string_equal(find(map, "Italy"), NONE);	/* not before it is finished */
	assert_true(ys_area_map_finish(map, &err));
	assert_string_equal(find(map, "Italy"), "Italy");
	assert_string_equal(find(map, " iTALY\t"), "Italy");
	assert_string_equal(find(map, "ITALIE"), "Italy");
	assert_string_equal(find(map, "it"), SEVERAL);	/* an alias of two */
	assert_string_equal(find(map, "FRANCE"), "France"); /* a name before an alias */
	assert_string_equal(find(map, "\303\266STERREICH"), "\303\226sterreich");
	assert_string_equal(find(map, "osterreich"), "\303\226sterreich");
	assert_string_equal(find(map, "au tri che"), "\303\226sterreich");
	assert_string_equal(find(map, ""), NONE);
	assert_string_equal(find(map, " "), NONE);
	assert_string_equal(find(map, "Ital"), NONE);
	assert_string_equal(find_bytes(map, "Italy\0", 6), NONE);
	assert_string_equal(find(map, "\377"), NONE);
	memset(name, 'x', sizeof(name));
	assert_string_equal(find_bytes(map, name, sizeof(name)), NONE);
	for (int i = 0; i < 500; i++)
	{
		char		wanted[32];

		snprintf(name, sizeof(name), "area  %d", i);
		snprintf(wanted, sizeof(wanted), "Area %d", i);
		assert_string_equal(find(map, name), wanted);
	}
	ys_arena_free(&arena);
}

/* Two names that are one when compared are nobody's. */
static void
test_equal_names(void **state)
{
	YsArena		arena;
	YsAreaMap  *map;
	YsError		err;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	map = ys_area_map_create(&arena);
	assert_true(ys_area_map_add(map, "Perù", 1, (const char *const[]) {"PE"}, NULL, 0, &err));
	assert_true(ys_area_map_add(map, "PERU", 1, (const char *const[]) {"PER"}, NULL, 0, &err));
	assert_true(ys_area_map_add(map, "Chile", 2, (const char *const[]) {"CL", "cl"}, NULL, 0, &err));
	assert_true(ys_area_map_finish(map, &err));
	assert_string_equal(find(map, "peru"), SEVERAL);
	assert_string_equal(find(map, "PERU"), SEVERAL);
	assert_string_equal(find(map, "pe"), "Perù");
	assert_string_equal(find(map, "Cl"), "Chile");
	ys_arena_free(&arena);
}

/* ---- areas below ---- */

#define SQUARE(w, s, e, n) \
	"{\"type\":\"Polygon\",\"coordinates\":[[[" #w "," #s "],[" #e "," #s "],[" #e "," #n "],[" #w "," #n "],[" #w "," #s "]]]}"

static void
test_areas_below(void **state)
{
	static const char *const to[] = {"TO", "Turin"};
	static const char italy[] = SQUARE(0, 0, 10, 10);
	static const char torino[] = SQUARE(8, 0, 14, 5);
	static const char paris[] = SQUARE(12, 0, 20, 5);
	YsArena		arena;
	YsAreaMap  *map;
	YsError		err;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	map = ys_area_map_create(&arena);
	/* below first: what they are counts, not when they came */
	assert_true(ys_area_map_add_below(map, "Italy", "Torino", 2, to, torino, strlen(torino), &err));
	assert_true(ys_area_map_add_below(map, "Italy", "torino", 0, NULL, NULL, 0, &err));	/* province and city */
	assert_true(ys_area_map_add_below(map, "France", "Paris", 0, NULL, paris, strlen(paris), &err));
	assert_true(ys_area_map_add_below(map, "Texas", "Paris", 0, NULL, NULL, 0, &err));
	assert_true(ys_area_map_add_below(map, "France", "Italy", 0, NULL, NULL, 0, &err));
	assert_true(ys_area_map_add_below(map, "France", "IT", 0, NULL, NULL, 0, &err));
	assert_true(ys_area_map_add(map, "Italy", 1, (const char *const[]) {"it"}, italy, strlen(italy), &err));
	assert_true(ys_area_map_add(map, "France", 0, NULL, NULL, 0, &err));
	assert_true(ys_area_map_add(map, "Texas", 0, NULL, NULL, 0, &err));
	assert_true(ys_area_map_finish(map, &err));
	assert_string_equal(find(map, "TORINO"), "Italy");
	assert_string_equal(find(map, "turin"), "Italy");
	assert_string_equal(find(map, "Paris"), SEVERAL);
	assert_string_equal(find(map, "italy"), "Italy");
	assert_string_equal(find(map, "it"), "Italy");
	assert_string_equal(ys_area_map_locate(map, 1, 9), "Italy");
	assert_string_equal(ys_area_map_locate(map, 1, 11), "Italy");	/* in Torino alone */
	assert_string_equal(ys_area_map_locate(map, 1, 13), "Italy");	/* in Torino, added before Paris */
	assert_string_equal(ys_area_map_locate(map, 1, 15), "France");
	assert_null(ys_area_map_locate(map, 7, 15));
	assert_null(ys_area_map_locate(map, 1, 21));
	ys_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_equal_names),
		cmocka_unit_test(test_areas_below),
	};

	return cmocka_run_group_tests_name("area_names", tests, NULL, NULL);
}
