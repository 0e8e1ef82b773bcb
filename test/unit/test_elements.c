/*-------------------------------------------------------------------------
 * test_elements.c
 *	  Reading a document element by element: the same is accepted and read as
 *	  when it is read whole, whatever order its members have.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "store/value.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

typedef struct Fixture
{
	UnitFixture base;
	YsText		members;		/* name:value; of all but the array "k" */
	YsText		elements;		/* value, of that */
	bool		seen;			/* the array was met */
} Fixture;

static int
set_up(void **state)
{
	return unit_set_up(state, sizeof(Fixture));
}

static bool
add_value(Fixture *fixture, YsText *text, YsJsonNode *node)
{
	YsValue		value;

	if (!ys_value_from_plain_json(node, &fixture->base.arena, &value, &fixture->base.err))
		return false;
	ys_value_print_plain(text, &value);
	return true;
}

static bool
on_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Fixture    *fixture = arg;

	ys_text_add(&fixture->members, name, len);
	ys_text_add(&fixture->members, ":", 1);
	if (!add_value(fixture, &fixture->members, node))
		return false;
	ys_text_add(&fixture->members, ";", 1);
	return true;
}

static bool
on_element(void *arg, YsJsonNode *node)
{
	Fixture    *fixture = arg;

	if (!add_value(fixture, &fixture->elements, node))
		return false;
	ys_text_add(&fixture->elements, ",", 1);
	return true;
}

/* ---- the two ways ---- */

static void
begin(Fixture *fixture)
{
	ys_arena_reset(&fixture->base.arena);
	ys_text_init(&fixture->members, &fixture->base.arena);
	ys_text_init(&fixture->elements, &fixture->base.arena);
	ys_text_add(&fixture->members, "", 0);
	ys_text_add(&fixture->elements, "", 0);
	memset(&fixture->base.err, 0, sizeof(fixture->base.err));
	fixture->seen = false;
}

/* Element by element; known: what begin gave of the members. */
static bool
read_elements(Fixture *fixture, const char *document, size_t len, char fill, char *known)
{
	char	   *copy = unit_padded(document, len, fill);
	bool		more = true;
	bool		good;

	begin(fixture);
	good = ys_json_begin_elements(fixture->base.reader, copy, len, "k", on_member, fixture,
								  &fixture->base.err);
	if (good && known != NULL)
		strcpy(known, fixture->members.bytes);
	while (good && more)
		good = ys_json_next_element(fixture->base.reader, on_element, on_member, fixture, &more,
									&fixture->base.err);
	free(copy);
	return good;
}

static bool
on_whole_element(void *arg, size_t i, YsJsonNode *node)
{
	(void) i;
	return on_element(arg, node);
}

static bool
on_whole_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Fixture    *fixture = arg;

	if (fixture->seen || len != 1 || name[0] != 'k' || ys_json_kind(node) != YS_JSON_ARRAY)
		return on_member(arg, name, len, node);
	fixture->seen = true;
	return ys_json_each_element(node, on_whole_element, fixture, &fixture->base.err);
}

static bool
on_root(void *arg, YsJsonNode *root)
{
	Fixture    *fixture = arg;

	return ys_json_each_member(root, on_whole_member, fixture, &fixture->base.err);
}

static bool
read_whole(Fixture *fixture, const char *document, size_t len)
{
	char	   *copy = unit_padded(document, len, '\0');
	bool		good;

	begin(fixture);
	good = ys_json_read(fixture->base.reader, copy, len, on_root, fixture, &fixture->base.err);
	free(copy);
	return good;
}

/* ---- tests ---- */

static void
test_members(void **state)
{
	static const struct
	{
		const char *document;
		const char *known;		/* members there were before the first element */
		const char *members;
		const char *elements;
	}			cases[] = {
		{"{}", "", "", ""},
		{" { \"a\" : 1 } ", "a:1;", "a:1;", ""},
		{"{\"k\":[]}", "", "", ""},
		{"{\"k\":[1]}", "", "", "1,"},
		{"{ \"k\" : [ 1 , \"x\" ] , \"b\" : {\"c\":[2]} }", "b:{\"c\":[2]};", "b:{\"c\":[2]};", "1,\"x\","},
		{"{\"a\":{\"k\":[9]},\"k\":[{\"k\":[1]},[]],\"b\":\"]\"}", "a:{\"k\":[9]};b:\"]\";",
		"a:{\"k\":[9]};b:\"]\";", "{\"k\":[1]},[],"},
		{"{\"a\":[5],\"k\":[1],\"b\":2}", "a:[5];b:2;", "a:[5];b:2;", "1,"},
		/* an array behind it: what is between the two is found last */
		{"{\"k\":[1],\"a\":2,\"b\":[3],\"c\":4}", "c:4;", "c:4;a:2;b:[3];", "1,"},
		{"{\"k\":[],\"b\":[[]]}", "", "b:[[]];", ""},
		/* the name escaped, twice, and of something else */
		{"{\"\\u006b\":[1]}", "", "", "1,"},
		{"{\"k\":[1],\"k\":[2]}", "", "k:[2];", "1,"},
		{"{\"k\":1,\"k\":[2]}", "k:1;", "k:1;", "2,"},
		{"{\"k\":null}", "k:null;", "k:null;", ""},
	};
	static const char fills[] = {'\0', ' ', '}', ']', '"', ','};
	Fixture    *fixture = *state;
	char		known[256];

	for (size_t i = 0; i < LENGTH(cases) * LENGTH(fills); i++)
	{
		const char *document = cases[i / LENGTH(fills)].document;

		if (!read_elements(fixture, document, strlen(document), fills[i % LENGTH(fills)], known))
			fail_msg("%s: %s %s", document, fixture->base.err.message, fixture->base.err.detail);
		assert_string_equal(known, cases[i / LENGTH(fills)].known);
		assert_string_equal(fixture->members.bytes, cases[i / LENGTH(fills)].members);
		assert_string_equal(fixture->elements.bytes, cases[i / LENGTH(fills)].elements);
	}
}

