/*-------------------------------------------------------------------------
 * date_zone.c
 *	  Time zones as dates have them: offsets, abbreviations, names.
 *
 * An abbreviation is one offset, whatever the date: CET is +01 in July as
 * well.  Those of the United States are RFC 2822's.  Of the others, those
 * that stand for one offset in today's use are read, those that stand for
 * several are refused.  A name is looked up among the server's.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include <string.h>

/* PostgreSQL's limit as well: below 16 hours. */
#define MAX_OFFSET_HOURS	15

#define MAX_ABBREVIATION	4
#define SEVERAL				INT16_MIN

static const struct
{
	char		name[MAX_ABBREVIATION + 1];
	int16_t		minutes;		/* east of UTC */
}			abbreviations[] =
{
	{"z", 0}, {"utc", 0}, {"gmt", 0}, {"ut", 0},
	{"est", -300}, {"edt", -240}, {"cst", -360}, {"cdt", -300}, {"mst", -420}, {"mdt", -360},
	{"pst", -480}, {"pdt", -420},
	{"cet", 60}, {"cest", 120}, {"met", 60}, {"mest", 120}, {"mez", 60}, {"mesz", 120},
	{"wet", 0}, {"west", 60}, {"eet", 120}, {"eest", 180}, {"msk", 180},
	{"akst", -540}, {"akdt", -480}, {"hst", -600}, {"nst", -210}, {"ndt", -150},
	{"wat", 60}, {"cat", 120}, {"eat", 180}, {"sast", 120}, {"pkt", 300}, {"wib", 420}, {"wita", 480},
	{"wit", 540}, {"hkt", 480}, {"jst", 540}, {"kst", 540}, {"awst", 480}, {"acst", 570}, {"acdt", 630},
	{"aest", 600}, {"aedt", 660}, {"nzst", 720}, {"nzdt", 780},
	{"ist", SEVERAL}, {"bst", SEVERAL}, {"ast", SEVERAL}, {"adt", SEVERAL}, {"sst", SEVERAL},
	{"gst", SEVERAL}, {"amt", SEVERAL}, {"wst", SEVERAL}, {"ect", SEVERAL}, {"idt", SEVERAL}, {"lmt", SEVERAL},
};

YsDateMatch
ys_date_abbreviation(YsSlice word, int32_t *offset)
{
	if (word.len > MAX_ABBREVIATION)
		return YS_DATE_OTHER_FORM;
	for (size_t i = 0; i < sizeof(abbreviations) / sizeof(abbreviations[0]); i++)
	{
		if (!ys_string_is(word, abbreviations[i].name))
			continue;
		if (abbreviations[i].minutes == SEVERAL)
			return YS_DATE_AMBIGUOUS_ZONE;
		*offset = abbreviations[i].minutes * 60;
		return YS_DATE_MATCH;
	}
	return YS_DATE_OTHER_FORM;
}

static bool
scan_sign(const char **p, const char *end, bool *west)
{
	*west = true;
	if (ys_scan_byte(p, end, '-'))
		return true;
	if (end - *p >= 3 && memcmp(*p, "\xE2\x88\x92", 3) == 0)
	{
		*p += 3;
		return true;
	}
	*west = false;
	return ys_scan_byte(p, end, '+');
}

/* What follows the sign; one digit of hours is enough where short_hours is set. */
static bool
scan_distance(const char **p, const char *end, bool short_hours, bool seconds, int32_t *distance)
{
	int			hour;
	int			minute = 0;
	int			second = 0;

	if (ys_scan_up_to(p, end, 2, &hour) < (short_hours ? 1 : 2))
		return false;
	if (ys_scan_byte(p, end, ':'))
	{
		if (!ys_scan_digits(p, end, 2, &minute))
			return false;
		if (seconds && ys_scan_byte(p, end, ':') && !ys_scan_digits(p, end, 2, &second))
			return false;
	}
	else if (*p < end && ys_ascii_is_digit(**p) && !ys_scan_digits(p, end, 2, &minute))
		return false;
	*distance = hour * 3600 + minute * 60 + second;
	return hour <= MAX_OFFSET_HOURS && minute <= 59 && second <= 59;
}

bool
ys_scan_offset(const char **p, const char *end, bool seconds, int32_t *offset)
{
	bool		west;

	if (!scan_sign(p, end, &west) || !scan_distance(p, end, false, seconds, offset))
		return false;
	if (west)
		*offset = -*offset;
	return true;
}

static bool
is_sign(const char *p, const char *end)
{
	bool		west;

	return scan_sign(&p, end, &west);
}

