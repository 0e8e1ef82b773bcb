/*-------------------------------------------------------------------------
 * test_quality.c
 *	  Counting what became of values.
 *-------------------------------------------------------------------------
 */
#include "unit_policy.h"

#include "policy/quality.h"

static const YsBindings no_bindings;

static const char declaration[] =
	"{\"fields\":["
	"{\"name\":\"odo\",\"type\":\"numeric\",\"paths\":[\"odo\",\"km\"],\"default_value\":0},"
	"{\"name\":\"day\",\"type\":\"date\",\"paths\":[\"day\"],\"formats\":[\"ISO\",\"DD/MM/YYYY\"]},"
	"{\"name\":\"raw\",\"type\":\"numeric\",\"paths\":[\"raw\"],\"on_error\":\"keep_raw\"}],"
	"\"area\":{\"kind\":\"location\",\"paths\":[\"where\"],\"level\":\"country\"},"
	"\"attributes\":{}}";

typedef struct Counting
{
	YsArena		arena;
	YsPolicy   *policy;
	YsQuality  *quality;
} Counting;

static void
start(Counting *counting)
{
	ys_arena_init(&counting->arena, ys_arena_malloc, 0);
	counting->policy = policy_of(&counting->arena, declaration);
	counting->quality = ys_quality_create(counting->policy, &counting->arena);
	assert_non_null(counting->quality);
}

static void
add(Counting *counting, const char *json)
{
	YsValue		item = item_of(&counting->arena, json);
	YsEntry		entry;
	YsError		err;

	assert_true(ys_policy_apply(counting->policy, &no_bindings, &item, &counting->arena, &entry, &err));
	ys_quality_add(counting->quality, &entry);
}

/* The counters of a field that are not zero: "seen 1, path km 1". */
static const char *
counted(Counting *counting, const char *field)
{
	static const char *const kinds[] = {"seen", "nulls", "defaults", "coerced", "rejected", "path", "format"};
	int			ncounters;
	int			ncounts;
	const YsQualityCounter *counters = ys_quality_counters(counting->policy, &counting->arena, &ncounters);
	const int64_t *counts = ys_quality_counts(counting->quality, &ncounts);
	YsText		text;

	assert_int_equal(ncounters, ncounts);
	ys_text_init(&text, &counting->arena);
	for (int i = 0; i < ncounts; i++)
	{
		char		one[128];

		if (counts[i] == 0 || strcmp(counters[i].field, field) != 0)
			continue;
		snprintf(one, sizeof(one), "%s%s%s%s %d", text.len > 0 ? ", " : "", kinds[counters[i].kind],
				 counters[i].label != NULL ? " " : "", counters[i].label != NULL ? counters[i].label : "",
				 (int) counts[i]);
		ys_text_add_cstring(&text, one);
	}
	return text.bytes != NULL ? text.bytes : "";
}

static void
test_counts(void **state)
{
	Counting	counting;

	(void) state;
	start(&counting);
	assert_string_equal(counted(&counting, "odo"), "");
	add(&counting, "{\"odo\":{\"N\":\"5\"},\"day\":{\"S\":\"2024-01-02\"},\"where\":{\"S\":\"5,5\"}}");
	add(&counting, "{\"odo\":{\"S\":\"x\"},\"km\":{\"S\":\"7 \"},\"day\":{\"S\":\"02/01/2024\"},\"where\":{\"S\":\"99,5\"}}");
	add(&counting, "{\"km\":{\"S\":\"x\"},\"day\":{\"S\":\"never\"},\"raw\":{\"S\":\"y\"}}");
	add(&counting, "{}");
	assert_int_equal(ys_quality_entries(counting.quality), 4);
	assert_string_equal(counted(&counting, "odo"),
						"seen 3, nulls 1, defaults 1, coerced 1, rejected 2, path odo 1, path km 1");
	assert_string_equal(counted(&counting, "day"),
						"seen 3, nulls 2, coerced 1, rejected 1, path day 2, format ISO 1, format DD/MM/YYYY 1");
	assert_string_equal(counted(&counting, "raw"), "seen 1, nulls 4, rejected 1");
	/* no areas are known, so that a location leads nowhere */
	assert_string_equal(counted(&counting, "area"), "seen 2, nulls 4, rejected 1, path unlocated 4");
	assert_string_equal(counted(&counting, "attributes"), "seen 3, nulls 1");
	ys_arena_free(&counting.arena);
}

static void
test_samples(void **state)
{
	Counting	counting;
	const YsQualitySample *samples;
	char	   *json = malloc(5000);
	int			count;

	(void) state;
	start(&counting);
	for (int round = 0; round < 3; round++)
	{
		for (int i = 0; i < 7; i++)
		{
			snprintf(json, 5000, "{\"odo\":{\"S\":\"bad %d\"}}", i);
			add(&counting, json);
		}
	}
	sprintf(json, "{\"raw\":{\"S\":\"%04000d\"}}", 0);
	memset(strstr(json, "0000"), 'z', 4000);
	add(&counting, json);
	samples = ys_quality_samples(counting.quality, &count);
	assert_non_null(samples);
	assert_int_equal(count, YS_QUALITY_SAMPLES + 1);
	for (int i = 0; i < YS_QUALITY_SAMPLES; i++)
	{
		assert_string_equal(samples[i].field, "odo");
		assert_string_equal(samples[i].reason, "not a number");
		for (int j = 0; j < i; j++)
			assert_false(samples[i].value_len == samples[j].value_len &&
						 memcmp(samples[i].value, samples[j].value, samples[i].value_len) == 0);
	}
	/* the last one is there */
	assert_memory_equal(samples[YS_QUALITY_SAMPLES - 1].value, "\"bad 6\"", 7);
	assert_string_equal(samples[YS_QUALITY_SAMPLES].field, "raw");
	assert_in_range(samples[YS_QUALITY_SAMPLES].value_len, 200, 210);
	ys_arena_free(&counting.arena);
	free(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
