/*-------------------------------------------------------------------------
 * text.c
 *	  Byte strings as text: UTF-8, white space, and the declared normalizers.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/text.h"

#include <string.h>

#include "policy/normalize/unicode.h"

uint32_t
ys_string_wide_space(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *) p;
	size_t		left = (size_t) (end - p);

	if (u[0] == 0xC2)
		return left >= 2 && (u[1] == 0xA0 || u[1] == 0x85) ? 2 : 0;
	if (left < 3)
		return 0;
	if (u[0] == 0xE2 &&
		((u[1] == 0x80 && ((u[2] >= 0x80 && u[2] <= 0x8A) || u[2] == 0xA8 || u[2] == 0xA9 || u[2] == 0xAF)) ||
		 (u[1] == 0x81 && u[2] == 0x9F)))
		return 3;
	return (u[0] == 0xE3 && u[1] == 0x80 && u[2] == 0x80) ||
		(u[0] == 0xE1 && u[1] == 0x9A && u[2] == 0x80) ? 3 : 0;
}

/* Bytes of the white space character that ends at end, 0 when there is none. */
static uint32_t
space_before(const char *start, const char *end)
{
	if ((signed char) end[-1] >= 0)
		return ys_string_space(end - 1, end);
	for (uint32_t width = 1; width <= 3 && (size_t) (end - start) >= width; width++)
	{
		if (((unsigned char) end[-(int) width] & 0xC0) != 0x80)
			return ys_string_space(end - width, end) == width ? width : 0;
	}
	return 0;
}

/* ASCII that is no white space: nearly every byte there is. */
static inline bool
is_plain(char c)
{
	return (signed char) c > ' ';
}

YsSlice
ys_string_trim(YsSlice slice)
{
	const char *p = slice.bytes;
	const char *end = p + slice.len;
	uint32_t	width;

	while (p < end && !is_plain(*p) && (width = ys_string_space(p, end)) > 0)
		p += width;
	while (p < end && !is_plain(end[-1]) && (width = space_before(p, end)) > 0)
		end -= width;
	return (YsSlice) {p, (uint32_t) (end - p)};
}

/* Unicode 15, table 3-7. */
size_t
ys_string_width(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *) p;
	size_t		left = (size_t) (end - p);
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t		width;

	if (left == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xC2 || u[0] > 0xF4)
		return 0;
	width = u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
	if (left < width)
		return 0;
	if (u[0] == 0xE0)
		low = 0xA0;				/* overlong */
	else if (u[0] == 0xED)
		high = 0x9F;			/* surrogates */
	else if (u[0] == 0xF0)
		low = 0x90;				/* overlong */
	else if (u[0] == 0xF4)
		high = 0x8F;			/* past U+10FFFF */
	if (u[1] < low || u[1] > high)
		return 0;
	for (size_t i = 2; i < width; i++)
	{
		if ((u[i] & 0xC0) != 0x80)
			return 0;
	}
	return width;
}

const char *
ys_string_check(const char *bytes, size_t len)
{
	size_t		i = 0;

	while (i < len)
	{
		size_t		width;

		/* Eight bytes of ASCII without a NUL at a time, which is nearly all there is. */
		while (len - i >= 8)
		{
			uint64_t	word;

			memcpy(&word, bytes + i, 8);
			if (((word | (word - UINT64_C(0x0101010101010101))) &
				 UINT64_C(0x8080808080808080)) != 0)
				break;
			i += 8;
		}
		if (i == len)
			break;
		if (bytes[i] == '\0')
			return "contains U+0000";
		width = ys_string_width(bytes + i, bytes + len);
		if (width == 0)
			return "not valid UTF-8";
		i += width;
	}
	return NULL;
}

size_t
ys_string_cut(const char *bytes, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char) bytes[max] & 0xC0) == 0x80)
		max--;
	return max;
}

