/*-------------------------------------------------------------------------
 * test_event_batch.c
 *	  Batches in the making: what is superseded, what stays, and what memory they take.
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <pthread.h>

#include "stream/event_batch.h"
#include "stream/event_reading.h"

#define PLENTY	((size_t) 1 << 30)

static const char *const names[] = {"id", "at"};
static const YsType types[] = {YS_TYPE_STRING, YS_TYPE_NUMBER};
static const YsKeyFit any[] = {{true, 0, 0}, {true, -1000, 1000}};
static const YsEventReading by_id = {.format = YS_FORMAT_DYNAMODB, .nkeys = 1, .key_names = names, .key_types = types};
static const YsEventReading by_both = {.format = YS_FORMAT_DYNAMODB, .nkeys = 2, .key_names = names, .key_types = types};

/* Memory that is counted, of which the block after so many is refused. */
typedef struct Counted
{
	int			blocks;
	int			left;			/* -1: any number */
} Counted;

static void *
counted_allocate(void *owner, size_t size)
{
	Counted    *counted = owner;

	if (counted->left == 0)
		return NULL;
	if (counted->left > 0)
		counted->left--;
	counted->blocks++;
	return malloc(size);
}

static void
counted_release(void *owner, void *block)
{
	Counted    *counted = owner;

	counted->blocks--;
	free(block);
}

typedef struct Fixture
{
	UnitFixture base;
	Counted		counted;
	YsEventBatch batch;
	int64_t		offset;			/* of the next message */
} Fixture;

static int
set_up(void **state)
{
	Fixture    *fixture;

	if (unit_set_up(state, sizeof(Fixture)) != 0)
		return -1;
	fixture = *state;
	fixture->counted.left = -1;
	ys_event_batch_init(&fixture->batch, (YsArenaSource) {counted_allocate, counted_release, &fixture->counted});
	ys_event_batch_begin(&fixture->batch, PLENTY);
	return 0;
}

static int
tear_down(void **state)
{
	Fixture    *fixture = *state;

	ys_event_batch_free(&fixture->batch);
	assert_int_equal(fixture->counted.blocks, 0);
	return unit_tear_down(state);
}

/* Add a message that is gone afterwards. */
static bool
add_bytes(Fixture *fixture, const YsEventReading *reading, const YsKeyFit *fits, YsMessage message, const char *text)
{
	size_t		len = strlen(text);
	char	   *copy = unit_padded(text, len, '}');
	char		key[] = "the message's key";
	bool		ok;

	message.value = copy;
	message.value_len = len;
	message.key = key;
	message.key_len = sizeof(key) - 1;
	message.offset = fixture->offset++;
	ok = ys_event_batch_add(&fixture->batch, reading, fits, fixture->base.reader, 1, &message, &fixture->base.err);
	memset(copy, 'x', len);
	memset(key, 'x', sizeof(key));
	free(copy);
	return ok;
}

static void
put(Fixture *fixture, YsMessage message, const char *id, int odo)
{
	char		text[256];

	snprintf(text, sizeof(text), "{\"eventName\":\"MODIFY\",\"dynamodb\":{\"Keys\":{\"id\":{\"S\":\"%s\"}},"
			 "\"NewImage\":{\"id\":{\"S\":\"%s\"},\"odo\":{\"N\":\"%d\"}}}}", id, id, odo);
	assert_true(add_bytes(fixture, &by_id, any, message, text));
}

static void
put_at(Fixture *fixture, const YsKeyFit *fits, const char *at)
{
	char		text[256];

	snprintf(text, sizeof(text), "{\"eventName\":\"REMOVE\",\"dynamodb\":{\"Keys\":{\"id\":{\"S\":\"a\"},"
			 "\"at\":{\"N\":\"%s\"}}}}", at);
	assert_true(add_bytes(fixture, &by_both, fits, (YsMessage) {0}, text));
}

/* Which messages are still there, a letter each. */
static const char *
kept(Fixture *fixture)
{
	static char text[64];
	int			count = fixture->batch.count;

	for (int i = 0; i < count; i++)
		text[i] = fixture->batch.messages[i].superseded ? '.' : 'k';
	text[count] = '\0';
	return text;
}

