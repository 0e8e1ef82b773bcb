/*-------------------------------------------------------------------------
 * text.h
 *	  Byte strings as text: UTF-8, white space, and the declared normalizers.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_NORMALIZE_TEXT_H
#define YS_POLICY_NORMALIZE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Borrowed bytes, always with their length. */
typedef struct YsSlice
{
	const char *bytes;
	uint32_t	len;
} YsSlice;

/* Bytes of the white space character at p, by Unicode's property of that name; 0 when there is none. */
extern uint32_t ys_string_wide_space(const char *p, const char *end);	/* past ASCII */

static inline uint32_t
ys_string_space(const char *p, const char *end)
{
	if (p == end)
		return 0;
	if ((signed char) *p >= 0)
		return *p == ' ' || (*p >= '\t' && *p <= '\r');
	return ys_string_wide_space(p, end);
}

/* The slice without outer white space. */
extern YsSlice ys_string_trim(YsSlice slice);

/* No outer white space, and one space for each inner run of it; false only when the arena is exhausted. */
extern bool ys_string_collapse(YsArena *arena, YsSlice *slice);

/* Bytes of the UTF-8 character at p, 0 when there is none. */
extern size_t ys_string_width(const char *p, const char *end);

/* NULL when the bytes are text the server can hold, else why not (static text). */
extern const char *ys_string_check(const char *bytes, size_t len);

/* The longest length up to max that ends between two UTF-8 characters. */
extern size_t ys_string_cut(const char *bytes, size_t len, size_t max);

/* Equal without regard to ASCII case; word is NUL-terminated and lower case. */
extern bool ys_string_is(YsSlice slice, const char *word);

static inline bool
ys_ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
ys_ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

static inline bool
ys_ascii_is_letter(char c)
{
	return ys_ascii_lower(c) >= 'a' && ys_ascii_lower(c) <= 'z';
}

/* FNV-1a, over ASCII-lowered bytes when fold is set; for tables of names. */
extern uint32_t ys_string_hash(const char *bytes, size_t len, bool fold);

/*
 * A normalizer rewrites a slice, in arena where bytes change.  It is total
 * and idempotent.  False only when the arena is exhausted.
 */
typedef bool (*YsStringFn) (YsArena *arena, YsSlice *slice);

/* By name; NULL when there is none.  ys_normalizer_names lists what there is. */
extern YsStringFn ys_normalizer_find(YsSlice name);
extern const char *ys_normalizer_names(void);

#endif							/* YS_POLICY_NORMALIZE_TEXT_H */
