/*-------------------------------------------------------------------------
 * test_suggest.c
 *	  From items to a suggested policy: what is found on paths, what values are
 *	  taken for, which paths are one field, and that memory is bounded.
 *-------------------------------------------------------------------------
 */
#include "unit_policy.h"

#include "policy/path.h"
#include "policy/suggest/suggest.h"

typedef struct Sample
{
	YsArena		items;
	YsArena		arena;
	YsProfile  *profile;
	YsText		sql;
} Sample;

static void
sample_begin(Sample *sample)
{
	ys_arena_init(&sample->items, ys_arena_malloc, 0);
	ys_arena_init(&sample->arena, ys_arena_malloc, 0);
	sample->profile = ys_profile_create(&sample->arena);
	assert_non_null(sample->profile);
}

static void
sample_add(Sample *sample, const char *json)
{
	YsValue		item = item_of(&sample->items, json);

	assert_true(ys_profile_add(sample->profile, &item));
	ys_arena_reset(&sample->items);
}

/* {"name": value} with typed scalars: strings, or numbers and booleans as they are. */
static void
sample_add_value(Sample *sample, const char *name, const char *value)
{
	char		json[512];
	bool		number = value[0] != '\0' && strspn(value, "0123456789") == strlen(value);

	if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
		snprintf(json, sizeof(json), "{\"%s\": {\"BOOL\": %s}}", name, value);
	else if (number)
		snprintf(json, sizeof(json), "{\"%s\": {\"N\": \"%s\"}}", name, value);
	else
		/* a text of digits stands in quotes */
		snprintf(json, sizeof(json), value[0] == '"' ? "{\"%s\": {\"S\": %s}}" : "{\"%s\": {\"S\": \"%s\"}}", name, value);
	sample_add(sample, json);
}

static const char *
sample_print(Sample *sample)
{
	static const char *const keys[] = {"id"};
	static const char *const reserved[] = {"area", "id"};
	YsSuggestion suggestion = {
		.policy = "things_index", .source = "public.things", .table = "things", .level = "country",
		.nkeys = 1, .keys = keys, .nreserved = 2, .reserved = reserved
	};

	assert_true(ys_profile_finish(sample->profile));
	ys_text_init(&sample->sql, &sample->arena);
	assert_true(ys_suggest_print(sample->profile, &suggestion, &sample->sql));
	return sample->sql.bytes;
}

static void
sample_end(Sample *sample)
{
	ys_profile_free(sample->profile);
	ys_arena_free(&sample->items);
	ys_arena_free(&sample->arena);
}

static const YsPathProfile *
path_of(const Sample *sample, const char *path)
{
	for (int i = 0; i < ys_profile_path_count(sample->profile); i++)
	{
		if (strcmp(ys_profile_path(sample->profile, i)->path, path) == 0)
			return ys_profile_path(sample->profile, i);
	}
	return NULL;
}

/* ---- profiles ---- */

