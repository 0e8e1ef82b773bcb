/*-------------------------------------------------------------------------
 * fleet.c
 *	  The example fleet's documents, the records of their changes, and the
 *	  countries their positions are in.
 *-------------------------------------------------------------------------
 */
#include "bench.h"

#include "stream/event.h"

#define NPOINTS		100000

typedef struct Fleet
{
	YsPolicy   *policy;
	YsBindings	bindings;
	YsArena		kept;			/* for good */
	YsArena		arena;			/* of a batch */
	YsJsonReader *reader;
	Lines		records;
	int			nitems;
	YsValue    *items;
	int			npoints;
	double	   *points;			/* latitude and longitude of each */
} Fleet;

typedef struct Reading
{
	const YsPathTree *wanted;
	YsArena    *arena;
	YsValue    *value;
	YsError    *err;
} Reading;

static bool
build_item(void *arg, YsJsonNode *root)
{
	Reading    *reading = arg;

	return ys_value_from_typed_tree(root, reading->wanted, reading->arena, reading->value, reading->err);
}

/* ---- turns ---- */

static void
apply(Fleet *fleet, const YsValue *item, YsEntry *entry)
{
	YsError		err;

	if (!ys_policy_apply(fleet->policy, &fleet->bindings, item, &fleet->arena, entry, &err))
		bench_die("apply", &err);
}

/* Entries of documents that are decoded. */
static long
apply_items(void *arg)
{
	Fleet	   *fleet = arg;

	for (int i = 0; i < fleet->nitems; i++)
	{
		YsEntry		entry;

		if (i % BENCH_BATCH == 0)
			ys_arena_reset(&fleet->arena);
		apply(fleet, &fleet->items[i], &entry);
	}
	return fleet->nitems;
}

/* Entries of the stream's records. */
static long
decode_and_apply(Fleet *fleet, const YsPathTree *wanted, bool normalize)
{
	static const char *const keys[] = {"vehicle_id"};
	static const YsType types[] = {YS_TYPE_STRING};
	YsEventReading reading = {.format = YS_FORMAT_DYNAMODB, .nkeys = 1, .key_names = keys, .key_types = types,
	.wanted = wanted};

	for (int i = 0; i < fleet->records.count; i++)
	{
		YsEventMessage message = {.value = fleet->records.texts[i], .value_len = fleet->records.lens[i]};
		YsEvents	events;
		YsEntry		entry;
		YsError		err;

		if (i % BENCH_BATCH == 0)
			ys_arena_reset(&fleet->arena);
		if (!ys_event_decode(&reading, fleet->reader, &message, &fleet->arena, &events, &err))
			bench_die("record", &err);
		if (events.events[0].error != NULL)
			bench_die("record", events.events[0].error);
		if (normalize)
			apply(fleet, events.events[0].new_image, &entry);
	}
	return fleet->records.count;
}

static long
normalize_records(void *arg)
{
	Fleet	   *fleet = arg;

	return decode_and_apply(fleet, ys_policy_tree(fleet->policy), true);
}

static long
normalize_whole_records(void *arg)
{
	return decode_and_apply(arg, NULL, true);
}

static long
decode_records(void *arg)
{
	Fleet	   *fleet = arg;

	return decode_and_apply(fleet, ys_policy_tree(fleet->policy), false);
}

static long
locate(const Fleet *fleet, const double *points)
{
	long		found = 0;

	for (int i = 0; i < fleet->npoints; i++)
		found += ys_area_map_locate(fleet->bindings.areas, points[2 * i], points[2 * i + 1]) != NULL;
	if (found == 0)
		bench_die("nothing is anywhere", NULL);
	return fleet->npoints;
}

static long
locate_fleet(void *arg)
{
	const Fleet *fleet = arg;

	return locate(fleet, fleet->points);
}

static long
locate_anywhere(void *arg)
{
	const Fleet *fleet = arg;

	return locate(fleet, fleet->points + 2 * fleet->npoints);
}

/* ---- what they need ---- */

static bool
add_area(void *arg, const YsFeature *feature)
{
	YsAreaMap  *map = arg;
	char		text[128];
	YsError		err;

	snprintf(text, sizeof(text), "%.*s", (int) feature->name.len, feature->name.bytes);
	if (!ys_area_map_add(map, text, 0, NULL, feature->geometry.bytes, feature->geometry.len, &err))
		bench_die(text, &err);
	return true;
}

