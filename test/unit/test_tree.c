/*-------------------------------------------------------------------------
 * test_tree.c
 *	  The tree of paths: it finds what following each path finds.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "policy/path.h"
#include "store/value_tree.h"

#define MAX_PATHS	300

static const char *const names[] = {
	"a", "b", "ab", "ba", "service", "servicf", "serviced", "a name longer than eight", "a name longer thaN eight"
};

#define NNAMES		(sizeof(names) / sizeof(names[0]))

static YsPathStep
random_step(uint64_t *seed, bool name)
{
	const char *text = names[unit_random(seed, NNAMES)];

	return name ? (YsPathStep) {text, (uint32_t) strlen(text), 0} :
		(YsPathStep) {NULL, 0, (int) unit_random(seed, 4)};
}

/* A document whose strings are all different by where they are. */
static YsValue
random_value(uint64_t *seed, int depth, YsArena *arena)
{
	YsValue		value = ys_value_string("x", 1);
	uint32_t	len = (uint32_t) unit_random(seed, 8);

	switch (depth > 0 ? unit_random(seed, 3) : 0)
	{
		case 1:
			value = (YsValue) {.type = YS_TYPE_MAP, .members = ys_arena_alloc(arena, NNAMES * sizeof(YsMember))};
			for (uint32_t i = 0; i < NNAMES; i++)
			{
				if (unit_random(seed, 2) == 0)
					value.members[value.len++] = (YsMember) {names[i], (uint32_t) strlen(names[i]),
					random_value(seed, depth - 1, arena)};
			}
			break;
		case 2:
			value = (YsValue) {.type = unit_random(seed, 2) == 0 ? YS_TYPE_LIST : YS_TYPE_STRING_SET, .len = len,
				.elements = ys_arena_alloc(arena, 8 * sizeof(YsValue))};
			for (uint32_t i = 0; i < len; i++)
				value.elements[i] = random_value(seed, value.type == YS_TYPE_LIST ? depth - 1 : 0, arena);
			break;
	}
	return value;
}

static void
test_random(void **state)
{
	UnitFixture *fixture = *state;
	uint64_t	seed = unit_seed("test_random");
	long		found = 0;

	for (int round = 0; round < 300; round++)
	{
		YsPathStep	steps[MAX_PATHS][5];
		YsPath		paths[MAX_PATHS];
		int			at[MAX_PATHS];
		int			npaths = (int) unit_random(&seed, MAX_PATHS) + 1;
		YsPathTree	places = {0};
		const YsValue **values;

		for (int i = 0; i < npaths; i++)
		{
			paths[i] = (YsPath) {(int) unit_random(&seed, 5) + 1, steps[i]};
			for (int s = 0; s < paths[i].nsteps; s++)
				steps[i][s] = random_step(&seed, s == 0 || unit_random(&seed, 3) > 0);
			at[i] = ys_tree_add(&places, steps[i], paths[i].nsteps, &fixture->arena);
			assert_true(at[i] > 0);
			assert_int_equal(at[i], ys_tree_add(&places, steps[i], paths[i].nsteps, &fixture->arena));
		}
		values = ys_arena_alloc(&fixture->arena, sizeof(*values) * (size_t) places.count);
		for (int document = 0; document < 10; document++)
		{
			YsValue		item = random_value(&seed, 5, &fixture->arena);

			ys_tree_find(&places, &item, values);
			assert_ptr_equal(values[0], &item);
			for (int i = 0; i < npaths; i++)
			{
				assert_ptr_equal(values[at[i]], ys_path_get(&paths[i], &item));
				found += values[at[i]] != NULL;
			}
		}
		ys_arena_reset(&fixture->arena);
	}
	assert_true(found > 10000);
}

/* ---- decoding what is wanted ---- */

typedef struct Reading
{
	const YsPathTree *places;
	YsArena    *arena;
	YsValue		item;
	YsError    *err;
} Reading;

