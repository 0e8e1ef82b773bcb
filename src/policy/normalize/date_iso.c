/*-------------------------------------------------------------------------
 * date_iso.c
 *	  ISO 8601: calendar, week and ordinal dates, with a time or without.
 *
 * The basic and the extended form may be mixed.  What has less than a whole
 * day, and years of more or fewer than four digits, are refused.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include <string.h>

/* How many digits there are, up to most + 1. */
static int
count_digits(const char *p, const char *end, int most)
{
	int			count = 0;

	while (count <= most && p + count < end && ys_ascii_is_digit(p[count]))
		count++;
	return count;
}

/* Behind the W. */
static YsDateMatch
scan_week(const char **p, const char *end, bool extended, YsDateParts *parts)
{
	parts->form = YS_DAY_OF_WEEK;
	if (!ys_scan_digits(p, end, 2, &parts->week))
		return YS_DATE_OTHER_FORM;
	if (*p == end)
		return YS_DATE_INCOMPLETE;
	if ((extended && !ys_scan_byte(p, end, '-')) || !ys_scan_digits(p, end, 1, &parts->day))
		return YS_DATE_OTHER_FORM;
	return YS_DATE_MATCH;
}

static YsDateMatch
scan_date(const char **p, const char *end, YsDateParts *parts)
{
	bool		extended;

	if (!ys_scan_digits(p, end, 4, &parts->year))
		return YS_DATE_OTHER_FORM;
	if (*p == end)
		return YS_DATE_INCOMPLETE;
	extended = ys_scan_byte(p, end, '-');
	if (ys_scan_byte(p, end, 'W') || ys_scan_byte(p, end, 'w'))
		return scan_week(p, end, extended, parts);
	switch (count_digits(*p, end, 4))
	{
		case 2:
			if (!extended)
				return YS_DATE_OTHER_FORM;
			ys_scan_digits(p, end, 2, &parts->month);
			if (*p == end)
				return parts->month >= 1 && parts->month <= 12 ? YS_DATE_INCOMPLETE : YS_DATE_OTHER_FORM;
			return ys_scan_byte(p, end, '-') && ys_scan_digits(p, end, 2, &parts->day) ?
				YS_DATE_MATCH : YS_DATE_OTHER_FORM;
		case 3:
			parts->form = YS_DAY_OF_YEAR;
			ys_scan_digits(p, end, 3, &parts->day);
			return YS_DATE_MATCH;
		case 4:
			if (extended)
				return YS_DATE_OTHER_FORM;
			ys_scan_digits(p, end, 2, &parts->month);
			ys_scan_digits(p, end, 2, &parts->day);
			return YS_DATE_MATCH;
		default:
			return YS_DATE_OTHER_FORM;
	}
}

/* A colon where the time is extended; false at its end. */
static bool
goes_on(const char **p, const char *end, bool extended)
{
	return extended ? ys_scan_byte(p, end, ':') : *p < end && ys_ascii_is_digit(**p);
}

static bool
scan_time(const char **p, const char *end, YsDateParts *parts)
{
	bool		extended;
	int			unit = 3600;

	if (!ys_scan_digits(p, end, 2, &parts->hour))
		return false;
	extended = *p < end && **p == ':';
	if (goes_on(p, end, extended))
	{
		unit = 60;
		if (!ys_scan_digits(p, end, 2, &parts->minute))
			return false;
		if (goes_on(p, end, extended))
		{
			unit = 1;
			if (!ys_scan_digits(p, end, 2, &parts->second))
				return false;
		}
	}
	if (ys_scan_byte(p, end, '.') || ys_scan_byte(p, end, ','))
		return ys_scan_fraction(p, end, unit, &parts->usecs);
	return true;
}

/* Z, an offset, or behind a space a zone; or nothing. */
static YsDateMatch
scan_zone(const YsDateContext *context, const char **p, const char *end, YsDateParts *parts)
{
	bool		spaced = ys_scan_byte(p, end, ' ');

	if (*p == end || (**p == '[' && !spaced))
		return spaced ? YS_DATE_OTHER_FORM : YS_DATE_MATCH;
	if (ys_ascii_is_letter(**p))
	{
		if (spaced)
			return ys_scan_zone(context, p, end, parts);
		parts->zoned = parts->utc = true;
		return ys_scan_byte(p, end, 'Z') || ys_scan_byte(p, end, 'z') ? YS_DATE_MATCH : YS_DATE_OTHER_FORM;
	}
	parts->zoned = true;
	return ys_scan_offset(p, end, false, &parts->offset) ? YS_DATE_MATCH : YS_DATE_OTHER_FORM;
}

/* ---- RFC 9557: [zone] and [key=value] behind the time ---- */

