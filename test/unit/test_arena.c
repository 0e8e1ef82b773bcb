/*-------------------------------------------------------------------------
 * test_arena.c
 *	  Arenas: alignment whatever the source's, the limit, reuse after a reset.
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static int	blocks_out;

/* Aligned to 8 and never to 16, as a memory context's chunks may be. */
static void *
odd_allocate(void *owner, size_t size)
{
	char	   *block = malloc(size + 32);
	char	   *aligned = (char *) (((uintptr_t) block + 16) & ~(uintptr_t) 15);

	(void) owner;
	assert_non_null(block);
	blocks_out++;
	aligned += 8;
	((char **) aligned)[-1] = block;
	return aligned;
}

static void
odd_release(void *owner, void *block)
{
	(void) owner;
	blocks_out--;
	free(((char **) block)[-1]);
}

static const YsArenaSource odd = {odd_allocate, odd_release, NULL};

static void
test_alignment(void **state)
{
	YsArena		arena;

	(void) state;
	ys_arena_init(&arena, odd, 0);
	for (int round = 0; round < 3; round++)
	{
		for (size_t size = 0; size < 3000; size += 7)
		{
			char	   *bytes = ys_arena_alloc(&arena, size);

			assert_non_null(bytes);
			assert_int_equal((uintptr_t) bytes % 16, 0);
			memset(bytes, 0xAA, size);
		}
		ys_arena_reset(&arena);
		assert_true(blocks_out > 0);
	}
	ys_arena_free(&arena);
	assert_int_equal(blocks_out, 0);
}

/* Allocate much, reset: how many bytes stay. */
static size_t
use(YsArena *arena, int count)
{
	for (int i = 0; i < count; i++)
		memset(ys_arena_alloc(arena, 1000), i, 1000);
	ys_arena_reset(arena);
	return arena->used;
}

static void
test_keeping(void **state)
{
	YsArena		arena;
	size_t		kept;
	int			blocks;

	(void) state;
	ys_arena_init(&arena, odd, 0);
	assert_in_range(use(&arena, 10000), 1, 1024 * 1024);
	ys_arena_keep(&arena, 8 * 1024 * 1024);
	kept = use(&arena, 5000);
	assert_in_range(kept, 5000000, 8 * 1024 * 1024);
	blocks = blocks_out;
	assert_int_equal(use(&arena, 5000), kept);	/* nothing new is taken */
	assert_int_equal(blocks_out, blocks);
	assert_int_equal(use(&arena, 10), kept);	/* and nothing given back */
	assert_in_range(use(&arena, 20000), 6000000, 8 * 1024 * 1024);
	ys_arena_keep(&arena, 0);
	assert_int_equal(use(&arena, 10), 0);
	assert_int_equal(blocks_out, 0);
	ys_arena_free(&arena);
}

/* What is kept never stands in the way of what is needed. */
static void
test_keeping_within_limit(void **state)
{
	YsArena		arena;

	(void) state;
	ys_arena_init(&arena, odd, 3000000);
	ys_arena_keep(&arena, 3000000);
	assert_in_range(use(&arena, 1500), 1500000, 3000000);
	assert_non_null(ys_arena_alloc(&arena, 2500000));
	assert_true(arena.used <= 3000000);
	ys_arena_free(&arena);
	assert_int_equal(blocks_out, 0);
}

static void
test_limit(void **state)
{
	YsArena		arena;
	int			count = 0;

	(void) state;
	ys_arena_init(&arena, odd, 100000);
	while (ys_arena_alloc(&arena, 1000) != NULL)
		count++;
	assert_in_range(count, 50, 99);
	assert_true(arena.used <= 100000);
	assert_null(ys_arena_alloc(&arena, SIZE_MAX));
	assert_null(ys_arena_alloc(&arena, SIZE_MAX - 64));
	ys_arena_free(&arena);
	assert_int_equal(arena.used, 0);
	assert_int_equal(blocks_out, 0);
}

static void
test_giant(void **state)
{
	YsArena		arena;

	(void) state;
	ys_arena_init(&arena, odd, 0);
	assert_non_null(ys_arena_copy(&arena, "small", 5));
	memset(ys_arena_alloc(&arena, 5000000), 1, 5000000);
	ys_arena_reset(&arena);
	/* a giant is not kept for ever */
	assert_int_equal(blocks_out, 1);
	assert_in_range(arena.used, 1, 1024 * 1024);
	assert_string_equal(ys_arena_copy(&arena, "again", 5), "again");
	ys_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_keeping),
		cmocka_unit_test(test_keeping_within_limit),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_giant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
