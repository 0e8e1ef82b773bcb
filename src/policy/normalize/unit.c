/*-------------------------------------------------------------------------
 * unit.c
 *	  The exact conversion of units of measure.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/unit_table.h"

#include <string.h>

#define QUOTIENT_DECIMALS	12

__extension__ typedef __int128 Int128;

const char *
ys_unit_name(const YsUnit *unit)
{
	return unit->name;
}

bool
ys_unit_is_currency(const YsUnit *unit)
{
	return unit->quantity == YS_CURRENCY;
}

bool
ys_unit_same_quantity(const YsUnit *a, const YsUnit *b)
{
	return a == b || (a->quantity == b->quantity && a->quantity != YS_CURRENCY);
}

bool
ys_unit_is_larger(const YsUnit *a, const YsUnit *b)
{
	return ys_unit_same_quantity(a, b) && a->scale == YS_PROPORTIONAL && b->scale == YS_PROPORTIONAL &&
		(YsUint128) a->numerator * b->denominator > (YsUint128) b->numerator * a->denominator;
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

/* What is nearly always small is divided much faster as such. */
static YsUint128
quotient_of(YsUint128 n, YsUint128 divisor)
{
	return ((n | divisor) >> 64) == 0 ? (uint64_t) n / (uint64_t) divisor : n / divisor;
}

static YsUint128
greatest_common_divisor(YsUint128 a, YsUint128 b)
{
	while (b > 1)
	{
		YsUint128	rest = a - quotient_of(a, b) * b;

		a = b;
		b = rest;
	}
	return b == 1 ? 1 : a;
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

static bool
multiply_by_ten(YsUint128 *n, int count)
{
	static const uint64_t powers[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
		UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000), UINT64_C(10000000000000),
		UINT64_C(100000000000000), UINT64_C(1000000000000000), UINT64_C(10000000000000000)
	};
	const int	most = sizeof(powers) / sizeof(powers[0]) - 1;

	for (; count > 0; count -= most)
	{
		if (__builtin_mul_overflow(*n, (YsUint128) powers[count < most ? count : most], n))
			return false;
	}
	return true;
}

/* Twos and fives of a divisor move the decimal point instead: they cost no digit.  False: overflow. */
static bool
make_coprime(YsUint128 *multiplier, YsUint128 *divisor, int *exponent)
{
	int			twos = take_out(divisor, 2);
	int			fives = take_out(divisor, 5);

	*exponent -= twos > fives ? twos : fives;
	return multiply(multiplier, 5, twos - fives) && multiply(multiplier, 2, fives - twos);
}

/*
 * The table has nothing past 2^57, so no product of two overflows, and neither
 * does what make_coprime puts in (test_unit.c makes all of them).
 */
static void
make_conversion(const YsUnit *from, const YsUnit *to, YsConversion *conversion)
{
	bool		reversed = (from->scale == YS_RECIPROCAL) != (to->scale == YS_RECIPROCAL);
	YsUint128	multiplier;
	YsUint128	divisor;
	YsUint128	common;

	/* Reciprocals are of one kind with what they are the reciprocals of; the other way is its inverse. */
	if (reversed)
	{
		multiplier = (YsUint128) from->denominator * to->denominator;
		divisor = (YsUint128) from->numerator * to->numerator;
	}
	else
	{
		multiplier = (YsUint128) from->numerator * to->denominator;
		divisor = (YsUint128) from->denominator * to->numerator;
	}
	common = greatest_common_divisor(multiplier, divisor);
	conversion->multiplier = multiplier / common;
	conversion->divisor = divisor / common;
	conversion->exponent = reversed ? 2 : 0;
	(void) make_coprime(&conversion->multiplier, &conversion->divisor, &conversion->exponent);
	conversion->identity = from == to;
	conversion->reciprocal = reversed;
	conversion->shift = from->shift;
	conversion->shift_back = to->shift;
}

const YsConversions *
ys_unit_conversions(const YsUnit *to, YsArena *arena)
{
	const YsUnit *first = to;
	const YsUnit *end = to + 1;
	YsConversions *conversions = ys_arena_alloc(arena, sizeof(YsConversions));
	YsConversion *from;

	if (!ys_unit_is_currency(to))
	{
		while (first > ys_units && ys_unit_same_quantity(first - 1, to))
			first--;
		while (end < ys_units + ys_nunits && ys_unit_same_quantity(end, to))
			end++;
	}
	from = ys_arena_alloc(arena, sizeof(YsConversion) * (size_t) (end - first));
	if (conversions == NULL || from == NULL)
		return NULL;
	for (const YsUnit *unit = first; unit < end; unit++)
		make_conversion(unit, to, &from[unit - first]);
	*conversions = (YsConversions) {to, first, from};
	return conversions;
}

const YsConversion *
ys_unit_conversion(const YsConversions *conversions, const YsUnit *from)
{
	if (!ys_unit_same_quantity(conversions->unit, from))
		return NULL;
	return &conversions->from[from - conversions->first];
}

/* The quotient, rounded half up at the last decimal if need be.  NULL, or why there is none. */
static const char *
divide(bool negative, YsUint128 integer, YsUint128 divisor, int exponent, YsDecimal *decimal)
{
	YsUint128	quotient = quotient_of(integer, divisor);

	if (quotient * divisor != integer)
	{
		YsUint128	rest;

		exponent += QUOTIENT_DECIMALS;
		if (exponent >= 0)
		{
			if (!multiply_by_ten(&integer, exponent))
				return YS_NUMBER_OUT_OF_RANGE;
		}
		else if (!multiply_by_ten(&divisor, -exponent))
			integer = 0;		/* far below the last decimal */
		quotient = quotient_of(integer, divisor);
		rest = integer - quotient * divisor;
		quotient += rest >= divisor - rest;
		exponent = -QUOTIENT_DECIMALS;
	}
	return ys_decimal_from_integer(negative, quotient, exponent, decimal) ? NULL : YS_NUMBER_OUT_OF_RANGE;
}

