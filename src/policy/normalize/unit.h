/*-------------------------------------------------------------------------
 * unit.h
 *	  Units of measure and currencies: their names and their exact conversion.
 *
 * A factor is a fraction of integers, so mi to km is exactly 1.609344.  A
 * quotient that does not terminate (km to mi) is rounded half up at the
 * twelfth decimal.  Each currency is a quantity of its own: nothing converts
 * one into another.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_UNIT_H
#define YS_POLICY_NORMALIZE_UNIT_H

#include "policy/normalize/number.h"

typedef struct YsUnit YsUnit;

extern const char *ys_unit_name(const YsUnit *unit);
extern bool ys_unit_is_currency(const YsUnit *unit);
extern bool ys_unit_same_quantity(const YsUnit *a, const YsUnit *b);

/* Of one quantity and proportional, and one of a is more than one of b. */
extern bool ys_unit_is_larger(const YsUnit *a, const YsUnit *b);

/* Which there are, for a message. */
extern const char *ys_unit_help(void);

/* ---- names ---- */

/* All spellings of all units, by their hash. */
typedef struct YsUnitNames YsUnitNames;

/* Made in arena; NULL when that is exhausted. */
extern const YsUnitNames *ys_unit_names(YsArena *arena);

/*
 * The unit of a spelling.  Of several that are spelled so ("$", "m") it is the one of
 * wanted's quantity, if there is one, for a currency another currency if there is; wanted and
 * names may be NULL.  NULL: there is none.  Case counts where it tells units apart (mW, MW) and
 * for single letters; white space, hyphens and a point behind an abbreviation don't.
 */
extern const YsUnit *ys_unit_find(const YsUnitNames *names, YsSlice spelling, const YsUnit *wanted);

/* The unit a declaration names; NULL and *several when its spelling is that of units of several quantities. */
extern const YsUnit *ys_unit_declared(const YsUnitNames *names, YsSlice spelling, bool *several);

/* ---- conversion ---- */

/*
 * y = (x + shift) times multiplier / divisor times 10^exponent, less shift_back; of a reciprocal,
 * multiplier / divisor times 10^exponent / x.  Shifts are in hundredths (temperatures).
 */
typedef struct YsConversion
{
	YsUint128	multiplier;
	YsUint128	divisor;		/* has no factor 2 or 5 */
	int			exponent;
	int			shift;
	int			shift_back;
	bool		identity;
	bool		reciprocal;
} YsConversion;

/* Into one unit, from all of its quantity. */
typedef struct YsConversions
{
	const YsUnit *unit;
	const YsUnit *first;		/* of the quantity */
	const YsConversion *from;	/* by the place behind first */
} YsConversions;

/* In arena; NULL when that is exhausted. */
extern const YsConversions *ys_unit_conversions(const YsUnit *to, YsArena *arena);

/* NULL: another quantity. */
extern const YsConversion *ys_unit_conversion(const YsConversions *conversions, const YsUnit *from);

/* NULL, or why it can't be converted. */
extern const char *ys_unit_convert(const YsConversion *conversion, YsDecimal *decimal);

/*
 * The sum of parts that are each of a unit of its own, all proportional, into *sum, negative or
 * not; rounded once.  NULL, or why it can't be had.
 */
extern const char *ys_unit_convert_sum(const YsConversion *const *conversions, const YsDecimal *parts,
									   int nparts, bool negative, YsDecimal *sum);

#define YS_UNIT_ZERO	"zero, which this unit has no counterpart of"

#endif							/* YS_POLICY_NORMALIZE_UNIT_H */
