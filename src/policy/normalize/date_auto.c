/*-------------------------------------------------------------------------
 * date_auto.c
 *	  Dates of no declared form: every reading there is.
 *
 * Read are
 *	ISO 8601, RFC 2822 and what PostgreSQL prints;
 *	day, month and year in that order, month first, or year first, by / . - or
 *	spaces, the year with four digits or two;
 *	the same with the month's name (a year in front has four digits then),
 *	points, commas, "12th", "1er", "1º", and "of", "de", "del" between them;
 *	all of them with the day of the week in front, which must be right, and
 *	a time behind, as 10:15, 10:15:00.5, 10:15 AM or 10 AM, with a zone and a
 *	comment in parentheses; the time may also stand before the year;
 *	YYYYMMDDhhmm and YYYYMMDDhhmmss;
 *	epochs from 1973-03-03 (10^8 seconds), so that the number of digits tells their unit and
 *	no date without separators is one.
 *
 * When all readings that are dates are the same moment, that is it.  When they
 * are several, the value is refused.
 *
 * The first bytes tell which readings to try: what has four digits in front
 * has its year there, and more than eight are no date but a number.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include <string.h>

/* 1973-03-03 09:46:40 */
#define FIRST_EPOCH		((INT64_C(100000000) - YS_DAYS_TO_2000 * (int64_t) YS_SECS_PER_DAY) * YS_USECS_PER_SEC)

/* One of the three a date is made of. */
typedef struct Component
{
	int			digits;			/* 0: the name of a month */
	int			value;
	char		separator;		/* behind it, besides spaces; ' ': none */
} Component;

typedef struct Scan
{
	const YsDateContext *context;
	const char *p;
	const char *end;
	int			ncomponents;
	Component	components[3];
	int			month;			/* which of them is its name; -1: none */
	YsDateParts parts;			/* time, zone and day of the week */
	YsReadings *readings;
} Scan;

/* ---- the parts of a date ---- */

static bool
is_any(YsSlice word, const char *const *words)
{
	for (; *words != NULL; words++)
	{
		if (ys_string_is(word, *words))
			return true;
	}
	return false;
}

/* "12th": letters right behind a day. */
static void
skip_ordinal(Scan *scan)
{
	static const char *const endings[] = {"st", "nd", "rd", "th", "er", "\xC2\xBA", "\xC2\xB0", NULL};
	YsSlice		word = ys_scan_word(scan->p, scan->end);

	if (is_any(word, endings))
		scan->p += word.len;
}

/* "12 de marzo": a word between the parts. */
static void
skip_particle(Scan *scan)
{
	static const char *const particles[] = {"of", "de", "del", NULL};
	YsSlice		word = ys_scan_word(scan->p, scan->end);

	if (word.len > 0 && is_any(word, particles))
	{
		scan->p += word.len;
		ys_scan_spaces(&scan->p, scan->end);
	}
}

static bool
scan_component(Scan *scan)
{
	Component  *component = &scan->components[scan->ncomponents];

	*component = (Component) {0, 0, ' '};
	if (scan->p == scan->end)
		return false;
	if (ys_ascii_is_digit(*scan->p))
	{
		component->digits = ys_scan_up_to(&scan->p, scan->end, 4, &component->value);
		if (scan->p < scan->end && ys_ascii_is_digit(*scan->p))
			return false;
		if (component->digits <= 2)
			skip_ordinal(scan);
	}
	else if (scan->month >= 0 ||
			 !ys_scan_month(scan->context, &scan->p, scan->end, &component->value))
		return false;
	else
		scan->month = scan->ncomponents;
	scan->ncomponents++;
	return true;
}

/* Between two of them; true even where there is nothing, as in 12Mar2024. */
static void
scan_separator(Scan *scan)
{
	Component  *component = &scan->components[scan->ncomponents - 1];

	ys_scan_spaces(&scan->p, scan->end);
	if (scan->p < scan->end && strchr("/.-,", *scan->p) != NULL && *scan->p != '\0')
		component->separator = *scan->p++;
	ys_scan_spaces(&scan->p, scan->end);
	skip_particle(scan);
}

/* ---- time and zone ---- */

