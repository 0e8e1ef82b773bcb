/*-------------------------------------------------------------------------
 * number.c
 *	  Exact decimal numbers: read as programs write them, printed one way.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/number.h"

#include <math.h>
#include <string.h>

/* Drop trailing zeros. */
void
ys_decimal_settle(YsDecimal *decimal)
{
	while (decimal->ndigits > 0 && decimal->digits[decimal->ndigits - 1] == '0')
		decimal->ndigits--;
	if (decimal->ndigits == 0)
	{
		decimal->negative = false;
		decimal->point = 0;
	}
}

bool
ys_decimal_in_range(const YsDecimal *decimal)
{
	return decimal->point >= YS_DECIMAL_LEAST_POINT && decimal->point <= YS_DECIMAL_MOST_POINT;
}

/* Far out of range it stays far out of range. */
const char *
ys_decimal_exponent(YsDecimal *decimal, const char *p, const char *end)
{
	const char *q = p;
	bool		negative = false;
	int			exponent = 0;

	if (q == end || (*q != 'e' && *q != 'E'))
		return p;
	q++;
	if (q < end && (*q == '+' || *q == '-'))
		negative = *q++ == '-';
	if (q == end || !ys_ascii_is_digit(*q))
		return p;
	for (; q < end && ys_ascii_is_digit(*q); q++)
	{
		if (exponent < 100000)
			exponent = exponent * 10 + (*q - '0');
	}
	decimal->point += negative ? -exponent : exponent;
	return q;
}

/* Of any size: *too_long says that there were more digits than are kept.  False: no number. */
static bool
parse_number(YsSlice text, YsDecimal *decimal, YsSlice *rest, bool *too_long)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	const char *whole;
	YsDigits	digits = {decimal, 0, 0, false};

	decimal->negative = false;
	decimal->ndigits = 0;
	if (p < end && (*p == '-' || *p == '+'))
		decimal->negative = *p++ == '-';
	whole = p;
	p = ys_digits_take(&digits, p, end);
	decimal->point = digits.total;
	if (end - p >= 2 && *p == '.' && ys_ascii_is_digit(p[1]))
		p = ys_digits_take(&digits, p + 1, end);
	else if (p == whole)
		return false;
	decimal->point -= digits.zeros;
	p = ys_decimal_exponent(decimal, p, end);

	/* A second fraction, or another country's separators. */
	if (p < end && (*p == ',' || *p == '.' || ys_ascii_is_digit(*p)))
		return false;
	ys_decimal_settle(decimal);
	*rest = (YsSlice) {p, (uint32_t) (end - p)};
	*too_long = digits.too_long;
	return true;
}

const char *
ys_decimal_parse(YsSlice text, YsDecimal *decimal, YsSlice *rest)
{
	bool		too_long;

	if (!parse_number(text, decimal, rest, &too_long))
		return YS_NOT_A_NUMBER;
	return too_long || !ys_decimal_in_range(decimal) ? YS_NUMBER_OUT_OF_RANGE : NULL;
}

bool
ys_decimal_is_canonical(YsSlice text)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	const char *whole;
	bool		negative;

	negative = p < end && *p == '-';
	if (negative)
		p++;
	whole = p;
	if (end - whole > YS_DECIMAL_DIGITS)
		return false;
	while (p < end && ys_ascii_is_digit(*p))
		p++;
	if (p == whole || (*whole == '0' && p - whole > 1))
		return false;
	if (p == end)
		return !(negative && *whole == '0');
	if (*p++ != '.' || p == end || end[-1] == '0')
		return false;
	while (p < end && ys_ascii_is_digit(*p))
		p++;
	return p == end;
}

uint32_t
ys_decimal_print(const YsDecimal *decimal, char out[YS_DECIMAL_TEXT])
{
	char	   *p = out;
	int			point = decimal->point;

	if (decimal->ndigits == 0)
	{
		*p++ = '0';
		return 1;
	}
	if (decimal->negative)
		*p++ = '-';
	if (point <= 0)
	{
		*p++ = '0';
		*p++ = '.';
		memset(p, '0', (size_t) -point);
		p += -point;
		memcpy(p, decimal->digits, (size_t) decimal->ndigits);
		p += decimal->ndigits;
	}
	else if (point >= decimal->ndigits)
	{
		memcpy(p, decimal->digits, (size_t) decimal->ndigits);
		p += decimal->ndigits;
		memset(p, '0', (size_t) (point - decimal->ndigits));
		p += point - decimal->ndigits;
	}
	else
	{
		memcpy(p, decimal->digits, (size_t) point);
		p += point;
		*p++ = '.';
		memcpy(p, decimal->digits + point, (size_t) (decimal->ndigits - point));
		p += decimal->ndigits - point;
	}
	return (uint32_t) (p - out);
}

static uint32_t
whole_len(YsSlice text)
{
	const char *point = memchr(text.bytes, '.', text.len);

	return point != NULL ? (uint32_t) (point - text.bytes) : text.len;
}

