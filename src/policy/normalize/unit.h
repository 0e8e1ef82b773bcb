/*-------------------------------------------------------------------------
 * unit.h
 *	  Units of measure and their exact conversion.
 *
 * One row of the table in unit.c is one unit.  A factor is a fraction of
 * integers, so mi to km is exactly 1.609344.  A quotient that does not
 * terminate (km to mi) is rounded half up at the twelfth decimal.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_UNIT_H
#define YS_POLICY_NORMALIZE_UNIT_H

#include "policy/normalize/number.h"

typedef struct YsUnit YsUnit;

/* By any of its spellings, without regard to ASCII case; NULL when there is none. */
extern const YsUnit *ys_unit_find(YsSlice name);

extern const char *ys_unit_name(const YsUnit *unit);
/* "km, m, mi, ..." in at most size bytes with the NUL. */
extern void ys_unit_list(char *out, size_t size);

/* A number of the first unit times multiplier / divisor times 10^exponent is one of the second. */
typedef struct YsConversion
{
	YsUint128	multiplier;		/* 0: the units measure different quantities */
	YsUint128	divisor;
	int			exponent;
} YsConversion;

/* One conversion into unit from each of the table's units, in arena; NULL when that is exhausted. */
extern const YsConversion *ys_unit_conversions(const YsUnit *to, YsArena *arena);

/* Which of them converts from a unit. */
extern const YsConversion *ys_unit_conversion(const YsConversion *conversions, const YsUnit *from);

/* False: out of range. */
extern bool ys_unit_convert(const YsConversion *conversion, YsDecimal *decimal);

#endif							/* YS_POLICY_NORMALIZE_UNIT_H */