static void
finish(Fixture *fixture)
{
	assert_true(ys_event_batch_finish(&fixture->batch, &fixture->base.err));
}

static void
test_last_is_kept(void **state)
{
	Fixture    *fixture = *state;
	const YsMessage none = {0};
	YsEventBatch *batch = &fixture->batch;

	put(fixture, none, "a", 1);
	put(fixture, none, "b", 2);
	put(fixture, none, "a", 3);
	put(fixture, none, "c", 4);
	put(fixture, none, "a", 5);
	assert_string_equal(kept(fixture), ".k.kk");
	finish(fixture);
	assert_int_equal(batch->ndecoded, 5);
	assert_null(batch->decoded[0].event);
	assert_null(batch->messages[0].value);
	assert_int_equal(batch->decoded[0].message->offset, 0);
	assert_true(batch->messages[0].value_len > 100);
	assert_int_equal(batch->decoded[4].number, 1);
	assert_int_equal(batch->decoded[4].event->new_image->len, 2);
	assert_ptr_equal(batch->decoded[4].message, &batch->messages[4]);
	assert_memory_equal(batch->messages[4].key, "the message's key", 18);
	assert_int_equal(batch->messages[4].value[batch->messages[4].value_len + YS_JSON_PADDING - 1], '\0');
	assert_int_equal(batch->payload, 3 * (batch->messages[4].key_len + batch->messages[4].value_len));
}

static void
test_partitions_and_positions(void **state)
{
	Fixture    *fixture = *state;
	YsMessage	other = {.partition = 1};
	YsMessage	newer = {.has_position = true, .generation = 1, .sequence = "200"};
	YsMessage	older = {.has_position = true, .generation = 1, .sequence = "100"};
	YsMessage	bad = {.bad_position = true};

	put(fixture, (YsMessage) {0}, "a", 1);
	put(fixture, other, "a", 2);
	put(fixture, newer, "b", 3);
	put(fixture, older, "b", 4);
	put(fixture, bad, "a", 5);
	put(fixture, newer, "a", 6);
	assert_string_equal(kept(fixture), "kkkkkk");
	put(fixture, (YsMessage) {.has_position = true, .generation = 2, .sequence = "1"}, "b", 7);
	assert_string_equal(kept(fixture), "kk.kkkk");
}

static void
test_what_cannot_be_used_stays(void **state)
{
	Fixture    *fixture = *state;
	const YsMessage none = {0};

	put(fixture, none, "a", 1);
	assert_true(add_bytes(fixture, &by_id, any, none, "{\"eventName\":\"MODIFY\",\"dynamodb\":{\"Keys\":{\"id\":{\"S\":\"a\"}},"
						  "\"NewImage\":{\"id\":{\"S\":\"a\"},\"odo\":{\"N\":\"one\"}}}}"));
	assert_true(add_bytes(fixture, &by_id, any, none, "no event"));
	assert_true(add_bytes(fixture, &by_id, any, none, "{\"eventName\":\"MODIFY\",\"dynamodb\":{\"NewImage\":"));
	assert_true(add_bytes(fixture, &by_id, any, (YsMessage) {.is_watermark = true}, "no event"));
	assert_string_equal(kept(fixture), "kkkkk");
	put(fixture, none, "a", 2);
	assert_string_equal(kept(fixture), ".kkkkk");
	finish(fixture);
	assert_int_equal(fixture->batch.ndecoded, 6);
	assert_non_null(fixture->batch.decoded[1].event->error);
	assert_non_null(fixture->batch.decoded[2].event->error);
	assert_null(fixture->batch.decoded[4].event);
}

