/*-------------------------------------------------------------------------
 * sanitize.c
 *	  Making a value one that the server takes as jsonb.
 *-------------------------------------------------------------------------
 */
#include "policy/sanitize.h"

#include <stdlib.h>
#include <string.h>

#include "policy/normalize/text.h"

#define REPLACEMENT		"\xEF\xBF\xBD"

/*
 * Decimal digits before and behind the point of what the store can hold: 38 digits, 1E-130 to
 * 9.99...E+125.  jsonb can hold more, but writes 1E+100000 in as many bytes.
 */
#define MOST_WHOLE		126
#define MOST_FRACTION	(130 + 38)

static void
spend(YsSanitizer *sanitizer, uint32_t bytes)
{
	if (sanitizer->left == UINT32_MAX)
		return;					/* all is kept */
	sanitizer->left -= bytes < sanitizer->left ? bytes : sanitizer->left;
}

bool
ys_sanitize_text(YsArena *arena, uint32_t most, YsSlice *text, bool *cut)
{
	const char *p = text->bytes;
	const char *end = p + text->len;
	uint32_t	room = text->len < most / 3 ? text->len * 3 : most;
	uint32_t	len = 0;
	char	   *copy;

	*cut = false;
	if (text->len <= most && ys_string_check(p, text->len) == NULL)
		return true;
	/* a byte that is no character becomes three */
	copy = ys_arena_alloc(arena, (size_t) room + 1);
	if (copy == NULL)
		return false;
	while (p < end)
	{
		uint32_t	width = (uint32_t) ys_string_width(p, end);
		bool		usable = width > 0 && *p != '\0';
		uint32_t	put = usable ? width : (uint32_t) strlen(REPLACEMENT);

		if (put > most - len)
			break;
		memcpy(copy + len, usable ? p : REPLACEMENT, put);
		len += put;
		p += width > 0 ? width : 1;
	}
	copy[len] = '\0';
	*cut = p < end;
	*text = (YsSlice) {copy, len};
	return true;
}

/* As much of a text as may be kept. */
static YsSlice
sanitize_text(YsSanitizer *sanitizer, const char *bytes, uint32_t len)
{
	YsSlice		text = {bytes, len};
	bool		cut;

	if (!ys_sanitize_text(sanitizer->arena, sanitizer->left, &text, &cut))
	{
		sanitizer->failed = true;
		return (YsSlice) {"", 0};
	}
	sanitizer->changed |= text.bytes != bytes;
	sanitizer->cut |= cut;
	spend(sanitizer, text.len);
	return text;
}

static int
compare_names(const void *a, const void *b)
{
	const YsMember *left = *(const YsMember *const *) a;
	const YsMember *right = *(const YsMember *const *) b;
	uint32_t	common = left->name_len < right->name_len ? left->name_len : right->name_len;
	int			order = memcmp(left->name, right->name, common);

	return order != 0 ? order : (left->name_len > right->name_len) - (left->name_len < right->name_len);
}

/*
 * The members by name: what is left out must not depend on the order in which the store tells
 * them, which has no meaning.  NULL when the arena is exhausted.
 */
static const YsMember **
sort_members(YsSanitizer *sanitizer, const YsValue *map)
{
	const YsMember **sorted = ys_arena_alloc(sanitizer->arena, sizeof(YsMember *) * ((size_t) map->len + 1));

	if (sorted == NULL)
		return NULL;
	for (uint32_t i = 0; i < map->len; i++)
		sorted[i] = &map->members[i];
	if (sanitizer->left < UINT32_MAX)
		qsort(sorted, map->len, sizeof(*sorted), compare_names);
	return sorted;
}

static void
sanitize_members(YsSanitizer *sanitizer, const YsValue *map, YsValue *clean)
{
	const YsMember **sorted = sort_members(sanitizer, map);
	uint32_t	most = map->len < sanitizer->left ? map->len : sanitizer->left;

	clean->len = 0;
	clean->members = ys_arena_alloc(sanitizer->arena, sizeof(YsMember) * ((size_t) most + 1));
	if (clean->members == NULL || sorted == NULL)
	{
		sanitizer->failed = true;
		return;
	}
	while (clean->len < most && sanitizer->left > 0)
	{
		const YsMember *member = sorted[clean->len];
		YsMember   *kept = &clean->members[clean->len++];
		YsSlice		name = sanitize_text(sanitizer, member->name, member->name_len);

		kept->name = name.bytes;
		kept->name_len = name.len;
		kept->value = ys_sanitize(sanitizer, &member->value);
	}
	sanitizer->cut |= clean->len < map->len;
}