bool
ys_string_is(YsSlice slice, const char *word)
{
	for (uint32_t i = 0; i < slice.len; i++)
	{
		if (ys_ascii_lower(slice.bytes[i]) != word[i] || word[i] == '\0')
			return false;
	}
	return word[slice.len] == '\0';
}

uint32_t
ys_string_hash(const char *bytes, size_t len, bool fold)
{
	uint32_t	hash = UINT32_C(2166136261);

	for (size_t i = 0; i < len; i++)
	{
		hash ^= (unsigned char) (fold ? ys_ascii_lower(bytes[i]) : bytes[i]);
		hash *= UINT32_C(16777619);
	}
	return hash;
}

/* ---- normalizers ---- */

static bool
trim(YsArena *arena, YsSlice *slice)
{
	(void) arena;
	*slice = ys_string_trim(*slice);
	return true;
}

#define EACH(byte)		(UINT64_C(0x0101010101010101) * (byte))

/* How many bytes are, eight at a time, ASCII and single spaces; the last one is no space. */
static uint32_t
count_collapsed(const char *bytes, uint32_t len)
{
	uint32_t	i = 0;

	for (; len - i >= 8; i += 8)
	{
		uint64_t	word;
		uint64_t	plain;
		uint64_t	spaces;

		memcpy(&word, bytes + i, 8);
		plain = (word + EACH(0x7F - ' ')) & EACH(0x80);
		spaces = ~((word ^ EACH(' ')) + EACH(0x7F)) & EACH(0x80);
		if ((word & EACH(0x80)) != 0 || (plain | spaces) != EACH(0x80) || (spaces & spaces << 8) != 0 ||
			(bytes[i + 7] == ' ' && !is_plain(bytes[i + 8])))
			break;
	}
	return i;
}

/* Outer white space goes, each inner run of it becomes one space. */
bool
ys_string_collapse(YsArena *arena, YsSlice *slice)
{
	YsSlice		trimmed = ys_string_trim(*slice);
	const char *p = trimmed.bytes;
	const char *end = p + trimmed.len;
	char	   *copy;
	uint32_t	len = 0;

	*slice = trimmed;
	p += count_collapsed(p, trimmed.len);
	while (p < end)
	{
		uint32_t	width;

		if (is_plain(*p) || (*p == ' ' && is_plain(p[1])))
		{
			p++;
			continue;
		}
		width = ys_string_space(p, end);
		if (width > 0 && (*p != ' ' || ys_string_space(p + 1, end) > 0))
			break;
		p++;
	}
	if (p == end)
		return true;
	copy = ys_arena_alloc(arena, (size_t) trimmed.len + 1);
	if (copy == NULL)
		return false;
	for (p = trimmed.bytes; p < end;)
	{
		uint32_t	width = ys_string_space(p, end);

		if (width == 0)
		{
			copy[len++] = *p++;
			continue;
		}
		copy[len++] = ' ';
		for (; width > 0; width = ys_string_space(p, end))
			p += width;
	}
	copy[len] = '\0';
	*slice = (YsSlice) {copy, len};
	return true;
}

static const struct
{
	const char *name;
	YsStringFn	fn;
}			normalizers[] =
{
	{"trim", trim},
	{"collapse", ys_string_collapse},
	{"lower", ys_unicode_lower},
	{"upper", ys_unicode_upper},
	{"casefold", ys_unicode_casefold},
	{"nfc", ys_unicode_nfc},
	{"unaccent", ys_unicode_unaccent},
};

YsStringFn
ys_normalizer_find(YsSlice name)
{
	for (size_t i = 0; i < sizeof(normalizers) / sizeof(normalizers[0]); i++)
	{
		if (name.len == strlen(normalizers[i].name) &&
			memcmp(name.bytes, normalizers[i].name, name.len) == 0)
			return normalizers[i].fn;
	}
	return NULL;
}

const char *
ys_normalizer_names(void)
{
	return "trim, collapse, lower, upper, casefold, nfc, unaccent";
}
