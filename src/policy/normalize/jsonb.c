/*-------------------------------------------------------------------------
 * jsonb.c
 *	  Documents: any value, as plain JSON.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/type.h"

#include "policy/sanitize.h"

YsUse
ys_normalize_jsonb(YsNormalizing *normalizing, const YsValue *value, YsCell *cell)
{
	YsSanitizer sanitizer = {.arena = normalizing->arena, .left = UINT32_MAX};
	YsValue    *clean;

	if (value->type == YS_TYPE_NULL)
		return YS_USE_ABSENT;
	clean = ys_arena_alloc(normalizing->arena, sizeof(YsValue));
	if (clean == NULL)
		return YS_USE_NO_MEMORY;
	*clean = ys_sanitize(&sanitizer, value);
	if (sanitizer.failed)
		return YS_USE_NO_MEMORY;
	if (sanitizer.cut)
		return ys_normalize_reject(normalizing, "nested too deeply");
	cell->value = clean;
	cell->coerced = sanitizer.changed;
	return YS_USE_TAKEN;
}