static void
test_paths(void **state)
{
	Sample		sample;
	const YsPathProfile *path;
	YsError		err;
	YsPath		parsed;

	(void) state;
	sample_begin(&sample);
	sample_add(&sample, "{\"id\": {\"S\": \"1\"}, \"a\": {\"N\": \"7\"}, \"m\": {\"M\": {\"odd.name\": {\"S\": \"x\"}, \"e\": {\"M\": {}}}},"
			   " \"l\": {\"L\": [{\"M\": {\"on\": {\"S\": \"b\"}}}, {\"M\": {\"on\": {\"S\": \"a\"}}}]}, \"s\": {\"SS\": [\"p\", \"q\"]}}");
	sample_add(&sample, "{\"id\": {\"S\": \"2\"}, \"a\": {\"N\": \"10\"}, \"l\": {\"L\": []}, \"ll\": {\"L\": [{\"L\": [{\"N\": \"1\"}]}]},"
			   " \"q\\\"\\\\\": {\"BOOL\": true}}");
	sample_add(&sample, "{\"id\": {\"S\": \"3\"}, \"a\": {\"S\": \"no\"}, \"l\": {\"NULL\": true}}");
	assert_true(ys_profile_finish(sample.profile));
	assert_int_equal(ys_profile_items(sample.profile), 3);
	assert_false(ys_profile_is_partial(sample.profile));

	path = path_of(&sample, "a");
	assert_int_equal(path->items, 3);
	assert_int_equal(path->types[YS_TYPE_NUMBER], 2);
	assert_int_equal(path->types[YS_TYPE_STRING], 1);
	assert_int_equal(path->cardinality, 3);
	assert_string_equal(path->min, "7");
	assert_string_equal(path->max, "10");
	assert_int_equal(path->nexamples, 3);
	assert_string_equal(path->examples[0], "7");
	assert_string_equal(path->examples[2], "\"no\"");

	path = path_of(&sample, "l[*].on");
	assert_int_equal(path->items, 1);
	assert_int_equal(path->values, 2);
	assert_string_equal(path->min, "a");
	assert_string_equal(path->max, "b");
	/* the list itself, empty and null */
	path = path_of(&sample, "l");
	assert_int_equal(path->types[YS_TYPE_LIST], 1);
	assert_int_equal(path->types[YS_TYPE_NULL], 1);
	assert_string_equal(path->guess, "nothing");
	assert_non_null(path_of(&sample, "s[*]"));
	assert_non_null(path_of(&sample, "ll[*][*]"));
	assert_non_null(path_of(&sample, "m.e"));
	assert_non_null(path_of(&sample, "m.\"odd.name\""));
	assert_non_null(path_of(&sample, "\"q\\\"\\\\\""));
	/* in their order, and each is one that can be declared */
	for (int i = 0; i < ys_profile_path_count(sample.profile); i++)
	{
		const char *text = ys_profile_path(sample.profile, i)->path;

		assert_true(ys_path_parse(text, strlen(text), &sample.arena, &parsed, &err));
		assert_true(i == 0 || strcmp(ys_profile_path(sample.profile, i - 1)->path, text) < 0);
	}
	sample_end(&sample);
}

/* Whatever the documents hold: many paths, long names, many different values, deep ones, odd ones. */
static void
test_bounds(void **state)
{
	uint64_t	seed = unit_seed("bounds");
	char	   *json = malloc(200000);
	Sample		sample;
	const char *sql;

	(void) state;
	assert_non_null(json);
	sample_begin(&sample);
	for (int i = 0; i < 300; i++)
	{
		size_t		len = (size_t) sprintf(json, "{\"n\": {\"S\": \"");

		/* ever longer and larger, so that they are extremes */
		for (int n = 0; n < i * 100; n++)
			json[len++] = 'z';
		len += (size_t) sprintf(json + len, "\"}, \"d\": ");
		for (int d = 0; d < 35; d++)
			len += (size_t) sprintf(json + len, "{\"M\": {\"d\": ");
		len += (size_t) sprintf(json + len, "{\"N\": \"%d\"}", i);
		for (int d = 0; d < 35; d++)
			len += (size_t) sprintf(json + len, "}}");
		for (int p = 0; p < 150; p++)
			len += (size_t) sprintf(json + len, ", \"p%llu_%llu\": {\"M\": {\"x\": {\"S\": \"%llu %s\"}}}",
									(unsigned long long) unit_random(&seed, 1000000), (unsigned long long) p,
									(unsigned long long) unit_random(&seed, 1000),
									p % 3 == 0 ? "mi" : p % 3 == 1 ? "furlongs" : "x");
		sprintf(json + len, ", \"\\u0000\": {\"N\": \"1\"}, \"\": {\"N\": \"1\"}}");
		sample_add(&sample, json);
	}
	sql = sample_print(&sample);
	assert_true(ys_profile_is_partial(sample.profile));
	assert_int_equal(ys_profile_path_count(sample.profile), YS_PROFILE_MAX_PATHS);
	assert_non_null(strstr(sql, "more paths than were looked at"));
	print_message("%zu bytes for %d paths\n", sample.arena.used, ys_profile_path_count(sample.profile));
	assert_true(sample.arena.used < 64 * 1024 * 1024);
	sample_end(&sample);
	free(json);
}