static void
test_refused(void **state)
{
	static const char *const documents[] = {
		"", "[]", "[{\"k\":[1]}]", "\"k\"", "1", "{", "{\"k\"", "{\"k\":", "{\"k\":[", "{\"k\":[1", "{\"k\":[1]",
		"{\"k\":[1,]}", "{\"k\":[,1]}", "{\"k\":[1 2]}", "{\"k\":[1},\"b\":[2]}", "{\"k\":[1]]}", "{\"k\":[1]}}",
		"{\"k\":[1]} 2", "{\"k\":[1],}", "{\"k\":[1] \"b\":2}", "{\"k\":[1],\"b\"}", "{\"k\":[1],b:2}",
		"{\"k\":[[1}],\"b\":2}", "{\"k\":[1],\"a\":2 \"b\":[3]}", "{\"k\":[1],\"a\",\"b\":[3]}",
		"{\"k\":[1]\"a\":2,\"b\":[3]}", "{\"a\":]}", "{]}", "{\"k\":[{\"a\":[}],\"b\":1]}", "{\"k\":[nul]}", "{\"k\":[\"\\x\"]}",
	};
	Fixture    *fixture = *state;

	for (size_t i = 0; i < LENGTH(documents); i++)
	{
		if (read_elements(fixture, documents[i], strlen(documents[i]), ']', NULL))
			fail_msg("accepted: %s", documents[i]);
		assert_int_equal(fixture->base.err.code, YS_ERR_INVALID_DATA);
	}
}

/* A callback's own error stays, and nothing is read after it. */
static bool
refuse_element(void *arg, YsJsonNode *node)
{
	Fixture    *fixture = arg;

	(void) node;
	return ys_error_set(&fixture->base.err, YS_ERR_REFUSED, "no");
}

static void
test_stopped(void **state)
{
	static const char document[] = "{\"k\":[1,2]}";
	Fixture    *fixture = *state;
	char	   *copy = unit_padded(document, strlen(document), '\0');
	bool		more;

	begin(fixture);
	assert_true(ys_json_begin_elements(fixture->base.reader, copy, strlen(document), "k", on_member,
									   fixture, &fixture->base.err));
	assert_false(ys_json_next_element(fixture->base.reader, refuse_element, on_member, fixture, &more,
									  &fixture->base.err));
	assert_int_equal(fixture->base.err.code, YS_ERR_REFUSED);
	free(copy);
}

/* Random damage: what is accepted, and what is read of it, is the same both ways. */
static void
test_damaged(void **state)
{
	static const char *const documents[] = {
		"{\"a\":{\"S\":\"x\\u00e9\\\"y\"},\"k\":[1,{\"c\":[[],{}]},\"\xE2\x82\xAC\"],\"b\":{\"d\":[true]},\"e\":null}",
		"{\"k\":[{\"a\":\"b\"}],\"a\":1,\"b\":[2,[3]],\"c\":\"k\"}",
		"{\"k\":[],\"l\":[[\"]\"]]}",
	};
	static const char bytes[] = "{}[],:\"\\u019.-ektfnl \n\x80";
	Fixture    *fixture = *state;
	uint64_t	seed = unit_seed("damaged documents");
	int			accepted = 0;

	for (int i = 0; i < 60000; i++)
	{
		char		damaged[128];
		size_t		len = strlen(documents[i % LENGTH(documents)]);
		char	   *elements = NULL;
		size_t		members_len = 0;
		bool		good;

		memcpy(damaged, documents[i % LENGTH(documents)], len);
		for (uint64_t j = unit_random(&seed, 3) + 1; j > 0; j--)
			damaged[unit_random(&seed, len)] = bytes[unit_random(&seed, sizeof(bytes))];
		good = read_whole(fixture, damaged, len);
		if (good)
		{
			accepted++;
			elements = strdup(fixture->elements.bytes);
			members_len = fixture->members.len;
		}
		if (read_elements(fixture, damaged, len, ']', NULL) != good)
			fail_msg("%s by elements only: %.*s", good ? "refused" : "accepted", (int) len, damaged);
		if (good)
		{
			assert_string_equal(fixture->elements.bytes, elements);
			/* their order may differ */
			assert_int_equal(fixture->members.len, members_len);
		}
		free(elements);
	}
	assert_true(accepted > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_members, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_stopped, set_up, unit_tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, unit_tear_down)
	};

	return cmocka_run_group_tests_name("elements", tests, NULL, NULL);
}
