/*-------------------------------------------------------------------------
 * unit.h
 *	  What the unit tests share: cmocka, slices, padded documents, a seeded generator.
 *-------------------------------------------------------------------------
 */
#ifndef YS_TEST_UNIT_H
#define YS_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json.h"
#include "policy/normalize/text.h"

/*
 * A copy of a document in memory of its own, so that a sanitizer sees each
 * read past it, with the padding the reader asks for, filled with fill.
 */
static inline char *
unit_padded(const char *bytes, size_t len, char fill)
{
	char	   *copy = malloc(len + YS_JSON_PADDING);

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	memset(copy + len, fill, YS_JSON_PADDING);
	return copy;
}

static inline YsSlice
unit_slice(const char *text)
{
	return (YsSlice) {text, (uint32_t) strlen(text)};
}

/* What most tests need; a test's own fixture has it as its first member, base. */
typedef struct UnitFixture
{
	YsJsonReader *reader;
	YsArena		arena;
	YsError		err;
} UnitFixture;

/* Set up a zeroed fixture of size bytes that begins with a UnitFixture. */
static inline int
unit_set_up(void **state, size_t size)
{
	UnitFixture *fixture = calloc(1, size);

	assert_non_null(fixture);
	fixture->reader = ys_json_reader_create();
	ys_arena_init(&fixture->arena, ys_arena_malloc, 0);
	*state = fixture;
	return fixture->reader == NULL;
}

static inline int
unit_tear_down(void **state)
{
	UnitFixture *fixture = *state;

	ys_json_reader_destroy(fixture->reader);
	ys_arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

/* An error as a user is to see it: one line, then sentences that say what holds and what to do. */
static inline void
unit_check_complete(const YsError *err)
{
	size_t		detail = strlen(err->detail);
	size_t		hint = strlen(err->hint);

	if (err->message[0] >= 'A' && err->message[0] <= 'Z')
		fail_msg("begins with a capital: %s", err->message);
	if (strchr(err->message, '\n') != NULL)
		fail_msg("more than a line: %s", err->message);
	if (detail == 0 || err->detail[detail - 1] != '.')
		fail_msg("%s: detail is no sentence: \"%s\"", err->message, err->detail);
	if (hint == 0 || err->hint[hint - 1] != '.')
		fail_msg("%s: hint is no sentence: \"%s\"", err->message, err->hint);
}

/* UNIT_SEED from the environment, else the clock; printed, so that a run can be repeated. */
static inline uint64_t
unit_seed(const char *test)
{
	const char *given = getenv("UNIT_SEED");
	uint64_t	seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t) time(NULL);

	print_message("%s: UNIT_SEED=%llu\n", test, (unsigned long long) seed);
	return seed * 2 + 1;
}

/* Next of a sequence of numbers (splitmix64), below limit. */
static inline uint64_t
unit_random(uint64_t *state, uint64_t limit)
{
	uint64_t	z = *state += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return (z ^ (z >> 31)) % limit;
}

/* One of the many ways to write n: with zeros behind it, and the point moved. */
static inline void
unit_write_number(uint64_t *seed, int64_t n, char *out)
{
	char		digits[64];
	int			len = sprintf(digits, "%lld", (long long) (n < 0 ? -n : n));
	int			zeros = (int) unit_random(seed, 20);
	int			point;

	memset(digits + len, '0', (size_t) zeros);
	len += zeros;
	digits[len] = '\0';

	/* a zero before the point stands alone */
	point = n == 0 ? 1 : (int) unit_random(seed, (uint64_t) len) + 1;
	sprintf(out, "%s%.*s%s%se%d", n < 0 ? "-" : "", point, digits, point < len ? "." : "", digits + point,
			len - point - zeros);
}

#endif							/* YS_TEST_UNIT_H */
