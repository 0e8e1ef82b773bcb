/*-------------------------------------------------------------------------
 * calendar.c
 *	  Days and moments of the proleptic Gregorian calendar.
 *
 * Days are counted by the method of H. Hinnant, "chrono-compatible low-level
 * date algorithms".
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/calendar.h"

static bool
is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap_year(year));
}

static int32_t
count_days(int year, int month, int day)
{
	int			y = month <= 2 ? year - 1 : year;	/* years begin in March; never negative here */
	int			era = y / 400;
	int			year_of_era = y - era * 400;
	int			day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int			day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468 - YS_DAYS_TO_2000;
}

bool
ys_calendar_from_date(int year, int month, int day, int32_t *days)
{
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
		day > days_in_month(year, month))
		return false;
	*days = count_days(year, month, day);
	return true;
}

bool
ys_calendar_from_ordinal(int year, int day_of_year, int32_t *days)
{
	if (year < 1 || year > 9999 || day_of_year < 1 || day_of_year > 365 + is_leap_year(year))
		return false;
	*days = count_days(year, 1, 1) + day_of_year - 1;
	return true;
}

int
ys_calendar_weekday(int32_t days)
{
	return (int) ((days - YS_FIRST_DAY) % 7) + 1;	/* 0001-01-01 was a Monday */
}

/* Week 1 has the year's first Thursday; 53 weeks has a year that begins or ends on one. */
bool
ys_calendar_from_week(int year, int week, int weekday, int32_t *days)
{
	int32_t		first;
	int			first_weekday;
	int			weeks;

	if (year < 1 || year > 9999 || week < 1 || weekday < 1 || weekday > 7)
		return false;
	first = count_days(year, 1, 1);
	first_weekday = ys_calendar_weekday(first);
	weeks = first_weekday == 4 || (first_weekday == 3 && is_leap_year(year)) ? 53 : 52;
	if (week > weeks)
		return false;
	*days = first - (first_weekday - 1) + (first_weekday > 4 ? 7 : 0) + (week - 1) * 7 + weekday - 1;
	return *days >= YS_FIRST_DAY && *days <= YS_LAST_DAY;
}
