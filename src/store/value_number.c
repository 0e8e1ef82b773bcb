/*-------------------------------------------------------------------------
 * value_number.c
 *	  Decimal numbers as text: checking, canonical form, order.
 *
 * A number is taken apart into a sign, its significant digits (no zeros at
 * either end) and the power of ten of the first of them, and never leaves
 * decimal.
 *-------------------------------------------------------------------------
 */
#include "store/value_internal.h"

#include <stdio.h>
#include <string.h>

/* More digits than this are written with an exponent. */
#define CANONICAL_DIGITS	40

/* An exponent of more digits is refused: no store's number comes near. */
#define EXPONENT_DIGITS		15

typedef struct Decimal
{
	bool		negative;
	const char *digits;			/* first significant digit; a point may stand among them */
	const char *end;			/* behind the last one; digits == end is zero */
	int64_t		power;			/* of the first digit: 1 for 12.3 */
} Decimal;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The exponent's value; false when it has too many digits. */
static bool
parse_exponent(const char *text, const char *end, int64_t *exponent)
{
	bool		negative = false;

	*exponent = 0;
	if (text == end)
		return true;
	text++;						/* the e */
	if (*text == '+' || *text == '-')
		negative = *text++ == '-';
	while (text < end && *text == '0')
		text++;
	if (end - text > EXPONENT_DIGITS)
		return false;
	for (; text < end; text++)
		*exponent = *exponent * 10 + (*text - '0');
	if (negative)
		*exponent = -*exponent;
	return true;
}

/* Take a number apart.  False: no JSON number, or an absurd exponent. */
static bool
parse_decimal(const char *text, size_t len, Decimal *number)
{
	const char *end = text + len;
	const char *point = NULL;
	const char *p;
	int64_t		exponent;

	if (!ys_json_is_number(text, len))
		return false;
	number->negative = *text == '-';
	if (number->negative)
		text++;
	for (p = text; p < end && (is_digit(*p) || *p == '.'); p++)
	{
		if (*p == '.')
			point = p;
	}
	if (point == NULL)
		point = p;
	number->end = p;
	number->digits = text;
	while (number->digits < p && (*number->digits == '0' || *number->digits == '.'))
		number->digits++;
	while (number->end > number->digits && (number->end[-1] == '0' || number->end[-1] == '.'))
		number->end--;
	if (number->digits == number->end)
	{
		number->negative = false;
		number->power = 0;
		return true;
	}
	if (!parse_exponent(p, end, &exponent))
		return false;
	number->power = exponent +
		(number->digits < point ? point - number->digits - 1 : point - number->digits);
	return true;
}

/* How many significant digits there are. */
static size_t
count_digits(const Decimal *number)
{
	size_t		len = (size_t) (number->end - number->digits);

	return len > 0 && memchr(number->digits, '.', len) != NULL ? len - 1 : len;
}

static void
add_zeros(YsText *out, int64_t count)
{
	while (count-- > 0)
		ys_text_add(out, "0", 1);
}

/* Add the significant digits, with a point behind the first `before` of them (0: none). */
static void
add_digits(YsText *out, const Decimal *number, int64_t before)
{
	int64_t		done = 0;

	for (const char *p = number->digits; p < number->end; p++)
	{
		if (*p == '.')
			continue;
		if (before > 0 && done == before)
			ys_text_add(out, ".", 1);
		ys_text_add(out, p, 1);
		done++;
	}
}

bool
ys_number_canonical(const char *text, size_t len, YsText *out)
{
	Decimal		number;
	int64_t		digits;
	int64_t		written;

	if (!parse_decimal(text, len, &number))
		return false;
	digits = (int64_t) count_digits(&number);
	if (number.negative)
		ys_text_add(out, "-", 1);
	if (digits == 0)
		ys_text_add(out, "0", 1);

	/* digits when written without an exponent: 1200, 12.5 or 0.0125 */
	if (number.power < 0)
		written = digits - number.power;
	else
		written = digits > number.power + 1 ? digits : number.power + 1;
	if (written > CANONICAL_DIGITS)
	{
		char		exponent[32];

		add_digits(out, &number, 1);
		snprintf(exponent, sizeof(exponent), "E%lld", (long long) number.power);
		ys_text_add_cstring(out, exponent);
	}
	else if (number.power < 0)
	{
		ys_text_add(out, "0.", 2);
		add_zeros(out, -number.power - 1);
		add_digits(out, &number, 0);
	}
	else if (digits > 0)
	{
		add_digits(out, &number, number.power + 1);
		add_zeros(out, number.power + 1 - digits);
	}
	return true;
}

bool
ys_number_fits(const char *text, size_t len)
{
	Decimal		number;
	size_t		digits;

	if (!parse_decimal(text, len, &number))
		return false;
	digits = count_digits(&number);
	return digits == 0 ||
		(digits <= YS_NUMBER_FITS_DIGITS && number.power >= YS_NUMBER_FITS_MIN_POWER &&
		 number.power <= YS_NUMBER_FITS_MAX_POWER);
}

/* Order by absolute value, both nonzero. */
static int
compare_magnitude(const Decimal *a, const Decimal *b)
{
	const char *p = a->digits;
	const char *q = b->digits;

	if (a->power != b->power)
		return a->power < b->power ? -1 : 1;
	for (;;)
	{
		if (p < a->end && *p == '.')
			p++;
		if (q < b->end && *q == '.')
			q++;
		if (p == a->end || q == b->end)
			return (p < a->end) - (q < b->end);
		if (*p != *q)
			return *p < *q ? -1 : 1;
		p++;
		q++;
	}
}

static int
sign_of(const Decimal *number)
{
	if (number->digits == number->end)
		return 0;
	return number->negative ? -1 : 1;
}

int
ys_number_compare(const char *a, size_t alen, const char *b, size_t blen)
{
	Decimal		left;
	Decimal		right;
	bool		has_left = parse_decimal(a, alen, &left);
	bool		has_right = parse_decimal(b, blen, &right);
	int			sign;

	/* What can't be read as a number comes first, ordered by its bytes. */
	if (!has_left || !has_right)
	{
		int			order = has_left - has_right;

		if (order == 0)
			order = memcmp(a, b, alen < blen ? alen : blen);
		return order != 0 ? order : (alen > blen) - (alen < blen);
	}
	sign = sign_of(&left);
	if (sign != sign_of(&right))
		return sign < sign_of(&right) ? -1 : 1;
	if (sign == 0)
		return 0;
	return sign * compare_magnitude(&left, &right);
}

bool
ys_number_check(const char *text, size_t len, YsError *err)
{
	size_t		digits = len;

	if (len > YS_NUMBER_MAX_DIGITS)
	{
		digits = 0;
		for (size_t i = 0; i < len; i++)
			digits += is_digit(text[i]);
	}
	if (digits > YS_NUMBER_MAX_DIGITS)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "number has more than %d digits",
							YS_NUMBER_MAX_DIGITS);
	if (!ys_json_is_number(text, len))
		return ys_error_set(err, YS_ERR_INVALID_DATA, "text of a number attribute is no number");
	return true;
}
