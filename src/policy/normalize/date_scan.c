/*-------------------------------------------------------------------------
 * date_scan.c
 *	  Parts of dates that several formats have, and the moment they make.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include "policy/normalize/number.h"

#define MAX_FRACTION_DIGITS	15

/* ---- the moment ---- */

/* Since the day's beginning; false: no clock shows it. */
static bool
time_of_day(const YsDateParts *parts, int64_t *usecs)
{
	int			hour = parts->hour;

	if (parts->half != YS_DAY_WHOLE)
	{
		if (hour < 1 || hour > 12)
			return false;
		hour = hour % 12 + (parts->half == YS_DAY_PM ? 12 : 0);
	}
	if (hour > 24 || parts->minute > 59 || parts->second > 60 ||
		(hour == 24 && (parts->minute > 0 || parts->second > 0 || parts->usecs > 0)))
		return false;
	*usecs = (hour * 3600 + parts->minute * 60 + parts->second) * YS_USECS_PER_SEC + parts->usecs;
	return true;
}

static bool
find_day(const YsDateParts *parts, int32_t *days)
{
	switch (parts->form)
	{
		case YS_DAY_OF_MONTH:
			return ys_calendar_from_date(parts->year, parts->month, parts->day, days);
		case YS_DAY_OF_YEAR:
			return ys_calendar_from_ordinal(parts->year, parts->day, days);
		case YS_DAY_OF_WEEK:
			return ys_calendar_from_week(parts->year, parts->week, parts->day, days);
	}
	return false;
}

YsDateMatch
ys_date_make(const YsDateParts *parts, YsMoment *moment)
{
	int32_t		days;
	int64_t		usecs;

	if (!find_day(parts, &days) || !time_of_day(parts, &usecs))
		return YS_DATE_IMPOSSIBLE;
	if (parts->weekday != 0 && parts->weekday != ys_calendar_weekday(days))
		return YS_DATE_WRONG_WEEKDAY;
	usecs += days * YS_USECS_PER_DAY;
	if (parts->zone != NULL)
		usecs = ys_zone_to_utc(parts->zone, usecs);
	else
		usecs -= parts->offset * YS_USECS_PER_SEC;
	if (ys_date_of(usecs) < YS_FIRST_DAY || ys_date_of(usecs) > YS_LAST_DAY)
		return YS_DATE_IMPOSSIBLE;
	moment->usecs = usecs;
	moment->naive = !parts->zoned;
	return YS_DATE_MATCH;
}

YsDateMatch
ys_date_make_checked(const YsDateParts *parts, const YsZone *zone, YsMoment *moment)
{
	YsDateMatch match = ys_date_make(parts, moment);

	if (match == YS_DATE_MATCH && !parts->utc &&
		ys_zone_to_local(zone, moment->usecs) - moment->usecs != parts->offset * YS_USECS_PER_SEC)
		return YS_DATE_WRONG_OFFSET;
	return match;
}

void
ys_readings_add(YsReadings *readings, const YsDateParts *parts)
{
	YsMoment	moment;

	ys_readings_note(readings, ys_date_make(parts, &moment), &moment);
}

void
ys_readings_note(YsReadings *readings, YsDateMatch match, const YsMoment *moment)
{
	if (match != YS_DATE_MATCH)
	{
		if (readings->failed == YS_DATE_MATCH || readings->failed == YS_DATE_OTHER_FORM)
			readings->failed = match;
	}
	else if (!readings->found)
	{
		readings->found = true;
		readings->moment = *moment;
	}
	else if (readings->moment.usecs != moment->usecs || readings->moment.naive != moment->naive)
		readings->several = true;
}

YsDateMatch
ys_readings_end(const YsReadings *readings, YsMoment *moment)
{
	if (readings->several)
		return YS_DATE_AMBIGUOUS;
	if (!readings->found)
		return readings->failed == YS_DATE_MATCH ? YS_DATE_OTHER_FORM : readings->failed;
	*moment = readings->moment;
	return YS_DATE_MATCH;
}

/* ---- scanning ---- */

YsSlice
ys_scan_word(const char *p, const char *end)
{
	YsSlice		word = {p, 0};

	for (; p < end; p++)
	{
		if (!ys_ascii_is_letter(*p) && (((unsigned char) *p & 0x80) == 0 || ys_string_space(p, end) > 0))
			break;
	}
	word.len = (uint32_t) (p - word.bytes);
	return word;
}

bool
ys_scan_fraction(const char **p, const char *end, int unit, int64_t *usecs)
{
	int64_t		digits = 0;
	int64_t		scale = 1;
	int			count = 0;

	for (; *p < end && ys_ascii_is_digit(**p); (*p)++, count++)
	{
		if (count < (unit == 1 ? 6 : MAX_FRACTION_DIGITS))
		{
			digits = digits * 10 + (**p - '0');
			scale *= 10;
		}
	}
	if (unit == 1)
		*usecs = digits * (YS_USECS_PER_SEC / scale);
	else
		*usecs = (int64_t) ((YsUint128) digits * (YsUint128) (unit * YS_USECS_PER_SEC) / (YsUint128) scale);
	return count > 0;
}

bool
ys_scan_half(const char **p, const char *end, YsDayHalf *half)
{
	const char *q = *p;
	char		first;

	if (q == end)
		return false;
	first = ys_ascii_lower(*q++);
	if (first != 'a' && first != 'p')
		return false;
	ys_scan_byte(&q, end, '.');
	if (q == end || ys_ascii_lower(*q++) != 'm')
		return false;
	ys_scan_byte(&q, end, '.');
	if (ys_scan_word(q, end).len > 0)
		return false;
	*half = first == 'a' ? YS_DAY_AM : YS_DAY_PM;
	*p = q;
	return true;
}

bool
ys_scan_clock(const char **p, const char *end, YsDateParts *parts)
{
	const char *q;
	bool		has_minute;

	if (ys_scan_up_to(p, end, 2, &parts->hour) == 0)
		return false;
	has_minute = ys_scan_byte(p, end, ':');
	if (has_minute)
	{
		if (!ys_scan_digits(p, end, 2, &parts->minute))
			return false;
		if (ys_scan_byte(p, end, ':'))
		{
			if (!ys_scan_digits(p, end, 2, &parts->second))
				return false;
			if ((ys_scan_byte(p, end, '.') || ys_scan_byte(p, end, ',')) &&
				!ys_scan_fraction(p, end, 1, &parts->usecs))
				return false;
		}
	}
	q = *p;
	ys_scan_spaces(&q, end);
	if (ys_scan_half(&q, end, &parts->half))
		*p = q;
	return has_minute || parts->half != YS_DAY_WHOLE;
}