static bool
build(void *arg, YsJsonNode *root)
{
	Reading    *reading = arg;

	return ys_value_from_typed_tree(root, reading->places, reading->arena, &reading->item, reading->err);
}

static bool
read_item(UnitFixture *fixture, const char *json, size_t len, const YsPathTree *places, YsValue *item)
{
	Reading		reading = {places, &fixture->arena, ys_value_null(), &fixture->err};
	char	   *padded = unit_padded(json, len, ' ');
	bool		ok = ys_json_read(fixture->reader, padded, len, build, &reading, &fixture->err);

	free(padded);
	*item = reading.item;
	return ok;
}

static size_t
count_values(const YsValue *value)
{
	size_t		count = 1;

	for (uint32_t i = 0; value->type == YS_TYPE_MAP && i < value->len; i++)
		count += count_values(&value->members[i].value);
	for (uint32_t i = 0; ys_value_has_elements(value) && i < value->len; i++)
		count += count_values(&value->elements[i]);
	return count;
}

/* What is wanted is there as when all is decoded, and little else. */
static void
test_decode(void **state)
{
	UnitFixture *fixture = *state;
	uint64_t	seed = unit_seed("test_decode");
	size_t		decoded[2] = {0, 0};

	for (int round = 0; round < 500; round++)
	{
		YsPathTree	places = {0};
		YsValue		item = random_value(&seed, 5, &fixture->arena);
		YsValue		items[2];
		const YsValue **values[2];
		YsText		text;

		if (item.type != YS_TYPE_MAP)
			continue;
		for (int i = 0; i < 10; i++)
		{
			YsPathStep	steps[4];
			int			nsteps = (int) unit_random(&seed, 4) + 1;

			for (int s = 0; s < nsteps; s++)
				steps[s] = s > 0 && unit_random(&seed, 4) == 0 ? (YsPathStep) {NULL, 0, YS_PATH_EVERY} :
				random_step(&seed, s == 0 || unit_random(&seed, 4) > 0);
			assert_true(ys_tree_add(&places, steps, nsteps, &fixture->arena) > 0);
		}
		ys_text_init(&text, &fixture->arena);
		ys_value_print_item(&text, &item);
		for (int i = 0; i < 2; i++)
		{
			assert_true(read_item(fixture, text.bytes, text.len, i == 0 ? NULL : &places, &items[i]));
			values[i] = ys_arena_alloc(&fixture->arena, sizeof(YsValue *) * (size_t) places.count);
			ys_tree_find(&places, &items[i], values[i]);
			decoded[i] += count_values(&items[i]);
		}
		for (int at = 0; at < places.count; at++)
		{
			YsText		texts[2];

			assert_int_equal(values[0][at] == NULL, values[1][at] == NULL);
			if (values[0][at] == NULL || !places.items[at].whole)
				continue;
			for (int i = 0; i < 2; i++)
			{
				ys_text_init(&texts[i], &fixture->arena);
				ys_value_print_typed(&texts[i], values[i][at]);
			}
			assert_string_equal(texts[0].bytes, texts[1].bytes);
		}
		ys_arena_reset(&fixture->arena);
	}
	assert_true(decoded[1] > 0 && decoded[1] < decoded[0]);
}

