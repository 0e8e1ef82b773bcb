/*-------------------------------------------------------------------------
 * test_trace.c
 *	  What is told of the values a policy looks at.
 *-------------------------------------------------------------------------
 */
#include "unit_policy.h"

#include "policy/area.h"

/* Each value that was told, a line: number path use reason. */
typedef struct Account
{
	char		text[4096];
	size_t		len;
} Account;

static void
write_down(void *arg, const YsConsidered *considered)
{
	static const char *const uses[] = {"taken", "absent", "rejected", "no memory"};
	Account    *account = arg;

	/* a cell comes with what is taken, and only of a field */
	if (considered->field >= 0)
		assert_int_equal(considered->use == YS_USE_TAKEN, considered->cell->present);
	else
		assert_null(considered->cell);
	assert_int_equal(considered->reason != NULL, considered->use == YS_USE_REJECTED);
	account->len += (size_t) snprintf(account->text + account->len, sizeof(account->text) - account->len,
									  "%d %s %s%s%s\n", considered->field,
									  considered->path != NULL ? considered->path : "default",
									  uses[considered->use], considered->reason != NULL ? ": " : "",
									  considered->reason != NULL ? considered->reason : "");
}

static void
check_trace(const char *declaration, const YsAreaMap *areas, const char *item, const char *expected)
{
	YsArena		arena;
	YsEntry		entry;
	YsEntry		plain;
	YsError		err;
	Account		account = {.len = 0};
	YsBindings	bindings = {.areas = areas};
	YsTrace		trace = {write_down, &account};
	YsPolicy   *policy;
	YsValue		value;

	ys_arena_init(&arena, ys_arena_malloc, 0);
	policy = policy_of(&arena, declaration);
	value = item_of(&arena, item);
	assert_true(ys_policy_explain(policy, &bindings, &value, &trace, &arena, &entry, &err));
	assert_string_equal(account.text, expected);

	/* being watched changes nothing */
	assert_true(ys_policy_apply(policy, &bindings, &value, &arena, &plain, &err));
	assert_string_equal(entry.area, plain.area);
	assert_int_equal(entry.located, plain.located);
	assert_int_equal(entry.nrejections, plain.nrejections);
	for (int f = 0; f < ys_policy_field_count(policy); f++)
	{
		assert_int_equal(entry.cells[f].present, plain.cells[f].present);
		assert_int_equal(entry.cells[f].path, plain.cells[f].path);
	}
	ys_arena_free(&arena);
}

static void
test_fields(void **state)
{
	const char *first = "{\"fields\": [{\"name\": \"n\", \"type\": \"numeric\", \"paths\": [\"a\", \"b[*]\"]}]}";
	const char *max = "{\"fields\": [{\"name\": \"n\", \"type\": \"numeric\", \"paths\": [\"a\", \"b[*]\"],"
		" \"combine\": \"max\", \"default_value\": \"7\"}]}";

	(void) state;
	/* the first usable value ends the search */
	check_trace(first, NULL, "{\"a\": {\"S\": \"x\"}, \"b\": {\"L\": [{\"NULL\": true}, {\"N\": \"1\"}, {\"N\": \"2\"}]}}",
				"0 a rejected: not a number\n0 b[*] absent\n0 b[*] taken\n");
	check_trace(first, NULL, "{\"c\": {\"S\": \"x\"}}", "");
	/* and with combine 'max' all are looked at */
	check_trace(max, NULL, "{\"a\": {\"N\": \"3\"}, \"b\": {\"L\": [{\"N\": \"1\"}, {\"M\": {}}]}}",
				"0 a taken\n0 b[*] taken\n0 b[*] rejected: not a scalar\n");
	check_trace(max, NULL, "{\"a\": {\"S\": \" \"}}", "0 a absent\n0 default taken\n");
}

static YsAreaMap *
map_of(YsArena *arena)
{
	static const char boundary[] = "{\"type\": \"Polygon\", \"coordinates\": [[[0,0],[10,0],[10,10],[0,10],[0,0]]]}";
	YsAreaMap  *map = ys_area_map_create(arena);
	char	   *padded = unit_padded(boundary, strlen(boundary), ' ');
	YsError		err;

	assert_true(ys_area_map_add(map, "A", 0, NULL, padded, strlen(boundary), &err));
	assert_true(ys_area_map_finish(map, &err));
	free(padded);
	return map;
}

static void
test_area(void **state)
{
	const char *declaration = "{\"fields\": [], \"area\": {\"kind\": \"value\", \"paths\": [\"c\", \"d\"],"
		" \"level\": \"x\", \"location\": {\"lat\": [\"y\"], \"lon\": [\"x\"], \"paths\": [\"at\"]}}}";
	YsArena		arena;
	YsAreaMap  *map;

	(void) state;
	ys_arena_init(&arena, ys_arena_malloc, 0);
	map = map_of(&arena);
	check_trace(declaration, map, "{\"c\": {\"S\": \"Z\"}, \"d\": {\"S\": \"a\"}, \"y\": {\"N\": \"95\"}, \"x\": {\"N\": \"5\"},"
				" \"at\": {\"S\": \"5,5\"}}",
				"-1 c rejected: no area of that name\n-1 d taken\n"
				"-2 y, x rejected: latitude out of range\n-2 at taken\n");
	check_trace(declaration, map, "{\"y\": {\"N\": \"5\"}, \"x\": {\"N\": \"5\"}}", "-2 y, x taken\n");
	check_trace(declaration, map, "{}", "");
	ys_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_area),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