static YsDateMatch
scan_zone(Scan *scan)
{
	const char *p = scan->p;

	ys_scan_spaces(&p, scan->end);
	if (p == scan->end || *p == '(')
		return YS_DATE_MATCH;
	if (!ys_ascii_is_letter(*p) && *p != '+' && *p != '-' && (unsigned char) *p < 0x80)
		return YS_DATE_MATCH;
	scan->p = p;
	return ys_scan_zone(scan->context, &scan->p, scan->end, &scan->parts);
}

/* Is a time here, as in Tue Mar 12 10:15:00 2024? */
static bool
is_clock(const Scan *scan)
{
	const char *p = scan->p;
	int			hour;

	return ys_scan_up_to(&p, scan->end, 2, &hour) > 0 && ys_scan_byte(&p, scan->end, ':');
}

/* A time, a zone if it has one, then the year, and the zone if it comes here. */
static YsDateMatch
scan_time_before_year(Scan *scan)
{
	YsDateMatch match;

	if (!ys_scan_clock(&scan->p, scan->end, &scan->parts))
		return YS_DATE_OTHER_FORM;
	match = scan_zone(scan);
	if (match != YS_DATE_MATCH)
		return match;
	if (!ys_scan_spaces(&scan->p, scan->end) || !scan_component(scan) || scan->components[2].digits != 4)
		return YS_DATE_OTHER_FORM;
	return scan->parts.zoned ? YS_DATE_MATCH : scan_zone(scan);
}

static YsDateMatch
scan_time_after_date(Scan *scan)
{
	const char *start = scan->p;

	ys_scan_spaces(&scan->p, scan->end);
	ys_scan_byte(&scan->p, scan->end, ',');
	ys_scan_spaces(&scan->p, scan->end);
	if (scan->p == start && !ys_scan_byte(&scan->p, scan->end, 'T'))
		return YS_DATE_OTHER_FORM;
	if (!ys_scan_clock(&scan->p, scan->end, &scan->parts))
		return YS_DATE_OTHER_FORM;
	return scan_zone(scan);
}

/* Nothing more, or a comment. */
static bool
is_at_end(const Scan *scan)
{
	const char *p = scan->p;

	ys_scan_spaces(&p, scan->end);
	return p == scan->end || (*p == '(' && memchr(p, ')', (size_t) (scan->end - p)) == scan->end - 1);
}

/* ---- readings ---- */

static void
add_reading(Scan *scan, const Component *year, int month, const Component *day)
{
	YsDateParts parts = scan->parts;

	parts.year = year->digits == 2 ? ys_scan_century(scan->context, year->value) : year->value;
	parts.month = month;
	parts.day = day->value;
	ys_readings_add(scan->readings, &parts);
}

static bool
is_year(const Component *component)
{
	return component->digits == 2 || component->digits == 4;
}

static bool
is_day(const Component *component)
{
	return component->digits == 1 || component->digits == 2;
}

static void
add_named_readings(Scan *scan)
{
	const Component *c = scan->components;

	if (scan->month == 0 && is_day(&c[1]) && is_year(&c[2]))
		add_reading(scan, &c[2], c[0].value, &c[1]);
	if (scan->month == 1 && is_day(&c[0]) && is_year(&c[2]))
		add_reading(scan, &c[2], c[1].value, &c[0]);
	if (scan->month == 1 && c[0].digits == 4 && is_day(&c[2]))
		add_reading(scan, &c[0], c[1].value, &c[2]);
}

static void
add_numeric_readings(Scan *scan)
{
	const Component *c = scan->components;

	if (c[0].separator != c[1].separator || c[0].separator == ',' || !is_day(&c[1]))
		return;
	if (is_day(&c[0]) && is_year(&c[2]))
	{
		add_reading(scan, &c[2], c[1].value, &c[0]);
		add_reading(scan, &c[2], c[0].value, &c[1]);
	}
	if (is_year(&c[0]) && is_day(&c[2]) && (c[0].digits == 4 || c[2].digits == 2))
		add_reading(scan, &c[0], c[1].value, &c[2]);
}

/* Is it the month of a year, with nothing else? */
static bool
is_month_alone(const Scan *scan)
{
	return scan->ncomponents == 2 && scan->p == scan->end &&
		(scan->components[0].digits == 4 || scan->components[1].digits == 4);
}