static void
test_keys_that_may_not_fit(void **state)
{
	Fixture    *fixture = *state;
	const YsKeyFit unsure[] = {{false, 0, 0}, {true, -1000, 1000}};

	for (int twice = 0; twice < 2; twice++)
	{
		put_at(fixture, any, "1000");
		put_at(fixture, any, "-1000");
		put_at(fixture, any, "1001");
		put_at(fixture, any, "1.5");
		put_at(fixture, any, "1234567890123456789");
	}
	assert_string_equal(kept(fixture), "..kkkkkkkk");
	ys_event_batch_begin(&fixture->batch, PLENTY);
	put_at(fixture, unsure, "1");
	put_at(fixture, unsure, "1");
	assert_string_equal(kept(fixture), "kk");
	ys_event_batch_begin(&fixture->batch, PLENTY);
	put(fixture, (YsMessage) {0}, "a\\u0000b", 1);
	put(fixture, (YsMessage) {0}, "a\\u0000b", 2);
	assert_string_equal(kept(fixture), "kk");
}

static void
test_several_records(void **state)
{
	Fixture    *fixture = *state;
	const char *two = "{\"Records\":[{\"eventName\":\"REMOVE\",\"dynamodb\":{\"Keys\":{\"id\":{\"S\":\"a\"}}}},"
		"{\"eventName\":\"REMOVE\",\"dynamodb\":{\"Keys\":{\"id\":{\"S\":\"b\"}}}}]}";

	assert_true(add_bytes(fixture, &by_id, any, (YsMessage) {0}, two));
	put(fixture, (YsMessage) {0}, "a", 1);
	assert_string_equal(kept(fixture), "kk");
	finish(fixture);
	assert_int_equal(fixture->batch.ndecoded, 3);
	assert_int_equal(fixture->batch.decoded[1].number, 2);
	assert_int_equal(fixture->batch.decoded[1].of, 2);
}

/* Decode what has been forgotten, in two parts. */
static void
decode_again(Fixture *fixture)
{
	YsEventBatch *batch = &fixture->batch;
	int			middle = ys_event_batch_middle(batch);
	int			before = 0;

	for (int i = 0; i < middle; i++)
		before += !batch->messages[i].superseded;
	assert_int_equal(before, batch->nitems / 2);
	assert_true(ys_event_batch_decode(batch, &by_id, fixture->base.reader, 0, middle, &batch->arena, &fixture->base.err));
	assert_true(ys_event_batch_decode(batch, &by_id, fixture->base.reader, middle, batch->count, &fixture->base.arena,
									  &fixture->base.err));
	assert_true(ys_event_batch_list(batch, &fixture->base.err));
	assert_int_equal(batch->ndecoded, batch->count);
}

/* Items by the thousand: which messages stay does not hang on whether events do. */
static void
test_long_batches(void **state)
{
	Fixture    *fixture = *state;
	YsEventBatch *batch = &fixture->batch;
	int			newest[700];
	size_t		held = 0;

	for (int forget = 0; forget < 2; forget++)
	{
		ys_event_batch_begin(batch, forget ? 64 * 1024 : PLENTY);
		for (int i = 0; i < 5000; i++)
		{
			int			item = i * 31 % 700;
			char		id[16];

			snprintf(id, sizeof(id), "item%d", item);
			put(fixture, (YsMessage) {0}, id, i);
			newest[item] = i;
		}
		assert_int_equal(batch->nitems, 700);
		for (int i = 0; i < 5000; i++)
			assert_int_equal(batch->messages[i].superseded, newest[i * 31 % 700] != i);
		finish(fixture);
		assert_int_equal(batch->ndecoded, forget ? 0 : 5000);
		assert_int_equal(batch->decoded == NULL, forget);
		if (forget)
			decode_again(fixture);
		for (int i = 0; i < 5000; i++)
			assert_int_equal(batch->decoded[i].event == NULL, newest[i * 31 % 700] != i);
		assert_string_equal(batch->decoded[4999].event->key, "{\"id\":{\"S\":\"item269\"}}");

		/* a limit on these doesn't end a batch before events are forgotten */
		if (!forget)
			held = ys_event_batch_bytes(batch);
		else
			assert_int_equal(ys_event_batch_bytes(batch), held);
	}
}

