/*-------------------------------------------------------------------------
 * moment.c
 *	  Date and timestamp fields.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/type.h"

static YsUse
normalize_moment(YsNormalizing *normalizing, const YsValue *value, YsCell *cell, YsMoment *moment)
{
	const YsRules *rules = normalizing->rules;
	const YsDateContext context = {normalizing->bindings, rules->year_pivot};
	YsSlice		text;
	const char *reason;
	int			format;
	YsUse		use;

	use = ys_normalize_scalar(normalizing, value, &text);
	if (use != YS_USE_TAKEN)
		return use;
	reason = ys_date_parse(rules->formats, rules->nformats, &context, text, moment, &format);
	if (reason != NULL)
		return ys_normalize_reject(normalizing, reason);
	cell->format = (int16_t) format;
	cell->coerced = !ys_date_is_iso(text);
	return YS_USE_TAKEN;
}

/* A time zone may move a moment out of the years there are. */
static YsUse
finish(YsNormalizing *normalizing, const char *reason, int64_t usecs)
{
	if (reason == NULL && (ys_date_of(usecs) < YS_FIRST_DAY || ys_date_of(usecs) > YS_LAST_DAY))
		reason = YS_NO_SUCH_DATE;
	return reason == NULL ? YS_USE_TAKEN : ys_normalize_reject(normalizing, reason);
}

/* The day in the field's time zone, which is that of a naive value already. */
YsUse
ys_normalize_date(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	YsMoment	moment;
	const char *reason = NULL;
	YsUse		use = normalize_moment(normalizing, value, cell, &moment);

	if (use != YS_USE_TAKEN)
		return use;
	if (!moment.naive)
		reason = ys_timezone_to_local(&normalizing->rules->timezone, normalizing->bindings, &moment.usecs);
	cell->days = ys_date_of(moment.usecs);
	return finish(normalizing, reason, moment.usecs);
}

YsUse
ys_normalize_timestamp(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	YsMoment	moment;
	const char *reason = NULL;
	YsUse		use = normalize_moment(normalizing, value, cell, &moment);

	if (use != YS_USE_TAKEN)
		return use;
	if (moment.naive)
		reason = ys_timezone_to_utc(&normalizing->rules->timezone, normalizing->bindings, &moment.usecs);
	cell->usecs = moment.usecs;
	return finish(normalizing, reason, moment.usecs);
}
