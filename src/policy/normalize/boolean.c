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
ys_normalize_boolean(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	YsSlice		text;
	YsUse		use;

	if (value->type == YS_TYPE_BOOL)
	{
		cell->boolean = value->boolean;
		return YS_USE_TAKEN;
	}
	use = ys_normalize_scalar(normalizing, value, &text);
	if (use != YS_USE_TAKEN)
		return use;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (ys_string_is(text, words[i].word))
		{
			cell->boolean = words[i].value;
			cell->coerced = true;
			return YS_USE_TAKEN;
		}
	}
	return ys_normalize_reject(normalizing, "not a boolean");
}
