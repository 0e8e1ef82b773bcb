/*-------------------------------------------------------------------------
 * coordinate.c
 *	  One latitude or longitude as people write it.
 *
 * Sums of degrees, minutes and seconds are made of whole numbers and divided
 * once, which rounds once: 45°30' is the very double that 45.5 is.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/coordinate.h"

#include <string.h>

#include "policy/normalize/number.h"

/* Decimals of a minute or second that are looked at: with them its sum is an exact double. */
#define FRACTION_DIGITS		9

YsSlice
ys_slice_skip_space(YsSlice text)
{
	uint32_t	width;

	while ((width = ys_string_space(text.bytes, text.bytes + text.len)) > 0)
		text = ys_slice_from(text, width);
	return text;
}

/* ---- numbers ---- */

static uint32_t
count_digits(YsSlice text)
{
	uint32_t	n = 0;

	while (n < text.len && ys_ascii_is_digit(text.bytes[n]))
		n++;
	return n;
}

/* Bytes of digits[.digits] at the start of text, 0 when there are none. */
static uint32_t
count_decimal(YsSlice text)
{
	uint32_t	len = count_digits(text);
	uint32_t	decimals;

	if (len == 0 || len + 1 >= text.len || text.bytes[len] != '.')
		return len;
	decimals = count_digits(ys_slice_from(text, len + 1));
	return decimals > 0 ? len + 1 + decimals : len;
}

static bool
is_sign(YsSlice text)
{
	return text.len > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+');
}

uint32_t
ys_coordinate_number(YsSlice text, bool exponent)
{
	uint32_t	sign = is_sign(text);
	uint32_t	len = count_decimal(ys_slice_from(text, sign));
	YsSlice		rest;
	uint32_t	digits;

	if (len == 0)
		return 0;
	len += sign;
	rest = ys_slice_from(text, len);
	if (!exponent || rest.len < 2 || ys_ascii_lower(rest.bytes[0]) != 'e')
		return len;
	sign = is_sign(ys_slice_from(rest, 1));
	digits = count_digits(ys_slice_from(rest, 1 + sign));
	return digits > 0 ? len + 1 + sign + digits : len;
}

bool
ys_coordinate_double(YsSlice text, double *value)
{
	static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	uint64_t	digits = 0;
	uint32_t	start = is_sign(text);
	uint32_t	i = start;
	uint32_t	decimals = 0;
	bool		has_point = false;

	/* Up to 15 digits and their power of ten are exact doubles, and a quotient is rounded once. */
	for (; i < text.len && i < start + 16; i++)
	{
		char		c = text.bytes[i];

		if (ys_ascii_is_digit(c))
		{
			digits = digits * 10 + (uint64_t) (c - '0');
			decimals += has_point;
		}
		else if (c == '.' && !has_point && i > start)
			has_point = true;
		else
			break;
	}
	if (i < text.len || i == start || (has_point && decimals == 0) || (!has_point && i == start + 16))
		return ys_double_parse(text, value);
	*value = (double) digits / powers[decimals];
	if (text.bytes[0] == '-')
		*value = -*value;
	return true;
}

/* ---- degrees, minutes, seconds ---- */

/* A part as a whole number; what exceeds any coordinate stays large. */
static uint64_t
read_whole(YsSlice digits)
{
	uint64_t	whole = 0;

	for (uint32_t i = 0; i < digits.len && digits.bytes[i] != '.'; i++)
	{
		if (whole < 100000)
			whole = whole * 10 + (uint64_t) (digits.bytes[i] - '0');
	}
	return whole;
}