/* The date, without the day of the week, and the time. */
static YsDateMatch
scan_text(Scan *scan)
{
	YsDateMatch match;

	while (scan_component(scan) && scan->ncomponents < 3)
	{
		scan_separator(scan);
		if (scan->ncomponents == 2 && scan->month >= 0 && is_clock(scan))
		{
			match = scan_time_before_year(scan);
			return match != YS_DATE_MATCH || is_at_end(scan) ? match : YS_DATE_OTHER_FORM;
		}
	}
	if (scan->ncomponents < 3)
		return is_month_alone(scan) ? YS_DATE_INCOMPLETE : YS_DATE_OTHER_FORM;
	if (is_at_end(scan))
		return YS_DATE_MATCH;
	match = scan_time_after_date(scan);
	return match != YS_DATE_MATCH || is_at_end(scan) ? match : YS_DATE_OTHER_FORM;
}

/* True: it has a year of two digits, which mail reads by another rule. */
static bool
read_text(const YsDateContext *context, const char *p, const char *end, int weekday, YsReadings *readings)
{
	Scan		scan;
	YsDateMatch match;

	memset(&scan, 0, sizeof(scan));
	scan.context = context;
	scan.p = p;
	scan.end = end;
	scan.month = -1;
	scan.parts.weekday = weekday;
	scan.readings = readings;
	match = scan_text(&scan);
	if (match != YS_DATE_MATCH)
		ys_readings_note(readings, match, NULL);
	else if (scan.month >= 0)
		add_named_readings(&scan);
	else
		add_numeric_readings(&scan);
	return scan.month == 1 && scan.ncomponents == 3 && scan.components[2].digits == 2;
}

/* "mar" is a day of the week and a month: it is tried as both. */
static bool
read_words(const YsDateContext *context, YsSlice text, YsReadings *readings)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	int			weekday;
	bool		short_year = false;

	if (!ys_ascii_is_digit(*p) && ys_scan_weekday(&p, end, &weekday))
	{
		ys_scan_byte(&p, end, '.');
		ys_scan_byte(&p, end, ',');
		ys_scan_spaces(&p, end);
		short_year = read_text(context, p, end, weekday, readings);
		if (readings->found)
			return short_year;
	}
	return read_text(context, text.bytes, end, 0, readings) || short_year;
}

/* YYYYMMDDhhmm, YYYYMMDDhhmmss */
static void
read_compact(YsSlice text, YsReadings *readings)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	YsDateParts parts;

	memset(&parts, 0, sizeof(parts));
	if ((text.len == 12 || text.len == 14) &&
		ys_scan_digits(&p, end, 4, &parts.year) && ys_scan_digits(&p, end, 2, &parts.month) &&
		ys_scan_digits(&p, end, 2, &parts.day) && ys_scan_digits(&p, end, 2, &parts.hour) &&
		ys_scan_digits(&p, end, 2, &parts.minute) &&
		(p == end || ys_scan_digits(&p, end, 2, &parts.second)))
		ys_readings_add(readings, &parts);
}

static void
read_epochs(const YsDateContext *context, YsSlice text, YsReadings *readings)
{
	YsMoment	moment;

	if (ys_date_parse_any_epoch(NULL, context, text, &moment) == YS_DATE_MATCH &&
		moment.usecs >= FIRST_EPOCH)
		ys_readings_note(readings, YS_DATE_MATCH, &moment);
}

static int
leading_digits(YsSlice text)
{
	uint32_t	count = 0;

	while (count < text.len && ys_ascii_is_digit(text.bytes[count]))
		count++;
	return (int) count;
}

YsDateMatch
ys_date_parse_auto(const YsDateFormat *format, const YsDateContext *context, YsSlice text, YsMoment *moment)
{
	YsReadings	readings;
	YsDateMatch match;
	int			digits = leading_digits(text);

	if (text.len == 0)
		return YS_DATE_OTHER_FORM;
	memset(&readings, 0, sizeof(readings));
	if (digits > 8)
	{
		read_compact(text, &readings);
		read_epochs(context, text, &readings);
		return ys_readings_end(&readings, moment);
	}
	if (digits >= 4)
	{
		match = ys_date_parse_iso(format, context, text, moment);
		if (match == YS_DATE_MATCH || match == YS_DATE_INCOMPLETE)
			return match;
		ys_readings_note(&readings, match, NULL);
	}
	if (read_words(context, text, &readings) || !readings.found)
		ys_readings_note(&readings, ys_date_parse_rfc2822(format, context, text, moment), moment);
	if (!readings.found && memchr(text.bytes, 'E', text.len) != NULL)
		read_epochs(context, text, &readings);
	return ys_readings_end(&readings, moment);
}
