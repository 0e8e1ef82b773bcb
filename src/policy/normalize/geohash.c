/*-------------------------------------------------------------------------
 * geohash.c
 *	  Geohashes: five bits a character, longitude and latitude in turn, each bit
 *	  a half of what the ones before it left.
 *
 * Halving up to thirty times is exact in doubles, so that no position ever
 * falls into the cell beside its own.
 *-------------------------------------------------------------------------
 */
#include "policy/normalize/geohash.h"

#include <string.h>

static const char characters[] = "0123456789bcdefghjkmnpqrstuvwxyz";

/* The five bits of a character, -1 of what is none. */
static int
bits_of(char c)
{
	const char *found = memchr(characters, ys_ascii_lower(c), 32);

	return found != NULL ? (int) (found - characters) : -1;
}

bool
ys_geohash_check(YsSlice text)
{
	for (uint32_t i = 0; i < text.len; i++)
	{
		if (bits_of(text.bytes[i]) < 0)
			return false;
	}
	return text.len > 0;
}

typedef struct Interval
{
	double		low;
	double		high;
} Interval;

static double
middle(const Interval *interval)
{
	return (interval->low + interval->high) / 2;
}

static void
halve(Interval *interval, bool upper)
{
	if (upper)
		interval->low = middle(interval);
	else
		interval->high = middle(interval);
}

void
ys_geohash_decode(YsSlice text, double *lat, double *lon)
{
	Interval	axes[2] = {{-180, 180}, {-90, 90}};
	int			axis = 0;

	for (uint32_t i = 0; i < text.len; i++)
	{
		int			bits = bits_of(text.bytes[i]);

		for (int bit = 16; bit > 0; bit >>= 1, axis = !axis)
			halve(&axes[axis], (bits & bit) != 0);
	}
	*lon = middle(&axes[0]);
	*lat = middle(&axes[1]);
}

void
ys_geohash_encode(double lat, double lon, int precision, char *out)
{
	Interval	axes[2] = {{-180, 180}, {-90, 90}};
	const double position[2] = {lon, lat};
	int			axis = 0;

	for (int i = 0; i < precision; i++)
	{
		int			bits = 0;

		for (int bit = 16; bit > 0; bit >>= 1, axis = !axis)
		{
			bool		upper = position[axis] >= middle(&axes[axis]);

			halve(&axes[axis], upper);
			bits |= upper ? bit : 0;
		}
		out[i] = characters[bits];
	}
}