/* The zone in brackets; it may be an offset. */
static YsDateMatch
read_zone_tag(const YsDateContext *context, YsSlice tag, YsDateParts *parts, const YsZone **zone)
{
	YsTimezone	timezone;
	YsDateMatch match = YS_DATE_MATCH;

	if (!ys_timezone_parse(tag, &timezone))
		return YS_DATE_UNKNOWN_ZONE;
	if (timezone.name != NULL)
		*zone = ys_date_zone(context->bindings, timezone.name, timezone.len, &match);
	else if (parts->zoned && !parts->utc && (parts->zone != NULL || parts->offset != timezone.offset))
		match = YS_DATE_WRONG_OFFSET;
	else if (!parts->zoned)
		parts->offset = timezone.offset;
	parts->zoned |= timezone.name == NULL;
	return match;
}

static YsDateMatch
scan_tags(const YsDateContext *context, const char **p, const char *end, YsDateParts *parts,
		  const YsZone **zone)
{
	for (bool first = true; ys_scan_byte(p, end, '['); first = false)
	{
		bool		critical = ys_scan_byte(p, end, '!');
		const char *close = memchr(*p, ']', (size_t) (end - *p));
		YsSlice		tag = {*p, close != NULL ? (uint32_t) (close - *p) : 0};
		YsDateMatch match = YS_DATE_MATCH;

		if (tag.len == 0)
			return YS_DATE_OTHER_FORM;
		*p = close + 1;
		if (memchr(tag.bytes, '=', tag.len) != NULL)
			match = critical ? YS_DATE_UNKNOWN_TAG : YS_DATE_MATCH;
		else if (first)
			match = read_zone_tag(context, tag, parts, zone);
		else
			match = YS_DATE_OTHER_FORM;
		if (match != YS_DATE_MATCH)
			return match;
	}
	return *p == end ? YS_DATE_MATCH : YS_DATE_OTHER_FORM;
}

YsDateMatch
ys_date_parse_iso(const YsDateFormat *format, const YsDateContext *context, YsSlice text, YsMoment *moment)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	YsDateParts parts;
	const YsZone *zone = NULL;
	YsDateMatch match;

	(void) format;
	memset(&parts, 0, sizeof(parts));
	match = scan_date(&p, end, &parts);
	if (match != YS_DATE_MATCH)
		return match;
	if (p < end)
	{
		if ((*p != 'T' && *p != 't' && *p != ' ') || (p++, !scan_time(&p, end, &parts)))
			return YS_DATE_OTHER_FORM;
		if (p < end)
		{
			match = scan_zone(context, &p, end, &parts);
			if (match == YS_DATE_MATCH && p < end)
				match = scan_tags(context, &p, end, &parts, &zone);
			if (match != YS_DATE_MATCH)
				return match;
		}
	}
	if (zone == NULL)
		return ys_date_make(&parts, moment);
	if (parts.zoned)
		return ys_date_make_checked(&parts, zone, moment);
	parts.zoned = true;
	parts.zone = zone;
	return ys_date_make(&parts, moment);
}

/* ---- the form that never changes ---- */

bool
ys_date_parse_strict(YsSlice text, int64_t *usecs)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	YsDateParts parts;
	YsMoment	moment;

	memset(&parts, 0, sizeof(parts));
	if (!ys_scan_digits(&p, end, 4, &parts.year) || !ys_scan_byte(&p, end, '-') ||
		!ys_scan_digits(&p, end, 2, &parts.month) || !ys_scan_byte(&p, end, '-') ||
		!ys_scan_digits(&p, end, 2, &parts.day))
		return false;
	if (p < end)
	{
		bool		spaced = *p == ' ';

		if (!spaced && *p != 'T' && *p != 't')
			return false;
		p++;
		if (!ys_scan_digits(&p, end, 2, &parts.hour) || !ys_scan_byte(&p, end, ':') ||
			!ys_scan_digits(&p, end, 2, &parts.minute))
			return false;
		if (ys_scan_byte(&p, end, ':') &&
			(!ys_scan_digits(&p, end, 2, &parts.second) ||
			 ((ys_scan_byte(&p, end, '.') || ys_scan_byte(&p, end, ',')) &&
			  !ys_scan_fraction(&p, end, 1, &parts.usecs))))
			return false;
		if (spaced)
			ys_scan_byte(&p, end, ' ');	/* 2024-03-12 10:15:00 +0100 */
		if (p < end && !ys_scan_byte(&p, end, 'Z') && !ys_scan_byte(&p, end, 'z') &&
			((*p != '+' && *p != '-') || !ys_scan_offset(&p, end, false, &parts.offset)))
			return false;
	}
	if (p < end || ys_date_make(&parts, &moment) != YS_DATE_MATCH)
		return false;
	*usecs = moment.usecs;
	return true;
}
