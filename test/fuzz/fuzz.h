/*-------------------------------------------------------------------------
 * fuzz.h
 *	  Targets for a fuzzer, each a function of some bytes.
 *
 * A target returns when all it checks holds and aborts when something does
 * not; ASan and UBSan see the rest.  libFuzzer calls one through driver.c,
 * and test/unit/test_fuzz.c calls all with the inputs kept in test/fuzz/corpus.
 *-------------------------------------------------------------------------
 */
#ifndef YS_TEST_FUZZ_H
#define YS_TEST_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "corpus.h"

typedef void (*FuzzFn) (const char *bytes, size_t len);

typedef struct FuzzTarget
{
	const char *name;
	FuzzFn		fn;
} FuzzTarget;

extern const FuzzTarget fuzz_targets[];
extern const int fuzz_ntargets;

extern void fuzz_path(const char *bytes, size_t len);
extern void fuzz_json(const char *bytes, size_t len);
extern void fuzz_date(const char *bytes, size_t len);
extern void fuzz_number(const char *bytes, size_t len);
extern void fuzz_location(const char *bytes, size_t len);
extern void fuzz_geojson(const char *bytes, size_t len);
extern void fuzz_policy(const char *bytes, size_t len);
extern void fuzz_event(const char *bytes, size_t len);
extern void fuzz_suggest(const char *bytes, size_t len);

/* Abort, saying what does not hold. */
#define FUZZ_CHECK(condition, ...) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__); \
			fprintf(stderr, "\n"); \
			abort(); \
		} \
	} while (0)

/* A limit that no sound input reaches. */
#define FUZZ_MEMORY	((size_t) 64 * 1024 * 1024)

/*
 * A copy in memory of its own, with the padding that the JSON reader asks for, so that a read past it
 * is seen.  The caller frees it.
 */
extern char *fuzz_padded(const char *bytes, size_t len);

/* A copy of its own size in memory of its own; len 0 gives one that may not be read at all. */
extern char *fuzz_copy(const char *bytes, size_t len);

/* An error says what it is, and, where a declaration is wrong, what would be right. */
extern void fuzz_check_error(const YsError *err);

/* The policy of one of a target's declarations, compiled when it is first asked for. */
typedef struct FuzzField
{
	const char *declaration;
	bool		of_location;
	YsPolicy   *policy;
} FuzzField;

extern const YsPolicy *fuzz_policy_of(FuzzField *field);

/* What the field makes of a value, as corpora write it; in arena.  It is the same each time. */
extern const char *fuzz_result(FuzzField *field, const YsValue *value, YsArena *arena);

#endif							/* YS_TEST_FUZZ_H */
