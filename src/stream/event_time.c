/*-------------------------------------------------------------------------
 * event_time.c
 *	  When an event says that its item changed.
 *-------------------------------------------------------------------------
 */
#include "stream/event_formats.h"

#define MICROSECONDS	INT64_C(1000000)

/* The end of the year 9999: later "seconds" are milliseconds, or nonsense. */
#define LAST_SECOND		INT64_C(253402300799)

/* Decimal text without exponent as a count of units and its fraction in microseconds. */
static bool
read_count(const char *text, size_t len, int64_t per_second, int64_t *us)
{
	int64_t		unit = MICROSECONDS / per_second;
	int64_t		most = LAST_SECOND * per_second + (per_second - 1);
	int64_t		count = 0;
	int64_t		fraction = 0;
	size_t		i;

	for (i = 0; i < len && text[i] != '.'; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		count = count * 10 + (text[i] - '0');
		if (count > most)
			return false;
	}
	*us = count * unit;
	for (i++; i < len && unit > 1; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		unit /= 10;
		fraction += (text[i] - '0') * unit;
	}
	*us += fraction;
	return true;
}

bool
ys_event_time(const char *text, size_t len, int64_t per_second, YsArena *arena, int64_t *us)
{
	YsText		plain;

	ys_text_init(&plain, arena);
	if (!ys_number_canonical(text, len, &plain) || plain.failed)
		return false;
	if (per_second != 0)
		return read_count(plain.bytes, plain.len, per_second, us);

	/* moments of one unit are before 1978 in the next one */
	for (per_second = 1; per_second <= MICROSECONDS; per_second *= 1000)
	{
		if (read_count(plain.bytes, plain.len, per_second, us))
			return true;
	}
	return false;
}
