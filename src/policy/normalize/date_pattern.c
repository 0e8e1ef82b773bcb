/*-------------------------------------------------------------------------
 * date_pattern.c
 *	  Dates as a declared pattern has them.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include <string.h>

typedef enum DateToken
{
	YEAR4,
	YEAR2,
	MONTH,
	MONTH_NAME,
	DAY,
	DAY_OF_YEAR,
	ISO_YEAR,
	ISO_WEEK,
	ISO_DAY,
	WEEKDAY_NAME,
	HOUR24,
	HOUR12,
	HALF,
	MINUTE,
	SECOND,
	FRACTION,
	OFFSET,
	ZONE
} DateToken;

/* What a pattern may say once, however it says it. */
#define SAYS_YEAR		0x0001U
#define SAYS_MONTH		0x0002U
#define SAYS_DAY		0x0004U
#define SAYS_YEAR_DAY	0x0008U
#define SAYS_ISO_YEAR	0x0010U
#define SAYS_ISO_WEEK	0x0020U
#define SAYS_ISO_DAY	0x0040U
#define SAYS_WEEKDAY	0x0080U
#define SAYS_HOUR		0x0100U
#define SAYS_HOUR12		0x0200U	/* besides the hour */
#define SAYS_HALF		0x0400U
#define SAYS_MINUTE		0x0800U
#define SAYS_SECOND		0x1000U
#define SAYS_FRACTION	0x2000U
#define SAYS_ZONE		0x4000U

#define CALENDAR_DATE	(SAYS_YEAR | SAYS_MONTH | SAYS_DAY)
#define ORDINAL_DATE	(SAYS_YEAR | SAYS_YEAR_DAY)
#define WEEK_DATE		(SAYS_ISO_YEAR | SAYS_ISO_WEEK | SAYS_ISO_DAY)
#define ANY_DATE		(CALENDAR_DATE | ORDINAL_DATE | WEEK_DATE)

/* Before a token, those that it is the beginning of. */
static const struct
{
	const char *text;
	DateToken	token;
	unsigned	says;
}			tokens[] =
{
	{"YYYY", YEAR4, SAYS_YEAR},
	{"YY", YEAR2, SAYS_YEAR},
	{"Month", MONTH_NAME, SAYS_MONTH},
	{"Mon", MONTH_NAME, SAYS_MONTH},
	{"MM", MONTH, SAYS_MONTH},
	{"MI", MINUTE, SAYS_MINUTE},
	{"Day", WEEKDAY_NAME, SAYS_WEEKDAY},
	{"Dy", WEEKDAY_NAME, SAYS_WEEKDAY},
	{"DDD", DAY_OF_YEAR, SAYS_YEAR_DAY},
	{"DD", DAY, SAYS_DAY},
	{"IYYY", ISO_YEAR, SAYS_ISO_YEAR},
	{"IW", ISO_WEEK, SAYS_ISO_WEEK},
	{"ID", ISO_DAY, SAYS_ISO_DAY},
	{"HH24", HOUR24, SAYS_HOUR},
	{"HH12", HOUR12, SAYS_HOUR | SAYS_HOUR12},
	{"AM", HALF, SAYS_HALF},
	{"PM", HALF, SAYS_HALF},
	{"SS", SECOND, SAYS_SECOND},
	{"FF", FRACTION, SAYS_FRACTION},
	{"OF", OFFSET, SAYS_ZONE},
	{"TZ", ZONE, SAYS_ZONE},
};

#define NTOKENS		((int) (sizeof(tokens) / sizeof(tokens[0])))

/* ---- reading ---- */

/* A number of so many digits, or fewer where that is allowed. */
static bool
take_number(const char **p, const char *end, int digits, bool fixed, int *value)
{
	return fixed ? ys_scan_digits(p, end, digits, value) : ys_scan_up_to(p, end, digits, value) > 0;
}

