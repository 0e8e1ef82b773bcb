/*-------------------------------------------------------------------------
 * date_scan.h
 *	  What the readers of the date formats share: the parts a date is made
 *	  of, how they are scanned, and how they become a moment.
 *
 * Each take function reads at *p, moves it behind what was read, and returns
 * false (then *p may be anywhere) when something else is there.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_DATE_SCAN_H
#define YS_POLICY_NORMALIZE_DATE_SCAN_H

#include "policy/normalize/date.h"
#include "policy/normalize/zone.h"

typedef enum YsDayForm
{
	YS_DAY_OF_MONTH,			/* year, month, day */
	YS_DAY_OF_YEAR,				/* year, day */
	YS_DAY_OF_WEEK				/* ISO year, week, day */
} YsDayForm;

typedef enum YsDayHalf
{
	YS_DAY_WHOLE,
	YS_DAY_AM,
	YS_DAY_PM
} YsDayHalf;

/* As the text has them; whether there is such a moment is found out when it is made. */
typedef struct YsDateParts
{
	YsDayForm	form;
	int			year;
	int			month;
	int			week;
	int			day;
	int			weekday;		/* 1 (Monday) to 7 as the text claims; 0: it doesn't */

	int			hour;
	int			minute;
	int			second;
	int64_t		usecs;			/* decimals, of whichever of them was the last */
	YsDayHalf	half;

	bool		zoned;			/* the text says which clock it is */
	bool		utc;			/* by the letter Z, which claims no offset */
	int32_t		offset;			/* seconds east of UTC */
	const YsZone *zone;			/* by name; NULL: the offset holds */
} YsDateParts;

/* The moment the parts mean, if there is one. */
extern YsDateMatch ys_date_make(const YsDateParts *parts, YsMoment *moment);

/* The same of a text that named both an offset and a zone: the two must agree. */
extern YsDateMatch ys_date_make_checked(const YsDateParts *parts, const YsZone *zone, YsMoment *moment);

/* What a text can be read as, of all its readings. */
typedef struct YsReadings
{
	bool		found;
	bool		several;		/* different moments */
	YsMoment	moment;			/* the first */
	YsDateMatch failed;			/* why a reading was none, the first reason; MATCH: none failed */
} YsReadings;

extern void ys_readings_add(YsReadings *readings, const YsDateParts *parts);
extern void ys_readings_note(YsReadings *readings, YsDateMatch match, const YsMoment *moment);
extern YsDateMatch ys_readings_end(const YsReadings *readings, YsMoment *moment);

/* Static text; NULL of a match. */
extern const char *ys_date_reason(YsDateMatch match);

/* ---- scanning ---- */

/* Exactly count digits. */
static inline bool
ys_scan_digits(const char **p, const char *end, int count, int *value)
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

/* One to most digits; how many. */
static inline int
ys_scan_up_to(const char **p, const char *end, int most, int *value)
{
	int			count = 0;

	for (*value = 0; count < most && *p < end && ys_ascii_is_digit(**p); (*p)++, count++)
		*value = *value * 10 + (**p - '0');
	return count;
}

static inline bool
ys_scan_byte(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

/* White space of any length; false where there is none. */
static inline bool
ys_scan_spaces(const char **p, const char *end)
{
	const char *start = *p;
	uint32_t	len;

	while (*p < end && (len = ys_string_space(*p, end)) > 0)
		*p += len;
	return *p > start;
}

/* The run of letters at p: of ASCII, and all that is beyond it and no white space. */
extern YsSlice ys_scan_word(const char *p, const char *end);

/* A year of two digits, in full. */
static inline int
ys_scan_century(const YsDateContext *context, int year)
{
	return year + (year < context->year_pivot ? 2000 : 1900);
}

/* The decimals behind a point, of a unit of so many seconds. */
extern bool ys_scan_fraction(const char **p, const char *end, int unit, int64_t *usecs);

/* h:mm, hh:mm:ss, with decimals of seconds, and AM or PM; or an hour with AM or PM. */
extern bool ys_scan_clock(const char **p, const char *end, YsDateParts *parts);

/* AM, PM, a.m. or p.m., in either case. */
extern bool ys_scan_half(const char **p, const char *end, YsDayHalf *half);

/* A name of date_names.c, or of the table of synonyms; not the point behind it. */
extern bool ys_scan_month(const YsDateContext *context, const char **p, const char *end, int *month);
extern bool ys_scan_weekday(const char **p, const char *end, int *weekday);

/* +hh, +hhmm, +hh:mm, or with -, or U+2212; +hh:mm:ss where seconds is set. */
extern bool ys_scan_offset(const char **p, const char *end, bool seconds, int32_t *offset);

/* An offset, an abbreviation, UTC+hh:mm, or a zone's name. */
extern YsDateMatch ys_scan_zone(const YsDateContext *context, const char **p, const char *end,
								YsDateParts *parts);

/* A zone by name; NULL and why in *match when there is none. */
extern const YsZone *ys_date_zone(const YsBindings *bindings, const char *name, uint32_t len,
								  YsDateMatch *match);

/* Its offset; AMBIGUOUS_ZONE, or OTHER_FORM where it is none. */
extern YsDateMatch ys_date_abbreviation(YsSlice word, int32_t *offset);

/* ---- the formats ---- */

extern YsDateMatch ys_date_parse_iso(const YsDateFormat *format, const YsDateContext *context,
									 YsSlice text, YsMoment *moment);
extern YsDateMatch ys_date_parse_rfc2822(const YsDateFormat *format, const YsDateContext *context,
										 YsSlice text, YsMoment *moment);
extern YsDateMatch ys_date_parse_sql(const YsDateFormat *format, const YsDateContext *context,
									 YsSlice text, YsMoment *moment);
extern YsDateMatch ys_date_parse_epoch(const YsDateFormat *format, const YsDateContext *context,
									   YsSlice text, YsMoment *moment);
extern YsDateMatch ys_date_parse_any_epoch(const YsDateFormat *format, const YsDateContext *context,
										   YsSlice text, YsMoment *moment);
extern YsDateMatch ys_date_parse_auto(const YsDateFormat *format, const YsDateContext *context,
									  YsSlice text, YsMoment *moment);

#define YS_EPOCH_END	INT64_C(7258118400) /* 2200-01-01, in seconds */

/* Seconds, milliseconds and microseconds, in this order; in each from before is the end before. */
extern const YsDateFormat ys_date_epochs[3];

/* NULL, or why the pattern cannot be used (static text). */
extern const char *ys_date_pattern_compile(YsSlice pattern, YsDateFormat *format);

/* ---- names ---- */

typedef struct YsDateName
{
	const char *name;			/* without case and accents */
	int			number;			/* 1 (January, Monday) and on */
} YsDateName;

/* Sorted by name. */
extern const YsDateName ys_month_names[];
extern const int ys_month_name_count;
extern const YsDateName ys_weekday_names[];
extern const int ys_weekday_name_count;

#endif							/* YS_POLICY_NORMALIZE_DATE_SCAN_H */
