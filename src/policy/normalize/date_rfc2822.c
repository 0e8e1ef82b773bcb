/*-------------------------------------------------------------------------
 * date_rfc2822.c
 *	  Dates of mail: RFC 2822 and its successor 5322, obsolete forms included.
 *
 * Comments and folding white space may stand between any two parts.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include <string.h>

/* White space, and comments, which nest; false: one is not closed. */
static bool
skip_comments(const char **p, const char *end)
{
	int			depth = 0;

	for (; *p < end; (*p)++)
	{
		char		c = **p;

		if (c == '(')
			depth++;
		else if (depth > 0)
		{
			if (c == ')')
				depth--;
			else if (c == '\\' && *p + 1 < end)
				(*p)++;
		}
		else if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			break;
	}
	return depth == 0;
}

static YsSlice
letters_at(const char *p, const char *end)
{
	YsSlice		word = {p, 0};

	while (p + word.len < end && ys_ascii_is_letter(p[word.len]))
		word.len++;
	return word;
}

/* Of a list of names of three letters, its place from 1. */
static bool
scan_name(const char **p, const char *end, const char *names, int *number)
{
	YsSlice		word = letters_at(*p, end);

	if (word.len != 3)
		return false;
	for (*number = 1; *names != '\0'; names += 3, (*number)++)
	{
		char		name[4] = {names[0], names[1], names[2], '\0'};

		if (ys_string_is(word, name))
		{
			*p += word.len;
			return true;
		}
	}
	return false;
}

/* Years of two and three digits are those of section 4.3. */
static bool
scan_year(const char **p, const char *end, int *year)
{
	switch (ys_scan_up_to(p, end, 9, year))
	{
		case 0:
		case 1:
			return false;
		case 2:
			*year += *year < 50 ? 2000 : 1900;
			return true;
		case 3:
			*year += 1900;
			return true;
		default:
			return true;
	}
}

static YsDateMatch
scan_zone(const char **p, const char *end, YsDateParts *parts)
{
	YsSlice		word = letters_at(*p, end);
	YsDateMatch match;

	parts->zoned = true;
	if (word.len == 0)
	{
		/* no colon: the standard's offsets have four digits */
		if (end - *p < 5 || (**p != '+' && **p != '-') || memchr(*p, ':', 5) != NULL)
			return YS_DATE_OTHER_FORM;
		return ys_scan_offset(p, end, false, &parts->offset) ? YS_DATE_MATCH : YS_DATE_OTHER_FORM;
	}
	*p += word.len;
	if (word.len == 1)
		return ys_string_is(word, "j") ? YS_DATE_UNKNOWN_ZONE : YS_DATE_MATCH;
	match = ys_date_abbreviation(word, &parts->offset);
	return match == YS_DATE_OTHER_FORM ? YS_DATE_UNKNOWN_ZONE : match;
}

static bool
scan_time(const char **p, const char *end, YsDateParts *parts)
{
	if (!ys_scan_digits(p, end, 2, &parts->hour) || !skip_comments(p, end) ||
		!ys_scan_byte(p, end, ':') || !skip_comments(p, end) ||
		!ys_scan_digits(p, end, 2, &parts->minute) || !skip_comments(p, end))
		return false;
	return !ys_scan_byte(p, end, ':') ||
		(skip_comments(p, end) && ys_scan_digits(p, end, 2, &parts->second) && skip_comments(p, end));
}

YsDateMatch
ys_date_parse_rfc2822(const YsDateFormat *format, const YsDateContext *context, YsSlice text,
					  YsMoment *moment)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	YsDateParts parts;
	YsDateMatch match;

	(void) format;
	(void) context;
	memset(&parts, 0, sizeof(parts));
	if (!skip_comments(&p, end))
		return YS_DATE_OTHER_FORM;
	if (scan_name(&p, end, "montuewedthufrisatsun", &parts.weekday) &&
		(!skip_comments(&p, end) || !ys_scan_byte(&p, end, ',') || !skip_comments(&p, end)))
		return YS_DATE_OTHER_FORM;
	if (ys_scan_up_to(&p, end, 2, &parts.day) == 0 || !skip_comments(&p, end) ||
		!scan_name(&p, end, "janfebmaraprmayjunjulaugsepoctnovdec", &parts.month) ||
		!skip_comments(&p, end) || !scan_year(&p, end, &parts.year) || !skip_comments(&p, end) ||
		!scan_time(&p, end, &parts))
		return YS_DATE_OTHER_FORM;
	match = scan_zone(&p, end, &parts);
	if (match != YS_DATE_OTHER_FORM && (!skip_comments(&p, end) || p < end))
		return YS_DATE_OTHER_FORM;
	return match == YS_DATE_MATCH ? ys_date_make(&parts, moment) : match;
}