static void
sanitize_elements(YsSanitizer *sanitizer, const YsValue *list, YsValue *clean)
{
	uint32_t	most = list->len < sanitizer->left ? list->len : sanitizer->left;

	clean->len = 0;
	clean->elements = ys_arena_alloc(sanitizer->arena, sizeof(YsValue) * ((size_t) most + 1));
	if (clean->elements == NULL)
	{
		sanitizer->failed = true;
		return;
	}
	while (clean->len < most && sanitizer->left > 0)
	{
		clean->elements[clean->len] = ys_sanitize(sanitizer, &list->elements[clean->len]);
		clean->len++;
	}
	sanitizer->cut |= clean->len < list->len;
}

/* Digits of a JSON number from p on; *p is behind them. */
static int64_t
count_digits(const char **p, const char *end)
{
	const char *start = *p;

	while (*p < end && ys_ascii_is_digit(**p))
		(*p)++;
	return *p - start;
}

/* Is the number one that the store could hold?  An exponent moves the point. */
static bool
is_in_range(const char *text, uint32_t len)
{
	const char *p = text;
	const char *end = text + len;
	int64_t		whole;
	int64_t		fraction = 0;
	int64_t		exponent = 0;
	bool		negative = false;

	if (p < end && *p == '-')
		p++;
	whole = count_digits(&p, end);
	if (p < end && *p == '.')
	{
		p++;
		fraction = count_digits(&p, end);
	}
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		negative = p < end && *p == '-';
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		for (; p < end && ys_ascii_is_digit(*p); p++)
		{
			if (exponent < 10000)
				exponent = exponent * 10 + (*p - '0');
		}
	}
	if (negative)
		exponent = -exponent;
	return p == end && whole > 0 && whole + exponent <= MOST_WHOLE && fraction - exponent <= MOST_FRACTION;
}

/* What is nested too deeply: nothing of it is kept. */
static YsValue
leave_out(YsSanitizer *sanitizer)
{
	sanitizer->cut = sanitizer->changed = true;
	return ys_value_null();
}

YsValue
ys_sanitize(YsSanitizer *sanitizer, const YsValue *value)
{
	YsValue		clean = *value;
	YsSlice		text;

	spend(sanitizer, 1);
	switch (value->type)
	{
		case YS_TYPE_NUMBER:
			if (!is_in_range(value->bytes, value->len) || value->len > sanitizer->left)
			{
				clean.type = YS_TYPE_STRING;
				sanitizer->changed = true;
			}
			/* FALLTHROUGH */
		case YS_TYPE_STRING:
			text = sanitize_text(sanitizer, value->bytes, value->len);
			clean.bytes = text.bytes;
			clean.len = text.len;
			break;
		case YS_TYPE_BINARY:
			clean.len = value->len < sanitizer->left ? value->len : sanitizer->left;
			sanitizer->cut |= clean.len < value->len;
			spend(sanitizer, clean.len);
			break;
		case YS_TYPE_MAP:
		case YS_TYPE_LIST:
			if (sanitizer->depth == YS_SANITIZE_DEPTH)
				return leave_out(sanitizer);
			sanitizer->depth++;
			if (value->type == YS_TYPE_MAP)
				sanitize_members(sanitizer, value, &clean);
			else
				sanitize_elements(sanitizer, value, &clean);
			sanitizer->depth--;
			break;
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			sanitizer->changed = true;
			if (ys_value_sort_set(value, sanitizer->arena, &clean))
				return ys_sanitize(sanitizer, &clean);
			sanitizer->failed = true;
			return ys_value_null();
		case YS_TYPE_BOOL:
		case YS_TYPE_NULL:
			break;
	}
	return clean;
}
