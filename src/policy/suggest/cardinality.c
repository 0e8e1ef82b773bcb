/*-------------------------------------------------------------------------
 * cardinality.c
 *	  How many different values there were: exactly for a few, then by
 *	  HyperLogLog.
 *-------------------------------------------------------------------------
 */
#include "policy/suggest/cardinality.h"

#include <math.h>
#include <string.h>

#define REGISTER_BITS	10

uint64_t
ys_cardinality_hash(const char *bytes, size_t len, uint64_t seed)
{
	/* FNV-1a, and splitmix64's last steps, since its high bits alone are poor */
	uint64_t	hash = UINT64_C(14695981039346656037) ^ seed;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) bytes[i]) * UINT64_C(1099511628211);
	hash = (hash ^ (hash >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	hash = (hash ^ (hash >> 27)) * UINT64_C(0x94D049BB133111EB);
	return hash ^ (hash >> 31);
}

static void
add_to_register(YsCardinality *cardinality, uint64_t hash)
{
	uint8_t    *place = &cardinality->registers[hash >> (64 - REGISTER_BITS)];
	uint64_t	rest = hash << REGISTER_BITS;
	uint8_t		rank = 1;

	while (rank <= 64 - REGISTER_BITS && (rest & (UINT64_C(1) << 63)) == 0)
	{
		rank++;
		rest <<= 1;
	}
	if (*place < rank)
		*place = rank;
}

bool
ys_cardinality_add(YsCardinality *cardinality, uint64_t hash, YsArena *arena)
{
	if (cardinality->registers != NULL)
	{
		add_to_register(cardinality, hash);
		return true;
	}
	for (int i = 0; i < cardinality->nhashes; i++)
	{
		if (cardinality->hashes[i] == hash)
			return true;
	}
	if (cardinality->hashes == NULL)
		cardinality->hashes = ys_arena_alloc(arena, sizeof(uint64_t) * YS_CARDINALITY_EXACT);
	if (cardinality->hashes == NULL)
		return false;
	if (cardinality->nhashes < YS_CARDINALITY_EXACT)
	{
		cardinality->hashes[cardinality->nhashes++] = hash;
		return true;
	}
	cardinality->registers = ys_arena_alloc_zero(arena, YS_CARDINALITY_REGISTERS);
	if (cardinality->registers == NULL)
		return false;
	for (int i = 0; i < cardinality->nhashes; i++)
		add_to_register(cardinality, cardinality->hashes[i]);
	add_to_register(cardinality, hash);
	return true;
}

int64_t
ys_cardinality_estimate(const YsCardinality *cardinality, bool *estimated)
{
	const double m = YS_CARDINALITY_REGISTERS;
	double		sum = 0;
	int			empty = 0;
	double		estimate;

	*estimated = cardinality->registers != NULL;
	if (!*estimated)
		return cardinality->nhashes;
	for (int i = 0; i < YS_CARDINALITY_REGISTERS; i++)
	{
		sum += ldexp(1, -cardinality->registers[i]);
		empty += cardinality->registers[i] == 0;
	}
	estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
	if (estimate <= 2.5 * m && empty > 0)
		estimate = m * log(m / empty);
	return (int64_t) (estimate + 0.5);
}
