/*-------------------------------------------------------------------------
 * rejected.c
 *	  Showing a value that could not be used.
 *
 * A rejected value may be a whole document, so that it is pruned to what will
 * be shown before it is printed.
 *-------------------------------------------------------------------------
 */
#include "policy/compiled.h"

#include <string.h>

#include "policy/sanitize.h"

#define ELLIPSIS	"\xE2\x80\xA6"

bool
ys_rejected_print(const YsValue *value, uint32_t most, YsArena *arena, YsRejection *rejection)
{
	YsSanitizer pruner = {.arena = arena, .left = most};
	YsValue		pruned = ys_sanitize(&pruner, value);
	YsText		text;
	YsText		shown;

	ys_text_init(&text, arena);
	if (pruned.type == YS_TYPE_STRING && pruner.cut)
		ys_text_add(&text, pruned.bytes, pruned.len);
	else
		ys_value_print_plain(&text, &pruned);
	if (pruner.failed || text.failed)
		return false;
	shown = text;
	if (pruner.cut || text.len > most)
	{
		text.len = ys_string_cut(text.bytes, text.len, most - strlen(ELLIPSIS));
		ys_text_add_cstring(&text, ELLIPSIS);
		ys_text_init(&shown, arena);
		ys_text_add_json_string(&shown, text.bytes, text.len);
		if (text.failed || shown.failed)
			return false;
	}
	rejection->raw = shown.bytes;
	rejection->raw_len = (uint32_t) shown.len;
	return true;
}
