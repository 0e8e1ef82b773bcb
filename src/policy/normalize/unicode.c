/*-------------------------------------------------------------------------
 * unicode.c
 *	  What takes Unicode's tables: normal form, case, accents, and how words
 *	  are compared.
 *
 * The tables are utf8proc's.  Marks are put in canonical order here, by
 * counting where there are many, so that no text takes more than linear time.
 * ASCII, nearly all there is, and letters below U+0300, which combine with
 * nothing, never get that far.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/unicode.h"

#include <string.h>
#include <utf8proc.h>

/* The first byte of U+0300 and all behind it. */
#define FIRST_MARK_BYTE		0xCC

/* A letter's decomposition, and marks that are sorted by insertion. */
#define MOST_PARTS			32
#define FEW_MARKS			16

#define DOTLESS_I			0x131
#define SHARP_S				0xDF

typedef struct Codes
{
	int32_t    *codes;
	size_t		len;
} Codes;

/* What becomes of each code point before the text is composed. */
typedef enum Change
{
	KEEP,
	FOLD_CASE,
	DROP_ACCENTS
} Change;

static int
mark_class(int32_t code)
{
	return code < 0x300 ? 0 : utf8proc_get_property(code)->combining_class;
}

/* Through a letter, or attached to it, above or below. */
static bool
is_accent(int32_t code)
{
	int			class = mark_class(code);

	return class == 1 || class >= 200;
}

/* ---- canonical order ---- */

