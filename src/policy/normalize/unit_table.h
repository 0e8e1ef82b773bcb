/*-------------------------------------------------------------------------
 * unit_table.h
 *	  What the files about units share: the rows of their tables.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_UNIT_TABLE_H
#define YS_POLICY_NORMALIZE_UNIT_TABLE_H

#include "policy/normalize/unit.h"

typedef enum YsQuantity
{
	YS_LENGTH,
	YS_AREA_MEASURE,
	YS_VOLUME,
	YS_MASS,
	YS_DURATION,
	YS_SPEED,
	YS_FORCE,
	YS_TORQUE,
	YS_PRESSURE,
	YS_POWER,
	YS_ENERGY,
	YS_TEMPERATURE,
	YS_FUEL_CONSUMPTION,
	YS_ELECTRIC_CONSUMPTION,
	YS_EMISSION,
	YS_SHARE,
	YS_ROTATION,
	YS_FREQUENCY,
	YS_VOLTAGE,
	YS_CURRENT,
	YS_CHARGE,
	YS_CURRENCY					/* each of them is a quantity */
} YsQuantity;

typedef enum YsScale
{
	YS_PROPORTIONAL,			/* one is numerator / denominator of the base unit */
	YS_SHIFTED,					/* likewise, after shift / 100 is added */
	YS_RECIPROCAL				/* 100 / (x times numerator / denominator) of the base unit */
} YsScale;

/*
 * Spellings are separated by "|", lower case but for those that begin with "=", whose
 * case counts.  What ys_unit_find makes alike is spelled one way: no
 * hyphen, one point for "\xC2\xB7" and "*", no space about "/" or beside a digit.
 */
struct YsUnit
{
	const char *name;
	YsQuantity	quantity;
	YsScale		scale;
	uint64_t	numerator;
	uint64_t	denominator;
	int			shift;
	const char *spellings;
};

/* Units of one quantity stand together. */
extern const YsUnit ys_units[];
extern const int ys_nunits;
extern const YsUnit ys_currencies[];
extern const int ys_ncurrencies;

/* The longest spelling, in bytes. */
#define YS_UNIT_SPELLING	48

#endif							/* YS_POLICY_NORMALIZE_UNIT_TABLE_H */