/* The point of a shortened name belongs to it, unless the pattern has one there. */
static void
take_point(const char **p, const char *end, const YsDateFormat *format, int next)
{
	bool		declared = next < format->ntokens && format->tokens[next].literal &&
		format->tokens[next].kind == '.';

	if (*p < end && **p == '.' && (!declared || (*p + 1 < end && (*p)[1] == '.')))
		(*p)++;
}

static bool
take_literal(const char **p, const char *end, char c)
{
	return c == ' ' ? ys_scan_spaces(p, end) : ys_scan_byte(p, end, c);
}

static YsDateMatch
take_token(const YsDateFormat *format, int i, const YsDateContext *context, const char **p,
		   const char *end, YsDateParts *parts)
{
	bool		fixed = format->tokens[i].fixed;
	bool		taken = false;

	switch ((DateToken) format->tokens[i].kind)
	{
		case ISO_YEAR:
		case YEAR4:
			taken = ys_scan_digits(p, end, 4, &parts->year);
			break;
		case YEAR2:
			taken = ys_scan_digits(p, end, 2, &parts->year);
			parts->year = ys_scan_century(context, parts->year);
			break;
		case MONTH:
			taken = take_number(p, end, 2, fixed, &parts->month);
			break;
		case MONTH_NAME:
			taken = ys_scan_month(context, p, end, &parts->month);
			take_point(p, end, format, i + 1);
			break;
		case DAY:
			taken = take_number(p, end, 2, fixed, &parts->day);
			break;
		case DAY_OF_YEAR:
			parts->form = YS_DAY_OF_YEAR;
			taken = take_number(p, end, 3, fixed, &parts->day);
			break;
		case ISO_WEEK:
			taken = take_number(p, end, 2, fixed, &parts->week);
			break;
		case ISO_DAY:
			parts->form = YS_DAY_OF_WEEK;
			taken = ys_scan_digits(p, end, 1, &parts->day);
			break;
		case WEEKDAY_NAME:
			taken = ys_scan_weekday(p, end, &parts->weekday);
			take_point(p, end, format, i + 1);
			break;
		case HOUR24:
		case HOUR12:
			taken = take_number(p, end, 2, fixed, &parts->hour);
			break;
		case HALF:
			taken = ys_scan_half(p, end, &parts->half);
			break;
		case MINUTE:
			taken = take_number(p, end, 2, fixed, &parts->minute);
			break;
		case SECOND:
			taken = take_number(p, end, 2, fixed, &parts->second);
			break;
		case FRACTION:
			taken = ys_scan_fraction(p, end, 1, &parts->usecs);
			break;
		case OFFSET:
			parts->zoned = true;
			taken = ys_scan_offset(p, end, true, &parts->offset);
			break;
		case ZONE:
			return ys_scan_zone(context, p, end, parts);
	}
	return taken ? YS_DATE_MATCH : YS_DATE_OTHER_FORM;
}

static YsDateMatch
parse_pattern(const YsDateFormat *format, const YsDateContext *context, YsSlice text, YsMoment *moment)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	YsDateParts parts;
	YsDateMatch match;

	memset(&parts, 0, sizeof(parts));
	for (int i = 0; i < format->ntokens; i++)
	{
		if (!format->tokens[i].literal)
			match = take_token(format, i, context, &p, end, &parts);
		else
			match = take_literal(&p, end, format->tokens[i].kind) ? YS_DATE_MATCH : YS_DATE_OTHER_FORM;
		if (match != YS_DATE_MATCH)
			return match;
	}
	return p == end ? ys_date_make(&parts, moment) : YS_DATE_OTHER_FORM;
}

/* ---- compiling ---- */

/* What may stand for itself: ASCII punctuation and spaces. */
static bool
is_literal(char c)
{
	return c >= ' ' && c <= '~' && !ys_ascii_is_digit(c) && !ys_ascii_is_letter(c);
}

