/*-------------------------------------------------------------------------
 * moment.c
 *	  Date and timestamp fields.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/type.h"

static YsUse
normalize_moment(YsNormalizing *normalizing, const YsValue *value, YsCell *cell, int64_t *usecs)
{
	const YsRules *rules = normalizing->rules;
	YsSlice		text;
	const char *reason;
	int			format;
	YsUse		use;

	use = ys_normalize_scalar(normalizing, value, &text);
	if (use != YS_USE_TAKEN)
		return use;
	reason = ys_date_parse(rules->formats, rules->nformats, text, usecs, &format);
	if (reason != NULL)
		return ys_normalize_reject(normalizing, reason);
	cell->format = (int16_t) format;
	cell->coerced = !ys_date_format_is_iso(&rules->formats[format]);
	return YS_USE_TAKEN;
}

/* A time of day, if there is one, counts as far as it moves the date at UTC. */
YsUse
ys_normalize_date(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	int64_t		usecs;
	YsUse		use = normalize_moment(normalizing, value, cell, &usecs);

	if (use == YS_USE_TAKEN)
		cell->days = ys_date_of(usecs);
	return use;
}

YsUse
ys_normalize_timestamp(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	int64_t		usecs;
	YsUse		use = normalize_moment(normalizing, value, cell, &usecs);

	if (use == YS_USE_TAKEN)
		cell->usecs = usecs;
	return use;
}
