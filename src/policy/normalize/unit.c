/*-------------------------------------------------------------------------
 * unit.c
 *	  Units of measure and their exact conversion.
 *
 * Factors are the definitions: the international yard and pound agreement of
 * 1959, the US liquid gallon of 231 cubic inches, the imperial gallon of
 * 4.54609 l, mechanical horsepower of 550 foot-pounds a second, metric
 * horsepower of 75 kilogram-force metres a second.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/unit.h"

#include <stdio.h>
#include <string.h>

typedef enum Quantity
{
	LENGTH,
	MASS,
	VOLUME,
	DURATION,
	SPEED,
	POWER,
	ENERGY
} Quantity;

/* One of it is numerator / denominator of its quantity's base unit. */
struct YsUnit
{
	const char *name;
	Quantity	quantity;
	uint64_t	numerator;
	uint64_t	denominator;
	const char *spellings[5];	/* lower case, besides the name */
};

static const YsUnit units[] =
{
	{"km", LENGTH, 1000, 1, {"kms", "kilometer", "kilometers", "kilometre", "kilometres"}},
	{"m", LENGTH, 1, 1, {"meter", "meters", "metre", "metres"}},
	{"cm", LENGTH, 1, 100, {"centimeter", "centimeters", "centimetre", "centimetres"}},
	{"mm", LENGTH, 1, 1000, {"millimeter", "millimeters", "millimetre", "millimetres"}},
	{"mi", LENGTH, 1609344, 1000, {"mile", "miles"}},
	{"yd", LENGTH, 9144, 10000, {"yard", "yards"}},
	{"ft", LENGTH, 3048, 10000, {"foot", "feet"}},
	{"in", LENGTH, 254, 10000, {"inch", "inches"}},
	{"nmi", LENGTH, 1852, 1, {"nautical mile", "nautical miles"}},

	{"kg", MASS, 1, 1, {"kgs", "kilogram", "kilograms"}},
	{"g", MASS, 1, 1000, {"gram", "grams"}},
	{"t", MASS, 1000, 1, {"tonne", "tonnes"}},
	{"lb", MASS, 45359237, 100000000, {"lbs", "pound", "pounds"}},
	{"oz", MASS, UINT64_C(28349523125), UINT64_C(1000000000000), {"ounce", "ounces"}},

	{"l", VOLUME, 1, 1, {"liter", "liters", "litre", "litres"}},
	{"ml", VOLUME, 1, 1000, {"milliliter", "milliliters", "millilitre", "millilitres"}},
	{"m3", VOLUME, 1000, 1, {"m\xC2\xB3"}},
	{"gal", VOLUME, UINT64_C(3785411784), 1000000000, {"gallon", "gallons", "us gal"}},
	{"imp gal", VOLUME, 454609, 100000, {"imperial gallon", "imperial gallons"}},

	{"s", DURATION, 1, 1, {"sec", "second", "seconds"}},
	{"ms", DURATION, 1, 1000, {"millisecond", "milliseconds"}},
	{"min", DURATION, 60, 1, {"mins", "minute", "minutes"}},
	{"h", DURATION, 3600, 1, {"hr", "hrs", "hour", "hours"}},
	{"d", DURATION, 86400, 1, {"day", "days"}},

	{"km/h", SPEED, 1000, 3600, {"kmh", "kph"}},
	{"mph", SPEED, 1609344, 3600000, {"mi/h"}},
	{"m/s", SPEED, 1, 1, {NULL}},
	{"kn", SPEED, 1852, 3600, {"kt", "knot", "knots"}},

	{"kW", POWER, 1000, 1, {"kilowatt", "kilowatts"}},
	{"W", POWER, 1, 1, {"watt", "watts"}},
	{"hp", POWER, UINT64_C(74569987158227022), UINT64_C(100000000000000), {"bhp", "horsepower"}},
	{"PS", POWER, 73549875, 100000, {"cv"}},

	{"kWh", ENERGY, 3600000, 1, {NULL}},
	{"Wh", ENERGY, 3600, 1, {NULL}},
	{"MJ", ENERGY, 1000000, 1, {NULL}},
};

#define NUNITS		((int) (sizeof(units) / sizeof(units[0])))
#define NSPELLINGS	((int) (sizeof(units[0].spellings) / sizeof(units[0].spellings[0])))

#define QUOTIENT_DECIMALS	12

