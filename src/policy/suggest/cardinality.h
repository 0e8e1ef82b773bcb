/*-------------------------------------------------------------------------
 * cardinality.h
 *	  How many different values there were: exactly for a few, then by
 *	  HyperLogLog.
 *
 * Up to YS_CARDINALITY_EXACT hashes are kept as they are.  Past that 1024
 * registers hold the highest rank of a hash that fell into each (Flajolet,
 * Fusy, Gandouet, Meunier 2007): the standard error is 1.04 / sqrt(1024), 3.25 %.
 * While registers are empty and the estimate is below 2.5 for each, they
 * are counted instead (linear counting), which is closer there.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_SUGGEST_CARDINALITY_H
#define YS_POLICY_SUGGEST_CARDINALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define YS_CARDINALITY_EXACT		64
#define YS_CARDINALITY_REGISTERS	1024

typedef struct YsCardinality
{
	int			nhashes;
	uint64_t   *hashes;			/* different ones; or, past that: */
	uint8_t    *registers;
} YsCardinality;

/* Of bytes, spread over all 64 bits. */
extern uint64_t ys_cardinality_hash(const char *bytes, size_t len, uint64_t seed);

/* False when the arena is exhausted. */
extern bool ys_cardinality_add(YsCardinality *cardinality, uint64_t hash, YsArena *arena);

extern int64_t ys_cardinality_estimate(const YsCardinality *cardinality, bool *estimated);

#endif							/* YS_POLICY_SUGGEST_CARDINALITY_H */
