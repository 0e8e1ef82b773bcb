/*-------------------------------------------------------------------------
 * calendar.h
 *	  Days and moments of the proleptic Gregorian calendar, as ISO 8601 has it.
 *
 * Days and microseconds count from 2000-01-01, as the server's do.  Years are
 * 1 to 9999.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_CALENDAR_H
#define YS_POLICY_NORMALIZE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define YS_USECS_PER_SEC	INT64_C(1000000)
#define YS_SECS_PER_DAY		86400
#define YS_USECS_PER_DAY	(YS_SECS_PER_DAY * YS_USECS_PER_SEC)

/* From 1970-01-01 to 2000-01-01. */
#define YS_DAYS_TO_2000		10957

#define YS_FIRST_DAY		(-730119)	/* 0001-01-01 */
#define YS_LAST_DAY			2921939		/* 9999-12-31 */

/* Each returns false when there is no such day; weeks are ISO 8601's and begin on a Monday, day 1. */
extern bool ys_calendar_from_date(int year, int month, int day, int32_t *days);
extern bool ys_calendar_from_ordinal(int year, int day_of_year, int32_t *days);
extern bool ys_calendar_from_week(int year, int week, int weekday, int32_t *days);

/* 1 (Monday) to 7. */
extern int	ys_calendar_weekday(int32_t days);

/* Quotient rounded down; divisor > 0. */
static inline int64_t
ys_floor_div(int64_t dividend, int64_t divisor)
{
	return dividend / divisor - (dividend % divisor < 0);
}

#endif							/* YS_POLICY_NORMALIZE_CALENDAR_H */