/* Sort marks by class, those of one class in the order they have. */
static bool
sort_marks(YsArena *arena, int32_t *marks, size_t count)
{
	size_t		ends[256] = {0};
	int32_t    *sorted;

	if (count <= FEW_MARKS)
	{
		for (size_t i = 1; i < count; i++)
		{
			int32_t		mark = marks[i];
			size_t		at = i;

			for (; at > 0 && mark_class(marks[at - 1]) > mark_class(mark); at--)
				marks[at] = marks[at - 1];
			marks[at] = mark;
		}
		return true;
	}
	sorted = ys_arena_alloc(arena, sizeof(int32_t) * count);
	if (sorted == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		ends[mark_class(marks[i])]++;
	for (int class = 1; class < 256; class++)
		ends[class] += ends[class - 1];
	for (size_t i = count; i-- > 0;)
		sorted[--ends[mark_class(marks[i])]] = marks[i];
	memcpy(marks, sorted, sizeof(int32_t) * count);
	return true;
}

static bool
order_marks(YsArena *arena, Codes *text)
{
	for (size_t i = 0; i < text->len; i++)
	{
		size_t		first = i;

		while (i < text->len && mark_class(text->codes[i]) > 0)
			i++;
		if (i - first > 1 && !sort_marks(arena, text->codes + first, i - first))
			return false;
	}
	return true;
}

/* ---- from UTF-8 and back ---- */

/* The parts of a letter, in canonical decomposition. */
static int
decompose_code(int32_t code, Change change, int32_t parts[MOST_PARTS])
{
	int			boundary = 0;
	utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;

	if (change == FOLD_CASE)
		options |= UTF8PROC_CASEFOLD;
	return (int) utf8proc_decompose_char(code, parts, MOST_PARTS, options, &boundary);
}

/* The text taken apart, marks in order.  *text stays NULL when it is not UTF-8. */
static bool
decompose(YsArena *arena, YsSlice slice, Change change, Codes *text)
{
	const uint8_t *p = (const uint8_t *) slice.bytes;
	const uint8_t *end = p + slice.len;
	int32_t    *codes = ys_arena_alloc(arena, sizeof(int32_t) * ((size_t) slice.len * 2 + MOST_PARTS));
	size_t		len = 0;

	*text = (Codes) {NULL, 0};
	if (codes == NULL)
		return false;
	while (p < end)
	{
		int32_t		parts[MOST_PARTS];
		int32_t		code;
		ptrdiff_t	width = utf8proc_iterate(p, end - p, &code);
		int			count;

		if (width <= 0)
			return true;
		p += width;
		count = decompose_code(code, change, parts);

		/* no letter has more than 3 parts for 2 bytes */
		for (int i = 0; i < count; i++)
		{
			if (change != DROP_ACCENTS || !is_accent(parts[i]))
				codes[len++] = parts[i];
		}
	}
	*text = (Codes) {codes, len};
	return order_marks(arena, text);
}

static void
compose(Codes *text)
{
	text->len = (size_t) utf8proc_normalize_utf32(text->codes, (ptrdiff_t) text->len,
												  UTF8PROC_COMPOSE | UTF8PROC_STABLE);
}

/* The slice becomes the text, unless that is what it is. */
static bool
encode(YsArena *arena, const Codes *text, YsSlice *slice)
{
	uint8_t    *bytes = ys_arena_alloc(arena, text->len * 4 + 1);
	size_t		len = 0;

	if (bytes == NULL)
		return false;
	for (size_t i = 0; i < text->len; i++)
		len += (size_t) utf8proc_encode_char(text->codes[i], bytes + len);
	bytes[len] = '\0';
	if (len != slice->len || memcmp(bytes, slice->bytes, len) != 0)
		*slice = (YsSlice) {(const char *) bytes, (uint32_t) len};
	return true;
}

/* ---- normalizers ---- */

/* The length of the slice's beginning that has no byte of limit or above. */
static uint32_t
plain_prefix(YsSlice slice, unsigned char limit)
{
	uint32_t	i = 0;

	while (i < slice.len && (unsigned char) slice.bytes[i] < limit)
		i++;
	return i;
}

static bool
normalize(YsArena *arena, YsSlice *slice, Change change)
{
	Codes		text;

	if (!decompose(arena, *slice, change, &text))
		return false;
	if (text.codes == NULL)
		return true;
	compose(&text);
	return encode(arena, &text, slice);
}

bool
ys_unicode_nfc(YsArena *arena, YsSlice *slice)
{
	return plain_prefix(*slice, FIRST_MARK_BYTE) == slice->len || normalize(arena, slice, KEEP);
}

bool
ys_unicode_unaccent(YsArena *arena, YsSlice *slice)
{
	return plain_prefix(*slice, 0x80) == slice->len || normalize(arena, slice, DROP_ACCENTS);
}

static bool
map_ascii(YsArena *arena, YsSlice *slice, char (*map) (char))
{
	uint32_t	i = 0;
	char	   *copy;

	while (i < slice->len && map(slice->bytes[i]) == slice->bytes[i])
		i++;
	if (i == slice->len)
		return true;
	copy = ys_arena_copy(arena, slice->bytes, slice->len);
	if (copy == NULL)
		return false;
	for (; i < slice->len; i++)
		copy[i] = map(copy[i]);
	slice->bytes = copy;
	return true;
}

static char
ascii_lower(char c)
{
	return ys_ascii_lower(c);
}

static char
ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char) (c - ('a' - 'A')) : c;
}

bool
ys_unicode_casefold(YsArena *arena, YsSlice *slice)
{
	if (plain_prefix(*slice, 0x80) == slice->len)
		return map_ascii(arena, slice, ascii_lower);

	/* a mark may become a letter: it must be in its place before it does */
	return ys_unicode_nfc(arena, slice) && normalize(arena, slice, FOLD_CASE);
}

/* Letter by letter in normal form C, which the letters they become may leave. */
static bool
map_codes(YsArena *arena, YsSlice *slice, int32_t (*map) (int32_t))
{
	Codes		text;

	if (!decompose(arena, *slice, KEEP, &text))
		return false;
	if (text.codes == NULL)
		return true;
	compose(&text);
	for (size_t i = 0; i < text.len; i++)
		text.codes[i] = map(text.codes[i]);
	return encode(arena, &text, slice) && ys_unicode_nfc(arena, slice);
}

