/*-------------------------------------------------------------------------
 * date.c
 *	  Dates and times of declared formats.
 *
 * No libc time function is used: they know locales and zones, and we don't
 * want to.  Days are counted by the method of H. Hinnant, "chrono-compatible
 * low-level date algorithms" (proleptic Gregorian calendar, as ISO 8601 has it).
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date.h"

#include <string.h>

#include "policy/normalize/number.h"

#define USECS_PER_MINUTE	(60 * YS_USECS_PER_SEC)
#define USECS_PER_HOUR		(60 * USECS_PER_MINUTE)

#define DAYS_1970_TO_2000	10957
#define FIRST_DAY			(-730119)	/* 0001-01-01 */
#define LAST_DAY			2921939		/* 9999-12-31 */

/* Below every literal byte of a pattern, which are printable. */
typedef enum DateToken
{
	YEAR4 = 1,
	YEAR2,
	MONTH,
	MONTH_NAME,
	DAY,
	HOUR,
	MINUTE,
	SECOND
} DateToken;

static const struct
{
	const char *text;
	DateToken	token;
}			tokens[] =
{
	{"YYYY", YEAR4},			/* before its beginning, YY */
	{"YY", YEAR2},
	{"Mon", MONTH_NAME},
	{"MM", MONTH},
	{"MI", MINUTE},
	{"DD", DAY},
	{"HH24", HOUR},
	{"SS", SECOND},
};

static const char *const month_names[] =
{
	"january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december"
};

typedef struct Civil
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second;
	int			usec;
	int			offset;			/* minutes east of UTC */
} Civil;

/* Exactly count digits at *p. */
static bool
take_digits(const char **p, const char *end, int count, int *value)
{
	int			n = 0;

	if (end - *p < count)
		return false;
	for (int i = 0; i < count; i++)
	{
		if (!ys_ascii_is_digit((*p)[i]))
			return false;
		n = n * 10 + ((*p)[i] - '0');
	}
	*p += count;
	*value = n;
	return true;
}

