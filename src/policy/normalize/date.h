/*-------------------------------------------------------------------------
 * date.h
 *	  Dates and times of declared formats.
 *
 * A format is a named one or a pattern.  Named:
 *
 *	ISO			ISO 8601.  Dates: 2024-03-12 or 20240312; of a week, 2024-W11-2 or
 *				2024W112; of a year, 2024-072 or 2024072.  Behind T or a space a
 *				time: hh, hh:mm, hh:mm:ss, hhmm or hhmmss, the last of them
 *				with decimals behind a point or comma.  Behind that Z or an
 *				offset +hh, +hhmm, +hh:mm (or with -, or U+2212), or a space and
 *				a time zone, and RFC 9557's [Europe/Rome]; its other tags are
 *				passed over unless they are critical.
 *	RFC2822		dates of mail, RFC 5322: Tue, 12 Mar 2024 10:15:00 +0100, with all
 *				of its section 4.3: comments, folding, years of two and three
 *				digits (49 is 2049, 50 is 1950), zones by name; those of one
 *				letter are UTC, as it says.
 *	SQL			what PostgreSQL prints: 2024-03-12 10:15:00+01, Tue Mar 12 10:15:00
 *				2024 CET, Tue 12 Mar 10:15:00 2024 CET, 12.03.2024 10:15:00 CET, and
 *				03/12/2024 10:15:00 CET or 03-12-2024 unless it has two meanings.
 *	epoch_s		seconds, milliseconds or microseconds since 1970, as a number
 *	epoch_ms	or a string of one.  The ranges do not overlap, so that one
 *	epoch_us	is never taken for another:
 *				epoch_s		[0, 7258118400)						from 1970-01-01
 *				epoch_ms	[7258118400, 7258118400000)			from 1970-03-26
 *				epoch_us	[7258118400000, 7258118400000000)	from 1970-03-26
 *				each to the end of 2199.
 *	epoch		whichever of the three it is
 *	auto		every reading there is (date_auto.c): one moment is taken, several
 *				are refused
 *
 * A pattern is made of
 *
 *	YYYY YY		the year; of two digits by the field's pivot
 *	MM			the month
 *	Mon Month	its name, in full or shortened (date_names.c)
 *	DD DDD		the day of the month, of the year
 *	IYYY IW ID	ISO year, week and day of the week
 *	Day Dy		the day of the week by name; it must be the right one
 *	HH24 MI SS	the time; HH12 with AM or PM (either)
 *	FF			decimals of the second
 *	OF TZ		an offset; an offset or a time zone
 *
 * and punctuation, spaces, and text in double quotes, which stand for
 * themselves.  Numbers that stand apart may have fewer digits, years excepted.
 *
 * Of everywhere: digits past microseconds are dropped; second 60 and 24:00
 * are the next minute and day; years are 1 to 9999.
 *
 * Formats are tried in the declared order; the first under which the value
 * is a real date wins.  Whoever declares both DD/MM/YYYY and MM/DD/YYYY has
 * declared that 03/04/2024 is 3 April and 03/25/2024 is 25 March.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_DATE_H
#define YS_POLICY_NORMALIZE_DATE_H

#include "policy/normalize/calendar.h"
#include "policy/normalize/text.h"
#include "policy/policy.h"

/* What came of reading a text under a format. */
typedef enum YsDateMatch
{
	YS_DATE_MATCH,
	YS_DATE_OTHER_FORM,			/* the value has not the format's form */
	/* it has, but: */
	YS_DATE_IMPOSSIBLE,			/* there is no such date or time */
	YS_DATE_INCOMPLETE,			/* it is a month, a week or a year */
	YS_DATE_WRONG_WEEKDAY,
	YS_DATE_WRONG_OFFSET,		/* the zone it names had another offset then */
	YS_DATE_UNKNOWN_ZONE,
	YS_DATE_AMBIGUOUS_ZONE,
	YS_DATE_ZONES_UNAVAILABLE,	/* nobody here knows zones by name */
	YS_DATE_UNKNOWN_TAG,		/* a critical one */
	YS_DATE_AMBIGUOUS			/* it has several meanings */
} YsDateMatch;

/* Why a value that needs a time zone by name is refused where none can be looked up. */
extern const char ys_date_zones_unavailable[];

#define YS_NO_SUCH_DATE		"no such date"

#define YS_DATE_PIVOT	69		/* as POSIX reads %y */

/* What reading needs besides text and format. */
typedef struct YsDateContext
{
	const YsBindings *bindings;
	int			year_pivot;		/* two-digit years below it are 20YY, others 19YY */
} YsDateContext;

/* Microseconds since 2000-01-01 00:00: of UTC, or of a clock that the text doesn't name. */
typedef struct YsMoment
{
	int64_t		usecs;
	bool		naive;
} YsMoment;

#define YS_DATE_MAX_TOKENS	48

typedef struct YsDateFormat YsDateFormat;
typedef YsDateMatch (*YsDateParseFn) (const YsDateFormat *format, const YsDateContext *context,
									  YsSlice text, YsMoment *moment);

struct YsDateFormat
{
	YsDateParseFn parse;

	/* epochs */
	int64_t		from;
	int64_t		to;				/* exclusive */
	int64_t		usecs_per_unit;

	/* patterns */
	int			ntokens;
	struct
	{
		char		kind;		/* a token of date_pattern.c, or a literal byte */
		bool		literal;
		bool		fixed;		/* all its digits must be there */
	}			tokens[YS_DATE_MAX_TOKENS];
};

/* NULL, or why the format cannot be used (static text). */
extern const char *ys_date_format_compile(YsSlice text, YsDateFormat *format);

/*
 * Read a trimmed text; *format is the number of the one it has.  NULL, or why it
 * cannot be used (static text).
 */
extern const char *ys_date_parse(const YsDateFormat *formats, int nformats, const YsDateContext *context,
								 YsSlice text, YsMoment *moment, int *format);

/*
 * The form that never changes: YYYY-MM-DD, or with T or a space hh:mm[:ss[.fraction]]
 * and optionally Z or an offset +hh, +hhmm, +hh:mm; microseconds at UTC, which is also where a
 * naive one is.  What foreign tables read as dates: their filters rely on every text of
 * it beginning with its own date in ten bytes.
 */
extern bool ys_date_parse_strict(YsSlice text, int64_t *usecs);

/* Does a text begin as ISO's YYYY-MM-DD does? */
extern bool ys_date_is_iso(YsSlice text);

/* The day, since 2000-01-01, of a moment. */
extern int32_t ys_date_of(int64_t usecs);

/* What may stand in a format, for DETAIL. */
extern const char *ys_date_format_help(void);

/* ---- time zones ---- */

/* The zone of values that name none. */
typedef struct YsTimezone
{
	const char *name;			/* NULL: an offset, 0 unless one was declared */
	uint32_t	len;
	int32_t		offset;			/* seconds east of UTC */
} YsTimezone;

/* UTC, GMT, Z, an offset, or what can be a zone's name, which is borrowed; false: none of them. */
extern bool ys_timezone_parse(YsSlice text, YsTimezone *zone);

/* From a zone's clocks to UTC, and back; NULL, or why not (static text). */
extern const char *ys_timezone_to_utc(const YsTimezone *timezone, const YsBindings *bindings, int64_t *usecs);
extern const char *ys_timezone_to_local(const YsTimezone *timezone, const YsBindings *bindings, int64_t *usecs);

#endif							/* YS_POLICY_NORMALIZE_DATE_H */
