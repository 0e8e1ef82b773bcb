/*-------------------------------------------------------------------------
 * date.h
 *	  Dates and times of declared formats.
 *
 * A format is a named one or a pattern.  Named:
 *
 *	ISO			YYYY-MM-DD, or with T or a space hh:mm[:ss[.fraction]] and
 *				optionally Z or an offset +hh, +hhmm, +hh:mm.  Digits past
 *				microseconds are dropped, second 60 and 24:00 are the next
 *				minute and day.
 *	epoch_s		seconds, milliseconds or microseconds since 1970, as a number
 *	epoch_ms	or a string of one.  The ranges do not overlap, so that one
 *	epoch_us	is never taken for another:
 *				epoch_s		[0, 7258118400)						from 1970-01-01
 *				epoch_ms	[7258118400, 7258118400000)			from 1970-03-26
 *				epoch_us	[7258118400000, 7258118400000000)	from 1970-03-26
 *				each to the end of 2199.
 *
 * A pattern is made of YYYY, YY, MM, DD, Mon (Mar or March, in English,
 * whatever the case), HH24, MI, SS, and punctuation and spaces that stand for
 * themselves.  Where tokens are separated MM, DD and the times may have one digit.
 * YY is read as POSIX reads %y: 00-68 are 2000-2068, 69-99 are 1969-1999.
 *
 * Formats are tried in the declared order; the first under which the value
 * is a real date wins.  Whoever declares both DD/MM/YYYY and MM/DD/YYYY has
 * declared that 03/04/2024 is 3 April and 03/25/2024 is 25 March.
 *
 * Times without an offset are UTC.  Years are 1 to 9999.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_DATE_H
#define YS_POLICY_NORMALIZE_DATE_H

#include "policy/normalize/text.h"

#define YS_USECS_PER_SEC	INT64_C(1000000)
#define YS_USECS_PER_DAY	(INT64_C(86400) * YS_USECS_PER_SEC)

typedef enum YsDateMatch
{
	YS_DATE_MATCH,
	YS_DATE_OTHER_FORM,			/* the value has not the format's form */
	YS_DATE_IMPOSSIBLE			/* it has, but there is no such date or time */
} YsDateMatch;

#define YS_DATE_MAX_TOKENS	24

typedef struct YsDateFormat YsDateFormat;
struct YsDateFormat
{
	YsDateMatch (*parse) (const YsDateFormat *format, YsSlice text, int64_t *usecs);

	/* epochs */
	int64_t		from;
	int64_t		to;				/* exclusive */
	int64_t		usecs_per_unit;

	/* patterns */
	int			ntokens;
	struct
	{
		char		kind;		/* a DateToken, or a literal byte */
		bool		fixed;		/* all its digits must be there */
	}			tokens[YS_DATE_MAX_TOKENS];
};

/* NULL, or why the format cannot be used (static text). */
extern const char *ys_date_format_compile(YsSlice text, YsDateFormat *format);

extern bool ys_date_format_is_iso(const YsDateFormat *format);

/*
 * Read a trimmed text as microseconds since 2000-01-01 00:00 UTC; *format is the
 * number of the one it has.  NULL, or why it cannot be used (static text).
 */
extern const char *ys_date_parse(const YsDateFormat *formats, int nformats,
								 YsSlice text, int64_t *usecs, int *format);

/* The day, since 2000-01-01, that a moment is in at UTC. */
extern int32_t ys_date_of(int64_t usecs);

/* What may stand in a format, for DETAIL. */
extern const char *ys_date_format_help(void);

#endif							/* YS_POLICY_NORMALIZE_DATE_H */
