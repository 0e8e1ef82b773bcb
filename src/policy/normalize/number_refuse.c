/*-------------------------------------------------------------------------
 * number_refuse.c
 *	  Why a text is no number: reasons people can act on.
 *
 * Only looked at when a text is refused already; nothing here makes a number
 * of it.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/number_read.h"

#include <string.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* The zeros of the decimal digits (Unicode's Nd) besides ASCII's; nine others follow each. */
static const uint32_t zeros[] =
{
	0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
	0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0,
	0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066,
	0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50,
	0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0,
	0x1E950, 0x1FBF0
};

/* Words and signs are lower case; each is one that a number follows or that follows a number. */
static const char *const approximate_before[] =
{
	"~", "\xE2\x89\x88", "\xE2\x89\x83", "\xE2\x88\xBC", "<", ">", "\xE2\x89\xA4", "\xE2\x89\xA5", "\xC2\xB1", "+/-",
	"about", "above", "almost", "approx", "approximately", "around", "at least", "at most", "below", "ca", "c.",
	"circa", "less than", "more than", "nearly", "over", "roughly", "under", "up to",
	"almeno", "fino a", "meno di", "oltre", "pi\xC3\xB9 di", "quasi",
	"al menos", "aprox", "aproximadamente", "casi", "hasta", "menos de", "m\xC3\xA1s de", "unos", "unas",
	"bis zu", "etwa", "fast", "h\xC3\xB6" "chstens", "mehr als", "mindestens", "rund", "\xC3\xBC" "ber",
	"ungef\xC3\xA4hr", "unter", "weniger als", "zirka",
	"au moins", "env", "environ", "jusqu'\xC3\xA0", "moins de", "plus de", "pr\xC3\xA8s de", "presque"
};
static const char *const approximate_behind[] =
{
	"+", "or so", "or more", "or less", "approx", "approx.", "ca", "ca.", "circa", "aprox.", "etwa", "env.", "environ"
};
static const char *const range_before[] =
{
	"between", "from", "da", "dal", "dai", "tra", "fra", "entre", "de", "desde", "von", "zwischen"
};
static const char *const range_signs[] =
{
	"...", "..", "\xE2\x80\xA6", "-", "\xE2\x80\x90", "\xE2\x80\x91", "\xE2\x80\x92", "\xE2\x80\x93", "\xE2\x80\x94",
	"\xE2\x88\x92", "~", "\xE3\x80\x9C", "\xEF\xBD\x9E"
};
static const char *const range_words[] =
{
	"to", "and", "through", "a", "al", "ai", "e", "y", "hasta", "bis", "und", "\xC3\xA0", "et"
};

static bool
has_other_digits(const char *p, const char *end)
{
	while (p < end)
	{
		size_t		width = ys_string_width(p, end);
		uint32_t	c;

		if (width < 2)
		{
			p++;
			continue;
		}
		c = (unsigned char) *p & (0xFFu >> (width + 1));
		for (size_t i = 1; i < width; i++)
			c = c << 6 | ((unsigned char) p[i] & 0x3F);
		for (size_t i = 0; i < COUNT(zeros); i++)
		{
			if (c >= zeros[i] && c < zeros[i] + 10)
				return true;
		}
		p += width;
	}
	return false;
}

/* Does the text at p begin with word, without regard to the case of Latin letters? */
static bool
begins(const char *p, const char *end, const char *word)
{
	size_t		len = strlen(word);

	if ((size_t) (end - p) < len)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		char		c = ys_ascii_lower(p[i]);

		if (i > 0 && p[i - 1] == '\xC3')
			c |= '\x20';
		if (c != word[i])
			return false;
	}
	return true;
}

static const char *
skip_spaces(const char *p, const char *end)
{
	uint32_t	width;

	while ((width = ys_string_space(p, end)) > 0)
		p += width;
	return p;
}

static const char *
skip_to_digit(const char *p, const char *end)
{
	while (p < end && !ys_ascii_is_digit(*p))
		p++;
	return p;
}

