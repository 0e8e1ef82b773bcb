/*-------------------------------------------------------------------------
 * value_base64.c
 *	  Base64 as the store writes binary values (RFC 4648, with padding).
 *-------------------------------------------------------------------------
 */
#include "store/value_internal.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
ys_base64_encode(YsText *text, const char *bytes, size_t len)
{
	const unsigned char *in = (const unsigned char *) bytes;
	char		out[4];

	for (; len >= 3; len -= 3, in += 3)
	{
		out[0] = alphabet[in[0] >> 2];
		out[1] = alphabet[(in[0] & 0x03) << 4 | in[1] >> 4];
		out[2] = alphabet[(in[1] & 0x0F) << 2 | in[2] >> 6];
		out[3] = alphabet[in[2] & 0x3F];
		ys_text_add(text, out, 4);
	}
	if (len > 0)
	{
		unsigned	second = len > 1 ? in[1] : 0;

		out[0] = alphabet[in[0] >> 2];
		out[1] = alphabet[(in[0] & 0x03) << 4 | second >> 4];
		out[2] = len > 1 ? alphabet[(second & 0x0F) << 2] : '=';
		out[3] = '=';
		ys_text_add(text, out, 4);
	}
}

/* The six bits a character stands for, or -1. */
static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool
ys_base64_decode(YsArena *arena, const char *text, size_t len,
				 const char **bytes, uint32_t *bytes_len, YsError *err)
{
	size_t		padding = 0;
	unsigned char *out;
	uint32_t	bits = 0;
	size_t		done = 0;

	while (padding < 2 && padding < len && text[len - padding - 1] == '=')
		padding++;
	if (len % 4 != 0)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "binary attribute is not valid base64");
	out = ys_arena_alloc(arena, len / 4 * 3 + 1);
	if (out == NULL)
		return ys_value_no_memory(err);
	for (size_t i = 0; i < len; i++)
	{
		int			value = i < len - padding ? sextet(text[i]) : 0;

		if (value < 0)
			return ys_error_set(err, YS_ERR_INVALID_DATA, "binary attribute is not valid base64");
		bits = bits << 6 | (uint32_t) value;
		if (i % 4 == 3)
		{
			out[done++] = (unsigned char) (bits >> 16);
			out[done++] = (unsigned char) (bits >> 8);
			out[done++] = (unsigned char) bits;
		}
	}

	/* What padding cut off must be zero: each value has one spelling. */
	for (size_t i = 0; i < padding; i++)
	{
		if (out[--done] != 0)
			return ys_error_set(err, YS_ERR_INVALID_DATA, "binary attribute is not valid base64");
	}
	out[done] = '\0';
	*bytes = (const char *) out;
	*bytes_len = (uint32_t) done;
	return true;
}