int
ys_decimal_compare(YsSlice a, YsSlice b)
{
	bool		negative = a.len > 0 && a.bytes[0] == '-';
	uint32_t	awhole;
	uint32_t	bwhole;
	int			order;

	if (negative != (b.len > 0 && b.bytes[0] == '-'))
		return negative ? -1 : 1;
	awhole = whole_len(a);
	bwhole = whole_len(b);
	if (awhole != bwhole)
		order = awhole < bwhole ? -1 : 1;
	else
	{
		order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);
		if (order == 0)
			order = (a.len > b.len) - (a.len < b.len);
	}
	return negative ? -order : order;
}

YsUint128
ys_decimal_integer(const YsDecimal *decimal, int *exponent)
{
	uint64_t	head = 0;
	YsUint128	integer;
	int			i = 0;

	for (; i < decimal->ndigits && i < 19; i++)
		head = head * 10 + (unsigned) (decimal->digits[i] - '0');
	integer = head;
	for (; i < decimal->ndigits; i++)
		integer = integer * 10 + (unsigned) (decimal->digits[i] - '0');
	*exponent = decimal->point - decimal->ndigits;
	return integer;
}

/* The digits of n before end, at least `least` of them; returns where they begin. */
static char *
write_digits(uint64_t n, int least, char *end)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
		"4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
		"99";
	char	   *p = end;

	for (; n >= 10; n /= 100)
		p = memcpy(p - 2, pairs + n % 100 * 2, 2);
	if (n > 0)
		*--p = (char) ('0' + (int) n);
	while (end - p < least)
		*--p = '0';
	return p;
}

bool
ys_decimal_from_integer(bool negative, YsUint128 integer, int exponent, YsDecimal *decimal)
{
	const uint64_t ten_to_19 = UINT64_C(10000000000000000000);
	char		digits[60];
	char	   *end = digits + sizeof(digits);
	char	   *p = end;

	while (integer > UINT64_MAX)
	{
		YsUint128	quotient = integer / ten_to_19;

		p = write_digits((uint64_t) (integer - quotient * ten_to_19), 19, p);
		integer = quotient;
	}
	p = write_digits((uint64_t) integer, 0, p);
	decimal->point = exponent + (int) (end - p);
	while (end > p && end[-1] == '0')
		end--;
	decimal->ndigits = (int) (end - p);
	if (decimal->ndigits > YS_DECIMAL_DIGITS)
		return false;
	memcpy(decimal->digits, p, (size_t) decimal->ndigits);
	decimal->negative = negative;
	ys_decimal_settle(decimal);
	return ys_decimal_in_range(decimal);
}

#define MOST_DECIMALS	38		/* 10^38 is below 2^127 */
#define FEW_DECIMALS	21		/* 10^21 is below 2^70, see below */

/* The integer by a power of ten of any size: bit by bit, with a sticky last one. */
static double
divide_long(YsUint128 integer, int exponent)
{
	YsUint128	divisor = 1;
	YsUint128	quotient;
	YsUint128	rest;
	int			shift = 0;

	for (; exponent > 0; exponent--)
		divisor *= 10;
	quotient = integer / divisor;
	rest = integer % divisor;
	for (; quotient >> 58 == 0; shift++)
	{
		rest <<= 1;
		quotient <<= 1;
		if (rest >= divisor)
		{
			rest -= divisor;
			quotient |= 1;
		}
	}
	return ldexp((double) (quotient | (rest > 0)), -shift);
}

static double
decimal_to_double(const YsDecimal *decimal)
{
	static const double powers[] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
		1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21
	};
	YsDecimal	cut = *decimal;
	YsUint128	integer;
	int			exponent;
	double		magnitude;

	if (cut.point - cut.ndigits < -MOST_DECIMALS)
		cut.ndigits = cut.point > -MOST_DECIMALS ? cut.point + MOST_DECIMALS : 0;
	integer = ys_decimal_integer(&cut, &exponent);
	if (integer == 0)
		magnitude = 0;
	else if (exponent >= 0)
	{
		for (; exponent > 0; exponent--)
			integer *= 10;
		magnitude = (double) (uint64_t) integer;
	}
	else if (exponent < -FEW_DECIMALS)
		magnitude = divide_long(integer, -exponent);
	else if (integer < (UINT64_C(1) << 53))
		magnitude = (double) (uint64_t) integer / powers[-exponent];	/* both exact: rounded once */
	else
	{
		/*
		 * Shift the integer to the top of 128 bits: the quotient by less than
		 * 2^70 then has at least 58, more than a double holds, and a sticky
		 * last bit stands for the remainder.
		 */
		YsUint128	divisor = 1;
		YsUint128	quotient;
		int			shift = 0;

		for (; exponent < 0; exponent++)
			divisor *= 10;
		while ((integer >> 127) == 0)
		{
			integer <<= 1;
			shift++;
		}
		quotient = integer / divisor;
		if (quotient * divisor != integer)
			quotient |= 1;
		magnitude = ldexp((double) quotient, -shift);
	}
	return decimal->negative && magnitude > 0 ? -magnitude : magnitude;
}

bool
ys_double_parse(YsSlice text, double *value)
{
	YsDecimal	decimal;
	YsSlice		rest;
	bool		too_long;

	if (!parse_number(text, &decimal, &rest, &too_long) || rest.len > 0)
		return false;
	if (decimal.point > 6)
		*value = decimal.negative ? -HUGE_VAL : HUGE_VAL;
	else
		*value = decimal_to_double(&decimal);
	return true;
}
