/*-------------------------------------------------------------------------
 * declare_attributes.c
 *	  Compiling what is kept of an item besides its fields.
 *-------------------------------------------------------------------------
 */
#include "policy/declare.h"

static bool
compile_patterns(YsCompiler *compiler, const YsValue *value, const char *key, YsPatternList *patterns)
{
	YsSlice    *texts;

	if (!ys_declare_strings(compiler, value, key, YS_POLICY_MAX_PATTERNS, &patterns->count, &texts))
		return false;
	patterns->items = ys_arena_alloc(compiler->arena, sizeof(YsPath) * (size_t) (patterns->count + 1));
	if (patterns->items == NULL)
		return ys_declare_out_of_memory(compiler);
	for (int i = 0; i < patterns->count; i++)
	{
		YsError		inner;

		if (!ys_path_parse_pattern(texts[i].bytes, texts[i].len, compiler->arena, &patterns->items[i], &inner))
			return ys_declare_forward(compiler, &inner);
	}
	return true;
}

static bool
compile_size(YsCompiler *compiler, const YsValue *value, YsAttributeRules *rules)
{
	int			size = 0;

	rules->size = YS_ATTRIBUTES_SIZE;
	if (value == NULL)
		return true;
	for (uint32_t i = 0; value->type == YS_TYPE_NUMBER && i < value->len; i++)
		size = ys_ascii_is_digit(value->bytes[i]) && size <= YS_ATTRIBUTES_SIZE_MAX ?
			size * 10 + (value->bytes[i] - '0') : YS_ATTRIBUTES_SIZE_MAX + 1;
	if (size < YS_ATTRIBUTES_SIZE_MIN || size > YS_ATTRIBUTES_SIZE_MAX)
	{
		ys_declare_refuse(compiler, "its size must be between %d and %d", YS_ATTRIBUTES_SIZE_MIN,
						  YS_ATTRIBUTES_SIZE_MAX);
		return ys_declare_advise(compiler, "Leave attributes_size out for 65536.",
								 "It is the bytes that a row's attributes may take, printed as JSON.");
	}
	rules->size = (uint32_t) size;
	return true;
}

bool
ys_declare_attributes(YsCompiler *compiler, const YsValue *object, YsAttributeRules *rules)
{
	const YsValue *include;
	const YsValue *exclude;
	const YsValue *size;
	const YsKey keys[] = {{"include", &include}, {"exclude", &exclude}, {"size", &size}};

	rules->wanted = true;
	return ys_declare_keys(compiler, object, keys, 3) &&
		compile_patterns(compiler, include, "include", &rules->includes) &&
		compile_patterns(compiler, exclude, "exclude", &rules->excludes) &&
		compile_size(compiler, size, rules);
}