static bool
is_named(const YsUnit *unit, YsSlice name)
{
	size_t		len = strlen(unit->name);

	if (len == name.len)
	{
		size_t		i = 0;

		while (i < len && ys_ascii_lower(unit->name[i]) == ys_ascii_lower(name.bytes[i]))
			i++;
		if (i == len)
			return true;
	}
	for (int i = 0; i < NSPELLINGS && unit->spellings[i] != NULL; i++)
	{
		if (ys_string_is(name, unit->spellings[i]))
			return true;
	}
	return false;
}

const YsUnit *
ys_unit_find(YsSlice name)
{
	for (int i = 0; i < NUNITS; i++)
	{
		if (is_named(&units[i], name))
			return &units[i];
	}
	return NULL;
}

const char *
ys_unit_name(const YsUnit *unit)
{
	return unit->name;
}

void
ys_unit_list(char *out, size_t size)
{
	size_t		len = 0;

	out[0] = '\0';
	for (int i = 0; i < NUNITS && len < size; i++)
		len += (size_t) snprintf(out + len, size - len, "%s%s", i > 0 ? ", " : "", units[i].name);
}

/* Take every factor out of *n; returns how many there were. */
static int
take_out(YsUint128 *n, unsigned factor)
{
	int			count = 0;

	for (; *n % factor == 0; count++)
		*n /= factor;
	return count;
}

static YsUint128
greatest_common_divisor(YsUint128 a, YsUint128 b)
{
	while (b != 0)
	{
		YsUint128	rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Multiply by factor^count unless that overflows. */
static bool
multiply(YsUint128 *n, unsigned factor, int count)
{
	for (; count > 0; count--)
	{
		if (__builtin_mul_overflow(*n, (YsUint128) factor, n))
			return false;
	}
	return true;
}

static void
make_conversion(const YsUnit *from, const YsUnit *to, YsConversion *conversion)
{
	YsUint128	multiplier;
	YsUint128	divisor;
	YsUint128	common;
	int			twos;
	int			fives;

	if (from->quantity != to->quantity)
	{
		conversion->multiplier = 0;
		return;
	}

	/* The table has nothing past 2^57, so neither product can overflow. */
	multiplier = (YsUint128) from->numerator * to->denominator;
	divisor = (YsUint128) from->denominator * to->numerator;
	common = greatest_common_divisor(multiplier, divisor);
	multiplier /= common;
	divisor /= common;

	/* Twos and fives of the divisor move the decimal point: they cost no digit. */
	twos = take_out(&divisor, 2);
	fives = take_out(&divisor, 5);
	if (!multiply(&multiplier, 5, twos - fives) || !multiply(&multiplier, 2, fives - twos))
		multiplier = 0;
	conversion->multiplier = multiplier;
	conversion->divisor = divisor;
	conversion->exponent = -(twos > fives ? twos : fives);
}

const YsConversion *
ys_unit_conversions(const YsUnit *to, YsArena *arena)
{
	YsConversion *conversions = ys_arena_alloc(arena, sizeof(YsConversion) * NUNITS);

	if (conversions == NULL)
		return NULL;
	for (int i = 0; i < NUNITS; i++)
		make_conversion(&units[i], to, &conversions[i]);
	return conversions;
}

const YsConversion *
ys_unit_conversion(const YsConversion *conversions, const YsUnit *from)
{
	return &conversions[from - units];
}

bool
ys_unit_convert(const YsConversion *conversion, YsDecimal *decimal)
{
	YsUint128	integer;
	YsUint128	divisor = conversion->divisor;
	YsUint128	rest;
	int			exponent;

	integer = ys_decimal_integer(decimal, &exponent);
	if (__builtin_mul_overflow(integer, conversion->multiplier, &integer))
		return false;
	exponent += conversion->exponent;
	if (divisor == 1)
		return ys_decimal_from_integer(decimal->negative, integer, exponent, decimal);
	if (integer % divisor == 0)
		return ys_decimal_from_integer(decimal->negative, integer / divisor, exponent, decimal);

	/* The quotient has no end: bring it to so many decimals and round. */
	exponent += QUOTIENT_DECIMALS;
	if (exponent >= 0)
	{
		if (!multiply(&integer, 10, exponent))
			return false;
	}
	else if (!multiply(&divisor, 10, -exponent))
		integer = 0;			/* far below the last decimal */
	rest = integer % divisor;
	integer = integer / divisor + (rest >= divisor - rest);
	return ys_decimal_from_integer(decimal->negative, integer, -QUOTIENT_DECIMALS, decimal);
}