/* An arena that is exhausted is told, wherever that happens. */
static void
test_exhausted(void **state)
{
	(void) state;
	for (size_t limit = 100000; limit < 3000000; limit += 100000)
	{
		YsArena		items;
		YsArena		arena;
		YsProfile  *profile;

		ys_arena_init(&items, ys_arena_malloc, 0);
		ys_arena_init(&arena, ys_arena_malloc, limit);
		profile = ys_profile_create(&arena);
		for (int i = 0; profile != NULL && i < 200; i++)
		{
			char		json[200];
			YsValue		item;

			sprintf(json, "{\"a%d\": {\"S\": \"12 mi\"}, \"b%d\": {\"S\": \"2024-03-12\"}}", i, i);
			item = item_of(&items, json);
			if (!ys_profile_add(profile, &item))
				break;
		}
		if (profile != NULL)
		{
			YsSuggestion suggestion = {.policy = "p", .source = "s", .table = "t", .level = "l"};
			YsText		sql;

			ys_text_init(&sql, &arena);
			(void) (ys_profile_finish(profile) && ys_suggest_print(profile, &suggestion, &sql));
			ys_profile_free(profile);
		}
		assert_true(arena.used <= limit);
		ys_arena_free(&items);
		ys_arena_free(&arena);
	}
}

/* ---- what values are taken for ---- */

static void
check_guess(const char *expected, const char *const *values)
{
	Sample		sample;

	sample_begin(&sample);
	for (int i = 0; values[i] != NULL; i++)
		sample_add_value(&sample, "v", values[i]);
	assert_true(ys_profile_finish(sample.profile));
	if (strcmp(path_of(&sample, "v")->guess, expected) != 0)
		fail_msg("%s, ...: %s, not %s", values[0], path_of(&sample, "v")->guess, expected);
	sample_end(&sample);
}

#define GUESS(expected, ...)	check_guess(expected, (const char *const[]) {__VA_ARGS__, NULL})

static void
test_dates(void **state)
{
	(void) state;
	GUESS("date: ISO", "2024-03-12", "2024-12-31");
	GUESS("timestamp: ISO", "2024-03-12T10:00:00Z", "2024-12-31T11:12:13Z");
	GUESS("date: DD/MM/YYYY", "31/12/2024", "03/04/2024");
	GUESS("date: MM/DD/YYYY", "12/31/2024", "03/04/2024");
	GUESS("date: DD/MM/YYYY or MM/DD/YYYY", "03/04/2024", "01/02/2024", "11/12/2024");
	GUESS("date: DD.MM.YYYY", "03.04.2024", "31.12.2024");
	GUESS("date: MM-DD-YY", "03-24-24", "12-31-24", "01-02-24");
	GUESS("date: DD Mon YYYY", "3 Apr 2024", "31 Dec 2024");
	GUESS("date: ISO, DD/MM/YYYY", "2024-03-12", "2024-03-13", "31/12/2024", "30/12/2024");
	GUESS("timestamp: epoch_ms", "1711929612345", "1711929712345");
	GUESS("timestamp: epoch_s", "1711929612", "1711929712");
	GUESS("timestamp: epoch_s, epoch_ms", "1711929612", "1711929712345");
	/* one bad value in four is nothing to go by, but two are */
	GUESS("date: ISO", "2024-03-12", "2024-12-31", "2024-12-30", "soon");
	GUESS("text", "2024-03-12", "2024-12-31", "soon", "later");
	/* three quarters of the evidence for a format is not enough against its rival */
	GUESS("date: DD/MM/YYYY or MM/DD/YYYY", "31/12/2024", "30/12/2024", "29/12/2024", "12/31/2024");
	/* blanks and nulls say nothing */
	GUESS("date: ISO", "2024-03-12", " ", "", " ");
}

static void
test_numbers(void **state)
{
	(void) state;
	/* years and serial numbers are no moments */
	GUESS("numeric", "2010", "1999", "2024");
	GUESS("numeric", "8324172650146309", "12", "5");
	GUESS("numeric", "4000000001", "9000000001");
	GUESS("numeric: km", "19 867 km", "120 km");
	GUESS("numeric: mi, locale en", "12,345 mi", "1,234 mi", "999 mi");
	/* what can be read in one way only needs no locale, and tells which one the rest needs */
	GUESS("numeric: kg", "1.234,5 kg", "12,25 kg", "1,234.5 kg");
	GUESS("numeric: kg, locale de", "12,345 kg", "12,25 kg", "0,5 kg");
	GUESS("numeric: kg, locale en", "12,345 kg", "1,234,567 kg", "3 kg");
	GUESS("numeric: km", "120 km", "19 867 km", "3 furlongs", "7 km");
	GUESS("text", "\"00123\"", "\"00124\"", "\"04120\"");
	GUESS("text", "3 furlongs", "4 furlongs", "12 km");
	/* the unit that most have */
	GUESS("numeric: km", "12 km", "13 km", "8 mi");
}

