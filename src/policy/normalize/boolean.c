/*-------------------------------------------------------------------------
 * boolean.c
 *	  Booleans: the store's own, 0 and 1, and the usual words.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/type.h"

static const struct
{
	const char *word;
	bool		value;
}			words[] =
{
	{"true", true}, {"false", false},
	{"yes", true}, {"no", false},
	{"1", true}, {"0", false},
	{"y", true}, {"n", false},
	{"t", true}, {"f", false},
	{"on", true}, {"off", false},
};

YsUse
ys_normalize_boolean(const YsRules *rules, const YsValue *value, YsArena *arena,
					 YsCell *cell, const char **reason)
{
	YsSlice		text;
	YsUse		use;

	if (value->type == YS_TYPE_BOOL)
	{
		cell->boolean = value->boolean;
		return YS_USE_TAKEN;
	}
	use = ys_normalize_scalar(rules, value, arena, &text, reason);
	if (use != YS_USE_TAKEN)
		return use;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (ys_string_is(text, words[i].word))
		{
			cell->boolean = words[i].value;
			return YS_USE_TAKEN;
		}
	}
	*reason = "not a boolean";
	return YS_USE_REJECTED;
}
