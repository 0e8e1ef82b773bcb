/*-------------------------------------------------------------------------
 * number_read.c
 *	  Numbers as people write them: with groups, signs and units around them.
 *
 * The digits are read in one pass, whatever separates them; what each
 * separator means is decided when all of them are known.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/number_read.h"

#include <string.h>

#define MOST_SEPARATORS	48		/* no number that can be kept has more */

/* Runs of digits, and what stands between them. */
typedef struct Shape
{
	int			nseparators;
	unsigned char separators[MOST_SEPARATORS];
	int			lengths[MOST_SEPARATORS + 1];	/* of the runs, one more than separators */
	bool		zero_first;		/* the first digit is a 0 */
	bool		exponent;		/* an exponent follows */
} Shape;

/* What the character at p is as a separator, 0 when it is none; *width are its bytes. */
static inline unsigned
separator_at(const char *p, const char *end, int *width)
{
	*width = 1;
	switch ((unsigned char) *p)
	{
		case '.':
			return YS_SEPARATOR_POINT;
		case ',':
			return YS_SEPARATOR_COMMA;
		case ' ':
			return YS_SEPARATOR_SPACE;
		case '\'':
			return YS_SEPARATOR_APOSTROPHE;
		case 0xC2:
			*width = 2;
			return end - p >= 2 && p[1] == '\xA0' ? YS_SEPARATOR_SPACE : 0;
		case 0xE2:
			*width = 3;
			if (end - p < 3 || p[1] != '\x80')
				return 0;
			if (p[2] == '\x87' || p[2] == '\x89' || p[2] == '\xAF')
				return YS_SEPARATOR_SPACE;
			return p[2] == '\x99' ? YS_SEPARATOR_APOSTROPHE : 0;
		default:
			return 0;
	}
}

/* Does a group of exactly three digits stand at p? */
static bool
is_group(const char *p, const char *end)
{
	return end - p >= 3 && ys_ascii_is_digit(p[0]) && ys_ascii_is_digit(p[1]) && ys_ascii_is_digit(p[2]) &&
		(end - p == 3 || !ys_ascii_is_digit(p[3]));
}

/* A separator belongs to the number when a digit follows it; an apostrophe, which is feet too, a group. */
static bool
separates(unsigned separator, const char *p, const char *end)
{
	if (separator == YS_SEPARATOR_APOSTROPHE)
		return is_group(p, end);
	return p < end && ys_ascii_is_digit(*p);
}

/* Digits are wanted in `decimal`, whose point is not known yet.  False: too many separators. */
static bool
scan(const char **text, const char *end, YsDigits *digits, Shape *shape)
{
	const char *p = *text;
	int			before = 0;

	shape->nseparators = 0;
	shape->zero_first = p < end && *p == '0';
	for (;;)
	{
		unsigned	separator;
		int			width;

		p = ys_digits_take(digits, p, end);
		shape->lengths[shape->nseparators] = digits->total - before;
		before = digits->total;
		if (p == end || (separator = separator_at(p, end, &width)) == 0 ||
			!separates(separator, p + width, end))
			break;
		if (shape->nseparators == MOST_SEPARATORS)
			return false;
		shape->separators[shape->nseparators++] = (unsigned char) separator;
		p += width;
	}
	*text = p;
	return true;
}

/* Are the first n separators, all of them alike, where groups of digits end? */
static bool
are_groups(const Shape *shape, int n, bool lakh)
{
	bool		threes = shape->lengths[0] <= 3;
	bool		twos = lakh && shape->lengths[0] <= 2;

	if (shape->lengths[0] == 0 || shape->zero_first || shape->exponent || shape->lengths[n] != 3)
		return false;
	for (int i = 1; i < n; i++)
	{
		if (shape->separators[i] != shape->separators[0])
			return false;
		threes &= shape->lengths[i] == 3;
		twos &= shape->lengths[i] == 2;
	}
	return threes || twos;
}

/* Does the last separator start a fraction?  By a locale. */
static const char *
by_locale(const YsNumberLocale *locale, const Shape *shape, bool *fraction)
{
	int			n = shape->nseparators;

	*fraction = (shape->separators[n - 1] & locale->decimals) != 0;
	n -= *fraction;
	if (n > 0 && ((shape->separators[0] & locale->groups) == 0 || !are_groups(shape, n, locale->lakh)))
		return YS_NUMBER_OTHER_LOCALE;
	return NULL;
}

/* Likewise, by the shape alone. */
static const char *
by_shape(const Shape *shape, bool *fraction)
{
	int			n = shape->nseparators;
	unsigned	last = shape->separators[n - 1];

	if ((last & (YS_SEPARATOR_POINT | YS_SEPARATOR_COMMA)) == 0)
		*fraction = false;
	else if (n > 1)
		*fraction = shape->separators[n - 2] != last;
	else if (are_groups(shape, 1, false))
		return YS_NUMBER_AMBIGUOUS;
	else
		*fraction = true;
	n -= *fraction;
	return n == 0 || are_groups(shape, n, false) ? NULL : YS_NUMBER_MISPLACED;
}

static bool
is_exponent(const char *p, const char *end)
{
	if (p == end || (*p != 'e' && *p != 'E'))
		return false;
	p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	return p < end && ys_ascii_is_digit(*p);
}