static int32_t
code_lower(int32_t code)
{
	return utf8proc_tolower(code);
}

static int32_t
code_upper(int32_t code)
{
	/* which has no upper case of one letter in Unicode's data, but in the library's */
	return code == SHARP_S ? code : utf8proc_toupper(code);
}

bool
ys_unicode_lower(YsArena *arena, YsSlice *slice)
{
	return plain_prefix(*slice, 0x80) == slice->len ?
		map_ascii(arena, slice, ascii_lower) : map_codes(arena, slice, code_lower);
}

bool
ys_unicode_upper(YsArena *arena, YsSlice *slice)
{
	return plain_prefix(*slice, 0x80) == slice->len ?
		map_ascii(arena, slice, ascii_upper) : map_codes(arena, slice, code_upper);
}

/* ---- comparing words ---- */

/* Put the marks that the last letter has left in order: there are few in a word. */
static void
order_last(int32_t *codes, int len)
{
	for (int i = len - 1; i > 0 && mark_class(codes[i]) > 0 &&
		 mark_class(codes[i - 1]) > mark_class(codes[i]); i--)
	{
		int32_t		mark = codes[i];

		codes[i] = codes[i - 1];
		codes[i - 1] = mark;
	}
}

/* Add what is left of a letter without case and accents; false when there is no room. */
static bool
fold_code(int32_t code, int32_t codes[YS_FOLD_MAX], int *len)
{
	int32_t		parts[MOST_PARTS];
	int			nparts = decompose_code(code == DOTLESS_I ? 'i' : code, KEEP, parts);

	for (int p = 0; p < nparts; p++)
	{
		int32_t		folded[MOST_PARTS];
		int			count = is_accent(parts[p]) ? 0 : decompose_code(parts[p], FOLD_CASE, folded);

		for (int i = 0; i < count; i++)
		{
			if (is_accent(folded[i]))
				continue;
			if (*len == YS_FOLD_MAX)
				return false;
			codes[(*len)++] = folded[i];
			order_last(codes, *len);
		}
	}
	return true;
}

static int
fold_unicode(YsSlice text, char key[YS_FOLD_MAX])
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	int32_t		codes[YS_FOLD_MAX];
	int			len = 0;
	size_t		bytes = 0;

	while (p < end)
	{
		uint32_t	space = ys_string_space(p, end);
		int32_t		code;
		ptrdiff_t	width = utf8proc_iterate((const uint8_t *) p, end - p, &code);

		if (width <= 0)
			return -1;
		p += width;
		if (space > 0 && (len == 0 || codes[len - 1] == ' '))
			continue;
		if (!fold_code(space > 0 ? ' ' : code, codes, &len))
			return -1;
	}
	if (len > 0 && codes[len - 1] == ' ')
		len--;
	for (int i = 0; i < len; i++)
	{
		uint8_t		encoded[4];
		size_t		width = (size_t) utf8proc_encode_char(codes[i], encoded);

		if (bytes + width > YS_FOLD_MAX)
			return -1;
		memcpy(key + bytes, encoded, width);
		bytes += width;
	}
	return (int) bytes;
}

int
ys_unicode_fold(YsSlice text, char key[YS_FOLD_MAX])
{
	YsSlice		word = ys_string_trim(text);
	int			len = 0;

	for (uint32_t i = 0; i < word.len; i++)
	{
		char		c = word.bytes[i];

		if ((unsigned char) c >= 0x80)
			return fold_unicode(word, key);
		if (c == ' ' || (c >= '\t' && c <= '\r'))
		{
			if (key[len - 1] == ' ')
				continue;
			c = ' ';
		}
		if (len == YS_FOLD_MAX)
			return -1;
		key[len++] = ys_ascii_lower(c);
	}
	return len;
}
