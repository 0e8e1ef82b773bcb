/*-------------------------------------------------------------------------
 * bench.h
 *	  What is measured: functions that do a known number of things once.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BENCH_H
#define YS_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "policy/area.h"
#include "policy/policy.h"
#include "store/value.h"

/* Items between two resets of the arena, and what that keeps, as in a worker's batch. */
#define BENCH_BATCH		5000
#define BENCH_KEPT		(16 * 1024 * 1024)

/* One turn: does its work once and returns how many things that was. */
typedef long (*BenchFn) (void *arg);

typedef struct Bench
{
	const char *name;
	BenchFn		fn;
	void	   *arg;
} Bench;

extern void bench_die(const char *what, const YsError *err);
extern void *bench_alloc(size_t size);
extern YsPolicy *bench_compile(const char *json, size_t len, YsArena *arena);

/* A file's lines, each with padding behind it; its bytes in all, without the ends of lines. */
typedef struct Lines
{
	int			count;
	char	  **texts;
	size_t	   *lens;
} Lines;

extern char *bench_read_file(const char *name, size_t *len);
extern Lines bench_read_lines(const char *name);

/* Next of a sequence of numbers, below limit. */
extern uint32_t bench_random(uint64_t *state, uint32_t limit);

/* values.c: single values of one field; fleet.c: documents, events, areas */
extern int	bench_add_values(Bench *benches);
extern int	bench_add_fleet(Bench *benches, const char *folder, const char *boundaries);

#endif							/* YS_BENCH_H */