static void
test_others(void **state)
{
	(void) state;
	GUESS("boolean", "true", "false");
	GUESS("boolean", "yes", "no", "Yes");
	GUESS("numeric", "0", "1", "0");
	GUESS("text", "car", "bus", "yes");
	GUESS("nothing", " ", "");
}

/* ---- which paths are one field ---- */

/* The field that has the path: its declaration in the SQL, without what is around it. */
static void
field_with(const char *sql, const char *path, char *out, size_t size)
{
	char		literal[128];
	const char *found;
	const char *start = NULL;

	snprintf(literal, sizeof(literal), "'%s'", path);
	found = strstr(sql, literal);
	if (found == NULL)
		fail_msg("no field has %s in %s", path, sql);
	for (const char *p = strstr(sql, "yottastore.field("); p != NULL && p < found; p = strstr(p + 1, "yottastore.field("))
		start = p;
	assert_non_null(start);
	snprintf(out, size, "%.*s", (int) strcspn(start, ")"), start);
}

static void
check_together(const char *sql, const char *first, const char *second, bool together)
{
	char		one[4096];
	char		other[4096];

	field_with(sql, first, one, sizeof(one));
	field_with(sql, second, other, sizeof(other));
	if ((strcmp(one, other) == 0) != together)
		fail_msg("%s and %s are %s: %s", first, second, together ? "apart" : "together", sql);
}

/* Ten makers as the example fleet has them, each with its own names, formats and units. */
static void
test_makers(void **state)
{
	static const char *const dates[] = {
		"last_service", "service.last", "svcDt", "maintenance.history[*].on", "\"dernier.entretien\"", "svc.ts",
		"lastServiceMs", "service_log[*]", "Service-Date", "record.serviced_on"
	};
	static const char *const distances[] = {
		"odometer_km", "service.odometer", "odo", "telemetry.mileage", "kilom\xC3\xA9trage", "can.odometer.km",
		"distanceDriven", "trip.total", "Odometer-Reading", "record.distance"
	};
	/* what a number of the loop becomes; %d is it, and %03d its last digits */
	static const char *const documents[] = {
		"{\"last_service\": {\"S\": \"2024-03-%02d\"}, \"odometer_km\": {\"N\": \"%d123\"}}",
		"{\"service\": {\"M\": {\"last\": {\"S\": \"%02d/03/2024\"}, \"odometer\": {\"S\": \"%d 867 km\"}}}}",
		"{\"svcDt\": {\"S\": \"03-%02d-24\"}, \"odo\": {\"S\": \"%d,345 mi\"}}",
		"{\"maintenance\": {\"M\": {\"history\": {\"L\": [{\"M\": {\"on\": {\"S\": \"2024-03-%02d\"}}}]}}}, \"telemetry\": {\"M\": {\"mileage\": {\"S\": \"%d,345 mi\"}}}}",
		"{\"dernier.entretien\": {\"S\": \"%02d Mar 2024\"}, \"kilom\xC3\xA9trage\": {\"S\": \"%d 867 km\"}}",
		"{\"svc\": {\"M\": {\"ts\": {\"N\": \"17119296%02d\"}}}, \"can\": {\"M\": {\"odometer\": {\"M\": {\"km\": {\"N\": \"%d123\"}}}}}}",
		"{\"lastServiceMs\": {\"N\": \"17119296%02d123\"}, \"distanceDriven\": {\"S\": \"%d,345 mi\"}}",
		"{\"service_log\": {\"L\": [{\"N\": \"17119296%02d123\"}]}, \"trip\": {\"M\": {\"total\": {\"S\": \"%d 867 km\"}}}}",
		"{\"Service-Date\": {\"S\": \"%02d/03/2024\"}, \"Odometer-Reading\": {\"S\": \"%d,345 mi\"}}",
		"{\"record\": {\"M\": {\"serviced_on\": {\"S\": \"%02d Mar 2024\"}, \"distance\": {\"N\": \"%d123\"}}}}",
	};
	Sample		sample;
	const char *sql;

	(void) state;
	sample_begin(&sample);
	for (int i = 0; i < 200; i++)
	{
		char		json[512];

		snprintf(json, sizeof(json), documents[i % 10], 10 + i / 10 % 20, 10 + i);
		sample_add(&sample, json);
	}
	sql = sample_print(&sample);
	for (int i = 1; i < 10; i++)
	{
		check_together(sql, dates[0], dates[i], true);
		check_together(sql, distances[0], distances[i], true);
	}
	check_together(sql, dates[0], distances[0], false);
	assert_non_null(strstr(sql, "formats => ARRAY['ISO', 'epoch_s', 'epoch_ms', 'DD/MM/YYYY', 'MM-DD-YY', 'DD Mon YYYY']"));
	assert_non_null(strstr(sql, "unit => 'km'"));
	assert_non_null(strstr(sql, "combine => 'latest'"));
	sample_end(&sample);
}

