/*-------------------------------------------------------------------------
 * fuzz_location.c
 *	  A byte chooses the declaration, the rest is JSON, or else a string.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <math.h>

static FuzzField fields[] = {
	{"{}", true, NULL},
	{"{\"order\": \"lon_lat\"}", true, NULL},
	{"{\"order\": \"lat_lon\", \"format\": \"geohash\"}", true, NULL},
};

#define NFIELDS		((int) (sizeof(fields) / sizeof(fields[0])))

static void
check(FuzzField *field, const YsValue *value, YsArena *arena)
{
	const char *result = fuzz_result(field, value, arena);
	static const char *const shapes[] = {
		"\"%s,%s\"", "{\"lat\": %s, \"lon\": %s}", "{\"longitude\": %2$s, \"latitude\": \"%1$s\"}",
		"{\"type\": \"Point\", \"coordinates\": [%2$s, %1$s]}"
	};
	char		lat[64];
	char		lon[64];
	char		json[256];
	double		x;
	double		y;
	YsValue		again;
	YsError		err;

	if (result[0] != '=')
		return;
	FUZZ_CHECK(sscanf(result, "=%63[^,],%63s", lat, lon) == 2, "%s", result);
	y = strtod(lat, NULL);
	x = strtod(lon, NULL);
	FUZZ_CHECK(fabs(y) <= 90 && fabs(x) <= 180 && (x != 0 || y != 0), "%s", result);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
	{
		snprintf(json, sizeof(json), shapes[i], lat, lon);
		FUZZ_CHECK(corpus_read(json, arena, &again, &err), "%s: %s", json, err.message);
		FUZZ_CHECK(strcmp(result, fuzz_result(&fields[0], &again, arena)) == 0, "%s of %s", json, result);
	}
}

void
fuzz_location(const char *bytes, size_t len)
{
	YsArena		arena;
	char	   *copy = fuzz_copy(bytes, len);

	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	if (len >= 1)
	{
		FuzzField  *field = &fields[(unsigned char) copy[0] % NFIELDS];
		const char *json = ys_arena_copy(&arena, copy + 1, len - 1);
		YsValue		value = ys_value_string(copy + 1, len - 1);
		YsError		err;

		check(field, &value, &arena);
		if (strlen(json) == len - 1 && corpus_read(json, &arena, &value, &err))
			check(field, &value, &arena);
	}
	free(copy);
	ys_arena_free(&arena);
}