static YsAreaMap *
read_areas(const char *name, YsArena *arena)
{
	static const YsFeatureProperties properties = {.name = "name"};
	YsAreaMap  *map = ys_area_map_create(arena);
	size_t		len;
	char	   *json = bench_read_file(name, &len);
	YsError		err;

	if (!ys_area_read_geojson(json, len, &properties, arena, add_area, map, &err) || !ys_area_map_finish(map, &err))
		bench_die(name, &err);
	free(json);
	return map;
}

static void
read_items(Fleet *fleet, const char *name)
{
	Lines		lines = bench_read_lines(name);

	fleet->nitems = lines.count;
	fleet->items = bench_alloc(sizeof(YsValue) * (size_t) lines.count);
	for (int i = 0; i < lines.count; i++)
	{
		YsError		err;
		Reading		reading = {ys_policy_tree(fleet->policy), &fleet->kept, &fleet->items[i], &err};

		if (!ys_json_read(fleet->reader, lines.texts[i], lines.lens[i], build_item, &reading, &err))
			bench_die(name, &err);
	}
}

/* Points about the vehicles, and as many of the whole globe. */
static void
make_points(Fleet *fleet)
{
	uint64_t	dice = 1;
	int			count = 0;

	fleet->npoints = NPOINTS;
	fleet->points = bench_alloc(sizeof(double) * 4 * NPOINTS);
	for (int i = 0; count < NPOINTS; i++)
	{
		YsEntry		entry;

		apply(fleet, &fleet->items[i % fleet->nitems], &entry);
		if (!entry.located)
			continue;
		fleet->points[2 * count] = entry.lat + (bench_random(&dice, 2001) - 1000.0) / 1e4;
		fleet->points[2 * count + 1] = entry.lon + (bench_random(&dice, 2001) - 1000.0) / 1e4;
		count++;
	}
	for (int i = NPOINTS; i < 2 * NPOINTS; i++)
	{
		fleet->points[2 * i] = bench_random(&dice, 180000) / 1000.0 - 90;
		fleet->points[2 * i + 1] = bench_random(&dice, 360000) / 1000.0 - 180;
	}
}

/* Most documents give most fields: else what is measured is not what was meant. */
static void
check_entries(Fleet *fleet)
{
	int			nfields = ys_policy_field_count(fleet->policy);
	long		present = 0;
	long		located = 0;
	long		rejected = 0;

	for (int i = 0; i < fleet->nitems; i++)
	{
		YsEntry		entry;

		apply(fleet, &fleet->items[i], &entry);
		for (int f = 0; f < nfields; f++)
			present += entry.cells[f].present;
		located += entry.area != NULL && strcmp(entry.area, YS_AREA_UNLOCATED) != 0;
		rejected += entry.nrejections;
	}
	fprintf(stderr, "%d documents, %d fields: %.1f present, %.2f rejected, %.2f in an area\n", fleet->nitems, nfields,
			(double) present / fleet->nitems, (double) rejected / fleet->nitems, (double) located / fleet->nitems);
	if (present < (long) fleet->nitems * nfields * 8 / 10 || located < (long) fleet->nitems * 8 / 10)
		bench_die("the documents are not the policy's", NULL);
}

int
bench_add_fleet(Bench *added, const char *folder, const char *boundaries)
{
	Fleet	   *fleet = bench_alloc(sizeof(Fleet));
	char		name[1024];
	size_t		len;
	char	   *json;

	ys_arena_init(&fleet->kept, ys_arena_malloc, 0);
	ys_arena_init(&fleet->arena, ys_arena_malloc, 0);
	ys_arena_keep(&fleet->arena, BENCH_KEPT);
	fleet->reader = ys_json_reader_create();
	snprintf(name, sizeof(name), "%s/policy.json", folder);
	json = bench_read_file(name, &len);
	fleet->policy = bench_compile(json, len, &fleet->kept);
	fleet->bindings.areas = read_areas(boundaries, &fleet->kept);
	snprintf(name, sizeof(name), "%s/items", folder);
	read_items(fleet, name);
	snprintf(name, sizeof(name), "%s/records", folder);
	fleet->records = bench_read_lines(name);
	check_entries(fleet);
	make_points(fleet);

	added[0] = (Bench) {"documents", apply_items, fleet};
	added[1] = (Bench) {"areas_fleet", locate_fleet, fleet};
	added[2] = (Bench) {"areas_anywhere", locate_anywhere, fleet};
	added[3] = (Bench) {"records", normalize_records, fleet};
	added[4] = (Bench) {"records_whole", normalize_whole_records, fleet};
	added[5] = (Bench) {"records_decoded", decode_records, fleet};
	return 6;
}
