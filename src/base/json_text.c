/*-------------------------------------------------------------------------
 * json_text.c
 *	  JSON's grammar of strings and numbers, as text.
 *-------------------------------------------------------------------------
 */
#include "base/json_text.h"

#include <string.h>

/* Four hexadecimal digits, or -1. */
static int
hex4(const char *in, const char *end)
{
	int			value = 0;

	if (end - in < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char		c = in[i];

		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value |= (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

/* Write one character as UTF-8. */
static char *
put_utf8(char *out, unsigned c)
{
	if (c < 0x80)
		*out++ = (char) c;
	else if (c < 0x800)
	{
		*out++ = (char) (0xC0 | (c >> 6));
		*out++ = (char) (0x80 | (c & 0x3F));
	}
	else if (c < 0x10000)
	{
		*out++ = (char) (0xE0 | (c >> 12));
		*out++ = (char) (0x80 | ((c >> 6) & 0x3F));
		*out++ = (char) (0x80 | (c & 0x3F));
	}
	else
	{
		*out++ = (char) (0xF0 | (c >> 18));
		*out++ = (char) (0x80 | ((c >> 12) & 0x3F));
		*out++ = (char) (0x80 | ((c >> 6) & 0x3F));
		*out++ = (char) (0x80 | (c & 0x3F));
	}
	return out;
}

/*
 * Read the escape at *in (behind its backslash) and write what it stands
 * for.  Returns the end of what was written, or NULL for no valid escape.
 */
static char *
unescape_one(const char **in, const char *end, char *out)
{
	int			high;
	int			low;

	if (*in >= end)
		return NULL;
	switch (*(*in)++)
	{
		case '"':
			*out = '"';
			return out + 1;
		case '\\':
			*out = '\\';
			return out + 1;
		case '/':
			*out = '/';
			return out + 1;
		case 'b':
			*out = '\b';
			return out + 1;
		case 'f':
			*out = '\f';
			return out + 1;
		case 'n':
			*out = '\n';
			return out + 1;
		case 'r':
			*out = '\r';
			return out + 1;
		case 't':
			*out = '\t';
			return out + 1;
		case 'u':
			high = hex4(*in, end);
			if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF))
				return NULL;
			*in += 4;
			if (high < 0xD800 || high > 0xDBFF)
				return put_utf8(out, (unsigned) high);
			if (end - *in < 6 || (*in)[0] != '\\' || (*in)[1] != 'u')
				return NULL;
			low = hex4(*in + 2, end);
			if (low < 0xDC00 || low > 0xDFFF)
				return NULL;
			*in += 6;
			return put_utf8(out, 0x10000 + (((unsigned) high & 0x3FF) << 10 | ((unsigned) low & 0x3FF)));
		default:
			return NULL;
	}
}

bool
ys_json_unescape(const char *text, size_t len, char *out, size_t *out_len, size_t *bad)
{
	const char *in = text;
	const char *end = text + len;
	char	   *start = out;

	while (in < end)
	{
		const char *escape = memchr(in, '\\', (size_t) (end - in));
		size_t		run = (size_t) ((escape != NULL ? escape : end) - in);

		memcpy(out, in, run);
		out += run;
		in += run;
		if (escape == NULL)
			break;
		in++;
		out = unescape_one(&in, end, out);
		if (out == NULL)
		{
			*bad = (size_t) (escape - text);
			return false;
		}
	}
	*out_len = (size_t) (out - start);
	return true;
}

bool
ys_json_is_number(const char *text, size_t len)
{
	const char *end = text + len;
	const char *digits;

	if (text < end && *text == '-')
		text++;
	digits = text;
	while (text < end && *text >= '0' && *text <= '9')
		text++;
	if (text == digits || (*digits == '0' && text - digits > 1))
		return false;
	if (text < end && *text == '.')
	{
		digits = ++text;
		while (text < end && *text >= '0' && *text <= '9')
			text++;
		if (text == digits)
			return false;
	}
	if (text < end && (*text == 'e' || *text == 'E'))
	{
		text++;
		if (text < end && (*text == '+' || *text == '-'))
			text++;
		digits = text;
		while (text < end && *text >= '0' && *text <= '9')
			text++;
		if (text == digits)
			return false;
	}
	return text == end;
}
