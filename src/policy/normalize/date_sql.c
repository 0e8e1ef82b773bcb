/*-------------------------------------------------------------------------
 * date_sql.c
 *	  Dates and timestamps as PostgreSQL prints them, in each DateStyle.
 *
 * Styles SQL and Postgres print a date as MM/DD/YYYY and MM-DD-YYYY or as
 * DD/MM/YYYY and DD-MM-YYYY, as the session has it: what is a date either way
 * is refused.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include <string.h>

/* hh:mm[:ss[.ffffff]] */
static bool
scan_time(const char **p, const char *end, YsDateParts *parts)
{
	if (!ys_scan_digits(p, end, 2, &parts->hour) || !ys_scan_byte(p, end, ':') ||
		!ys_scan_digits(p, end, 2, &parts->minute))
		return false;
	if (!ys_scan_byte(p, end, ':'))
		return true;
	return ys_scan_digits(p, end, 2, &parts->second) &&
		(!ys_scan_byte(p, end, '.') || ys_scan_fraction(p, end, 1, &parts->usecs));
}

/* Nothing, or a zone, perhaps behind a space; then the end. */
static YsDateMatch
scan_rest(const YsDateContext *context, const char *p, const char *end, YsDateParts *parts)
{
	YsDateMatch match = YS_DATE_MATCH;

	if (p < end && !(end - p == 3 && memcmp(p, " BC", 3) == 0))
	{
		ys_scan_byte(&p, end, ' ');
		match = ys_scan_zone(context, &p, end, parts);
	}
	if (end - p == 3 && memcmp(p, " BC", 3) == 0)
		return YS_DATE_IMPOSSIBLE;	/* years are 1 to 9999 */
	return match == YS_DATE_MATCH && p < end ? YS_DATE_OTHER_FORM : match;
}

/* A date, then perhaps a time and a zone. */
static YsDateMatch
scan_time_and_rest(const YsDateContext *context, const char *p, const char *end, YsDateParts *parts)
{
	if (p == end)
		return YS_DATE_MATCH;
	if (end - p == 3)
		return scan_rest(context, p, end, parts) == YS_DATE_IMPOSSIBLE ?
			YS_DATE_IMPOSSIBLE : YS_DATE_OTHER_FORM;
	if ((!ys_scan_byte(&p, end, ' ') && !ys_scan_byte(&p, end, 'T')) || !scan_time(&p, end, parts))
		return YS_DATE_OTHER_FORM;
	return scan_rest(context, p, end, parts);
}

/* 2024-03-12 10:15:00+01 */
static YsDateMatch
parse_iso_style(const YsDateContext *context, const char *p, const char *end, YsMoment *moment)
{
	YsDateParts parts;
	YsDateMatch match;

	memset(&parts, 0, sizeof(parts));
	if (!ys_scan_digits(&p, end, 4, &parts.year) || !ys_scan_byte(&p, end, '-') ||
		!ys_scan_digits(&p, end, 2, &parts.month) || !ys_scan_byte(&p, end, '-') ||
		!ys_scan_digits(&p, end, 2, &parts.day))
		return YS_DATE_OTHER_FORM;
	match = scan_time_and_rest(context, p, end, &parts);
	return match == YS_DATE_MATCH ? ys_date_make(&parts, moment) : match;
}

/* 12.03.2024 10:15:00 CET, or with / or - and the month first or second */
static YsDateMatch
parse_numbers(const YsDateContext *context, const char *p, const char *end, YsMoment *moment)
{
	YsDateParts parts;
	YsDateMatch match;
	YsReadings	readings;
	int			first;
	int			second;
	char		separator;

	memset(&parts, 0, sizeof(parts));
	memset(&readings, 0, sizeof(readings));
	if (!ys_scan_digits(&p, end, 2, &first) || p == end)
		return YS_DATE_OTHER_FORM;
	separator = *p++;
	if ((separator != '.' && separator != '/' && separator != '-') ||
		!ys_scan_digits(&p, end, 2, &second) || !ys_scan_byte(&p, end, separator) ||
		!ys_scan_digits(&p, end, 4, &parts.year))
		return YS_DATE_OTHER_FORM;
	match = scan_time_and_rest(context, p, end, &parts);
	if (match != YS_DATE_MATCH)
		return match;
	parts.day = first;
	parts.month = second;
	ys_readings_add(&readings, &parts);
	if (separator != '.')
	{
		parts.day = second;
		parts.month = first;
		ys_readings_add(&readings, &parts);
	}
	return ys_readings_end(&readings, moment);
}

/* An English word of three letters. */
static bool
is_short_name(const char *p, const char *end)
{
	return ys_scan_word(p, end).len == 3;
}

/* Tue Mar 12 10:15:00 2024 CET, or Tue 12 Mar ... */
static YsDateMatch
parse_postgres_style(const YsDateContext *context, const char *p, const char *end, YsMoment *moment)
{
	YsDateParts parts;
	YsDateMatch match;
	bool		month_first;

	memset(&parts, 0, sizeof(parts));
	if (!is_short_name(p, end) || !ys_scan_weekday(&p, end, &parts.weekday) || !ys_scan_byte(&p, end, ' '))
		return YS_DATE_OTHER_FORM;
	month_first = is_short_name(p, end);
	if (month_first && (!ys_scan_month(context, &p, end, &parts.month) || !ys_scan_byte(&p, end, ' ')))
		return YS_DATE_OTHER_FORM;
	if (!ys_scan_digits(&p, end, 2, &parts.day) || !ys_scan_byte(&p, end, ' '))
		return YS_DATE_OTHER_FORM;
	if (!month_first &&
		(!is_short_name(p, end) || !ys_scan_month(context, &p, end, &parts.month) ||
		 !ys_scan_byte(&p, end, ' ')))
		return YS_DATE_OTHER_FORM;
	if (!scan_time(&p, end, &parts) || !ys_scan_byte(&p, end, ' ') ||
		!ys_scan_digits(&p, end, 4, &parts.year))
		return YS_DATE_OTHER_FORM;
	match = scan_rest(context, p, end, &parts);
	return match == YS_DATE_MATCH ? ys_date_make(&parts, moment) : match;
}

YsDateMatch
ys_date_parse_sql(const YsDateFormat *format, const YsDateContext *context, YsSlice text, YsMoment *moment)
{
	const char *end = text.bytes + text.len;

	(void) format;
	if (text.len < 8)
		return YS_DATE_OTHER_FORM;
	if (!ys_ascii_is_digit(text.bytes[0]))
		return parse_postgres_style(context, text.bytes, end, moment);
	if (ys_ascii_is_digit(text.bytes[2]))
		return parse_iso_style(context, text.bytes, end, moment);
	return parse_numbers(context, text.bytes, end, moment);
}