/* UTC, GMT or UT with an offset behind; *p stays where there is none. */
static bool
scan_utc_offset(const char **p, const char *end, bool *valid, int32_t *offset)
{
	YsSlice		word = ys_scan_word(*p, end);
	const char *q;
	bool		west;

	/* the minus sign is no letter, but may be taken for one */
	for (uint32_t i = 0; i < word.len; i++)
	{
		if (!ys_ascii_is_letter(word.bytes[i]))
			word.len = i;
	}
	q = *p + word.len;
	if ((!ys_string_is(word, "utc") && !ys_string_is(word, "gmt") && !ys_string_is(word, "ut")) ||
		!scan_sign(&q, end, &west))
		return false;
	*valid = scan_distance(&q, end, true, false, offset);
	if (west)
		*offset = -*offset;
	*p = q;
	return true;
}

static YsSlice
zone_name(const char *p, const char *end)
{
	YsSlice		name = {p, 0};

	if (p == end || !ys_ascii_is_letter(*p))
		return name;
	while (p < end && (ys_ascii_is_letter(*p) || ys_ascii_is_digit(*p) ||
					   *p == '/' || *p == '_' || *p == '-' || *p == '+'))
		p++;
	name.len = (uint32_t) (p - name.bytes);
	return name;
}

const YsZone *
ys_date_zone(const YsBindings *bindings, const char *name, uint32_t len, YsDateMatch *match)
{
	const YsZone *zone = NULL;

	*match = YS_DATE_ZONES_UNAVAILABLE;
	if (bindings->find_zone != NULL)
	{
		zone = bindings->find_zone(bindings->find_zone_arg, name, len);
		*match = zone != NULL ? YS_DATE_MATCH : YS_DATE_UNKNOWN_ZONE;
	}
	return zone;
}

YsDateMatch
ys_scan_zone(const YsDateContext *context, const char **p, const char *end, YsDateParts *parts)
{
	YsSlice		name;
	YsDateMatch match;
	bool		valid;

	parts->zoned = true;
	if (is_sign(*p, end))
		return ys_scan_offset(p, end, true, &parts->offset) ? YS_DATE_MATCH : YS_DATE_OTHER_FORM;
	if (scan_utc_offset(p, end, &valid, &parts->offset))
		return valid ? YS_DATE_MATCH : YS_DATE_OTHER_FORM;
	name = zone_name(*p, end);
	if (name.len == 0)
		return YS_DATE_OTHER_FORM;
	*p += name.len;
	match = ys_date_abbreviation(name, &parts->offset);
	parts->utc = match == YS_DATE_MATCH && name.len == 1;
	if (match == YS_DATE_OTHER_FORM)
		parts->zone = ys_date_zone(context->bindings, name.bytes, name.len, &match);
	return match;
}

/* ---- the zone of a field ---- */

bool
ys_timezone_parse(YsSlice text, YsTimezone *zone)
{
	const char *p = text.bytes;
	const char *end = p + text.len;

	*zone = (YsTimezone) {NULL, 0, 0};
	if (is_sign(p, end))
		return ys_scan_offset(&p, end, false, &zone->offset) && p == end;
	if (ys_string_is(text, "utc") || ys_string_is(text, "gmt") || ys_string_is(text, "z"))
		return true;
	zone->name = text.bytes;
	zone->len = text.len;
	return text.len > 0 && zone_name(p, end).len == text.len;
}

typedef int64_t (*ZoneFn) (const YsZone *zone, int64_t usecs);

static const char *
convert(const YsTimezone *timezone, const YsBindings *bindings, ZoneFn by_zone, int32_t offset, int64_t *usecs)
{
	const YsZone *zone;
	YsDateMatch match;

	if (timezone->name == NULL)
	{
		*usecs += offset * YS_USECS_PER_SEC;
		return NULL;
	}
	zone = ys_date_zone(bindings, timezone->name, timezone->len, &match);
	if (zone != NULL)
		*usecs = by_zone(zone, *usecs);
	return ys_date_reason(match);
}

const char *
ys_timezone_to_utc(const YsTimezone *timezone, const YsBindings *bindings, int64_t *usecs)
{
	return convert(timezone, bindings, ys_zone_to_utc, -timezone->offset, usecs);
}

const char *
ys_timezone_to_local(const YsTimezone *timezone, const YsBindings *bindings, int64_t *usecs)
{
	return convert(timezone, bindings, ys_zone_to_local, timezone->offset, usecs);
}
