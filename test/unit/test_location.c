/*-------------------------------------------------------------------------
 * test_location.c
 *	  Locations: what test/corpus/locations.tsv can't say, and geohashes.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>

#include "policy/normalize/coordinate.h"
#include "policy/normalize/geohash.h"
#include "policy/normalize/location.h"

static const YsLocationRules no_rules;

/* Every beginning of a text, in memory of its own: nothing is read past its end. */
static void
test_cut_texts(void **state)
{
	static const char *const texts[] = {
		"45\302\26004'12.5\"N, 7\302\26041'24\"E", "+401213.1-0750015.1+67CRSWGS_84/", "geo:48.2,16.3,183;crs=wgs84;u=40;a=%20",
		"SRID=4326;POINT ZM (7.69e0 45.07 1 2)", "N 45 04 12, E 7 41 24", "45:04:12N 7:41:24E", "45.07e0,7.69", "u4pruydqqvj",
		"45\302\260 04\342\200\262 12\342\200\263 N", "S"
	};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		for (size_t len = 1; len <= strlen(texts[i]); len++)
		{
			for (int geohash = 0; geohash < 2; geohash++)
			{
				YsLocationRules rules = {YS_ORDER_LAT_LON, geohash};
				char	   *copy = malloc(len);
				YsPosition	position;
				const char *reason;

				memcpy(copy, texts[i], len);
				reason = ys_location_from_text(&rules, ys_string_trim((YsSlice) {copy, (uint32_t) len}), &position);
				if (reason == NULL)
					assert_null(ys_position_check(&position));
				free(copy);
			}
		}
	}
}

static void
test_binary_text(void **state)
{
	static const char *const texts[] = {"45.07\0,7.69", "geo:45,7;\0=\0", "\0\0\0\0", "POINT(7\0 45)", "\377,\376", "45\302,7\302"};
	static const uint32_t lens[] = {11, 12, 4, 12, 3, 6};

	(void) state;
	for (int i = 0; i < 6; i++)
	{
		YsPosition	position;

		assert_non_null(ys_location_from_text(&no_rules, (YsSlice) {texts[i], lens[i]}, &position));
	}
}

/* Numbers come out as the C library reads them, whichever way they went. */
static void
test_doubles(void **state)
{
	uint64_t	random = unit_seed("test_location_doubles");

	(void) state;
	for (int i = 0; i < 200000; i++)
	{
		char		text[64];
		double		value;
		double		whole = (double) unit_random(&random, 360) - 180;

		snprintf(text, sizeof(text), "%.*f", (int) unit_random(&random, 20),
				 whole + (double) unit_random(&random, UINT64_C(1) << 53) / (double) (UINT64_C(1) << 53));
		assert_int_equal(ys_coordinate_number(unit_slice(text), true), strlen(text));
		assert_true(ys_coordinate_double(unit_slice(text), &value));
		if (value != strtod(text, NULL))
			fail_msg("%s: got %.17g", text, value);

		/* the shortest that tells a double, close to 0 */
		snprintf(text, sizeof(text), "%.*f", 17 + (int) unit_random(&random, 22),
				 whole * pow(10, -(double) unit_random(&random, 20)));
		assert_true(ys_coordinate_double(unit_slice(text), &value));
		if (value != strtod(text, NULL))
			fail_msg("%s: got %.17g", text, value);
	}
}

/* ---- geohashes ---- */

static const char geohash_characters[] = "0123456789bcdefghjkmnpqrstuvwxyz";

static void
test_geohash_cells(void **state)
{
	uint64_t	random = unit_seed("test_geohash");

	(void) state;
	for (int i = 0; i < 50000; i++)
	{
		int			len = 1 + (int) unit_random(&random, YS_GEOHASH_MAX);
		char		text[YS_GEOHASH_MAX];
		char		again[YS_GEOHASH_MAX];
		double		lat;
		double		lon;

		for (int c = 0; c < len; c++)
			text[c] = geohash_characters[unit_random(&random, 32)];
		assert_true(ys_geohash_check((YsSlice) {text, (uint32_t) len}));
		ys_geohash_decode((YsSlice) {text, (uint32_t) len}, &lat, &lon);
		for (int precision = 1; precision <= len; precision++)
		{
			ys_geohash_encode(lat, lon, precision, again);
			assert_memory_equal(again, text, (size_t) precision);
		}
	}
}

/* A position is in its cell, with the cell's western and southern borders. */
static void
test_geohash_borders(void **state)
{
	static const struct
	{
		double		lat;
		double		lon;
		const char *geohash;
	}			cases[] =
	{
		{57.64911, 10.40744, "u4pruydqqvj8"}, {42.6, -5.6, "ezs42e44yx96"}, {0, 0, "s00000000000"}, {-1e-300, -1e-300, "7zzzzzzzzzzz"},
		{90, 180, "zzzzzzzzzzzz"}, {-90, -180, "000000000000"}, {90, -180, "bpbpbpbpbpbp"}, {-90, 180, "pbpbpbpbpbpb"}, {45, 0, "u00000000000"}
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char		got[YS_GEOHASH_MAX + 1] = "";

		ys_geohash_encode(cases[i].lat, cases[i].lon, YS_GEOHASH_MAX, got);
		assert_string_equal(got, cases[i].geohash);
	}
	assert_false(ys_geohash_check(unit_slice("")));
	assert_false(ys_geohash_check(unit_slice("ezs4a")));
	assert_false(ys_geohash_check((YsSlice) {"ez\0s", 4}));
	assert_false(ys_geohash_check(unit_slice("ez\303\266")));
	assert_true(ys_geohash_check(unit_slice("EZS42")));
}

/* ---- depth ---- */

/* A location inside itself ends, however deep. */
static void
test_deep_values(void **state)
{
	YsValue		value = {.type = YS_TYPE_STRING, .len = 4, .bytes = "45,7"};
	YsMember	members[100];
	YsPosition	position;
	const char *reason = NULL;

	(void) state;
	for (int i = 0; i < 100; i++)
	{
		assert_int_equal(ys_location_from_value(&no_rules, &value, &position, &reason),
						 i < 4 ? YS_USE_TAKEN : YS_USE_REJECTED);
		if (i >= 4)
			assert_string_equal(reason, YS_NOT_A_LOCATION);
		members[i] = (YsMember) {"location", 8, value};
		value = (YsValue) {.type = YS_TYPE_MAP, .len = 1, .members = &members[i]};
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_texts),
		cmocka_unit_test(test_binary_text),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_geohash_cells),
		cmocka_unit_test(test_geohash_borders),
		cmocka_unit_test(test_deep_values),
	};

	return cmocka_run_group_tests_name("location", tests, NULL, NULL);
}