/* Digits, and the separators between them. */
static const char *
skip_number(const char *p, const char *end)
{
	while (p < end)
	{
		const char *next = skip_spaces(p, end);

		if (ys_ascii_is_digit(*p))
			p++;
		else if ((*p == '.' || *p == ',' || *p == '\'') && end - p > 1 && ys_ascii_is_digit(p[1]))
			p++;
		else if (next > p && next < end && ys_ascii_is_digit(*next))
			p = next;
		else
			break;
	}
	return p;
}

static bool
is_word_end(const char *p, const char *end)
{
	return p == end || *p == '.' || ys_ascii_is_digit(*p) || ys_string_space(p, end) > 0;
}

/* Does one of the words stand at p, and end there unless it is a sign? */
static bool
begins_with_any(const char *const *words, size_t count, const char *p, const char *end)
{
	for (size_t i = 0; i < count; i++)
	{
		if (begins(p, end, words[i]) &&
			(!ys_ascii_is_letter(words[i][0]) || is_word_end(p + strlen(words[i]), end)))
			return true;
	}
	return false;
}

static bool
ends_with_any(const char *const *words, size_t count, const char *start, const char *end)
{
	for (size_t i = 0; i < count; i++)
	{
		size_t		len = strlen(words[i]);
		const char *p = end - len;

		if ((size_t) (end - start) > len && begins(p, end, words[i]) &&
			(!ys_ascii_is_letter(words[i][0]) || !ys_ascii_is_letter(p[-1])))
			return true;
	}
	return false;
}

/* What stands between two numbers at p; NULL when nothing of a range does. */
static const char *
skip_connective(const char *p, const char *end)
{
	const char *q = skip_spaces(p, end);

	for (size_t i = 0; i < COUNT(range_signs); i++)
	{
		if (begins(q, end, range_signs[i]))
			return skip_spaces(q + strlen(range_signs[i]), end);
	}
	for (size_t i = 0; q > p && i < COUNT(range_words); i++)
	{
		const char *behind = q + strlen(range_words[i]);

		if (begins(q, end, range_words[i]) && ys_string_space(behind, end) > 0)
			return skip_spaces(behind, end);
	}
	return NULL;
}

/* Past a word that may be a unit. */
static const char *
skip_word(const char *p, const char *end)
{
	p = skip_spaces(p, end);
	while (p < end && !ys_ascii_is_digit(*p) && *p != '-' && ys_string_space(p, end) == 0 &&
		   !begins(p, end, "\xE2\x80\x93"))
		p++;
	return p;
}

/* Two numbers, and nothing but a sign or word of a range and units between and behind them. */
static bool
is_range(const char *p, const char *end)
{
	const char *q;
	const char *digit;

	p = skip_number(skip_to_digit(p, end), end);
	q = skip_connective(p, end);
	if (q == NULL)
		q = skip_connective(skip_word(p, end), end);
	if (q == NULL)
		return false;
	digit = skip_to_digit(q, end);
	if (digit == end || digit - q > 4)
		return false;
	q = skip_number(digit, end);
	digit = skip_to_digit(q, end);
	return digit == end || ys_ascii_is_letter(digit[-1]);
}

const char *
ys_number_refusal(YsSlice text, const char *reason)
{
	const char *p = text.bytes;
	const char *end = p + text.len;
	const char *digit = skip_to_digit(p, end);

	if (strcmp(reason, YS_NUMBER_OUT_OF_RANGE) == 0)
		return reason;			/* it is a number */
	if (has_other_digits(p, end))
		return YS_NUMBER_OTHER_DIGITS;
	if (digit == end)
		return reason;
	if ((digit > p && begins_with_any(approximate_before, COUNT(approximate_before), p, end)) ||
		(!ys_ascii_is_digit(end[-1]) &&
		 ends_with_any(approximate_behind, COUNT(approximate_behind), digit + 1, end)))
		return YS_NUMBER_APPROXIMATE;
	if (is_range(p, end) ||
		(digit > p && begins_with_any(range_before, COUNT(range_before), p, end) &&
		 skip_to_digit(skip_number(digit, end), end) < end))
		return YS_NUMBER_RANGE;
	if (ys_ascii_is_digit(*p) &&
		(end[-1] == '-' || (text.len > 3 && memcmp(end - 3, "\xE2\x88\x92", 3) == 0)))
		return YS_NUMBER_MINUS_BEHIND;
	return reason;
}