static bool
is_numeric(const YsDateFormat *format, int i)
{
	if (i < 0 || i >= format->ntokens || format->tokens[i].literal)
		return false;
	switch ((DateToken) format->tokens[i].kind)
	{
		case MONTH_NAME:
		case WEEKDAY_NAME:
		case HALF:
		case OFFSET:
		case ZONE:
			return false;
		default:
			return true;
	}
}

static bool
add_token(YsDateFormat *format, char kind, bool literal)
{
	if (format->ntokens == YS_DATE_MAX_TOKENS)
		return false;
	format->tokens[format->ntokens].kind = kind;
	format->tokens[format->ntokens++].literal = literal;
	return true;
}

/* The token that pattern begins with, -1: none. */
static int
find_token(YsSlice pattern)
{
	for (int i = 0; i < NTOKENS; i++)
	{
		size_t		len = strlen(tokens[i].text);

		if (len <= pattern.len && memcmp(pattern.bytes, tokens[i].text, len) == 0)
			return i;
	}
	return -1;
}

/* Text in quotes, as literals; the length with them, 0: they are not closed, or it is too long. */
static uint32_t
add_quoted(YsDateFormat *format, YsSlice pattern)
{
	for (uint32_t i = 1; i < pattern.len; i++)
	{
		if (pattern.bytes[i] == '"')
			return i + 1;
		if (!add_token(format, pattern.bytes[i], true))
			return 0;
	}
	return 0;
}

/* Is what it says a date, and a time where it says one? */
static const char *
check_said(unsigned says)
{
	unsigned	date = says & ANY_DATE;

	if (date != CALENDAR_DATE && date != ORDINAL_DATE && date != WEEK_DATE)
	{
		if ((date & ~CALENDAR_DATE) == 0)
			return "it lacks a year, a month or a day";
		if ((date & ~WEEK_DATE) == 0)
			return "it lacks an ISO year, a week or a day of the week";
		return "it mixes days of a month, of a year or of a week";
	}
	if ((says & SAYS_HOUR12) == 0 ? (says & SAYS_HALF) != 0 : (says & SAYS_HALF) == 0)
		return "it has one of HH12 and AM";
	if ((says & SAYS_SECOND && !(says & SAYS_MINUTE)) || (says & SAYS_MINUTE && !(says & SAYS_HOUR)))
		return "it has a time without its hour or minute";
	if (says & SAYS_FRACTION && !(says & SAYS_SECOND))
		return "it has decimals without a second";
	if (says & SAYS_ZONE && !(says & SAYS_HOUR))
		return "it has a time zone without a time";
	return NULL;
}

const char *
ys_date_pattern_compile(YsSlice pattern, YsDateFormat *format)
{
	unsigned	says = 0;

	memset(format, 0, sizeof(*format));
	format->parse = parse_pattern;
	while (pattern.len > 0)
	{
		int			token = find_token(pattern);
		uint32_t	len = 1;

		if (token >= 0)
		{
			if (says & tokens[token].says)
				return "it has a part twice";
			says |= tokens[token].says;
			len = (uint32_t) strlen(tokens[token].text);
			if (!add_token(format, (char) tokens[token].token, false))
				return "it is too long";
		}
		else if (pattern.bytes[0] == '"')
		{
			len = add_quoted(format, pattern);
			if (len == 0)
				return "its quotes are not closed, or it is too long";
		}
		else if (!is_literal(pattern.bytes[0]))
			return "it has characters that are no part of a format";
		else if (!add_token(format, pattern.bytes[0], true))
			return "it is too long";
		pattern.bytes += len;
		pattern.len -= len;
	}
	for (int i = 0; i < format->ntokens; i++)
	{
		format->tokens[i].fixed = is_numeric(format, i - 1) || is_numeric(format, i + 1);
		if (format->tokens[i].kind == FRACTION && !format->tokens[i].literal && is_numeric(format, i + 1))
			return "it has decimals before other digits";
	}
	return check_said(says);
}