static void
test_memory_runs_out(void **state)
{
	Fixture    *fixture = *state;
	bool		ok = false;
	int			tries = 0;

	for (; !ok; tries++)
	{
		ys_event_batch_free(&fixture->batch);
		assert_int_equal(fixture->counted.blocks, 0);
		ys_event_batch_begin(&fixture->batch, PLENTY);
		fixture->counted.left = tries;
		ok = true;
		for (int i = 0; ok && i < 1100; i++)
		{
			char		text[128];

			snprintf(text, sizeof(text), "{\"eventName\":\"REMOVE\",\"dynamodb\":{\"Keys\":{\"id\":{\"S\":\"%d\"}}}}", i);
			memset(&fixture->base.err, 0, sizeof(fixture->base.err));
			ok = add_bytes(fixture, &by_id, any, (YsMessage) {0}, text);
		}
		ok = ok && ys_event_batch_finish(&fixture->batch, &fixture->base.err);
		assert_int_equal(fixture->base.err.code, ok ? YS_OK : YS_ERR_OUT_OF_MEMORY);
	}
	fixture->counted.left = -1;
	assert_true(tries > 1100);
}

/* ---- threads ---- */

static void *
make_alone(void *arg)
{
	Fixture    *fixture = arg;

	ys_event_batch_begin(&fixture->batch, 256 * 1024);
	for (int i = 0; i < 2000; i++)
	{
		char		id[16];

		snprintf(id, sizeof(id), "%d", i % 300);
		put(fixture, (YsMessage) {.partition = i % 3}, id, i);
	}
	finish(fixture);
	return NULL;
}

static void
test_threads(void **state)
{
	void	   *others[2];
	pthread_t	threads[2];

	for (int t = 0; t < 2; t++)
	{
		assert_int_equal(set_up(&others[t]), 0);
		assert_int_equal(pthread_create(&threads[t], NULL, make_alone, others[t]), 0);
	}
	make_alone(*state);
	for (int t = 0; t < 2; t++)
	{
		Fixture    *fixture = *state;
		Fixture    *other = others[t];

		assert_int_equal(pthread_join(threads[t], NULL), 0);
		assert_int_equal(other->batch.payload, fixture->batch.payload);
		assert_int_equal(other->batch.nitems, fixture->batch.nitems);
		assert_int_equal(tear_down(&others[t]), 0);
	}
}

/* ---- readings ---- */

static void
want(YsPathTree *tree, const char *name, int index, YsArena *arena)
{
	YsPathStep	steps[] = {{name, (uint32_t) strlen(name), 0}, {NULL, 0, index}};

	assert_true(ys_tree_add(tree, steps, index >= 0 ? 2 : 1, arena) >= 0);
}

static void
test_reading_copy(void **state)
{
	Fixture    *fixture = *state;
	YsArena    *arena = &fixture->base.arena;
	YsPathTree	tree = {0};
	YsPathTree	others[3] = {{0}};
	char		table[] = "vehicles";
	char		name[] = "odo";
	YsEventReading reading = by_both;
	YsEventReading *copy;

	want(&tree, name, -1, arena);
	want(&tree, "log", 3, arena);
	reading.table = table;
	reading.wanted = &tree;
	copy = ys_event_reading_copy(&reading, arena);
	assert_non_null(copy);
	assert_true(ys_event_reading_same(&reading, copy));
	want(&others[0], "odo", -1, arena);
	want(&others[1], "odo", -1, arena);
	want(&others[1], "log", 4, arena);
	want(&others[2], "oda", -1, arena);
	want(&others[2], "log", 3, arena);
	for (int i = 0; i < 3; i++)
	{
		reading.wanted = &others[i];
		assert_false(ys_event_reading_same(&reading, copy));
	}
	reading.wanted = &tree;
	reading.unsaid_table = "vehicles";
	assert_false(ys_event_reading_same(&reading, copy));
	reading.unsaid_table = NULL;
	reading.nkeys = 1;
	assert_false(ys_event_reading_same(&reading, copy));
	reading.nkeys = 2;
	assert_true(ys_event_reading_same(&reading, copy));

	/* nothing is borrowed */
	memset(table, 'x', sizeof(table) - 1);
	memset(name, 'x', sizeof(name) - 1);
	assert_string_equal(copy->table, "vehicles");
	assert_true(ys_tree_member(copy->wanted, 0, "odo", 3) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_last_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_partitions_and_positions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_used_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keys_that_may_not_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_several_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_batches, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reading_copy, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