/* Pairs of attributes, each in every other item, or (both) in the same. */
static void
check_pair(const char *first, const char *first_value, const char *second, const char *second_value, bool both,
		   bool together)
{
	Sample		sample;

	sample_begin(&sample);
	for (int i = 0; i < 40; i++)
	{
		char		json[512];

		if (both)
		{
			snprintf(json, sizeof(json), "{\"%s\": {\"S\": \"%s\"}, \"%s\": {\"S\": \"%s\"}}", first, first_value, second,
					 second_value);
			sample_add(&sample, json);
		}
		else
			sample_add_value(&sample, i % 2 == 0 ? first : second, i % 2 == 0 ? first_value : second_value);
	}
	check_together(sample_print(&sample), first, second, together);
	sample_end(&sample);
}

static void
test_pairs(void **state)
{
	(void) state;
	check_pair("svcDt", "2024-03-12", "lastService", "31/12/2024", false, true);
	/* what means something else, though the values are alike */
	check_pair("next_service", "2024-03-12", "last_service", "2024-03-12", false, false);
	check_pair("built_on", "2024-03-12", "serviced_on", "2024-03-12", false, false);
	/* what an item has both of is two facts */
	check_pair("svcDt", "2024-03-12", "lastService", "2024-03-12", true, false);
	/* of another kind */
	check_pair("service", "garage", "lastService", "2024-03-12", false, false);
	/* one's dates would be read by the other's format */
	check_pair("svcDt", "31/12/2024", "lastService", "12/31/2024", false, false);
	/* units of other quantities, and numbers of another size */
	check_pair("weight", "12 kg", "wgt", "12 km", false, false);
	check_pair("weight", "12 kg", "wgt", "20 lb", false, true);
	check_pair("odo", "120000 km", "mileage", "5 km", false, false);
	check_pair("odo", "120 km", "mileage", "150 km", false, true);
	/* numbers without a unit, whose names say two */
	check_pair("odo_mi", "1200", "odo_km", "1500", false, false);
	/* numbers of one locale and of another */
	check_pair("weight", "1.234,5 kg", "wgt", "1,234.5 kg", false, true);
	check_pair("weight", "12,25 kg", "wgt", "12,345 kg", false, false);
	/* said in other words */
	check_pair("colour", "red", "couleur", "rouge", false, true);
	check_pair("min_load", "12", "max_load", "14", false, false);
}