const char *
ys_sexagesimal_degrees(const YsSexagesimal *sexagesimal, double *degrees)
{
	uint64_t	sum = 0;		/* in units of the last part, later of its fraction */
	uint64_t	unit = 1;
	YsSlice		last = sexagesimal->parts[sexagesimal->nparts - 1];
	const char *point = memchr(last.bytes, '.', last.len);

	for (int i = 0; i < sexagesimal->nparts; i++)
	{
		uint64_t	whole = read_whole(sexagesimal->parts[i]);

		if (i > 0 && whole >= 60)
			return "minutes or seconds out of range";
		sum = sum * 60 + whole;
		unit *= i > 0 ? 60 : 1;
	}
	if (point != NULL && sexagesimal->nparts == 1)
	{
		(void) ys_coordinate_double(last, degrees);
		if (sexagesimal->negative)
			*degrees = -*degrees;
		return NULL;
	}
	for (int i = 0; point != NULL && i < FRACTION_DIGITS && ++point < last.bytes + last.len; i++)
	{
		sum = sum * 10 + (uint64_t) (*point - '0');
		unit *= 10;
	}
	*degrees = (double) sum / (double) unit;
	if (sexagesimal->negative)
		*degrees = -*degrees;
	return NULL;
}

/* ---- marks and letters ---- */

typedef struct Spelling
{
	const char *text;
	uint32_t	len;
} Spelling;

static const Spelling degree_marks[] = {
	{"\xC2\xB0", 2}, {"\xC2\xBA", 2}, {"\xCB\x9A", 2},	/* degree, ordinal, ring above */
	{NULL, 0}
};

static const Spelling minute_marks[] = {
	{"'", 1}, {"\xE2\x80\xB2", 3}, {"\xE2\x80\x99", 3}, {"\xC2\xB4", 2},	/* prime, quote, acute */
	{NULL, 0}
};

static const Spelling second_marks[] = {
	{"\"", 1}, {"\xE2\x80\xB3", 3}, {"\xE2\x80\x9D", 3}, {"''", 2}, {"\xE2\x80\xB2\xE2\x80\xB2", 6},
	{"\xE2\x80\x99\xE2\x80\x99", 6},
	{NULL, 0}
};

/* Bytes of one of the marks at the start of text, 0 when there is none. */
static uint32_t
find_mark(YsSlice text, const Spelling *marks)
{
	for (; marks->text != NULL; marks++)
	{
		if (text.len >= marks->len && memcmp(text.bytes, marks->text, marks->len) == 0)
			return marks->len;
	}
	return 0;
}

/* Is there a hemisphere's letter, and not the beginning of a word? */
static bool
find_letter(YsSlice text, YsAxis *axis, bool *negative)
{
	if (text.len == 0 || (text.len > 1 && ys_ascii_is_letter(text.bytes[0]) &&
						  ys_ascii_is_letter(text.bytes[1])))
		return false;
	switch (ys_ascii_lower(text.bytes[0]))
	{
		case 'n':
		case 's':
			*axis = YS_AXIS_LAT;
			break;
		case 'e':
		case 'w':
			*axis = YS_AXIS_LON;
			break;
		default:
			return false;
	}
	*negative = ys_ascii_lower(text.bytes[0]) == 's' || ys_ascii_lower(text.bytes[0]) == 'w';
	return true;
}

static void
add_part(YsSexagesimal *sexagesimal, YsSlice text, uint32_t len)
{
	sexagesimal->parts[sexagesimal->nparts++] = (YsSlice) {text.bytes, len};
}

/* Behind degrees and their mark: minutes and seconds, each with its mark; what has none needs a letter. */
static YsSlice
read_marked(YsSlice text, YsSexagesimal *sexagesimal)
{
	static const Spelling *const marks[] = {minute_marks, second_marks};

	for (int i = 0; i < 2; i++)
	{
		YsSlice		part = ys_slice_skip_space(text);
		uint32_t	len = count_decimal(part);
		YsSlice		behind;
		uint32_t	mark;
		YsAxis		axis;
		bool		negative;

		if (len == 0)
			break;
		behind = ys_slice_from(part, len);

		/* two minutes' marks are a second's */
		mark = find_mark(behind, second_marks) > 0 && i == 0 ? 0 : find_mark(behind, marks[i]);
		if (mark == 0 && !find_letter(ys_slice_skip_space(behind), &axis, &negative))
			break;
		add_part(sexagesimal, part, len);
		text = ys_slice_from(behind, mark);
		if (mark == 0)
			break;
	}
	return text;
}

