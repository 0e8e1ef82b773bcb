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

#define ELLIPSIS	"\xE2\x80\xA6"
#define REPLACEMENT	"\xEF\xBF\xBD"

typedef struct Pruner
{
	YsArena    *arena;
	uint32_t	left;			/* bytes that may still be shown */
	bool		cut;			/* something was left out */
	bool		failed;			/* the arena is exhausted */
} Pruner;

static void
spend(Pruner *pruner, uint32_t bytes)
{
	pruner->left -= bytes < pruner->left ? bytes : pruner->left;
}

/* As much of a text as may be shown, in characters the server can hold. */
static YsSlice
prune_text(Pruner *pruner, const char *bytes, uint32_t len)
{
	const char *end = bytes + len;
	uint32_t	used = 0;
	/* a byte that is no character is shown as three */
	char	   *copy = ys_arena_alloc(pruner->arena, (len < pruner->left / 3 ? len * 3 : pruner->left) + 1);

	if (copy == NULL)
	{
		pruner->failed = true;
		return (YsSlice) {"", 0};
	}
	while (bytes < end)
	{
		uint32_t	width = (uint32_t) ys_string_width(bytes, end);
		bool		usable = width > 0 && *bytes != '\0';
		uint32_t	shown = usable ? width : (uint32_t) strlen(REPLACEMENT);

		if (used + shown > pruner->left)
		{
			pruner->cut = true;
			break;
		}
		memcpy(copy + used, usable ? bytes : REPLACEMENT, shown);
		used += shown;
		bytes += width > 0 ? width : 1;
	}
	copy[used] = '\0';
	spend(pruner, used);
	return (YsSlice) {copy, used};
}

static YsValue prune(Pruner *pruner, const YsValue *value);

static void
prune_members(Pruner *pruner, const YsValue *map, YsValue *pruned)
{
	uint32_t	most = map->len < pruner->left ? map->len : pruner->left;

	pruned->len = 0;
	pruned->members = ys_arena_alloc(pruner->arena, sizeof(YsMember) * (most + 1));
	if (pruned->members == NULL)
	{
		pruner->failed = true;
		return;
	}
	while (pruned->len < most && pruner->left > 0)
	{
		const YsMember *member = &map->members[pruned->len];
		YsMember   *shown = &pruned->members[pruned->len++];
		YsSlice		name = prune_text(pruner, member->name, member->name_len);

		shown->name = name.bytes;
		shown->name_len = name.len;
		shown->value = prune(pruner, &member->value);
	}
	pruner->cut |= pruned->len < map->len;
}

static void
prune_elements(Pruner *pruner, const YsValue *list, YsValue *pruned)
{
	uint32_t	most = list->len < pruner->left ? list->len : pruner->left;

	pruned->len = 0;
	pruned->elements = ys_arena_alloc(pruner->arena, sizeof(YsValue) * (most + 1));
	if (pruned->elements == NULL)
	{
		pruner->failed = true;
		return;
	}
	while (pruned->len < most && pruner->left > 0)
	{
		pruned->elements[pruned->len] = prune(pruner, &list->elements[pruned->len]);
		pruned->len++;
	}
	pruner->cut |= pruned->len < list->len;
}

/* Recursion is bounded by how deep the decoder followed the document. */
static YsValue
prune(Pruner *pruner, const YsValue *value)
{
	YsValue		pruned = *value;
	YsSlice		text;
	YsSlice		rest;
	YsDecimal	decimal;

	spend(pruner, 1);
	switch (value->type)
	{
		case YS_TYPE_NUMBER:
			text = (YsSlice) {value->bytes, value->len};
			if (ys_decimal_parse(text, &decimal, &rest) != NULL || value->len > pruner->left)
				pruned.type = YS_TYPE_STRING;
			/* FALLTHROUGH */
		case YS_TYPE_STRING:
			text = prune_text(pruner, value->bytes, value->len);
			pruned.bytes = text.bytes;
			pruned.len = text.len;
			break;
		case YS_TYPE_BINARY:
			pruned.len = value->len < pruner->left ? value->len : pruner->left;
			pruner->cut |= pruned.len < value->len;
			spend(pruner, pruned.len);
			break;
		case YS_TYPE_MAP:
			prune_members(pruner, value, &pruned);
			break;
		case YS_TYPE_LIST:
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			pruned.type = YS_TYPE_LIST;	/* in the order it has */
			prune_elements(pruner, value, &pruned);
			break;
		case YS_TYPE_BOOL:
		case YS_TYPE_NULL:
			break;
	}
	return pruned;
}

bool
ys_rejected_print(const YsValue *value, uint32_t most, YsArena *arena, YsRejection *rejection)
{
	Pruner		pruner = {arena, most, false, false};
	YsValue		pruned = prune(&pruner, value);
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