/* Of what is skipped the form of a value isn't looked at, but the document's brackets are. */
static void
test_decode_malformed(void **state)
{
	UnitFixture *fixture = *state;
	static const YsPathStep steps[] = {{"a", 1, 0}, {"b", 1, 0}};
	static const struct
	{
		const char *json;
		bool		ok;
	}			cases[] = {
		{"{\"a\":{\"M\":{\"b\":{\"S\":\"x\"},\"c\":{\"ZZ\":1}}},\"c\":7}", true},
		{"{\"a\":{\"M\":{\"b\":{\"ZZ\":1},\"c\":{\"S\":\"x\"}}}}", false},
		{"{\"a\":{\"M\":{\"b\":{\"S\":\"x\"},\"c\":{\"S\":\"x\"]}}}", false},
		{"{\"a\":{\"M\":{\"b\":{\"S\":\"x\"},\"c\":{\"S\":\"x\"}}},\"d\":{\"L\":[}}", false},
		{"{\"a\":{\"M\":{\"b\":{\"S\":\"x\"},\"c\":{\"S\":\"x}}},\"d\":1}", false},
		{"{\"a\":{\"M\":{\"b\":{\"S\":\"x\"},\"b\":{\"S\":\"y\"}}}}", false},
		{"{\"a\":{\"S\":\"a scalar where a map was to be\"}}", true},
		{"{\"a\":{\"L\":[{\"M\":{\"c\":{\"ZZ\":1}}}]}}", false},
	};
	YsPathTree	places = {0};

	assert_true(ys_tree_add(&places, steps, 2, &fixture->arena) > 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		YsValue		item;

		if (read_item(fixture, cases[i].json, strlen(cases[i].json), &places, &item) != cases[i].ok)
			fail_msg("%s", cases[i].json);
	}
}

/* Merged trees have the places of both. */
static void
test_merge(void **state)
{
	UnitFixture *fixture = *state;
	uint64_t	seed = unit_seed("test_merge");

	for (int round = 0; round < 100; round++)
	{
		YsPathTree	parts[3] = {{0}, {0}, {0}};
		YsPathTree	merged = {0};
		YsPathTree	together = {0};

		for (int i = 0; i < 60; i++)
		{
			YsPathStep	steps[4];
			int			nsteps = (int) unit_random(&seed, 4) + (i > 0);

			for (int s = 0; s < nsteps; s++)
				steps[s] = random_step(&seed, s == 0 || unit_random(&seed, 4) > 0);
			if (nsteps == 0 && unit_random(&seed, 4) > 0)
				continue;
			assert_true(ys_tree_add(&parts[i % 3], steps, nsteps, &fixture->arena) >= 0);
			assert_true(ys_tree_add(&together, steps, nsteps, &fixture->arena) >= 0);
		}
		for (int i = 0; i < 3; i++)
			assert_true(ys_tree_merge(&merged, &parts[i], &fixture->arena));
		assert_int_equal(merged.count, together.count);
		assert_int_equal(merged.items[0].whole, together.items[0].whole);
		for (int i = 1; i < together.count; i++)
		{
			YsPathStep	steps[8];
			int			nsteps = 0;
			bool		found = false;

			for (int at = i; at != 0; at = together.items[at].parent)
				nsteps++;
			for (int at = i, s = nsteps; at != 0; at = together.items[at].parent)
				steps[--s] = together.items[at].step;
			for (int at = 1; at < merged.count && !found; at++)
			{
				int			up = at;
				int			s = nsteps;

				while (s > 0 && up != 0 && merged.items[up].step.name == steps[s - 1].name &&
					   (steps[s - 1].name != NULL || merged.items[up].step.index == steps[s - 1].index))
				{
					up = merged.items[up].parent;
					s--;
				}
				if (s == 0 && up == 0)
				{
					assert_int_equal(merged.items[at].whole, together.items[i].whole);
					found = true;
				}
			}
			assert_true(found);
		}
		ys_arena_reset(&fixture->arena);
	}
}

static void
test_no_memory(void **state)
{
	YsArena		arena;
	YsPathTree	places = {0};
	uint64_t	seed = 1;
	int			at = 0;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 64 * 1024);
	for (int i = 0; i < 100000 && at >= 0; i++)
	{
		YsPathStep	steps[] = {random_step(&seed, true), {NULL, 0, i}};

		at = ys_tree_add(&places, steps, 2, &arena);
	}
	assert_int_equal(at, -1);
	ys_arena_free(&arena);
}

static int
set_up(void **state)
{
	return unit_set_up(state, sizeof(UnitFixture));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_decode, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_decode_malformed, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_merge, set_up, unit_tear_down),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
