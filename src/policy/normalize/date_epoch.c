/*-------------------------------------------------------------------------
 * date_epoch.c
 *	  Seconds, milliseconds and microseconds since 1970.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/date_scan.h"

#include "policy/normalize/number.h"

/* As many as 64 bits hold, whatever they are. */
#define SAFE_DIGITS		18

#define USECS_TO_2000	(YS_DAYS_TO_2000 * YS_USECS_PER_DAY)

const YsDateFormat ys_date_epochs[3] =
{
	{.parse = ys_date_parse_epoch, .from = 0, .to = YS_EPOCH_END, .usecs_per_unit = 1000000},
	{.parse = ys_date_parse_epoch, .from = YS_EPOCH_END, .to = YS_EPOCH_END * 1000, .usecs_per_unit = 1000},
	{.parse = ys_date_parse_epoch, .from = YS_EPOCH_END * 1000, .to = YS_EPOCH_END * 1000000,
	.usecs_per_unit = 1},
};

static bool
read_digits(YsSlice text, int64_t *integer)
{
	int64_t		n = 0;

	if (text.len == 0 || text.len > SAFE_DIGITS)
		return false;
	for (uint32_t i = 0; i < text.len; i++)
	{
		if (!ys_ascii_is_digit(text.bytes[i]))
			return false;
		n = n * 10 + (text.bytes[i] - '0');
	}
	*integer = n;
	return true;
}

/* A number in millionths; those past them are dropped. */
static bool
read_millionths(YsSlice text, YsUint128 *millionths)
{
	YsDecimal	decimal;
	YsSlice		rest;
	int			exponent;

	for (uint32_t i = 0; i < text.len; i++)
	{
		if (text.bytes[i] == ',' || (unsigned char) text.bytes[i] <= ' ')
			return false;		/* an epoch is no number for people */
	}
	if (ys_decimal_parse(text, &decimal, &rest) != NULL || rest.len > 0)
		return false;
	if (decimal.negative || decimal.point > 16)
		return false;
	if (decimal.ndigits > decimal.point + 6)
		decimal.ndigits = decimal.point + 6 > 0 ? decimal.point + 6 : 0;
	*millionths = ys_decimal_integer(&decimal, &exponent);
	if (decimal.ndigits == 0)
		exponent = 0;
	for (; exponent > -6; exponent--)
		*millionths *= 10;		/* below 10^22 */
	return true;
}

YsDateMatch
ys_date_parse_epoch(const YsDateFormat *format, const YsDateContext *context, YsSlice text, YsMoment *moment)
{
	int64_t		integer;
	YsUint128	millionths;

	(void) context;
	if (read_digits(text, &integer))
	{
		if (integer < format->from || integer >= format->to)
			return YS_DATE_OTHER_FORM;	/* perhaps an epoch of another unit */
		moment->usecs = integer * format->usecs_per_unit - USECS_TO_2000;
	}
	else
	{
		if (!read_millionths(text, &millionths) ||
			millionths < (YsUint128) format->from * 1000000 ||
			millionths >= (YsUint128) format->to * 1000000)
			return YS_DATE_OTHER_FORM;
		moment->usecs = (int64_t) (millionths * (YsUint128) format->usecs_per_unit / 1000000) - USECS_TO_2000;
	}
	moment->naive = false;
	return YS_DATE_MATCH;
}

YsDateMatch
ys_date_parse_any_epoch(const YsDateFormat *format, const YsDateContext *context, YsSlice text,
						YsMoment *moment)
{
	(void) format;
	for (int i = 0; i < 3; i++)
	{
		if (ys_date_parse_epoch(&ys_date_epochs[i], context, text, moment) == YS_DATE_MATCH)
			return YS_DATE_MATCH;
	}
	return YS_DATE_OTHER_FORM;
}