/* multiplier / divisor / x */
static const char *
convert_reciprocal(const YsConversion *conversion, YsDecimal *decimal)
{
	YsUint128	multiplier = conversion->multiplier;
	YsUint128	divisor;
	YsUint128	coprime;
	int			exponent;
	int			places;

	if (decimal->ndigits == 0)
		return YS_UNIT_ZERO;
	if (__builtin_mul_overflow(ys_decimal_integer(decimal, &exponent), conversion->divisor, &divisor))
		return YS_NUMBER_OUT_OF_RANGE;
	exponent = conversion->exponent - exponent;

	/* One that terminates is exact if its digits can be kept. */
	coprime = divisor;
	places = exponent;
	if (make_coprime(&multiplier, &coprime, &places) && multiplier % coprime == 0 &&
		divide(decimal->negative, multiplier, coprime, places, decimal) == NULL)
		return NULL;
	return divide(decimal->negative, conversion->multiplier, divisor, exponent, decimal);
}

/* value times 10^from, as times 10^to, which is not more; false: overflow. */
static bool
align(Int128 *value, int from, int to)
{
	if (*value == 0)
		return true;
	for (; from > to; from--)
	{
		if (__builtin_mul_overflow(*value, (Int128) 10, value))
			return false;
	}
	return true;
}

/* Add hundredths, in divisors, to value times 10^*exponent. */
static bool
shift(Int128 *value, int *exponent, int hundredths, YsUint128 divisor)
{
	Int128		addend = (Int128) hundredths * (Int128) divisor;
	int			least = *exponent < -2 ? *exponent : -2;

	if (!align(value, *exponent, least) || !align(&addend, -2, least))
		return false;
	*exponent = least;
	return !__builtin_add_overflow(*value, addend, value);
}

static const char *
convert_shifted(const YsConversion *conversion, YsDecimal *decimal)
{
	int			exponent;
	YsUint128	integer = ys_decimal_integer(decimal, &exponent);
	Int128		value;

	if (integer >> 126 != 0)
		return YS_NUMBER_OUT_OF_RANGE;
	value = decimal->negative ? -(Int128) integer : (Int128) integer;
	if (decimal->ndigits == 0)
		exponent = 0;
	if (!shift(&value, &exponent, conversion->shift, 1) ||
		__builtin_mul_overflow(value, (Int128) conversion->multiplier, &value))
		return YS_NUMBER_OUT_OF_RANGE;
	exponent += conversion->exponent;
	if (!shift(&value, &exponent, -conversion->shift_back, conversion->divisor))
		return YS_NUMBER_OUT_OF_RANGE;
	return divide(value < 0, value < 0 ? -(YsUint128) value : (YsUint128) value, conversion->divisor,
				  exponent, decimal);
}

const char *
ys_unit_convert(const YsConversion *conversion, YsDecimal *decimal)
{
	YsUint128	integer;
	int			exponent;

	if (conversion->identity)
		return NULL;
	if (conversion->reciprocal)
		return convert_reciprocal(conversion, decimal);
	if (conversion->shift != 0 || conversion->shift_back != 0)
		return convert_shifted(conversion, decimal);
	integer = ys_decimal_integer(decimal, &exponent);
	if (__builtin_mul_overflow(integer, conversion->multiplier, &integer))
		return YS_NUMBER_OUT_OF_RANGE;
	exponent += conversion->exponent;
	if (conversion->divisor == 1)
		return ys_decimal_from_integer(decimal->negative, integer, exponent, decimal) ? NULL :
			YS_NUMBER_OUT_OF_RANGE;
	return divide(decimal->negative, integer, conversion->divisor, exponent, decimal);
}

/* A sum on its way: integer / divisor times 10^exponent. */
typedef struct Sum
{
	YsUint128	integer;
	YsUint128	divisor;
	int			exponent;
} Sum;

static bool
add_part(Sum *sum, const YsConversion *conversion, const YsDecimal *part)
{
	int			exponent;
	YsUint128	integer = ys_decimal_integer(part, &exponent);

	if (integer == 0)
		return true;
	exponent += conversion->exponent;
	if (__builtin_mul_overflow(integer, conversion->multiplier, &integer))
		return false;
	if (sum->divisor != conversion->divisor)
	{
		YsUint128	common = greatest_common_divisor(sum->divisor, conversion->divisor);
		YsUint128	factor = quotient_of(conversion->divisor, common);

		if (__builtin_mul_overflow(integer, quotient_of(sum->divisor, common), &integer) ||
			__builtin_mul_overflow(sum->integer, factor, &sum->integer) ||
			__builtin_mul_overflow(sum->divisor, factor, &sum->divisor))
			return false;
	}
	if (sum->integer == 0)
		sum->exponent = exponent;
	if (!multiply_by_ten(&integer, exponent - sum->exponent) ||
		!multiply_by_ten(&sum->integer, sum->exponent - exponent))
		return false;
	if (exponent < sum->exponent)
		sum->exponent = exponent;
	return !__builtin_add_overflow(sum->integer, integer, &sum->integer);
}

const char *
ys_unit_convert_sum(const YsConversion *const *conversions, const YsDecimal *parts, int nparts,
					bool negative, YsDecimal *decimal)
{
	Sum			sum = {0, 1, 0};

	for (int i = 0; i < nparts; i++)
	{
		if (!add_part(&sum, conversions[i], &parts[i]))
			return YS_NUMBER_OUT_OF_RANGE;
	}
	return divide(negative, sum.integer, sum.divisor, sum.exponent, decimal);
}