static bool
take_byte(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

static int
days_in_month(int year, int month)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* Days since 2000-01-01. */
static int64_t
days_from_civil(int year, int month, int day)
{
	int			y = month <= 2 ? year - 1 : year;	/* years begin in March; never negative here */
	int			era = y / 400;
	int			year_of_era = y - era * 400;
	int			day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int			day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return (int64_t) era * 146097 + day_of_era - 719468 - DAYS_1970_TO_2000;
}

int32_t
ys_date_of(int64_t usecs)
{
	int64_t		day = usecs / YS_USECS_PER_DAY;

	return (int32_t) (usecs % YS_USECS_PER_DAY < 0 ? day - 1 : day);
}

static YsDateMatch
civil_to_usecs(const Civil *civil, int64_t *usecs)
{
	int64_t		result;

	if (civil->year < 1 || civil->month < 1 || civil->month > 12 ||
		civil->day < 1 || civil->day > days_in_month(civil->year, civil->month) ||
		civil->minute > 59 || civil->second > 60 ||
		civil->hour > 24 ||
		(civil->hour == 24 && (civil->minute > 0 || civil->second > 0 || civil->usec > 0)))
		return YS_DATE_IMPOSSIBLE;
	result = days_from_civil(civil->year, civil->month, civil->day) * YS_USECS_PER_DAY +
		civil->hour * USECS_PER_HOUR + (civil->minute - civil->offset) * USECS_PER_MINUTE +
		civil->second * YS_USECS_PER_SEC + civil->usec;
	if (ys_date_of(result) < FIRST_DAY || ys_date_of(result) > LAST_DAY)
		return YS_DATE_IMPOSSIBLE;
	*usecs = result;
	return YS_DATE_MATCH;
}

/* ---- ISO ---- */

/* Digits of a fraction of a second, as microseconds. */
static bool
take_fraction(const char **p, const char *end, int *usec)
{
	int			unit = 100000;

	if (*p == end || !ys_ascii_is_digit(**p))
		return false;
	for (*usec = 0; *p < end && ys_ascii_is_digit(**p); (*p)++)
	{
		*usec += (**p - '0') * unit;
		unit /= 10;
	}
	return true;
}

/* Nothing, Z, or an offset up to the end. */
static bool
take_offset(const char **p, const char *end, int *offset)
{
	bool		west;
	int			hours;
	int			minutes = 0;

	*offset = 0;
	if (*p == end)
		return true;
	if (take_byte(p, end, 'Z') || take_byte(p, end, 'z'))
		return *p == end;
	west = **p == '-';
	if (!west && **p != '+')
		return false;
	(*p)++;
	if (!take_digits(p, end, 2, &hours))
		return false;
	if (*p < end)
	{
		take_byte(p, end, ':');
		if (!take_digits(p, end, 2, &minutes) || *p < end)
			return false;
	}
	if (hours > 15 || minutes > 59)
		return false;
	*offset = (west ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

static YsDateMatch
parse_iso(const YsDateFormat *format, YsSlice text, int64_t *usecs)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	Civil		civil;

	(void) format;
	memset(&civil, 0, sizeof(civil));
	if (!take_digits(&p, end, 4, &civil.year) || !take_byte(&p, end, '-') ||
		!take_digits(&p, end, 2, &civil.month) || !take_byte(&p, end, '-') ||
		!take_digits(&p, end, 2, &civil.day))
		return YS_DATE_OTHER_FORM;
	if (p < end)
	{
		bool		spaced = *p == ' ';

		if (!spaced && *p != 'T' && *p != 't')
			return YS_DATE_OTHER_FORM;
		p++;
		if (!take_digits(&p, end, 2, &civil.hour) || !take_byte(&p, end, ':') ||
			!take_digits(&p, end, 2, &civil.minute))
			return YS_DATE_OTHER_FORM;
		if (take_byte(&p, end, ':'))
		{
			if (!take_digits(&p, end, 2, &civil.second))
				return YS_DATE_OTHER_FORM;
			if ((take_byte(&p, end, '.') || take_byte(&p, end, ',')) &&
				!take_fraction(&p, end, &civil.usec))
				return YS_DATE_OTHER_FORM;
		}
		if (spaced)
			take_byte(&p, end, ' ');	/* 2024-03-12 10:15:00 +0100 */
		if (!take_offset(&p, end, &civil.offset))
			return YS_DATE_OTHER_FORM;
	}
	return civil_to_usecs(&civil, usecs);
}

/* ---- epochs ---- */

static YsDateMatch
parse_epoch(const YsDateFormat *format, YsSlice text, int64_t *usecs)
{
	YsDecimal	decimal;
	YsSlice		rest;
	YsUint128	integer;
	int			exponent;

	for (uint32_t i = 0; i < text.len; i++)
	{
		if (text.bytes[i] == ',' || (unsigned char) text.bytes[i] <= ' ')
			return YS_DATE_OTHER_FORM;	/* an epoch is no number for people */
	}
	if (ys_decimal_parse(text, &decimal, &rest) != NULL || rest.len > 0)
		return YS_DATE_OTHER_FORM;
	if (decimal.negative || decimal.point > 16)
		return YS_DATE_OTHER_FORM;

	/* Microseconds are all that is kept: six decimals are more than any unit needs. */
	if (decimal.ndigits > decimal.point + 6)
		decimal.ndigits = decimal.point + 6 > 0 ? decimal.point + 6 : 0;
	integer = ys_decimal_integer(&decimal, &exponent);
	if (decimal.ndigits == 0)
		exponent = 0;
	for (; exponent > -6; exponent--)
		integer *= 10;			/* below 10^22: in millionths of the unit */
	if (integer < (YsUint128) format->from * 1000000 || integer >= (YsUint128) format->to * 1000000)
		return YS_DATE_OTHER_FORM;	/* perhaps an epoch of another unit */
	*usecs = (int64_t) (integer * (YsUint128) format->usecs_per_unit / 1000000) -
		DAYS_1970_TO_2000 * YS_USECS_PER_DAY;
	return YS_DATE_MATCH;
}

#define EPOCH_END	INT64_C(7258118400) /* 2200-01-01, in seconds */

static const struct
{
	const char *name;
	YsDateFormat format;
}			named_formats[] =
{
	{"ISO", {.parse = parse_iso}},
	{"epoch_s", {.parse = parse_epoch, .from = 0, .to = EPOCH_END,
			.usecs_per_unit = 1000000}},
	{"epoch_ms", {.parse = parse_epoch, .from = EPOCH_END, .to = EPOCH_END * 1000,
			.usecs_per_unit = 1000}},
	{"epoch_us", {.parse = parse_epoch, .from = EPOCH_END * 1000, .to = EPOCH_END * 1000000,
			.usecs_per_unit = 1}},
};

/* ---- patterns ---- */

/* An English month, in full or its first three letters, with no letter behind it. */
static bool
take_month_name(const char **p, const char *end, int *month)
{
	YsSlice		word = {*p, 0};

	while (*p + word.len < end && word.len < 10 &&
		   ys_ascii_is_letter((*p)[word.len]))
		word.len++;
	for (int i = 0; i < 12; i++)
	{
		char		three[4] = {month_names[i][0], month_names[i][1], month_names[i][2], '\0'};

		if (ys_string_is(word, month_names[i]) || ys_string_is(word, three))
		{
			*p += word.len;
			*month = i + 1;
			return true;
		}
	}
	return false;
}

/* Two digits, or one where that is allowed. */
static bool
take_one_or_two(const char **p, const char *end, bool fixed, int *value)
{
	return take_digits(p, end, 2, value) || (!fixed && take_digits(p, end, 1, value));
}

static bool
take_token(char kind, bool fixed, const char **p, const char *end, Civil *civil)
{
	switch (kind)
	{
		case YEAR4:
			return take_digits(p, end, 4, &civil->year);
		case YEAR2:
			if (!take_digits(p, end, 2, &civil->year))
				return false;
			civil->year += civil->year <= 68 ? 2000 : 1900;
			return true;
		case MONTH:
			return take_one_or_two(p, end, fixed, &civil->month);
		case MONTH_NAME:
			return take_month_name(p, end, &civil->month);
		case DAY:
			return take_one_or_two(p, end, fixed, &civil->day);
		case HOUR:
			return take_one_or_two(p, end, fixed, &civil->hour);
		case MINUTE:
			return take_one_or_two(p, end, fixed, &civil->minute);
		case SECOND:
			return take_one_or_two(p, end, fixed, &civil->second);
		default:
			if (!take_byte(p, end, kind))
				return false;
			if (kind == ' ')	/* as many as there are */
				while (take_byte(p, end, ' '))
					;
			return true;
	}
}

static YsDateMatch
parse_pattern(const YsDateFormat *format, YsSlice text, int64_t *usecs)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	Civil		civil;

	memset(&civil, 0, sizeof(civil));
	for (int i = 0; i < format->ntokens; i++)
	{
		if (!take_token(format->tokens[i].kind, format->tokens[i].fixed, &p, end, &civil))
			return YS_DATE_OTHER_FORM;
	}
	if (p < end)
		return YS_DATE_OTHER_FORM;
	return civil_to_usecs(&civil, usecs);
}

/* The token that pattern begins with, else its first byte, and the length of either. */
static char
next_token(YsSlice pattern, uint32_t *len, bool *literal)
{
	*literal = false;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
	{
		*len = (uint32_t) strlen(tokens[i].text);
		if (*len <= pattern.len && memcmp(pattern.bytes, tokens[i].text, *len) == 0)
			return (char) tokens[i].token;
	}
	*literal = true;
	*len = 1;
	return pattern.bytes[0];
}

/* What may stand for itself: ASCII punctuation and spaces. */
static bool
is_literal(char c)
{
	return c >= ' ' && c <= '~' && !ys_ascii_is_digit(c) && !ys_ascii_is_letter(c);
}

static bool
is_numeric(const YsDateFormat *format, int i)
{
	return i >= 0 && i < format->ntokens && !is_literal(format->tokens[i].kind) &&
		format->tokens[i].kind != MONTH_NAME;
}

static const char *
compile_pattern(YsSlice pattern, YsDateFormat *format)
{
	unsigned	seen = 0;

	memset(format, 0, sizeof(*format));
	format->parse = parse_pattern;
	while (pattern.len > 0)
	{
		uint32_t	len;
		bool		literal;
		char		kind = next_token(pattern, &len, &literal);

		if (literal && !is_literal(kind))
			return "it has characters that are no part of a format";
		if (format->ntokens == YS_DATE_MAX_TOKENS)
			return "it is too long";
		if (!literal)
		{
			unsigned	bit = 1U << (kind == YEAR2 ? YEAR4 : kind == MONTH_NAME ? MONTH : kind);

			if (seen & bit)
				return "it has a part twice";
			seen |= bit;
		}
		format->tokens[format->ntokens++].kind = kind;
		pattern.bytes += len;
		pattern.len -= len;
	}
	if ((~seen & (1U << YEAR4 | 1U << MONTH | 1U << DAY)) != 0)
		return "it lacks a year, a month or a day";
	if ((seen & (1U << SECOND) && !(seen & (1U << MINUTE))) ||
		(seen & (1U << MINUTE) && !(seen & (1U << HOUR))))
		return "it has a time without its hour or minute";
	for (int i = 0; i < format->ntokens; i++)
		format->tokens[i].fixed = is_numeric(format, i - 1) || is_numeric(format, i + 1);
	return NULL;
}

const char *
ys_date_format_compile(YsSlice text, YsDateFormat *format)
{
	for (size_t i = 0; i < sizeof(named_formats) / sizeof(named_formats[0]); i++)
	{
		if (text.len == strlen(named_formats[i].name) &&
			memcmp(text.bytes, named_formats[i].name, text.len) == 0)
		{
			*format = named_formats[i].format;
			return NULL;
		}
	}
	return compile_pattern(text, format);
}

bool
ys_date_format_is_iso(const YsDateFormat *format)
{
	return format->parse == parse_iso;
}

const char *
ys_date_format_help(void)
{
	return "A format is ISO, epoch_s, epoch_ms, epoch_us, or a pattern of YYYY, YY, MM, DD, Mon, "
		"HH24, MI, SS with punctuation and spaces, such as DD/MM/YYYY or DD Mon YYYY.";
}

const char *
ys_date_parse(const YsDateFormat *formats, int nformats, YsSlice text, int64_t *usecs, int *format)
{
	const char *reason = "not a date in any declared format";

	for (int i = 0; i < nformats; i++)
	{
		switch (formats[i].parse(&formats[i], text, usecs))
		{
			case YS_DATE_MATCH:
				*format = i;
				return NULL;
			case YS_DATE_IMPOSSIBLE:
				reason = "no such date";
				break;
			case YS_DATE_OTHER_FORM:
				break;
		}
	}
	return reason;
}