/* Behind degrees without a mark: up to two numbers, with spaces or colons between. */
static YsSlice
read_bare(YsSlice text, YsSexagesimal *sexagesimal)
{
	while (sexagesimal->nparts < 3)
	{
		YsSlice		part = ys_slice_skip_space(text);
		bool		spaced = part.len < text.len;
		uint32_t	len;

		if (part.len > 0 && part.bytes[0] == ':')
			part = ys_slice_skip_space(ys_slice_from(part, 1));
		else if (!spaced)
			break;
		len = count_decimal(part);
		if (len == 0)
			break;
		add_part(sexagesimal, part, len);
		text = ys_slice_from(part, len);
	}
	return text;
}

static bool
only_last_has_fraction(const YsSexagesimal *sexagesimal)
{
	for (int i = 0; i + 1 < sexagesimal->nparts; i++)
	{
		if (memchr(sexagesimal->parts[i].bytes, '.', sexagesimal->parts[i].len) != NULL)
			return false;
	}
	return true;
}

/* Text begins with a number of that length, and that is all. */
static const char *
read_plain(YsSlice text, uint32_t len, YsCoordinate *coordinate, YsSlice *rest)
{
	*rest = ys_slice_from(text, len);
	return ys_coordinate_double((YsSlice) {text.bytes, len}, &coordinate->degrees) ? NULL :
		YS_NOT_A_NUMBER;
}

const char *
ys_coordinate_parse(YsSlice text, YsCoordinate *coordinate, YsSlice *rest)
{
	YsSexagesimal sexagesimal = {.nparts = 0};
	YsSlice		number = text;
	YsSlice		bare;
	YsAxis		axis = YS_AXIS_NONE;
	bool		negative = false;
	bool		before = find_letter(text, &axis, &negative);
	bool		behind;
	uint32_t	mark;
	uint32_t	len = ys_coordinate_number(text, true);

	memset(coordinate, 0, sizeof(*coordinate));
	if (!before && len > ys_coordinate_number(text, false))
		return read_plain(text, len, coordinate, rest);	/* it has an exponent */
	if (before)
		number = ys_slice_skip_space(ys_slice_from(text, 1));
	if (is_sign(number))
	{
		if (before)
			return "a sign and a hemisphere";
		sexagesimal.negative = number.bytes[0] == '-';
		number = ys_slice_from(number, 1);
	}
	len = count_decimal(number);
	if (len == 0)
		return YS_NOT_A_NUMBER;
	add_part(&sexagesimal, number, len);
	*rest = ys_slice_from(number, len);
	mark = find_mark(ys_slice_skip_space(*rest), degree_marks);
	if (mark > 0)
	{
		*rest = read_marked(ys_slice_from(ys_slice_skip_space(*rest), mark), &sexagesimal);
		behind = !before && find_letter(ys_slice_skip_space(*rest), &axis, &negative);
	}
	else
	{
		/* numbers in a row are one coordinate only if a letter says so */
		YsSexagesimal several = sexagesimal;

		bare = read_bare(*rest, &several);
		behind = !before && find_letter(ys_slice_skip_space(bare), &axis, &negative);
		if (before || (behind && only_last_has_fraction(&several)))
		{
			sexagesimal = several;
			*rest = bare;
		}
		else
			behind = find_letter(ys_slice_skip_space(*rest), &axis, &negative);
	}
	if (behind)
	{
		if (is_sign(text))
			return "a sign and a hemisphere";
		*rest = ys_slice_from(ys_slice_skip_space(*rest), 1);
	}
	if (before || behind)
	{
		coordinate->axis = axis;
		sexagesimal.negative = negative;
	}
	if (!before && !behind && mark == 0)
		return read_plain(text, ys_coordinate_number(text, false), coordinate, rest);
	if (!only_last_has_fraction(&sexagesimal))
		return YS_NOT_A_NUMBER;
	return ys_sexagesimal_degrees(&sexagesimal, &coordinate->degrees);
}
