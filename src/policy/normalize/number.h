/*-------------------------------------------------------------------------
 * number.h
 *	  Exact decimal numbers: read as programs write them, printed one way.
 *
 * Here a number is plain: digits, a decimal point, an exponent.  What people
 * write besides is number_read.h's.  Nothing goes through a double.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_NUMBER_H
#define YS_POLICY_NORMALIZE_NUMBER_H

#include "policy/normalize/text.h"

/* What the store itself can hold: 38 digits, 1E-130 to 9.99...E+125. */
#define YS_DECIMAL_DIGITS		38
#define YS_DECIMAL_LEAST_POINT	(-129)
#define YS_DECIMAL_MOST_POINT	126

/* Longest canonical text, with its sign and "0." */
#define YS_DECIMAL_TEXT			(YS_DECIMAL_DIGITS - YS_DECIMAL_LEAST_POINT + 3)

__extension__ typedef unsigned __int128 YsUint128;

/* 0.DIGITS times 10^point; digits have no outer zeros, and zero has none at all. */
typedef struct YsDecimal
{
	bool		negative;
	int			ndigits;
	int			point;
	char		digits[YS_DECIMAL_DIGITS];
} YsDecimal;

/*
 * Read the plain number, perhaps with a sign, at the start of text; *rest is what follows it.
 * NULL, or why it cannot be used (static text).
 */
extern const char *ys_decimal_parse(YsSlice text, YsDecimal *decimal, YsSlice *rest);

/* Is text already what ys_decimal_print would make of it? */
extern bool ys_decimal_is_canonical(YsSlice text);

/* No plus sign, exponent or needless zero; returns the length.  Not NUL-terminated. */
extern uint32_t ys_decimal_print(const YsDecimal *decimal, char out[YS_DECIMAL_TEXT]);

/* Order of two canonical texts: < 0, 0, > 0. */
extern int	ys_decimal_compare(YsSlice a, YsSlice b);

/*
 * Read a number that fills text as the nearest double, ties to even; decimals
 * after the 38th are not looked at, and from 10^6 in magnitude it is infinite.
 * For coordinates.  False: not a number.
 */
extern bool ys_double_parse(YsSlice text, double *value);

/* The digits as an integer: decimal = integer times 10^exponent, and the way back (false: out of range). */
extern YsUint128 ys_decimal_integer(const YsDecimal *decimal, int *exponent);
extern bool ys_decimal_from_integer(bool negative, YsUint128 integer, int exponent, YsDecimal *decimal);

/* ---- for those that read digits ---- */

/* Digits on their way into a decimal; groups and fractions are one row of them. */
typedef struct YsDigits
{
	YsDecimal  *decimal;
	int			total;			/* of digits taken */
	int			zeros;			/* of them, those before the first that is kept */
	bool		too_long;		/* there were more than can be kept */
} YsDigits;

/* Take the digits at p; returns what follows them. */
static inline const char *
ys_digits_take(YsDigits *digits, const char *p, const char *end)
{
	YsDecimal  *decimal = digits->decimal;
	const char *start = p;

	for (; p < end && ys_ascii_is_digit(*p); p++)
	{
		if (decimal->ndigits == 0 && *p == '0')
			digits->zeros++;
		else if (decimal->ndigits < YS_DECIMAL_DIGITS)
			decimal->digits[decimal->ndigits++] = *p;
		else if (*p != '0')
			digits->too_long = true;
	}
	digits->total += (int) (p - start);
	return p;
}

/* Take the exponent at p, if there is one. */
extern const char *ys_decimal_exponent(YsDecimal *decimal, const char *p, const char *end);

/* Drop trailing zeros; zero has no sign. */
extern void ys_decimal_settle(YsDecimal *decimal);

extern bool ys_decimal_in_range(const YsDecimal *decimal);

#define YS_NOT_A_NUMBER			"not a number"
#define YS_NUMBER_OUT_OF_RANGE	"number out of range"

#endif							/* YS_POLICY_NORMALIZE_NUMBER_H */
