/*-------------------------------------------------------------------------
 * date.c
 *	  The formats of dates, and why a value has none of them.
 *
 * No libc time function is used: they know locales and zones, and we don't
 * want to.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include <string.h>

const char	ys_date_zones_unavailable[] = "time zones can't be looked up here";

static const char *const reasons[] =
{
	[YS_DATE_MATCH] = NULL,
	[YS_DATE_OTHER_FORM] = "not a date in any declared format",
	[YS_DATE_IMPOSSIBLE] = YS_NO_SUCH_DATE,
	[YS_DATE_INCOMPLETE] = "not a whole date",
	[YS_DATE_WRONG_WEEKDAY] = "not that day of the week",
	[YS_DATE_WRONG_OFFSET] = "the time zone has another offset then",
	[YS_DATE_UNKNOWN_ZONE] = "unknown time zone",
	[YS_DATE_AMBIGUOUS_ZONE] = "ambiguous time zone",
	[YS_DATE_ZONES_UNAVAILABLE] = ys_date_zones_unavailable,
	[YS_DATE_UNKNOWN_TAG] = "a critical tag that is not known",
	[YS_DATE_AMBIGUOUS] = "ambiguous: it could be several dates",
};

const char *
ys_date_reason(YsDateMatch match)
{
	return reasons[match];
}

static const struct
{
	const char *name;
	YsDateParseFn parse;
}			named_formats[] =
{
	{"ISO", ys_date_parse_iso},
	{"RFC2822", ys_date_parse_rfc2822},
	{"SQL", ys_date_parse_sql},
	{"epoch", ys_date_parse_any_epoch},
	{"auto", ys_date_parse_auto},
};

static const char *const epoch_names[] = {"epoch_s", "epoch_ms", "epoch_us"};

static bool
is_called(YsSlice text, const char *name)
{
	return text.len == strlen(name) && memcmp(text.bytes, name, text.len) == 0;
}

const char *
ys_date_format_compile(YsSlice text, YsDateFormat *format)
{
	memset(format, 0, sizeof(*format));
	for (size_t i = 0; i < sizeof(named_formats) / sizeof(named_formats[0]); i++)
	{
		if (is_called(text, named_formats[i].name))
		{
			format->parse = named_formats[i].parse;
			return NULL;
		}
	}
	for (size_t i = 0; i < sizeof(epoch_names) / sizeof(epoch_names[0]); i++)
	{
		if (is_called(text, epoch_names[i]))
		{
			*format = ys_date_epochs[i];
			return NULL;
		}
	}
	return ys_date_pattern_compile(text, format);
}

const char *
ys_date_format_help(void)
{
	return "A format is ISO, RFC2822, SQL, auto, epoch, epoch_s, epoch_ms, epoch_us, or a pattern of YYYY, "
		"YY, MM, Mon, Month, DD, DDD, IYYY, IW, ID, Day, Dy, HH24, HH12, AM, MI, SS, FF, OF, TZ with punctuation, "
		"spaces and \"quoted text\", such as DD/MM/YYYY or DD Mon YYYY.";
}

/* The first format whose form it has says why it is no date. */
const char *
ys_date_parse(const YsDateFormat *formats, int nformats, const YsDateContext *context, YsSlice text,
			  YsMoment *moment, int *format)
{
	YsDateMatch why = YS_DATE_OTHER_FORM;

	for (int i = 0; i < nformats; i++)
	{
		YsDateMatch match = formats[i].parse(&formats[i], context, text, moment);

		if (match == YS_DATE_MATCH)
		{
			*format = i;
			return NULL;
		}
		if (why == YS_DATE_OTHER_FORM)
			why = match;
	}
	return ys_date_reason(why);
}

int32_t
ys_date_of(int64_t usecs)
{
	return (int32_t) ys_floor_div(usecs, YS_USECS_PER_DAY);
}

bool
ys_date_is_iso(YsSlice text)
{
	return text.len >= 10 && text.bytes[4] == '-' && text.bytes[7] == '-';
}
