/*-------------------------------------------------------------------------
 * error.c
 *	  Filling a YsError.
 *-------------------------------------------------------------------------
 */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static void format_into(char *buffer, size_t size, const char *format, va_list args) YS_PRINTF(3, 0);

/* Cut at the last whole UTF-8 character, when vsnprintf had to cut at all. */
static void
format_into(char *buffer, size_t size, const char *format, va_list args)
{
	int			wanted = vsnprintf(buffer, size, format, args);
	size_t		end;

	if (wanted >= 0 && (size_t) wanted < size)
		return;
	end = strlen(buffer);
	while (end > 0 && ((unsigned char) buffer[end - 1] & 0xC0) == 0x80)
		end--;
	if (end > 0 && (unsigned char) buffer[end - 1] >= 0xC0)
		end--;
	buffer[end] = '\0';
}

bool
ys_error_set(YsError *err, YsErrorCode code, const char *format,...)
{
	va_list		args;

	if (err == NULL)
		return false;
	err->code = code;
	err->detail[0] = '\0';
	err->hint[0] = '\0';
	va_start(args, format);
	format_into(err->message, sizeof(err->message), format, args);
	va_end(args);
	return false;
}

void
ys_error_detail(YsError *err, const char *format,...)
{
	va_list		args;

	if (err == NULL)
		return;
	va_start(args, format);
	format_into(err->detail, sizeof(err->detail), format, args);
	va_end(args);
}

void
ys_error_hint(YsError *err, const char *format,...)
{
	va_list		args;

	if (err == NULL)
		return;
	va_start(args, format);
	format_into(err->hint, sizeof(err->hint), format, args);
	va_end(args);
}