const char *
ys_number_read(const YsNumberLocale *locale, YsSlice text, YsDecimal *decimal, YsSlice *rest)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	YsDigits	digits = {decimal, 0, 0, false};
	Shape		shape;
	bool		fraction = false;

	decimal->negative = false;
	decimal->ndigits = 0;
	if (!scan(&p, end, &digits, &shape))
		return YS_NUMBER_MISPLACED;
	if (digits.total == 0)
		return YS_NOT_A_NUMBER;
	shape.exponent = is_exponent(p, end);
	if (shape.nseparators > 0)
	{
		const char *reason = locale != NULL ? by_locale(locale, &shape, &fraction) :
			by_shape(&shape, &fraction);

		if (reason != NULL)
			return reason;
	}
	decimal->point = digits.total - digits.zeros;
	if (fraction)
		decimal->point -= shape.lengths[shape.nseparators];
	if (shape.exponent)
		p = ys_decimal_exponent(decimal, p, end);
	ys_decimal_settle(decimal);
	*rest = (YsSlice) {p, (uint32_t) (end - p)};
	return digits.too_long || !ys_decimal_in_range(decimal) ? YS_NUMBER_OUT_OF_RANGE : NULL;
}

/* ---- what stands around it ---- */

/* Does a number without a sign begin at p? */
static bool
is_number(const char *p, const char *end)
{
	if (p < end && (*p == '.' || *p == ','))
		p++;
	return p < end && ys_ascii_is_digit(*p);
}

/* Bytes of the sign at p, 0 when there is none. */
static int
sign_width(const char *p, const char *end)
{
	if (p < end && (*p == '-' || *p == '+'))
		return 1;
	return end - p >= 3 && memcmp(p, "\xE2\x88\x92", 3) == 0 ? 3 : 0;
}

static const char *
take_sign(const char *p, const char *end, bool *negative)
{
	int			width = sign_width(p, end);

	if (width > 0)
		*negative = *p != '+';
	return p + width;
}

/* Is the character before p a letter, so that a point at p ends an abbreviation? */
static bool
is_letter_before(const char *start, const char *p)
{
	const char *q = p;

	if (p == start)
		return false;
	for (q--; q > start && ((unsigned char) *q & 0xC0) == 0x80; q--)
		;
	return ys_ascii_is_letter(*q) || ((unsigned char) *q >= 0xC3 && (unsigned char) *q < 0xE0);
}

/* Where what stands before the number, which begins at p, ends. */
static const char *
end_of_before(const char *start, const char *end)
{
	const char *p = start;

	while (p < end && !ys_ascii_is_digit(*p))
	{
		int			sign = sign_width(p, end);

		if (sign > 0 && is_number(p + sign, end))
			return p;
		if ((*p == '.' || *p == ',') && is_number(p, end) && !is_letter_before(start, p))
			return p;
		p++;
	}
	return p;
}

/* The dash that stands for no decimals in prices: "5,-", "5.--", "5,\u2013".  Returns what follows it. */
static const char *
take_dash(const char *p, const char *end, bool *dashed)
{
	const char *q = p;

	if (q == end || (*q != '.' && *q != ','))
		return p;
	q++;
	if (end - q >= 3 && (memcmp(q, "\xE2\x80\x93", 3) == 0 || memcmp(q, "\xE2\x80\x94", 3) == 0))
		q += 3;
	else
	{
		while (q < end && *q == '-' && q - p <= 2)
			q++;
		if (q == p + 1)
			return p;
	}
	if (q < end && ys_string_space(q, end) == 0)
		return p;
	*dashed = true;
	return q;
}

const char *
ys_amount_read(const YsNumberLocale *locale, YsSlice text, YsAmount *amount)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	const char *reason;
	bool		negative = false;
	bool		accounting = text.len >= 2 && *p == '(' && end[-1] == ')';
	YsSlice		rest;

	amount->before = amount->after = (YsSlice) {p, 0};
	amount->touching = amount->dashed = false;
	if (accounting)
	{
		text = ys_string_trim((YsSlice) {p + 1, text.len - 2});
		p = text.bytes;
		end = p + text.len;
		negative = true;
	}
	if (!is_number(p, end))
	{
		const char *start = p;
		const char *word;

		p = take_sign(p, end, &negative);
		word = p;
		p = end_of_before(word, end);
		amount->before = ys_string_trim((YsSlice) {word, (uint32_t) (p - word)});
		amount->touching = amount->before.bytes + amount->before.len == p;

		/* A sign stands at the front or at the number, and touches what follows. */
		if (p > word && (amount->before.len == 0 || amount->before.bytes != word))
			return YS_NOT_A_NUMBER;
		if (sign_width(p, end) > 0)
		{
			if (word > start || accounting)
				return YS_NOT_A_NUMBER;
			p = take_sign(p, end, &negative);
		}
		if (!is_number(p, end) || (accounting && word > start))
			return YS_NOT_A_NUMBER;
	}
	reason = ys_number_read(locale, (YsSlice) {p, (uint32_t) (end - p)}, &amount->decimal, &rest);
	if (reason != NULL)
		return reason;
	if (amount->decimal.ndigits > 0)
		amount->decimal.negative = negative;
	if (rest.len > 0)
	{
		p = take_dash(rest.bytes, end, &amount->dashed);
		amount->after = ys_string_trim((YsSlice) {p, (uint32_t) (end - p)});
	}
	return NULL;
}