static void
test_text(void **state)
{
	Sample		sample;
	const char *sql;

	(void) state;
	sample_begin(&sample);
	for (int i = 0; i < 30; i++)
	{
		char		json[512];

		snprintf(json, sizeof(json), "{\"id\": {\"S\": \"%d\"}, \"kind\": {\"S\": \"%s\"}, \"note\": {\"S\": \"it's -- %d\\n\"},"
				 " \"tags\": {\"SS\": [\"a\", \"t%d\"]}, \"area\": {\"S\": \"x%d\"}, \"1st\": {\"S\": \"y%d\"}, \"rare\": {\"%s\": %s}}",
				 i, i % 3 == 0 ? "Car" : i % 3 == 1 ? "car" : " bus", i, i, i, i, i == 0 ? "S" : "NULL",
				 i == 0 ? "\"x\"" : "true");
		sample_add(&sample, json);
	}
	sql = sample_print(&sample);
	assert_non_null(strstr(sql, "-- one of \"Car\", \"bus\"\n"));
	assert_non_null(strstr(sql, "normalizers => ARRAY['trim', 'collapse', 'lower']"));
	/* an example can't end its comment */
	assert_non_null(strstr(sql, "\"it's -- 0\\n\""));
	assert_non_null(strstr(sql, "yottastore.field('tags', 'text[]',\n      paths => ARRAY['tags']"));
	/* names that are taken, and that no column can have */
	assert_non_null(strstr(sql, "yottastore.field('area_2', 'text'"));
	assert_non_null(strstr(sql, "yottastore.field('field_1st', 'text'"));
	/* keys are there anyway */
	assert_null(strstr(sql, "ARRAY['id']"));
	sample_end(&sample);
}

/* ---- locations ---- */

static void
check_area(const char *document, const char *expected)
{
	Sample		sample;
	const char *sql;

	sample_begin(&sample);
	for (int i = 0; i < 20; i++)
	{
		char		json[512];

		snprintf(json, sizeof(json), document, i % 10, i % 10);
		sample_add(&sample, json);
	}
	sql = sample_print(&sample);
	if (expected == NULL ? strstr(sql, "area_from_location") != NULL : strstr(sql, expected) == NULL)
		fail_msg("%s: %s", document, sql);
	sample_end(&sample);
}

static void
test_locations(void **state)
{
	(void) state;
	check_area("{\"p\": {\"M\": {\"type\": {\"S\": \"Point\"}, \"coordinates\": {\"L\": [{\"N\": \"1%d\"}, {\"N\": \"2%d\"}]}}}, \"a\": {\"S\": \"x\"}}",
			   "paths => ARRAY['p']");
	check_area("{\"p\": {\"M\": {\"latitude\": {\"N\": \"1%d\"}, \"lng\": {\"N\": \"2%d\"}}}, \"a\": {\"S\": \"x\"}}", "paths => ARRAY['p']");
	check_area("{\"gps\": {\"S\": \"1%d.5,2%d\"}, \"a\": {\"S\": \"x\"}}", "paths => ARRAY['gps']");
	check_area("{\"gps_lat\": {\"N\": \"1%d\"}, \"gps_lon\": {\"N\": \"2%d\"}, \"a\": {\"S\": \"x\"}}",
			   "lat => ARRAY['gps_lat'],\n    lon => ARRAY['gps_lon']");
	/* of what holds a location and more only that */
	check_area("{\"t\": {\"M\": {\"odo\": {\"N\": \"7%d\"}, \"position\": {\"M\": {\"lat\": {\"N\": \"1%d\"}, \"lon\": {\"N\": \"2\"}}}}}}",
			   "paths => ARRAY['t.position']");
	check_area("{\"t\": {\"M\": {\"odo\": {\"N\": \"7%d\"}, \"position\": {\"M\": {\"lat\": {\"N\": \"1%d\"}, \"lon\": {\"N\": \"2\"}}}}}}",
			   "paths => ARRAY['t.odo']");
	/* a list of two numbers: some can only be one way round, or nobody knows */
	check_area("{\"pos\": {\"L\": [{\"N\": \"1%d\"}, {\"N\": \"13%d\"}]}, \"a\": {\"S\": \"x\"}}",
			   "lat => ARRAY['pos[0]'],\n    lon => ARRAY['pos[1]']");
	check_area("{\"pos\": {\"L\": [{\"N\": \"-13%d\"}, {\"N\": \"1%d\"}]}, \"a\": {\"S\": \"x\"}}",
			   "lat => ARRAY['pos[1]'],\n    lon => ARRAY['pos[0]']");
	check_area("{\"pos\": {\"L\": [{\"N\": \"1%d\"}, {\"N\": \"2%d\"}]}, \"a\": {\"S\": \"x\"}}", "either number could be the latitude: \"pos\"");
	check_area("{\"sizes\": {\"L\": [{\"N\": \"1%d\"}, {\"N\": \"13%d\"}]}, \"a\": {\"S\": \"x\"}}", NULL);
	check_area("{\"a\": {\"S\": \"x%d %d\"}}", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_makers),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_locations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
